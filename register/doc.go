// Package register reads the registers of persons that offices keep (CSV or
// .xlsx), works out what they change in what is on record, and says what is on
// record about somebody, for forms to be filled in from it.
package register
