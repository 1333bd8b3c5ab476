package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"yinzheng/internal/chromium"
)

// window is a window of a real Chromium. After its first error, which it keeps,
// it does nothing any more.
type window struct {
	ctx   context.Context
	close context.CancelFunc
	err   error
}

// patience is how long a page may take to show something.
const patience = 20 * time.Second

func newWindow(ctx context.Context, profile string) (*window, error) {
	ctx, end, err := chromium.Start(ctx, chromedp.UserDataDir(profile), chromedp.Flag("lang", "zh-CN"))
	if err != nil {
		end()
		return nil, err
	}
	w := &window{ctx: ctx, close: end}
	w.counter()
	return w, nil
}

// do takes one step.
func do[T any](w *window, what string, step chromedp.Action[T]) (v T) {
	if w.err != nil {
		return v
	}
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	if v, w.err = chromedp.Run(ctx, step); w.err != nil {
		w.err = fmt.Errorf("%s: %w", what, w.err)
	}
	return v
}

// counter is the screen of an old PC at the counter, phone that of a phone.
func (w *window) counter() {
	do(w, "a PC's size", chromedp.EmulateViewport(1366, 768))
}

func (w *window) phone() {
	do(w, "a phone's size", chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile))
}

func (w *window) open(url string) {
	do(w, "leave the page", chromedp.Navigate("about:blank")) // another fragment alone would load nothing
	do(w, "open "+url, chromedp.Navigate(url))
}

func (w *window) click(selector string) {
	do(w, "wait for "+selector, chromedp.WaitVisible(chromedp.CSS(selector)))
	do(w, "click "+selector, chromedp.Click(chromedp.CSS(selector)))
}

func (w *window) write(selector, text string) {
	do(w, "wait for "+selector, chromedp.WaitVisible(chromedp.CSS(selector)))
	do(w, "type into "+selector, chromedp.SendKeys(chromedp.CSS(selector), text))
}

// until waits for a page to be as an expression says. It asks again where a
// page goes while it is asked.
func (w *window) until(expression string) {
	if w.err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	for ask := time.NewTicker(50 * time.Millisecond); ; {
		is, err := chromedp.Run(ctx, chromedp.Evaluate[bool](expression))
		if is && err == nil {
			return
		}
		select {
		case <-ask.C:
		case <-ctx.Done():
			w.err = fmt.Errorf("wait until %s: %w", expression, errors.Join(err, ctx.Err()))
			return
		}
	}
}

func (w *window) sees(selector, text string) {
	w.until(fmt.Sprintf(`[...document.querySelectorAll(%s)].some(e => e.textContent.includes(%s))`, quoted(selector), quoted(text)))
}

func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `\'`) + "'" }

// signIn changes who sits there.
func (w *window) signIn(username string) {
	w.open(address + "/work")
	if do(w, "look who is there", chromedp.Evaluate[bool](`!!document.querySelector('[action="/signout"]')`)) {
		w.click(`[action="/signout"] button`)
	}
	w.write("#username", username)
	w.write("#password", demoPassword+"\r")
	w.sees("h1", "工作台")
}

// take keeps what the screen shows, once all of it is there.
func (w *window) take(name string) {
	w.until(`[...document.images].every(i => i.complete && i.naturalWidth)`)
	picture := do(w, "take "+name, func(ctx context.Context, _ *chromedp.Target) ([]byte, error) {
		quality := int64(80)
		r, err := chromedp.Call(ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{Format: page.CaptureScreenshotFormatWebp, Quality: &quality})
		return r.Data, err
	})
	if w.err == nil {
		w.err = os.WriteFile(filepath.Join(images, name+".webp"), picture, 0o644) //nolint:gosec // for everybody to see
	}
}
