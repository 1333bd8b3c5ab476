package yinzheng

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// fieldsOf lists an error's fields and codes.
func fieldsOf(err error) string {
	var e *Error
	if !errors.As(err, &e) {
		return fmt.Sprint(err)
	}
	var out []string
	for _, f := range e.Fields {
		out = append(out, f.Field+" "+f.Code)
	}
	return strings.Join(out, ", ")
}

// TestAttachCounts: attaching is drafting, or acting at the step where the case
// waits, and keeps its maker from every other step.
func TestAttachCounts(t *testing.T) {
	draft := newCase(t, "clerk", "village")
	for _, s := range []struct {
		name   string
		before []string
		act    string
		want   error
	}{
		{"who drafts may attach", nil, "clerk:attach", nil},
		{"a colleague, too", nil, "colleague:attach", nil},
		{"a neighbour may not", nil, "sibling:attach", ErrNotFound},
		{"nor the town, before it is submitted", nil, "town:attach", ErrNotFound},
		{"who attached to the draft may not decide", []string{"both:attach", "clerk:submit"}, "both:approve", ErrForbidden},
		{"nor add to it there", []string{"both:attach", "clerk:submit"}, "both:attach", ErrForbidden},
		{"who took a file off may not either", []string{"clerk:attach", "both:detach", "clerk:submit"}, "both:approve", ErrForbidden},
		{"who decides may attach", []string{"clerk:submit"}, "town:attach", nil},
		{"and decide then", []string{"clerk:submit", "town:attach"}, "town:approve", nil},
		{"and has acted at that step", []string{"clerk:submit", "climber:attach", "town:approve"}, "climber:approve", ErrForbidden},
		{"and has acted for drafting, too", []string{"clerk:submit", "both:attach", "town:return"}, "both:attach", ErrForbidden},
		{"a party does not decide, nor attach", []string{"clerk:submit"}, "party-town:attach", ErrForbidden},
		{"the clerk no longer", []string{"clerk:submit"}, "clerk:attach", ErrForbidden},
		{"nor whose step is later", []string{"clerk:submit"}, "district:attach", ErrForbidden},
		{"returned, the clerk again", []string{"clerk:submit", "town:return"}, "clerk:attach", nil},
		{"not once it is approved", []string{"clerk:submit", "town:approve", "district:approve"}, "clerk:attach", ErrState},
		{"not once it is withdrawn", []string{"clerk:withdraw"}, "clerk:attach", ErrState},
		{"what is there may be taken off", []string{"clerk:attach"}, "colleague:detach", nil},
		{"not twice", []string{"clerk:attach", "clerk:detach"}, "clerk:detach", ErrNotFound},
		{"not while it is decided", []string{"clerk:attach", "clerk:submit"}, "town:detach", ErrForbidden},
		{"not what a decider attached", []string{"clerk:submit", "town:attach", "town:return"}, "clerk:detach", ErrForbidden},
		{"not what is no attachment", nil, "clerk:detach", ErrNotFound},
	} {
		c := draft.run(t, s.before...)
		who, what, _ := strings.Cut(s.act, ":")
		if _, err := c.do(who, what); !errors.Is(err, s.want) || s.want == nil && err != nil {
			t.Errorf("%s: %v, want %v", s.name, err, s.want)
		}
	}
}

// TestDelegatedAttach: who delegated has acted as well.
func TestDelegatedAttach(t *testing.T) {
	c := newCase(t, "clerk", "village").run(t, "clerk:submit")
	deputy := SampleAccount("deputy", 40, [2]string{"approver", "town"})
	deputy.Grants[0].For, deputy.Grants[0].ForID = "climber", people["climber"].Person
	a, err := c.Attach(deputy, &Attachment{Material: OtherMaterial}, testNow)
	if err != nil || a.Actions[2].For != "climber" || a.Actions[2].Step != "town" {
		t.Fatalf("%v %+v", err, a)
	}
	c = (&Case{a, c.Template, c.Directory, nil}).run(t, "town:approve")
	if _, err := c.do("climber", "approve"); !errors.Is(err, ErrForbidden) {
		t.Errorf("who delegated decides at another step: %v", err)
	}
	witness := &Witness{"周敏", people["climber"].Person}
	c = newCase(t, "clerk", "village").run(t, "clerk:submit")
	_, err = c.Attach(deputy, &Attachment{Material: CommitmentMaterial, Signed: &Signing{ByFingerprint, witness}}, testNow)
	if got := fieldsOf(err); got != "witness_id self" {
		t.Errorf("who delegated is the witness: %s", got)
	}
}

func TestCheckAttachment(t *testing.T) {
	c := newCase(t, "clerk", "village")
	witness := func(number string) *Witness { return &Witness{"周敏", ID{Type: ResidentID, Number: number}} }
	neighbour := residentID("44130219650504", 19)
	commitment := func(s *Signing) Attachment { return Attachment{Material: CommitmentMaterial, Signed: s} }
	for name, s := range map[string]struct {
		file Attachment
		want string // fields and codes; empty: taken
	}{
		"a material of the item":     {Attachment{Material: "id_card"}, ""},
		"authority":                  {Attachment{Material: AuthorityMaterial}, ""},
		"no material":                {Attachment{}, "material choice"},
		"another item's":             {Attachment{Material: "home_proof"}, "material choice"},
		"a commitment, unsigned":     {commitment(nil), "signed required"},
		"signed":                     {commitment(&Signing{By: BySignature}), ""},
		"signed before a witness":    {commitment(&Signing{BySignature, witness(neighbour)}), ""},
		"signed somehow":             {commitment(&Signing{By: "seal"}), "signed choice"},
		"signed, of something else":  {Attachment{Material: "id_card", Signed: &Signing{By: BySignature}}, "signed not-applicable"},
		"fingerprint, nobody saw it": {commitment(&Signing{By: ByFingerprint}), "witness_name required"},
		"fingerprint":                {commitment(&Signing{ByFingerprint, witness(" " + strings.ToLower(neighbour))}), ""},
		"witness without a document": {commitment(&Signing{ByFingerprint, &Witness{"周敏", ID{Type: NoID, Reason: "遗失"}}}), "witness_id required"},
		"witness without a name":     {commitment(&Signing{ByFingerprint, &Witness{"", ID{ResidentID, neighbour, ""}}}), "witness_name required"},
		"witness with a wrong ID":    {commitment(&Signing{ByFingerprint, witness("1")}), "witness_id id-length"},
		"witness of an unknown type": {commitment(&Signing{ByFingerprint, &Witness{"周敏", ID{"badge", "12345", ""}}}), "witness_id.type choice"},
		"witness with a passport":    {commitment(&Signing{ByFingerprint, &Witness{"Ann Lee", ID{Passport, "e1234567", ""}}}), ""},
		"the holder as witness":      {commitment(&Signing{ByFingerprint, witness(idHolder)}), "witness_id party"},
		"a relative as witness":      {commitment(&Signing{ByFingerprint, witness(idChild)}), "witness_id party"},
		"who uploads as witness":     {commitment(&Signing{ByFingerprint, witness(people["clerk"].Person.Number)}), "witness_id self"},
	} {
		a, err := c.Attach(people["clerk"], &s.file, testNow)
		if s.want == "" && err != nil || s.want != "" && fieldsOf(err) != s.want {
			t.Errorf("%s: %s, want %q", name, fieldsOf(err), s.want)
		}
		if err == nil && name == "fingerprint" && a.Attachments[0].Signed.Witness.ID.Number != neighbour {
			t.Errorf("the witness's number is kept as %q", a.Attachments[0].Signed.Witness.ID.Number)
		}
	}
}

// TestMostAttachments: thirty, counted without those that were taken off, and a
// hundred with them.
func TestMostAttachments(t *testing.T) {
	c := newCase(t, "clerk", "village").run(t, "clerk:attach", "clerk:detach")
	for range maxAttachments {
		c = c.run(t, "clerk:attach")
	}
	if _, err := c.do("clerk", "attach"); fieldsOf(err) != "file too-many" {
		t.Error(err)
	}
	for range maxAttached - maxAttachments - 1 {
		c = c.run(t, "clerk:detach", "clerk:attach")
	}
	if _, err := c.run(t, "clerk:detach").do("clerk", "attach"); fieldsOf(err) != "file too-many-ever" {
		t.Error(err)
	}
}

func TestFileName(t *testing.T) {
	for sent, want := range map[string]string{
		"委托书.png":                       "委托书.jpg",
		`C:\Users\李\照片 1.jpeg`:          "照片 1.jpg",
		"../../etc/passwd":              "passwd.jpg",
		"a.html":                        "a.jpg",
		"a.tar.gz":                      "a.tar.jpg",
		"3.5 栋":                         "3.5 栋.jpg",
		".jpg":                          "材料.jpg",
		"":                              "材料.jpg",
		"..":                            "材料.jpg",
		"x\u202egpj.exe":                "材料.jpg", // shown, it would read x exe.jpg
		"a\x00b.jpg":                    "材料.jpg",
		"\xff\xfe.jpg":                  "材料.jpg",
		"  two   blanks  .jpg":          "two blanks.jpg",
		strings.Repeat("长", 200) + ".p": strings.Repeat("长", maxFileName) + ".jpg",
	} {
		if got := fileName(sent, "材料", ".jpg"); got != want {
			t.Errorf("%q becomes %q, want %q", sent, got, want)
		}
	}
}

func TestFileProblems(t *testing.T) {
	tpl := SampleTemplate()
	tpl.Materials = []Material{
		{Key: "id_card", Text: both("身份证")},
		{Key: "lease", Text: both("租约"), Scan: true, When: []Clause{{Field: "sex", Is: Female}}},
		{Key: "deed", Text: both("房产证"), Scan: true, When: []Clause{{Field: "sex", Is: Female}, {Field: "rooms", Over: new(int)}}},
		{Key: CommitmentMaterial, Text: both("承诺"), Scan: true},
	}
	for _, s := range []struct {
		values Values
		as     string
		have   []string
		want   string
	}{
		{Values{"sex": Male}, AsHolder, nil, "commitment"},
		{Values{"sex": Female}, AsHolder, nil, "lease, commitment"},
		{Values{"sex": Female, "rooms": int64(2)}, AsHolder, []string{"lease"}, "deed, commitment"},
		{Values{"sex": Female}, AsAgent, []string{"lease", CommitmentMaterial}, "authority"},
		{Values{}, AsAgent, []string{AuthorityMaterial}, "commitment"},
		{Values{}, AsGuardian, []string{CommitmentMaterial}, ""},
	} {
		a := &Application{Values: s.values, Applicant: Applicant{As: s.as}}
		for _, m := range s.have {
			a.Attachments = append(a.Attachments, Attachment{Material: m})
		}
		var got []string
		for _, f := range fileProblems(tpl, a) {
			got = append(got, strings.TrimPrefix(f.Field, "attachments."))
		}
		if strings.Join(got, ", ") != s.want {
			t.Errorf("%v as %s with %v lacks %v, want %s", s.values, s.as, s.have, got, s.want)
		}
	}
}

// TestAttachmentsFold: an attachment has the number of its action, those taken
// off are gone, and an older version of the case does not change.
func TestAttachmentsFold(t *testing.T) {
	two := newCase(t, "clerk", "village").run(t, "clerk:attach", "clerk:attach")
	three := two.run(t, "clerk:attach")
	one := two.run(t, "clerk:detach")
	other := two.run(t, "colleague:attach")
	ids := func(c *Case) string {
		s := ""
		for _, f := range c.Attachments {
			s += fmt.Sprint(f.ID, f.Name, " ")
		}
		return s
	}
	for i, s := range []struct {
		c    *Case
		want string
	}{{two, "2clerk.jpg 3clerk.jpg "}, {three, "2clerk.jpg 3clerk.jpg 4clerk.jpg "}, {one, "3clerk.jpg "}, {other, "2clerk.jpg 3clerk.jpg 4colleague.jpg "}} {
		if got := ids(s.c); got != s.want {
			t.Errorf("case %d: %s, want %s", i, got, s.want)
		}
	}
	views := attachmentViews(one.Template, one.Application)
	if len(views) != 1 || views[0].By != "clerk" || views[0].ID != 3 || !views[0].At.Equal(testNow.Truncate(time.Second)) {
		t.Errorf("%+v", views)
	}
}

// TestWitness: somebody who witnessed cannot become a party, and is named in no
// purpose.
func TestWitness(t *testing.T) {
	c := newCase(t, "clerk", "village")
	number := residentID("44130219650504", 19)
	f := &Attachment{Material: CommitmentMaterial, Signed: &Signing{ByFingerprint, &Witness{"周敏", ID{ResidentID, number, ""}}}}
	a, err := c.Attach(people["clerk"], f, testNow)
	if err != nil {
		t.Fatal(err)
	}
	c = &Case{a, c.Template, c.Directory, nil}
	if got := fileProblems(c.Template, a); len(got) > 0 {
		t.Errorf("no party: %v", got)
	}
	for purpose, want := range map[string]bool{"核对 周敏 一事": true, "核对周·敏": true, "见 " + number: true, "来函核对": false} {
		if got := c.names(purpose); got != want {
			t.Errorf("%s names somebody: %v", purpose, got)
		}
	}
	in := testInput(t)
	in.Values["kin"] = append(in.Values["kin"].([]any), map[string]any{"name": "周敏", "relation": "other", "relation_text": "姨母", "id": ID{ResidentID, number, ""}.Value()})
	if a, err = c.Edit(people["clerk"], in, testNow); err != nil {
		t.Fatal(err)
	}
	if got := fileProblems(c.Template, a); len(got) != 1 || got[0].Field != "attachments.commitment" || got[0].Code != "party" {
		t.Errorf("a party: %v", got)
	}
}
