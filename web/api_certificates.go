package web

import (
	"net/http"

	"yinzheng"
)

func (s *server) certificateOperations() []operation {
	const certificate = "/api/v1/certificates/{code}"
	return []operation{
		{
			method: http.MethodGet, path: certificate, id: "get-certificate", tag: "certificates", summary: "查看证明 · A certificate's record",
			gives: typeOf[yinzheng.CertificateView](), do: func(c *call) (any, error) {
				return orNil(s.Service.Certificate(c.Context(), c.by, c.PathValue("code")))
			},
		},
		{
			method: http.MethodGet, path: certificate + "/pdf", id: "download-certificate", tag: "certificates", summary: "下载 PDF · The PDF as issued; who downloads is recorded",
			media: []string{"application/pdf"}, do: func(c *call) (any, error) {
				pdf, name, err := s.Service.CertificatePDF(c.Context(), c.by, c.PathValue("code"))
				return &file{media: "application/pdf", name: name, bytes: pdf}, err
			},
		},
	}
}

// sampleOperations are a new system's: how far it is, and a sample that proves it.
func (s *server) sampleOperations() []operation {
	return []operation{
		{
			method: http.MethodGet, path: "/api/v1/setup", id: "get-setup", tag: "issuing", summary: "开始使用 · How far a new system is (administrators of the topmost office)",
			gives: typeOf[yinzheng.Setup](), do: func(c *call) (any, error) { return orNil(s.Service.Setup(c.Context(), c.by)) },
		},
		{
			method: http.MethodPost, path: "/api/v1/samples", id: "make-sample", tag: "issuing", status: http.StatusCreated, idempotent: true,
			summary: "样本：不证明任何事项，用来检查印章和核验 · A certificate of nothing, to see that seal and verifying work",
			takes:   typeOf[sampling](), gives: typeOf[yinzheng.SampleView](), do: withBody(func(c *call, in *sampling) (any, error) {
				v, again, err := s.Service.MakeSample(c.Context(), c.by, in.Office, c.key())
				return v, c.created(again, err)
			}),
		},
		{
			method: http.MethodGet, path: "/api/v1/samples/newest/pdf", id: "download-sample", tag: "issuing", summary: "最近一张样本的 PDF · The newest sample's PDF",
			media: []string{"application/pdf"}, do: func(c *call) (any, error) {
				cert, pdf, err := s.Service.SamplePDF(c.Context(), c.by)
				if err != nil {
					return nil, err
				}
				return &file{media: "application/pdf", name: "sample-" + cert.Code + ".pdf", bytes: pdf}, nil
			},
		},
	}
}

// sampling is the body of make-sample.
type sampling struct {
	Office string `json:"office"` // whose organ seals it
}

func (b *sampling) member(r *jsonReader, key string) {
	switch key {
	case "office":
		b.Office = r.text(key)
	default:
		r.unknown(key)
	}
}

// orNil keeps a nil pointer from becoming a body.
func orNil[T any](v *T, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return v, nil
}

func (s *server) issuingOperations() []operation {
	const issuing = "/api/v1/issuing"
	return []operation{
		{
			method: http.MethodGet, path: issuing, id: "list-waiting", tag: "issuing", summary: "签发受阻的办件 · Cases whose certificate could not be made yet (administrators)",
			gives: typeOf[waiting](), do: func(c *call) (any, error) {
				cases, err := s.Service.WaitingCases(c.Context(), c.by)
				if err != nil {
					return nil, err
				}
				return &waiting{cases}, nil
			},
		},
		{
			method: http.MethodPost, path: issuing + "/{id}/retry", id: "retry-issuing", tag: "issuing", summary: "立即重试 · Try again now",
			do: func(c *call) (any, error) { return nil, s.Service.RetryIssue(c.Context(), c.by, c.PathValue("id")) },
		},
		{
			method: http.MethodPost, path: issuing + "/{id}/void", id: "void-issuing", tag: "issuing", summary: "作废编号，退回已批准 · Void the number; the case is approved again",
			takes: typeOf[voiding](), do: withBody(func(c *call, in *voiding) (any, error) {
				return nil, s.Service.VoidIssue(c.Context(), c.by, c.PathValue("id"), in.Reason)
			}),
		},
	}
}

type waiting struct {
	Items []yinzheng.WaitingCase `json:"items"`
}

type voiding struct {
	Reason string `json:"reason"`
}

func (b *voiding) member(r *jsonReader, key string) {
	switch key {
	case "reason":
		b.Reason = r.text(key)
	default:
		r.unknown(key)
	}
}
