package workbook

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
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
	Erased    bool           `json:"erased,omitempty" doc:"what its rows said was erased in time"`
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
	now := w.now()
	return c, &yinzheng.Batch{
		ID: id, Version: 1, State: string(Checked), Item: t.Code, Template: t.Version, Office: grant.Office, Account: by.ID, At: now, Changed: now,
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

func errErased() error {
	return &yinzheng.Error{Kind: yinzheng.ErrState, Text: text("各行已按保存期限销毁", "Its rows were erased in time")}
}

func errNoBatch() error {
	return &yinzheng.Error{Kind: yinzheng.ErrNotFound, Text: text("没有这个批次", "There is no such batch")}
}

func (w *Workbooks) record(ctx context.Context, by *yinzheng.Account, kind, subject, detail string) error {
	return w.store.Record(ctx, yinzheng.Event{At: w.now(), Kind: kind, Subject: subject, By: by.ID, Detail: detail})
}
