package yinzheng

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Text is one message or name in the two languages of the product.
type Text struct {
	ZH string `json:"zh" yaml:"zh"`
	EN string `json:"en" yaml:"en"`
}

// In returns the text in a language ("en", anything else is Chinese).
func (t Text) In(lang string) string {
	if lang == "en" && t.EN != "" {
		return t.EN
	}
	return t.ZH
}

// String is the English text, for logs and errors seen by operators.
func (t Text) String() string {
	if t.EN != "" {
		return t.EN
	}
	return t.ZH
}

// The sentinels that errors of this package wrap; errors.Is tells them apart,
// and web/problem.go alone turns them into HTTP statuses.
var (
	ErrInvalid      = errors.New("invalid")      // what was sent cannot be accepted; FieldErrors say where
	ErrNotFound     = errors.New("not-found")    // does not exist, or not for this caller
	ErrConflict     = errors.New("conflict")     // somebody else was faster; read again
	ErrState        = errors.New("state")        // the thing is not in a state that allows this
	ErrForbidden    = errors.New("forbidden")    // known, but not allowed to this person
	ErrUnauthorized = errors.New("unauthorized") // not signed in, or wrong credentials
	ErrTooMany      = errors.New("too-many")     // slow down and try again
	ErrUnavailable  = errors.New("unavailable")  // a part (disk, key, database) does not answer; nothing was lost
	ErrReused       = errors.New("key-reused")   // an idempotency key came back with another request
	ErrPrecondition = errors.New("precondition") // a change without the version it saw
)

// FieldError says what is wrong with one field and how to mend it.
type FieldError struct {
	Field string `json:"field"` // path, such as values.relatives[2].id
	Code  string `json:"code"`  // stable, such as id-check-digit
	Text  Text   `json:"text"`
}

func (e FieldError) Error() string { return e.Field + ": " + e.Text.String() }

// FileFault is what a caller is told of a table that cannot be read
// (internal/table.Error), by its place or as the field "file"; any other error
// stays as it is.
func FileFault(err error) error {
	var bad interface {
		Where() string
		Says() (zh, en string)
	}
	if !errors.As(err, &bad) {
		return err
	}
	zh, en := bad.Says()
	return &Error{
		Kind: ErrInvalid, Text: Text{"文件无法读取", "The file cannot be read"},
		Fields: []FieldError{{cmp.Or(bad.Where(), "file"), "file", Text{zh, en}}},
	}
}

// Error is what a caller is told: a sentinel, a text with the way out, and the
// fields that are wrong, if any.
type Error struct {
	Kind   error // one of the sentinels above
	Text   Text
	Fields []FieldError
	Cause  error // for the operator's log; never shown to the caller
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Kind.Error() + ": " + e.Text.String())
	for _, f := range e.Fields {
		b.WriteString("; " + f.Error())
	}
	if e.Cause != nil {
		b.WriteString(": " + e.Cause.Error())
	}
	return b.String()
}

func (e *Error) Unwrap() []error {
	if e.Cause != nil {
		return []error{e.Kind, e.Cause}
	}
	return []error{e.Kind}
}

// fail makes an Error without fields.
func fail(kind error, zh, en string, args ...any) error {
	if len(args) > 0 {
		zh, en = fmt.Sprintf(zh, args...), fmt.Sprintf(en, args...)
	}
	return &Error{Kind: kind, Text: Text{zh, en}}
}

// invalidFields makes the Error that lists what is wrong field by field.
func invalidFields(fields []FieldError) error {
	return &Error{Kind: ErrInvalid, Text: Text{"有内容需要修改，请按提示逐项更正", "Some fields need to be corrected"}, Fields: fields}
}

// LastingReason is what people have to mend before something can be done; false:
// the error is one of this moment, and another attempt may not meet it.
func LastingReason(err error) (Text, bool) {
	var e *Error
	if !errors.As(err, &e) || !slices.ContainsFunc([]error{ErrInvalid, ErrState, ErrForbidden, ErrNotFound}, func(kind error) bool { return errors.Is(err, kind) }) {
		return Text{}, false
	}
	zh, en := []string{e.Text.ZH}, []string{e.Text.EN}
	for _, f := range e.Fields {
		z, x := f.Text.ZH, cmp.Or(f.Text.EN, f.Code)
		if f.Field != "" {
			z, x = f.Field+"："+z, f.Field+": "+x
		}
		zh, en = append(zh, z), append(en, x)
	}
	return Text{strings.Join(zh, "；"), strings.Join(en, "; ")}, true
}
