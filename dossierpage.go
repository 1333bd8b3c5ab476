package yinzheng

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// dossierTemplate is the page of a dossier. It belongs to no item.
var dossierTemplate = &Template{
	Code: "dossier", Version: 1,
	Fields: []Field{
		{Key: "item", Type: TextField},
		{Key: "state", Type: TextField},
		{Key: "office", Type: TextField},
		{Key: "division", Type: TextField},
		{Key: "applicant", Type: TextField},
		{Key: "made", Type: TextField},
		{Key: "head", Type: TextField},
		{Key: "facts", Type: ListField, Fields: texts("label", "value")},
		{Key: "against", Type: ListField, Fields: texts("label", "on_record", "filled_in", "source")},
		{Key: "materials", Type: ListField, Fields: texts("name", "how")},
		{Key: "attachments", Type: ListField, Fields: texts("file", "what", "digest", "by")},
		{Key: "history", Type: ListField, Fields: texts("at", "what", "who", "opinion")},
		{Key: "certificates", Type: ListField, Fields: texts("code", "number", "organ", "issued", "status")},
		{Key: "events", Type: ListField, Fields: texts("at", "what", "who", "detail")},
		{Key: "log", Type: ListField, Fields: texts("seq", "about", "hash")},
	},
	Page: PageText{
		Title: "办件卷宗",
		Body: []Block{
			{Facts: []Fact{
				{Label: "事项", Text: "{item}", Half: true},
				{Label: "状态", Text: "{state}", Half: true},
				{Label: "受理单位", Text: "{office}", Half: true},
				{Label: "区划", Text: "{division}", Half: true},
				{Label: "申请人", Text: "{applicant}"},
				{Label: "导出", Text: "{made}"},
				{Label: "记录末尾", Text: "{head}"},
			}},
			{Text: "一、内容"},
			{Table: &Table{Rows: "facts", Columns: []Column{{"项目", "{label}", 2}, {"内容", "{value}", 4}}}},
			{When: "against", Text: "提交时与登记不一致"},
			{When: "against", Table: &Table{Rows: "against", Columns: []Column{{"项目", "{label}", 18}, {"登记", "{on_record}", 28}, {"填写", "{filled_in}", 28}, {"登记来源", "{source}", 26}}}},
			{When: "materials", Text: "材料"},
			{When: "materials", Table: &Table{Rows: "materials", Columns: []Column{{"材料", "{name}", 34}, {"如何满足", "{how}", 66}}}},
			{When: "attachments", Text: "附件"},
			{When: "attachments", Table: &Table{Rows: "attachments", Columns: []Column{{"附件", "{file}", 22}, {"材料", "{what}", 24}, {"SHA-256", "{digest}", 32}, {"添加", "{by}", 22}}}},
			{Text: "二、办理经过"},
			{Table: &Table{Rows: "history", Columns: []Column{{"时间", "{at}", 27}, {"事项", "{what}", 21}, {"办理人", "{who}", 25}, {"意见", "{opinion}", 27}}}},
			{When: "certificates", Text: "三、电子证明"},
			{When: "certificates", Table: &Table{Rows: "certificates", Columns: []Column{{"验证码", "{code}", 34}, {"编号", "{number}", 26}, {"签发", "{organ}　{issued}", 24}, {"状态", "{status}", 16}}}},
			{Text: "附一、相关事件"},
			{Table: &Table{Rows: "events", Columns: []Column{{"时间", "{at}", 27}, {"事件", "{what}", 23}, {"人员", "{who}", 14}, {"说明", "{detail}", 36}}}},
			{Text: "附二、在全程记录中的位置"},
			{Table: &Table{Rows: "log", Columns: []Column{{"序号", "{seq}", 14}, {"对象", "{about}", 16}, {"哈希", "{hash}", 70}}}},
		},
		Notes: []string{"本卷宗供存档与查阅，含个人信息，不是证明，不得作为证明使用。"},
	},
}

func texts(keys ...string) []Field {
	fields := make([]Field, len(keys))
	for i, key := range keys {
		fields[i] = Field{Key: key, Type: TextField}
	}
	return fields
}

// page is the dossier as the values of dossierTemplate.
func (d *Dossier) page() Values {
	v := d.Application
	out := Values{
		"item": d.ItemName.ZH, "state": v.StateName.ZH, "office": d.office(v.Office), "division": v.Division,
		"applicant": d.applicant(), "made": stamp(d.MadeAt) + "　" + d.MadeByName,
		"facts": d.facts(), "history": d.history(), "events": d.events(), "log": d.entries(),
		"head": "第 " + strconv.FormatInt(d.LogHead.Seq, 10) + " 条　" + d.LogHead.Hash.String(),
	}
	if list := d.against(); len(list) > 0 {
		out["against"] = list
	}
	if list := d.materials(); len(list) > 0 {
		out["materials"] = list
	}
	if list := d.attachments(); len(list) > 0 {
		out["attachments"] = list
	}
	if list := d.certificates(); len(list) > 0 {
		out["certificates"] = list
	}
	return out
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(Zone).Format("2006-01-02 15:04")
}

func (d *Dossier) office(id string) string {
	if name := d.Offices[id]; name != "" {
		return name
	}
	return id
}

func (d *Dossier) applicant() string {
	a := &d.Application.Applicant
	as := map[string]string{AsHolder: "本人", AsAgent: "代办", AsGuardian: "监护人"}[a.As]
	return strings.Join(slices.DeleteFunc([]string{as, a.Name, displayID(a.ID), a.Authority}, func(s string) bool { return s == "" }), "　")
}

// facts lists every value under its label; a list's rows are numbered.
func (d *Dossier) facts() []any {
	var rows []any
	var add func(prefix string, fields []Field, v Values)
	add = func(prefix string, fields []Field, v Values) {
		for i := range fields {
			f := &fields[i]
			if f.Type == ListField {
				for n, row := range v.Rows(f.Key) {
					add(f.Label.ZH+strconv.Itoa(n+1)+"　", f.Fields, row)
				}
			} else if v[f.Key] != nil {
				rows = append(rows, map[string]any{"label": prefix + f.Label.ZH, "value": f.Display(v[f.Key])})
			}
		}
	}
	add("", d.Fields, d.Application.Values)
	return rows
}

// divisionField is how the division is shown, which is no field of a template.
var divisionField = Field{Type: TextField, Label: Text{"区划", "Division"}}

// against lists what the submission says otherwise than was on record then.
func (d *Dossier) against() []any {
	var rows []any
	for _, x := range d.Application.AgainstRecord {
		f := cmp.Or(fieldByKey(d.Fields, strings.TrimPrefix(x.Field, "values.")), &divisionField)
		rows = append(rows, map[string]any{"label": f.Label.ZH, "on_record": f.Display(x.OnRecord), "filled_in": f.Display(x.FilledIn), "source": x.Source + "　" + x.AsOf})
	}
	return rows
}

func (d *Dossier) history() []any {
	var rows []any
	for i := range d.Application.History {
		x := &d.Application.History[i]
		what := actionNames[x.Kind].ZH
		if what == "" {
			what = string(x.Kind)
		}
		for _, key := range []string{x.Step, x.ToStep} {
			if n := d.template.StepIndex(key); n >= 0 {
				what += "　" + d.template.Chain[n].Name.ZH
			}
		}
		opinion := d.about(x)
		if x.Detached != 0 { // which stands nowhere else
			opinion = d.about(&d.Application.History[x.Detached-1])
		}
		who := d.who(x.By, x.Name)
		if x.ForName != "" {
			who += "（受" + x.ForName + "委托）"
		}
		rows = append(rows, map[string]any{"at": stamp(x.At), "what": what, "who": strings.TrimSpace(who + "　" + cmp.Or(x.Called, d.office(x.Office))), "opinion": opinion})
	}
	return rows
}

// called is what a file is called, or that it is gone.
func (f *Attachment) called() string {
	if f.Gone() {
		return erasedText.ZH
	}
	return f.Name
}

func (d *Dossier) named(f *Attachment) string {
	name, _ := d.template.material(f.Material)
	return strconv.Itoa(f.ID) + "号　" + f.called() + "　" + name.ZH
}

// about says what an action brought or found: a file, what stands in its place,
// an opinion.
func (d *Dossier) about(x *Action) string {
	if x.Attachment != nil {
		return d.named(x.Attachment)
	}
	if x.Kind == Erase {
		return RetentionRuleOf(x.Reason).What.ZH
	}
	if x.Material == "" {
		return x.Opinion
	}
	name, _ := d.template.material(x.Material)
	parts := []string{name.ZH, x.Refers, x.Opinion}
	if x.Kind == Inspect {
		parts = slices.Insert(parts, 1, outcomeNames[x.Reason])
	}
	if !x.Due.IsZero() {
		parts = append(parts, "至 "+lastDayBefore(x.Due))
	}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), "　")
}

// outcomeNames are the outcomes of an inspection in words.
var outcomeNames = map[string]string{"": "未核查", FoundTrue: "属实", FoundFalse: "不实", FoundUnclear: "无法查实"}

// wayNames are the ways to meet a material in words.
var wayNames = map[Way]string{"": "缺", MetByFile: "附件", MetByCommitment: "告知承诺", MetByCertificate: "引用电子证明", MetLater: "约定补交"}

// materials lists what the case needs and how it is met.
func (d *Dossier) materials() []any {
	var rows []any
	for i := range d.Application.Materials {
		m := &d.Application.Materials[i]
		how := wayNames[m.Way]
		if m.By > 0 {
			how += "　" + strconv.Itoa(m.By) + "号"
		}
		if c := m.Certificate; c != nil {
			how += "　" + c.Code + "　现" + c.Status.Name().ZH
		}
		if k := m.Inspection; k != nil {
			how += "　核查期限 " + lastDayBefore(k.Due) + "　" + outcomeNames[k.Outcome]
		}
		if m.Due != nil {
			how += "　应于 " + lastDayBefore(*m.Due) + " 前"
		}
		if m.Late {
			how += "　逾期未交"
		}
		rows = append(rows, map[string]any{"name": m.Name.ZH, "how": how})
	}
	return rows
}

func (d *Dossier) attachments() []any {
	var rows []any
	for i := range d.Application.Attachments {
		f := &d.Application.Attachments[i]
		what := f.MaterialName.ZH + "　" + f.Type
		if f.Signed != nil {
			what += "　" + signedNames[f.Signed.By]
			if w := f.Signed.Witness; w != nil {
				what += "　见证人 " + w.Name + " " + w.ID
			}
		}
		rows = append(rows, map[string]any{"file": strconv.Itoa(f.ID) + "号　" + f.called(), "what": what, "digest": f.Digest, "by": stamp(f.At) + "　" + f.ByName + "　" + cmp.Or(f.OfficeName, d.office(f.Office))})
	}
	return rows
}

var signedNames = map[string]string{BySignature: "签名", ByFingerprint: "按指印"}

func (d *Dossier) who(by, name string) string {
	switch {
	case by == SystemActor:
		return "系统"
	case name == "":
		return by
	}
	return name
}

func (d *Dossier) certificates() []any {
	var rows []any
	for _, c := range d.Certificates {
		rows = append(rows, map[string]any{
			"code": c.Code, "number": c.Number, "organ": c.OrganName, "issued": stamp(c.IssuedAt),
			"status": strings.TrimSpace(c.Status.Name().ZH + "　" + Reasons[c.Reason].ZH + "　" + stamp(c.StatusSince)),
		})
	}
	return rows
}

func (d *Dossier) events() []any {
	var rows []any
	for _, e := range d.Events {
		rows = append(rows, map[string]any{"at": stamp(e.At), "what": e.KindName.ZH, "who": d.who(e.By, e.Name), "detail": e.Detail})
	}
	return rows
}

func (d *Dossier) entries() []any {
	var rows []any
	for i := range d.Log {
		e := &d.Log[i]
		rows = append(rows, map[string]any{"seq": strconv.FormatInt(e.Seq, 10), "about": map[LogKind]string{LogAction: "经过 ", LogEvent: "事件 "}[e.Kind] + strconv.FormatInt(e.Part, 10), "hash": e.Hash.String()})
	}
	return rows
}
