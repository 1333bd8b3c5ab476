// Package inquiry has offices confirm facts about persons to those who would
// otherwise ask the person for a proof (协查): who may ask what, what is on
// record, who answers and who signs, one person at a time or thirty thousand in
// a list.
package inquiry
