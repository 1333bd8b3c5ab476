package web

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"yinzheng"
	"yinzheng/resident"
)

// requestLine is a request as a list shows it.
type requestLine struct {
	*resident.Request
	Holder string
	When   yinzheng.Text
	Tone   string // of the due date: late, soon or ""
}

func (s *server) requestLine(q *resident.Request) requestLine {
	line := requestLine{Request: q, Holder: cmp.Or(q.Values.String(q.Of.Token.Name), q.ID)}
	line.When, line.Tone = due(yinzheng.Wait{Due: q.Due, Late: q.Late}, s.Service.Now())
	return line
}

// requestsPage lists the requests that wait, what is due first first, and then those
// that their residents mend.
func (s *server) requestsPage(v *visit, view *queueView) error {
	for _, state := range []yinzheng.RequestState{yinzheng.RequestSent, yinzheng.RequestReturned} {
		list, err := s.Residents.Intake(v.Context(), v.by, state)
		if err != nil {
			return err
		}
		for _, q := range list {
			view.Requests = append(view.Requests, s.requestLine(q))
		}
	}
	return s.drawQueue(v, view)
}

// intakeView is a request before whoever takes it in.
type intakeView struct {
	requestLine
	Facts      []factRow
	Who        []answerRow
	Materials  []intakeMaterial
	Parts      []leaf // that can be returned to be mended
	Office     string
	Duplicates []yinzheng.PossibleDuplicate
	Unlooked   bool // for duplicates: that failed
	Reasons    []yinzheng.Option
	Waits      bool

	Act, Text, Reason string // of what was tried
	Mend              []string
	Faults            []yinzheng.FieldError
}

// Mends tells whether a part was ticked to be mended.
func (v *intakeView) Mends(part string) bool { return slices.Contains(v.Mend, part) }

// intakeMaterial is what there is of a material.
type intakeMaterial struct {
	yinzheng.Material
	Files   []resident.File
	Instead *resident.Instead
	Words   yinzheng.Text // of what stands in its place
}

func (s *server) intakePage(v *visit) error {
	q, err := s.Residents.At(v.Context(), v.by, v.PathValue("id"))
	if err != nil {
		return err
	}
	return s.drawIntake(v, http.StatusOK, q, &intakeView{})
}

func (s *server) drawIntake(v *visit, status int, q *resident.Request, view *intakeView) error {
	view.requestLine, view.Reasons, view.Office = s.requestLine(q), resident.RefusalReasons, s.officeName(q.Office)
	view.Waits = q.State == yinzheng.RequestSent
	if q.Content != nil {
		view.Facts = factRows(&yinzheng.CaseView{Of: q.Of, Values: q.Values}, nil)
		view.Who, view.Materials, view.Parts = whoAsks(q), intakeMaterials(q), leaves(q)[1:]
	}
	if view.Waits && !q.Unread {
		var err error
		if view.Duplicates, err = s.Residents.Likely(v.Context(), v.by, q); err != nil && !errors.Is(err, yinzheng.ErrInvalid) {
			s.Log.Warn("looking for cases that a request may repeat", "request", q.ID, "error", err)
			view.Unlooked = true // it can be answered all the same
		}
	}
	return s.draw(v, status, "staff-request", q.Of.Name, view)
}

// whoAsks says who asks, and how that is known.
func whoAsks(q *resident.Request) []answerRow {
	as := q.Applicant.As
	known := yinzheng.Text{ZH: "未经核实，受理或领取时核对证件", EN: "not verified; compare the document when it is taken in or collected"}
	if q.Vouched() {
		known = yinzheng.Text{ZH: "已由身份认证平台核实：" + q.Me.Name, EN: "verified by the identity provider: " + q.Me.Name}
	}
	rows := []answerRow{{Label: yinzheng.Text{ZH: "申请方式", EN: "Applies"}, Values: []yinzheng.Text{asNames[as]}}, {Label: yinzheng.Text{ZH: "身份", EN: "Identity"}, Values: []yinzheng.Text{known}}}
	if as != yinzheng.AsHolder {
		rows = append(rows, answerRow{Label: yinzheng.Text{ZH: "代办人", EN: "Applicant"}, Values: some(q.Applicant.Name, yinzheng.MaskID(q.Applicant.ID), q.Applicant.Authority)})
	}
	return rows
}

func intakeMaterials(q *resident.Request) []intakeMaterial {
	var out []intakeMaterial
	for _, m := range q.Materials() {
		x := intakeMaterial{Material: m, Files: q.FilesOf(m.Key)}
		if in, ok := q.Instead[m.Key]; ok && len(x.Files) == 0 {
			x.Instead, x.Words = &in, insteadWords[in.Way]
		}
		out = append(out, x)
	}
	return out
}

// intakeForm takes a request in, returns it to be mended, or refuses it.
func (s *server) intakeForm(v *visit) error {
	id, form := v.PathValue("id"), v.PostForm
	view := &intakeView{Act: form.Get("act"), Text: form.Get("text"), Reason: form.Get("reason"), Mend: form["mend"]}
	var err error
	switch view.Act {
	case "take":
		var application string
		if application, err = s.Residents.Take(v.Context(), v.by, id, v.seen()); err == nil {
			return v.see("/work/cases/"+application+"/edit?check=1", "taken-in")
		}
	case "return":
		if err = s.Residents.Return(v.Context(), v.by, id, v.seen(), view.Text, view.Mend); err == nil {
			return v.see("/work?tab=requests", "request-returned")
		}
	case "refuse":
		if err = s.Residents.Refuse(v.Context(), v.by, id, v.seen(), view.Reason, view.Text); err == nil {
			return v.see("/work?tab=requests", "request-refused")
		}
	default:
		err = yinzheng.ErrInvalid
	}
	var wrong *yinzheng.Error
	if !errors.Is(err, yinzheng.ErrInvalid) || !errors.As(err, &wrong) {
		return err
	}
	q, readErr := s.Residents.At(v.Context(), v.by, id)
	if readErr != nil {
		return readErr
	}
	view.Faults = wrong.Fields
	return s.drawIntake(v, faultOf(err).status, q, view)
}

// requestFile is a download, as a case's attachment is (attachedFile).
func (s *server) requestFile(v *visit) error {
	n, err := strconv.Atoi(v.PathValue("file"))
	if err != nil {
		n = 0
	}
	content, f, err := s.Residents.FileAt(v.Context(), v.by, v.PathValue("id"), n)
	if err != nil {
		return err
	}
	v.w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s-%d%s"`, v.PathValue("id"), f.ID, yinzheng.FileEnding(f.Type)))
	writeBody(v.w, http.StatusOK, f.Type, content)
	return nil
}
