package web_test

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"yinzheng/attachments/picturetest"
)

// heavyPDF has a page with a picture of so many bytes.
func heavyPDF(n int) []byte {
	var b bytes.Buffer
	var at []int
	object := func(s string) {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", len(at), s)
	}
	b.WriteString("%PDF-1.4\n")
	object("<</Type/Catalog/Pages 2 0 R>>")
	object("<</Type/Pages/Kids[3 0 R]/Count 1>>")
	object("<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 100]/Resources<</XObject<</I 4 0 R>>>>>>")
	grain := make([]byte, n)
	_, _ = rand.Read(grain)
	object(fmt.Sprintf("<</Type/XObject/Subtype/Image/Width %d/Height 1000/ColorSpace/DeviceGray/BitsPerComponent 8/Length %d>>\nstream\n%s\nendstream", n/1000, n, grain))
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(at)+1)
	for _, a := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", a)
	}
	fmt.Fprintf(&b, "trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(at)+1, start)
	return b.Bytes()
}

// TestSlowReaders: who reads their own file slowly holds so much of them and no more,
// from wherever they come; many small ones are no matter.
func TestSlowReaders(t *testing.T) {
	w := newWorld(t, unhurried, behindProxy)
	phone := w.guest(t)
	address := phone.apply("residence")
	phone.answer(address, "about-name", [][]string{{"for", "applicant.as", "holder"}, {"where", "division", village}}...)
	if r, page := phone.sendPhoto(address, "id_card", "a.pdf", heavyPDF(15_000_000)); r.StatusCode >= 400 {
		t.Fatalf("%d %s", r.StatusCode, page)
	}
	if r, page := phone.sendPhoto(address, "id_card", "b.jpg", picturetest.Photo(1)); r.StatusCode >= 400 {
		t.Fatalf("%d %s", r.StatusCode, page)
	}
	host := strings.TrimPrefix(w.URL, "http://")
	cookies := ""
	for _, c := range phone.Jar.Cookies(&url.URL{Scheme: "http", Host: host}) {
		cookies += c.Name + "=" + c.Value + "; "
	}
	var slow []net.Conn
	for range 2 {
		c, err := net.Dial("tcp", host)
		must(t, err)
		_, err = fmt.Fprintf(c, "GET %s/files/1 HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\n\r\n", address, host, cookies)
		must(t, err)
		_, err = c.Read(make([]byte, 1)) // it has begun to answer
		must(t, err)
		slow = append(slow, c)
	}
	if r, page := phone.get(address + "/files/1"); r.StatusCode != 429 || !strings.Contains(page, "同时打开的文件过多") {
		t.Errorf("a third at once: %d", r.StatusCode)
	}
	if r, _ := phone.get(address + "/files/2"); r.StatusCode != 200 {
		t.Errorf("a small one: %d", r.StatusCode)
	}
	if r, _ := phone.send("GET", address+"/files/1", nil, "X-Forwarded-For", "198.51.100.1"); r.StatusCode != 200 {
		t.Errorf("from elsewhere: %d", r.StatusCode)
	}
	known := w.guest(t)
	known.identifies(w.vouched(), "ouyang", "/apply/residence")
	theirs := known.apply("residence")
	known.answer(theirs, "about-address", [][]string{{"for", "applicant.as", "holder"}, {"where", "division", village}}...)
	known.sendPhoto(theirs, "id_card", "a.pdf", heavyPDF(15_000_000))
	if r, _ := known.get(theirs + "/files/1"); r.StatusCode != 200 {
		t.Errorf("somebody who is vouched for, from the same network: %d", r.StatusCode)
	}
	for _, c := range slow {
		must(t, c.Close())
	}
	for range 100 {
		if r, _ := phone.get(address + "/files/1"); r.StatusCode == 200 {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Error("the room is not given back")
}
