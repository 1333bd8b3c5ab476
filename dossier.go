package yinzheng

import (
	"context"
	"errors"
	"slices"
	"time"
)

// Dossier is everything that is on record about one case.
type Dossier struct {
	MadeAt       time.Time          `json:"made_at"`
	MadeBy       string             `json:"made_by"` // account
	MadeByName   string             `json:"made_by_name"`
	ItemName     Text               `json:"item_name"`
	Application  *CaseView          `json:"application"`
	Fields       []Field            `json:"fields"`  // what the values mean
	Offices      map[string]string  `json:"offices"` // names of the offices that appear, by ID
	Certificates []*CertificateView `json:"certificates"`
	Events       []EventView        `json:"events"`
	Log          []LogEntry         `json:"log"`      // where all this stands in the chain of hashes
	LogHead      LogEntry           `json:"log_head"` // the chain's end when the dossier was made

	template *Template
}

// Dossier gathers a case for those who may see it. That it was exported, by
// whom and in what format, is put on record first, and so stands in it, too.
func (s *Service) Dossier(ctx context.Context, by *Account, id, format string) (*Dossier, error) {
	c, err := s.open(ctx, by, id)
	if err != nil {
		return nil, err
	}
	d := &Dossier{MadeAt: s.now(), MadeBy: by.ID, MadeByName: by.Name, ItemName: c.Template.Name, Fields: c.Template.Fields, Offices: map[string]string{}, template: c.Template}
	if err := s.Store.Record(ctx, Event{At: d.MadeAt, Kind: EventDossier, Subject: c.ID, By: by.ID, Detail: format}); err != nil {
		return nil, err
	}
	if d.Application, err = s.viewFor(ctx, by, c.Application, c.Template); err != nil {
		return nil, err
	}
	if d.Events, err = s.eventsOf(ctx, c); err != nil {
		return nil, err
	}
	for _, subject := range c.subjects() {
		entries, err := s.Store.LogAbout(ctx, subject)
		if err != nil {
			return nil, err
		}
		d.Log = append(d.Log, entries...)
	}
	slices.SortFunc(d.Log, func(a, b LogEntry) int { return int(a.Seq - b.Seq) })
	if d.LogHead, err = s.Store.LogHead(ctx); err != nil {
		return nil, err
	}
	d.name(c)
	return d, s.addCertificates(ctx, d, c)
}

// name gives the offices of the case their names.
func (d *Dossier) name(c *Case) {
	add := func(id string) {
		if o := c.Directory.Office(id); o != nil {
			d.Offices[id] = o.Name
		}
	}
	add(c.Office)
	for i := range c.Actions {
		add(c.Actions[i].Office)
	}
}

func (s *Service) addCertificates(ctx context.Context, d *Dossier, c *Case) error {
	d.Certificates = []*CertificateView{}
	for _, code := range c.subjects()[1:] {
		cert, err := s.Store.Certificate(ctx, code)
		if errors.Is(err, ErrNotFound) { // reserved, or its number was voided: the history says so
			continue
		}
		if err != nil {
			return err
		}
		links, err := s.links(ctx, cert.Code, c)
		if err != nil {
			return err
		}
		d.Certificates = append(d.Certificates, s.certificateView(cert, c.Application, links))
	}
	return nil
}

// DossierPDF typesets a dossier as a paper for the files: no certificate, and
// nothing on it looks like one.
func (s *Service) DossierPDF(d *Dossier) ([]byte, error) {
	return s.Renderer.Record(&Sheet{Template: dossierTemplate, Values: d.page(), Number: d.Application.ID, Date: d.MadeAt.In(Zone)})
}
