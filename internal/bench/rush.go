package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"yinzheng"
	"yinzheng/web"
)

// The rush: so many people scan in every second for a minute, over sockets, while
// an office goes on issuing. Scans come when they come: each has its moment, and
// what it took counts from there, so that a server which falls behind is not
// spared by a client that waits for it. Client, server and issuing share the
// cores; a bare handler is asked the same way beside the same issuing.

const (
	scansPerSecond  = 1000
	issuedPerSecond = 20
	lines           = 128 // connections
	addresses       = 4   // that all scans come from: a hall's, or a carrier's with thousands of phones behind each
)

// rushScan is one scan: what a counter's program posts, or what a phone does,
// which opens the page of a QR code and posts its fragment.
type rushScan struct {
	phone bool
	code  string
	token string // as the QR code's address has it, for a phone
	from  string
}

// answers are what is looked for in what a contender answers.
type answers struct{ program, record, phone string }

// rush is one contender.
type rush struct {
	base   string
	want   answers
	client *http.Client
	took   []time.Duration // of each scan, from its moment on
	failed atomic.Int64
	first  atomic.Pointer[string] // what went wrong first
}

// rushRow measures both contenders, one after the other.
func rushRow(ctx context.Context, c *counter, length time.Duration) (row, error) {
	scans, err := c.scans(ctx)
	if err != nil {
		return row{}, err
	}
	// X-Forwarded-For names the address of each scan.
	ours, err := served(ctx, c.Service, c.store, netip.MustParsePrefix("127.0.0.0/8"))
	if err != nil {
		return row{}, err
	}
	noting, stop := context.WithCancel(ctx)
	defer stop()
	go c.KeepNoting(noting, time.Second)
	a, err := c.rushed(ctx, ours, answers{`"verdict":"valid"`, `class="verdict look`, `class="verdict good`}, scans, length)
	if err != nil {
		return row{}, err
	}
	if n := a.failed.Load(); n > 0 {
		return row{}, fmt.Errorf("rush: %d of %d scans failed, the first: %s", n, len(a.took), *a.first.Load())
	}
	b, err := c.rushed(ctx, bareSite(bareHandler(c.keys)), answers{`"valid":true`, "</html>", "</html>"}, scans, length)
	if err != nil {
		return row{}, err
	}
	if n := b.failed.Load(); n > 0 {
		return row{}, fmt.Errorf("rush: the bare handler failed %d times, first: %s", n, *b.first.Load())
	}
	took, bare := inMilliseconds(a.took), inMilliseconds(b.took)
	return newRow(
		fmt.Sprintf("p99 of %d scans at %d/s from %d addresses beside %d certificates/s, none failed", len(a.took), scansPerSecond, addresses, issuedPerSecond), took.quantile(0.99), "ms",
		fmt.Sprintf("bare handler: %s ms; medians %s and %s ms", number(bare.quantile(0.99)), number(took.median()), number(bare.median())),
		series{took.quantile(0.99) / bare.quantile(0.99)}, reported)
}

// reported is the budget of a figure that has none but that nothing fails.
func reported(r *row) { r.Goal, r.Met = "0 failed", true }

func inMilliseconds(took []time.Duration) series {
	out := make(series, len(took))
	for i, t := range took {
		out[i] = float64(t) / float64(time.Millisecond)
	}
	return out
}

// scans are what is shown: three in ten by a phone, and each code again and
// again as the round comes to it.
func (c *counter) scans(ctx context.Context) ([]rushScan, error) {
	var out []rushScan
	for i, code := range c.issued.all() {
		cert, err := c.store.Certificate(ctx, code)
		if err != nil {
			return nil, err
		}
		s := rushScan{code: code, token: cert.Token, from: fmt.Sprintf("198.18.0.%d", i%addresses+1)}
		if s.phone = i%10 < 3; s.phone {
			s.token = string(yinzheng.Digits(cert.Token))
		}
		out = append(out, s)
	}
	return out, nil
}

// rushed lets the rush go on for a while at a handler, beside issuing.
func (c *counter) rushed(ctx context.Context, h http.Handler, want answers, scans []rushScan, length time.Duration) (*rush, error) {
	approved, err := c.approveMany(ctx, int(length.Seconds()*issuedPerSecond))
	if err != nil {
		return nil, err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	server := web.Server("", h)
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	r := &rush{base: "http://" + l.Addr().String(), want: want, client: &http.Client{
		Transport: &http.Transport{MaxIdleConns: lines, MaxIdleConnsPerHost: lines, MaxConnsPerHost: lines}, Timeout: 30 * time.Second,
	}}
	issuing := make(chan error, 1)
	go func() { issuing <- c.keepIssuing(ctx, approved) }()
	r.run(ctx, scans, length)
	err = <-issuing
	r.client.CloseIdleConnections()
	if closed := server.Close(); closed != nil {
		err = errors.Join(err, closed)
	}
	if end := <-served; !errors.Is(end, http.ErrServerClosed) {
		err = errors.Join(err, end)
	}
	return r, err
}

// keepIssuing issues one case after the other, each at its moment.
func (c *counter) keepIssuing(ctx context.Context, ids []string) error {
	tick := time.NewTicker(time.Second / issuedPerSecond)
	defer tick.Stop()
	for _, id := range ids {
		if _, err := c.Issue(ctx, id); err != nil {
			return fmt.Errorf("rush: issuing: %w", err)
		}
		<-tick.C
	}
	return nil
}

// run sends the scans at their moments.
func (r *rush) run(ctx context.Context, scans []rushScan, length time.Duration) {
	n := int(length.Seconds() * scansPerSecond)
	r.took = make([]time.Duration, n)
	moments := make(chan int, n)
	var hands sync.WaitGroup
	begin := time.Now()
	moment := func(i int) time.Time { return begin.Add(time.Duration(i) * time.Second / scansPerSecond) }
	for range lines {
		hands.Go(func() {
			for i := range moments {
				if err := r.scan(ctx, &scans[i%len(scans)]); err != nil && r.failed.Add(1) == 1 {
					text := err.Error()
					r.first.Store(&text)
				}
				r.took[i] = time.Since(moment(i))
			}
		})
	}
	for i := range n {
		if wait := time.Until(moment(i)); wait > 0 {
			time.Sleep(wait) //nolint:forbidigo // the moment is the thing
		}
		moments <- i
	}
	close(moments)
	hands.Wait()
}

// scan does one scan and looks at its answer.
func (r *rush) scan(ctx context.Context, s *rushScan) error {
	if !s.phone {
		return r.ask(ctx, s, http.MethodPost, "/api/v1/verify", "application/json", `{"token":"`+s.token+`"}`, r.want.program)
	}
	if err := r.ask(ctx, s, http.MethodGet, "/v/"+s.code, "", "", r.want.record); err != nil {
		return err
	}
	form := url.Values{"q": {publicURL + "/v/" + s.code + "#" + s.token}}.Encode()
	return r.ask(ctx, s, http.MethodPost, "/verify", "application/x-www-form-urlencoded", form, r.want.phone)
}

func (r *rush) ask(ctx context.Context, s *rushScan, method, path, media, body, want string) error {
	q, err := http.NewRequestWithContext(ctx, method, r.base+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	q.Header.Set("X-Forwarded-For", s.from)
	if media != "" {
		q.Header.Set("Content-Type", media)
	}
	a, err := r.client.Do(q)
	if err != nil {
		return err
	}
	defer a.Body.Close()
	got, err := io.ReadAll(a.Body)
	if err == nil && (a.StatusCode != http.StatusOK || !bytes.Contains(got, []byte(want))) {
		err = fmt.Errorf("%s %s: %d %.200s", method, path, a.StatusCode, got)
	}
	return err
}

// bareSite answers a phone as the bare handler answers programs: with a constant
// page, and for the fragment after one P-256 verification.
func bareSite(api http.Handler) http.Handler {
	page := []byte("<!doctype html><html><body>" + strings.Repeat("valid ", 3000) + "</body></html>")
	mux := http.NewServeMux()
	mux.Handle("POST /api/v1/verify", api)
	mux.HandleFunc("GET /v/{code}", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(page) })
	mux.HandleFunc("POST /verify", func(w http.ResponseWriter, r *http.Request) {
		_, digits, _ := strings.Cut(r.FormValue("q"), "#")
		token, ok := yinzheng.FromDigits(digits)
		if !ok {
			http.Error(w, "no token", http.StatusBadRequest)
			return
		}
		inner := r.Clone(r.Context())
		inner.URL.Path, inner.Body = "/api/v1/verify", io.NopCloser(strings.NewReader(`{"token":"`+token+`"}`))
		answer := &recorder{header: http.Header{}}
		if api.ServeHTTP(answer, inner); answer.status != http.StatusOK {
			http.Error(w, "bad token", http.StatusBadRequest)
			return
		}
		_, _ = w.Write(page)
	})
	return mux
}
