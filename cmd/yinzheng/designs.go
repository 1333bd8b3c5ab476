package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"

	"yinzheng"
	"yinzheng/design"
	"yinzheng/templates"
)

type exportCmd struct {
	Item    string `arg:"" help:"Code of the item, such as residence."`
	Version int    `arg:"" optional:"" help:"Version; left out, the newest."`
	As      string `help:"User name of an administrator of the topmost office." default:"admin" env:"YINZHENG_ADMIN"`
	folder
}

func (exportCmd) Help() string {
	return `Prints the YAML of a version that is in force, as it was published. The server has to be stopped; while it runs, take it from GET /api/v1/templates/ITEM/versions/N.

  yinzheng template export residence > residence.yaml`
}

func (c *exportCmd) Run(ctx context.Context, e *env) error {
	sys, by, err := c.openAs(ctx, e, c.As)
	if err != nil {
		return err
	}
	defer sys.Close()
	ref := yinzheng.TemplateRef{Code: c.Item, Version: c.Version}
	if c.Version == 0 {
		newest, err := sys.Template(c.Item)
		if err != nil {
			return err
		}
		ref = newest.Ref()
	}
	_, text, err := sys.designs.Text(ctx, by, ref)
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(e.stdout, text)
	return err
}

type importCmd struct {
	File string `arg:"" help:"Template (YAML)." type:"existingfile"`
	As   string `help:"User name of the administrator who begins the design." default:"admin" env:"YINZHENG_ADMIN"`
	folder
}

func (importCmd) Help() string {
	return `Begins a design out of a template that was made elsewhere, and names what is wrong with it here. It goes the way of every design: another administrator publishes it. The server has to be stopped; while it runs, POST the text to /api/v1/template-designs.

  yinzheng template import residence.yaml`
}

func (c *importCmd) Run(ctx context.Context, e *env) error {
	text, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	t, err := templates.YAML{}.Read(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	sys, by, err := c.openAs(ctx, e, c.As)
	if err != nil {
		return err
	}
	defer sys.Close()
	v, _, err := sys.designs.Begin(ctx, by, &design.Begin{Item: t.Code, Text: string(text)}, rand.Text())
	if err != nil {
		return err
	}
	for _, f := range v.Faults {
		fmt.Fprintln(e.stdout, "to be mended:", f.Error())
	}
	fmt.Fprintf(e.stdout, "Kept as design %s of %s version %d; once nothing is wrong with it, send it, and another administrator publishes it.\n", v.ID, t.Code, t.Version)
	return nil
}
