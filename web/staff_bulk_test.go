package web_test

import (
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"yinzheng"
	"yinzheng/web"
)

// handsIn takes so many residence cases to the town's inbox and returns their
// addresses.
func (d *desk) handsIn(n int) []string {
	d.t.Helper()
	var out []string
	for range n {
		address := d.start("441302199003070120")
		_, page := d.get(address + "/edit")
		form := residenceForm(field(d.t, page, "version"))
		form.Set("then", "check")
		_, page = d.post(address+"/edit", form)
		d.post(address+"/submit", url.Values{"version": {field(d.t, page, "version")}})
		out = append(out, address)
	}
	return out
}

// TestStaffBulk decides on many cases at once: not before enough of them were
// opened as they are, each by the rules that it has alone, and twice changes nothing.
func TestStaffBulk(t *testing.T) {
	w := newWorld(t, unhurried)
	clerk, town := w.signedIn(t, "village"), w.signedIn(t, "town")
	cases := clerk.handsIn(5)
	_, page := town.get("/work")
	m := regexp.MustCompile(`href="(/work/bulk[^"]*)"`).FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("no way to decide many: %s", page)
	}
	here := strings.ReplaceAll(m[1], "&amp;", "&")
	_, page = town.get(here)
	boxes := regexp.MustCompile(`name="case" value="([^"]+)" checked`).FindAllStringSubmatch(page, -1)
	if len(boxes) != 5 {
		t.Fatalf("%d cases: %s", len(boxes), page)
	}
	form := url.Values{"action": {"approve"}, "opinion": {"材料齐全"}}
	for _, name := range []string{"item", "template", "step"} {
		form.Set(name, field(t, page, name))
	}
	for _, b := range boxes {
		form.Add("case", b[1])
	}
	if r, page := town.post("/work/bulk", form); r.StatusCode != 422 || !strings.Contains(page, "至少先打开看其中 3 件；您看过 0 件") || strings.Count(page, " checked") != 5 || !strings.Contains(page, "材料齐全</textarea>") {
		t.Errorf("unseen: %d %s", r.StatusCode, page)
	}
	for _, address := range cases[:3] {
		town.get(address)
	}
	if _, page := w.signedIn(t, "town").post("/work/bulk", form); !strings.Contains(page, "您看过 0 件") {
		t.Errorf("in another session: %s", page)
	}
	if _, page = town.get(here); strings.Count(page, `class="seen"`) != 3 {
		t.Errorf("those opened are not marked: %s", page)
	}
	_, page = clerk.get(cases[4])
	clerk.post(cases[4]+"/withdraw", url.Values{"version": {field(t, page, "version")}, "reason": {"不办了"}})
	form.Add("case", "0000000000:7")
	r, page := town.post("/work/bulk", form)
	if r.StatusCode != 200 || !strings.Contains(page, "办好 4 / 6") || strings.Count(page, "没有办成") != 2 {
		t.Fatalf("decided: %d %s", r.StatusCode, page)
	}
	if n, err := w.Recover(t.Context()); n != 4 || err != nil {
		t.Errorf("issued %d: %v", n, err)
	}
	_, page = town.post("/work/bulk", form)
	if strings.Count(page, `class="chip issued"`) != 4 || !strings.Contains(page, "办好 4 / 6") {
		t.Errorf("how far issuing has come: %s", page)
	}
	form["case"] = nil
	if r, page := town.post("/work/bulk", form); r.StatusCode != 422 || !strings.Contains(page, "请列出 1 到 500 个办件") {
		t.Errorf("none chosen: %d %s", r.StatusCode, page)
	}
}

// TestStaffBulkRestart: what was opened counts after a restart, too; a page that
// only looks at itself again opens nothing.
func TestStaffBulkRestart(t *testing.T) {
	var config *web.Config
	w := newWorld(t, unhurried, func(c *web.Config, _ *yinzheng.Config) { config = c })
	clerk, town := w.signedIn(t, "village"), w.signedIn(t, "town")
	cases := clerk.handsIn(2)
	town.send("GET", cases[0], nil, "Purpose", "live")
	town.get(cases[1])
	handler, err := web.New(*config)
	must(t, err)
	again := httptest.NewServer(handler)
	t.Cleanup(again.Close)
	restarted := &desk{town.Client, t, again.URL}
	_, page := restarted.get("/work/bulk?item=residence&template=2&step=town")
	if n := strings.Count(page, `class="seen"`); n != 1 {
		t.Errorf("%d are marked as opened, want 1: %s", n, page)
	}
	form := hidden(t, page)
	form.Set("action", "approve")
	for _, b := range regexp.MustCompile(`name="case" value="([^"]+)" checked`).FindAllStringSubmatch(page, -1) {
		form.Add("case", b[1])
	}
	if r, page := restarted.post("/work/bulk", form); r.StatusCode != 422 || !strings.Contains(page, "您看过 1 件") {
		t.Errorf("after a restart: %d %s", r.StatusCode, page)
	}
	restarted.get(cases[0])
	if r, page := restarted.post("/work/bulk", form); r.StatusCode != 200 || !strings.Contains(page, "办好 2 / 2") {
		t.Errorf("both opened: %d %s", r.StatusCode, page)
	}
}
