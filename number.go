package yinzheng

import (
	"fmt"
	"io"
	"regexp"
	"strings"
)

// crockford is Crockford's base32: no I, L, O, U.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// CodeLength is the length of a certificate's public code: 60 random bits.
const CodeLength = 12

// NewCode draws a public code.
func NewCode(rand io.Reader) (string, error) { return randomText(rand, CodeLength) }

// NormalCode reads a public code as people type it: any case, spaces and
// hyphens, O for 0, I and L for 1. ok is false when it cannot be one.
func NormalCode(s string) (code string, ok bool) {
	return normalText(s, CodeLength)
}

// caseIDLength is the length of a case's ID, drawn like a code.
const caseIDLength = 10

// NormalCaseID reads a case's ID likewise.
func NormalCaseID(s string) (id string, ok bool) { return normalText(s, caseIDLength) }

// normalText reads n characters of Crockford's base32 as people type them.
func normalText(s string, n int) (text string, ok bool) {
	var b strings.Builder
	for _, r := range strings.ToUpper(s) {
		switch {
		case r == ' ' || r == '-' || r == '\t':
		case r == 'O':
			b.WriteByte('0')
		case r == 'I' || r == 'L':
			b.WriteByte('1')
		case r < 128 && strings.IndexByte(crockford, byte(r)) >= 0:
			b.WriteByte(byte(r))
		default:
			return "", false
		}
	}
	return b.String(), b.Len() == n
}

// numberPrefix is the object identifier arc that numbers of this shape begin with.
const numberPrefix = "1.2.156.3005.2"

var numberShape = regexp.MustCompile(`^1\.2\.156\.3005\.2\.([0-9A-Z]{18}[0-9A-Z]{3})\.([0-9A-Z]{6,22})\.([0-9A-Z]{9,32})\.([0-9]{3})\.([0-9A-Z])$`)

// Number is the human-facing number of a certificate in the shape of GB/T 36904:
// 1.2.156.3005.2.TYPE.ISSUER.SERIAL.VERSION.CHECK.
type Number struct {
	Type    string // credit code and three characters
	Issuer  string // credit code of the organ
	Serial  string // 9 to 32 of 0-9A-Z, random; a reissue keeps it
	Version int    // 1 to 999; a reissue raises it
}

// String writes the number with its check character.
func (n Number) String() string {
	version := fmt.Sprintf("%03d", n.Version)
	check := mod3736(n.Type + n.Issuer + n.Serial + version)
	return numberPrefix + "." + n.Type + "." + n.Issuer + "." + n.Serial + "." + version + "." + string(check)
}

// ParseNumber reads a number and checks its check character.
func ParseNumber(s string) (Number, error) {
	m := numberShape.FindStringSubmatch(strings.ToUpper(strings.TrimSpace(s)))
	if m == nil {
		return Number{}, fail(ErrInvalid, "证照编号格式不对，应为 1.2.156.3005.2 开头、以点分隔的编号", "Not a certificate number: expected one that starts with 1.2.156.3005.2, parts separated by dots")
	}
	if mod3736(m[1]+m[2]+m[3]+m[4]) != m[5][0] {
		return Number{}, fail(ErrInvalid, "证照编号的校验位不符，请核对是否抄错", "The number's check character does not fit; please compare it with the paper again")
	}
	version := int(m[4][0]-'0')*100 + int(m[4][1]-'0')*10 + int(m[4][2]-'0')
	return Number{m[1], m[2], m[3], version}, nil
}

// newSerial draws a serial of 16 digits and letters: about 80 random bits.
func newSerial(rand io.Reader) (string, error) { return randomText(rand, 16) }

// mod3736 is the check character of ISO 7064 MOD 37,36 over 0-9A-Z.
func mod3736(s string) byte {
	const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	p := 36
	for i := range len(s) {
		p += strings.IndexByte(alphabet, s[i])
		if p > 36 {
			p -= 36
		}
		p = p * 2 % 37
	}
	return alphabet[(37-p)%36]
}

// creditAlphabet is that of the unified social credit code (GB 32100-2015).
const creditAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"

// CheckCreditCode tells whether s is a unified social credit code (GB 32100).
func CheckCreditCode(s string) bool {
	return len(s) == 18 && strings.Trim(s, creditAlphabet) == "" && creditCheck(s[:17]) == s[17]
}

// CreditCode completes 17 characters to a unified social credit code.
func CreditCode(first17 string) string { return first17 + string(creditCheck(first17)) }

func creditCheck(s string) byte {
	sum, weight := 0, 1
	for i := range len(s) {
		sum += strings.IndexByte(creditAlphabet, s[i]) * weight
		weight = weight * 3 % 31
	}
	return creditAlphabet[(31-sum%31)%31]
}

// randomText draws n characters of Crockford's base32, whose length divides 256.
func randomText(rand io.Reader, n int) (string, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(rand, b); err != nil {
		return "", fmt.Errorf("draw random characters: %w", err)
	}
	for i := range b {
		b[i] = crockford[int(b[i])%len(crockford)]
	}
	return string(b), nil
}

// NewID draws the ID of something that people call by it and nothing else does.
func NewID(rand io.Reader) (string, error) { return randomText(rand, caseIDLength) }
