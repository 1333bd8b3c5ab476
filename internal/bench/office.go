package main

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"yinzheng"
	"yinzheng/attachments"
	"yinzheng/keys"
	"yinzheng/signer"
	"yinzheng/store"
	"yinzheng/templates"
)

// publicURL is as long as a real one: it is part of every QR code.
const publicURL = "https://zm.huicheng.example"

// The office tree: one line from the district down to one community.
const (
	district  = "441302000000"
	town      = "441302001000"
	community = "441302001001"
)

// office is one district with its keys and its typesetter, which all services
// of a run share; each has a store of its own.
type office struct {
	dir       string
	templates []*yinzheng.Template
	renderer  *templates.Typesetter
	sealer    *signer.Signer
	checker   *signer.Checker
	keys      []*yinzheng.Key
	ring      *keys.Keyring
	directory *yinzheng.Directory
	clerk     *yinzheng.Account
	deciders  map[yinzheng.Level]*yinzheng.Account
}

func newOffice(dir string) (*office, error) {
	o := &office{dir: dir, checker: &signer.Checker{}, deciders: map[yinzheng.Level]*yinzheng.Account{}}
	from := time.Now().Add(-time.Hour).UTC().Truncate(time.Second)
	o.people(from)
	var err error
	if o.templates, err = templates.Builtin(); err != nil {
		return nil, err
	}
	if o.renderer, err = templates.New(templates.Options{}); err != nil {
		return nil, err
	}
	o.ring, err = keys.Create(filepath.Join(dir, "keys"), keys.Passphrase("bench-passphrase"), keys.Options{PublicURL: publicURL})
	if err != nil {
		return nil, err
	}
	return o, o.makeSeals()
}

// people fills the office tree and its posts.
func (o *office) people(from time.Time) {
	organ := func(division, name string) yinzheng.Organ {
		return yinzheng.Organ{Code: yinzheng.CreditCode("11441302DEM" + division[6:]), Name: name, Mark: "演示专用", From: from}
	}
	civil, street := organ(district, "惠州市惠城区民政局"), organ(town, "惠州市惠城区桥东街道办事处")
	o.directory = yinzheng.NewDirectory(
		[]yinzheng.Division{
			{Code: district, Name: "惠城区", Level: yinzheng.District},
			{Code: town, Name: "桥东街道", Parent: district, Level: yinzheng.Town},
			{Code: community, Name: "东湖社区", Parent: town, Level: yinzheng.Village},
		},
		[]yinzheng.Office{
			{ID: "o" + district, Name: civil.Name, Division: district, Organ: civil.Code},
			{ID: "o" + town, Name: street.Name, Division: town, Organ: street.Code},
			{ID: "o" + community, Name: "东湖社区", Division: community},
		},
		[]yinzheng.Organ{civil, street})
	account := func(id, name, number, division string, role yinzheng.Role) *yinzheng.Account {
		return &yinzheng.Account{
			ID: id, Username: id, Name: name, Person: yinzheng.ID{Type: yinzheng.ResidentID, Number: yinzheng.ResidentNumber(number)},
			Grants: []yinzheng.Grant{{Office: "o" + division, Role: role, From: from}},
		}
	}
	o.clerk = account("clerk", "李桂兰", "44130219850312002", community, yinzheng.Clerk)
	o.deciders[yinzheng.Town] = account("town", "张伟民", "44130219790218005", town, yinzheng.Approver)
	o.deciders[yinzheng.District] = account("district", "何静怡", "44130219730401008", district, yinzheng.Approver)
}

// makeSeals gives each organ its keys and lends them to the signer.
func (o *office) makeSeals() error {
	requests := []keys.SealRequest{{Purpose: keys.Status, Organ: keys.Organ{Name: "印证 状态名单"}}}
	for _, organ := range o.directory.Organs {
		of := keys.Organ{Name: organ.Name, Code: organ.Code}
		requests = append(requests, keys.SealRequest{Purpose: keys.Document, Organ: of}, keys.SealRequest{Purpose: keys.Token, Organ: of})
	}
	seals, err := o.ring.NewSeals(requests...)
	if err != nil {
		return err
	}
	var lent []signer.PrivateKey
	for _, s := range seals {
		key, chain, err := o.ring.Signer(s.KID)
		if err != nil {
			return err
		}
		purpose := yinzheng.KeyPurpose(s.Purpose)
		lent = append(lent, signer.PrivateKey{KID: s.KID, Purpose: purpose, Key: key, Chain: der(chain)})
		leaf := chain[0]
		o.keys = append(o.keys, &yinzheng.Key{
			KID: s.KID, Purpose: purpose, Organ: s.Organ.Code, OrganName: s.Organ.Name, NotBefore: leaf.NotBefore, NotAfter: leaf.NotAfter,
			State: yinzheng.KeyActive, Since: leaf.NotBefore, Alg: "ES256", Public: leaf.PublicKey, Chain: der(chain),
		})
	}
	key, chain, err := o.ring.Issuer()
	if err != nil {
		return err
	}
	o.sealer, err = signer.New(signer.PrivateKey{Key: key, Chain: der(chain)}, lent)
	return err
}

func der(chain []*x509.Certificate) [][]byte {
	out := make([][]byte, len(chain))
	for i, c := range chain {
		out[i] = c.Raw
	}
	return out
}

// key is some organ's key for a purpose, with its chain.
func (o *office) key(p yinzheng.KeyPurpose) (crypto.Signer, *ecdsa.PublicKey, [][]byte, error) {
	for _, k := range o.keys {
		if k.Purpose == p {
			private, _, err := o.ring.Signer(k.KID)
			return private, k.Public.(*ecdsa.PublicKey), k.Chain, err
		}
	}
	return nil, nil, nil, fmt.Errorf("no %s key", p)
}

// fill puts the office tree, its people and the keys into a store.
func (o *office) fill(ctx context.Context, s *store.Store) error {
	return s.Tx(ctx, func(ctx context.Context) error {
		errs := []error{s.PutDirectory(ctx, o.directory), s.PutAccount(ctx, o.clerk)}
		for _, a := range o.deciders {
			errs = append(errs, s.PutAccount(ctx, a))
		}
		for _, k := range o.keys {
			errs = append(errs, s.PutKey(ctx, k))
		}
		return errors.Join(errs...)
	})
}

// counter is one service over a store of its own, with a brake that keeps
// approved cases from being issued at once.
type counter struct {
	*yinzheng.Service
	*office
	store  *store.Store
	braked *braked
	issued codes // of certificates that were found valid
	cases  int   // approved so far
}

// onDisk opens a counter with a SQLite file.
func (o *office) onDisk(ctx context.Context) (*counter, error) {
	s, err := store.Open(ctx, filepath.Join(o.dir, "yinzheng.db"))
	if err != nil {
		return nil, err
	}
	return o.counter(ctx, s)
}

// inMemory opens a counter without durability.
func (o *office) inMemory(ctx context.Context) (*counter, error) {
	s, err := store.OpenMemory(ctx)
	if err != nil {
		return nil, err
	}
	return o.counter(ctx, s)
}

func (o *office) counter(ctx context.Context, s *store.Store) (*counter, error) {
	if err := o.fill(ctx, s); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	c := &counter{office: o, store: s, braked: &braked{Store: s}}
	var err error
	if c.Service, err = o.service(ctx, c.braked, o.sealer); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return c, nil
}

func (o *office) service(ctx context.Context, s yinzheng.Store, sealer yinzheng.Sealer) (*yinzheng.Service, error) {
	return yinzheng.New(ctx, yinzheng.Config{
		Store: s, Renderer: o.renderer, Sealer: sealer, Checker: o.checker, Cleaner: attachments.New(), Templates: o.templates,
		PublicURL: publicURL, Log: slog.New(slog.DiscardHandler),
	})
}

// braked is a store that, with the brake on, has no status list to offer:
// issuing then stops before it begins, and a case stays approved.
type braked struct {
	yinzheng.Store
	on atomic.Bool
}

var errBraked = errors.New("bench: the brake is on")

// OpenStatusList implements yinzheng.Certificates.
func (b *braked) OpenStatusList(ctx context.Context) (int, error) {
	if b.on.Load() {
		return 0, errBraked
	}
	return b.Store.OpenStatusList(ctx)
}

// approve takes one case from a clerk's form to its last approval, by the
// people whose task that is, and returns its ID. It is not issued yet.
func (c *counter) approve(ctx context.Context, in *yinzheng.NewApplication, key string) (string, error) {
	view, _, err := c.CreateApplication(ctx, c.clerk, in, key)
	if err != nil {
		return "", err
	}
	if view, err = c.SubmitApplication(ctx, c.clerk, view.ID, view.Version); err != nil {
		return "", fmt.Errorf("submit %s: %w", in.Item, err)
	}
	for view.State == yinzheng.Submitted {
		by := c.deciders[view.Step.Level]
		if view, err = c.Decide(ctx, by, view.ID, view.Version, yinzheng.Decision{Action: yinzheng.Approve, Opinion: "同意"}); err != nil {
			return "", fmt.Errorf("decide %s: %w", in.Item, err)
		}
	}
	if view.State != yinzheng.Approved {
		return "", fmt.Errorf("a case of %s is %s", in.Item, view.State)
	}
	return view.ID, nil
}

// approveMany approves n cases, the kinds in turn, with many people at work.
func (c *counter) approveMany(ctx context.Context, n int) ([]string, error) {
	c.braked.on.Store(true)
	defer c.braked.on.Store(false)
	ids := make([]string, n)
	err := each(n, hands, func(i int) error {
		var err error
		ids[i], err = c.approve(ctx, caseOf(c.cases+i), fmt.Sprintf("bench-%d", c.cases+i))
		return err
	})
	c.cases += n
	return ids, err
}

// diskFolder makes a folder on a real disk: a file system in memory would make
// every sync free.
func diskFolder() (string, error) {
	places := []string{os.TempDir()}
	if cache, err := os.UserCacheDir(); err == nil {
		places = append(places, cache)
	}
	for _, p := range places {
		if inMemory, err := memoryFileSystem(p); err == nil && !inMemory {
			return os.MkdirTemp(p, "yinzheng-bench-")
		}
	}
	return "", fmt.Errorf("none of %q is on a disk; set TMPDIR to a folder that is", places)
}
