package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"yinzheng"
	"yinzheng/resident"
)

// rowsView is a list of a request: what is in it, or one row of it.
type rowsView struct {
	Field *yinzheng.Field
	Lines []listLine
	Full  bool
	Row   []fieldView // of the row that is filled in; nil: the list itself
	Mark  string      // of that row; "": another one
}

type listLine struct {
	Text string
	Mark string
}

// list lays out the list of a page, or the row of it that is asked for.
func (v *leafView) list(asked url.Values) error {
	f := &v.Fields[0]
	rows := v.Request.Values.Rows(f.Key)
	x := &rowsView{Field: f, Full: f.Max > 0 && len(rows) >= f.Max}
	texts := shown(f, v.Request.Values)
	for i, row := range rows {
		x.Lines = append(x.Lines, listLine{texts[i], resident.Mark(map[string]any(row))})
	}
	v.List = x
	mark, row := asked.Get("row"), v.typed
	switch mark {
	case "":
		return nil
	case "new":
	default:
		i := slices.IndexFunc(x.Lines, func(l listLine) bool { return l.Mark == mark })
		if i < 0 {
			return yinzheng.ErrNotFound
		}
		if x.Mark = mark; row == nil {
			row = rows[i]
		}
	}
	x.Row = fieldViews("row", f.Fields, row, v.Faults, nil)
	return nil
}

// listForm adds a row, changes or removes one, or leads on.
func (s *server) listForm(g *guest, view *leafView) error {
	f, mark := &view.Fields[0], g.PostForm.Get("mark")
	if g.PostForm.Get("act") == "" {
		return s.answered(g, view, view.Request, nil, nil)
	}
	var row map[string]any
	if g.PostForm.Get("act") == "keep" {
		row = readValues(g.PostForm, "row", f.Fields)
	}
	saved, err := s.Residents.SaveRow(g.Context(), g.me, view.Request.ID, f.Key, mark, row)
	asked := url.Values{"row": {mark}}
	if mark == "" {
		asked.Set("row", "new")
	}
	var broken *yinzheng.Error
	switch {
	case errors.Is(err, yinzheng.ErrInvalid) && errors.As(err, &broken):
		view.Faults, view.typed = rowFaults(broken.Fields, f.Key, -1), row
		return s.drawLeaf(g, faultOf(err).status, view, nil, asked)
	case err != nil:
		return err
	}
	if row == nil {
		seeOther(g.w, view.here())
		return nil
	}
	return s.rowKept(g, view, saved, row)
}

// rowKept leads back to the list, or shows what is wrong with a row that was kept.
func (s *server) rowKept(g *guest, view *leafView, saved *resident.Request, row map[string]any) error {
	f := &view.Fields[0]
	rows := saved.Values.Rows(f.Key)
	checked, err := saved.Of.CheckValues(yinzheng.Values{f.Key: []any{row}}, s.Service.Now())
	if err != nil {
		return err
	}
	mark := resident.Mark(map[string]any(checked.Values.Rows(f.Key)[0]))
	at := slices.IndexFunc(rows, func(r yinzheng.Values) bool { return resident.Mark(map[string]any(r)) == mark })
	if view.Faults = rowFaults(saved.Problems, f.Key, at); len(view.Faults) == 0 {
		seeOther(g.w, view.here())
		return nil
	}
	view.Request = saved
	return s.drawLeaf(g, http.StatusUnprocessableEntity, view, nil, url.Values{"row": {mark}})
}

// rowFaults are the faults of one row of a list (-1: of the row that is not kept, and
// of the list), as its page names their fields.
func rowFaults(faults []yinzheng.FieldError, list string, at int) []yinzheng.FieldError {
	var out []yinzheng.FieldError
	for _, f := range faults {
		rest, ok := strings.CutPrefix(f.Field, "values."+list)
		if !ok {
			continue
		}
		if at >= 0 {
			if rest, ok = strings.CutPrefix(rest, "["+strconv.Itoa(at)+"]"); !ok {
				continue
			}
		} else if _, after, found := strings.Cut(rest, "]"); found {
			rest = after
		}
		f.Field = "row" + rest
		out = append(out, f)
	}
	return out
}

// sendFileForm takes a photograph, a scan or a PDF of a material.
func (s *server) sendFileForm(g *guest, q *resident.Request) error {
	if mediaType(g.Request) != "multipart/form-data" {
		return wrongMediaType("multipart/form-data")
	}
	view, err := s.leafView(q, g.PathValue("page"))
	if err != nil {
		return err
	}
	if view.Material == nil {
		return yinzheng.ErrNotFound
	}
	err = s.fromResident(g, q, "back", func(f *form) (*resident.Request, error) {
		view.ToCheck = f.fields["back"] == "check"
		return s.Residents.AddFile(g.Context(), g.me, q.ID, &yinzheng.NewAttachment{Material: view.Material.Key, Name: f.name, File: f.file})
	})
	return s.fileTaken(g, view, err)
}

// fromResident reads a form with a file of a request, and one field beside it, and has
// it kept, as of received. None of it is read where there is no room for it.
func (s *server) fromResident(g *guest, q *resident.Request, field string, keep func(*form) (*resident.Request, error)) error {
	client, vouched := s.client(g.Request), g.me.ID != yinzheng.ID{}
	if err := q.Room(); err != nil {
		return err
	}
	in, from := s.uploads.checking, sender{name: "resident " + g.me.Key()}
	if !vouched {
		in, from = s.uploads.strangers, s.sender(g.Request, nil)
		from.name = "stranger " + from.network
		if err := s.budget.left(client); err != nil {
			return err
		}
	}
	return s.receivedIn(in, g.w, g.Request, from, []string{field}, func(f *form) error {
		kept, err := keep(f)
		bytes := len(f.file) // some of what fails late is on the disk all the same
		if err == nil {
			bytes = kept.Bytes - q.Bytes
		}
		if !vouched {
			s.budget.spend(client, bytes)
		}
		return err
	})
}

// fileTaken leads back to the page of a material, or shows there why a file was not
// taken.
func (s *server) fileTaken(g *guest, view *leafView, err error) error {
	if err == nil {
		seeOther(g.w, view.here())
		return nil
	}
	if view.Faults = uploadFaults(err); view.Faults == nil {
		return err
	}
	return s.drawLeaf(g, faultOf(err).status, view, nil, nil)
}

// uploadFaults say on the page why a file was not taken; nil for what is no fault of
// whoever sent it, unless they may try again.
func uploadFaults(err error) []yinzheng.FieldError {
	f := faultOf(err)
	switch {
	case f.status >= http.StatusInternalServerError && f.status != http.StatusServiceUnavailable:
		return nil
	case f.status == http.StatusRequestEntityTooLarge: // of the form, whose fields it has no names of
		return []yinzheng.FieldError{{Field: "file", Code: f.kind, Text: f.fields[0].Text}}
	case len(f.fields) > 0:
		return f.fields
	}
	return []yinzheng.FieldError{{Field: "file", Code: f.kind, Text: f.text}}
}

// materialForm removes a file of a material, says what stands in its place, or leads on.
func (s *server) materialForm(g *guest, view *leafView) error {
	q, key := view.Request, view.Material.Key
	var saved *resident.Request
	var err error
	switch form := g.PostForm; form.Get("act") {
	case "":
		return s.answered(g, view, q, nil, nil)
	case "remove":
		n, bad := strconv.Atoi(form.Get("file"))
		if bad != nil {
			n = 0
		}
		if _, err := s.Residents.RemoveFile(g.Context(), g.me, q.ID, n); err != nil {
			return err
		}
		seeOther(g.w, view.here())
		return nil
	default:
		view.Code = form.Get("certificate")
		saved, err = s.Residents.PutInstead(g.Context(), g.me, q.ID, key, resident.Instead{Way: yinzheng.Way(form.Get("act")), Certificate: view.Code})
	}
	return s.answered(g, view, saved, nil, err)
}

// sentFile shows a resident a file that they sent: a picture that this program wrote
// anew in the page, anything else as a download.
func (s *server) sentFile(g *guest, q *resident.Request) error {
	n, bad := strconv.Atoi(g.PathValue("file"))
	i := slices.IndexFunc(q.Files, func(f resident.File) bool { return bad == nil && f.ID == n })
	if i < 0 {
		return yinzheng.NoRequest()
	}
	to := network(s.client(g.Request)).String()
	if g.me.ID != (yinzheng.ID{}) {
		to = g.me.Key()
	}
	done, err := s.sending.begin(to, q.Files[i].Size)
	if err != nil {
		return err
	}
	defer done()
	content, f, err := s.Residents.OwnFile(g.Context(), g.me, q.ID, n)
	if err != nil {
		return err
	}
	way := "attachment"
	if f.Type == "image/jpeg" {
		way = "inline"
	}
	g.w.Header().Set("Content-Disposition", fmt.Sprintf(`%s; filename="%s"`, way, sentName(q.ID, f)))
	writeBody(g.w, http.StatusOK, f.Type, content)
	return nil
}

// broughtWords say what there is of a material.
func broughtWords(q *resident.Request, material string) []yinzheng.Text {
	if n := len(q.FilesOf(material)); n > 0 {
		return []yinzheng.Text{{ZH: fmt.Sprintf("已传 %d 张", n), EN: fmt.Sprintf("%d sent", n)}}
	}
	x, ok := q.Instead[material]
	if !ok {
		return nil
	}
	return []yinzheng.Text{insteadWords[x.Way]}
}

// insteadWords say what stands in the place of a material's file.
var insteadWords = map[yinzheng.Way]yinzheng.Text{
	yinzheng.MetByCommitment: {ZH: "到窗口签告知承诺书", EN: "a commitment, to be signed at the counter"}, yinzheng.MetByCertificate: {ZH: "用已有的电子证明", EN: "a certificate on record"}, yinzheng.MetLater: {ZH: "以后补交", EN: "to follow"},
}
