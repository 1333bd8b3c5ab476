package inquiry

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"yinzheng"
	"yinzheng/store"
)

// The tests' district: a town with two villages, another town, three offices of
// the district itself.
const (
	district, town, otherTown = "441302000000", "441302001000", "441302002000"
	village, sibling          = "441302001001", "441302001002"
)

var (
	townOrgan     = yinzheng.CreditCode("11441302MB2C00002")
	districtOrgan = yinzheng.CreditCode("11441302MB2C00001")
	healthOrgan   = yinzheng.CreditCode("11441302MB2C00004")
	testNow       = time.Date(2026, 11, 22, 1, 30, 0, 0, time.UTC)
)

func tree() *yinzheng.Directory {
	division := func(code, parent string, l yinzheng.Level) yinzheng.Division {
		return yinzheng.Division{Code: code, Name: code, Parent: parent, Level: l}
	}
	office := func(id, division, organ, function string) yinzheng.Office {
		return yinzheng.Office{ID: id, Name: id, Division: division, Organ: organ, Function: function}
	}
	organ := func(code, name string) yinzheng.Organ {
		return yinzheng.Organ{Code: code, Name: name, From: testNow.AddDate(-9, 0, 0)}
	}
	return yinzheng.NewDirectory([]yinzheng.Division{
		division(district, "", yinzheng.District), division(town, district, yinzheng.Town), division(otherTown, district, yinzheng.Town),
		division(village, town, yinzheng.Village), division(sibling, town, yinzheng.Village),
	}, []yinzheng.Office{
		office("civil", district, districtOrgan, "civil-affairs"), office("health", district, healthOrgan, "health"), office("court", district, "", "court"),
		office("town", town, townOrgan, ""), office("other-town", otherTown, "", ""), office("village", village, "", ""), office("sibling", sibling, "", ""),
	}, []yinzheng.Organ{organ(townOrgan, "某街道办事处"), organ(districtOrgan, "某区民政局"), organ(healthOrgan, "某区卫生健康局")})
}

// number completes 17 digits to a resident ID number.
func number(first17 string) string {
	for _, c := range "0123456789X" {
		if n, _, _, fault := yinzheng.ParseResidentID(first17+string(c), testNow); fault == "" {
			return n
		}
	}
	panic(first17)
}

func resident(n int) yinzheng.ID {
	return yinzheng.ID{Type: yinzheng.ResidentID, Number: number(fmt.Sprintf("4413021990%02d%02d%03d", 1+n/28%12, 1+n%28, n%1000))}
}

// somebody is an account with posts, written "role@office".
func somebody(id string, person int, posts ...[2]string) *yinzheng.Account {
	a := &yinzheng.Account{ID: id, Username: id, Person: resident(person)}
	for _, p := range posts {
		a.Grants = append(a.Grants, yinzheng.Grant{Role: yinzheng.Role(p[0]), Office: p[1], From: testNow.AddDate(-1, 0, 0)})
	}
	return a
}

var (
	admin  = somebody("admin", 1, [2]string{"admin", "civil"})
	asker  = somebody("asker", 2, [2]string{"department", "court"})
	clerk  = somebody("clerk", 3, [2]string{"clerk", "village"})
	signer = somebody("signer", 4, [2]string{"approver", "town"})
)

// record is what is on record in the tests, by document.
type record struct {
	people map[string]*yinzheng.OnRecord
	held   map[string]*yinzheng.Certificate // by item and document
	asked  int
	broken error
}

func (r *record) Known(_ context.Context, id yinzheng.ID) (*yinzheng.OnRecord, error) {
	r.asked++
	if p := r.people[id.Number]; p != nil || r.broken != nil {
		return p, r.broken
	}
	return nil, yinzheng.ErrNotFound
}

func (r *record) Certified(_ context.Context, item string, id yinzheng.ID) (*yinzheng.Certificate, error) {
	if c := r.held[item+id.Number]; c != nil {
		return c, nil
	}
	return nil, yinzheng.ErrNotFound
}

// stamp signs for the tests: a token is its claims.
type stamp struct{ broken error }

func (s *stamp) SignReply(_ context.Context, c *yinzheng.ReplyClaims) (string, error) {
	text, err := json.Marshal(c)
	return base64.RawURLEncoding.EncodeToString(text), errors.Join(s.broken, err)
}

func claimsOf(t *testing.T, token string) (c yinzheng.ReplyClaims) {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(token)
	if err == nil {
		err = json.Unmarshal(text, &c)
	}
	must(t, err)
	return c
}

// world is the inquiries of a test over a store in memory.
type world struct {
	*Inquiries
	t      *testing.T
	ctx    context.Context
	store  *shaky
	record *record
	stamp  *stamp
	clock  time.Time
	keys   int
}

// shaky is a store whose transactions fail from the n-th on, before they are kept
// or after.
type shaky struct {
	*store.Store
	left  int // transactions until it fails; 0: never
	after bool

	meanwhile func() // what somebody else does before the next transaction
}

var errCut = errors.New("cut off")

func (s *shaky) Tx(ctx context.Context, fn func(context.Context) error) error {
	if other := s.meanwhile; other != nil {
		s.meanwhile = nil
		other()
	}
	if s.left == 0 {
		return s.Store.Tx(ctx, fn)
	}
	if s.left--; s.left > 0 {
		return s.Store.Tx(ctx, fn)
	}
	s.left = 1
	if s.after {
		s.after = false
		_ = s.Store.Tx(ctx, fn)
	}
	return errCut
}

func newWorld(t *testing.T) *world {
	t.Helper()
	kept, err := store.OpenMemory(t.Context())
	must(t, err)
	t.Cleanup(func() { must(t, kept.Close()) })
	w := &world{t: t, ctx: t.Context(), store: &shaky{Store: kept}, record: &record{map[string]*yinzheng.OnRecord{}, map[string]*yinzheng.Certificate{}, 0, nil}, stamp: &stamp{}, clock: testNow}
	must(t, kept.PutDirectory(w.ctx, tree()))
	for _, a := range []*yinzheng.Account{admin, asker, clerk, signer} {
		b := *a
		must(t, kept.PutAccount(w.ctx, &b))
	}
	w.Inquiries = New(Config{Store: w.store, Records: w.record, Seal: w.stamp, Now: func() time.Time { return w.clock }, Log: slog.New(slog.DiscardHandler)})
	for _, k := range []Kind{
		{Code: "hardship", Name: both("生活困难"), Subject: None, Level: yinzheng.Town},
		{Code: "vaccination", Name: both("接种查验"), Subject: None, Level: yinzheng.Town, Record: &Source{Roll: "health"}},
		{Code: "mother", Name: both("母亲"), Subject: "kinship", Level: yinzheng.Town, Record: &Source{Fact: "mother.id"}},
	} {
		_, err := w.PutKind(w.ctx, admin, k)
		must(t, err)
	}
	_, err = w.GiveRight(w.ctx, admin, Right{Office: "court", Kinds: []string{"hardship", "vaccination", "mother"}, Division: town, Daily: 3, Rows: 2000})
	must(t, err)
	return w
}

func both(s string) yinzheng.Text { return yinzheng.Text{ZH: s, EN: s} }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func mustBe(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("%v, want %v", err, want)
	}
}

// question is one that may be asked.
func question(kind string) *NewInquiry {
	return &NewInquiry{Kind: kind, Name: "李小宝", ID: resident(20).Number, Division: village, Purpose: "入学审核", Basis: "某法第三条"}
}
