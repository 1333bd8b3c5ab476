package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"yinzheng"
	"yinzheng/offices"
)

type accountCmd struct {
	Add      accountAddCmd      `cmd:"" help:"Open an account for somebody, with a first post."`
	Appoint  accountAppointCmd  `cmd:"" help:"Give somebody a further post."`
	End      accountEndCmd      `cmd:"" help:"End somebody's post in an office."`
	Handover accountHandoverCmd `cmd:"" help:"Give somebody's posts in an office to a successor, in one act."`
	Disable  accountDisableCmd  `cmd:"" help:"Keep somebody out: their sessions end."`
	Enable   accountEnableCmd   `cmd:"" help:"Let somebody in again."`
	Link     accountLinkCmd     `cmd:"" help:"Print a new link for somebody who has set no password yet."`
}

func (accountCmd) Help() string {
	return `The same as administrators do through the API, for whoever works on the machine itself: the first people of a new installation, or when no administrator is left. Stop the server first: one program works on a data folder at a time.`
}

// as lets the operator do something with the people of a data folder.
func (f *folder) as(ctx context.Context, e *env, do func(*system, *yinzheng.Account) (*yinzheng.PersonView, error)) error {
	sys, err := f.open(ctx, e)
	if err != nil {
		return err
	}
	defer sys.Close()
	v, err := do(sys, sys.Operator())
	if err != nil {
		return err
	}
	printPerson(e, sys, v)
	return nil
}

// change is as for somebody who is there already, at the version that is kept.
func (f *folder) change(ctx context.Context, e *env, username string, do func(sys *system, by *yinzheng.Account, seen int) (*yinzheng.PersonView, error)) error {
	return f.as(ctx, e, func(sys *system, by *yinzheng.Account) (*yinzheng.PersonView, error) {
		v, err := sys.Person(ctx, by, username)
		if err != nil {
			return nil, err
		}
		return do(sys, by, v.Version)
	})
}

func printPerson(e *env, sys *system, v *yinzheng.PersonView) {
	state := ""
	if v.Disabled {
		state = " (disabled)"
	}
	fmt.Fprintf(e.stdout, "%s%s\n", v.Username, state)
	for _, g := range v.Posts {
		until := "until further notice"
		if !g.To.IsZero() {
			until = "to " + localTime(g.To)
		}
		fmt.Fprintf(e.stdout, "  %-10s %s, from %s %s\n", g.Role, sys.Directory().Office(g.Office).Name, localTime(g.From), until)
	}
	if v.Claim != nil {
		printClaim(e, v.Username, v.Claim)
	}
}

// printClaim prints the link with which an account's owner sets a password.
func printClaim(e *env, username string, link *yinzheng.ClaimLink) {
	fmt.Fprintf(e.stdout, "%s sets a password here, once, before %s:\n  %s\n", username, localTime(link.Expires), link.URL)
}

func localTime(t time.Time) string { return t.In(yinzheng.Zone).Format("2006-01-02 15:04") }

// moment is a time on the command line: a day, which begins at midnight in the
// offices' zone, or RFC 3339.
type moment struct{ time.Time }

// UnmarshalText implements encoding.TextUnmarshaler.
func (m *moment) UnmarshalText(text []byte) (err error) {
	if m.Time, err = time.ParseInLocation(time.DateOnly, string(text), yinzheng.Zone); err != nil {
		m.Time, err = time.Parse(time.RFC3339, string(text))
	}
	if err != nil {
		return fmt.Errorf("%q is neither a day such as 2026-12-01 nor a time such as 2026-12-01T08:30:00+08:00", text)
	}
	return nil
}

// place is an office on the command line.
type place struct {
	Division string `help:"Code of the division whose office the post is in." required:""`
	Function string `help:"Which of the division's offices, where there are several, such as health."`
}

func (p *place) office() string { return offices.ID(p.Division, p.Function) }

// period is from when to when a post is held.
type period struct {
	From moment `help:"First moment of the post (default: now)."`
	To   moment `help:"Moment at which it ends (default: it does not)."`
}

type accountAddCmd struct {
	Username string `arg:"" help:"User name to sign in with."`
	Name     string `help:"The person's own name." required:""`
	ID       string `name:"id" help:"The person's resident ID number. Nobody decides a case of their own, and one person has one account." required:""`
	Role     string `help:"clerk, approver, admin or department." enum:"clerk,approver,admin,department" required:""`
	place
	period
	folder
}

func (accountAddCmd) Help() string {
	return `The person sets a password through the link printed, which works once.`
}

func (c *accountAddCmd) Run(ctx context.Context, e *env) error {
	return c.as(ctx, e, func(sys *system, by *yinzheng.Account) (*yinzheng.PersonView, error) {
		in := &yinzheng.NewPerson{
			Username: c.Username, Name: c.Name, ID: yinzheng.ID{Type: yinzheng.ResidentID, Number: c.ID},
			Post: yinzheng.Appointment{Office: c.office(), Role: yinzheng.Role(c.Role), From: c.From.Time, To: c.To.Time},
		}
		v, _, err := sys.OpenAccount(ctx, by, in, rand.Text())
		return v, err
	})
}

type accountAppointCmd struct {
	Username string `arg:"" help:"User name."`
	Role     string `help:"clerk, approver, admin or department." enum:"clerk,approver,admin,department" required:""`
	place
	period
	folder
}

func (c *accountAppointCmd) Run(ctx context.Context, e *env) error {
	return c.change(ctx, e, c.Username, func(sys *system, by *yinzheng.Account, seen int) (*yinzheng.PersonView, error) {
		return sys.Appoint(ctx, by, c.Username, seen, &yinzheng.Appointment{Office: c.office(), Role: yinzheng.Role(c.Role), From: c.From.Time, To: c.To.Time})
	})
}

type accountEndCmd struct {
	Username string `arg:"" help:"User name."`
	Role     string `help:"clerk, approver, admin or department (default: all they have there)." enum:",clerk,approver,admin,department" default:""`
	At       moment `help:"When (default: now). What was done in the post stands."`
	place
	folder
}

func (c *accountEndCmd) Run(ctx context.Context, e *env) error {
	return c.change(ctx, e, c.Username, func(sys *system, by *yinzheng.Account, seen int) (*yinzheng.PersonView, error) {
		return sys.EndPost(ctx, by, c.Username, seen, &yinzheng.Ending{Office: c.office(), Role: yinzheng.Role(c.Role), At: c.At.Time})
	})
}

type accountHandoverCmd struct {
	Username  string `arg:"" help:"User name of who hands over."`
	Successor string `arg:"" help:"User name of who takes over."`
	Role      string `help:"clerk, approver, admin or department (default: all they have there)." enum:",clerk,approver,admin,department" default:""`
	At        moment `help:"When (default: now)."`
	place
	folder
}

func (accountHandoverCmd) Help() string {
	return `The first one's posts in the office end, and what they lent of them; the successor holds them from then on. Drafts and cases are the office's and stay where they are.`
}

func (c *accountHandoverCmd) Run(ctx context.Context, e *env) error {
	return c.change(ctx, e, c.Username, func(sys *system, by *yinzheng.Account, seen int) (*yinzheng.PersonView, error) {
		_, err := sys.HandOver(ctx, by, c.Username, seen, &yinzheng.Handover{Office: c.office(), Role: yinzheng.Role(c.Role), To: c.Successor, At: c.At.Time})
		if err != nil {
			return nil, err
		}
		return sys.Person(ctx, by, c.Successor)
	})
}

type accountDisableCmd struct {
	Username string `arg:"" help:"User name."`
	folder
}

func (c *accountDisableCmd) Run(ctx context.Context, e *env) error {
	return c.change(ctx, e, c.Username, func(sys *system, by *yinzheng.Account, seen int) (*yinzheng.PersonView, error) {
		return sys.DisableAccount(ctx, by, c.Username, seen)
	})
}

type accountEnableCmd struct {
	Username string `arg:"" help:"User name."`
	folder
}

func (c *accountEnableCmd) Run(ctx context.Context, e *env) error {
	return c.change(ctx, e, c.Username, func(sys *system, by *yinzheng.Account, seen int) (*yinzheng.PersonView, error) {
		return sys.EnableAccount(ctx, by, c.Username, seen)
	})
}

type accountLinkCmd struct {
	Username string `arg:"" help:"User name."`
	folder
}

func (c *accountLinkCmd) Run(ctx context.Context, e *env) error {
	return c.as(ctx, e, func(sys *system, by *yinzheng.Account) (*yinzheng.PersonView, error) {
		return sys.NewLink(ctx, by, c.Username)
	})
}
