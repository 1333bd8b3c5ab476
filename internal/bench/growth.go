package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"time"

	"yinzheng"
	"yinzheng/store"
)

// The rows about growth: the same questions to a store of a few cases and to one
// of many: what departments ask at the address where they ask it, what staff ask
// through the Service.

const (
	years      = 3    // over which the cases lie, however many they are
	waiting    = 3000 // cases that wait for a decision: what a day brings, not what the years have left
	sampled    = 2000 // cases that are asked for
	pageLines  = 20   // of a work queue: so many are in every one that is asked for
	foundLines = 10   // of a search, likewise
	deepLines  = 2000 // how far into a queue the deep page lies, at most
)

// grown is a service over a store of so many cases.
type grown struct {
	*yinzheng.Service
	*district21
	store     *store.Store
	scanner   *scanner
	like      *http.Request
	size      int
	bytes     int64
	mapped    int64 // bytes of a file that this build maps at most
	took      time.Duration
	samples   []asked
	documents []string // of those holders that have one
	common    string   // the name that a tenth of all bear
	clerks    []*yinzheng.Account
	approvers []*yinzheng.Account
	head      *yinzheng.Account
	drafts    []draft
	places    int                          // that something was asked from
	deep      map[*yinzheng.Account]string // a cursor in the middle of each one's queue
	seats     map[string]*sitting          // those who are signed in
}

// draft is a new case, with who opened it.
type draft struct {
	by *yinzheng.Account
	id string
}

// grow makes a store of so many cases on the disk.
func grow(ctx context.Context, o *office, size int) (*grown, error) {
	start := time.Now()
	d, err := newDistrict21(o)
	if err != nil {
		return nil, err
	}
	g := &grown{district21: d, size: size, common: "梁志强", deep: map[*yinzheng.Account]string{}}
	g.clerks, g.approvers, g.head = d.people()
	file := filepath.Join(o.dir, fmt.Sprintf("grown-%d.db", size))
	patterns, err := makePatterns(ctx, o, d, file)
	if err != nil {
		return nil, err
	}
	if err := g.fill(ctx, file, patterns); err != nil {
		return nil, err
	}
	g.took = time.Since(start)
	if g.store, err = store.Open(ctx, file); err != nil {
		return nil, err
	}
	if g.Service, err = o.service(ctx, g.store, o.sealer); err == nil {
		err = errors.Join(g.listen(ctx), g.prepare(ctx, o), g.seat(ctx))
	}
	if err == nil {
		g.bytes, g.mapped, err = g.store.Mapping(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, g.store.Close())
	}
	return g, nil
}

// listen serves the store's service.
func (g *grown) listen(ctx context.Context) error {
	h, err := served(ctx, g.Service, g.store)
	if err != nil {
		return err
	}
	g.scanner = newScanner(h)
	g.like, err = template()
	return err
}

// ways are the ways that the patterns take, each as far as it goes.
var ways = []string{"issued", "rejected", "withdrawn", "returned", "draft", "town", "district"}

// makePatterns takes one case of each kind every way.
func makePatterns(ctx context.Context, o *office, d *district21, file string) (map[string][]*pattern, error) {
	s, err := store.Open(ctx, file)
	if err != nil {
		return nil, err
	}
	var made map[string][]*pattern
	if err = d.fill(ctx, o, s); err == nil {
		c := &counter{office: o, store: s, braked: &braked{Store: s}}
		if c.Service, err = o.service(ctx, s, o.sealer); err == nil {
			made, err = c.patterns(ctx)
		}
	}
	return made, errors.Join(err, s.Close())
}

func (c *counter) patterns(ctx context.Context) (map[string][]*pattern, error) {
	made := map[string][]*pattern{}
	for i := range len(kinds) * len(ways) {
		way, in := ways[i/len(kinds)], caseOf(i)
		if way == "district" && in.Item == "residence" { // the town has the last word
			continue
		}
		one, err := c.pattern(ctx, in, way)
		if err != nil {
			return nil, fmt.Errorf("a case that goes as far as %s: %w", way, err)
		}
		made[way] = append(made[way], one)
	}
	return made, nil
}

// pattern takes a case one way.
func (c *counter) pattern(ctx context.Context, in *yinzheng.NewApplication, way string) (*pattern, error) {
	view, _, err := c.CreateApplication(ctx, c.clerk, in, way+in.Item)
	submit := func() {
		if err == nil {
			view, err = c.SubmitApplication(ctx, c.clerk, view.ID, view.Version)
		}
	}
	decide := func(action yinzheng.ActionKind) {
		if err == nil {
			view, err = c.Decide(ctx, c.deciders[view.Step.Level], view.ID, view.Version, yinzheng.Decision{Action: action, Opinion: "已核实"})
		}
	}
	switch way {
	case "withdrawn":
		if submit(); err == nil {
			view, err = c.WithdrawApplication(ctx, c.clerk, view.ID, view.Version, "不再需要")
		}
	case "rejected":
		submit()
		decide(yinzheng.Reject)
	case "returned":
		submit()
		decide(yinzheng.Return)
	case "town":
		submit()
	case "district":
		submit()
		decide(yinzheng.Approve)
	case "issued":
		for submit(); err == nil && view.State == yinzheng.Submitted; {
			decide(yinzheng.Approve)
		}
	}
	if err != nil {
		return nil, err
	}
	x := &pattern{id: view.ID, issued: view.State == yinzheng.Issued}
	if x.issued != (way == "issued") {
		return nil, fmt.Errorf("the case is %s", view.State)
	}
	switch in.Item {
	case "residence":
		x.name, x.number, x.documented = in.Values["name"].(string), in.Values["id"].(string), true
	case "birth-registration":
		x.name, x.number = in.Values["child_name"].(string), in.Values["mother_id"].(string)
	}
	return x, nil
}

// fill copies the patterns: mostly issued cases, then those that wait, and some
// drafts last. A tenth of all have one name.
func (g *grown) fill(ctx context.Context, file string, patterns map[string][]*pattern) error {
	db, err := sql.Open("sqlite3", file)
	if err != nil {
		return err
	}
	c, err := newCopier(ctx, g.district21, db, slices.Concat(slices.Collect(maps.Values(patterns))...))
	if err != nil {
		return errors.Join(err, db.Close())
	}
	wait := min(waiting, g.size/4)
	first := time.Now().AddDate(-years, 0, 0).UTC().Truncate(time.Second)
	step := time.Since(first) / time.Duration(g.size)
	for i := range g.size {
		list := patterns[wayOf(i, g.size-wait)]
		name := g.common
		if c.rand.IntN(10) > 0 {
			name = g.names.draw(c.rand)
		}
		of := list[c.rand.IntN(len(list))]
		a, err := c.copy(ctx, of, name, first.Add(time.Duration(i)*step).Truncate(time.Second))
		if err != nil {
			return errors.Join(err, db.Close())
		}
		if a.code != "" && c.rand.IntN(max(1, g.size/sampled)) == 0 {
			g.samples = append(g.samples, a)
			if of.documented {
				g.documents = append(g.documents, a.document)
			}
		}
	}
	return errors.Join(c.finish(ctx), db.Close())
}

// wayOf is what became of the i-th case; from so many on they are under way.
func wayOf(i, done int) string {
	switch {
	case i >= done && i%10 == 0:
		return []string{"draft", "returned"}[i/10%2]
	case i >= done:
		return []string{"town", "town", "district"}[i%3]
	case i%50 == 0:
		return "rejected"
	case i%50 == 1:
		return "withdrawn"
	}
	return "issued"
}

// prepare signs the tokens of the cases that are asked for, finds the middle of
// everybody's queue and opens new cases: half of them for somebody who has one
// already.
func (g *grown) prepare(ctx context.Context, o *office) error {
	for i := range g.samples {
		a := &g.samples[i]
		cert, err := g.store.Certificate(ctx, a.code)
		if err != nil {
			return err
		}
		claims := cert.Claims()
		if a.token, err = o.sealer.SignToken(cert.TokenKID, &claims); err != nil {
			return err
		}
	}
	for _, by := range slices.Concat(g.clerks, g.approvers, []*yinzheng.Account{g.head}) {
		if err := g.middle(ctx, by); err != nil {
			return err
		}
	}
	for i := range 200 {
		by := g.clerks[i%len(g.clerks)]
		in := caseOf(2 * i)
		if old := g.samples[i*7%len(g.samples)]; i%2 == 0 {
			in.Values["name"], in.Values["id"] = old.name, old.document
		}
		view, _, err := g.CreateApplication(ctx, by, in, fmt.Sprintf("growth-%d", i))
		if err != nil {
			return err
		}
		g.drafts = append(g.drafts, draft{by, view.ID})
	}
	return nil
}

// middle finds a cursor half-way down somebody's queue, or as far as somebody
// might page.
func (g *grown) middle(ctx context.Context, by *yinzheng.Account) error {
	var cursors []string
	for cursor, seen := "", 0; seen < 2*deepLines; seen += pageLines {
		_, next, err := g.Workqueue(ctx, by, nil, cursor, pageLines)
		if err != nil {
			return err
		}
		if next == "" {
			break
		}
		cursors, cursor = append(cursors, next), next
	}
	if len(cursors) < 2 {
		return fmt.Errorf("growth: the queue of %s at %d cases has no third page", by.ID, g.size)
	}
	g.deep[by] = cursors[(len(cursors)-1)/2]
	return nil
}
