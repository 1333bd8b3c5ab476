package yinzheng

import (
	"context"
	"time"
)

// InquiryAct is one act on an inquiry, on a list of inquiries, or on the rules
// of who may ask what, as it is kept (package inquiry).
type InquiryAct struct {
	Subject string // ID of the inquiry or of the list; InquiryRules
	Seq     int    // 1, 2, ... within the subject
	At      time.Time
	By      string // account
	Kind    string
	Content []byte // JSON, of package inquiry
}

// InquiryRules is the subject of the acts that say what may be asked, and by whom.
const InquiryRules = "rules"

// InquiryActs keeps the acts.
type InquiryActs interface {
	// AddInquiryAct appends the next act on a subject; ErrConflict when its Seq is
	// taken.
	AddInquiryAct(ctx context.Context, a *InquiryAct) error
	// InquiryActs lists the acts on a subject after one (0: from the first), in
	// their order.
	InquiryActs(ctx context.Context, subject string, after int) ([]InquiryAct, error)
}

// InquiryPlace is what an inquiry is found by.
type InquiryPlace struct {
	Key     int64 // in the order in which they were asked; given by the store
	ID      string
	List    string // of which it is an exception; "": it was asked by itself
	Row     int    // of the list
	Kind    string
	State   string
	Asker   string // office
	Role    Role   // in which it was asked
	Account string
	Office  string // where it is answered
	Signer  string // office where the reply is signed
	At      time.Time
	Due     time.Time
	Late    string // office that sees to it past its limit, once it was told
}

// InquiryBox is one list of inquiries that somebody works with.
type InquiryBox string

// The boxes, of an office.
const (
	InquiriesAsked    InquiryBox = "asked"     // by it, in a role, by themselves
	InquiriesToAnswer InquiryBox = "to-answer" // there
	InquiriesToSign   InquiryBox = "to-sign"   // there
	InquiriesLate     InquiryBox = "late"      // that it sees to, since others have not in time
)

// InquiryPlaces finds inquiries.
type InquiryPlaces interface {
	// PutInquiry adds an inquiry, or replaces what it is found by.
	PutInquiry(ctx context.Context, p *InquiryPlace) error
	// InquiriesIn lists a box of an office, newest first, before a key (0: from
	// the newest). Only InquiriesAsked looks at the role.
	InquiriesIn(ctx context.Context, box InquiryBox, office string, role Role, before int64, limit int) ([]InquiryPlace, error)
	// LateInquiries lists those that wait past their limit and nobody was told of,
	// longest first.
	LateInquiries(ctx context.Context, now time.Time, limit int) ([]string, error)
	// OpenInquiries lists those that wait, in the order in which they were asked,
	// after a key (0: from the first).
	OpenInquiries(ctx context.Context, after int64, limit int) ([]InquiryPlace, error)
	// OpenInquiriesOf counts the exceptions of a list that have no reply yet.
	OpenInquiriesOf(ctx context.Context, list string) (int, error)
	// AskedSince counts what an account asked by itself from a moment on.
	AskedSince(ctx context.Context, account string, from time.Time) (int, error)
}

// InquiryReply is a signed reply to an inquiry or to a list.
type InquiryReply struct {
	ID    string // of the inquiry or list
	At    time.Time
	Token string
	Salt  []byte // of the token's h
}

// InquiryReplies keeps the replies.
type InquiryReplies interface {
	// AddInquiryReply keeps a reply; ErrConflict when there is one.
	AddInquiryReply(ctx context.Context, r *InquiryReply) error
	// InquiryReply returns the reply to an inquiry or a list; ErrNotFound.
	InquiryReply(ctx context.Context, id string) (*InquiryReply, error)
}

// InquiryRoll is a list of persons of whom one kind of question is answered with
// yes, as an office brought it in. A newer one takes its place.
type InquiryRoll struct {
	ID     string    `json:"id"`
	Kind   string    `json:"kind"`
	At     time.Time `json:"at"`
	By     string    `json:"by"` // account
	Office string    `json:"office"`
	Title  string    `json:"title"`
	AsOf   string    `json:"as_of"` // day that it speaks of
	Digest string    `json:"digest"`
	Rows   int       `json:"rows"`
}

// RollEntry is one person of a roll.
type RollEntry struct {
	Document string // as ByDocument writes it
	Name     string // as FoldName writes it
}

// EntryOf is how somebody stands on a roll.
func EntryOf(name string, id ID) RollEntry { return RollEntry{documentMark(id), FoldName(name)} }

// InquiryRolls keeps the rolls.
type InquiryRolls interface {
	// AddInquiryRoll keeps a roll with who is on it.
	AddInquiryRoll(ctx context.Context, r *InquiryRoll, entries []RollEntry) error
	// InquiryRoll returns the newest roll of a kind; ErrNotFound.
	InquiryRoll(ctx context.Context, kind string) (*InquiryRoll, error)
	// OnInquiryRoll tells whether somebody is on a roll.
	OnInquiryRoll(ctx context.Context, roll string, e RollEntry) (bool, error)
}

// InquiryList is a list of persons about whom one question is asked.
type InquiryList struct {
	Key     int64 // in the order in which they were asked; given by the store
	ID      string
	Kind    string
	State   string
	Asker   string // office
	Role    Role
	Account string
	At      time.Time
	Rows    int
	Worked  int  // rows that were looked up on record
	Erased  bool // whom it is about was erased in time; read only
}

// InquiryRow is one person of a list.
type InquiryRow struct {
	Row     int    // 1, 2, ...
	Content []byte // JSON, of package inquiry
	Answer  string // "": none yet
	By      string // record or people
	Source  string // what the answer comes from
	AsOf    string // day that it speaks of
	Inquiry string // that was begun because the record did not say yes
}

// InquiryTally counts the rows of a list by what came of them.
type InquiryTally struct {
	OnRecord  int `json:"on_record"` // yes, from what is on record
	Left      int `json:"left"`      // for people, who have not replied yet
	Yes       int `json:"yes"`       // by people, as the next two
	No        int `json:"no"`
	CannotSay int `json:"cannot_say"`
}

// InquiryLists keeps lists and their rows.
type InquiryLists interface {
	// AddInquiryList keeps a new list with its rows.
	AddInquiryList(ctx context.Context, l *InquiryList, rows []InquiryRow) error
	// InquiryList returns a list; ErrNotFound.
	InquiryList(ctx context.Context, id string) (*InquiryList, error)
	// MoveInquiryList brings a list from the state and the row at which it was
	// read to others; ErrConflict when it has moved since.
	MoveInquiryList(ctx context.Context, l *InquiryList, state string, worked int) error
	// InquiryListsOf lists those that an office asked in a role, newest first,
	// before a key (0: from the newest).
	InquiryListsOf(ctx context.Context, asker string, role Role, before int64, limit int) ([]InquiryList, error)
	// InquiryListsIn lists those in a state, oldest first.
	InquiryListsIn(ctx context.Context, state string) ([]string, error)
	// InquiryRows lists rows of a list after one, in their order.
	InquiryRows(ctx context.Context, list string, after, limit int) ([]InquiryRow, error)
	// PutInquiryRow keeps what came of a row; ErrConflict when it has an answer.
	PutInquiryRow(ctx context.Context, list string, r *InquiryRow) error
	// TallyInquiryRows counts the rows of a list.
	TallyInquiryRows(ctx context.Context, list string) (InquiryTally, error)
	// RowsAskedSince counts the rows of the lists that an office asked from a
	// moment on.
	RowsAskedSince(ctx context.Context, asker string, from time.Time) (int, error)
}

// Inquiries keeps everything about inquiries.
type Inquiries interface {
	InquiryActs
	InquiryPlaces
	InquiryReplies
	InquiryRolls
	InquiryLists
}

// Known returns what is on record about who has, or had, a document: what
// registers say or, where that is older, certificates in force. ErrNotFound.
func (s *Service) Known(ctx context.Context, id ID) (*OnRecord, error) {
	rec, facts, err := s.onRecord(ctx, id, "")
	if err != nil {
		return nil, err
	}
	for key, f := range facts {
		rec.Facts[key] = f.Known
	}
	return rec, nil
}

// Certified returns the newest certificate of an item in force that the bearer
// of a document holds; ErrNotFound.
func (s *Service) Certified(ctx context.Context, item string, holder ID) (*Certificate, error) {
	held, err := s.certificatesOf(ctx, item, holder, s.now())
	if err == nil && len(held) == 0 {
		err = fail(ErrNotFound, "没有有效的证明", "There is no certificate in force")
	}
	if err != nil {
		return nil, err
	}
	return held[0].Certificate, nil
}

// Says tells whether what is on record of a fact is a value in normal form;
// known is false when nothing is.
func (o *OnRecord) Says(fact string, value any) (says, known bool) {
	k, known := o.Facts[fact]
	return known && agree(k.Value, value), known
}
