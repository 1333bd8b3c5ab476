package campaign

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"

	"yinzheng"
	"yinzheng/internal/table"
)

// maxPaper bounds the people on one list to be printed.
const maxPaper = 2000

// Paper is a list of a place, to be worked through on paper.
type Paper struct {
	*Campaign
	ItemName yinzheng.Text
	Place    string
	Lines    []PaperLine
	made     string // when and by whom
}

// PaperLine is somebody on it.
type PaperLine struct {
	EntryView
	Address string // on record
}

// Paper lists the people of a place with their addresses on record. That it was
// taken out, by whom and in what format, is put on record first. Errors: as of
// Entries; ErrInvalid for a list too long to be worked through.
func (s *Campaigns) Paper(ctx context.Context, by *yinzheng.Account, id, division, format string) (*Paper, error) {
	c, err := s.openRoster(ctx, by, id)
	if err != nil {
		return nil, err
	}
	var f faults
	if division == "" {
		f.add("division", "required", "请指明村（社区）的区划代码", "Please say which village's list, by its code")
		return nil, f.err()
	}
	places, err := s.readable(ctx, by, id, division)
	if err != nil {
		return nil, err
	}
	var kept []*yinzheng.CampaignEntry
	if len(places) > 0 {
		if kept, err = s.store.CampaignEntries(ctx, id, yinzheng.EntryFilter{Divisions: places, Limit: maxPaper + 1}); err != nil {
			return nil, err
		}
	}
	if len(kept) > maxPaper {
		f.add("division", "too-many", fmt.Sprintf("超过 %d 人，请按村（社区）分别导出", maxPaper), fmt.Sprintf("More than %d people; please take the villages one by one", maxPaper))
		return nil, f.err()
	}
	now := s.now()
	detail := fmt.Sprintf("%s %s, %d people", format, division, len(kept))
	if err := s.store.Record(ctx, yinzheng.Event{At: now, Kind: "campaign-listed", Subject: id, By: by.ID, Detail: detail}); err != nil {
		return nil, err
	}
	p := &Paper{Campaign: c, Place: s.placeName(division), made: now.In(yinzheng.Zone).Format("2006-01-02 15:04") + "　" + by.Name}
	if t, err := s.Service.Template(c.Item); err == nil {
		p.ItemName = t.Name
	}
	return p, s.lines(ctx, by, p, kept)
}

// lines fills the paper with people and their addresses.
func (s *Campaigns) lines(ctx context.Context, by *yinzheng.Account, p *Paper, kept []*yinzheng.CampaignEntry) error {
	people := make([]*person, len(kept))
	line := map[*person]int{}
	p.Lines = make([]PaperLine, len(kept))
	for i := range kept {
		v, err := s.view(kept[i])
		if err != nil {
			return err
		}
		e, err := decodeEntry(kept[i])
		if err != nil {
			return err
		}
		people[i], p.Lines[i] = &person{Entry: e}, PaperLine{EntryView: v}
		line[people[i]] = i
	}
	return s.known(ctx, people, func(who *person, x *yinzheng.Person) {
		if x != nil && s.mayRead(by, x.Value(yinzheng.FactDivision)) {
			p.Lines[line[who]].Address = x.Value(yinzheng.FactAddress)
		}
	})
}

var (
	outcomeNames = map[Outcome]string{Open: "", Present: "健在", Absent: "不在", Dead: "去世", Disputed: "有出入"}
	howNames     = map[string]string{ByPhone: "电话", ByVisit: "走访"}
)

// CSV is the paper as a table, for a spreadsheet.
func (p *Paper) CSV() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("\ufeff") // without it Excel takes the text for another encoding
	w := csv.NewWriter(&b)
	rows := [][]string{{"序号", "村（社区）", "姓名", "证件号码", "住址", "结果", "方式", "日期", "核验人", "说明", "再次核验"}}
	for i := range p.Lines {
		l := &p.Lines[i]
		row := []string{strconv.Itoa(l.Number), l.Place, l.Name, l.ID, l.Address, outcomeNames[l.Outcome], "", "", "", l.note(), ""}
		if x := l.Seen; x != nil {
			row[6], row[7], row[8], row[10] = howNames[x.How], x.Day, x.seenBy(), x.FollowUp
		}
		for j := range row {
			row[j] = table.Harmless(row[j])
		}
		rows = append(rows, row)
	}
	err := w.WriteAll(rows)
	return b.Bytes(), err
}

func (a *EntryAct) seenBy() string {
	if a.SeenBy != "" {
		return a.SeenBy
	}
	return a.Name
}

// note is what is known besides of somebody.
func (l *EntryView) note() string {
	switch {
	case l.Death != nil:
		return l.Death.On + "　" + l.Death.Source
	case l.Seen != nil:
		return l.Seen.Reason
	}
	return ""
}

// paperTemplate is the page of a list. It belongs to no item.
var paperTemplate = &yinzheng.Template{
	Code: "campaign-list", Version: 1,
	Fields: []yinzheng.Field{
		{Key: "title", Type: yinzheng.TextField},
		{Key: "place", Type: yinzheng.TextField},
		{Key: "until", Type: yinzheng.TextField},
		{Key: "made", Type: yinzheng.TextField},
		{Key: "people", Type: yinzheng.ListField, Fields: []yinzheng.Field{
			{Key: "number", Type: yinzheng.TextField},
			{Key: "who", Type: yinzheng.TextField},
			{Key: "address", Type: yinzheng.TextField},
			{Key: "present", Type: yinzheng.TextField},
			{Key: "absent", Type: yinzheng.TextField},
			{Key: "dead", Type: yinzheng.TextField},
			{Key: "phone", Type: yinzheng.TextField},
			{Key: "visit", Type: yinzheng.TextField},
			{Key: "note", Type: yinzheng.TextField},
		}},
	},
	Page: yinzheng.PageText{
		Title: "生存核验名单",
		Body: []yinzheng.Block{
			{Facts: []yinzheng.Fact{
				{Label: "事项", Text: "{title}"},
				{Label: "村（社区）", Text: "{place}", Half: true},
				{Label: "截止", Text: "{until}", Half: true},
				{Label: "导出", Text: "{made}"},
			}},
			{Table: &yinzheng.Table{Rows: "people", Columns: []yinzheng.Column{
				{Head: "序号", Text: "{number}", Width: 8},
				{Head: "姓名、证件", Text: "{who}", Width: 19},
				{Head: "住址", Text: "{address}", Width: 19},
				{Head: "健在", Text: "{present}", Width: 6},
				{Head: "不在", Text: "{absent}", Width: 6},
				{Head: "去世", Text: "{dead}", Width: 6},
				{Head: "电话", Text: "{phone}", Width: 6},
				{Head: "走访", Text: "{visit}", Width: 6},
				{Head: "日期、核验人、情况", Text: "{note}", Width: 24},
			}}},
			{Facts: []yinzheng.Fact{{Label: "核验人", Text: "（签名）", Half: true, Lines: 3}, {Label: "日期", Text: "　　年　月　日", Half: true}}},
		},
		Notes: []string{"核验后请尽快录入系统。不在的写明原因和再次核验日期，去世的写明日期和依据。本名单含个人信息，用毕收回，不得外传。"},
	},
}

// PDF is the paper to be printed: a box to tick for each outcome, and room to
// write in.
func (s *Campaigns) PDF(p *Paper) ([]byte, error) {
	rows := make([]any, len(p.Lines))
	for i := range p.Lines {
		rows[i] = p.Lines[i].row()
	}
	values := yinzheng.Values{"title": p.title(p.ItemName), "place": p.Place, "until": p.Until, "made": p.made, "people": rows}
	return s.Service.Renderer.Record(&yinzheng.Sheet{Template: paperTemplate, Values: values, Number: p.ID, Date: s.now().In(yinzheng.Zone)})
}

// row is somebody on the printed list: what was entered already is marked, the
// rest is to be ticked.
func (l *PaperLine) row() map[string]any {
	row := map[string]any{"number": strconv.Itoa(l.Number), "who": l.Name + "　" + l.ID, "address": l.Address, "note": ""}
	how := ""
	if x := l.Seen; x != nil && l.Outcome != Open {
		how, row["note"] = x.How, strings.TrimSpace(x.Day+"　"+x.seenBy()+"　"+l.note())
	} else if l.Outcome != Open {
		row["note"] = l.note()
	}
	for key, marked := range map[string]bool{
		"present": l.Outcome == Present || l.Outcome == Disputed, "absent": l.Outcome == Absent, "dead": l.Outcome == Dead || l.Outcome == Disputed,
		"phone": how == ByPhone, "visit": how == ByVisit,
	} {
		row[key] = tick(marked, l.Outcome == Open)
	}
	return row
}

// tick is a box: marked, to be marked, or neither.
func tick(marked, open bool) string {
	switch {
	case marked:
		return "√"
	case open:
		return "□"
	}
	return ""
}
