package web

import (
	"embed"
	"net/http"

	"yinzheng"
)

//go:embed testdata/gallery.html
var gallery embed.FS

// Gallery serves a page of everything that the residents' pages are made of, so
// that it can be looked at before there is a page that needs it.
func Gallery() (http.Handler, error) {
	p, err := newPages()
	if err != nil {
		return nil, err
	}
	if p.templates, err = p.templates.ParseFS(gallery, "testdata/gallery.html"); err != nil {
		return nil, err
	}
	s := &server{pages: p, mux: http.NewServeMux()}
	s.mux.HandleFunc("GET /assets/{file}", s.asset)
	s.mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		h := &hall{shell: s.shell(r, yinzheng.Text{ZH: "样式一览", EN: "Gallery"}, []stage{
			{yinzheng.Text{ZH: "村（社区）受理核实", EN: "The village verifies"}, []yinzheng.Text{{ZH: "东湖社区 · 11月24日办完", EN: "Donghu, done on 24 November"}}, "done"},
			{yinzheng.Text{ZH: "街道审核用印", EN: "The street approves and seals"}, []yinzheng.Text{{ZH: "桥东街道 · 预计11月27日前", EN: "Qiaodong, by 27 November"}}, "now"},
			{yinzheng.Text{ZH: "签发", EN: "Issued"}, nil, ""},
		}), Part: "guide"}
		h.Style, h.Script = p.residentStyle, p.residentScript
		h.Faults = []fieldFault{{"since", "required", "请填写从哪天起住在这里"}, {"photo", "blurred", "照片看不清，请再拍一张"}}
		if err := s.show(w, http.StatusOK, "gallery", h.Lang, h); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	return s.mux, nil
}
