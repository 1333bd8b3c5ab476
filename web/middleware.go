package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"yinzheng"
)

// Header values are shared slices: a verification sets half a dozen, and each
// Header.Set would allocate.
var (
	noStore    = []string{"no-store"}
	revalidate = []string{"public, max-age=300, must-revalidate"}
	forever    = []string{"public, max-age=31536000, immutable"}
	jsonType   = []string{"application/json"}

	nosniff    = []string{"nosniff"}
	noReferrer = []string{"no-referrer"}
	sameOrigin = []string{"same-origin"}
	noDevices  = []string{"camera=(), microphone=(), geolocation=()"}
	cameraHere = []string{"camera=(self), microphone=(), geolocation=()"}
	hsts       = []string{"max-age=63072000"}
	cspAPI     = []string{"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; sandbox"}
	vary       = []string{"Accept, Accept-Language"}
)

// wrap puts around the routes what every answer needs: security headers,
// refusal of cross-site requests, recovery from panics, metrics and a log line.
func (s *server) wrap(routes http.Handler) http.Handler {
	guard := http.NewCrossOriginProtection()
	if err := guard.AddTrustedOrigin(s.Service.PublicURL); err != nil {
		s.Log.Warn("the public URL is no origin; pages behind a proxy that changes Host will be refused", "error", err)
	}
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.fail(w, r, &fault{
			status: http.StatusForbidden, kind: "cross-site",
			text: yinzheng.Text{ZH: "请求来自其他网站，已拒绝。请从本系统的页面操作", EN: "The request comes from another site and was refused; please use this system's own pages"},
		})
	}))
	guarded := guard.Handler(routes)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		rec := &recorder{ResponseWriter: w, server: s, r: r}
		s.secure(w.Header())
		defer func() {
			if p := recover(); p != nil {
				s.recovered(rec, r, p)
			}
			s.account(rec, r, time.Since(start))
		}()
		guarded.ServeHTTP(rec, r)
	})
}

func (s *server) secure(h http.Header) {
	h["X-Content-Type-Options"] = nosniff
	h["Referrer-Policy"] = noReferrer
	h["Permissions-Policy"] = noDevices
	h["Content-Security-Policy"] = cspAPI
	h["Cross-Origin-Opener-Policy"] = sameOrigin
	h["Cross-Origin-Resource-Policy"] = sameOrigin
	h["Cache-Control"] = noStore
	h["Vary"] = vary
	if s.https {
		h["Strict-Transport-Security"] = hsts
	}
}

// recovered answers a request whose handler panicked.
func (s *server) recovered(rec *recorder, r *http.Request, p any) {
	if p == http.ErrAbortHandler { //nolint:errorlint // net/http compares it so too: it is never wrapped
		panic(p)
	}
	s.Log.Error("panic", "route", route(r), "panic", yinzheng.PanicText(p), "stack", string(debug.Stack()))
	if rec.status == 0 {
		s.fail(rec, r, errors.New("panic"))
	}
}

// account counts and logs a request. What is asked by machines all day long is
// counted only, unless it failed.
func (s *server) account(rec *recorder, r *http.Request, took time.Duration) {
	status := rec.status
	if status == 0 {
		status = http.StatusOK
	}
	path := route(r)
	s.metrics.request(path, status, took)
	level := slog.LevelInfo
	if status < 400 && busy[path] {
		level = slog.LevelDebug
	}
	if s.Log.Enabled(r.Context(), level) {
		s.Log.LogAttrs(r.Context(), level, "request", slog.String("route", path), slog.Int("status", status), slog.Duration("took", took), slog.Int64("bytes", rec.bytes))
	}
}

var busy = map[string]bool{
	"POST /api/v1/verify": true, "GET /healthz": true, "GET /readyz": true, "GET /metrics": true, "GET /assets/{file}": true,
	"GET /work/events": true, "GET /status/{list}": true, "GET /.well-known/jwks.json": true,
}

// route is the pattern that a request matched: it names no code and no secret.
func route(r *http.Request) string {
	if r.Pattern == "" {
		return "none"
	}
	return r.Pattern
}

// recorder notes status and size, and turns the mux's own "not found" and
// "method not allowed" into a problem or a page.
type recorder struct {
	http.ResponseWriter
	server *server
	r      *http.Request
	status int
	bytes  int64
	muted  bool // the mux's own text is dropped
}

// Unwrap is for http.ResponseController.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *recorder) WriteHeader(status int) {
	if w.status != 0 {
		return
	}
	w.status = status
	if w.r.Pattern == "" && (status == http.StatusNotFound || status == http.StatusMethodNotAllowed) {
		w.muted = true
		w.server.nowhere(w.ResponseWriter, w.r, status)
		return
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if w.muted {
		return len(b), nil
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// nowhere answers what no route takes.
func (s *server) nowhere(w http.ResponseWriter, r *http.Request, status int) {
	f := &fault{status: status, kind: "not-found", text: yinzheng.Text{ZH: "没有这个地址", EN: "There is nothing at this address"}}
	if status == http.StatusMethodNotAllowed {
		f.kind, f.text = "method-not-allowed", yinzheng.Text{ZH: "这个地址不接受 " + method(r) + " 请求", EN: "This address does not take " + method(r) + " requests"}
	}
	s.fail(w, r, f)
}

// method is a request's method if it is a known one: it is text from outside.
func method(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return r.Method
	}
	return "?"
}

// language is the one to answer in: ?lang=, else the first of zh and en that
// Accept-Language prefers, else Chinese.
func language(r *http.Request) string {
	if r.URL.RawQuery != "" {
		if l := r.URL.Query().Get("lang"); l == "en" || l == "zh" {
			return l
		}
	}
	return preferred(r.Header.Get("Accept-Language"))
}

// gone tells whether an error only means that the client hung up.
func gone(ctx context.Context, err error) bool {
	return errors.Is(err, context.Canceled) && ctx.Err() != nil
}

// preferred reads an Accept-Language header (RFC 9110, 12.5.4).
func preferred(header string) string {
	best, weight := "zh", 0.0
	for part := range strings.SplitSeq(header, ",") {
		tag, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		tag, _, _ = strings.Cut(strings.ToLower(tag), "-")
		if q := quality(params); (tag == "zh" || tag == "en") && q > weight {
			best, weight = tag, q
		}
	}
	return best
}
