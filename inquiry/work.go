package inquiry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"yinzheng"
)

// batchRows is how many rows of a list are looked up and kept at a time.
const batchRows = 200

// Work takes lists on: looks up rows, and signs the results of those that are
// complete. It may run in several processes and be cut off at any moment: each
// batch is one transaction that moves the list from where it was read. It
// returns how many rows it looked up.
func (q *Inquiries) Work(ctx context.Context) (int, error) {
	rows := 0
	ids, err := q.Store.InquiryListsIn(ctx, ListWorking)
	if err != nil {
		return 0, err
	}
	var failed error // one list must not hide the others
	for _, id := range ids {
		n, err := q.workList(ctx, id)
		rows, failed = rows+n, errors.Join(failed, err)
	}
	if ids, err = q.Store.InquiryListsIn(ctx, ListPeople); err != nil {
		return rows, errors.Join(failed, err)
	}
	for _, id := range ids {
		if err := q.finish(ctx, id); err != nil && !errors.Is(err, yinzheng.ErrConflict) {
			failed = errors.Join(failed, fmt.Errorf("the result of list %s: %w", id, err))
		}
	}
	return rows, failed
}

// workList looks up the rows of a list until it is done, or paused. A batch that
// somebody else was faster with is read anew.
func (q *Inquiries) workList(ctx context.Context, id string) (rows int, err error) {
	for ctx.Err() == nil {
		l, err := q.Store.InquiryList(ctx, id)
		if err != nil || l.State != ListWorking {
			return rows, err
		}
		n, err := q.batch(ctx, l)
		if err != nil && !errors.Is(err, yinzheng.ErrConflict) {
			return rows, fmt.Errorf("list %s after row %d: %w", id, l.Worked, err)
		}
		rows += n
	}
	return rows, ctx.Err()
}

// worked is what came of a batch.
type worked struct {
	rows  []yinzheng.InquiryRow
	begun []*begun // for people
}

// batch looks up the next rows of a list.
func (q *Inquiries) batch(ctx context.Context, l *yinzheng.InquiryList) (int, error) {
	rows, err := q.Store.InquiryRows(ctx, l.ID, l.Worked, batchRows)
	if err != nil {
		return 0, err
	}
	if len(rows) == 0 {
		return 0, q.Store.MoveInquiryList(ctx, l, ListPeople, l.Worked)
	}
	w := &worked{rows: rows}
	if err := q.lookUp(ctx, l, w); err != nil {
		return 0, err
	}
	err = q.Store.Tx(ctx, func(ctx context.Context) error {
		if err := q.Store.MoveInquiryList(ctx, l, ListWorking, rows[len(rows)-1].Row); err != nil {
			return err
		}
		for i := range rows {
			if err := q.Store.PutInquiryRow(ctx, l.ID, &rows[i]); err != nil {
				return err
			}
		}
		for _, n := range w.begun {
			if err := q.add(ctx, n); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return len(rows), nil
}

// lookUp asks the record about rows, and begins an inquiry for each that it does
// not say yes to.
func (q *Inquiries) lookUp(ctx context.Context, l *yinzheng.InquiryList, w *worked) error {
	s, asked, err := q.askedBy(ctx, l)
	if err != nil {
		return err
	}
	roll, err := q.roll(ctx, &asked.Kind)
	if err != nil {
		return err
	}
	days, err := q.Store.Calendar(ctx)
	if err != nil {
		return err
	}
	asked.Due = yinzheng.NewCalendar(days).Due(s.now, asked.Kind.Days)
	for i := range w.rows {
		row := &w.rows[i]
		a, err := personOf(l, asked, row)
		if err != nil {
			return err
		}
		f, err := q.onRecord(ctx, s.tree, a, roll)
		if err != nil {
			return err
		}
		if f.Answer == Yes {
			row.Answer, row.By, row.Source, row.AsOf = Yes, "record", f.Source, f.AsOf
			continue
		}
		n, err := q.first(s, a, &f)
		if err != nil {
			return err
		}
		row.Inquiry = n.ID
		w.begun = append(w.begun, n)
	}
	return nil
}

// askedBy reads what a list asks, and in whose name its exceptions are asked.
func (q *Inquiries) askedBy(ctx context.Context, l *yinzheng.InquiryList) (*asking, *Asked, error) {
	kept, err := q.Store.InquiryActs(ctx, l.ID, 0)
	if err != nil {
		return nil, nil, err
	}
	var first Act
	if err := json.Unmarshal(kept[0].Content, &first); err != nil {
		return nil, nil, fmt.Errorf("the first act on list %s: %w", l.ID, err)
	}
	d, err := q.Store.Directory(ctx)
	by := &yinzheng.Account{ID: first.By, Person: first.Person}
	g := yinzheng.Grant{Office: first.Office, For: first.For, ForID: first.ForID}
	return &asking{by: by, grant: g, kind: &first.Asked.Kind, tree: d, now: q.now()}, first.Asked, err
}

// personOf is what is asked about the person of a row.
func personOf(l *yinzheng.InquiryList, asked *Asked, row *yinzheng.InquiryRow) (*Asked, error) {
	var x listRow
	if err := json.Unmarshal(row.Content, &x); err != nil {
		return nil, fmt.Errorf("row %d of list %s: %w", row.Row, l.ID, err)
	}
	a := *asked
	a.Name, a.ID, a.About, a.List, a.Row = x.Name, x.ID, x.About, l.ID, row.Row
	if x.Division != "" {
		a.Division = x.Division
	}
	return &a, nil
}

// settle writes the reply to an exception into its list, in the transaction that
// signs it.
func (q *Inquiries) settle(ctx context.Context, d *yinzheng.Directory, i *Inquiry) error {
	a := i.Asked
	if a.List == "" {
		return nil
	}
	last := &i.Acts[len(i.Acts)-1]
	by, asOf := i.outcome()
	return q.Store.PutInquiryRow(ctx, a.List, &yinzheng.InquiryRow{Row: a.Row, Answer: last.Answer, By: by, Source: d.Organ(last.Organ).Name, AsOf: asOf, Inquiry: i.ID})
}

// finish signs the result of a list all of whose rows have an answer.
func (q *Inquiries) finish(ctx context.Context, id string) error {
	open, err := q.Store.OpenInquiriesOf(ctx, id)
	if err != nil || open > 0 {
		return err
	}
	l, err := q.Store.InquiryList(ctx, id)
	if err != nil {
		return err
	}
	s, asked, err := q.askedBy(ctx, l)
	if err != nil {
		return err
	}
	reply, act, err := q.signList(ctx, s, l, asked)
	if err != nil {
		return err
	}
	return q.Store.Tx(ctx, func(ctx context.Context) error {
		if err := q.Store.MoveInquiryList(ctx, l, ListReplied, l.Worked); err != nil {
			return err
		}
		if err := q.Store.AddInquiryReply(ctx, reply); err != nil {
			return err
		}
		if err := q.keepNext(ctx, id, act); err != nil {
			return err
		}
		return q.Store.Notify(ctx, []yinzheng.Notice{{At: act.At, Office: l.Asker, Role: l.Role, Kind: "inquiry-replied", About: id}})
	})
}

// signList makes the reply to a list: one token over the whole result. The organ
// is that of the office that signs for the list's division; what people said in
// it was signed one by one.
func (q *Inquiries) signList(ctx context.Context, s *asking, l *yinzheng.InquiryList, asked *Asked) (*yinzheng.InquiryReply, *Act, error) {
	r, ok := routeOf(s.tree, &asked.Kind, asked.Division)
	if !ok {
		return nil, nil, errNoSigner()
	}
	act, err := q.act(Act{Kind: Sign, Organ: r.signer.Organ, Format: inWords}, system, yinzheng.Grant{Office: r.signer.ID}, s.now)
	if err != nil {
		return nil, nil, err
	}
	result, err := q.result(ctx, l, act.Format)
	if err != nil {
		return nil, nil, err
	}
	tally, err := q.Store.TallyInquiryRows(ctx, l.ID)
	if err != nil {
		return nil, nil, err
	}
	salt, err := q.draw(yinzheng.SaltLength)
	if err != nil {
		return nil, nil, err
	}
	token, err := q.Seal.SignReply(ctx, &yinzheng.ReplyClaims{
		ID: l.ID, IssuedAt: act.At.Unix(), Expires: act.At.AddDate(0, 0, asked.Kind.Valid).Unix(), Organ: act.Organ, Asker: l.Asker, AskerName: s.tree.Office(l.Asker).Name,
		Kind: l.Kind, KindName: asked.Kind.Name.ZH, By: "list", AsOf: act.At.In(yinzheng.Zone).Format(time.DateOnly), Digest: yinzheng.CommitList(salt, result),
		Counts: yinzheng.ReplySum{Yes: tally.OnRecord + tally.Yes, No: tally.No, CannotSay: tally.CannotSay},
	})
	if err != nil {
		return nil, nil, err
	}
	return &yinzheng.InquiryReply{ID: l.ID, At: act.At, Token: token, Salt: salt}, act, nil
}
