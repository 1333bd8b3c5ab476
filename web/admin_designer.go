package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"yinzheng"
	"yinzheng/design"
)

// The designer: a template in the making, part by part, beside its page. What a
// form's inputs are called is where they stand in the template, which is what
// faults are called, too.

// yamlPart is the part in which the whole text is written.
const yamlPart = "yaml"

// designerView is one part of a design.
type designerView struct {
	Design  *design.DesignView
	Part    string
	Parent  string        // the list that the part is one of
	Title   yinzheng.Text // of that one
	Name    yinzheng.Text
	Tabs    []designTab
	Slots   []slotView
	Lines   []elementLine // of a list whose elements have pages of their own
	Sorts   []sortView    // what may be added to it
	Inserts []insertable
	Trials  []trialLink
	Trial   string
	Picture string
	Text    string
	Faults  []yinzheng.FieldError // why it was not saved
	Stale   bool                  // somebody else changed the design meanwhile
}

// designTab leads to a part.
type designTab struct {
	Path   string
	Name   yinzheng.Text
	Faults int
	On     bool
}

// slotView is a slot as it is drawn.
type slotView struct {
	design.Entry
	Faults []yinzheng.FieldError
	Parts  []groupView
	Sorts  []sortView
}

// Rows is how many lines are shown at once.
func (s slotView) Rows() int { return min(max(2, strings.Count(s.Value, "\n")+1+len(s.Value)/150), 8) }

// Wide tells whether the slot takes a whole line.
func (s slotView) Wide() bool {
	return s.Fill == design.Prose || s.Fill == design.One || s.Fill == design.Many
}

// Small tells whether its elements take a line or two each.
func (s slotView) Small() bool {
	return !slices.ContainsFunc(s.Group.Slots, func(x design.Slot) bool { return x.Group != nil || x.Fill == design.Prose })
}

type groupView struct {
	design.Entries
	Slots       []slotView
	First, Last bool
}

// sortView is a sort of element that may be added somewhere.
type sortView struct {
	At   string // what the form's button says
	Name yinzheng.Text
}

// elementLine is one element of a list in a list of them.
type elementLine struct {
	Path        string
	Title       yinzheng.Text
	Says        yinzheng.Text
	Faults      int
	First, Last bool
}

// insertable is a field whose place can be put into a text.
type insertable struct {
	Text string
	Name yinzheng.Text
}

func (s *server) designerPage(v *visit) error {
	x, err := s.Designs.Design(v.Context(), v.by, v.PathValue("design"))
	if err != nil {
		return err
	}
	if x.Stage != design.Drafting {
		return v.see(designAddress(x.ID)+"/review", "")
	}
	q := v.URL.Query()
	return s.drawDesigner(v, http.StatusOK, &designerView{Design: x, Part: q.Get("part"), Trial: trialIn(q)}, nil)
}

// drawDesigner draws a part; with a form, as it was filled in there.
func (s *server) drawDesigner(v *visit, status int, view *designerView, form url.Values) error {
	x := view.Design
	title := yinzheng.Text{ZH: x.Item, EN: x.Item}
	if x.Template == nil {
		view.Part = yamlPart
	} else {
		title = x.Template.Name
		view.fill(form)
	}
	if view.Text = x.Text; form.Has("text") {
		view.Text = form.Get("text")
	}
	view.Tabs, view.Trials = designTabs(x, view.Part), trials(view.Trial)
	view.Picture = designAddress(x.ID) + "/page.svg?trial=" + view.Trial + "&v=" + strconv.Itoa(x.Version)
	return s.draw(v, status, "admin-designer", title, view)
}

// fill lays out the part; one that there is not is the first one.
func (view *designerView) fill(form url.Values) {
	t, faults := view.Design.Template, slices.Concat(view.Faults, view.Design.Faults)
	entries := design.In(t, view.Part)
	if entries == nil && view.Part != yamlPart {
		view.Part = design.Parts[0].Path
		entries = design.In(t, view.Part)
	}
	for _, p := range design.Parts {
		switch {
		case p.Path == view.Part && p.List:
			view.Name, view.Sorts = p.Name, sortsOf(&entries[0])
			view.Lines = elementLines(entries[0].Groups, faults)
			return
		case p.Path == view.Part:
			view.Name = p.Name
		case p.List && strings.HasPrefix(view.Part, p.Path+"["):
			view.Name, view.Parent = p.Name, p.Path
			for _, g := range design.In(t, p.Path)[0].Groups {
				if g.Path == view.Part {
					view.Title = g.Title
				}
			}
		}
	}
	view.Slots = slotViews(entries, faults, form)
	if view.Part == "page" {
		view.Inserts = insertables(t)
	}
}

func slotViews(entries []design.Entry, faults []yinzheng.FieldError, form url.Values) []slotView {
	var out []slotView
	for _, e := range entries {
		x := slotView{Entry: e}
		for i, g := range e.Groups {
			x.Parts = append(x.Parts, groupView{g, slotViews(g.Entries, faults, form), i == 0, i == len(e.Groups)-1})
		}
		if given, ok := formValue(form, e.Path); ok {
			x.Value = given
		}
		if e.Group != nil && (e.Fill == design.Many || len(e.Groups) == 0) {
			x.Sorts = sortsOf(&e)
		}
		for _, f := range faults {
			if f.Field == e.Path || e.Group == nil && (strings.HasPrefix(f.Field, e.Path+".") || strings.HasPrefix(f.Field, e.Path+"[")) {
				x.Faults = append(x.Faults, f)
			}
		}
		out = append(out, x)
	}
	return out
}

// formValue is what a form says at a path. A box that is ticked follows an input
// that says that it is there.
func formValue(form url.Values, path string) (string, bool) {
	values := form[path]
	if len(values) == 0 {
		return "", false
	}
	return values[len(values)-1], true
}

func sortsOf(e *design.Entry) []sortView {
	var out []sortView
	for i, k := range e.Group.Kinds {
		out = append(out, sortView{"add " + strconv.Itoa(i) + " " + e.Path, k.Name})
	}
	return out
}

// elementLines lists elements, each with what tells most of it.
func elementLines(groups []design.Entries, faults []yinzheng.FieldError) []elementLine {
	var out []elementLine
	for i := range groups {
		g := &groups[i]
		line := elementLine{Path: g.Path, Title: g.Title, First: i == 0, Last: i == len(groups)-1}
		short := design.Entries{}
		for _, e := range g.Entries {
			if slices.Contains([]string{"key", "type", "level", "role", "limit_days", "optional", "scan"}, e.Key) || strings.HasPrefix(g.Path, "rules") {
				short.Entries = append(short.Entries, e)
			}
		}
		line.Says = short.Says()
		for _, f := range faults {
			if f.Field == g.Path || strings.HasPrefix(f.Field, g.Path+".") {
				line.Faults++
			}
		}
		out = append(out, line)
	}
	return out
}

// insertables are the fields that a text may name, those of lists among them.
func insertables(t *yinzheng.Template) []insertable {
	var lists, out []insertable
	for i := range t.Fields {
		f := &t.Fields[i]
		if f.Type != yinzheng.ListField {
			out = append(out, insertable{"{" + f.Key + "}", f.Label})
			continue
		}
		lists = append(lists, insertable{"{#}", yinzheng.Text{ZH: f.Label.ZH + "：序号", EN: f.Label.In("en") + ": number"}})
		for j := range f.Fields {
			lists = append(lists, insertable{"{" + f.Fields[j].Key + "}", yinzheng.Text{ZH: f.Label.ZH + "：" + f.Fields[j].Label.ZH, EN: f.Label.In("en") + ": " + f.Fields[j].Label.In("en")}})
		}
	}
	return append(out, lists...)
}

func designTabs(x *design.DesignView, part string) []designTab {
	count := map[string]int{}
	for _, f := range x.Faults {
		list, _, _ := strings.Cut(design.PartOf(f.Field), "[")
		count[list]++
	}
	base, _, _ := strings.Cut(part, "[")
	var out []designTab
	for _, p := range design.Parts {
		if x.Template != nil { // else there is nothing but the text
			out = append(out, designTab{p.Path, p.Name, count[p.Path], p.Path == base})
		}
	}
	return append(out, designTab{yamlPart, yinzheng.Text{ZH: "YAML", EN: "YAML"}, count[yamlPart], part == yamlPart})
}

// Outrun is why the design's number is not the next one, if so.
func (view *designerView) Outrun() *yinzheng.FieldError {
	i := slices.IndexFunc(view.Design.Faults, func(f yinzheng.FieldError) bool { return f.Field == "version" })
	if i < 0 || view.Part != design.Parts[0].Path {
		return nil
	}
	return &view.Design.Faults[i]
}

// FaultPart is where a fault of a design is mended.
func (d *desk) FaultPart(f yinzheng.FieldError) string { return design.PartOf(f.Field) }

// designerForm saves a part: asked by a script while somebody types, or by the
// form's buttons, which may add, move or remove something as well.
func (s *server) designerForm(v *visit) error {
	form, id := v.PostForm, v.PathValue("design")
	quietly := v.Header.Get("Accept") == "application/json"
	part := form.Get("part")
	next := part
	var x *design.DesignView
	var err error
	if part == yamlPart {
		x, err = s.Designs.Save(v.Context(), v.by, id, v.seen(), strings.ReplaceAll(form.Get("text"), "\r\n", "\n"))
	} else {
		x, err = s.Designs.Edit(v.Context(), v.by, id, v.seen(), func(t *yinzheng.Template) []yinzheng.FieldError {
			faults := design.FillIn(t, part, func(path string) (string, bool) { return formValue(form, path) })
			if len(faults) == 0 {
				next = s.do(t, part, form.Get("do"))
			}
			return faults
		})
	}
	switch faults := faultsOf(err); {
	case quietly && err == nil:
		return s.tellDesignSaved(v, x)
	case quietly:
		return err
	case faults != nil || errors.Is(err, yinzheng.ErrConflict):
		return s.designAgain(v, err, faults)
	case err != nil:
		return err
	}
	address := url.URL{Path: designAddress(id), RawQuery: url.Values{"part": {next}, "trial": {trialIn(form)}}.Encode()}
	if next == part {
		address.RawQuery += "&done=saved"
	}
	seeOther(v.w, address.String())
	return nil
}

// designAgain shows a part as it was filled in, which was not saved.
func (s *server) designAgain(v *visit, err error, faults []yinzheng.FieldError) error {
	x, lost := s.Designs.Design(v.Context(), v.by, v.PathValue("design"))
	if lost != nil {
		return lost
	}
	f := faultOf(err)
	if faults == nil {
		faults = []yinzheng.FieldError{{Field: "form", Code: f.kind, Text: f.text}}
	}
	view := &designerView{Design: x, Part: v.PostForm.Get("part"), Trial: trialIn(v.PostForm), Faults: faults, Stale: errors.Is(err, yinzheng.ErrConflict)}
	return s.drawDesigner(v, f.status, view, v.PostForm)
}

// doing is what a button of the designer says: add SORT PATH, up, down or remove PATH.
var doing = regexp.MustCompile(`^(?:(add) (\d) |(up|down|remove) )(\S+)$`)

// do adds, moves or removes something, or gives the template its next number; the
// part to go on with.
func (s *server) do(t *yinzheng.Template, part, what string) string {
	if current := s.Service.Newest(t.Code); what == "renumber" && current != nil {
		t.Version = current.Version + 1
	}
	m := doing.FindStringSubmatch(what)
	if m == nil {
		return part
	}
	switch m[3] {
	case "":
		sort, _ := strconv.Atoi(m[2]) // a digit
		if path, ok := design.Add(t, m[4], sort); ok && design.PartOf(path) == path && strings.HasPrefix(path, part+"[") {
			return path
		}
	case "remove":
		design.Remove(t, m[4])
	default:
		design.Move(t, m[4], m[3] == "down")
	}
	return part
}

func (s *server) tellDesignSaved(v *visit, x *design.DesignView) error {
	lang := language(v.Request)
	out := saved{Version: x.Version, At: time.Now().In(yinzheng.Zone).Format("15:04:05")}
	for _, f := range x.Faults {
		out.Faults = append(out.Faults, fieldFault{f.Field, f.Code, f.Text.In(lang)})
	}
	body, err := json.Marshal(out)
	if err == nil {
		writeBody(v.w, http.StatusOK, "application/json", body)
	}
	return err
}

// designPicture is the page of a design as it is saved.
func (s *server) designPicture(v *visit) error {
	x, err := s.Designs.Design(v.Context(), v.by, v.PathValue("design"))
	if err != nil {
		return err
	}
	if x.Template == nil {
		return &yinzheng.Error{Kind: yinzheng.ErrInvalid, Text: kinds["invalid"], Fields: x.Faults}
	}
	return s.trialPicture(v, x.Template, v.URL.Query(), "")
}

// liveDesign is the page of a design as it would be with what is typed just now;
// of a field that is typed in, its places are lit.
func (s *server) liveDesign(v *visit) error {
	form := v.PostForm
	x, err := s.Designs.Design(v.Context(), v.by, v.PathValue("design"))
	if err != nil {
		return err
	}
	t := x.Template
	if form.Get("part") == yamlPart {
		t, err = s.Designs.Read(v.by, strings.ReplaceAll(form.Get("text"), "\r\n", "\n"))
	} else if t == nil {
		err = &yinzheng.Error{Kind: yinzheng.ErrInvalid, Text: kinds["invalid"], Fields: x.Faults}
	}
	if err != nil {
		return err
	}
	if part := form.Get("part"); part != yamlPart {
		if faults := design.FillIn(t, part, func(path string) (string, bool) { return formValue(form, path) }); len(faults) > 0 {
			return &yinzheng.Error{Kind: yinzheng.ErrInvalid, Text: kinds["invalid"], Fields: faults}
		}
	}
	focus := ""
	if m := fieldPart.FindStringSubmatch(form.Get("part")); m != nil {
		if i, err := strconv.Atoi(m[1]); err == nil && i < len(t.Fields) {
			focus = "values." + t.Fields[i].Key
		}
	}
	return s.trialPicture(v, t, form, focus)
}

var fieldPart = regexp.MustCompile(`^fields\[(\d{1,4})\]$`)
