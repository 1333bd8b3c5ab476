// Command bench measures Yinzheng's budgets (docs/architecture.md, budgets) in
// one run on one machine and prints them as ratios:
//
//	go run ./internal/bench
//	go run ./internal/bench -json
//	go run ./internal/bench -growth 10000000
//
// It ends with 0 when everything could be measured, budgets missed included,
// and with 1 when something could not, or when what it measured was wrong:
// every certificate made on the way must verify as valid.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

func main() {
	if err := run(context.Background(), os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// size says how much a run does.
type size struct {
	rounds     int // of the rows that take milliseconds
	bulkRounds int
	bulkBatch  int
	starts     int
	settle     time.Duration
	few, many  int // cases in the stores that growth is measured on
	persons    int // of the register that is imported
	inquiries  int // of the list that is asked
	decided    int // cases approved in bulk
	rush       time.Duration
	growthOnly bool
}

var (
	full  = size{rounds: 21, bulkRounds: 9, bulkBatch: 256, starts: 5, settle: 1500 * time.Millisecond, few: 10_000, many: 1_000_000, persons: 100_000, inquiries: 30_000, decided: 10_000, rush: time.Minute}
	quick = size{rounds: 2, bulkRounds: 1, bulkBatch: 256, starts: 1, settle: 200 * time.Millisecond, few: 10_000, many: 20_000, persons: 2_000, inquiries: 1_000, decided: 300, rush: 2 * time.Second}
)

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	asJSON := flags.Bool("json", false, "print JSON instead of a table")
	short := flags.Bool("quick", false, "few rounds: shows that everything works, figures are rough")
	growth := flags.Int("growth", 0, "growth alone, up to so many cases; ten million take some 50 GB of disk, and an hour")
	if err := flags.Parse(args); err != nil {
		return err
	}
	s := full
	if *short {
		s = quick
	}
	if *growth > 0 {
		s.many, s.growthOnly = *growth, true
	}
	r, err := measure(ctx, s)
	if err != nil {
		return err
	}
	if *asJSON {
		return r.writeJSON(stdout)
	}
	return r.writeTable(stdout)
}

// measure takes every row.
func measure(ctx context.Context, s size) (r *report, err error) {
	began := time.Now()
	dir, err := diskFolder()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	o, err := newOffice(dir)
	if err != nil {
		return nil, err
	}
	defer o.ring.Close()
	r = &report{Machine: machine()}
	if !s.growthOnly {
		if err := r.measure(ctx, s, o); err != nil {
			return nil, err
		}
		r.Notes = append(r.Notes, notes...)
	}
	rows, grown, err := growthRows(ctx, o, s.few, s.many, s.rounds)
	if err != nil {
		return nil, err
	}
	r.Rows, r.Notes = append(r.Rows, rows...), append(r.Notes, grown...)
	r.Notes = append(r.Notes, fmt.Sprintf("%.0f s in all", time.Since(began).Seconds()))
	return r, nil
}

// notes tell how to read the table.
var notes = []string{
	"certificates: residence and birth-registration in turn, each case another one; every one verified valid off the clock",
	"ratio: the median over rounds in which both sides take turns; ±: half the distance of its quartiles",
	"one thread, verify: GOMAXPROCS 1, processor time, garbage collection included",
	"verify: the handlers are called in the process, without a socket, which would cost both sides the same and hide the difference",
}

func (r *report) measure(ctx context.Context, s size, o *office) (err error) {
	disk, err := o.onDisk(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, disk.store.Close()) }()
	memory, err := o.inMemory(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, memory.store.Close()) }()
	w, err := newWorkshop(ctx, memory)
	if err != nil {
		return err
	}
	one := func(x row, err error) ([]row, error) { return []row{x}, err }
	for _, part := range []func() ([]row, error){
		func() ([]row, error) { return makingRows(ctx, w, s.rounds) },
		func() ([]row, error) { return one(coresRow(ctx, w, 2*s.rounds)) },
		func() ([]row, error) { return one(bulkRow(ctx, disk, memory, s.bulkRounds, s.bulkBatch)) },
		func() ([]row, error) { return decidingRows(ctx, disk, s.decided) },
		func() ([]row, error) { return personRows(ctx, disk, memory, s.persons) },
		func() ([]row, error) { return inquiryRows(ctx, disk, memory, s.inquiries) },
		func() ([]row, error) { return verifyRows(ctx, disk, s.rounds) },
		func() ([]row, error) { return one(rushRow(ctx, disk, s.rush)) },
		func() ([]row, error) { return one(previewRow(ctx, w, s.rounds)) },
		func() ([]row, error) { return startRows(ctx, disk.office, s.starts, s.settle) },
	} {
		rows, err := part()
		if err != nil {
			return err
		}
		r.Rows = append(r.Rows, rows...)
	}
	return nil
}

// machine names what the figures were measured on.
func machine() string {
	model := runtime.GOARCH
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if _, after, ok := strings.Cut(string(info), "model name"); ok {
			line, _, _ := strings.Cut(after, "\n")
			model = strings.TrimLeft(line, "\t: ")
		}
	}
	return fmt.Sprintf("%s, %d cores, %s %s/%s", model, runtime.NumCPU(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// codes collects the certificates that were issued, in any order.
type codes struct {
	mu   sync.Mutex
	list []string
}

func (c *codes) add(code string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = append(c.list, code)
}

func (c *codes) all() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.list)
}
