package resident

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"yinzheng"
)

// Request is what a resident asks an office to take in (网上申请). It is no case: a
// clerk makes one of it, so that chain, four eyes and rights of cases are as they are
// for anybody who comes to the counter.
type Request struct {
	yinzheng.ResidentRequest
	Asked
	Of *yinzheng.Template // while it is filled in the present version, then the one that was sent

	Unread bool // its template is not here any more, or does not take it: only how it stands can be told

	carried  bool                  // what was said before stands in another form of the item, or not all of it does
	added    []byte                // content of its last file, to be kept in one act with it
	Input    *yinzheng.Input       // what was asked, in normal form
	Changes  []yinzheng.Change     // what was written differently than it was typed just now
	Problems []yinzheng.FieldError // what the resident has to mend before it can be sent
}

// Asked is what a resident says in a request, and is told about it: its content.
type Asked struct {
	Me        Proven             `json:"me,omitzero"`
	Language  string             `json:"language"`
	Applicant yinzheng.Applicant `json:"applicant"`
	Division  string             `json:"division,omitempty"`
	Chosen    string             `json:"chosen,omitempty"` // office that is to take it in; "": the nearest
	Values    yinzheng.Values    `json:"values"`
	Files     []File             `json:"files,omitempty"`
	Filed     int                `json:"filed,omitempty"`   // how many files it ever had
	Bytes     int                `json:"bytes,omitempty"`   // how large they were together
	Instead   map[string]Instead `json:"instead,omitempty"` // by material: what stands in the place of files
	Said      []Said             `json:"said,omitempty"`    // by the office
	Answers   []Answered         `json:"answers,omitempty"` // to what it asked after it had taken the request in
	Salt      []byte             `json:"salt,omitempty"`    // so that its digest tells nothing
	Sent      *Sent              `json:"sent,omitempty"`    // returned: what its office had before it
}

// Sent is what an office had before it when it returned a request: that is what it goes
// on seeing while the resident mends the request.
type Sent struct {
	Template yinzheng.TemplateRef `json:"template"`
	Asked
}

// Proven is who somebody is as a provider of identities vouches; zero: nobody does.
type Proven struct {
	Name string      `json:"name"`
	ID   yinzheng.ID `json:"id"`
}

// Vouched tells whether a provider of identities vouches for who asks.
func (a *Asked) Vouched() bool { return a.Me != (Proven{}) }

// File is a file of a request. Its number is never given twice.
type File struct {
	yinzheng.Attachment
	At time.Time `json:"at"`
}

// Said is what an office says about a request.
type Said struct {
	At     time.Time             `json:"at"`
	Office string                `json:"office"`
	State  yinzheng.RequestState `json:"state"`            // that it came to by this: returned, refused or asked
	Reason string                `json:"reason,omitempty"` // class, of a refusal
	Text   string                `json:"text"`
	Mend   []string              `json:"mend,omitempty"`  // returned, asked: paths of fields, attachments.KEY of materials
	Filed  int                   `json:"filed,omitempty"` // asked: how many files the request had ever had before the resident answers
}

// LastSaid is what the office said last; nil: nothing.
func (a *Asked) LastSaid() *Said {
	if len(a.Said) == 0 {
		return nil
	}
	return &a.Said[len(a.Said)-1]
}

// Limits of a request's files; what was taken off counts towards the last two, so that
// nobody fills the disk through one.
const (
	maxFiles = 30
	maxFiled = 60
	maxBytes = 100 << 20
)

// Room tells whether a request may have another file; ErrInvalid.
func (a *Asked) Room() error {
	if len(a.Files) >= maxFiles || a.Filed >= maxFiled || a.Bytes >= maxBytes {
		return invalid("file", "too-many", "文件太多，请只传需要的；还有材料可以到窗口补", "Too many files; please send only what is needed, the rest can be brought to the counter")
	}
	return nil
}

// FilesOf lists the files of a material.
func (a *Asked) FilesOf(material string) []File {
	return slices.DeleteFunc(slices.Clone(a.Files), func(f File) bool { return f.Material != material })
}

// file returns one of its files; nil: it has none of that number.
func (a *Asked) file(id int) *File {
	if i := slices.IndexFunc(a.Files, func(f File) bool { return f.ID == id }); i >= 0 {
		return &a.Files[i]
	}
	return nil
}

// Materials lists what a resident may send pictures of: what the request needs, and
// what is otherwise only shown at the counter. A commitment is signed there.
func (q *Request) Materials() []yinzheng.Material {
	if q.Input == nil { // erased, or unread
		return nil
	}
	out := q.Of.Wanted(q.Input)
	for _, m := range q.Of.Materials {
		if !m.Scan {
			out = append(out, m)
		}
	}
	return slices.DeleteFunc(out, func(m yinzheng.Material) bool { return m.Key == yinzheng.CommitmentMaterial })
}

// brought lists the materials of which there is a file, or what stands for one.
func (a *Asked) brought(t *yinzheng.Template) []string {
	out := []string{yinzheng.CommitmentMaterial}
	for i := range a.Files {
		out = append(out, a.Files[i].Material)
	}
	for key, x := range a.Instead {
		if mayStand(t, key, x) == nil {
			out = append(out, key)
		}
	}
	return out
}

// bind writes who somebody has proven to be where the request says who asks: it is
// shown, and not typed. A holder without a document, such as a newborn, is not them.
func (q *Request) bind() {
	if !q.Vouched() {
		return
	}
	if q.Applicant.As != yinzheng.AsHolder {
		q.Applicant.Name, q.Applicant.ID = q.Me.Name, q.Me.ID
		return
	}
	q.Applicant = yinzheng.Applicant{As: yinzheng.AsHolder}
	if q.Of.Token.ID != "" {
		q.Values[q.Of.Token.Name], q.Values[q.Of.Token.ID] = q.Me.Name, q.Me.ID.Value()
	}
}

// Bound tells whether a field of the template is as the provider of identities says.
func (q *Request) Bound(key string) bool {
	return q.Vouched() && q.Applicant.As == yinzheng.AsHolder && q.Of.Token.ID != "" && (key == q.Of.Token.Name || key == q.Of.Token.ID)
}

// application is what a case would be begun with.
func (q *Request) application() *yinzheng.NewApplication {
	who := q.Applicant
	return &yinzheng.NewApplication{Item: q.Of.Code, Values: q.Values, Division: q.Division, Applicant: &who}
}

// check brings the content into normal form and finds what is wrong with it.
func (r *Residents) check(q *Request) error {
	in, err := r.Service.CheckIntake(q.Of, q.application(), q.brought(q.Of))
	if err != nil {
		return err
	}
	q.Input, q.Changes, q.Problems = in.Input, in.Changes, in.Problems
	q.Values, q.Applicant = in.Input.Values, in.Input.Applicant
	return nil
}

// carry takes values over to another version of the template: those that it has, too,
// and could keep.
func (r *Residents) carry(t *yinzheng.Template, values yinzheng.Values) yinzheng.Values {
	out := yinzheng.Values{}
	for key, v := range values {
		if _, err := t.CheckValues(yinzheng.Values{key: v}, r.now()); err == nil {
			out[key] = v
		}
	}
	return out
}

func invalid(field, code, zh, en string) error {
	text := yinzheng.Text{ZH: zh, EN: en}
	return &yinzheng.Error{Kind: yinzheng.ErrInvalid, Text: text, Fields: []yinzheng.FieldError{{Field: field, Code: code, Text: text}}}
}

// read makes a request of what is kept of one. What its resident still fills in is
// carried to the present version of the template, and what that could not keep is left
// out; the row stays as it is until it is written with that content. What was sent
// otherwise than could be kept now is unread.
func (r *Residents) read(row *yinzheng.ResidentRequest) (*Request, error) {
	q := &Request{ResidentRequest: *row}
	if row.Content != nil {
		d := json.NewDecoder(bytes.NewReader(row.Content))
		d.UseNumber()
		if err := d.Decode(&q.Asked); err != nil {
			return nil, fmt.Errorf("content of request %s: %w", row.ID, err)
		}
	}
	if q.Of = r.template(row); q.Of == nil {
		q.unreadable()
		return q, nil
	}
	if row.Content == nil {
		return q, nil
	}
	if !isFilledIn(row.State) {
		return q, r.checkSent(q)
	}
	said := q.Values
	q.Values = r.carry(q.Of, said)
	q.carried = q.Of.Version != row.Template.Version || len(q.Values) < len(said)
	if q.Chosen != "" && !q.Of.AnyOffice {
		q.Chosen, q.carried = "", true
	}
	return q, r.check(q)
}

// checkSent is check of what was sent: what could not be kept now is unread.
func (r *Residents) checkSent(q *Request) error {
	err := r.check(q)
	if errors.Is(err, yinzheng.ErrInvalid) {
		q.unreadable()
		return nil
	}
	return err
}

// unreadable leaves the item's code in the place of its template.
func (q *Request) unreadable() {
	q.Unread, q.Input, q.Problems, q.Of = true, nil, nil, &yinzheng.Template{Code: q.Template.Code, Name: nameless(q.Template.Code)}
}

// nameless is what an item is called whose template is not here.
func nameless(code string) yinzheng.Text { return yinzheng.Text{ZH: code, EN: code} }

// template is what a request is read by: the newest version of its item while it is
// filled in and the item is there, otherwise the one that it was written with. Nil when
// that is not here.
func (r *Residents) template(row *yinzheng.ResidentRequest) *yinzheng.Template {
	if isFilledIn(row.State) && row.Content != nil {
		if t := r.Service.Newest(row.Template.Code); t != nil {
			return t
		}
	}
	t, err := r.Service.TemplateVersion(row.Template)
	if err != nil {
		return nil
	}
	return t
}

// Fillable tells whether the resident still fills it in.
func (q *Request) Fillable() bool { return isFilledIn(q.State) && !q.Unread }

// OnlyHere tells whether only the session in which it is filled in leads to it, and
// something was said in it: nobody vouches for who asks, and no return code was drawn.
func (q *Request) OnlyHere() bool {
	return q.Fillable() && q.Resident == "" && q.Code == [32]byte{} && q.Version > 1
}

func isFilledIn(s yinzheng.RequestState) bool {
	return s == yinzheng.RequestDraft || s == yinzheng.RequestReturned
}

// Acts lists what may be done to it, by who may take it in: one that nobody can read is
// only refused.
func (q *Request) Acts() []yinzheng.RequestAct {
	acts := q.ResidentRequest.Acts()
	if q.Unread {
		acts = slices.DeleteFunc(acts, func(a yinzheng.RequestAct) bool { return a != yinzheng.RefuseRequest })
	}
	return acts
}

// load reads a request; a stranger's error when there is none.
func (r *Residents) load(ctx context.Context, id string) (*Request, error) {
	id, ok := yinzheng.NormalCaseID(id)
	if !ok {
		return nil, yinzheng.NoRequest()
	}
	row, err := r.store.ResidentRequest(ctx, id)
	switch {
	case errors.Is(err, yinzheng.ErrNotFound):
		return nil, yinzheng.NoRequest()
	case err != nil:
		return nil, err
	}
	return r.read(row)
}

// asSent is a request as its office knows it: as it was sent last. What its resident
// writes after that is theirs until they send it, and what they took back is theirs again.
func (r *Residents) asSent(q *Request) (*Request, error) {
	switch {
	case q.State == yinzheng.RequestAsked:
		yet := q.Answering() // to be sent
		q.Files = slices.DeleteFunc(slices.Clone(q.Files), func(f File) bool { return slices.Contains(yet, f) })
		return q, nil
	case q.Case != "" || q.State == yinzheng.RequestSent || q.State == yinzheng.RequestRefused:
		return q, nil
	case q.State == yinzheng.RequestWithdrawn || q.Sent == nil:
		said := q.Said
		q.hide()
		q.Said = said
		return q, nil
	}
	sent, said := q.Sent, q.Said
	q.Asked, q.Said = sent.Asked, said
	of, err := r.Service.TemplateVersion(sent.Template)
	if err != nil {
		q.unreadable()
		return q, nil
	}
	q.Unread, q.Of = false, of
	return q, r.checkSent(q)
}

// hide leaves only how a request stands.
func (q *Request) hide() {
	q.Asked, q.Content = Asked{Filed: q.Filed, Bytes: q.Bytes}, nil
	q.Input, q.Changes, q.Problems = nil, nil, nil
}

// encode has the row hold what is asked now, in the version of the template that it was
// checked by; of one that nobody can read, as it was.
func (q *Request) encode() error {
	if q.Salt == nil {
		q.Salt = make([]byte, 16)
		_, _ = rand.Read(q.Salt) // never fails (crypto/rand)
	}
	content, err := json.Marshal(&q.Asked)
	if err != nil {
		return fmt.Errorf("write request %s: %w", q.ID, err)
	}
	q.Content = content
	if !q.Unread {
		q.Template.Version = q.Of.Version
	}
	q.Digests = nil
	for i := range q.Files {
		q.Digests = append(q.Digests, q.Files[i].Digest)
	}
	return nil
}

// put writes a request with its content as it is now.
func (r *Residents) put(ctx context.Context, q *Request) error {
	if err := q.encode(); err != nil {
		return err
	}
	err := r.store.Tx(ctx, func(ctx context.Context) error {
		if q.added != nil {
			if err := r.store.AddFile(ctx, q.Files[len(q.Files)-1].Digest, q.added); err != nil {
				return err
			}
		}
		return r.store.PutRequest(ctx, &q.ResidentRequest)
	})
	if err != nil {
		return err
	}
	q.Version++
	return nil
}
