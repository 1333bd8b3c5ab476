package web_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"yinzheng/internal/inturn"
)

// TestStaffCharacters finds characters by reading, radical and code point, without
// scripts; those that cannot be printed are told apart.
func TestStaffCharacters(t *testing.T) {
	w := newWorld(t)
	clerk := w.signedIn(t, "village")
	for _, c := range []struct {
		sought        string
		shows, hasNot []string
	}{
		{"yan", []string{`data-character="䶮"`, `data-character="龑"`, "4DAE"}, []string{"没有找到", "喆"}},
		{" Yan3 ", []string{`data-character="䶮"`}, nil},
		{"lü", []string{"<h2>lv</h2>"}, nil},
		{"zh", []string{"<h2>zhe</h2>", "喆", "<h2>zhuang</h2>"}, []string{"<h2>ze</h2>"}},
		{"龙", []string{`data-character="龑"`, "部首外"}, nil},
		{"讠", []string{`data-character="谌"`}, nil},
		{"U+4dae", []string{`data-character="䶮"`, "yan"}, []string{"没有找到"}},
		{"3643", []string{`data-character="㙃"`}, nil},
		{"𠮷", []string{`class="missing"`, "20BB7", "字体没有"}, []string{`data-character="𠮷"`}},
		{"U+0041", []string{"没有找到"}, nil},
		{"U+FFFFFF", []string{"没有找到"}, nil},
		{"曱甴甲", []string{"没有找到"}, nil},
		{"<script>alert(1)", []string{"没有找到", "&lt;script&gt;"}, []string{"<script>alert"}},
		{"", []string{"按部首", ">玉王<"}, []string{"没有找到"}},
	} {
		r, page := clerk.get("/work/characters?" + url.Values{"q": {c.sought}}.Encode())
		for _, text := range c.shows {
			if r.StatusCode != 200 || !strings.Contains(page, text) {
				t.Errorf("%q does not show %s: %d", c.sought, text, r.StatusCode)
			}
		}
		for _, text := range c.hasNot {
			if strings.Contains(page, text) {
				t.Errorf("%q shows %s", c.sought, text)
			}
		}
	}
}

// TestStaffCharactersInBrowser: a character that was looked up beside the form
// comes to where the cursor was, and is saved.
func TestStaffCharactersInBrowser(t *testing.T) {
	inturn.Only(t)
	w := newWorld(t, unhurried)
	address := w.signedIn(t, "village").start("441302199003070120")
	ctx := browser(t)
	css := func(s string) chromedp.CSS { return chromedp.CSS(s) }
	run(t, ctx, chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile))
	signInTo(t, ctx, w.URL, "village")
	open(t, ctx, w.URL+address+"/edit")
	run(t, ctx, chromedp.SendKeys(css(`[name="values.name"]`), "刘"))
	run(t, ctx, chromedp.Click(css(".rare")))
	until(t, ctx, `document.querySelector('dialog[open] .radicals')`)
	fitsPhone(t, ctx, "rare characters")
	run(t, ctx, chromedp.SendKeys(css("#sought"), "yan\r"))
	until(t, ctx, `document.querySelector('dialog [data-character="䶮"] button')`)
	fitsPhone(t, ctx, "what was found")
	run(t, ctx, chromedp.Click(css(`dialog [data-character="䶮"] button`)))
	until(t, ctx, `!document.querySelector('dialog').open && document.getElementById('state').textContent.startsWith('已保存')`)
	if name := run(t, ctx, chromedp.Evaluate[string](`document.getElementsByName('values.name')[0].value`)); name != "刘䶮" {
		t.Errorf("the name is %q", name)
	}
}
