package yinzheng

import (
	"context"
	"errors"
	"slices"
	"time"
)

// HoldReasons are the classes of reasons to hold a case.
var HoldReasons = []Option{
	{Value: "reconsideration", Label: Text{"行政复议", "Administrative reconsideration"}},
	{Value: "litigation", Label: Text{"诉讼", "Litigation"}},
	{Value: "supervision", Label: Text{"纪检监察、审计", "Supervision or audit"}},
	{Value: "complaint", Label: Text{"信访投诉", "Complaint"}},
}

// maxHold is how many years a hold lasts at most; another one may follow.
const maxHold = 5

// shownRounds is how many rounds administrators see.
const shownRounds = 20

// maxCounted bounds what is counted of requests and contacts.
const maxCounted = 1000

// RetentionView is how erasing in time stands.
type RetentionView struct {
	Rules  []RetentionLine
	Fading int // drafts whose offices the next round tells of their end
	Holds  []HoldView
	Runs   []EventView // the newest first
}

// RetentionLine is a rule with what it would take now.
type RetentionLine struct {
	RetentionRule
	ExpiredCount
}

// HoldView is a hold in words.
type HoldView struct {
	Hold
	ReasonName Text
	ByName     string
}

// Retention shows what would be erased now, by which rule, what is held, and what the
// last rounds have erased, to administrators of a topmost office; ErrForbidden. It
// changes nothing.
func (s *Service) Retention(ctx context.Context, by *Account) (*RetentionView, error) {
	if err := s.mayRun(by); err != nil {
		return nil, err
	}
	v := &RetentionView{}
	for _, r := range s.rules {
		n, err := s.expired(ctx, r.Key)
		if err != nil {
			return nil, err
		}
		v.Rules = append(v.Rules, RetentionLine{r, n})
	}
	fading, err := s.Store.Fading(ctx, s.fades(), maxCounted)
	if err != nil {
		return nil, err
	}
	v.Fading = len(fading)
	if v.Holds, err = s.holds(ctx); err != nil {
		return nil, err
	}
	rounds, err := s.Store.EventsAbout(ctx, retentionSubject)
	if err != nil {
		return nil, err
	}
	slices.Reverse(rounds)
	v.Runs, err = s.eventViews(ctx, rounds[:min(len(rounds), shownRounds)])
	return v, err
}

// expired counts what a rule would take now.
func (s *Service) expired(ctx context.Context, rule string) (n ExpiredCount, err error) {
	var ids []string
	switch rule {
	case RetainContacts:
		if ids, err = s.Store.IdleContacts(ctx, s.Expires(rule), s.now(), maxCounted); err == nil {
			var more []string
			more, err = s.Store.EndedRequests(ctx, s.Expires(rule), s.now(), maxCounted)
			ids = append(ids, more...)
		}
	case RetainRequests:
		ids, err = s.expiredRequests(ctx, maxCounted)
	case RetainMessages:
		n.Due, err = s.Store.CountRecipients(ctx, s.Expires(rule))
		return n, err
	default:
		if slices.Contains(spentRules, rule) {
			return s.Store.CountSpent(ctx, rule, s.Expires(rule), s.now())
		}
		return s.Store.CountExpired(ctx, rule, s.Expires(rule), s.warned(), s.now())
	}
	return ExpiredCount{Due: len(ids)}, err
}

func (s *Service) holds(ctx context.Context) ([]HoldView, error) {
	list, err := s.Store.Holds(ctx, s.now())
	if err != nil {
		return nil, err
	}
	var out []HoldView
	for _, h := range list {
		v := HoldView{Hold: h}
		if i := slices.IndexFunc(HoldReasons, func(o Option) bool { return o.Value == h.Reason }); i >= 0 {
			v.ReasonName = HoldReasons[i].Label
		}
		if v.ByName, err = s.nameOf(ctx, h.By); err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// HoldCase keeps everything of a case from being erased until the end of a day
// (2027-06-30), at most five years on, for a reason of a class. It replaces an earlier
// hold. Administrators of a topmost office may. Errors: ErrForbidden, and ErrInvalid in
// the fields case, reason and until.
func (s *Service) HoldCase(ctx context.Context, by *Account, id, reason, until string) error {
	if err := s.mayRun(by); err != nil {
		return err
	}
	h, faults := s.checkHold(id, reason, until)
	if faults != nil {
		return invalidFields(faults)
	}
	h.By, h.At = by.ID, s.now()
	return s.Store.Tx(ctx, func(ctx context.Context) error {
		switch a, err := s.Store.Application(ctx, h.Case); {
		case errors.Is(err, ErrNotFound):
			return invalidFields([]FieldError{{"case", "unknown", Text{"没有这个办件", "There is no such case"}}})
		case err != nil:
			return err
		case a.Erased() != nil:
			return invalidFields([]FieldError{{"case", "erased", Text{"这个办件已按保存期限销毁", "The case was erased in time"}}})
		}
		if err := s.Store.PutHold(ctx, h); err != nil {
			return err
		}
		return s.Store.Record(ctx, Event{At: h.At, Kind: EventHeld, Subject: h.Case, By: by.ID, Detail: h.Reason + " " + h.Until.In(Zone).Format(time.DateOnly)})
	})
}

func (s *Service) checkHold(id, reason, until string) (*Hold, []FieldError) {
	var faults []FieldError
	refuse := func(field, code, zh, en string) { faults = append(faults, FieldError{field, code, Text{zh, en}}) }
	number, ok := NormalCaseID(id)
	if !ok {
		refuse("case", "unknown", "没有这个办件", "There is no such case")
	}
	if !slices.ContainsFunc(HoldReasons, func(o Option) bool { return o.Value == reason }) {
		refuse("reason", "choice", "请选择原因", "Please choose the reason")
	}
	day, err := time.ParseInLocation(time.DateOnly, until, Zone)
	end, now := day.AddDate(0, 0, 1), s.now()
	switch {
	case err != nil:
		refuse("until", "date", "日期应如 2027-06-30", "Expected a day such as 2027-06-30")
	case !end.After(now) || end.After(now.AddDate(maxHold, 0, 1)):
		refuse("until", "range", "应在今天以后、五年以内；到期还需要的，再保全一次", "Expected a day from today on, within five years; the case can be held again then")
	}
	return &Hold{Case: number, Reason: reason, Until: end.Add(-time.Second)}, faults
}

// EndHold ends the hold on a case, for administrators of a topmost office. Errors:
// ErrForbidden, ErrNotFound when the case is not held.
func (s *Service) EndHold(ctx context.Context, by *Account, id string) error {
	if err := s.mayRun(by); err != nil {
		return err
	}
	return s.Store.Tx(ctx, func(ctx context.Context) error {
		list, err := s.Store.Holds(ctx, s.now())
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(list, func(h Hold) bool { return h.Case == id }) {
			return fail(ErrNotFound, "这个办件没有保全", "The case is not held")
		}
		if err := s.Store.EndHold(ctx, id); err != nil {
			return err
		}
		return s.Store.Record(ctx, Event{At: s.now(), Kind: EventHoldEnded, Subject: id, By: by.ID})
	})
}
