package web

import (
	"encoding/json"
	"net/http"

	"yinzheng"
)

// itemView is an item with its guide, as everyone may read it.
type itemView struct {
	Code      string              `json:"code"`
	Version   int                 `json:"version"`
	Name      yinzheng.Text       `json:"name"`
	Basis     []string            `json:"basis" doc:"legal basis"`
	Subject   string              `json:"subject" doc:"code in the list of twenty subjects, or none"`
	Issuer    yinzheng.Level      `json:"issuer" doc:"level of the organ that seals"`
	Validity  int                 `json:"validity_months,omitempty"`
	AnyOffice bool                `json:"any_office" doc:"any office of the district takes it in"`
	Materials []yinzheng.Material `json:"materials" doc:"what to bring; of one with scan a file is needed, where all of when hold, or what else it allows: commitment, the applicant's, inspected after issuing; certificate, one in force of one of these items; later, it may follow"`
	Chain     []yinzheng.Step     `json:"chain"`
}

func viewItem(t *yinzheng.Template) itemView {
	return itemView{t.Code, t.Version, t.Name, t.Basis, t.Subject, t.Issuer, t.Validity, t.AnyOffice, t.Materials, t.Chain}
}

func viewItems(templates []*yinzheng.Template) *itemList {
	out := &itemList{Items: make([]itemView, 0, len(templates))}
	for _, t := range templates {
		out.Items = append(out.Items, viewItem(t))
	}
	return out
}

type itemList struct {
	Items []itemView `json:"items"`
}

// formView is an item with what has to be filled in.
type formView struct {
	itemView
	Schema json.RawMessage `json:"schema" doc:"JSON Schema 2020-12 of values"`
	Ended  *yinzheng.Text  `json:"ended,omitempty" doc:"why it is not started any more; cases under way finish"`
}

func (s *server) itemOperations() []operation {
	return []operation{
		{
			method: http.MethodGet, path: "/api/v1/items", id: "list-items", tag: "items", summary: "本单位可受理的事项 · What this office may start",
			gives: typeOf[itemList](), do: func(c *call) (any, error) { return viewItems(s.Service.Items(c.by)), nil },
		},
		{
			method: http.MethodGet, path: "/api/v1/items/{code}", id: "get-item", tag: "items", summary: "一项及其表单的 JSON Schema · One item with the JSON Schema of its values",
			gives: typeOf[formView](), do: s.item,
		},
	}
}

// item shows an item that the caller may take in; others are refused.
func (s *server) item(c *call) (any, error) {
	t, ended, err := s.Service.Item(c.by, c.PathValue("code"))
	if err != nil {
		return nil, err
	}
	schema, err := json.Marshal(schemaOf(t, language(c.Request)))
	view := &formView{itemView: viewItem(t), Schema: schema}
	if ended != nil {
		view.Ended = &ended.Text
	}
	return view, err
}
