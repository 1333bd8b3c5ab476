// Package rating has residents say how their case was handled (好差评), and sees
// to it that a bad rating is followed up: the resident is called back, and what
// was wrong is put right, by the office above the one that was rated.
package rating
