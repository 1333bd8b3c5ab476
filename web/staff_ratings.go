package web

import (
	"net/http"

	"yinzheng"
	"yinzheng/rating"
)

// followUpRoutes are the pages of those who follow bad ratings up.
func (s *server) followUpRoutes() map[string]func(*visit) error {
	return map[string]func(*visit) error{
		"GET /work/ratings":         s.followUpsPage,
		"GET /work/ratings/{case}":  s.followUpPage,
		"POST /work/ratings/{case}": s.followUpForm,
	}
}

// followUpLine is a follow-up in a list, with its due day in words.
type followUpLine struct {
	rating.Summary
	When yinzheng.Text
	Tone string
}

func (s *server) followUpsPage(v *visit) error {
	lines, err := s.Ratings.FollowUps(v.Context(), v.by)
	if err != nil {
		return err
	}
	view := make([]followUpLine, len(lines))
	for i, l := range lines {
		view[i].Summary = l
		view[i].When, view[i].Tone = due(yinzheng.Wait{Due: l.Due, Late: l.Late}, s.Service.Now())
	}
	return s.draw(v, http.StatusOK, "staff-ratings", yinzheng.Text{ZH: "差评回访", EN: "Follow-ups of bad ratings"}, view)
}

// followUpView is one follow-up.
type followUpView struct {
	*rating.FollowUp
	When   yinzheng.Text
	Tone   string
	In     rating.Done // what was tried
	Faults []yinzheng.FieldError
}

func (s *server) followUpPage(v *visit) error {
	return s.drawFollowUp(v, http.StatusOK, &followUpView{})
}

func (s *server) drawFollowUp(v *visit, status int, view *followUpView) error {
	var err error
	if view.FollowUp, err = s.Ratings.FollowUp(v.Context(), v.by, v.PathValue("case")); err != nil {
		return err
	}
	view.When, view.Tone = due(yinzheng.Wait{Due: view.Due, Late: view.Late}, s.Service.Now())
	return s.draw(v, status, "staff-rating", yinzheng.Text{ZH: "差评回访", EN: "Follow-up of a bad rating"}, view)
}

// followUpForm notes what was done about a bad rating.
func (s *server) followUpForm(v *visit) error {
	f := v.PostForm
	in := rating.Done{Action: rating.Doing(f.Get("act")), Reached: f.Get("reached") == "true", Outcome: f.Get("outcome"), Text: f.Get("text")}
	_, err := s.Ratings.Act(v.Context(), v.by, v.PathValue("case"), v.seen(), &in)
	if faults := faultsOf(err); faults != nil {
		return s.drawFollowUp(v, http.StatusUnprocessableEntity, &followUpView{In: in, Faults: faults})
	}
	if err != nil {
		return changed(err)
	}
	return v.see("/work/ratings/"+v.PathValue("case"), "rating-"+f.Get("act"))
}

// RatingName names a level.
func (p *shell) RatingName(level int) string { return p.T(rating.Levels[level]) }

// OutcomeOf names an outcome of a follow-up, FollowUpState a state of one.
func (d *desk) OutcomeOf(outcome string) string   { return d.T(outcomes[outcome]) }
func (d *desk) FollowUpState(state string) string { return d.T(followUpStates[state]) }

// proofs are how residents had proven who they are, in words.
var proofs = map[string]yinzheng.Text{
	yinzheng.ByIdentity: {ZH: "本人，身份已核实", EN: "the resident themselves: a provider of identities vouches for them"},
	yinzheng.ByCode:     {ZH: "凭查询码，可能是拿到回执的人", EN: "by a code: it may have been whoever had the slip"},
}

// ProofName says how a resident had proven who they are.
func (d *desk) ProofName(proof string) string { return d.T(proofs[proof]) }

// TagName names a tag.
func (d *desk) TagName(key string) string {
	for _, t := range rating.Tags {
		if t.Key == key {
			return d.T(t.Name)
		}
	}
	return key
}

// RatingLevels are the levels in words, the best first.
func (d *desk) RatingLevels() []yinzheng.Text {
	var out []yinzheng.Text
	for _, f := range faces() {
		out = append(out, f.Name)
	}
	return out
}

// followUpStates are the states of follow-ups in words.
var followUpStates = map[string]yinzheng.Text{
	rating.Open:    {ZH: "待回访", EN: "To be called back"},
	rating.Called:  {ZH: "待整改", EN: "To be put right"},
	rating.Settled: {ZH: "已办结", EN: "Settled"},
}
