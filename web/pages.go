package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html/template"
	"net/http"
	"path"
	"strings"
	"sync"

	"yinzheng"
)

//go:embed assets
var assets embed.FS

// pages draws what people see. The style sheet stands in the page, allowed by
// its hash, so that a phone has everything in one round trip.
type pages struct {
	templates *template.Template
	css       template.CSS
	csp       []string
	files     map[string]staticFile // by name under /assets/
	script    string                // address of the module
	camera    string                // and of the one for the camera

	staffStyle, staffScript, liveScript string   // addresses
	residentStyle, residentScript       string   // addresses
	formCSP                             []string // of the pages of staff and residents
	characters                          *characters

	offline    offlineFiles
	offlineCSP []string // of the verify page and the offline page, which can be installed
	stickCSP   string   // of the pages of a folder on a stick
}

type staticFile struct {
	media string
	bytes []byte
	plain func() ([]byte, error) // nil: as it is; else bytes are with gzip, and whoever takes none is given this
	csp   []string               // of a worker; nil: of what only stands in pages
}

const scriptType = "text/javascript; charset=utf-8"

// samePages are what every server of a process draws with: nothing in them depends on
// how it is configured.
var samePages = sync.OnceValues(newPages)

func newPages() (*pages, error) {
	css, err := styleSheet("style.css")
	if err != nil {
		return nil, err
	}
	icon, err := assets.ReadFile("assets/icon.svg")
	if err != nil {
		return nil, err
	}
	hash := sha256.Sum256(css)
	closed := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) + "'"
	p := &pages{
		css:   template.CSS(css), //nolint:gosec // our own file
		csp:   []string{closed + "; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"},
		files: map[string]staticFile{"icon.svg": {media: "image/svg+xml", bytes: icon}},
	}
	p.offlineCSP = []string{p.csp[0] + "; manifest-src 'self'"}
	// The verifier's worker has the policy of its page there. Browsers before Chrome 97
	// compile WebAssembly under unsafe-eval alone.
	p.stickCSP = closed + "; script-src file: blob: 'unsafe-eval'; worker-src blob:; form-action 'none'; base-uri 'none'"
	for file, address := range map[string]*string{
		"page.js": &p.script, "camera.js": &p.camera, "staff/staff.css": &p.staffStyle, "staff/staff.js": &p.staffScript, "staff/live.js": &p.liveScript,
		"resident/resident.css": &p.residentStyle, "resident/resident.js": &p.residentScript,
	} {
		if *address, err = p.keep(file); err != nil {
			return nil, err
		}
	}
	if err := p.keepOffline(); err != nil {
		return nil, err
	}
	list, err := assets.ReadFile("assets/staff/characters.txt")
	if err != nil {
		return nil, err
	}
	if p.characters, err = parseCharacters(string(list)); err != nil {
		return nil, err
	}
	p.formCSP = []string{"default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' blob:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"}
	p.templates, err = template.New("").Funcs(template.FuncMap{"dict": dict, "add": func(a, b int) int { return a + b }, "list": func(of ...string) []string { return of }}).ParseFS(assets, "assets/*.html", "assets/offline/*.html", "assets/staff/*.html", "assets/resident/*.html")
	if err != nil {
		return nil, fmt.Errorf("read the page templates: %w", err)
	}
	return p, nil
}

// dict hands several things to a template: names and values in turn.
func dict(pairs ...any) map[string]any {
	out := make(map[string]any, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		out[pairs[i].(string)] = pairs[i+1]
	}
	return out
}

// styleSheet is one of the style sheets after what all of them begin with.
func styleSheet(file string) ([]byte, error) {
	base, err := assets.ReadFile("assets/base.css")
	if err != nil {
		return nil, err
	}
	own, err := assets.ReadFile("assets/" + file)
	return append(base, own...), err
}

// keep serves a file of ours under a name that changes with its content, and
// returns its address.
func (p *pages) keep(file string) (address string, err error) {
	base, ending, _ := strings.Cut(path.Base(file), ".")
	read := func(f string) ([]byte, error) { return assets.ReadFile("assets/" + f) }
	if ending == "css" {
		read = styleSheet
	}
	content, err := read(file)
	if err != nil {
		return "", err
	}
	media := map[string]string{"js": scriptType, "css": "text/css; charset=utf-8", "png": "image/png"}[ending]
	return p.keepFile(base, ending, staticFile{media: media, bytes: content}), nil
}

func (p *pages) keepFile(base, ending string, f staticFile) (address string) {
	hash := sha256.Sum256(f.bytes)
	name := base + "." + hex.EncodeToString(hash[:6]) + "." + ending
	p.files[name] = f
	return "/assets/" + name
}

// asset serves a file whose name changes with its content, or the icon.
func (s *server) asset(w http.ResponseWriter, r *http.Request) {
	f, ok := s.pages.files[r.PathValue("file")]
	if !ok {
		s.nowhere(w, r, http.StatusNotFound)
		return
	}
	h := w.Header()
	h["Cache-Control"] = forever
	if f.csp != nil {
		h["Content-Security-Policy"] = f.csp
	}
	body := f.bytes
	if f.plain != nil {
		h.Set("Vary", "Accept-Encoding")
		if takesGzip(r) {
			h.Set("Content-Encoding", "gzip")
		} else {
			var err error
			if body, err = f.plain(); err != nil {
				s.fail(w, r, err)
				return
			}
		}
	}
	writeBody(w, http.StatusOK, f.media, body)
}

// page is what every template is given.
type page struct {
	Lang    string
	Title   string
	CSS     template.CSS
	Script  string
	Replay  *yinzheng.Question // asked by POST: how to ask again in the other language
	Path    string             // of the form's page; where "the other language" leads
	Text    string             // message page
	SignIn  bool               // message page: it leads to signing in
	Problem *problem
	Code    bool // message page: in the place of a code's, whose fragment may be checked all the same
	Ask     *askView
	Result  *resultView
	Offline *offlineView
	Faults  []fieldFault
	Next    bool   // show the box for the next certificate
	Large   bool   // large letters (长辈版)
	Sharp   bool   // high contrast
	Camera  string // address of the module for the camera
}

// Uploaded tells whether the page shows what a file said: no address gives that again,
// so that no other way to read leads away from it.
func (p *page) Uploaded() bool { return p.Result != nil && !p.Result.Code && p.Replay == nil }

// L is one of two texts, in the page's language.
func (p *page) L(zh, en string) string {
	if p.Lang == "en" { // which may have no word in this place
		return en
	}
	return zh
}

// T is a bilingual text in the page's language, O in the other one.
func (p *page) T(t yinzheng.Text) string { return t.In(p.Lang) }

// Texts are bilingual texts in the page's language.
func (p *page) Texts(list []yinzheng.Text) []string {
	out := make([]string, len(list))
	for i := range list {
		out[i] = list[i].In(p.Lang)
	}
	return out
}

// O is a bilingual text in the other language.
func (p *page) O(t yinzheng.Text) string { return t.In(p.Other()) }

// Other is the other language.
func (p *page) Other() string {
	if p.Lang == "en" {
		return "zh"
	}
	return "en"
}

// OtherName is what the other language calls itself, SizeName what the other size
// is called.
func (p *page) OtherName() string { return yinzheng.Text{ZH: "English", EN: "中文"}.In(p.Lang) }

func (p *page) SizeName() string {
	if p.Large {
		return p.L("标准字号", "Normal")
	}
	return p.L("长辈版", "Large")
}

// Tag is a language as HTML names it.
func (p *page) Tag(lang string) string {
	if lang == "en" {
		return "en"
	}
	return "zh-CN"
}

// Query carries the language, and how somebody reads, from page to page: there
// are no cookies.
func (p *page) Query() string { return p.query(p.Lang, p.Large, p.Sharp) }

// InOther, Resized and Contrasted are Query with one thing the other way round.
func (p *page) InOther() string    { return p.query(p.Other(), p.Large, p.Sharp) }
func (p *page) Resized() string    { return p.query(p.Lang, !p.Large, p.Sharp) }
func (p *page) Contrasted() string { return p.query(p.Lang, p.Large, !p.Sharp) }

func (p *page) query(lang string, large, sharp bool) string {
	q := "?lang=" + lang
	if large {
		q += "&size=large"
	}
	if sharp {
		q += "&contrast=high"
	}
	return q
}

func (p *page) ContrastName() string {
	if p.Sharp {
		return p.L("标准对比度", "Normal contrast")
	}
	return p.L("高对比度", "High contrast")
}

// Fault is the message for a field of a form, or "".
func (p *page) Fault(field string) string {
	for _, f := range p.Faults {
		if f.Field == field {
			return f.Detail
		}
	}
	return ""
}

func (p *pages) write(w http.ResponseWriter, r *http.Request, status int, name string, data *page) {
	data.Lang, data.CSS, data.Script, data.Path = language(r), p.css, p.script, r.URL.EscapedPath()
	if r.URL.RawQuery != "" {
		data.Large, data.Sharp = r.URL.Query().Get("size") == "large", r.URL.Query().Get("contrast") == "high"
	}
	if data.Path == "" || data.Path[0] != '/' || len(data.Path) > 1 && data.Path[1] == '/' {
		data.Path = "/verify"
	}
	var b bytes.Buffer
	if err := p.templates.ExecuteTemplate(&b, name, data); err != nil {
		panic(fmt.Errorf("draw page %s: %w", name, err))
	}
	h := w.Header()
	h["Content-Security-Policy"] = p.csp
	if data.Offline != nil {
		h["Content-Security-Policy"] = p.offlineCSP
	}
	h["Cache-Control"] = noStore
	h.Set("Content-Language", data.Tag(data.Lang))
	writeBody(w, status, "text/html; charset=utf-8", b.Bytes())
}

// message is a page of one heading and one paragraph.
func (p *pages) message(w http.ResponseWriter, r *http.Request, status int, title, text yinzheng.Text) {
	lang := language(r)
	p.write(w, r, status, "message", &page{Title: title.In(lang), Text: text.In(lang)})
}

// claimed says that a first password is set, and leads to where it is used.
func (p *pages) claimed(w http.ResponseWriter, r *http.Request, username string) {
	lang := language(r)
	text := yinzheng.Text{
		ZH: "用户名是 " + username + "。现在可以用它登录；这个链接已失效。",
		EN: "Your username is " + username + ". You can sign in with it now; this link no longer works.",
	}
	p.write(w, r, http.StatusOK, "message", &page{Title: yinzheng.Text{ZH: "密码已设好", EN: "Your password is set"}.In(lang), Text: text.In(lang), SignIn: true})
}

// problem is a problem for people to read.
func (p *pages) problem(w http.ResponseWriter, r *http.Request, x *problem) {
	p.write(w, r, x.Status, "message", &page{Title: x.Title, Text: x.Detail, Problem: x, Code: r.Pattern == codePattern})
}

// claim is the form for a first password.
func (p *pages) claim(w http.ResponseWriter, r *http.Request, status int, faults []yinzheng.FieldError) {
	lang := language(r)
	data := &page{Title: yinzheng.Text{ZH: "设置登录密码", EN: "Set your password"}.In(lang)}
	for _, f := range faults {
		data.Faults = append(data.Faults, fieldFault{f.Field, f.Code, f.Text.In(lang)})
	}
	p.write(w, r, status, "claim", data)
}

// MinPassword is for the claim page.
func (p *page) MinPassword() int { return yinzheng.MinPassword }
