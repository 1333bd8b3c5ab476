package yinzheng

import (
	"errors"
	"net/url"
	"strings"
	"unicode"
)

// Question is what somebody wants verified: exactly one of Token, URL, Code,
// Number and File, and Name beside Number only.
type Question struct {
	Token  string `json:"token,omitempty"`
	URL    string `json:"url,omitempty"`
	Code   string `json:"code,omitempty"`
	Number string `json:"number,omitempty"`
	Name   string `json:"name,omitempty"`
	File   []byte `json:"-"` // a PDF, the scan of a certificate on paper, or a picture of QR codes

	Frame   bool     `json:"-"` // the file is a frame of a camera, which sends another if this shows nothing
	Channel Channel  `json:"-"` // how it is asked; empty: it repeats a question that was answered
	By      *Account `json:"-"` // who asks, if they are signed in
	Lookups Lookups  `json:"-"` // bounds what it looks up; nil: nothing does
}

// Lookups bounds what is looked up by a code or a number alone, which can be
// guessed. A picture may hold several codes.
type Lookups interface {
	// Begin is called before each. Its error is what the question is answered with.
	Begin() error
	// Missed is called after each that found nothing.
	Missed()
}

// lookUp looks up what the question asks for by code or number alone, if it may.
func (q *Question) lookUp(find func() (*Answer, error)) (*Answer, error) {
	if q.Lookups == nil {
		return find()
	}
	if err := q.Lookups.Begin(); err != nil {
		return nil, err
	}
	a, err := find()
	if err == nil && a.Verdict == NotFound || errors.Is(err, ErrInvalid) { // the number of nothing
		q.Lookups.Missed()
	}
	return a, err
}

func (q *Question) asked() int {
	n := 0
	for _, set := range []bool{q.Token != "", q.URL != "", q.Code != "", q.Number != "", len(q.File) > 0} {
		if set {
			n++
		}
	}
	return n
}

// ParseURL splits what a QR code holds into the path's code and the fragment's
// token; token is empty when there is no fragment. A fragment that is not a
// token's digits comes back as it is, to be judged malformed.
func ParseURL(s string) (code, token string, err error) {
	address, fragment, _ := strings.Cut(strings.TrimSpace(s), "#")
	u, err := url.Parse(address)
	if err == nil && (u.Scheme == "https" || u.Scheme == "http") {
		if i := strings.LastIndex(u.Path, "/v/"); i >= 0 {
			if code, ok := NormalCode(u.Path[i+3:]); ok {
				if t, ok := FromDigits(fragment); ok {
					return code, t, nil
				}
				return code, fragment, nil
			}
		}
	}
	return "", "", &Error{
		Kind: ErrInvalid, Text: Text{"这不是本系统证明上的网址", "This is not the address on a certificate"},
		Fields: []FieldError{{"url", "url", Text{"应如 https://…/v/验证码#数字", "Expected the form https://…/v/CODE#DIGITS"}}},
	}
}

// Recognise tells what somebody typed or scanned; name is the holder's, and goes
// with a number. A counter scanner types as a keyboard does, so an input method
// may have made its signs full-width.
func Recognise(text, name string) *Question {
	text, name = strings.TrimSpace(typedSigns.Replace(halfWidth(text))), strings.TrimSpace(name)
	lower := strings.ToLower(text)
	switch {
	case strings.HasPrefix(lower, "http://") || strings.HasPrefix(lower, "https://"):
		return &Question{URL: text}
	case strings.HasPrefix(text, "1.2.156."):
		return &Question{Number: text, Name: name}
	case strings.Count(text, ".") == 2 && len(text) > 60:
		return &Question{Token: text}
	case strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Han, r) }): // such as 〔2026〕12号, of a certificate on paper
		return &Question{Number: text, Name: name}
	}
	return &Question{Code: text}
}

// typedSigns are what an input method makes of a scanner's dots, slashes and spaces.
var typedSigns = strings.NewReplacer("。", ".", "、", "/", "\u3000", " ")
