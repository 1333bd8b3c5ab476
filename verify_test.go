package yinzheng_test

import (
	"slices"
	"strings"
	"testing"

	"yinzheng"
)

// TestOtherAddress: a genuine code behind an address of another host is as valid, and the
// answer says that a phone would be led elsewhere.
func TestOtherAddress(t *testing.T) {
	h := newHouse(t)
	code := h.issued("address").Certificate.Code
	c, err := h.store.Certificate(h.ctx, code)
	must(t, err)
	path := "/v/" + code + "#" + string(yinzheng.Digits(c.Token))
	bare, _, _ := strings.Cut(path, "#")
	for address, elsewhere := range map[string]bool{
		h.PublicURL + path: false, h.PublicURL + bare: false, "http://ZM.example.gov.cn" + path: false, " " + strings.ToUpper(h.PublicURL[:5]) + h.PublicURL[5:] + path: false,
		"https://evil.example" + path: true, "https://evil.example" + bare: true, "https://zm.example.gov.cn.evil.example" + path: true,
		"https://zm.example.gov.cn@evil.example" + path: true, "https://evil.example/zm.example.gov.cn" + path: true, "https://zm.example.gov.cn:8443" + path: true,
	} {
		a, err := h.Verify(h.ctx, &yinzheng.Question{URL: address})
		if err != nil || a.Verdict != yinzheng.Valid {
			t.Errorf("%.60s: %v, %v", address, a, err)
			continue
		}
		if got := slices.ContainsFunc(a.Findings, func(f yinzheng.Finding) bool { return f.Code == "other-address" }); got != elsewhere {
			t.Errorf("%.60s: told as another address: %v", address, got)
		}
	}
	h.PublicURL = ""
	if a, err := h.Verify(h.ctx, &yinzheng.Question{URL: "https://anything.example" + path}); err != nil || len(a.Findings) > 0 {
		t.Errorf("without an address of one's own: %v, %v", a, err)
	}
}
