package yinzheng

import (
	"context"
	"errors"
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

	Replaces     string               `json:"replaces,omitempty"`     // code of the certificate that this one replaced
	Replacements []string             `json:"replacements,omitempty"` // corrections and reissues begun: cases
	Revocation   *RevocationView      `json:"revocation,omitempty"`   // proposed, waits for a second person
	Copies       int                  `json:"copies,omitempty"`       // handed out so far
	Inspections  []InspectionStanding `json:"inspections,omitempty"`  // of the commitments that it was issued on
	Awaited      []AwaitedView        `json:"awaited,omitempty"`      // materials that it was issued without
	May          []Permit             `json:"may,omitempty"`          // what may be done with it now, and why not by this person
}

// openCertificate reads a record if its case exists for this person.
func (s *Service) openCertificate(ctx context.Context, by *Account, code string) (*Certificate, *Case, error) {
	none := errNoCertificate()
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
	s.learn(ctx, cert)
	c, err := s.open(ctx, by, cert.Application)
	if errors.Is(err, ErrNotFound) {
		return nil, nil, none
	}
	return cert, c, err
}

// Certificate shows a certificate's record.
func (s *Service) Certificate(ctx context.Context, by *Account, code string) (*CertificateView, error) {
	cert, c, err := s.openCertificate(ctx, by, code)
	if err != nil {
		return nil, err
	}
	links, err := s.links(ctx, cert.Code, c)
	if err != nil {
		return nil, err
	}
	v := s.certificateView(cert, c.Application, links)
	v.May = c.CertificatePermits(cert, by, s.Now())
	return v, nil
}

// links is what a certificate's record is shown with.
type links struct {
	replacements []string
	copies       int
	rests        *Case // whose materials it rests on: its own or, issued again, that of the first
}

func (s *Service) links(ctx context.Context, code string, c *Case) (l links, err error) {
	if l.replacements, err = s.Store.Replacements(ctx, code); err != nil {
		return l, err
	}
	for l.rests = c; l.rests.reissues(); {
		before, err := s.referredTo(ctx, l.rests.Replaces())
		if err != nil {
			return l, err
		}
		l.rests = before.of
	}
	copies, err := s.Store.Copies(ctx, code)
	l.copies = countCopies(copies)
	return l, err
}

func (s *Service) certificateView(c *Certificate, a *Application, l links) *CertificateView {
	v := &CertificateView{
		Code: c.Code, Number: c.Number, URL: s.PublicURL + "/v/" + c.Code, Item: c.Template.Code, Template: c.Template.Version, Application: c.Application,
		Organ: c.Organ, OrganName: c.OrganName, Name: c.Name, ID: c.ID, IssuedAt: c.IssuedAt, Pages: c.Pages,
		Status: c.Status, StatusSince: c.StatusAt, Reason: c.Reason, Successor: c.Successor,
		Replaces: a.Replaces(), Replacements: l.replacements, Revocation: revocationView(c, a), Copies: l.copies,
		Inspections: l.rests.inspectionStandings(), Awaited: l.rests.awaited(),
	}
	if !c.Expires.IsZero() {
		v.Expires = &c.Expires
		if v.Status = c.statusAt(s.Now()); v.Status != c.Status {
			v.StatusSince = c.Expires
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
	err = s.Store.Record(ctx, Event{At: s.now(), Kind: EventDownloaded, Subject: cert.Code, By: by.ID})
	return pdf, cert.Template.Code + "-" + cert.Code + ".pdf", err
}
