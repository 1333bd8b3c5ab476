package inquiry

import (
	"context"
	"errors"
	"fmt"

	"yinzheng"
)

// Scan does what is due: has inquiries follow the office tree, takes lists on, tells
// of those past their limit. One that fails hides no other. It may run in several
// processes and be cut off at any moment.
func (q *Inquiries) Scan(ctx context.Context) error {
	followed := q.follow(ctx)
	_, worked := q.Work(ctx)
	_, told := q.Overdue(ctx)
	return errors.Join(followed, worked, told)
}

// follow lays the inquiries that wait to those who answer, sign and see to them
// now, whenever the office tree has changed: a village that comes to another town
// takes them along.
func (q *Inquiries) follow(ctx context.Context) error {
	d, err := q.Store.Directory(ctx)
	if err != nil || q.followed.Load() == d.Version {
		return err
	}
	for after := int64(0); ; {
		places, err := q.Store.OpenInquiries(ctx, after, batchRows)
		if err != nil {
			return err
		}
		if len(places) == 0 {
			break
		}
		for i := range places {
			if err := q.lay(ctx, d, &places[i]); err != nil {
				return fmt.Errorf("lay inquiry %s anew: %w", places[i].ID, err)
			}
		}
		after = places[len(places)-1].Key
	}
	q.followed.Store(d.Version)
	return nil
}

// lay puts an inquiry where it belongs now. One that nobody signs for any more
// stays where it is.
func (q *Inquiries) lay(ctx context.Context, d *yinzheng.Directory, was *yinzheng.InquiryPlace) error {
	return q.Store.Tx(ctx, func(ctx context.Context) error {
		i, err := q.load(ctx, was.ID)
		if err != nil || i.State != was.State {
			return err
		}
		r, ok := routeOf(d, &i.Asked.Kind, i.Asked.Place)
		if !ok {
			return nil
		}
		is := i.place(r)
		if is.Office == was.Office && is.Signer == was.Signer && is.Late == was.Late {
			return nil
		}
		if err := q.Store.PutInquiry(ctx, is); err != nil {
			return err
		}
		return q.Store.Notify(ctx, q.moved(i, was, is))
	})
}

// moved tells those whom an inquiry has come to.
func (q *Inquiries) moved(i *Inquiry, was, is *yinzheng.InquiryPlace) []yinzheng.Notice {
	var out []yinzheng.Notice
	now := q.now()
	switch {
	case i.State == StateAsked && is.Office != was.Office:
		out = notices(i, "inquiry-waiting", now, desk(is.Office, yinzheng.Clerk), desk(is.Office, yinzheng.Approver))
	case i.State == StateAnswered && is.Signer != was.Signer:
		out = notices(i, "inquiry-to-sign", now, desk(is.Signer, yinzheng.Approver))
	}
	if is.Late != was.Late && is.Late != "" {
		out = append(out, notices(i, "inquiry-late", now, desk(is.Late, yinzheng.Approver))...)
	}
	return out
}
