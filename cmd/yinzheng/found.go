package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"yinzheng"
	"yinzheng/keys"
	"yinzheng/store"
)

// seat is an organ with the division that its office acts for and, where a
// division has several, its function.
type seat struct {
	division, function string
	organ              yinzheng.Organ
}

// founding is everything that a new data folder begins with.
type founding struct {
	dir       string
	secret    keys.Secret
	settings  settings
	caName    string // "Yinzheng" when empty
	divisions []yinzheng.Division
	seats     []seat // the offices that seal
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
	if err := s.PutDirectory(ctx, f.directory()); err != nil {
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
	for _, s := range f.seats {
		organ := keys.Organ{Name: s.organ.Name, Code: s.organ.Code}
		requests = append(requests, keys.SealRequest{Purpose: keys.Document, Organ: organ}, keys.SealRequest{Purpose: keys.Token, Organ: organ})
	}
	return requests
}

// directory gives every organ its office, and every other division from
// district to village an office of its own.
func (f *founding) directory() *yinzheng.Directory {
	var offices []yinzheng.Office
	var organs []yinzheng.Organ
	seated := map[string]bool{}
	for _, s := range f.seats {
		offices = append(offices, yinzheng.Office{ID: officeOf(s.division, s.function), Name: s.organ.Name, Division: s.division, Organ: s.organ.Code, Function: s.function})
		organs = append(organs, s.organ)
		seated[s.division] = true
	}
	for _, d := range f.divisions {
		if d.Level != yinzheng.Province && d.Level != yinzheng.City && !seated[d.Code] {
			offices = append(offices, yinzheng.Office{ID: officeOf(d.Code, ""), Name: officeName(d), Division: d.Code})
		}
	}
	return yinzheng.NewDirectory(f.divisions, offices, organs)
}

// officeOf is the ID of a division's office of a function; of its only one, "".
func officeOf(division, function string) string {
	if function == "" {
		return "o" + division
	}
	return "o" + division + "-" + function
}

func officeName(d yinzheng.Division) string {
	if d.Level == yinzheng.Village {
		return d.Name
	}
	return d.Name + "便民服务中心"
}

// readDivisions reads a CSV of code, name, parent, level.
func readDivisions(r io.Reader, name string) ([]yinzheng.Division, error) {
	rows, err := readCSV(r, name, "code", "name", "parent", "level")
	if err != nil {
		return nil, err
	}
	out := make([]yinzheng.Division, 0, len(rows))
	known := map[string]bool{}
	for i, row := range rows {
		d := yinzheng.Division{Code: row[0], Name: row[1], Parent: row[2], Level: yinzheng.Level(row[3])}
		switch {
		case len(d.Code) != 12 || strings.Trim(d.Code, "0123456789") != "":
			return nil, fmt.Errorf("%s row %d: code %q is not 12 digits", name, i+2, d.Code)
		case known[d.Code]:
			return nil, fmt.Errorf("%s row %d: code %s is there twice", name, i+2, d.Code)
		case d.Parent != "" && !known[d.Parent]:
			return nil, fmt.Errorf("%s row %d: the parent %s of %s does not stand above it", name, i+2, d.Parent, d.Code)
		case d.Name == "":
			return nil, fmt.Errorf("%s row %d: the name is missing", name, i+2)
		case !d.Level.Known():
			return nil, fmt.Errorf("%s row %d: level %q is none of province, city, district, town, village", name, i+2, d.Level)
		}
		known[d.Code] = true
		out = append(out, d)
	}
	return out, nil
}

// readOrgans reads a CSV of division, name, credit_code and, where a division
// has several organs, function.
func readOrgans(r io.Reader, name string, divisions []yinzheng.Division, from time.Time) ([]seat, error) {
	rows, err := readCSV(r, name, "division", "name", "credit_code", "function?")
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, d := range divisions {
		known[d.Code] = true
	}
	out := make([]seat, 0, len(rows))
	taken := map[string]bool{}
	for i, row := range rows {
		switch {
		case !known[row[0]]:
			return nil, fmt.Errorf("%s row %d: no division %s", name, i+2, row[0])
		case row[1] == "":
			return nil, fmt.Errorf("%s row %d: the name is missing", name, i+2)
		case !yinzheng.CheckCreditCode(row[2]):
			return nil, fmt.Errorf("%s row %d: %q is not a unified social credit code (GB 32100): 18 characters, the last a check character", name, i+2, row[2])
		case taken[row[2]] || taken[officeOf(row[0], row[3])]:
			return nil, fmt.Errorf("%s row %d: this organ, or the function %q in division %s, is there twice", name, i+2, row[3], row[0])
		}
		taken[row[2]], taken[officeOf(row[0], row[3])] = true, true
		out = append(out, seat{row[0], row[3], yinzheng.Organ{Code: row[2], Name: row[1], Mark: "证明专用章", From: from}})
	}
	return out, nil
}

// readCSV reads rows of the given columns, whatever their order in the file. A
// column written with a question mark may be missing.
func readCSV(r io.Reader, name string, columns ...string) ([][]string, error) {
	all, err := csv.NewReader(r).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(all) < 2 {
		return nil, fmt.Errorf("%s: no rows; expected a first line %s", name, strings.Join(columns, ","))
	}
	at := map[string]int{}
	for i, h := range all[0] {
		at[strings.TrimPrefix(strings.TrimSpace(h), "\ufeff")] = i
	}
	rows := make([][]string, 0, len(all)-1)
	for i, c := range columns {
		c, optional := strings.CutSuffix(c, "?")
		columns[i] = c
		if _, ok := at[c]; !ok && !optional {
			return nil, fmt.Errorf("%s: the column %s is missing; expected %s", name, c, strings.Join(columns, ","))
		}
	}
	for _, line := range all[1:] {
		row := make([]string, len(columns))
		for i, c := range columns {
			if j, ok := at[c]; ok {
				row[i] = strings.TrimSpace(line[j])
			}
		}
		rows = append(rows, row)
	}
	return rows, nil
}
