package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"net/netip"

	"yinzheng"
	"yinzheng/catalogue"
	"yinzheng/rating"
	"yinzheng/resident"
	"yinzheng/store"
	"yinzheng/web"
)

// The rows about POST /api/v1/verify. Handlers are called in the process, with
// a request made anew and a recorder used again: over a socket both sides
// would pay the same system calls, which would hide what the handler costs,
// and the client would compete for the cores.

// scanner is a client of a handler.
type scanner struct {
	handler http.Handler
	header  http.Header
	answer  recorder
	body    bytes.Reader
}

func newScanner(h http.Handler) *scanner {
	return &scanner{handler: h, header: http.Header{"Content-Type": {"application/json"}}, answer: recorder{header: http.Header{}}}
}

// recorder keeps an answer.
type recorder struct {
	header http.Header
	status int
	body   []byte
}

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) WriteHeader(status int) { r.status = status }

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	r.body = append(r.body, b...)
	return len(b), nil
}

// template is what all scans have in common; building it is not the handler's
// work, as net/http would have read it from the wire.
func template() (*http.Request, error) {
	return http.NewRequestWithContext(context.Background(), http.MethodPost, publicURL+"/api/v1/verify", http.NoBody)
}

// ask posts a body from an address and returns the answer, which the next one
// overwrites.
func (s *scanner) ask(like *http.Request, from string, body []byte) *recorder {
	clear(s.answer.header)
	s.answer.status, s.answer.body = 0, s.answer.body[:0]
	s.body.Reset(body)
	r := *like
	r.Header, r.Body, r.ContentLength, r.RemoteAddr = s.header, io.NopCloser(&s.body), int64(len(body)), from
	s.handler.ServeHTTP(&s.answer, &r)
	return &s.answer
}

// bareHandler does one P-256 verification of a token, looks nothing up and
// answers a constant.
func bareHandler(keys []*yinzheng.Key) http.Handler {
	public := map[string]*ecdsa.PublicKey{}
	for _, k := range keys {
		public[k.KID] = k.Public.(*ecdsa.PublicKey)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v1/verify", func(w http.ResponseWriter, r *http.Request) {
		var space [1024]byte
		n, err := io.ReadFull(r.Body, space[:])
		token := bytes.TrimSuffix(bytes.TrimPrefix(space[:n], []byte(`{"token":"`)), []byte(`"}`))
		if !errors.Is(err, io.ErrUnexpectedEOF) || !bareVerify(public, token) {
			http.Error(w, "bad token", http.StatusBadRequest)
			return
		}
		w.Header()["Content-Type"] = []string{"application/json"}
		w.WriteHeader(http.StatusOK)
		_, _ = io.WriteString(w, `{"valid":true}`)
	})
	return mux
}

// bareVerify checks a compact JWS by ES256 (RFC 7518 §3.4), trusting its form.
func bareVerify(public map[string]*ecdsa.PublicKey, token []byte) bool {
	head, dot := bytes.IndexByte(token, '.'), bytes.LastIndexByte(token, '.')
	if head < 0 || dot == head {
		return false
	}
	var header [64]byte
	n, err := base64.RawURLEncoding.Decode(header[:], token[:head])
	if err != nil {
		return false
	}
	_, kid, _ := bytes.Cut(header[:n], []byte(`"kid":"`))
	kid, _, _ = bytes.Cut(kid, []byte(`"`))
	key := public[string(kid)]
	var signature [64]byte
	if n, err := base64.RawURLEncoding.Decode(signature[:], token[dot+1:]); key == nil || err != nil || n != len(signature) {
		return false
	}
	digest := sha256.Sum256(token[:dot])
	return ecdsa.Verify(key, digest[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:]))
}

// scans is one way of asking, with all that was measured of it by the
// processor's clock.
type scans struct {
	*scanner
	like  *http.Request
	want  []byte // part of every answer
	where string
	mean  series // one a round
	p99   series // one a round
}

// one asks and checks that the answer holds what it should.
func (s *scans) one(body []byte) error {
	if a := s.ask(s.like, "192.0.2.1:1234", body); a.status != http.StatusOK || !bytes.Contains(a.body, s.want) {
		return fmt.Errorf("%s: %d %s", s.where, a.status, a.body)
	}
	return nil
}

// all asks every body in turn.
func (s *scans) all(bodies [][]byte) error {
	return timed(&s.mean, len(bodies), func(i int) error { return s.one(bodies[i]) })
}

// each asks every body in turn with the clock read around it, which the mean is
// spared.
func (s *scans) each(bodies [][]byte) error {
	took := make(series, len(bodies))
	for i, b := range bodies {
		start := cpuTime()
		if err := s.one(b); err != nil {
			return err
		}
		took[i] = float64(cpuTime() - start)
	}
	s.p99.add(took.quantile(0.99))
	return nil
}

// served is a service over HTTP, behind the proxies that are trusted.
func served(ctx context.Context, service *yinzheng.Service, s *store.Store, proxies ...netip.Prefix) (http.Handler, error) {
	items, err := catalogue.New(ctx, catalogue.Config{Store: s, Template: service.Newest})
	if err != nil {
		return nil, err
	}
	return web.New(web.Config{
		Service: service, Catalogue: items, Residents: resident.New(resident.Config{Service: service}),
		Ratings: rating.New(rating.Config{Store: s, Cases: service}), Log: slog.New(slog.DiscardHandler), TrustedProxies: proxies,
	})
}

// verifyRows measures the first scan of a code, and the next.
func verifyRows(ctx context.Context, c *counter, rounds int) ([]row, error) {
	bodies, err := c.questions(ctx)
	if err != nil {
		return nil, err
	}
	handler, err := served(ctx, c.Service, c.store)
	if err != nil {
		return nil, err
	}
	like, err := template()
	if err != nil {
		return nil, err
	}
	valid := []byte(`"verdict":"valid"`)
	first := &scans{scanner: newScanner(handler), like: like, want: valid, where: "first scan"}
	again := &scans{scanner: newScanner(handler), like: like, want: valid, where: "same code again"}
	bare := &scans{scanner: newScanner(bareHandler(c.keys)), like: like, want: []byte(`"valid":true`), where: "bare handler"}
	// A key list read anew makes what was remembered of tokens worthless.
	unseen := func(ask func([][]byte) error) func() error {
		return func() error { return errors.Join(c.Reload(ctx), ask(bodies)) }
	}
	err = oneThread(func() error {
		return interleave(rounds,
			unseen(first.all),
			func() error { return bare.all(bodies) },
			func() error { return again.all(bodies) }, // since the first scan, or the last round's
			func() error { return bare.each(bodies) },
			unseen(first.each),
		)
	})
	if err != nil {
		return nil, err
	}
	var rows []row
	add := adder(&rows, &err)
	add("POST /api/v1/verify, unseen tokens, SQLite on disk", 1e9/first.mean.median(), "/s",
		fmt.Sprintf("bare handler with one P-256 verification: %s /s", number(1e9/bare.mean.median())), bare.mean.over(first.mean), ratioAtLeast(0.85))
	add("its p99", first.p99.median()/1e3, "µs", fmt.Sprintf("the bare handler's: %s µs", number(bare.p99.median()/1e3)), first.p99.over(bare.p99), ratioAtMost(1.3))
	add("the same code scanned again", 1e9/again.mean.median(), "/s",
		fmt.Sprintf("unseen: %s /s", number(1e9/first.mean.median())), first.mean.over(again.mean), ratioAtLeast(4))
	return rows, err
}

// questions are the request bodies for every certificate issued so far.
func (c *counter) questions(ctx context.Context) ([][]byte, error) {
	codes := c.issued.all()
	if len(codes) < 200 {
		return nil, fmt.Errorf("verify: only %d certificates to ask about", len(codes))
	}
	bodies := make([][]byte, len(codes))
	for i, code := range codes {
		cert, err := c.store.Certificate(ctx, code)
		if err != nil {
			return nil, err
		}
		bodies[i] = []byte(`{"token":"` + cert.Token + `"}`)
	}
	return bodies, nil
}
