package yinzheng

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// The kinds of event of an import, and of a report on one that showed what is on
// record.
const (
	EventImported    = "register-imported"
	EventImportTried = "register-tried"
)

// maxRegisterTitle bounds what a register calls itself, in characters.
const maxRegisterTitle = 50

// BeginImport says what an import will be: of a register that speaks of a day,
// by an administrator of an office, for its division and those below. Errors:
// ErrForbidden for somebody who does not administer the office, ErrInvalid for
// an office that there is not, a title or a day that is none.
func (s *Service) BeginImport(by *Account, office, register, asOf string, data []byte) (*PersonImport, error) {
	now := s.now()
	if err := s.mayAdminister(by, now); err != nil {
		return nil, err
	}
	if office == "" {
		office = s.ownOffice(by, now)
	}
	var faults []FieldError
	fault := func(field, code, zh, en string) {
		faults = append(faults, FieldError{field, code, Text{zh, en}})
	}
	o := s.Directory().Office(office)
	if o == nil || !o.stands() || !s.administers(by, office, now) {
		fault("office", "unknown", "请填写您管理的一个单位", "Please give an office that you administer")
	}
	register = tidyText(register)
	switch n := utf8.RuneCountInString(register); {
	case n < 2 || n > maxRegisterTitle:
		fault("register", "required", "请填写登记簿的名称（2 到 50 字），如 常住人口登记", "Please say what the register is called, in 2 to 50 characters, such as 常住人口登记")
	default:
		if code, zh, en := uncleanText(register); code != "" {
			fault("register", code, zh, en)
		}
	}
	day, err := time.ParseInLocation(time.DateOnly, asOf, Zone)
	switch {
	case err != nil || day.Format(time.DateOnly) != asOf || day.Year() < 1950:
		fault("as_of", "date", "请填写数据截至的日期，如 2026-11-02", "Please give the day that the register speaks of, such as 2026-11-02")
	case day.After(now):
		fault("as_of", "future", "数据截至的日期不能晚于今天", "The day that the register speaks of cannot lie in the future")
	}
	if len(faults) > 0 {
		return nil, invalidFields(faults)
	}
	id, err := randomText(s.Rand, caseIDLength)
	if err != nil {
		return nil, err
	}
	return &PersonImport{ID: id, At: now, By: by.ID, Office: office, Division: s.Directory().DivisionNow(o.Division), Register: register, AsOf: asOf, Digest: digestHex(data)}, nil
}

// PersonImports lists those of the newest 200 imports that are of registers of
// offices which somebody administers, newest first. ErrForbidden for somebody
// who administers nothing.
func (s *Service) PersonImports(ctx context.Context, by *Account) ([]*PersonImport, error) {
	now := s.now()
	if err := s.mayAdminister(by, now); err != nil {
		return nil, err
	}
	list, err := s.Store.PersonImports(ctx, 200)
	return slices.DeleteFunc(list, func(m *PersonImport) bool { return !s.administers(by, m.Office, now) }), err
}

// ownOffice is the office of somebody's own administrator's post.
func (s *Service) ownOffice(by *Account, now time.Time) string {
	for _, g := range by.Grants {
		if g.Role == Admin && g.For == "" && g.active(now) {
			return g.Office
		}
	}
	return ""
}

// ImportPersons keeps what an import changes, all of it or nothing, in one
// transaction, and tells the offices concerned of deaths. One that changes
// nothing leaves nothing behind. With try nothing is kept but, when the report
// shows what is on record, that it was made. Errors: ErrForbidden
// for somebody who does not administer the office, or for persons outside its
// division; ErrInvalid, with the rows, when any was refused; ErrConflict when
// another import came in between: plan it anew.
func (s *Service) ImportPersons(ctx context.Context, by *Account, p *PlannedImport, try bool) error {
	if !s.administers(by, p.Office, s.now()) {
		return fail(ErrForbidden, "只有该单位的系统管理员可以导入", "Only an administrator of that office may import")
	}
	if slices.ContainsFunc(p.Persons, func(x *Person) bool { return !p.covers(s.Directory(), x) }) {
		return fail(ErrForbidden, "名单中有不属于本单位辖区的人员", "The list holds persons outside the office's area")
	}
	switch {
	case try && len(p.Changes) == 0:
		return nil
	case try:
		return s.Store.Record(ctx, Event{At: p.At, Kind: EventImportTried, Subject: p.ID, By: by.ID, Detail: p.summary()})
	case p.Refused > 0:
		return &Error{Kind: ErrInvalid, Text: Text{
			fmt.Sprintf("有 %d 行不能导入，什么都没有更改；请按位置更正后重新导入", p.Refused),
			fmt.Sprintf("%d rows are refused and nothing was changed; please mend them and import the file again", p.Refused),
		}, Fields: p.Refusal}
	case len(p.Persons) == 0:
		return nil
	}
	told, err := s.deathNotices(ctx, p.Died)
	if err != nil {
		return err
	}
	for _, x := range p.Persons {
		if x.ID == "" {
			if x.ID, err = randomText(s.Rand, caseIDLength); err != nil {
				return err
			}
		}
	}
	err = s.Store.Tx(ctx, func(ctx context.Context) error {
		if err := s.Store.AddPersonImport(ctx, p.PersonImport); err != nil {
			return err
		}
		if err := s.Store.PutPersons(ctx, p.Persons); err != nil {
			return err
		}
		if err := s.Store.Notify(ctx, told); err != nil {
			return err
		}
		return s.Store.Record(ctx, Event{At: p.At, Kind: EventImported, Subject: p.ID, By: by.ID, Detail: p.summary()})
	})
	p.Applied = err == nil
	return err
}

// covers tells whether a person belongs to the import's division, and did before.
func (m *PersonImport) covers(d *Directory, x *Person) bool {
	return !slices.ContainsFunc(x.Facts, func(f PersonFact) bool {
		return f.Kind == FactDivision && (f.Until == "" || f.Until == m.AsOf) && !d.Within(f.Value, m.Division)
	})
}

func (n *ImportCounts) summary() string {
	return fmt.Sprintf("%d rows: %d new, %d changed, %d the same", n.Rows, n.New, n.Changed, n.Same)
}

// maxHeld bounds the cases of one holder that are looked at.
const maxHeld = 50

// deathNotices tells of persons who have died. Nothing is suspended.
func (s *Service) deathNotices(ctx context.Context, died []*Person) ([]Notice, error) {
	var told []Notice
	for _, p := range died {
		more, err := s.DeathNotices(ctx, p.documents(), p.Value(FactDivision))
		if err != nil {
			return nil, err
		}
		told = append(told, more...)
	}
	return told, nil
}

// toldOfDeath lists the posts that the death of a case's holder concerns.
func (s *Service) toldOfDeath(ctx context.Context, c *Case) ([]Desk, error) {
	if c.open() {
		return append([]Desk{{Office: c.Directory.OfficeNow(c.Office), Role: Clerk}}, c.Application.Desks...), nil
	}
	if c.Template.Subject != aliveSubject || c.State != Issued {
		return nil, nil
	}
	cert, err := s.Store.Certificate(ctx, c.Code)
	if err != nil || !cert.inForce(s.now()) {
		return nil, err
	}
	var posts []Desk
	for i := range c.Directory.Offices {
		if id := c.Directory.Offices[i].ID; c.Directory.seals(id, cert.Organ) {
			posts = append(posts, Desk{Office: id, Role: Approver})
		}
	}
	return posts, nil
}

// aliveSubject is the code of certificates of being alive (Subjects).
const aliveSubject = "alive"

// open tells whether a case can still come to its certificate.
func (a *Application) open() bool {
	return slices.Contains([]State{Draft, Submitted, Returned, Approved, Issuing}, a.State)
}

// inForce tells whether a certificate is valid at a moment.
func (c *Certificate) inForce(now time.Time) bool {
	return c.Status == StatusOK && (c.Expires.IsZero() || now.Before(c.Expires))
}

// documents lists a person's documents, former ones too.
func (p *Person) documents() []ID {
	var ids []ID
	for i := range p.Facts {
		if p.Facts[i].Kind == FactDocument {
			ids = append(ids, p.Facts[i].ID)
		}
	}
	return ids
}

// heldBy reads the cases of a holder by their documents, newest first. The old
// number of a document and its new one find the same cases.
func (s *Service) heldBy(ctx context.Context, documents []ID) ([]*Case, error) {
	var cases []*Case
	for i, id := range documents {
		if slices.ContainsFunc(documents[:i], id.same) {
			continue
		}
		_, number, _ := strings.Cut(documentMark(id), ":")
		ids, err := s.Store.HeldBy(ctx, number, maxHeld)
		if err != nil {
			return nil, err
		}
		for _, caseID := range ids {
			c, err := s.readable(ctx, caseID)
			if err != nil {
				return nil, err
			}
			if c != nil && c.holderID().same(id) {
				cases = append(cases, c)
			}
		}
	}
	return cases, nil
}
