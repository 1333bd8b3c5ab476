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

// sender is who asks or sends something, for limits.
type sender struct {
	name    string // an account, a resident whom a provider vouches for, or else an address
	network string // of a stranger: what they share with all behind it; "": they are known
}

func (s sender) stranger() bool { return s.network != "" }

func (s *server) sender(r *http.Request, by *yinzheng.Account) sender {
	if by != nil {
		return sender{name: "account " + by.ID}
	}
	addr := s.client(r)
	return sender{addr.String(), network(addr).String()}
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

// limiter gives each address, or account, so many requests a second, with a burst.
// It remembers a bounded number of them: when a generation is full, the one before
// it is forgotten.
type limiter[K comparable] struct {
	now   func() time.Time
	rate  rate.Limit
	burst int

	mu         sync.Mutex
	young, old map[K]*rate.Limiter
}

const limiterGeneration = 20000

func newLimiter[K comparable](now func() time.Time, perSecond float64, burst int) *limiter[K] {
	return &limiter[K]{now: now, rate: rate.Limit(perSecond), burst: burst, young: map[K]*rate.Limiter{}}
}

// allow counts one request; the fault says how long to wait.
func (l *limiter[K]) allow(who K) error {
	bucket, now := l.bucket(who), l.now()
	if bucket.AllowN(now, 1) {
		return nil
	}
	return l.refusal(bucket, now)
}

// left is allow, counting nothing.
func (l *limiter[K]) left(who K) error {
	bucket, now := l.known(who), l.now()
	if bucket == nil || bucket.TokensAt(now) >= 1 {
		return nil
	}
	return l.refusal(bucket, now)
}

// count counts one request that was allowed. Of many at once all are counted, and
// the wait is the longer.
func (l *limiter[K]) count(who K) { l.bucket(who).ReserveN(l.now(), 1) }

func (l *limiter[K]) refusal(bucket *rate.Limiter, now time.Time) error {
	missing := 1 - bucket.TokensAt(now)
	wait := max(1, int(missing/float64(l.rate)+0.999))
	text := strconv.Itoa(wait)
	return &fault{
		status: http.StatusTooManyRequests, kind: "too-many", after: wait,
		text: yinzheng.Text{ZH: "请求过于频繁，请 " + text + " 秒后再试", EN: "Too many requests; please try again in " + text + " seconds"},
	}
}

func (l *limiter[K]) bucket(who K) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.young[who]
	if b == nil {
		if b = l.old[who]; b == nil {
			b = rate.NewLimiter(l.rate, l.burst)
		}
		if len(l.young) >= limiterGeneration {
			l.young, l.old = map[K]*rate.Limiter{}, l.young
		}
		l.young[who] = b
	}
	return b
}

// known is the bucket of somebody who is remembered, or nil.
func (l *limiter[K]) known(who K) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	if b := l.young[who]; b != nil {
		return b
	}
	return l.old[who]
}
