package yinzheng_test

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"testing"
	"time"

	"yinzheng"
)

func TestParseContact(t *testing.T) {
	for text, want := range map[string]string{
		"13800000000": "sms 13800000000 138****0000", " 138-0000 0000 ": "sms 13800000000 138****0000", "１３８００００００００": "sms 13800000000 138****0000",
		"+86 138 0000 0000": "sms 13800000000 138****0000", "0086-13800000000": "sms 13800000000 138****0000",
		"+852 9123 4567": "sms +85291234567 +85****4567", "+1234567": "sms +1234567 +12****67",
		"Zhang.San@Example.COM": "mail Zhang.San@example.com Z***@example.com", "张@example.com": "", "a@b.cn": "mail a@b.cn ***@b.cn", "a＠b.cn": "mail a@b.cn ***@b.cn", "ab@b.cn": "mail ab@b.cn a***@b.cn",

		"": "", "1380000000": "", "138000000000": "", "12800000000": "", "+8612800000000": "", "+86138000000001": "", "+0852912345": "", "+12345": "", "75212345": "", "+1 2345678x": "",
		"a@": "", "@b.cn": "", "a@b": "", "a@@b.cn": "", "a@b.cn@c.cn": "", "a@b..cn": "", ".a@b.cn": "", "a.@b.cn": "", "a b@c.cn": "", `"a b"@c.cn`: "", "a@[127.0.0.1]": "", "a@127.0.0.1": "",
		"张三 <a@b.cn>": "", "<a@b.cn>": "", "a@b.cn\r\nBcc: c@d.cn": "", "a\n@b.cn": "", "a@b.cn,c@d.cn": "", "a@-b.cn": "", "13800000000\n": "sms 13800000000 138****0000",
		strings.Repeat("a", 65) + "@b.cn": "", "a@" + strings.Repeat("b.", 130) + "cn": "", "a@b.cn\x00": "", "\xff@b.cn": "",
	} {
		c, err := yinzheng.ParseContact(text)
		got := ""
		if err == nil {
			got = fmt.Sprintf("%s %s %s", c.Channel, c.Address, c.Masked())
		} else if !errors.Is(err, yinzheng.ErrInvalid) || len(text) > 4 && strings.Contains(err.Error(), text) {
			t.Errorf("%q: %v", text, err)
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// FuzzParseContact: what is taken is one address to everybody, ends no line, is the
// same read again, and is masked.
func FuzzParseContact(f *testing.F) {
	for _, text := range []string{"13800000000", "+86 138-0000-0000", "0085291234567", "zhang@example.com", "a@b.cn\r\nBcc: c@d.cn", "张三 <a@b.cn>", "ａ＠b.cn"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := yinzheng.ParseContact(text)
		if err != nil {
			return
		}
		if again, err := yinzheng.ParseContact(c.Address); err != nil || again != c {
			t.Errorf("%q is %+v, and then %+v, %v", text, c, again, err)
		}
		if m := c.Masked(); strings.Contains(m, c.Address) || !strings.Contains(m, "***") {
			t.Errorf("%q is masked as %q", text, m)
		}
		if c.Channel == yinzheng.Mail {
			if a, err := mail.ParseAddress(c.Address); err != nil || a.Address != c.Address || a.Name != "" {
				t.Errorf("%q is %q to net/mail, %v", c.Address, a, err)
			}
		}
		if strings.ContainsFunc(c.Address, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
			t.Errorf("%q holds what no address does", c.Address)
		}
	})
}

func (h *house) code(to string) yinzheng.Message {
	return yinzheng.Message{Channel: yinzheng.SMS, To: to, Language: "zh", Kind: yinzheng.KindCode, Body: "验证码 123456", Expires: h.clock().Add(10 * time.Minute)}
}

// TestEnqueue: what cannot be sent is refused whole, and says what to do instead.
func TestEnqueue(t *testing.T) {
	h := newHouse(t)
	h.Channels = []yinzheng.MessageChannel{yinzheng.SMS}
	if !h.CanSend(yinzheng.SMS) || h.CanSend(yinzheng.Mail) {
		t.Error("it is not told what can be sent")
	}
	good := h.code("+86 138 0000 0000")
	for name, c := range map[string]struct {
		change func(*yinzheng.Message)
		want   error // nil: a mistake of the program's
		text   string
	}{
		"no channel":    {func(m *yinzheng.Message) { m.Channel, m.To, m.Subject = yinzheng.Mail, "a@b.cn", "s" }, yinzheng.ErrState, "本系统没有开通邮件"},
		"other channel": {func(m *yinzheng.Message) { m.To = "a@b.cn" }, yinzheng.ErrInvalid, "渠道不符"},
		"no address":    {func(m *yinzheng.Message) { m.To = "138" }, yinzheng.ErrInvalid, "11 位"},
		"expired":       {func(m *yinzheng.Message) { m.Expires = h.clock() }, nil, "expires"},
		"too long":      {func(m *yinzheng.Message) { m.Expires = h.clock().Add(yinzheng.MaxDelivery + time.Second) }, nil, "expires"},
		"no body":       {func(m *yinzheng.Message) { m.Body = "" }, nil, "body"},
		"a long body":   {func(m *yinzheng.Message) { m.Body = strings.Repeat("字", 501) }, nil, "body"},
		"a return":      {func(m *yinzheng.Message) { m.Body = "a\rb" }, nil, "body"},
		"a head":        {func(m *yinzheng.Message) { m.Subject = "a\nBcc: b@c.cn" }, nil, "subject"},
		"no language":   {func(m *yinzheng.Message) { m.Language = "" }, nil, "language"},
		"no kind":       {func(m *yinzheng.Message) { m.Kind = "" }, nil, "kind"},
	} {
		bad := good
		c.change(&bad)
		err := h.Enqueue(h.ctx, good, bad)
		var e *yinzheng.Error
		switch {
		case c.want != nil && errors.Is(err, c.want) && said(err, c.text):
		case c.want == nil && err != nil && !errors.As(err, &e) && strings.Contains(err.Error(), c.text):
		default:
			t.Errorf("%s: %v", name, err)
		}
	}
	if list, err := h.store.Deliveries(h.ctx, yinzheng.MessageWaiting, 9); err != nil || len(list) != 0 {
		t.Fatalf("what was refused is kept: %+v, %v", list, err)
	}
	undone := errors.New("undone")
	if err := h.store.Tx(h.ctx, func(ctx context.Context) error { return errors.Join(h.Enqueue(ctx, good), undone) }); !errors.Is(err, undone) {
		t.Fatal(err)
	}
	if err := h.Enqueue(h.ctx, good); err != nil {
		t.Fatalf("what was undone counts: %v", err)
	}
	list, err := h.store.DueMessages(h.ctx, yinzheng.SMS, h.Now(), 9)
	if err != nil || len(list) != 1 || list[0].To != "13800000000" || len(list[0].ID) != 16 || !list[0].At.Equal(h.clock()) {
		t.Errorf("kept: %+v, %v", list, err)
	}
}

// said tells whether an error says something to its reader.
func said(err error, text string) bool {
	var e *yinzheng.Error
	if !errors.As(err, &e) {
		return false
	}
	all := e.Text.ZH
	for _, f := range e.Fields {
		all += f.Text.ZH
	}
	return strings.Contains(all, text)
}

// TestCodesAreLimited: one a minute and five an hour go to one telephone, however its
// number is written; others, and what nobody asked for, are not held up.
func TestCodesAreLimited(t *testing.T) {
	h := newHouse(t)
	h.Channels = yinzheng.MessageChannels
	start := h.now
	send := func(after time.Duration, to string) error {
		h.now = start.Add(after)
		return h.Enqueue(h.ctx, h.code(to))
	}
	for _, c := range []struct {
		after time.Duration
		to    string
		wait  string // empty: it is sent
	}{
		{0, "13800000000", ""},
		{20 * time.Second, "+8613800000000", "40 秒"},
		{20 * time.Second, "13900000000", ""},
		{time.Minute, "13800000000", ""},
		{2 * time.Minute, "13800000000", ""},
		{3 * time.Minute, "13800000000", ""},
		{4 * time.Minute, "13800000000", ""},
		{5 * time.Minute, "13800000000", "3300 秒"},
		{59*time.Minute + 59*time.Second, "13800000000", "1 秒"},
		{time.Hour, "13800000000", ""},
		{time.Hour + 30*time.Second, "13800000000", "30 秒"},
		{time.Hour + time.Minute, "13800000000", ""},
	} {
		err := send(c.after, c.to)
		if c.wait == "" && err != nil || c.wait != "" && (!errors.Is(err, yinzheng.ErrTooMany) || !said(err, c.wait)) {
			t.Errorf("after %v to %s: %v", c.after, c.to, err)
		}
	}
	notice := yinzheng.Message{Channel: yinzheng.Mail, To: "a@b.cn", Language: "en", Kind: "case-returned", Subject: "s", Body: "b", About: "A1"}
	if err := h.Enqueue(h.ctx, notice, notice); err != nil {
		t.Errorf("two notices: %v", err)
	}
}

// TestMessageCare: administrators of the topmost office see what became of messages
// without whom they went to or what they say, hurry them, and try the way.
func TestMessageCare(t *testing.T) {
	h := newHouse(t)
	h.Channels = yinzheng.MessageChannels
	for _, who := range []string{"clerk", "town"} {
		_, see := h.Messages(h.ctx, h.people[who])
		_, hurry := h.HurryMessages(h.ctx, h.people[who])
		for _, err := range []error{see, hurry, h.TryContact(h.ctx, h.people[who], "a@b.cn", "zh")} {
			if !errors.Is(err, yinzheng.ErrForbidden) {
				t.Errorf("%s: %v", who, err)
			}
		}
	}
	admin := h.people["admin"]
	if err := h.TryContact(h.ctx, admin, "nobody", "zh"); !errors.Is(err, yinzheng.ErrInvalid) {
		t.Errorf("to nobody: %v", err)
	}
	if err := h.TryContact(h.ctx, admin, "zhang@example.com", "en"); err != nil {
		t.Fatal(err)
	}
	if err := h.TryContact(h.ctx, admin, "zhang@example.com", "en"); !errors.Is(err, yinzheng.ErrTooMany) {
		t.Errorf("at once again: %v", err)
	}
	list, err := h.store.DueMessages(h.ctx, yinzheng.Mail, h.Now(), 9)
	if err != nil || len(list) != 1 || !strings.Contains(list[0].Body, "this is a trial") {
		t.Fatalf("%+v, %v", list, err)
	}
	failed := *list[0]
	failed.Version, failed.Tries, failed.Due, failed.Reason = 2, 1, h.Now().Add(time.Minute), "answer 451"
	if err := h.store.PutDelivery(h.ctx, &failed); err != nil {
		t.Fatal(err)
	}
	v, err := h.Messages(h.ctx, admin)
	if err != nil || len(v.Waiting) != 1 || v.Waiting[0].Masked != "z***@example.com" || v.Waiting[0].Reason.ZH != "网关暂不受理（451）" || v.Counts[0].Waiting != 1 || len(v.Served) != 2 {
		t.Errorf("%+v, %v", v, err)
	}
	if n, err := h.HurryMessages(h.ctx, admin); err != nil || n != 1 {
		t.Errorf("%d hurried, %v", n, err)
	}
	if list, err = h.store.DueMessages(h.ctx, yinzheng.Mail, h.Now(), 9); err != nil || len(list) != 1 {
		t.Errorf("hurried: %+v, %v", list, err)
	}
	events, err := h.store.EventsBetween(h.ctx, h.Now().Add(-time.Hour), h.Now().Add(time.Hour), 0, 99)
	if err != nil {
		t.Fatal(err)
	}
	record := fmt.Sprint(events)
	if !strings.Contains(record, yinzheng.EventMessageTrial) || !strings.Contains(record, yinzheng.EventMessagesHurry) || strings.Contains(record, "example.com") {
		t.Errorf("on record: %s", record)
	}
}

func TestFailureText(t *testing.T) {
	for reason, want := range map[string]string{"refused 550": "收件地址被拒收（550）", "timeout": "网关没有及时应答", "what": "what"} {
		if got := yinzheng.FailureText(reason).ZH; got != want {
			t.Errorf("%s: %s", reason, got)
		}
	}
}
