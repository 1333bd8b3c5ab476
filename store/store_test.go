package store

import (
	"path/filepath"
	"testing"

	"yinzheng"
	"yinzheng/store/storetest"
)

func openFile(t testing.TB, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func openMemory(t testing.TB) *Store {
	t.Helper()
	s, err := OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestSQLite(t *testing.T) {
	storetest.Run(t, func(t *testing.T) yinzheng.Store { return openFile(t, filepath.Join(t.TempDir(), "yinzheng.db")) })
}

func TestMemory(t *testing.T) {
	storetest.Run(t, func(t *testing.T) yinzheng.Store { return openMemory(t) })
}
