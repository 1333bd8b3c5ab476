package web_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"yinzheng/inquiry"
	"yinzheng/internal/inturn"
)

// hardship lets the district ask about the people of the town.
func (w *world) hardship() {
	w.t.Helper()
	admin := w.signIn("admin")
	w.want(w.do("PUT", "/api/v1/inquiry-kinds/hardship", `{"name":{"zh":"家庭生活困难情况","en":"Hardship"},"subject":"none","level":"town"}`, "Authorization", admin), 200)
	w.want(w.do("POST", "/api/v1/inquiry-rights", `{"office":"`+district+`","kinds":["hardship"],"division":"`+town+`","rows":10}`, "Authorization", admin), 201)
}

// asks asks about somebody and returns the inquiry's address.
func (d *desk) asks(name string) string {
	d.t.Helper()
	_, page := d.get("/work/inquiries/ask?kind=hardship&office=" + district)
	form := url.Values{
		"key": {field(d.t, page, "key")}, "kind": {"hardship"}, "office": {district}, "name": {name}, "id.type": {"111"}, "id": {"441302199506140020"}, "division": {village},
		"purpose": {"临时救助"}, "basis": {"某办法第三条"},
	}
	r, page := d.post("/work/inquiries/ask", form)
	if r.StatusCode != 200 || !strings.Contains(page, "已提出") {
		d.t.Fatalf("asking: %d %s", r.StatusCode, page)
	}
	if again, _ := d.post("/work/inquiries/ask", form); again.Address.Path != r.Address.Path {
		d.t.Errorf("sent twice: %s, then %s", r.Address, again.Address)
	}
	return r.Address.Path
}

// replied asks about somebody, has it answered and signed, and returns its address.
func (d *desk) replied(w *world) string {
	d.t.Helper()
	address := d.asks("王五")
	for _, x := range []struct{ who, act string }{{"village", "answer"}, {"town", "sign"}} {
		other := w.signedIn(d.t, x.who)
		_, page := other.get(address)
		if r, page := other.post(address, url.Values{"version": {field(d.t, page, "version")}, "act": {x.act}, "answer": {"yes"}, "opinion": {"属实"}}); r.StatusCode != 200 {
			d.t.Fatalf("%s: %d %s", x.act, r.StatusCode, page)
		}
	}
	return address
}

// asksList asks about a list, report first, and returns its address.
func (d *desk) asksList(file []byte) string {
	d.t.Helper()
	_, page := d.get("/work/inquiry-lists/new?kind=hardship&office=" + district)
	form := url.Values{"key": {field(d.t, page, "key")}, "kind": {"hardship"}, "office": {district}, "division": {village}, "purpose": {"临时救助"}, "basis": {"某办法第三条"}}
	_, page = d.upload("/work/inquiry-lists/new", form, file)
	form.Set("digest", field(d.t, page, "digest"))
	r, _ := d.upload("/work/inquiry-lists/new", form, file)
	return r.Address.Path
}

// TestInquiryPages: asked by the district, answered by the village, returned and
// then signed by the town, delivered; for anybody else there is none.
func TestInquiryPages(t *testing.T) {
	w := newWorld(t, unhurried)
	w.hardship()
	asker, clerk, signer := w.signedIn(t, "district"), w.signedIn(t, "village"), w.signedIn(t, "town")
	if _, page := clerk.get("/work/inquiries"); strings.Contains(page, "问一个人") || !strings.Contains(page, "没有等待核实的协查") {
		t.Errorf("a village that may not ask: %s", page)
	}
	if _, page := clerk.get("/work/inquiries/ask"); !strings.Contains(page, "没有这样协查的权限") {
		t.Errorf("asking without a right: %s", page)
	}
	_, page := asker.get("/work/inquiries/ask")
	if !strings.Contains(page, `href="/work/inquiries/ask?kind=hardship&amp;office=`+district) {
		t.Errorf("what may be asked: %s", page)
	}
	wrong := url.Values{"key": {"k"}, "kind": {"hardship"}, "office": {district}, "name": {"张三"}, "id.type": {"111"}, "id": {"441302199506140021"}, "division": {village}, "purpose": {"张三的救助"}}
	if r, page := asker.post("/work/inquiries/ask", wrong); r.StatusCode != 422 || !strings.Contains(page, `value="441302199506140021"`) || !strings.Contains(page, `href="#purpose"`) || !strings.Contains(page, `href="#basis"`) {
		t.Errorf("a form with faults: %d %s", r.StatusCode, page)
	}
	wrong.Set("division", "441302000000")
	if r, page := asker.post("/work/inquiries/ask", wrong); r.StatusCode != 422 || !strings.Contains(page, "无权就该区划") || !strings.Contains(page, "张三") {
		t.Errorf("outside the right: %d %s", r.StatusCode, page)
	}

	address := asker.asks("张三")
	for _, path := range []string{address, address + "/reply.json"} {
		if r, page := w.signedIn(t, "sibling").get(path); r.StatusCode != 404 || strings.Contains(page, "张三") {
			t.Errorf("%s of others: %d", path, r.StatusCode)
		}
	}
	if r, _ := asker.get(address + "/reply.json"); r.StatusCode != 404 {
		t.Errorf("a reply before there is one: %d", r.StatusCode)
	}
	if _, page = asker.get("/work/inquiries?box=asked"); !strings.Contains(page, address) || !strings.Contains(page, "待核实") || strings.Contains(page, "张三") {
		t.Errorf("asked: %s", page)
	}
	if _, page = clerk.get("/work/notices"); !strings.Contains(page, `href="`+address+`"`) {
		t.Errorf("the notice leads nowhere: %s", page)
	}

	_, page = clerk.get(address)
	answer := url.Values{"version": {field(t, page, "version")}, "act": {"answer"}, "answer": {"no"}}
	if r, page := clerk.post(address, answer); r.StatusCode != 422 || !strings.Contains(page, "请写明理由") || !strings.Contains(page, `value="no" required checked`) {
		t.Errorf("no reason: %d %s", r.StatusCode, page)
	}
	answer.Set("opinion", "家有存款")
	if _, page = clerk.post(address, answer); !strings.Contains(page, "等待签发") {
		t.Errorf("answered: %s", page)
	}
	if r, _ := clerk.post(address, answer); r.StatusCode != 412 {
		t.Errorf("two tabs: %d", r.StatusCode)
	}
	if _, page = clerk.get(address); !strings.Contains(page, "须由镇（街道）以上有印章的机关签发") || strings.Contains(page, `value="sign"`) {
		t.Errorf("why the village does not sign: %s", page)
	}
	_, page = signer.get(address)
	if _, page = signer.post(address, url.Values{"version": {field(t, page, "version")}, "act": {"return"}, "opinion": {"请写明数额"}}); !strings.Contains(page, "已退回重新核实") {
		t.Errorf("returned: %s", page)
	}
	_, page = clerk.get(address)
	clerk.post(address, url.Values{"version": {field(t, page, "version")}, "act": {"answer"}, "answer": {"yes"}, "opinion": {"属实"}})
	_, page = signer.get(address)
	if _, page = signer.post(address, url.Values{"version": {field(t, page, "version")}, "act": {"sign"}}); !strings.Contains(page, "答复已签发") || strings.Contains(page, `id="token"`) {
		t.Errorf("signed, and not for the town to take: %s", page)
	}
	if _, page = asker.get(address); !strings.Contains(page, `<p class="big">是</p>`) || !strings.Contains(page, "属实") || strings.Contains(page, "请写明数额") {
		t.Errorf("the reply: %s", page)
	}
	if r, file := asker.get(address + "/reply.json"); r.StatusCode != 200 || !strings.Contains(file, `"token"`) || !strings.Contains(r.Header.Get("Content-Disposition"), "attachment") {
		t.Errorf("the reply's file: %d %s", r.StatusCode, file)
	}

	address = asker.asks("李四")
	_, page = asker.get(address)
	if _, page = asker.post(address, url.Values{"version": {field(t, page, "version")}, "act": {"withdraw"}}); !strings.Contains(page, "已撤回") {
		t.Errorf("withdrawn: %s", page)
	}
	if log := w.log.String(); strings.Contains(log, "张三") || strings.Contains(log, "199506140020") {
		t.Error("the log says who was asked about")
	}
}

// TestInquiryListPages: a list is checked whole, shown, asked, paused and worked;
// its result is for who asked.
func TestInquiryListPages(t *testing.T) {
	w := newWorld(t, unhurried)
	w.hardship()
	asker := w.signedIn(t, "district")
	_, page := asker.get("/work/inquiry-lists/new?kind=hardship&office=" + district)
	form := url.Values{"key": {field(t, page, "key")}, "kind": {"hardship"}, "office": {district}, "division": {town}, "purpose": {"临时救助"}, "basis": {"某办法第三条"}}
	if r, page := asker.upload("/work/inquiry-lists/new", form, []byte("姓名,证件号码\n张三,1\n")); r.StatusCode != 422 || !strings.Contains(page, "line 2, column id") || !strings.Contains(page, `value="临时救助"`) {
		t.Errorf("a list with a fault: %d %s", r.StatusCode, page)
	}
	file := []byte("姓名,证件号码,区划代码\n张三,441302199506140020," + village + "\n")
	_, page = asker.upload("/work/inquiry-lists/new", form, file)
	if !strings.Contains(page, "名单核对无误") || !strings.Contains(page, "<b>1</b>") {
		t.Fatalf("the report: %s", page)
	}
	form.Set("digest", field(t, page, "digest"))
	if r, page := asker.upload("/work/inquiry-lists/new", form, append(file, '\n', '\n')); r.StatusCode != 422 || !strings.Contains(page, "不是刚才看过报告的那个文件") {
		t.Errorf("another file: %d %s", r.StatusCode, page)
	}
	r, page := asker.upload("/work/inquiry-lists/new", form, file)
	address := r.Address.Path
	if !strings.Contains(page, `http-equiv="refresh"`) || !strings.Contains(page, "正在查登记") {
		t.Fatalf("asked: %s", page)
	}
	if again, _ := asker.upload("/work/inquiry-lists/new", form, file); again.Address.Path != address {
		t.Errorf("sent twice: %s, then %s", address, again.Address)
	}
	if _, page = asker.post(address, url.Values{"act": {"pause"}}); !strings.Contains(page, "已暂停") || strings.Contains(page, `http-equiv="refresh"`) {
		t.Errorf("paused: %s", page)
	}
	if r, _ := asker.post(address, url.Values{"act": {"pause"}}); r.StatusCode != 409 {
		t.Errorf("paused twice: %d", r.StatusCode)
	}
	asker.post(address, url.Values{"act": {"resume"}})
	if r, _ := asker.get(address + "/result.csv"); r.StatusCode != 409 {
		t.Errorf("a result before there is one: %d", r.StatusCode)
	}
	work := inquiry.New(inquiry.Config{Store: w.store, Records: w.Service, Seal: w.Service})
	_, err := work.Work(t.Context())
	must(t, err)
	if _, page = asker.get("/work/inquiries?box=lists"); !strings.Contains(page, address) || !strings.Contains(page, "待人核实") {
		t.Errorf("the lists: %s", page)
	}
	clerk, signer := w.signedIn(t, "village"), w.signedIn(t, "town")
	_, page = clerk.get("/work/inquiries")
	exception := regexp.MustCompile(`/work/inquiries/[0-9A-Z]{12}`).FindString(page)
	_, page = clerk.get(exception)
	clerk.post(exception, url.Values{"version": {field(t, page, "version")}, "act": {"answer"}, "answer": {"cannot-say"}, "opinion": {"查无此人"}})
	_, page = signer.get(exception)
	signer.post(exception, url.Values{"version": {field(t, page, "version")}, "act": {"sign"}})
	_, err = work.Work(t.Context())
	must(t, err)
	if _, page = asker.get("/work/inquiries/" + strings.TrimPrefix(address, "/work/inquiry-lists/")); !strings.Contains(page, "下载结果") { // where the notice leads
		t.Errorf("replied: %s", page)
	}
	if _, csv := asker.get(address + "/result.csv"); !strings.Contains(csv, "无法确认 Cannot say") {
		t.Errorf("the result: %s", csv)
	}
	for _, path := range []string{address, address + "/result.csv"} {
		if r, _ := clerk.get(path); r.StatusCode != 404 {
			t.Errorf("%s of others: %d", path, r.StatusCode)
		}
	}
}

// TestInquiryInBrowser: asked, answered by the village, signed by the town,
// delivered, by four pages and their buttons.
func TestInquiryInBrowser(t *testing.T) {
	inturn.Only(t)
	w := newWorld(t, unhurried)
	w.hardship()
	ctx := browser(t)
	css := func(s string) chromedp.CSS { return chromedp.CSS(s) }
	press := func(selector string) {
		run(t, ctx, chromedp.WaitVisible(css(selector)))
		run(t, ctx, chromedp.Click(css(selector)))
	}
	as := func(who, box string) {
		open(t, ctx, w.URL+"/work")
		if run(t, ctx, chromedp.Evaluate[bool](`Boolean(document.querySelector('.me button'))`)) {
			press(".me button")
			run(t, ctx, chromedp.WaitVisible(css("#username")))
		}
		signInTo(t, ctx, w.URL, who)
		open(t, ctx, w.URL+"/work/inquiries?box="+box)
	}
	run(t, ctx, chromedp.EmulateViewport(1366, 768))
	as("district", "asked")
	press(".headline .button")
	press(".card a")
	run(t, ctx, chromedp.WaitVisible(css("#name")))
	for name, text := range map[string]string{"name": "欧阳•祥", "id": "441302199506140020", "purpose": "临时救助", "basis": "某办法第三条"} {
		run(t, ctx, chromedp.SendKeys(css("#"+name), text))
	}
	run(t, ctx, chromedp.SetValue(css("#division"), village))
	press("form.stack .acts .button")
	until(t, ctx, `document.querySelector('.done')?.textContent.includes('已提出')`)
	as("village", "to-answer")
	press("tbody a")
	press(`.choices label:first-of-type`)
	press(`[value="answer"]`)
	until(t, ctx, `document.querySelector('.done')?.textContent.includes('等待签发')`)
	as("town", "to-sign")
	press("tbody a")
	press(`[value="sign"]`)
	until(t, ctx, `document.querySelector('.done')?.textContent.includes('已签发')`)
	as("district", "asked")
	press("tbody a")
	run(t, ctx, chromedp.WaitVisible(css("#reply")))
	if text := run(t, ctx, chromedp.Text(css("main"))); !strings.Contains(text, "欧阳·祥") || !strings.Contains(text, "不是证明") {
		t.Errorf("the reply: %s", text)
	}
	run(t, ctx, chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile))
	fitsPhone(t, ctx, "the reply")
	for _, path := range []string{"/work/inquiries?lang=en", "/work/inquiries/ask?kind=hardship&office=" + district, "/work/inquiries?lang=zh&size=large"} {
		open(t, ctx, w.URL+path)
		fitsPhone(t, ctx, path)
	}
}
