package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"yinzheng"
	"yinzheng/catalogue"
	"yinzheng/rating"
)

// The pages of administrators. Each shows what its administrator may do, asked
// of the domain; whoever is none meets the domain's refusal.

// adminRoutes lists their addresses.
func (s *server) adminRoutes() map[string]func(*visit) error {
	return map[string]func(*visit) error{
		"GET /work/admin":                                 s.overviewPage,
		"POST /work/admin/issuing":                        s.issuingForm,
		"GET /work/admin/start":                           s.setupPage,
		"POST /work/admin/start":                          s.sampleForm,
		"GET /work/admin/start/sample.png":                s.sampleCode,
		"GET /work/admin/start/sample.pdf":                s.samplePDF,
		"GET /work/admin/people":                          s.peoplePage,
		"POST /work/admin/people/find":                    s.findPeople,
		"GET /work/admin/people/new":                      s.accountPage,
		"POST /work/admin/people/new":                     s.accountForm,
		"GET /work/admin/people/{person}":                 s.personPage,
		"POST /work/admin/people/{person}":                s.personForm,
		"GET /work/admin/catalogue":                       s.cataloguePage,
		"GET /work/admin/catalogue/items/{code}":          s.itemPage,
		"POST /work/admin/catalogue/items/{code}/restore": s.restoreForm,
		"GET /work/admin/catalogue/draft":                 s.draftPage,
		"POST /work/admin/catalogue/draft":                s.draftForm,
		"GET /work/admin/catalogue/changes/{change}":      s.changePage,
		"POST /work/admin/catalogue/changes/{change}":     s.changeForm,
		"GET /work/admin/catalogue/import":                s.importItemsPage,
		"POST /work/admin/catalogue/import":               s.importItemsForm,
		"GET /work/admin/catalogue/report":                s.reportPage,
		"GET /work/admin/register":                        s.registerPage,
		"POST /work/admin/register":                       s.registerForm,
		"GET /work/admin/seals":                           s.sealsPage,
		"GET /work/admin/seals/{kid}":                     s.sealPage,
		"POST /work/admin/seals/{kid}":                    s.sealForm,
		"GET /work/admin/characters":                      s.missingPage,
		"POST /work/admin/characters":                     s.faceForm,
		"GET /work/admin/messages":                        s.messagesPage,
		"POST /work/admin/messages":                       s.messagesForm,
		"GET /work/admin/calendar":                        s.calendarPage,
		"POST /work/admin/calendar":                       s.calendarForm,
		"GET /work/admin/retention":                       s.retentionPage,
		"POST /work/admin/retention":                      s.retentionForm,
		"GET /work/admin/audit":                           s.auditPage,
		"POST /work/admin/audit":                          s.auditForm,
		"GET /work/admin/offices":                         s.treePage,
		"GET /work/admin/offices/{office}":                s.officePage,
		"POST /work/admin/offices/{office}":               s.officeForm,
		"GET /work/admin/offices/plans":                   s.plansPage,
		"POST /work/admin/offices/plans":                  s.cancelPlan,
		"GET /work/admin/offices/import":                  s.importTreePage,
		"POST /work/admin/offices/import":                 s.importTreeForm,
	}
}

// section is a part of the administrators' pages, as their tabs name it.
type section struct {
	Path string
	Name yinzheng.Text
	top  bool // for administrators of a topmost office only
}

var sections = []section{
	{"/work/admin", yinzheng.Text{ZH: "概况", EN: "Overview"}, false},
	{"/work/admin/people", yinzheng.Text{ZH: "人员", EN: "People"}, false},
	{"/work/admin/offices", yinzheng.Text{ZH: "机构", EN: "Offices"}, false},
	{"/work/admin/catalogue", yinzheng.Text{ZH: "目录", EN: "Catalogue"}, true},
	{"/work/admin/templates", yinzheng.Text{ZH: "模板", EN: "Templates"}, true},
	{"/work/admin/register", yinzheng.Text{ZH: "登记", EN: "Register"}, false},
	{"/work/admin/seals", yinzheng.Text{ZH: "印章", EN: "Seals"}, true},
	{"/work/admin/characters", yinzheng.Text{ZH: "缺字", EN: "Characters"}, true},
	{"/work/admin/messages", yinzheng.Text{ZH: "消息", EN: "Messages"}, true},
	{"/work/admin/calendar", yinzheng.Text{ZH: "日历", EN: "Calendar"}, true},
	{"/work/admin/retention", yinzheng.Text{ZH: "销毁", EN: "Retention"}, true},
	{"/work/admin/audit", yinzheng.Text{ZH: "审计", EN: "Audit"}, true},
}

// Sections are the tabs for whoever looks.
func (d *desk) Sections() []section {
	_, err := d.service.Directory().Runs(d.Me, d.service.Now())
	return slices.DeleteFunc(slices.Clone(sections), func(x section) bool { return x.top && err != nil })
}

// In tells whether the page belongs to a section.
func (d *desk) In(path string) bool {
	return d.here == path || path != "/work/admin" && strings.HasPrefix(d.here, path+"/")
}

// IsAdmin tells whether somebody is an administrator.
func (d *desk) IsAdmin() bool { return d.service.MayOperate(d.Me) == nil }

// stageNames are the stages of a change of the catalogue.
var stageNames = map[catalogue.Stage]yinzheng.Text{
	catalogue.Drafting:  {ZH: "起草", EN: "Draft"},
	catalogue.Reviewing: {ZH: "待审核", EN: "Under review"},
	catalogue.Reviewed:  {ZH: "已审核", EN: "Reviewed"},
	catalogue.Comments:  {ZH: "征求意见", EN: "Open for comments"},
	catalogue.Published: {ZH: "已发布", EN: "Published"},
	catalogue.Withdrawn: {ZH: "已撤回", EN: "Withdrawn"},
}

// StageName names a stage.
func (d *desk) StageName(x catalogue.Stage) string { return d.T(stageNames[x]) }

// overview is where an administrator begins: what waits for them, and how the
// system is.
type overview struct {
	Issuing  []yinzheng.WaitingCase
	Stranded []yinzheng.StrandedCase
	Plans    []yinzheng.ReorganisationView
	Changes  []catalogue.ChangeLine
	Keys     []*yinzheng.KeyView // of which something waits, or the end is near
	Missing  []yinzheng.MissingCharacter
	Designs  []designLine
	Ratings  []rating.OfficeCount
	Quarter  rating.Quarter // of Ratings
	Health   *health        // nil for whoever looks after a part only
	Faults   []yinzheng.FieldError
	Tried    string // the case whose number was to be void
	Reason   string
}

// health is how the system is.
type health struct {
	Ready bool
	Log   yinzheng.LogEntry
	Size  string
	Keys  int // that sign now
}

func (s *server) overviewPage(v *visit) error {
	return s.drawOverview(v, http.StatusOK, &overview{})
}

func (s *server) drawOverview(v *visit, status int, view *overview) error {
	var err error
	if view.Stranded, err = s.Service.StrandedCases(v.Context(), v.by); err != nil {
		return err
	}
	list, err := s.Service.TreeHistory(v.Context(), v.by, 0)
	if err != nil {
		return err
	}
	for _, r := range list {
		if x := r.View(); x.State == "planned" || x.State == "applied" {
			view.Plans = append(view.Plans, *x)
		}
	}
	now := s.Service.Now()
	view.Quarter = rating.LastQuarter(now)
	if view.Ratings, err = s.Ratings.Count(v.Context(), v.by, view.Quarter); err != nil {
		return err
	}
	if _, err := s.Service.Directory().Runs(v.by, now); err == nil {
		if err := s.lookAtAll(v, view); err != nil {
			return err
		}
	}
	return s.draw(v, status, "admin-overview", yinzheng.Text{ZH: "管理", EN: "Administration"}, view)
}

// lookAtAll adds what is everybody's.
func (s *server) lookAtAll(v *visit, view *overview) (err error) {
	if view.Issuing, err = s.Service.WaitingCases(v.Context(), v.by); err != nil {
		return err
	}
	changes, err := s.Catalogue.Changes(v.Context(), v.by)
	if err != nil {
		return err
	}
	view.Changes = slices.DeleteFunc(changes, func(c catalogue.ChangeLine) bool { return !underWay(c) })
	if view.Designs, _, err = s.designs(v); err != nil {
		return err
	}
	tasks, err := s.Service.CharacterTasks(v.Context(), v.by)
	if err != nil {
		return err
	}
	view.Missing = tasks.Open
	if view.Health, err = s.healthNow(v); err != nil {
		return err
	}
	return s.lookAtKeys(v, view)
}

// lookAtKeys counts the keys and finds those that somebody has to look after.
func (s *server) lookAtKeys(v *visit, view *overview) error {
	keys, err := s.Service.KeysInCare(v.Context(), v.by)
	for _, k := range keys {
		if k.InForce {
			view.Health.Keys++
		}
		if k.Proposal != nil || k.DaysLeft != nil || k.State == yinzheng.KeySuspended {
			view.Keys = append(view.Keys, k)
		}
	}
	return err
}

func (s *server) healthNow(v *visit) (*health, error) {
	h := &health{Ready: true}
	if s.Ready != nil {
		ctx, cancel := context.WithTimeout(v.Context(), 3*time.Second)
		defer cancel()
		h.Ready = s.Ready(ctx) == nil
	}
	var err error
	if h.Log, err = s.Service.LogHead(v.Context(), v.by); err != nil {
		return nil, err
	}
	if s.Size != nil {
		n, err := s.Size(v.Context())
		if err != nil {
			return nil, err
		}
		h.Size = sizeText(n)
	}
	return h, nil
}

// issuingForm tries again to make a certificate, or gives its number up.
func (s *server) issuingForm(v *visit) error {
	id := v.PostForm.Get("case")
	if v.PostForm.Get("act") == "retry" {
		switch err := s.Service.RetryIssue(v.Context(), v.by, id); {
		case err == nil:
			return v.see("/work/admin", "issued")
		case slices.Contains([]int{http.StatusForbidden, http.StatusNotFound, http.StatusConflict}, faultOf(err).status):
			return err
		}
		return v.see("/work/admin", "failed-again") // why stands beside the case
	}
	err := s.Service.VoidIssue(v.Context(), v.by, id, v.PostForm.Get("reason"))
	if faults := faultsOf(err); faults != nil {
		return s.drawOverview(v, http.StatusUnprocessableEntity, &overview{Faults: faults, Tried: id, Reason: v.PostForm.Get("reason")})
	}
	if err != nil {
		return err
	}
	return v.see("/work/admin", "voided")
}

// faultsOf lists what is wrong with a form that the domain refuses; nil for any
// other error.
func faultsOf(err error) []yinzheng.FieldError {
	var e *yinzheng.Error
	if errors.As(err, &e) && errors.Is(err, yinzheng.ErrInvalid) {
		if len(e.Fields) == 0 {
			return []yinzheng.FieldError{{Field: "main", Text: e.Text}}
		}
		return e.Fields
	}
	return nil
}

// sizeText is a number of bytes for people.
func sizeText(n int64) string {
	return strconv.FormatFloat(float64(n)/(1<<20), 'f', 1, 64) + " MB"
}
