package web

import (
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"yinzheng"
)

// client is the address that a request comes from: that of the connection, or,
// behind trusted proxies, the last one in X-Forwarded-For that is no such
// proxy. An IPv6 address stands for its /64, which one subscriber has whole.
func (s *server) client(r *http.Request) netip.Addr {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	addr := at.Addr().Unmap()
	if len(s.TrustedProxies) > 0 {
		addr = s.forwarded(addr, r.Header.Values("X-Forwarded-For"))
	}
	if addr.Is6() {
		if p, err := addr.WithZone("").Prefix(64); err == nil {
			return p.Addr()
		}
	}
	return addr
}

func (s *server) forwarded(addr netip.Addr, headers []string) netip.Addr {
	hops := strings.Split(strings.Join(headers, ","), ",")
	for i := len(hops) - 1; i >= 0 && s.trusted(addr); i-- {
		next, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		addr = next.Unmap()
	}
	return addr
}

func (s *server) trusted(addr netip.Addr) bool {
	for _, p := range s.TrustedProxies {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// limiter gives each address so many requests a second, with a burst. It
// remembers a bounded number of addresses: when a generation is full, the one
// before it is forgotten.
type limiter struct {
	now   func() time.Time
	rate  rate.Limit
	burst int

	mu         sync.Mutex
	young, old map[netip.Addr]*rate.Limiter
}

const limiterGeneration = 20000

func newLimiter(now func() time.Time, perSecond float64, burst int) *limiter {
	return &limiter{now: now, rate: rate.Limit(perSecond), burst: burst, young: map[netip.Addr]*rate.Limiter{}}
}

// allow counts one request; the fault says how long to wait.
func (l *limiter) allow(addr netip.Addr) error {
	bucket, now := l.bucket(addr), l.now()
	if bucket.AllowN(now, 1) {
		return nil
	}
	missing := 1 - bucket.TokensAt(now)
	wait := max(1, int(missing/float64(l.rate)+0.999))
	text := strconv.Itoa(wait)
	return &fault{
		status: http.StatusTooManyRequests, kind: "too-many", after: wait,
		text: yinzheng.Text{ZH: "请求过于频繁，请 " + text + " 秒后再试", EN: "Too many requests; please try again in " + text + " seconds"},
	}
}

func (l *limiter) bucket(addr netip.Addr) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.young[addr]
	if b == nil {
		if b = l.old[addr]; b == nil {
			b = rate.NewLimiter(l.rate, l.burst)
		}
		if len(l.young) >= limiterGeneration {
			l.young, l.old = map[netip.Addr]*rate.Limiter{}, l.young
		}
		l.young[addr] = b
	}
	return b
}
