package attachments

import (
	"errors"
	"slices"

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
		return nil, refuse("pdf-active", "PDF 中含脚本、自动执行的动作、表单（XFA）、多媒体、内嵌或外部文件，请“打印为 PDF”后再传", "The PDF holds scripts, actions, an XFA form, media, or files embedded or elsewhere; please print it to a PDF first")
	case errors.Is(err, pdf.ErrPages):
		return nil, refuse("pdf-pages", "PDF 应有 1 到 200 页，请分开上传", "A PDF has 1 to 200 pages; please send it in parts")
	case err != nil:
		return nil, refuse("pdf-broken", "PDF 不完整或不规范，无法可靠读取；请“打印为 PDF”，或拍照后再传", "The PDF is incomplete or irregular and cannot be read reliably; please print it to a PDF, or photograph it")
	}
	return &yinzheng.CleanFile{Content: sent, Type: PDF, Pages: pages}, nil
}

var errActive = errors.New("a PDF with something that acts")

// Keys that only what acts, or has a file, has (ISO 32000-2 §7.11, §12.6, §13,
// annex K). AA acts without being asked.
var activeKeys = map[pdf.Name]bool{
	"AA": true, "JS": true, "JavaScript": true, "XFA": true, "EF": true, "EmbeddedFiles": true, "AF": true,
	"RichMedia": true, "RichMediaContent": true, "RichMediaSettings": true, "3DD": true,
}

// Values of Type and Subtype, of what acts or has a file.
var activeKinds = map[pdf.Name]bool{
	"RichMedia": true, "Movie": true, "Sound": true, "Screen": true, "3D": true,
	"EmbeddedFile": true, "FileAttachment": true, "Filespec": true, "F": true,
}

// Values of S that make a dictionary an action (table 201). Two may be kept, in
// their place: see actions.
const (
	toPlace   pdf.Name = "GoTo"
	toAddress pdf.Name = "URI"
)

var actionKinds = map[pdf.Name]bool{
	"GoToR": true, "GoToE": true, "GoToDp": true, "Launch": true, "Thread": true, "Sound": true, "Movie": true, "Hide": true,
	"Named": true, "SubmitForm": true, "ResetForm": true, "ImportData": true, "JavaScript": true, "SetOCGState": true, "Rendition": true,
	"Trans": true, "GoTo3DView": true, "RichMediaExecute": true, "SetState": true, "NOP": true,
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
			if err := inertEntry(f, o, e); err != nil {
				return err
			}
		}
	}
	return nil
}

func inertEntry(f *pdf.File, of pdf.Dict, e pdf.Entry) error {
	if activeKeys[e.Key] {
		return errActive
	}
	v, err := f.Resolve(e.Value) // a name may be an object of its own
	if err != nil {
		return err
	}
	name, _ := v.(pdf.Name)
	switch e.Key {
	case "Type", "Subtype":
		if activeKinds[name] {
			return errActive
		}
	case "S":
		if actionKinds[name] {
			return errActive
		}
	case "F", "UF", "FS": // a file specification, which needs no Type
		if _, file := v.(pdf.String); file || name != "" && e.Key == "FS" {
			return errActive
		}
	default:
		if err := actions(f, of, e.Key, v); err != nil {
			return err
		}
	}
	return inertObject(f, e.Value)
}

// actions looks at the places where an action can stand that is none of
// actionKinds. Opening a file may lead to one of its pages; an address is for a
// link, which somebody has to press; and none leads to a next one.
func actions(f *pdf.File, of pdf.Dict, key pdf.Name, v pdf.Object) error {
	var allowed []pdf.Name
	switch key {
	case "OpenAction":
		allowed = []pdf.Name{toPlace}
	case "A":
		allowed = []pdf.Name{toPlace}
		if kind, err := f.Resolve(of.Get("Subtype")); err != nil {
			return err
		} else if kind == pdf.Name("Link") {
			allowed = []pdf.Name{toPlace, toAddress}
		}
	case "Next", "PA":
	default:
		return nil
	}
	return each(f, v, func(action pdf.Dict) error {
		kind, err := f.Resolve(action.Get("S"))
		if err != nil {
			return err
		}
		if name, ok := kind.(pdf.Name); ok && !slices.Contains(allowed, name) {
			return errActive
		}
		return nil
	})
}

// each calls fn with a dictionary, or each of an array of them.
func each(f *pdf.File, v pdf.Object, fn func(pdf.Dict) error) error {
	list, ok := v.(pdf.Array)
	if !ok {
		list = pdf.Array{v}
	}
	for _, e := range list {
		v, err := f.Resolve(e)
		if err != nil {
			return err
		}
		if d, ok := v.(pdf.Dict); ok {
			if err := fn(d); err != nil {
				return err
			}
		}
	}
	return nil
}
