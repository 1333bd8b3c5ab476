package signer

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"encoding"
	"errors"
	"hash"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"yinzheng"
	"yinzheng/internal/pdf"
)

// Checker finds out what a token or an uploaded PDF is worth; it is the
// yinzheng.Checker. The zero value is ready, and safe for concurrent use.
type Checker struct {
	chains chains
}

// CheckPDF reports on a file. The issued revision is the first one that has a
// signature: found through the form's fields, judged as the file stood then.
// What follows it may only add validation data or a document timestamp
// (update.go). Nothing is found by searching bytes, but for one purpose: a
// file already found wanting is searched for a genuine issued revision, so
// that the report can say so.
//
// Whatever has a Problem is not SignatureOK or not Whole. A signature that
// cannot be judged, as strangers write them, is no Problem; SignatureOK is
// false. The certificate in the report is only what the signature names;
// whether it is one of ours, and was entitled, is for the caller.
func (c *Checker) CheckPDF(data []byte) *yinzheng.PDFReport {
	r := c.judge(data)
	if r.Problem != "" || !r.Signed {
		c.lookInside(data, r)
	}
	return r
}

func (c *Checker) judge(data []byte) *yinzheng.PDFReport {
	r := &yinzheng.PDFReport{}
	f, err := pdf.Open(data)
	if err != nil {
		fail(r, readProblem(err), err.Error())
		return r
	}
	r.Readable = true
	for i := range f.Revisions {
		view := f.AsOf(i)
		sigs, err := signatures(view)
		if err != nil {
			r.Readable = false
			fail(r, readProblem(err), err.Error())
			return r
		}
		sigs = slices.DeleteFunc(sigs, func(s signatureField) bool { return s.timestamp })
		if len(sigs) > 0 {
			c.judgeIssued(r, data, view, sigs)
			judgeRest(r, data, f, i)
			return r
		}
	}
	r.Pictures = pictured(f)
	return r
}

// pictured tells whether a file holds pictures and no font, as a scanner makes it.
func pictured(f *pdf.File) bool {
	pictures := false
	for i, rev := range f.Revisions {
		view := f.AsOf(i)
		for _, p := range rev.Objects {
			o, err := view.Resolve(p.Ref)
			if err != nil {
				return false
			}
			if d, ok := o.(pdf.Dict); ok && d.Get("Type") == pdf.Name("Font") {
				return false
			}
			if s, ok := o.(*pdf.Stream); ok && s.Dict.Get("Subtype") == pdf.Name("Image") {
				pictures = true
			}
		}
	}
	return pictures
}

// fail records a problem; the first one stands.
func fail(r *yinzheng.PDFReport, code, where string) {
	if r.Problem == "" {
		r.Problem = code
	}
	r.Findings = append(r.Findings, finding(code, where))
}

// readProblem names the reason for which a file could not be read.
func readProblem(err error) string {
	switch {
	case errors.Is(err, pdf.ErrNotPDF):
		return NotPDF
	case errors.Is(err, pdf.ErrEncrypted):
		return Encrypted
	case errors.Is(err, pdf.ErrTooLarge):
		return TooLarge
	}
	return Unreadable
}

// judgeIssued judges the signature of the first signed revision, which is the
// newest of view.
func (c *Checker) judgeIssued(r *yinzheng.PDFReport, data []byte, view *pdf.File, sigs []signatureField) {
	rev := view.Revisions[len(view.Revisions)-1]
	sig := sigs[0]
	r.Signed = true
	r.SignedAt = sig.at
	var marked bool
	r.Attached, marked = attached(view)
	if marked && r.Attached == nil {
		r.Findings = append(r.Findings, finding(Attachment, ""))
	}
	if len(sigs) > 1 {
		fail(r, TwoSignatures, "")
	}
	covered := sig.covers(rev)
	var around [32]byte
	if covered {
		r.IssuedEnd = sig.end()
		r.IssuedDigest, around = digests(data[:r.IssuedEnd], sig.contents.Span)
	} else {
		fail(r, Coverage, "")
	}
	c.judgeCMS(r, data, sig, around, marked)
}

// judgeCMS judges what stands in Contents. A file that carries yinzheng.json
// claims to be of this service: then what the signature itself cannot cover,
// its own bytes and how they are written, must be as this service does it, so
// that no byte of the file can be another. A stranger's may differ.
func (c *Checker) judgeCMS(r *yinzheng.PDFReport, data []byte, sig signatureField, around [32]byte, marked bool) {
	der, plain := contents(sig.contents)
	if marked && !plain {
		fail(r, NotOurForm, "/Contents")
	}
	d, err := parseCMS(der)
	var brought *chain
	if err == nil {
		brought, err = c.chains.of(d)
	}
	if err == nil {
		for _, cert := range brought.certs {
			r.Chain = append(r.Chain, cert.Raw)
		}
		r.Certificate = brought.certs[0].Raw
		if marked && !d.ours(brought) {
			fail(r, NotOurForm, "CMS")
		}
		if r.IssuedEnd > 0 {
			err = d.check(brought.certs[0], func(h crypto.Hash) []byte {
				if h == crypto.SHA256 {
					return around[:]
				}
				return hashAround(h.New(), data, sig)
			})
			r.SignatureOK = err == nil && r.Problem == ""
		}
	}
	switch {
	case err == nil:
	case !marked && (errors.Is(err, errUnsupported) || errors.Is(err, errCMS)):
		r.Findings = append(r.Findings, finding(Unsupported, ""))
	case errors.Is(err, errDigest):
		fail(r, ContentChanged, "")
	case errors.Is(err, errSignature):
		fail(r, BadSignature, "")
	default:
		fail(r, BadCMS, err.Error())
	}
}

// hashAround is the digest of what a signature covers.
func hashAround(h hash.Hash, data []byte, sig signatureField) []byte {
	h.Write(data[:sig.contents.Span.Start])
	h.Write(data[sig.contents.Span.End:sig.end()])
	return h.Sum(nil)
}

// digests are the SHA-256 of an issued revision and of the same without its
// Contents. Most of a certificate stands before Contents: that is hashed once.
func digests(issued []byte, contents pdf.Span) (all, around [32]byte) {
	h := sha256.New()
	h.Write(issued[:contents.Start])
	state, err := h.(encoding.BinaryMarshaler).MarshalBinary()
	h.Write(issued[contents.End:])
	h.Sum(around[:0])
	if err != nil || h.(encoding.BinaryUnmarshaler).UnmarshalBinary(state) != nil {
		return yinzheng.DigestPDF(issued), around // no hash of the standard library comes here
	}
	h.Write(issued[contents.Start:])
	h.Sum(all[:0])
	return all, around
}

// maxCMS bounds the DER in Contents.
const maxCMS = 256 << 10

// contents takes the DER out of a Contents string, whose rest must be zeros.
// Plain tells whether it is written as this service does: all of it lower-case
// hexadecimal digits, nothing but zeros behind.
func contents(s pdf.String) (der []byte, plain bool) {
	raw := s.Raw()
	if len(raw) > 2*maxCMS {
		return nil, false
	}
	b := s.Bytes()
	plain = s.Hex() && len(raw)%2 == 0 && strings.Trim(raw[1:len(raw)-1], "0123456789abcdef") == ""
	in := cryptobyte.String(b)
	var element cryptobyte.String
	if !in.ReadAnyASN1Element(&element, new(asn1.Tag)) || len(bytes.Trim(in, "\x00")) > 0 {
		return nil, false
	}
	return element, plain
}

// maxLater bounds the revisions after the issued one: an archive timestamp every
// few years with its validation data makes two each.
const maxLater = 16

// judgeRest judges what stands in the file after issued, the first signed revision.
func judgeRest(r *yinzheng.PDFReport, data []byte, f *pdf.File, issued int) {
	if r.IssuedEnd == 0 {
		return // it covers nothing that could be called issued
	}
	r.Whole = true
	last := f.Revisions[len(f.Revisions)-1]
	end := last.End
	if issued == len(f.Revisions)-1 {
		end = r.IssuedEnd
	}
	if end != len(data) {
		r.Whole = false
		fail(r, Appended, "")
	}
	if len(f.Revisions)-1-issued > maxLater {
		r.Whole = false
		fail(r, LaterRevision, "")
		return
	}
	for i := issued + 1; i < len(f.Revisions); i++ {
		if err := permitted(data, f.AsOf(issued), f.AsOf(i-1), f.AsOf(i)); err != nil {
			r.Whole = false
			fail(r, LaterRevision, err.Error())
			break
		}
	}
	if !r.Whole && r.SignatureOK {
		r.Findings = append(r.Findings, finding(Inside, ""))
	}
}

// maxInside bounds how many ends of revisions are tried.
const maxInside = 4

// lookInside looks for a genuine issued revision in a file that is wanting, by
// the one thing that ends a revision, and tells of it. The file stays wanting.
func (c *Checker) lookInside(data []byte, r *yinzheng.PDFReport) {
	if r.SignatureOK || r.Problem == NotPDF || r.Problem == TooLarge {
		return
	}
	marker := []byte("%%EOF")
	for at, tries := 0, 0; tries < maxInside; tries++ {
		i := bytes.Index(data[at:], marker)
		if i < 0 {
			return
		}
		at += i + len(marker)
		inner := c.judge(data[:afterEOL(data, at)])
		if !inner.SignatureOK || inner.Problem != "" || inner.Attached == nil {
			continue
		}
		if r.Readable {
			fail(r, HiddenRevision, "")
		}
		r.Signed, r.SignatureOK, r.Whole = true, true, false
		r.IssuedEnd, r.IssuedDigest = inner.IssuedEnd, inner.IssuedDigest
		r.Certificate, r.Chain, r.SignedAt, r.Attached = inner.Certificate, inner.Chain, inner.SignedAt, inner.Attached
		r.Findings = append(r.Findings, finding(Inside, ""))
		return
	}
}

// afterEOL returns the offset after the one end of line that may be at.
func afterEOL(data []byte, at int) int {
	if bytes.HasPrefix(data[at:], []byte("\r\n")) {
		return at + 2
	}
	if at < len(data) && (data[at] == '\n' || data[at] == '\r') {
		return at + 1
	}
	return at
}

// parseDate reads a PDF date (ISO 32000-2 §7.9.4), zero when it is none.
func parseDate(s string) time.Time {
	for _, layout := range []string{"D:20060102150405Z", "D:20060102150405-07'00'", "D:20060102150405-07'00", "D:20060102150405Z00'00'"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t
		}
	}
	return time.Time{}
}
