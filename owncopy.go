package yinzheng

import (
	"context"
	"errors"
	"time"
)

// OwnCopy is what is kept about somebody, for themselves (个人信息保护法 45).
type OwnCopy struct {
	MadeAt   time.Time       `json:"made_at"`
	Name     string          `json:"name"`
	ID       ID              `json:"id"`
	Contact  string          `json:"contact,omitempty"` // masked
	Cases    []CaseCopy      `json:"cases"`             // that belong to them, newest first
	More     bool            `json:"more,omitempty"`    // there are older ones
	Register []*PersonRecord `json:"register"`          // what registers say; documents of relatives are masked
}

// CaseCopy is a case with everything that was filled in, and what became of it.
type CaseCopy struct {
	Case     string    `json:"case"`
	ItemName Text      `json:"item_name"`
	State    State     `json:"state"`
	Office   string    `json:"office"` // that took it in, by name
	HandedIn time.Time `json:"handed_in"`

	Applicant   Applicant            `json:"applicant"`
	Fields      []Field              `json:"fields"` // what the values mean
	Values      Values               `json:"values"`
	Files       []FileCopy           `json:"files"`
	Contact     string               `json:"contact,omitempty"` // masked; of who applied
	Events      []FollowedEvent      `json:"events"`
	Looks       []Look               `json:"looks"`
	Certificate *FollowedCertificate `json:"certificate,omitempty"`
	Verified    []Verification       `json:"verified,omitempty"`
}

// FileCopy is a file on a case, which its own people brought.
type FileCopy struct {
	Name   string `json:"name"`
	Type   string `json:"type"`
	Digest string `json:"digest"`
}

// CopyFor gathers what is kept about a resident who has proven who they are. That they
// took it is put on record first, with each case and with the person that registers
// know. ErrForbidden for somebody who has shown a code only: it opens one case, and is
// handed on.
func (s *Service) CopyFor(ctx context.Context, who *Resident) (*OwnCopy, error) {
	if documentMark(who.ID) == "" {
		return nil, fail(ErrForbidden, "凭查询码只能看一件。要看保存的全部个人信息，请用实名认证登录，或带身份证件到受理窗口查阅、复制", "A code opens one case only. To see everything that is kept about you, please sign in by your identity, or come to the counter with your document")
	}
	all := &OwnCopy{MadeAt: s.now(), Name: who.Name, ID: who.ID, Cases: []CaseCopy{}, Register: []*PersonRecord{}}
	lines, err := s.OwnCases(ctx, who)
	if err != nil {
		return nil, err
	}
	all.More = len(lines) == MaxOwnCases
	if all.Contact, err = s.maskedContact(ctx, who); err != nil {
		return nil, err
	}
	people, err := s.Store.PersonsBy(ctx, []PersonKey{ByDocument(who.ID)})
	if err != nil {
		return nil, err
	}
	if err := s.noteCopy(ctx, who, lines, people); err != nil {
		return nil, err
	}
	for i := range lines {
		c, err := s.caseCopy(ctx, who, &lines[i])
		if err != nil {
			return nil, err
		}
		all.Cases = append(all.Cases, *c)
	}
	for _, p := range people {
		r, err := s.personRecord(ctx, p)
		if err != nil {
			return nil, err
		}
		r.maskRelatives()
		all.Register = append(all.Register, r)
	}
	return all, nil
}

// noteCopy puts on record that somebody took a copy.
func (s *Service) noteCopy(ctx context.Context, who *Resident, lines []OwnCase, people []*Person) error {
	return s.Store.Tx(ctx, func(ctx context.Context) error {
		for i := range lines {
			if err := s.noteOwn(ctx, EventCopied, lines[i].ID, who); err != nil {
				return err
			}
		}
		for _, p := range people {
			if err := s.noteOwn(ctx, EventCopied, p.ID, who); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Service) caseCopy(ctx context.Context, who *Resident, line *OwnCase) (*CaseCopy, error) {
	c, err := s.openFor(ctx, who, line.ID)
	if err != nil {
		return nil, err
	}
	v := &CaseCopy{
		Case: c.ID, ItemName: c.Template.Name, State: c.State, Office: c.Directory.officeName(c.Office), HandedIn: line.HandedIn,
		Applicant: c.Applicant, Fields: c.Template.Fields, Values: c.Values, Files: []FileCopy{}, Events: c.followed(s.now()).Events,
	}
	for i := range c.Attachments {
		f := &c.Attachments[i]
		v.Files = append(v.Files, FileCopy{f.Name, f.Type, f.Digest})
	}
	if c.Applicant.As == AsHolder || who.ID.same(c.Applicant.ID) {
		v.Contact, err = s.maskedContact(ctx, &Resident{Case: c.ID})
	} else { // the holder's copy: somebody else applied
		v.Applicant.ID.Number = MaskID(c.Applicant.ID)
	}
	if err != nil {
		return nil, err
	}
	if v.Looks, err = s.LooksAt(ctx, who, c.ID); err != nil || line.Code == "" {
		return v, err
	}
	v.Certificate = &FollowedCertificate{line.Code, line.Status}
	v.Verified, err = s.SeenBy(ctx, line.Code)
	return v, err
}

// maskedContact is where a resident is reached, masked; "" where nobody said.
func (s *Service) maskedContact(ctx context.Context, of *Resident) (string, error) {
	contact, err := s.Store.ContactOf(ctx, of.Key())
	if errors.Is(err, ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return contact.Masked(), nil
}

// maskRelatives hides the documents of others in what a register says of somebody.
func (r *PersonRecord) maskRelatives() {
	for i := range r.Facts {
		if f := &r.Facts[i]; f.Kind != FactDocument {
			f.ID.Number = MaskID(f.ID)
		}
	}
}
