package yinzheng

import (
	"context"
	"errors"
	"slices"
	"time"
)

// OwnCertificate is a certificate as those see it whom it belongs to.
type OwnCertificate struct {
	Code      string
	Number    string
	URL       string // where others verify it
	Case      string
	ItemName  Text
	OrganName string
	Name      string // masked
	ID        string // masked
	IssuedAt  time.Time
	Expires   time.Time // zero: never
	Status    Status
	Since     time.Time // of the status
	Reason    Text      // of a suspension, a revocation or a replacement
	Successor string    // code of the certificate that replaces it, if that is theirs, too
}

// errNoCertificate is what somebody learns of a certificate that is not theirs.
func errNoCertificate() error {
	return fail(ErrNotFound, "没有找到这份证明", "There is no such certificate")
}

// ownCertificate reads a certificate, if its case belongs to a resident.
func (s *Service) ownCertificate(ctx context.Context, who *Resident, code string) (*Certificate, *Case, error) {
	code, ok := NormalCode(code)
	if !ok {
		return nil, nil, errNoCertificate()
	}
	cert, err := s.Store.Certificate(ctx, code)
	var c *Case
	if err == nil {
		c, err = s.openFor(ctx, who, cert.Application)
	}
	if errors.Is(err, ErrNotFound) {
		err = errNoCertificate()
	}
	return cert, c, err
}

// OwnCertificate shows a certificate to a resident whom it belongs to, whatever has
// become of it; ErrNotFound for anybody else.
func (s *Service) OwnCertificate(ctx context.Context, who *Resident, code string) (*OwnCertificate, error) {
	cert, c, err := s.ownCertificate(ctx, who, code)
	if err != nil {
		return nil, err
	}
	v := &OwnCertificate{
		Code: cert.Code, Number: cert.Number, URL: s.PublicURL + "/v/" + cert.Code, Case: c.ID, ItemName: c.Template.Name, OrganName: cert.OrganName,
		Name: cert.Name, ID: cert.ID, IssuedAt: cert.IssuedAt, Expires: cert.Expires, Status: cert.statusAt(s.now()), Since: cert.StatusAt, Reason: Reasons[cert.Reason],
	}
	if v.Status != cert.Status {
		v.Since = cert.Expires
	}
	if cert.Successor != "" {
		_, _, err := s.ownCertificate(ctx, who, cert.Successor)
		switch {
		case err == nil:
			v.Successor = cert.Successor
		case !errors.Is(err, ErrNotFound): // it may be of another holder, whose name was put right
			return nil, err
		}
	}
	return v, nil
}

// OwnPDF returns the PDF as issued to a resident whom it belongs to, whatever has
// become of the certificate. That it was taken, and how they had proven who they
// are, is put on record first.
func (s *Service) OwnPDF(ctx context.Context, who *Resident, code string) (pdf []byte, name string, err error) {
	cert, _, err := s.ownCertificate(ctx, who, code)
	if err != nil {
		return nil, "", err
	}
	if pdf, err = s.Store.PDF(ctx, cert.Code); err != nil {
		return nil, "", err
	}
	err = s.noteOwn(ctx, EventDownloaded, cert.Code, who)
	return pdf, cert.Template.Code + "-" + cert.Code + ".pdf", err
}

// OwnPage is a picture (SVG) of a certificate's pages with everything on them, marked
// as not the original, for a resident whom it belongs to. That it was shown is put
// on record first.
func (s *Service) OwnPage(ctx context.Context, who *Resident, code string) ([]byte, error) {
	cert, c, err := s.ownCertificate(ctx, who, code)
	if err != nil {
		return nil, err
	}
	if err := s.noteOwn(ctx, EventPageShown, cert.Code, who); err != nil {
		return nil, err
	}
	sheet := &Sheet{Template: c.Template, Values: c.Values, Date: cert.IssuedAt.In(Zone)}
	if organ := s.Directory().Organ(cert.Organ); organ != nil { // whoever would seal for it now, after a reorganisation
		sheet.Seal = organ.SealFace()
		sheet.Seal.Organ = cert.OrganName // as it was called on that day
	}
	return s.Renderer.Preview(sheet, "svg", "")
}

// ownNoted is how often the record tells of what a resident does again and again to what
// is theirs.
const ownNoted = time.Hour

// noteOwn puts on record what a resident did to what is theirs, unless the record tells of
// it already, as done a moment ago by somebody who had proven who they are in that way.
func (s *Service) noteOwn(ctx context.Context, kind, subject string, who *Resident) error {
	now := s.now()
	newest, err := s.Store.LooksAbout(ctx, subject, false, mostLooks)
	if err != nil || slices.ContainsFunc(newest, func(e LoggedEvent) bool {
		return e.Kind == kind && e.By == ResidentActor && e.Detail == who.Proof() && !e.At.After(now) && now.Sub(e.At) < ownNoted
	}) {
		return err
	}
	return s.Store.Record(ctx, Event{At: now, Kind: kind, Subject: subject, By: ResidentActor, Detail: who.Proof()})
}

// Look says that somebody had the full content of a case or its certificate, or was
// given a way to it. Of the staff it tells the office, and what they said it was for.
type Look struct {
	At      time.Time `json:"at"`
	What    Text      `json:"what"`
	Office  string    `json:"office,omitempty"` // by name; "": no office
	Purpose string    `json:"purpose,omitempty"`
	Proof   string    `json:"proof,omitempty"` // of a resident: how they had proven who they are
}

// lookKinds are the events that a case's own people are shown.
var lookKinds = []string{EventRevealed, EventDownloaded, EventPageShown, EventCopied, EventDossier, EventAttachment, EventCopies, EventSharesEnded, EventCodeMade, EventCodeSent, EventCodeUsed, EventCodeTried}

// LookKinds lists the events that a case's own people are shown.
func LookKinds() []string { return slices.Clone(lookKinds) }

// mostLooks is how many are listed of the staff's, and of others'.
const mostLooks = 100

// LooksAt lists who looked at a case of a resident's and at its certificates lately,
// newest first. Who works on a case opens it without more ado, as it passes their desk.
// What residents themselves do, or have done by asking for codes, takes no room from
// what the staff did.
func (s *Service) LooksAt(ctx context.Context, who *Resident, id string) ([]Look, error) {
	c, err := s.openFor(ctx, who, id)
	if err != nil {
		return nil, err
	}
	newest := func(a, b Look) int { return b.At.Compare(a.At) }
	var out []Look
	for _, accounts := range []bool{true, false} {
		var some []Look
		for _, subject := range c.subjects() {
			events, err := s.Store.LooksAbout(ctx, subject, accounts, mostLooks)
			if err != nil {
				return nil, err
			}
			for i := range events {
				l, err := s.look(ctx, c, &events[i].Event)
				if err != nil {
					return nil, err
				}
				some = append(some, l)
			}
		}
		slices.SortStableFunc(some, newest)
		out = append(out, some[:min(len(some), mostLooks)]...)
	}
	slices.SortStableFunc(out, newest)
	return out, nil
}

func (s *Service) look(ctx context.Context, c *Case, e *Event) (Look, error) {
	l := Look{At: e.At, What: eventName(e.Kind)}
	switch e.By {
	case ResidentActor:
		l.Proof = e.Detail
		return l, nil
	case SystemActor:
		return l, nil
	}
	if e.Kind == EventRevealed {
		l.Purpose = e.Detail
	}
	by, err := s.Store.Account(ctx, e.By)
	if errors.Is(err, ErrNotFound) {
		return l, nil
	}
	if err != nil {
		return l, err
	}
	l.Office = c.officeThen(by, e.At)
	return l, nil
}

// officeThen names the office by which a case existed for somebody at a moment, be
// they disabled by now; "" when no post of theirs tells.
func (c *Case) officeThen(by *Account, at time.Time) string {
	then := *by
	then.Disabled = false
	g, err := c.sees(&then, at)
	if err != nil {
		return ""
	}
	return c.Directory.officeName(g.Office)
}
