package web_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"yinzheng"
	"yinzheng/internal/inturn"
)

// click clicks the first thing that a selector finds, once it is there.
func click(t *testing.T, ctx context.Context, selector string) {
	t.Helper()
	run(t, ctx, chromedp.WaitVisible(chromedp.CSS(selector)))
	run(t, ctx, chromedp.Click(chromedp.CSS(selector)))
}

// types types into a field, after what it holds.
func types(t *testing.T, ctx context.Context, name, text string) {
	t.Helper()
	run(t, ctx, chromedp.SendKeys(chromedp.CSS(`main [name="`+name+`"]`), kb.End+text))
}

// says waits until a part of the page says all of this.
func says(t *testing.T, ctx context.Context, selector string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		until(t, ctx, fmt.Sprintf(`document.querySelector(%q)?.textContent.includes(%q)`, selector, text))
	}
}

// succeeds signs out and somebody else in, at the same counter.
func succeeds(t *testing.T, ctx context.Context, base, who string) {
	t.Helper()
	click(t, ctx, ".me button")
	run(t, ctx, chromedp.WaitVisible(chromedp.CSS("#username")))
	signInTo(t, ctx, base, who)
}

// approves opens the first case of the inbox and approves it.
func approves(t *testing.T, ctx context.Context) {
	t.Helper()
	for _, selector := range []string{".cases tbody a", ".athand button", `[value="approve"]`} {
		click(t, ctx, selector)
	}
	says(t, ctx, ".done", "已办结")
}

// downloaded clicks a link and returns the file that the browser saves.
func downloaded(t *testing.T, ctx context.Context, selector string) string {
	t.Helper()
	folder := t.TempDir()
	_, err := chromedp.CallBrowser(ctx, cdpbrowser.SetDownloadBehavior, cdpbrowser.SetDownloadBehaviorParams{Behavior: cdpbrowser.SetDownloadBehaviorBehaviorAllow, BrowserContextID: chromedp.FromContext(ctx).BrowserContextID, DownloadPath: folder})
	must(t, err)
	click(t, ctx, selector)
	for range 400 {
		if found, err := filepath.Glob(filepath.Join(folder, "*.pdf")); err == nil && len(found) == 1 {
			return found[0]
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Fatal("nothing is downloaded")
	return ""
}

// squeezed is a text without the spaces and line breaks of its layout.
func squeezed(text string) string { return strings.Join(strings.Fields(text), "") }

// TestJourneyBirth takes a birth from the counter of a village by way of its town
// to the district, with names that are long and rare, and verifies what is printed.
func TestJourneyBirth(t *testing.T) {
	w := newWorld(t, unhurried)
	ctx := browser(t)
	run(t, ctx, chromedp.EmulateViewport(1366, 768))
	signInTo(t, ctx, w.URL, "village")
	click(t, ctx, `a[href="/work/new"]`)
	click(t, ctx, `a[href="/work/new/birth-registration"]`)
	click(t, ctx, "form.stack .button")
	run(t, ctx, chromedp.WaitVisible(chromedp.CSS("#form")))
	const child, mother = "阿卜杜热合曼·麦麦提吐尔逊·𫖯䶮", "古丽巴哈尔·阿不都热依木·㛃"
	for _, f := range [][2]string{
		{"child_name", strings.ReplaceAll(child, "·", "•")},
		{"birth_place", "惠州市中心人民医院"},
		{"mother_name", mother},
		{"mother_id", "441302199102030028"},
		{"father_name", "张𬱖"},
		{"father_id", "441302198808080014"},
		{"household_address", "惠城区桥东街道东湖花园三号小区 12 栋 2 单元 1701 房"},
		{"purpose", "办理户口登记"},
		{"recipient", "桥东派出所"},
	} {
		types(t, ctx, "values."+f[0], f[1])
	}
	run(t, ctx, chromedp.SetValue(chromedp.CSS(`[name="values.child_sex"]`), "female"))
	run(t, ctx, chromedp.SetValue(chromedp.CSS(`[name="values.child_born"]`), "2026-01-05T08:30"))
	click(t, ctx, `[name="seen"][value="birth_record"]`)
	click(t, ctx, `.stick [value="check"]`)
	says(t, ctx, ".facts", child, mother, "张𬱖", "2026年1月5日")
	click(t, ctx, ".stick .button")
	says(t, ctx, ".done", "已提交")
	here := run(t, ctx, chromedp.Evaluate[string](`location.pathname`))

	succeeds(t, ctx, w.URL, "town")
	approves(t, ctx)
	succeeds(t, ctx, w.URL, "district")
	approves(t, ctx)

	succeeds(t, ctx, w.URL, "village")
	click(t, ctx, `.tabs [href="/work?tab=issued"]`)
	click(t, ctx, `.cases [href="`+here+`"]`)
	pdf := downloaded(t, ctx, ".issued .button")
	text, err := exec.Command("pdftotext", pdf, "-").Output()
	must(t, err)
	for _, want := range []string{child, mother, "张𬱖", "女", "2026年1月5日8时30分", "441302199102030028", "12栋2单元1701房", "惠州市惠城区民政局"} {
		if !strings.Contains(squeezed(string(text)), want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
	must(t, exec.Command("pdftoppm", "-r", "150", "-singlefile", "-png", pdf, strings.TrimSuffix(pdf, ".pdf")).Run())
	picture, err := os.ReadFile(strings.TrimSuffix(pdf, ".pdf") + ".png")
	must(t, err)
	open(t, ctx, qrText(t, string(picture)))
	shown(t, ctx, "有效")
	says(t, ctx, "main", "出生登记证明", "阿*䶮", "惠州市惠城区民政局")
}

// TestJourneyReturned: what is sent back says what for wherever the clerk meets it,
// and the approver sees what was mended.
func TestJourneyReturned(t *testing.T) {
	inturn.Only(t)
	w := newWorld(t, unhurried)
	here := w.signedIn(t, "village").handsIn(1)[0]
	ctx := browser(t)
	run(t, ctx, chromedp.EmulateViewport(1366, 768))
	signInTo(t, ctx, w.URL, "town")
	click(t, ctx, ".cases tbody a")
	click(t, ctx, `[value="return"]`)
	says(t, ctx, ".faults", "请写明理由")
	types(t, ctx, "opinion", "门牌号与租赁合同不一致，请核对。")
	click(t, ctx, `[value="return"]`)
	says(t, ctx, ".done", "没有其他待办")

	succeeds(t, ctx, w.URL, "village")
	says(t, ctx, `.tabs [data-count="returned"]`, "1")
	click(t, ctx, `.nav [href="/work/notices"]`)
	says(t, ctx, "main", "退回")
	click(t, ctx, `main a[href^="`+here+`"]`)
	says(t, ctx, "main", "门牌号与租赁合同不一致")
	click(t, ctx, `.nav [href="/work"]`)
	click(t, ctx, `.tabs [href="/work?tab=returned"]`)
	click(t, ctx, ".cases tbody a")
	run(t, ctx, chromedp.WaitVisible(chromedp.CSS("#form")))
	says(t, ctx, "#sent-back", "退回", "town", "门牌号与租赁合同不一致")
	run(t, ctx, chromedp.Clear(chromedp.CSS(`[name="values.address"]`)))
	types(t, ctx, "values.address", "滨江路 18 号")
	click(t, ctx, `.stick [value="check"]`)
	says(t, ctx, ".facts", "滨江路 18 号")
	click(t, ctx, ".stick .button")
	says(t, ctx, ".done", "已提交")

	succeeds(t, ctx, w.URL, "town")
	click(t, ctx, ".cases tbody a")
	says(t, ctx, ".facts .changed", "滨江路 18 号", "您上次看到：滨江路 8 号")
	if n := run(t, ctx, chromedp.Evaluate[int](`document.querySelectorAll('.facts .changed').length`)); n != 1 {
		t.Errorf("%d values are marked as changed, want the one that is", n)
	}
	click(t, ctx, `[value="approve"]`)
	says(t, ctx, ".done", "已办结")
	open(t, ctx, w.URL+here)
	says(t, ctx, "#state-now", "已签发")
}

// waiting hands in so many cases, as the village's clerk.
func (w *world) waiting(t *testing.T, n int) {
	t.Helper()
	clerk, err := w.store.Account(t.Context(), "p-village")
	must(t, err)
	for i := range n {
		c, _, err := w.CreateApplication(t.Context(), clerk, &yinzheng.NewApplication{Item: "residence", Values: map[string]any{
			"name": "李" + string('一'+rune(i)), "id": resident(i), "address": "滨江路", "since": "2020-05-01", "purpose": "子女入学", "recipient": "教育局",
		}}, fmt.Sprint("waiting ", i))
		must(t, err)
		_, err = w.SubmitApplication(t.Context(), clerk, c.ID, c.Version)
		must(t, err)
	}
}

// TestJourneyBulk approves 200 cases at once: a tenth must have been opened, one
// that changes meanwhile is told apart, and all others are issued.
func TestJourneyBulk(t *testing.T) {
	const all = 200
	w := newWorld(t, unhurried)
	w.waiting(t, all)
	ctx := browser(t)
	run(t, ctx, chromedp.EmulateViewport(1366, 768))
	signInTo(t, ctx, w.URL, "town")
	click(t, ctx, `.bulks a[href^="/work/bulk"]`)
	run(t, ctx, chromedp.WaitVisible(chromedp.CSS("#cases")))
	bulk := run(t, ctx, chromedp.Evaluate[string](`location.href`))
	links := run(t, ctx, chromedp.Evaluate[[]string](`[...document.querySelectorAll('#cases tbody a')].map(a => a.href)`))
	if len(links) != all {
		t.Fatalf("%d cases, want %d", len(links), all)
	}
	decide := func() {
		t.Helper()
		types(t, ctx, "opinion", "材料齐全，情况属实。")
		click(t, ctx, `#cases [value="approve"]`)
	}
	for _, link := range links[1 : all/10] {
		run(t, ctx, chromedp.Navigate(link))
	}
	run(t, ctx, chromedp.Navigate(bulk))
	decide()
	says(t, ctx, ".faults", "至少先打开看其中 20 件；您看过 19 件")
	run(t, ctx, chromedp.Navigate(links[0]))
	run(t, ctx, chromedp.Navigate(bulk))
	until(t, ctx, `document.querySelectorAll('.seen').length === 20`)

	gone := links[all-1][strings.LastIndex(links[all-1], "/")+1:]
	clerk, err := w.store.Account(t.Context(), "p-village")
	must(t, err)
	c, err := w.Application(t.Context(), clerk, gone)
	must(t, err)
	_, err = w.WithdrawApplication(t.Context(), clerk, gone, c.Version, "不办了")
	must(t, err)
	decide()
	says(t, ctx, ".lead", "办好 199 / 200，其中待签发 199")
	if n := run(t, ctx, chromedp.Evaluate[int](`document.querySelectorAll('.outcome tbody tr').length`)); n != all {
		t.Errorf("%d rows of the outcome", n)
	}
	until(t, ctx, `document.querySelector('.outcome tr:has([href$="`+gone+`"])').textContent.includes('没有办成')`)
	if n, err := w.Recover(t.Context()); n != all-1 || err != nil {
		t.Fatalf("issued %d: %v", n, err)
	}
	click(t, ctx, ".acts button")
	until(t, ctx, `document.querySelectorAll('.outcome .chip.issued').length === 199`)
	says(t, ctx, ".lead", "办好 199 / 200")
	click(t, ctx, ".acts .button")
	says(t, ctx, "main .empty", "没有等您办理的办件")
}

// TestJourneyMerged merges an office whose case is open: the case is mended by the
// people of the office that takes over, and finished under its name.
func TestJourneyMerged(t *testing.T) {
	inturn.Only(t)
	w := newWorld(t, unhurried)
	clerk, town := w.signedIn(t, "village"), w.signedIn(t, "town")
	here := clerk.handsIn(1)[0]
	_, page := town.get(here)
	form := hidden(t, page)
	form.Set("action", "return")
	form.Set("opinion", "请核对门牌号。")
	town.post(here+"/decide", form)

	ctx := browser(t)
	run(t, ctx, chromedp.EmulateViewport(1366, 768))
	signInTo(t, ctx, w.URL, "admin")
	click(t, ctx, `.nav [href="/work/admin"]`)
	click(t, ctx, `.tabs [href="/work/admin/offices"]`)
	types(t, ctx, "q", "东湖\r")
	click(t, ctx, `.rows [href="/work/admin/offices/`+village+`"]`)
	click(t, ctx, "#act-merge summary")
	run(t, ctx, chromedp.SetValue(chromedp.CSS("#into"), sibling))
	run(t, ctx, chromedp.SendKeys(chromedp.CSS("#merge-title"), "惠府办〔2026〕12号"))
	click(t, ctx, `[value="merge"]`)
	says(t, ctx, "main", "区划撤销", "→ 新建社区", "1 件在办的办件会随之移交")
	click(t, ctx, `[value="decide"]`)
	says(t, ctx, ".plan .chip", "已完成")

	succeeds(t, ctx, w.URL, "sibling")
	click(t, ctx, `.tabs [href="/work?tab=returned"]`)
	says(t, ctx, ".cases tbody", "新建社区")
	click(t, ctx, ".cases tbody a")
	run(t, ctx, chromedp.WaitVisible(chromedp.CSS("#form")))
	run(t, ctx, chromedp.Clear(chromedp.CSS(`[name="values.address"]`)))
	types(t, ctx, "values.address", "滨江路 18 号")
	click(t, ctx, `.stick [value="check"]`)
	says(t, ctx, ".facts", "滨江路 18 号")
	click(t, ctx, ".stick .button")
	says(t, ctx, ".done", "已提交")

	succeeds(t, ctx, w.URL, "town")
	says(t, ctx, ".cases tbody", "新建社区")
	approves(t, ctx)
	succeeds(t, ctx, w.URL, "village") // whose post went along
	says(t, ctx, ".who", "新建社区")
	click(t, ctx, `.tabs [href="/work?tab=issued"]`)
	says(t, ctx, ".cases tbody", "新建社区", "已签发")
	open(t, ctx, w.URL+here)
	says(t, ctx, ".events", "sibling")
}
