package web

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"

	"yinzheng"
)

// Limits of uploads. What counts is the bytes that are held, not the number of
// those who send: whoever sends nothing takes no room from the others.
const (
	maxFile       = 20 << 20    // of one file
	maxHeld       = 8 * maxFile // of all uploads together
	maxFromSender = 4           // uploads at once from one address or account
	maxFromThere  = 2           // of strangers, from one network: others wait for two of theirs at most

	maxHeldOfStrangers = maxHeld / 2 // the rest is for those who are known, whatever anybody sends
	maxHeldFromThere   = 2 * maxFile // of strangers, from one network
)

// uploads is what files on their way in, and being worked on, take room of.
type uploads struct {
	checking  *room // PDFs, and whatever is sent by who is signed in
	strangers *room // what residents send with their requests of whom nobody vouches for: it takes time from each other only
	pictures  *room // of anybody: whoever sends what takes long takes time from other pictures only
	frames    *room // of cameras, of which each sends two a second
	importing *room // tables of offices, items, persons or cases, each of which costs seconds and much memory

	mu          sync.Mutex
	held        int64
	ofStrangers int64
	fromThere   map[string]int64 // of strangers, by network
	from        map[string]int   // by sender
}

func newUploads(now func() time.Time) *uploads {
	files := newLimiter[string](now, 2, 30)
	return &uploads{
		checking:  newRoom(files, max(2, runtime.GOMAXPROCS(0)), 5*time.Second),
		strangers: newRoom(files, 1, 25*time.Second),
		pictures:  newRoom(files, 1, 5*time.Second),
		frames:    newRoom(newLimiter[string](now, 6, 30), 1, time.Second),
		importing: newRoom(files, 1, 5*time.Second),
		fromThere: map[string]int64{},
		from:      map[string]int{},
	}
}

// room is where files of a kind are worked on.
type room struct {
	limit    *limiter[string] // of each sender
	places   chan struct{}    // one for each file that is being worked on
	patience time.Duration    // for a place
}

func newRoom(limit *limiter[string], places int, patience time.Duration) *room {
	return &room{limit, make(chan struct{}, places), patience}
}

// upload is one file on its way in, to a room.
type upload struct {
	*uploads
	*room
	sender
	size int64
}

// begin lets somebody send one file more; done must be called.
func (u *uploads) begin(from sender, to *room) (*upload, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	most := maxFromSender
	if to == u.strangers {
		most = maxFromThere
	}
	if u.from[from.name] >= most {
		return nil, errAtOnce()
	}
	u.from[from.name]++
	return &upload{uploads: u, room: to, sender: from}, nil
}

func errAtOnce() *fault {
	return &fault{status: http.StatusTooManyRequests, kind: "too-many", after: 5, text: yinzheng.Text{
		ZH: "同时上传的文件过多，请等前面的处理完再传", EN: "Too many files at once; please let the ones before be done first",
	}}
}

// take counts bytes that are held until done.
func (u *upload) take(n int) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	size := int64(n)
	switch {
	case u.held+size > maxHeld || u.stranger() && u.ofStrangers+size > maxHeldOfStrangers:
		return errBusy(10)
	case u.stranger() && u.fromThere[u.network]+size > maxHeldFromThere:
		return errAtOnce()
	}
	u.hold(size)
	return nil
}

// hold counts bytes, or no longer.
func (u *upload) hold(size int64) {
	u.size += size
	u.held += size
	if !u.stranger() {
		return
	}
	u.ofStrangers += size
	if u.fromThere[u.network] += size; u.fromThere[u.network] == 0 {
		delete(u.fromThere, u.network)
	}
}

// done gives the room back.
func (u *upload) done() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.hold(-u.size)
	if u.from[u.name]--; u.from[u.name] == 0 {
		delete(u.from, u.name)
	}
}

// work runs fn when one of the places is free.
func (m *room) work(ctx context.Context, fn func() error) error {
	wait := time.NewTimer(m.patience)
	defer wait.Stop()
	select {
	case m.places <- struct{}{}:
		defer func() { <-m.places }()
		return fn()
	case <-wait.C:
		return errBusy(int(2 * m.patience / time.Second))
	case <-ctx.Done():
		return ctx.Err()
	}
}

func errBusy(after int) *fault {
	return &fault{status: http.StatusServiceUnavailable, kind: "unavailable", after: after, text: yinzheng.Text{
		ZH: "正在处理的文件很多，请稍后再传一次", EN: "Many files are being processed; please send yours again shortly",
	}}
}

// form is what a form with a file holds.
type form struct {
	fields map[string]string
	file   []byte
	name   string // of the file, as its sender calls it
}

// maxField bounds a field of a form beside its file.
const maxField = 16 << 10

// received reads a form with a file of who is signed in and calls fn with it, as of
// holding. names are the fields that it may have beside the file.
func (s *server) received(w http.ResponseWriter, r *http.Request, from sender, names []string, fn func(*form) error) error {
	return s.receivedIn(s.uploads.checking, w, r, from, names, fn)
}

// receivedIn is received for a room.
func (s *server) receivedIn(in *room, w http.ResponseWriter, r *http.Request, from sender, names []string, fn func(*form) error) error {
	var f *form
	read := func(u *upload) (err error) {
		f, err = u.read(w, r, names)
		return err
	}
	return s.holding(r, from, in, read, func() error { return fn(f) })
}

// holding has a file read and then worked on in a room, that given or the one that
// reading led it to. Whoever sends it, a client or an account, has so many on their
// way at a time; no more of it is read than may be, and work begins only when all
// of it has arrived and a place is free.
func (s *server) holding(r *http.Request, from sender, in *room, read func(*upload) error, work func() error) error {
	if r.ContentLength > maxFile+maxQuestion {
		return tooLarge(maxFile)
	}
	if err := in.limit.allow(from.name); err != nil {
		return err
	}
	u, err := s.uploads.begin(from, in)
	if err != nil {
		return err
	}
	defer u.done()
	if err := read(u); err != nil {
		return err
	}
	return u.work(r.Context(), work)
}

// imported has a table that is the whole of a request worked on, as of holding:
// kept, or only tried.
func (s *server) imported(c *call, work func(data []byte, try bool) error) error {
	if m := mediaType(c.Request); m != csvType && m != xlsxType {
		return wrongMediaType(csvType + " / " + xlsxType)
	}
	try, err := c.try()
	if err != nil {
		return err
	}
	var data []byte
	read := func(u *upload) (err error) {
		data, err = u.readBody(c.w, c.Request)
		return err
	}
	return s.holding(c.Request, s.sender(c.Request, c.by), s.uploads.importing, read, func() error { return work(data, try) })
}

// try tells whether a request only asks what it would change.
func (c *call) try() (bool, error) { return tried(c.URL.Query().Get("try")) }

func tried(text string) (bool, error) {
	try, err := strconv.ParseBool(cmp.Or(text, "false"))
	if err != nil { // taken for false it would change something
		return false, fieldFaultOf(http.StatusUnprocessableEntity, "invalid", "try", "choice", "应为 true 或 false", "Expected true or false")
	}
	return try, nil
}

// uploaded has the file of a form verified.
func (s *server) uploaded(w http.ResponseWriter, r *http.Request, via yinzheng.Channel) (a *yinzheng.Answer, err error) {
	by, err := s.asker(r, via)
	if err != nil {
		return nil, err
	}
	var f *form
	read := func(u *upload) (err error) {
		if f, err = u.read(w, r, nil); err == nil && by == nil && !bytes.HasPrefix(f.file, []byte("%PDF-")) {
			u.room = s.uploads.pictures
		}
		return err
	}
	err = s.holding(r, s.sender(r, by), s.uploads.checking, read, func() error {
		a, err = s.answerTo(r, by, &yinzheng.Question{File: f.file}, via)
		return err
	})
	return a, err
}

// frame answers for a frame of the verify page's camera. It is not noted: the page
// then asks for the one that shows something.
func (s *server) frame(w http.ResponseWriter, r *http.Request) {
	var f *form
	var a *yinzheng.Answer
	read := func(u *upload) (err error) {
		f, err = u.read(w, r, nil)
		return err
	}
	camera := s.sender(r, nil)
	camera.name = "camera " + camera.name
	err := s.holding(r, camera, s.uploads.frames, read, func() (err error) {
		a, err = s.answerTo(r, nil, &yinzheng.Question{File: f.file, Frame: true}, "")
		return err
	})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.writeAnswer(w, a)
}

func (u *upload) read(w http.ResponseWriter, r *http.Request, names []string) (*form, error) {
	_, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || params["boundary"] == "" {
		return nil, brokenForm(http.ErrMissingBoundary)
	}
	body := &ending{from: http.MaxBytesReader(w, r.Body, maxFile+maxQuestion)}
	parts := multipart.NewReader(body, params["boundary"])
	f := &form{fields: map[string]string{}}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, brokenForm(err)
		}
		if err := u.readPart(f, part, names); err != nil {
			return nil, err
		}
	}
	if _, err := io.Copy(io.Discard, body); err != nil {
		return nil, brokenForm(err)
	}
	switch {
	case !bytes.Contains(body.last, []byte("--"+params["boundary"]+"--")):
		return nil, brokenForm(io.ErrUnexpectedEOF)
	case len(f.file) == 0:
		return nil, noFile()
	}
	return f, nil
}

// ending remembers the last bytes that were read. A form that breaks off
// between two parts ends, for multipart.Reader, as a whole one does.
type ending struct {
	from io.Reader
	last []byte
}

// endingLength is that of the longest last line of a form (RFC 2046, 5.1.1), and
// some more.
const endingLength = 256

func (e *ending) Read(p []byte) (int, error) {
	n, err := e.from.Read(p)
	e.last = append(e.last, p[max(0, n-endingLength):n]...)
	if over := len(e.last) - endingLength; over > 0 {
		e.last = append(e.last[:0], e.last[over:]...)
	}
	return n, err
}

func (u *upload) readPart(f *form, part *multipart.Part, names []string) error {
	name := part.FormName()
	_, again := f.fields[name]
	switch {
	case name != "file" && !slices.Contains(names, name):
		return fieldFaultOf(http.StatusUnprocessableEntity, "invalid", name, "unknown-field", "没有这一项，请删去或核对名称", "There is no such field; remove it or check its name")
	case again:
		return fieldFaultOf(http.StatusBadRequest, "malformed", name, "duplicate-field", "这一项出现了两次，请只保留一个", "This field is given twice; keep one of them")
	case name == "file":
		f.fields[name], f.name = "", part.FileName()
		return u.readFile(f, part)
	}
	text, err := io.ReadAll(io.LimitReader(part, maxField+1))
	switch {
	case err != nil:
		return brokenForm(err)
	case len(text) > maxField:
		return tooLarge(maxField)
	case !utf8.Valid(text):
		return fieldFaultOf(http.StatusBadRequest, "malformed", name, "not-utf8", "不是 UTF-8 编码，请用 UTF-8 重新发送", "This is not UTF-8; please send UTF-8")
	}
	f.fields[name] = string(text)
	return nil
}

func (u *upload) readFile(f *form, part *multipart.Part) (err error) {
	var refused *fault
	if f.file, err = u.content(part); err != nil && !errors.As(err, &refused) {
		return brokenForm(err)
	}
	return err
}

// content reads a file bit by bit, as room is taken for it.
func (u *upload) content(from io.Reader) ([]byte, error) {
	var b bytes.Buffer
	for {
		n, err := io.CopyN(&b, from, 64<<10)
		if full := u.take(int(n)); full != nil {
			return nil, full
		}
		switch {
		case b.Len() > maxFile:
			return nil, tooLarge(maxFile)
		case err == nil:
		case !errors.Is(err, io.EOF):
			return nil, err
		default:
			return b.Bytes(), nil
		}
	}
}

// readBody reads a file that is the whole of a request.
func (u *upload) readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	data, err := u.content(http.MaxBytesReader(w, r.Body, maxFile))
	var refused *fault
	if err != nil && !errors.As(err, &refused) {
		return nil, brokenBody(err, maxFile)
	}
	return data, err
}

func noFile() *fault {
	return fieldFaultOf(http.StatusUnprocessableEntity, "invalid", "file", "required", "请选择一个文件", "Please choose a file")
}

func brokenForm(err error) *fault {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return tooLarge(maxFile)
	}
	return fieldFaultOf(http.StatusBadRequest, "malformed", "file", "form", "上传的表单不完整，请重新选择文件", "The uploaded form is incomplete; please choose the file again")
}
