package yinzheng

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"runtime"
	"strings"
)

// NewLog returns the log that operators read, which tells nothing of people: of an
// error (an attribute that is one) it keeps what went wrong and leaves out what is
// quoted in it.
func NewLog(w io.Writer, level slog.Leveler) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if err, is := a.Value.Any().(error); is {
			a.Value = slog.StringValue(forLog(err))
		}
		return a
	}}))
}

// quoted is what an error quotes: of what it was given to read, as a rule, which may
// be what somebody typed, or what stands in a row about them.
var quoted = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|“[^”]*”`)

// forLog is an error without what it quotes, and without the texts of its fields: they
// may quote what a resident gave, too, such as a character of a name.
func forLog(err error) string {
	var e *Error
	if !errors.As(err, &e) || len(e.Fields) == 0 {
		return quoted.ReplaceAllString(err.Error(), `"…"`)
	}
	var b strings.Builder
	b.WriteString(e.Kind.Error())
	for _, f := range e.Fields {
		b.WriteString("; " + f.Field + ": " + f.Code)
	}
	if e.Cause != nil {
		b.WriteString(": " + forLog(e.Cause))
	}
	return b.String()
}

// PanicText is what a log tells of a panic beside its stack: an error of the runtime in
// its words, of anything else the type. It may be made of what somebody typed.
func PanicText(p any) string {
	if err, is := p.(runtime.Error); is {
		return err.Error()
	}
	return fmt.Sprintf("%T", p)
}
