package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"yinzheng/internal/chromium"
)

// TestFirstRun goes the way of somebody who has just installed the program, in
// a browser: one command, one link, a password, a sample, and its QR code read
// off the screen, which says that it is valid.
func TestFirstRun(t *testing.T) {
	dir := t.TempDir()
	secret := "YINZHENG_PASSPHRASE=correct-horse-battery"
	made := exec.Command("yinzheng", "init", "--public-url", "http://127.0.0.1", "--place", "441302000000=惠城区", "--organ", "11441302DEM000000J=惠州市惠城区民政局", "--admin-name", "王芳", "--admin-id", "11010519491231002X")
	made.Dir, made.Env = dir, append(os.Environ(), secret)
	out, err := made.CombinedOutput()
	link := regexp.MustCompile(`http://127\.0\.0\.1(/claim/\S+)`).FindSubmatch(out)
	if err != nil || link == nil {
		t.Fatalf("%v: %s", err, out)
	}
	s, err := startServer(dir, []string{"serve", "--public-url", "$URL"}, []string{secret})
	if err != nil {
		t.Fatal(err)
	}
	defer s.kill()

	b := newBrowser(t)
	b.open(s.url + string(link[1]))
	b.typeInto("#password", "a-long-password")
	b.typeInto("#again", "a-long-password\r")
	b.click(`a[href^="/signin"]`)
	b.typeInto("#username", "admin")
	b.typeInto("#password", "a-long-password\r")
	b.click(`.nav [href="/work/admin"]`)
	b.click(`[href="/work/admin/start"]`)
	b.sees("main", "个机关可以用印")
	b.click("#sample .button")
	b.sees(".done", "样本已签发")

	picture := filepath.Join(dir, "screen.png")
	if err := os.WriteFile(picture, b.picture(".trial img"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, err := exec.Command("zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", picture).Output()
	if err != nil {
		t.Fatal(err)
	}
	scanned := strings.TrimSpace(string(code))
	if !strings.HasPrefix(scanned, s.url+"/v/") {
		t.Fatalf("the code says %s", scanned)
	}
	phone := newBrowser(t)
	phone.open(scanned)
	phone.sees("#word", "有效")
	phone.sees(".result", "样本（不证明任何事项）")

	b.click(`#sample .acts [href="/work/admin/start"]`)
	b.sees("#sample.met", "已打开核验页")

	b.click(`.tabs [href="/work/admin/audit"]`)
	b.click(`form .button.second`)
	b.sees("#check-now .done", "记录完整")
	b.sees("#check-now .done", "没有填抄录的校验值")
}

// browserWindow is a window of a real Chromium.
type browserWindow struct {
	t   *testing.T
	ctx context.Context
}

func newBrowser(t *testing.T) *browserWindow {
	t.Helper()
	ctx, cancel, err := chromium.Start(t.Context())
	t.Cleanup(cancel)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel = context.WithTimeout(ctx, 90*time.Second)
	t.Cleanup(cancel)
	return &browserWindow{t, ctx}
}

func do[T any](b *browserWindow, step chromedp.Action[T]) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, step)
	if err != nil {
		b.t.Fatal(err)
	}
	return v
}

func (b *browserWindow) open(address string) { b.t.Helper(); do(b, chromedp.Navigate(address)) }

func (b *browserWindow) click(selector string) {
	b.t.Helper()
	do(b, chromedp.Click(chromedp.CSS(selector)))
}

func (b *browserWindow) typeInto(selector, text string) {
	b.t.Helper()
	do(b, chromedp.WaitVisible(chromedp.CSS(selector)))
	do(b, chromedp.SendKeys(chromedp.CSS(selector), text))
}

// sees waits until an element holds a text.
func (b *browserWindow) sees(selector, text string) {
	b.t.Helper()
	var page string
	for range 200 {
		page = do(b, chromedp.Evaluate[string]("[...document.querySelectorAll("+quoted(selector)+")].map(e => e.textContent).join('\\n')"))
		if strings.Contains(page, text) {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	b.t.Fatalf("%s does not say %s: %s", selector, text, page)
}

func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `\'`) + "'" }

// picture is an image as it is on the screen, PNG, once it is there: a page stands
// before its images do.
func (b *browserWindow) picture(selector string) []byte {
	b.t.Helper()
	for range 200 {
		if do(b, chromedp.Evaluate[bool]("(e => e.complete && e.naturalWidth > 0)(document.querySelector("+quoted(selector)+"))")) {
			return do(b, chromedp.Screenshot(chromedp.CSS(selector)))
		}
		time.Sleep(25 * time.Millisecond)
	}
	b.t.Fatalf("the image %s does not load", selector)
	return nil
}
