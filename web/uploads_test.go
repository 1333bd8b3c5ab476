package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"
)

// All files together take no more than their room, and give it back.
func TestUploadsRoom(t *testing.T) {
	u := newUploads(time.Now)
	var all []*upload
	full := func(client byte) bool {
		one, err := u.begin(fmt.Sprint(client), u.checking)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
		return one.take(maxFile) != nil
	}
	for i := range byte(8) {
		if full(i) {
			t.Fatalf("file %d finds no room", i)
		}
	}
	if !full(8) {
		t.Error("a ninth file of the largest size finds room")
	}
	for _, one := range all {
		one.done()
	}
	if u.held != 0 || len(u.from) != 0 {
		t.Errorf("%d bytes and %d clients are left", u.held, len(u.from))
	}
	if full(0) {
		t.Error("no room though all are done")
	}
}

// FuzzForm: whatever is sent as a form is read within its limits, or refused
// with a reason.
func FuzzForm(f *testing.F) {
	const head = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n"
	f.Add([]byte(head + "abc\r\n--b--\r\n"))
	f.Add([]byte("--b\r\nContent-Disposition: form-data; name=\"paper\"\r\n\r\n{}\r\n" + head + "abc\r\n--b--\r\n"))
	f.Add([]byte(head + "abc\r\n" + head + "abc\r\n--b--\r\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		u := newUploads(time.Now)
		one, err := u.begin("somebody", u.checking)
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
		r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
		got, err := one.read(httptest.NewRecorder(), r, []string{"paper"})
		var refused *fault
		switch {
		case err != nil && !errors.As(err, &refused):
			t.Fatal(err)
		case err == nil && (len(got.file) == 0 || int64(len(got.file)) > u.held || len(got.fields["paper"]) > maxField || len(got.fields) > 2):
			t.Fatalf("%d bytes and %v, room for %d", len(got.file), got.fields, u.held)
		}
		if one.done(); u.held != 0 {
			t.Fatalf("%d bytes are left", u.held)
		}
	})
}

// TestOneOfAKind: work for which there is one place waits for it, and gives up.
func TestOneOfAKind(t *testing.T) {
	one := newRoom(nil, 1, time.Minute)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	err := one.work(t.Context(), func() error {
		return one.work(ctx, func() error { t.Error("two at once"); return nil })
	})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	if err := one.work(t.Context(), func() error { return nil }); err != nil {
		t.Error(err)
	}
}

// sink is a client that keeps nothing.
type sink struct{ header http.Header }

func (s sink) Header() http.Header         { return s.header }
func (s sink) WriteHeader(int)             {}
func (s sink) Write(p []byte) (int, error) { return len(p), nil }

// TestUnpackedOnce: the verifier is unpacked once, and not for each who takes no gzip.
func TestUnpackedOnce(t *testing.T) {
	p, err := newPages()
	if err != nil {
		t.Fatal(err)
	}
	s := &server{pages: p}
	r := httptest.NewRequest(http.MethodHead, p.offline.program, http.NoBody)
	r.SetPathValue("file", strings.TrimPrefix(p.offline.program, "/assets/"))
	allocated := func() uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		s.asset(sink{http.Header{}}, r)
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	if first, second := allocated(), allocated(); first < 1<<20 || second > 1<<16 {
		t.Errorf("the first who asks costs %d bytes, the second %d", first, second)
	}
}
