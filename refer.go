package yinzheng

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Reference has a certificate on record meet a material.
type Reference struct {
	Material    string `json:"material"`    // key
	Certificate string `json:"certificate"` // code
}

// ReferredView is a certificate that meets a material, or might.
type ReferredView struct {
	Code     string     `json:"code"`
	Number   string     `json:"number"`
	Item     string     `json:"item"`
	IssuedAt time.Time  `json:"issued_at"`
	Expires  *time.Time `json:"expires_at,omitempty"`
	Status   Status     `json:"status"` // now
	InForce  bool       `json:"in_force"`
}

// referred is a certificate with the case that it came of.
type referred struct {
	*Certificate
	of *Case
}

func (r *referred) view(now time.Time) *ReferredView {
	v := &ReferredView{Code: r.Code, Number: r.Number, Item: r.Template.Code, IssuedAt: r.IssuedAt, Status: r.Status, InForce: r.inForce(now)}
	if !r.Expires.IsZero() {
		v.Expires = &r.Expires
		if v.Status == StatusOK && !v.InForce {
			v.Status = Status(Expired)
		}
	}
	return v
}

// Refer has a certificate on record meet a material, by those who may attach a
// file now. Errors as of Attach, and ErrInvalid where the certificate, which came
// of another case, does not meet it.
func (c *Case) Refer(by *Account, material string, cert *Certificate, of *Case, now time.Time) (*Application, error) {
	x, err := c.mayAttach(by, material, now)
	if err != nil {
		return nil, err
	}
	if fault := c.checkReference(material, &referred{cert, of}, now); fault != nil {
		return nil, invalidFields([]FieldError{*fault})
	}
	if c.met(material).way == MetByCertificate {
		return nil, invalidFields([]FieldError{{"material", "twice", Text{"这项材料已引用证明；如须更换，请先撤下", "A certificate meets this material already; to replace it, take that one off first"}}})
	}
	x.Kind, x.Material, x.Refers = Refer, material, cert.Code
	return c.with(x), nil
}

// checkReference says why a certificate does not meet a material of the case; nil
// when it does.
func (c *Case) checkReference(material string, r *referred, now time.Time) *FieldError {
	m := c.needed(material)
	mark := documentMark(c.holderID())
	switch {
	case m == nil || len(m.Certificate) == 0:
		return &FieldError{"material", "choice", Text{"本办件没有可由电子证明代替的这项材料", "The case needs no such material that a certificate would meet"}}
	case !slices.Contains(m.Certificate, r.Template.Code):
		return &FieldError{"certificate", "other-item", Text{"这份证明不是“" + m.ZH + "”所要的事项", "This certificate is not of an item that meets “" + m.EN + "”"}}
	case mark == "" || documentMark(r.of.holderID()) != mark:
		return &FieldError{"certificate", "other-holder", Text{"这份证明的持证人证件与本办件的不一致，请引用本人的证明", "Its holder has another identity document than this case's; please refer to their own certificate"}}
	case r.Code == c.Replaces():
		return &FieldError{"certificate", "replaced", Text{"本办件要替代的就是这份证明，不能引用", "This is the certificate that the case replaces; it cannot meet anything here"}}
	case !r.inForce(now):
		return &FieldError{"certificate", "not-in-force", notInForce(r.view(now))}
	}
	return nil
}

func notInForce(r *ReferredView) Text {
	return Text{
		fmt.Sprintf("所引用的证明 %s 现为“%s”，请撤下，另行提交材料或引用有效的证明", r.Code, r.Status.Name().ZH),
		fmt.Sprintf("Certificate %s is %s; please take it off, and attach the material or refer to one in force", r.Code, r.Status.Name().EN),
	}
}

// referredTo reads a certificate that was issued, with its case, by its code as people
// type it; ErrNotFound.
func (s *Service) referredTo(ctx context.Context, code string) (*referred, error) {
	code, _ = NormalCode(code)
	cert, err := s.Store.Certificate(ctx, code)
	if err != nil {
		return nil, err
	}
	of, err := s.load(ctx, cert.Application)
	return &referred{cert, of}, err
}

// ReferTo has a certificate on record meet a material of a case at version seen.
// Whoever works on the case may, if they know its code: they were offered it, or
// the applicant showed it. Errors as of Case.Refer.
func (s *Service) ReferTo(ctx context.Context, by *Account, id string, seen int, in *Reference) (*CaseView, error) {
	view, err := s.change(ctx, by, id, seen, func(c *Case, now time.Time) (*Application, error) {
		if _, err := c.mayAttach(by, in.Material, now); err != nil { // before anything is said about the certificate
			return nil, err
		}
		r, err := s.referredTo(ctx, in.Certificate)
		if errors.Is(err, ErrNotFound) {
			return nil, invalidFields([]FieldError{*unknownReference()})
		}
		if err != nil {
			return nil, err
		}
		return c.Refer(by, in.Material, r.Certificate, r.of, now)
	})
	return s.issueNow(ctx, by, view, err)
}

func unknownReference() *FieldError {
	return &FieldError{"certificate", "unknown", Text{"没有找到这份证明，请核对验证码", "There is no such certificate; please check its code"}}
}

// restsOn tells whether a certificate, and nothing that weighs more, meets one of
// the case's materials.
func (c *Case) restsOn(code string) bool {
	return slices.ContainsFunc(c.Template.Needed(c.Values), func(m Material) bool {
		met := c.met(m.Key)
		return met.way == MetByCertificate && met.sub.Certificate == code
	})
}

// staleReferences says of each material that a certificate alone meets why it
// does so no longer: it was revoked, say, or the case has another holder now.
func (s *Service) staleReferences(ctx context.Context, c *Case) ([]FieldError, error) {
	var out []FieldError
	for _, m := range c.Template.Needed(c.Values) {
		met := c.met(m.Key)
		if met.way != MetByCertificate {
			continue
		}
		r, err := s.referredTo(ctx, met.sub.Certificate)
		if err != nil {
			return nil, fmt.Errorf("read a certificate that case %s refers to: %w", c.ID, err)
		}
		if fault := c.checkReference(m.Key, r, s.now()); fault != nil {
			out = append(out, FieldError{"attachments." + m.Key, fault.Code, fault.Text})
		}
	}
	return out, nil
}

// referencesHold refuses to go on with a case that only a certificate carries
// which does not any more.
func (s *Service) referencesHold(ctx context.Context, c *Case) error {
	faults, err := s.staleReferences(ctx, c)
	if err != nil || len(faults) == 0 {
		return err
	}
	return &Error{Kind: ErrState, Cause: errUnmet, Fields: faults, Text: Text{
		"办件引用的证明已不能代替材料，请退回补正，或在本环节补充材料：" + faults[0].Text.ZH,
		"A certificate that the case refers to meets its material no longer; please return the case, or attach the material at this step: " + faults[0].Text.EN,
	}}
}

// errUnmet is the cause when a certificate that a case refers to has ended.
var errUnmet = errors.New("a material is not met any more")

// recall returns an approved case to its clerks, since a certificate that it
// refers to does not meet its material any more. Its number, if it has one, is
// void. It returns why.
func (s *Service) recall(ctx context.Context, id string, why error) error {
	if err := s.stopIssuing(ctx, id, Recall, func(context.Context, *Case, *Action) error { return nil }); err != nil {
		return err
	}
	c, err := s.load(ctx, id)
	if err == nil {
		_, err = s.seeTo(ctx, c)
	}
	return errors.Join(why, err)
}

// materialViews lists what a case needs and how it is met.
func (s *Service) materialViews(ctx context.Context, by *Account, c *Case) ([]MaterialView, error) {
	var out []MaterialView
	for _, m := range c.wanted() {
		v := MaterialView{Key: m.Key, Name: m.Text}
		err := s.seeMaterial(ctx, by, c, &m, &v)
		if err == nil {
			v.Ways, err = s.waysOpen(ctx, by, c, &m, &v)
		}
		if err != nil {
			return nil, err
		}
		if v.By > 0 {
			_, barred := c.Detach(by, v.By, s.now())
			v.MayTakeOff = barred == nil
		}
		out = append(out, v)
	}
	return out, nil
}

// seeMaterial says how a material is met.
func (s *Service) seeMaterial(ctx context.Context, by *Account, c *Case, m *Material, v *MaterialView) (err error) {
	met := c.met(m.Key)
	v.Way = met.way
	switch {
	case met.way == MetByCommitment:
		v.By = met.file.ID
		if k := c.inspection(m.Key); k != nil {
			_, barred := c.mayInspect(by, m.Key, s.now())
			v.Inspection, v.MayInspect = k.standing(c.Template), barred == nil
		}
		if c.State.waits() {
			if err = s.mayCommit(ctx, c); errors.Is(err, errNoRight) {
				v.RightEnded, err = true, nil
			}
		}
	case met.file != nil:
		v.By = met.file.ID
	case met.way == MetLater:
		v.By, v.Due, v.Late, v.Waits = met.sub.ID, &met.sub.due, met.sub.late, met.sub.waits
	case met.sub != nil:
		v.By = met.sub.ID
		v.Certificate, err = s.referredView(ctx, met.sub.Certificate)
	}
	if err == nil && (met.way == "" && c.State.waits() || met.way == MetLater && met.sub.open) {
		v.Offers, err = s.offers(ctx, by, c, m)
	}
	return err
}

// waysOpen lists the ways in which a person may meet a material now. No commitment
// is among them where the right to it has ended, and the view says so.
func (s *Service) waysOpen(ctx context.Context, by *Account, c *Case, m *Material, v *MaterialView) ([]Way, error) {
	ways := c.ways(by, m, s.now())
	i := slices.Index(ways, MetByCommitment)
	if i < 0 {
		return ways, nil
	}
	err := s.mayCommit(ctx, c)
	if errors.Is(err, errNoRight) {
		v.RightEnded = true
		return slices.Delete(ways, i, i+1), nil
	}
	return ways, err
}

func (s *Service) referredView(ctx context.Context, code string) (*ReferredView, error) {
	cert, err := s.Store.Certificate(ctx, code)
	if err != nil {
		return nil, err
	}
	return (&referred{Certificate: cert}).view(s.now()), nil
}

// offers lists the holder's certificates in force that would meet a material:
// to those for whom the certificate's own case exists, or to whose division the
// holder belongs on record. Anybody else has to be shown it by the applicant:
// what somebody holds elsewhere is not to be learnt by typing their number.
func (s *Service) offers(ctx context.Context, by *Account, c *Case, m *Material) ([]ReferredView, error) {
	return s.meeting(ctx, c, m, func(r *referred) (bool, error) {
		if r.of.MaySee(by, s.now()) == nil {
			return true, nil
		}
		return s.holderIsOf(ctx, by, c.holderID())
	})
}

// meeting lists the holder's certificates in force that would meet a material, of those
// that are somebody's to be offered.
func (s *Service) meeting(ctx context.Context, c *Case, m *Material, theirs func(*referred) (bool, error)) ([]ReferredView, error) {
	var out []ReferredView
	now := s.now()
	for _, item := range m.Certificate {
		held, err := s.certificatesOf(ctx, item, c.holderID(), now)
		if err != nil {
			return nil, err
		}
		for _, r := range held {
			is, err := theirs(r)
			if err != nil {
				return nil, err
			}
			if is && c.checkReference(m.Key, r, now) == nil {
				out = append(out, *r.view(now))
			}
		}
	}
	return out, nil
}

// holderIsOf tells whether a person belongs, on record, to a division of
// somebody's offices.
func (s *Service) holderIsOf(ctx context.Context, by *Account, holder ID) (bool, error) {
	if s.Register == nil {
		return false, nil
	}
	rec, err := s.Register.OnRecord(ctx, holder)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil && s.entitled(by, rec.Division), err
}
