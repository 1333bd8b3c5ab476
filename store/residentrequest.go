package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"yinzheng"
)

const (
	requestColumns = `SELECT id, version, state, item, template_version, resident, code, office, begun_at, changed_at, due_at, late, unanswered, application, content, ` + requestsOrder + ` FROM resident_requests WHERE `
	requestsOrder  = `CASE WHEN resident IS NULL THEN 1 ELSE 0 END, coalesce(due_at, changed_at), key` // of an office's list
)

var (
	insertResidentRequest = query(`INSERT INTO resident_requests (id, version, state, item, template_version, resident, code, office, begun_at, changed_at, due_at, late, unanswered, application, content)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`)
	updateResidentRequest = query(`UPDATE resident_requests SET version = $1, state = $2, template_version = $3, resident = $4, code = $5, office = $6, changed_at = $7, due_at = $8, late = $9, unanswered = $10, application = $11, content = $12
		WHERE id = $13 AND version = $14`)
	insertRequestFile     = query("INSERT INTO request_files (request, digest) SELECT key, $1 FROM resident_requests WHERE id = $2 ON CONFLICT DO NOTHING")
	filesOfRequest        = query("SELECT f.digest FROM request_files f JOIN resident_requests r ON r.key = f.request WHERE r.id = $1")
	deleteRequestFiles    = query("DELETE FROM request_files WHERE request = (SELECT key FROM resident_requests WHERE id = $1)")
	selectResidentRequest = query(requestColumns + "id = $1")
	requestsBy            = query(requestColumns + "resident = $1 ORDER BY key DESC LIMIT $2")
	requestsAt            = query(requestColumns + "office = $1 AND state = $2 AND late >= $3 AND (" + requestsOrder + ") > ($4, $5, $6) ORDER BY " + requestsOrder + " LIMIT $7")
	countRequests         = query("SELECT count(*) FROM (SELECT 1 FROM resident_requests WHERE office = $1 AND state = $2 AND late >= $3 LIMIT $4) AS some")
	countUnvouched        = query("SELECT count(*) FROM (SELECT 1 FROM resident_requests WHERE office = $1 AND changed_at >= $2 AND resident IS NULL AND state IN ('sent', 'withdrawn') LIMIT $3) AS some")
	requestOfCase         = query(requestColumns + "application = $1")
	// From one office to the next: the index is asked once for each.
	requestOffices = query(`WITH RECURSIVE o(office) AS (SELECT min(office) FROM resident_requests
			UNION ALL SELECT (SELECT min(r.office) FROM resident_requests r WHERE r.office > o.office) FROM o WHERE o.office IS NOT NULL)
		SELECT office FROM o WHERE EXISTS (SELECT 1 FROM resident_requests r WHERE r.office = o.office AND r.state = $1)`)
	lateRequests       = query("SELECT id FROM resident_requests WHERE state = 'sent' AND late = 0 AND due_at <= $1 ORDER BY due_at LIMIT $2")
	unansweredRequests = query("SELECT id FROM resident_requests WHERE state = 'asked' AND unanswered = 0 AND due_at <= $1 ORDER BY due_at LIMIT $2")
	idleRequests       = query("SELECT id FROM resident_requests WHERE state = $1 AND changed_at < $2 AND content IS NOT NULL ORDER BY changed_at LIMIT $3")
	errRequestGone     = conflict("申请已被更改，请重新读取", "The request has changed; please read it again")
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
				micros(r.Begun), micros(r.Changed), micros(r.Due), r.Late, r.Unanswered, optional(r.Case), content)
			if err != nil {
				return err
			}
			return putRequestFiles(ctx, q, r)
		}
		n, err := change(ctx, q, updateResidentRequest, r.Version+1, string(r.State), r.Template.Version, optional(r.Resident), code, optional(r.Office),
			micros(r.Changed), micros(r.Due), r.Late, r.Unanswered, optional(r.Case), content, r.ID, r.Version)
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
		r, _, err = scanRequest(q.QueryRowContext(ctx, which, by))
		if errors.Is(err, sql.ErrNoRows) {
			err = notFound("没有找到这个申请", "There is no such request")
		}
		return err
	})
	return r, err
}

func scanRequest(row interface{ Scan(...any) error }) (r *yinzheng.ResidentRequest, at requestPlace, err error) {
	r = new(yinzheng.ResidentRequest)
	var code, content []byte
	err = row.Scan(&r.ID, (*whole)(&r.Version), &r.State, &r.Template.Code, (*whole)(&r.Template.Version), (*text)(&r.Resident), &code, (*text)(&r.Office),
		(*moment)(&r.Begun), (*moment)(&r.Changed), (*moment)(&r.Due), &r.Late, &r.Unanswered, (*text)(&r.Case), &content, &at.unvouched, &at.at, &at.key)
	copy(r.Code[:], code)
	r.Content = content
	return r, at, err
}

// RequestsOf implements yinzheng.ResidentRequests.
func (s *Store) RequestsOf(ctx context.Context, resident string, limit int) ([]*yinzheng.ResidentRequest, error) {
	list, _, err := s.requests(ctx, part{requestsBy, []any{resident, limit}})
	return list, err
}

// requestPlace is where a request is in the list of its office.
type requestPlace struct{ unvouched, at, key int64 }

func (p requestPlace) cursor() string {
	return strconv.FormatInt(p.unvouched, 10) + "." + cursorOf(p.at, p.key)
}

// parsePlace reads a cursor; of "" it is the one before the first.
func parsePlace(cursor string) (p requestPlace, err error) {
	if cursor == "" {
		return requestPlace{-1, 0, 0}, nil
	}
	group, rest, _ := strings.Cut(cursor, ".")
	if p.unvouched, err = strconv.ParseInt(group, 10, 8); err != nil || rest == "" {
		return p, errCursor()
	}
	p.at, p.key, err = parseCursor(rest)
	return p, err
}

// RequestsAt implements yinzheng.ResidentRequests.
func (s *Store) RequestsAt(ctx context.Context, of []yinzheng.Intakes, state yinzheng.RequestState, cursor string, limit int) ([]*yinzheng.ResidentRequest, error) {
	after, err := parsePlace(cursor)
	if err != nil {
		return nil, err
	}
	var parts []part
	for _, x := range of {
		parts = append(parts, part{requestsAt, []any{x.Office, string(state), x.Late, after.unvouched, after.at, after.key, limit}})
	}
	list, places, err := s.requests(ctx, parts...)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(list, func(a, b *yinzheng.ResidentRequest) int {
		x, y := places[a], places[b]
		return cmp.Or(cmp.Compare(x.unvouched, y.unvouched), cmp.Compare(x.at, y.at), cmp.Compare(x.key, y.key))
	})
	list = list[:min(len(list), limit)]
	for _, r := range list {
		r.Cursor = places[r].cursor()
	}
	return list, nil
}

// requests reads the requests of every part at one moment, and where each is in a list.
func (s *Store) requests(ctx context.Context, parts ...part) (list []*yinzheng.ResidentRequest, places map[*yinzheng.ResidentRequest]requestPlace, err error) {
	err = s.snapshot(ctx, "list requests", func(ctx context.Context, q querier) error {
		list, places = nil, map[*yinzheng.ResidentRequest]requestPlace{} // this may be a second run
		for _, p := range parts {
			if err := each(ctx, q, func(rows *sql.Rows) error {
				r, at, err := scanRequest(rows)
				list, places[r] = append(list, r), at
				return err
			}, p.text, p.args...); err != nil {
				return err
			}
		}
		return nil
	})
	return list, places, err
}

// CountRequestsAt implements yinzheng.ResidentRequests.
func (s *Store) CountRequestsAt(ctx context.Context, of []yinzheng.Intakes, state yinzheng.RequestState, limit int) (total int, err error) {
	for _, x := range of {
		n, err := s.count(ctx, "count requests", countRequests, x.Office, string(state), x.Late, limit-total)
		if total += n; err != nil || total >= limit {
			return total, err
		}
	}
	return total, nil
}

// CountUnvouched implements yinzheng.ResidentRequests.
func (s *Store) CountUnvouched(ctx context.Context, office string, since time.Time, limit int) (int, error) {
	return s.count(ctx, "count requests of a day", countUnvouched, office, micros(since), limit)
}

// RequestOffices implements yinzheng.RequestRounds.
func (s *Store) RequestOffices(ctx context.Context, state yinzheng.RequestState) ([]string, error) {
	return s.ids(ctx, "list the offices with requests", requestOffices, string(state))
}

// LateRequests implements yinzheng.RequestRounds.
func (s *Store) LateRequests(ctx context.Context, now time.Time, limit int) ([]string, error) {
	return s.ids(ctx, "list late requests", lateRequests, micros(now), limit)
}

// UnansweredRequests implements yinzheng.RequestRounds.
func (s *Store) UnansweredRequests(ctx context.Context, now time.Time, limit int) ([]string, error) {
	return s.ids(ctx, "list unanswered requests", unansweredRequests, micros(now), limit)
}

// IdleRequests implements yinzheng.RequestRounds.
func (s *Store) IdleRequests(ctx context.Context, state yinzheng.RequestState, before time.Time, limit int) ([]string, error) {
	return s.ids(ctx, "list idle requests", idleRequests, string(state), micros(before), limit)
}
