package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
)

var (
	selectFile = query("SELECT content FROM files WHERE digest = $1")
	hasFile    = query("SELECT count(*) FROM files WHERE digest = $1")
	// Once nothing refers to it: a digest in hexadecimal, and in bytes.
	dropFile = query(`DELETE FROM files WHERE digest = $1 AND NOT EXISTS (SELECT 1 FROM actions WHERE digest = $1) AND NOT EXISTS (SELECT 1 FROM request_files WHERE digest = $1)
		AND NOT EXISTS (SELECT 1 FROM faces WHERE digest = $1) AND NOT EXISTS (SELECT 1 FROM papers WHERE scan = $2)`)
	insertFile = query("INSERT INTO files (digest, content) VALUES ($1, $2)")
)

// AddFile implements yinzheng.Files.
func (s *Store) AddFile(ctx context.Context, digest string, content []byte) error {
	return s.write(ctx, "keep a file", func(ctx context.Context, q querier) error {
		var there int
		err := q.QueryRowContext(ctx, hasFile, digest).Scan(&there)
		if err == nil && there == 0 {
			_, err = change(ctx, q, insertFile, digest, content)
		}
		return err
	})
}

// File implements yinzheng.Files.
func (s *Store) File(ctx context.Context, digest string) ([]byte, error) {
	var content []byte
	err := s.read(ctx, "read a file", func(ctx context.Context, q querier) (err error) {
		content, err = readFile(ctx, q, digest)
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, notFound("没有这个文件", "There is no such file")
	}
	return content, err
}

// errChangedFile means that a content is not the one that was kept.
var errChangedFile = errors.New("the content has another digest")

// readFile returns a content that is what it was; sql.ErrNoRows, errChangedFile.
func readFile(ctx context.Context, q querier, digest string) ([]byte, error) {
	var content []byte
	if err := q.QueryRowContext(ctx, selectFile, digest).Scan(&content); err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(content); hex.EncodeToString(sum[:]) != digest {
		return nil, fmt.Errorf("file %s: %w", digest, errChangedFile)
	}
	return content, nil
}

// dropFiles removes those of some files that nothing refers to any more.
func dropFiles(ctx context.Context, q querier, digests []string) error {
	for _, digest := range digests {
		sum, err := hex.DecodeString(digest)
		if err != nil {
			return &scanError{err}
		}
		if _, err := change(ctx, q, dropFile, digest, sum); err != nil {
			return err
		}
	}
	return nil
}
