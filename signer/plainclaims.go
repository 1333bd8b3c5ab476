package signer

import (
	"strings"
	"unicode/utf8"

	"yinzheng"
)

// plainClaims reads claims in the very form that SignToken writes them in;
// false when they are in any other, which is for strictClaims to read or to
// refuse. What is taken here strictClaims takes alike, at ten times the cost.
func plainClaims(text string) (c yinzheng.Claims, ok bool) {
	for i := range len(text) {
		if text[i] < ' ' || text[i] == '\\' {
			return c, false
		}
	}
	p := plainJSON(text)
	c.Code = p.text(`{"jti":"`)
	c.IssuedAt = p.number(`,"iat":`)
	c.Expires = p.number(`,"exp":`)
	c.Item = p.text(`,"t":"`)
	c.Name = p.text(`,"n":"`)
	c.ID = p.text(`,"d":"`)
	c.Organ = p.text(`,"o":"`)
	c.Digest = p.text(`,"h":"`)
	c.Status = uint64(p.number(`,"s":`))
	return c, strings.HasPrefix(text, "{") && p == "}" && utf8.ValidString(text)
}

// plainJSON is what is left of an object without escapes. A member that does
// not come next, or not in plain form, is left where it is, so that the end is
// never reached.
type plainJSON string

// text takes a member's string; the member ends with the opening quote.
func (p *plainJSON) text(member string) string {
	rest, ok := strings.CutPrefix(string(*p), member)
	value, rest, closed := strings.Cut(rest, `"`)
	if !ok || !closed {
		return ""
	}
	*p = plainJSON(rest)
	return value
}

// number takes a member's whole number of up to 18 digits, which fits an int64.
func (p *plainJSON) number(member string) (n int64) {
	rest, ok := strings.CutPrefix(string(*p), member)
	i := 0
	for ; i < min(len(rest), 18) && rest[i] >= '0' && rest[i] <= '9'; i++ {
		n = 10*n + int64(rest[i]-'0')
	}
	if !ok || i == 0 || i > 1 && rest[0] == '0' {
		return 0
	}
	*p = plainJSON(rest[i:])
	return n
}
