package web

import (
	"cmp"
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"yinzheng"
	"yinzheng/receipt"
)

// peopleView lists the people of an office, or those who were found.
type peopleView struct {
	Offices []officeGroup
	Office  string
	People  []personLine
	Sought  string
	Faults  []yinzheng.FieldError
}

// officeGroup is a division with the offices below it, for choosing one.
type officeGroup struct {
	Name    string
	Offices []yinzheng.Office
}

// personLine is somebody in a list, with the posts they hold now or will.
type personLine struct {
	*yinzheng.PersonView
	Posts []heldPost
}

// heldPost is a post with its days.
type heldPost struct {
	yinzheng.Grant
	Office string
	Role   yinzheng.Text
	From   string
	Until  string // its last day; empty: until further notice
	When   string // past, now, later
	Lent   string // whose it is
	Key    string // names the post in a form
}

// roles are the posts in the order in which they are offered.
var roles = []yinzheng.Role{yinzheng.Clerk, yinzheng.Approver, yinzheng.Admin, yinzheng.Department}

// roleOptions offers the roles in a form.
func roleOptions() []yinzheng.Option {
	var out []yinzheng.Option
	for _, r := range roles {
		out = append(out, yinzheng.Option{Value: string(r), Label: roleNames[r]})
	}
	return out
}

// administered groups the offices that somebody administers and that stand: the
// districts' and those above first, then each town's with its villages'.
func (s *server) administered(by *yinzheng.Account) []officeGroup {
	d := s.Service.Directory()
	byTown := map[string]*officeGroup{}
	var order []string
	for _, o := range d.Offices {
		if !o.Until.IsZero() || !s.Service.Administers(by, o.ID) {
			continue
		}
		code, name := "", ""
		if town := d.At(o.Division, yinzheng.Town); town != nil {
			code, name = town.Code, town.Name
		}
		if byTown[code] == nil {
			byTown[code] = &officeGroup{Name: name}
			order = append(order, code)
		}
		byTown[code].Offices = append(byTown[code].Offices, o)
	}
	slices.Sort(order)
	out := make([]officeGroup, len(order))
	for i, code := range order {
		out[i] = *byTown[code]
		slices.SortFunc(out[i].Offices, func(a, b yinzheng.Office) int {
			return cmp.Or(cmp.Compare(a.Division, b.Division), cmp.Compare(a.ID, b.ID))
		})
	}
	return out
}

// ownOffice is the office in which somebody is an administrator.
func (s *server) ownOffice(by *yinzheng.Account) string {
	g, _ := by.Holds(yinzheng.Admin, s.Service.Now(), func(string) bool { return true })
	return g.Office
}

func (s *server) peoplePage(v *visit) error {
	view := &peopleView{Office: cmp.Or(v.URL.Query().Get("office"), s.ownOffice(v.by))}
	people, err := s.Service.People(v.Context(), v.by, view.Office)
	if err != nil {
		return err
	}
	return s.drawPeople(v, http.StatusOK, view, people)
}

// findPeople is posted: a name stands in no address.
func (s *server) findPeople(v *visit) error {
	view := &peopleView{Sought: v.PostForm.Get("q"), Office: s.ownOffice(v.by)}
	people, err := s.Service.FindPeople(v.Context(), v.by, view.Sought)
	if view.Faults = faultsOf(err); view.Faults != nil {
		return s.drawPeople(v, http.StatusUnprocessableEntity, view, nil)
	}
	if err != nil {
		return err
	}
	return s.drawPeople(v, http.StatusOK, view, people)
}

func (s *server) drawPeople(v *visit, status int, view *peopleView, people []*yinzheng.PersonView) error {
	view.Offices = s.administered(v.by)
	for _, p := range people {
		line := personLine{PersonView: p}
		for _, x := range s.heldPosts(p, language(v.Request)) {
			if x.When != "past" && x.Lent == "" {
				line.Posts = append(line.Posts, x)
			}
		}
		view.People = append(view.People, line)
	}
	return s.draw(v, status, "admin-people", yinzheng.Text{ZH: "人员", EN: "People"}, view)
}

// heldPosts are somebody's posts, those of now first, then those to come, then
// those that have ended.
func (s *server) heldPosts(p *yinzheng.PersonView, lang string) []heldPost {
	now := s.Service.Now()
	out := make([]heldPost, 0, len(p.Posts))
	for _, g := range p.Posts {
		x := heldPost{Grant: g, Role: roleNames[g.Role], From: receipt.Day(g.From, lang), When: "now", Lent: g.ForName, Key: g.Office + " " + string(g.Role)}
		if o := s.Service.Directory().Office(g.Office); o != nil {
			x.Office = o.Name
		}
		if !g.To.IsZero() {
			x.Until = receipt.Day(g.To.Add(-time.Microsecond), lang)
		}
		switch {
		case !g.To.IsZero() && (!g.To.After(now) || !g.To.After(g.From)):
			x.When = "past"
		case g.From.After(now):
			x.When = "later"
		}
		out = append(out, x)
	}
	order := map[string]int{"now": 0, "later": 1, "past": 2}
	slices.SortStableFunc(out, func(a, b heldPost) int { return order[a.When] - order[b.When] })
	return out
}

// personPage is one person: their posts, and what may be done.
type personPageView struct {
	Person  *yinzheng.PersonView
	Posts   []heldPost
	Left    []heldPost // that have ended
	Offices []officeGroup
	Roles   []yinzheng.Option
	Faults  []yinzheng.FieldError
	Tried   string // the act whose form was sent
	Form    url.Values
	Self    bool
}

func (s *server) personPage(v *visit) error {
	p, err := s.Service.PersonWith(v.Context(), v.by, v.PathValue("person"))
	if err != nil {
		return err
	}
	return s.drawPerson(v, http.StatusOK, p, &personPageView{Form: url.Values{}})
}

func (s *server) drawPerson(v *visit, status int, p *yinzheng.PersonView, view *personPageView) error {
	view.Person, view.Roles, view.Offices, view.Self = p, roleOptions(), s.administered(v.by), p.Account == v.by.ID
	for _, x := range s.heldPosts(p, language(v.Request)) {
		if x.When == "past" {
			view.Left = append(view.Left, x)
		} else {
			view.Posts = append(view.Posts, x)
		}
	}
	return s.draw(v, status, "admin-person", yinzheng.Text{ZH: p.Name, EN: p.Name}, view)
}

// personForm does one thing with a person.
func (s *server) personForm(v *visit) error {
	p, err := s.Service.PersonWith(v.Context(), v.by, v.PathValue("person"))
	if err != nil {
		return err
	}
	act := v.PostForm.Get("act")
	after, err := s.actOnPerson(v, p, act)
	if faults := faultsOf(err); faults != nil {
		return s.drawPerson(v, http.StatusUnprocessableEntity, p, &personPageView{Faults: faults, Tried: act, Form: v.PostForm})
	}
	if err != nil {
		return changed(err)
	}
	if after.Claim != nil {
		return s.draw(v, http.StatusOK, "admin-claim", yinzheng.Text{ZH: "设置密码的链接", EN: "The link to set a password"}, after)
	}
	return v.see("/work/admin/people/"+p.Account, act)
}

func (s *server) actOnPerson(v *visit, p *yinzheng.PersonView, act string) (*yinzheng.PersonView, error) {
	form, seen := v.PostForm, v.seen()
	office, role, _ := strings.Cut(form.Get("post"), " ")
	at, err := dayIn(form, "at")
	if err != nil {
		return nil, err
	}
	switch act {
	case "appointed":
		in, err := appointment(form)
		if err != nil {
			return nil, err
		}
		return s.Service.Appoint(v.Context(), v.by, p.Username, seen, in)
	case "post-ended":
		return s.Service.EndPost(v.Context(), v.by, p.Username, seen, &yinzheng.Ending{Office: office, Role: yinzheng.Role(role), At: at})
	case "handed-over":
		return s.Service.HandOver(v.Context(), v.by, p.Username, seen, &yinzheng.Handover{Office: office, Role: yinzheng.Role(role), To: form.Get("to"), At: at})
	case "disabled":
		return s.Service.DisableAccount(v.Context(), v.by, p.Username, seen)
	case "enabled":
		return s.Service.EnableAccount(v.Context(), v.by, p.Username, seen)
	case "link":
		return s.Service.NewLink(v.Context(), v.by, p.Username)
	}
	return nil, noSuchAct()
}

// noSuchAct refuses a form that no page of ours has.
func noSuchAct() error {
	return fieldFaultOf(http.StatusUnprocessableEntity, "invalid", "act", "choice", "没有这种操作，请从页面上的按钮办理", "There is no such act; please use the buttons of the page")
}

// appointment reads a post to be given: from the beginning of its first day to
// the end of its last.
func appointment(form url.Values) (*yinzheng.Appointment, error) {
	in := &yinzheng.Appointment{Office: form.Get("office"), Role: yinzheng.Role(form.Get("role"))}
	var first, last error
	if in.From, first = dayIn(form, "from"); first != nil {
		return nil, first
	}
	if in.To, last = dayIn(form, "until"); last == nil && !in.To.IsZero() {
		in.To = in.To.AddDate(0, 0, 1)
	}
	return in, last
}

// dayIn reads a day of a form, its first moment; the zero time when it was left
// out.
func dayIn(form url.Values, field string) (time.Time, error) {
	text := strings.TrimSpace(form.Get(field))
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.ParseInLocation(time.DateOnly, text, yinzheng.Zone)
	if err != nil {
		return time.Time{}, &yinzheng.Error{Kind: yinzheng.ErrInvalid, Text: kinds["invalid"], Fields: []yinzheng.FieldError{
			{Field: field, Code: "date", Text: yinzheng.Text{ZH: "日期应如 2026-12-01", EN: "Expected a day such as 2026-12-01"}},
		}}
	}
	return t, nil
}

// accountView is the form of a new account.
type accountView struct {
	Offices []officeGroup
	Roles   []yinzheng.Option
	ID      idView
	Key     string
	Form    url.Values
	Faults  []yinzheng.FieldError
}

func (s *server) accountPage(v *visit) error {
	form := url.Values{"office": {v.URL.Query().Get("office")}}
	return s.drawAccount(v, http.StatusOK, &accountView{Form: form, Key: rand.Text(), ID: idView{Path: "id", Types: idTypes, Type: yinzheng.ResidentID}})
}

func (s *server) drawAccount(v *visit, status int, view *accountView) error {
	if err := s.Service.MayOperate(v.by); err != nil {
		return err
	}
	view.Offices, view.Roles = s.administered(v.by), roleOptions()
	return s.draw(v, status, "admin-account", yinzheng.Text{ZH: "开户", EN: "Open an account"}, view)
}

// accountForm opens an account and shows the link, once. It is not redirected
// from: what stands in the link stands in no address of ours. Sent again, the
// form gives a new link, and the one before ends.
func (s *server) accountForm(v *visit) error {
	form := v.PostForm
	id := yinzheng.ID{Type: form.Get("id.type"), Number: form.Get("id"), Reason: form.Get("id.reason")}
	post, err := appointment(form)
	var view *yinzheng.PersonView
	if err == nil {
		in := &yinzheng.NewPerson{Username: form.Get("username"), Name: form.Get("name"), ID: id, Post: *post}
		view, _, err = s.Service.OpenAccount(v.Context(), v.by, in, form.Get("key"))
	}
	faults := faultsOf(err)
	if e := (*yinzheng.Error)(nil); errors.Is(err, yinzheng.ErrConflict) && errors.As(err, &e) {
		faults = []yinzheng.FieldError{{Field: "username", Text: e.Text}}
	}
	if faults != nil {
		again := &accountView{Form: form, Key: form.Get("key"), Faults: faults, ID: idView{Path: "id", Types: idTypes, Type: id.Type, Number: id.Number, Reason: id.Reason}}
		return s.drawAccount(v, http.StatusUnprocessableEntity, again)
	}
	if err != nil {
		return err
	}
	return s.draw(v, http.StatusOK, "admin-claim", yinzheng.Text{ZH: "账号已开好", EN: "The account is open"}, view)
}
