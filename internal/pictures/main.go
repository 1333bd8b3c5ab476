// Command pictures takes the pictures in docs/images from the running program:
// it starts a demo, gives it a morning's work, and goes through the pages as
// clerks, approvers and administrators do. So the guides show what there is.
package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
)

const (
	images  = "docs/images"
	listen  = "127.0.0.1:18931" // fixed: the address shows in pictures
	address = "http://" + listen
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "pictures:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	work, err := os.MkdirTemp("", "yinzheng-pictures-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	program := filepath.Join(work, "yinzheng")
	if err := command(ctx, "go", "build", "-o", program, "./cmd/yinzheng"); err != nil {
		return err
	}
	if err := certificate(ctx, program, filepath.Join(work, "out")); err != nil {
		return err
	}
	paper, stop, err := demo(ctx, program, filepath.Join(work, "demo"))
	if err != nil {
		return err
	}
	defer stop()
	m, err := newMorning(ctx)
	if err != nil {
		return err
	}
	w, err := newWindow(ctx, filepath.Join(work, "profile"))
	if err != nil {
		return err
	}
	defer w.close()
	for _, take := range []func(*window, *morning){clerk, approver, administrator, applicant} {
		take(w, m)
	}
	w.phone()
	w.open(paper)
	w.sees("#word", "有效")
	w.take("verify")
	return w.err
}

// certificate draws a sealed certificate as a reader of PDFs does.
func certificate(ctx context.Context, program, out string) error {
	if err := command(ctx, program, "demo", "--once", "--dir", out); err != nil {
		return err
	}
	return command(ctx, "pdftoppm", "-r", "60", "-jpeg", "-jpegopt", "quality=75", "-singlefile", filepath.Join(out, "birth-registration.pdf"), filepath.Join(images, "certificate"))
}

func command(ctx context.Context, name string, args ...string) error {
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput() //nolint:gosec // programs that this one names
	if err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, out)
	}
	return nil
}

// demo starts a demo and returns what the QR code of one of its certificates
// holds, once it listens.
func demo(ctx context.Context, program, dir string) (paper string, stop func(), err error) {
	c := exec.CommandContext(ctx, program, "demo", "--listen", listen, "--dir", dir) //nolint:gosec // built here
	var said bytes.Buffer
	c.Stderr = &said
	out, err := c.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := c.Start(); err != nil {
		return "", nil, err
	}
	stop = func() { _ = c.Process.Signal(os.Interrupt); _ = c.Wait() }
	code := regexp.MustCompile(regexp.QuoteMeta(address) + `/v/\S+#\S+`)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if paper == "" {
			paper = code.FindString(lines.Text())
		}
		if strings.HasPrefix(lines.Text(), "Stop with") {
			return paper, stop, nil
		}
	}
	stop()
	return "", nil, fmt.Errorf("the demo ended before it listened: %s", &said)
}
