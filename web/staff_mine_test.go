package web_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"yinzheng"
)

// TestStaffLending: an approver lends the post, whoever stands in is offered the
// town's inbox, and it ends at once.
func TestStaffLending(t *testing.T) {
	w := newWorld(t, unhurried)
	address := w.signedIn(t, "village").handsIn(1)[0]
	town, district := w.signedIn(t, "town"), w.signedIn(t, "district")
	if _, page := district.get("/work"); strings.Contains(page, address) {
		t.Fatal("the district has the town's inbox already")
	}
	today := time.Now().In(yinzheng.Zone)
	form := url.Values{"post": {"441302001000 approver"}, "to": {"nobody"}, "begin": {today.Format(time.DateOnly)}, "end": {today.AddDate(0, 0, -1).Format(time.DateOnly)}}
	if r, page := town.post("/work/delegations", form); r.StatusCode != 422 || !strings.Contains(page, `href="#to"`) || !strings.Contains(page, `href="#end"`) || !strings.Contains(page, `value="nobody"`) {
		t.Errorf("to nobody, until yesterday: %d %s", r.StatusCode, page)
	}
	form.Set("to", "district")
	form.Set("end", today.Format(time.DateOnly))
	_, page := town.post("/work/delegations", form)
	if !strings.Contains(page, "town → district") || !strings.Contains(page, "现在结束") {
		t.Fatalf("lent: %s", page)
	}
	if _, page := district.get("/work"); !strings.Contains(page, address) {
		t.Errorf("who stands in is not shown the inbox: %s", page)
	}
	if _, page := district.get("/work/delegations"); !strings.Contains(page, "town → district") || strings.Contains(page, "现在结束") {
		t.Errorf("who stands in: %s", page)
	}
	id := url.Values{"id": {field(t, page, "id")}}
	if r, _ := w.signedIn(t, "sibling").post("/work/delegations/end", id); r.StatusCode != 404 {
		t.Errorf("a stranger ends it: %d", r.StatusCode)
	}
	if _, page := town.post("/work/delegations/end", id); !strings.Contains(page, "已结束") {
		t.Errorf("ended: %s", page)
	}
	if _, page := district.get("/work"); strings.Contains(page, address) {
		t.Error("who stood in still has the inbox")
	}
}

// TestStaffNotices: what a post is told is new once, for the person who was told.
func TestStaffNotices(t *testing.T) {
	w := newWorld(t, unhurried)
	address := w.signedIn(t, "village").handsIn(1)[0]
	town := w.signedIn(t, "town")
	for i, isNew := range []bool{true, false} {
		_, page := town.get("/work/notices")
		if !strings.Contains(page, `href="`+address+`"`) || !strings.Contains(page, "有办件等待办理") || strings.Contains(page, ">新</span>") != isNew {
			t.Errorf("look %d: %s", i, page)
		}
	}
	if _, page := w.signedIn(t, "sibling").get("/work/notices"); strings.Contains(page, address) {
		t.Errorf("a stranger is told: %s", page)
	}
}

// TestStaffRevocations: a proposal waits in the list of those who may confirm it.
func TestStaffRevocations(t *testing.T) {
	w := newWorld(t, unhurried)
	code, _, _ := w.issued("one")
	cert, err := w.store.Certificate(t.Context(), code)
	must(t, err)
	town, district := w.signedIn(t, "town"), w.signedIn(t, "district")
	town.post("/work/cases/"+cert.Application+"/certificate", url.Values{"act": {"propose-revocation"}, "reason": {"fraud"}, "opinion": {"材料系伪造"}})
	if _, page := town.get("/work?tab=revocations"); !strings.Contains(page, "须由他人确认") {
		t.Errorf("whoever proposed it: %s", page)
	}
	_, page := district.get("/work?tab=revocations")
	if !strings.Contains(page, "/work/certificates/"+code) || !strings.Contains(page, "材料系伪造") {
		t.Fatalf("to be confirmed: %s", page)
	}
	r, page := district.get("/work/certificates/" + code)
	if r.Address.Path != "/work/cases/"+cert.Application+"/certificate" || !strings.Contains(page, `id="act-revoke"`) {
		t.Errorf("%s %s", r.Address, page)
	}
	if r, _ := w.signedIn(t, "sibling").get("/work/certificates/" + code); r.StatusCode != 404 {
		t.Errorf("a stranger: %d", r.StatusCode)
	}
}
