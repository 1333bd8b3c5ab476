package web

import (
	"net/http"
	"net/netip"
	"time"

	"golang.org/x/time/rate"

	"yinzheng"
)

// contactCodes bounds how many codes go out in a day to contacts that those give whom
// nobody vouches for: each costs money, and may reach somebody who never asked for it. Of
// one network are so many, of all who have not even a case so many together: anybody can
// begin a request. It begins anew with the program.
type contactCodes struct {
	one *limiter[netip.Addr]
	all *rate.Limiter
}

// codesFromOne is how many of one network are sent a day, as many at once.
const codesFromOne = 10

func newContactCodes(now func() time.Time, all int) *contactCodes {
	const day = 24 * 60 * 60
	return &contactCodes{newLimiter[netip.Addr](now, codesFromOne/float64(day), codesFromOne), rate.NewLimiter(rate.Limit(all)/day, all)}
}

// mayAskCode counts a code that somebody has sent to a contact of theirs, or refuses it.
func (s *server) mayAskCode(g *guest) error {
	who := g.me.Proof()
	if who == yinzheng.ByIdentity {
		return nil
	}
	outcome := "allowed"
	switch {
	case s.contacts.one.allow(network(s.client(g.Request))) != nil:
		outcome = "network"
	case who == yinzheng.ByRequest && !s.contacts.all.AllowN(s.Now(), 1):
		outcome = "all"
	}
	s.metrics.codes.WithLabelValues(outcome).Inc()
	if outcome == "allowed" {
		return nil
	}
	return &fault{status: http.StatusTooManyRequests, kind: "too-many", after: 60 * 60, text: yinzheng.Text{
		ZH: "今天发出的验证码太多了，暂时不能再发。不登记联系方式也照样办理：凭取回码或查询码随时回来查看，或带证件到窗口登记",
		EN: "Too many codes were sent today, and no more are for now. Nothing hangs on a contact: come back by your return code or your case's code at any time, or have a contact noted at the counter",
	}}
}
