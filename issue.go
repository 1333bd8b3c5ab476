package yinzheng

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
)

// Issue makes the certificate of an approved case, or goes on with one that an
// earlier attempt left in issuing: same number, same code. It is safe to call
// again at any time, from several places at once: never do two certificates
// come of one application. Errors: ErrState when the case is not approved, or
// waits for a material,
// ErrConflict when somebody else is at work on it, ErrUnavailable when a key or
// the disk does not answer; the case stays in issuing and Recover tries again.
func (s *Service) Issue(ctx context.Context, id string) (*Certificate, error) {
	cert, err := s.issue(ctx, id)
	if errors.Is(err, errMoot) {
		err = s.endMoot(ctx, id, err)
	}
	if errors.Is(err, errUnmet) {
		err = s.recall(ctx, id, err)
	}
	s.troubles.note(id, err)
	return cert, err
}

func (s *Service) issue(ctx context.Context, id string) (*Certificate, error) {
	// 1 The whole intent goes on disk before anything is signed.
	c, cert, err := s.reserve(ctx, id)
	if err != nil || cert.Status != StatusReserved {
		return cert, err
	}
	// 2 The token is signed and the page typeset around it.
	page, err := s.typeset(c, cert)
	if err != nil {
		return nil, fmt.Errorf("typeset: %w", err)
	}
	defer page.Free()
	// 3 The organ's seal signs the page, in the same buffer.
	if err := s.Sealer.SealPDF(cert.DocumentKID, page.Unsigned); err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	// 4 What was made is read back as a verifier would.
	if err := s.selfCheck(cert, page); err != nil {
		return nil, fmt.Errorf("self-check: %w", err)
	}
	// 5 PDF, record and case become issued in one transaction.
	if err := s.commit(ctx, c, cert, page.PDF); err != nil {
		return nil, err
	}
	return cert, nil
}

// reserve writes number, code, status index, salt, time and keys, and moves the
// case to issuing; or takes over a reservation whose lease has run out.
func (s *Service) reserve(ctx context.Context, id string) (*Case, *Certificate, error) {
	c, err := s.load(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	if c.held() {
		return nil, nil, &Error{Kind: ErrState, Text: *heldText(c.Template, c.Application), Cause: errHeld}
	}
	if c.State == Approved || c.State == Issuing {
		if err := s.referencesHold(ctx, c); err != nil {
			return nil, nil, err
		}
	}
	switch c.State {
	case Issued:
		cert, err := s.Store.Certificate(ctx, c.Code)
		return c, cert, err
	case Issuing:
		cert, err := s.Store.Reserved(ctx, c.Code)
		if err != nil {
			return nil, nil, fmt.Errorf("read the reservation of case %s: %w", id, err)
		}
		if err := s.Store.Lease(ctx, cert.Code, s.now(), s.now().Add(s.Lease)); err != nil {
			return nil, nil, err
		}
		if organ := c.Directory.Organ(cert.Organ); organ == nil || !organ.exists(s.now()) || organ.Name != cert.OrganName {
			return s.reserveAnew(ctx, c, cert)
		}
		return c, cert, s.renewKeys(cert)
	case Approved:
		return s.reserveNew(ctx, c)
	}
	return nil, nil, c.wrongState("签发", "issued")
}

// reserveAnew gives up a reservation whose organ has ended or got another name
// since: the number names it. Its successor seals under a number of its own.
func (s *Service) reserveAnew(ctx context.Context, c *Case, cert *Certificate) (*Case, *Certificate, error) {
	next := c.with(Action{At: s.now(), Kind: Unissue, By: SystemActor, Name: SystemActor, Code: cert.Code})
	if err := s.conclude(ctx, c, next); err != nil {
		return nil, nil, err
	}
	return s.reserveNew(ctx, &Case{next, c.Template, c.Directory, c.Calendar})
}

func (s *Service) reserveNew(ctx context.Context, c *Case) (*Case, *Certificate, error) {
	for try := 0; ; try++ {
		cert, err := s.intend(ctx, c)
		if err != nil {
			return nil, nil, err
		}
		now := s.now()
		next := c.with(Action{At: now, Kind: Reserve, By: SystemActor, Name: SystemActor, Code: cert.Code})
		err = s.Store.Tx(ctx, func(ctx context.Context) error {
			if err := s.put(ctx, next, c.Version); err != nil {
				return err
			}
			return s.Store.Reserve(ctx, cert)
		})
		if err == nil {
			return &Case{next, c.Template, c.Directory, c.Calendar}, cert, nil
		}
		// A random index, code or number that was taken: draw again. Was it the
		// case that changed, the next try meets that and ends.
		if !errors.Is(err, ErrConflict) {
			return nil, nil, err
		}
		if now, err := s.Store.Application(ctx, c.ID); err != nil || now.Version != c.Version {
			return nil, nil, fail(ErrConflict, "办件正在签发", "The case is being issued elsewhere")
		}
		// Half of a status list may be taken, so a draw fails at most every other
		// time; forty in a row are no bad luck.
		if try == 40 {
			return nil, nil, &Error{Kind: ErrUnavailable, Text: Text{"无法分配证照编号，请联系管理员", "No free number could be drawn; please ask an administrator"}, Cause: err}
		}
	}
}

// intend draws everything that identifies a new certificate.
func (s *Service) intend(ctx context.Context, c *Case) (*Certificate, error) {
	organ, err := s.issuer(c.Template, c.Application)
	if err != nil {
		return nil, err
	}
	code, err := NewCode(s.Rand)
	if err != nil {
		return nil, err
	}
	serial, err := newSerial(s.Rand)
	if err != nil {
		return nil, err
	}
	random := make([]byte, SaltLength+4)
	if _, err := io.ReadFull(s.Rand, random); err != nil {
		return nil, fmt.Errorf("draw a salt: %w", err)
	}
	list, err := s.Store.OpenStatusList(ctx)
	if err != nil {
		return nil, err
	}
	now := s.now()
	number := Number{Type: c.Template.TypeCode, Issuer: organ.Code, Serial: serial, Version: 1}
	salt := random[:SaltLength]
	cert := &Certificate{
		Code: code, Application: c.ID, Template: c.Application.Template, Short: c.Template.Short,
		Organ: organ.Code, OrganName: organ.Name, Division: c.Division,
		Name: MaskName(c.Holder), ID: MaskID(c.Values.ID(c.Template.Token.ID)), Holder: c.Holder,
		IssuedAt: now, Salt: salt,
		List: list, Index: int(binary.BigEndian.Uint32(random[SaltLength:]) & (1<<StatusBits - 1)),
		Lease: now.Add(s.Lease), Status: StatusReserved, StatusAt: now,
	}
	if m := c.Template.Validity; m > 0 {
		cert.Expires = lastDay(now, m)
	}
	if c.Replaces() != "" {
		if err := s.succeed(ctx, c, cert, &number); err != nil {
			return nil, err
		}
	}
	cert.Number = number.String()
	cert.Commitment = Commit(salt, c.Application.Template, cert.Number, c.Values)
	return cert, s.renewKeys(cert)
}

// lastDay is the end of the last day of so many months from a time: the same
// day of the month, or the month's last where there is none (民法典 art. 202),
// since the page names the day and not the hour.
func lastDay(from time.Time, months int) time.Time {
	y, m, d := from.In(Zone).Date()
	last := time.Date(y, m+time.Month(months)+1, 0, 23, 59, 59, 0, Zone)
	if d < last.Day() {
		last = last.AddDate(0, 0, d-last.Day())
	}
	return last.UTC()
}

// issuer is the organ that seals for a case; ErrUnavailable when there is none.
func (s *Service) issuer(t *Template, a *Application) (*Organ, error) {
	if o := s.issuingOffice(t, a); o != nil {
		return s.Directory().Organ(o.Organ), nil
	}
	return nil, fail(ErrUnavailable, "该区划没有可以用印的机关，请联系管理员", "No organ can seal for this division; please ask an administrator")
}

// issuingOffice is the office whose organ seals for a case: that which took the
// last decision or, before there is one, the first of the last step's division;
// of a sample the one that it was ordered for; nil when none can.
func (s *Service) issuingOffice(t *Template, a *Application) *Office {
	d, now := s.Directory(), s.Now()
	if o := d.Office(d.OfficeNow(a.sampledBy())); o != nil && s.seals(o, now) {
		return o
	}
	var first *Office
	decided := d.OfficeNow(a.decidedBy())
	for _, o := range d.OfficesOf(Post{Level: t.Issuer, Function: t.Function}, a.Division) {
		organ := d.Organ(o.Organ)
		if organ == nil || !organ.exists(now) {
			continue
		}
		if o.ID == decided {
			return o
		}
		if first == nil {
			first = o
		}
	}
	return first
}

// renewKeys chooses the organ's keys in force: an attempt that is taken up
// again may find the first choice retired.
func (s *Service) renewKeys(cert *Certificate) error {
	for purpose, kid := range map[KeyPurpose]*string{TokenKey: &cert.TokenKID, DocumentKey: &cert.DocumentKID} {
		k := s.signingKey(purpose, cert.Short, cert.Organ)
		if k == nil {
			return fail(ErrUnavailable, "%s没有可用的印章（%s），请联系管理员", "%s has no key in force (%s); please ask an administrator", cert.OrganName, string(purpose))
		}
		*kid = k.KID
		if !k.Covers(cert.IssuedAt) { // a key made since: it vouches for nothing before its time
			cert.IssuedAt = s.now()
		}
	}
	return nil
}

// signingKey is the newest key in force for a purpose, or nil.
func (s *Service) signingKey(p KeyPurpose, item, organ string) *Key {
	var best *Key
	now := s.Now()
	for _, k := range s.KeyList().Keys {
		if k.InForce(now) && k.Entitled(p, item, organ, now) && (best == nil || k.NotBefore.After(best.NotBefore)) {
			best = k
		}
	}
	return best
}

// page is a typeset page with what its self-check compares.
type page struct {
	*Unsigned
	qr string
}

func (s *Service) typeset(c *Case, cert *Certificate) (*page, error) {
	claims := cert.Claims()
	token, err := s.Sealer.SignToken(cert.TokenKID, &claims)
	if err != nil {
		return nil, err
	}
	cert.Token = token
	size, err := s.Sealer.SignatureSize(cert.DocumentKID)
	if err != nil {
		return nil, err
	}
	organ := c.Directory.Organ(cert.Organ)
	sheet := &Sheet{
		Template: c.Template, Values: c.Values, Number: cert.Number, Code: cert.Code,
		Date: cert.IssuedAt.In(Zone), Expires: cert.Expires.In(Zone), Seal: organ.SealFace(),
		QRPrefix: s.PublicURL + "/v/" + cert.Code + "#", QRDigits: Digits(token), Attached: cert.attachment(c.Values),
		SignedAt: cert.IssuedAt, Signer: organ.Name, Reason: c.Template.Name.ZH, Contents: size,
	}
	u, err := s.Renderer.Render(sheet)
	if err != nil {
		return nil, err
	}
	cert.Pages = u.Pages
	return &page{u, sheet.QRPrefix + string(sheet.QRDigits)}, nil
}

// Claims is what the certificate's token says.
func (c *Certificate) Claims() Claims {
	claims := Claims{
		Code: c.Code, IssuedAt: c.IssuedAt.Unix(), Item: c.Short, Name: c.Name, ID: c.ID, Organ: c.Organ,
		Digest: c.Commitment, Status: uint64(c.List)<<StatusBits + uint64(c.Index),
	}
	if !c.Expires.IsZero() {
		claims.Expires = c.Expires.Unix()
	}
	return claims
}

// record is the other way round: what a record says that is valid and whose token says this.
func (c *Claims) record() *Certificate {
	r := &Certificate{
		Code: c.Code, IssuedAt: time.Unix(c.IssuedAt, 0).UTC(), Short: c.Item, Name: c.Name, ID: c.ID, Organ: c.Organ,
		Commitment: c.Digest, List: int(c.Status >> StatusBits), Index: int(c.Status & (1<<StatusBits - 1)), Status: StatusOK,
	}
	if c.Expires != 0 {
		r.Expires = time.Unix(c.Expires, 0).UTC()
	}
	return r
}

// attachment is the JSON that the PDF carries, in canonical form.
func (c *Certificate) attachment(v Values) []byte {
	return Canonical(make([]byte, 0, 2048), map[string]any{
		"token": c.Token, "salt": base64.RawURLEncoding.EncodeToString(c.Salt),
		"item": c.Template.Code, "template_version": c.Template.Version, "number": c.Number, "values": v,
	})
}

// selfCheck reads our own output back, PDF, token, attached values and the
// code's matrix, and lets Judge decide as it would for a stranger: a
// certificate that a verifier would refuse never leaves the house.
func (s *Service) selfCheck(cert *Certificate, p *page) error {
	keys := s.KeyList()
	token, file := s.Checker.CheckToken(cert.Token, keys), s.Checker.CheckPDF(p.PDF)
	e := &Evidence{
		Now: s.now(), Code: cert.Code, Token: &token, PDF: file, PDFKey: keys.ByCertificate(file.Certificate),
		Status: &StatusSeen{Value: StatusValid, AsOf: s.now()}, KeysAsOf: s.now(),
	}
	switch a := Judge(e); {
	case a.Verdict != Valid:
		return fmt.Errorf("a verifier would say %s: PDF %q, token %q, checks %v", a.Verdict, file.Problem, token.Problem, a.Checks)
	case e.PDFKey.KID != cert.DocumentKID || token.KID != cert.TokenKID:
		return errors.New("it is signed by another key than the one chosen")
	case token.Claims != cert.Claims() || file.Attached.Token != cert.Token || file.Attached.Number != cert.Number:
		return errors.New("what was read back is not what was meant")
	}
	qr, err := p.ReadQR()
	if err != nil {
		return fmt.Errorf("read the QR code back: %w", err)
	}
	if string(qr) != p.qr {
		return errors.New("the QR code reads back otherwise")
	}
	cert.Digest = file.IssuedDigest
	return nil
}

// commit makes PDF, record and case issued together, and what the certificate
// replaces superseded with them; a loser of a race discards what it made.
func (s *Service) commit(ctx context.Context, c *Case, cert *Certificate, pdf []byte) error {
	now := s.now()
	cert.Status, cert.StatusAt = StatusOK, now
	issued := c.with(Action{At: now, Kind: Issue, By: SystemActor, Name: SystemActor})
	next := c.scheduled(issued, s.issuingOffice(c.Template, c.Application).ID, now)
	finish := func(ctx context.Context) error {
		if err := s.sameTree(ctx, c.Directory.Version); err != nil {
			return err
		}
		if err := s.referencesHold(ctx, c); err != nil { // again, where no revocation can come in between
			return err
		}
		if err := s.Store.FinishIssue(ctx, cert, pdf); err != nil {
			return err
		}
		if err := s.put(ctx, next, c.Version); err != nil {
			return err
		}
		for i := range next.Inspections {
			k := &next.Inspections[i]
			if err := s.Store.AddInspection(ctx, &PendingInspection{Application: c.ID, Material: k.Material, Office: k.Office, Due: k.due}); err != nil {
				return err
			}
		}
		if err := s.Store.Notify(ctx, noticesOf(issued, c.Directory)); err != nil {
			return err
		}
		return s.Store.Record(ctx, Event{At: now, Kind: "certificate-issued", Subject: cert.Code, By: SystemActor, Detail: cert.Number})
	}
	if c.Replaces() == "" {
		return s.Store.Tx(ctx, finish)
	}
	return s.changeStatus(ctx, c.Replaces(), func(ctx context.Context) (*Certificate, error) {
		old, err := s.supersede(ctx, c, cert.Code, now)
		if err != nil {
			return nil, err
		}
		return old, finish(ctx)
	})
}
