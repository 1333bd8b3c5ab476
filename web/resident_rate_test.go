package web_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"yinzheng"
	"yinzheng/internal/inturn"
	"yinzheng/internal/oidctest"
	"yinzheng/rating"
	residents "yinzheng/resident"
)

// later moves the clock of the ratings, and does what is due by then.
func (w *world) later(t *testing.T, days int) {
	t.Helper()
	w.aheadBy.Add(int64(days))
	must(t, w.ratings.Scan(t.Context()))
}

// rates has a case issued, opens it by its code, and returns the resident's browser
// and the case's number.
func (w *world) rates(t *testing.T) (phone *desk, id string) {
	t.Helper()
	clerk, phone := w.signedIn(t, "village"), w.guest(t)
	address := clerk.handIn()
	id = strings.TrimPrefix(address, "/work/cases/")
	code := clerk.code(address)
	w.signedIn(t, "town").decide(address, "approve")
	if _, page := phone.post("/follow", url.Values{"case": {id}, "code": {code}}); !strings.Contains(page, `href="/rate/`+id+`"`) {
		t.Fatalf("the case does not offer to rate it: %s", page)
	}
	return phone, id
}

// TestRating: who rates a case, what the page says of what is wrong, and that
// nobody of the office that was rated learns of it.
func TestRating(t *testing.T) {
	w := newWorld(t, unhurried)
	phone, id := w.rates(t)
	if r, page := w.guest(t).get("/rate/" + id); r.Address.Path != "/follow/"+id || strings.Contains(page, "办得怎么样") {
		t.Errorf("a stranger comes to %s", r.Address)
	}
	if r, _ := w.guest(t).post("/rate/"+id, url.Values{"level": {"1"}}); r.Address.Path != "/follow/"+id {
		t.Errorf("a stranger's rating leads to %s", r.Address)
	}
	if r, page := phone.post("/rate/"+id, url.Values{"text": {"好" + strings.Repeat("好", rating.MaxText)}, "tag": {"rude"}}); r.StatusCode != 422 || !strings.Contains(page, `href="#level"`) || !strings.Contains(page, `href="#text"`) || !strings.Contains(page, `value="rude" checked`) {
		t.Errorf("no level: %d %s", r.StatusCode, page)
	}
	bad := url.Values{"level": {"1"}, "tag": {"rude", "fast"}, "text": {"让我跑了三趟"}, "contact": {"13800000000"}}
	if _, page := phone.post("/rate/"+id, bad); !strings.Contains(page, "谢谢您的评价") || !strings.Contains(page, "一个工作日内回访您") {
		t.Fatalf("rated: %s", page)
	}
	if r, page := phone.post("/rate/"+id, bad); r.StatusCode != 409 || !strings.Contains(page, "已经评价过了") {
		t.Errorf("rated twice: %d %s", r.StatusCode, page)
	}
	for _, who := range []string{"village", "sibling", "admin"} {
		d := w.signedIn(t, who)
		if r, page := d.get("/work/ratings/" + id); r.StatusCode != 404 || strings.Contains(page, "三趟") {
			t.Errorf("%s is shown the follow-up: %d", who, r.StatusCode)
		}
	}
	// The only approver of the town has sealed the certificate: the district is asked.
	town := w.signedIn(t, "town")
	if r, page := town.get("/work/ratings/" + id); r.StatusCode != 403 || strings.Contains(page, "三趟") {
		t.Errorf("who signed is shown the follow-up: %d", r.StatusCode)
	}
	if _, page := town.get("/work/notices"); !strings.Contains(page, "有人给了差评") {
		t.Errorf("the town is not told: %s", page)
	}
	if _, page := w.signedIn(t, "district").get("/work/ratings/" + id); !strings.Contains(page, "让我跑了三趟") || !strings.Contains(page, "13800000000") {
		t.Errorf("the district reads %s", page)
	}
	if _, page := w.signedIn(t, "admin").get("/work/admin"); !strings.Contains(page, rating.LastQuarter(time.Now()).Name().ZH+"没有人评价") {
		t.Errorf("the counts: %s", page)
	}
	if strings.Contains(w.log.String(), "三趟") || strings.Contains(w.log.String(), "13800000000") {
		t.Error("what was said is in the log")
	}
}

// TestRatedByTheSlip: somebody who had the slip gave a mild bad rating; the resident
// signs in and says it themselves, and the district reads both.
func TestRatedByTheSlip(t *testing.T) {
	w := newWorld(t, unhurried)
	client := oidctest.Client{ID: "yinzheng", Secret: "a secret of the tests"}
	issuer := oidctest.Start(t, oidctest.Config{Client: client, Redirect: w.URL + "/mine/callback", People: map[string]map[string]string{"ouyang": {"name": "欧阳祥", "id_number": "441302199003070120"}}})
	phone, id := w.rates(t)
	mild := url.Values{"level": {"2"}, "text": {"有点慢"}, "contact": {"13800000000"}}
	if _, page := phone.post("/rate/"+id, mild); strings.Contains(page, "/mine/signin") {
		t.Errorf("where nobody vouches for anybody: %s", page)
	}
	w.residents.UseIdentity(residents.Identity{Issuer: issuer, ClientID: client.ID, Secret: client.Secret, Redirect: w.URL + "/mine/callback"})
	if _, page := phone.get("/rate/" + id); !strings.Contains(page, `href="/mine/signin?next=/rate/`+id+`"`) || strings.Contains(page, "<form method=\"post\" action=\"/rate") {
		t.Errorf("whoever has the slip is shown %s", page)
	}
	own := url.Values{"level": {"1"}, "text": {"收了我两百块"}, "contact": {"13900000000"}}
	if _, page := phone.identifies(issuer, "ouyang", "/rate/"+id); !strings.Contains(page, "由上级单位一并回访") || strings.Contains(page, `value="3"`) {
		t.Fatalf("the resident is shown %s", page)
	}
	if r, page := phone.post("/rate/"+id, own); r.StatusCode != 200 || !strings.Contains(page, "非常不满意") || strings.Contains(page, "一并回访") {
		t.Errorf("rated again: %d %s", r.StatusCode, page)
	}
	if r, _ := phone.post("/rate/"+id, own); r.StatusCode != 409 {
		t.Errorf("a third time: %d", r.StatusCode)
	}
	w.later(t, 5)
	district := w.signedIn(t, "district")
	_, page := district.get("/work/ratings/" + id)
	for _, want := range []string{"收了我两百块", "13900000000", "身份已核实", "先前的评价", "有点慢", "13800000000", "凭查询码，"} {
		if !strings.Contains(page, want) {
			t.Errorf("the district does not read %s: %s", want, page)
		}
	}
	r := w.want(w.do("GET", "/api/v1/ratings/"+id, nil, "Authorization", w.signIn("district")), 200)
	if r.text(t, "proof") != "identity" || r.text(t, "earlier.0.text") != "有点慢" || r.text(t, "earlier.0.contact") != "13800000000" {
		t.Errorf("%s", r.body)
	}
}

// TestRatingJourney in a browser, on a phone: a bad rating, a call that comes late,
// the office above, and an answer that the resident reads.
func TestRatingJourney(t *testing.T) {
	inturn.Only(t)
	w := newWorld(t, unhurried)
	must(t, w.store.PutAccount(t.Context(), &yinzheng.Account{ID: "p-deputy", Username: "deputy", Name: "deputy", Person: yinzheng.ID{Type: yinzheng.Passport, Number: "E1"}, Grants: []yinzheng.Grant{{Office: town, Role: yinzheng.Approver}}}))
	clerk := w.signedIn(t, "village")
	address := clerk.handIn()
	id, code := strings.TrimPrefix(address, "/work/cases/"), clerk.code(address)
	w.signedIn(t, "town").decide(address, "approve")

	ctx := browser(t)
	css := func(s string) chromedp.CSS { return chromedp.CSS(s) }
	run(t, ctx, chromedp.EmulateViewport(390, 844))
	open(t, ctx, w.URL+"/follow#"+id)
	run(t, ctx, chromedp.SendKeys(css("#code"), code+"\r"))
	run(t, ctx, chromedp.Click(css(`[href="/rate/`+id+`"]`)))
	run(t, ctx, chromedp.WaitVisible(css("#level")))
	accessible(t, ctx, "the form of a rating")
	fitsPhone(t, ctx, "the form of a rating")
	run(t, ctx, chromedp.Click(css(`[value="1"]`)))
	run(t, ctx, chromedp.Click(css(`[value="trips"]`)))
	run(t, ctx, chromedp.SendKeys(css("#text"), "让我跑了三趟"))
	run(t, ctx, chromedp.Click(css("form[action^='/rate'] .button")))
	until(t, ctx, `document.querySelector('main')?.textContent.includes('一个工作日内回访您')`)
	accessible(t, ctx, "a rating")
	fitsPhone(t, ctx, "a rating")

	district := w.signedIn(t, "district")
	if _, page := district.get("/work/ratings"); strings.Contains(page, id) {
		t.Error("the district is asked before the town is late")
	}
	w.later(t, 5)
	_, page := district.get("/work/ratings")
	if !strings.Contains(page, "/work/ratings/"+id) || !strings.Contains(page, "已超期") {
		t.Fatalf("the district's list: %s", page)
	}
	do := func(form url.Values, status int, shows string) {
		t.Helper()
		_, page := district.get("/work/ratings/" + id)
		form.Set("version", field(t, page, "version"))
		if r, page := district.post("/work/ratings/"+id, form); r.StatusCode != status || !strings.Contains(page, shows) {
			t.Errorf("%v: %d %s", form, r.StatusCode, page)
		}
	}
	do(url.Values{"act": {"call"}}, 422, "请写明情况")
	do(url.Values{"act": {"call"}, "text": {"没有人接"}}, 200, "没有联系上")
	do(url.Values{"act": {"call"}, "text": {"致歉"}, "reached": {"true"}}, 200, "待整改")
	do(url.Values{"act": {"settle"}, "text": {"今后一次告知"}}, 422, "请选择")
	do(url.Values{"act": {"settle"}, "text": {"今后一次告知"}, "outcome": {"right"}}, 200, "已办结")

	open(t, ctx, w.URL+"/rate/"+id)
	until(t, ctx, `document.querySelector('main')?.textContent.includes('今后一次告知')`)
	if said := run(t, ctx, chromedp.Text(css("main"))); !strings.Contains(said, "已整改") || !strings.Contains(said, "非常不满意") {
		t.Errorf("the resident reads %s", said)
	}
}

// TestRatingsOverTheAPI: the follow-up and the counts.
func TestRatingsOverTheAPI(t *testing.T) {
	w := newWorld(t, unhurried)
	phone, id := w.rates(t)
	phone.post("/rate/"+id, url.Values{"level": {"2"}, "text": {"太慢"}})
	w.later(t, 5)
	district, clerk, admin := w.signIn("district"), w.signIn("village"), w.signIn("admin")
	if r := w.want(w.do("GET", "/api/v1/ratings", nil, "Authorization", district), 200); r.text(t, "items.0.case") != id {
		t.Errorf("%s", r.body)
	}
	here := "/api/v1/ratings/" + id
	r := w.want(w.do("GET", here, nil, "Authorization", district), 200)
	if r.text(t, "text") != "太慢" || r.header.Get("ETag") != `"2"` {
		t.Errorf("%v %s", r.header, r.body)
	}
	w.want(w.do("GET", here, nil, "Authorization", clerk), 404)
	w.want(w.do("GET", here, nil), 401)
	act := func(body, version string, status int) {
		t.Helper()
		w.want(w.do("POST", here+"/acts", body, "Authorization", district, "If-Match", version), status)
	}
	act(`{"action":"settle","outcome":"right","text":"x"}`, `"2"`, 409)
	act(`{"action":"call","text":"致歉","reached":"yes"}`, `"2"`, 422)
	act(`{"action":"call","text":"致歉","reached":true}`, `"1"`, 412)
	act(`{"action":"call","text":"致歉","reached":true}`, `"2"`, 200)
	act(`{"action":"settle","outcome":"unjustified","text":"已解释"}`, `"3"`, 200)

	quarter := rating.LastQuarter(time.Now().AddDate(0, 3, 0)).String()
	w.want(w.do("GET", "/api/v1/rating-report?quarter="+quarter, nil, "Authorization", admin), 422) // it has not ended
	w.later(t, 100)
	r = w.want(w.do("GET", "/api/v1/rating-report?quarter="+quarter, nil, "Authorization", admin), 200)
	if r.text(t, "offices.0.office") != village || r.member(t, "offices.0.total") != nil || r.member(t, "offices.0.levels") != nil {
		t.Errorf("%s", r.body)
	}
	w.want(w.do("GET", "/api/v1/rating-report?quarter=soon", nil, "Authorization", admin), 422)
	w.want(w.do("GET", "/api/v1/rating-report?quarter="+quarter, nil, "Authorization", clerk), 403)
}
