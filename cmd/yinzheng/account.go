package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"yinzheng"
	"yinzheng/offices"
)

type accountCmd struct {
	Username string `arg:"" help:"User name to sign in with."`
	Name     string `help:"The person's own name." required:""`
	ID       string `name:"id" help:"The person's resident ID number. Nobody decides a case of their own, and one person has one account." required:""`
	Division string `help:"Code of the division whose office the post is in." required:""`
	Function string `help:"Which of the division's offices, where there are several, such as health."`
	Role     string `help:"clerk, approver, admin or department." enum:"clerk,approver,admin,department" required:""`

	Dir string `help:"Data folder that init made." default:"data" env:"YINZHENG_DIR"`
	settings
	secretSettings
}

func (accountCmd) Help() string {
	return `Adds an account with one post, or a further post for a person who has an account already. A new person sets a password through the link printed, which works once. Stop the server first: one program works on a data folder at a time.`
}

func (c *accountCmd) Run(ctx context.Context, e *env) error {
	secret, err := c.secret()
	if err != nil {
		return err
	}
	now := time.Now().UTC().Truncate(time.Second)
	number, _, _, fault := yinzheng.ParseResidentID(c.ID, now)
	if fault != "" {
		return fmt.Errorf("--id is not a resident ID number (%s)", fault)
	}
	sys, err := openSystem(ctx, c.Dir, secret, c.settings, e.log)
	if err != nil {
		return err
	}
	defer sys.Close()
	office := offices.ID(c.Division, c.Function)
	switch o := sys.Directory().Office(office); {
	case o == nil:
		return fmt.Errorf("no office in division %s", c.Division)
	case !o.Until.IsZero():
		return fmt.Errorf("%s was closed; its work is done by %s", o.Name, sys.Directory().OfficeNow(office))
	}
	username := strings.ToLower(c.Username)
	a, err := sys.store.AccountByUsername(ctx, username)
	isNew := errors.Is(err, yinzheng.ErrNotFound)
	if isNew {
		a, err = &yinzheng.Account{ID: "p-" + username, Username: username, Name: c.Name, Person: yinzheng.ID{Type: yinzheng.ResidentID, Number: number}}, nil
	}
	if err != nil {
		return err
	}
	if a.Person.Number != number {
		return fmt.Errorf("%s is another person's account", username)
	}
	a.Grants = append(a.Grants, yinzheng.Grant{Office: office, Role: yinzheng.Role(c.Role), From: now})
	if err := sys.store.PutAccount(ctx, a); err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "%s is %s at %s\n", username, c.Role, sys.Directory().Office(office).Name)
	if isNew {
		return printClaim(ctx, e, sys, a)
	}
	return nil
}
