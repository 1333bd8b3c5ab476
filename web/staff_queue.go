package web

import (
	"net/http"
	"net/url"
	"time"

	"yinzheng"
)

// pageLines is how many lines a page of a list has.
const pageLines = 50

// tab is one list of the work queue.
type tab struct {
	Key    string
	Name   yinzheng.Text
	states []yinzheng.State
	role   yinzheng.Role // whose list it is; "": everybody's
	Empty  yinzheng.Text // what to do when there is nothing in it
}

var tabs = []tab{
	{"inbox", yinzheng.Text{ZH: "待我办理", EN: "Waiting for me"}, nil, "", yinzheng.Text{ZH: "没有等您办理的办件。有新的办件到您的岗位，就会出现在这里。", EN: "Nothing waits for you. What comes to your post appears here."}},
	{"requests", yinzheng.Text{ZH: "网上申请", EN: "Online requests"}, nil, yinzheng.Clerk, yinzheng.Text{ZH: "没有等待受理的网上申请。居民在手机上提交的会出现在这里，5 个工作日内受理或答复。", EN: "No request waits. What residents send from their phones appears here, to be taken in or answered within 5 working days."}},
	{"draft", yinzheng.Text{ZH: "草稿", EN: "Drafts"}, []yinzheng.State{yinzheng.Draft}, yinzheng.Clerk, yinzheng.Text{ZH: "没有草稿。从“新办”开始一件。", EN: "No drafts. Start a case with “New”."}},
	{"returned", yinzheng.Text{ZH: "被退回", EN: "Returned"}, []yinzheng.State{yinzheng.Returned}, yinzheng.Clerk, yinzheng.Text{ZH: "没有被退回的办件。", EN: "Nothing was returned."}},
	{"running", yinzheng.Text{ZH: "审批中", EN: "Under way"}, yinzheng.Underway, yinzheng.Clerk, yinzheng.Text{ZH: "没有审批中的办件。", EN: "Nothing is under way."}},
	{"issued", yinzheng.Text{ZH: "已签发", EN: "Issued"}, []yinzheng.State{yinzheng.Issued}, yinzheng.Clerk, yinzheng.Text{ZH: "还没有签发的证明。", EN: "No certificate was issued yet."}},
	{"ended", yinzheng.Text{ZH: "未签发而结束", EN: "Ended otherwise"}, []yinzheng.State{yinzheng.Rejected, yinzheng.Withdrawn}, yinzheng.Clerk, yinzheng.Text{ZH: "没有不同意或撤回的办件。", EN: "Nothing was rejected or taken back."}},
	{"inspections", yinzheng.Text{ZH: "待核查", EN: "To inspect"}, nil, yinzheng.Approver, yinzheng.Text{ZH: "没有待核查的承诺。凭承诺签发的证明，到期前会出现在这里。", EN: "No commitment waits to be inspected. Those that certificates were issued on appear here."}},
	{"revocations", yinzheng.Text{ZH: "待定撤销", EN: "Revocations"}, nil, yinzheng.Approver, yinzheng.Text{ZH: "没有待决定的撤销提议。", EN: "No proposed revocation waits for a second person."}},
}

// queueView is a list of cases.
type queueView struct {
	Tabs   []tab
	Now    *tab
	Lines  []lineView
	Next   string // address of the next page
	Sought string // what was searched for
	After  string // cursor of a search's next page

	Items       []*yinzheng.Template // that can be started from here
	Bulks       []bulkView           // of which many can be decided at once
	Inspections []inspectionLine
	Revocations []revocationLine
	Requests    []requestLine
}

// turn notes where the next page of the list begins.
func (q *queueView) turn(next string) {
	if next != "" {
		q.Next = "/work?" + url.Values{"tab": {q.Now.Key}, "after": {next}}.Encode()
	}
}

// lineView is a line of a list.
type lineView struct {
	yinzheng.QueueEntry
	yinzheng.Wait
	Step yinzheng.Text // where it waits
	Tone string        // of the due date: late, soon or ""
	When yinzheng.Text // the due date in words
}

// queuePage is where everybody begins.
func (s *server) queuePage(v *visit) error {
	_, holds := s.posts(v.by)
	items := s.Service.Items(v.by)
	view := &queueView{Now: &tabs[0], Items: items[:min(len(items), 9)]} // as many as there are digits
	for i := range tabs {
		if t := &tabs[i]; t.role == "" || holds[t.role] {
			view.Tabs = append(view.Tabs, *t)
			if t.Key == v.URL.Query().Get("tab") {
				view.Now = t
			}
		}
	}
	switch view.Now.Key {
	case "requests":
		return s.requestsPage(v, view)
	case "inspections":
		return s.inspectionsPage(v, view)
	case "revocations":
		return s.revocationsPage(v, view)
	}
	return s.casesPage(v, view)
}

// casesPage lists cases.
func (s *server) casesPage(v *visit, view *queueView) error {
	var entries []yinzheng.QueueEntry
	var next string
	var err error
	cursor := v.URL.Query().Get("after")
	if view.Now.states == nil {
		entries, next, err = s.Service.Inbox(v.Context(), v.by, cursor, pageLines)
	} else {
		entries, next, err = s.Service.Workqueue(v.Context(), v.by, view.Now.states, cursor, pageLines)
	}
	if err != nil {
		return err
	}
	view.turn(next)
	if view.Lines, err = s.linesOf(v, entries); err != nil {
		return err
	}
	view.Bulks = bulks(view.Lines)
	return s.drawQueue(v, view)
}

func (s *server) drawQueue(v *visit, view *queueView) error {
	return s.draw(v, http.StatusOK, "staff-queue", yinzheng.Text{ZH: "工作台", EN: "Work"}, view)
}

// searchPage finds cases. It is posted: names and ID numbers stand in no address.
func (s *server) searchPage(v *visit) error {
	view := &queueView{Sought: v.PostForm.Get("q")}
	found, next, err := s.Service.Search(v.Context(), v.by, view.Sought, v.PostForm.Get("after"), pageLines)
	if err != nil {
		return err
	}
	entries := make([]yinzheng.QueueEntry, len(found))
	for i := range found {
		entries[i] = found[i].QueueEntry
	}
	if view.Lines, err = s.linesOf(v, entries); err != nil {
		return err
	}
	view.After = next
	return s.draw(v, http.StatusOK, "staff-queue", yinzheng.Text{ZH: "查找结果", EN: "What was found"}, view)
}

// linesOf says of each line what it waits for and until when.
func (s *server) linesOf(v *visit, entries []yinzheng.QueueEntry) ([]lineView, error) {
	waits, err := s.Service.Waits(v.Context(), v.by, entries)
	if err != nil {
		return nil, err
	}
	lines := make([]lineView, len(entries))
	for i, e := range entries {
		lines[i] = lineView{QueueEntry: e, Wait: waits[i], Step: waits[i].Step}
		lines[i].When, lines[i].Tone = due(waits[i], s.Service.Now())
	}
	return lines, nil
}

// due says how long there is, in words.
func due(w yinzheng.Wait, now time.Time) (words yinzheng.Text, tone string) {
	switch {
	case w.Stranded:
		return yinzheng.Text{ZH: "无人可办，已告知管理员", EN: "Nobody can act; administrators were told"}, "late"
	case w.Late:
		return yinzheng.Text{ZH: "已超期", EN: "Overdue"}, "late"
	case w.Due.IsZero():
		return yinzheng.Text{}, ""
	}
	last := w.Due.Add(-time.Second).In(yinzheng.Zone) // a limit ends with its last day
	days := int(midnight(last).Sub(midnight(now.In(yinzheng.Zone))).Hours() / 24)
	switch {
	case days < 0:
		return yinzheng.Text{ZH: "已超期", EN: "Overdue"}, "late"
	case days == 0:
		return yinzheng.Text{ZH: "今天到期", EN: "Due today"}, "soon"
	case days == 1:
		return yinzheng.Text{ZH: "明天到期", EN: "Due tomorrow"}, "soon"
	}
	return yinzheng.Text{ZH: last.Format("1月2日前"), EN: "By " + last.Format("2 January")}, ""
}

func midnight(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}

// pagesAhead is how far into an inbox the next case is looked for: what comes before
// it there is for others to decide.
const pagesAhead = 4

// nextInbox is the case that somebody should look at next, what is due first first:
// "" when there is none among the first that wait.
func (s *server) nextInbox(v *visit, after string) (string, error) {
	cursor := ""
	for range pagesAhead {
		entries, next, err := s.Service.Inbox(v.Context(), v.by, cursor, pageLines)
		if err != nil {
			return "", err
		}
		waits, err := s.Service.Waits(v.Context(), v.by, entries)
		if err != nil {
			return "", err
		}
		for i := range entries {
			if entries[i].ID != after && waits[i].Mine {
				return entries[i].ID, nil
			}
		}
		if cursor = next; next == "" {
			break
		}
	}
	return "", nil
}
