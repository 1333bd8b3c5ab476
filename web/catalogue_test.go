package web_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestCatalogueChanges: what is sent wrongly is told by its member; a list of
// items is drafted, and nobody but an administrator of the top sees it.
func TestCatalogueChanges(t *testing.T) {
	w := newWorld(t)
	admin, clerk := w.signIn("admin"), w.signIn("village")
	const changes = "/api/v1/catalogue-changes"
	one := func(more string) string {
		return `{"title":"文号","items":[{"code":"A1","name":{"zh":"居住证明"},"basis":["某条例"],"level":"town"` + more + `}]}`
	}
	for body, want := range map[string]string{
		`{"title":7}`:           "title type",
		`{"items":{}}`:          "items type",
		`{"kind":"x"}`:          "kind unknown-field",
		one(`,"colour":"red"`):  "items type",
		one(`,"state":"gone"`):  "items[0].state choice",
		`{"title":"文号"}`:        "items required",
		one(`,"way":"data"`):    "items[0].way state",
		one(`,"subject":"dog"`): "",
	} {
		r := w.do("POST", changes, body, "Authorization", admin, "Idempotency-Key", body[:min(len(body), 190)])
		got := ""
		if r.status != 201 {
			got = r.text(t, "errors.0.field") + " " + r.text(t, "errors.0.code")
		}
		if got != want {
			t.Errorf("%s: %d %q, want %q", body, r.status, got, want)
		}
	}
	w.want(w.do("POST", changes, one(""), "Authorization", admin), 400)
	r := w.want(w.do("GET", changes, nil, "Authorization", admin), 200)
	id := r.text(t, "items.0.id")
	r = w.want(w.do("GET", changes+"/"+id, nil, "Authorization", admin), 200)
	if r.header.Get("ETag") != `"1"` || r.text(t, "items.0.state") != "kept" || r.text(t, "acts.0.by") == "" {
		t.Errorf("%v %s", r.header, r.body)
	}
	for _, path := range []string{changes, changes + "/" + id} {
		w.want(w.do("GET", path, nil, "Authorization", clerk), 403)
		w.want(w.do("GET", path, nil), 401)
	}
	w.want(w.do("GET", changes+"/none", nil, "Authorization", admin), 404)
	acts := changes + "/" + id + "/acts"
	w.want(w.do("POST", acts, `{"action":"send"}`, "Authorization", admin), 428)
	w.want(w.do("POST", acts, `{"action":"send"}`, "Authorization", clerk, "If-Match", `"1"`), 403)
	w.want(w.do("POST", acts, `{"action":"burn"}`, "Authorization", admin, "If-Match", `"1"`), 422)
	w.want(w.do("POST", acts, `{"action":"open","until":"tomorrow"}`, "Authorization", admin, "If-Match", `"1"`), 422)
	w.want(w.do("POST", acts, `{"action":"open","until":"`+time.Now().Add(time.Hour).Format(time.RFC3339)+`"}`, "Authorization", admin, "If-Match", `"1"`), 409)
	w.want(w.do("POST", acts, `{"action":"send"}`, "Authorization", admin, "If-Match", `"1"`), 200)
	if r = w.want(w.do("POST", acts, `{"action":"send"}`, "Authorization", admin, "If-Match", `"1"`), 412); r.text(t, "type") != "/problems/stale-version" {
		t.Errorf("%s", r.body)
	}
}

func TestCatalogueImport(t *testing.T) {
	w := newWorld(t)
	admin, clerk := w.signIn("admin"), w.signIn("village")
	const imports = "/api/v1/catalogue-changes/import?title=x"
	var list strings.Builder
	list.WriteString("code,name,basis,level\n")
	for i := range 91 {
		fmt.Fprintf(&list, "HC-%03d,居住证明,某条例,town\n", i+1)
	}
	r := w.want(w.do("POST", imports+"&try=true", list.String(), "Authorization", admin, "Content-Type", "text/csv"), 200)
	if r.text(t, "new.90") != "HC-091" || r.member(t, "change") != nil {
		t.Errorf("%s", r.body)
	}
	w.want(w.do("POST", imports, list.String(), "Authorization", clerk, "Content-Type", "text/csv"), 403)
	w.want(w.do("POST", imports, list.String(), "Authorization", admin, "Content-Type", "text/plain"), 415)
	r = w.want(w.do("POST", imports, "code,name,basis,level\nA1,居住证明,,town\n", "Authorization", admin, "Content-Type", "text/csv"), 422)
	if r.text(t, "errors.0.field") != "line 2, column basis" {
		t.Errorf("%s", r.body)
	}
	r = w.want(w.do("POST", imports, list.String(), "Authorization", admin, "Content-Type", "text/csv"), 201)
	if r.text(t, "change.items.90.code") != "HC-091" || r.text(t, "change.stage") != "draft" {
		t.Errorf("%s", r.body)
	}
	w.want(w.do("GET", "/api/v1/catalogue/HC-001", nil), 404)
	r = w.want(w.do("GET", "/api/v1/catalogue-report?from=2026-01-01&to=2026-12-31", nil, "Authorization", clerk), 200)
	if r.member(t, "kept.count") != 0.0 {
		t.Errorf("%s", r.body)
	}
	w.want(w.do("GET", "/api/v1/catalogue-report?from=x", nil, "Authorization", clerk), 422)
	w.want(w.do("GET", "/api/v1/catalogue-report?from=2026-01-01&to=2026-12-31", nil), 401)
}

// TestTryOrNot: what is neither true nor false is not taken for false, which
// would import; and no import keeps more files in memory than others may.
func TestTryOrNot(t *testing.T) {
	w := newWorld(t)
	admin := w.signIn("admin")
	for _, path := range []string{"/api/v1/catalogue-changes/import?title=x", "/api/v1/register/imports?register=x&as_of=2026-01-01", "/api/v1/reorganisations/import?title=x"} {
		r := w.want(w.do("POST", path+"&try=yes", "hello", "Authorization", admin, "Content-Type", "text/csv"), 422)
		if r.text(t, "errors.0.field") != "try" {
			t.Errorf("%s: %s", path, r.body)
		}
	}
}
