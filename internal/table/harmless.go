package table

import "strings"

// Harmless is a cell of a table that we write, such that no spreadsheet takes it
// for a formula: an apostrophe comes before what would begin one, full-width
// forms too, which some take for the others.
func Harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r＝＋－＠", []rune(cell)[0]) {
		return "'" + cell
	}
	return cell
}
