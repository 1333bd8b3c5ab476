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
