package inquiry

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"yinzheng"
	"yinzheng/internal/table"
)

// NewRoll is a roll as it is sent: those for whom a kind of question is answered
// with yes, such as the children who are vaccinated.
type NewRoll struct {
	Kind  string
	Title string // what replies name as their source
	AsOf  string // day that it speaks of
	File  []byte // CSV or .xlsx with the columns of a list
}

// rollForm is what a roll's title and day are checked by.
var rollForm = &yinzheng.Template{Fields: []yinzheng.Field{
	{Key: "title", Type: yinzheng.TextField, Max: 50}, {Key: "as_of", Type: yinzheng.DateField},
}}

// PutRoll brings in a roll of the office that the kind names, in place of the one
// before: all of it or, when a row is refused, nothing. Who is not on it is not
// answered with no. Errors: ErrNotFound for no such kind, ErrForbidden for who has
// no post in that office, ErrInvalid with the faults by their cells.
func (q *Inquiries) PutRoll(ctx context.Context, by *yinzheng.Account, in *NewRoll) (*yinzheng.InquiryRoll, error) {
	now := q.now()
	office, err := q.keeper(ctx, by, in.Kind, now)
	if err != nil {
		return nil, err
	}
	v, problems := normal(rollForm, yinzheng.Values{"title": in.Title, "as_of": in.AsOf}, now)
	f := faults(problems)
	entries, err := readRoll(in.File, now, &f)
	if err == nil {
		err = f[:min(len(f), maxFaults)].err()
	}
	if err != nil {
		return nil, err
	}
	id, err := q.newID()
	if err != nil {
		return nil, err
	}
	r := &yinzheng.InquiryRoll{
		ID: id, Kind: in.Kind, At: now, By: by.ID, Office: office, Title: v.String("title"), AsOf: v.String("as_of"),
		Digest: fmt.Sprintf("%x", sha256.Sum256(in.File)), Rows: len(entries),
	}
	err = q.Store.Tx(ctx, func(ctx context.Context) error {
		if err := q.Store.AddInquiryRoll(ctx, r, entries); err != nil {
			return err
		}
		return q.Store.Record(ctx, yinzheng.Event{At: now, Kind: "inquiry-roll", Subject: id, By: by.ID, Detail: fmt.Sprintf("%s, %d rows, %s", r.Kind, r.Rows, r.Digest)})
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// keeper is the office in which somebody brings in the roll of a kind.
func (q *Inquiries) keeper(ctx context.Context, by *yinzheng.Account, kind string, now time.Time) (string, error) {
	r, err := q.rules(ctx)
	if err != nil {
		return "", err
	}
	d, err := q.Store.Directory(ctx)
	if err != nil {
		return "", err
	}
	k := r.kinds[kind]
	if k == nil || k.Record == nil || k.Record.Roll == "" {
		return "", &yinzheng.Error{Kind: yinzheng.ErrNotFound, Text: yinzheng.Text{ZH: "没有以名册为依据的这个核实事项", EN: "There is no such kind that is answered by a roll"}}
	}
	office := d.OfficeNow(k.Record.Roll)
	for _, g := range by.InForce(now) {
		if g.Office == office && slices.Contains([]yinzheng.Role{yinzheng.Clerk, yinzheng.Approver, yinzheng.Admin}, g.Role) {
			return office, nil
		}
	}
	return "", forbidden("名册须由该事项指定的单位导入", "A roll is brought in by the office that the kind names")
}

// readRoll reads who is on a roll.
func readRoll(file []byte, now time.Time, f *faults) ([]yinzheng.RollEntry, error) {
	var entries []yinzheng.RollEntry
	first := map[string]string{}
	person := form(&Kind{})
	_, err := table.Each(file, columns[:3], MaxRows, func(line *table.Row) error {
		id := documentCell(line, f)
		if id == nil {
			return nil
		}
		v, problems := normal(person, yinzheng.Values{"name": line.Get("name"), "id": id}, now)
		f.cells(line, problems)
		e := yinzheng.EntryOf(v.String("name"), v.ID("id"))
		if len(problems) == 0 && once(first, e.Document, line, f) {
			first[e.Document] = line.Place("id")
			entries = append(entries, e)
		}
		return nil
	})
	return entries, yinzheng.FileFault(err)
}
