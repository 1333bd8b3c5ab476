package web

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/netip"
	"runtime"
	"sync"
	"time"

	"yinzheng"
)

// Limits of uploads. What counts is the bytes that are held, not the number of
// those who send: whoever sends nothing takes no room from the others.
const (
	maxFile       = 20 << 20        // of a PDF
	maxHeld       = 8 * maxFile     // of all uploads together
	maxFromClient = 4               // uploads at once from one address
	patience      = 5 * time.Second // for others' files to be checked
)

// uploads is the room for files on their way in and being checked.
type uploads struct {
	checking chan struct{} // a place for each file being checked

	mu   sync.Mutex
	held int64
	from map[netip.Addr]int
}

func newUploads() *uploads {
	return &uploads{checking: make(chan struct{}, max(2, runtime.GOMAXPROCS(0))), from: map[netip.Addr]int{}}
}

// upload is one file on its way in.
type upload struct {
	*uploads
	client netip.Addr
	size   int64
}

// begin lets a client send one file more; done must be called.
func (u *uploads) begin(client netip.Addr) (*upload, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.from[client] == maxFromClient {
		return nil, &fault{status: http.StatusTooManyRequests, kind: "too-many", after: 5, text: yinzheng.Text{
			ZH: "同时上传的文件过多，请等前面的核验完再传", EN: "Too many files at once; please let the ones before be checked first",
		}}
	}
	u.from[client]++
	return &upload{uploads: u, client: client}, nil
}

// take counts bytes that are held until done.
func (u *upload) take(n int) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.held+int64(n) > maxHeld {
		return errBusy()
	}
	u.held += int64(n)
	u.size += int64(n)
	return nil
}

// done gives the room back.
func (u *upload) done() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.held -= u.size
	if u.from[u.client]--; u.from[u.client] == 0 {
		delete(u.from, u.client)
	}
}

// check runs fn when few enough files are being checked.
func (u *uploads) check(ctx context.Context, fn func() error) error {
	wait := time.NewTimer(patience)
	defer wait.Stop()
	select {
	case u.checking <- struct{}{}:
		defer func() { <-u.checking }()
		return fn()
	case <-wait.C:
		return errBusy()
	case <-ctx.Done():
		return ctx.Err()
	}
}

func errBusy() *fault {
	return &fault{status: http.StatusServiceUnavailable, kind: "unavailable", after: 10, text: yinzheng.Text{
		ZH: "正在核验的文件很多，请稍后再传一次", EN: "Many files are being checked; please send yours again shortly",
	}}
}

// uploaded reads the part named "file" of a form and has it verified; no more
// of it is read than may be.
func (s *server) uploaded(w http.ResponseWriter, r *http.Request) (*yinzheng.Answer, error) {
	if r.ContentLength > maxFile+maxQuestion {
		return nil, tooLarge(maxFile)
	}
	if err := s.files.allow(s.client(r)); err != nil {
		return nil, err
	}
	u, err := s.uploads.begin(s.client(r))
	if err != nil {
		return nil, err
	}
	defer u.done()
	file, err := u.read(w, r)
	if err != nil {
		return nil, err
	}
	var a *yinzheng.Answer
	err = u.check(r.Context(), func() error {
		a, err = s.ask(r, &yinzheng.Question{File: file})
		return err
	})
	return a, err
}

func (u *upload) read(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxFile+maxQuestion)
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, brokenForm(err)
	}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return nil, noFile()
		}
		if err != nil {
			return nil, brokenForm(err)
		}
		if part.FormName() == "file" {
			return u.readPart(part)
		}
	}
}

// readPart reads a file bit by bit, as room is taken for it.
func (u *upload) readPart(part *multipart.Part) ([]byte, error) {
	var b bytes.Buffer
	for {
		n, err := io.CopyN(&b, part, 64<<10)
		if full := u.take(int(n)); full != nil {
			return nil, full
		}
		switch {
		case b.Len() > maxFile:
			return nil, tooLarge(maxFile)
		case err == nil:
		case !errors.Is(err, io.EOF):
			return nil, brokenForm(err)
		case b.Len() == 0:
			return nil, noFile()
		default:
			return b.Bytes(), nil
		}
	}
}

func noFile() *fault {
	return fieldFaultOf(http.StatusUnprocessableEntity, "invalid", "file", "required", "请选择一个 PDF 文件", "Please choose a PDF file")
}

func brokenForm(err error) *fault {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return tooLarge(maxFile)
	}
	return fieldFaultOf(http.StatusBadRequest, "malformed", "file", "form", "上传的表单不完整，请重新选择文件", "The uploaded form is incomplete; please choose the file again")
}
