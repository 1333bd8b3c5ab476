package web

import (
	"net/http"
	"testing"
)

// TestServiceWorkerVersion: whatever a prepared device keeps, a change of it makes
// another service worker, or it would never get there.
func TestServiceWorkerVersion(t *testing.T) {
	worker := func(change func(*server)) string {
		p, err := newPages()
		if err != nil {
			t.Fatal(err)
		}
		s := &server{Config: Config{Root: []byte{1}}, pages: p, mux: http.NewServeMux()}
		s.mux.HandleFunc("GET /assets/{file}", s.asset)
		change(s)
		if err := s.offlineRoutes(); err != nil {
			t.Fatal(err)
		}
		return string(s.sw)
	}
	was := worker(func(*server) {})
	if worker(func(*server) {}) != was {
		t.Error("the version is another each time")
	}
	for name, change := range map[string]func(*server){
		"policy":    func(s *server) { s.pages.offlineCSP = []string{"default-src 'none'"} },
		"transport": func(s *server) { s.https = true },
		"icon": func(s *server) {
			s.pages.files["icon.svg"] = staticFile{media: "image/svg+xml", bytes: []byte("<svg/>")}
		},
		"drawings": func(s *server) {
			if _, err := s.pages.templates.Parse(`{{define "mark"}}<svg></svg>{{end}}`); err != nil {
				t.Fatal(err)
			}
		},
	} {
		if worker(change) == was {
			t.Errorf("another %s does not reach a device that is prepared", name)
		}
	}
}
