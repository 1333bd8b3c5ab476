package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"yinzheng"
)

// bulk is cases that one decision can be taken on: of one version of a template,
// at one step.
type bulk struct {
	Item    string
	Version int // of the template
	Step    string
}

// Address of the page that decides on them.
func (b bulk) Address() string {
	return "/work/bulk?" + url.Values{"item": {b.Item}, "template": {strconv.Itoa(b.Version)}, "step": {b.Step}}.Encode()
}

// bulkView is the page of a bulk decision.
type bulkView struct {
	bulk
	Name     yinzheng.Text // of the step
	Lines    []bulkLine
	More     bool // there are others besides
	Samples  int  // how many must be opened first of all that are shown
	Opinion  string
	Faults   []yinzheng.FieldError
	Opinions []yinzheng.Text
}

type bulkLine struct {
	lineView
	Chosen, Opened bool
}

// mustOpen is how many of so many cases must have been opened before one decision
// is taken on them: a tenth, three at least.
func mustOpen(n int) int { return min(n, max(3, (n+9)/10)) }

// bulks are the groups of a list of which more than one case waits for whoever
// reads it.
func bulks(lines []lineView) []bulkView {
	var out []bulkView
	count := map[bulk]int{}
	for _, l := range lines {
		if !l.Mine || l.State != yinzheng.Submitted {
			continue
		}
		b := bulk{l.Item, l.Template, l.QueueEntry.Step}
		if count[b]++; count[b] == 2 {
			out = append(out, bulkView{bulk: b, Name: l.Step})
		}
	}
	return out
}

// maxScanned bounds how many lines of an inbox a bulk decision is gathered from.
const maxScanned = 1000

// gather lists the cases of a bulk decision that wait for somebody.
func (s *server) gather(v *visit, b bulk) (*bulkView, error) {
	view := &bulkView{bulk: b, Opinions: atHand}
	opened, err := s.Service.Opened(v.Context(), v.secret)
	if err != nil {
		return nil, err
	}
	cursor := ""
	for scanned := 0; scanned == 0 || cursor != ""; {
		entries, next, err := s.Service.Inbox(v.Context(), v.by, cursor, 200)
		if err != nil {
			return nil, err
		}
		lines, err := s.linesOf(v, entries)
		if err != nil {
			return nil, err
		}
		for _, l := range lines {
			if !l.Mine || l.State != yinzheng.Submitted || (bulk{l.Item, l.Template, l.QueueEntry.Step}) != b {
				continue
			}
			view.Name = l.Step
			view.Lines = append(view.Lines, bulkLine{l, false, opened[l.ID] == l.Version})
		}
		cursor, scanned = next, scanned+len(entries)
		if view.More = next != "" && (scanned >= maxScanned || len(view.Lines) >= yinzheng.MaxAtOnce); view.More || len(entries) == 0 {
			break
		}
	}
	if len(view.Lines) > yinzheng.MaxAtOnce {
		view.Lines, view.More = view.Lines[:yinzheng.MaxAtOnce], true
	}
	view.Samples = mustOpen(len(view.Lines))
	return view, nil
}

// bulkOf reads which cases a page or a form is about.
func bulkOf(q url.Values) bulk {
	n, err := strconv.Atoi(q.Get("template"))
	if err != nil {
		n = 0 // no template has it
	}
	return bulk{q.Get("item"), n, q.Get("step")}
}

func (s *server) bulkPage(v *visit) error {
	view, err := s.gather(v, bulkOf(v.URL.Query()))
	if err != nil {
		return err
	}
	for i := range view.Lines {
		view.Lines[i].Chosen = true
	}
	return s.draw(v, http.StatusOK, "staff-bulk", bulkTitle, view)
}

var bulkTitle = yinzheng.Text{ZH: "批量办理", EN: "Decide many"}

// bulkResult is what became of a bulk decision.
type bulkResult struct {
	Rows            []bulkRow
	Done, Waiting   int
	Action, Opinion string
	Again           []string // the cases as the form has them
}

type bulkRow struct {
	yinzheng.Decided
	Why yinzheng.Text // why it was not decided
}

// bulkForm takes one decision on the cases that were chosen and shows what became
// of each. The page is the answer to the form: sent again it decides nothing anew
// and shows how they are by then.
func (s *server) bulkForm(v *visit) error {
	form := v.PostForm
	d := yinzheng.Decision{Action: yinzheng.ActionKind(form.Get("action")), Opinion: form.Get("opinion")}
	cases := chosenCases(form["case"])
	fault, err := s.unseen(v, cases)
	if err != nil {
		return err
	}
	if fault != nil {
		return s.refuseBulk(v, cases, d, []yinzheng.FieldError{*fault})
	}
	rows, err := s.Service.DecideMany(context.WithoutCancel(v.Context()), v.by, cases, d)
	var e *yinzheng.Error
	if errors.As(err, &e) && len(e.Fields) > 0 {
		return s.refuseBulk(v, cases, d, e.Fields)
	}
	if err != nil {
		return err
	}
	view := &bulkResult{Action: string(d.Action), Opinion: d.Opinion, Again: form["case"]}
	for _, x := range rows {
		row := bulkRow{Decided: x}
		switch {
		case x.Err != nil:
			row.Why = faultOf(changed(x.Err)).text
		case x.State == yinzheng.Approved || x.State == yinzheng.Issuing:
			view.Waiting++
			fallthrough
		default:
			view.Done++
		}
		view.Rows = append(view.Rows, row)
	}
	return s.draw(v, http.StatusOK, "staff-decided", yinzheng.Text{ZH: "批量办理的结果", EN: "What became of them"}, view)
}

// chosenCases reads the boxes that were ticked, each a case and its version.
func chosenCases(boxes []string) []yinzheng.CaseSeen {
	out := make([]yinzheng.CaseSeen, len(boxes))
	for i, box := range boxes {
		id, version, _ := strings.Cut(box, ":")
		n, err := strconv.Atoi(version)
		if err != nil {
			n = 0
		}
		out[i] = yinzheng.CaseSeen{ID: id, Version: n}
	}
	return out
}

// unseen says that too few of the cases were opened; nil: enough.
func (s *server) unseen(v *visit, cases []yinzheng.CaseSeen) (*yinzheng.FieldError, error) {
	opened, err := s.Service.Opened(v.Context(), v.secret)
	if err != nil {
		return nil, err
	}
	n := 0
	for _, c := range cases {
		if opened[c.ID] == c.Version {
			n++
		}
	}
	need := strconv.Itoa(mustOpen(len(cases)))
	if n >= mustOpen(len(cases)) {
		return nil, nil
	}
	return &yinzheng.FieldError{Field: "cases", Code: "unseen", Text: yinzheng.Text{
		ZH: "办理这 " + strconv.Itoa(len(cases)) + " 件以前，至少先打开看其中 " + need + " 件；您看过 " + strconv.Itoa(n) + " 件",
		EN: "Before you decide on these " + strconv.Itoa(len(cases)) + ", please open " + need + " of them at least; you have opened " + strconv.Itoa(n),
	}}, nil
}

// refuseBulk shows the form again as it was sent.
func (s *server) refuseBulk(v *visit, cases []yinzheng.CaseSeen, d yinzheng.Decision, faults []yinzheng.FieldError) error {
	view, err := s.gather(v, bulkOf(v.PostForm))
	if err != nil {
		return err
	}
	view.Opinion, view.Faults = d.Opinion, faults
	chosen := map[string]bool{}
	for _, c := range cases {
		chosen[c.ID] = true
	}
	for i := range view.Lines {
		view.Lines[i].Chosen = chosen[view.Lines[i].ID]
	}
	return s.draw(v, http.StatusUnprocessableEntity, "staff-bulk", bulkTitle, view)
}
