package web

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"yinzheng"
)

func (s *server) applicationOperations() []operation {
	const cases = "/api/v1/applications"
	return []operation{
		{
			method: http.MethodPost, path: cases, id: "create-application", tag: "applications", summary: "新建草稿 · Start a case as a draft", idempotent: true,
			takes: typeOf[newApplication](), gives: typeOf[yinzheng.CaseView](), status: http.StatusCreated, do: withBody(s.createApplication),
		},
		{
			method: http.MethodGet, path: cases + "/{id}", id: "get-application", tag: "applications", summary: "查看办件 · A case with its history",
			gives: typeOf[yinzheng.CaseView](), do: func(c *call) (any, error) {
				return c.seenCase(s.Service.Application(c.Context(), c.by, c.PathValue("id")))
			},
		},
		{
			method: http.MethodPatch, path: cases + "/{id}", id: "edit-application", tag: "applications", summary: "修改草稿 · Change a draft or a returned case", ifMatch: true,
			takes: typeOf[patch](), gives: typeOf[yinzheng.CaseView](), do: withBody(func(c *call, in *patch) (any, error) {
				return c.changedCase(s.Service.EditApplication(c.Context(), c.by, c.PathValue("id"), c.seen, (*yinzheng.Patch)(in)))
			}),
		},
		{
			method: http.MethodPost, path: cases + "/{id}/submit", id: "submit-application", tag: "applications", summary: "提交 · Hand a case in", ifMatch: true,
			gives: typeOf[yinzheng.CaseView](), do: func(c *call) (any, error) {
				start := time.Now()
				view, err := s.Service.SubmitApplication(c.Context(), c.by, c.PathValue("id"), c.seen)
				s.noteIssue(view, start)
				return c.changedCase(view, err)
			},
		},
		{
			method: http.MethodPost, path: cases + "/{id}/withdraw", id: "withdraw-application", tag: "applications", summary: "撤回 · Take a case back", ifMatch: true,
			takes: typeOf[withdrawal](), gives: typeOf[yinzheng.CaseView](), do: withBody(func(c *call, in *withdrawal) (any, error) {
				return c.changedCase(s.Service.WithdrawApplication(c.Context(), c.by, c.PathValue("id"), c.seen, in.Reason))
			}),
		},
		{
			method: http.MethodPost, path: cases + "/{id}/decisions", id: "decide-application", tag: "applications", ifMatch: true,
			summary: "审批：approve 同意，return 退回，reject 不同意 · Decide; the last approval issues the certificate",
			takes:   typeOf[decision](), gives: typeOf[yinzheng.CaseView](), do: withBody(func(c *call, in *decision) (any, error) {
				start := time.Now()
				view, err := s.Service.Decide(c.Context(), c.by, c.PathValue("id"), c.seen, yinzheng.Decision{Action: in.Action, Opinion: in.Opinion, ToStep: in.ToStep})
				s.noteIssue(view, start)
				return c.changedCase(view, err)
			}),
		},
		{
			method: http.MethodGet, path: "/api/v1/workqueue", id: "list-workqueue", tag: "applications", summary: "待办 · Cases to work on, newest change first",
			queries: []*huma.Param{queryParam("state", "string", "states, separated by commas; none: all"), queryParam("cursor", "string", "next of the page before"), queryParam("limit", "integer", "1 to 200, default 50")},
			gives:   typeOf[queue](), do: s.workqueue,
		},
		{
			method: http.MethodPost, path: "/api/v1/search", id: "search", tag: "applications",
			summary: "查找：持证人姓名（或前两个字以上）、证件号码、证照编号、验证码或扫描的网址、办件号 · Find cases by the holder's name or how it begins, the whole ID number, certificate number, code or scanned address, or case ID; newest first",
			takes:   typeOf[search](), gives: typeOf[found](), do: withBody(s.search),
		},
		{
			method: http.MethodPost, path: "/api/v1/preview", id: "preview", tag: "applications", summary: "预览（样本）· A page marked 样本, unsigned and unnumbered, as Accept asks",
			takes: typeOf[previewRequest](), media: []string{"image/svg+xml", "application/pdf"}, do: withBody(s.preview),
		},
	}
}

type newApplication yinzheng.NewApplication

func (b *newApplication) member(r *jsonReader, key string) {
	switch key {
	case "item":
		b.Item = r.text(key)
	case "values":
		b.Values = r.values(key)
	case "office":
		b.Office = r.text(key)
	case "division":
		b.Division = r.text(key)
	case "applicant":
		b.Applicant = r.applicant(key)
	default:
		r.unknown(key)
	}
}

type patch yinzheng.Patch

func (b *patch) member(r *jsonReader, key string) {
	switch key {
	case "values":
		b.Values = r.values(key)
	case "division":
		if division := r.text(key); division != "" {
			b.Division = &division
		}
	case "applicant":
		b.Applicant = r.applicant(key)
	case "seen":
		seen := r.texts(key)
		b.Seen = &seen
	default:
		r.unknown(key)
	}
}

// applicant reads who applies; null is nobody.
func (r *jsonReader) applicant(field string) *yinzheng.Applicant {
	r.space()
	if r.peek() != '{' {
		r.values(field)
		return nil
	}
	a := &yinzheng.Applicant{}
	r.object(field, func(key, path string) {
		switch key {
		case "as":
			a.As = r.text(path)
		case "name":
			a.Name = r.text(path)
		case "id":
			a.ID = r.id(path)
		case "authority":
			a.Authority = r.text(path)
		default:
			r.unknown(path)
		}
	})
	return a
}

// id reads "…", short for a resident ID, or {type, number} or {type: "none", reason}.
func (r *jsonReader) id(field string) (id yinzheng.ID) {
	switch r.space(); r.peek() {
	case '"':
		if id.Number = r.string(); id.Number != "" {
			id.Type = yinzheng.ResidentID
		}
	case '{':
		r.object(field, func(key, path string) {
			switch key {
			case "type":
				id.Type = r.text(path)
			case "number":
				id.Number = r.text(path)
			case "reason":
				id.Reason = r.text(path)
			default:
				r.unknown(path)
			}
		})
	case 'n':
		r.literal("null")
	default:
		r.wrongType(field, "应为证件号码或 {type, number}", "Expected an ID number or {type, number}")
	}
	return id
}

type withdrawal struct {
	Reason string `json:"reason,omitempty"`
}

func (b *withdrawal) member(r *jsonReader, key string) {
	switch key {
	case "reason":
		b.Reason = r.text(key)
	default:
		r.unknown(key)
	}
}

type decision struct {
	Action  yinzheng.ActionKind `json:"action" enum:"approve,return,reject"`
	Opinion string              `json:"opinion,omitempty" doc:"needed for return and reject"`
	ToStep  string              `json:"to_step,omitempty" doc:"return: an earlier step; left out: to the clerk"`
}

func (b *decision) member(r *jsonReader, key string) {
	switch key {
	case "action":
		b.Action = yinzheng.ActionKind(r.text(key))
	case "opinion":
		b.Opinion = r.text(key)
	case "to_step":
		b.ToStep = r.text(key)
	default:
		r.unknown(key)
	}
}

type previewRequest struct {
	Item   string         `json:"item"`
	Values map[string]any `json:"values"`
	Focus  string         `json:"focus,omitempty" doc:"path of the field to light up, such as values.name"`
}

func (b *previewRequest) member(r *jsonReader, key string) {
	switch key {
	case "item":
		b.Item = r.text(key)
	case "values":
		b.Values = r.values(key)
	case "focus":
		b.Focus = r.text(key)
	default:
		r.unknown(key)
	}
}

// createApplication answers 201; the same key and request again, 200 with the
// case that the first one made.
func (s *server) createApplication(c *call, in *newApplication) (any, error) {
	view, again, err := s.Service.CreateApplication(c.Context(), c.by, (*yinzheng.NewApplication)(in), c.key())
	return c.createdCase(view, again, err)
}

// key is the idempotency key of a request that makes something.
func (c *call) key() string { return c.Header.Get("Idempotency-Key") }

// createdCase answers 201, or 200 with what the same key made before.
func (c *call) createdCase(view *yinzheng.CaseView, again bool, err error) (any, error) {
	if err := c.created(again, err); err != nil {
		return nil, err
	}
	c.w.Header().Set("Location", "/api/v1/applications/"+view.ID)
	return c.seenCase(view, nil)
}

// created gives a request that makes something its status.
func (c *call) created(again bool, err error) error {
	var e *yinzheng.Error
	if errors.Is(err, yinzheng.ErrPrecondition) && errors.As(err, &e) {
		return fieldFaultOf(http.StatusBadRequest, "idempotency-key", "Idempotency-Key", "required", e.Text.ZH, e.Text.EN)
	}
	if again {
		c.status = http.StatusOK
	}
	return err
}

// seenCase answers with a case and its version as the ETag.
func (c *call) seenCase(view *yinzheng.CaseView, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	c.etag(view.Version)
	return view, nil
}

// changedCase is seenCase after a change.
func (c *call) changedCase(view *yinzheng.CaseView, err error) (any, error) {
	return c.seenCase(view, changed(err))
}

// etag answers with a version.
func (c *call) etag(version int) { c.w.Header().Set("ETag", `"`+strconv.Itoa(version)+`"`) }

// changed is the error of a change that named the version in If-Match: a
// conflict means that it is stale.
func changed(err error) error {
	if !errors.Is(err, yinzheng.ErrConflict) {
		return err
	}
	f := faultOf(err)
	f.status, f.kind = http.StatusPreconditionFailed, "stale-version"
	return f
}

// noteIssue measures a decision that issued a certificate.
func (s *server) noteIssue(view *yinzheng.CaseView, start time.Time) {
	if view != nil && view.State == yinzheng.Issued {
		s.metrics.issuing.Observe(time.Since(start).Seconds())
	}
}

type queue struct {
	Items []yinzheng.QueueEntry `json:"items"`
	Next  string                `json:"next,omitempty" doc:"cursor of the next page; absent on the last"`
}

func (s *server) workqueue(c *call) (any, error) {
	query := c.URL.Query()
	limit := 0
	if text := query.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 200 {
			return nil, errLimit()
		}
		limit = n
	}
	var states []yinzheng.State
	for _, text := range strings.FieldsFunc(strings.Join(query["state"], ","), func(r rune) bool { return r == ',' || r == ' ' }) {
		state := yinzheng.State(text)
		if state.Name() == (yinzheng.Text{}) {
			return nil, fieldFaultOf(http.StatusUnprocessableEntity, "invalid", "state", "choice",
				"没有这个状态，应为 draft、submitted、returned、approved、issuing、issued、rejected、withdrawn 之一", "No such state; expected draft, submitted, returned, approved, issuing, issued, rejected or withdrawn")
		}
		states = append(states, state)
	}
	entries, next, err := s.Service.Workqueue(c.Context(), c.by, states, query.Get("cursor"), limit)
	if err != nil {
		return nil, err
	}
	if entries == nil {
		entries = []yinzheng.QueueEntry{}
	}
	return &queue{entries, next}, nil
}

// search is what somebody looks for. It is posted: names and ID numbers stand in
// no address and no server's log.
type search struct {
	Q      string `json:"q" doc:"at least two characters"`
	Cursor string `json:"cursor,omitempty" doc:"next of the page before"`
	Limit  *int   `json:"limit,omitempty" doc:"1 to 200, default 50"`
}

func (b *search) member(r *jsonReader, key string) {
	switch key {
	case "q":
		b.Q = r.text(key)
	case "cursor":
		b.Cursor = r.text(key)
	case "limit":
		limit := r.count(key)
		b.Limit = &limit
	default:
		r.unknown(key)
	}
}

type found struct {
	Items []yinzheng.FoundCase `json:"items"`
	Next  string               `json:"next,omitempty" doc:"cursor of the next page; absent on the last"`
}

func (s *server) search(c *call, in *search) (any, error) {
	limit := 0
	if in.Limit != nil {
		if limit = *in.Limit; limit < 1 || limit > 200 {
			return nil, errLimit()
		}
	}
	items, next, err := s.Service.Search(c.Context(), c.by, in.Q, in.Cursor, limit)
	if err != nil {
		return nil, err
	}
	if items == nil {
		items = []yinzheng.FoundCase{}
	}
	return &found{items, next}, nil
}

func errLimit() error {
	return fieldFaultOf(http.StatusUnprocessableEntity, "invalid", "limit", "range", "每页条数应为 1 到 200", "limit is a number from 1 to 200")
}

// preview typesets a sample as Accept asks: SVG by default.
func (s *server) preview(c *call, in *previewRequest) (any, error) {
	return c.sample(func(format string) ([]byte, error) {
		return s.Service.Preview(c.by, in.Item, in.Values, format, in.Focus)
	})
}

// sample answers with a page, set in the format that Accept asks for.
func (c *call) sample(set func(format string) ([]byte, error)) (any, error) {
	media := negotiate(c.Header.Get("Accept"), "image/svg+xml", "application/pdf")
	if media == "" {
		return nil, fieldFaultOf(http.StatusNotAcceptable, "not-acceptable", "Accept", "media-type", "预览只有 image/svg+xml 和 application/pdf 两种格式", "A preview is image/svg+xml or application/pdf")
	}
	format := "svg"
	if media == "application/pdf" {
		format = "pdf"
	}
	page, err := set(format)
	if err != nil {
		return nil, err
	}
	return &file{media: media, bytes: page}, nil
}
