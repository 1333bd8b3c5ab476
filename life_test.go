package yinzheng

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// lifeDirectory is the tests' office tree with an office above the district's.
func lifeDirectory() *Directory {
	d := SampleDirectory()
	return NewDirectory(d.Divisions, append([]Office{{ID: "city", Name: "惠州市民政局", Division: "441300000000"}}, d.Offices...), d.Organs)
}

// lifePeople act on a certificate that the district has sealed.
var lifePeople = func() map[string]*Account {
	all := map[string]*Account{
		"district": SampleAccount("district", 1, [2]string{"approver", "district"}),
		"twin":     SampleAccount("twin", 1, [2]string{"approver", "district"}), // district again, under a second account
		"second":   SampleAccount("second", 2, [2]string{"approver", "district"}),
		"city":     SampleAccount("city", 3, [2]string{"approver", "city"}),
		"town":     SampleAccount("town", 4, [2]string{"approver", "town"}),
		"clerk":    SampleAccount("clerk", 5, [2]string{"clerk", "village"}),
		"dclerk":   SampleAccount("dclerk", 6, [2]string{"clerk", "district"}),
		"sibling":  SampleAccount("sibling", 7, [2]string{"clerk", "sibling"}),
		"abroad":   SampleAccount("abroad", 8, [2]string{"approver", "abroad"}),
		"admin":    SampleAccount("admin", 9, [2]string{"admin", "district"}),
		"party":    SampleAccount("party", 10, [2]string{"approver", "district"}, [2]string{"approver", "city"}),
		"left":     SampleAccount("left", 11, [2]string{"approver", "district"}),
		"disabled": SampleAccount("disabled", 12, [2]string{"approver", "district"}),
	}
	lend := func(id string, person int, from *Account) {
		all[id] = SampleAccount(id, person, [2]string{"approver", "district"})
		all[id].Grants[0].For, all[id].Grants[0].ForID = from.ID, from.Person
	}
	all["party"].Person = ID{Type: ResidentID, Number: strings.ToLower(idHolder)}
	all["left"].Grants[0].To = testNow
	all["disabled"].Disabled = true
	lend("deputy", 13, all["district"])
	lend("party's deputy", 14, all["party"])
	lend("both", 15, all["district"])
	all["both"].Grants = append(all["both"].Grants, Grant{Office: "city", Role: Approver, From: testNow.AddDate(-1, 0, 0)})
	return all
}()

var lifeCertificate = &Certificate{Code: "7K3M9QWX2B4D", Organ: DistrictOrgan, Status: StatusOK}

// lived is an issued case after further acts, written who:act.
func lived(t interface{ Fatal(...any) }, acts ...string) *Case {
	tpl := SampleTemplate()
	c := &Case{&Application{ID: "CASE", Template: tpl.Ref()}, tpl, lifeDirectory(), nil}
	step := func(x Action) { c.Application = c.with(x) }
	create := actionBy(people["clerk"], Grant{Office: "village", Role: Clerk}, Create, testNow)
	create.Input = testInput(t)
	for _, x := range []Action{create, {Kind: Submit, Step: "village"}, {Kind: Approve}, {Kind: Approve}, {Kind: Reserve, Code: lifeCertificate.Code}, {Kind: Issue, At: testNow}} {
		step(x)
	}
	for i, a := range acts {
		who, what, _ := strings.Cut(a, ":")
		x := actionBy(lifePeople["district"], Grant{Office: "district", Role: Approver}, ActionKind(what), testNow.Add(time.Duration(i+1)*time.Hour))
		if by := lifePeople[who]; by != nil {
			x.By, x.Person = by.ID, by.Person
		}
		x.Reason, x.Code = what, "NEXT"
		step(x)
	}
	return c
}

// lifeStates are what a certificate may have gone through, with the acts that
// may follow: s suspend, l lift, p propose, r revoke (confirm), d decline.
var lifeStates = []struct {
	name   string
	acts   []string
	may    string
	status Status
	reason string
	since  int // hours after it was issued
}{
	{"issued", nil, "sp", StatusOK, "", 0},
	{"suspended", []string{"district:suspend"}, "lp", StatusIsSuspended, "suspend", 1},
	{"lifted", []string{"district:suspend", "district:lift"}, "sp", StatusOK, "", 2},
	{"suspended again", []string{"district:suspend", "district:lift", "second:suspend"}, "lp", StatusIsSuspended, "suspend", 3},
	{"proposed", []string{"district:propose-revocation"}, "rd", StatusIsSuspended, "review", 1},
	{"declined", []string{"district:propose-revocation", "second:decline-revocation"}, "sp", StatusOK, "", 2},
	{"suspended, then proposed", []string{"second:suspend", "district:propose-revocation"}, "rd", StatusIsSuspended, "suspend", 1},
	{"suspended, proposed, declined", []string{"second:suspend", "district:propose-revocation", "second:decline-revocation"}, "lp", StatusIsSuspended, "suspend", 1},
	{"revoked", []string{"district:propose-revocation", "second:revoke"}, "", StatusIsRevoked, "revoke", 2},
	{"superseded", []string{"system:supersede"}, "", StatusIsSuperseded, "supersede", 1},
	{"suspended, then superseded", []string{"district:suspend", "system:supersede"}, "", StatusIsSuperseded, "supersede", 2},
}

// lifeRights say who may do what: + may, - is refused, ? for whom there is no
// such case. In the order of actLetters.
var lifeRights = map[string]string{
	"district": "+++-+", // may not confirm what they proposed
	"twin":     "+++-+",
	"second":   "+++++",
	"city":     "---++",
	"town":     "-----",
	"clerk":    "-----",
	"dclerk":   "-----",
	"sibling":  "?????",
	"abroad":   "?????",
	"admin":    "?????",
	"party":    "-----",
	"left":     "?????",
	"disabled": "?????",

	"deputy":         "+++-+", // stands in for who proposed it
	"party's deputy": "-----",
	"both":           "+++++", // has another post, in the office above, to confirm from
}

// proposers are those who count as having proposed what the district proposed.
var proposers = map[string]bool{"district": true, "twin": true, "deputy": true}

const actLetters = "slprd"

var actsByLetter = map[rune]ActionKind{'s': Suspend, 'l': Lift, 'p': ProposeRevocation, 'r': Revoke, 'd': DeclineRevocation}

// TestActOn: every person, act and state.
func TestActOn(t *testing.T) {
	for _, state := range lifeStates {
		c := lived(t, state.acts...)
		life := LifeOf(c.Actions)
		m := life.Mark(lifeCertificate)
		if m.Status != state.status || m.Reason != state.reason || !m.StatusAt.Equal(testNow.Add(time.Duration(state.since)*time.Hour)) || (m.Successor == "NEXT") != (m.Status == StatusIsSuperseded) {
			t.Errorf("%s: %s since %s for %q, successor %q", state.name, m.Status, m.StatusAt, m.Reason, m.Successor)
		}
		for who, rights := range lifeRights {
			for i, letter := range actLetters {
				kind := actsByLetter[letter]
				a := Act{Kind: kind, Opinion: "理由"}
				if classes := actReasons[kind]; classes != nil {
					a.Reason = classes[0]
				}
				if life.Proposed != nil {
					a.Proposal = life.Proposed.Seq
				}
				var want error
				switch {
				case rights[i] == '?':
					want = ErrNotFound
				case rights[i] == '-' && (letter != 'r' || !proposers[who]):
					want = ErrForbidden
				case !strings.ContainsRune(state.may, letter):
					want = ErrState
				case rights[i] == '-':
					want = ErrForbidden
				}
				after, err := c.ActOn(lifeCertificate, lifePeople[who], a, testNow)
				if !errors.Is(err, want) || (err == nil) != (want == nil) {
					t.Errorf("%s, %s by %s: %v, want %v", state.name, kind, who, err, want)
				}
				if err == nil {
					x := after.Actions[len(after.Actions)-1]
					if after.State != Issued || after.Version != c.Version+1 || x.By != who || x.Kind != kind || x.Code != lifeCertificate.Code || x.Opinion != "理由" {
						t.Errorf("%s, %s by %s: %+v", state.name, kind, who, x)
					}
					if kind == Revoke && x.Reason != "propose-revocation" { // as the proposal has it
						t.Errorf("revoked for %s", x.Reason)
					}
				}
			}
		}
	}
}

func TestActNeedsReasons(t *testing.T) {
	for _, c := range []struct {
		name string
		acts []string
		act  Act
		ok   bool
	}{
		{"suspend", nil, Act{Kind: Suspend, Reason: "complaint", Opinion: "来访"}, true},
		{"no class", nil, Act{Kind: Suspend, Opinion: "来访"}, false},
		{"a class of another act", nil, Act{Kind: Suspend, Reason: "cleared", Opinion: "来访"}, false},
		{"a class of the system", nil, Act{Kind: Suspend, Reason: "corrected", Opinion: "来访"}, false},
		{"no opinion", nil, Act{Kind: Suspend, Reason: "complaint", Opinion: " \n"}, false},
		{"an opinion without end", nil, Act{Kind: Suspend, Reason: "complaint", Opinion: strings.Repeat("长", 501)}, false},
		{"an opinion that turns around", nil, Act{Kind: Suspend, Reason: "complaint", Opinion: "a\u202eb"}, false},
		{"lift", []string{"district:suspend"}, Act{Kind: Lift, Reason: "cleared", Opinion: "无误"}, true},
		{"lift without opinion", []string{"district:suspend"}, Act{Kind: Lift, Reason: "cleared"}, false},
		{"confirm without opinion", []string{"district:propose-revocation"}, Act{Kind: Revoke, Proposal: 7}, true},
		{"confirm with an endless opinion", []string{"district:propose-revocation"}, Act{Kind: Revoke, Proposal: 7, Opinion: strings.Repeat("长", 501)}, false},
		{"decline without opinion", []string{"district:propose-revocation"}, Act{Kind: DeclineRevocation, Proposal: 7}, false},
	} {
		_, err := lived(t, c.acts...).ActOn(lifeCertificate, lifePeople["second"], c.act, testNow)
		if c.ok != (err == nil) || !c.ok && !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	for kind, classes := range actReasons {
		for _, class := range classes {
			if r := Reasons[class]; r.ZH == "" || r.EN == "" {
				t.Errorf("%s: class %s has no words", kind, class)
			}
		}
	}
	proposed := lived(t, "district:propose-revocation")
	for _, id := range []int{0, 6, 8} {
		if _, err := proposed.ActOn(lifeCertificate, lifePeople["second"], Act{Kind: Revoke, Proposal: id}, testNow); !errors.Is(err, ErrState) {
			t.Errorf("proposal %d: %v", id, err)
		}
	}
	draft := newCase(t, "clerk", "village")
	if _, err := draft.ActOn(lifeCertificate, people["clerk"], Act{Kind: Suspend}, testNow); !errors.Is(err, ErrState) {
		t.Errorf("a draft: %v", err)
	}
}

// Who may decide for an organ is told by the organ, not by the level: another
// organ of the same division may not.
func TestSupervises(t *testing.T) {
	d := lifeDirectory()
	d = NewDirectory(d.Divisions, append(d.Offices, Office{ID: "police", Division: testDistrict, Organ: TownBOrgan}), d.Organs)
	for _, c := range []struct {
		office, organ     string
		seals, supervises bool
	}{
		{"district", DistrictOrgan, true, false},
		{"police", DistrictOrgan, false, false},
		{"city", DistrictOrgan, false, true},
		{"town", DistrictOrgan, false, false},
		{"town", TownOrgan, true, false},
		{"district", TownOrgan, false, true},
		{"police", TownOrgan, false, true},
		{"city", TownOrgan, false, false}, // two levels up
		{"town-b", TownOrgan, false, false},
		{"village", "", false, false},
		{"nowhere", TownOrgan, false, false},
		{"district", "nobody", false, false},
	} {
		if s, v := d.seals(c.office, c.organ), d.supervises(c.office, c.organ); s != c.seals || v != c.supervises {
			t.Errorf("%s for %s: %v %v", c.office, c.organ, s, v)
		}
	}
	loop := NewDirectory([]Division{{Code: "1", Name: "甲", Parent: "2", Level: Town}, {Code: "2", Name: "乙", Parent: "1", Level: Town}}, []Office{{ID: "a", Division: "1", Organ: "O"}}, nil)
	if loop.above("2") != "1" || loop.above("none") != "" {
		t.Error("a loop in the data")
	}
}

// TestFoldOfLife: whatever is done to a certificate, by whomever, its status is
// the fold of its actions, and an end is for good.
func TestFoldOfLife(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := lived(t)
		kinds := []ActionKind{Suspend, Lift, ProposeRevocation, ProposeRevocation, Revoke, DeclineRevocation}
		who := []string{"district", "twin", "second", "city", "town", "clerk", "party"}
		for range rapid.IntRange(1, 20).Draw(t, "acts") {
			a := Act{Kind: rapid.SampledFrom(kinds).Draw(t, "kind"), Opinion: "理由"}
			if classes := actReasons[a.Kind]; classes != nil {
				a.Reason = rapid.SampledFrom(classes).Draw(t, "class")
			}
			before := LifeOf(c.Actions)
			if before.Proposed != nil {
				a.Proposal = before.Proposed.Seq
			}
			next, err := c.ActOn(lifeCertificate, lifePeople[rapid.SampledFrom(who).Draw(t, "who")], a, testNow)
			if err != nil {
				continue
			}
			if before.Ended != nil {
				t.Fatalf("%s after the end", a.Kind)
			}
			c.Application = next
			after := LifeOf(next.Actions)
			m := after.Mark(lifeCertificate)
			if folded := LifeOf(Fold("CASE", c.Template, next.Actions).Actions); folded.Mark(lifeCertificate).Status != m.Status {
				t.Fatal("the fold differs")
			}
			if m.Status == StatusIsRevoked {
				var proposer, confirmer *Action
				for i := range next.Actions {
					switch x := &next.Actions[i]; x.Kind {
					case ProposeRevocation:
						proposer = x
					case Revoke:
						confirmer = x
					}
				}
				if proposer.By == confirmer.By || proposer.Person.same(confirmer.Person) {
					t.Fatal("one person revoked")
				}
			}
			if (m.Status == StatusOK) != (after.Suspended == nil && after.Proposed == nil && after.Ended == nil) {
				t.Fatalf("%s: %+v", m.Status, after)
			}
		}
	})
}

func TestPaperKey(t *testing.T) {
	for _, same := range [][]string{
		{"惠桥证〔2026〕12号", " 惠桥证 [2026] 12号 ", "惠桥证（2026）１２号", "惠桥证【2026】12号", "惠桥证［2026］12号"},
		{"hz-2026/7", "HZ—2026／7", "ＨＺ－2026/7"},
	} {
		for _, s := range same {
			if PaperKey(s) != PaperKey(same[0]) {
				t.Errorf("%q is %q, not %q", s, PaperKey(s), PaperKey(same[0]))
			}
		}
	}
	if PaperKey("惠桥证〔2026〕12号") == PaperKey("惠桥证〔2026〕112号") {
		t.Error("two numbers are one")
	}
}

// FuzzPaperKey: a key is its own key, so that a number is found however often
// it was written in normal form before.
func FuzzPaperKey(f *testing.F) {
	for _, s := range []string{"惠桥证〔2026〕12号", "ＨＺ－2026/7", "\u0130ß", "［\ufe00］"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if k := PaperKey(s); PaperKey(k) != k {
			t.Errorf("%q has key %q, and that %q", s, k, PaperKey(k))
		}
	})
}
