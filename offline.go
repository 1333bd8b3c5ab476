package yinzheng

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Offline verifies without a database or a network: with a signed key list, and
// with signed status lists if there are any. Both have been checked already,
// under a root that the asker trusts. It gives the verdicts that Service.Verify
// would give on the same keys, lists and clock, but for what only the record
// can say.
type Offline struct {
	Checker Checker
	Keys    *KeyList // nil: none at hand, every key is unknown
	Status  []*StatusList
	Now     time.Time
	Names   map[string]Text // item names by Template.Short, to show; may be nil
	Content *ReplyContent   // that a reply to an inquiry came with; nil: not at hand
}

// ErrNoToken says that a question cannot be answered offline at all: it holds
// neither a token nor a file.
var ErrNoToken = errors.New("nothing to check offline")

// ErrPicture is an ErrNoToken about a picture, whose QR codes only the server reads.
var ErrPicture = fmt.Errorf("%w: QR codes in pictures are read online only", ErrNoToken)

// Verify answers a question with a token, a URL with its fragment, or a file that
// is no picture; otherwise the error is ErrNoToken, or ErrPicture.
func (o *Offline) Verify(q *Question) (*Answer, error) {
	keys := o.Keys
	if keys == nil {
		keys = NewKeyList(time.Time{}, nil)
	}
	e := &Evidence{Now: o.Now, KeysAsOf: keys.IssuedAt}
	token := q.Token
	switch {
	case q.URL != "":
		var err error
		if e.Code, token, err = ParseURL(q.URL); err != nil {
			return nil, err
		}
	case len(q.File) > 0:
		if isPicture(q.File) {
			return nil, ErrPicture
		}
		e.PDF = o.Checker.CheckPDF(q.File)
		e.PDFKey = keys.ByCertificate(e.PDF.Certificate)
		if e.PDF.Attached != nil {
			token = e.PDF.Attached.Token
		}
	}
	if token == "" && e.PDF == nil {
		return nil, ErrNoToken
	}
	if q.Token != "" {
		if r := o.Checker.CheckReply(token, keys); r != nil {
			return JudgeReply(&ReplyEvidence{Now: o.Now, KeysAsOf: keys.IssuedAt, Content: o.Content, ReplyReport: r}), nil
		}
	}
	if token != "" {
		r := o.Checker.CheckToken(token, keys)
		e.Token = &r
		e.Status = o.status(&r)
	}
	a := Judge(e)
	if a.Certificate != nil {
		a.Certificate.ItemName = o.Names[a.Certificate.Item]
	}
	return a, nil
}

// isPicture tells a JPEG, PNG or WebP file, or a HEIC one or its like, by its first bytes.
func isPicture(file []byte) bool {
	return bytes.HasPrefix(file, []byte("\xff\xd8\xff")) || bytes.HasPrefix(file, []byte("\x89PNG")) ||
		len(file) >= 12 && (string(file[:4]) == "RIFF" && string(file[8:12]) == "WEBP" || string(file[4:8]) == "ftyp")
}

// status finds a token's entry in the newest of the lists at hand.
func (o *Offline) status(r *TokenReport) *StatusSeen {
	if !r.Signed {
		return nil
	}
	number, index := r.Claims.StatusRef()
	var newest *StatusSeen
	for _, l := range o.Status {
		if v, ok := l.At(index); ok && l.Number == number && (newest == nil || l.IssuedAt.After(newest.AsOf)) {
			newest = &StatusSeen{Value: v, AsOf: l.IssuedAt, Stale: !o.Now.Before(l.ExpiresAt)}
		}
	}
	return newest
}

// OfflineKit is what a device needs beside the signed lists to verify without a
// network. Only Root is relied on; the rest is for people to read.
type OfflineKit struct {
	Root  []byte          `json:"root"`  // the root certificate, DER
	Lists int             `json:"lists"` // status lists opened so far: numbers 1 to this
	Names map[string]Text `json:"names"` // of items, by Template.Short
	Host  string          `json:"host"`  // the server that the lists come from
}

// OfflineKit returns the kit of this server, with the root that its lists lead to.
func (s *Service) OfflineKit(ctx context.Context, root []byte) (*OfflineKit, error) {
	lists, err := s.Store.StatusListCount(ctx)
	if err != nil {
		return nil, err
	}
	k := &OfflineKit{Root: root, Lists: lists, Names: map[string]Text{}, Host: s.Host()}
	for short, t := range s.shelf.Load().shorts {
		k.Names[short] = t.Name
	}
	return k, nil
}

// Host is where a receipt says that the answer came from.
func (s *Service) Host() string {
	if u, err := url.Parse(s.PublicURL); err == nil {
		return u.Host
	}
	return s.PublicURL
}

// Fingerprint is how people compare a root certificate (DER) by eye: its SHA-256 in
// groups of four digits.
func Fingerprint(root []byte) string {
	var groups []string
	sum := sha256.Sum256(root)
	for i := 0; i < len(sum); i += 2 {
		groups = append(groups, fmt.Sprintf("%X", sum[i:i+2]))
	}
	return strings.Join(groups, " ")
}
