package yinzheng

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// A certificate is replaced by a new one that keeps its serial: corrected by a
// case with a full chain of its own, or issued again with the same values by
// one approver of the organ. Until the new one exists the old one stands.
const (
	Reissue ActionKind = "reissue" // decides the case of a reissue: nothing in it is new
	Moot    ActionKind = "moot"    // the system's: what was to be replaced is no longer in force
)

// Correction starts a case that corrects a certificate.
type Correction struct {
	Reason    string         `json:"reason"`  // class
	Opinion   string         `json:"opinion"` // what was wrong
	Values    map[string]any `json:"values"`  // what changes, merged by key; null removes one
	Applicant *Applicant     `json:"applicant,omitempty"`
}

// Reissuing issues a certificate again with the same values.
type Reissuing struct {
	Reason  string `json:"reason"` // class
	Opinion string `json:"opinion"`
}

// Lineages keeps what links a certificate to those that replace it.
type Lineages interface {
	// NewestNumber returns the greatest number that begins with a prefix, of any
	// record, void ones too; "" when there is none.
	NewestNumber(ctx context.Context, prefix string) (string, error)
	// LinkReplacement notes that a case is to replace a certificate.
	LinkReplacement(ctx context.Context, code, application string) error
	// Replacements lists those cases, oldest first.
	Replacements(ctx context.Context, code string) ([]string, error)
}

// Replaces is the code of the certificate that the case corrects or issues
// again, "" for a case of its own.
func (a *Application) Replaces() string {
	i := slices.IndexFunc(a.Actions, func(x Action) bool { return x.Input != nil }) // the first, unless it was erased
	if i < 0 {
		return ""
	}
	return a.Actions[i].Input.Replaces
}

// reissues tells whether the case issues the same values again.
func (a *Application) reissues() bool {
	return a.Replaces() != "" && len(a.Actions) > 1 && a.Actions[1].Kind == Reissue
}

// Correct starts a case, as a draft, that corrects a certificate: its values
// with the changes given, in the newest version of the template. A clerk who
// may take in cases of that division may. The idempotency key works as in
// CreateApplication.
func (s *Service) Correct(ctx context.Context, by *Account, code string, in *Correction, key string) (*CaseView, bool, error) {
	cert, old, err := s.openCertificate(ctx, by, code)
	if err != nil {
		return nil, false, err
	}
	now := s.now()
	t, err := s.Template(old.Application.Template.Code)
	if err != nil {
		return nil, false, fail(ErrState, "这个证明事项已不办理，不能更正", "This item is no longer issued, so nothing of it can be corrected")
	}
	grant, err := mayTakeIn(t, s.Directory(), by, "", old.Division, now)
	if err == nil {
		err = t.startable(s.Directory())
	}
	if err != nil {
		return nil, false, err
	}
	opinion, err := checkAct(Create, in.Reason, in.Opinion)
	if err != nil {
		return nil, false, err
	}
	input, checked, err := s.corrected(t, old.Application, in, now)
	if err != nil {
		return nil, false, err
	}
	input.Replaces = cert.Code
	x := actionBy(by, grant, Create, now)
	x.Input, x.Reason, x.Opinion = input, in.Reason, opinion
	a, again, err := s.beginReplacement(ctx, by, t, key, in, []Action{x})
	if err != nil {
		return nil, false, err
	}
	if again {
		view, err := s.Application(ctx, by, a.ID)
		return view, true, err
	}
	view, err := s.view(ctx, a, t)
	if err != nil {
		return nil, false, err
	}
	view.Changes = checked.Changes
	view.Problems, err = s.problems(ctx, t, a, checked)
	return view, false, err
}

// corrected merges the changes into the values of a case; something must change.
func (s *Service) corrected(t *Template, old *Application, in *Correction, now time.Time) (*Input, *Checked, error) {
	values := map[string]any{}
	maps.Copy(values, old.Values)
	for k, v := range in.Values {
		if v == nil {
			delete(values, k)
		} else {
			values[k] = v
		}
	}
	applicant := in.Applicant
	if applicant == nil {
		applicant = &old.Applicant
	}
	input, checked, err := s.input(t, values, s.Directory().DivisionNow(old.Division), applicant, now)
	if err != nil {
		return nil, nil, err
	}
	if string(Canonical(nil, input.Values)) == string(Canonical(nil, old.Values)) {
		return nil, nil, invalidFields([]FieldError{{"values", "unchanged", Text{"没有任何更正；内容不变的请用补发", "Nothing is changed; to have the same issued again, use reissue"}}})
	}
	return input, checked, nil
}

// Reissue issues a certificate again with the same values, the same validity
// and a higher version, and supersedes the old one: for paper that was lost or
// damaged, or trouble with a key. An approver of the organ that sealed it
// decides alone, since every value has been approved before.
func (s *Service) Reissue(ctx context.Context, by *Account, code string, in *Reissuing, key string) (*CaseView, bool, error) {
	cert, old, err := s.openCertificate(ctx, by, code)
	if err != nil {
		return nil, false, err
	}
	now := s.now()
	grant, err := old.mayActOn(cert, by, Reissue, now)
	if err != nil {
		return nil, false, err
	}
	opinion, err := checkAct(Reissue, in.Reason, in.Opinion)
	if err != nil {
		return nil, false, err
	}
	first := actionBy(by, grant, Create, now)
	first.Input = &Input{Division: s.Directory().DivisionNow(old.Division), Applicant: old.Applicant, Values: old.Values, Replaces: cert.Code}
	second := actionBy(by, grant, Reissue, now)
	second.Reason, second.Opinion = in.Reason, opinion
	a, again, err := s.beginReplacement(ctx, by, old.Template, key, in, []Action{first, second})
	if err != nil {
		return nil, false, err
	}
	view, err := s.Application(ctx, by, a.ID)
	view, err = s.issueNow(ctx, by, view, err)
	return view, again, err
}

// beginReplacement writes a case that is to replace a certificate in force. When
// the key was used before, the case has no more than the ID of what it made then.
func (s *Service) beginReplacement(ctx context.Context, by *Account, t *Template, key string, request any, actions []Action) (a *Application, again bool, err error) {
	if err := CheckKey(key); err != nil {
		return nil, false, err
	}
	id, err := randomText(s.Rand, caseIDLength)
	if err != nil {
		return nil, false, err
	}
	a = s.begin(id, t, actions)
	digest, err := digestOf(actions[len(actions)-1].Kind, a.Replaces(), request)
	if err != nil {
		return nil, false, err
	}
	now, before := actions[0].At, ""
	err = s.Store.Tx(ctx, func(ctx context.Context) (err error) {
		if before, err = s.Store.Remember(ctx, by.ID, key, digest, id, now); err != nil || before != "" {
			return err
		}
		old, _, err := s.replaceable(ctx, a)
		switch {
		case err != nil:
			return err
		case !old.Expires.IsZero() && !now.Before(old.Expires):
			return fail(ErrState, "这份证明已过期，请重新办理", "The certificate has expired; please start a new case")
		}
		if err := s.put(ctx, a, 0); err != nil {
			return err
		}
		if err := s.Store.LinkReplacement(ctx, old.Code, id); err != nil {
			return err
		}
		return s.Store.Record(ctx, Event{At: now, Kind: "replacement-begun", Subject: old.Code, By: by.ID, Detail: id})
	})
	if err == nil && before != "" {
		return &Application{ID: before}, true, nil
	}
	return a, false, err
}

// CheckKey checks an idempotency key.
func CheckKey(key string) error {
	if key == "" || len(key) > 200 {
		return fail(ErrPrecondition, "请在 Idempotency-Key 中给出 1 到 200 个字符的唯一键", "Please give a unique key of 1 to 200 characters in Idempotency-Key")
	}
	return nil
}

// digestOf tells one request from another under the same idempotency key.
func digestOf(kind ActionKind, about string, request any) ([32]byte, error) {
	b, err := json.Marshal([]any{kind, about, request})
	if err != nil {
		return [32]byte{}, fmt.Errorf("digest the request: %w", err)
	}
	return sha256.Sum256(b), nil
}

// The causes when a certificate cannot be replaced: for good, since it is no
// longer in force, or until a proposed revocation is decided.
var (
	errMoot    = errors.New("nothing left to replace")
	errPending = errors.New("a revocation is proposed")
)

var mootText = Text{"原证明已撤销或已被替代，本办件不能签发，已终止", "The certificate to be replaced was revoked or superseded; this case cannot be issued and has ended"}

// replaceable reads the certificate that a case is to replace, with the case it
// came of. The cause is errMoot when it has ended. A revocation that waits for
// its second person is waited for: its outcome must not be forestalled.
func (s *Service) replaceable(ctx context.Context, a *Application) (*Certificate, *Case, error) {
	cert, err := s.Store.Certificate(ctx, a.Replaces())
	if err != nil {
		return nil, nil, fmt.Errorf("read the certificate that case %s replaces: %w", a.ID, err)
	}
	old, err := s.load(ctx, cert.Application)
	if err != nil {
		return nil, nil, err
	}
	life := LifeOf(old.Actions)
	if err := life.mayBeReplaced(); err != nil {
		return nil, nil, err
	}
	return cert, old, nil
}

// mayBeReplaced tells whether what has happened so far leaves something to replace.
func (l *Life) mayBeReplaced() error {
	switch {
	case l.Ended != nil:
		return &Error{Kind: ErrState, Text: mootText, Cause: errMoot}
	case l.Proposed != nil:
		return &Error{Kind: ErrState, Text: Text{"原证明有撤销提议待决定，决定之后才能更正或补发", "A revocation of the certificate is proposed; it can be corrected or issued again once that is decided"}, Cause: errPending}
	}
	return nil
}

// succeed makes a new record the successor of the one that its case replaces:
// the same serial, the next version that nobody has taken. A reissue ends when
// the old one would have.
func (s *Service) succeed(ctx context.Context, c *Case, cert *Certificate, n *Number) error {
	old, _, err := s.replaceable(ctx, c.Application)
	if err != nil {
		return err
	}
	first, err := ParseNumber(old.Number)
	if err != nil {
		return fmt.Errorf("number of certificate %s: %w", old.Code, err)
	}
	n.Serial, n.Version = first.Serial, first.Version
	newest, err := s.Store.NewestNumber(ctx, strings.Join([]string{numberPrefix, n.Type, n.Issuer, n.Serial, ""}, "."))
	if err != nil {
		return err
	}
	if last, err := ParseNumber(newest); newest != "" && err == nil {
		n.Version = max(n.Version, last.Version)
	}
	if n.Version++; n.Version > 999 {
		return fail(ErrUnavailable, "这份证明已换发 999 次，请重新办理", "This certificate was replaced 999 times; please start a new case")
	}
	if c.reissues() {
		cert.Expires = old.Expires
	}
	return nil
}

// supersede ends the certificate that a case replaces, in the transaction that
// makes the new one valid. It comes first: no two of a lineage are ever in force.
func (s *Service) supersede(ctx context.Context, c *Case, successor string, now time.Time) (*Certificate, error) {
	cert, old, err := s.replaceable(ctx, c.Application)
	if err != nil {
		return nil, err
	}
	x := Action{At: now, Kind: Supersede, By: SystemActor, Name: SystemActor, Code: successor, Reason: "corrected"}
	if c.reissues() {
		x.Reason = "reissued"
	}
	next := old.with(x)
	life := LifeOf(next.Actions)
	after := life.Mark(cert)
	if err := s.Store.SetStatus(ctx, after, cert.Status); err != nil {
		return nil, err
	}
	if err := s.put(ctx, next, old.Version); err != nil {
		return nil, err
	}
	return after, s.Store.Record(ctx, Event{At: now, Kind: "certificate-superseded", Subject: cert.Code, By: SystemActor, Detail: successor})
}

// endMoot ends a case that has nothing left to replace: rejected, its number, if
// it has one, void. It returns why.
func (s *Service) endMoot(ctx context.Context, id string, why error) error {
	err := s.stopIssuing(ctx, id, Moot, func(ctx context.Context, c *Case, x *Action) error {
		return s.Store.Record(ctx, Event{At: x.At, Kind: "replacement-moot", Subject: c.Replaces(), By: SystemActor, Detail: id})
	})
	if err != nil {
		return err
	}
	return why
}
