package web_test

import (
	"bytes"
	"mime/multipart"
	"net/url"
	"strings"
	"testing"
	"time"

	"yinzheng"
	"yinzheng/attachments/picturetest"
	"yinzheng/internal/oidctest"
	residents "yinzheng/resident"
)

// apply begins a request of an item and returns its address.
func (d *desk) apply(item string) string {
	d.t.Helper()
	r, page := d.post("/apply/"+item, url.Values{})
	address, _, found := strings.Cut(strings.TrimPrefix(r.Address.Path, "/apply/"+item+"/"), "/")
	if !found {
		d.t.Fatalf("beginning leads to %s: %s", r.Address, page)
	}
	return "/apply/" + item + "/" + address
}

// answer answers one page of a request after another, and makes sure that each leads
// to the next, and the last one to where it is said to.
func (d *desk) answer(address, last string, pages ...[]string) {
	d.t.Helper()
	for i, p := range pages {
		form := url.Values{}
		for j := 1; j+1 < len(p); j += 2 {
			form.Add(p[j], p[j+1])
		}
		r, page := d.post(address+"/"+p[0], form)
		want := address + "/" + last
		if i+1 < len(pages) {
			want = address + "/" + pages[i+1][0]
		}
		if r.Address.Path != want {
			d.t.Fatalf("page %s leads to %s, %d, want %s: %s", p[0], r.Address.Path, r.StatusCode, want, page)
		}
	}
}

// aboutResidence are the answers for a certificate of residence.
func aboutResidence(name, id string) [][]string {
	return [][]string{
		{"for", "applicant.as", "holder"},
		{"where", "division", village},
		{"about-name", "values.name", name, "values.id.type", "111", "values.id", id},
		{"about-address", "values.address", "滨江路 8 号"},
		{"about-since", "values.since", "2020-05-01"},
		{"about-purpose", "values.purpose", "子女入学"},
		{"about-recipient", "values.recipient", "教育局"},
		{"photo-id_card"},
		{"photo-home_proof"},
	}
}

// sendPhoto sends a file of a material.
func (d *desk) sendPhoto(address, material, name string, content []byte) (seen, string) {
	d.t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	part, err := form.CreateFormFile("file", name)
	must(d.t, err)
	_, err = part.Write(content)
	must(d.t, err)
	must(d.t, form.Close())
	return d.send("POST", address+"/photo-"+material+"/file", &b, "Content-Type", form.FormDataContentType())
}

// TestApply: without scripts a resident fills a request in, comes back to it by a code,
// and sends it once.
func TestApply(t *testing.T) {
	w := newWorld(t, unhurried)
	phone, other := w.guest(t), w.guest(t)
	if _, page := phone.get("/apply/residence"); !strings.Contains(page, "网上申请") || !strings.Contains(page, "5 个工作日") {
		t.Fatalf("the first page: %s", page)
	}
	address := phone.apply("residence")
	for path, want := range map[string]int{address + "/for": 200, address + "/nothing": 404, "/apply/nothing": 404, "/apply/birth-registration/" + address[len("/apply/residence/"):]: 404} {
		if r, page := phone.get(path); r.StatusCode != want {
			t.Errorf("%s: %d, want %d: %s", path, r.StatusCode, want, page)
		}
	}
	if r, page := phone.post(address+"/for", url.Values{}); r.StatusCode != 422 || !strings.Contains(page, "请选择为谁办") {
		t.Errorf("nobody chosen: %d %s", r.StatusCode, page)
	}
	if r, page := phone.post(address+"/where", url.Values{"division": {town}}); r.Address.RawQuery != "in="+town || !strings.Contains(page, "东湖社区") {
		t.Errorf("the town leads to %s: %s", r.Address, page)
	}
	if r, page := phone.post(address+"/about-name", url.Values{"values.name": {"𠮷"}, "values.id.type": {"111"}, "values.id": {"441302199003070121"}}); r.StatusCode != 422 || !strings.Contains(page, "校验") || !strings.Contains(page, "𠮷") {
		t.Errorf("a wrong number: %d %s", r.StatusCode, page)
	}
	all := aboutResidence("欧阳•祥", "441302199003070120")
	phone.answer(address, all[4][0], all[:4]...)
	_, page := phone.post(address+"/later", url.Values{})
	code := textOf(t, page, "return-code")
	for _, wrong := range []string{"", "0000 0000 0000", code[:12] + "00"} {
		if r, page := other.post("/apply", url.Values{"request": {address[len("/apply/residence/"):]}, "code": {wrong}}); r.StatusCode != 401 || !strings.Contains(page, "取回码不对") {
			t.Errorf("code %q: %d", wrong, r.StatusCode)
		}
	}
	if r, _ := other.get(address + "/check"); r.StatusCode != 404 {
		t.Errorf("a stranger: %d", r.StatusCode)
	}
	if r, _ := other.post("/apply", url.Values{"request": {address[len("/apply/residence/"):]}, "code": {code}}); r.Address.Path != address+"/about-since" {
		t.Errorf("coming back leads to %s", r.Address)
	}
	other.answer(address, "check", all[4:]...)
	_, page = other.get(address + "/check")
	for _, want := range []string{"欧阳·祥", "441302199003070120", "滨江路 8 号", "东湖社区", "身份还没有核实"} {
		if !strings.Contains(page, want) {
			t.Errorf("the answers lack %s: %s", want, page)
		}
	}
	form := url.Values{"version": {field(t, page, "version")}}
	if r, page := other.post(address+"/send", form); r.StatusCode != 422 || !strings.Contains(page, "请先勾选") {
		t.Errorf("without the declaration: %d %s", r.StatusCode, page)
	}
	form.Set("sure", "1")
	for range 2 { // pressed twice
		if r, page := other.post(address+"/send", form); r.Address.Path != address || !strings.Contains(page, "已提交") || !strings.Contains(page, "东湖社区") {
			t.Errorf("sent: %s %s", r.Address, page)
		}
	}
	if r, _ := other.get(address + "/about-name"); r.Address.Path != address {
		t.Errorf("a page of what was sent leads to %s", r.Address)
	}
	if n, err := w.store.CountRequestsAt(t.Context(), []yinzheng.Intakes{{Office: village}}, "sent", 9); err != nil || n != 1 {
		t.Errorf("%d were sent, %v", n, err)
	}
	if log := w.log.String(); strings.Contains(log, "欧阳") || strings.Contains(log, "44130219900307") || strings.Contains(log, strings.ReplaceAll(code, " ", "")) {
		t.Errorf("the log holds what nobody may see: %s", log)
	}
}

// textOf is the text of an element with an ID.
func textOf(t *testing.T, page, id string) string {
	t.Helper()
	_, rest, found := strings.Cut(page, `id="`+id+`">`)
	if !found {
		t.Fatalf("no %s in %s", id, page)
	}
	text, _, _ := strings.Cut(rest, "<")
	return text
}

// sendRequest checks the answers of a request and sends it.
func (d *desk) sendRequest(address string) {
	d.t.Helper()
	_, page := d.get(address + "/check")
	if r, page := d.post(address+"/send", url.Values{"version": {field(d.t, page, "version")}, "sure": {"1"}}); r.Address.Path != address {
		d.t.Fatalf("sending leads to %s: %s", r.Address, page)
	}
}

// TestFloodOfOneNetwork: one network sends an office a dozen requests a day that nobody
// vouches for, so that it does not use up what that office takes of such; who is vouched
// for is not held up.
func TestFloodOfOneNetwork(t *testing.T) {
	w := newWorld(t)
	ready := func(d *desk, answers ...[]string) string {
		address := d.apply("residence")
		d.answer(address, "check", answers...)
		return address
	}
	answers := aboutResidence("欧阳祥", "441302199003070120")
	for range 12 {
		d := w.guest(t)
		d.sendRequest(ready(d, answers...))
	}
	d := w.guest(t)
	address := ready(d, answers...)
	_, page := d.get(address + "/check")
	r, page := d.post(address+"/send", url.Values{"version": {field(t, page, "version")}, "sure": {"1"}})
	if r.StatusCode != 429 || !strings.Contains(page, "换个网络") {
		t.Errorf("one more: %d %s", r.StatusCode, page)
	}
	known := w.guest(t)
	known.identifies(w.vouched(), "ouyang", "/apply/residence")
	known.sendRequest(ready(known, append(answers[:2:2], answers[3:]...)...))
}

// TestRequestTakenIn: an office returns a request, the resident mends it, the office
// takes it in with its photograph, and it becomes a certificate.
func TestRequestTakenIn(t *testing.T) {
	w := newWorld(t, unhurried)
	clerk, sibling, town, phone := w.signedIn(t, "village"), w.signedIn(t, "sibling"), w.signedIn(t, "town"), w.guest(t)
	address := phone.apply("residence")
	id := address[len("/apply/residence/"):]
	all := aboutResidence("欧阳•祥", "441302199003070120")
	phone.answer(address, "photo-home_proof", all[:len(all)-1]...)
	if r, page := phone.sendPhoto(address, "home_proof", "租约.jpg", picturetest.Photo(7)); r.Address.Path != address+"/photo-home_proof" || !strings.Contains(page, "/files/1") {
		t.Fatalf("a photograph: %s %s", r.Address, page)
	}
	if r, picture := phone.get(address + "/files/1"); r.Header.Get("Content-Type") != "image/jpeg" || len(picture) == 0 {
		t.Errorf("the photograph: %d", r.StatusCode)
	}
	phone.sendRequest(address)

	here := "/work/requests/" + id
	_, page := clerk.get("/work?tab=requests")
	if !strings.Contains(page, here) || !strings.Contains(page, "欧阳·祥") || !strings.Contains(page, `data-count="requests">1<`) {
		t.Errorf("the clerk's list: %s", page)
	}
	for name, d := range map[string]*desk{"another village": sibling, "the town": town} {
		if r, _ := d.get(here); r.StatusCode != 404 {
			t.Errorf("%s sees it: %d", name, r.StatusCode)
		}
		if r, _ := d.get(here + "/files/1"); r.StatusCode != 404 {
			t.Errorf("%s opens its file: %d", name, r.StatusCode)
		}
		if r, _ := d.post(here, url.Values{"act": {"take"}, "version": {"1"}}); r.StatusCode != 404 {
			t.Errorf("%s takes it in: %d", name, r.StatusCode)
		}
	}
	_, page = clerk.get(here)
	for _, want := range []string{"未经核实", "租约.jpg", "滨江路 8 号", "受理，转为办件"} {
		if !strings.Contains(page, want) {
			t.Errorf("the request lacks %s: %s", want, page)
		}
	}
	if r, _ := clerk.get(here + "/files/1"); r.Header.Get("Content-Disposition") != `attachment; filename="`+id+`-1.jpg"` {
		t.Errorf("the file: %v", r.Header)
	}
	version := field(t, page, "version")
	if r, page := clerk.post(here, url.Values{"act": {"return"}, "version": {version}}); r.StatusCode != 422 || !strings.Contains(page, `href="#return-text"`) {
		t.Errorf("returned without a word: %d %s", r.StatusCode, page)
	}
	if r, page := clerk.post(here, url.Values{"act": {"refuse"}, "version": {version}, "text": {"不办"}}); r.StatusCode != 422 || !strings.Contains(page, `href="#refuse-reason"`) {
		t.Errorf("refused without a class: %d %s", r.StatusCode, page)
	}
	clerk.post(here, url.Values{"act": {"return"}, "version": {version}, "text": {"地址写到门牌号"}, "mend": {"values.address"}})

	_, page = phone.get(address)
	if !strings.Contains(page, "地址写到门牌号") || !strings.Contains(page, address+"/about-address?back=check") {
		t.Errorf("returned: %s", page)
	}
	if _, page = phone.get(address + "/about-address?back=check"); !strings.Contains(page, "窗口请您补正") {
		t.Errorf("the page to mend: %s", page)
	}
	if r, _ := phone.post(address+"/about-address", url.Values{"back": {"check"}, "values.address": {"滨江路 8 号 2 栋 301"}}); r.Address.Path != address+"/check" {
		t.Errorf("mended, it leads to %s", r.Address)
	}
	phone.sendRequest(address)
	_, page = clerk.get(here)
	form := url.Values{"act": {"take"}, "version": {field(t, page, "version")}}
	r, page := clerk.post(here, form)
	if !strings.HasSuffix(r.Address.Path, "/edit") || !strings.Contains(page, "滨江路 8 号 2 栋 301") || !strings.Contains(page, "租约.jpg") || !strings.Contains(page, here) {
		t.Fatalf("taken in: %s %s", r.Address, page)
	}
	if r, _ := clerk.post(here, form); r.StatusCode != 409 {
		t.Errorf("taken in twice: %d", r.StatusCode)
	}
	kase := strings.TrimSuffix(r.Address.Path, "/edit")
	if _, page = phone.get(address); !strings.Contains(page, strings.TrimPrefix(kase, "/work/cases/")) || !strings.Contains(page, "带身份证件到受理窗口核对") {
		t.Errorf("the resident is told: %s", page)
	}
	if r, _ := phone.get("/follow/" + strings.TrimPrefix(kase, "/work/cases/")); r.StatusCode != 404 {
		t.Errorf("who is not verified follows the case: %d", r.StatusCode)
	}
	_, page = clerk.get(kase + "/check")
	clerk.post(kase+"/submit", url.Values{"version": {field(t, page, "version")}})
	code := clerk.code(kase)
	town.decide(kase, "approve")
	if _, page := phone.post("/follow", url.Values{"case": {strings.TrimPrefix(kase, "/work/cases/")}, "code": {code}}); !strings.Contains(page, "证明已签发") {
		t.Errorf("issued, the resident sees: %s", page)
	}
	if log := w.log.String(); strings.Contains(log, "欧阳") || strings.Contains(log, "滨江路") {
		t.Error("personal data is in the log")
	}
}

// vouched has a provider vouch for who signs in as ouyang, and returns its address.
func (w *world) vouched() string {
	w.t.Helper()
	client := oidctest.Client{ID: "yinzheng", Secret: "a secret of the tests"}
	issuer := oidctest.Start(w.t, oidctest.Config{Client: client, Redirect: w.URL + "/mine/callback", People: map[string]map[string]string{"ouyang": {"name": "欧阳祥", "id_number": "441302199003070120"}}})
	w.residents.UseIdentity(residents.Identity{Issuer: issuer, ClientID: client.ID, Secret: client.Secret, Redirect: w.URL + "/mine/callback"})
	return issuer
}

// TestTakenInSight: between being taken in and being handed in a case is not its
// resident's yet. Meanwhile they see their request, and no way that leads nowhere.
func TestTakenInSight(t *testing.T) {
	w := newWorld(t, unhurried)
	phone, clerk := w.guest(t), w.signedIn(t, "village")
	phone.identifies(w.vouched(), "ouyang", "/apply/residence")
	address := phone.apply("residence")
	all := aboutResidence("", "")
	phone.answer(address, "photo-home_proof", append(all[:2:2], all[3:8]...)...)
	phone.sendPhoto(address, "home_proof", "租约.jpg", picturetest.Photo(7))
	phone.sendRequest(address)
	here := "/work/requests/" + address[len("/apply/residence/"):]
	_, page := clerk.get(here)
	r, _ := clerk.post(here, url.Values{"act": {"take"}, "version": {field(t, page, "version")}})
	kase := strings.TrimSuffix(strings.TrimPrefix(r.Address.Path, "/work/cases/"), "/edit")

	sees := func(request, follow bool) {
		t.Helper()
		_, mine := phone.get("/mine")
		_, own := phone.get(address)
		if !strings.Contains(own, kase) || strings.Contains(mine, address) != request || strings.Contains(mine, "/follow/"+kase) != follow || strings.Contains(own, "/follow/"+kase) != follow {
			t.Errorf("the request: %s\nwhat is their own: %s", own, mine)
		}
	}
	sees(true, false)
	_, page = clerk.get("/work/cases/" + kase + "/check")
	clerk.post("/work/cases/"+kase+"/submit", url.Values{"version": {field(t, page, "version")}})
	sees(false, true)
}

// TestRequestItemGone: the pages of a request whose item was taken off say so, to its
// resident and to the office, which can refuse it.
func TestRequestItemGone(t *testing.T) {
	w := newWorld(t, unhurried)
	clerk, phone := w.signedIn(t, "village"), w.guest(t)
	address := phone.apply("residence")
	id := address[len("/apply/residence/"):]
	phone.answer(address, "about-name", aboutResidence("", "")[:2]...)
	row, err := w.store.ResidentRequest(t.Context(), id)
	must(t, err)
	row.Template.Version, row.State, row.Office, row.Due = 99, yinzheng.RequestSent, village, row.Changed.Add(time.Hour)
	must(t, w.store.PutRequest(t.Context(), row))

	if r, page := phone.get(address); r.StatusCode != 200 || !strings.Contains(page, "请到窗口咨询") {
		t.Errorf("the resident sees %d %s", r.StatusCode, page)
	}
	if r, _ := phone.get(address + "/check"); r.Address.Path != address {
		t.Errorf("the answers lead to %s", r.Address)
	}
	here := "/work/requests/" + id
	if _, page := clerk.get("/work?tab=requests"); !strings.Contains(page, here) {
		t.Errorf("the clerk's list: %s", page)
	}
	r, page := clerk.get(here)
	if r.StatusCode != 200 || !strings.Contains(page, "模板不在了") || strings.Contains(page, `value="take"`) {
		t.Errorf("the clerk sees %d %s", r.StatusCode, page)
	}
	clerk.post(here, url.Values{"act": {"refuse"}, "version": {field(t, page, "version")}, "reason": {"unneeded"}, "text": {"这个证明不用再开"}})
	if _, page := phone.get(address); !strings.Contains(page, "这个证明不用再开") {
		t.Errorf("refused, the resident sees %s", page)
	}
}

// TestApplyForFamily: an agent with a photographed authority asks for twelve relatives,
// one by one, and changes and removes some.
func TestApplyForFamily(t *testing.T) {
	w := newWorld(t, unhurried)
	phone := w.guest(t)
	address := phone.apply("family-relation")
	phone.answer(address, "about-relatives", []string{"for", "applicant.as", "agent"},
		[]string{"applicant", "applicant.name", "张𫖯明", "applicant.id.type", "111", "applicant.id", "441302199506140020", "applicant.authority", "委托书"},
		[]string{"where", "division", village},
		[]string{"about-applicant_name", "values.applicant_name", "欧阳•祥", "values.applicant_id.type", "111", "values.applicant_id", "441302199003070120"})
	list := address + "/about-relatives"
	if r, page := phone.post(list, url.Values{}); r.StatusCode != 422 || !strings.Contains(page, "亲属") {
		t.Errorf("no relative: %d %s", r.StatusCode, page)
	}
	if r, page := phone.post(list, url.Values{"act": {"keep"}, "mark": {""}, "row.name": {"赵甲"}}); r.StatusCode != 422 || !strings.Contains(page, `href="#row.relation"`) {
		t.Errorf("a relative without a relation: %d %s", r.StatusCode, page)
	} else if r, page := phone.post(list, url.Values{"act": {"keep"}, "mark": {field(t, page, "mark")}, "row.name": {"赵甲"}, "row.relation": {"son"}}); r.Address.Path != list || !strings.Contains(page, "赵甲") {
		t.Errorf("mended: %d %s", r.StatusCode, page)
	}
	_, page := phone.get(list)
	for _, name := range strings.Split("乙丙丁戊己庚辛壬癸子丑", "") {
		_, page = phone.post(list, url.Values{"act": {"keep"}, "mark": {""}, "row.name": {"赵" + name}, "row.relation": {"daughter"}})
	}
	if strings.Contains(page, "row=new") || strings.Count(page, ">修改<") != 12 {
		t.Errorf("twelve relatives: %s", page)
	}
	mark := field(t, page, "mark")
	if _, page = phone.post(list, url.Values{"act": {"drop"}, "mark": {mark}}); strings.Contains(page, "赵甲") || strings.Count(page, ">修改<") != 11 {
		t.Errorf("one removed: %s", page)
	}
	if r, _ := phone.post(list, url.Values{"act": {"drop"}, "mark": {mark}}); r.StatusCode != 409 {
		t.Errorf("removed again, by the Back button: %d", r.StatusCode)
	}
	phone.answer(address, "photo-authority", []string{"about-relatives"}, []string{"about-purpose", "values.purpose", "办理继承公证"}, []string{"about-recipient", "values.recipient", "惠城公证处"})
	if r, page := phone.post(address+"/photo-authority", url.Values{}); r.StatusCode != 422 || !strings.Contains(page, "代办授权依据") {
		t.Errorf("no authority: %d %s", r.StatusCode, page)
	}
	for material, may := range map[string]bool{"authority": false, "id_card": true} {
		if _, page := phone.get(address + "/photo-" + material); strings.Contains(page, "先不传") != may {
			t.Errorf("%s may be left out: %t, and the page says: %s", material, may, page)
		}
	}
	for name, content := range map[string][]byte{"a.jpg": []byte("MZ\x90\x00 a program"), "a.pdf": []byte("<html><script>alert(1)</script>"), "empty.jpg": nil} {
		if r, page := phone.sendPhoto(address, "authority", name, content); r.StatusCode != 422 || !strings.Contains(page, `class="faults"`) {
			t.Errorf("%s: %d %s", name, r.StatusCode, page)
		}
	}
	if r, _ := phone.sendPhoto(address, "authority", "huge.jpg", make([]byte, 50<<20)); r.StatusCode != 413 {
		t.Errorf("50 MB: %d", r.StatusCode)
	}
	if r, page := phone.sendPhoto(address, "lease", "a.jpg", picturetest.Photo(3)); r.StatusCode != 404 {
		t.Errorf("a material that is none: %d %s", r.StatusCode, page)
	}
	phone.sendPhoto(address, "authority", "委托书.jpg", picturetest.Photo(3))
	_, page = phone.sendPhoto(address, "authority", "委托书2.jpg", picturetest.Photo(4))
	if strings.Count(page, `<img class="shown"`) != 2 {
		t.Errorf("two pages of it: %s", page)
	}
	phone.sendRequest(address)
	clerk := w.signedIn(t, "village")
	_, page = clerk.get("/work/requests/" + address[len("/apply/family-relation/"):])
	if !strings.Contains(page, "代家人或他人办") || !strings.Contains(page, "张𫖯明") || strings.Contains(page, "441302199506140020") || strings.Count(page, "委托书") < 3 {
		t.Errorf("the clerk sees: %s", page)
	}
	kase := clerk.takenIn(address[len("/apply/family-relation/"):])
	for _, who := range []string{"town", "district"} {
		w.signedIn(t, who).decide("/work/cases/"+kase, "approve")
	}
	if _, page = clerk.get("/work/cases/" + kase); !strings.Contains(page, "赵丑") || !strings.Contains(page, "委托书2.jpg") || !strings.Contains(page, "/certificate.pdf") {
		t.Errorf("the case: %s", page)
	}
}

// TestApplyTold: what somebody's own number tells is filled in, and may be changed; an
// item for a newborn is asked for by a parent.
func TestApplyTold(t *testing.T) {
	w := newWorld(t)
	phone := w.guest(t)
	address := phone.apply("birth-registration")
	if _, page := phone.get(address + "/for"); strings.Contains(page, `value="holder"`) {
		t.Error("a newborn is asked whether it asks for itself")
	}
	if _, page := phone.get(address + "/about-mother_name"); !strings.Contains(page, `name="values.mother_id"`) {
		t.Errorf("mother and her document are not on one page: %s", page)
	}
	for range 31 {
		phone.post("/apply/residence", url.Values{})
	}
	if r, _ := phone.post("/apply/residence", url.Values{}); r.StatusCode != 429 {
		t.Errorf("requests without end: %d", r.StatusCode)
	}
}
