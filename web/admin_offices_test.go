package web_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/url"
	"strings"
	"testing"
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

// hidden are all hidden fields of a page's form, as a browser would send them.
func hidden(t *testing.T, page string, names ...string) url.Values {
	t.Helper()
	form := url.Values{}
	for _, name := range names {
		form.Set(name, field(t, page, name))
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
	decide := hidden(t, page, "act", "title", "effective", "what", "name", "into", "successor", "tree")
	decide.Set("then", "decide")

	rename := url.Values{"act": {"rename"}, "what": {"office"}, "name": {"新建花园社区"}, "title": {"更名通知"}, "effective": {"2999-01-01"}}
	_, page = admin.post(here, rename)
	planned := hidden(t, page, "act", "title", "effective", "what", "name", "into", "successor", "tree")
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
	if _, page := admin.post("/work/admin/offices/plans", hidden(t, page, "plan")); !strings.Contains(page, "已取消") {
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
	for k, v := range hidden(t, page, "title", "effective", "tree", "digest") {
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
