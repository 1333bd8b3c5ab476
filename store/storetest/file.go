package storetest

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"yinzheng"
)

// files: a content is kept once under its digest, and read as it was kept.
func files(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	_, err := s.File(ctx, Digest("a"))
	checkIs(t, err, yinzheng.ErrNotFound)
	large := bytes.Repeat([]byte{0, 1, 2, 0xFF}, 1<<20)
	for range 2 { // the same again is the same
		check(t, s.AddFile(ctx, Digest("a"), []byte("a")))
		check(t, s.AddFile(ctx, Digest(string(large)), large))
	}
	for _, want := range [][]byte{[]byte("a"), large} {
		got, err := s.File(ctx, Digest(string(want)))
		check(t, err)
		if !bytes.Equal(got, want) {
			t.Errorf("%d bytes read back as %d", len(want), len(got))
		}
	}
	undone := errors.New("undone")
	if err := s.Tx(ctx, func(ctx context.Context) error {
		check(t, s.AddFile(ctx, Digest("b"), []byte("b")))
		return undone
	}); !errors.Is(err, undone) {
		t.Fatal(err)
	}
	_, err = s.File(ctx, Digest("b"))
	checkIs(t, err, yinzheng.ErrNotFound)
	check(t, s.AddFile(ctx, Digest("c"), []byte("another content")))
	if got, err := s.File(ctx, Digest("c")); err == nil || errors.Is(err, yinzheng.ErrNotFound) {
		t.Errorf("a content with another digest: %q, %v", got, err)
	}
}

// paperScan: a record is found by its scan, as it was sent and as it is kept,
// while it stands.
func paperScan(t *testing.T, s yinzheng.Store) {
	ctx := t.Context()
	kept, sent := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)
	p := &yinzheng.Paper{
		Code: "P1", Number: "惠桥证〔2026〕12号", Item: "residence", Short: "RES", Organ: "11441302007158123A", IssuedOn: Start,
		Scan: kept, Original: sent, ScanType: "image/jpeg", RecordedAt: Start, By: "u1", Office: "north",
	}
	other := *p
	other.Code, other.Number, other.Scan, other.Original, other.ScanType = "P2", "13号", nil, nil, ""
	check(t, s.AddPaper(ctx, &other))
	check(t, s.AddPaper(ctx, p))
	later := *p
	later.Code, later.Number = "P3", "14号"
	check(t, s.AddPaper(ctx, &later))
	for _, digest := range [][]byte{kept, sent} {
		got, err := s.PaperByScan(ctx, digest)
		check(t, err)
		if d := cmp.Diff(p, got); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	}
	_, err := s.PaperByScan(ctx, bytes.Repeat([]byte{3}, 32))
	checkIs(t, err, yinzheng.ErrNotFound)
	p.VoidedAt, p.VoidedBy = Start, "u2"
	check(t, s.VoidPaper(ctx, p))
	got, err := s.PaperByScan(ctx, sent)
	check(t, err)
	if got.Code != "P3" {
		t.Errorf("a void record is found: %s", got.Code)
	}
}
