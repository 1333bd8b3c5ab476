package web

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	"yinzheng"
	"yinzheng/catalogue"
)

// changePageView is a change of the catalogue, how it came about, and what may
// be done to it where it stands.
type changePageView struct {
	Change *catalogue.ChangeView
	Acts   []actLine
	May    []changeActView
	Faults []yinzheng.FieldError
	Tried  string
	Form   url.Values
}

type actLine struct {
	catalogue.Act
	What yinzheng.Text
	Name string
}

// changeActView is one act with its form.
type changeActView struct {
	Kind    catalogue.Kind
	Name    yinzheng.Text
	Means   yinzheng.Text
	Opinion yinzheng.Text // label of the opinion; empty: none
	Day     yinzheng.Text // label of a day
	at      []catalogue.Stage
}

// changeActs are what may be done to a change, in the order of its life.
var changeActs = []changeActView{
	{Kind: catalogue.Send, Name: yinzheng.Text{ZH: "送审", EN: "Send for review"}, Means: yinzheng.Text{ZH: "由没有参与起草的另一位管理员作合法性审核。", EN: "Another administrator, who wrote none of it, reviews whether it is lawful."}, at: []catalogue.Stage{catalogue.Drafting}},
	{Kind: catalogue.Approve, Name: yinzheng.Text{ZH: "审核通过", EN: "Approve"}, Means: yinzheng.Text{ZH: "通过后可以公开征求意见。", EN: "After that it can be opened for comments."}, Opinion: yinzheng.Text{ZH: "审核意见", EN: "Opinion"}, at: []catalogue.Stage{catalogue.Reviewing}},
	{Kind: catalogue.Open, Name: yinzheng.Text{ZH: "公开征求意见", EN: "Open for comments"}, Means: yinzheng.Text{ZH: "到期之后才能发布。", EN: "It can be published only after that day."}, Day: yinzheng.Text{ZH: "征求意见的最后一天", EN: "Last day for comments"}, at: []catalogue.Stage{catalogue.Reviewed}},
	{Kind: catalogue.Remark, Name: yinzheng.Text{ZH: "录入一条意见", EN: "Enter a comment"}, Opinion: yinzheng.Text{ZH: "意见内容", EN: "The comment"}, at: []catalogue.Stage{catalogue.Comments}},
	{Kind: catalogue.Publish, Name: yinzheng.Text{ZH: "发布", EN: "Publish"}, Means: yinzheng.Text{ZH: "从那天起目录就是这样，所有人都看得到；要改只能再作一次变更。在办的办件照常办完。", EN: "From that day on the catalogue stands so, for everybody to see; only another change alters it. Cases under way are finished."}, Opinion: yinzheng.Text{ZH: "意见采纳情况", EN: "What became of the comments"}, Day: yinzheng.Text{ZH: "从哪天起（不填：马上）", EN: "From which day on (empty: at once)"}, at: []catalogue.Stage{catalogue.Comments}},
	{Kind: catalogue.Return, Name: yinzheng.Text{ZH: "退回修改", EN: "Return it"}, Means: yinzheng.Text{ZH: "回到起草，改好后重新送审。", EN: "Back to the draft, to be mended and reviewed again."}, Opinion: yinzheng.Text{ZH: "要改什么", EN: "What has to be mended"}, at: []catalogue.Stage{catalogue.Reviewing, catalogue.Reviewed, catalogue.Comments}},
	{Kind: catalogue.Withdraw, Name: yinzheng.Text{ZH: "撤回这次变更", EN: "Withdraw it"}, Means: yinzheng.Text{ZH: "到此结束，目录不变，不能恢复。", EN: "It ends here and the catalogue stays as it is; it cannot be brought back."}, Opinion: yinzheng.Text{ZH: "原因", EN: "Reason"}, at: []catalogue.Stage{catalogue.Drafting, catalogue.Reviewing, catalogue.Reviewed, catalogue.Comments}},
}

// changeActNames say what was done.
var changeActNames = map[catalogue.Kind]yinzheng.Text{
	catalogue.Draft: {ZH: "起草", EN: "drafted"}, catalogue.Redraft: {ZH: "改稿", EN: "drafted anew"}, catalogue.Send: {ZH: "送审", EN: "sent for review"}, catalogue.Approve: {ZH: "审核通过", EN: "approved"}, catalogue.Return: {ZH: "退回", EN: "returned"},
	catalogue.Open: {ZH: "公开征求意见", EN: "opened for comments"}, catalogue.Remark: {ZH: "录入意见", EN: "comment entered"}, catalogue.Publish: {ZH: "发布", EN: "published"}, catalogue.Withdraw: {ZH: "撤回", EN: "withdrawn"},
}

func (s *server) changePage(v *visit) error {
	return s.drawChange(v, http.StatusOK, &changePageView{Form: url.Values{}})
}

func (s *server) drawChange(v *visit, status int, view *changePageView) (err error) {
	if view.Change, err = s.Catalogue.Change(v.Context(), v.by, v.PathValue("change")); err != nil {
		return err
	}
	for _, a := range changeActs {
		if slices.Contains(a.at, view.Change.Stage) {
			view.May = append(view.May, a)
		}
	}
	for _, a := range view.Change.Acts {
		view.Acts = append(view.Acts, actLine{a, changeActNames[a.Kind], s.calledPerson(v, a.By)})
	}
	slices.Reverse(view.Acts)
	return s.draw(v, status, "admin-change", yinzheng.Text{ZH: view.Change.Title, EN: view.Change.Title}, view)
}

// changeForm does one thing to a change.
func (s *server) changeForm(v *visit) error {
	f := v.PostForm
	act, err := readChangeAct(f)
	if err == nil {
		_, err = s.Catalogue.Act(v.Context(), v.by, v.PathValue("change"), v.seen(), act)
	}
	if faults := faultsOf(err); faults != nil {
		return s.drawChange(v, http.StatusUnprocessableEntity, &changePageView{Faults: faults, Tried: f.Get("act"), Form: f})
	}
	if err != nil {
		return changed(err)
	}
	return v.see("/work/admin/catalogue/changes/"+v.PathValue("change"), "change-"+string(act.Kind))
}

func readChangeAct(f url.Values) (catalogue.Act, error) {
	act := catalogue.Act{Kind: catalogue.Kind(f.Get("act"))}
	at, err := dayIn(f, "day")
	switch act.Kind {
	case catalogue.Open:
		if !at.IsZero() {
			act.Until = at.AddDate(0, 0, 1).UTC()
		}
	case catalogue.Publish:
		act.Opinion, act.From = f.Get("opinion"), at.UTC()
		if at.IsZero() {
			act.From = time.Time{}
		}
	case catalogue.Remark:
		act.Text = f.Get("opinion")
	case catalogue.Approve:
		act.Opinion, act.Subjects = f.Get("opinion"), map[string]catalogue.Conclusion{}
		for _, code := range f["doubt"] {
			act.Subjects[code] = catalogue.Conclusion{Subject: f.Get("subject." + code), Reason: f.Get("why." + code)}
		}
	case catalogue.Send:
	case catalogue.Return, catalogue.Withdraw:
		act.Opinion = f.Get("opinion")
	default:
		return act, noSuchAct()
	}
	return act, err
}

// restoreForm drafts the return of an earlier version.
func (s *server) restoreForm(v *visit) error {
	in := &catalogue.NewChange{Title: v.PostForm.Get("title"), Restores: &catalogue.Ref{Code: v.PathValue("code"), Version: v.seen()}}
	c, _, err := s.Catalogue.Draft(v.Context(), v.by, in, v.PostForm.Get("key"))
	if err != nil {
		return err
	}
	return v.see("/work/admin/catalogue/changes/"+c.ID, "drafted")
}

func (s *server) importItemsPage(v *visit) error {
	return s.drawItemsImport(v, http.StatusOK, &importForm{})
}

// itemsReport is what a list of items changes.
type itemsReport struct {
	*importForm
	Report *catalogue.Imported
}

func (s *server) drawItemsImport(v *visit, status int, f *importForm) error {
	if err := s.Catalogue.MayKeep(v.Context(), v.by); err != nil {
		return err
	}
	return s.draw(v, status, "admin-items-import", yinzheng.Text{ZH: "导入事项清单", EN: "Import a list of items"}, &itemsReport{f, nil})
}

// importItemsForm tries a list, or drafts the change that was shown of it.
func (s *server) importItemsForm(v *visit) error {
	if err := s.Catalogue.MayKeep(v.Context(), v.by); err != nil { // before a large file is read
		return err
	}
	return s.importing(v, []string{"title"}, s.drawItemsImport, func(f *importForm) error {
		report, err := s.Catalogue.Import(v.Context(), v.by, f.Title, f.file, !f.Decides)
		if err != nil {
			return err
		}
		if report.Change != nil {
			return v.see("/work/admin/catalogue/changes/"+report.Change.ID, "drafted")
		}
		return s.draw(v, http.StatusOK, "admin-items-import", yinzheng.Text{ZH: "将会变成这样", EN: "What would change"}, &itemsReport{f, report})
	})
}

// reportView is what became of the catalogue in a period.
type reportView struct {
	From, To string
	Report   *catalogue.Report
	Faults   []yinzheng.FieldError
}

func (s *server) reportPage(v *visit) error {
	if err := s.Catalogue.MayKeep(v.Context(), v.by); err != nil {
		return err
	}
	now := s.Service.Now().In(yinzheng.Zone)
	view := &reportView{From: now.Format("2006") + "-01-01", To: now.Format(time.DateOnly)}
	if q := v.URL.Query(); q.Has("from") {
		view.From, view.To = q.Get("from"), q.Get("to")
	}
	var err error
	view.Report, err = s.Catalogue.Report(view.From, view.To)
	status := http.StatusOK
	if view.Faults = faultsOf(err); view.Faults != nil {
		status, err = http.StatusUnprocessableEntity, nil
	}
	if err != nil {
		return err
	}
	return s.draw(v, status, "admin-report", yinzheng.Text{ZH: "清理情况统计", EN: "What became of the catalogue"}, view)
}

// subjectOptions are what a reviewer may say that an item is about.
func (d *desk) SubjectOptions() []yinzheng.Option {
	return append([]yinzheng.Option{{Value: catalogue.None, Label: yinzheng.Text{ZH: "都不是", EN: "none of them"}}}, options(yinzheng.Subjects)...)
}

// SubjectName names one of the list of twenty.
func (d *desk) SubjectName(code string) string {
	if name, ok := yinzheng.Subjects[code]; ok {
		return d.T(name)
	}
	return d.L("不属于", "none of them")
}

// Stands says how an item is to stand.
func (d *desk) Stands(i catalogue.Item) string {
	switch i.State {
	case catalogue.Cancelled:
		return d.StandName(i.State) + d.L("：", ": ") + d.T(catalogue.Grounds[i.Ground])
	case catalogue.Replaced:
		return d.StandName(i.State) + d.L("：", ": ") + d.T(catalogue.Ways[i.Way])
	}
	return d.StandName(catalogue.Kept)
}
