package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"yinzheng"
	"yinzheng/catalogue"
)

type itemCmd struct {
	Import itemImportCmd `cmd:"" help:"Draft a change of the catalogue out of a list of items."`
	Report itemReportCmd `cmd:"" help:"What was kept, cancelled and replaced in a period, each figure with its items."`
}

type itemImportCmd struct {
	File  string `arg:"" help:"CSV or .xlsx with the columns code,name,basis,level and, if need be, subject,state,ground,way,by,conditions,materials,limit_days,steps,offices,per_year,trips,sheets,fields." type:"existingfile"`
	Title string `help:"The document that orders it, such as 惠府办〔2026〕15号." required:""`
	Apply bool   `help:"Draft the change. Without this, only say what it would be."`
	As    string `help:"User name of the administrator who drafts it." default:"admin" env:"YINZHENG_ADMIN"`
	folder
}

func (itemImportCmd) Help() string {
	return `Says what the list changes in the catalogue, and with --apply drafts the change. Faults are listed by their cells; while there is one, nothing is kept. The draft goes the way of every change: legality review by another person, comments until a date, publication. What the file does not mention stays as it is. The server has to be stopped; while it runs, POST the file to /api/v1/catalogue-changes/import.

  yinzheng item import items.xlsx --title 惠府办〔2026〕15号`
}

func (c *itemImportCmd) Run(ctx context.Context, e *env) error {
	data, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	sys, by, err := c.openAs(ctx, e, c.As)
	if err != nil {
		return err
	}
	defer sys.Close()
	in, err := sys.catalogue.Import(ctx, by, c.Title, data, !c.Apply)
	var bad *yinzheng.Error
	if errors.As(err, &bad) && len(bad.Fields) > 0 {
		for _, f := range bad.Fields {
			fmt.Fprintln(e.stderr, f.Error())
		}
		return errors.New(bad.Text.EN)
	}
	if err != nil {
		return err
	}
	reportIgnored(e, in.Ignored)
	for _, d := range in.Doubts {
		fmt.Fprintf(e.stdout, "%s: the name resembles the list of twenty (%s); the reviewer has to say what it is about\n", d.Code, strings.Join(d.Subjects, ", "))
	}
	for _, o := range in.Orphans {
		fmt.Fprintf(e.stdout, "%s: %d open cases; they finish\n", o.Code, o.OpenCases)
	}
	fmt.Fprintf(e.stdout, "%d new, %d changed, %d unchanged, %d not in the file stay\n", len(in.New), len(in.Changed), in.Unchanged, in.Left)
	if in.Change == nil {
		fmt.Fprintln(e.stdout, "Nothing was kept; repeat it with --apply.")
		return nil
	}
	fmt.Fprintf(e.stdout, "Drafted as change %s; it takes effect once it was reviewed by somebody else, open to comments and published.\n", in.Change.ID)
	return nil
}

type itemReportCmd struct {
	From string `help:"First day, such as 2026-01-01." required:""`
	To   string `help:"Last day." required:""`
	folder
}

func (c *itemReportCmd) Run(ctx context.Context, e *env) error {
	sys, err := c.open(ctx, e)
	if err != nil {
		return err
	}
	defer sys.Close()
	r, err := sys.catalogue.Report(c.From, c.To)
	if err != nil {
		return err
	}
	line := func(what string, n int, items []string) {
		fmt.Fprintf(e.stdout, "%-40s %8d  %s\n", what, n, strings.Join(items, " "))
	}
	table := func(what string, lines []catalogue.Line) {
		for _, l := range lines {
			line(what+l.Name.EN, l.Count, l.Items)
		}
	}
	line("kept on "+r.To, r.Kept.Count, r.Kept.Items)
	line("ended from "+r.From+" to "+r.To, r.Ended.Count, r.Ended.Items)
	table("cancelled: ", r.Cancelled)
	table("replaced by: ", r.Replaced)
	for _, s := range []struct {
		what string
		catalogue.Saving
	}{{"trips", r.Trips}, {"sheets", r.Sheets}, {"fields", r.Fields}} {
		line(s.what+" spared a year, where known", s.Sum, s.Items)
		line(s.what+" not known of", len(s.Unknown), s.Unknown)
	}
	return nil
}
