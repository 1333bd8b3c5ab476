package campaign

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"yinzheng"
)

var started = time.Date(2026, 11, 2, 1, 0, 0, 0, time.UTC)

func running() *Campaign {
	return (&Campaign{ID: "C1"}).after(&CampaignAct{Kind: Start, At: started, Item: "survival", Period: "2026-11", Office: "town", Division: "441302001000", Until: "2026-11-30", People: 3})
}

// told is what an error says, field by field, or its kind.
func told(err error) []string {
	var e *yinzheng.Error
	if !errors.As(err, &e) {
		return nil
	}
	if len(e.Fields) == 0 {
		return []string{e.Kind.Error()}
	}
	var out []string
	for _, f := range e.Fields {
		if f.Text.ZH == "" || f.Text.EN == "" {
			out = append(out, f.Field+" says nothing")
		}
		out = append(out, f.Field+" "+f.Code)
	}
	return out
}

func TestCampaignCheck(t *testing.T) {
	ended := running().after(&CampaignAct{Kind: End, At: started})
	long := string(slices.Repeat([]rune("长"), maxOpinion+1))
	for name, c := range map[string]struct {
		c    *Campaign
		a    CampaignAct
		want []string
	}{
		"make":                  {running(), CampaignAct{Kind: Make}, nil},
		"end":                   {running(), CampaignAct{Kind: End}, nil},
		"cancel":                {running(), CampaignAct{Kind: Cancel, Opinion: "名单有误"}, nil},
		"cancel without reason": {running(), CampaignAct{Kind: Cancel}, []string{"opinion required"}},
		"a long opinion":        {running(), CampaignAct{Kind: End, Opinion: long}, []string{"opinion too-long"}},
		"a control character":   {running(), CampaignAct{Kind: End, Opinion: "a\tb"}, []string{"opinion control"}},
		"the system's":          {running(), CampaignAct{Kind: Remind}, []string{"action choice"}},
		"start again":           {running(), CampaignAct{Kind: Start}, []string{"action choice"}},
		"ended twice":           {ended, CampaignAct{Kind: End}, []string{"state"}},
		"make after the end":    {ended, CampaignAct{Kind: Make}, []string{"state"}},
	} {
		if d := cmp.Diff(c.want, told(c.c.check(&c.a, false))); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

func TestNewCampaign(t *testing.T) {
	for name, c := range map[string]struct {
		in    NewCampaign
		want  []string
		until string
	}{
		"the month's end":     {NewCampaign{Period: "2026-11"}, nil, "2026-11-30"},
		"a month before":      {NewCampaign{Period: "2026-10"}, nil, "2026-11-02"},
		"a day":               {NewCampaign{Period: "2026-11", Until: "2026-11-20"}, nil, "2026-11-20"},
		"today":               {NewCampaign{Period: "2026-11", Until: "2026-11-02"}, nil, "2026-11-02"},
		"yesterday":           {NewCampaign{Period: "2026-11", Until: "2026-11-01"}, []string{"until day"}, ""},
		"no such day":         {NewCampaign{Period: "2026-11", Until: "2026-11-31"}, []string{"until day"}, ""},
		"far away":            {NewCampaign{Period: "2026-11", Until: "2027-11-03"}, []string{"until day"}, ""},
		"no month":            {NewCampaign{}, []string{"period month"}, ""},
		"no such month":       {NewCampaign{Period: "2026-13"}, []string{"period month"}, ""},
		"a month far away":    {NewCampaign{Period: "2028-01"}, []string{"period month"}, ""},
		"too many for a list": {NewCampaign{Period: "2026-11", People: make([]Person, maxPeople+1)}, []string{"people count"}, ""},
	} {
		in, err := c.in.complete(started)
		if d := cmp.Diff(c.want, told(err)); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
		if err == nil && in.Until != c.until {
			t.Errorf("%s: until %s", name, in.Until)
		}
	}
}

func TestReminder(t *testing.T) {
	type state struct {
		reminded string
		dueSoon  bool
	}
	for name, c := range map[string]struct {
		day       string
		open, due int
		was       state
		want      *CampaignAct
	}{
		"nothing":                      {"2026-11-10", 3, 0, state{}, nil},
		"look again":                   {"2026-11-10", 3, 1, state{}, &CampaignAct{Kind: Remind, Day: "2026-11-10"}},
		"look again, said today":       {"2026-11-10", 3, 1, state{"2026-11-10", false}, nil},
		"look again, said yesterday":   {"2026-11-10", 3, 1, state{"2026-11-09", false}, &CampaignAct{Kind: Remind, Day: "2026-11-10"}},
		"the day before the end nears": {"2026-11-26", 3, 0, state{}, nil},
		"the end nears":                {"2026-11-27", 3, 0, state{}, &CampaignAct{Kind: Remind, Day: "2026-11-27", DueSoon: true}},
		"the end is over":              {"2026-12-09", 3, 0, state{}, &CampaignAct{Kind: Remind, Day: "2026-12-09", DueSoon: true}},
		"the end nears, all is done":   {"2026-11-27", 0, 0, state{}, nil},
		"the end nears, it was said":   {"2026-11-28", 3, 0, state{"2026-11-27", true}, nil},
		"both":                         {"2026-11-28", 3, 1, state{"2026-11-27", true}, &CampaignAct{Kind: Remind, Day: "2026-11-28"}},
	} {
		x := running()
		x.Reminded, x.DueSoon = c.was.reminded, c.was.dueSoon
		if d := cmp.Diff(c.want, x.reminder(c.day, c.open, c.due)); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
		if over := x.after(&CampaignAct{Kind: End}); over.reminder(c.day, 3, 3) != nil {
			t.Errorf("%s: reminded after the end", name)
		}
	}
}

func TestEntryCheck(t *testing.T) {
	const today = "2026-11-20"
	made := &Entry{Number: 1, Application: "A1"}
	died := &Entry{Number: 1, Application: "A1", Seen: &EntryAct{Kind: SeenDead}}
	for name, c := range map[string]struct {
		e    *Entry
		made yinzheng.State
		a    EntryAct
		want []string
	}{
		"present":              {&Entry{}, "", EntryAct{Kind: SeenPresent, How: ByPhone, Day: today}, nil},
		"present, earlier":     {&Entry{}, "", EntryAct{Kind: SeenPresent, How: ByVisit, Day: "2026-11-01", SeenBy: "网格员"}, nil},
		"before the period":    {&Entry{}, "", EntryAct{Kind: SeenPresent, How: ByVisit, Day: "2026-10-31"}, []string{"day day"}},
		"tomorrow":             {&Entry{}, "", EntryAct{Kind: SeenPresent, How: ByVisit, Day: "2026-11-21"}, []string{"day day"}},
		"no way, no day":       {&Entry{}, "", EntryAct{Kind: SeenPresent}, []string{"how choice", "day day"}},
		"present with a death": {&Entry{}, "", EntryAct{Kind: SeenPresent, How: ByPhone, Day: today, DiedOn: today, Source: "x", FollowUp: today, Reason: "x"}, []string{"reason not-applicable", "follow_up not-applicable", "died_on not-applicable", "source not-applicable"}},
		"absent":               {&Entry{}, "", EntryAct{Kind: SeenAbsent, How: ByVisit, Day: today, Reason: "外出", FollowUp: "2026-11-30"}, nil},
		"absent, no reason":    {&Entry{}, "", EntryAct{Kind: SeenAbsent, How: ByVisit, Day: today, FollowUp: today}, []string{"reason required"}},
		"followed up too late": {&Entry{}, "", EntryAct{Kind: SeenAbsent, How: ByVisit, Day: today, Reason: "外出", FollowUp: "2026-12-01"}, []string{"follow_up day"}},
		"followed up before":   {&Entry{}, "", EntryAct{Kind: SeenAbsent, How: ByVisit, Day: today, Reason: "外出", FollowUp: "2026-11-19"}, []string{"follow_up day"}},
		"dead":                 {&Entry{}, "", EntryAct{Kind: SeenDead, DiedOn: "2026-10-01", Source: "家属告知"}, nil},
		"dead, who says so":    {&Entry{}, "", EntryAct{Kind: SeenDead, DiedOn: today}, []string{"source required"}},
		"dead tomorrow":        {&Entry{}, "", EntryAct{Kind: SeenDead, DiedOn: "2026-11-21", Source: "x"}, []string{"died_on day"}},
		"open":                 {&Entry{}, "", EntryAct{Kind: Reopened, Reason: "登记错了人"}, nil},
		"open, no reason":      {&Entry{}, "", EntryAct{Kind: Reopened}, []string{"reason required"}},
		"the register's":       {&Entry{}, "", EntryAct{Kind: Died, DiedOn: today}, []string{"outcome choice", "died_on not-applicable"}},
		"the case is there":    {made, yinzheng.Submitted, EntryAct{Kind: Reopened, Reason: "登记错了人"}, []string{"state"}},
		"present twice":        {made, yinzheng.Submitted, EntryAct{Kind: SeenPresent, How: ByPhone, Day: today}, []string{"state"}},
		"the case has ended":   {made, yinzheng.Withdrawn, EntryAct{Kind: SeenPresent, How: ByPhone, Day: today}, nil},
		"dead, with a case":    {made, yinzheng.Submitted, EntryAct{Kind: SeenDead, DiedOn: today, Source: "家属告知"}, nil},
		"case was rejected":    {made, yinzheng.Rejected, EntryAct{Kind: SeenPresent, How: ByPhone, Day: today}, nil},
		"issued":               {made, yinzheng.Issued, EntryAct{Kind: SeenPresent, How: ByPhone, Day: today}, []string{"state"}},
		"issued, not dead":     {died, yinzheng.Issued, EntryAct{Kind: SeenPresent, How: ByPhone, Day: today}, nil},
		"issued, not seen":     {died, yinzheng.Issued, EntryAct{Kind: Reopened, Reason: "登记错了人"}, []string{"state"}},
		"halted, not dead":     {died, yinzheng.Returned, EntryAct{Kind: SeenPresent, How: ByPhone, Day: today}, []string{"state"}},
	} {
		if d := cmp.Diff(c.want, told(c.e.check(running(), &c.a, today, c.made))); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
		if err := c.e.check(running().after(&CampaignAct{Kind: Cancel}), &c.a, today, c.made); err == nil {
			t.Errorf("%s: after the campaign was cancelled", name)
		}
	}
}

// TestLastFollowUp: whoever is away after the last day, too, can be entered.
func TestLastFollowUp(t *testing.T) {
	for today, want := range map[string]string{"2026-11-01": "2026-11-30", "2026-11-29": "2026-11-30", "2026-11-30": "2026-12-30", "2026-12-15": "2027-01-14"} {
		a := &EntryAct{Kind: SeenAbsent, How: ByVisit, Day: today, Reason: "外出", FollowUp: want}
		if got := running().lastFollowUp(today); got != want {
			t.Errorf("on %s until %s, want %s", today, got, want)
		}
		if err := (&Entry{}).check(running(), a, today, ""); err != nil {
			t.Errorf("on %s: %v", today, err)
		}
		if a.FollowUp = want + "0"; (&Entry{}).check(running(), a, today, "") == nil {
			t.Errorf("on %s: %s", today, a.FollowUp)
		}
	}
}

// TestOutcomes: what a register says of a death is not undone by a visit, and
// what people disagree on is neither present nor dead.
func TestOutcomes(t *testing.T) {
	here, away, wrong := EntryAct{Kind: SeenPresent}, EntryAct{Kind: SeenAbsent, FollowUp: "2026-11-20"}, EntryAct{Kind: Reopened}
	dead, register := EntryAct{Kind: SeenDead, DiedOn: "2026-11-03", Source: "家属告知"}, EntryAct{Kind: Died, DiedOn: "2026-11-02", Source: "死亡登记"}
	for name, c := range map[string]struct {
		acts []EntryAct
		want Outcome
		on   string
	}{
		"nobody came":                 {nil, Open, ""},
		"here":                        {[]EntryAct{here}, Present, ""},
		"away":                        {[]EntryAct{away}, Absent, ""},
		"away, then here":             {[]EntryAct{away, here}, Present, ""},
		"here, but wrongly":           {[]EntryAct{here, wrong}, Open, ""},
		"dead":                        {[]EntryAct{dead}, Dead, "2026-11-03"},
		"dead, but wrongly":           {[]EntryAct{dead, here}, Present, ""},
		"a register":                  {[]EntryAct{register}, Dead, "2026-11-02"},
		"here, then a register":       {[]EntryAct{here, register}, Disputed, "2026-11-02"},
		"a register, then here":       {[]EntryAct{register, here}, Disputed, "2026-11-02"},
		"away, then a register":       {[]EntryAct{away, register}, Dead, "2026-11-02"},
		"disputed, then dead":         {[]EntryAct{here, register, dead}, Dead, "2026-11-02"},
		"dead, then a register":       {[]EntryAct{dead, register}, Dead, "2026-11-02"},
		"a register, then opened":     {[]EntryAct{register, here, wrong}, Dead, "2026-11-02"},
		"a register took it back":     {[]EntryAct{register, {Kind: NotDied}}, Open, ""},
		"dead, and a register errs":   {[]EntryAct{dead, register, {Kind: NotDied}}, Dead, "2026-11-03"},
		"disputed, then taken back":   {[]EntryAct{here, register, {Kind: NotDied}}, Present, ""},
		"a register that is mistaken": {[]EntryAct{register, {Kind: Died, DiedOn: "2026-11-04"}}, Dead, "2026-11-04"},
	} {
		e := &Entry{}
		for i := range c.acts {
			e = e.after(&c.acts[i])
		}
		on := ""
		if e.Death != nil {
			on = e.Death.On
		}
		if e.Outcome() != c.want || on != c.on || e.Version != len(c.acts) {
			t.Errorf("%s: %s, %q, version %d", name, e.Outcome(), on, e.Version)
		}
		if follow := e.followUp(); (follow != "") != (c.want == Absent) {
			t.Errorf("%s: looked at again by %q", name, follow)
		}
	}
}

// TestKeptIsFold: whatever is done to an entry, what is kept beside its acts is
// their fold, and acts before do not change.
func TestKeptIsFold(t *testing.T) {
	kinds := []EntryKind{SeenPresent, SeenAbsent, SeenDead, Reopened, Died, NotDied, Moved, CaseMade, CaseNever}
	rapid.Check(t, func(t *rapid.T) {
		first := &Entry{Number: 1, Division: "441302001001", Name: "王丽"}
		e, acts := first, []EntryAct{}
		for _, kind := range rapid.SliceOfN(rapid.SampledFrom(kinds), 0, 12).Draw(t, "acts") {
			a := EntryAct{Kind: kind, At: started, By: "u", Making: e.Version, Application: "A", Division: "441302001002", DiedOn: "2026-11-01", Why: &yinzheng.Text{ZH: "缺", EN: "missing"}}
			before, _ := json.Marshal(e)
			next := e.after(&a)
			if after, _ := json.Marshal(e); string(before) != string(after) {
				t.Fatalf("%s changed the entry before it", kind)
			}
			kept, err := next.kept()
			if err != nil {
				t.Fatal(err)
			}
			if e, err = decodeEntry(kept); err != nil {
				t.Fatal(err)
			}
			if kept.Outcome != string(e.Outcome()) || kept.Version != e.Version || kept.Application != e.Application || (kept.Tried > 0) != (e.Refused != nil && e.Refused.Making > 0) {
				t.Fatalf("kept as %+v, is %+v", kept, e)
			}
			acts = append(acts, a)
		}
		fold := first
		for i := range acts {
			fold = fold.after(&acts[i])
		}
		if d := cmp.Diff(fold, e); d != "" {
			t.Fatalf("(-fold +kept):\n%s", d)
		}
	})
}
