package web_test

import (
	"bytes"
	"image"
	"image/jpeg"
	"mime/multipart"
	"net/url"
	"strings"
	"testing"
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

// photo is a picture as a phone takes it; each shade another one.
func photo(t *testing.T, shade uint8) []byte {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, 80, 60))
	for i := range m.Pix {
		m.Pix[i] = shade
	}
	var b bytes.Buffer
	must(t, jpeg.Encode(&b, m, nil))
	return b.Bytes()
}

// sendPhoto sends a file of a material.
func (d *desk) sendPhoto(address, material, name string, content []byte) (seen, string) {
	d.t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	must(d.t, form.WriteField("material", material))
	part, err := form.CreateFormFile("file", name)
	must(d.t, err)
	_, err = part.Write(content)
	must(d.t, err)
	must(d.t, form.Close())
	return d.send("POST", address+"/file", &b, "Content-Type", form.FormDataContentType())
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
	if n, err := w.store.CountRequestsAt(t.Context(), village, "sent", 9); err != nil || n != 1 {
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
