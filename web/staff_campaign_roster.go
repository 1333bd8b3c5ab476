package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"yinzheng"
	"yinzheng/campaign"
)

// rosterView is the people of a campaign in somebody's area.
type rosterView struct {
	*campaign.CampaignView
	rosterQuery
	Tabs   []rosterTab
	Lines  []campaign.EntryView
	Next   string // address of the next page
	After  int    // where a search goes on
	Sought string
	sightingForm
	Chosen map[string]bool
}

// rosterQuery is which of them are shown.
type rosterQuery struct {
	Division string
	Outcome  campaign.Outcome
	after    int
}

// Query of an address that shows them.
func (q rosterQuery) Query() string {
	values := url.Values{}
	for name, value := range map[string]string{"division": q.Division, "outcome": string(q.Outcome)} {
		if value != "" {
			values.Set(name, value)
		}
	}
	if q.after > 0 {
		values.Set("after", strconv.Itoa(q.after))
	}
	if len(values) == 0 {
		return ""
	}
	return "?" + values.Encode()
}

// rosterTab is the people of one outcome.
type rosterTab struct {
	Name    yinzheng.Text
	Count   int
	Query   string
	Current bool
}

// sightingForm is the form by which it is entered what was seen of somebody.
type sightingForm struct {
	Enters bool // a clerk, while the campaign runs
	Form   url.Values
	Faults []yinzheng.FieldError
}

func rosterQueryOf(q url.Values) rosterQuery {
	after, err := strconv.Atoi(q.Get("after"))
	if err != nil {
		after = 0 // from the first
	}
	return rosterQuery{q.Get("division"), campaign.Outcome(q.Get("outcome")), after}
}

func (s *server) rosterPage(v *visit) error {
	return s.drawRoster(v, http.StatusOK, &rosterView{rosterQuery: rosterQueryOf(v.URL.Query()), sightingForm: s.sighting()})
}

// findOnRoster is posted: a name stands in no address.
func (s *server) findOnRoster(v *visit) error {
	view := &rosterView{rosterQuery: rosterQueryOf(v.PostForm), Sought: v.PostForm.Get("q"), sightingForm: s.sighting()}
	return s.drawRoster(v, http.StatusOK, view)
}

// sighting is the form as it begins: seen today, by phone.
func (s *server) sighting() sightingForm {
	return sightingForm{Form: url.Values{"day": {s.Service.Now().In(yinzheng.Zone).Format(time.DateOnly)}, "how": {campaign.ByPhone}}}
}

func (s *server) drawRoster(v *visit, status int, view *rosterView) error {
	c, err := s.Campaigns.View(v.Context(), v.by, v.PathValue("campaign"))
	if err != nil {
		return err
	}
	view.CampaignView, view.Enters = c, s.enters(v, c.Campaign)
	if view.Division == "" && len(c.Progress.Places) == 1 {
		view.Division = c.Progress.Places[0].Division
	}
	view.Tabs = s.rosterTabs(c, view.rosterQuery)
	list, next, err := s.Campaigns.Entries(v.Context(), v.by, c.ID, campaign.EntryQuery{
		Division: view.Division, Outcome: view.Outcome, Name: view.Sought, After: view.after, Limit: pageLines,
	})
	if err != nil {
		return err
	}
	view.Lines = list
	switch {
	case next > 0 && view.Sought != "":
		view.After = next
	case next > 0:
		view.Next = "/work/campaigns/" + c.ID + "/roster" + rosterQuery{view.Division, view.Outcome, next}.Query()
	}
	return s.draw(v, status, "staff-roster", yinzheng.Text{ZH: "名单", EN: "Roster"}, view)
}

// enters tells whether somebody is shown the form to enter what they saw; whose
// entries are theirs the domain says.
func (s *server) enters(v *visit, c *campaign.Campaign) bool {
	_, holds := s.posts(v.by)
	return holds[yinzheng.Clerk] && c.State == campaign.Running
}

func (s *server) rosterTabs(c *campaign.CampaignView, q rosterQuery) []rosterTab {
	var n campaign.Counts
	for _, p := range c.Progress.Places {
		if q.Division == "" || s.Service.Directory().Within(p.Division, q.Division) {
			n.Join(&p.Counts)
		}
	}
	tab := func(x campaign.Outcome, name yinzheng.Text, count int) rosterTab {
		return rosterTab{name, count, rosterQuery{q.Division, x, 0}.Query(), x == q.Outcome}
	}
	out := []rosterTab{tab("", yinzheng.Text{ZH: "全部", EN: "All"}, n.People)}
	for _, x := range []struct {
		outcome campaign.Outcome
		count   int
	}{{campaign.Open, n.Open}, {campaign.Present, n.Present}, {campaign.Absent, n.Absent}, {campaign.Dead, n.Dead}, {campaign.Disputed, n.Disputed}} {
		out = append(out, tab(x.outcome, outcomeNames[x.outcome], x.count))
	}
	return out
}

// sightingsOf reads what a form says was seen of those who were ticked. Of what
// stands in it, an outcome takes what belongs to it; the rest is hidden where
// scripts run.
func sightingsOf(f url.Values) []campaign.Sighting {
	x := campaign.Sighting{Outcome: campaign.EntryKind(f.Get("outcome_seen"))}
	switch x.Outcome {
	case campaign.SeenAbsent:
		x.FollowUp = f.Get("follow_up")
		fallthrough
	case campaign.SeenPresent:
		x.How, x.Day, x.SeenBy = f.Get("how"), f.Get("day"), f.Get("seen_by")
	case campaign.SeenDead:
		x.DiedOn, x.Source = f.Get("died_on"), f.Get("source")
	}
	if x.Outcome == campaign.SeenAbsent || x.Outcome == campaign.Reopened {
		x.Reason = f.Get("reason")
	}
	out := make([]campaign.Sighting, 0, len(f["entry"]))
	for _, box := range f["entry"] {
		entry, version, _ := strings.Cut(box, ":")
		n, err := strconv.Atoi(entry)
		if err != nil {
			continue // no box of ours
		}
		seen, err := strconv.Atoi(version)
		if err != nil {
			seen = -1 // no version that there is
		}
		x.Entry, x.Version = n, seen
		out = append(out, x)
	}
	return out
}

// enteredView is what became of some sightings, some of which were refused.
type enteredView struct {
	*campaign.CampaignView
	Query   string
	Done    int
	Refused []refusedEntry
}

type refusedEntry struct {
	Number int
	Name   string
	Why    yinzheng.Text
}

// enterSeen enters what a form says. faults are what is wrong with the form: then
// nothing was entered.
func (s *server) enterSeen(v *visit) (rows []campaign.Entered, faults []yinzheng.FieldError, err error) {
	sightings := sightingsOf(v.PostForm)
	switch {
	case len(sightings) == 0:
		return nil, []yinzheng.FieldError{{Field: "people", Text: yinzheng.Text{ZH: "请先在名单上勾选", EN: "Please tick people on the roster first"}}}, nil
	case len(sightings) > 1 && sightings[0].Outcome == campaign.SeenDead:
		return nil, []yinzheng.FieldError{{Field: "people", Text: yinzheng.Text{ZH: "去世的请逐人登记：每个人的日期和依据不同", EN: "Please enter deaths one by one: each has its own day and source"}}}, nil
	}
	rows, err = s.Campaigns.Enter(context.WithoutCancel(v.Context()), v.by, v.PathValue("campaign"), sightings)
	if err != nil {
		return nil, faultsOf(err), err
	}
	for i := range rows {
		if faultsOf(rows[i].Err) == nil {
			return rows, nil, nil
		}
	}
	return rows, faultsOf(rows[0].Err), nil // the same of each: they were said the same of
}

// rosterForm enters what was seen of those who were ticked.
func (s *server) rosterForm(v *visit) error {
	q := rosterQueryOf(v.PostForm)
	rows, faults, err := s.enterSeen(v)
	if faults != nil {
		view := &rosterView{rosterQuery: q, Sought: v.PostForm.Get("q"), sightingForm: sightingForm{Form: v.PostForm, Faults: faults}, Chosen: map[string]bool{}}
		for _, box := range v.PostForm["entry"] {
			view.Chosen[box] = true
		}
		return s.drawRoster(v, http.StatusUnprocessableEntity, view)
	}
	if err != nil {
		return err
	}
	back := "/work/campaigns/" + v.PathValue("campaign") + "/roster" + q.Query()
	return s.enteredRows(v, rows, back)
}

// enteredRows goes back to where it was entered from or, where some were refused,
// says why.
func (s *server) enteredRows(v *visit, rows []campaign.Entered, back string) error {
	view := &enteredView{Query: back}
	for _, row := range rows {
		if row.Err == nil {
			view.Done++
			continue
		}
		x := refusedEntry{Number: row.Entry, Why: faultOf(changed(row.Err)).text}
		switch e, err := s.Campaigns.Entry(v.Context(), v.by, v.PathValue("campaign"), row.Entry); {
		case err == nil:
			x.Name = e.Name
		case !errors.Is(err, yinzheng.ErrNotFound): // of another area by now: its name is not theirs to know
			return err
		}
		view.Refused = append(view.Refused, x)
	}
	if view.Refused == nil {
		return v.see(back, "entered")
	}
	var err error
	if view.CampaignView, err = s.Campaigns.View(v.Context(), v.by, v.PathValue("campaign")); err != nil {
		return err
	}
	return s.draw(v, http.StatusConflict, "staff-entered", yinzheng.Text{ZH: "有几人没有登记上", EN: "Some were not entered"}, view)
}

// rosterFile is the roster of a place, as a table or to be printed.
func (s *server) rosterFile(v *visit) error {
	id, division := v.PathValue("campaign"), v.URL.Query().Get("division")
	format := v.URL.Path[strings.LastIndexByte(v.URL.Path, '.')+1:]
	p, err := s.Campaigns.Paper(v.Context(), v.by, id, division, format)
	if err != nil {
		return err
	}
	media, content := csvType, p.CSV
	if format == "pdf" {
		media, content = "application/pdf", func() ([]byte, error) { return s.Campaigns.PDF(p) }
	}
	b, err := content()
	if err != nil {
		return err
	}
	v.download(media, "campaign-"+id+"-"+division+"."+format, b)
	return nil
}

// download gives a file to keep.
func (v *visit) download(media, name string, content []byte) {
	v.w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	writeBody(v.w, http.StatusOK, media, content)
}

// holderView is one holder on a roster, with everything that was entered.
type holderView struct {
	*campaign.CampaignView
	Holder *campaign.EntryView
	Events []holderEvent
	sightingForm
}

type holderEvent struct {
	campaign.EntryAct
	What yinzheng.Text
}

// entryActs are the acts on an entry in words.
var entryActs = map[campaign.EntryKind]yinzheng.Text{
	campaign.SeenPresent: {ZH: "登记为健在", EN: "Seen present"},
	campaign.SeenAbsent:  {ZH: "登记为不在", EN: "Absent"},
	campaign.SeenDead:    {ZH: "登记为去世", EN: "Dead"},
	campaign.Reopened:    {ZH: "更正为未核", EN: "Corrected to not yet"},
	campaign.Died:        {ZH: "登记簿载明去世", EN: "Dead by a register"},
	campaign.NotDied:     {ZH: "登记簿更正：未去世", EN: "The register took the death back"},
	campaign.Moved:       {ZH: "登记簿载明迁出", EN: "Moved, by a register"},
	campaign.CaseMade:    {ZH: "生成办件", EN: "The case was made"},
	campaign.CaseNever:   {ZH: "未能生成办件", EN: "No case could be made"},
}

func (s *server) holderPage(v *visit) error {
	return s.drawHolder(v, http.StatusOK, &holderView{sightingForm: s.sighting()})
}

func (s *server) drawHolder(v *visit, status int, view *holderView) error {
	number, err := strconv.Atoi(v.PathValue("number"))
	if err != nil {
		number = 0 // nobody has it
	}
	if view.Holder, err = s.Campaigns.Entry(v.Context(), v.by, v.PathValue("campaign"), number); err != nil {
		return err
	}
	if view.CampaignView, err = s.Campaigns.View(v.Context(), v.by, v.PathValue("campaign")); err != nil {
		return err
	}
	view.Enters = s.enters(v, view.Campaign)
	for _, a := range view.Holder.Acts {
		view.Events = append([]holderEvent{{a, entryActs[a.Kind]}}, view.Events...)
	}
	return s.draw(v, status, "staff-holder", yinzheng.Text{ZH: view.Holder.Name, EN: view.Holder.Name}, view)
}

// holderForm enters what was seen of one holder.
func (s *server) holderForm(v *visit) error {
	rows, faults, err := s.enterSeen(v)
	if faults != nil {
		return s.drawHolder(v, http.StatusUnprocessableEntity, &holderView{sightingForm: sightingForm{Form: v.PostForm, Faults: faults}})
	}
	if err != nil {
		return err
	}
	return s.enteredRows(v, rows, "/work/campaigns/"+v.PathValue("campaign")+"/people/"+v.PathValue("number"))
}
