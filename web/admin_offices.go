package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"yinzheng"
	"yinzheng/offices"
)

// branch is a division of the tree with its offices and what lies below it.
type branch struct {
	yinzheng.Division
	Offices []yinzheng.Office
	Below   []*branch
	Open    bool
}

// treeView is the office tree, or what was found in it.
type treeView struct {
	Roots  []*branch
	Sought string
	Found  []yinzheng.Office
	Towns  int
	Leaves int // villages
}

func (s *server) treePage(v *visit) error {
	if err := s.Service.MayOperate(v.by); err != nil {
		return err
	}
	d := s.Service.Directory()
	view := &treeView{Sought: strings.TrimSpace(v.URL.Query().Get("q"))}
	if view.Sought == "" {
		view.Roots = branches(d)
	}
	for _, o := range d.Offices {
		if view.Sought != "" && (strings.Contains(o.Name, view.Sought) || strings.HasPrefix(o.Division, view.Sought)) {
			view.Found = append(view.Found, o)
		}
	}
	for _, x := range d.Divisions {
		if x.Until.IsZero() && x.Level == yinzheng.Town {
			view.Towns++
		}
		if x.Until.IsZero() && x.Level == yinzheng.Village {
			view.Leaves++
		}
	}
	return s.draw(v, http.StatusOK, "admin-offices", yinzheng.Text{ZH: "机构", EN: "Offices"}, view)
}

// branches lays out what stands of a tree, by code; towns and villages are shut.
func branches(d *yinzheng.Directory) []*branch {
	at := map[string]*branch{}
	for _, x := range d.Divisions {
		if x.Until.IsZero() {
			at[x.Code] = &branch{Division: x, Open: x.Level != yinzheng.Town && x.Level != yinzheng.Village}
		}
	}
	for _, o := range d.Offices {
		if b := at[o.Division]; b != nil && o.Until.IsZero() {
			b.Offices = append(b.Offices, o)
		}
	}
	var roots []*branch
	for _, b := range at {
		if above := at[b.Parent]; above != nil {
			above.Below = append(above.Below, b)
		} else {
			roots = append(roots, b)
		}
	}
	byCode := func(a, b *branch) int { return strings.Compare(a.Code, b.Code) }
	for _, b := range at {
		slices.SortFunc(b.Below, byCode)
	}
	slices.SortFunc(roots, byCode)
	return roots
}

// officeView is one office, and what may become of it.
type officeView struct {
	Office   *yinzheng.Office
	Division *yinzheng.Division
	Above    []string
	Organ    *yinzheng.Organ
	Now      *yinzheng.Office // who does a closed one's work
	Formerly []yinzheng.Office
	Mine     bool // the looker administers it
	Open     int
	People   int
	Peers    []yinzheng.Division // of its level, to merge it into
	Heirs    []yinzheng.Office   // who may take its work over
	Parents  []yinzheng.Division // that its division may be moved below
	Below    []yinzheng.Division // of its division
	Adds     yinzheng.Level      // of a division that can be added below; "": none
	Faults   []yinzheng.FieldError
	Tried    string
	Form     url.Values // as it was sent
}

// newParts are how many new divisions one is split into at a time, besides itself.
var newParts = []int{1, 2}

// Parts numbers them.
func (*officeView) Parts() []int { return newParts }

// Sent is what was sent of one of several alike: of a new part, or of a division.
func (x *officeView) Sent(name string, of any) string {
	return x.Form.Get(fmt.Sprintf("%s.%v", name, of))
}

func (s *server) officePage(v *visit) error {
	return s.drawOffice(v, http.StatusOK, &officeView{})
}

func (s *server) drawOffice(v *visit, status int, view *officeView) error {
	if err := s.Service.MayOperate(v.by); err != nil {
		return err
	}
	d := s.Service.Directory()
	o := d.Office(v.PathValue("office"))
	if o == nil {
		return &yinzheng.Error{Kind: yinzheng.ErrNotFound, Text: yinzheng.Text{ZH: "没有找到这个单位", EN: "There is no such office"}}
	}
	view.Office, view.Division, view.Organ, view.Mine = o, d.Division(o.Division), d.Organ(o.Organ), s.Service.Administers(v.by, o.ID)
	if !o.Until.IsZero() {
		view.Now = d.Office(d.OfficeNow(o.ID))
	}
	for above := d.Division(view.Division.Parent); above != nil; above = d.Division(above.Parent) {
		view.Above = append([]string{above.Name}, view.Above...)
	}
	for _, id := range d.Formerly(o.ID)[1:] {
		view.Formerly = append(view.Formerly, *d.Office(id))
	}
	view.placeAmong(d)
	for _, x := range d.Offices {
		if x.Until.IsZero() && x.ID != o.ID && (x.Division == o.Division || x.Division == view.Division.Parent) {
			view.Heirs = append(view.Heirs, x)
		}
	}
	if view.Mine {
		if err := s.countAt(v, view); err != nil {
			return err
		}
	}
	return s.draw(v, status, "admin-office", yinzheng.Text{ZH: o.Name, EN: o.Name}, view)
}

// placeAmong gathers what the office's division can be merged with, moved below and
// split up with.
func (x *officeView) placeAmong(d *yinzheng.Directory) {
	here, parent := x.Division, d.Division(x.Division.Parent)
	for _, v := range d.Divisions {
		switch {
		case !v.Until.IsZero() || v.Code == here.Code:
		case v.Level == here.Level:
			x.Peers = append(x.Peers, v)
		case v.Parent == here.Code:
			x.Below = append(x.Below, v)
		case parent != nil && v.Level == parent.Level && v.Code != parent.Code:
			x.Parents = append(x.Parents, v)
		}
	}
	x.Adds = map[yinzheng.Level]yinzheng.Level{yinzheng.District: yinzheng.Town, yinzheng.Town: yinzheng.Village}[here.Level]
}

// countAt counts the people and the cases of an office.
func (s *server) countAt(v *visit, view *officeView) (err error) {
	if view.Open, err = s.Service.OpenCasesTakenIn(v.Context(), v.by, view.Office.ID); err != nil {
		return err
	}
	people, err := s.Service.People(v.Context(), v.by, view.Office.ID)
	if err != nil {
		return err
	}
	for _, p := range people {
		holds := func(x heldPost) bool { return x.When == "now" && x.Grant.Office == view.Office.ID }
		if !p.Disabled && slices.ContainsFunc(s.heldPosts(p, "zh"), holds) {
			view.People++
		}
	}
	return nil
}

// officeForm tries a reorganisation, shows what it would change, and decides it
// when that page is confirmed.
func (s *server) officeForm(v *visit) error {
	if err := s.Service.MayOperate(v.by); err != nil {
		return err
	}
	d := s.Service.Directory()
	o := d.Office(v.PathValue("office"))
	if o == nil {
		return s.drawOffice(v, http.StatusOK, &officeView{})
	}
	f := v.PostForm
	order, err := orderOf(f, d, o)
	if err != nil {
		return err
	}
	r, err := offices.Plan(d, order, s.Service.Now())
	if err == nil {
		var report *planReport
		report, err = s.planned(v, r, f.Get("tree"), f.Get("then") == "decide")
		if err == nil && report.Decided {
			return v.see("/work/admin/offices/plans", "decided")
		}
		if err == nil {
			report.Form, report.Back = keptOf(f, "tree", "then"), "/work/admin/offices/"+o.ID
			return s.drawPlan(v, report)
		}
	}
	if faults := faultsOf(err); faults != nil {
		return s.drawOffice(v, http.StatusUnprocessableEntity, &officeView{Faults: faults, Tried: f.Get("act"), Form: f})
	}
	return changed(err)
}

// orderOf is what a form orders of an office.
func orderOf(f url.Values, d *yinzheng.Directory, o *yinzheng.Office) (*offices.Order, error) {
	order := &offices.Order{Title: f.Get("title"), Effective: f.Get("effective")}
	name := strings.TrimSpace(f.Get("name"))
	switch f.Get("act") {
	case "rename":
		r := offices.Rename{Name: name}
		switch f.Get("what") {
		case "division":
			r.Division = o.Division
		case "organ":
			r.Organ = o.Organ
		default:
			r.Office = o.ID
		}
		order.Rename = []offices.Rename{r}
	case "add":
		order.Add.Divisions = []offices.NewDivision{{Code: strings.TrimSpace(f.Get("code")), Name: name, Parent: o.Division, Level: f.Get("level")}}
	case "move":
		order.Move = []offices.Move{{Division: o.Division, Parent: f.Get("parent")}}
	case "merge":
		order.Merge = []offices.Merge{{Divisions: []string{o.Division, f.Get("into")}, Into: offices.Part{Code: f.Get("into")}}}
	case "split":
		order.Split = []offices.Split{splitOf(f, d, o.Division)}
	case "close":
		order.Close = []offices.Close{{Office: o.ID, Successor: f.Get("successor")}}
	default:
		return nil, noSuchAct()
	}
	return order, nil
}

// splitOf divides a division: it stays, and new ones take what is given to them.
func splitOf(f url.Values, d *yinzheng.Directory, division string) offices.Split {
	out := offices.Split{Division: division, Parts: []offices.Part{{Code: division}}, Children: map[string]string{}}
	codes := map[string]string{}
	for _, i := range newParts {
		sent := func(name string) string { return strings.TrimSpace(f.Get(fmt.Sprintf("%s.%d", name, i))) }
		part := offices.Part{Code: sent("code"), Name: sent("name")}
		if part == (offices.Part{}) {
			continue
		}
		if organ := (offices.NewOrgan{Code: sent("organ"), Name: sent("organ-name")}); organ != (offices.NewOrgan{}) {
			part.Organ = &organ
		}
		codes[strconv.Itoa(i)] = part.Code
		out.Parts = append(out.Parts, part)
	}
	for _, v := range d.Divisions {
		if code := codes[f.Get("child."+v.Code)]; v.Parent == division && code != "" {
			out.Children[v.Code] = code
		}
	}
	return out
}

// planReport is what a reorganisation would change.
type planReport struct {
	Plan    *yinzheng.ReorganisationView
	Tree    string
	Open    int
	Left    int // of a file: divisions that it does not mention
	Decided bool
	Form    []kept      // what to send again to decide it
	File    *importForm // or what to send with the file again
	Back    string
}

// planned tries what was worked out, or decides it.
func (s *server) planned(v *visit, r *yinzheng.Reorganisation, seen string, decide bool) (*planReport, error) {
	if decide {
		r.Tree = seen
	}
	n, err := s.Service.CasesConcerned(v.Context(), r)
	if err != nil {
		return nil, err
	}
	if err := s.Service.Reorganise(v.Context(), v.by, r, !decide); err != nil {
		return nil, err
	}
	return &planReport{Plan: r.View(), Tree: s.Service.Directory().Version, Open: n, Decided: decide}, nil
}

func (s *server) drawPlan(v *visit, report *planReport) error {
	return s.draw(v, http.StatusOK, "admin-plan", yinzheng.Text{ZH: "将会变成这样", EN: "What would change"}, report)
}

func (s *server) plansPage(v *visit) error {
	list, err := s.Service.TreeHistory(v.Context(), v.by, 0)
	if err != nil {
		return err
	}
	var views []*yinzheng.ReorganisationView
	for _, r := range list {
		views = append(views, r.View())
	}
	return s.draw(v, http.StatusOK, "admin-plans", yinzheng.Text{ZH: "机构调整", EN: "Reorganisations"}, views)
}

func (s *server) cancelPlan(v *visit) error {
	if _, err := s.Service.CancelReorganisation(v.Context(), v.by, v.PostForm.Get("plan")); err != nil {
		return err
	}
	return v.see("/work/admin/offices/plans", "cancelled")
}

// importTreePage is where a file of the tree is chosen.
func (s *server) importTreePage(v *visit) error {
	if err := s.Service.MayOperate(v.by); err != nil {
		return err
	}
	return s.drawTreeImport(v, http.StatusOK, &importForm{})
}

func (s *server) drawTreeImport(v *visit, status int, f *importForm) error {
	return s.draw(v, status, "admin-offices-import", yinzheng.Text{ZH: "导入机构树", EN: "Import the office tree"}, f)
}

// importTreeForm tries a file, or decides what was shown of the same file.
func (s *server) importTreeForm(v *visit) error {
	if err := s.Service.MayOperate(v.by); err != nil { // before a large file is read
		return err
	}
	return s.importing(v, []string{"title", "effective", "tree"}, s.drawTreeImport, func(f *importForm) error {
		r, left, err := offices.PlanFile(s.Service.Directory(), f.Title, f.Effective, f.file, s.Service.Now())
		if err != nil {
			return err
		}
		report, err := s.planned(v, r, f.Tree, f.Decides)
		if err != nil {
			return err
		}
		if report.Decided {
			return v.see("/work/admin/offices/plans", "decided")
		}
		f.Tree = report.Tree
		report.Left, report.File, report.Back = left, f, "/work/admin/offices/import"
		return s.drawPlan(v, report)
	})
}

// changeNames say what kind of line of a reorganisation it is.
var changeNames = map[string]yinzheng.Text{
	"division add": {ZH: "新设区划", EN: "New division"}, "division rename": {ZH: "区划更名", EN: "Division renamed"}, "division move": {ZH: "区划改属", EN: "Division moved"}, "division close": {ZH: "区划撤销", EN: "Division closed"},
	"office function": {ZH: "改职能", EN: "Other function"},
	"office add":      {ZH: "新设单位", EN: "New office"}, "office rename": {ZH: "单位更名", EN: "Office renamed"}, "office move": {ZH: "单位改属", EN: "Office moved"}, "office assign": {ZH: "改属机关", EN: "Other organ"}, "office close": {ZH: "单位撤销", EN: "Office closed"},
	"organ add": {ZH: "新设机关", EN: "New organ"}, "organ rename": {ZH: "机关更名", EN: "Organ renamed"}, "organ close": {ZH: "机关撤销", EN: "Organ ended"},
	"seal stop": {ZH: "印章停用", EN: "Seal stops"}, "seal make": {ZH: "制作印章", EN: "Seal is made"}, "people move": {ZH: "人员转入", EN: "People move"},
}

// changeLine is a line of a reorganisation in words.
type changeLine struct{ What, Name, Was, Is string }

// ChangeLine puts a line into words.
func (d *desk) ChangeLine(c yinzheng.TreeChange) changeLine {
	line := changeLine{d.T(changeNames[c.What+" "+c.Kind]), c.Name, d.Called(c.Was), d.Called(c.Is)}
	switch {
	case c.What == "people":
		line.Name, line.Was = d.T(roleNames[yinzheng.Role(c.Name)])+" × "+c.Was, d.Called(c.ID)
	case c.What == "seal" && c.Is == "missing":
		line.Is = d.L("须另行制作，制好之前办件等待签发", "to be made apart; cases wait for it")
	case c.What == "seal":
		line.Is = d.T(purposeNames[yinzheng.KeyPurpose(c.Is)])
	case c.Kind == "rename":
		line.Name, line.Was = c.Was, ""
	}
	return line
}

// purposeNames are the purposes of keys.
var purposeNames = map[yinzheng.KeyPurpose]yinzheng.Text{
	yinzheng.DocumentKey: {ZH: "文件签章", EN: "documents"}, yinzheng.TokenKey: {ZH: "验证码", EN: "QR codes"},
	yinzheng.StatusKey: {ZH: "状态名单", EN: "status lists"}, yinzheng.LogKey: {ZH: "日志", EN: "the record"},
	yinzheng.ReplyKey: {ZH: "协查答复", EN: "replies to inquiries"},
}

// planStates are the states of a reorganisation.
var planStates = map[string]yinzheng.Text{
	"planned": {ZH: "待生效", EN: "Planned"}, "applied": {ZH: "办件移交中", EN: "Cases are moving"}, "done": {ZH: "已完成", EN: "Done"}, "cancelled": {ZH: "已取消", EN: "Cancelled"},
}

// PlanState names a state.
func (d *desk) PlanState(state string) string { return d.T(planStates[state]) }
