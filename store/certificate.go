package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"yinzheng"
)

// certificateWidth is the number of certificateColumns.
const certificateWidth = 28

const certificateColumns = `SELECT code, number, application, item, template_version, short, organ, organ_name, division,
	masked_name, masked_id, holder, issued_at, expires_at, salt, commitment, list, list_index, lease,
	token_kid, document_kid, token, digest, pages, status, status_at, reason, successor FROM certificates WHERE `

var (
	inForce             = query("SELECT number, organ_name FROM certificates WHERE code = $1 AND token = $2 AND status = 'valid'")
	certificateByCode   = query(certificateColumns + "code = $1 AND status NOT IN ('reserved', 'void')")
	certificateByNumber = query(certificateColumns + "number = $1 AND status NOT IN ('reserved', 'void')")
	certificateByDigest = query(certificateColumns + "digest = $1 AND status NOT IN ('reserved', 'void')")
	reservedByCode      = query(certificateColumns + "code = $1 AND status = 'reserved'")

	insertCertificate = query(`INSERT INTO certificates (code, number, application, item, template_version, short, organ, organ_name, division,
		masked_name, masked_id, holder, issued_at, expires_at, salt, commitment, list, list_index, lease,
		token_kid, document_kid, token, digest, pages, status, status_at, reason, successor)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, 'reserved', $25, $26, $27)`)
	extendLease = query(`UPDATE certificates SET lease = $1 WHERE code = $2 AND status = 'reserved' AND (lease IS NULL OR lease <= $3)`)
	finishIssue = query(`UPDATE certificates SET item = $1, template_version = $2, short = $3, organ = $4, organ_name = $5, division = $6,
		masked_name = $7, masked_id = $8, holder = $9, issued_at = $10, expires_at = $11, salt = $12, commitment = $13, lease = NULL,
		token_kid = $14, document_kid = $15, token = $16, digest = $17, pages = $18, status = 'valid', status_at = $19, reason = $20, successor = $21
		WHERE code = $22 AND status = 'reserved' RETURNING key`)
	insertPDF = query("INSERT INTO certificate_pdfs (certificate, pdf) VALUES ($1, $2)")
	setStatus = query("UPDATE certificates SET status = $1, status_at = $2, reason = $3, successor = $4 WHERE code = $5 AND status = $6")
)

// Reserve implements yinzheng.Certificates. It is ErrConflict, too, when the
// application has another certificate that is not void. The record is reserved
// whatever c.Status says.
func (s *Store) Reserve(ctx context.Context, c *yinzheng.Certificate) error {
	return s.write(ctx, "reserve a certificate", func(ctx context.Context, q querier) error {
		_, err := change(ctx, q, insertCertificate, c.Code, c.Number, c.Application, c.Template.Code, c.Template.Version, c.Short,
			c.Organ, c.OrganName, c.Division, c.Name, c.ID, c.Holder, micros(c.IssuedAt), micros(c.Expires), c.Salt, c.Commitment,
			c.List, c.Index, micros(c.Lease), c.TokenKID, c.DocumentKID, c.Token, digest(c), c.Pages, micros(c.StatusAt), c.Reason, c.Successor)
		if s.dialect.unique(err) {
			return conflict("证照编号、验证码或状态位已被占用，或者该办件已有证照", "The number, code or status entry is taken, or the case has a certificate already")
		}
		if err != nil {
			return err
		}
		_, err = change(ctx, q, countTaken, c.List)
		return err
	})
}

// digest is NULL until there is a PDF.
func digest(c *yinzheng.Certificate) any {
	if c.Digest == [32]byte{} {
		return nil
	}
	return c.Digest[:]
}

// Lease implements yinzheng.Certificates.
func (s *Store) Lease(ctx context.Context, code string, now, until time.Time) error {
	return s.write(ctx, "extend a lease", func(ctx context.Context, q querier) error {
		n, err := change(ctx, q, extendLease, until.UnixMicro(), code, now.UnixMicro())
		if err == nil && n == 0 {
			err = conflict("该办件正在签发，请稍候", "The case is being issued elsewhere")
		}
		return err
	})
}

// FinishIssue implements yinzheng.Certificates. Code, number, application and
// status entry stay what Reserve wrote; the lease ends.
func (s *Store) FinishIssue(ctx context.Context, c *yinzheng.Certificate, pdf []byte) error {
	return s.write(ctx, "finish issuing", func(ctx context.Context, q querier) error {
		var key int64
		err := q.QueryRowContext(ctx, finishIssue, c.Template.Code, c.Template.Version, c.Short, c.Organ, c.OrganName, c.Division,
			c.Name, c.ID, c.Holder, micros(c.IssuedAt), micros(c.Expires), c.Salt, c.Commitment,
			c.TokenKID, c.DocumentKID, c.Token, digest(c), c.Pages, micros(c.StatusAt), c.Reason, c.Successor, c.Code).Scan(&key)
		switch {
		case s.dialect.unique(err):
			return conflict("同一份文件已登记过，或它要替代的证明仍然有效", "The same file is on record already, or the certificate that it replaces is still in force")
		case errors.Is(err, sql.ErrNoRows):
			return conflict("该证照已由他处签发或已作废", "The certificate was issued elsewhere or is void")
		case err != nil:
			return err
		}
		_, err = change(ctx, q, insertPDF, key, pdf)
		return err
	})
}

// SetStatus implements yinzheng.Certificates: it writes Status, StatusAt,
// Reason and Successor.
func (s *Store) SetStatus(ctx context.Context, c *yinzheng.Certificate, from yinzheng.Status) error {
	return s.write(ctx, "change a certificate's status", func(ctx context.Context, q querier) error {
		n, err := change(ctx, q, setStatus, string(c.Status), micros(c.StatusAt), c.Reason, c.Successor, c.Code, string(from))
		if s.dialect.unique(err) {
			return conflict("同一证明的另一版本仍然有效", "Another version of the certificate is in force")
		}
		if err == nil && n == 0 {
			err = conflict("证照状态已变化，请重新读取", "The certificate's status has changed; please read it again")
		}
		return err
	})
}

// Certificate implements yinzheng.Certificates.
func (s *Store) Certificate(ctx context.Context, code string) (*yinzheng.Certificate, error) {
	return s.certificate(ctx, certificateByCode, code)
}

// InForce implements yinzheng.Certificates.
func (s *Store) InForce(ctx context.Context, code, token string) (number, organName string, err error) {
	err = s.readCertificate(ctx, inForce, 2, func(r *columns) { number, organName = r.text(), r.text() }, code, token)
	return number, organName, err
}

// CertificateByNumber implements yinzheng.Certificates.
func (s *Store) CertificateByNumber(ctx context.Context, number string) (*yinzheng.Certificate, error) {
	return s.certificate(ctx, certificateByNumber, number)
}

// CertificateByDigest implements yinzheng.Certificates.
func (s *Store) CertificateByDigest(ctx context.Context, digest [32]byte) (*yinzheng.Certificate, error) {
	return s.certificate(ctx, certificateByDigest, digest[:])
}

// Reserved implements yinzheng.Certificates.
func (s *Store) Reserved(ctx context.Context, code string) (*yinzheng.Certificate, error) {
	return s.certificate(ctx, reservedByCode, code)
}

func (s *Store) certificate(ctx context.Context, by string, key any) (*yinzheng.Certificate, error) {
	c := new(yinzheng.Certificate)
	if err := s.readCertificate(ctx, by, certificateWidth, func(r *columns) { fillCertificate(c, r) }, key); err != nil {
		return nil, err
	}
	return c, nil
}

// readCertificate has fill read the one row, so many columns wide, that a text finds
// for keys.
func (s *Store) readCertificate(ctx context.Context, text string, width int, fill func(*columns), keys ...any) error {
	t, err := s.joined(ctx)
	switch {
	case err != nil:
	case t == nil && s.lookups != nil:
		if err = ctx.Err(); err == nil {
			err = s.fault("read a certificate", s.lookups.find(text, width, fill, keys...))
		}
	default:
		err = s.read(ctx, "read a certificate", func(ctx context.Context, q querier) error {
			return scanCertificate(q.QueryRowContext(ctx, text, keys...), width, fill)
		})
	}
	if errors.Is(err, sql.ErrNoRows) {
		err = notFound("没有找到这份电子证明", "There is no such certificate")
	}
	return err
}

func scanCertificate(r *sql.Row, width int, fill func(*columns)) error {
	var to, values [certificateWidth]any
	for i := range to {
		to[i] = &values[i]
	}
	if err := r.Scan(to[:width]...); err != nil {
		return err
	}
	row := columns{row: make([]driver.Value, 0, width)}
	for _, v := range values[:width] {
		row.row = append(row.row, v)
	}
	fill(&row)
	return row.err
}

// fillCertificate reads the columns of certificateColumns.
func fillCertificate(c *yinzheng.Certificate, r *columns) {
	c.Code, c.Number, c.Application = r.text(), r.text(), r.text()
	c.Template = yinzheng.TemplateRef{Code: r.text(), Version: r.whole()}
	c.Short, c.Organ, c.OrganName, c.Division = r.text(), r.text(), r.text(), r.text()
	c.Name, c.ID, c.Holder = r.text(), r.text(), r.text()
	c.IssuedAt, c.Expires = r.time(), r.time()
	c.Salt, c.Commitment = r.bytes(), r.text()
	c.List, c.Index, c.Lease = r.whole(), r.whole(), r.time()
	c.TokenKID, c.DocumentKID, c.Token = r.text(), r.text(), r.text()
	copy(c.Digest[:], r.bytes())
	c.Pages = r.whole()
	c.Status, c.StatusAt = yinzheng.Status(r.text()), r.time()
	c.Reason, c.Successor = r.text(), r.text()
}

// columns reads a row's values one after another.
type columns struct {
	row []driver.Value
	at  int
	err error
}

// column takes the next value; NULL is the zero value.
func column[T any](r *columns) (x T) {
	v := r.row[r.at]
	r.at++
	x, ok := v.(T)
	if !ok && v != nil && r.err == nil {
		r.err = fmt.Errorf("column %d holds %T", r.at, v)
	}
	return x
}

func (r *columns) text() string  { return column[string](r) }
func (r *columns) bytes() []byte { return column[[]byte](r) }
func (r *columns) whole() int    { return int(column[int64](r)) }

func (r *columns) time() time.Time {
	if r.row[r.at] == nil {
		r.at++
		return time.Time{}
	}
	return time.UnixMicro(column[int64](r)).UTC()
}
