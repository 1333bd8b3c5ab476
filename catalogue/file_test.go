package catalogue

import (
	"errors"
	"testing"

	"yinzheng"
)

// FuzzRead: whatever a file holds, it is read, or refused with a place.
func FuzzRead(f *testing.F) {
	f.Add([]byte("code,name,basis,level\nA1,居住证明,某条例,街道\n"))
	f.Add([]byte("代码,名称,依据,层级,时限\nA1,\"居住\n证明\",；；,村,9999999999999999999\n"))
	f.Add([]byte("code\tname\tbasis\tlevel\n=1+1\t\t\t\n"))
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, data []byte) {
		rows, faults, _, err := readRows(data)
		var e *yinzheng.Error
		switch {
		case errors.As(err, &e):
			if !errors.Is(err, yinzheng.ErrInvalid) || len(e.Fields) != 1 || e.Fields[0].Field == "" {
				t.Errorf("%v", err)
			}
		case err != nil || len(rows) == 0:
			t.Errorf("%d rows, %v", len(rows), err)
		}
		for i := range rows {
			rows[i].check(rows[i].fault(&faults))
		}
		for _, fault := range faults {
			if fault.Field == "" || fault.Text.ZH == "" || fault.Text.EN == "" {
				t.Errorf("%+v says nothing", fault)
			}
		}
	})
}
