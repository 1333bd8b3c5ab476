package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"yinzheng"
)

func residentSessions(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	document := yinzheng.ID{Type: yinzheng.ResidentID, Number: "441302199001011234"}
	one, two, third := [32]byte{1}, [32]byte{2}, [32]byte{3}
	_, err := s.ResidentSession(ctx, one)
	checkIs(t, err, yinzheng.ErrNotFound)
	want := &yinzheng.ResidentSession{Resident: yinzheng.Resident{Name: "张𠮷", ID: document}, Opened: Start, Used: Start, Expires: Start.Add(12 * time.Hour)}
	check(t, s.PutResidentSession(ctx, one, want))
	check(t, s.PutResidentSession(ctx, two, want))
	of := &yinzheng.ResidentSession{Resident: yinzheng.Resident{Case: "CASE"}, Opened: Start, Used: Start, Expires: Start.Add(time.Hour)}
	check(t, s.PutResidentSession(ctx, third, of))
	want.Used = Start.Add(time.Minute)
	check(t, s.UseResidentSession(ctx, one, want.Used))
	got, err := s.ResidentSession(ctx, one)
	check(t, err)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("session (-want +got):\n%s", d)
	}
	check(t, s.PruneResidentSessions(ctx, Start.Add(time.Hour-1), Start)) // nothing has ended
	for _, hash := range [][32]byte{one, two, third} {
		_, err := s.ResidentSession(ctx, hash)
		check(t, err)
	}
	check(t, s.PruneResidentSessions(ctx, Start.Add(time.Hour), Start)) // the third expires
	_, err = s.ResidentSession(ctx, third)
	checkIs(t, err, yinzheng.ErrNotFound)
	check(t, s.PruneResidentSessions(ctx, Start, Start.Add(time.Second))) // the second was not used
	_, err = s.ResidentSession(ctx, two)
	checkIs(t, err, yinzheng.ErrNotFound)
	check(t, s.PutResidentSession(ctx, two, want))
	check(t, s.PutResidentSession(ctx, third, of))
	check(t, s.EndResidentSessions(ctx, want.Key()))
	for _, hash := range [][32]byte{one, two} {
		_, err = s.ResidentSession(ctx, hash)
		checkIs(t, err, yinzheng.ErrNotFound)
	}
	_, err = s.ResidentSession(ctx, third)
	check(t, err)
	check(t, s.EndResidentSession(ctx, third))
	check(t, s.EndResidentSession(ctx, third))
	_, err = s.ResidentSession(ctx, third)
	checkIs(t, err, yinzheng.ErrNotFound)
}

func caseCodes(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	slip := &yinzheng.CaseCode{Case: "A", Way: yinzheng.CodeOnSlip, Hash: [32]byte{1}, Expires: Start.Add(time.Hour)}
	sent := &yinzheng.CaseCode{Case: "A", Way: yinzheng.CodeSent, Hash: [32]byte{2}, Expires: Start.Add(time.Minute)}
	other := &yinzheng.CaseCode{Case: "B", Way: yinzheng.CodeOnSlip, Hash: [32]byte{3}, Expires: Start.Add(time.Hour)}
	live := func(id string, now time.Time, want ...yinzheng.CaseCode) {
		t.Helper()
		got, err := s.CaseCodes(ctx, id, now)
		check(t, err)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("codes (-want +got):\n%s", d)
		}
	}
	checkIs(t, s.UseCaseCode(ctx, slip), yinzheng.ErrNotFound)
	live("A", Start)
	check(t, s.PutCaseCode(ctx, &yinzheng.CaseCode{Case: "A", Way: yinzheng.CodeOnSlip, Hash: [32]byte{9}, Expires: Start.Add(time.Hour)}))
	for _, c := range []*yinzheng.CaseCode{slip, sent, other} {
		check(t, s.PutCaseCode(ctx, c))
	}
	live("A", Start, *sent, *slip)
	live("A", sent.Expires, *slip)
	miss := func() { check(t, s.MissCaseCodes(ctx, "A", yinzheng.CodeSent, 2)) }
	miss()
	live("A", Start, *sent, *slip)
	miss()
	live("A", Start, *slip)
	live("B", Start, *other)
	check(t, s.MissCaseCodes(ctx, "none", yinzheng.CodeSent, 1))
	check(t, s.PutCaseCode(ctx, sent))
	miss() // a new one is tried anew
	live("A", Start, *sent, *slip)
	check(t, s.UseCaseCode(ctx, slip))
	checkIs(t, s.UseCaseCode(ctx, slip), yinzheng.ErrNotFound)

	tries := func(id string, since, now time.Time, want int) {
		t.Helper()
		if n, err := s.CountTry(ctx, id, since, now); err != nil || n != want {
			t.Errorf("try %d, %v, want %d", n, err, want)
		}
	}
	tries("A", Start, Start, 1)
	tries("A", Start, Start.Add(time.Minute), 2)
	tries("none", Start, Start.Add(time.Minute), 1)
	tries("A", Start.Add(time.Second), Start.Add(time.Hour), 1)
	tries("A", Start.Add(time.Second), Start.Add(2*time.Hour), 2)
	check(t, s.PruneCaseCodes(ctx, Start.Add(time.Hour), Start.Add(time.Hour)))
	live("B", Start)
	tries("none", Start, Start.Add(2*time.Hour), 1)
	tries("A", Start, Start.Add(2*time.Hour), 3)
}

// belongingTo: whom a case belongs to is what its last marks say.
func belongingTo(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	belongs := func(document string, limit int, want ...string) {
		t.Helper()
		got, err := s.BelongingTo(ctx, document, limit)
		check(t, err)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("cases of %s (-want +got):\n%s", document, d)
		}
	}
	saveMarked(t, s, Case("1", "north", North), yinzheng.Marks{Residents: []string{"111:A", "111:B"}})
	saveMarked(t, s, Case("2", "north", North), yinzheng.Marks{Residents: []string{"111:A"}})
	saveMarked(t, s, Case("3", "north", North), yinzheng.Marks{})
	belongs("111:A", 9, "2", "1")
	belongs("111:A", 1, "2")
	belongs("111:B", 9, "1")
	belongs("111:C", 9)
	check(t, s.PutMarks(ctx, "1", yinzheng.Marks{Residents: []string{"111:B", "111:C"}}))
	check(t, s.PutMarks(ctx, "2", yinzheng.Marks{}))
	belongs("111:A", 9)
	belongs("111:B", 9, "1")
	belongs("111:C", 9, "1")
}

// contacts: each resident has one, that is found by its secret, too, and one to prove.
func contacts(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	none := func(err error) {
		t.Helper()
		checkIs(t, err, yinzheng.ErrNotFound)
	}
	_, err := s.ContactOf(ctx, "case:A")
	none(err)
	first := &yinzheng.ResidentContact{Resident: "case:A", Contact: yinzheng.Contact{Channel: yinzheng.SMS, Address: "13800000000"}, Language: "zh", Wants: yinzheng.WantsAll, Secret: "S1", By: "u1", At: Start}
	next := &yinzheng.ResidentContact{Resident: "case:A", Contact: yinzheng.Contact{Channel: yinzheng.Mail, Address: "a@example.com"}, Language: "en", Wants: yinzheng.WantsNone, Secret: "S2", By: "u2", At: Start.Add(time.Hour)}
	other := &yinzheng.ResidentContact{Resident: "111:B", Contact: first.Contact, Language: "zh", Wants: yinzheng.WantsAsked, Secret: "S3", By: "u1", At: Start}
	check(t, s.PutContact(ctx, other))
	for _, c := range []*yinzheng.ResidentContact{first, next} {
		check(t, s.PutContact(ctx, c))
		got, err := s.ContactOf(ctx, "case:A")
		check(t, err)
		same, err := s.ContactBySecret(ctx, c.Secret)
		check(t, err)
		for _, got := range []*yinzheng.ResidentContact{got, same} {
			if d := cmp.Diff(c, got); d != "" {
				t.Errorf("contact (-want +got):\n%s", d)
			}
		}
	}
	_, err = s.ContactBySecret(ctx, "S1")
	none(err)
	_, err = s.ContactOf(ctx, "case:B")
	none(err)

	p := &yinzheng.ContactProof{Resident: "case:A", Contact: first.Contact, Language: "zh", Wants: yinzheng.WantsAsked, Hash: [32]byte{1}, Expires: Start.Add(time.Minute)}
	check(t, s.PutContactProof(ctx, p))
	check(t, s.EraseContact(ctx, "case:A"))
	check(t, s.EraseContact(ctx, "case:A"))
	_, err = s.ContactOf(ctx, "case:A")
	none(err)
	_, err = s.ContactProof(ctx, "case:A", Start)
	none(err)
	if got, err := s.ContactOf(ctx, "111:B"); err != nil || got.Secret != "S3" {
		t.Errorf("another's: %+v, %v", got, err)
	}
}

// contactProofs end by their time, by wrong tries, and for another one.
func contactProofs(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	p := &yinzheng.ContactProof{Resident: "111:B", Contact: yinzheng.Contact{Channel: yinzheng.SMS, Address: "13800000000"}, Language: "zh", Wants: yinzheng.WantsAll, Hash: [32]byte{1}, Expires: Start.Add(time.Minute)}
	at := func(now time.Time, want *yinzheng.ContactProof) {
		t.Helper()
		got, err := s.ContactProof(ctx, "111:B", now)
		if want == nil {
			checkIs(t, err, yinzheng.ErrNotFound)
			return
		}
		check(t, err)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("to be proven (-want +got):\n%s", d)
		}
	}
	at(Start, nil)
	check(t, s.PutContactProof(ctx, p))
	at(p.Expires.Add(-time.Microsecond), p)
	at(p.Expires, nil)
	check(t, s.MissContactProof(ctx, "111:B", 2))
	at(Start, p)
	again := *p
	again.Hash, again.Wants = [32]byte{2}, yinzheng.WantsNone
	check(t, s.PutContactProof(ctx, &again))
	check(t, s.MissContactProof(ctx, "111:B", 2)) // they are counted anew
	at(Start, &again)
	check(t, s.MissContactProof(ctx, "111:B", 2))
	at(Start, nil)
	check(t, s.PutContactProof(ctx, p))
	check(t, s.PruneContactProofs(ctx, p.Expires.Add(-time.Microsecond)))
	at(Start, p)
	check(t, s.PruneContactProofs(ctx, p.Expires))
	at(Start, nil)
	check(t, s.PutContactProof(ctx, p))
	check(t, s.EraseContactProof(ctx, "111:B"))
	at(Start, nil)
}
