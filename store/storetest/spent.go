package storetest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"yinzheng"
)

// Spend writes one thing that stands under each rule of its own, touched last at Start,
// with what is recorded of it, and returns their IDs by the rules. Each belongs to case A1.
func Spend(t *testing.T, s yinzheng.Store) map[string]string {
	t.Helper()
	ctx := t.Context()
	held(t, s, "A1", issuedWith()...)
	cert := Certificate(1, "A1")
	check(t, s.Reserve(ctx, cert))
	cert = Finished(cert, []byte("pdf"))
	check(t, s.FinishIssue(ctx, cert, []byte("pdf")))

	b, rows := aBatch("B1")
	check(t, s.AddBatch(ctx, b, rows))
	check(t, s.PutBatchRow(ctx, b.ID, &yinzheng.BatchRow{Line: 3, Outcome: yinzheng.RowMade, Application: "A1"}))
	for line := 4; line <= 6; line++ {
		check(t, s.PutBatchRow(ctx, b.ID, &yinzheng.BatchRow{Line: line, Outcome: yinzheng.RowRefused, Why: yinzheng.Text{ZH: "缺王丽的证件", EN: "王丽's document is missing"}}))
	}
	b.State, b.Version = "done", 2
	check(t, s.PutBatch(ctx, b))
	check(t, s.Record(ctx, yinzheng.Event{At: Start, Kind: "batch-done", Subject: b.ID, By: yinzheng.SystemActor}))

	for i, kind := range []string{"rate", "call", "settle"} {
		a := &yinzheng.RatingAct{Application: "A1", Seq: i + 1, At: Start, By: "u1", Kind: kind, Content: fmt.Appendf(nil, `{"kind":%q,"level":1,"text":"王丽说<%d>","salt":"AAAA"}`, kind, i)}
		check(t, s.PutRating(ctx, &yinzheng.Rating{Application: "A1", Item: "residence", Office: "north", At: Start, Level: 1, State: "settled", Version: a.Seq}, a))
		logged(t, s, "rating-"+kind, "A1", a.By, a.Content)
	}

	share := &yinzheng.Share{Hash: [32]byte{1}, Code: cert.Code, Note: "给王丽的学校", MadeAt: Start.AddDate(0, 0, -1), Expires: Start}
	check(t, s.AddShare(ctx, share))

	spendInquiries(t, s)
	check(t, s.AddCommitmentRight(ctx, &yinzheng.CommitmentRight{At: Start, Document: "111:王丽", Ended: true, By: "u1", Application: "A1", Action: 1}))
	check(t, s.Record(ctx, yinzheng.Event{At: Start, Kind: "commitment-right-ended", Subject: "A1", By: "u1"}))
	check(t, s.AddCommitmentRight(ctx, &yinzheng.CommitmentRight{At: Start, Document: "111:王丽", By: "u2", Application: "A1", Reason: "已改正"}))
	check(t, s.Record(ctx, yinzheng.Event{At: Start, Kind: "commitment-right-restored", Subject: "A1", By: "u2", Detail: "已改正"}))
	check(t, s.AddCopies(ctx, &yinzheng.Copies{ID: "K1", Certificate: cert.Code, At: Start, By: "u1", Name: "经办人", Office: "north", Collector: "王丽", CollectorID: yinzheng.ID{Type: yinzheng.Passport, Number: "王丽1"}, Count: 2, Purpose: "王丽入学"}))
	return map[string]string{
		yinzheng.RetainImports: b.ID, yinzheng.RetainRatings: "A1", yinzheng.RetainShares: fmt.Sprintf("share-%d", share.ID), yinzheng.RetainRosters: spentCampaign(t, s),
		yinzheng.RetainInquiries: "Q1", yinzheng.RetainLists: "L1", yinzheng.RetainRolls: "R1", yinzheng.RetainCopies: "K1", yinzheng.RetainRights: "right-2",
	}
}

// spendInquiries writes an inquiry and a list that were replied to, and a roll that was
// replaced.
func spendInquiries(t *testing.T, s yinzheng.Store) {
	t.Helper()
	ctx := t.Context()
	content := []byte(`{"kind":"ask","asked":{"name":"王丽","id":{"type":"111","number":"王丽1"},"about":"王丽2","basis":"某法"},"found":{"source":"王丽"},"opinion":"王丽","salt":"AAAA"}`)
	for _, id := range []string{"Q1", "L1"} {
		check(t, s.AddInquiryAct(ctx, &yinzheng.InquiryAct{Subject: id, Seq: 1, At: Start, By: "u1", Kind: "ask", Content: content}))
		logged(t, s, "inquiry-ask", id, "u1", content)
		check(t, s.AddInquiryReply(ctx, &yinzheng.InquiryReply{ID: id, At: Start, Token: "王丽", Salt: []byte("salt")}))
		content = []byte(`{"kind":"ask","asked":{"basis":"某法"}}`) // a list's acts name nobody
	}
	check(t, s.PutInquiry(ctx, &yinzheng.InquiryPlace{ID: "Q1", Kind: "mother", State: "replied", Asker: "court", Role: yinzheng.Department, Account: "u1", Office: "north", Signer: "town", At: Start, Due: Start}))
	check(t, s.AddInquiryList(ctx, &yinzheng.InquiryList{ID: "L1", Kind: "mother", State: "replied", Asker: "court", Role: yinzheng.Department, Account: "u1", At: Start, Rows: 1}, []yinzheng.InquiryRow{{Row: 1, Content: []byte(`{"name":"王丽"}`)}}))
	check(t, s.PutInquiryRow(ctx, "L1", &yinzheng.InquiryRow{Row: 1, Answer: "no", By: "people", Source: "电子证明 8ZMKC0PFQMME", Inquiry: "Q1"}))
	for _, id := range []string{"R1", "R2"} {
		check(t, s.AddInquiryRoll(ctx, &yinzheng.InquiryRoll{ID: id, Kind: "vaccinated", At: Start, By: "u1", Office: "north", Title: "名册", AsOf: "2026-01-01", Rows: 1}, []yinzheng.RollEntry{{Document: "111:a", Name: "王丽"}}))
	}
}

// spentCampaign is one that has ended.
func spentCampaign(t *testing.T, s yinzheng.Store) string {
	t.Helper()
	ctx := t.Context()
	c, acts := campaignOf("C1", "survival")
	people := roster("111:a", "111:王丽")
	check(t, s.AddCampaign(ctx, c, people, acts))
	logged(t, s, "campaign-start", c.ID, acts[0].By, acts[0].Content)
	x := *people[1]
	x.Version, x.Outcome, x.Application, x.Content = 1, "dead", "A1", []byte(`{"number":2,"name":"王丽","id":{"type":"111"},"seen":{"kind":"dead","reason":"王丽"},"death":{"on":"2026-01-02","source":"王丽的家属","registered":true}}`)
	act := &yinzheng.CampaignAct{Campaign: c.ID, Entry: 2, Seq: 1, At: Start, By: "u2", Kind: "dead", Content: []byte(`{"kind":"dead","name":"经办人","died_on":"2026-01-02","source":"王丽的家属","salt":"AAAA"}`)}
	check(t, s.PutCampaignEntry(ctx, c.ID, &x, act))
	logged(t, s, "campaign-dead", c.ID+"/2", act.By, act.Content)
	c.Running, c.Version = false, 2
	end := &yinzheng.CampaignAct{Campaign: c.ID, Seq: 2, At: Start, By: "u1", Kind: "end", Content: []byte(`{"kind":"end"}`)}
	check(t, s.PutCampaign(ctx, c, end))
	logged(t, s, "campaign-end", c.ID, end.By, end.Content)
	return c.ID
}

// logged records an act by the digest of what it says.
func logged(t *testing.T, s yinzheng.Store, kind, subject, by string, content []byte) {
	t.Helper()
	check(t, s.Record(t.Context(), yinzheng.Event{At: Start, Kind: kind, Subject: subject, By: by, Detail: fmt.Sprintf("%x", sha256.Sum256(content))}))
}

// said is everything that is kept of what Spend has written.
func said(t *testing.T, s yinzheng.Store) string {
	t.Helper()
	ctx := t.Context()
	var b strings.Builder
	rows, err := s.BatchRows(ctx, "B1", yinzheng.BatchFilter{Limit: 9})
	check(t, err)
	for _, r := range rows {
		fmt.Fprintf(&b, "%s %s %v\n", r.Content, r.Alike, r.Why)
	}
	acts, err := s.RatingActs(ctx, "A1")
	check(t, err)
	for _, a := range acts {
		fmt.Fprintf(&b, "%s\n", a.Content)
	}
	shares, err := s.SharesOf(ctx, Certificate(1, "A1").Code, Start, 9)
	check(t, err)
	for _, x := range shares {
		fmt.Fprintln(&b, x.Note)
	}
	entries, err := s.CampaignEntries(ctx, "C1", yinzheng.EntryFilter{Limit: 9})
	check(t, err)
	for _, e := range entries {
		done, err := s.CampaignActs(ctx, "C1", e.Number)
		check(t, err)
		fmt.Fprintf(&b, "%s %s\n", e.Mark, e.Content)
		for _, a := range done {
			fmt.Fprintf(&b, "%s\n", a.Content)
		}
	}
	asked, err := s.InquiryActs(ctx, "Q1", 0)
	check(t, err)
	for _, a := range asked {
		fmt.Fprintf(&b, "%s\n", a.Content)
	}
	reply, err := s.InquiryReply(ctx, "Q1")
	check(t, err)
	lines, err := s.InquiryRows(ctx, "L1", 0, 9)
	check(t, err)
	copies, err := s.Copies(ctx, Certificate(1, "A1").Code)
	check(t, err)
	on, err := s.OnInquiryRoll(ctx, "R1", yinzheng.RollEntry{Document: "111:a", Name: "王丽"})
	check(t, err)
	if on {
		fmt.Fprintln(&b, "王丽 is on the roll")
	}
	rights, err := s.CommitmentRightsOf(ctx, "111:王丽")
	check(t, err)
	for _, r := range rights {
		fmt.Fprintln(&b, r.Document)
	}
	fmt.Fprintf(&b, "%s %s\n%s\n%v\n", reply.Token, reply.Salt, lines[0].Content, copies)
	return b.String()
}

// spent: what is kept beside cases goes in time, one after another, and not while a case
// of theirs is held; what was counted of it stays true.
func spent(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	ids := Spend(t, s)
	later := Start.Add(time.Hour)
	listed := func(rule string, before, now time.Time) []string {
		t.Helper()
		list, err := s.Spent(ctx, rule, before, now, 9)
		check(t, err)
		n, err := s.CountSpent(ctx, rule, before, now)
		check(t, err)
		if n.Due != len(list) {
			t.Errorf("%s: %v, counted as %+v", rule, list, n)
		}
		return list
	}
	figures := func() string {
		t.Helper()
		tally, err := s.TallyBatch(ctx, "B1")
		check(t, err)
		ratings, err := s.CountRatings(ctx, Start, later)
		check(t, err)
		counts, err := s.CampaignCounts(ctx, "C1", "2026-01-01")
		check(t, err)
		asked, err := s.TallyInquiryRows(ctx, "L1")
		check(t, err)
		copies, err := s.Copies(ctx, Certificate(1, "A1").Code)
		check(t, err)
		return fmt.Sprint(tally, ratings, counts, asked, copies[0].Count)
	}
	before := figures()
	for rule, id := range ids {
		if list := listed(rule, later, later); !slices.Equal(list, []string{id}) {
			t.Errorf("%s: %v, want %s", rule, list, id)
		}
		if list := listed(rule, Start, later); list != nil {
			t.Errorf("%s was not touched before: %v", rule, list)
		}
		checkIs(t, s.EraseSpent(ctx, rule, id, Start, later), yinzheng.ErrConflict)
		checkIs(t, s.EraseSpent(ctx, rule, "none", later, later), yinzheng.ErrConflict)
	}
	check(t, s.PutHold(ctx, &yinzheng.Hold{Case: "A1", Reason: "litigation", Until: later, By: "u1", At: Start}))
	for rule, id := range ids {
		if slices.Contains([]string{yinzheng.RetainInquiries, yinzheng.RetainLists, yinzheng.RetainRolls}, rule) {
			continue // they are of no case
		}
		if list := listed(rule, later, Start); list != nil {
			t.Errorf("%s is held: %v", rule, list)
		}
		if n, err := s.CountSpent(ctx, rule, later, Start); err != nil || n.Needed != 1 {
			t.Errorf("%s is held: %+v, %v", rule, n, err)
		}
		checkIs(t, s.EraseSpent(ctx, rule, id, later, Start), yinzheng.ErrConflict)
	}
	for rule, id := range ids {
		check(t, s.EraseSpent(ctx, rule, id, later, later))
		if list := listed(rule, later, later); list != nil {
			t.Errorf("%s is erased: %v", rule, list)
		}
		checkIs(t, s.EraseSpent(ctx, rule, id, later, later), yinzheng.ErrConflict)
		events, err := s.EventsAbout(ctx, id)
		check(t, err)
		if e := events[len(events)-1]; e.Kind != yinzheng.EventContentErased || !strings.HasPrefix(e.Detail, rule) || e.By != yinzheng.SystemActor || !e.At.Equal(later) {
			t.Errorf("%s: %+v", rule, e)
		}
	}
	if got := said(t, s); strings.Contains(got, "王丽") || strings.Contains(got, "111:") || strings.Contains(got, "2026-01-02") || strings.Contains(got, "AAAA") || !strings.Contains(got, "经办人") {
		t.Errorf("left is\n%s", got)
	}
	if on, err := s.OnInquiryRoll(ctx, "R2", yinzheng.RollEntry{Document: "111:a", Name: "王丽"}); err != nil || !on {
		t.Errorf("the roll in force: %t, %v", on, err)
	}
	if after := figures(); after != before {
		t.Errorf("the figures were %s and are %s", before, after)
	}
	for _, f := range []func() error{
		func() error { _, err := s.Spent(ctx, "drafts", later, later, 9); return err },
		func() error { _, err := s.CountSpent(ctx, "drafts", later, later); return err },
		func() error { return s.EraseSpent(ctx, "drafts", "A1", later, later) },
	} {
		if err := f(); err == nil || errors.Is(err, yinzheng.ErrConflict) {
			t.Errorf("drafts are none of them: %v", err)
		}
	}
}
