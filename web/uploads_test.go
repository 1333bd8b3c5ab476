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

// All files together take no more than their room, those of strangers no more than half
// of it, those from one network no more than two; and all give it back.
func TestUploadsRoom(t *testing.T) {
	u := newUploads(time.Now)
	var all []*upload
	send := func(from sender) error {
		one, err := u.begin(from, u.checking)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
		return one.take(maxFile)
	}
	stranger := func(address, network int) sender {
		return sender{fmt.Sprintf("192.0.2.%d", address), fmt.Sprintf("192.0.%d.0", network)}
	}
	for step, x := range []struct {
		from sender
		want int // 0: there is room
	}{
		{stranger(1, 1), 0},
		{stranger(2, 1), 0},
		{stranger(3, 1), http.StatusTooManyRequests},
		{stranger(4, 2), 0},
		{stranger(5, 3), 0},
		{stranger(6, 4), http.StatusServiceUnavailable},
		{sender{name: "account a"}, 0},
		{sender{name: "account a"}, 0},
		{sender{name: "account b"}, 0},
		{sender{name: "account c"}, 0},
		{sender{name: "account d"}, http.StatusServiceUnavailable},
	} {
		var refused *fault
		if err := send(x.from); (err == nil) != (x.want == 0) || errors.As(err, &refused) && refused.status != x.want {
			t.Errorf("step %d, %v: %v", step, x.from, err)
		}
	}
	for _, one := range all {
		one.done()
	}
	if u.held != 0 || u.ofStrangers != 0 || len(u.fromThere) != 0 || len(u.from) != 0 {
		t.Errorf("%d bytes, %d of strangers, %d networks and %d senders are left", u.held, u.ofStrangers, len(u.fromThere), len(u.from))
	}
	if err := send(stranger(1, 1)); err != nil {
		t.Errorf("no room though all are done: %v", err)
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
		one, err := u.begin(sender{name: "somebody"}, u.checking)
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
