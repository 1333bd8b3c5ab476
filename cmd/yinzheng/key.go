package main

import (
	"context"
	"fmt"
	"time"

	"yinzheng"
)

type keyCmd struct {
	List    keyListCmd    `cmd:"" help:"List every key: what it is for, how it stands, until when."`
	Suspend keySuspendCmd `cmd:"" help:"Suspend a key at once: it signs nothing new."`
	Propose keyProposeCmd `cmd:"" help:"Propose to lift a suspension, to rotate a key, or to declare it compromised."`
	Decline keyDeclineCmd `cmd:"" help:"Decline what was proposed of a key."`
}

func (keyCmd) Help() string {
	return `The same as administrators do on the page of seals or through the API, for whoever works on the machine itself. What is proposed here an administrator who has signed in confirms: nobody knows who the operator is. Stop the server first: one program works on a data folder at a time.

  yinzheng key list --dir data
  yinzheng key suspend --dir data --reason 怀疑被盗用 -- KEY
  yinzheng key propose --dir data --reason 例行更换 -- KEY rotate

Keys stand after --, since one of them in 64 begins with a hyphen.`
}

// onKey lets the operator do something to a key at the version that is kept.
func (f *folder) onKey(ctx context.Context, e *env, kid string, do func(sys *system, by *yinzheng.Account, seen int) (*yinzheng.KeyView, error)) error {
	sys, err := f.open(ctx, e)
	if err != nil {
		return err
	}
	defer sys.Close()
	by := sys.Operator()
	kept, err := sys.KeyInCare(ctx, by, kid)
	if err != nil {
		return err
	}
	v, err := do(sys, by, kept.Version)
	if err != nil {
		return err
	}
	fmt.Fprintln(e.stdout, keyLine(v))
	return nil
}

func keyLine(k *yinzheng.KeyView) string {
	line := fmt.Sprintf("%s  %-9s %-11s to %s  %s", k.KID, k.Purpose, k.State, k.NotAfter.In(yinzheng.Zone).Format(time.DateOnly), k.OrganName)
	if k.DaysLeft != nil {
		line += fmt.Sprintf("  (%d days left)", *k.DaysLeft)
	}
	if k.Proposal != nil {
		line += fmt.Sprintf("  (proposed: %s)", k.Proposal.Change)
	}
	return line
}

type keyListCmd struct{ folder }

func (c *keyListCmd) Run(ctx context.Context, e *env) error {
	sys, err := c.open(ctx, e)
	if err != nil {
		return err
	}
	defer sys.Close()
	keys, err := sys.KeysInCare(ctx, sys.Operator())
	for _, k := range keys {
		fmt.Fprintln(e.stdout, keyLine(k))
	}
	return err
}

// keyReason is a key on the command line, and why something is done to it.
type keyReason struct {
	Key    string `arg:"" help:"The key's ID, as key list prints it."`
	Reason string `help:"Why; recorded, so without names or numbers." required:""`
}

type keySuspendCmd struct {
	keyReason
	folder
}

func (c *keySuspendCmd) Run(ctx context.Context, e *env) error {
	return c.onKey(ctx, e, c.Key, func(sys *system, by *yinzheng.Account, seen int) (*yinzheng.KeyView, error) {
		return sys.SuspendKey(ctx, by, c.Key, seen, c.Reason)
	})
}

type keyProposeCmd struct {
	keyReason
	Change string `arg:"" help:"lift, rotate or compromise." enum:"lift,rotate,compromise"`
	Since  moment `help:"Of compromise: since when the key may have been in other hands."`
	folder
}

func (c *keyProposeCmd) Run(ctx context.Context, e *env) error {
	return c.onKey(ctx, e, c.Key, func(sys *system, by *yinzheng.Account, seen int) (*yinzheng.KeyView, error) {
		return sys.ProposeKeyChange(ctx, by, c.Key, seen, &yinzheng.KeyRequest{Change: yinzheng.KeyChange(c.Change), Since: c.Since.Time, Reason: c.Reason})
	})
}

type keyDeclineCmd struct {
	keyReason
	folder
}

func (c *keyDeclineCmd) Run(ctx context.Context, e *env) error {
	return c.onKey(ctx, e, c.Key, func(sys *system, by *yinzheng.Account, seen int) (*yinzheng.KeyView, error) {
		return sys.DeclineKeyChange(ctx, by, c.Key, seen, c.Reason)
	})
}
