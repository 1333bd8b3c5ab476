package web_test

import (
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"yinzheng"
	"yinzheng/web"
)

// TestAdminRetention: administrators of the topmost office see what goes next, hold a
// case and let it go; what was erased says so where it was shown.
func TestAdminRetention(t *testing.T) {
	w := newWorld(t, unhurried)
	clerk, admin := w.signedIn(t, "village"), w.signedIn(t, "admin")
	const here = "/work/admin/retention"
	draft := clerk.start("441302199003070120")
	id := draft[len("/work/cases/"):]
	day := w.Now().In(yinzheng.Zone).AddDate(0, 6, 0).Format(time.DateOnly)
	if _, page := admin.get(here); !strings.Contains(page, "没有提交过的草稿") || !strings.Contains(page, "没有保全的办件") || !strings.Contains(page, "还没有销毁过什么") {
		t.Errorf("nothing yet: %s", page)
	}
	for name, form := range map[string]url.Values{
		"没有这个办件":  {"act": {"hold"}, "case": {"0000000000"}, "reason": {"litigation"}, "until": {day}},
		"请选择原因":   {"act": {"hold"}, "case": {id}, "until": {day}},
		"日期应如":    {"act": {"hold"}, "case": {id}, "reason": {"litigation"}},
		"今天以后、五年": {"act": {"hold"}, "case": {id}, "reason": {"litigation"}, "until": {"2020-01-01"}},
	} {
		if r, page := admin.post(here, form); r.StatusCode != 422 || !strings.Contains(page, name) || !strings.Contains(page, `aria-invalid="true"`) {
			t.Errorf("%s: %d %s", name, r.StatusCode, page)
		}
	}
	hold := url.Values{"act": {"hold"}, "case": {id}, "reason": {"litigation"}, "until": {day}}
	if r, page := admin.post(here, hold); r.StatusCode != 200 || !strings.Contains(page, "已保全") || !strings.Contains(page, id) || !strings.Contains(page, "诉讼") {
		t.Errorf("held: %d %s", r.StatusCode, page)
	}
	if r, _ := clerk.post(here, hold); r.StatusCode != 403 {
		t.Errorf("held by a clerk: %d", r.StatusCode)
	}
	if r, page := admin.post(here, url.Values{"act": {"end"}, "case": {id}}); r.StatusCode != 200 || !strings.Contains(page, "已解除保全") || !strings.Contains(page, "没有保全的办件") {
		t.Errorf("ended: %d %s", r.StatusCode, page)
	}
}

// TestErasedPages: where something was erased the pages say so, and work.
func TestErasedPages(t *testing.T) {
	var days atomic.Int64
	ahead := func(_ *web.Config, c *yinzheng.Config) {
		c.Now = func() time.Time { return time.Now().AddDate(0, 0, int(days.Load())) }
	}
	w := newWorld(t, unhurried, ahead)
	draft := w.signedIn(t, "village").start("441302199003070120")
	for _, later := range []int64{80, 15} {
		days.Add(later)
		_, err := w.EraseInTime(t.Context())
		must(t, err)
	}
	clerk, admin := w.signedIn(t, "village"), w.signedIn(t, "admin")
	if r, page := clerk.get(draft); r.StatusCode != 200 || !strings.Contains(page, "内容已按保存期限销毁") || !strings.Contains(page, "没有提交过的草稿") || strings.Contains(page, "441302199003070120") || strings.Contains(page, "page.svg") {
		t.Errorf("the case: %d %s", r.StatusCode, page)
	}
	if _, page := clerk.get(draft + "/edit"); !strings.Contains(page, "内容已按保存期限销毁") {
		t.Errorf("it can be edited: %s", page)
	}
	if _, page := clerk.get("/work/notices"); !strings.Contains(page, "14 天后销毁") {
		t.Errorf("notices: %s", page)
	}
	if _, page := admin.get("/work/admin/retention"); !strings.Contains(page, "没有提交过的草稿：1") {
		t.Errorf("rounds: %s", page)
	}
	if _, page := clerk.get("/work"); strings.Contains(page, draft) {
		t.Errorf("it lies among the drafts: %s", page)
	}
}
