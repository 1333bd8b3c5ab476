package yinzheng

import (
	"cmp"
	"context"
	"slices"
	"strings"
)

// IntakeOffice is the office that takes a request of an item in for a division: the
// nearest that has a clerk now, since nobody would see the request at any other; nil where
// there is none. Or the one that its resident has chosen: ErrInvalid, as of the field
// office, where that does not take it in, or not any more (IntakeOffices).
func (s *Service) IntakeOffice(ctx context.Context, t *Template, division, chosen string) (*Office, error) {
	who, d := s.roster(), s.Directory()
	if chosen != "" {
		if o := d.Office(d.OfficeNow(chosen)); o != nil && t.roams(d, o, division) {
			if has, err := who.hasClerk(ctx, o); has || err != nil {
				return o, err
			}
		}
		text := Text{"您选的窗口不受理这个申请，请另选一个，或由就近的窗口受理", "The office that you chose does not take this in; please choose another one, or the nearest"}
		return nil, &Error{Kind: ErrInvalid, Text: text, Fields: []FieldError{{"office", "office", text}}}
	}
	return s.nearest(ctx, who, division)
}

// InPlaceOf is the office that takes in what was sent to one that has no clerk left: the
// nearest to it that has. Nil where it has one, or nobody has.
func (s *Service) InPlaceOf(ctx context.Context, office string) (*Office, error) {
	d, who := s.Directory(), s.roster()
	o := d.Office(d.OfficeNow(office))
	if o == nil {
		return nil, nil
	}
	if has, err := who.hasClerk(ctx, o); has || err != nil {
		return nil, err
	}
	return s.nearest(ctx, who, o.Division)
}

// nearest is the nearest office to a division that has a clerk now; nil: none has.
func (s *Service) nearest(ctx context.Context, who *roster, division string) (*Office, error) {
	for o := range s.Directory().upwards(division) {
		if has, err := who.hasClerk(ctx, o); has || err != nil {
			return o, err
		}
	}
	return nil, nil
}

// IntakeOffices lists the offices that a resident of a division may choose to have a
// request of an item taken in by (any_office): those of their district that have a clerk
// now, by part of their name, the district's first and then those of towns. more: there
// are others beyond the limit.
func (s *Service) IntakeOffices(ctx context.Context, t *Template, division, name string, limit int) (found []*Office, more bool, err error) {
	staffed, err := s.Store.OfficesWith(ctx, Clerk, s.now())
	if err != nil {
		return nil, false, err
	}
	d := s.Directory()
	for _, o := range d.inOrder() {
		switch {
		case !t.roams(d, o, division) || !strings.Contains(o.Name, strings.TrimSpace(name)) || !slices.Contains(staffed, o.ID):
		case len(found) == limit:
			return found, true, nil
		default:
			found = append(found, o)
		}
	}
	return found, false, nil
}

// inOrder lists the offices that stand: those of a higher level first, and of one level
// by their divisions' codes.
func (d *Directory) inOrder() []*Office {
	var out []*Office
	for i := range d.Offices {
		if o := &d.Offices[i]; o.stands() {
			out = append(out, o)
		}
	}
	slices.SortStableFunc(out, func(a, b *Office) int {
		return cmp.Or(cmp.Compare(d.LevelOf(b.ID).rank(), d.LevelOf(a.ID).rank()), strings.Compare(a.Division, b.Division))
	})
	return out
}

// roams tells whether an office takes in an item's cases of a division for being in its
// district (全区通办).
func (t *Template) roams(d *Directory, o *Office, division string) bool {
	mine, theirs := d.At(o.Division, District), d.At(division, District)
	return t.AnyOffice && o.stands() && mine != nil && mine == theirs
}

// hasClerk tells whether an office has a clerk now.
func (r *roster) hasClerk(ctx context.Context, o *Office) (bool, error) {
	clerks, err := r.at(ctx, []Desk{{Office: o.ID}})
	return len(clerks) > 0, err
}
