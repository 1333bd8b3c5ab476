package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"yinzheng"
	"yinzheng/offices"
)

// Media types of a file that says how the office tree is to be.
const (
	csvType  = "text/csv"
	xlsxType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
)

// officeOperations are the office tree and how it changes in time.
func (s *server) officeOperations() []operation {
	const tree = "/api/v1/reorganisations"
	try := queryParam("try", "boolean", "true: say what would change, and change nothing")
	return []operation{
		{
			method: http.MethodGet, path: "/api/v1/directory", id: "get-directory", tag: "offices", summary: "机构树 · Divisions, offices and organs, closed ones too",
			gives: typeOf[directory](), do: func(*call) (any, error) { return newDirectory(s.Service.Directory()), nil },
		},
		{
			method: http.MethodPost, path: tree, id: "reorganise", tag: "offices", status: http.StatusCreated, queries: []*huma.Param{try},
			summary: "机构调整：合并、拆分、更名、撤销、改属、新设 · Merge, split, rename, close, move, add; open cases move along (administrators)",
			takes:   typeOf[reorganising](), gives: typeOf[reorganised](), do: withBody(func(c *call, in *reorganising) (any, error) {
				if err := s.Service.MayOperate(c.by); err != nil {
					return nil, err
				}
				try, err := c.try()
				if err != nil {
					return nil, err
				}
				r, err := offices.Plan(s.Service.Directory(), &in.Order, s.Service.Now())
				return s.reorganise(c, r, in.Tree, 0, try, err)
			}),
		},
		{
			method: http.MethodPost, path: tree + "/import", id: "import-tree", tag: "offices", status: http.StatusCreated, queries: []*huma.Param{
				try, queryParam("title", "string", "the document that orders it"), queryParam("effective", "string", "day from which on, such as 2027-01-01; left out: now"),
				queryParam("tree", "string", "version of the tree that you have seen"),
			},
			summary: "导入机构树（CSV、xlsx：code,name,parent,level,successor） · Bring the tree to what a file says; what it does not mention stays (administrators)",
			gives:   typeOf[reorganised](), do: s.importTree,
		},
		{
			method: http.MethodGet, path: tree, id: "list-reorganisations", tag: "offices", summary: "历次机构调整 · Reorganisations, planned and done (administrators)",
			gives: typeOf[treeHistory](), do: func(c *call) (any, error) {
				list, err := s.Service.TreeHistory(c.Context(), c.by, 0)
				out := &treeHistory{Items: []yinzheng.ReorganisationView{}}
				for _, r := range list {
					out.Items = append(out.Items, *r.View())
				}
				return out, err
			},
		},
		{
			method: http.MethodDelete, path: tree + "/{id}", id: "cancel-reorganisation", tag: "offices", summary: "取消尚未生效的机构调整 · Cancel one whose time has not come (administrators)",
			gives: typeOf[yinzheng.ReorganisationView](), do: func(c *call) (any, error) {
				r, err := s.Service.CancelReorganisation(c.Context(), c.by, c.PathValue("id"))
				if err != nil {
					return nil, err
				}
				return r.View(), nil
			},
		},
	}
}

// directory is the office tree as it is sent.
type directory struct {
	Version   string              `json:"version"`
	Divisions []yinzheng.Division `json:"divisions"`
	Offices   []yinzheng.Office   `json:"offices"`
	Organs    []yinzheng.Organ    `json:"organs"`
}

func newDirectory(d *yinzheng.Directory) *directory {
	return &directory{d.Version, d.Divisions, d.Offices, d.Organs}
}

type treeHistory struct {
	Items []yinzheng.ReorganisationView `json:"items"`
}

// reorganised is what a reorganisation changes, or would.
type reorganised struct {
	yinzheng.ReorganisationView
	Tree      string `json:"tree"`       // version to send back with what is decided
	OpenCases int    `json:"open_cases"` // cases under way that it may move
	Left      int    `json:"left"`       // of an import: divisions that the file does not mention, which stay
}

// reorganising is an order with the version of the tree that its sender saw.
type reorganising struct {
	offices.Order
	Tree string `json:"tree,omitempty" doc:"version of the tree that you have seen; needed unless you only try"`
}

func (b *reorganising) member(r *jsonReader, key string) {
	switch key {
	case "tree":
		b.Tree = r.text(key)
	case "title":
		b.Title = r.text(key)
	case "effective":
		b.Effective = r.text(key)
	case "add":
		order(r, key, &b.Add)
	case "rename":
		order(r, key, &b.Rename)
	case "move":
		order(r, key, &b.Move)
	case "merge":
		order(r, key, &b.Merge)
	case "split":
		order(r, key, &b.Split)
	case "close":
		order(r, key, &b.Close)
	case "cases":
		order(r, key, &b.Cases)
	default:
		r.unknown(key)
	}
}

// order reads one part of an order.
func order(r *jsonReader, key string, into any) {
	text, err := json.Marshal(r.any(key))
	if err != nil || r.broken != nil {
		return
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	var wrong *json.UnmarshalTypeError
	switch err := d.Decode(into); {
	case errors.As(err, &wrong) && wrong.Field != "":
		r.refuse(key+"."+wrong.Field, "type", "这一项的类型不对", "This has the wrong type")
	case err != nil:
		r.refuse(key, "type", "格式不对："+err.Error(), "Not of the expected form: "+err.Error())
	}
}

// importTree plans what a file says.
func (s *server) importTree(c *call) (out any, err error) {
	if err := s.Service.MayOperate(c.by); err != nil {
		return nil, err
	}
	err = s.imported(c, func(data []byte, try bool) error {
		q := c.URL.Query()
		r, left, err := offices.PlanFile(s.Service.Directory(), q.Get("title"), q.Get("effective"), data, s.Service.Now())
		out, err = s.reorganise(c, r, q.Get("tree"), left, try, err)
		return err
	})
	return out, err
}

// reorganise tries or decides what was planned.
func (s *server) reorganise(c *call, r *yinzheng.Reorganisation, seen string, left int, try bool, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	if !try {
		r.Tree = seen
	}
	n, err := s.Service.CasesConcerned(c.Context(), r)
	if err != nil {
		return nil, err
	}
	if err := s.Service.Reorganise(c.Context(), c.by, r, try); err != nil {
		return nil, err
	}
	if try {
		c.status = http.StatusOK
	}
	return &reorganised{*r.View(), s.Service.Directory().Version, n, left}, nil
}
