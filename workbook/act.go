package workbook

import (
	"context"
	"fmt"

	"yinzheng"
)

// Doing is what somebody does to a batch.
type Doing string

// What can be done.
const (
	Start  Doing = "start"
	Pause  Doing = "pause"
	Resume Doing = "resume"
	End    Doing = "end" // no more cases are made; of a batch never started nothing is kept
)

// Step is one thing done to a batch. What follows the action is of Start.
type Step struct {
	Action Doing `json:"action" enum:"start,pause,resume,end"`
	Submit bool  `json:"submit,omitempty" doc:"hand the cases in, too; otherwise they stay drafts"`
	Lines  []int `json:"duplicates,omitempty" doc:"lines of those possible duplicates whose cases are made; the others are left out"`
	All    bool  `json:"all_duplicates,omitempty" doc:"all of them"`
}

// after is the state that an action leads to from another one; "": from there it
// leads nowhere.
func after(from State, doing Doing) State {
	switch {
	case doing == Start && from == Checked, doing == Resume && (from == Paused || from == Stopped):
		return Working
	case doing == Pause && from == Working:
		return Paused
	case doing == End && from == Checked:
		return Dropped
	case doing == End && (from == Working || from == Paused || from == Stopped):
		return Done
	}
	return ""
}

// Act does something to a batch. Who starts it, or goes on with it, is who its
// cases are made by from then on. Errors: ErrNotFound for anybody but the clerks of
// its office, ErrState, ErrInvalid.
func (w *Workbooks) Act(ctx context.Context, by *yinzheng.Account, id string, step *Step) (*BatchView, error) {
	switch step.Action {
	case Start, Pause, Resume, End:
	default:
		return nil, invalid("action", "choice", "应为 start、pause、resume 或 end", "Expected start, pause, resume or end")
	}
	var b *yinzheng.Batch
	err := w.store.Tx(ctx, func(ctx context.Context) (err error) { // read in it, too: a row may be made at any moment
		if b, err = w.batch(ctx, by, id); err != nil {
			return err
		}
		to := after(State(b.State), step.Action)
		if to == "" {
			return &yinzheng.Error{Kind: yinzheng.ErrState, Text: text("这个批次"+State(b.State).Name().ZH+"，不能这样做", "The batch is "+State(b.State).Name().EN+"; this cannot be done to it")}
		}
		return w.act(ctx, by, b, step, to)
	})
	if err != nil {
		return nil, err
	}
	return w.View(ctx, by, id)
}

// act carries a step out, in a transaction.
func (w *Workbooks) act(ctx context.Context, by *yinzheng.Account, b *yinzheng.Batch, step *Step, to State) (err error) {
	detail := ""
	switch {
	case step.Action == Start:
		detail, err = w.start(ctx, b, step)
	case to == Dropped:
		err = w.store.ClearBatch(ctx, b.ID)
	case to == Done:
		detail, err = w.leave(ctx, b, yinzheng.BatchFilter{Waiting: true}, text("批次提前结束，没有办", "The batch was ended before it was made"), func(int) bool { return true })
	}
	if err != nil {
		return err
	}
	if to == Working {
		b.Account = by.ID
	}
	return w.move(ctx, by, b, to, yinzheng.Text{}, string(step.Action), detail)
}

// move brings a batch to another state, in a transaction, and records it.
func (w *Workbooks) move(ctx context.Context, by *yinzheng.Account, b *yinzheng.Batch, to State, why yinzheng.Text, what, detail string) error {
	b.Version, b.State, b.Why, b.Changed = b.Version+1, string(to), why, w.now()
	if err := w.store.PutBatch(ctx, b); err != nil {
		return err
	}
	return w.record(ctx, by, "batch-"+what, b.ID, detail)
}

// start leaves out the possible duplicates that nobody has ticked.
func (w *Workbooks) start(ctx context.Context, b *yinzheng.Batch, step *Step) (string, error) {
	t, err := w.Service.TemplateVersion(yinzheng.TemplateRef{Code: b.Item, Version: b.Template})
	if err != nil {
		return "", err
	}
	if b.Submit = step.Submit; step.Submit && t.NeedsFiles() {
		return "", invalid("submit", "materials", "这个事项提交前须上传材料，只能先建成草稿", "Cases of this item need files before they are handed in; they can only be made as drafts")
	}
	ticked := map[int]bool{}
	for _, line := range step.Lines {
		ticked[line] = true
	}
	left, err := w.leave(ctx, b, yinzheng.BatchFilter{Alike: true}, text("可能重复，没有勾选", "It may be a duplicate, and was not ticked"), func(line int) bool {
		out := !step.All && !ticked[line]
		delete(ticked, line)
		return out
	})
	if err == nil && len(ticked) > 0 {
		err = invalid("duplicates", "unknown-line", "只能勾选标为可能重复的行", "Only lines that may be duplicates can be ticked")
	}
	return fmt.Sprintf("%s, handed in: %t", left, b.Submit), err
}

// leave leaves rows out, and says how many.
func (w *Workbooks) leave(ctx context.Context, b *yinzheng.Batch, f yinzheng.BatchFilter, why yinzheng.Text, out func(line int) bool) (string, error) {
	f.Limit = MaxRows
	rows, err := w.store.BatchRows(ctx, b.ID, f)
	n := 0
	for i := 0; i < len(rows) && err == nil; i++ {
		if !out(rows[i].Line) {
			continue
		}
		n++
		err = w.store.PutBatchRow(ctx, b.ID, &yinzheng.BatchRow{Line: rows[i].Line, Outcome: yinzheng.RowLeft, Why: why})
	}
	return fmt.Sprintf("%d left out", n), err
}

func invalid(field, code, zh, en string) error {
	return &yinzheng.Error{Kind: yinzheng.ErrInvalid, Text: text("有内容需要修改，请按提示更正", "Some of this needs to be corrected"), Fields: []yinzheng.FieldError{{Field: field, Code: code, Text: text(zh, en)}}}
}
