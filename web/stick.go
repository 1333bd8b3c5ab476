package web

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"yinzheng"
)

// offlineStick serves the folder for a stick.
func (s *server) offlineStick(w http.ResponseWriter, r *http.Request) {
	folder, err := s.stick(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Disposition", `attachment; filename="yinzheng-offline.zip"`)
	writeBody(w, http.StatusOK, "application/zip", folder)
}

// madeStick is the folder that was made last.
type madeStick struct {
	mu  sync.Mutex
	at  time.Time
	zip []byte
}

// stickLasts is how old the lists in a folder may be that is handed out: to pack one
// takes a good part of a second, and anybody may ask.
const stickLasts = time.Minute

// stick is the folder, packed. One at a time makes it, for all who wait.
func (s *server) stick(ctx context.Context) ([]byte, error) {
	last := &s.lastStick
	last.mu.Lock()
	defer last.mu.Unlock()
	now := s.Service.Now()
	if age := now.Sub(last.at); last.zip != nil && age >= 0 && age < stickLasts {
		return last.zip, nil
	}
	stick, err := NewStick(ctx, s.Service, s.Root)
	if err != nil {
		return nil, err
	}
	files, err := stick.files(s.pages)
	if err != nil {
		return nil, err
	}
	packed, err := zipped(files, now)
	if err == nil {
		last.at, last.zip = now, packed
	}
	return packed, err
}

func zipped(files []StickFile, at time.Time) ([]byte, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range files {
		to, err := z.CreateHeader(&zip.FileHeader{Name: "yinzheng-offline/" + f.Name, Method: zip.Deflate, Modified: at})
		if err == nil {
			_, err = to.Write(f.Content)
		}
		if err != nil {
			return nil, err
		}
	}
	err := z.Close()
	return b.Bytes(), err
}

// Stick is what goes into a folder that verifies without server and network, from
// a stick. Who makes one sees to it that the lists hold under the kit's root.
type Stick struct {
	Kit    *yinzheng.OfflineKit
	Keys   []byte   // jwks.json
	Status [][]byte // the status lists
}

// NewStick is a folder with a server's lists of this moment.
func NewStick(ctx context.Context, service *yinzheng.Service, root []byte) (*Stick, error) {
	kit, err := service.OfflineKit(ctx, root)
	if err != nil {
		return nil, err
	}
	t := &Stick{Kit: kit}
	if t.Keys, err = service.SignedKeyList(); err != nil {
		return nil, err
	}
	for n := range kit.Lists {
		list, err := service.StatusList(ctx, n+1)
		if err != nil {
			return nil, err
		}
		t.Status = append(t.Status, list)
	}
	return t, nil
}

// StickFile is one file of the folder.
type StickFile struct {
	Name    string // with slashes
	Content []byte
}

// Files are the folder's files, in the order in which they may take the place of
// older ones: lists come last, since a newer program reads older lists. Pages opened
// from files can fetch nothing, so that program and lists stand in scripts.
func (t *Stick) Files() ([]StickFile, error) {
	p, err := newPages()
	if err != nil {
		return nil, err
	}
	return t.files(p)
}

func (t *Stick) files(p *pages) ([]StickFile, error) {
	worker, err := workerScript()
	if err != nil {
		return nil, err
	}
	lists := []string{string(t.Keys)}
	for _, l := range t.Status {
		lists = append(lists, string(l))
	}
	program := p.files[strings.TrimPrefix(p.offline.program, "/assets/")].bytes
	files := []StickFile{
		{"lib/program.js", script("var stick = ", map[string]string{"program": base64.StdEncoding.EncodeToString(program), "worker": string(worker)}, ";")},
	}
	for name, file := range map[string]string{"device.js": "device.js", "offline.js": "offline.js", "LICENSE-Go.txt": "LICENSE-Go.txt"} {
		content, err := assets.ReadFile("assets/offline/" + file)
		if err != nil {
			return nil, err
		}
		files = append(files, StickFile{"lib/" + name, content})
	}
	for lang, name := range stickPages {
		content, err := p.stickPage(lang)
		if err != nil {
			return nil, err
		}
		files = append(files, StickFile{name, content})
	}
	readme, err := assets.ReadFile("assets/offline/readme.txt")
	if err != nil {
		return nil, err
	}
	text := fmt.Sprintf(string(readme), yinzheng.Fingerprint(t.Kit.Root), t.Kit.Host)
	files = append(files, StickFile{"README.txt", []byte("\uFEFF" + strings.ReplaceAll(text, "\n", "\r\n"))}) // as old Notepads read it
	slices.SortFunc(files, func(a, b StickFile) int { return strings.Compare(a.Name, b.Name) })
	return append(files, StickFile{"lib/lists.js", script("Object.assign(stick, ", map[string]any{"kit": t.Kit, "lists": lists}, ");")}), nil
}

var stickPages = map[string]string{"zh": "开始核验.html", "en": "verify.html"}

func (p *pages) stickPage(lang string) ([]byte, error) {
	data := &page{Lang: lang, Title: offlineTitle.In(lang), CSS: p.css}
	data.Offline = &offlineView{Stick: true, CSP: p.stickCSP, Home: stickPages[lang], Switch: stickPages[data.Other()], Scripts: []string{"lib/program.js", "lib/lists.js", "lib/device.js", "lib/offline.js"}}
	var b bytes.Buffer
	err := p.templates.ExecuteTemplate(&b, "offline", data)
	return b.Bytes(), err
}

// script is a script that holds a value.
func script(before string, value any, after string) []byte {
	b := appendJSON([]byte(before), value)
	return append(append(b, after...), '\n')
}
