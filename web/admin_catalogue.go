package web

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"yinzheng"
	"yinzheng/catalogue"
)

// catalogueView is the list of items, and what is about to change in it.
type catalogueView struct {
	Items   []catalogueItem
	Changes []catalogue.ChangeLine // under way
	Done    []catalogue.ChangeLine
	Now     time.Time
}

func (s *server) cataloguePage(v *visit) error {
	changes, err := s.Catalogue.Changes(v.Context(), v.by)
	if err != nil {
		return err
	}
	view := &catalogueView{Items: s.catalogueItems().Items, Now: s.Service.Now()}
	for _, c := range changes {
		if underWay(c) {
			view.Changes = append(view.Changes, c)
		} else {
			view.Done = append(view.Done, c)
		}
	}
	return s.draw(v, http.StatusOK, "admin-catalogue", yinzheng.Text{ZH: "证明事项目录", EN: "Catalogue of certificates"}, view)
}

// underWay tells whether something is still to be done about a change.
func underWay(c catalogue.ChangeLine) bool {
	return c.Stage != catalogue.Published && c.Stage != catalogue.Withdrawn
}

// itemPageView is an item with its versions, the newest first.
type itemPageView struct {
	Item     catalogueItem
	Versions []versionLine
	Key      string
}

type versionLine struct {
	catalogue.VersionView
	Publisher, Reviewer string // their names
	Newest              bool
}

func (s *server) itemPage(v *visit) error {
	if err := s.Catalogue.MayKeep(v.Context(), v.by); err != nil {
		return err
	}
	code := v.PathValue("code")
	i := slices.IndexFunc(s.catalogueItems().Items, func(x catalogueItem) bool { return x.Code == code })
	versions, err := s.Catalogue.Versions(code)
	if i < 0 && err != nil {
		return err
	}
	view := &itemPageView{Key: rand.Text(), Item: catalogueItem{itemView: itemView{Code: code}}}
	if i >= 0 {
		view.Item = s.catalogueItems().Items[i]
	} else { // published, and not in force yet
		view.Item = catalogueItemOf(nil, &versions[0].Version)
	}
	for n, x := range versions {
		view.Versions = append(view.Versions, versionLine{x, s.calledPerson(v, x.PublishedBy), s.calledPerson(v, x.ReviewedBy), n == len(versions)-1})
	}
	slices.Reverse(view.Versions)
	return s.draw(v, http.StatusOK, "admin-item", view.Item.Name, view)
}

// calledPerson names an account, if it exists for whoever looks.
func (s *server) calledPerson(v *visit, account string) string {
	p, err := s.Service.PersonWith(v.Context(), v.by, account)
	if err != nil {
		return account
	}
	return p.Name
}

// draftView is the form of a change of one item.
type draftView struct {
	Change   string // to draft anew; empty: a new change
	Of       string // code of its item that is written anew; empty: one more
	Others   int    // items of the change besides
	Version  int
	Key      string
	Title    string
	Item     catalogue.Item
	Known    bool // the item is in the catalogue, or has a template: its code stays
	Subjects []yinzheng.Option
	Levels   []yinzheng.Option
	States   []yinzheng.Option
	Grounds  []yinzheng.Option
	Ways     []yinzheng.Option
	Faults   []yinzheng.FieldError
}

// draftPage begins a change of an item, or goes on with one that is a draft.
func (s *server) draftPage(v *visit) error {
	q := v.URL.Query()
	view := &draftView{Key: rand.Text(), Item: catalogue.Item{State: catalogue.Kept, Subject: catalogue.None}}
	if id := q.Get("change"); id != "" {
		c, err := s.Catalogue.Change(v.Context(), v.by, id)
		if err != nil {
			return err
		}
		view.Change, view.Version, view.Title, view.Others = c.ID, c.Version, c.Title, len(c.Items)
		if i := itemAt(c.Items, q.Get("item")); i >= 0 {
			view.Item, view.Of, view.Others = c.Items[i], c.Items[i].Code, len(c.Items)-1
		}
	} else if code := q.Get("item"); code != "" {
		view.Item, view.Known = s.itemToChange(code), true
	}
	return s.drawDraft(v, http.StatusOK, view)
}

// itemAt is where an item stands in a list; -1: nowhere.
func itemAt(items []catalogue.Item, code string) int {
	return slices.IndexFunc(items, func(i catalogue.Item) bool { return i.Code == code })
}

// itemToChange is an item as the catalogue has it last or, if it has none, as its
// template says.
func (s *server) itemToChange(code string) catalogue.Item {
	if versions, err := s.Catalogue.Versions(code); err == nil {
		return versions[len(versions)-1].Item
	}
	out := catalogue.Item{Code: code, State: catalogue.Kept, Subject: catalogue.None}
	if t, err := s.Service.Template(code); err == nil {
		out.Name, out.Basis, out.Subject, out.Level = t.Name, t.Basis, t.Subject, t.Issuer
	}
	return out
}

func (s *server) drawDraft(v *visit, status int, view *draftView) error {
	if err := s.Catalogue.MayKeep(v.Context(), v.by); err != nil {
		return err
	}
	view.Subjects = append([]yinzheng.Option{{Value: catalogue.None, Label: yinzheng.Text{ZH: "不属于", EN: "none of them"}}}, options(yinzheng.Subjects)...)
	view.Levels, view.Grounds, view.Ways = levels, options(catalogue.Grounds), options(catalogue.Ways)
	view.States = []yinzheng.Option{{Value: string(catalogue.Kept), Label: standNames[catalogue.Kept]}, {Value: string(catalogue.Cancelled), Label: standNames[catalogue.Cancelled]}, {Value: string(catalogue.Replaced), Label: standNames[catalogue.Replaced]}}
	return s.draw(v, status, "admin-draft", yinzheng.Text{ZH: "起草目录变更", EN: "Draft a change of the catalogue"}, view)
}

// options offers what a map names, by name.
func options(names map[string]yinzheng.Text) []yinzheng.Option {
	var out []yinzheng.Option
	for code, name := range names {
		out = append(out, yinzheng.Option{Value: code, Label: name})
	}
	slices.SortFunc(out, func(a, b yinzheng.Option) int {
		return cmp.Or(cmp.Compare(a.Label.ZH, b.Label.ZH), cmp.Compare(a.Value, b.Value))
	})
	return out
}

// levels are those of organs that issue.
var levels = []yinzheng.Option{
	{Value: "", Label: yinzheng.Text{ZH: "（未定）", EN: "(not said)"}},
	{Value: string(yinzheng.Village), Label: yinzheng.Text{ZH: "村（社区）", EN: "village"}},
	{Value: string(yinzheng.Town), Label: yinzheng.Text{ZH: "镇（街道）", EN: "town"}},
	{Value: string(yinzheng.District), Label: yinzheng.Text{ZH: "区县", EN: "district"}},
	{Value: string(yinzheng.City), Label: yinzheng.Text{ZH: "市", EN: "city"}},
	{Value: string(yinzheng.Province), Label: yinzheng.Text{ZH: "省", EN: "province"}},
}

// standNames are the states of an item.
var standNames = map[catalogue.State]yinzheng.Text{
	catalogue.Kept: {ZH: "保留", EN: "Kept"}, catalogue.Cancelled: {ZH: "取消", EN: "Cancelled"}, catalogue.Replaced: {ZH: "替代", EN: "Replaced"},
}

// StandName names how an item stands.
func (d *desk) StandName(x catalogue.State) string { return d.T(standNames[x]) }

// LevelName names a level.
func (p *shell) LevelName(x yinzheng.Level) string { return p.T(levelName(x)) }

func levelName(x yinzheng.Level) yinzheng.Text {
	i := slices.IndexFunc(levels, func(o yinzheng.Option) bool { return o.Value == string(x) })
	return levels[max(0, i)].Label
}

// Lines are the lines of a text field.
func (d *desk) Lines(lines []string) string { return strings.Join(lines, "\n") }

// draftForm drafts a change of one item, or drafts one anew: one of its items is
// written anew, left out, or comes besides.
func (s *server) draftForm(v *visit) error {
	f := v.PostForm
	view := &draftView{Change: f.Get("change"), Of: f.Get("of"), Version: v.seen(), Key: f.Get("key"), Title: f.Get("title"), Known: f.Get("known") != ""}
	code := strings.TrimSpace(f.Get("code"))
	var items []catalogue.Item
	if view.Change != "" {
		c, err := s.Catalogue.Change(v.Context(), v.by, view.Change)
		if err != nil {
			return err
		}
		items = slices.Clone(c.Items)
	}
	at := itemAt(items, view.Of)
	if at < 0 {
		at, items = len(items), append(items, s.itemToChange(code))
	}
	view.Others = len(items) - 1
	items[at].Code = code
	items[at] = readItem(items[at], f)
	if view.Item = items[at]; f.Get("then") == "drop" {
		items = slices.Delete(items, at, at+1)
	}
	id, err := s.drafted(v, view, items)
	if faults := faultsOf(err); faults != nil {
		for i := range faults {
			faults[i].Field = strings.TrimPrefix(faults[i].Field, fmt.Sprintf("items[%d].", at))
		}
		view.Faults = faults
		return s.drawDraft(v, http.StatusUnprocessableEntity, view)
	}
	if err != nil {
		return changed(err)
	}
	return v.see("/work/admin/catalogue/changes/"+id, "drafted")
}

// drafted drafts a change of some items, or one anew, and returns its ID.
func (s *server) drafted(v *visit, view *draftView, items []catalogue.Item) (id string, err error) {
	if view.Change != "" {
		_, err = s.Catalogue.Act(v.Context(), v.by, view.Change, view.Version, catalogue.Act{Kind: catalogue.Redraft, Title: view.Title, Items: items})
		return view.Change, err
	}
	c, _, err := s.Catalogue.Draft(v.Context(), v.by, &catalogue.NewChange{Title: view.Title, Items: items}, view.Key)
	if err != nil {
		return "", err
	}
	return c.ID, nil
}

// readItem reads an item of a form; what the form does not ask stays as it was.
func readItem(item catalogue.Item, f url.Values) catalogue.Item {
	item.Name = yinzheng.Text{ZH: strings.TrimSpace(f.Get("name")), EN: strings.TrimSpace(f.Get("name.en"))}
	item.Basis, item.Subject, item.Level, item.State = linesIn(f, "basis"), f.Get("subject"), yinzheng.Level(f.Get("level")), catalogue.State(f.Get("state"))
	item.Ground, item.Way, item.By = "", "", ""
	switch item.State {
	case catalogue.Cancelled:
		item.Ground = f.Get("ground")
	case catalogue.Replaced:
		if item.Way = f.Get("way"); item.Way == "certificate" {
			item.By = strings.TrimSpace(f.Get("by"))
		}
	}
	item.Guide.Conditions, item.Guide.Materials, item.Guide.Steps = linesIn(f, "conditions"), linesIn(f, "materials"), linesIn(f, "steps")
	return item
}

// linesIn are the lines of a field that say something.
func linesIn(f url.Values, field string) []string {
	var out []string
	for line := range strings.Lines(f.Get(field)) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}
