package web

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"yinzheng"
)

// problem is an error on the wire: RFC 9457, with the caller's language in
// title and detail, and what is wrong field by field.
type problem struct {
	Type   string       `json:"type" doc:"stable, whatever the language: /problems/ and a word"`
	Title  string       `json:"title"`
	Status int          `json:"status"`
	Detail string       `json:"detail,omitempty" doc:"what happened and what to do, in the language of Accept-Language"`
	Errors []fieldFault `json:"errors,omitempty"`
	// Incident is what an operator finds in the log.
	Incident string `json:"incident,omitempty" doc:"name it when you report the trouble"`
}

type fieldFault struct {
	Field  string `json:"field" doc:"path, such as values.relatives[2].id, or a header's name"`
	Code   string `json:"code" doc:"stable, such as id-check-digit"`
	Detail string `json:"detail"`
}

// fault is an error that this package raises itself, before the domain is asked.
type fault struct {
	status int
	kind   string // a key of kinds
	text   yinzheng.Text
	fields []yinzheng.FieldError
	after  int // seconds to wait; 0: none
}

func (f *fault) Error() string { return f.kind + ": " + f.text.EN }

// fieldFaultOf is a fault of one field.
func fieldFaultOf(status int, kind, field, code, zh, en string) *fault {
	t := yinzheng.Text{ZH: zh, EN: en}
	return &fault{status: status, kind: kind, text: t, fields: []yinzheng.FieldError{{Field: field, Code: code, Text: t}}}
}

// kinds are the problem types, by the word in their URI, with their titles.
var kinds = map[string]yinzheng.Text{
	"invalid":                {ZH: "内容需要修改", EN: "Something has to be corrected"},
	"malformed":              {ZH: "请求无法读取", EN: "The request cannot be read"},
	"not-found":              {ZH: "没有找到", EN: "Not found"},
	"conflict":               {ZH: "已被他人更改", EN: "Somebody else was faster"},
	"stale-version":          {ZH: "版本已过时", EN: "The version is stale"},
	"state":                  {ZH: "当前状态不允许", EN: "Not in a state that allows this"},
	"forbidden":              {ZH: "无权操作", EN: "Not allowed"},
	"unauthorized":           {ZH: "请先登录", EN: "Sign in first"},
	"too-many":               {ZH: "请求过多，请稍候", EN: "Too many requests"},
	"unavailable":            {ZH: "暂时不能服务", EN: "Not available for now"},
	"key-reused":             {ZH: "唯一键已用于其他请求", EN: "The idempotency key was used for another request"},
	"precondition-required":  {ZH: "缺少版本号", EN: "The version is missing"},
	"idempotency-key":        {ZH: "缺少唯一键", EN: "The idempotency key is missing"},
	"too-large":              {ZH: "内容过大", EN: "Too large"},
	"unsupported-media-type": {ZH: "内容类型不受支持", EN: "Content type not supported"},
	"not-acceptable":         {ZH: "不能提供所要的格式", EN: "No such format"},
	"method-not-allowed":     {ZH: "不支持的方法", EN: "Method not allowed"},
	"cross-site":             {ZH: "跨站请求已拒绝", EN: "Cross-site request refused"},
	"internal":               {ZH: "系统内部错误", EN: "Internal error"},
}

// sentinels is the one place where the domain's errors become statuses.
var sentinels = []struct {
	is     error
	status int
	kind   string
	after  int
}{
	{yinzheng.ErrInvalid, http.StatusUnprocessableEntity, "invalid", 0},
	{yinzheng.ErrNotFound, http.StatusNotFound, "not-found", 0},
	{yinzheng.ErrConflict, http.StatusConflict, "conflict", 0},
	{yinzheng.ErrState, http.StatusConflict, "state", 0},
	{yinzheng.ErrForbidden, http.StatusForbidden, "forbidden", 0},
	{yinzheng.ErrUnauthorized, http.StatusUnauthorized, "unauthorized", 0},
	{yinzheng.ErrTooMany, http.StatusTooManyRequests, "too-many", 60},
	{yinzheng.ErrUnavailable, http.StatusServiceUnavailable, "unavailable", 10},
	{yinzheng.ErrReused, http.StatusUnprocessableEntity, "key-reused", 0},
	{yinzheng.ErrPrecondition, http.StatusBadRequest, "idempotency-key", 0},
	{context.DeadlineExceeded, http.StatusServiceUnavailable, "unavailable", 10},
}

var (
	internalText    = yinzheng.Text{ZH: "系统出错，已记入日志。请稍后再试；如仍不行，请把事件编号告诉管理员", EN: "Something went wrong here and was logged. Please try again; if it persists, tell an administrator the incident number"}
	unavailableText = yinzheng.Text{ZH: "系统暂时不能处理，什么也没有丢失，请稍后再试", EN: "This cannot be done for the moment; nothing was lost. Please try again shortly"}
)

// faultOf translates any error. What is not meant for the caller becomes
// "internal" and keeps its words to itself.
func faultOf(err error) *fault {
	var f *fault
	if errors.As(err, &f) {
		return f
	}
	for _, s := range sentinels {
		if !errors.Is(err, s.is) {
			continue
		}
		f := &fault{status: s.status, kind: s.kind, after: s.after, text: kinds[s.kind]}
		var e *yinzheng.Error
		switch {
		case errors.As(err, &e):
			f.text, f.fields = e.Text, e.Fields
		case s.kind == "unavailable":
			f.text = unavailableText
		}
		return f
	}
	return &fault{status: http.StatusInternalServerError, kind: "internal", text: internalText}
}

// fail answers with a problem, or with a page where a browser asked for one.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	if gone(r.Context(), err) {
		return
	}
	f, lang := faultOf(err), language(r)
	p := s.problemOf(r, f, err)
	h := w.Header()
	h["Cache-Control"] = noStore
	if f.after > 0 {
		h.Set("Retry-After", strconv.Itoa(f.after))
	}
	switch f.status {
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", "Bearer")
	case http.StatusRequestEntityTooLarge:
		h.Set("Connection", "close") // the rest of the body is not worth reading
	}
	if wantsPage(r) {
		s.pages.problem(w, r, p)
		return
	}
	h.Set("Content-Language", lang)
	body, err := json.Marshal(p)
	if err != nil {
		s.Log.Error("write a problem", "error", err)
	}
	writeBody(w, f.status, "application/problem+json", body)
}

// problemOf is a fault in the caller's words. What only an operator can explain
// is logged, with an incident that both can name.
func (s *server) problemOf(r *http.Request, f *fault, err error) *problem {
	lang := language(r)
	p := &problem{Type: "/problems/" + f.kind, Title: kinds[f.kind].In(lang), Status: f.status, Detail: f.text.In(lang)}
	for _, e := range f.fields {
		p.Errors = append(p.Errors, fieldFault{e.Field, e.Code, e.Text.In(lang)})
	}
	if f.status >= http.StatusInternalServerError {
		p.Incident = rand.Text()[:8]
		s.Log.Error("request failed", "incident", p.Incident, "route", route(r), "error", err)
	}
	return p
}

// wantsPage tells whether a failure is for a person's eyes.
func wantsPage(r *http.Request) bool {
	p := r.URL.Path
	if strings.HasPrefix(p, "/api/") || strings.HasPrefix(p, "/.well-known/") || strings.HasPrefix(p, "/status/") || strings.HasPrefix(p, "/ca/") {
		return false
	}
	return !wantsJSON(r)
}

// problemPage says what a problem type means, so that its URI leads somewhere.
func (s *server) problemPage(w http.ResponseWriter, r *http.Request) {
	kind := r.PathValue("type")
	title, known := kinds[kind]
	if !known {
		s.nowhere(w, r, http.StatusNotFound)
		return
	}
	s.pages.message(w, r, http.StatusOK, title, yinzheng.Text{
		ZH: "这是接口返回的一类问题：" + kind + "。每次返回的 detail 和 errors 写明了原因与解决办法。",
		EN: "This is a kind of problem that the API answers with: " + kind + ". Each answer's detail and errors say what was wrong and what to do.",
	})
}
