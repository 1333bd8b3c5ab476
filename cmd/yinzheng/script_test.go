package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"yinzheng": func() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }})
}

// TestScript runs the journeys in testdata/script. Besides testscript's own
// commands they have:
//
//	start ARGS…           run yinzheng with ARGS and --listen on a free port, wait until it is ready; sets $URL
//	stop [-9]             end it, politely or by SIGKILL
//	signin USER [PASS]    sign in; api then acts as USER
//	api [-if N] [-key K] [-accept T] [-file F] [-o F] [-raw] METHOD PATH [BODY]
//	                      one request; BODY is JSON or @FILE; the answer goes to stdout, or with -o to a file
//	status N              the last answer's status
//	get VAR PATH          a member of the last answer (a.b.0.c) into $VAR
//	is PATH VALUE         a member of the last answer has this value
//	flip IN OUT OFFSET    a copy of a file with one byte changed
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(e *testscript.Env) error {
			e.Values[sessionKey{}] = &session{}
			e.Setenv("FONTS", "/usr/share/fonts/truetype/hanazono")
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"start": with((*session).start), "stop": with((*session).stop), "signin": with((*session).signIn), "api": with((*session).api),
			"status": with((*session).status), "get": with((*session).get), "is": with((*session).is), "flip": with((*session).flip),
		},
	})
}

type sessionKey struct{}

// session is what one script has going on.
type session struct {
	server *exec.Cmd
	url    string
	bearer string
	code   int
	body   []byte
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
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	addr := l.Addr().String()
	l.Close()
	s.url = "http://" + addr
	ts.Setenv("URL", s.url)
	bin, err := exec.LookPath("yinzheng")
	if err != nil {
		return err
	}
	log, err := os.Create(ts.MkAbs("server.log"))
	if err != nil {
		return err
	}
	s.server = exec.Command(bin, append(args, "--listen", addr)...)
	s.server.Dir = ts.MkAbs(".")
	s.server.Env = append(os.Environ(), "TESTSCRIPT_COMMAND=yinzheng", "YINZHENG_PASSPHRASE="+ts.Getenv("YINZHENG_PASSPHRASE"))
	s.server.Stdout, s.server.Stderr = log, log
	if err := s.server.Start(); err != nil {
		return err
	}
	ts.Defer(func() { _ = s.stop(ts, []string{"-9"}) })
	for range 200 {
		if resp, err := http.Get(s.url + "/readyz"); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	out, _ := os.ReadFile(log.Name())
	return fmt.Errorf("the server is not ready:\n%s", out)
}

func (s *session) stop(_ *testscript.TestScript, args []string) error {
	if s.server == nil {
		return nil
	}
	how := syscall.SIGTERM
	if len(args) > 0 && args[0] == "-9" {
		how = syscall.SIGKILL
	}
	_ = s.server.Process.Signal(how)
	err := s.server.Wait()
	s.server = nil
	if how == syscall.SIGKILL {
		return nil
	}
	return err
}

func (s *session) signIn(ts *testscript.TestScript, args []string) error {
	password := demoPassword
	if len(args) > 1 {
		password = args[1]
	}
	body, _ := json.Marshal(map[string]string{"username": args[0], "password": password})
	s.bearer = ""
	if err := s.api(ts, []string{"POST", "/api/v1/sessions", string(body)}); err != nil {
		return err
	}
	var in struct{ Token string }
	if err := json.Unmarshal(s.body, &in); err != nil || in.Token == "" {
		return fmt.Errorf("sign in as %s: %d %s", args[0], s.code, s.body)
	}
	s.bearer = in.Token
	return nil
}

func (s *session) api(ts *testscript.TestScript, args []string) error {
	header := http.Header{}
	var out, file string
	raw := false
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		if args[0] == "-raw" {
			raw, args = true, args[1:]
			continue
		}
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
			file = args[1]
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
	body, kind, err := requestBody(ts, args[2:], file)
	if err != nil {
		return err
	}
	req, err := http.NewRequest(args[0], s.url+args[1], body)
	if err != nil {
		return err
	}
	req.Header = header
	if kind != "" && !raw {
		req.Header.Set("Content-Type", kind)
	}
	if s.bearer != "" {
		req.Header.Set("Authorization", "Bearer "+s.bearer)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	s.code = resp.StatusCode
	if s.body, err = io.ReadAll(resp.Body); err != nil {
		return err
	}
	if out != "" {
		return os.WriteFile(ts.MkAbs(out), s.body, 0o600)
	}
	_, err = fmt.Fprintf(ts.Stdout(), "%d %s\n", s.code, s.body)
	return err
}

func requestBody(ts *testscript.TestScript, args []string, file string) (io.Reader, string, error) {
	if file != "" {
		data, err := os.ReadFile(ts.MkAbs(file))
		if err != nil {
			return nil, "", err
		}
		var b bytes.Buffer
		w := multipart.NewWriter(&b)
		part, err := w.CreateFormFile("file", filepath.Base(file))
		if err != nil {
			return nil, "", err
		}
		_, _ = part.Write(data)
		return &b, w.FormDataContentType(), w.Close()
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
