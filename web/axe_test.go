package web_test

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"yinzheng"
	"yinzheng/internal/axe"
	"yinzheng/internal/inturn"
	"yinzheng/rating"
	"yinzheng/web"
)

// accessible fails the test for whatever axe-core calls serious or critical on
// the page that is open (WCAG 2.1, A and AA).
func accessible(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	script, err := axe.Script()
	must(t, err)
	run(t, ctx, chromedp.Evaluate[bool](script+";true"))
	found := run(t, ctx, chromedp.Evaluate[[]string](`axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'], resultTypes: ['violations']}).then(r => r.violations
		.filter(v => v.impact === 'serious' || v.impact === 'critical')
		.map(v => v.id + ': ' + v.help + '\n    ' + v.nodes.slice(0, 4).map(n => n.html.slice(0, 160) + ' ' + (n.any[0]?.message ?? '')).join('\n    ')))`,
		chromedp.EvalAwaitPromise))
	if len(found) > 0 {
		t.Errorf("%s:\n  %s", name, strings.Join(found, "\n  "))
	}
}

// TestAccessible has axe-core look at every page: on a desk, in Chinese, in
// English and in high contrast in turn, and on a phone in large letters (长辈版).
func TestAccessible(t *testing.T) {
	inturn.Only(t)
	var config *web.Config
	w := newWorld(t, unhurried, withTenancy(t), keeping(&config))
	publishes(t, w, config.Catalogue, "清理清单", ended()...)
	code, token, _ := w.issued("one")
	cert, err := w.store.Certificate(t.Context(), code)
	must(t, err)
	must(t, w.ratings.Rate(t.Context(), &yinzheng.Resident{Case: cert.Application}, cert.Application, &rating.Opinion{Level: rating.Poor, Tags: []string{"slow"}, Text: "等了三天"}))
	clerk := w.signedIn(t, "village")
	waiting, draft := clerk.start("441302199003070120"), clerk.start("441302199003070120")
	_, page := clerk.get(waiting + "/edit")
	form := residenceForm(field(t, page, "version"))
	form.Set("then", "check")
	_, page = clerk.post(waiting+"/edit", form)
	clerk.post(waiting+"/submit", url.Values{"version": {field(t, page, "version")}})

	returned := clerk.start("441302199003070120")
	_, page = clerk.get(returned + "/edit")
	form.Set("version", field(t, page, "version"))
	_, page = clerk.post(returned+"/edit", form)
	clerk.post(returned+"/submit", url.Values{"version": {field(t, page, "version")}})
	_, page = w.signedIn(t, "town").get(returned)
	w.signedIn(t, "town").post(returned+"/decide", url.Values{"version": {field(t, page, "version")}, "action": {"return"}, "opinion": {"地址不全"}})

	tenancy := clerk.rents()
	clerk.handsIn(1)
	waits, made := clerk.bringsIn("residence", residences(2)+residences(1)[len(residenceHead):]), clerk.bringsIn("residence", residences(2)+residences(1)[len(residenceHead):])
	clerk.post(made, url.Values{"action": {"start"}, "submit": {"false"}})
	const bulk = "/work/bulk?item=residence&template=2&step=town"

	w.hardship()
	asker := w.signedIn(t, "district")
	campaign := w.signedIn(t, "town").startsCampaign(pensioners(2))
	inquiry, replied := asker.asks("张三"), asker.replied(w)
	list := asker.asksList([]byte("姓名,证件号码\n张三,441302199506140020\n"))

	clerk.lacking()
	kid := w.KeyList().Keys[0].KID
	w.signedIn(t, "admin").post("/work/admin/seals/"+kid, url.Values{"version": {"1"}, "act": {"rotate"}, "reason": {"例行更换"}})
	author := w.signedIn(t, "admin")
	w.Channels = yinzheng.MessageChannels
	author.post("/work/admin/messages", url.Values{"contact": {"zhang@example.com"}})
	design, _ := author.beginsResidence()
	_, page = author.get("/work/admin/templates")
	r, _ := author.post("/work/admin/templates", url.Values{"key": {field(t, page, "key")}, "item": {"rent"}})
	blank := r.Address.Path // of which much has to be mended

	phone := w.guest(t)
	sent := phone.apply("residence")
	phone.answer(sent, "check", aboutResidence("欧阳祥", "441302199003070120")...)
	phone.sendRequest(sent)

	pages := map[string][]string{
		"":         {"/", "/guide", "/guide/tenant?at=" + village, "/guide/poor", "/guide/rented", "/apply", "/apply/residence", "/follow", "/follow/0000000000", "/mine", "/s/AAAAAAAAAAAAAAAAAAAAAA", "/signin", "/verify", "/offline", w.paper(code, token)[len(w.URL):]},
		"village":  {"/work", "/work?tab=requests", "/work/requests/" + sent[len("/apply/residence/"):], "/work?tab=draft", "/work?tab=issued", "/work/new", "/work/new/residence", "/work/new/family-relation", draft + "/edit", draft + "/edit?check=1", returned + "/edit", waiting, "/work/cases/" + cert.Application, "/work/cases/" + cert.Application + "/certificate", "/work/cases/" + cert.Application + "/correct", "/work/cases/0000000000", tenancy + "/edit?check=1", tenancy, "/work/characters", "/work/characters?q=yan", waiting + "/slip", "/work/notices", "/work/delegations", "/work/imports", "/work/new/residence/workbook", waits, made, "/work/campaigns", campaign, campaign + "/roster", campaign + "/people/1", "/work/inquiries", inquiry},
		"town":     {"/work", waiting, "/work?tab=inspections", "/work?tab=revocations", bulk, "/work/cases/" + cert.Application + "/certificate", "/work/campaigns", "/work/campaigns/new", campaign, campaign + "/roster", replied},
		"district": {"/work/ratings", "/work/ratings/" + cert.Application, "/work/inquiries?box=asked", "/work/inquiries?box=lists", "/work/inquiries/ask", "/work/inquiries/ask?kind=hardship&office=" + district, "/work/inquiry-lists/new?kind=hardship&office=" + district, inquiry, replied, list},
		"admin":    {"/work/admin", "/work/admin/people", "/work/admin/people/p-town", "/work/admin/people/new", "/work/admin/offices", "/work/admin/offices/" + village, "/work/admin/offices/" + town, "/work/admin/offices/import", "/work/admin/offices/plans", "/work/admin/catalogue", "/work/admin/catalogue/draft", "/work/admin/catalogue/items/residence", "/work/admin/catalogue/import", "/work/admin/catalogue/report", "/work/admin/register", "/work/admin/seals", "/work/admin/seals/" + kid, "/work/admin/seals/" + w.KeyList().Keys[1].KID, "/work/admin/characters", "/work/admin/messages", "/work/admin/retention", "/work/admin/calendar", "/work/admin/audit", "/work/admin/start"},
	}
	pages["admin"] = append(pages["admin"], "/work/admin/templates", "/work/admin/templates/versions/residence/1", design, design+"?part=fields", design+"?part=fields[2]", blank, design+"?part=chain[1]", design+"?part=page", design+"?part=yaml", design+"/review")
	own := "/mine/certificates/" + code
	slip := clerk.code("/work/cases/" + cert.Application)
	pages["resident"] = []string{"/follow/" + cert.Application, "/mine", own, own + "/page", "/mine/contact"}
	for who, paths := range pages {
		ctx := browserFor(t, 5*time.Minute)
		switch who {
		case "":
		case "resident":
			comesBy(t, ctx, w.URL, cert.Application, slip)
		default:
			signInTo(t, ctx, w.URL, who)
		}
		for i, path := range paths {
			for _, way := range []string{[]string{"lang=zh", "lang=en", "lang=zh&contrast=high"}[i%3] + "&size=normal", "size=large&contrast=normal"} {
				width := int64(1366)
				if strings.HasPrefix(way, "size=large") {
					width = 390
				}
				run(t, ctx, chromedp.EmulateViewport(width, 800))
				address, fragment, found := strings.Cut(path, "#")
				if found {
					fragment = "#" + fragment
				}
				joint := "?"
				if strings.Contains(address, "?") {
					joint = "&"
				}
				open(t, ctx, w.URL+address+joint+way+fragment)
				if who == "admin" { // whose forms are shut until they are wanted
					run(t, ctx, chromedp.Evaluate[int](`[...document.querySelectorAll('details')].map(d => d.open = true).length`))
				}
				what := fmt.Sprintf("%s %s?%s, %d wide", who, address, way, width)
				accessible(t, ctx, what)
				fits(t, ctx, what)
			}
		}
	}
}
