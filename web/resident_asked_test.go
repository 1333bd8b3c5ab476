package web_test

import (
	"net/url"
	"path"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"yinzheng"
)

// TestAsked: the town returns a case that came of a request; its clerk asks the resident
// on their phone, who answers with a photograph, which comes to the case.
func TestAsked(t *testing.T) {
	w := newWorld(t, unhurried)
	p, clerk, town := w.phone(t, true), w.signedIn(t, "village"), w.signedIn(t, "town")
	open(t, p, w.URL+"/apply/residence")
	address := p.begins("residence")
	p.answers(address, "check", aboutResidence("欧阳·祥", "441302199003070120")...)
	p.presses("#sure", `document.getElementById('sure').checked`)
	p.presses(`form[action$="/send"] .button`, `document.querySelector('.panel') !== null`)
	id := address[len("/apply/residence/"):]
	kase := clerk.takenIn(id)
	town.decide("/work/cases/"+kase, "return", "opinion", "请补租赁合同")

	here := "/work/requests/" + id
	if _, page := clerk.get("/work/cases/" + kase + "/edit"); !strings.Contains(page, here) {
		t.Errorf("the form does not lead to the request: %s", page)
	}
	_, page := clerk.get(here)
	ask := url.Values{"act": {"ask"}, "version": {field(t, page, "version")}, "mend": {"attachments.home_proof"}, "text": {"请把租赁合同拍清楚"}, "days": {"many"}}
	if r, page := clerk.post(here, ask); r.StatusCode != 422 || !strings.Contains(page, `href="#ask-days"`) || !strings.Contains(page, "请把租赁合同拍清楚") {
		t.Errorf("in many days: %d %s", r.StatusCode, page)
	}
	ask.Set("days", "3")
	if r, page := clerk.post(here, ask); r.StatusCode != 200 || !strings.Contains(page, "已请居民补充") {
		t.Errorf("asked: %d %s", r.StatusCode, page)
	}

	if r, _ := w.guest(t).get(address + "/answer"); r.StatusCode != 404 {
		t.Errorf("a stranger: %d", r.StatusCode)
	}
	open(t, p, w.URL+address)
	p.says("窗口请您补充", "请把租赁合同拍清楚", "前答复")
	p.looksAt("asked")
	p.presses("main .acts .button", at(address+"/answer"))
	p.looksAt("to answer")
	p.presses(`form[action$="/answer"] .button`, `document.querySelector('.faults') !== null`)
	p.looksAt("nothing said")
	p.photographs(40, 1)
	p.photographs(60, 2)
	p.presses("[value=remove]", `document.querySelectorAll('.shots li').length === 1`)
	p.does(`document.getElementById('text').value = '合同是去年续签的'`)
	p.presses(`form[action$="/answer"] .button:not([name])`, at(address))
	p.says("已答复窗口")

	_, page = clerk.get("/work/notices")
	if !strings.Contains(page, "居民已答复") {
		t.Errorf("the clerk's notices: %s", page)
	}
	_, page = clerk.get(here)
	if !strings.Contains(page, "合同是去年续签的") || strings.Contains(page, "请您补充") || !strings.Contains(page, `name="file" value="2"`) {
		t.Fatalf("the answer: %s", page)
	}
	r, page := clerk.post(here, url.Values{"act": {"attach"}, "version": {field(t, page, "version")}, "file": {"2"}})
	if !strings.HasSuffix(r.Address.Path, "/edit") || !strings.Contains(page, "照片.jpg") {
		t.Errorf("attached: %s %s", r.Address, page)
	}
	if _, page = clerk.get(here); !strings.Contains(page, "已附到办件") || strings.Contains(page, `name="file"`) || strings.Contains(page, `value="attach"`) {
		t.Errorf("attached, it is offered again: %s", page)
	}
	_, page = clerk.get("/work/cases/" + kase + "/check")
	clerk.post("/work/cases/"+kase+"/submit", url.Values{"version": {field(t, page, "version")}})
	open(t, p, w.URL+address+"/answer")
	p.until(at(address))
	if strings.Contains(run(t, p, chromedp.Text(chromedp.CSS("main"))), "去答复") {
		t.Error("answered, it is asked again")
	}
	town.decide("/work/cases/"+kase, "approve")
	if _, page = clerk.get(here); strings.Contains(page, `value="ask"`) {
		t.Error("the resident can be asked about a case that has ended")
	}
}

// TestTakenInAbove: a late request that the office above has taken in is told of to its
// own office, too, for which the case is not there yet.
func TestTakenInAbove(t *testing.T) {
	w := newWorld(t, unhurried)
	above, err := w.store.Account(t.Context(), "p-town")
	must(t, err)
	above.Grants[0].Role = yinzheng.Clerk
	must(t, w.store.PutAccount(t.Context(), above))
	phone, clerk, town := w.guest(t), w.signedIn(t, "village"), w.signedIn(t, "town")
	address := phone.apply("residence")
	phone.answer(address, "check", aboutResidence("欧阳·祥", "441302199003070120")...)
	phone.sendRequest(address)
	id := path.Base(address)
	row, err := w.store.ResidentRequest(t.Context(), id)
	must(t, err)
	row.Late = true
	must(t, w.store.PutRequest(t.Context(), row))
	_, page := town.get("/work/requests/" + id)
	r, _ := town.post("/work/requests/"+id, url.Values{"act": {"take"}, "version": {field(t, page, "version")}})
	kase := strings.TrimSuffix(r.Address.Path, "/edit")
	if r, page := clerk.get("/work/requests/" + id); r.StatusCode != 200 || !strings.Contains(page, "已受理为办件") || strings.Contains(page, `href="`+kase) || strings.Contains(page, `value="ask"`) {
		t.Errorf("its own office sees %d %s", r.StatusCode, page)
	}
}
