package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"yinzheng"
	"yinzheng/keys"
	"yinzheng/offices"
	"yinzheng/store"
)

// founding is everything that a new data folder begins with.
type founding struct {
	dir       string
	secret    keys.Secret
	settings  settings
	caName    string // "Yinzheng" when empty
	divisions []yinzheng.Division
	seats     []offices.Seat // the offices that seal
	accounts  []yinzheng.Account
}

// found makes the data folder: keys first, then the database with office tree,
// people and the public half of every key. What it made is removed when it
// cannot be completed, so that it can be tried again.
func (f *founding) found(ctx context.Context) (err error) {
	database := filepath.Join(f.dir, databaseFile)
	if _, err := os.Stat(database); err == nil {
		return fmt.Errorf("%s is a data folder already; choose another with --dir, or start it with: yinzheng serve --dir %s", f.dir, f.dir)
	}
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return err
	}
	keyDir := filepath.Join(f.dir, keyFolder)
	ring, err := keys.Create(keyDir, f.secret, keys.Options{Name: f.caName, PublicURL: f.settings.PublicURL})
	if errors.Is(err, keys.ErrExists) {
		return fmt.Errorf("%s exists but the database beside it does not: restore the database, or move the keys away: %w", keyDir, err)
	}
	if err != nil {
		return err
	}
	defer ring.Close()
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(keyDir), removeDatabase(database))
		}
	}()
	seals, err := ring.NewSeals(f.sealRequests()...)
	if err != nil {
		return err
	}
	s, err := store.Open(ctx, database)
	if err != nil {
		return err
	}
	err = s.Tx(ctx, func(ctx context.Context) error { return f.fill(ctx, s, publicKeys(seals)) })
	return errors.Join(err, s.Close())
}

func removeDatabase(file string) error {
	var errs []error
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(file + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (f *founding) fill(ctx context.Context, s *store.Store, public []*yinzheng.Key) error {
	tree, err := offices.First(f.divisions, f.seats)
	if err != nil {
		return err
	}
	if err := s.PutDirectory(ctx, tree); err != nil {
		return err
	}
	for _, k := range public {
		if err := s.PutKey(ctx, k); err != nil {
			return err
		}
	}
	for i := range f.accounts {
		if err := s.PutAccount(ctx, &f.accounts[i]); err != nil {
			return err
		}
	}
	return nil
}

// sealRequests asks for a document and a token key for each organ, and a status
// key for the service.
func (f *founding) sealRequests() []keys.SealRequest {
	requests := []keys.SealRequest{{Purpose: keys.Status, Organ: keys.Organ{Name: "印证 状态名单"}}}
	for i := range f.seats {
		requests = append(requests, sealRequests(&f.seats[i].Organ, yinzheng.DocumentKey, yinzheng.TokenKey)...)
	}
	return requests
}

// readTree reads the files that an office tree begins with; organs "": none.
func readTree(tree, organs string, from time.Time) (divisions []yinzheng.Division, seats []offices.Seat, err error) {
	data, err := os.ReadFile(tree)
	if err != nil {
		return nil, nil, err
	}
	if divisions, err = offices.Read(data); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", tree, err)
	}
	if organs == "" {
		return divisions, nil, nil
	}
	if data, err = os.ReadFile(organs); err != nil {
		return nil, nil, err
	}
	if seats, err = offices.ReadSeats(data, divisions, from); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", organs, err)
	}
	return divisions, seats, nil
}
