package yinzheng

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Standings says how items stand in the catalogue (package catalogue).
type Standings interface {
	// Ended says why no case of an item begins any more, or for now; nil while one
	// may.
	Ended(item string, now time.Time) *Ended
}

// Ended is why no case of an item begins.
type Ended struct {
	Text Text   // the reason and what replaces it
	By   string // item whose e-certificate replaces it
}

// CatalogueAct is one act on the catalogue, as it is kept.
type CatalogueAct struct {
	Seq     int // 1, 2, ... over the whole catalogue
	At      time.Time
	By      string // account
	Change  string // ID of the change that it is about
	Kind    string
	Content []byte // JSON, of package catalogue
}

// Catalogues keeps the acts on the catalogue.
type Catalogues interface {
	// AddCatalogueAct appends the next act; ErrConflict when its Seq is taken.
	AddCatalogueAct(ctx context.Context, a *CatalogueAct) error
	// CatalogueActs lists the acts after one (0: from the first), in their order.
	CatalogueActs(ctx context.Context, after int) ([]CatalogueAct, error)
	// OpenCasesOf counts the cases of an item that are not at their end, drafts
	// included.
	OpenCasesOf(ctx context.Context, item string) (int, error)
}

// ended says why a template's item may not be started; nil while it may.
func (s *Service) ended(t *Template) *Ended {
	if s.Standings == nil {
		return nil
	}
	return s.Standings.Ended(t.Code, s.Now())
}

// Closed says why no case of an item begins at present, wherever; nil while one may.
func (s *Service) Closed(t *Template) *Ended {
	if ended := s.ended(t); ended != nil {
		return ended
	}
	var held *Error
	if errors.As(t.startable(s.Directory()), &held) {
		return &Ended{Text: held.Text}
	}
	return nil
}

// Item returns the newest version of an item for somebody who may take in cases
// of it, with why it is not started any more, if so: those under way finish.
// Errors: ErrNotFound, ErrForbidden.
func (s *Service) Item(by *Account, code string) (*Template, *Ended, error) {
	t, err := s.Template(code)
	if err != nil {
		return nil, nil, err
	}
	_, err = mayTakeIn(t, s.Directory(), by, "", "", s.Now())
	return t, s.ended(t), err
}

// refuseEnded refuses a new case of an item that has ended, and shows the
// holder's certificate that takes its place, if it is here.
func (s *Service) refuseEnded(ctx context.Context, t *Template, v Values, now time.Time) error {
	ended := s.ended(t)
	if ended == nil {
		return nil
	}
	e := &Error{Kind: ErrState, Text: ended.Text, Fields: []FieldError{{"item", "ended", ended.Text}}}
	if ended.By == "" {
		return e
	}
	held, err := s.certificatesOf(ctx, ended.By, v.ID(t.Token.ID), now)
	if err != nil {
		return err
	}
	if len(held) > 0 {
		code := held[0].Code
		text := Text{fmt.Sprintf("持证人已有有效的电子证明，验证码 %s", code), fmt.Sprintf("The holder has a valid e-certificate already, code %s", code)}
		e.Text = Text{e.Text.ZH + "。" + text.ZH, e.Text.EN + ". " + text.EN}
		e.Fields = append(e.Fields, FieldError{"certificate", "on-record", text})
	}
	return e
}

// certificatesOf finds the certificates of an item in force that the bearer of a
// document holds, newest first.
func (s *Service) certificatesOf(ctx context.Context, item string, holder ID, now time.Time) ([]*referred, error) {
	mark := documentMark(holder)
	if mark == "" {
		return nil, nil
	}
	found, err := s.Store.Alike(ctx, "", Marks{Document: item + "|" + mark}, now, maxLikenesses)
	if err != nil {
		return nil, err
	}
	var out []*referred
	for _, l := range found {
		c, err := s.readable(ctx, l.ID)
		if err != nil {
			return nil, err
		}
		if c == nil {
			continue
		}
		if c.State != Issued {
			continue
		}
		cert, err := s.Store.Certificate(ctx, c.Code)
		if err != nil {
			return nil, err
		}
		if cert.inForce(now) {
			out = append(out, &referred{cert, c})
		}
	}
	return out, nil
}
