package web

import (
	"cmp"
	"net/http"

	"yinzheng"
	"yinzheng/resident"
)

// contactRoutes are the pages on which somebody says where they are reached, and about
// what. Stopping needs no sign-in: its secret came with a message. Looking at that page
// stops nothing, since programs look at links, too.
func (s *server) contactRoutes() map[string]func(*guest) error {
	return map[string]func(*guest) error{
		"GET /mine/contact":                      s.signedIn(s.contactPage),
		"POST /mine/contact":                     s.signedIn(s.askContactForm),
		"POST /mine/contact/code":                s.signedIn(s.proveContactForm),
		"POST /mine/contact/wants":               s.signedIn(s.wantsForm),
		"POST /mine/contact/remove":              s.signedIn(s.dropContactForm),
		"GET " + yinzheng.StopPath + "{secret}":  s.stopPage,
		"POST " + yinzheng.StopPath + "{secret}": s.stopForm,
	}
}

var contactTitle = yinzheng.Text{ZH: "收办件消息", EN: "Messages about your cases"}

// wantsView is a choice of messages as it is offered.
type wantsView struct {
	Wants      yinzheng.Wants
	Name, Hint yinzheng.Text
}

var wantsViews = []wantsView{
	{yinzheng.WantsAll, yinzheng.Text{ZH: "都收", EN: "All"}, yinzheng.Text{ZH: "受理、补正、签发、证明状态变化", EN: "taken in, to be mended, issued, and what becomes of a certificate"}},
	{yinzheng.WantsAsked, yinzheng.Text{ZH: "只收要我办的", EN: "Only what asks something of me"}, yinzheng.Text{ZH: "要补正、要补交材料", EN: "something to mend or to bring"}},
	{yinzheng.WantsNone, yinzheng.Text{ZH: "都不收", EN: "None"}, yinzheng.Text{ZH: "仍可以用来收查询码", EN: "codes that you ask for still come"}},
}

// contactView is where somebody is reached.
type contactView struct {
	*resident.OwnContact
	Sends   bool   // messages are delivered at all
	Of      string // the one case or request that it is about; "": all of theirs
	Choices []wantsView
	Typed   string // a contact that could not be taken
	Faults  wrongs
}

func (s *server) contactPage(g *guest) error {
	return s.drawContact(g, http.StatusOK, &contactView{})
}

// drawContact draws the page; the view holds what was wrong with what was sent.
func (s *server) drawContact(g *guest, status int, view *contactView) (err error) {
	if view.OwnContact, err = s.Residents.OwnContact(g.Context(), g.me); err != nil {
		return err
	}
	view.Sends, view.Of, view.Choices = s.Residents.CanSend(), cmp.Or(g.me.Case, g.me.Request), wantsViews
	return s.receive(g, status, "resident-contact", contactTitle, view)
}

// contactDone leads on after what was sent, or shows what was wrong with it.
func (s *server) contactDone(g *guest, err error, done string) error {
	if faults := faultsOf(err); faults != nil {
		return s.drawContact(g, http.StatusUnprocessableEntity, &contactView{Typed: g.PostForm.Get("contact"), Faults: faults})
	}
	if err != nil {
		return err
	}
	return g.see("/mine/contact", done)
}

func (s *server) askContactForm(g *guest) error {
	if err := s.codes.allow(s.client(g.Request)); err != nil {
		return err
	}
	err := s.Residents.AskContact(g.Context(), g.me, g.PostForm.Get("contact"), language(g.Request), yinzheng.Wants(g.PostForm.Get("wants")), func() error { return s.mayAskCode(g) })
	return s.contactDone(g, err, "contact-asked")
}

func (s *server) proveContactForm(g *guest) error {
	if err := s.codes.allow(s.client(g.Request)); err != nil {
		return err
	}
	return s.contactDone(g, s.Residents.ProveContact(g.Context(), g.me, g.PostForm.Get("code")), "contact-proven")
}

func (s *server) wantsForm(g *guest) error {
	if err := s.reads.allow(g.me.Key()); err != nil {
		return err
	}
	return s.contactDone(g, s.Residents.ChooseMessages(g.Context(), g.me, yinzheng.Wants(g.PostForm.Get("wants"))), "saved")
}

func (s *server) dropContactForm(g *guest) error {
	if err := s.reads.allow(g.me.Key()); err != nil {
		return err
	}
	return s.contactDone(g, s.Residents.DropContact(g.Context(), g.me), "contact-removed")
}

// stopView is the page that a message leads to.
type stopView struct {
	Wants   yinzheng.Wants
	One     bool // about one case or request alone
	Saved   bool
	Choices []wantsView
	Action  string
}

func (s *server) stopPage(g *guest) error {
	if err := s.mayOpen(g); err != nil {
		return err
	}
	return s.drawStop(g, false)
}

// stopForm chooses messages; none, where it does not say: so a mail program asks for
// it (RFC 8058). That follows no redirection, so the answer is the page.
func (s *server) stopForm(g *guest) error {
	if err := s.mayOpen(g); err != nil {
		return err
	}
	wants := cmp.Or(yinzheng.Wants(g.PostForm.Get("wants")), yinzheng.WantsNone)
	if err := s.Residents.Stop(g.Context(), g.PathValue("secret"), wants); err != nil {
		return err
	}
	return s.drawStop(g, true)
}

func (s *server) drawStop(g *guest, saved bool) error {
	view := &stopView{Saved: saved, Choices: wantsViews, Action: g.URL.Path}
	var err error
	if view.Wants, view.One, err = s.Residents.Stopping(g.Context(), g.PathValue("secret")); err != nil {
		return err
	}
	if !saved {
		view.Wants = yinzheng.WantsNone // who comes here wants to stop them
	}
	return s.receive(g, http.StatusOK, "resident-stop", contactTitle, view)
}
