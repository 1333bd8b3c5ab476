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

// TestAdminCatalogue takes a change of one item from its draft to publication on
// the pages: another person reviews it and settles what its name resembles.
func TestAdminCatalogue(t *testing.T) {
	var wc *web.Config
	w := newWorld(t, unhurried, func(c *web.Config, _ *yinzheng.Config) { wc = c })
	var days atomic.Int64
	wc.Catalogue.Now = func() time.Time { return time.Now().AddDate(0, 0, int(days.Load())) }
	first, err := w.store.AccountByUsername(t.Context(), "admin")
	must(t, err)
	must(t, w.store.PutAccount(t.Context(), &yinzheng.Account{ID: "p-second", Username: "second", Name: "陈二", Password: first.Password, Person: yinzheng.ID{Type: yinzheng.ResidentID, Number: "11010519491231002X"}, Grants: first.Grants}))
	author, reviewer := w.signedIn(t, "admin"), w.signedIn(t, "second")

	_, page := author.get("/work/admin/catalogue/draft")
	draft := url.Values{"key": {field(t, page, "key")}, "version": {"0"}, "title": {"惠府办〔2026〕8号"}, "code": {"dog-1"}, "name": {"居民养犬证明"}, "state": {"kept"}, "subject": {"none"}, "level": {"town"}}
	if r, page := author.post("/work/admin/catalogue/draft", draft); r.StatusCode != 422 || !strings.Contains(page, `href="#basis"`) || !strings.Contains(page, `value="居民养犬证明"`) {
		t.Fatalf("without a basis: %d %s", r.StatusCode, page)
	}
	draft.Set("basis", "某条例\n\n某办法 \n")
	r, page := author.post("/work/admin/catalogue/draft", draft)
	here := r.Address.Path
	if !strings.Contains(page, "某条例 · 某办法") {
		t.Fatalf("drafted: %s", page)
	}
	act := func(d *desk, kind string, form url.Values) (seen, string) {
		t.Helper()
		_, page := d.get(here)
		form.Set("act", kind)
		form.Set("version", field(t, page, "version"))
		return d.post(here, form)
	}
	_, page = author.get(strings.Replace(here, "changes/", "draft?change=", 1) + "&item=dog-1")
	again := url.Values{"change": {field(t, page, "change")}, "version": {field(t, page, "version")}, "of": {field(t, page, "of")}}
	for key, value := range draft {
		if key != "version" {
			again[key] = value
		}
	}
	again.Set("conditions", "年满十八周岁")
	if r, page := author.post("/work/admin/catalogue/draft", again); r.Address.Path != here || !strings.Contains(page, "改稿") {
		t.Errorf("drafted anew: %s %s", r.Address, page)
	}
	tomorrow := time.Now().AddDate(0, 0, 1).In(yinzheng.Zone).Format(time.DateOnly)
	for _, c := range []struct {
		who    *desk
		act    string
		form   url.Values
		status int
		shows  string
	}{
		{author, "send", url.Values{}, 200, "已送审"},
		{author, "approve", url.Values{"opinion": {"合法"}, "doubt": {"dog-1"}, "subject.dog-1": {"dog"}, "why.dog-1": {"名称即是"}}, 403, "无权操作"},
		{reviewer, "approve", url.Values{"opinion": {"合法"}}, 422, "名称与清单中的相近"},
		{reviewer, "approve", url.Values{"opinion": {"合法"}, "doubt": {"dog-1"}, "subject.dog-1": {"dog"}, "why.dog-1": {"名称即是"}}, 200, "审核通过，可以征求意见了"},
		{author, "open", url.Values{"day": {"soon"}}, 422, "日期应如"},
		{author, "open", url.Values{"day": {tomorrow}}, 200, "已公开征求意见"},
		{author, "comment", url.Values{"opinion": {"建议缩短时限"}}, 200, "建议缩短时限"},
		{author, "publish", url.Values{"opinion": {"未采纳"}}, 409, "征求意见"},
	} {
		if r, page := act(c.who, c.act, c.form); r.StatusCode != c.status || !strings.Contains(page, c.shows) {
			t.Errorf("%s: %d %s", c.act, r.StatusCode, page)
		}
	}
	if _, page := reviewer.get("/work/admin"); !strings.Contains(page, here) {
		t.Errorf("what waits: %s", page)
	}
	days.Store(1)
	if r, page := act(author, "publish", url.Values{"opinion": {"未采纳"}}); r.StatusCode != 409 {
		t.Errorf("published on the last day for comments: %d %s", r.StatusCode, page)
	}
	days.Store(3)
	if r, page := act(author, "publish", url.Values{"opinion": {"未采纳"}}); r.StatusCode != 200 || !strings.Contains(page, "已发布") {
		t.Fatalf("published: %d %s", r.StatusCode, page)
	}
	if _, page := author.get("/work/admin/catalogue/items/dog-1"); !strings.Contains(page, "陈二") || !strings.Contains(page, "居民养犬证明") || !strings.Contains(page, "年满十八周岁") {
		t.Errorf("the item: %s", page)
	}
	restore := url.Values{"key": {"restore"}, "version": {"1"}, "title": {"恢复"}}
	if r, page := author.post("/work/admin/catalogue/items/dog-1/restore", restore); !strings.HasPrefix(r.Address.Path, "/work/admin/catalogue/changes/") || r.Address.Path == here || !strings.Contains(page, "居民养犬证明") {
		t.Errorf("an earlier version: %s %s", r.Address, page)
	}
	if _, page := author.get("/work/admin/catalogue"); !strings.Contains(page, "/work/admin/catalogue/items/dog-1") || !strings.Contains(page, "/work/admin/catalogue/items/residence") {
		t.Errorf("the catalogue: %s", page)
	}
	if _, page := author.get("/work/admin/catalogue/report?from=2020-01-01&to=2999-01-01"); !strings.Contains(page, "<dt>期末保留</dt><dd>1</dd>") {
		t.Errorf("the report: %s", page)
	}
	if r, page := author.get("/work/admin/catalogue/report?from=soon&to=2999-01-01"); r.StatusCode != 422 || !strings.Contains(page, `href="#from"`) {
		t.Errorf("a report of no period: %d %s", r.StatusCode, page)
	}
	for _, path := range []string{"/work/admin/catalogue", "/work/admin/catalogue/draft", "/work/admin/catalogue/import", "/work/admin/catalogue/report", "/work/admin/catalogue/items/dog-1", here} {
		if r, _ := w.signedIn(t, "town").get(path); r.StatusCode != 403 {
			t.Errorf("an approver sees %s: %d", path, r.StatusCode)
		}
	}
}

// TestAdminImportItems: a list is tried first and becomes the draft of a change.
func TestAdminImportItems(t *testing.T) {
	w := newWorld(t, unhurried)
	admin := w.signedIn(t, "admin")
	const here, list = "/work/admin/catalogue/import", "code,name,basis,level,state,ground\nA1,养殖证明,某条例,town,kept,\nA2,贫困证明,,,cancelled,no-basis\n"
	if r, page := admin.sendFile(here, "list.csv", strings.Replace(list, "no-basis", "why", 1), map[string]string{"title": "清单"}); r.StatusCode != 422 || !strings.Contains(page, "line 3, column ground") {
		t.Errorf("a wrong ground: %d %s", r.StatusCode, page)
	}
	_, page := admin.sendFile(here, "list.csv", list, map[string]string{"title": "清单"})
	if !strings.Contains(page, "<dt>新增</dt><dd>2") || !strings.Contains(page, "再选一次同一个文件") {
		t.Fatalf("the report: %s", page)
	}
	if _, page := admin.get("/work/admin/catalogue"); strings.Contains(page, "正在进行的变更") {
		t.Error("drafted by looking")
	}
	r, page := admin.sendFile(here, "list.csv", list, map[string]string{"title": field(t, page, "title"), "digest": field(t, page, "digest")})
	if !strings.HasPrefix(r.Address.Path, "/work/admin/catalogue/changes/") || !strings.Contains(page, "贫困证明") || !strings.Contains(page, "没有法律法规依据") {
		t.Errorf("drafted: %s %s", r.Address, page)
	}

	// One of several items is written anew, left out, or comes besides; the others stay.
	draft := strings.Replace(r.Address.Path, "changes/", "draft?change=", 1)
	edit := func(item string, change func(url.Values)) (seen, string) {
		_, page := admin.get(draft + "&item=" + item)
		form := url.Values{"basis": {"某条例第三条"}, "state": {"kept"}, "level": {"town"}, "subject": {"none"}, "title": {"清单，改"}, "code": {item}, "name": {map[string]string{"A1": "养殖证明", "A2": "贫困证明"}[item]}}
		for _, name := range []string{"key", "change", "of", "version"} {
			form.Set(name, field(t, page, name))
		}
		change(form)
		return admin.post("/work/admin/catalogue/draft", form)
	}
	if r, page := edit("A2", func(f url.Values) { f.Set("basis", "") }); r.StatusCode != 422 || !strings.Contains(page, `href="#basis"`) || !strings.Contains(page, `name="of" value="A2"`) {
		t.Errorf("kept without a basis: %d %s", r.StatusCode, page)
	}
	if _, page := edit("A2", func(url.Values) {}); !strings.Contains(page, "清单，改") || !strings.Contains(page, "某条例第三条") || !strings.Contains(page, "养殖证明") || strings.Contains(page, "没有法律法规依据") {
		t.Errorf("written anew: %s", page)
	}
	if _, page := edit("", func(f url.Values) { f.Set("name", "捕捞证明"); f.Set("code", "A3") }); !strings.Contains(page, "捕捞证明") || !strings.Contains(page, "贫困证明") || !strings.Contains(page, "养殖证明") {
		t.Errorf("one more: %s", page)
	}
	if _, page := edit("A1", func(f url.Values) { f.Set("then", "drop") }); strings.Contains(page, "养殖证明") || !strings.Contains(page, "捕捞证明") || !strings.Contains(page, "贫困证明") {
		t.Errorf("left out: %s", page)
	}
}
