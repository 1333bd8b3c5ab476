package attachments

import (
	"errors"

	"yinzheng"
	"yinzheng/internal/pdf"
)

// cleanPDF takes a PDF as it is, if it can be read without guessing and holds
// nothing that acts.
func cleanPDF(sent []byte) (*yinzheng.CleanFile, error) {
	f, err := pdf.Open(sent)
	if err == nil {
		err = inert(f)
	}
	pages := 0
	if err == nil {
		pages, err = f.Pages(MaxPages)
	}
	switch {
	case errors.Is(err, pdf.ErrEncrypted):
		return nil, refuse("pdf-encrypted", "PDF 已加密或设有密码，请解除后再传", "The PDF is encrypted or has a password; please remove that first")
	case errors.Is(err, errActive):
		return nil, refuse("pdf-active", "PDF 中含脚本、可执行动作、表单（XFA）、多媒体或内嵌文件，请“打印为 PDF”后再传", "The PDF holds scripts, actions, an XFA form, media or embedded files; please print it to a PDF first")
	case errors.Is(err, pdf.ErrPages):
		return nil, refuse("pdf-pages", "PDF 应有 1 到 200 页，请分开上传", "A PDF has 1 to 200 pages; please send it in parts")
	case err != nil:
		return nil, refuse("pdf-broken", "PDF 不完整或不规范，无法可靠读取；请“打印为 PDF”，或拍照后再传", "The PDF is incomplete or irregular and cannot be read reliably; please print it to a PDF, or photograph it")
	}
	return &yinzheng.CleanFile{Content: sent, Type: PDF, Pages: pages}, nil
}

var errActive = errors.New("a PDF with something that acts")

// Keys that only what acts has (ISO 32000-2 §7.11.4, §12.6, §13, annex K).
var activeKeys = map[pdf.Name]bool{
	"JS": true, "JavaScript": true, "XFA": true, "EF": true, "EmbeddedFiles": true, "AF": true,
	"RichMedia": true, "RichMediaContent": true, "RichMediaSettings": true, "3DD": true,
}

// Values of S (of an action), Type and Subtype (of an annotation) that do.
var activeNames = map[pdf.Name]bool{
	"JavaScript": true, "Launch": true, "ImportData": true, "SubmitForm": true, "GoToE": true, "GoToR": true, "Rendition": true,
	"RichMedia": true, "RichMediaExecute": true, "Movie": true, "Sound": true, "Screen": true, "3D": true, "GoTo3DView": true,
	"EmbeddedFile": true, "FileAttachment": true, "Filespec": true,
}

// inert looks at every object of every revision, whether anything refers to it
// or not: a reader that repairs a file may find what the catalog does not name.
func inert(f *pdf.File) error {
	for i, rev := range f.Revisions {
		view := f.AsOf(i)
		for _, p := range rev.Objects {
			v, err := view.Resolve(p.Ref)
			if err == nil {
				err = inertObject(view, v)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func inertObject(f *pdf.File, o pdf.Object) error {
	switch o := o.(type) {
	case *pdf.Stream:
		return inertObject(f, o.Dict)
	case pdf.Array:
		for _, e := range o {
			if err := inertObject(f, e); err != nil {
				return err
			}
		}
	case pdf.Dict:
		for _, e := range o {
			if err := inertEntry(f, e); err != nil {
				return err
			}
		}
	}
	return nil
}

func inertEntry(f *pdf.File, e pdf.Entry) error {
	if activeKeys[e.Key] {
		return errActive
	}
	if e.Key == "S" || e.Key == "Type" || e.Key == "Subtype" {
		v, err := f.Resolve(e.Value) // a name may be an object of its own
		if err != nil {
			return err
		}
		if name, ok := v.(pdf.Name); ok && activeNames[name] {
			return errActive
		}
	}
	return inertObject(f, e.Value)
}
