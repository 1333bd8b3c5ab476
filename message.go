package yinzheng

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Message is what a resident is told outside the program. Until it is delivered or
// given up it holds personal data, which is in no log, event or error.
type Message struct {
	ID       string // the same at every attempt; drawn by Enqueue, unless it follows from what the message tells of
	Channel  MessageChannel
	To       string // as ParseContact gives it
	Language string // zh or en
	Kind     string // KindCode, KindTrial, or a capability's own, such as case-returned
	Subject  string // of a mail
	Body     string
	Stop     string    // address at which who gets it stops further ones; empty: none will follow by themselves
	About    string    // the case, if any
	At       time.Time // set by Enqueue
	Expires  time.Time // it is given up then; zero: MaxDelivery after At
}

// Kinds of message that anybody may have sent again and again, so that there is a
// limit for each recipient.
const (
	KindCode  = "code"  // a one-time code
	KindTrial = "trial" // an administrator tries the way
)

// MaxDelivery is how long a message is tried.
const MaxDelivery = 3 * 24 * time.Hour

// The limits for what anybody may have sent to somebody.
const (
	codePause   = time.Minute
	codesAnHour = 5
)

// DeliveryState is what has become of a message.
type DeliveryState string

// The states of a delivery.
const (
	MessageWaiting DeliveryState = "waiting"
	MessageSent    DeliveryState = "sent" // a gateway has taken it
	MessageGivenUp DeliveryState = "given-up"
)

// Delivery is a message and how far it has come. One that no longer waits has no
// recipient, subject, body and address to stop any more.
type Delivery struct {
	Message
	Masked  string // the recipient, for administrators
	State   DeliveryState
	Version int
	Tries   int
	Due     time.Time // when it is tried next
	Lease   time.Time // until when somebody is trying it; zero: nobody
	Done    time.Time // zero: it waits
	Reason  string    // why the last attempt failed (FailureText)
}

// DeliveryCount is how many messages there are on a channel.
type DeliveryCount struct {
	Channel MessageChannel
	Waiting int
	Oldest  time.Time // when the first of those that wait was kept
	Sent    int       // since the moment asked for, as the last
	GivenUp int
}

// Outbox keeps messages to residents until they are delivered.
type Outbox interface {
	// Enqueue keeps messages that wait from now on, in the transaction of what they
	// tell of.
	Enqueue(ctx context.Context, messages ...Message) error
	// DueMessages lists those on a channel that are due and that nobody is trying: of
	// what expires within the hour what expires first first, such as codes, and then what
	// has been due longest.
	DueMessages(ctx context.Context, channel MessageChannel, now time.Time, limit int) ([]*Delivery, error)
	// PutDelivery keeps how far a message has come; ErrConflict unless it waits at the
	// version before.
	PutDelivery(ctx context.Context, d *Delivery) error
	// Deliveries lists those in a state, newest first, without recipient, subject and
	// body.
	Deliveries(ctx context.Context, state DeliveryState, limit int) ([]*Delivery, error)
	// CountDeliveries counts each channel's, those that are done since a moment.
	CountDeliveries(ctx context.Context, since time.Time) ([]DeliveryCount, error)
	// HurryMessages makes every message that waits, and that nobody is trying, due
	// now, and counts them.
	HurryMessages(ctx context.Context, now time.Time) (int, error)
	// AddRequest notes that something is sent to the recipient of a mark at somebody's
	// wish, and returns when it was since a moment and until then, oldest first.
	AddRequest(ctx context.Context, mark string, at, since time.Time) ([]time.Time, error)
	// ForgetRequests forgets the marks from before a moment.
	ForgetRequests(ctx context.Context, before time.Time) error
}

// CanSend tells whether messages on a channel are delivered here at all.
func (s *Service) CanSend(channel MessageChannel) bool { return slices.Contains(s.Channels, channel) }

// Enqueue keeps messages that are delivered once the transaction that ctx carries, or
// else one of its own, is kept: all of them or none. ErrState where nobody serves a
// channel (CanSend), ErrTooMany when a code or a trial was sent to the same recipient a
// moment ago, ErrInvalid for an address that cannot be one.
func (s *Service) Enqueue(ctx context.Context, messages ...Message) error {
	now := s.now()
	ready := make([]Message, len(messages))
	for i := range messages {
		m, err := s.readyToSend(messages[i], now)
		if err != nil {
			return err
		}
		ready[i] = m
	}
	return s.Store.Tx(ctx, func(ctx context.Context) error {
		for i := range ready {
			if err := s.mayBeAsked(ctx, &ready[i]); err != nil {
				return err
			}
		}
		return s.Store.Enqueue(ctx, ready...)
	})
}

// readyToSend is a message with everything that Enqueue sets.
func (s *Service) readyToSend(m Message, now time.Time) (Message, error) {
	to, err := ParseContact(m.To)
	switch {
	case err != nil:
		return m, err
	case to.Channel != m.Channel:
		return m, contactFault("channel", "联系方式与发送渠道不符", "This address is not one of that channel")
	case !s.CanSend(m.Channel):
		return m, errNoChannel(m.Channel)
	}
	m.To, m.At = to.Address, now
	if m.Expires.IsZero() {
		m.Expires = now.Add(MaxDelivery)
	}
	if err := m.check(); err != nil {
		return m, err
	}
	if m.ID == "" {
		m.ID, err = randomText(s.Rand, 16)
	}
	return m, err
}

func errNoChannel(c MessageChannel) error {
	name := channelNames[c]
	return &Error{Kind: ErrState, Text: Text{"本系统没有开通" + name.ZH + "，请到窗口办理", "No " + name.EN + " is sent from here; please ask at the counter"}}
}

// check finds what no caller of ours should make: a text that could end a mail's
// head, or that no gateway takes. It quotes nothing of it.
func (m *Message) check() error {
	switch {
	case !m.Expires.After(m.At) || m.Expires.After(m.At.Add(MaxDelivery)):
		return fmt.Errorf("message %s: expires at %v", m.Kind, m.Expires)
	case m.Kind == "" || m.Language != "zh" && m.Language != "en":
		return fmt.Errorf("message %q: no kind, or language %q", m.Kind, m.Language)
	case !sendable(m.Subject, 200, "") || m.Channel == Mail && m.Subject == "":
		return fmt.Errorf("message %s: its subject cannot be sent", m.Kind)
	case !sendable(m.Body, longestBody[m.Channel], "\n") || m.Body == "":
		return fmt.Errorf("message %s: its body cannot be sent", m.Kind)
	}
	return nil
}

// longestBody is how many characters a channel takes.
var longestBody = map[MessageChannel]int{Mail: 20000, SMS: 500}

// sendable tells whether a text is UTF-8 of so many characters, without any control
// character but those allowed.
func sendable(text string, most int, allowed string) bool {
	return utf8.ValidString(text) && utf8.RuneCountInString(text) <= most &&
		!strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && !strings.ContainsRune(allowed, r) })
}

// mayBeAsked refuses what was sent to the same recipient a moment ago, so that nobody
// floods a telephone; ErrTooMany.
func (s *Service) mayBeAsked(ctx context.Context, m *Message) error {
	if m.Kind != KindCode && m.Kind != KindTrial {
		return nil
	}
	before, err := s.Store.AddRequest(ctx, recipientMark(m), m.At, m.At.Add(-time.Hour))
	if err != nil || len(before) == 0 {
		return err
	}
	free := before[len(before)-1].Add(codePause)
	if n := len(before) - codesAnHour; n >= 0 {
		if hour := before[n].Add(time.Hour); hour.After(free) {
			free = hour
		}
	}
	if wait := free.Sub(m.At); wait > 0 {
		seconds := int((wait + time.Second - 1) / time.Second)
		return fail(ErrTooMany, "发送过于频繁，请 %d 秒后再试", "Something was sent there a moment ago; please try again in %d seconds", seconds)
	}
	return nil
}

// recipientMark tells recipients apart. Whoever has it can find a telephone number by
// trying all of them, so that it is forgotten with the hour that it serves.
func recipientMark(m *Message) string {
	sum := sha256.Sum256([]byte(string(m.Channel) + " " + strings.ToLower(m.To)))
	return hex.EncodeToString(sum[:])
}

// failureTexts says in words why an attempt failed, by the word that Delivery.Reason
// begins with; a number after it is what the gateway answered.
var failureTexts = map[string]Text{
	"expired":     {"超过时限未能送达", "not delivered in time"},
	"unreachable": {"连不上网关", "the gateway cannot be reached"},
	"timeout":     {"网关没有及时应答", "the gateway did not answer in time"},
	"tls":         {"网关的加密连接或证书不可信", "the gateway's TLS or certificate is not trusted"},
	"sign-in":     {"网关不接受账号", "the gateway does not accept our account"},
	"refused":     {"收件地址被拒收", "the recipient was refused"},
	"answer":      {"网关暂不受理", "the gateway did not take it"},
	"redirect":    {"网关要求转向，未跟随", "the gateway redirected, which is not followed"},
	"inward":      {"网关地址在内网，未经许可", "the gateway's address is inside the network, and not allowed"},
}

// FailureText says in words why an attempt failed.
func FailureText(reason string) Text {
	word, number, _ := strings.Cut(reason, " ")
	t, known := failureTexts[word]
	switch {
	case !known:
		return Text{reason, reason}
	case number != "":
		return Text{t.ZH + "（" + number + "）", t.EN + " (" + number + ")"}
	}
	return t
}
