package yinzheng

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"
)

// RequestState is where a resident's request stands.
type RequestState string

// The states of a request (网上申请). Each but the first is also the last word of the
// kind of event that brought it there: request-sent and so on.
const (
	RequestDraft     RequestState = "draft"
	RequestSent      RequestState = "sent"      // waits for its office
	RequestReturned  RequestState = "returned"  // to the resident, to be mended
	RequestTaken     RequestState = "taken"     // it became a case
	RequestRefused   RequestState = "refused"   // by its office
	RequestWithdrawn RequestState = "withdrawn" // by the resident
	RequestLapsed    RequestState = "lapsed"    // nobody went on with it
	RequestAsked     RequestState = "asked"     // it became a case, whose clerk asks the resident for something
	RequestAnswered  RequestState = "answered"  // the resident has answered that
)

// Event is the kind of event that brings a request to a state.
func (s RequestState) Event() string { return "request-" + string(s) }

// RequestAct is what the clerks who work on a request may do to it.
type RequestAct string

// The acts on a request.
const (
	TakeRequest   RequestAct = "take"   // make a case of it
	ReturnRequest RequestAct = "return" // to be mended
	RefuseRequest RequestAct = "refuse"
	AskResident   RequestAct = "ask"    // for something that its case lacks, while that is drafted or mended
	AttachAnswer  RequestAct = "attach" // to its case what the resident has answered with, likewise
)

// Acts lists what may be done to a request as it stands, by who may take it in.
func (r *ResidentRequest) Acts() []RequestAct {
	switch r.State {
	case RequestSent:
		return []RequestAct{TakeRequest, ReturnRequest, RefuseRequest}
	case RequestTaken, RequestAsked:
		return []RequestAct{AskResident}
	case RequestAnswered:
		return []RequestAct{AskResident, AttachAnswer}
	}
	return nil
}

// ResidentRequest is what a resident asks an office to take in: what it is found by,
// and what package resident keeps in it.
type ResidentRequest struct {
	ID       string
	Version  int // how often it was written; 0: not yet
	State    RequestState
	Template TemplateRef
	Resident string   // whose it is: the mark of a proven document (Resident.Key); "": of who has its code
	Code     [32]byte // hash of the code by which somebody comes back to it; zero: there is none
	Office   string   // that takes it in; "": not said yet
	Begun    time.Time
	Changed  time.Time
	Due      time.Time // sent: end of the limit for taking it in; asked: by when the resident should answer; otherwise zero
	Late     bool      // that was past while it waited to be taken in, and the office above was told
	Case     string    // which it became; "": none
	Content  []byte    // JSON, of package resident; nil once it was erased
	Digests  []string  // of the files that Content names; given to be kept, and not read back

	Unanswered bool   // asked: Due is past, and the clerks were told
	Cursor     string // of a list: where it goes on after this one
}

// Is tells whether a request is a resident's own.
func (r *ResidentRequest) Is(who *Resident) bool {
	return who.Request != "" && who.Request == r.ID || r.Resident != "" && r.Resident == documentMark(who.ID)
}

// Digest is of what an office has before it, whose it is, and which office that is: the
// event by which a request was sent, or ended, vouches for it. What is asked is salted,
// so that the digest tells nothing once the rest was erased.
func (r *ResidentRequest) Digest() string {
	sum := sha256.New()
	for _, part := range []string{r.Office, r.Resident, string(r.Content)} {
		fmt.Fprintf(sum, "%d %s", len(part), part)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// ResidentRequests keeps the requests of residents. What was done to one is an
// event (request-…); the row is how it stands.
type ResidentRequests interface {
	// PutRequest adds a request (Version 0), or replaces the version that was read; it
	// is kept at the next version. ErrConflict when somebody else has changed it since.
	// Files that it had stay with it; with its content they go, unless something else
	// refers to them.
	PutRequest(ctx context.Context, r *ResidentRequest) error
	// ResidentRequest returns one; ErrNotFound.
	ResidentRequest(ctx context.Context, id string) (*ResidentRequest, error)
	// RequestsOf lists those of a proven document, newest first.
	RequestsOf(ctx context.Context, resident string, limit int) ([]*ResidentRequest, error)
	// RequestsAt lists those of some offices in a state, after a cursor ("": from the
	// first): of proven documents first, and of either what is due first first, or, where
	// there is no limit, what was changed first. ErrInvalid for a cursor that is none.
	RequestsAt(ctx context.Context, of []Intakes, state RequestState, cursor string, limit int) ([]*ResidentRequest, error)
	// CountRequestsAt counts them, up to a limit.
	CountRequestsAt(ctx context.Context, of []Intakes, state RequestState, limit int) (int, error)
	// CountUnvouched counts, up to a limit, those of no proven document that were sent to
	// an office since a moment and that it has not answered, those that were taken back
	// included.
	CountUnvouched(ctx context.Context, office string, since time.Time, limit int) (int, error)
	// RequestOfCase returns the request that became a case; ErrNotFound.
	RequestOfCase(ctx context.Context, application string) (*ResidentRequest, error)
}

// RequestRounds tells what of the requests of residents is to be looked after.
type RequestRounds interface {
	// RequestOffices lists the offices that have requests in a state.
	RequestOffices(ctx context.Context, state RequestState) ([]string, error)
	// LateRequests lists the IDs of those that were sent, are past their limit, and of
	// which nobody was told, longest first.
	LateRequests(ctx context.Context, now time.Time, limit int) ([]string, error)
	// UnansweredRequests lists the IDs of those whose residents were asked for something
	// by a day that is past, of which nobody was told, longest first.
	UnansweredRequests(ctx context.Context, now time.Time, limit int) ([]string, error)
	// IdleRequests lists the IDs of those in a state that have a content and were
	// changed last before a moment, longest first.
	IdleRequests(ctx context.Context, state RequestState, before time.Time, limit int) ([]string, error)
}

// returnCodeLength is that of the code by which somebody comes back to a request: 60
// random bits, since it is good as long as the request is.
const returnCodeLength = 12

// NewReturnCode draws a code by which somebody comes back to a request.
func NewReturnCode(rand io.Reader) (string, error) { return randomText(rand, returnCodeLength) }

// NormalReturnCode reads one as people type it (NormalCode).
func NormalReturnCode(s string) (code string, ok bool) { return normalText(s, returnCodeLength) }

// upwards goes through the offices of a division, and of those above it: the nearest
// first, and of one division those without a function.
func (d *Directory) upwards(division string) iter.Seq[*Office] {
	return func(yield func(*Office) bool) {
		v := d.Division(d.DivisionNow(division))
		for range 8 { // deeper than any tree; a loop in the data ends here
			if v == nil {
				return
			}
			here := d.OfficesOf(Post{Level: v.Level}, v.Code)
			slices.SortStableFunc(here, func(a, b *Office) int { return strings.Compare(a.Function, b.Function) })
			for _, o := range here {
				if !yield(o) {
					return
				}
			}
			v = d.Division(v.Parent)
		}
	}
}

// OfficeAbove is the office that answers for the requests of another one which are past
// their limit: the nearest above it. Nil where there is none.
func (d *Directory) OfficeAbove(office string) *Office {
	o := d.Office(d.OfficeNow(office))
	if o == nil {
		return nil
	}
	if v := d.Division(d.DivisionNow(o.Division)); v != nil {
		for above := range d.upwards(v.Parent) {
			return above
		}
	}
	return nil
}

// isAbove tells whether an office answers for the late requests of another one.
func (d *Directory) isAbove(office, other string) bool {
	above := d.OfficeAbove(other)
	return above != nil && above.ID == office
}

// Below lists the divisions that stand right below one; of "", the topmost there are.
func (d *Directory) Below(division string) []*Division {
	var out []*Division
	for i := range d.Divisions {
		v := &d.Divisions[i]
		if v.Successor == "" && (v.Parent == division || division == "" && d.Division(v.Parent) == nil) {
			out = append(out, v)
		}
	}
	return out
}

// OpenOnline tells whether residents may begin a request of an item: ErrNotFound for
// what is none, ErrState with why and where to go otherwise.
func (s *Service) OpenOnline(item string) (*Template, error) {
	t, err := s.Template(item)
	if err != nil {
		return nil, fail(ErrNotFound, "没有这个证明事项", "There is no such item")
	}
	if ended := s.ended(t); ended != nil {
		return nil, &Error{Kind: ErrState, Text: ended.Text}
	}
	if err := t.startable(s.Directory()); err != nil {
		return nil, err
	}
	if t.CounterOnly {
		return nil, fail(ErrState, "这个事项要本人到窗口办理，请带齐材料到任何一个村（社区）窗口", "This is done at the counter in person; please take what it needs to any village or community office")
	}
	return t, nil
}

// Intake is what a resident gives to be taken in, as far as it could be a case.
type Intake struct {
	Input   *Input
	Changes []Change
	// Problems are what the resident has to mend before a clerk need look at it:
	// characters that no face holds are not among them.
	Problems []FieldError
}

// CheckIntake brings what a resident gives into normal form, and says what is still
// wrong with it; brought are the keys of the materials of which there is something.
// Nothing of the register shows in it. ErrInvalid for what cannot be kept at all.
func (s *Service) CheckIntake(t *Template, in *NewApplication, brought []string) (*Intake, error) {
	input, checked, err := s.input(t, in.Values, in.Division, in.Applicant, s.now())
	if err != nil {
		return nil, err
	}
	a := s.imagined(t, input).Application
	for _, key := range brought {
		a.Attachments = append(a.Attachments, Attachment{Material: key})
	}
	problems := checked.Problems
	switch {
	case in.Division == "":
		problems = append(problems, FieldError{"division", "required", Text{"请选择所属的村（社区）", "Please choose the village or community"}})
	case len(s.placeProblems(t, a)) > 0: // which is nothing that a resident can mend
		problems = append(problems, FieldError{"division", "no-office", Text{"这个村（社区）还不能网上办这个事项，请到窗口办理", "This is not done online for this place yet; please go to its office"}})
	}
	return &Intake{input, checked.Changes, append(problems, fileProblems(t, a)...)}, nil
}

// Wanted lists the materials that a case of this content would need, an agent's
// authority among them.
func (t *Template) Wanted(in *Input) []Material {
	c := &Case{Application: &Application{Applicant: in.Applicant, Values: in.Values}, Template: t}
	return c.wanted()
}

// MaterialName names a material that a file may be of.
func (t *Template) MaterialName(key string) Text {
	name, _ := t.material(key)
	return name
}

// CleanFile makes of a file that a resident sends what can be kept: in one transaction
// with what refers to it. Errors as of Cleaner.Clean.
func (s *Service) CleanFile(ctx context.Context, t *Template, in *NewAttachment) (*Attachment, []byte, error) {
	f, content, err := s.clean(ctx, in)
	if err != nil {
		return nil, nil, err
	}
	f.Name = fileName(f.Name, t.MaterialName(f.Material).ZH, fileEndings[f.Type])
	return f, content, nil
}

// FileEnding is the ending of the files of a type that is kept.
func FileEnding(mediaType string) string { return fileEndings[mediaType] }

// KeptFile reads a file that is on record.
func (s *Service) KeptFile(ctx context.Context, digest string) ([]byte, error) {
	content, err := s.Store.File(ctx, digest)
	return content, lostFile("a request", err)
}

// MayTakeIn tells whether somebody works on a request that was sent: a clerk of the
// office that does its office's work now and, once it is late, of the office above,
// where it would otherwise wait for ever when its own has nobody left. The grant is
// theirs; ErrNotFound for anybody else.
func (s *Service) MayTakeIn(by *Account, r *ResidentRequest) (Grant, error) {
	return r.mayTakeIn(s.Directory(), by, s.Now())
}

func (r *ResidentRequest) mayTakeIn(d *Directory, by *Account, now time.Time) (Grant, error) {
	own := d.OfficeNow(r.Office)
	if g, ok := by.Holds(Clerk, now, func(id string) bool { return id == own || r.Late && d.isAbove(id, own) }); ok {
		return g, nil
	}
	return Grant{}, NoRequest()
}

// NoRequest is what a stranger learns, whether there is such a request or not.
func NoRequest() error {
	return fail(ErrNotFound, "没有找到这个申请", "There is no such request")
}

// TakeIn starts a case, as CreateApplication does, with files that are kept already
// attached to it, and referring to certificates. One that meets its material no longer is
// left out: the material is wanting then, like any other. also runs in the transaction
// that writes the case: when it fails there is no case. Errors as of CreateApplication
// and Case.Attach.
func (s *Service) TakeIn(ctx context.Context, by *Account, in *NewApplication, files []Attachment, refers []Reference, also func(ctx context.Context, id string) error) (id string, err error) {
	p, err := s.propose(ctx, by, in)
	if err != nil {
		return "", err
	}
	for i := range files {
		if p.Application, err = p.Attach(by, &files[i], p.now); err != nil {
			return "", err
		}
	}
	for i := range refers {
		if err := s.referIn(ctx, p, &refers[i]); err != nil {
			return "", err
		}
	}
	err = s.Store.Tx(ctx, func(ctx context.Context) error {
		if err := also(ctx, p.ID); err != nil {
			return err
		}
		return s.keep(ctx, p)
	})
	if err == nil {
		s.watch.noteAll(Desk{Office: p.Office}, by, p.now)
	}
	return p.ID, err
}

// referIn has a certificate meet a material of a case that is started, if it does.
func (s *Service) referIn(ctx context.Context, p *proposal, x *Reference) error {
	checked, r, err := s.checkedReference(ctx, p.Case, x)
	if err != nil || checked.Fault != nil {
		return err
	}
	p.Application, err = p.Refer(p.by, x.Material, r.Certificate, r.of, p.now)
	return err
}

// AtItsClerks tells whether a case is drafted or mended.
func (s State) AtItsClerks() bool { return s == Draft || s == Returned }

// AtItsClerks tells whether a case is drafted or mended now, to who may know only that.
// ErrNotFound.
func (s *Service) AtItsClerks(ctx context.Context, id string) (bool, error) {
	a, err := s.Store.Application(ctx, id)
	return err == nil && a.State.AtItsClerks(), err
}

// AttachKept attaches files that are kept already to a case, but those that it has.
// Errors as of Case.Attach.
func (s *Service) AttachKept(ctx context.Context, by *Account, id string, files []Attachment) error {
	c, err := s.open(ctx, by, id)
	if err != nil {
		return err
	}
	files = slices.DeleteFunc(slices.Clone(files), func(f Attachment) bool { return c.has(&f) })
	if len(files) == 0 {
		return nil
	}
	_, err = s.changeCase(ctx, by, c.ID, c.Version, func(c *Case, now time.Time) (*Application, error) {
		for i := range files {
			a, err := c.Attach(by, &files[i], now)
			if err != nil {
				return nil, err
			}
			c = &Case{a, c.Template, c.Directory, c.Calendar}
		}
		return c.Application, nil
	}, s.conclude)
	return err
}

// has tells whether a file is on the case.
func (c *Case) has(f *Attachment) bool {
	return slices.ContainsFunc(c.Attachments, func(x Attachment) bool { return x.Material == f.Material && x.Digest == f.Digest })
}

// Intakes are the requests that were sent to an office, which may be closed; or only
// the late ones of them.
type Intakes struct {
	Office string
	Late   bool
}

// IntakesOf lists the requests that somebody works on (MayTakeIn).
func (s *Service) IntakesOf(by *Account) []Intakes {
	d := s.Directory()
	var own []string
	for _, g := range by.InForce(s.Now()) {
		if g.Role == Clerk {
			own = addOnce(own, g.Office)
		}
	}
	var out []Intakes
	for i := range d.Offices {
		id := d.Offices[i].ID
		now := d.OfficeNow(id)
		switch {
		case slices.Contains(own, now):
			out = append(out, Intakes{Office: id})
		case slices.ContainsFunc(own, func(above string) bool { return d.Oversees(above, now) && d.isAbove(above, now) }):
			out = append(out, Intakes{id, true})
		}
	}
	return out
}

// DueIn is the end of so many working days from now.
func (s *Service) DueIn(days int) time.Time { return s.calendar.Load().Due(s.now(), days) }
