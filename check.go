package yinzheng

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Change is one thing that CheckValues wrote differently from what was sent.
type Change struct {
	Field string `json:"field"`
	From  string `json:"from"`
	To    string `json:"to"`
}

// Checked is the outcome of CheckValues.
type Checked struct {
	Values   Values       // in normal form; what has a problem stays as it was sent
	Changes  []Change     // what was normalised, to be shown
	Problems []FieldError // what must be mended before the case can be submitted
}

// maxText bounds any text whatever its field says, so that a draft cannot grow
// without end.
const maxText = 4000

// maxInteger is the largest integer that every reader of JSON gets right (RFC
// 8785 §3.2.2.3): a larger one would not give the same commitment everywhere.
const maxInteger = 1<<53 - 1

// NameColumns is the widest name taken: 25 hanzi (民委发〔2016〕33号 asks for at
// least that many).
const NameColumns = 50

// CheckValues brings raw values (as encoding/json decodes them) into normal
// form and checks them against the template's fields and rules. Whatever could
// be a draft is kept, its faults listed as problems; the error is an ErrInvalid
// for what cannot be kept at all: unknown keys, wrong types, text that is not
// clean (controls, direction overrides, not UTF-8). Paths begin with "values.".
func (t *Template) CheckValues(raw Values, now time.Time) (*Checked, error) {
	c := &checker{now: now.In(Zone)}
	values := c.object("values", t.Fields, raw)
	if len(c.broken) > 0 {
		return nil, invalidFields(c.broken)
	}
	c.rules("values", t.Fields, t.Rules, values)
	return &Checked{Values: values, Changes: c.changes, Problems: c.problems}, nil
}

type checker struct {
	now      time.Time
	broken   []FieldError
	problems []FieldError
	changes  []Change
}

func (c *checker) refuse(path, code, zh, en string) {
	c.broken = append(c.broken, FieldError{path, code, Text{zh, en}})
}

func (c *checker) problem(path, code, zh, en string) {
	for _, p := range c.problems {
		if p.Field == path {
			return // one at a time: the first is the most basic
		}
	}
	c.problems = append(c.problems, FieldError{path, code, Text{zh, en}})
}

func (c *checker) object(path string, fields []Field, raw map[string]any) Values {
	for _, key := range slices.Sorted(maps.Keys(raw)) {
		if fieldByKey(fields, key) == nil {
			c.refuse(path+"."+key, "unknown-field", "模板中没有这一项，请删去或核对名称", "The template has no such field; remove it or check its name")
		}
	}
	out := Values{}
	for i := range fields {
		f := &fields[i]
		p := path + "." + f.Key
		v, present := raw[f.Key]
		switch x := v.(type) {
		case string:
			present = tidyText(x) != ""
		case []any:
			present = len(x) > 0
		}
		if !present || v == nil {
			if !f.Optional {
				c.problem(p, "required", "请填写“"+f.Label.ZH+"”", "Please fill in “"+f.Label.EN+"”")
			}
			continue
		}
		if v = c.value(p, f, v); v != nil {
			out[f.Key] = v
		}
	}
	return out
}

// value returns the normal form of one value, or nil when it is broken.
func (c *checker) value(path string, f *Field, v any) any {
	switch f.Type {
	case BoolField:
		if b, ok := v.(bool); ok {
			return b
		}
		c.refuse(path, "type", "应为 true 或 false", "Expected true or false")
		return nil
	case IntegerField:
		return c.integer(path, f, v)
	case IDField:
		return c.id(path, v)
	case ListField:
		return c.list(path, f, v)
	}
	s, ok := v.(string)
	if !ok {
		c.refuse(path, "type", "应为文字", "Expected a string")
		return nil
	}
	if !c.clean(path, s) {
		return nil
	}
	s = c.tidy(path, s)
	switch f.Type {
	case NameField:
		return c.name(path, s)
	case DateField, DateTimeField:
		s = c.changed(path, s, halfWidth(s))
		c.date(path, f, s)
	case ChoiceField:
		c.choice(path, f, s)
	case TextField:
		if n := utf8.RuneCountInString(s); n > f.Limit() {
			c.problem(path, "too-long", fmt.Sprintf("最多 %d 字，现有 %d 字，请缩短", f.Limit(), n), fmt.Sprintf("At most %d characters, this has %d; please shorten it", f.Limit(), n))
		}
	}
	return s
}

func (c *checker) integer(path string, f *Field, v any) any {
	var n int64
	var err error
	switch x := v.(type) {
	case json.Number:
		n, err = x.Int64()
	case float64:
		if x != math.Trunc(x) || math.Abs(x) > maxInteger {
			err = strconv.ErrRange
		}
		n = int64(x)
	case int64:
		n = x
	case int:
		n = int64(x)
	default:
		err = strconv.ErrSyntax
	}
	if err != nil || n > maxInteger || n < -maxInteger {
		c.refuse(path, "type", "应为整数", "Expected a whole number")
		return nil
	}
	if n < int64(f.Min) || f.Max != 0 && n > int64(f.Max) {
		c.problem(path, "range", fmt.Sprintf("应在 %d 到 %d 之间", f.Min, f.Max), fmt.Sprintf("Expected a number from %d to %d", f.Min, f.Max))
	}
	return n
}

// clean refuses text that would not look like what it is: a forger's tool, not
// a typing mistake.
func (c *checker) clean(path, s string) bool {
	if code, zh, en := uncleanText(s); code != "" {
		c.refuse(path, code, zh, en)
		return false
	}
	if utf8.RuneCountInString(s) > maxText {
		c.refuse(path, "too-long", fmt.Sprintf("文字过长，最多 %d 字", maxText), fmt.Sprintf("Too long: at most %d characters", maxText))
		return false
	}
	return true
}

// uncleanText names the first thing that no value may hold, with its code point.
func uncleanText(s string) (code, zh, en string) {
	if !utf8.ValidString(s) {
		return "not-utf8", "文字编码不是 UTF-8，请重新输入", "The text is not UTF-8; please type it again"
	}
	for _, r := range s {
		switch {
		case unicode.IsControl(r) && r != '\n' && r != '\t', r == utf8.RuneError, r&0xFFFE == 0xFFFE, r >= 0xFDD0 && r <= 0xFDEF:
			code, zh, en = "control-character", "含有不可见的控制字符 U+%04X，请删去", "Contains the control character U+%04X; please remove it"
		case unicode.Is(unicode.Cf, r), r >= 0x2028 && r <= 0x202E, r >= 0x2060 && r <= 0x206F, r >= 0xE0000 && r <= 0xE00FF, strings.ContainsRune(blanks, r):
			code, zh, en = "invisible-character", "含有会改变显示方向或不可见的字符 U+%04X，请删去", "Contains the invisible or direction-changing character U+%04X; please remove it"
		case unicode.Is(unicode.Co, r):
			code, zh, en = "private-character", "含有自造字 U+%04X，请用 Unicode 标准字符或生僻字查找", "Contains the private-use character U+%04X; please use the standard character"
		default:
			continue
		}
		return code, fmt.Sprintf(zh, r), fmt.Sprintf(en, r)
	}
	return "", "", ""
}

// Clean tells whether texts hold nothing that no value may hold either.
func Clean(texts ...string) bool {
	return !slices.ContainsFunc(texts, func(s string) bool {
		code, _, _ := uncleanText(s)
		return code != ""
	})
}

// blanks are letters and marks that show nothing: Hangul fillers, the combining
// grapheme joiner, Khmer inherent vowels, the empty Braille cell.
const blanks = "\u034F\u115F\u1160\u17B4\u17B5\u2800\u3164\uFFA0"

// tidy trims, folds runs of white space into one space, drops variation
// selectors, and composes (NFC): what looks the same is then the same text.
// A variation selector only picks among the pictures of one character; no
// register of persons holds any, and a name with one would never match.
func (c *checker) tidy(path, s string) string { return c.changed(path, s, tidyText(s)) }

func tidyText(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Variation_Selector, r) {
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(norm.NFC.String(s)), " ")
}

// changed notes what was written differently and returns it.
func (c *checker) changed(path, from, to string) string {
	if from != to {
		c.changes = append(c.changes, Change{path, from, to})
	}
	return to
}

// name normalises separators to · (U+00B7), the only one 民委发〔2016〕33号 knows,
// and bounds a name by its width.
func (c *checker) name(path, s string) string {
	s = c.changed(path, s, NormalName(s))
	letters := 0
	for _, r := range s {
		switch {
		case isNameLetter(r):
			letters++
		case !unicode.IsMark(r) && !strings.ContainsRune("· -'’", r):
			c.problem(path, "name-character", fmt.Sprintf("姓名中不能有“%c”", r), fmt.Sprintf("A name cannot contain “%c”", r))
		}
	}
	if letters == 0 {
		c.problem(path, "name-character", "姓名中没有文字", "There is no letter in this name")
	}
	// Marks take no column of their own, so they are bounded by count.
	if w := max(columns(s), utf8.RuneCountInString(s)/2); w > NameColumns {
		c.problem(path, "too-long", fmt.Sprintf("姓名最多 %d 个汉字宽，现有 %d", NameColumns/2, (w+1)/2), fmt.Sprintf("A name is at most %d columns wide, this one %d; please check it", NameColumns, w))
	}
	return s
}

// isNameLetter accepts what names are written with: letters, 〇 (a number to
// Unicode), and all of the ideographic planes, whose newest blocks (Extension I
// was made for names on ID cards) are younger than the tables of package unicode.
func isNameLetter(r rune) bool {
	return unicode.IsLetter(r) || r == '〇' || r >= 0x20000 && r <= 0x3FFFD
}

// isHan tells hanzi, of the newest blocks too.
func isHan(r rune) bool { return unicode.Is(unicode.Han, r) || r >= 0x20000 && r <= 0x3FFFD }

// NormalName writes the separators people type (• ・ ‧ ∙ ．, and a full stop
// between hanzi) as one ·, without spaces around it or beside hanzi.
func NormalName(s string) string {
	out := make([]rune, 0, len(s))
	for _, word := range strings.Fields(s) {
		first, _ := utf8.DecodeRuneInString(word)
		if n := len(out); n > 0 && !closes(out[n-1]) && !closes(first) {
			out = append(out, ' ')
		}
		for _, r := range word {
			if isSeparator(r) {
				if n := len(out); n > 0 && out[n-1] == '·' {
					continue
				}
				r = '·'
			}
			out = append(out, r)
		}
	}
	for i := 1; i+1 < len(out); i++ {
		if out[i] == '.' && isHan(out[i-1]) && isHan(out[i+1]) {
			out[i] = '·'
		}
	}
	return string(out)
}

func isSeparator(r rune) bool { return strings.ContainsRune("·•・‧∙⋅･．●", r) }

// closes tells a character beside which a name has no space.
func closes(r rune) bool { return isHan(r) || isSeparator(r) }

// columns is the width of a text: hanzi and full-width characters count two.
func columns(s string) int {
	n := 0
	for _, r := range s {
		switch {
		case unicode.IsMark(r):
		case r >= 0x1100 && (r <= 0x115F || r >= 0x2E80 && r <= 0xA4CF || r >= 0xAC00 && r <= 0xD7A3 || r >= 0xF900 && r <= 0xFAFF || r >= 0xFE30 && r <= 0xFE6F || r >= 0xFF00 && r <= 0xFF60 || r >= 0x20000):
			n += 2
		default:
			n++
		}
	}
	return n
}

func (c *checker) date(path string, f *Field, s string) {
	layout, example := time.DateOnly, "2026-11-02"
	if f.Type == DateTimeField {
		layout, example = "2006-01-02T15:04", "2026-11-02T08:15"
	}
	at, err := time.ParseInLocation(layout, s, Zone)
	switch {
	case err != nil || at.Format(layout) != s || at.Year() < 1850 || at.Year() > 2200:
		c.problem(path, "date", "不是有效的日期，应如 "+example, "Not a date; expected the form "+example)
	case at.After(c.now) && !f.Future:
		c.problem(path, "future", "日期不能晚于今天", "The date cannot lie in the future")
	}
}

func (c *checker) choice(path string, f *Field, s string) {
	var allowed []string
	for _, o := range f.Options {
		if o.Value == s {
			return
		}
		allowed = append(allowed, o.Value)
	}
	list := strings.Join(allowed, ", ")
	c.problem(path, "choice", "请从下列选项中选择："+list, "Please choose one of: "+list)
}

func (c *checker) list(path string, f *Field, v any) any {
	rows, ok := v.([]any)
	if !ok {
		c.refuse(path, "type", "应为列表", "Expected a list")
		return nil
	}
	if len(rows) > 200 {
		c.refuse(path, "too-many", "行数过多", "Too many rows")
		return nil
	}
	if n := len(rows); n < f.Min || f.Max != 0 && n > f.Max {
		c.problem(path, "count", fmt.Sprintf("应有 %d 到 %d 项，现有 %d 项", f.Min, f.Max, n), fmt.Sprintf("Expected %d to %d entries, found %d", f.Min, f.Max, n))
	}
	out := make([]any, 0, len(rows))
	for i, r := range rows {
		p := fmt.Sprintf("%s[%d]", path, i)
		m, ok := r.(map[string]any)
		if !ok {
			c.refuse(p, "type", "应为对象", "Expected an object")
			continue
		}
		row := c.object(p, f.Fields, m)
		c.rules(p, f.Fields, f.Rules, row)
		out = append(out, map[string]any(row))
	}
	return out
}

// id reads "…" (short for a resident ID), {type, number} or {type: "none", reason}.
func (c *checker) id(path string, v any) any {
	var id ID
	switch x := v.(type) {
	case string:
		id = ID{Type: ResidentID, Number: x}
	case map[string]any:
		for k, e := range x {
			if s, ok := e.(string); k != "type" && k != "number" && k != "reason" || !ok && e != nil {
				c.refuse(path+"."+k, "type", "证件应为 {type, number} 或 {type: \"none\", reason}", `An ID is {type, number} or {type: "none", reason}`)
				return nil
			} else if s != "" && !c.clean(path+"."+k, s) {
				return nil
			}
		}
		if id = idOf(v); id.Type == "" {
			id.Type = ResidentID
		}
	default:
		c.refuse(path, "type", "应为证件号码或 {type, number}", "Expected an ID number or {type, number}")
		return nil
	}
	if !c.clean(path, id.Number) {
		return nil
	}
	id.Number = c.changed(path, id.Number, normalNumber(id.Number))
	id.Reason = c.tidy(path+".reason", id.Reason)
	c.checkID(path, id)
	return id.Value()
}

// normalNumber writes a document's number in capitals, half-width, without spaces.
func normalNumber(s string) string {
	return strings.ToUpper(strings.Join(strings.Fields(halfWidth(s)), ""))
}

// halfWidth folds full-width ASCII, which Chinese input methods leave behind.
func halfWidth(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 0xFF01 && r <= 0xFF5E {
			return r - 0xFEE0
		}
		return r
	}, s)
}

// documentCharacters are those of a document's number in its normal form.
const documentCharacters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-()/"

func (c *checker) checkID(path string, id ID) {
	if id.Type != NoID && id.Reason != "" {
		c.problem(path+".reason", "not-applicable", "有证件时不要填写无证件的原因", "With a document, leave out the reason why there is none")
	}
	switch id.Type {
	case ResidentID:
		if _, _, _, code := ParseResidentID(id.Number, c.now); code != "" {
			t := idFaults[code]
			c.problem(path, code, t.ZH, t.EN)
		}
	case OldID:
		if len(id.Number) != 15 || strings.Trim(id.Number, "0123456789") != "" {
			c.problem(path, "id-length", "应为 15 位数字", "Expected 15 digits")
		}
	case NoID:
		switch {
		case id.Number != "":
			c.problem(path, "id-none", "选择“无证件”时不要填写号码", "With type none, leave the number out")
		case id.Reason == "":
			c.problem(path+".reason", "required", "没有证件时请说明原因", "Please give the reason why there is no document")
		case utf8.RuneCountInString(id.Reason) > 50:
			c.problem(path+".reason", "too-long", "原因最多 50 字", "The reason is at most 50 characters")
		}
	default:
		if _, known := IDTypes[id.Type]; !known {
			c.problem(path+".type", "choice", "不认识的证件类型", "Unknown type of ID")
		}
		if n := len(id.Number); n < 4 || n > 30 || strings.Trim(id.Number, documentCharacters) != "" {
			c.problem(path, "id-character", "证件号码应为 4 到 30 位字母或数字", "Expected 4 to 30 letters or digits")
		}
	}
}

var idFaults = map[string]Text{
	"id-length":      {"居民身份证号码应为 18 位，请核对", "A resident ID number has 18 characters; please compare it with the card"},
	"id-character":   {"居民身份证号码前 17 位只能是数字", "The first 17 characters of a resident ID number are digits"},
	"id-date":        {"居民身份证号码第 7 至 14 位不是有效的出生日期", "Digits 7 to 14 of the resident ID number are not a possible birth date"},
	"id-check-digit": {"居民身份证号码校验位不符，请与证件核对是否输错", "The check character of the resident ID number does not fit; please compare it with the card"},
}
