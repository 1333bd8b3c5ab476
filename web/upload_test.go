package web_test

import (
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"yinzheng"
	"yinzheng/web"
)

const formHead = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n\r\n"

// behindProxy lets a test speak as several clients.
func behindProxy(c *web.Config, _ *yinzheng.Config) {
	c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
}

// stall begins an upload that sends its first bytes, after which the server
// has taken it up, and then nothing until the test ends.
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
	_, err = io.WriteString(send, formHead+strings.Repeat("x", first))
	must(w.t, err)
	w.t.Cleanup(func() { _ = send.CloseWithError(io.ErrUnexpectedEOF) })
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
