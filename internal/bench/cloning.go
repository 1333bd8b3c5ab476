package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	_ "github.com/mattn/go-sqlite3" // the driver by its name

	"yinzheng"
)

// A store of a million cases is filled by copying: a few cases take their whole
// way through the service, and every further one is a copy of one of them, row
// by row and column by column, with a name, an ID number, a place, a time and
// identifiers of its own. Whatever columns the tables come to have, a copy is
// as the program itself wrote it. Only the log is not: its hashes are random,
// for to chain them would take longer than everything else.

// pattern is a case to copy.
type pattern struct {
	id           string
	name, number string // replaced by those of a copy
	documented   bool   // the number is that of the holder's document
	issued       bool
}

// mapped is a column in which a copy's own texts stand for the pattern's.
func mapped(column string) string {
	for _, x := range []string{"name", "number", "village", "town"} {
		column = "replace(" + column + ", o." + x + ", n." + x + ")"
	}
	return column
}

// copies say of each table how its rows belong to a pattern o, and which columns
// of a copy n differ, and how.
var copies = []struct {
	table, on string
	differ    map[string]string
}{
	{"applications", "x.key = o.key", map[string]string{
		"key": "n.key", "id": "n.id", "changed_at": "n.at", "office": mapped("x.office"), "division": mapped("x.division"), "village": mapped("x.village"), "town": mapped("x.town"),
		"holder": mapped("x.holder"), "code": "n.code", "field_values": mapped("x.field_values"),
	}},
	{"actions", "x.application = o.key", map[string]string{
		"application": "n.key", "at": "n.at + (x.seq - o.version) * 3600000000", "office": mapped("x.office"), "input": mapped("x.input"),
		"code": "CASE WHEN x.code IS NOT NULL THEN n.code END",
	}},
	{"inbox", "x.application = o.key", map[string]string{"application": "n.key", "changed_at": "n.at", "due_at": "n.at + 259200000000", "office": mapped("x.office")}},
	{"marks", "x.application = o.key", map[string]string{
		"application": "n.key", "document": mapped("x.document"), "facts": mapped("x.facts"), "name": mapped("x.name"), "holder": mapped("x.holder"), "number": mapped("x.number"),
		"stem": "substr(n.name, 1, 2)", "office": mapped("x.office"), "village": mapped("x.village"), "town": mapped("x.town"),
	}},
	{"log", "x.subject = o.id AND x.kind = 'action'", map[string]string{
		"seq": "n.entry + x.part", "subject": "n.id", "salt": "randomblob(16)", "digest": "randomblob(32)", "hash": "randomblob(32)",
	}},
	{"certificates", "x.application = o.id", map[string]string{
		"key": "n.key", "code": "n.code", "number": "n.certificate", "application": "n.id", "division": mapped("x.division"), "masked_name": "n.masked_name", "masked_id": "n.masked_id",
		"holder": mapped("x.holder"), "issued_at": "n.at", "expires_at": "x.expires_at - x.issued_at + n.at", "status_at": "n.at", "salt": "randomblob(16)", "digest": "randomblob(32)",
		"list": "n.list", "list_index": "n.list_index",
	}},
}

const (
	olds = `CREATE TEMP TABLE olds AS SELECT key, id, version, ` + "'" + community + "' AS village, '" + town + "' AS town, '' AS name, '' AS number FROM applications"
	news = `CREATE TEMP TABLE news (key INTEGER PRIMARY KEY, old TEXT, entry INTEGER, id TEXT, at INTEGER, name TEXT, number TEXT, village TEXT, town TEXT,
		masked_name TEXT, masked_id TEXT, code TEXT, certificate TEXT, list INTEGER, list_index INTEGER)`
	insertNew = `INSERT INTO temp.news VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
)

// copier writes cases into a store's file, which nobody else has open, in one
// transaction.
type copier struct {
	*district21
	rand     *rand.Rand
	conn     *sql.Conn
	insert   *sql.Stmt
	versions map[string]int64 // of the patterns
	key      int64            // the last ones used
	entry    int64
	numbers  int // certificates so far
}

func newCopier(ctx context.Context, d *district21, db *sql.DB, patterns []*pattern) (*copier, error) {
	c := &copier{district21: d, rand: rand.New(rand.NewPCG(1, 2)), versions: map[string]int64{}} //nolint:gosec // the same cases in every run; nothing here is secret
	var err error
	if c.conn, err = db.Conn(ctx); err != nil {
		return nil, err
	}
	if err := c.run(ctx, "PRAGMA journal_mode = OFF", "PRAGMA synchronous = OFF", "PRAGMA temp_store = MEMORY", "PRAGMA cache_size = -1048576", "BEGIN", olds, news); err != nil {
		return nil, err
	}
	for _, x := range copies {
		if err := c.run(ctx, "CREATE TEMP TABLE old_"+x.table+" AS SELECT * FROM "+x.table); err != nil {
			return nil, err
		}
	}
	for _, p := range patterns {
		var version int64
		if err := c.conn.QueryRowContext(ctx, "UPDATE temp.olds SET name = ?, number = ? WHERE id = ? RETURNING version", p.name, p.number, p.id).Scan(&version); err != nil {
			return nil, err
		}
		c.versions[p.id] = version
	}
	if err := c.conn.QueryRowContext(ctx, "SELECT (SELECT max(key) FROM applications), (SELECT max(seq) FROM log)").Scan(&c.key, &c.entry); err != nil {
		return nil, err
	}
	c.insert, err = c.conn.PrepareContext(ctx, insertNew)
	return c, err
}

func (c *copier) run(ctx context.Context, texts ...string) error {
	for _, text := range texts {
		if _, err := c.conn.ExecContext(ctx, text); err != nil {
			return fmt.Errorf("%s: %w", text, err)
		}
	}
	return nil
}

// asked is what somebody has of a case when they look for it.
type asked struct {
	id, code, number, token string
	name, document          string
}

// halfList is how many entries of a status list are taken.
const halfList = 1 << (yinzheng.StatusBits - 1)

// copy notes one more case, last changed at a time.
func (c *copier) copy(ctx context.Context, of *pattern, name string, at time.Time) (asked, error) {
	a := asked{id: c.letters(10), name: name, document: residentID(c.rand)}
	village := c.village(c.rand)
	var code, number, list, index any
	if of.issued {
		a.code = c.letters(yinzheng.CodeLength)
		a.number = yinzheng.Number{Type: "11441302MB2D2Q101Q003", Issuer: c.directory.Organs[1].Code, Serial: c.letters(16), Version: 1}.String()
		// At random, as it should be; an odd factor meets no entry twice.
		code, number, list, index = a.code, a.number, 2+c.numbers/halfList, c.numbers%halfList*611953%(2*halfList)
		c.numbers++
	}
	c.key++
	_, err := c.insert.ExecContext(ctx, c.key, of.id, c.entry, a.id, at.UnixMicro(), name, a.document, village.Code, village.Parent,
		yinzheng.MaskName(name), yinzheng.MaskID(yinzheng.ID{Type: yinzheng.ResidentID, Number: a.document}), code, number, list, index)
	c.entry += c.versions[of.id]
	return a, err
}

// letters draws what identifiers are made of.
func (c *copier) letters(n int) string {
	const letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	b := make([]byte, n)
	for i := range b {
		b[i] = letters[c.rand.IntN(len(letters))]
	}
	return string(b)
}

// finish writes what was noted, table by table, and the status lists.
func (c *copier) finish(ctx context.Context) error {
	errs := []error{c.insert.Close()}
	for _, x := range copies {
		text, err := c.statement(ctx, x.table, x.on, x.differ)
		errs = append(errs, err)
		if err == nil {
			errs = append(errs, c.run(ctx, text))
		}
	}
	for n := 0; n*halfList < c.numbers; n++ {
		_, err := c.conn.ExecContext(ctx, "INSERT INTO status_lists (number, taken) VALUES (?, ?)", n+2, min(halfList, c.numbers-n*halfList))
		errs = append(errs, err)
	}
	return errors.Join(append(errs, c.run(ctx, "COMMIT"), c.conn.Close())...)
}

// statement writes the copies' rows of a table, in the order of their keys and
// with the columns that the table has.
func (c *copier) statement(ctx context.Context, table, on string, differ map[string]string) (string, error) {
	rows, err := c.conn.QueryContext(ctx, "SELECT name FROM pragma_table_info(?)", table)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	var columns, values []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return "", err
		}
		columns, values = append(columns, name), append(values, "x."+name)
		if other := differ[name]; other != "" {
			values[len(values)-1] = other
		}
	}
	for name := range differ {
		if !slices.Contains(columns, name) {
			return "", fmt.Errorf("%s has no column %s", table, name)
		}
	}
	return "INSERT INTO main." + table + " (" + strings.Join(columns, ", ") + ") SELECT " + strings.Join(values, ", ") +
		" FROM temp.news n CROSS JOIN temp.olds o ON o.id = n.old CROSS JOIN temp.old_" + table + " x ON " + on, rows.Err()
}
