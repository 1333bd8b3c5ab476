package web_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"yinzheng"
)

// TestSetup: five steps, each ticked once it is done; a sample is made once
// however often the form is sent, and its page says so when somebody scans it.
func TestSetup(t *testing.T) {
	w := newWorld(t, unhurried)
	admin := w.signedIn(t, "admin")
	const here = "/work/admin/start"
	_, page := admin.get(here)
	if strings.Count(page, `<li class="met"`) != 4 || strings.Contains(page, "sample.png") {
		t.Fatalf("before: %s", page)
	}
	if r, _ := admin.get(here + "/sample.png"); r.StatusCode != 404 {
		t.Errorf("a code before there is a sample: %d", r.StatusCode)
	}
	if r, page := admin.post(here, url.Values{"key": {"no seal"}, "office": {village}}); r.StatusCode != 422 || !strings.Contains(page, "没有印章") {
		t.Errorf("an office without a seal: %d %s", r.StatusCode, page)
	}
	form := url.Values{"key": {field(t, page, "key")}, "office": {district}}
	for range 2 {
		if _, page = admin.post(here, form); !strings.Contains(page, "样本已签发") {
			t.Fatalf("made: %s", page)
		}
	}
	account, err := w.store.AccountByUsername(t.Context(), "admin")
	must(t, err)
	setup, err := w.Setup(t.Context(), account)
	must(t, err)
	if setup.Sample.Status != yinzheng.StatusOK || setup.Sample.Organ != "惠州市惠城区民政局" {
		t.Fatalf("%+v", setup.Sample)
	}
	_, picture := admin.get(here + "/sample.png")
	scanned := qrText(t, picture)
	if scanned != setup.Sample.Scan || strings.Contains(page, "已打开核验页") {
		t.Fatalf("the code says %s, not %s; %s", scanned, setup.Sample.Scan, page)
	}
	if _, pdf := admin.get(here + "/sample.pdf"); !strings.HasPrefix(pdf, "%PDF-") {
		t.Errorf("the PDF: %.40q", pdf)
	}
	code, _, _ := strings.Cut(strings.TrimPrefix(scanned, w.URL), "#")
	if _, page := admin.get(code); !strings.Contains(page, "样本") {
		t.Errorf("its page: %s", page)
	}
	if _, page := admin.get(here); strings.Count(page, `<li class="met"`) != 5 || !strings.Contains(page, "已打开核验页") {
		t.Errorf("after the scan: %s", page)
	}

	// It is no item: nobody starts it, nobody corrects it into something else.
	clerk := w.signedIn(t, "village")
	if r, _ := clerk.get("/work/new/sample"); r.StatusCode != 404 {
		t.Errorf("a clerk starts a sample: %d", r.StatusCode)
	}
	if _, page := clerk.get("/work/new"); strings.Contains(page, "样本") {
		t.Error("a sample is offered")
	}
	for _, who := range []string{"village", "town"} {
		d := w.signedIn(t, who)
		if r, _ := d.get(here); r.StatusCode != 403 {
			t.Errorf("%s sees the steps: %d", who, r.StatusCode)
		}
		if r, _ := d.post(here, form); r.StatusCode != 403 {
			t.Errorf("%s makes a sample: %d", who, r.StatusCode)
		}
	}
	if d := time.Until(*setup.Sample.Expires); d < 27*24*time.Hour || d > 32*24*time.Hour {
		t.Errorf("it expires in %v", d)
	}
}
