package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"yinzheng"
	"yinzheng/attachments/picturetest"
	"yinzheng/internal/inturn"
	"yinzheng/store/storetest"
)

// TestRequestRightsOverTheAPI: for every cell of the table of requests in
// docs/rights.md, each act is sent over the API to a request of its own.
func TestRequestRightsOverTheAPI(t *testing.T) {
	inturn.Only(t)
	w := newRightsWorld(t)
	table := readRights(t)[2]
	if !strings.Contains(table.title, "Requests of residents") || len(table.rows) < 10 {
		t.Fatalf("the third table is %q", table.title)
	}
	bodies := map[string]string{
		"take": `{"action":"take"}`, "return": `{"action":"return","text":"x"}`, "refuse": `{"action":"refuse","reason":"duplicate","text":"x"}`,
		"ask": `{"action":"ask","text":"x"}`, "attach": `{"action":"attach","files":[1]}`,
	}
	for _, row := range table.rows {
		by := w.account(yinzheng.Role(row[0]), relations[row[1]])
		for i, cell := range row[2:] {
			may := strings.Split(cell, ", ")
			for _, action := range []string{"see", "open file", "take", "return", "refuse", "ask", "attach"} {
				path, version := w.request(table.head[i+2])
				var status int
				switch action {
				case "see":
					status = w.do("GET", path, nil, "Authorization", by).status
				case "open file":
					status = w.do("GET", path+"/files/1", nil, "Authorization", by).status
				default:
					status = w.do("POST", path+"/acts", bodies[action], "Authorization", by, "If-Match", version).status
				}
				want := http.StatusConflict
				switch {
				case cell == "–":
					want = http.StatusNotFound
				case slices.Contains(may, action):
					want = http.StatusOK
				case action == "open file":
					want = http.StatusNotFound
				}
				if status != want {
					t.Errorf("%s of %s, %s: %s gives %d, the table says %q", row[0], row[1], table.head[i+2], action, status, cell)
				}
			}
		}
	}
}

// request writes a request to the village in a state straight into the store, with a
// file and, where it became one, a draft; it returns its address and version.
func (r *rightsWorld) request(state string) (path, version string) {
	r.t.Helper()
	state, late := strings.CutSuffix(state, ", late")
	q := &yinzheng.ResidentRequest{
		State: yinzheng.RequestState(state), Late: late, Template: r.template.Ref(), Office: village, Begun: time.Now(), Changed: time.Now(),
	}
	asked := fmt.Sprintf(`"language":"zh","applicant":{"as":"holder"},"division":%q,"values":{"name":"张三丰"},"files":[{"id":1,"material":"other","name":"照片.jpg","type":"image/jpeg","size":1,"digest":%q,"original":"x"}]`, village, storetest.Digest(string(r.picture)))
	q.Content = fmt.Appendf(nil, `{%s,"said":[{"at":"2026-11-02T09:00:00+08:00","office":%q,"state":"asked","text":"x","filed":1}],"sent":{"template":{"code":"rights","version":1},%s}}`, asked, village, asked)
	switch q.State {
	case yinzheng.RequestDraft:
		q.Office = ""
	case yinzheng.RequestTaken, yinzheng.RequestAsked, yinzheng.RequestAnswered:
		q.Case = strings.TrimPrefix(r.make("draft", village).path, "/api/v1/applications/")
	}
	r.made++
	q.ID = fmt.Sprintf("Q%09d", r.made)
	must(r.t, r.store.PutRequest(r.t.Context(), q))
	return "/api/v1/requests/" + q.ID, strconv.Quote("1")
}

// TestRequestsOverTheAPI: a request is listed, read, returned, sent again and taken in
// by a program of the office, and what is stale changes nothing.
func TestRequestsOverTheAPI(t *testing.T) {
	w := newWorld(t, unhurried)
	phone := w.guest(t)
	address := phone.apply("residence")
	all := aboutResidence("欧阳•祥", "441302199003070120")
	phone.answer(address, "photo-home_proof", all[:len(all)-1]...)
	phone.sendPhoto(address, "home_proof", "租约.jpg", picturetest.Photo(7))
	phone.sendRequest(address)
	auth := w.signIn("village")
	r := w.want(w.do("GET", "/api/v1/requests", nil, "Authorization", auth), 200)
	path := "/api/v1/requests/" + r.text(t, "items.0.id")
	if r.text(t, "items.0.holder") != "欧阳·祥" || r.text(t, "items.0.state") != "sent" || r.text(t, "items.0.due") == "" {
		t.Errorf("the list: %s", r.body)
	}
	for query, want := range map[string]int{"?state=returned": 200, "?state=draft": 422, "?state=burnt": 422} {
		w.want(w.do("GET", "/api/v1/requests"+query, nil, "Authorization", auth), want)
	}
	r = w.want(w.do("GET", path, nil, "Authorization", auth), 200)
	if r.text(t, "values.address") != "滨江路 8 号" || r.text(t, "files.0.name") != "租约.jpg" || r.text(t, "may.0") != "take" {
		t.Errorf("the request: %s", r.body)
	}
	f := w.want(w.do("GET", path+"/files/1", nil, "Authorization", auth), 200)
	if f.header.Get("Content-Type") != "image/jpeg" || !strings.Contains(f.header.Get("Content-Disposition"), "-1.jpg") {
		t.Errorf("the file: %v", f.header)
	}
	seen := r.header.Get("ETag")
	for body, want := range map[string]int{`{"action":"burn"}`: 422, `{"action":"return"}`: 422, `{"action":"refuse","text":"x"}`: 422, `{"action":"ask","text":"x"}`: 409, `{"act":"take"}`: 422} {
		w.want(w.do("POST", path+"/acts", body, "Authorization", auth, "If-Match", seen), want)
	}
	w.want(w.do("POST", path+"/acts", `{"action":"take"}`, "Authorization", auth), 428)
	r = w.want(w.do("POST", path+"/acts", `{"action":"return","text":"地址写到门牌号","mend":["values.address"]}`, "Authorization", auth, "If-Match", seen), 200)
	if r.text(t, "state") != "returned" || r.text(t, "said.0.text") != "地址写到门牌号" {
		t.Errorf("returned: %s", r.body)
	}
	if _, page := phone.get(address); !strings.Contains(page, "地址写到门牌号") {
		t.Errorf("the resident is told: %s", page)
	}
	phone.post(address+"/about-address", url.Values{"values.address": {"滨江路 8 号 301"}})
	phone.sendRequest(address)
	w.want(w.do("POST", path+"/acts", `{"action":"take"}`, "Authorization", auth, "If-Match", seen), 412)
	r = w.want(w.do("GET", path, nil, "Authorization", auth), 200)
	r = w.want(w.do("POST", path+"/acts", `{"action":"take"}`, "Authorization", auth, "If-Match", r.header.Get("ETag")), 200)
	kase := r.text(t, "application")
	c := w.want(w.do("GET", "/api/v1/applications/"+kase, nil, "Authorization", auth), 200)
	if may := w.want(w.do("GET", path, nil, "Authorization", auth), 200).member(t, "may"); fmt.Sprint(may) != "[ask]" {
		t.Errorf("while it is drafted its clerk may %v", may)
	}
	w.want(w.do("POST", "/api/v1/applications/"+kase+"/submit", nil, "Authorization", auth, "If-Match", c.header.Get("ETag")), 200)
	if r := w.want(w.do("GET", path, nil, "Authorization", auth), 200); fmt.Sprint(r.member(t, "may")) != "[]" || r.member(t, "beside") != nil {
		t.Errorf("once it was handed in: %s", r.body)
	}
	if c.text(t, "values.address") != "滨江路 8 号 301" || c.text(t, "attachments.0.name") != "租约.jpg" {
		t.Errorf("the case: %s", c.body)
	}
	w.want(w.do("POST", path+"/acts", `{"action":"take"}`, "Authorization", auth, "If-Match", r.header.Get("ETag")), 409)
}
