package yinzheng

import (
	"context"
	"errors"
	"slices"
	"time"
)

// Resident is somebody as they have proven to be to the residents' pages: by an
// identity, or only as somebody of one case, by a code of it. A resident has no
// account, and no role in any office.
type Resident struct {
	Name string `json:"name,omitempty"` // as who vouches for the identity calls them
	ID   ID     `json:"id,omitzero"`    // proven; zero: it is not
	Case string `json:"case,omitempty"` // the one case that is theirs by its code

	Request string `json:"request,omitempty"` // the one request that is theirs: they began it here, or have its code
}

// ResidentActor is By of what a resident did: the record does not say which.
const ResidentActor = "resident"

// How a resident has proven to be somebody, as events tell it.
const (
	ByIdentity = "identity"
	ByCode     = "case-code"
	ByRequest  = "request" // they began it, or have its code: nobody vouches for them
)

// Proof is how a resident has proven to be somebody.
func (r *Resident) Proof() string {
	switch {
	case r.Case != "":
		return ByCode
	case r.Request != "":
		return ByRequest
	}
	return ByIdentity
}

// Key names whom a session is of, so that all of them can be ended: a document,
// a case or a request.
func (r *Resident) Key() string {
	switch {
	case r.Case != "":
		return "case:" + r.Case
	case r.Request != "":
		return "request:" + r.Request
	}
	return documentMark(r.ID)
}

// ParseID brings a document into its normal form. ErrInvalid with what is wrong
// with it, as the field "id"; having none is no document.
func ParseID(id ID, now time.Time) (ID, error) {
	c := &checker{now: now.In(Zone)}
	out := idOf(c.id("id", id.Value()))
	if faults := append(c.broken, c.problems...); len(faults) > 0 {
		return ID{}, invalidFields(faults)
	}
	if documentMark(out) == "" {
		return ID{}, invalidFields([]FieldError{{"id", "required", Text{"请提供证件号码", "Please give the number of a document"}}})
	}
	return out, nil
}

// residents lists the documents of those whom a case belongs to: who applies, be
// it for somebody else, and the holder. An item whose holder has no document of
// their own, such as a newborn, belongs to those whose documents stand beside
// the holder: the parents. Somebody who is merely listed has no part in it.
func (c *Case) residents() []ID {
	ids := []ID{c.Applicant.ID}
	if key := c.Template.Token.ID; key != "" {
		return append(ids, c.Values.ID(key))
	}
	for i := range c.Template.Fields {
		if f := &c.Template.Fields[i]; f.Type == IDField {
			ids = append(ids, c.Values.ID(f.Key))
		}
	}
	return ids
}

// BelongsTo tells whether a case exists for a resident: once it was handed in, by
// a code of it, or by a document of those whom it belongs to.
func (c *Case) BelongsTo(who *Resident) bool {
	if !c.submitted() {
		return false
	}
	return who.Case != "" && who.Case == c.ID || slices.ContainsFunc(c.residents(), who.ID.same)
}

// residentMarks are the marks of the documents of those whom a case belongs to.
func (c *Case) residentMarks() []string {
	if !c.submitted() {
		return nil
	}
	var marks []string
	for _, id := range c.residents() {
		if m := documentMark(id); m != "" && !slices.Contains(marks, m) {
			marks = append(marks, m)
		}
	}
	slices.Sort(marks)
	return marks
}

// openFor reads a case, if it exists for a resident.
func (s *Service) openFor(ctx context.Context, who *Resident, id string) (*Case, error) {
	id, ok := NormalCaseID(id)
	if !ok {
		return nil, errNoCase()
	}
	c, err := s.load(ctx, id)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil, errNoCase()
	case err != nil:
		return nil, err
	case !c.BelongsTo(who):
		return nil, errNoCase()
	}
	return c, nil
}

// Belongs tells whether a case exists for a resident (Case.BelongsTo).
func (s *Service) Belongs(ctx context.Context, who *Resident, id string) (bool, error) {
	_, err := s.openFor(ctx, who, id)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// ResidentSession is one sign-in of a resident.
type ResidentSession struct {
	Resident
	Opened, Used, Expires time.Time
}

// ResidentSessions keeps the residents' sign-ins.
type ResidentSessions interface {
	// PutResidentSession keeps a session under the hash of its secret.
	PutResidentSession(ctx context.Context, hash [32]byte, s *ResidentSession) error
	// ResidentSession returns one that is kept, whether it still holds or not;
	// ErrNotFound.
	ResidentSession(ctx context.Context, hash [32]byte) (*ResidentSession, error)
	// UseResidentSession notes when it was used last.
	UseResidentSession(ctx context.Context, hash [32]byte, used time.Time) error
	// EndResidentSession forgets one, EndResidentSessions all of a resident
	// (Resident.Key).
	EndResidentSession(ctx context.Context, hash [32]byte) error
	EndResidentSessions(ctx context.Context, resident string) error
	// PruneResidentSessions forgets those that expire by now, or were used last
	// before a moment.
	PruneResidentSessions(ctx context.Context, now, unused time.Time) error
}
