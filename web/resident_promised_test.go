package web_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"yinzheng"
	"yinzheng/receipt"
	"yinzheng/web"
)

// TestPromisedDay: who follows a case reads by which day it is done, and its step; a limit
// that is not kept is said to be.
func TestPromisedDay(t *testing.T) {
	clock := new(hands)
	w := newWorld(t, unhurried, clock.moves, func(_ *web.Config, c *yinzheng.Config) {
		i := slices.IndexFunc(c.Templates, func(t *yinzheng.Template) bool { return t.Code == "residence" && t.Version == 2 })
		c.Templates[i].Chain[1].Limit = 2
	})
	now := clock.now.In(yinzheng.Zone)
	monday := time.Date(now.Year(), now.Month(), now.Day()+8-int(now.Weekday()), 10, 0, 0, 0, yinzheng.Zone)
	clock.later(monday.Sub(now))
	clerk := w.signedIn(t, "village")
	address := clerk.handIn()
	id, code := strings.TrimPrefix(address, "/work/cases/"), clerk.code(address)
	phone := w.guest(t)
	_, page := phone.post("/follow", url.Values{"case": {id}, "code": {code}})
	wednesday := monday.AddDate(0, 0, 2)
	for _, want := range []string{"最晚 " + receipt.Day(wednesday, "zh") + " 办好", "预计 " + receipt.Day(wednesday, "zh") + "前"} {
		if !strings.Contains(page, want) {
			t.Errorf("not promised: %s: %s", want, page)
		}
	}
	if _, page := phone.get("/follow/" + id + "?lang=en"); !strings.Contains(page, "It will be done by "+receipt.Day(wednesday, "en")) {
		t.Errorf("in English: %s", page)
	}
}
