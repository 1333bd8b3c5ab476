package inquiry

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"yinzheng"
)

// asked begins an inquiry that the record does not answer.
func (w *world) asked(key string) *View {
	w.t.Helper()
	v, _, err := w.Ask(w.ctx, asker, question("hardship"), key)
	must(w.t, err)
	return v
}

// TestNoOracle: whoever has no right is refused in the same words and with the same
// work, whoever is asked about, and it is on record.
func TestNoOracle(t *testing.T) {
	w := newWorld(t)
	w.record.people[resident(20).Number] = onRecord(func(*yinzheng.OnRecord) {})
	texts := map[string]bool{}
	for _, change := range []func(*NewInquiry){
		func(in *NewInquiry) { in.Division = otherTown },
		func(in *NewInquiry) { in.Division, in.ID = otherTown, resident(21).Number },
		func(in *NewInquiry) { in.Division = "999999999999" },
		func(in *NewInquiry) { in.Kind = "no-such-kind" },
		func(in *NewInquiry) { in.Division, in.ID, in.Purpose = otherTown, "not a number", "" },
		func(in *NewInquiry) { in.Office = "civil" },
	} {
		in := question("mother")
		change(in)
		_, _, err := w.Ask(w.ctx, asker, in, "k")
		mustBe(t, err, yinzheng.ErrForbidden)
		texts[err.Error()] = true
	}
	if len(texts) != 1 || w.record.asked != 0 {
		t.Errorf("refused in %d ways, the record was asked %d times", len(texts), w.record.asked)
	}
	if events, err := w.store.EventsAbout(w.ctx, asker.ID); err != nil || len(events) != 6 || events[0].Kind != "inquiry-refused" || events[0].Detail != "" {
		t.Errorf("events %+v %v", events, err)
	}
}

func TestAskInvalid(t *testing.T) {
	w := newWorld(t)
	for name, tt := range map[string]struct {
		change func(*NewInquiry)
		want   string
	}{
		"no purpose":                 {func(in *NewInquiry) { in.Purpose = "" }, "purpose:required"},
		"no basis":                   {func(in *NewInquiry) { in.Basis = " " }, "basis:required"},
		"a purpose with the name":    {func(in *NewInquiry) { in.Purpose = "核实李小宝" }, "purpose:personal-data"},
		"a basis with a number":      {func(in *NewInquiry) { in.Basis = "见 441302199001010018" }, "basis:personal-data"},
		"a purpose without end":      {func(in *NewInquiry) { in.Purpose = strings.Repeat("长", 101) }, "purpose:too-long"},
		"a wrong number":             {func(in *NewInquiry) { in.ID = "441302199001010011" }, "id:id-check-digit"},
		"no name":                    {func(in *NewInquiry) { in.Name = "" }, "name:required"},
		"nobody to compare with":     {func(in *NewInquiry) { in.Kind = "mother" }, "about:required"},
		"something not asked for":    {func(in *NewInquiry) { in.About = "x" }, "about:unknown-field"},
		"a control in the question":  {func(in *NewInquiry) { in.Question = "a\x00" }, "question:control-character"},
		"everything is said at once": {func(in *NewInquiry) { in.Name, in.Purpose, in.Basis = "", "", "" }, "name:required purpose:required basis:required"},
	} {
		in := question("hardship")
		tt.change(in)
		_, _, err := w.Ask(w.ctx, asker, in, "k")
		if got := codesOf(err); got != tt.want {
			t.Errorf("%s: %q %v, want %q", name, got, err, tt.want)
		}
	}
	_, _, err := w.Ask(w.ctx, asker, question("hardship"), "")
	mustBe(t, err, yinzheng.ErrPrecondition)
}

// TestCeiling: so many a day for each account; the same request again is none of
// them, and the next day is another.
func TestCeiling(t *testing.T) {
	w := newWorld(t)
	for _, key := range []string{"a", "b", "c"} {
		w.asked(key)
	}
	looked := w.record.asked
	_, _, err := w.Ask(w.ctx, asker, question("hardship"), "d")
	mustBe(t, err, yinzheng.ErrTooMany)
	v, again, err := w.Ask(w.ctx, asker, question("hardship"), "a")
	if err != nil || !again || v.State != StateAsked {
		t.Errorf("%+v %v %v", v, again, err)
	}
	_, _, err = w.Ask(w.ctx, asker, question("vaccination"), "a")
	mustBe(t, err, yinzheng.ErrReused)
	if w.record.asked != looked { // how long a refusal takes would tell of the person
		t.Errorf("the record was asked %d times past the ceiling", w.record.asked-looked)
	}
	w.clock = w.clock.Add(24 * time.Hour)
	w.asked("d")
}

// TestOnRecord: a yes on record is replied to at once, for the asker, with a token
// that commits to the question; nobody else is bothered, or sees it.
func TestOnRecord(t *testing.T) {
	w := newWorld(t)
	w.record.people[resident(20).Number] = onRecord(func(*yinzheng.OnRecord) {})
	in := question("mother")
	in.About = resident(30).Number
	v, _, err := w.Ask(w.ctx, asker, in, "k")
	must(t, err)
	if v.State != StateReplied || v.Reply.Answer != Yes || v.Reply.By != "record" || v.Reply.Source != "常住人口登记" || v.Reply.AsOf != "2026-11-01" || v.Found != nil || v.Acts != nil {
		t.Fatalf("%+v %+v", v, v.Reply)
	}
	salt, err := base64.RawURLEncoding.DecodeString(v.Reply.Salt)
	must(t, err)
	c := claimsOf(t, v.Reply.Token)
	if c.Digest != yinzheng.CommitReply(salt, v.Reply.Asked) || c.Asker != "court" || c.Organ != townOrgan || c.Kind != "mother" || c.AsOf != "2026-11-01" || c.ID != v.ID {
		t.Errorf("claims %+v", c)
	}
	if text, _ := base64.RawURLEncoding.DecodeString(v.Reply.Token); strings.Contains(string(text), "李小宝") || strings.Contains(string(text), in.About.(string)) || strings.Contains(string(text), in.ID.(string)) {
		t.Errorf("the token says who it is about: %s", text)
	}
	for _, by := range []*yinzheng.Account{clerk, signer} { // they work there, and see no token
		if seen, err := w.Read(w.ctx, by, v.ID); err != nil || seen.Reply != nil || seen.Found == nil {
			t.Errorf("%s sees %+v %v", by.ID, seen, err)
		}
	}
	for _, by := range []*yinzheng.Account{admin, somebody("other", 9, [2]string{"department", "civil"}), somebody("court2", 10, [2]string{"clerk", "court"}), somebody("far", 11, [2]string{"clerk", "sibling"})} {
		_, err := w.Read(w.ctx, by, v.ID)
		mustBe(t, err, yinzheng.ErrNotFound)
	}
	if colleague, err := w.Read(w.ctx, somebody("c", 12, [2]string{"department", "court"}), v.ID); err != nil || colleague.Reply == nil {
		t.Errorf("a colleague in the same post: %+v %v", colleague, err)
	}
	both := somebody("b", 13, [2]string{"department", "court"}, [2]string{"clerk", "village"})
	if seen, err := w.Read(w.ctx, both, v.ID); err != nil || seen.Reply == nil || seen.Found != nil || seen.Acts != nil {
		t.Errorf("who asked, and works there: %+v %v", seen, err)
	}
	events, err := w.store.EventsAbout(w.ctx, v.ID)
	must(t, err)
	var kinds []string
	for _, e := range events {
		kinds = append(kinds, e.Kind)
		if strings.Contains(e.Detail, "李小宝") {
			t.Errorf("an event names somebody: %+v", e)
		}
	}
	if got := strings.Join(kinds, " "); got != "inquiry-ask inquiry-sign inquiry-delivered inquiry-delivered inquiry-delivered" {
		t.Errorf("events %s", got)
	}
	if places, err := w.store.InquiriesIn(w.ctx, yinzheng.InquiriesToAnswer, "village", "", 0, 9); err != nil || len(places) != 0 {
		t.Errorf("the village is asked: %+v %v", places, err)
	}
	in.About = resident(31).Number
	if other, _, err := w.Ask(w.ctx, asker, in, "k2"); err != nil || other.State != StateAsked || other.Reply != nil {
		t.Errorf("what the record says otherwise: %+v %v", other, err)
	}
}

// TestRecordFails: a record that cannot be read is no silence.
func TestRecordFails(t *testing.T) {
	w := newWorld(t)
	w.record.broken = yinzheng.ErrUnavailable
	_, _, err := w.Ask(w.ctx, asker, question("hardship"), "k")
	mustBe(t, err, yinzheng.ErrUnavailable)
	w.record.broken, w.stamp.broken = nil, yinzheng.ErrUnavailable
	v := w.asked("k")
	v, err = w.Act(w.ctx, clerk, v.ID, v.Version, &Step{Action: Answer, Answer: Yes})
	must(t, err)
	_, err = w.Act(w.ctx, signer, v.ID, v.Version, &Step{Action: Sign})
	mustBe(t, err, yinzheng.ErrUnavailable)
	w.stamp.broken = nil
	v, err = w.Act(w.ctx, signer, v.ID, v.Version, &Step{Action: Sign})
	if err != nil || v.State != StateReplied {
		t.Errorf("%+v %v", v, err)
	}
}

// TestFourEyes: who may answer and sign, by what they are and what they did.
func TestFourEyes(t *testing.T) {
	d := tree()
	lent := func(id string, person int, role yinzheng.Role, office string, of *yinzheng.Account) *yinzheng.Account {
		a := somebody(id, person)
		a.Grants = []yinzheng.Grant{{Role: role, Office: office, From: testNow, For: of.ID, ForID: of.Person}}
		return a
	}
	i := (&Inquiry{ID: "Q"}).after(&Act{Kind: Ask, By: asker.ID, Person: asker.Person, Asked: &Asked{
		Kind: Kind{Level: yinzheng.Town}, ID: resident(20), Division: town, Place: village, About: resident(30).Value(), Office: "court", Role: yinzheng.Department,
	}})
	answered := i.after(&Act{Kind: Answer, By: clerk.ID, Person: clerk.Person, Answer: No})
	townToo := answered.after(&Act{Kind: Return, By: signer.ID, Person: signer.Person}).after(&Act{Kind: Answer, By: signer.ID, Person: signer.Person, Answer: Yes})
	lentAnswer := i.after(&Act{Kind: Answer, By: "y", Person: resident(41), For: "absent", ForID: resident(42), Answer: No})
	second := func(person int) *yinzheng.Account { return somebody("other", person, [2]string{"approver", "town"}) }
	for name, tt := range map[string]struct {
		i            *Inquiry
		by           *yinzheng.Account
		answer, sign error
	}{
		"the village's clerk":                        {i, clerk, nil, yinzheng.ErrForbidden},
		"the town's approver, before an answer":      {i, signer, nil, yinzheng.ErrState},
		"the town's approver":                        {answered, signer, yinzheng.ErrState, nil},
		"the village's clerk, of their own answer":   {answered, clerk, yinzheng.ErrState, yinzheng.ErrForbidden},
		"the village's own approver":                 {answered, somebody("v", 9, [2]string{"approver", "village"}), yinzheng.ErrState, yinzheng.ErrForbidden},
		"the district":                               {answered, somebody("d", 9, [2]string{"approver", "civil"}), yinzheng.ErrState, nil},
		"another office of the district":             {answered, somebody("h", 9, [2]string{"approver", "health"}), yinzheng.ErrNotFound, yinzheng.ErrNotFound},
		"a sibling village":                          {i, somebody("s", 9, [2]string{"clerk", "sibling"}), yinzheng.ErrNotFound, yinzheng.ErrNotFound},
		"an administrator":                           {i, somebody("a", 9, [2]string{"admin", "town"}), yinzheng.ErrNotFound, yinzheng.ErrNotFound},
		"the asker, working there too":               {i, somebody("asker", 9, [2]string{"clerk", "village"}), yinzheng.ErrForbidden, yinzheng.ErrForbidden},
		"the asker, by another account":              {answered, second(2), yinzheng.ErrState, yinzheng.ErrForbidden},
		"who is asked about":                         {i, somebody("x", 20, [2]string{"clerk", "village"}), yinzheng.ErrForbidden, yinzheng.ErrForbidden},
		"whose mother it is about":                   {answered, second(30), yinzheng.ErrState, yinzheng.ErrForbidden},
		"in the name of who is asked about":          {i, lent("y", 9, yinzheng.Clerk, "village", somebody("x", 20)), yinzheng.ErrForbidden, yinzheng.ErrForbidden},
		"in the name of who answered":                {answered, lent("y", 9, yinzheng.Approver, "town", clerk), yinzheng.ErrState, yinzheng.ErrForbidden},
		"who answered, by another account":           {answered, second(3), yinzheng.ErrState, yinzheng.ErrForbidden},
		"the town's approver who answered":           {townToo, signer, yinzheng.ErrState, yinzheng.ErrForbidden},
		"another of the town":                        {townToo, second(9), yinzheng.ErrState, nil},
		"in whose name it was answered":              {lentAnswer, somebody("absent", 9, [2]string{"approver", "town"}), yinzheng.ErrState, yinzheng.ErrForbidden},
		"the same, by another account":               {lentAnswer, second(42), yinzheng.ErrState, yinzheng.ErrForbidden},
		"disabled":                                   {i, &yinzheng.Account{ID: "z", Disabled: true, Grants: clerk.Grants}, yinzheng.ErrNotFound, yinzheng.ErrNotFound},
		"a post of one's own beside a lent obstacle": {answered, &yinzheng.Account{ID: "b", Person: resident(9), Grants: append(lent("", 9, yinzheng.Approver, "town", clerk).Grants, signer.Grants...)}, yinzheng.ErrState, nil},
	} {
		if _, err := tt.i.MayAnswer(d, tt.by, testNow); !errors.Is(err, tt.answer) {
			t.Errorf("%s answers: %v, want %v", name, err, tt.answer)
		}
		if _, err := tt.i.MaySign(d, tt.by, testNow); !errors.Is(err, tt.sign) {
			t.Errorf("%s signs: %v, want %v", name, err, tt.sign)
		}
	}
}

// TestRoute: the lowest office answers; the lowest at the kind's level with an
// organ, of its function where there is one, signs.
func TestRoute(t *testing.T) {
	for name, tt := range map[string]struct {
		kind     Kind
		division string
		want     string
	}{
		"a village":                 {Kind{Level: yinzheng.Town}, village, "village town"},
		"a town":                    {Kind{Level: yinzheng.Town}, town, "town town"},
		"the district":              {Kind{Level: yinzheng.Town}, district, "civil civil"},
		"a town without an organ":   {Kind{Level: yinzheng.Town}, otherTown, "other-town civil"},
		"the district signs":        {Kind{Level: yinzheng.District}, village, "village civil"},
		"its health office":         {Kind{Level: yinzheng.District, Function: "health"}, village, "village health"},
		"an office without organ":   {Kind{Level: yinzheng.District, Function: "court"}, village, ""},
		"no such level in the tree": {Kind{Level: yinzheng.Province}, village, ""},
	} {
		got := ""
		if r, ok := routeOf(tree(), &tt.kind, tt.division); ok {
			got = r.home.ID + " " + r.signer.ID
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// TestVillageSigns: not even with an organ of its own, whatever a kind says.
func TestVillageSigns(t *testing.T) {
	d := tree()
	d.Office("village").Organ = townOrgan
	if signs(d, &Kind{Level: yinzheng.Village}, d.Office("village")) {
		t.Error("a village signs")
	}
	if r, ok := routeOf(d, &Kind{Level: yinzheng.Village}, village); !ok || r.signer.ID != "town" {
		t.Errorf("%+v", r)
	}
}

// TestStale: of two who act on one version, one is told to read again.
func TestStale(t *testing.T) {
	w := newWorld(t)
	v := w.asked("k")
	_, err := w.Act(w.ctx, clerk, v.ID, v.Version+1, &Step{Action: Answer, Answer: Yes})
	mustBe(t, err, yinzheng.ErrConflict)
	_, err = w.Act(w.ctx, clerk, v.ID, v.Version, &Step{Action: "approve"})
	mustBe(t, err, yinzheng.ErrInvalid)
	_, err = w.Act(w.ctx, asker, v.ID, v.Version, &Step{Action: Withdraw})
	must(t, err)
	_, err = w.Act(w.ctx, clerk, v.ID, v.Version, &Step{Action: Answer, Answer: Yes})
	mustBe(t, err, yinzheng.ErrConflict)
	_, err = w.Act(w.ctx, clerk, v.ID, v.Version+1, &Step{Action: Answer, Answer: Yes})
	mustBe(t, err, yinzheng.ErrState)
	_, err = w.Act(w.ctx, asker, v.ID, v.Version+1, &Step{Action: Withdraw})
	mustBe(t, err, yinzheng.ErrState)
	_, err = w.Act(w.ctx, admin, v.ID, 9, &Step{Action: Withdraw})
	mustBe(t, err, yinzheng.ErrNotFound)
	_, err = w.Act(w.ctx, clerk, "NOSUCHINQUIRY", 1, &Step{Action: Answer, Answer: Yes})
	mustBe(t, err, yinzheng.ErrNotFound)
}

// TestOverdue: past its limit an inquiry is told of, once, to who answers and who
// signs; those who sign see it from then on, and may have it answered.
func TestOverdue(t *testing.T) {
	w := newWorld(t)
	v := w.asked("k")
	w.clock = v.Due.Add(-time.Second)
	if n, err := w.Overdue(w.ctx); n != 0 || err != nil {
		t.Errorf("before the limit: %d %v", n, err)
	}
	w.clock = v.Due
	for _, want := range []int{1, 0} {
		if n, err := w.Overdue(w.ctx); n != want || err != nil {
			t.Errorf("%d %v, want %d", n, err, want)
		}
	}
	late, err := w.List(w.ctx, signer, yinzheng.InquiriesLate, 0)
	must(t, err)
	if len(late) != 1 || late[0].ID != v.ID || !late[0].Late {
		t.Errorf("late %+v", late)
	}
	told, err := w.store.Notices(w.ctx, []yinzheng.Desk{{Office: "town", Role: yinzheng.Approver}, {Office: "village", Role: yinzheng.Clerk}}, 0, 9)
	must(t, err)
	if len(told) != 3 || told[0].Kind != "inquiry-late" || told[1].Kind != "inquiry-late" || told[2].Kind != "inquiry-waiting" {
		t.Errorf("told %+v", told)
	}
	v, err = w.Act(w.ctx, signer, v.ID, v.Version+1, &Step{Action: Answer, Answer: CannotSay, Opinion: "查不到"})
	if err != nil || v.State != StateAnswered {
		t.Errorf("%+v %v", v, err)
	}

	// who answered cannot sign: the office above is told, and signs
	if n, err := w.Overdue(w.ctx); n != 1 || err != nil {
		t.Errorf("answered late: %d %v", n, err)
	}
	above := somebody("above", 9, [2]string{"approver", "civil"})
	late, err = w.List(w.ctx, above, yinzheng.InquiriesLate, 0)
	must(t, err)
	if len(late) != 1 || late[0].ID != v.ID {
		t.Errorf("late above: %+v", late)
	}
	if waiting, err := w.List(w.ctx, signer, yinzheng.InquiriesToSign, 0); err != nil || len(waiting) != 1 {
		t.Errorf("it left the town's box: %+v %v", waiting, err)
	}
	if v, err = w.Act(w.ctx, above, v.ID, v.Version+1, &Step{Action: Sign}); err != nil || v.State != StateReplied {
		t.Errorf("%+v %v", v, err)
	}
	if late, err = w.List(w.ctx, above, yinzheng.InquiriesLate, 0); err != nil || len(late) != 0 {
		t.Errorf("late above, afterwards: %+v %v", late, err)
	}
	_, err = w.List(w.ctx, signer, "everything", 0)
	mustBe(t, err, yinzheng.ErrInvalid)
}

// TestMerged: two villages become one while an inquiry waits: whoever does the old
// one's work finds it, answers it, and the town signs.
func TestMerged(t *testing.T) {
	w := newWorld(t)
	v := w.asked("k")
	d := tree()
	gone, office := d.Division(village), d.Office("village")
	gone.Until, gone.Successor = testNow, sibling
	office.Until, office.Successor = testNow, "sibling"
	must(t, w.store.PutDirectory(w.ctx, yinzheng.NewDirectory(d.Divisions, d.Offices, d.Organs)))
	heir := somebody("heir", 9, [2]string{"clerk", "sibling"})
	lines, err := w.List(w.ctx, heir, yinzheng.InquiriesToAnswer, 0)
	must(t, err)
	if len(lines) != 1 || lines[0].ID != v.ID {
		t.Fatalf("lines %+v", lines)
	}
	v, err = w.Act(w.ctx, heir, v.ID, v.Version, &Step{Action: Answer, Answer: Yes})
	must(t, err)
	if v, err = w.Act(w.ctx, signer, v.ID, v.Version, &Step{Action: Sign}); err != nil || v.State != StateReplied {
		t.Errorf("%+v %v", v, err)
	}
}

// TestMoved: a village comes to another town while an inquiry waits, late perhaps:
// those who sign there find it and are told; once.
func TestMoved(t *testing.T) {
	desk := []yinzheng.Desk{{Office: "other-town", Role: yinzheng.Approver}}
	for name, tt := range map[string]struct {
		late, answered bool
		box            yinzheng.InquiryBox
		told           string
	}{
		"asked":              {false, false, "", ""},
		"asked, late":        {true, false, yinzheng.InquiriesLate, "inquiry-late"},
		"answered":           {false, true, yinzheng.InquiriesToSign, "inquiry-to-sign"},
		"answered, but late": {true, true, yinzheng.InquiriesToSign, "inquiry-to-sign"},
	} {
		w := newWorld(t)
		v := w.asked("k")
		must(t, w.Scan(w.ctx))
		if tt.answered {
			_, err := w.Act(w.ctx, clerk, v.ID, v.Version, &Step{Action: Answer, Answer: Yes})
			must(t, err)
		}
		if tt.late {
			w.clock = v.Due
			must(t, w.Scan(w.ctx))
		}
		d := tree()
		d.Division(village).Parent, d.Office("other-town").Organ = otherTown, healthOrgan
		must(t, w.store.PutDirectory(w.ctx, yinzheng.NewDirectory(d.Divisions, d.Offices, d.Organs)))
		other := somebody("other", 9, [2]string{"approver", "other-town"})
		for range 2 {
			must(t, w.Scan(w.ctx))
		}
		for _, box := range []yinzheng.InquiryBox{yinzheng.InquiriesLate, yinzheng.InquiriesToSign} {
			lines, err := w.List(w.ctx, other, box, 0)
			must(t, err)
			if (len(lines) == 1) != (box == tt.box) {
				t.Errorf("%s: %s %+v", name, box, lines)
			}
		}
		told, err := w.store.Notices(w.ctx, desk, 0, 9)
		must(t, err)
		var kinds []string
		for _, n := range told {
			kinds = append(kinds, n.Kind)
		}
		if got := strings.Join(kinds, " "); got != tt.told {
			t.Errorf("%s: told %q, want %q", name, got, tt.told)
		}
		if lines, err := w.List(w.ctx, signer, yinzheng.InquiriesToSign, 0); err != nil || len(lines) != 0 {
			t.Errorf("%s: still in the old town's box: %+v %v", name, lines, err)
		}
	}
}

// TestScan: a list that cannot be taken on hides no inquiry that is late.
func TestScan(t *testing.T) {
	w := newWorld(t)
	v := w.asked("k")
	w.clock = v.Due
	_, err := w.askList(list(children(3, 0)), false)
	must(t, err)
	w.record.broken = yinzheng.ErrUnavailable
	mustBe(t, w.Scan(w.ctx), yinzheng.ErrUnavailable)
	if lines, err := w.List(w.ctx, signer, yinzheng.InquiriesLate, 0); err != nil || len(lines) != 1 {
		t.Errorf("%+v %v", lines, err)
	}
}
