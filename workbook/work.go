package workbook

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"yinzheng"
)

// Rows are made so many at a time, so many of them side by side: those that wait
// for the disk together share a sync. One that fails holds up no other.
const (
	makingBatch  = 200
	makingAtOnce = 16
)

// keptUnstarted is how long a batch waits to be started, before it is given up;
// keptUnfinished how long one that was paused or has stopped waits to be gone on with,
// before it is ended: what it holds is about people.
const (
	keptUnstarted  = 7 * 24 * time.Hour
	keptUnfinished = 30 * 24 * time.Hour
)

// system is By of what the program does by itself.
var system = &yinzheng.Account{ID: yinzheng.SystemActor}

// Keep calls Work at once and every interval until the context ends.
func (w *Workbooks) Keep(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := w.Work(ctx); err != nil && ctx.Err() == nil {
			w.Log.Error("working on batches; the next round goes on", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Work makes the cases of the batches that were started, gives up those that nobody
// has, and ends those that nobody goes on with. It may be cut off at any moment, and run
// in several processes.
func (w *Workbooks) Work(ctx context.Context) error {
	ids, err := w.store.BatchesIn(ctx, string(Working), time.Time{})
	if err != nil {
		return err
	}
	var failed []error // one batch must not hide the others
	for _, id := range ids {
		failed = append(failed, w.workOn(ctx, id))
	}
	for _, idle := range []struct {
		state State
		kept  time.Duration
	}{{Checked, keptUnstarted}, {Paused, keptUnfinished}, {Stopped, keptUnfinished}} {
		ids, err := w.store.BatchesIn(ctx, string(idle.state), w.now().Add(-idle.kept))
		failed = append(failed, err)
		for _, id := range ids {
			failed = append(failed, w.giveUp(ctx, id, idle.state))
		}
	}
	return errors.Join(failed...)
}

// workOn makes what is left of a batch, until it is done, or is paused.
func (w *Workbooks) workOn(ctx context.Context, id string) error {
	var failed []error
	for after := 0; ctx.Err() == nil; {
		b, err := w.store.Batch(ctx, id)
		if err != nil || State(b.State) != Working {
			return errors.Join(append(failed, err)...)
		}
		rows, err := w.store.BatchRows(ctx, id, yinzheng.BatchFilter{Waiting: true, After: after, Limit: makingBatch})
		switch {
		case err != nil:
			return errors.Join(append(failed, err)...)
		case len(rows) == 0 && len(failed) == 0:
			return w.finish(ctx, id)
		case len(rows) == 0: // the next round tries those again
			return errors.Join(failed...)
		}
		after = rows[len(rows)-1].Line
		of := yinzheng.AtOnce(ctx, len(rows), makingAtOnce, func(ctx context.Context, i int) error { return w.makeRow(ctx, b, &rows[i]) })
		of = slices.DeleteFunc(of, func(err error) bool { return err == nil })
		if stop := stopIn(of); stop != nil {
			return w.stop(ctx, id, stop.why)
		}
		if failed = append(failed, of...); len(of) == len(rows) { // it is none of theirs: the disk, say
			return errors.Join(failed...)
		}
	}
	return ctx.Err()
}

// stopped says that no row of a batch can be made as things are.
type stopped struct{ why yinzheng.Text }

func (s *stopped) Error() string { return "the batch stops: " + s.why.EN }

func stopIn(errs []error) *stopped {
	var stop *stopped
	for _, err := range errs {
		if errors.As(err, &stop) {
			return stop
		}
	}
	return nil
}

// errOver: the batch was paused, or ended, while a row was being made.
var errOver = errors.New("the batch does not go on")

// makeRow makes the case of a row, or notes why there is none. The case and the
// row's outcome are one transaction: cut off at any moment, a row has one case or
// none. The error is one that another attempt may not meet, or *stopped.
func (w *Workbooks) makeRow(ctx context.Context, b *yinzheng.Batch, r *yinzheng.BatchRow) error {
	by, err := w.maker(ctx, b)
	if err != nil {
		return err
	}
	in, s, err := w.rowOf(b, r)
	if err != nil {
		return err
	}
	err = w.Service.BringIn(ctx, by, in, b.Submit, func(ctx context.Context, id string) error {
		now, err := w.store.Batch(ctx, b.ID)
		if err != nil {
			return err
		}
		if now.Version != b.Version { // paused, or in somebody else's name by now
			return errOver
		}
		return w.store.PutBatchRow(ctx, b.ID, &yinzheng.BatchRow{Line: r.Line, Outcome: yinzheng.RowMade, Application: id})
	})
	if err == nil || errors.Is(err, errOver) || errors.Is(err, yinzheng.ErrConflict) { // somebody was faster, or the offices have changed: the next round sees what is left
		return nil
	}
	c, broken := cellsIn(r)
	if broken != nil {
		return broken
	}
	_, groups := s.application(c)
	why, lasting := yinzheng.LastingReason(s.explained(err, groups))
	if !lasting {
		return fmt.Errorf("batch %s, line %d: %w", b.ID, r.Line, err)
	}
	err = w.store.PutBatchRow(ctx, b.ID, &yinzheng.BatchRow{Line: r.Line, Outcome: yinzheng.RowRefused, Why: why})
	if errors.Is(err, yinzheng.ErrConflict) { // somebody was faster
		return nil
	}
	return err
}

// maker is who the cases of a batch are made by, as they are now. Errors: *stopped
// when they are not its clerk any more, or the item is not what it was.
func (w *Workbooks) maker(ctx context.Context, b *yinzheng.Batch) (*yinzheng.Account, error) {
	t, err := w.Service.Offered(b.Item)
	if why, lasting := yinzheng.LastingReason(err); lasting {
		return nil, &stopped{why}
	}
	if err != nil {
		return nil, err
	}
	if t.Version != b.Template {
		return nil, &stopped{text("模板已换新版本，请下载新的工作簿，把没有办成的行填进去重新上传", "The template has a new version; please download its workbook and bring in the rows that are left with it")}
	}
	by, err := w.store.Account(ctx, b.Account)
	if err != nil && !errors.Is(err, yinzheng.ErrNotFound) {
		return nil, err
	}
	if err != nil || !w.works(by, b) {
		return nil, &stopped{text("开始办理的人已不在这个单位的经办岗位（停用、免职或委托到期），请由本单位经办人继续", "Who started it is not a clerk of this office any more (disabled, post ended, loan over); a clerk of the office has to go on with it")}
	}
	return by, nil
}

// stop notes that a batch cannot go on, and tells its office.
func (w *Workbooks) stop(ctx context.Context, id string, why yinzheng.Text) error {
	return w.moveBySystem(ctx, id, Working, Stopped, why, "stopped", true)
}

// finish notes that a batch has no rows left, and tells its office. Rows that were
// being made as it was paused and resumed may be left: the next round makes them.
func (w *Workbooks) finish(ctx context.Context, id string) error {
	return w.store.Tx(ctx, func(ctx context.Context) error {
		tally, err := w.store.TallyBatch(ctx, id)
		if err != nil || tally.Waiting > 0 {
			return err
		}
		return w.moveBySystem(ctx, id, Working, Done, yinzheng.Text{}, "done", true)
	})
}

// giveUp drops a batch that nobody has started, and ends one that nobody goes on with.
func (w *Workbooks) giveUp(ctx context.Context, id string, in State) error {
	if in == Checked {
		return w.moveBySystem(ctx, id, in, Dropped, yinzheng.Text{}, "expired", false)
	}
	return w.moveBySystem(ctx, id, in, Done, yinzheng.Text{}, "lapsed", true)
}

// moveBySystem brings a batch from one state to another, unless somebody was
// faster.
func (w *Workbooks) moveBySystem(ctx context.Context, id string, from, to State, why yinzheng.Text, what string, tell bool) error {
	return w.store.Tx(ctx, func(ctx context.Context) error {
		b, err := w.store.Batch(ctx, id)
		if err != nil || State(b.State) != from {
			return err
		}
		detail := ""
		switch {
		case to == Dropped:
			err = w.store.ClearBatch(ctx, id)
		case to == Done && from != Working:
			detail, err = w.leave(ctx, b, yinzheng.BatchFilter{Waiting: true}, text("批次停下一个月，没有人继续", "The batch had stood still for a month"), func(int) bool { return true })
		}
		if err != nil {
			return err
		}
		if err := w.move(ctx, system, b, to, why, what, detail); err != nil || !tell {
			return err
		}
		return w.store.Notify(ctx, []yinzheng.Notice{{At: w.now(), Office: w.Service.Directory().OfficeNow(b.Office), Role: yinzheng.Clerk, Kind: "batch-" + what, About: id}})
	})
}
