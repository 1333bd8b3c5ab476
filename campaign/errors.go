package campaign

import (
	"strings"
	"unicode/utf8"

	"yinzheng"
)

func text(zh, en string) yinzheng.Text { return yinzheng.Text{ZH: zh, EN: en} }

func refused(kind error, zh, en string) error {
	return &yinzheng.Error{Kind: kind, Text: text(zh, en)}
}

// faults collects what is wrong with something, field by field.
type faults []yinzheng.FieldError

func (f *faults) add(field, code, zh, en string) {
	*f = append(*f, yinzheng.FieldError{Field: field, Code: code, Text: text(zh, en)})
}

// err is nil when there are none.
func (f faults) err() error {
	if len(f) == 0 {
		return nil
	}
	return &yinzheng.Error{Kind: yinzheng.ErrInvalid, Text: text("有内容需要修改，请按提示逐项更正", "Some fields need to be corrected"), Fields: f}
}

// check refuses a text that is missing though it is needed, too long, or holds
// what no text should.
func (f *faults) check(field, s string, most int, needed bool) {
	n := utf8.RuneCountInString(s)
	switch {
	case needed && n == 0:
		f.add(field, "required", "请填写", "Please fill this in")
	case n > most:
		f.add(field, "too-long", "过长，请缩短", "Please make this shorter")
	case !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }):
		f.add(field, "control", "不能含控制字符", "Control characters are not allowed")
	}
}
