package web

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"yinzheng"
	"yinzheng/catalogue"
)

// catalogueItem is an item as everyone may read it: of the catalogue, with what
// its template adds. An item that has a template only is kept.
type catalogueItem struct {
	itemView
	State   catalogue.State `json:"state"`
	Ground  string          `json:"ground,omitempty" doc:"why it was cancelled"`
	Way     string          `json:"way,omitempty" doc:"what replaces it: commitment, inquiry, data or certificate"`
	By      string          `json:"by,omitempty" doc:"the item whose e-certificate replaces it"`
	Ending  *yinzheng.Text  `json:"ending,omitempty" doc:"the same in words"`
	Guide   catalogue.Guide `json:"guide,omitzero"`
	Edition int             `json:"edition,omitempty" doc:"version of the item in the catalogue"`
	From    time.Time       `json:"from,omitzero" doc:"since when it stands so"`
}

type catalogueItems struct {
	Items []catalogueItem `json:"items"`
}

// catalogueItemOf joins a template and a version of the catalogue; either may be nil.
func catalogueItemOf(t *yinzheng.Template, v *catalogue.Version) catalogueItem {
	out := catalogueItem{itemView: itemView{Materials: []yinzheng.Material{}, Chain: []yinzheng.Step{}}, State: catalogue.Kept}
	if t != nil {
		out.itemView = viewItem(t)
	}
	if v == nil {
		return out
	}
	out.Code, out.Name, out.Basis, out.Subject, out.Issuer = v.Code, v.Name, append([]string{}, v.Basis...), v.Subject, v.Level
	out.State, out.Ground, out.Way, out.By, out.Guide, out.Edition, out.From = v.State, v.Ground, v.Way, v.By, v.Guide, v.Number, v.From
	if v.State != catalogue.Kept {
		ending := v.Ending()
		out.Ending = &ending
	}
	return out
}

type versionList struct {
	Items []catalogue.VersionView `json:"items"`
}

type changeList struct {
	Items []catalogue.ChangeLine `json:"items"`
}

func (s *server) catalogueOperations() []operation {
	const one, changes = "/api/v1/catalogue/{code}", "/api/v1/catalogue-changes"
	return []operation{
		{
			method: http.MethodGet, path: "/api/v1/catalogue", id: "list-catalogue", tag: "catalogue", summary: "证明事项目录 · Every item, kept or not", public: true,
			gives: typeOf[catalogueItems](), do: func(*call) (any, error) { return s.catalogueItems(), nil },
		},
		{
			method: http.MethodGet, path: one, id: "get-catalogue-item", tag: "catalogue", summary: "一项的办事指南 · One item's guide", public: true,
			gives: typeOf[catalogueItem](), do: s.catalogueItem,
		},
		{
			method: http.MethodGet, path: one + "/versions", id: "list-item-versions", tag: "catalogue", summary: "历次版本及审核人 · Every version of an item, with who reviewed and published it (staff)",
			gives: typeOf[versionList](), do: func(c *call) (any, error) {
				items, err := s.Catalogue.Versions(c.PathValue("code"))
				return orNil(&versionList{items}, err)
			},
		},
		{
			method: http.MethodPost, path: changes, id: "draft-change", tag: "catalogue", status: http.StatusCreated, idempotent: true,
			summary: "起草目录变更 · Draft a change of the catalogue, or the return of an earlier version (administrators of the topmost office)",
			takes:   typeOf[newChange](), gives: typeOf[catalogue.ChangeView](), do: withBody(func(c *call, in *newChange) (any, error) {
				view, again, err := s.Catalogue.Draft(c.Context(), c.by, (*catalogue.NewChange)(in), c.key())
				if err := c.created(again, err); err != nil {
					return nil, err
				}
				c.w.Header().Set("Location", changes+"/"+view.ID)
				return c.seenChange(view, nil)
			}),
		},
		{
			method: http.MethodPost, path: changes + "/import", id: "import-items", tag: "catalogue", status: http.StatusCreated, queries: []*huma.Param{
				queryParam("try", "boolean", "true: say what would change, and draft nothing"), queryParam("title", "string", "the document that orders it"),
			},
			summary: "导入事项清单（CSV、xlsx），起草为一次变更 · Draft a change out of a list of items; what it does not mention stays",
			gives:   typeOf[catalogue.Imported](), do: s.importItems,
		},
		{
			method: http.MethodGet, path: "/api/v1/catalogue-report", id: "report-catalogue", tag: "catalogue", queries: []*huma.Param{
				queryParam("from", "string", "first day, such as 2026-01-01"), queryParam("to", "string", "last day"),
			},
			summary: "清理情况统计，每个数字列出其事项 · What was kept, cancelled and replaced in a period, each figure with its items (staff)",
			gives:   typeOf[catalogue.Report](), do: func(c *call) (any, error) {
				q := c.URL.Query()
				return orNil(s.Catalogue.Report(q.Get("from"), q.Get("to")))
			},
		},
		{
			method: http.MethodGet, path: changes, id: "list-changes", tag: "catalogue", summary: "目录变更 · Changes of the catalogue, under way and done",
			gives: typeOf[changeList](), do: func(c *call) (any, error) {
				items, err := s.Catalogue.Changes(c.Context(), c.by)
				return orNil(&changeList{items}, err)
			},
		},
		{
			method: http.MethodGet, path: changes + "/{id}", id: "get-change", tag: "catalogue", summary: "一次变更及其经过 · A change with its items and what was done to it",
			gives: typeOf[catalogue.ChangeView](), do: func(c *call) (any, error) {
				return c.seenChange(s.Catalogue.Change(c.Context(), c.by, c.PathValue("id")))
			},
		},
		{
			method: http.MethodPost, path: changes + "/{id}/acts", id: "act-on-change", tag: "catalogue", ifMatch: true,
			summary: "改稿、送审、审核、退回、征求意见、录入意见、发布、撤回 · Redraft, send, approve, return, open for comments, enter one, publish or withdraw",
			takes:   typeOf[changeAct](), gives: typeOf[catalogue.ChangeView](), do: withBody(func(c *call, in *changeAct) (any, error) {
				view, err := s.Catalogue.Act(c.Context(), c.by, c.PathValue("id"), c.seen, in.act())
				return c.seenChange(view, changed(err))
			}),
		},
	}
}

// catalogueItems lists the items of the catalogue and those that have a
// template only, by code.
func (s *server) catalogueItems() *catalogueItems {
	byCode := map[string]*yinzheng.Template{}
	for _, t := range s.Service.Catalogue() {
		byCode[t.Code] = t
	}
	out := &catalogueItems{Items: []catalogueItem{}}
	for _, v := range s.Catalogue.Items() {
		out.Items = append(out.Items, catalogueItemOf(byCode[v.Code], &v))
		delete(byCode, v.Code)
	}
	for _, t := range byCode {
		out.Items = append(out.Items, catalogueItemOf(t, nil))
	}
	slices.SortFunc(out.Items, func(a, b catalogueItem) int { return strings.Compare(a.Code, b.Code) })
	return out
}

func (s *server) catalogueItem(c *call) (any, error) {
	code := c.PathValue("code")
	v := s.Catalogue.Item(code)
	t, err := s.Service.Template(code)
	if v == nil && err != nil {
		return nil, err
	}
	item := catalogueItemOf(t, v)
	return &item, nil
}

func (s *server) importItems(c *call) (out any, err error) {
	if err := s.Catalogue.MayKeep(c.Context(), c.by); err != nil { // before a large file is read
		return nil, err
	}
	err = s.imported(c, func(data []byte, try bool) (err error) {
		if try {
			c.status = http.StatusOK
		}
		out, err = orNil(s.Catalogue.Import(c.Context(), c.by, c.URL.Query().Get("title"), data, try))
		return err
	})
	return out, err
}

// seenChange answers with a change and its version as the ETag.
func (c *call) seenChange(view *catalogue.ChangeView, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	c.etag(view.Version)
	return view, nil
}

type newChange catalogue.NewChange

func (b *newChange) member(r *jsonReader, key string) {
	switch key {
	case "title":
		b.Title = r.text(key)
	case "items":
		order(r, key, &b.Items)
	case "restores":
		order(r, key, &b.Restores)
	default:
		r.unknown(key)
	}
}

// changeAct is what is done to a change; which members it needs depends on the
// action.
type changeAct struct {
	Action   catalogue.Kind                  `json:"action" enum:"redraft,send,approve,return,open,comment,publish,withdraw"`
	Title    string                          `json:"title,omitempty" doc:"redraft"`
	Items    []catalogue.Item                `json:"items,omitempty" doc:"redraft"`
	Restores *catalogue.Ref                  `json:"restores,omitempty" doc:"redraft: an earlier version, instead of items"`
	Opinion  string                          `json:"opinion,omitempty" doc:"approve, return, withdraw; publish: what became of the comments"`
	Subjects map[string]catalogue.Conclusion `json:"subjects,omitempty" doc:"approve: by code, what an item is about whose name resembles the list of twenty"`
	Until    time.Time                       `json:"until,omitzero" doc:"open: comments are taken until then"`
	Text     string                          `json:"text,omitempty" doc:"comment"`
	From     time.Time                       `json:"from,omitzero" doc:"publish: from then on; left out: now"`
}

func (b *changeAct) member(r *jsonReader, key string) {
	switch key {
	case "action":
		b.Action = catalogue.Kind(r.text(key))
	case "title":
		b.Title = r.text(key)
	case "items":
		order(r, key, &b.Items)
	case "restores":
		order(r, key, &b.Restores)
	case "opinion":
		b.Opinion = r.text(key)
	case "subjects":
		order(r, key, &b.Subjects)
	case "until":
		b.Until = r.when(key)
	case "text":
		b.Text = r.text(key)
	case "from":
		b.From = r.when(key)
	default:
		r.unknown(key)
	}
}

func (b *changeAct) act() catalogue.Act {
	return catalogue.Act{
		Kind: b.Action, Title: b.Title, Items: b.Items, Restores: b.Restores, Opinion: b.Opinion, Subjects: b.Subjects,
		Until: b.Until.UTC(), Text: b.Text, From: b.From.UTC(),
	}
}
