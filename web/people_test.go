package web_test

import (
	"strings"
	"testing"
)

// TestPeople: an administrator opens an account, its owner sets a password,
// works, is appointed elsewhere, hands over and is kept out.
func TestPeople(t *testing.T) {
	w := newWorld(t)
	admin := w.signIn("admin")
	const people = "/api/v1/people"
	open := `{"username":"zhaoliu","name":"赵六","id":"11010519491231002X","post":{"office":"` + village + `","role":"clerk","to":"2999-01-01T00:00:00+08:00"}}`
	r := w.want(w.do("POST", people, open, "Authorization", admin, "Idempotency-Key", "k"), 201)
	if r.header.Get("Location") != people+"/zhaoliu" || r.header.Get("ETag") != `"1"` || r.text(t, "id") != "110105********002X" || r.text(t, "posts.0.to") != "2998-12-31T16:00:00Z" || strings.Contains(string(r.body), "19491231") {
		t.Errorf("%v %s", r.header, r.body)
	}
	w.want(w.do("POST", people, open, "Authorization", admin, "Idempotency-Key", "k"), 200)
	r = w.want(w.do("POST", people+"/zhaoliu/claim", nil, "Authorization", admin), 200)
	_, link, _ := strings.Cut(r.text(t, "claim.url"), w.URL)
	w.want(w.do("POST", link, "password="+password+"&again="+password, "Content-Type", "application/x-www-form-urlencoded"), 200)
	w.want(w.do("POST", people+"/zhaoliu/claim", nil, "Authorization", admin), 409)
	mine := w.signIn("zhaoliu")
	w.want(w.do("GET", "/api/v1/items", nil, "Authorization", mine), 200)

	r = w.want(w.do("GET", people+"?office="+village, nil, "Authorization", admin), 200)
	if r.text(t, "items.0.username") != "village" || r.text(t, "items.1.username") != "zhaoliu" || r.member(t, "items.1.version") != 2.0 {
		t.Errorf("%s", r.body)
	}
	act := func(path, body, version string) reply {
		if body == "" {
			return w.do("POST", people+path, nil, "Authorization", admin, "If-Match", version)
		}
		return w.do("POST", people+path, body, "Authorization", admin, "If-Match", version)
	}
	r = w.want(act("/zhaoliu/posts", `{"office":"`+sibling+`","role":"clerk"}`, `"2"`), 200)
	if r.header.Get("ETag") != `"3"` || r.text(t, "posts.1.office") != sibling {
		t.Errorf("%v %s", r.header, r.body)
	}
	if r = w.want(act("/zhaoliu/posts", `{"office":"`+town+`","role":"clerk"}`, `"2"`), 412); r.text(t, "type") != "/problems/stale-version" {
		t.Errorf("%s", r.body)
	}
	w.want(act("/zhaoliu/posts/end", `{"office":"`+sibling+`","role":"clerk"}`, `"3"`), 200)
	w.want(act("/zhaoliu/handover", `{"office":"`+village+`","to":"village"}`, `"4"`), 200)
	w.want(act("/zhaoliu/disable", "", `"5"`), 200)
	w.want(w.do("GET", "/api/v1/items", nil, "Authorization", mine), 401)
	if r = w.want(act("/zhaoliu/enable", "", `"6"`), 200); r.member(t, "disabled") != nil {
		t.Errorf("%s", r.body)
	}
	w.want(w.do("GET", "/api/v1/items", nil, "Authorization", mine), 401)
	w.want(w.do("GET", people+"/zhaoliu", nil, "Authorization", admin), 200)
	if log := w.log.String(); strings.Contains(log, "赵六") || strings.Contains(log, "19491231") || strings.Contains(log, strings.TrimPrefix(link, "/claim/")) {
		t.Error("the log tells who it is, or holds a link")
	}
}

// TestPeopleRefused: what is wrong is told by member, before anything is done.
func TestPeopleRefused(t *testing.T) {
	w := newWorld(t)
	admin, clerk := w.signIn("admin"), w.signIn("village")
	const person = "/api/v1/people/town"
	for _, c := range []struct {
		name, auth, method, path, body, version string
		status                                  int
		kind, field                             string
	}{
		{"not signed in", "", "GET", "/api/v1/people?office=" + town, "", "", 401, "unauthorized", ""},
		{"a clerk", clerk, "GET", "/api/v1/people?office=" + village, "", "", 403, "forbidden", ""},
		{"no office", admin, "GET", "/api/v1/people", "", "", 404, "not-found", ""},
		{"nobody", admin, "GET", "/api/v1/people/nobody", "", "", 404, "not-found", ""},
		{"without a version", admin, "POST", person + "/posts", `{}`, "", 428, "precondition-required", "If-Match"},
		{"an empty post", admin, "POST", person + "/posts", `{}`, `"2"`, 422, "invalid", "office"},
		{"a day without a time", admin, "POST", person + "/posts", `{"office":"` + town + `","role":"clerk","from":"2999-01-01"}`, `"2"`, 422, "invalid", "from"},
		{"a slip in the end", admin, "POST", person + "/posts/end", `{"office":"` + town + `","at":"tomorrow"}`, `"2"`, 422, "invalid", "at"},
		{"an unknown member", admin, "POST", person + "/handover", `{"office":"` + town + `","to":"village","when":"now"}`, `"2"`, 422, "invalid", "when"},
		{"a post that is none", admin, "POST", "/api/v1/people", `{"username":"zhaoliu","name":"赵六","id":"11010519491231002X","post":"clerk"}`, "", 422, "invalid", "post"},
		{"a member of the post", admin, "POST", "/api/v1/people", `{"username":"zhaoliu","name":"赵六","id":"11010519491231002X","post":{"rank":1}}`, "", 422, "invalid", "post.rank"},
		{"a stranger's office", admin, "POST", "/api/v1/people", `{"username":"zhaoliu","name":"赵六","id":"11010519491231002X","post":{"office":"x","role":"clerk"}}`, "", 422, "invalid", "post.office"},
		{"a person twice", admin, "POST", "/api/v1/people", `{"username":"zhaoliu","name":"赵六","id":"44130219790218005X","post":{"office":"` + town + `","role":"clerk"}}`, "", 409, "conflict", ""},
		{"oneself", admin, "POST", "/api/v1/people/admin/disable", "", `"2"`, 403, "forbidden", ""},
		{"who is not disabled", admin, "POST", person + "/enable", "", `"2"`, 409, "state", ""},
	} {
		headers := []string{"Idempotency-Key", c.name}
		if c.auth != "" {
			headers = append(headers, "Authorization", c.auth)
		}
		if c.version != "" {
			headers = append(headers, "If-Match", c.version)
		}
		var body any
		if c.body != "" {
			body = c.body
		}
		r := w.do(c.method, c.path, body, headers...)
		if r.status != c.status || r.text(t, "type") != "/problems/"+c.kind || c.field != "" && r.text(t, "errors.0.field") != c.field {
			t.Errorf("%s: %d %s", c.name, r.status, r.body)
		}
	}
	if r := w.want(w.do("POST", "/api/v1/people", `{"username":"a1"}`, "Authorization", admin), 400); r.text(t, "errors.0.field") != "Idempotency-Key" {
		t.Errorf("%s", r.body)
	}
}
