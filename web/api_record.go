package web

import (
	"encoding/json"
	"net/http"

	"yinzheng"
)

// recordOperations are what tells afterwards what happened: events, dossiers,
// and reveals, which are put on record themselves.
func (s *server) recordOperations() []operation {
	const cases = "/api/v1/applications/{id}"
	return []operation{
		{
			method: http.MethodGet, path: cases + "/events", id: "list-events", tag: "record", summary: "相关事件 · What happened around a case: downloads, reveals, exports",
			gives: typeOf[events](), do: func(c *call) (any, error) {
				list, err := s.Service.CaseEvents(c.Context(), c.by, c.PathValue("id"))
				if err != nil {
					return nil, err
				}
				return &events{list}, nil
			},
		},
		{
			method: http.MethodGet, path: cases + "/dossier", id: "export-dossier", tag: "record", summary: "导出卷宗 · Everything on record about a case, as JSON or PDF by Accept; the export is recorded",
			gives: typeOf[yinzheng.Dossier](), media: []string{"application/pdf"}, do: s.dossier,
		},
		{
			method: http.MethodPost, path: "/api/v1/certificates/{code}/holder", id: "reveal-holder", tag: "record",
			summary: "查看持证人完整信息（须写明用途，记入日志） · The holder's full name and document, for a purpose that is recorded",
			takes:   typeOf[reveal](), gives: typeOf[yinzheng.HolderView](), do: withBody(func(c *call, in *reveal) (any, error) {
				return orNil(s.Service.RevealHolder(c.Context(), c.by, c.PathValue("code"), in.Purpose))
			}),
		},
	}
}

type events struct {
	Items []yinzheng.EventView `json:"items"`
}

type reveal struct {
	Purpose string `json:"purpose" doc:"2 to 100 characters, without names or numbers; recorded"`
}

func (b *reveal) member(r *jsonReader, key string) {
	switch key {
	case "purpose":
		b.Purpose = r.text(key)
	default:
		r.unknown(key)
	}
}

// dossier answers with a file to be kept: JSON by default.
func (s *server) dossier(c *call) (any, error) {
	const asPDF = "application/pdf"
	media := negotiate(c.Header.Get("Accept"), "application/json", asPDF)
	if media == "" {
		return nil, fieldFaultOf(http.StatusNotAcceptable, "not-acceptable", "Accept", "media-type", "卷宗只有 application/json 和 application/pdf 两种格式", "A dossier is application/json or application/pdf")
	}
	format, name := "json", "dossier-"+c.PathValue("id")+".json"
	if media == asPDF {
		format, name = "pdf", "dossier-"+c.PathValue("id")+".pdf"
	}
	d, err := s.Service.Dossier(c.Context(), c.by, c.PathValue("id"), format)
	if err != nil {
		return nil, err
	}
	f := &file{media: media, name: name}
	if media == asPDF {
		f.bytes, err = s.Service.DossierPDF(d)
	} else {
		f.bytes, err = json.Marshal(d)
	}
	return f, err
}
