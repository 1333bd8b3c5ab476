package web

import (
	"maps"
	"net/http"
	"strconv"
	"strings"

	"yinzheng"
)

// The pages of the residents. As the staff's they work without scripts, and what
// is posted ends in a redirect; they share nothing with the workplace but how
// somebody likes to read (shell.go).

// guest is one request of somebody from outside.
type guest struct {
	*http.Request
	w      http.ResponseWriter
	me     *yinzheng.Resident // who they have proven to be; nil: nobody
	secret string             // of their session
}

// residentRoutes lists the addresses of the residents' pages.
func (s *server) residentRoutes() {
	pages := map[string]func(*guest) error{
		"GET /{$}":    s.entrancePage,
		"POST /leave": s.leaveForm,
	}
	maps.Copy(pages, s.guideRoutes())
	maps.Copy(pages, s.applyRoutes())
	maps.Copy(pages, s.followRoutes())
	maps.Copy(pages, s.mineRoutes())
	maps.Copy(pages, s.contactRoutes())
	maps.Copy(pages, s.shareRoutes())
	maps.Copy(pages, s.ratingRoutes())
	for pattern, do := range pages {
		s.mux.HandleFunc(pattern, s.preferring(s.resident(do)))
	}
}

// resident answers somebody from outside.
func (s *server) resident(do func(*guest) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		g := &guest{Request: r, w: w}
		err := s.recognise(g)
		if err == nil {
			err = do(g)
		}
		if err != nil {
			s.residentFail(g, err)
		}
	}
}

// hall is what every page of the residents is drawn from.
type hall struct {
	shell
	Part string             // of the pages that is open: guide, follow or mine
	Me   *yinzheng.Resident // who is signed in; nil: nobody
}

// MyName is what somebody who is signed in is called: their own name, masked, or
// nothing where only a case's code is known of them.
func (h *hall) MyName() string { return yinzheng.MaskName(h.Me.Name) }

// MostBytes is how large a file may be that somebody sends.
func (h *hall) MostBytes() int { return maxFile }

// receive writes a page of the residents.
func (s *server) receive(g *guest, status int, name string, title yinzheng.Text, view any) error {
	return s.receiveAt(g, s.pageOf(g.Request), status, name, title, view)
}

// receiveAt writes a page that is to be found at another address.
func (s *server) receiveAt(g *guest, path string, status int, name string, title yinzheng.Text, view any) error {
	h := &hall{shell: s.shell(g.Request, title, view), Part: partOf(g.URL.Path), Me: g.me}
	h.Path = path
	h.Style, h.Script = s.pages.residentStyle, s.pages.residentScript
	return s.show(g.w, status, name, h.Lang, h)
}

// parts are the parts of the residents' pages by what an address begins with.
var parts = map[string]string{"guide": "guide", "apply": "guide", "follow": "follow", "rate": "follow", "mine": "mine"}

func partOf(path string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return parts[first]
}

// residentFail shows what went wrong and the way out.
func (s *server) residentFail(g *guest, err error) {
	if gone(g.Context(), err) {
		return
	}
	f := faultOf(err)
	if f.status >= http.StatusInternalServerError || wantsJSON(g.Request) {
		s.fail(g.w, g.Request, err)
		return
	}
	if f.after > 0 {
		g.w.Header().Set("Retry-After", strconv.Itoa(f.after))
	}
	view := &messageView{Text: f.text, Fields: f.fields, Back: "/" + partOf(g.URL.Path), Name: yinzheng.Text{ZH: "返回", EN: "Go back"}}
	if view.Back == "/" {
		view.Name = yinzheng.Text{ZH: "回到首页", EN: "To the start"}
	}
	if err := s.receive(g, f.status, "resident-message", kinds[f.kind], view); err != nil {
		s.fail(g.w, g.Request, err)
	}
}

// entrancePage is where residents begin.
func (s *server) entrancePage(g *guest) error {
	return s.receive(g, http.StatusOK, "resident-entrance", yinzheng.Text{ZH: "您要办什么？", EN: "What can we do for you?"}, &guideView{Needs: s.needs()})
}

// wrongs are what is wrong with what a resident typed: said at the top of the page, and
// beside each input in the same words.
type wrongs []yinzheng.FieldError

// At are those of one input, whose path faults may go on from.
func (w wrongs) At(path string) wrongs {
	var out wrongs
	for _, f := range w {
		if rest, ok := strings.CutPrefix(f.Field, path); ok && (rest == "" || rest[0] == '.' || rest[0] == '[') {
			out = append(out, f)
		}
	}
	return out
}

// stage is one stage of a trail: of the way that a case takes.
type stage struct {
	Name  yinzheng.Text
	Lines []yinzheng.Text // under it: office, day, what to do
	Class string          // done, now, bad; "": still to come
}
