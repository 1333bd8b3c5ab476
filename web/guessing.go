package web

import (
	"net/netip"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// guessing notices when somebody tries codes and numbers from many addresses, each
// of which stays within its own limit: then far more than usual is not found. For
// a while every address that nobody is signed in on is then given little, which a
// person with papers in hand does not feel.
type guessing struct {
	now    func() time.Time
	missed *rate.Limiter // not found, of all together
	own    *limiter      // what one address adds to that, or it could have everybody slowed down
	few    *limiter      // what an address is given meanwhile
	until  atomic.Int64  // Unix nanoseconds
}

// Guesses that find nothing, of all together, that pass for slips of the pen; and
// how long it is suspected after more.
const (
	missesPerSecond = 5
	missesAtOnce    = 300
	ownAtOnce       = 20
	suspicion       = 2 * time.Minute
)

func newGuessing(now func() time.Time) *guessing {
	return &guessing{now: now, missed: rate.NewLimiter(missesPerSecond, missesAtOnce), own: newLimiter(now, 0.05, ownAtOnce), few: newLimiter(now, 0.2, 12)}
}

// notFound notes that a lookup from an address found nothing. True: with this one
// it is too much.
func (g *guessing) notFound(addr netip.Addr) (noticed bool) {
	now := g.now()
	if g.own.allow(addr) != nil || g.missed.AllowN(now, 1) {
		return false
	}
	return g.until.Swap(now.Add(suspicion).UnixNano()) < now.UnixNano()
}

// suspected tells whether somebody is at it.
func (g *guessing) suspected() bool { return g.now().UnixNano() < g.until.Load() }

// allow counts one lookup of an address while somebody is at it.
func (g *guessing) allow(addr netip.Addr) error {
	if !g.suspected() {
		return nil
	}
	return g.few.allow(addr)
}
