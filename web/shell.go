package web

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"yinzheng"
	"yinzheng/receipt"
)

// Names of the cookies in which a browser keeps how somebody likes to read. One is
// set only when they choose.
const (
	languageCookie = "yinzheng-lang"
	sizeCookie     = "yinzheng-size"
	contrastCookie = "yinzheng-contrast"
)

// preferring reads how somebody likes to read: from the address, which is then
// remembered, or from what is remembered.
func (s *server) preferring(do http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawQuery != "" {
			q := r.URL.Query()
			for name, values := range map[string][]string{languageCookie: {"zh", "en"}, sizeCookie: {"normal", "large"}, contrastCookie: {"normal", "high"}} {
				chosen := q.Get(strings.TrimPrefix(name, "yinzheng-"))
				for _, v := range values {
					if v == chosen {
						http.SetCookie(w, s.cookie(name, v, time.Now().AddDate(1, 0, 0)))
					}
				}
			}
		}
		if c, err := r.Cookie(languageCookie); err == nil && (c.Value == "zh" || c.Value == "en") {
			r.Header.Set("Accept-Language", c.Value)
		}
		do(w, r)
	}
}

// secretCookie is a cookie that holds a secret. Over HTTPS its name is one that no
// other host of the same domain can set (RFC 6265bis §4.1.3.2), so that nobody
// lays their own session under somebody else's page.
func (s *server) secretCookie(name, value string, expires time.Time) *http.Cookie {
	return s.cookie(s.secretName(name), value, expires)
}

func (s *server) secretName(name string) string {
	if s.https {
		return "__Host-" + name
	}
	return name
}

// secretOf is what a browser's secret cookie holds; http.ErrNoCookie.
func (s *server) secretOf(r *http.Request, name string) (string, error) {
	c, err := r.Cookie(s.secretName(name))
	if err != nil {
		return "", err
	}
	return c.Value, nil
}

func (s *server) cookie(name, value string, expires time.Time) *http.Cookie {
	//nolint:gosec // over plain HTTP, on a development machine, a secure cookie would never come back
	return &http.Cookie{Name: name, Value: value, Path: "/", Expires: expires, HttpOnly: true, Secure: s.https, SameSite: http.SameSiteLaxMode}
}

// prefers tells whether somebody reads in a way of their own: in large letters
// (长辈版), in high contrast.
func prefers(r *http.Request, cookie, way string) bool {
	if chosen := r.URL.Query().Get(strings.TrimPrefix(cookie, "yinzheng-")); chosen != "" {
		return chosen == way
	}
	c, err := r.Cookie(cookie)
	return err == nil && c.Value == way
}

// shell is what the pages of staff and residents alike are drawn from.
type shell struct {
	page
	Style   string        // address of the style sheet
	Done    yinzheng.Text // what was done just before
	Failed  yinzheng.Text // what was tried and did not come about
	View    any
	service *yinzheng.Service
}

// shell is a page as whoever asks for it likes to read.
func (s *server) shell(r *http.Request, title yinzheng.Text, view any) shell {
	lang, done := language(r), r.URL.Query().Get("done")
	return shell{
		page: page{Lang: lang, Title: title.In(lang), Path: s.pageOf(r), Large: prefers(r, sizeCookie, "large"), Sharp: prefers(r, contrastCookie, "high")},
		Done: dones[done], Failed: failed[done], View: view, service: s.Service,
	}
}

// wildcard is one in a pattern of addresses.
var wildcard = regexp.MustCompile(`\{[^}]*\}`)

// pageOf is the address of the page that a request belongs to: its own, or that of
// the page above a form that is sent to an address of its own, for which there is
// nothing to get.
func (s *server) pageOf(r *http.Request) string {
	own := r.URL.EscapedPath()
	if r.Method != http.MethodPost {
		return own
	}
	_, form, _ := strings.Cut(wildcard.ReplaceAllString(r.Pattern, "{}"), " ")
	for path := r.URL.Path; path != "" && form != ""; path, form = above(path), above(form) {
		_, pattern := s.mux.Handler(&http.Request{Method: http.MethodGet, URL: &url.URL{Path: path}})
		if _, page, _ := strings.Cut(wildcard.ReplaceAllString(pattern, "{}"), " "); page == form {
			return (&url.URL{Path: path}).EscapedPath()
		}
	}
	return own
}

// above is an address without its last part.
func above(path string) string { return path[:strings.LastIndexByte(path, '/')] }

// show writes a page; data is a shell with what is around it.
func (s *server) show(w http.ResponseWriter, status int, name, lang string, data any) error {
	var b bytes.Buffer
	if err := s.pages.templates.ExecuteTemplate(&b, name, data); err != nil {
		return fmt.Errorf("draw page %s: %w", name, err)
	}
	h := w.Header()
	h["Content-Security-Policy"] = s.pages.formCSP
	h.Set("Content-Language", (&page{}).Tag(lang))
	writeBody(w, status, "text/html; charset=utf-8", b.Bytes())
	return nil
}

// Refreshes is after how many seconds a browser without scripts reads the page
// anew, where something on it is still going on; 0: never.
func (p *shell) Refreshes() int {
	if going, ok := p.View.(interface{ Refreshes() int }); ok {
		return going.Refreshes()
	}
	return 0
}

// Day is a day in the page's language, Moment a time of it.
func (p *shell) Day(t time.Time) string    { return receipt.Day(t, p.Lang) }
func (p *shell) Moment(t time.Time) string { return minute(t, p.Lang) }

// LastDay is the last whole day of a limit that ends with a day's end.
func (p *shell) LastDay(t *time.Time) string { return receipt.Day(t.Add(-time.Second), p.Lang) }

// Called names an office, a division or an organ, as it is or was called.
func (p *shell) Called(id string) string {
	if o := p.service.Directory().Organ(id); o != nil {
		return o.Name
	}
	if o := p.service.Directory().Office(id); o != nil {
		return o.Name
	}
	if v := p.service.Directory().Division(id); v != nil {
		return v.Name
	}
	return id
}

// ItemName names an item.
func (p *shell) ItemName(code string) string {
	if t, err := p.service.Template(code); err == nil {
		return p.T(t.Name)
	}
	return code
}

func minute(t time.Time, lang string) string {
	t = t.In(yinzheng.Zone)
	if lang == "en" {
		return t.Format("2 January 2006, 15:04")
	}
	return t.Format("2006年1月2日 15:04")
}

// channels are the ways of verifying, in words.
var channels = map[yinzheng.Channel]yinzheng.Text{
	yinzheng.ViaScan: {ZH: "扫码", EN: "QR code"}, yinzheng.ViaCode: {ZH: "输入核验码", EN: "code typed"}, yinzheng.ViaNumber: {ZH: "输入编号", EN: "number typed"},
	yinzheng.ViaPhoto: {ZH: "照片", EN: "photograph"}, yinzheng.ViaFile: {ZH: "文件", EN: "file"}, yinzheng.ViaAPI: {ZH: "系统接口", EN: "another system"},
}

// Channel names a way of verifying.
func (p *shell) Channel(c yinzheng.Channel) string { return p.T(channels[c]) }
