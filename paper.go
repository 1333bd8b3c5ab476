package yinzheng

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"
)

// Paper is the record of a certificate that was written on paper while the
// system was down (补录). It has no signature and is no certificate of this
// system: it verifies as recorded on paper, never as valid.
type Paper struct {
	Code       string
	Number     string // as it stands on the paper
	Item       string
	Short      string // Template.Short of the item
	Organ      string
	OrganName  string
	Name       string // the holder's, masked
	ID         string // the holder's ID number, masked
	Holder     string // the holder's name, for a question by number and name; never shown
	IssuedOn   time.Time
	Scan       []byte // SHA-256 of the scan as it is kept or, without a file, as it was stated; nil: none
	Original   []byte // SHA-256 of the scan as it was sent; nil: no file was
	ScanType   string // media type of the file that is kept; empty: none is
	Note       string // why it was written on paper
	RecordedAt time.Time
	By         string // account
	Office     string

	VoidedAt time.Time // zero: it stands
	VoidedBy string
	VoidNote string
}

// Papers keeps them. They never change, but for being voided once.
type Papers interface {
	// AddPaper writes one under PaperKey(p.Number); ErrConflict when a record
	// stands under it already.
	AddPaper(ctx context.Context, p *Paper) error
	// Paper returns one, void or not; ErrNotFound.
	Paper(ctx context.Context, code string) (*Paper, error)
	// PaperByNumber returns the one that stands under a key; ErrNotFound.
	PaperByNumber(ctx context.Context, key string) (*Paper, error)
	// PaperByScan returns the oldest one that stands with this digest as its scan,
	// as it was sent or as it is kept; ErrNotFound.
	PaperByScan(ctx context.Context, digest []byte) (*Paper, error)
	// VoidPaper writes VoidedAt, VoidedBy and VoidNote; ErrConflict when it is
	// void already.
	VoidPaper(ctx context.Context, p *Paper) error
}

// PaperKey is what paper numbers are compared by: without spaces, full-width
// signs and the several kinds of brackets that people write the same number with.
func PaperKey(number string) string {
	number = strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune("〔［【〖", r):
			return '('
		case strings.ContainsRune("〕］】〗", r):
			return ')'
		case strings.ContainsRune("—–－", r):
			return '-'
		}
		return r
	}, tidyText(number))
	number = strings.NewReplacer("[", "(", "]", ")").Replace(halfWidth(number))
	return strings.ToUpper(strings.Join(strings.Fields(number), ""))
}

// NewPaper is what a certificate on paper says.
type NewPaper struct {
	Item     string `json:"item"`
	Number   string `json:"number"`
	Organ    string `json:"organ,omitempty"` // credit code; default: that of the office, or of the next one above
	IssuedOn string `json:"issued_on"`       // 2026-11-22
	Name     string `json:"name"`
	ID       ID     `json:"id,omitzero"`
	Scan     string `json:"scan,omitempty"` // SHA-256 of the scan, in hexadecimal; with File, its own
	Note     string `json:"note"`
	File     []byte `json:"-"` // the scan itself, to be kept
}

// PaperView is a record as the staff sees it.
type PaperView struct {
	Code       string    `json:"code"`
	Number     string    `json:"number"`
	Item       string    `json:"item"`
	Organ      string    `json:"organ"`
	OrganName  string    `json:"organ_name"`
	Name       string    `json:"name"` // masked
	ID         string    `json:"id,omitempty"`
	IssuedOn   string    `json:"issued_on"`
	Scan       string    `json:"scan,omitempty"`
	Original   string    `json:"scan_original,omitempty"` // digest of the file as it was sent
	ScanType   string    `json:"scan_type,omitempty"`     // of the file that is kept
	Note       string    `json:"note"`
	RecordedAt time.Time `json:"recorded_at"`
	By         string    `json:"by"`
	Office     string    `json:"office"`
	Void       *PaperEnd `json:"void,omitempty"`
}

// PaperEnd says when and why a record was voided.
type PaperEnd struct {
	At   time.Time `json:"at"`
	By   string    `json:"by"`
	Note string    `json:"note"`
}

// RecordPaper records a certificate written on paper: by a clerk or approver of
// the organ, or of an office in its division. A scan that comes with it is
// cleaned and kept; errors as of Cleaner.Clean. The idempotency key works as in
// CreateApplication.
func (s *Service) RecordPaper(ctx context.Context, by *Account, in *NewPaper, key string) (view *PaperView, again bool, err error) {
	grant, organ, err := s.mayRecordPaper(by, in.Organ)
	if err != nil {
		return nil, false, err
	}
	now := s.now()
	p, err := s.checkPaper(in, organ, now)
	if err != nil {
		return nil, false, err
	}
	if err := CheckKey(key); err != nil {
		return nil, false, err
	}
	clean, err := s.cleanScan(ctx, p, in.File)
	if err != nil {
		return nil, false, err
	}
	digest, err := digestOf("paper", hex.EncodeToString(p.Original), in)
	if err != nil {
		return nil, false, err
	}
	if p.Code, err = NewCode(s.Rand); err != nil {
		return nil, false, err
	}
	p.RecordedAt, p.By, p.Office = now, by.ID, grant.Office
	before := ""
	err = s.Store.Tx(ctx, func(ctx context.Context) (err error) {
		if before, err = s.Store.Remember(ctx, by.ID, key, digest, p.Code, now); err != nil || before != "" {
			return err
		}
		if clean != nil {
			if err := s.Store.AddFile(ctx, hex.EncodeToString(p.Scan), clean.Content); err != nil {
				return err
			}
		}
		if err := s.Store.AddPaper(ctx, p); err != nil {
			return err
		}
		return s.Store.Record(ctx, Event{At: now, Kind: "paper-recorded", Subject: p.Code, By: by.ID, Detail: p.Item})
	})
	if err == nil && before != "" {
		p, err = s.Store.Paper(ctx, before)
	}
	if err != nil {
		return nil, false, err
	}
	return p.view(), before != "", nil
}

// cleanScan cleans the scan that came with a paper, if one did, and notes its
// digests. Who states the digest, too, states that of what they sent.
func (s *Service) cleanScan(ctx context.Context, p *Paper, sent []byte) (*CleanFile, error) {
	if len(sent) == 0 {
		return nil, nil
	}
	original := sha256.Sum256(sent)
	if p.Scan != nil && !bytes.Equal(p.Scan, original[:]) {
		return nil, invalidFields([]FieldError{{"scan", "digest", Text{"与所传文件的 SHA-256 不符，请核对文件，或略去此项", "This is not the SHA-256 of the file sent; please compare the file, or leave this out"}}})
	}
	clean, err := s.Cleaner.Clean(ctx, sent)
	if err != nil {
		return nil, err
	}
	kept := sha256.Sum256(clean.Content)
	p.Scan, p.Original, p.ScanType = kept[:], original[:], clean.Type
	return clean, nil
}

// OpenScan gives the scan of a paper to those who may see its record, under a
// name that is safe anywhere. That it was opened is put on record first.
// ErrNotFound also when only a digest was stated: a file with that digest may be
// somebody else's.
func (s *Service) OpenScan(ctx context.Context, by *Account, code string) (content []byte, mediaType, name string, err error) {
	p, err := s.openPaper(ctx, by, code)
	if err != nil {
		return nil, "", "", err
	}
	if p.ScanType == "" {
		return nil, "", "", fail(ErrNotFound, "这条补录没有扫描件", "No scan was kept with this record")
	}
	if content, err = s.Store.File(ctx, hex.EncodeToString(p.Scan)); err != nil {
		return nil, "", "", lostFile("a paper's scan", err)
	}
	if err := s.Store.Record(ctx, Event{At: s.now(), Kind: EventScan, Subject: p.Code, By: by.ID}); err != nil {
		return nil, "", "", err
	}
	return content, p.ScanType, p.Code + fileEndings[p.ScanType], nil
}

// mayRecordPaper returns the grant under which a person records a paper of an
// organ ("": their own office's, or the next one above).
func (s *Service) mayRecordPaper(by *Account, organ string) (Grant, *Organ, error) {
	d := s.Directory()
	if organ != "" && d.Organ(organ) == nil {
		return Grant{}, nil, invalidFields([]FieldError{{"organ", "unknown-organ", Text{"没有这个机关", "There is no such organ"}}})
	}
	var of *Organ
	suits := func(office string) bool {
		of = d.organFor(office, organ)
		return of != nil
	}
	for _, role := range []Role{Clerk, Approver} {
		if g, ok := by.Holds(role, s.Now(), suits); ok {
			return g, of, nil
		}
	}
	return Grant{}, nil, fail(ErrForbidden, "只有该机关或其辖区内的经办人、审批人可以补录", "Only a clerk or approver of that organ, or of an office in its division, may record its papers")
}

// organFor finds the organ of an office, or of the nearest office of a division
// that it lies in: the one asked for, which may have ended since, or any if none
// is. Nil: there is none.
func (d *Directory) organFor(office, organ string) *Organ {
	o := d.Office(office)
	if o == nil {
		return nil
	}
	asked := func(o *Office) *Organ {
		switch {
		case o.Organ == "" || !o.stands():
		case organ == "":
			return d.Organ(o.Organ)
		case d.OrganNow(organ) == o.Organ:
			return d.Organ(organ)
		}
		return nil
	}
	if of := asked(o); of != nil {
		return of
	}
	division := o.Division
	for range 8 { // deeper than any tree; a loop in the data ends here
		for i := range d.Offices {
			if x := &d.Offices[i]; x.Division == division && asked(x) != nil {
				return asked(x)
			}
		}
		v := d.Division(division)
		if v == nil || v.Parent == "" {
			return nil
		}
		division = v.Parent
	}
	return nil
}

// checkPaper brings what was sent into normal form.
func (s *Service) checkPaper(in *NewPaper, organ *Organ, now time.Time) (*Paper, error) {
	c := &checker{now: now.In(Zone)}
	p := &Paper{Organ: organ.Code, OrganName: organ.Name}
	if t, err := s.Template(in.Item); err == nil {
		p.Item, p.Short = t.Code, t.Short
	} else {
		c.problem("item", "unknown-item", "请从 /api/v1/items 中选择", "Please choose one from /api/v1/items")
	}
	p.Number = c.text("number", &Field{Type: TextField, Max: 60}, in.Number)
	if strings.HasPrefix(PaperKey(p.Number), numberPrefix+".") {
		c.problem("number", "electronic", "这是电子证明的编号，请填写纸质证明上的文号", "This is the number of an electronic certificate; please give the one on the paper")
	}
	day := c.text("issued_on", &Field{Type: DateField}, in.IssuedOn)
	if on, err := time.ParseInLocation(time.DateOnly, day, Zone); err == nil {
		if p.IssuedOn = on.UTC(); !organ.exists(on.AddDate(0, 0, 1)) {
			c.problem("issued_on", "organ-time", "该机关当时不存在", "The organ did not exist on that day")
		}
	}
	p.Holder = c.text("name", &Field{Type: NameField}, in.Name)
	p.Name = MaskName(p.Holder)
	if in.ID != (ID{}) {
		p.ID = MaskID(idOf(c.id("id", in.ID.Value())))
	}
	if in.Scan != "" {
		sum, err := hex.DecodeString(in.Scan)
		if err != nil || len(sum) != 32 {
			c.problem("scan", "digest", "应为扫描件的 SHA-256（64 位十六进制）", "Expected the scan's SHA-256, 64 hexadecimal digits")
		}
		p.Scan = sum
	}
	p.Note = c.text("note", &Field{Type: TextField, Max: 200}, in.Note)
	return p, c.faults()
}

// PaperRecord shows a record to the staff of the organ and of its division.
func (s *Service) PaperRecord(ctx context.Context, by *Account, code string) (*PaperView, error) {
	p, err := s.openPaper(ctx, by, code)
	if err != nil {
		return nil, err
	}
	return p.view(), nil
}

func (s *Service) openPaper(ctx context.Context, by *Account, code string) (*Paper, error) {
	none := fail(ErrNotFound, "没有这条补录", "There is no such record")
	code, ok := NormalCode(code)
	if !ok {
		return nil, none
	}
	p, err := s.Store.Paper(ctx, code)
	if errors.Is(err, ErrNotFound) {
		return nil, none
	}
	if err != nil {
		return nil, err
	}
	if _, _, err := s.mayRecordPaper(by, p.Organ); err != nil {
		return nil, none
	}
	return p, nil
}

// VoidPaper takes a record back that was made by mistake: by who made it, or an
// approver of the organ. It then verifies as not found.
func (s *Service) VoidPaper(ctx context.Context, by *Account, code, why string) (*PaperView, error) {
	p, err := s.openPaper(ctx, by, code)
	if err != nil {
		return nil, err
	}
	_, approver := by.Holds(Approver, s.Now(), func(office string) bool { return s.Directory().seals(office, p.Organ) })
	if p.By != by.ID && !approver {
		return nil, fail(ErrForbidden, "只有补录人或该机关的审批人可以作废", "Only who recorded it, or an approver of the organ, may void it")
	}
	note, err := checkAct("", "", why)
	if err != nil {
		return nil, err
	}
	if !p.VoidedAt.IsZero() {
		return nil, fail(ErrState, "这条补录已作废", "The record is void already")
	}
	p.VoidedAt, p.VoidedBy, p.VoidNote = s.now(), by.ID, note
	err = s.Store.Tx(ctx, func(ctx context.Context) error {
		if err := s.Store.VoidPaper(ctx, p); err != nil {
			return err
		}
		return s.Store.Record(ctx, Event{At: p.VoidedAt, Kind: "paper-voided", Subject: p.Code, By: by.ID})
	})
	if err != nil {
		return nil, err
	}
	return p.view(), nil
}

func (p *Paper) view() *PaperView {
	v := &PaperView{
		Code: p.Code, Number: p.Number, Item: p.Item, Organ: p.Organ, OrganName: p.OrganName, Name: p.Name, ID: p.ID,
		IssuedOn: p.IssuedOn.In(Zone).Format(time.DateOnly), Scan: hex.EncodeToString(p.Scan), Original: hex.EncodeToString(p.Original), ScanType: p.ScanType, Note: p.Note, RecordedAt: p.RecordedAt, By: p.By, Office: p.Office,
	}
	if !p.VoidedAt.IsZero() {
		v.Void = &PaperEnd{p.VoidedAt, p.VoidedBy, p.VoidNote}
	}
	return v
}

// findPaper looks for a record that stands, when there is no certificate; that
// there is none is no error.
func (s *Service) findPaper(e *Evidence, p *Paper, err error) error {
	if err == nil && p.VoidedAt.IsZero() {
		e.Paper = p
	}
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// onPaper answers a question about a certificate on paper: that it was recorded,
// and nothing more. There is no signature, nobody checked the sheet.
func (e *Evidence) onPaper() *Answer {
	p := e.Paper
	return &Answer{
		Verdict: Unconfirmed, Checks: Checks{NotChecked, NotChecked, NotChecked}, CheckedAt: e.Now, RecordOnly: true,
		OnPaper: true, Scan: hex.EncodeToString(p.Scan),
		Certificate: &Facts{Code: p.Code, Number: p.Number, Item: p.Short, Name: p.Name, ID: p.ID, Organ: p.Organ, OrganName: p.OrganName, IssuedAt: p.IssuedOn},
		Heading:     Text{"登记为纸质证明", "Recorded as written on paper"},
		Meaning:     Text{"这份证明是系统停用期间用纸写成、事后补录的。它没有电子签名，系统只知道有过这样一份，不能证明您手中的就是它。", "This certificate was written on paper while the system was down, and recorded afterwards. It has no electronic signature: that there was such a sheet is all that is known here, not that it is the one in your hand."},
		Advice:      Text{"请逐项核对并查看公章；要求确认的，请联系出具机关。", "Compare each fact and look at the stamp; where it has to be certain, ask the issuer."},
	}
}
