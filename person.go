package yinzheng

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// ID is an identity document of a party.
type ID struct {
	Type   string `json:"type"`             // one of IDTypes; "none" with a Reason
	Number string `json:"number,omitempty"` // normalised: upper case, no spaces
	Reason string `json:"reason,omitempty"`
}

// same tells whether two documents are one person's: the same type and number,
// however they were typed; a resident ID's number of 15 digits is the one of 18
// without century and check character (GB 11643-1999). Somebody without a
// number is nobody else.
func (id ID) same(other ID) bool {
	a, b := normalNumber(id.Number), normalNumber(other.Number)
	switch {
	case a == "" || b == "":
		return false
	case id.Type == OldID && other.Type == ResidentID:
		return a == older(b)
	case id.Type == ResidentID && other.Type == OldID:
		return older(a) == b
	}
	return id.Type == other.Type && a == b
}

// SamePerson tells whether two accounts are one person's.
func (a *Account) SamePerson(o *Account) bool { return a.ID == o.ID || a.Person.same(o.Person) }

// AnotherPerson tells whether two accounts are two people's for certain: without both
// documents nobody can tell.
func (a *Account) AnotherPerson(o *Account) bool {
	return a.Person.Number != "" && o.Person.Number != "" && !a.SamePerson(o)
}

// AllOthers tells whether each of some accounts is another person than each of
// others, for certain. By ID; ErrNotFound when there is no such account.
func AllOthers(ctx context.Context, s interface {
	Account(ctx context.Context, id string) (*Account, error)
}, some, others []string,
) (bool, error) {
	read := func(ids []string) (list []*Account, err error) {
		for _, id := range ids {
			a, err := s.Account(ctx, id)
			if err != nil {
				return nil, fmt.Errorf("read an account: %w", err)
			}
			list = append(list, a)
		}
		return list, nil
	}
	those, err := read(others)
	if err != nil {
		return false, err
	}
	these, err := read(some)
	return err == nil && !slices.ContainsFunc(these, func(a *Account) bool {
		return slices.ContainsFunc(those, func(o *Account) bool { return !a.AnotherPerson(o) })
	}), err
}

// older is a resident ID number as it had 15 digits, or "".
func older(number string) string {
	if len(number) != 18 {
		return ""
	}
	return number[:6] + number[8:17]
}

// The ID types. 111 is the code of the resident ID in e-certificate metadata
// (CZZTDMLXDM); the others are named, since no public code table is known here.
const (
	ResidentID   = "111"
	OldID        = "resident-15"  // 15 digits, of the deceased
	Passport     = "passport"     // foreign passport
	HKMacau      = "hk-macau"     // 港澳居民来往内地通行证 or residence permit
	Taiwan       = "taiwan"       // 台湾居民来往大陆通行证 or residence permit
	ForeignerPRC = "prc-resident" // 外国人永久居留身份证
	NoID         = "none"
)

// IDTypes names every ID type.
var IDTypes = map[string]Text{
	ResidentID:   {"居民身份证", "Resident ID"},
	OldID:        {"15位居民身份证", "15-digit resident ID"},
	Passport:     {"护照", "Passport"},
	HKMacau:      {"港澳居民通行证（居住证）", "Hong Kong or Macau permit"},
	Taiwan:       {"台湾居民通行证（居住证）", "Taiwan permit"},
	ForeignerPRC: {"外国人永久居留身份证", "Foreign permanent resident ID"},
	NoID:         {"无证件", "No document"},
}

// IDTypesInOrder are the types, those that most people have first.
var IDTypesInOrder = []string{ResidentID, Passport, HKMacau, Taiwan, ForeignerPRC, OldID, NoID}

// IDTypeCalled is the type that people call by a name, in either language; what
// is no such name stays as it is.
func IDTypeCalled(text string) string {
	for code, name := range IDTypes {
		if text == name.ZH || strings.EqualFold(text, name.EN) {
			return code
		}
	}
	if text == "身份证" {
		return ResidentID
	}
	return text
}

// Sex is male or female, as values state it.
const (
	Male   = "male"
	Female = "female"
)

// ParseResidentID checks an 18-character resident ID number (GB 11643-1999):
// check character, a real birth date not after today. It returns the number in
// its normal form, the birth date and the sex. The code tells the fault:
// id-length, id-character, id-date, id-check-digit.
func ParseResidentID(s string, today time.Time) (number string, born time.Time, sex, code string) {
	s = strings.ToUpper(strings.TrimSpace(s))
	if len(s) != 18 {
		return s, born, "", "id-length"
	}
	if !digits(s[:17]) {
		return s, born, "", "id-character"
	}
	born, err := time.ParseInLocation("20060102", s[6:14], today.Location())
	if err != nil || born.After(today) || born.Year() < 1850 {
		return s, time.Time{}, "", "id-date"
	}
	if residentCheck(s[:17]) != s[17] {
		return s, time.Time{}, "", "id-check-digit"
	}
	sex = Female
	if (s[16]-'0')%2 == 1 {
		sex = Male
	}
	return s, born, sex, ""
}

var residentWeights = [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}

// ResidentNumber completes 17 digits by the check character of a resident ID number
// (GB 11643-1999, after ISO 7064 MOD 11-2).
func ResidentNumber(first17 string) string { return first17 + string(residentCheck(first17)) }

func residentCheck(first17 string) byte {
	sum := 0
	for i := range first17 {
		sum += int(first17[i]-'0') * residentWeights[i]
	}
	return "10X98765432"[sum%11]
}

// digits tells whether a text is digits and nothing else.
func digits(s string) bool { return strings.Trim(s, "0123456789") == "" }

// MaskName keeps the first and last character of a name around one asterisk;
// of a name of two characters only the first stays, or nothing would be masked.
func MaskName(name string) string {
	n := utf8.RuneCountInString(name)
	if n == 0 {
		return ""
	}
	first, _ := utf8.DecodeRuneInString(name)
	if n <= 2 {
		return string(first) + "*"
	}
	last, _ := utf8.DecodeLastRuneInString(name)
	return string(first) + "*" + string(last)
}

// MaskID hides the middle of an ID number: of a resident ID the first six
// (the place) and the last four stay, of another number the first and last two.
func MaskID(id ID) string {
	n := id.Number
	head, tail := 2, 2
	switch {
	case id.Type == NoID || n == "":
		return ""
	case len(n) >= 15:
		head, tail = 6, 4
	case len(n) < 6:
		head, tail = 1, 0
	}
	return n[:head] + strings.Repeat("*", len(n)-head-tail) + n[len(n)-tail:]
}
