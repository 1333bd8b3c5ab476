package web

import (
	"bytes"
	"encoding/json"
	"slices"

	"yinzheng"
)

// object is a JSON object whose members keep their order: a form is drawn in
// the order of its fields.
type object []member

type member struct {
	key   string
	value any
}

// MarshalJSON writes the members in order.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		key, err := json.Marshal(m.key)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(m.value)
		if err != nil {
			return nil, err
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// schemaOf is the JSON Schema (2020-12) of a template's values, complete enough
// to be submitted; a draft may lack required fields. Titles are in lang. What
// JSON Schema cannot say (check characters, agreement with a birth date) is
// left to the service.
func schemaOf(t *yinzheng.Template, lang string) object {
	s := object{
		{"$schema", "https://json-schema.org/draft/2020-12/schema"},
		{"title", t.Name.In(lang)},
	}
	s = append(s, schemaOfFields(t.Fields, t.Rules, lang)...)
	return append(s, member{"$defs", object{{"id", idSchema(lang)}}})
}

func schemaOfFields(fields []yinzheng.Field, rules []yinzheng.Rule, lang string) object {
	var properties object
	required := []string{}
	for i := range fields {
		f := &fields[i]
		properties = append(properties, member{f.Key, schemaOfField(f, lang)})
		if !f.Optional {
			required = append(required, f.Key)
		}
	}
	s := object{{"type", "object"}, {"properties", properties}, {"required", required}, {"additionalProperties", false}}
	if all := schemaOfRules(rules); len(all) > 0 {
		s = append(s, member{"allOf", all})
	}
	return s
}

// schemaOfRules writes the rules that JSON Schema has words for.
func schemaOfRules(rules []yinzheng.Rule) []object {
	var all []object
	needs := func(key string) object { return object{{"required", []string{key}}} }
	for _, r := range rules {
		switch {
		case len(r.AnyOf) > 0:
			var any []object
			for _, key := range r.AnyOf {
				any = append(any, needs(key))
			}
			all = append(all, object{{"anyOf", any}})
		case len(r.Together) > 0:
			var dependent object
			for _, key := range r.Together {
				others := slices.DeleteFunc(slices.Clone(r.Together), func(k string) bool { return k == key })
				dependent = append(dependent, member{key, others})
			}
			all = append(all, object{{"dependentRequired", dependent}})
		case r.Field != "":
			var condition object
			var keys []string
			for key := range r.RequiredWhen {
				keys = append(keys, key)
			}
			slices.Sort(keys)
			for _, key := range keys {
				condition = append(condition, member{key, object{{"const", r.RequiredWhen[key]}}})
			}
			all = append(all, object{
				{"if", object{{"properties", condition}, {"required", keys}}},
				{"then", needs(r.Field)},
				{"else", object{{"not", needs(r.Field)}}},
			})
		}
	}
	return all
}

func schemaOfField(f *yinzheng.Field, lang string) object {
	s := object{{"title", f.Label.In(lang)}}
	if hint := f.Hint.In(lang); hint != "" {
		s = append(s, member{"description", hint})
	}
	switch f.Type {
	case yinzheng.NameField:
		s = append(s, member{"type", "string"}, member{"minLength", 1}, member{"maxLength", yinzheng.NameColumns})
	case yinzheng.TextField:
		s = append(s, member{"type", "string"}, member{"minLength", 1}, member{"maxLength", f.Limit()})
		if len(f.Suggest) > 0 {
			s = append(s, member{"examples", f.Suggest})
		}
	case yinzheng.IDField:
		s = append(s, member{"$ref", "#/$defs/id"})
	case yinzheng.DateField:
		s = append(s, member{"type", "string"}, member{"format", "date"})
	case yinzheng.DateTimeField:
		s = append(s, member{"type", "string"}, member{"pattern", `^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}$`}, member{"examples", []string{"2026-11-02T08:15"}})
	case yinzheng.ChoiceField:
		var options []object
		for _, o := range f.Options {
			options = append(options, object{{"const", o.Value}, {"title", o.Label.In(lang)}})
		}
		s = append(s, member{"type", "string"}, member{"oneOf", options})
	case yinzheng.BoolField:
		s = append(s, member{"type", "boolean"})
	case yinzheng.IntegerField:
		s = append(s, member{"type", "integer"}, member{"minimum", f.Min})
		if f.Max != 0 {
			s = append(s, member{"maximum", f.Max})
		}
	case yinzheng.ListField:
		s = append(s, member{"type", "array"}, member{"minItems", f.Min})
		if f.Max != 0 {
			s = append(s, member{"maxItems", f.Max})
		}
		s = append(s, member{"items", schemaOfFields(f.Fields, f.Rules, lang)})
	}
	return s
}

// idSchema is an identity document: "…", short for a resident ID, {type,
// number}, or {type: "none", reason}.
func idSchema(lang string) object {
	text := object{{"type", "string"}, {"minLength", 1}}
	var types []object
	var codes []string
	for code := range yinzheng.IDTypes {
		if code != yinzheng.NoID {
			codes = append(codes, code)
		}
	}
	slices.Sort(codes)
	for _, code := range codes {
		types = append(types, object{{"const", code}, {"title", yinzheng.IDTypes[code].In(lang)}})
	}
	return object{{"oneOf", []object{
		{{"title", yinzheng.IDTypes[yinzheng.ResidentID].In(lang)}, {"type", "string"}, {"pattern", `^\s*\d{17}[\dXx]\s*$`}},
		{
			{"type", "object"},
			{"properties", object{{"type", object{{"oneOf", types}}}, {"number", text}}},
			{"required", []string{"number"}},
			{"additionalProperties", false},
		},
		{
			{"title", yinzheng.IDTypes[yinzheng.NoID].In(lang)},
			{"type", "object"},
			{"properties", object{{"type", object{{"const", yinzheng.NoID}}}, {"reason", text}}},
			{"required", []string{"type", "reason"}},
			{"additionalProperties", false},
		},
	}}}
}
