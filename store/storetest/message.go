package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"yinzheng"
)

// aMessage is a mail that expires some time after Start.
func aMessage(id string, expires time.Duration) yinzheng.Message {
	return yinzheng.Message{
		ID: id, Channel: yinzheng.Mail, To: "zhang@example.com", Language: "zh", Kind: "notice", Subject: "您的办件", Body: "𠮷先生：\n已办结。",
		Stop: "https://zm.example.gov.cn/stop/S" + id, About: "A" + id, At: Start, Expires: Start.Add(expires),
	}
}

// messages go the way from waiting to the end, each step once, and keep nothing of
// whom and what in the end.
func messages(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	later, soon, text := aMessage("1", 2*time.Hour), aMessage("2", time.Hour), aMessage("3", time.Hour)
	text.Channel, text.To, text.Subject, text.About, text.Stop = yinzheng.SMS, "13800000000", "", "", ""
	check(t, s.Enqueue(ctx, later, soon, text))
	due := func(now time.Time, limit int) []*yinzheng.Delivery {
		t.Helper()
		list, err := s.DueMessages(ctx, yinzheng.Mail, now, limit)
		check(t, err)
		return list
	}
	first := &yinzheng.Delivery{Message: soon, Masked: "z***@example.com", State: yinzheng.MessageWaiting, Version: 1, Due: Start}
	if d := cmp.Diff([]*yinzheng.Delivery{first}, due(Start, 1)); d != "" {
		t.Errorf("due (-want +got):\n%s", d)
	}
	if n := len(due(Start, 9)); n != 2 {
		t.Errorf("%d are due", n)
	}
	if n := len(due(Start.Add(-time.Microsecond), 9)); n != 0 {
		t.Errorf("%d are due before they came", n)
	}

	begun := *first
	begun.Version, begun.Tries, begun.Lease = 2, 1, Start.Add(time.Minute)
	check(t, s.PutDelivery(ctx, &begun))
	checkIs(t, s.PutDelivery(ctx, &begun), yinzheng.ErrConflict)
	if n := len(due(Start.Add(time.Minute-time.Microsecond), 9)); n != 1 {
		t.Errorf("%d are due while one is tried", n)
	}
	if d := cmp.Diff(&begun, due(Start.Add(time.Minute), 1)[0]); d != "" {
		t.Errorf("after the lease (-want +got):\n%s", d)
	}
	failed := begun
	failed.Version, failed.Lease, failed.Due, failed.Reason = 3, time.Time{}, Start.Add(30*time.Minute), "timeout"
	check(t, s.PutDelivery(ctx, &failed))
	n, err := s.HurryMessages(ctx, Start.Add(time.Minute))
	if err != nil || n != 1 {
		t.Errorf("%d hurried, %v", n, err)
	}
	checkIs(t, s.PutDelivery(ctx, &yinzheng.Delivery{Message: soon, State: yinzheng.MessageSent, Version: 4, Done: Start}), yinzheng.ErrConflict)
	failed.Version, failed.Due = 4, Start.Add(time.Minute)
	if d := cmp.Diff(&failed, due(Start.Add(time.Minute), 1)[0]); d != "" {
		t.Errorf("hurried (-want +got):\n%s", d)
	}

	for i, state := range []yinzheng.DeliveryState{yinzheng.MessageSent, yinzheng.MessageGivenUp} {
		end := yinzheng.Delivery{Message: []yinzheng.Message{soon, text}[i], State: state, Version: []int{5, 2}[i], Tries: 1, Done: Start.Add(time.Hour), Reason: []string{"", "refused 550"}[i]}
		check(t, s.PutDelivery(ctx, &end))
		checkIs(t, s.PutDelivery(ctx, &end), yinzheng.ErrConflict)
		list, err := s.Deliveries(ctx, state, 9)
		check(t, err)
		end.Masked, end.To, end.Subject, end.Body, end.Stop = []string{"z***@example.com", "138****0000"}[i], "", "", "", ""
		if d := cmp.Diff([]*yinzheng.Delivery{&end}, list, cmpopts.IgnoreFields(yinzheng.Delivery{}, "Due")); d != "" {
			t.Errorf("%s (-want +got):\n%s", state, d)
		}
	}
	waiting, err := s.Deliveries(ctx, yinzheng.MessageWaiting, 9)
	if err != nil || len(waiting) != 1 || waiting[0].ID != "1" || waiting[0].To+waiting[0].Subject+waiting[0].Body != "" {
		t.Errorf("of what waits: %+v %v", waiting, err)
	}
	for since, want := range map[time.Duration][]yinzheng.DeliveryCount{
		time.Hour:               {{Channel: yinzheng.Mail, Waiting: 1, Oldest: Start, Sent: 1}, {Channel: yinzheng.SMS, GivenUp: 1}},
		time.Hour + time.Second: {{Channel: yinzheng.Mail, Waiting: 1, Oldest: Start}, {Channel: yinzheng.SMS}},
	} {
		counts, err := s.CountDeliveries(ctx, Start.Add(since))
		check(t, err)
		if d := cmp.Diff(want, counts); d != "" {
			t.Errorf("counts after %v (-want +got):\n%s", since, d)
		}
	}
}

// messagesInOrder: what expires within the hour comes first, what waits for days does not
// keep it waiting.
func messagesInOrder(t *testing.T, s yinzheng.Store) {
	days, early, hour, code := aMessage("days", 72*time.Hour), aMessage("early", 90*time.Hour), aMessage("hour", time.Hour), aMessage("code", time.Minute)
	early.At = Start.Add(-time.Minute)
	check(t, s.Enqueue(t.Context(), days, early, hour, code))
	for limit, want := range map[int]string{1: "[code]", 2: "[code hour]", 3: "[code hour early]", 9: "[code hour early days]"} {
		due, err := s.DueMessages(t.Context(), yinzheng.Mail, Start, limit)
		check(t, err)
		var got []string
		for _, d := range due {
			got = append(got, d.ID)
		}
		if fmt.Sprint(got) != want {
			t.Errorf("of %d due: %s, want %s", limit, got, want)
		}
	}
}

// messageRequests are counted by recipient, and forgotten.
func messageRequests(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	add := func(mark string, at, since time.Duration) string {
		t.Helper()
		before, err := s.AddRequest(ctx, mark, Start.Add(at), Start.Add(since))
		check(t, err)
		var out []time.Duration
		for _, b := range before {
			out = append(out, b.Sub(Start))
		}
		return fmt.Sprint(out)
	}
	got := []string{add("a", 0, -time.Hour), add("a", time.Minute, -time.Hour), add("b", time.Minute, -time.Hour), add("a", 2*time.Minute, 0)}
	if want := []string{"[]", "[0s]", "[]", "[1m0s]"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	check(t, s.ForgetRequests(ctx, Start.Add(time.Minute)))
	if got := add("a", time.Hour, -time.Hour); got != "[2m0s]" {
		t.Errorf("after forgetting: %s", got)
	}
}
