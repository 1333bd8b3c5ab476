package campaign

import (
	"slices"
	"time"

	"yinzheng"
)

// division is that of an office; "": there is no such office.
func (s *Campaigns) division(office string) string {
	d := s.Service.Directory()
	if o := d.Office(office); o != nil {
		return d.DivisionNow(o.Division)
	}
	return ""
}

// runs returns the grant by which somebody is an approver or an administrator of
// an office that ok accepts.
func runs(by *yinzheng.Account, now time.Time, ok func(office string) bool) (yinzheng.Grant, bool) {
	for _, role := range []yinzheng.Role{yinzheng.Approver, yinzheng.Admin} {
		if g, holds := by.Holds(role, now, ok); holds {
			return g, true
		}
	}
	return yinzheng.Grant{}, false
}

// MayStart tells whether somebody may start a campaign in the name of an office
// ("": some office of theirs); ErrForbidden.
func (s *Campaigns) MayStart(by *yinzheng.Account, office string) error {
	_, err := s.mayStart(by, office, s.now())
	return err
}

// mayStart returns the grant by which somebody starts a campaign in the name of
// an office ("": the first that suits).
func (s *Campaigns) mayStart(by *yinzheng.Account, office string, now time.Time) (yinzheng.Grant, error) {
	g, ok := runs(by, now, func(id string) bool {
		o := s.Service.Directory().Office(id)
		return o != nil && o.Successor == "" && o.Until.IsZero() && (office == "" || id == office)
	})
	if !ok {
		return g, refused(yinzheng.ErrForbidden, "只有该单位的审批人或系统管理员可以发起核验", "Only an approver or an administrator of the office may start a campaign")
	}
	return g, nil
}

// maySee tells whether a campaign exists for somebody: for the people of the
// offices in its area and of those above. ErrNotFound.
func (s *Campaigns) maySee(by *yinzheng.Account, c *Campaign) error {
	d := s.Service.Directory()
	for _, role := range []yinzheng.Role{yinzheng.Clerk, yinzheng.Approver, yinzheng.Admin} {
		if _, ok := by.Holds(role, s.now(), func(office string) bool {
			at := s.division(office)
			return at != "" && (d.Within(at, c.Division) || d.Within(c.Division, at))
		}); ok {
			return nil
		}
	}
	return refused(yinzheng.ErrNotFound, "没有这次核验", "There is no such campaign")
}

// mayAct returns the grant by which somebody does an act on a campaign, and
// whether they do it from an office above the one that started it: that may end
// or cancel one, which may keep another area from people who are on both lists.
// ErrForbidden.
func (s *Campaigns) mayAct(by *yinzheng.Account, c *Campaign, kind Kind, now time.Time) (g yinzheng.Grant, above bool, err error) {
	g, err = s.mayRun(by, c, now)
	if err == nil || kind == Make {
		return g, false, err
	}
	if over, ok := runs(by, now, func(office string) bool { return s.isAbove(office, c) }); ok {
		return over, true, nil
	}
	return g, false, refused(yinzheng.ErrForbidden, "只有发起单位或其上级单位的审批人、系统管理员可以这样做", "Only an approver or an administrator of the office that started it, or of one above, may do this")
}

// isAbove tells whether an office stands above a campaign's area.
func (s *Campaigns) isAbove(office string, c *Campaign) bool {
	at, d := s.division(office), s.Service.Directory()
	return at != "" && at != d.DivisionNow(c.Division) && d.Within(c.Division, at)
}

// CampaignPermit tells whether somebody may do something to a campaign as it stands now.
type CampaignPermit struct {
	Action   Kind           `json:"action"`
	Why      *yinzheng.Text `json:"why,omitempty"`      // why not; absent: they may
	Reasoned bool           `json:"reasoned,omitempty"` // only with a reason
}

// permits lists what may be done to a campaign, and which of that by this person;
// nothing once it is over.
func (s *Campaigns) permits(by *yinzheng.Account, c *Campaign) []CampaignPermit {
	var out []CampaignPermit
	if c.State != Running {
		return out
	}
	for _, kind := range []Kind{Make, End, Cancel} {
		_, above, err := s.mayAct(by, c, kind, s.now())
		out = append(out, CampaignPermit{Action: kind, Why: yinzheng.Why(err), Reasoned: needsReason(kind, above)})
	}
	return out
}

// mayRun returns the grant by which somebody of the office that started a
// campaign runs it; ErrForbidden.
func (s *Campaigns) mayRun(by *yinzheng.Account, c *Campaign, now time.Time) (yinzheng.Grant, error) {
	g, ok := runs(by, now, func(office string) bool { return office == s.Service.Directory().OfficeNow(c.Office) })
	if !ok {
		return g, refused(yinzheng.ErrForbidden, "只有发起单位的审批人或系统管理员可以这样做", "Only an approver or an administrator of the office that started it may do this")
	}
	return g, nil
}

// inCharge tells whether somebody holds one of some roles in an office in whose
// area a division lies.
func (s *Campaigns) inCharge(by *yinzheng.Account, division string, roles ...yinzheng.Role) bool {
	return slices.ContainsFunc(by.InForce(s.now()), func(g yinzheng.Grant) bool {
		return slices.Contains(roles, g.Role) && s.covers(g.Office, division)
	})
}

// covers tells whether a division lies in the area of an office.
func (s *Campaigns) covers(office, division string) bool {
	at := s.division(office)
	return at != "" && s.Service.Directory().Within(division, at)
}

// mayRead tells whether the people of a place are for somebody: for the clerks
// and approvers in charge of it.
func (s *Campaigns) mayRead(by *yinzheng.Account, division string) bool {
	return s.inCharge(by, division, yinzheng.Clerk, yinzheng.Approver)
}

// maySeeTo returns the grant by which somebody enters what was seen of a holder:
// a clerk of the village, or above, who is not the holder; of several, delegated
// ones among them, the first without an obstacle. Errors: ErrNotFound when the
// entry does not exist for them, ErrForbidden.
func (s *Campaigns) maySeeTo(by *yinzheng.Account, e *Entry, now time.Time) (yinzheng.Grant, error) {
	if !s.mayRead(by, e.Division) {
		return yinzheng.Grant{}, errNoEntry()
	}
	obstacle := refused(yinzheng.ErrForbidden, "只有该村（社区）或上级单位的经办人可以登记核验结果", "Only a clerk of the village, or of an office above it, may enter what was seen")
	for _, g := range by.InForce(now) {
		switch {
		case g.Role != yinzheng.Clerk || !s.covers(g.Office, e.Division):
		case e.isOf(by.Person) || e.isOf(g.ForID):
			obstacle = refused(yinzheng.ErrForbidden, "不能核验本人（或委托人本人），请由同事办理", "Nobody enters this of themselves, nor for who delegated to them; a colleague has to")
		default:
			return g, nil
		}
	}
	return yinzheng.Grant{}, obstacle
}

// isOf tells whether a person is the holder.
func (e *Entry) isOf(person yinzheng.ID) bool {
	key := yinzheng.ByDocument(person)
	return key.Value != "" && key == yinzheng.ByDocument(e.ID)
}

func errNoEntry() error {
	return refused(yinzheng.ErrNotFound, "名单中没有这一人", "There is no such entry on the roster")
}
