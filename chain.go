package yinzheng

import (
	"strings"
	"time"
	"unicode/utf8"
)

// Case is an application with what is needed to judge what may happen to it.
type Case struct {
	*Application
	Template  *Template
	Directory *Directory
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
	grant, err := c.mayDecide(by, now)
	if err != nil {
		return nil, err
	}
	opinion, err := checkOpinion(d)
	if err != nil {
		return nil, err
	}
	if d.Action == Return && d.ToStep != "" {
		if i := c.Template.StepIndex(d.ToStep); i < 0 || i >= c.Step {
			return nil, invalidFields([]FieldError{{"to_step", "choice", Text{"只能退回到本环节之前的环节", "A case can only be returned to a step before this one"}}})
		}
	}
	x := actionBy(by, grant, d.Action, now)
	x.Step, x.ToStep, x.Opinion = c.Template.Chain[c.Step].Key, d.ToStep, opinion
	return c.with(x), nil
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
	grant, err := c.mayWork(by, now)
	if err != nil {
		return nil, err
	}
	if c.State != Draft && c.State != Returned {
		return nil, c.wrongState("提交", "submitted")
	}
	if c.isParty(by) {
		return nil, fail(ErrForbidden, "您是本办件的当事人，请由同事办理", "You are a party of this case; a colleague has to handle it")
	}
	if err := c.fourEyes(by, c.intakeStep()); err != nil {
		return nil, err
	}
	x := actionBy(by, grant, Submit, now)
	if c.homeIntake() {
		x.Step = c.Template.Chain[0].Key
	}
	return c.with(x), nil
}

// Edit replaces the content of a draft or a returned case. The division is
// fixed once the case was submitted: those who have decided it since are of
// that division, and a case does not move away from them.
func (c *Case) Edit(by *Account, in *Input, now time.Time) (*Application, error) {
	grant, err := c.mayWork(by, now)
	if err != nil {
		return nil, err
	}
	if c.State != Draft && c.State != Returned {
		return nil, c.wrongState("修改", "edited")
	}
	if c.submitted() && in.Division != c.Division {
		return nil, invalidFields([]FieldError{{"division", "fixed", Text{"提交后不能再更改区划；如填错请撤回后重新办理", "The division cannot change once the case was submitted; if it is wrong, withdraw the case and start again"}}})
	}
	if err := c.fourEyes(by, c.intakeStep()); err != nil {
		return nil, err
	}
	x := actionBy(by, grant, Edit, now)
	x.Input = in
	return c.with(x), nil
}

// Withdraw takes the case back before it is approved.
func (c *Case) Withdraw(by *Account, reason string, now time.Time) (*Application, error) {
	grant, err := c.mayWork(by, now)
	if err != nil {
		return nil, err
	}
	if c.State != Draft && c.State != Returned && c.State != Submitted {
		return nil, c.wrongState("撤回", "withdrawn")
	}
	opinion, err := checkOpinion(Decision{Action: Approve, Opinion: reason})
	if err != nil {
		return nil, err
	}
	x := actionBy(by, grant, Withdraw, now)
	x.Opinion = opinion
	return c.with(x), nil
}

// with returns the case after one more action.
func (c *Case) with(x Action) *Application {
	a := c.clone()
	a.apply(c.Template, x)
	return a
}

func actionBy(by *Account, g Grant, kind ActionKind, now time.Time) Action {
	return Action{At: now, Kind: kind, By: by.ID, Name: by.Name, Person: by.Person, Office: g.Office, Role: g.Role}
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
