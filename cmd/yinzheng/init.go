package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"yinzheng"
	"yinzheng/keys"
	"yinzheng/offices"
)

type initCmd struct {
	Dir       string `help:"Data folder to make." default:"data" env:"YINZHENG_DIR"`
	Divisions string `help:"Office tree: CSV or .xlsx with the columns code,name,parent,level." type:"existingfile" xor:"tree" env:"YINZHENG_DIVISIONS"`
	Organs    string `help:"Organs that seal: CSV or .xlsx with the columns division,name,credit_code and, where a division has several, function. Each gets a seal." type:"existingfile" env:"YINZHENG_ORGANS"`
	Place     string `help:"Instead of the two files, to begin with: the topmost division, such as 441302000000=惠城区. The rest is imported on the pages." xor:"tree" env:"YINZHENG_PLACE"`
	Organ     string `help:"With --place: the organ that seals there, such as 11441302MB2D2Q101Q=惠州市惠城区民政局." env:"YINZHENG_ORGAN"`
	Admin     string `help:"User name of the first administrator." default:"admin" env:"YINZHENG_ADMIN"`
	AdminName string `name:"admin-name" help:"The administrator's own name." required:"" env:"YINZHENG_ADMIN_NAME"`
	AdminID   string `name:"admin-id" help:"The administrator's resident ID number: one account a person." required:"" env:"YINZHENG_ADMIN_ID"`
	Password  string `name:"admin-password" help:"The administrator's password, by the environment. Without it, a single-use link is printed." env:"YINZHENG_ADMIN_PASSWORD"`
	RootKey   string `name:"root-key" help:"Where to export the root key, to be kept off this machine." default:"yinzheng-root-key.pem" env:"YINZHENG_ROOT_KEY"`
	settings
	secretSettings
}

func (initCmd) Help() string {
	return `Makes the keys (a root, an issuing CA, a seal for each organ), the database with the office tree, and the first administrator. The root key is exported, encrypted with the same secret, and removed from the data folder: keep the exported file in a safe, off this machine.

The administrator sets a password through a link that works once, or has the one of YINZHENG_ADMIN_PASSWORD. There is never an account that the first comer could claim.

  YINZHENG_PASSPHRASE=… yinzheng init --public-url https://zm.example.gov.cn --place 441302000000=惠城区 --organ 11441302MB2D2Q101Q=惠州市惠城区民政局 --admin-name 王芳 --admin-id …
  YINZHENG_PASSPHRASE=… yinzheng init --public-url https://zm.example.gov.cn --divisions divisions.csv --organs organs.csv --admin-name 王芳 --admin-id …

Then start it with serve, open the link that is printed, and go on at /work/admin/start: five steps to a sample that scans as valid.`
}

func (c *initCmd) Run(ctx context.Context, e *env) error {
	secret, err := c.secret()
	if err != nil {
		return err
	}
	if err := checkPublicURL(c.PublicURL); err != nil {
		return err
	}
	f, err := c.founding(secret)
	if err != nil {
		return err
	}
	if _, err := os.Stat(c.RootKey); err == nil {
		return fmt.Errorf("%s exists; choose another place for the root key with --root-key", c.RootKey)
	}
	if err := f.found(ctx); err != nil {
		return err
	}
	if err := c.exportRoot(secret); err != nil {
		return err
	}
	sys, err := openSystem(ctx, c.Dir, secret, c.settings, e)
	if err != nil {
		return err
	}
	defer sys.Close()
	fmt.Fprintf(e.stdout, "Data folder   %s\nRoot key      %s  (keep it off this machine)\nRoot          %s\nSeals         %d\n", c.Dir, c.RootKey, yinzheng.Fingerprint(sys.ring.Root().Raw), len(sys.ring.List()))
	if err := c.admit(ctx, e, sys); err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "Next          yinzheng serve --dir %s --public-url %s\n              then, signed in, five steps to a first sample: %s/work/admin/start\n", c.Dir, c.PublicURL, sys.PublicURL)
	return nil
}

// admit gives the administrator a password or the link to set one.
func (c *initCmd) admit(ctx context.Context, e *env, sys *system) error {
	a, err := sys.store.AccountByUsername(ctx, c.Admin)
	if err != nil {
		return err
	}
	if c.Password != "" {
		if a.Password, err = sys.HashPassword(ctx, c.Password); err != nil {
			return err
		}
		fmt.Fprintf(e.stdout, "Administrator %s, with the password given\n", c.Admin)
		return sys.store.PutAccount(ctx, a)
	}
	v, err := sys.NewLink(ctx, sys.Operator(), c.Admin)
	if err != nil {
		return err
	}
	printClaim(e, v.Username, v.Claim)
	return nil
}

func (c *initCmd) founding(secret keys.Secret) (*founding, error) {
	f := &founding{dir: c.Dir, secret: secret, settings: c.settings}
	now := time.Now().UTC().Truncate(time.Second)
	var err error
	if f.divisions, f.seats, err = c.tree(now); err != nil {
		return nil, err
	}
	number, _, _, fault := yinzheng.ParseResidentID(c.AdminID, now)
	if fault != "" {
		return nil, fmt.Errorf("--admin-id is not a resident ID number (%s)", fault)
	}
	f.accounts = []yinzheng.Account{{
		ID: "p-" + c.Admin, Username: strings.ToLower(c.Admin), Name: c.AdminName, Person: yinzheng.ID{Type: yinzheng.ResidentID, Number: number},
		Grants: []yinzheng.Grant{{Office: offices.ID(f.seats[0].Division, f.seats[0].Function), Role: yinzheng.Admin, From: now}},
	}}
	return f, nil
}

// tree is what the office tree begins with: that of the files, or one place.
func (c *initCmd) tree(now time.Time) ([]yinzheng.Division, []offices.Seat, error) {
	if c.Place == "" && (c.Divisions == "" || c.Organs == "") {
		return nil, nil, errors.New("what does the office tree begin with? Give --divisions and --organs, two files, or --place and --organ; see init --help")
	}
	if c.Place == "" {
		return readTree(c.Divisions, c.Organs, now)
	}
	division, name, _ := strings.Cut(c.Place, "=")
	level := levelOf(division)
	if level == "" || name == "" {
		return nil, nil, errors.New("--place: expected a division code of 12 digits and its name, such as 441302000000=惠城区")
	}
	code, organ, _ := strings.Cut(c.Organ, "=")
	if !yinzheng.CheckCreditCode(code) || organ == "" {
		return nil, nil, errors.New("--organ: expected a unified social credit code and the organ's name, such as 11441302MB2D2Q101Q=惠州市惠城区民政局")
	}
	return []yinzheng.Division{{Code: division, Name: name, Level: level}},
		[]offices.Seat{{Division: division, Organ: yinzheng.Organ{Code: code, Name: organ, From: now}}}, nil
}

// levelOf is the level of a statistical division code, by the zeros that it ends
// in; "" when it is none.
func levelOf(code string) yinzheng.Level {
	if len(code) != 12 || strings.Trim(code, "0123456789") != "" {
		return ""
	}
	switch {
	case strings.HasSuffix(code, "0000000000"):
		return yinzheng.Province
	case strings.HasSuffix(code, "00000000"):
		return yinzheng.City
	case strings.HasSuffix(code, "000000"):
		return yinzheng.District
	case strings.HasSuffix(code, "000"):
		return yinzheng.Town
	}
	return yinzheng.Village
}

// exportRoot moves the root's private key out of the data folder.
func (c *initCmd) exportRoot(secret keys.Secret) error {
	ring, err := keys.Open(filepath.Join(c.Dir, keyFolder), secret, keys.Options{PublicURL: c.PublicURL})
	if err != nil {
		return err
	}
	defer ring.Close()
	exported, err := ring.ExportRoot(secret)
	if err != nil {
		return err
	}
	if err := writeDurably(c.RootKey, exported); err != nil {
		return fmt.Errorf("the root key is still in the data folder: %w", err)
	}
	back, err := os.ReadFile(c.RootKey)
	if err != nil {
		return err
	}
	return ring.RemoveRoot(back, secret)
}

// writeDurably makes a new file, for its owner alone, and returns when the disk
// has it, its name included: what it holds is about to be removed elsewhere.
func writeDurably(path string, data []byte) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// checkPublicURL refuses an address that could not stand in a QR code.
func checkPublicURL(s string) error {
	u, err := url.Parse(s)
	if s == "" || err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("--public-url: expected an address such as https://zm.example.gov.cn; it is printed in every QR code and cannot be changed for papers already out")
	}
	return nil
}
