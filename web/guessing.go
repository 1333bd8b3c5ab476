package web

import (
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"yinzheng"
)

// guessing bounds how much one network may ask for that is not there, and notices
// when many do so at once. What is found costs nobody anything: behind one address
// may be all phones of a carrier, or of a hall.
type guessing struct {
	now    func() time.Time
	misses *limiter[netip.Addr] // by network
	missed *rate.Limiter        // of all together
	until  atomic.Int64         // Unix nanoseconds
}

// What is not found passes for slips of the pen up to so much: of one network, and
// of all together, upon more of which it is suspected for a while that somebody
// guesses from many.
const (
	slipsPerSecond  = 0.2
	slipsAtOnce     = 30
	missesPerSecond = 5
	missesAtOnce    = 300
	suspicion       = 2 * time.Minute
)

func newGuessing(now func() time.Time) *guessing {
	return &guessing{now: now, misses: newLimiter[netip.Addr](now, slipsPerSecond, slipsAtOnce), missed: rate.NewLimiter(missesPerSecond, missesAtOnce)}
}

// network is whose misses count as one's: an address, or the /48 that an address of
// IPv6 is in, which anybody is given for the asking.
func network(addr netip.Addr) netip.Addr {
	if p, err := addr.Prefix(48); err == nil && addr.Is6() {
		return p.Addr()
	}
	return addr
}

// allow refuses who has asked for too much that is not there: were only that
// refused, a refusal would tell it from what is.
func (g *guessing) allow(addr netip.Addr) error { return g.misses.left(network(addr)) }

// notFound notes that a lookup from an address found nothing. True: with this one
// somebody begins to be suspected.
func (g *guessing) notFound(addr netip.Addr) (noticed bool) {
	now := g.now()
	g.misses.count(network(addr))
	if g.missed.AllowN(now, 1) {
		return false
	}
	return g.until.Swap(now.Add(suspicion).UnixNano()) < now.UnixNano()
}

// suspected tells whether somebody seems to guess from many addresses.
func (g *guessing) suspected() bool { return g.now().UnixNano() < g.until.Load() }

// lookups implements yinzheng.Lookups for one question: of somebody who is signed
// in, or by a number, so much in a second; of anybody else, so much that is not
// found.
type lookups struct {
	*server
	*http.Request
	by     *yinzheng.Account // nil: anybody
	number bool
}

func (l *lookups) Begin() error {
	if l.by != nil || l.number {
		if err := l.lookups.allow(l.sender(l.Request, l.by).name); err != nil {
			l.metrics.refused.WithLabelValues("rate").Inc()
			return err
		}
	}
	if l.by != nil {
		return nil
	}
	err := l.guesses.allow(l.client(l.Request))
	if err != nil {
		l.metrics.refused.WithLabelValues("misses").Inc()
	}
	return err
}

func (l *lookups) Missed() {
	if l.by == nil && l.guesses.notFound(l.client(l.Request)) {
		l.Log.Warn("so much is looked up and not found from many addresses that somebody seems to guess")
	}
}
