package main

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// Everything is measured as a ratio between contenders that take turns in
// short batches: what else the machine does meets them alike, and the median
// over the rounds forgets the batches that were hit.

// interleave lets contenders run one batch each, round after round, in an
// order that turns round every time. Each begins with the heap collected, so
// that none pays for another's garbage.
func interleave(rounds int, contenders ...func() error) error {
	for r := range rounds {
		for i := range contenders {
			if r%2 == 1 {
				i = len(contenders) - 1 - i
			}
			runtime.GC()
			if err := contenders[i](); err != nil {
				return err
			}
		}
	}
	return nil
}

// cpuTime is the processor time that this process has used so far. What has
// one thread is measured by it: unlike the clock on the wall it stands still
// while another process has the core.
func cpuTime() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t); err != nil {
		panic(fmt.Sprintf("bench: the processor clock: %v", err)) // there since Linux 2.6.12
	}
	return time.Duration(t.Nano())
}

// oneThread runs fn with all Go code on one thread, the collector's included.
func oneThread(fn func() error) error {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	return fn()
}

// series is one contender's figures, one a round.
type series []float64

func (s *series) add(x float64) { *s = append(*s, x) }

// perOp adds the time that one of n operations took, in nanoseconds.
func (s *series) perOp(took time.Duration, n int) { s.add(float64(took) / float64(n)) }

func (s series) median() float64 { return s.quantile(0.5) }

// quantile is the smallest value that the share q of all values does not exceed.
func (s series) quantile(q float64) float64 {
	if len(s) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(s))
	return sorted[max(0, int(math.Ceil(q*float64(len(sorted))))-1)]
}

// over divides round by round.
func (s series) over(other series) series {
	out := make(series, min(len(s), len(other)))
	for i := range out {
		out[i] = s[i] / other[i]
	}
	return out
}

// spread is half the distance between the quartiles, as a share of the median:
// half of all rounds lie within it.
func (s series) spread() float64 {
	return (s.quantile(0.75) - s.quantile(0.25)) / 2 / s.median()
}
