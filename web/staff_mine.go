package web

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"yinzheng"
)

// noticesView is what the people of somebody's posts were told.
type noticesView struct {
	Lines []noticeLine
	Next  int64 // number of the last one, if there may be more; else 0
}

type noticeLine struct {
	yinzheng.Notice
	Text yinzheng.Text
	New  bool   // not shown to them before
	Link string // to what it is about; "": nowhere
}

// noticeTexts are the kinds of notice in words.
var noticeTexts = map[string]yinzheng.Text{
	"waiting":             {ZH: "有办件等待办理", EN: "A case waits"},
	"moved":               {ZH: "办件因机构调整移交过来", EN: "A case came along with a reorganisation"},
	"due-soon":            {ZH: "办件今天到期", EN: "A case is due today"},
	"overdue":             {ZH: "办件已超期", EN: "A case is overdue"},
	"recused":             {ZH: "办件因回避移交过来", EN: "A case was handed on, since somebody may not decide it"},
	"stranded":            {ZH: "办件无人可办", EN: "Nobody is left to go on with a case"},
	"returned":            {ZH: "办件被退回", EN: "A case was returned"},
	"issued":              {ZH: "证明已签发", EN: "A certificate was issued"},
	"rejected":            {ZH: "办件未获同意", EN: "A case was rejected"},
	"lapsed":              {ZH: "办件逾期作废", EN: "A case lapsed"},
	"gap-due-soon":        {ZH: "约定补交的材料今天到期", EN: "A material that was promised is due today"},
	"gap-overdue":         {ZH: "约定补交的材料逾期未交", EN: "A material that was promised has not come"},
	"inspection-due-soon": {ZH: "承诺核查今天到期", EN: "An inspection of a commitment is due today"},
	"inspection-overdue":  {ZH: "承诺核查已逾期", EN: "An inspection of a commitment is overdue"},
	"revocation-proposed": {ZH: "有撤销提议待决定", EN: "A revocation was proposed and waits for a second person"},
	"reference-revoked":   {ZH: "所依据的证明已被撤销", EN: "A certificate that another one rests on was revoked"},
	"holder-died":         {ZH: "登记显示持证人去世", EN: "A register says that a holder has died"},

	"draft-fading": {ZH: "草稿很久没有人动，14 天后销毁；需要的请打开修改", EN: "A draft that nobody touches goes in 14 days; open and change it if it is needed"},

	"request-sent":       {ZH: "收到网上申请", EN: "A resident has sent a request"},
	"request-answered":   {ZH: "居民已答复", EN: "A resident has answered"},
	"request-unanswered": {ZH: "居民到期没有答复，请接着办或再联系", EN: "A resident has not answered in time; please go on with it, or ask again"},
	"request-late":       {ZH: "网上申请超期未受理", EN: "A request is past its limit"},

	"reorganisation-stuck": {ZH: "机构调整无法实施", EN: "A reorganisation cannot be carried out"},
	"key-suspended":        {ZH: "一把密钥被中止", EN: "A key was suspended"},
	"key-proposed":         {ZH: "密钥变更等待第二位管理员确认", EN: "A change of a key waits for a second administrator"},
	"key-ending":           {ZH: "一把密钥快到期，请更换", EN: "A key ends soon; please rotate it"},
	"character-missing":    {ZH: "有字没有字体，等待补上", EN: "There is no face for a character"},
	"character-found":      {ZH: "缺的字已补上，现在可以提交", EN: "The character that was missing is here; you can submit now"},
	"inquiry-waiting":      {ZH: "有协查等待答复", EN: "An inquiry waits for a reply"},
	"inquiry-to-sign":      {ZH: "协查答复等待签发", EN: "A reply to an inquiry waits to be signed"},
	"inquiry-returned":     {ZH: "协查被退回", EN: "An inquiry was returned"},
	"inquiry-late":         {ZH: "协查已超期", EN: "An inquiry is overdue"},
	"inquiry-replied":      {ZH: "协查已答复", EN: "An inquiry was replied to"},
	"rating-bad":           {ZH: "有人给了差评，请回访", EN: "A bad rating waits for a call back"},
	"rating-due-soon":      {ZH: "差评回访今天到期", EN: "The follow-up of a bad rating is due today"},
	"rating-overdue":       {ZH: "差评回访已超期", EN: "The follow-up of a bad rating is overdue"},
	"batch-done":           {ZH: "批量导入已办完", EN: "A workbook's cases are made"},
	"batch-lapsed":         {ZH: "批量导入停下一个月，已自动结束", EN: "A workbook's cases stood still for a month; it was ended"},
	"batch-stopped":        {ZH: "批量导入停下了，须有人处理", EN: "Making a workbook's cases has stopped; somebody has to see to it"},
	"campaign-started":     {ZH: "生存核验已发起", EN: "A campaign has begun"},
	"campaign-due-soon":    {ZH: "生存核验即将到期", EN: "A campaign is due soon"},
	"campaign-follow-up":   {ZH: "生存核验有人须再次核验", EN: "Somebody on a campaign's roster has to be followed up"},
	"campaign-stopped":     {ZH: "生存核验已被上级单位办结或取消", EN: "An office above ended or cancelled a campaign"},
	"campaign-death":       {ZH: "生存核验名单中有人去世", EN: "Somebody on a campaign's roster has died"},
}

// otherNotice is one that no page of the staff is about.
var otherNotice = yinzheng.Text{ZH: "其他通知", EN: "Another notice"}

func (s *server) noticesPage(v *visit) error {
	before, err := strconv.ParseInt(v.URL.Query().Get("before"), 10, 64)
	if err != nil {
		before = 0 // from the newest
	}
	list, told, err := s.Service.ReadNotices(v.Context(), v.by, before, pageLines)
	if err != nil {
		return err
	}
	view := &noticesView{}
	for _, n := range list {
		text, ours := noticeTexts[n.Kind]
		if !ours {
			text = otherNotice
		}
		view.Lines = append(view.Lines, noticeLine{n, text, n.ID > told, noticeLink(&n)})
	}
	if len(list) == pageLines {
		view.Next = list[len(list)-1].ID
	}
	return s.draw(v, http.StatusOK, "staff-notices", yinzheng.Text{ZH: "通知", EN: "Notices"}, view)
}

// noticeLink is the address of what a notice is about; "": there is no page of it.
func noticeLink(n *yinzheng.Notice) string {
	switch {
	case strings.HasPrefix(n.Kind, "batch-"):
		return "/work/imports/" + n.About
	case strings.HasPrefix(n.Kind, "campaign-"):
		return "/work/campaigns/" + n.About
	case strings.HasPrefix(n.Kind, "request-") && n.Role == yinzheng.Clerk:
		return "/work/requests/" + n.About
	case strings.HasPrefix(n.Kind, "inquiry-"):
		return "/work/inquiries/" + n.About
	case strings.HasPrefix(n.Kind, "rating-"):
		return "/work/ratings/" + n.About
	case n.Application != "":
		return "/work/cases/" + n.Application
	}
	return ""
}

// roleNames are what roles are called on the pages.
var roleNames = map[yinzheng.Role]yinzheng.Text{
	yinzheng.Clerk: {ZH: "经办人", EN: "clerk"}, yinzheng.Approver: {ZH: "审批人", EN: "approver"},
	yinzheng.Admin: {ZH: "系统管理员", EN: "administrator"}, yinzheng.Department: {ZH: "用证部门", EN: "receiving department"},
}

// lendingView is who stands in for somebody, and for whom they do.
type lendingView struct {
	Posts          []postView
	Lent           []lentView
	To, Begin, End string
	Post           string
	Faults         []yinzheng.FieldError
}

// postView is a post that can be lent.
type postView struct {
	Key    string // office and role
	Office string
	Role   yinzheng.Text
}

type lentView struct {
	yinzheng.Delegation
	Role yinzheng.Text
	Mine bool // made by whoever reads it
	Over bool
	Last time.Time // the last moment
}

func (s *server) lendingPage(v *visit) error {
	today := s.Service.Now().In(yinzheng.Zone).Format(time.DateOnly)
	return s.drawLending(v, http.StatusOK, &lendingView{Begin: today})
}

func (s *server) drawLending(v *visit, status int, view *lendingView) error {
	now := s.Service.Now()
	for _, g := range v.by.Grants {
		if g.For == "" && !g.From.After(now) && (g.To.IsZero() || g.To.After(now)) {
			view.Posts = append(view.Posts, postView{g.Office + " " + string(g.Role), g.Office, roleNames[g.Role]})
		}
	}
	list, err := s.Service.Delegations(v.Context(), v.by)
	if err != nil {
		return err
	}
	for _, d := range list {
		view.Lent = append(view.Lent, lentView{d, roleNames[d.Role], d.From == v.by.ID, !d.End.After(now), d.End.Add(-time.Second)})
	}
	return s.draw(v, status, "staff-lending", yinzheng.Text{ZH: "委托代办", EN: "Standing in"}, view)
}

// lendForm lends a post from the beginning of a day to the end of another.
func (s *server) lendForm(v *visit) error {
	form := v.PostForm
	view := &lendingView{To: strings.TrimSpace(form.Get("to")), Begin: form.Get("begin"), End: form.Get("end"), Post: form.Get("post")}
	office, role, _ := strings.Cut(view.Post, " ")
	in := &yinzheng.Delegation{To: view.To, Office: office, Role: yinzheng.Role(role)}
	in.Begin, _ = time.ParseInLocation(time.DateOnly, view.Begin, yinzheng.Zone)
	if end, err := time.ParseInLocation(time.DateOnly, view.End, yinzheng.Zone); err == nil {
		in.End = end.AddDate(0, 0, 1)
	}
	_, err := s.Service.Delegate(v.Context(), v.by, in)
	var e *yinzheng.Error
	if errors.As(err, &e) && len(e.Fields) > 0 {
		view.Faults = e.Fields
		return s.drawLending(v, http.StatusUnprocessableEntity, view)
	}
	if err != nil {
		return err
	}
	return v.see("/work/delegations", "lent")
}

func (s *server) endLendingForm(v *visit) error {
	if err := s.Service.EndDelegation(v.Context(), v.by, v.PostForm.Get("id")); err != nil {
		return err
	}
	return v.see("/work/delegations", "ended")
}

// revocationsPage lists proposed revocations that wait for a second person.
func (s *server) revocationsPage(v *visit, view *queueView) error {
	list, err := s.Service.PendingRevocations(v.Context(), v.by)
	if err != nil {
		return err
	}
	for _, r := range list {
		view.Revocations = append(view.Revocations, revocationLine{r, yinzheng.Reasons[r.Reason], r.By == v.by.ID})
	}
	return s.drawQueue(v, view)
}

// revocationLine is a proposed revocation.
type revocationLine struct {
	yinzheng.RevocationView
	Why  yinzheng.Text
	Mine bool // proposed by whoever reads it, who cannot confirm it
}

// byCode leads from a certificate's code to its page.
func (s *server) byCode(v *visit) error {
	cert, err := s.Service.Certificate(v.Context(), v.by, v.PathValue("code"))
	if err != nil {
		return err
	}
	return v.see("/work/cases/"+cert.Application+"/certificate", "")
}
