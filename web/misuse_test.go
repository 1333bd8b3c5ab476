package web_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"yinzheng"
	"yinzheng/internal/inturn"
)

// twice clicks a button twice, the second time while the answer to the first is on
// its way: at once, a browser would send only the second.
func twice(t *testing.T, ctx context.Context, selector string) {
	t.Helper()
	run(t, ctx, chromedp.WaitVisible(chromedp.CSS(selector)))
	slowly := func(milliseconds float64) {
		_, err := chromedp.Call(ctx, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
			MatchedNetworkConditions: []*network.Conditions{{Latency: milliseconds, DownloadThroughput: -1, UploadThroughput: -1}},
		})
		must(t, err)
	}
	slowly(300)
	run(t, ctx, chromedp.Evaluate[bool](`new Promise(done => {
		const button = document.querySelector('`+selector+`');
		button.click();
		setTimeout(() => { button.click(); done(true); }, 100);
	})`, chromedp.EvalAwaitPromise))
	slowly(0)
}

// TestStaffDoubleClick: a second click begins no second case, hands in and decides
// nothing twice, and shows what the first one did.
func TestStaffDoubleClick(t *testing.T) {
	w := newWorld(t, unhurried)
	ctx := browser(t)
	signInTo(t, ctx, w.URL, "village")
	open(t, ctx, w.URL+"/work/new/residence")
	run(t, ctx, chromedp.SendKeys(chromedp.CSS("#id"), "441302199003070120"))
	twice(t, ctx, "form.stack .button")
	run(t, ctx, chromedp.WaitVisible(chromedp.CSS("#form")))
	for name, text := range map[string]string{"name": "欧阳祥", "address": "滨江路 8 号", "purpose": "子女入学", "recipient": "教育局"} {
		types(t, ctx, "values."+name, text)
	}
	run(t, ctx, chromedp.SetValue(chromedp.CSS(`[name="values.since"]`), "2020-05-01"))
	twice(t, ctx, `.stick [value="check"]`)
	says(t, ctx, ".facts", "欧阳祥")
	twice(t, ctx, ".stick .button")
	says(t, ctx, ".done", "已提交")
	here := run(t, ctx, chromedp.Evaluate[string](`location.pathname`))
	succeeds(t, ctx, w.URL, "town")
	click(t, ctx, ".cases tbody a")
	twice(t, ctx, `[value="approve"]`)
	says(t, ctx, ".done", "已办结")

	by, err := w.store.Account(t.Context(), "p-village")
	must(t, err)
	every := []yinzheng.State{yinzheng.Draft, yinzheng.Returned, yinzheng.Submitted, yinzheng.Issued}
	if list, _, err := w.Workqueue(t.Context(), by, every, "", 10); err != nil || len(list) != 1 {
		t.Errorf("%d cases: %v", len(list), err)
	}
	c, err := w.Application(t.Context(), by, strings.TrimPrefix(here, "/work/cases/"))
	must(t, err)
	var kinds []yinzheng.ActionKind
	for i := range c.History {
		kinds = append(kinds, c.History[i].Kind)
	}
	if want := []yinzheng.ActionKind{yinzheng.Create, yinzheng.Edit, yinzheng.Submit, yinzheng.Approve, yinzheng.Reserve, yinzheng.Issue}; !slices.Equal(kinds, want) {
		t.Errorf("what was done: %v, want %v", kinds, want)
	}
}

// TestStaffBack: who goes back finds the page as the case is by then, can go on
// mending what is theirs, and is offered nothing that has been done.
func TestStaffBack(t *testing.T) {
	inturn.Only(t)
	w := newWorld(t, unhurried)
	address := w.signedIn(t, "village").start("441302199003070120")
	ctx := browser(t)
	signInTo(t, ctx, w.URL, "village")
	open(t, ctx, w.URL+address+"/edit")
	for name, text := range map[string]string{"name": "欧阳祥", "address": "滨江路 8 号", "recipient": "教育局"} {
		types(t, ctx, "values."+name, text)
	}
	run(t, ctx, chromedp.SetValue(chromedp.CSS(`[name="values.since"]`), "2020-05-01"))
	types(t, ctx, "values.purpose", "子女入学\t")
	says(t, ctx, "#state", "已保存") // by itself, and so of a version that the page was not made with
	click(t, ctx, `.stick [value="check"]`)
	says(t, ctx, ".facts", "子女入学")

	run(t, ctx, chromedp.NavigateBack())
	run(t, ctx, chromedp.WaitVisible(chromedp.CSS("#form")))
	types(t, ctx, "values.purpose", "与转学")
	click(t, ctx, `.stick [value="check"]`)
	says(t, ctx, ".facts", "子女入学与转学")
	click(t, ctx, ".stick .button")
	says(t, ctx, ".done", "已提交")
	run(t, ctx, chromedp.NavigateBack()) // to the page to check it once more
	until(t, ctx, `location.pathname === '`+address+`'`)
	says(t, ctx, "#state-now", "审批中")

	succeeds(t, ctx, w.URL, "town")
	click(t, ctx, ".cases tbody a")
	click(t, ctx, `[value="approve"]`)
	says(t, ctx, ".done", "已办结")
	run(t, ctx, chromedp.NavigateBack())
	says(t, ctx, "#state-now", "已签发")
	if run(t, ctx, chromedp.Evaluate[bool](`document.getElementById('decide') !== null`)) {
		t.Error("a decision is asked for twice")
	}
}

// lookAway has the page behave as after somebody has looked at another tab for a
// while, and waits until it has asked for whatever it wants.
func lookAway(t *testing.T, ctx context.Context) {
	t.Helper()
	until(t, ctx, `document.readyState === 'complete'`) // the scripts have run
	run(t, ctx, chromedp.Evaluate[bool](`(async () => {
		document.activeElement.blur();
		document.dispatchEvent(new Event('visibilitychange'));
		for (let i = 0; i < 3; i++) await (await fetch(location.href)).text();
		return true;
	})()`, chromedp.EvalAwaitPromise))
}

// TestStaffTwoTabsInBrowser: the tab that comes second says so while somebody types,
// keeps what they typed, and leads to what the first one saved.
func TestStaffTwoTabsInBrowser(t *testing.T) {
	w := newWorld(t, unhurried)
	address := w.signedIn(t, "village").start("441302199003070120")
	one := browser(t)
	signInTo(t, one, w.URL, "village")
	two, cancel := chromedp.NewContext(one)
	defer cancel()
	for _, tab := range []context.Context{one, two} {
		open(t, tab, w.URL+address+"/edit")
	}
	types(t, one, "values.purpose", "第一个窗口\t")
	says(t, one, "#state", "已保存")
	types(t, two, "values.purpose", "第二个窗口\t")
	says(t, two, "#state", "没有保存上：别人刚改过这件")
	click(t, two, `.stick [value="save"]`)
	says(t, two, ".faults", "别人刚改过这件")
	lookAway(t, two)
	if typed := run(t, two, chromedp.Value(chromedp.CSS(`[name="values.purpose"]`))); typed != "第二个窗口" {
		t.Errorf("what was typed second: %q", typed)
	}
	click(t, two, ".faults a")
	until(t, two, `!document.querySelector('.faults') && document.querySelector('[name="values.purpose"]')?.value === '第一个窗口'`)
}

// TestStaffFilesInBrowser: markup under a picture's name and a picture that is too
// large are refused in words, and what was typed before is kept.
func TestStaffFilesInBrowser(t *testing.T) {
	w := newWorld(t, unhurried, withTenancy(t))
	clerk := w.signedIn(t, "village")
	address := clerk.rents()
	ctx := browser(t)
	run(t, ctx, chromedp.EmulateViewport(1366, 768))
	signInTo(t, ctx, w.URL, "village")
	for _, f := range []struct{ name, content, refused string }{
		{"page.jpg", `<!doctype html><script>document.title = 'run'</script>`, "只收 JPEG"},
		{"drawing.jpg", `<svg xmlns="http://www.w3.org/2000/svg" onload="document.title = 'run'"/>`, "只收 JPEG"},
		{"large.jpg", "\xff\xd8\xff\xe0" + strings.Repeat("x", 50<<20), "超过 20 MB"},
	} {
		name := filepath.Join(t.TempDir(), f.name)
		must(t, os.WriteFile(name, []byte(f.content), 0o600))
		open(t, ctx, w.URL+address+"/edit")
		types(t, ctx, "values.address", f.name)
		run(t, ctx, chromedp.SetUploadFiles(chromedp.CSS("#file-lease"), []string{name}))
		says(t, ctx, "main", f.refused)
		if _, page := clerk.get(address + "/edit"); !strings.Contains(page, f.name) || !strings.Contains(page, "还缺") || strings.Contains(page, address+"/files/") {
			t.Errorf("%s: what was typed is lost, or the file is kept: %s", f.name, page)
		}
	}
}

// TestStaffScriptInBrowser types markup into every field that takes a text and looks
// at the pages that show it: nothing of it becomes a part of any.
func TestStaffScriptInBrowser(t *testing.T) {
	inturn.Only(t)
	const markup = `"'><img id=run src=x onerror=x>`
	w := newWorld(t, unhurried)
	address := w.signedIn(t, "village").start("441302199003070120")
	ctx := browser(t)
	run(t, ctx, chromedp.EmulateViewport(1366, 768))
	harmless := func(place string) {
		t.Helper()
		if run(t, ctx, chromedp.Evaluate[bool](`document.querySelector('#run, [onerror]') !== null`)) {
			t.Errorf("%s: the markup is a part of the page", place)
		}
	}
	signInTo(t, ctx, w.URL, "village")
	open(t, ctx, w.URL+address+"/edit")
	click(t, ctx, ".agent summary")
	run(t, ctx, chromedp.SetValue(chromedp.CSS(`[name="applicant.as"]`), "agent"))
	fields := run(t, ctx, chromedp.Evaluate[[]string](`[...document.querySelectorAll('#form input:not([type])')].filter(e => e.offsetParent && !/(^|[.])id$/.test(e.name)).map(e => e.name)`))
	if len(fields) != 6 {
		t.Fatalf("fields for a text: %q", fields)
	}
	for _, name := range fields {
		types(t, ctx, name, markup)
	}
	click(t, ctx, `.stick [value="check"]`)
	run(t, ctx, chromedp.WaitVisible(chromedp.CSS("#faults")))
	for _, name := range fields {
		until(t, ctx, fmt.Sprintf(`document.querySelector('[name=%q]').value === %q`, name, markup))
	}
	harmless("the form")

	for _, name := range []string{"values.name", "applicant.name"} {
		run(t, ctx, chromedp.Clear(chromedp.CSS(`[name="`+name+`"]`)))
		types(t, ctx, name, "欧阳祥")
	}
	run(t, ctx, chromedp.SetValue(chromedp.CSS(`[name="applicant.as"]`), "holder"))
	run(t, ctx, chromedp.SetValue(chromedp.CSS(`[name="values.since"]`), "2020-05-01"))
	click(t, ctx, `.stick [value="check"]`)
	says(t, ctx, ".facts", markup)
	harmless("the page to check")
	click(t, ctx, ".stick .button")
	says(t, ctx, ".done", "已提交")
	says(t, ctx, ".facts", markup)
	harmless("the case")

	succeeds(t, ctx, w.URL, "town")
	click(t, ctx, ".cases tbody a")
	types(t, ctx, "opinion", markup)
	click(t, ctx, `[value="return"]`)
	says(t, ctx, ".done", "没有其他待办")
	open(t, ctx, w.URL+address)
	says(t, ctx, ".events", markup)
	harmless("the opinion")
	run(t, ctx, chromedp.SendKeys(chromedp.CSS("#find"), markup+"\r"))
	says(t, ctx, ".lead", markup)
	harmless("a search")

	succeeds(t, ctx, w.URL, "village")
	open(t, ctx, w.URL+address+"/edit")
	says(t, ctx, "#sent-back", markup)
	harmless("the form that was returned")
}
