package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"yinzheng"
)

// demoCases are one case of each built-in template, by item code.
//
//go:embed demo/cases.json
var demoCases []byte

// once takes one case of each template through its chain and writes what a
// verifier needs.
func (c *demoCmd) once(ctx context.Context, e *env) error {
	if c.Dir == "" {
		return errors.New("--once needs --dir, the folder to write the certificates into")
	}
	if c.PublicURL == "" {
		c.PublicURL = demoPublic
	}
	data, err := os.MkdirTemp("", "yinzheng-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(data)
	if err := os.MkdirAll(c.Dir, 0o755); err != nil { //nolint:gosec // what is written there is for everybody
		return err
	}
	sys, err := c.open(ctx, data, demoPassword, e)
	if err != nil {
		return err
	}
	defer sys.Close()
	var cases map[string]json.RawMessage
	if err := json.Unmarshal(demoCases, &cases); err != nil {
		return fmt.Errorf("demo/cases.json: %w", err)
	}
	for _, t := range sys.Catalogue() {
		if raw, ok := cases[t.Code]; ok {
			if err := c.oneCase(ctx, e, sys, t, raw); err != nil {
				return fmt.Errorf("%s: %w", t.Code, err)
			}
		}
	}
	return c.writeTrust(ctx, sys)
}

// oneCase plays every person of one case: the clerk, then a decider for each
// step, then the department that verifies.
func (c *demoCmd) oneCase(ctx context.Context, e *env, sys *system, t *yinzheng.Template, raw json.RawMessage) error {
	in := &yinzheng.NewApplication{Item: t.Code}
	if err := json.Unmarshal(raw, in); err != nil {
		return err
	}
	clerk, err := sys.signInAs(ctx, "village")
	if err != nil {
		return err
	}
	view, _, err := sys.CreateApplication(ctx, clerk, in, "demo-"+t.Code)
	if err != nil {
		return err
	}
	if view, err = sys.SubmitApplication(ctx, clerk, view.ID, view.Version); err != nil {
		return err
	}
	for view.State == yinzheng.Submitted {
		by, err := sys.signInAs(ctx, string(view.Step.Level))
		if err != nil {
			return err
		}
		if view, err = sys.Decide(ctx, by, view.ID, view.Version, yinzheng.Decision{Action: yinzheng.Approve, Opinion: "同意"}); err != nil {
			return err
		}
	}
	if view.Certificate == nil {
		return fmt.Errorf("no certificate: the case is %s", view.State)
	}
	pdf, _, err := sys.CertificatePDF(ctx, clerk, view.Certificate.Code)
	if err != nil {
		return err
	}
	file := filepath.Join(c.Dir, t.Code+".pdf")
	if err := os.WriteFile(file, pdf, 0o644); err != nil { //nolint:gosec // a made-up person's certificate
		return err
	}
	return c.report(ctx, e, sys, t, view.Certificate, file, pdf)
}

// report verifies a certificate as a department would, and prints the outcome.
func (c *demoCmd) report(ctx context.Context, e *env, sys *system, t *yinzheng.Template, cert *yinzheng.CertificateRef, file string, pdf []byte) error {
	a, err := sys.Verify(ctx, &yinzheng.Question{File: pdf})
	if err != nil {
		return err
	}
	record, err := sys.store.Certificate(ctx, cert.Code)
	if err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "%s %s\n  number   %s\n  url      %s#%s\n  verdict  %s %s\n  file     %s (%d KB)\n",
		t.Code, t.Name.ZH, cert.Number, cert.URL, yinzheng.Digits(record.Token), a.Verdict, a.Heading.ZH, file, (len(pdf)+1023)/1024)
	if a.Verdict != yinzheng.Valid {
		return fmt.Errorf("our own certificate does not verify: %s", a.Verdict)
	}
	return nil
}

// writeTrust writes what somebody needs to verify without us.
func (c *demoCmd) writeTrust(ctx context.Context, sys *system) error {
	keyList, err := sys.SignedKeyList()
	if err != nil {
		return err
	}
	status, err := sys.StatusList(ctx, 1)
	if err != nil {
		return err
	}
	for name, data := range map[string][]byte{"jwks.json": keyList, "status.jwt": status, "root.pem": sys.rootPEM()} {
		if err := os.WriteFile(filepath.Join(c.Dir, name), data, 0o644); err != nil { //nolint:gosec // published lists
			return err
		}
	}
	return nil
}

// signInAs is a demo account, signed in with its password.
func (s *system) signInAs(ctx context.Context, username string) (*yinzheng.Account, error) {
	secret, _, err := s.SignIn(ctx, username, demoPassword)
	if err != nil {
		return nil, err
	}
	return s.Authenticate(ctx, secret)
}
