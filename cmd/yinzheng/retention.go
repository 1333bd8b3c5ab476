package main

import (
	"context"
	"fmt"

	"yinzheng"
)

type retentionCmd struct {
	folder
	DryRun bool `help:"Only say what would be erased now, and by which rule."`
}

func (retentionCmd) Help() string {
	return `The server erases by itself, once an hour, what has been kept long enough; this does it at once. Certificates, what was done and the record of it stay. Stop the server first: one program works on a data folder at a time. Copies of the data folder are not reached: see docs/privacy.md.

  yinzheng retention --dry-run --dir data`
}

func (c *retentionCmd) Run(ctx context.Context, e *env) error {
	sys, err := c.open(ctx, e)
	if err != nil {
		return err
	}
	defer sys.Close()
	if c.DryRun {
		return printRetention(ctx, sys, e)
	}
	erased, err := eraseAll(ctx, sys)
	for _, r := range sys.RetentionRules() {
		fmt.Fprintf(e.stdout, "%-13s %6d erased\n", r.Key, erased[r.Key])
	}
	return err
}

// eraseAll goes on until a round finds nothing more: the server has the next hour for
// what a round leaves.
func eraseAll(ctx context.Context, sys *system) (map[string]int, error) {
	all := map[string]int{}
	for {
		erased, err := sys.EraseInTime(ctx)
		for rule, n := range erased {
			all[rule] += n
		}
		if len(erased) == 0 || err != nil {
			return all, err
		}
	}
}

// printRetention says what would be erased now.
func printRetention(ctx context.Context, sys *system, e *env) error {
	v, err := sys.Retention(ctx, sys.Operator())
	if err != nil {
		return err
	}
	for i := range v.Rules {
		printRule(e, &v.Rules[i])
	}
	fmt.Fprintf(e.stdout, "%d drafts go within 14 days, of which their offices are told now; %d cases are held\n", v.Fading, len(v.Holds))
	return nil
}

func printRule(e *env, r *yinzheng.RetentionLine) {
	fmt.Fprintf(e.stdout, "%-13s %6d to erase, %d still needed; kept for %s\n              %s  %s\n", r.Key, r.Due, r.Needed, r.Term().EN, r.What.ZH, r.What.EN)
}
