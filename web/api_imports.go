package web

import (
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"yinzheng"
	"yinzheng/workbook"
)

// importOperations are about cases that are brought in by workbook.
func (s *server) importOperations() []operation {
	const imports, one = "/api/v1/imports", "/api/v1/imports/{id}"
	return []operation{
		{
			method: http.MethodGet, path: "/api/v1/items/{code}/workbook", id: "get-workbook", tag: "imports", summary: "批量办理用的空白工作簿，列名语言依 Accept-Language · A workbook to fill in, a row for each case",
			media: []string{xlsxType}, do: func(c *call) (any, error) {
				data, err := s.Workbooks.Blank(c.by, c.PathValue("code"), language(c.Request))
				return &file{xlsxType, c.PathValue("code") + ".xlsx", data}, err
			},
		},
		{
			method: http.MethodPost, path: imports, id: "import-cases", tag: "imports", status: http.StatusCreated, idempotent: true,
			summary: "上传填好的工作簿（xlsx、CSV）：逐格检查，全部无误才保留 · Bring in a workbook (CSV, .xlsx): all of it, once every cell is in order; it then waits to be started",
			queries: []*huma.Param{
				queryParam("item", "string", "code of the item"), queryParam("office", "string", "office that takes the cases in; left out: your own"),
				queryParam("try", "boolean", "true: say what it would be, and keep nothing"),
			},
			gives: typeOf[workbook.BatchView](), do: s.importCases,
		},
		{
			method: http.MethodGet, path: imports, id: "list-imports", tag: "imports", summary: "本单位的批次 · Workbooks that my offices brought in, newest first",
			queries: []*huma.Param{queryParam("before", "integer", "cursor of the last one seen")}, gives: typeOf[importList](), do: func(c *call) (any, error) {
				list, err := s.Workbooks.List(c.Context(), c.by, c.before())
				return orNil(&importList{list}, err)
			},
		},
		{
			method: http.MethodGet, path: one, id: "get-import", tag: "imports", summary: "一个批次办到哪里了 · How far a batch is", gives: typeOf[workbook.BatchView](),
			do: func(c *call) (any, error) {
				return orNil(s.Workbooks.View(c.Context(), c.by, c.PathValue("id")))
			},
		},
		{
			method: http.MethodPost, path: one + "/acts", id: "act-on-import", tag: "imports", summary: "开始、暂停、继续、结束 · Start a batch, pause it, resume it, end it",
			takes: typeOf[importStep](), gives: typeOf[workbook.BatchView](), do: withBody(func(c *call, in *importStep) (any, error) {
				return orNil(s.Workbooks.Act(c.Context(), c.by, c.PathValue("id"), (*workbook.Step)(in)))
			}),
		},
		{
			method: http.MethodGet, path: one + "/rows", id: "list-import-rows", tag: "imports", summary: "各行的结果 · What became of the rows, 100 at a time",
			queries: []*huma.Param{queryParam("which", "string", "waiting, failed or alike (possible duplicates); left out: all"), queryParam("after", "integer", "line of the last row seen")},
			gives:   typeOf[importRows](), do: s.importRows,
		},
		{
			method: http.MethodGet, path: one + "/failures", id: "get-import-failures", tag: "imports", summary: "没有办成的行，附原因，改好可再上传；领取记入日志 · The rows that were not made, with why, as a workbook to mend; its delivery is recorded",
			media: []string{xlsxType}, do: func(c *call) (any, error) {
				data, err := s.Workbooks.Failures(c.Context(), c.by, c.PathValue("id"), language(c.Request))
				return &file{xlsxType, "failures.xlsx", data}, err
			},
		},
	}
}

type importList struct {
	Items []*workbook.BatchView `json:"items"`
}

type importRows struct {
	Items []workbook.RowView `json:"items"`
}

type importStep workbook.Step

func (b *importStep) member(r *jsonReader, key string) {
	switch key {
	case "action":
		b.Action = workbook.Doing(r.text(key))
	case "submit":
		order(r, key, &b.Submit)
	case "duplicates":
		order(r, key, &b.Lines)
	case "all_duplicates":
		order(r, key, &b.All)
	default:
		r.unknown(key)
	}
}

// importCases answers 201; the same key and file again, or a try, 200.
func (s *server) importCases(c *call) (out any, err error) {
	q := c.URL.Query()
	if err := s.Workbooks.MayBring(c.by, q.Get("office")); err != nil { // before a large file is read
		return nil, err
	}
	err = s.imported(c, func(data []byte, try bool) error {
		view, again, err := s.Workbooks.Bring(c.Context(), c.by, &workbook.NewBatch{Item: q.Get("item"), Office: q.Get("office"), File: data}, c.key(), try)
		if err := c.created(again || try, err); err != nil {
			return err
		}
		if out = view; !try {
			c.w.Header().Set("Location", "/api/v1/imports/"+view.ID)
		}
		return nil
	})
	return out, err
}

func (s *server) importRows(c *call) (any, error) {
	q := c.URL.Query()
	var f yinzheng.BatchFilter
	switch which := q.Get("which"); which {
	case "":
	case "waiting":
		f.Waiting = true
	case "failed":
		f.Failed = true
	case "alike":
		f.Alike = true
	default:
		return nil, fieldFaultOf(http.StatusUnprocessableEntity, "invalid", "which", "choice", "应为 waiting、failed 或 alike", "Expected waiting, failed or alike")
	}
	if after, err := strconv.Atoi(q.Get("after")); err == nil {
		f.After = after
	}
	rows, err := s.Workbooks.Rows(c.Context(), c.by, c.PathValue("id"), f)
	return orNil(&importRows{rows}, err)
}
