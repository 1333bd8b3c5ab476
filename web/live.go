package web

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"yinzheng"
)

// How often it is looked whether something changed, how long nothing may be said,
// how many pages of one account are told at a time, and how long one write may take.
const (
	lookEvery   = time.Second
	pulseEvery  = 20 * time.Second // and what ends or begins by the clock is looked at
	mostStreams = 8
	writeWithin = 10 * time.Second
)

// livePurpose is in the header Purpose of a request by which a page looks at itself
// again: nobody has opened it anew.
const livePurpose = "live"

// streams are the pages that are told what changes. One look a second at most
// serves all of them, and only where something was written; a slow reader is told
// the newest there is, and waited for by nobody.
type streams struct {
	service *yinzheng.Service

	mu       sync.Mutex
	open     map[*stream]bool
	watching bool
}

// stream is one page. Its last fields are what it is to be told.
type stream struct {
	secret, account string
	wake            chan struct{}
	over            chan struct{} // closed when its session has ended

	counts  string
	changed bool
}

// join adds the page of a visit, unless the account has as many as it may.
func (x *streams) join(v *visit) (st *stream, ok bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	n := 0
	for other := range x.open {
		if other.account == v.by.ID {
			n++
		}
	}
	if n >= mostStreams {
		return nil, false
	}
	st = &stream{secret: v.secret, account: v.by.ID, wake: make(chan struct{}, 1), over: make(chan struct{})}
	x.open[st] = true
	if !x.watching {
		x.watching = true
		go x.watch()
	}
	return st, true
}

func (x *streams) leave(st *stream) {
	x.mu.Lock()
	defer x.mu.Unlock()
	delete(x.open, st)
}

// greet notes what a page is told first, unless a look has told it newer counts.
func (x *streams) greet(st *stream, counts string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if st.counts == "" {
		st.counts = counts
		st.rouse()
	}
}

// tell notes what a page is to be told, if there is anything.
func (x *streams) tell(st *stream, counts string, changed bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if counts != st.counts || changed {
		st.counts, st.changed = counts, st.changed || changed
		st.rouse()
	}
}

func (st *stream) rouse() {
	select {
	case st.wake <- struct{}{}:
	default: // it is awake
	}
}

// said is what a page is to be told now.
func (x *streams) said(st *stream) (counts string, changed bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	changed, st.changed = st.changed, false
	return st.counts, changed
}

// watch looks after the pages until none is left.
func (x *streams) watch() {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	var seen uint64 // nothing yet
	var last time.Time
	for now := range tick.C {
		open := x.all()
		if open == nil {
			return
		}
		if is := x.service.Changed(); is != seen || now.Sub(last) >= pulseEvery {
			last = now
			if x.look(open, is != seen) {
				seen = is
			}
		}
	}
}

// all lists the pages; nil, and nobody watches any more, when there is none.
func (x *streams) all() []*stream {
	x.mu.Lock()
	defer x.mu.Unlock()
	var out []*stream
	for st := range x.open {
		out = append(out, st)
	}
	x.watching = out != nil
	return out
}

// look counts once for every account, and tells its pages. False: something could
// not be read now, and the next look is as this one.
func (x *streams) look(open []*stream, changed bool) (whole bool) {
	ctx, cancel := context.WithTimeout(context.Background(), writeWithin)
	defer cancel()
	counts := map[string]string{}
	whole = true
	for _, st := range open {
		by, err := x.service.Authenticate(ctx, st.secret)
		if errors.Is(err, yinzheng.ErrUnauthorized) {
			x.leave(st)
			close(st.over)
			continue
		}
		now, counted := counts[st.account]
		if !counted && err == nil {
			if now, err = countsOf(ctx, x.service, by); err == nil {
				counts[st.account] = now
			}
		}
		if err == nil {
			x.tell(st, now, changed)
		}
		whole = whole && err == nil
	}
	return whole
}

// countsOf are the counts of somebody's lists as the pages show them, in JSON.
func countsOf(ctx context.Context, service *yinzheng.Service, by *yinzheng.Account) (string, error) {
	tally, err := service.Tally(ctx, by)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(shownCounts(tally))
	return string(text), err
}

// shownCounts are counts by list, as they are shown: nothing for none.
func shownCounts(t *yinzheng.Tally) map[string]string {
	out := map[string]string{}
	for list, n := range map[string]int{
		"inbox": t.Inbox, "draft": t.Drafts, "returned": t.Returned, "running": t.Running, "revocations": t.Revocations, "notices": t.Notices, "requests": t.Requests,
	} {
		switch {
		case n == 0:
			out[list] = ""
		case n >= yinzheng.MostTallied:
			out[list] = strconv.Itoa(yinzheng.MostTallied-1) + "+"
		default:
			out[list] = strconv.Itoa(n)
		}
	}
	return out
}

// eventsPage tells a page what changes as long as it is open (server-sent events,
// WHATWG HTML 9.2): event counts with what the lists count, event changed when
// anything was written, so that a page that shows something under way may look
// again. It ends with the session and with the server.
func (s *server) eventsPage(v *visit) error {
	st, ok := s.streams.join(v)
	if !ok {
		return &yinzheng.Error{Kind: yinzheng.ErrTooMany, Text: yinzheng.Text{ZH: "打开的页面太多，这一页不再自动更新", EN: "Too many pages are open; this one is not kept up to date"}}
	}
	defer s.streams.leave(st)
	counts, err := countsOf(v.Context(), s.Service, v.by)
	if err != nil {
		return err
	}
	h := v.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // a proxy in front passes it on at once
	s.streams.greet(st, counts)
	c := http.NewResponseController(v.w)
	say := func(text string) error {
		if err := c.SetWriteDeadline(time.Now().Add(writeWithin)); err != nil {
			return err
		}
		_, err := v.w.Write([]byte(text))
		return errors.Join(err, c.Flush())
	}
	pulse := time.NewTicker(pulseEvery)
	defer pulse.Stop()
	for text := "retry: 3000\n\n"; say(text) == nil; {
		select {
		case <-st.wake:
			counts, changed := s.streams.said(st)
			text = "event: counts\ndata: " + counts + "\n\n"
			if changed {
				text += "event: changed\ndata: 1\n\n"
			}
		case <-pulse.C:
			text = ":\n\n"
		case <-st.over:
			return nil
		case <-shuttingDown(v.Context()):
			return nil
		case <-v.Context().Done():
			return nil
		}
	}
	return nil // the reader has gone
}

type endingKey struct{}

// endStreams has a server end its streams as it shuts down: it would wait for them.
func endStreams(s *http.Server) {
	over := make(chan struct{})
	s.BaseContext = func(net.Listener) context.Context {
		return context.WithValue(context.Background(), endingKey{}, over)
	}
	s.RegisterOnShutdown(sync.OnceFunc(func() { close(over) }))
}

// shuttingDown is closed once the server of a request shuts down; nil: nobody told.
func shuttingDown(ctx context.Context) <-chan struct{} {
	over, _ := ctx.Value(endingKey{}).(chan struct{})
	return over
}
