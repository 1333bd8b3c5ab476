package web_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"yinzheng"
)

// witness sees everything that goes between browsers and the server of a world. So
// each test that asks the server for anything is one of what docs/privacy.md says, too:
// no personal data in addresses, headers and the log, none that a cache keeps, and
// whole numbers on the pages of its table only.
type witness struct {
	mu        sync.Mutex
	exchanges []exchange
}

// exchange is a request and what is told of its answer.
type exchange struct {
	who      string // one of the table's; "" unless the answer shows a number
	pattern  string
	address  string
	referer  string
	status   int
	header   http.Header
	shows    []string // kinds of number that the answer shows whole, and who asked had not sent
	personal bool     // the answer holds personal data
	stray    bool     // its address holds what no page of ours would put there
	problem  string   // the answer, if it is a problem document
}

// Numbers that are somebody's, whoever they are.
var (
	longNumber = regexp.MustCompile(`^\d{17}[\dXx]$`)
	mobile     = regexp.MustCompile(`^1[3-9]\d{9}$`)
)

// ofPeople are names, addresses and the like of people whom the tests are about.
var ofPeople = []string{"欧阳·祥", "欧阳•祥", "欧阳祥", "张𫖯明", "李雷", "韩梅梅", "东湖花园三号", "滨江路 8 号", "诸葛", "水口大道", "照料孙女", "zhuge"}

// Words of the table in docs/privacy.md.
const (
	nobody     = "任何人"
	wholeID    = "证件号码"
	wholePhone = "电话"
)

// numbersIn finds whole numbers of people in a text, by kind. It cuts the text into words
// by hand: every answer goes through it, and an expression that looks for numbers
// anywhere takes tens of times as long.
func numbersIn(text string) map[string][]string {
	found := map[string][]string{}
	start := 0
	for i := 0; i <= len(text); i++ {
		if i < len(text) && inWord[text[i]] {
			continue
		}
		if word := text[start:i]; len(word) == 11 || len(word) == 18 {
			if kind := kindOf(word); kind != "" {
				found[kind] = append(found[kind], word)
			}
		}
		start = i + 1
	}
	return found
}

// inWord are the characters that a number does not stand beside.
var inWord = func() (in [256]bool) {
	for _, c := range []byte("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_") {
		in[c] = true
	}
	return in
}()

// kindOf is what a word is of somebody's, "" if it is nothing.
func kindOf(word string) string {
	switch {
	case mobile.MatchString(word):
		return wholePhone
	case longNumber.MatchString(word):
		if _, _, _, fault := yinzheng.ParseResidentID(word, time.Now()); fault == "" {
			return wholeID
		}
	}
	return ""
}

// personalIn lists the personal data in a text, escaped as in addresses or not.
func personalIn(text string) (found []string) {
	for _, plain := range readings(text) {
		for _, numbers := range numbersIn(plain) {
			found = append(found, numbers...)
		}
		for _, mark := range ofPeople {
			if strings.Contains(plain, mark) {
				found = append(found, mark)
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// readings are the texts that a text may stand for, each once.
func readings(text string) []string {
	all := []string{text}
	for _, unescape := range []func(string) (string, error){url.PathUnescape, url.QueryUnescape} {
		if plain, err := unescape(text); err == nil && !slices.Contains(all, plain) {
			all = append(all, plain)
		}
	}
	return all
}

// stray is the header of a request whose address holds what no page of ours would put
// there.
const stray = "X-Stray"

// tape notes an answer on its way.
type tape struct {
	http.ResponseWriter
	status int
	text   bytes.Buffer // of what can be read
}

// Unwrap is for http.ResponseController.
func (p *tape) Unwrap() http.ResponseWriter { return p.ResponseWriter }

func (p *tape) WriteHeader(status int) {
	p.status = cmp.Or(p.status, status)
	p.ResponseWriter.WriteHeader(status)
}

var readable = regexp.MustCompile(`^(text/|application/(json|problem\+json|yaml)|image/svg)`)

func (p *tape) Write(b []byte) (int, error) {
	if readable.MatchString(p.Header().Get("Content-Type")) {
		p.text.Write(b)
	}
	return p.ResponseWriter.Write(b)
}

// watch puts the witness before a handler; who tells who asks, once that matters.
func (x *witness) watch(next http.Handler, who func(*http.Request) func() string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asks := who(r) // now: while it is answered, they may sign out
		var sent bytes.Buffer
		given := r.Body
		teed := &struct {
			io.Reader
			io.Closer
		}{io.TeeReader(given, &sent), given}
		r.Body = teed
		p := &tape{ResponseWriter: w}
		defer func() {
			if r.Body == io.ReadCloser(teed) { // net/http looks whether it was read to its end
				r.Body = given
			}
			e := exchange{pattern: r.Pattern, address: r.RequestURI, referer: r.Referer(), status: p.status, header: p.Header().Clone()}
			if e.stray = r.Header.Get(stray) != ""; e.stray {
				e.address, e.referer = "", ""
				e.header.Del("Location") // leads to where somebody wanted to go
			}
			if p.Header().Get("Content-Type") == "application/problem+json" {
				e.problem = p.text.String()
			}
			e.see(p.text.String(), r.RequestURI+sent.String())
			if e.shows != nil {
				e.who = asks()
			}
			x.mu.Lock()
			x.exchanges = append(x.exchanges, e)
			x.mu.Unlock()
		}()
		next.ServeHTTP(p, r)
	})
}

// see notes what an answer shows. What somebody sent comes back to them alone.
func (e *exchange) see(answer, sent string) {
	e.personal = len(personalIn(answer)) > 0
	if plain, err := url.PathUnescape(sent); err == nil {
		sent += plain
	}
	sent = strings.ToUpper(sent)
	for kind, numbers := range numbersIn(answer) {
		if slices.ContainsFunc(numbers, func(n string) bool { return !strings.Contains(sent, n) }) {
			e.shows = append(e.shows, kind)
		}
	}
}

// who tells as what somebody asks, in the words of the table in docs/privacy.md. It asks
// the store itself, whatever a test has the service do.
func (w *world) who(r *http.Request) func() string {
	if c, err := r.Cookie("yinzheng-me"); err == nil && c.Value != "" && !strings.HasPrefix(r.URL.Path, "/work") {
		return func() string { return "居民本人" }
	}
	_, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if c, err := r.Cookie("yinzheng"); err == nil {
		secret = c.Value
	}
	ctx := context.WithoutCancel(r.Context())
	id, err := w.store.Session(ctx, sha256.Sum256([]byte(secret)), time.Time{})
	if err != nil {
		return func() string { return nobody }
	}
	return func() string {
		a, err := w.store.Account(ctx, id)
		if err != nil {
			return nobody
		}
		var roles []string
		for _, g := range a.Grants {
			if name := roleNames[g.Role]; !slices.Contains(roles, name) {
				roles = append(roles, name)
			}
		}
		slices.Sort(roles)
		return strings.Join(roles, "、")
	}
}

var roleNames = map[yinzheng.Role]string{yinzheng.Clerk: "经办人", yinzheng.Approver: "审批人", yinzheng.Admin: "管理员", yinzheng.Department: "部门"}

// testify fails the test for whatever should not have been.
func (x *witness) testify(t *testing.T, log string) {
	t.Helper()
	faults := map[string]bool{}
	fault := func(format string, args ...any) { faults[fmt.Sprintf(format, args...)] = true }
	if marks := personalIn(log); len(marks) > 0 {
		fault("the log holds %q", marks)
	}
	allowed := readWhoSees(t)
	for i := range x.exchanges {
		e := &x.exchanges[i]
		for what, text := range map[string]string{"address": e.address, "referer": e.referer, "problem": e.problem} {
			if marks := personalIn(text); len(marks) > 0 {
				fault("%s: %q in its %s", e.pattern, marks, what)
			}
		}
		for name, values := range e.header {
			if marks := personalIn(strings.Join(values, "\n")); len(marks) > 0 {
				fault("%s: %q in header %s", e.pattern, marks, name)
			}
		}
		if e.status != 0 && e.header.Get("Referrer-Policy") != "no-referrer" { // 0: cut off
			fault("%s: referrer policy %q", e.pattern, e.header.Get("Referrer-Policy"))
		}
		if (e.personal || ofSomebody.MatchString(e.address)) && e.header.Get("Cache-Control") != "no-store" {
			fault("%s, %d: a cache may keep it (%q)", e.pattern, e.status, e.header.Get("Cache-Control"))
		}
		for _, kind := range e.shows {
			if !allowed[sight{e.pattern, kind, e.who}] {
				fault("%s shows a whole number (%s) to %s; docs/privacy.md does not say so", e.pattern, kind, e.who)
			}
		}
	}
	for _, f := range slices.Sorted(maps.Keys(faults)) {
		t.Error(f)
	}
}

// ofSomebody are the addresses of what is somebody's, or for somebody alone.
var ofSomebody = regexp.MustCompile(`^/(work|mine|follow|rate|s|claim|apply/[^/]+)/|^/(work|mine)$|^/api/v1/(applications|certificates|register|search|inquir|papers|notices|workqueue)`)

// sight is that a page or an operation shows whole numbers of a kind to somebody.
type sight struct{ pattern, kind, who string }

// readWhoSees reads the table of docs/privacy.md.
func readWhoSees(t *testing.T) map[sight]bool {
	t.Helper()
	data, err := os.ReadFile("../docs/privacy.md")
	must(t, err)
	_, table, _ := strings.Cut(string(data), "## 谁看得到完整号码")
	table, _, _ = strings.Cut(table, "\n## ")
	sights := map[sight]bool{}
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		if len(cells) != 7 {
			continue
		}
		for _, pattern := range inCode.FindAllStringSubmatch(cells[2], -1) {
			for kind := range strings.SplitSeq(cells[3], "、") {
				for who := range strings.SplitSeq(cells[4], "；") {
					sights[sight{pattern[1], strings.TrimSpace(kind), strings.TrimSpace(who)}] = true
				}
			}
		}
	}
	return sights
}

var inCode = regexp.MustCompile("`([^`]+)`")
