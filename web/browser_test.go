package web_test

import (
	"context"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"yinzheng"
	"yinzheng/internal/chromium"
	"yinzheng/internal/inturn"
	"yinzheng/web"
)

// shared is the Chromium of all tests but those that need one of their own: starting one
// takes as long as a test.
var shared struct {
	start  sync.Once
	ctx    context.Context
	cancel context.CancelFunc
	err    error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.cancel != nil {
		shared.cancel()
	}
	os.Exit(code)
}

// browser is a window with cookies and a store of its own, for a test that takes
// seconds.
func browser(t *testing.T) context.Context {
	t.Helper()
	return browserFor(t, 90*time.Second)
}

// browserFor is one that is given up after a time.
func browserFor(t *testing.T, most time.Duration) context.Context {
	t.Helper()
	shared.start.Do(func() { shared.ctx, shared.cancel, shared.err = chromium.Start(context.Background()) })
	must(t, shared.err)
	ctx, cancel := chromedp.NewContext(shared.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	run(t, ctx, chromedp.Navigate("about:blank"))
	ctx, cancel = context.WithTimeout(ctx, most)
	t.Cleanup(cancel)
	return ctx
}

// browserWith is a Chromium of a test's own, which is started otherwise than the others'.
func browserWith(t *testing.T, options ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	ctx, cancel, err := chromium.Start(t.Context(), options...)
	t.Cleanup(cancel)
	must(t, err)
	ctx, cancel = context.WithTimeout(ctx, 90*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func run[T any](t *testing.T, ctx context.Context, step chromedp.Action[T]) T {
	t.Helper()
	v, err := chromedp.Run(ctx, step)
	must(t, err)
	return v
}

// holds evaluates a condition in the page. One that another page has just taken the place
// of does not hold: who presses a button may not hear of it any more.
func holds(t *testing.T, ctx context.Context, condition string, how ...chromedp.EvaluateOption) bool {
	t.Helper()
	yes, err := chromedp.Run(ctx, chromedp.Evaluate[bool](condition, how...))
	if err != nil && strings.Contains(err.Error(), "navigated or closed") {
		return false
	}
	must(t, err)
	return yes
}

// open loads an address anew, with a fragment by way of an empty page: another
// fragment alone would not load anything.
func open(t *testing.T, ctx context.Context, address string) {
	t.Helper()
	if strings.Contains(address, "#") {
		run(t, ctx, chromedp.Navigate("about:blank"))
	}
	run(t, ctx, chromedp.Navigate(address))
}

// fits checks that nothing of a page stands beyond the right edge of the screen,
// but what scrolls by itself. A phone that zooms out to show what is too wide
// says that its window is as wide, so that the zoom is counted out.
func fits(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	beyond := run(t, ctx, chromedp.Evaluate[[]string](`((width) => document.documentElement.scrollWidth <= width ? [] :
		[document.title, ...[...document.body.querySelectorAll('*')].filter(e => e.getBoundingClientRect().right > width + 1).slice(-4).map(e => e.outerHTML.slice(0, 160))]
	)(Math.round(visualViewport.width * visualViewport.scale))`))
	if len(beyond) > 0 {
		t.Errorf("%s is wider than the screen:\n  %s", name, strings.Join(beyond, "\n  "))
	}
}

// shown waits until the large word contains a text, and returns the colour
// class of the verdict.
func shown(t *testing.T, ctx context.Context, heading string) (tone string) {
	t.Helper()
	var word string
	for range 200 {
		word = run(t, ctx, chromedp.Evaluate[string](`document.getElementById('word')?.textContent ?? ''`))
		if word == heading {
			return run(t, ctx, chromedp.Evaluate[string](`document.querySelector('.verdict').className`))
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Fatalf("the page says %q, want %q", word, heading)
	return ""
}

// TestPhone opens what a QR code holds as a phone's browser does.
func TestPhone(t *testing.T) {
	inturn.Only(t)
	w := newWorld(t)
	code, token, _ := w.issued("one")
	other, otherToken, _ := w.issued("two")
	ctx := browser(t)
	run(t, ctx, chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile))

	for _, c := range []struct{ name, address, heading, tone, integrity string }{
		{"paper", w.paper(code, token), "有效", "good", "pass"},
		{"no fragment", w.URL + "/v/" + code, "登记有效，请核对内容", "look", "not-checked"},
		{"another's token", w.paper(code, otherToken), "内容被改动", "bad", "fail"},
		{"another's code", w.paper(other, token), "内容被改动", "bad", "fail"},
		{"a digit changed", swapDigits(w.paper(code, token)), "签名不符", "bad", "fail"},
		{"cut short", w.paper(code, token)[:len(w.paper(code, token))-21], "内容被改动", "bad", "fail"},
		{"letters", w.URL + "/v/" + code + "#hello", "内容被改动", "bad", "fail"},
		{"unknown code with a good token", w.paper("000000000000", token), "内容被改动", "bad", "fail"},
	} {
		t.Run(c.name, func(t *testing.T) {
			open(t, ctx, c.address)
			if tone := shown(t, ctx, c.heading); !strings.Contains(tone, c.tone) {
				t.Errorf("drawn as %q, want %s", tone, c.tone)
			}
			if got := run(t, ctx, chromedp.Evaluate[string](`document.querySelector('.checks li').className`)); got != c.integrity {
				t.Errorf("integrity %s, want %s", got, c.integrity)
			}
			fits(t, ctx, c.name)
		})
	}

	t.Run("other language keeps the fragment", func(t *testing.T) {
		open(t, ctx, w.paper(code, token))
		shown(t, ctx, "有效")
		run(t, ctx, chromedp.Click(chromedp.CSS("[hreflang]")))
		shown(t, ctx, "Valid")
	})
	t.Run("another paper in the same tab", func(t *testing.T) {
		open(t, ctx, w.paper(code, token))
		shown(t, ctx, "有效")
		run(t, ctx, chromedp.Evaluate[string](`location.hash = '#00'`))
		shown(t, ctx, "内容被改动")
	})
	t.Run("what has ended fits the phone", func(t *testing.T) {
		c, err := w.store.Certificate(t.Context(), other)
		must(t, err)
		for _, status := range []yinzheng.Status{yinzheng.StatusIsSuspended, yinzheng.StatusIsSuperseded} {
			from := c.Status
			c.Status, c.StatusAt, c.Reason, c.Successor = status, c.IssuedAt.Add(time.Minute), "corrected", code
			must(t, w.store.SetStatus(t.Context(), c, from))
			for _, how := range []string{"?lang=zh", "?lang=en", "?lang=zh&size=large", "?lang=en&size=large"} {
				open(t, ctx, w.URL+"/v/"+other+how)
				if !run(t, ctx, chromedp.Evaluate[bool](`document.querySelector('.verdict.warn') !== null`)) {
					t.Errorf("%s %s is not drawn", status, how)
				}
				fits(t, ctx, string(status)+how)
			}
		}
	})
	t.Run("targets", func(t *testing.T) {
		for _, path := range []string{"/verify", "/v/" + code} {
			open(t, ctx, w.URL+path)
			small := run(t, ctx, chromedp.Evaluate[[]string](`[...document.querySelectorAll('a:not(.skip),button,input:not([type=hidden]),summary')].filter(e => e.offsetParent && e.getBoundingClientRect().height < 44).map(e => e.outerHTML.slice(0, 80))`))
			if len(small) > 0 {
				t.Errorf("%s: targets under 44 pixels: %q", path, small)
			}
		}
	})
}

// swapDigits changes the signature inside a fragment, which stays well-formed.
func swapDigits(paper string) string {
	n := len(paper) - 40
	pair := "20" // A
	if paper[n:n+2] == pair {
		pair = "21"
	}
	return paper[:n] + pair + paper[n+2:]
}

// TestWithoutScripts checks that everything works where scripts are off: the
// record's verdict with a note, the form, the upload.
func TestWithoutScripts(t *testing.T) {
	inturn.Only(t)
	w := newWorld(t)
	code, token, pdf := w.issued("one")
	ctx := browser(t)
	_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	must(t, err)

	open(t, ctx, w.paper(code, token))
	page := run(t, ctx, chromedp.Text(chromedp.CSS("main")))
	if !strings.Contains(page, "登记有效，请核对内容") || !strings.Contains(page, "浏览器未启用脚本") || !strings.Contains(page, "张*明") {
		t.Errorf("the page says %s", page)
	}

	open(t, ctx, w.URL+"/verify")
	if page := run(t, ctx, chromedp.Text(chromedp.CSS("main"))); !strings.Contains(page, "下载 U 盘文件夹") || strings.Contains(page, "在本机准备离线核验") {
		t.Errorf("without scripts the verify page offers %s", page)
	}
	run(t, ctx, chromedp.SendKeys(chromedp.CSS("#q"), w.paper(code, token)+"\r")) // as a counter scanner types
	run(t, ctx, chromedp.WaitVisible(chromedp.CSS(".verdict.good")))

	name := filepath.Join(t.TempDir(), "证明.pdf")
	must(t, os.WriteFile(name, pdf, 0o600))
	open(t, ctx, w.URL+"/verify")
	run(t, ctx, chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{name}))
	run(t, ctx, chromedp.Click(chromedp.CSS("form:has(#file) .button")))
	run(t, ctx, chromedp.WaitVisible(chromedp.CSS(".verdict.good")))
	if page := run(t, ctx, chromedp.Text(chromedp.CSS("main"))); !strings.Contains(page, "文件全部内容都在签名保护之内") {
		t.Errorf("after the upload the page says %s", page)
	}
}

// TestCheckFails checks that a page whose check of the fragment fails says so,
// and does better when it is asked again; and that no verdict on another fragment
// stays or comes beside the one that the address has.
func TestCheckFails(t *testing.T) {
	b := &brokenStore{}
	w := newWorld(t, func(_ *web.Config, c *yinzheng.Config) { b.Store = c.Store; c.Store = b })
	code, token, _ := w.issued("one")
	_, other, _ := w.issued("two")
	ctx := browser(t)
	open(t, ctx, w.URL+"/v/"+code)
	shown(t, ctx, "登记有效，请核对内容")
	b.broken.Store(true)
	run(t, ctx, chromedp.Evaluate[string](`location.hash = '#`+url.PathEscape(strings.SplitN(w.paper(code, token), "#", 2)[1])+`'`))
	run(t, ctx, chromedp.WaitVisible(chromedp.CSS(".live.failed .button")))
	if page := run(t, ctx, chromedp.Text(chromedp.CSS("#live"))); !strings.Contains(page, "没能核验") {
		t.Errorf("the page says %s", page)
	}
	shown(t, ctx, "登记有效，请核对内容")
	b.broken.Store(false)
	run(t, ctx, chromedp.Click(chromedp.CSS(".live .button")))
	shown(t, ctx, "有效")

	b.broken.Store(true)
	run(t, ctx, chromedp.Evaluate[string](`location.hash = '#`+strings.SplitN(w.paper(code, other), "#", 2)[1]+`'`))
	run(t, ctx, chromedp.WaitVisible(chromedp.CSS(".live.failed .button")))
	shown(t, ctx, "登记有效，请核对内容")
	b.broken.Store(false)

	open(t, ctx, w.URL+"/v/"+code)
	run(t, ctx, chromedp.Evaluate[bool](`(() => {
		const ask = fetch, released = new Promise((done) => { window.release = done; });
		window.fetch = async (...what) => {
			window.fetch = ask;
			const answer = await ask(what[0], { ...what[1], signal: null });
			window.held = true;
			await released;
			setTimeout(() => { window.late = true; }, 200);
			return answer;
		};
		location.hash = '#`+strings.SplitN(w.paper(code, token), "#", 2)[1]+`';
		return true;
	})()`))
	until(t, ctx, `window.held`)
	run(t, ctx, chromedp.Evaluate[string](`location.hash = '#00'`))
	shown(t, ctx, "内容被改动")
	run(t, ctx, chromedp.Evaluate[bool](`(release(), true)`))
	until(t, ctx, `window.late`)
	shown(t, ctx, "内容被改动")
}
