package web

import (
	"errors"
	"net/http"
	"slices"
	"strconv"

	"yinzheng"
	"yinzheng/rating"
)

// ratingRoutes are the pages on which residents say how a case was handled.
func (s *server) ratingRoutes() map[string]func(*guest) error {
	return map[string]func(*guest) error{
		"GET /rate/{case}":  s.ratePage,
		"POST /rate/{case}": s.rateForm,
	}
}

// rateView is the form of a rating or, once a case was rated, what became of it.
type rateView struct {
	*rating.Mine
	ItemName yinzheng.Text
	Faces    []face
	Tags     []rating.Tag
	Chosen   map[string]bool
	In       rating.Opinion
	Stages   []stage
	Faults   wrongs
}

// face is a level as it is offered.
type face struct {
	Level int
	Name  yinzheng.Text
}

func faces() []face {
	var out []face
	for level := rating.Excellent; level >= rating.Awful; level-- {
		out = append(out, face{level, rating.Levels[level]})
	}
	return out
}

var rateTitle = yinzheng.Text{ZH: "这次办得怎么样？", EN: "How was it handled?"}

func (s *server) ratePage(g *guest) error {
	return s.drawRate(g, http.StatusOK, &rateView{})
}

// drawRate shows a case of the guest's; whoever has not shown that it is theirs is
// asked to on the page that follows it.
func (s *server) drawRate(g *guest, status int, view *rateView) error {
	id := g.PathValue("case")
	var err error = yinzheng.ErrNotFound
	if g.me != nil {
		view.Mine, err = s.Ratings.Of(g.Context(), g.me, id)
	}
	switch {
	case errors.Is(err, yinzheng.ErrNotFound):
		return g.see(yinzheng.FollowPath+"/"+id, "")
	case err != nil:
		return err
	}
	view.SignIn = view.SignIn && s.Residents.CanIdentify()
	view.ItemName = yinzheng.Text{ZH: view.Case.Item, EN: view.Case.Item}
	if t := s.Service.Newest(view.Case.Item); t != nil {
		view.ItemName = t.Name
	}
	view.Faces, view.Tags, view.Stages = faces(), rating.Tags, followUpStages(view.Mine)
	if view.Worse {
		view.Faces = slices.DeleteFunc(view.Faces, func(f face) bool { return f.Level >= rating.Fair })
	}
	view.Chosen = map[string]bool{}
	for _, key := range view.In.Tags {
		view.Chosen[key] = true
	}
	return s.receive(g, status, "resident-rate", rateTitle, view)
}

// rateForm keeps a rating.
func (s *server) rateForm(g *guest) error {
	id := g.PathValue("case")
	if g.me == nil {
		return g.see(yinzheng.FollowPath+"/"+id, "")
	}
	level, err := strconv.Atoi(g.PostForm.Get("level"))
	if err != nil {
		level = 0 // none was chosen
	}
	in := rating.Opinion{Level: level, Tags: g.PostForm["tag"], Text: g.PostForm.Get("text"), Contact: g.PostForm.Get("contact")}
	err = s.Ratings.Rate(g.Context(), g.me, id, &in)
	if faults := faultsOf(err); faults != nil {
		return s.drawRate(g, http.StatusUnprocessableEntity, &rateView{In: in, Faults: faults})
	}
	if err != nil {
		return err
	}
	return g.see("/rate/"+id, "rated")
}

// followUpStages are the stages of what follows from a bad rating; none of a good
// one.
func followUpStages(m *rating.Mine) []stage {
	if m.State == "" {
		return nil
	}
	call := stage{Name: yinzheng.Text{ZH: "回访", EN: "Call back"}}
	right := stage{Name: yinzheng.Text{ZH: "整改并答复", EN: "Put right, with an answer"}}
	switch {
	case m.State == rating.Open:
		call.Class, call.Lines = "now", []yinzheng.Text{before(m.Call)}
		right.Lines = []yinzheng.Text{before(m.Settle)}
	case m.State == rating.Called:
		call.Class, call.Lines = "done", []yinzheng.Text{on(m.Called)}
		right.Class, right.Lines = "now", []yinzheng.Text{before(m.Settle)}
	default:
		call.Class, call.Lines = "done", []yinzheng.Text{on(m.Called)}
		right.Class, right.Lines = "done", []yinzheng.Text{on(m.Settled), outcomes[m.Outcome]}
	}
	received := stage{yinzheng.Text{ZH: "已收到，交给上级单位", EN: "Received, and given to the office above"}, []yinzheng.Text{on(m.At)}, "done"}
	return []stage{received, call, right}
}

// outcomes are those of a follow-up in words.
var outcomes = map[string]yinzheng.Text{
	rating.PutRight:    {ZH: "已整改", EN: "Put right"},
	rating.Unjustified: {ZH: "经核实，未发现问题", EN: "Looked into; nothing wrong was found"},
}
