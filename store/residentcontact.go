package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"yinzheng"
)

var (
	putContact = query(`INSERT INTO contacts (resident, channel, address, language, wants, secret, account, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (resident) DO UPDATE SET channel = excluded.channel, address = excluded.address, language = excluded.language, wants = excluded.wants, secret = excluded.secret,
		account = excluded.account, at = excluded.at`)
	contactOf       = query("SELECT resident, channel, address, language, wants, secret, account, at FROM contacts WHERE resident = $1")
	contactBySecret = query("SELECT resident, channel, address, language, wants, secret, account, at FROM contacts WHERE secret = $1")
	eraseContact    = query("DELETE FROM contacts WHERE resident = $1")

	putContactProof = query(`INSERT INTO contact_proofs (resident, channel, address, language, wants, hash, expires_at, wrong) VALUES ($1, $2, $3, $4, $5, $6, $7, 0)
		ON CONFLICT (resident) DO UPDATE SET channel = excluded.channel, address = excluded.address, language = excluded.language, wants = excluded.wants, hash = excluded.hash,
		expires_at = excluded.expires_at, wrong = 0`)
	contactProof       = query("SELECT channel, address, language, wants, hash, expires_at FROM contact_proofs WHERE resident = $1 AND expires_at > $2")
	missContactProof   = query("UPDATE contact_proofs SET wrong = wrong + 1 WHERE resident = $1")
	endContactProof    = query("DELETE FROM contact_proofs WHERE resident = $1 AND wrong >= $2")
	eraseContactProof  = query("DELETE FROM contact_proofs WHERE resident = $1")
	pruneContactProofs = query("DELETE FROM contact_proofs WHERE expires_at <= $1")
)

// PutContact implements yinzheng.ResidentContacts.
func (s *Store) PutContact(ctx context.Context, c *yinzheng.ResidentContact) error {
	return s.write(ctx, "write a contact", func(ctx context.Context, q querier) error {
		_, err := change(ctx, q, putContact, c.Resident, string(c.Channel), c.Address, c.Language, string(c.Wants), c.Secret, c.By, micros(c.At))
		return err
	})
}

// ContactOf implements yinzheng.ResidentContacts.
func (s *Store) ContactOf(ctx context.Context, resident string) (*yinzheng.ResidentContact, error) {
	return s.contact(ctx, contactOf, resident)
}

// ContactBySecret implements yinzheng.ResidentContacts.
func (s *Store) ContactBySecret(ctx context.Context, secret string) (*yinzheng.ResidentContact, error) {
	return s.contact(ctx, contactBySecret, secret)
}

func (s *Store) contact(ctx context.Context, text, key string) (*yinzheng.ResidentContact, error) {
	c := new(yinzheng.ResidentContact)
	err := s.read(ctx, "read a contact", func(ctx context.Context, q querier) error {
		return q.QueryRowContext(ctx, text, key).Scan(&c.Resident, &c.Channel, &c.Address, &c.Language, &c.Wants, &c.Secret, &c.By, (*moment)(&c.At))
	})
	return c, noContact(err)
}

// noContact tells that there is none.
func noContact(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return notFound("没有登记联系方式", "There is no contact")
	}
	return err
}

// EraseContact implements yinzheng.ResidentContacts.
func (s *Store) EraseContact(ctx context.Context, resident string) error {
	return s.write(ctx, "erase a contact", func(ctx context.Context, q querier) error {
		if _, err := change(ctx, q, eraseContact, resident); err != nil {
			return err
		}
		_, err := change(ctx, q, eraseContactProof, resident)
		return err
	})
}

// PutContactProof implements yinzheng.ResidentContacts.
func (s *Store) PutContactProof(ctx context.Context, p *yinzheng.ContactProof) error {
	return s.write(ctx, "write a contact to be proven", func(ctx context.Context, q querier) error {
		_, err := change(ctx, q, putContactProof, p.Resident, string(p.Channel), p.Address, p.Language, string(p.Wants), p.Hash[:], micros(p.Expires))
		return err
	})
}

// ContactProof implements yinzheng.ResidentContacts.
func (s *Store) ContactProof(ctx context.Context, resident string, now time.Time) (*yinzheng.ContactProof, error) {
	p := &yinzheng.ContactProof{Resident: resident}
	err := s.read(ctx, "read a contact to be proven", func(ctx context.Context, q querier) error {
		var hash []byte
		err := q.QueryRowContext(ctx, contactProof, resident, micros(now)).Scan(&p.Channel, &p.Address, &p.Language, &p.Wants, &hash, (*moment)(&p.Expires))
		copy(p.Hash[:], hash)
		return err
	})
	return p, noContact(err)
}

// MissContactProof implements yinzheng.ResidentContacts.
func (s *Store) MissContactProof(ctx context.Context, resident string, most int) error {
	return s.write(ctx, "count a wrong code for a contact", func(ctx context.Context, q querier) error {
		if _, err := change(ctx, q, missContactProof, resident); err != nil {
			return err
		}
		_, err := change(ctx, q, endContactProof, resident, most)
		return err
	})
}

// EraseContactProof implements yinzheng.ResidentContacts.
func (s *Store) EraseContactProof(ctx context.Context, resident string) error {
	return s.write(ctx, "forget a contact to be proven", func(ctx context.Context, q querier) error {
		_, err := change(ctx, q, eraseContactProof, resident)
		return err
	})
}

// PruneContactProofs implements yinzheng.ResidentContacts.
func (s *Store) PruneContactProofs(ctx context.Context, now time.Time) error {
	return s.write(ctx, "forget contacts that were not proven", func(ctx context.Context, q querier) error {
		_, err := change(ctx, q, pruneContactProofs, micros(now))
		return err
	})
}
