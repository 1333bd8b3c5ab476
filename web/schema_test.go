package web

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"yinzheng"
)

// TestSchema checks every type of field and every rule that JSON Schema can say.
func TestSchema(t *testing.T) {
	label := yinzheng.Text{ZH: "字段", EN: "Field"}
	field := func(key string, typ yinzheng.FieldType, optional bool) yinzheng.Field {
		return yinzheng.Field{Key: key, Type: typ, Label: label, Optional: optional}
	}
	row := field("name", yinzheng.NameField, false)
	list := field("rows", yinzheng.ListField, false)
	list.Min, list.Max, list.Fields = 1, 12, []yinzheng.Field{row}
	choice := field("sex", yinzheng.ChoiceField, false)
	choice.Options = []yinzheng.Option{{Value: "male", Label: yinzheng.Text{ZH: "男", EN: "Male"}}}
	count := field("count", yinzheng.IntegerField, true)
	count.Min, count.Max = 1, 9
	tmpl := &yinzheng.Template{
		Name: yinzheng.Text{ZH: "证明", EN: "Proof"},
		Fields: []yinzheng.Field{
			field("text", yinzheng.TextField, false), field("id", yinzheng.IDField, true), field("on", yinzheng.DateField, true), field("at", yinzheng.DateTimeField, true),
			choice, field("yes", yinzheng.BoolField, true), count, list,
		},
		Rules: []yinzheng.Rule{
			{AnyOf: []string{"id", "on"}},
			{Together: []string{"id", "on"}},
			{Distinct: []string{"id"}},
			{ID: "id", Sex: "male"},
			{Field: "text", RequiredWhen: map[string]string{"sex": "male"}},
		},
	}
	b, err := json.Marshal(schemaOf(tmpl, "en"))
	if err != nil {
		t.Fatal(err)
	}
	var got, want map[string]any
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	delete(got, "$defs")
	if err := json.Unmarshal([]byte(`{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Proof", "type": "object", "additionalProperties": false,
		"required": ["text", "sex", "rows"],
		"properties": {
			"text": {"title": "Field", "type": "string", "minLength": 1, "maxLength": 100},
			"id": {"title": "Field", "$ref": "#/$defs/id"},
			"on": {"title": "Field", "type": "string", "format": "date"},
			"at": {"title": "Field", "type": "string", "pattern": "^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}$", "examples": ["2026-11-02T08:15"]},
			"sex": {"title": "Field", "type": "string", "oneOf": [{"const": "male", "title": "Male"}]},
			"yes": {"title": "Field", "type": "boolean"},
			"count": {"title": "Field", "type": "integer", "minimum": 1, "maximum": 9},
			"rows": {"title": "Field", "type": "array", "minItems": 1, "maxItems": 12, "items": {
				"type": "object", "properties": {"name": {"title": "Field", "type": "string", "minLength": 1, "maxLength": 50}}, "required": ["name"], "additionalProperties": false}}
		},
		"allOf": [
			{"anyOf": [{"required": ["id"]}, {"required": ["on"]}]},
			{"dependentRequired": {"id": ["on"], "on": ["id"]}},
			{"if": {"properties": {"sex": {"const": "male"}}, "required": ["sex"]}, "then": {"required": ["text"]}, "else": {"not": {"required": ["text"]}}}
		]
	}`), &want); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestSchemaKeepsOrder checks that a form drawn from the schema has its fields
// in the template's order.
func TestSchemaKeepsOrder(t *testing.T) {
	b, err := json.Marshal(object{{"z", 1}, {"a", object{{"y", 2}, {"b", "<"}}}})
	if want := `{"z":1,"a":{"y":2,"b":"\u003c"}}`; err != nil || string(b) != want {
		t.Errorf("%s %v, want %s", b, err, want)
	}
}
