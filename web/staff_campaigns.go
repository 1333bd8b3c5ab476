package web

import (
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"yinzheng"
	"yinzheng/campaign"
	"yinzheng/receipt"
)

// campaignRoutes lists the addresses of the pages about campaigns.
func (s *server) campaignRoutes() map[string]func(*visit) error {
	const all, one = "/work/campaigns", "/work/campaigns/{campaign}"
	return map[string]func(*visit) error{
		"GET " + all:                       s.campaignsPage,
		"GET " + all + "/new":              s.newCampaignPage,
		"POST " + all + "/new":             s.newCampaignForm,
		"POST " + all + "/import":          s.campaignListForm,
		"GET " + one:                       s.campaignPage,
		"POST " + one:                      s.campaignForm,
		"GET " + one + "/roster":           s.rosterPage,
		"POST " + one + "/roster":          s.rosterForm,
		"POST " + one + "/find":            s.findOnRoster,
		"GET " + one + "/roster.csv":       s.rosterFile,
		"GET " + one + "/roster.pdf":       s.rosterFile,
		"GET " + one + "/people/{number}":  s.holderPage,
		"POST " + one + "/people/{number}": s.holderForm,
	}
}

// campaignLine is a campaign in the list, with how far it is while it runs.
type campaignLine struct {
	*campaign.Campaign
	Total *campaign.Counts
}

// campaignsView is the list.
type campaignsView struct {
	Lines    []campaignLine
	MayStart bool
}

// maxCampaigns is how many the list shows: several years of an office's.
const maxCampaigns = 100

func (s *server) campaignsPage(v *visit) error {
	list, err := s.Campaigns.List(v.Context(), v.by)
	if err != nil {
		return err
	}
	view := &campaignsView{MayStart: s.Campaigns.MayStart(v.by, "") == nil}
	for _, c := range list[:min(len(list), maxCampaigns)] {
		line := campaignLine{Campaign: c}
		if c.State == campaign.Running {
			one, err := s.Campaigns.View(v.Context(), v.by, c.ID)
			if err != nil {
				return err
			}
			line.Total = &one.Progress.Total
		}
		view.Lines = append(view.Lines, line)
	}
	return s.draw(v, http.StatusOK, "staff-campaigns", yinzheng.Text{ZH: "生存核验", EN: "Campaigns"}, view)
}

// newCampaignView is the form of a new campaign, and then its report.
type newCampaignView struct {
	Items   []yinzheng.Option
	Offices []string
	Form    url.Values
	Digest  string // of the file that the report is of; "": it is of the holders
	Report  *campaign.CampaignView
	Places  []campaign.Place
	Faults  []yinzheng.FieldError
}

// campaignFields are the fields of the form.
var campaignFields = []string{"item", "office", "period", "until", "key"}

func (s *server) newCampaignPage(v *visit) error {
	if err := s.Campaigns.MayStart(v.by, ""); err != nil {
		return err
	}
	month := s.Service.Now().In(yinzheng.Zone).Format("2006-01")
	return s.drawNewCampaign(v, http.StatusOK, &newCampaignView{Form: url.Values{"period": {month}, "key": {rand.Text()}}})
}

func (s *server) drawNewCampaign(v *visit, status int, view *newCampaignView) error {
	for _, t := range s.Service.Catalogue() {
		if _, err := s.Service.Offered(t.Code); err == nil {
			view.Items = append(view.Items, yinzheng.Option{Value: t.Code, Label: t.Name})
		}
	}
	for _, g := range v.by.InForce(s.Service.Now()) {
		if s.Campaigns.MayStart(v.by, g.Office) == nil && !slices.Contains(view.Offices, g.Office) {
			view.Offices = append(view.Offices, g.Office)
		}
	}
	return s.draw(v, status, "staff-campaign-new", newCampaignTitle, view)
}

var newCampaignTitle = yinzheng.Text{ZH: "发起核验", EN: "Start a campaign"}

// newCampaignForm starts a campaign over all holders, once its report was seen.
func (s *server) newCampaignForm(v *visit) error {
	view := &newCampaignView{Form: v.PostForm}
	err := s.startCampaignOf(v, view, nil, v.PostForm.Get("then") == "start")
	if view.Faults = formFaults(err); view.Faults != nil {
		return s.drawNewCampaign(v, http.StatusUnprocessableEntity, view)
	}
	return err
}

// campaignListForm does so over the people of a file.
func (s *server) campaignListForm(v *visit) error {
	if err := s.Campaigns.MayStart(v.by, ""); err != nil { // before a large file is read
		return err
	}
	again := func(v *visit, status int, f *importForm) error {
		return s.drawNewCampaign(v, status, &newCampaignView{Form: f.Sent, Faults: f.Faults[:min(len(f.Faults), maxListed)]})
	}
	return s.importing(v, campaignFields, again, func(f *importForm) error {
		people, err := campaign.ReadPeople(f.file)
		if err != nil {
			return err
		}
		return asFaults(s.startCampaignOf(v, &newCampaignView{Form: f.Sent, Digest: f.Digest}, people, f.Decides))
	})
}

// maxListed is how many faults of a file a page lists: more have one cause.
const maxListed = 100

// startCampaignOf shows what a campaign would be, or starts it. The key of the
// form keeps a second click from starting another.
func (s *server) startCampaignOf(v *visit, view *newCampaignView, people []campaign.Person, decided bool) error {
	f := view.Form
	in := &campaign.NewCampaign{Item: f.Get("item"), Office: f.Get("office"), Period: f.Get("period"), Until: f.Get("until"), People: people}
	c, _, err := s.Campaigns.Start(v.Context(), v.by, in, f.Get("key"), !decided)
	if err != nil {
		return err
	}
	if decided {
		return v.see("/work/campaigns/"+c.ID, "campaign-start")
	}
	view.Report, view.Places = c, s.placesOf(c, "")
	return s.draw(v, http.StatusOK, "staff-campaign-report", yinzheng.Text{ZH: "将要核验的人", EN: "Who would be checked"}, view)
}

// formFaults lists what keeps a form from being accepted as it is, so that it is
// shown again; nil for any other error.
func formFaults(err error) []yinzheng.FieldError {
	if faults := faultsOf(err); faults != nil {
		return faults
	}
	var e *yinzheng.Error
	for _, kind := range []error{yinzheng.ErrState, yinzheng.ErrForbidden, yinzheng.ErrTooMany} {
		if errors.Is(err, kind) && errors.As(err, &e) {
			return []yinzheng.FieldError{{Field: "main", Text: e.Text}}
		}
	}
	return nil
}

// asFaults has what keeps a form from being accepted shown with it.
func asFaults(err error) error {
	if faults := formFaults(err); faults != nil {
		return &yinzheng.Error{Kind: yinzheng.ErrInvalid, Text: kinds["invalid"], Fields: faults}
	}
	return err
}

// campaignView is the page of a campaign.
type campaignView struct {
	*campaign.CampaignView
	Within string // the town whose villages are shown; "": all
	Towns  bool   // places are towns, each of which can be opened
	Places []campaign.Place
	Bulks  []bulkView // cases of it that wait for whoever reads it
	Events []campaignEvent
	Faults []yinzheng.FieldError
	Tried  string
	Form   url.Values
	Reads  bool // rosters are for this person
}

// figure is how many of a campaign have one outcome.
type figure struct {
	Outcome campaign.Outcome
	Count   int
	Tone    string
}

// Figures are the outcomes that the page counts.
func (c *campaignView) Figures() []figure {
	n := &c.Progress.Total
	out := []figure{{campaign.Open, n.Open, ""}, {campaign.Present, n.Present, ""}, {campaign.Absent, n.Absent, ""}, {campaign.Dead, n.Dead, ""}}
	if n.Disputed > 0 {
		out = append(out, figure{campaign.Disputed, n.Disputed, "bad"})
	}
	return out
}

// campaignEvent is an act in its history.
type campaignEvent struct {
	campaign.CampaignAct
	What yinzheng.Text
	Name string
}

// campaignActs are the acts on campaigns in words.
var campaignActs = map[campaign.Kind]yinzheng.Text{
	campaign.Start:  {ZH: "发起", EN: "Started"},
	campaign.Make:   {ZH: "生成本月办件", EN: "Cases of the month ordered"},
	campaign.Remind: {ZH: "提醒未核完的单位", EN: "Those who have not finished were reminded"},
	campaign.End:    {ZH: "办结", EN: "Ended"},
	campaign.Cancel: {ZH: "取消", EN: "Cancelled"},
}

func (s *server) campaignPage(v *visit) error {
	return s.drawCampaign(v, http.StatusOK, &campaignView{Form: url.Values{}})
}

func (s *server) drawCampaign(v *visit, status int, view *campaignView) error {
	c, err := s.Campaigns.View(v.Context(), v.by, v.PathValue("campaign"))
	if err != nil {
		return err
	}
	view.CampaignView, view.Within = c, v.URL.Query().Get("in")
	view.Places, view.Towns = s.placesOf(c, view.Within), s.spansTowns(c) && view.Within == ""
	_, holds := s.posts(v.by)
	view.Reads = (holds[yinzheng.Clerk] || holds[yinzheng.Approver]) && !view.Erased
	if holds[yinzheng.Approver] && !view.Erased {
		if view.Bulks, err = s.campaignBulks(v, c); err != nil {
			return err
		}
	}
	for _, a := range c.Acts {
		view.Events = append(view.Events, campaignEvent{a, campaignActs[a.Kind], s.calledPerson(v, a.By)})
	}
	slices.Reverse(view.Events)
	return s.draw(v, status, "staff-campaign", c.ItemName, view)
}

// spansTowns tells whether a campaign's places lie in several towns.
func (s *server) spansTowns(c *campaign.CampaignView) bool {
	d := s.Service.Directory()
	at := d.Division(d.DivisionNow(c.Division))
	return at != nil && at.Level != yinzheng.Village && at.Level != yinzheng.Town
}

// placesOf are the places of a campaign: its towns where it spans several, or the
// villages of one.
func (s *server) placesOf(c *campaign.CampaignView, within string) []campaign.Place {
	d := s.Service.Directory()
	if within != "" {
		return slices.DeleteFunc(slices.Clone(c.Progress.Places), func(p campaign.Place) bool { return !d.Within(p.Division, within) })
	}
	if !s.spansTowns(c) {
		return c.Progress.Places
	}
	return c.Progress.Sum(func(p *campaign.Place) (code, name string) {
		if town := d.At(p.Division, yinzheng.Town); town != nil {
			return town.Code, town.Name
		}
		return p.Division, p.Name
	})
}

// campaignBulks are the steps at which cases of a campaign wait for somebody.
func (s *server) campaignBulks(v *visit, c *campaign.CampaignView) ([]bulkView, error) {
	entries, _, err := s.Campaigns.Entries(v.Context(), v.by, c.ID, campaign.EntryQuery{Case: yinzheng.Submitted, Limit: yinzheng.MaxAtOnce})
	if err != nil {
		return nil, err
	}
	var out []bulkView
	seen := map[string]bool{}
	for _, e := range entries {
		if e.Case == nil || seen[e.Case.Step] {
			continue
		}
		seen[e.Case.Step] = true
		waits, err := s.Service.Waits(v.Context(), v.by, []yinzheng.QueueEntry{{ID: e.Case.ID}})
		if err != nil {
			return nil, err
		}
		if waits[0].Mine {
			out = append(out, bulkView{bulk: bulk{c.Item, waits[0].Template, e.Case.Step}, Name: waits[0].Step})
		}
	}
	return out, nil
}

// campaignForm orders the cases, ends a campaign or cancels it.
func (s *server) campaignForm(v *visit) error {
	f := v.PostForm
	c, err := s.Campaigns.Act(v.Context(), v.by, v.PathValue("campaign"), v.seen(), campaign.Kind(f.Get("act")), f.Get("opinion"))
	if faults := faultsOf(err); faults != nil {
		return s.drawCampaign(v, http.StatusUnprocessableEntity, &campaignView{Faults: faults, Tried: f.Get("act"), Form: f})
	}
	if err != nil {
		return changed(err)
	}
	return v.see("/work/campaigns/"+c.ID, "campaign-"+f.Get("act"))
}

// OutcomeName names an outcome.
func (d *desk) OutcomeName(x campaign.Outcome) string { return d.T(outcomeNames[x]) }

var outcomeNames = map[campaign.Outcome]yinzheng.Text{
	campaign.Open:     {ZH: "未核", EN: "Not yet"},
	campaign.Present:  {ZH: "健在", EN: "Present"},
	campaign.Absent:   {ZH: "不在", EN: "Absent"},
	campaign.Dead:     {ZH: "去世", EN: "Dead"},
	campaign.Disputed: {ZH: "有出入", EN: "In dispute"},
}

// Plain is a day as it is kept (2026-11-30) in the page's language.
func (d *desk) Plain(text string) string {
	t, err := time.ParseInLocation(time.DateOnly, text, yinzheng.Zone)
	if err != nil {
		return text
	}
	return receipt.Day(t, d.Lang)
}

// Share is how much of a whole is done, in percent.
func (d *desk) Share(done, of int) string {
	if of == 0 {
		return "0"
	}
	return strconv.Itoa(100 * done / of)
}
