package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"yinzheng"
)

// question is one way of asking.
type question struct {
	name   string
	calls  int  // in one batch
	anew   bool // what was remembered of earlier tokens is forgotten before each batch
	figure func(rounds []series) float64
	budget func(*row)
	ask    func(ctx context.Context, g *grown, i int) error
}

// Design §13 bounds the growth of lookup, verification and work queue; what is
// looked for while somebody waits has the preview's budget.
var (
	bounded = ratioAtMost(1.5)
	prompt  = valueAtMost(20)
)

// slowCall is the p99 of all calls of a round: what somebody waits who meets the
// collector too. Median over the rounds.
func slowCall(rounds []series) float64 {
	var p99 series
	for _, calls := range rounds {
		p99.add(calls.quantile(0.99))
	}
	return p99.median()
}

// slowQuestion is the p99 over the questions of a batch, of which each is worth the
// median of its calls, one a round: how growth meets the certificate that is dearest
// to find. On a virtual machine a call that touches many pages is hit now and then by
// its host for ten times what it takes, whatever is in those pages (a loop that
// reads bytes here and there of 64 MB: one call in twenty-five), and a p99 of calls
// compares who was hit.
func slowQuestion(rounds []series) float64 {
	questions := make(series, len(rounds[0]))
	for i := range questions {
		calls := make(series, len(rounds))
		for r := range rounds {
			calls[r] = rounds[r][i]
		}
		questions[i] = calls.median()
	}
	return questions.quantile(0.99)
}

// together is how many rounds one figure of slowQuestion is taken from.
const together = 7

var questions = []question{
	{"POST /api/v1/verify by code", lookups, false, slowQuestion, bounded, func(_ context.Context, g *grown, i int) error {
		return g.verified(`{"code":"`, g.sample(i).code)
	}},
	{"POST /api/v1/verify by number", lookups, false, slowQuestion, bounded, func(_ context.Context, g *grown, i int) error {
		return g.verified(`{"number":"`, g.sample(i).number)
	}},
	{"POST /api/v1/verify, unseen token", pages, true, slowQuestion, bounded, func(_ context.Context, g *grown, i int) error {
		return g.verified(`{"token":"`, g.sample(i).token)
	}},
	{"GET /v/{code}, what a phone opens", lookups, false, slowQuestion, bounded, func(ctx context.Context, g *grown, i int) error {
		_, err := g.opened(ctx, i)
		return err
	}},
	{"work queue of a village, first page", pages, false, slowQuestion, bounded, func(ctx context.Context, g *grown, i int) error {
		return g.listed(ctx, g.clerks[i%len(g.clerks)], false)
	}},
	{"work queue of a village, deep", pages, false, slowQuestion, bounded, func(ctx context.Context, g *grown, i int) error {
		return g.listed(ctx, g.clerks[i%len(g.clerks)], true)
	}},
	{"work queue of a town, first page", pages, false, slowQuestion, bounded, func(ctx context.Context, g *grown, i int) error {
		return g.listed(ctx, g.approvers[i%len(g.approvers)], false)
	}},
	{"work queue of a town, deep", pages, false, slowQuestion, bounded, func(ctx context.Context, g *grown, i int) error {
		return g.listed(ctx, g.approvers[i%len(g.approvers)], true)
	}},
	{"work queue of the district, first page", pages, false, slowQuestion, bounded, func(ctx context.Context, g *grown, _ int) error {
		return g.listed(ctx, g.head, false)
	}},
	{"work queue of the district, deep", pages, false, slowQuestion, bounded, func(ctx context.Context, g *grown, _ int) error {
		return g.listed(ctx, g.head, true)
	}},
	{"inbox of a town, by due date", pages, false, slowQuestion, bounded, func(ctx context.Context, g *grown, i int) error {
		return g.waits(ctx, g.approvers[i%len(g.approvers)])
	}},
	{"inbox of the district, by due date", pages, false, slowQuestion, bounded, func(ctx context.Context, g *grown, _ int) error {
		return g.waits(ctx, g.head)
	}},
	{"counts of the lists of a village", pages, false, slowCall, prompt, func(ctx context.Context, g *grown, i int) error {
		_, err := g.Tally(ctx, g.clerks[i%len(g.clerks)])
		return err
	}},
	{"search from a village, the name of a tenth", pages, false, slowCall, prompt, func(ctx context.Context, g *grown, i int) error {
		return g.found(ctx, g.clerks[i%4], g.common, foundLines)
	}},
	{"search from the district, the name of a tenth", pages, false, slowCall, prompt, func(ctx context.Context, g *grown, _ int) error {
		return g.found(ctx, g.head, g.common, foundLines)
	}},
	{"search from the district, any name", pages, false, slowCall, prompt, func(ctx context.Context, g *grown, i int) error {
		return g.found(ctx, g.head, g.sample(i).name, 1)
	}},
	{"search from the district, how a name begins", pages, false, slowCall, prompt, func(ctx context.Context, g *grown, i int) error {
		return g.found(ctx, g.head, string([]rune(g.sample(i).name)[:2]), 1)
	}},
	{"search from the district, ID number", pages, false, slowCall, prompt, func(ctx context.Context, g *grown, i int) error {
		return g.found(ctx, g.head, g.documents[i%len(g.documents)], 1)
	}},
	{"a new case with its possible duplicates", pages, false, slowCall, prompt, func(ctx context.Context, g *grown, i int) error {
		d := g.drafts[i%len(g.drafts)]
		_, err := g.Application(ctx, d.by, d.id)
		return err
	}},
}

func (g *grown) sample(i int) *asked { return &g.samples[i%len(g.samples)] }

// verified asks as a department does, each time from another address.
func (g *grown) verified(member, value string) error {
	body := append(append([]byte(member), value...), `"}`...)
	a := g.scanner.ask(g.like, g.place(), body)
	if a.status != http.StatusOK || !bytes.Contains(a.body, []byte(`"verdict":"valid"`)) && !bytes.Contains(a.body, []byte(`"verdict":"expired"`)) {
		return fmt.Errorf("growth: the verdict on a certificate: %d %s", a.status, a.body)
	}
	return nil
}

// opened asks for the page of a QR code as a phone does, from an address of its
// own.
func (g *grown) opened(ctx context.Context, i int) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, publicURL+"/v/"+g.sample(i).code, http.NoBody)
	if err != nil {
		return nil, err
	}
	r.RemoteAddr = g.place()
	a := &recorder{header: http.Header{}}
	g.scanner.handler.ServeHTTP(a, r)
	if a.status != http.StatusOK || !bytes.Contains(a.body, []byte("</html>")) {
		return nil, fmt.Errorf("growth: the page of a QR code: %d %s", a.status, a.body)
	}
	return a.body, nil
}

// place is an address that nobody has asked from: one alone is soon taken for
// somebody who guesses.
func (g *grown) place() string {
	g.places++
	return fmt.Sprintf("10.%d.%d.%d:1234", g.places>>16&255, g.places>>8&255, g.places&255)
}

func (g *grown) listed(ctx context.Context, by *yinzheng.Account, deep bool) error {
	cursor := ""
	if deep {
		cursor = g.deep[by]
	}
	entries, _, err := g.Workqueue(ctx, by, nil, cursor, pageLines)
	if err == nil && len(entries) != pageLines {
		err = fmt.Errorf("growth: a page of %s has %d lines", by.ID, len(entries))
	}
	return err
}

func (g *grown) waits(ctx context.Context, by *yinzheng.Account) error {
	entries, _, err := g.Inbox(ctx, by, "", pageLines)
	if err == nil && len(entries) != pageLines {
		err = fmt.Errorf("growth: the inbox of %s has %d lines", by.ID, len(entries))
	}
	return err
}

func (g *grown) found(ctx context.Context, by *yinzheng.Account, text string, atLeast int) error {
	entries, _, err := g.Search(ctx, by, text, "", foundLines)
	if err == nil && len(entries) < atLeast {
		err = fmt.Errorf("growth: a search finds %d cases", len(entries))
	}
	return err
}

// How many questions are asked in one batch: the shorter they are, the more of
// them the rest of the machine's work disturbs.
const (
	lookups = 1000
	pages   = 200
)

// growthRows asks a small and a large store the same questions in turn.
func growthRows(ctx context.Context, o *office, small, large, rounds int) (rows []row, notes []string, err error) {
	var stores [2]*grown
	for i, size := range []int{small, large} {
		if stores[i], err = grow(ctx, o, size); err != nil {
			return nil, nil, err
		}
		defer func() { err = errors.Join(err, stores[i].store.Close()) }()
	}
	g := stores[1]
	notes = []string{
		fmt.Sprintf("growth: %d and %d cases without PDFs, copied from %d that took their way through the service; the larger store has %.2f GB, of which this build maps up to %.4g GB, and was filled in %.0f s, with its indexes in place",
			small, large, len(kinds)*len(ways)-1, float64(g.bytes)/1e9, float64(g.mapped)/1e9, g.took.Seconds()),
		fmt.Sprintf("growth: processor time of one call, the two stores in turn, %d questions (by code and number %d) in each of %d rounds, every one asked once before, so that both answer from memory; where the ratio is bounded, p99 over the questions of the median of %d rounds, else p99 over the calls; pages of %d lines, of %d in a search; %d cases wait in either", pages, lookups, rounds, min(together, rounds), pageLines, foundLines, min(waiting, small/4)),
	}
	err = oneThread(func() error {
		for i := range questions {
			r, err := questions[i].row(ctx, stores, rounds)
			if err != nil {
				return fmt.Errorf("%s: %w", questions[i].name, err)
			}
			rows = append(rows, r)
		}
		more, err := pageRows(ctx, stores, max(1, rounds/4))
		rows = append(rows, more...)
		return err
	})
	return rows, notes, err
}

func (q *question) row(ctx context.Context, stores [2]*grown, rounds int) (row, error) {
	var took [2][]series
	batch := func(n int) func() error {
		g := stores[n]
		return func() error {
			if q.anew {
				if err := g.Reload(ctx); err != nil {
					return err
				}
			}
			calls := make(series, q.calls)
			for i := range calls {
				start := cpuTime()
				if err := q.ask(ctx, g, i); err != nil {
					return err
				}
				calls[i] = float64(cpuTime() - start)
			}
			took[n] = append(took[n], calls)
			return nil
		}
	}
	for _, g := range stores {
		for i := range q.calls {
			if err := q.ask(ctx, g, i); err != nil {
				return row{}, err
			}
		}
	}
	if err := interleave(rounds, batch(0), batch(1)); err != nil {
		return row{}, err
	}
	var figures [2]series
	for n := range took {
		for some := range slices.Chunk(took[n], min(together, rounds)) {
			figures[n].add(q.figure(some))
		}
	}
	return newRow(fmt.Sprintf("%s, p99 at %d", q.name, stores[1].size), figures[1].median()/1e6, "ms",
		fmt.Sprintf("at %d: %s ms", stores[0].size, number(figures[0].median()/1e6)), figures[1].over(figures[0]), q.budget)
}
