package inquiry

import (
	"context"
	"errors"
	"slices"

	"yinzheng"
)

// Overdue tells, once while they wait for the same, that inquiries are past their
// limit: one that is not answered comes to the office that signs, which may answer
// it, one that is not signed to the office above. It returns how many. It may run
// in several processes and be cut off at any moment.
func (q *Inquiries) Overdue(ctx context.Context) (int, error) {
	n, tried := 0, map[string]bool{}
	for {
		// What cannot be told of still is late; it must not hide what comes after it.
		ids, err := q.Store.LateInquiries(ctx, q.now(), maxLines+len(tried))
		if err != nil {
			return n, err
		}
		if ids = slices.DeleteFunc(ids, func(id string) bool { return tried[id] }); len(ids) == 0 {
			return n, nil
		}
		for _, id := range ids {
			tried[id] = true
			switch err := q.remind(ctx, id); {
			case err == nil:
				n++
			case !errors.Is(err, yinzheng.ErrConflict):
				q.Log.Error("telling that an inquiry is late", "inquiry", id, "error", err)
			}
		}
	}
}

func (q *Inquiries) remind(ctx context.Context, id string) error {
	i, err := q.load(ctx, id)
	if err != nil {
		return err
	}
	d, err := q.Store.Directory(ctx)
	if err != nil {
		return err
	}
	a, err := q.act(Act{Kind: Remind}, system, yinzheng.Grant{}, q.now())
	if err != nil {
		return err
	}
	return q.save(ctx, d, i.after(a), nil)
}
