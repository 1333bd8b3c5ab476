package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"yinzheng"
)

const requestColumns = `SELECT id, version, state, item, template_version, resident, code, office, begun_at, changed_at, due_at, late, application, content FROM resident_requests WHERE `

var (
	insertResidentRequest = query(`INSERT INTO resident_requests (id, version, state, item, template_version, resident, code, office, begun_at, changed_at, due_at, late, application, content)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`)
	updateResidentRequest = query(`UPDATE resident_requests SET version = $1, state = $2, template_version = $3, resident = $4, code = $5, office = $6, changed_at = $7, due_at = $8, late = $9, application = $10, content = $11
		WHERE id = $12 AND version = $13`)
	insertRequestFile     = query("INSERT INTO request_files (request, digest) SELECT key, $1 FROM resident_requests WHERE id = $2 ON CONFLICT DO NOTHING")
	filesOfRequest        = query("SELECT f.digest FROM request_files f JOIN resident_requests r ON r.key = f.request WHERE r.id = $1")
	deleteRequestFiles    = query("DELETE FROM request_files WHERE request = (SELECT key FROM resident_requests WHERE id = $1)")
	selectResidentRequest = query(requestColumns + "id = $1")
	requestsBy            = query(requestColumns + "resident = $1 ORDER BY key DESC LIMIT $2")
	requestsAt            = query(requestColumns + "office = $1 AND state = $2 AND late >= $3 ORDER BY due_at, changed_at LIMIT $4")
	countRequests         = query("SELECT count(*) FROM (SELECT 1 FROM resident_requests WHERE office = $1 AND state = $2 AND late >= $3 LIMIT $4) AS some")
	requestOfCase         = query(requestColumns + "application = $1")
	lateRequests          = query("SELECT id FROM resident_requests WHERE state = 'sent' AND late = 0 AND due_at <= $1 ORDER BY due_at LIMIT $2")
	idleRequests          = query("SELECT id FROM resident_requests WHERE state = $1 AND changed_at < $2 AND content IS NOT NULL ORDER BY changed_at LIMIT $3")
	errRequestGone        = conflict("申请已被更改，请重新读取", "The request has changed; please read it again")
)

// PutRequest implements yinzheng.ResidentRequests.
func (s *Store) PutRequest(ctx context.Context, r *yinzheng.ResidentRequest) error {
	var code, content any
	if r.Code != [32]byte{} {
		code = r.Code[:]
	}
	if r.Content != nil {
		content = string(r.Content)
	}
	return s.write(ctx, "write a request", func(ctx context.Context, q querier) error {
		if r.Version == 0 {
			_, err := change(ctx, q, insertResidentRequest, r.ID, 1, string(r.State), r.Template.Code, r.Template.Version, optional(r.Resident), code, optional(r.Office),
				micros(r.Begun), micros(r.Changed), micros(r.Due), r.Late, optional(r.Case), content)
			if err != nil {
				return err
			}
			return putRequestFiles(ctx, q, r)
		}
		n, err := change(ctx, q, updateResidentRequest, r.Version+1, string(r.State), r.Template.Version, optional(r.Resident), code, optional(r.Office),
			micros(r.Changed), micros(r.Due), r.Late, optional(r.Case), content, r.ID, r.Version)
		if err == nil && n == 0 {
			err = errRequestGone
		}
		if err != nil {
			return err
		}
		return putRequestFiles(ctx, q, r)
	})
}

// putRequestFiles notes the files of a request; they go with its content.
func putRequestFiles(ctx context.Context, q querier, r *yinzheng.ResidentRequest) error {
	if r.Content != nil {
		for _, digest := range r.Digests {
			if _, err := change(ctx, q, insertRequestFile, digest, r.ID); err != nil {
				return err
			}
		}
		return nil
	}
	var files []string
	if err := eachID(ctx, q, func(digest string) { files = append(files, digest) }, filesOfRequest, r.ID); err != nil {
		return err
	}
	if _, err := change(ctx, q, deleteRequestFiles, r.ID); err != nil {
		return err
	}
	return dropFiles(ctx, q, files)
}

// ResidentRequest implements yinzheng.ResidentRequests.
func (s *Store) ResidentRequest(ctx context.Context, id string) (*yinzheng.ResidentRequest, error) {
	return s.oneRequest(ctx, selectResidentRequest, id)
}

// RequestOfCase implements yinzheng.ResidentRequests.
func (s *Store) RequestOfCase(ctx context.Context, application string) (*yinzheng.ResidentRequest, error) {
	return s.oneRequest(ctx, requestOfCase, application)
}

func (s *Store) oneRequest(ctx context.Context, which, by string) (r *yinzheng.ResidentRequest, err error) {
	err = s.read(ctx, "read a request", func(ctx context.Context, q querier) error {
		r, err = scanRequest(q.QueryRowContext(ctx, which, by))
		if errors.Is(err, sql.ErrNoRows) {
			err = notFound("没有找到这个申请", "There is no such request")
		}
		return err
	})
	return r, err
}

func scanRequest(row interface{ Scan(...any) error }) (*yinzheng.ResidentRequest, error) {
	r := new(yinzheng.ResidentRequest)
	var code, content []byte
	err := row.Scan(&r.ID, (*whole)(&r.Version), &r.State, &r.Template.Code, (*whole)(&r.Template.Version), (*text)(&r.Resident), &code, (*text)(&r.Office),
		(*moment)(&r.Begun), (*moment)(&r.Changed), (*moment)(&r.Due), &r.Late, (*text)(&r.Case), &content)
	copy(r.Code[:], code)
	r.Content = content
	return r, err
}

// RequestsOf implements yinzheng.ResidentRequests.
func (s *Store) RequestsOf(ctx context.Context, resident string, limit int) ([]*yinzheng.ResidentRequest, error) {
	return s.requests(ctx, requestsBy, resident, limit)
}

// RequestsAt implements yinzheng.ResidentRequests.
func (s *Store) RequestsAt(ctx context.Context, of yinzheng.Intakes, state yinzheng.RequestState, limit int) ([]*yinzheng.ResidentRequest, error) {
	return s.requests(ctx, requestsAt, of.Office, string(state), of.Late, limit)
}

func (s *Store) requests(ctx context.Context, which string, args ...any) (list []*yinzheng.ResidentRequest, err error) {
	err = s.read(ctx, "list requests", func(ctx context.Context, q querier) error {
		list = nil
		return each(ctx, q, func(rows *sql.Rows) error {
			r, err := scanRequest(rows)
			list = append(list, r)
			return err
		}, which, args...)
	})
	return list, err
}

// CountRequestsAt implements yinzheng.ResidentRequests.
func (s *Store) CountRequestsAt(ctx context.Context, of yinzheng.Intakes, state yinzheng.RequestState, limit int) (int, error) {
	return s.count(ctx, "count requests", countRequests, of.Office, string(state), of.Late, limit)
}

// LateRequests implements yinzheng.ResidentRequests.
func (s *Store) LateRequests(ctx context.Context, now time.Time, limit int) ([]string, error) {
	return s.ids(ctx, "list late requests", lateRequests, micros(now), limit)
}

// IdleRequests implements yinzheng.ResidentRequests.
func (s *Store) IdleRequests(ctx context.Context, state yinzheng.RequestState, before time.Time, limit int) ([]string, error) {
	return s.ids(ctx, "list idle requests", idleRequests, string(state), micros(before), limit)
}
