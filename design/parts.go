package design

import (
	"regexp"
	"slices"
	"strings"

	"yinzheng"
)

// Fill tells how a slot is filled in.
type Fill string

// The ways to fill in a slot.
const (
	OneLine Fill = "line"
	Prose   Fill = "prose"  // several lines
	Lines   Fill = "lines"  // a list, one entry a line
	Number  Fill = "number" // empty: none
	Tick    Fill = "tick"
	Choose  Fill = "choose" // one of Options
	Pairs   Fill = "pairs"  // key=value, one a line
	One     Fill = "one"    // a group that may be there
	Many    Fill = "many"   // a list of groups
)

// Slot is one thing that a template says: its key in YAML, what it is called,
// how it is filled in.
type Slot struct {
	Key     string // a path within its group, such as label.zh
	Name    yinzheng.Text
	Hint    yinzheng.Text
	Fill    Fill
	Options []yinzheng.Option
	Of      []yinzheng.FieldType // Choose, without Options: among the template's fields of these types
	Types   string               // it matters for these values of its group's type only
	Alone   bool                 // of those that stand alone in a group, the one that is filled in
	Group   *Group               // One, Many
}

// Group is what several slots make up.
type Group struct {
	Name  yinzheng.Text
	Key   string // of the slot by which one is told from another; empty: by their order
	Title string // of the slot that names one
	Slots []Slot
	Kinds []Sort // what may be added
}

// Sort is one sort of a group, as it is before anybody has filled it in.
type Sort struct {
	Name  yinzheng.Text
	Blank any // value of the group's type; a Key that is empty is made up
}

// Part is a part of a template that is filled in on a page of its own.
type Part struct {
	Path  string
	Name  yinzheng.Text
	Slots []Slot
	List  bool // its one slot is a list, each of which has a page of its own
}

func text(zh, en string) yinzheng.Text { return yinzheng.Text{ZH: zh, EN: en} }

func options(pairs ...string) []yinzheng.Option {
	var out []yinzheng.Option
	for i := 0; i+2 < len(pairs); i += 3 {
		out = append(out, yinzheng.Option{Value: pairs[i], Label: text(pairs[i+1], pairs[i+2])})
	}
	return out
}

var (
	levelOptions    = options("village", "村（社区）", "village", "town", "镇（街道）", "town", "district", "区县", "district", "city", "市", "city", "province", "省", "province")
	anyLevel        = append(options("", "（同本环节）", "(the step's)"), levelOptions...)
	roleOptions     = options("clerk", "经办（仅村级）", "clerk (village only)", "approver", "审批", "approver")
	anyRole         = append(options("", "（同本环节）", "(the step's)"), roleOptions...)
	typeOptions     = options("name", "姓名", "person's name", "text", "文字", "text", "id", "证件", "ID document", "date", "日期", "date", "datetime", "日期时间", "date and time", "choice", "选择", "choice", "bool", "是否", "yes or no", "integer", "整数", "integer", "list", "列表", "list")
	sexOptions      = options("", "（不涉及）", "(none)", "male", "男", "male", "female", "女", "female")
	yesNo           = options("", "（不论）", "(either)", "true", "已填", "filled in", "false", "未填", "empty")
	resubmitOptions = options("", "从头审批", "all steps anew", "same", "直接回到退回的环节", "straight to the step that returned it")
	issueOptions    = options("wait", "补齐后签发", "issued once it has come", "flag", "先签发并注明", "issued, and marked")
	recordOptions   = options("", "（不取）", "(nothing)", "name", "姓名", "name", "id", "证件", "document", "sex", "性别", "sex", "born", "出生日期", "date of birth", "died", "死亡日期", "date of death", "address", "住址", "address", "home.address", "现居住地址", "present address", "home.since", "居住起始日期", "living there since", "household.number", "户号", "household number",
		"mother.name", "母亲姓名", "mother's name", "mother.id", "母亲证件", "mother's document", "father.name", "父亲姓名", "father's name", "father.id", "父亲证件", "father's document", "spouse.name", "配偶姓名", "spouse's name", "spouse.id", "配偶证件", "spouse's document", "relatives", "亲属", "relatives")
)

var (
	clause = &Group{Name: text("条件", "Condition"), Title: "field", Kinds: []Sort{{text("加一个条件", "Add a condition"), yinzheng.Clause{}}}, Slots: []Slot{
		{Key: "field", Name: text("字段", "Field"), Fill: Choose, Of: []yinzheng.FieldType{}},
		{Key: "is", Name: text("等于", "Is"), Fill: OneLine},
		{Key: "in", Name: text("是其中之一，一行一个", "Is one of, one a line"), Fill: Lines},
		{Key: "filled", Name: text("是否填写", "Filled in"), Fill: Choose, Options: yesNo},
		{Key: "over", Name: text("大于（列表：行数）", "Above (a list: rows)"), Fill: Number},
	}}
	postSlots = []Slot{
		{Key: "level", Name: text("层级", "Level"), Fill: Choose, Options: anyLevel},
		{Key: "function", Name: text("职能", "Function"), Hint: text("如 civil-affairs；空：本环节的", "Such as civil-affairs; empty: the step's"), Fill: OneLine},
		{Key: "role", Name: text("角色", "Role"), Fill: Choose, Options: anyRole},
	}
	countSlot = Slot{Key: "count", Name: text("几个人", "How many people"), Fill: Number}
	decider   = &Group{
		Name: text("会签方", "Countersigned by"), Title: "function", Kinds: []Sort{{text("加一个会签方", "Add who countersigns"), yinzheng.Post{}}},
		Slots: slices.Concat(postSlots, []Slot{countSlot}),
	}
	told     = &Group{Name: text("超期告知", "Told past the limit"), Title: "function", Kinds: []Sort{{text("加一个告知对象", "Add who is told"), yinzheng.Post{}}}, Slots: postSlots}
	takeOver = &Group{Name: text("超期接手", "Takes over past the limit"), Title: "level", Kinds: []Sort{{text("超期由谁接手", "Say who takes over"), yinzheng.Post{}}}, Slots: slices.Concat(postSlots, []Slot{countSlot})}
	option   = &Group{Name: text("选项", "Option"), Key: "value", Title: "label", Kinds: []Sort{{text("加一个选项", "Add an option"), yinzheng.Option{Label: text("新选项", "New option")}}}, Slots: []Slot{
		{Key: "value", Name: text("代码", "Code"), Fill: OneLine},
		{Key: "label.zh", Name: text("中文", "Chinese"), Fill: OneLine},
		{Key: "label.en", Name: text("英文", "English"), Fill: OneLine},
		{Key: "sex", Name: text("隐含的性别", "Sex that it implies"), Fill: Choose, Options: sexOptions},
	}}
	rule = &Group{Name: text("规则", "Rule"), Kinds: []Sort{{text("加一条规则", "Add a rule"), yinzheng.Rule{}}}, Slots: []Slot{
		{Key: "any_of", Name: text("至少填一项，一行一个字段", "At least one filled in, one field a line"), Fill: Lines},
		{Key: "together", Name: text("要填都填，一行一个字段", "All or none filled in, one field a line"), Fill: Lines},
		{Key: "distinct", Name: text("证件不得重复，一行一个字段", "No document twice, one field a line"), Hint: text("列表内的写 列表.字段", "Inside a list: list.field"), Fill: Lines},
		{Key: "id", Name: text("核对的证件字段", "Document to compare"), Fill: OneLine},
		{Key: "sex", Name: text("证件的性别应为", "Its sex is"), Fill: Choose, Options: sexOptions},
		{Key: "sex_field", Name: text("性别与此字段一致", "Its sex is that of this field"), Fill: OneLine},
		{Key: "born_field", Name: text("出生日期与此字段一致", "Its date of birth is this field's"), Fill: OneLine},
		{Key: "born_before", Name: text("出生早于此字段的日期", "Born before this field's date"), Fill: OneLine},
		{Key: "field", Name: text("按条件必填的字段", "Field to fill in on a condition"), Fill: OneLine},
		{Key: "required_when", Name: text("必填的条件，一行一个 字段=选项", "Its condition, one field=option a line"), Fill: Pairs},
	}}
	fieldSlots = []Slot{
		{Key: "key", Name: text("字段名", "Key"), Hint: text("小写字母、数字、下划线", "Lower-case letters, digits, underscores"), Fill: OneLine},
		{Key: "type", Name: text("类型", "Type"), Fill: Choose, Options: typeOptions},
		{Key: "label.zh", Name: text("中文名称", "Name in Chinese"), Fill: OneLine},
		{Key: "label.en", Name: text("英文名称", "Name in English"), Fill: OneLine},
		{Key: "hint.zh", Name: text("填写提示（中文）", "Hint in Chinese"), Fill: OneLine},
		{Key: "hint.en", Name: text("填写提示（英文）", "Hint in English"), Fill: OneLine},
		{Key: "optional", Name: text("选填", "Optional"), Fill: Tick},
		{Key: "future", Name: text("可以是将来的日期", "May lie in the future"), Fill: Tick, Types: "date datetime"},
		{Key: "max", Name: text("最多", "At most"), Hint: text("字数、行数或数值", "Characters, rows, or the value"), Fill: Number, Types: "text integer list"},
		{Key: "min", Name: text("最少", "At least"), Hint: text("行数或数值", "Rows, or the value"), Fill: Number, Types: "integer list"},
		{Key: "suggest", Name: text("填写建议", "Suggestions"), Hint: text("一行一个，点一下就填上", "One a line, filled in by a press"), Fill: Lines, Types: "text"},
		{Key: "options", Name: text("选项", "Options"), Fill: Many, Group: option, Types: "choice"},
	}
	inner = &Group{Name: text("列", "Column"), Key: "key", Title: "label", Slots: fieldSlots, Kinds: []Sort{
		{text("加一列", "Add a column"), yinzheng.Field{Type: yinzheng.TextField, Label: text("新的一列", "New column"), Max: 40}},
	}}
	field = &Group{Name: text("字段", "Field"), Key: "key", Title: "label", Kinds: []Sort{
		{text("加一个字段", "Add a field"), yinzheng.Field{Type: yinzheng.TextField, Label: text("新字段", "New field"), Max: 100}},
		{text("加一个列表", "Add a list"), yinzheng.Field{Type: yinzheng.ListField, Label: text("新列表", "New list"), Max: 12, Fields: []yinzheng.Field{{Key: "name", Type: yinzheng.NameField, Label: text("姓名", "Name")}}}},
	}, Slots: slices.Concat(fieldSlots, []Slot{
		{Key: "record", Name: text("取自登记", "Taken from the register"), Fill: Choose, Options: recordOptions},
		{Key: "fields", Name: text("列表的列", "Columns of the list"), Fill: Many, Group: inner, Types: "list"},
		{Key: "rules", Name: text("行内规则", "Rules within a row"), Fill: Many, Group: rule, Types: "list"},
	})}
	commitment = &Group{Name: text("告知承诺", "Commitment"), Title: "inspect_days", Kinds: []Sort{{text("允许以承诺代替", "Allow a commitment instead"), yinzheng.Commitment{InspectDays: 30}}}, Slots: []Slot{
		{Key: "zh", Name: text("承诺内容（中文）", "What is promised, in Chinese"), Fill: Prose},
		{Key: "en", Name: text("承诺内容（英文）", "What is promised, in English"), Fill: Prose},
		{Key: "inspect_days", Name: text("签发后多少个工作日内核查", "Inspected within so many working days of issuing"), Fill: Number},
	}}
	later = &Group{Name: text("容缺后补", "It may follow"), Title: "days", Kinds: []Sort{{text("允许容缺后补", "Allow it to follow"), yinzheng.Later{Days: 5, Issue: yinzheng.IssueWaits, Lapse: 10}}}, Slots: []Slot{
		{Key: "days", Name: text("多少个工作日内补齐", "Within so many working days"), Fill: Number},
		{Key: "issue", Name: text("签发", "Issuing"), Fill: Choose, Options: issueOptions},
		{Key: "lapse_days", Name: text("再过多少个工作日未补即作废", "Lapses after so many working days more"), Fill: Number},
	}}
	material = &Group{Name: text("材料", "Material"), Key: "key", Title: "zh", Kinds: []Sort{{text("加一项材料", "Add a material"), yinzheng.Material{Text: text("新材料", "New material")}}}, Slots: []Slot{
		{Key: "key", Name: text("材料代码", "Key"), Fill: OneLine},
		{Key: "zh", Name: text("中文名称", "Name in Chinese"), Fill: OneLine},
		{Key: "en", Name: text("英文名称", "Name in English"), Fill: OneLine},
		{Key: "scan", Name: text("须上传扫描件", "Has to be attached"), Fill: Tick},
		{Key: "when", Name: text("什么情况下需要（全部满足）", "When it is needed (all of them)"), Fill: Many, Group: clause},
		{Key: "certificate", Name: text("可用哪些事项的电子证明代替，一行一个代码", "Items whose certificates will do, one code a line"), Fill: Lines},
		{Key: "commitment", Name: text("告知承诺", "Commitment"), Fill: One, Group: commitment},
		{Key: "later", Name: text("容缺后补", "It may follow"), Fill: One, Group: later},
	}}
	step = &Group{Name: text("环节", "Step"), Key: "key", Title: "name", Kinds: []Sort{{text("加一个环节", "Add a step"), yinzheng.Step{Name: text("新环节", "New step"), Level: yinzheng.Town, Role: yinzheng.Approver}}}, Slots: []Slot{
		{Key: "key", Name: text("环节代码", "Key"), Fill: OneLine},
		{Key: "name.zh", Name: text("中文名称", "Name in Chinese"), Fill: OneLine},
		{Key: "name.en", Name: text("英文名称", "Name in English"), Fill: OneLine},
		{Key: "level", Name: text("层级", "Level"), Fill: Choose, Options: levelOptions},
		{Key: "role", Name: text("角色", "Role"), Fill: Choose, Options: roleOptions},
		{Key: "function", Name: text("职能（该级有多个单位时）", "Function (where the level has several offices)"), Hint: text("如 public-security", "Such as public-security"), Fill: OneLine},
		{Key: "limit_days", Name: text("时限（工作日）", "Limit (working days)"), Fill: Number},
		{Key: "need", Name: text("会签须几方同意", "How many have to agree"), Hint: text("空：全部", "Empty: all"), Fill: Number},
		{Key: "return_to", Name: text("可以退回到", "May be returned to"), Hint: text("一行一个环节代码，clerk 指经办；空：任何一步", "One step's key a line, clerk for whoever took it in; empty: any"), Fill: Lines},
		{Key: "when", Name: text("什么情况下有这个环节（全部满足）", "When there is this step (all of them)"), Fill: Many, Group: clause},
		{Key: "deciders", Name: text("会签", "Countersigning"), Fill: Many, Group: decider},
		{Key: "take_over", Name: text("超期接手", "Takes over past the limit"), Fill: One, Group: takeOver},
		{Key: "tell", Name: text("超期告知", "Told past the limit"), Fill: Many, Group: told},
	}}
	whenHint = text("字段名：填了才印；前面加 ! ：没填才印", "A field's key: printed when it is filled in; with ! before it: when it is not")
	fact     = &Group{Name: text("一格", "Cell"), Title: "label", Kinds: []Sort{{text("加一格", "Add a cell"), yinzheng.Fact{Label: "名称"}}}, Slots: []Slot{
		{Key: "label", Name: text("格名", "Label"), Fill: OneLine},
		{Key: "text", Name: text("内容", "Text"), Fill: OneLine},
		{Key: "half", Name: text("占半行", "Half a line"), Fill: Tick},
		{Key: "lines", Name: text("至少几行高", "Lines at least"), Fill: Number},
		{Key: "when", Name: text("何时印", "When"), Hint: whenHint, Fill: OneLine},
	}}
	column = &Group{Name: text("一列", "Column"), Title: "head", Kinds: []Sort{{text("加一列", "Add a column"), yinzheng.Column{Head: "表头", Width: 2}}}, Slots: []Slot{
		{Key: "head", Name: text("表头", "Head"), Fill: OneLine},
		{Key: "text", Name: text("内容", "Text"), Fill: OneLine},
		{Key: "width", Name: text("相对宽度", "Relative width"), Fill: Number},
	}}
	table = &Group{Name: text("明细表", "Table"), Title: "rows", Kinds: []Sort{{text("改为明细表", "Make it a table"), yinzheng.Table{}}}, Slots: []Slot{
		{Key: "rows", Name: text("列出哪个列表", "List that it prints"), Fill: Choose, Of: []yinzheng.FieldType{yinzheng.ListField}},
		{Key: "columns", Name: text("列", "Columns"), Fill: Many, Group: column},
	}}
	block = &Group{Name: text("版块", "Block"), Kinds: []Sort{
		{text("加一段文字", "Add a paragraph"), yinzheng.Block{Text: "正文。"}},
		{text("加一个表格", "Add a table of facts"), yinzheng.Block{Facts: []yinzheng.Fact{{Label: "名称"}}}},
		{text("加一个明细表", "Add a table of a list"), yinzheng.Block{Table: &yinzheng.Table{Columns: []yinzheng.Column{{Head: "序号", Text: "{#}", Width: 1}}}}},
	}, Slots: []Slot{
		{Key: "text", Name: text("文字", "Text"), Fill: Prose, Alone: true},
		{Key: "facts", Name: text("表格", "Table of facts"), Fill: Many, Group: fact, Alone: true},
		{Key: "table", Name: text("明细表", "Table of a list"), Fill: One, Group: table, Alone: true},
		{Key: "when", Name: text("何时印", "When"), Hint: whenHint, Fill: OneLine},
	}}
)

// Parts are the parts of a template, in the order in which they are shown. A part
// of one element, such as fields[2], is one as well (PartOf).
var Parts = []Part{
	{Path: "head", Name: text("基本信息", "Basics"), Slots: []Slot{
		{Key: "name.zh", Name: text("事项名称", "Name of the item"), Fill: OneLine},
		{Key: "name.en", Name: text("英文名称", "Name in English"), Fill: OneLine},
		{Key: "short", Name: text("短代码", "Short code"), Hint: text("二维码里用，1 到 4 位大写字母或数字", "Stands in QR codes: 1 to 4 capitals or digits"), Fill: OneLine},
		{Key: "basis", Name: text("法律依据，一行一条", "Legal basis, one a line"), Fill: Lines},
		{Key: "subject", Name: text("属于二十项清单中的哪一项", "Which of the list of twenty it is"), Fill: Choose, Options: subjectOptions()},
		{Key: "issuer", Name: text("出具机关的层级", "Level of the organ that seals"), Fill: Choose, Options: levelOptions},
		{Key: "issuer_function", Name: text("该级有多个机关时的职能", "Its function, where the level has several organs"), Fill: OneLine},
		{Key: "type_code", Name: text("证照类型代码", "Type code"), Hint: text("18 位信用代码加 3 位，编号由此开头", "A credit code and three characters; numbers begin with it"), Fill: OneLine},
		{Key: "validity_months", Name: text("有效期（月）", "Valid for (months)"), Hint: text("空：长期", "Empty: for good"), Fill: Number},
		{Key: "any_office", Name: text("全区通办", "Any office of the district takes it in"), Fill: Tick},
		{Key: "counter_only", Name: text("只在窗口办，不接受网上申请", "Only at the counter, not online"), Fill: Tick},
		{Key: "token.name", Name: text("持证人姓名字段", "Field of the holder's name"), Fill: Choose, Of: []yinzheng.FieldType{yinzheng.NameField}},
		{Key: "token.id", Name: text("持证人证件字段", "Field of the holder's document"), Fill: Choose, Of: []yinzheng.FieldType{yinzheng.IDField}},
		{Key: "same", Name: text("重复提示", "Possible duplicates"), Hint: text("这些字段都相同即提示，一行一个", "Fields that, all equal, hint at the same matter, one a line"), Fill: Lines},
		{Key: "resubmit", Name: text("退回改好后", "After a return"), Fill: Choose, Options: resubmitOptions},
		{Key: "mend_days", Name: text("退回后限几个工作日改好", "Working days to mend a returned case"), Hint: text("过期作废；空：不限", "Then it lapses; empty: no limit"), Fill: Number},
	}},
	{Path: "fields", Name: text("字段", "Fields"), List: true, Slots: []Slot{{Key: "fields", Name: text("字段", "Field"), Fill: Many, Group: field}}},
	{Path: "rules", Name: text("校验规则", "Rules"), List: true, Slots: []Slot{{Key: "rules", Name: text("规则", "Rule"), Fill: Many, Group: rule}}},
	{Path: "materials", Name: text("材料", "Materials"), List: true, Slots: []Slot{{Key: "materials", Name: text("材料", "Material"), Fill: Many, Group: material}}},
	{Path: "chain", Name: text("审批链", "Chain"), List: true, Slots: []Slot{{Key: "chain", Name: text("环节", "Step"), Fill: Many, Group: step}}},
	{Path: "page", Name: text("页面文字", "Page"), Slots: []Slot{
		{Key: "page.title", Name: text("标题", "Title"), Fill: OneLine},
		{Key: "page.body", Name: text("正文", "Body"), Fill: Many, Group: block},
		{Key: "page.notes", Name: text("页脚小字，一行一条", "Small print at the foot, one a line"), Fill: Lines},
	}},
}

func subjectOptions() []yinzheng.Option {
	out := options("none", "不属于", "none of them")
	for _, code := range sortedKeys(yinzheng.Subjects) {
		out = append(out, yinzheng.Option{Value: code, Label: yinzheng.Subjects[code]})
	}
	return out
}

var element = regexp.MustCompile(`^(fields|rules|materials|chain)(\[\d+\])`)

// PartOf is the path of the part in which a path is filled in; "yaml" for what is
// mended in the text only.
func PartOf(path string) string {
	if m := element.FindString(path); m != "" {
		return m
	}
	first, _, _ := strings.Cut(path, ".")
	first, _, _ = strings.Cut(first, "[")
	switch first {
	case "fields", "rules", "materials", "chain", "page", "yaml":
		return first
	}
	return "head"
}

// blankTemplate is what a design of a new item begins with.
func blankTemplate() yinzheng.Template {
	return yinzheng.Template{
		Name: text("新证明", "New certificate"), Subject: "none", Issuer: yinzheng.Town, Materials: []yinzheng.Material{},
		Chain: []yinzheng.Step{
			{Key: "village", Name: text("村（居）民委员会核实", "Village verifies"), Level: yinzheng.Village, Role: yinzheng.Clerk},
			{Key: "town", Name: text("街道（镇）审核用印", "Town approves and seals"), Level: yinzheng.Town, Role: yinzheng.Approver},
		},
		Fields: []yinzheng.Field{
			{Key: "name", Type: yinzheng.NameField, Label: text("姓名", "Name"), Record: "name"},
			{Key: "id", Type: yinzheng.IDField, Label: text("证件号码", "ID number")},
		},
		Token: yinzheng.TokenFields{Name: "name", ID: "id"},
		Page:  yinzheng.PageText{Title: "新证明", Body: []yinzheng.Block{{Text: "兹证明{name}，证件号码{id}，……"}, {Text: "特此证明。"}}},
	}
}
