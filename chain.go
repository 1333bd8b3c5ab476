package yinzheng

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Case is an application with what is needed to judge what may happen to it.
type Case struct {
	*Application
	Template  *Template
	Directory *Directory
	Calendar  *Calendar // nil: Monday to Friday
}

// Decision is what one person decides at the step where a case waits.
type Decision struct {
	Action  ActionKind // Approve, Return or Reject
	Opinion string     // needed for Return and Reject
	ToStep  string     // Return: an earlier step's key; empty: to the clerk
}

// maxOpinion bounds an opinion, in characters.
const maxOpinion = 500

// Decide applies a decision and returns the case as it is afterwards; the case
// it is called on does not change. It does no I/O. Errors: ErrNotFound when the
// case does not exist for this person, ErrState when it does not wait for a
// decision, ErrForbidden when it waits for somebody else, ErrInvalid for a
// return or rejection without a reason.
func (c *Case) Decide(by *Account, d Decision, now time.Time) (*Application, error) {
	seat, err := c.mayDecide(by, now)
	if err != nil {
		return nil, err
	}
	opinion, err := checkOpinion(d)
	if err != nil {
		return nil, err
	}
	if d.Action == Return {
		if err := c.checkReturn(d.ToStep); err != nil {
			return nil, err
		}
	}
	x := actionBy(by, seat.grant, d.Action, now)
	x.Step, x.ToStep, x.Opinion = c.Template.Chain[c.Step].Key, d.ToStep, opinion
	if d.Action == Approve {
		x.Post = seat.post
	}
	return c.with(x), nil
}

// checkReturn refuses a step that the case cannot be returned to: a later one,
// one that does not apply, one that the step's return_to leaves out.
func (c *Case) checkReturn(to string) error {
	step := &c.Template.Chain[c.Step]
	i := c.Template.StepIndex(to)
	name := cmp.Or(to, ToClerk)
	switch {
	case to != "" && (i < 0 || i >= c.Step || !c.Template.Chain[i].applies(c.Values)):
		return invalidFields([]FieldError{{"to_step", "choice", Text{"只能退回到本环节之前的环节", "A case can only be returned to a step before this one"}}})
	case len(step.ReturnTo) > 0 && !slices.Contains(step.ReturnTo, name):
		list := strings.Join(step.ReturnTo, ", ")
		return invalidFields([]FieldError{{"to_step", "choice", Text{"本环节只能退回到：" + list, "From this step a case can be returned to: " + list}}})
	}
	return nil
}

func checkOpinion(d Decision) (string, error) {
	opinion := strings.TrimSpace(d.Opinion)
	var faults []FieldError
	switch d.Action {
	case Approve:
	case Return, Reject:
		if opinion == "" {
			faults = append(faults, FieldError{"opinion", "required", Text{"退回或不同意时请写明理由", "Please give the reason for a return or a rejection"}})
		}
	default:
		faults = append(faults, FieldError{"action", "choice", Text{"应为 approve、return 或 reject", "Expected approve, return or reject"}})
	}
	if d.Action != Return && d.ToStep != "" {
		faults = append(faults, FieldError{"to_step", "not-applicable", Text{"只有退回时才能指定环节", "Only a return names a step"}})
	}
	if utf8.RuneCountInString(opinion) > maxOpinion {
		faults = append(faults, FieldError{"opinion", "too-long", Text{"意见最多 500 字", "An opinion is at most 500 characters"}})
	}
	if code, zh, en := uncleanText(opinion); code != "" {
		faults = append(faults, FieldError{"opinion", code, Text{zh, en}})
	}
	if len(faults) > 0 {
		return "", invalidFields(faults)
	}
	return opinion, nil
}

// Submit hands the case in, by a clerk of the office that took it in. Where
// that office is the one of the first step, the submission counts as its step.
func (c *Case) Submit(by *Account, now time.Time) (*Application, error) {
	grant, err := c.mayDraft(by, now, "提交", "submitted", true)
	if err != nil {
		return nil, err
	}
	return c.handIn(by, grant, now), nil
}

// handIn is the case after somebody has submitted it, which they may.
func (c *Case) handIn(by *Account, grant Grant, now time.Time) *Application {
	x := actionBy(by, grant, Submit, now)
	if step := c.homeStep(); step != nil {
		x.Step = step.Key
	}
	return c.with(x)
}

// Edit replaces the content of a draft or a returned case. The division is
// fixed once the case was submitted: those who have decided it since are of
// that division, and a case does not move away from them.
func (c *Case) Edit(by *Account, in *Input, now time.Time) (*Application, error) {
	grant, err := c.mayMend(by, now, "修改", "edited")
	if err != nil {
		return nil, err
	}
	stays := c.Directory.DivisionNow(in.Division) == c.Directory.DivisionNow(c.Division)
	if c.submitted() && !stays {
		return nil, invalidFields([]FieldError{{"division", "fixed", Text{"提交后不能再更改区划；如填错请撤回后重新办理", "The division cannot change once the case was submitted; if it is wrong, withdraw the case and start again"}}})
	}
	if c.Replaces() != "" && !stays {
		return nil, invalidFields([]FieldError{{"division", "fixed", Text{"更正须在原证明的区划内办理", "A correction stays in the division of the certificate that it corrects"}}})
	}
	x := actionBy(by, grant, Edit, now)
	x.Input = in
	return c.with(x), nil
}

// mayMend returns the grant under which a person changes a draft or a returned case.
func (c *Case) mayMend(by *Account, now time.Time, zh, en string) (Grant, error) {
	return c.mayDraft(by, now, zh, en, false)
}

// mayDraft returns the grant under which a person works on a draft or a returned
// case: of several, delegated ones among them, the first without an obstacle.
// Four eyes looks at who delegated, too. A party may help to fill a form in, but
// hands nothing in, nor does anybody in their name.
func (c *Case) mayDraft(by *Account, now time.Time, zh, en string, handingIn bool) (Grant, error) {
	if _, err := c.mayWork(by, now); err != nil {
		return Grant{}, err
	}
	if !c.State.AtItsClerks() {
		return Grant{}, c.wrongState(zh, en)
	}
	var obstacle error
	for _, g := range by.grants(Clerk, c.Directory.OfficeNow(c.Office), now) {
		if obstacle = c.mayDraftAs(by, g, handingIn); obstacle == nil {
			return g, nil
		}
	}
	return Grant{}, obstacle
}

func (c *Case) mayDraftAs(by *Account, g Grant, handingIn bool) error {
	for _, who := range actors(by, g) {
		if handingIn && c.isParty(who) {
			return fail(ErrForbidden, "您（或委托您的人）是本办件的当事人，请由同事办理", "You, or who delegated to you, are a party of this case; a colleague has to handle it")
		}
		if err := c.fourEyes(who, c.intakeStep()); err != nil {
			return err
		}
	}
	return nil
}

// Withdraw takes the case back before its certificate is issued. A reservation
// that it has by then ends with it; the action names its code.
func (c *Case) Withdraw(by *Account, reason string, now time.Time) (*Application, error) {
	grant, err := c.mayWork(by, now)
	if err != nil {
		return nil, err
	}
	if c.State == Issued || c.State == Rejected || c.State == Withdrawn {
		return nil, c.wrongState("撤回", "withdrawn")
	}
	opinion, err := checkOpinion(Decision{Action: Approve, Opinion: reason})
	if err != nil {
		return nil, err
	}
	x := actionBy(by, grant, Withdraw, now)
	x.Opinion, x.Code = opinion, c.Code
	return c.with(x), nil
}

// with returns the case after one more action. Where that begins a step, or a
// mending, with a limit, the action says when it is due. An office is on record
// under the name that it has now. A clock that was set back does not reorder
// the history.
func (c *Case) with(x Action) *Application {
	if n := len(c.Actions); n > 0 && x.At.Before(c.Actions[n-1].At) {
		x.At = c.Actions[n-1].At
	}
	if o := c.Directory.Office(x.Office); o != nil {
		x.Called = o.Name
	}
	a := c.clone()
	a.tree = c.Directory.Version
	a.apply(c.Template, x)
	if a.entered == a.Version {
		if days := a.limit(c.Template); days > 0 {
			a.Due = c.Calendar.Due(x.At, days)
			a.Actions[len(a.Actions)-1].Due = a.Due
		}
	}
	a.Desks = (&Case{a, c.Template, c.Directory, c.Calendar}).desks()
	return a
}

// limit is how many working days what the case waits for may take; 0: no limit.
func (a *Application) limit(t *Template) int {
	switch a.State {
	case Submitted:
		return t.Chain[a.Step].Limit
	case Returned:
		return t.MendDays
	}
	return 0
}

func actionBy(by *Account, g Grant, kind ActionKind, now time.Time) Action {
	return Action{
		At: now, Kind: kind, By: by.ID, Name: by.Name, Person: by.Person, Office: g.Office, Role: g.Role,
		For: g.For, ForName: g.ForName, ForID: g.ForID,
	}
}

func (c *Case) wrongState(zh, en string) error {
	return fail(ErrState, "办件现为“%[1]s”，不能%[2]s", "The case is %[3]s and cannot be %[4]s", stateNames[c.State].ZH, zh, stateNames[c.State].EN, en)
}

var stateNames = map[State]Text{
	Draft: {"草稿", "a draft"}, Submitted: {"审批中", "being approved"}, Returned: {"被退回", "returned"}, Approved: {"已批准", "approved"},
	Issuing: {"签发中", "being issued"}, Issued: {"已签发", "issued"}, Rejected: {"不同意", "rejected"}, Withdrawn: {"已撤回", "withdrawn"},
}

// Name is a state in words.
func (s State) Name() Text { return stateNames[s] }
