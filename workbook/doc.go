// Package workbook brings in cases by workbook: a row each, under columns that
// follow from an item's template. A workbook is checked whole, and becomes a batch
// only when it is clean; the batch is then worked off row by row in the background.
package workbook
