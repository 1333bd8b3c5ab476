package web_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"yinzheng"
	"yinzheng/campaign"
	"yinzheng/internal/inturn"
)

// upload sends a form with a file, as a browser does.
func (d *desk) upload(path string, form url.Values, file []byte) (seen, string) {
	d.t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for name := range form {
		must(d.t, m.WriteField(name, form.Get(name)))
	}
	part, err := m.CreateFormFile("file", "list.csv")
	must(d.t, err)
	_, err = part.Write(file)
	must(d.t, err)
	must(d.t, m.Close())
	return d.send("POST", path, &b, "Content-Type", m.FormDataContentType())
}

// pensioner is the resident ID of somebody born in 1940.
func pensioner(n int) string {
	first := fmt.Sprintf("441302194001%02d%03d", 1+n%28, n)
	for _, c := range "0123456789X" {
		if id, _, _, fault := yinzheng.ParseResidentID(first+string(c), time.Now()); fault == "" {
			return id
		}
	}
	panic(first)
}

// pensioners is a list of so many people of the village, and one of the sibling.
func pensioners(n int) []byte {
	var b bytes.Buffer
	b.WriteString("姓名,证件号码,区划代码\n")
	for i := range n {
		fmt.Fprintf(&b, "陈老%c,%s,%s\n", '一'+rune(i), pensioner(i), village)
	}
	fmt.Fprintf(&b, "李邻居,%s,%s\n", pensioner(n), sibling)
	return b.Bytes()
}

// startsCampaign starts a campaign over a list, report first, and returns its address.
func (d *desk) startsCampaign(file []byte) string {
	d.t.Helper()
	_, page := d.get("/work/campaigns/new")
	form := url.Values{"item": {"residence"}, "office": {town}, "period": {time.Now().In(yinzheng.Zone).Format("2006-01")}, "until": {time.Now().In(yinzheng.Zone).AddDate(0, 0, 9).Format(time.DateOnly)}, "key": {field(d.t, page, "key")}}
	_, page = d.upload("/work/campaigns/import", form, file)
	form.Set("digest", field(d.t, page, "digest"))
	r, page := d.upload("/work/campaigns/import", form, file)
	if r.StatusCode != 200 || !strings.Contains(page, "核验已发起") {
		d.t.Fatalf("starting a campaign: %d %s", r.StatusCode, page)
	}
	if r, _ := d.upload("/work/campaigns/import", form, file); r.StatusCode != 200 {
		d.t.Errorf("sent twice: %d", r.StatusCode)
	}
	return r.Address.Path
}

var entryBox = regexp.MustCompile(`name="entry" value="(\d+:\d+)"`)

// boxes are the boxes on a roster.
func boxes(page string) (out []string) {
	for _, m := range entryBox.FindAllStringSubmatch(page, -1) {
		out = append(out, m[1])
	}
	return out
}

// TestCampaignPages takes a campaign through with plain forms: started over a
// list, its people entered, its cases ordered, ended.
func TestCampaignPages(t *testing.T) {
	w := newWorld(t, unhurried)
	approver, clerk, neighbour := w.signedIn(t, "town"), w.signedIn(t, "village"), w.signedIn(t, "sibling")
	if _, page := clerk.get("/work/campaigns"); !strings.Contains(page, "还没有核验") || strings.Contains(page, "发起核验”") {
		t.Errorf("nothing yet: %s", page)
	}
	if r, _ := clerk.get("/work/campaigns/new"); r.StatusCode != 403 {
		t.Errorf("a clerk starts one: %d", r.StatusCode)
	}
	if r, page := approver.upload("/work/campaigns/import", url.Values{"item": {"residence"}, "office": {town}, "period": {"2026-13"}, "key": {"k"}}, pensioners(3)); r.StatusCode != 422 || !strings.Contains(page, "请填写月份") {
		t.Errorf("a month that is none: %d %s", r.StatusCode, page)
	}
	if r, page := approver.post("/work/campaigns/new", url.Values{"item": {"residence"}, "office": {town}, "period": {time.Now().Format("2006-01")}, "key": {"k"}}); r.StatusCode != 422 || !strings.Contains(page, "首次核验请附名单") {
		t.Errorf("no holders: %d %s", r.StatusCode, page)
	}
	address := approver.startsCampaign(pensioners(60))
	if r, page := approver.get(address); r.StatusCode != 200 || !strings.Contains(page, "61") || !strings.Contains(page, "东湖社区") {
		t.Errorf("the campaign: %d %s", r.StatusCode, page)
	}
	if _, page := approver.get("/work/campaigns"); !strings.Contains(page, "0 / 61") {
		t.Errorf("the list: %s", page)
	}
	if _, page := clerk.get("/work/notices"); !strings.Contains(page, `href="`+address+`"`) {
		t.Errorf("the notice leads nowhere: %s", page)
	}

	_, page := clerk.get(address + "/roster?outcome=open")
	first := boxes(page)
	if len(first) != 50 || !strings.Contains(page, "after=50") || strings.Contains(page, "李邻居") || strings.Contains(page, pensioner(1)) {
		t.Fatalf("%d people on a page: %s", len(first), page)
	}
	today := time.Now().In(yinzheng.Zone).Format(time.DateOnly)
	form := url.Values{"entry": first[:3], "outcome": {"open"}, "outcome_seen": {"present"}, "how": {"visit"}, "day": {today}}
	if _, page = clerk.post(address+"/roster", form); !strings.Contains(page, "已登记") || len(boxes(page)) != 50 {
		t.Errorf("three present: %s", page)
	}
	if _, page = clerk.post(address+"/roster", form); !strings.Contains(page, "已登记") {
		t.Errorf("sent twice: %s", page)
	}
	form.Set("outcome_seen", "absent") // another tab, which shows them as they were
	form["entry"] = first[2:4]
	form.Set("reason", "外出")
	form.Set("follow_up", today)
	r, page := clerk.post(address+"/roster", form)
	if r.StatusCode != 409 || !strings.Contains(page, "最近一次由village登记") || strings.Count(page, "<tr>") != 2 {
		t.Errorf("one of two was entered by another tab: %d %s", r.StatusCode, page)
	}
	form["entry"] = first[4:6]
	form.Del("reason")
	if r, page = clerk.post(address+"/roster", form); r.StatusCode != 422 || !strings.Contains(page, "请填写") || strings.Count(page, " checked") != 2 {
		t.Errorf("without a reason: %d %s", r.StatusCode, page)
	}
	form = url.Values{"entry": first[4:6], "outcome_seen": {"dead"}, "died_on": {today}, "source": {"家属告知"}}
	if r, page = clerk.post(address+"/roster", form); r.StatusCode != 422 || !strings.Contains(page, "逐人登记") {
		t.Errorf("two deaths at once: %d %s", r.StatusCode, page)
	}
	one := strings.Split(first[5], ":")[0]
	form["entry"] = first[5:6]
	if _, page = clerk.post(address+"/people/"+one, form); !strings.Contains(page, "已登记") || !strings.Contains(page, "登记为去世") || !strings.Contains(page, "家属告知") {
		t.Errorf("a death: %s", page)
	}
	if _, page = clerk.post(address+"/find", url.Values{"q": {"陈老一"}}); len(boxes(page)) != 1 {
		t.Errorf("found: %s", page)
	}
	for path, want := range map[string]int{"/people/" + one: 404, "/people/x": 404, "/roster.csv?division=" + village: 404, "": 200, "/roster": 200} {
		if r, page := neighbour.get(address + path); r.StatusCode != want || strings.Contains(page, "陈老") {
			t.Errorf("%s for another village: %d", path, r.StatusCode)
		}
	}
	if r, file := clerk.get(address + "/roster.pdf?division=" + village); r.Header.Get("Content-Type") != "application/pdf" || !strings.HasPrefix(file, "%PDF") {
		t.Errorf("the roster to print: %d %v", r.StatusCode, r.Header)
	}

	if _, page = clerk.get(address); !strings.Contains(page, "只有发起单位") || strings.Contains(page, `value="make"`) {
		t.Errorf("a clerk is offered what is not theirs: %s", page)
	}
	_, page = approver.get(address)
	version := field(t, page, "version")
	if _, page = approver.post(address, url.Values{"version": {version}, "act": {"make"}}); !strings.Contains(page, "正在生成办件") {
		t.Errorf("ordering the cases: %s", page)
	}
	if r, _ = approver.post(address, url.Values{"version": {version}, "act": {"end"}}); r.StatusCode != 412 {
		t.Errorf("two tabs: %d", r.StatusCode)
	}
	admin := w.signedIn(t, "admin") // of the district
	_, page = admin.get(address)
	if strings.Contains(page, "/roster") {
		t.Errorf("an administrator is led to a roster: %s", page)
	}
	end := url.Values{"version": {field(t, page, "version")}, "act": {"end"}}
	if r, page = admin.post(address, end); r.StatusCode != 422 || !strings.Contains(page, "请填写") {
		t.Errorf("ended from above without a reason: %d %s", r.StatusCode, page)
	}
	end.Set("opinion", "与区级名单重复")
	if _, page = admin.post(address, end); !strings.Contains(page, "已办结") || !strings.Contains(page, "与区级名单重复") {
		t.Errorf("ended from above: %s", page)
	}
}

// TestCampaignInBrowser: thirty people, one dead, one absent, the rest present,
// ticked and entered; the cases wait for one decision.
func TestCampaignInBrowser(t *testing.T) {
	inturn.Only(t)
	w := newWorld(t, unhurried)
	address := w.signedIn(t, "town").startsCampaign(pensioners(30))
	ctx := browser(t)
	css := func(s string) chromedp.CSS { return chromedp.CSS(s) }
	run(t, ctx, chromedp.EmulateViewport(1366, 768))
	signInTo(t, ctx, w.URL, "village")
	open(t, ctx, w.URL+address)
	run(t, ctx, chromedp.Click(css(".headline .button")))
	run(t, ctx, chromedp.WaitVisible(css("#people")))
	enter := func(outcome string, fields map[string]string) {
		run(t, ctx, chromedp.SetValue(css("#outcome_seen"), outcome))
		run(t, ctx, chromedp.Evaluate[bool](`document.getElementById('outcome_seen').dispatchEvent(new Event('change'))`))
		for name, value := range fields {
			run(t, ctx, chromedp.WaitVisible(css("#"+name)))
			run(t, ctx, chromedp.SetValue(css("#"+name), value))
		}
		run(t, ctx, chromedp.Click(css(".decide .button")))
		until(t, ctx, `document.querySelector('.done')?.textContent.includes('已登记')`)
		open(t, ctx, w.URL+address+"/roster?outcome=open")
	}
	today := time.Now().In(yinzheng.Zone).Format(time.DateOnly)
	run(t, ctx, chromedp.Click(css("tbody tr:nth-child(1) .tickbox")))
	enter("dead", map[string]string{"died_on": today, "source": "家属告知"})
	run(t, ctx, chromedp.Click(css("tbody tr:nth-child(1) .tickbox")))
	enter("absent", map[string]string{"reason": "外出务工", "follow_up": today})
	if hidden := run(t, ctx, chromedp.Evaluate[bool](`document.getElementById('died_on').closest('.field').hidden`)); !hidden {
		t.Error("the day of a death is asked of everybody")
	}
	run(t, ctx, chromedp.Evaluate[int](`[...document.querySelectorAll('[name=entry]')].map(b => b.click()).length`))
	enter("present", nil)
	if text := run(t, ctx, chromedp.Text(css("main"))); !strings.Contains(text, "都核完了") {
		t.Errorf("left: %s", text)
	}
	must(t, campaign.New(campaign.Config{Service: w.Service}).Round(t.Context()))

	run(t, ctx, chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile))
	for _, path := range []string{address, address + "/roster", address + "/roster?lang=en", "/work/campaigns?lang=zh"} {
		open(t, ctx, w.URL+path)
		fitsPhone(t, ctx, path)
	}
}

// TestCampaignOverHolders: over all who hold a certificate, report first; whoever
// was seen present has a case, which waits with its kind for one decision.
func TestCampaignOverHolders(t *testing.T) {
	w := newWorld(t, unhurried)
	w.issued("one")
	approver, clerk := w.signedIn(t, "town"), w.signedIn(t, "village")
	_, page := approver.get("/work/campaigns/new")
	form := url.Values{"item": {"residence"}, "office": {town}, "period": {time.Now().In(yinzheng.Zone).Format("2006-01")}, "key": {field(t, page, "key")}}
	if _, page = approver.post("/work/campaigns/new", form); !strings.Contains(page, "<b>1</b>") || !strings.Contains(page, `name="then" value="start"`) {
		t.Fatalf("the report: %s", page)
	}
	form.Set("then", "start")
	r, _ := approver.post("/work/campaigns/new", form)
	address := r.Address.Path
	if again, _ := approver.post("/work/campaigns/new", form); again.Address.Path != address {
		t.Errorf("sent twice: %s, then %s", address, again.Address)
	}
	_, page = clerk.get(address + "/roster")
	clerk.post(address+"/roster", url.Values{"entry": boxes(page), "outcome_seen": {"present"}, "how": {"phone"}, "day": {time.Now().In(yinzheng.Zone).Format(time.DateOnly)}})
	_, page = approver.get(address)
	approver.post(address, url.Values{"version": {field(t, page, "version")}, "act": {"make"}})
	must(t, campaign.New(campaign.Config{Service: w.Service}).Round(t.Context()))
	_, page = approver.get(address)
	bulk := regexp.MustCompile(`href="(/work/bulk\?[^"]*)"`).FindStringSubmatch(page)
	if bulk == nil {
		t.Fatalf("no way to decide on the cases: %s", page)
	}
	if _, page = approver.get(strings.ReplaceAll(bulk[1], "&amp;", "&")); !strings.Contains(page, "张𫖯明") {
		t.Errorf("the cases to decide on: %s", page)
	}
	if _, page = clerk.get(address); strings.Contains(page, "/work/bulk") {
		t.Errorf("a clerk is led to a decision: %s", page)
	}
}
