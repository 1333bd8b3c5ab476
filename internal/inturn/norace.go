//go:build !race

package inturn

const race = false
