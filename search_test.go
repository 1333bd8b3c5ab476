package yinzheng_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"yinzheng"
)

// searched lists IDs and matches of everything that somebody finds.
func (h *house) searched(by *yinzheng.Account, text string, limit int) (ids []string, matches map[yinzheng.Match]bool, err error) {
	matches = map[yinzheng.Match]bool{}
	for cursor := ""; ; {
		found, next, err := h.Search(h.ctx, by, text, cursor, limit)
		if err != nil {
			return nil, nil, err
		}
		for _, f := range found {
			ids = append(ids, f.ID)
			matches[f.Match] = true
		}
		if next == "" {
			return ids, matches, nil
		}
		cursor = next
	}
}

// TestSearch: one case by everything that it can be found by, by those for whom
// it exists and by those for whom it does not.
func TestSearch(t *testing.T) {
	h := newHouse(t)
	v := h.issued("k")
	cert := v.Certificate
	record, err := h.store.Certificate(h.ctx, cert.Code)
	must(t, err)
	for text, want := range map[string]yinzheng.Match{
		"张三丰": yinzheng.MatchName, " 張三丰 ": yinzheng.MatchName, "张三": yinzheng.MatchPrefix, "張·三": yinzheng.MatchPrefix,
		v.Values.ID("id").Number: yinzheng.MatchDocument, " 441302 19900307 " + v.Values.ID("id").Number[14:]: yinzheng.MatchDocument,
		"４４１３０２" + v.Values.ID("id").Number[6:]: yinzheng.MatchDocument,
		cert.Code: yinzheng.MatchCode, strings.ToLower(cert.Code[:4] + "-" + cert.Code[4:8] + " " + cert.Code[8:]): yinzheng.MatchCode,
		cert.URL: yinzheng.MatchCode, cert.URL + "#" + string(yinzheng.Digits(record.Token)): yinzheng.MatchCode,
		cert.Number: yinzheng.MatchNumber, strings.ToLower(cert.Number): yinzheng.MatchNumber,
		v.ID: yinzheng.MatchCase, strings.ToLower(v.ID): yinzheng.MatchCase,
	} {
		for _, who := range []string{"clerk", "town", "district"} {
			ids, matches, err := h.searched(h.people[who], text, 0)
			if err != nil || !slices.Equal(ids, []string{v.ID}) || !matches[want] {
				t.Errorf("%s finds by %q: %v %v %v, want %s", who, text, ids, matches, err, want)
			}
		}
		for _, who := range []string{"sibling", "admin"} {
			if ids, _, err := h.searched(h.people[who], text, 0); err != nil || len(ids) > 0 {
				t.Errorf("%s finds by %q: %v %v", who, text, ids, err)
			}
		}
	}
	for _, text := range []string{"王三丰", "三丰", "张三丰子", v.Values.ID("id").Number[:17], "000000000000", "0000000000", "E1234567"} {
		if ids, _, err := h.searched(h.people["clerk"], text, 0); err != nil || len(ids) > 0 {
			t.Errorf("%q: %v %v", text, ids, err)
		}
	}
	// By a code the line is the same as by a name.
	byName, _, err := h.Search(h.ctx, h.people["clerk"], "张三丰", "", 0)
	must(t, err)
	byCode, _, err := h.Search(h.ctx, h.people["clerk"], cert.Code, "", 0)
	must(t, err)
	byName[0].Cursor, byName[0].Match = "", yinzheng.MatchCode
	if d := cmp.Diff(byName, byCode); d != "" {
		t.Errorf("(-by name +by code):\n%s", d)
	}
}

// TestSearchFollows: what is mended is found by what it is now, and the draft
// by its own office alone.
func TestSearchFollows(t *testing.T) {
	h := newHouse(t)
	clerk := h.people["clerk"]
	v, _, err := h.CreateApplication(h.ctx, clerk, &yinzheng.NewApplication{Item: "kin", Values: yinzheng.SampleValues()}, "k")
	must(t, err)
	expect := func(who, text string, want ...string) {
		t.Helper()
		if ids, _, err := h.searched(h.people[who], text, 0); err != nil || !slices.Equal(ids, want) {
			t.Errorf("%s finds by %s: %v %v, want %v", who, text, ids, err, want)
		}
	}
	expect("clerk", "张三丰", v.ID)
	expect("town", "张三丰")
	v, err = h.EditApplication(h.ctx, clerk, v.ID, v.Version, &yinzheng.Patch{Values: map[string]any{"name": "李四喜", "sex": nil, "born": nil, "id": map[string]any{"type": "passport", "number": "E7654321"}}})
	must(t, err)
	expect("clerk", "张三丰")
	expect("clerk", "李四喜", v.ID)
	expect("clerk", "e7654321", v.ID)
	expect("town", "E7654321")
	_, err = h.SubmitApplication(h.ctx, clerk, v.ID, v.Version)
	must(t, err)
	expect("town", "E7654321", v.ID)
	expect("district", "李四", v.ID)
	expect("sibling", "李四喜")
}

// TestSearchRefused: what cannot be searched for is told, with the way out.
func TestSearchRefused(t *testing.T) {
	h := newHouse(t)
	for text, code := range map[string]string{
		"": "too-short", " ": "too-short", "王": "too-short", "王 ·": "too-short", "7": "too-short", "！！！": "too-short",
		"1.2.156.3005.2.1": "unreadable", "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.X": "unreadable",
		"https://example.com/": "unreadable", "ftp://zm.example.gov.cn/v/000000000000": "unreadable",
	} {
		_, _, err := h.Search(h.ctx, h.people["clerk"], text, "", 0)
		var e *yinzheng.Error
		if !errors.As(err, &e) || e.Kind != yinzheng.ErrInvalid || e.Fields[0].Field != "q" || e.Fields[0].Code != code || e.Fields[0].Text.EN == "" {
			t.Errorf("%q: %v, want %s", text, err, code)
		}
	}
	if _, _, err := h.Search(h.ctx, h.people["clerk"], "王小明", "!", 0); !errors.Is(err, yinzheng.ErrInvalid) {
		t.Errorf("a cursor that is none: %v", err)
	}
	h.store.failing = "Search"
	if _, _, err := h.Search(h.ctx, h.people["clerk"], "王小明", "", 0); !errors.Is(err, yinzheng.ErrUnavailable) {
		t.Errorf("a store that does not answer: %v", err)
	}
}

// TestSearchIsMaySee: over random cases and people a search finds exactly what
// each person may see.
func TestSearchIsMaySee(t *testing.T) {
	h := newHouse(t)
	offices := []string{"village", "sibling", "village-b", "town", "town-b", "district", "abroad"}
	divisions := []string{"", "441302001001", "441302001002", "441302002001", "441302001000", "441302000000"}
	round, char := 0, '丁'
	rapid.Check(t, func(rt *rapid.T) {
		round++
		for char++; yinzheng.FoldName(string(char)) != string(char); char++ { // a variant of another
		}
		name := "王" + string(char) + "明" // each round's own
		var all []string
		for i := range rapid.IntRange(1, 6).Draw(rt, "cases") {
			clerk := yinzheng.SampleAccount("c", 90, [2]string{"clerk", rapid.SampledFrom(offices).Draw(rt, "office")})
			if id := h.randomCase(rt, clerk, name, fmt.Sprint(round, i), rapid.SampledFrom(divisions).Draw(rt, "division")); id != "" {
				all = append([]string{id}, all...)
			}
		}
		for range 4 {
			by := yinzheng.SampleAccount("by", 91)
			by.Disabled = rapid.IntRange(0, 9).Draw(rt, "disabled") == 0
			for range rapid.IntRange(0, 3).Draw(rt, "grants") {
				g := yinzheng.Grant{Office: rapid.SampledFrom(offices).Draw(rt, "in"), Role: rapid.SampledFrom([]yinzheng.Role{yinzheng.Clerk, yinzheng.Approver, yinzheng.Admin, yinzheng.Department}).Draw(rt, "as")}
				g.From = h.clock().Add(rapid.SampledFrom([]time.Duration{-time.Hour, time.Hour}).Draw(rt, "from"))
				g.To = rapid.SampledFrom([]time.Time{{}, h.clock(), h.clock().Add(time.Hour)}).Draw(rt, "to")
				by.Grants = append(by.Grants, g)
			}
			var want []string
			for _, id := range all {
				switch _, err := h.Application(h.ctx, by, id); {
				case err == nil:
					want = append(want, id)
				case !errors.Is(err, yinzheng.ErrNotFound):
					rt.Fatal(err)
				}
			}
			for _, text := range []string{name, string([]rune(name)[:2])} {
				if got, _, err := h.searched(by, text, rapid.IntRange(1, 4).Draw(rt, "limit")); err != nil || !slices.Equal(got, want) {
					rt.Fatalf("%v finds %v (%v), may see %v", by.Grants, got, err, want)
				}
			}
			for _, id := range all {
				if got, _, err := h.searched(by, id, 0); err != nil || len(got) > 0 != slices.Contains(want, id) {
					rt.Fatalf("%v finds %v by ID (%v), may see %v", by.Grants, got, err, want)
				}
			}
		}
	})
}

// TestSearchAfterMerge: after two villages became one, whoever may see a case
// finds it, and nobody else: open and closed, submitted and not.
func TestSearchAfterMerge(t *testing.T) {
	h := newHouse(t)
	all := []string{h.issued("issued").ID, h.submitted("waits").ID}
	for i, in := range []struct{ who, division string }{{"clerk", testVillage}, {"sibling", testSibling}, {"sibling", testVillage}} {
		for _, submit := range []bool{false, true} {
			v, _, err := h.CreateApplication(h.ctx, h.people[in.who], &yinzheng.NewApplication{Item: "kin", Division: in.division, Values: yinzheng.SampleValues()}, fmt.Sprint(i, submit))
			must(t, err)
			if all = append(all, v.ID); submit {
				_, err = h.SubmitApplication(h.ctx, h.people[in.who], v.ID, v.Version)
				must(t, err)
			}
		}
	}
	_, err := h.reorganise(mergeVillages())
	must(t, err)
	most := 0
	for _, o := range h.Directory().Offices {
		by := yinzheng.SampleAccount("by", 91, [2]string{"clerk", o.ID})
		var want []string
		for _, id := range all {
			switch _, err := h.Application(h.ctx, by, id); {
			case err == nil:
				want = append(want, id)
			case !errors.Is(err, yinzheng.ErrNotFound):
				t.Fatal(err)
			}
		}
		slices.Reverse(want)
		if got, _, err := h.searched(by, "张三丰", 0); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s finds %v (%v), may see %v", o.ID, got, err, want)
		}
		most = max(most, len(want))
	}
	if most != len(all) {
		t.Errorf("the office of the new village sees %d of %d cases", most, len(all))
	}
}

// randomCase makes a case and leaves it somewhere on its way; "" when the clerk
// may not take it in.
func (h *house) randomCase(t *rapid.T, clerk *yinzheng.Account, name, key, division string) string {
	in := &yinzheng.NewApplication{Item: "kin", Values: yinzheng.SampleValues(), Division: division}
	in.Values["name"] = name
	v, _, err := h.CreateApplication(h.ctx, clerk, in, key)
	if errors.Is(err, yinzheng.ErrForbidden) {
		return ""
	}
	if err != nil {
		t.Fatal(err)
	}
	id := v.ID
	for _, step := range rapid.SampledFrom([]string{"", "w", "s", "sw", "sr", "srw", "sre"}).Draw(t, "way") {
		switch step {
		case 'w':
			v, err = h.WithdrawApplication(h.ctx, clerk, id, v.Version, "不办了")
		case 's':
			v, err = h.SubmitApplication(h.ctx, clerk, id, v.Version)
		case 'r':
			desk := v.Desks[0]
			by := yinzheng.SampleAccount("decider", 92, [2]string{string(desk.Role), desk.Office})
			v, err = h.Decide(h.ctx, by, id, v.Version, yinzheng.Decision{Action: yinzheng.Return, Opinion: "请补充"})
		case 'e':
			v, err = h.EditApplication(h.ctx, clerk, id, v.Version, &yinzheng.Patch{Values: map[string]any{"purpose": "补充"}})
		}
		if err != nil { // not possible from there: it stays
			break
		}
	}
	return id
}

// Search fails while shaky says so.
func (s *shaky) Search(ctx context.Context, f yinzheng.SearchFilter) ([]yinzheng.QueueEntry, error) {
	if s.failing == "Search" {
		return nil, errDisk
	}
	return s.Store.Search(ctx, f)
}
