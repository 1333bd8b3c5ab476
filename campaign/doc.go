// Package campaign checks all holders of an item in one go (生存核验): a roster
// that is fixed when the campaign starts, worked through village by village, and
// the cases of the period made out of what was seen.
package campaign
