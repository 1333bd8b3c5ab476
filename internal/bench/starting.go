package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// moduleFolder is where go.mod lies: the benchmark builds the program and
// reads the font file there.
func moduleFolder() (string, error) {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOMOD: %w", err)
	}
	file := strings.TrimSpace(string(out))
	if filepath.Base(file) != "go.mod" {
		return "", errors.New("start the benchmark inside the module: go run ./internal/bench")
	}
	return filepath.Dir(file), nil
}

const (
	divisionsCSV = "code,name,parent,level\n" + district + ",惠城区,,district\n" + town + ",桥东街道," + district + ",town\n" + community + ",东湖社区," + town + ",village\n"
	organsCSV    = "division,name,credit_code\n" + district + ",惠州市惠城区民政局,%s\n" + town + ",惠州市惠城区桥东街道办事处,%s\n"
)

// program is the real binary with the data folder that its own init made.
type program struct {
	dir, binary, bare string
}

// build compiles the program and the bare server and makes the data folder.
func build(ctx context.Context, o *office) (*program, error) {
	p := &program{dir: filepath.Join(o.dir, "program"), binary: filepath.Join(o.dir, "yinzheng"), bare: filepath.Join(o.dir, "bare")}
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return nil, err
	}
	root, err := moduleFolder()
	if err != nil {
		return nil, err
	}
	for out, pkg := range map[string]string{p.binary: "./cmd/yinzheng", p.bare: "./internal/bench/bare"} {
		cmd := exec.CommandContext(ctx, "go", "build", "-o", out, pkg) //nolint:gosec // both are named just above
		cmd.Dir = root
		if text, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("go build %s: %w\n%s", pkg, err, text)
		}
	}
	organs := fmt.Sprintf(organsCSV, o.directory.Organs[0].Code, o.directory.Organs[1].Code)
	for name, text := range map[string]string{"divisions.csv": divisionsCSV, "organs.csv": organs} {
		if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	cmd := p.command(ctx, "init", "--divisions", "divisions.csv", "--organs", "organs.csv", "--admin-name", "王芳", "--admin-id", "11010519491231002X", "--root-key", "root.pem")
	if text, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("init: %w\n%s", err, text)
	}
	return p, nil
}

func (p *program) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, p.binary, append([]string{name, "--dir", "data", "--public-url", publicURL}, args...)...) //nolint:gosec // the program that was built here
	cmd.Dir = p.dir
	cmd.Env = append(os.Environ(), "YINZHENG_PASSPHRASE=bench-passphrase")
	return cmd
}

func (p *program) bareCommand(ctx context.Context, address string) *exec.Cmd {
	return exec.CommandContext(ctx, p.bare, address) //nolint:gosec // the program that was built here
}

// freeAddress is a loopback address that nobody listened on a moment ago.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// start runs a server until it is ready, lets it settle, and ends it. It
// returns the time from the start to the first good answer, and the memory
// that it then holds.
func start(cmd *exec.Cmd, address string, settle time.Duration) (ready time.Duration, resident float64, err error) {
	var said strings.Builder
	cmd.Stderr = &said
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, 0, err
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	if err := pollReady(address, done, begun.Add(20*time.Second)); err != nil {
		_ = cmd.Process.Kill()
		return 0, 0, fmt.Errorf("%s: %w\n%s", cmd.Args[0], err, said.String())
	}
	ready = time.Since(begun)
	<-time.After(settle)
	if resident, err = residentMemory(cmd.Process.Pid); err != nil {
		return 0, 0, err
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return 0, 0, err
	}
	<-done //nolint:errcheck // ended by the signal, which some report as an error
	return ready, resident, nil
}

func pollReady(address string, done <-chan error, limit time.Time) error {
	client := &http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for time.Now().Before(limit) {
		select {
		case err := <-done:
			return fmt.Errorf("it ended: %w", err)
		case <-time.After(500 * time.Microsecond):
		}
		answer, err := client.Get("http://" + address + "/readyz")
		if err != nil {
			continue // it does not listen yet
		}
		_, _ = io.Copy(io.Discard, answer.Body)
		_ = answer.Body.Close()
		if answer.StatusCode == http.StatusOK {
			return nil
		}
	}
	return errors.New("it is not ready after 20 s")
}

// residentMemory is a process's VmRSS in bytes (proc_pid_status(5)).
func residentMemory(pid int) (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, line, _ := strings.Cut(string(status), "VmRSS:")
	fields := strings.Fields(line)
	if len(fields) == 0 {
		return 0, fmt.Errorf("/proc/%d/status has no VmRSS", pid)
	}
	kb, err := strconv.ParseFloat(fields[0], 64)
	return kb * 1024, err
}

// startRows measures the real program from its start to its first answer, and
// what it holds when nothing happens, beside a server that does nothing.
func startRows(ctx context.Context, o *office, rounds int, settle time.Duration) ([]row, error) {
	p, err := build(ctx, o)
	if err != nil {
		return nil, err
	}
	run := func(cmd func(address string) *exec.Cmd, took, memory *series) func() error {
		return func() error {
			address, err := freeAddress()
			if err != nil {
				return err
			}
			ready, resident, err := start(cmd(address), address, settle)
			took.add(float64(ready))
			memory.add(resident)
			return err
		}
	}
	var took, memory, bareTook, bareMemory series
	err = interleave(rounds,
		run(func(a string) *exec.Cmd { return p.command(ctx, "serve", "--listen", a) }, &took, &memory),
		run(func(a string) *exec.Cmd { return p.bareCommand(ctx, a) }, &bareTook, &bareMemory),
	)
	if err != nil {
		return nil, err
	}
	var rows []row
	add := adder(&rows, &err)
	add("start to ready, empty store", took.median()/1e6, "ms", fmt.Sprintf("a bare server's start: %s ms", number(bareTook.median()/1e6)), took.over(bareTook), valueAtMost(300))
	add("idle memory (RSS)", memory.median()/(1<<20), "MB", fmt.Sprintf("a bare server: %s MB", number(bareMemory.median()/(1<<20))), memory.over(bareMemory), valueAtMost(100))
	return rows, err
}
