package resident

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"yinzheng"
)

const another = "13700000000"

var me = &yinzheng.Resident{Name: "张三丰", ID: yinzheng.ID{Type: yinzheng.ResidentID, Number: holder}}

// sentProof is the code that was sent last.
func (h *house) sentProof() string {
	h.t.Helper()
	list := h.sent(yinzheng.KindCode)
	m := regexp.MustCompile(`验证码 ([0-9A-Z]{4} [0-9A-Z]{4})，`).FindStringSubmatch(list[len(list)-1].Body)
	if m == nil {
		h.t.Fatalf("it says %s", list[len(list)-1].Body)
	}
	return m[1]
}

// prove makes a number a resident's contact.
func (h *house) prove(who *yinzheng.Resident, number string, wants yinzheng.Wants) {
	h.t.Helper()
	h.now = h.now.Add(time.Minute)
	must(h.t, h.AskContact(h.ctx, who, number, "zh", wants, nil))
	must(h.t, h.ProveContact(h.ctx, who, h.sentProof()))
}

func (h *house) own(who *yinzheng.Resident, want OwnContact) {
	h.t.Helper()
	if got, err := h.OwnContact(h.ctx, who); err != nil || *got != want {
		h.t.Errorf("shown as %+v, %v; want %+v", got, err, want)
	}
}

// TestOwnContact: nothing but the code goes anywhere before it is typed; a change is told
// to who was told so far.
func TestOwnContact(t *testing.T) {
	h := newHouse(t)
	h.own(me, OwnContact{Wants: yinzheng.WantsAll})
	must(t, h.AskContact(h.ctx, me, mobile, "zh", yinzheng.WantsAsked, nil))
	h.own(me, OwnContact{Wants: yinzheng.WantsAsked, Proving: "139****5678"})
	h.handedIn()
	if n := len(h.sent("case-handed-in")); n != 0 {
		t.Errorf("%d messages to what was not proven", n)
	}
	code := h.sentProof()
	if err := h.ProveContact(h.ctx, &yinzheng.Resident{Case: "0000000000"}, code); !errors.Is(err, yinzheng.ErrInvalid) {
		t.Errorf("somebody else's code: %v", err)
	}
	must(t, h.ProveContact(h.ctx, me, strings.ToLower(code)))
	h.own(me, OwnContact{Masked: "139****5678", Wants: yinzheng.WantsAsked})
	if err := h.ProveContact(h.ctx, me, code); !errors.Is(err, yinzheng.ErrInvalid) {
		t.Errorf("the code again: %v", err)
	}

	h.handedIn() // asks nothing of them
	must(t, h.ChooseMessages(h.ctx, me, yinzheng.WantsAll))
	c := h.handedIn()
	if list := h.sent("case-handed-in"); len(list) != 1 || list[0].To != mobile || list[0].About != c.ID || !strings.Contains(list[0].Body, "最晚2026-11-05办好") {
		t.Errorf("told of what was handed in: %+v", list)
	}
	h.prove(me, another, yinzheng.WantsNone)
	if list := h.sent(yinzheng.KindContactGone); len(list) != 1 || list[0].To != mobile || strings.Contains(list[0].Body, "137") {
		t.Errorf("the earlier one is told: %+v", list)
	}
	must(t, h.DropContact(h.ctx, me))
	h.own(me, OwnContact{Wants: yinzheng.WantsAll})
	if list := h.sent(yinzheng.KindContactGone); len(list) != 2 || list[1].To != another {
		t.Errorf("removed, and told: %+v", list)
	}
	if err := h.ChooseMessages(h.ctx, me, yinzheng.WantsAll); !errors.Is(err, yinzheng.ErrNotFound) {
		t.Errorf("choosing without a contact: %v", err)
	}
	events, err := h.store.EventsAbout(h.ctx, "resident")
	must(t, err)
	if said := fmt.Sprint(events); len(events) != 4 || strings.Contains(said, "139") || strings.Contains(said, holder) {
		t.Errorf("on record: %s", said)
	}
}

// TestContactOfOneCase: who came by a case's code sets that case's contact, in the place
// of the clerk's.
func TestContactOfOneCase(t *testing.T) {
	h := newHouse(t)
	c := h.handedIn()
	must(t, h.SetContact(h.ctx, h.people["clerk"], c.ID, mobile, "zh"))
	must(t, h.SetContact(h.ctx, h.people["clerk"], c.ID, mobile, "zh"))
	if n := len(h.sent("case-handed-in")); n != 1 {
		t.Errorf("noted twice, told %d times", n)
	}
	by := &yinzheng.Resident{Case: c.ID}
	h.own(by, OwnContact{Masked: "139****5678", Wants: yinzheng.WantsAll})
	h.prove(by, another, yinzheng.WantsAll)
	if shown, err := h.Contact(h.ctx, h.people["clerk"], c.ID); err != nil || shown != "137****0000" {
		t.Errorf("the clerk sees %q, %v", shown, err)
	}
	h.own(me, OwnContact{Wants: yinzheng.WantsAll})
	_, err := h.Service.WithdrawApplication(h.ctx, h.people["clerk"], c.ID, c.Version, "不办了")
	must(t, err)
	if list := h.sent("case-ended"); len(list) != 1 || list[0].To != another || strings.Contains(list[0].Body, "不办了") {
		t.Errorf("told of the end: %+v", list)
	}
}

// TestLostSlip: a new slip shuts out whoever found the old one and had codes sent to
// themselves; what a clerk noted stays.
func TestLostSlip(t *testing.T) {
	h := newHouse(t)
	c := h.handedIn()
	finder := h.signIn(c.ID, h.code(c.ID))
	h.prove(finder, another, yinzheng.WantsNone)
	h.now = h.now.Add(time.Minute)
	must(t, h.SendCode(h.ctx, c.ID))
	list := h.sent(yinzheng.KindCode)
	sent := regexp.MustCompile(`查询码 ([0-9A-Z]{4} [0-9A-Z]{4})，`).FindStringSubmatch(list[len(list)-1].Body)
	h.code(c.ID)
	if h.signIn(c.ID, sent[1]) != nil {
		t.Error("the code that was sent to the finder lets in")
	}
	h.now = h.now.Add(time.Minute)
	must(t, h.SendCode(h.ctx, c.ID))
	if n := len(h.sent(yinzheng.KindCode)); n != len(list) {
		t.Error("the finder has another code sent")
	}
	must(t, h.SetContact(h.ctx, h.people["clerk"], c.ID, mobile, "zh"))
	h.code(c.ID)
	h.own(&yinzheng.Resident{Case: c.ID}, OwnContact{Masked: "139****5678", Wants: yinzheng.WantsAll})
}

// TestStopWithoutSigningIn: the secret of a message chooses messages and does nothing
// else, until the contact is another one.
func TestStopWithoutSigningIn(t *testing.T) {
	h := newHouse(t)
	h.prove(me, mobile, yinzheng.WantsAll)
	c := h.handedIn()
	link := h.sent("case-handed-in")[0].Stop
	secret := link[strings.LastIndexByte(link, '/')+1:]
	if wants, one, err := h.Stopping(h.ctx, secret); err != nil || wants != yinzheng.WantsAll || one {
		t.Errorf("%s, %v, %v", wants, one, err)
	}
	must(t, h.Stop(h.ctx, secret, yinzheng.WantsNone))
	must(t, h.Stop(h.ctx, secret, yinzheng.WantsNone))
	h.own(me, OwnContact{Masked: "139****5678", Wants: yinzheng.WantsNone})
	_, err := h.Service.WithdrawApplication(h.ctx, h.people["clerk"], c.ID, c.Version, "不办了")
	must(t, err)
	if n := len(h.sent("case-ended")); n != 0 {
		t.Errorf("%d messages to who stopped them", n)
	}
	if err := h.Stop(h.ctx, secret, "some"); !errors.Is(err, yinzheng.ErrInvalid) {
		t.Errorf("a choice that is none: %v", err)
	}
	h.prove(me, another, yinzheng.WantsAll)
	for _, old := range []string{secret, "", "0123456789ABCDEF"} {
		if err := h.Stop(h.ctx, old, yinzheng.WantsNone); !errors.Is(err, yinzheng.ErrNotFound) {
			t.Errorf("the secret of what was changed: %v", err)
		}
	}
	h.own(me, OwnContact{Masked: "137****0000", Wants: yinzheng.WantsAll})
}

// TestContactLimits: a code ends by five wrong tries and in time; nobody has many sent,
// to one number or to several; and nobody learns whether others had.
func TestContactLimits(t *testing.T) {
	h := newHouse(t)
	for text, field := range map[string]string{"12345": "contact", "a@example.com": "contact", "": "contact"} { // nobody serves mail
		var e *yinzheng.Error
		if err := h.AskContact(h.ctx, me, text, "zh", yinzheng.WantsAll, nil); !errors.As(err, &e) || len(e.Fields) != 1 || e.Fields[0].Field != field {
			t.Errorf("%q: %v", text, err)
		}
	}
	must(t, h.AskContact(h.ctx, me, mobile, "zh", yinzheng.WantsAll, nil))
	code := h.sentProof()
	must(t, h.AskContact(h.ctx, me, mobile, "zh", yinzheng.WantsAll, nil)) // a double click
	if n := len(h.sent(yinzheng.KindCode)); n != 1 {
		t.Errorf("%d codes in one minute", n)
	}
	for range mostProofMiss - 1 {
		if err := h.ProveContact(h.ctx, me, "00000000"); !errors.Is(err, yinzheng.ErrInvalid) {
			t.Error(err)
		}
	}
	must(t, h.ProveContact(h.ctx, me, code))

	h.now = h.now.Add(2 * time.Hour)
	must(t, h.AskContact(h.ctx, me, another, "zh", yinzheng.WantsAll, nil))
	code = h.sentProof()
	for range mostProofMiss {
		_ = h.ProveContact(h.ctx, me, "00000000")
	}
	if err := h.ProveContact(h.ctx, me, code); !errors.Is(err, yinzheng.ErrInvalid) {
		t.Errorf("after %d wrong tries: %v", mostProofMiss, err)
	}
	stranger := &yinzheng.Resident{Case: "0000000000"}
	must(t, h.AskContact(h.ctx, stranger, another, "zh", yinzheng.WantsAll, nil)) // sent a moment ago, to somebody else
	h.own(stranger, OwnContact{Wants: yinzheng.WantsAll, Proving: "137****0000"})
	if err := h.ProveContact(h.ctx, stranger, code); !errors.Is(err, yinzheng.ErrInvalid) {
		t.Errorf("another's code: %v", err)
	}
	h.now = h.now.Add(time.Minute)
	must(t, h.AskContact(h.ctx, me, another, "zh", yinzheng.WantsAll, nil))
	code = h.sentProof()
	h.now = h.now.Add(proofLife)
	if err := h.ProveContact(h.ctx, me, code); !errors.Is(err, yinzheng.ErrInvalid) {
		t.Errorf("ten minutes later: %v", err)
	}

	h.now = h.now.Add(2 * time.Hour)
	for i := range 9 { // to many numbers
		err := h.AskContact(h.ctx, me, fmt.Sprint(13600000000+i), "zh", yinzheng.WantsAll, nil)
		if i < mostProofs && err != nil || i >= mostProofs && !errors.Is(err, yinzheng.ErrTooMany) {
			t.Errorf("code %d: %v", i+1, err)
		}
	}
	if strings.Contains(h.log.String(), "137") || strings.Contains(h.log.String(), "139") {
		t.Error("a number is in the log")
	}
}

// TestContactAbroad: whom nobody knows has no code sent abroad; and nobody has one sent
// that whoever keeps count refuses, which it is asked about what is in order alone.
func TestContactAbroad(t *testing.T) {
	h := newHouse(t)
	_, stranger := h.requested()
	const abroad = "+85291234567"
	asked := 0
	may := func() error { asked++; return nil }
	if err := h.AskContact(h.ctx, stranger, abroad, "zh", yinzheng.WantsAll, may); !errors.Is(err, yinzheng.ErrInvalid) || asked != 0 {
		t.Errorf("a stranger: %v, %d asked for", err, asked)
	}
	refused := errors.New("no more today")
	if err := h.AskContact(h.ctx, stranger, mobile, "zh", yinzheng.WantsAll, func() error { return refused }); !errors.Is(err, refused) {
		t.Errorf("refused: %v", err)
	}
	if n := len(h.sent(yinzheng.KindCode)); n != 0 {
		t.Errorf("%d codes are sent", n)
	}
	for i, who := range []*yinzheng.Resident{me, {Case: h.handedIn().ID}, stranger} {
		to := abroad
		if who == stranger {
			to = mobile
		}
		must(t, h.AskContact(h.ctx, who, to, "zh", yinzheng.WantsAll, may))
		h.now = h.now.Add(time.Minute)
		if asked != i+1 {
			t.Errorf("%d asked for, want %d", asked, i+1)
		}
	}
}

// TestToldOfRequest: what an office does with a request is told to whose it is, by the
// contact of their document or of that request, without what the office wrote.
func TestToldOfRequest(t *testing.T) {
	h := newHouse(t)
	clerk := h.people["clerk"]
	told := func(kind, id string) {
		t.Helper()
		list := h.sent(kind)
		if len(list) != 1 || list[0].About != id || strings.Contains(list[0].Body, "请补") {
			t.Errorf("%s: %+v", kind, list)
		}
	}
	q, who := h.filled()
	h.prove(who, mobile, yinzheng.WantsAll)
	q, err := h.Send(h.ctx, who, q.ID, q.Version)
	must(t, err)
	must(t, h.Return(h.ctx, clerk, q.ID, q.Version, "请补居住地址", nil))
	told("request-returned", q.ID)
	q, err = h.Request(h.ctx, who, q.ID)
	must(t, err)
	q, err = h.Send(h.ctx, who, q.ID, q.Version)
	must(t, err)
	must(t, h.Refuse(h.ctx, clerk, q.ID, q.Version, "unneeded", "请补也没有用"))
	told("request-refused", q.ID)

	q, who = h.requested()
	h.prove(who, another, yinzheng.WantsAsked)
	_, err = h.Take(h.ctx, clerk, q.ID, q.Version)
	must(t, err)
	if n := len(h.sent("request-taken")); n != 0 {
		t.Errorf("%d messages to who wants only what asks something", n)
	}
	q, who = h.requested()
	h.prove(who, "13500000000", yinzheng.WantsAll)
	_, err = h.Take(h.ctx, clerk, q.ID, q.Version)
	must(t, err)
	told("request-taken", q.ID)
}
