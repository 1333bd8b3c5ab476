package yinzheng

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strconv"
	"time"
)

// courseRule says what residents are told when something is done to their case.
type courseRule struct {
	kind string                                 // of the message
	when func(c *Case, x *Action) bool          // nil: always
	day  func(c *Case, x *Action) (d time.Time) // end of the limit that the message names; nil: none
}

// courseRules are the actions of a case that its residents are told of; where there are
// several rules, the first that holds. Everything else is between the offices, or was
// done by the residents or before their eyes.
var courseRules = map[ActionKind][]courseRule{
	Submit: {{kind: "case-handed-in", when: firstHandedIn, day: promisedDay}},
	Return: {{kind: "case-returned", when: toResident, day: limitOf}},
	Recall: {{kind: "case-returned", day: limitOf}},
	Halt:   {{kind: "case-returned", day: limitOf}},
	Remind: {
		{kind: "case-material-due", when: aboutGap, day: gapDay},
		{kind: "case-mend-due", when: stillReturned, day: limitOf},
	},
	Overdue:  {{kind: "case-material-overdue", day: func(_ *Case, x *Action) time.Time { return x.Due }}},
	Issue:    {{kind: "case-issued"}},
	Reject:   {{kind: "case-rejected"}},
	Withdraw: {{kind: "case-ended"}},
	Lapse:    {{kind: "case-ended"}},
	Moot:     {{kind: "case-ended"}},

	Suspend:           {{kind: "certificate-suspended"}},
	ProposeRevocation: {{kind: "certificate-suspended", when: notSuspendedBefore}},
	Lift:              {{kind: "certificate-restored"}},
	DeclineRevocation: {{kind: "certificate-restored", when: notSuspendedBefore}},
	Revoke:            {{kind: "certificate-revoked"}},
	Supersede:         {{kind: "certificate-superseded"}},
}

func firstHandedIn(c *Case, x *Action) bool {
	return !slices.ContainsFunc(c.Actions[:x.Seq-1], func(x Action) bool { return x.handsIn() })
}

func promisedDay(c *Case, x *Action) time.Time { return c.followed(x.At).Promised }

// toResident tells whether a return goes to the counter, and not to an earlier step.
func toResident(c *Case, x *Action) bool { return c.Template.StepIndex(x.ToStep) < 0 }

func limitOf(c *Case, _ *Action) time.Time { return c.Due }

func aboutGap(c *Case, x *Action) bool { return x.Material != "" && c.gap(x.Material) != nil }

func gapDay(c *Case, x *Action) time.Time { return c.gap(x.Material).due }

func stillReturned(c *Case, x *Action) bool { return x.Material == "" && c.State == Returned }

// notSuspendedBefore tells whether a proposal, or what ends it, changes whether the
// certificate can be used.
func notSuspendedBefore(c *Case, x *Action) bool {
	life := LifeOf(c.Actions[:x.Seq-1])
	return life.Suspended == nil
}

// News is something that residents are told of: what was done to a case or a request.
type News struct {
	Kind     string // one of Letters
	ItemName Text
	About    string    // the case or request
	Act      int       // which of its acts: no act is told twice
	Day      time.Time // end of the limit that is named; zero: none
	To       []string  // Resident.Key of whom it is told; of two with one address the first counts
}

// put writes a case at the version that was seen, with the messages that tell its
// residents of what is new in it, in the transaction that ctx carries. Every case is
// written by it.
func (s *Service) put(ctx context.Context, a *Application, seen int) error {
	if err := s.Store.SaveApplication(ctx, a, seen); err != nil {
		return err
	}
	if len(s.Channels) == 0 || !a.submitted() {
		return nil
	}
	for i := seen; i < len(a.Actions); i++ {
		if err := s.tellOf(ctx, a, &a.Actions[i]); err != nil {
			return err
		}
	}
	return nil
}

// tellOf tells the residents of a case of an action, if they are told of such.
func (s *Service) tellOf(ctx context.Context, a *Application, x *Action) error {
	if len(courseRules[x.Kind]) == 0 {
		return nil
	}
	t, err := s.TemplateVersion(a.Template)
	if err != nil {
		return err
	}
	c := &Case{a, t, s.Directory(), s.calendar.Load()}
	news := c.news(x)
	if news == nil {
		return nil
	}
	news.To = append([]string{(&Resident{Case: a.ID}).Key()}, c.residentMarks()...)
	return s.Tell(ctx, news)
}

// news is what residents are told of an action; nil: nothing.
func (c *Case) news(x *Action) *News {
	rules := courseRules[x.Kind]
	i := slices.IndexFunc(rules, func(r courseRule) bool { return r.when == nil || r.when(c, x) })
	if i < 0 {
		return nil
	}
	n := &News{Kind: rules[i].kind, ItemName: c.Template.Name, About: c.ID, Act: x.Seq}
	if rules[i].day != nil {
		n.Day = rules[i].day(c, x)
	}
	return n
}

// TellHandedIn tells a contact that a clerk has just noted that the case was handed in:
// there was nobody to tell before. Nothing is told of a case that has come further.
func (s *Service) TellHandedIn(ctx context.Context, id string) error {
	c, err := s.load(ctx, id)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(c.Actions, func(x Action) bool { return x.Kind == Submit })
	if i < 0 || c.State != Submitted {
		return nil
	}
	news := c.news(&c.Actions[i])
	if news == nil {
		return nil
	}
	news.To = []string{(&Resident{Case: id}).Key()}
	return s.Tell(ctx, news)
}

// Tell keeps messages with news for everybody whom it concerns, who has a contact that
// is served and takes such news, in the transaction that ctx carries. Nobody's contact
// keeps what is told from being done.
func (s *Service) Tell(ctx context.Context, n *News) error {
	var told []Contact
	for _, key := range n.To {
		to, err := s.Store.ContactOf(ctx, key)
		if errors.Is(err, ErrNotFound) || err == nil && slices.Contains(told, to.Contact) {
			continue
		}
		if err != nil {
			return err
		}
		told = append(told, to.Contact)
		if err := s.send(ctx, to, n); err != nil {
			return err
		}
	}
	return nil
}

// TellGone tells a contact that it is none any more, whatever it takes otherwise: it may
// have been changed by somebody else.
func (s *Service) TellGone(ctx context.Context, old *ResidentContact) error {
	return s.send(ctx, old, &News{Kind: KindContactGone})
}

func (s *Service) send(ctx context.Context, to *ResidentContact, n *News) error {
	if n.Kind != KindContactGone && !to.Wants.take(letters[n.Kind].Asks) || !s.CanSend(to.Channel) {
		return nil
	}
	m, err := s.readyToSend(n.message(to, s.PublicURL), s.now())
	if err != nil {
		s.Log.ErrorContext(ctx, "a message cannot be written", "kind", n.Kind, "about", n.About, "reason", reason(err))
		return nil
	}
	return s.Store.Enqueue(ctx, m)
}

// id is that of the message which tells a contact of news, and of no other.
func (n *News) id(to *ResidentContact) string {
	sum := sha256.Sum256([]byte("news\x00" + n.Kind + "\x00" + n.About + "\x00" + strconv.Itoa(n.Act) + "\x00" + to.Secret))
	return hex.EncodeToString(sum[:12])
}
