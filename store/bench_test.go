package store

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"

	"yinzheng"
	"yinzheng/store/storetest"
)

// benchCertificate is an approved case's certificate with random identifiers,
// as an index meets them.
func benchCertificate(n int) *yinzheng.Certificate {
	c := storetest.Certificate(n, fmt.Sprintf("A%09d", n))
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(n)))
	c.Code = fmt.Sprintf("%X", sum[:6])
	c.Number = fmt.Sprintf("1.2.156.3005.2.11100000000013338W011.11441302007158123A.%X.001.U", sum[6:14])
	c.Index, c.List = n&0xfffff, 1+n>>20
	return c
}

func benchFinished(c *yinzheng.Certificate) *yinzheng.Certificate {
	f := storetest.Finished(c, []byte(c.Code))
	f.Token = string(make([]byte, 340))
	return f
}

// BenchmarkIssue is what the store does for one certificate: the two
// transactions of Issue, with a PDF of 35 KB, from many goroutines.
func BenchmarkIssue(b *testing.B) {
	for _, where := range []string{"disk", "memory"} {
		for _, writers := range []int{1, 16, 64} {
			b.Run(fmt.Sprintf("%s-%d", where, writers), func(b *testing.B) {
				s := openMemory(b)
				if where == "disk" {
					s = openFile(b, filepath.Join(b.TempDir(), "yinzheng.db"))
				}
				benchIssue(b, s, writers)
			})
		}
	}
}

func benchIssue(b *testing.B, s *Store, writers int) {
	ctx := b.Context()
	if err := s.PutDirectory(ctx, storetest.Tree()); err != nil {
		b.Fatal(err)
	}
	approved := []yinzheng.ActionKind{yinzheng.Submit, yinzheng.Approve, yinzheng.Approve}
	for i := range b.N {
		c := benchCertificate(i)
		if i%100 == 0 { // many in one transaction: this is not what is measured
			if err := s.Tx(ctx, func(ctx context.Context) error {
				for j := i; j < min(i+100, b.N); j++ {
					if err := s.SaveApplication(ctx, storetest.Case(benchCertificate(j).Application, "north", storetest.North, approved...), 0); err != nil {
						return err
					}
				}
				return nil
			}); err != nil {
				b.Fatal(err, c)
			}
		}
	}
	pdf := make([]byte, 35<<10)
	rand.Read(pdf)
	var next atomic.Int64
	b.SetParallelism(writers / 2)
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := issueOne(ctx, s, int(next.Add(1)-1), pdf); err != nil {
				b.Error(err)
			}
		}
	})
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "certs/s")
}

func issueOne(ctx context.Context, s *Store, n int, pdf []byte) error {
	c := benchCertificate(n)
	a, err := s.Application(ctx, c.Application)
	if err != nil {
		return err
	}
	a = storetest.Next(a, []yinzheng.ActionKind{yinzheng.Reserve}, "north", storetest.North)
	if err := s.Tx(ctx, func(ctx context.Context) error {
		if err := s.SaveApplication(ctx, a, 4); err != nil {
			return err
		}
		return s.Reserve(ctx, c)
	}); err != nil {
		return err
	}
	a = storetest.Next(a, []yinzheng.ActionKind{yinzheng.Issue}, "north", storetest.North)
	return s.Tx(ctx, func(ctx context.Context) error {
		if err := s.FinishIssue(ctx, benchFinished(c), pdf); err != nil {
			return err
		}
		if err := s.SaveApplication(ctx, a, 5); err != nil {
			return err
		}
		return s.Record(ctx, yinzheng.Event{At: storetest.Start, Kind: "certificate-issued", Subject: c.Code, By: yinzheng.SystemActor, Detail: c.Number})
	})
}

// BenchmarkCertificate is the lookup of a verification, beside the signature
// check that it has to be small against.
func BenchmarkCertificate(b *testing.B) {
	const n = 10000
	s := openFile(b, filepath.Join(b.TempDir(), "yinzheng.db"))
	fill(b, s, n)
	checkpoint(s.writer.checkpoints.pool, checkpointText)
	codes := make([]string, n)
	for i := range codes {
		codes[i] = benchCertificate(i * 7919 % n).Code
	}
	b.Run("lookup", func(b *testing.B) {
		b.ReportAllocs()
		for i := range b.N {
			if _, err := s.Certificate(b.Context(), codes[i%n]); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("p256-verify", func(b *testing.B) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			b.Fatal(err)
		}
		sum := sha256.Sum256([]byte("token"))
		signature, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
		if err != nil {
			b.Fatal(err)
		}
		for range b.N {
			ecdsa.VerifyASN1(&key.PublicKey, sum[:], signature)
		}
	})
}

// fill writes certificates 0 to n, without PDFs.
func fill(b testing.TB, s *Store, n int) {
	b.Helper()
	for i := 0; i < n; i += 1000 {
		if err := s.Tx(b.Context(), func(ctx context.Context) error {
			for j := i; j < min(n, i+1000); j++ {
				c := benchCertificate(j)
				if err := s.Reserve(ctx, c); err != nil {
					return err
				}
				if err := s.FinishIssue(ctx, benchFinished(c), []byte("%PDF")); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			b.Fatal(err)
		}
	}
}
