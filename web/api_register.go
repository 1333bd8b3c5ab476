package web

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"yinzheng"
	"yinzheng/register"
)

// registerOperations are the register of persons: bringing it in, reading it.
func (s *server) registerOperations() []operation {
	return []operation{
		{
			method: http.MethodPost, path: "/api/v1/register/imports", id: "import-persons", tag: "register", status: http.StatusCreated,
			summary: "导入人员登记（CSV、xlsx）：全部导入或全不导入 · Bring in a register of persons, all of it or nothing (administrators)",
			queries: []*huma.Param{
				queryParam("try", "boolean", "true: say what would change, and keep nothing"), queryParam("register", "string", "what the register is called, such as 常住人口登记"),
				queryParam("as_of", "string", "day that it speaks of, such as 2026-11-01"), queryParam("office", "string", "office whose register it is; left out: your own"),
			},
			gives: typeOf[yinzheng.PlannedImport](), do: s.importPersons,
		},
		{
			method: http.MethodPost, path: "/api/v1/register/persons", id: "read-persons", tag: "register",
			summary: "查看人员登记：证件号码或姓名（含曾用名），须写明用途，记入日志 · What is on record about who has an ID number or a name, former ones too, for a purpose that is recorded",
			takes:   typeOf[personQuestion](), gives: typeOf[recordList](), do: withBody(func(c *call, in *personQuestion) (any, error) {
				list, err := s.Service.ReadPersons(c.Context(), c.by, in.Q, in.Purpose)
				if err != nil {
					return nil, err
				}
				return &recordList{list}, nil
			}),
		},
	}
}

type personQuestion struct {
	Q       string `json:"q" doc:"the whole ID number, or the whole name"`
	Purpose string `json:"purpose" doc:"2 to 100 characters, without names or numbers; recorded"`
}

func (b *personQuestion) member(r *jsonReader, key string) {
	switch key {
	case "q":
		b.Q = r.text(key)
	case "purpose":
		b.Purpose = r.text(key)
	default:
		r.unknown(key)
	}
}

type recordList struct {
	Items []*yinzheng.PersonRecord `json:"items"`
}

func (s *server) importPersons(c *call) (out any, err error) {
	if err := s.Service.MayOperate(c.by); err != nil {
		return nil, err
	}
	err = s.imported(c, func(data []byte, try bool) (err error) {
		out, err = s.importRegister(c, data, try)
		return err
	})
	return out, err
}

func (s *server) importRegister(c *call, data []byte, try bool) (any, error) {
	q := c.URL.Query()
	m, err := s.Service.BeginImport(c.by, q.Get("office"), q.Get("register"), q.Get("as_of"), data)
	if err != nil {
		return nil, err
	}
	p, err := register.Plan(c.Context(), s.Service.Store, s.Service.Directory(), m, data)
	if err != nil {
		return nil, err
	}
	if err := s.Service.ImportPersons(c.Context(), c.by, p, try); err != nil {
		return nil, err
	}
	if !p.Applied {
		c.status = http.StatusOK
	}
	return p, nil
}
