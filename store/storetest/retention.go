package storetest

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"yinzheng"
)

// held writes a case after actions.
func held(t *testing.T, s yinzheng.Store, id string, kinds ...yinzheng.ActionKind) *yinzheng.Application {
	t.Helper()
	a := Case(id, "north", North, kinds...)
	check(t, s.SaveApplication(t.Context(), a, 0))
	return a
}

// erase erases what a case held.
func erase(t *testing.T, s yinzheng.Store, a *yinzheng.Application) (*yinzheng.Application, error) {
	t.Helper()
	after := Next(a, []yinzheng.ActionKind{yinzheng.Erase}, "north", North)
	return after, s.EraseCase(t.Context(), after, a.Version)
}

// issuedWith are the actions of a case with a certificate, and a file if it is wanted.
func issuedWith(files ...yinzheng.ActionKind) []yinzheng.ActionKind {
	return append(files, yinzheng.Submit, yinzheng.Approve, yinzheng.Approve, yinzheng.Approve, yinzheng.Reserve, yinzheng.Issue)
}

// erasing: the content goes, who did what and when stays, and so do the values of a case
// with a certificate.
func erasing(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	for id, kinds := range map[string][]yinzheng.ActionKind{
		"draft":    {yinzheng.Attach, yinzheng.Refer},
		"rejected": {yinzheng.Attach, yinzheng.Submit, yinzheng.Return, yinzheng.Reject},
		"issued":   issuedWith(yinzheng.Attach),
	} {
		a := held(t, s, id, kinds...)
		after, err := erase(t, s, a)
		check(t, err)
		got, err := s.Application(ctx, id)
		check(t, err)
		issued := id == "issued"
		if got.State != after.State || got.Version != a.Version+1 || got.Office != "north" || got.Division != North || (got.Values != nil) != issued || got.Retained() != "" {
			t.Errorf("%s is %s at version %d with %v", id, got.State, got.Version, got.Values)
		}
		for i := range a.Actions {
			was, is := a.Actions[i], got.Actions[i]
			if was.Kind != is.Kind || was.At != is.At || was.By != is.By || was.Office != is.Office || (is.Input != nil) != (issued && was.Input != nil) || is.Opinion != "" {
				t.Errorf("%s: %+v", id, is)
			}
			if f := is.Attachment; f != nil && (!f.Gone() || f.Name != "" || f.Original != "" || f.Signed.Witness != nil || f.Size == 0 || f.Material != "commitment") {
				t.Errorf("%s: %+v", id, f)
			}
		}
		if last := got.Actions[len(got.Actions)-1]; last.Kind != yinzheng.Erase || len(last.Stays) != 64 || last.Stays != after.Actions[len(after.Actions)-1].Stays {
			t.Errorf("%s: %+v", id, last)
		}
		_, err = erase(t, s, a)
		checkIs(t, err, yinzheng.ErrConflict)
	}
	if a := Case("none", "north", North); s.EraseCase(ctx, a, 0) == nil {
		t.Error("erased without an erasure")
	}
}

// listed are the cases that are due by a rule ten years on.
func listed(t *testing.T, s yinzheng.Store, rule string) []string {
	t.Helper()
	now := Start.AddDate(10, 0, 0)
	ids, err := s.Expired(t.Context(), rule, now, now, now, 9)
	check(t, err)
	n, err := s.CountExpired(t.Context(), rule, now, now, now)
	check(t, err)
	if n.Due != len(ids) {
		t.Errorf("%s: %v, counted as %+v", rule, ids, n)
	}
	return ids
}

// needed: a case is not erased while something needs it.
func needed(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	a := held(t, s, "A1", issuedWith(yinzheng.Attach)...)
	held(t, s, "A2", issuedWith()...)
	held(t, s, "A3", yinzheng.Submit)
	held(t, s, "A4", yinzheng.Submit, yinzheng.Reject)
	held(t, s, "A5", yinzheng.Withdraw)
	for rule, want := range map[string][]string{yinzheng.RetainFiles: {"A1"}, yinzheng.RetainRejected: {"A4"}, yinzheng.RetainWithdrawn: {"A5"}, yinzheng.RetainDrafts: nil} {
		if ids := listed(t, s, rule); !slices.Equal(ids, want) {
			t.Errorf("%s: %v", rule, ids)
		}
	}
	if ids, err := s.Expired(ctx, yinzheng.RetainFiles, a.Actions[len(a.Actions)-1].At, Start, Start, 9); err != nil || len(ids) > 0 {
		t.Errorf("not touched before: %v, %v", ids, err)
	}
	needs := func(what string) {
		t.Helper()
		if ids := listed(t, s, yinzheng.RetainFiles); len(ids) > 0 {
			t.Errorf("%s: %v", what, ids)
		}
		_, err := erase(t, s, a)
		checkIs(t, err, yinzheng.ErrConflict)
	}
	free := func(what string) {
		t.Helper()
		if ids := listed(t, s, yinzheng.RetainFiles); !slices.Equal(ids, []string{"A1"}) {
			t.Errorf("%s: %v", what, ids)
		}
	}
	check(t, s.PutHold(ctx, &yinzheng.Hold{Case: "A1", Reason: "litigation", Until: Start.AddDate(11, 0, 0), By: "u1", At: Start}))
	needs("held")
	check(t, s.EndHold(ctx, "A1"))
	free("no longer held")
	rating := &yinzheng.Rating{Application: "A1", Item: "residence", Office: "north", At: Start, Level: 1, State: "open", Due: Start, Next: Start, Version: 1}
	rate := func() {
		t.Helper()
		check(t, s.PutRating(ctx, rating, &yinzheng.RatingAct{Application: "A1", Seq: rating.Version, At: Start, By: "u1", Kind: "rate", Content: []byte("{}")}))
	}
	rate()
	needs("a bad rating")
	rating.State, rating.Due, rating.Next, rating.Version = "closed", time.Time{}, time.Time{}, 2
	rate()
	free("followed up")
	check(t, s.AddInspection(ctx, &yinzheng.PendingInspection{Application: "A1", Material: "lease", Office: "north", Due: Start}))
	needs("to be inspected")
	check(t, s.EndInspection(ctx, "A1", "lease", Start))
	free("inspected")
	cert := Certificate(1, "A1")
	check(t, s.Reserve(ctx, cert))
	cert = Finished(cert, []byte("pdf"))
	check(t, s.FinishIssue(ctx, cert, []byte("pdf")))
	free("in force")
	cert.Status = yinzheng.StatusIsSuspended
	check(t, s.SetStatus(ctx, cert, yinzheng.StatusOK))
	needs("suspended")
	cert.Status = yinzheng.StatusOK
	check(t, s.SetStatus(ctx, cert, yinzheng.StatusIsSuspended))
	check(t, s.LinkReplacement(ctx, cert.Code, "A3"))
	needs("about to be replaced")
	replacement, err := s.Application(ctx, "A3")
	check(t, err)
	check(t, s.SaveApplication(ctx, Next(replacement, []yinzheng.ActionKind{yinzheng.Reject}, "north", North), replacement.Version))
	free("not replaced")
	check(t, s.SaveApplication(ctx, Case("other", "north", North, yinzheng.Refer), 0)) // to C0
	if ids := listed(t, s, yinzheng.RetainFiles); !slices.Equal(ids, []string{"A1"}) {
		t.Errorf("another one is referred to: %v", ids)
	}
	zero := held(t, s, "0", issuedWith(yinzheng.Attach)...)
	if ids := listed(t, s, yinzheng.RetainFiles); !slices.Equal(ids, []string{"A1"}) {
		t.Errorf("referred to: %v", ids)
	}
	_, err = erase(t, s, zero)
	checkIs(t, err, yinzheng.ErrConflict)
}

// dropping: a file goes with the last of what refers to it.
func dropping(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	kept, asked, scan := Digest("kept"), Digest("asked"), Digest("scan")
	for _, content := range []string{"kept", "asked", "scan"} {
		check(t, s.AddFile(ctx, Digest(content), []byte(content)))
	}
	there := func(digest string, want bool) {
		t.Helper()
		if _, err := s.File(ctx, digest); (err == nil) != want {
			t.Errorf("%v", err)
		}
	}
	first, second := held(t, s, "A1", yinzheng.Attach), held(t, s, "A2", yinzheng.Attach, yinzheng.Attach)
	q := &yinzheng.ResidentRequest{ID: "R1", State: yinzheng.RequestDraft, Template: Template.Ref(), Begun: Start, Changed: Start, Content: []byte("{}"), Digests: []string{kept, asked, scan}}
	check(t, s.PutRequest(ctx, q))
	sum := sha256.Sum256([]byte("scan"))
	check(t, s.AddPaper(ctx, &yinzheng.Paper{Code: "P1", Number: "1号", Item: "residence", Short: "RES", Organ: "11441302007158123A", IssuedOn: Start, Scan: sum[:], ScanType: "image/jpeg", RecordedAt: Start, By: "u1", Office: "north"}))
	_, err := erase(t, s, first)
	check(t, err)
	there(kept, true)
	_, err = erase(t, s, second)
	check(t, err)
	there(kept, true)
	q.Version, q.Digests = 1, []string{kept} // what was taken off stays until all of it goes
	check(t, s.PutRequest(ctx, q))
	there(asked, true)
	q.Version, q.Content = 2, nil
	check(t, s.PutRequest(ctx, q))
	there(kept, false)
	there(asked, false)
	there(scan, true)
}

// fading: a draft goes only after its office was told of it as it is.
func fading(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	a := held(t, s, "A1")
	held(t, s, "A2", yinzheng.Submit)
	told := Start.AddDate(0, 3, 0)
	due := func(warned time.Time) []string {
		t.Helper()
		ids, err := s.Expired(ctx, yinzheng.RetainDrafts, told, warned, told, 9)
		check(t, err)
		return ids
	}
	fades := func() []string {
		t.Helper()
		ids, err := s.Fading(ctx, told, 9)
		check(t, err)
		return ids
	}
	if ids := fades(); !slices.Equal(ids, []string{"A1"}) || due(told) != nil {
		t.Errorf("%v fade, %v go", ids, due(told))
	}
	check(t, s.NoteFading(ctx, "A1", 1, told))
	if due(told) != nil || !slices.Equal(due(told.Add(time.Second)), []string{"A1"}) || fades() != nil {
		t.Errorf("told: %v fade, %v go", fades(), due(told.Add(time.Second)))
	}
	check(t, s.SaveApplication(ctx, Next(a, []yinzheng.ActionKind{yinzheng.Edit}, "north", North), 1))
	if ids := fades(); !slices.Equal(ids, []string{"A1"}) || due(told.Add(time.Second)) != nil {
		t.Errorf("touched again: %v fade, %v go", ids, due(told.Add(time.Second)))
	}
	check(t, s.NoteFading(ctx, "A1", 2, told.Add(time.Hour)))
	if due(told.Add(time.Second)) != nil || !slices.Equal(due(told.Add(2*time.Hour)), []string{"A1"}) {
		t.Errorf("told again: %v go", due(told.Add(2*time.Hour)))
	}
}

// lingering: contacts and requests whose cases have all ended, unless one is held.
func lingering(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	for id, kinds := range map[string][]yinzheng.ActionKind{"A1": {yinzheng.Withdraw}, "A2": {yinzheng.Submit}, "A3": {yinzheng.Withdraw}, "A4": {yinzheng.Withdraw}} {
		held(t, s, id, kinds...)
	}
	for id, documents := range map[string][]string{"A1": {"111:A"}, "A2": {"111:B"}, "A3": {"111:A", "111:B"}, "A4": {"111:C"}} {
		check(t, s.PutMarks(ctx, id, yinzheng.Marks{Residents: documents}))
	}
	for id, state := range map[string]yinzheng.RequestState{"RA1": yinzheng.RequestTaken, "RA2": yinzheng.RequestTaken, "RA3": yinzheng.RequestAnswered, "R5": yinzheng.RequestDraft, "R6": yinzheng.RequestRefused, "R7": yinzheng.RequestSent} {
		q := &yinzheng.ResidentRequest{ID: id, State: state, Template: Template.Ref(), Begun: Start, Changed: Start, Content: []byte("{}")}
		if id[1] == 'A' {
			q.Case = id[1:]
		}
		if id == "R7" {
			q.Resident = "111:D"
		}
		check(t, s.PutRequest(ctx, q))
	}
	for i, key := range []string{"case:A1", "case:A2", "case:A4", "111:A", "111:B", "111:C", "111:D", "111:E", "request:R5", "request:R6"} {
		check(t, s.PutContact(ctx, &yinzheng.ResidentContact{Resident: key, Contact: yinzheng.Contact{Channel: yinzheng.SMS, Address: "13800000000"}, Language: "zh", Wants: yinzheng.WantsAll, Secret: fmt.Sprint(i), By: "u1", At: Start}))
	}
	check(t, s.PutHold(ctx, &yinzheng.Hold{Case: "A4", Reason: "litigation", Until: Start.Add(time.Hour), By: "u1", At: Start}))
	later := Start.Add(time.Hour)
	for _, tt := range []struct {
		before, now        time.Time
		limit              int
		contacts, requests string
	}{
		{Start, Start, 99, "[]", "[]"},
		{later, Start, 99, "[111:A 111:E case:A1 request:R6]", "[RA1 RA3]"},
		{later, later, 99, "[111:A 111:C 111:E case:A1 case:A4 request:R6]", "[RA1 RA3]"},
		{later, Start, 1, "[111:A]", "[RA1]"},
	} {
		contacts, err := s.IdleContacts(ctx, tt.before, tt.now, tt.limit)
		check(t, err)
		requests, err := s.EndedRequests(ctx, tt.before, tt.now, tt.limit)
		check(t, err)
		slices.Sort(requests)
		if slices.Sort(contacts); tt.limit > 1 && fmt.Sprint(contacts) != tt.contacts || len(contacts) != min(tt.limit, strings.Count(tt.contacts, ":")) || len(requests) != strings.Count(tt.requests, "R") || tt.limit > 1 && fmt.Sprint(requests) != tt.requests {
			t.Errorf("before %s at %s: %v and %v", tt.before, tt.now, contacts, requests)
		}
		for _, key := range []string{"111:A", "111:B", "111:C", "111:D", "case:A2", "case:A4", "request:R5", "request:R6"} {
			if is, err := s.IsIdle(ctx, key, tt.before, tt.now); err != nil || tt.limit > 1 && is != slices.Contains(contacts, key) {
				t.Errorf("before %s at %s: %s is idle: %t, %v", tt.before, tt.now, key, is, err)
			}
		}
		for _, id := range []string{"RA1", "RA2", "RA3", "R5", "R6"} {
			if is, err := s.HasEnded(ctx, id, tt.before, tt.now); err != nil || tt.limit > 1 && is != slices.Contains(requests, id) {
				t.Errorf("before %s at %s: %s has ended: %t, %v", tt.before, tt.now, id, is, err)
			}
		}
	}
}

func holds(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	list := func(at time.Time, want ...yinzheng.Hold) {
		t.Helper()
		got, err := s.Holds(ctx, at)
		check(t, err)
		if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	}
	held(t, s, "A1")
	held(t, s, "A2")
	long := yinzheng.Hold{Case: "A1", Reason: "litigation", Until: Start.AddDate(0, 0, 9), By: "u1", At: Start}
	short := yinzheng.Hold{Case: "A2", Reason: "complaint", Until: Start.AddDate(0, 0, 1), By: "u2", At: Start}
	check(t, s.PutHold(ctx, &long))
	check(t, s.PutHold(ctx, &short))
	list(Start, short, long)
	list(short.Until, long)
	short.Reason, short.Until = "other", Start.AddDate(0, 0, 20)
	check(t, s.PutHold(ctx, &short))
	list(Start, long, short)
	check(t, s.EndHold(ctx, "A1"))
	check(t, s.EndHold(ctx, "A1"))
	list(Start, short)
}
