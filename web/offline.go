package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	"yinzheng"
)

// offlineView is what the pages need to verify without a network: the section of
// the verify page that prepares for it, and the page that does it.
type offlineView struct {
	Program, Worker string   // addresses of the verifier
	Scripts         []string // addresses
	Size            string   // of the verifier, in MB as it is sent
	Stick           bool     // a page of a folder on a stick: nothing is behind it
	CSP             string   // of such a page, which no server says it for
	Home, Switch    string   // where the brand and the other language lead
}

// offlineFiles are served by every server under addresses that change with their
// content, and kept by the service worker of a device that was prepared.
type offlineFiles struct {
	program, worker, device, prepare, page string // addresses
	icons                                  []string
	size                                   string
}

// workerCSP lets the verifier be compiled, and reach nothing at all.
var workerCSP = []string{"default-src 'none'; script-src 'wasm-unsafe-eval'; frame-ancestors 'none'"}

// keepOffline takes in the files of offline verification.
func (p *pages) keepOffline() error {
	program, err := assets.ReadFile("assets/offline/verifier.wasm.gz")
	if err != nil {
		return err
	}
	worker, err := workerScript()
	if err != nil {
		return err
	}
	p.offline.program = p.keepFile("verifier", "wasm", staticFile{media: "application/wasm", bytes: program, plain: sync.OnceValues(func() ([]byte, error) { return unpacked(program) })})
	p.offline.worker = p.keepFile("verifier", "js", staticFile{media: scriptType, bytes: worker, csp: workerCSP})
	p.offline.size = fmt.Sprintf("%.1f", float64(len(program))/1e6)
	for file, address := range map[string]*string{"device.js": &p.offline.device, "prepare.js": &p.offline.prepare, "offline.js": &p.offline.page} {
		if *address, err = p.keep("offline/" + file); err != nil {
			return err
		}
	}
	for _, file := range []string{"offline/icon-192.png", "offline/icon-512.png"} {
		address, err := p.keep(file)
		if err != nil {
			return err
		}
		p.offline.icons = append(p.offline.icons, address)
	}
	return nil
}

// workerScript is the verifier's worker: what Go needs around its program, then
// what asks it.
func workerScript() ([]byte, error) {
	runtime, err := assets.ReadFile("assets/offline/wasm_exec.js")
	if err != nil {
		return nil, err
	}
	ours, err := assets.ReadFile("assets/offline/verifier.js")
	return slices.Concat(runtime, ours), err
}

// offlineRoutes are there when a root is known: without one nothing could be
// believed offline.
func (s *server) offlineRoutes() error {
	if s.Root == nil {
		return nil
	}
	s.mux.HandleFunc("GET /offline", s.offlinePage)
	s.mux.HandleFunc("GET /offline/kit.json", s.offlineKit)
	s.mux.HandleFunc("GET /offline/stick.zip", s.offlineStick)
	s.mux.HandleFunc("GET /sw.js", s.serviceWorker)
	s.mux.HandleFunc("GET /manifest.webmanifest", s.manifest)
	var err error
	s.sw, err = s.serviceWorkerScript()
	return err
}

// preparing is the section of the verify page; nil where there is nothing to
// prepare.
func (s *server) preparing() *offlineView {
	if s.Root == nil {
		return nil
	}
	f := &s.pages.offline
	return &offlineView{Program: f.program, Worker: f.worker, Scripts: []string{f.device, f.prepare}, Size: f.size}
}

var offlineTitle = yinzheng.Text{ZH: "离线核验", EN: "Offline verification"}

// offlinePage is the page that verifies on the device. The service worker keeps
// it, and gives it in the place of others when the server does not answer.
func (s *server) offlinePage(w http.ResponseWriter, r *http.Request) {
	f, lang := &s.pages.offline, language(r)
	data := &page{Title: offlineTitle.In(lang), Offline: &offlineView{Program: f.program, Worker: f.worker, Scripts: []string{f.device, f.page}, Home: "/verify?lang=" + lang}}
	data.Lang = lang
	data.Offline.Switch = "?lang=" + data.Other()
	s.pages.write(w, r, http.StatusOK, "offline", data)
}

// offlineKit serves what a device needs beside the lists.
func (s *server) offlineKit(w http.ResponseWriter, r *http.Request) {
	kit, err := s.Service.OfflineKit(r.Context(), s.Root)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	writeBody(w, http.StatusOK, "application/json", appendJSON(nil, kit))
}

// swCSP lets the service worker fetch what it keeps from here.
var swCSP = []string{"default-src 'none'; connect-src 'self'; frame-ancestors 'none'"}

// serviceWorker serves the worker for all of this address; browsers ask for it
// again at each visit, and take it anew when a byte of it has changed.
func (s *server) serviceWorker(w http.ResponseWriter, _ *http.Request) {
	w.Header()["Content-Security-Policy"] = swCSP
	w.Header().Set("Cache-Control", "no-cache")
	writeBody(w, http.StatusOK, scriptType, s.sw)
}

// serviceWorkerScript is sw.js behind what it is to keep, and a version that changes
// with every byte and header of that: what did not change it would never reach a
// device that was prepared.
func (s *server) serviceWorkerScript() ([]byte, error) {
	script, err := assets.ReadFile("assets/offline/sw.js")
	if err != nil {
		return nil, err
	}
	f := &s.pages.offline
	files := append([]string{"/offline?lang=zh", "/offline?lang=en", f.program, f.worker, f.device, f.page, "/assets/icon.svg", "/manifest.webmanifest"}, f.icons...)
	version := sha256.New()
	for _, file := range files {
		r, err := http.NewRequest(http.MethodGet, file, http.NoBody) //nolint:noctx // nobody asked, and nobody goes away
		if err != nil {
			return nil, err
		}
		r.Header.Set("Accept-Encoding", "gzip")
		w := digest{version, http.Header{}}
		s.secure(w.header)
		s.mux.ServeHTTP(w, r)
	}
	kit := appendJSON(nil, map[string]any{"version": hex.EncodeToString(version.Sum(nil)[:6]), "files": files})
	return slices.Concat([]byte("'use strict';\nconst kit = "), kit, []byte(";\n"), script), nil
}

// digest is an answer of which nothing is wanted but its hash.
type digest struct {
	hash.Hash
	header http.Header
}

func (d digest) Header() http.Header { return d.header }

func (d digest) WriteHeader(status int) {
	fmt.Fprintln(d.Hash, status)
	_ = d.header.Write(d.Hash) // a hash takes everything
}

// manifest lets the verify page be installed like a program.
func (s *server) manifest(w http.ResponseWriter, _ *http.Request) {
	type icon struct {
		Src   string `json:"src"`
		Sizes string `json:"sizes"`
		Type  string `json:"type"`
	}
	icons := []icon{{"/assets/icon.svg", "any", "image/svg+xml"}}
	for i, size := range []string{"192x192", "512x512"} {
		icons = append(icons, icon{s.pages.offline.icons[i], size, "image/png"})
	}
	writeBody(w, http.StatusOK, "application/manifest+json", appendJSON(nil, map[string]any{
		"name": "印证 · 电子证明核验", "short_name": "印证核验", "lang": "zh-CN", "start_url": "/verify", "scope": "/", "display": "standalone",
		"background_color": "#ffffff", "theme_color": "#9b1c1f", "icons": icons,
	}))
}

// takesGzip tells whether a client takes what is compressed (RFC 9110, 12.5.3).
func takesGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		coding, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		if coding == "gzip" || coding == "*" {
			return quality(params) > 0
		}
	}
	return false
}

func unpacked(data []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}
