package yinzheng

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/url"
	"strings"
	"sync"
)

// Verify answers a question. The error is an ErrInvalid for a question that is
// none, that of its Lookups, or ErrUnavailable when the records cannot be read: a
// failing store is never reported as "not found".
func (s *Service) Verify(ctx context.Context, q *Question) (*Answer, error) {
	if q.asked() != 1 {
		return nil, fail(ErrInvalid, "请给出 token、url、code、number 或文件之一", "Please give exactly one of token, url, code, number or a file")
	}
	a, err := s.answer(ctx, q)
	if err == nil {
		s.note(q, a)
	}
	return a, err
}

func (s *Service) answer(ctx context.Context, q *Question) (*Answer, error) {
	switch {
	case q.Token != "":
		if a, err := s.verifyReply(ctx, q.Token); a != nil || err != nil {
			return a, err
		}
		return s.verifyToken(ctx, q.Token, "")
	case q.URL != "":
		return s.verifyURL(ctx, q)
	case q.Code != "":
		return q.lookUp(func() (*Answer, error) { return s.verifyCode(ctx, q.Code) })
	case q.Number != "":
		return q.lookUp(func() (*Answer, error) { return s.verifyNumber(ctx, q.Number, q.Name) })
	}
	return s.verifyFile(ctx, q)
}

func (s *Service) verifyURL(ctx context.Context, q *Question) (a *Answer, err error) {
	code, token, err := ParseURL(q.URL)
	switch {
	case err != nil:
		return nil, err
	case token == "":
		a, err = q.lookUp(func() (*Answer, error) { return s.verifyCode(ctx, code) })
	default:
		a, err = s.verifyToken(ctx, token, code)
	}
	if err == nil && s.elsewhere(q.URL) {
		a.Findings = append(a.Findings, Finding{"other-address", Text{
			"二维码的网址不是本系统的：用手机扫它会打开别的网站，那里显示的结论不要采信", "The code's address is not this system's: a phone that scans it opens another site, whose answer is not to be trusted",
		}})
	}
	return a, err
}

// elsewhere tells whether a QR code's address leads to another host than this one. That
// changes no verdict: what the code says is as genuine, and the paper it is on as doubtful,
// as with any code that was copied.
func (s *Service) elsewhere(address string) bool {
	address, _, _ = strings.Cut(strings.TrimSpace(address), "#")
	u, err := url.Parse(address)
	return err == nil && s.PublicURL != "" && !strings.EqualFold(u.Host, s.Host())
}

func (s *Service) verifyToken(ctx context.Context, token, code string) (*Answer, error) {
	keys := s.KeyList()
	if e := s.scans.get(token); e != nil && e.keys == keys && s.board.at(e.record.List, e.record.Index) == StatusValid {
		return s.judge(ctx, &Evidence{Code: code, Token: &e.report, Record: e.record})
	}
	fresh := &scan{keys: keys, report: s.Checker.CheckToken(token, keys)}
	e := &Evidence{Code: code, Token: &fresh.report}
	if fresh.report.Signed {
		c, err := s.recordOf(ctx, token, &fresh.report)
		if err := s.findRecord(ctx, e, c, err); err != nil {
			return nil, err
		}
		if e.Record != nil && e.Record.Status == StatusOK {
			fresh.record = e.Record
			s.scans.put(token, fresh)
		}
	}
	return s.judge(ctx, e)
}

// recordOf finds the record of a token that holds; ErrNotFound. What a record in force
// says that has this very token, the token says itself, so that next to nothing is read.
func (s *Service) recordOf(ctx context.Context, token string, r *TokenReport) (*Certificate, error) {
	number, organName, err := s.Store.InForce(ctx, r.Claims.Code, token)
	if errors.Is(err, ErrNotFound) {
		return s.Store.Certificate(ctx, r.Claims.Code)
	}
	if err != nil {
		return nil, err
	}
	c := r.Claims.record()
	c.Number, c.OrganName, c.TokenKID = number, organName, r.KID
	return c, nil
}

func (s *Service) verifyCode(ctx context.Context, text string) (*Answer, error) {
	e := &Evidence{ByNumber: true}
	if code, ok := NormalCode(text); ok {
		e.Code = code
		c, err := s.Store.Certificate(ctx, code)
		if err := s.findRecord(ctx, e, c, err); err != nil {
			return nil, err
		}
		if e.Record == nil {
			p, err := s.Store.Paper(ctx, code)
			if err := s.findPaper(e, p, err); err != nil {
				return nil, err
			}
		}
	}
	return s.judge(ctx, e)
}

// verifyNumber shows personal facts only to somebody who knows the holder's name.
func (s *Service) verifyNumber(ctx context.Context, number, name string) (*Answer, error) {
	e := &Evidence{ByNumber: true}
	n, err := ParseNumber(number)
	if err != nil {
		return s.verifyPaper(ctx, number, name, err)
	}
	c, err := s.Store.CertificateByNumber(ctx, n.String())
	if err := s.findRecord(ctx, e, c, err); err != nil {
		return nil, err
	}
	named := name != "" && e.Record != nil && NormalName(tidyText(name)) == e.Record.Holder
	if name != "" && !named {
		e.Record = nil // a wrong name learns as little as a wrong number
	}
	a, err := s.judge(ctx, e)
	if err == nil && a.Certificate != nil && !named { // nor the codes, with which the next question would have them
		a.Certificate.Name, a.Certificate.ID, a.Certificate.Code, a.Successor = "", "", "", ""
	}
	return a, err
}

// verifyPaper answers for a number that is none of ours, but may stand on a
// paper that was recorded; notOurs is the error if it does not.
func (s *Service) verifyPaper(ctx context.Context, number, name string, notOurs error) (*Answer, error) {
	e := &Evidence{ByNumber: true}
	p, err := s.Store.PaperByNumber(ctx, PaperKey(number))
	if err := s.findPaper(e, p, err); err != nil {
		return nil, err
	}
	if e.Paper == nil || name != "" && NormalName(tidyText(name)) != p.Holder {
		return nil, notOurs
	}
	a, err := s.judge(ctx, e)
	if err == nil && name == "" {
		a.Certificate.Name, a.Certificate.ID, a.Certificate.Code = "", "", ""
	}
	return a, err
}

func (s *Service) verifyFile(ctx context.Context, q *Question) (*Answer, error) {
	r := s.Checker.CheckPDF(q.File)
	if !r.Signed && r.Attached == nil {
		if a, err := s.verifyScan(ctx, q.File); a != nil || err != nil {
			return a, err
		}
		if a, err := s.verifyPhoto(ctx, q); a != nil || err != nil {
			return a, err
		}
	}
	e := &Evidence{PDF: r, PDFKey: s.KeyList().ByCertificate(r.Certificate)}
	if r.Attached != nil {
		t := s.Checker.CheckToken(r.Attached.Token, s.KeyList())
		if e.Token = &t; t.Signed {
			c, err := s.Store.Certificate(ctx, t.Claims.Code)
			if err := s.findRecord(ctx, e, c, err); err != nil {
				return nil, err
			}
		}
	}
	return s.judge(ctx, e)
}

// verifyScan answers for a file that is the scan of a certificate on paper, as it
// was sent or as it is kept; nil for any other. It is asked only of a file that
// makes no claim of its own, so that nobody can record a paper over a
// certificate's PDF.
func (s *Service) verifyScan(ctx context.Context, file []byte) (*Answer, error) {
	digest := sha256.Sum256(file)
	e := &Evidence{}
	p, err := s.Store.PaperByScan(ctx, digest[:])
	if err := s.findPaper(e, p, err); err != nil || e.Paper == nil {
		return nil, err
	}
	return s.judge(ctx, e)
}

// findRecord takes what the store found into the evidence; that there is no
// record is no error.
func (s *Service) findRecord(ctx context.Context, e *Evidence, c *Certificate, err error) error {
	if err == nil {
		e.Record = c
		s.learn(ctx, c)
	}
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// judge completes the evidence, gives the verdict and raises an alarm where it
// asks for one.
func (s *Service) judge(ctx context.Context, e *Evidence) (*Answer, error) {
	e.Now, e.Online = s.now(), true
	a := Judge(e)
	switch {
	case e.Record != nil:
		a.OnRecord = e.Record.Code
	case e.Paper != nil:
		a.OnRecord = e.Paper.Code
	}
	if a.Certificate != nil {
		if t := s.shelf.Load().shorts[a.Certificate.Item]; t != nil {
			a.Certificate.ItemName = t.Name
		}
	}
	code := ""
	if e.Token != nil {
		code = e.Token.Claims.Code
	}
	s.alarm(ctx, a, code)
	return a, nil
}

// scan is a token that verified, with its record: what a second scan of the
// same code need not do again. Its status is read anew every time, and other
// keys make it worthless.
type scan struct {
	keys   *KeyList
	report TokenReport // these two are shared by everyone who scans, and only read
	record *Certificate
}

// scanCache keeps the last scans in two generations of scanLimit each.
type scanCache struct {
	mu         sync.RWMutex
	young, old map[string]*scan
}

const scanLimit = 20000

func (c *scanCache) get(token string) *scan {
	c.mu.RLock()
	e := c.young[token]
	if e == nil {
		e = c.old[token]
	}
	c.mu.RUnlock()
	return e
}

func (c *scanCache) put(token string, e *scan) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.young == nil || len(c.young) >= scanLimit {
		c.young, c.old = make(map[string]*scan), c.young
	}
	c.young[token] = e
}
