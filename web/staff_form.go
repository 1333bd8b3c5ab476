package web

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"yinzheng"
)

// itemsView lists what somebody may start, and what has ended.
type itemsView struct {
	Items []*yinzheng.Template
	Ended []endedItem
}

type endedItem struct {
	Name, Why yinzheng.Text
}

func (s *server) itemsPage(v *visit) error {
	view := &itemsView{Items: s.Service.Items(v.by)}
	for _, t := range s.Service.Catalogue() {
		if _, ended, err := s.Service.Item(v.by, t.Code); err == nil && ended != nil {
			view.Ended = append(view.Ended, endedItem{t.Name, ended.Text})
		}
	}
	return s.draw(v, http.StatusOK, "staff-items", yinzheng.Text{ZH: "新办证明", EN: "New certificate"}, view)
}

// startView is the page that begins a case: who it is about.
type startView struct {
	Item     *yinzheng.Template
	Holder   *yinzheng.Field // the holder's document, if the item has one
	ID       idView
	Key      string // idempotency key: a second click starts no second case
	Division string
	Faults   []yinzheng.FieldError
}

func (s *server) startPage(v *visit) error {
	t, err := s.startable(v)
	if err != nil {
		return err
	}
	view := &startView{Item: t, Holder: t.Field(t.Token.ID), Key: rand.Text(), ID: idView{Path: "id", Types: idTypes, Type: yinzheng.ResidentID}}
	return s.draw(v, http.StatusOK, "staff-start", t.Name, view)
}

// startable is the item in the path, if it may be started.
func (s *server) startable(v *visit) (*yinzheng.Template, error) {
	t, ended, err := s.Service.Item(v.by, v.PathValue("item"))
	if err == nil && ended != nil {
		err = &yinzheng.Error{Kind: yinzheng.ErrState, Text: ended.Text}
	}
	return t, err
}

// startForm starts a case with the holder's document; what is on record about
// them is filled in.
func (s *server) startForm(v *visit) error {
	t, err := s.startable(v)
	if err != nil {
		return err
	}
	in := &yinzheng.NewApplication{Item: t.Code, Values: map[string]any{}, Division: strings.TrimSpace(v.PostForm.Get("division"))}
	if t.Token.ID != "" {
		if id := readID(v.PostForm, "id"); id != nil {
			in.Values[t.Token.ID] = id
		}
	}
	c, _, err := s.Service.CreateApplication(v.Context(), v.by, in, v.PostForm.Get("key"))
	var e *yinzheng.Error
	if errors.As(err, &e) && len(e.Fields) > 0 {
		view := &startView{
			Item: t, Holder: t.Field(t.Token.ID), Key: rand.Text(), Division: in.Division, Faults: e.Fields,
			ID: idView{Path: "id", Types: idTypes, Type: v.PostForm.Get("id.type"), Number: v.PostForm.Get("id"), Reason: v.PostForm.Get("id.reason")},
		}
		return s.draw(v, faultOf(err).status, "staff-start", t.Name, view)
	}
	if err != nil {
		return err
	}
	return v.see("/work/cases/"+c.ID+"/edit", "")
}

// caseForm is the form of a case beside its page.
type caseForm struct {
	Case     *yinzheng.CaseView
	Fields   []fieldView
	Division string
	Applies  applicantView
	Faults   []yinzheng.FieldError     // why it was not saved
	Stale    bool                      // somebody else changed the case meanwhile
	Tried    bool                      // it was to be handed in: what is wanting is shown
	Page     string                    // address of the page's picture
	SentBack *eventView                // what it was returned for
	Request  *yinzheng.ResidentRequest // that it came of, if it is shown to who looks

	Materials *materialsView
	Trying    materialTry
}

type applicantView struct {
	As, Name, Authority string
	ID                  idView
}

// fieldView is one field as it is drawn.
type fieldView struct {
	*yinzheng.Field
	Path   string // such as values.name, the input's name and ID
	Value  string
	ID     idView
	Rows   [][]fieldView // of a list, with one to fill in
	Source *yinzheng.Origin
	Faults []yinzheng.FieldError
	Focus  bool // the first one that is wanting
}

// Fault tells whether something is wrong with the field.
func (f fieldView) Fault() bool { return len(f.Faults) > 0 }

// Wrongs are what is wrong with the field.
func (f fieldView) Wrongs() wrongs { return f.Faults }

// wanting tells whether something has to be typed into the field.
func (f fieldView) wanting() bool {
	return f.Value == "" && !f.Optional && !slices.Contains([]yinzheng.FieldType{yinzheng.IDField, yinzheng.ListField, yinzheng.ChoiceField, yinzheng.BoolField}, f.Type)
}

// Wide tells whether the field takes a whole line.
func (f fieldView) Wide() bool {
	return f.Type == yinzheng.ListField || len(f.Suggest) > 0 || f.Type == yinzheng.TextField && (f.Max == 0 || f.Max > 40)
}

// idView is an ID document as it is drawn.
type idView struct {
	Path, Type, Number, Reason string
	Types                      []yinzheng.Option
	Optional, Fault            bool
}

// idTypes are the kinds of document to choose from.
var idTypes = func() []yinzheng.Option {
	var out []yinzheng.Option
	for _, t := range yinzheng.IDTypesInOrder {
		out = append(out, yinzheng.Option{Value: t, Label: yinzheng.IDTypes[t]})
	}
	return out
}()

func (s *server) formPage(v *visit) error {
	c, err := s.Service.Application(v.Context(), v.by, v.PathValue("id"))
	if err != nil {
		return err
	}
	if !mending(c) {
		return v.see("/work/cases/"+c.ID, "")
	}
	return s.drawForm(v, http.StatusOK, c, &caseForm{Tried: v.URL.Query().Get("check") != ""}, c.Values, c.Applicant, c.Division)
}

// mending tells whether the form of a case is still filled in.
func mending(c *yinzheng.CaseView) bool {
	return c.State == yinzheng.Draft || c.State == yinzheng.Returned
}

// sentBack is what sent a case back to its clerk; nil when it was not.
func sentBack(c *yinzheng.CaseView) *eventView {
	if c.State != yinzheng.Returned {
		return nil
	}
	for i := range slices.Backward(c.History) {
		switch c.History[i].Kind {
		case yinzheng.Return, yinzheng.Recall, yinzheng.Halt:
			return &addEvent(nil, c, &c.History[i])[0]
		}
	}
	return nil
}

// drawForm draws the form with these values, which are the case's or what was
// typed.
func (s *server) drawForm(v *visit, status int, c *yinzheng.CaseView, view *caseForm, values map[string]any, who yinzheng.Applicant, division string) error {
	view.Case, view.Division, view.Materials, view.SentBack = c, division, materialsOf(c, "edit", view.Trying), sentBack(c)
	var err error
	if view.Request, err = s.Residents.OfCase(v.Context(), v.by, c.ID); err != nil {
		return err
	}
	problems := view.Faults
	if view.Tried && problems == nil {
		problems = c.Problems
	}
	sources := map[string]*yinzheng.Origin{}
	for i := range c.Filled {
		sources[c.Filled[i].Field] = &c.Filled[i].Origin
	}
	view.Fields = fieldViews("values", c.Of.Fields, values, problems, sources)
	if i := slices.IndexFunc(view.Fields, fieldView.wanting); i >= 0 {
		view.Fields[i].Focus = true
	}
	view.Applies = applicantView{As: who.As, Name: who.Name, Authority: who.Authority, ID: idViewOf("applicant.id", who.ID.Value(), true)}
	view.Page = fmt.Sprintf("/work/cases/%s/page.svg?v=%d", c.ID, c.Version)
	if summed := view.Trying.summed(); summed != nil {
		view.Faults = summed
	} else if view.Tried && view.Faults == nil {
		view.Faults = c.Problems
	}
	return s.draw(v, status, "staff-form", c.Of.Name, view)
}

// fieldViews lays out the fields of an object.
func fieldViews(path string, fields []yinzheng.Field, values map[string]any, problems []yinzheng.FieldError, sources map[string]*yinzheng.Origin) []fieldView {
	out := make([]fieldView, len(fields))
	for i := range fields {
		f := &fields[i]
		p := path + "." + f.Key
		x := fieldView{Field: f, Path: p, Source: sources[p]}
		for _, e := range problems {
			if e.Field == p || strings.HasPrefix(e.Field, p+".") {
				x.Faults = append(x.Faults, e)
			}
		}
		switch f.Type {
		case yinzheng.ListField:
			rows, _ := values[f.Key].([]any)
			for j := range min(len(rows)+1, f.Max) {
				row := map[string]any{}
				if j < len(rows) {
					row, _ = rows[j].(map[string]any)
				}
				x.Rows = append(x.Rows, fieldViews(p+"["+strconv.Itoa(j)+"]", f.Fields, row, problems, sources))
			}
		case yinzheng.IDField:
			x.ID = idViewOf(p, values[f.Key], f.Optional)
			x.ID.Fault = x.Fault()
		default:
			x.Value = written(values[f.Key])
		}
		out[i] = x
	}
	return out
}

// written is a value as its input holds it.
func written(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		return map[bool]string{true: "true", false: ""}[v]
	}
	return fmt.Sprint(v)
}

func idViewOf(path string, v any, optional bool) idView {
	out := idView{Path: path, Type: yinzheng.ResidentID, Types: idTypes, Optional: optional}
	switch v := v.(type) {
	case string:
		out.Number = v
	case map[string]any:
		out.Number, out.Reason = written(v["number"]), written(v["reason"])
		if t := written(v["type"]); t != "" {
			out.Type = t
		}
	}
	return out
}

// readValues reads the values of a form: an empty input is no value, an empty
// row no row.
func readValues(form url.Values, path string, fields []yinzheng.Field) map[string]any {
	out := map[string]any{}
	for i := range fields {
		f := &fields[i]
		if v := readValue(form, path+"."+f.Key, f); v != nil {
			out[f.Key] = v
		}
	}
	return out
}

func readValue(form url.Values, path string, f *yinzheng.Field) any {
	text := form.Get(path)
	switch {
	case f.Type == yinzheng.IDField:
		return readID(form, path)
	case f.Type == yinzheng.ListField:
		var rows []any
		for j := range f.Max {
			if row := readValues(form, path+"["+strconv.Itoa(j)+"]", f.Fields); !blank(row) {
				rows = append(rows, row)
			}
		}
		if rows == nil {
			return nil
		}
		return rows
	case f.Type == yinzheng.BoolField:
		return text == "true"
	case strings.TrimSpace(text) == "":
		return nil
	case f.Type == yinzheng.IntegerField:
		return json.Number(strings.TrimSpace(text))
	}
	return text
}

// blank tells whether nothing was filled in: a box that is not ticked says nothing.
func blank(row map[string]any) bool {
	for _, v := range row {
		if v != false {
			return false
		}
	}
	return true
}

// readID reads a document: nil when nothing was filled in.
func readID(form url.Values, path string) any {
	kind, number, reason := form.Get(path+".type"), strings.TrimSpace(form.Get(path)), strings.TrimSpace(form.Get(path+".reason"))
	switch {
	case kind == yinzheng.NoID:
		return map[string]any{"type": kind, "reason": reason}
	case number == "":
		return nil
	case kind == "":
		kind = yinzheng.ResidentID
	}
	return map[string]any{"type": kind, "number": number}
}

// readDocument is readID for what is no value of the form's.
func readDocument(form url.Values, path string) yinzheng.ID {
	id, _ := readID(form, path).(map[string]any)
	return yinzheng.ID{Type: written(id["type"]), Number: written(id["number"]), Reason: written(id["reason"])}
}

// readPatch reads the whole form of a case. Fields that are empty now are
// removed from it.
func readPatch(form url.Values, t *yinzheng.Template) *yinzheng.Patch {
	p := &yinzheng.Patch{Values: readValues(form, "values", t.Fields)}
	for i := range t.Fields {
		if _, given := p.Values[t.Fields[i].Key]; !given {
			p.Values[t.Fields[i].Key] = nil
		}
	}
	if division := strings.TrimSpace(form.Get("division")); division != "" {
		p.Division = &division
	}
	seen := append([]string{}, form["seen"]...)
	p.Seen = &seen
	p.Applicant = &yinzheng.Applicant{As: form.Get("applicant.as"), Name: form.Get("applicant.name"), Authority: form.Get("applicant.authority")}
	if p.Applicant.As != yinzheng.AsHolder {
		p.Applicant.ID = readDocument(form, "applicant.id")
	}
	if p.Applicant.As == yinzheng.AsHolder {
		p.Applicant = &yinzheng.Applicant{As: yinzheng.AsHolder}
	}
	return p
}

// seen is the version of the case that a form was made from.
func (v *visit) seen() int { return seenIn(v.PostForm) }

// seenIn is the version of what a form was made from; 0 for what is none.
func seenIn(form url.Values) int {
	n, err := strconv.Atoi(form.Get("version"))
	if err != nil {
		return 0
	}
	return n
}

// saved is what a script is told that saves while somebody types.
type saved struct {
	Version int          `json:"version"`
	At      string       `json:"at"`
	Changes []changeView `json:"changes,omitempty"`
	Faults  []fieldFault `json:"faults,omitempty"`
	Page    string       `json:"page,omitempty"`
	Title   string       `json:"title,omitempty"`
}

type changeView struct {
	Field string `json:"field"`
	To    string `json:"to"`
}

// saveForm saves a draft: asked by a script while somebody types, or by the
// form's buttons. What cannot be saved stays in the form.
func (s *server) saveForm(v *visit) error {
	quietly := v.Header.Get("Accept") == "application/json"
	before, err := s.Service.Application(v.Context(), v.by, v.PathValue("id"))
	if err != nil {
		return err
	}
	patch := readPatch(v.PostForm, before.Of)
	c, err := s.Service.EditApplication(v.Context(), v.by, before.ID, v.seen(), patch)
	var e *yinzheng.Error
	switch {
	case quietly && err == nil:
		return s.tellSaved(v, c)
	case quietly:
		return err
	case errors.Is(err, yinzheng.ErrConflict), errors.As(err, &e) && len(e.Fields) > 0:
		before.Seen = *patch.Seen
		view := &caseForm{Stale: errors.Is(err, yinzheng.ErrConflict)}
		f := faultOf(err)
		if view.Faults = f.fields; len(view.Faults) == 0 {
			view.Faults = []yinzheng.FieldError{{Field: "form", Code: f.kind, Text: f.text}}
		}
		return s.drawForm(v, f.status, before, view, patch.Values, *patch.Applicant, v.PostForm.Get("division"))
	case err != nil:
		return err
	}
	switch v.PostForm.Get("then") {
	case "check":
		if len(c.Problems) > 0 {
			return v.see("/work/cases/"+c.ID+"/edit?check=1#faults", "")
		}
		return v.see("/work/cases/"+c.ID+"/check", "")
	case "materials":
		return v.see("/work/cases/"+c.ID+"/edit#materials", "")
	case "row":
		return v.see("/work/cases/"+c.ID+"/edit#"+v.PostForm.Get("row"), "")
	}
	return v.see("/work/cases/"+c.ID+"/edit", "saved")
}

func (s *server) tellSaved(v *visit, c *yinzheng.CaseView) error {
	lang := language(v.Request)
	out := saved{Version: c.Version, At: time.Now().In(yinzheng.Zone).Format("15:04:05")}
	for _, x := range c.Changes {
		out.Changes = append(out.Changes, changeView{x.Field, x.To})
	}
	for _, x := range c.Problems {
		if x.Code != "required" { // what is still to come is no fault yet
			out.Faults = append(out.Faults, fieldFault{x.Field, x.Code, x.Text.In(lang)})
		}
	}
	body, err := json.Marshal(out)
	if err == nil {
		writeBody(v.w, http.StatusOK, "application/json", body)
	}
	return err
}

// livePage is the page as it would be with what is typed just now.
func (s *server) livePage(v *visit) error {
	c, err := s.Service.Application(v.Context(), v.by, v.PathValue("id"))
	if err != nil {
		return err
	}
	values := readValues(v.PostForm, "values", c.Of.Fields)
	return s.picture(v, values, v.PostForm.Get("focus"))
}

// pagePicture is the page of a case as it stands.
func (s *server) pagePicture(v *visit) error { return s.picture(v, nil, "") }

func (s *server) picture(v *visit, values map[string]any, focus string) error {
	svg, err := s.Service.CasePage(v.Context(), v.by, v.PathValue("id"), values, focus)
	if err != nil {
		return err
	}
	writeBody(v.w, http.StatusOK, "image/svg+xml", svg)
	return nil
}

// reviewView is everything once more before a case is handed in.
type reviewView struct {
	Case   *yinzheng.CaseView
	Facts  []factRow
	Page   string
	Faults []yinzheng.FieldError // of what was tried about a material

	Materials *materialsView
}

// factRow is a value to read.
type factRow struct {
	Label  yinzheng.Text
	Values []string
	Path   string
	Source *yinzheng.Origin
	Before []string // what stood there when somebody last looked, if that was otherwise

	Agrees  bool         // it is as on record
	Against *againstLine // it is otherwise than on record; without Agrees, nothing is said
}

func (s *server) checkPage(v *visit) error {
	c, err := s.Service.Application(v.Context(), v.by, v.PathValue("id"))
	if err != nil {
		return err
	}
	if !mending(c) {
		return v.see("/work/cases/"+c.ID, "")
	}
	if len(c.Problems) > 0 {
		return v.see("/work/cases/"+c.ID+"/edit?check=1#faults", "")
	}
	return s.drawCheck(v, http.StatusOK, c, materialTry{})
}

func (s *server) drawCheck(v *visit, status int, c *yinzheng.CaseView, tried materialTry) error {
	page := fmt.Sprintf("/work/cases/%s/page.svg?v=%d", c.ID, c.Version)
	return s.draw(v, status, "staff-check", yinzheng.Text{ZH: "核对后提交", EN: "Check and hand in"},
		&reviewView{c, factRows(c, nil), page, tried.summed(), materialsOf(c, "check", tried)})
}

// factRows are the values of a case to read; before, if not nil, is what they
// were when somebody last looked.
func factRows(c *yinzheng.CaseView, before yinzheng.Values) []factRow {
	sources := map[string]*yinzheng.Origin{}
	for i := range c.Filled {
		sources[c.Filled[i].Field] = &c.Filled[i].Origin
	}
	var out []factRow
	for i := range c.Of.Fields {
		f := &c.Of.Fields[i]
		now := shown(f, c.Values)
		row := factRow{Label: f.Label, Values: now, Path: "values." + f.Key, Source: sources["values."+f.Key]}
		if before != nil {
			if then := shown(f, before); !slices.Equal(then, now) {
				row.Before = append(then, "")[:max(len(then), 1)]
			}
		}
		if now != nil || row.Before != nil {
			out = append(out, row)
		}
	}
	return out
}

// shown is a field's value as people read it: of a list a line for each row.
func shown(f *yinzheng.Field, values yinzheng.Values) []string {
	if f.Type != yinzheng.ListField {
		if text := f.Display(values[f.Key]); text != "" {
			return []string{text}
		}
		return nil
	}
	var out []string
	for _, row := range values.Rows(f.Key) {
		var parts []string
		for i := range f.Fields {
			if text := f.Fields[i].Display(row[f.Fields[i].Key]); text != "" {
				parts = append(parts, text)
			}
		}
		out = append(out, strings.Join(parts, "　"))
	}
	return out
}

func (s *server) submitForm(v *visit) error {
	start := time.Now()
	c, err := s.Service.SubmitApplication(v.Context(), v.by, v.PathValue("id"), v.seen())
	if err != nil {
		return changed(err)
	}
	s.noteIssue(c, start)
	return v.see("/work/cases/"+c.ID, "submitted")
}
