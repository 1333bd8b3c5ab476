package inquiry

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"yinzheng"
	"yinzheng/internal/table"
)

// Result is the result of a list as a CSV file, for who asked; that it is
// delivered is put on record first. Errors: ErrNotFound for anybody else,
// ErrState while rows have no answer.
func (q *Inquiries) Result(ctx context.Context, by *yinzheng.Account, id string) ([]byte, error) {
	l, _, err := q.myList(ctx, by, id)
	if err != nil {
		return nil, err
	}
	if l.State != ListReplied {
		return nil, wrongState("名单还没有全部答复，请稍后再取", "The list has no reply yet; please come back later")
	}
	if err := q.Store.Record(ctx, yinzheng.Event{At: q.now(), Kind: "inquiry-delivered", Subject: id, By: by.ID}); err != nil {
		return nil, err
	}
	return q.result(ctx, l)
}

// result writes a list's rows as CSV (RFC 4180), in UTF-8 with a byte order mark,
// as spreadsheets take it. The same rows give the same bytes: the reply's token
// commits to them.
func (q *Inquiries) result(ctx context.Context, l *yinzheng.InquiryList) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("\ufeff")
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	err := w.Write([]string{"序号", "姓名", "证件号码", "答复", "依据", "截至", "协查编号"})
	for after := 0; err == nil; {
		var rows []yinzheng.InquiryRow
		if rows, err = q.Store.InquiryRows(ctx, l.ID, after, 1000); len(rows) == 0 {
			break
		}
		for i := range rows {
			if err = writeRow(w, &rows[i]); err != nil {
				return nil, err
			}
		}
		after = rows[len(rows)-1].Row
	}
	w.Flush()
	return b.Bytes(), errors.Join(err, w.Error())
}

func writeRow(w *csv.Writer, r *yinzheng.InquiryRow) error {
	var x listRow
	if err := json.Unmarshal(r.Content, &x); err != nil {
		return fmt.Errorf("row %d: %w", r.Row, err)
	}
	cells := []string{strconv.Itoa(r.Row), x.Name, x.ID.Number, r.Answer, r.Source, r.AsOf, r.Inquiry}
	for i := range cells {
		cells[i] = table.Harmless(cells[i])
	}
	return w.Write(cells)
}

func saltText(salt []byte) string { return base64.RawURLEncoding.EncodeToString(salt) }
