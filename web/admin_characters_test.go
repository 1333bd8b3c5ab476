package web_test

import (
	"strings"
	"testing"

	"yinzheng/internal/testface"
)

// lacking submits a case with a character that no face holds, and returns its address.
func (d *desk) lacking() (address string, version string) {
	d.t.Helper()
	address = d.start("441302199003070120")
	_, page := d.get(address + "/edit")
	form := residenceForm(field(d.t, page, "version"))
	form.Set("values.name", "张𠮷")
	form.Set("then", "check")
	_, page = d.post(address+"/edit", form)
	form = map[string][]string{"version": {field(d.t, page, "version")}}
	if r, page := d.post(address+"/submit", form); r.StatusCode/100 != 4 && !strings.Contains(page, "U+20BB7") {
		d.t.Fatalf("submitted: %d %s", r.StatusCode, page)
	}
	return address, form.Get("version")
}

// TestAdminCharacters: a missing character stands where administrators begin and on a
// page of its own; a face that holds it is added there, and the clerk submits.
func TestAdminCharacters(t *testing.T) {
	w := newWorld(t, unhurried)
	clerk, admin := w.signedIn(t, "village"), w.signedIn(t, "admin")
	address, version := clerk.lacking()
	const here = "/work/admin/characters"
	if _, page := admin.get("/work/admin"); !strings.Contains(page, "20BB7") || !strings.Contains(page, here) {
		t.Errorf("what waits: %s", page)
	}
	if _, page := admin.get(here); !strings.Contains(page, "<b class=\"glyph\">𠮷</b>") || !strings.Contains(page, "东湖社区") || !strings.Contains(page, "在等的办件 1") {
		t.Errorf("the task: %s", page)
	}
	if r, page := admin.sendFile(here, "face.ttf", "no face", nil); r.StatusCode != 422 || !strings.Contains(page, "不是 TrueType 字体") {
		t.Errorf("no face: %d %s", r.StatusCode, page)
	}
	face := string(testface.Face{Name: "Rare", Holds: "𠮷"}.Bytes())
	if r, _ := clerk.sendFile(here, "face.ttf", face, nil); r.StatusCode != 403 {
		t.Errorf("by a clerk: %d", r.StatusCode)
	}
	if r, _ := admin.post(here, nil); r.StatusCode != 415 {
		t.Errorf("without a file: %d", r.StatusCode)
	}
	if r, page := admin.sendFile(here, "face.ttf", face, nil); r.StatusCode != 200 || !strings.Contains(page, "字体已添加") || !strings.Contains(page, "现在没有缺字") || !strings.Contains(page, "Rare") {
		t.Fatalf("added: %d %s", r.StatusCode, page)
	}
	if _, page := clerk.get("/work/notices"); !strings.Contains(page, "缺的字已补上") || !strings.Contains(page, address) {
		t.Errorf("the clerk is told: %s", page)
	}
	if r, page := clerk.post(address+"/submit", map[string][]string{"version": {version}}); r.StatusCode != 200 || !strings.Contains(page, "已提交") {
		t.Errorf("submitted: %d %s", r.StatusCode, page)
	}
}
