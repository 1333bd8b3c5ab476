package yinzheng

import (
	"errors"
	"slices"
	"testing"
	"time"
)

// TestBelongsTo: whom a case exists for among residents.
func TestBelongsTo(t *testing.T) {
	kin, birth := SampleTemplate(), SampleTemplate()
	birth.Token.ID = ""
	birth.Fields = append(birth.Fields, Field{Key: "father_id", Type: IDField, Optional: true})
	document := func(number string) Resident { return Resident{ID: ID{Type: ResidentID, Number: number}} }
	fold := func(of *Template, applicant Applicant, kinds ...ActionKind) *Case {
		values := Values(SampleValues())
		values["id"] = map[string]any{"type": ResidentID, "number": idHolder}
		values["father_id"] = map[string]any{"type": ResidentID, "number": idStaff(7).Number}
		actions := []Action{{Seq: 1, Kind: Create, Office: "village", Input: &Input{Division: testVillage, Applicant: applicant, Values: values}}}
		for _, kind := range kinds {
			actions = append(actions, Action{Seq: len(actions) + 1, Kind: kind})
		}
		return &Case{Application: Fold("CASE000001", of, actions), Template: of, Directory: SampleDirectory()}
	}
	holder := Applicant{As: AsHolder}
	for _, tt := range []struct {
		name string
		c    *Case
		who  Resident
		want bool
	}{
		{"the holder", fold(kin, holder, Submit), document(idHolder), true},
		{"the holder, by the 15 digits of the same document", fold(kin, holder, Submit), Resident{ID: ID{Type: OldID, Number: older(idHolder)}}, true},
		{"the holder's number on another kind of document", fold(kin, holder, Submit), Resident{ID: ID{Type: Passport, Number: idHolder}}, false},
		{"the agent", fold(kin, testAgent, Submit), document(idMan), true},
		{"the holder, whose agent applied", fold(kin, testAgent, Submit), document(idHolder), true},
		{"a guardian who applies", fold(kin, Applicant{As: AsGuardian, Name: "某", ID: ID{Type: ResidentID, Number: idMan}}, Submit), document(idMan), true},
		{"a relative who is merely listed", fold(kin, holder, Submit), document(idChild), false},
		{"a document beside a holder who has one", fold(kin, holder, Submit), document(idStaff(7).Number), false},
		{"a parent, where the holder has no document", fold(birth, holder, Submit), document(idStaff(7).Number), true},
		{"a relative in a list, where the holder has none", fold(birth, holder, Submit), document(idChild), false},
		{"a stranger", fold(kin, holder, Submit), document(idStaff(1).Number), false},
		{"nobody", fold(kin, holder, Submit), Resident{}, false},
		{"without a document, of a case without an applicant's", fold(kin, holder, Submit), Resident{ID: ID{Type: NoID, Reason: "新生儿"}}, false},
		{"by a code of the case", fold(kin, holder, Submit), Resident{Case: "CASE000001"}, true},
		{"by a code of another case", fold(kin, holder, Submit), Resident{Case: "CASE000002"}, false},
		{"a draft", fold(kin, holder), document(idHolder), false},
		{"a draft, by a code", fold(kin, holder), Resident{Case: "CASE000001"}, false},
		{"withdrawn before it was handed in", fold(kin, holder, Withdraw), document(idHolder), false},
		{"withdrawn afterwards", fold(kin, holder, Submit, Withdraw), document(idHolder), true},
		{"issued", fold(kin, holder, Submit, Approve, Approve, Reserve, Issue), document(idHolder), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.c.BelongsTo(&tt.who); got != tt.want {
				t.Errorf("belongs: %v, want %v", got, tt.want)
			}
			if tt.who.Case != "" {
				return
			}
			if found := slices.Contains(tt.c.residentMarks(), tt.who.Key()); found != tt.want { // or a list would show what opening refuses
				t.Errorf("found by the document: %v, want %v", found, tt.want)
			}
		})
	}
}

func TestParseID(t *testing.T) {
	for _, tt := range []struct {
		in   ID
		want string // number; "": refused
	}{
		{ID{Number: idHolder}, idHolder},
		{ID{Type: ResidentID, Number: " " + idHolder[:6] + " " + idHolder[6:]}, idHolder},
		{ID{Type: ResidentID, Number: idHolder[:17]}, ""},
		{ID{Type: Passport, Number: "e12345678"}, "E12345678"},
		{ID{Type: Passport, Number: "<script>"}, ""},
		{ID{Type: "card", Number: "12345678"}, ""},
		{ID{Type: NoID, Reason: "新生儿"}, ""},
		{ID{}, ""},
	} {
		got, err := ParseID(tt.in, testNow)
		if tt.want == "" && !errors.Is(err, ErrInvalid) || tt.want != "" && err != nil || got.Number != tt.want {
			t.Errorf("%+v: %+v, %v", tt.in, got, err)
		}
	}
}

// TestPromised: the day by which it is done counts the limits that are still to
// run, in working days.
func TestPromised(t *testing.T) {
	day := func(month time.Month, d int) time.Time { return time.Date(2026, month, d, 0, 0, 0, 0, Zone) }
	thursday := day(11, 26).Add(9 * time.Hour)
	for _, tt := range []struct {
		name           string
		town, district int       // limits, in working days
		due            time.Time // of the town's
		now            time.Time
		want           []time.Time // of town and district
		promised       time.Time
	}{
		{"both limited", 2, 3, day(12, 1), thursday, []time.Time{day(12, 1), day(12, 4)}, day(12, 4)},
		{"past the first limit", 2, 3, day(11, 26), thursday, []time.Time{day(11, 26), day(12, 2)}, day(12, 2)},
		{"the last without a limit", 2, 0, day(12, 1), thursday, []time.Time{day(12, 1), {}}, time.Time{}},
		{"the first without a limit", 0, 3, time.Time{}, thursday, []time.Time{{}, {}}, time.Time{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			of := SampleTemplate()
			of.Chain[1].Limit, of.Chain[2].Limit = tt.town, tt.district
			in := &Input{Division: testVillage, Applicant: Applicant{As: AsHolder}, Values: SampleValues()}
			c := &Case{Application: Fold("CASE000001", of, []Action{
				{Seq: 1, Kind: Create, Office: "village", Input: in}, {Seq: 2, At: thursday.AddDate(0, 0, -7), Kind: Submit, Step: "village", Due: tt.due},
			}), Template: of, Directory: SampleDirectory()}
			f := c.followed(tt.now)
			if len(f.Steps) != 3 || f.Steps[1].State != StepNow {
				t.Fatalf("steps: %+v", f.Steps)
			}
			for i, want := range tt.want {
				if got := f.Steps[i+1].Due; !got.Equal(want) {
					t.Errorf("%s is due %v, want %v", f.Steps[i+1].Name.EN, got, want)
				}
			}
			if !f.Promised.Equal(tt.promised) {
				t.Errorf("promised %v, want %v", f.Promised, tt.promised)
			}
		})
	}
}
