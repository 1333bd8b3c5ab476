package web_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"yinzheng"
	"yinzheng/web"
)

// TestAdminCalendar adds days as a notice lists them; one wrong line keeps all
// of them out, and nothing that was typed is lost.
func TestAdminCalendar(t *testing.T) {
	w := newWorld(t, unhurried)
	admin := w.signedIn(t, "admin")
	const here = "/work/admin/calendar"
	for text, want := range map[string]string{
		"2027-01-01 休 元旦\n2027-01-02 放假": "“2027-01-02 放假”应如",
		"2027-01-01,休,元旦\n2027-02-30,休,": "应如 2026-10-01",
		"2027-01-02 休":                   "本来就是如此",
		" \n":                            "请一行写一天",
	} {
		if r, page := admin.post(here, url.Values{"days": {text}}); r.StatusCode != 422 || !strings.Contains(page, want) || !strings.Contains(page, strings.TrimSpace(strings.SplitN(text, "\n", 2)[0])) {
			t.Errorf("%q: %d %s", text, r.StatusCode, page)
		}
	}
	if _, page := admin.get(here); !strings.Contains(page, "还没有登记节假日") {
		t.Errorf("something was kept: %s", page)
	}
	_, page := admin.post(here, url.Values{"days": {"2026-12-31\t休\t年末\r\n\r\n2027-01-01，off，元旦\n2027-01-02 班"}})
	if !strings.Contains(page, "已保存") || !strings.Contains(page, "元旦") || strings.Index(page, ">2027 ") > strings.Index(page, ">2026 ") {
		t.Errorf("kept: %s", page)
	}
	days, err := w.CalendarDays(t.Context())
	must(t, err)
	if len(days) != 3 || days[0].Working || days[0].Name != "年末" || !days[2].Working {
		t.Errorf("%+v", days)
	}
}

// TestAdminAudit: what was done on a day stands there with who did it, page by
// page, and no other day's.
func TestAdminAudit(t *testing.T) {
	w := newWorld(t, unhurried)
	admin := w.signedIn(t, "admin")
	for range 60 {
		must(t, w.store.Record(t.Context(), yinzheng.Event{At: time.Now(), Kind: "calendar-changed", By: "p-admin", Detail: "1 days"}))
	}
	const here = "/work/admin/audit"
	_, page := admin.get(here)
	if strings.Count(page, "<b>更新日历</b>") != 50 || !strings.Contains(page, "admin · <span") {
		t.Fatalf("today: %s", page)
	}
	head, err := w.store.LogHead(t.Context())
	must(t, err)
	if !strings.Contains(page, head.Hash.String()) {
		t.Errorf("the head is not shown: %s", page)
	}
	_, next, _ := strings.Cut(page, `href="/work/admin/audit?before=`)
	next, _, _ = strings.Cut(next, `"`)
	if _, page := admin.get(here + "?before=" + strings.ReplaceAll(next, "&amp;", "&")); strings.Count(page, "<b>更新日历</b>") != 10 {
		t.Errorf("the rest of the day: %s", page)
	}
	if _, page := admin.get(here + "?day=2020-01-01"); !strings.Contains(page, "这一天没有记录") {
		t.Errorf("another day: %s", page)
	}
	if r, page := admin.get(here + "?day=yesterday"); r.StatusCode != 422 || !strings.Contains(page, "日期应如") {
		t.Errorf("no day: %d %s", r.StatusCode, page)
	}
}

// TestAdminKeys: every key with what it is for, how it stands and until when.
func TestAdminKeys(t *testing.T) {
	w := newWorld(t, unhurried)
	_, page := w.signedIn(t, "admin").get("/work/admin/seals")
	for _, want := range []string{"惠州市惠城区民政局", "系统自己的", "文件签章", "验证码", "状态名单", "在用"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %s in %s", want, page)
		}
	}
	for _, k := range w.KeyList().Keys {
		if !strings.Contains(page, k.KID) {
			t.Errorf("no key %s", k.KID)
		}
	}
}

// TestAdminOfAPart: an administrator of a part sees their part, and meets a
// refusal at what is everybody's.
func TestAdminOfAPart(t *testing.T) {
	w := newWorld(t, unhurried)
	a, err := w.store.AccountByUsername(t.Context(), "town")
	must(t, err)
	a.Grants = append(a.Grants, yinzheng.Grant{Office: town, Role: yinzheng.Admin, From: time.Now().Add(-time.Hour)})
	must(t, w.store.PutAccount(t.Context(), a))
	part := w.signedIn(t, "town")
	_, page := part.get("/work/admin")
	if !strings.Contains(page, `href="/work/admin/people"`) || strings.Contains(page, `href="/work/admin/audit"`) || strings.Contains(page, "运行情况") {
		t.Errorf("what is shown: %s", page)
	}
	for path, status := range map[string]int{
		"/work/admin/people": 200, "/work/admin/people?office=" + village: 200, "/work/admin/people?office=" + district: 404, "/work/admin/people/p-admin": 404, "/work/admin/people/p-village": 200,
		"/work/admin/offices": 200, "/work/admin/offices/" + district: 200, "/work/admin/register": 200,
		"/work/admin/catalogue": 403, "/work/admin/seals": 403, "/work/admin/calendar": 403, "/work/admin/audit": 403, "/work/admin/characters": 403, "/work/admin/messages": 403, "/work/admin/retention": 403,
	} {
		if r, page := part.get(path); r.StatusCode != status {
			t.Errorf("%s: %d, want %d: %s", path, r.StatusCode, status, page)
		}
	}
	if _, page := part.get("/work/admin/offices/" + district); strings.Contains(page, "机构调整") || strings.Contains(page, "看谁在岗") {
		t.Errorf("beyond their part: %s", page)
	}
	if r, _ := part.post("/work/admin/calendar", url.Values{"days": {"2027-01-01 休 元旦"}}); r.StatusCode != 403 {
		t.Errorf("the calendar: %d", r.StatusCode)
	}
}

// TestAdminChecksLog: the whole record is checked from the page, one check at a
// time, beside everything else; what it found stands there, and whatever kept it
// from its end is no answer.
func TestAdminChecksLog(t *testing.T) {
	type answer struct {
		found *web.LogCheck
		err   error
	}
	answers, asked := make(chan answer), make(chan string, 3)
	w := newWorld(t, unhurried, func(wc *web.Config, _ *yinzheng.Config) {
		wc.CheckLog = func(_ context.Context, head string, progress func(done, all int64)) (*web.LogCheck, error) {
			asked <- head
			progress(1, 2)
			a := <-answers
			if a.found == nil && a.err == nil {
				panic("a forged row")
			}
			return a.found, a.err
		}
	})
	admin := w.signedIn(t, "admin")
	const here = "/work/admin/audit"
	noted := strings.Repeat("ab", 32)
	if r, page := admin.post(here, url.Values{"head": {"abc"}}); r.StatusCode != 422 || !strings.Contains(page, "64 位十六进制") || !strings.Contains(page, `value="abc"`) {
		t.Errorf("no digest: %d %s", r.StatusCode, page)
	}
	if r, _ := w.signedIn(t, "town").post(here, url.Values{}); r.StatusCode != 403 {
		t.Errorf("an approver checks: %d", r.StatusCode)
	}
	admin.post(here, url.Values{"head": {" " + strings.ToUpper(noted) + " "}})
	if head := <-asked; head != noted {
		t.Errorf("compared with %q", head)
	}
	for range 2 { // a second one waits for nothing, and begins nothing
		if _, page := admin.post(here, url.Values{}); !strings.Contains(page, "50%") {
			t.Errorf("at work: %s", page)
		}
	}
	says := func(want string) {
		t.Helper()
		page := ""
		for range 100 {
			if _, page = admin.get(here); strings.Contains(page, want) {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		t.Errorf("not %s: %s", want, page)
	}
	answers <- answer{found: &web.LogCheck{Head: yinzheng.LogEntry{Seq: 77}}}
	says("共 77 条")
	says("抄录的校验值在其中")
	for _, tt := range []struct {
		answer
		want string
	}{
		{answer{found: &web.LogCheck{Head: yinzheng.LogEntry{Seq: 5, Subject: "A1"}, Fault: &yinzheng.Text{ZH: "所记内容被改动"}}}, "所记内容被改动 序号 5 A1"},
		{answer{err: errors.New("the disk")}, "核对没有完成，不能说明"},
		{answer{}, "核对没有完成，不能说明"},
	} {
		admin.post(here, url.Values{})
		<-asked
		answers <- tt.answer
		says(tt.want)
	}
	if len(asked) > 0 {
		t.Error("two checks ran at once")
	}
	says("核对全部记录</b>")
	for _, how := range []string{" whole", " not-whole", " failed"} {
		says(how)
	}
}
