package web

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"

	"yinzheng"
)

// An import is sent twice: first it is tried and its report shown; then, with the
// same file chosen again, it is carried out. Nothing is kept in between, so that
// a restart or another process loses nothing, and a digest holds what is carried
// out against what the report was of.

// importForm is a file with what is said of it.
type importForm struct {
	Title, Effective, Tree string     // of an order
	Register, AsOf, Office string     // of a register
	Sent                   url.Values // whatever was sent beside the file
	Digest                 string     // of the file that the report is of
	Decides                bool
	Faults                 []yinzheng.FieldError
	file                   []byte
}

// importing reads a form with a table and works on it; what is wrong in it is
// shown with the form, by draw.
func (s *server) importing(v *visit, names []string, draw func(*visit, int, *importForm) error, work func(*importForm) error) error {
	if mediaType(v.Request) != "multipart/form-data" {
		return wrongMediaType("multipart/form-data")
	}
	var in *form
	f := &importForm{}
	read := func(u *upload) (err error) {
		if in, err = u.read(v.w, v.Request, append(names, "digest")); err == nil {
			err = f.take(in)
		}
		return err
	}
	err := s.holding(v.Request, s.sender(v.Request, v.by), s.uploads.importing, read, func() error { return work(f) })
	if faults := faultsOf(err); faults != nil {
		f.Faults, f.Digest = faults, ""
		return draw(v, http.StatusUnprocessableEntity, f)
	}
	return changed(err)
}

// take reads what was sent. With a digest the same file is meant as before.
func (f *importForm) take(in *form) error {
	sum := sha256.Sum256(in.file)
	digest := hex.EncodeToString(sum[:])
	x := in.fields
	sent := url.Values{}
	for name, value := range x {
		sent.Set(name, value)
	}
	*f = importForm{Sent: sent, Title: x["title"], Effective: x["effective"], Tree: x["tree"], Register: x["register"], AsOf: x["as_of"], Office: x["office"], Digest: digest, Decides: x["digest"] != "", file: in.file}
	if f.Decides && x["digest"] != digest {
		return &yinzheng.Error{Kind: yinzheng.ErrInvalid, Text: kinds["invalid"], Fields: []yinzheng.FieldError{{Field: "file", Code: "other-file", Text: yinzheng.Text{
			ZH: "这不是刚才看过报告的那个文件。请重新看一遍报告", EN: "This is not the file of the report. Please look at its report first",
		}}}}
	}
	return nil
}
