package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"yinzheng"
)

// What an erasure takes from the actions before it: of a case with a certificate from
// those that attached a file, otherwise from all of them.
var (
	fileContent = []string{"file_name", "digest", "original", "witness_name", "witness_type", "witness_number"}
	caseContent = append([]string{"opinion", "input", "against", "refers", "text_digest"}, fileContent...)

	emptyFiles = query(emptyActions(fileContent) + " AND kind = 'attach'")
	emptyCase  = query(emptyActions(caseContent))
)

func emptyActions(columns []string) string {
	return "UPDATE actions SET " + strings.Join(columns, " = NULL, ") + " = NULL WHERE application = $1 AND seq < $2"
}

var (
	actionsBefore = query("SELECT * FROM actions WHERE application = $1 AND seq < $2 ORDER BY seq")
	filesOfCase   = query("SELECT digest FROM actions WHERE application = $1 AND digest IS NOT NULL")

	expiredCases = query("SELECT a.id FROM applications a WHERE NOT (" + isNeeded + ") AND " + isExpired + " ORDER BY a.changed_at, a.key LIMIT $5")
	countExpired = query("SELECT count(*), count(CASE WHEN " + isNeeded + " THEN 1 END) FROM applications a WHERE " + isExpired)
	fadingDrafts = query(`SELECT a.id FROM applications a WHERE a.retained = 'drafts' AND a.changed_at < $1
		AND NOT EXISTS (SELECT 1 FROM fading_drafts f WHERE f.application = a.key AND f.version = a.version) ORDER BY a.changed_at, a.key LIMIT $2`)
	noteFading = query(`INSERT INTO fading_drafts (application, version, at) SELECT key, $1, $2 FROM applications WHERE id = $3
		ON CONFLICT (application) DO UPDATE SET version = excluded.version, at = excluded.at`)

	idleContacts  = query("SELECT c.resident FROM contacts c WHERE " + isIdle + " ORDER BY c.at LIMIT $3")
	contactIdle   = query("SELECT count(*) FROM contacts c WHERE " + isIdle + " AND c.resident = $3")
	endedRequests = query("SELECT r.id FROM resident_requests r JOIN applications a ON a.id = r.application WHERE " + requestEnded + " LIMIT $3")
	requestIsOver = query("SELECT count(*) FROM resident_requests r JOIN applications a ON a.id = r.application WHERE " + requestEnded + " AND r.id = $3")
	needed        = query("SELECT " + isNeeded + " FROM applications a WHERE a.id = $2")

	putHold = query(`INSERT INTO case_holds (application, reason, until, account, at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (application) DO UPDATE SET reason = excluded.reason, until = excluded.until, account = excluded.account, at = excluded.at`)
	endHold    = query("DELETE FROM case_holds WHERE application = $1")
	holdsAtNow = query("SELECT application, reason, until, account, at FROM case_holds WHERE until > $1 ORDER BY until, application")
)

// Conditions on a case a. $1: the present moment; of isExpired $2: rule; $3: touched last
// before; $4: of drafts, told of before; of hasEnded and
// goesOn $1: touched last before; $2: the present moment.
const (
	underWay = "('draft', 'submitted', 'returned', 'approved', 'issuing')"
	isHeld   = "EXISTS (SELECT 1 FROM case_holds h WHERE h.application = a.id AND h.until > $1)"
	hasEnded = "a.state IN ('issued', 'rejected', 'withdrawn') AND a.changed_at < $1 AND NOT EXISTS (SELECT 1 FROM case_holds h WHERE h.application = a.id AND h.until > $2)"
	goesOn   = "(r.state IN ('draft', 'sent', 'returned') OR r.changed_at >= $1)"
	// Whose contact it is: of a case, of a request, or of a document.
	isIdle = `c.at < $1
		AND NOT EXISTS (SELECT 1 FROM applications a WHERE c.resident = 'case:' || a.id AND a.id = substr(c.resident, 6) AND NOT (` + hasEnded + `))
		AND NOT EXISTS (SELECT 1 FROM case_residents r JOIN applications a ON a.key = r.application WHERE r.document = c.resident AND NOT (` + hasEnded + `))
		AND NOT EXISTS (SELECT 1 FROM resident_requests r WHERE r.id = substr(c.resident, 9) AND c.resident = 'request:' || r.id AND ` + goesOn + `)
		AND NOT EXISTS (SELECT 1 FROM resident_requests r WHERE r.resident = c.resident AND ` + goesOn + `)`
	requestEnded = hasEnded + " AND r.state IN ('taken', 'asked', 'answered') AND r.content IS NOT NULL"
	isExpired    = `a.retained = $2 AND a.changed_at < $3
		AND (a.retained <> 'drafts' OR EXISTS (SELECT 1 FROM fading_drafts f WHERE f.application = a.key AND f.version = a.version AND f.at < $4))`
)

// isAsked: what was last said in the request that a case came of is to be kept still,
// be it that its resident is asked for something and the case waits for that.
var isAsked = "EXISTS (SELECT 1 FROM resident_requests r WHERE r.application = a.id AND r.changed_at > $1 - " +
	strconv.FormatInt(int64(yinzheng.RetentionRuleOf(yinzheng.RetainContacts).Days)*24*60*60*1_000_000, 10) + ")"

var isNeeded = isHeld + " OR " + isAsked + ` OR EXISTS (SELECT 1 FROM ratings r WHERE r.application = a.id AND r.due IS NOT NULL)
		OR a.state = 'issued' AND (a.incomplete IS NOT NULL
			OR EXISTS (SELECT 1 FROM inspections i WHERE i.application = a.id AND i.done_at IS NULL)
			OR EXISTS (SELECT 1 FROM certificates c WHERE c.code = a.code AND c.status = 'suspended')
			OR EXISTS (SELECT 1 FROM replacements p JOIN applications o ON o.id = p.application WHERE p.certificate = a.code AND o.state IN ` + underWay + `)
			OR EXISTS (SELECT 1 FROM actions x JOIN applications o ON o.key = x.application WHERE x.refers = a.code AND o.state IN ` + underWay + `))`

// EraseCase implements yinzheng.Retentions.
func (s *Store) EraseCase(ctx context.Context, a *yinzheng.Application, seen int) error {
	erasure := &a.Actions[len(a.Actions)-1]
	if erasure.Kind != yinzheng.Erase || erasure.Seq != seen+1 {
		return fmt.Errorf("store: case %s was seen at version %d and ends with %s %d", a.ID, seen, erasure.Kind, erasure.Seq)
	}
	return s.write(ctx, "erase what a case held", func(ctx context.Context, q querier) error {
		var wanted bool
		if err := q.QueryRowContext(ctx, needed, micros(erasure.At), a.ID).Scan(&wanted); err != nil {
			return err
		}
		if wanted {
			return conflict("办件还需要保存", "The case is still needed")
		}
		key, err := s.saveHead(ctx, q, a, seen)
		if err != nil {
			return err
		}
		var files []string
		if err := eachID(ctx, q, func(digest string) { files = append(files, digest) }, filesOfCase, key); err != nil {
			return err
		}
		if erasure.Stays, err = whatStays(ctx, q, key, erasure); err != nil {
			return err
		}
		if err := s.saveActions(ctx, q, key, a, seen); err != nil {
			return err
		}
		text := emptyCase
		if erasure.Reason == yinzheng.RetainFiles {
			text = emptyFiles
		}
		if _, err := change(ctx, q, text, key, erasure.Seq); err != nil {
			return err
		}
		return dropFiles(ctx, q, files)
	})
}

// whatStays is a digest of the actions before an erasure as it leaves them.
func whatStays(ctx context.Context, q querier, application int64, erasure *yinzheng.Action) (string, error) {
	return digestActions(ctx, q, application, erasure.Seq, func(kind yinzheng.ActionKind) []string {
		switch {
		case erasure.Reason != yinzheng.RetainFiles:
			return caseContent
		case kind == yinzheng.Attach:
			return fileContent
		}
		return nil
	})
}

// digestActions is a digest of the actions of a case before one, without the columns
// that go of each kind.
func digestActions(ctx context.Context, q querier, application int64, before int, gone func(yinzheng.ActionKind) []string) (string, error) {
	return digestRows(ctx, q, func(x row) []string {
		kind, _ := x["kind"].(string)
		return append([]string{"application"}, gone(yinzheng.ActionKind(kind))...)
	}, actionsBefore, application, before)
}

// digestRows is a digest of the rows that a text reads, without the columns that without
// names of each.
func digestRows(ctx context.Context, q querier, without func(row) []string, text string, args ...any) (string, error) {
	h := sha256.New()
	err := each(ctx, q, func(r *sql.Rows) error {
		x, err := scanRow(r)
		if err != nil {
			return err
		}
		content, err := x.content(without(x)...)
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(content))))
		h.Write(content)
		return err
	}, text, args...)
	return hex.EncodeToString(h.Sum(nil)), err
}

// Expired implements yinzheng.Retentions.
func (s *Store) Expired(ctx context.Context, rule string, before, warned, now time.Time, limit int) ([]string, error) {
	return s.ids(ctx, "list what has been kept long enough", expiredCases, micros(now), rule, micros(before), micros(warned), limit)
}

// CountExpired implements yinzheng.Retentions.
func (s *Store) CountExpired(ctx context.Context, rule string, before, warned, now time.Time) (n yinzheng.ExpiredCount, err error) {
	err = s.read(ctx, "count what has been kept long enough", func(ctx context.Context, q querier) error {
		err := q.QueryRowContext(ctx, countExpired, micros(now), rule, micros(before), micros(warned)).Scan((*whole)(&n.Due), (*whole)(&n.Needed))
		n.Due -= n.Needed
		return err
	})
	return n, err
}

// Fading implements yinzheng.Retentions.
func (s *Store) Fading(ctx context.Context, before time.Time, limit int) ([]string, error) {
	return s.ids(ctx, "list drafts that go soon", fadingDrafts, micros(before), limit)
}

// NoteFading implements yinzheng.Retentions.
func (s *Store) NoteFading(ctx context.Context, id string, version int, at time.Time) error {
	return s.write(ctx, "note that a draft goes soon", func(ctx context.Context, q querier) error {
		_, err := change(ctx, q, noteFading, version, micros(at), id)
		return err
	})
}

// IdleContacts implements yinzheng.Retentions.
func (s *Store) IdleContacts(ctx context.Context, before, now time.Time, limit int) ([]string, error) {
	return s.ids(ctx, "list contacts that are of use no more", idleContacts, micros(before), micros(now), limit)
}

// EndedRequests implements yinzheng.Retentions.
func (s *Store) EndedRequests(ctx context.Context, before, now time.Time, limit int) ([]string, error) {
	return s.ids(ctx, "list requests of cases that have ended", endedRequests, micros(before), micros(now), limit)
}

// IsIdle implements yinzheng.Retentions.
func (s *Store) IsIdle(ctx context.Context, resident string, before, now time.Time) (bool, error) {
	n, err := s.count(ctx, "see whether a contact is of use", contactIdle, micros(before), micros(now), resident)
	return n > 0, err
}

// HasEnded implements yinzheng.Retentions.
func (s *Store) HasEnded(ctx context.Context, request string, before, now time.Time) (bool, error) {
	n, err := s.count(ctx, "see whether a request is over", requestIsOver, micros(before), micros(now), request)
	return n > 0, err
}

// PutHold implements yinzheng.Retentions.
func (s *Store) PutHold(ctx context.Context, h *yinzheng.Hold) error {
	return s.write(ctx, "hold a case", func(ctx context.Context, q querier) error {
		_, err := change(ctx, q, putHold, h.Case, h.Reason, micros(h.Until), h.By, micros(h.At))
		return err
	})
}

// EndHold implements yinzheng.Retentions.
func (s *Store) EndHold(ctx context.Context, id string) error {
	return s.write(ctx, "end the hold on a case", func(ctx context.Context, q querier) error {
		_, err := change(ctx, q, endHold, id)
		return err
	})
}

// Holds implements yinzheng.Retentions.
func (s *Store) Holds(ctx context.Context, now time.Time) (list []yinzheng.Hold, err error) {
	err = s.read(ctx, "list the holds on cases", func(ctx context.Context, q querier) error {
		list = nil
		return each(ctx, q, func(r *sql.Rows) error {
			var h yinzheng.Hold
			err := r.Scan(&h.Case, &h.Reason, (*moment)(&h.Until), &h.By, (*moment)(&h.At))
			list = append(list, h)
			return err
		}, holdsAtNow, micros(now))
	})
	return list, err
}
