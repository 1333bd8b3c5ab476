// Package web serves Yinzheng over HTTP: the API, the public endpoints that
// verifiers rely on, the verify page, and the pages of staff and residents. It
// holds no rules of its own; it reads requests, asks a yinzheng.Service and
// writes what that answers.
package web

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"yinzheng"
	"yinzheng/campaign"
	"yinzheng/catalogue"
	"yinzheng/design"
	"yinzheng/inquiry"
	"yinzheng/rating"
	"yinzheng/resident"
	"yinzheng/workbook"
)

// Config is what the handler is made of. Service, Catalogue, Inquiries, Campaigns,
// Workbooks, Designs, Residents and Ratings are needed; the rest has useful zero values.
type Config struct {
	Service   *yinzheng.Service
	Catalogue *catalogue.Catalogue
	Inquiries *inquiry.Inquiries
	Campaigns *campaign.Campaigns
	Workbooks *workbook.Workbooks
	Designs   *design.Designs
	Residents *resident.Residents
	Ratings   *rating.Ratings
	Version   string // of the program, shown in the OpenAPI document

	// CRL returns the DER of issuing CA n's revocation list, as served at
	// /ca/{n}.crl; yinzheng.ErrNotFound. Nil: there is none.
	CRL func(n int) ([]byte, error)
	// Root is the root certificate (DER) that the signed lists lead to, for devices
	// that verify offline. Nil: the pages offer nothing of the kind.
	Root []byte
	// Ready tells whether requests can be answered; its error is logged, not
	// shown. Nil: always.
	Ready func(ctx context.Context) error
	// Size returns how many bytes the database takes. Nil: administrators are not told.
	Size func(ctx context.Context) (int64, error)
	// CheckLog checks the whole record, and compares it with a head noted before
	// unless that is empty. It may take minutes. Nil: the pages cannot check.
	CheckLog func(ctx context.Context, head string, progress func(done, all int64)) (*LogCheck, error)
	// TrustedProxies are the addresses whose X-Forwarded-For is believed.
	TrustedProxies []netip.Prefix
	// Metrics collects what /metrics shows; nil: a registry of its own.
	Metrics *prometheus.Registry
	// Log is given routes, statuses and durations; never a query string, a code that
	// somebody asked for, a name or an ID number. Nil: slog.Default.
	Log *slog.Logger
	// FilesFromOne and FilesFromAll bound how many bytes of files those may leave in a
	// day whom nobody vouches for: from one network, and all of them together. Zero:
	// 500 MB, a street behind one address with some hundred photographs, and 8 GB.
	FilesFromOne, FilesFromAll int
	// CodesToStrangers bounds how many codes go out in a day to contacts that those give
	// who have but a request, all of them together. Zero: 2,000.
	CodesToStrangers int
	// Now is the clock of the rate limits; nil: time.Now.
	Now func() time.Time
}

type server struct {
	Config
	mux     *http.ServeMux
	metrics *metrics
	pages   *pages
	sw      []byte // the service worker
	openAPI []byte
	https   bool

	signIns  *limiter[netip.Addr] // attempts to sign in or to claim an account
	codes    *limiter[netip.Addr] // codes of cases that somebody tries
	asks     *limiter[netip.Addr] // requests of residents that somebody begins
	sends    *limiter[string]     // requests of whom nobody vouches for, of one network to the office of one division: else one could use up what that takes in a day
	tries    *limiter[string]     // codes of one case or request, from one network: who guesses at it closes the way in for those behind it, not for whoever has the code
	links    *limiter[netip.Addr] // links that are a key themselves, from one network: of those that open nothing nobody's own limit would hold
	reads    *limiter[string]     // of their own by one resident, and of what one secret opens: an address may be thousands of people's
	lookups  *limiter[string]     // by number, since those of papers can be counted through; of accounts
	guesses  *guessing
	uploads  *uploads
	sending  *sending
	budget   *budget // what residents leave here whom nobody vouches for
	contacts *contactCodes
	streams  streams

	sampleSeen atomic.Pointer[seenSample]
	checking   logChecking
	specimens  specimens
	lastStick  madeStick
}

// New returns the handler of everything that Yinzheng serves.
func New(c Config) (http.Handler, error) {
	s := &server{Config: c, mux: http.NewServeMux(), streams: streams{service: c.Service, open: map[*stream]bool{}}}
	if s.Log == nil {
		s.Log = slog.Default()
	}
	if s.Now == nil {
		s.Now = time.Now
	}
	if s.Metrics == nil {
		s.Metrics = prometheus.NewRegistry()
	}
	s.https = strings.HasPrefix(c.Service.PublicURL, "https://")
	s.signIns = newLimiter[netip.Addr](s.Now, 1, 150) // a whole office signs in at half past eight, from one address
	s.codes = newLimiter[netip.Addr](s.Now, 0.1, 30)  // a family, or a counter where many are let in; 40 bits take longer
	s.asks = newLimiter[netip.Addr](s.Now, 0.05, 30)  // a village's volunteers help many from one address
	s.sends = newLimiter[string](s.Now, 12.0/(24*60*60), 12)
	s.tries = newLimiter[string](s.Now, 10.0/3600, 10)
	s.links = newLimiter[netip.Addr](s.Now, 20, 600) // a carrier's network has thousands who open theirs
	s.reads = newLimiter[string](s.Now, 0.2, 60)
	s.lookups = newLimiter[string](s.Now, 20, 200)
	s.guesses = newGuessing(s.Now)
	s.uploads, s.sending = newUploads(s.Now), &sending{to: map[string]int{}}
	s.budget = newBudget(s.Now, cmp.Or(c.FilesFromOne, 500<<20), cmp.Or(c.FilesFromAll, 8<<30))
	s.contacts = newContactCodes(s.Now, cmp.Or(c.CodesToStrangers, 2000))
	var err error
	if s.metrics, err = newMetrics(s.Metrics, c.Service, s.guesses.suspected); err != nil {
		return nil, fmt.Errorf("register metrics: %w", err)
	}
	if s.pages, err = samePages(); err != nil {
		return nil, err
	}
	if err := s.routes(); err != nil {
		return nil, err
	}
	return s.wrap(s.mux), nil
}

// routes lists every address. Design: docs/api.md.
func (s *server) routes() error {
	m := s.mux
	m.HandleFunc("POST /api/v1/verify", s.verify)

	m.HandleFunc("GET /verify", s.askPage)
	m.HandleFunc("POST /verify", s.answerPage)
	m.HandleFunc("POST /verify/frame", s.frame)
	m.HandleFunc(codePattern, s.codePage)
	m.HandleFunc("GET /claim/{secret}", s.claimPage)
	m.HandleFunc("POST /claim/{secret}", s.claim)
	m.HandleFunc("GET /assets/{file}", s.asset)
	m.HandleFunc("GET /problems/{type}", s.problemPage)

	if err := s.offlineRoutes(); err != nil {
		return err
	}
	s.staffRoutes()
	s.residentRoutes()

	m.HandleFunc("GET /.well-known/jwks.json", s.keyList)
	m.HandleFunc("GET /status/{list}", s.statusList)
	m.HandleFunc("GET /ca/{file}", s.revocationList)
	m.HandleFunc("GET /healthz", s.healthz)
	m.HandleFunc("GET /readyz", s.readyz)
	m.Handle("GET /metrics", promhttp.HandlerFor(s.Metrics, promhttp.HandlerOpts{ErrorHandling: promhttp.HTTPErrorOnError}))

	spec, err := s.api()
	if err != nil {
		return fmt.Errorf("write the OpenAPI document: %w", err)
	}
	s.openAPI = spec
	m.HandleFunc("GET /api/openapi.json", func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Cache-Control"] = revalidate
		writeBody(w, http.StatusOK, "application/json", s.openAPI)
	})
	return nil
}

// Server is an http.Server with time and size limits that neither a slow nor a
// greedy client can stretch, and room for a 20 MB upload over a slow line.
func Server(addr string, h http.Handler) *http.Server {
	s := &http.Server{
		Addr: addr, Handler: h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       2 * time.Minute,
		WriteTimeout:      3 * time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
	}
	endStreams(s)
	return s
}

// writeBody writes a whole answer.
func writeBody(w http.ResponseWriter, status int, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = bytes.NewReader(body).WriteTo(w) // the client has gone: nobody is left to tell
}
