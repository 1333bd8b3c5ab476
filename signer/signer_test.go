package signer

import (
	"bytes"
	"errors"
	"sync"
	"testing"

	"yinzheng"
)

func TestSignerSealPDF(t *testing.T) {
	s := newService(t)
	kid := s.kid[yinzheng.DocumentKey]
	size, err := s.SignatureSize(kid)
	if err != nil {
		t.Fatal(err)
	}
	d := newDraft(t, size, nil)
	if err := s.SealPDF(kid, &yinzheng.Unsigned{PDF: d.data, GapStart: d.start, GapEnd: d.end}); err != nil {
		t.Fatal(err)
	}
	r := new(Checker).CheckPDF(d.data)
	if !clean(r) || s.list.ByCertificate(r.Certificate) != s.list.ByKID(kid) {
		t.Errorf("%+v", r)
	}
	token := s.kid[yinzheng.TokenKey]
	if _, err := s.SignatureSize(token); !errors.Is(err, yinzheng.ErrUnavailable) {
		t.Errorf("a token key's signature size: %v", err)
	}
	if err := s.SealPDF(token, &yinzheng.Unsigned{}); !errors.Is(err, yinzheng.ErrUnavailable) {
		t.Errorf("a token key sealed: %v", err)
	}
}

// One Signer and one Checker serve everybody at once, while keys are replaced.
func TestConcurrent(t *testing.T) {
	s := newService(t)
	kid := s.kid[yinzheng.DocumentKey]
	size, err := s.SignatureSize(kid)
	if err != nil {
		t.Fatal(err)
	}
	d := newDraft(t, size, nil)
	var c Checker
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 10 {
				mine := bytes.Clone(d.data)
				if err := s.SealPDF(kid, &yinzheng.Unsigned{PDF: mine, GapStart: d.start, GapEnd: d.end}); err != nil || !clean(c.CheckPDF(mine)) {
					t.Errorf("sealing at once with others: %v", err)
				}
				if err := s.Use(s.issuer(), s.private); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}
