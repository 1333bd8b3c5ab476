package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net/url"
	"strings"

	"github.com/mattn/go-sqlite3"

	"yinzheng"
)

var sqlite = &dialect{
	name:     "sqlite",
	begin:    query("BEGIN IMMEDIATE"),
	snapshot: query("BEGIN DEFERRED"),
	tables:   query("SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = $1"),
	outage:   sqliteOutage,
	unique: func(err error) bool {
		var e sqlite3.Error
		return errors.As(err, &e) && (e.ExtendedCode == sqlite3.ErrConstraintUnique || e.ExtendedCode == sqlite3.ErrConstraintPrimaryKey)
	},
}

func sqliteOutage(err error) (yinzheng.Text, bool) {
	var e sqlite3.Error
	if !errors.As(err, &e) {
		return yinzheng.Text{}, false
	}
	switch e.Code {
	case sqlite3.ErrFull:
		return yinzheng.Text{ZH: "磁盘已满，本次操作没有保存，已有内容没有丢失。请联系管理员腾出空间后重试", EN: "The disk is full; this was not saved and nothing was lost. Please have an administrator make room, then try again"}, true
	case sqlite3.ErrReadonly, sqlite3.ErrPerm, sqlite3.ErrCantOpen, sqlite3.ErrAuth:
		return yinzheng.Text{ZH: "数据库不可写，本次操作没有保存，已有内容没有丢失。请联系管理员检查数据目录的权限", EN: "The database cannot be written; this was not saved and nothing was lost. Please have an administrator check the data folder's permissions"}, true
	case sqlite3.ErrBusy, sqlite3.ErrLocked:
		return yinzheng.Text{ZH: "数据库正忙，本次操作没有保存，没有丢失任何内容，请稍后重试", EN: "The database is busy; this was not saved and nothing was lost, please try again"}, true
	case sqlite3.ErrCorrupt, sqlite3.ErrNotADB:
		return yinzheng.Text{ZH: "数据库文件已损坏，请联系管理员从备份恢复", EN: "The database file is damaged; please have an administrator restore it from a backup"}, true
	case sqlite3.ErrIoErr, sqlite3.ErrNomem, sqlite3.ErrInterrupt:
		return yinzheng.Text{ZH: "数据库读写失败，本次操作没有保存，已有内容没有丢失，请稍后重试", EN: "The database could not be read or written; this was not saved and nothing was lost, please try again"}, true
	}
	return yinzheng.Text{}, false
}

// pageSize suits both ends: a PDF of 40 KB fills few pages, and a small change
// still logs little.
const pageSize = "8192"

// Pragmas of the connections. Reads are mapped into memory, so that a lookup
// in a large database copies nothing and costs no system call; SQLite cuts what
// is asked for to SQLITE_MAX_MMAP_SIZE, which is 2 GB unless the build says
// otherwise, as the Makefile does. Temp tables would only ever hold a sort.
var (
	writerPragmas = []string{
		"PRAGMA page_size = " + pageSize, // first: it counts only before there is anything
		"PRAGMA journal_mode = WAL",
		"PRAGMA synchronous = FULL",
		"PRAGMA wal_autocheckpoint = 0", // see checkpoint.go
		"PRAGMA cache_size = -32768",
		"PRAGMA foreign_keys = ON",
		"PRAGMA recursive_triggers = ON",
		"PRAGMA secure_delete = ON", // what is erased is written over
		"PRAGMA temp_store = MEMORY",
	}
	readerPragmas = []string{
		"PRAGMA query_only = ON",
		"PRAGMA cache_size = -4096", // for what the log still holds
		"PRAGMA mmap_size = 1099511627776",
		"PRAGMA temp_store = MEMORY",
	}
	checkpointPragmas = []string{"PRAGMA synchronous = FULL", "PRAGMA wal_autocheckpoint = 0"}
	memoryPragmas     = []string{
		"PRAGMA page_size = " + pageSize,
		"PRAGMA foreign_keys = ON",
		"PRAGMA recursive_triggers = ON",
		"PRAGMA temp_store = MEMORY",
	}
)

// sqliteDSN names a file. Prepared statements are cached by the driver, a
// cache for each connection; database/sql never uses one from two goroutines
// at once, so the engine needs no lock of its own.
func sqliteDSN(path string) string {
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath()}
	if path == ":memory:" {
		u.Opaque = path
	}
	return u.String() + "?_mutex=no&_busy_timeout=10000&_stmt_cache_size=96"
}

// connector opens SQLite connections and sets their pragmas.
type connector struct {
	dsn    string
	driver *sqlite3.SQLiteDriver
}

func newConnector(path string, pragmas []string) connector {
	all := strings.Join(pragmas, "; ")
	return connector{sqliteDSN(path), &sqlite3.SQLiteDriver{ConnectHook: func(c *sqlite3.SQLiteConn) error {
		_, err := c.Exec(all, nil)
		return err
	}}}
}

// Connect implements driver.Connector.
func (c connector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn) }

// Driver implements driver.Connector.
func (c connector) Driver() driver.Driver { return c.driver }

func openPool(path string, pragmas []string, size int) *sql.DB {
	db := sql.OpenDB(newConnector(path, pragmas))
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	return db
}

var (
	mappedAtMost = query("PRAGMA mmap_size")
	pagesOfFile  = query("PRAGMA page_count")
	bytesOfPage  = query("PRAGMA page_size")
)

// Mapping tells how large the database file is, and how much of a file this
// build maps into memory at most, in bytes. What lies beyond is read by system
// calls. Both are 0 for a database in memory.
func (s *Store) Mapping(ctx context.Context) (size, limit int64, err error) {
	if s.readers == nil {
		return 0, 0, nil
	}
	err = s.read(ctx, "see how the database is mapped", func(ctx context.Context, q querier) error {
		var page int64
		err := errors.Join(q.QueryRowContext(ctx, pagesOfFile).Scan(&size), q.QueryRowContext(ctx, bytesOfPage).Scan(&page),
			q.QueryRowContext(ctx, mappedAtMost).Scan(&limit))
		size *= page
		return err
	})
	return size, limit, err
}
