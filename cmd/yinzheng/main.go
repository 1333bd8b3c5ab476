// Command yinzheng issues, signs and verifies electronic certificates for local
// government. Run it with --help.
//
// Rules of the interface: what was asked for goes to standard output, the rest
// to standard error. Nothing is asked interactively. Every setting has a flag
// and an environment variable. Exit status: 0 done (verify: valid), 1 failed
// (verify: not valid), 2 wrong usage (verify: cannot tell).
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"yinzheng"
)

// version is set by the release build.
var version = "dev"

type cli struct {
	Demo      demoCmd      `cmd:"" help:"Try everything on throwaway data: accounts, offices and seals included."`
	Serve     serveCmd     `cmd:"" help:"Run the server on the data folder that init made."`
	Init      initCmd      `cmd:"" help:"Make a data folder: keys, database, office tree, first administrator."`
	Account   accountCmd   `cmd:"" help:"Open accounts, give and end posts, hand over."`
	Office    officeCmd    `cmd:"" help:"Change the office tree: import, merge, split, rename, close."`
	Person    personCmd    `cmd:"" help:"Bring in registers of persons."`
	Item      itemCmd      `cmd:"" help:"Import a list of items into the catalogue, or report what became of them."`
	Key       keyCmd       `cmd:"" help:"List keys, suspend one, propose to rotate it or to declare it compromised."`
	Face      faceCmd      `cmd:"" help:"Add a face for characters that are missing."`
	Message   messageCmd   `cmd:"" help:"See what became of messages to residents, or send a trial."`
	Template  templateCmd  `cmd:"" help:"Check a template, or see the way a case would go."`
	Verify    verifyCmd    `cmd:"" help:"Verify a PDF, a QR code's address or a token, without a network."`
	Offline   offlineCmd   `cmd:"" help:"Write the folder with which a department verifies from a stick, without a network."`
	Retention retentionCmd `cmd:"" help:"Erase what has been kept long enough, or see what would go."`
	Audit     auditCmd     `cmd:"" help:"Check the record of everything that was done, or print its head."`

	Version kong.VersionFlag `help:"Print the version."`

	Log string `help:"How much to log: debug, info, warn or error." default:"info" enum:"debug,info,warn,error" env:"YINZHENG_LOG"`
}

const description = `Yinzheng 印证 issues, signs and verifies electronic certificates for local government.

A clerk fills in a template, the case climbs its approval chain (village, town, district), and the last approval seals a signed PDF with a QR code that anyone can verify, online or offline.

First steps:

  yinzheng demo                       a whole district to play with, on http://127.0.0.1:8080
  yinzheng demo --once --dir out      three sealed certificates in out/, then stop
  yinzheng verify out/residence.pdf --jwks out/jwks.json --status out/status.jwt --root out/root.pem`

// env is what a command may touch, so that the end-to-end scripts run the same
// program in their own process.
type env struct {
	stdout, stderr io.Writer
	log            *slog.Logger
	now            func() time.Time
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// exitCode is an error that is only an exit status: all is said already.
type exitCode int

func (e exitCode) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

func run(args []string, stdout, stderr io.Writer) int {
	var c cli
	exited := -1
	parser, err := kong.New(&c,
		kong.Name("yinzheng"), kong.Description(description), kong.Writers(stdout, stderr),
		kong.Vars{"version": "yinzheng " + version},
		kong.Exit(func(code int) { exited = code }), kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
	)
	if err != nil {
		fmt.Fprintln(stderr, "yinzheng:", err)
		return 1
	}
	command, err := parser.Parse(args)
	if exited >= 0 {
		return exited
	}
	if err != nil {
		fmt.Fprintf(stderr, "yinzheng: %v\nRun \"yinzheng --help\" for how to use it.\n", err)
		return 2
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Log)); err != nil {
		fmt.Fprintln(stderr, "yinzheng:", err)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	e := &env{stdout, stderr, yinzheng.NewLog(stderr, level), time.Now}
	command.BindTo(ctx, (*context.Context)(nil))
	err = command.Run(e)
	var code exitCode
	switch {
	case err == nil:
		return 0
	case errors.As(err, &code):
		return int(code)
	}
	fmt.Fprintln(stderr, "yinzheng:", err)
	return 1
}
