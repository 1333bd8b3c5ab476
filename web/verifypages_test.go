package web_test

import (
	"bytes"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/skip2/go-qrcode"

	"yinzheng"
)

// codes is a picture of QR codes side by side.
func codes(t *testing.T, texts ...string) *image.Gray {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, 640*len(texts), 720))
	draw.Draw(m, m.Rect, image.White, image.Point{}, draw.Src)
	for i, text := range texts {
		q, err := qrcode.New(text, qrcode.Medium)
		must(t, err)
		draw.Draw(m, image.Rect(20+640*i, 60, 620+640*i, 660), q.Image(600), image.Point{}, draw.Src)
	}
	return m
}

func asPNG(t *testing.T, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	must(t, png.Encode(&b, m))
	return b.Bytes()
}

// TestVerifyPicture: a picture is verified by its codes, on the page and over the
// API, and each of several is shown.
func TestVerifyPicture(t *testing.T) {
	w := newWorld(t, unhurried)
	code, token, _ := w.issued("one")
	other, _, _ := w.issued("two")
	ask := func(path string, file []byte, accept string) reply {
		t.Helper()
		body, kind := form(t, "file", file)
		return w.do("POST", path, body, "Content-Type", kind, "Accept", accept)
	}
	one, two := asPNG(t, codes(t, w.paper(code, token))), asPNG(t, codes(t, w.paper(code, token), w.URL+"/v/"+other, "https://pay.example/1"))
	r := w.want(ask("/api/v1/verify", one, "application/json"), 200)
	if r.text(t, "verdict") != "valid" || r.member(t, "photo") != true || r.text(t, "certificate.code") != code {
		t.Errorf("one: %s", r.body)
	}
	r = w.want(ask("/api/v1/verify", two, "application/json"), 200)
	if r.text(t, "verdict") != "valid" || r.member(t, "others.0.record_only") == nil && r.member(t, "record_only") == nil || r.text(t, "findings.0.code") != "other-code" {
		t.Errorf("two: %s", r.body)
	}
	shows := string(w.want(ask("/verify", two, "text/html"), 200).body)
	for _, want := range []string{"图片中的另一份", "1 个二维码不是电子证明的"} {
		if !strings.Contains(shows, want) {
			t.Errorf("the page does not say %q: %s", want, shows)
		}
	}
	if n := strings.Count(shows, `<ul class="checks">`); n != 2 {
		t.Errorf("of two certificates the checks of %d are shown: %s", n, shows)
	}
	shows = string(w.want(ask("/verify", asPNG(t, codes(t, "https://pay.example/1")), "text/html"), 200).body)
	if !strings.Contains(shows, "不是电子证明的二维码") {
		t.Errorf("another code: %s", shows)
	}
	heic := append([]byte{0, 0, 0, 24}, "ftypheic\x00\x00\x00\x00mif1heic"...)
	if shows := string(w.want(ask("/verify", heic, "text/html"), 422).body); !strings.Contains(shows, "兼容性最佳") {
		t.Errorf("HEIC: %s", shows)
	}
	w.want(ask("/api/v1/verify", heic, "application/json"), 422)
}

// TestFaultOfPhoto: what is wrong with a file stands at the form that it was sent by.
func TestFaultOfPhoto(t *testing.T) {
	w := newWorld(t)
	for query, id := range map[string]string{"?lang=zh": "file", "?lang=zh&by=photo": "photo"} {
		body, kind := form(t, "file", append([]byte{0, 0, 0, 24}, "ftypheic\x00\x00\x00\x00mif1heic"...))
		page := string(w.want(w.do("POST", "/verify"+query, body, "Content-Type", kind, "Accept", "text/html"), 422).body)
		if !strings.Contains(page, `<a href="#`+id+`">`) || strings.Count(page, `class="wrong"`) != 1 || !strings.Contains(page, `id="`+id+`-fault"`) || !strings.Contains(page, `action="/verify?lang=zh&amp;by=photo"`) {
			t.Errorf("%s: %s", query, page)
		}
	}
}

// TestOtherWaysToRead: no way to read a result in other letters or in the other language
// loses it: what was typed is asked again, and where a file was sent there is none.
func TestOtherWaysToRead(t *testing.T) {
	w := newWorld(t)
	code, token, pdf := w.issued("one")
	body, kind := form(t, "file", pdf)
	of := func(r reply) string { return string(w.want(r, 200).body) }
	opened := of(w.do("GET", "/v/"+code, nil, "Accept", "text/html", "Accept-Language", "zh"))
	typed := of(w.do("POST", "/verify", url.Values{"q": {w.paper(code, token)}}.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Accept", "text/html", "Accept-Language", "zh"))
	sent := of(w.do("POST", "/verify", body, "Content-Type", kind, "Accept", "text/html", "Accept-Language", "zh"))
	for _, way := range []string{"lang=zh&amp;size=large", "lang=en", "lang=zh&amp;contrast=high"} {
		if !strings.Contains(opened, ` href="/v/`+code+`?`+way+`"`) {
			t.Errorf("%s does not lead from the code to itself: %s", way, opened)
		}
		if !strings.Contains(typed, ` action="/verify?`+way+`"`) || strings.Contains(typed, ` href="/verify?`+way+`"`) {
			t.Errorf("%s does not ask again: %s", way, typed)
		}
		if strings.Contains(sent, "?"+way+`"`) {
			t.Errorf("%s leads away from what a file said: %s", way, sent)
		}
	}
}

// TestOneRoundTrip: what a QR code opens can be read with the one answer: its
// style is inside, nothing comes from elsewhere, no cookie is set, and the rest
// can wait.
func TestOneRoundTrip(t *testing.T) {
	w := newWorld(t)
	code, _, _ := w.issued("one")
	for _, path := range []string{"/v/" + code, "/v/" + code + "?size=large&contrast=high", "/v/000000000000"} {
		r := w.want(w.do("GET", path, nil, "Accept", "text/html"), 200)
		text := string(r.body)
		if n := len(r.body); n > 30_000 {
			t.Errorf("%s: %d bytes", path, n)
		}
		if r.header.Get("Set-Cookie") != "" || r.header.Get("Referrer-Policy") != "no-referrer" || !strings.HasPrefix(r.header.Get("Permissions-Policy"), "camera=()") {
			t.Errorf("%s: %v", path, r.header)
		}
		for _, bad := range []string{`rel="stylesheet"`, "<img", "@import", "url(", "<iframe"} {
			if strings.Contains(text, bad) {
				t.Errorf("%s waits for more: %s", path, bad)
			}
		}
		for _, element := range strings.Split(text, "<")[1:] { // a script that does not defer would be waited for
			if strings.HasPrefix(element, "script") && !strings.Contains(element, `type="module"`) {
				t.Errorf("%s: <%s", path, element)
			}
		}
		for _, part := range strings.Split(strings.ReplaceAll(text, w.URL, ""), `="`)[1:] {
			if value, _, _ := strings.Cut(part, `"`); strings.Contains(value, "//") {
				t.Errorf("%s leads elsewhere: %s", path, value)
			}
		}
	}
	r := w.want(w.do("GET", "/v/"+code+"?lang=en&size=large&contrast=high", nil, "Accept", "text/html"), 200)
	for _, want := range []string{`class="large sharp"`, `/verify?lang=en&amp;size=large&amp;contrast=high`, `?lang=zh&amp;size=large&amp;contrast=high`, `?lang=en&amp;contrast=high"`, `?lang=en&amp;size=large"`} {
		if !bytes.Contains(r.body, []byte(want)) {
			t.Errorf("how somebody reads is lost: no %s in %s", want, r.body)
		}
	}
}

// y4m writes a film of one picture, as Chromium's camera for tests plays it.
func y4m(t *testing.T, m *image.Gray) string {
	t.Helper()
	var b bytes.Buffer
	fmt.Fprintf(&b, "YUV4MPEG2 W%d H%d F10:1 Ip A1:1 C420mpeg2\n", m.Rect.Dx(), m.Rect.Dy())
	for range 3 {
		b.WriteString("FRAME\n")
		b.Write(m.Pix)
		b.Write(bytes.Repeat([]byte{128}, m.Rect.Dx()*m.Rect.Dy()/2))
	}
	name := filepath.Join(t.TempDir(), "film.y4m")
	must(t, os.WriteFile(name, b.Bytes(), 0o600))
	return name
}

// TestCamera: the camera of the page reads a code that is held before it, and the
// verification is counted once, as a photograph's.
func TestCamera(t *testing.T) {
	w := newWorld(t, unhurried)
	code, token, _ := w.issued("one")
	film := y4m(t, codes(t, w.paper(code, token)))
	ctx := browserWith(t, chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("use-fake-ui-for-media-stream", true), chromedp.Flag("use-file-for-fake-video-capture", film))
	open(t, ctx, w.URL+"/verify")
	run(t, ctx, chromedp.Click(chromedp.CSS("[data-camera] button")))
	shown(t, ctx, "有效")
	must(t, w.WriteNotes(t.Context()))
	if seen, err := w.SeenBy(t.Context(), code); err != nil || len(seen) != 1 || seen[0].Channel != yinzheng.ViaPhoto || seen[0].Count != 1 {
		t.Errorf("noted: %+v %v", seen, err)
	}

	t.Run("refused", func(t *testing.T) {
		open(t, ctx, w.URL+"/verify")
		run(t, ctx, chromedp.Evaluate[bool](`navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', 'NotAllowedError'); }, true`))
		run(t, ctx, chromedp.Click(chromedp.CSS("[data-camera] button")))
		until(t, ctx, `document.getElementById('camera-says').textContent.includes('没有获得摄像头权限') && document.activeElement.id === 'photo'`)
	})
	t.Run("pressed twice, and allowed when the page has been left", func(t *testing.T) {
		open(t, ctx, w.URL+"/verify")
		run(t, ctx, chromedp.Evaluate[bool](`(() => {
			const canvas = document.createElement('canvas');
			canvas.getContext('2d');
			window.given = [];
			window.answer = [];
			navigator.mediaDevices.getUserMedia = () => new Promise((allow) => { answer.push(() => { given.push(canvas.captureStream(1)); allow(given.at(-1)); }); });
			const button = document.querySelector('[data-camera] button');
			button.click();
			button.click();
			Object.defineProperty(document, 'hidden', { value: true, configurable: true });
			for (const allow of answer) allow();
			return true;
		})()`))
		until(t, ctx, `given.length === 1 && given[0].getTracks()[0].readyState === 'ended' && document.getElementById('camera').hidden`)
	})
	t.Run("dropped and pasted", func(t *testing.T) {
		for _, event := range []string{`new DragEvent('drop', { dataTransfer: of, bubbles: true, cancelable: true })`, `new ClipboardEvent('paste', { clipboardData: of, bubbles: true, cancelable: true })`} {
			open(t, ctx, w.URL+"/verify")
			run(t, ctx, chromedp.Evaluate[bool](`(() => { const of = new DataTransfer(); of.items.add(new File(['%PDF-no'], 'a.pdf', { type: 'application/pdf' })); document.body.dispatchEvent(`+event+`); return true; })()`))
			shown(t, ctx, "文件无签名")
		}
	})
	t.Run("receipt", func(t *testing.T) { // on one sheet, with what to check it by
		open(t, ctx, w.paper(code, token))
		shown(t, ctx, "有效")
		printed, err := chromedp.Call(ctx, page.PrintToPDF, page.PrintToPDFParams{PaperWidth: 8.27, PaperHeight: 11.69})
		must(t, err)
		name := filepath.Join(t.TempDir(), "receipt.pdf")
		must(t, os.WriteFile(name, printed.Data, 0o600))
		pages, err := exec.Command("pdfinfo", name).Output()
		must(t, err)
		text, err := exec.Command("pdftotext", "-layout", name, "-").Output()
		must(t, err)
		if !regexp.MustCompile(`Pages: +1\n`).Match(pages) {
			t.Errorf("%s", pages)
		}
		for _, want := range []string{"核验回执", w.Listener.Addr().String(), "张*明", "441302********0020", "完整性", "核验时间", w.URL + "/v/" + code} {
			if !strings.Contains(string(text), want) {
				t.Errorf("no %q on the receipt: %s", want, text)
			}
		}
		if strings.Contains(string(text), "#") || strings.Contains(string(text), "核验下一份") {
			t.Errorf("the receipt holds too much: %s", text)
		}
	})
	t.Run("a counter's scanner, without a mouse", func(t *testing.T) {
		open(t, ctx, w.URL+"/verify")
		for _, scan := range []struct{ text, heading string }{{w.paper(code, token), "有效"}, {code, "登记有效，请核对内容"}, {w.paper("000000000000", token), "内容被改动"}} {
			until(t, ctx, `document.activeElement?.id === 'q' && document.activeElement.value === ''`)
			run(t, ctx, chromedp.KeyEvent(scan.text+"\r")) // it types into whatever has the focus
			shown(t, ctx, scan.heading)
		}
	})
}
