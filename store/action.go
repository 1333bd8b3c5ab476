package store

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"yinzheng"
)

var (
	selectActions = query(`SELECT seq, at, kind, account, name, person_type, person_number, person_reason, office, role, step, to_step, opinion, input, code, post, due, for_account, for_name, for_type, for_number, reason, office_name,
		material, file_name, file_type, file_size, width, height, pages, digest, original, signed_by, witness_name, witness_type, witness_number, detached, against, refers, text_digest, stays
		FROM actions WHERE application = $1 AND seq <= $2 ORDER BY seq`)
	insertAction = query(`INSERT INTO actions (application, seq, at, kind, account, name, person_type, person_number, person_reason,
		office, role, step, to_step, opinion, input, code, post, due, for_account, for_name, for_type, for_number, reason, office_name,
		material, file_name, file_type, file_size, width, height, pages, digest, original, signed_by, witness_name, witness_type, witness_number, detached, against, refers, text_digest, stays)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23,
		$24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42)`)
	// What was decided depends on the template, so an entry of the log names it.
	actionRecord = recordOf(insertAction, "application", "item", "template_version")
)

func loadActions(ctx context.Context, q querier, application int64, version int) ([]yinzheng.Action, error) {
	actions := make([]yinzheng.Action, 0, version)
	err := each(ctx, q, func(r *sql.Rows) error {
		var x yinzheng.Action
		var input, against []byte
		var f fileColumns
		err := r.Scan(append([]any{
			(*whole)(&x.Seq), (*moment)(&x.At), &x.Kind, &x.By, &x.Name,
			(*text)(&x.Person.Type), (*text)(&x.Person.Number), (*text)(&x.Person.Reason), (*text)(&x.Office), (*text)(&x.Role),
			(*text)(&x.Step), (*text)(&x.ToStep), (*text)(&x.Opinion), &input, (*text)(&x.Code),
			(*whole)(&x.Post), (*moment)(&x.Due), (*text)(&x.For), (*text)(&x.ForName), (*text)(&x.ForID.Type), (*text)(&x.ForID.Number), (*text)(&x.Reason), (*text)(&x.Called),
		}, append(f.into(&x), &against, (*text)(&x.Refers), (*text)(&f.file.TextDigest), (*text)(&x.Stays))...)...)
		if err == nil && input != nil {
			x.Input, err = decodeInput(input)
		}
		if err == nil && against != nil {
			err = json.Unmarshal(against, &x.Against)
		}
		f.attach(&x)
		actions = append(actions, x)
		return err
	}, selectActions, application, version)
	if err == nil && len(actions) != version {
		err = fmt.Errorf("a case at version %d has %d actions", version, len(actions))
	}
	return actions, err
}

func decodeInput(b []byte) (*yinzheng.Input, error) {
	in := new(yinzheng.Input)
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(in); err != nil {
		return nil, err
	}
	return in, normalise(in.Values)
}

// jsonOf is a part of an action as it is kept: NULL when there is none.
func jsonOf[T any](v *T) (any, error) {
	if v == nil {
		return nil, nil
	}
	b, err := json.Marshal(v)
	return string(b), err
}

// saveActions writes a case's actions after version seen and, in the same order, their entries in the log.
func (s *Store) saveActions(ctx context.Context, q querier, application int64, a *yinzheng.Application, seen int) error {
	for i := seen; i < len(a.Actions); i++ {
		x := &a.Actions[i]
		input, err := jsonOf(x.Input)
		if err != nil {
			return err
		}
		against, err := jsonOf(x.Against)
		if err != nil {
			return err
		}
		args := []any{
			application, x.Seq, x.At.UnixMicro(), string(x.Kind), x.By, x.Name,
			optional(x.Person.Type), optional(x.Person.Number), optional(x.Person.Reason), optional(x.Office), optional(x.Role),
			optional(x.Step), optional(x.ToStep), optional(x.Opinion), input, optional(x.Code),
			x.Post, micros(x.Due), optional(x.For), optional(x.ForName), optional(x.ForID.Type), optional(x.ForID.Number), optional(x.Reason), optional(x.Called),
		}
		args = append(append(args, fileArgs(x)...), against, optional(x.Refers), optional(textDigest(x)), optional(x.Stays))
		if _, err := change(ctx, q, insertAction, args...); err != nil {
			return err
		}
		content, err := actionRecord.content(append(args, a.Template.Code, a.Template.Version))
		if err != nil {
			return err
		}
		e := yinzheng.LogEntry{At: x.At, Kind: yinzheng.LogAction, Subject: a.ID, Part: int64(x.Seq)}
		if err := s.chain.append(ctx, q, e, content); err != nil {
			return err
		}
	}
	return nil
}

// fileColumns are the columns from material to detached, as they are read.
type fileColumns struct {
	file    yinzheng.Attachment
	signing yinzheng.Signing
	witness yinzheng.Witness
}

// into lists where they are read to.
func (f *fileColumns) into(x *yinzheng.Action) []any {
	return []any{
		(*text)(&f.file.Material), (*text)(&f.file.Name), (*text)(&f.file.Type), (*number)(&f.file.Size), (*number)(&f.file.Width), (*number)(&f.file.Height),
		(*number)(&f.file.Pages), (*text)(&f.file.Digest), (*text)(&f.file.Original), (*text)(&f.signing.By),
		(*text)(&f.witness.Name), (*text)(&f.witness.ID.Type), (*text)(&f.witness.ID.Number), (*number)(&x.Detached),
	}
}

// attach gives an action the file that its columns tell of, be it erased, or the
// material that it is about.
func (f *fileColumns) attach(x *yinzheng.Action) {
	if x.Kind != yinzheng.Attach {
		x.Material = f.file.Material
		return
	}
	f.file.ID, x.Attachment = x.Seq, &f.file
	if f.signing.By == "" {
		return
	}
	f.file.Signed = &f.signing
	if f.witness.Name != "" {
		f.signing.Witness = &f.witness
	}
}

// textDigest is that of the commitment that an action attached.
func textDigest(x *yinzheng.Action) string {
	if x.Attachment == nil {
		return ""
	}
	return x.Attachment.TextDigest
}

// fileArgs are those columns as they are written.
func fileArgs(x *yinzheng.Action) []any {
	f := yinzheng.Attachment{}
	if x.Attachment != nil {
		f = *x.Attachment
	}
	var signing yinzheng.Signing
	if f.Signed != nil {
		signing = *f.Signed
	}
	var witness yinzheng.Witness
	if signing.Witness != nil {
		witness = *signing.Witness
	}
	return []any{
		optional(cmp.Or(f.Material, x.Material)), optional(f.Name), optional(f.Type), positive(f.Size), positive(f.Width), positive(f.Height), positive(f.Pages),
		optional(f.Digest), optional(f.Original), optional(signing.By),
		optional(witness.Name), optional(witness.ID.Type), optional(witness.ID.Number), positive(x.Detached),
	}
}
