package register

import (
	"strings"
	"testing"
	"time"
)

// TestManyFaults: of a file that is wrong from top to bottom no more is held than
// the report lists, and one fault of each further row.
func TestManyFaults(t *testing.T) {
	const n = 1000
	rows, _, err := read([]byte("id,name,sex,born\n"+strings.Repeat("x,^,x,x\n", n)), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	held := 0
	for i := range rows {
		held += len(rows[i].faults)
		if i < MaxListed/4 && len(rows[i].faults) < 4 || len(rows[i].faults) == 0 {
			t.Fatalf("row %d: %d faults", i, len(rows[i].faults))
		}
	}
	if held > n+MaxListed {
		t.Errorf("%d faults are held", held)
	}
}
