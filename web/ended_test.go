package web_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"yinzheng"
	"yinzheng/receipt"
)

// TestEnded: of what was revoked or replaced the pages say in words since when and why, and
// lead to what replaced it.
func TestEnded(t *testing.T) {
	w := newWorld(t, unhurried)
	phone, code, _ := w.owner(t)
	other, _, _ := w.issued("other")
	here := "/mine/certificates/" + code
	see := func(path string) string {
		t.Helper()
		return string(w.want(w.do("GET", path, nil, "Accept", "text/html", "Accept-Language", "zh"), 200).body)
	}
	path := "/api/v1/certificates/" + other
	r := w.want(w.do("POST", path+"/revoke", `{"reason":"fraud","opinion":"材料是假的"}`, "Authorization", w.signIn("town")), 202)
	w.want(w.do("POST", fmt.Sprintf("%s/revocations/%v/confirm", path, r.member(t, "revocation.id")), `{}`, "Authorization", w.signIn("district")), 200)
	cert, err := w.store.Certificate(t.Context(), other)
	must(t, err)
	if page := see("/v/" + other); !tellsEnd(page, "已撤销", cert.StatusAt, "以欺骗手段取得") {
		t.Errorf("revoked, but the page does not say so, since when and why: %s", page)
	}

	cert, err = w.store.Certificate(t.Context(), code)
	must(t, err)
	next, _, _ := w.issued("next")
	from := cert.Status
	cert.Status, cert.StatusAt, cert.Reason, cert.Successor = yinzheng.StatusIsSuperseded, cert.IssuedAt.Add(time.Minute), "corrected", next
	must(t, w.store.SetStatus(t.Context(), cert, from))
	page := see("/v/" + code)
	if !tellsEnd(page, "已被替代", cert.StatusAt, "已更正") {
		t.Errorf("replaced, but the page does not say so, since when and why: %s", page)
	}
	link := regexp.MustCompile(`href="(/v/[^"]+)">查看替代它的证明`).FindStringSubmatch(page)
	if link == nil || !strings.Contains(see(link[1]), "登记有效") {
		t.Errorf("the page does not lead to what replaced it: %s", page)
	}
	if _, page := phone.get(here); !strings.Contains(page, "已被替代</span> 自 "+receipt.Day(cert.StatusAt, "zh")+" · 已更正") {
		t.Errorf("its holder is not told: %s", page)
	}
}

// tellsEnd tells whether a result says in words what has become of a certificate.
func tellsEnd(page, heading string, since time.Time, reason string) bool {
	return strings.Contains(page, `tabindex="-1">`+heading+`</h1>`) &&
		regexp.MustCompile(`自 <strong>`+receipt.Day(since, "zh")+`[^<]*</strong>；原因：<strong>`+reason+`</strong>`).MatchString(page)
}
