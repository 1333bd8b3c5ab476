package yinzheng

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// problems is everything that stands between a draft and its submission.
func (s *Service) problems(ctx context.Context, t *Template, a *Application, checked *Checked) ([]FieldError, error) {
	out := checked.Problems
	out = append(out, s.placeProblems(t, a)...)
	out = append(append(out, fileProblems(t, a)...), gapProblems(a, s.now())...)
	c := &Case{Application: a, Template: t, Directory: s.Directory()}
	out = append(out, commitmentProblems(c)...)
	for _, look := range []func(context.Context, *Case) ([]FieldError, error){s.unsignable, s.staleReferences} {
		more, err := look(ctx, c)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return append(out, s.missingGlyphs(t, a.Values)...), nil
}

// placeProblems is what keeps the offices of a case's division from deciding it, and
// from sealing.
func (s *Service) placeProblems(t *Template, a *Application) []FieldError {
	d := s.Directory()
	for _, step := range t.Chain {
		if step.applies(a.Values) && !d.staffed(&step, a.Division) {
			return []FieldError{{"division", "division", Text{
				fmt.Sprintf("该区划下没有“%s”所在的层级，请填写更具体的区划代码", step.Name.ZH),
				fmt.Sprintf("This division does not lie in one of the level that “%s” needs; please give a more precise code", step.Name.EN),
			}}}
		}
	}
	_, err := s.issuer(t, a)
	if e := (*Error)(nil); errors.As(err, &e) {
		return []FieldError{{"division", "no-issuer", e.Text}}
	}
	return nil
}

// missingGlyphs names every character of the values that no face holds.
func (s *Service) missingGlyphs(t *Template, v Values) []FieldError {
	var out []FieldError
	for _, m := range s.missing(t, v) {
		var names []string
		for _, r := range m.characters {
			names = append(names, fmt.Sprintf("“%c” (%s)", r, CodePoint(r)))
		}
		list := strings.Join(names, ", ")
		out = append(out, FieldError{m.path, "missing-glyph", Text{
			"字库中没有 " + list + "；草稿提交时会请管理员添加含此字的字体，添加后通知您",
			"No font here holds " + list + "; when you submit the draft, an administrator is asked for a face that does, and you are told when it is here",
		}})
	}
	return out
}

// missingAt are the characters of one text that no face holds.
type missingAt struct {
	path       string
	characters []rune
}

func (s *Service) missing(t *Template, v Values) []missingAt {
	var out []missingAt
	eachText("values", t.Fields, v, func(path, text string) {
		if missing := s.Renderer.Missing(text); len(missing) > 0 {
			out = append(out, missingAt{path, missing})
		}
	})
	return out
}

// eachText visits every text of the values, with its path.
func eachText(path string, fields []Field, v Values, visit func(path, text string)) {
	for i := range fields {
		f := &fields[i]
		p := path + "." + f.Key
		switch x := v[f.Key].(type) {
		case string:
			visit(p, x)
		case map[string]any:
			id := idOf(x)
			visit(p, id.Number+id.Reason)
		case []any:
			for j, row := range v.Rows(f.Key) {
				eachText(fmt.Sprintf("%s[%d]", p, j), f.Fields, row, visit)
			}
		}
	}
}
