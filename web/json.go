package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"yinzheng"
)

// maxBody bounds a JSON body, maxQuestion that of a verification.
const (
	maxBody     = 1 << 20
	maxQuestion = 64 << 10
)

// maxDepth bounds nesting: values have a list of rows with an ID in each.
const maxDepth = 16

// maxMembers bounds an object, maxFaults what one answer lists.
const (
	maxMembers = 256
	maxFaults  = 50
)

// body is a request's content: it takes one member of the JSON object at a
// time and must read its value, or refuse it.
type body interface {
	member(r *jsonReader, key string)
}

// readBody reads at most limit bytes and refuses a longer body, if it says its
// length before any of it is read.
func readBody(w http.ResponseWriter, r *http.Request, limit int64, buf []byte) ([]byte, error) {
	if r.ContentLength > limit {
		return nil, tooLarge(limit)
	}
	in := http.MaxBytesReader(w, r.Body, limit)
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := in.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		switch {
		case err == nil:
		case errors.Is(err, io.EOF):
			return buf, nil
		default:
			return nil, brokenBody(err, limit)
		}
	}
}

// brokenBody says why a body could not be read.
func brokenBody(err error, limit int64) *fault {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return tooLarge(limit)
	}
	return fieldFaultOf(http.StatusBadRequest, "malformed", "body", "incomplete", "请求没有完整收到，请重新发送", "The request did not arrive whole; please send it again")
}

func tooLarge(limit int64) *fault {
	size := strconv.FormatInt(limit>>10, 10) + " KB"
	if limit >= 1<<20 {
		size = strconv.FormatInt(limit>>20, 10) + " MB"
	}
	return fieldFaultOf(http.StatusRequestEntityTooLarge, "too-large", "body", "too-large", "内容超过 "+size+"，请缩小后再发送", "The content is larger than "+size+"; please send less")
}

// mediaType reads Content-Type; only UTF-8 is taken.
func mediaType(r *http.Request) string {
	header := r.Header.Get("Content-Type")
	if header == "application/json" {
		return header
	}
	t, params, err := mime.ParseMediaType(header)
	if charset := params["charset"]; err != nil || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return ""
	}
	return t
}

func wrongMediaType(want string) *fault {
	return fieldFaultOf(http.StatusUnsupportedMediaType, "unsupported-media-type", "Content-Type", "media-type", "请以 "+want+"（UTF-8）发送", "Please send "+want+" in UTF-8")
}

// decode reads a JSON object into a body. The fault names every member that is
// wrong by its path.
func decode(data []byte, into body) error {
	r := &jsonReader{data: data}
	return r.read(into)
}

// jsonReader reads JSON (RFC 8259) strictly, as I-JSON (RFC 7493) asks: UTF-8,
// no member twice, no unpaired surrogate. encoding/json silently takes the last
// of two members, replaces bad bytes and matches names without regard to case;
// a certificate must not be made of what the clerk's program did not mean.
type jsonReader struct {
	data   []byte
	at     int
	depth  int
	broken *fault // not JSON: nothing more is read
	faults []yinzheng.FieldError
}

func (r *jsonReader) read(into body) error {
	if !utf8.Valid(r.data) {
		i := 0
		for i < len(r.data) {
			c, n := utf8.DecodeRune(r.data[i:])
			if c == utf8.RuneError && n == 1 {
				break
			}
			i += n
		}
		return fieldFaultOf(http.StatusBadRequest, "malformed", "body", "not-utf8",
			fmt.Sprintf("第 %d 个字节起不是 UTF-8 编码，请用 UTF-8 重新发送", i+1), fmt.Sprintf("From byte %d on this is not UTF-8; please send UTF-8", i+1))
	}
	r.space()
	if r.peek() != '{' {
		r.syntax("应为一个 JSON 对象", "expected a JSON object")
		return r.broken
	}
	r.object("", func(key, _ string) { into.member(r, key) })
	r.space()
	if r.at < len(r.data) {
		r.syntax("JSON 之后还有多余内容", "there is something after the JSON")
	}
	if r.broken != nil {
		return r.broken
	}
	if len(r.faults) > 0 {
		f := &fault{status: http.StatusUnprocessableEntity, kind: "invalid", text: yinzheng.Text{ZH: "有内容需要修改，请按提示逐项更正", EN: "Some fields need to be corrected"}, fields: r.faults}
		for _, x := range r.faults {
			if x.Code == "duplicate-field" {
				f.status, f.kind = http.StatusBadRequest, "malformed"
			}
		}
		return f
	}
	return nil
}

// refuse notes that a member is wrong.
func (r *jsonReader) refuse(field, code, zh, en string) {
	if len(r.faults) == maxFaults {
		return
	}
	r.faults = append(r.faults, yinzheng.FieldError{Field: field, Code: code, Text: yinzheng.Text{ZH: zh, EN: en}})
}

// unknown refuses a member that nothing asks for.
func (r *jsonReader) unknown(field string) {
	r.refuse(field, "unknown-field", "没有这一项，请删去或核对名称", "There is no such field; remove it or check its name")
	r.skip(field)
}

// text reads a string; null is an empty one.
func (r *jsonReader) text(field string) string {
	switch r.space(); r.peek() {
	case '"':
		return r.string()
	case 'n':
		r.literal("null")
	default:
		r.wrongType(field, "应为文字", "Expected a string")
	}
	return ""
}

// texts reads a list of strings.
func (r *jsonReader) texts(field string) []string {
	list, isList := r.any(field).([]any)
	out := make([]string, len(list))
	for i, x := range list {
		var isText bool
		if out[i], isText = x.(string); !isText {
			r.refuse(field+"["+strconv.Itoa(i)+"]", "type", "应为文字", "Expected a string")
		}
	}
	if !isList && r.broken == nil {
		r.refuse(field, "type", "应为列表", "Expected a list")
	}
	return out
}

// values reads an object of anything; null is none.
func (r *jsonReader) values(field string) map[string]any {
	switch r.space(); r.peek() {
	case '{':
		return r.members(field)
	case 'n':
		r.literal("null")
	default:
		r.wrongType(field, "应为对象", "Expected an object")
	}
	return nil
}

func (r *jsonReader) wrongType(field, zh, en string) {
	if r.skip(field); r.broken == nil {
		r.refuse(field, "type", zh, en)
	}
}

// object calls member for each of an object's, with its key and path.
func (r *jsonReader) object(path string, member func(key, path string)) {
	if r.enter(); r.broken != nil {
		return
	}
	defer r.leave()
	var few [8]string // most objects have no more members, so no map is needed
	seen := few[:0]
	for first := true; ; first = false {
		if done := r.next('}', first); done || r.broken != nil {
			return
		}
		if r.peek() != '"' {
			r.syntax("应为带双引号的名称", "expected a name in double quotes")
			return
		}
		key := r.string()
		if r.space(); r.peek() != ':' || r.broken != nil {
			r.syntax("名称后应为冒号", "expected a colon after the name")
			return
		}
		r.at++
		p := key
		if path != "" {
			p = path + "." + key
		}
		for _, k := range seen {
			if k == key {
				r.refuse(p, "duplicate-field", "这一项出现了两次，请只保留一个", "This field is given twice; keep one of them")
				break
			}
		}
		if seen = append(seen, key); len(seen) > maxMembers {
			r.syntax("成员过多", "too many members")
			return
		}
		if member(key, p); r.broken != nil {
			return
		}
	}
}

func (r *jsonReader) members(path string) map[string]any {
	out := map[string]any{}
	r.object(path, func(key, p string) { out[key] = r.any(p) })
	return out
}

// any reads a value as encoding/json would, numbers as json.Number.
func (r *jsonReader) any(path string) any {
	r.space()
	switch c := r.peek(); {
	case c == '{':
		return r.members(path)
	case c == '[':
		return r.list(path)
	case c == '"':
		return r.string()
	case c == 't':
		r.literal("true")
		return true
	case c == 'f':
		r.literal("false")
		return false
	case c == 'n':
		r.literal("null")
		return nil
	case c == '-' || c >= '0' && c <= '9':
		return r.number()
	}
	r.syntax("此处应为一个值", "expected a value here")
	return nil
}

func (r *jsonReader) list(path string) any {
	out := []any{}
	if r.enter(); r.broken != nil {
		return out
	}
	defer r.leave()
	for first := true; ; first = false {
		if done := r.next(']', first); done || r.broken != nil {
			return out
		}
		out = append(out, r.any(path+"["+strconv.Itoa(len(out))+"]"))
	}
}

// skip reads a value and forgets it.
func (r *jsonReader) skip(path string) { r.any(path) }

func (r *jsonReader) enter() {
	r.at++
	if r.depth++; r.depth > maxDepth {
		r.syntax("嵌套过深", "nested too deeply")
	}
}

func (r *jsonReader) leave() { r.depth-- }

// next moves to the next member or element; true at the end, which it takes.
func (r *jsonReader) next(end byte, first bool) bool {
	r.space()
	switch c := r.peek(); {
	case c == end:
		r.at++
		return true
	case first:
	case c == ',':
		r.at++
		if r.space(); r.peek() == end {
			r.syntax("逗号之后没有内容", "nothing follows the comma")
		}
	default:
		r.syntax("应为逗号或结尾", "expected a comma or the end")
	}
	return false
}

func (r *jsonReader) space() {
	for r.at < len(r.data) {
		switch r.data[r.at] {
		case ' ', '\t', '\n', '\r':
			r.at++
		default:
			return
		}
	}
}

// peek is the next byte, or 0 at the end and after a fault.
func (r *jsonReader) peek() byte {
	if r.broken != nil || r.at >= len(r.data) {
		return 0
	}
	return r.data[r.at]
}

func (r *jsonReader) literal(word string) {
	if !strings.HasPrefix(string(r.data[r.at:min(r.at+len(word), len(r.data))]), word) {
		r.syntax("此处应为 "+word, "expected "+word+" here")
		return
	}
	r.at += len(word)
}

func (r *jsonReader) number() json.Number {
	start := r.at
	if r.peek() == '-' {
		r.at++
	}
	switch c := r.peek(); {
	case c == '0':
		r.at++
	case c >= '1' && c <= '9':
		r.digits()
	default:
		r.syntax("数字写法不对", "malformed number")
	}
	if r.peek() == '.' {
		r.at++
		r.digits()
	}
	if c := r.peek(); c == 'e' || c == 'E' {
		r.at++
		if c := r.peek(); c == '+' || c == '-' {
			r.at++
		}
		r.digits()
	}
	return json.Number(r.data[start:min(r.at, len(r.data))])
}

func (r *jsonReader) digits() {
	start := r.at
	for c := r.peek(); c >= '0' && c <= '9'; c = r.peek() {
		r.at++
	}
	if r.at == start {
		r.syntax("数字写法不对", "malformed number")
	}
}

// string reads a string at its opening quote.
func (r *jsonReader) string() string {
	r.at++
	for i := r.at; i < len(r.data); i++ {
		switch c := r.data[i]; {
		case c == '"':
			s := string(r.data[r.at:i])
			r.at = i + 1
			return s
		case c == '\\':
			return r.escaped(i)
		case c < ' ':
			r.at = i
			r.syntax("文字中有未转义的控制字符", "an unescaped control character in a string")
			return ""
		}
	}
	r.at = len(r.data)
	r.syntax("文字没有结尾的双引号", "a string without its closing quote")
	return ""
}

// escaped reads on from the first escape of a string.
func (r *jsonReader) escaped(i int) string {
	out := append([]byte(nil), r.data[r.at:i]...)
	r.at = i
	for r.at < len(r.data) {
		switch c := r.data[r.at]; {
		case c == '"':
			r.at++
			return string(out)
		case c < ' ':
			r.syntax("文字中有未转义的控制字符", "an unescaped control character in a string")
			return ""
		case c != '\\':
			out = append(out, c)
			r.at++
		default:
			x, ok := r.escape()
			if !ok {
				r.syntax("无效的转义", "a malformed escape")
				return ""
			}
			out = utf8.AppendRune(out, x)
		}
	}
	r.syntax("文字没有结尾的双引号", "a string without its closing quote")
	return ""
}

// escape reads one escape sequence, a surrogate pair as one character.
func (r *jsonReader) escape() (rune, bool) {
	rest := r.data[r.at:]
	if len(rest) < 2 {
		return 0, false
	}
	if i := strings.IndexByte(`"\/bfnrt`, rest[1]); i >= 0 {
		r.at += 2
		return rune("\"\\/\b\f\n\r\t"[i]), true
	}
	high, ok := hex4(rest)
	switch {
	case !ok || high >= 0xDC00 && high < 0xE000:
		return 0, false
	case high < 0xD800 || high >= 0xE000:
		r.at += 6
		return high, true
	}
	low, ok := hex4(rest[6:])
	if !ok || low < 0xDC00 || low >= 0xE000 {
		return 0, false
	}
	r.at += 12
	return 0x10000 + (high-0xD800)<<10 + (low - 0xDC00), true
}

func hex4(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	x := rune(0)
	for _, c := range b[2:6] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		x = x<<4 | rune(c)
	}
	return x, true
}

// syntax notes where the text stops being JSON.
func (r *jsonReader) syntax(zh, en string) {
	if r.broken != nil {
		return
	}
	read := string(r.data[:min(r.at, len(r.data))])
	line := strings.Count(read, "\n") + 1
	column := utf8.RuneCountInString(read[strings.LastIndexByte(read, '\n')+1:]) + 1
	r.broken = fieldFaultOf(http.StatusBadRequest, "malformed", "body", "json",
		fmt.Sprintf("不是有效的 JSON：第 %d 行第 %d 列，%s", line, column, zh), fmt.Sprintf("Not valid JSON: line %d, column %d: %s", line, column, en))
}
