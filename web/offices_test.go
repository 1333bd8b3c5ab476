package web_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
)

const importPath = "/api/v1/reorganisations/import?try=true&title=x"

// TestImportTree: a file that says how the tree is to be goes through the same
// room as other uploads, and says what it may be.
func TestImportTree(t *testing.T) {
	w := newWorld(t)
	admin := w.signIn("admin")
	send := func(auth, kind string, body any) reply {
		return w.do("POST", importPath, body, "Authorization", auth, "Content-Type", kind)
	}
	const head = "code,name,parent,level\n"
	if r := w.want(send(admin, "text/csv", []byte(head+"441302001009,北村,"+town+",village\n")), 200); !strings.Contains(string(r.body), "441302001009") {
		t.Errorf("%s", r.body)
	}
	w.want(send(w.signIn("village"), "text/csv", []byte(head)), 403)
	w.want(send(admin, "application/json", []byte("{}")), 415)
	wide := w.want(send(admin, "text/csv", []byte(head+strings.Repeat(",", 300))), 422)
	if !strings.Contains(wide.text(t, "errors.0.detail"), "256") {
		t.Errorf("%s", wide.body)
	}
	for name, body := range map[string]any{
		"by its length": bytes.Repeat([]byte("x"), 21<<20),
		"unannounced":   io.MultiReader(bytes.NewReader(make([]byte, 21<<20))),
	} {
		if r := send(admin, "text/csv", body); r.status != 413 || !strings.Contains(r.text(t, "errors.0.detail"), "20 MB") {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
}

// TestImportsAtOnce: whoever sends more than may be on their way is told so.
func TestImportsAtOnce(t *testing.T) {
	w := newWorld(t)
	admin := w.signIn("admin")
	for range 4 {
		body, send := io.Pipe()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL+importPath, body)
		must(t, err)
		req.Header.Set("Authorization", admin)
		req.Header.Set("Content-Type", "text/csv")
		go func() {
			if resp, err := w.Client().Do(req); err == nil {
				_ = resp.Body.Close()
			}
		}()
		_, err = send.Write(make([]byte, 8<<20)) // more than sockets and pipes hold: it is being read
		must(t, err)
		t.Cleanup(func() { _ = send.CloseWithError(io.ErrUnexpectedEOF) })
	}
	w.want(w.do("POST", importPath, "code\n", "Authorization", admin, "Content-Type", "text/csv"), 429)
}
