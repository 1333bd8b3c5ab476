package web

import (
	"net/http"
	"strconv"
	"strings"

	"yinzheng"
)

// attachmentOperations are about the files on a case.
func (s *server) attachmentOperations() []operation {
	const attachments = "/api/v1/applications/{id}/attachments"
	return []operation{
		{
			method: http.MethodPost, path: attachments, id: "attach-file", tag: "attachments", ifMatch: true, status: http.StatusCreated,
			summary: "添加附件：照片、扫描件、PDF；图片转正并重新编码 · Attach a file; pictures are turned upright and encoded anew",
			form: []formField{
				{"material", "a key of the item's materials, or authority, commitment or other", true},
				{"signed", "of a commitment, be it in the place of the material named: signature or fingerprint", false},
				{"witness_name", "who saw it signed; needed beside a fingerprint", false},
				{"witness_id", `a resident ID number, or {"type","number"}`, false},
				{"file", "JPEG, PNG, WebP or PDF of at most 20 MB", true},
			},
			gives: typeOf[yinzheng.CaseView](), do: s.attach,
		},
		{
			method: http.MethodGet, path: attachments + "/{attachment}", id: "open-attachment", tag: "attachments", summary: "下载附件 · A file on a case; who opens it is recorded",
			media: []string{"image/jpeg", "application/pdf"}, do: func(c *call) (any, error) {
				content, media, name, err := s.Service.OpenAttachment(c.Context(), c.by, c.PathValue("id"), c.attachment())
				return &file{media, name, content}, err
			},
		},
		{
			method: http.MethodDelete, path: attachments + "/{attachment}", id: "detach-file", tag: "attachments", summary: "撤下附件或引用 · Take a file, or a reference to a certificate, off a draft or a returned case", ifMatch: true,
			gives: typeOf[yinzheng.CaseView](), do: func(c *call) (any, error) {
				return c.changedCase(s.Service.DetachFile(c.Context(), c.by, c.PathValue("id"), c.seen, c.attachment()))
			},
		},
	}
}

// attachment is the number in the path; 0, which none has, if it is no number.
func (c *call) attachment() int {
	n, err := strconv.Atoi(c.PathValue("attachment"))
	if err != nil {
		return 0
	}
	return n
}

// withForm reads a form with a file that somebody signed in sends.
func (s *server) withForm(c *call, names []string, do func(*form) (any, error)) (out any, err error) {
	err = s.received(c.w, c.Request, s.sender(c.Request, c.by), names, func(f *form) error {
		out, err = do(f)
		return err
	})
	return out, err
}

func (s *server) attach(c *call) (any, error) {
	if mediaType(c.Request) != "multipart/form-data" {
		return nil, wrongMediaType("multipart/form-data")
	}
	return s.withForm(c, []string{"material", "signed", "witness_name", "witness_id"}, func(f *form) (any, error) {
		in := &yinzheng.NewAttachment{Material: f.fields["material"], Name: f.name, File: f.file}
		var err error
		if in.Signed, err = f.signing(); err != nil {
			return nil, err
		}
		return c.changedCase(s.Service.AttachFile(c.Context(), c.by, c.PathValue("id"), c.seen, in))
	})
}

// signing is what a form says of how a commitment was signed; nil: nothing.
func (f *form) signing() (*yinzheng.Signing, error) {
	by, name, id := f.fields["signed"], f.fields["witness_name"], strings.TrimSpace(f.fields["witness_id"])
	if by == "" && name == "" && id == "" {
		return nil, nil
	}
	out := &yinzheng.Signing{By: by}
	if name == "" && id == "" {
		return out, nil
	}
	out.Witness = &yinzheng.Witness{Name: name, ID: yinzheng.ID{Type: yinzheng.ResidentID, Number: id}}
	if !strings.HasPrefix(id, "{") {
		return out, nil
	}
	document := witnessID{}
	err := decode([]byte(id), &document)
	out.Witness.ID = yinzheng.ID(document)
	return out, err
}

// witnessID is a witness's document where it is no resident ID.
type witnessID yinzheng.ID

func (b *witnessID) member(r *jsonReader, key string) {
	switch key {
	case "type":
		b.Type = r.text(key)
	case "number":
		b.Number = r.text(key)
	default:
		r.unknown(key)
	}
}
