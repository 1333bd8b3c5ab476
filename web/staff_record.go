package web

import (
	"slices"
	"strings"

	"yinzheng"
)

// againstLine is a value that is otherwise than on record, to read.
type againstLine struct {
	Label              yinzheng.Text
	OnRecord, FilledIn string
	Former             bool // it was so formerly
	yinzheng.Origin
}

// againstLines lay out what is otherwise than on record.
func (s *server) againstLines(of *yinzheng.Template, fields []yinzheng.AgainstField) []againstLine {
	var out []againstLine
	for i := range fields {
		out = append(out, s.againstLine(of, &fields[i]))
	}
	return out
}

func (s *server) againstLine(of *yinzheng.Template, x *yinzheng.AgainstField) againstLine {
	line := againstLine{Former: x.Former, Origin: x.Origin}
	if f := of.Field(strings.TrimPrefix(x.Field, "values.")); f != nil {
		line.Label, line.OnRecord, line.FilledIn = f.Label, f.Display(x.OnRecord), f.Display(x.FilledIn)
		return line
	}
	line.Label = yinzheng.Text{ZH: "所属", EN: "Place"} // the one thing beside the fields that is compared
	line.OnRecord, line.FilledIn = s.placeName(x.OnRecord), s.placeName(x.FilledIn)
	return line
}

// placeName is what a division is called, after all that it lies in.
func (s *server) placeName(code any) string {
	c, _ := code.(string)
	return strings.Join(namesOf(lineOf(s.Service.Directory(), c)), " ")
}

// besideRecord marks each value that something is on record of.
func (s *server) besideRecord(rows []factRow, of *yinzheng.Template, x *yinzheng.Comparison) {
	for i := range rows {
		row := &rows[i]
		row.Agrees = slices.Contains(x.Same, row.Path)
		for j := range x.Otherwise {
			if x.Otherwise[j].Field == row.Path {
				line := s.againstLine(of, &x.Otherwise[j])
				row.Against = &line
			}
		}
	}
}
