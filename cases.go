package yinzheng

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Draft content as it comes in, before it is checked.
type NewApplication struct {
	Item      string         `json:"item"`
	Values    map[string]any `json:"values"`
	Office    string         `json:"office,omitempty"`   // default: the clerk's
	Division  string         `json:"division,omitempty"` // default: the office's
	Applicant *Applicant     `json:"applicant,omitempty"`

	Note string `json:"-"` // of the program, put on the case's first action: where it comes from
}

// Patch changes parts of a draft; what is nil stays. Values are merged by key,
// null removes one.
type Patch struct {
	Values    map[string]any `json:"values,omitempty"`
	Division  *string        `json:"division,omitempty"`
	Applicant *Applicant     `json:"applicant,omitempty"`
	Seen      *[]string      `json:"seen,omitempty"` // keys of materials that are only shown, all that the clerk has seen
}

// CaseView is a case as its people see it.
type CaseView struct {
	ID          string           `json:"id"`
	Item        string           `json:"item"`
	Template    int              `json:"template_version"`
	State       State            `json:"state"`
	StateName   Text             `json:"state_name"`
	Version     int              `json:"version"`
	Step        *Step            `json:"step,omitempty"`       // where it waits
	Desks       []Desk           `json:"desks,omitempty"`      // who may decide it now
	Due         *time.Time       `json:"due,omitempty"`        // end of the present limit
	Late        bool             `json:"late,omitempty"`       // past it, and escalated
	Incomplete  bool             `json:"incomplete,omitempty"` // it went on with a material that was promised and has not come
	Stranded    bool             `json:"stranded,omitempty"`   // nobody is left to go on with it; the administrators were told
	Office      string           `json:"office"`
	Division    string           `json:"division"`
	Applicant   Applicant        `json:"applicant"`
	Values      Values           `json:"values"`
	Replaces    string           `json:"replaces,omitempty"` // code of the certificate that this case corrects or issues again
	History     []Action         `json:"history"`
	Attachments []AttachmentView `json:"attachments,omitempty"`
	Materials   []MaterialView   `json:"materials,omitempty"` // what the case needs, and how it is met
	Problems    []FieldError     `json:"problems,omitempty"`  // what must be mended before it can be submitted
	Changes     []Change         `json:"changes,omitempty"`   // what was normalised just now
	Certificate *CertificateRef  `json:"certificate,omitempty"`
	Trouble     *Text            `json:"trouble,omitempty"` // why issuing waits

	Filled        []Filled       `json:"filled,omitempty"`         // values that come from what is on record
	Seen          []string       `json:"seen,omitempty"`           // materials that are only shown, and that the clerk has seen
	AgainstRecord []AgainstField `json:"against_record,omitempty"` // what the submission says otherwise, for those whom the record is for
	HolderDied    *Known         `json:"holder_died,omitempty"`    // a register has the holder's death

	Duplicates []PossibleDuplicate `json:"possible_duplicates,omitempty"`

	May      []Permit  `json:"may"`                 // what may be done to it now, and why not by this person
	ReturnTo []string  `json:"return_to,omitempty"` // where it can be returned to; "": to the clerk
	Of       *Template `json:"-"`                   // the version that it runs on

	Erased *Action `json:"-"` // what erased what it held, or its files; nil: nothing
}

// CertificateRef points to the certificate of a case.
type CertificateRef struct {
	Number string `json:"number"`
	Code   string `json:"code"`
	URL    string `json:"url"`
}

// input checks raw content and brings it into normal form.
func (s *Service) input(t *Template, values map[string]any, division string, applicant *Applicant, now time.Time) (*Input, *Checked, error) {
	checked, err := t.CheckValues(values, now)
	if err != nil {
		return nil, nil, err
	}
	who := Applicant{As: AsHolder}
	if applicant != nil {
		c := &checker{now: now.In(Zone)}
		if who = c.applicant(applicant); len(c.broken) > 0 {
			return nil, nil, invalidFields(c.broken)
		}
		checked.Problems = append(checked.Problems, c.problems...)
		checked.Changes = append(checked.Changes, c.changes...)
	}
	if now := s.Directory().DivisionNow(division); now != division { // closed since the clerk learned its code
		checked.Changes = append(checked.Changes, Change{"division", division, now})
		division = now
	}
	return &Input{Division: division, Applicant: who, Values: checked.Values}, checked, nil
}

// applicant brings an applicant into normal form.
func (c *checker) applicant(in *Applicant) Applicant {
	out := Applicant{As: in.As}
	switch in.As {
	case "", AsHolder:
		out.As = AsHolder
		if in.Name == "" && in.ID == (ID{}) {
			return out
		}
	case AsAgent, AsGuardian:
	default:
		c.refuse("applicant.as", "choice", "应为 holder、agent 或 guardian", "Expected holder, agent or guardian")
		return out
	}
	name := Field{Key: "name", Type: NameField}
	if tidyText(in.Name) != "" {
		if v := c.value("applicant.name", &name, in.Name); v != nil {
			out.Name = v.(string)
		}
	}
	if out.Name == "" && out.As != AsHolder {
		c.problem("applicant.name", "required", "请填写申请人姓名", "Please give the applicant's name")
	}
	if in.ID != (ID{}) {
		out.ID = idOf(c.id("applicant.id", in.ID.Value()))
	} else if out.As != AsHolder {
		c.problem("applicant.id", "required", "请填写申请人证件", "Please give the applicant's ID")
	}
	authority := Field{Key: "authority", Type: TextField}
	if v := c.value("applicant.authority", &authority, in.Authority); v != nil {
		out.Authority = v.(string)
	}
	if out.As == AsAgent && out.Authority == "" {
		c.problem("applicant.authority", "required", "代办须有授权依据（如委托书）", "An agent needs an authority, such as a letter of attorney")
	}
	return out
}

// load reads a case with its template, its state folded from its actions.
func (s *Service) load(ctx context.Context, id string) (*Case, error) {
	a, err := s.Store.Application(ctx, id)
	if err != nil {
		return nil, err
	}
	t, err := s.TemplateVersion(a.Template)
	if err != nil {
		return nil, err
	}
	c := &Case{Fold(a.ID, t, a.Actions), t, s.Directory(), s.calendar.Load()}
	c.Application.Desks = c.desks()
	return c, nil
}

// readable is load for who looks at many cases: nil for one that nobody can open,
// since its template is not here.
func (s *Service) readable(ctx context.Context, id string) (*Case, error) {
	c, err := s.load(ctx, id)
	if errors.Is(err, errNoTemplate) {
		s.Log.Warn("a case cannot be read", "application", id, "error", err)
		return nil, nil
	}
	return c, err
}

// open reads a case, if it exists for this person.
func (s *Service) open(ctx context.Context, by *Account, id string) (*Case, error) {
	c, err := s.load(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return nil, errNoCase()
	}
	if err != nil {
		return nil, err
	}
	return c, c.MaySee(by, s.Now())
}

// Application shows a case.
func (s *Service) Application(ctx context.Context, by *Account, id string) (*CaseView, error) {
	c, err := s.open(ctx, by, id)
	if err != nil {
		return nil, err
	}
	v, err := s.viewFor(ctx, by, c.Application, c.Template)
	if err != nil || !c.State.AtItsClerks() {
		return v, err
	}
	_, checked, err := s.input(c.Template, c.Values, c.Division, &c.Applicant, s.now())
	var broken *Error
	switch {
	case err == nil:
		v.Problems, err = s.problems(ctx, c.Template, c.Application, checked)
		return v, err
	case errors.As(err, &broken): // kept by an earlier program that took more
		v.Problems = broken.Fields
	}
	return v, nil
}

// EditApplication changes a draft or a returned case that is at version seen.
func (s *Service) EditApplication(ctx context.Context, by *Account, id string, seen int, p *Patch) (*CaseView, error) {
	var checked *Checked
	view, err := s.change(ctx, by, id, seen, func(c *Case, now time.Time) (*Application, error) {
		values := map[string]any{}
		for k, v := range c.Values {
			values[k] = v
		}
		for k, v := range p.Values {
			if v == nil {
				delete(values, k)
			} else {
				values[k] = v
			}
		}
		division, applicant := c.Division, c.Applicant
		if p.Division != nil {
			if _, err := mayTakeIn(c.Template, c.Directory, by, c.Office, *p.Division, now); err != nil {
				return nil, err
			}
			division = *p.Division
		}
		if p.Applicant != nil {
			applicant = *p.Applicant
		}
		in, ok, err := s.input(c.Template, values, division, &applicant, now)
		if err != nil {
			return nil, err
		}
		if in.Seen = c.Seen; p.Seen != nil {
			if in.Seen, err = c.Template.shown(*p.Seen); err != nil {
				return nil, err
			}
		}
		in.Filled = stillFilled(c.Template, c.Filled, &Input{Division: c.Division, Values: c.Values}, in)
		a, err := c.Edit(by, in, now)
		if err == nil {
			checked = ok
			ok.Problems, err = s.problems(ctx, c.Template, a, ok)
		}
		return a, err
	})
	if err == nil {
		view.Changes, view.Problems = checked.Changes, checked.Problems
	}
	return view, err
}

// SubmitApplication hands a case in. The error is an ErrInvalid with every
// problem when something must be mended first; the draft stays as it is.
func (s *Service) SubmitApplication(ctx context.Context, by *Account, id string, seen int) (*CaseView, error) {
	view, err := s.change(ctx, by, id, seen, func(c *Case, now time.Time) (*Application, error) {
		a, err := c.Submit(by, now)
		if err != nil {
			return nil, err
		}
		applicant := c.Applicant
		_, checked, err := s.input(c.Template, c.Values, c.Division, &applicant, now)
		if err != nil {
			return nil, err
		}
		problems, err := s.problems(ctx, c.Template, c.Application, checked)
		if err != nil {
			return nil, err
		}
		if len(problems) > 0 {
			s.noteMissing(ctx, by, c.Template, c.Values, c.Office, c.ID)
			return nil, invalidFields(problems)
		}
		a.lastSubmit().Against, err = s.against(ctx, c)
		return a, err
	})
	return s.issueNow(ctx, by, view, err)
}

// Decide takes a decision on a case that is at version seen. The last approval
// is the consent to seal: the certificate is issued at once, or, when that
// fails for now, as soon as it can be (CaseView.Trouble says why it waits).
func (s *Service) Decide(ctx context.Context, by *Account, id string, seen int, d Decision) (*CaseView, error) {
	view, err := s.change(ctx, by, id, seen, s.deciding(ctx, by, d))
	return s.issueNow(ctx, by, view, err)
}

// deciding is the change that somebody's decision is.
func (s *Service) deciding(ctx context.Context, by *Account, d Decision) func(*Case, time.Time) (*Application, error) {
	return func(c *Case, now time.Time) (*Application, error) {
		a, err := c.Decide(by, d, now)
		if err == nil && d.Action == Approve {
			err = s.referencesHold(ctx, c)
		}
		return a, err
	}
}

// WithdrawApplication takes a case back, at any moment before its certificate
// is issued. Whether this or the issuing comes first is decided by
// compare-and-swap: the other one is told that the case has changed.
func (s *Service) WithdrawApplication(ctx context.Context, by *Account, id string, seen int, reason string) (*CaseView, error) {
	return s.change(ctx, by, id, seen, func(c *Case, now time.Time) (*Application, error) {
		return c.Withdraw(by, reason, now)
	})
}

// change applies one action to the version of a case that the caller has seen.
func (s *Service) change(ctx context.Context, by *Account, id string, seen int, act func(*Case, time.Time) (*Application, error)) (*CaseView, error) {
	return s.changeBy(ctx, by, id, seen, act, s.conclude)
}

// changeBy is change with a way of its own to write the case as it was and as
// the action made it.
func (s *Service) changeBy(ctx context.Context, by *Account, id string, seen int, act func(*Case, time.Time) (*Application, error), write func(context.Context, *Case, *Application) error) (*CaseView, error) {
	c, err := s.changeCase(ctx, by, id, seen, act, write)
	if err != nil {
		return nil, err
	}
	return s.viewFor(ctx, by, c.Application, c.Template)
}

// changeCase is changeBy for somebody who needs the case and not its view.
func (s *Service) changeCase(ctx context.Context, by *Account, id string, seen int, act func(*Case, time.Time) (*Application, error), write func(context.Context, *Case, *Application) error) (*Case, error) {
	c, err := s.tryChange(ctx, by, id, seen, act, write)
	if errors.Is(err, errTree) { // judged anew, by the offices there are now
		if err = s.refresh(ctx); err == nil {
			c, err = s.tryChange(ctx, by, id, seen, act, write)
		}
	}
	return c, err
}

func (s *Service) tryChange(ctx context.Context, by *Account, id string, seen int, act func(*Case, time.Time) (*Application, error), write func(context.Context, *Case, *Application) error) (*Case, error) {
	c, err := s.open(ctx, by, id)
	if err != nil {
		return nil, err
	}
	if c.Version != seen {
		return nil, c.stale(seen)
	}
	a, err := act(c, s.now())
	if err != nil {
		return nil, err
	}
	err = write(ctx, c, a)
	if errors.Is(err, ErrConflict) && !errors.Is(err, errTree) {
		if c, again := s.open(ctx, by, id); again == nil {
			return nil, c.stale(seen)
		}
	}
	if err != nil {
		return nil, err
	}
	after, err := s.seeTo(ctx, &Case{a, c.Template, c.Directory, c.Calendar})
	if err != nil { // the action stands
		s.Log.Error("looking for somebody who may decide", "application", id, "reason", reason(err))
	}
	return after, nil
}

// stale tells what happened to a case since the caller saw it.
func (c *Case) stale(seen int) error {
	if seen < 0 || seen >= len(c.Actions) {
		return fail(ErrConflict, "版本号 %d 不存在，现为 %d，请重新读取", "There is no version %d, the case is at %d; please read it again", seen, c.Version)
	}
	x := c.Actions[seen]
	return fail(ErrConflict, "办件已被更改：%[1]s 于 %[2]s %[3]s（现为版本 %[5]d）。请重新读取后再操作", "The case has changed: %[1]s, %[2]s: %[4]s (now version %[5]d). Please read it again",
		x.Name, x.At.In(Zone).Format("2006-01-02 15:04"), actionNames[x.Kind].ZH, actionNames[x.Kind].EN, c.Version)
}

var actionNames = map[ActionKind]Text{
	Create: {"新建", "created"}, Edit: {"修改", "edited"}, Erase: {"按保存期限销毁", "erased in time"}, Submit: {"提交", "submitted"}, Approve: {"同意", "approved"}, Return: {"退回", "returned"}, Reject: {"不同意", "rejected"},
	Remind: {"临期提醒", "called to mind before its limit"}, Escalate: {"超期上报", "escalated"}, Recuse: {"回避移交", "handed on"}, Strand: {"无人可办，已通知管理员", "left with nobody to go on with it; the administrators were told"},
	Move: {"机构调整，随之移交", "moved along with a reorganisation"}, Lapse: {"逾期作废", "lapsed"},
	Withdraw: {"撤回", "withdrawn"}, Reserve: {"开始签发", "issuing began"}, Issue: {"签发", "issued"}, Unissue: {"签发中止", "issuing was stopped"}, Revoke: {"撤销证明", "the certificate was revoked"},
	Suspend: {"中止证明", "the certificate was suspended"}, Lift: {"恢复证明", "the suspension was lifted"},
	ProposeRevocation: {"提议撤销证明", "revocation of the certificate was proposed"}, DeclineRevocation: {"否决撤销提议", "the revocation was declined"},
	Attach: {"添加附件", "a file was attached"}, Detach: {"撤下附件", "a file was taken off"},
	Refer: {"引用电子证明", "a certificate on record was referred to"}, Schedule: {"排定承诺核查", "an inspection of a commitment was scheduled"}, Inspect: {"核查承诺", "a commitment was inspected"},
	Promise: {"约定容缺补交", "a material was promised"}, Overdue: {"逾期未补交", "a material did not follow in time"},
	Recall:    {"引用的证明失效，退回补正", "returned, since a certificate that it refers to has ended"},
	Halt:      {"得知持证人已去世，退回核实", "returned, since the holder was found to have died"},
	Sample:    {"制作样本", "ordered as a sample"},
	Supersede: {"证明被替代", "the certificate was superseded"}, Reissue: {"决定补发", "it was decided to issue again"}, Moot: {"无从替代而终止", "ended, with nothing left to replace"},
}

// issueNow goes on to issue a case that an action has just approved.
func (s *Service) issueNow(ctx context.Context, by *Account, view *CaseView, err error) (*CaseView, error) {
	if err != nil || view.State != Approved {
		return view, err
	}
	_, trouble := s.Issue(ctx, view.ID)
	after, err := s.Application(ctx, by, view.ID)
	if err != nil {
		return view, nil // the decision stands; reading it again can wait
	}
	if trouble != nil && !errors.Is(trouble, errHeld) && !errors.Is(trouble, ErrConflict) && (after.State == Approved || after.State == Issuing) {
		s.Log.Error("issuing waits", "application", view.ID, "reason", reason(trouble), "error", trouble)
	}
	return after, nil
}

// Workqueue lists the cases that a person works on: their office's own and
// those that wait for a post they hold, newest change first.
func (s *Service) Workqueue(ctx context.Context, by *Account, states []State, cursor string, limit int) (entries []QueueEntry, next string, err error) {
	limit = pageLimit(limit)
	q := QueueFilter{Scopes: s.scopes(by), States: states, Before: cursor, Limit: limit + 1}
	if len(q.Scopes) == 0 {
		return nil, "", nil
	}
	entries, err = s.Store.Queue(ctx, q)
	if err != nil {
		return nil, "", err
	}
	entries, next = cutPage(entries, limit)
	return entries, next, nil
}

// pageLimit is how many lines a page of a list has: 1 to 200, else 50.
func pageLimit(asked int) int {
	if asked <= 0 || asked > 200 {
		return 50
	}
	return asked
}

// cutPage cuts a list, of which one line more than a page has was asked for, to
// a page, and returns the cursor of the next one, "" on the last.
func cutPage(entries []QueueEntry, limit int) (cut []QueueEntry, next string) {
	if len(entries) <= limit {
		return entries, ""
	}
	return entries[:limit], entries[limit-1].Cursor
}

// scopes are the case lists of a person's posts: what their office took in, and
// what waits for them.
func (s *Service) scopes(by *Account) []QueueScope {
	var out []QueueScope
	now := s.Now()
	for _, g := range by.Grants {
		if by.Disabled || !g.active(now) || g.Role != Clerk && g.Role != Approver {
			continue
		}
		if g.Role == Clerk {
			for _, office := range s.Directory().Formerly(g.Office) {
				out = append(out, QueueScope{Office: office})
			}
		}
		out = append(out, QueueScope{Office: g.Office, Role: g.Role})
	}
	return out
}

// waitsFor is why the issuing of a case waits; nil: it does not, or nobody has
// tried it yet.
func (s *Service) waitsFor(t *Template, a *Application) *Text {
	switch {
	case a.held():
		return heldText(t, a)
	case a.State == Approved || a.State == Issuing:
		return s.troubles.of(a.ID)
	}
	return nil
}

func (s *Service) view(ctx context.Context, a *Application, t *Template) (*CaseView, error) {
	v := &CaseView{
		ID: a.ID, Item: a.Template.Code, Template: a.Template.Version, State: a.State, StateName: a.State.Name(), Version: a.Version,
		Office: a.Office, Division: a.Division, Applicant: a.Applicant, Values: a.Values, Replaces: a.Replaces(), History: a.Actions, Stranded: a.Stranded,
		Attachments: attachmentViews(t, a), Incomplete: a.Incomplete() != "", Seen: a.Seen, Erased: a.Erased(),
	}
	if a.State == Submitted {
		v.Step, v.Desks, v.Late = &t.Chain[a.Step], a.Desks, a.Late
	}
	if !a.Due.IsZero() {
		v.Due = &a.Due
	}
	v.Trouble = s.waitsFor(t, a)
	if a.Actions[len(a.Actions)-1].Kind == Moot {
		v.Trouble = &mootText
	}
	if a.State == Issued {
		c, err := s.Store.Certificate(ctx, a.Code)
		if err != nil {
			return nil, fmt.Errorf("read the certificate of case %s: %w", a.ID, err)
		}
		v.Certificate = s.certificateRef(c)
	}
	return v, nil
}

// Preview typesets a page from raw values, whatever they lack: a sample, not a
// certificate. Format is "svg" or "pdf".
func (s *Service) Preview(by *Account, item string, raw map[string]any, format, focus string) ([]byte, error) {
	t, err := s.Template(item)
	if err != nil {
		return nil, err
	}
	grant, err := mayTakeIn(t, s.Directory(), by, "", "", s.Now())
	if err != nil {
		return nil, err
	}
	checked, err := t.CheckValues(raw, s.now())
	if err != nil {
		return nil, err
	}
	sheet := &Sheet{Template: t, Values: checked.Values, Date: s.now().In(Zone)}
	if organ, err := s.issuer(t, &Application{Division: s.Directory().Office(grant.Office).Division}); err == nil {
		sheet.Seal = organ.SealFace()
	}
	return s.Renderer.Preview(sheet, format, focus)
}

// Specimen sets a template's page with made-up values as a picture (SVG), for
// everybody: a sample without a seal, whose picture nobody should have from here.
func (s *Service) Specimen(t *Template, v Values) ([]byte, error) {
	return s.Renderer.Preview(&Sheet{Template: t, Values: v, Date: s.now().In(Zone)}, "svg", "")
}

// certificateRef points to a certificate.
func (s *Service) certificateRef(c *Certificate) *CertificateRef {
	return &CertificateRef{c.Number, c.Code, s.PublicURL + "/v/" + c.Code}
}
