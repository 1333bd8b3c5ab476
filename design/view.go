package design

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"yinzheng"
)

// DesignLine is a design in a list.
type DesignLine struct {
	ID      string    `json:"id"`
	Item    string    `json:"item"`
	Version int       `json:"version"` // of the design, sent back as If-Match
	Stage   Stage     `json:"stage"`
	At      time.Time `json:"at"` // of the last change
	By      string    `json:"by"` // account
}

// DesignView is a design as administrators see it.
type DesignView struct {
	DesignLine
	Text        string                `json:"text"`
	Template    *yinzheng.Template    `json:"template,omitempty"` // nil while the text cannot be read
	Faults      []yinzheng.FieldError `json:"faults,omitempty"`   // while there is one, it is neither sent nor published
	Doubts      []string              `json:"doubts,omitempty"`   // subjects of the list of twenty that the name resembles, while it names none
	Before      int                   `json:"before,omitempty"`   // version in force that it is compared with
	Differences []Difference          `json:"differences,omitempty"`
	OpenCases   int                   `json:"open_cases,omitempty"` // of the item; they end on the version that they began on
	Acts        []DesignAct           `json:"acts"`

	Authors []string `json:"authors"` // accounts
}

// DesignAct is one thing that was done to a design.
type DesignAct struct {
	At      time.Time `json:"at"`
	By      string    `json:"by"`            // account
	For     string    `json:"for,omitempty"` // account of who delegated
	Kind    Kind      `json:"kind"`
	Opinion string    `json:"opinion,omitempty"`
}

// TemplateVersion is one version of an item that is in force.
type TemplateVersion struct {
	yinzheng.TemplateRef
	Name    yinzheng.Text `json:"name"`
	Newest  bool          `json:"newest"`            // cases begin on it
	Made    string        `json:"made,omitempty"`    // ID of the design, if it was made here
	Since   time.Time     `json:"since,omitzero"`    // when it was published, if it was made here
	Offered bool          `json:"offered,omitempty"` // the office tree has every office that it needs
}

func lineOf(x *yinzheng.Design) DesignLine {
	return DesignLine{x.ID, x.Item, x.Version, Stage(x.Stage), x.At, x.By}
}

// List lists the designs, the last begun first.
func (d *Designs) List(ctx context.Context, by *yinzheng.Account) ([]DesignLine, error) {
	if _, err := d.runs(by); err != nil {
		return nil, err
	}
	all, err := d.Store.Designs(ctx)
	if err != nil {
		return nil, err
	}
	lines := make([]DesignLine, len(all))
	for i, x := range all {
		lines[i] = lineOf(x)
	}
	return lines, nil
}

// Versions lists the versions that are in force, by item, the newest first.
func (d *Designs) Versions(ctx context.Context, by *yinzheng.Account) ([]TemplateVersion, error) {
	if _, err := d.runs(by); err != nil {
		return nil, err
	}
	made, err := d.Store.MadeTemplates(ctx, 0)
	if err != nil {
		return nil, err
	}
	out := []TemplateVersion{}
	for _, t := range d.Service.Versions() {
		v := TemplateVersion{TemplateRef: t.Ref(), Name: t.Name, Newest: len(out) == 0 || out[len(out)-1].Code != t.Code, Offered: len(t.CheckOffices(d.Service.Directory())) == 0}
		if i := slices.IndexFunc(made, func(m yinzheng.MadeTemplate) bool { return m.Ref == t.Ref() }); i >= 0 {
			v.Made, v.Since = made[i].Design, made[i].At
		}
		out = append(out, v)
	}
	return out, nil
}

// Text is a version that is in force, and its YAML: as it was published here, or
// as it would be written. ErrNotFound.
func (d *Designs) Text(ctx context.Context, by *yinzheng.Account, ref yinzheng.TemplateRef) (*yinzheng.Template, string, error) {
	if _, err := d.runs(by); err != nil {
		return nil, "", err
	}
	t, err := d.version(ref)
	if err != nil {
		return nil, "", err
	}
	made, err := d.Store.MadeTemplates(ctx, 0)
	if err != nil {
		return nil, "", err
	}
	for _, m := range made {
		if m.Ref == ref {
			return t, m.Text, nil
		}
	}
	text, err := d.Language.Write(t)
	return t, text, err
}

// Design shows a design; ErrNotFound.
func (d *Designs) Design(ctx context.Context, by *yinzheng.Account, id string) (*DesignView, error) {
	if _, err := d.runs(by); err != nil {
		return nil, err
	}
	x, err := d.Store.Design(ctx, id)
	if err != nil {
		return nil, err
	}
	return d.view(ctx, x)
}

func (d *Designs) view(ctx context.Context, x *yinzheng.Design) (*DesignView, error) {
	v := &DesignView{DesignLine: lineOf(x), Text: x.Text, Authors: x.Authors}
	acts, err := d.Store.DesignActs(ctx, x.ID)
	if err != nil {
		return nil, err
	}
	for _, a := range acts {
		v.Acts = append(v.Acts, DesignAct{a.At, a.By, a.For, Kind(a.Kind), a.Opinion})
	}
	if v.OpenCases, err = d.Store.OpenCasesOf(ctx, x.Item); err != nil {
		return nil, err
	}
	if v.Template, v.Faults = d.check(x); v.Template == nil {
		return v, nil
	}
	if v.Template.Subject == "none" {
		v.Doubts = yinzheng.SubjectsLike(v.Template.Name.ZH)
	}
	for _, old := range d.Service.Versions() { // the newest first
		if old.Code == v.Template.Code && old.Version < v.Template.Version {
			v.Before, v.Differences = old.Version, Compare(old, v.Template)
			break
		}
	}
	return v, nil
}

// check reads a design and names all that is wrong with it, as long as it can be
// mended.
func (d *Designs) check(x *yinzheng.Design) (*yinzheng.Template, []yinzheng.FieldError) {
	t, err := d.Language.Read(x.Text)
	switch {
	case err != nil:
		return nil, faultsOf(err)
	case !x.Open:
		return t, nil
	}
	faults := t.Check()
	if t.Code != x.Item {
		faults = append(faults, yinzheng.FieldError{Field: "code", Code: "code", Text: yinzheng.Text{ZH: "草案是为事项 " + x.Item + " 起草的，代码不能改", EN: "The design is for the item " + x.Item + "; its code stays"}})
	}
	faults = slices.Concat(faults, d.Service.CheckNext(t), d.Catalogue.Contradicts(t))
	if settable(faults) {
		if _, err := d.Typesetter.Trial(d.sheet(t, Trials[0].Key), "svg", ""); err != nil {
			faults = append(faults, faultsOf(err)...)
		}
	}
	return t, faults
}

// settable tells whether what is wrong leaves the page as it is: only then it is
// set.
func settable(faults []yinzheng.FieldError) bool {
	return !slices.ContainsFunc(faults, func(f yinzheng.FieldError) bool {
		part, _, _ := strings.Cut(strings.ReplaceAll(f.Field, "[", "."), ".")
		return slices.Contains([]string{"fields", "rules", "token", "page"}, part)
	})
}

// Page sets a sample of a template's page with one of the trial values (Trials).
// Format is svg or pdf; focus is the path of a field to light up. ErrInvalid
// while the page cannot be set.
func (d *Designs) Page(by *yinzheng.Account, t *yinzheng.Template, trial, format, focus string) ([]byte, error) {
	if _, err := d.runs(by); err != nil {
		return nil, err
	}
	if faults := t.Check(); !settable(faults) {
		return nil, &yinzheng.Error{Kind: yinzheng.ErrInvalid, Text: yinzheng.Text{ZH: "改好下面各项才能排出页面", EN: "The page can be set once these are mended"}, Fields: faults}
	}
	return d.Typesetter.Trial(d.sheet(t, trial), format, focus)
}

func (d *Designs) sheet(t *yinzheng.Template, trial string) *yinzheng.Sheet {
	return &yinzheng.Sheet{Template: t, Values: TrialValues(t, trial, d.Now()), Date: d.Now().In(yinzheng.Zone), Seal: d.seal(t)}
}

// seal is the picture of an organ that might seal a template's certificates.
func (d *Designs) seal(t *yinzheng.Template) yinzheng.SealFace {
	tree := d.Service.Directory()
	for i := range tree.Offices {
		o := &tree.Offices[i]
		if organ := tree.Organ(o.Organ); organ != nil && tree.LevelOf(o.ID) == t.Issuer && (t.Function == "" || t.Function == o.Function) {
			return organ.SealFace()
		}
	}
	return yinzheng.SealFace{}
}

// Follow puts what was published since into force: here, or by another process.
// It may be called at any time.
func (d *Designs) Follow(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	made, err := d.Store.MadeTemplates(ctx, d.taken)
	if err != nil {
		return err
	}
	for i := range made {
		t, err := readMade(d.Language, &made[i])
		if err == nil {
			err = d.Service.TakeUp(ctx, t)
		}
		if err != nil {
			return err
		}
		d.taken = made[i].Seq
	}
	return nil
}

func readMade(l Language, m *yinzheng.MadeTemplate) (*yinzheng.Template, error) {
	t, err := l.Read(m.Text)
	if err == nil && t.Ref() != m.Ref {
		err = errors.New("its text is of another version")
	}
	if err != nil {
		return nil, fmt.Errorf("template %s version %d, published here: %w", m.Ref.Code, m.Ref.Version, err)
	}
	return t, nil
}

// Made keeps the templates that were made here, as yinzheng.Designs has it.
type Made interface {
	MadeTemplates(ctx context.Context, after int64) ([]yinzheng.MadeTemplate, error)
}

// InForce joins the versions that come with the program, or in a folder, with
// those that were made here. An item that was made here is the office's own: a
// version that comes from elsewhere with the number of one made here, or a later
// one, is left aside.
func InForce(ctx context.Context, store Made, l Language, given []*yinzheng.Template) (all []*yinzheng.Template, aside []yinzheng.TemplateRef, err error) {
	made, err := store.MadeTemplates(ctx, 0)
	if err != nil {
		return nil, nil, err
	}
	first := map[string]int{}
	var own []*yinzheng.Template
	for i := range made {
		t, err := readMade(l, &made[i])
		if err != nil {
			return nil, nil, err
		}
		if n, ok := first[t.Code]; !ok || t.Version < n {
			first[t.Code] = t.Version
		}
		own = append(own, t)
	}
	for _, t := range given {
		if n, ok := first[t.Code]; ok && t.Version >= n {
			aside = append(aside, t.Ref())
			continue
		}
		all = append(all, t)
	}
	return append(all, own...), aside, nil
}

// faultsOf lists what an error says of fields; the error itself where it says
// nothing of any.
func faultsOf(err error) []yinzheng.FieldError {
	var e *yinzheng.Error
	if !errors.As(err, &e) {
		return []yinzheng.FieldError{{Field: "yaml", Code: "yaml", Text: yinzheng.Text{ZH: err.Error(), EN: err.Error()}}}
	}
	if len(e.Fields) > 0 {
		return e.Fields
	}
	return []yinzheng.FieldError{{Field: "yaml", Code: "yaml", Text: e.Text}}
}
