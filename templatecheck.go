package yinzheng

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

var (
	itemCode   = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	shortCode  = regexp.MustCompile(`^[A-Z0-9]{1,4}$`)
	fieldKey   = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	typeCode   = regexp.MustCompile(`^[0-9A-Z]{21}$`)
	fillIn     = regexp.MustCompile(`\{([^{}]*)\}`)
	levelOrder = []Level{Village, Town, District, City, Province}
)

// rank orders levels upwards from 0 (village); -1 for an unknown one.
func (l Level) rank() int { return slices.Index(levelOrder, l) }

// Reaches tells whether a level is another one or stands above it.
func (l Level) Reaches(other Level) bool { return l.Known() && l.rank() >= other.rank() }

// Check validates a template and returns every fault, each with its path (such
// as chain[1].role). It must have returned none before the template is used.
func (t *Template) Check() []FieldError {
	l := &linter{t: t}
	l.head()
	l.chain()
	l.fields("fields", t.Fields, false)
	l.rules("rules", t.Fields, t.Rules)
	l.tokenFields()
	l.page()
	return l.faults
}

type linter struct {
	t      *Template
	faults []FieldError
}

func (l *linter) fault(path, code, zh, en string) {
	l.faults = append(l.faults, FieldError{path, code, Text{zh, en}})
}

func (l *linter) require(ok bool, path, code, zh, en string) {
	if !ok {
		l.fault(path, code, zh, en)
	}
}

func (l *linter) text(path string, t Text) {
	l.require(t.ZH != "", path+".zh", "required", "缺少中文", "the Chinese text is missing")
	l.require(t.EN != "", path+".en", "required", "缺少英文", "the English text is missing")
}

func (l *linter) head() {
	t := l.t
	l.require(itemCode.MatchString(t.Code), "code", "code", "应为小写字母、数字和连字符", "expected lower-case letters, digits and hyphens, such as family-relation")
	l.require(shortCode.MatchString(t.Short), "short", "short", "应为 1 到 4 位大写字母或数字", "expected 1 to 4 capital letters or digits")
	l.require(t.Version >= 1, "version", "version", "版本从 1 开始", "versions start at 1")
	l.text("name", t.Name)
	l.require(len(t.Basis) > 0, "basis", "required", "没有法律依据的证明不得发布", "nothing can be published without a legal basis")
	_, listed := Subjects[t.Subject]
	l.require(listed || t.Subject == "none", "subject", "choice", "应为“二十项清单”中的代码或 none", "expected a code of the list of twenty, or none")
	l.require(slices.Contains([]Level{Town, District, City, Province}, t.Issuer) || t.Issuer == Village && !listed, "issuer", "choice",
		"应为 town、district、city 或 province；清单内事项村（社区）不得出具", "expected town, district, city or province; a village may not issue what is on the list of twenty")
	if t.Issuer == Village && !listed { // a new name would get round the list
		for _, name := range []struct{ path, text string }{{"name.zh", t.Name.ZH}, {"page.title", t.Page.Title}} {
			l.require(len(SubjectsLike(name.text)) == 0, name.path, "subject", "名称近似二十项清单内的事项，村（社区）不得出具；请由镇（街道）以上机关用印", "this resembles a subject of the list of twenty, which a village may not issue; let a town or an organ above it seal")
		}
	}
	l.require(typeCode.MatchString(t.TypeCode) && CheckCreditCode(t.TypeCode[:18]), "type_code", "type-code", "应为 18 位信用代码加 3 位", "expected an 18-character credit code (GB 32100) and three characters")
	l.require(t.Resubmit == "" || t.Resubmit == ResubmitAnew || t.Resubmit == ResubmitSame, "resubmit", "choice", "应为 anew 或 same", "expected anew or same")
	l.require(t.MendDays >= 0 && t.MendDays <= maxDays, "mend_days", "range", "应在 0 到 250 个工作日之间", "expected 0 to 250 working days")
	l.require(t.Validity >= 0 && t.Validity <= 1200, "validity_months", "range", "应在 0 到 1200 之间", "expected 0 to 1200")
	l.materials()
}

func (l *linter) materials() {
	seen := map[string]bool{AuthorityMaterial: true, OtherMaterial: true}
	for i := range l.t.Materials {
		m, p := &l.t.Materials[i], fmt.Sprintf("materials[%d]", i)
		l.require(fieldKey.MatchString(m.Key), p+".key", "code", "应为小写字母、数字和下划线", "expected lower-case letters, digits and underscores")
		l.require(!seen[m.Key], p+".key", "twice", "材料名重复或为保留名 authority、other", "two materials have this key, or it is one of the reserved words authority and other")
		seen[m.Key] = true
		l.text(p, m.Text)
		l.require(m.Scan || len(m.When) == 0, p+".when", "clause", "只有须上传的材料（scan）才有条件", "only a material that has to be attached (scan) has a condition")
		for j := range m.When {
			l.clause(fmt.Sprintf("%s.when[%d]", p, j), &m.When[j])
		}
		l.ways(p, m)
	}
}

// ways faults what may stand in a material's place.
func (l *linter) ways(p string, m *Material) {
	for j, item := range m.Certificate {
		q := fmt.Sprintf("%s.certificate[%d]", p, j)
		l.require(itemCode.MatchString(item), q, "code", "应为事项代码", "expected the code of an item")
		l.require(!slices.Contains(m.Certificate[:j], item), q, "twice", "事项重复", "this item is listed twice")
	}
	scan := func(way string, allowed bool) {
		l.require(m.Scan || !allowed, p+"."+way, "scan", "只有须上传的材料（scan）才能由其他方式代替", "only a material that has to be attached (scan) can be met otherwise")
	}
	scan("commitment", m.Commitment != nil)
	scan("certificate", len(m.Certificate) > 0)
	scan("later", m.Later != nil)
	if later := m.Later; later != nil {
		waits := later.Issue == IssueWaits
		l.require(later.Days >= 1 && later.Days <= maxDays, p+".later.days", "range", "应在 1 到 250 个工作日之间", "expected 1 to 250 working days")
		l.require(waits || later.Issue == IssueFlagged, p+".later.issue", "choice", "应为 wait（补齐后签发）或 flag（先签发并注明）", "expected wait, issued once it has come, or flag, issued and marked")
		l.require(!waits || later.Lapse >= 1 && later.Lapse <= maxDays, p+".later.lapse_days", "range", "补齐后签发的，须写明逾期多少个工作日（1 到 250）后办件作废", "where issuing waits, say after how many working days more, 1 to 250, the case lapses")
		l.require(waits || later.Lapse == 0, p+".later.lapse_days", "not-applicable", "先签发的办件不会作废", "a case that is issued does not lapse")
	}
	l.commitment(p+".commitment", m)
	l.require(l.t.Token.ID != "" || len(m.Certificate) == 0, p+".certificate", "holder", "引用电子证明须有持证人证件（token.id）", "a certificate on record is found by the holder's document (token.id)")
}

func (l *linter) commitment(p string, m *Material) {
	if m.Commitment == nil {
		return
	}
	l.text(p, m.Commitment.Text)
	l.fillIns(p+".zh", m.Commitment.ZH, l.t.Fields, false)
	l.fillIns(p+".en", m.Commitment.EN, l.t.Fields, false)
	l.require(m.Commitment.InspectDays >= 1 && m.Commitment.InspectDays <= maxDays, p+".inspect_days", "range", "须在 1 到 250 个工作日内核查", "it is to be inspected within 1 to 250 working days")
	l.require(m.Key != CommitmentMaterial, p, "not-applicable", "要求提交的就是承诺书，不能再由承诺代替", "this material is a commitment itself")
	l.require(l.t.Token.ID != "", p, "holder", "承诺须有持证人证件（token.id）", "who signs is known by a document (token.id)")
}

// CheckItems names every item that the materials refer to and that is not known.
func (t *Template) CheckItems(known func(code string) bool) []FieldError {
	l := &linter{t: t}
	for i := range t.Materials {
		for j, item := range t.Materials[i].Certificate {
			l.require(known(item), fmt.Sprintf("materials[%d].certificate[%d]", i, j), "unknown-item", "没有“"+item+"”这个事项的模板", "there is no template of an item "+item)
		}
	}
	return l.faults
}

func (l *linter) fields(path string, fields []Field, inner bool) {
	l.require(len(fields) > 0, path, "required", "至少要有一项", "at least one field is needed")
	seen := map[string]bool{}
	for i := range fields {
		f, p := &fields[i], fmt.Sprintf("%s[%d]", path, i)
		l.require(fieldKey.MatchString(f.Key), p+".key", "code", "应为小写字母、数字和下划线", "expected lower-case letters, digits and underscores")
		l.require(!seen[f.Key], p+".key", "twice", "字段名重复", "two fields have this key")
		seen[f.Key] = true
		l.text(p+".label", f.Label)
		l.record(p+".record", f, inner)
		l.suggestions(p+".suggest", f)
		switch f.Type {
		case NameField, IDField, DateField, DateTimeField, BoolField:
		case TextField:
			l.require(f.Max >= 0 && f.Max <= maxText, p+".max", "range", "字数上限应在 1 到 4000 之间，不写即 100", "expected 1 to 4000 characters; left out, 100")
		case IntegerField:
			l.require(f.Max == 0 || f.Min <= f.Max, p+".max", "range", "最大值小于最小值", "the largest value is below the smallest")
		case ChoiceField:
			l.options(p, f)
		case ListField:
			l.require(!inner, p+".type", "nested", "列表中不能再有列表", "a list cannot stand inside a list")
			l.require(f.Max >= 1 && f.Max <= 200 && f.Min >= 0 && f.Min <= f.Max, p+".max", "range", "列表须有 1 到 200 的上限", "a list needs a max from 1 to 200, not below its min")
			l.fields(p+".fields", f.Fields, true)
			l.rules(p+".rules", f.Fields, f.Rules)
		default:
			l.fault(p+".type", "choice", "不认识的类型", "unknown type: name, text, id, date, datetime, choice, bool, integer or list")
		}
	}
}

// record faults a source that there is none of, or that the field cannot hold. It
// is the holder's record, so that there has to be a holder's document.
func (l *linter) record(p string, f *Field, inner bool) {
	if f.Record == "" {
		return
	}
	types, known := RecordTypes[f.Record]
	l.require(known, p, "choice", "不认识的登记项："+f.Record, "unknown entry of the register; expected one of "+strings.Join(slices.Sorted(maps.Keys(RecordTypes)), ", "))
	l.require(!known || slices.Contains(types, f.Type), p, "field-type", fmt.Sprintf("这一登记项的字段类型应为 %v", types), fmt.Sprintf("a field of this entry should be of type %v", types))
	l.require(!inner, p, "nested", "列表内的字段不能取自登记，请写在列表上", "a field inside a list takes nothing from the register; the list itself may")
	l.require(l.t.Token.ID != "", p, "holder", "取自登记须有持证人证件（token.id）", "what comes from the register needs the holder's document (token.id)")
	switch f.Record {
	case "sex":
		l.option(p, f, Male)
		l.option(p, f, Female)
	case "relatives":
		l.field(p, f.Fields, "name", NameField)
		l.field(p, f.Fields, "relation", ChoiceField)
	}
}

// maxSuggested is how many suggestions have a digit to choose them by.
const maxSuggested = 9

// suggestions faults what could not be chosen, or not be kept as it stands.
func (l *linter) suggestions(p string, f *Field) {
	if len(f.Suggest) == 0 {
		return
	}
	l.require(f.Type == TextField, p, "field-type", "只有文本字段（text）有常用内容", "only a field of type text has suggestions")
	l.require(len(f.Suggest) <= maxSuggested, p, "range", fmt.Sprintf("最多 %d 个", maxSuggested), fmt.Sprintf("at most %d", maxSuggested))
	for i, s := range f.Suggest {
		q := fmt.Sprintf("%s[%d]", p, i)
		l.require(s != "" && s == tidyText(s), q, "text", "不能为空，首尾不留空格", "expected a text without spaces around it")
		l.require(utf8.RuneCountInString(s) <= f.Limit(), q, "length", fmt.Sprintf("超过这个字段的 %d 字", f.Limit()), fmt.Sprintf("longer than the field's %d characters", f.Limit()))
		l.require(!slices.Contains(f.Suggest[:i], s), q, "twice", "内容重复", "this is listed twice")
	}
}

func (l *linter) options(p string, f *Field) {
	l.require(len(f.Options) > 0, p+".options", "required", "缺少选项", "a choice needs options")
	seen := map[string]bool{}
	for i, o := range f.Options {
		q := fmt.Sprintf("%s.options[%d]", p, i)
		l.require(fieldKey.MatchString(o.Value), q+".value", "code", "应为小写字母、数字和下划线", "expected lower-case letters, digits and underscores")
		l.require(!seen[o.Value], q+".value", "twice", "选项重复", "two options have this value")
		seen[o.Value] = true
		l.text(q+".label", o.Label)
		l.require(o.Sex == "" || o.Sex == Male || o.Sex == Female, q+".sex", "choice", "应为 male 或 female", "expected male or female")
	}
}

// field faults a rule's or page's reference to a field that does not exist, or
// is not of one of the types.
func (l *linter) field(path string, fields []Field, key string, types ...FieldType) {
	f := fieldByKey(fields, key)
	switch {
	case f == nil:
		l.fault(path, "absent-field", "没有名为 "+key+" 的字段", "there is no field "+key)
	case len(types) > 0 && !slices.Contains(types, f.Type):
		l.fault(path, "field-type", fmt.Sprintf("字段 %s 的类型应为 %v", key, types), fmt.Sprintf("field %s should be of type %v", key, types))
	}
}

func (l *linter) rules(path string, fields []Field, rules []Rule) {
	for i := range rules {
		r, p := &rules[i], fmt.Sprintf("%s[%d]", path, i)
		for j, k := range r.AnyOf {
			l.field(fmt.Sprintf("%s.any_of[%d]", p, j), fields, k)
		}
		for j, k := range r.Together {
			l.field(fmt.Sprintf("%s.together[%d]", p, j), fields, k)
		}
		for j, k := range r.Distinct {
			l.distinct(fmt.Sprintf("%s.distinct[%d]", p, j), fields, k)
		}
		kinds := 0
		for _, set := range []bool{len(r.AnyOf) > 0, len(r.Together) > 0, len(r.Distinct) > 0, r.Field != "", r.ID != ""} {
			if set {
				kinds++
			}
		}
		l.require(kinds == 1, p, "rule", "一条规则只写一种检查", "a rule has exactly one of any_of, together, distinct, field, id")
		if r.Field != "" {
			l.field(p+".field", fields, r.Field)
			l.require(len(r.RequiredWhen) > 0, p+".required_when", "required", "缺少条件", "the condition is missing")
			if f := fieldByKey(fields, r.Field); f != nil {
				l.require(f.Optional, p+".field", "optional", "条件必填的字段须为 optional", "a field that is required only at times has to be optional")
			}
			for _, k := range slices.Sorted(maps.Keys(r.RequiredWhen)) {
				l.field(p+".required_when", fields, k, ChoiceField)
				l.option(p+".required_when."+k, fieldByKey(fields, k), r.RequiredWhen[k])
			}
		}
		if r.ID != "" {
			l.idRule(p, fields, r)
		}
	}
}

// option faults a value that a choice does not have.
func (l *linter) option(path string, f *Field, value string) {
	if f != nil && f.Type == ChoiceField {
		l.require(slices.ContainsFunc(f.Options, func(o Option) bool { return o.Value == value }), path, "choice", "没有这个选项", "there is no such option")
	}
}

func (l *linter) distinct(path string, fields []Field, key string) {
	list, sub, nested := strings.Cut(key, ".")
	if !nested {
		l.field(path, fields, key, IDField)
		return
	}
	if l.field(path, fields, list, ListField); fieldByKey(fields, list) != nil {
		l.field(path, fieldByKey(fields, list).Fields, sub, IDField)
	}
}

func (l *linter) idRule(p string, fields []Field, r *Rule) {
	l.field(p+".id", fields, r.ID, IDField)
	l.require(r.Sex == "" || r.Sex == Male || r.Sex == Female, p+".sex", "choice", "应为 male 或 female", "expected male or female")
	l.require(r.Sex != "" || r.SexField != "" || r.BornField != "" || r.BornBefore != "", p, "rule", "缺少要核对的内容", "says nothing to compare the ID with: sex, sex_field, born_field or born_before")
	if r.SexField != "" {
		l.field(p+".sex_field", fields, r.SexField, ChoiceField)
	}
	if r.BornField != "" {
		l.field(p+".born_field", fields, r.BornField, DateField, DateTimeField)
	}
	if r.BornBefore != "" {
		l.field(p+".born_before", fields, r.BornBefore, DateField, DateTimeField)
	}
}

func (l *linter) tokenFields() {
	l.field("token.name", l.t.Fields, l.t.Token.Name, NameField)
	if f := l.t.Field(l.t.Token.Name); f != nil {
		l.require(!f.Optional, "token.name", "optional", "持证人姓名必填", "the holder's name cannot be optional")
	}
	if l.t.Token.ID != "" {
		l.field("token.id", l.t.Fields, l.t.Token.ID, IDField)
	}
	for i, key := range l.t.Same {
		l.field(fmt.Sprintf("same[%d]", i), l.t.Fields, key, NameField, TextField, IDField, DateField, DateTimeField, ChoiceField)
	}
}

// What a page holds at most: a template that is made by hand has far less, and
// setting it takes time.
const (
	maxBlocks    = 50
	maxParagraph = 1000
	maxColumns   = 12
	maxNotes     = 10
)

func (l *linter) page() {
	p := &l.t.Page
	l.require(p.Title != "", "page.title", "required", "缺少标题", "the title is missing")
	l.require(len(p.Body) > 0, "page.body", "required", "缺少正文", "the body is missing")
	l.require(len(p.Body) <= maxBlocks, "page.body", "range", "正文最多 50 个版块", "the body has at most 50 blocks")
	l.require(len(p.Notes) <= maxNotes, "page.notes", "range", "页脚小字最多 10 条", "there are at most 10 lines of small print")
	for i := range p.Body {
		b, path := &p.Body[i], fmt.Sprintf("page.body[%d]", i)
		l.when(path+".when", b.When)
		kinds := 0
		if b.Text != "" {
			kinds++
			l.fillIns(path+".text", b.Text, l.t.Fields, false)
			l.require(utf8.RuneCountInString(b.Text) <= maxParagraph, path+".text", "range", "一段最多 1000 字", "a paragraph has at most 1000 characters")
		}
		if len(b.Facts) > 0 {
			kinds++
			for j, f := range b.Facts {
				q := fmt.Sprintf("%s.facts[%d]", path, j)
				l.require(f.Label != "", q+".label", "required", "缺少名称", "the label is missing")
				l.when(q+".when", f.When)
				l.fillIns(q+".text", f.Text, l.t.Fields, false)
				l.require(f.Lines >= 0 && f.Lines <= MaxFactLines, q+".lines", "range", "留空为 0 到 12 行", "room is for 0 to 12 lines")
			}
		}
		if b.Table != nil {
			kinds++
			l.table(path+".table", b.Table)
		}
		l.require(kinds == 1, path, "block", "一个版块只写 text、facts、table 之一", "a block has exactly one of text, facts, table")
	}
}

func (l *linter) when(path, when string) {
	if key, _ := strings.CutPrefix(when, "!"); key != "" {
		l.field(path, l.t.Fields, key)
	}
}

func (l *linter) table(path string, t *Table) {
	l.field(path+".rows", l.t.Fields, t.Rows, ListField)
	l.require(len(t.Columns) > 0, path+".columns", "required", "缺少列", "the table needs columns")
	l.require(len(t.Columns) <= maxColumns, path+".columns", "range", "最多 12 列", "a table has at most 12 columns")
	list := l.t.Field(t.Rows)
	if list == nil {
		return
	}
	for i, c := range t.Columns {
		p := fmt.Sprintf("%s.columns[%d]", path, i)
		l.require(c.Head != "", p+".head", "required", "缺少表头", "the head is missing")
		l.require(c.Width > 0, p+".width", "range", "列宽应大于 0", "the width must be above 0")
		l.fillIns(p+".text", c.Text, list.Fields, true)
	}
}

func (l *linter) fillIns(path, text string, fields []Field, inRow bool) {
	for _, m := range fillIn.FindAllStringSubmatch(text, -1) {
		if m[1] != "#" || !inRow { // {#} is a row's number
			l.field(path, fields, m[1])
		}
	}
	if strings.ContainsAny(fillIn.ReplaceAllString(text, ""), "{}") {
		l.fault(path, "braces", "花括号不成对", "a brace without its partner")
	}
}
