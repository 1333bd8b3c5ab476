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

// demoCases are one case of each built-in template that needs no file, by item code.
//
//go:embed demo/cases.json
var demoCases []byte

// once takes the demo's cases through their chains and writes what a verifier
// needs.
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
	made, err := sys.demoCertificates(ctx)
	if err != nil {
		return err
	}
	for _, m := range made {
		if err := m.write(ctx, e, sys, c.Dir); err != nil {
			return fmt.Errorf("%s: %w", m.item.Code, err)
		}
	}
	return c.writeTrust(ctx, sys)
}

// demoCertificate is a certificate of the demo, with its whole address.
type demoCertificate struct {
	item *yinzheng.Template
	cert *yinzheng.CertificateRef
	url  string
	pdf  []byte
}

// demoCertificates takes the demo's cases through their chains.
func (s *system) demoCertificates(ctx context.Context) ([]demoCertificate, error) {
	var cases map[string]json.RawMessage
	if err := json.Unmarshal(demoCases, &cases); err != nil {
		return nil, fmt.Errorf("demo/cases.json: %w", err)
	}
	var made []demoCertificate
	for _, t := range s.Catalogue() {
		raw, ok := cases[t.Code]
		if !ok {
			continue
		}
		m, err := s.demoCase(ctx, t, raw)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t.Code, err)
		}
		made = append(made, *m)
	}
	return made, nil
}

// demoCase plays everybody of one case: the clerk, then a decider for each step.
func (s *system) demoCase(ctx context.Context, t *yinzheng.Template, raw json.RawMessage) (*demoCertificate, error) {
	in := &yinzheng.NewApplication{Item: t.Code}
	if err := json.Unmarshal(raw, in); err != nil {
		return nil, err
	}
	clerk, err := s.store.AccountByUsername(ctx, "village")
	if err != nil {
		return nil, err
	}
	view, _, err := s.CreateApplication(ctx, clerk, in, "demo-"+t.Code)
	if err != nil {
		return nil, err
	}
	if view, err = s.SubmitApplication(ctx, clerk, view.ID, view.Version); err != nil {
		return nil, err
	}
	for view.State == yinzheng.Submitted {
		by, err := s.store.AccountByUsername(ctx, string(view.Step.Level)) // town, district
		if err != nil {
			return nil, err
		}
		if view, err = s.Decide(ctx, by, view.ID, view.Version, yinzheng.Decision{Action: yinzheng.Approve, Opinion: "同意"}); err != nil {
			return nil, err
		}
	}
	if view.Certificate == nil {
		return nil, fmt.Errorf("no certificate: the case is %s", view.State)
	}
	pdf, _, err := s.CertificatePDF(ctx, clerk, view.Certificate.Code)
	if err != nil {
		return nil, err
	}
	record, err := s.store.Certificate(ctx, view.Certificate.Code)
	if err != nil {
		return nil, err
	}
	return &demoCertificate{t, view.Certificate, fmt.Sprintf("%s#%s", view.Certificate.URL, yinzheng.Digits(record.Token)), pdf}, nil
}

// write writes a certificate, verifies it as a department would, and prints the
// outcome.
func (m *demoCertificate) write(ctx context.Context, e *env, sys *system, dir string) error {
	file := filepath.Join(dir, m.item.Code+".pdf")
	if err := os.WriteFile(file, m.pdf, 0o644); err != nil { //nolint:gosec // a made-up person's certificate
		return err
	}
	a, err := sys.Verify(ctx, &yinzheng.Question{File: m.pdf})
	if err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "%s %s\n  number   %s\n  url      %s\n  verdict  %s %s\n  file     %s (%d KB)\n",
		m.item.Code, m.item.Name.ZH, m.cert.Number, m.url, a.Verdict, a.Heading.ZH, file, (len(m.pdf)+1023)/1024)
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
