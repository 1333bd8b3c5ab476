package web

import (
	"net/http"
	"slices"
	"strings"

	"yinzheng"
)

// retentionView is what administrators see of what is erased in time.
type retentionView struct {
	*yinzheng.RetentionView
	Reasons []yinzheng.Option
	Faults  []yinzheng.FieldError
	Form    holdForm
}

// Wrong tells whether a field of the form was refused.
func (v *retentionView) Wrong(field string) bool {
	return slices.ContainsFunc(v.Faults, func(f yinzheng.FieldError) bool { return f.Field == field })
}

// holdForm is a case to be held, as it was sent.
type holdForm struct{ Case, Reason, Until string }

// Rule names a retention rule.
func (d *desk) Rule(key string) string {
	if r := yinzheng.RetentionRuleOf(key); r != nil {
		return d.T(r.What)
	}
	return key
}

// Tallied tells in words what a round has erased, as its event has it.
func (d *desk) Tallied(detail string) []string {
	var out []string
	for part := range strings.SplitSeq(detail, ", ") {
		rule, n, _ := strings.Cut(part, " ")
		out = append(out, d.Rule(rule)+d.L("：", ": ")+n)
	}
	return out
}

func (s *server) retentionPage(v *visit) error {
	return s.drawRetention(v, http.StatusOK, &retentionView{})
}

func (s *server) drawRetention(v *visit, status int, view *retentionView) (err error) {
	view.Reasons = yinzheng.HoldReasons
	if view.RetentionView, err = s.Service.Retention(v.Context(), v.by); err != nil {
		return err
	}
	return s.draw(v, status, "admin-retention", yinzheng.Text{ZH: "保存期限与销毁", EN: "Retention"}, view)
}

// retentionForm holds a case, or ends a hold.
func (s *server) retentionForm(v *visit) error {
	f := holdForm{v.PostForm.Get("case"), v.PostForm.Get("reason"), v.PostForm.Get("until")}
	if v.PostForm.Get("act") == "end" {
		if err := s.Service.EndHold(v.Context(), v.by, f.Case); err != nil {
			return err
		}
		return v.see("/work/admin/retention", "hold-ended")
	}
	err := s.Service.HoldCase(v.Context(), v.by, f.Case, f.Reason, f.Until)
	if faults := faultsOf(err); faults != nil {
		return s.drawRetention(v, http.StatusUnprocessableEntity, &retentionView{Faults: faults, Form: f})
	}
	if err != nil {
		return err
	}
	return v.see("/work/admin/retention", "case-held")
}
