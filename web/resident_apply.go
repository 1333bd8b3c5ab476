package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"

	"yinzheng"
	"yinzheng/resident"
)

// applyRoutes are the pages on which a resident asks for a certificate: one thing a
// page, kept as it is answered. A request's own address says how it stands.
func (s *server) applyRoutes() map[string]func(*guest) error {
	return map[string]func(*guest) error{
		"GET /apply":                          s.comeBackPage,
		"POST /apply":                         s.comeBackForm,
		"GET /apply/{item}":                   s.askPageOf,
		"POST /apply/{item}":                  s.askFormOf,
		"GET /apply/{item}/{id}":              s.ofOwn(s.requestPage),
		"POST /apply/{item}/{id}/send":        s.filling(s.sendForm),
		"POST /apply/{item}/{id}/withdraw":    s.ofOwn(s.takeBackForm),
		"GET /apply/{item}/{id}/later":        s.ofOwn(s.laterPage),
		"POST /apply/{item}/{id}/later":       s.ofOwn(s.laterForm),
		"GET /apply/{item}/{id}/check":        s.filling(s.checkAnswersPage),
		"GET /apply/{item}/{id}/files/{file}": s.ofOwn(s.sentFile),
		"GET /apply/{item}/{id}/answer":       s.answering(s.askedPage),
		"POST /apply/{item}/{id}/answer":      s.answering(s.askedForm),
		"POST /apply/{item}/{id}/answer/file": s.answering(s.askedFileForm),
		"POST /apply/{item}/{id}/{page}/file": s.filling(s.sendFileForm),
		"GET /apply/{item}/{id}/{page}":       s.filling(s.leafPage),
		"POST /apply/{item}/{id}/{page}":      s.filling(s.leafForm),
	}
}

// requestAddress is where a request is, and its pages begin.
func requestAddress(q *resident.Request) string { return "/apply/" + q.Of.Code + "/" + q.ID }

// beginView is the page before a request: what it needs, how long it takes, and what
// becomes of what somebody says.
type beginView struct {
	Item    *yinzheng.Template
	Begun   []*resident.Request // of the same item, not sent yet
	Photos  []toBring           // needed
	Shown   []yinzheng.Text     // would be shown at the counter
	Days    int                 // that the offices take at most; 0: not stated
	Answers int                 // working days within which an office answers
	SignIn  bool                // a provider vouches for identities, and nobody is signed in by one
}

func (s *server) askPageOf(g *guest) error {
	t, err := s.Service.OpenOnline(g.PathValue("item"))
	if err != nil {
		return err
	}
	view := &beginView{Item: t, Days: s.atMost(t), Answers: resident.IntakeDays, SignIn: s.Residents.CanIdentify() && (g.me == nil || g.me.ID == (yinzheng.ID{}))}
	for i := range t.Materials {
		switch m := &t.Materials[i]; {
		case m.Key == yinzheng.CommitmentMaterial:
		case m.Scan:
			view.Photos = append(view.Photos, s.bring(t, m))
		default:
			view.Shown = append(view.Shown, m.Text)
		}
	}
	if g.me != nil {
		own, err := s.Residents.Requests(g.Context(), g.me)
		if err != nil && !errors.Is(err, yinzheng.ErrNotFound) {
			return err
		}
		view.Begun = slices.DeleteFunc(own, func(q *resident.Request) bool {
			return q.Of.Code != t.Code || q.State != yinzheng.RequestDraft
		})
	}
	return s.receive(g, http.StatusOK, "apply-begin", t.Name, view)
}

// askFormOf begins a request. Whoever is not known by an identity is let in to this
// one request.
func (s *server) askFormOf(g *guest) error {
	if asked, err := s.unsaved(g, g.URL.EscapedPath(), g.PostForm.Get("without")); asked || err != nil {
		return err
	}
	if err := s.asks.allow(network(s.client(g.Request))); err != nil {
		return err
	}
	q, secret, expires, err := s.Residents.Begin(g.Context(), g.me, g.PathValue("item"), language(g.Request))
	if err != nil {
		return err
	}
	if secret != "" {
		if err := s.letIn(g, secret, expires); err != nil {
			return err
		}
	}
	return g.see(requestAddress(q)+"/"+leaves(q)[0].Key, "")
}

// comeBackView is the form by which somebody comes back to a request.
type comeBackView struct {
	Request string
	Own     []*resident.Request
	Faults  wrongs
}

func (s *server) comeBackPage(g *guest) error { return s.askBack(g, http.StatusOK, &comeBackView{}) }

func (s *server) askBack(g *guest, status int, view *comeBackView) error {
	if g.me != nil {
		own, err := s.Residents.Requests(g.Context(), g.me)
		if err != nil && !errors.Is(err, yinzheng.ErrNotFound) {
			return err
		}
		view.Own = own
	}
	return s.receive(g, status, "apply-back", yinzheng.Text{ZH: "接着办", EN: "Go on with a request"}, view)
}

func (s *server) comeBackForm(g *guest) error {
	if asked, err := s.unsaved(g, "/apply", g.PostForm.Get("without")); asked || err != nil {
		return err
	}
	view := &comeBackView{Request: g.PostForm.Get("request")}
	if err := s.mayTry(g, view.Request); err != nil {
		return err
	}
	id, secret, expires, err := s.Residents.ComeBack(g.Context(), view.Request, g.PostForm.Get("code"))
	var wrong *yinzheng.Error
	switch {
	case errors.Is(err, yinzheng.ErrUnauthorized) && errors.As(err, &wrong):
		view.Faults = []yinzheng.FieldError{{Field: "code", Code: "wrong", Text: wrong.Text}}
		return s.askBack(g, http.StatusUnauthorized, view)
	case err != nil:
		return err
	}
	if err := s.letIn(g, secret, expires); err != nil {
		return err
	}
	q, err := s.Residents.Request(g.Context(), &yinzheng.Resident{Request: id}, id)
	if err != nil {
		return err
	}
	return g.see(requestAddress(q), "")
}

// own is a guest's request that an address names. Anybody else's does not exist: who
// has a code for it is asked for that.
func (s *server) own(g *guest) (*resident.Request, error) {
	q, err := s.Residents.Request(g.Context(), g.me, g.PathValue("id"))
	if err == nil && q.Of.Code != g.PathValue("item") {
		return nil, yinzheng.ErrNotFound
	}
	return q, err
}

// ofOwn answers a guest about their own request. Who asks for another one's page is
// asked for its code.
func (s *server) ofOwn(do func(*guest, *resident.Request) error) func(*guest) error {
	return func(g *guest) error {
		q, err := s.own(g)
		switch {
		case g.Method == http.MethodGet && errors.Is(err, yinzheng.ErrNotFound):
			return s.askBack(g, http.StatusNotFound, &comeBackView{Request: g.PathValue("id")})
		case err != nil:
			return err
		}
		return do(g, q)
	}
}

// filling answers a guest who fills in their own request. Of one that was sent it shows
// how it stands: a form may be sent twice, and Back leads to its pages.
func (s *server) filling(do func(*guest, *resident.Request) error) func(*guest) error {
	return s.ofOwn(func(g *guest, q *resident.Request) error {
		if !q.Fillable() {
			return g.see(requestAddress(q), "")
		}
		return do(g, q)
	})
}

// requestView is how a request stands.
type requestView struct {
	*resident.Request
	Home   string
	Stages []stage
	Mend   []mendLine
	Reason yinzheng.Text // of a refusal
	Theirs bool          // taken: the case can be followed by them
	Asked  bool          // for something, and its case waits for that
	Stale  []yinzheng.FieldError
}

// mendLine is one thing that an office asks to have mended.
type mendLine struct {
	Name yinzheng.Text
	Page string
}

// requestPage says how a request stands; a draft goes on where something is missing.
func (s *server) requestPage(g *guest, q *resident.Request) error {
	home := requestAddress(q)
	if q.State == yinzheng.RequestDraft && q.Fillable() {
		return g.see(home+"/"+firstMissing(q), "")
	}
	view := &requestView{Request: q, Home: home, Stages: s.requestStages(q)}
	if q.Case != "" {
		var err error
		if view.Theirs, err = s.Service.Belongs(g.Context(), g.me, q.Case); err != nil {
			return err
		}
	}
	if q.State == yinzheng.RequestSent {
		var err error
		if view.Stale, err = s.Residents.Outdated(g.Context(), g.me, q); err != nil {
			return err
		}
	}
	switch err := s.Residents.StillAsked(g.Context(), q); {
	case err == nil:
		view.Asked = true
	case !errors.Is(err, yinzheng.ErrState):
		return err
	}
	if said := q.LastSaid(); said != nil {
		for _, path := range said.Mend {
			if l := leafOf(q, path); l != nil {
				view.Mend = append(view.Mend, mendLine{l.Name, home + "/" + l.Key})
			}
		}
		if i := slices.IndexFunc(resident.RefusalReasons, func(o yinzheng.Option) bool { return o.Value == said.Reason }); i >= 0 {
			view.Reason = resident.RefusalReasons[i].Label
		}
	}
	return s.receive(g, http.StatusOK, "apply-request", q.Of.Name, view)
}

// firstMissing is the page on which something is missing first; the one with all
// answers when nothing is.
func firstMissing(q *resident.Request) string {
	for _, l := range leaves(q) {
		if slices.ContainsFunc(q.Problems, func(f yinzheng.FieldError) bool { return l.has(f.Field) }) {
			return l.Key
		}
	}
	return "check"
}

// requestStages lays out what becomes of a request.
func (s *server) requestStages(q *resident.Request) []stage {
	office := both(s.officeName(q.Office))
	out := []stage{{Name: yinzheng.Text{ZH: "提交申请", EN: "The request is sent"}, Class: "done"}}
	take := stage{Name: yinzheng.Text{ZH: "窗口受理", EN: "The office takes it in"}, Lines: []yinzheng.Text{office}}
	switch q.State {
	case yinzheng.RequestSent:
		take.Class = "now"
		if q.Late {
			take.Lines = append(take.Lines, yinzheng.Text{ZH: "已超过时限，上级单位已知道，也可以受理", EN: "Past its limit; the office above knows, and may take it in, too"})
		} else {
			take.Lines = append(take.Lines, before(q.Due))
		}
	case yinzheng.RequestReturned:
		out = append(out, stage{Name: yinzheng.Text{ZH: "请您补正", EN: "You mend it"}, Class: "now"})
	case yinzheng.RequestTaken, yinzheng.RequestAsked, yinzheng.RequestAnswered:
		take.Class = "done"
		if q.State == yinzheng.RequestTaken {
			take.Lines = append(take.Lines, on(q.Changed))
		}
	default:
		return append(out, stage{requestStates[q.State], []yinzheng.Text{on(q.Changed)}, "bad"})
	}
	last := stage{Name: yinzheng.Text{ZH: "各级审批，签发证明", EN: "The offices approve, and the certificate is issued"}}
	if q.Case != "" {
		last.Class = "now"
	}
	return append(out, take, last)
}

// requestStates are the states of a request in a resident's words.
var requestStates = map[yinzheng.RequestState]yinzheng.Text{
	yinzheng.RequestDraft: {ZH: "没填完", EN: "not sent yet"}, yinzheng.RequestSent: {ZH: "等窗口受理", EN: "with the office"}, yinzheng.RequestReturned: {ZH: "请您补正", EN: "to be mended"},
	yinzheng.RequestTaken: {ZH: "已受理", EN: "taken in"}, yinzheng.RequestRefused: {ZH: "不予受理", EN: "refused"}, yinzheng.RequestWithdrawn: {ZH: "已撤回", EN: "taken back"}, yinzheng.RequestLapsed: {ZH: "逾期终止", EN: "ended, since nobody went on with it"},
	yinzheng.RequestAsked: {ZH: "请您补充", EN: "asked for something more"}, yinzheng.RequestAnswered: {ZH: "已答复窗口", EN: "answered"},
}

// StateName is a request's state in words.
func (p *shell) StateName(s yinzheng.RequestState) string { return p.T(requestStates[s]) }

// laterView is how somebody comes back.
type laterView struct {
	*resident.Request
	Home string
	Code string // just drawn: shown this once
	Next string // where they wanted to go; "": nowhere else
}

func (s *server) laterPage(g *guest, q *resident.Request) error {
	return s.drawLater(g, &laterView{Request: q, Home: requestAddress(q)})
}

func (s *server) drawLater(g *guest, view *laterView) error {
	return s.receive(g, http.StatusOK, "apply-later", yinzheng.Text{ZH: "已保存，随时回来接着办", EN: "It is saved; come back whenever you like"}, view)
}

// laterForm draws the code and shows it. It is shown in the answer itself: no address
// may hold it.
func (s *server) laterForm(g *guest, q *resident.Request) error {
	code, secret, expires, err := s.Residents.ReturnCode(g.Context(), g.me, q.ID)
	if err != nil {
		return err
	}
	if err := s.letIn(g, secret, expires); err != nil {
		return err
	}
	view := &laterView{Request: q, Home: requestAddress(q), Code: code[:4] + " " + code[4:8] + " " + code[8:]}
	if next := g.PostForm.Get("next"); next != "" {
		view.Next = ownPage(next)
	}
	return s.drawLater(g, view)
}

func (s *server) takeBackForm(g *guest, q *resident.Request) error {
	q, err := s.Residents.TakeBack(g.Context(), g.me, q.ID)
	if err != nil {
		return err
	}
	return g.see(requestAddress(q), "taken-back")
}

// checkView is everything once more before a request is sent.
type checkView struct {
	*resident.Request
	Home   string
	Rows   []answerRow
	Faults []pageFault
	Why    yinzheng.Text // it was not sent, though nothing is missing
	Unsure bool          // the declaration was not ticked
}

// answerRow is an answer to read, with the page on which it is changed ("": it cannot be).
type answerRow struct {
	Label  yinzheng.Text
	Values []yinzheng.Text
	Page   string
}

// pageFault is what is wrong on one of the pages.
type pageFault struct {
	Text yinzheng.Text
	Page string
}

func (s *server) checkAnswersPage(g *guest, q *resident.Request) error {
	return s.drawAnswers(g, http.StatusOK, &checkView{Request: q})
}

func (s *server) drawAnswers(g *guest, status int, view *checkView) error {
	q := view.Request
	view.Home = requestAddress(q)
	view.Rows = vouchedFor(q)
	for _, l := range leaves(q) {
		rows, err := s.answers(g.Context(), q, &l)
		if err != nil {
			return err
		}
		view.Rows = append(view.Rows, rows...)
	}
	outdated, err := s.Residents.Outdated(g.Context(), g.me, q)
	if err != nil {
		return err
	}
	for _, f := range append(slices.Clip(q.Problems), outdated...) {
		x := pageFault{Text: f.Text, Page: "check"}
		if l := leafOf(q, f.Field); l != nil {
			x.Page = l.Key
		}
		view.Faults = append(view.Faults, x)
	}
	return s.receive(g, status, "apply-check", yinzheng.Text{ZH: "核对一遍再提交", EN: "Check your answers"}, view)
}

// sendForm sends a request. Pressed twice, it is sent once.
func (s *server) sendForm(g *guest, q *resident.Request) error {
	if g.PostForm.Get("sure") == "" {
		return s.drawAnswers(g, http.StatusUnprocessableEntity, &checkView{Request: q, Unsure: true})
	}
	err := s.sendOne(g, q)
	if err == nil {
		return g.see(requestAddress(q), "")
	}
	now, readErr := s.own(g)
	var wrong *yinzheng.Error
	switch {
	case readErr == nil && !now.Fillable(): // the other press was faster
		return g.see(requestAddress(now), "")
	case readErr == nil && errors.As(err, &wrong):
		return s.drawAnswers(g, faultOf(err).status, &checkView{Request: now, Why: wrong.Text})
	}
	return err
}

// sendOne sends a request. ErrTooMany, too, for whom nobody vouches for, when their
// network has sent enough to that division today.
func (s *server) sendOne(g *guest, q *resident.Request) error {
	seen := seenIn(g.PostForm)
	if q.Vouched() || len(q.Said) > 0 {
		_, err := s.Residents.Send(g.Context(), g.me, q.ID, seen)
		return err
	}
	from := q.Division + " " + network(s.client(g.Request)).String()
	if s.sends.left(from) != nil {
		return &yinzheng.Error{Kind: yinzheng.ErrTooMany, Text: yinzheng.Text{
			ZH: "从这个网络提交的未核实身份的申请，今天已经够多了，您的还没有提交，填的内容都在。请换个网络或过几小时再提交，或带身份证件到窗口办理",
			EN: "Enough requests of people who are not verified were sent from this network today. Yours was not sent; what you filled in is kept. Send it from another network or in some hours, or go to the counter with your document",
		}}
	}
	_, err := s.Residents.Send(g.Context(), g.me, q.ID, seen)
	if err == nil {
		s.sends.count(from)
	}
	return err
}

// backTo is the page after one that was answered: the one with all answers, where it
// was changed from there.
func backTo(q *resident.Request, l *leaf, form url.Values) string {
	if form.Get("back") == "check" {
		return requestAddress(q) + "/check#" + l.Key
	}
	return requestAddress(q) + "/" + next(q, l.Key)
}

// officeName is what an office is called now; "" where there is none.
func (s *server) officeName(id string) string {
	d := s.Service.Directory()
	if o := d.Office(d.OfficeNow(id)); o != nil {
		return o.Name
	}
	return ""
}
