package campaign

import (
	"fmt"
	"strings"
	"time"

	"yinzheng"
)

// Kind is what an act does to a campaign.
type Kind string

// The kinds of act on a campaign.
const (
	Start  Kind = "start"
	Make   Kind = "make"   // from now on, cases are made for whoever was found present; again: where that failed, too
	Remind Kind = "remind" // the system's: offices were told of what is due
	End    Kind = "end"
	Cancel Kind = "cancel"
)

// State is where a campaign stands.
type State string

// The states of a campaign.
const (
	Running   State = "running"
	Ended     State = "ended"
	Cancelled State = "cancelled"
)

// CampaignAct is one thing that was done to a campaign. Only what its kind needs is set.
type CampaignAct struct {
	Kind   Kind      `json:"kind"`
	At     time.Time `json:"at"`
	By     string    `json:"by"`            // account
	For    string    `json:"for,omitempty"` // in whose name, under a delegation
	Office string    `json:"office,omitempty"`

	Item     string `json:"item,omitempty"`     // start
	Period   string `json:"period,omitempty"`   // start: a month, 2026-11
	Division string `json:"division,omitempty"` // start: its area
	Until    string `json:"until,omitempty"`    // start: the last day
	People   int    `json:"people,omitempty"`   // start: on the roster

	Opinion string  `json:"opinion,omitempty"` // end, cancel
	Day     string  `json:"day,omitempty"`     // remind
	DueSoon bool    `json:"due_soon,omitempty"`
	Counts  *Counts `json:"counts,omitempty"` // end, cancel: how it stood
}

// Campaign is a campaign after its acts.
type Campaign struct {
	ID       string    `json:"id"`
	Version  int       `json:"version"` // acts so far; sent back as If-Match
	State    State     `json:"state"`
	Item     string    `json:"item"`
	Period   string    `json:"period"`
	Office   string    `json:"office"`
	Division string    `json:"division"`
	Until    string    `json:"until"` // last day
	People   int       `json:"people"`
	Started  time.Time `json:"started_at"`
	Making   int       `json:"making,omitempty"`   // version at which making cases was last ordered; 0: not yet
	Reminded string    `json:"reminded,omitempty"` // day of the last reminder
	DueSoon  bool      `json:"due_soon,omitempty"` // it was said that the end is near
	Ended    time.Time `json:"ended_at,omitzero"`
	Erased   bool      `json:"erased,omitempty" doc:"who was on the roster was erased in time; the figures stay"`
}

// after is the campaign with one more act, which is known to be possible.
func (c *Campaign) after(a *CampaignAct) *Campaign {
	n := *c
	n.Version++
	switch a.Kind {
	case Start:
		n.State, n.Item, n.Period, n.Office, n.Division, n.Until = Running, a.Item, a.Period, a.Office, a.Division, a.Until
		n.People, n.Started = a.People, a.At
	case Make:
		n.Making = n.Version
	case Remind:
		n.Reminded, n.DueSoon = a.Day, n.DueSoon || a.DueSoon
	case End:
		n.State, n.Ended = Ended, a.At
	case Cancel:
		n.State, n.Ended = Cancelled, a.At
	}
	return &n
}

// maxOpinion bounds why a campaign is ended or cancelled, in characters.
const maxOpinion = 500

// needsReason tells whether an act has to say why: it cancels, or comes from an
// office above.
func needsReason(kind Kind, above bool) bool { return kind == Cancel || above }

// check tells whether somebody's act is possible on the campaign, from the office
// that started it or from one above.
func (c *Campaign) check(a *CampaignAct, above bool) error {
	var f faults
	switch a.Kind {
	case Make:
	case End, Cancel:
		f.check("opinion", a.Opinion, maxOpinion, needsReason(a.Kind, above))
	default:
		f.add("action", "choice", "应为 make、end 或 cancel", "Expected make, end or cancel")
	}
	if err := f.err(); err != nil {
		return err
	}
	return c.running()
}

// running refuses what is only possible while the campaign runs.
func (c *Campaign) running() error {
	if c.State == Running {
		return nil
	}
	return refused(yinzheng.ErrState, "这次核验已"+stateNames[c.State].ZH, "The campaign "+stateNames[c.State].EN)
}

var stateNames = map[State]yinzheng.Text{Running: text("在进行", "is running"), Ended: text("办结", "has ended"), Cancelled: text("取消", "was cancelled")}

// nearEnd is how many days before the last one those who have not finished are told.
const nearEnd = 3

// reminder is what falls due on a day, given how many are open and how many were
// to be looked at again since the last reminder; nil: nothing, or it was said.
func (c *Campaign) reminder(day string, open, due int) *CampaignAct {
	if c.State != Running || day <= c.Reminded {
		return nil
	}
	last, err := time.Parse(time.DateOnly, c.Until)
	near := err == nil && day >= last.AddDate(0, 0, -nearEnd).Format(time.DateOnly) && !c.DueSoon && open > 0
	if !near && due == 0 {
		return nil
	}
	return &CampaignAct{Kind: Remind, Day: day, DueSoon: near}
}

// firstDay is the first day on which somebody can have been seen: that of the
// period, or of the start where that came before it.
func (c *Campaign) firstDay() string {
	return min(c.Period+"-01", dayOf(c.Started))
}

// followUpDays is how far off somebody may look again once the last day is past.
const followUpDays = 30

// lastFollowUp is the day by which somebody has to look again at the latest, as
// seen from today: the last one or, once that is here, some time from now, since
// entering goes on until the campaign is ended.
func (c *Campaign) lastFollowUp(today string) string {
	now, err := time.Parse(time.DateOnly, today)
	if today < c.Until || err != nil {
		return c.Until
	}
	return now.AddDate(0, 0, followUpDays).Format(time.DateOnly)
}

// dayOf is a moment's day in the offices' time zone.
func dayOf(t time.Time) string { return t.In(yinzheng.Zone).Format(time.DateOnly) }

// isDay tells whether a text is a day, as 2006-01-02.
func isDay(s string) bool {
	t, err := time.Parse(time.DateOnly, s)
	return err == nil && t.Format(time.DateOnly) == s
}

// NewCampaign is a campaign to start.
type NewCampaign struct {
	Item   string   `json:"item"`
	Period string   `json:"period" doc:"month, such as 2026-11"`
	Until  string   `json:"until,omitempty" doc:"last day; left out: the month's"`
	Office string   `json:"office,omitempty" doc:"left out: your own"`
	People []Person `json:"people,omitempty" doc:"left out: whoever holds a certificate of the item in force"`
}

// Person is somebody on a list.
type Person struct {
	ID       any    `json:"id" doc:"the number of a resident ID, or {type, number}"`
	Name     string `json:"name"`
	Division string `json:"division,omitempty" doc:"left out: where they are on record"`

	cell func(column string) string // of a file: where something of them stands
}

// place is where something of the i-th person stands.
func (p *Person) place(i int, column string) string {
	if p.cell != nil {
		return p.cell(column)
	}
	return fmt.Sprintf("people[%d].%s", i, column)
}

// complete is the same with its last day; a period that is none is refused.
func (n *NewCampaign) complete(now time.Time) (*NewCampaign, error) {
	var f faults
	out := *n
	month, err := time.ParseInLocation("2006-01", n.Period, yinzheng.Zone)
	if err != nil || month.Format("2006-01") != n.Period || month.Year() < now.Year()-1 || month.Year() > now.Year()+1 {
		f.add("period", "month", "请填写月份，如 2026-11，最多前后一年", "Please give a month, such as 2026-11, at most a year away")
		return nil, f.err()
	}
	if n.Until == "" {
		out.Until = max(month.AddDate(0, 1, -1).Format(time.DateOnly), dayOf(now))
	}
	today := dayOf(now)
	if !isDay(out.Until) || out.Until < today || out.Until > dayOf(now.AddDate(1, 0, 0)) {
		f.add("until", "day", "请填写今天以后、一年以内的日期，如 2026-11-30", "Please give a day to come, within a year, such as 2026-11-30")
	}
	if len(n.People) > maxPeople {
		f.add("people", "count", fmt.Sprintf("最多 %d 人，请分几次核验", maxPeople), fmt.Sprintf("At most %d people; please check them in several campaigns", maxPeople))
	}
	return &out, f.err()
}

// title is a campaign in words, for papers.
func (c *Campaign) title(item yinzheng.Text) string {
	year, month, _ := strings.Cut(c.Period, "-")
	return item.ZH + "　" + year + "年" + strings.TrimPrefix(month, "0") + "月"
}
