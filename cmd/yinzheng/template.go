package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"yinzheng"
	"yinzheng/design"
	"yinzheng/offices"
	"yinzheng/store"
	"yinzheng/templates"
)

type templateCmd struct {
	Lint   lintCmd   `cmd:"" help:"Check a template: every fault by line and field."`
	DryRun dryRunCmd `cmd:"" name:"dry-run" help:"Print the way a case with given values would go."`
	Export exportCmd `cmd:"" help:"Print a version of a template, to take it elsewhere."`
	Import importCmd `cmd:"" help:"Begin a design out of a template's text."`
}

type lintCmd struct {
	File   string `arg:"" help:"Template (YAML)." type:"existingfile"`
	Tree   string `help:"Office tree to hold the chain against: CSV or .xlsx with the columns code,name,parent,level." type:"existingfile" xor:"tree"`
	Organs string `help:"Organs of that tree, as init takes them: they say which offices have a function." type:"existingfile"`
	Dir    string `help:"Data folder whose office tree to hold the chain against, beside a running server if need be." type:"existingdir" xor:"tree"`
	Others string `name:"templates-dir" help:"Folder of the templates beside it, whose items its materials may refer to, besides the built-in ones." type:"existingdir"`
}

func (lintCmd) Help() string {
	return `Refuses what could never be issued: a last step that may not apply, a step that is never reached, a condition on an absent field, a level or post that does not exist in the office tree.

  yinzheng template lint more/alive.yaml --dir data
  yinzheng template lint more/alive.yaml --tree divisions.csv --organs organs.csv`
}

func (c *lintCmd) Run(ctx context.Context, e *env) error {
	if c.Organs != "" && c.Tree == "" {
		return errors.New("--organs says which offices of --tree have a function: give both")
	}
	t, err := loadTemplate(c.File)
	if err != nil {
		return err
	}
	d, err := c.directory(ctx)
	if err != nil {
		return err
	}
	note := ""
	if d != nil {
		faults := t.CheckOffices(d)
		if c.Tree != "" && c.Organs == "" {
			all := len(faults)
			if faults = t.CheckLevels(d); len(faults) < all {
				note = "; functions were not held against the tree, for which --organs or --dir is needed"
			}
		}
		if err := c.refuse(faults); err != nil {
			return err
		}
	}
	known, err := c.items(ctx, t)
	if err != nil {
		return err
	}
	if err := c.refuse(t.CheckItems(known)); err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "%s: %s version %d, %d steps, no faults%s\n", c.File, t.Code, t.Version, len(t.Chain), note)
	return nil
}

// refuse is the error that lists faults, nil when there are none.
func (c *lintCmd) refuse(faults []yinzheng.FieldError) error {
	if len(faults) == 0 {
		return nil
	}
	var lines []string
	for _, f := range faults {
		lines = append(lines, f.Error())
	}
	return errors.New(c.File + ": " + strings.Join(lines, "\n"))
}

// items tells which items there are: the template's own, the built-in ones, those
// of the folder beside it and those that were made in the data folder.
func (c *lintCmd) items(ctx context.Context, t *yinzheng.Template) (known func(code string) bool, err error) {
	all, err := templateSet(c.Others)
	if err == nil && c.Dir != "" {
		var a *store.Audit
		if a, err = openAudit(ctx, c.Dir); err != nil {
			return nil, err
		}
		defer a.Close()
		all, _, err = design.InForce(ctx, a, templates.YAML{}, all)
	}
	return func(code string) bool {
		return code == t.Code || slices.ContainsFunc(all, func(o *yinzheng.Template) bool { return o.Code == code })
	}, err
}

// directory is the office tree to hold a template against, or nil.
func (c *lintCmd) directory(ctx context.Context) (*yinzheng.Directory, error) {
	switch {
	case c.Dir != "":
		a, err := openAudit(ctx, c.Dir)
		if err != nil {
			return nil, err
		}
		defer a.Close()
		return a.Directory(ctx)
	case c.Tree != "":
		divisions, seats, err := readTree(c.Tree, c.Organs, time.Time{})
		if err != nil {
			return nil, err
		}
		return offices.First(divisions, seats)
	}
	return nil, nil
}

func loadTemplate(file string) (*yinzheng.Template, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return templates.Load(file, text)
}

type dryRunCmd struct {
	File   string `arg:"" help:"Template (YAML)." type:"existingfile"`
	Values string `help:"Values (JSON), as in POST /api/v1/applications." type:"existingfile" required:""`
}

func (c *dryRunCmd) Run(_ context.Context, e *env) error {
	t, err := loadTemplate(c.File)
	if err != nil {
		return err
	}
	raw, err := os.ReadFile(c.Values)
	if err != nil {
		return err
	}
	var values map[string]any
	if err := json.Unmarshal(raw, &values); err != nil {
		return fmt.Errorf("%s: %w", c.Values, err)
	}
	checked, err := t.CheckValues(values, e.now())
	if err != nil {
		return err
	}
	for _, p := range checked.Problems {
		fmt.Fprintf(e.stdout, "to be mended: %s\n", p.Error())
	}
	for _, m := range t.Needed(checked.Values) {
		fmt.Fprintf(e.stdout, "to be attached: %s %s%s\n", m.Key, m.ZH, otherWays(&m))
	}
	for _, s := range t.Route(checked.Values) {
		fmt.Fprintf(e.stdout, "%-12s %s", s.Step.Key, s.Step.Name.ZH)
		if !s.Applies {
			fmt.Fprintln(e.stdout, "  (left out: its condition does not hold)")
			continue
		}
		var posts []string
		for _, p := range s.Step.Posts() {
			posts = append(posts, postName(p)+times(p.Count))
		}
		fmt.Fprintf(e.stdout, "  %s", strings.Join(posts, " + "))
		if s.Step.Need > 0 {
			fmt.Fprintf(e.stdout, ", %d of them", s.Step.Need)
		}
		if s.Step.Limit > 0 {
			fmt.Fprintf(e.stdout, ", within %d working days%s", s.Step.Limit, pastLimit(s.Step))
		}
		fmt.Fprintln(e.stdout)
	}
	fmt.Fprintf(e.stdout, "%-12s %s %s\n", "seal", t.Issuer, t.Function)
	return nil
}

// otherWays says what else meets a material.
func otherWays(m *yinzheng.Material) string {
	text := ""
	if m.Commitment != nil {
		text += fmt.Sprintf(", or by commitment, inspected within %d working days of issuing", m.Commitment.InspectDays)
	}
	if len(m.Certificate) > 0 {
		text += ", or by reference: " + strings.Join(m.Certificate, ", ")
	}
	if later := m.Later; later != nil {
		text += fmt.Sprintf(", or within %d working days after", later.Days)
		if later.Issue == yinzheng.IssueWaits {
			text += ", which issuing waits for"
		}
	}
	return text
}

// pastLimit says what happens when a step's limit is past.
func pastLimit(s *yinzheng.Step) string {
	text := ""
	if s.TakeOver != nil {
		text = ", then " + postName(s.Complete(*s.TakeOver)) + " too"
	}
	if len(s.Tell) > 0 {
		var posts []string
		for _, p := range s.Tell {
			posts = append(posts, postName(s.Complete(p)))
		}
		text += ", told besides: " + strings.Join(posts, ", ")
	}
	return text
}

func postName(p yinzheng.Post) string {
	return strings.Join(strings.Fields(fmt.Sprintf("%s %s %s", p.Level, p.Function, p.Role)), " ")
}

func times(n int) string {
	if n == 1 {
		return ""
	}
	return fmt.Sprintf(" ×%d", n)
}
