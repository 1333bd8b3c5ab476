package web

import (
	"net/http"

	"yinzheng"
)

// decisionOperations are decisions on many cases at once.
func (s *server) decisionOperations() []operation {
	return []operation{{
		method: http.MethodPost, path: "/api/v1/decisions", id: "decide-many", tag: "applications",
		summary: "批量审批：逐件办理，逐件给出结果；重发同一请求可查看进展 · One decision on up to 500 cases, each as if it were decided alone, with a result for each; sent again, it tells how each case is by now",
		takes:   typeOf[decisions](), gives: typeOf[decidedList](), do: withBody(s.decideMany),
	}}
}

type decisions struct {
	Cases   []yinzheng.CaseSeen `json:"cases" doc:"1 to 500, each at the version that you have seen"`
	Action  yinzheng.ActionKind `json:"action" enum:"approve,return,reject"`
	Opinion string              `json:"opinion,omitempty" doc:"needed for return and reject"`
	ToStep  string              `json:"to_step,omitempty" doc:"return: an earlier step; left out: to the clerk"`
}

func (b *decisions) member(r *jsonReader, key string) {
	switch key {
	case "cases":
		order(r, key, &b.Cases)
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

type decidedList struct {
	Items []decided `json:"items"`
}

// decided is what became of one case, in the order of the request.
type decided struct {
	ID          string         `json:"id"`
	Done        bool           `json:"done"`
	Again       bool           `json:"again,omitempty" doc:"it had been decided so by the same person before"`
	State       yinzheng.State `json:"state,omitempty" doc:"as it is now"`
	Version     int            `json:"version,omitempty"`
	Certificate string         `json:"certificate,omitempty" doc:"code, once it is issued"`
	Trouble     *yinzheng.Text `json:"trouble,omitempty" doc:"why issuing waits"`
	Problem     *problem       `json:"problem,omitempty" doc:"why it was not decided"`
}

func (s *server) decideMany(c *call, in *decisions) (any, error) {
	rows, err := s.Service.DecideMany(c.Context(), c.by, in.Cases, yinzheng.Decision{Action: in.Action, Opinion: in.Opinion, ToStep: in.ToStep})
	if err != nil {
		return nil, err
	}
	out := &decidedList{Items: make([]decided, len(rows))}
	for i, row := range rows {
		d := decided{ID: row.ID, Done: row.Err == nil, Again: row.Again, State: row.State, Version: row.Version, Certificate: row.Certificate, Trouble: row.Trouble}
		if row.Err != nil {
			err := changed(row.Err)
			d.Problem = s.problemOf(c.Request, faultOf(err), err)
		}
		out.Items[i] = d
	}
	return out, nil
}
