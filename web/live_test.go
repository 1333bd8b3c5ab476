package web_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"yinzheng"
	"yinzheng/store/storetest"
	"yinzheng/web"
)

// told is what a stream says, event by event.
type told struct {
	t      *testing.T
	events chan [2]string // kind and data
	status int
	over   context.CancelFunc
}

// listen opens a desk's stream.
func (d *desk) listen(base string) *told {
	d.t.Helper()
	ctx, cancel := context.WithCancel(d.t.Context())
	d.t.Cleanup(cancel)
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/work/events", nil)
	must(d.t, err)
	for _, c := range d.Jar.Cookies(sure(url.Parse(d.base))) {
		q.AddCookie(c)
	}
	r, err := http.DefaultTransport.RoundTrip(q) //nolint:bodyclose // by whoever reads it; it follows nothing
	must(d.t, err)
	out := &told{d.t, make(chan [2]string, 100), r.StatusCode, cancel}
	go func() {
		defer close(out.events)
		defer r.Body.Close()
		var kind string
		for lines := bufio.NewScanner(r.Body); lines.Scan(); {
			name, value, _ := strings.Cut(lines.Text(), ": ")
			switch name {
			case "event":
				kind = value
			case "data":
				out.events <- [2]string{kind, value}
			}
		}
	}()
	return out
}

func sure[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// counts waits until a list counts so much.
func (x *told) counts(list, want string) {
	x.t.Helper()
	last := ""
	for patience := time.After(10 * time.Second); ; {
		select {
		case e, open := <-x.events:
			if !open {
				x.t.Fatalf("the stream ended; %s was %q", list, last)
			}
			counts := map[string]string{}
			if e[0] == "counts" {
				must(x.t, json.Unmarshal([]byte(e[1]), &counts))
				last = counts[list]
			}
			if e[0] == "counts" && last == want {
				return
			}
		case <-patience:
			x.t.Fatalf("%s is %q, want %q", list, last, want)
		}
	}
}

// ends waits until the stream ends.
func (x *told) ends() {
	x.t.Helper()
	for patience := time.After(10 * time.Second); ; {
		select {
		case _, open := <-x.events:
			if !open {
				return
			}
		case <-patience:
			x.t.Fatal("the stream goes on")
		}
	}
}

// shows checks that a page, loaded anew, shows what a stream says.
func (d *desk) shows(path, list, want string) {
	d.t.Helper()
	_, page := d.get(path)
	element := `data-count="` + list + `"`
	if want == "" {
		element += " hidden"
	}
	if !strings.Contains(page, element+">"+want+"</b>") {
		d.t.Errorf("%s does not show %q for %s", path, want, list)
	}
}

// TestLive: whoever looks is told within moments what their lists count by then,
// which is what the page shows that is loaded anew.
func TestLive(t *testing.T) {
	w := newWorld(t, unhurried)
	clerk, town := w.signedIn(t, "village"), w.signedIn(t, "town")
	atVillage, atTown := clerk.listen(w.URL), town.listen(w.URL)
	atVillage.counts("draft", "")
	atTown.counts("inbox", "")
	address := clerk.start("441302199003070120")
	atVillage.counts("draft", "1")
	clerk.shows("/work", "draft", "1")

	_, page := clerk.get(address + "/edit")
	form := residenceForm(field(t, page, "version"))
	form.Set("then", "check")
	_, page = clerk.post(address+"/edit", form)
	clerk.post(address+"/submit", url.Values{"version": {field(t, page, "version")}})
	atVillage.counts("running", "1")
	atTown.counts("notices", "1")
	clerk.shows("/work", "draft", "")
	clerk.shows("/work", "running", "1")
	town.shows("/work", "inbox", "1")
	town.shows(address, "notices", "1")

	// What was read is no longer new, in whichever browser.
	if _, page := town.get("/work/notices"); strings.Count(page, ">新</span>") != 1 {
		t.Errorf("the notice is not new: %s", page)
	}
	atTown.counts("notices", "")
	if _, page := w.signedIn(t, "town").get("/work/notices"); strings.Contains(page, ">新</span>") {
		t.Errorf("it is new in another browser")
	}

	// A session that ends ends its stream, and no other.
	must(t, w.Service.SignOut(t.Context(), sessionOf(town)))
	atTown.ends()
	clerk.start("441302199003070120")
	atVillage.counts("draft", "1")
	if r := (&desk{w.signedIn(t, "town").Client, t, w.URL}); r.listen(w.URL).status != http.StatusOK {
		t.Error("signed in again, there is no stream")
	}
	if x := town.listen(w.URL); x.status != http.StatusSeeOther {
		t.Errorf("without a session: %d", x.status)
	}
}

// TestLiveBounded: an account has so many streams and no more, until one is left.
func TestLiveBounded(t *testing.T) {
	w := newWorld(t, unhurried)
	clerk := w.signedIn(t, "village")
	var open []*told
	for range 8 {
		open = append(open, clerk.listen(w.URL))
	}
	if x := clerk.listen(w.URL); x.status != http.StatusTooManyRequests {
		t.Errorf("the ninth: %d", x.status)
	}
	if x := w.signedIn(t, "town").listen(w.URL); x.status != http.StatusOK {
		t.Errorf("somebody else: %d", x.status)
	}
	open[0].over()
	open[0].ends()
	for range 100 {
		if clerk.listen(w.URL).status == http.StatusOK {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Error("what was left is still counted")
}

// uncounted is a store that cannot be counted for a while.
type uncounted struct {
	yinzheng.Store
	fails  atomic.Bool
	failed atomic.Int32
}

func (u *uncounted) CountQueue(ctx context.Context, q yinzheng.QueueFilter) (int, error) {
	if u.fails.Load() {
		u.failed.Add(1)
		return 0, storetest.ErrDisk
	}
	return u.Store.CountQueue(ctx, q)
}

// TestLiveUncounted: what could not be counted is told to none of an account's pages.
func TestLiveUncounted(t *testing.T) {
	u := &uncounted{}
	w := newWorld(t, unhurried, func(_ *web.Config, c *yinzheng.Config) { u.Store, c.Store = c.Store, u })
	write := func() {
		_, _, err := w.NewClaim(t.Context(), "village")
		must(t, err)
	}
	clerk := w.signedIn(t, "village")
	pages := []*told{clerk.listen(w.URL), clerk.listen(w.URL)}
	for _, x := range pages {
		x.counts("draft", "")
	}
	u.fails.Store(true)
	write()
	for deadline := time.Now().Add(10 * time.Second); u.failed.Load() == 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nobody looked")
		}
	}
	time.Sleep(100 * time.Millisecond) // the look is over
	u.fails.Store(false)
	write()
	for _, x := range pages {
		x.counts("draft", "") // fails at what is no JSON
	}
}

// TestLiveShutdown: a stream outlasts the limits of a server's other answers, and
// one that shuts down ends it and does not wait for it.
func TestLiveShutdown(t *testing.T) {
	w := newWorld(t, unhurried)
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	server := web.Server("", w.Server.Config.Handler)
	server.ReadTimeout, server.WriteTimeout = 300*time.Millisecond, 300*time.Millisecond // shorter than a stream
	go func() { _ = server.Serve(l) }()
	clerk := w.signedIn(t, "village")
	x := clerk.listen("http://" + l.Addr().String())
	x.counts("draft", "")
	time.Sleep(500 * time.Millisecond)
	clerk.start("441302199003070120")
	x.counts("draft", "1")
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	must(t, server.Shutdown(ctx))
	x.ends()
}

// TestLiveInBrowser: counts change, and a case that goes on shows where it is,
// without loading anew.
func TestLiveInBrowser(t *testing.T) {
	w := newWorld(t, unhurried)
	clerk, town := w.signedIn(t, "village"), w.signedIn(t, "town")
	ctx := browser(t)
	signInTo(t, ctx, w.URL, "village")
	if run(t, ctx, chromedp.Evaluate[bool](`[...document.querySelectorAll('.tabs [data-count]')].some((e) => !e.hidden)`)) {
		t.Error("an empty list is counted")
	}
	address := clerk.start("441302199003070120")
	until(t, ctx, `document.querySelector('.tabs [data-count=draft]').checkVisibility() && document.querySelector('.tabs [data-count=draft]').textContent === '1'`)
	_, page := clerk.get(address + "/edit")
	form := residenceForm(field(t, page, "version"))
	form.Set("then", "check")
	_, page = clerk.post(address+"/edit", form)
	_, page = clerk.post(address+"/submit", url.Values{"version": {field(t, page, "version")}})
	until(t, ctx, `document.querySelector('.tabs [data-count=draft]').hidden`)

	open(t, ctx, w.URL+address)
	run(t, ctx, chromedp.Evaluate[bool](`window.stayed = true`))
	town.post(address+"/decide", url.Values{"version": {field(t, page, "version")}, "action": {"approve"}})
	until(t, ctx, `window.stayed && document.getElementById('state-now').textContent === '已签发'`)

	// A form is never taken anew: what is typed in it is nowhere else yet.
	open(t, ctx, w.URL+clerk.start("441302199003070120")+"/edit")
	run(t, ctx, chromedp.SendKeys(chromedp.CSS(`[name="values.purpose"]`), "入学"))
	run(t, ctx, chromedp.Evaluate[bool](`window.typed = document.getElementById('form'), document.activeElement.blur(), true`))
	clerk.start("441302199003070120")
	time.Sleep(2500 * time.Millisecond) // a look a second
	if !run(t, ctx, chromedp.Evaluate[bool](`window.typed === document.getElementById('form') && window.typed.elements['values.purpose'].value === '入学'`)) {
		t.Error("the form was taken anew while somebody types")
	}
}
