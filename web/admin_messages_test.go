package web_test

import (
	"net/url"
	"strings"
	"testing"

	"yinzheng"
)

// TestAdminMessages: administrators of the topmost office see what became of messages,
// masked, send themselves a trial and have what waits tried at once.
func TestAdminMessages(t *testing.T) {
	w := newWorld(t, unhurried)
	admin := w.signedIn(t, "admin")
	const here = "/work/admin/messages"
	trial := func(to string) (seen, string) {
		return admin.post(here, url.Values{"act": {"trial"}, "contact": {to}})
	}
	if _, page := admin.get(here); !strings.Contains(page, "还没有开通邮件或短信") || strings.Contains(page, `name="contact"`) {
		t.Errorf("nobody serves: %s", page)
	}
	w.Channels = []yinzheng.MessageChannel{yinzheng.Mail}
	for to, want := range map[string]string{"nobody": "11 位手机号", "13800000000": "没有开通短信", "": "11 位手机号"} {
		if r, page := trial(to); r.StatusCode < 409 || r.StatusCode > 422 || !strings.Contains(page, want) || !strings.Contains(page, `aria-invalid="true"`) {
			t.Errorf("to %q: %d %s", to, r.StatusCode, page)
		}
	}
	if r, page := trial("zhang@example.com"); r.StatusCode != 200 || !strings.Contains(page, "已交给网关发送") || !strings.Contains(page, "z***@example.com") || strings.Contains(page, "zhang@") {
		t.Fatalf("a trial: %d %s", r.StatusCode, page)
	}
	if r, page := trial("zhang@example.com"); r.StatusCode != 429 || !strings.Contains(page, "秒后再试") {
		t.Errorf("at once again: %d %s", r.StatusCode, page)
	}
	due, err := w.store.DueMessages(t.Context(), yinzheng.Mail, w.Now(), 9)
	must(t, err)
	failed := *due[0]
	failed.Version, failed.Tries, failed.Due, failed.Reason = 2, 1, w.Now().AddDate(0, 0, 1), "answer 451"
	must(t, w.store.PutDelivery(t.Context(), &failed))
	if _, page := admin.get(here); !strings.Contains(page, "网关暂不受理（451）") || !strings.Contains(page, "现在全部重试") {
		t.Errorf("one that was not taken: %s", page)
	}
	if r, page := admin.post(here, url.Values{"act": {"hurry"}}); r.StatusCode != 200 || !strings.Contains(page, "正在重试") {
		t.Errorf("hurried: %d %s", r.StatusCode, page)
	}
	if due, err = w.store.DueMessages(t.Context(), yinzheng.Mail, w.Now(), 9); err != nil || len(due) != 1 {
		t.Errorf("%d are due, %v", len(due), err)
	}
	for _, act := range []string{"trial", "hurry"} {
		if r, _ := w.signedIn(t, "village").post(here, url.Values{"act": {act}, "contact": {"a@b.cn"}}); r.StatusCode != 403 {
			t.Errorf("%s by a clerk: %d", act, r.StatusCode)
		}
	}
	if r, _ := w.signedIn(t, "town").get(here); r.StatusCode != 403 {
		t.Errorf("seen by an approver: %d", r.StatusCode)
	}
	if _, page := admin.get("/work/admin/audit"); !strings.Contains(page, "试发消息") || strings.Contains(page, "zhang@") {
		t.Errorf("on record: %s", page)
	}
}
