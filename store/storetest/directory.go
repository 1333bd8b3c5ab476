package storetest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"yinzheng"
)

var publicPart = cmp.Options{cmpopts.IgnoreUnexported(yinzheng.Directory{}), cmpopts.IgnoreFields(yinzheng.Directory{}, "Version")}

func directory(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	d, err := s.Directory(ctx)
	check(t, err)
	if len(d.Divisions)+len(d.Offices)+len(d.Organs) > 0 {
		t.Fatalf("an empty store has %v", d)
	}
	check(t, s.PutDirectory(ctx, Tree()))
	d, err = s.Directory(ctx)
	check(t, err)
	if diff := cmp.Diff(Tree(), d, publicPart, cmpopts.SortSlices(func(a, b yinzheng.Division) bool { return a.Code < b.Code })); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
	if !d.Within(East, Town) || d.Office("town") == nil {
		t.Error("the tree has no index")
	}
	check(t, s.PutDirectory(ctx, yinzheng.NewDirectory(nil, []yinzheng.Office{{ID: "town", Name: "新名称", Division: Town}}, nil)))
	d, err = s.Directory(ctx)
	check(t, err)
	if o := d.Office("town"); o.Name != "新名称" || o.Organ != "" || d.Office("north") == nil {
		t.Errorf("replaced: %v, others: %v", o, d.Office("north"))
	}
}

// accountOneWinner: of several who change an account at one version one wins,
// and what the others meant leaves no trace.
func accountOneWinner(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	check(t, s.PutAccount(ctx, &yinzheng.Account{ID: "u1", Username: "wang"}))
	var won atomic.Int32
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			a, err := s.Account(ctx, "u1")
			if err != nil || a.Version > 1 {
				a = &yinzheng.Account{ID: "u1", Username: "wang", Version: 1}
			}
			office := fmt.Sprint("office", i)
			a.Name, a.Grants = office, []yinzheng.Grant{{Office: office, Role: yinzheng.Clerk, From: Start}}
			switch err := s.PutAccount(ctx, a); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, yinzheng.ErrConflict):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	a, err := s.Account(ctx, "u1")
	check(t, err)
	if won.Load() != 1 || a.Version != 2 || len(a.Grants) != 1 || a.Grants[0].Office != a.Name {
		t.Errorf("%d won: %+v", won.Load(), a)
	}
}

// accountsOf: whoever has, had or will have a post in an office, once.
func accountsOf(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	grant := func(office string, from, to time.Time) yinzheng.Grant {
		return yinzheng.Grant{Office: office, Role: yinzheng.Clerk, From: from, To: to}
	}
	past, future := Start.AddDate(-1, 0, 0), Start.AddDate(1, 0, 0)
	check(t, s.PutAccount(ctx, &yinzheng.Account{ID: "1", Username: "zhao", Grants: []yinzheng.Grant{grant("town", Start, time.Time{}), grant("town", future, time.Time{})}}))
	check(t, s.PutAccount(ctx, &yinzheng.Account{ID: "2", Username: "qian", Disabled: true, Grants: []yinzheng.Grant{grant("north", Start, time.Time{}), grant("town", past, Start)}}))
	check(t, s.PutAccount(ctx, &yinzheng.Account{ID: "3", Username: "sun", Grants: []yinzheng.Grant{grant("north", Start, time.Time{})}}))
	for office, want := range map[string]string{"town": "qian zhao", "north": "qian sun", "west": ""} {
		list, err := s.AccountsOf(ctx, office)
		check(t, err)
		var got []string
		for _, a := range list {
			got = append(got, a.Username)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", office, got, want)
		}
	}
}

// accountsNamed: a part of the name or of the username finds somebody, and
// nothing in it means anything but itself.
func accountsNamed(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	for i, a := range []struct{ username, name string }{{"zhao", "赵一鸣"}, {"qian_2", "钱小明"}, {"qianx2", "Ann Qian"}, {"s%", `孙\明`}} {
		check(t, s.PutAccount(ctx, &yinzheng.Account{ID: strconv.Itoa(i), Username: a.username, Name: a.name}))
	}
	for text, want := range map[string]string{
		"明": "qian_2 s%", "一": "zhao", "QIAN": "qian_2 qianx2", "ann": "qianx2", "qian_": "qian_2", "%": "s%", `\`: "s%", "'": "", "周": "",
	} {
		list, err := s.AccountsNamed(ctx, text)
		check(t, err)
		var got []string
		for _, a := range list {
			got = append(got, a.Username)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", text, got, want)
		}
	}
}

// directoryUndone: a tree seen inside a transaction that is undone is not
// what others see later.
func directoryUndone(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	check(t, s.PutDirectory(ctx, Tree()))
	renamed := func(name string) *yinzheng.Directory {
		return yinzheng.NewDirectory(nil, []yinzheng.Office{{ID: "town", Name: name, Division: Town}}, nil)
	}
	name := func(ctx context.Context) string {
		d, err := s.Directory(ctx)
		check(t, err)
		return d.Office("town").Name
	}
	no := errors.New("no")
	for _, n := range []string{"甲", "乙"} {
		if err := s.Tx(ctx, func(ctx context.Context) error {
			check(t, s.PutDirectory(ctx, renamed(n)))
			if got := name(ctx); got != n {
				t.Errorf("inside: %s", got)
			}
			return no
		}); !errors.Is(err, no) {
			t.Fatal(err)
		}
		if got := name(ctx); got != "桥东街道办事处" {
			t.Errorf("outside: %s", got)
		}
	}
}

func account(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	_, err := s.Account(ctx, "u1")
	checkIs(t, err, yinzheng.ErrNotFound)
	a := &yinzheng.Account{
		ID: "u1", Username: "wang", Name: "王小明", Person: yinzheng.ID{Type: yinzheng.ResidentID, Number: "441302199001011234"}, Password: "phc",
		Grants: []yinzheng.Grant{{Office: "north", Role: yinzheng.Clerk, From: Start}, {Office: "town", Role: yinzheng.Approver, From: Start, To: Start.AddDate(1, 0, 0)}},
	}
	for range 3 { // new, the same, changed
		check(t, s.PutAccount(ctx, a))
		checkIs(t, s.PutAccount(ctx, a), yinzheng.ErrConflict) // it is at the next version now
		a.Version++
		for _, find := range []func() (*yinzheng.Account, error){
			func() (*yinzheng.Account, error) { return s.Account(ctx, "u1") },
			func() (*yinzheng.Account, error) { return s.AccountByUsername(ctx, a.Username) },
		} {
			got, err := find()
			check(t, err)
			if d := cmp.Diff(a, got); d != "" {
				t.Fatalf("(-want +got):\n%s", d)
			}
		}
		a.Username, a.Disabled, a.Grants = "wang2", true, a.Grants[:1]
	}
	_, err = s.AccountByUsername(ctx, "wang")
	checkIs(t, err, yinzheng.ErrNotFound)
	checkIs(t, s.PutAccount(ctx, &yinzheng.Account{ID: "u2", Username: "wang2"}), yinzheng.ErrConflict)
	checkIs(t, s.PutAccount(ctx, &yinzheng.Account{ID: "u2", Username: "new", Version: 1}), yinzheng.ErrConflict) // there is none yet
	checkIs(t, s.PutAccount(ctx, &yinzheng.Account{ID: "u2", Username: "li", Person: a.Person}), yinzheng.ErrConflict)
	check(t, s.PutAccount(ctx, &yinzheng.Account{ID: "u2", Username: "li"}))
	check(t, s.PutAccount(ctx, &yinzheng.Account{ID: "u3", Username: "zhao"})) // nobody knows their person either
	got, err := s.Account(ctx, "u2")
	check(t, err)
	if got.Grants != nil {
		t.Errorf("grants out of nothing: %v", got.Grants)
	}
}

func keys(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	rs, err := rsa.GenerateKey(rand.Reader, 2048)
	check(t, err)
	a := &yinzheng.Key{
		KID: "kid00001", Purpose: yinzheng.DocumentKey, Organ: "11441302007158123A", OrganName: "桥东街道办事处", Items: []string{"residence"},
		NotBefore: Start, NotAfter: Start.AddDate(3, 0, 0), State: yinzheng.KeyActive, Since: Start, Alg: "ES256", Public: ec.Public(), Chain: [][]byte{{0x30, 0}, {0x30, 1, 0xff}},
	}
	b := &yinzheng.Key{KID: "kid00002", Purpose: yinzheng.StatusKey, NotBefore: Start.Add(time.Second), NotAfter: Start.AddDate(1, 0, 0), State: yinzheng.KeyActive, Since: Start, Alg: "RS256", Public: rs.Public()}
	check(t, s.PutKey(ctx, a))
	check(t, s.PutKey(ctx, b))
	b.State, b.Since = yinzheng.KeyCompromised, Start.Add(time.Hour)
	check(t, s.PutKey(ctx, b))
	got, err := s.Keys(ctx)
	check(t, err)
	if d := cmp.Diff([]*yinzheng.Key{a, b}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if err := s.PutKey(ctx, &yinzheng.Key{KID: "kid00003"}); err == nil {
		t.Error("a key without a public half was taken")
	}
}

func session(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	hash, until := [32]byte{1, 2, 3}, Start.Add(time.Hour)
	_, err := s.Session(ctx, hash, Start)
	checkIs(t, err, yinzheng.ErrNotFound)
	check(t, s.PutSession(ctx, hash, "claim:u1", until))
	got, err := s.Session(ctx, hash, until.Add(-time.Microsecond))
	check(t, err)
	if got != "claim:u1" {
		t.Errorf("got %q", got)
	}
	_, err = s.Session(ctx, hash, until)
	checkIs(t, err, yinzheng.ErrNotFound)
	check(t, s.EndSession(ctx, hash))
	_, err = s.Session(ctx, hash, Start)
	checkIs(t, err, yinzheng.ErrNotFound)
	check(t, s.EndSession(ctx, hash))
	for i, account := range []string{"u1", "u1", "u2"} {
		check(t, s.PutSession(ctx, [32]byte{20, byte(i)}, account, until))
	}
	check(t, s.EndSessions(ctx, "u1"))
	for i, want := range []error{yinzheng.ErrNotFound, yinzheng.ErrNotFound, nil} {
		if _, err := s.Session(ctx, [32]byte{20, byte(i)}, Start); !errors.Is(err, want) {
			t.Errorf("session %d: %v, want %v", i, err, want)
		}
	}
	check(t, s.EndSessions(ctx, "u1"))
	check(t, s.PutSession(ctx, hash, "u1", until))
	check(t, s.PutSession(ctx, [32]byte{9}, "u2", until.Add(time.Hour)))
	check(t, s.PruneSessions(ctx, until))
	_, err = s.Session(ctx, hash, Start)
	checkIs(t, err, yinzheng.ErrNotFound)
	_, err = s.Session(ctx, [32]byte{9}, Start)
	check(t, err)
}

// opened: what was opened in a session is remembered at its last version, for as
// long as the session lasts.
func opened(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	one, two := [32]byte{1}, [32]byte{2}
	check(t, s.PutSession(ctx, one, "u1", Start))
	check(t, s.PutSession(ctx, two, "u1", Start.Add(time.Hour)))
	for _, version := range []int{2, 4} {
		check(t, s.NoteOpened(ctx, one, "A1", version))
	}
	check(t, s.NoteOpened(ctx, one, "A2", 3))
	check(t, s.NoteOpened(ctx, two, "A2", 1))
	check(t, s.NoteOpened(ctx, [32]byte{3}, "A1", 1)) // no session
	want := func(hash [32]byte, versions map[string]int) {
		t.Helper()
		got, err := s.Opened(ctx, hash)
		check(t, err)
		if d := cmp.Diff(versions, got); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	}
	want(one, map[string]int{"A1": 4, "A2": 3})
	want(two, map[string]int{"A2": 1})
	want([32]byte{3}, map[string]int{})
	check(t, s.PruneSessions(ctx, Start))
	want(one, map[string]int{})
	want(two, map[string]int{"A2": 1})
	check(t, s.EndSessions(ctx, "u1"))
	check(t, s.PutSession(ctx, two, "u1", Start))
	want(two, map[string]int{})
}

// changed: what was written shows, a look does not.
func changed(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	before := s.Changed()
	_, err := s.Told(ctx, "u1")
	check(t, err)
	if s.Changed() != before {
		t.Error("a look shows")
	}
	check(t, s.Tell(ctx, "u1", 2))
	if s.Changed() == before {
		t.Error("what was written does not show")
	}
}

// pruned: a key that was forgotten makes something anew.
func pruned(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	_, err := s.Remember(ctx, "u1", "old", [32]byte{1}, "A1", Start)
	check(t, err)
	_, err = s.Remember(ctx, "u1", "new", [32]byte{1}, "A2", Start.Add(time.Hour))
	check(t, err)
	check(t, s.PruneRequests(ctx, Start.Add(time.Minute)))
	for key, want := range map[string]string{"old": "", "new": "A2"} {
		if before, err := s.Remember(ctx, "u1", key, [32]byte{1}, "A3", Start); err != nil || before != want {
			t.Errorf("%s: made %q before, %v, want %q", key, before, err, want)
		}
	}
}

func remember(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	for _, tt := range []struct {
		account, key string
		digest       byte
		made, before string
		err          error
	}{
		{"u1", "k", 1, "A1", "", nil},
		{"u1", "k", 1, "A2", "A1", nil},
		{"u1", "k", 2, "A3", "", yinzheng.ErrReused},
		{"u2", "k", 2, "A4", "", nil}, // keys are each account's own
		{"u1", "k2", 2, "A5", "", nil},
		{"u1", "k", 1, "A6", "A1", nil},
	} {
		before, err := s.Remember(ctx, tt.account, tt.key, [32]byte{tt.digest}, tt.made, Start)
		if before != tt.before || !errors.Is(err, tt.err) {
			t.Errorf("%v: %q, %v", tt, before, err)
		}
	}
	check(t, s.Record(ctx, yinzheng.Event{At: Start, Kind: "certificate-issued", Subject: "C1", By: yinzheng.SystemActor, Detail: "1.2"}))
}

// rememberConcurrent: a double click makes one case.
func rememberConcurrent(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	var made atomic.Int32
	var wg sync.WaitGroup
	for i := range 32 {
		wg.Go(func() {
			id := fmt.Sprintf("A%d", i)
			var before string
			err := s.Tx(ctx, func(ctx context.Context) (err error) {
				if before, err = s.Remember(ctx, "u1", "k", [32]byte{}, id, Start); err != nil || before != "" {
					return err
				}
				return s.SaveApplication(ctx, Case(id, "north", North), 0)
			})
			if err == nil && before == "" {
				made.Add(1)
			}
			if err == nil && before != "" {
				_, err = s.Application(ctx, before)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if made.Load() != 1 {
		t.Errorf("%d cases made", made.Load())
	}
}
