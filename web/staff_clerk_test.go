package web_test

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"yinzheng"
	"yinzheng/internal/inturn"
	"yinzheng/register"
	"yinzheng/web"
)

// atHome has a register say who lives where, and since when.
func atHome(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, unhurried, func(_ *web.Config, c *yinzheng.Config) { c.Register = &register.Register{Kept: c.Store} })
	admin := w.signedIn(t, "admin")
	const list = "公民身份号码,姓名,区划代码,现居住地址,居住起始日期\n441302199003070120,欧阳祥," + village + ",滨江路 8 号 2 栋 301 房,2020-05-01\n"
	what := map[string]string{"register": "实有人口登记", "as_of": "2026-01-01", "office": district}
	_, report := admin.sendFile("/work/admin/register", "list.csv", list, what)
	what["digest"] = field(t, report, "digest")
	if _, page := admin.sendFile("/work/admin/register", "list.csv", list, what); !strings.Contains(page, "已导入") {
		t.Fatalf("the register: %s", page)
	}
	return w
}

// counting counts the keys and clicks of a browser's user, from page to page.
func counting(t *testing.T, ctx context.Context) (pressed func() int) {
	t.Helper()
	_, err := chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: `
		const count = () => { sessionStorage.pressed = 1 + Number(sessionStorage.pressed || 0); };
		addEventListener('keydown', (e) => { if (e.isTrusted && !['Control', 'Alt', 'Shift'].includes(e.key)) count(); }, true);
		addEventListener('click', (e) => { if (e.isTrusted && e.detail) count(); }, true);`})
	must(t, err)
	return func() int {
		return run(t, ctx, chromedp.Evaluate[int](`Number(sessionStorage.pressed || 0)`))
	}
}

// press presses keys one by one, as a keyboard does: the character comes with the
// key, so that a page may keep it from being typed.
func press(t *testing.T, ctx context.Context, text string, with ...chromedp.Modifier) {
	t.Helper()
	for _, r := range text {
		key := kb.Keys[r]
		e := input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyDown, Key: key.Key, Code: key.Code, WindowsVirtualKeyCode: key.Windows, Text: key.Text, UnmodifiedText: key.Unmodified}
		for _, m := range with {
			e.Modifiers |= int64(m)
		}
		_, err := chromedp.Call(ctx, input.DispatchKeyEvent, e)
		must(t, err)
		e.Type, e.Text = input.DispatchKeyEventTypeKeyUp, ""
		_, err = chromedp.Call(ctx, input.DispatchKeyEvent, e)
		must(t, err)
	}
}

// focused waits until something has the focus.
func focused(t *testing.T, ctx context.Context, id string) {
	t.Helper()
	until(t, ctx, `document.activeElement.id === '`+id+`'`)
}

// TestStaffPractised: a clerk who knows the way files a residence case from the
// register with a dozen keys after the ID number, and an approver decides it in
// three clicks.
func TestStaffPractised(t *testing.T) {
	inturn.Only(t)
	w := atHome(t)
	ctx := browser(t)
	pressed := counting(t, ctx)
	signInTo(t, ctx, w.URL, "village")
	press(t, ctx, "3", chromedp.ModifierAlt) // the third of the items
	run(t, ctx, chromedp.WaitVisible(chromedp.CSS("#id")))
	focused(t, ctx, "id")
	press(t, ctx, "441302199003070120")
	before := pressed()

	press(t, ctx, "\r")
	run(t, ctx, chromedp.WaitVisible(chromedp.CSS("#form")))
	focused(t, ctx, "values.purpose")
	press(t, ctx, "1\t")
	focused(t, ctx, "values.recipient")
	press(t, ctx, "1\t\t \t ") // past who applies; both originals were seen
	press(t, ctx, "\r", chromedp.ModifierCtrl)
	run(t, ctx, chromedp.WaitVisible(chromedp.CSS(".facts")))
	text := run(t, ctx, chromedp.Text(chromedp.CSS("main")))
	for _, want := range []string{"欧阳祥", "滨江路 8 号 2 栋 301 房", "2020年5月1日", "办理子女入学", "惠州市惠城区教育局", "已见 居民身份证件", "已见 房屋租赁合同"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s to check: %s", want, text)
		}
	}
	press(t, ctx, "\r")
	run(t, ctx, chromedp.WaitVisible(chromedp.CSS(".steps")))
	if n := pressed() - before; n > 12 {
		t.Errorf("%d keys and clicks after the ID number, want at most 12", n)
	}

	run(t, ctx, chromedp.Click(chromedp.CSS(".me button")))
	run(t, ctx, chromedp.WaitVisible(chromedp.CSS("#username")))
	signInTo(t, ctx, w.URL, "town")
	before = pressed()
	for _, click := range []string{".cases tbody a", ".athand button", `[value="approve"]`} {
		run(t, ctx, chromedp.WaitVisible(chromedp.CSS(click)))
		run(t, ctx, chromedp.Click(chromedp.CSS(click)))
	}
	until(t, ctx, `document.querySelector('.done')?.textContent.includes('已办结')`)
	if n := pressed() - before; n != 3 {
		t.Errorf("%d clicks for a decision, want 3", n)
	}
}

// TestStaffAtHand: a digit chooses what is often written only in an empty field,
// and stands for itself when somebody goes on typing.
func TestStaffAtHand(t *testing.T) {
	inturn.Only(t)
	w := newWorld(t, unhurried)
	clerk := w.signedIn(t, "village")
	address := clerk.start("441302199003070120")
	ctx := browser(t)
	signInTo(t, ctx, w.URL, "village")
	open(t, ctx, w.URL+address+"/edit")
	const purpose, recipient = `[name="values.purpose"]`, `[name="values.recipient"]`
	for _, c := range []struct{ into, keys, want string }{
		{purpose, "2", "办理居住证"}, {purpose, "1", "办理居住证1"}, {recipient, "110", "110"}, {recipient, "x", "110x"},
	} {
		run(t, ctx, chromedp.Evaluate[int](`document.querySelector('`+c.into+`').focus(), 0`))
		press(t, ctx, c.keys)
		if got := run(t, ctx, chromedp.Value(chromedp.CSS(c.into))); got != c.want {
			t.Errorf("%s typed: %q, want %q", c.keys, got, c.want)
		}
		run(t, ctx, chromedp.Evaluate[int](`document.activeElement.blur(), 0`))
	}
	until(t, ctx, `document.getElementById('state').textContent.startsWith('已保存')`)
}

// TestStaffSeen: which originals were shown is kept, stays when a form is refused,
// and is told to who decides.
func TestStaffSeen(t *testing.T) {
	w := newWorld(t, unhurried)
	clerk := w.signedIn(t, "village")
	address := clerk.start("441302199003070120")
	_, page := clerk.get(address + "/edit")
	form := residenceForm(field(t, page, "version"))
	form["seen"] = []string{"id_card"}
	stale := url.Values{"seen": {"home_proof"}}
	for name, values := range form {
		if name != "seen" {
			stale[name] = values
		}
	}
	form.Set("then", "check")
	_, page = clerk.post(address+"/edit", form)
	if !strings.Contains(page, "已见 居民身份证件") || !strings.Contains(page, "经办人没有勾选 房屋租赁合同") {
		t.Fatalf("to check: %s", page)
	}
	version := field(t, page, "version")
	if _, page := clerk.post(address+"/edit", stale); !strings.Contains(page, `value="home_proof" form="form" checked`) || strings.Contains(page, `value="id_card" form="form" checked`) {
		t.Errorf("a stale form: %s", page)
	}
	bad := residenceForm(version)
	bad["seen"] = []string{"nothing"}
	if r, _ := clerk.post(address+"/edit", bad); r.StatusCode != 422 {
		t.Errorf("a material that is not shown: %d", r.StatusCode)
	}
	clerk.post(address+"/submit", url.Values{"version": {version}})
	if _, page := w.signedIn(t, "town").get(address); !strings.Contains(page, "已见 居民身份证件") || !strings.Contains(page, "经办人没有勾选 房屋租赁合同") {
		t.Errorf("who decides sees: %s", page)
	}
}
