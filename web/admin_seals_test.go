package web_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"yinzheng"
)

// deputy gives the world a second administrator, signed in.
func (w *world) deputy(t *testing.T) *desk {
	t.Helper()
	admin, err := w.store.AccountByUsername(t.Context(), "admin")
	must(t, err)
	must(t, w.store.PutAccount(t.Context(), &yinzheng.Account{
		ID: "p-deputy", Username: "deputy", Name: "deputy", Password: admin.Password, Person: yinzheng.ID{Type: yinzheng.ResidentID, Number: "11010519491231002X"},
		Grants: []yinzheng.Grant{{Office: district, Role: yinzheng.Admin, From: time.Now().Add(-time.Hour)}},
	}))
	return w.signedIn(t, "deputy")
}

// TestAdminSeals suspends a key and lifts that again by plain forms and two people.
func TestAdminSeals(t *testing.T) {
	w := newWorld(t, unhurried)
	admin, deputy := w.signedIn(t, "admin"), w.deputy(t)
	kid := w.KeyList().Keys[0].KID
	for _, k := range w.KeyList().Keys {
		if k.Purpose == yinzheng.DocumentKey {
			kid = k.KID
		}
	}
	here := "/work/admin/seals/" + kid
	act := func(who *desk, act string, more ...string) (seen, string) {
		t.Helper()
		_, page := who.get(here)
		form := url.Values{"version": {field(t, page, "version")}, "act": {act}}
		for i := 0; i < len(more); i += 2 {
			form.Set(more[i], more[i+1])
		}
		return who.post(here, form)
	}
	if r, page := act(admin, "suspend"); r.StatusCode != 422 || !strings.Contains(page, "请写明理由") || !strings.Contains(page, `id="act-suspend" open`) {
		t.Errorf("without a reason: %d %s", r.StatusCode, page)
	}
	_, before := deputy.get(here)
	if r, page := act(admin, "suspend", "reason", "保管人去向不明"); r.StatusCode != 200 || !strings.Contains(page, "密钥已中止") || !strings.Contains(page, "保管人去向不明") || !strings.Contains(page, "中止密钥") {
		t.Fatalf("suspended: %d %s", r.StatusCode, page)
	}
	if r, _ := deputy.post(here, url.Values{"version": {field(t, before, "version")}, "act": {"rotate"}, "reason": {"x"}}); r.StatusCode != 412 {
		t.Errorf("from a stale page: %d", r.StatusCode)
	}
	if w.KeyList().ByKID(kid).State != yinzheng.KeySuspended {
		t.Error("it is not suspended")
	}
	if r, page := act(admin, "compromise", "reason", "x", "since", "yesterday"); r.StatusCode != 422 || !strings.Contains(page, "时间应如") {
		t.Errorf("since when: %d %s", r.StatusCode, page)
	}
	if r, page := act(admin, "lift", "reason", "已找到"); r.StatusCode != 200 || !strings.Contains(page, "须由另一位管理员确认") || strings.Contains(page, `value="confirm"`) {
		t.Errorf("proposed: %d %s", r.StatusCode, page)
	}
	if _, page := deputy.get("/work/admin"); !strings.Contains(page, "待确认：恢复使用") || !strings.Contains(page, here) {
		t.Errorf("what waits for the other: %s", page)
	}
	if r, _ := act(admin, "confirm"); r.StatusCode != 403 {
		t.Errorf("confirmed by who proposed it: %d", r.StatusCode)
	}
	if r, page := act(deputy, "decline", "reason", "再等一天"); r.StatusCode != 200 || !strings.Contains(page, "已否决") {
		t.Errorf("declined: %d %s", r.StatusCode, page)
	}
	act(admin, "lift", "reason", "核实无误")
	if r, page := act(deputy, "confirm"); r.StatusCode != 200 || !strings.Contains(page, "已生效") || strings.Contains(page, "status-revoked") {
		t.Errorf("confirmed: %d %s", r.StatusCode, page)
	}
	if w.KeyList().ByKID(kid).State != yinzheng.KeyActive {
		t.Error("it is not lifted")
	}
	if r, _ := act(admin, "sell", "reason", "x"); r.StatusCode != 422 {
		t.Errorf("no such act: %d", r.StatusCode)
	}
	if r, _ := admin.get("/work/admin/seals/nobody"); r.StatusCode != 404 {
		t.Errorf("no such key: %d", r.StatusCode)
	}
	if r, page := deputy.get("/work/notices"); r.StatusCode != 200 || !strings.Contains(page, "密钥变更等待第二位管理员确认") || !strings.Contains(page, "一把密钥被中止") {
		t.Errorf("notices: %s", page)
	}
	if _, page := admin.get("/work/admin/audit"); !strings.Contains(page, "恢复密钥") || !strings.Contains(page, "核实无误") {
		t.Errorf("on record: %s", page)
	}
}
