package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"yinzheng"
	"yinzheng/offline"
	"yinzheng/web"
)

type offlineCmd struct {
	Out    string   `help:"Folder to write, or to bring up to date." required:""`
	JWKS   string   `name:"jwks" help:"Key list, as served at /.well-known/jwks.json: no data folder is opened then." type:"existingfile"`
	Status []string `help:"Status list, as served at /status/N; may be given several times." type:"existingfile"`
	Root   string   `help:"Root certificate (PEM) that the key list must chain to; needed with --jwks." type:"existingfile"`
	folder
}

func (offlineCmd) Help() string {
	return `The folder holds the verifier, the root certificate and the lists of this moment. It works from a stick, in a browser without a network. A server that runs gives the same at /offline/stick.zip. Its lists are good for 24 hours: make it anew every day.

  yinzheng offline --out /media/stick/yinzheng --dir data --public-url https://zm.example.gov.cn
  yinzheng offline --out /media/stick/yinzheng --root root.pem --jwks jwks.json --status status.jwt`
}

func (c *offlineCmd) Run(ctx context.Context, e *env) error {
	stick, err := c.stick(ctx, e)
	if err != nil {
		return err
	}
	d, err := c.check(e, stick)
	if err != nil {
		return err
	}
	files, err := stick.Files()
	if err != nil {
		return err
	}
	if err := c.write(files); err != nil {
		return err
	}
	s := d.State()
	day := func(t time.Time) string { return t.In(yinzheng.Zone).Format("2006-01-02 15:04") }
	fmt.Fprintf(e.stdout, "Folder        %s\nRoot          %s\n              %s\nKey list      as of %s, good until %s\n", c.Out, s.Root, s.Fingerprint, day(s.Keys.Issued), day(s.Keys.Expires))
	for _, l := range s.Status {
		fmt.Fprintf(e.stdout, "Status list   %d, as of %s, good until %s\n", l.Number, day(l.Issued), day(l.Expires))
	}
	return nil
}

// write puts the files into the folder. All of them are on the disk beside the old
// ones before the first takes its place: a stick that is pulled out meanwhile holds
// what it held.
func (c *offlineCmd) write(files []web.StickFile) error {
	const beside = ".new"
	for _, f := range files {
		name := filepath.Join(c.Out, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil { //nolint:gosec // what is written there is for everybody
			return err
		}
		if err := writeSynced(name+beside, f.Content); err != nil {
			return err
		}
	}
	for _, f := range files {
		name := filepath.Join(c.Out, filepath.FromSlash(f.Name))
		if err := os.Rename(name+beside, name); err != nil {
			return err
		}
	}
	return nil
}

func writeSynced(name string, content []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644) //nolint:gosec // for everybody
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Sync(), f.Close())
}

// stick gathers what goes into the folder: from files, or from the data folder.
func (c *offlineCmd) stick(ctx context.Context, e *env) (*web.Stick, error) {
	if c.JWKS != "" {
		return c.fromFiles()
	}
	sys, err := c.open(ctx, e)
	if err != nil {
		return nil, err
	}
	defer sys.Close()
	return web.NewStick(ctx, sys.Service, sys.ring.Root().Raw)
}

func (c *offlineCmd) fromFiles() (*web.Stick, error) {
	root, err := readRoot(c.Root)
	if err != nil {
		return nil, err
	}
	t := &web.Stick{Kit: &yinzheng.OfflineKit{Root: root.Raw, Lists: len(c.Status), Names: itemNames(), Host: root.Subject.CommonName}}
	if t.Keys, err = os.ReadFile(c.JWKS); err != nil {
		return nil, err
	}
	for _, f := range c.Status {
		list, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		t.Status = append(t.Status, []byte(strings.TrimSpace(string(list))))
	}
	return t, nil
}

// check refuses a folder whose lists its own verifier would refuse.
func (c *offlineCmd) check(e *env, stick *web.Stick) (*offline.Device, error) {
	d, err := offline.New(stick.Kit)
	if err != nil {
		return nil, err
	}
	for i, list := range append([][]byte{stick.Keys}, stick.Status...) {
		if _, err := d.Take(list, e.now()); err != nil {
			name := "the key list"
			if i > 0 {
				name = fmt.Sprintf("status list %d", i)
			}
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return d, nil
}
