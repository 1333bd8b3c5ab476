package inquiry

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"yinzheng"
)

// Kind is one kind of question.
type Kind struct {
	Code     string         `json:"code"`
	Name     yinzheng.Text  `json:"name"`               // what is confirmed
	Subject  string         `json:"subject"`            // of the list of twenty, or none
	Level    yinzheng.Level `json:"level"`              // lowest whose organ signs: town or above
	Function string         `json:"function,omitempty"` // of the office that signs
	Days     int            `json:"days"`               // limit, in working days
	Valid    int            `json:"valid_days"`         // how long a reply is good for
	Record   *Source        `json:"record,omitempty"`   // what may say yes by itself; nil: people only
}

// Source is where a yes may be found on record: exactly one of these.
type Source struct {
	Item string `json:"item,omitempty"` // a certificate of it in force
	Fact string `json:"fact,omitempty"` // of a register of persons
	Roll string `json:"roll,omitempty"` // the office that brings in a roll of those for whom it is so
}

// None is the subject of what is not on the list of twenty.
const None = "none"

// facts are what a register can be asked for, with the type of what the asker
// says it is; "": nothing, to be registered in the division asked about is all.
var facts = map[string]yinzheng.FieldType{
	"division": "", "address": yinzheng.TextField, "household.number": yinzheng.TextField, "born": yinzheng.DateField,
	"mother.id": yinzheng.IDField, "father.id": yinzheng.IDField, "spouse.id": yinzheng.IDField,
}

// about is the type of what the asker says besides the person, or "".
func (k *Kind) about() yinzheng.FieldType {
	if k.Record == nil {
		return ""
	}
	return facts[k.Record.Fact]
}

// Right is what an office may ask, from one moment to another.
type Right struct {
	ID       string    `json:"id"`
	Office   string    `json:"office"`
	Kinds    []string  `json:"kinds"`
	Division string    `json:"division"` // about whose people, those below included
	From     time.Time `json:"from,omitzero"`
	To       time.Time `json:"to,omitzero"` // zero: until further notice
	Daily    int       `json:"daily"`       // questions by themselves a day, of each account
	Rows     int       `json:"rows"`        // rows of lists a day, of the office; 0: no lists
}

// rule is the content of an act on the rules.
type rule struct {
	Kind  *Kind     `json:"kind,omitempty"`
	Right *Right    `json:"right,omitempty"`
	End   string    `json:"end,omitempty"` // ID of a right that ends
	At    time.Time `json:"at,omitzero"`   // when
}

// rules are the fold of the acts: what may be asked, and by whom.
type rules struct {
	seq    int
	kinds  map[string]*Kind
	rights []*Right // as they were given
}

func foldRules(acts []yinzheng.InquiryAct) (*rules, error) {
	r := &rules{kinds: map[string]*Kind{}}
	for _, a := range acts {
		var x rule
		if err := json.Unmarshal(a.Content, &x); err != nil {
			return nil, fmt.Errorf("act %d on the rules of inquiries: %w", a.Seq, err)
		}
		r.seq = a.Seq
		switch {
		case x.Kind != nil:
			r.kinds[x.Kind.Code] = x.Kind
		case x.Right != nil:
			r.rights = append(r.rights, x.Right)
		default:
			if old := r.right(x.End); old != nil {
				old.To = x.At
			}
		}
	}
	return r, nil
}

func (r *rules) right(id string) *Right {
	if i := slices.IndexFunc(r.rights, func(x *Right) bool { return x.ID == id }); i >= 0 {
		return r.rights[i]
	}
	return nil
}

// allows tells whether a right lets an office ask of a kind now.
func (x *Right) allows(d *yinzheng.Directory, office, kind string, now time.Time) bool {
	return !now.Before(x.From) && (x.To.IsZero() || now.Before(x.To)) && d.OfficeNow(x.Office) == d.OfficeNow(office) && slices.Contains(x.Kinds, kind)
}

// allowed is the most that the rights of an office let it ask of a kind about
// people of a division; nil: it has none. Whether the kind, the division or any
// person exists makes no difference to who has no right.
func (r *rules) allowed(d *yinzheng.Directory, office, kind, division string, now time.Time) *Right {
	var most *Right
	for _, x := range r.rights {
		switch {
		case !x.allows(d, office, kind, now), r.kinds[kind] == nil, !d.Within(division, x.Division):
		case most == nil:
			most = &Right{Daily: x.Daily, Rows: x.Rows}
		default:
			most.Daily, most.Rows = max(most.Daily, x.Daily), max(most.Rows, x.Rows)
		}
	}
	return most
}

// faults collects what is wrong with an input.
type faults []yinzheng.FieldError

func (f *faults) add(field, code, zh, en string) {
	*f = append(*f, yinzheng.FieldError{Field: field, Code: code, Text: yinzheng.Text{ZH: zh, EN: en}})
}

// err is the ErrInvalid of the faults, or nil.
func (f faults) err() error {
	if len(f) == 0 {
		return nil
	}
	return &yinzheng.Error{Kind: yinzheng.ErrInvalid, Text: yinzheng.Text{ZH: "有内容需要修改，请按提示逐项更正", EN: "Some fields need to be corrected"}, Fields: f}
}

var codeShape = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// Limits of a kind and of a right.
const (
	maxName, maxDays, maxValid    = 50, 60, 366
	defaultDays, defaultValid     = 5, 30
	maxDaily, maxRowsADay         = 1000, 200_000
	defaultDaily, maxKindsOfRight = 50, 100
)

// check completes a kind and finds what is wrong with it.
func (k *Kind) check(d *yinzheng.Directory) error {
	var f faults
	k.Name.ZH, k.Name.EN = strings.TrimSpace(k.Name.ZH), strings.TrimSpace(k.Name.EN)
	if !codeShape.MatchString(k.Code) {
		f.add("code", "code", "应为小写字母、数字和连字符，如 vaccination", "Expected lower-case letters, digits and hyphens, such as vaccination")
	}
	if n := utf8.RuneCountInString(k.Name.ZH); n < 2 || n > maxName || utf8.RuneCountInString(k.Name.EN) > 2*maxName {
		f.add("name", "required", "请写明核实什么（2 到 50 字）", "Please say what is confirmed, in 2 to 50 characters of Chinese")
	}
	if _, listed := yinzheng.Subjects[k.Subject]; !listed && k.Subject != None {
		f.add("subject", "choice", "请写明属于二十项清单中的哪一项，或 none", "Please give the subject of the list of twenty, or none")
	}
	k.checkLevel(&f)
	k.checkLimits(&f)
	k.checkRecord(&f, d)
	return f.err()
}

// checkLevel refuses villages: they find out, and a town or above answers for it.
// So an inquiry is no way round the list of twenty, whatever it is called.
func (k *Kind) checkLevel(f *faults) {
	switch {
	case k.Level.Reaches(yinzheng.Town):
	case k.Level == yinzheng.Village && k.listed():
		f.add("level", "listed", "属于村（社区）不得出具的二十项，须由镇（街道）以上签发", "This is on the list of the twenty proofs that villages may not issue; a town or above signs")
	default:
		f.add("level", "level", "答复须由镇（街道）以上签发：town、district、city 或 province", "Replies are signed by a town or above: town, district, city or province")
	}
}

// listed tells whether a kind is on the list of twenty, or is called so.
func (k *Kind) listed() bool {
	return k.Subject != None || len(yinzheng.SubjectsLike(k.Name.ZH)) > 0
}

func (k *Kind) checkLimits(f *faults) {
	if k.Days == 0 {
		k.Days = defaultDays
	}
	if k.Valid == 0 {
		k.Valid = defaultValid
	}
	if k.Days < 1 || k.Days > maxDays {
		f.add("days", "range", "办理时限为 1 到 60 个工作日", "The limit is 1 to 60 working days")
	}
	if k.Valid < 1 || k.Valid > maxValid {
		f.add("valid_days", "range", "答复有效期为 1 到 366 天", "A reply is good for 1 to 366 days")
	}
}

func (k *Kind) checkRecord(f *faults, d *yinzheng.Directory) {
	s := k.Record
	if s == nil {
		return
	}
	given := 0
	for _, x := range []string{s.Item, s.Fact, s.Roll} {
		if x != "" {
			given++
		}
	}
	_, known := facts[s.Fact]
	switch {
	case given != 1:
		f.add("record", "choice", "请只写 item、fact、roll 之一", "Expected exactly one of item, fact and roll")
	case s.Fact != "" && !known:
		f.add("record.fact", "choice", "登记中没有这一项可问", "A register cannot be asked for this")
	case s.Roll != "" && d.Office(s.Roll) == nil:
		f.add("record.roll", "unknown", "没有这个单位", "There is no such office")
	}
}

// check completes a right and finds what is wrong with it.
func (x *Right) check(d *yinzheng.Directory, kinds map[string]*Kind, now time.Time) error {
	var f faults
	if o := d.Office(x.Office); o == nil || !o.Until.IsZero() {
		f.add("office", "unknown", "没有这个单位，或已撤销", "There is no such office, or it was closed")
	}
	if len(x.Kinds) == 0 || len(x.Kinds) > maxKindsOfRight || slices.ContainsFunc(x.Kinds, func(c string) bool { return kinds[c] == nil }) {
		f.add("kinds", "unknown", "请填写已有的核实事项代码", "Please give codes of kinds that there are")
	}
	if d.Division(x.Division) == nil {
		f.add("division", "unknown", "没有这个区划", "There is no such division")
	}
	if x.From.Before(now) {
		x.From = now // nobody had a right before it was given
	}
	if !x.To.IsZero() && !x.To.After(x.From) {
		f.add("to", "period", "结束时间须晚于开始时间", "The end comes after the beginning")
	}
	if x.Daily == 0 {
		x.Daily = defaultDaily
	}
	if x.Daily < 1 || x.Daily > maxDaily {
		f.add("daily", "range", "每人每天 1 到 1000 次", "1 to 1000 a day")
	}
	if x.Rows < 0 || x.Rows > maxRowsADay {
		f.add("rows", "range", "每天名单 0 到 200000 行", "0 to 200,000 rows a day")
	}
	return f.err()
}
