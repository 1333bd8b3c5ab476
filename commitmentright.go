package yinzheng

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// CommitmentRight is one change of somebody's right to sign commitments.
type CommitmentRight struct {
	At          time.Time
	Document    string // mark of the document, as cases are recognised by it
	Ended       bool   // else: restored
	By          string // account
	Application string // of the commitment that was found false
	Action      int    // ended: Seq of the action that found it
	Reason      string // restored: why
}

// CommitmentRights keeps who lost, and was given back, the right to sign
// commitments. It only grows; the document of a right that was restored goes in time
// (Retentions.EraseSpent).
type CommitmentRights interface {
	// AddCommitmentRight notes a change.
	AddCommitmentRight(ctx context.Context, r *CommitmentRight) error
	// CommitmentRightsOf lists the changes for a document's mark, oldest first.
	CommitmentRightsOf(ctx context.Context, document string) ([]CommitmentRight, error)
}

// rightsEnded lists, for each document that a person is known to have, the
// findings that ended the right to sign commitments with it and were not
// forgiven since.
func (s *Service) rightsEnded(ctx context.Context, id ID) ([]CommitmentRight, error) {
	marks := []string{documentMark(id)}
	if marks[0] == "" {
		return nil, nil
	}
	if s.Register != nil {
		rec, err := s.Register.OnRecord(ctx, id)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return nil, err
		}
		if err == nil {
			for _, d := range rec.Documents {
				if mark := documentMark(d); mark != "" && !slices.Contains(marks, mark) {
					marks = append(marks, mark)
				}
			}
		}
	}
	var out []CommitmentRight
	for _, mark := range marks {
		changes, err := s.Store.CommitmentRightsOf(ctx, mark)
		if err != nil {
			return nil, err
		}
		for i := len(changes) - 1; i >= 0 && changes[i].Ended; i-- {
			out = append(out, changes[i])
		}
	}
	return out, nil
}

// mayCommit refuses a commitment where the applicant, or the holder whom somebody
// else applies for, lost the right to sign any.
func (s *Service) mayCommit(ctx context.Context, c *Case) error {
	_, promisor := c.promisor()
	for _, id := range []ID{promisor, c.holderID()} {
		ended, err := s.rightsEnded(ctx, id)
		if err != nil {
			return err
		}
		if len(ended) > 0 {
			text := Text{
				fmt.Sprintf("申请人（持证人）曾有承诺经查不实（%s），不再适用告知承诺，请提交材料；须恢复的，由最上级单位的系统管理员决定", ended[0].At.In(Zone).Format(time.DateOnly)),
				fmt.Sprintf("A commitment of the applicant's, or the holder's, was found false on %s, so that they sign none any more; please attach the material. An administrator of the topmost office may restore the right", ended[0].At.In(Zone).Format(time.DateOnly)),
			}
			return &Error{Kind: ErrState, Text: text, Cause: errNoRight, Fields: []FieldError{{"signed", "right-ended", text}}}
		}
	}
	return nil
}

// errNoRight is the cause when somebody may sign no commitment.
var errNoRight = errors.New("the right to commitments has ended")

// unsignable says of the materials met by commitments that the applicant has lost
// the right to sign any, if so.
func (s *Service) unsignable(ctx context.Context, c *Case) ([]FieldError, error) {
	promised := c.commitments()
	if len(promised) == 0 {
		return nil, nil
	}
	err := s.mayCommit(ctx, c)
	if !errors.Is(err, errNoRight) {
		return nil, err
	}
	var e *Error
	errors.As(err, &e)
	var out []FieldError
	for _, m := range promised {
		out = append(out, FieldError{"attachments." + m.Key, "right-ended", e.Text})
	}
	return out, nil
}

// Restoration gives somebody the right to sign commitments back.
type Restoration struct {
	ID     ID     `json:"id"`
	Reason string `json:"reason"`
}

// RestoreCommitments gives somebody the right to sign commitments back, by an
// administrator of a topmost office who found none of theirs false and is not
// that person. Errors: ErrForbidden, ErrInvalid without a document or a reason,
// ErrState when the right never ended.
func (s *Service) RestoreCommitments(ctx context.Context, by *Account, in *Restoration) error {
	grant, err := s.Directory().Runs(by, s.Now())
	if err != nil {
		return err
	}
	k := &checker{now: s.now().In(Zone)}
	id := idOf(k.id("id", in.ID.Value()))
	if documentMark(id) == "" {
		k.refuse("id", "required", "请填写证件号码", "Please give the number of the document")
	}
	reason, err := checkOpinion(Decision{Action: Approve, Opinion: in.Reason})
	if err != nil || reason == "" {
		k.refuse("reason", "required", "请写明恢复的理由，最多 500 字", "Please say why, in at most 500 characters")
	}
	if err := k.faults(); err != nil {
		return err
	}
	if slices.ContainsFunc(actors(by, grant), func(a *Account) bool { return a.Person.same(id) }) {
		return fail(ErrForbidden, "不能恢复本人的资格，请由其他管理员办理", "Nobody restores their own right; another administrator has to")
	}
	return s.Store.Tx(ctx, func(ctx context.Context) error {
		ended, err := s.rightsEnded(ctx, id)
		if err != nil {
			return err
		}
		if len(ended) == 0 {
			return fail(ErrState, "此人没有被取消告知承诺资格", "This person has not lost the right to sign commitments")
		}
		return s.restore(ctx, by, grant, ended, reason)
	})
}

// restore writes what ends the findings, in a transaction.
func (s *Service) restore(ctx context.Context, by *Account, grant Grant, ended []CommitmentRight, reason string) error {
	now := s.now()
	restored := map[string]bool{}
	for _, r := range ended {
		c, err := s.load(ctx, r.Application)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(actors(by, grant), c.Actions[r.Action-1].isBy) {
			return fail(ErrForbidden, "不实由您（或委托您的人）认定，须由另一位管理员恢复", "You, or who delegated to you, found the commitment false; another administrator has to restore the right")
		}
		if c.names(reason) || longNumber(reason) {
			return invalidFields([]FieldError{{"reason", "personal-data", Text{"理由会记入日志，请不要写姓名或证件号码", "The reason is put on record; please leave out names and ID numbers"}}})
		}
		if restored[r.Document] {
			continue
		}
		restored[r.Document] = true
		if err := s.Store.AddCommitmentRight(ctx, &CommitmentRight{At: now, Document: r.Document, By: by.ID, Application: r.Application, Reason: reason}); err != nil {
			return err
		}
		if err := s.Store.Record(ctx, Event{At: now, Kind: EventRightRestored, Subject: r.Application, By: by.ID, Detail: reason}); err != nil {
			return err
		}
	}
	return nil
}
