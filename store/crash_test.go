package store

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"yinzheng"
	"yinzheng/store/storetest"
)

// crashPath makes the test binary a process that writes until it is killed.
const crashPath = "YINZHENG_STORE_CRASH_PATH"

func TestMain(m *testing.M) {
	if path := os.Getenv(crashPath); path != "" {
		writeUntilKilled(path)
	}
	os.Exit(m.Run())
}

// writeUntilKilled issues certificates from several goroutines and prints the
// number of each one that the store says is kept.
func writeUntilKilled(path string) {
	ctx := context.Background()
	s, err := Open(ctx, path)
	if err != nil {
		fmt.Println("failed", err)
		os.Exit(1)
	}
	first, err := s.nextCrashNumber(ctx)
	if err != nil {
		fmt.Println("failed", err)
		os.Exit(1)
	}
	var mu sync.Mutex
	for g := range 8 {
		go func() {
			for n := first + g; ; n += 8 {
				if err := crashIssue(ctx, s, n); err != nil {
					fmt.Println("failed", err)
					os.Exit(1)
				}
				mu.Lock()
				fmt.Println("kept", n)
				mu.Unlock()
			}
		}()
	}
	select {}
}

func (s *Store) nextCrashNumber(ctx context.Context) (n int, err error) {
	err = s.read(ctx, "count", func(ctx context.Context, q querier) error {
		return q.QueryRowContext(ctx, "SELECT coalesce(max(list_index), 0) + 1 FROM certificates").Scan(&n)
	})
	return n, err
}

func crashIssue(ctx context.Context, s *Store, n int) error {
	id := "A" + strconv.Itoa(n)
	c := storetest.Certificate(n, id)
	a := storetest.Case(id, "north", storetest.North, yinzheng.Submit, yinzheng.Approve, yinzheng.Approve, yinzheng.Reserve)
	if err := s.Tx(ctx, func(ctx context.Context) error {
		if err := s.SaveApplication(ctx, a, 0); err != nil {
			return err
		}
		return s.Reserve(ctx, c)
	}); err != nil {
		return err
	}
	pdf := crashPDF(n)
	return s.Tx(ctx, func(ctx context.Context) error {
		if err := s.FinishIssue(ctx, storetest.Finished(c, pdf), pdf); err != nil {
			return err
		}
		return s.SaveApplication(ctx, storetest.Next(a, []yinzheng.ActionKind{yinzheng.Issue}, "north", storetest.North), a.Version)
	})
}

func crashPDF(n int) []byte { return []byte(strings.Repeat(fmt.Sprintf("%08d", n), 4000)) }

// TestKilled: whatever a process that is killed had acknowledged is there
// afterwards, and what it was at is there whole or not at all.
func TestKilled(t *testing.T) {
	path := t.TempDir() + "/yinzheng.db"
	kept := map[int]bool{}
	for range 5 {
		for _, n := range killWriter(t, path) {
			if kept[n] {
				t.Fatalf("number %d was made twice", n)
			}
			kept[n] = true
		}
		s := openFile(t, path)
		for n := range kept {
			if a, err := s.Application(t.Context(), "A"+strconv.Itoa(n)); err != nil || a.State != yinzheng.Issued {
				t.Fatalf("case %d was acknowledged: %v", n, err)
			}
		}
		checkWhole(t, s, kept)
		checkLog(t, s)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(kept) < 20 {
		t.Errorf("only %d certificates were made before the kills", len(kept))
	}
}

// killWriter runs a writing process for a moment and returns the numbers that
// it printed before it was killed.
func killWriter(t *testing.T, path string) (numbers []int) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), crashPath+"="+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var killer *time.Timer
	for lines := bufio.NewScanner(out); lines.Scan(); {
		number, kept := strings.CutPrefix(lines.Text(), "kept ")
		n, err := strconv.Atoi(number)
		if !kept || err != nil {
			_ = cmd.Process.Kill()
			t.Fatalf("the writer said: %s", lines.Text())
		}
		if numbers = append(numbers, n); killer == nil {
			killer = time.AfterFunc(time.Duration(10+rand.IntN(200))*time.Millisecond, func() { _ = cmd.Process.Kill() })
			defer killer.Stop()
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the writer ended by itself")
	}
	return numbers
}

// checkWhole finds every certificate, acknowledged or not, in one of the two
// states that a transaction leaves.
func checkWhole(t *testing.T, s *Store, kept map[int]bool) {
	t.Helper()
	next, err := s.nextCrashNumber(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; n < next; n++ {
		id := "A" + strconv.Itoa(n)
		a, err := s.Application(t.Context(), id)
		if err != nil {
			if _, err := s.Reserved(t.Context(), "C"+id); err == nil || kept[n] {
				t.Fatalf("certificate %d without its case", n)
			}
			continue
		}
		pdf, err := s.PDF(t.Context(), "C"+id)
		switch a.State {
		case yinzheng.Issuing:
			if _, reserved := s.Reserved(t.Context(), a.Code); reserved != nil || err == nil {
				t.Fatalf("case %d is issuing: reservation %v, PDF %v", n, reserved, err)
			}
		case yinzheng.Issued:
			if err != nil || string(pdf) != string(crashPDF(n)) {
				t.Fatalf("case %d is issued: PDF %v", n, err)
			}
		default:
			t.Fatalf("case %d is %s", n, a.State)
		}
	}
}
