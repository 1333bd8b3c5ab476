package web

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"yinzheng"
	"yinzheng/inquiry"
)

// inquiryRoutes lists the addresses of the pages about inquiries.
func (s *server) inquiryRoutes() map[string]func(*visit) error {
	const all, one = "/work/inquiries", "/work/inquiries/{inquiry}"
	const lists, list = "/work/inquiry-lists", "/work/inquiry-lists/{list}"
	return map[string]func(*visit) error{
		"GET " + all:                  s.inquiriesPage,
		"GET " + all + "/ask":         s.askInquiryPage,
		"POST " + all + "/ask":        s.askInquiryForm,
		"GET " + one:                  s.inquiryPage,
		"POST " + one:                 s.inquiryForm,
		"GET " + one + "/reply.json":  s.replyFile,
		"GET " + lists + "/new":       s.newListPage,
		"POST " + lists + "/new":      s.newListForm,
		"GET " + list:                 s.inquiryListPage,
		"POST " + list:                s.inquiryListForm,
		"GET " + list + "/result.csv": s.listResultFile,
	}
}

// inquiryTab is one list of inquiries.
type inquiryTab struct {
	Key   string
	Name  yinzheng.Text
	roles []yinzheng.Role // whose it is
	Empty yinzheng.Text
}

// The tabs of those who ask are theirs who may, or did.
var inquiryTabs = []inquiryTab{
	{"to-answer", yinzheng.Text{ZH: "待核实", EN: "To answer"}, []yinzheng.Role{yinzheng.Clerk, yinzheng.Approver}, yinzheng.Text{ZH: "没有等待核实的协查。部门问到本辖区的人，登记又答不了的，会出现在这里。", EN: "Nothing waits to be answered. What departments ask about your people, and the record cannot say, appears here."}},
	{"to-sign", yinzheng.Text{ZH: "待签发", EN: "To sign"}, []yinzheng.Role{yinzheng.Approver}, yinzheng.Text{ZH: "没有等待签发的答复。村（社区）核实以后会出现在这里。", EN: "No reply waits to be signed. What villages have answered appears here."}},
	{"late", yinzheng.Text{ZH: "超期", EN: "Late"}, []yinzheng.Role{yinzheng.Approver}, yinzheng.Text{ZH: "没有超期的协查。", EN: "Nothing is late."}},
	{"asked", yinzheng.Text{ZH: "我单位提出的", EN: "Asked by us"}, nil, yinzheng.Text{ZH: "还没有提出过协查。要核实某人的一件事，从“问一个人”开始，不必让本人去开证明。", EN: "Nothing was asked yet. To confirm a fact about somebody, begin with “Ask about a person”: nobody has to bring a proof."}},
	{"lists", yinzheng.Text{ZH: "名单", EN: "Lists"}, nil, yinzheng.Text{ZH: "还没有提出过名单。许多人问同一件事，从“问一份名单”开始。", EN: "No list was asked yet. To ask the same about many people, begin with “Ask about a list”."}},
}

// inquiriesView is a list of inquiries, or of lists.
type inquiriesView struct {
	Tabs      []inquiryTab
	Now       *inquiryTab
	Lines     []inquiryLine
	Lists     []inquiry.ListEntry
	Next      string // address of the next page
	Asks      bool   // whoever reads it may ask
	AsksLists bool   // in lists, too
	kinds     map[string]yinzheng.Text
}

// inquiryLine is a line, with its due day in words.
type inquiryLine struct {
	inquiry.Entry
	When yinzheng.Text
	Tone string
}

// KindName names a kind of question.
func (q *inquiriesView) KindName(code string) yinzheng.Text {
	return cmp.Or(q.kinds[code], yinzheng.Text{ZH: code, EN: code})
}

// inquiryStates are the states of inquiries and lists in words.
var inquiryStates = map[string]yinzheng.Text{
	inquiry.StateAsked:     {ZH: "待核实", EN: "To answer"},
	inquiry.StateAnswered:  {ZH: "待签发", EN: "To sign"},
	inquiry.StateReplied:   {ZH: "已答复", EN: "Replied"}, // of a list, too
	inquiry.StateWithdrawn: {ZH: "已撤回", EN: "Taken back"},
	inquiry.ListWorking:    {ZH: "正在查登记", EN: "Looking at the record"},
	inquiry.ListPaused:     {ZH: "已暂停", EN: "Paused"},
	inquiry.ListPeople:     {ZH: "待人核实", EN: "Waits for people"},
}

// InquiryState names a state, AnswerName an answer.
func (d *desk) InquiryState(state string) string { return d.T(inquiryStates[state]) }
func (d *desk) AnswerName(answer string) string  { return d.T(inquiry.Answers[answer]) }

func (s *server) inquiriesPage(v *visit) error {
	view := &inquiriesView{}
	offered, err := s.Inquiries.MayAsk(v.Context(), v.by)
	if err != nil {
		return err
	}
	view.Asks = len(offered) > 0
	view.AsksLists = slices.ContainsFunc(offered, func(x inquiry.Askable) bool { return x.Lists })
	if err := s.inquiryTabs(v, view); err != nil {
		return err
	}
	if view.kinds, err = s.kindNames(v); err != nil {
		return err
	}
	if view.Now != nil {
		if err := s.fillInquiries(v, view); err != nil {
			return err
		}
	}
	return s.draw(v, http.StatusOK, "staff-inquiries", yinzheng.Text{ZH: "部门协查", EN: "Inquiries"}, view)
}

// inquiryTabs finds the tabs of somebody, and the one that is open.
func (s *server) inquiryTabs(v *visit, view *inquiriesView) error {
	_, holds := s.posts(v.by)
	asked, err := s.Inquiries.List(v.Context(), v.by, yinzheng.InquiriesAsked, 0)
	if err != nil {
		return err
	}
	lists, err := s.Inquiries.Lists(v.Context(), v.by, 0)
	if err != nil {
		return err
	}
	theirs := map[string]bool{"asked": view.Asks || len(asked) > 0, "lists": view.AsksLists || len(lists) > 0}
	for i := range inquiryTabs {
		t := &inquiryTabs[i]
		if !theirs[t.Key] && !slices.ContainsFunc(t.roles, func(r yinzheng.Role) bool { return holds[r] }) {
			continue
		}
		view.Tabs = append(view.Tabs, *t)
		if view.Now == nil || t.Key == v.URL.Query().Get("box") {
			view.Now = t
		}
	}
	return nil
}

// maxInquiries is how many lines the domain gives at a time.
const maxInquiries = 100

func (s *server) fillInquiries(v *visit, view *inquiriesView) error {
	before, err := strconv.ParseInt(v.URL.Query().Get("before"), 10, 64)
	if err != nil {
		before = 0 // from the newest
	}
	last, n := int64(0), 0
	if view.Now.Key == "lists" {
		if view.Lists, err = s.Inquiries.Lists(v.Context(), v.by, before); err != nil {
			return err
		}
		if n = len(view.Lists); n > 0 {
			last = view.Lists[n-1].Cursor
		}
	} else {
		lines, err := s.Inquiries.List(v.Context(), v.by, yinzheng.InquiryBox(view.Now.Key), before)
		if err != nil {
			return err
		}
		for _, l := range lines {
			line := inquiryLine{Entry: l}
			if l.State == inquiry.StateAsked || l.State == inquiry.StateAnswered {
				line.When, line.Tone = due(yinzheng.Wait{Due: l.Due, Late: l.Late}, s.Service.Now())
			}
			view.Lines = append(view.Lines, line)
			last = l.Cursor
		}
		n = len(lines)
	}
	if n == maxInquiries {
		view.Next = "/work/inquiries?" + url.Values{"box": {view.Now.Key}, "before": {strconv.FormatInt(last, 10)}}.Encode()
	}
	return nil
}

func (s *server) kindNames(v *visit) (map[string]yinzheng.Text, error) {
	kinds, err := s.Inquiries.Kinds(v.Context())
	out := map[string]yinzheng.Text{}
	for _, k := range kinds {
		out[k.Code] = k.Name
	}
	return out, err
}

// askForm is the form that asks about a person, or first the choice of what.
type askForm struct {
	Offered []inquiry.Askable
	Chosen  *inquiry.Askable // nil: nothing was chosen yet
	Lists   bool             // about a list
	Places  []placeGroup
	ID      idView
	Form    url.Values
	Digest  string            // of the file that the report is of
	Report  *inquiry.ListView // of a list
	Faults  []yinzheng.FieldError
}

// placeGroup is a division with those below it, for choosing one.
type placeGroup struct {
	Name   string
	Places []yinzheng.Division
}

// choose fills in what may be asked, and what was chosen of it.
func (s *server) choose(v *visit, view *askForm) error {
	offered, err := s.Inquiries.MayAsk(v.Context(), v.by)
	if err != nil {
		return err
	}
	for i := range offered {
		x := &offered[i]
		if view.Lists && !x.Lists {
			continue
		}
		view.Offered = append(view.Offered, *x)
		if x.Code == view.Form.Get("kind") && x.Office == view.Form.Get("office") {
			view.Chosen, view.Places = x, s.placesIn(x.Divisions)
		}
	}
	return nil
}

// placesIn groups the divisions within some by their towns.
func (s *server) placesIn(within []string) []placeGroup {
	d := s.Service.Directory()
	return places(d, func(x *yinzheng.Division) bool {
		return slices.ContainsFunc(within, func(at string) bool { return d.Within(x.Code, at) })
	})
}

// places groups those of the divisions that stand by their towns, by code.
func places(d *yinzheng.Directory, among func(*yinzheng.Division) bool) []placeGroup {
	byTown := map[string]*placeGroup{}
	var order []string
	for _, x := range d.Divisions {
		if d.DivisionNow(x.Code) != x.Code || !among(&x) {
			continue
		}
		code, name := "", ""
		if town := d.At(x.Code, yinzheng.Town); town != nil {
			code, name = town.Code, town.Name
		}
		if byTown[code] == nil {
			byTown[code] = &placeGroup{Name: name}
			order = append(order, code)
		}
		byTown[code].Places = append(byTown[code].Places, x)
	}
	slices.Sort(order)
	out := make([]placeGroup, len(order))
	for i, code := range order {
		out[i] = *byTown[code]
		slices.SortFunc(out[i].Places, func(a, b yinzheng.Division) int { return strings.Compare(a.Code, b.Code) })
	}
	return out
}

func (s *server) askInquiryPage(v *visit) error {
	form := v.URL.Query()
	form.Set("key", rand.Text())
	return s.drawAsk(v, http.StatusOK, &askForm{Form: form, ID: idView{Path: "id", Types: idTypes, Type: yinzheng.ResidentID}})
}

func (s *server) drawAsk(v *visit, status int, view *askForm) error {
	if err := s.choose(v, view); err != nil {
		return err
	}
	title := yinzheng.Text{ZH: "问一个人", EN: "Ask about a person"}
	if view.Lists {
		title = yinzheng.Text{ZH: "问一份名单", EN: "Ask about a list"}
	}
	return s.draw(v, status, "staff-ask", title, view)
}

// askInquiryForm asks; the form's key keeps a second click from asking twice.
func (s *server) askInquiryForm(v *visit) error {
	f := v.PostForm
	id := yinzheng.ID{Type: f.Get("id.type"), Number: f.Get("id"), Reason: f.Get("id.reason")}
	in := &inquiry.NewInquiry{
		Kind: f.Get("kind"), Office: f.Get("office"), Name: f.Get("name"), ID: id.Value(), Division: f.Get("division"),
		Question: f.Get("question"), Purpose: f.Get("purpose"), Basis: f.Get("basis"),
	}
	if f.Get("about") != "" {
		in.About = f.Get("about")
	}
	x, _, err := s.Inquiries.Ask(v.Context(), v.by, in, f.Get("key"))
	if faults := formFaults(err); faults != nil {
		again := &askForm{Form: f, Faults: faults, ID: idView{Path: "id", Types: idTypes, Type: id.Type, Number: id.Number, Reason: id.Reason}}
		return s.drawAsk(v, http.StatusUnprocessableEntity, again)
	}
	if err != nil {
		return err
	}
	return v.see("/work/inquiries/"+x.ID, "inquiry-ask")
}

// inquiryView is the page of an inquiry.
type inquiryView struct {
	*inquiry.View
	When   yinzheng.Text // the due day in words
	Tone   string
	About  string
	May    map[string]bool
	Why    *yinzheng.Text // why whoever works on it may not go on with it
	Tried  string
	Form   url.Values
	Faults []yinzheng.FieldError
}

// inquiryPage shows an inquiry. What a notice is about may be a list.
func (s *server) inquiryPage(v *visit) error {
	if l, err := s.Inquiries.ReadList(v.Context(), v.by, v.PathValue("inquiry")); err == nil {
		return v.see("/work/inquiry-lists/"+l.ID, "")
	} else if !errors.Is(err, yinzheng.ErrNotFound) {
		return err
	}
	return s.drawInquiry(v, http.StatusOK, &inquiryView{Form: url.Values{}})
}

func (s *server) drawInquiry(v *visit, status int, view *inquiryView) error {
	x, err := s.Inquiries.Read(v.Context(), v.by, v.PathValue("inquiry"))
	if err != nil {
		return err
	}
	view.View, view.May, view.About = x, map[string]bool{}, aboutText(x.About)
	for _, p := range x.May {
		if view.May[string(p.Action)] = p.Why == nil; p.Why != nil {
			view.Why = p.Why
		}
	}
	if x.State == inquiry.StateAsked || x.State == inquiry.StateAnswered {
		view.When, view.Tone = due(yinzheng.Wait{Due: x.Due, Late: x.Late}, s.Service.Now())
	}
	return s.draw(v, status, "staff-inquiry", x.KindName, view)
}

// aboutText is what was said besides the person, in words.
func aboutText(about any) string {
	if id, ok := about.(map[string]any); ok {
		number, _ := id["number"].(string)
		return number
	}
	text, _ := about.(string)
	return text
}

// inquiryForm answers an inquiry, signs, returns or takes it back.
func (s *server) inquiryForm(v *visit) error {
	f := v.PostForm
	step := &inquiry.Step{Action: inquiry.Doing(f.Get("act")), Answer: f.Get("answer"), Opinion: f.Get("opinion")}
	x, err := s.Inquiries.Act(v.Context(), v.by, v.PathValue("inquiry"), v.seen(), step)
	if faults := faultsOf(err); faults != nil {
		return s.drawInquiry(v, http.StatusUnprocessableEntity, &inquiryView{Faults: faults, Tried: f.Get("act"), Form: f})
	}
	if err != nil {
		return changed(err)
	}
	return v.see("/work/inquiries/"+x.ID, "inquiry-"+f.Get("act"))
}

// replyFile is the reply as the API gives it, to be kept and checked offline.
func (s *server) replyFile(v *visit) error {
	x, err := s.Inquiries.Read(v.Context(), v.by, v.PathValue("inquiry"))
	if err != nil {
		return err
	}
	if x.Reply == nil {
		return &yinzheng.Error{Kind: yinzheng.ErrNotFound, Text: yinzheng.Text{ZH: "这件协查还没有可取的答复", EN: "There is no reply to take yet"}}
	}
	b, err := json.MarshalIndent(x, "", "  ")
	if err != nil {
		return err
	}
	v.download("application/json", "reply-"+x.ID+".json", b)
	return nil
}
