package yinzheng

import (
	"slices"
	"strings"
	"testing"
)

// TestTemplateCheck spoils a good template in one place at a time; the check
// names exactly that place.
func TestTemplateCheck(t *testing.T) {
	if faults := SampleTemplate().Check(); len(faults) > 0 {
		t.Fatalf("the sample has faults: %v", faults)
	}
	step := func(i int, edit func(*Step)) func(*Template) { return func(t *Template) { edit(&t.Chain[i]) } }
	field := func(i int, edit func(*Field)) func(*Template) { return func(t *Template) { edit(&t.Fields[i]) } }
	later := func(scan bool, l Later) func(*Template) {
		return func(t *Template) { t.Materials[0].Scan, t.Materials[0].Later = scan, &l }
	}
	commitment := func(zh string, days int) func(*Template) {
		return func(t *Template) {
			t.Materials[0].Scan, t.Materials[0].Commitment = true, &Commitment{Text{zh, "I, {name}, promise."}, days}
		}
	}
	const list = 10
	rule := func(r Rule) func(*Template) { return func(t *Template) { t.Rules = []Rule{r} } }
	block := func(b Block) func(*Template) { return func(t *Template) { t.Page.Body = []Block{b} } }
	for _, c := range []struct {
		name  string
		spoil func(*Template)
		want  []string
	}{
		{"code", func(t *Template) { t.Code = "Kin" }, []string{"code code"}},
		{"code with a trailing hyphen", func(t *Template) { t.Code = "kin-" }, []string{"code code"}},
		{"short", func(t *Template) { t.Short = "ABCDE" }, []string{"short short"}},
		{"version", func(t *Template) { t.Version = 0 }, []string{"version version"}},
		{"no Chinese name", func(t *Template) { t.Name.ZH = "" }, []string{"name.zh required"}},
		{"no English name", func(t *Template) { t.Name.EN = "" }, []string{"name.en required"}},
		{"no legal basis", func(t *Template) { t.Basis = nil }, []string{"basis required"}},
		{"subject", func(t *Template) { t.Subject = "weather" }, []string{"subject choice"}},
		{"no subject", func(t *Template) { t.Subject = "" }, []string{"subject choice"}},
		{"issuer", func(t *Template) { t.Issuer = "county" }, []string{"issuer choice", "chain[2].level issuer"}},
		{"a village issuing a subject of the list", func(t *Template) { t.Issuer = Village; t.Chain = t.Chain[:1] }, []string{"issuer choice"}},
		{"a village issuing another", func(t *Template) {
			t.Issuer, t.Chain, t.Subject, t.Name.ZH, t.Page.Title = Village, t.Chain[:1], "none", "居住证明", "居住证明"
		}, nil},
		{"a village issuing one of the list under another name", func(t *Template) {
			t.Issuer, t.Chain, t.Subject, t.Name.ZH, t.Page.Title = Village, t.Chain[:1], "none", "亲戚关系情况说明", "居住证明"
		}, []string{"name.zh subject"}},
		{"... or under another title", func(t *Template) {
			t.Issuer, t.Chain, t.Subject, t.Name.ZH = Village, t.Chain[:1], "none", "居住证明"
		}, []string{"page.title subject"}},
		{"type code's shape", func(t *Template) { t.TypeCode = t.TypeCode[:20] }, []string{"type_code type-code"}},
		{"type code's check", func(t *Template) { t.TypeCode = "2" + t.TypeCode[1:] }, []string{"type_code type-code"}},
		{"validity below 0", func(t *Template) { t.Validity = -1 }, []string{"validity_months range"}},
		{"validity of centuries", func(t *Template) { t.Validity = 1201 }, []string{"validity_months range"}},
		{"material", func(t *Template) { t.Materials[0].EN = "" }, []string{"materials[0].en required"}},
		{"material's key", func(t *Template) { t.Materials[0].Key = "ID card" }, []string{"materials[0].key code"}},
		{"material's key twice", func(t *Template) { t.Materials = append(t.Materials, t.Materials[0]) }, []string{"materials[1].key twice"}},
		{"a reserved word", func(t *Template) { t.Materials[0].Key = AuthorityMaterial }, []string{"materials[0].key twice"}},
		{"a commitment", func(t *Template) { t.Materials[0].Key = CommitmentMaterial }, nil},
		{"a condition on nothing", func(t *Template) { t.Materials[0].When = []Clause{{Field: "sex", Is: Male}} }, []string{"materials[0].when clause"}},
		{"a material's condition", func(t *Template) {
			t.Materials[0] = Material{Key: "id_card", Text: both("x"), Scan: true, When: []Clause{{Field: "sex", Is: Male}}}
		}, nil},
		{"... on an absent field", func(t *Template) {
			t.Materials[0] = Material{Key: "id_card", Text: both("x"), Scan: true, When: []Clause{{Field: "size", Is: Male}}}
		}, []string{"materials[0].when[0].field absent-field"}},
		{"... that never holds", func(t *Template) {
			t.Materials[0] = Material{Key: "id_card", Text: both("x"), Scan: true, When: []Clause{{Field: "sex", Is: "x"}}}
		}, []string{"materials[0].when[0] unreachable"}},

		{"a certificate in a material's place", func(t *Template) {
			t.Materials[0].Scan, t.Materials[0].Certificate = true, []string{"residence", "kin"}
		}, nil},
		{"... of no item", func(t *Template) {
			t.Materials[0].Scan, t.Materials[0].Certificate = true, []string{"居住", "kin", "kin"}
		}, []string{"materials[0].certificate[0] code", "materials[0].certificate[2] twice"}},
		{"... of what is shown at the counter", func(t *Template) { t.Materials[0].Certificate = []string{"residence"} }, []string{"materials[0].certificate scan"}},
		{"... without the holder's document", func(t *Template) {
			t.Materials[0].Scan, t.Materials[0].Certificate, t.Token.ID = true, []string{"residence"}, ""
		}, []string{"materials[0].certificate holder"}},

		{"a material that follows", later(true, Later{2, IssueWaits, 3}), nil},
		{"... and is issued without", later(true, Later{250, IssueFlagged, 0}), nil},
		{"... that is shown at the counter", later(false, Later{2, IssueFlagged, 0}), []string{"materials[0].later scan"}},
		{"... at no time", later(true, Later{0, IssueFlagged, 0}), []string{"materials[0].later.days range"}},
		{"... in years", later(true, Later{251, IssueFlagged, 0}), []string{"materials[0].later.days range"}},
		{"... to whatever end", later(true, Later{2, "", 0}), []string{"materials[0].later.issue choice"}},
		{"... and is waited for without end", later(true, Later{2, IssueWaits, 0}), []string{"materials[0].later.lapse_days range"}},
		{"... and lets what is issued lapse", later(true, Later{2, IssueFlagged, 3}), []string{"materials[0].later.lapse_days not-applicable"}},

		{"a commitment in a material's place", commitment("本人{name}承诺。", 30), nil},
		{"... without a text", commitment("", 30), []string{"materials[0].commitment.zh required"}},
		{"... of what the case does not say", commitment("本人{nickname}承诺。", 30), []string{"materials[0].commitment.zh absent-field"}},
		{"... with half a brace", commitment("本人{name承诺。", 30), []string{"materials[0].commitment.zh braces"}},
		{"... that nobody inspects", commitment("本人{name}承诺。", 0), []string{"materials[0].commitment.inspect_days range"}},
		{"... in place of a commitment", func(t *Template) { commitment("承诺。", 30)(t); t.Materials[0].Key = CommitmentMaterial }, []string{"materials[0].commitment not-applicable"}},
		{"... by whoever it may be", func(t *Template) { commitment("承诺。", 30)(t); t.Token.ID = "" }, []string{"materials[0].commitment holder"}},
		{"... of what is shown at the counter", func(t *Template) { commitment("承诺。", 30)(t); t.Materials[0].Scan = false }, []string{"materials[0].commitment scan"}},

		{"what is often written", field(8, func(f *Field) { f.Suggest = []string{"办理子女入学", "办理居住证"} }), nil},
		{"... in a name", field(0, func(f *Field) { f.Suggest = []string{"张三"} }), []string{"fields[0].suggest field-type"}},
		{"... more than there are digits", field(8, func(f *Field) { f.Suggest = strings.Split("abcdefghij", "") }), []string{"fields[8].suggest range"}},
		{"... badly", field(8, func(f *Field) { f.Max, f.Suggest = 4, []string{"", " 入学", "办理居住证", "入学", "入学"} }), []string{
			"fields[8].suggest[0] text", "fields[8].suggest[1] text", "fields[8].suggest[2] length", "fields[8].suggest[4] twice",
		}},

		{"the register", field(0, func(f *Field) { f.Record = "name" }), nil},
		{"an unknown entry of the register", field(0, func(f *Field) { f.Record = "nickname" }), []string{"fields[0].record choice"}},
		{"... that the field cannot hold", field(0, func(f *Field) { f.Record = "mother.id" }), []string{"fields[0].record field-type"}},
		{"... without the holder's document", func(t *Template) { t.Fields[0].Record, t.Token.ID = "name", "" }, []string{"fields[0].record holder"}},
		{"... inside a list", func(t *Template) { t.Fields[list].Fields[0].Record = "name" }, []string{"fields[10].fields[0].record nested"}},
		{"the register's sex", field(2, func(f *Field) { f.Record = "sex" }), nil},
		{"... without one of the two", field(2, func(f *Field) { f.Record, f.Options = "sex", f.Options[:1] }), []string{"fields[2].record choice"}},
		{"the register's relatives", field(list, func(f *Field) { f.Record = "relatives" }), nil},
		{"... without a relation", field(list, func(f *Field) { f.Record, f.Fields, f.Rules = "relatives", f.Fields[:2], nil }), []string{"fields[10].record absent-field", "page.body[2].table.columns[2].text absent-field", "page.body[2].table.columns[2].text absent-field"}},

		{"no chain", func(t *Template) { t.Chain = nil }, []string{"chain required"}},
		{"step's key", step(1, func(s *Step) { s.Key = "Town" }), []string{"chain[1].key code"}},
		{"step's key twice", step(1, func(s *Step) { s.Key = "village" }), []string{"chain[1].key twice"}},
		{"step's reserved key", step(1, func(s *Step) { s.Key = "intake" }), []string{"chain[1].key twice"}},
		{"step's name", step(1, func(s *Step) { s.Name.ZH = "" }), []string{"chain[1].name.zh required"}},
		{"step's level", step(1, func(s *Step) { s.Level = "county" }), []string{"chain[1].level choice", "chain[1].level order"}},
		{"a chain that descends", step(1, func(s *Step) { s.Level = City }), []string{"chain[2].level order"}},
		{"two steps of a level", step(1, func(s *Step) { s.Level = District }), nil},
		{"a clerk deciding at the town", step(1, func(s *Step) { s.Role = Clerk }), []string{"chain[1].role choice"}},
		{"an approver at the village", step(0, func(s *Step) { s.Role = Approver }), nil},
		{"an administrator deciding", step(2, func(s *Step) { s.Role = Admin }), []string{"chain[2].role choice"}},
		{"the last step is not the issuer's", func(t *Template) { t.Issuer = City }, []string{"chain[2].level issuer"}},

		{"no fields", func(t *Template) { t.Fields = nil; t.Rules = nil; t.Page.Body = []Block{{Text: "x"}} }, []string{"fields required", "token.name absent-field", "token.id absent-field"}},
		{"field's key", field(9, func(f *Field) { f.Key = "Note" }), []string{"fields[9].key code", "rules[4].any_of[0] absent-field", "page.body[1].facts[1].when absent-field"}},
		{"field's key twice", field(9, func(f *Field) { f.Key = "purpose" }), []string{"fields[9].key twice", "rules[4].any_of[0] absent-field", "page.body[1].facts[1].when absent-field"}},
		{"field's label", field(9, func(f *Field) { f.Label.EN = "" }), []string{"fields[9].label.en required"}},
		{"field's type", field(9, func(f *Field) { f.Type = "string" }), []string{"fields[9].type choice"}},
		{"no options", field(2, func(f *Field) { f.Options = nil }), []string{"fields[2].options required"}},
		{"option's value", field(2, func(f *Field) { f.Options[1].Value = "F" }), []string{"fields[2].options[1].value code"}},
		{"option twice", field(2, func(f *Field) { f.Options[1].Value = Male }), []string{"fields[2].options[1].value twice"}},
		{"option's label", field(2, func(f *Field) { f.Options[1].Label.ZH = "" }), []string{"fields[2].options[1].label.zh required"}},
		{"option's sex", field(2, func(f *Field) { f.Options[1].Sex = "f" }), []string{"fields[2].options[1].sex choice"}},
		{"a list without max", field(list, func(f *Field) { f.Max = 0 }), []string{"fields[10].max range"}},
		{"a page of 51 blocks", func(t *Template) { t.Page.Body = slices.Repeat(t.Page.Body[:1], 51) }, []string{"page.body range"}},
		{"a paragraph of a book", block(Block{Text: strings.Repeat("长", 1001)}), []string{"page.body[0].text range"}},
		{"a table of 13 columns", block(Block{Table: &Table{"kin", slices.Repeat([]Column{{"序号", "{#}", 1}}, 13)}}), []string{"page.body[0].table.columns range"}},
		{"small print of 11 lines", func(t *Template) { t.Page.Notes = slices.Repeat([]string{"注"}, 11) }, []string{"page.notes range"}},
		{"a list with min below 0", field(list, func(f *Field) { f.Min = -1 }), []string{"fields[10].max range"}},
		{"a text of less than nothing", field(8, func(f *Field) { f.Max = -1 }), []string{"fields[8].max range"}},
		{"a text without end", field(8, func(f *Field) { f.Max = 4001 }), []string{"fields[8].max range"}},
		{"an integer of no value", field(6, func(f *Field) { f.Min = 21 }), []string{"fields[6].max range"}},
		{"a list of 201", field(list, func(f *Field) { f.Max = 201 }), []string{"fields[10].max range"}},
		{"a list with min above max", field(list, func(f *Field) { f.Min = 13 }), []string{"fields[10].max range"}},
		{"a list in a list", field(list, func(f *Field) {
			f.Fields[3] = Field{Key: "relation_text", Type: ListField, Label: both("x"), Optional: true, Max: 1, Fields: f.Fields[:1]}
		}), []string{"fields[10].fields[3].type nested"}},
		{"a fault in a row's field", field(list, func(f *Field) { f.Fields[0].Label.ZH = "" }), []string{"fields[10].fields[0].label.zh required"}},
		{"a fault in a row's rule", field(list, func(f *Field) { f.Rules[0].ID = "name" }), []string{"fields[10].rules[0].id field-type"}},

		{"any_of an absent field", rule(Rule{AnyOf: []string{"note", "x"}}), []string{"rules[0].any_of[1] absent-field"}},
		{"together with an absent field", rule(Rule{Together: []string{"x", "note"}}), []string{"rules[0].together[0] absent-field"}},
		{"distinct of no ID", rule(Rule{Distinct: []string{"name"}}), []string{"rules[0].distinct[0] field-type"}},
		{"distinct of an absent list", rule(Rule{Distinct: []string{"x.id"}}), []string{"rules[0].distinct[0] absent-field"}},
		{"distinct of no list", rule(Rule{Distinct: []string{"name.id"}}), []string{"rules[0].distinct[0] field-type", "rules[0].distinct[0] absent-field"}},
		{"distinct of no ID in a list", rule(Rule{Distinct: []string{"kin.name"}}), []string{"rules[0].distinct[0] field-type"}},
		{"an empty rule", rule(Rule{}), []string{"rules[0] rule"}},
		{"two kinds in one rule", rule(Rule{AnyOf: []string{"note"}, Together: []string{"note"}}), []string{"rules[0] rule"}},
		{"required_when missing", rule(Rule{Field: "note"}), []string{"rules[0].required_when required"}},
		{"required_when on no choice", rule(Rule{Field: "note", RequiredWhen: map[string]string{"name": "x"}}), []string{"rules[0].required_when field-type"}},
		{"required_when of a value that is none", rule(Rule{Field: "note", RequiredWhen: map[string]string{"sex": "x"}}), []string{"rules[0].required_when.sex choice"}},
		{"required_when for an absent field", rule(Rule{Field: "x", RequiredWhen: map[string]string{"sex": "male"}}), []string{"rules[0].field absent-field"}},
		{"required_when for a field that is required anyway", rule(Rule{Field: "purpose", RequiredWhen: map[string]string{"sex": "male"}}), []string{"rules[0].field optional"}},
		{"an ID rule that says nothing", rule(Rule{ID: "id"}), []string{"rules[0] rule"}},
		{"an ID rule on no ID", rule(Rule{ID: "name", Sex: Male}), []string{"rules[0].id field-type"}},
		{"an ID rule's sex", rule(Rule{ID: "id", Sex: "f"}), []string{"rules[0].sex choice"}},
		{"an ID rule's sex field", rule(Rule{ID: "id", SexField: "name"}), []string{"rules[0].sex_field field-type"}},
		{"an ID rule's birth field", rule(Rule{ID: "id", BornField: "name"}), []string{"rules[0].born_field field-type"}},
		{"an ID rule's later date", rule(Rule{ID: "id", BornBefore: "x"}), []string{"rules[0].born_before absent-field"}},

		{"token name absent", func(t *Template) { t.Token.Name = "" }, []string{"token.name absent-field"}},
		{"token name is an ID", func(t *Template) { t.Token.Name = "id" }, []string{"token.name field-type"}},
		{"token name optional", field(0, func(f *Field) { f.Optional = true }), []string{"token.name optional"}},
		{"token ID is a name", func(t *Template) { t.Token.ID = "name" }, []string{"token.id field-type"}},
		{"no token ID", func(t *Template) { t.Token.ID = "" }, nil},

		{"no title", func(t *Template) { t.Page.Title = "" }, []string{"page.title required"}},
		{"no body", func(t *Template) { t.Page.Body = nil }, []string{"page.body required"}},
		{"an empty block", block(Block{}), []string{"page.body[0] block"}},
		{"two kinds in a block", block(Block{Text: "x", Facts: []Fact{{Label: "x", Text: "{name}"}}}), []string{"page.body[0] block"}},
		{"an absent field in a text", block(Block{Text: "{x}"}), []string{"page.body[0].text absent-field"}},
		{"a row number outside a table", block(Block{Text: "{#}"}), []string{"page.body[0].text absent-field"}},
		{"an open brace", block(Block{Text: "{name"}), []string{"page.body[0].text braces"}},
		{"a closing brace", block(Block{Text: "name}"}), []string{"page.body[0].text braces"}},
		{"when of an absent field", block(Block{When: "!x", Text: "x"}), []string{"page.body[0].when absent-field"}},
		{"a fact without label", block(Block{Facts: []Fact{{Text: "{name}"}}}), []string{"page.body[0].facts[0].label required"}},
		{"a fact of an absent field", block(Block{Facts: []Fact{{Label: "x", Text: "{x}", When: "y"}}}), []string{"page.body[0].facts[0].when absent-field", "page.body[0].facts[0].text absent-field"}},
		{"a table of no list", block(Block{Table: &Table{Rows: "name", Columns: []Column{{"x", "{#}", 1}}}}), []string{"page.body[0].table.rows field-type"}},
		{"a table of an absent list", block(Block{Table: &Table{Rows: "x", Columns: []Column{{"x", "{#}", 1}}}}), []string{"page.body[0].table.rows absent-field"}},
		{"a table without columns", block(Block{Table: &Table{Rows: "kin"}}), []string{"page.body[0].table.columns required"}},
		{"a column's head", block(Block{Table: &Table{Rows: "kin", Columns: []Column{{"", "{#}", 1}}}}), []string{"page.body[0].table.columns[0].head required"}},
		{"a column's width", block(Block{Table: &Table{Rows: "kin", Columns: []Column{{"x", "{#}", 0}}}}), []string{"page.body[0].table.columns[0].width range"}},
		{"a column's field outside the row", block(Block{Table: &Table{Rows: "kin", Columns: []Column{{"x", "{purpose}", 1}}}}), []string{"page.body[0].table.columns[0].text absent-field"}},
	} {
		tpl := SampleTemplate()
		c.spoil(tpl)
		faults := tpl.Check()
		if got := flaws(faults); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
		for _, f := range faults {
			if f.Text.ZH == "" || f.Text.EN == "" {
				t.Errorf("%s: %v says nothing", c.name, f)
			}
		}
	}
}
