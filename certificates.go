package yinzheng

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
)

// CertificateView is a certificate as the staff of its offices see it.
type CertificateView struct {
	Code        string     `json:"code"`
	Number      string     `json:"number"`
	URL         string     `json:"url"`
	Item        string     `json:"item"`
	Template    int        `json:"template_version"`
	Application string     `json:"application"`
	Organ       string     `json:"organ"`
	OrganName   string     `json:"organ_name"`
	Name        string     `json:"name"` // masked
	ID          string     `json:"id,omitempty"`
	IssuedAt    time.Time  `json:"issued_at"`
	Expires     *time.Time `json:"expires_at,omitempty"`
	Pages       int        `json:"pages"`
	Status      Status     `json:"status"`
	StatusSince time.Time  `json:"status_since"`
	Reason      string     `json:"reason,omitempty"`
	Successor   string     `json:"successor,omitempty"`
}

// openCertificate reads a record if its case exists for this person.
func (s *Service) openCertificate(ctx context.Context, by *Account, code string) (*Certificate, *Case, error) {
	none := fail(ErrNotFound, "没有找到这份证明", "There is no such certificate")
	code, ok := NormalCode(code)
	if !ok {
		return nil, nil, none
	}
	cert, err := s.Store.Certificate(ctx, code)
	if errors.Is(err, ErrNotFound) {
		return nil, nil, none
	}
	if err != nil {
		return nil, nil, err
	}
	s.learn(cert)
	c, err := s.open(ctx, by, cert.Application)
	if errors.Is(err, ErrNotFound) {
		return nil, nil, none
	}
	return cert, c, err
}

// Certificate shows a certificate's record.
func (s *Service) Certificate(ctx context.Context, by *Account, code string) (*CertificateView, error) {
	cert, _, err := s.openCertificate(ctx, by, code)
	if err != nil {
		return nil, err
	}
	return s.certificateView(cert), nil
}

func (s *Service) certificateView(c *Certificate) *CertificateView {
	v := &CertificateView{
		Code: c.Code, Number: c.Number, URL: s.PublicURL + "/v/" + c.Code, Item: c.Template.Code, Template: c.Template.Version, Application: c.Application,
		Organ: c.Organ, OrganName: c.OrganName, Name: c.Name, ID: c.ID, IssuedAt: c.IssuedAt, Pages: c.Pages,
		Status: c.Status, StatusSince: c.StatusAt, Reason: c.Reason, Successor: c.Successor,
	}
	if !c.Expires.IsZero() {
		v.Expires = &c.Expires
		if c.Status == StatusOK && !s.Now().Before(c.Expires) {
			v.Status, v.StatusSince = Status(Expired), c.Expires
		}
	}
	return v
}

// CertificatePDF returns the PDF as issued. Who downloads is recorded.
func (s *Service) CertificatePDF(ctx context.Context, by *Account, code string) (pdf []byte, name string, err error) {
	cert, _, err := s.openCertificate(ctx, by, code)
	if err != nil {
		return nil, "", err
	}
	if pdf, err = s.Store.PDF(ctx, cert.Code); err != nil {
		return nil, "", err
	}
	err = s.Store.Record(ctx, Event{At: s.now(), Kind: "certificate-downloaded", Subject: cert.Code, By: by.ID})
	return pdf, cert.Template.Code + "-" + cert.Code + ".pdf", err
}

// Revoke ends a certificate's validity for good, with a reason class and an
// opinion. An approver of the office that sealed it may, unless they are a
// party of the case.
func (s *Service) Revoke(ctx context.Context, by *Account, code, class, opinion string) (*CertificateView, error) {
	cert, c, err := s.openCertificate(ctx, by, code)
	if err != nil {
		return nil, err
	}
	grant, err := s.mayRevoke(c, by)
	if err != nil {
		return nil, err
	}
	if err := checkRevocation(class, opinion); err != nil {
		return nil, err
	}
	from := cert.Status
	if from != StatusOK && from != StatusIsSuspended {
		return nil, fail(ErrState, "这份证明已不是有效状态，不能撤销", "The certificate is not in force and cannot be revoked")
	}
	now := s.now()
	cert.Status, cert.StatusAt, cert.Reason = StatusIsRevoked, now, class
	x := actionBy(by, grant, Revoke, now)
	x.Opinion, x.Code = strings.TrimSpace(opinion), cert.Code
	err = s.Store.Tx(ctx, func(ctx context.Context) error {
		if err := s.Store.SetStatus(ctx, cert, from); err != nil {
			return err
		}
		if err := s.Store.SaveApplication(ctx, c.with(x), c.Version); err != nil {
			return err
		}
		return s.Store.Record(ctx, Event{At: now, Kind: "certificate-revoked", Subject: cert.Code, By: by.ID, Detail: class})
	})
	if err != nil {
		s.reread(ctx, cert.Code)
		return nil, err
	}
	s.learn(cert)
	return s.certificateView(cert), nil
}

// reread asks the store what became of a status change that it reported as
// failed. If it does not answer now, the next one who asks for the record learns it.
func (s *Service) reread(ctx context.Context, code string) {
	if c, err := s.Store.Certificate(context.WithoutCancel(ctx), code); err == nil {
		s.learn(c)
	}
}

func (s *Service) mayRevoke(c *Case, by *Account) (Grant, error) {
	g, ok := by.Holds(Approver, s.Now(), func(office string) bool {
		return slices.ContainsFunc(c.Directory.OfficesOf(Post{Level: c.Template.Issuer, Function: c.Template.Function}, c.Division), func(o *Office) bool { return o.ID == office })
	})
	switch {
	case !ok:
		return g, fail(ErrForbidden, "只有签发机关的审批人可以撤销", "Only an approver of the issuing organ may revoke")
	case c.isParty(by):
		return g, fail(ErrForbidden, "您是本办件的当事人，须回避", "You are a party of this case and may not decide on it")
	}
	return g, nil
}

func checkRevocation(class, opinion string) error {
	if _, known := Reasons[class]; !known {
		return invalidFields([]FieldError{{"reason", "choice", Text{"请选择撤销原因：error, fraud, changed, holder, commitment, superior, key", "Please choose a reason: error, fraud, changed, holder, commitment, superior, key"}}})
	}
	_, err := checkOpinion(Decision{Action: Reject, Opinion: opinion})
	return err
}
