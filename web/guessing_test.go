package web_test

import (
	"bytes"
	"fmt"
	"net/url"
	"regexp"
	"sync/atomic"
	"testing"
	"time"

	"yinzheng"
	"yinzheng/web"
)

var checkedAt = regexp.MustCompile(`"checked_at":"[^"]*"`)

// TestConstantAnswers: of what does not exist and what is not for the asker the
// answers are the same, byte for byte, but for the time.
func TestConstantAnswers(t *testing.T) {
	w := newWorld(t, unhurried)
	code, _, _ := w.issued("one")
	cert, err := w.store.Certificate(t.Context(), code)
	must(t, err)
	n, err := yinzheng.ParseNumber(cert.Number)
	must(t, err)
	n.Serial = "0000000000000000"
	none := n.String()
	answer := func(q string) []byte {
		t.Helper()
		return checkedAt.ReplaceAll(w.want(w.do("POST", "/api/v1/verify", q), 200).body, nil)
	}
	nothing := answer(`{"code":"000000000000"}`)
	for name, q := range map[string]string{
		"no code at all": `{"code":"x"}`, "no such number": `{"number":"` + none + `"}`, "no such number, with a name": `{"number":"` + none + `","name":"张𫖯明"}`,
		"a number with another's name": `{"number":"` + cert.Number + `","name":"张三"}`,
	} {
		if got := answer(q); !bytes.Equal(got, nothing) {
			t.Errorf("%s differs:\n%s\n%s", name, got, nothing)
		}
	}
	page := func(q url.Values) []byte {
		r := w.want(w.do("POST", "/verify", q.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Accept", "text/html"), 200)
		for _, sent := range q {
			r.body = bytes.ReplaceAll(r.body, []byte(sent[0]), nil)
		}
		return regexp.MustCompile(`<time>[^<]*</time>`).ReplaceAll(r.body, nil)
	}
	if wrong, unknown := page(url.Values{"q": {cert.Number}, "name": {"张三"}}), page(url.Values{"q": {none}, "name": {"张三"}}); !bytes.Equal(wrong, unknown) {
		t.Errorf("the pages differ:\n%s\n%s", wrong, unknown)
	}
}

// TestGuessing: whoever guesses is soon refused, by code or number, in a picture,
// and from all of a network; many who do are noticed. What is found costs nobody
// anything, scans and departments are never refused, and it passes.
func TestGuessing(t *testing.T) {
	var now atomic.Int64
	now.Store(time.Now().UnixNano())
	w := newWorld(t, behindProxy, func(wc *web.Config, _ *yinzheng.Config) {
		wc.Now = func() time.Time { return time.Unix(0, now.Load()) }
	})
	code, token, _ := w.issued("one")
	desk := w.signIn("village")
	ask := func(q, from string, headers ...string) int {
		return w.do("POST", "/api/v1/verify", q, append(headers, "X-Forwarded-For", from)...).status
	}
	picture := asPNG(t, codes(t, w.URL+"/v/000000000001", w.URL+"/v/000000000002"))
	body, kind := form(t, "file", picture)
	known, scan := `{"code":"`+code+`"}`, `{"token":"`+token+`"}`

	for name, guess := range map[string]struct {
		ask  func(i int) int
		most int // of them
	}{
		"198.51.100.1": {func(i int) int { return ask(fmt.Sprintf(`{"code":"%012d"}`, i), "198.51.100.1") }, 30},
		"198.51.100.2": {func(i int) int { return ask(fmt.Sprintf(`{"number":"桥东证〔2020〕%d号"}`, i), "198.51.100.2") }, 30},
		"198.51.100.3": {func(int) int {
			return w.do("POST", "/api/v1/verify", body, "Content-Type", kind, "X-Forwarded-For", "198.51.100.3").status
		}, 15},
		"2001:db8:1::1": {func(i int) int {
			return ask(fmt.Sprintf(`{"code":"%012d"}`, i), fmt.Sprintf("2001:db8:1:%x::1", i))
		}, 30},
	} {
		answered := 0
		for i := range 40 {
			if status := guess.ask(i); status != 429 && status != 503 { // too busy to look is no answer
				answered++
			}
		}
		if answered != guess.most {
			t.Errorf("%s: %d guesses of 40 were answered, want %d", name, answered, guess.most)
		}
		if status := ask(known, name); status != 429 { // or a refusal would tell it from what is not there
			t.Errorf("%s then finds what is there: %d", name, status)
		}
		if status := ask(scan, name); status != 200 {
			t.Errorf("%s is then refused a scan: %d", name, status)
		}
	}
	for i := range 100 {
		if status := ask(known, "198.51.100.9"); status != 200 {
			t.Fatalf("phone %d behind one address: %d", i, status)
		}
	}
	for i := range 40 {
		if status := ask(`{"code":"000000000000"}`, "198.51.100.1", "Authorization", desk); status != 200 {
			t.Fatalf("a department's question %d: %d", i, status)
		}
	}

	suspected := func() bool {
		return bytes.Contains(w.want(w.do("GET", "/metrics", nil), 200).body, []byte("\nyinzheng_guessing_suspected 1\n"))
	}
	if suspected() {
		t.Error("suspected already")
	}
	for i := range 300 {
		ask(`{"code":"000000000000"}`, fmt.Sprintf("203.0.113.%d", i%20))
	}
	if !suspected() {
		t.Error("not suspected")
	}
	now.Add(int64(3 * time.Minute))
	if status := ask(known, "198.51.100.1"); status != 200 || suspected() {
		t.Errorf("when it is over: %d", status)
	}
}

// TestRefusedCode: the page that a QR code opens has the fragment checked, and that
// counts as the verification, where somebody's guesses have used up what the
// address may look up.
func TestRefusedCode(t *testing.T) {
	w := newWorld(t)
	code, token, _ := w.issued("one")
	for i := range 40 {
		w.do("POST", "/api/v1/verify", fmt.Sprintf(`{"code":"%012d"}`, i))
	}
	w.want(w.do("GET", "/v/"+code, nil, "Accept", "text/html"), 429)
	ctx := browser(t)
	open(t, ctx, w.paper(code, token))
	shown(t, ctx, "有效")
	must(t, w.WriteNotes(t.Context()))
	if seen, err := w.SeenBy(t.Context(), code); err != nil || len(seen) != 1 || seen[0].Channel != yinzheng.ViaScan || seen[0].Count != 1 {
		t.Errorf("noted: %+v %v", seen, err)
	}
}
