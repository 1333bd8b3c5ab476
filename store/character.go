package store

import (
	"context"
	"database/sql"
	"time"

	"yinzheng"
)

const characterColumns = `SELECT c.code_point, c.item, c.office, c.opened_at, c.closed_at,
	(SELECT count(*) FROM missing_character_cases m WHERE m.character = c.key) FROM missing_characters c `

var (
	openCharacter  = query("INSERT INTO missing_characters (code_point, item, office, opened_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING")
	addCharacterOf = query(`INSERT INTO missing_character_cases (character, application)
		SELECT key, $1 FROM missing_characters WHERE code_point = $2 AND closed_at IS NULL ON CONFLICT DO NOTHING`)
	openCharacters  = query(characterColumns + "WHERE c.closed_at IS NULL ORDER BY c.code_point")
	foundCharacters = query(characterColumns + "WHERE c.closed_at IS NOT NULL ORDER BY c.key DESC LIMIT $1")
	closeCharacter  = query("UPDATE missing_characters SET closed_at = $1 WHERE code_point = $2 AND closed_at IS NULL")
	casesOfNewest   = query(`SELECT application FROM missing_character_cases
		WHERE character = (SELECT max(key) FROM missing_characters WHERE code_point = $1) ORDER BY application`)
	insertFace  = query("INSERT INTO faces (digest, name, added_at, account) VALUES ($1, $2, $3, $4)")
	selectFaces = query("SELECT digest, name, added_at, account FROM faces ORDER BY key")
)

// MissCharacter implements yinzheng.Characters.
func (s *Store) MissCharacter(ctx context.Context, m *yinzheng.MissingCharacter, application string) (opened bool, err error) {
	err = s.write(ctx, "note a missing character", func(ctx context.Context, q querier) error {
		n, err := change(ctx, q, openCharacter, m.Character, m.Item, m.Office, micros(m.Opened))
		if err != nil {
			return err
		}
		opened = n > 0
		if application == "" {
			return nil
		}
		_, err = change(ctx, q, addCharacterOf, application, m.Character)
		return err
	})
	return opened, err
}

// OpenCharacters implements yinzheng.Characters.
func (s *Store) OpenCharacters(ctx context.Context) ([]yinzheng.MissingCharacter, error) {
	return s.characters(ctx, openCharacters)
}

// FoundCharacters implements yinzheng.Characters.
func (s *Store) FoundCharacters(ctx context.Context, limit int) ([]yinzheng.MissingCharacter, error) {
	return s.characters(ctx, foundCharacters, limit)
}

func (s *Store) characters(ctx context.Context, text string, args ...any) ([]yinzheng.MissingCharacter, error) {
	var list []yinzheng.MissingCharacter
	err := s.read(ctx, "read missing characters", func(ctx context.Context, q querier) error {
		list = nil
		return each(ctx, q, func(r *sql.Rows) error {
			var m yinzheng.MissingCharacter
			err := r.Scan(&m.Character, &m.Item, &m.Office, (*moment)(&m.Opened), (*moment)(&m.Closed), &m.Cases)
			list = append(list, m)
			return err
		}, text, args...)
	})
	return list, err
}

// CloseCharacter implements yinzheng.Characters.
func (s *Store) CloseCharacter(ctx context.Context, r rune, at time.Time) (cases []string, err error) {
	err = s.write(ctx, "close a missing character", func(ctx context.Context, q querier) error {
		n, err := change(ctx, q, closeCharacter, micros(at), r)
		if err == nil && n == 0 {
			err = conflict("这个字已经补上", "This character has been found already")
		}
		if err != nil {
			return err
		}
		cases = nil
		return eachID(ctx, q, func(id string) { cases = append(cases, id) }, casesOfNewest, r)
	})
	return cases, err
}

// AddFace implements yinzheng.Characters.
func (s *Store) AddFace(ctx context.Context, f *yinzheng.Face) error {
	return s.write(ctx, "keep a face", func(ctx context.Context, q querier) error {
		_, err := change(ctx, q, insertFace, f.Digest, f.Name, micros(f.At), f.By)
		return err
	})
}

// Faces implements yinzheng.Characters.
func (s *Store) Faces(ctx context.Context) ([]yinzheng.Face, error) {
	var list []yinzheng.Face
	err := s.read(ctx, "read the faces", func(ctx context.Context, q querier) error {
		list = nil
		return each(ctx, q, func(r *sql.Rows) error {
			var f yinzheng.Face
			err := r.Scan(&f.Digest, &f.Name, (*moment)(&f.At), &f.By)
			list = append(list, f)
			return err
		}, selectFaces)
	})
	return list, err
}
