package web

import (
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"yinzheng"
	"yinzheng/inquiry"
)

const inquiriesPath, inquiryListsPath = "/api/v1/inquiries", "/api/v1/inquiry-lists"

// inquiryOperations are about single inquiries.
func (s *server) inquiryOperations() []operation {
	return []operation{
		{
			method: http.MethodPost, path: inquiriesPath, id: "ask-inquiry", tag: "inquiries", status: http.StatusCreated, idempotent: true,
			summary: "协查一个人：登记可以确认的立即答复，其余由所在村（社区）核实、镇街以上签发 · Ask an office to confirm a fact about a person",
			takes:   typeOf[newInquiry](), gives: typeOf[inquiry.View](), do: withBody(func(c *call, in *newInquiry) (any, error) {
				view, again, err := s.Inquiries.Ask(c.Context(), c.by, (*inquiry.NewInquiry)(in), c.key())
				if err := c.created(again, err); err != nil {
					return nil, err
				}
				c.w.Header().Set("Location", inquiriesPath+"/"+view.ID)
				return c.seenInquiry(view, nil)
			}),
		},
		{
			method: http.MethodGet, path: inquiriesPath, id: "list-inquiries", tag: "inquiries", summary: "协查：我提出的、待核实、待签发、超期 · Inquiries: asked by my office, to answer, to sign, late",
			queries: []*huma.Param{queryParam("box", "string", "asked, to-answer, to-sign or late"), queryParam("before", "integer", "cursor of the last line seen")},
			gives:   typeOf[inquiryLines](), do: func(c *call) (any, error) {
				lines, err := s.Inquiries.List(c.Context(), c.by, yinzheng.InquiryBox(c.URL.Query().Get("box")), c.before())
				return orNil(&inquiryLines{lines}, err)
			},
		},
		{
			method: http.MethodGet, path: inquiriesPath + "/{id}", id: "get-inquiry", tag: "inquiries", summary: "一件协查；答复只给提出的单位，领取记入日志 · An inquiry; the reply is for who asked alone, and its delivery is recorded",
			gives: typeOf[inquiry.View](), do: func(c *call) (any, error) {
				return c.seenInquiry(s.Inquiries.Read(c.Context(), c.by, c.PathValue("id")))
			},
		},
		{
			method: http.MethodPost, path: inquiriesPath + "/{id}/acts", id: "act-on-inquiry", tag: "inquiries", ifMatch: true,
			summary: "核实、签发、退回重核、撤回 · Answer, sign, return or withdraw an inquiry",
			takes:   typeOf[inquiryStep](), gives: typeOf[inquiry.View](), do: withBody(func(c *call, in *inquiryStep) (any, error) {
				view, err := s.Inquiries.Act(c.Context(), c.by, c.PathValue("id"), c.seen, (*inquiry.Step)(in))
				return c.seenInquiry(view, changed(err))
			}),
		},
	}
}

// inquiryListOperations are about lists of inquiries and the rolls that answer
// them.
func (s *server) inquiryListOperations() []operation {
	return []operation{
		{
			method: http.MethodPost, path: inquiryListsPath, id: "ask-inquiry-list", tag: "inquiries", status: http.StatusCreated, idempotent: true,
			summary: "名单协查（CSV、xlsx）：整份核对后在后台办理 · Ask about many persons in one list, which is checked whole and then worked in the background",
			form: []formField{
				{"kind", "code of what is asked", true},
				{"division", "where the persons belong, unless a row says otherwise", true},
				{"purpose", "2 to 100 characters, without names or numbers; recorded", true},
				{"basis", "the legal basis, likewise", true},
				{"office", "that asks; left out: yours", false},
				{"try", "true: check the list, and keep nothing", false},
				{"file", "CSV or .xlsx with the columns name, id and any of id_type, division, about", true},
			},
			gives: typeOf[inquiry.ListView](), do: s.askList,
		},
		{
			method: http.MethodGet, path: inquiryListsPath, id: "list-inquiry-lists", tag: "inquiries", summary: "本单位的协查名单 · My office's lists, newest first",
			queries: []*huma.Param{queryParam("before", "integer", "cursor of the last list seen")}, gives: typeOf[inquiryLists](), do: func(c *call) (any, error) {
				lists, err := s.Inquiries.Lists(c.Context(), c.by, c.before())
				return orNil(&inquiryLists{lists}, err)
			},
		},
		{
			method: http.MethodGet, path: inquiryListsPath + "/{id}", id: "get-inquiry-list", tag: "inquiries", summary: "名单办理进度 · How far a list is", gives: typeOf[inquiry.ListView](),
			do: func(c *call) (any, error) {
				return orNil(s.Inquiries.ReadList(c.Context(), c.by, c.PathValue("id")))
			},
		},
		{
			method: http.MethodPost, path: inquiryListsPath + "/{id}/acts", id: "act-on-inquiry-list", tag: "inquiries", summary: "暂停、继续 · Pause a list, or resume it",
			takes: typeOf[listStep](), gives: typeOf[inquiry.ListView](), do: withBody(func(c *call, in *listStep) (any, error) {
				return orNil(s.Inquiries.ActOnList(c.Context(), c.by, c.PathValue("id"), in.Action))
			}),
		},
		{
			method: http.MethodGet, path: inquiryListsPath + "/{id}/result", id: "get-inquiry-result", tag: "inquiries", summary: "名单答复结果（CSV），领取记入日志 · The result of a list; its delivery is recorded",
			media: []string{csvType}, do: func(c *call) (any, error) {
				data, err := s.Inquiries.Result(c.Context(), c.by, c.PathValue("id"))
				return &file{csvType, "result.csv", data}, err
			},
		},
		{
			method: http.MethodPost, path: "/api/v1/inquiry-kinds/{code}/roll", id: "put-inquiry-roll", tag: "inquiries", status: http.StatusCreated,
			summary: "导入名册：在册者答复“是”，取代上一份 · Bring in a roll of those for whom the answer is yes, in place of the one before",
			form:    []formField{{"title", "what replies name as their source", true}, {"as_of", "day that it speaks of, such as 2026-11-02", true}, {"file", "CSV or .xlsx with the columns name, id and, if need be, id_type", true}},
			gives:   typeOf[yinzheng.InquiryRoll](), do: s.putRoll,
		},
	}
}

// inquiryRuleOperations say what may be asked, and by whom.
func (s *server) inquiryRuleOperations() []operation {
	const kinds, rights = "/api/v1/inquiry-kinds", "/api/v1/inquiry-rights"
	return []operation{
		{
			method: http.MethodGet, path: kinds, id: "list-inquiry-kinds", tag: "inquiries", summary: "可协查的事项 · The kinds of question",
			gives: typeOf[inquiryKinds](), do: func(c *call) (any, error) {
				list, err := s.Inquiries.Kinds(c.Context())
				return orNil(&inquiryKinds{list}, err)
			},
		},
		{
			method: http.MethodPut, path: kinds + "/{code}", id: "put-inquiry-kind", tag: "inquiries", summary: "设定协查事项 · Set a kind of question (administrators of the topmost office)",
			takes: typeOf[inquiryKind](), gives: typeOf[inquiry.Kind](), do: withBody(func(c *call, in *inquiryKind) (any, error) {
				in.Code = c.PathValue("code")
				return orNil(s.Inquiries.PutKind(c.Context(), c.by, inquiry.Kind(*in)))
			}),
		},
		{
			method: http.MethodGet, path: rights, id: "list-inquiry-rights", tag: "inquiries", summary: "协查权限 · Who may ask what, and could (administrators of the topmost office)",
			gives: typeOf[inquiryRights](), do: func(c *call) (any, error) {
				list, err := s.Inquiries.Rights(c.Context(), c.by)
				return orNil(&inquiryRights{list}, err)
			},
		},
		{
			method: http.MethodPost, path: rights, id: "give-inquiry-right", tag: "inquiries", status: http.StatusCreated, summary: "授予协查权限 · Let an office ask (administrators of the topmost office)",
			takes: typeOf[inquiryRight](), gives: typeOf[inquiry.Right](), do: withBody(func(c *call, in *inquiryRight) (any, error) {
				return orNil(s.Inquiries.GiveRight(c.Context(), c.by, inquiry.Right(*in)))
			}),
		},
		{
			method: http.MethodDelete, path: rights + "/{id}", id: "end-inquiry-right", tag: "inquiries", summary: "终止协查权限 · End a right now",
			do: func(c *call) (any, error) {
				return nil, s.Inquiries.EndRight(c.Context(), c.by, c.PathValue("id"))
			},
		},
	}
}

type inquiryLines struct {
	Items []inquiry.Entry `json:"items"`
}

type inquiryLists struct {
	Items []inquiry.ListEntry `json:"items"`
}

type inquiryKinds struct {
	Items []*inquiry.Kind `json:"items"`
}

type inquiryRights struct {
	Items []*inquiry.Right `json:"items"`
}

// before is the cursor from which a list is read on; 0: from its newest.
func (c *call) before() int64 {
	n, err := strconv.ParseInt(c.URL.Query().Get("before"), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// seenInquiry answers with an inquiry and its version as the ETag.
func (c *call) seenInquiry(view *inquiry.View, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	c.etag(view.Version)
	return view, nil
}

func (s *server) askList(c *call) (any, error) {
	if mediaType(c.Request) != "multipart/form-data" {
		return nil, wrongMediaType("multipart/form-data")
	}
	return s.withForm(c, []string{"kind", "division", "purpose", "basis", "office", "try"}, func(f *form) (any, error) {
		try, err := tried(f.fields["try"])
		if err != nil {
			return nil, err
		}
		if try {
			c.status = http.StatusOK
		}
		view, again, err := s.Inquiries.AskList(c.Context(), c.by, &inquiry.NewList{
			Kind: f.fields["kind"], Division: f.fields["division"], Purpose: f.fields["purpose"], Basis: f.fields["basis"], Office: f.fields["office"], File: f.file,
		}, c.key(), try)
		return orNil(view, c.created(again, err))
	})
}

func (s *server) putRoll(c *call) (any, error) {
	if mediaType(c.Request) != "multipart/form-data" {
		return nil, wrongMediaType("multipart/form-data")
	}
	return s.withForm(c, []string{"title", "as_of"}, func(f *form) (any, error) {
		return orNil(s.Inquiries.PutRoll(c.Context(), c.by, &inquiry.NewRoll{Kind: c.PathValue("code"), Title: f.fields["title"], AsOf: f.fields["as_of"], File: f.file}))
	})
}

type newInquiry inquiry.NewInquiry

func (b *newInquiry) member(r *jsonReader, key string) {
	switch key {
	case "kind":
		b.Kind = r.text(key)
	case "name":
		b.Name = r.text(key)
	case "id":
		b.ID = r.any(key)
	case "division":
		b.Division = r.text(key)
	case "about":
		b.About = r.any(key)
	case "question":
		b.Question = r.text(key)
	case "purpose":
		b.Purpose = r.text(key)
	case "basis":
		b.Basis = r.text(key)
	case "office":
		b.Office = r.text(key)
	default:
		r.unknown(key)
	}
}

type inquiryStep inquiry.Step

func (b *inquiryStep) member(r *jsonReader, key string) {
	switch key {
	case "action":
		b.Action = inquiry.Doing(r.text(key))
	case "answer":
		b.Answer = r.text(key)
	case "opinion":
		b.Opinion = r.text(key)
	default:
		r.unknown(key)
	}
}

type listStep struct {
	Action inquiry.Doing `json:"action" enum:"pause,resume"`
}

func (b *listStep) member(r *jsonReader, key string) {
	if key != "action" {
		r.unknown(key)
		return
	}
	b.Action = inquiry.Doing(r.text(key))
}

type inquiryKind inquiry.Kind

func (b *inquiryKind) member(r *jsonReader, key string) {
	switch key {
	case "name":
		order(r, key, &b.Name)
	case "subject":
		b.Subject = r.text(key)
	case "level":
		b.Level = yinzheng.Level(r.text(key))
	case "function":
		b.Function = r.text(key)
	case "days":
		b.Days = r.count(key)
	case "valid_days":
		b.Valid = r.count(key)
	case "record":
		order(r, key, &b.Record)
	default:
		r.unknown(key)
	}
}

type inquiryRight inquiry.Right

func (b *inquiryRight) member(r *jsonReader, key string) {
	switch key {
	case "office":
		b.Office = r.text(key)
	case "kinds":
		order(r, key, &b.Kinds)
	case "division":
		b.Division = r.text(key)
	case "from":
		b.From = r.when(key)
	case "to":
		b.To = r.when(key)
	case "daily":
		b.Daily = r.count(key)
	case "rows":
		b.Rows = r.count(key)
	default:
		r.unknown(key)
	}
}
