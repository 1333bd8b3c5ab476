package design

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"sync"
	"time"

	"yinzheng"
)

// Store is what designs need kept.
type Store interface {
	// Tx runs fn in one transaction, as yinzheng.Store has it.
	Tx(ctx context.Context, fn func(ctx context.Context) error) error
	// Account returns the account with an ID; yinzheng.ErrNotFound.
	Account(ctx context.Context, id string) (*yinzheng.Account, error)
	// OpenCasesOf counts the cases of an item that are not at their end.
	OpenCasesOf(ctx context.Context, item string) (int, error)
	yinzheng.Designs
	yinzheng.Publications
	yinzheng.Events
	yinzheng.Requests
}

// Language is how templates are written down.
type Language interface {
	// Read reads a template, whatever Check may say of it; yinzheng.ErrInvalid,
	// naming the line.
	Read(text string) (*yinzheng.Template, error)
	// Write writes a template so that Read gives it back.
	Write(t *yinzheng.Template) (string, error)
}

// Typesetter sets pages of templates that are not published.
type Typesetter interface {
	// Trial sets a sample page, as yinzheng.Renderer.Preview does, and keeps nothing;
	// yinzheng.ErrInvalid when the page cannot be set, with the field.
	Trial(s *yinzheng.Sheet, format, focus string) ([]byte, error)
}

// Catalogue says what was reviewed of an item.
type Catalogue interface {
	// Contradicts names what a template says other than was published of its item.
	Contradicts(t *yinzheng.Template) []yinzheng.FieldError
}

// Config is what Designs are made of. All but Now and Rand are needed.
type Config struct {
	Store      Store
	Service    *yinzheng.Service
	Language   Language
	Typesetter Typesetter
	Catalogue  Catalogue
	Now        func() time.Time // default time.Now
	Rand       io.Reader        // default crypto/rand
}

// Designs are designs at work. Its methods are safe for concurrent use. Whatever
// it does is for administrators of a topmost office; anybody else is refused
// (ErrForbidden).
type Designs struct {
	Config
	mu    sync.Mutex // held while what was published is taken up
	taken int64      // Seq of the last one
}

// New makes Designs.
func New(c Config) *Designs {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	return &Designs{Config: c}
}

// Begin says what a design begins from: a text, a version of an item, or nothing
// but the item's code.
type Begin struct {
	Item string                `json:"item"`           // code of the item that it is for
	From *yinzheng.TemplateRef `json:"from,omitempty"` // version to copy, of this or another item
	Text string                `json:"text,omitempty"` // YAML, instead
}

// Begin begins a design. The idempotency key makes a second identical request
// return the first one's design (again=true). Errors: ErrInvalid with what is
// wrong, ErrState when another design of the item is open.
func (d *Designs) Begin(ctx context.Context, by *yinzheng.Account, in *Begin, key string) (v *DesignView, again bool, err error) {
	grant, err := d.runs(by)
	if err != nil {
		return nil, false, err
	}
	if err := yinzheng.CheckKey(key); err != nil {
		return nil, false, err
	}
	text, err := d.first(in)
	if err != nil {
		return nil, false, err
	}
	request, err := json.Marshal(in)
	if err != nil {
		return nil, false, err
	}
	id, err := yinzheng.NewID(d.Rand)
	if err != nil {
		return nil, false, err
	}
	x := &yinzheng.Design{ID: id, Item: in.Item, Version: 1, Stage: string(Drafting), Open: true, Text: text, Authors: writers(nil, by, grant), At: d.now(), By: by.ID}
	act := &yinzheng.DesignAct{Seq: 1, At: x.At, By: by.ID, For: grant.For, Kind: string(Started), Digest: digest(text)}
	before := ""
	err = d.Store.Tx(ctx, func(ctx context.Context) (err error) {
		if before, err = d.Store.Remember(ctx, by.ID, key, sha256.Sum256(request), id, x.At); err != nil || before != "" {
			return errors.Join(err, errAgain)
		}
		if err := d.Store.AddDesign(ctx, x, act); err != nil {
			return err
		}
		return d.record(ctx, x, act)
	})
	switch {
	case before != "":
		v, err = d.Design(ctx, by, before)
		return v, true, err
	case err != nil:
		return nil, false, err
	}
	v, err = d.view(ctx, x)
	return v, false, err
}

// errAgain undoes what was begun for a request that was answered before.
var errAgain = errors.New("the same request again")

// Save writes a design's text anew, against the version that was seen. Anything
// is kept that is not too long: what is wrong with it is in the view. Errors:
// ErrNotFound, ErrConflict (stale), ErrState (not a draft), ErrInvalid.
func (d *Designs) Save(ctx context.Context, by *yinzheng.Account, id string, seen int, text string) (*DesignView, error) {
	grant, err := d.runs(by)
	if err != nil {
		return nil, err
	}
	x, err := d.seen(ctx, id, seen)
	if err != nil {
		return nil, err
	}
	if Stage(x.Stage) != Drafting {
		return nil, errStage(Stage(x.Stage))
	}
	if err := checkText(text); err != nil {
		return nil, err
	}
	if text == x.Text {
		return d.view(ctx, x)
	}
	next := *x
	next.Version, next.Text, next.Authors, next.At, next.By = x.Version+1, text, writers(x.Authors, by, grant), d.now(), by.ID
	if err := d.Store.PutDesign(ctx, &next, nil); err != nil {
		return nil, err
	}
	return d.view(ctx, &next)
}

// Edit is Save with the text of the template after edit, which names what cannot
// be filled in so; then nothing is kept (ErrInvalid).
func (d *Designs) Edit(ctx context.Context, by *yinzheng.Account, id string, seen int, edit func(*yinzheng.Template) []yinzheng.FieldError) (*DesignView, error) {
	if _, err := d.runs(by); err != nil {
		return nil, err
	}
	x, err := d.seen(ctx, id, seen)
	if err != nil {
		return nil, err
	}
	t, err := d.Language.Read(x.Text)
	if err != nil {
		return nil, err
	}
	was, err := d.Language.Write(t)
	if err != nil {
		return nil, err
	}
	if faults := edit(t); len(faults) > 0 {
		return nil, invalidFields(faults)
	}
	text, err := d.Language.Write(t)
	if err != nil {
		return nil, err
	}
	if text == was { // what somebody wrote by hand stays as it is
		text = x.Text
	}
	return d.Save(ctx, by, id, seen, text)
}

// Read reads a text that is not kept, for an administrator; ErrInvalid.
func (d *Designs) Read(by *yinzheng.Account, text string) (*yinzheng.Template, error) {
	if _, err := d.runs(by); err != nil {
		return nil, err
	}
	return d.Language.Read(text)
}

// Act sends a design, returns, publishes or withdraws it, at the version that was
// seen. Who wrote any of it does not publish it. Errors: ErrNotFound, ErrConflict
// (stale), ErrState (not at this stage), ErrForbidden, ErrInvalid with what is
// wrong with the template or missing.
func (d *Designs) Act(ctx context.Context, by *yinzheng.Account, id string, seen int, kind Kind, opinion string) (*DesignView, error) {
	grant, err := d.runs(by)
	if err != nil {
		return nil, err
	}
	x, err := d.seen(ctx, id, seen)
	if err != nil {
		return nil, err
	}
	if opinion, err = check(x, kind, opinion); err != nil {
		return nil, err
	}
	acts, err := d.Store.DesignActs(ctx, id)
	if err != nil {
		return nil, err
	}
	act := &yinzheng.DesignAct{Seq: len(acts) + 1, At: d.now(), By: by.ID, For: grant.For, Kind: string(kind), Opinion: opinion, Digest: digest(x.Text)}
	var made *yinzheng.Template
	if kind == Send || kind == Publish {
		if made, err = d.fit(x); err != nil {
			return nil, err
		}
	}
	if kind == Publish {
		if err := d.otherPerson(ctx, x, act); err != nil {
			return nil, err
		}
	}
	next := *x
	next.Version, next.Stage, next.At, next.By = x.Version+1, string(leads[kind].to), act.At, by.ID
	next.Open = leads[kind].to == Drafting || leads[kind].to == Sent
	err = d.Store.Tx(ctx, func(ctx context.Context) error {
		if err := d.Store.PutDesign(ctx, &next, act); err != nil {
			return err
		}
		if kind == Publish {
			if err := d.keep(ctx, &next, made); err != nil {
				return err
			}
		}
		return d.record(ctx, &next, act)
	})
	if err != nil {
		return nil, err
	}
	if kind == Publish {
		if err := d.Follow(ctx); err != nil {
			return nil, err
		}
	}
	return d.view(ctx, &next)
}

// fit is a design's template, if nothing is wrong with it; ErrInvalid.
func (d *Designs) fit(x *yinzheng.Design) (*yinzheng.Template, error) {
	t, faults := d.check(x)
	if len(faults) > 0 {
		return nil, &yinzheng.Error{Kind: yinzheng.ErrInvalid, Text: yinzheng.Text{ZH: "模板还有问题，请先改好", EN: "Something is still wrong with the template; please mend it first"}, Fields: faults}
	}
	return t, nil
}

// keep keeps what is published.
func (d *Designs) keep(ctx context.Context, x *yinzheng.Design, t *yinzheng.Template) error {
	m := &yinzheng.MadeTemplate{Ref: t.Ref(), Text: x.Text, Design: x.ID, At: x.At, By: x.By}
	if err := d.Store.AddMadeTemplate(ctx, m); err != nil {
		return err
	}
	return d.Store.PublishTemplate(ctx, t.Ref(), t.Digest(), x.At)
}

// record puts an act on record.
func (d *Designs) record(ctx context.Context, x *yinzheng.Design, act *yinzheng.DesignAct) error {
	return d.Store.Record(ctx, yinzheng.Event{At: act.At, Kind: "template-" + act.Kind, Subject: x.ID, By: act.By, Detail: act.Detail(x.Item)})
}

// otherPerson refuses who wrote some of a design, or may have, under whatever account.
func (d *Designs) otherPerson(ctx context.Context, x *yinzheng.Design, act *yinzheng.DesignAct) error {
	apart, err := yinzheng.AllOthers(ctx, d.Store, people(act.By, act.For), x.Authors)
	if err == nil && !apart {
		return fail(yinzheng.ErrForbidden, "起草人不能发布自己写的模板，须由另一位管理员发布", "Who wrote any of a template does not publish it; another administrator has to")
	}
	return err
}

// people are those who did something: who did it, and in whose name.
func people(by, name string) []string {
	if name == "" {
		return []string{by}
	}
	return []string{by, name}
}

// writers are the authors with those who write now.
func writers(authors []string, by *yinzheng.Account, grant yinzheng.Grant) []string {
	out := slices.Clone(authors)
	for _, id := range people(by.ID, grant.For) {
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// seen is a design at the version that the caller saw.
func (d *Designs) seen(ctx context.Context, id string, version int) (*yinzheng.Design, error) {
	x, err := d.Store.Design(ctx, id)
	if err != nil {
		return nil, err
	}
	if x.Version != version {
		return nil, fail(yinzheng.ErrConflict, "草案在您打开之后被改过了，请重新读取后再操作", "The design was changed after you opened it; please read it again")
	}
	return x, nil
}

// first is the text that a design begins with.
func (d *Designs) first(in *Begin) (string, error) {
	switch {
	case !itemCode.MatchString(in.Item) || len(in.Item) > maxCode:
		return "", invalid("item", "code", "应为小写字母、数字和连字符，最多 40 个字符", "Expected lower-case letters, digits and hyphens, at most 40 characters")
	case in.Text != "" && in.From != nil:
		return "", invalid("from", "choice", "请只写 from 与 text 之一", "Expected from or text, not both")
	case in.Text != "":
		return in.Text, d.ofItem(in.Text, in.Item)
	}
	t, current := blankTemplate(), d.Service.Newest(in.Item)
	switch {
	case in.From != nil:
		old, err := d.version(*in.From)
		if err != nil {
			return "", err
		}
		t = *old
	case current != nil:
		return "", invalid("item", "taken", "已有这个事项，请以它现行的版本为底稿", "There is this item already; begin from its version in force")
	}
	if t.Version = 1; current != nil {
		t.Version, t.Short = current.Version+1, current.Short
	} else {
		t.Short = "" // the item's own, to be chosen
	}
	t.Code = in.Item
	return d.Language.Write(&t)
}

// ofItem refuses a text that is no template of an item.
func (d *Designs) ofItem(text, item string) error {
	if err := checkText(text); err != nil {
		return err
	}
	t, err := d.Language.Read(text)
	if err == nil && t.Code != item {
		err = invalid("item", "code", "与文件里的代码 "+t.Code+" 不一致", "The file's code is "+t.Code)
	}
	return err
}

// version is a version that is in force; ErrNotFound.
func (d *Designs) version(ref yinzheng.TemplateRef) (*yinzheng.Template, error) {
	for _, t := range d.Service.Versions() {
		if t.Ref() == ref {
			return t, nil
		}
	}
	return nil, fail(yinzheng.ErrNotFound, "没有模板的这个版本", "There is no such version of a template")
}

func (d *Designs) runs(by *yinzheng.Account) (yinzheng.Grant, error) {
	return d.Service.Directory().Runs(by, d.Now())
}

// now is the time to the microsecond, as it is kept.
func (d *Designs) now() time.Time { return d.Now().UTC().Truncate(time.Microsecond) }

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
