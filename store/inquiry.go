package store

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"time"

	"yinzheng"
)

var (
	lastInquiryAct   = query("SELECT coalesce(max(seq), 0) FROM inquiry_acts WHERE subject = $1")
	insertInquiryAct = query("INSERT INTO inquiry_acts (subject, seq, at, account, kind, content) VALUES ($1, $2, $3, $4, $5, $6)")
	inquiryActs      = query("SELECT seq, at, account, kind, content FROM inquiry_acts WHERE subject = $1 AND seq > $2 ORDER BY seq")
)

// AddInquiryAct implements yinzheng.InquiryActs.
func (s *Store) AddInquiryAct(ctx context.Context, a *yinzheng.InquiryAct) error {
	return s.write(ctx, "write an act on an inquiry", func(ctx context.Context, q querier) error {
		var last int
		if err := q.QueryRowContext(ctx, lastInquiryAct, a.Subject).Scan(&last); err != nil {
			return err
		}
		if a.Seq != last+1 {
			return conflict("已被他人更改，请重新读取后再操作", "Somebody else was faster; please read it again")
		}
		_, err := change(ctx, q, insertInquiryAct, a.Subject, a.Seq, micros(a.At), a.By, a.Kind, string(a.Content))
		return err
	})
}

// InquiryActs implements yinzheng.InquiryActs.
func (s *Store) InquiryActs(ctx context.Context, subject string, after int) ([]yinzheng.InquiryAct, error) {
	var acts []yinzheng.InquiryAct
	err := s.read(ctx, "read the acts on an inquiry", func(ctx context.Context, q querier) error {
		acts = nil
		return each(ctx, q, func(r *sql.Rows) error {
			a := yinzheng.InquiryAct{Subject: subject}
			err := r.Scan((*whole)(&a.Seq), (*moment)(&a.At), &a.By, &a.Kind, &a.Content)
			acts = append(acts, a)
			return err
		}, inquiryActs, subject, after)
	})
	return acts, err
}

const inquiryColumns = "SELECT key, id, list, row, kind, state, asker, role, account, office, signer, at, due, late FROM inquiries WHERE "

var (
	putInquiry = query(`INSERT INTO inquiries (id, list, row, kind, state, asker, role, account, office, signer, at, due, late)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (id) DO UPDATE SET
		state = excluded.state, office = excluded.office, signer = excluded.signer, due = excluded.due, late = excluded.late`)
	inquiriesAsked    = query(inquiryColumns + "list IS NULL AND asker = $1 AND role = $2 AND key < $3 ORDER BY key DESC LIMIT $4")
	inquiriesToAnswer = query(inquiryColumns + "state = 'asked' AND office = $1 AND key < $2 ORDER BY key DESC LIMIT $3")
	inquiriesToSign   = query(inquiryColumns + "state = 'answered' AND signer = $1 AND key < $2 ORDER BY key DESC LIMIT $3")
	inquiriesLate     = query(inquiryColumns + "state IN ('asked', 'answered') AND late = $1 AND key < $2 ORDER BY key DESC LIMIT $3")
	lateInquiries     = query("SELECT id FROM inquiries WHERE late IS NULL AND state IN ('asked', 'answered') AND due <= $1 ORDER BY due LIMIT $2")
	openInquiries     = query(inquiryColumns + "state IN ('asked', 'answered') AND key > $1 ORDER BY key LIMIT $2")
	openInquiriesOf   = query("SELECT count(*) FROM inquiries WHERE list = $1 AND state IN ('asked', 'answered')")
	askedSince        = query("SELECT count(*) FROM inquiries WHERE list IS NULL AND account = $1 AND at >= $2")
)

// PutInquiry implements yinzheng.InquiryPlaces.
func (s *Store) PutInquiry(ctx context.Context, p *yinzheng.InquiryPlace) error {
	return s.write(ctx, "write an inquiry", func(ctx context.Context, q querier) error {
		_, err := change(ctx, q, putInquiry, p.ID, optional(p.List), positive(p.Row), p.Kind, p.State, p.Asker, string(p.Role), p.Account, p.Office, p.Signer, micros(p.At), micros(p.Due), optional(p.Late))
		return err
	})
}

// InquiriesIn implements yinzheng.InquiryPlaces.
func (s *Store) InquiriesIn(ctx context.Context, box yinzheng.InquiryBox, office string, role yinzheng.Role, before int64, limit int) ([]yinzheng.InquiryPlace, error) {
	boxed, args := inquiriesAsked, []any{office}
	switch box {
	case yinzheng.InquiriesAsked:
		args = append(args, string(role))
	case yinzheng.InquiriesToAnswer:
		boxed = inquiriesToAnswer
	case yinzheng.InquiriesToSign:
		boxed = inquiriesToSign
	case yinzheng.InquiriesLate:
		boxed = inquiriesLate
	}
	return s.places(ctx, boxed, append(args, newest(before), limit)...)
}

// OpenInquiries implements yinzheng.InquiryPlaces.
func (s *Store) OpenInquiries(ctx context.Context, after int64, limit int) ([]yinzheng.InquiryPlace, error) {
	return s.places(ctx, openInquiries, after, limit)
}

func (s *Store) places(ctx context.Context, which string, args ...any) ([]yinzheng.InquiryPlace, error) {
	var places []yinzheng.InquiryPlace
	err := s.read(ctx, "list inquiries", func(ctx context.Context, q querier) error {
		places = nil
		return each(ctx, q, func(r *sql.Rows) error {
			var p yinzheng.InquiryPlace
			err := r.Scan(&p.Key, &p.ID, (*text)(&p.List), (*number)(&p.Row), &p.Kind, &p.State, &p.Asker, &p.Role, &p.Account, &p.Office, &p.Signer, (*moment)(&p.At), (*moment)(&p.Due), (*text)(&p.Late))
			places = append(places, p)
			return err
		}, which, args...)
	})
	return places, err
}

// newest is where a list begins that is read from a key on; 0: from its newest.
func newest(before int64) int64 {
	if before <= 0 {
		return math.MaxInt64
	}
	return before
}

// LateInquiries implements yinzheng.InquiryPlaces.
func (s *Store) LateInquiries(ctx context.Context, now time.Time, limit int) ([]string, error) {
	return s.ids(ctx, "list late inquiries", lateInquiries, micros(now), limit)
}

// OpenInquiriesOf implements yinzheng.InquiryPlaces.
func (s *Store) OpenInquiriesOf(ctx context.Context, list string) (int, error) {
	return s.count(ctx, "count a list's open inquiries", openInquiriesOf, list)
}

// AskedSince implements yinzheng.InquiryPlaces.
func (s *Store) AskedSince(ctx context.Context, account string, from time.Time) (int, error) {
	return s.count(ctx, "count inquiries", askedSince, account, micros(from))
}

// count reads one number.
func (s *Store) count(ctx context.Context, doing, text string, args ...any) (int, error) {
	var n int
	err := s.read(ctx, doing, func(ctx context.Context, q querier) error {
		return q.QueryRowContext(ctx, text, args...).Scan(&n)
	})
	return n, err
}

var (
	countInquiryReply  = query("SELECT count(*) FROM inquiry_replies WHERE id = $1")
	insertInquiryReply = query("INSERT INTO inquiry_replies (id, at, token, salt) VALUES ($1, $2, $3, $4)")
	selectInquiryReply = query("SELECT id, at, token, salt FROM inquiry_replies WHERE id = $1")
)

// AddInquiryReply implements yinzheng.InquiryReplies.
func (s *Store) AddInquiryReply(ctx context.Context, r *yinzheng.InquiryReply) error {
	return s.write(ctx, "write a reply", func(ctx context.Context, q querier) error {
		var there int
		if err := q.QueryRowContext(ctx, countInquiryReply, r.ID).Scan(&there); err != nil {
			return err
		}
		if there > 0 {
			return conflict("已有答复，请重新读取", "There is a reply already; please read it again")
		}
		_, err := change(ctx, q, insertInquiryReply, r.ID, micros(r.At), r.Token, r.Salt)
		return err
	})
}

// InquiryReply implements yinzheng.InquiryReplies.
func (s *Store) InquiryReply(ctx context.Context, id string) (*yinzheng.InquiryReply, error) {
	r := new(yinzheng.InquiryReply)
	err := s.read(ctx, "read a reply", func(ctx context.Context, q querier) error {
		err := q.QueryRowContext(ctx, selectInquiryReply, id).Scan(&r.ID, (*moment)(&r.At), &r.Token, &r.Salt)
		if errors.Is(err, sql.ErrNoRows) {
			return notFound("还没有答复", "There is no reply")
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

var (
	insertInquiryRoll = query("INSERT INTO inquiry_rolls (id, kind, at, account, office, title, as_of, digest, rows) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
	insertRollEntry   = query("INSERT INTO inquiry_roll_entries (roll, document, name) VALUES ($1, $2, $3)")
	newestInquiryRoll = query("SELECT id, kind, at, account, office, title, as_of, digest, rows FROM inquiry_rolls WHERE kind = $1 ORDER BY key DESC LIMIT 1")
	onInquiryRoll     = query("SELECT count(*) FROM inquiry_roll_entries WHERE roll = $1 AND document = $2 AND name = $3")
)

// AddInquiryRoll implements yinzheng.InquiryRolls.
func (s *Store) AddInquiryRoll(ctx context.Context, r *yinzheng.InquiryRoll, entries []yinzheng.RollEntry) error {
	return s.write(ctx, "write a roll", func(ctx context.Context, q querier) error {
		if _, err := change(ctx, q, insertInquiryRoll, r.ID, r.Kind, micros(r.At), r.By, r.Office, r.Title, r.AsOf, r.Digest, r.Rows); err != nil {
			return err
		}
		for _, e := range entries {
			if _, err := change(ctx, q, insertRollEntry, r.ID, e.Document, e.Name); err != nil {
				return err
			}
		}
		return nil
	})
}

// InquiryRoll implements yinzheng.InquiryRolls.
func (s *Store) InquiryRoll(ctx context.Context, kind string) (*yinzheng.InquiryRoll, error) {
	r := new(yinzheng.InquiryRoll)
	err := s.read(ctx, "read a roll", func(ctx context.Context, q querier) error {
		err := q.QueryRowContext(ctx, newestInquiryRoll, kind).Scan(&r.ID, &r.Kind, (*moment)(&r.At), &r.By, &r.Office, &r.Title, &r.AsOf, &r.Digest, (*whole)(&r.Rows))
		if errors.Is(err, sql.ErrNoRows) {
			return notFound("还没有导入名册", "There is no roll of this kind")
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// OnInquiryRoll implements yinzheng.InquiryRolls.
func (s *Store) OnInquiryRoll(ctx context.Context, roll string, e yinzheng.RollEntry) (bool, error) {
	n, err := s.count(ctx, "look a roll up", onInquiryRoll, roll, e.Document, e.Name)
	return n > 0, err
}
