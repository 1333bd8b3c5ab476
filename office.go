package yinzheng

import (
	"context"
	"slices"
	"time"
)

// Division is an administrative division (statistical code, 12 digits). One
// that was closed stays on record; whoever asks for it is led to its successor.
type Division struct {
	Code   string `json:"code"`
	Name   string `json:"name"`
	Parent string `json:"parent,omitempty"`
	Level  Level  `json:"level"`

	Until     time.Time `json:"until,omitzero"`      // when it was closed
	Successor string    `json:"successor,omitempty"` // once closed: the division of its level that it went to
}

// Office acts for its own division and those below it. It belongs to an organ
// when it may seal. One that was closed stays on record, like a division.
type Office struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Division string `json:"division"`
	Organ    string `json:"organ,omitempty"`    // credit code; empty for a village office
	Function string `json:"function,omitempty"` // among several offices of one division: public-security, health, ...

	Until     time.Time `json:"until,omitzero"`      // when it was closed
	Successor string    `json:"successor,omitempty"` // once closed: the office that took over its work
}

// stands tells whether the office was not closed.
func (o *Office) stands() bool { return o.Until.IsZero() }

// Organ is a legal issuer.
type Organ struct {
	Code string    `json:"code"` // unified social credit code
	Name string    `json:"name"`
	Mark string    `json:"mark"` // the seal's straight line: 证明专用章, 演示专用
	From time.Time `json:"from"`
	To   time.Time `json:"to,omitzero"`

	Successor string `json:"successor,omitempty"` // once it has ended: the organ that answers for what it sealed
}

// exists tells whether the organ exists at a moment.
func (o *Organ) exists(at time.Time) bool {
	return !at.Before(o.From) && (o.To.IsZero() || at.Before(o.To))
}

// SealFace is the picture of the organ's seal.
func (o *Organ) SealFace() SealFace { return SealFace{Organ: o.Name, Centre: o.Mark, Code: o.Code} }

// Grant is a role held in an office for a time.
type Grant struct {
	Office string    `json:"office"`
	Role   Role      `json:"role"`
	From   time.Time `json:"from"`
	To     time.Time `json:"to,omitzero"` // zero: until further notice

	// A delegated grant: whose it is. It lasts while the delegation does, while
	// the grant it comes from does, and while whoever stands in has a post of
	// their own in an office that oversees this one.
	For     string `json:"for,omitempty"`
	ForName string `json:"for_name,omitempty"`
	ForID   ID     `json:"-"`
}

// Account is one person who signs in. One account a person.
type Account struct {
	ID       string
	Username string
	Name     string
	Person   ID     // the person's own document, so that nobody decides a case of their own
	Password string // argon2id, PHC string format
	Disabled bool
	Grants   []Grant
	Version  int // changes so far; 0: not kept yet
}

// Directory is the office tree at one moment: read-only, shared. What was
// closed is still in it, under its old name; the questions about who is in
// charge (Within, At, OfficesOf, ...) are answered with what took its place.
type Directory struct {
	Divisions []Division
	Offices   []Office
	Organs    []Organ
	Version   string // of the tree, as the store names it

	divisions map[string]*Division
	offices   map[string]*Office
	organs    map[string]*Organ
	seats     map[string][]*Office // by the division that theirs has become
}

// NewDirectory indexes an office tree.
func NewDirectory(divisions []Division, offices []Office, organs []Organ) *Directory {
	d := &Directory{
		Divisions: divisions, Offices: offices, Organs: organs,
		divisions: make(map[string]*Division, len(divisions)), offices: make(map[string]*Office, len(offices)), organs: make(map[string]*Organ, len(organs)),
		seats: map[string][]*Office{},
	}
	for i := range divisions {
		d.divisions[divisions[i].Code] = &divisions[i]
	}
	for i := range offices {
		d.offices[offices[i].ID] = &offices[i]
		home := d.DivisionNow(offices[i].Division)
		d.seats[home] = append(d.seats[home], &offices[i])
	}
	for i := range organs {
		d.organs[organs[i].Code] = &organs[i]
	}
	return d
}

// Division, Office and Organ return nil for what does not exist, and what was
// closed as it was.
func (d *Directory) Division(code string) *Division { return d.divisions[code] }

// Office returns the office with an ID, or nil.
func (d *Directory) Office(id string) *Office { return d.offices[id] }

// Organ returns the organ with a credit code, or nil.
func (d *Directory) Organ(code string) *Organ { return d.organs[code] }

// maxSuccession bounds how often one thing is followed by the next: more than
// any division sees in a century; a loop in the data ends there.
const maxSuccession = 32

// DivisionNow is the code of the division that a division has become: its own
// while it stands.
func (d *Directory) DivisionNow(code string) string {
	for range maxSuccession {
		v := d.divisions[code]
		if v == nil || v.Successor == "" {
			break
		}
		code = v.Successor
	}
	return code
}

// OfficeNow is the ID of the office that does an office's work now.
func (d *Directory) OfficeNow(id string) string {
	for range maxSuccession {
		o := d.offices[id]
		if o == nil || o.Successor == "" {
			break
		}
		id = o.Successor
	}
	return id
}

// OrganNow is the code of the organ that answers for what an organ sealed.
func (d *Directory) OrganNow(code string) string {
	for range maxSuccession {
		o := d.organs[code]
		if o == nil || o.Successor == "" {
			break
		}
		code = o.Successor
	}
	return code
}

// Formerly lists what an office was: itself first, then the closed offices
// whose work it does now.
func (d *Directory) Formerly(id string) []string {
	ids := []string{id}
	for i := range d.Offices {
		if o := &d.Offices[i]; o.Successor != "" && d.OfficeNow(o.ID) == id {
			ids = append(ids, o.ID)
		}
	}
	return ids
}

// Within tells whether a division is another one or lies below it.
func (d *Directory) Within(code, ancestor string) bool {
	code, ancestor = d.DivisionNow(code), d.DivisionNow(ancestor)
	for range 8 { // deeper than any tree; a loop in the data ends here
		if code == ancestor {
			return true
		}
		v := d.divisions[code]
		if v == nil || v.Parent == "" {
			return false
		}
		code = v.Parent
	}
	return false
}

// Oversees tells whether an office's division is another office's, or lies above
// it: its people are colleagues there, its administrators appoint people there.
func (d *Directory) Oversees(office, other string) bool {
	above, o := d.offices[office], d.offices[other]
	return above != nil && o != nil && d.Within(o.Division, above.Division)
}

// At returns the division of a level that a division lies in, or nil.
func (d *Directory) At(code string, level Level) *Division {
	code = d.DivisionNow(code)
	for range 8 {
		v := d.divisions[code]
		if v == nil || v.Level == level {
			return v
		}
		code = v.Parent
	}
	return nil
}

// LevelOf returns the level of an office's division.
func (d *Directory) LevelOf(office string) Level {
	if o := d.offices[office]; o != nil {
		if v := d.divisions[o.Division]; v != nil {
			return v.Level
		}
	}
	return ""
}

// Directories keeps the office tree and the people.
type Directories interface {
	// Directory reads the whole office tree.
	Directory(ctx context.Context) (*Directory, error)
	// PutDirectory adds or replaces divisions, offices and organs by their key;
	// ErrConflict when d.Version is set and the tree has another one by now.
	PutDirectory(ctx context.Context, d *Directory) error
	// Account returns the account with an ID; ErrNotFound.
	Account(ctx context.Context, id string) (*Account, error)
	// AccountByUsername returns the account that signs in so; ErrNotFound.
	AccountByUsername(ctx context.Context, username string) (*Account, error)
	// PutAccount adds an account (Version 0), or replaces the version that was
	// read, with its grants; it is kept at the next version. ErrConflict when
	// somebody else has changed it since, and when the username, or the person,
	// already has another account.
	PutAccount(ctx context.Context, a *Account) error
	// AccountsOf lists the accounts that hold, held or will hold a post of their
	// own in an office, by username.
	AccountsOf(ctx context.Context, office string) ([]*Account, error)
	// AccountsNamed lists the accounts whose name or username contains a text, by
	// username; letters from a to z match in either case.
	AccountsNamed(ctx context.Context, text string) ([]*Account, error)
}

// OfficesOf lists the offices of a post for a resident's division: those that
// stand, and those that do the work of one that was closed.
func (d *Directory) OfficesOf(p Post, division string) []*Office {
	home := d.At(division, p.Level)
	if home == nil {
		return nil
	}
	var out []*Office
	for _, o := range d.seats[home.Code] {
		if p.Function != "" && o.Function != p.Function {
			continue
		}
		if now := d.offices[d.OfficeNow(o.ID)]; now != nil && !slices.Contains(out, now) {
			out = append(out, now)
		}
	}
	return out
}

// staffed tells whether every post of a step has an office for a division.
func (d *Directory) staffed(step *Step, division string) bool {
	return !slices.ContainsFunc(step.Posts(), func(p Post) bool { return len(d.OfficesOf(p, division)) == 0 })
}
