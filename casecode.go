package yinzheng

import (
	"context"
	"io"
	"time"
)

// CodeWay is how a code of a case comes to somebody.
type CodeWay string

// The ways. A case has one code of each at a time: whoever asks for one to be sent
// does not end the one on somebody's slip.
const (
	CodeOnSlip CodeWay = "slip" // handed over at the counter
	CodeSent   CodeWay = "sent" // to the contact that the case has
)

// CaseCode is a one-time code that opens one case to who has it. Only its hash is kept.
type CaseCode struct {
	Case    string
	Way     CodeWay
	Hash    [32]byte
	Expires time.Time
}

// CaseCodes keeps the codes of cases.
type CaseCodes interface {
	// PutCaseCode keeps a code in the place of the case's earlier one of its way.
	PutCaseCode(ctx context.Context, c *CaseCode) error
	// CaseCodes lists a case's codes that have not expired by now.
	CaseCodes(ctx context.Context, application string, now time.Time) ([]CaseCode, error)
	// UseCaseCode ends a code for its use; ErrNotFound when it has ended.
	UseCaseCode(ctx context.Context, c *CaseCode) error
	// MissCaseCodes counts a wrong try against a case's code of one way, and ends it
	// when it has had most of them.
	MissCaseCodes(ctx context.Context, application string, way CodeWay, most int) error
	// CountTry counts a try at something of what may be a case's ID or not, and returns
	// how many there were since a moment, with this one.
	CountTry(ctx context.Context, at string, since, now time.Time) (int, error)
	// PruneCaseCodes forgets codes that expire by now, and tries of which the first was
	// before a moment.
	PruneCaseCodes(ctx context.Context, now, since time.Time) error
}

// caseCodeLength is that of a case's code: 40 random bits, which few tries protect.
const caseCodeLength = 8

// NewCaseCode draws a code of a case.
func NewCaseCode(rand io.Reader) (string, error) { return randomText(rand, caseCodeLength) }

// NormalCaseCode reads one as people type it (NormalCode).
func NormalCaseCode(s string) (code string, ok bool) { return normalText(s, caseCodeLength) }

// mayHandCode tells whether somebody may hand out a code of a case: a clerk for
// whom the case exists, once it was handed in. Errors: ErrNotFound, ErrForbidden,
// ErrState.
func (c *Case) mayHandCode(by *Account, now time.Time) error {
	g, err := c.sees(by, now)
	switch {
	case err != nil:
		return err
	case g.Role != Clerk:
		return fail(ErrForbidden, "查询码由经办人在窗口交给申请人", "A clerk hands codes over at the counter")
	case !c.submitted():
		return fail(ErrState, "办件提交后才能查询进度", "A case can be followed once it was handed in")
	}
	return nil
}

// MayHandCode tells whether somebody may hand out a code of a case. Errors as of
// Case.mayHandCode: ErrNotFound, ErrForbidden, ErrState.
func (s *Service) MayHandCode(ctx context.Context, by *Account, id string) error {
	c, err := s.open(ctx, by, id)
	if err != nil {
		return err
	}
	return c.mayHandCode(by, s.Now())
}
