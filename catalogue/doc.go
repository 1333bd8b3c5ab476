// Package catalogue keeps the catalogue of items: which proofs are asked for,
// on what basis and from whom, which were cancelled and what replaced the
// others. It changes only by a change that is drafted, reviewed by somebody
// else, open to comments until a date and then published; every version stays.
package catalogue
