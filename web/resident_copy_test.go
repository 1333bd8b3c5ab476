package web_test

import (
	"strings"
	"testing"

	"yinzheng/attachments/picturetest"
	"yinzheng/internal/oidctest"
	residents "yinzheng/resident"
)

// TestOwnCopy: who has proven who they are sees all that is kept about them, and
// nothing that is about others; that they looked is on record. A code is not enough.
func TestOwnCopy(t *testing.T) {
	w := newWorld(t, unhurried, withTenancy(t))
	const register = "公民身份号码,姓名,区划代码,户口地址,母亲姓名,母亲证件号码\n441302199003070120,欧阳祥," + village + ",水口大道 77 号,诸葛英,441302196505040227\n"
	admin, clerk := w.signedIn(t, "admin"), w.signedIn(t, "village")
	what := map[string]string{"register": "常住人口登记", "as_of": "2026-01-01", "office": district}
	_, page := admin.sendFile("/work/admin/register", "list.csv", register, what)
	what["digest"] = field(t, page, "digest")
	if _, page = admin.sendFile("/work/admin/register", "list.csv", register, what); !strings.Contains(page, "已导入") {
		t.Fatalf("the register: %s", page)
	}
	address := clerk.handIn()
	id := strings.TrimPrefix(address, "/work/cases/")
	clerk.post(address+"/contact", map[string][]string{"contact": {"13922334455"}, "language": {"zh"}})
	code := clerk.code(address)
	other := clerk.rents()
	auth := w.signIn("village") // somebody else asks for them
	r := w.want(w.do("POST", "/api/v1/applications", strings.Replace(strings.NewReplacer("张𫖯明", "欧阳祥", "441302199506140020", "441302199003070120").Replace(residence), "{",
		`{"applicant":{"as":"agent","name":"李雷","id":"110101199912310043","authority":"委托书"},`, 1), "Authorization", auth, "Idempotency-Key", "agent"), 201)
	path := "/api/v1/applications/" + r.text(t, "id")
	r = w.want(w.attach(auth, path, r.header.Get("ETag"), picturetest.Photo(5), "material=authority"), 201)
	w.want(w.do("POST", path+"/submit", nil, "Authorization", auth, "If-Match", r.header.Get("ETag")), 200)

	client := oidctest.Client{ID: "yinzheng", Secret: "a secret of the tests"}
	issuer := oidctest.Start(t, oidctest.Config{Client: client, Redirect: w.URL + "/mine/callback", People: map[string]map[string]string{
		"ouyang": {"name": "欧阳祥", "id_number": "441302199003070120"}, "li": {"name": "李雷", "id_number": "110101199912310043"},
	}})
	w.residents.UseIdentity(residents.Identity{Issuer: issuer, ClientID: client.ID, Secret: client.Secret, Redirect: w.URL + "/mine/callback"})
	phone, slip, stranger := w.guest(t), w.guest(t), w.guest(t)
	if _, page := phone.identifies(issuer, "ouyang", "/mine"); !strings.Contains(page, `href="/mine/copy"`) {
		t.Errorf("no way to it: %s", page)
	}
	slip.post("/follow", map[string][]string{"case": {id}, "code": {code}})
	stranger.identifies(issuer, "li", "/mine")
	request := phone.apply("residence")
	phone.answer(request, "where", []string{"for", "applicant.as", "holder"})

	for path, offered := range map[string]string{"/mine/copy": "", "/mine/copy.json": `attachment; filename="yinzheng.json"`} {
		r, page := phone.get(path)
		for _, want := range []string{"441302199003070120", "欧阳·祥", "滨江路 8 号", "水口大道 77 号", "常住人口登记", "诸葛英", "441302********0227", "李雷", "110101********0043", "139****4455", id} {
			if !strings.Contains(page, want) {
				t.Errorf("%s lacks %s: %s", path, want, page)
			}
		}
		if strings.Contains(page, strings.TrimPrefix(other, "/work/cases/")) || strings.Contains(page, "441302196505040227") || strings.Contains(page, "salt") || r.Header.Get("Content-Disposition") != offered {
			t.Errorf("%s: %v %s", path, r.Header, page)
		}
		if r, page := slip.get(path); r.StatusCode != 403 || strings.Contains(page, "滨江路") || !strings.Contains(page, "受理窗口") {
			t.Errorf("%s by a code: %d %s", path, r.StatusCode, page)
		}
		if r, page := stranger.get(path); r.StatusCode != 200 || strings.Contains(page, id) || strings.Contains(page, "水口大道") || !strings.Contains(page, "滨江路 8 号") && !strings.Contains(page, "东湖花园") {
			t.Errorf("%s for somebody else: %d %s", path, r.StatusCode, page)
		}
		if r, _ := w.guest(t).get(path); r.StatusCode != 401 {
			t.Errorf("%s for nobody: %d", path, r.StatusCode)
		}
	}
	if _, page := slip.get("/follow/" + id); strings.Count(page, "本人取得保存的个人信息") != 1 { // once an hour
		t.Errorf("whoever follows the case is not told of the copies: %s", page)
	}
}
