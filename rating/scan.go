package rating

import (
	"context"
	"errors"
	"slices"

	"yinzheng"
)

// Scan reminds those who follow bad ratings up as the last working day of a limit
// begins, and past it lets the office above work on them, too. It may run in
// several processes and be cut off at any moment.
func (q *Ratings) Scan(ctx context.Context) error {
	tried := map[string]bool{}
	for {
		// What cannot be moved still is due; it must not hide what comes after it.
		ids, err := q.Store.NextRatings(ctx, q.now(), maxLines+len(tried))
		if err != nil {
			return err
		}
		if ids = slices.DeleteFunc(ids, func(id string) bool { return tried[id] }); len(ids) == 0 {
			return nil
		}
		for _, id := range ids {
			tried[id] = true
			if err := q.move(ctx, id); err != nil && !errors.Is(err, yinzheng.ErrConflict) {
				q.Log.Error("reminding of a rating", "case", id, "error", err)
			}
		}
	}
}

// move does what is due about a rating.
func (q *Ratings) move(ctx context.Context, id string) error {
	r, place, err := q.load(ctx, id)
	if err != nil {
		return err
	}
	now := q.now()
	if next := r.next(); next.IsZero() || now.Before(next) {
		return nil // another process did
	}
	d, err := q.Store.Directory(ctx)
	if err != nil {
		return err
	}
	a, kind := Act{Kind: Remind, At: now, By: yinzheng.SystemActor}, "rating-due-soon"
	if !now.Before(r.Due()) {
		a.Kind, kind = Escalate, "rating-overdue"
	}
	r = r.after(a)
	return q.keep(ctx, r, place.Contact, notices(r, kind, now, r.workers(d)))
}
