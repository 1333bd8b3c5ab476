package inquiry

import (
	"context"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"yinzheng"
)

// TestHistories: whatever people of all kinds try in whatever order, a reply is
// signed by an approver of a town or above who is neither the asker, nor asked
// about, nor who answered; nothing happens after the end; and only the asker's
// post is ever shown the token.
func TestHistories(t *testing.T) {
	w := newWorld(t)
	people := []*yinzheng.Account{
		asker, clerk, signer, admin,
		somebody("clerk2", 5, [2]string{"clerk", "village"}), somebody("signer2", 6, [2]string{"approver", "town"}), somebody("above", 7, [2]string{"approver", "civil"}),
		somebody("both", 8, [2]string{"clerk", "village"}, [2]string{"approver", "town"}), somebody("party", 20, [2]string{"clerk", "village"}, [2]string{"approver", "town"}),
		somebody("asker-too", 2, [2]string{"approver", "town"}), somebody("far", 9, [2]string{"clerk", "sibling"}), somebody("health", 10, [2]string{"approver", "health"}),
	}
	replied := 0
	rapid.Check(t, func(t *rapid.T) {
		s := &asking{by: asker, grant: asker.Grants[0], tree: tree(), now: testNow}
		kind := Kind{Code: "hardship", Level: rapid.SampledFrom([]yinzheng.Level{yinzheng.Town, yinzheng.District}).Draw(t, "level")}
		n, err := w.first(s, &Asked{Kind: kind, Name: "李小宝", ID: resident(20), Division: village, Place: village, Office: "court", Role: yinzheng.Department, Due: testNow}, &RecordSays{Answer: CannotSay})
		if err == nil {
			err = w.Store.Tx(w.ctx, func(ctx context.Context) error { return w.add(ctx, n) })
		}
		if err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(1, 12).Draw(t, "acts") {
			by := rapid.SampledFrom(people).Draw(t, "by")
			before, err := w.load(w.ctx, n.ID)
			if err != nil {
				t.Fatal(err)
			}
			step := &Step{
				Action: rapid.SampledFrom([]Doing{Answer, Answer, Sign, Sign, Return, Withdraw}).Draw(t, "action"),
				Answer: rapid.SampledFrom([]string{Yes, No, CannotSay}).Draw(t, "answer"), Opinion: "已核对",
			}
			v, err := w.Act(w.ctx, by, n.ID, before.Version, step)
			if err != nil {
				if !errors.Is(err, yinzheng.ErrForbidden) && !errors.Is(err, yinzheng.ErrNotFound) && !errors.Is(err, yinzheng.ErrState) {
					t.Fatal(err)
				}
				continue
			}
			if before.State == StateReplied || before.State == StateWithdrawn || v.Version != before.Version+1 {
				t.Fatalf("%s after %s", step.Action, before.State)
			}
			if (v.Reply != nil) && by.ID != asker.ID {
				t.Fatalf("%s is shown the reply", by.ID)
			}
		}
		after, err := w.load(w.ctx, n.ID)
		if err != nil {
			t.Fatal(err)
		}
		if after.State == StateReplied {
			replied++
			checkReplied(t, after, kind.Level)
		}
	})
	if replied == 0 {
		t.Error("nothing was ever replied to")
	}
}

func checkReplied(t *rapid.T, i *Inquiry, level yinzheng.Level) {
	d, sign, answer := tree(), i.Acts[len(i.Acts)-1], i.answer()
	switch {
	case sign.By == answer.By || mark(sign.Person) == mark(answer.Person):
		t.Fatalf("%s signs their own answer", sign.By)
	case mark(sign.Person) == mark(asker.Person) || mark(answer.Person) == mark(asker.Person):
		t.Fatal("the asker acts")
	case mark(sign.Person) == mark(resident(20)) || mark(answer.Person) == mark(resident(20)):
		t.Fatal("who is asked about acts")
	case !d.LevelOf(sign.Office).Reaches(level) || d.Office(sign.Office).Organ != sign.Organ || sign.Organ == "":
		t.Fatalf("%s signs with %s", sign.Office, sign.Organ)
	case sign.Answer != answer.Answer:
		t.Fatalf("%s becomes %s", answer.Answer, sign.Answer)
	}
}
