package web

import (
	"net/http"
	"net/netip"
	"time"

	"golang.org/x/time/rate"

	"yinzheng"
)

// budget bounds how many bytes of files those may leave in a day whom nobody vouches
// for: from one network, and all of them together. Anybody can begin a request, and
// what comes with it is kept for months. It is counted by what is kept, which is known
// only afterwards, so a network may go over it by what it sends at a time. It begins
// anew with the program.
type budget struct {
	now func() time.Time
	one *limiter[netip.Addr]
	all *rate.Limiter
}

func newBudget(now func() time.Time, one, all int) *budget {
	const day = 24 * 60 * 60
	return &budget{now: now, one: newLimiter[netip.Addr](now, float64(one)/day, one), all: rate.NewLimiter(rate.Limit(all)/day, all)}
}

// left refuses whoever has nothing left; the fault says how long that lasts.
func (b *budget) left(addr netip.Addr) error {
	now := b.now()
	for _, bucket := range b.buckets(addr) {
		if missing := 1 - bucket.TokensAt(now); missing > 0 {
			return &fault{
				status: http.StatusTooManyRequests, kind: "too-many", after: 1 + int(missing/float64(bucket.Limit())),
				text: yinzheng.Text{
					ZH: "今天网上收的文件太多了，暂时不能再传。填过的都已保存，可以过一会儿或明天接着传；急用的，请带材料到窗口办理，或先用身份登录再申请",
					EN: "Too many files were sent here today, and no more are taken for now. What you filled in is kept: go on later, or tomorrow. If it is urgent, take your papers to the counter, or sign in with your identity and apply anew",
				},
			}
		}
	}
	return nil
}

// spend counts bytes that an address has left.
func (b *budget) spend(addr netip.Addr, bytes int) {
	for _, bucket := range b.buckets(addr) {
		bucket.ReserveN(b.now(), min(bytes, bucket.Burst()))
	}
}

func (b *budget) buckets(addr netip.Addr) []*rate.Limiter {
	return []*rate.Limiter{b.one.bucket(network(addr)), b.all}
}
