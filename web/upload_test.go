package web_test

import (
	"context"
	"fmt"
	"image"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"yinzheng"
	"yinzheng/attachments"
	"yinzheng/attachments/picturetest"
	"yinzheng/web"
)

const formHead = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n\r\n"

// behindProxy lets a test speak as several clients.
func behindProxy(c *web.Config, _ *yinzheng.Config) {
	c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
}

// stall begins an upload that sends its first bytes, after which the server
// has taken it up or broken it off, and then nothing until the test ends.
func (w *world) stall(client string, first int) {
	w.t.Helper()
	body, send := io.Pipe()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.URL+"/api/v1/verify", body)
	must(w.t, err)
	req.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	req.Header.Set("X-Forwarded-For", client)
	go func() {
		if resp, err := w.Client().Do(req); err == nil {
			_ = resp.Body.Close()
		}
	}()
	w.t.Cleanup(func() { _ = send.CloseWithError(io.ErrUnexpectedEOF) })
	_, _ = io.WriteString(send, formHead+strings.Repeat("x", first)) // broken off: no more is wanted
}

// Those who begin an upload and send nothing keep nobody else out, and nobody
// begins many at a time.
func TestStalledUploads(t *testing.T) {
	w := newWorld(t, behindProxy)
	for i := range 60 {
		w.stall(fmt.Sprintf("192.0.2.%d", i/4), 200<<10) // more than sockets and pipes hold: it is being read
	}
	file := formHead + "%PDF-1.7\nnothing\r\n--b--\r\n"
	send := func(client string) reply {
		return w.do("POST", "/api/v1/verify", file, "Content-Type", "multipart/form-data; boundary=b", "X-Forwarded-For", client)
	}
	w.want(send("198.51.100.1"), 200)
	w.want(w.do("POST", "/verify", file, "Content-Type", "multipart/form-data; boundary=b", "X-Forwarded-For", "198.51.100.1", "Accept", "text/html"), 200)
	if r := w.want(send("192.0.2.1"), 429); r.header.Get("Retry-After") == "" {
		t.Error("not said when to try again")
	}
}

// TestHeldByStrangers: whoever holds back the last line of large files takes no room from
// those who are known.
func TestHeldByStrangers(t *testing.T) {
	w := newWorld(t, behindProxy)
	clerk := w.signIn("village")
	path, version := w.draft(clerk, "k")
	for i := range 8 {
		w.stall(fmt.Sprintf("192.0.%d.1", i/2), 20<<20) // the largest that there are
	}
	body, kind := form(t, "file", []byte("%PDF-1.7\nnothing"))
	stranger := func(n int) int {
		return w.do("POST", "/api/v1/verify", body, "Content-Type", kind, "X-Forwarded-For", fmt.Sprintf("198.51.100.%d", n)).status
	}
	for tries := 0; stranger(tries) != 503; tries++ { // once all of it has been read
		if time.Sleep(50 * time.Millisecond); tries > 200 {
			t.Fatal("strangers have room without end")
		}
	}
	w.want(w.attach(clerk, path, version, picturetest.Photo(1), "material=other"), 201)
}

// TestResidentsCountApart: what strangers send from an address takes nothing from a resident
// behind it whom a provider vouches for.
func TestResidentsCountApart(t *testing.T) {
	w := newWorld(t, behindProxy)
	known := w.guest(t)
	known.identifies(w.vouched(), "ouyang", "/apply/residence")
	address := known.apply("residence")
	known.answer(address, "about-address", aboutResidence("", "")[:2]...)
	for range 4 {
		w.stall("127.0.0.1", 200<<10)
	}
	body, kind := form(t, "file", []byte("%PDF-1.7\nnothing"))
	w.want(w.do("POST", "/api/v1/verify", body, "Content-Type", kind), 429)
	if r, page := known.sendPhoto(address, "home_proof", "a.jpg", picturetest.Photo(1)); r.StatusCode != 200 {
		t.Errorf("%d %s", r.StatusCode, page)
	}
}

// An address with an empty fragment is but a code, and counts as one.
func TestEnumerationByAddress(t *testing.T) {
	for _, end := range []string{"", "#", "# "} {
		w := newWorld(t)
		last := 0
		for range 300 {
			if last = w.do("POST", "/api/v1/verify", `{"url":"https://x/v/000000000000`+end+`"}`).status; last != 200 {
				break
			}
		}
		if last != 429 {
			t.Errorf("300 addresses with %q behind the code: the last answer is %d", end, last)
		}
	}
}

// slowPhotos looks at pictures until it is released.
type slowPhotos struct {
	began    atomic.Int64
	released chan struct{}
}

func (p *slowPhotos) Codes(context.Context, []byte, bool, func(string) bool) ([]string, error) {
	p.began.Add(1)
	<-p.released
	return nil, nil
}

// TestPicturesApart: pictures that take long, of whoever sends many, keep only other
// pictures of anybody waiting.
func TestPicturesApart(t *testing.T) {
	p := &slowPhotos{released: make(chan struct{})}
	w := newWorld(t, behindProxy, func(_ *web.Config, c *yinzheng.Config) { c.Photos = p })
	release := sync.OnceFunc(func() { close(p.released) })
	t.Cleanup(release) // the server waits for them as it closes
	_, _, pdf := w.issued("one")
	clerk := w.signIn("village")
	path, version := w.draft(clerk, "k")
	picture := asPNG(t, image.NewGray(image.Rect(0, 0, 20, 20)))
	send := func(path, from string, file []byte, headers ...string) reply {
		body, kind := form(t, "file", file)
		return w.do("POST", path, body, append(headers, "Content-Type", kind, "X-Forwarded-For", from)...)
	}
	var senders sync.WaitGroup
	for i := range 3 * 4 {
		from := fmt.Sprintf("192.0.2.%d", i/4)
		senders.Go(func() { send("/api/v1/verify", from, picture) })
		senders.Go(func() { send("/verify/frame", from, picture) })
	}
	for p.began.Load() < 2 { // one of the pictures and one of the frames
		time.Sleep(time.Millisecond)
	}
	w.want(send("/api/v1/verify", "198.51.100.1", pdf), 200)
	w.want(w.attach(clerk, path, version, picture, "material=other"), 201)
	if n := p.began.Load(); n != 2 {
		t.Errorf("%d pictures are looked at at once", n)
	}
	staff := make(chan reply)
	go func() { staff <- send("/api/v1/verify", "192.0.2.1", picture, "Authorization", clerk) }()
	for p.began.Load() < 3 { // whoever is signed in waits for nobody's
		time.Sleep(time.Millisecond)
	}
	release()
	w.want(<-staff, 200)
	senders.Wait()
}

// slowCleaner cleans nothing until it is released.
type slowCleaner struct {
	yinzheng.Cleaner
	began    atomic.Int64
	released chan struct{}
}

func (c *slowCleaner) Clean(ctx context.Context, sent []byte) (*yinzheng.CleanFile, error) {
	c.began.Add(1)
	<-c.released
	return c.Cleaner.Clean(ctx, sent)
}

// TestStrangersApart: files that take long, of requests of whom nobody vouches for, keep
// only each other waiting.
func TestStrangersApart(t *testing.T) {
	slow := &slowCleaner{Cleaner: attachments.New(), released: make(chan struct{})}
	w := newWorld(t, behindProxy, func(_ *web.Config, c *yinzheng.Config) { c.Cleaner = slow })
	release := sync.OnceFunc(func() { close(slow.released) })
	t.Cleanup(release)
	_, _, pdf := w.issued("one")
	known := w.guest(t)
	known.identifies(w.vouched(), "ouyang", "/apply/residence")
	var senders sync.WaitGroup
	var refused atomic.Int64
	sends := func(d *desk) {
		address := d.apply("residence")
		d.answer(address, "about-name", aboutResidence("", "")[:2]...)
		senders.Go(func() {
			if r, _ := d.sendPhoto(address, "home_proof", "a.jpg", picturetest.Photo(1)); r.StatusCode == 429 {
				refused.Add(1)
			}
		})
	}
	for range 3 {
		sends(w.guest(t))
	}
	for slow.began.Load() < 1 {
		time.Sleep(time.Millisecond)
	}
	body, kind := form(t, "file", pdf)
	w.want(w.do("POST", "/api/v1/verify", body, "Content-Type", kind, "X-Forwarded-For", "198.51.100.1"), 200)
	if n := slow.began.Load(); n != 1 {
		t.Errorf("%d files of strangers are worked on at once", n)
	}
	address := known.apply("residence")
	known.answer(address, "about-address", aboutResidence("", "")[:2]...)
	senders.Go(func() { known.sendPhoto(address, "home_proof", "a.jpg", picturetest.Photo(2)) })
	for slow.began.Load() < 2 { // who is vouched for does not wait for them
		time.Sleep(time.Millisecond)
	}
	release()
	senders.Wait()
	if n := refused.Load(); n != 1 { // of three from one network
		t.Errorf("%d of one network were refused", n)
	}
}

// TestUploadsAreCountedApart: a hall's cameras, and what anybody sends from there,
// use up nothing of an account's uploads; nor do cameras of what is sent.
func TestUploadsAreCountedApart(t *testing.T) {
	now := time.Now()
	w := newWorld(t, func(c *web.Config, _ *yinzheng.Config) { c.Now = func() time.Time { return now } })
	code, token, _ := w.issued("one")
	clerk := w.signIn("village")
	path, version := w.draft(clerk, "k")
	picture := asPNG(t, image.NewGray(image.Rect(0, 0, 20, 20)))
	send := func(path string, file []byte) reply {
		body, kind := form(t, "file", file)
		return w.do("POST", path, body, "Content-Type", kind)
	}
	for _, path := range []string{"/verify/frame", "/api/v1/verify"} {
		w.want(send(path, picture), 200)
		r := send(path, picture)
		for n := 0; r.status == 200 && n < 100; n++ {
			r = send(path, picture)
		}
		if w.want(r, 429); r.header.Get("Retry-After") != "1" {
			t.Errorf("%s: again after %s s", path, r.header.Get("Retry-After"))
		}
	}
	w.want(w.attach(clerk, path, version, picture, "material=other"), 201)
	now = now.Add(time.Second)
	r := w.want(send("/verify/frame", asPNG(t, codes(t, w.paper(code, token)))), 200)
	must(t, w.WriteNotes(t.Context()))
	if seen, err := w.SeenBy(t.Context(), code); r.text(t, "verdict") != "valid" || err != nil || len(seen) > 0 {
		t.Errorf("a frame: %s, noted %+v %v", r.body, seen, err)
	}
}
