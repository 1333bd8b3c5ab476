package store

import (
	"context"
	"crypto/x509"
	"database/sql"
	"encoding/json"
	"fmt"

	"yinzheng"
)

var (
	selectKeys = query(`SELECT kid, purpose, organ, organ_name, items, not_before, not_after, state, since, alg, public, chain
		FROM keys ORDER BY not_before, kid`)
	putKey = query(`INSERT INTO keys (kid, purpose, organ, organ_name, items, not_before, not_after, state, since, alg, public, chain)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (kid) DO UPDATE SET purpose = excluded.purpose,
		organ = excluded.organ, organ_name = excluded.organ_name, items = excluded.items, not_before = excluded.not_before,
		not_after = excluded.not_after, state = excluded.state, since = excluded.since, alg = excluded.alg,
		public = excluded.public, chain = excluded.chain`)
)

// Keys implements yinzheng.Keys, oldest first.
func (s *Store) Keys(ctx context.Context) ([]*yinzheng.Key, error) {
	var keys []*yinzheng.Key
	err := s.read(ctx, "read the keys", func(ctx context.Context, q querier) error {
		keys = nil
		return each(ctx, q, func(r *sql.Rows) error {
			k, err := scanKey(r)
			keys = append(keys, k)
			return err
		}, selectKeys)
	})
	if err != nil {
		return nil, err
	}
	return keys, nil
}

func scanKey(r *sql.Rows) (*yinzheng.Key, error) {
	k := new(yinzheng.Key)
	var items, public, chain []byte
	err := r.Scan(&k.KID, &k.Purpose, &k.Organ, &k.OrganName, &items, (*moment)(&k.NotBefore), (*moment)(&k.NotAfter), &k.State, (*moment)(&k.Since), &k.Alg, &public, &chain)
	if err == nil {
		err = json.Unmarshal(items, &k.Items)
	}
	if err == nil {
		err = json.Unmarshal(chain, &k.Chain)
	}
	if err == nil {
		k.Public, err = x509.ParsePKIXPublicKey(public)
	}
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", k.KID, err)
	}
	return k, nil
}

// PutKey implements yinzheng.Keys. The public key is kept as a
// SubjectPublicKeyInfo (RFC 5280 §4.1) beside the chain, which may be empty.
func (s *Store) PutKey(ctx context.Context, k *yinzheng.Key) error {
	public, err := x509.MarshalPKIXPublicKey(k.Public)
	if err != nil {
		return fmt.Errorf("store: key %s: %w", k.KID, err)
	}
	items, err := json.Marshal(k.Items)
	if err != nil {
		return fmt.Errorf("store: key %s: %w", k.KID, err)
	}
	chain, err := json.Marshal(k.Chain)
	if err != nil {
		return fmt.Errorf("store: key %s: %w", k.KID, err)
	}
	return s.write(ctx, "write a key", func(ctx context.Context, q querier) error {
		_, err := change(ctx, q, putKey, k.KID, string(k.Purpose), k.Organ, k.OrganName, string(items), micros(k.NotBefore), micros(k.NotAfter),
			string(k.State), micros(k.Since), k.Alg, public, string(chain))
		return err
	})
}
