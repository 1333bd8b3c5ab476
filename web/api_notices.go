package web

import (
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"yinzheng"
)

// noticeOperations are what people are told, who stands in for whom, and the
// calendar that limits go by.
func (s *server) noticeOperations() []operation {
	const delegations, calendar = "/api/v1/delegations", "/api/v1/calendar"
	return []operation{
		{
			method: http.MethodGet, path: "/api/v1/notices", id: "list-notices", tag: "notices", summary: "通知 · What the people of my posts were told, newest first",
			queries: []*huma.Param{queryParam("before", "integer", "id of the last notice seen"), queryParam("limit", "integer", "1 to 200, default 50")},
			gives:   typeOf[noticeList](), do: func(c *call) (any, error) {
				limit, _ := strconv.Atoi(c.URL.Query().Get("limit"))
				list, err := s.Service.Notices(c.Context(), c.by, c.before(), limit)
				return &noticeList{list}, err
			},
		},
		{
			method: http.MethodGet, path: delegations, id: "list-delegations", tag: "delegations", summary: "委托 · Delegations from and to me, or those of an office (administrators)",
			queries: []*huma.Param{queryParam("office", "string", "ID of an office that I administer; without it: mine")},
			gives:   typeOf[delegationList](), do: func(c *call) (any, error) {
				if office := c.URL.Query().Get("office"); office != "" {
					list, err := s.Service.DelegationsOf(c.Context(), c.by, office)
					return orNil(&delegationList{list}, err)
				}
				list, err := s.Service.Delegations(c.Context(), c.by)
				return &delegationList{list}, err
			},
		},
		{
			method: http.MethodPost, path: delegations, id: "create-delegation", tag: "delegations", summary: "委托他人代办 · Lend a post of mine to a colleague for a time", status: http.StatusCreated,
			takes: typeOf[newDelegation](), gives: typeOf[yinzheng.Delegation](), do: withBody(func(c *call, in *newDelegation) (any, error) {
				return orNil(s.Service.Delegate(c.Context(), c.by, (*yinzheng.Delegation)(in)))
			}),
		},
		{
			method: http.MethodDelete, path: delegations + "/{id}", id: "end-delegation", tag: "delegations", summary: "终止委托 · End a delegation now: mine, or one in my offices (administrators)",
			do: func(c *call) (any, error) {
				return nil, s.Service.EndDelegation(c.Context(), c.by, c.PathValue("id"))
			},
		},
		{
			method: http.MethodGet, path: calendar, id: "get-calendar", tag: "calendar", summary: "节假日与调休 · Holidays and made-up working days",
			gives: typeOf[calendarDays](), do: func(c *call) (any, error) {
				days, err := s.Service.CalendarDays(c.Context())
				return &calendarDays{days}, err
			},
		},
		{
			method: http.MethodPut, path: calendar, id: "put-calendar", tag: "calendar", summary: "更新日历 · Add or replace days (administrators)",
			takes: typeOf[calendarDays](), gives: typeOf[calendarDays](), do: withBody(func(c *call, in *calendarDays) (any, error) {
				days, err := s.Service.PutCalendar(c.Context(), c.by, in.Days)
				return &calendarDays{days}, err
			}),
		},
	}
}

type noticeList struct {
	Items []yinzheng.Notice `json:"items"`
}

type delegationList struct {
	Items []yinzheng.Delegation `json:"items"`
}

type newDelegation yinzheng.Delegation

func (b *newDelegation) member(r *jsonReader, key string) {
	switch key {
	case "to":
		b.To = r.text(key)
	case "office":
		b.Office = r.text(key)
	case "role":
		b.Role = yinzheng.Role(r.text(key))
	case "begin":
		b.Begin = r.moment(key)
	case "end":
		b.End = r.moment(key)
	default:
		r.unknown(key)
	}
}

type calendarDays struct {
	Days []yinzheng.CalendarDay `json:"days"`
}

func (b *calendarDays) member(r *jsonReader, key string) {
	if key != "days" {
		r.unknown(key)
		return
	}
	list, ok := r.any(key).([]any)
	if !ok {
		r.refuse(key, "type", "应为列表", "Expected a list")
	}
	for _, e := range list {
		m, _ := e.(map[string]any)
		date, isText := m["date"].(string)
		working, isBool := m["working"].(bool)
		name, _ := m["name"].(string)
		if !isText || !isBool {
			r.refuse(key, "type", "每一天应为 {date, working, name}", "Each day is {date, working, name}")
			return
		}
		b.Days = append(b.Days, yinzheng.CalendarDay{Date: date, Working: working, Name: name})
	}
}

// moment reads an RFC 3339 time; what is none is the zero time, which the
// domain refuses.
func (r *jsonReader) moment(key string) time.Time {
	t, err := time.Parse(time.RFC3339, r.text(key))
	if err != nil {
		return time.Time{}
	}
	return t
}
