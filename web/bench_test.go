package web_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"yinzheng"
	"yinzheng/store"
	"yinzheng/web"
)

// quiet drops the answer: what is measured is the handler.
type quiet struct{ header http.Header }

func (q *quiet) Header() http.Header         { return q.header }
func (q *quiet) Write(b []byte) (int, error) { return len(b), nil }
func (q *quiet) WriteHeader(int)             {}

func serve(h http.Handler, question string) time.Duration {
	r := httptest.NewRequest(http.MethodPost, "/api/v1/verify", strings.NewReader(question))
	r.Header.Set("Content-Type", "application/json")
	w := &quiet{http.Header{}}
	start := time.Now()
	h.ServeHTTP(w, r)
	return time.Since(start)
}

// BenchmarkVerify compares POST /api/v1/verify with a bare handler that reads
// the body, does one P-256 verification and writes an answer: in turns, so that
// a busy machine slows all of them alike. "first" is a code that was not seen
// before, "again" one that was. No network is in it, which costs all the same.
func BenchmarkVerify(b *testing.B) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(b, err)
	digest := sha256.Sum256([]byte("x"))
	signature, err := ecdsa.SignASN1(rand.Reader, key, digest[:])
	must(b, err)
	bare := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if !ecdsa.VerifyASN1(&key.PublicKey, digest[:], signature) {
			w.WriteHeader(http.StatusInternalServerError)
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"verdict":"valid"}`))
	})
	quietly := func(c *web.Config, d *yinzheng.Config) {
		c.Log = slog.New(slog.DiscardHandler)
		d.Log = c.Log
	}
	st, err := store.Open(b.Context(), b.TempDir()+"/yinzheng.db")
	must(b, err)
	w := newWorldOver(b, st, quietly)
	code, token, _ := w.issued("one")
	question := `{"url":"` + w.paper(code, token) + `"}`
	var alone, first, again time.Duration
	for b.Loop() {
		alone += serve(bare, question)
		must(b, w.Reload(b.Context())) // forgets what was scanned
		first += serve(w.Server.Config.Handler, question)
		again += serve(w.Server.Config.Handler, question)
	}
	n := float64(b.N)
	b.ReportMetric(float64(alone.Microseconds())/n, "bare-µs")
	b.ReportMetric(float64(first.Microseconds())/n, "first-µs")
	b.ReportMetric(float64(again.Microseconds())/n, "again-µs")
	b.ReportMetric(100*float64(alone)/float64(first), "first-%")
	b.ReportMetric(float64(alone)/float64(again), "again-×")
}
