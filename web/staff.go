package web

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"yinzheng"
)

// The pages of the staff. Each is an address that works without scripts; what
// is posted ends in a redirect, so that going back or loading anew repeats
// nothing. Who is signed in is in a cookie that no script can read; forms from
// other sites are refused before they come here (middleware.go).

// visit is one request of somebody who is signed in.
type visit struct {
	*http.Request
	w      http.ResponseWriter
	by     *yinzheng.Account
	secret string // of the session
}

// sessionCookie names the cookie of somebody who is signed in.
const sessionCookie = "yinzheng"

// staffRoutes lists the addresses of the staff's pages.
func (s *server) staffRoutes() {
	m := s.mux
	m.HandleFunc("GET /signin", s.preferring(s.signInPage))
	m.HandleFunc("POST /signin", s.preferring(s.signInForm))
	pages := s.adminRoutes()
	maps.Copy(pages, s.campaignRoutes())
	maps.Copy(pages, s.inquiryRoutes())
	maps.Copy(pages, s.templateRoutes())
	maps.Copy(pages, s.followUpRoutes())
	maps.Copy(pages, map[string]func(*visit) error{
		"POST /signout":                               s.signOutForm,
		"GET /work":                                   s.queuePage,
		"POST /work/search":                           s.searchPage,
		"GET /work/characters":                        s.charactersPage,
		"GET /work/events":                            s.eventsPage,
		"GET /work/notices":                           s.noticesPage,
		"GET /work/delegations":                       s.lendingPage,
		"POST /work/delegations":                      s.lendForm,
		"POST /work/delegations/end":                  s.endLendingForm,
		"GET /work/requests/{id}":                     s.intakePage,
		"POST /work/requests/{id}":                    s.intakeForm,
		"GET /work/requests/{id}/files/{file}":        s.requestFile,
		"GET /work/certificates/{code}":               s.byCode,
		"GET /work/bulk":                              s.bulkPage,
		"POST /work/bulk":                             s.bulkForm,
		"GET /work/new":                               s.itemsPage,
		"GET /work/new/{item}":                        s.startPage,
		"POST /work/new/{item}":                       s.startForm,
		"GET /work/imports":                           s.importsPage,
		"GET /work/new/{item}/workbook":               s.bringPage,
		"POST /work/new/{item}/workbook":              s.bringForm,
		"GET /work/new/{item}/workbook.xlsx":          s.blankWorkbook,
		"GET /work/imports/{id}":                      s.batchPage,
		"POST /work/imports/{id}":                     s.batchForm,
		"GET /work/imports/{id}/pages/{n}":            s.samplePicture,
		"GET /work/imports/{id}/failures.xlsx":        s.failuresWorkbook,
		"GET /work/cases/{id}":                        s.casePage,
		"GET /work/cases/{id}/edit":                   s.formPage,
		"POST /work/cases/{id}/edit":                  s.saveForm,
		"POST /work/cases/{id}/page.svg":              s.livePage,
		"GET /work/cases/{id}/page.svg":               s.pagePicture,
		"GET /work/cases/{id}/check":                  s.checkPage,
		"POST /work/cases/{id}/submit":                s.submitForm,
		"GET /work/cases/{id}/slip":                   s.slipPage,
		"POST /work/cases/{id}/slip":                  s.codeForm,
		"POST /work/cases/{id}/contact":               s.contactForm,
		"GET /work/cases/{id}/slip.png":               s.slipCode,
		"POST /work/cases/{id}/withdraw":              s.withdrawForm,
		"POST /work/cases/{id}/decide":                s.decideForm,
		"POST /work/cases/{id}/attach":                s.attachForm,
		"POST /work/cases/{id}/detach":                s.detachForm,
		"POST /work/cases/{id}/meet":                  s.meetForm,
		"POST /work/cases/{id}/inspect":               s.inspectForm,
		"GET /work/cases/{id}/files/{file}":           s.attachedFile,
		"GET /work/cases/{id}/commitments/{material}": s.sheetFile,
		"GET /work/cases/{id}/certificate.pdf":        s.certificateFile,
		"GET /work/cases/{id}/certificate":            s.certificatePage,
		"POST /work/cases/{id}/certificate":           s.actForm,
		"GET /work/cases/{id}/correct":                s.correctPage,
		"POST /work/cases/{id}/correct":               s.correctForm,
	})
	for pattern, do := range pages {
		m.HandleFunc(pattern, s.preferring(s.staff(do)))
	}
}

// staff answers somebody who is signed in. Anybody else is asked to sign in;
// what they posted is kept in that page's form and can be sent after it.
func (s *server) staff(do func(*visit) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && mediaType(r) == "application/x-www-form-urlencoded" {
			r.Body = http.MaxBytesReader(w, r.Body, maxBody)
			if err := r.ParseForm(); err != nil {
				s.fail(w, r, brokenForm(err))
				return
			}
		}
		v := &visit{Request: r, w: w}
		var err error
		if secret, missing := s.secretOf(r, sessionCookie); missing == nil {
			v.secret = secret
			v.by, err = s.Service.Authenticate(r.Context(), secret)
		} else {
			err = yinzheng.ErrUnauthorized
		}
		switch {
		case errors.Is(err, yinzheng.ErrUnauthorized):
			s.signInAgain(w, r)
			return
		case err != nil:
			s.fail(w, r, err)
			return
		}
		if err := do(v); err != nil {
			s.staffFail(v, err)
		}
	}
}

// desk is what every page of the staff is drawn from.
type desk struct {
	shell
	Me     *yinzheng.Account
	Where  string // the offices of their posts
	Live   string // address of the module that keeps counts up to date
	Counts map[string]string
	Back   string // where a message leads back to
	holds  map[yinzheng.Role]bool
	here   string // address, whatever the method
}

// IsClerk tells whether somebody may start cases.
func (d *desk) IsClerk() bool { return d.holds[yinzheng.Clerk] }

// FollowsUp tells whether somebody may be the one who follows bad ratings up.
func (d *desk) FollowsUp() bool { return d.holds[yinzheng.Approver] }

// HasCampaigns tells whether campaigns may be for somebody, HasInquiries whether
// inquiries may.
func (d *desk) HasCampaigns() bool {
	return d.holds[yinzheng.Clerk] || d.holds[yinzheng.Approver] || d.holds[yinzheng.Admin]
}

func (d *desk) HasInquiries() bool {
	return d.holds[yinzheng.Clerk] || d.holds[yinzheng.Approver] || d.holds[yinzheng.Department]
}

// dones are the words in an address that say what was done just before.
var dones = map[string]yinzheng.Text{
	"saved":           {ZH: "已保存。", EN: "Saved."},
	"contact-asked":   {ZH: "请查收验证码，填在下面。", EN: "Please look for the code, and type it below."},
	"contact-proven":  {ZH: "已确认，以后的消息发到这里。", EN: "Confirmed: messages go there from now on."},
	"contact-removed": {ZH: "已删除，不再发消息。", EN: "Removed: no more messages are sent."},
	"submitted":       {ZH: "已提交。下面是它接下来的去处。", EN: "Handed in. Where it goes next stands below."},
	"withdrawn":       {ZH: "已撤回。", EN: "Taken back."},
	"approve":         {ZH: "已同意，这是下一件。", EN: "Approved. This is the next one."},
	"return":          {ZH: "已退回，这是下一件。", EN: "Returned. This is the next one."},
	"reject":          {ZH: "已作出不同意的决定，这是下一件。", EN: "Rejected. This is the next one."},
	"last":            {ZH: "已办结，没有其他待办。", EN: "Done. Nothing else is waiting for you."},
	"attached":        {ZH: "附件已添加。", EN: "The file was added."},
	"acted":           {ZH: "已办好，即时生效。", EN: "Done, with effect at once."},
	"met":             {ZH: "已记下。", EN: "Noted."},
	"inspected":       {ZH: "核查结果已记录。", EN: "What was found is on record."},
	"lent":            {ZH: "已委托，到期自动结束。", EN: "Lent; it ends by itself."},
	"ended":           {ZH: "委托已结束。", EN: "It has ended."},
	"detached":        {ZH: "已撤下，历史中仍有记录。", EN: "It was taken off; the history keeps it."},
	"share-withdrawn": {ZH: "分享已收回，链接不再打开。", EN: "Withdrawn; the link opens nothing any more."},
	"left":            {ZH: "已退出。", EN: "You are signed out."},
	"issued":          {ZH: "已签发。", EN: "The certificate was issued."},
	"sampled":         {ZH: "样本已签发，请用手机扫一扫。", EN: "The sample was issued; scan it with a phone."},
	"appointed":       {ZH: "岗位已增加。", EN: "The post was added."},
	"post-ended":      {ZH: "岗位已免去。", EN: "The post was ended."},
	"handed-over":     {ZH: "已交接。", EN: "Handed over."},
	"disabled":        {ZH: "账号已停用，已退出登录。", EN: "The account is disabled and signed out."},
	"drafted":         {ZH: "草稿已保存，送审后进入审核。", EN: "The draft is saved; send it for review when it is ready."},
	"change-send":     {ZH: "已送审，等另一位管理员审核。", EN: "Sent; another administrator reviews it."},
	"change-approve":  {ZH: "审核通过，可以征求意见了。", EN: "Approved; it can be opened for comments."},
	"change-return":   {ZH: "已退回修改。", EN: "Returned to be mended."},
	"change-open":     {ZH: "已公开征求意见。", EN: "Opened for comments."},
	"change-comment":  {ZH: "意见已录入。", EN: "The comment was entered."},
	"change-publish":  {ZH: "已发布。", EN: "Published."},
	"change-withdraw": {ZH: "变更已撤回，目录不变。", EN: "Withdrawn; the catalogue stays as it is."},
	"entered":         {ZH: "已登记。", EN: "Entered."},
	"campaign-start":  {ZH: "核验已发起，各村（社区）已收到通知。", EN: "The campaign has begun; the villages were told."},
	"campaign-make":   {ZH: "正在生成办件：登记为健在的逐人生成，以后登记的也随之生成。", EN: "The cases are being made, for whoever was seen present, now and later."},
	"campaign-end":    {ZH: "已办结，当时的数字已记下。", EN: "Ended; how it stood is on record."},
	"campaign-cancel": {ZH: "已取消，理由已记下。", EN: "Cancelled; the reason is on record."},

	"taken-in":         {ZH: "已受理，请核对后提交。", EN: "Taken in. Check it and hand it in."},
	"taken-back":       {ZH: "已撤回申请。", EN: "The request was taken back."},
	"request-returned": {ZH: "已退回申请人补正。", EN: "Returned to its resident."},
	"request-refused":  {ZH: "已答复不予受理。", EN: "Refused; the resident is told why."},
	"resident-asked":   {ZH: "已请居民补充，答复后会通知您。", EN: "The resident is asked; you are told when they answer."},
	"answer-attached":  {ZH: "已附到办件。", EN: "Attached to the case."},

	"inquiry-ask":      {ZH: "已提出。", EN: "Asked."},
	"inquiry-answer":   {ZH: "核实意见已登记，等待签发。", EN: "The answer is entered and waits to be signed."},
	"inquiry-sign":     {ZH: "答复已签发，提出的单位可以看到。", EN: "Signed; the office that asked can see the reply."},
	"inquiry-return":   {ZH: "已退回重新核实。", EN: "Returned to be answered anew."},
	"inquiry-withdraw": {ZH: "已撤回。", EN: "Taken back."},
	"inquiry-pause":    {ZH: "已暂停。", EN: "Paused."},
	"inquiry-resume":   {ZH: "已继续。", EN: "It goes on."},

	"rated":         {ZH: "谢谢您的评价。", EN: "Thank you for telling us."},
	"rating-call":   {ZH: "回访已记下。", EN: "The call was noted."},
	"rating-settle": {ZH: "已办结，评价的人可以看到答复。", EN: "Settled; who rated it can read the answer."},

	"batch-start":  {ZH: "已开始，在后台办理。可以离开这一页，办完会通知。", EN: "Started; it goes on by itself. You may leave this page, and are told when it is done."},
	"batch-pause":  {ZH: "已暂停。已办的不变，随时可以继续。", EN: "Paused. What was made stays; it can be resumed at any time."},
	"batch-resume": {ZH: "已继续。", EN: "Resumed."},
	"batch-end":    {ZH: "已结束，不再办理。", EN: "Ended; nothing more is made."},

	"key-suspend":    {ZH: "密钥已中止，不能再用它签发。", EN: "The key is suspended and signs nothing."},
	"key-lift":       {ZH: "已提出，等另一位管理员确认。", EN: "Proposed; another administrator has to confirm it."},
	"key-rotate":     {ZH: "已提出，等另一位管理员确认。", EN: "Proposed; another administrator has to confirm it."},
	"key-compromise": {ZH: "密钥已中止；宣布泄露等另一位管理员确认。", EN: "The key is suspended; another administrator has to confirm that it was compromised."},
	"key-confirm":    {ZH: "已生效。", EN: "It has taken effect."},
	"key-decline":    {ZH: "已否决。", EN: "Declined."},
	"face-added":     {ZH: "字体已添加，现在就能用；等这个字的经办人已收到通知。", EN: "The face was added and is in use; the clerks who waited for it were told."},

	"message-hurried": {ZH: "等待中的消息正在重试。", EN: "What waits is being tried now."},
	"case-held":       {ZH: "已保全，到期前什么也不会销毁。", EN: "It is held: nothing of it is erased until that day."},
	"hold-ended":      {ZH: "已解除保全。", EN: "The hold has ended."},
	"message-trial":   {ZH: "已交给网关发送，请看看是否收到；没收到，原因会出现在下面。", EN: "On its way: see whether it arrives. If it does not, the reason will stand below."},

	"design-send":     {ZH: "已送审，等另一位管理员核对发布。", EN: "Sent; another administrator looks at it and publishes it."},
	"design-return":   {ZH: "已退回修改。", EN: "Returned to be mended."},
	"design-publish":  {ZH: "已发布，新办件即按这一版办理。", EN: "Published; new cases run on this version."},
	"design-withdraw": {ZH: "草案已撤回，现行模板不变。", EN: "Withdrawn; the template in force stays."},

	"imported":  {ZH: "已导入。", EN: "Imported."},
	"decided":   {ZH: "已作出调整；写明日期的到时自动执行。", EN: "Decided; what has a day of its own is carried out then."},
	"cancelled": {ZH: "已取消。", EN: "Cancelled."},
	"enabled":   {ZH: "账号已启用。", EN: "The account is enabled."},
	"voided":    {ZH: "编号已作废，将用新的编号签发。", EN: "The number is void; the certificate will be issued with a new one."},
}

// failed are those that say what was tried and did not come about.
var failed = map[string]yinzheng.Text{
	"failed-again": {ZH: "仍未成功，原因见下；系统会继续重试。", EN: "It failed again, for the reason below; it will be tried again."},
}

// draw writes a page of the staff.
func (s *server) draw(v *visit, status int, name string, title yinzheng.Text, view any) error {
	d := &desk{shell: s.shell(v.Request, title, view), Me: v.by, Live: s.pages.liveScript, here: v.URL.Path}
	d.Style, d.Script = s.pages.staffStyle, s.pages.staffScript
	if v.Method != http.MethodGet {
		d.Path = home(d.here)
	}
	d.Where, d.holds = s.posts(v.by)
	if v.by.ID != "" {
		tally, err := s.Service.Tally(v.Context(), v.by)
		if err != nil {
			return err
		}
		d.Counts = shownCounts(tally)
	}
	return s.show(v.w, status, name, d.Lang, d)
}

// posts names the offices in which somebody works, and the roles that they hold.
func (s *server) posts(by *yinzheng.Account) (where string, holds map[yinzheng.Role]bool) {
	var names []string
	seen := map[string]bool{}
	holds = map[yinzheng.Role]bool{}
	for _, role := range []yinzheng.Role{yinzheng.Clerk, yinzheng.Approver, yinzheng.Admin, yinzheng.Department} {
		by.Holds(role, s.Service.Now(), func(office string) bool {
			holds[role] = true
			if o := s.Service.Directory().Office(office); o != nil && !seen[office] {
				seen[office] = true
				names = append(names, o.Name)
			}
			return false
		})
	}
	return strings.Join(names, "、"), holds
}

// staffFail shows what went wrong and the way out.
func (s *server) staffFail(v *visit, err error) {
	if gone(v.Context(), err) {
		return
	}
	f := faultOf(err)
	if f.status >= http.StatusInternalServerError || v.Header.Get("Accept") == "application/json" {
		s.fail(v.w, v.Request, err)
		return
	}
	view := &messageView{Text: f.text, Fields: f.fields, Back: home(v.URL.Path), Name: yinzheng.Text{ZH: "回到工作台", EN: "Back to work"}}
	switch id := v.PathValue("id"); {
	case strings.HasPrefix(view.Back, "/work/admin"):
		view.Name = yinzheng.Text{ZH: "回到管理", EN: "Back to administration"}
	case strings.HasPrefix(v.URL.Path, "/work/requests/"):
		view.Back, view.Name = "/work?tab=requests", yinzheng.Text{ZH: "回到网上申请", EN: "Back to the requests"}
	case view.Back != "/work":
		view.Name = yinzheng.Text{ZH: "回到清单", EN: "Back to the list"}
	case id != "" && f.status != http.StatusNotFound:
		view.Back, view.Name = "/work/cases/"+id, yinzheng.Text{ZH: "看这件现在的样子", EN: "See the case as it is now"}
	}
	if err := s.draw(v, f.status, "staff-message", kinds[f.kind], view); err != nil {
		s.fail(v.w, v.Request, err)
	}
}

// messageView is a page that says what went wrong.
type messageView struct {
	Text   yinzheng.Text
	Fields []yinzheng.FieldError
	Back   string
	Name   yinzheng.Text // of where it leads back to
}

// home is the page from which somebody came to a page.
func home(path string) string {
	for i := len(sections) - 1; i >= 0; i-- { // the overview, which all begin with, last
		if x := sections[i].Path; path == x || strings.HasPrefix(path, x+"/") {
			return x
		}
	}
	switch {
	case strings.HasPrefix(path, "/work/campaigns"):
		return "/work/campaigns"
	case strings.HasPrefix(path, "/work/ratings"):
		return "/work/ratings"
	case strings.HasPrefix(path, "/work/inquiries"), strings.HasPrefix(path, "/work/inquiry-lists"):
		return "/work/inquiries"
	}
	return "/work"
}

// see sends the browser on after something was done.
func (v *visit) see(path, done string) error {
	if done != "" {
		joint := "?"
		if strings.Contains(path, "?") {
			joint = "&"
		}
		path += joint + "done=" + url.QueryEscape(done)
	}
	seeOther(v.w, path)
	return nil
}

// seeOther sends a browser to another page of ours.
func seeOther(w http.ResponseWriter, path string) {
	w.Header().Set("Location", path)
	w.WriteHeader(http.StatusSeeOther)
}
