package web_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestApplyOnPhone goes through every page of a request on a phone, and has axe-core
// look at each.
func TestApplyOnPhone(t *testing.T) {
	w := newWorld(t, unhurried)
	ctx := browser(t)
	run(t, ctx, chromedp.EmulateViewport(390, 844))
	looksAt := func(name string) {
		t.Helper()
		accessible(t, ctx, name)
		fits(t, ctx, name)
	}
	open(t, ctx, w.URL+"/apply/family-relation")
	looksAt("begin")
	run(t, ctx, chromedp.Evaluate[bool](`document.querySelector('main form .button').click(), true`))
	until(t, ctx, `location.pathname.endsWith('/for')`)
	address := strings.TrimSuffix(run(t, ctx, chromedp.Evaluate[string](`location.href`)), "/for")
	run(t, ctx, chromedp.Evaluate[bool](`document.querySelector('[value=agent]').click(), document.querySelector('main form .button').click(), true`))
	until(t, ctx, `location.pathname.endsWith('/applicant')`)
	for _, page := range []string{"/for", "/applicant", "/where", "/where?in=" + town, "/about-applicant_name", "/about-relatives", "/about-relatives?row=new", "/about-purpose", "/photo-authority", "/later", "/check"} {
		open(t, ctx, address+page)
		looksAt(page)
	}
}
