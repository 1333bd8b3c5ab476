// Package chromium starts the browser of the tests and of the pictures in docs/.
package chromium

import (
	"context"
	"os"

	"github.com/chromedp/chromedp"
)

// shell is Chromium as Debian packs it for programs: the same engine, with no windows
// around it, which half of the time went into. The script of that name in /usr/bin would
// outlive its browser.
const shell = "/usr/lib/chromium/chromium-headless-shell"

// Start starts a real Chromium, which ends with a context: the shell where there is one,
// the whole of it elsewhere. Its pages speak Chinese. The first step has no time limit,
// which would be the browser's.
func Start(ctx context.Context, more ...chromedp.ExecAllocatorOption) (context.Context, context.CancelFunc, error) {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("accept-lang", "zh-CN"))
	if _, err := os.Stat(shell); err == nil {
		options = append(options, chromedp.ExecPath(shell))
	}
	ctx, end := chromedp.NewExecAllocator(ctx, append(options, more...)...)
	ctx, closeTab := chromedp.NewContext(ctx)
	return ctx, func() { closeTab(); end() }, chromedp.Do(ctx, chromedp.Navigate("about:blank"))
}
