package yinzheng

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

var updateRights = flag.Bool("update", false, "write docs/rights.md anew from the rules")

const rightsFile = "docs/rights.md"

// TestRightsTable holds docs/rights.md against the rules themselves: for every
// role, relation of the office to the case, state and action, whether it is
// allowed. After a change of the rules: go test -run TestRightsTable -update .
func TestRightsTable(t *testing.T) {
	got := rightsTable(t)
	if *updateRights {
		if err := os.WriteFile(rightsFile, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(rightsFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what the rules say; look at the difference, then write it anew with: go test -run TestRightsTable -update .", rightsFile)
	}
}

// rightsRow is somebody without any other part in the case.
type rightsRow struct {
	role     Role
	office   string
	relation string
}

func rightsTable(t *testing.T) []byte {
	t.Helper()
	rows := []rightsRow{
		{Clerk, "village", "home village, took the case in"},
		{Approver, "village", "home village, took the case in"},
		{Clerk, "sibling", "sibling village"},
		{Approver, "sibling", "sibling village"},
		{Clerk, "village-b", "village of another town"},
		{Clerk, "town", "town above"},
		{Approver, "town", "town above"},
		{Clerk, "town-b", "another town"},
		{Approver, "town-b", "another town"},
		{Clerk, "district", "district above"},
		{Approver, "district", "district above"},
		{Clerk, "abroad", "another district"},
		{Approver, "abroad", "another district"},
		{Admin, "district", "district above"},
		{Admin, "abroad", "another district"},
		{Department, "district", "district above"},
		{Department, "abroad", "another district"},
	}
	var b bytes.Buffer
	b.WriteString("# Who may do what to a case\n\n" +
		"Made from the rules themselves (`TestRightsTable`), checked with every change. For somebody who is no party of the case and has done nothing else to it (four eyes and 回避 take rights away, never give any); roles in force, accounts enabled. A dash: the case does not exist for them (404).\n")
	for _, taken := range []struct{ office, title string }{
		{"village", "Taken in by the home village: its submission counts as the village's step"},
		{"sibling", "Taken in by a sibling village (全区通办): the home village decides its step"},
	} {
		fmt.Fprintf(&b, "\n## %s\n\n", taken.title)
		cases := rightsCases(t, taken.office)
		b.WriteString("| who | office |")
		for _, c := range cases {
			b.WriteString(" " + c.name + " |")
		}
		b.WriteString("\n|---|---|" + strings.Repeat("---|", len(cases)) + "\n")
		for _, r := range rows {
			relation := r.relation
			if taken.office == "sibling" {
				relation = map[string]string{"village": "home village", "sibling": "sibling village, took the case in"}[r.office]
				if relation == "" {
					relation = r.relation
				}
			}
			fmt.Fprintf(&b, "| %s | %s |", r.role, relation)
			for _, c := range cases {
				somebody := SampleAccount("somebody", 90, [2]string{string(r.role), r.office})
				cell := rightsOf(c.Case, somebody)
				checkPermits(t, c, somebody, cell)
				b.WriteString(" " + cell + " |")
			}
			b.WriteString("\n")
		}
	}
	requestRights(&b, rows)
	return b.Bytes()
}

// requestRights adds who may do what to a resident's request, which was sent to the
// village.
func requestRights(b *bytes.Buffer, rows []rightsRow) {
	states := []string{"draft", "sent", "sent, late", "returned", "taken", "asked", "answered", "refused", "withdrawn", "lapsed"}
	b.WriteString("\n## Requests of residents (网上申请), sent to the home village\n\n| who | office |")
	for _, s := range states {
		fmt.Fprintf(b, " %s |", s)
	}
	b.WriteString("\n|---|---|" + strings.Repeat("---|", len(states)) + "\n")
	for _, r := range rows {
		fmt.Fprintf(b, "| %s | %s |", r.role, strings.TrimSuffix(r.relation, ", took the case in"))
		for _, state := range states {
			state, late := strings.CutSuffix(state, ", late")
			q := &ResidentRequest{State: RequestState(state), Office: "village", Late: late}
			if q.State == RequestDraft { // sent to nobody yet
				q.Office = ""
			}
			may := []string{"–"}
			if _, err := q.mayTakeIn(testDir, SampleAccount("somebody", 90, [2]string{string(r.role), r.office}), testNow); err == nil {
				may = []string{"see"}
				if q.State != RequestWithdrawn { // what was taken back is theirs again
					may = append(may, "open file")
				}
				for _, act := range q.Acts() {
					may = append(may, string(act))
				}
			}
			fmt.Fprintf(b, " %s |", strings.Join(may, ", "))
		}
		b.WriteString("\n")
	}
	b.WriteString("\nTo ask, and to attach an answer, whoever does it also has to be one who may edit the case, while that is a draft or returned.\n")
}

// checkPermits holds what somebody is told that they may do against what they may.
func checkPermits(t *testing.T, c namedCase, somebody *Account, cell string) {
	t.Helper()
	told := map[string]bool{}
	for _, p := range c.Permits(somebody, testNow) {
		told[string(p.Action)] = p.Why == nil
		if p.Why != nil && (p.Why.ZH == "" || p.Why.EN == "") {
			t.Errorf("%s: no reason why %s is refused", c.name, p.Action)
		}
	}
	words := map[string]string{string(ToCorrect): "correct", string(Reissue): "issue again", string(ToCopy): "hand out copies"}
	for kind, word := range actWords {
		words[string(kind)] = word
	}
	if c.State == Issued {
		for _, p := range c.CertificatePermits(&Certificate{Code: "C", Organ: DistrictOrgan}, somebody, testNow.Add(time.Hour)) {
			told[words[string(p.Action)]] = p.Why == nil
		}
	}
	may := strings.Split(cell, ", ")
	for _, word := range words {
		if allowed := slices.Contains(may, word); told[word] != allowed {
			t.Errorf("%s, %s of %s: told %v that they may %s, the rules say %v", c.name, somebody.Grants[0].Role, somebody.Grants[0].Office, told[word], word, allowed)
		}
	}
	for _, action := range []ActionKind{Edit, Submit, Withdraw, Approve, Return, Reject} {
		if allowed := slices.Contains(may, string(action)); told[string(action)] != allowed {
			t.Errorf("%s, %s of %s: told %v that they may %s, the rules say %v", c.name, somebody.Grants[0].Role, somebody.Grants[0].Office, told[string(action)], action, allowed)
		}
	}
}

type namedCase struct {
	name string
	*Case
}

// rightsCases are a case in every state, each acted on by people of its own.
func rightsCases(t *testing.T, office string) []namedCase {
	t.Helper()
	tpl := SampleTemplate()
	tpl.Chain[1].Limit, tpl.Chain[1].TakeOver = 2, &Post{Level: District}
	tpl.Materials = []Material{{
		Key: "proof", Text: both("材料"), Scan: true, When: []Clause{{Field: "purpose", Is: "补交"}},
		Certificate: []string{"kin"}, Later: &Later{Days: 2, Issue: IssueWaits, Lapse: 2},
	}}
	clerk := SampleAccount("its clerk", 80, [2]string{"clerk", office})
	var out []namedCase
	c := &Case{&Application{ID: "CASE", Template: tpl.Ref()}, tpl, testDir, nil}
	keep := func(name string) { out = append(out, namedCase{name, &Case{c.Application, tpl, testDir, nil}}) }
	act := func(x Action) { c.Application = c.with(x) }
	begin := func(purpose string) {
		c.Application = &Application{ID: "CASE", Template: tpl.Ref()}
		x := actionBy(clerk, clerk.Grants[0], Create, testNow)
		x.Input = &Input{Division: testVillage, Applicant: Applicant{As: AsHolder}, Values: SampleValues()}
		x.Input.Values["purpose"], x.Input.Values["id"] = purpose, ID{Type: ResidentID, Number: idHolder}.Value()
		act(x)
		x = actionBy(clerk, clerk.Grants[0], Attach, testNow)
		x.Attachment = &Attachment{Material: OtherMaterial}
		act(x)
	}
	begin("办理入学")
	keep("draft")
	submit := func() {
		x := actionBy(clerk, clerk.Grants[0], Submit, testNow)
		if step := c.homeStep(); step != nil {
			x.Step = step.Key
		}
		act(x)
	}
	submit()
	if office != "village" {
		keep("at village")
		act(Action{At: testNow, Kind: Approve, By: "v", Step: "village"})
	}
	keep("at town")
	town := c.Application
	act(Action{At: testNow, Kind: Escalate, By: SystemActor, Step: "town"})
	keep("at town, past its limit")
	c.Application = town
	act(Action{At: testNow, Kind: Recuse, By: SystemActor, Step: "town", Office: "district"})
	keep("at town, handed on")
	c.Application = town
	act(Action{At: testNow, Kind: Return, By: "t", Step: "town"})
	keep("returned")
	c.Application = town
	act(Action{At: testNow, Kind: Approve, By: "t", Step: "town"})
	keep("at district")
	atDistrict := c.Application
	act(Action{At: testNow, Kind: Strand, By: SystemActor, Step: "district", Office: "district"})
	keep("at district, stranded")
	c.Application = atDistrict
	act(Action{At: testNow, Kind: Approve, By: "d", Step: "district"})
	keep("approved")
	act(Action{At: testNow, Kind: Reserve, By: SystemActor, Code: "C"})
	keep("issuing")
	act(Action{At: testNow, Kind: Issue, By: SystemActor})
	keep("issued")
	issued := c.Application
	act(Action{At: testNow, Kind: Schedule, By: SystemActor, Office: "district", Material: "proof"})
	keep("issued, a commitment to be inspected")
	c.Application = issued
	act(Action{At: testNow, Kind: Suspend, By: "d1"})
	keep("issued, suspended")
	c.Application = issued
	act(Action{At: testNow, Kind: ProposeRevocation, By: "d1"})
	keep("issued, revocation proposed")
	act(Action{At: testNow, Kind: Revoke, By: "d2"})
	keep("issued, revoked")
	c.Application = town
	act(Action{At: testNow, Kind: Reject, By: "t", Step: "town"})
	keep("rejected")
	c.Application = town
	act(Action{At: testNow, Kind: Withdraw, By: clerk.ID})
	keep("withdrawn")
	begin("补交")
	keep("draft, a material asked for")
	act(Action{At: testNow, Kind: Promise, By: clerk.ID, Material: "proof", Due: testNow.AddDate(0, 0, 3)})
	submit()
	if office != "village" {
		act(Action{At: testNow, Kind: Approve, By: "v", Step: "village"})
	}
	keep("at town, a material to follow")
	act(Action{At: testNow, Kind: Approve, By: "t", Step: "town"})
	act(Action{At: testNow, Kind: Approve, By: "d", Step: "district"})
	keep("approved, a material to follow")
	return out
}

// rightsOf lists what somebody may do, by trying it.
func rightsOf(c *Case, by *Account) string {
	now := testNow.Add(time.Hour)
	if c.MaySee(by, now) != nil {
		return "–"
	}
	may := []string{"see"}
	try := func(name string, err error) {
		if err == nil {
			may = append(may, name)
		}
	}
	_, err := c.Edit(by, &Input{Division: c.Division, Applicant: c.Applicant, Values: c.Values}, now)
	try("edit", err)
	_, err = c.Attach(by, &Attachment{Material: OtherMaterial}, now)
	if try("attach", err); err != nil { // only what was promised
		_, err = c.Attach(by, &Attachment{Material: "proof"}, now)
		try("bring what was promised", err)
	}
	_, err = c.Detach(by, 2, now)
	try("detach", err)
	_, err = c.Refer(by, "proof", &Certificate{Code: "R", Template: c.Application.Template, Status: StatusOK}, c, now)
	try("refer", err)
	_, err = c.Promise(by, "proof", now)
	try("promise", err)
	_, err = c.Inspect(by, InspectionResult{Material: "proof", Outcome: FoundTrue, Opinion: "x"}, now)
	try("inspect", err)
	if c.attachment(2) != nil {
		try("open attachment", c.MaySee(by, now))
	}
	_, err = c.Submit(by, now)
	for _, p := range fileProblems(c.Template, c.Application) {
		err = errors.Join(err, p)
	}
	try("submit", err)
	_, err = c.Withdraw(by, "", now)
	try("withdraw", err)
	for _, d := range []Decision{{Action: Approve}, {Action: Return, Opinion: "x"}, {Action: Reject, Opinion: "x"}} {
		_, err := c.Decide(by, d, now)
		try(string(d.Action), err)
	}
	life := LifeOf(c.Actions)
	cert := &Certificate{Code: "C", Organ: DistrictOrgan}
	for _, kind := range []ActionKind{Suspend, Lift, ProposeRevocation, Revoke, DeclineRevocation} {
		a := Act{Kind: kind, Opinion: "x"}
		if classes := actReasons[kind]; classes != nil {
			a.Reason = classes[0]
		}
		if life.Proposed != nil {
			a.Proposal = life.Proposed.Seq
		}
		_, err := c.ActOn(cert, by, a, now)
		try(actWords[kind], err)
	}
	if c.State == Issued {
		_, err := mayTakeIn(c.Template, c.Directory, by, "", c.Division, now)
		try("correct", errors.Join(err, life.mayBeReplaced()))
		_, err = c.mayActOn(cert, by, Reissue, now)
		try("issue again", errors.Join(err, life.mayBeReplaced()))
		try("reveal holder", c.MaySee(by, now))
		_, err = c.mayHandOut(by, now)
		try("hand out copies", errors.Join(err, life.Mark(cert).mayBeCopied(now)))
	}
	try("export dossier", c.MaySee(by, now))
	return strings.Join(may, ", ")
}

var actWords = map[ActionKind]string{Suspend: "suspend", Lift: "lift", ProposeRevocation: "propose revocation", Revoke: "confirm it", DeclineRevocation: "decline it"}
