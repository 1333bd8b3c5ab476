package yinzheng

import (
	"context"
	"errors"
)

// CheckedReference is a certificate that meets a material now, or why one does not: what
// does not may be anybody's.
type CheckedReference struct {
	*ReferredView
	Fault *FieldError `json:"fault,omitempty"` // nil: it does
}

// OwnReferences lists a resident's own certificates that would meet a material of a case
// of this content now.
func (s *Service) OwnReferences(ctx context.Context, who *Resident, t *Template, in *Input, material string) ([]ReferredView, error) {
	c := s.imagined(t, in)
	m := c.needed(material)
	if m == nil {
		return nil, nil
	}
	return s.meeting(ctx, c, m, func(r *referred) (bool, error) { return r.of.BelongsTo(who), nil })
}

// CheckOwnReference looks at a certificate of a resident's own that is to meet a material
// of a case of this content. ErrNotFound for a certificate that is not theirs.
func (s *Service) CheckOwnReference(ctx context.Context, who *Resident, t *Template, in *Input, x *Reference) (*CheckedReference, error) {
	cert, of, err := s.ownCertificate(ctx, who, x.Certificate)
	if err != nil {
		return nil, err
	}
	return s.checked(s.imagined(t, in), x.Material, &referred{cert, of}), nil
}

// imagined is the case that somebody's content would be.
func (s *Service) imagined(t *Template, in *Input) *Case {
	a := &Application{Template: t.Ref(), Division: in.Division, Applicant: in.Applicant, Values: in.Values}
	return &Case{a, t, s.Directory(), s.calendar.Load()}
}

// CheckReference looks at a certificate that is to meet a material of a case that nobody
// has started yet, by its code.
func (s *Service) CheckReference(ctx context.Context, p *Proposed, x *Reference) (*CheckedReference, error) {
	out, _, err := s.checkedReference(ctx, p.proposed, x)
	return out, err
}

func (s *Service) checkedReference(ctx context.Context, c *Case, x *Reference) (*CheckedReference, *referred, error) {
	r, err := s.referredTo(ctx, x.Certificate)
	switch {
	case errors.Is(err, ErrNotFound):
		return &CheckedReference{Fault: unknownReference()}, nil, nil
	case err != nil:
		return nil, nil, err
	}
	return s.checked(c, x.Material, r), r, nil
}

func (s *Service) checked(c *Case, material string, r *referred) *CheckedReference {
	now := s.now()
	if fault := c.checkReference(material, r, now); fault != nil {
		return &CheckedReference{Fault: fault}
	}
	return &CheckedReference{ReferredView: r.view(now)}
}
