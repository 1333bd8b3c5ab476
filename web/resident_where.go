package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"yinzheng"
	"yinzheng/resident"
)

// placeView is one stage of choosing where somebody belongs.
type placeView struct {
	Chosen []string // names of the division that was chosen before, from above
	In     []*yinzheng.Division
	Up     string // of the stage before; "": this is the first
	From   []*yinzheng.Division
	Office string // that takes the request in, of the division that was chosen
}

// placeView lists the divisions below one. Where there is only one to choose, that is
// gone through.
func (s *server) placeView(ctx context.Context, q *resident.Request, in string) (*placeView, error) {
	d := s.Service.Directory()
	view := &placeView{Chosen: namesOf(lineOf(d, q.Division))}
	switch o, err := s.Service.IntakeOffice(ctx, q.Of, q.Division, ""); {
	case err != nil:
		return nil, err
	case o != nil:
		view.Office = o.Name
	}
	if d.Division(in) == nil {
		in = ""
	}
	view.From = d.Below(in)
	for len(view.From) == 1 && len(d.Below(view.From[0].Code)) > 0 {
		in = view.From[0].Code
		view.From = d.Below(in)
	}
	view.In = lineOf(d, in)
	return view, nil
}

// lineOf is a division after all that it lies in.
func lineOf(d *yinzheng.Directory, code string) []*yinzheng.Division {
	var out []*yinzheng.Division
	for v := d.Division(code); v != nil && len(out) < 8; v = d.Division(v.Parent) {
		out = append(out, v)
	}
	slices.Reverse(out)
	return out
}

func namesOf(line []*yinzheng.Division) []string {
	var out []string
	for _, v := range line {
		out = append(out, v.Name)
	}
	return out
}

// whereForm goes one stage further, and keeps a division that has none below it.
func (s *server) whereForm(g *guest, view *leafView) error {
	code, d := g.PostForm.Get("division"), s.Service.Directory()
	in := url.Values{"in": {g.PostForm.Get("in")}}
	switch {
	case d.Division(code) == nil:
		view.Faults = []yinzheng.FieldError{{Field: "division", Code: "required", Text: yinzheng.Text{ZH: "请选择一个", EN: "Please choose one"}}}
		return s.drawLeaf(g, http.StatusUnprocessableEntity, view, nil, in)
	case len(d.Below(code)) > 0:
		address := view.Home + "/" + whereLeaf + "?in=" + url.QueryEscape(code)
		if view.ToCheck {
			address += "&back=check"
		}
		seeOther(g.w, address)
		return nil
	}
	saved, err := s.Residents.Save(g.Context(), g.me, view.Request.ID, &resident.Edit{Division: &code})
	return s.answered(g, view, saved, nil, err)
}

// mostWindows is how many offices are listed to choose from.
const mostWindows = 30

// windowView is the choice of the office that takes a request in.
type windowView struct {
	Nearest *yinzheng.Office // nil: there is none
	Chosen  *yinzheng.Office // nil: the nearest
	Found   []*yinzheng.Office
	Sought  string // part of their names
	More    bool   // there are others
}

func (s *server) windowView(ctx context.Context, q *resident.Request, name string) (*windowView, error) {
	d := s.Service.Directory()
	view := &windowView{Chosen: d.Office(d.OfficeNow(q.Chosen)), Sought: name}
	var err error
	if view.Nearest, err = s.Service.IntakeOffice(ctx, q.Of, q.Division, ""); err != nil {
		return nil, err
	}
	view.Found, view.More, err = s.Service.IntakeOffices(ctx, q.Of, q.Division, name, mostWindows)
	view.Found = slices.DeleteFunc(view.Found, func(o *yinzheng.Office) bool { return o == view.Nearest || o == view.Chosen })
	return view, err
}

// windowWords name the office that takes a request in, as its resident has chosen.
func (s *server) windowWords(ctx context.Context, q *resident.Request) ([]yinzheng.Text, error) {
	if q.Chosen != "" {
		return some(s.officeName(q.Chosen)), nil
	}
	o, err := s.Service.IntakeOffice(ctx, q.Of, q.Division, "")
	if o == nil || err != nil {
		return nil, err
	}
	return []yinzheng.Text{{ZH: o.Name + "（就近）", EN: o.Name + " (the nearest)"}}, nil
}
