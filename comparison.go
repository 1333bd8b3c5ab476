package yinzheng

import (
	"context"
	"slices"
)

// Comparison is what a case says beside what is on record about its holder.
type Comparison struct {
	Otherwise []AgainstField `json:"otherwise,omitempty"` // than on record
	Same      []string       `json:"same,omitempty"`      // paths of the values that are as on record; it says nothing of any other
	Died      *Known         `json:"died,omitempty"`      // nil: no death is on record
}

// Compare sets what a case that nobody has started yet would say beside what is on
// record about its holder. It is for those whom that record is for: ErrNotFound for
// anybody else, as where nobody is on record. That they have looked is put on record
// first, with what for.
func (s *Service) Compare(ctx context.Context, by *Account, p *Proposed, about string) (*Comparison, error) {
	c := p.proposed
	rec, facts, err := s.onRecord(ctx, c.holderID(), c.Replaces())
	if err != nil {
		return nil, err
	}
	if !s.entitled(by, rec.Division) {
		return nil, noRecord()
	}
	if err := s.Store.Record(ctx, Event{At: s.now(), Kind: EventPersonRead, Subject: rec.Person, By: by.ID, Detail: about}); err != nil {
		return nil, err
	}
	out := c.beside(rec, facts)
	out.Same = slices.DeleteFunc(out.Same, func(path string) bool { // what the record gave agrees with it
		return slices.ContainsFunc(p.Filled, func(m Filled) bool { return m.Field == path })
	})
	return out, nil
}

func noRecord() error {
	return fail(ErrNotFound, "没有此人的登记", "Nobody is on record with this document")
}

// beside sets each value that the record may hold beside what stands there. Lists are
// not compared: nobody could tell which row is whose.
func (c *Case) beside(rec *OnRecord, facts map[string]standing) *Comparison {
	out := &Comparison{Died: rec.Died}
	for i := range c.Template.Fields {
		f := &c.Template.Fields[i]
		k, known := facts[f.Record]
		v := c.Values[f.Key]
		switch path := "values." + f.Key; {
		case !known || v == nil || f.Type == ListField:
		case agree(k.Value, v):
			out.Same = append(out.Same, path)
		default:
			former := f.Record == "name" && slices.Contains(rec.FormerNames, c.Values.String(f.Key)) ||
				f.Record == "id" && slices.ContainsFunc(rec.Documents, idOf(v).same)
			out.Otherwise = append(out.Otherwise, AgainstField{path, k.Value, v, former, k.Origin, k.older})
		}
	}
	return out
}
