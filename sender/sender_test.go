package sender_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"yinzheng"
	"yinzheng/sender"
	"yinzheng/store"
)

// post is a sender at work on an outbox of its own, with a clock of the test's.
type post struct {
	*sender.Sender
	t      *testing.T
	outbox *store.Store
	log    *bytes.Buffer
	mu     sync.Mutex
	now    time.Time
}

func newPost(t *testing.T, ways map[yinzheng.MessageChannel]sender.Way) *post {
	t.Helper()
	kept, err := store.OpenMemory(t.Context())
	must(t, err)
	t.Cleanup(func() { must(t, kept.Close()) })
	p := &post{t: t, outbox: kept, log: new(bytes.Buffer), now: now}
	p.Sender = p.another(kept, ways)
	return p
}

// another is a sender of another process.
func (p *post) another(outbox yinzheng.Outbox, ways map[yinzheng.MessageChannel]sender.Way) *sender.Sender {
	return sender.New(sender.Config{Outbox: outbox, Ways: ways, Now: p.clock, Log: yinzheng.NewLog(p.log, slog.LevelInfo)})
}

func (p *post) clock() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now
}

// pass lets time pass in steps, and has what is due delivered at each.
func (p *post) pass(d, step time.Duration) {
	p.t.Helper()
	for end := p.clock().Add(d); p.clock().Before(end); {
		p.mu.Lock()
		p.now = p.now.Add(step)
		p.mu.Unlock()
		must(p.t, p.Deliver(p.t.Context()))
	}
}

// stand is how many messages wait, were sent and were given up.
func (p *post) stand() string {
	p.t.Helper()
	var n []int
	for _, state := range []yinzheng.DeliveryState{yinzheng.MessageWaiting, yinzheng.MessageSent, yinzheng.MessageGivenUp} {
		list, err := p.outbox.Deliveries(p.t.Context(), state, 10000)
		must(p.t, err)
		n = append(n, len(list))
	}
	return fmt.Sprint(n)
}

func (p *post) one(state yinzheng.DeliveryState) *yinzheng.Delivery {
	p.t.Helper()
	list, err := p.outbox.Deliveries(p.t.Context(), state, 2)
	must(p.t, err)
	if len(list) != 1 {
		p.t.Fatalf("%d are %s", len(list), state)
	}
	return list[0]
}

// counted is a way that counts, and fails as long as fault is set.
type counted struct {
	mu    sync.Mutex
	sent  map[string]int
	tries []time.Time
	fault error
	now   func() time.Time
}

func (w *counted) Send(_ context.Context, m *yinzheng.Message) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.now != nil {
		w.tries = append(w.tries, w.now())
	}
	if w.fault != nil {
		return w.fault
	}
	if w.sent == nil {
		w.sent = map[string]int{}
	}
	w.sent[m.ID]++
	return nil
}

// TestDownForAnHour: a mail server that is away for an hour loses nothing; what waited
// is delivered once it is back, each once.
func TestDownForAnHour(t *testing.T) {
	x := newExim(t, true)
	p := newPost(t, map[yinzheng.MessageChannel]sender.Way{yinzheng.Mail: x.way(t, nil)})
	var list []yinzheng.Message
	for i := range 12 {
		list = append(list, *aMail(fmt.Sprintf("%016d", i)))
	}
	must(t, p.outbox.Enqueue(t.Context(), list...))
	must(t, x.Down())
	p.pass(time.Hour, time.Minute)
	if got := p.stand(); got != "[12 0 0]" {
		t.Fatalf("while it is away: %s", got)
	}
	if d := func() *yinzheng.Delivery {
		l, _ := p.outbox.Deliveries(t.Context(), yinzheng.MessageWaiting, 1)
		return l[0]
	}(); d.Reason != "unreachable" || d.Tries < 8 || d.Tries > 12 {
		t.Errorf("%d tries, %s", d.Tries, d.Reason)
	}
	must(t, x.Up())
	p.pass(time.Hour, time.Minute)
	if got := p.stand(); got != "[0 12 0]" {
		t.Fatalf("once it is back: %s", got)
	}
	ids := map[string]bool{}
	for _, raw := range x.delivered(12) {
		m, err := mail.ReadMessage(bytes.NewReader(raw))
		must(t, err)
		ids[m.Header.Get("Message-ID")] = true
	}
	if len(ids) != 12 {
		t.Errorf("%d different ones", len(ids))
	}
	if log := p.log.String(); strings.Contains(log, "zhang") || strings.Contains(log, "退回") {
		t.Errorf("the log tells whom and what: %.300s", log)
	}
}

// TestLogQuotesNothing: why a gateway could not be reached is in the log, and what is
// quoted of it is not.
func TestLogQuotesNothing(t *testing.T) {
	way := &counted{fault: &sender.Fault{Reason: "unreachable", Cause: errors.New(`malformed answer "to 13800000000"`)}}
	p := newPost(t, map[yinzheng.MessageChannel]sender.Way{yinzheng.SMS: way})
	must(t, p.outbox.Enqueue(t.Context(), *aText("0123456789ABCDEF")))
	must(t, p.Deliver(t.Context()))
	if log := p.log.String(); !strings.Contains(log, "reason=unreachable") || !strings.Contains(log, "malformed answer") || strings.Contains(log, "13800000000") {
		t.Errorf("the log: %s", log)
	}
}

// killed is an outbox whose process ends before the end of a message is noted.
type killed struct{ yinzheng.Outbox }

var errKilled = errors.New("killed")

func (k killed) PutDelivery(ctx context.Context, d *yinzheng.Delivery) error {
	if d.State != yinzheng.MessageWaiting {
		return errKilled
	}
	return k.Outbox.PutDelivery(ctx, d)
}

// TestKilledBeforeItIsNoted: what was handed over and not noted goes out again once the
// lease is over, under the same Message-ID.
func TestKilledBeforeItIsNoted(t *testing.T) {
	x := newExim(t, true)
	ways := map[yinzheng.MessageChannel]sender.Way{yinzheng.Mail: x.way(t, nil)}
	p := newPost(t, ways)
	must(t, p.outbox.Enqueue(t.Context(), *aMail("0123456789ABCDEF")))
	if err := p.another(killed{p.outbox}, ways).Deliver(t.Context()); !errors.Is(err, errKilled) {
		t.Fatal(err)
	}
	p.pass(50*time.Second, 10*time.Second)
	if got := p.stand(); got != "[1 0 0]" {
		t.Fatalf("during the lease: %s", got)
	}
	p.pass(10*time.Second, 10*time.Second)
	if got := p.stand(); got != "[0 1 0]" {
		t.Fatalf("after it: %s", got)
	}
	for _, raw := range x.delivered(2) {
		m, err := mail.ReadMessage(bytes.NewReader(raw))
		must(t, err)
		if id := m.Header.Get("Message-ID"); id != "<0123456789ABCDEF@zm.example.gov.cn>" {
			t.Errorf("Message-ID %s", id)
		}
	}
}

// TestSeveralProcesses: of several senders on one outbox one sends each message.
func TestSeveralProcesses(t *testing.T) {
	w := new(counted)
	ways := map[yinzheng.MessageChannel]sender.Way{yinzheng.SMS: w}
	p := newPost(t, ways)
	for i := range 60 {
		must(t, p.outbox.Enqueue(t.Context(), *aText(fmt.Sprintf("%016d", i))))
	}
	var working sync.WaitGroup
	for range 4 {
		working.Go(func() {
			if err := p.another(p.outbox, ways).Deliver(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	working.Wait()
	must(t, p.Deliver(t.Context()))
	if got := p.stand(); got != "[0 60 0]" || len(w.sent) != 60 {
		t.Errorf("%s, %d sent", got, len(w.sent))
	}
	for id, n := range w.sent {
		if n != 1 {
			t.Errorf("%s was sent %d times", id, n)
		}
	}
}

// TestPatience: tried after seconds, then up to an hour apart, for three days; a code
// until it expires; what is refused for good once. Then nothing of it is left.
func TestPatience(t *testing.T) {
	for name, c := range map[string]struct {
		life  time.Duration
		fault error
		tries int
		gaps  []time.Duration
		after string
	}{
		"three days":   {yinzheng.MaxDelivery, &sender.Fault{Reason: "answer 500"}, 81, []time.Duration{5 * time.Second, 10 * time.Second, 20 * time.Second, 40 * time.Second, 80 * time.Second, 160 * time.Second, 320 * time.Second, 640 * time.Second, 1280 * time.Second, 2560 * time.Second, time.Hour, time.Hour}, "answer 500"},
		"a code":       {10 * time.Minute, &sender.Fault{Reason: "timeout"}, 7, []time.Duration{5 * time.Second, 10 * time.Second}, "timeout"},
		"for good":     {yinzheng.MaxDelivery, &sender.Fault{Reason: "refused 422", Final: true}, 1, nil, "refused 422"},
		"gone already": {time.Nanosecond, nil, 0, nil, "expired"},
	} {
		t.Run(name, func(t *testing.T) {
			w := &counted{fault: c.fault}
			p := newPost(t, map[yinzheng.MessageChannel]sender.Way{yinzheng.SMS: w})
			w.now = p.clock
			m := aText("0123456789ABCDEF")
			m.Expires = now.Add(c.life)
			must(t, p.outbox.Enqueue(t.Context(), *m))
			p.pass(time.Hour+30*time.Minute, 5*time.Second)
			p.pass(yinzheng.MaxDelivery, time.Minute)
			if len(w.tries) != c.tries {
				t.Errorf("%d tries", len(w.tries))
			}
			for i, want := range c.gaps {
				if gap := w.tries[i+1].Sub(w.tries[i]); gap < want || gap > want+time.Minute {
					t.Errorf("%v after try %d, want %v", gap, i+1, want)
				}
			}
			d := p.one(yinzheng.MessageGivenUp)
			if d.Reason != c.after || d.Tries != c.tries || d.To+d.Body+d.Subject != "" || d.Done.Sub(now) > c.life+time.Minute {
				t.Errorf("%+v", d)
			}
		})
	}
}

// TestNobodyServes: what an earlier setting let in waits for its gateway, and is given
// up in its time.
func TestNobodyServes(t *testing.T) {
	p := newPost(t, nil)
	if c := p.Channels(); len(c) != 0 {
		t.Errorf("served: %v", c)
	}
	m := aText("0123456789ABCDEF")
	must(t, p.outbox.Enqueue(t.Context(), *m))
	p.pass(9*time.Minute, time.Minute)
	if got := p.stand(); got != "[1 0 0]" {
		t.Errorf("before it expires: %s", got)
	}
	p.pass(time.Minute, time.Minute)
	if d := p.one(yinzheng.MessageGivenUp); d.Reason != "expired" || d.Tries != 0 {
		t.Errorf("%+v", d)
	}
}

// TestKeep: a channel that hangs holds up no other, nor the end.
func TestKeep(t *testing.T) {
	over := make(chan struct{})
	s, roots := gateway(t, func(http.ResponseWriter, *http.Request) { <-over })
	t.Cleanup(func() { close(over) }) // before the server is closed, which waits for it
	w := new(counted)
	p := newPost(t, map[yinzheng.MessageChannel]sender.Way{yinzheng.SMS: hook(t, s.URL, roots, "127.0.0.0/8"), yinzheng.Mail: w})
	must(t, p.outbox.Enqueue(t.Context(), *aText("0"), *aMail("1")))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { p.Keep(ctx); close(ended) }()
	for range 200 {
		if p.stand() == "[1 1 0]" {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if got := p.stand(); got != "[1 1 0]" {
		t.Errorf("%s", got)
	}
	cancel()
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
		t.Fatal("it does not end")
	}
	if d := p.one(yinzheng.MessageWaiting); d.Tries != 1 || d.Lease.IsZero() {
		t.Errorf("what was cut off: %+v", d)
	}
}
