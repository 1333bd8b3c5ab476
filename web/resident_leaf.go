package web

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"yinzheng"
	"yinzheng/resident"
)

// leaf is one page of a request: one thing to answer.
type leaf struct {
	Key      string // in its address
	Name     yinzheng.Text
	Fields   []yinzheng.Field   // that belong together
	Material *yinzheng.Material // to be photographed
	Aside    bool               // come to from the page with all answers only
}

// The pages that every request has. Those of fields begin with "about-", those of
// materials with "photo-".
const (
	forWhomLeaf   = "for"
	applicantLeaf = "applicant"
	whereLeaf     = "where"
	officeLeaf    = "office"
)

// leaves lists the pages of a request in their order. What a provider of identities
// vouches for is not asked.
func leaves(q *resident.Request) []leaf {
	out := []leaf{{Key: forWhomLeaf, Name: yinzheng.Text{ZH: "为谁办", EN: "For whom"}}}
	if as := q.Applicant.As; as == yinzheng.AsAgent || as == yinzheng.AsGuardian && !q.Vouched() {
		out = append(out, leaf{Key: applicantLeaf, Name: yinzheng.Text{ZH: "代办人", EN: "Who applies"}})
	}
	out = append(out, leaf{Key: whereLeaf, Name: yinzheng.Text{ZH: "属于哪个村（社区）", EN: "Village or community"}})
	if q.Of.AnyOffice {
		out = append(out, leaf{Key: officeLeaf, Name: yinzheng.Text{ZH: "受理窗口", EN: "Office that takes it in"}, Aside: true})
	}
	for _, fields := range together(q.Of) {
		if slices.ContainsFunc(fields, func(f yinzheng.Field) bool { return !q.Bound(f.Key) }) {
			out = append(out, leaf{Key: "about-" + fields[0].Key, Name: labels(fields), Fields: fields})
		}
	}
	for _, m := range q.Materials() {
		out = append(out, leaf{Key: "photo-" + m.Key, Name: m.Text, Material: &m})
	}
	return out
}

// labels names fields that belong together.
func labels(fields []yinzheng.Field) yinzheng.Text {
	name := fields[0].Label
	for _, f := range fields[1:] {
		name = yinzheng.Text{ZH: name.ZH + "、" + f.Label.ZH, EN: name.EN + ", " + f.Label.EN}
	}
	return name
}

// together puts the fields of a template on pages: one field a page, but for what
// only makes sense beside the one before it.
func together(t *yinzheng.Template) [][]yinzheng.Field {
	var out [][]yinzheng.Field
	for _, f := range t.Fields {
		n := len(out)
		if n > 0 && slices.ContainsFunc(out[n-1], func(before yinzheng.Field) bool { return belong(t, before.Key, f.Key) }) {
			out[n-1] = append(out[n-1], f)
			continue
		}
		out = append(out, []yinzheng.Field{f})
	}
	return out
}

// belong tells whether a field is asked for beside the one before it: the holder's
// name and document, what is only filled in together, and what one answer asks for.
func belong(t *yinzheng.Template, before, key string) bool {
	if before == t.Token.Name && key == t.Token.ID {
		return true
	}
	return slices.ContainsFunc(t.Rules, func(r yinzheng.Rule) bool {
		_, asks := r.RequiredWhen[before]
		return slices.Contains(r.Together, before) && slices.Contains(r.Together, key) || r.Field == key && asks
	})
}

// has tells whether a path of a fault is of something that the page asks for.
func (l *leaf) has(path string) bool {
	switch first, _, _ := strings.Cut(path, "."); {
	case path == "applicant.as":
		return l.Key == forWhomLeaf
	case first == "applicant":
		return l.Key == applicantLeaf
	case first == "division":
		return l.Key == whereLeaf
	case path == officeLeaf:
		return l.Key == officeLeaf
	case first == "attachments":
		return l.Material != nil && path == "attachments."+l.Material.Key
	}
	return slices.ContainsFunc(l.Fields, func(f yinzheng.Field) bool {
		rest, ok := strings.CutPrefix(path, "values."+f.Key)
		return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
	})
}

// Path is of what the page asks for, as faults name it.
func (l leaf) Path() string {
	switch {
	case l.Material != nil:
		return "attachments." + l.Material.Key
	case l.Fields != nil:
		return "values." + l.Fields[0].Key
	case l.Key == whereLeaf:
		return "division"
	case l.Key == officeLeaf:
		return officeLeaf
	}
	return "applicant.name"
}

// leafOf is the page that asks for what a path names; nil: none does.
func leafOf(q *resident.Request, path string) *leaf {
	all := leaves(q)
	if i := slices.IndexFunc(all, func(l leaf) bool { return l.has(path) }); i >= 0 {
		return &all[i]
	}
	return nil
}

// next is the page after one.
func next(q *resident.Request, key string) string {
	all := leaves(q)
	i := slices.IndexFunc(all, func(l leaf) bool { return l.Key == key })
	if i < 0 {
		return "check"
	}
	for _, l := range all[i+1:] {
		if !l.Aside {
			return l.Key
		}
	}
	return "check"
}

// leafView is a page as it is drawn.
type leafView struct {
	*resident.Request
	leaf
	Home       string
	Number, Of int    // which page of how many; 0: none of them
	Back       string // address of the page before
	ToCheck    bool   // it was come to from the page with all answers
	Faults     wrongs

	Inputs  []fieldView
	List    *rowsView
	typed   map[string]any // into a row that could not be kept
	Applies applicantView
	Place   *placeView
	Window  *windowView
	Files   []resident.File
	Instead *resident.Instead
	Words   yinzheng.Text           // of what stands in a material's place
	Offers  []yinzheng.ReferredView // certificates of their own that would
	Code    string                  // of one in a material's place, as it was typed
}

// leafPage shows a page of a request.
func (s *server) leafPage(g *guest, q *resident.Request) error {
	view, err := s.leafView(q, g.PathValue("page"))
	if err != nil {
		return err
	}
	view.ToCheck = g.URL.Query().Get("back") == "check"
	if q.State == yinzheng.RequestReturned {
		view.Faults = toMend(q, &view.leaf)
	}
	return s.drawLeaf(g, http.StatusOK, view, q.Values, g.URL.Query())
}

// toMend says on a page that the office asks to have it mended.
func toMend(q *resident.Request, l *leaf) []yinzheng.FieldError {
	said := q.LastSaid()
	if said == nil || !slices.ContainsFunc(said.Mend, l.has) {
		return nil
	}
	return []yinzheng.FieldError{{Field: "page", Code: "mend", Text: yinzheng.Text{ZH: "窗口请您补正：" + said.Text, EN: "The office asks: " + said.Text}}}
}

func (s *server) leafView(q *resident.Request, key string) (*leafView, error) {
	all := leaves(q)
	i := slices.IndexFunc(all, func(l leaf) bool { return l.Key == key })
	if i < 0 {
		return nil, yinzheng.ErrNotFound
	}
	view := &leafView{Request: q, leaf: all[i], Home: requestAddress(q), Back: "/apply/" + q.Template.Code}
	if view.Aside {
		view.Back = view.Home + "/check"
		return view, nil
	}
	for j, l := range all {
		if l.Aside {
			continue
		}
		if view.Of++; j < i {
			view.Number, view.Back = view.Of, view.Home+"/"+l.Key
		}
	}
	view.Number, view.Of = view.Number+1, view.Of+1 // with the one of all answers
	return view, nil
}

// here is the address of the page itself.
func (v *leafView) here() string {
	address := v.Home + "/" + v.Key
	if v.ToCheck {
		address += "?back=check"
	}
	return address
}

// template is what a page is drawn from, by what it asks for.
func (v *leafView) template() string {
	switch {
	case v.List != nil && v.List.Row != nil:
		return "apply-row"
	case v.List != nil:
		return "apply-list"
	case v.Material != nil:
		return "apply-photo"
	case v.Fields != nil:
		return "apply-fields"
	}
	return "apply-" + v.Key
}

// drawLeaf draws a page with these values, which are the request's or what was typed.
func (s *server) drawLeaf(g *guest, status int, view *leafView, values map[string]any, asked url.Values) error {
	q := view.Request
	view.Applies = applicantView{As: q.Applicant.As, Name: q.Applicant.Name, Authority: q.Applicant.Authority, ID: idViewOf("applicant.id", q.Applicant.ID.Value(), true)}
	switch {
	case view.Key == whereLeaf:
		var err error
		if view.Place, err = s.placeView(g.Context(), q, asked.Get("in")); err != nil {
			return err
		}
	case view.Key == officeLeaf:
		var err error
		if view.Window, err = s.windowView(g.Context(), q, asked.Get("q")); err != nil {
			return err
		}
	case view.Material != nil:
		if err := s.drawMaterial(g, view); err != nil {
			return err
		}
	case view.Fields != nil && view.Fields[0].Type == yinzheng.ListField:
		if err := view.list(asked); err != nil {
			return err
		}
	default:
		view.Inputs = fieldViews("values", unbound(q, view.Fields), s.told(q, view.Fields, values), view.Faults, nil)
	}
	return s.receive(g, status, view.template(), view.Name, view)
}

// drawMaterial lays out what there is of a material, and what might be.
func (s *server) drawMaterial(g *guest, view *leafView) error {
	q, key := view.Request, view.Material.Key
	view.Files = q.FilesOf(key)
	if x, ok := q.Instead[key]; ok {
		view.Instead, view.Words = &x, insteadWords[x.Way]
	}
	outdated, err := s.Residents.Outdated(g.Context(), g.me, q)
	if err != nil {
		return err
	}
	for _, f := range outdated {
		if view.has(f.Field) {
			view.Faults = append(view.Faults, f)
		}
	}
	view.Offers, err = s.Residents.Offers(g.Context(), g.me, q, key)
	return err
}

// unbound are the fields that are asked for.
func unbound(q *resident.Request, fields []yinzheng.Field) []yinzheng.Field {
	return slices.DeleteFunc(slices.Clone(fields), func(f yinzheng.Field) bool { return q.Bound(f.Key) })
}

// told are values with what the resident's own answers tell: the day of birth, and the
// sex, off a resident ID number. It may be changed like anything that was typed.
func (s *server) told(q *resident.Request, fields []yinzheng.Field, values map[string]any) map[string]any {
	out := map[string]any{}
	for i := range fields {
		f := &fields[i]
		if v, ok := values[f.Key]; ok {
			out[f.Key] = v
			continue
		}
		for _, r := range q.Of.Rules {
			if v := toldBy(q, &r, f, s.Service.Now()); v != "" {
				out[f.Key] = v
			}
		}
	}
	return out
}

func toldBy(q *resident.Request, r *yinzheng.Rule, f *yinzheng.Field, now time.Time) string {
	id := q.Values.ID(r.ID)
	if r.ID == "" || id.Type != yinzheng.ResidentID || r.BornField != f.Key && r.SexField != f.Key {
		return ""
	}
	_, born, sex, wrong := yinzheng.ParseResidentID(id.Number, now)
	if wrong != "" {
		return ""
	}
	if r.BornField == f.Key {
		return born.Format(time.DateOnly)
	}
	var of []string
	for _, o := range f.Options {
		if o.Sex == sex {
			of = append(of, o.Value)
		}
	}
	if len(of) == 1 {
		return of[0]
	}
	return ""
}

// leafForm keeps what was answered on a page, and leads on when nothing is wrong with
// it. What is wrong is kept, too, and shown.
func (s *server) leafForm(g *guest, q *resident.Request) error {
	view, err := s.leafView(q, g.PathValue("page"))
	if err != nil {
		return err
	}
	view.ToCheck = g.PostForm.Get("back") == "check"
	switch {
	case view.Material != nil:
		return s.materialForm(g, view)
	case view.Key == whereLeaf:
		return s.whereForm(g, view)
	case view.Fields != nil && view.Fields[0].Type == yinzheng.ListField:
		return s.listForm(g, view)
	}
	return s.answerForm(g, view)
}

// answerForm keeps the answers of a page of inputs.
func (s *server) answerForm(g *guest, view *leafView) error {
	q, edit := view.Request, &resident.Edit{}
	values := map[string]any{}
	switch view.Key {
	case forWhomLeaf:
		who := q.Applicant
		who.As = g.PostForm.Get("applicant.as")
		if who.As == "" {
			view.Faults = []yinzheng.FieldError{{Field: "applicant.as", Code: "required", Text: yinzheng.Text{ZH: "请选择为谁办", EN: "Please choose for whom"}}}
			return s.drawLeaf(g, http.StatusUnprocessableEntity, view, nil, nil)
		}
		if who.As == yinzheng.AsHolder {
			who = yinzheng.Applicant{As: yinzheng.AsHolder}
		}
		edit.Applicant = &who
	case applicantLeaf:
		edit.Applicant = &yinzheng.Applicant{As: q.Applicant.As, Name: g.PostForm.Get("applicant.name"), ID: readDocument(g.PostForm, "applicant.id"), Authority: g.PostForm.Get("applicant.authority")}
	case officeLeaf:
		chosen := g.PostForm.Get("office")
		edit.Chosen = &chosen
	default:
		fields := unbound(q, view.Fields)
		values = readValues(g.PostForm, "values", fields)
		edit.Values = map[string]any{}
		for _, f := range fields {
			edit.Values[f.Key] = values[f.Key]
		}
	}
	saved, err := s.Residents.Save(g.Context(), g.me, q.ID, edit)
	return s.answered(g, view, saved, values, err)
}

// answered leads on after a page was kept, or shows what is wrong on it.
func (s *server) answered(g *guest, view *leafView, saved *resident.Request, values map[string]any, err error) error {
	var broken *yinzheng.Error
	switch {
	case errors.Is(err, yinzheng.ErrInvalid) && errors.As(err, &broken):
		view.Faults = broken.Fields
		return s.drawLeaf(g, faultOf(err).status, view, values, nil)
	case err != nil:
		return err
	}
	view.Request = saved
	for _, f := range saved.Problems {
		if view.has(f.Field) {
			view.Faults = append(view.Faults, f)
		}
	}
	if len(view.Faults) > 0 {
		return s.drawLeaf(g, http.StatusUnprocessableEntity, view, saved.Values, nil)
	}
	if g.PostForm.Get("later") != "" {
		return g.see(view.Home+"/later", "")
	}
	return g.see(backTo(saved, &view.leaf, g.PostForm), "")
}

// answers are the answers of a page to read.
func (s *server) answers(ctx context.Context, q *resident.Request, l *leaf) (rows []answerRow, err error) {
	row := answerRow{Label: l.Name, Page: l.Key}
	switch {
	case l.Key == forWhomLeaf:
		row.Values = []yinzheng.Text{asNames[cmp.Or(q.Applicant.As, yinzheng.AsHolder)]}
	case l.Key == applicantLeaf:
		row.Values = some(q.Applicant.Name, q.Applicant.ID.Number, q.Applicant.Authority)
	case l.Key == whereLeaf:
		row.Values = some(s.placeName(q.Division))
	case l.Key == officeLeaf:
		row.Values, err = s.windowWords(ctx, q)
	case l.Material != nil:
		row.Values = broughtWords(q, l.Material.Key)
	default:
		fields := unbound(q, l.Fields)
		for i := range fields {
			rows = append(rows, answerRow{Label: fields[i].Label, Values: some(shown(&fields[i], q.Values)...), Page: l.Key})
		}
		return rows, nil
	}
	return []answerRow{row}, err
}

// vouchedFor are the answers that a provider of identities gives.
func vouchedFor(q *resident.Request) []answerRow {
	if !q.Vouched() {
		return nil
	}
	if q.Applicant.As == yinzheng.AsGuardian {
		return []answerRow{{Label: yinzheng.Text{ZH: "代办人", EN: "Who applies"}, Values: some(q.Me.Name, q.Me.ID.Number)}}
	}
	var out []answerRow
	for i := range q.Of.Fields {
		if f := &q.Of.Fields[i]; q.Bound(f.Key) {
			out = append(out, answerRow{Label: f.Label, Values: some(shown(f, q.Values)...)})
		}
	}
	return out
}

// asNames are the ways to apply in a resident's words.
var asNames = map[string]yinzheng.Text{
	yinzheng.AsHolder: {ZH: "本人办", EN: "For myself"}, yinzheng.AsGuardian: {ZH: "父母或监护人为孩子办", EN: "As a parent or guardian"}, yinzheng.AsAgent: {ZH: "代家人或他人办", EN: "For somebody else, with authority"},
}

// some are the texts that say something.
func some(texts ...string) []yinzheng.Text {
	var out []yinzheng.Text
	for _, x := range texts {
		if x != "" {
			out = append(out, both(x))
		}
	}
	return out
}
