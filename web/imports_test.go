package web_test

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/xuri/excelize/v2"

	"yinzheng"
)

const residenceHead = "姓名,证件号码,现居住地址,居住起始日期,用途,使用单位\n"

// resident is the n-th resident's ID number.
func resident(n int) string {
	first := fmt.Sprintf("4413021980%02d01%03d", 1+n/999, n%999)
	for _, c := range "0123456789X" {
		if number, _, _, fault := yinzheng.ParseResidentID(first+string(c), time.Now()); fault == "" {
			return number
		}
	}
	panic(first)
}

// residences is a table of n residence cases.
func residences(n int) string {
	var b strings.Builder
	b.WriteString(residenceHead)
	for i := range n {
		fmt.Fprintf(&b, "李%c,%s,滨江路 %d 号,2020-05-01,子女入学,教育局\n", '一'+rune(i), resident(i), i+1)
	}
	return b.String()
}

// bringsIn has a table checked and returns the address of its batch.
func (d *desk) bringsIn(item, file string) string {
	d.t.Helper()
	here := "/work/new/" + item + "/workbook"
	_, page := d.get(here)
	r, page := d.sendFile(here, "cases.csv", file, map[string]string{"key": field(d.t, page, "key")})
	if r.StatusCode != 200 || !strings.HasPrefix(r.Address.Path, "/work/imports/") {
		d.t.Fatalf("bringing in a workbook: %d %s", r.StatusCode, page)
	}
	return r.Address.Path
}

// TestImportWithoutScripts brings in a workbook with plain forms: faults by cell,
// what may be a duplicate, the first pages, pause and resume, and what was not made.
func TestImportWithoutScripts(t *testing.T) {
	w := newWorld(t, unhurried)
	clerk := w.signedIn(t, "village")
	if _, page := clerk.get("/work/new"); !strings.Contains(page, `href="/work/imports"`) {
		t.Error("no way to the import")
	}
	if _, page := clerk.get("/work/imports"); !strings.Contains(page, "/work/new/residence/workbook") || !strings.Contains(page, "还没有导入过") {
		t.Errorf("before anything was imported: %s", page)
	}
	r, data := clerk.get("/work/new/residence/workbook.xlsx")
	book, err := excelize.OpenReader(strings.NewReader(data))
	must(t, err)
	if head, err := book.GetRows("办件"); err != nil || !strings.Contains(strings.Join(head[0], " "), "证件号码* 证件号码（类型） 现居住地址 居住起始日期 用途*") || r.Header.Get("Content-Disposition") != `attachment; filename="residence.xlsx"` {
		t.Errorf("the blank workbook: %q %v %v", head, err, r.Header)
	}

	const here = "/work/new/residence/workbook"
	_, page := clerk.get(here)
	key := map[string]string{"key": field(t, page, "key")}
	bad := residenceHead + "<b>李</b>,441302199003070121,,2020-05-01,子女入学,教育局\n"
	if r, page := clerk.sendFile(here, "cases.csv", bad, key); r.StatusCode != 422 || !strings.Contains(page, "line 2, column id") || !strings.Contains(page, "校验位") || !strings.Contains(page, "line 2, column address") || strings.Contains(page, "<b>李") {
		t.Errorf("faults: %d %s", r.StatusCode, page)
	}
	if r, page := clerk.send("POST", here, strings.NewReader("key=x"), "Content-Type", "application/x-www-form-urlencoded"); r.StatusCode != 415 {
		t.Errorf("no form: %d %s", r.StatusCode, page)
	}
	batch := clerk.bringsIn("residence", strings.Replace(residences(4), "使用单位", "使用单位,备注", 1)+"李重,"+resident(2)+",滨江路 9 号,2020-05-01,入学,教育局\n")
	_, page = clerk.get(batch)
	if !strings.Contains(page, "“备注”") || !strings.Contains(page, `name="line" value="6"`) || !strings.Contains(page, "第 4 行 · 同一证件") || strings.Contains(page, `value="6" checked`) {
		t.Fatalf("to be started: %s", page)
	}
	if r, svg := clerk.get(batch + "/pages/1"); r.StatusCode != 200 || r.Header.Get("Content-Type") != "image/svg+xml" || !strings.HasPrefix(svg, "<svg") {
		t.Errorf("a sample page: %d %.80s", r.StatusCode, svg)
	}
	if r, _ := clerk.get(batch + "/pages/9"); r.StatusCode != 404 {
		t.Errorf("a page that is not there: %d", r.StatusCode)
	}
	if r, page := clerk.post(batch, url.Values{"action": {"start"}, "submit": {"false"}, "line": {"6", "3"}}); r.StatusCode != 422 || !strings.Contains(page, "只能勾选标为可能重复的行") || !strings.Contains(page, `value="6" checked`) {
		t.Errorf("ticked: %d %s", r.StatusCode, page)
	}
	if r, page := clerk.post(batch, url.Values{"action": {"start"}, "all": {"true"}}); r.StatusCode != 422 || !strings.Contains(page, `href="#submit"`) || !strings.Contains(page, `name="all" value="true" checked`) {
		t.Errorf("neither chosen: %d %s", r.StatusCode, page)
	}
	_, page = clerk.post(batch, url.Values{"action": {"start"}, "submit": {"true"}})
	if !strings.Contains(page, "已开始") || !strings.Contains(page, `data-follow="working"`) {
		t.Fatalf("started: %s", page)
	}
	if _, page = clerk.post(batch, url.Values{"action": {"pause"}}); !strings.Contains(page, "已暂停") {
		t.Errorf("paused: %s", page)
	}
	must(t, w.workbooks.Work(t.Context()))
	if _, page = clerk.get(batch); !strings.Contains(page, `value="1"></progress>`) {
		t.Errorf("paused, and goes on: %s", page)
	}
	clerk.post(batch, url.Values{"action": {"resume"}})
	must(t, w.workbooks.Work(t.Context()))
	_, page = clerk.get(batch)
	if !strings.Contains(page, "<dd>4</dd>") || !strings.Contains(page, "没有勾选") || !strings.Contains(page, batch+"/failures.xlsx") {
		t.Errorf("done: %s", page)
	}
	if r, page := clerk.post(batch, url.Values{"action": {"pause"}}); r.StatusCode != 409 {
		t.Errorf("paused when done: %d %s", r.StatusCode, page)
	}
	if _, page := clerk.get("/work?tab=running"); strings.Count(page, `class="chip submitted"`) != 4 {
		t.Errorf("the cases: %s", page)
	}
	if _, page := clerk.get("/work/notices"); !strings.Contains(page, `href="`+batch+`"`) {
		t.Errorf("the notice: %s", page)
	}
	_, data = clerk.get(batch + "/failures.xlsx")
	if r, page := clerk.sendFile(here, "failures.xlsx", data, map[string]string{"key": "another"}); r.StatusCode != 200 || !strings.Contains(page, "可能重复") {
		t.Errorf("brought in again: %d %s", r.StatusCode, page)
	}

	for _, who := range []string{"sibling", "town", "admin"} {
		d := w.signedIn(t, who)
		for _, path := range []string{"", "/pages/1", "/failures.xlsx"} {
			if r, page := d.get(batch + path); r.StatusCode != 404 || strings.Contains(page, "李") {
				t.Errorf("%s of %s: %d", path, who, r.StatusCode)
			}
		}
		if r, _ := d.post(batch, url.Values{"action": {"end"}}); r.StatusCode != 404 {
			t.Errorf("%s ends it: %d", who, r.StatusCode)
		}
	}
	if r, _ := w.signedIn(t, "town").sendFile(here, "cases.csv", residences(1), nil); r.StatusCode != 403 {
		t.Errorf("an approver brings one in: %d", r.StatusCode)
	}
	if strings.Contains(w.log.String(), resident(1)) || strings.Contains(w.log.String(), "李") {
		t.Error("people stand in the log")
	}
}

// TestImportDropped gives a batch up before it is started.
func TestImportDropped(t *testing.T) {
	w := newWorld(t, unhurried)
	clerk := w.signedIn(t, "village")
	batch := clerk.bringsIn("residence", residences(2))
	if _, page := clerk.post(batch, url.Values{"action": {"end"}}); !strings.Contains(page, "已放弃") {
		t.Errorf("given up: %s", page)
	}
	if _, page := clerk.get(batch); !strings.Contains(page, "内容没有保留") {
		t.Errorf("its page: %s", page)
	}
}

// TestImportInBrowser brings in a thousand rows as a clerk does; the server is
// restarted in the middle, and each case is there once.
func TestImportInBrowser(t *testing.T) {
	const rows = 1000
	w := newWorld(t, unhurried)
	ctx := browser(t)
	css := func(s string) chromedp.CSS { return chromedp.CSS(s) }
	run(t, ctx, chromedp.EmulateViewport(1366, 768))
	signInTo(t, ctx, w.URL, "village")
	open(t, ctx, w.URL+"/work/new/residence/workbook")
	name := filepath.Join(t.TempDir(), "办件.csv")
	must(t, os.WriteFile(name, []byte(residences(rows)+"李同,"+resident(7)+",滨江路,2020-05-01,入学,教育局\n"), 0o600))
	run(t, ctx, chromedp.SetUploadFiles(css("#file"), []string{name}))
	run(t, ctx, chromedp.Click(css("form[enctype] .button")))
	run(t, ctx, chromedp.WaitVisible(css("#start")))
	until(t, ctx, `[...document.querySelectorAll('.samples img')].every(i => i.complete && i.naturalWidth > 0)`)
	run(t, ctx, chromedp.Click(css(`[name="submit"][value="false"]`)))
	run(t, ctx, chromedp.Click(css(`[value="start"]`)))
	run(t, ctx, chromedp.WaitVisible(css("#progress")))

	batch := run(t, ctx, chromedp.Evaluate[string](`location.pathname.split('/').pop()`))
	w.working(t, batch, 50) // and ends in the middle, as a process may
	if tally, err := w.store.TallyBatch(t.Context(), batch); err != nil || tally.Made < 50 || tally.Made == rows {
		t.Fatalf("before the restart: %+v %v", tally, err)
	}
	until(t, ctx, `document.getElementById('progress').value > 50`)
	w.CloseClientConnections()
	w.boot()
	defer w.working(t, batch, 0)()
	until(t, ctx, `document.querySelector('.chip.batch-done')`)
	if text := run(t, ctx, chromedp.Text(css("main"))); !strings.Contains(text, fmt.Sprintf("%d / %[1]d", rows+1)) || !strings.Contains(text, "没有勾选") {
		t.Errorf("done: %s", text)
	}
	counted := map[string]int{}
	for cursor := ""; ; {
		by, err := w.store.Account(t.Context(), "p-village")
		must(t, err)
		list, next, err := w.Workqueue(t.Context(), by, []yinzheng.State{yinzheng.Draft}, cursor, 200)
		must(t, err)
		for _, e := range list {
			counted[e.Holder]++
		}
		if cursor = next; next == "" {
			break
		}
	}
	for holder, n := range counted {
		if n != 1 {
			t.Errorf("%d cases of %s", n, holder)
		}
	}
	if len(counted) != rows {
		t.Errorf("cases of %d holders", len(counted))
	}
	data := run(t, ctx, chromedp.Evaluate[[]int](`fetch(document.querySelector('a[href$="failures.xlsx"]').href).then(r => r.arrayBuffer()).then(b => [...new Uint8Array(b)])`, chromedp.EvalAwaitPromise))
	content := make([]byte, len(data))
	for i := range data {
		content[i] = byte(data[i])
	}
	book, err := excelize.OpenReader(bytes.NewReader(content))
	must(t, err)
	if got, err := book.GetRows("办件"); err != nil || len(got) != 2 || got[1][0] != "李同" || got[1][len(got[1])-1] != "可能重复，没有勾选" {
		t.Errorf("what was not made: %q %v", got, err)
	}
	run(t, ctx, chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile))
	for _, path := range []string{"/work/imports", "/work/new/residence/workbook", "/work/imports/" + batch, w.signedIn(t, "village").bringsIn("residence", residences(2))} {
		open(t, ctx, w.URL+path)
		fitsPhone(t, ctx, path)
	}
}

// working has batches worked on, as the program does, until stop is called, or
// until so many rows of one were made.
func (w *world) working(t *testing.T, batch string, until int) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.workbooks.Keep(ctx, 10*time.Millisecond)
	}()
	stop = func() {
		cancel()
		<-done
	}
	for until > 0 {
		tally, err := w.store.TallyBatch(ctx, batch)
		must(t, err)
		if tally.Made >= until {
			stop()
			break
		}
		time.Sleep(time.Millisecond)
	}
	return stop
}
