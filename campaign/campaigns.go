package campaign

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"yinzheng"
)

// Config is what Campaigns is made of. Service is needed.
type Config struct {
	Service *yinzheng.Service
	Rand    io.Reader    // default crypto/rand
	Log     *slog.Logger // default slog.Default; never given a name or a number
}

// Campaigns is the campaigns at work: it keeps nothing in memory but what it
// looked at last. Its methods are safe for concurrent use.
type Campaigns struct {
	Config
	store    yinzheng.Store
	imported string // newest import of a register that the rosters were compared with; Round's
}

// New wires the campaigns to the service whose cases they make.
func New(config Config) *Campaigns {
	c := &Campaigns{Config: config, store: config.Service.Store}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return c
}

// now is the time to the second.
func (s *Campaigns) now() time.Time { return s.Service.Now().UTC().Truncate(time.Second) }

// CampaignView is a campaign with how far it is.
type CampaignView struct {
	*Campaign
	ItemName yinzheng.Text    `json:"item_name"`
	Progress *Progress        `json:"progress"` // of the places that the reader is in charge of
	Acts     []CampaignAct    `json:"acts"`
	May      []CampaignPermit `json:"may,omitempty"` // what the reader may do, and why not the rest
}

// Start begins a campaign in the name of an office: its approvers and
// administrators may. The roster is whoever holds a certificate of the item in
// force, or the people given, and does not change afterwards. The idempotency
// key makes a second identical request return the first one's campaign
// (again=true). With try nothing is kept, and the answer says what would be.
// Errors: ErrForbidden; ErrNotFound and ErrState as of an item (Service.Offered),
// ErrState when some of the people are on the roster of another campaign of the
// item that is running; ErrInvalid with every fault by its place.
func (s *Campaigns) Start(ctx context.Context, by *yinzheng.Account, in *NewCampaign, key string, try bool) (view *CampaignView, again bool, err error) {
	if err := yinzheng.CheckKey(key); err != nil && !try {
		return nil, false, err
	}
	request, err := json.Marshal(in)
	if err != nil {
		return nil, false, err
	}
	id, err := yinzheng.NewID(s.Rand)
	if err != nil {
		return nil, false, err
	}
	p, wrong := s.prepare(ctx, by, in, id)
	if try {
		view, err = s.trial(ctx, by, p, wrong)
		return view, false, err
	}
	before := ""
	err = s.store.Tx(ctx, func(ctx context.Context) error { // a request that comes again is answered, whatever has changed since
		var err error
		if before, err = s.store.Remember(ctx, by.ID, key, sha256.Sum256(request), id, s.now()); err != nil || before != "" {
			return err
		}
		if wrong != nil {
			return wrong
		}
		return s.begin(ctx, p)
	})
	if err != nil {
		return nil, false, err
	}
	if before != "" {
		view, err = s.View(ctx, by, before)
		return view, true, err
	}
	view, err = s.View(ctx, by, id)
	return view, false, err
}

// start is a campaign that is about to start.
type start struct {
	campaign *Campaign
	act      *CampaignAct
	item     yinzheng.Text
	roster   *roster
	imported string // newest import that the roster was compared with
}

// trial shows what a campaign would be. That somebody looked is put on record: it
// tells of people on a list where they are on record.
func (s *Campaigns) trial(ctx context.Context, by *yinzheng.Account, p *start, wrong error) (*CampaignView, error) {
	if wrong != nil {
		return nil, wrong
	}
	e := yinzheng.Event{At: p.act.At, Kind: "campaign-tried", Subject: p.act.Office, By: by.ID, Detail: fmt.Sprintf("%s %s, %d people", p.act.Item, p.act.Period, p.act.People)}
	if err := s.store.Record(ctx, e); err != nil {
		return nil, err
	}
	p.campaign.ID = ""
	return &CampaignView{p.campaign, p.item, s.progressOf(p.campaign, p.roster.counts(), nil), []CampaignAct{*p.act}, nil}, nil
}

// prepare works out what a campaign would be.
func (s *Campaigns) prepare(ctx context.Context, by *yinzheng.Account, in *NewCampaign, id string) (*start, error) {
	now := s.now()
	grant, err := s.mayStart(by, in.Office, now)
	if err != nil {
		return nil, err
	}
	t, err := s.Service.Offered(in.Item)
	if err != nil {
		return nil, err
	}
	if in, err = in.complete(now); err != nil {
		return nil, err
	}
	p := &start{item: t.Name}
	if p.imported, err = s.store.NewestImport(ctx); err != nil {
		return nil, err
	}
	area := s.division(grant.Office)
	if p.roster, err = s.roster(ctx, t, in, area); err != nil {
		return nil, err
	}
	p.act = &CampaignAct{
		Kind: Start, At: now, By: by.ID, For: grant.For, Office: grant.Office,
		Item: in.Item, Period: in.Period, Division: area, Until: in.Until, People: len(p.roster.entries),
	}
	p.campaign = (&Campaign{ID: id}).after(p.act)
	return p, nil
}

// begin keeps a campaign and its roster, and tells the offices that work through
// it, in a transaction.
func (s *Campaigns) begin(ctx context.Context, p *start) error {
	newest, err := s.store.NewestImport(ctx)
	if err != nil {
		return err
	}
	if newest != p.imported { // it may tell of deaths; Round may have looked before this campaign was there
		return refused(yinzheng.ErrConflict, "人员登记刚刚更新，请重新发起", "A register has just been imported; please start it again")
	}
	kept, act, err := p.campaign.kept(p.act)
	if err != nil {
		return err
	}
	entries, acts, err := p.roster.kept(p.campaign.ID, s.Rand)
	if err != nil {
		return err
	}
	acts = append([]yinzheng.CampaignAct{*act}, acts...)
	if err := s.store.AddCampaign(ctx, kept, entries, acts); err != nil {
		return err
	}
	if err := s.tell(ctx, p.campaign, "campaign-started", slices.Collect(p.roster.places())); err != nil {
		return err
	}
	for i := range acts {
		if err := s.record(ctx, &acts[i]); err != nil {
			return err
		}
	}
	return nil
}

// kept is a campaign as it is kept, with the act that made it so.
func (c *Campaign) kept(a *CampaignAct) (*yinzheng.Campaign, *yinzheng.CampaignAct, error) {
	content, err := json.Marshal(c)
	if err != nil {
		return nil, nil, err
	}
	said, err := json.Marshal(a)
	if err != nil {
		return nil, nil, err
	}
	return &yinzheng.Campaign{ID: c.ID, Item: c.Item, Office: c.Office, Division: c.Division, Running: c.State == Running, Version: c.Version, Content: content},
		&yinzheng.CampaignAct{Campaign: c.ID, Seq: c.Version, At: a.At, By: a.By, Kind: string(a.Kind), Content: said}, nil
}

// record puts an act into the log by the digest of what it says, which may be
// about people; an audit compares them.
func (s *Campaigns) record(ctx context.Context, a *yinzheng.CampaignAct) error {
	subject := a.Campaign
	if a.Entry > 0 {
		subject = fmt.Sprintf("%s/%d", a.Campaign, a.Entry)
	}
	return s.store.Record(ctx, yinzheng.Event{At: a.At, Kind: "campaign-" + a.Kind, Subject: subject, By: a.By, Detail: fmt.Sprintf("%x", sha256.Sum256(a.Content))})
}

// read is a campaign as it is now.
func (s *Campaigns) read(ctx context.Context, id string) (*Campaign, error) {
	kept, err := s.store.Campaign(ctx, id)
	if err != nil {
		return nil, err
	}
	return decode(kept)
}

func decode(kept *yinzheng.Campaign) (*Campaign, error) {
	c := new(Campaign)
	if err := json.Unmarshal(kept.Content, c); err != nil {
		return nil, fmt.Errorf("campaign %s: %w", kept.ID, err)
	}
	c.Erased = kept.Erased
	return c, nil
}

// openRoster is open for who wants to read the roster; ErrState once it was erased.
func (s *Campaigns) openRoster(ctx context.Context, by *yinzheng.Account, id string) (*Campaign, error) {
	c, err := s.open(ctx, by, id)
	if err == nil && c.Erased {
		err = refused(yinzheng.ErrState, "名册已按保存期限销毁，件数照旧", "The roster was erased in time; the figures stay")
	}
	return c, err
}

// open reads a campaign, if it exists for this person.
func (s *Campaigns) open(ctx context.Context, by *yinzheng.Account, id string) (*Campaign, error) {
	c, err := s.read(ctx, id)
	if err != nil {
		return nil, err
	}
	return c, s.maySee(by, c)
}

// View shows a campaign to the people of the offices of its area and of those
// above; ErrNotFound for anybody else.
func (s *Campaigns) View(ctx context.Context, by *yinzheng.Account, id string) (*CampaignView, error) {
	c, err := s.open(ctx, by, id)
	if err != nil {
		return nil, err
	}
	v := &CampaignView{Campaign: c, Acts: []CampaignAct{}, May: s.permits(by, c)}
	if t, err := s.Service.Template(c.Item); err == nil {
		v.ItemName = t.Name
	}
	counts, err := s.store.CampaignCounts(ctx, id, dayOf(s.now()))
	if err != nil {
		return nil, err
	}
	v.Progress = s.progressOf(c, counts, by)
	acts, err := s.store.CampaignActs(ctx, id, 0)
	if err != nil {
		return nil, err
	}
	for _, kept := range acts {
		var a CampaignAct
		if err := json.Unmarshal(kept.Content, &a); err != nil {
			return nil, fmt.Errorf("campaign %s, act %d: %w", id, kept.Seq, err)
		}
		v.Acts = append(v.Acts, a)
	}
	return v, nil
}

// List lists the campaigns that exist for somebody, the newest first.
func (s *Campaigns) List(ctx context.Context, by *yinzheng.Account) ([]*Campaign, error) {
	all, err := s.store.Campaigns(ctx, false)
	if err != nil {
		return nil, err
	}
	out := []*Campaign{}
	for _, kept := range all {
		c, err := decode(kept)
		if err != nil {
			return nil, err
		}
		if s.maySee(by, c) == nil {
			out = append(out, c)
		}
	}
	return out, nil
}

// Act orders the cases of the period (Make), ends or cancels a campaign that is
// at version seen: approvers and administrators of the office that started it
// may. Those of an office above may end or cancel it, with a reason; the office
// that started it is told. Cases that were made go on all the same. Errors: ErrNotFound, ErrConflict
// (stale), ErrState (it is over), ErrForbidden, ErrInvalid.
func (s *Campaigns) Act(ctx context.Context, by *yinzheng.Account, id string, seen int, kind Kind, opinion string) (*CampaignView, error) {
	now := s.now()
	err := s.store.Tx(ctx, func(ctx context.Context) error {
		c, err := s.open(ctx, by, id)
		if err != nil {
			return err
		}
		grant, above, err := s.mayAct(by, c, kind, now)
		if err != nil {
			return err
		}
		if c.Version != seen {
			return refused(yinzheng.ErrConflict, fmt.Sprintf("核验已到第 %d 版，请重新读取后再操作", c.Version), fmt.Sprintf("The campaign is at version %d by now; please read it again", c.Version))
		}
		a := &CampaignAct{Kind: kind, At: now, By: by.ID, For: grant.For, Office: grant.Office, Opinion: opinion}
		if err := c.check(a, above); err != nil {
			return err
		}
		if kind != Make {
			counts, err := s.store.CampaignCounts(ctx, id, dayOf(now))
			if err != nil {
				return err
			}
			a.Counts = &s.progressOf(c, counts, nil).Total
		}
		if err := s.put(ctx, c.after(a), a); err != nil || !above {
			return err
		}
		return s.store.Notify(ctx, []yinzheng.Notice{{At: now, Office: s.Service.Directory().OfficeNow(c.Office), Role: yinzheng.Approver, Kind: "campaign-stopped", About: id}})
	})
	if err != nil {
		return nil, err
	}
	return s.View(ctx, by, id)
}

// put keeps what an act made of a campaign, in a transaction.
func (s *Campaigns) put(ctx context.Context, after *Campaign, a *CampaignAct) error {
	kept, act, err := after.kept(a)
	if err != nil {
		return err
	}
	if err := s.store.PutCampaign(ctx, kept, act); err != nil {
		return err
	}
	return s.record(ctx, act)
}

// tell gives the clerks of some places a notice.
func (s *Campaigns) tell(ctx context.Context, c *Campaign, kind string, places []string) error {
	d := s.Service.Directory()
	var told []yinzheng.Notice
	for _, place := range places {
		v := d.Division(d.DivisionNow(place))
		if v == nil {
			continue
		}
		for _, o := range d.OfficesOf(yinzheng.Post{Level: v.Level}, v.Code) {
			n := yinzheng.Notice{At: s.now(), Office: o.ID, Role: yinzheng.Clerk, Kind: kind, About: c.ID}
			if !slices.Contains(told, n) {
				told = append(told, n)
			}
		}
	}
	return s.store.Notify(ctx, told)
}

// isConflict tells whether somebody else came first: the next round looks again.
func isConflict(err error) bool { return errors.Is(err, yinzheng.ErrConflict) }
