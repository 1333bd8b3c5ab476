package inquiry

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"yinzheng"
)

// NewInquiry is a question as it is sent.
type NewInquiry struct {
	Kind     string `json:"kind"`
	Name     string `json:"name"`
	ID       any    `json:"id"`       // resident ID number, or {type, number}
	Division string `json:"division"` // where the person belongs: a village, town, district
	About    any    `json:"about,omitempty"`
	Question string `json:"question,omitempty"`
	Purpose  string `json:"purpose"`
	Basis    string `json:"basis"`
	Office   string `json:"office,omitempty"` // that asks; left out: the first of the asker's that may
}

// askers are the roles that ask.
var askers = []yinzheng.Role{yinzheng.Department, yinzheng.Clerk, yinzheng.Approver}

// errNoRight is what whoever may not ask is told, always in the same words: it
// depends on the asker, the kind and the division alone, and on no person.
func errNoRight() error {
	return forbidden("您的单位无权就该区划的人员协查此事项；需要时请最上级单位的系统管理员授权", "Your office may not ask this about people of that division; an administrator of the topmost office can give it the right")
}

// asking is somebody who asks under a right.
type asking struct {
	by    *yinzheng.Account
	grant yinzheng.Grant
	kind  *Kind
	right *Right
	tree  *yinzheng.Directory
	now   time.Time
}

// begin finds the right under which somebody asks. Who has none is put on record
// and refused before anything is looked up.
func (q *Inquiries) begin(ctx context.Context, by *yinzheng.Account, office, kind, division string) (*asking, error) {
	now := q.now()
	d, err := q.Store.Directory(ctx)
	if err != nil {
		return nil, err
	}
	r, err := q.rules(ctx)
	if err != nil {
		return nil, err
	}
	for _, g := range by.InForce(now) {
		if !slices.Contains(askers, g.Role) || office != "" && g.Office != office {
			continue
		}
		if right := r.allowed(d, g.Office, kind, division, now); right != nil {
			return &asking{by, g, r.kinds[kind], right, d, now}, nil
		}
	}
	if err := q.Store.Record(ctx, yinzheng.Event{At: now, Kind: "inquiry-refused", Subject: by.ID, By: by.ID}); err != nil {
		return nil, err
	}
	return nil, errNoRight()
}

// Askable is a kind that an office may ask about.
type Askable struct {
	*Kind
	Office    string
	Divisions []string           // of the rights: about whose people, those below included
	About     yinzheng.FieldType // of what is said besides the person; "": nothing
	Lists     bool               // in lists, too
}

// MayAsk lists what somebody may ask now, by kind and office.
func (q *Inquiries) MayAsk(ctx context.Context, by *yinzheng.Account) ([]Askable, error) {
	d, err := q.Store.Directory(ctx)
	if err != nil {
		return nil, err
	}
	r, err := q.rules(ctx)
	if err != nil {
		return nil, err
	}
	var out []Askable
	now, seen := q.now(), map[string]bool{}
	for _, g := range by.InForce(now) {
		if !slices.Contains(askers, g.Role) || seen[g.Office] {
			continue
		}
		seen[g.Office] = true
		for code, k := range r.kinds {
			x := Askable{Kind: k, Office: g.Office, About: k.about()}
			for _, right := range r.rights {
				if right.allows(d, g.Office, code, now) && !slices.Contains(x.Divisions, right.Division) {
					x.Divisions, x.Lists = append(x.Divisions, right.Division), x.Lists || right.Rows > 0
				}
			}
			if len(x.Divisions) > 0 {
				out = append(out, x)
			}
		}
	}
	slices.SortFunc(out, func(a, b Askable) int { return cmp.Or(cmp.Compare(a.Code, b.Code), cmp.Compare(a.Office, b.Office)) })
	return out, nil
}

// form is what a person is checked by.
func form(k *Kind) *yinzheng.Template {
	t := &yinzheng.Template{Fields: []yinzheng.Field{
		{Key: "name", Type: yinzheng.NameField}, {Key: "id", Type: yinzheng.IDField}, {Key: "question", Type: yinzheng.TextField, Max: 200, Optional: true},
	}}
	if about := k.about(); about != "" {
		t.Fields = append(t.Fields, yinzheng.Field{Key: "about", Type: about})
	}
	return t
}

// normal brings what a form holds into normal form; nil, with the faults, when it
// cannot be.
func normal(form *yinzheng.Template, raw yinzheng.Values, now time.Time) (yinzheng.Values, []yinzheng.FieldError) {
	checked, err := form.CheckValues(raw, now)
	var broken *yinzheng.Error
	if errors.As(err, &broken) {
		return nil, plainFields(broken.Fields)
	}
	return checked.Values, plainFields(checked.Problems)
}

// question brings what is asked about a person into normal form; nil, with the
// faults, when it cannot be.
func (s *asking) question(raw yinzheng.Values, division string) (*Asked, []yinzheng.FieldError) {
	v, problems := normal(form(s.kind), raw, s.now)
	if v == nil {
		return nil, problems
	}
	return &Asked{
		Kind: *s.kind, Name: v.String("name"), ID: v.ID("id"), Division: division, About: v["about"], Question: v.String("question"),
		Office: s.grant.Office, Role: s.grant.Role, Place: division,
	}, problems
}

// plainFields names fields as they were sent.
func plainFields(faults []yinzheng.FieldError) []yinzheng.FieldError {
	for i := range faults {
		faults[i].Field = strings.TrimPrefix(faults[i].Field, "values.")
	}
	return faults
}

// reasons checks purpose and legal basis, which go on record: neither may name
// the person.
func reasons(a *Asked, f *faults, names func(string) bool) {
	for _, text := range []struct {
		field string
		at    *string
	}{{"purpose", &a.Purpose}, {"basis", &a.Basis}} {
		clean, fault := yinzheng.ForRecord(text.field, *text.at, names)
		if fault != nil {
			*f = append(*f, *fault)
		}
		*text.at = clean
	}
}

// names tells whether a text holds the person's name or number.
func (a *Asked) names(text string) bool {
	for _, s := range []string{a.Name, a.ID.Number, documentOf(a.About).Number} {
		if yinzheng.Mentions(text, s) {
			return true
		}
	}
	return false
}

// Ask asks about one person. What the record says yes to is replied to at once;
// the rest goes to the person's village. The idempotency key makes a second
// identical request return the first one's inquiry (again=true). Errors:
// ErrForbidden without the right, whoever the person is; ErrInvalid;
// ErrTooMany past the day's ceiling.
func (q *Inquiries) Ask(ctx context.Context, by *yinzheng.Account, in *NewInquiry, key string) (view *View, again bool, err error) {
	if err := yinzheng.CheckKey(key); err != nil {
		return nil, false, err
	}
	content, err := json.Marshal(in)
	if err != nil {
		return nil, false, err
	}
	s, err := q.begin(ctx, by, in.Office, in.Kind, in.Division)
	if err != nil {
		return nil, false, err
	}
	a, err := s.checked(in)
	if err != nil {
		return nil, false, err
	}
	r := &request{s, key, sha256.Sum256(content)}
	id, err := q.answered(ctx, r)
	if err != nil {
		return nil, false, err
	}
	if again = id != ""; !again {
		n, err := q.newInquiry(ctx, s, a)
		if err != nil {
			return nil, false, err
		}
		if id, again, err = q.start(ctx, r, n); err != nil {
			return nil, false, err
		}
	}
	view, err = q.Read(ctx, by, id)
	return view, again, err
}

// request is one to ask about a person.
type request struct {
	*asking
	key    string
	digest [32]byte
}

// answered is the inquiry that a request has made already, or "". Whoever is past
// the day's ceiling is refused before anything is looked up: how long that takes
// would tell of the person.
func (q *Inquiries) answered(ctx context.Context, r *request) (id string, err error) {
	err = q.Store.Tx(ctx, func(ctx context.Context) error {
		if id, err = q.remember(ctx, r, ""); err != nil || id != "" {
			return err
		}
		return errNew
	})
	if errors.Is(err, errNew) {
		err = nil
	}
	return id, err
}

// errNew undoes what was noted of a request that is to be answered yet.
var errNew = errors.New("a new request")

// start keeps a new inquiry, or returns the one that the same request has made
// meanwhile.
func (q *Inquiries) start(ctx context.Context, r *request, n *begun) (id string, again bool, err error) {
	err = q.Store.Tx(ctx, func(ctx context.Context) error {
		if id, err = q.remember(ctx, r, n.ID); err != nil || id != "" {
			return err
		}
		return q.add(ctx, n)
	})
	return cmp.Or(id, n.ID), id != "", err
}

// remember notes what a request makes, if its account may ask any more today. It
// returns what the request has made before, or "".
func (q *Inquiries) remember(ctx context.Context, r *request, id string) (before string, err error) {
	before, err = q.Store.Remember(ctx, r.by.ID, r.key, r.digest, id, r.now)
	if err == nil && before == "" {
		err = q.underCeiling(ctx, r.asking)
	}
	return before, err
}

func (s *asking) checked(in *NewInquiry) (*Asked, error) {
	raw := yinzheng.Values{"name": in.Name, "id": in.ID}
	if in.Question != "" {
		raw["question"] = in.Question
	}
	if in.About != nil {
		raw["about"] = in.About
	}
	var f faults
	a, problems := s.question(raw, in.Division)
	f = append(f, problems...)
	if a == nil {
		return nil, f.err()
	}
	a.Purpose, a.Basis = in.Purpose, in.Basis
	reasons(a, &f, a.names)
	if _, ok := routeOf(s.tree, s.kind, in.Division); !ok {
		f.add("division", "no-office", "该区划没有可以签发答复的机关", "No organ signs replies for this division")
	}
	return a, f.err()
}

// underCeiling refuses more questions of an account in a day than its right says.
func (q *Inquiries) underCeiling(ctx context.Context, s *asking) error {
	n, err := q.Store.AskedSince(ctx, s.by.ID, dayOf(s.now))
	if err == nil && n >= s.right.Daily {
		err = tooMany(fmt.Sprintf("今天的单人协查已达 %d 次，请明天再提，或使用名单协查", s.right.Daily), fmt.Sprintf("You have asked %d times today; please go on tomorrow, or ask in a list", s.right.Daily))
	}
	return err
}

func tooMany(zh, en string) error {
	return &yinzheng.Error{Kind: yinzheng.ErrTooMany, Text: yinzheng.Text{ZH: zh, EN: en}}
}

// dayOf is the beginning of a moment's day.
func dayOf(at time.Time) time.Time {
	y, m, day := at.In(yinzheng.Zone).Date()
	return time.Date(y, m, day, 0, 0, 0, 0, yinzheng.Zone).UTC()
}

// begun is an inquiry that is to be kept with its first acts.
type begun struct {
	*Inquiry
	route
	reply *yinzheng.InquiryReply // nil: it is for people
}

// newInquiry asks the record, and signs what it says yes to.
func (q *Inquiries) newInquiry(ctx context.Context, s *asking, a *Asked) (*begun, error) {
	roll, err := q.roll(ctx, s.kind)
	if err != nil {
		return nil, err
	}
	found, err := q.onRecord(ctx, s.tree, a, roll)
	if err != nil {
		return nil, err
	}
	days, err := q.Store.Calendar(ctx)
	if err != nil {
		return nil, err
	}
	a.Due = yinzheng.NewCalendar(days).Due(s.now, a.Kind.Days)
	n, err := q.first(s, a, &found)
	if err != nil || found.Answer != Yes {
		return n, err
	}
	sign, err := q.act(Act{Kind: Sign, Answer: Yes, Organ: n.signer.Organ}, system, yinzheng.Grant{Office: n.signer.ID}, s.now)
	if err != nil {
		return nil, err
	}
	n.Inquiry = n.after(sign)
	n.reply, err = q.sign(ctx, s.tree, n.Inquiry)
	return n, err
}

// first is an inquiry with its first act.
func (q *Inquiries) first(s *asking, a *Asked, found *RecordSays) (*begun, error) {
	id, err := q.newID()
	if err != nil {
		return nil, err
	}
	x, err := q.act(Act{Kind: Ask, Asked: a, Found: found}, s.by, s.grant, s.now)
	if err != nil {
		return nil, err
	}
	r, ok := routeOf(s.tree, &a.Kind, a.Place)
	if !ok {
		return nil, errNoSigner()
	}
	i := (&Inquiry{ID: id}).after(x)
	return &begun{Inquiry: i, route: r}, nil
}

// add keeps a new inquiry, in a transaction.
func (q *Inquiries) add(ctx context.Context, n *begun) error {
	for i := range n.Acts {
		if err := q.keep(ctx, n.ID, i+1, &n.Acts[i]); err != nil {
			return err
		}
	}
	if err := q.Store.PutInquiry(ctx, n.place(n.route)); err != nil {
		return err
	}
	if n.reply != nil {
		return q.Store.AddInquiryReply(ctx, n.reply)
	}
	return q.Store.Notify(ctx, notices(n.Inquiry, "inquiry-waiting", n.At, desk(n.home.ID, yinzheng.Clerk), desk(n.home.ID, yinzheng.Approver)))
}

// place is what the inquiry is found by.
func (i *Inquiry) place(r route) *yinzheng.InquiryPlace {
	a := i.Asked
	return &yinzheng.InquiryPlace{
		ID: i.ID, List: a.List, Row: a.Row, Kind: a.Kind.Code, State: i.State, Asker: a.Office, Role: a.Role, Account: i.Acts[0].By,
		Office: r.home.ID, Signer: r.signer.ID, At: i.At, Due: a.Due, Late: i.lateAt(r),
	}
}

func desk(office string, role yinzheng.Role) yinzheng.Desk {
	return yinzheng.Desk{Office: office, Role: role}
}

// notices tells desks of an inquiry.
func notices(i *Inquiry, kind string, at time.Time, desks ...yinzheng.Desk) []yinzheng.Notice {
	out := make([]yinzheng.Notice, len(desks))
	for n, d := range desks {
		out[n] = yinzheng.Notice{At: at, Office: d.Office, Role: d.Role, Kind: kind, About: i.ID}
	}
	return out
}

// sign makes the reply to an inquiry whose last act signs it.
func (q *Inquiries) sign(ctx context.Context, d *yinzheng.Directory, i *Inquiry) (*yinzheng.InquiryReply, error) {
	last, a := &i.Acts[len(i.Acts)-1], i.Asked
	salt, err := q.draw(yinzheng.SaltLength)
	if err != nil {
		return nil, err
	}
	by, asOf := i.outcome()
	c := &yinzheng.ReplyClaims{
		ID: i.ID, IssuedAt: last.At.Unix(), Expires: last.At.AddDate(0, 0, a.Kind.Valid).Unix(), Organ: last.Organ,
		Asker: a.Office, AskerName: d.Office(a.Office).Name, Kind: a.Kind.Code, KindName: a.Kind.Name.ZH,
		Answer: last.Answer, By: by, AsOf: asOf, Digest: yinzheng.CommitReply(salt, a.Values()),
	}
	token, err := q.Seal.SignReply(ctx, c)
	if err != nil {
		return nil, err
	}
	return &yinzheng.InquiryReply{ID: i.ID, At: last.At, Token: token, Salt: salt}, nil
}

// outcome says where an answer comes from, and the day that it speaks of.
func (i *Inquiry) outcome() (by, asOf string) {
	if x := i.answer(); x != nil {
		return "people", x.At.In(yinzheng.Zone).Format(time.DateOnly)
	}
	return "record", i.Acts[0].Found.AsOf
}
