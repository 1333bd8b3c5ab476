package web

import (
	"crypto/rand"
	"net/http"

	"yinzheng"
	"yinzheng/inquiry"
)

// listFields are the fields of the form that asks about a list.
var listFields = []string{"kind", "office", "division", "purpose", "basis", "key"}

func (s *server) newListPage(v *visit) error {
	form := v.URL.Query()
	form.Set("key", rand.Text())
	return s.drawAsk(v, http.StatusOK, &askForm{Lists: true, Form: form})
}

// newListForm shows what a file holds, or asks about it once that was seen.
func (s *server) newListForm(v *visit) error {
	again := func(v *visit, status int, f *importForm) error {
		return s.drawAsk(v, status, &askForm{Lists: true, Form: f.Sent, Faults: f.Faults})
	}
	return s.importing(v, listFields, again, func(f *importForm) error { return asFaults(s.askAboutList(v, f)) })
}

func (s *server) askAboutList(v *visit, f *importForm) error {
	in := &inquiry.NewList{
		Kind: f.Sent.Get("kind"), Office: f.Sent.Get("office"), Division: f.Sent.Get("division"),
		Purpose: f.Sent.Get("purpose"), Basis: f.Sent.Get("basis"), File: f.file,
	}
	l, _, err := s.Inquiries.AskList(v.Context(), v.by, in, f.Sent.Get("key"), !f.Decides)
	if err != nil {
		return err
	}
	if f.Decides {
		return v.see("/work/inquiry-lists/"+l.ID, "inquiry-ask")
	}
	view := &askForm{Lists: true, Form: f.Sent, Digest: f.Digest, Report: l}
	if err := s.choose(v, view); err != nil {
		return err
	}
	return s.draw(v, http.StatusOK, "staff-ask-report", yinzheng.Text{ZH: "名单核对无误", EN: "The list is in order"}, view)
}

// listView is how far a list is.
type listView struct {
	*inquiry.ListView
	KindName yinzheng.Text
}

// Refreshes is after how many seconds the page is read anew without scripts; 0: never.
func (l *listView) Refreshes() int {
	if l.State == inquiry.ListWorking {
		return 5
	}
	return 0
}

func (s *server) inquiryListPage(v *visit) error {
	l, err := s.Inquiries.ReadList(v.Context(), v.by, v.PathValue("list"))
	if err != nil {
		return err
	}
	kinds, err := s.kindNames(v)
	if err != nil {
		return err
	}
	return s.draw(v, http.StatusOK, "staff-inquiry-list", yinzheng.Text{ZH: "协查名单", EN: "A list"}, &listView{l, kinds[l.Kind]})
}

// inquiryListForm pauses a list, or has it go on.
func (s *server) inquiryListForm(v *visit) error {
	act := v.PostForm.Get("act")
	l, err := s.Inquiries.ActOnList(v.Context(), v.by, v.PathValue("list"), inquiry.Doing(act))
	if err != nil {
		return err
	}
	return v.see("/work/inquiry-lists/"+l.ID, "inquiry-"+act)
}

func (s *server) listResultFile(v *visit) error {
	data, err := s.Inquiries.Result(v.Context(), v.by, v.PathValue("list"))
	if err != nil {
		return err
	}
	v.download(csvType, "result-"+v.PathValue("list")+".csv", data)
	return nil
}
