package yinzheng

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The people of the chain's tests. Each has a document of their own but the
// twin, who is the clerk again under a second account.
var people = func() map[string]*Account {
	list := []*Account{
		SampleAccount("clerk", 1, [2]string{"clerk", "village"}),
		SampleAccount("colleague", 2, [2]string{"clerk", "village"}),
		SampleAccount("sibling", 3, [2]string{"clerk", "sibling"}),
		SampleAccount("clerk-b", 4, [2]string{"clerk", "village-b"}),
		SampleAccount("town", 5, [2]string{"approver", "town"}),
		SampleAccount("town-b", 6, [2]string{"approver", "town-b"}),
		SampleAccount("district", 7, [2]string{"approver", "district"}),
		SampleAccount("abroad", 8, [2]string{"approver", "abroad"}),
		SampleAccount("admin", 9, [2]string{"admin", "district"}),
		SampleAccount("department", 10, [2]string{"department", "district"}),
		SampleAccount("twin", 1, [2]string{"approver", "town"}),
		SampleAccount("both", 11, [2]string{"clerk", "village"}, [2]string{"approver", "town"}),
		SampleAccount("disabled", 12, [2]string{"approver", "town"}, [2]string{"clerk", "village"}),
		SampleAccount("early", 13, [2]string{"approver", "town"}, [2]string{"clerk", "village"}),
		SampleAccount("late", 14, [2]string{"approver", "town"}, [2]string{"clerk", "village"}),
		SampleAccount("party-town", 15, [2]string{"approver", "town"}),
		SampleAccount("party-clerk", 16, [2]string{"clerk", "village"}),
		SampleAccount("traveller", 17, [2]string{"clerk", "village-b"}, [2]string{"clerk", "village"}),
		SampleAccount("climber", 18, [2]string{"approver", "town"}, [2]string{"approver", "district"}),
		SampleAccount("town-clerk", 19, [2]string{"clerk", "town"}),
	}
	all := map[string]*Account{}
	for _, a := range list {
		all[a.ID] = a
	}
	all["disabled"].Disabled = true
	for i := range all["early"].Grants {
		all["early"].Grants[i].From = testNow.Add(time.Second)
	}
	for i := range all["late"].Grants {
		all["late"].Grants[i].To = testNow // until then, not including it
	}
	// The parties: one is the holder, typed in lower case and with a blank; the
	// other is a relative.
	all["party-town"].Person = ID{Type: ResidentID, Number: strings.ToLower(idHolder) + " "}
	all["party-clerk"].Person = ID{Type: ResidentID, Number: idChild}
	all["district"].Person = ID{Type: Passport, Number: "E12345678"}
	return all
}()

var testDir = SampleDirectory()

func testInput(t interface{ Fatal(...any) }) *Input {
	checked, err := SampleTemplate().CheckValues(SampleValues(), testNow)
	if err != nil || len(checked.Problems) > 0 {
		t.Fatal("the test's own values have faults", err, checked)
	}
	return &Input{Division: testVillage, Applicant: Applicant{As: AsHolder}, Values: checked.Values}
}

// newCase starts a case at an office.
func newCase(t interface{ Fatal(...any) }, by, office string) *Case {
	tpl := SampleTemplate()
	c := &Case{&Application{ID: "CASE", Template: tpl.Ref()}, tpl, testDir, nil}
	x := actionBy(people[by], Grant{Office: office, Role: Clerk}, Create, testNow)
	x.Input = testInput(t)
	c.Application = c.with(x)
	return c
}

// do lets somebody act, by the action's word.
func (c *Case) do(who, what string) (*Application, error) {
	by := people[who]
	what, to, _ := strings.Cut(what, ">")
	switch what {
	case "edit":
		in := Input{Division: c.Division, Applicant: c.Applicant, Values: maps.Clone(c.Values)}
		in.Values["note"] = who
		return c.Edit(by, &in, testNow)
	case "attach":
		return c.Attach(by, &Attachment{Material: OtherMaterial, Name: who, Type: "image/jpeg"}, testNow)
	case "detach":
		if len(c.Attachments) == 0 {
			return c.Detach(by, 1, testNow)
		}
		return c.Detach(by, c.Attachments[0].ID, testNow)
	case "submit":
		return c.Submit(by, testNow)
	case "withdraw":
		return c.Withdraw(by, "", testNow)
	case "approve":
		return c.Decide(by, Decision{Action: Approve}, testNow)
	case "return":
		return c.Decide(by, Decision{Action: Return, Opinion: "请补充", ToStep: to}, testNow)
	case "reject":
		return c.Decide(by, Decision{Action: Reject, Opinion: "不符合"}, testNow)
	case "reserve":
		return c.with(Action{At: testNow, Kind: Reserve, By: SystemActor, Code: "7K3M9QWX2B4D"}), nil
	case "issue":
		return c.with(Action{At: testNow, Kind: Issue, By: SystemActor}), nil
	}
	panic(what)
}

// run takes a case through "who:what" actions that must all succeed.
func (c *Case) run(t *testing.T, actions ...string) *Case {
	t.Helper()
	for _, x := range actions {
		who, what, _ := strings.Cut(x, ":")
		a, err := c.do(who, what)
		if err != nil {
			t.Fatalf("%s: %v", x, err)
		}
		c = &Case{a, c.Template, c.Directory, nil}
	}
	return c
}

// chainStates are cases that stand at every place of the chain.
func chainStates(t *testing.T) map[string]*Case {
	home := func(actions ...string) *Case { return newCase(t, "clerk", "village").run(t, actions...) }
	full := []string{"clerk:submit", "town:approve", "district:approve"}
	return map[string]*Case{
		"draft":     home(),
		"town":      home(full[0]),
		"district":  home(full[:2]...),
		"returned":  home(full[0], "town:return"),
		"approved":  home(full...),
		"issuing":   home(append(full, "system:reserve")...),
		"issued":    home(append(full, "system:reserve", "system:issue")...),
		"rejected":  home(full[0], "town:reject"),
		"withdrawn": home(full[0], "clerk:withdraw"),
		"dropped":   home("clerk:withdraw"), // never submitted
		"elsewhere": newCase(t, "clerk-b", "village-b").run(t, "clerk-b:submit"),
		"counter":   newCase(t, "town-clerk", "town").run(t, "town-clerk:submit"),
	}
}

var errorLetters = map[error]byte{nil: '.', ErrNotFound: 'N', ErrForbidden: 'F', ErrState: 'S', ErrInvalid: 'I'}

func letter(err error) byte {
	var e *Error
	if err != nil && errors.As(err, &e) {
		err = e.Kind
	}
	if l, ok := errorLetters[err]; ok {
		return l
	}
	return '?'
}

// TestChain is every action of everybody at every place of the chain. The six
// letters answer edit, submit, withdraw, approve, return and reject: . done,
// N not-found, F forbidden, S state.
func TestChain(t *testing.T) {
	const stranger, clerk, sees = "NNNNNN", "SSSSSS", "FFFSSS"
	strangers := []string{"sibling", "clerk-b", "town-b", "abroad", "admin", "department", "disabled", "early", "late"}
	ended := []string{"approved", "issuing", "issued", "rejected", "withdrawn"}
	table := map[string]map[string]string{
		"clerk":       {"draft": "...SSS", "town": "SS.FFF", "district": "SS.FFF", "returned": "...SSS", "ended": clerk, "dropped": clerk, "elsewhere": "FFF...", "counter": "FFF..."},
		"colleague":   {"draft": "...SSS", "town": "SS.FFF", "district": "SS.FFF", "returned": "...SSS", "ended": clerk, "dropped": clerk, "elsewhere": "FFF...", "counter": "FFF..."},
		"town":        {"draft": stranger, "town": "FFF...", "district": "FFFFFF", "returned": sees, "ended": sees, "dropped": stranger, "elsewhere": "FFFFFF", "counter": "NNNNNN"},
		"district":    {"draft": stranger, "town": "FFFFFF", "district": "FFF...", "returned": sees, "ended": sees, "dropped": stranger, "elsewhere": "FFFFFF", "counter": "FFFFFF"},
		"twin":        {"draft": stranger, "town": "FFFFFF", "district": "FFFFFF", "returned": sees, "ended": sees, "dropped": stranger, "elsewhere": "FFFFFF", "counter": "FFFFFF"},
		"both":        {"draft": "...SSS", "town": "SS....", "district": "SS.FFF", "returned": "...SSS", "ended": clerk, "dropped": clerk, "elsewhere": "FFF...", "counter": "FFF..."},
		"party-town":  {"draft": stranger, "town": "FFFFFF", "district": "FFFFFF", "returned": sees, "ended": sees, "dropped": stranger, "elsewhere": "FFFFFF", "counter": "FFFFFF"},
		"party-clerk": {"draft": ".F.SSS", "town": "SS.FFF", "district": "SS.FFF", "returned": ".F.SSS", "ended": clerk, "dropped": clerk, "elsewhere": "FFFFFF", "counter": "FFFFFF"},
		"town-clerk":  {"draft": stranger, "town": "FFFFFF", "district": "FFFFFF", "returned": sees, "ended": sees, "dropped": stranger, "elsewhere": "FFFFFF", "counter": "SS.FFF"},
	}
	table["town"]["counter"] = "FFFFFF"
	for _, who := range []string{"clerk", "colleague", "both", "party-clerk"} { // until it is issued
		table[who]["approved"], table[who]["issuing"] = "SS.SSS", "SS.SSS"
	}
	for _, who := range strangers {
		table[who] = map[string]string{"ended": stranger}
	}
	table["clerk-b"]["elsewhere"] = "SS.FFF" // took it in there
	for place, c := range chainStates(t) {
		for who, row := range table {
			want, listed := row[place]
			if !listed && (slices.Contains(ended, place) || slices.Contains(strangers, who)) {
				want = row["ended"]
			}
			before := fmt.Sprint(*c.Application)
			var got []byte
			for _, what := range []string{"edit", "submit", "withdraw", "approve", "return", "reject"} {
				a, err := c.do(who, what)
				got = append(got, letter(err))
				if (err == nil) != (a != nil) {
					t.Errorf("%s at %s: %s returns both or neither of case and error", who, place, what)
				}
			}
			if string(got) != want {
				t.Errorf("%s at %s: %s, want %s", who, place, got, want)
			}
			if fmt.Sprint(*c.Application) != before {
				t.Errorf("%s at %s changed the case itself", who, place)
			}
		}
	}
}

// TestChainStories are courses of a case that one action cannot show: the last
// action's error, and where the case stands before it.
func TestChainStories(t *testing.T) {
	for _, s := range []struct {
		name, office, by string
		before           []string
		state            State
		step             string
		last             string
		want             error
	}{
		{"the home submission is the village's step", "village", "clerk", []string{"clerk:submit"}, Submitted, "town", "town:approve", nil},
		{"taken in elsewhere, the home village decides", "village-b", "clerk-b", []string{"clerk-b:submit"}, Submitted, "village", "clerk:approve", nil},
		{"whoever took it in elsewhere is not the home village", "village-b", "traveller", []string{"traveller:submit"}, Submitted, "village", "traveller:approve", ErrForbidden},
		{"back to the clerk, mended, the whole chain again", "village", "clerk", []string{"clerk:submit", "town:approve", "district:return", "colleague:edit", "clerk:submit"}, Submitted, "town", "town:approve", nil},
		{"back to the town", "village", "clerk", []string{"clerk:submit", "town:approve", "district:return>town"}, Submitted, "town", "town:approve", nil},
		{"back to the village, which submitted it", "village", "clerk", []string{"clerk:submit", "town:approve", "district:return>village"}, Submitted, "village", "clerk:approve", nil},
		{"back to its own step", "village", "clerk", []string{"clerk:submit"}, Submitted, "town", "town:return>town", ErrInvalid},
		{"back to a later step", "village", "clerk", []string{"clerk:submit"}, Submitted, "town", "town:return>district", ErrInvalid},
		{"back to no step", "village", "clerk", []string{"clerk:submit"}, Submitted, "town", "town:return>nowhere", ErrInvalid},
		{"the sole approver decides what they returned", "village", "clerk", []string{"clerk:submit", "town:return", "clerk:submit", "town:approve"}, Submitted, "district", "district:approve", nil},
		{"nobody decides twice on the way up", "village", "clerk", []string{"clerk:submit", "climber:approve"}, Submitted, "district", "climber:approve", ErrForbidden},
		{"a return counts as having acted", "village", "clerk", []string{"clerk:submit", "climber:return", "clerk:submit", "town:approve"}, Submitted, "district", "climber:approve", ErrForbidden},
		{"a clerk does not become the approver", "village", "both", []string{"both:submit"}, Submitted, "town", "both:approve", ErrForbidden},
		{"nor does one who only mended it", "village", "clerk", []string{"both:edit", "clerk:submit"}, Submitted, "town", "both:approve", ErrForbidden},
		{"an approver does not become the clerk", "village", "clerk", []string{"clerk:submit", "both:return"}, Returned, "", "both:submit", ErrForbidden},
		{"nor mends it", "village", "clerk", []string{"clerk:submit", "both:return"}, Returned, "", "both:edit", ErrForbidden},
		{"an approver may withdraw as a clerk", "village", "clerk", []string{"clerk:submit", "both:approve"}, Submitted, "district", "both:withdraw", nil},
		{"the first decider wins", "village", "clerk", []string{"clerk:submit", "town:approve"}, Submitted, "district", "town:approve", ErrForbidden},
	} {
		c := newCase(t, s.by, s.office).run(t, s.before...)
		waits := ""
		if c.Waiting != nil {
			waits = c.Waiting.Key
		}
		if c.State != s.state || waits != s.step {
			t.Errorf("%s: %s at %q, want %s at %q", s.name, c.State, waits, s.state, s.step)
		}
		who, what, _ := strings.Cut(s.last, ":")
		a, err := c.do(who, what)
		if s.want == nil && (err != nil || a == nil) || !errors.Is(err, s.want) {
			t.Errorf("%s: %s: %v, want %v", s.name, s.last, err, s.want)
		}
	}
}

func TestDivisionIsFixedAtSubmission(t *testing.T) {
	c := newCase(t, "clerk", "village")
	moved := testInput(t)
	moved.Division = testSibling
	if _, err := c.Edit(people["clerk"], moved, testNow); err != nil {
		t.Errorf("a draft may still move: %v", err)
	}
	c = c.run(t, "clerk:submit", "town:return")
	_, err := c.Edit(people["clerk"], moved, testNow)
	var e *Error
	if !errors.As(err, &e) || len(e.Fields) != 1 || e.Fields[0].Field != "division" || e.Fields[0].Code != "fixed" {
		t.Errorf("a submitted case moved: %v", err)
	}
}

// Two decisions on the same case, as two deciders at one instant make them, do
// not write over each other's history.
func TestDecisionsDoNotShareMemory(t *testing.T) {
	c := newCase(t, "clerk", "village").run(t, "clerk:submit")
	c.Actions = slices.Grow(c.Actions, 8)
	first, err := c.do("town", "approve")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.do("both", "reject"); err != nil {
		t.Fatal(err)
	}
	if got := first.Actions[len(first.Actions)-1].Kind; got != Approve {
		t.Errorf("the first decision's history now ends with %s", got)
	}
}

func TestOpinion(t *testing.T) {
	c := newCase(t, "clerk", "village").run(t, "clerk:submit")
	for _, s := range []struct {
		d     Decision
		field string
		code  string
	}{
		{Decision{Action: Approve}, "", ""},
		{Decision{Action: Approve, Opinion: "同意"}, "", ""},
		{Decision{Action: Return}, "opinion", "required"},
		{Decision{Action: Reject, Opinion: " \t"}, "opinion", "required"},
		{Decision{Action: Submit}, "action", "choice"},
		{Decision{Action: "APPROVE"}, "action", "choice"},
		{Decision{}, "action", "choice"},
		{Decision{Action: Approve, ToStep: "village"}, "to_step", "not-applicable"},
		{Decision{Action: Reject, Opinion: "不", ToStep: "village"}, "to_step", "not-applicable"},
		{Decision{Action: Approve, Opinion: strings.Repeat("好", 501)}, "opinion", "too-long"},
		{Decision{Action: Approve, Opinion: strings.Repeat("好", 500)}, "", ""},
		{Decision{Action: Approve, Opinion: "同\u202e意"}, "opinion", "invisible-character"},
		{Decision{Action: Approve, Opinion: "\xff"}, "opinion", "not-utf8"},
	} {
		a, err := c.Decide(people["town"], s.d, testNow)
		var e *Error
		switch {
		case s.code == "" && (err != nil || a.Actions[len(a.Actions)-1].Opinion != s.d.Opinion):
			t.Errorf("%+v: %v", s.d, err)
		case s.code != "" && (!errors.As(err, &e) || e.Kind != ErrInvalid || e.Fields[0].Field != s.field || e.Fields[0].Code != s.code):
			t.Errorf("%+v: %v, want %s %s", s.d, err, s.field, s.code)
		}
	}
	if _, err := c.Withdraw(people["clerk"], strings.Repeat("久", 501), testNow); !errors.Is(err, ErrInvalid) {
		t.Errorf("a withdrawal's reason of 501 characters: %v", err)
	}
	a, err := c.Withdraw(people["clerk"], "本人要求", testNow)
	if err != nil || a.Actions[len(a.Actions)-1].Opinion != "本人要求" {
		t.Errorf("withdraw with a reason: %v", err)
	}
}

// No text shown to anyone holds what fmt leaves behind when format and
// arguments do not fit.
func TestErrorTextsAreWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range chainStates(t) {
		for who := range people {
			for _, what := range []string{"edit", "submit", "withdraw", "approve", "return", "reject"} {
				_, err := c.do(who, what)
				var e *Error
				if err == nil || !errors.As(err, &e) {
					continue
				}
				for _, text := range []string{e.Text.ZH, e.Text.EN, e.Error()} {
					if seen[text] = true; text == "" || strings.Contains(text, "%!") {
						t.Errorf("%s %s: %q", who, what, text)
					}
				}
			}
		}
		for seen := -1; seen < 3; seen++ {
			if err := c.stale(seen); strings.Contains(err.Error(), "%!") || strings.Contains(err.(*Error).Text.ZH, "%!") {
				t.Error(err)
			}
		}
	}
	for _, want := range []string{
		"办件现为“已签发”，不能审批", "The case is issued and cannot be decided",
		"办件正等待“街道审核”办理，不在您的岗位", "The case waits for “Town”, which is not your post",
	} {
		if !seen[want] {
			t.Errorf("nobody is told %q", want)
		}
	}
}

func TestPartiesAreEveryoneOnTheCase(t *testing.T) {
	c := newCase(t, "clerk", "village")
	c.Applicant = testAgent
	for _, number := range []string{idHolder, idChild, idMan} {
		by := &Account{Person: ID{Type: ResidentID, Number: number, Reason: "whatever"}}
		if !c.isParty(by) {
			t.Errorf("%s is on the case", number)
		}
	}
	for _, id := range []ID{{}, {Type: NoID, Reason: "新生儿"}, {Type: Passport, Number: idHolder}, idStaff(1)} {
		if c.isParty(&Account{Person: id}) {
			t.Errorf("%v is not on the case", id)
		}
	}
}

func TestMayTakeIn(t *testing.T) {
	any, own := SampleTemplate(), SampleTemplate()
	own.AnyOffice = false
	for _, s := range []struct {
		name             string
		t                *Template
		who              string
		office, division string
		grant            string
		want             error
	}{
		{"the first office that suits", any, "clerk", "", "", "village", nil},
		{"its own division", own, "clerk", "", testVillage, "village", nil},
		{"a sibling's, any office", any, "clerk", "", testSibling, "village", nil},
		{"a sibling's, own only", own, "clerk", "", testSibling, "", ErrForbidden},
		{"another town's, any office", any, "clerk-b", "", testVillage, "village-b", nil},
		{"another district's, any office", any, "clerk", "", testAbroad, "", ErrForbidden},
		{"no such division", any, "clerk", "", "999999999999", "", ErrForbidden},
		{"the office that suits, of two", own, "traveller", "", testVillage, "village", nil},
		{"the office asked for", any, "traveller", "village", testVillageB, "village", nil},
		{"an office that is not theirs", any, "clerk", "sibling", testSibling, "", ErrForbidden},
		{"an office that does not exist", any, "clerk", "nowhere", "", "", ErrForbidden},
		{"a town's clerk for the villages below", own, "town-clerk", "", testSibling, "town", nil},
		{"no clerk", any, "town", "", "", "", ErrForbidden},
		{"disabled", any, "disabled", "", "", "", ErrForbidden},
		{"not yet", any, "early", "", "", "", ErrForbidden},
		{"no longer", any, "late", "", "", "", ErrForbidden},
	} {
		g, err := mayTakeIn(s.t, testDir, people[s.who], s.office, s.division, testNow)
		if !errors.Is(err, s.want) || s.want == nil && err != nil || g.Office != s.grant {
			t.Errorf("%s: %q, %v, want %q, %v", s.name, g.Office, err, s.grant, s.want)
		}
	}
}

// transitions are the states that an action may lead to.
var transitions = map[State]map[ActionKind][]State{
	Draft:     {Edit: {Draft}, Attach: {Draft}, Detach: {Draft}, Submit: {Submitted}, Withdraw: {Withdrawn}},
	Returned:  {Edit: {Returned}, Attach: {Returned}, Detach: {Returned}, Submit: {Submitted}, Withdraw: {Withdrawn}},
	Submitted: {Attach: {Submitted}, Approve: {Submitted, Approved}, Return: {Submitted, Returned}, Reject: {Rejected}, Withdraw: {Withdrawn}},
	Approved:  {Reserve: {Issuing}, Withdraw: {Withdrawn}},
	Issuing:   {Issue: {Issued}, Withdraw: {Withdrawn}},
}

// TestChainProperties lets everybody try everything in any order.
func TestChainProperties(t *testing.T) {
	names := []string{"clerk", "colleague", "both", "traveller", "clerk-b", "town-clerk", "twin", "town", "climber", "climber", "town", "district", "district", "sibling", "disabled"}
	actions := []string{"edit", "attach", "attach", "detach", "submit", "withdraw", "approve", "return", "return>village", "return>town", "reject", "reserve", "issue"}
	forward := map[State]string{Draft: "submit", Returned: "submit", Submitted: "approve", Approved: "reserve", Issuing: "issue"}
	reached := map[State]int{}
	for range 5 { // a hundred histories each: some reach the end
		rapid.Check(t, func(t *rapid.T) { history(t, names, actions, forward, reached) })
	}
	for _, s := range []State{Submitted, Returned, Approved, Issuing, Issued, Rejected, Withdrawn} {
		if reached[s] == 0 {
			t.Errorf("no history reached %s: the property proves little", s)
		}
	}
}

func history(t *rapid.T, names, actions []string, forward map[State]string, reached map[State]int) {
	start := rapid.SampledFrom([][2]string{{"clerk", "village"}, {"both", "village"}, {"clerk-b", "village-b"}, {"traveller", "village-b"}, {"town-clerk", "town"}}).Draw(t, "start")
	c := newCase(t, start[0], start[1])
	for range rapid.IntRange(1, 60).Draw(t, "length") {
		who, what := rapid.SampledFrom(names).Draw(t, "who"), rapid.SampledFrom(actions).Draw(t, "what")
		if on := forward[c.State]; on != "" && rapid.IntRange(0, 3).Draw(t, "on") > 0 {
			what = on
		}
		if what == "reserve" && c.State != Approved || what == "issue" && c.State != Issuing {
			continue // the service's own guard
		}
		from, count := c.State, len(c.Actions)
		a, err := c.do(who, what)
		if len(c.Actions) != count || c.State != from {
			t.Fatalf("%s:%s changed the case itself", who, what)
		}
		if err != nil {
			continue
		}
		c = &Case{a, c.Template, c.Directory, nil}
		reached[c.State]++
		x := c.Actions[len(c.Actions)-1]
		if !slices.Contains(transitions[from][x.Kind], c.State) {
			t.Fatalf("%s: %s leads from %s to %s", who, x.Kind, from, c.State)
		}
		if c.State != Submitted && (c.Step != 0 || c.Waiting != nil) || c.State == Submitted && c.Waiting.Key != c.Template.Chain[c.Step].Key {
			t.Fatalf("%s at step %d, waiting at %v", c.State, c.Step, c.Waiting)
		}
		if c.Version != len(c.Actions) || x.Seq != c.Version {
			t.Fatalf("version %d after %d actions, the last is %d", c.Version, len(c.Actions), x.Seq)
		}
		again := Fold(c.ID, c.Template, c.Actions)
		again.Desks = (&Case{again, c.Template, c.Directory, nil}).desks() // of the office tree, not of the history
		if !reflect.DeepEqual(again, c.Application) {
			t.Fatalf("folded again: %+v, want %+v", again, c.Application)
		}
		fourEyes(t, c)
	}
}

// fourEyes fails when one document has acted at two places of the chain.
func fourEyes(t *rapid.T, c *Case) {
	office := map[string]string{"village": testVillage, "sibling": testSibling, "village-b": testVillageB, "town": testTown}
	at := map[string]string{}
	for _, x := range c.Actions {
		place := x.Step
		switch x.Kind {
		case Create, Edit, Submit, Attach, Detach:
			if place != "" && x.Kind == Attach {
				break // by somebody who decides
			}
			if place = "taken in"; office[c.Office] == c.Division {
				place = "village"
			}
		case Approve, Return, Reject:
		default:
			continue
		}
		person := x.Person.Type + x.Person.Number
		if other, acted := at[person]; acted && other != place {
			t.Fatalf("%s acted at %s and at %s: %+v", x.By, other, place, c.Actions)
		}
		at[person] = place
	}
}
