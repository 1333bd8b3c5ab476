package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"yinzheng"
)

const inquiryListColumns = "SELECT key, id, kind, state, asker, role, account, at, rows, worked, erased FROM inquiry_lists WHERE "

var (
	insertInquiryList = query("INSERT INTO inquiry_lists (id, kind, state, asker, role, account, at, rows, worked) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
	selectInquiryList = query(inquiryListColumns + "id = $1")
	inquiryListsOf    = query(inquiryListColumns + "asker = $1 AND role = $2 AND key < $3 ORDER BY key DESC LIMIT $4")
	inquiryListsIn    = query("SELECT id FROM inquiry_lists WHERE state = $1 ORDER BY key")
	moveInquiryList   = query("UPDATE inquiry_lists SET state = $1, worked = $2 WHERE id = $3 AND state = $4 AND worked = $5")
	rowsAskedSince    = query("SELECT coalesce(sum(rows), 0) FROM inquiry_lists WHERE asker = $1 AND at >= $2")

	insertInquiryRow = query("INSERT INTO inquiry_rows (list, row, content) VALUES ($1, $2, $3)")
	selectRows       = query("SELECT row, content, answer, found, source, as_of, inquiry FROM inquiry_rows WHERE list = $1 AND row > $2 ORDER BY row LIMIT $3")
	updateInquiryRow = query("UPDATE inquiry_rows SET answer = $1, found = $2, source = $3, as_of = $4, inquiry = $5 WHERE list = $6 AND row = $7 AND answer IS NULL")
	tallyInquiryRows = query(`SELECT count(CASE WHEN found = 'record' THEN 1 END), count(CASE WHEN answer IS NULL AND inquiry IS NOT NULL THEN 1 END),
		count(CASE WHEN found = 'people' AND answer = 'yes' THEN 1 END), count(CASE WHEN answer = 'no' THEN 1 END),
		count(CASE WHEN answer = 'cannot-say' THEN 1 END) FROM inquiry_rows WHERE list = $1`)
)

// AddInquiryList implements yinzheng.InquiryLists.
func (s *Store) AddInquiryList(ctx context.Context, l *yinzheng.InquiryList, rows []yinzheng.InquiryRow) error {
	return s.write(ctx, "write a list of inquiries", func(ctx context.Context, q querier) error {
		if _, err := change(ctx, q, insertInquiryList, l.ID, l.Kind, l.State, l.Asker, string(l.Role), l.Account, micros(l.At), l.Rows, l.Worked); err != nil {
			return err
		}
		for i := range rows {
			if _, err := change(ctx, q, insertInquiryRow, l.ID, rows[i].Row, string(rows[i].Content)); err != nil {
				return err
			}
		}
		return nil
	})
}

// InquiryList implements yinzheng.InquiryLists.
func (s *Store) InquiryList(ctx context.Context, id string) (*yinzheng.InquiryList, error) {
	var l *yinzheng.InquiryList
	err := s.read(ctx, "read a list of inquiries", func(ctx context.Context, q querier) error {
		var err error
		l, err = scanInquiryList(q.QueryRowContext(ctx, selectInquiryList, id))
		if errors.Is(err, sql.ErrNoRows) {
			return notFound("没有找到这份协查名单", "There is no such list")
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return l, nil
}

func scanInquiryList(r interface{ Scan(...any) error }) (*yinzheng.InquiryList, error) {
	l := new(yinzheng.InquiryList)
	err := r.Scan(&l.Key, &l.ID, &l.Kind, &l.State, &l.Asker, &l.Role, &l.Account, (*moment)(&l.At), (*whole)(&l.Rows), (*whole)(&l.Worked), &l.Erased)
	return l, err
}

// MoveInquiryList implements yinzheng.InquiryLists.
func (s *Store) MoveInquiryList(ctx context.Context, l *yinzheng.InquiryList, state string, worked int) error {
	return s.write(ctx, "move a list of inquiries on", func(ctx context.Context, q querier) error {
		n, err := change(ctx, q, moveInquiryList, state, worked, l.ID, l.State, l.Worked)
		if err == nil && n == 0 {
			err = conflict("名单的办理已有进展，请重新读取", "The list has moved on; please read it again")
		}
		return err
	})
}

// InquiryListsOf implements yinzheng.InquiryLists.
func (s *Store) InquiryListsOf(ctx context.Context, asker string, role yinzheng.Role, before int64, limit int) ([]yinzheng.InquiryList, error) {
	var lists []yinzheng.InquiryList
	err := s.read(ctx, "list lists of inquiries", func(ctx context.Context, q querier) error {
		lists = nil
		return each(ctx, q, func(r *sql.Rows) error {
			l, err := scanInquiryList(r)
			lists = append(lists, *l)
			return err
		}, inquiryListsOf, asker, string(role), newest(before), limit)
	})
	return lists, err
}

// InquiryListsIn implements yinzheng.InquiryLists.
func (s *Store) InquiryListsIn(ctx context.Context, state string) ([]string, error) {
	return s.ids(ctx, "list lists of inquiries", inquiryListsIn, state)
}

// InquiryRows implements yinzheng.InquiryLists.
func (s *Store) InquiryRows(ctx context.Context, list string, after, limit int) ([]yinzheng.InquiryRow, error) {
	var rows []yinzheng.InquiryRow
	err := s.read(ctx, "read rows of a list of inquiries", func(ctx context.Context, q querier) error {
		rows = nil
		return each(ctx, q, func(r *sql.Rows) error {
			var x yinzheng.InquiryRow
			err := r.Scan((*whole)(&x.Row), &x.Content, (*text)(&x.Answer), (*text)(&x.By), (*text)(&x.Source), (*text)(&x.AsOf), (*text)(&x.Inquiry))
			rows = append(rows, x)
			return err
		}, selectRows, list, after, limit)
	})
	return rows, err
}

// PutInquiryRow implements yinzheng.InquiryLists.
func (s *Store) PutInquiryRow(ctx context.Context, list string, r *yinzheng.InquiryRow) error {
	return s.write(ctx, "write a row of a list of inquiries", func(ctx context.Context, q querier) error {
		n, err := change(ctx, q, updateInquiryRow, optional(r.Answer), optional(r.By), optional(r.Source), optional(r.AsOf), optional(r.Inquiry), list, r.Row)
		if err == nil && n == 0 {
			err = conflict("这一行已有答复", "This row has an answer")
		}
		return err
	})
}

// TallyInquiryRows implements yinzheng.InquiryLists.
func (s *Store) TallyInquiryRows(ctx context.Context, list string) (t yinzheng.InquiryTally, err error) {
	err = s.read(ctx, "count the rows of a list of inquiries", func(ctx context.Context, q querier) error {
		return q.QueryRowContext(ctx, tallyInquiryRows, list).Scan((*whole)(&t.OnRecord), (*whole)(&t.Left), (*whole)(&t.Yes), (*whole)(&t.No), (*whole)(&t.CannotSay))
	})
	return t, err
}

// RowsAskedSince implements yinzheng.InquiryLists.
func (s *Store) RowsAskedSince(ctx context.Context, asker string, from time.Time) (int, error) {
	return s.count(ctx, "count the rows of lists of inquiries", rowsAskedSince, asker, micros(from))
}
