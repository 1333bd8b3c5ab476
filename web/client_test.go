package web

import (
	"errors"
	"net/http"
	"net/netip"
	"testing"
	"time"
)

func TestClient(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for _, c := range []struct {
		name, remote string
		proxies      []netip.Prefix
		forwarded    []string
		want         string
	}{
		{"direct", "203.0.113.7:5000", proxies, nil, "203.0.113.7"},
		{"a stranger's header", "203.0.113.7:5000", proxies, []string{"198.51.100.1"}, "203.0.113.7"},
		{"no proxies configured", "10.1.1.1:5000", nil, []string{"198.51.100.1"}, "10.1.1.1"},
		{"through a proxy", "10.1.1.1:5000", proxies, []string{"198.51.100.1"}, "198.51.100.1"},
		{"the leftmost is the client's own word", "10.1.1.1:5000", proxies, []string{"192.0.2.66, 198.51.100.1, 10.2.2.2"}, "198.51.100.1"},
		{"two headers", "10.1.1.1:5000", proxies, []string{"192.0.2.66", "198.51.100.1"}, "198.51.100.1"},
		{"garbage", "10.1.1.1:5000", proxies, []string{"198.51.100.1, unknown"}, "10.1.1.1"},
		{"proxy without header", "10.1.1.1:5000", proxies, nil, "10.1.1.1"},
		{"IPv4 in IPv6", "[::ffff:203.0.113.7]:5000", proxies, nil, "203.0.113.7"},
		{"IPv6 by its /64", "[2001:db8:1:2:3:4:5:6]:5000", proxies, nil, "2001:db8:1:2::"},
		{"unreadable", "pipe", proxies, nil, "invalid IP"},
	} {
		s := &server{Config: Config{TrustedProxies: c.proxies}}
		r := &http.Request{RemoteAddr: c.remote, Header: http.Header{"X-Forwarded-For": c.forwarded}}
		if got := s.client(r).String(); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestLimiter(t *testing.T) {
	now := time.Unix(0, 0)
	l := newLimiter[netip.Addr](func() time.Time { return now }, 0.5, 3)
	a, b := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	for i := range 3 {
		if err := l.allow(a); err != nil {
			t.Fatalf("attempt %d: %v", i+1, err)
		}
	}
	var f *fault
	if err := l.allow(a); !errors.As(err, &f) || f.status != http.StatusTooManyRequests || f.after != 2 {
		t.Fatalf("the fourth attempt: %v %+v, want 429 and 2 s", err, f)
	}
	if err := l.allow(b); err != nil {
		t.Errorf("another address: %v", err)
	}
	now = now.Add(2 * time.Second)
	if err := l.allow(a); err != nil {
		t.Errorf("after the wait: %v", err)
	}
}

// TestLimiterForgets checks that addresses do not fill the memory, and that a
// flood of them does not free the one that floods.
func TestLimiterForgets(t *testing.T) {
	now := time.Unix(0, 0)
	l := newLimiter[netip.Addr](func() time.Time { return now }, 0.5, 1)
	mine := netip.MustParseAddr("192.0.2.1")
	if err := l.allow(mine); err != nil {
		t.Fatal(err)
	}
	for i := range 3 * limiterGeneration {
		_ = l.allow(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}))
		if i%limiterGeneration == 0 && l.allow(mine) == nil {
			t.Fatal("the limit is forgotten while the address goes on asking")
		}
	}
	if n := len(l.young) + len(l.old); n > 2*limiterGeneration {
		t.Errorf("%d addresses are kept", n)
	}
}
