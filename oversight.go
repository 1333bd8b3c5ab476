package yinzheng

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// StrandedCase is a case that nobody is left to go on with, as an administrator
// sees it: enough to appoint somebody, and nothing of what the case is about.
type StrandedCase struct {
	ID     string
	Item   string
	State  State
	Office string    // where nobody is left
	Since  time.Time // when the administrators were told
}

// StrandedCases lists the cases that nobody is left to go on with even now, of
// those in the newest 200 notices to the posts that this person has as an
// administrator, newest first. ErrForbidden for anybody else.
func (s *Service) StrandedCases(ctx context.Context, by *Account) ([]StrandedCase, error) {
	told, err := s.toldAdministrators(ctx, by)
	if err != nil {
		return nil, err
	}
	var out []StrandedCase
	who := s.roster()
	for _, n := range told {
		seen := func(c StrandedCase) bool { return c.ID == n.Application }
		if n.Kind != "stranded" || slices.ContainsFunc(out, seen) {
			continue
		}
		c, err := s.load(ctx, n.Application)
		if err != nil {
			return nil, err
		}
		people, err := who.at(ctx, c.waitsAt())
		if err != nil {
			return nil, err
		}
		if c.Stranded && !slices.ContainsFunc(people, func(a *Account) bool { return c.mayGoOn(a, who.now) }) {
			out = append(out, StrandedCase{c.ID, c.Template.Code, c.State, s.Directory().OfficeNow(n.About), n.At})
		}
	}
	return out, nil
}

// toldAdministrators lists the newest notices to somebody's posts as an administrator.
func (s *Service) toldAdministrators(ctx context.Context, by *Account) ([]Notice, error) {
	if err := s.MayOperate(by); err != nil {
		return nil, err
	}
	var posts []Desk
	for _, g := range by.Grants {
		if g.Role == Admin && g.active(s.Now()) {
			posts = append(posts, Desk{Office: g.Office, Role: Admin})
		}
	}
	return s.Store.Notices(ctx, posts, 0, 200)
}

// LogHead returns the newest entry of the record of everything. ErrForbidden for
// whoever is no administrator of a topmost office.
func (s *Service) LogHead(ctx context.Context, by *Account) (LogEntry, error) {
	if err := s.mayRun(by); err != nil {
		return LogEntry{}, err
	}
	return s.Store.LogHead(ctx)
}

// NoteLogCheck puts on record who had the whole record checked, up to which entry,
// and how it ended: whole, not-whole or failed. ErrForbidden as in LogHead.
func (s *Service) NoteLogCheck(ctx context.Context, by *Account, last int64, how string) error {
	if err := s.mayRun(by); err != nil {
		return err
	}
	return s.Store.Record(ctx, Event{At: s.now(), Kind: "log-checked", By: by.ID, Detail: fmt.Sprintf("%d %s", last, how)})
}

// OpenCasesTakenIn counts the cases that an office took in and that are not at
// their end. Errors: ErrForbidden for somebody who administers nothing,
// ErrNotFound for an office that they do not administer.
func (s *Service) OpenCasesTakenIn(ctx context.Context, by *Account, office string) (int, error) {
	if err := s.mayAdministerOffice(by, office, s.now()); err != nil {
		return 0, err
	}
	ids, err := s.Store.OpenCases(ctx, nil, s.Directory().Formerly(office))
	return len(ids), err
}

// EventsOn lists what happened on the day of a moment, apart from the cases' own
// histories, newest first, before an entry of the log (0: from the last one of
// that day). ErrForbidden for whoever is no administrator of a topmost office.
func (s *Service) EventsOn(ctx context.Context, by *Account, day time.Time, before int64, limit int) ([]EventView, error) {
	if err := s.mayRun(by); err != nil {
		return nil, err
	}
	y, m, d := day.In(Zone).Date()
	from := time.Date(y, m, d, 0, 0, 0, 0, Zone)
	events, err := s.Store.EventsBetween(ctx, from, from.AddDate(0, 0, 1), before, pageLimit(limit))
	if err != nil {
		return nil, err
	}
	return s.eventViews(ctx, events)
}
