package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"yinzheng"
	"yinzheng/offices"
)

type officeCmd struct {
	Import officeImportCmd `cmd:"" help:"Bring the office tree to what a file says."`
	Change officeChangeCmd `cmd:"" help:"Merge, split, rename, close, move or add, as an order says."`
}

// officeSettings are what both ways of changing the tree are told.
type officeSettings struct {
	Apply bool   `help:"Decide it. Without this, only say what would change."`
	As    string `help:"User name of the administrator who decides." default:"admin" env:"YINZHENG_ADMIN"`
	folder
}

const officeHelp = `Says what would change, and with --apply changes it: on the day given, or at once. Open cases move along, their history keeps the old names, people keep their posts in the office that takes over, a seal whose organ ends or is renamed stops, and what it sealed still verifies. The same is done over the API while the server runs; here it has to be stopped.`

type officeImportCmd struct {
	File      string `arg:"" help:"CSV or .xlsx with the columns code,name,parent,level and, for what is closed, successor." type:"existingfile"`
	Title     string `help:"The document that orders it, such as 惠府办〔2026〕12号." required:""`
	Effective string `help:"Day from which on, such as 2027-01-01. Left out: now."`
	officeSettings
}

func (officeImportCmd) Help() string {
	return officeHelp + "\n\nWhat the file does not mention stays as it is.\n\n  yinzheng office import tree.xlsx --title 惠府办〔2026〕12号"
}

func (c *officeImportCmd) Run(ctx context.Context, e *env) error {
	data, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	return c.reorganise(ctx, e, func(d *yinzheng.Directory, now time.Time) (*yinzheng.Reorganisation, error) {
		r, left, err := offices.PlanFile(d, c.Title, c.Effective, data, now)
		if err == nil && left > 0 {
			fmt.Fprintf(e.stdout, "%d divisions are not in the file and stay as they are\n", left)
		}
		return r, err
	})
}

type officeChangeCmd struct {
	File string `arg:"" help:"Order (JSON), as for POST /api/v1/reorganisations." type:"existingfile"`
	officeSettings
}

func (officeChangeCmd) Help() string {
	return officeHelp + `

  {"title": "惠府办〔2026〕12号", "effective": "2027-01-01",
   "merge": [{"divisions": ["441302001001", "441302001003"], "into": {"code": "441302001001", "name": "东湖新社区"}}]}`
}

func (c *officeChangeCmd) Run(ctx context.Context, e *env) error {
	data, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	var o offices.Order
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&o); err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	return c.reorganise(ctx, e, func(d *yinzheng.Directory, now time.Time) (*yinzheng.Reorganisation, error) {
		return offices.Plan(d, &o, now)
	})
}

func (c *officeSettings) reorganise(ctx context.Context, e *env, plan func(*yinzheng.Directory, time.Time) (*yinzheng.Reorganisation, error)) error {
	sys, by, err := c.openAs(ctx, e, c.As)
	if err != nil {
		return err
	}
	defer sys.Close()
	r, err := plan(sys.Directory(), sys.Now())
	if err != nil {
		return err
	}
	n, err := sys.CasesConcerned(ctx, r)
	if err != nil {
		return err
	}
	if err := sys.Reorganise(ctx, by, r, !c.Apply); err != nil {
		return err
	}
	for _, x := range r.Changes {
		fmt.Fprintln(e.stdout, changeLine(&x))
	}
	fmt.Fprintf(e.stdout, "%d changes, %d open cases concerned, from %s on: %s\n", len(r.Changes), n, r.Effective.In(yinzheng.Zone).Format(time.DateOnly), r.View().State)
	if r.Trouble != nil {
		fmt.Fprintf(e.stdout, "%s\n", r.Trouble.EN)
	}
	if !c.Apply {
		fmt.Fprintln(e.stdout, "Nothing was changed; repeat it with --apply.")
	}
	return nil
}

func changeLine(x *yinzheng.TreeChange) string {
	line := fmt.Sprintf("%-8s %-8s %s %s", x.What, x.Kind, x.ID, x.Name)
	switch {
	case x.Was != "":
		line += ": " + x.Was + " → " + x.Is
	case x.Is != "":
		line += " → " + x.Is
	}
	return line
}
