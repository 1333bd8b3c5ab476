package yinzheng

import (
	"context"
	"fmt"
	"slices"
)

// Commitment lets the applicant's signed promise stand in a material's place
// (告知承诺). Its text belongs to the template's version.
type Commitment struct {
	Text        `yaml:",inline"` // what is signed; {key} prints a field
	InspectDays int              `yaml:"inspect_days" json:"inspect_days"` // working days from issuing, by the end of which it is inspected
}

// commits tells whether a file is a commitment in its material's place.
func (f *Attachment) commits() bool {
	return f != nil && f.Signed != nil && f.Material != CommitmentMaterial
}

// promisor is who signs a commitment: the applicant, who may be the holder.
func (c *Case) promisor() (name string, id ID) {
	name, id = c.Applicant.Name, c.Applicant.ID
	if c.Applicant.As != AsHolder {
		return name, id
	}
	if name == "" {
		name = c.Values.String(c.Template.Token.Name)
	}
	if id == (ID{}) {
		id = c.holderID()
	}
	return name, id
}

// CommitmentSheet is what an applicant signs in a material's place.
type CommitmentSheet struct {
	Application string `json:"application"`
	Item        string `json:"item"`
	ItemName    Text   `json:"item_name"`
	Template    int    `json:"template_version"`
	Material    string `json:"material"`
	Name        Text   `json:"name"` // of the material
	Text        Text   `json:"text"` // with the case's values
	Applicant   string `json:"applicant"`
	ID          ID     `json:"id"`
	Digest      string `json:"digest"` // of all this but the English: the sheet that was signed is the case's while it is the same
	InspectDays int    `json:"inspect_days"`
}

// commitmentSheet is what the applicant signs in place of a material, or nil where
// that will not do.
func (c *Case) commitmentSheet(material string) *CommitmentSheet {
	m := c.needed(material)
	if m == nil || m.Commitment == nil {
		return nil
	}
	s := &CommitmentSheet{
		Application: c.ID, Item: c.Template.Code, ItemName: c.Template.Name, Template: c.Template.Version, Material: m.Key, Name: m.Text,
		Text: Text{c.Template.printed(m.Commitment.ZH, c.Values), c.Template.printed(m.Commitment.EN, c.Values)}, InspectDays: m.Commitment.InspectDays,
	}
	s.Applicant, s.ID = c.promisor()
	s.Digest = digestHex(Canonical(nil, map[string]any{
		"application": s.Application, "item": s.Item, "template_version": int64(s.Template), "material": s.Material, "text": s.Text.ZH, "applicant": s.Applicant, "id": s.ID.Value(),
	}))
	return s
}

// printed puts values into a text's placeholders.
func (t *Template) printed(text string, v Values) string {
	return fillIn.ReplaceAllStringFunc(text, func(s string) string {
		key := s[1 : len(s)-1]
		if f := t.Field(key); f != nil {
			return f.Display(v[key])
		}
		return s
	})
}

// checkCommitment refuses a commitment that stands in the place of a material
// which it cannot, or not now, and notes what text was signed.
func (c *Case) checkCommitment(k *checker, f *Attachment) {
	sheet := c.commitmentSheet(f.Material)
	switch {
	case sheet == nil:
		k.refuse("signed", "not-applicable", "只有告知承诺书（commitment），或可由承诺代替的材料，才说明如何签署", "Only a commitment, or a material that one may stand in the place of, says how it was signed")
	case !c.State.AtItsClerks():
		k.refuse("signed", "too-late", "承诺须在提交之前签署；审批中请退回，由申请人提交材料或签署承诺", "A commitment is signed before the case is handed in; please return the case")
	case documentMark(sheet.ID) == "":
		k.refuse("signed", "no-document", "签署承诺须有申请人的证件号码，否则请提交材料", "Who signs a commitment needs an identity document; otherwise please attach the material")
	default:
		f.TextDigest = sheet.Digest
	}
}

// commitmentProblems says which commitments are about other values than the case
// has by now.
func commitmentProblems(c *Case) []FieldError {
	var out []FieldError
	for _, m := range c.Template.Needed(c.Values) {
		if met := c.met(m.Key); met.way == MetByCommitment && met.file.TextDigest != c.commitmentSheet(m.Key).Digest {
			out = append(out, FieldError{"attachments." + m.Key, "changed", Text{
				"签署承诺之后内容有改动，请撤下承诺书，重新打印并签署", "Something in it was changed since the commitment was signed; please take it off, print it again and have it signed",
			}})
		}
	}
	return out
}

// commitments lists the materials that the case meets by commitments.
func (c *Case) commitments() []Material {
	return slices.DeleteFunc(c.Template.Needed(c.Values), func(m Material) bool { return c.met(m.Key).way != MetByCommitment })
}

// CommitmentSheet shows what an applicant would sign in place of a material of a
// case, to those who may see the case. Errors: ErrNotFound, also where the case
// needs no such material; ErrState for an applicant who lost the right to sign.
func (s *Service) CommitmentSheet(ctx context.Context, by *Account, id, material string) (*CommitmentSheet, error) {
	c, err := s.open(ctx, by, id)
	if err != nil {
		return nil, err
	}
	sheet := c.commitmentSheet(material)
	if sheet == nil {
		return nil, fail(ErrNotFound, "本办件没有可由承诺代替的这项材料", "The case needs no such material that a commitment may stand in the place of")
	}
	if err := s.mayCommit(ctx, c); err != nil {
		return nil, err
	}
	return sheet, nil
}

// CommitmentPDF typesets the sheet to be printed and signed.
func (s *Service) CommitmentPDF(c *CommitmentSheet) ([]byte, error) {
	return s.Renderer.Record(&Sheet{Template: commitmentPage, Number: c.Application, Date: s.now().In(Zone), Values: Values{
		"item": c.ItemName.ZH, "material": c.Name.ZH, "applicant": c.Applicant, "id": displayID(c.ID), "text": c.Text.ZH,
		"duty":   fmt.Sprintf("承诺内容将在签发后 %d 个工作日内核查。经查不实的，证明将被撤销，今后申请办理证明事项不再适用告知承诺。", c.InspectDays),
		"digest": c.Digest,
	}})
}

// commitmentPage is the page of a commitment. It belongs to no item.
var commitmentPage = &Template{
	Code: "commitment", Version: 1,
	Fields: texts("item", "material", "applicant", "id", "text", "duty", "digest"),
	Page: PageText{
		Title: "告知承诺书",
		Body: []Block{
			{Facts: []Fact{
				{Label: "申请事项", Text: "{item}"},
				{Label: "代替材料", Text: "{material}"},
				{Label: "申请人", Text: "{applicant}"},
				{Label: "证件", Text: "{id}"},
				{Label: "承诺内容", Text: "{text}"},
				{Label: "核查与责任", Text: "{duty}"},
				{Label: "声明", Text: "以上内容本人已知晓，所作承诺真实。"},
				{Label: "承诺人", Text: "（签名或按指印）", Lines: 4},
				{Label: "见证人", Text: "（按指印的填写姓名和证件号码）"},
				{Label: "日期", Text: "　　　　年　　月　　日"},
				{Label: "内容摘要", Text: "{digest}"},
			}},
		},
		Notes: []string{"本承诺书由申请人签署后上传，不是证明。内容改动后摘要随之改变，须重新签署。"},
	},
}
