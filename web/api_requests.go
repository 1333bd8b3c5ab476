package web

import (
	"cmp"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"yinzheng"
	"yinzheng/resident"
)

// requestOperations are about what residents ask for online.
func (s *server) requestOperations() []operation {
	const all, one = "/api/v1/requests", "/api/v1/requests/{id}"
	return []operation{
		{
			method: http.MethodGet, path: all, id: "list-requests", tag: "requests", summary: "本单位的网上申请，身份已核实的在前，再按期限 · What residents have asked my office for: of verified people first, and first due first",
			queries: []*huma.Param{
				queryParam("state", "string", "sent (waits to be taken in, the default), returned, taken, asked, answered, refused, withdrawn or lapsed"),
				queryParam("cursor", "string", "next of the page before"), queryParam("limit", "integer", "1 to 200, default 50"),
			},
			gives: typeOf[requestLines](), do: s.listRequests,
		},
		{
			method: http.MethodGet, path: one, id: "get-request", tag: "requests",
			summary: "一件网上申请；待受理的，附与登记、与其他办件的比对，查看登记记录在案 · A request with its content; one that waits to be taken in is held against the register, which is recorded as a look at it, and against other cases",
			gives:   typeOf[requestJSON](), do: s.getRequest,
		},
		{
			method: http.MethodGet, path: one + "/files/{file}", id: "open-request-file", tag: "requests", summary: "下载居民传的文件 · A file that a resident sent; who opens it is recorded",
			media: []string{"image/jpeg", "application/pdf"}, do: func(c *call) (any, error) {
				n, _ := strconv.Atoi(c.PathValue("file")) // 0 is no file's number
				content, f, err := s.Residents.FileAt(c.Context(), c.by, c.PathValue("id"), n)
				if err != nil {
					return nil, err
				}
				return &file{f.Type, sentName(c.PathValue("id"), f), content}, nil
			},
		},
		{
			method: http.MethodPost, path: one + "/acts", id: "act-on-request", tag: "requests", ifMatch: true,
			summary: "受理为办件、退回补正、不予受理；受理后请居民补充、把答复附到办件 · Take a request in as a case, return or refuse it; afterwards ask the resident for something, and attach what they answer with",
			takes:   typeOf[requestStep](), gives: typeOf[requestJSON](), do: withBody(func(c *call, in *requestStep) (any, error) {
				q, err := s.Residents.Act(c.Context(), c.by, c.PathValue("id"), c.seen, (*resident.Step)(in))
				return orNil(s.seenRequest(c, q, changed(err)))
			}),
		},
	}
}

func (s *server) listRequests(c *call) (any, error) {
	asked := c.URL.Query()
	state := yinzheng.RequestState(cmp.Or(asked.Get("state"), string(yinzheng.RequestSent)))
	if _, known := requestStates[state]; !known || state == yinzheng.RequestDraft {
		return nil, fieldFaultOf(http.StatusUnprocessableEntity, "invalid", "state", "choice", "没有这个状态", "There is no such state")
	}
	limit, _ := strconv.Atoi(asked.Get("limit")) // 0 is the default
	list, next, err := s.Residents.Intake(c.Context(), c.by, state, asked.Get("cursor"), limit)
	if err != nil {
		return nil, err
	}
	lines := requestLines{Items: []requestSummary{}, Next: next}
	for _, q := range list {
		lines.Items = append(lines.Items, summaryOf(q))
	}
	return &lines, nil
}

type requestLines struct {
	Items []requestSummary `json:"items"`
	Next  string           `json:"next,omitempty" doc:"cursor of the next page"`
}

// requestSummary is a request as a list shows it.
type requestSummary struct {
	ID       string                `json:"id"`
	Version  int                   `json:"version"`
	State    yinzheng.RequestState `json:"state"`
	Item     string                `json:"item"`
	Template int                   `json:"template_version"`
	Holder   string                `json:"holder,omitempty"`
	Office   string                `json:"office" doc:"that it was sent to"`
	Division string                `json:"division,omitempty"`
	Vouched  bool                  `json:"vouched" doc:"a provider of identities vouches for who asks; of anybody else the document is compared"`
	Changed  time.Time             `json:"changed_at"`
	Due      *time.Time            `json:"due,omitempty" doc:"sent: end of the limit for taking it in; asked: by when the resident should answer"`
	Late     bool                  `json:"late,omitempty" doc:"sent: past the limit, and the office above was told"`
	Silent   bool                  `json:"unanswered,omitempty" doc:"asked: the day is past, and the clerks were told"`
	Case     string                `json:"application,omitempty" doc:"which it became"`
}

func summaryOf(q *resident.Request) requestSummary {
	x := requestSummary{
		ID: q.ID, Version: q.Version, State: q.State, Item: q.Template.Code, Template: q.Template.Version, Holder: q.Values.String(q.Of.Token.Name),
		Office: q.Office, Division: q.Division, Vouched: q.Vouched(), Changed: q.Changed, Late: q.Late, Silent: q.Unanswered, Case: q.Case,
	}
	if !q.Due.IsZero() {
		x.Due = &q.Due
	}
	return x
}

// requestJSON is a request with its content.
type requestJSON struct {
	requestSummary
	Hidden    bool                        `json:"hidden,omitempty" doc:"there is no content: it was erased in time, or its resident took it back"`
	Applicant *yinzheng.Applicant         `json:"applicant,omitempty"`
	Values    yinzheng.Values             `json:"values,omitempty"`
	Files     []resident.File             `json:"files,omitempty"`
	Instead   map[string]resident.Instead `json:"instead,omitempty" doc:"by material: what stands in the place of files"`
	Said      []resident.Said             `json:"said,omitempty" doc:"by the office"`
	Answers   []resident.Answered         `json:"answers,omitempty" doc:"to what was asked after it was taken in"`
	Answering []int                       `json:"answering,omitempty" doc:"numbers of the files with which the resident answers what was asked last"`
	May       []yinzheng.RequestAct       `json:"may"`
	Beside    *resident.Beside            `json:"beside,omitempty" doc:"of one that waits to be taken in: what it is held against"`
	Unlooked  *yinzheng.Text              `json:"unlooked,omitempty" doc:"why it could not be held against anything"`
}

// getRequest shows a request and what it is held against.
func (s *server) getRequest(c *call) (any, error) {
	q, err := s.Residents.At(c.Context(), c.by, c.PathValue("id"))
	v, err := s.seenRequest(c, q, err)
	if err != nil {
		return nil, err
	}
	var unlooked yinzheng.Text
	if v.Beside, unlooked = s.lookBeside(c.Context(), c.by, q); unlooked != (yinzheng.Text{}) {
		v.Unlooked = &unlooked
	}
	return v, nil
}

// seenRequest answers with a request and its version as the ETag.
func (s *server) seenRequest(c *call, q *resident.Request, err error) (*requestJSON, error) {
	if err != nil {
		return nil, err
	}
	may, _, err := s.Residents.MayNow(c.Context(), c.by, q)
	if err != nil {
		return nil, err
	}
	c.etag(q.Version)
	v := &requestJSON{requestSummary: summaryOf(q), Hidden: q.Content == nil, May: append([]yinzheng.RequestAct{}, may...)}
	if v.Said = q.Said; v.Hidden {
		return v, nil
	}
	v.Applicant, v.Values, v.Files, v.Instead, v.Answers = &q.Applicant, q.Values, q.Files, q.Instead, q.Answers
	for _, f := range q.Answering() {
		v.Answering = append(v.Answering, f.ID)
	}
	return v, nil
}

type requestStep resident.Step

func (b *requestStep) member(r *jsonReader, key string) {
	switch key {
	case "action":
		b.Action = yinzheng.RequestAct(r.text(key))
	case "text":
		b.Text = r.text(key)
	case "reason":
		b.Reason = r.text(key)
	case "mend":
		b.Mend = r.texts(key)
	case "days":
		order(r, key, &b.Days)
	case "files":
		order(r, key, &b.Files)
	default:
		r.unknown(key)
	}
}
