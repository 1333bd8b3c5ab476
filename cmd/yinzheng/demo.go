package main

import (
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/base32"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"yinzheng"
	"yinzheng/keys"
	"yinzheng/offices"
)

type demoCmd struct {
	Listen string        `help:"Address to listen on. Off the loopback interface the accounts get generated passwords." default:"127.0.0.1:8080" env:"YINZHENG_LISTEN"`
	Dir    string        `help:"With --once: where to write the certificates. Else: keep the demo's data here (default: throw them away)." env:"YINZHENG_DEMO_DIR"`
	Once   bool          `help:"Take one case of each template that needs no file through its whole chain, write the certificates and the keys to verify them with into --dir, and stop. Opens no port."`
	Ahead  time.Duration `help:"Believe that so much time has passed, such as 240h: to try limits and expiry."`
	proxySettings
	gatewaySettings
	settings
	identitySettings
}

func (demoCmd) Help() string {
	return `A whole district to play with: the real office tree of Huicheng (21 towns and streets, 283 villages and communities), people in two towns and two villages of one of them, four items, seals that read 演示专用 (for demonstration only).

  yinzheng demo
  yinzheng demo --once --dir out
  yinzheng demo --dir mine; yinzheng demo --dir mine --ahead 240h     ten days later`
}

//go:embed demo/huicheng-divisions.csv
var huicheng []byte

const (
	demoPassword = "yinzheng-demo"
	demoPublic   = "https://demo.yinzheng.example" // printed by --once, where nothing listens
)

func (c *demoCmd) Run(ctx context.Context, e *env) error {
	if c.Ahead < 0 {
		return errors.New("--ahead: the demo's clock only goes forward")
	}
	if c.Ahead > 0 {
		e = &env{e.stdout, e.stderr, e.log, func() time.Time { return time.Now().Add(c.Ahead) }}
	}
	if c.Once {
		return c.once(ctx, e)
	}
	dir, cleanup, err := c.dataDir()
	if err != nil {
		return err
	}
	defer cleanup()
	if c.PublicURL == "" {
		c.PublicURL = "http://" + c.Listen
	}
	password := demoPassword
	if !loopback(c.Listen) {
		if password, err = newPassword(); err != nil {
			return err
		}
	}
	_, err = os.Stat(filepath.Join(dir, databaseFile))
	fresh := err != nil
	sys, err := c.open(ctx, dir, password, e)
	if err != nil {
		return err
	}
	defer sys.Close()
	if err := c.use(sys); err != nil {
		return err
	}
	var made []demoCertificate
	if fresh {
		if made, err = sys.demoCertificates(ctx); err != nil {
			return err
		}
	}
	return sys.serve(ctx, e, c.Listen, c.TrustedProxies, func(addr string) { c.welcome(e, addr, password, made) })
}

// dataDir is the folder given, or one that goes when the demo ends.
func (c *demoCmd) dataDir() (dir string, cleanup func(), err error) {
	if c.Dir != "" {
		return c.Dir, func() {}, nil
	}
	dir, err = os.MkdirTemp("", "yinzheng-demo-")
	return dir, func() { _ = os.RemoveAll(dir) }, err
}

// open makes the demo's district, unless the folder holds it already.
func (c *demoCmd) open(ctx context.Context, dir, password string, e *env) (*system, error) {
	if err := checkPublicURL(c.PublicURL); err != nil {
		return nil, err
	}
	secret := keys.Passphrase(demoPassword)
	if _, err := os.Stat(filepath.Join(dir, databaseFile)); err != nil {
		f, err := demoFounding(dir, secret, c.settings)
		if err != nil {
			return nil, err
		}
		if err := f.found(ctx); err != nil {
			return nil, err
		}
	}
	c.gateways = c.gatewaySettings
	sys, err := openSystem(ctx, dir, secret, c.settings, e)
	if err != nil {
		return nil, err
	}
	if err := setDemoPasswords(ctx, sys, password); err != nil {
		_ = sys.Close()
		return nil, err
	}
	return sys, nil
}

// setDemoPasswords gives every demo account the same password, hashed once.
func setDemoPasswords(ctx context.Context, sys *system, password string) error {
	hash, err := sys.HashPassword(ctx, password)
	if err != nil {
		return err
	}
	return sys.store.Tx(ctx, func(ctx context.Context) error {
		for _, p := range demoPeople {
			a, err := sys.store.AccountByUsername(ctx, p.username)
			if err != nil {
				return err
			}
			a.Password = hash
			if err := sys.store.PutAccount(ctx, a); err != nil {
				return err
			}
		}
		return nil
	})
}

func (c *demoCmd) welcome(e *env, addr, password string, made []demoCertificate) {
	w := e.stdout
	fmt.Fprintf(w, "印证 Yinzheng demo, throwaway data\n\n  Work         http://%s/work\n  Verify       http://%s/verify\n  API          http://%s/api/openapi.json\n\n  Accounts, password %s\n", addr, addr, addr, password)
	for _, p := range demoPeople {
		fmt.Fprintf(w, "    %-11s %s\n", p.username, p.post)
	}
	for i, m := range made {
		if i == 0 {
			fmt.Fprintln(w, "\n  Issued already, to look at")
		}
		fmt.Fprintf(w, "    %s  %s\n", m.item.Name.ZH, m.url)
	}
	if c.Ahead > 0 {
		fmt.Fprintf(w, "\n  The clock runs %s ahead: it is %s.\n", c.Ahead, localTime(e.now()))
	}
	fmt.Fprintln(w, "\nStop with Ctrl-C.")
}

// loopback tells whether only this machine can reach an address.
func loopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return false
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

func newPassword() (string, error) {
	b := make([]byte, 10)
	if _, err := rand.Read(b); err != nil {
		return "", err
	}
	return strings.ToLower(base32.StdEncoding.EncodeToString(b)), nil
}

// The demo's places: two towns, and two sibling villages of the first.
const (
	demoDistrict  = "441302000000" // 惠城区
	demoTown      = "441302001000" // 桥东街道
	demoOtherTown = "441302100000" // 汝湖镇
	demoVillage   = "441302001001" // 东湖社区
	demoSibling   = "441302001003" // 新建社区
	demoFar       = "441302100200" // 新光村, of the other town
)

type demoPerson struct {
	username, name, id, division string
	function                     string
	role                         yinzheng.Role
	post                         string
}

// demoPeople are fictional; their ID numbers, without the check character, belong to
// division codes and dates chosen for the demo.
var demoPeople = []demoPerson{
	{"village", "李桂兰", "44130219850312002", demoVillage, "", yinzheng.Clerk, "东湖社区 clerk"},
	{"village2", "陈志强", "44130219900715003", demoSibling, "", yinzheng.Clerk, "新建社区 clerk (sibling community)"},
	{"village3", "黄秀英", "44130219881123004", demoFar, "", yinzheng.Clerk, "新光村 clerk (another town)"},
	{"town", "张伟民", "44130219790218005", demoTown, "", yinzheng.Approver, "桥东街道 approver"},
	{"town2", "刘慧敏", "44130219840609006", demoTown, "", yinzheng.Approver, "桥东街道 approver (a second one)"},
	{"othertown", "曾国华", "44130219761225007", demoOtherTown, "", yinzheng.Approver, "汝湖镇 approver (another town)"},
	{"district", "何静怡", "44130219730401008", demoDistrict, "civil-affairs", yinzheng.Approver, "惠城区 approver"},
	{"district2", "邓文杰", "44130219820128009", demoDistrict, "civil-affairs", yinzheng.Approver, "惠城区 approver (a second one)"},
	{"police", "叶建军", "44130219780909013", demoDistrict, "public-security", yinzheng.Approver, "惠城区公安分局 approver"},
	{"health", "温淑芬", "44130219831212014", demoDistrict, "health", yinzheng.Approver, "惠城区卫生健康局 approver"},
	{"admin", "罗晓东", "44130219801010010", demoDistrict, "civil-affairs", yinzheng.Admin, "administrator"},
	{"admin2", "钟丽华", "44130219860728015", demoDistrict, "civil-affairs", yinzheng.Admin, "administrator (a second one, for what takes two)"},
	{"department", "梁雪梅", "44130219920308011", demoDistrict, "civil-affairs", yinzheng.Department, "receiving department"},
}

// demoFounding is the district of Huicheng with its 22 organs.
func demoFounding(dir string, secret keys.Secret, s settings) (*founding, error) {
	divisions, err := offices.Read(huicheng)
	if err != nil {
		return nil, err
	}
	now := time.Now().UTC().Truncate(time.Second)
	f := &founding{dir: dir, secret: secret, settings: s, caName: "DEMO Yinzheng", divisions: divisions, seats: demoSeats(divisions)}
	for _, p := range demoPeople {
		f.accounts = append(f.accounts, yinzheng.Account{
			ID: "p-" + p.username, Username: p.username, Name: p.name,
			Person: yinzheng.ID{Type: yinzheng.ResidentID, Number: yinzheng.ResidentNumber(p.id)},
			Grants: []yinzheng.Grant{{Office: offices.ID(p.division, p.function), Role: p.role, From: now}},
		})
	}
	return f, nil
}

// demoSeats makes an organ for each town and three for the district. Their
// credit codes are well-formed, generated, and say DEM where a real one has its
// number. They are older than the demo, so that papers of theirs can be recorded.
func demoSeats(divisions []yinzheng.Division) []offices.Seat {
	from := time.Date(2010, 1, 1, 0, 0, 0, 0, yinzheng.Zone).UTC()
	var seats []offices.Seat
	add := func(d yinzheng.Division, function, name string, n int) {
		code := yinzheng.CreditCode(fmt.Sprintf("1%d441302DEM%s", n, d.Code[6:12]))
		seats = append(seats, offices.Seat{Division: d.Code, Function: function, Organ: yinzheng.Organ{Code: code, Name: name, Mark: "演示专用", From: from}})
	}
	for _, d := range divisions {
		switch {
		case d.Level == yinzheng.District:
			add(d, "civil-affairs", "惠州市"+d.Name+"民政局", 1)
			add(d, "public-security", "惠州市公安局"+d.Name+"分局", 2)
			add(d, "health", "惠州市"+d.Name+"卫生健康局", 3)
		case d.Level == yinzheng.Town && strings.HasSuffix(d.Name, "街道"):
			add(d, "", "惠州市惠城区"+d.Name+"办事处", 1)
		case d.Level == yinzheng.Town:
			add(d, "", "惠州市惠城区"+d.Name+"人民政府", 1)
		}
	}
	return seats
}
