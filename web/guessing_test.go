package web_test

import (
	"bytes"
	"fmt"
	"net/netip"
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

// TestGuessing: whoever guesses from many addresses has everybody who is not
// signed in given less, and nobody more than a person with papers needs; scans are
// never slowed, departments neither; and it passes.
func TestGuessing(t *testing.T) {
	var now atomic.Int64
	now.Store(time.Now().UnixNano())
	w := newWorld(t, func(wc *web.Config, _ *yinzheng.Config) {
		wc.Now = func() time.Time { return time.Unix(0, now.Load()) }
		wc.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	})
	code, token, _ := w.issued("one")
	desk := w.signIn("village")
	ask := func(q string, address int, headers ...string) int {
		return w.do("POST", "/api/v1/verify", q, append(headers, "X-Forwarded-For", fmt.Sprintf("198.51.%d.%d", address/250, address%250+1))...).status
	}
	metrics := func() string { return string(w.want(w.do("GET", "/metrics", nil), 200).body) }
	known, scan := `{"code":"`+code+`"}`, `{"token":"`+token+`"}`

	for range 190 { // alone it is not suspected, however often: it has a limit of its own
		ask(`{"code":"000000000000"}`, 500)
	}
	for i := range 280 { // each address asks once
		if status := ask(fmt.Sprintf(`{"code":"%012d"}`, i), i); status != 200 {
			t.Fatalf("guess %d: %d", i, status)
		}
	}
	if m := metrics(); !bytes.Contains([]byte(m), []byte("yinzheng_guessing_suspected 0")) {
		t.Error("suspected already")
	}
	ask(`{"number":"桥东证〔2020〕13号"}`, 301)
	if m := metrics(); !bytes.Contains([]byte(m), []byte("yinzheng_guessing_suspected 1")) {
		t.Errorf("not suspected:\n%s", m)
	}
	guesser, counter := 0, 0
	for range 40 {
		if ask(`{"code":"000000000000"}`, 7) == 200 {
			guesser++
		}
		if ask(known, 8, "Authorization", desk) == 200 && ask(scan, 7) == 200 {
			counter++
		}
	}
	if guesser != 12 || counter != 40 {
		t.Errorf("meanwhile one address got %d guesses, a department and scans %d of 40", guesser, counter)
	}
	if status := ask(known, 400); status != 200 {
		t.Errorf("somebody with one paper: %d", status)
	}
	if m := metrics(); !bytes.Contains([]byte(m), []byte(`yinzheng_lookups_refused_total{because="guessing"} 28`)) {
		t.Errorf("refused:\n%s", m)
	}
	now.Add(int64(3 * time.Minute))
	for range 40 {
		if status := ask(known, 7); status != 200 {
			t.Fatalf("when it is over: %d", status)
		}
	}
}
