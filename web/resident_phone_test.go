package web_test

import (
	"context"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// comesBy lets a browser in by a code off a slip, whose QR code was scanned.
func comesBy(t *testing.T, ctx context.Context, base, id, code string) {
	t.Helper()
	open(t, ctx, base+"/follow#"+id)
	until(t, ctx, `document.activeElement.id === 'code' && document.getElementById('case').value === '`+id+`'`)
	run(t, ctx, chromedp.Evaluate[string](`document.getElementById('code').value = '`+code+`'`))
	run(t, ctx, chromedp.Click(chromedp.CSS("main form .button")))
	until(t, ctx, `location.pathname === '/follow/`+id+`' && document.querySelector('.trail') !== null`)
}

// TestResidentPhone: from the slip's QR code to a shared certificate, on a phone.
func TestResidentPhone(t *testing.T) {
	w := newWorld(t, unhurried)
	clerk := w.signedIn(t, "village")
	address := clerk.handIn()
	w.signedIn(t, "town").decide(address, "approve")
	ctx := browser(t)
	run(t, ctx, chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile))
	comesBy(t, ctx, w.URL, strings.TrimPrefix(address, "/work/cases/"), clerk.code(address))
	fitsPhone(t, ctx, "the case")
	run(t, ctx, chromedp.Click(chromedp.CSS("main .acts .button")))
	until(t, ctx, `location.pathname.startsWith('/mine/certificates/') && document.querySelector('#share') !== null`)
	fitsPhone(t, ctx, "the certificate")
	run(t, ctx, chromedp.Evaluate[int](`document.querySelectorAll('[name=days]')[1].click(), document.getElementById('note').value = '学校', 1`))
	run(t, ctx, chromedp.Evaluate[bool](`document.querySelector('form[action$="/shares#share"] .button').click(), true`))
	until(t, ctx, `document.getElementById('link') !== null`)
	fitsPhone(t, ctx, "the link")
	link := run(t, ctx, chromedp.Evaluate[string](`document.getElementById('link').textContent`))
	open(t, ctx, link)
	until(t, ctx, `document.querySelector('.notice h1')?.textContent === '有效'`)
	fitsPhone(t, ctx, "what is shared")
	if found := run(t, ctx, chromedp.Evaluate[string](`[...document.querySelectorAll('img, script, link')].map(e => e.src || e.href).filter(a => !a.startsWith(location.origin)).join()`)); found != "" {
		t.Errorf("asks other sites: %s", found)
	}
	accessible(t, ctx, "what is shared")
}
