package yinzheng_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"yinzheng"
	"yinzheng/attachments"
	"yinzheng/keys"
	"yinzheng/signer"
	"yinzheng/store"
	"yinzheng/templates"
)

// house is a whole service with the real parts, on a clock of its own.
type house struct {
	*yinzheng.Service
	t      *testing.T
	ctx    context.Context
	store  *shaky
	sealer *moody
	log    *bytes.Buffer
	mu     sync.Mutex
	now    time.Time
	config yinzheng.Config
	people map[string]*yinzheng.Account
}

func (h *house) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *house) later(d time.Duration) {
	h.mu.Lock()
	h.now = h.now.Add(d)
	h.mu.Unlock()
}

// parts are what every house of a test run shares: they take long to make.
var parts = sync.OnceValues(func() (*templates.Typesetter, error) { return templates.New(templates.Options{}) })

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, ctx: t.Context(), now: time.Date(2026, 11, 22, 1, 30, 0, 0, time.UTC), log: new(bytes.Buffer), people: map[string]*yinzheng.Account{}}
	kept, err := store.OpenMemory(h.ctx)
	must(t, err)
	t.Cleanup(func() { must(t, kept.Close()) })
	ring, err := keys.Create(filepath.Join(t.TempDir(), "keys"), keys.Passphrase("a passphrase of the tests"), keys.Options{PublicURL: "https://zm.example.gov.cn", Now: h.clock})
	must(t, err)
	t.Cleanup(ring.Close)
	requests := []keys.SealRequest{{Purpose: keys.Status, Organ: keys.Organ{Name: "状态名单"}}}
	for code, name := range map[string]string{yinzheng.DistrictOrgan: "惠州市惠城区民政局", yinzheng.TownOrgan: "惠州市惠城区人民政府桥西街道办事处"} {
		organ := keys.Organ{Name: name, Code: code}
		requests = append(requests, keys.SealRequest{Purpose: keys.Document, Organ: organ}, keys.SealRequest{Purpose: keys.Token, Organ: organ})
	}
	m := &mint{t: t, ring: ring, Signer: new(signer.Signer)}
	must(t, kept.PutDirectory(h.ctx, yinzheng.SampleDirectory()))
	for _, k := range m.make(requests...) {
		must(t, kept.PutKey(h.ctx, k))
	}
	for i, grant := range [][2]string{{"clerk", "village"}, {"approver", "town"}, {"approver", "district"}, {"admin", "district"}, {"clerk", "sibling"}, {"approver", "district"}} {
		id := []string{"clerk", "town", "district", "admin", "sibling", "second"}[i]
		h.people[id] = yinzheng.SampleAccount(id, i+1, grant)
		must(t, kept.PutAccount(h.ctx, h.people[id]))
	}
	renderer, err := parts()
	must(t, err)
	h.store, h.sealer = &shaky{Store: kept}, &moody{Sealer: m.Signer}
	h.config = yinzheng.Config{
		Store: h.store, Renderer: renderer, Sealer: h.sealer, Checker: &signer.Checker{}, Cleaner: attachments.New(), Photos: attachments.New(), Seals: m, Templates: []*yinzheng.Template{yinzheng.SampleTemplate()},
		PublicURL: "https://zm.example.gov.cn", Now: h.clock, Log: yinzheng.NewLog(h.log, slog.LevelInfo), Argon2Memory: 64,
	}
	h.restart()
	return h
}

// mint makes seals and lends them to a signer; it is the yinzheng.SealMaker.
type mint struct {
	*signer.Signer
	t    *testing.T
	ring *keys.Keyring
	lent []signer.PrivateKey
	fail error // of Succeed

	takenUp int // calls of TakeUp
}

func (m *mint) MakeSeals(_ context.Context, o *yinzheng.Organ, purposes ...yinzheng.KeyPurpose) ([]*yinzheng.Key, error) {
	var requests []keys.SealRequest
	for _, p := range purposes {
		requests = append(requests, keys.SealRequest{Purpose: keys.Purpose(p), Organ: keys.Organ{Name: o.Name, Code: o.Code}})
	}
	return m.make(requests...), nil
}

func (m *mint) Succeed(_ context.Context, k *yinzheng.Key) (*yinzheng.Key, error) {
	if m.fail != nil {
		return nil, m.fail
	}
	seal, err := m.ring.Seal(k.KID)
	must(m.t, err)
	made := m.make(keys.SealRequest{Purpose: seal.Purpose, Organ: seal.Organ, Algorithm: seal.Algorithm})[0]
	made.Items = nil
	return made, nil
}

func (m *mint) TakeUp(context.Context) error {
	m.takenUp++
	return nil
}

func (m *mint) make(requests ...keys.SealRequest) []*yinzheng.Key {
	m.t.Helper()
	seals, err := m.ring.NewSeals(requests...)
	must(m.t, err)
	var made []*yinzheng.Key
	for _, s := range seals {
		key, chain, err := m.ring.Signer(s.KID)
		must(m.t, err)
		p := privateKey(s.KID, key, chain, s.Purpose)
		m.lent = append(m.lent, p)
		made = append(made, &yinzheng.Key{
			KID: s.KID, Purpose: p.Purpose, Organ: s.Organ.Code, OrganName: s.Organ.Name, Items: itemsOf[p.Purpose], NotBefore: chain[0].NotBefore, NotAfter: chain[0].NotAfter,
			State: yinzheng.KeyActive, Since: chain[0].NotBefore, Alg: "ES256", Public: chain[0].PublicKey, Chain: p.Chain,
		})
	}
	ca, chain, err := m.ring.Issuer()
	must(m.t, err)
	must(m.t, m.Use(privateKey("", ca, chain, ""), m.lent))
	return made
}

func privateKey(kid string, key crypto.Signer, chain []*x509.Certificate, purpose keys.Purpose) signer.PrivateKey {
	p := signer.PrivateKey{KID: kid, Purpose: yinzheng.KeyPurpose(purpose), Key: key}
	for _, c := range chain {
		p.Chain = append(p.Chain, c.Raw)
	}
	return p
}

// publish makes a template the next version of the item.
func (h *house) publish(t *yinzheng.Template) {
	h.t.Helper()
	t.Version = h.config.Templates[0].Version + 1
	h.config.Templates = []*yinzheng.Template{t}
	h.restart()
}

// restart makes the service anew over the same store, as a new process would.
func (h *house) restart() {
	h.t.Helper()
	s, err := yinzheng.New(h.ctx, h.config)
	must(h.t, err)
	h.Service = s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// keep writes somebody as they are in the tests over what is kept of them.
func (h *house) keep(who string) {
	h.t.Helper()
	kept, err := h.store.Account(h.ctx, h.people[who].ID)
	must(h.t, err)
	h.people[who].Version = kept.Version
	must(h.t, h.store.PutAccount(h.ctx, h.people[who]))
}

// submitted takes a new case to the district's desk.
func (h *house) submitted(key string) *yinzheng.CaseView {
	h.t.Helper()
	v, _, err := h.CreateApplication(h.ctx, h.people["clerk"], &yinzheng.NewApplication{Item: "kin", Values: yinzheng.SampleValues()}, key)
	must(h.t, err)
	v, err = h.SubmitApplication(h.ctx, h.people["clerk"], v.ID, v.Version)
	must(h.t, err)
	v, err = h.Decide(h.ctx, h.people["town"], v.ID, v.Version, yinzheng.Decision{Action: yinzheng.Approve})
	must(h.t, err)
	return v
}

// approve is the district's decision: the consent to seal.
func (h *house) approve(v *yinzheng.CaseView) (*yinzheng.CaseView, error) {
	return h.Decide(h.ctx, h.people["district"], v.ID, v.Version, yinzheng.Decision{Action: yinzheng.Approve, Opinion: "同意"})
}

// issued takes a new case to its certificate.
func (h *house) issued(key string) *yinzheng.CaseView {
	h.t.Helper()
	v, err := h.approve(h.submitted(key))
	must(h.t, err)
	if v.Certificate == nil {
		h.t.Fatalf("%s: %v\n%s", v.State, v.Trouble, h.log)
	}
	return v
}

// act lets somebody act on a certificate.
func (h *house) act(who, code string, a yinzheng.Act) (*yinzheng.CertificateView, error) {
	return h.ActOn(h.ctx, h.people[who], code, a)
}

// propose has the district propose a revocation and returns the proposal's ID.
func (h *house) propose(code string) int {
	h.t.Helper()
	v, err := h.act("district", code, yinzheng.Act{Kind: yinzheng.ProposeRevocation, Reason: "error", Opinion: "有误"})
	must(h.t, err)
	return v.Revocation.ID
}

// revoke has one approver propose and another one confirm.
func (h *house) revoke(code string) {
	h.t.Helper()
	_, err := h.act("second", code, yinzheng.Act{Kind: yinzheng.Revoke, Proposal: h.propose(code)})
	must(h.t, err)
}

// moody is a sealer that fails or errs when told to.
type moody struct {
	yinzheng.Sealer
	fail    error // of SealPDF
	token   error // of SignToken
	corrupt bool  // one byte of the sealed PDF
	seals   int
	before  func() // runs before each seal
	mu      sync.Mutex
	broken  error // of SealPDF, as set while others may be at work
}

func (m *moody) set(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.broken = err
}

func (m *moody) SignToken(kid string, c *yinzheng.Claims) (string, error) {
	if m.token != nil {
		return "", m.token
	}
	return m.Sealer.SignToken(kid, c)
}

func (m *moody) SealPDF(kid string, u *yinzheng.Unsigned) error {
	if m.before != nil {
		m.before()
	}
	m.mu.Lock()
	broken := errors.Join(m.fail, m.broken)
	if broken == nil {
		m.seals++
	}
	m.mu.Unlock()
	if broken != nil {
		return broken
	}
	err := m.Sealer.SealPDF(kid, u)
	if m.corrupt {
		u.PDF[len(u.PDF)/3] ^= 1
	}
	return err
}

// shaky is a store one of whose calls fails: the at-th from when it was set,
// either before anything happened, or after it was done and kept. Calls inside
// a transaction count too; their failure undoes the transaction.
type shaky struct {
	yinzheng.Store
	mu     sync.Mutex
	at     int
	kept   bool
	calls  int
	failed string

	failing  string // or: every call of this name, before anything happens
	unmarked []string
	loads    int // calls of Application
}

var errDisk = &yinzheng.Error{Kind: yinzheng.ErrUnavailable, Text: yinzheng.Text{ZH: "磁盘已满", EN: "The disk is full"}, Cause: errors.New("injected")}

func (s *shaky) arm(at int, kept bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at, s.kept, s.calls, s.failed = at, kept, 0, ""
}

func (s *shaky) call(name string, do func() error) error {
	s.mu.Lock()
	s.calls++
	if name == "Application" {
		s.loads++
	}
	fails, kept := s.calls == s.at, s.kept
	if fails {
		s.failed = name
	}
	s.mu.Unlock()
	if fails && !kept {
		return errDisk
	}
	err := do()
	if fails && err == nil {
		return errDisk
	}
	return err
}

func (s *shaky) Tx(ctx context.Context, fn func(context.Context) error) error {
	return s.call("Tx", func() error { return s.Store.Tx(ctx, fn) })
}

func (s *shaky) Application(ctx context.Context, id string) (a *yinzheng.Application, err error) {
	err = s.call("Application", func() error { a, err = s.Store.Application(ctx, id); return err })
	if err != nil {
		return nil, err
	}
	return a, nil
}

func (s *shaky) SaveApplication(ctx context.Context, a *yinzheng.Application, seen int) error {
	return s.call("SaveApplication", func() error { return s.Store.SaveApplication(ctx, a, seen) })
}

func (s *shaky) Overdue(ctx context.Context, now time.Time, limit int) (ids []string, err error) {
	err = s.call("Overdue", func() error { ids, err = s.Store.Overdue(ctx, now, limit); return err })
	return ids, err
}

func (s *shaky) DesksAt(ctx context.Context, now time.Time) (desks []yinzheng.Staff, err error) {
	err = s.call("DesksAt", func() error { desks, err = s.Store.DesksAt(ctx, now); return err })
	return desks, err
}

func (s *shaky) PeopleAt(ctx context.Context, office string, role yinzheng.Role, now time.Time) (people []*yinzheng.Account, err error) {
	if s.failing == "PeopleAt" {
		return nil, errDisk
	}
	err = s.call("PeopleAt", func() error { people, err = s.Store.PeopleAt(ctx, office, role, now); return err })
	return people, err
}

func (s *shaky) File(ctx context.Context, digest string) ([]byte, error) {
	if s.failing == "File" {
		return nil, errDisk
	}
	return s.Store.File(ctx, digest)
}

func (s *shaky) AddVerifications(ctx context.Context, list []yinzheng.Verification) error {
	if s.failing == "AddVerifications" {
		return errDisk
	}
	return s.Store.AddVerifications(ctx, list)
}

func (s *shaky) Queue(ctx context.Context, q yinzheng.QueueFilter) (entries []yinzheng.QueueEntry, err error) {
	err = s.call("Queue", func() error { entries, err = s.Store.Queue(ctx, q); return err })
	return entries, err
}

func (s *shaky) Notify(ctx context.Context, notices []yinzheng.Notice) error {
	return s.call("Notify", func() error { return s.Store.Notify(ctx, notices) })
}

func (s *shaky) Enqueue(ctx context.Context, messages ...yinzheng.Message) error {
	return s.call("Enqueue", func() error { return s.Store.Enqueue(ctx, messages...) })
}

func (s *shaky) ContactOf(ctx context.Context, resident string) (c *yinzheng.ResidentContact, err error) {
	err = s.call("ContactOf", func() error { c, err = s.Store.ContactOf(ctx, resident); return err })
	return c, err
}

func (s *shaky) Reserve(ctx context.Context, c *yinzheng.Certificate) error {
	return s.call("Reserve", func() error { return s.Store.Reserve(ctx, c) })
}

func (s *shaky) Reserved(ctx context.Context, code string) (c *yinzheng.Certificate, err error) {
	err = s.call("Reserved", func() error { c, err = s.Store.Reserved(ctx, code); return err })
	if err != nil {
		return nil, err
	}
	return c, nil
}

func (s *shaky) Lease(ctx context.Context, code string, now, until time.Time) error {
	return s.call("Lease", func() error { return s.Store.Lease(ctx, code, now, until) })
}

func (s *shaky) FinishIssue(ctx context.Context, c *yinzheng.Certificate, pdf []byte) error {
	return s.call("FinishIssue", func() error { return s.Store.FinishIssue(ctx, c, pdf) })
}

func (s *shaky) SetStatus(ctx context.Context, c *yinzheng.Certificate, from yinzheng.Status) error {
	return s.call("SetStatus", func() error { return s.Store.SetStatus(ctx, c, from) })
}

func (s *shaky) Record(ctx context.Context, e yinzheng.Event) error {
	if s.failing == "Record" {
		return errDisk
	}
	return s.call("Record", func() error { return s.Store.Record(ctx, e) })
}

func (s *shaky) OpenStatusList(ctx context.Context) (n int, err error) {
	err = s.call("OpenStatusList", func() error { n, err = s.Store.OpenStatusList(ctx); return err })
	return n, err
}

func (s *shaky) Certificate(ctx context.Context, code string) (c *yinzheng.Certificate, err error) {
	err = s.call("Certificate", func() error { c, err = s.Store.Certificate(ctx, code); return err })
	if err != nil {
		return nil, err
	}
	return c, nil
}

func (s *shaky) InForce(ctx context.Context, code, token string) (number, organName string, err error) {
	err = s.call("InForce", func() error { number, organName, err = s.Store.InForce(ctx, code, token); return err })
	return number, organName, err
}

func (s *shaky) CertificateByNumber(ctx context.Context, number string) (c *yinzheng.Certificate, err error) {
	err = s.call("CertificateByNumber", func() error { c, err = s.Store.CertificateByNumber(ctx, number); return err })
	if err != nil {
		return nil, err
	}
	return c, nil
}

// itemsOf limits the organs' keys to the samples' items, by their short codes as a
// token names them; the service's own keys have none.
var itemsOf = map[yinzheng.KeyPurpose][]string{yinzheng.DocumentKey: {"QS", "RU"}, yinzheng.TokenKey: {"QS", "RU"}}
