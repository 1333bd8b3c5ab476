package catalogue

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"yinzheng"
)

// Version is one version of an item, as it was published.
type Version struct {
	Number int       `json:"version"` // 1, 2, ... within the item
	From   time.Time `json:"from"`    // it holds from then until the next one does
	Item
	Change string `json:"change"` // that published it

	publisher, reviewer string // accounts
}

// book is the whole catalogue: the fold of every act.
type book struct {
	seq      int // of the last act
	changes  map[string]*Change
	order    []string             // IDs of the changes, as they began
	versions map[string][]Version // of each item, the oldest first
}

func newBook() *book {
	return &book{changes: map[string]*Change{}, versions: map[string][]Version{}}
}

// add folds an act that was kept.
func (b *book) add(kept *yinzheng.CatalogueAct) error {
	var a Act
	if err := json.Unmarshal(kept.Content, &a); err != nil {
		return fmt.Errorf("act %d on the catalogue: %w", kept.Seq, err)
	}
	c := b.changes[kept.Change]
	if c == nil {
		c = &Change{ID: kept.Change}
		b.order = append(b.order, c.ID)
	}
	c = c.after(a)
	b.changes[c.ID], b.seq = c, kept.Seq
	if a.Kind != Publish {
		return nil
	}
	for _, item := range c.Items {
		before := b.versions[item.Code]
		b.versions[item.Code] = append(before, Version{len(before) + 1, a.From, item, c.ID, a.By, c.Reviewer})
	}
	return nil
}

// at is the version of an item that holds at a moment, or nil.
func (b *book) at(code string, now time.Time) *Version {
	versions := b.versions[code]
	for i := len(versions) - 1; i >= 0; i-- {
		if !now.Before(versions[i].From) {
			return &versions[i]
		}
	}
	return nil
}

// last is the version of an item that was published last, whenever it holds, or
// nil.
func (b *book) last(code string) *Version {
	if versions := b.versions[code]; len(versions) > 0 {
		return &versions[len(versions)-1]
	}
	return nil
}

// all are the versions that hold at a moment, by code.
func (b *book) all(now time.Time) []Version {
	var out []Version
	for code := range b.versions {
		if v := b.at(code, now); v != nil {
			out = append(out, *v)
		}
	}
	slices.SortFunc(out, func(a, b Version) int { return strings.Compare(a.Code, b.Code) })
	return out
}

// templates finds an item's template; nil: it has none.
type templates func(code string) *yinzheng.Template

// check tells whether an act on a change fits the rest of the catalogue.
func (b *book) check(c *Change, a *Act, of templates) error {
	if err := c.check(a); err != nil {
		return err
	}
	switch a.Kind {
	case Draft, Redraft:
		return b.checkItems(c.ID, a.Items, of)
	case Approve: // with the subjects that the reviewer found
		return b.checkItems(c.ID, c.after(*a).Items, of)
	case Publish:
		if err := b.checkItems(c.ID, c.Items, of); err != nil {
			return err
		}
		return b.checkOrder(c, a)
	}
	return nil
}

// checkItems finds what is wrong with the items of a change, by their place.
func (b *book) checkItems(change string, items []Item, of templates) error {
	if len(items) == 0 || len(items) > maxItems {
		return invalid("items", "required", fmt.Sprintf("请列出 1 到 %d 个事项", maxItems), fmt.Sprintf("Please list 1 to %d items", maxItems))
	}
	place := make(map[string]int, len(items))
	for i := range items {
		place[items[i].Code] = i
	}
	var faults []yinzheng.FieldError
	for i := range items {
		item, f := &items[i], faultsOf(&faults, fmt.Sprintf("items[%d]", i))
		if place[item.Code] != i {
			f("code", "twice", "同一个事项列了两次", "This item is listed twice")
		}
		b.checkItem(change, item, func(code string) *Item {
			if j, ok := place[code]; ok {
				return &items[j]
			}
			return nil
		}, of, f)
	}
	return invalidFields(faults)
}

// checkItem looks at an item, beside those of the same change and those before.
func (b *book) checkItem(change string, item *Item, beside func(code string) *Item, of templates, f fault) {
	item.check(f)
	item.checkIssuer(f)
	item.checkTemplate(of(item.Code), f)
	if other := b.busy(item.Code, change); other != nil {
		f("code", "busy", "变更“"+other.Title+"”也涉及这个事项，请先办结或撤回它", "The change “"+other.Title+"” is about this item, too; finish or withdraw that one first")
	}
	if item.State != Kept {
		if other := b.replacedBy(item.Code, beside); other != "" {
			f("state", "needed", "事项 "+other+" 由它的电子证明替代，请先更改那一项，或一并更改", "The item "+other+" is replaced by its e-certificate; change that one first, or with it")
		}
	}
	if item.By == "" {
		return
	}
	by := beside(item.By)
	if by == nil {
		if v := b.last(item.By); v != nil {
			by = &v.Item
		}
	}
	if by == nil && of(item.By) == nil || by != nil && by.State != Kept {
		f("by", "unknown", "没有事项 "+item.By+"，或它已不再保留", "There is no item "+item.By+", or it is not kept")
	}
}

// replacedBy is the first item that this one's e-certificate replaces and that
// is not part of the same change; "": there is none.
func (b *book) replacedBy(code string, beside func(code string) *Item) string {
	first := ""
	for other := range b.versions {
		if b.last(other).By == code && beside(other) == nil && (first == "" || other < first) {
			first = other
		}
	}
	return first
}

// busy is another change under way that an item is part of.
func (b *book) busy(code, change string) *Change {
	for _, c := range b.changes {
		if c.ID != change && !c.ends() && slices.ContainsFunc(c.Items, func(i Item) bool { return i.Code == code }) {
			return c
		}
	}
	return nil
}

// checkOrder refuses a version that would begin before one that is there, and so
// undo it unsaid. Restoring an earlier one says so.
func (b *book) checkOrder(c *Change, a *Act) error {
	if c.Restores != nil {
		return nil
	}
	for _, item := range c.Items {
		if last := b.last(item.Code); last != nil && a.From.Before(last.From) {
			day := last.From.In(yinzheng.Zone).Format(time.DateTime)
			return invalid("from", "order", "“"+item.Name.ZH+"”已有 "+day+" 起生效的版本，不能早于它", "“"+item.Name.In("en")+"” has a version from "+day+" on; this one cannot begin before it")
		}
	}
	return nil
}
