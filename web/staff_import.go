package web

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"yinzheng"
	"yinzheng/workbook"
)

// importsView is what can be brought in by workbook, and what was.
type importsView struct {
	Items   []*yinzheng.Template
	Batches []*workbook.BatchView
	Next    int64 // cursor of those further on; 0: none
}

func (s *server) importsPage(v *visit) error {
	before, err := strconv.ParseInt(v.URL.Query().Get("before"), 10, 64)
	if err != nil {
		before = 0 // from the newest
	}
	list, err := s.Workbooks.List(v.Context(), v.by, before)
	if err != nil {
		return err
	}
	view := &importsView{Items: s.Service.Items(v.by), Batches: list}
	if len(list) == pageLines {
		view.Next = list[len(list)-1].Cursor
	}
	return s.draw(v, http.StatusOK, "staff-imports", importsTitle, view)
}

var importsTitle = yinzheng.Text{ZH: "批量导入", EN: "Cases by workbook"}

// bringView is the page on which a workbook is fetched and brought in.
type bringView struct {
	Item    *yinzheng.Template
	Offices []string // to choose from, of who has several
	Office  string
	Key     string // idempotency key: a second click brings in no second batch
	Most    int    // rows
	Faults  []yinzheng.FieldError
}

func (s *server) bringPage(v *visit) error { return s.drawBring(v, http.StatusOK, "", nil) }

func (s *server) drawBring(v *visit, status int, office string, faults []yinzheng.FieldError) error {
	t, err := s.startable(v)
	if err != nil {
		return err
	}
	view := &bringView{Item: t, Office: office, Key: rand.Text(), Most: workbook.MaxRows, Faults: faults}
	for _, g := range v.by.InForce(s.Service.Now()) {
		if g.Role == yinzheng.Clerk && !slices.Contains(view.Offices, g.Office) {
			view.Offices = append(view.Offices, g.Office)
		}
	}
	return s.draw(v, status, "staff-bring", t.Name, view)
}

// bringForm checks a workbook. What is wrong in it is shown, cell by cell, with the
// form to send the mended one.
func (s *server) bringForm(v *visit) error {
	if err := s.Workbooks.MayBring(v.by, ""); err != nil { // before a large file is read
		return err
	}
	if mediaType(v.Request) != "multipart/form-data" {
		return wrongMediaType("multipart/form-data")
	}
	in := &form{}
	read := func(u *upload) error {
		sent, err := u.read(v.w, v.Request, []string{"key", "office"})
		if err == nil {
			in = sent
		}
		return err
	}
	var made *workbook.BatchView
	err := s.holding(v.Request, s.sender(v.Request, v.by), s.uploads.importing, read, func() (err error) {
		made, _, err = s.Workbooks.Bring(v.Context(), v.by, &workbook.NewBatch{Item: v.PathValue("item"), Office: in.fields["office"], File: in.file}, in.fields["key"], false)
		return err
	})
	if faults := faultsOf(err); faults != nil {
		return s.drawBring(v, http.StatusUnprocessableEntity, in.fields["office"], faults)
	}
	if err != nil {
		return err
	}
	return v.see("/work/imports/"+made.ID, "")
}

func (s *server) blankWorkbook(v *visit) error {
	data, err := s.Workbooks.Blank(v.by, v.PathValue("item"), language(v.Request))
	if err != nil {
		return err
	}
	download(v.w, v.PathValue("item")+".xlsx", xlsxType, data)
	return nil
}

// download writes a file that a browser keeps and does not show.
func download(w http.ResponseWriter, name, media string, data []byte) {
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	writeBody(w, http.StatusOK, media, data)
}

// batchView is a batch with what its page shows of its rows.
type batchView struct {
	*workbook.BatchView
	Like    []workbook.RowView // of a batch to be started: its possible duplicates
	More    int                // that may be duplicates and are not listed
	Failed  []workbook.RowView
	Samples []int
	Chosen  string // as the form was sent, with the next two: hand in, true or false
	All     bool
	Ticked  map[int]bool
	Faults  []yinzheng.FieldError
}

// Seen is how many rows have an outcome.
func (b *batchView) Seen() int { return b.Rows - b.Waiting }

// Failures is how many rows were not made.
func (b *batchView) Failures() int { return b.Refused + b.Left }

func (s *server) batchPage(v *visit) error { return s.drawBatch(v, http.StatusOK, nil) }

// drawBatch draws the page of a batch, with what was sent to start it if that was
// refused.
func (s *server) drawBatch(v *visit, status int, faults []yinzheng.FieldError) error {
	id := v.PathValue("id")
	b, err := s.Workbooks.View(v.Context(), v.by, id)
	if err != nil {
		return err
	}
	step := stepOf(v.PostForm)
	view := &batchView{BatchView: b, Chosen: v.PostForm.Get("submit"), All: step.All, Ticked: map[int]bool{}, Faults: faults}
	for _, line := range step.Lines {
		view.Ticked[line] = true
	}
	switch b.State {
	case workbook.Dropped:
	case workbook.Checked:
		for n := range min(b.Rows, workbook.Samples) {
			view.Samples = append(view.Samples, n+1)
		}
		view.Like, err = s.Workbooks.Rows(v.Context(), v.by, id, yinzheng.BatchFilter{Alike: true})
		view.More = b.Alike - len(view.Like)
	default:
		view.Failed, err = s.Workbooks.Rows(v.Context(), v.by, id, yinzheng.BatchFilter{Failed: true})
	}
	if err != nil {
		return err
	}
	return s.draw(v, status, "staff-batch", b.ItemName, view)
}

// batchForm starts a batch, pauses it, goes on with it or ends it.
func (s *server) batchForm(v *visit) error {
	step := stepOf(v.PostForm)
	if step.Action == workbook.Start && v.PostForm.Get("submit") == "" { // neither is so harmless that it could be meant unsaid
		return s.drawBatch(v, http.StatusUnprocessableEntity, []yinzheng.FieldError{{Field: "submit", Code: "required", Text: yinzheng.Text{ZH: "请选择：建好并提交，还是只建成草稿", EN: "Please choose: hand them in, or make drafts only"}}})
	}
	b, err := s.Workbooks.Act(v.Context(), v.by, v.PathValue("id"), step)
	if faults := faultsOf(err); faults != nil {
		return s.drawBatch(v, http.StatusUnprocessableEntity, faults)
	}
	if err != nil {
		return changed(err)
	}
	if b.State == workbook.Dropped {
		return v.see("/work/imports", "batch-end")
	}
	return v.see("/work/imports/"+b.ID, "batch-"+string(step.Action))
}

func stepOf(form url.Values) *workbook.Step {
	step := &workbook.Step{Action: workbook.Doing(form.Get("action")), Submit: form.Get("submit") == "true", All: form.Get("all") == "true"}
	for _, text := range form["line"] {
		line, err := strconv.Atoi(text)
		if err != nil {
			line = 0 // no row stands there
		}
		step.Lines = append(step.Lines, line)
	}
	return step
}

// samplePicture is the page of one of the first cases of a batch.
func (s *server) samplePicture(v *visit) error {
	n, err := strconv.Atoi(v.PathValue("n"))
	if err != nil {
		n = 0 // there is none
	}
	svg, err := s.Workbooks.Sample(v.Context(), v.by, v.PathValue("id"), n)
	if err != nil {
		return err
	}
	writeBody(v.w, http.StatusOK, "image/svg+xml", svg)
	return nil
}

func (s *server) failuresWorkbook(v *visit) error {
	data, err := s.Workbooks.Failures(v.Context(), v.by, v.PathValue("id"), language(v.Request))
	if err != nil {
		return err
	}
	download(v.w, "failures.xlsx", xlsxType, data)
	return nil
}
