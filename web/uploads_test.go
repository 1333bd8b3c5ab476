package web

import (
	"net/netip"
	"testing"
)

// All files together take no more than their room, and give it back.
func TestUploadsRoom(t *testing.T) {
	u := newUploads()
	var all []*upload
	full := func(client byte) bool {
		one, err := u.begin(netip.AddrFrom4([4]byte{192, 0, 2, client}))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
		return one.take(maxFile) != nil
	}
	for i := range byte(8) {
		if full(i) {
			t.Fatalf("file %d finds no room", i)
		}
	}
	if !full(8) {
		t.Error("a ninth file of the largest size finds room")
	}
	for _, one := range all {
		one.done()
	}
	if u.held != 0 || len(u.from) != 0 {
		t.Errorf("%d bytes and %d clients are left", u.held, len(u.from))
	}
	if full(0) {
		t.Error("no room though all are done")
	}
}
