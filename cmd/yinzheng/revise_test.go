package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

var (
	lastStart  = regexp.MustCompile(`startxref\n([0-9]+)\n%%EOF\n$`)
	rootOf     = regexp.MustCompile(`/Root [0-9]+ 0 R`)
	infoOf     = regexp.MustCompile(`/Info [0-9]+ 0 R`)
	sizeOf     = regexp.MustCompile(`/Size ([0-9]+)`)
	errNoShape = errors.New("not a PDF as yinzheng writes it")
)

// revise copies a PDF with one more revision, which changes nothing. How it is
// written: "plain"; "far", its startxref where viewers do not look for it; or
// "small", with a Size that lets objects vanish.
func (s *session) revise(ts *testscript.TestScript, args []string) error {
	data, err := os.ReadFile(ts.MkAbs(args[0]))
	if err != nil {
		return err
	}
	start := lastStart.FindSubmatch(data)
	if start == nil {
		return errNoShape
	}
	tail := data[bytes.LastIndex(data, []byte("/Type/XRef")):]
	root, info, size := rootOf.Find(tail), infoOf.Find(tail), sizeOf.FindSubmatch(tail)
	if root == nil || size == nil {
		return errNoShape
	}
	gap, count := "", string(size[1])
	switch args[2] {
	case "far":
		gap = strings.Repeat(" ", 6000)
	case "small":
		count = "4"
	}
	out := bytes.NewBuffer(bytes.Clone(data))
	fmt.Fprintf(out, "xref\n0 0\ntrailer\n<</Size %s%s%s/Prev %s>>\nstartxref\n%s%d\n%%%%EOF\n", count, root, info, start[1], gap, len(data))
	return os.WriteFile(ts.MkAbs(args[1]), out.Bytes(), 0o600)
}
