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
		{
			method: http.MethodPost, path: application + "/promises", id: "promise-material", tag: "materials", ifMatch: true, status: http.StatusCreated,
			summary: "容缺：约定材料后补；撤下同附件 · Promise that a material follows; it is taken off as an attachment is",
			takes:   typeOf[promise](), gives: typeOf[yinzheng.CaseView](), do: withBody(func(c *call, in *promise) (any, error) {
				return c.changedCase(s.Service.PromiseMaterial(c.Context(), c.by, c.PathValue("id"), c.seen, in.Material))
			}),
		},
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
