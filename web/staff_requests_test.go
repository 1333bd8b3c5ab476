package web_test

import (
	"fmt"
	"html"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"yinzheng"
)

// asksResidence sends a request for a certificate of residence, and returns its ID.
func (d *desk) asksResidence(name, id string) string {
	d.t.Helper()
	address := d.apply("residence")
	d.answer(address, "check", aboutResidence(name, id)...)
	d.sendRequest(address)
	return address[len("/apply/residence/"):]
}

// TestRequestsInPages: the list of requests goes on where a page of it ends, begins with
// those of known people, and ends with those that their residents mend.
func TestRequestsInPages(t *testing.T) {
	w := newWorld(t, unhurried)
	of, err := w.Template("residence")
	must(t, err)
	now := time.Now()
	made := 0
	put := func(resident, content string, state yinzheng.RequestState) string {
		t.Helper()
		made++
		q := &yinzheng.ResidentRequest{ID: fmt.Sprintf("Q%09d", made), State: state, Template: of.Ref(), Resident: resident, Office: village, Begun: now, Changed: now, Content: []byte(content)}
		if state == yinzheng.RequestSent {
			q.Due = now.Add(time.Duration(made) * time.Hour)
		}
		must(t, w.store.PutRequest(t.Context(), q))
		return "/work/requests/" + q.ID
	}
	const asked = `"language":"zh","applicant":{"as":"holder"},"division":"` + village + `","values":{"name":"张三丰"}`
	var sent []string
	for range 51 {
		sent = append(sent, put("", "{"+asked+"}", yinzheng.RequestSent))
	}
	known := put("111|441302199003070120", `{`+asked+`,"me":{"name":"欧阳祥","id":{"type":"111","number":"441302199003070120"}}}`, yinzheng.RequestSent)
	mended := put("", `{`+asked+`,"sent":{"template":{"code":"residence","version":`+fmt.Sprint(of.Version)+`},`+asked+`}}`, yinzheng.RequestReturned)

	clerk := w.signedIn(t, "village")
	links := func(page string) (out []string) {
		for _, m := range regexp.MustCompile(`href="(/work/requests/\w+)"`).FindAllStringSubmatch(page, -1) {
			out = append(out, m[1])
		}
		return out
	}
	_, page := clerk.get("/work?tab=requests")
	if got := links(page); len(got) != 50 || got[0] != known || got[1] != sent[0] {
		t.Fatalf("the first page: %v", got)
	}
	further := regexp.MustCompile(`href="(/work\?[^"]*after=[^"]*)"`).FindStringSubmatch(page)
	_, page = clerk.get(html.UnescapeString(further[1]))
	if got := links(page); !slices.Equal(got, []string{sent[49], sent[50], mended}) || strings.Contains(page, "after=") {
		t.Errorf("the second page: %v in %s", got, page)
	}
	if r, _ := clerk.get("/work?tab=requests&after=nowhere"); r.StatusCode != 422 {
		t.Errorf("a cursor that is none: %d", r.StatusCode)
	}
	auth := w.signIn("village")
	r := w.want(w.do("GET", "/api/v1/requests?limit=2", nil, "Authorization", auth), 200)
	if next := r.text(t, "next"); r.text(t, "items.0.id") != strings.TrimPrefix(known, "/work/requests/") || next == "" {
		t.Errorf("over the API: %s", r.body)
	} else if r = w.want(w.do("GET", "/api/v1/requests?cursor="+next, nil, "Authorization", auth), 200); r.text(t, "items.0.id") != strings.TrimPrefix(sent[1], "/work/requests/") {
		t.Errorf("further on: %s", r.body)
	}
}

// TestRequestBesideRecord: who takes a request in sees what is otherwise than on record
// and what is not, and that there is no record where there is none for them; over the API,
// too. That they looked is put on record.
func TestRequestBesideRecord(t *testing.T) {
	w := atHome(t)
	clerk := w.signedIn(t, "village")
	const otherwise, same, nothing = "登记为：滨江路 8 号 2 栋 301 房", "与登记一致", "没有可以比对的登记"
	for id, want := range map[string][]bool{
		w.guest(t).asksResidence("欧阳祥", "441302199003070120"): {true, true, false},
		w.guest(t).asksResidence("张𫖯明", "441302199506140020"): {false, false, true},
	} {
		_, page := clerk.get("/work/requests/" + id)
		for i, text := range []string{otherwise, same, nothing} {
			if strings.Contains(page, text) != want[i] {
				t.Errorf("%s there: %v, in %s", text, !want[i], page)
			}
		}
		before := w.countEvents(t, yinzheng.EventPersonRead)
		r := w.want(w.do("GET", "/api/v1/requests/"+id, nil, "Authorization", w.signIn("village")), 200)
		if looked := w.countEvents(t, yinzheng.EventPersonRead) - before; looked != map[bool]int{true: 1}[want[0]] {
			t.Errorf("%d looks are on record", looked)
		}
		if record := r.member(t, "beside.record"); (record != nil) != want[0] {
			t.Errorf("over the API: %s", r.body)
		} else if record != nil && (r.text(t, "beside.record.otherwise.0.field") != "values.address" || r.text(t, "beside.record.otherwise.0.on_record") != "滨江路 8 号 2 栋 301 房" || r.text(t, "beside.record.same.0") == "") {
			t.Errorf("beside the record: %s", r.body)
		}
	}
}

// countEvents counts the events of a kind.
func (w *world) countEvents(t *testing.T, kind string) (n int) {
	t.Helper()
	events, err := w.store.EventsBetween(t.Context(), time.Time{}, time.Now().AddDate(1, 0, 0), math.MaxInt64, 1000)
	must(t, err)
	for _, e := range events {
		if e.Kind == kind {
			n++
		}
	}
	return n
}
