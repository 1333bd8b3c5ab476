package web_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"yinzheng"
	"yinzheng/internal/inturn"
	"yinzheng/web"
)

// remote is a world on the other side of a network that can be cut, and that
// gives other answers than the server's for some addresses.
type remote struct {
	*world
	cut    atomic.Bool
	busy   atomic.Bool  // it answers 503
	others sync.Map     // by path: []byte
	ahead  atomic.Int64 // seconds that the server's clock is ahead
}

func newRemote(t *testing.T) *remote {
	o := &remote{}
	o.world = newWorld(t, unhurried, func(_ *web.Config, c *yinzheng.Config) {
		c.Now = func() time.Time { return time.Now().Add(time.Duration(o.ahead.Load()) * time.Second) }
	})
	inner := *o.handler.Load()
	var outer http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if o.cut.Load() {
			panic(http.ErrAbortHandler)
		}
		if o.busy.Load() {
			w.Header().Set("Referrer-Policy", "no-referrer")
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, "busy, send it again")
			return
		}
		if other, ok := o.others.Load(r.URL.Path); ok {
			w.Header().Set("Content-Type", "text/javascript")
			_, _ = w.Write(other.([]byte))
			return
		}
		inner.ServeHTTP(w, r)
	})
	o.handler.Store(&outer)
	return o
}

// reads waits until an element says a text.
func reads(t *testing.T, ctx context.Context, selector, want string) {
	t.Helper()
	var text string
	for range 400 {
		if text = run(t, ctx, chromedp.Evaluate[string](`document.querySelector(`+"`"+selector+"`"+`)?.textContent ?? ''`)); strings.Contains(text, want) {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Fatalf("%s says %q, want %q; the page:\n%s", selector, text, want, run(t, ctx, chromedp.Text(chromedp.CSS("body"))))
}

// answer evaluates a promise.
func answer[T any](t *testing.T, ctx context.Context, script string) T {
	t.Helper()
	return run(t, ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
}

// verdict waits for the page's receipt with a verdict, and returns its tone.
func verdict(t *testing.T, ctx context.Context, want yinzheng.Verdict) string {
	t.Helper()
	run(t, ctx, chromedp.WaitVisible(chromedp.CSS(`[data-verdict=`+string(want)+`]`)))
	return run(t, ctx, chromedp.Evaluate[string](`document.querySelector('.verdict').className`))
}

// revoke has one person propose it and another confirm it.
func (w *world) revoke(code string) {
	w.t.Helper()
	path := "/api/v1/certificates/" + code
	r := w.want(w.do("POST", path+"/revoke", `{"reason":"error","opinion":"姓名有误"}`, "Authorization", w.signIn("town")), 202)
	w.want(w.do("POST", fmt.Sprintf("%s/revocations/%v/confirm", path, r.member(w.t, "revocation.id")), `{}`, "Authorization", w.signIn("district")), 200)
}

// drop drops a file on the page.
func drop(t *testing.T, ctx context.Context, content []byte) {
	t.Helper()
	run(t, ctx, chromedp.Evaluate[bool](fmt.Sprintf(`(() => {
		const d = new DataTransfer();
		d.items.add(new File([Uint8Array.from(atob('%s'), c => c.charCodeAt(0))], 'a.pdf'));
		document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: d, bubbles: true, cancelable: true }));
		return true;
	})()`, base64.StdEncoding.EncodeToString(content))))
}

// readsAs makes sure of how large a page's letters are, and of their colour.
func readsAs(t *testing.T, ctx context.Context, size, colour string) {
	t.Helper()
	if got := run(t, ctx, chromedp.Evaluate[string](`getComputedStyle(document.documentElement).fontSize + ' ' + getComputedStyle(document.body).color`)); got != size+" "+colour {
		t.Errorf("letters are %s, want %s %s", got, size, colour)
	}
}

// TestOffline prepares a device, cuts the network and verifies; then the lists
// change, by right and by wrong, and in the end the device is cleared.
func TestOffline(t *testing.T) {
	inturn.Only(t)
	w := newRemote(t)
	code, token, pdf := w.issued("one")
	revoked, revokedToken, _ := w.issued("two")
	meanwhile, meanwhileToken, _ := w.issued("three")
	stranger := newWorld(t).do("GET", "/.well-known/jwks.json", nil).body
	before := w.do("GET", "/status/1", nil).body
	worker := append([]byte(`Object.defineProperty(navigator, 'language', { value: 'zh-CN' });`), w.do("GET", "/sw.js", nil).body...) // what a browser is told of languages does not always reach service workers
	w.others.Store("/sw.js", worker)
	paper := w.paper(code, token)
	ctx := browserFor(t, 3*time.Minute)
	online := func() {
		w.cut.Store(false)
		open(t, ctx, w.URL+"/verify")
	}
	offline := func(address string) {
		w.cut.Store(true)
		open(t, ctx, address)
	}
	const registrations = `navigator.serviceWorker.getRegistrations().then(r => r.length)`

	open(t, ctx, paper)
	shown(t, ctx, "有效")
	open(t, ctx, w.URL+"/verify")
	run(t, ctx, chromedp.WaitVisible(chromedp.CSS("#prepare-do")))
	if n := answer[int](t, ctx, registrations); n != 0 {
		t.Fatalf("%d service workers before anybody asked for one", n)
	}
	click(t, ctx, "#prepare-do")
	reads(t, ctx, "#prepare [role=status]", "本机已可离线核验。名单截至")

	t.Run("paper", func(t *testing.T) {
		offline(paper)
		if tone := verdict(t, ctx, yinzheng.Valid); !strings.Contains(tone, "warn") {
			t.Errorf("drawn as %s", tone)
		}
		reads(t, ctx, "h1", "离线核验：签名有效")
		reads(t, ctx, ".since", "状态截至")
		reads(t, ctx, ".checks", "名单签发时有效")
		reads(t, ctx, "dl", "张*明")
		reads(t, ctx, "#lists", "状态名单 1")
		accessible(t, ctx, "offline")
		run(t, ctx, chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile))
		accessible(t, ctx, "offline on a phone")
		fits(t, ctx, "offline on a phone")
		run(t, ctx, chromedp.EmulateReset())
	})
	t.Run("English", func(t *testing.T) {
		offline(w.URL + "/v/" + code + "?lang=en#" + string(yinzheng.Digits(token)))
		verdict(t, ctx, yinzheng.Valid)
		reads(t, ctx, "h1", "Offline: the signature holds")
	})
	t.Run("large letters", func(t *testing.T) {
		offline(w.URL + "/v/" + code + "?size=large&contrast=high#" + string(yinzheng.Digits(token)))
		verdict(t, ctx, yinzheng.Valid)
		run(t, ctx, chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile))
		readsAs(t, ctx, "24px", "rgb(0, 0, 0)")
		accessible(t, ctx, "offline, in large letters")
		fits(t, ctx, "offline, in large letters")
		run(t, ctx, chromedp.EmulateReset())
		click(t, ctx, "[data-way=contrast]")
		readsAs(t, ctx, "24px", "rgb(27, 31, 36)")
		click(t, ctx, "header a.lang")
		reads(t, ctx, "#word", "Offline: the signature holds")
		readsAs(t, ctx, "24px", "rgb(27, 31, 36)")
		click(t, ctx, "[data-way=size]")
		readsAs(t, ctx, "18px", "rgb(27, 31, 36)")
		verdict(t, ctx, yinzheng.Valid)
	})
	t.Run("code alone", func(t *testing.T) {
		offline(w.URL + "/v/" + code)
		reads(t, ctx, "#live.failed", "仅凭编号或核验码无法核验")
	})
	t.Run("forged", func(t *testing.T) {
		offline(swapDigits(paper))
		verdict(t, ctx, yinzheng.Forged)
	})
	t.Run("box and files", func(t *testing.T) {
		offline(w.URL + "/verify")
		run(t, ctx, chromedp.WaitVisible(chromedp.CSS("#q")))
		run(t, ctx, chromedp.SendKeys(chromedp.CSS("#q"), paper+"\r"))
		verdict(t, ctx, yinzheng.Valid)
		run(t, ctx, chromedp.SendKeys(chromedp.CSS("#q"), w.paper(code, revokedToken)+"\r"))
		verdict(t, ctx, yinzheng.Altered)
		drop(t, ctx, pdf)
		verdict(t, ctx, yinzheng.Valid)
		reads(t, ctx, ".note", "文件全部内容都在签名保护之内")
		changed := bytes.Clone(pdf)
		changed[bytes.Index(pdf, []byte("stream"))+20] ^= 1
		drop(t, ctx, changed)
		verdict(t, ctx, yinzheng.Altered)
	})
	t.Run("given up", func(t *testing.T) {
		if name := answer[string](t, ctx, `device.ask({ do: 'verify', text: '' }, new Uint8Array(9), 0).catch(e => e.constructor.name)`); name != "Late" {
			t.Errorf("a verifier that takes too long ends in %s", name)
		}
		drop(t, ctx, pdf) // by another worker
		verdict(t, ctx, yinzheng.Valid)
	})
	t.Run("several at once", func(t *testing.T) {
		if got := answer[string](t, ctx, `(async () => {
			const verifier = await device.start();
			verifier.end(new Error('ended'));
			return Promise.race([verifier.ask({ do: 'state' }).catch(e => e.constructor.name), new Promise(done => setTimeout(done, 3000, 'nothing'))]);
		})()`); got != "Ended" {
			t.Errorf("what is asked of a verifier that has ended comes to %s", got)
		}
		if got := answer[string](t, ctx, `(async (paper, file) => {
			(await device.start()).end(new Error('ended'));
			const { kept } = device, worker = kept.worker;
			let begun = 0;
			kept.worker = () => { begun++; return worker.call(kept); };
			const both = await Promise.all([device.verify(paper, 'zh'), device.verify(paper, 'zh')]);
			const late = device.ask({ do: 'verify', text: '' }, file, 0).catch(e => e.constructor.name);
			const behind = device.verify(paper, 'zh');
			const verdicts = [...both, await behind].map(a => a.receipt.answer.verdict);
			delete kept.worker;
			return [begun, await late, ...verdicts].join();
		})('`+paper+`', new Uint8Array(9))`); got != "2,Late,valid,valid,valid" {
			t.Errorf("workers begun, and what came of the questions: %s", got)
		}
		if got := answer[string](t, ctx, `(async (paper) => {
			let read;
			const slow = verify('', { arrayBuffer: () => new Promise(done => { read = done; }) });
			await verify(paper);
			read(new TextEncoder().encode('no PDF').buffer);
			await slow;
			return document.querySelector('[data-verdict]').dataset.verdict;
		})('`+paper+`')`); got != "valid" {
			t.Errorf("a file that was asked about before the paper is drawn over it: %s", got)
		}
	})
	t.Run("the server is busy", func(t *testing.T) {
		online()
		w.busy.Store(true)
		defer w.busy.Store(false)
		run(t, ctx, chromedp.Evaluate[bool](`(() => {
			const form = document.createElement('form');
			Object.assign(form, { method: 'post', action: '/verify' });
			document.body.append(form);
			form.submit();
			return true;
		})()`))
		reads(t, ctx, "body", "busy, send it again")
		open(t, ctx, paper)
		verdict(t, ctx, yinzheng.Valid)
		reads(t, ctx, "h1", "离线核验：签名有效")
	})

	t.Run("revoked", func(t *testing.T) {
		w.cut.Store(false)
		w.ahead.Store(60)
		w.revoke(revoked)
		offline(w.paper(revoked, revokedToken))
		verdict(t, ctx, yinzheng.Valid) // as of the kept list
		w.cut.Store(false)
		was := answer[string](t, ctx, `caches.match('/status/1').then(r => r.text())`)
		open(t, ctx, w.URL+"/verify")
		until(t, ctx, `await (await caches.match('/status/1')).text() !== '`+was+`'`)
		offline(w.paper(revoked, revokedToken))
		verdict(t, ctx, yinzheng.Revoked)
	})
	t.Run("revoked meanwhile", func(t *testing.T) {
		w.cut.Store(false)
		w.revoke(meanwhile)
		offline(w.paper(meanwhile, meanwhileToken))
		verdict(t, ctx, yinzheng.Valid) // as of the kept list
		w.cut.Store(false)
		click(t, ctx, "#refresh")
		verdict(t, ctx, yinzheng.Revoked)
	})
	t.Run("lists refused", func(t *testing.T) {
		w.others.Store("/status/1", before)
		for keys, want := range map[string]string{"ours": "这份名单比已有的旧，未采用", "a stranger's": "密钥名单不可采信"} {
			if keys != "ours" {
				w.others.Store("/.well-known/jwks.json", stranger)
			}
			w.cut.Store(false)
			open(t, ctx, w.URL+"/offline")
			reads(t, ctx, "#problems", want)
			if n := answer[int](t, ctx, `Promise.resolve(document.querySelectorAll('#problems li').length)`); n != 1 { // under a key list that was refused no status list is looked at
				t.Errorf("%s: %d lists were refused", keys, n)
			}
			offline(w.paper(revoked, revokedToken))
			verdict(t, ctx, yinzheng.Revoked)
			w.others.Delete("/.well-known/jwks.json")
		}
		w.others.Delete("/status/1")
	})
	t.Run("another root", func(t *testing.T) {
		w.others.Store("/offline/kit.json", []byte(`{"root":"AAAA","lists":1}`))
		defer w.others.Delete("/offline/kit.json")
		w.cut.Store(false)
		open(t, ctx, w.URL+"/offline")
		reads(t, ctx, "#problems", "另一个根证书")
	})
	t.Run("kept key list swapped", func(t *testing.T) {
		online()
		answer[bool](t, ctx, fmt.Sprintf(`caches.open('yinzheng-lists').then(c => c.put('/.well-known/jwks.json', new Response(atob('%s')))).then(() => true)`, base64.StdEncoding.EncodeToString(stranger)))
		offline(paper)
		reads(t, ctx, "#live.failed", "没有可采信的密钥名单")
		online()
		reads(t, ctx, "#prepare [role=status]", "本机已可离线核验。名单截至")
		offline(paper)
		verdict(t, ctx, yinzheng.Valid)
	})
	t.Run("stale", func(t *testing.T) {
		late, err := chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
			Source: `(now => { Date.now = () => now() + 26 * 3600000; })(Date.now)`, // the device's clock
		})
		must(t, err)
		offline(paper)
		if tone := verdict(t, ctx, yinzheng.Unconfirmed); !strings.Contains(tone, "warn") {
			t.Errorf("drawn as %s", tone)
		}
		reads(t, ctx, "#lists", "已过期")
		_, err = chromedp.Call(ctx, page.RemoveScriptToEvaluateOnNewDocument, page.RemoveScriptToEvaluateOnNewDocumentParams(late))
		must(t, err)
	})
	t.Run("a new service worker takes over", func(t *testing.T) {
		const shells = `caches.keys().then(k => k.filter(n => n.startsWith('yinzheng-shell-')).join())`
		const update = `navigator.serviceWorker.getRegistration('/').then(r => r.update()).then(() => true)`
		w.cut.Store(false)
		open(t, ctx, w.URL+"/offline")
		run(t, ctx, chromedp.WaitVisible(chromedp.CSS("#q")))
		was := answer[string](t, ctx, shells)
		kit := string(w.do("GET", "/sw.js", nil).body)
		for _, next := range []string{"000000000001", "000000000002"} { // each with other files
			kit = regexp.MustCompile(`verifier\.\w+\.`).ReplaceAllString(kit, "verifier."+next+".")
			w.others.Store("/sw.js", []byte(regexp.MustCompile(`"version":"\w+"`).ReplaceAllString(kit, `"version":"`+next+`"`)))
			w.others.Store("/assets/verifier."+next+".wasm", []byte("next"))
			w.others.Store("/assets/verifier."+next+".js", []byte("next"))
			answer[bool](t, ctx, update)
			until(t, ctx, `await `+shells+` === '`+was+`,yinzheng-shell-`+next+`'`)
			if next == "000000000001" { // the page was opened before
				_, err := chromedp.Call(ctx, network.ClearBrowserCache, cdp.Empty{})
				must(t, err)
				w.cut.Store(true)
				answer[string](t, ctx, `device.ask({ do: 'verify', text: '' }, new Uint8Array(9), 0).catch(e => e.constructor.name)`)
				run(t, ctx, chromedp.SendKeys(chromedp.CSS("#q"), paper+"\r"))
				verdict(t, ctx, yinzheng.Valid)
				w.cut.Store(false)
			}
			was = "yinzheng-shell-" + next
		}
		w.others.Store("/sw.js", worker)
		answer[bool](t, ctx, update)
		until(t, ctx, `(await `+shells+`).startsWith('`+was+`,')`)
		offline(paper)
		verdict(t, ctx, yinzheng.Valid)
	})
	t.Run("removed", func(t *testing.T) {
		online()
		run(t, ctx, chromedp.WaitVisible(chromedp.CSS("#prepare-remove")))
		run(t, ctx, chromedp.Evaluate[bool](`window.brought = navigator.locks.request('yinzheng-lists', async () => { // as by another tab
			await new Promise(done => setTimeout(done, 300));
			await (await caches.open('yinzheng-lists')).put('/status/1', new Response('late'));
		}), true`))
		click(t, ctx, "#prepare-remove")
		reads(t, ctx, "#prepare [role=status]", "已从本机移除")
		answer[bool](t, ctx, `window.brought.then(() => true)`)
		if n, left := answer[int](t, ctx, registrations), answer[string](t, ctx, `caches.keys().then(k => k.join())`); n != 0 || left != "" {
			t.Errorf("%d service workers and %q are left", n, left)
		}
	})
}

// TestStickLasts: a folder is packed once a minute at most, whoever asks for it.
func TestStickLasts(t *testing.T) {
	var ahead atomic.Int64
	w := newWorld(t, func(_ *web.Config, c *yinzheng.Config) {
		c.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	})
	get := func() []byte { return w.want(w.do("GET", "/offline/stick.zip", nil), 200).body }
	first := get()
	ahead.Store(int64(30 * time.Second)) // the files in it would be newer
	if !bytes.Equal(get(), first) {
		t.Error("packed again soon")
	}
	ahead.Store(int64(time.Minute))
	if bytes.Equal(get(), first) {
		t.Error("a minute later it is the same")
	}
}

// TestStick opens the folder from a stick: from files, without a server.
func TestStick(t *testing.T) {
	inturn.Only(t)
	w := newRemote(t)
	code, token, pdf := w.issued("one")
	paper := w.paper(code, token)
	packed := w.want(w.do("GET", "/offline/stick.zip", nil), 200).body
	older := w.do("GET", "/status/1", nil).body
	w.ahead.Store(60)
	w.revoke(code)
	newer := w.want(w.do("GET", "/status/1", nil), 200).body
	w.cut.Store(true)

	dir := t.TempDir()
	unzip(t, packed, dir)
	readme, err := os.ReadFile(filepath.Join(dir, "yinzheng-offline", "README.txt"))
	must(t, err)
	kit, err := w.OfflineKit(t.Context(), w.KeyList().Keys[0].Chain[2])
	must(t, err)
	if !strings.Contains(string(readme), yinzheng.Fingerprint(kit.Root)) || !strings.Contains(string(readme), kit.Host) {
		t.Errorf("the README names neither root nor host:\n%s", readme)
	}
	lists := func(name string, list []byte) string {
		file := filepath.Join(dir, name)
		must(t, os.WriteFile(file, list, 0o600))
		return file
	}

	ctx := browser(t)
	page := url.URL{Scheme: "file", Path: filepath.Join(dir, "yinzheng-offline", "开始核验.html")}
	open(t, ctx, page.String())
	run(t, ctx, chromedp.WaitVisible(chromedp.CSS("#q")))
	run(t, ctx, chromedp.SendKeys(chromedp.CSS("#q"), paper+"\r"))
	if tone := verdict(t, ctx, yinzheng.Valid); !strings.Contains(tone, "warn") {
		t.Errorf("drawn as %s", tone)
	}
	reads(t, ctx, "#lists", yinzheng.Fingerprint(kit.Root))
	w.cut.Store(false) // there is a network after all: what was scanned does not leave the page by it
	tell := `fetch('` + w.URL + `/.well-known/jwks.json').then(() => 'told', () => 'not told')`
	if told := answer[string](t, ctx, tell); told != "not told" {
		t.Error("the page can connect to a server")
	}
	if told := answer[string](t, ctx, `new Promise(done => {
		stick.worker = "`+strings.ReplaceAll(tell, "\n", "")+`.then(postMessage)";
		device.kept.worker().onmessage = ({ data }) => done(data);
	})`); told != "not told" {
		t.Error("the verifier can connect to a server")
	}
	w.cut.Store(true)
	drop(t, ctx, pdf)
	reads(t, ctx, ".note", "文件全部内容都在签名保护之内")
	accessible(t, ctx, "stick")

	run(t, ctx, chromedp.SetUploadFiles(chromedp.CSS("#bring"), []string{lists("newer.jwt", newer)}))
	reads(t, ctx, "#live", "已换上")
	run(t, ctx, chromedp.SendKeys(chromedp.CSS("#q"), paper+"\r"))
	verdict(t, ctx, yinzheng.Revoked)
	run(t, ctx, chromedp.SetUploadFiles(chromedp.CSS("#bring"), []string{lists("older.jwt", older)}))
	reads(t, ctx, "#problems", "比已有的旧")
	run(t, ctx, chromedp.SendKeys(chromedp.CSS("#q"), paper+"\r"))
	verdict(t, ctx, yinzheng.Revoked)

	click(t, ctx, "[data-way=size]")
	click(t, ctx, "header a.lang")
	run(t, ctx, chromedp.WaitVisible(chromedp.CSS("#q")))
	reads(t, ctx, "#ask-head", "Verify a certificate")
	readsAs(t, ctx, "24px", "rgb(27, 31, 36)")
}

func unzip(t *testing.T, packed []byte, dir string) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	must(t, err)
	for _, f := range z.File {
		in, err := f.Open()
		must(t, err)
		content, err := io.ReadAll(in)
		must(t, err)
		must(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, f.Name)), 0o700))
		must(t, os.WriteFile(filepath.Join(dir, f.Name), content, 0o600))
	}
}

// TestOfflineHeaders checks that WebAssembly may be compiled in the verifier's
// worker alone, which can reach nothing, and how the program travels.
func TestOfflineHeaders(t *testing.T) {
	w := newWorld(t)
	verify := w.want(w.do("GET", "/verify?lang=zh", nil, "Accept", "text/html"), 200)
	for _, path := range []string{"/verify", "/offline", "/sw.js", "/manifest.webmanifest", "/v/000000000000"} {
		r := w.want(w.do("GET", path, nil, "Accept", "text/html"), 200)
		if csp := r.header.Get("Content-Security-Policy"); strings.Contains(csp, "unsafe") {
			t.Errorf("%s: %s", path, csp)
		}
	}
	address := func(attribute string) string {
		_, rest, _ := strings.Cut(string(verify.body), attribute+`="`)
		a, _, _ := strings.Cut(rest, `"`)
		return a
	}
	worker := w.want(w.do("GET", address("data-worker"), nil), 200)
	if csp := worker.header.Get("Content-Security-Policy"); !strings.Contains(csp, "script-src 'wasm-unsafe-eval';") || strings.Contains(csp, "connect-src") {
		t.Errorf("worker: %s", csp)
	}
	for coding, want := range map[string]string{"gzip": "gzip", "br, gzip;q=0": "", "identity": ""} {
		r := w.want(w.do("GET", address("data-program"), nil, "Accept-Encoding", coding), 200)
		if got := r.header.Get("Content-Encoding"); got != want || (want == "") != bytes.HasPrefix(r.body, []byte("\x00asm")) {
			t.Errorf("asked for %q: sent as %q", coding, got)
		}
	}
	if page := w.do("GET", "/v/000000000000", nil, "Accept", "text/html"); strings.Contains(string(page.body), "prepare") || strings.Contains(string(page.body), "manifest") {
		t.Error("the page that a phone opens carries the preparation for offline verification")
	}
}
