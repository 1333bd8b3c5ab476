package store

import (
	"context"
	"database/sql"
	"time"

	"yinzheng"
)

const ratingColumns = "SELECT key, application, item, office, at, level, state, contact, due, next, version, erased FROM ratings WHERE "

var (
	insertRating = query("INSERT INTO ratings (application, item, office, at, level, state, contact, due, next, version) SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, 1 WHERE NOT EXISTS (SELECT 1 FROM ratings WHERE application = $1)")
	updateRating = query("UPDATE ratings SET at = $1, level = $2, state = $3, contact = $4, due = $5, next = $6, version = $7 WHERE application = $8 AND version = $7 - 1")
	ratingOf     = query(ratingColumns + "application = $1")
	openRatings  = query(ratingColumns + "due IS NOT NULL AND key > $1 ORDER BY key LIMIT $2")
	nextRatings  = query("SELECT application FROM ratings WHERE next <= $1 ORDER BY next LIMIT $2")
	countRatings = query("SELECT office, level, count(*) FROM ratings WHERE at >= $1 AND at < $2 GROUP BY office, level ORDER BY office, level")

	insertRatingAct = query("INSERT INTO rating_acts (application, seq, at, account, kind, content) VALUES ($1, $2, $3, $4, $5, $6)")
	ratingActs      = query("SELECT seq, at, account, kind, content FROM rating_acts WHERE application = $1 ORDER BY seq")
)

// PutRating implements yinzheng.Ratings.
func (s *Store) PutRating(ctx context.Context, r *yinzheng.Rating, a *yinzheng.RatingAct) error {
	return s.write(ctx, "write a rating", func(ctx context.Context, q querier) error {
		var n int64
		var err error
		if r.Version == 1 {
			n, err = change(ctx, q, insertRating, r.Application, r.Item, r.Office, micros(r.At), r.Level, optional(r.State), optional(r.Contact), micros(r.Due), micros(r.Next))
		} else {
			n, err = change(ctx, q, updateRating, micros(r.At), r.Level, optional(r.State), optional(r.Contact), micros(r.Due), micros(r.Next), r.Version, r.Application)
		}
		if err == nil && n == 0 {
			err = conflict("已被他人更改，请重新读取后再操作", "Somebody else was faster; please read it again")
		}
		if err != nil {
			return err
		}
		_, err = change(ctx, q, insertRatingAct, a.Application, a.Seq, micros(a.At), a.By, a.Kind, string(a.Content))
		return err
	})
}

// Rating implements yinzheng.Ratings.
func (s *Store) Rating(ctx context.Context, application string) (*yinzheng.Rating, error) {
	list, err := s.ratings(ctx, ratingOf, application)
	if err == nil && len(list) == 0 {
		err = notFound("没有这个评价", "There is no such rating")
	}
	if err != nil {
		return nil, err
	}
	return &list[0], nil
}

// OpenRatings implements yinzheng.Ratings.
func (s *Store) OpenRatings(ctx context.Context, after int64, limit int) ([]yinzheng.Rating, error) {
	return s.ratings(ctx, openRatings, after, limit)
}

func (s *Store) ratings(ctx context.Context, which string, args ...any) ([]yinzheng.Rating, error) {
	var list []yinzheng.Rating
	err := s.read(ctx, "read ratings", func(ctx context.Context, q querier) error {
		list = nil
		return each(ctx, q, func(r *sql.Rows) error {
			var x yinzheng.Rating
			err := r.Scan(&x.Key, &x.Application, &x.Item, &x.Office, (*moment)(&x.At), (*whole)(&x.Level), (*text)(&x.State), (*text)(&x.Contact), (*moment)(&x.Due), (*moment)(&x.Next), (*whole)(&x.Version), &x.Erased)
			list = append(list, x)
			return err
		}, which, args...)
	})
	return list, err
}

// NextRatings implements yinzheng.Ratings.
func (s *Store) NextRatings(ctx context.Context, now time.Time, limit int) ([]string, error) {
	return s.ids(ctx, "list the ratings to look at", nextRatings, micros(now), limit)
}

// RatingActs implements yinzheng.Ratings.
func (s *Store) RatingActs(ctx context.Context, application string) ([]yinzheng.RatingAct, error) {
	var acts []yinzheng.RatingAct
	err := s.read(ctx, "read the acts on a rating", func(ctx context.Context, q querier) error {
		acts = nil
		return each(ctx, q, func(r *sql.Rows) error {
			a := yinzheng.RatingAct{Application: application}
			err := r.Scan((*whole)(&a.Seq), (*moment)(&a.At), &a.By, &a.Kind, &a.Content)
			acts = append(acts, a)
			return err
		}, ratingActs, application)
	})
	return acts, err
}

// CountRatings implements yinzheng.Ratings.
func (s *Store) CountRatings(ctx context.Context, from, to time.Time) ([]yinzheng.RatingCount, error) {
	var list []yinzheng.RatingCount
	err := s.read(ctx, "count ratings", func(ctx context.Context, q querier) error {
		list = nil
		return each(ctx, q, func(r *sql.Rows) error {
			var c yinzheng.RatingCount
			err := r.Scan(&c.Office, (*whole)(&c.Level), (*whole)(&c.Count))
			list = append(list, c)
			return err
		}, countRatings, micros(from), micros(to))
	})
	return list, err
}
