// Package chromium starts the browser of the tests and of the pictures in docs/.
package chromium

import (
	"context"

	"github.com/chromedp/chromedp"
)

// Start starts a real Chromium, which ends with a context. Its pages speak Chinese. The
// first step has no time limit, which would be the browser's.
func Start(ctx context.Context, more ...chromedp.ExecAllocatorOption) (context.Context, context.CancelFunc, error) {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("accept-lang", "zh-CN"))
	ctx, end := chromedp.NewExecAllocator(ctx, append(options, more...)...)
	ctx, closeTab := chromedp.NewContext(ctx)
	return ctx, func() { closeTab(); end() }, chromedp.Do(ctx, chromedp.Navigate("about:blank"))
}
