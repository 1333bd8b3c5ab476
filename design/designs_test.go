package design_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"yinzheng"
	"yinzheng/design"
)

// TestPublish: a design becomes the next version, in force at once, in another
// process when it looks, and after a restart.
func TestPublish(t *testing.T) {
	h := newHouse(t)
	v := h.begin()
	now := h.service.Newest("residence")
	if len(v.Faults) > 0 || v.Template.Version != now.Version+1 || v.Before != now.Version || len(v.Differences) != 0 {
		t.Fatalf("a copy: %+v", v)
	}
	v = h.write(v, h.a, "特此证明。", "情况属实，特此证明。")
	if len(v.Differences) != 1 || v.Differences[0].Kind != design.Changed || v.Differences[0].Was.ZH != "特此证明。" || v.Differences[0].Is.ZH != "情况属实，特此证明。" {
		t.Errorf("differences: %+v", v.Differences)
	}
	other := *h // another process over the same store
	other.restart()
	v = h.publishes(v)
	if v.Stage != design.Published || len(v.Acts) != 3 {
		t.Errorf("published: %+v", v)
	}
	ref := yinzheng.TemplateRef{Code: "residence", Version: now.Version + 1}
	if h.service.Newest("residence").Ref() != ref {
		t.Error("it is not in force")
	}
	if other.service.Newest("residence").Ref() == ref {
		t.Error("the other process has it before it looked")
	}
	for range 2 {
		must(t, other.Follow(t.Context()))
	}
	if got := other.service.Newest("residence"); got.Ref() != ref || got.Page.Body[2].Text != "情况属实，特此证明。" {
		t.Errorf("the other process has %v", got.Ref())
	}
	h.restart()
	if h.service.Newest("residence").Ref() != ref {
		t.Error("it is lost by a restart")
	}
	versions, err := h.Versions(t.Context(), h.a)
	must(t, err)
	for _, x := range versions {
		if (x.Made == v.ID) != (x.TemplateRef == ref) || x.Code == "residence" && x.Newest != (x.TemplateRef == ref) {
			t.Errorf("version %+v", x)
		}
	}
	if _, text, err := h.Text(t.Context(), h.a, ref); err != nil || text != v.Text {
		t.Errorf("its text: %v %s", err, text)
	}
	events, err := h.store.EventsAbout(t.Context(), v.ID)
	must(t, err)
	if len(events) != 3 || events[2].Kind != "template-publish" || events[2].By != "b" {
		t.Errorf("on record: %+v", events)
	}
}

// TestOwnItems: what comes with a later program does not take the place of what
// was made here, nor of its number.
func TestOwnItems(t *testing.T) {
	h := newHouse(t)
	given := firstVersions(t)
	v := h.publishes(h.write(h.begin(), h.a, "特此证明。", "特证。"))
	same, later := *h.service.Newest("family-relation"), *h.service.Newest("residence")
	same.Code, same.Version, same.Short = "residence", v.Template.Version, "JZ"
	later.Version += 3
	aside := h.restart(append(given, &same, &later)...)
	if d := cmp.Diff([]yinzheng.TemplateRef{same.Ref(), later.Ref()}, aside); d != "" {
		t.Errorf("left aside (-want +got):\n%s", d)
	}
	if got := h.service.Newest("residence"); got.Version != v.Template.Version || got.Page.Body[2].Text != "特证。" {
		t.Errorf("in force: %v", got.Ref())
	}
}

// TestWhoMay: administrators of a topmost office; who wrote any of it does not
// publish it, nor does anybody in their name.
func TestWhoMay(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	v := h.begin()
	for _, by := range []*yinzheng.Account{h.town, h.clerk} {
		for name, err := range map[string]error{
			"begin": second(h.Begin(ctx, by, &design.Begin{Item: "x"}, "k")), "save": first(h.Save(ctx, by, v.ID, 1, v.Text)), "act": first(h.Act(ctx, by, v.ID, 1, design.Send, "")),
			"see": first(h.Design(ctx, by, v.ID)), "list": first(h.List(ctx, by)), "versions": first(h.Versions(ctx, by)), "page": first(h.Page(by, v.Template, "", "svg", "")),
			"text": second(h.Text(ctx, by, yinzheng.TemplateRef{Code: "residence", Version: 1})),
		} {
			if !errors.Is(err, yinzheng.ErrForbidden) {
				t.Errorf("%s by %s: %v", name, by.ID, err)
			}
		}
	}
	v = h.act(v, h.a, design.Send, "")
	for _, by := range []*yinzheng.Account{h.a, h.a2} {
		_, err := h.Act(ctx, by, v.ID, v.Version, design.Publish, "")
		wants(t, err, yinzheng.ErrForbidden)
	}
	v = h.act(v, h.b, design.Return, "标题再斟酌")
	v = h.write(v, h.b, "特此证明。", "特证。") // now both have written it
	v = h.act(v, h.a, design.Send, "")
	_, err := h.Act(ctx, h.b, v.ID, v.Version, design.Publish, "")
	wants(t, err, yinzheng.ErrForbidden)
}

// TestInAnothersName: what somebody writes in another one's name is theirs, too.
func TestInAnothersName(t *testing.T) {
	h := newHouse(t)
	v, _, err := h.Begin(t.Context(), h.a2, &design.Begin{Item: "residence", From: &yinzheng.TemplateRef{Code: "residence", Version: 1}}, "one")
	must(t, err)
	v = h.act(v, h.b, design.Send, "")
	_, err = h.Act(t.Context(), h.a, v.ID, v.Version, design.Publish, "")
	wants(t, err, yinzheng.ErrForbidden)
	h.act(v, h.b, design.Publish, "")
}

func first[T any](_ T, err error) error          { return err }
func second[T, U any](_ T, _ U, err error) error { return err }

// TestStages: what is possible at which stage, against which version.
func TestStages(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	v := h.begin()
	_, err := h.Save(ctx, h.a, v.ID, v.Version+1, "x")
	wants(t, err, yinzheng.ErrConflict)
	for _, kind := range []design.Kind{design.Publish, design.Return} {
		_, err := h.Act(ctx, h.b, v.ID, v.Version, kind, "x")
		wants(t, err, yinzheng.ErrState)
	}
	_, err = h.Act(ctx, h.a, v.ID, v.Version, design.Started, "")
	wants(t, err, yinzheng.ErrInvalid)
	_, err = h.Act(ctx, h.a, v.ID, v.Version, design.Send, strings.Repeat("长", 501))
	wants(t, err, yinzheng.ErrInvalid)
	broken := h.write(v, h.a, "version: 2", "version: two")
	if broken.Template != nil || len(broken.Faults) != 1 || !strings.Contains(broken.Faults[0].Text.ZH, "第 3 行") {
		t.Errorf("a text that cannot be read: %+v", broken.Faults)
	}
	_, err = h.Act(ctx, h.a, v.ID, broken.Version, design.Send, "")
	wants(t, err, yinzheng.ErrInvalid)
	v = h.act(h.write(broken, h.a, "version: two", "version: 2"), h.a, design.Send, "")
	_, err = h.Save(ctx, h.a, v.ID, v.Version, "x")
	wants(t, err, yinzheng.ErrState)
	_, err = h.Act(ctx, h.b, v.ID, v.Version, design.Return, " ")
	wants(t, err, yinzheng.ErrInvalid)
	_, _, err = h.Begin(ctx, h.a, &design.Begin{Item: "residence", From: &yinzheng.TemplateRef{Code: "residence", Version: 1}}, "another")
	wants(t, err, yinzheng.ErrState)
	v = h.act(v, h.b, design.Withdraw, "")
	for _, kind := range []design.Kind{design.Send, design.Publish, design.Return, design.Withdraw} {
		_, err := h.Act(ctx, h.b, v.ID, v.Version, kind, "x")
		wants(t, err, yinzheng.ErrState)
	}
	h.begin() // there is room for another one
}

// TestFaults: nothing is published that the program could not start with, or
// that the office tree or the catalogue speaks against. Each is named by its path.
func TestFaults(t *testing.T) {
	h := newHouse(t)
	v := h.begin()
	good := v.Text
	for name, c := range map[string]struct{ from, to, path string }{
		"no legal basis":          {"basis:\n  - 《居住证暂行条例》第九条\n  - 《中华人民共和国户口登记条例》第十五条\n", "basis: []\n", "basis"},
		"a version in between":    {"version: 2", "version: 4", "version"},
		"another item's code":     {"code: residence", "code: residency", "code"},
		"another item's short":    {"short: JZ", "short: QS", "short"},
		"no such office":          {"level: town\n    role: approver", "level: town\n    role: approver\n    function: forestry", "chain[1]"},
		"an item that is nowhere": {"key: id_card", "key: id_card\n    scan: true\n    certificate: [passport]", "materials[0].certificate[0]"},
		"an absent field":         {"{purpose}", "{purport}", "page.body[1].text"},
		"a character of no face":  {"特此证明。", "特此证明\U0002A6DF。", "page.body[2].text"},
		"a village that seals":    {"issuer: town", "issuer: village", "chain[1].level"},
	} {
		var err error
		v, err = h.Save(t.Context(), h.a, v.ID, v.Version, strings.Replace(good, c.from, c.to, 1))
		must(t, err)
		if len(v.Faults) == 0 || v.Faults[0].Field != c.path {
			t.Errorf("%s: %+v, want %s", name, v.Faults, c.path)
		}
	}
	_, err := h.Act(t.Context(), h.a, v.ID, v.Version, design.Send, "")
	wants(t, err, yinzheng.ErrInvalid)
}

// TestOvertaken: a version that was published meanwhile is not passed over.
func TestOvertaken(t *testing.T) {
	h := newHouse(t)
	v := h.act(h.begin(), h.a, design.Send, "")
	next := *h.service.Newest("residence")
	next.Version++
	must(t, h.service.TakeUp(t.Context(), &next))
	_, err := h.Act(t.Context(), h.b, v.ID, v.Version, design.Publish, "")
	wants(t, err, yinzheng.ErrInvalid)
	v = h.act(v, h.b, design.Return, "版本号")
	if v = h.write(v, h.a, "version: 2", "version: 3"); len(v.Faults) != 0 || v.Before != 2 {
		t.Errorf("with the next number: %+v", v.Faults)
	}
}

// TestOtherDigest: a number under which something else was published here before
// is not used again, and nothing is kept of the try.
func TestOtherDigest(t *testing.T) {
	h := newHouse(t)
	must(t, h.store.PublishTemplate(t.Context(), yinzheng.TemplateRef{Code: "residence", Version: 2}, "of a file that is gone", h.now))
	v := h.act(h.begin(), h.a, design.Send, "")
	_, err := h.Act(t.Context(), h.b, v.ID, v.Version, design.Publish, "")
	wants(t, err, yinzheng.ErrConflict)
	if again, err := h.Design(t.Context(), h.a, v.ID); err != nil || again.Stage != design.Sent {
		t.Errorf("%v %+v", err, again)
	}
	made, err := h.store.MadeTemplates(t.Context(), 0)
	if err != nil || len(made) > 0 {
		t.Errorf("%v %+v", err, made)
	}
}

// TestContradicted: what the catalogue reviewed stands.
func TestContradicted(t *testing.T) {
	h := newHouse(t)
	h.Catalogue = contradicting{}
	v := h.begin()
	if len(v.Faults) != 1 || v.Faults[0].Field != "subject" {
		t.Errorf("faults %+v", v.Faults)
	}
}

type contradicting struct{}

func (contradicting) Contradicts(*yinzheng.Template) []yinzheng.FieldError {
	return []yinzheng.FieldError{{Field: "subject", Code: "catalogue"}}
}

// TestBegin: from nothing, from another item, from a file; the same request again
// begins nothing.
func TestBegin(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	blank, again, err := h.Begin(ctx, h.a, &design.Begin{Item: "rent"}, "one")
	if err != nil || again || blank.Template.Version != 1 || blank.Before != 0 {
		t.Fatalf("%+v %v", blank, err)
	}
	for _, f := range blank.Faults {
		if part := design.PartOf(f.Field); part != "head" {
			t.Errorf("to be mended in a blank one: %v", f)
		}
	}
	same, again, err := h.Begin(ctx, h.a, &design.Begin{Item: "rent"}, "one")
	if err != nil || !again || same.ID != blank.ID {
		t.Errorf("again: %v %v", again, err)
	}
	_, _, err = h.Begin(ctx, h.a, &design.Begin{Item: "lease"}, "one")
	wants(t, err, yinzheng.ErrReused)
	copy, _, err := h.Begin(ctx, h.a, &design.Begin{Item: "lease", From: &yinzheng.TemplateRef{Code: "residence", Version: 1}}, "two")
	must(t, err)
	if copy.Template.Code != "lease" || copy.Template.Version != 1 || copy.Template.Short != "" || len(copy.Template.Fields) != 6 {
		t.Errorf("a copy: %+v", copy.Template)
	}
	_, text, err := h.Text(ctx, h.a, yinzheng.TemplateRef{Code: "residence", Version: 1})
	must(t, err)
	file, _, err := h.Begin(ctx, h.a, &design.Begin{Item: "residence", Text: text}, "three")
	must(t, err)
	if len(file.Faults) != 1 || file.Faults[0].Field != "version" {
		t.Errorf("a file of the version in force: %+v", file.Faults)
	}
	for _, in := range []design.Begin{{Item: "Rent"}, {}, {Item: "residence"}, {Item: "x", Text: text}, {Item: "residence", Text: "[["}, {Item: "residence", Text: text, From: &yinzheng.TemplateRef{Code: "residence", Version: 1}}} {
		_, _, err := h.Begin(ctx, h.a, &in, "four")
		wants(t, err, yinzheng.ErrInvalid)
	}
	_, _, err = h.Begin(ctx, h.a, &design.Begin{Item: "y", From: &yinzheng.TemplateRef{Code: "nothing", Version: 1}}, "five")
	wants(t, err, yinzheng.ErrNotFound)
}

// TestRunning: a case ends on the version that it began on.
func TestRunning(t *testing.T) {
	h := newHouse(t)
	start := func(key string) *yinzheng.CaseView {
		t.Helper()
		c, _, err := h.service.CreateApplication(t.Context(), h.clerk, &yinzheng.NewApplication{Item: "residence", Values: map[string]any{"id": "441302199003070120"}}, key)
		must(t, err)
		return c
	}
	old := start("one")
	v := h.publishes(h.write(h.begin(), h.a, "特此证明。", "特证。"))
	if v.OpenCases != 1 {
		t.Errorf("%d cases under way", v.OpenCases)
	}
	if c := start("two"); c.Of.Version != v.Template.Version {
		t.Errorf("a new case runs on version %d", c.Of.Version)
	}
	h.restart()
	c, err := h.service.Application(t.Context(), h.clerk, old.ID)
	must(t, err)
	if c.Of.Version != v.Before || c.Of.Page.Body[2].Text != "特此证明。" {
		t.Errorf("the old case runs on version %d", c.Of.Version)
	}
}
