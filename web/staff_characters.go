package web

import (
	"net/http"
	"strings"

	"yinzheng"
)

// charactersView is the page that finds characters which somebody cannot type.
type charactersView struct {
	Sought   string
	Groups   []characterGroup
	Radicals []string
	Nothing  bool // it was sought and not found
}

type characterGroup struct {
	listed
	Glyphs []glyph
}

// glyph is a character to take.
type glyph struct {
	Of       string
	Point    rune
	Readings string
	Missing  bool // no face holds it, so that it cannot be printed
}

// charactersPage works by itself, to copy from; a script shows it beside the form.
func (s *server) charactersPage(v *visit) error {
	view := &charactersView{Sought: v.URL.Query().Get("q"), Radicals: radicals}
	for _, f := range s.pages.characters.find(view.Sought) {
		missing := string(s.Service.Renderer.Missing(f.Of))
		group := characterGroup{listed: f}
		for _, r := range f.Of {
			group.Glyphs = append(group.Glyphs, glyph{string(r), r, strings.Join(s.pages.characters.readings[r], " "), strings.ContainsRune(missing, r)})
		}
		view.Groups = append(view.Groups, group)
	}
	view.Nothing = strings.TrimSpace(view.Sought) != "" && view.Groups == nil
	return s.draw(v, http.StatusOK, "staff-characters", yinzheng.Text{ZH: "生僻字", EN: "Rare characters"}, view)
}
