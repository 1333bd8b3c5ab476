package yinzheng

import (
	"context"
	"time"
)

// Kinds of the events about messages; the subject is a channel, or all of them.
const (
	EventMessageTrial  = "message-trial"   // an administrator had a trial sent
	EventMessagesHurry = "message-hurried" // all that waited were tried at once
)

// shownDeliveries is how many of each state administrators see.
const shownDeliveries = 50

// DeliveryView is a delivery as administrators see it: without recipient, subject and
// body.
type DeliveryView struct {
	ID      string
	Channel MessageChannel
	Kind    string
	Masked  string
	At      time.Time
	Tries   int
	Due     time.Time // zero: it does not wait
	Done    time.Time // zero: it waits
	Reason  Text      // empty: no attempt has failed
}

// OutboxView is how the delivery of messages stands.
type OutboxView struct {
	Served  []MessageChannel // on which messages are delivered
	Counts  []DeliveryCount  // of every channel; of what is done, the last 24 hours
	Waiting []DeliveryView   // the newest, as the others
	GivenUp []DeliveryView
	Sent    []DeliveryView
}

// Messages shows how the delivery of messages stands, to administrators of a topmost
// office; ErrForbidden.
func (s *Service) Messages(ctx context.Context, by *Account) (*OutboxView, error) {
	if err := s.mayRun(by); err != nil {
		return nil, err
	}
	v := &OutboxView{Served: s.Channels}
	var err error
	if v.Counts, err = s.CountMessages(ctx); err != nil {
		return nil, err
	}
	for state, list := range map[DeliveryState]*[]DeliveryView{MessageWaiting: &v.Waiting, MessageGivenUp: &v.GivenUp, MessageSent: &v.Sent} {
		kept, err := s.Store.Deliveries(ctx, state, shownDeliveries)
		if err != nil {
			return nil, err
		}
		for _, d := range kept {
			*list = append(*list, d.view())
		}
	}
	return v, nil
}

// CountMessages counts each channel's messages; of those that are done, the last 24
// hours'. It is for meters, which ask without an account.
func (s *Service) CountMessages(ctx context.Context) ([]DeliveryCount, error) {
	return s.Store.CountDeliveries(ctx, s.now().AddDate(0, 0, -1))
}

func (d *Delivery) view() DeliveryView {
	v := DeliveryView{ID: d.ID, Channel: d.Channel, Kind: d.Kind, Masked: d.Masked, At: d.At, Tries: d.Tries, Done: d.Done}
	if d.State == MessageWaiting {
		v.Due = d.Due
	}
	if d.Reason != "" {
		v.Reason = FailureText(d.Reason)
	}
	return v
}

// HurryMessages has every message that waits tried at once, and counts them, for
// administrators of a topmost office; ErrForbidden. What was given up holds no
// recipient any more and cannot be sent again.
func (s *Service) HurryMessages(ctx context.Context, by *Account) (int, error) {
	if err := s.mayRun(by); err != nil {
		return 0, err
	}
	var n int
	now := s.now()
	err := s.Store.Tx(ctx, func(ctx context.Context) (err error) {
		if n, err = s.Store.HurryMessages(ctx, now); err != nil || n == 0 {
			return err
		}
		return s.Store.Record(ctx, Event{At: now, Kind: EventMessagesHurry, Subject: "all", By: by.ID})
	})
	return n, err
}

// TryContact has a trial sent to a contact, so that an administrator of a topmost
// office sees with their own telephone that messages arrive. ErrForbidden, ErrInvalid,
// ErrTooMany, and ErrState where nobody serves the channel.
func (s *Service) TryContact(ctx context.Context, by *Account, contact, language string) error {
	if err := s.mayRun(by); err != nil {
		return err
	}
	to, err := ParseContact(contact)
	if err != nil {
		return err
	}
	m := Message{Channel: to.Channel, To: to.Address, Language: language, Kind: KindTrial, Subject: trialSubject.In(language), Body: trialBody.In(language)}
	m.Expires = s.now().Add(time.Hour)
	return s.Store.Tx(ctx, func(ctx context.Context) error {
		if err := s.Enqueue(ctx, m); err != nil {
			return err
		}
		return s.Store.Record(ctx, Event{At: s.now(), Kind: EventMessageTrial, Subject: string(to.Channel), By: by.ID})
	})
}

var (
	trialSubject = Text{"印证：试发一条消息", "Yinzheng: a trial message"}
	trialBody    = Text{"【印证】这是一条试发消息，收到即说明发送正常，不用回复。", "Yinzheng: this is a trial. If you can read it, messages arrive. No answer is needed."}
)
