package workbook

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"yinzheng"
)

// Config is what Workbooks are made of. Service is needed.
type Config struct {
	Service *yinzheng.Service
	Rand    io.Reader    // default crypto/rand
	Log     *slog.Logger // default slog.Default; never given a name or a number
}

// Workbooks is the bringing in of cases by workbook. It keeps nothing in memory;
// its methods are safe for concurrent use, and in several processes.
type Workbooks struct {
	Config
	store yinzheng.Store
}

// New wires Workbooks to the service whose cases they make.
func New(config Config) *Workbooks {
	w := &Workbooks{Config: config, store: config.Service.Store}
	if w.Rand == nil {
		w.Rand = rand.Reader
	}
	if w.Log == nil {
		w.Log = slog.Default()
	}
	return w
}

// now is the time to the second.
func (w *Workbooks) now() time.Time { return w.Service.Now().UTC().Truncate(time.Second) }

// State is where a batch stands.
type State string

// The states of a batch.
const (
	Checked State = "checked" // waits for somebody to start it
	Working State = "working"
	Paused  State = "paused"
	Stopped State = "stopped" // by the program, which says why
	Done    State = "done"
	Dropped State = "dropped" // never started; its rows are not kept
)

// Name is the state in words.
func (s State) Name() yinzheng.Text { return stateNames[s] }

var stateNames = map[State]yinzheng.Text{
	Checked: text("待开始", "to be started"), Working: text("正在办理", "at work"), Paused: text("已暂停", "paused"),
	Stopped: text("已停下", "stopped"), Done: text("已办完", "done"), Dropped: text("已放弃", "given up"),
}

// NewBatch is a workbook as it is sent.
type NewBatch struct {
	Item   string
	Office string // that takes the cases in; left out: the sender's
	File   []byte // .xlsx or CSV
}

// BatchView is a batch as the clerks of its office see it.
type BatchView struct {
	ID        string         `json:"id,omitempty"`
	State     State          `json:"state"`
	StateName yinzheng.Text  `json:"state_name"`
	Item      string         `json:"item"`
	ItemName  yinzheng.Text  `json:"item_name"`
	Office    string         `json:"office"`
	By        string         `json:"by" doc:"account in whose name its cases are made"`
	ByName    string         `json:"by_name"`
	At        time.Time      `json:"at"`
	Rows      int            `json:"rows"`
	Submit    bool           `json:"submit" doc:"its cases are handed in, too"`
	Drafts    bool           `json:"drafts_only" doc:"cases of this item need files before they can be handed in"`
	Why       *yinzheng.Text `json:"why,omitempty" doc:"why it stopped"`
	Ignored   []string       `json:"ignored,omitempty" doc:"headings that nobody reads"`
	Filled    int            `json:"filled" doc:"rows that the register of persons adds to"`
	Alike     int            `json:"alike" doc:"rows that may be duplicates"`
	yinzheng.BatchTally
	Cursor int64 `json:"cursor,omitempty" doc:"sent back to list on"`
}

// Bring checks a workbook, row by row as drafts, and keeps it as a batch that
// waits to be started; with try it keeps nothing. The idempotency key makes a
// second identical request return the first one's batch (again=true). Errors:
// ErrForbidden; ErrNotFound and ErrState as of an item (Service.Offered);
// ErrInvalid with every fault by its cell, and then nothing was kept.
func (w *Workbooks) Bring(ctx context.Context, by *yinzheng.Account, in *NewBatch, key string, try bool) (view *BatchView, again bool, err error) {
	if err := yinzheng.CheckKey(key); err != nil && !try {
		return nil, false, err
	}
	c, b, err := w.check(ctx, by, in)
	if err != nil {
		return nil, false, err
	}
	rows, err := c.batchRows()
	if err != nil {
		return nil, false, err
	}
	if b.Report, err = json.Marshal(c.report); err != nil {
		return nil, false, err
	}
	found := fmt.Sprintf("%s, %d rows, %d filled in from the register", b.Item, b.Rows, c.report.Filled)
	if try || len(c.faults) > 0 {
		if err := w.record(ctx, by, "batch-tried", b.Office, found); err != nil { // the register shows in either answer
			return nil, false, err
		}
		view, err = w.tried(c, b)
		return view, false, err
	}
	before := ""
	err = w.store.Tx(ctx, func(ctx context.Context) (err error) {
		request := sha256.Sum256([]byte(b.Item + " " + in.Office + " " + b.Digest))
		if before, err = w.store.Remember(ctx, by.ID, key, request, b.ID, b.At); err != nil || before != "" {
			return err
		}
		if err := w.store.AddBatch(ctx, b, rows); err != nil {
			return err
		}
		return w.record(ctx, by, "batch-brought", b.ID, found)
	})
	if err != nil {
		return nil, false, err
	}
	view, err = w.View(ctx, by, cmp.Or(before, b.ID))
	return view, before != "", err
}

// tried is what a workbook that is not kept would be, or what is wrong with it.
func (w *Workbooks) tried(c *checking, b *yinzheng.Batch) (*BatchView, error) {
	if len(c.faults) > 0 {
		return nil, refused(c.faults)
	}
	b.ID = ""
	return w.view(b, yinzheng.BatchTally{Waiting: b.Rows})
}

// check reads a workbook and looks at all of it.
func (w *Workbooks) check(ctx context.Context, by *yinzheng.Account, in *NewBatch) (*checking, *yinzheng.Batch, error) {
	t, err := w.Service.Offered(in.Item)
	if err != nil {
		return nil, nil, err
	}
	grant, err := w.mayBring(by, in.Office)
	if err != nil {
		return nil, nil, err
	}
	c, err := sheetOf(t).read(in.File, grant.Office)
	if err != nil {
		return nil, nil, err
	}
	if err := c.check(ctx, w.Service, by); err != nil {
		return nil, nil, err
	}
	id, err := yinzheng.NewID(w.Rand)
	if err != nil {
		return nil, nil, err
	}
	sum := sha256.Sum256(in.File)
	return c, &yinzheng.Batch{
		ID: id, Version: 1, State: string(Checked), Item: t.Code, Template: t.Version, Office: grant.Office, Account: by.ID, At: w.now(),
		Digest: hex.EncodeToString(sum[:]), Rows: len(c.rows),
	}, nil
}

// MayBring tells whether somebody may bring in cases in an office ("": any), before
// a large file is read. Errors: ErrForbidden.
func (w *Workbooks) MayBring(by *yinzheng.Account, office string) error {
	_, err := w.mayBring(by, office)
	return err
}

func (w *Workbooks) mayBring(by *yinzheng.Account, office string) (yinzheng.Grant, error) {
	grant, ok := by.Holds(yinzheng.Clerk, w.now(), func(id string) bool { return office == "" || id == office })
	if !ok {
		return grant, &yinzheng.Error{Kind: yinzheng.ErrForbidden, Text: text("只有单位的经办人可以批量导入办件", "Only a clerk of the office may bring in cases")}
	}
	return grant, nil
}

func errNoBatch() error {
	return &yinzheng.Error{Kind: yinzheng.ErrNotFound, Text: text("没有这个批次", "There is no such batch")}
}

func (w *Workbooks) record(ctx context.Context, by *yinzheng.Account, kind, subject, detail string) error {
	return w.store.Record(ctx, yinzheng.Event{At: w.now(), Kind: kind, Subject: subject, By: by.ID, Detail: detail})
}

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
const MaxListed = 200

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
