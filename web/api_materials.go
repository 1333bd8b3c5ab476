package web

import (
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"yinzheng"
)

// materialOperations are the ways to meet a material other than by a file.
func (s *server) materialOperations() []operation {
	const application = "/api/v1/applications/{id}"
	return []operation{
		{
			method: http.MethodPost, path: application + "/references", id: "refer-to-certificate", tag: "materials", ifMatch: true, status: http.StatusCreated,
			summary: "引用电子证明代替材料；撤下同附件 · Have a certificate in force of the holder's meet a material; it is taken off as an attachment is",
			takes:   typeOf[reference](), gives: typeOf[yinzheng.CaseView](), do: withBody(func(c *call, in *reference) (any, error) {
				return c.changedCase(s.Service.ReferTo(c.Context(), c.by, c.PathValue("id"), c.seen, (*yinzheng.Reference)(in)))
			}),
		},
		{
			method: http.MethodPost, path: application + "/promises", id: "promise-material", tag: "materials", ifMatch: true, status: http.StatusCreated,
			summary: "容缺：约定材料后补；撤下同附件 · Promise that a material follows; it is taken off as an attachment is",
			takes:   typeOf[promise](), gives: typeOf[yinzheng.CaseView](), do: withBody(func(c *call, in *promise) (any, error) {
				return c.changedCase(s.Service.PromiseMaterial(c.Context(), c.by, c.PathValue("id"), c.seen, in.Material))
			}),
		},
		{
			method: http.MethodGet, path: application + "/commitments/{material}", id: "commitment-sheet", tag: "materials",
			summary: "告知承诺书：JSON 或可打印的 PDF，按 Accept · What the applicant signs in a material's place, as JSON or PDF by Accept",
			gives:   typeOf[yinzheng.CommitmentSheet](), media: []string{"application/pdf"}, do: s.commitmentSheet,
		},
		{
			method: http.MethodPost, path: application + "/inspections", id: "inspect-commitment", tag: "materials", ifMatch: true,
			summary: "核查承诺：不实的，证明立即中止，申请人不再适用告知承诺 · Note what came of inspecting a commitment; a false one suspends the certificate and ends the applicant's right to sign any",
			takes:   typeOf[inspection](), gives: typeOf[yinzheng.CaseView](), do: withBody(func(c *call, in *inspection) (any, error) {
				return c.changedCase(s.Service.InspectCommitment(c.Context(), c.by, c.PathValue("id"), c.seen, (*yinzheng.InspectionResult)(in)))
			}),
		},
		{
			method: http.MethodGet, path: "/api/v1/inspections", id: "list-inspections", tag: "materials", summary: "待核查的承诺 · Commitments that my offices are to inspect, first due first",
			queries: []*huma.Param{queryParam("cursor", "string", "next of the page before"), queryParam("limit", "integer", "1 to 200, default 50")},
			gives:   typeOf[inspectionList](), do: func(c *call) (any, error) {
				limit, _ := strconv.Atoi(c.URL.Query().Get("limit"))
				items, next, err := s.Service.PendingInspections(c.Context(), c.by, c.URL.Query().Get("cursor"), limit)
				return orNil(&inspectionList{items, next}, err)
			},
		},
		{
			method: http.MethodPost, path: "/api/v1/commitment-rights/restore", id: "restore-commitments", tag: "materials",
			summary: "恢复告知承诺资格 · Give somebody the right to sign commitments back (administrators of a topmost office, not who found theirs false)",
			takes:   typeOf[restoration](), do: withBody(func(c *call, in *restoration) (any, error) {
				return nil, s.Service.RestoreCommitments(c.Context(), c.by, (*yinzheng.Restoration)(in))
			}),
		},
	}
}

// commitmentSheet answers with what is signed: JSON by default.
func (s *server) commitmentSheet(c *call) (any, error) {
	const asPDF = "application/pdf"
	media := negotiate(c.Header.Get("Accept"), "application/json", asPDF)
	if media == "" {
		return nil, fieldFaultOf(http.StatusNotAcceptable, "not-acceptable", "Accept", "media-type", "承诺书只有 application/json 和 application/pdf 两种格式", "A commitment is application/json or application/pdf")
	}
	sheet, err := s.Service.CommitmentSheet(c.Context(), c.by, c.PathValue("id"), c.PathValue("material"))
	if err != nil || media != asPDF {
		return orNil(sheet, err)
	}
	pdf, err := s.Service.CommitmentPDF(sheet)
	return &file{media, "commitment-" + sheet.Application + "-" + sheet.Material + ".pdf", pdf}, err
}

type inspection yinzheng.InspectionResult

func (b *inspection) member(r *jsonReader, key string) {
	switch key {
	case "material":
		b.Material = r.text(key)
	case "outcome":
		b.Outcome = r.text(key)
	case "opinion":
		b.Opinion = r.text(key)
	default:
		r.unknown(key)
	}
}

type inspectionList struct {
	Items []yinzheng.InspectionView `json:"items"`
	Next  string                    `json:"next,omitempty"`
}

type restoration yinzheng.Restoration

func (b *restoration) member(r *jsonReader, key string) {
	switch key {
	case "id":
		b.ID = r.id(key)
	case "reason":
		b.Reason = r.text(key)
	default:
		r.unknown(key)
	}
}

type promise struct {
	Material string `json:"material" doc:"key of a material that may follow"`
}

func (b *promise) member(r *jsonReader, key string) {
	switch key {
	case "material":
		b.Material = r.text(key)
	default:
		r.unknown(key)
	}
}

type reference yinzheng.Reference

func (b *reference) member(r *jsonReader, key string) {
	switch key {
	case "material":
		b.Material = r.text(key)
	case "certificate":
		b.Certificate = r.text(key)
	default:
		r.unknown(key)
	}
}
