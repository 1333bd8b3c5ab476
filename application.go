package yinzheng

import (
	"context"
	"slices"
	"time"
)

// State is where a case stands.
type State string

// The states. Issuing means that the whole intent is on disk and the
// certificate is being made (issue.go).
const (
	Draft     State = "draft"
	Submitted State = "submitted" // at step Application.Step
	Returned  State = "returned"  // to the clerk, to be mended
	Approved  State = "approved"
	Issuing   State = "issuing"
	Issued    State = "issued"
	Rejected  State = "rejected"
	Withdrawn State = "withdrawn"
)

// waits tells whether a case in a state waits for somebody to go on with it.
func (s State) waits() bool { return s == Draft || s == Submitted || s == Returned }

// ActionKind is what was done to a case.
type ActionKind string

// The actions. Reserve and Issue are the system's.
const (
	Create   ActionKind = "create"
	Edit     ActionKind = "edit"
	Submit   ActionKind = "submit"
	Approve  ActionKind = "approve"
	Return   ActionKind = "return"
	Reject   ActionKind = "reject"
	Withdraw ActionKind = "withdraw"
	Reserve  ActionKind = "reserve" // number and code are taken: issuing
	Issue    ActionKind = "issue"
	Unissue  ActionKind = "unissue"  // an operator sent it back to approved, the number voided
	Remind   ActionKind = "remind"   // the last day of its limit begins: who has to act is told
	Escalate ActionKind = "escalate" // past its limit: who takes over may decide too
	Recuse   ActionKind = "recuse"   // nobody eligible is left at the step: another office decides (回避)
	Strand   ActionKind = "strand"   // nobody is left, nor an office above that could go on: the administrators are told
	Lapse    ActionKind = "lapse"    // returned, and not mended in time: withdrawn
	Attach   ActionKind = "attach"   // a file was added
	Detach   ActionKind = "detach"   // one, or a reference, was taken off; the history keeps it
	Refer    ActionKind = "refer"    // a certificate on record meets a material
	Promise  ActionKind = "promise"  // a material follows by Due
	Overdue  ActionKind = "overdue"  // it did not; Due is when the case lapses, where issuing waits for it
	Schedule ActionKind = "schedule" // a commitment is to be inspected by Due; by Office
	Inspect  ActionKind = "inspect"  // it was; Reason is the outcome
	Recall   ActionKind = "recall"   // approved, and a certificate that it refers to has ended: back to the clerk
	Halt     ActionKind = "halt"     // on its way to a certificate, and the holder was found dead: back to the clerk
	Revoke   ActionKind = "revoke"   // the certificate was revoked; the case stays issued
	Erase    ActionKind = "erase"    // by the rule Reason, what the case held was erased, of a case with a certificate the files only
	Move     ActionKind = "move"     // the offices changed: Office has the case now, Input.Division is where it belongs
)

// Application is one case. Its state is the fold of its actions (Fold); the
// other fields are kept beside them only to be found fast.
type Application struct {
	ID        string      `json:"id"`
	Template  TemplateRef `json:"template"`
	State     State       `json:"state"`
	Step      int         `json:"-"`        // index into the chain while submitted
	Waiting   *Step       `json:"-"`        // the step it waits at while submitted, else nil
	Version   int         `json:"version"`  // number of actions so far
	Office    string      `json:"office"`   // took the case in; owns the draft
	Division  string      `json:"division"` // where the resident belongs; fixed at submission
	Applicant Applicant   `json:"applicant"`
	Values    Values      `json:"values"`
	Code      string      `json:"code,omitempty"` // of the certificate, from issuing on
	Holder    string      `json:"-"`              // the holder's name, to be found by
	Actions   []Action    `json:"actions"`

	Filled      []Filled     `json:"-"` // values that come from the record; Fold knows them
	Seen        []string     `json:"-"` // materials that were shown at the counter; Fold knows them
	Attachments []Attachment `json:"-"` // its files, those taken off left out; Fold knows them
	Substitutes []Substitute `json:"-"` // what stands in the place of files, as they do
	Inspections []Inspection `json:"-"` // of its commitments, once it was issued, as they do

	// Of the step it waits at: Fold knows these, the store keeps them only to find
	// cases by them.
	Desks    []Desk    `json:"-"` // who may decide it now
	Due      time.Time `json:"-"` // end of the limit; zero: none
	Reminded bool      `json:"-"` // its last day has begun, and who has to act was told
	Late     bool      `json:"-"` // the limit is past and was escalated
	Recused  string    `json:"-"` // office that decides instead; empty: the step's own
	Stranded bool      `json:"-"` // nobody was left to go on with it, and the administrators were told
	tree     string    // version of the office tree that the last action was taken under
	entered  int       // version that entered the step
	approved []int     // posts that have approved since
	returner int       // 1 + the step that returned the case; 0: none
}

// Applicant says who applies, and by what right.
type Applicant struct {
	As        string `json:"as"` // holder, agent or guardian
	Name      string `json:"name,omitempty"`
	ID        ID     `json:"id,omitzero"`
	Authority string `json:"authority,omitempty"` // agent: what authorises them
}

// The ways to apply.
const (
	AsHolder   = "holder"
	AsAgent    = "agent"
	AsGuardian = "guardian"
)

// Action is one thing that happened to a case. Actions are never changed.
type Action struct {
	Seq     int        `json:"seq"` // 1, 2, ...; the version it made
	At      time.Time  `json:"at"`
	Kind    ActionKind `json:"kind"`
	By      string     `json:"by"`   // account; "system" for the system
	Name    string     `json:"name"` // as they were called then
	Person  ID         `json:"-"`    // whom four eyes compares
	Office  string     `json:"office,omitempty"`
	Called  string     `json:"office_name,omitempty"` // what the office was called then
	Role    Role       `json:"role,omitempty"`
	Step    string     `json:"step,omitempty"`    // the step decided, or that the submission counts as
	ToStep  string     `json:"to_step,omitempty"` // return: where to; empty: to the clerk
	Opinion string     `json:"opinion,omitempty"`
	Input   *Input     `json:"input,omitempty"`  // create and edit: the whole content as it stood then; move: the division alone; erase: what is left of it
	Code    string     `json:"code,omitempty"`   // reserve, what ends a reservation, and acts on the certificate: its code; supersede: the successor's
	Reason  string     `json:"reason,omitempty"` // class, of acts on the certificate; the outcome of an inspection

	Attachment *Attachment `json:"attachment,omitempty"` // attach
	Detached   int         `json:"detached,omitempty"`   // detach: which attachment or reference
	Material   string      `json:"material,omitempty"`   // refer, promise, inspect, and what comes of them: which
	Refers     string      `json:"refers_to,omitempty"`  // refer: code of the certificate

	Stays string `json:"-"` // erase: digest of what stays of the actions before, given by the store

	Against *AgainstRecord `json:"-"` // submit: what it says otherwise than was on record; for those only whom the record is for

	Post    int       `json:"post,omitempty"`     // approve: which of the step's posts
	Due     time.Time `json:"due,omitzero"`       // when what this began has to be done
	For     string    `json:"for,omitempty"`      // account that delegated
	ForName string    `json:"for_name,omitempty"` //
	ForID   ID        `json:"-"`                  // whom four eyes compares besides
}

// Input is the content of a case as the clerk gives it.
type Input struct {
	Division  string    `json:"division"`
	Applicant Applicant `json:"applicant"`
	Values    Values    `json:"values"`
	Replaces  string    `json:"replaces,omitempty"` // create: code of the certificate to correct or issue again
	Filled    []Filled  `json:"filled,omitempty"`   // values that come from the record
	Seen      []string  `json:"seen,omitempty"`     // materials that are only shown, and that the clerk has seen
}

// SystemActor is By of what the system did itself.
const SystemActor = "system"

// apply adds one action to the case: the only place where state changes.
func (a *Application) apply(t *Template, x Action) {
	x.Seq = a.Version + 1
	a.Substitutes, a.Inspections = slices.Clone(a.Substitutes), slices.Clone(a.Inspections) // changed below, and shared with the case as it was
	switch x.Kind {
	case Create:
		a.State, a.Office = Draft, x.Office
		a.take(x.Input)
	case Edit:
		a.take(x.Input)
	case Submit:
		a.begin(t, x)
	case Approve:
		a.approved = append(a.approved[:len(a.approved):len(a.approved)], x.Post)
		if len(t.Chain[a.Step].open(a.approved)) == 0 {
			a.enter(t, t.next(a.Step, a.Values), x.Seq)
		}
	case Return:
		a.returned(t, x)
	case Remind, Escalate, Overdue:
		a.tell(x)
	case Recuse:
		a.Recused, a.Stranded = x.Office, false
	case Strand:
		a.Stranded = true
	case Reject:
		a.State = Rejected
	case Withdraw, Lapse:
		a.State, a.Code = Withdrawn, ""
	case Reserve:
		a.State, a.Code = Issuing, x.Code
	case Issue:
		a.State = Issued
	case Unissue:
		a.State, a.Code = Approved, ""
	case Reissue, Sample:
		a.State = Approved
	case Moot:
		a.State, a.Code = Rejected, ""
	case Move:
		a.Office, a.Division = x.Office, x.Input.Division
		a.Recused, a.Stranded = "", false // who decides instead, and who has to know, may be others now
	case Erase:
		a.erase(&x)
	case Recall:
		a.sendBack(t.last(a.Values), x.Seq)
		a.Code = ""
	case Halt:
		a.sendBack(-1, x.Seq) // no step's doing: what was approved was approved of somebody alive
		a.Code = ""
	default:
		a.meet(&x)
	}
	if a.State == Submitted {
		a.Waiting = &t.Chain[a.Step]
	} else {
		a.Waiting, a.Step = nil, 0
	}
	a.Stranded = a.Stranded && a.State.waits()
	if a.entered == x.Seq {
		a.Due = x.Due
	} else if a.State != Submitted && a.State != Returned {
		a.Due = time.Time{}
	}
	a.seeGaps(t)
	a.Holder = a.Values.String(t.Token.Name)
	a.Version = x.Seq
	a.Actions = append(a.Actions, x)
}

// begin hands the case in: anew, or to the step that returned it.
func (a *Application) begin(t *Template, x Action) {
	if i := a.returner - 1; i >= 0 && t.Resubmit == ResubmitSame && t.Chain[i].applies(a.Values) {
		a.enter(t, i, x.Seq)
		return
	}
	first := t.next(-1, a.Values)
	a.enter(t, first, x.Seq)
	if x.Step != "" && x.Step == t.Chain[first].Key { // the home office's submission is its step
		a.enter(t, t.next(first, a.Values), x.Seq)
	}
}

func (a *Application) returned(t *Template, x Action) {
	if i := t.StepIndex(x.ToStep); i >= 0 {
		a.enter(t, i, x.Seq)
		return
	}
	a.sendBack(a.Step, x.Seq)
}

// sendBack gives the case back to the clerk, from a step.
func (a *Application) sendBack(from, seq int) {
	a.State, a.returner, a.entered = Returned, from+1, seq
	a.approved, a.Reminded, a.Late, a.Recused, a.Stranded = nil, false, false, "", false
}

// enter moves the case to a step, or past the last one.
func (a *Application) enter(t *Template, step, seq int) {
	a.State, a.Step, a.entered = Submitted, step, seq
	a.approved, a.Reminded, a.Late, a.Recused, a.Stranded = nil, false, false, "", false
	if step == len(t.Chain) {
		a.State = Approved
	}
}

// The ways that a returned case comes back (Template.Resubmit).
const (
	ResubmitAnew = "anew"
	ResubmitSame = "same"
)

// open lists the posts of a step that still have to approve, none when it is
// decided, given the posts that have approved, one entry a person.
func (s *Step) open(approved []int) []int {
	posts := s.Posts()
	var open []int
	done := 0
	for i, p := range posts {
		n := 0
		for _, a := range approved {
			if a == i {
				n++
			}
		}
		if n >= p.Count {
			done++
		} else {
			open = append(open, i)
		}
	}
	if done >= s.need() {
		return nil
	}
	return open
}

func (a *Application) take(in *Input) {
	a.Division, a.Applicant, a.Values, a.Filled, a.Seen = in.Division, in.Applicant, in.Values, in.Filled, in.Seen
}

// Fold rebuilds a case from its actions.
func Fold(id string, t *Template, actions []Action) *Application {
	a := &Application{ID: id, Template: t.Ref()}
	emptied := slices.IndexFunc(actions, func(x Action) bool { return x.Emptied() })
	if emptied > 0 { // its history has no values any more that a chain could follow
		a.Actions, a.Version = actions[:emptied:emptied], emptied
		actions = actions[emptied:]
	}
	for _, x := range actions {
		a.apply(t, x)
	}
	return a
}

// decidedBy is the office of the last approval or reissue, "" before there is one.
func (a *Application) decidedBy() string {
	for i := len(a.Actions) - 1; i >= 0; i-- {
		if k := a.Actions[i].Kind; k == Approve || k == Reissue {
			return a.Actions[i].Office
		}
	}
	return ""
}

// clone is a copy whose history may grow without touching a's.
func (a *Application) clone() *Application {
	b := *a
	b.Actions = a.Actions[:len(a.Actions):len(a.Actions)]
	return &b
}

// Applications keeps the cases.
type Applications interface {
	// Application returns a case with all its actions; ErrNotFound.
	Application(ctx context.Context, id string) (*Application, error)
	// SaveApplication writes a case and the actions after version seen (0: a new
	// case); ErrConflict when somebody else has changed it since.
	SaveApplication(ctx context.Context, a *Application, seen int) error
	// Queue lists cases, newest change first. No limit stands for 100. A cursor that
	// is none is ErrInvalid.
	Queue(ctx context.Context, q QueueFilter) ([]QueueEntry, error)
	// Inbox is Queue for scopes with a role, whatever the states: what is due first
	// first, what has no limit last, and of those what was begun first.
	Inbox(ctx context.Context, q QueueFilter) ([]QueueEntry, error)
	// CountQueue counts what Queue lists, to the limit at most.
	CountQueue(ctx context.Context, q QueueFilter) (int, error)
	// Waiting lists the IDs of cases that are approved, and wait for no material
	// (Incomplete), or issuing, and whose lease, if any, has run out.
	Waiting(ctx context.Context, now time.Time, limit int) ([]string, error)
	// Referring lists the IDs of issued cases in which a certificate was referred
	// to, if it was taken off again, too.
	Referring(ctx context.Context, code string) ([]string, error)
}

// QueueFilter selects cases. Scopes are alternatives: a case is listed when
// any of them holds.
type QueueFilter struct {
	Scopes []QueueScope
	States []State // empty: all
	Before string  // cursor: Cursor of the last entry seen
	Limit  int
}

// QueueScope is the cases that an office took in; with a role, those that wait
// for that role in that office.
type QueueScope struct {
	Office string
	Role   Role
}

// QueueEntry is one line of a work queue.
type QueueEntry struct {
	ID       string    `json:"id"`
	Item     string    `json:"item"`
	State    State     `json:"state"`
	Step     string    `json:"step,omitempty"`
	Version  int       `json:"version"`
	Holder   string    `json:"holder"` // name, not masked: for those who work on the case
	Division string    `json:"division"`
	Office   string    `json:"office"`
	Changed  time.Time `json:"changed_at"`
	Cursor   string    `json:"-"`

	Incomplete bool `json:"incomplete,omitempty"` // a material that was promised has not come
}
