package yinzheng

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestMaterials: whatever is brought, promised, referred to and taken off, in
// whatever order, the case is the fold of its actions, nothing is approved without
// each material being met or promised, and no case waits for ever.
func TestMaterials(t *testing.T) {
	outcomes := map[string]int{}
	history := func(rt *rapid.T) {
		tpl := SampleTemplate()
		tpl.MendDays = 5
		tpl.Materials = []Material{
			{Key: "a", Text: both("甲"), Scan: true, Certificate: []string{"kin"}, Later: &Later{Days: 2, Issue: IssueWaits, Lapse: 2}},
			{Key: "b", Text: both("乙"), Scan: true, Later: &Later{Days: 3, Issue: IssueFlagged}, Commitment: &Commitment{both("{purpose}"), 4}},
			{Key: "c", Text: both("丙"), Scan: true, When: []Clause{{Field: "note", Is: "丙"}}, Later: &Later{Days: 1, Issue: IssueWaits, Lapse: 1}},
		}
		m := &materials{Case: &Case{&Application{ID: "CASE", Template: tpl.Ref()}, tpl, testDir, nil}, now: testNow, outcomes: outcomes}
		m.input = &Input{Division: testVillage, Applicant: Applicant{As: AsHolder}, Values: SampleValues()}
		m.input.Values["id"] = ID{Type: ResidentID, Number: idHolder}.Value()
		x := actionBy(m.clerk(), m.clerk().Grants[0], Create, m.now)
		x.Input = m.input
		m.Application = m.with(x)
		for range rapid.IntRange(1, 40).Draw(rt, "length") {
			before := m.Application
			substitutes, inspections := slices.Clone(before.Substitutes), slices.Clone(before.Inspections)
			m.step(rt)
			m.check(rt)
			if !reflect.DeepEqual(before.Substitutes, substitutes) || !reflect.DeepEqual(before.Inspections, inspections) {
				rt.Fatal("an act changed the case that it was called on")
			}
		}
		m.end(rt)
	}
	for range 10 { // a hundred of them each, and fast
		rapid.Check(t, history)
	}
	for _, name := range []string{"attach", "commit", "refer", "promise", "detach", "edit", "submit", "approve", "return", "fill", "issue", "past: remind", "past: overdue", "past: lapse", "past: escalate", "inspect", "held"} {
		if outcomes[name] == 0 {
			t.Errorf("%s never came to pass: the histories test nothing of it: %v", name, outcomes)
		}
	}
}

// materials is a case as a random history drives it.
type materials struct {
	*Case
	input    *Input
	now      time.Time
	outcomes map[string]int
}

func (m *materials) clerk() *Account { return SampleAccount("clerk", 1, [2]string{"clerk", "village"}) }

// did takes what an act made of the case, if it was allowed.
func (m *materials) did(name string, a *Application, err error) {
	if err == nil {
		m.Application = a
		m.outcomes[name]++
	}
}

func (m *materials) step(rt *rapid.T) {
	m.now = m.now.Add(time.Duration(rapid.SampledFrom([]int{0, 0, 1, 20, 90}).Draw(rt, "hours")) * time.Hour)
	key := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "material")
	switch act := rapid.SampledFrom([]string{"meet", "detach", "edit", "return", "past", "past", "inspect", "go on", "go on", "go on", "go on", "go on"}).Draw(rt, "act"); act {
	case "meet":
		m.meet(rt, key)
	case "go on":
		m.goOn(rt)
	case "past":
		m.past()
	default:
		a, err := m.act(rt, act, key)
		m.did(act, a, err)
	}
}

func (m *materials) act(rt *rapid.T, act, key string) (*Application, error) {
	switch act {
	case "detach":
		return m.Detach(m.clerk(), rapid.IntRange(1, m.Version).Draw(rt, "which"), m.now)
	case "edit":
		in := *m.input
		in.Values = SampleValues()
		in.Values["id"], in.Values["note"] = m.input.Values["id"], rapid.SampledFrom([]string{"丙", "丁"}).Draw(rt, "note")
		return m.Edit(m.clerk(), &in, m.now)
	case "return":
		return m.Decide(m.decider(), Decision{Action: Return, Opinion: "补正"}, m.now)
	}
	return m.Inspect(SampleAccount("inspector", 4, [2]string{"approver", "district"}), InspectionResult{Material: key, Outcome: FoundUnclear, Opinion: "x"}, m.now)
}

// decider is who decides where the case waits.
func (m *materials) decider() *Account {
	if m.State == Submitted && m.Template.Chain[m.Step].Key == "district" {
		return SampleAccount("district", 3, [2]string{"approver", "district"})
	}
	return SampleAccount("town", 2, [2]string{"approver", "town"})
}

// meet has the clerk meet a material in some way.
func (m *materials) meet(rt *rapid.T, key string) {
	way := rapid.SampledFrom([]string{"attach", "commit", "refer", "promise", "promise"}).Draw(rt, "way")
	offered := m.ways(m.clerk(), m.Template.listed(key), m.now)
	before := m.met(key).way
	var a *Application
	var err error
	switch way {
	case "attach":
		if m.Incomplete() != "" {
			way = "fill"
		}
		a, err = m.Attach(m.clerk(), &Attachment{Material: key, Name: "x"}, m.now)
	case "commit":
		a, err = m.Attach(m.clerk(), &Attachment{Material: key, Name: "x", Signed: &Signing{By: BySignature}}, m.now)
	case "refer":
		a, err = m.Refer(m.clerk(), key, &Certificate{Code: "R", Template: m.Application.Template, Status: StatusOK}, m.Case, m.now)
	case "promise":
		a, err = m.Promise(m.clerk(), key, m.now)
	}
	if m.needed(key) != nil && len(m.Attachments) < maxAttachments {
		kind := map[string]Way{"attach": MetByFile, "fill": MetByFile, "commit": MetByCommitment, "refer": MetByCertificate, "promise": MetLater}[way]
		told := slices.Contains(offered, kind)
		if told && err != nil || !told && err == nil && (before == "" || before == MetLater) {
			rt.Fatalf("%s of %s in %s: told that %v will do, and it ends in %v", way, key, m.State, offered, err)
		}
	}
	m.did(way, a, err)
}

// goOn takes the case further from where it is.
func (m *materials) goOn(rt *rapid.T) {
	switch {
	case m.State == Draft || m.State == Returned:
		for _, need := range m.Template.Needed(m.Values) {
			for m.met(need.Key).way == "" {
				m.meet(rt, need.Key)
			}
		}
		if len(fileProblems(m.Template, m.Application))+len(gapProblems(m.Application, m.now))+len(commitmentProblems(m.Case)) == 0 {
			a, err := m.Submit(m.clerk(), m.now)
			m.did("submit", a, err)
		}
	case m.State == Submitted:
		a, err := m.Decide(m.decider(), Decision{Action: Approve}, m.now)
		m.did("approve", a, err)
	case m.held():
		m.outcomes["held"]++
	case m.State == Approved:
		m.did("issue", m.scheduled(m.with(Action{At: m.now, Kind: Issue, By: SystemActor}), "district", m.now), nil)
	}
}

// past does what is due, and tells whether anything was.
func (m *materials) past() bool {
	a, err := m.PastLimit(m.now)
	if err == nil {
		m.did("past: "+string(a.Actions[len(a.Actions)-1].Kind), a, err)
	}
	return err == nil
}

func (m *materials) check(rt *rapid.T) {
	again := Fold(m.ID, m.Template, m.Actions)
	if again.State != m.State || again.Incomplete() != m.Incomplete() || !again.Next().Equal(m.Next()) ||
		!reflect.DeepEqual(again.Substitutes, m.Substitutes) || !reflect.DeepEqual(again.Inspections, m.Inspections) {
		rt.Fatalf("the case is not its fold: %+v, %+v", m.Application, again)
	}
	if m.State != Submitted && m.State != Approved && m.State != Issued {
		return
	}
	for _, need := range m.Template.Needed(m.Values) {
		switch met := m.met(need.Key); {
		case met.way == "":
			rt.Fatalf("%s with %s missing", m.State, need.Key)
		case met.way == MetLater && m.State == Issued && need.Later.Issue == IssueWaits:
			rt.Fatalf("issued without %s", need.Key)
		case met.way == MetLater && m.Next().IsZero() && !met.sub.late:
			rt.Fatalf("nobody will ask for %s", need.Key)
		}
	}
}

// end lets time pass with nobody doing anything: what waits for a material comes
// to an end, and everything is told once.
func (m *materials) end(rt *rapid.T) {
	for n := 0; !m.Next().IsZero(); n++ {
		m.now = laterOf(m.now, m.Next())
		if !m.past() || n > 40 {
			rt.Fatalf("%s: due at %s, and nothing comes of it: %+v", m.State, m.Next(), m.Actions[len(m.Actions)-1])
		}
		m.check(rt)
	}
	if m.held() {
		rt.Fatal("it waits for ever")
	}
}
