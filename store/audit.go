package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"os"
	"reflect"
	"time"

	"yinzheng"
)

var (
	logAfter     = query(logColumns + "seq > $1 ORDER BY seq LIMIT $2")
	actionsAfter = query(`SELECT a.application, a.seq, a.at, coalesce(p.id, ''), EXISTS (SELECT 1 FROM log l WHERE l.subject = p.id AND l.kind = 'action' AND l.part = a.seq)
		FROM actions a LEFT JOIN applications p ON p.key = a.application
		WHERE (a.application, a.seq) > ($1, $2) ORDER BY a.application, a.seq LIMIT $3`)
	eventsAfter = query(`SELECT e.key, e.at, e.subject, EXISTS (SELECT 1 FROM log l WHERE l.subject = e.subject AND l.kind = 'event' AND l.part = e.key)
		FROM events e WHERE e.key > $1 ORDER BY e.key LIMIT $2`)
	filesAfter = query(`SELECT a.application, a.seq, a.at, coalesce(p.id, ''), a.digest
		FROM actions a LEFT JOIN applications p ON p.key = a.application
		WHERE a.digest IS NOT NULL AND (a.application, a.seq) > ($1, $2) ORDER BY a.application, a.seq LIMIT $3`)
	scansAfter = query(`SELECT p.key, p.recorded_at, p.code, (SELECT coalesce(min(l.part), 0) FROM log l WHERE l.subject = p.code AND l.kind = 'event'), p.scan
		FROM papers p WHERE p.scan_type IS NOT NULL AND p.key > $1 ORDER BY p.key LIMIT $2`)
	catalogueAfter = query("SELECT key, at, subject, kind, account, detail FROM events WHERE key > $1 AND kind >= 'catalogue-' AND kind < 'catalogue.' ORDER BY key LIMIT $2")
	catalogueAct   = query("SELECT seq, at, account, change, kind, content FROM catalogue_acts WHERE seq > $1 ORDER BY seq LIMIT 1")
	casesAfter     = query("SELECT key, id FROM applications WHERE key > $1 ORDER BY key LIMIT $2")
)

// Audit reads a database to check the record in it, beside a server that may
// be running on it, and never writes.
type Audit struct {
	store *Store // of which only reading is used
}

// OpenAudit opens an existing database. ErrUnavailable when it has the schema
// of another program.
func OpenAudit(ctx context.Context, path string) (*Audit, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("store: open the database: %w", err)
	}
	s := &Store{dialect: sqlite}
	s.readers = openPool(path, readerPragmas, 2)
	a := &Audit{s}
	if err := a.checkSchema(ctx); err != nil {
		return nil, errors.Join(s.fault("open the database", err), s.readers.Close())
	}
	return a, nil
}

// Close ends the reading.
func (a *Audit) Close() error { return a.store.readers.Close() }

// MadeTemplates reads the templates that were made here, as yinzheng.Designs has it.
func (a *Audit) MadeTemplates(ctx context.Context, after int64) (list []yinzheng.MadeTemplate, err error) {
	list, err = readMadeTemplates(ctx, a.store.readers, after)
	return list, a.store.fault("read published templates", err)
}

// Directory reads the office tree.
func (a *Audit) Directory(ctx context.Context) (d *yinzheng.Directory, err error) {
	err = a.store.oneMoment(ctx, func(ctx context.Context, q querier) (err error) {
		d, err = a.store.directory(ctx, q)
		return err
	})
	return d, a.store.fault("read the office tree", err)
}

func (a *Audit) checkSchema(ctx context.Context) error {
	all, err := a.store.dialect.migrations()
	if err != nil {
		return err
	}
	var tables, at int
	q := a.store.readers
	if err := q.QueryRowContext(ctx, a.store.dialect.tables, "schema_version").Scan(&tables); err != nil {
		return err
	}
	if tables > 0 {
		if err := q.QueryRowContext(ctx, newestVersion).Scan(&at); err != nil {
			return err
		}
	}
	newest := len(all)
	if at == newest {
		return nil
	}
	return unavailable(yinzheng.Text{
		ZH: fmt.Sprintf("数据库的结构版本是 %d，本程序是 %d：请用写它的程序检查，或先启动一次本程序的服务以升级", at, newest),
		EN: fmt.Sprintf("The database has schema version %d, this program %d: check it with the program that wrote it, or start this one's server once to bring it up to date", at, newest),
	}, nil)
}

// Head is the newest entry of the log.
func (a *Audit) Head(ctx context.Context) (yinzheng.LogEntry, error) {
	e, err := logHead(ctx, a.store.readers)
	return e, a.store.fault("read the log", err)
}

// FaultKind says what is wrong with the record.
type FaultKind string

// The kinds of fault.
const (
	EntryBroken    FaultKind = "entry-broken"    // the entry, or its place in the chain, is not what it was
	EntryMissing   FaultKind = "entry-missing"   // a number is left out
	ContentChanged FaultKind = "content-changed" // the action or event is not what it was
	ContentMissing FaultKind = "content-missing" // the action or event is gone
	ContentExtra   FaultKind = "content-extra"   // an action or event that was never logged
	FileChanged    FaultKind = "file-changed"    // a file that an action or a paper refers to is not what it was
	FileMissing    FaultKind = "file-missing"    // such a file is gone
	CaseDiffers    FaultKind = "case-differs"    // a case's own row says other than its history
	HeadMissing    FaultKind = "head-missing"    // the log does not hold the head given: it was cut off, or written anew
)

// LogFault is the first thing that is wrong. Entry has what is known of it:
// its own word for a broken entry, the row's for an extra one.
type LogFault struct {
	Kind  FaultKind
	Entry yinzheng.LogEntry
}

// batch is how much is read at a time; between batches a server's log can be
// copied back, which a reader keeps from happening.
const batch = 2000

// Verify computes every entry of the log again from the actions and events
// themselves, in their order, looks for what the log does not have, and then
// compares every file that they refer to with its digest, and every act on the
// catalogue, on inquiries, ratings, campaigns and designs with that of its event,
// every change of a right to sign commitments with its event, every template that
// was made here with what was published, how every request of a resident stands with
// the events that brought it there and what was sent, and how every key stands with
// what its events make of it.
// head, if it is not zero, is one that was written down earlier: an end that
// was cut off leaves no other trace. What was erased in time is no fault, if the erasure
// is on record and was due by now. progress is told now and then how much is done.
func (a *Audit) Verify(ctx context.Context, head yinzheng.LogHash, now time.Time, progress func(done, all int64)) (*Findings, error) {
	end, err := a.Head(ctx)
	if err != nil {
		return nil, err
	}
	v := &verifier{q: a.store.readers, now: now, progress: progress, all: 2 * end.Seq, wanted: head, met: head == yinzheng.LogHash{}}
	for _, pass := range v.passes() {
		if err = pass(ctx); err != nil || v.fault != nil {
			break
		}
	}
	if err != nil {
		return nil, a.store.fault("check the log", err)
	}
	return &Findings{v.last, v.gone, v.fault}, nil
}

// Findings is what Verify has found.
type Findings struct {
	Last   yinzheng.LogEntry
	Erased int64     // actions, requests and other things whose content was erased in time
	Fault  *LogFault // the first one, or nil
}

type verifier struct {
	q        querier
	now      time.Time
	progress func(done, all int64)
	done     int64
	all      int64 // every entry, and the row that it stands for
	last     yinzheng.LogEntry
	wanted   yinzheng.LogHash
	met      bool
	gone     int64   // erased in time
	erasure  erasure // the one that was looked at last: entries of a case often follow each other
	fault    *LogFault
}

func (v *verifier) passes() []func(context.Context) error {
	return []func(context.Context) error{v.chain, v.actions, v.events, v.files, v.scans, v.catalogue, v.erasures, v.loggedActs(inquiryActTable), v.loggedActs(ratingActTable), v.campaigns, v.rights, v.designs, v.requests, v.keys, v.faces, v.orphans}
}

func (v *verifier) step(n int) {
	v.done += int64(n)
	v.progress(v.done, v.all)
}

// chain follows the log from its first entry.
func (v *verifier) chain(ctx context.Context) error {
	type entry struct {
		yinzheng.LogEntry
		salt []byte
	}
	after := int64(math.MinInt64)
	for {
		var entries []entry
		err := each(ctx, v.q, func(r *sql.Rows) error {
			e, salt, err := scanLog(r)
			entries = append(entries, entry{e, salt})
			return err
		}, logAfter, after, batch)
		unreadable := errors.As(err, new(*scanError))
		switch {
		case unreadable:
			entries = entries[:len(entries)-1]
		case err != nil:
			return err
		}
		for i := range entries {
			if err := v.entry(ctx, &entries[i].LogEntry, entries[i].salt); err != nil || v.fault != nil {
				return err
			}
		}
		if unreadable {
			v.fault = &LogFault{EntryBroken, yinzheng.LogEntry{Seq: v.last.Seq + 1}}
			return nil
		}
		if len(entries) == 0 {
			break
		}
		after = v.last.Seq
		v.step(len(entries))
	}
	if !v.met {
		v.fault = &LogFault{HeadMissing, v.last}
	}
	return nil
}

func (v *verifier) entry(ctx context.Context, e *yinzheng.LogEntry, salt []byte) error {
	switch {
	case e.Seq > v.last.Seq+1:
		v.fault = &LogFault{EntryMissing, yinzheng.LogEntry{Seq: v.last.Seq + 1}}
		return nil
	case e.Seq <= 0 || e.Follow(v.last.Hash) != e.Hash:
		v.fault = &LogFault{EntryBroken, *e}
		return nil
	}
	content, err := storedContent(ctx, v.q, e)
	same := err == nil && logDigest(salt, content) == e.Digest
	if err == nil && !same && e.Kind == yinzheng.LogAction {
		if same, err = v.erased(ctx, e); same {
			v.gone++
		}
	}
	switch {
	case errors.Is(err, sql.ErrNoRows):
		v.fault = &LogFault{ContentMissing, *e}
		return nil
	case errors.As(err, new(*scanError)):
		v.fault = &LogFault{ContentChanged, *e}
		return nil
	case err != nil:
		return err
	case !same:
		v.fault = &LogFault{ContentChanged, *e}
		return nil
	}
	v.last = *e
	v.met = v.met || e.Hash == v.wanted
	return nil
}

// actions looks for actions without an entry.
func (v *verifier) actions(ctx context.Context) error {
	application, seq := int64(math.MinInt64), int64(math.MinInt64)
	return v.rows(func() (int, error) {
		n := 0
		err := each(ctx, v.q, func(r *sql.Rows) error {
			e := yinzheng.LogEntry{Kind: yinzheng.LogAction}
			var logged bool
			if err := r.Scan(&application, &seq, (*anyMoment)(&e.At), &e.Subject, &logged); err != nil {
				return err
			}
			e.Part = seq
			n++
			v.extra(e, logged)
			return nil
		}, actionsAfter, application, seq, batch)
		return n, err
	})
}

// events looks for events without an entry.
func (v *verifier) events(ctx context.Context) error {
	key := int64(math.MinInt64)
	return v.rows(func() (int, error) {
		n := 0
		err := each(ctx, v.q, func(r *sql.Rows) error {
			e := yinzheng.LogEntry{Kind: yinzheng.LogEvent}
			var logged bool
			if err := r.Scan(&key, (*anyMoment)(&e.At), &e.Subject, &logged); err != nil {
				return err
			}
			e.Part = key
			n++
			v.extra(e, logged)
			return nil
		}, eventsAfter, key, batch)
		return n, err
	})
}

func (v *verifier) extra(e yinzheng.LogEntry, logged bool) {
	if !logged && v.fault == nil {
		v.fault = &LogFault{ContentExtra, e}
	}
}

// kept is a file that something on record refers to.
type kept struct {
	digest string
	yinzheng.LogEntry
}

// files compares the attachments of all cases with their digests.
func (v *verifier) files(ctx context.Context) error {
	application, seq := int64(math.MinInt64), int64(math.MinInt64)
	return v.rows(func() (int, error) {
		var list []kept
		err := each(ctx, v.q, func(r *sql.Rows) error {
			k := kept{LogEntry: yinzheng.LogEntry{Kind: yinzheng.LogAction}}
			err := r.Scan(&application, &seq, (*anyMoment)(&k.At), &k.Subject, &k.digest)
			k.Part = seq
			list = append(list, k)
			return err
		}, filesAfter, application, seq, batch)
		return v.compare(ctx, list, err)
	})
}

// scans compares the scans of papers with their digests.
func (v *verifier) scans(ctx context.Context) error {
	key := int64(math.MinInt64)
	return v.rows(func() (int, error) {
		var list []kept
		err := each(ctx, v.q, func(r *sql.Rows) error {
			k := kept{LogEntry: yinzheng.LogEntry{Kind: yinzheng.LogEvent}}
			var scan []byte
			err := r.Scan(&key, (*anyMoment)(&k.At), &k.Subject, &k.Part, &scan)
			k.digest = hex.EncodeToString(scan)
			list = append(list, k)
			return err
		}, scansAfter, key, batch)
		return v.compare(ctx, list, err)
	})
}

// compare reads the files of a batch, one at a time: each may be large.
func (v *verifier) compare(ctx context.Context, list []kept, err error) (int, error) {
	for i := 0; i < len(list) && err == nil && v.fault == nil; i++ {
		_, err = readFile(ctx, v.q, list[i].digest)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			v.fault, err = &LogFault{FileMissing, list[i].LogEntry}, nil
		case errors.Is(err, errChangedFile):
			v.fault, err = &LogFault{FileChanged, list[i].LogEntry}, nil
		}
	}
	return len(list), err
}

// catalogue compares the acts on the catalogue, one after another, with the events
// that were written with them. A server may go on writing both: an event that is
// there has its act, and an act without one is looked at again.
func (v *verifier) catalogue(ctx context.Context) error {
	key, seq := int64(math.MinInt64), 0
	for again := false; ; {
		n, err := v.catalogueEvents(ctx, &key, &seq)
		if err != nil || v.fault != nil {
			return err
		}
		if n > 0 {
			again = false
			continue
		}
		act, err := nextCatalogueAct(ctx, v.q, seq)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return nil
		case err != nil && !errors.As(err, new(*scanError)):
			return err
		case again:
			v.fault = &LogFault{ContentExtra, yinzheng.LogEntry{Kind: yinzheng.LogEvent, Subject: act.Change, At: act.At}}
			return nil
		}
		again = true
	}
}

// catalogueEvents compares a batch of events with the acts after seq.
func (v *verifier) catalogueEvents(ctx context.Context, key *int64, seq *int) (int, error) {
	type event struct {
		yinzheng.LogEntry
		kind, account, detail string
	}
	var events []event
	err := each(ctx, v.q, func(r *sql.Rows) error {
		e := event{LogEntry: yinzheng.LogEntry{Kind: yinzheng.LogEvent}}
		err := r.Scan(key, (*anyMoment)(&e.At), &e.Subject, &e.kind, &e.account, (*text)(&e.detail))
		e.Part = *key
		events = append(events, e)
		return err
	}, catalogueAfter, *key, batch)
	for i := 0; i < len(events) && err == nil && v.fault == nil; i++ {
		e := &events[i]
		var act *yinzheng.CatalogueAct
		act, err = nextCatalogueAct(ctx, v.q, *seq)
		*seq++
		switch {
		case errors.Is(err, sql.ErrNoRows) || err == nil && act.Seq != *seq:
			v.fault, err = &LogFault{ContentMissing, e.LogEntry}, nil
		case errors.As(err, new(*scanError)):
			v.fault, err = &LogFault{ContentChanged, e.LogEntry}, nil
		case err == nil && (act.Change != e.Subject || "catalogue-"+act.Kind != e.kind || act.By != e.account || !act.At.Equal(e.At) || fmt.Sprintf("%x", sha256.Sum256(act.Content)) != e.detail):
			v.fault = &LogFault{ContentChanged, e.LogEntry}
		}
	}
	return len(events), err
}

// nextCatalogueAct reads the first act after one; sql.ErrNoRows.
func nextCatalogueAct(ctx context.Context, q querier, after int) (a *yinzheng.CatalogueAct, err error) {
	err = each(ctx, q, func(r *sql.Rows) error {
		a = new(yinzheng.CatalogueAct)
		if err := r.Scan((*whole)(&a.Seq), (*moment)(&a.At), &a.By, &a.Change, &a.Kind, &a.Content); err != nil {
			return &scanError{err}
		}
		return nil
	}, catalogueAct, after)
	if err == nil && a == nil {
		err = sql.ErrNoRows
	}
	return a, err
}

// anyMoment is a moment in a row that nobody has vouched for.
type anyMoment moment

// Scan implements sql.Scanner.
func (m *anyMoment) Scan(v any) error {
	_ = (*moment)(m).Scan(v) // zero when it is no time
	return nil
}

// VerifyCases compares what is kept of each case to find it by with the fold of
// its actions, which Verify has found to be genuine. fold returns nil where it lacks the
// template's version; such cases are counted as skipped.
func (a *Audit) VerifyCases(ctx context.Context, fold func(id string, ref yinzheng.TemplateRef, actions []yinzheng.Action) *yinzheng.Application) (skipped int, fault *LogFault, err error) {
	v := &verifier{q: a.store.readers, progress: func(int64, int64) {}}
	key := int64(math.MinInt64)
	err = v.rows(func() (int, error) {
		var ids []string
		err := each(ctx, v.q, func(r *sql.Rows) error {
			var id string
			err := r.Scan(&key, &id)
			ids = append(ids, id)
			return err
		}, casesAfter, key, batch)
		for i := 0; i < len(ids) && err == nil && v.fault == nil; i++ {
			var is, should *yinzheng.Application
			if is, err = readApplication(ctx, v.q, ids[i]); err != nil {
				break
			}
			if should = fold(is.ID, is.Template, is.Actions); should == nil {
				skipped++
			} else if !sameCase(is, should) {
				last := is.Actions[len(is.Actions)-1]
				v.fault = &LogFault{CaseDiffers, yinzheng.LogEntry{Kind: yinzheng.LogAction, Subject: is.ID, Part: int64(last.Seq), At: last.At}}
			}
		}
		return len(ids), err
	})
	return skipped, v.fault, a.store.fault("check the cases", err)
}

// sameCase compares what is kept of a case beside its actions.
func sameCase(a, b *yinzheng.Application) bool {
	return a.State == b.State && a.Version == b.Version && a.Step == b.Step && a.Office == b.Office && a.Division == b.Division &&
		a.Code == b.Code && a.Holder == b.Holder && a.Applicant == b.Applicant && reflect.DeepEqual(a.Values, b.Values)
}

// rows reads batch after batch.
func (v *verifier) rows(next func() (int, error)) error {
	for {
		n, err := next()
		if err != nil || n == 0 || v.fault != nil {
			return err
		}
		v.step(n)
	}
}
