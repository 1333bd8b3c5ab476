package catalogue

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"yinzheng"
)

// Item is one proof of the catalogue, as one version has it.
type Item struct {
	Code    string         `json:"code"` // a template's code, where there is a template
	Name    yinzheng.Text  `json:"name"`
	Basis   []string       `json:"basis,omitempty"` // legal basis; of a cancelled item there may be none
	Subject string         `json:"subject"`         // code in the list of twenty (yinzheng.Subjects), or none
	Level   yinzheng.Level `json:"level,omitempty"` // of the organ that issues it
	Guide   Guide          `json:"guide,omitzero"`
	State   State          `json:"state"`
	Ground  string         `json:"ground,omitempty"` // of a cancelled item: a key of Grounds
	Way     string         `json:"way,omitempty"`    // of a replaced item: a key of Ways
	By      string         `json:"by,omitempty"`     // replaced by an e-certificate: the item that it is of
	Load    Load           `json:"load,omitzero"`
}

// Guide is what somebody who needs the proof is told (办事指南).
type Guide struct {
	Conditions []string `json:"conditions,omitempty"`
	Materials  []string `json:"materials,omitempty"`
	Limit      int      `json:"limit_days,omitempty"` // working days; 0: not stated
	Steps      []string `json:"steps,omitempty"`
	Offices    []string `json:"offices,omitempty"`
}

// Load is what the proof costs those who need it; nil: not known.
type Load struct {
	PerYear *int `json:"per_year,omitempty"` // proofs a year
	Trips   *int `json:"trips,omitempty"`    // for one proof
	Sheets  *int `json:"sheets,omitempty"`
	Fields  *int `json:"fields,omitempty"`
}

// State is how an item stands.
type State string

// The states of an item.
const (
	Kept      State = "kept"
	Cancelled State = "cancelled"
	Replaced  State = "replaced"
)

// None is the subject of an item that is not on the list of twenty.
const None = "none"

// Grounds are the reasons for which a proof is cancelled. The last two are one
// ground in the rules, “not needed, or asked twice”; lists count them apart.
var Grounds = map[string]yinzheng.Text{
	"no-basis":     {ZH: "没有法律法规依据", EN: "no basis in law"},
	"held":         {ZH: "可用本人持有的证照代替", EN: "covered by a document that the person holds"},
	"promise":      {ZH: "可由本人书面承诺代替", EN: "a written commitment will do"},
	"checkable":    {ZH: "可网上或部门间核验", EN: "can be checked online or between departments"},
	"covered":      {ZH: "已被其他材料涵盖或替代", EN: "covered or replaced by other material"},
	"unverifiable": {ZH: "出具单位无法核实", EN: "the issuer cannot check it"},
	"superior":     {ZH: "上级已明文取消", EN: "already cancelled by a higher authority"},
	"removed":      {ZH: "已从权力清单中移除", EN: "removed from the list of powers"},
	"unneeded":     {ZH: "没有必要", EN: "not needed"},
	"repeated":     {ZH: "重复提交", EN: "asked for twice"},
}

// Ways are what replaces a proof.
var Ways = map[string]yinzheng.Text{
	"commitment":  {ZH: "告知承诺", EN: "the person's written commitment"},
	"inquiry":     {ZH: "部门协查", EN: "an inquiry between departments"},
	"data":        {ZH: "数据共享", EN: "data shared between departments"},
	"certificate": {ZH: "电子证明", EN: "an e-certificate"},
}

const certificateWay = "certificate"

// Bounds of an item.
const (
	maxCode, maxName, maxLine = 40, 100, 500 // characters
	maxLines                  = 50
	maxLimit                  = 250
	maxPerYear, maxEach       = 100_000_000, 1000
)

var codeShape = regexp.MustCompile(`^[0-9A-Za-z]+([.-][0-9A-Za-z]+)*$`)

// fault notes what is wrong with one of an item's fields.
type fault func(field, code, zh, en string)

// check finds what is wrong with an item by itself.
func (i *Item) check(f fault) {
	if len(i.Code) > maxCode || !codeShape.MatchString(i.Code) {
		f("code", "code", "应为字母、数字，可用点或连字符分隔，最多 40 位", "Expected letters and digits, with dots or hyphens between them, at most 40 characters")
	}
	if n := utf8.RuneCountInString(i.Name.ZH); n == 0 || n > maxName {
		f("name", "required", "请填写名称，最多 100 字", "Please give the name, in at most 100 characters")
	}
	if !oneLine(i.Name.ZH) || !oneLine(i.Name.EN) {
		f("name", "control", "名称中有控制字符、不可见字符或换行", "The name holds control characters, invisible ones or line breaks")
	}
	if _, listed := yinzheng.Subjects[i.Subject]; !listed && i.Subject != None {
		f("subject", "choice", "应为二十项清单中的代码，或 none", "Expected a code of the list of twenty, or none")
	}
	if i.Level != "" && !i.Level.Known() {
		f("level", "choice", "应为 province、city、district、town 或 village", "Expected province, city, district, town or village")
	}
	i.checkState(f)
	i.checkTexts(f)
	i.checkLoad(f)
}

func (i *Item) checkState(f fault) {
	switch i.State {
	case Kept, Replaced:
		if len(i.Basis) == 0 {
			f("basis", "required", "没有法律依据的证明不得发布；请填写依据，或以 no-basis 取消", "Nothing is published without a legal basis; give it, or cancel the item as no-basis")
		}
		if i.Level == "" {
			f("level", "required", "请填写出具机关的层级", "Please give the level of the organ that issues it")
		}
	case Cancelled:
	default:
		f("state", "choice", "应为 kept、cancelled 或 replaced", "Expected kept, cancelled or replaced")
		return
	}
	_, ground := Grounds[i.Ground]
	_, way := Ways[i.Way]
	switch {
	case i.State == Cancelled && !ground:
		f("ground", "choice", "请填写取消的理由代码："+codes(Grounds), "Please give the ground of cancelling: "+codes(Grounds))
	case i.State != Cancelled && i.Ground != "":
		f("ground", "state", "只有取消的事项才有取消理由", "Only a cancelled item has a ground")
	}
	switch {
	case i.State == Replaced && !way:
		f("way", "choice", "请填写由什么替代："+codes(Ways), "Please say what replaces it: "+codes(Ways))
	case i.State != Replaced && i.Way != "":
		f("way", "state", "只有被替代的事项才有替代方式", "Only a replaced item has a way")
	}
	switch {
	case i.Way == certificateWay && (i.By == "" || i.By == i.Code):
		f("by", "required", "请填写替代它的电子证明是哪个事项", "Please name the other item whose e-certificate replaces it")
	case i.Way != certificateWay && i.By != "":
		f("by", "state", "只有由电子证明替代时才写事项代码", "An item is named only where an e-certificate replaces this one")
	}
}

func (i *Item) checkTexts(f fault) {
	for _, l := range []struct {
		field string
		lines []string
	}{{"basis", i.Basis}, {"guide.conditions", i.Guide.Conditions}, {"guide.materials", i.Guide.Materials}, {"guide.steps", i.Guide.Steps}, {"guide.offices", i.Guide.Offices}} {
		bad := func(s string) bool { return s == "" || utf8.RuneCountInString(s) > maxLine || !oneLine(s) }
		if len(l.lines) > maxLines || slices.ContainsFunc(l.lines, bad) {
			f(l.field, "text", "最多 50 条，每条 1 到 500 字，不含控制字符和不可见字符", "At most 50 entries of 1 to 500 characters, without control and invisible characters")
		}
	}
	if i.Guide.Limit < 0 || i.Guide.Limit > maxLimit {
		f("guide.limit_days", "range", "应在 0 到 250 个工作日之间", "Expected 0 to 250 working days")
	}
}

func (i *Item) checkLoad(f fault) {
	for _, n := range []struct {
		field string
		value *int
		max   int
	}{{"load.per_year", i.Load.PerYear, maxPerYear}, {"load.trips", i.Load.Trips, maxEach}, {"load.sheets", i.Load.Sheets, maxEach}, {"load.fields", i.Load.Fields, maxEach}} {
		if n.value != nil && (*n.value < 0 || *n.value > n.max) {
			f(n.field, "range", fmt.Sprintf("应在 0 到 %d 之间", n.max), fmt.Sprintf("Expected 0 to %d", n.max))
		}
	}
}

// checkIssuer refuses a village what is on the list of twenty, by its subject or
// by the very name that it has there: nobody has to judge that.
func (i *Item) checkIssuer(f fault) {
	subject := i.Subject
	for _, code := range i.doubts() {
		if strings.Contains(yinzheng.FoldName(i.Name.ZH), yinzheng.FoldName(yinzheng.Subjects[code].ZH)) {
			subject = code
		}
	}
	if s, listed := yinzheng.Subjects[subject]; listed && i.Level == yinzheng.Village && i.State == Kept {
		f("level", "listed", "“"+s.ZH+"”在二十项清单内，村（社区）不得出具；村里受理核实，由镇（街道）以上机关出具",
			"This is “"+s.EN+"”, on the list of twenty: a village may not issue it. It takes the case in, and a town or an organ above it seals")
	}
}

// checkTemplate refuses an item that its template contradicts.
func (i *Item) checkTemplate(t *yinzheng.Template, f fault) {
	subject, level := i.contradicts(t)
	if subject {
		f("subject", "template", "与模板的主题 "+t.Subject+" 不一致", "The template's subject is "+t.Subject)
	}
	if level {
		f("level", "template", "与模板的出具层级 "+string(t.Issuer)+" 不一致", "The template is issued at the level "+string(t.Issuer))
	}
}

// contradicts tells whether an item that is kept and a template (nil: there is
// none) are of different subjects, or issued at different levels.
func (i *Item) contradicts(t *yinzheng.Template) (subject, level bool) {
	if t == nil || i.State != Kept {
		return false, false
	}
	return i.Subject != t.Subject, i.Level != t.Issuer
}

// doubts lists the subjects of the list of twenty that an item without one may
// be about, by its name.
func (i *Item) doubts() []string {
	if i.State != Kept || i.Subject != None {
		return nil
	}
	return yinzheng.SubjectsLike(i.Name.ZH)
}

// Ending says in words why an item is not asked for any more.
func (i *Item) Ending() yinzheng.Text {
	switch i.State {
	case Cancelled:
		g := Grounds[i.Ground]
		return yinzheng.Text{ZH: "“" + i.Name.ZH + "”已取消：" + g.ZH, EN: "“" + i.Name.In("en") + "” was cancelled: " + g.EN}
	case Replaced:
		w := Ways[i.Way]
		t := yinzheng.Text{ZH: "“" + i.Name.ZH + "”不再开具，由" + w.ZH + "替代", EN: "“" + i.Name.In("en") + "” is not issued any more; it is replaced by " + w.EN}
		if i.By != "" {
			t.ZH, t.EN = t.ZH+"（"+i.By+"）", t.EN+" ("+i.By+")"
		}
		return t
	}
	return yinzheng.Text{}
}

// oneLine tells whether a text is clean and has no line breaks.
func oneLine(s string) bool { return yinzheng.Clean(s) && !strings.ContainsAny(s, "\n\t") }

// codes lists the codes of a coded list.
func codes(list map[string]yinzheng.Text) string {
	var out []string
	for code := range list {
		out = append(out, code)
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// tidy brings an item into normal form: spaces at the ends go, defaults come.
func (i *Item) tidy() {
	for _, s := range []*string{&i.Code, &i.Name.ZH, &i.Name.EN, &i.Subject, &i.Ground, &i.Way, &i.By} {
		*s = strings.TrimSpace(*s)
	}
	i.Subject = cmp.Or(i.Subject, None)
	i.State = cmp.Or(i.State, Kept)
	for _, l := range []*[]string{&i.Basis, &i.Guide.Conditions, &i.Guide.Materials, &i.Guide.Steps, &i.Guide.Offices} {
		var lines []string
		for _, s := range *l {
			lines = append(lines, strings.TrimSpace(s))
		}
		*l = lines
	}
}
