package yinzheng_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"yinzheng"
	"yinzheng/signer"
)

func TestIdempotencyKey(t *testing.T) {
	h := newHouse(t)
	clerk := h.people["clerk"]
	in := &yinzheng.NewApplication{Item: "kin", Values: yinzheng.SampleValues()}
	for _, key := range []string{"", strings.Repeat("k", 201)} {
		if _, _, err := h.CreateApplication(h.ctx, clerk, in, key); !errors.Is(err, yinzheng.ErrPrecondition) {
			t.Errorf("a key of %d characters: %v", len(key), err)
		}
	}
	first, again, err := h.CreateApplication(h.ctx, clerk, in, "key")
	if err != nil || again {
		t.Fatal(again, err)
	}
	second, again, err := h.CreateApplication(h.ctx, clerk, &yinzheng.NewApplication{Item: "kin", Values: yinzheng.SampleValues()}, "key")
	if err != nil || !again || second.ID != first.ID {
		t.Errorf("the same request again: %v %v %v", second, again, err)
	}
	other := &yinzheng.NewApplication{Item: "kin", Values: maps.Clone(in.Values)}
	other.Values["purpose"] = "另一用途"
	if _, _, err := h.CreateApplication(h.ctx, clerk, other, "key"); !errors.Is(err, yinzheng.ErrReused) {
		t.Errorf("another request under the same key: %v", err)
	}
	if v, again, err := h.CreateApplication(h.ctx, h.people["sibling"], in, "key"); err != nil || again || v.ID == first.ID {
		t.Errorf("somebody else's same key: %v %v", again, err)
	}
	// A request that was refused leaves its key free.
	bad := &yinzheng.NewApplication{Item: "kin", Values: map[string]any{"x": 1}}
	if _, _, err := h.CreateApplication(h.ctx, clerk, bad, "key-2"); !errors.Is(err, yinzheng.ErrInvalid) {
		t.Fatal(err)
	}
	if _, again, err := h.CreateApplication(h.ctx, clerk, in, "key-2"); err != nil || again {
		t.Errorf("%v %v", again, err)
	}
}

func TestStaleVersion(t *testing.T) {
	h := newHouse(t)
	v := h.submitted("key")
	_, err := h.Decide(h.ctx, h.people["district"], v.ID, v.Version-1, yinzheng.Decision{Action: yinzheng.Approve})
	var e *yinzheng.Error
	if !errors.As(err, &e) || e.Kind != yinzheng.ErrConflict || !strings.Contains(e.Text.ZH, "某town") || !strings.Contains(e.Text.ZH, "同意") || !strings.Contains(e.Text.EN, "approved") {
		t.Errorf("a stale version is told %v", err)
	}
	for _, seen := range []int{-1, 99, v.Version + 1} {
		if _, err := h.Decide(h.ctx, h.people["district"], v.ID, seen, yinzheng.Decision{Action: yinzheng.Approve}); !errors.Is(err, yinzheng.ErrConflict) {
			t.Errorf("version %d: %v", seen, err)
		}
	}
	if _, err := h.Decide(h.ctx, h.people["sibling"], v.ID, 1, yinzheng.Decision{Action: yinzheng.Approve}); !errors.Is(err, yinzheng.ErrNotFound) {
		t.Errorf("a stranger learns of a version: %v", err)
	}
}

// Two deciders at one instant: one decides, the other is told by whom and what.
func TestTwoDeciders(t *testing.T) {
	h := newHouse(t)
	for range 5 {
		v := h.submitted(time.Now().String())
		var wg sync.WaitGroup
		errs := make([]error, 2)
		start := make(chan struct{})
		for i, who := range []string{"district", "second"} {
			wg.Go(func() {
				<-start
				_, errs[i] = h.Decide(h.ctx, h.people[who], v.ID, v.Version, yinzheng.Decision{Action: yinzheng.Reject, Opinion: "材料不全"})
			})
		}
		close(start)
		wg.Wait()
		won, lost := 0, 0
		for i, err := range errs {
			var e *yinzheng.Error
			switch {
			case err == nil:
				won++
			case errors.As(err, &e) && e.Kind == yinzheng.ErrConflict && strings.Contains(e.Text.ZH, "某"+[]string{"second", "district"}[i]) && strings.Contains(e.Text.EN, "rejected"):
				lost++
			default:
				t.Error(err)
			}
		}
		if won != 1 || lost != 1 {
			t.Errorf("%d won, %d lost: %v", won, lost, errs)
		}
	}
}

func TestDraftAndSubmit(t *testing.T) {
	h := newHouse(t)
	clerk := h.people["clerk"]
	values := yinzheng.SampleValues()
	values["name"] = "张𠮷•三"
	delete(values, "purpose")
	v, _, err := h.CreateApplication(h.ctx, clerk, &yinzheng.NewApplication{Item: "kin", Values: values, Applicant: &yinzheng.Applicant{As: yinzheng.AsAgent}}, "key")
	must(t, err)
	codes := func(list []yinzheng.FieldError) string {
		var out []string
		for _, p := range list {
			out = append(out, p.Field+" "+p.Code)
		}
		return strings.Join(out, ", ")
	}
	const problems = "values.purpose required, values.note any-of, applicant.name required, applicant.id required, applicant.authority required, attachments.authority required, values.name missing-glyph"
	if got := codes(v.Problems); got != problems || len(v.Changes) != 1 || v.Changes[0].To != "张𠮷·三" {
		t.Errorf("created: %s; %v", got, v.Changes)
	}
	if v, err = h.Application(h.ctx, clerk, v.ID); err != nil || codes(v.Problems) != problems {
		t.Errorf("read again: %v %v", v, err)
	}
	_, err = h.SubmitApplication(h.ctx, clerk, v.ID, v.Version)
	var e *yinzheng.Error
	if !errors.As(err, &e) || codes(e.Fields) != problems || !strings.Contains(e.Fields[6].Text.ZH, "𠮷") || !strings.Contains(e.Fields[6].Text.ZH, "U+20BB7") {
		t.Errorf("submitted: %v", err)
	}
	for who, want := range map[string]error{"town": yinzheng.ErrNotFound, "admin": yinzheng.ErrNotFound, "sibling": yinzheng.ErrNotFound} {
		if _, err := h.Application(h.ctx, h.people[who], v.ID); !errors.Is(err, want) {
			t.Errorf("a draft for %s: %v", who, err)
		}
	}
	if v, err = h.Application(h.ctx, clerk, v.ID); err != nil || v.State != yinzheng.Draft || v.Version != 1 {
		t.Fatalf("the draft was not kept as it was: %+v %v", v, err)
	}
	if _, err := h.EditApplication(h.ctx, clerk, v.ID, 1, &yinzheng.Patch{Values: map[string]any{"nmae": "x"}}); !errors.Is(err, yinzheng.ErrInvalid) {
		t.Errorf("an unknown key: %v", err)
	}
	holder := yinzheng.Applicant{}
	v, err = h.EditApplication(h.ctx, clerk, v.ID, 1, &yinzheng.Patch{Values: map[string]any{"name": "张三丰", "purpose": "入学", "note": "x", "owner": nil}, Applicant: &holder})
	if err != nil || len(v.Problems) != 0 || v.Values.String("note") != "x" || v.Values["owner"] != nil || v.Applicant.As != yinzheng.AsHolder {
		t.Errorf("mended: %+v %v", v, err)
	}
	elsewhere := "441303000000"
	if _, err := h.EditApplication(h.ctx, clerk, v.ID, v.Version, &yinzheng.Patch{Division: &elsewhere}); !errors.Is(err, yinzheng.ErrForbidden) {
		t.Errorf("moved to another district: %v", err)
	}
	town := "441302001000"
	in := &yinzheng.NewApplication{Item: "kin", Values: yinzheng.SampleValues(), Division: town}
	if w, _, err := h.CreateApplication(h.ctx, clerk, in, "key-4"); err != nil || codes(w.Problems) != "division division" {
		t.Errorf("a division that names no village: %v %v", codes(w.Problems), err)
	}
	if _, _, err := h.CreateApplication(h.ctx, clerk, &yinzheng.NewApplication{Item: "x"}, "key-5"); !errors.Is(err, yinzheng.ErrInvalid) {
		t.Errorf("an unknown item: %v", err)
	}
	if v, err = h.SubmitApplication(h.ctx, clerk, v.ID, v.Version); err != nil || v.State != yinzheng.Submitted || v.Step.Key != "town" {
		t.Errorf("%+v %v", v, err)
	}
	if list, _, err := h.Workqueue(h.ctx, h.people["town"], nil, "", 0); err != nil || len(list) != 1 || list[0].ID != v.ID {
		t.Errorf("the town's queue: %v %v", list, err)
	}
	if list, _, err := h.Workqueue(h.ctx, h.people["admin"], nil, "", 0); err != nil || len(list) != 0 {
		t.Errorf("an administrator's queue: %v %v", list, err)
	}
	if v, err = h.WithdrawApplication(h.ctx, clerk, v.ID, v.Version, "本人要求"); err != nil || v.State != yinzheng.Withdrawn {
		t.Errorf("%+v %v", v, err)
	}
}

// Paper, address, code, number, name and file of one certificate, before and
// after it is revoked.
func TestVerifyAndRevoke(t *testing.T) {
	h := newHouse(t)
	v := h.issued("key")
	code, number := v.Certificate.Code, v.Certificate.Number
	record, err := h.store.Certificate(h.ctx, code)
	must(t, err)
	pdf, name, err := h.CertificatePDF(h.ctx, h.people["district"], code)
	if err != nil || name != "kin-"+code+".pdf" {
		t.Fatal(name, err)
	}
	url := v.Certificate.URL + "#" + string(yinzheng.Digits(record.Token))
	other := h.issued("key-2").Certificate
	ask := func(q yinzheng.Question) *yinzheng.Answer {
		t.Helper()
		a, err := h.Verify(h.ctx, &q)
		must(t, err)
		return a
	}
	questions := map[string]yinzheng.Question{
		"token": {Token: record.Token}, "address with token": {URL: url}, "address": {URL: v.Certificate.URL}, "code": {Code: strings.ToLower(code)},
		"number": {Number: number}, "number and name": {Number: number, Name: " 张三丰"}, "file": {File: pdf},
	}
	check := func(want yinzheng.Verdict) {
		t.Helper()
		for round := range 2 { // the second is answered from the cache
			for what, q := range questions {
				wantCode := code
				if what == "number" { // with the code, the next question would have the holder
					wantCode = ""
				}
				if a := ask(q); a.Verdict != want || a.Certificate == nil || a.Certificate.Code != wantCode || a.Certificate.ItemName.ZH != "亲属关系证明" {
					t.Errorf("%s, round %d: %s, want %s %v", what, round, a.Verdict, want, a.Findings)
				}
			}
		}
	}
	check(yinzheng.Valid)
	if a := ask(questions["number"]); a.Certificate.Name != "" || a.Certificate.ID != "" {
		t.Errorf("a number alone tells %s %s", a.Certificate.Name, a.Certificate.ID)
	}
	if a := ask(questions["number and name"]); a.Certificate.Name != "张*丰" || a.Certificate.ID == "" {
		t.Errorf("number and name tell %q %q", a.Certificate.Name, a.Certificate.ID)
	}
	for what, q := range map[string]yinzheng.Question{
		"wrong name": {Number: number, Name: "李四"}, "unknown number": {Number: yinzheng.Number{Type: "11100000000013338W011", Issuer: yinzheng.DistrictOrgan, Serial: "0000000000000000", Version: 1}.String()},
		"unknown code": {Code: "000000000000"}, "no code": {Code: "?"},
	} {
		if a := ask(q); a.Verdict != yinzheng.NotFound || a.Certificate != nil || a.StatusAsOf != nil {
			t.Errorf("%s: %+v", what, a)
		}
	}
	if a := ask(yinzheng.Question{URL: other.URL + "#" + string(yinzheng.Digits(record.Token))}); a.Verdict != yinzheng.Altered {
		t.Errorf("one certificate's address with another's token: %s", a.Verdict)
	}
	for what, q := range map[string]yinzheng.Question{"nothing": {}, "two things": {Code: code, Number: number}, "a name": {Name: "张三丰"}, "a wrong number": {Number: number + "X"}, "a wrong address": {URL: "https://h/"}} {
		if _, err := h.Verify(h.ctx, &q); !errors.Is(err, yinzheng.ErrInvalid) {
			t.Errorf("%s: %v", what, err)
		}
	}
	bent := append([]byte(nil), pdf...)
	bent[len(bent)/2] ^= 1
	if a := ask(yinzheng.Question{File: bent}); a.Verdict == yinzheng.Valid {
		t.Error("a file with a byte changed is valid")
	}

	listBefore, err := h.StatusList(h.ctx, record.List)
	must(t, err)
	propose := func(who, class, opinion string) (*yinzheng.CertificateView, error) {
		return h.act(who, code, yinzheng.Act{Kind: yinzheng.ProposeRevocation, Reason: class, Opinion: opinion})
	}
	for who, want := range map[string]error{"town": yinzheng.ErrForbidden, "clerk": yinzheng.ErrForbidden, "admin": yinzheng.ErrNotFound, "sibling": yinzheng.ErrNotFound} {
		if _, err := propose(who, "error", "有误"); !errors.Is(err, want) {
			t.Errorf("%s revokes: %v", who, err)
		}
	}
	for _, bad := range [][2]string{{"whim", "有误"}, {"error", ""}, {"", "有误"}} {
		if _, err := propose("district", bad[0], bad[1]); !errors.Is(err, yinzheng.ErrInvalid) {
			t.Errorf("%v: %v", bad, err)
		}
	}
	c, err := propose("district", "fraud", "冒用他人材料")
	if err != nil || c.Status != yinzheng.StatusIsSuspended || c.Reason != "review" || c.Revocation == nil || c.Revocation.Reason != "fraud" {
		t.Fatal(c, err)
	}
	check(yinzheng.Suspended) // at once; what is alleged is not told
	if a := ask(questions["code"]); a.Reason != "review" {
		t.Errorf("the reason shown is %s", a.Reason)
	}
	confirm := yinzheng.Act{Kind: yinzheng.Revoke, Proposal: c.Revocation.ID}
	if _, err := h.act("district", code, confirm); !errors.Is(err, yinzheng.ErrForbidden) {
		t.Errorf("confirmed by who proposed it: %v", err)
	}
	check(yinzheng.Suspended)
	if c, err = h.act("second", code, confirm); err != nil || c.Status != yinzheng.StatusIsRevoked || c.Reason != "fraud" || c.Revocation != nil {
		t.Fatal(c, err)
	}
	check(yinzheng.Revoked)
	if listAfter, err := h.StatusList(h.ctx, record.List); err != nil || string(listAfter) == string(listBefore) {
		t.Errorf("the status list did not change: %v", err)
	}
	if _, err := propose("second", "fraud", "再次"); !errors.Is(err, yinzheng.ErrState) {
		t.Errorf("revoked twice: %v", err)
	}
	after, err := h.Application(h.ctx, h.people["clerk"], v.ID)
	must(t, err)
	first, last := after.History[len(after.History)-2], after.History[len(after.History)-1]
	if first.Kind != yinzheng.ProposeRevocation || first.Opinion != "冒用他人材料" || first.By != "district" || last.Kind != yinzheng.Revoke || last.Reason != "fraud" || last.By != "second" || after.State != yinzheng.Issued {
		t.Errorf("the case does not tell of the revocation: %+v %+v", first, last)
	}
	h.restart()
	check(yinzheng.Revoked)
	if a := ask(yinzheng.Question{Code: other.Code}); a.Verdict != yinzheng.Valid {
		t.Errorf("the other certificate: %s", a.Verdict)
	}
}

// A revocation that the store kept though it reported a failure: no scan is
// answered with the status of before.
func TestRevocationReportedLost(t *testing.T) {
	for at := 1; at < 12; at++ {
		for _, kept := range []bool{false, true} {
			h := newHouse(t)
			v := h.issued("key")
			record, err := h.store.Certificate(h.ctx, v.Certificate.Code)
			must(t, err)
			q := &yinzheng.Question{Token: record.Token}
			if a, err := h.Verify(h.ctx, q); err != nil || a.Verdict != yinzheng.Valid {
				t.Fatal(a, err)
			}
			proposal := h.propose(record.Code)
			h.store.arm(at, kept)
			_, told := h.act("second", record.Code, yinzheng.Act{Kind: yinzheng.Revoke, Proposal: proposal})
			failed := h.store.failed
			h.store.arm(0, false)
			stored, err := h.store.Certificate(h.ctx, record.Code)
			must(t, err)
			want := yinzheng.Suspended
			if stored.Status == yinzheng.StatusIsRevoked {
				want = yinzheng.Revoked
			}
			if a, err := h.Verify(h.ctx, q); err != nil || a.Verdict != want {
				t.Errorf("call %d (%s), kept %v: stored as %s, the scan says %s %v", at, failed, kept, stored.Status, a.Verdict, err)
			}
			if (told == nil) != (stored.Status == yinzheng.StatusIsRevoked) && failed != "Tx" {
				t.Errorf("call %d (%s), kept %v: told %v, stored as %s", at, failed, kept, told, stored.Status)
			}
			if failed == "" {
				return
			}
		}
	}
}

// A store that does not answer is an error, never "no such certificate", by any way of asking.
func TestStoreFailsDuringVerify(t *testing.T) {
	h := newHouse(t)
	v := h.issued("key")
	record, err := h.store.Certificate(h.ctx, v.Certificate.Code)
	must(t, err)
	pdf, _, err := h.CertificatePDF(h.ctx, h.people["district"], record.Code)
	must(t, err)
	for what, q := range map[string]*yinzheng.Question{
		"token": {Token: record.Token}, "code": {Code: record.Code}, "address": {URL: v.Certificate.URL}, "number": {Number: record.Number}, "name": {Number: record.Number, Name: "张三丰"}, "file": {File: pdf},
	} {
		h.store.arm(1, false)
		if a, err := h.Verify(h.ctx, q); !errors.Is(err, yinzheng.ErrUnavailable) || a != nil {
			t.Errorf("%s: %v %v", what, a, err)
		}
		h.store.arm(0, false)
		if a, err := h.Verify(h.ctx, q); err != nil || a.Verdict != yinzheng.Valid {
			t.Errorf("%s afterwards: %v %v", what, a, err)
		}
	}
}

// A genuine token of a record that is gone: unconfirmed, with an alarm, once an hour
// however often it is shown, and an answer even when the alarm cannot be kept.
func TestAlarm(t *testing.T) {
	h := newHouse(t)
	v := h.issued("key")
	record, err := h.store.Certificate(h.ctx, v.Certificate.Code)
	must(t, err)
	h.store.Store = &amnesic{h.store.Store}
	verify := func(storeFails int) {
		t.Helper()
		h.log.Reset()
		h.store.arm(storeFails, false)
		a, err := h.Verify(h.ctx, &yinzheng.Question{Token: record.Token})
		if err != nil || a.Verdict != yinzheng.Unconfirmed || a.Alarm != "no-record" {
			t.Errorf("%v %v", a, err)
		}
	}
	onRecord := func(want int) {
		t.Helper()
		list, err := h.store.EventsAbout(h.ctx, record.Code)
		must(t, err)
		list = slices.DeleteFunc(list, func(e yinzheng.LoggedEvent) bool { return e.Kind != "verification-alarm" })
		if len(list) != want {
			t.Errorf("%d alarms are on record, want %d", len(list), want)
		}
	}
	verify(3)
	if h.store.failed != "Record" || !strings.Contains(h.log.String(), "recording an alarm") {
		t.Errorf("%s failed: %s", h.store.failed, h.log)
	}
	for range 3 {
		if verify(0); strings.Contains(h.log.String(), "reason=") {
			t.Errorf("it fails still: %s", h.log)
		}
	}
	onRecord(1)
	h.later(time.Hour)
	if verify(0); !strings.Contains(h.log.String(), record.Code) {
		t.Errorf("the log: %s", h.log)
	}
	onRecord(2)
}

// amnesic is a store that has lost its certificates.
type amnesic struct{ yinzheng.Store }

func (amnesic) InForce(context.Context, string, string) (number, organName string, err error) {
	return "", "", yinzheng.ErrNotFound
}

func (amnesic) Certificate(context.Context, string) (*yinzheng.Certificate, error) {
	return nil, yinzheng.ErrNotFound
}

// The offline verifier and the service agree, given the same keys and lists.
func TestOfflineAgrees(t *testing.T) {
	h := newHouse(t)
	v := h.issued("key")
	record, err := h.store.Certificate(h.ctx, v.Certificate.Code)
	must(t, err)
	pdf, _, err := h.CertificatePDF(h.ctx, h.people["district"], record.Code)
	must(t, err)
	bits := make([]byte, 1<<yinzheng.StatusBits/4)
	list := &yinzheng.StatusList{Number: record.List, IssuedAt: h.clock(), ExpiresAt: h.clock().Add(time.Hour), Bits: bits}
	old := &yinzheng.StatusList{Number: record.List, IssuedAt: h.clock().Add(-time.Hour), ExpiresAt: h.clock(), Bits: make([]byte, len(bits))}
	foreign := &yinzheng.StatusList{Number: record.List + 1, IssuedAt: h.clock(), ExpiresAt: h.clock().Add(time.Hour), Bits: bits}
	bits[record.Index/4] |= byte(yinzheng.StatusRevoked) << (2 * (record.Index % 4))
	for _, c := range []struct {
		name   string
		keys   *yinzheng.KeyList
		status []*yinzheng.StatusList
		want   yinzheng.Verdict
	}{
		{"no keys", nil, nil, yinzheng.UnknownKey},
		{"no list", h.KeyList(), nil, yinzheng.Unconfirmed},
		{"another list", h.KeyList(), []*yinzheng.StatusList{foreign}, yinzheng.Unconfirmed},
		{"a list of before", h.KeyList(), []*yinzheng.StatusList{old}, yinzheng.Unconfirmed},
		{"old and new", h.KeyList(), []*yinzheng.StatusList{old, list}, yinzheng.Revoked},
		{"new and old", h.KeyList(), []*yinzheng.StatusList{list, old}, yinzheng.Revoked},
	} {
		o := &yinzheng.Offline{Checker: &signer.Checker{}, Keys: c.keys, Status: c.status, Now: h.clock(), Names: map[string]yinzheng.Text{"QS": {ZH: "亲属"}}}
		for what, q := range map[string]*yinzheng.Question{"token": {Token: record.Token}, "address": {URL: v.Certificate.URL + "#" + string(yinzheng.Digits(record.Token))}, "file": {File: pdf}} {
			if a, err := o.Verify(q); err != nil || a.Verdict != c.want || a.Certificate != nil && a.Certificate.ItemName.ZH != "亲属" {
				t.Errorf("%s, %s: %v %v, want %s", c.name, what, a, err, c.want)
			}
		}
		if _, err := o.Verify(&yinzheng.Question{URL: v.Certificate.URL}); !errors.Is(err, yinzheng.ErrNoToken) {
			t.Errorf("an address without a token: %v", err)
		}
		if _, err := o.Verify(&yinzheng.Question{URL: "x"}); !errors.Is(err, yinzheng.ErrInvalid) {
			t.Errorf("no address: %v", err)
		}
	}
}

func TestCatalogue(t *testing.T) {
	h := newHouse(t)
	if len(h.Catalogue()) != 1 || len(h.Items(h.people["clerk"])) != 1 || len(h.Items(h.people["town"])) != 0 {
		t.Error("Catalogue, Items")
	}
	if _, err := h.Preview(h.people["clerk"], "x", nil, "svg", ""); !errors.Is(err, yinzheng.ErrNotFound) {
		t.Error(err)
	}
	if _, err := h.Preview(h.people["town"], "kin", nil, "svg", ""); !errors.Is(err, yinzheng.ErrForbidden) {
		t.Error(err)
	}
	if _, err := h.Preview(h.people["clerk"], "kin", map[string]any{"x": 1}, "svg", ""); !errors.Is(err, yinzheng.ErrInvalid) {
		t.Error(err)
	}
	newer, twice, faulty := yinzheng.SampleTemplate(), yinzheng.SampleTemplate(), yinzheng.SampleTemplate()
	newer.Version, twice.Code, faulty.Name.ZH = 2, "kin-too", ""
	for _, c := range []struct {
		more []*yinzheng.Template
		ok   bool
	}{{[]*yinzheng.Template{newer}, true}, {[]*yinzheng.Template{yinzheng.SampleTemplate()}, false}, {[]*yinzheng.Template{twice}, false}, {[]*yinzheng.Template{faulty}, false}} {
		config := h.config
		config.Templates = append(c.more, config.Templates...)
		s, err := yinzheng.New(h.ctx, config)
		if (err == nil) != c.ok {
			t.Error(err)
		}
		if err == nil {
			if current, err := s.Template("kin"); err != nil || current.Version != 2 {
				t.Errorf("%v %v", current, err)
			}
		}
	}
}

// TestPublishedTemplatesStay: a version that says something else than when it
// was first used stops the start; the next version beside the old one does not.
func TestPublishedTemplatesStay(t *testing.T) {
	h := newHouse(t)
	code := h.issued("old").Certificate.Code
	changed := yinzheng.SampleTemplate()
	changed.Page.Title = "别的证明"
	c := h.config
	c.Templates = []*yinzheng.Template{changed}
	if _, err := yinzheng.New(h.ctx, c); !errors.Is(err, yinzheng.ErrConflict) || !strings.Contains(err.Error(), "template kin version 1") {
		t.Fatalf("a published version was changed: %v", err)
	}
	changed.Version = 2
	c.Templates = []*yinzheng.Template{yinzheng.SampleTemplate(), changed}
	s, err := yinzheng.New(h.ctx, c)
	must(t, err)
	if a, err := s.Verify(h.ctx, &yinzheng.Question{Code: code}); err != nil || a.Verdict != yinzheng.Valid {
		t.Errorf("%+v %v", a, err)
	}
}

// TestItemWithoutOffice: an item that needs an office that the tree lacks is
// neither offered nor started, for a correction either; cases under way go on.
func TestItemWithoutOffice(t *testing.T) {
	h := newHouse(t)
	code, open := h.issued("a").Certificate.Code, h.submitted("b")
	next := yinzheng.SampleTemplate()
	next.Version = 2
	next.Chain[1].Function = "police"
	h.config.Templates = append(h.config.Templates, next)
	h.restart()
	if items := h.Items(h.people["clerk"]); len(items) != 0 {
		t.Errorf("%d items are offered", len(items))
	}
	_, _, err := h.CreateApplication(h.ctx, h.people["clerk"], &yinzheng.NewApplication{Item: next.Code, Values: yinzheng.SampleValues()}, "c")
	if !errors.Is(err, yinzheng.ErrState) {
		t.Errorf("started: %v", err)
	}
	if _, err := h.correct(code, "d"); !errors.Is(err, yinzheng.ErrState) {
		t.Errorf("corrected: %v", err)
	}
	if _, err := h.approve(open); err != nil {
		t.Error(err)
	}
}
