package main

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"yinzheng"
	"yinzheng/signer"
)

// The rows about making one certificate: steps 2 to 4 of Service.Issue, which
// runs as it is, over a store that costs nothing.

// shelf is a store whose cases are approved for ever and whose writes go
// nowhere, so that the same cases can be issued again and again.
type shelf struct {
	yinzheng.Store
	cases map[string]*yinzheng.Application
	// finished is told of every certificate, when steps 2 to 4 are over.
	finished func(c *yinzheng.Certificate, pdf []byte)

	mu   sync.Mutex
	kept map[string]*yinzheng.Certificate // what Certificate finds
}

func (s *shelf) Tx(ctx context.Context, fn func(context.Context) error) error { return fn(ctx) }

func (s *shelf) Application(_ context.Context, id string) (*yinzheng.Application, error) {
	return s.cases[id], nil
}

func (s *shelf) OpenStatusList(context.Context) (int, error)                       { return 1, nil }
func (s *shelf) SaveApplication(context.Context, *yinzheng.Application, int) error { return nil }
func (s *shelf) Reserve(context.Context, *yinzheng.Certificate) error              { return nil }
func (s *shelf) Record(context.Context, yinzheng.Event) error                      { return nil }
func (s *shelf) FinishIssue(_ context.Context, c *yinzheng.Certificate, p []byte) error {
	if s.finished != nil {
		s.finished(c, p)
	}
	return nil
}

func (s *shelf) Certificate(_ context.Context, code string) (*yinzheng.Certificate, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.kept[code]; c != nil {
		return c, nil
	}
	return nil, yinzheng.ErrNotFound
}

// stopwatch takes a reading where step 2 begins (the token is signed), where
// step 3 ends (the page is sealed) and where step 4 does. One certificate at a
// time goes through it.
type stopwatch struct {
	yinzheng.Sealer
	read          func() [2]uint64
	begun, sealed [2]uint64
	made, checked [2]uint64 // sums since they were last set to zero
}

func (w *stopwatch) SignToken(kid string, c *yinzheng.Claims) (string, error) {
	w.begun = w.read()
	return w.Sealer.SignToken(kid, c)
}

func (w *stopwatch) SealPDF(kid string, u *yinzheng.Unsigned) error {
	err := w.Sealer.SealPDF(kid, u)
	w.sealed = w.read()
	return err
}

func (w *stopwatch) finish() {
	now := w.read()
	for i := range now {
		w.made[i] += w.sealed[i] - w.begun[i]
		w.checked[i] += now[i] - w.sealed[i]
	}
}

func (w *stopwatch) reset() { w.made, w.checked = [2]uint64{}, [2]uint64{} }

func readCPU() [2]uint64 { return [2]uint64{uint64(cpuTime())} }

// readMemory counts allocations and their bytes.
func readMemory() [2]uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return [2]uint64{m.Mallocs, m.TotalAlloc}
}

// variants is how many different cases a making row goes through.
const variants = 64

// workshop makes certificates of cases on a shelf.
type workshop struct {
	*office
	*yinzheng.Service
	shelf *shelf
	watch *stopwatch
	ids   []string
	next  int
}

func newWorkshop(ctx context.Context, c *counter) (*workshop, error) {
	w := &workshop{office: c.office, watch: &stopwatch{Sealer: c.sealer, read: readCPU}}
	w.shelf = &shelf{Store: c.store, cases: map[string]*yinzheng.Application{}, kept: map[string]*yinzheng.Certificate{}}
	var err error
	if w.ids, err = c.approveMany(ctx, variants); err != nil {
		return nil, err
	}
	for _, id := range w.ids {
		if w.shelf.cases[id], err = c.store.Application(ctx, id); err != nil {
			return nil, err
		}
	}
	if w.Service, err = c.service(ctx, w.shelf, w.watch); err != nil {
		return nil, err
	}
	return w, w.verifyAll(ctx)
}

// verifyAll issues every case once, keeps its record and asks the service, as
// a department would, whether the file is valid. It also is the warm-up.
func (w *workshop) verifyAll(ctx context.Context) error {
	for _, id := range w.ids {
		var file []byte
		w.shelf.finished = func(c *yinzheng.Certificate, pdf []byte) {
			file = append([]byte(nil), pdf...)
			w.shelf.kept[c.Code] = c
		}
		if _, err := w.Issue(ctx, id); err != nil {
			return err
		}
		if err := mustBeValid(ctx, w.Service, file); err != nil {
			return err
		}
	}
	w.shelf.finished = nil
	return nil
}

func mustBeValid(ctx context.Context, s *yinzheng.Service, file []byte) error {
	a, err := s.Verify(ctx, &yinzheng.Question{File: file})
	if err != nil {
		return err
	}
	if a.Verdict != yinzheng.Valid {
		return fmt.Errorf("a measured certificate is %s, not valid: %v", a.Verdict, a.Checks)
	}
	return nil
}

// issue makes n certificates, one after another.
func (w *workshop) issue(ctx context.Context, n int) error {
	for range n {
		w.next = (w.next + 1) % len(w.ids)
		if _, err := w.Issue(ctx, w.ids[w.next]); err != nil {
			return err
		}
	}
	return nil
}

// watched makes n certificates through the stopwatch.
func (w *workshop) watched(ctx context.Context, n int) error {
	w.watch.reset()
	w.shelf.finished = func(*yinzheng.Certificate, []byte) { w.watch.finish() }
	defer func() { w.shelf.finished = nil }()
	return w.issue(ctx, n)
}

// makingRows measures rows 1, 2, 4 and 5, on one thread.
func makingRows(ctx context.Context, w *workshop, rounds int) ([]row, error) {
	plain, err := newPlainWay(w.office)
	if err != nil {
		return nil, err
	}
	bare, err := newBareCost(w)
	if err != nil {
		return nil, err
	}
	const ours, theirs, curves = 60, 4, 100 // certificates and operations a batch
	var made, checked, page, sign, verify series
	err = oneThread(func() error {
		return interleave(rounds,
			func() error {
				err := w.watched(ctx, ours)
				made.perOp(time.Duration(w.watch.made[0]), ours)
				checked.perOp(time.Duration(w.watch.checked[0]), ours)
				return err
			},
			func() error { return timed(&page, theirs, func(i int) error { return plain.one(w, i) }) },
			func() error { return timed(&sign, curves, func(int) error { return bare.making() }) },
			func() error { return timed(&verify, curves, func(int) error { return bare.checking() }) },
		)
	})
	if err != nil {
		return nil, err
	}
	memory, err := allocations(ctx, w, plain)
	if err != nil {
		return nil, err
	}
	var rows []row
	add := adder(&rows, &err)
	add("token, typeset, QR and seal, one thread", made.median()/1e3, "µs",
		fmt.Sprintf("gofpdf, go-qrcode and one CMS: %s ms", number(page.median()/1e6)), page.over(made), ratioAtLeast(50))
	add("the same, to its bare cost", made.median()/1e3, "µs",
		fmt.Sprintf("two P-256 signatures and one SHA-256: %s µs", number(sign.median()/1e3)), made.over(sign), ratioAtMost(5))
	add("self-check: PDF, token and QR read back", checked.median()/1e3, "µs",
		fmt.Sprintf("two P-256 verifications: %s µs", number(verify.median()/1e3)), checked.over(verify), ratioAtMost(3))
	for i, x := range []struct {
		name, unit string
		scale      float64
		limit      float64
	}{{"allocations of steps 2 and 3", "", 1, 250}, {"memory of steps 2 and 3", "KB", 1024, 64}} {
		add(x.name, memory.made[i]/x.scale, x.unit, strings.TrimSpace(fmt.Sprintf("the plain page: %s %s", number(memory.plain[i]/x.scale), x.unit))+fmt.Sprintf("; the self-check adds %s", number(memory.checked[i]/x.scale)),
			series{memory.made[i] / memory.plain[i]}, valueAtMost(x.limit))
	}
	for _, kind := range kinds {
		size, plainSize, sizeErr := sizes(ctx, w, plain, kind)
		err = errors.Join(err, sizeErr)
		add("PDF of a typical "+kind, size/1024, "KB", fmt.Sprintf("the plain page: %s KB", number(plainSize/1024)), series{size / plainSize}, valueAtMost(45))
	}
	return rows, err
}

// adder collects rows and the errors of making them.
func adder(rows *[]row, errs *error) func(name string, value float64, unit, against string, ratios series, budget func(*row)) {
	return func(name string, value float64, unit, against string, ratios series, budget func(*row)) {
		r, err := newRow(name, value, unit, against, ratios, budget)
		*rows, *errs = append(*rows, r), errors.Join(*errs, err)
	}
}

// timed adds the processor time that each of n operations takes.
func timed(s *series, n int, op func(i int) error) error {
	start := cpuTime()
	for i := range n {
		if err := op(i); err != nil {
			return err
		}
	}
	s.perOp(cpuTime()-start, n)
	return nil
}

// heap is what the Go heap gives for one certificate: how many pieces, and how
// many bytes.
type heap struct {
	made    [2]float64 // in steps 2 and 3
	checked [2]float64 // in step 4
	plain   [2]float64 // for the plain page
}

func allocations(ctx context.Context, w *workshop, plain *plainWay) (h heap, err error) {
	const n = 4 * variants
	w.watch.read = readMemory
	defer func() { w.watch.read = readCPU }()
	if err := w.watched(ctx, n); err != nil {
		return h, err
	}
	before := readMemory()
	for i := range kinds {
		if err := plain.one(w, i); err != nil {
			return h, err
		}
	}
	after := readMemory()
	for i := range h.made {
		h.made[i], h.checked[i] = float64(w.watch.made[i])/n, float64(w.watch.checked[i])/n
		h.plain[i] = float64(after[i]-before[i]) / float64(len(kinds))
	}
	return h, nil
}

// sizes is the mean length of a kind's files, ours and the plain way's.
func sizes(ctx context.Context, w *workshop, plain *plainWay, kind string) (ours, theirs float64, err error) {
	n := 0.0
	w.shelf.finished = func(_ *yinzheng.Certificate, pdf []byte) { ours += float64(len(pdf)) }
	defer func() { w.shelf.finished = nil }()
	for _, id := range w.ids {
		a := w.shelf.cases[id]
		if a.Template.Code != kind {
			continue
		}
		if _, err := w.Issue(ctx, id); err != nil {
			return 0, 0, err
		}
		n++
		if n > 4 {
			continue
		}
		page, cms, err := plain.of(w, a)
		if err != nil {
			return 0, 0, err
		}
		theirs += float64(len(page)+2*len(cms)) / 4
	}
	return ours / n, theirs, nil
}

// newPlainWay reads the same font file that the typesetter has inside.
func newPlainWay(o *office) (*plainWay, error) {
	root, err := moduleFolder()
	if err != nil {
		return nil, err
	}
	font, err := os.ReadFile(filepath.Join(root, "templates/fonts/NotoSerifSC-Regular.ttf"))
	if err != nil {
		return nil, err
	}
	private, _, chain, err := o.key(yinzheng.DocumentKey)
	if err != nil {
		return nil, err
	}
	seal, err := signer.NewSeal(private, chain)
	return &plainWay{font: font, seal: seal}, err
}

// one makes the plain page of the i-th case.
func (p *plainWay) one(w *workshop, i int) error {
	_, _, err := p.of(w, w.shelf.cases[w.ids[i%len(w.ids)]])
	return err
}

// of makes the plain page of a case, with a code as long as a real one.
func (p *plainWay) of(w *workshop, a *yinzheng.Application) (page, cms []byte, err error) {
	t, err := w.Template(a.Template.Code)
	if err != nil {
		return nil, nil, err
	}
	for _, c := range w.shelf.kept {
		return p.sealed(t, a.Values, c.Number, w.PublicURL+"/v/"+c.Code+"#"+string(yinzheng.Digits(c.Token)))
	}
	return nil, nil, errors.New("no certificate to take a code from")
}

// bareCost is what cannot be spared: the curve's work and the digest.
type bareCost struct {
	private crypto.Signer
	public  *ecdsa.PublicKey
	output  []byte
	digest  [32]byte
	signed  []byte
}

func newBareCost(w *workshop) (*bareCost, error) {
	b := &bareCost{}
	w.shelf.finished = func(_ *yinzheng.Certificate, pdf []byte) { b.output = append([]byte(nil), pdf...) }
	defer func() { w.shelf.finished = nil }()
	err := w.issue(context.Background(), 1)
	if err != nil {
		return nil, err
	}
	if b.private, b.public, _, err = w.key(yinzheng.DocumentKey); err != nil {
		return nil, err
	}
	return b, b.making()
}

// making is two signatures and one digest of a file.
func (b *bareCost) making() error {
	b.digest = sha256.Sum256(b.output)
	for range 2 {
		var err error
		if b.signed, err = b.private.Sign(rand.Reader, b.digest[:], crypto.SHA256); err != nil {
			return err
		}
	}
	return nil
}

// checking is two verifications.
func (b *bareCost) checking() error {
	for range 2 {
		if !ecdsa.VerifyASN1(b.public, b.digest[:], b.signed) {
			return errors.New("a bare signature does not hold")
		}
	}
	return nil
}

// coresRow measures how two cores share the making.
//
// The wall's clock counts here, and whoever else has a core for a moment
// halves it: the best round of each is the one that was let alone, so there
// are many short ones.
func coresRow(ctx context.Context, w *workshop, rounds int) (row, error) {
	if runtime.NumCPU() < 2 {
		return row{}, errors.New("two cores: this machine has one")
	}
	s, err := w.service(ctx, w.shelf, w.sealer)
	if err != nil {
		return row{}, err
	}
	const batch = 4 * variants
	run := func(cores int, took *series) func() error {
		return func() error {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
			start := time.Now()
			err := each(batch, cores, func(i int) error {
				_, err := s.Issue(ctx, w.ids[i%len(w.ids)])
				return err
			})
			took.perOp(time.Since(start), batch)
			return err
		}
	}
	var one, two series
	if err := interleave(rounds, run(1, &one), run(2, &two)); err != nil {
		return row{}, err
	}
	r, err := newRow("two cores, steps 1 to 5 without a store", 1e9/two.quantile(0), "/s",
		fmt.Sprintf("one core: %s /s", number(1e9/one.quantile(0))), series{one.quantile(0) / two.quantile(0)}, ratioAtLeast(1.8))
	r.Spread = one.over(two).spread()
	return r, err
}
