package web

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"yinzheng"
	"yinzheng/design"
)

// templateRoutes lists the addresses of the pages about templates.
func (s *server) templateRoutes() map[string]func(*visit) error {
	const versions, designs = "/work/admin/templates/versions/{code}/{version}", "/work/admin/templates/designs/{design}"
	return map[string]func(*visit) error{
		"GET /work/admin/templates":          s.templatesPage,
		"POST /work/admin/templates":         s.beginForm,
		"GET " + versions:                    s.versionPage,
		"GET " + versions + "/page.svg":      s.versionPicture,
		"GET " + versions + "/template.yaml": s.versionFile,
		"GET " + designs:                     s.designerPage,
		"POST " + designs:                    s.designerForm,
		"GET " + designs + "/page.svg":       s.designPicture,
		"POST " + designs + "/page.svg":      s.liveDesign,
		"GET " + designs + "/review":         s.reviewPage,
		"POST " + designs + "/review":        s.reviewForm,
	}
}

// templatesView is what templates there are, and what is being made of them.
type templatesView struct {
	Items  []templateItem
	Open   []designLine
	Done   []designLine
	Key    string
	Faults []yinzheng.FieldError
	Item   string // code that was typed
	From   string // version that was chosen
}

// templateItem is an item with its versions, the newest first.
type templateItem struct {
	design.TemplateVersion
	Earlier []design.TemplateVersion
}

// designLine is a design with who changed it last.
type designLine struct {
	design.DesignLine
	Who string
}

func (s *server) templatesPage(v *visit) error {
	return s.drawTemplates(v, http.StatusOK, &templatesView{})
}

func (s *server) drawTemplates(v *visit, status int, view *templatesView) error {
	versions, err := s.Designs.Versions(v.Context(), v.by)
	if err != nil {
		return err
	}
	for _, x := range versions {
		if x.Newest {
			view.Items = append(view.Items, templateItem{TemplateVersion: x})
			continue
		}
		last := &view.Items[len(view.Items)-1]
		last.Earlier = append(last.Earlier, x)
	}
	if view.Open, view.Done, err = s.designs(v); err != nil {
		return err
	}
	view.Key = rand.Text()
	return s.draw(v, status, "admin-templates", yinzheng.Text{ZH: "证明模板", EN: "Templates"}, view)
}

// designs lists those that something is still to become of, and the others.
func (s *server) designs(v *visit) (open, done []designLine, err error) {
	list, err := s.Designs.List(v.Context(), v.by)
	for _, x := range list {
		line := designLine{x, s.calledPerson(v, x.By)}
		if x.Stage == design.Drafting || x.Stage == design.Sent {
			open = append(open, line)
		} else {
			done = append(done, line)
		}
	}
	return open, done, err
}

// beginForm begins a design: of a new item, or of the next version of one.
func (s *server) beginForm(v *visit) error {
	f := v.PostForm
	in := &design.Begin{Item: strings.TrimSpace(f.Get("item"))}
	if code, version, found := strings.Cut(f.Get("from"), "@"); found {
		n, _ := strconv.Atoi(version) // none: a version that there is not
		in.From = &yinzheng.TemplateRef{Code: code, Version: n}
		if in.Item == "" && f.Get("next") != "" {
			in.Item = code
		}
	}
	view, _, err := s.Designs.Begin(v.Context(), v.by, in, f.Get("key"))
	if faults := faultsOf(err); faults != nil {
		return s.drawTemplates(v, http.StatusUnprocessableEntity, &templatesView{Faults: faults, Item: in.Item, From: f.Get("from")})
	}
	if err != nil {
		return err
	}
	return v.see(designAddress(view.ID), "")
}

func designAddress(id string) string { return "/work/admin/templates/designs/" + id }

// versionView is one version of a template, to look at.
type versionView struct {
	Template *yinzheng.Template
	Text     string
	Trials   []trialLink
	Picture  string
	Ways     []wayView
	Key      string
	Newest   bool
}

// trialLink is a set of trial values to look at a page with.
type trialLink struct {
	design.Trial
	On bool
}

func (s *server) versionPage(v *visit) error {
	t, text, err := s.Designs.Text(v.Context(), v.by, versionIn(v.Request))
	if err != nil {
		return err
	}
	trial := trialIn(v.URL.Query())
	here := "/work/admin/templates/versions/" + t.Code + "/" + strconv.Itoa(t.Version)
	view := &versionView{Template: t, Text: text, Trials: trials(trial), Picture: here + "/page.svg?trial=" + trial, Ways: s.ways(t), Key: rand.Text()}
	view.Newest = s.Service.Newest(t.Code).Version == t.Version
	return s.draw(v, http.StatusOK, "admin-template", t.Name, view)
}

// versionPicture is the page of a version with trial values.
func (s *server) versionPicture(v *visit) error {
	t, _, err := s.Designs.Text(v.Context(), v.by, versionIn(v.Request))
	if err != nil {
		return err
	}
	return s.trialPicture(v, t, v.URL.Query(), "")
}

// versionFile is the text of a version, to take elsewhere.
func (s *server) versionFile(v *visit) error {
	t, text, err := s.Designs.Text(v.Context(), v.by, versionIn(v.Request))
	if err != nil {
		return err
	}
	v.w.Header().Set("Content-Disposition", `attachment; filename="`+t.Code+"-"+strconv.Itoa(t.Version)+`.yaml"`)
	writeBody(v.w, http.StatusOK, "application/yaml; charset=utf-8", []byte(text))
	return nil
}

func (s *server) trialPicture(v *visit, t *yinzheng.Template, form url.Values, focus string) error {
	svg, err := s.Designs.Page(v.by, t, trialIn(form), "svg", focus)
	if err != nil {
		return err
	}
	writeBody(v.w, http.StatusOK, "image/svg+xml", svg)
	return nil
}

// trialIn is the set of trial values that a form names, by the button that was
// pressed if there are several; the plain one if none.
func trialIn(form url.Values) string {
	chosen, _ := formValue(form, "trial")
	for _, t := range design.Trials {
		if t.Key == chosen {
			return t.Key
		}
	}
	return design.Trials[0].Key
}

func trials(chosen string) []trialLink {
	var out []trialLink
	for _, t := range design.Trials {
		out = append(out, trialLink{t, t.Key == chosen})
	}
	return out
}

// wayView is how cases with some sets of trial values would go, all the same way.
type wayView struct {
	design.Way
	Name yinzheng.Text // of the sets
}

func (s *server) ways(t *yinzheng.Template) []wayView {
	var out []wayView
	for _, w := range design.Ways(t, s.Service.Now()) {
		same := func(o wayView) bool {
			return reflect.DeepEqual(design.Way{Trial: w.Trial, Materials: o.Materials, Steps: o.Steps, Problems: o.Problems}, w)
		}
		if i := slices.IndexFunc(out, same); i >= 0 {
			name := &out[i].Name
			name.ZH, name.EN = name.ZH+" · "+w.Trial.Name.ZH, name.EN+" · "+w.Trial.Name.EN
			continue
		}
		out = append(out, wayView{w, w.Trial.Name})
	}
	return out
}

// Nth names a version of a template.
func (d *desk) Nth(version int) string {
	n := strconv.Itoa(version)
	return d.L("第 "+n+" 版", "version "+n)
}

// DesignStage names a stage of a design.
func (d *desk) DesignStage(x design.Stage) string { return d.T(design.StageNames[x]) }

// reviewPageView is a design as it is sent, decided on and remembered.
type reviewPageView struct {
	Design  *design.DesignView
	Trials  []trialLink
	Picture string
	Ways    []wayView
	Acts    []designActLine
	May     []designActView
	Faults  []yinzheng.FieldError
	Tried   design.Kind
	Opinion string
	Mine    bool // whoever looks wrote some of it
}

type designActLine struct {
	design.DesignAct
	What yinzheng.Text
	Name string
}

// designActView is one act with its form.
type designActView struct {
	Kind    design.Kind
	Name    yinzheng.Text
	Means   yinzheng.Text
	Opinion yinzheng.Text
	at      design.Stage
	others  bool // not for who wrote it
}

// designActs are what may be done to a design, in the order of its life.
var designActs = []designActView{
	{design.Send, yinzheng.Text{ZH: "送审", EN: "Send for publication"}, yinzheng.Text{ZH: "由没有参与起草的另一位管理员核对并发布。", EN: "Another administrator, who wrote none of it, looks at it and publishes it."}, yinzheng.Text{ZH: "说明（选填）", EN: "Remark (optional)"}, design.Drafting, false},
	{design.Publish, yinzheng.Text{ZH: "发布", EN: "Publish"}, yinzheng.Text{ZH: "立即生效：新办件按这一版办理，在办的办件仍按原来的版本办完。发布后不能更改，只能再出下一版。", EN: "In force at once: new cases run on this version, those under way end on theirs. It never changes afterwards; only another version follows it."}, yinzheng.Text{ZH: "意见（选填）", EN: "Opinion (optional)"}, design.Sent, true},
	{design.Return, yinzheng.Text{ZH: "退回修改", EN: "Return it"}, yinzheng.Text{ZH: "回到起草，改好后重新送审。", EN: "Back to the draft, to be mended and sent again."}, yinzheng.Text{ZH: "要改什么", EN: "What has to be mended"}, design.Sent, false},
	{design.Withdraw, yinzheng.Text{ZH: "撤回这份草案", EN: "Withdraw it"}, yinzheng.Text{ZH: "到此结束，现行模板不变，不能恢复。", EN: "It ends here and the template in force stays; it cannot be brought back."}, yinzheng.Text{ZH: "原因（选填）", EN: "Reason (optional)"}, design.Drafting, false},
}

// designActNames say what was done.
var designActNames = map[design.Kind]yinzheng.Text{
	design.Started: {ZH: "起草", EN: "begun"}, design.Send: {ZH: "送审", EN: "sent"}, design.Return: {ZH: "退回", EN: "returned"}, design.Publish: {ZH: "发布", EN: "published"}, design.Withdraw: {ZH: "撤回", EN: "withdrawn"},
}

func (s *server) reviewPage(v *visit) error {
	return s.drawReview(v, http.StatusOK, &reviewPageView{})
}

func (s *server) drawReview(v *visit, status int, view *reviewPageView) (err error) {
	if view.Design, err = s.Designs.Design(v.Context(), v.by, v.PathValue("design")); err != nil {
		return err
	}
	x := view.Design
	view.Mine = slices.Contains(x.Authors, v.by.ID)
	for _, a := range designActs {
		if a.at == x.Stage && !(a.others && view.Mine) {
			view.May = append(view.May, a)
		}
	}
	for _, a := range slices.Backward(x.Acts) {
		view.Acts = append(view.Acts, designActLine{a, designActNames[a.Kind], s.calledPerson(v, a.By)})
	}
	title := yinzheng.Text{ZH: x.Item, EN: x.Item}
	if x.Template != nil {
		trial := trialIn(v.URL.Query())
		view.Trials, view.Ways, title = trials(trial), s.ways(x.Template), x.Template.Name
		view.Picture = designAddress(x.ID) + "/page.svg?trial=" + trial + "&v=" + strconv.Itoa(x.Version)
	}
	return s.draw(v, status, "admin-review", title, view)
}

// reviewForm sends, returns, publishes or withdraws a design.
func (s *server) reviewForm(v *visit) error {
	kind, opinion := design.Kind(v.PostForm.Get("act")), v.PostForm.Get("opinion")
	_, err := s.Designs.Act(v.Context(), v.by, v.PathValue("design"), v.seen(), kind, opinion)
	if faults := faultsOf(err); faults != nil {
		return s.drawReview(v, http.StatusUnprocessableEntity, &reviewPageView{Faults: faults, Tried: kind, Opinion: opinion})
	}
	if err != nil {
		return changed(err)
	}
	return v.see(designAddress(v.PathValue("design"))+"/review", "design-"+string(kind))
}
