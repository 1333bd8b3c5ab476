package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"yinzheng"
	"yinzheng/register"
)

type personCmd struct {
	Import personImportCmd `cmd:"" help:"Bring in a register of persons."`
}

type personImportCmd struct {
	File     string `arg:"" help:"CSV or .xlsx with the columns id, name and any of former_name, former_id, former_id_type, id_type, sex, born, died, division, address, home_address, home_since, household, head_relation, mother_name, mother_id, father_name, father_id, spouse_name, spouse_id, or their Chinese names." type:"existingfile"`
	Register string `help:"What the register is called, such as 常住人口登记." required:""`
	AsOf     string `help:"Day that it speaks of, such as 2026-11-01." name:"as-of" required:""`
	Office   string `help:"Office whose register it is; it speaks of persons of the office's division and those below. Left out: the administrator's own."`
	Apply    bool   `help:"Keep it. Without this, only say what would change."`
	As       string `help:"User name of the administrator who imports." default:"admin" env:"YINZHENG_ADMIN"`
	folder
}

func (personImportCmd) Help() string {
	return `Says what is new, what is other than on record, what is the same, and what is refused, by its cell. With --apply all of it is kept in one transaction, or nothing when any row is refused. Done again, it changes nothing. An empty cell says nothing; 无 as the spouse's name ends the marriage on record, 误登 as the day of death takes back one that was recorded by mistake. A report that shows what is on record leaves an event. The same is done over the API while the server runs; here it has to be stopped.

  yinzheng person import persons.xlsx --register 常住人口登记 --as-of 2026-11-01`
}

func (c *personImportCmd) Run(ctx context.Context, e *env) (err error) {
	data, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	sys, err := c.open(ctx, e)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sys.Close()) }()
	by, err := sys.account(ctx, c.As)
	if err != nil {
		return err
	}
	m, err := sys.BeginImport(by, c.Office, c.Register, c.AsOf, data)
	if err != nil {
		return err
	}
	p, err := register.Plan(ctx, sys.store, sys.Directory(), m, data)
	if err != nil {
		return err
	}
	err = sys.ImportPersons(ctx, by, p, !c.Apply || p.Refused > 0)
	if err != nil {
		return err
	}
	return c.report(e, p)
}

// reportIgnored names the columns of a file that stand for nothing.
func reportIgnored(e *env, headings []string) {
	if len(headings) > 0 {
		fmt.Fprintf(e.stdout, "Columns that nobody reads: %s\n", strings.Join(headings, ", "))
	}
}

// report says what an import changes; one with refused rows has failed.
func (c *personImportCmd) report(e *env, p *yinzheng.PlannedImport) error {
	for _, x := range p.Changes {
		older := ""
		if x.Older {
			older = " (older than what is on record, which stays)"
		}
		fmt.Fprintf(e.stdout, "%s: %s: %s → %s%s\n", x.Place, x.Field, x.Was, x.Is, older)
	}
	reportIgnored(e, p.Ignored)
	for _, f := range p.Refusal {
		fmt.Fprintf(e.stdout, "refused: %s: %s\n", f.Field, f.Text)
	}
	fmt.Fprintf(e.stdout, "%d rows: %d new, %d changed, %d the same, %d refused\n", p.Rows, p.New, p.Changed, p.Same, p.Refused)
	switch {
	case p.Refused > 0:
		fmt.Fprintln(e.stdout, "Nothing was kept: please mend the refused rows and import the file again.")
		return exitCode(1)
	case !c.Apply:
		fmt.Fprintln(e.stdout, "Nothing was kept; repeat it with --apply.")
	case !p.Applied:
		fmt.Fprintln(e.stdout, "All of it was on record already.")
	}
	return nil
}
