package yinzheng

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Attachment is a file on a case: a photograph, a scan, a PDF. Digests are
// SHA-256, in hexadecimal.
type Attachment struct {
	ID       int      `json:"id"`       // Seq of the action that attached it
	Material string   `json:"material"` // a Material's key, or one of the words below
	Name     string   `json:"name"`     // as its sender calls it, with the ending of what is kept
	Type     string   `json:"type"`     // media type of what is kept
	Size     int      `json:"size"`     // bytes
	Width    int      `json:"width,omitempty"`
	Height   int      `json:"height,omitempty"`
	Pages    int      `json:"pages,omitempty"` // of a PDF
	Digest   string   `json:"digest"`          // of what is kept
	Original string   `json:"original"`        // of what was sent
	Signed   *Signing `json:"signed,omitempty"`

	TextDigest string `json:"text_digest,omitempty"` // of a commitment in a material's place: what was signed (CommitmentSheet.Digest)
}

// Signing says how a commitment was signed.
type Signing struct {
	By      string   `json:"by"`                // signature or fingerprint
	Witness *Witness `json:"witness,omitempty"` // needed beside a fingerprint
}

// Witness is who saw somebody sign.
type Witness struct {
	Name string `json:"name"`
	ID   ID     `json:"-"` // shown masked (AttachmentView)
}

// The ways to sign a commitment. Who cannot write leaves a fingerprint.
const (
	BySignature   = "signature"
	ByFingerprint = "fingerprint"
)

// Limits of a case's files. What was taken off is kept too, for good.
const (
	maxAttachments = 30  // that are there
	maxAttached    = 100 // that ever were
)

// Cleaner makes of a file from outside what can be kept. Implemented by
// attachments.Cleaner.
type Cleaner interface {
	// Clean tells a file's type by its content alone. A picture becomes a JPEG:
	// upright, of bounded size, without anything but its pixels. A PDF stays as it
	// is. The error is an ErrInvalid of the field "file" that says what is taken,
	// an ErrUnavailable while too many pictures are being cleaned, or ctx's.
	Clean(ctx context.Context, sent []byte) (*CleanFile, error)
}

// CleanFile is what is kept of a file.
type CleanFile struct {
	Content       []byte
	Type          string // image/jpeg or application/pdf
	Width, Height int    // of a picture
	Pages         int    // of a PDF
}

// fileEndings are those of the types that are kept.
var fileEndings = map[string]string{"image/jpeg": ".jpg", "application/pdf": ".pdf"}

// Files keeps contents, each once, by its digest. They never change.
type Files interface {
	// AddFile keeps a content under its digest, unless it is there already.
	AddFile(ctx context.Context, digest string, content []byte) error
	// File returns a content; ErrNotFound. One that has another digest than it
	// is kept under is an error, never returned.
	File(ctx context.Context, digest string) ([]byte, error)
}

// digestHex is the SHA-256 of a content, in hexadecimal.
func digestHex(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// NewAttachment is a file as it is sent.
type NewAttachment struct {
	Material string
	Name     string
	File     []byte
	Signed   *Signing // of a commitment: the template's own, or one in a material's place
}

// AttachmentView is an attachment as the people of its case see it.
type AttachmentView struct {
	Attachment
	MaterialName Text         `json:"material_name"`
	Signed       *SigningView `json:"signed,omitempty"` // instead of the attachment's own
	At           time.Time    `json:"at"`
	By           string       `json:"by"`
	ByName       string       `json:"by_name"`
	Office       string       `json:"office"`
	OfficeName   string       `json:"office_name,omitempty"` // as it was called then
	Step         string       `json:"step,omitempty"`        // at which it was attached; empty: while the case was drafted or mended
}

// SigningView is how a commitment was signed.
type SigningView struct {
	By      string       `json:"by"`
	Witness *WitnessView `json:"witness,omitempty"`
}

// WitnessView is a witness, the document's number masked.
type WitnessView struct {
	Name   string `json:"name"`
	IDType string `json:"id_type"`
	ID     string `json:"id"`
}

// Attach adds a file to the case: by a clerk of the office that took it in while
// it is drafted or mended, or by whoever may decide where it waits. A material
// that was promised, and not more, is added by those clerks at any time. Four eyes
// counts it as drafting, or as acting at that step. Errors: ErrNotFound when the
// case does not exist for this person, ErrForbidden, ErrState, and ErrInvalid
// for a material that the item does not know, a commitment that nobody signed,
// a witness who cannot be one, or more files than a case may have.
func (c *Case) Attach(by *Account, f *Attachment, now time.Time) (*Application, error) {
	x, err := c.mayAttach(by, f.Material, now)
	if err != nil {
		return nil, err
	}
	file := *f
	if err := c.checkAttachment(&file, actors(by, Grant{For: x.For, ForID: x.ForID}), now); err != nil {
		return nil, err
	}
	x.Attachment = &file
	return c.with(x), nil
}

// mayAttach returns the action by which a person may attach a file of a material
// now.
func (c *Case) mayAttach(by *Account, material string, now time.Time) (Action, error) {
	if c.State == Submitted {
		seat, err := c.mayDecide(by, now)
		if err == nil {
			x := actionBy(by, seat.grant, Attach, now)
			x.Step = c.Template.Chain[c.Step].Key
			return x, nil
		}
		if !c.follows(material) {
			return Action{}, err
		}
	}
	if c.follows(material) {
		grant, err := c.mayFollow(by, now)
		return actionBy(by, grant, Attach, now), err
	}
	grant, err := c.mayMend(by, now, "添加附件", "added to")
	return actionBy(by, grant, Attach, now), err
}

// Detach takes a file, a reference or a promise off the case while it is drafted or mended; its history
// keeps it. A file that somebody attached who decides is theirs to judge by and
// stays; what they referred to may have ended. Errors as of Attach, and ErrNotFound when the case has no such attachment.
func (c *Case) Detach(by *Account, id int, now time.Time) (*Application, error) {
	grant, err := c.mayMend(by, now, "撤下附件", "changed")
	if err != nil {
		return nil, err
	}
	file := c.attachment(id)
	if file == nil && c.substitute(id) == nil {
		return nil, errNoAttachment()
	}
	if file != nil && c.Actions[id-1].Step != "" {
		return nil, fail(ErrForbidden, "审批人员添加的附件不能撤下", "What somebody attached who decides on the case cannot be taken off it")
	}
	x := actionBy(by, grant, Detach, now)
	x.Detached = id
	return c.with(x), nil
}

// attached counts the files that were ever added to the case.
func (a *Application) attached() int {
	n := 0
	for i := range a.Actions {
		if a.Actions[i].Kind == Attach {
			n++
		}
	}
	return n
}

// attachment returns one of the case's files, or nil.
func (a *Application) attachment(id int) *Attachment {
	i := slices.IndexFunc(a.Attachments, func(f Attachment) bool { return f.ID == id })
	if i < 0 {
		return nil
	}
	return &a.Attachments[i]
}

// witness is who saw a commitment signed, or nil.
func (f *Attachment) witness() *Witness {
	if f == nil || f.Signed == nil {
		return nil
	}
	return f.Signed.Witness
}

func errNoAttachment() error {
	return fail(ErrNotFound, "没有这个附件，或已撤下", "There is no such attachment, or it was taken off the case")
}

// checkAttachment brings what somebody says of a file into normal form.
func (c *Case) checkAttachment(f *Attachment, by []*Account, now time.Time) error {
	k := &checker{now: now.In(Zone)}
	name, known := c.Template.material(f.Material)
	if !known {
		k.refuse("material", "choice", "应为 "+c.Template.materialKeys()+" 之一", "Expected one of "+c.Template.materialKeys())
	}
	switch {
	case len(c.Attachments) >= maxAttachments:
		k.refuse("file", "too-many", "一个办件最多 30 个附件，请先撤下不需要的", "A case has at most 30 attachments; please take off what is not needed")
	case c.attached() >= maxAttached:
		k.refuse("file", "too-many-ever", "本办件先后已添加 100 个附件（撤下的也留存），不能再添加；仍须补充的，请撤回后另建办件", "100 attachments have been added to this case, those included that were taken off again and are kept; none can be added. If one is still needed, please withdraw the case and begin another one")
	}
	f.Name = fileName(f.Name, name.ZH, fileEndings[f.Type])
	switch {
	case f.Material == CommitmentMaterial && f.Signed == nil:
		k.refuse("signed", "required", "请说明承诺书如何签署：signature（签名）或 fingerprint（按指印）", "Please say how the commitment was signed: signature or fingerprint")
	case f.Signed != nil:
		if f.commits() {
			c.checkCommitment(k, f)
		}
		f.Signed = c.checkSigning(k, f.Signed, by)
	}
	return k.faults()
}

func (c *Case) checkSigning(k *checker, s *Signing, by []*Account) *Signing {
	if s.By != BySignature && s.By != ByFingerprint {
		k.refuse("signed", "choice", "应为 signature 或 fingerprint", "Expected signature or fingerprint")
	}
	out := &Signing{By: s.By}
	if s.Witness == nil {
		if s.By == ByFingerprint {
			k.refuse("witness_name", "required", "按指印须有见证人，请填写其姓名和证件号码", "A fingerprint needs a witness; please give their name and ID number")
		}
		return out
	}
	w := &Witness{Name: k.text("witness_name", &Field{Type: NameField}, s.Witness.Name)}
	out.Witness = w
	if s.Witness.ID.Number == "" {
		k.refuse("witness_id", "required", "请填写见证人的证件号码", "Please give the witness's ID number")
		return out
	}
	w.ID = idOf(k.id("witness_id", s.Witness.ID.Value()))
	switch {
	case slices.ContainsFunc(c.Parties(), w.ID.same):
		k.refuse("witness_id", "party", "见证人不能是本办件的当事人", "The witness cannot be a party of the case")
	case slices.ContainsFunc(by, func(a *Account) bool { return w.ID.same(a.Person) }):
		k.refuse("witness_id", "self", "见证人不能是上传附件的人，请另请一位", "The witness cannot be who uploads the file; please ask somebody else")
	}
	return out
}

// maxFileName bounds a file's name, in characters, without its ending.
const maxFileName = 80

// nameEnding is what tells programs what a file is.
var nameEnding = regexp.MustCompile(`\.[A-Za-z][A-Za-z0-9]{0,5}$`)

// fileName is what a file is called: the name that was sent, without folders,
// signs that no name needs or an ending, which could lie.
func fileName(sent, otherwise, ending string) string {
	name := path.Base(strings.ReplaceAll(sent, `\`, "/"))
	name = tidyText(nameEnding.ReplaceAllString(name, ""))
	if code, _, _ := uncleanText(name); code != "" || strings.Trim(name, "./ ") == "" {
		name = otherwise
	}
	if utf8.RuneCountInString(name) > maxFileName {
		name = string([]rune(name)[:maxFileName])
	}
	return name + ending
}

// AttachFile adds a file to a case that is at version seen. Errors as of
// Case.Attach and Cleaner.Clean; whatever the error, nothing of the file is kept.
func (s *Service) AttachFile(ctx context.Context, by *Account, id string, seen int, in *NewAttachment) (*CaseView, error) {
	c, err := s.open(ctx, by, id)
	if err != nil {
		return nil, err
	}
	if c.Version != seen {
		return nil, c.stale(seen)
	}
	if _, err := c.mayAttach(by, in.Material, s.now()); err != nil { // before the file is looked at, which is work
		return nil, err
	}
	if (&Attachment{Material: in.Material, Signed: in.Signed}).commits() {
		if err := s.mayCommit(ctx, c); err != nil {
			return nil, err
		}
	}
	f, content, err := s.clean(ctx, in)
	if err != nil {
		return nil, err
	}
	attach := func(c *Case, now time.Time) (*Application, error) { return c.Attach(by, f, now) }
	view, err := s.changeBy(ctx, by, id, seen, attach, func(ctx context.Context, c *Case, a *Application) error {
		return s.Store.Tx(ctx, func(ctx context.Context) error {
			if err := s.Store.AddFile(ctx, f.Digest, content); err != nil {
				return err
			}
			return s.save(ctx, a, c.Version)
		})
	})
	return s.issueNow(ctx, by, view, err)
}

// clean makes of a file as it is sent what can be kept. Errors as of Cleaner.Clean.
func (s *Service) clean(ctx context.Context, in *NewAttachment) (f *Attachment, content []byte, err error) {
	clean, err := s.Cleaner.Clean(ctx, in.File)
	if err != nil {
		return nil, nil, err
	}
	return &Attachment{
		Material: in.Material, Name: in.Name, Type: clean.Type, Size: len(clean.Content), Width: clean.Width, Height: clean.Height, Pages: clean.Pages,
		Digest: digestHex(clean.Content), Original: digestHex(in.File), Signed: in.Signed,
	}, clean.Content, nil
}

// DetachFile takes a file, a reference or a promise off a case that is at version seen.
func (s *Service) DetachFile(ctx context.Context, by *Account, id string, seen, attachment int) (*CaseView, error) {
	return s.change(ctx, by, id, seen, func(c *Case, now time.Time) (*Application, error) {
		return c.Detach(by, attachment, now)
	})
}

// OpenAttachment gives a file to those who may see its case, under a name that
// is safe anywhere. That it was opened is put on record first. What was taken
// off the case is not shown any more: it may have got there by mistake.
func (s *Service) OpenAttachment(ctx context.Context, by *Account, id string, attachment int) (content []byte, mediaType, name string, err error) {
	c, err := s.open(ctx, by, id)
	if err != nil {
		return nil, "", "", err
	}
	f := c.attachment(attachment)
	if f == nil {
		return nil, "", "", errNoAttachment()
	}
	if f.Gone() {
		return nil, "", "", fail(ErrNotFound, "附件%s", "The file was %s", erasedText.ZH, erasedText.EN)
	}
	if content, err = s.Store.File(ctx, f.Digest); err != nil {
		return nil, "", "", lostFile("an attachment", err)
	}
	number := strconv.Itoa(f.ID)
	if err := s.Store.Record(ctx, Event{At: s.now(), Kind: EventAttachment, Subject: c.ID, By: by.ID, Detail: number}); err != nil {
		return nil, "", "", err
	}
	return content, f.Type, c.ID + "-" + number + fileEndings[f.Type], nil
}

// lostFile keeps a file that is on record, but not in the store, from being
// reported as one that never was.
func lostFile(what string, err error) error {
	if errors.Is(err, ErrNotFound) {
		return fmt.Errorf("the file of %s is on record and not in the store: %v", what, err) //nolint:errorlint // no ErrNotFound: see above
	}
	return err
}

// attachmentViews lists a case's files.
func attachmentViews(t *Template, a *Application) []AttachmentView {
	var out []AttachmentView
	for i := range a.Attachments {
		f, x := &a.Attachments[i], &a.Actions[a.Attachments[i].ID-1]
		name, _ := t.material(f.Material)
		v := AttachmentView{Attachment: *f, MaterialName: name, At: x.At, By: x.By, ByName: x.Name, Office: x.Office, OfficeName: x.Called, Step: x.Step}
		if f.Signed != nil {
			v.Signed = &SigningView{By: f.Signed.By}
			if w := f.witness(); w != nil {
				v.Signed.Witness = &WitnessView{w.Name, w.ID.Type, MaskID(w.ID)}
			}
		}
		out = append(out, v)
	}
	return out
}
