package yinzheng

import (
	"context"
	"errors"
	"slices"
	"time"
)

// Delegation lends a post to somebody for a time. Every action taken under it
// says so.
type Delegation struct {
	ID       string    `json:"id"`
	From     string    `json:"from"` // account that holds the post
	FromName string    `json:"from_name,omitempty"`
	To       string    `json:"to"` // account that stands in
	ToName   string    `json:"to_name,omitempty"`
	Office   string    `json:"office"`
	Role     Role      `json:"role"`
	Begin    time.Time `json:"begin"`
	End      time.Time `json:"end"`
}

// Delegations keeps who stands in for whom. Directories.Account adds to an
// account the grants lent to it, each with For, for as long as they hold (Grant).
type Delegations interface {
	// PutDelegation adds or replaces one by its ID.
	PutDelegation(ctx context.Context, d *Delegation) error
	// Delegation returns one with the names of both people; ErrNotFound.
	Delegation(ctx context.Context, id string) (*Delegation, error)
	// Delegations lists those from or to an account, newest first.
	Delegations(ctx context.Context, account string) ([]Delegation, error)
	// DelegationsOf lists those of an office's posts, newest first.
	DelegationsOf(ctx context.Context, office string) ([]Delegation, error)
}

// Notice tells the people of a post, in the program, that a case needs them or
// has moved.
type Notice struct {
	ID          int64     `json:"id"`
	At          time.Time `json:"at"`
	Office      string    `json:"office"`
	Role        Role      `json:"role"`
	Kind        string    `json:"kind"` // waiting, moved, due-soon, overdue, recused, stranded, returned, issued, rejected, lapsed, gap-due-soon, gap-overdue, inspection-due-soon, inspection-overdue, revocation-proposed, reference-revoked, holder-died, reorganisation-stuck, key-suspended, key-proposed, key-ending, character-missing, character-found, inquiry-waiting, inquiry-to-sign, inquiry-returned, inquiry-late, inquiry-replied, campaign-started, campaign-due-soon, campaign-follow-up, campaign-death, request-sent, request-answered, request-unanswered, request-late, rating-bad, rating-due-soon, rating-overdue, draft-fading
	Application string    `json:"application"`
	Step        string    `json:"step,omitempty"`
	About       string    `json:"about,omitempty"` // stranded: the office that nobody is left at; reorganisation-stuck, campaign-…: its ID; key-…: its KID; character-…: its code point; gap-… and inspection-…: the material; reference-revoked: the code of the certificate; inquiry-…: the inquiry or the list; batch-…, request-…: its ID; rating-…: the case that was rated
}

// Notices is the outbox. Senders (mail, messages) will read it too.
type Notices interface {
	// Notify adds notices, numbered in order.
	Notify(ctx context.Context, notices []Notice) error
	// Notices lists those of some posts, newest first, before an ID (0: from the newest).
	Notices(ctx context.Context, posts []Desk, before int64, limit int) ([]Notice, error)
	// CountNotices counts those of some posts, each named once, after an ID, to most
	// at most.
	CountNotices(ctx context.Context, posts []Desk, after int64, most int) (int, error)
	// Told is the ID of the newest notice that an account has been told; 0: none.
	Told(ctx context.Context, account string) (int64, error)
	// Tell notes that an account has been told up to a notice. It never goes back.
	Tell(ctx context.Context, account string, notice int64) error
}

// save writes a case at the version that was seen with what it is recognised
// by, and tells whom its last action concerns. ErrConflict when the case, or the
// office tree, is another one by now: it would lie in the inbox of an office
// that is no longer in charge.
func (s *Service) save(ctx context.Context, a *Application, seen int) error {
	return s.saveBy(ctx, a, seen, s.put)
}

// saveBy is save with another way to write the case than put.
func (s *Service) saveBy(ctx context.Context, a *Application, seen int, write func(context.Context, *Application, int) error) error {
	return s.Store.Tx(ctx, func(ctx context.Context) error {
		if err := s.sameTree(ctx, a.tree); err != nil {
			return err
		}
		if err := write(ctx, a, seen); err != nil {
			return err
		}
		if err := s.mark(ctx, a); err != nil {
			return err
		}
		if told := noticesOf(a, s.Directory()); len(told) > 0 {
			return s.Store.Notify(ctx, told)
		}
		return nil
	})
}

// noticesOf lists whom a case's last action concerns: those it now waits for,
// those who are told past the limit, the administrators where nobody is left,
// or the clerks who took it in.
func noticesOf(a *Application, d *Directory) []Notice {
	x := &a.Actions[len(a.Actions)-1]
	n := Notice{At: x.At, Application: a.ID}
	var posts []Desk
	switch {
	case x.Kind == Strand:
		n.Kind, n.About, posts = "stranded", x.Office, d.administrators(x.Office)
	case (x.Kind == Remind || x.Kind == Escalate) && a.inspection(x.Material) != nil:
		n.Kind, n.About, posts = map[ActionKind]string{Remind: "inspection-due-soon", Escalate: "inspection-overdue"}[x.Kind], x.Material, d.inspectionDesks(a.inspection(x.Material))
	case x.Kind == Remind && x.Material != "":
		n.Kind, n.About, posts = "gap-due-soon", x.Material, []Desk{{Office: d.OfficeNow(a.Office), Role: Clerk}}
	case x.Kind == Overdue:
		n.Kind, n.About, posts = "gap-overdue", x.Material, append(d.waitFor(a), Desk{Office: d.OfficeNow(a.Office), Role: Clerk})
	case x.Kind == Remind && a.State == Submitted:
		n.Kind, posts = "due-soon", a.Desks
	case x.Kind == Escalate:
		n.Kind, posts = "overdue", append(a.Desks[:len(a.Desks):len(a.Desks)], d.told(a)...)
	case x.Kind == Recuse:
		n.Kind, posts = "recused", a.Desks
	case x.Kind == Move && a.State == Submitted:
		n.Kind, posts = "moved", a.Desks
	case a.State == Submitted && a.entered == a.Version:
		n.Kind, posts = "waiting", a.Desks
	default:
		n.Kind, posts = clerksTold[x.Kind], []Desk{{Office: a.Office, Role: Clerk}}
	}
	if n.Kind == "" {
		return nil
	}
	if a.Waiting != nil {
		n.Step = a.Waiting.Key
	}
	out := make([]Notice, 0, len(posts))
	for i, p := range posts {
		if !slices.ContainsFunc(posts[:i], func(o Desk) bool { return o.Office == p.Office && o.Role == p.Role }) {
			n.Office, n.Role = p.Office, p.Role
			out = append(out, n)
		}
	}
	return out
}

// waitFor lists the posts that wait for a material which was promised: who decides
// now or, when all is decided, the approvers of who decided last.
func (d *Directory) waitFor(a *Application) []Desk {
	if a.State == Submitted {
		return slices.Clone(a.Desks)
	}
	if office := d.OfficeNow(a.decidedBy()); office != "" {
		return []Desk{{Office: office, Role: Approver}}
	}
	return nil
}

// clerksTold are the actions that concern those who took a case in.
var clerksTold = map[ActionKind]string{Return: "returned", Recall: "returned", Halt: "returned", Reject: "rejected", Moot: "rejected", Remind: "due-soon", Lapse: "lapsed", Issue: "issued", Move: "moved"}

// told lists the posts that are told that the step where a case waits is past
// its limit, besides those who decide it.
func (d *Directory) told(a *Application) []Desk {
	var out []Desk
	for _, p := range a.Waiting.Tell {
		p = a.Waiting.Complete(p)
		for _, o := range d.OfficesOf(p, a.Division) {
			out = append(out, Desk{Office: o.ID, Role: p.Role})
		}
	}
	return out
}

// administrators lists the posts of those who appoint people to an office: in
// the office itself, beside it and above it.
func (d *Directory) administrators(office string) []Desk {
	var out []Desk
	o := d.Office(office)
	for i := range d.Offices {
		if o != nil && d.Offices[i].stands() && d.Within(o.Division, d.Offices[i].Division) {
			out = append(out, Desk{Office: d.Offices[i].ID, Role: Admin})
		}
	}
	return out
}

// Scan does what is due: carries out reorganisations, reminds those whose limit
// is near, escalates steps past it, lets cases lapse that were not mended in
// time or whose material did not come, hands on those that nobody is left to go on with,
// tells of keys that end soon, and of characters that there is a face for by now. It is safe to run in several processes at once and
// to be cut off at any moment: each case is one compare-and-swap. It returns how
// many cases it moved.
func (s *Service) Scan(ctx context.Context) (int, error) {
	tree := errors.Join(s.keepTree(ctx), s.tellOfEndings(ctx), s.lookAtFaces(ctx))
	late, limits := s.scanLimits(ctx)
	emptied, desks := s.visitDesks(ctx)
	return late + emptied, errors.Join(tree, limits, desks)
}

func (s *Service) scanLimits(ctx context.Context) (moved int, err error) {
	tried := map[string]bool{}
	for {
		// What cannot be moved still is overdue; it must not hide what comes after it.
		ids, err := s.Store.Overdue(ctx, s.now(), 100+len(tried))
		if err != nil {
			return moved, err
		}
		if ids = slices.DeleteFunc(ids, func(id string) bool { return tried[id] }); len(ids) == 0 {
			return moved, nil
		}
		for _, id := range ids {
			tried[id] = true
			switch err := s.pastLimit(ctx, id); {
			case err == nil:
				moved++
			case errors.Is(err, ErrConflict) || errors.Is(err, ErrState) || errors.Is(err, errNoTemplate):
			default:
				return moved, err
			}
		}
	}
}

func (s *Service) pastLimit(ctx context.Context, id string) error {
	c, err := s.load(ctx, id)
	if err != nil {
		return err
	}
	a, err := c.PastLimit(s.now())
	if err != nil {
		return err
	}
	if err := s.save(ctx, a, c.Version); err != nil {
		return err
	}
	_, err = s.seeTo(ctx, &Case{a, c.Template, c.Directory, c.Calendar})
	return err
}

// Notices lists what the people of this person's posts were told, newest first.
func (s *Service) Notices(ctx context.Context, by *Account, before int64, limit int) ([]Notice, error) {
	if limit <= 0 || limit > 200 {
		limit = 50
	}
	return s.Store.Notices(ctx, s.desksOf(by), before, limit)
}

// desksOf are the posts that somebody holds, each once.
func (s *Service) desksOf(by *Account) []Desk {
	var posts []Desk
	now := s.Now()
	for _, g := range by.Grants {
		if d := (Desk{Office: g.Office, Role: g.Role}); g.active(now) && !by.Disabled && !slices.Contains(posts, d) {
			posts = append(posts, d)
		}
	}
	return posts
}

// Delegate lends a post of one's own to a colleague for a time: somebody with a
// post in the same office or in one above it.
func (s *Service) Delegate(ctx context.Context, by *Account, in *Delegation) (*Delegation, error) {
	now := s.now()
	to, err := s.Store.AccountByUsername(ctx, in.To)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return nil, err
	}
	var faults []FieldError
	fault := func(field, code, zh, en string) {
		faults = append(faults, FieldError{field, code, Text{zh, en}})
	}
	own := false
	for _, g := range by.grants(in.Role, in.Office, now) {
		own = own || g.For == "" // what was lent is not lent on
	}
	if !own {
		fault("office", "not-held", "您在该单位没有这个岗位，不能委托", "You do not hold this post in that office, so you cannot lend it")
	}
	if to == nil || to.ID == by.ID || !s.colleague(to, in.Office, now) {
		fault("to", "unknown", "请填写同一单位或上级单位一位同事的用户名", "Please give the user name of a colleague in the same office or one above it")
	}
	if !in.End.After(in.Begin) || !in.End.After(now) || in.End.Sub(in.Begin) > 366*24*time.Hour {
		fault("end", "period", "委托须有起止时间，最长一年，且尚未结束", "A delegation needs a beginning and an end, at most a year apart, the end still to come")
	}
	if len(faults) > 0 {
		return nil, invalidFields(faults)
	}
	id, err := randomText(s.Rand, 10)
	if err != nil {
		return nil, err
	}
	d := &Delegation{ID: id, From: by.ID, To: to.ID, Office: in.Office, Role: in.Role, Begin: in.Begin.UTC(), End: in.End.UTC()}
	err = s.Store.Tx(ctx, func(ctx context.Context) error {
		if err := s.Store.PutDelegation(ctx, d); err != nil {
			return err
		}
		return s.Store.Record(ctx, Event{At: now, Kind: "delegation-made", Subject: d.ID, By: by.ID, Detail: d.To + " " + d.Office})
	})
	return d, err
}

func (s *Service) colleague(a *Account, office string, now time.Time) bool {
	return !a.Disabled && slices.ContainsFunc(a.Grants, func(g Grant) bool {
		return g.For == "" && g.active(now) && s.Directory().Oversees(g.Office, office)
	})
}

// Delegations lists those from or to a person.
func (s *Service) Delegations(ctx context.Context, by *Account) ([]Delegation, error) {
	return s.Store.Delegations(ctx, by.ID)
}

// DelegationsOf lists those of an office's posts, for its administrators. Errors
// as of People.
func (s *Service) DelegationsOf(ctx context.Context, by *Account, office string) ([]Delegation, error) {
	if err := s.mayAdministerOffice(by, office, s.now()); err != nil {
		return nil, err
	}
	return s.Store.DelegationsOf(ctx, office)
}

// EndDelegation ends one now, by who made it or an administrator of its office;
// for anybody else it does not exist (ErrNotFound). One that has ended stays as
// it is.
func (s *Service) EndDelegation(ctx context.Context, by *Account, id string) error {
	now := s.now()
	return s.Store.Tx(ctx, func(ctx context.Context) error {
		d, err := s.Store.Delegation(ctx, id)
		if err != nil {
			return err
		}
		if d.From != by.ID && !s.administers(by, d.Office, now) {
			return fail(ErrNotFound, "没有这项委托", "There is no such delegation")
		}
		if over(d.Begin, d.End, now) {
			return nil
		}
		return s.endLoan(ctx, d, laterOf(now, d.Begin), by, now)
	})
}

// endLoan ends a delegation at a moment, in a transaction.
func (s *Service) endLoan(ctx context.Context, d *Delegation, at time.Time, by *Account, now time.Time) error {
	d.End = at
	if err := s.Store.PutDelegation(ctx, d); err != nil {
		return err
	}
	return s.Store.Record(ctx, Event{At: now, Kind: "delegation-ended", Subject: d.ID, By: by.ID})
}
