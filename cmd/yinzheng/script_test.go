package main

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"yinzheng"
	"yinzheng/internal/inturn"
	"yinzheng/internal/mailtest"
	"yinzheng/internal/testface"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"yinzheng": func() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }})
}

// TestScript runs the journeys in testdata/script. Besides testscript's own
// commands, and $TODAY, $SOMEDAY (in ten days) and $MONTH, they have:
//
//	start ARGS…           run yinzheng with ARGS and --listen on a free port, wait until it is ready; sets $URL
//	end [-9]              end it, politely or by SIGKILL
//	signin USER [PASS]    sign in; api then acts as USER
//	api [-if N] [-key K] [-accept T] [-file F] [-as NAME] [-field K=V]... [-o F] [-type T] [-lang L] METHOD PATH [BODY]
//	                      one request; BODY is JSON or @FILE; -file sends a form, with the file as NAME and further
//	                      fields; the answer goes to stdout, or with -o to a file
//	status N              the last answer's status
//	get VAR PATH          a member of the last answer (a.b.0.c) into $VAR
//	is PATH VALUE         a member of the last answer has this value
//	until PATH VALUE API  ask GET API until the member has this value, ten seconds at most
//	flip IN OUT OFFSET    a copy of a file with one byte changed
//	capture VAR REGEXP    what REGEXP's group matches in the last command's output
//	append IN OUT         a copy of a file with a comment after its end
//	revise IN OUT HOW     a copy of a PDF with one more revision: plain, far or small
//	picture FILE KIND     a picture or PDF to upload (files in picture_test.go)
//	face FILE NAME CHARS  a small TrueType face that holds CHARS
//	xlsx IN OUT           a CSV file as Excel would save it
//	looks FILE WxH        FILE is such a picture as it is kept: of this size, upright, nothing but pixels
//	children FILE N SKIP  a list of N children of two communities; with SKIP > 0 without every SKIP-th of them
//	cases FILE N          a workbook of N residence cases, as CSV
//	workbook FILE N       a list of N items, as item import takes it
//	mail up|down|N        a mail server at $SMTP comes, goes, or prints its N mails
//	contact USER CASE TO  USER notes on the case's slip where its applicant is reached
//	gateway STATUS        a gateway of text messages at $HOOK (ca.pem) answers so; prints what it was sent
//	shown PATH TEXT       wait until what is served there has TEXT
//	soon VAR DURATION     a moment to come, as $VAR
//	passed MOMENT         wait until it has passed
//	forge FILE            from a QR code's address in FILE, sets $DIGITS and the
//	                      forged tokens $CUT $LONGER $CLAIMS $SIGNATURE $NONE $HS256 $PADDED $UNKNOWN
func TestScript(t *testing.T) {
	inturn.Only(t)
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(e *testscript.Env) error {
			e.Values[sessionKey{}] = &session{}
			e.Setenv("FONTS", "/usr/share/fonts/truetype/hanazono")
			today := time.Now().In(yinzheng.Zone)
			e.Setenv("TODAY", today.Format(time.DateOnly))
			e.Setenv("SOMEDAY", today.AddDate(0, 0, 10).Format(time.DateOnly))
			e.Setenv("MONTH", today.Format("2006-01"))
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"start": with((*session).start), "end": with((*session).end), "signin": with((*session).signIn), "api": with((*session).api),
			"status": with((*session).status), "get": with((*session).get), "is": with((*session).is), "until": with((*session).until), "flip": with((*session).flip),
			"append": with((*session).append), "revise": with((*session).revise), "capture": with((*session).capture), "forge": with((*session).forge),
			"picture": with((*session).picture), "looks": with((*session).looks), "xlsx": with((*session).xlsx), "face": with((*session).face),
			"workbook": with((*session).workbook), "cases": with((*session).cases), "children": with((*session).children), "mail": with((*session).mail), "contact": with((*session).contact), "gateway": with((*session).gateway), "shown": with((*session).shown), "soon": with((*session).soon), "passed": with((*session).passed),
		},
	})
}

type sessionKey struct{}

// session is what one script has going on.
type session struct {
	client
	server *server
	code   int
	body   []byte
	mails  *mailtest.Server
	texts  *texts
}

func with(f func(*session, *testscript.TestScript, []string) error) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		err := f(ts.Value(sessionKey{}).(*session), ts, args)
		if neg && err == nil {
			ts.Fatalf("unexpected success")
		}
		if !neg {
			ts.Check(err)
		}
	}
}

func (s *session) start(ts *testscript.TestScript, args []string) error {
	server, err := startServer(ts.MkAbs("."), args, []string{"YINZHENG_PASSPHRASE=" + ts.Getenv("YINZHENG_PASSPHRASE")})
	if err != nil {
		return err
	}
	s.server, s.client = server, client{url: server.url}
	ts.Setenv("URL", s.url)
	ts.Defer(func() { _ = s.end(ts, []string{"-9"}) })
	return nil
}

func (s *session) end(_ *testscript.TestScript, args []string) error {
	if s.server == nil {
		return nil
	}
	server := s.server
	s.server = nil
	if len(args) > 0 && args[0] == "-9" {
		server.kill()
		return nil
	}
	return server.stop()
}

func (s *session) signIn(_ *testscript.TestScript, args []string) error {
	password := demoPassword
	if len(args) > 1 {
		password = args[1]
	}
	return s.client.signIn(args[0], password)
}

func (s *session) api(ts *testscript.TestScript, args []string) error {
	header := http.Header{}
	var out, as string
	var form sentForm
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		switch args[0] {
		case "-if":
			header.Set("If-Match", strconv.Quote(args[1]))
		case "-key":
			header.Set("Idempotency-Key", args[1])
		case "-accept":
			header.Set("Accept", args[1])
		case "-lang":
			header.Set("Accept-Language", args[1])
		case "-file":
			form.file = args[1]
		case "-as":
			form.name = args[1]
		case "-field":
			form.fields = append(form.fields, args[1])
		case "-type":
			as = args[1]
		case "-o":
			out = args[1]
		default:
			return fmt.Errorf("api: unknown flag %s", args[0])
		}
		args = args[2:]
	}
	if len(args) < 2 {
		return errors.New("api: METHOD and PATH are needed")
	}
	body, kind, err := requestBody(ts, args[2:], &form)
	if err != nil {
		return err
	}
	if as != "" {
		kind = as
	}
	if kind != "" {
		header.Set("Content-Type", kind)
	}
	if s.code, s.body, err = s.do(args[0], args[1], header, body); err != nil {
		return err
	}
	if out != "" {
		return os.WriteFile(ts.MkAbs(out), s.body, 0o600)
	}
	_, err = fmt.Fprintf(ts.Stdout(), "%d %s\n", s.code, s.body)
	return err
}

// sentForm is a form with a file.
type sentForm struct {
	file, name string
	fields     []string
}

func (f *sentForm) body(ts *testscript.TestScript) (io.Reader, string, error) {
	data, err := os.ReadFile(ts.MkAbs(f.file))
	if err != nil {
		return nil, "", err
	}
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, field := range f.fields {
		key, value, _ := strings.Cut(field, "=")
		if strings.HasPrefix(value, "@") {
			value = ts.ReadFile(value[1:])
		}
		if err := w.WriteField(key, value); err != nil {
			return nil, "", err
		}
	}
	part, err := w.CreateFormFile("file", cmp.Or(f.name, filepath.Base(f.file)))
	if err != nil {
		return nil, "", err
	}
	_, _ = part.Write(data)
	return &b, w.FormDataContentType(), w.Close()
}

func requestBody(ts *testscript.TestScript, args []string, form *sentForm) (io.Reader, string, error) {
	if form.file != "" {
		return form.body(ts)
	}
	if len(args) == 0 {
		return nil, "", nil
	}
	kind := "application/json"
	if args[0] != "" && args[0][0] == '@' {
		data, err := os.ReadFile(ts.MkAbs(args[0][1:]))
		return bytes.NewReader(data), kind, err
	}
	return strings.NewReader(args[0]), kind, nil
}

func (s *session) status(_ *testscript.TestScript, args []string) error {
	if got := strconv.Itoa(s.code); got != args[0] {
		return fmt.Errorf("status %s, want %s: %s", got, args[0], s.body)
	}
	return nil
}

func (s *session) member(path string) (string, error) {
	var v any
	if err := json.Unmarshal(s.body, &v); err != nil {
		return "", fmt.Errorf("the answer is not JSON: %s", s.body)
	}
	for _, key := range strings.Split(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[key]
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i >= len(x) {
				return "", fmt.Errorf("no %s in %s", path, s.body)
			}
			v = x[i]
		default:
			return "", fmt.Errorf("no %s in %s", path, s.body)
		}
	}
	if v == nil {
		return "", fmt.Errorf("no %s in %s", path, s.body)
	}
	return fmt.Sprint(v), nil
}

func (s *session) get(ts *testscript.TestScript, args []string) error {
	v, err := s.member(args[1])
	if err == nil {
		ts.Setenv(args[0], v)
	}
	return err
}

func (s *session) is(_ *testscript.TestScript, args []string) error {
	v, err := s.member(args[0])
	if err == nil && v != args[1] {
		err = fmt.Errorf("%s is %q, want %q", args[0], v, args[1])
	}
	return err
}

func (s *session) until(ts *testscript.TestScript, args []string) error {
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		var err error
		if s.code, s.body, err = s.do("GET", args[2], nil, nil); err != nil {
			return err
		}
		if err = s.is(ts, args[:2]); err == nil || time.Now().After(deadline) {
			return err
		}
	}
}

func (s *session) flip(ts *testscript.TestScript, args []string) error {
	data, err := os.ReadFile(ts.MkAbs(args[0]))
	if err != nil {
		return err
	}
	at, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	if at < 0 {
		at += len(data)
	}
	data[at] ^= 1
	return os.WriteFile(ts.MkAbs(args[1]), data, 0o600)
}

func (s *session) append(ts *testscript.TestScript, args []string) error {
	data, err := os.ReadFile(ts.MkAbs(args[0]))
	if err != nil {
		return err
	}
	return os.WriteFile(ts.MkAbs(args[1]), append(data, "% nothing to see\n"...), 0o600)
}

func (s *session) face(ts *testscript.TestScript, args []string) error {
	return os.WriteFile(ts.MkAbs(args[0]), testface.Face{Name: args[1], Holds: args[2]}.Bytes(), 0o600)
}

func (s *session) forge(ts *testscript.TestScript, args []string) error {
	data, err := os.ReadFile(ts.MkAbs(args[0]))
	if err != nil {
		return err
	}
	_, digits, ok := strings.Cut(strings.TrimSpace(string(data)), "#")
	token, ok2 := yinzheng.FromDigits(digits)
	parts := strings.Split(token, ".")
	if !ok || !ok2 || len(parts) != 3 {
		return fmt.Errorf("%s holds no token", data)
	}
	header, claims, signature := parts[0], parts[1], parts[2]
	decode := func(s string) string { b, _ := base64.RawURLEncoding.DecodeString(s); return string(b) }
	encode := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	for name, value := range map[string]string{
		"DIGITS":    digits,
		"CUT":       header + "." + claims,
		"LONGER":    token + "AA",
		"CLAIMS":    header + "." + encode(strings.Replace(decode(claims), "李*香", "张*香", 1)) + "." + signature,
		"SIGNATURE": header + "." + claims + "." + encode(string([]byte{decode(signature)[0] ^ 1})+decode(signature)[1:]),
		"NONE":      encode(strings.Replace(decode(header), "ES256", "none", 1)) + "." + claims + ".",
		"HS256":     encode(strings.Replace(decode(header), "ES256", "HS256", 1)) + "." + claims + "." + signature,
		"PADDED":    header + "." + claims + "." + signature + "==",
		"UNKNOWN":   encode(`{"alg":"ES256","kid":"AAAAAAAA"}`) + "." + claims + "." + signature,
	} {
		ts.Setenv(name, value)
	}
	return nil
}

func (s *session) capture(ts *testscript.TestScript, args []string) error {
	re, err := regexp.Compile(args[1])
	if err != nil {
		return err
	}
	m := re.FindStringSubmatch(ts.ReadFile("stdout"))
	if len(m) < 2 {
		return fmt.Errorf("%s matches nothing", args[1])
	}
	ts.Setenv(args[0], m[1])
	return nil
}
