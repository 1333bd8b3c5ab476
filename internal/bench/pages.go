package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"yinzheng"
)

// The rows about the pages that clerks and approvers have open all day, asked for
// as a browser does, without a socket. A page weighs what a browser loads that has
// never been here: HTML, style sheet and scripts, as they are before compression;
// the picture of the certificate beside it is not counted.

const (
	draws    = 20  // pages in one batch
	heaviest = 100 // KB
	scanned  = 30  // KB: a page that a phone opens in one round trip
)

var drawn = valueAtMost(50)

// sitting is somebody at a browser, signed in.
type sitting struct {
	by     *yinzheng.Account
	secret string
}

// seat signs in those whose pages are asked for.
func (g *grown) seat(ctx context.Context) error {
	g.seats = map[string]*sitting{}
	for who, by := range map[string]*yinzheng.Account{"clerk": g.clerks[0], "approver": g.approvers[0], "head": g.head, "admin": {
		ID: "admin", Grants: []yinzheng.Grant{{Office: "o" + district, Role: yinzheng.Admin, From: time.Unix(0, 0)}},
	}} {
		kept := *by
		kept.Username, kept.Name, kept.Person = by.ID, who, yinzheng.ID{Type: yinzheng.Passport, Number: "P" + by.ID}
		st := &sitting{&kept, "secret of " + who}
		g.seats[who] = st
		if err := errors.Join(g.store.PutAccount(ctx, &kept), g.store.PutSession(ctx, sha256.Sum256([]byte(st.secret)), kept.ID, time.Now().AddDate(1, 0, 0))); err != nil {
			return err
		}
	}
	return nil
}

// page asks for a page, posting a form if there is one, and returns what is drawn.
func (g *grown) page(ctx context.Context, who, path string, form url.Values) ([]byte, error) {
	method, body := http.MethodGet, io.Reader(http.NoBody)
	if form != nil {
		method, body = http.MethodPost, strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(ctx, method, publicURL+path, body)
	if err != nil {
		return nil, err
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.AddCookie(&http.Cookie{Name: "__Host-yinzheng", Value: g.seats[who].secret}) //nolint:gosec // sent, not set
	a := &recorder{header: http.Header{}}
	g.scanner.handler.ServeHTTP(a, r)
	if a.status != http.StatusOK || !bytes.Contains(a.body, []byte("</html>")) {
		return nil, fmt.Errorf("growth: %s for the %s: %d %s", path, who, a.status, a.body)
	}
	return a.body, nil
}

// first are the cases that somebody has open: the first of a list of theirs.
func (g *grown) first(ctx context.Context, who string, states ...yinzheng.State) (id string, err error) {
	by := g.seats[who].by
	entries, _, err := g.Workqueue(ctx, by, states, "", 1)
	if err == nil && states == nil {
		entries, _, err = g.Inbox(ctx, by, "", 1)
	}
	if err == nil && len(entries) == 0 {
		err = fmt.Errorf("growth: the %s has no case that is %v", who, states)
	}
	if err != nil {
		return "", err
	}
	return entries[0].ID, nil
}

// sight is a page that is asked for: its address may name the first of a list.
type sight struct {
	name, who, path string
	of              []yinzheng.State // the case in the path, as %s
	sought          bool             // it is what a search for the commonest name finds
}

var sights = []sight{
	{"a village's drafts", "clerk", "/work?tab=draft", nil, false},
	{"a village's cases under way", "clerk", "/work?tab=running", nil, false},
	{"a village's certificates", "clerk", "/work?tab=issued", nil, false},
	{"the form", "clerk", "/work/cases/%s/edit", []yinzheng.State{yinzheng.Draft}, false},
	{"a certificate", "clerk", "/work/cases/%s/certificate", []yinzheng.State{yinzheng.Issued}, false},
	{"a town's inbox", "approver", "/work", nil, false},
	{"a case to decide", "approver", "/work/cases/%s", nil, false},
	{"the district's inbox", "head", "/work", nil, false},
	{"what a search finds, the name of a tenth", "head", "/work/search", nil, true},
	{"inspections", "head", "/work?tab=inspections", nil, false},
	{"revocations", "head", "/work?tab=revocations", nil, false},
	{"what administrators begin with", "admin", "/work/admin", nil, false},
}

// draw asks for the page.
func (x *sight) draw(ctx context.Context, g *grown) ([]byte, error) {
	path, form := x.path, url.Values(nil)
	if strings.Contains(path, "%s") {
		id, err := g.first(ctx, x.who, x.of...)
		if err != nil {
			return nil, err
		}
		path = fmt.Sprintf(path, id)
	}
	if x.sought {
		form = url.Values{"q": {g.common}}
	}
	return g.page(ctx, x.who, path, form)
}

// pageRows are how long the pages take at either size, and what the heaviest weighs.
func pageRows(ctx context.Context, stores [2]*grown, rounds int) ([]row, error) {
	var rows []row
	for i := range sights {
		x := &sights[i]
		q := question{"page: " + x.name, draws, false, slowCall, drawn, func(ctx context.Context, g *grown, _ int) error {
			_, err := x.draw(ctx, g)
			return err
		}}
		r, err := q.row(ctx, stores, rounds)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", q.name, err)
		}
		rows = append(rows, r)
	}
	weight, err := weightRow(ctx, stores[1])
	if err != nil {
		return nil, err
	}
	page, err := stores[1].opened(ctx, 0)
	if err != nil {
		return nil, err
	}
	kilobytes := float64(len(page)) / 1000
	opened, err := newRow("what GET /v/{code} weighs, style and icons included", kilobytes, "KB", "the heaviest page", series{kilobytes / weight.Value}, valueAtMost(scanned))
	return append(rows, weight, opened), err
}

var loaded = regexp.MustCompile(`(?:src|href)="(/assets/[^"]+\.(?:css|js))"`)

// weightRow weighs every page and tells of the heaviest.
func weightRow(ctx context.Context, g *grown) (row, error) {
	var most, aside float64
	var name string
	for i := range sights {
		page, err := sights[i].draw(ctx, g)
		if err != nil {
			return row{}, err
		}
		var files float64
		for _, m := range loaded.FindAllSubmatch(page, -1) {
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, publicURL+string(m[1]), http.NoBody)
			if err != nil {
				return row{}, err
			}
			a := &recorder{header: http.Header{}}
			g.scanner.handler.ServeHTTP(a, r)
			files += float64(len(a.body)) / 1000
		}
		if sum := float64(len(page))/1000 + files; sum > most {
			most, aside, name = sum, files, sights[i].name
		}
	}
	return newRow(fmt.Sprintf("the heaviest of %d pages, %s, at %d", len(sights), name, g.size), most, "KB",
		fmt.Sprintf("style sheet and scripts: %s KB", number(aside)), series{most / aside}, valueAtMost(heaviest))
}
