package main

import (
	"context"
	"crypto/x509"
	"errors"
	"slices"
	"time"

	"yinzheng"
	"yinzheng/keys"
	"yinzheng/signer"
	"yinzheng/store"
)

// compromisedReason is keyCompromise (RFC 5280 §5.3.1).
const compromisedReason = 1

// sealMaker makes seals while the program runs; it is the yinzheng.SealMaker.
type sealMaker struct {
	ring   *keys.Keyring
	sealer *signer.Signer
	store  *store.Store
}

// MakeSeals implements yinzheng.SealMaker. Those that an earlier attempt made and
// nobody took into use are taken first.
func (m *sealMaker) MakeSeals(ctx context.Context, organ *yinzheng.Organ, purposes ...yinzheng.KeyPurpose) ([]*yinzheng.Key, error) {
	seals, err := m.unused(ctx, organ, purposes)
	if err == nil && len(seals) == 0 {
		seals, err = m.ring.NewSeals(sealRequests(organ, purposes...)...)
	}
	if err == nil {
		err = lend(m.sealer, m.ring)
	}
	if err != nil {
		return nil, &yinzheng.Error{Kind: yinzheng.ErrUnavailable, Text: yinzheng.Text{ZH: "暂时无法制作新机关的印章", EN: "The seals of a new organ cannot be made now"}, Cause: err}
	}
	return publicKeys(seals), nil
}

// Succeed implements yinzheng.SealMaker. The key is always drawn anew: what lay in
// the folder may have been seen by whoever has seen the one before.
func (m *sealMaker) Succeed(_ context.Context, k *yinzheng.Key) (*yinzheng.Key, error) {
	seal, err := m.ring.Rotate(k.KID, time.Time{}, time.Time{})
	if err == nil {
		err = lend(m.sealer, m.ring)
	}
	if err != nil {
		return nil, &yinzheng.Error{Kind: yinzheng.ErrUnavailable, Text: yinzheng.Text{ZH: "暂时无法制作新密钥", EN: "No new key can be made now"}, Cause: err}
	}
	return publicKeys([]keys.Seal{seal})[0], nil
}

// TakeUp implements yinzheng.SealMaker.
func (m *sealMaker) TakeUp(context.Context) error {
	err := m.ring.Refresh()
	if err == nil {
		err = lend(m.sealer, m.ring)
	}
	if err != nil {
		return &yinzheng.Error{Kind: yinzheng.ErrUnavailable, Text: yinzheng.Text{ZH: "密钥目录暂时无法读取", EN: "The key folder cannot be read now"}, Cause: err}
	}
	return nil
}

// unused are the seals for some purposes, in an organ's present name, that the
// store does not know.
func (m *sealMaker) unused(ctx context.Context, organ *yinzheng.Organ, purposes []yinzheng.KeyPurpose) ([]keys.Seal, error) {
	known, err := m.store.Keys(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(m.ring.List(), func(s keys.Seal) bool {
		return !slices.Contains(purposes, yinzheng.KeyPurpose(s.Purpose)) || s.Organ != (keys.Organ{Name: organ.Name, Code: organ.Code}) || slices.ContainsFunc(known, func(k *yinzheng.Key) bool { return k.KID == s.KID })
	}), nil
}

// sealRequests asks for an organ's keys for some purposes.
func sealRequests(o *yinzheng.Organ, purposes ...yinzheng.KeyPurpose) []keys.SealRequest {
	requests := make([]keys.SealRequest, len(purposes))
	for i, p := range purposes {
		requests[i] = keys.SealRequest{Purpose: keys.Purpose(p), Organ: keys.Organ{Name: o.Name, Code: o.Code}}
	}
	return requests
}

// revocationList is what stands at /ca/{n}.crl.
func (s *system) revocationList(n int) ([]byte, error) {
	revoked := s.revokedSeals()
	if n != 1 {
		revoked = nil // the root's list is as it was made
	}
	crl, err := s.ring.CRL(n, revoked, s.Now())
	if errors.Is(err, keys.ErrNotFound) {
		return nil, yinzheng.ErrNotFound
	}
	return crl, err
}

// revokedSeals lists the certificates of compromised keys, for the revocation list.
func (s *system) revokedSeals() []x509.RevocationListEntry {
	var out []x509.RevocationListEntry
	for _, k := range s.KeyList().Keys {
		if k.State != yinzheng.KeyCompromised || len(k.Chain) == 0 {
			continue
		}
		if c, err := x509.ParseCertificate(k.Chain[0]); err == nil {
			out = append(out, x509.RevocationListEntry{SerialNumber: c.SerialNumber, RevocationTime: k.Since, ReasonCode: compromisedReason})
		}
	}
	return out
}
