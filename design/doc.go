// Package design makes templates on the spot: a design is a version of an item's
// template in the making, written by administrators and published by another one.
//
//	text (YAML) ─► check ─► send ─► publish: a version of the item, in force at once
//	     ▲                            │
//	     └── fill in by parts         └─ or return, with an opinion
//
// The text is the truth. Filling in by parts (parts.go, edit.go) reads it, changes
// it and writes it anew; differences (compare.go) and trial values (trial.go) are
// worked out from it. Nothing is kept in memory but which versions are in force.
package design
