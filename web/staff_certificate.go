package web

import (
	"crypto/rand"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"yinzheng"
)

// certificatePageView is a certificate after it was issued: its status, and what
// may be done with it.
type certificatePageView struct {
	Case   string
	Cert   *yinzheng.CertificateView
	Book   *yinzheng.CopyBook
	Since  string
	Reason yinzheng.Text
	May    []actView
	Why    map[string]yinzheng.Text
	Key    string // idempotency key of whatever is begun here
	Faults []yinzheng.FieldError
	Tried  string // the act whose form was sent
	Form   map[string]string
}

// actView is one thing that may be done, with its form.
type actView struct {
	Kind    yinzheng.ActionKind
	Name    yinzheng.Text
	Means   yinzheng.Text
	Reasons []reasonView
	Words   bool // an opinion is needed
	ID      idView
}

type reasonView struct {
	Code string
	Text yinzheng.Text
}

// acts are what a certificate's page offers, in its order.
var acts = []actView{
	{Kind: yinzheng.ToCopy, Name: yinzheng.Text{ZH: "登记领取副本", EN: "Hand out copies"}, Means: yinzheng.Text{ZH: "打印后登记谁领走几份、作什么用。", EN: "After printing: who takes how many, and what for."}},
	{Kind: yinzheng.ToCorrect, Name: yinzheng.Text{ZH: "更正", EN: "Correct"}},
	{Kind: yinzheng.Reissue, Name: yinzheng.Text{ZH: "补发", EN: "Issue again"}, Means: yinzheng.Text{ZH: "内容不变，马上签发新的一份，这一份即被替代。", EN: "The same content is issued at once in a new certificate, which replaces this one."}, Words: true},
	{Kind: yinzheng.Suspend, Name: yinzheng.Text{ZH: "中止", EN: "Suspend"}, Means: yinzheng.Text{ZH: "马上生效，核验时显示已中止；查清后可以恢复。", EN: "Takes effect at once and shows to verifiers; it can be lifted."}, Words: true},
	{Kind: yinzheng.Lift, Name: yinzheng.Text{ZH: "恢复", EN: "Lift the suspension"}, Means: yinzheng.Text{ZH: "恢复为有效。", EN: "The certificate is valid again."}, Words: true},
	{Kind: yinzheng.ProposeRevocation, Name: yinzheng.Text{ZH: "提议撤销", EN: "Propose a revocation"}, Means: yinzheng.Text{ZH: "马上中止；由另一位审批人确认后撤销，撤销后不能恢复。", EN: "Suspends at once; another approver confirms it. A revocation cannot be taken back."}, Words: true},
	{Kind: yinzheng.Revoke, Name: yinzheng.Text{ZH: "确认撤销", EN: "Confirm the revocation"}, Means: yinzheng.Text{ZH: "永久失效，不能恢复。", EN: "Ends it for good."}, Words: true},
	{Kind: yinzheng.DeclineRevocation, Name: yinzheng.Text{ZH: "否决撤销", EN: "Decline the revocation"}, Means: yinzheng.Text{ZH: "撤销提议作废。", EN: "The proposal is dropped."}, Words: true},
}

// certificateOf is the certificate of the case in the path.
func (s *server) certificateOf(v *visit) (*yinzheng.CertificateView, error) {
	c, err := s.Service.Application(v.Context(), v.by, v.PathValue("id"))
	if err != nil {
		return nil, err
	}
	if c.Certificate == nil {
		return nil, &yinzheng.Error{Kind: yinzheng.ErrNotFound, Text: yinzheng.Text{ZH: "这件还没有签发证明", EN: "No certificate was issued for this case yet"}}
	}
	return s.Service.Certificate(v.Context(), v.by, c.Certificate.Code)
}

func (s *server) certificatePage(v *visit) error {
	cert, err := s.certificateOf(v)
	if err != nil {
		return err
	}
	return s.drawCertificate(v, http.StatusOK, cert, &certificatePageView{})
}

func (s *server) drawCertificate(v *visit, status int, cert *yinzheng.CertificateView, view *certificatePageView) error {
	book, err := s.Service.CopyBook(v.Context(), v.by, cert.Code)
	if err != nil {
		return err
	}
	view.Case, view.Cert, view.Book, view.Key = v.PathValue("id"), cert, book, rand.Text()
	view.Since, view.Reason, view.Why = minute(cert.StatusSince, language(v.Request)), yinzheng.Reasons[cert.Reason], map[string]yinzheng.Text{}
	permits := map[yinzheng.ActionKind]yinzheng.Permit{}
	for _, p := range cert.May {
		permits[p.Action] = p
	}
	for _, a := range acts {
		p, possible := permits[a.Kind]
		switch {
		case !possible:
		case p.Why != nil:
			view.Why[a.Name.In(language(v.Request))] = *p.Why
		default:
			for _, code := range yinzheng.ReasonsFor(a.Kind) {
				a.Reasons = append(a.Reasons, reasonView{code, yinzheng.Reasons[code]})
			}
			a.ID = idView{Path: "collector", Types: idTypes, Type: yinzheng.ResidentID}
			view.May = append(view.May, a)
		}
	}
	return s.draw(v, status, "staff-certificate", yinzheng.Text{ZH: "电子证明", EN: "Certificate"}, view)
}

// actForm does one thing with the certificate.
func (s *server) actForm(v *visit) error {
	cert, err := s.certificateOf(v)
	if err != nil {
		return err
	}
	kind, form := yinzheng.ActionKind(v.PostForm.Get("act")), v.PostForm
	next, err := s.doAct(v, cert, kind)
	var e *yinzheng.Error
	if errors.As(err, &e) && len(e.Fields) > 0 && errors.Is(err, yinzheng.ErrInvalid) {
		view := &certificatePageView{Faults: e.Fields, Tried: string(kind), Form: map[string]string{}}
		for _, name := range []string{"reason", "opinion", "collector_name", "count", "purpose", "collector"} {
			view.Form[name] = form.Get(name)
		}
		return s.drawCertificate(v, http.StatusUnprocessableEntity, cert, view)
	}
	if err != nil {
		return err
	}
	return v.see(next, "acted")
}

// doAct returns the page to show next.
func (s *server) doAct(v *visit, cert *yinzheng.CertificateView, kind yinzheng.ActionKind) (next string, err error) {
	form, here := v.PostForm, "/work/cases/"+v.PathValue("id")+"/certificate"
	reason, opinion, key := form.Get("reason"), strings.TrimSpace(form.Get("opinion")), form.Get("key")
	switch kind {
	case yinzheng.ToCopy:
		count, bad := strconv.Atoi(strings.TrimSpace(form.Get("count")))
		if bad != nil {
			count = 0
		}
		in := &yinzheng.CopiesTaken{Collector: yinzheng.Collector{Name: form.Get("collector_name"), ID: yinzheng.ID{Type: form.Get("collector.type"), Number: form.Get("collector"), Reason: form.Get("collector.reason")}}, Count: count, Purpose: form.Get("purpose")}
		_, _, err = s.Service.HandOutCopies(v.Context(), v.by, cert.Code, in, key)
		return here, err
	case yinzheng.Reissue:
		c, _, err := s.Service.Reissue(v.Context(), v.by, cert.Code, &yinzheng.Reissuing{Reason: reason, Opinion: opinion}, key)
		if err != nil {
			return "", err
		}
		return "/work/cases/" + c.ID, nil
	}
	a := yinzheng.Act{Kind: kind, Reason: reason, Opinion: opinion}
	if cert.Revocation != nil {
		a.Proposal = cert.Revocation.ID
	}
	_, err = s.Service.ActOn(v.Context(), v.by, cert.Code, a)
	return here, err
}

// correctionView is the form of a correction: the values as they were issued.
type correctionView struct {
	Case            string
	Fields          []fieldView
	Reasons         []reasonView
	Reason, Opinion string
	Key             string
	Faults          []yinzheng.FieldError
}

func (s *server) correctPage(v *visit) error {
	c, err := s.Service.Application(v.Context(), v.by, v.PathValue("id"))
	if err != nil {
		return err
	}
	return s.drawCorrection(v, http.StatusOK, c, c.Values, &correctionView{})
}

func (s *server) drawCorrection(v *visit, status int, c *yinzheng.CaseView, values map[string]any, view *correctionView) error {
	t, err := s.Service.Template(c.Item) // a correction runs on the newest version
	if err != nil {
		return err
	}
	view.Case, view.Key, view.Fields = c.ID, rand.Text(), fieldViews("values", t.Fields, values, view.Faults, nil)
	for _, code := range yinzheng.ReasonsFor(yinzheng.ToCorrect) {
		view.Reasons = append(view.Reasons, reasonView{code, yinzheng.Reasons[code]})
	}
	return s.draw(v, status, "staff-correct", yinzheng.Text{ZH: "更正证明", EN: "Correct a certificate"}, view)
}

// correctForm starts the case of a correction and shows it for checking.
func (s *server) correctForm(v *visit) error {
	c, err := s.Service.Application(v.Context(), v.by, v.PathValue("id"))
	if err != nil {
		return err
	}
	cert, err := s.certificateOf(v)
	if err != nil {
		return err
	}
	t, err := s.Service.Template(c.Item)
	if err != nil {
		return err
	}
	values := readPatch(v.PostForm, t).Values
	in := &yinzheng.Correction{Reason: v.PostForm.Get("reason"), Opinion: v.PostForm.Get("opinion"), Values: values}
	begun, _, err := s.Service.Correct(v.Context(), v.by, cert.Code, in, v.PostForm.Get("key"))
	var e *yinzheng.Error
	if errors.As(err, &e) && len(e.Fields) > 0 && errors.Is(err, yinzheng.ErrInvalid) {
		return s.drawCorrection(v, http.StatusUnprocessableEntity, c, values, &correctionView{Reason: in.Reason, Opinion: in.Opinion, Faults: e.Fields})
	}
	if err != nil {
		return err
	}
	return v.see("/work/cases/"+begun.ID+"/check", "")
}
