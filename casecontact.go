package yinzheng

import (
	"context"
	"time"
)

// CaseContact is where somebody is reached about a case. It is personal data: it is
// shown masked, stands in no log and no event, and is erased when it is not needed.
type CaseContact struct {
	Case string
	Contact
	Language string // zh or en
	By       string // account, or ResidentActor
	At       time.Time
}

// CaseContacts keeps one contact of a case at most.
type CaseContacts interface {
	// PutCaseContact keeps a contact in the place of the case's earlier one.
	PutCaseContact(ctx context.Context, c *CaseContact) error
	// CaseContact returns a case's; ErrNotFound.
	CaseContact(ctx context.Context, application string) (*CaseContact, error)
	// EraseCaseContact forgets a case's, if there is one.
	EraseCaseContact(ctx context.Context, application string) error
}
