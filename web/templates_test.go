package web_test

import (
	"encoding/json"
	"strings"
	"testing"

	"yinzheng"
)

// hasSecond adds another administrator, named second, before anybody signs in.
func (w *world) hasSecond(t *testing.T) {
	t.Helper()
	first, err := w.store.AccountByUsername(t.Context(), "admin")
	must(t, err)
	must(t, w.store.PutAccount(t.Context(), &yinzheng.Account{ID: "p-second", Username: "second", Name: "陈二", Password: first.Password, Person: yinzheng.ID{Type: yinzheng.ResidentID, Number: "11010519491231002X"}, Grants: first.Grants}))
}

// TestTemplateDesigns takes a template from a copy to publication over the API.
func TestTemplateDesigns(t *testing.T) {
	w := newWorld(t)
	w.hasSecond(t)
	admin, second, clerk := w.signIn("admin"), w.signIn("second"), w.signIn("village")
	const templates, designs = "/api/v1/templates", "/api/v1/template-designs"
	for _, path := range []string{templates, templates + "/residence/versions/1", designs + "/none", designs + "/none/page", designs + "/none/ways"} {
		w.want(w.do("GET", path, nil, "Authorization", clerk), 403)
		w.want(w.do("GET", path, nil), 401)
	}
	w.want(w.do("GET", templates+"/residence/versions/99", nil, "Authorization", admin), 404)
	w.want(w.do("GET", templates+"/residence/versions/x", nil, "Authorization", admin), 404)
	r := w.want(w.do("GET", templates+"/residence/versions/1", nil, "Authorization", admin), 200)
	if r.text(t, "template.fields.0.key") != "name" || !strings.Contains(r.text(t, "text"), "code: residence\n") {
		t.Errorf("%s", r.body)
	}

	w.want(w.do("POST", designs, `{"item":"residence"}`, "Authorization", admin), 400)
	for body, status := range map[string]int{`{"item":7}`: 422, `{"kind":"x"}`: 422, `{"item":"residence","from":{"code":"residence","version":99}}`: 404, `{"item":"residence","from":[1]}`: 422, `{"item":"residence"}`: 422} {
		w.want(w.do("POST", designs, body, "Authorization", admin, "Idempotency-Key", body), status)
	}
	const copy = `{"item":"residence","from":{"code":"residence","version":1}}`
	r = w.want(w.do("POST", designs, copy, "Authorization", admin, "Idempotency-Key", "copy"), 201)
	id, text := r.text(t, "id"), r.text(t, "text")
	here := designs + "/" + id
	if r.header.Get("Location") != here || r.header.Get("ETag") != `"1"` {
		t.Errorf("%v", r.header)
	}
	w.want(w.do("POST", designs, copy, "Authorization", admin, "Idempotency-Key", "copy"), 200)
	w.want(w.do("POST", designs, copy, "Authorization", admin, "Idempotency-Key", "another"), 409)

	save := func(text string) string {
		body, err := json.Marshal(map[string]string{"text": text})
		must(t, err)
		return string(body)
	}
	w.want(w.do("PUT", here, save(text), "Authorization", admin), 428)
	r = w.want(w.do("PUT", here, save(strings.Replace(text, "{purpose}", "{purport}", 1)), "Authorization", admin, "If-Match", `"1"`), 200)
	if r.text(t, "faults.0.field") != "page.body[1].text" {
		t.Errorf("%s", r.body)
	}
	w.want(w.do("PUT", here, save(text), "Authorization", admin, "If-Match", `"1"`), 412)
	w.want(w.do("GET", here+"/page", nil, "Authorization", admin), 422)
	w.want(w.do("POST", here+"/acts", `{"action":"send"}`, "Authorization", admin, "If-Match", `"2"`), 422)
	w.want(w.do("PUT", here, save(text+strings.Repeat("# 长\n", 30000)), "Authorization", admin, "If-Match", `"2"`), 422)
	r = w.want(w.do("PUT", here, save(strings.Replace(text, "特此证明。", "<script>alert(1)</script>", 1)), "Authorization", admin, "If-Match", `"2"`), 200)
	if !strings.Contains(string(r.body), `"is":{"zh":"\u003cscript\u003ealert(1)`) {
		t.Errorf("%s", r.body)
	}
	for accept, start := range map[string]string{"image/svg+xml": "<svg", "application/pdf": "%PDF-"} {
		r := w.want(w.do("GET", here+"/page?trial=rare", nil, "Authorization", admin, "Accept", accept), 200)
		if r.header.Get("Content-Type") != accept || !strings.HasPrefix(string(r.body), start) || strings.Contains(string(r.body), "<script>") {
			t.Errorf("%s: %s %.80s", accept, r.header.Get("Content-Type"), r.body)
		}
	}
	w.want(w.do("GET", here+"/page", nil, "Authorization", admin, "Accept", "image/png"), 406)
	r = w.want(w.do("GET", here+"/ways", nil, "Authorization", admin), 200)
	if r.text(t, "items.0.steps.1.key") != "town" || r.member(t, "items.0.steps.1.applies") != true || r.text(t, "items.3.trial.key") != "bare" {
		t.Errorf("%s", r.body)
	}
	w.want(w.do("POST", here+"/acts", `{"action":"burn"}`, "Authorization", admin, "If-Match", `"3"`), 422)
	w.want(w.do("POST", here+"/acts", `{"action":"send"}`, "Authorization", admin, "If-Match", `"3"`), 200)
	w.want(w.do("POST", here+"/acts", `{"action":"publish"}`, "Authorization", admin, "If-Match", `"4"`), 403)
	w.want(w.do("POST", here+"/acts", `{"action":"publish"}`, "Authorization", clerk, "If-Match", `"4"`), 403)
	r = w.want(w.do("POST", here+"/acts", `{"action":"publish"}`, "Authorization", second, "If-Match", `"4"`), 200)
	if r.text(t, "stage") != "published" || r.text(t, "acts.2.by") != "p-second" {
		t.Errorf("%s", r.body)
	}
	r = w.want(w.do("GET", templates, nil, "Authorization", second), 200)
	if !strings.Contains(string(r.body), `"made":"`+id+`"`) || r.text(t, "designs.0.stage") != "published" {
		t.Errorf("%s", r.body)
	}
	path, _ := w.draft(clerk, "on the new one")
	if c, err := w.store.Application(t.Context(), path[strings.LastIndexByte(path, '/')+1:]); err != nil || float64(c.Template.Version) != r.member(t, "versions.2.version") {
		t.Errorf("a new case: %v", err)
	}
}
