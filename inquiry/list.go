package inquiry

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/text/width"

	"yinzheng"
	"yinzheng/internal/table"
)

// MaxRows bounds a list, and a roll.
const MaxRows = 100_000

// maxFaults bounds what one report lists; a file with more has one cause.
const maxFaults = 100

// columns of a list. A division left out is the list's.
var columns = []table.Column{
	{Key: "name", Names: []string{"姓名"}},
	{Key: "id", Names: []string{"证件号码", "身份证号", "身份证号码", "公民身份号码"}},
	{Key: "id_type", Names: []string{"证件类型"}, Optional: true},
	{Key: "division", Names: []string{"区划代码", "区划"}, Optional: true},
	{Key: "about", Names: []string{"核实内容"}, Optional: true},
}

// NewList is a list as it is sent: one question about many persons.
type NewList struct {
	Kind     string
	Division string // where the persons belong, unless a row says otherwise
	Purpose  string
	Basis    string
	Office   string // that asks
	File     []byte // CSV or .xlsx
}

// The states of a list.
const (
	ListWorking = "working" // its rows are looked up on record
	ListPaused  = "paused"
	ListPeople  = "people" // all were looked up; some wait for people
	ListReplied = "replied"
)

// listRow is what is kept of a row.
type listRow struct {
	Name     string      `json:"name"`
	ID       yinzheng.ID `json:"id"`
	Division string      `json:"division,omitempty"` // other than the list's
	About    any         `json:"about,omitempty"`
}

// ListEntry is a list in a list of them.
type ListEntry struct {
	Cursor int64     `json:"cursor"` // sent back to read on
	ID     string    `json:"id"`
	State  string    `json:"state"`
	Kind   string    `json:"kind"`
	At     time.Time `json:"at"`
	Rows   int       `json:"rows"`
	Worked int       `json:"worked"` // rows that were looked up on record
	Erased bool      `json:"erased,omitempty" doc:"whom it is about was erased in time; the figures stay"`
}

func entryOf(l *yinzheng.InquiryList) ListEntry {
	return ListEntry{Cursor: l.Key, ID: l.ID, State: l.State, Kind: l.Kind, At: l.At, Rows: l.Rows, Worked: l.Worked, Erased: l.Erased}
}

// ListView is a list as who asked sees it.
type ListView struct {
	ListEntry
	yinzheng.InquiryTally

	Token string `json:"token,omitempty"` // of the reply
	Salt  string `json:"salt,omitempty"`  // base64url; with the result it gives the token's h
}

// AskList asks about many persons: the whole file is checked, by row and column,
// and then worked in the background. With try nothing is kept. The idempotency key
// makes a second identical request return the first one's list (again=true).
// Errors: as of Ask, ErrInvalid with every fault by its cell; then nothing was kept.
func (q *Inquiries) AskList(ctx context.Context, by *yinzheng.Account, in *NewList, key string, try bool) (view *ListView, again bool, err error) {
	if err := yinzheng.CheckKey(key); err != nil {
		return nil, false, err
	}
	content, err := json.Marshal(in)
	if err != nil {
		return nil, false, err
	}
	s, err := q.begin(ctx, by, in.Office, in.Kind, in.Division)
	if err != nil {
		return nil, false, err
	}
	asked := &Asked{Kind: *s.kind, Division: in.Division, Purpose: in.Purpose, Basis: in.Basis, Office: s.grant.Office, Role: s.grant.Role, Place: in.Division}
	rows, err := q.readList(ctx, s, asked, in.File)
	if err != nil {
		return nil, false, err
	}
	if try {
		return &ListView{ListEntry: ListEntry{Kind: s.kind.Code, Rows: len(rows)}}, false, nil
	}
	act, err := q.act(Act{Kind: Ask, Asked: asked, Digest: fmt.Sprintf("%x", sha256.Sum256(in.File))}, by, s.grant, s.now)
	if err != nil {
		return nil, false, err
	}
	id, again, err := q.startList(ctx, &request{s, key, sha256.Sum256(content)}, act, rows)
	if err != nil {
		return nil, false, err
	}
	view, err = q.ReadList(ctx, by, id)
	return view, again, err
}

// startList keeps a new list, or returns the one that the same request has made.
func (q *Inquiries) startList(ctx context.Context, r *request, act *Act, rows []yinzheng.InquiryRow) (id string, again bool, err error) {
	id, err = q.newID()
	if err != nil {
		return "", false, err
	}
	l := &yinzheng.InquiryList{ID: id, Kind: r.kind.Code, State: ListWorking, Asker: r.grant.Office, Role: r.grant.Role, Account: r.by.ID, At: r.now, Rows: len(rows)}
	before := ""
	err = q.Store.Tx(ctx, func(ctx context.Context) error {
		if before, err = q.Store.Remember(ctx, r.by.ID, r.key, r.digest, id, r.now); err != nil || before != "" {
			return err
		}
		if err := q.underRows(ctx, r.asking, len(rows)); err != nil {
			return err
		}
		if err := q.keep(ctx, id, 1, act); err != nil {
			return err
		}
		return q.Store.AddInquiryList(ctx, l, rows)
	})
	return cmp.Or(before, id), before != "", err
}

// underRows refuses more rows of an office in a day than its right says.
func (q *Inquiries) underRows(ctx context.Context, s *asking, rows int) error {
	n, err := q.Store.RowsAskedSince(ctx, s.grant.Office, dayOf(s.now))
	if err == nil && n+rows > s.right.Rows {
		err = tooMany(fmt.Sprintf("您的单位每天名单最多 %d 行，今天已提 %d 行", s.right.Rows, n), fmt.Sprintf("Your office may ask about %d rows of lists a day, and has asked about %d today", s.right.Rows, n))
	}
	return err
}

// reading is a file being read.
type reading struct {
	*asking
	asked *Asked
	rules *rules
	first map[string]string // where a document stands first
	wrong map[string]faults // with a division
	faults
}

// readList reads a list and finds everything that is wrong with it.
func (q *Inquiries) readList(ctx context.Context, s *asking, asked *Asked, file []byte) ([]yinzheng.InquiryRow, error) {
	rules, err := q.rules(ctx)
	if err != nil {
		return nil, err
	}
	r := &reading{asking: s, asked: asked, rules: rules, first: map[string]string{}, wrong: map[string]faults{}}
	if s.right.Rows == 0 {
		return nil, forbidden("您的单位没有名单协查的权限", "Your office may not ask in lists")
	}
	var people []Asked
	var rows []yinzheng.InquiryRow
	_, err = table.Each(file, columns, MaxRows, func(line *table.Row) error {
		a := r.row(line)
		if len(r.faults) >= maxFaults || a == nil {
			return nil
		}
		content, err := json.Marshal(listRow{a.Name, a.ID, otherThan(a.Division, asked.Division), a.About})
		people = append(people, *a)
		rows = append(rows, yinzheng.InquiryRow{Row: len(rows) + 1, Content: content})
		return err
	})
	if err != nil {
		return nil, yinzheng.FileFault(err)
	}
	reasons(asked, &r.faults, func(text string) bool {
		for i := range people {
			if people[i].names(text) {
				return true
			}
		}
		return false
	})
	return rows, r.faults[:min(len(r.faults), maxFaults)].err()
}

// otherThan is a value unless it is another one.
func otherThan(value, other string) string {
	if value == other {
		return ""
	}
	return value
}

// inDivision finds what is wrong with asking about people of a division. One
// outside the asker's right is refused in the same words whoever the person is.
func (r *reading) inDivision(division string) faults {
	f, known := r.wrong[division]
	if known {
		return f
	}
	if r.rules.allowed(r.tree, r.grant.Office, r.kind.Code, division, r.now) == nil {
		f.add("division", "outside", "不在贵单位可协查的区划内", "Outside the divisions that your office may ask about")
	} else if _, ok := routeOf(r.tree, r.kind, division); !ok {
		f.add("division", "no-office", "该区划没有可以签发答复的机关", "No organ signs replies for this division")
	}
	r.wrong[division] = f
	return f
}

// row checks one row.
func (r *reading) row(line *table.Row) *Asked {
	id := documentCell(line, &r.faults)
	if id == nil {
		return nil
	}
	raw := yinzheng.Values{"name": line.Get("name"), "id": id}
	if about := line.Get("about"); about != "" || r.kind.about() != "" {
		raw["about"] = about
	}
	division := cmp.Or(line.Get("division"), r.asked.Division)
	a, problems := r.question(raw, division)
	r.cells(line, problems)
	for _, p := range r.inDivision(division) {
		p.Field = line.Place("division")
		r.faults = append(r.faults, p)
	}
	if a == nil {
		return nil
	}
	if m := mark(a.ID); len(problems) == 0 && once(r.first, m, line, &r.faults) {
		r.first[m] = line.Place("id")
	}
	return a
}

// documentCell reads a document as people write one; nil, with the fault, for
// somebody who has none.
func documentCell(line *table.Row, f *faults) any {
	number := strings.Join(strings.Fields(width.Narrow.String(line.Get("id"))), "")
	kind := yinzheng.IDTypeCalled(line.Get("id_type"))
	switch kind {
	case "":
		return number
	case yinzheng.NoID:
		f.add(line.Place("id_type"), "no-document", "名单中每个人都须有证件号码", "Everybody in a list needs a document")
		return nil
	}
	return map[string]any{"type": kind, "number": number}
}

// cells adds what is wrong with the cells of a row.
func (f *faults) cells(line *table.Row, problems []yinzheng.FieldError) {
	for _, p := range problems {
		column, _, _ := strings.Cut(p.Field, ".")
		p.Field = line.Place(column)
		*f = append(*f, p)
	}
}

// once refuses a document that stands in a file twice; first is where each did.
func once(first map[string]string, document string, line *table.Row, f *faults) bool {
	before, twice := first[document]
	if twice {
		f.add(line.Place("id"), "twice", "与 "+before+" 是同一个号码", "The same number as in "+before)
	}
	return !twice
}

// errNoList is what a stranger learns.
func errNoList() error {
	return &yinzheng.Error{Kind: yinzheng.ErrNotFound, Text: yinzheng.Text{ZH: "没有找到这份协查名单", EN: "There is no such list"}}
}

// myList reads a list for who asked; for anybody else there is none.
func (q *Inquiries) myList(ctx context.Context, by *yinzheng.Account, id string) (*yinzheng.InquiryList, yinzheng.Grant, error) {
	l, err := q.Store.InquiryList(ctx, id)
	if errors.Is(err, yinzheng.ErrNotFound) {
		err = errNoList()
	}
	if err != nil {
		return nil, yinzheng.Grant{}, err
	}
	d, err := q.Store.Directory(ctx)
	if err != nil {
		return nil, yinzheng.Grant{}, err
	}
	g, ok := by.Holds(l.Role, q.now(), func(office string) bool { return office == d.OfficeNow(l.Asker) })
	if !ok {
		return nil, g, errNoList()
	}
	return l, g, nil
}

// ReadList shows how far a list is; ErrNotFound for anybody but who asked.
func (q *Inquiries) ReadList(ctx context.Context, by *yinzheng.Account, id string) (*ListView, error) {
	l, _, err := q.myList(ctx, by, id)
	if err != nil {
		return nil, err
	}
	v := &ListView{ListEntry: entryOf(l)}
	if v.InquiryTally, err = q.Store.TallyInquiryRows(ctx, l.ID); err != nil || l.State != ListReplied {
		return v, err
	}
	r, err := q.Store.InquiryReply(ctx, l.ID)
	if err == nil {
		v.Token, v.Salt = r.Token, saltText(r.Salt)
	}
	return v, err
}

// Lists lists somebody's offices' lists, newest first, before a cursor (0: from
// the newest).
func (q *Inquiries) Lists(ctx context.Context, by *yinzheng.Account, before int64) ([]ListEntry, error) {
	d, err := q.Store.Directory(ctx)
	if err != nil {
		return nil, err
	}
	out := []ListEntry{}
	for _, g := range by.InForce(q.now()) {
		for _, office := range d.Formerly(g.Office) {
			lists, err := q.Store.InquiryListsOf(ctx, office, g.Role, before, maxLines)
			if err != nil {
				return nil, err
			}
			for i := range lists {
				out = append(out, entryOf(&lists[i]))
			}
		}
	}
	return newestFirst(out, func(l ListEntry) int64 { return l.Cursor }), nil
}

// ActOnList pauses a list or resumes it. Errors: ErrNotFound, ErrState,
// ErrInvalid.
func (q *Inquiries) ActOnList(ctx context.Context, by *yinzheng.Account, id string, doing Doing) (*ListView, error) {
	from, to := ListWorking, ListPaused
	switch doing {
	case Pause:
	case Resume:
		from, to = to, from
	default:
		var f faults
		f.add("action", "choice", "应为 pause 或 resume", "Expected pause or resume")
		return nil, f.err()
	}
	err := q.Store.Tx(ctx, func(ctx context.Context) error { // read in it, too: a batch may be kept at any moment
		l, g, err := q.myList(ctx, by, id)
		if err != nil {
			return err
		}
		if l.State != from {
			return wrongState("名单现在的状态不允许这样做", "The list is in no state that allows this")
		}
		a, err := q.act(Act{Kind: doing}, by, g, q.now())
		if err != nil {
			return err
		}
		if err := q.Store.MoveInquiryList(ctx, l, to, l.Worked); err != nil {
			return err
		}
		return q.keepNext(ctx, id, a)
	})
	if err != nil {
		return nil, err
	}
	return q.ReadList(ctx, by, id)
}

// keepNext appends an act to a list after those that it has, in a transaction.
func (q *Inquiries) keepNext(ctx context.Context, list string, a *Act) error {
	acts, err := q.Store.InquiryActs(ctx, list, 0)
	if err != nil {
		return err
	}
	return q.keep(ctx, list, len(acts)+1, a)
}
