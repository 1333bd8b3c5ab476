package yinzheng

import (
	"errors"
	"reflect"
	"testing"
)

func TestRetainedBy(t *testing.T) {
	for _, tt := range []struct {
		done []ActionKind
		want string
	}{
		{[]ActionKind{Create}, RetainDrafts},
		{[]ActionKind{Create, Edit, Attach, Strand}, RetainDrafts},
		{[]ActionKind{Create, Submit}, ""},
		{[]ActionKind{Create, Submit, Return, Edit}, ""},
		{[]ActionKind{Create, Withdraw}, RetainWithdrawn},
		{[]ActionKind{Create, Submit, Return, Lapse}, RetainWithdrawn},
		{[]ActionKind{Create, Submit, Reject}, RetainRejected},
		{[]ActionKind{Create, Submit, Approve, Reserve, Moot}, RetainRejected},
		{[]ActionKind{Create, Submit, Approve, Reserve}, ""},
		{[]ActionKind{Create, Submit, Approve, Reserve, Issue}, ""},
		{[]ActionKind{Create, Attach, Detach, Submit, Approve, Reserve, Issue}, RetainFiles},
		{[]ActionKind{Create, Attach, Submit, Approve, Reserve, Issue, Revoke}, RetainFiles},
		{[]ActionKind{Create, Reissue, Reserve, Issue}, ""},
		{[]ActionKind{Create, Sample, Reserve}, ""},
		{[]ActionKind{Create, Erase}, ""},
		{[]ActionKind{Create, Attach, Submit, Approve, Issue, Erase, Revoke}, ""},
	} {
		if got := RetainedBy(tt.done); got != tt.want {
			t.Errorf("%v: %q, want %q", tt.done, got, tt.want)
		}
	}
}

// TestRulesOnlyLonger: an installation keeps things longer than the program, never less.
func TestRulesOnlyLonger(t *testing.T) {
	for _, tt := range []struct {
		longer map[string]int
		days   int // of drafts; 0: refused
	}{
		{nil, 90},
		{map[string]int{RetainDrafts: 90}, 90},
		{map[string]int{RetainDrafts: 400}, 400},
		{map[string]int{RetainDrafts: 89}, 0},
		{map[string]int{RetainDrafts: -1}, 0},
		{map[string]int{"certificates": 9999}, 0},
	} {
		rules, err := keepLonger(tt.longer)
		if (err == nil) != (tt.days > 0) || err == nil && rules[0].Days != tt.days {
			t.Errorf("%v: %v, %v", tt.longer, rules, err)
		}
	}
	for _, r := range retentionRules {
		if r.What.ZH == "" || r.What.EN == "" || r.Ground.ZH == "" || r.Ground.EN == "" || r.Days < 1 || RetentionRuleOf(r.Key).Key != r.Key {
			t.Errorf("%+v", r)
		}
	}
	if a, b := RetentionRuleOf(RetainDrafts).Term(), RetentionRuleOf(RetainRejected).Term(); a.ZH != "90 天" || b.EN != "5 years" {
		t.Error(a, b)
	}
}

// TestErase: what an erasure leaves is the same as it happens and read back, and holds
// nothing of anybody.
func TestErase(t *testing.T) {
	draft := newCase(t, "clerk", "village")
	for _, tt := range []struct {
		acts        []string
		rule, state string
	}{
		{nil, RetainDrafts, string(Withdrawn)},
		{[]string{"clerk:attach"}, RetainDrafts, string(Withdrawn)},
		{[]string{"clerk:attach", "clerk:submit", "town:return", "clerk:withdraw"}, RetainWithdrawn, string(Withdrawn)},
		{[]string{"clerk:submit", "town:attach", "town:approve", "district:reject"}, RetainRejected, string(Rejected)},
	} {
		c := draft.run(t, tt.acts...)
		last := c.Actions[len(c.Actions)-1].At
		if _, err := c.Erase(last, last); !errors.Is(err, ErrState) {
			t.Errorf("%v: touched lately: %v", tt.acts, err)
		}
		now := last.AddDate(9, 0, 0)
		a, err := c.Erase(now, now)
		if err != nil {
			t.Fatalf("%v: %v", tt.acts, err)
		}
		x := a.Erased()
		if x.Reason != tt.rule || string(a.State) != tt.state || x.By != SystemActor {
			t.Errorf("%v: %s by %s", tt.acts, a.State, x.Reason)
		}
		kept := make([]Action, len(a.Actions)) // as the store leaves them
		for i, x := range a.Actions {
			kept[i] = Action{Seq: x.Seq, At: x.At, Kind: x.Kind, By: x.By, Office: x.Office}
			if x.Kind == Erase {
				kept[i] = x
			}
		}
		b := Fold(a.ID, c.Template, kept)
		for _, pair := range [][2]any{{a.State, b.State}, {a.Version, b.Version}, {a.Office, b.Office}, {a.Division, b.Division}, {a.Values, b.Values}, {a.Applicant, b.Applicant}, {a.Holder, b.Holder}, {a.Next(), b.Next()}, {len(a.Attachments), len(b.Attachments)}} {
			if !reflect.DeepEqual(pair[0], pair[1]) {
				t.Errorf("%v: as it happens %v, read back %v", tt.acts, pair[0], pair[1])
			}
		}
		if m := marksOf(c.Template, b); m.Holder != "" || m.Number != "" || m.Document != "" || m.Name != "" || m.Residents != nil {
			t.Errorf("%v: found by %+v", tt.acts, m)
		}
		if _, err := (&Case{b, c.Template, c.Directory, c.Calendar}).Erase(now, now); !errors.Is(err, ErrState) {
			t.Errorf("%v: twice: %v", tt.acts, err)
		}
	}
}
