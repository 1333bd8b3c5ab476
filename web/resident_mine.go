package web

import (
	"errors"
	"net/http"
	"slices"
	"strconv"

	"yinzheng"
	"yinzheng/resident"
)

// mineRoutes are the pages of what is somebody's own.
func (s *server) mineRoutes() map[string]func(*guest) error {
	own := map[string]func(*guest) error{
		"GET /mine":                                           s.minePage,
		"GET /mine/copy":                                      s.copyPage,
		"GET /mine/copy.json":                                 s.copyFile,
		"GET /mine/certificates/{code}":                       s.ownCertificatePage,
		"GET /mine/certificates/{code}/page":                  s.ownPaperPage,
		"GET /mine/certificates/{code}/page.svg":              s.ownPicture,
		"GET /mine/certificates/{code}/certificate.pdf":       s.ownFile,
		"POST /mine/certificates/{code}/shares":               s.shareForm,
		"POST /mine/certificates/{code}/shares/{id}/withdraw": s.withdrawShareForm,
	}
	for pattern, do := range own {
		own[pattern] = s.signedIn(do)
	}
	own["GET /mine/signin"], own["GET /mine/callback"] = s.awayPage, s.backPage
	return own
}

var mineTitle = yinzheng.Text{ZH: "我的证明", EN: "My certificates"}

// signedIn answers who has proven to be somebody, and asks anybody else to.
func (s *server) signedIn(do func(*guest) error) func(*guest) error {
	return func(g *guest) error {
		if g.me == nil {
			return s.askWho(g, ownPage(s.pageOf(g.Request)), http.StatusUnauthorized, yinzheng.Text{})
		}
		return do(g)
	}
}

// mineView is what is somebody's own: certificates, cases under way, and others
// that came to none.
type mineView struct {
	Certificates, Going, Ended []ownLine
	Full                       bool                // there may be more than are shown
	Requests                   []*resident.Request // that are no case yet
	Sends                      bool                // messages are delivered
}

type ownLine struct {
	yinzheng.OwnCase
	Tone string // of the chip
}

// caseTones and statusTones are the colours of chips, which say the same in words.
var (
	caseTones   = map[yinzheng.State]string{yinzheng.Returned: "warn", yinzheng.Rejected: "bad", yinzheng.Withdrawn: "none"}
	statusTones = map[yinzheng.Status]string{
		yinzheng.StatusOK: "good", yinzheng.StatusIsSuspended: "warn", yinzheng.StatusIsRevoked: "bad", yinzheng.StatusIsSuperseded: "none", yinzheng.Status(yinzheng.Expired): "none",
	}
)

func (s *server) minePage(g *guest) error {
	cases, err := s.Service.OwnCases(g.Context(), g.me)
	if err != nil {
		return err
	}
	view := &mineView{Full: len(cases) == yinzheng.MaxOwnCases, Sends: s.Residents.CanSend()}
	for _, c := range cases {
		switch c.State {
		case yinzheng.Issued:
			view.Certificates = append(view.Certificates, ownLine{c, statusTones[c.Status]})
		case yinzheng.Rejected, yinzheng.Withdrawn:
			view.Ended = append(view.Ended, ownLine{c, caseTones[c.State]})
		default:
			view.Going = append(view.Going, ownLine{c, caseTones[c.State]})
		}
	}
	if view.Requests, err = s.requestsLeft(g, cases); err != nil {
		return err
	}
	return s.receive(g, http.StatusOK, "resident-mine", mineTitle, view)
}

// requestsLeft are a guest's requests that are not erased, and that none of the cases they
// are shown came of: a case is not theirs before its clerk hands it in.
func (s *server) requestsLeft(g *guest, shown []yinzheng.OwnCase) ([]*resident.Request, error) {
	own, err := s.Residents.Requests(g.Context(), g.me)
	if err != nil && !errors.Is(err, yinzheng.ErrNotFound) {
		return nil, err
	}
	var left []*resident.Request
	for _, q := range own {
		if q.Content == nil && q.Case == "" || slices.ContainsFunc(shown, func(c yinzheng.OwnCase) bool { return c.ID == q.Case }) {
			continue
		}
		theirs := false
		if q.Case != "" { // older than those that are shown, perhaps
			if theirs, err = s.Service.Belongs(g.Context(), g.me, q.Case); err != nil {
				return nil, err
			}
		}
		if !theirs {
			left = append(left, q)
		}
	}
	return left, nil
}

// ownView is one certificate, and what it is shared by.
type ownView struct {
	*yinzheng.OwnCertificate
	Tone     string
	Verified []yinzheng.Verification
	Looks    []yinzheng.Look
	Shares   []resident.ShareView
	Days     []int

	Link   string // of a share that was just made: shown this once
	Faults wrongs
	Form   resident.NewShare // as it was sent
}

func (s *server) ownCertificatePage(g *guest) error {
	return s.drawOwn(g, http.StatusOK, &ownView{Form: resident.NewShare{Days: resident.ShareDays[0]}})
}

// drawOwn draws a certificate; the view holds the share that was made or refused,
// if any.
func (s *server) drawOwn(g *guest, status int, view *ownView) error {
	var err error
	if view.OwnCertificate, err = s.Service.OwnCertificate(g.Context(), g.me, g.PathValue("code")); err != nil {
		return err
	}
	view.Tone, view.Days = statusTones[view.Status], resident.ShareDays
	if view.Verified, err = s.Service.SeenBy(g.Context(), view.Code); err != nil {
		return err
	}
	if view.Looks, err = s.Service.LooksAt(g.Context(), g.me, view.Case); err != nil {
		return err
	}
	if view.Shares, err = s.Residents.Shares(g.Context(), g.me, view.Code); err != nil {
		return err
	}
	return s.receive(g, status, "resident-own", view.ItemName, view)
}

// ownPaperPage shows the pages of a certificate, with everything on them.
func (s *server) ownPaperPage(g *guest) error {
	own, err := s.Service.OwnCertificate(g.Context(), g.me, g.PathValue("code"))
	if err != nil {
		return err
	}
	return s.receive(g, http.StatusOK, "resident-paper", own.ItemName, own)
}

func (s *server) ownPicture(g *guest) error {
	if err := s.reads.allow(g.me.Key()); err != nil {
		return err
	}
	svg, err := s.Service.OwnPage(g.Context(), g.me, g.PathValue("code"))
	if err != nil {
		return err
	}
	writeBody(g.w, http.StatusOK, "image/svg+xml", svg)
	return nil
}

func (s *server) ownFile(g *guest) error {
	if err := s.reads.allow(g.me.Key()); err != nil {
		return err
	}
	pdf, name, err := s.Service.OwnPDF(g.Context(), g.me, g.PathValue("code"))
	if err != nil {
		return err
	}
	g.w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	writeBody(g.w, http.StatusOK, "application/pdf", pdf)
	return nil
}

// shareForm makes a link. It stands in the answer and nowhere else.
func (s *server) shareForm(g *guest) error {
	days, err := strconv.Atoi(g.PostForm.Get("days"))
	if err != nil {
		days = 0
	}
	view := &ownView{Form: resident.NewShare{Days: days, Once: g.PostForm.Get("once") != "", Note: g.PostForm.Get("note")}}
	secret, err := s.Residents.Share(g.Context(), g.me, g.PathValue("code"), &view.Form)
	var wrong *yinzheng.Error
	switch {
	case errors.Is(err, yinzheng.ErrInvalid) && errors.As(err, &wrong):
		view.Faults = wrong.Fields
		return s.drawOwn(g, http.StatusUnprocessableEntity, view)
	case err != nil:
		return err
	}
	view.Link = s.Service.PublicURL + "/s/" + secret
	return s.drawOwn(g, http.StatusOK, view)
}

func (s *server) withdrawShareForm(g *guest) error {
	id, err := strconv.ParseInt(g.PathValue("id"), 10, 64)
	if err != nil {
		id = 0 // no share's
	}
	if err := s.Residents.Withdraw(g.Context(), g.me, g.PathValue("code"), id); err != nil {
		return err
	}
	return g.see("/mine/certificates/"+g.PathValue("code"), "share-withdrawn")
}
