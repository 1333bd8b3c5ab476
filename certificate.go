package yinzheng

import (
	"context"
	"time"
)

// Status is a certificate's status. Expired is derived from Expires.
type Status string

// The statuses that a record can have. Reserved is not yet a certificate, Void
// never became one.
const (
	StatusReserved Status = "reserved"
	StatusOK       Status = "valid"
	StatusVoid     Status = "void"
	// and: revoked, suspended, superseded
	StatusIsRevoked    Status = "revoked"
	StatusIsSuspended  Status = "suspended"
	StatusIsSuperseded Status = "superseded"
)

var statusNames = map[Status]Text{
	StatusOK: {"有效", "valid"}, StatusIsSuspended: {"已中止", "suspended"}, StatusIsRevoked: {"已撤销", "revoked"},
	StatusIsSuperseded: {"已被替代", "superseded"}, Status(Expired): {"已过期", "expired"},
}

// Name is a status in words; expired is one too.
func (s Status) Name() Text { return statusNames[s] }

// Certificate is one certificate's record, without its PDF.
type Certificate struct {
	Code        string
	Number      string
	Application string
	Template    TemplateRef
	Short       string // Template.Short: the token's t
	Organ       string
	OrganName   string
	Division    string // where the resident belongs
	Name        string // the holder's, masked
	ID          string // the holder's ID number, masked
	Holder      string // the holder's name, for a question by number and name; never shown
	IssuedAt    time.Time
	Expires     time.Time // zero: never
	Salt        []byte
	Commitment  string    // the token's h
	List        int       // status list ...
	Index       int       // ... and the entry in it
	Lease       time.Time // reserved: somebody is at work until then

	TokenKID    string
	DocumentKID string
	Token       string
	Digest      [32]byte // SHA-256 of the PDF as issued
	Pages       int

	Status    Status
	StatusAt  time.Time // when Status began
	Reason    string    // reason class of a revocation or suspension
	Successor string    // superseded: the new code
}

// Reasons are the reason classes of a change of status, shown to verifiers.
var Reasons = map[string]Text{
	"error":      {"内容有误", "issued in error"},
	"fraud":      {"以欺骗手段取得", "obtained by deceit"},
	"changed":    {"情况已变化", "circumstances changed"},
	"holder":     {"持证人申请", "at the holder's request"},
	"commitment": {"承诺不实", "a commitment proved false"},
	"superior":   {"上级机关决定", "decided by a higher authority"},
	"key":        {"签发密钥问题", "trouble with the signing key"},
	"complaint":  {"收到反映，正在核实", "a complaint is being looked into"},
	"review":     {"拟撤销，正在复核", "a revocation is proposed and under review"},
	"lost":       {"纸面遗失", "the paper was lost"},
	"damaged":    {"纸面损毁", "the paper was damaged"},
	"cleared":    {"核实无误", "found to be in order"},
	"resolved":   {"中止的原因已消除", "the cause of the suspension is gone"},
	"mistake":    {"中止有误", "suspended by mistake"},
	"corrected":  {"已更正", "corrected"},
	"reissued":   {"已补发", "issued again"},
}

// Certificates keeps the certificates.
type Certificates interface {
	// OpenStatusList returns the number of the list that new certificates go
	// into: the newest that is less than half full.
	OpenStatusList(ctx context.Context) (int, error)
	// Reserve writes a new record; ErrConflict when its code, number or place in
	// the status list is taken.
	Reserve(ctx context.Context, c *Certificate) error
	// Lease extends the lease of a reserved record that nobody holds at now;
	// ErrConflict when somebody does, or it is no longer reserved.
	Lease(ctx context.Context, code string, now, until time.Time) error
	// FinishIssue turns a reserved record into a valid one as c says it, with its
	// PDF; an attempt taken up again may have other keys and a later IssuedAt than
	// was reserved. ErrConflict when it is no longer reserved, or another
	// version with its serial is valid or suspended.
	FinishIssue(ctx context.Context, c *Certificate, pdf []byte) error
	// SetStatus moves a record from one status to another; ErrConflict when it
	// has another status than from, or would be in force or suspended beside
	// another version with its serial.
	SetStatus(ctx context.Context, c *Certificate, from Status) error
	// Certificate, CertificateByNumber and CertificateByDigest return a record
	// of any status but reserved and void; ErrNotFound.
	Certificate(ctx context.Context, code string) (*Certificate, error)
	CertificateByNumber(ctx context.Context, number string) (*Certificate, error)
	CertificateByDigest(ctx context.Context, digest [32]byte) (*Certificate, error)
	// InForce returns what its token does not say of the valid record that has a code
	// and that very token; ErrNotFound for any other. Every scan of a paper asks it.
	InForce(ctx context.Context, code, token string) (number, organName string, err error)
	// Reserved returns a reserved record; ErrNotFound.
	Reserved(ctx context.Context, code string) (*Certificate, error)
}

// CertificateFiles keeps what is read rarely or in bulk.
type CertificateFiles interface {
	// PDF returns the PDF as issued; ErrNotFound.
	PDF(ctx context.Context, code string) ([]byte, error)
	// StatusEntries calls yield for every entry that is not valid.
	StatusEntries(ctx context.Context, yield func(list, index int, v StatusValue)) error
	// StatusListCount is the number of lists opened so far.
	StatusListCount(ctx context.Context) (int, error)
}

// Keys keeps the public half of every seal and service key.
type Keys interface {
	// Keys returns all of them, retired ones too.
	Keys(ctx context.Context) ([]*Key, error)
	// PutKey adds or replaces one by its KID.
	PutKey(ctx context.Context, k *Key) error
}

// Sessions keeps sign-ins.
type Sessions interface {
	// PutSession keeps a session under the hash of its secret.
	PutSession(ctx context.Context, hash [32]byte, account string, expires time.Time) error
	// Session returns the account signed in; ErrNotFound when there is no such
	// session or it has expired.
	Session(ctx context.Context, hash [32]byte, now time.Time) (account string, err error)
	// EndSession forgets one.
	EndSession(ctx context.Context, hash [32]byte) error
	// EndSessions forgets all of an account.
	EndSessions(ctx context.Context, account string) error
	// NoteOpened notes the version at which a case was opened in a session; of a
	// session that has ended, nothing.
	NoteOpened(ctx context.Context, hash [32]byte, application string, version int) error
	// Opened lists the versions at which cases were opened in a session that lasts.
	Opened(ctx context.Context, hash [32]byte) (map[string]int, error)
	// PruneSessions forgets those that have ended by now.
	PruneSessions(ctx context.Context, now time.Time) error
}

// Requests remembers idempotency keys.
type Requests interface {
	// Remember notes that an account's key made a thing by a request of this
	// digest. When the key was used before it returns what it made then, or
	// ErrReused when the request was another.
	Remember(ctx context.Context, account, key string, digest [32]byte, made string, now time.Time) (before string, err error)
	// PruneRequests forgets those older than a moment.
	PruneRequests(ctx context.Context, before time.Time) error
}

// Event is one thing that happened, for operators and auditors. It never holds
// a name, an ID number or a secret.
type Event struct {
	At      time.Time
	Kind    string // such as certificate-issued, certificate-revoked, forgery-alarm
	Subject string // code, case or account
	By      string
	Detail  string
}

// Events keeps an append-only list of events.
type Events interface {
	Record(ctx context.Context, e Event) error
}

// Store is everything the Service needs kept. Every method called with the
// context that Tx hands to fn takes part in that transaction.
type Store interface {
	// Changed is another number whenever a transaction was kept since it was asked.
	Changed() uint64
	// Tx runs fn in one transaction, durable when Tx returns nil. An error of fn
	// undoes everything and is returned as it is. fn may run again from its
	// start (a lost race in the database), so it has no other effects.
	Tx(ctx context.Context, fn func(ctx context.Context) error) error
	Applications
	Certificates
	CertificateFiles
	Lineages
	Revocations
	CopyBooks
	Papers
	Inspections
	CommitmentRights
	Files
	Directories
	Calendars
	Reorganisations
	Publications
	Samples
	Verifications
	Designs
	Catalogues
	Inquiries
	Ratings
	Delegations
	Staffs
	Notices
	Keys
	Sessions
	ResidentSessions
	CaseCodes
	ResidentContacts
	Shares
	Requests
	Events
	Records
	Likenesses
	Searches
	Persons
	Campaigns
	ResidentRequests
	RequestRounds
	Batches
	Retentions
	Characters
	Outbox
}
