package web

import (
	"net/http"

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
