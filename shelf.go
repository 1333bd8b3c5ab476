package yinzheng

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// shelf is every template version that is in force. It is replaced as a whole, so
// that whoever reads it takes no lock.
type shelf struct {
	versions map[TemplateRef]*Template
	current  []*Template          // newest version of each item that is offered, by code
	shorts   map[string]*Template // by the short code in tokens
}

// with is the shelf with one version more, of an item that is offered or not.
func (s *shelf) with(t *Template, offered bool) *shelf {
	next := &shelf{versions: maps.Clone(s.versions), current: slices.Clone(s.current), shorts: maps.Clone(s.shorts)}
	if next.versions == nil {
		next.versions, next.shorts = map[TemplateRef]*Template{}, map[string]*Template{}
	}
	next.versions[t.Ref()], next.shorts[t.Short] = t, t
	if !offered {
		return next
	}
	i, found := slices.BinarySearchFunc(next.current, t.Code, func(o *Template, code string) int { return strings.Compare(o.Code, code) })
	switch {
	case !found:
		next.current = slices.Insert(next.current, i, t)
	case next.current[i].Version < t.Version:
		next.current[i] = t
	}
	return next
}

// TakeUp puts a version of a template into force, from now on, for this process;
// one that is in force stays. Cases begin on the newest version and end on the
// one that they began on. What was published here under its name before was the
// same, or it is refused (ErrConflict).
func (s *Service) TakeUp(ctx context.Context, t *Template) error { return s.take(ctx, t, true) }

func (s *Service) take(ctx context.Context, t *Template, offered bool) error {
	s.shelving.Lock()
	defer s.shelving.Unlock()
	now := s.shelf.Load()
	if now.versions[t.Ref()] != nil {
		return nil
	}
	if faults := t.Check(); len(faults) > 0 {
		return fmt.Errorf("template %s: %w", t.Code, invalidFields(faults))
	}
	if other := now.shorts[t.Short]; other != nil && other.Code != t.Code {
		return fmt.Errorf("templates %s and %s have the same short code %s", t.Code, other.Code, t.Short)
	}
	if err := s.Store.PublishTemplate(ctx, t.Ref(), t.Digest(), s.now()); err != nil {
		return fmt.Errorf("template %s version %d: %w", t.Code, t.Version, err)
	}
	if err := s.Renderer.Publish(t); err != nil {
		return fmt.Errorf("template %s version %d: %w", t.Code, t.Version, err)
	}
	s.shelf.Store(now.with(t, offered))
	return nil
}

// Digest tells one text of a version from another.
func (t *Template) Digest() string {
	text, err := json.Marshal(t)
	if err != nil { // only texts, numbers and lists of them
		panic(err)
	}
	return digestHex(text)
}

// CheckNext names what keeps a template from being the next version of its item:
// its number, a short code that is another item's, an office that the tree
// lacks, an item that is not here.
func (s *Service) CheckNext(t *Template) []FieldError {
	l, now := &linter{t: t}, s.shelf.Load()
	next := 1
	if current, err := s.Template(t.Code); err == nil {
		next = current.Version + 1
	}
	l.require(t.Version == next, "version", "version", fmt.Sprintf("现行的是第 %d 版，新版本应为第 %d 版；如果它是起草之后才发布的，请先看清与它的差别", next-1, next),
		fmt.Sprintf("version %d is in force, so this has to be version %d; if that one was published since, look at what differs from it first", next-1, next))
	l.require(now.versions[t.Ref()] == nil || next > t.Version, "code", "taken", "这个代码是系统自用的，请换一个", "this code is the program's own; please take another one")
	if other := now.shorts[t.Short]; other != nil && other.Code != t.Code {
		l.fault("short", "twice", "这个短代码已由“"+other.Name.ZH+"”使用", "this short code is taken by “"+other.Name.In("en")+"”")
	}
	known := func(code string) bool { _, err := s.Template(code); return code == t.Code || err == nil }
	return slices.Concat(l.faults, t.CheckOffices(s.Directory()), t.CheckItems(known))
}

// Template returns the newest version of an item; ErrNotFound.
func (s *Service) Template(code string) (*Template, error) {
	if t := s.Newest(code); t != nil {
		return t, nil
	}
	return nil, fail(ErrNotFound, "没有这个证明事项", "There is no such item")
}

// Newest is the newest version of an item; nil: there is no such item.
func (s *Service) Newest(code string) *Template {
	for _, t := range s.Catalogue() {
		if t.Code == code {
			return t
		}
	}
	return nil
}

// Versions lists every version of every item that is offered, by code, the newest
// of an item first.
func (s *Service) Versions() []*Template {
	all := slices.SortedFunc(maps.Values(s.shelf.Load().versions), func(a, b *Template) int {
		return cmp.Or(strings.Compare(a.Code, b.Code), b.Version-a.Version)
	})
	return slices.DeleteFunc(all, func(t *Template) bool { return s.Newest(t.Code) == nil })
}

// TemplateVersion returns one version of an item's template.
func (s *Service) TemplateVersion(ref TemplateRef) (*Template, error) {
	if t := s.shelf.Load().versions[ref]; t != nil {
		return t, nil
	}
	return nil, &Error{Kind: ErrUnavailable, Cause: errNoTemplate, Text: Text{
		fmt.Sprintf("缺少模板 %s 第 %d 版，请检查 --templates-dir", ref.Code, ref.Version),
		fmt.Sprintf("Template %s version %d is missing; check --templates-dir", ref.Code, ref.Version),
	}}
}

// errNoTemplate tells a missing template from a store that does not answer.
var errNoTemplate = errors.New("no such template")

// Items lists the items that a person may start, by code: those of the
// catalogue that are kept, and need no office that the tree lacks.
func (s *Service) Items(by *Account) []*Template {
	return slices.DeleteFunc(slices.Clone(s.Catalogue()), func(t *Template) bool {
		_, err := mayTakeIn(t, s.Directory(), by, "", "", s.Now())
		return err != nil || s.ended(t) != nil || t.startable(s.Directory()) != nil
	})
}

// Catalogue lists every item, by code.
func (s *Service) Catalogue() []*Template { return s.shelf.Load().current }
