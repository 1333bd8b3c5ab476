package web_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// TestApplyByCertificate: who is signed in picks a certificate of their own in the place
// of a material. Everybody concerned is told while it is suspended; taken in, the case
// refers to it.
func TestApplyByCertificate(t *testing.T) {
	w := newWorld(t, unhurried, withTenancy(t))
	phone, other, clerk, town := w.guest(t), w.guest(t), w.signedIn(t, "village"), w.signedIn(t, "town")
	held := clerk.handIn()
	town.decide(held, "approve")
	_, page := clerk.get(held + "/certificate")
	code := regexp.MustCompile(`/v/([0-9A-Z]{12})`).FindStringSubmatch(page)[1]
	phone.identifies(w.vouched(), "ouyang", "/apply/tenant")
	address := phone.apply("tenant")
	phone.answer(address, "photo-lease", []string{"for", "applicant.as", "holder"}, []string{"where", "division", village}, []string{"about-address", "values.address", "滨江路 8 号"})
	offered := `name="certificate" value="` + code + `"`
	if _, page := phone.get(address + "/photo-lease"); !strings.Contains(page, offered) {
		t.Fatalf("not offered: %s", page)
	}
	p := w.phone(t, true)
	p.signsIn("ouyang", address+"/photo-lease")
	p.looksAt("a certificate is offered")
	elsewhere := other.apply("tenant")
	other.answer(elsewhere, "photo-lease", []string{"for", "applicant.as", "holder"}, []string{"where", "division", village},
		[]string{"about-name", "values.name", "欧阳祥", "values.id.type", "111", "values.id", "441302199003070120"}, []string{"about-address", "values.address", "滨江路 8 号"})
	if _, page := other.get(elsewhere + "/photo-lease"); strings.Contains(page, code) {
		t.Errorf("offered to somebody who is not known: %s", page)
	}
	if r, page := phone.post(address+"/photo-lease", url.Values{"act": {"certificate"}, "certificate": {"1234"}}); r.StatusCode != 422 || !strings.Contains(page, "12 位字母和数字") {
		t.Errorf("no code: %d %s", r.StatusCode, page)
	}
	phone.answer(address, "check", []string{"photo-lease", "act", "certificate", "certificate", code}, []string{"photo-id_card"})

	act := func(kind, reason string) {
		t.Helper()
		w.want(w.do("POST", "/api/v1/certificates/"+code+"/"+kind, `{"reason":"`+reason+`","opinion":"有人反映"}`, "Authorization", w.signIn("town")), 200)
	}
	const stopped, verified = "现为“已中止”", "已核验，有效"
	shows := func(d *desk, path, want string, there bool) {
		t.Helper()
		if r, page := d.get(path); r.StatusCode != 200 || strings.Contains(page, want) != there {
			t.Errorf("%s: %s there: %v, in %s", path, want, !there, page)
		}
	}
	act("suspend", "complaint")
	shows(phone, address+"/check", stopped, true)
	shows(phone, address+"/photo-lease", stopped, true)
	if r, page := phone.post(address+"/send", url.Values{"version": {"9"}, "sure": {"1"}}); r.StatusCode < 400 || strings.Contains(page, "已提交") {
		t.Errorf("sent with a certificate that is suspended: %d %s", r.StatusCode, page)
	}
	act("lift", "cleared")
	phone.sendRequest(address)
	id := address[len("/apply/tenant/"):]
	here := "/work/requests/" + id
	shows(clerk, here, verified, true)
	shows(phone, address, "用不上了", false)
	act("suspend", "complaint")
	shows(clerk, here, verified, false)
	shows(clerk, here, stopped, true)
	shows(phone, address, "用不上了", true)
	act("lift", "cleared")

	kase := "/work/cases/" + clerk.takenIn(id)
	shows(clerk, kase, code, true)
	p.forgets()
	signInTo(t, p, w.URL, "village")
	open(t, p, w.URL+kase)
	p.looksAt("a case that a request became")
	town.decide(kase, "approve")
	shows(clerk, kase, "/certificate.pdf", true)
}

// TestApplyAnotherOffice: what is said about the office on the page of all answers can be
// changed there, and the request goes to the one that was chosen.
func TestApplyAnotherOffice(t *testing.T) {
	w := newWorld(t, unhurried)
	phone := w.guest(t)
	address := phone.apply("residence")
	phone.answer(address, "check", aboutResidence("欧阳•祥", "441302199003070120")...)
	if _, page := phone.get(address + "/check"); !strings.Contains(page, "（就近）") || !strings.Contains(page, address+"/office?back=check") {
		t.Errorf("the answers: %s", page)
	}
	if _, page := phone.get(address + "/office?q=" + url.QueryEscape("新建")); !strings.Contains(page, `value="`+sibling+`"`) {
		t.Fatalf("the offices: %s", page)
	}
	if r, page := phone.post(address+"/office", url.Values{"office": {"nowhere"}}); r.StatusCode != 422 || !strings.Contains(page, "请另选一个") {
		t.Errorf("no office: %d %s", r.StatusCode, page)
	}
	if r, page := phone.post(address+"/office", url.Values{"office": {sibling}, "back": {"check"}}); r.Address.Path != address+"/check" || !strings.Contains(page, "新建社区") {
		t.Errorf("chosen: %s %s", r.Address, page)
	}
	phone.sendRequest(address)
	here := "/work/requests/" + address[len("/apply/residence/"):]
	for who, want := range map[string]int{"village": 404, "sibling": 200} {
		if r, _ := w.signedIn(t, who).get(here); r.StatusCode != want {
			t.Errorf("%s: %d", who, r.StatusCode)
		}
	}
}
