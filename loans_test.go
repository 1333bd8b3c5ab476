package yinzheng_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"yinzheng"
)

// lend has somebody lend a post of theirs for half a year.
func (h *house) lend(from, to string, role yinzheng.Role, office string) *yinzheng.Delegation {
	h.t.Helper()
	d, err := h.Delegate(h.ctx, h.people[from], &yinzheng.Delegation{To: to, Office: office, Role: role, Begin: h.clock(), End: h.clock().AddDate(0, 6, 0)})
	must(h.t, err)
	return d
}

// TestWhoHasLeftActsForNobody: what was lent to somebody ends with their last
// post in that office and those above; what an administrator's act ended does not
// come to life again.
func TestWhoHasLeftActsForNobody(t *testing.T) {
	for name, leave := range map[string]func(h *house){
		"the post is ended": func(h *house) {
			_, err := h.EndPost(h.ctx, h.people["admin"], "second", h.version("second"), &yinzheng.Ending{Office: "district"})
			must(h.t, err)
		},
		"the post is handed over": func(h *house) {
			_, err := h.HandOver(h.ctx, h.people["admin"], "second", h.version("second"), &yinzheng.Handover{Office: "district", To: "town"})
			must(h.t, err)
		},
		"the post is ended in time": func(h *house) {
			_, err := h.EndPost(h.ctx, h.people["admin"], "second", h.version("second"), &yinzheng.Ending{Office: "district", At: h.clock().Add(time.Hour)})
			must(h.t, err)
			h.later(time.Hour)
		},
		"the post comes to its end": func(h *house) {
			h.change("second", func(a *yinzheng.Account) { a.Grants[0].To = h.clock() })
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			v := h.submitted("case")
			h.lend("district", "second", yinzheng.Approver, "district")
			leave(h)
			h.reread()
			if _, err := h.Decide(h.ctx, h.people["second"], v.ID, v.Version, yinzheng.Decision{Action: yinzheng.Approve}); !errors.Is(err, yinzheng.ErrNotFound) {
				t.Errorf("who has left decides: %v", err)
			}
			if name == "the post comes to its end" { // nobody ended anything
				return
			}
			_, err := h.Appoint(h.ctx, h.people["admin"], "second", h.version("second"), &yinzheng.Appointment{Office: "district", Role: yinzheng.Clerk})
			must(t, err)
			h.reread()
			if slices.ContainsFunc(h.people["second"].Grants, func(g yinzheng.Grant) bool { return g.For != "" && !h.clock().Before(g.From) && h.clock().Before(g.To) }) {
				t.Errorf("who came back as a clerk still stands in: %+v", h.people["second"].Grants)
			}
		})
	}
}

// TestLoanOutlastsOnePost: who leaves one post of several is still a colleague.
func TestLoanOutlastsOnePost(t *testing.T) {
	h := newHouse(t)
	h.add("both", 30, [2]string{"clerk", "town"}, [2]string{"clerk", "district"})
	d := h.lend("town", "both", yinzheng.Approver, "town")
	end := func(office string) {
		t.Helper()
		_, err := h.EndPost(h.ctx, h.people["admin"], "both", h.version("both"), &yinzheng.Ending{Office: office})
		must(t, err)
	}
	end("town")
	if kept, err := h.store.Delegation(h.ctx, d.ID); err != nil || !kept.End.Equal(d.End) {
		t.Errorf("ended, though they work at the office above: %+v %v", kept, err)
	}
	end("district")
	if kept, err := h.store.Delegation(h.ctx, d.ID); err != nil || !kept.End.Equal(h.clock()) {
		t.Errorf("not ended: %+v %v", kept, err)
	}
}

// TestEndingLoans: who made a loan ends it, and so do the administrators of its
// office, who see it with both names; for others it does not exist.
func TestEndingLoans(t *testing.T) {
	h := peopled(t)
	for who, want := range map[string]error{
		"town": nil, "town-admin": nil, "admin": nil,
		"deputy": yinzheng.ErrNotFound, // an administrator's post that is only lent
		"second": yinzheng.ErrNotFound, "clerk": yinzheng.ErrNotFound, "abroad-admin": yinzheng.ErrNotFound,
	} {
		d := h.lend("town", "second", yinzheng.Approver, "town")
		if err := h.EndDelegation(h.ctx, h.people[who], d.ID); !errors.Is(err, want) {
			t.Errorf("%s ends it: %v, want %v", who, err, want)
		}
		kept, err := h.store.Delegation(h.ctx, d.ID)
		must(t, err)
		if kept.End.Equal(h.clock()) != (want == nil) {
			t.Errorf("%s: it ends %v", who, kept.End)
		}
	}
	for who, want := range map[string]error{"town-admin": nil, "admin": nil, "abroad-admin": yinzheng.ErrNotFound, "town": yinzheng.ErrForbidden, "deputy": yinzheng.ErrForbidden} {
		list, err := h.DelegationsOf(h.ctx, h.people[who], "town")
		if !errors.Is(err, want) || err == nil && (len(list) != 7 || list[0].FromName != "某town" || list[0].ToName != "某second") {
			t.Errorf("%s lists %+v: %v, want %v", who, list, err, want)
		}
	}
	ended := h.lend("town", "second", yinzheng.Approver, "town")
	must(t, h.EndDelegation(h.ctx, h.people["town"], ended.ID))
	at := h.clock()
	h.later(time.Hour)
	must(t, h.EndDelegation(h.ctx, h.people["town"], ended.ID))
	if kept, err := h.store.Delegation(h.ctx, ended.ID); err != nil || !kept.End.Equal(at) {
		t.Errorf("what had ended ends again: %+v %v", kept, err)
	}
}
