package yinzheng

import (
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"time"
)

// A sample is a certificate of nothing: an administrator has one made to see
// that seal, page, code and verifying work, on the way that every certificate
// takes. What it says is fixed by the program, so that nobody needs to approve
// it, and it says of itself that it proves nothing.

// Sample is the action that decides a sample.
const Sample ActionKind = "sample"

// Samples keeps which cases are samples, and counts who is there to work.
type Samples interface {
	// AddSample notes that a case is a sample.
	AddSample(ctx context.Context, application string, at time.Time) error
	// NewestSample returns the newest one's case; ErrNotFound.
	NewestSample(ctx context.Context) (application string, err error)
	// CountPeople counts the accounts that hold a role now, of their own, by role.
	CountPeople(ctx context.Context, now time.Time) (map[Role]int, error)
}

// Setup is how far a new system has come: what an administrator looks at first.
type Setup struct {
	Seals     []OrganSeal  `json:"seals"`
	Divisions int          `json:"divisions"` // that exist now
	People    map[Role]int `json:"people"`    // accounts by the role they hold
	Items     int          `json:"items"`     // that clerks may be offered
	Held      []HeldItem   `json:"held,omitempty"`
	Sample    *SampleView  `json:"sample,omitempty"` // the newest one
}

// OrganSeal is an organ and whether it can seal.
type OrganSeal struct {
	Office string `json:"office"`
	Organ  string `json:"organ"` // credit code
	Name   string `json:"name"`
	Ready  bool   `json:"ready"` // it has the keys that a certificate needs
}

// HeldItem is an item that nobody is offered, and why.
type HeldItem struct {
	Item string `json:"item"`
	Why  Text   `json:"why"`
}

// SampleView is a sample as administrators see it. Without a certificate it
// waits to be issued, and Trouble says why.
type SampleView struct {
	Application string          `json:"application"`
	Organ       string          `json:"organ,omitempty"` // that sealed it, by name
	At          time.Time       `json:"at"`
	Certificate *CertificateRef `json:"certificate,omitempty"`
	Scan        string          `json:"scan,omitempty"` // what its QR code says
	Status      Status          `json:"status,omitempty"`
	Expires     *time.Time      `json:"expires_at,omitempty"`
	Trouble     *Text           `json:"trouble,omitempty"`
}

// Setup shows how far the system has come. For administrators of a topmost
// office; ErrForbidden for anybody else.
func (s *Service) Setup(ctx context.Context, by *Account) (*Setup, error) {
	d, now := s.Directory(), s.now()
	if _, err := s.mayMakeSample(by, now); err != nil {
		return nil, err
	}
	v := &Setup{Seals: []OrganSeal{}}
	for i := range d.Divisions {
		if d.Divisions[i].Until.IsZero() {
			v.Divisions++
		}
	}
	for i := range d.Offices {
		if o := &d.Offices[i]; s.seals(o, now) {
			organ := d.Organ(o.Organ)
			v.Seals = append(v.Seals, OrganSeal{o.ID, organ.Code, organ.Name, s.readyToSeal(organ.Code)})
		}
	}
	for _, t := range s.Catalogue() {
		var held *Error
		switch {
		case s.ended(t) != nil: // as somebody decided
		case errors.As(t.startable(d), &held):
			v.Held = append(v.Held, HeldItem{t.Code, held.Text})
		default:
			v.Items++
		}
	}
	var err error
	if v.People, err = s.Store.CountPeople(ctx, now); err != nil {
		return nil, err
	}
	v.Sample, err = s.newestSample(ctx)
	return v, err
}

// mayMakeSample returns the grant under which somebody sets the system up.
func (s *Service) mayMakeSample(by *Account, now time.Time) (Grant, error) {
	if s.Sample == nil {
		return Grant{}, fail(ErrState, "这里不能制作样本", "No samples can be made here")
	}
	return s.Directory().Runs(by, now)
}

// seals tells whether an office is one of those whose organ seals now.
func (s *Service) seals(o *Office, now time.Time) bool {
	organ := s.Directory().Organ(o.Organ)
	return s.Directory().OfficeNow(o.ID) == o.ID && organ != nil && organ.exists(now)
}

// readyToSeal tells whether an organ has the keys that a sample needs.
func (s *Service) readyToSeal(organ string) bool {
	return !slices.ContainsFunc([]KeyPurpose{TokenKey, DocumentKey}, func(p KeyPurpose) bool { return s.signingKey(p, s.Sample.Short, organ) == nil })
}

func (s *Service) newestSample(ctx context.Context) (*SampleView, error) {
	id, err := s.Store.NewestSample(ctx)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return s.sampleView(ctx, id)
}

func (s *Service) sampleView(ctx context.Context, id string) (*SampleView, error) {
	a, err := s.Store.Application(ctx, id)
	if err != nil {
		return nil, err
	}
	v := &SampleView{Application: id, At: a.Actions[0].At, Trouble: s.troubles.of(id)}
	if a.State != Issued {
		return v, nil
	}
	cert, err := s.Store.Certificate(ctx, a.Code)
	if err != nil {
		return nil, err
	}
	v.Organ, v.Status, v.Expires, v.Trouble = cert.OrganName, cert.Status, &cert.Expires, nil
	v.Certificate = s.certificateRef(cert)
	v.Scan = v.Certificate.URL + "#" + string(Digits(cert.Token))
	return v, nil
}

// MakeSample has a sample sealed by the organ of an office. The idempotency key
// works as in CreateApplication. Errors: ErrForbidden for whoever administers no
// topmost office, ErrInvalid for an office that has no seal. When issuing fails
// the sample waits like any case, and its view says why.
func (s *Service) MakeSample(ctx context.Context, by *Account, office, key string) (view *SampleView, again bool, err error) {
	if err := CheckKey(key); err != nil {
		return nil, false, err
	}
	d, now := s.Directory(), s.now()
	grant, err := s.mayMakeSample(by, now)
	if err != nil {
		return nil, false, err
	}
	o := d.Office(office)
	if o == nil || !s.seals(o, now) {
		return nil, false, invalidFields([]FieldError{{"office", "no-seal", Text{"这个单位没有印章，请选择有印章的机关", "This office has no seal; please choose an organ that has one"}}})
	}
	id, err := randomText(s.Rand, caseIDLength)
	if err != nil {
		return nil, false, err
	}
	a := s.begin(id, s.Sample, sampleActions(by, grant, o, now))
	before := ""
	err = s.Store.Tx(ctx, func(ctx context.Context) (err error) {
		if before, err = s.Store.Remember(ctx, by.ID, key, sha256.Sum256([]byte("sample "+office)), id, now); err != nil || before != "" {
			return err
		}
		if err := s.put(ctx, a, 0); err != nil {
			return err
		}
		if err := s.Store.AddSample(ctx, id, now); err != nil {
			return err
		}
		return s.Store.Record(ctx, Event{At: now, Kind: "sample-ordered", Subject: id, By: by.ID, Detail: office})
	})
	if err != nil {
		return nil, false, err
	}
	if before != "" {
		id = before
	}
	if _, err := s.Issue(ctx, id); err != nil {
		s.Log.Error("a sample waits", "application", id, "reason", reason(err), "error", err)
	}
	view, err = s.sampleView(ctx, id)
	return view, before != "", err
}

// sampleActions begin a sample and decide it.
func sampleActions(by *Account, grant Grant, o *Office, now time.Time) []Action {
	first := actionBy(by, grant, Create, now)
	first.Input = &Input{Division: o.Division, Applicant: Applicant{As: AsHolder}, Values: Values{"name": "样本"}}
	second := actionBy(by, grant, Sample, now)
	second.Office = o.ID
	return []Action{first, second}
}

// sampledBy is the office whose organ seals the case, if it is a sample, or "".
func (a *Application) sampledBy() string {
	if len(a.Actions) > 1 && a.Actions[1].Kind == Sample {
		return a.Actions[1].Office
	}
	return ""
}

// SamplePDF returns the newest sample's PDF, for administrators of a topmost
// office; ErrNotFound while there is none.
func (s *Service) SamplePDF(ctx context.Context, by *Account) (*CertificateRef, []byte, error) {
	if _, err := s.mayMakeSample(by, s.now()); err != nil {
		return nil, nil, err
	}
	v, err := s.newestSample(ctx)
	if err != nil {
		return nil, nil, err
	}
	if v == nil || v.Certificate == nil {
		return nil, nil, fail(ErrNotFound, "还没有样本", "There is no sample yet")
	}
	pdf, err := s.Store.PDF(ctx, v.Certificate.Code)
	return v.Certificate, pdf, err
}
