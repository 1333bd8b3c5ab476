package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

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
	line.When, line.Tone = due(yinzheng.Wait{Due: q.Due, Late: q.Late && q.State == yinzheng.RequestSent || q.Unanswered}, s.Service.Now())
	return line
}

// requestsPage lists the requests that wait, page by page, and after the last of them
// those that their residents mend.
func (s *server) requestsPage(v *visit, view *queueView) error {
	asked := v.URL.Query()
	cursor, states := asked.Get("after"), []yinzheng.RequestState{yinzheng.RequestSent, yinzheng.RequestReturned}
	if asked.Get("state") == string(yinzheng.RequestReturned) {
		states = states[1:]
	}
	for _, state := range states {
		list, next, err := s.Residents.Intake(v.Context(), v.by, state, cursor, pageLines)
		for err == nil && len(list) == 0 && next != "" { // a page of what nobody can read
			list, next, err = s.Residents.Intake(v.Context(), v.by, state, next, pageLines)
		}
		if err != nil {
			return err
		}
		for _, q := range list {
			view.Requests = append(view.Requests, s.requestLine(q))
		}
		if next != "" {
			view.Next = "/work?" + url.Values{"tab": {view.Now.Key}, "state": {string(state)}, "after": {next}}.Encode()
			break
		}
		cursor = ""
	}
	return s.drawQueue(v, view)
}

// intakeView is a request before whoever takes it in.
type intakeView struct {
	requestLine
	Facts     []factRow
	Who       []answerRow
	Materials []intakeMaterial
	Parts     []leaf // that can be returned to be mended
	Office    string
	Beside    *resident.Beside // nil: that was not looked for
	Unlooked  yinzheng.Text    // why it could not be
	Reasons   []yinzheng.Option
	Talk      []talkLine
	May       map[string]bool // acts
	Shown     bool            // the case that it became is there for who looks
	Answered  []answeredFile

	Tried  resident.Step
	Faults []yinzheng.FieldError
}

// Unattached tells whether anything that the resident answered with is not in the case yet.
func (v *intakeView) Unattached() bool {
	return slices.ContainsFunc(v.Answered, func(f answeredFile) bool { return !f.Attached })
}

// AnswerDays is how long a resident is given to answer, unless the clerk says otherwise.
func (v *intakeView) AnswerDays() int { return resident.AnswerDays }

// Mends tells whether a part was ticked to be mended.
func (v *intakeView) Mends(part string) bool { return slices.Contains(v.Tried.Mend, part) }

// clerksStates are the states of a request in a clerk's words, where a resident's are
// others.
var clerksStates = map[yinzheng.RequestState]yinzheng.Text{
	yinzheng.RequestReturned: {ZH: "已退回补正", EN: "to be mended"},
	yinzheng.RequestAsked:    {ZH: "已请居民补充", EN: "asked for something more"}, yinzheng.RequestAnswered: {ZH: "居民已答复", EN: "answered"},
}

// clerksState is a request's state in a clerk's words.
func clerksState(s yinzheng.RequestState) yinzheng.Text {
	if words, ok := clerksStates[s]; ok {
		return words
	}
	return requestStates[s]
}

// StateName is a request's state in words.
func (d *desk) StateName(s yinzheng.RequestState) string { return d.T(clerksState(s)) }

// talkLine is something that the office said to the resident, or they answered.
type talkLine struct {
	At   time.Time
	Who  yinzheng.Text
	What yinzheng.Text
	Text string
}

// talk lays out what was said about a request.
func (s *server) talk(q *resident.Request) []talkLine {
	var out []talkLine
	for _, x := range q.Said {
		out = append(out, talkLine{x.At, both(s.officeName(x.Office)), clerksState(x.State), x.Text})
	}
	for _, x := range q.Answers {
		out = append(out, talkLine{x.At, yinzheng.Text{ZH: "居民", EN: "the resident"}, clerksState(yinzheng.RequestAnswered), x.Text})
	}
	slices.SortStableFunc(out, func(a, b talkLine) int { return a.At.Compare(b.At) })
	return out
}

// answeredFile is a file with which a resident answered.
type answeredFile struct {
	resident.File
	What     yinzheng.Text
	Attached bool // to the case already
}

// intakeMaterial is what there is of a material.
type intakeMaterial struct {
	yinzheng.Material
	Files   []resident.File
	Instead *resident.Instead
	Words   yinzheng.Text // of what stands in its place
	Checked *yinzheng.CheckedReference
}

func (s *server) intakePage(v *visit) error {
	q, err := s.Residents.At(v.Context(), v.by, v.PathValue("id"))
	if err != nil {
		return err
	}
	return s.drawIntake(v, http.StatusOK, q, &intakeView{})
}

func (s *server) drawIntake(v *visit, status int, q *resident.Request, view *intakeView) error {
	view.requestLine, view.Reasons, view.Office, view.Talk = s.requestLine(q), resident.RefusalReasons, s.officeName(q.Office), s.talk(q)
	if q.Content != nil {
		view.Facts = factRows(&yinzheng.CaseView{Of: q.Of, Values: q.Values}, nil)
		view.Who, view.Materials, view.Parts = whoAsks(q), intakeMaterials(q), leaves(q)[1:]
	}
	if view.Beside, view.Unlooked = s.lookBeside(v.Context(), v.by, q); view.Beside != nil {
		s.drawBeside(q, view)
	}
	if err := s.whatMay(v, q, view); err != nil {
		return err
	}
	return s.draw(v, status, "staff-request", q.Of.Name, view)
}

// lookBeside holds a request that waits to be taken in against what is on record, and
// other cases; nil with the reason when that fails, since it can be answered all the same.
func (s *server) lookBeside(ctx context.Context, by *yinzheng.Account, q *resident.Request) (*resident.Beside, yinzheng.Text) {
	if q.State != yinzheng.RequestSent || q.Unread {
		return nil, yinzheng.Text{}
	}
	beside, err := s.Residents.Beside(ctx, by, q)
	var wrong *yinzheng.Error
	switch {
	case err == nil:
		return beside, yinzheng.Text{}
	case errors.As(err, &wrong) && (errors.Is(err, yinzheng.ErrInvalid) || errors.Is(err, yinzheng.ErrState)):
		return nil, wrong.Text
	}
	s.Log.Warn("holding a request against what is on record", "request", q.ID, "error", err)
	return nil, yinzheng.Text{
		ZH: "没能与登记比对，也没能查找是否重复。请刷新再试；受理后会再查。",
		EN: "It could not be held against the record, nor duplicates looked for. Reload to try again; both are done once it is taken in.",
	}
}

// drawBeside puts what a request is held against beside what it says.
func (s *server) drawBeside(q *resident.Request, view *intakeView) {
	for i := range view.Materials {
		view.Materials[i].Checked = view.Beside.References[view.Materials[i].Key]
	}
	if view.Beside.Record != nil {
		s.besideRecord(view.Facts, q.Of, view.Beside.Record)
	}
}

// whatMay says what may be done to a request now, and of one whose case waits for the
// resident's answer, what they have sent.
func (s *server) whatMay(v *visit, q *resident.Request, view *intakeView) error {
	acts, c, err := s.Residents.MayNow(v.Context(), v.by, q)
	if err != nil {
		return err
	}
	view.May, view.Shown = map[string]bool{}, c != nil
	for _, act := range acts {
		view.May[string(act)] = true
	}
	if c == nil {
		return nil
	}
	for _, f := range q.Answering() {
		attached := slices.ContainsFunc(c.Attachments, func(x yinzheng.AttachmentView) bool {
			return x.Material == f.Material && x.Digest == f.Digest
		})
		view.Answered = append(view.Answered, answeredFile{f, q.Of.MaterialName(f.Material), attached})
	}
	return nil
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

// intakeForm does to a request what a clerk pressed, and leads to where that is gone on
// with.
func (s *server) intakeForm(v *visit) error {
	id, form := v.PathValue("id"), v.PostForm
	days, err := strconv.Atoi(cmp.Or(form.Get("days"), "0"))
	if err != nil {
		days = -1 // which nobody is given
	}
	do := resident.Step{Action: yinzheng.RequestAct(form.Get("act")), Text: form.Get("text"), Reason: form.Get("reason"), Mend: form["mend"], Days: days}
	for _, file := range form["file"] {
		n, _ := strconv.Atoi(file) // 0 is no file's number
		do.Files = append(do.Files, n)
	}
	q, err := s.Residents.Act(v.Context(), v.by, id, v.seen(), &do)
	var wrong *yinzheng.Error
	switch {
	case errors.Is(err, yinzheng.ErrInvalid) && errors.As(err, &wrong):
		q, readErr := s.Residents.At(v.Context(), v.by, id)
		if readErr != nil {
			return readErr
		}
		return s.drawIntake(v, faultOf(err).status, q, &intakeView{Tried: do, Faults: wrong.Fields})
	case err != nil:
		return err
	}
	switch do.Action {
	case yinzheng.TakeRequest:
		return v.see("/work/cases/"+q.Case+"/edit?check=1", "taken-in")
	case yinzheng.AttachAnswer:
		return v.see("/work/cases/"+q.Case+"/edit", "answer-attached")
	case yinzheng.AskResident:
		return v.see("/work/requests/"+id, "resident-asked")
	}
	return v.see("/work?tab=requests", "request-"+string(q.State))
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
	v.w.Header().Set("Content-Disposition", `attachment; filename="`+sentName(v.PathValue("id"), f)+`"`)
	writeBody(v.w, http.StatusOK, f.Type, content)
	return nil
}

// sentName is what a file of a request is called when it is downloaded.
func sentName(request string, f *resident.File) string {
	return fmt.Sprintf("%s-%d%s", request, f.ID, yinzheng.FileEnding(f.Type))
}
