package web

import (
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"yinzheng"
	"yinzheng/campaign"
)

// campaignOperations are checks over all holders of an item.
func (s *server) campaignOperations() []operation {
	const campaigns, one = "/api/v1/campaigns", "/api/v1/campaigns/{id}"
	try := queryParam("try", "boolean", "true: say what it would be, and keep nothing")
	return []operation{
		{
			method: http.MethodPost, path: campaigns, id: "start-campaign", tag: "campaigns", status: http.StatusCreated, idempotent: true, queries: []*huma.Param{try},
			summary: "发起核验：对一个事项的全部持证人或一份名单 · Start a campaign over all holders of an item, or a list of people (approvers, administrators)",
			takes:   typeOf[newCampaign](), gives: typeOf[campaign.CampaignView](), do: withBody(func(c *call, in *newCampaign) (any, error) {
				try, err := c.try()
				if err != nil {
					return nil, err
				}
				return s.startCampaign(c, (*campaign.NewCampaign)(in), try)
			}),
		},
		{
			method: http.MethodPost, path: campaigns + "/import", id: "import-campaign", tag: "campaigns", status: http.StatusCreated, idempotent: true, queries: []*huma.Param{
				try, queryParam("item", "string", "code of the item"), queryParam("period", "string", "month, such as 2026-11"), queryParam("until", "string", "last day; left out: the month's"), queryParam("office", "string", "left out: your own"),
			},
			summary: "以名单文件发起核验（CSV、xlsx：证件号码、姓名、区划代码） · Start a campaign over the people of a file",
			gives:   typeOf[campaign.CampaignView](), do: s.importCampaign,
		},
		{
			method: http.MethodGet, path: campaigns, id: "list-campaigns", tag: "campaigns", summary: "历次核验 · Campaigns in my area, the newest first",
			gives: typeOf[campaignList](), do: func(c *call) (any, error) {
				list, err := s.Campaigns.List(c.Context(), c.by)
				return orNil(&campaignList{list}, err)
			},
		},
		{
			method: http.MethodGet, path: one, id: "get-campaign", tag: "campaigns", summary: "核验的进展 · A campaign with how far it is, place by place",
			gives: typeOf[campaign.CampaignView](), do: func(c *call) (any, error) {
				return c.seenCampaign(s.Campaigns.View(c.Context(), c.by, c.PathValue("id")))
			},
		},
		{
			method: http.MethodPost, path: one + "/acts", id: "act-on-campaign", tag: "campaigns", ifMatch: true,
			summary: "生成本期办件、办结、取消 · Make the cases of the period, end, cancel (approvers and administrators of the office that started it)",
			takes:   typeOf[campaignOrder](), gives: typeOf[campaign.CampaignView](), do: withBody(func(c *call, in *campaignOrder) (any, error) {
				view, err := s.Campaigns.Act(c.Context(), c.by, c.PathValue("id"), c.seen, in.Action, in.Opinion)
				return c.seenCampaign(view, changed(err))
			}),
		},
		{
			method: http.MethodGet, path: one + "/entries", id: "list-entries", tag: "campaigns", queries: []*huma.Param{
				queryParam("division", "string", "a division and those below; needed for CSV and PDF"), queryParam("outcome", "string", "open, present, absent, dead or disputed"),
				queryParam("case", "string", "state of the case that was made"), queryParam("after", "integer", "next of the page before"), queryParam("limit", "integer", "1 to 500, default 100"),
			},
			summary: "名单：JSON，或按村导出 CSV、可打印的 PDF（记入日志） · The roster, as JSON or, for one division, as CSV or a PDF to print, by Accept; taking one out is recorded",
			gives:   typeOf[entryList](), media: []string{csvType, "application/pdf"}, do: s.campaignEntries,
		},
		{
			method: http.MethodPost, path: one + "/entries", id: "enter-sightings", tag: "campaigns",
			summary: "登记核验结果（健在、不在、去世、更正），逐人给出结果 · Enter what was seen of up to 500 holders, with a result for each",
			takes:   typeOf[sightings](), gives: typeOf[enteredList](), do: withBody(s.enterSightings),
		},
		{
			method: http.MethodGet, path: one + "/entries/{number}", id: "get-entry", tag: "campaigns", summary: "一人的核验经过 · One holder with everything that was entered",
			gives: typeOf[campaign.EntryView](), do: func(c *call) (any, error) {
				number, _ := strconv.Atoi(c.PathValue("number"))
				return orNil(s.Campaigns.Entry(c.Context(), c.by, c.PathValue("id"), number))
			},
		},
	}
}

type campaignList struct {
	Items []*campaign.Campaign `json:"items"`
}

type newCampaign campaign.NewCampaign

func (b *newCampaign) member(r *jsonReader, key string) {
	switch key {
	case "item":
		b.Item = r.text(key)
	case "period":
		b.Period = r.text(key)
	case "until":
		b.Until = r.text(key)
	case "office":
		b.Office = r.text(key)
	case "people":
		order(r, key, &b.People)
	default:
		r.unknown(key)
	}
}

// startCampaign answers 201; the same key and request again, or a try, 200.
func (s *server) startCampaign(c *call, in *campaign.NewCampaign, try bool) (any, error) {
	view, again, err := s.Campaigns.Start(c.Context(), c.by, in, c.key(), try)
	if err := c.created(again || try, err); err != nil {
		return nil, err
	}
	if !try {
		c.w.Header().Set("Location", "/api/v1/campaigns/"+view.ID)
	}
	return c.seenCampaign(view, nil)
}

func (s *server) importCampaign(c *call) (out any, err error) {
	q := c.URL.Query()
	if err := s.Campaigns.MayStart(c.by, q.Get("office")); err != nil { // before a large file is read
		return nil, err
	}
	err = s.imported(c, func(data []byte, try bool) error {
		people, err := campaign.ReadPeople(data)
		if err != nil {
			return err
		}
		out, err = s.startCampaign(c, &campaign.NewCampaign{Item: q.Get("item"), Period: q.Get("period"), Until: q.Get("until"), Office: q.Get("office"), People: people}, try)
		return err
	})
	return out, err
}

// seenCampaign answers with a campaign and its version as the ETag.
func (c *call) seenCampaign(view *campaign.CampaignView, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	c.etag(view.Version)
	return view, nil
}

type campaignOrder struct {
	Action  campaign.Kind `json:"action" enum:"make,end,cancel"`
	Opinion string        `json:"opinion,omitempty" doc:"needed to cancel"`
}

func (b *campaignOrder) member(r *jsonReader, key string) {
	switch key {
	case "action":
		b.Action = campaign.Kind(r.text(key))
	case "opinion":
		b.Opinion = r.text(key)
	default:
		r.unknown(key)
	}
}

type entryList struct {
	Items []campaign.EntryView `json:"items"`
	Next  int                  `json:"next,omitempty" doc:"after of the next page; absent on the last"`
}

func (s *server) campaignEntries(c *call) (any, error) {
	const asPDF = "application/pdf"
	id, q := c.PathValue("id"), c.URL.Query()
	switch negotiate(c.Header.Get("Accept"), "application/json", csvType, asPDF) {
	case csvType:
		return s.campaignPaper(c, id, "csv", csvType)
	case asPDF:
		return s.campaignPaper(c, id, "pdf", asPDF)
	case "":
		return nil, fieldFaultOf(http.StatusNotAcceptable, "not-acceptable", "Accept", "media-type", "名单只有 application/json、text/csv 和 application/pdf 三种格式", "A roster is application/json, text/csv or application/pdf")
	}
	after, err := number(q.Get("after"), "after")
	if err != nil {
		return nil, err
	}
	limit, err := number(q.Get("limit"), "limit")
	if err != nil {
		return nil, err
	}
	list, next, err := s.Campaigns.Entries(c.Context(), c.by, id, campaign.EntryQuery{
		Division: q.Get("division"), Outcome: campaign.Outcome(q.Get("outcome")), Case: yinzheng.State(q.Get("case")), After: after, Limit: limit,
	})
	return orNil(&entryList{list, next}, err)
}

// number reads a count from a query; left out, it is 0.
func number(text, field string) (int, error) {
	n, err := strconv.ParseUint(text, 10, 31)
	if text != "" && err != nil {
		return 0, fieldFaultOf(http.StatusUnprocessableEntity, "invalid", field, "number", "应为整数", "Expected a whole number")
	}
	return int(n), nil
}

func (s *server) campaignPaper(c *call, id, format, media string) (any, error) {
	p, err := s.Campaigns.Paper(c.Context(), c.by, id, c.URL.Query().Get("division"), format)
	if err != nil {
		return nil, err
	}
	f := &file{media: media, name: "campaign-" + id + "-" + c.URL.Query().Get("division") + "." + format}
	if format == "csv" {
		f.bytes, err = p.CSV()
	} else {
		f.bytes, err = s.Campaigns.PDF(p)
	}
	return f, err
}

type sightings struct {
	Entries []campaign.Sighting `json:"entries" doc:"1 to 500"`
}

func (b *sightings) member(r *jsonReader, key string) {
	switch key {
	case "entries":
		order(r, key, &b.Entries)
	default:
		r.unknown(key)
	}
}

type enteredList struct {
	Items []entered `json:"items"`
}

// entered is what became of one sighting, in the order of the request.
type entered struct {
	Entry     int              `json:"entry"`
	Done      bool             `json:"done"`
	Again     bool             `json:"again,omitempty" doc:"the same person had entered the same before"`
	Version   int              `json:"version,omitempty"`
	Outcome   campaign.Outcome `json:"outcome,omitempty"`
	Withdrawn string           `json:"withdrawn,omitempty" doc:"dead: the case of the period that was withdrawn with it"`
	Problem   *problem         `json:"problem,omitempty"`
}

func (s *server) enterSightings(c *call, in *sightings) (any, error) {
	rows, err := s.Campaigns.Enter(c.Context(), c.by, c.PathValue("id"), in.Entries)
	if err != nil {
		return nil, err
	}
	out := &enteredList{Items: make([]entered, len(rows))}
	for i, row := range rows {
		e := entered{Entry: row.Entry, Done: row.Err == nil, Again: row.Again, Version: row.Version, Outcome: row.Outcome, Withdrawn: row.Withdrawn}
		if row.Err != nil {
			err := changed(row.Err)
			e.Problem = s.problemOf(c.Request, faultOf(err), err)
		}
		out.Items[i] = e
	}
	return out, nil
}
