package yinzheng_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"yinzheng"
)

// version is the version that is kept of somebody.
func (h *house) version(who string) int {
	h.t.Helper()
	a, err := h.store.AccountByUsername(h.ctx, who)
	must(h.t, err)
	return a.Version
}

// reread makes the tests' people what is kept of them, as signing in would.
func (h *house) reread() {
	h.t.Helper()
	for who := range h.people {
		a, err := h.store.AccountByUsername(h.ctx, who)
		must(h.t, err)
		h.people[who] = a
	}
}

// add puts somebody with grants "role@office" into the house.
func (h *house) add(who string, person int, grants ...[2]string) {
	h.t.Helper()
	h.people[who] = yinzheng.SampleAccount(who, person, grants...)
	must(h.t, h.store.PutAccount(h.ctx, h.people[who]))
	h.people[who].Version = 1
}

// field is what an ErrInvalid says of its first field.
func field(err error) string {
	var e *yinzheng.Error
	if !errors.As(err, &e) || len(e.Fields) == 0 {
		return ""
	}
	return e.Fields[0].Field + " " + e.Fields[0].Code
}

// peopled is a house with administrators of a town and of another district.
func peopled(t *testing.T) *house {
	h := newHouse(t)
	h.add("town-admin", 20, [2]string{"admin", "town"})
	h.add("abroad-admin", 21, [2]string{"admin", "abroad"})
	h.add("admin2", 22, [2]string{"admin", "district"})
	h.add("deputy", 23, [2]string{"clerk", "town"}, [2]string{"clerk", "district"})
	must(t, h.store.PutDelegation(h.ctx, &yinzheng.Delegation{ID: "D", From: "admin2", To: "deputy", Office: "district", Role: yinzheng.Admin, Begin: h.clock().Add(-time.Hour), End: h.clock().AddDate(1, 0, 0)}))
	h.reread()
	return h
}

// TestWhoAdministersWhom: people exist for the administrators of their offices
// and of those above, and for nobody else.
func TestWhoAdministersWhom(t *testing.T) {
	h := peopled(t)
	for who, want := range map[string]map[string]error{
		"admin":        {"clerk": nil, "town": nil, "district": nil, "town-admin": nil, "abroad-admin": yinzheng.ErrNotFound, "nobody": yinzheng.ErrNotFound},
		"town-admin":   {"clerk": nil, "town": nil, "district": yinzheng.ErrNotFound, "admin": yinzheng.ErrNotFound, "abroad-admin": yinzheng.ErrNotFound},
		"abroad-admin": {"clerk": yinzheng.ErrNotFound, "abroad-admin": nil},
		"deputy":       {"clerk": yinzheng.ErrForbidden}, // an administrator's post that is only lent
		"clerk":        {"clerk": yinzheng.ErrForbidden, "nobody": yinzheng.ErrForbidden},
	} {
		for whom, err := range want {
			v, got := h.Person(h.ctx, h.people[who], whom)
			if !errors.Is(got, err) {
				t.Errorf("%s looks at %s: %v, want %v", who, whom, got, err)
			}
			if known := h.people[whom]; known != nil {
				if _, same := h.PersonWith(h.ctx, h.people[who], known.ID); !errors.Is(same, err) {
					t.Errorf("%s looks at the account of %s: %v, want %v", who, whom, same, err)
				}
			}
			if err == nil && (v.Username != whom || v.Version == 0 || strings.Contains(v.ID, h.people[whom].Person.Number[6:14])) {
				t.Errorf("%s: %+v", whom, v)
			}
			if err == nil { // stale: nothing is changed, but they may
				err = yinzheng.ErrConflict
			}
			if _, got = h.DisableAccount(h.ctx, h.people[who], whom, 99); who != whom && !errors.Is(got, err) {
				t.Errorf("%s disables %s: %v, want %v", who, whom, got, err)
			}
		}
	}
	for who, offices := range map[string]string{"admin": "village sibling town town-b district", "town-admin": "village sibling town", "abroad-admin": "abroad"} {
		for _, o := range yinzheng.SampleDirectory().Offices {
			_, err := h.People(h.ctx, h.people[who], o.ID)
			if yes := strings.Contains(" "+offices+" ", " "+o.ID+" ") || who == "admin" && o.ID == "village-b"; yes != (err == nil) || err != nil && !errors.Is(err, yinzheng.ErrNotFound) {
				t.Errorf("%s lists %s: %v", who, o.ID, err)
			}
		}
	}
	list, err := h.People(h.ctx, h.people["town-admin"], "town")
	must(t, err)
	var names []string
	for _, v := range list {
		names = append(names, v.Username)
	}
	if got := strings.Join(names, " "); got != "deputy town town-admin" {
		t.Errorf("the people of the town: %s", got)
	}
	for who, want := range map[string]string{"admin": "town town-admin", "town-admin": "town town-admin", "abroad-admin": ""} {
		names = nil
		list, err := h.FindPeople(h.ctx, h.people[who], " TOWN ")
		must(t, err)
		for _, v := range list {
			names = append(names, v.Username)
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s finds %s, want %s", who, got, want)
		}
	}
	if _, err := h.FindPeople(h.ctx, h.people["clerk"], "town"); !errors.Is(err, yinzheng.ErrForbidden) {
		t.Errorf("a clerk finds people: %v", err)
	}
	if _, err := h.FindPeople(h.ctx, h.people["admin"], " "); !errors.Is(err, yinzheng.ErrInvalid) {
		t.Errorf("everybody is found: %v", err)
	}
	// A post beyond one's offices is not shown.
	h.people["town"].Grants = append(h.people["town"].Grants, yinzheng.Grant{Office: "district", Role: yinzheng.Approver, From: h.clock()})
	h.keep("town")
	if v, err := h.Person(h.ctx, h.people["town-admin"], "town"); err != nil || len(v.Posts) != 1 || v.Posts[0].Office != "town" {
		t.Errorf("%+v %v", v, err)
	}
	if _, err := h.DisableAccount(h.ctx, h.people["town-admin"], "town", h.version("town")); !errors.Is(err, yinzheng.ErrForbidden) {
		t.Errorf("disabled beyond one's offices: %v", err)
	}
	if _, err := h.NewLink(h.ctx, h.people["town-admin"], "town"); !errors.Is(err, yinzheng.ErrForbidden) {
		t.Errorf("a link that opens more than one's offices: %v", err)
	}
	// What is everybody's is not for the administrator of a part.
	for who, want := range map[string]error{"admin": nil, "town-admin": yinzheng.ErrForbidden, "clerk": yinzheng.ErrForbidden} {
		if _, err := h.WaitingCases(h.ctx, h.people[who]); !errors.Is(err, want) {
			t.Errorf("%s operates: %v", who, err)
		}
	}
}

func newcomer() *yinzheng.NewPerson {
	return &yinzheng.NewPerson{
		Username: " ZhaoLiu ", Name: "赵六", ID: yinzheng.ID{Type: yinzheng.ResidentID, Number: "11010519491231002x"},
		Post: yinzheng.Appointment{Office: "village", Role: yinzheng.Clerk},
	}
}

// TestOpenAccount: the owner alone sets the password, by a link that works once.
func TestOpenAccount(t *testing.T) {
	h := peopled(t)
	by := h.people["town-admin"]
	v, again, err := h.OpenAccount(h.ctx, by, newcomer(), "k")
	if err != nil || again || v.Username != "zhaoliu" || !v.Waiting || v.Claim == nil || len(v.Posts) != 1 || !v.Posts[0].From.Equal(h.clock()) || v.ID != "110105********002X" || v.Version != 1 {
		t.Fatalf("%+v %v", v, err)
	}
	first := v.Claim.URL
	same, again, err := h.OpenAccount(h.ctx, by, newcomer(), "k")
	if err != nil || !again || same.Version != 1 || same.Claim == nil || same.Claim.URL == first {
		t.Fatalf("the same key again: %+v %v", same, err)
	}
	secret := func(url string) string { return strings.TrimPrefix(url, h.PublicURL+"/claim/") }
	if _, err := h.Claim(h.ctx, secret(first), password); !errors.Is(err, yinzheng.ErrNotFound) {
		t.Errorf("the link before: %v", err)
	}
	v, err = h.NewLink(h.ctx, by, "zhaoliu")
	must(t, err)
	if name, err := h.Claim(h.ctx, secret(v.Claim.URL), password); err != nil || name != "zhaoliu" {
		t.Fatal(name, err)
	}
	if _, err := h.NewLink(h.ctx, by, "zhaoliu"); !errors.Is(err, yinzheng.ErrState) {
		t.Errorf("a link beside a password: %v", err)
	}
	if v, again, err = h.OpenAccount(h.ctx, by, newcomer(), "k"); err != nil || !again || v.Claim != nil || v.Waiting {
		t.Errorf("%+v %v", v, err)
	}
	if _, _, err := h.SignIn(h.ctx, "zhaoliu", password); err != nil {
		t.Error(err)
	}
	a, err := h.store.AccountByUsername(h.ctx, "zhaoliu")
	must(t, err)
	events, err := h.store.EventsAbout(h.ctx, a.ID)
	must(t, err)
	if len(events) != 3 || events[0].Kind != "account-opened" || events[1].Kind != "post-given" || events[2].Kind != "claim-made" || events[1].By != "town-admin" {
		t.Errorf("%+v", events)
	}
	for _, e := range events {
		if text := e.Subject + e.Detail; strings.Contains(text, "zhao") || strings.Contains(text, "赵") || strings.Contains(text, "1949") {
			t.Errorf("an event tells who it is: %s", text)
		}
	}
	for name, c := range map[string]struct {
		who  string
		bend func(*yinzheng.NewPerson)
		want error
		say  string
	}{
		"not an administrator":  {"clerk", func(*yinzheng.NewPerson) {}, yinzheng.ErrForbidden, ""},
		"a stranger's office":   {"town-admin", func(p *yinzheng.NewPerson) { p.Post.Office = "district" }, yinzheng.ErrInvalid, "post.office unknown"},
		"no office":             {"town-admin", func(p *yinzheng.NewPerson) { p.Post.Office = "" }, yinzheng.ErrInvalid, "post.office unknown"},
		"no role":               {"town-admin", func(p *yinzheng.NewPerson) { p.Post.Role = "chief" }, yinzheng.ErrInvalid, "post.role choice"},
		"an end before now":     {"town-admin", func(p *yinzheng.NewPerson) { p.Post.To = h.clock() }, yinzheng.ErrInvalid, "post.to period"},
		"no name":               {"town-admin", func(p *yinzheng.NewPerson) { p.Name = " " }, yinzheng.ErrInvalid, "name required"},
		"a user name":           {"town-admin", func(p *yinzheng.NewPerson) { p.Username = "赵六" }, yinzheng.ErrInvalid, "username username"},
		"a wrong number":        {"town-admin", func(p *yinzheng.NewPerson) { p.ID.Number = "110105194912310021" }, yinzheng.ErrInvalid, "id id-check-digit"},
		"no document":           {"town-admin", func(p *yinzheng.NewPerson) { p.ID = yinzheng.ID{Type: yinzheng.NoID, Reason: "无"} }, yinzheng.ErrInvalid, "id choice"},
		"the same person":       {"town-admin", func(p *yinzheng.NewPerson) { p.Username = "zhao6" }, yinzheng.ErrConflict, ""},
		"the same user name":    {"town-admin", func(p *yinzheng.NewPerson) { p.ID = yinzheng.ID{Type: yinzheng.Passport, Number: "E1234567"} }, yinzheng.ErrConflict, ""},
		"another under the key": {"town-admin", func(p *yinzheng.NewPerson) { p.Name = "赵七" }, yinzheng.ErrReused, ""},
	} {
		in, key := newcomer(), name
		if c.want == yinzheng.ErrReused {
			key = "k"
		}
		c.bend(in)
		if _, _, err := h.OpenAccount(h.ctx, h.people[c.who], in, key); !errors.Is(err, c.want) || field(err) != c.say {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := h.OpenAccount(h.ctx, by, newcomer(), ""); !errors.Is(err, yinzheng.ErrPrecondition) {
		t.Error(err)
	}
}

// TestPostsInTime: a post counts from its first moment to its last, and what was
// done in it stands.
func TestPostsInTime(t *testing.T) {
	h := peopled(t)
	admin := h.people["admin"]
	month := h.clock().AddDate(0, 1, 0)
	appoint := func(in yinzheng.Appointment) error {
		_, err := h.Appoint(h.ctx, admin, "sibling", h.version("sibling"), &in)
		return err
	}
	must(t, appoint(yinzheng.Appointment{Office: "town-b", Role: yinzheng.Approver, From: month, To: month.AddDate(0, 1, 0)}))
	holds := func(at time.Time) bool {
		a, err := h.store.Account(h.ctx, "sibling")
		must(t, err)
		_, ok := a.Holds(yinzheng.Approver, at, func(o string) bool { return o == "town-b" })
		return ok
	}
	for at, want := range map[time.Time]bool{h.clock(): false, month.Add(-time.Second): false, month: true, month.AddDate(0, 1, 0): false} {
		if holds(at) != want {
			t.Errorf("at %v: %v", at, !want)
		}
	}
	for name, c := range map[string]struct {
		in  yinzheng.Appointment
		say string
	}{
		"held":       {yinzheng.Appointment{Office: "town-b", Role: yinzheng.Approver, From: month.Add(time.Hour), To: month.AddDate(0, 0, 1)}, "office held"},
		"backwards":  {yinzheng.Appointment{Office: "town-b", Role: yinzheng.Approver, From: month, To: month}, "to period"},
		"a stranger": {yinzheng.Appointment{Office: "abroad", Role: yinzheng.Approver}, "office unknown"},
		"an office":  {yinzheng.Appointment{Office: "nowhere", Role: yinzheng.Approver}, "office unknown"},
	} {
		if err := appoint(c.in); !errors.Is(err, yinzheng.ErrInvalid) || field(err) != c.say {
			t.Errorf("%s: %v", name, err)
		}
	}
	must(t, appoint(yinzheng.Appointment{Office: "town-b", Role: yinzheng.Approver, From: month.AddDate(0, 1, 0)})) // goes on
	end := func(in yinzheng.Ending) error {
		_, err := h.EndPost(h.ctx, admin, "sibling", h.version("sibling"), &in)
		return err
	}
	// What would begin later is taken back, what runs by then ends.
	must(t, end(yinzheng.Ending{Office: "town-b", Role: yinzheng.Approver, At: month.AddDate(0, 0, 10)}))
	if !holds(month.AddDate(0, 0, 9)) || holds(month.AddDate(0, 0, 10)) || holds(month.AddDate(1, 0, 0)) {
		t.Error("the post does not end with its end")
	}
	if v, err := h.Person(h.ctx, admin, "sibling"); err != nil || len(v.Posts) != 3 || !v.Posts[2].To.Equal(v.Posts[2].From) {
		t.Errorf("what was taken back is not on record: %+v %v", v, err)
	}
	if err := end(yinzheng.Ending{Office: "town-b", Role: yinzheng.Approver, At: month.AddDate(0, 0, 10)}); field(err) != "office not-held" {
		t.Errorf("ended twice: %v", err)
	}
	if err := end(yinzheng.Ending{Office: "abroad", Role: yinzheng.Approver}); field(err) != "office unknown" {
		t.Errorf("ended at a stranger's: %v", err)
	}

	// The decision of yesterday stands after its maker has left.
	v := h.submitted("key")
	h.later(24 * time.Hour)
	_, err := h.EndPost(h.ctx, admin, "town", h.version("town"), &yinzheng.Ending{Office: "town", At: h.clock().Add(-48 * time.Hour)})
	must(t, err)
	a, err := h.store.Account(h.ctx, "town")
	must(t, err)
	if len(a.Grants) != 1 || !a.Grants[0].To.Equal(h.clock()) {
		t.Errorf("ended in the past: %+v", a.Grants)
	}
	h.reread()
	if _, err := h.Application(h.ctx, h.people["town"], v.ID); !errors.Is(err, yinzheng.ErrNotFound) {
		t.Errorf("who has left still sees the case: %v", err)
	}
	if v, err = h.approve(v); err != nil || v.State != yinzheng.Issued {
		t.Errorf("%v %v", v, err)
	}
	if list, err := h.People(h.ctx, admin, "town"); err != nil || len(list) != 3 || list[1].Username != "town" {
		t.Errorf("who was there is forgotten: %+v %v", list, err)
	}
}

// TestLastAdministrator: never is an office left without somebody who can
// appoint people to it, not even by two who do it at one instant.
func TestLastAdministrator(t *testing.T) {
	h := peopled(t)
	admin, second := h.people["admin"], h.people["admin2"]
	for _, err := range []error{
		func() error { _, err := h.DisableAccount(h.ctx, admin, "admin", 1); return err }(),
		func() error {
			_, err := h.EndPost(h.ctx, admin, "admin", 1, &yinzheng.Ending{Office: "district"})
			return err
		}(),
		func() error {
			_, err := h.Appoint(h.ctx, admin, "admin", 1, &yinzheng.Appointment{Office: "town", Role: yinzheng.Approver})
			return err
		}(),
		func() error {
			_, err := h.HandOver(h.ctx, admin, "town", 1, &yinzheng.Handover{Office: "town", To: "admin"})
			return err
		}(),
	} {
		if !errors.Is(err, yinzheng.ErrForbidden) {
			t.Errorf("one's own: %v", err)
		}
	}
	for round := range 8 {
		var wg sync.WaitGroup
		var errs [2]error
		wg.Go(func() {
			_, errs[0] = h.EndPost(h.ctx, admin, "admin2", h.version("admin2"), &yinzheng.Ending{Office: "district", Role: yinzheng.Admin})
		})
		wg.Go(func() { _, errs[1] = h.DisableAccount(h.ctx, second, "admin", h.version("admin")) })
		wg.Wait()
		if (errs[0] == nil) == (errs[1] == nil) || !errors.Is(errors.Join(errs[:]...), yinzheng.ErrState) {
			t.Fatalf("round %d: %v", round, errs)
		}
		op := h.Operator()
		if errs[0] == nil {
			_, errs[0] = h.Appoint(h.ctx, op, "admin2", h.version("admin2"), &yinzheng.Appointment{Office: "district", Role: yinzheng.Admin})
			must(t, errs[0])
		} else {
			_, errs[1] = h.EnableAccount(h.ctx, op, "admin", h.version("admin"))
			must(t, errs[1])
		}
	}
	// One whose post ends some day does not do.
	_, err := h.EndPost(h.ctx, admin, "admin2", h.version("admin2"), &yinzheng.Ending{Office: "district", At: h.clock().AddDate(1, 0, 0)})
	must(t, err)
	if _, err := h.DisableAccount(h.ctx, second, "admin", h.version("admin")); !errors.Is(err, yinzheng.ErrState) {
		t.Errorf("the only one for good: %v", err)
	}
	// The town's has the district's above.
	_, err = h.EndPost(h.ctx, admin, "town-admin", h.version("town-admin"), &yinzheng.Ending{Office: "town", Role: yinzheng.Admin})
	must(t, err)
}

// TestEnableAfterASuperior: who was disabled from above is let in again by nobody
// below, whatever other posts that administrator has.
func TestEnableAfterASuperior(t *testing.T) {
	h := peopled(t)
	h.add("both", 31, [2]string{"admin", "village"}, [2]string{"admin", "town"}, [2]string{"admin", "abroad"})
	h.add("village-admin", 32, [2]string{"admin", "village"})
	disable := func(who string) {
		t.Helper()
		_, err := h.DisableAccount(h.ctx, h.people[who], "clerk", h.version("clerk"))
		must(t, err)
	}
	for _, c := range []struct {
		by   string
		may  []string
		cant []string
	}{
		{"admin", []string{"admin2"}, []string{"village-admin", "town-admin", "both"}},
		{"both", []string{"town-admin", "admin"}, []string{"village-admin"}},
		{"town-admin", []string{"both"}, []string{"village-admin"}},
		{"village-admin", []string{"village-admin", "town-admin", "admin"}, nil},
	} {
		for _, who := range c.may {
			disable(c.by)
			for _, other := range c.cant {
				if _, err := h.EnableAccount(h.ctx, h.people[other], "clerk", h.version("clerk")); !errors.Is(err, yinzheng.ErrForbidden) {
					t.Errorf("%s enables whom %s disabled: %v", other, c.by, err)
				}
			}
			if _, err := h.EnableAccount(h.ctx, h.people[who], "clerk", h.version("clerk")); err != nil {
				t.Errorf("%s enables whom %s disabled: %v", who, c.by, err)
			}
		}
	}
}

// TestLinkEndsWithPromotion: whoever kept the link of an account comes by no post
// that the account was given since, and the administrator who gave it makes a new
// link.
func TestLinkEndsWithPromotion(t *testing.T) {
	for name, promote := range map[string]func(h *house) error{
		"appointed": func(h *house) error {
			_, err := h.Appoint(h.ctx, h.people["admin"], "zhaoliu", h.version("zhaoliu"), &yinzheng.Appointment{Office: "district", Role: yinzheng.Approver})
			return err
		},
		"handed over to": func(h *house) error {
			_, err := h.HandOver(h.ctx, h.people["admin"], "district", h.version("district"), &yinzheng.Handover{Office: "district", To: "zhaoliu"})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := peopled(t)
			v, _, err := h.OpenAccount(h.ctx, h.people["town-admin"], newcomer(), "k")
			must(t, err)
			_, old, _ := strings.Cut(v.Claim.URL, "/claim/")
			must(t, promote(h))
			if _, err := h.Claim(h.ctx, old, "a password of somebody else"); !errors.Is(err, yinzheng.ErrNotFound) {
				t.Errorf("the old link: %v", err)
			}
			if _, err := h.NewLink(h.ctx, h.people["town-admin"], "zhaoliu"); !errors.Is(err, yinzheng.ErrForbidden) {
				t.Errorf("a new link by who administers only the first post: %v", err)
			}
			v, err = h.NewLink(h.ctx, h.people["admin"], "zhaoliu")
			must(t, err)
			_, secret, _ := strings.Cut(v.Claim.URL, "/claim/")
			a, err := h.store.AccountByUsername(h.ctx, "zhaoliu")
			must(t, err)
			kept, _, err := h.NewClaim(h.ctx, a.ID)
			must(t, err)
			if _, err := h.Claim(h.ctx, secret, "a password of one's own"); err != nil {
				t.Fatal(err)
			}
			a.Version, a.Password = h.version("zhaoliu"), "" // as if it had been taken back
			must(t, h.store.PutAccount(h.ctx, a))
			if _, err := h.Claim(h.ctx, kept, "a password of somebody else"); !errors.Is(err, yinzheng.ErrNotFound) {
				t.Errorf("another link, after a password was set: %v", err)
			}
		})
	}
}

// TestHandOver: in one act the successor has the posts, the first one has not,
// and the draft is where it was.
func TestHandOver(t *testing.T) {
	h := peopled(t)
	admin := h.people["admin"]
	h.add("new", 30, [2]string{"clerk", "sibling"})
	h.people["clerk"].Grants = append(h.people["clerk"].Grants,
		yinzheng.Grant{Office: "village", Role: yinzheng.Department, From: h.clock(), To: h.clock().AddDate(0, 6, 0)},
		yinzheng.Grant{Office: "sibling", Role: yinzheng.Clerk, From: h.clock()})
	h.keep("clerk")
	for i, d := range []yinzheng.Delegation{{Office: "village", Role: yinzheng.Clerk}, {Office: "sibling", Role: yinzheng.Clerk}, {Office: "village", Role: yinzheng.Clerk, Begin: h.clock().AddDate(0, 1, 0)}} {
		d.ID, d.From, d.To, d.End = string(rune('a'+i)), "clerk", "town", h.clock().AddDate(0, 2, 0)
		if d.Begin.IsZero() {
			d.Begin = h.clock()
		}
		must(t, h.store.PutDelegation(h.ctx, &d))
	}
	draft, _, err := h.CreateApplication(h.ctx, h.people["clerk"], &yinzheng.NewApplication{Item: "kin", Values: yinzheng.SampleValues(), Office: "village"}, "draft")
	must(t, err)
	for name, c := range map[string]struct {
		in  yinzheng.Handover
		say string
	}{
		"to nobody":             {yinzheng.Handover{Office: "village", To: "nobody"}, "to unknown"},
		"to oneself":            {yinzheng.Handover{Office: "village", To: "clerk"}, "to unknown"},
		"to a stranger":         {yinzheng.Handover{Office: "village", To: "abroad-admin"}, "to unknown"},
		"what they do not hold": {yinzheng.Handover{Office: "village", Role: yinzheng.Approver, To: "new"}, "office not-held"},
		"a stranger's office":   {yinzheng.Handover{Office: "abroad", To: "new"}, "office unknown"},
	} {
		if _, err := h.HandOver(h.ctx, admin, "clerk", h.version("clerk"), &c.in); !errors.Is(err, yinzheng.ErrInvalid) || field(err) != c.say {
			t.Errorf("%s: %v", name, err)
		}
	}
	day := h.clock().Add(24 * time.Hour)
	v, err := h.HandOver(h.ctx, admin, "clerk", h.version("clerk"), &yinzheng.Handover{Office: "village", To: "New", At: day})
	must(t, err)
	if len(v.Posts) != 3 || !v.Posts[0].To.Equal(day) || !v.Posts[1].To.Equal(day) || !v.Posts[2].To.IsZero() {
		t.Errorf("the first one's posts: %+v", v.Posts)
	}
	if v, err = h.Person(h.ctx, admin, "new"); err != nil || len(v.Posts) != 3 || !v.Posts[1].From.Equal(day) || !v.Posts[1].To.IsZero() || !v.Posts[2].To.Equal(h.clock().AddDate(0, 6, 0)) {
		t.Errorf("the successor's posts: %+v %v", v.Posts, err)
	}
	loans, err := h.store.Delegations(h.ctx, "clerk")
	must(t, err)
	for _, d := range loans {
		want := map[string]time.Time{"a": day, "b": h.clock().AddDate(0, 2, 0), "c": h.clock().AddDate(0, 1, 0)}[d.ID]
		if !d.End.Equal(want) {
			t.Errorf("what was lent (%s) ends %v, want %v", d.ID, d.End, want)
		}
	}
	h.reread()
	if _, err := h.SubmitApplication(h.ctx, h.people["new"], draft.ID, draft.Version); !errors.Is(err, yinzheng.ErrNotFound) {
		t.Errorf("before the day: %v", err)
	}
	h.later(24 * time.Hour)
	if _, err := h.Application(h.ctx, h.people["clerk"], draft.ID); !errors.Is(err, yinzheng.ErrNotFound) {
		t.Errorf("the first one still sees the draft: %v", err)
	}
	sent, err := h.SubmitApplication(h.ctx, h.people["new"], draft.ID, draft.Version)
	if err != nil || sent.Step.Key != "town" || sent.History[1].By != "new" || sent.History[0].By != "clerk" {
		t.Fatalf("%+v %v", sent, err)
	}
	for who, want := range map[string]string{"clerk": "post-handed-over post-handed-over", "new": "post-taken-over post-taken-over"} {
		events, err := h.store.EventsAbout(h.ctx, who)
		must(t, err)
		var kinds []string
		for _, e := range events {
			kinds = append(kinds, e.Kind)
		}
		if strings.Join(kinds, " ") != want {
			t.Errorf("%s: %v", who, kinds)
		}
	}
	// To somebody who has the post already it is an ending.
	before := h.version("new")
	_, err = h.HandOver(h.ctx, admin, "sibling", h.version("sibling"), &yinzheng.Handover{Office: "sibling", Role: yinzheng.Clerk, To: "new"})
	must(t, err)
	if h.version("new") != before {
		t.Error("given what they had")
	}
	_, err = h.DisableAccount(h.ctx, admin, "sibling", h.version("sibling"))
	must(t, err)
	if _, err := h.HandOver(h.ctx, admin, "new", h.version("new"), &yinzheng.Handover{Office: "village", To: "sibling"}); field(err) != "to unknown" {
		t.Errorf("to a disabled account: %v", err)
	}
}

// TestDisable: sessions and links end at once and do not come back.
func TestDisable(t *testing.T) {
	h := signInHouse(t)
	secret, _, err := h.SignIn(h.ctx, "clerk", password)
	must(t, err)
	link, _, err := h.NewClaim(h.ctx, "town")
	must(t, err)
	admin := h.people["admin"]
	for _, who := range []string{"clerk", "town"} {
		v, err := h.DisableAccount(h.ctx, admin, who, h.version(who))
		if err != nil || !v.Disabled {
			t.Fatal(v, err)
		}
		if _, err := h.DisableAccount(h.ctx, admin, who, h.version(who)); !errors.Is(err, yinzheng.ErrState) {
			t.Errorf("twice: %v", err)
		}
	}
	refused := func(when string) {
		t.Helper()
		if _, err := h.Authenticate(h.ctx, secret); !errors.Is(err, yinzheng.ErrUnauthorized) {
			t.Errorf("%s the session: %v", when, err)
		}
		if _, err := h.Claim(h.ctx, link, password); !errors.Is(err, yinzheng.ErrNotFound) {
			t.Errorf("%s the link: %v", when, err)
		}
	}
	refused("disabled:")
	if _, err := h.NewLink(h.ctx, admin, "town"); !errors.Is(err, yinzheng.ErrState) {
		t.Errorf("a link for a disabled account: %v", err)
	}
	if _, _, err := h.SignIn(h.ctx, "clerk", password); !errors.Is(err, yinzheng.ErrUnauthorized) {
		t.Error(err)
	}
	for _, who := range []string{"clerk", "town"} {
		_, err := h.EnableAccount(h.ctx, admin, who, h.version(who))
		must(t, err)
		if _, err := h.EnableAccount(h.ctx, admin, who, h.version(who)); !errors.Is(err, yinzheng.ErrState) {
			t.Errorf("twice: %v", err)
		}
	}
	refused("enabled again:")
	if _, _, err := h.SignIn(h.ctx, "clerk", password); err != nil {
		t.Error(err)
	}
}

// TestTwoAdministrators: of two who change one account at once, one is told so,
// and nothing of either is lost.
func TestTwoAdministrators(t *testing.T) {
	h := peopled(t)
	seen := h.version("clerk")
	var wg sync.WaitGroup
	var errs [2]error
	for i, office := range []string{"town", "town-b"} {
		by := h.people[[]string{"admin", "admin2"}[i]]
		wg.Go(func() {
			_, errs[i] = h.Appoint(h.ctx, by, "clerk", seen, &yinzheng.Appointment{Office: office, Role: yinzheng.Clerk})
		})
	}
	wg.Wait()
	if (errs[0] == nil) == (errs[1] == nil) || !errors.Is(errors.Join(errs[:]...), yinzheng.ErrConflict) {
		t.Fatal(errs)
	}
	if v, err := h.Person(h.ctx, h.people["admin"], "clerk"); err != nil || len(v.Posts) != 2 || v.Version != seen+1 {
		t.Errorf("%+v %v", v, err)
	}
}

// TestClosedOffice: nobody is appointed to an office that was closed, and its
// administrators are those of the office that does its work.
func TestClosedOffice(t *testing.T) {
	h := peopled(t)
	tree := yinzheng.SampleDirectory()
	closed := *tree.Office("sibling")
	closed.Until, closed.Successor = h.clock(), "village"
	must(t, h.store.PutDirectory(h.ctx, yinzheng.NewDirectory(nil, []yinzheng.Office{closed}, nil)))
	must(t, h.Reload(h.ctx))
	var e *yinzheng.Error
	_, err := h.Appoint(h.ctx, h.people["town-admin"], "town", h.version("town"), &yinzheng.Appointment{Office: "sibling", Role: yinzheng.Clerk})
	if field(err) != "office closed" || !errors.As(err, &e) || !strings.Contains(e.Fields[0].Text.ZH, tree.Office("village").Name) {
		t.Errorf("appointed to a closed office: %v", err)
	}
	if list, err := h.People(h.ctx, h.people["town-admin"], "sibling"); err != nil || len(list) != 1 {
		t.Errorf("who was there: %v %v", list, err)
	}
}
