package web

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"yinzheng/rating"
)

// ratingOperations are about what follows from bad ratings, and counts of all.
func (s *server) ratingOperations() []operation {
	const all, one = "/api/v1/ratings", "/api/v1/ratings/{case}"
	return []operation{
		{
			method: http.MethodGet, path: all, id: "list-follow-ups", tag: "ratings", summary: "要我回访的差评，期限近的在前 · Bad ratings that I am to follow up, first due first",
			gives: typeOf[followUpLines](), do: func(c *call) (any, error) {
				lines, err := s.Ratings.FollowUps(c.Context(), c.by)
				return orNil(&followUpLines{lines}, err)
			},
		},
		{
			method: http.MethodGet, path: one, id: "get-follow-up", tag: "ratings", summary: "一件差评回访；被评的单位看不到 · One follow-up; the office that was rated is shown none",
			gives: typeOf[rating.FollowUp](), do: func(c *call) (any, error) {
				return c.seenFollowUp(s.Ratings.FollowUp(c.Context(), c.by, c.PathValue("case")))
			},
		},
		{
			method: http.MethodPost, path: one + "/acts", id: "act-on-follow-up", tag: "ratings", ifMatch: true, summary: "记下回访、办结并答复 · Note that the resident was called back, or settle it with an answer",
			takes: typeOf[followUpDone](), gives: typeOf[rating.FollowUp](), do: withBody(func(c *call, in *followUpDone) (any, error) {
				view, err := s.Ratings.Act(c.Context(), c.by, c.PathValue("case"), c.seen, (*rating.Done)(in))
				return c.seenFollowUp(view, changed(err))
			}),
		},
		{
			method: http.MethodGet, path: "/api/v1/rating-report", id: "report-ratings", tag: "ratings", queries: []*huma.Param{
				queryParam("quarter", "string", "one that has ended, such as 2026-Q3"),
			},
			summary: "一个季度各单位各等次件数（系统管理员）；不足五件的不给件数 · Counts of a quarter by office and level (administrators); of an office with fewer than five they are left out",
			gives:   typeOf[ratingReport](), do: func(c *call) (any, error) {
				quarter, err := rating.ParseQuarter(c.URL.Query().Get("quarter"))
				if err != nil {
					return nil, err
				}
				counts, err := s.Ratings.Count(c.Context(), c.by, quarter)
				return orNil(&ratingReport{counts}, err)
			},
		},
	}
}

type followUpLines struct {
	Items []rating.Summary `json:"items"`
}

type ratingReport struct {
	Offices []rating.OfficeCount `json:"offices"`
}

// seenFollowUp answers with a follow-up and its version as the ETag.
func (c *call) seenFollowUp(view *rating.FollowUp, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	c.etag(view.Version)
	return view, nil
}

type followUpDone rating.Done

func (b *followUpDone) member(r *jsonReader, key string) {
	switch key {
	case "action":
		b.Action = rating.Doing(r.text(key))
	case "reached":
		order(r, key, &b.Reached)
	case "outcome":
		b.Outcome = r.text(key)
	case "text":
		b.Text = r.text(key)
	default:
		r.unknown(key)
	}
}
