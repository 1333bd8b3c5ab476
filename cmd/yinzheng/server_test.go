package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// server is a running yinzheng, in a process of its own.
type server struct {
	cmd *exec.Cmd
	url string
}

// startServer runs yinzheng with args on a free port and waits until it is
// ready. $URL in args is its address.
func startServer(dir string, args, env []string) (*server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := l.Addr().String()
	l.Close()
	bin, err := exec.LookPath("yinzheng") // TestMain puts it there
	if err != nil {
		return nil, err
	}
	log, err := os.OpenFile(filepath.Join(dir, "server.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	s := &server{exec.Command(bin), "http://" + addr}
	for _, a := range append(slices.Clone(args), "--listen", addr) {
		s.cmd.Args = append(s.cmd.Args, strings.ReplaceAll(a, "$URL", s.url))
	}
	s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = dir, log, log
	s.cmd.Env = append(os.Environ(), env...)
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	for range 400 {
		if resp, err := http.Get(s.url + "/readyz"); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return s, nil
			}
		}
		time.Sleep(25 * time.Millisecond)
	}
	s.kill()
	out, _ := os.ReadFile(log.Name())
	return nil, fmt.Errorf("the server is not ready:\n%s", out)
}

// kill ends the server at once, as a power cut would.
func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

// stop ends the server politely.
func (s *server) stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return s.cmd.Wait()
}

// client is somebody who talks to a server.
type client struct{ url, bearer string }

func (c *client) do(method, path string, header http.Header, body io.Reader) (int, []byte, error) {
	req, err := http.NewRequest(method, c.url+path, body)
	if err != nil {
		return 0, nil, err
	}
	if header != nil {
		req.Header = header
	}
	if c.bearer != "" {
		req.Header.Set("Authorization", "Bearer "+c.bearer)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	return resp.StatusCode, answer, err
}

func (c *client) signIn(username, password string) error {
	body, _ := json.Marshal(map[string]string{"username": username, "password": password})
	c.bearer = ""
	code, answer, err := c.do("POST", "/api/v1/sessions", http.Header{"Content-Type": {"application/json"}}, bytes.NewReader(body))
	if err != nil {
		return err
	}
	var in struct{ Token string }
	if err := json.Unmarshal(answer, &in); err != nil || in.Token == "" {
		return fmt.Errorf("sign in as %s: %d %s", username, code, answer)
	}
	c.bearer = in.Token
	return nil
}
