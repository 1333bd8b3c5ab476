package web_test

import (
	"errors"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"yinzheng"
	"yinzheng/web"
)

// stubborn is a sealer whose key does not answer while it is told so.
type stubborn struct {
	yinzheng.Sealer
	silent atomic.Bool
}

func (s *stubborn) SealPDF(kid string, u *yinzheng.Unsigned) error {
	if s.silent.Load() {
		return &yinzheng.Error{Kind: yinzheng.ErrUnavailable, Text: yinzheng.Text{ZH: "密钥设备没有应答", EN: "the key device does not answer"}, Cause: errors.New("device 7")}
	}
	return s.Sealer.SealPDF(kid, u)
}

// TestAdminOverview: what waits for an administrator stands on the first page,
// with what they can do about it; nobody else comes there.
func TestAdminOverview(t *testing.T) {
	seal := &stubborn{}
	w := newWorld(t, unhurried, func(_ *web.Config, c *yinzheng.Config) {
		seal.Sealer = c.Sealer
		c.Sealer, c.Lease = seal, time.Nanosecond
	})
	admin, clerk := w.signedIn(t, "admin"), w.signedIn(t, "village")
	if r, page := clerk.get("/work/admin"); r.StatusCode != 403 || !strings.Contains(page, "只有系统管理员可以这样做") {
		t.Errorf("a clerk: %d %s", r.StatusCode, page)
	}
	if _, page := clerk.get("/work"); strings.Contains(page, "/work/admin") {
		t.Error("a clerk is led to the administrators' pages")
	}
	if _, page := admin.get("/work"); !strings.Contains(page, `href="/work/admin"`) {
		t.Error("an administrator is not led to their pages")
	}
	if _, page := admin.get("/work/admin"); !strings.Contains(page, "没有等您处理的事") || !strings.Contains(page, "条") {
		t.Errorf("nothing waits: %s", page)
	}

	seal.silent.Store(true)
	auth, approver := w.signIn("village"), w.signIn("town")
	path, version := w.draft(auth, "one")
	r := w.want(w.do("POST", path+"/submit", nil, "Authorization", auth, "If-Match", version), 200)
	w.do("POST", path+"/decisions", `{"action":"approve"}`, "Authorization", approver, "If-Match", r.header.Get("ETag"))
	id := path[strings.LastIndexByte(path, '/')+1:]
	_, page := admin.get("/work/admin")
	if !strings.Contains(page, id) || !strings.Contains(page, "密钥设备没有应答") || strings.Contains(page, "device 7") {
		t.Fatalf("issuing failed: %s", page)
	}
	act := func(act string, reason string) (seen, string) {
		return admin.post("/work/admin/issuing", url.Values{"case": {id}, "act": {act}, "reason": {reason}})
	}
	if _, page := act("retry", ""); !strings.Contains(page, "仍未成功") {
		t.Errorf("tried again: %s", page)
	}
	if r, page := act("void", ""); r.StatusCode != 422 || !strings.Contains(page, `id="void-`+id+`" open`) {
		t.Errorf("a number given up without a reason: %d %s", r.StatusCode, page)
	}
	if _, page := act("void", "密钥损坏"); !strings.Contains(page, "编号已作废") || !strings.Contains(page, "已批准") {
		t.Errorf("a number given up: %s", page)
	}
	seal.silent.Store(false)
	if _, page := act("retry", ""); !strings.Contains(page, "已签发") || strings.Contains(page, id) {
		t.Errorf("issued at last: %s", page)
	}
	if r, _ := clerk.post("/work/admin/issuing", url.Values{"case": {id}, "act": {"retry"}}); r.StatusCode != 403 {
		t.Errorf("a clerk tries again: %d", r.StatusCode)
	}
}
