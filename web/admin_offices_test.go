package web_test

import (
	"bytes"
	"html"
	"io"
	"mime/multipart"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"yinzheng"
)

// sendFile posts a form with a file, as a browser does.
func (d *desk) sendFile(path, name, content string, fields map[string]string) (seen, string) {
	d.t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for key, value := range fields {
		must(d.t, m.WriteField(key, value))
	}
	part, err := m.CreateFormFile("file", name)
	must(d.t, err)
	_, err = io.WriteString(part, content)
	must(d.t, err)
	must(d.t, m.Close())
	return d.send("POST", path, &b, "Content-Type", m.FormDataContentType())
}

// hidden are all hidden fields of a page, as a browser would send them.
func hidden(t *testing.T, page string) url.Values {
	t.Helper()
	form := url.Values{}
	for _, m := range regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`).FindAllStringSubmatch(page, -1) {
		form.Set(html.UnescapeString(m[1]), html.UnescapeString(m[2]))
	}
	if len(form) == 0 {
		t.Fatalf("nothing hidden in %s", page)
	}
	return form
}

// TestAdminOffices merges two communities on the pages: what would change is
// shown first, nothing is changed by looking, and a decision that was made from
// an older tree is refused.
func TestAdminOffices(t *testing.T) {
	w := newWorld(t, unhurried)
	w.signIn("sibling")
	admin := w.signedIn(t, "admin")
	if _, page := admin.get("/work/admin/offices"); !strings.Contains(page, "东湖社区") || !strings.Contains(page, "新建社区") || !strings.Contains(page, "<summary>桥东街道") {
		t.Errorf("the tree: %s", page)
	}
	if _, page := admin.get("/work/admin/offices?q=%E4%B8%9C%E6%B9%96"); !strings.Contains(page, "东湖社区") || strings.Contains(page, "新建社区") {
		t.Errorf("found: %s", page)
	}
	here := "/work/admin/offices/" + sibling
	if _, page := admin.get(here); !strings.Contains(page, "<dt>在岗人数</dt><dd>1</dd>") || !strings.Contains(page, "0 件") || !strings.Contains(page, "惠城区 › 桥东街道") {
		t.Errorf("an office: %s", page)
	}
	merge := url.Values{"act": {"merge"}, "into": {village}, "effective": {""}}
	if r, page := admin.post(here, merge); r.StatusCode != 422 || !strings.Contains(page, "依据的文件") || !strings.Contains(page, `id="act-merge" open`) {
		t.Errorf("without a document: %d %s", r.StatusCode, page)
	}
	merge.Set("title", "惠府办〔2026〕12号")
	_, page := admin.post(here, merge)
	if !strings.Contains(page, "区划撤销") || !strings.Contains(page, "经办人 × 1") || !strings.Contains(page, "→ 东湖社区") {
		t.Fatalf("what would change: %s", page)
	}
	if o := w.Directory().Office(sibling); !o.Until.IsZero() {
		t.Fatal("changed by looking")
	}
	decide := hidden(t, page)
	decide.Set("then", "decide")

	rename := url.Values{"act": {"rename"}, "what": {"office"}, "name": {"新建花园社区"}, "title": {"更名通知"}, "effective": {"2999-01-01"}}
	_, page = admin.post(here, rename)
	planned := hidden(t, page)
	planned.Set("then", "decide")
	if _, page := admin.post(here, planned); !strings.Contains(page, "更名通知") || !strings.Contains(page, "待生效") {
		t.Fatalf("planned: %s", page)
	}
	if r, page := admin.post(here, decide); r.StatusCode != 412 || !strings.Contains(page, "更名通知") {
		t.Errorf("beside a plan that touches the same: %d %s", r.StatusCode, page)
	}
	if _, page := admin.get("/work/admin"); !strings.Contains(page, "更名通知") {
		t.Errorf("a plan is not among what waits: %s", page)
	}
	_, page = admin.get("/work/admin/offices/plans")
	if _, page := admin.post("/work/admin/offices/plans", hidden(t, page)); !strings.Contains(page, "已取消") {
		t.Errorf("cancelled: %s", page)
	}
	stale := url.Values{}
	for k, v := range decide {
		stale[k] = v
	}
	stale.Set("tree", "another")
	if r, page := admin.post(here, stale); r.StatusCode != 412 || !strings.Contains(page, "机构树已被他人更改") {
		t.Errorf("made from another tree: %d %s", r.StatusCode, page)
	}
	if _, page := admin.post(here, decide); !strings.Contains(page, "已完成") {
		t.Errorf("merged: %s", page)
	}
	if _, page := admin.get(here); !strings.Contains(page, "已撤销") || !strings.Contains(page, "/work/admin/offices/"+village) {
		t.Errorf("who does its work now: %s", page)
	}
	if r, _ := admin.get("/work/admin/offices/none"); r.StatusCode != 404 {
		t.Errorf("no office: %d", r.StatusCode)
	}
	if r, _ := w.signedIn(t, "town").post(here, decide); r.StatusCode != 403 {
		t.Errorf("an approver: %d", r.StatusCode)
	}
}

// TestAdminImportTree: a file is tried first, faults are named by their place,
// and what is confirmed is the file of the report and no other.
func TestAdminImportTree(t *testing.T) {
	w := newWorld(t, unhurried)
	admin := w.signedIn(t, "admin")
	const here, csv = "/work/admin/offices/import", "code,name,parent,level,successor\n441302001005,新桥社区,441302001000,village,\n"
	order := map[string]string{"title": "设立通知", "effective": ""}
	if r, page := admin.sendFile(here, "tree.csv", strings.Replace(csv, "441302001005", "44", 1), order); r.StatusCode != 422 || !strings.Contains(page, "line 2, column code") || !strings.Contains(page, `value="设立通知"`) {
		t.Errorf("a wrong code: %d %s", r.StatusCode, page)
	}
	_, page := admin.sendFile(here, "tree.csv", csv, order)
	if !strings.Contains(page, "新设区划") || !strings.Contains(page, "新桥社区") || !strings.Contains(page, "4 个区划文件里没有写") {
		t.Fatalf("what would change: %s", page)
	}
	confirm := map[string]string{}
	for k, v := range hidden(t, page) {
		confirm[k] = v[0]
	}
	if r, page := admin.sendFile(here, "tree.csv", csv+"\n", confirm); r.StatusCode != 422 || !strings.Contains(page, "不是刚才看过报告的那个文件") {
		t.Errorf("another file: %d %s", r.StatusCode, page)
	}
	if w.Directory().Division("441302001005") != nil {
		t.Fatal("imported unseen")
	}
	if _, page := admin.sendFile(here, "tree.csv", csv, confirm); !strings.Contains(page, "已完成") || w.Directory().Division("441302001005") == nil {
		t.Errorf("imported: %s", page)
	}
	if r, _ := w.signedIn(t, "town").sendFile(here, "tree.csv", csv, order); r.StatusCode != 403 {
		t.Errorf("an approver: %d", r.StatusCode)
	}
}

// TestAdminReorganise adds a community, moves one to another street and splits one
// on the pages: each is shown first and nothing is changed by looking; a form that
// is refused comes back as it was sent.
func TestAdminReorganise(t *testing.T) {
	w := newWorld(t, unhurried)
	admin := w.signedIn(t, "admin")
	const docs, east, north = "惠府办〔2026〕13号", "441302002000", "441302001009"
	decided := func(office string, form url.Values, shown ...string) {
		t.Helper()
		form.Set("title", docs)
		before := w.Directory().Version
		_, page := admin.post("/work/admin/offices/"+office, form)
		for _, text := range shown {
			if !strings.Contains(page, text) {
				t.Fatalf("%s does not show %s: %s", form.Get("act"), text, page)
			}
		}
		if w.Directory().Version != before {
			t.Fatalf("%s: changed by looking", form.Get("act"))
		}
		sent := hidden(t, page)
		sent.Set("then", "decide")
		if _, page := admin.post("/work/admin/offices/"+office, sent); !strings.Contains(page, docs) {
			t.Fatalf("%s is not decided: %s", form.Get("act"), page)
		}
	}

	add := url.Values{"act": {"add"}, "level": {"town"}, "code": {"4413020"}, "name": {"江南街道"}, "title": {docs}}
	if r, page := admin.post("/work/admin/offices/"+district, add); r.StatusCode != 422 || !strings.Contains(page, `id="act-add" open`) || !strings.Contains(page, `value="4413020"`) || !strings.Contains(page, `value="江南街道"`) {
		t.Errorf("half a code: %d %s", r.StatusCode, page)
	}
	add.Set("code", east)
	decided(district, add, "新设区划", "江南街道")
	decided(town, url.Values{"act": {"add"}, "level": {"village"}, "code": {north}, "name": {"北门社区"}}, "北门社区")
	offices := w.Directory().Offices
	there := offices[slices.IndexFunc(offices, func(o yinzheng.Office) bool { return o.Division == north })]
	decided(there.ID, url.Values{"act": {"move"}, "parent": {east}}, "区划改属", "→ 江南街道")
	if d := w.Directory(); d.Division(north).Parent != east {
		t.Errorf("moved: %+v", d.Division(north))
	}

	decided(village, url.Values{"act": {"split"}, "code.1": {"441302001008"}, "name.1": {"东湖南社区"}}, "新设区划", "东湖南社区")
	half := url.Values{"act": {"split"}, "code.1": {"4413020030"}, "name.1": {"桥南街道"}, "child." + sibling: {"1"}, "title": {docs}}
	if r, page := admin.post("/work/admin/offices/"+town, half); r.StatusCode != 422 || !strings.Contains(page, `id="act-split" open`) || !strings.Contains(page, `<option value="1" selected>`) {
		t.Errorf("half a code: %d %s", r.StatusCode, page)
	}
	half.Set("code.1", "441302003000")
	half.Set("organ.1", yinzheng.CreditCode("11441302DEM009000"))
	half.Set("organ-name.1", "惠州市惠城区桥南街道办事处")
	decided(town, half, "桥南街道", "区划改属", "新建社区", "新设机关", "桥南街道办事处")
	if d := w.Directory(); d.Division(sibling).Parent != "441302003000" || d.Division(village).Parent != town {
		t.Errorf("split: %+v", d.Division(sibling))
	}
}
