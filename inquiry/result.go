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
// ErrState while rows have no answer, and once they were erased in time.
func (q *Inquiries) Result(ctx context.Context, by *yinzheng.Account, id string) ([]byte, error) {
	l, _, err := q.myList(ctx, by, id)
	if err != nil {
		return nil, err
	}
	if l.State != ListReplied {
		return nil, wrongState("名单还没有全部答复，请稍后再取", "The list has no reply yet; please come back later")
	}
	if l.Erased {
		return nil, errErased()
	}
	if err := q.Store.Record(ctx, yinzheng.Event{At: q.now(), Kind: "inquiry-delivered", Subject: id, By: by.ID}); err != nil {
		return nil, err
	}
	acts, err := q.Store.InquiryActs(ctx, id, 0)
	if err != nil {
		return nil, err
	}
	var signed Act
	if err := json.Unmarshal(acts[len(acts)-1].Content, &signed); err != nil {
		return nil, fmt.Errorf("the last act on list %s: %w", id, err)
	}
	return q.result(ctx, l, signed.Format)
}

// The formats of a result. What was signed stays as it was signed: its token
// commits to every byte.
const (
	inCodes = 0 // answers as the API has them, the first format
	inWords = 1 // headings and answers in Chinese and English
)

// headings are those of a result, by its format.
var headings = map[int][]string{
	inCodes: {"序号", "姓名", "证件号码", "答复", "依据", "截至", "协查编号"},
	inWords: {"序号 No.", "姓名 Name", "证件号码 ID number", "答复 Answer", "依据 Source", "截至 As of", "协查编号 Inquiry"},
}

// Answers are the answers in words.
var Answers = map[string]yinzheng.Text{Yes: {ZH: "是", EN: "Yes"}, No: {ZH: "否", EN: "No"}, CannotSay: {ZH: "无法确认", EN: "Cannot say"}}

// result writes a list's rows as CSV (RFC 4180), in UTF-8 with a byte order mark,
// as spreadsheets take it. The same rows give the same bytes: the reply's token
// commits to them.
func (q *Inquiries) result(ctx context.Context, l *yinzheng.InquiryList, format int) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("\ufeff")
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	err := w.Write(headings[format])
	for after := 0; err == nil; {
		var rows []yinzheng.InquiryRow
		if rows, err = q.Store.InquiryRows(ctx, l.ID, after, 1000); len(rows) == 0 {
			break
		}
		for i := range rows {
			if err = writeRow(w, &rows[i], format); err != nil {
				return nil, err
			}
		}
		after = rows[len(rows)-1].Row
	}
	w.Flush()
	return b.Bytes(), errors.Join(err, w.Error())
}

func writeRow(w *csv.Writer, r *yinzheng.InquiryRow, format int) error {
	var x listRow
	if err := json.Unmarshal(r.Content, &x); err != nil {
		return fmt.Errorf("row %d: %w", r.Row, err)
	}
	answer := r.Answer
	if format == inWords {
		answer = Answers[r.Answer].ZH + " " + Answers[r.Answer].EN
	}
	cells := []string{strconv.Itoa(r.Row), x.Name, x.ID.Number, answer, r.Source, r.AsOf, r.Inquiry}
	for i := range cells {
		cells[i] = table.Harmless(cells[i])
	}
	return w.Write(cells)
}

func saltText(salt []byte) string { return base64.RawURLEncoding.EncodeToString(salt) }
