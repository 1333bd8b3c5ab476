package resident

import (
	"context"
	"errors"
	"slices"

	"yinzheng"
)

// Instead is what a resident has in the place of a material's file.
type Instead struct {
	Way         yinzheng.Way `json:"way"`
	Certificate string       `json:"certificate,omitempty"` // code
}

// mayStand tells whether a template lets something stand in the place of a material's
// file; ErrInvalid.
func mayStand(t *yinzheng.Template, material string, x Instead) error {
	i := slices.IndexFunc(t.Materials, func(m yinzheng.Material) bool { return m.Key == material })
	if i < 0 {
		return invalid("attachments."+material, "unknown", "没有这项材料", "There is no such material")
	}
	m := &t.Materials[i]
	_, isCode := yinzheng.NormalCode(x.Certificate)
	switch {
	case x.Way == yinzheng.MetByCertificate && len(m.Certificate) > 0 && !isCode:
		return invalid("attachments."+material, "code", "证明的核验码应为 12 位字母和数字，在证明的二维码下面", "The verification code has 12 letters and digits, under the certificate's QR code")
	case x.Way == yinzheng.MetByCertificate && len(m.Certificate) > 0,
		x.Way == yinzheng.MetByCommitment && m.Commitment != nil,
		x.Way == yinzheng.MetLater && m.Later != nil:
		return nil
	}
	return invalid("attachments."+material, "way", "这项材料不能这样代替", "Nothing of that kind stands in the place of this material")
}

// PutInstead says what stands in the place of a material's file. ErrInvalid where the
// template does not let it; otherwise errors as of change.
func (r *Residents) PutInstead(ctx context.Context, who *yinzheng.Resident, id, material string, x Instead) (*Request, error) {
	return r.change(ctx, who, id, func(q *Request) error {
		if err := mayStand(q.Of, material, x); err != nil {
			return err
		}
		if q.Instead == nil {
			q.Instead = map[string]Instead{}
		}
		x.Certificate, _ = yinzheng.NormalCode(x.Certificate)
		q.Instead[material] = x
		return nil
	})
}

// references are the certificates that stand in the place of a material's files.
func (q *Request) references() []yinzheng.Reference {
	var out []yinzheng.Reference
	for _, m := range q.Materials() {
		if x := q.Instead[m.Key]; x.Way == yinzheng.MetByCertificate && len(q.FilesOf(m.Key)) == 0 {
			out = append(out, yinzheng.Reference{Material: m.Key, Certificate: x.Certificate})
		}
	}
	return out
}

// Offers lists the certificates of a resident's own that would meet a material of their
// request now: of somebody for whose identity a provider vouches.
func (r *Residents) Offers(ctx context.Context, who *yinzheng.Resident, q *Request, material string) ([]yinzheng.ReferredView, error) {
	if !q.Vouched() {
		return nil, nil
	}
	return r.Service.OwnReferences(ctx, who, q.Of, q.Input, material)
}

// Outdated says what of a request does not hold, or not any more, though it was filled in
// well: each certificate of a resident's own that is to meet a material, and the office
// that is to take the request in. Nothing is said of anybody else's certificate: whoever
// types its code would learn what it is.
func (r *Residents) Outdated(ctx context.Context, who *yinzheng.Resident, q *Request) ([]yinzheng.FieldError, error) {
	out, err := r.stale(ctx, who, q)
	if err != nil || q.Chosen == "" || !q.Fillable() {
		return out, err
	}
	_, err = r.Service.IntakeOffice(ctx, q.Of, q.Division, q.Chosen)
	var wrong *yinzheng.Error
	if errors.Is(err, yinzheng.ErrInvalid) && errors.As(err, &wrong) {
		return append(out, wrong.Fields...), nil
	}
	return out, err
}

func (r *Residents) stale(ctx context.Context, who *yinzheng.Resident, q *Request) ([]yinzheng.FieldError, error) {
	if !q.Vouched() {
		return nil, nil
	}
	var out []yinzheng.FieldError
	for _, x := range q.references() {
		c, err := r.Service.CheckOwnReference(ctx, who, q.Of, q.Input, &x)
		switch {
		case errors.Is(err, yinzheng.ErrNotFound):
		case err != nil:
			return nil, err
		case c.Fault != nil:
			out = append(out, yinzheng.FieldError{Field: "attachments." + x.Material, Code: c.Fault.Code, Text: c.Fault.Text})
		}
	}
	return out, nil
}
