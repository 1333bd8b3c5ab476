package catalogue

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"yinzheng"
)

// Store is what the catalogue needs kept.
type Store interface {
	// Tx runs fn in one transaction, as yinzheng.Store has it.
	Tx(ctx context.Context, fn func(ctx context.Context) error) error
	// Directory reads the office tree.
	Directory(ctx context.Context) (*yinzheng.Directory, error)
	// Account returns the account with an ID; yinzheng.ErrNotFound.
	Account(ctx context.Context, id string) (*yinzheng.Account, error)
	yinzheng.Catalogues
	yinzheng.Events
	yinzheng.Requests
}

// Config is what a Catalogue is made of. Store and Template are needed.
type Config struct {
	Store    Store
	Template func(code string) *yinzheng.Template // newest version of an item's, which the item must not contradict; nil: it has none
	Now      func() time.Time                     // default time.Now
	Rand     io.Reader                            // default crypto/rand
}

// Catalogue is the catalogue at work. Its methods are safe for concurrent use.
type Catalogue struct {
	Config
	writing sync.Mutex   // held while an act is decided and kept: the book changes under it alone
	mu      sync.RWMutex // guards the book; never held while the store is asked, which may be asking Ended
	book    *book
}

var _ yinzheng.Standings = (*Catalogue)(nil)

// New reads the catalogue.
func New(ctx context.Context, config Config) (*Catalogue, error) {
	c := &Catalogue{Config: config, book: newBook()}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	return c, c.read(ctx)
}

// read folds what was kept since. Whoever calls it is writing.
func (c *Catalogue) read(ctx context.Context) error {
	acts, err := c.Store.CatalogueActs(ctx, c.book.seq)
	if err != nil {
		return fmt.Errorf("read the catalogue: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range acts {
		if err := c.book.add(&acts[i]); err != nil {
			return err
		}
	}
	return nil
}

// now is the time to the microsecond, as it is kept.
func (c *Catalogue) now() time.Time { return c.Now().UTC().Truncate(time.Microsecond) }

// Ended implements yinzheng.Standings. An item is held back, too, while its
// template, which may have come later, says other than was reviewed.
func (c *Catalogue) Ended(item string, now time.Time) *yinzheng.Ended {
	c.mu.RLock()
	defer c.mu.RUnlock()
	v := c.book.at(item, now)
	if v == nil {
		return nil
	}
	if v.State != Kept {
		return &yinzheng.Ended{Text: v.Ending(), By: v.By}
	}
	var faults []yinzheng.FieldError
	if v.checkTemplate(c.Template(item), faultsOf(&faults, "")); len(faults) == 0 {
		return nil
	}
	return &yinzheng.Ended{Text: yinzheng.Text{
		ZH: "“" + v.Name.ZH + "”暂停受理：目录与模板不一致，" + faults[0].Text.ZH + "；请管理员更正其一",
		EN: "“" + v.Name.In("en") + "” is held back, since the catalogue and the template differ. " + faults[0].Text.EN + "; an administrator has to mend one of them",
	}}
}

// Contradicts names what a template says other than was published of its item.
func (c *Catalogue) Contradicts(t *yinzheng.Template) []yinzheng.FieldError {
	c.mu.RLock()
	defer c.mu.RUnlock()
	v := c.book.at(t.Code, c.now())
	if v == nil {
		return nil
	}
	var faults []yinzheng.FieldError
	subject, level := v.contradicts(t)
	if subject {
		faults = append(faults, yinzheng.FieldError{Field: "subject", Code: "catalogue", Text: yinzheng.Text{ZH: "与目录中审核过的主题 " + v.Subject + " 不一致", EN: "the catalogue was reviewed with the subject " + v.Subject}})
	}
	if level {
		faults = append(faults, yinzheng.FieldError{Field: "issuer", Code: "catalogue", Text: yinzheng.Text{ZH: "与目录中的出具层级 " + string(v.Level) + " 不一致", EN: "the catalogue has it issued at the level " + string(v.Level)}})
	}
	return faults
}

// Items lists the version of every item that holds now, by code.
func (c *Catalogue) Items() []Version {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.book.all(c.now())
}

// Item is the version of an item that holds now; nil: it has none.
func (c *Catalogue) Item(code string) *Version {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.book.at(code, c.now())
}

// ListOf is the title of the change that published a version: the list, or the
// document that ordered it, that an item stands in.
func (c *Catalogue) ListOf(v *Version) string {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.book.changes[v.Change].Title
}

// VersionView is a version with who answers for it, for staff.
type VersionView struct {
	Version
	PublishedBy string `json:"published_by"` // account
	ReviewedBy  string `json:"reviewed_by"`
}

// Versions lists every version of an item, the oldest first, for staff;
// ErrNotFound.
func (c *Catalogue) Versions(code string) ([]VersionView, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	var out []VersionView
	for _, v := range c.book.versions[code] {
		out = append(out, VersionView{v, v.publisher, v.reviewer})
	}
	if out == nil {
		return nil, errNoItem(code)
	}
	return out, nil
}

func errNoItem(code string) error {
	return &yinzheng.Error{Kind: yinzheng.ErrNotFound, Text: yinzheng.Text{ZH: "目录中没有“" + code + "”", EN: "“" + code + "” is not in the catalogue"}}
}

// ChangeView is a change as administrators see it.
type ChangeView struct {
	ID       string    `json:"id"`
	Version  int       `json:"version"` // sent back as If-Match
	Stage    Stage     `json:"stage"`
	Title    string    `json:"title"`
	Restores *Ref      `json:"restores,omitempty"`
	Items    []Item    `json:"items"`
	Until    time.Time `json:"until,omitzero"`
	From     time.Time `json:"from,omitzero"`
	Doubts   []Doubt   `json:"doubts,omitempty"`  // to be settled by the review
	Orphans  []Orphan  `json:"orphans,omitempty"` // cases under way of items that it ends; they finish
	Acts     []Act     `json:"acts"`
}

// Doubt is an item whose name resembles subjects of the list of twenty.
type Doubt struct {
	Code     string   `json:"code"`
	Subjects []string `json:"subjects"`
}

// Orphan is an item that ends while cases of it are under way.
type Orphan struct {
	Code      string `json:"code"`
	OpenCases int    `json:"open_cases"`
}

// NewChange is a change to draft: its items, or an earlier version to restore.
type NewChange struct {
	Title    string `json:"title"`
	Items    []Item `json:"items,omitempty"`
	Restores *Ref   `json:"restores,omitempty"`
}

// Draft begins a change. Administrators of a topmost office may. The
// idempotency key makes a second identical request return the first one's
// change (again=true). Errors: ErrInvalid with every fault by its place.
func (c *Catalogue) Draft(ctx context.Context, by *yinzheng.Account, in *NewChange, key string) (view *ChangeView, again bool, err error) {
	if err := yinzheng.CheckKey(key); err != nil {
		return nil, false, err
	}
	request, err := json.Marshal(in)
	if err != nil {
		return nil, false, err
	}
	before := ""
	view, err = c.draft(ctx, by, in, func(ctx context.Context, id string) (err error) {
		before, err = c.Store.Remember(ctx, by.ID, key, sha256.Sum256(request), id, c.now())
		if err == nil && before != "" {
			err = errAgain
		}
		return err
	})
	if before != "" {
		view, err = c.Change(ctx, by, before)
		return view, true, err
	}
	return view, false, err
}

// draft begins a change. first runs before it in the same transaction.
func (c *Catalogue) draft(ctx context.Context, by *yinzheng.Account, in *NewChange, first func(ctx context.Context, id string) error) (*ChangeView, error) {
	id, err := yinzheng.NewID(c.Rand)
	if err != nil {
		return nil, err
	}
	change, err := c.act(ctx, by, id, 0, Act{Kind: Draft, Title: in.Title, Items: in.Items, Restores: in.Restores}, func(ctx context.Context) error { return first(ctx, id) })
	if err != nil {
		return nil, err
	}
	return c.view(ctx, change)
}

// errAgain undoes what was begun for a request that was answered before.
var errAgain = errors.New("the same request again")

// Act does something to a change that is at version seen: everything but Draft.
// Administrators of a topmost office may; who wrote any of it does not review
// it. Errors: ErrNotFound, ErrConflict (stale), ErrState (not at this stage),
// ErrForbidden, ErrInvalid with what is missing.
func (c *Catalogue) Act(ctx context.Context, by *yinzheng.Account, id string, seen int, a Act) (*ChangeView, error) {
	if a.Kind == Draft {
		return nil, errNoAct()
	}
	change, err := c.act(ctx, by, id, seen, a, func(context.Context) error { return nil })
	if err != nil {
		return nil, err
	}
	return c.view(ctx, change)
}

// act decides an act and keeps it. first runs before it in the same transaction.
func (c *Catalogue) act(ctx context.Context, by *yinzheng.Account, id string, seen int, a Act, first func(context.Context) error) (*Change, error) {
	now := c.now()
	grant, err := c.runs(ctx, by, now)
	if err != nil {
		return nil, err
	}
	c.writing.Lock()
	defer c.writing.Unlock()
	if err := c.read(ctx); err != nil { // an act may have been kept though its caller was told otherwise
		return nil, err
	}
	a.At, a.By, a.For = now, by.ID, grant.For
	if a.Kind == Publish && a.From.IsZero() {
		a.From = now
	}
	change := &Change{ID: id}
	if a.Kind != Draft {
		if change, err = c.seen(id, seen); err != nil {
			return nil, err
		}
	}
	checked := c.complete(&a)
	if checked == nil {
		checked = c.book.check(change, &a, c.Template)
	}
	if checked == nil && a.Kind == Approve {
		checked = c.otherPerson(ctx, change, &a)
	}
	content, err := json.Marshal(a)
	if err != nil {
		return nil, err
	}
	kept := &yinzheng.CatalogueAct{Seq: c.book.seq + 1, At: now, By: by.ID, Change: id, Kind: string(a.Kind), Content: content}
	err = c.Store.Tx(ctx, func(ctx context.Context) error {
		if err := first(ctx); err != nil { // a request that comes again is answered, whatever has changed since
			return err
		}
		if checked != nil {
			return checked
		}
		if err := c.Store.AddCatalogueAct(ctx, kept); err != nil {
			return err
		}
		return c.Store.Record(ctx, yinzheng.Event{At: now, Kind: "catalogue-" + string(a.Kind), Subject: id, By: by.ID, Detail: fmt.Sprintf("%x", sha256.Sum256(content))})
	})
	if err != nil { // or it was kept all the same, and counts
		return nil, errors.Join(err, c.read(context.WithoutCancel(ctx)))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.book.add(kept); err != nil {
		return nil, err
	}
	return c.book.changes[id], nil
}

// otherPerson refuses a reviewer who wrote some of the change under another
// account, or may have.
func (c *Catalogue) otherPerson(ctx context.Context, change *Change, a *Act) error {
	apart, err := yinzheng.AllOthers(ctx, c.Store, a.people(), change.Authors)
	if err == nil && !apart {
		return errOwnReview()
	}
	return err
}

// complete brings the items of a draft into normal form, those of an earlier
// version that is restored among them.
func (c *Catalogue) complete(a *Act) error {
	if a.Restores != nil {
		if len(a.Items) > 0 {
			return invalid("items", "choice", "请只写 items 与 restores 之一", "Expected items or restores, not both")
		}
		versions := c.book.versions[a.Restores.Code]
		if n := a.Restores.Version; n < 1 || n > len(versions) {
			return invalid("restores", "unknown", "目录中没有这个版本", "There is no such version in the catalogue")
		}
		a.Items = []Item{versions[a.Restores.Version-1].Item}
	}
	a.Items = slices.Clone(a.Items)
	for i := range a.Items {
		a.Items[i].tidy()
	}
	return nil
}

// seen is a change at the version that the caller saw.
func (c *Catalogue) seen(id string, version int) (*Change, error) {
	change := c.book.changes[id]
	if change == nil {
		return nil, errNoChange()
	}
	if change.Version != version {
		return nil, &yinzheng.Error{Kind: yinzheng.ErrConflict, Text: yinzheng.Text{
			ZH: fmt.Sprintf("变更已到第 %d 版（%s），请重新读取后再操作", change.Version, change.Stage), EN: fmt.Sprintf("The change is at version %d by now (%s); please read it again", change.Version, change.Stage),
		}}
	}
	return change, nil
}

func errNoChange() error {
	return &yinzheng.Error{Kind: yinzheng.ErrNotFound, Text: yinzheng.Text{ZH: "没有这个目录变更", EN: "There is no such change of the catalogue"}}
}

// runs returns the grant by which somebody keeps the catalogue.
func (c *Catalogue) runs(ctx context.Context, by *yinzheng.Account, now time.Time) (yinzheng.Grant, error) {
	d, err := c.Store.Directory(ctx)
	if err != nil {
		return yinzheng.Grant{}, err
	}
	return d.Runs(by, now)
}

// MayKeep tells whether somebody may change the catalogue; ErrForbidden.
func (c *Catalogue) MayKeep(ctx context.Context, by *yinzheng.Account) error {
	_, err := c.runs(ctx, by, c.now())
	return err
}

// Change shows a change to an administrator; ErrNotFound.
func (c *Catalogue) Change(ctx context.Context, by *yinzheng.Account, id string) (*ChangeView, error) {
	if err := c.MayKeep(ctx, by); err != nil {
		return nil, err
	}
	c.mu.RLock()
	change := c.book.changes[id]
	c.mu.RUnlock()
	if change == nil {
		return nil, errNoChange()
	}
	return c.view(ctx, change)
}

// Changes lists the changes for an administrator, the last begun first, without
// their items and acts.
func (c *Catalogue) Changes(ctx context.Context, by *yinzheng.Account) ([]ChangeLine, error) {
	if err := c.MayKeep(ctx, by); err != nil {
		return nil, err
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	out := []ChangeLine{}
	for _, id := range slices.Backward(c.book.order) {
		x := c.book.changes[id]
		out = append(out, ChangeLine{x.ID, x.Version, x.Stage, x.Title, len(x.Items), x.Until, x.From})
	}
	return out, nil
}

// ChangeLine is a change in a list.
type ChangeLine struct {
	ID      string    `json:"id"`
	Version int       `json:"version"`
	Stage   Stage     `json:"stage"`
	Title   string    `json:"title"`
	Items   int       `json:"items"`
	Until   time.Time `json:"until,omitzero"`
	From    time.Time `json:"from,omitzero"`
}

func (c *Catalogue) view(ctx context.Context, x *Change) (*ChangeView, error) {
	v := &ChangeView{ID: x.ID, Version: x.Version, Stage: x.Stage, Title: x.Title, Restores: x.Restores, Items: x.Items, Until: x.Until, From: x.From, Acts: x.Acts}
	for i := range x.Items {
		item := &x.Items[i]
		if like := item.doubts(); len(like) > 0 && (x.Stage == Drafting || x.Stage == Reviewing) {
			v.Doubts = append(v.Doubts, Doubt{item.Code, like})
		}
		if item.State == Kept {
			continue
		}
		n, err := c.Store.OpenCasesOf(ctx, item.Code)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			v.Orphans = append(v.Orphans, Orphan{item.Code, n})
		}
	}
	return v, nil
}
