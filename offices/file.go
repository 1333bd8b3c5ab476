package offices

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"yinzheng"
	"yinzheng/internal/table"
)

// columns of a file that says how the tree is to be.
var columns = []table.Column{
	{Key: "code", Names: []string{"代码", "区划代码"}},
	{Key: "name", Names: []string{"名称", "区划名称"}},
	{Key: "parent", Names: []string{"上级", "上级代码"}},
	{Key: "level", Names: []string{"层级", "级别"}},
	{Key: "successor", Names: []string{"并入", "承接区划"}, Optional: true},
}

var levels = map[string]yinzheng.Level{
	"province": yinzheng.Province, "city": yinzheng.City, "district": yinzheng.District, "town": yinzheng.Town, "village": yinzheng.Village,
	"省": yinzheng.Province, "省级": yinzheng.Province, "市": yinzheng.City, "地市": yinzheng.City, "区": yinzheng.District, "县": yinzheng.District, "区县": yinzheng.District,
	"镇": yinzheng.Town, "乡": yinzheng.Town, "街道": yinzheng.Town, "镇街": yinzheng.Town, "村": yinzheng.Village, "社区": yinzheng.Village, "村社区": yinzheng.Village,
}

// line is one division of a file, with its place there.
type line struct {
	yinzheng.Division
	place func(column string) string
}

const (
	maxLines  = 50_000 // divisions of a file; a large city has some 10,000
	maxFaults = 100    // that one report lists; a file with more has one cause
)

// Read reads the divisions of a file: CSV or .xlsx with the columns code, name,
// parent, level and, for those that are closed, successor. The error is an
// ErrInvalid with every fault by its cell.
func Read(data []byte) ([]yinzheng.Division, error) {
	lines, err := read(data)
	if err != nil {
		return nil, err
	}
	out := make([]yinzheng.Division, len(lines))
	for i := range lines {
		out[i] = lines[i].Division
	}
	return out, nil
}

func read(data []byte) ([]line, error) {
	t, err := table.Open(data, columns)
	if err != nil {
		return nil, yinzheng.FileFault(err)
	}
	defer t.Close()
	var lines []line
	var faults []yinzheng.FieldError
	seen := map[string]string{}
	for len(faults) < maxFaults {
		row, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, yinzheng.FileFault(err)
		}
		if len(lines) == maxLines {
			return nil, yinzheng.FileFault(&table.Error{Place: row.Place("code"), ZH: "一次最多导入 50000 个区划，请分几次导入", EN: "A file may have 50,000 divisions; please send it in parts"})
		}
		l := line{yinzheng.Division{
			Code: row.Get("code"), Name: strings.Join(strings.Fields(row.Get("name")), " "), Parent: row.Get("parent"),
			Level: levels[row.Get("level")], Successor: row.Get("successor"),
		}, row.Place}
		fault := func(column, code, zh, en string) {
			faults = append(faults, yinzheng.FieldError{Field: row.Place(column), Code: code, Text: yinzheng.Text{ZH: zh, EN: en}})
		}
		if len(l.Code) != 12 || strings.Trim(l.Code, "0123456789") != "" {
			fault("code", "code", "区划代码应为 12 位数字", "A division code has 12 digits")
		} else if first := seen[l.Code]; first != "" {
			fault("code", "twice", "与 "+first+" 重复", "The same code as in "+first)
		}
		if l.Name == "" {
			fault("name", "required", "请填写名称", "Please fill in the name")
		}
		if l.Level == "" {
			fault("level", "choice", "应为省、市、区、镇、村之一", "Expected province, city, district, town or village")
		}
		seen[l.Code] = row.Place("code")
		lines = append(lines, l)
	}
	if len(faults) > 0 {
		return nil, &yinzheng.Error{Kind: yinzheng.ErrInvalid, Text: yinzheng.Text{ZH: "表格有误，什么都没有更改；请按位置更正后重新导入", EN: "The file has faults and nothing was changed; please mend them and import it again"}, Fields: faults}
	}
	if len(lines) == 0 {
		return nil, yinzheng.FileFault(&table.Error{ZH: "表中没有区划", EN: "The file has no divisions"})
	}
	return lines, nil
}

// PlanFile works out what a file changes: divisions that are new, named
// otherwise, under another parent or, with a successor, closed. What the file
// does not mention stays as it is; left counts it.
func PlanFile(d *yinzheng.Directory, title, effective string, data []byte, now time.Time) (r *yinzheng.Reorganisation, left int, err error) {
	lines, err := read(data)
	if err != nil {
		return nil, 0, err
	}
	p, err := newPlan(d, title, effective, now)
	if err != nil {
		return nil, 0, err
	}
	named := map[string]bool{}
	for i := range lines { // all first: a parent, or a successor, may stand below
		l := &lines[i]
		named[l.Code] = true
		if v := p.divisions[l.Code]; v == nil {
			p.putDivision(&yinzheng.Division{Code: l.Code, Name: l.Name, Parent: l.Parent, Level: l.Level})
		} else if v.Level != l.Level {
			p.fault(l.place("level"), "level", "区划的层级不能改变", "A division's level does not change")
		}
	}
	for i := range lines {
		p.line(&lines[i])
	}
	for _, v := range d.Divisions {
		if v.Until.IsZero() && !named[v.Code] {
			left++
		}
	}
	r, err = p.result(nil)
	return r, left, err
}

func (p *plan) line(l *line) {
	v := p.divisions[l.Code]
	if !v.Until.IsZero() {
		if l.Successor != v.Successor {
			p.fault(l.place("code"), "closed", "区划 %s 已撤并，不能恢复", "The division %s is closed and does not come back", l.Code)
		}
		return
	}
	if l.Successor != "" {
		into := p.divisions[l.Successor]
		if into == nil || l.Successor == l.Code || into.Level != v.Level {
			p.fault(l.place("successor"), "successor", "应为另一个同级区划的代码", "Expected the code of another division of the same level")
			return
		}
		p.seat(into)
		p.dissolve(v, into)
		return
	}
	if l.Parent != "" && p.divisions[l.Parent] == nil {
		p.fault(l.place("parent"), "unknown", "没有区划 %s", "There is no division %s", l.Parent)
		return
	}
	p.lay(v, l.Parent)
	p.renameDivision(v, l.Name)
	p.seat(v)
}

// First makes the tree of a new data folder out of its divisions and the organs
// that seal: every organ has an office, every other division from district to
// village one of its own.
func First(divisions []yinzheng.Division, seats []Seat) (*yinzheng.Directory, error) {
	var organs []yinzheng.Organ
	p := &plan{divisions: map[string]*yinzheng.Division{}, offices: map[string]*yinzheng.Office{}, seated: map[string]map[string]*yinzheng.Office{}}
	for _, s := range seats {
		p.putOffice(&yinzheng.Office{ID: ID(s.Division, s.Function), Name: s.Organ.Name, Division: s.Division, Organ: s.Organ.Code, Function: s.Function})
		organs = append(organs, s.Organ)
	}
	for i := range divisions {
		p.divisions[divisions[i].Code] = &divisions[i]
	}
	for i := range divisions {
		if v := &divisions[i]; v.Parent != "" && p.divisions[v.Parent] == nil {
			return nil, fmt.Errorf("the parent %s of division %s is missing", v.Parent, v.Code)
		}
		p.seat(&divisions[i])
	}
	var offices []yinzheng.Office
	for _, v := range divisions {
		for _, o := range p.officesOf(v.Code) {
			offices = append(offices, *o)
		}
	}
	return yinzheng.NewDirectory(divisions, offices, organs), nil
}

var seatColumns = []table.Column{
	{Key: "division", Names: []string{"区划", "区划代码"}},
	{Key: "name", Names: []string{"名称", "机关名称"}},
	{Key: "credit_code", Names: []string{"统一社会信用代码"}},
	{Key: "function", Names: []string{"职能"}, Optional: true},
	{Key: "mark", Names: []string{"印文"}, Optional: true},
}

// ReadSeats reads the organs that seal: CSV or .xlsx with the columns division,
// name, credit_code and, if need be, function and mark. Errors as of Read.
func ReadSeats(data []byte, divisions []yinzheng.Division, from time.Time) ([]Seat, error) {
	t, err := table.Open(data, seatColumns)
	if err != nil {
		return nil, yinzheng.FileFault(err)
	}
	defer t.Close()
	var seats []Seat
	var faults []yinzheng.FieldError
	taken := map[string]bool{}
	for len(faults) < maxFaults {
		row, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, yinzheng.FileFault(err)
		}
		fault := func(column, code, zh, en string) {
			faults = append(faults, yinzheng.FieldError{Field: row.Place(column), Code: code, Text: yinzheng.Text{ZH: zh, EN: en}})
		}
		s := Seat{row.Get("division"), row.Get("function"), yinzheng.Organ{Code: row.Get("credit_code"), Name: row.Get("name"), Mark: cmp.Or(row.Get("mark"), DefaultMark), From: from}}
		if !slices.ContainsFunc(divisions, func(v yinzheng.Division) bool { return v.Code == s.Division }) {
			fault("division", "unknown", "没有这个区划", "There is no such division")
		}
		if s.Organ.Name == "" {
			fault("name", "required", "请填写名称", "Please fill in the name")
		}
		if !yinzheng.CheckCreditCode(s.Organ.Code) {
			fault("credit_code", "credit-code", "不是统一社会信用代码（GB 32100）：18 位，末位为校验码", "Not a unified social credit code (GB 32100): 18 characters, the last a check character")
		}
		if id := ID(s.Division, s.Function); taken[s.Organ.Code] || taken[id] {
			fault("credit_code", "twice", "这个机关，或该区划的这一职能，已出现过", "This organ, or this function of the division, is there twice")
		} else {
			taken[s.Organ.Code], taken[id] = true, true
		}
		seats = append(seats, s)
	}
	if len(faults) > 0 {
		return nil, &yinzheng.Error{Kind: yinzheng.ErrInvalid, Text: yinzheng.Text{ZH: "机关名单有误", EN: "The list of organs has faults"}, Fields: faults}
	}
	if len(seats) == 0 {
		return nil, yinzheng.FileFault(&table.Error{ZH: "名单是空的", EN: "The list is empty"})
	}
	return seats, nil
}

// Seat is an organ with the division that its office acts for and, where a
// division has several, its function.
type Seat struct {
	Division, Function string
	Organ              yinzheng.Organ
}
