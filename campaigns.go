package yinzheng

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Campaign is a check over all holders of an item (package campaign), as it is
// kept: what it is found by beside its content.
type Campaign struct {
	ID       string
	Item     string
	Office   string // whose it is
	Division string // its area
	Running  bool
	Version  int // acts so far
	Content  []byte
	Erased   bool // who was on the roster was erased in time; read only
}

// CampaignEntry is one holder on a campaign's roster, as it is kept.
type CampaignEntry struct {
	Number      int // 1, 2, ... on the roster
	Division    string
	Mark        string // the holder's document in normal form
	Outcome     string
	FollowUp    string // day by which somebody looks again
	Application string // the case that was made out of it
	Tried       int    // version of the campaign at which making one failed; 0: it did not
	Version     int    // acts so far
	Content     []byte

	Case *QueueEntry // as it is now, without its holder; read only
}

// CampaignAct is one act on a campaign, or on one of its entries, as it is kept.
type CampaignAct struct {
	Campaign string
	Entry    int // number; 0: on the campaign itself
	Seq      int // 1, 2, ... of the campaign, or of the entry
	At       time.Time
	By       string // account
	Kind     string
	Content  []byte
}

// EntryFilter selects entries of a campaign, in the order of their numbers.
type EntryFilter struct {
	Divisions []string // empty: all
	Outcome   string   // empty: all
	Case      State    // of the case that was made; empty: all
	ToMake    int      // those found present, without a case, and not tried at this version of the campaign; 0: all
	After     int      // number of the last one seen
	Limit     int
}

// CampaignCount counts the entries of a division that stand alike.
type CampaignCount struct {
	Division string
	Outcome  string
	Case     State // empty: none was made
	Refused  bool  // none could be made
	Due      int   // of Number: to be looked at again by now
	Number   int
}

// Campaigns keeps campaigns, their rosters and the acts on both. Acts, and which
// people are on a roster, never change.
type Campaigns interface {
	// AddCampaign adds one with its roster and the first acts. ErrState when
	// another one of the item is running that has one of its people.
	AddCampaign(ctx context.Context, c *Campaign, roster []*CampaignEntry, acts []CampaignAct) error
	// PutCampaign keeps a campaign as its next act made it; ErrConflict when
	// another act came first.
	PutCampaign(ctx context.Context, c *Campaign, act *CampaignAct) error
	// PutCampaignEntry is PutCampaign for an entry. Its mark stays.
	PutCampaignEntry(ctx context.Context, campaign string, e *CampaignEntry, act *CampaignAct) error
	// Campaign returns one; ErrNotFound.
	Campaign(ctx context.Context, id string) (*Campaign, error)
	// Campaigns lists them, the newest first.
	Campaigns(ctx context.Context, runningOnly bool) ([]*Campaign, error)
	// CampaignEntries lists entries; those of a campaign that there is not are none.
	CampaignEntries(ctx context.Context, campaign string, f EntryFilter) ([]*CampaignEntry, error)
	// CampaignActs lists the acts on a campaign (entry 0) or on one entry.
	CampaignActs(ctx context.Context, campaign string, entry int) ([]CampaignAct, error)
	// CampaignCounts counts the entries by how they stand on a day, in no order.
	CampaignCounts(ctx context.Context, campaign, day string) ([]CampaignCount, error)
	// Holdings lists the certificates of an item that are in force at a moment,
	// of cases of a division and those below it, the newest last.
	Holdings(ctx context.Context, item string, level Level, division string, now time.Time) ([]Holding, error)
}

// Holding is a certificate in force, with what its case says.
type Holding struct {
	Certificate string // code
	Division    string // of the case
	Template    int    // version
	Values      Values
}

// Bearer is who holds a certificate in force.
type Bearer struct {
	Name        string
	ID          ID
	Division    string // of its case
	Certificate string // code
}

// Offered returns the newest version of an item that cases may be started of.
// Errors: ErrNotFound; ErrState when it has ended, or lacks an office.
func (s *Service) Offered(item string) (*Template, error) {
	t, err := s.Template(item)
	if err != nil {
		return nil, err
	}
	if ended := s.ended(t); ended != nil {
		return nil, &Error{Kind: ErrState, Text: ended.Text, Fields: []FieldError{{"item", "ended", ended.Text}}}
	}
	return t, t.startable(s.Directory())
}

// BearersIn lists who holds a certificate of an item in force in a division, by
// the newest one that each holds.
func (s *Service) BearersIn(ctx context.Context, item, division string) ([]Bearer, error) {
	d := s.Directory()
	place := d.Division(d.DivisionNow(division))
	if place == nil {
		return nil, nil
	}
	held, err := s.Store.Holdings(ctx, item, place.Level, place.Code, s.now())
	if err != nil {
		return nil, err
	}
	var out []Bearer
	at := map[string]int{}
	for _, h := range held {
		t, err := s.TemplateVersion(TemplateRef{item, h.Template})
		if err != nil {
			return nil, err
		}
		x := Bearer{h.Values.String(t.Token.Name), h.Values.ID(t.Token.ID), h.Division, h.Certificate}
		mark := documentMark(x.ID)
		if i, again := at[mark]; again && mark != "" {
			out[i] = x
			continue
		}
		at[mark] = len(out)
		out = append(out, x)
	}
	return out, nil
}

// Seen is a holder whom somebody has seen to in a campaign, and for whom a case
// is to be made.
type Seen struct {
	Item        string
	Name        string
	ID          ID
	Division    string
	Certificate string // code of the one whose values are carried over; empty: none
	By          *Account
	Grant       Grant  // by which they saw to it, whether they still have it or not; its office takes the case in
	Opinion     string // what they saw
}

// SubmitSeen makes a case out of what somebody has seen to and submits it in
// their name: that they saw to the holder is their submission, and counts for
// four eyes. Values come from the holder's certificate and, where that is newer,
// from what is on record. also runs in the transaction that writes the case: when
// it fails there is no case. Errors: ErrState when the item has ended, the holder
// is dead by a register, or the certificate was revoked or suspended; ErrForbidden when they are a party;
// ErrInvalid with whatever would have to be mended before it can be submitted.
func (s *Service) SubmitSeen(ctx context.Context, in *Seen, also func(ctx context.Context, id string) error) (string, error) {
	t, err := s.Offered(in.Item)
	if err != nil {
		return "", err
	}
	id, err := randomText(s.Rand, caseIDLength)
	if err != nil {
		return "", err
	}
	now := s.now()
	c, known, err := s.draftSeen(ctx, t, in, id, now)
	if err != nil {
		return "", err
	}
	a, err := s.handInSeen(ctx, c, in, now)
	if err != nil {
		return "", err
	}
	err = s.Store.Tx(ctx, func(ctx context.Context) error {
		if err := also(ctx, id); err != nil {
			return err
		}
		if len(known.filled) > 0 {
			if err := s.Store.Record(ctx, Event{At: now, Kind: EventPersonRead, Subject: known.person, By: in.By.ID, Detail: "application " + id}); err != nil {
				return err
			}
		}
		return s.save(ctx, a, 0)
	})
	if err != nil {
		return "", err
	}
	s.handedIn(ctx, &Case{a, t, c.Directory, c.Calendar})
	return id, nil
}

// draftSeen is the case as it would be created.
func (s *Service) draftSeen(ctx context.Context, t *Template, in *Seen, id string, now time.Time) (*Case, *filling, error) {
	grant := in.Grant
	grant.Office = s.Directory().OfficeNow(grant.Office)
	values, err := s.carriedOver(ctx, t, in, grant.Office)
	if err != nil {
		return nil, nil, err
	}
	known, err := s.fill(ctx, t, &NewApplication{Item: in.Item, Values: values, Division: in.Division}, grant.Office)
	if err != nil {
		return nil, nil, err
	}
	input, checked, err := s.input(t, known.values, in.Division, nil, now)
	if err != nil {
		return nil, nil, err
	}
	input.Filled = known.filled
	x := actionBy(in.By, grant, Create, now)
	x.Input = input
	a := s.begin(id, t, []Action{x})
	problems, err := s.problems(ctx, t, a, checked)
	if err != nil {
		return nil, nil, err
	}
	if len(problems) > 0 {
		s.noteMissing(ctx, in.By, t, a.Values, a.Office, "")
		return nil, nil, invalidFields(problems)
	}
	return &Case{a, t, s.Directory(), s.calendar.Load()}, known, nil
}

// handInSeen submits the case in the name of who saw to it.
func (s *Service) handInSeen(ctx context.Context, c *Case, in *Seen, now time.Time) (*Application, error) {
	grant := in.Grant
	grant.Office = c.Office
	for _, who := range actors(in.By, grant) {
		if c.isParty(who) {
			return nil, fail(ErrForbidden, "核验人（或其委托人）是本办件的当事人，须由他人核验", "Who saw to it, or who delegated to them, is a party of this case; somebody else has to")
		}
	}
	against, err := s.against(ctx, c)
	if err != nil {
		return nil, err
	}
	a := c.handIn(in.By, grant, now)
	x := a.lastSubmit()
	x.Opinion, x.Against = in.Opinion, against
	return a, nil
}

// carriedOver are the values of the holder's certificate, without those that are
// newer on record, which are filled in from there. A certificate that was
// corrected meanwhile is followed to the one in its place.
func (s *Service) carriedOver(ctx context.Context, t *Template, in *Seen, office string) (map[string]any, error) {
	rec, facts, err := s.onRecord(ctx, in.ID, "")
	theirs := err == nil && s.Directory().Within(rec.Division, s.Directory().Office(office).Division)
	switch {
	case errors.Is(err, ErrNotFound):
	case err != nil:
		return nil, err
	case rec.Died != nil && theirs:
		return nil, fail(ErrState, "登记（%s）载明持证人已去世", "A register (%s) says that the holder has died", rec.Died.Source)
	case rec.Died != nil: // what it says is not for them, and is no ground for a certificate either
		return nil, fail(ErrState, "持证人的登记不在本单位，须先向登记单位核实", "The holder is on record elsewhere; please ask there first")
	}
	if !theirs {
		facts = nil
	}
	values := map[string]any{t.Token.Name: in.Name}
	if t.Token.ID != "" {
		values[t.Token.ID] = in.ID.Value()
	}
	if in.Certificate == "" {
		return values, nil
	}
	cert, err := s.newest(ctx, in.Certificate)
	if err != nil {
		return nil, err
	}
	if cert.Status != StatusOK {
		return nil, fail(ErrState, "原证明（%s）已被撤销或中止，请核实后单独办理", "The certificate that this rests on (%s) was revoked or suspended; please look into it and handle the case by itself", cert.Code)
	}
	last, err := s.load(ctx, cert.Application)
	if err != nil {
		return nil, err
	}
	maps.Copy(values, last.Values)
	day := cert.IssuedAt.In(Zone).Format(time.DateOnly)
	maps.DeleteFunc(values, func(key string, _ any) bool {
		f := t.Field(key)
		return f == nil || key != t.Token.ID && facts[f.Record].AsOf >= day // never of what is not on record
	})
	return values, nil
}

// newest is the certificate in whose place others have come, or the last of these.
func (s *Service) newest(ctx context.Context, code string) (*Certificate, error) {
	for range maxSuccession {
		c, err := s.Store.Certificate(ctx, code)
		if err != nil || c.Successor == "" {
			return c, err
		}
		code = c.Successor
	}
	return nil, fmt.Errorf("certificate %s is superseded without end", code)
}

// DeathNotices tells of somebody who has died: those who work on their open
// cases, and the organs whose certificates say that they are alive. Only offices
// that the division lies in are told.
func (s *Service) DeathNotices(ctx context.Context, documents []ID, division string) ([]Notice, error) {
	cases, err := s.heldBy(ctx, documents)
	if err != nil {
		return nil, err
	}
	var told []Notice
	for _, c := range cases {
		posts, err := s.toldOfDeath(ctx, c)
		if err != nil {
			return nil, err
		}
		for i, d := range posts {
			o := s.Directory().Office(d.Office)
			again := slices.ContainsFunc(posts[:i], func(e Desk) bool { return e.Office == d.Office && e.Role == d.Role })
			if o != nil && !again && s.Directory().Within(division, o.Division) {
				told = append(told, Notice{At: s.now(), Office: d.Office, Role: d.Role, Kind: "holder-died", Application: c.ID})
			}
		}
	}
	return told, nil
}

// HolderFoundDead returns a case that is on its way to a certificate to its
// clerks, in the transaction of whoever keeps the death, so that no approval of
// many cases passes it. Was the death a mistake, the case goes through the whole
// chain again. One that is not on its way stays as it is. kept is called once the
// transaction is committed. Errors: ErrNotFound.
func (s *Service) HolderFoundDead(ctx context.Context, id string) (kept func(context.Context), err error) {
	if err := s.refresh(ctx); err != nil {
		return nil, err
	}
	c, err := s.load(ctx, id)
	if err != nil {
		return nil, err
	}
	if c.State != Submitted && c.State != Approved && c.State != Issuing {
		return func(context.Context) {}, nil
	}
	a, void, err := s.stop(ctx, c, Halt)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) {
		if void != nil {
			s.board.void(void)
		}
		if _, err := s.seeTo(ctx, &Case{a, c.Template, c.Directory, c.Calendar}); err != nil { // the action stands
			s.Log.Error("looking for somebody who may mend it", "application", id, "reason", reason(err))
		}
	}, nil
}
