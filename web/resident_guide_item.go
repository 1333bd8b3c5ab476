package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"yinzheng"
	"yinzheng/catalogue"
	"yinzheng/design"
)

// guideItemView is the guide to one item.
type guideItemView struct {
	guideLine
	Template *yinzheng.Template // nil: it is not made here, or not any more
	Bring    []toBring
	Days     int // working days at most; 0: not stated
	Stages   []stage
	Places   []placeGroup // to choose where one lives
	At       string       // the division that was chosen
	Go       []string     // offices that take it in there
	List     string       // in which it was ended
	Instead  *guideLine   // the item whose e-certificate replaces it
}

// toBring is one thing to bring, and what will do in its place.
type toBring struct {
	Name    yinzheng.Text
	Scan    bool // a picture of it is kept
	When    yinzheng.Text
	Instead []yinzheng.Text
}

func (s *server) guideItemPage(g *guest) error {
	code := g.PathValue("code")
	lines := s.guideLines()
	i := slices.IndexFunc(lines, func(l guideLine) bool { return l.Code == code })
	if i < 0 {
		_, err := s.Service.Template(code)
		return err
	}
	view := &guideItemView{guideLine: lines[i]}
	if view.State != catalogue.Kept {
		s.sayEnded(view, lines)
	} else {
		s.sayHow(view, g.URL.Query().Get("at"))
	}
	return s.receive(g, http.StatusOK, "resident-guide-item", view.Name, view)
}

// sayEnded says where an item that nobody needs any more was ended, and what
// replaces it.
func (s *server) sayEnded(view *guideItemView, lines []guideLine) {
	view.List = s.Catalogue.ListOf(s.Catalogue.Item(view.Code))
	if i := slices.IndexFunc(lines, func(l guideLine) bool { return l.Code == view.By }); i >= 0 {
		view.Instead = &lines[i]
	}
}

// sayHow says how an item is had, by somebody of a division.
func (s *server) sayHow(view *guideItemView, at string) {
	d := s.Service.Directory()
	if v := d.Division(at); v != nil {
		view.At = d.DivisionNow(at)
	}
	view.Days, view.Template = view.Guide.Limit, s.Service.Newest(view.Code)
	t := view.Template
	if t == nil {
		return
	}
	view.Days = s.atMost(t)
	for i := range t.Materials {
		view.Bring = append(view.Bring, s.bring(t, &t.Materials[i]))
	}
	for i := range t.Chain {
		view.Stages = append(view.Stages, guideStage(t, &t.Chain[i], d, view.At))
	}
	first := t.Chain[0].Posts()
	view.Places = places(d, func(x *yinzheng.Division) bool { return x.Level == first[0].Level })
	if view.At != "" {
		view.Go = officeNames(d, first, view.At)
	}
}

// atMost is within how many working days an item is promised: what its guide says, or
// what the limits of its steps come to; 0: not stated.
func (s *server) atMost(t *yinzheng.Template) int {
	if i := s.Catalogue.Item(t.Code); i != nil && i.Guide.Limit > 0 {
		return i.Guide.Limit
	}
	return longest(t)
}

// longest is how many working days a chain takes at most; 0: a step has no limit.
func longest(t *yinzheng.Template) int {
	days := 0
	for i := range t.Chain {
		if t.Chain[i].Limit == 0 {
			return 0
		}
		days += t.Chain[i].Limit
	}
	return days
}

func (s *server) bring(t *yinzheng.Template, m *yinzheng.Material) toBring {
	b := toBring{Name: m.Text, Scan: m.Scan, When: whenWords(t, m.When)}
	instead := func(zh, en string) { b.Instead = append(b.Instead, yinzheng.Text{ZH: zh, EN: en}) }
	if m.Commitment != nil {
		instead("拿不出来的，可以签一份书面承诺代替，签发后会核查。", "Without it you may sign a commitment; it is inspected afterwards.")
	}
	for _, code := range m.Certificate {
		if of := s.Service.Newest(code); of != nil {
			instead("本人已有有效的“"+of.Name.ZH+"”，就不用再交。", "Not needed with a “"+of.Name.In("en")+"” of yours in force.")
		}
	}
	if m.Later != nil {
		instead(fmt.Sprintf("手头没有的，可以先办，%d 个工作日内补交。", m.Later.Days), fmt.Sprintf("You may begin without it and bring it within %d working days.", m.Later.Days))
	}
	return b
}

func guideStage(t *yinzheng.Template, step *yinzheng.Step, d *yinzheng.Directory, at string) stage {
	out := stage{Name: step.Name}
	if names := officeNames(d, step.Posts(), at); len(names) > 0 {
		list := strings.Join(names, "、")
		out.Lines = append(out.Lines, yinzheng.Text{ZH: list, EN: list})
	}
	if step.Limit > 0 {
		out.Lines = append(out.Lines, yinzheng.Text{ZH: fmt.Sprintf("%d 个工作日内", step.Limit), EN: fmt.Sprintf("within %d working days", step.Limit)})
	}
	if when := whenWords(t, step.When); when.ZH != "" {
		out.Lines = append(out.Lines, when)
	}
	return out
}

// officeNames names the offices of some posts for a division, each once; none
// before somebody has said where they live.
func officeNames(d *yinzheng.Directory, posts []yinzheng.Post, division string) []string {
	var names []string
	for _, p := range posts {
		for _, o := range d.OfficesOf(p, division) {
			if !slices.Contains(names, o.Name) {
				names = append(names, o.Name)
			}
		}
	}
	return names
}

// whenWords says in whose case something is needed; empty: in everybody's.
func whenWords(t *yinzheng.Template, when []yinzheng.Clause) yinzheng.Text {
	var zh, en []string
	for i := range when {
		c := &when[i]
		f := t.Field(c.Field)
		a, b := clauseWords(f, c)
		zh = append(zh, "“"+f.Label.ZH+"”"+a)
		en = append(en, "“"+f.Label.In("en")+"” "+b)
	}
	if len(when) == 0 {
		return yinzheng.Text{}
	}
	return yinzheng.Text{ZH: "只在" + strings.Join(zh, "、") + "时需要", EN: "Only where " + strings.Join(en, " and ")}
}

func clauseWords(f *yinzheng.Field, c *yinzheng.Clause) (zh, en string) {
	switch {
	case c.Filled != nil && f.Type == yinzheng.BoolField && *c.Filled:
		return "为是", "is so"
	case c.Filled != nil && f.Type == yinzheng.BoolField:
		return "为否", "is not so"
	case c.Filled != nil && *c.Filled:
		return "有填写", "is filled in"
	case c.Filled != nil:
		return "没有填写", "is left empty"
	case c.Over != nil:
		return fmt.Sprintf("超过 %d", *c.Over), fmt.Sprintf("is more than %d", *c.Over)
	}
	values := c.In
	if c.Is != "" {
		values = []string{c.Is}
	}
	var a, b []string
	for _, v := range values {
		name := yinzheng.Text{ZH: v, EN: v}
		if i := slices.IndexFunc(f.Options, func(o yinzheng.Option) bool { return o.Value == v }); i >= 0 {
			name = f.Options[i].Label
		}
		a, b = append(a, name.ZH), append(b, name.In("en"))
	}
	return "为“" + strings.Join(a, "”或“") + "”", "is “" + strings.Join(b, "” or “") + "”"
}

// specimens keeps the pictures of samples, each for a day: they are asked for by
// anybody, and setting a page costs more than sending it.
type specimens struct {
	mu   sync.Mutex
	kept map[string]specimen // by item
}

type specimen struct {
	of  *yinzheng.Template
	day string
	svg []byte
}

// specimenPicture is a sample of an item's page.
func (s *server) specimenPicture(g *guest) error {
	t, err := s.Service.Template(g.PathValue("code"))
	if err != nil {
		return err
	}
	svg, err := s.specimens.of(t, s.Service.Now(), s.Service.Specimen)
	if err != nil {
		return err
	}
	g.w.Header()["Cache-Control"] = revalidate
	writeBody(g.w, http.StatusOK, "image/svg+xml", svg)
	return nil
}

// of returns a template's picture, which draw makes once a day.
func (x *specimens) of(t *yinzheng.Template, now time.Time, draw func(*yinzheng.Template, yinzheng.Values) ([]byte, error)) ([]byte, error) {
	day := now.In(yinzheng.Zone).Format(time.DateOnly)
	x.mu.Lock()
	defer x.mu.Unlock()
	if k := x.kept[t.Code]; k.of == t && k.day == day {
		return k.svg, nil
	}
	svg, err := draw(t, design.TrialValues(t, "plain", now))
	if err != nil {
		return nil, err
	}
	if x.kept == nil {
		x.kept = map[string]specimen{}
	}
	x.kept[t.Code] = specimen{t, day, svg}
	return svg, nil
}
