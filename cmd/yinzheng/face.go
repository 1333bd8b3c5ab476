package main

import (
	"context"
	"fmt"
	"os"

	"yinzheng"
)

type faceCmd struct {
	Add  faceAddCmd  `cmd:"" help:"Add a TrueType face that holds characters which are missing."`
	List faceListCmd `cmd:"" help:"List the characters that no face holds, and the faces that were added."`
}

func (faceCmd) Help() string {
	return `A character that no face holds keeps a case from being submitted and is a task for the administrators, who add a face on the page of missing characters. Here whoever works on the machine adds one, of up to 48 MB, with the server stopped. It is kept in the database and used by every process.`
}

type faceAddCmd struct {
	File string `arg:"" help:"The face: .ttf with TrueType outlines." type:"existingfile"`
	folder
}

func (c *faceAddCmd) Run(ctx context.Context, e *env) error {
	data, err := readFace(c.File)
	if err != nil {
		return err
	}
	sys, err := c.open(ctx, e)
	if err != nil {
		return err
	}
	defer sys.Close()
	holds, err := sys.AddFace(ctx, sys.Operator(), data)
	for _, r := range holds {
		fmt.Fprintf(e.stdout, "%c %s\n", r, yinzheng.CodePoint(r))
	}
	return err
}

// readFace refuses a file that is too large before it is read.
func readFace(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > yinzheng.MaxFace {
		return nil, fmt.Errorf("%s has %d bytes, a face has at most %d", path, info.Size(), yinzheng.MaxFace)
	}
	return os.ReadFile(path)
}

type faceListCmd struct{ folder }

func (c *faceListCmd) Run(ctx context.Context, e *env) error {
	sys, err := c.open(ctx, e)
	if err != nil {
		return err
	}
	defer sys.Close()
	tasks, err := sys.CharacterTasks(ctx, sys.Operator())
	if err != nil {
		return err
	}
	for _, m := range tasks.Open {
		fmt.Fprintf(e.stdout, "missing  %c %s  since %s, %d cases\n", m.Character, yinzheng.CodePoint(m.Character), localTime(m.Opened), m.Cases)
	}
	for _, f := range tasks.Faces {
		fmt.Fprintf(e.stdout, "face     %s  %.16s  added %s\n", f.Name, f.Digest, localTime(f.At))
	}
	return nil
}
