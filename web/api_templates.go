package web

import (
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"yinzheng"
	"yinzheng/design"
)

// templateList is what templates there are, and what is being made of them.
type templateList struct {
	Versions []design.TemplateVersion `json:"versions"`
	Designs  []design.DesignLine      `json:"designs"`
}

// templateText is one version, as JSON and as YAML.
type templateText struct {
	Template *yinzheng.Template `json:"template"`
	Text     string             `json:"text"`
}

type wayList struct {
	Items []design.Way `json:"items"`
}

func (s *server) templateOperations() []operation {
	const designs, one = "/api/v1/template-designs", "/api/v1/template-designs/{id}"
	return []operation{
		{
			method: http.MethodGet, path: "/api/v1/templates", id: "list-templates", tag: "templates",
			summary: "模板各版本与草案 · Every version of every template, and the designs (administrators of the topmost office)",
			gives:   typeOf[templateList](), do: s.listTemplates,
		},
		{
			method: http.MethodGet, path: "/api/v1/templates/{code}/versions/{version}", id: "get-template", tag: "templates",
			summary: "模板的一个版本 · One version of a template", gives: typeOf[templateText](), do: s.getTemplate,
		},
		{
			method: http.MethodPost, path: designs, id: "begin-design", tag: "templates", status: http.StatusCreated, idempotent: true,
			summary: "起草模板：从无到有、以某一版本为底稿，或由一份 YAML · Begin a design: of a new item, of a copy, or of a YAML text",
			takes:   typeOf[newDesign](), gives: typeOf[design.DesignView](), do: withBody(func(c *call, in *newDesign) (any, error) {
				view, again, err := s.Designs.Begin(c.Context(), c.by, (*design.Begin)(in), c.key())
				if err := c.created(again, err); err != nil {
					return nil, err
				}
				c.w.Header().Set("Location", designs+"/"+view.ID)
				return c.seenDesign(view, nil)
			}),
		},
		{
			method: http.MethodGet, path: one, id: "get-design", tag: "templates",
			summary: "一份草案：文字、问题、与现行版本的差别 · A design: its text, what is wrong with it, what differs from the version in force",
			gives:   typeOf[design.DesignView](), do: func(c *call) (any, error) {
				return c.seenDesign(s.Designs.Design(c.Context(), c.by, c.PathValue("id")))
			},
		},
		{
			method: http.MethodPut, path: one, id: "save-design", tag: "templates", ifMatch: true,
			summary: "保存草案的文字（YAML） · Save the text (YAML), whatever is still wrong with it",
			takes:   typeOf[designText](), gives: typeOf[design.DesignView](), do: withBody(func(c *call, in *designText) (any, error) {
				view, err := s.Designs.Save(c.Context(), c.by, c.PathValue("id"), c.seen, in.Text)
				return c.seenDesign(view, changed(err))
			}),
		},
		{
			method: http.MethodPost, path: one + "/acts", id: "act-on-design", tag: "templates", ifMatch: true,
			summary: "送审、退回、发布（须由另一位管理员）、撤回 · Send, return, publish (by another administrator) or withdraw",
			takes:   typeOf[actOnDesign](), gives: typeOf[design.DesignView](), do: withBody(func(c *call, in *actOnDesign) (any, error) {
				view, err := s.Designs.Act(c.Context(), c.by, c.PathValue("id"), c.seen, in.Action, in.Opinion)
				return c.seenDesign(view, changed(err))
			}),
		},
		{
			method: http.MethodGet, path: one + "/ways", id: "try-design", tag: "templates",
			summary: "用几组试填值走一遍审批链 · How cases with the trial values would go",
			gives:   typeOf[wayList](), do: func(c *call) (any, error) {
				t, err := s.designed(c)
				if err != nil {
					return nil, err
				}
				return &wayList{append([]design.Way{}, design.Ways(t, s.Service.Now())...)}, nil
			},
		},
		{
			method: http.MethodGet, path: one + "/page", id: "preview-design", tag: "templates", media: []string{"image/svg+xml", "application/pdf"},
			queries: []*huma.Param{queryParam("trial", "string", "plain, rare, many or bare")},
			summary: "按试填值排出的样本页 · A sample of its page, with trial values", do: s.previewDesign,
		},
	}
}

func (s *server) listTemplates(c *call) (any, error) {
	versions, err := s.Designs.Versions(c.Context(), c.by)
	if err != nil {
		return nil, err
	}
	list, err := s.Designs.List(c.Context(), c.by)
	return orNil(&templateList{versions, list}, err)
}

func (s *server) getTemplate(c *call) (any, error) {
	t, text, err := s.Designs.Text(c.Context(), c.by, versionIn(c.Request))
	return orNil(&templateText{t, text}, err)
}

// versionIn is the version that a path names; 0, which there is none of, where it
// names none.
func versionIn(r *http.Request) yinzheng.TemplateRef {
	n, err := strconv.Atoi(r.PathValue("version"))
	if err != nil {
		n = 0
	}
	return yinzheng.TemplateRef{Code: r.PathValue("code"), Version: n}
}

// designed is the template of the design in the path, if its text can be read.
func (s *server) designed(c *call) (*yinzheng.Template, error) {
	view, err := s.Designs.Design(c.Context(), c.by, c.PathValue("id"))
	if err == nil && view.Template == nil {
		err = &yinzheng.Error{Kind: yinzheng.ErrInvalid, Text: kinds["invalid"], Fields: view.Faults}
	}
	if err != nil {
		return nil, err
	}
	return view.Template, nil
}

func (s *server) previewDesign(c *call) (any, error) {
	t, err := s.designed(c)
	if err != nil {
		return nil, err
	}
	return c.sample(func(format string) ([]byte, error) {
		return s.Designs.Page(c.by, t, c.URL.Query().Get("trial"), format, "")
	})
}

// seenDesign answers with a design and its version as the ETag.
func (c *call) seenDesign(view *design.DesignView, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	c.etag(view.Version)
	return view, nil
}

type newDesign design.Begin

func (b *newDesign) member(r *jsonReader, key string) {
	switch key {
	case "item":
		b.Item = r.text(key)
	case "from":
		order(r, key, &b.From)
	case "text":
		b.Text = r.text(key)
	default:
		r.unknown(key)
	}
}

type designText struct {
	Text string `json:"text" doc:"YAML, at most 128 KB"`
}

func (b *designText) member(r *jsonReader, key string) {
	switch key {
	case "text":
		b.Text = r.text(key)
	default:
		r.unknown(key)
	}
}

type actOnDesign struct {
	Action  design.Kind `json:"action" enum:"send,return,publish,withdraw"`
	Opinion string      `json:"opinion,omitempty" doc:"return: what has to be mended"`
}

func (b *actOnDesign) member(r *jsonReader, key string) {
	switch key {
	case "action":
		b.Action = design.Kind(r.text(key))
	case "opinion":
		b.Opinion = r.text(key)
	default:
		r.unknown(key)
	}
}
