package web

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"yinzheng"
	"yinzheng/catalogue"
)

// guideRoutes lists the addresses of the guides (办事指南).
func (s *server) guideRoutes() map[string]func(*guest) error {
	return map[string]func(*guest) error{
		"GET /guide":                   s.guidePage,
		"GET /guide/{code}":            s.guideItemPage,
		"GET /guide/{code}/sample.svg": s.specimenPicture,
	}
}

// guideView lists the items: those that can be had, by who seals them, and those
// that nobody needs any more.
type guideView struct {
	Query  string
	Near   bool // nothing says what was asked for; these are near it
	Needs  []string
	Groups []guideGroup
	Ended  []guideLine
}

type guideGroup struct {
	Level yinzheng.Level // of the organ that seals
	Items []guideLine
}

// guideLine is an item as the list shows it.
type guideLine struct {
	catalogueItem
	For    []string // what people have it made for
	Closed bool     // for now: no case of it begins
}

// purposeField is the field of a template that says what its certificate is for;
// what is often written there is how people ask for it.
const purposeField = "purpose"

// guideLines are all items, with what people have them made for.
func (s *server) guideLines() []guideLine {
	items := s.catalogueItems().Items
	out := make([]guideLine, len(items))
	for i := range items {
		out[i].catalogueItem = items[i]
		t := s.Service.Newest(items[i].Code)
		if t == nil {
			continue
		}
		if f := t.Field(purposeField); f != nil {
			out[i].For = f.Suggest
		}
		out[i].Closed = items[i].State == catalogue.Kept && s.Service.Closed(t) != nil
	}
	return out
}

// needs are what people have certificates made for, those of many items first.
func (s *server) needs() []string {
	count := map[string]int{}
	var out []string
	for _, l := range s.guideLines() {
		for _, need := range l.For {
			if l.State != catalogue.Kept {
				continue
			}
			if count[need]++; count[need] == 1 {
				out = append(out, need)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b string) int { return cmp.Compare(count[b], count[a]) })
	return out[:min(len(out), maxNeeds)]
}

// maxNeeds is how many needs are offered: as many as are read.
const maxNeeds = 8

func (s *server) guidePage(g *guest) error {
	view := s.guideView(strings.TrimSpace(g.URL.Query().Get("q")))
	return s.receive(g, http.StatusOK, "resident-guide", yinzheng.Text{ZH: "办证明", EN: "Get a certificate"}, view)
}

func (s *server) guideView(query string) *guideView {
	view := &guideView{Query: query, Needs: s.needs()}
	found, exact := searched(s.guideLines(), query)
	view.Near = !exact
	for _, l := range found {
		if l.State != catalogue.Kept {
			view.Ended = append(view.Ended, l)
			continue
		}
		i := slices.IndexFunc(view.Groups, func(x guideGroup) bool { return x.Level == l.Issuer })
		if i < 0 {
			i, view.Groups = len(view.Groups), append(view.Groups, guideGroup{Level: l.Issuer})
		}
		view.Groups[i].Items = append(view.Groups[i].Items, l)
	}
	slices.SortStableFunc(view.Groups, func(a, b guideGroup) int { return cmp.Compare(levelOrder(a.Level), levelOrder(b.Level)) })
	return view
}

// levelOrder has those who are nearest to a resident first.
func levelOrder(l yinzheng.Level) int {
	return slices.IndexFunc(levels, func(o yinzheng.Option) bool { return o.Value == string(l) })
}

// searched finds the items that say what somebody asks for. Where none does, those
// that have half of its characters: who asks for 孩子上学 means 子女入学.
func searched(lines []guideLine, query string) (found []guideLine, exact bool) {
	words := strings.Fields(strings.ToLower(query))
	said := make([]string, len(lines))
	for i := range lines {
		said[i] = lines[i].says()
		if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(said[i], w) }) {
			found = append(found, lines[i])
		}
	}
	if len(found) > 0 || len(words) == 0 {
		return found, true
	}
	asked := []rune(everyday.Replace(strings.Join(words, "")))
	for i := range lines {
		has := 0
		for _, r := range asked {
			if strings.ContainsRune(said[i], r) {
				has++
			}
		}
		if len(asked) > 0 && has*2 >= len(asked) {
			found = append(found, lines[i])
		}
	}
	return found, false
}

// everyday takes away what people put around what they ask for: it would be found
// in every item.
var everyday = strings.NewReplacer("我需要", "", "我要", "", "怎么", "", "办理", "", "开具", "", "证明", "", "certificate", "", "proof", "")

// says is everything by which an item may be asked for.
func (l *guideLine) says() string {
	subject := yinzheng.Subjects[l.Subject]
	all := []string{l.Code, l.Name.ZH, l.Name.EN, subject.ZH, subject.EN}
	all = append(append(all, l.For...), l.Guide.Conditions...)
	return strings.ToLower(strings.Join(all, "\n"))
}

// WayName names what replaces an item, GroundName why one was cancelled.
func (p *shell) WayName(way string) string       { return p.T(catalogue.Ways[way]) }
func (p *shell) GroundName(ground string) string { return p.T(catalogue.Grounds[ground]) }
