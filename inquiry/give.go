package inquiry

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"yinzheng"
)

// rules reads what may be asked, and by whom.
func (q *Inquiries) rules(ctx context.Context) (*rules, error) {
	acts, err := q.Store.InquiryActs(ctx, yinzheng.InquiryRules, 0)
	if err != nil {
		return nil, err
	}
	return foldRules(acts)
}

// changeRules decides a change of the rules and keeps it. Administrators of a
// topmost office may.
func (q *Inquiries) changeRules(ctx context.Context, by *yinzheng.Account, kind string, decide func(*rules, *yinzheng.Directory, time.Time) (*rule, error)) error {
	now := q.now()
	d, err := q.Store.Directory(ctx)
	if err != nil {
		return err
	}
	if _, err := d.Runs(by, now); err != nil {
		return err
	}
	r, err := q.rules(ctx)
	if err != nil {
		return err
	}
	x, err := decide(r, d, now)
	if err != nil {
		return err
	}
	content, err := json.Marshal(x)
	if err != nil {
		return err
	}
	return q.Store.Tx(ctx, func(ctx context.Context) error {
		return q.keepContent(ctx, &yinzheng.InquiryAct{Subject: yinzheng.InquiryRules, Seq: r.seq + 1, At: now, By: by.ID, Kind: kind, Content: content})
	})
}

// PutKind adds a kind of question, or replaces it for what is asked from now on.
// Errors: ErrForbidden, ErrInvalid, ErrConflict.
func (q *Inquiries) PutKind(ctx context.Context, by *yinzheng.Account, k Kind) (*Kind, error) {
	err := q.changeRules(ctx, by, "kind", func(_ *rules, d *yinzheng.Directory, _ time.Time) (*rule, error) {
		return &rule{Kind: &k}, k.check(d)
	})
	return &k, err
}

// Kinds lists the kinds of question, by code.
func (q *Inquiries) Kinds(ctx context.Context) ([]*Kind, error) {
	r, err := q.rules(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]*Kind, 0, len(r.kinds))
	for _, k := range r.kinds {
		out = append(out, k)
	}
	slices.SortFunc(out, func(a, b *Kind) int { return strings.Compare(a.Code, b.Code) })
	return out, nil
}

// GiveRight lets an office ask. Errors: ErrForbidden, ErrInvalid, ErrConflict.
func (q *Inquiries) GiveRight(ctx context.Context, by *yinzheng.Account, x Right) (*Right, error) {
	var err error
	if x.ID, err = q.newID(); err != nil {
		return nil, err
	}
	err = q.changeRules(ctx, by, "right", func(r *rules, d *yinzheng.Directory, now time.Time) (*rule, error) {
		return &rule{Right: &x}, x.check(d, r.kinds, now)
	})
	return &x, err
}

// EndRight ends a right now. What was asked under it is still replied to. Errors:
// ErrForbidden, ErrNotFound, ErrState for one that has ended, ErrConflict.
func (q *Inquiries) EndRight(ctx context.Context, by *yinzheng.Account, id string) error {
	return q.changeRules(ctx, by, "end-right", func(r *rules, _ *yinzheng.Directory, now time.Time) (*rule, error) {
		switch x := r.right(id); {
		case x == nil:
			return nil, &yinzheng.Error{Kind: yinzheng.ErrNotFound, Text: yinzheng.Text{ZH: "没有这项协查权限", EN: "There is no such right"}}
		case !x.To.IsZero() && !x.To.After(now):
			return nil, wrongState("这项权限已经结束", "This right has ended already")
		}
		return &rule{End: id, At: now}, nil
	})
}

// Rights lists every right ever given, for administrators of a topmost office.
// Errors: ErrForbidden.
func (q *Inquiries) Rights(ctx context.Context, by *yinzheng.Account) ([]*Right, error) {
	d, err := q.Store.Directory(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := d.Runs(by, q.now()); err != nil {
		return nil, err
	}
	r, err := q.rules(ctx)
	if err != nil {
		return nil, err
	}
	return append([]*Right{}, r.rights...), nil
}
