package yinzheng

import (
	"context"
	"crypto/sha256"
)

// Tally is how much is on somebody's lists, and how much they were not told yet.
// Each counts to MostTallied at most.
type Tally struct {
	Inbox       int `json:"inbox"`
	Drafts      int `json:"draft"`
	Returned    int `json:"returned"`
	Running     int `json:"running"`
	Revocations int `json:"revocations"`
	Notices     int `json:"notices"`
	Requests    int `json:"requests"` // of residents, to be taken in
}

// MostTallied is how far a list is counted: beyond it nobody wants to know, and
// counting would cost more than a page.
const MostTallied = 1000

// Tally counts what Inbox, Workqueue, PendingRevocations, Notices and the requests of
// residents are for somebody, and of the notices only what is new.
func (s *Service) Tally(ctx context.Context, by *Account) (*Tally, error) {
	out := &Tally{}
	scopes := s.scopes(by)
	for count, q := range map[*int]QueueFilter{
		&out.Inbox:    {Scopes: inboxes(scopes)},
		&out.Drafts:   {Scopes: scopes, States: []State{Draft}},
		&out.Returned: {Scopes: scopes, States: []State{Returned}},
		&out.Running:  {Scopes: scopes, States: Underway},
	} {
		q.Limit = MostTallied
		var err error
		if *count, err = s.Store.CountQueue(ctx, q); err != nil {
			return nil, err
		}
	}
	revocations, err := s.PendingRevocations(ctx, by)
	if err != nil {
		return nil, err
	}
	out.Revocations = min(len(revocations), MostTallied)
	if out.Requests, err = s.Store.CountRequestsAt(ctx, s.IntakesOf(by), RequestSent, MostTallied); err != nil {
		return nil, err
	}
	told, err := s.Store.Told(ctx, by.ID)
	if err == nil {
		out.Notices, err = s.Store.CountNotices(ctx, s.desksOf(by), told, MostTallied)
	}
	return out, err
}

// Underway are the states of a case between handing in and issuing.
var Underway = []State{Submitted, Approved, Issuing}

// inboxes are those of some scopes that wait for a role.
func inboxes(scopes []QueueScope) []QueueScope {
	var out []QueueScope
	for _, x := range scopes {
		if x.Role != "" {
			out = append(out, x)
		}
	}
	return out
}

// ReadNotices is Notices for somebody who reads them: told is the number of the
// newest one that they had been told before, and now they have been told these.
func (s *Service) ReadNotices(ctx context.Context, by *Account, before int64, limit int) (list []Notice, told int64, err error) {
	if list, err = s.Notices(ctx, by, before, limit); err != nil {
		return nil, 0, err
	}
	told, err = s.Store.Told(ctx, by.ID)
	if err == nil && len(list) > 0 && list[0].ID > told {
		err = s.Store.Tell(ctx, by.ID, list[0].ID)
	}
	return list, told, err
}

// NoteOpened remembers, as long as a session lasts, that a case was opened in it at
// a version.
func (s *Service) NoteOpened(ctx context.Context, secret, id string, version int) error {
	hash := sha256.Sum256([]byte(secret))
	before, err := s.Store.Opened(ctx, hash)
	if err != nil || before[id] == version {
		return err
	}
	return s.Store.NoteOpened(ctx, hash, id, version)
}

// Opened lists the cases that were opened in a session, each with the version of
// the last time.
func (s *Service) Opened(ctx context.Context, secret string) (map[string]int, error) {
	return s.Store.Opened(ctx, sha256.Sum256([]byte(secret)))
}

// Changed is another number whenever something was written since; to be asked
// before looking again at what may be as it was.
func (s *Service) Changed() uint64 { return s.Store.Changed() }
