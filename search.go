package yinzheng

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"
)

// Match is by what a search found a case.
type Match string

// The matches.
const (
	MatchName     Match = "name"        // the holder's name, variant characters taken for one
	MatchPrefix   Match = "name-prefix" // the holder's name begins so
	MatchDocument Match = "document"    // the whole number of the holder's document
	MatchCode     Match = "code"        // of its certificate, or the address in the QR code
	MatchNumber   Match = "number"      // of its certificate
	MatchCase     Match = "case"        // its own ID
)

// FoundCase is a line of what a search found.
type FoundCase struct {
	QueueEntry
	Match Match `json:"match"`
}

// Searches finds cases by their marks (Likenesses.PutMarks).
type Searches interface {
	// Search lists cases, newest first. A cursor that is none is ErrInvalid.
	Search(ctx context.Context, f SearchFilter) ([]QueueEntry, error)
}

// SearchFilter selects cases within a reach by what Marks hold: those whose
// Number is one of Numbers, or whose Holder begins with Name, which has two
// characters at least.
type SearchFilter struct {
	Reach
	Numbers []string
	Name    string
	Before  string // cursor: Cursor of the last entry seen
	Limit   int
}

// Reach is what cases exist for a person: those that one of the offices took
// in and, once submitted, those whose division lies in one of the divisions.
type Reach struct{ Offices, Divisions []string }

// Search finds cases that exist for a person (Case.MaySee) by one text, which
// readSought tells what to make of, newest first. Certificate, code and case
// name one case, which is then the whole answer. Somebody for whom no case
// exists finds none. ErrInvalid for a text that is too short, or a number or an
// address that is none.
func (s *Service) Search(ctx context.Context, by *Account, text, cursor string, limit int) (found []FoundCase, next string, err error) {
	q, err := readSought(text)
	if err != nil {
		return nil, "", err
	}
	one, err := s.searchOne(ctx, by, q)
	switch {
	case err != nil:
		return nil, "", err
	case one != nil:
		return []FoundCase{*one}, "", nil
	}
	limit = pageLimit(limit)
	f := SearchFilter{Reach: s.Directory().reach(by, s.Now()), Numbers: q.numbers, Name: q.name, Before: cursor, Limit: limit + 1}
	if len(f.Offices)+len(f.Divisions) == 0 || len(f.Numbers) == 0 && f.Name == "" {
		return nil, "", nil
	}
	entries, err := s.Store.Search(ctx, f)
	if err != nil {
		return nil, "", err
	}
	entries, next = cutPage(entries, limit)
	for _, e := range entries {
		found = append(found, FoundCase{e, q.matchOf(e)})
	}
	return found, next, nil
}

// sought is what a searched text may be: more than one thing, for a code or an
// ID looks like a document's number, or a name in Latin letters.
type sought struct {
	code, number, id string
	numbers          []string // of a document
	name             string   // folded
}

// readSought tells by its shape what a text is searched for as:
//
//	https://…/v/CODE#…      the address in a QR code: its code
//	https://…/follow#CASE   the address on a slip: its case
//	1.2.156.3005.2.…        a certificate's number
//	12 letters and digits   a certificate's code (as NormalCode reads it)
//	10 letters and digits   a case's ID, read likewise
//	with a digit            a document's number (letters, digits, - ( ) / and spaces)
//	anything else           a name, or how one begins: two characters at least
//
// A text may fit several of the last four; each of them is looked for.
func readSought(text string) (q sought, err error) {
	text = strings.TrimSpace(halfWidth(text))
	switch {
	case strings.Contains(text, "://"):
		if q.id = caseOnSlip(text); q.id == "" {
			q.code, _, err = ParseURL(text)
		}
	case strings.HasPrefix(text, numberPrefix+"."):
		var n Number
		n, err = ParseNumber(text)
		q.number = n.String()
	default:
		return readWord(text)
	}
	var e *Error
	if errors.As(err, &e) {
		return sought{}, searchFault("unreadable", e.Text)
	}
	return q, err
}

// FollowPath is where a resident follows a case; after it, "#" and the case's ID is
// what the QR code of a slip holds.
const FollowPath = "/follow"

// caseOnSlip is the case that the address on a slip names, or "".
func caseOnSlip(text string) string {
	address, fragment, _ := strings.Cut(text, "#")
	id, ok := NormalCaseID(fragment)
	if !ok || !strings.HasSuffix(address, FollowPath) {
		return ""
	}
	return id
}

func readWord(text string) (q sought, err error) {
	name := FoldName(text)
	if utf8.RuneCountInString(name) < 2 {
		return q, searchFault("too-short", Text{
			"请输入持证人姓名（至少前两个字）、证件号码、证照编号、验证码、办件号，或扫描二维码",
			"Please give the holder's name (its first two characters at least), ID number, certificate number, code or case ID, or scan the QR code",
		})
	}
	if code, ok := NormalCode(text); ok {
		q.code = code
	}
	if id, ok := NormalCaseID(text); ok {
		q.id = id
	}
	if number := normalNumber(text); strings.ContainsAny(number, "0123456789") && strings.Trim(number, documentCharacters) == "" {
		q.numbers = documentNumbers(number)
	} else {
		q.name = name
	}
	return q, nil
}

func searchFault(code string, text Text) error {
	return invalidFields([]FieldError{{"q", code, text}})
}

// documentNumbers are the ways in which a document's number may be kept: the 15
// digits of an old resident ID as the 18 that replaced them (documentMark).
func documentNumbers(number string) []string {
	numbers := []string{number}
	if len(number) == 15 {
		if longer, ok := lengthen(number); ok {
			numbers = append(numbers, longer)
		}
	}
	return numbers
}

// searchOne looks for the one case that a text names; nil when it names none
// that exists for this person.
func (s *Service) searchOne(ctx context.Context, by *Account, q sought) (*FoundCase, error) {
	for _, try := range []struct {
		key   string
		match Match
		find  func(context.Context, string) (id string, err error)
	}{
		{q.code, MatchCode, s.caseOf(s.Store.Certificate)},
		{q.number, MatchNumber, s.caseOf(s.Store.CertificateByNumber)},
		{q.id, MatchCase, func(_ context.Context, id string) (string, error) { return id, nil }},
	} {
		if try.key == "" {
			continue
		}
		id, err := try.find(ctx, try.key)
		var c *Case
		if err == nil {
			c, err = s.open(ctx, by, id)
		}
		switch {
		case err == nil:
			return &FoundCase{c.entry(), try.match}, nil
		case !errors.Is(err, ErrNotFound):
			return nil, err
		}
	}
	return nil, nil
}

// caseOf finds a certificate's case by a key of the certificate.
func (s *Service) caseOf(certificate func(context.Context, string) (*Certificate, error)) func(context.Context, string) (string, error) {
	return func(ctx context.Context, key string) (string, error) {
		cert, err := certificate(ctx, key)
		if err != nil {
			return "", err
		}
		return cert.Application, nil
	}
}

// entry is a case as a line of a list.
func (c *Case) entry() QueueEntry {
	e := QueueEntry{
		ID: c.ID, Item: c.Application.Template.Code, State: c.State, Version: c.Version, Holder: c.Holder,
		Division: c.Division, Office: c.Office, Changed: c.Actions[len(c.Actions)-1].At,
	}
	if c.Waiting != nil {
		e.Step = c.Waiting.Key
	}
	return e
}

// matchOf tells by what a case of the list was found.
func (q *sought) matchOf(e QueueEntry) Match {
	switch {
	case q.name == "":
		return MatchDocument
	case FoldName(e.Holder) == q.name:
		return MatchName
	}
	return MatchPrefix
}
