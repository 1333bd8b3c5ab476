package templates

import (
	"bytes"
	"fmt"

	"yinzheng"
)

// Record implements yinzheng.Renderer.
func (t *Typesetter) Record(in *yinzheng.Sheet) ([]byte, error) {
	pub, _, err := t.template(in.Template)
	if err != nil {
		return nil, err
	}
	s := t.sheet(pub, in)
	defer t.free(s)
	s.draft, s.plain = true, true
	s.set()
	file, _, _, err := s.document(nil)
	if err != nil {
		return nil, fmt.Errorf("templates: writing the record: %w", err)
	}
	return bytes.Clone(file), nil
}

// planPlainFoot is the plan of a record's foot: its notes alone.
func (s *sheet) planPlainFoot() foot {
	f := foot{notes: len(s.paras)}
	lines := 0
	for _, note := range s.pub.notes {
		lines += s.small(func() { s.literal(note) })
	}
	f.to = len(s.paras)
	f.ruleY = footBottom - float64(lines)*noteLeading - footGap/2
	f.closing = pageHeight - f.ruleY + headGap
	return f
}
