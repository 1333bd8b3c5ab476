package main

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"yinzheng"
	"yinzheng/attachments"
	"yinzheng/campaign"
	"yinzheng/catalogue"
	"yinzheng/design"
	"yinzheng/inquiry"
	"yinzheng/keys"
	"yinzheng/rating"
	"yinzheng/register"
	"yinzheng/resident"
	"yinzheng/sender"
	"yinzheng/signer"
	"yinzheng/store"
	"yinzheng/templates"
	"yinzheng/workbook"
)

// settings are what every command that opens a data folder is told.
type settings struct {
	PublicURL    string `name:"public-url" help:"Address that the QR codes point to, as others reach this server, such as https://zm.example.gov.cn." env:"YINZHENG_PUBLIC_URL"`
	TemplatesDir string `name:"templates-dir" help:"Folder with more templates (.yaml), beside the built-in ones." type:"existingdir" env:"YINZHENG_TEMPLATES_DIR"`
	FontsDir     string `name:"fonts-dir" help:"Folder with more faces (.ttf), asked in the order of their names for characters that Noto Serif SC lacks." type:"existingdir" env:"YINZHENG_FONTS_DIR"`

	Retain map[string]int `help:"Keep things longer than the program has it, in days by rule, such as files=5490;drafts=180 (see: yinzheng retention --dry-run)." placeholder:"RULE=DAYS" env:"YINZHENG_RETAIN"`

	gateways gatewaySettings `kong:"-"` // of the commands that deliver messages
}

// secretSettings say what opens the key folder.
type secretSettings struct {
	PassphraseFile string `name:"passphrase-file" help:"File whose first line is the passphrase of the key folder." type:"existingfile" env:"YINZHENG_PASSPHRASE_FILE" xor:"secret"`
	KeyFile        string `name:"key-file" help:"File of random bytes that opens the key folder instead of a passphrase." type:"existingfile" env:"YINZHENG_KEY_FILE" xor:"secret"`
	Passphrase     string `help:"The passphrase itself; give it by the environment, a command line is seen by others." env:"YINZHENG_PASSPHRASE" xor:"secret"`
}

func (s *secretSettings) secret() (keys.Secret, error) {
	switch {
	case s.KeyFile != "":
		return keys.ReadKeyFile(s.KeyFile)
	case s.PassphraseFile != "":
		line, err := firstLine(s.PassphraseFile)
		return keys.Passphrase(line), err
	case s.Passphrase != "":
		return keys.Passphrase(s.Passphrase), nil
	}
	return keys.Secret{}, errors.New("what opens the key folder? Set YINZHENG_PASSPHRASE, or give --passphrase-file or --key-file")
}

// folder is the data folder that a command opens while the server is stopped.
type folder struct {
	Dir string `help:"Data folder that init made." default:"data" env:"YINZHENG_DIR"`
	settings
	secretSettings
}

func (f *folder) open(ctx context.Context, e *env) (*system, error) {
	secret, err := f.secret()
	if err != nil {
		return nil, err
	}
	return openSystem(ctx, f.Dir, secret, f.settings, e)
}

// openAs is open for somebody, by their user name.
func (f *folder) openAs(ctx context.Context, e *env, username string) (*system, *yinzheng.Account, error) {
	sys, err := f.open(ctx, e)
	if err != nil {
		return nil, nil, err
	}
	by, err := sys.account(ctx, username)
	if err != nil {
		return nil, nil, errors.Join(err, sys.Close())
	}
	return sys, by, nil
}

// system is the program with its parts put together.
type system struct {
	*yinzheng.Service
	catalogue         *catalogue.Catalogue
	inquiries         *inquiry.Inquiries
	campaigns         *campaign.Campaigns
	workbooks         *workbook.Workbooks
	designs           *design.Designs
	residents         *resident.Residents
	sender            *sender.Sender
	ratings           *rating.Ratings
	store             *store.Store
	ring              *keys.Keyring
	renderer          *templates.Typesetter
	fontsDir          string
	dir, templatesDir string
	stop              context.CancelFunc // ends what runs in the background
	delivering        sync.WaitGroup     // what was handed to a gateway is noted before the end
}

const databaseFile, keyFolder = "yinzheng.db", "keys"

// openSystem opens a data folder.
func openSystem(ctx context.Context, dir string, secret keys.Secret, c settings, e *env) (*system, error) {
	if _, err := os.Stat(filepath.Join(dir, databaseFile)); err != nil {
		return nil, fmt.Errorf("%s holds no data of yinzheng; make them with: yinzheng init --dir %s", dir, dir)
	}
	ring, err := keys.Open(filepath.Join(dir, keyFolder), secret, keys.Options{PublicURL: c.PublicURL, Now: e.now})
	if err != nil {
		return nil, err
	}
	s, err := store.Open(ctx, filepath.Join(dir, databaseFile))
	if err != nil {
		ring.Close()
		return nil, err
	}
	sys, err := assemble(ctx, s, ring, c, e)
	if err == nil {
		sys.dir, sys.templatesDir = dir, c.TemplatesDir
		err = checkMapping(ctx, s, e.log)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return sys, nil
}

// checkMapping says so when this build is not made for a database as large as
// this one.
func checkMapping(ctx context.Context, s *store.Store, log *slog.Logger) error {
	size, limit, err := s.Mapping(ctx)
	if err == nil && size > limit {
		log.WarnContext(ctx, "the database is larger than this build maps into memory, which makes looking certificates up slower; use the program that \"make build\" builds", "bytes", size, "mapped", limit)
	}
	return err
}

// assemble puts the parts together: the only place that sees all of them.
func assemble(ctx context.Context, s *store.Store, ring *keys.Keyring, c settings, e *env) (*system, error) {
	set, err := templateSet(c.TemplatesDir)
	if err != nil {
		return nil, err
	}
	sample, err := templates.Sample()
	if err != nil {
		return nil, err
	}
	renderer, err := templates.New(templates.Options{FontsDir: c.FontsDir})
	if err != nil {
		return nil, err
	}
	sealer := new(signer.Signer)
	if err := lend(sealer, ring); err != nil {
		return nil, err
	}
	set, aside, err := design.InForce(ctx, s, templates.YAML{}, set)
	if err != nil {
		return nil, err
	}
	for _, ref := range aside {
		e.log.Warn("a template file is left aside: this item's templates are made here by now; take it over as a design, if it is wanted", "item", ref.Code, "version", ref.Version)
	}
	ways, err := c.gateways.ways(c.PublicURL, e.now)
	if err != nil {
		return nil, err
	}
	messages := sender.New(sender.Config{Outbox: s, Ways: ways, Now: e.now, Log: e.log})
	var service *yinzheng.Service // asked once it is there
	items, err := catalogue.New(ctx, catalogue.Config{Store: s, Template: func(code string) *yinzheng.Template { return service.Newest(code) }, Now: e.now})
	if err != nil {
		return nil, err
	}
	files := attachments.New() // one, that shares its memory out
	service, err = yinzheng.New(ctx, yinzheng.Config{
		Store: s, Standings: items, Register: &register.Register{Kept: s}, Renderer: renderer, Sealer: sealer, Checker: &signer.Checker{}, Cleaner: files, Photos: files, Seals: &sealMaker{ring, sealer, s}, Channels: messages.Channels(), Retain: c.Retain,
		Templates: set, Sample: sample, PublicURL: strings.TrimRight(c.PublicURL, "/"), Now: e.now, Log: e.log,
	})
	if err != nil {
		return nil, err
	}
	asked := inquiry.New(inquiry.Config{Store: s, Records: service, Seal: service, Now: e.now, Log: e.log})
	checks := campaign.New(campaign.Config{Service: service, Log: e.log})
	designs := design.New(design.Config{Store: s, Service: service, Language: templates.YAML{}, Typesetter: renderer, Catalogue: items, Now: e.now})
	return &system{
		Service: service, catalogue: items, inquiries: asked, campaigns: checks, workbooks: workbook.New(workbook.Config{Service: service, Log: e.log}), designs: designs,
		ratings: rating.New(rating.Config{Store: s, Cases: service, Now: e.now, Log: e.log}),
		sender:  messages, residents: resident.New(resident.Config{Service: service, Log: e.log}),
		store: s, ring: ring, renderer: renderer, fontsDir: c.FontsDir,
	}, nil
}

// templateSet is the built-in templates and those of a folder, if one is given.
func templateSet(dir string) ([]*yinzheng.Template, error) {
	set, err := templates.Builtin()
	if err != nil || dir == "" {
		return set, err
	}
	more, err := templates.LoadDir(dir)
	return append(set, more...), err
}

// lend gives package signer every key of the ring that can sign today.
func lend(s *signer.Signer, ring *keys.Keyring) error {
	issuer, chain, err := ring.Issuer()
	if err != nil {
		return err
	}
	var lent []signer.PrivateKey
	for _, seal := range ring.List() {
		key, chain, err := ring.Signer(seal.KID)
		if errors.Is(err, keys.ErrRetired) || errors.Is(err, keys.ErrOutside) {
			continue
		}
		if err != nil {
			return err
		}
		lent = append(lent, signer.PrivateKey{KID: seal.KID, Purpose: yinzheng.KeyPurpose(seal.Purpose), Key: key, Chain: der(chain)})
	}
	return s.Use(signer.PrivateKey{Key: issuer, Chain: der(chain)}, lent)
}

func der(chain []*x509.Certificate) [][]byte {
	out := make([][]byte, len(chain))
	for i, c := range chain {
		out[i] = c.Raw
	}
	return out
}

// background does what waits or is due, now and every few seconds, and keeps an
// eye on the folder of faces, until Close. Nobody waits for it: thousands of
// certificates may be what an earlier run left.
func (s *system) background(ctx context.Context, log *slog.Logger) {
	ctx, s.stop = context.WithCancel(ctx)
	go s.KeepRecovering(ctx, 2*time.Second)
	go s.campaigns.Keep(ctx, 2*time.Second)
	go s.workbooks.Keep(ctx, time.Second)
	go s.markCases(ctx, log)
	s.delivering.Go(func() { s.sender.Keep(ctx) })
	go s.KeepNoting(ctx, time.Second)
	go often(ctx, 2*time.Second, s.inquiries.Scan, "working on inquiries; tried again soon", log)
	go often(ctx, time.Minute, s.residents.Tend, "looking after residents' requests; tried again soon", log)
	go often(ctx, time.Hour, s.eraseInTime, "erasing what has been kept long enough; tried again soon", log)
	go often(ctx, time.Hour, s.residents.Prune, "forgetting residents' sessions; tried again soon", log)
	go often(ctx, 2*time.Second, s.ratings.Scan, "looking after bad ratings; tried again soon", log)
	go often(ctx, 2*time.Second, s.designs.Follow, "taking up templates that were published; tried again soon", log)
	if s.fontsDir != "" {
		go watchFonts(ctx, s.fontsDir, 2*time.Second, s.renderer, log)
	}
}

// eraseInTime is a round of erasing what has been kept long enough; what it erased is on
// record.
func (s *system) eraseInTime(ctx context.Context) error {
	_, err := s.EraseInTime(ctx)
	return err
}

// markCases makes the cases of an earlier program findable.
func (s *system) markCases(ctx context.Context, log *slog.Logger) {
	n, err := s.MarkCases(ctx)
	if err != nil && ctx.Err() == nil {
		log.Error("marking the cases of an earlier program; the next start goes on", "error", err)
	}
	if n > 0 {
		log.Info("cases of an earlier program can be found now, by a search and as duplicates", "cases", n)
	}
}

// often does something every so often, until the context ends. What fails is
// tried again.
func often(ctx context.Context, every time.Duration, do func(context.Context) error, failed string, log *slog.Logger) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := do(ctx); err != nil && ctx.Err() == nil {
			log.Error(failed, "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// account is the account whose user name --as gave.
func (s *system) account(ctx context.Context, username string) (*yinzheng.Account, error) {
	by, err := s.store.AccountByUsername(ctx, username)
	if err != nil {
		return nil, fmt.Errorf("--as %s: %w", username, err)
	}
	return by, nil
}

func (s *system) Close() error {
	if s.stop != nil {
		s.stop()
		s.delivering.Wait()
	}
	s.ring.Close()
	return errors.Join(s.WriteAllNotes(context.Background()), s.store.Close())
}

// rootPEM is the root certificate as verifiers take it.
func (s *system) rootPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.ring.Root().Raw})
}

// publicKeys turns seals into what the store keeps and the key list publishes.
func publicKeys(seals []keys.Seal) []*yinzheng.Key {
	out := make([]*yinzheng.Key, 0, len(seals))
	for _, s := range seals {
		leaf, alg := s.Chain[0], "ES256"
		if s.Algorithm != keys.ES256 {
			alg = "RS256"
		}
		out = append(out, &yinzheng.Key{
			KID: s.KID, Purpose: yinzheng.KeyPurpose(s.Purpose), Organ: s.Organ.Code, OrganName: s.Organ.Name,
			NotBefore: leaf.NotBefore, NotAfter: leaf.NotAfter, State: yinzheng.KeyActive, Since: leaf.NotBefore,
			Alg: alg, Public: leaf.PublicKey, Chain: der(s.Chain),
		})
	}
	return out
}
