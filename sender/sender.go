// Package sender delivers the messages that wait in the outbox: by mail over SMTP,
// and to the gateways of text messages by a signed HTTP hook.
//
// A message goes out at least once. Whoever tries it holds a lease, so that several
// processes may work on one outbox; one that ends between handing a message over and
// noting so leaves it to the next, which sends it again under the same ID.
package sender

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"yinzheng"
)

// Way takes the messages of one channel to a gateway.
type Way interface {
	// Send hands a message over; nil once the gateway has taken it. It ends within
	// half a minute. What it cannot do is a *Fault.
	Send(ctx context.Context, m *yinzheng.Message) error
}

// Fault is why a message was not taken. It says nothing of the message.
type Fault struct {
	Reason string // as yinzheng.FailureText reads it
	Final  bool   // it would be the same tomorrow
	Cause  error  // of a connection that failed before anything of the message was said, for the operator's log
}

func (f *Fault) Error() string {
	if f.Cause != nil {
		return f.Reason + ": " + f.Cause.Error()
	}
	return f.Reason
}

// Config is what a Sender is made of.
type Config struct {
	Outbox yinzheng.Outbox
	Ways   map[yinzheng.MessageChannel]Way
	Now    func() time.Time
	Log    *slog.Logger
}

// Sender delivers messages.
type Sender struct{ Config }

// New returns a Sender that delivers on the channels that there are ways for.
func New(c Config) *Sender { return &Sender{c} }

// Channels are those that there are ways for.
func (s *Sender) Channels() []yinzheng.MessageChannel {
	var served []yinzheng.MessageChannel
	for _, c := range yinzheng.MessageChannels {
		if s.Ways[c] != nil {
			served = append(served, c)
		}
	}
	return served
}

const (
	atOnce = 8 // messages that a channel has under way: a gateway that hangs holds up no more
	// lease is longer than any attempt takes.
	lease = time.Minute
	pause = time.Second // between two looks at an outbox in which nothing is due
)

// Keep delivers until ctx ends, and returns once nothing is under way.
func (s *Sender) Keep(ctx context.Context) {
	var working sync.WaitGroup
	for _, channel := range yinzheng.MessageChannels { // one that hangs does not hold up the other
		working.Go(func() {
			s.keep(ctx, pause, func() (again bool) {
				tried, err := s.round(ctx, channel)
				s.complain(ctx, err)
				return tried == atOnce && err == nil
			})
		})
	}
	working.Go(func() {
		s.keep(ctx, time.Minute, func() bool {
			s.complain(ctx, s.Outbox.ForgetRequests(ctx, s.Now().Add(-time.Hour)))
			return false
		})
	})
	working.Wait()
}

// keep does something over and over, with a pause unless there is more to do.
func (s *Sender) keep(ctx context.Context, pause time.Duration, do func() (again bool)) {
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for {
		if do() && ctx.Err() == nil {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (s *Sender) complain(ctx context.Context, err error) {
	if err != nil && ctx.Err() == nil {
		s.Log.ErrorContext(ctx, "delivering messages; tried again soon", "error", err)
	}
}

// Deliver tries what is due on every channel, once.
func (s *Sender) Deliver(ctx context.Context) error {
	for _, channel := range yinzheng.MessageChannels {
		for {
			tried, err := s.round(ctx, channel)
			if err != nil {
				return err
			}
			if tried < atOnce {
				break
			}
		}
	}
	return nil
}

// round tries some of what is due on a channel, and returns how many that were.
func (s *Sender) round(ctx context.Context, channel yinzheng.MessageChannel) (tried int, err error) {
	due, err := s.Outbox.DueMessages(ctx, channel, s.Now(), atOnce)
	if err != nil {
		return 0, err
	}
	if s.Ways[channel] == nil { // what an earlier setting let in is given up in its time
		for len(due) > 0 && s.Now().Before(due[len(due)-1].Expires) {
			due = due[:len(due)-1]
		}
	}
	failed := yinzheng.AtOnce(ctx, len(due), atOnce, func(inner context.Context, i int) error {
		err := s.try(ctx, inner, due[i])
		if errors.Is(err, yinzheng.ErrConflict) { // another process was faster
			return nil
		}
		return err
	})
	return len(due), errors.Join(failed...)
}

// try makes one attempt at a message, and notes on ctx's end by itself what came of
// it: noting may not be cut off.
func (s *Sender) try(ctx, noting context.Context, d *yinzheng.Delivery) error {
	if now := s.Now(); !now.Before(d.Expires) {
		return s.end(noting, *d, yinzheng.MessageGivenUp, cmp.Or(d.Reason, "expired"))
	}
	begun := *d
	begun.Version++
	begun.Tries++
	begun.Lease = s.Now().Add(lease)
	if err := s.Outbox.PutDelivery(noting, &begun); err != nil {
		return err
	}
	err := s.Ways[d.Channel].Send(ctx, &d.Message)
	var fault *Fault
	switch {
	case err == nil:
		return s.end(noting, begun, yinzheng.MessageSent, "")
	case ctx.Err() != nil: // cut off: the lease ends by itself
		return nil
	case !errors.As(err, &fault):
		return err
	case fault.Final:
		return s.end(noting, begun, yinzheng.MessageGivenUp, fault.Reason)
	}
	log := s.Log.With("message", d.ID, "channel", d.Channel, "tries", begun.Tries, "reason", fault.Reason)
	if fault.Cause != nil {
		log = log.With("error", fault.Cause) // apart, and as an error: what it quotes is left out
	}
	log.WarnContext(ctx, "a message was not taken; tried again later")
	return s.Outbox.PutDelivery(noting, again(begun, s.Now(), fault.Reason))
}

// again is a delivery whose attempt failed, to be tried later: after 5 s, then twice
// as long each time, up to an hour; looked at once more when it expires.
func again(d yinzheng.Delivery, now time.Time, reason string) *yinzheng.Delivery {
	d.Version++
	d.Lease, d.Reason = time.Time{}, reason
	d.Due = now.Add(min(5*time.Second<<min(d.Tries-1, 10), time.Hour))
	if d.Due.After(d.Expires) {
		d.Due = d.Expires
	}
	return &d
}

// end notes what has become of a message; nothing is kept of whom and what.
func (s *Sender) end(ctx context.Context, d yinzheng.Delivery, state yinzheng.DeliveryState, reason string) error {
	d.Version++
	d.State, d.Reason, d.Done, d.Lease = state, reason, s.Now(), time.Time{}
	d.To, d.Subject, d.Body, d.Stop = "", "", "", ""
	err := s.Outbox.PutDelivery(ctx, &d)
	if err == nil && state == yinzheng.MessageGivenUp {
		s.Log.WarnContext(ctx, "a message is given up", "message", d.ID, "channel", d.Channel, "kind", d.Kind, "tries", d.Tries, "reason", reason)
	}
	return err
}
