package workbook

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"yinzheng"
)

// batch reads a batch for a clerk of its office; for anybody else there is none.
func (w *Workbooks) batch(ctx context.Context, by *yinzheng.Account, id string) (*yinzheng.Batch, error) {
	b, err := w.store.Batch(ctx, id)
	if errors.Is(err, yinzheng.ErrNotFound) {
		return nil, errNoBatch()
	}
	if err == nil && !w.works(by, b) {
		err = errNoBatch()
	}
	return b, err
}

// works tells whether somebody is a clerk of a batch's office now.
func (w *Workbooks) works(by *yinzheng.Account, b *yinzheng.Batch) bool {
	office := w.Service.Directory().OfficeNow(b.Office)
	_, ok := by.Holds(yinzheng.Clerk, w.now(), func(id string) bool { return id == office })
	return ok
}

func (w *Workbooks) view(b *yinzheng.Batch, tally yinzheng.BatchTally) (*BatchView, error) {
	t, err := w.Service.TemplateVersion(yinzheng.TemplateRef{Code: b.Item, Version: b.Template})
	if err != nil {
		return nil, err
	}
	var found report
	if err := json.Unmarshal(b.Report, &found); err != nil {
		return nil, fmt.Errorf("the report on batch %s: %w", b.ID, err)
	}
	v := &BatchView{
		ID: b.ID, State: State(b.State), StateName: State(b.State).Name(), Item: b.Item, ItemName: t.Name, Office: b.Office, By: b.Account, At: b.At,
		Rows: b.Rows, Submit: b.Submit, Drafts: t.NeedsFiles(), Ignored: found.Ignored, Filled: found.Filled, Alike: found.Alike, BatchTally: tally, Cursor: b.Key,
		Erased: b.Erased,
	}
	if State(b.State) == Stopped {
		v.Why = &b.Why
	}
	return v, nil
}

// View shows how far a batch is; ErrNotFound for anybody but the clerks of its
// office.
func (w *Workbooks) View(ctx context.Context, by *yinzheng.Account, id string) (*BatchView, error) {
	b, err := w.batch(ctx, by, id)
	if err != nil {
		return nil, err
	}
	return w.tallied(ctx, b)
}

func (w *Workbooks) tallied(ctx context.Context, b *yinzheng.Batch) (*BatchView, error) {
	tally, err := w.store.TallyBatch(ctx, b.ID)
	if err != nil {
		return nil, err
	}
	v, err := w.view(b, tally)
	if err != nil {
		return nil, err
	}
	by, err := w.store.Account(ctx, b.Account)
	if err != nil {
		return nil, fmt.Errorf("who brought in batch %s: %w", b.ID, err)
	}
	v.ByName = by.Name
	return v, nil
}

// pageLines is how many batches, or rows, are listed at a time.
const pageLines = 50

// List lists the batches of somebody's offices, newest first, before a cursor (0:
// from the newest).
func (w *Workbooks) List(ctx context.Context, by *yinzheng.Account, before int64) ([]*BatchView, error) {
	var found []*yinzheng.Batch
	d := w.Service.Directory()
	seen := map[string]bool{}
	for _, g := range by.InForce(w.now()) {
		if g.Role != yinzheng.Clerk {
			continue
		}
		for _, office := range d.Formerly(g.Office) {
			if seen[office] {
				continue
			}
			seen[office] = true
			list, err := w.store.BatchesOf(ctx, office, before, pageLines)
			if err != nil {
				return nil, err
			}
			found = append(found, list...)
		}
	}
	slices.SortFunc(found, func(a, b *yinzheng.Batch) int { return cmp.Compare(b.Key, a.Key) })
	out := []*BatchView{}
	for _, b := range found[:min(len(found), pageLines)] {
		v, err := w.tallied(ctx, b)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// RowView is a row of a batch.
type RowView struct {
	Line        int                   `json:"line"`
	Holder      string                `json:"holder,omitempty"`
	Outcome     yinzheng.BatchOutcome `json:"outcome,omitempty"`
	Application string                `json:"application,omitempty"`
	Why         *yinzheng.Text        `json:"why,omitempty"`
	Alike       []Likeness            `json:"possible_duplicates,omitempty"`
}

// MaxListed is how many rows Rows lists at most.
const MaxListed = 100

// Rows lists rows of a batch after a line (0: from the first). Errors: as of View.
func (w *Workbooks) Rows(ctx context.Context, by *yinzheng.Account, id string, f yinzheng.BatchFilter) ([]RowView, error) {
	b, err := w.batch(ctx, by, id)
	if err != nil {
		return nil, err
	}
	t, err := w.Service.TemplateVersion(yinzheng.TemplateRef{Code: b.Item, Version: b.Template})
	if err != nil {
		return nil, err
	}
	f.Limit = MaxListed
	rows, err := w.store.BatchRows(ctx, id, f)
	if err != nil {
		return nil, err
	}
	out := make([]RowView, len(rows))
	for i := range rows {
		if out[i], err = rowView(t, &rows[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func rowView(t *yinzheng.Template, r *yinzheng.BatchRow) (RowView, error) {
	v := RowView{Line: r.Line, Outcome: r.Outcome, Application: r.Application}
	if r.Why.ZH != "" {
		v.Why = &r.Why
	}
	c, err := cellsIn(r)
	if v.Holder = c[t.Token.Name]; err == nil && r.Alike != nil {
		err = json.Unmarshal(r.Alike, &v.Alike)
	}
	return v, err
}

func cellsIn(r *yinzheng.BatchRow) (cells, error) {
	var c cells
	if err := json.Unmarshal(r.Content, &c); err != nil {
		return nil, fmt.Errorf("line %d: %w", r.Line, err)
	}
	return c, nil
}

// Samples is of how many cases, the first ones, a page is shown before a batch is
// started.
const Samples = 3

// Sample sets the page of the n-th case of a batch, from 1, as it would be. What
// the register of persons adds is recorded. Errors: as of View, ErrNotFound for
// other numbers.
func (w *Workbooks) Sample(ctx context.Context, by *yinzheng.Account, id string, n int) ([]byte, error) {
	b, err := w.batch(ctx, by, id)
	if err != nil {
		return nil, err
	}
	if n < 1 || n > Samples {
		return nil, errNoBatch()
	}
	rows, err := w.store.BatchRows(ctx, id, yinzheng.BatchFilter{Limit: n})
	if err != nil {
		return nil, err
	}
	if len(rows) < n {
		return nil, errNoBatch()
	}
	in, _, err := w.rowOf(b, &rows[n-1])
	if err != nil {
		return nil, err
	}
	p, err := w.Service.Propose(ctx, by, in)
	if err != nil {
		return nil, err
	}
	if len(p.Filled) > 0 {
		if err := w.record(ctx, by, yinzheng.EventPersonRead, p.Person, "batch "+id); err != nil {
			return nil, err
		}
	}
	return w.Service.Preview(by, b.Item, p.Values, "svg", "")
}

// rowOf is the case that a row asks for.
func (w *Workbooks) rowOf(b *yinzheng.Batch, r *yinzheng.BatchRow) (*yinzheng.NewApplication, *sheet, error) {
	t, err := w.Service.Template(b.Item)
	if err != nil {
		return nil, nil, err
	}
	c, err := cellsIn(r)
	if err != nil {
		return nil, nil, fmt.Errorf("batch %s, %w", b.ID, err)
	}
	s := sheetOf(t)
	in, _ := s.application(c)
	in.Office = w.Service.Directory().OfficeNow(b.Office)
	in.Note = fmt.Sprintf("批量导入 %s 第 %d 行", b.ID, r.Line)
	return in, s, nil
}
