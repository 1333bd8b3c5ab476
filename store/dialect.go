package store

import (
	"embed"

	"yinzheng"
)

//go:embed migrations
var migrations embed.FS

// dialect is what differs between the engines; every other text is the same
// for all of them.
type dialect struct {
	name     string // the folder under migrations
	begin    string // starts a transaction that writes
	snapshot string // starts one that reads a single moment
	tables   string // counts the tables called $1

	// outage tells whether an error means that the engine or its disk does not
	// answer, and says so to the caller.
	outage func(error) (yinzheng.Text, bool)
	// unique tells whether an error is a violated primary key or unique index.
	unique func(error) bool
}
