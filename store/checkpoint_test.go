package store

import (
	"os"
	"strconv"
	"sync"
	"testing"

	"yinzheng/store/storetest"
)

// TestLogStaysShort: writers that never pause do not make the log grow for ever.
func TestLogStaysShort(t *testing.T) {
	path := t.TempDir() + "/yinzheng.db"
	s := openFile(t, path)
	saveCase(t, s, "A1")
	if length, left := checkpoint(s.writer.conn, logLength); length == 0 || left != length {
		t.Fatalf("asking for the log's length copied it: %d pages, %d left", length, left)
	}
	pdf := make([]byte, 64<<10)
	const writers, each = 8, 250 // 128 MB: several times the length at which it begins anew
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				c := storetest.Certificate(w*each+i, strconv.Itoa(w*each+i))
				if err := s.Reserve(t.Context(), c); err != nil {
					t.Error(err)
				}
				if err := s.FinishIssue(t.Context(), storetest.Finished(c, []byte(c.Code)), pdf); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	info, err := os.Stat(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d MB written, log of %d MB", writers*each*len(pdf)>>20, info.Size()>>20)
	if info.Size() > 90<<20 {
		t.Errorf("the log has grown to %d MB", info.Size()>>20)
	}
}
