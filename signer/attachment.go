package signer

import (
	json "github.com/go-json-experiment/json"

	"yinzheng"
	"yinzheng/internal/pdf"
)

// AttachmentName is the embedded file by which anyone who holds an issued PDF
// can recompute the token's digest.
const AttachmentName = "yinzheng.json"

// Limits of what is looked at for it.
const (
	maxAttachment = 256 << 10
	maxAssociated = 64
)

// attached reads yinzheng.json of a file: the catalog's associated file of that
// name with relationship Data (ISO 32000-2 §14.13). Present tells whether there
// is one, readable or not.
func attached(f *pdf.File) (a *yinzheng.Attached, present bool) {
	catalog, err := dictOf(f, f.Trailer().Get("Root"))
	if err != nil {
		return nil, false
	}
	list, err := f.Resolve(catalog.Get("AF"))
	if err != nil {
		return nil, false
	}
	specs, _ := list.(pdf.Array)
	for _, o := range specs[:min(len(specs), maxAssociated)] {
		spec, err := dictOf(f, o)
		if err != nil || spec.Get("AFRelationship") != pdf.Name("Data") {
			continue
		}
		name, _ := spec.Get("UF").(pdf.String)
		if string(name.Bytes()) == AttachmentName {
			return readAttachment(f, spec), true
		}
	}
	return nil, false
}

func readAttachment(f *pdf.File, spec pdf.Dict) *yinzheng.Attached {
	files, err := dictOf(f, spec.Get("EF"))
	if err != nil {
		return nil
	}
	v, err := f.Resolve(files.Get("F"))
	st, ok := v.(*pdf.Stream)
	if err != nil || !ok {
		return nil
	}
	body, err := f.Decode(st, maxAttachment)
	if err != nil {
		return nil
	}
	a := new(yinzheng.Attached)
	if err := json.Unmarshal(body, a); err != nil { // members twice are refused, unknown ones left for later versions
		return nil
	}
	return a
}
