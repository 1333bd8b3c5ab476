package yinzheng

import (
	"cmp"
	"slices"
	"time"
)

// active tells whether a grant holds at a moment.
func (g *Grant) active(now time.Time) bool {
	return !now.Before(g.From) && (g.To.IsZero() || now.Before(g.To))
}

// Holds returns the first grant of a role in force, in an office that ok accepts.
func (a *Account) Holds(role Role, now time.Time, ok func(office string) bool) (Grant, bool) {
	if a.Disabled {
		return Grant{}, false
	}
	for _, g := range a.Grants {
		if g.Role == role && g.active(now) && ok(g.Office) {
			return g, true
		}
	}
	return Grant{}, false
}

// InForce lists the grants that hold at a moment.
func (a *Account) InForce(now time.Time) []Grant {
	if a.Disabled {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(a.Grants), func(g Grant) bool { return !g.active(now) })
}

// errNoCase is what somebody learns of a case that is not theirs to see: a
// stranger's case does not exist.
func errNoCase() error {
	return fail(ErrNotFound, "没有找到这个办件", "There is no such case")
}

// MaySee tells whether a case exists for a person: for the office that took it
// in and, once submitted, for the offices the resident's division lies in.
func (c *Case) MaySee(by *Account, now time.Time) error {
	_, err := c.sees(by, now)
	return err
}

// sees returns the grant by which a case exists for a person.
func (c *Case) sees(by *Account, now time.Time) (Grant, error) {
	ok := func(office string) bool {
		if office == c.Directory.OfficeNow(c.Office) {
			return true
		}
		o := c.Directory.Office(office)
		return o != nil && c.submitted() && c.Directory.Within(c.Division, o.Division)
	}
	for _, role := range []Role{Clerk, Approver} {
		if g, holds := by.Holds(role, now, ok); holds {
			return g, nil
		}
	}
	return Grant{}, errNoCase()
}

// reach is MaySee for all cases at once: those that exist for a person.
func (d *Directory) reach(by *Account, now time.Time) Reach {
	var r Reach
	for _, g := range by.Grants {
		if by.Disabled || !g.active(now) || g.Role != Clerk && g.Role != Approver {
			continue
		}
		for _, office := range d.Formerly(g.Office) {
			if d.OfficeNow(office) == g.Office && !slices.Contains(r.Offices, office) {
				r.Offices = append(r.Offices, office)
			}
		}
		if o := d.Office(g.Office); o != nil && !slices.Contains(r.Divisions, d.DivisionNow(o.Division)) {
			r.Divisions = append(r.Divisions, d.DivisionNow(o.Division))
		}
	}
	return r
}

// submitted tells whether the case was ever handed in: until then it is the
// office's own affair, withdrawn or not.
func (a *Application) submitted() bool {
	return slices.ContainsFunc(a.Actions, func(x Action) bool { return x.handsIn() })
}

// handsIn tells whether an action makes a case exist outside its office.
func (x *Action) handsIn() bool { return x.Kind == Submit || x.Kind == Reissue }

// mayWork returns the grant under which a person drafts, mends, submits and
// withdraws the case: clerk of the office that took it in.
func (c *Case) mayWork(by *Account, now time.Time) (Grant, error) {
	if g, ok := by.Holds(Clerk, now, func(office string) bool { return office == c.Directory.OfficeNow(c.Office) }); ok {
		return g, nil
	}
	if err := c.MaySee(by, now); err != nil {
		return Grant{}, err
	}
	return Grant{}, fail(ErrForbidden, "只有受理单位的经办人可以这样做", "Only a clerk of the office that took the case in may do this")
}

// seat is a post of the step where a case waits, and the grant by which
// somebody may decide there.
type seat struct {
	post  int
	grant Grant
}

// Desk is an office and a role that may decide where a case waits. In what is
// watched, one without a role is an office's own work, its drafts and returned
// cases, which its clerks do.
type Desk struct {
	Office string `json:"office"`
	Role   Role   `json:"role"`
	post   int
}

// desks lists who may decide where the case waits now: the offices of the posts
// that are open, of who takes over past the limit, of who decides instead.
func (c *Case) desks() []Desk {
	if c.State != Submitted {
		return nil
	}
	step := &c.Template.Chain[c.Step]
	posts := step.Posts()
	open := step.open(c.approved)
	var out []Desk
	add := func(p Post, post int) {
		for _, o := range c.Directory.OfficesOf(p, c.Division) {
			out = append(out, Desk{o.ID, p.Role, post})
		}
	}
	for _, i := range open {
		if c.Application.Recused == "" {
			add(posts[i], i)
		}
	}
	if c.Application.Recused != "" {
		out = append(out, Desk{c.Directory.OfficeNow(c.Application.Recused), Approver, open[0]})
	}
	if c.Late && step.TakeOver != nil {
		add(step.Complete(*step.TakeOver), open[0])
	}
	return out
}

// holds is the role of those who hold a desk.
func (d Desk) holds() Role { return cmp.Or(d.Role, Clerk) }

// waitsAt lists the desks, as they are watched, of those who go on with a case
// that waits for somebody.
func (c *Case) waitsAt() []Desk {
	if c.State.AtItsClerks() {
		return []Desk{{Office: c.Directory.OfficeNow(c.Office)}}
	}
	return c.desks()
}

// mayGoOn tells whether a person may take a case further from where it waits.
func (c *Case) mayGoOn(by *Account, now time.Time) bool {
	var err error
	if c.State == Submitted {
		_, err = c.mayDecide(by, now)
	} else {
		_, err = c.Submit(by, now)
	}
	return err == nil
}

// mayDecide returns the seat from which a person may decide where the case
// waits: right role, right office, four eyes. Of several grants, delegated ones
// among them, the first without an obstacle is taken.
func (c *Case) mayDecide(by *Account, now time.Time) (seat, error) {
	if err := c.MaySee(by, now); err != nil {
		return seat{}, err
	}
	if c.State != Submitted {
		return seat{}, c.wrongState("审批", "decided")
	}
	step := &c.Template.Chain[c.Step]
	obstacle := fail(ErrForbidden, "办件正等待“%[1]s”办理，不在您的岗位", "The case waits for “%[2]s”, which is not your post", step.Name.ZH, step.Name.EN)
	for _, d := range c.desks() {
		for _, g := range by.grants(d.Role, d.Office, now) {
			err := c.mayAct(by, g, step.Key)
			if err == nil {
				return seat{d.post, g}, nil
			}
			obstacle = err
		}
	}
	return seat{}, obstacle
}

// grants lists the grants of a role in an office that are in force.
func (a *Account) grants(role Role, office string, now time.Time) []Grant {
	var out []Grant
	if a.Disabled {
		return nil
	}
	for _, g := range a.Grants {
		if g.Role == role && g.Office == office && g.active(now) {
			out = append(out, g)
		}
	}
	return out
}

// mayAct refuses parties, those who have acted at another step, and those who
// have approved this one already. Who delegated counts like who acts.
func (c *Case) mayAct(by *Account, g Grant, step string) error {
	for _, who := range actors(by, g) {
		if c.isParty(who) {
			return fail(ErrForbidden, "您（或委托您的人）是本办件的当事人，须回避", "You, or who delegated to you, are a party of this case and may not decide it")
		}
		if err := c.fourEyes(who, step); err != nil {
			return err
		}
		for i := range c.Actions {
			if x := &c.Actions[i]; x.Seq > c.entered && x.Kind == Approve && x.isBy(who) {
				return fail(ErrForbidden, "您已在本环节表示同意，须由其他人会签", "You have approved at this step already; somebody else has to countersign")
			}
		}
	}
	return nil
}

// actors are the people that four eyes looks at: who acts, and who delegated.
func actors(by *Account, g Grant) []*Account {
	if g.For == "" {
		return []*Account{by}
	}
	return []*Account{by, {ID: g.For, Person: g.ForID}}
}

// isBy tells whether an action was a person's, or in a person's name.
func (x *Action) isBy(who *Account) bool {
	return x.By == who.ID || x.For == who.ID || who.Person.same(x.Person) || who.Person.same(x.ForID)
}

// fourEyes refuses somebody who has acted at another step than this one.
func (c *Case) fourEyes(by *Account, step string) error {
	if other := c.actedElsewhere(by, step); other != "" {
		return fail(ErrForbidden, "您已在本办件的其他环节（%s）办理过，须由他人办理", "You have already acted at another step of this case (%s); somebody else has to act here", other)
	}
	return nil
}

// isParty tells whether the person is one of those the case is about.
func (c *Case) isParty(by *Account) bool {
	return slices.ContainsFunc(c.Parties(), by.Person.same)
}

// Parties lists the documents of everyone on the case.
func (c *Case) Parties() []ID {
	ids := []ID{c.Applicant.ID}
	for i := range c.Template.Fields {
		f := &c.Template.Fields[i]
		switch f.Type {
		case IDField:
			ids = append(ids, c.Values.ID(f.Key))
		case ListField:
			for _, row := range c.Values.Rows(f.Key) {
				for j := range f.Fields {
					if f.Fields[j].Type == IDField {
						ids = append(ids, row.ID(f.Fields[j].Key))
					}
				}
			}
		}
	}
	return ids
}

// intake names what drafting and submitting count as where the home office's
// submission is no step of the chain.
const intake = "intake"

// actedElsewhere returns a step other than this one where the same person, by
// account or by document, has acted.
func (c *Case) actedElsewhere(by *Account, step string) string {
	for i := range c.Actions {
		x := &c.Actions[i]
		if !x.isBy(by) {
			continue
		}
		at := x.Step
		switch x.Kind {
		case Create, Edit, Submit:
			at = c.intakeStep()
		case Attach, Detach, Refer, Promise:
			if at == "" {
				at = c.intakeStep()
			}
		case Approve, Return, Reject:
		default:
			continue
		}
		if at != step {
			return at
		}
	}
	return ""
}

// intakeStep is the step that drafting and submitting count as.
func (c *Case) intakeStep() string {
	if step := c.homeStep(); step != nil {
		return step.Key
	}
	return intake
}

// homeStep is the first step, if the submission counts as it: a clerk's step,
// of the office that took the case in.
func (c *Case) homeStep() *Step {
	i := c.Template.next(-1, c.Values)
	if i == len(c.Template.Chain) {
		return nil
	}
	first := &c.Template.Chain[i]
	posts := first.Posts()
	if len(posts) != 1 || posts[0].Role != Clerk || posts[0].Count > 1 {
		return nil
	}
	for _, o := range c.Directory.OfficesOf(posts[0], c.Division) {
		if o.ID == c.Directory.OfficeNow(c.Office) {
			return first
		}
	}
	return nil
}

// mayTakeIn returns the grant under which a person may start a case of a
// template for a division, in an office ("": the first that suits).
func mayTakeIn(t *Template, d *Directory, by *Account, office, division string, now time.Time) (Grant, error) {
	suits := func(id string) bool {
		o := d.Office(id)
		if o == nil || !o.stands() || office != "" && id != office {
			return false
		}
		return division == "" || d.Within(division, o.Division) || t.roams(d, o, division)
	}
	if g, ok := by.Holds(Clerk, now, suits); ok {
		return g, nil
	}
	if _, clerk := by.Holds(Clerk, now, func(string) bool { return true }); !clerk {
		return Grant{}, fail(ErrForbidden, "只有经办人可以受理办件", "Only a clerk may take a case in")
	}
	return Grant{}, &Error{
		Kind: ErrForbidden, Text: Text{"您的单位不能受理该区划的办件", "Your office may not take in cases of that division"},
		Fields: []FieldError{{"division", "jurisdiction", Text{"请填写本单位辖区内的区划代码", "Please give a division within your office's area"}}},
	}
}
