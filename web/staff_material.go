package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"yinzheng"
)

// materialsView is what a case needs, how that is met and what may still be done
// about it. It stands on the form, on the page to check and on the case.
type materialsView struct {
	Case    string
	Version int
	Back    string // the page that it stands on: edit, check or ""
	List    []materialView
	Others  []yinzheng.AttachmentView // files that no material asks for
	Shown   []shownView               // what is only shown at the counter
	May     bool                      // files may be added
	Kinds   []materialKind            // what a file beside those asked for can be
	Mending bool                      // files may be taken off
	IDTypes []yinzheng.Option         // of a witness
	Tried   materialTry
}

// materialView is one material that the case needs.
type materialView struct {
	yinzheng.MaterialView
	May      map[string]bool
	Signed   bool // a file of it says how it was signed
	Files    []yinzheng.AttachmentView
	Days     int  // working days in which it may follow
	Withhold bool // nothing is issued before it has come
	Inspect  int  // working days in which a commitment is inspected
}

// shownView is a material that is only shown at the counter.
type shownView struct {
	Key  string
	Name yinzheng.Text
	Seen bool // the clerk has seen it
}

type materialKind struct {
	Key  string
	Name yinzheng.Text
}

// materialTry is what somebody tried about a material, and why it was refused.
type materialTry struct {
	Key    string
	Form   map[string]string
	Faults []yinzheng.FieldError
}

// Field is what was filled in for a material.
func (m *materialsView) Field(key, name string) string {
	if m.Tried.Key != key {
		return ""
	}
	return m.Tried.Form[name]
}

// summed are the faults of a try, each leading to its material.
func (t materialTry) summed() []yinzheng.FieldError {
	var out []yinzheng.FieldError
	for _, f := range t.Faults {
		out = append(out, yinzheng.FieldError{Field: "attachments." + t.Key, Code: f.Code, Text: f.Text})
	}
	return out
}

// materialsOf lays out the materials of a case for the page that shows them.
func materialsOf(c *yinzheng.CaseView, back string, tried materialTry) *materialsView {
	out := &materialsView{Case: c.ID, Version: c.Version, Back: back, Tried: tried, IDTypes: idTypes[:len(idTypes)-1]} // but the last: none
	for _, p := range c.May {
		out.Mending = out.Mending || p.Action == yinzheng.Edit && p.Why == nil
		out.May = out.May || (p.Action == yinzheng.Edit || p.Action == yinzheng.Approve) && p.Why == nil
	}
	asked := map[string]bool{}
	for i := range c.Materials {
		asked[c.Materials[i].Key] = true
		out.List = append(out.List, materialOf(c, &c.Materials[i]))
	}
	for _, f := range c.Attachments {
		if !asked[f.Material] {
			out.Others = append(out.Others, f)
		}
	}
	for _, m := range c.Of.Materials {
		if !asked[m.Key] && m.Key != yinzheng.CommitmentMaterial {
			out.Kinds = append(out.Kinds, materialKind{m.Key, m.Text})
		}
		if !m.Scan {
			out.Shown = append(out.Shown, shownView{m.Key, m.Text, slices.Contains(c.Seen, m.Key)})
		}
	}
	out.Kinds = append(out.Kinds, materialKind{yinzheng.OtherMaterial, yinzheng.Text{ZH: "其他材料", EN: "Other material"}})
	return out
}

func materialOf(c *yinzheng.CaseView, v *yinzheng.MaterialView) materialView {
	m := materialView{MaterialView: *v, May: map[string]bool{}, Signed: v.Key == yinzheng.CommitmentMaterial}
	for _, w := range v.Ways {
		m.May[string(w)] = true
	}
	for _, f := range c.Attachments {
		if f.Material == v.Key {
			m.Files = append(m.Files, f)
		}
	}
	for _, of := range c.Of.Materials {
		if of.Key != v.Key {
			continue
		}
		if of.Later != nil {
			m.Days, m.Withhold = of.Later.Days, of.Later.Issue == yinzheng.IssueWaits
		}
		if of.Commitment != nil {
			m.Inspect = of.Commitment.InspectDays
		}
	}
	return m
}

// back is the address of the page on which somebody looked at the materials.
func back(id, page string) string {
	here := "/work/cases/" + id
	if page == "edit" || page == "check" {
		here += "/" + page
	}
	return here
}

// metAt shows the page again on which a material was met, or why it was not.
func (s *server) metAt(v *visit, page, done string, tried materialTry, err error) error {
	id := v.PathValue("id")
	var e *yinzheng.Error
	if errors.As(err, &e) && len(e.Fields) > 0 && !errors.Is(err, yinzheng.ErrForbidden) {
		c, unseen := s.Service.Application(v.Context(), v.by, id)
		if unseen != nil {
			return unseen
		}
		tried.Faults = e.Fields
		return s.drawMet(v, faultOf(err).status, c, page, tried)
	}
	if err != nil {
		return changed(err)
	}
	seeOther(v.w, back(id, page)+"?done="+done+"#materials")
	return nil
}

// drawMet draws the page on which somebody looked at the materials.
func (s *server) drawMet(v *visit, status int, c *yinzheng.CaseView, page string, tried materialTry) error {
	switch {
	case page == "edit" && mending(c):
		return s.drawForm(v, status, c, &caseForm{Tried: true, Trying: tried}, c.Values, c.Applicant, c.Division)
	case page == "check" && mending(c):
		return s.drawCheck(v, status, c, tried)
	}
	return s.drawCase(v, status, c, &caseView{Trying: tried})
}

// attachForm takes one file. The version stands in the form: a file goes to the
// case that somebody saw.
func (s *server) attachForm(v *visit) error {
	if mediaType(v.Request) != "multipart/form-data" {
		return wrongMediaType("multipart/form-data")
	}
	var tried materialTry
	err := s.received(v.w, v.Request, s.sender(v.Request, v.by), []string{"version", "back", "material", "signed", "witness_name", "witness", "witness.type"}, func(f *form) error {
		tried = materialTry{Key: f.fields["material"], Form: f.fields}
		in := &yinzheng.NewAttachment{Material: tried.Key, Name: f.name, File: f.file, Signed: signedBy(f.fields)}
		seen, err := strconv.Atoi(f.fields["version"])
		if err != nil {
			seen = 0
		}
		_, err = s.Service.AttachFile(v.Context(), v.by, v.PathValue("id"), seen, in)
		return err
	})
	return s.metAt(v, tried.Form["back"], "attached", tried, err)
}

// signedBy is what a form says of how a commitment was signed; nil: nothing. A
// witness counts only beside a fingerprint.
func signedBy(fields map[string]string) *yinzheng.Signing {
	out := &yinzheng.Signing{By: fields["signed"]}
	switch out.By {
	case "":
		return nil
	case yinzheng.ByFingerprint:
		form := url.Values{}
		for name, text := range fields {
			form.Set(name, text)
		}
		out.Witness = &yinzheng.Witness{Name: fields["witness_name"], ID: readDocument(form, "witness")}
	}
	return out
}

// meetForm meets a material otherwise than by a file.
func (s *server) meetForm(v *visit) error {
	id, form := v.PathValue("id"), v.PostForm
	tried := materialTry{Key: form.Get("material"), Form: map[string]string{"certificate": form.Get("certificate")}}
	var err error
	if code := form.Get("certificate"); form.Has("certificate") {
		_, err = s.Service.ReferTo(v.Context(), v.by, id, v.seen(), &yinzheng.Reference{Material: tried.Key, Certificate: code})
	} else {
		_, err = s.Service.PromiseMaterial(v.Context(), v.by, id, v.seen(), tried.Key)
	}
	return s.metAt(v, form.Get("back"), "met", tried, err)
}

// detachForm takes off a file, a reference or a promise.
func (s *server) detachForm(v *visit) error {
	n, err := strconv.Atoi(v.PostForm.Get("file"))
	if err != nil {
		n = 0
	}
	_, err = s.Service.DetachFile(v.Context(), v.by, v.PathValue("id"), v.seen(), n)
	return s.metAt(v, v.PostForm.Get("back"), "detached", materialTry{}, err)
}

// attachedFile is a download, whatever it is: nothing that was sent in is shown
// by the browser.
func (s *server) attachedFile(v *visit) error {
	n, err := strconv.Atoi(v.PathValue("file"))
	if err != nil {
		n = 0
	}
	content, media, name, err := s.Service.OpenAttachment(v.Context(), v.by, v.PathValue("id"), n)
	if err != nil {
		return err
	}
	v.w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	writeBody(v.w, http.StatusOK, media, content)
	return nil
}

// sheetFile is the sheet that an applicant signs in a material's place.
func (s *server) sheetFile(v *visit) error {
	sheet, err := s.Service.CommitmentSheet(v.Context(), v.by, v.PathValue("id"), v.PathValue("material"))
	if err != nil {
		return err
	}
	pdf, err := s.Service.CommitmentPDF(sheet)
	if err != nil {
		return err
	}
	v.w.Header().Set("Content-Disposition", `attachment; filename="commitment-`+sheet.Application+"-"+sheet.Material+`.pdf"`)
	writeBody(v.w, http.StatusOK, "application/pdf", pdf)
	return nil
}

// inspectForm notes what came of inspecting a commitment.
func (s *server) inspectForm(v *visit) error {
	form := v.PostForm
	tried := materialTry{Key: form.Get("material"), Form: map[string]string{"outcome": form.Get("outcome"), "opinion": form.Get("opinion")}}
	in := &yinzheng.InspectionResult{Material: tried.Key, Outcome: form.Get("outcome"), Opinion: form.Get("opinion")}
	_, err := s.Service.InspectCommitment(v.Context(), v.by, v.PathValue("id"), v.seen(), in)
	return s.metAt(v, "", "inspected", tried, err)
}

// inspectionLine is a commitment that waits to be inspected.
type inspectionLine struct {
	yinzheng.InspectionView
	When yinzheng.Text
	Tone string
}

// inspectionsPage lists them, first due first.
func (s *server) inspectionsPage(v *visit, view *queueView) error {
	items, next, err := s.Service.PendingInspections(v.Context(), v.by, v.URL.Query().Get("after"), pageLines)
	if err != nil {
		return err
	}
	for _, x := range items {
		line := inspectionLine{InspectionView: x}
		line.When, line.Tone = due(yinzheng.Wait{Due: x.Due, Late: x.Late}, s.Service.Now())
		view.Inspections = append(view.Inspections, line)
	}
	view.turn(next)
	return s.drawQueue(v, view)
}
