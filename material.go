package yinzheng

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Material is what an applicant brings. With Scan a case needs it to be
// submitted, where all of When hold: a file of it or, in its place, what else the
// template allows. Without Scan it is shown at the counter and a file may be
// attached. A template that lists the key commitment asks for a signed commitment;
// authority and other are understood without being listed.
type Material struct {
	Key  string `yaml:"key" json:"key"`
	Text `yaml:",inline"`
	Scan bool     `yaml:"scan,omitempty" json:"scan,omitempty"`
	When []Clause `yaml:"when,omitempty" json:"when,omitempty"`

	Commitment  *Commitment `yaml:"commitment,omitempty" json:"commitment,omitempty"`   // the applicant's signed promise will do
	Certificate []string    `yaml:"certificate,omitempty" json:"certificate,omitempty"` // items: a certificate in force of one of them, of the same holder, will do
	Later       *Later      `yaml:"later,omitempty" json:"later,omitempty"`             // it may follow
}

// Materials that no template needs to name.
const (
	AuthorityMaterial  = "authority"  // what authorises an agent
	CommitmentMaterial = "commitment" // the applicant's signed promise
	OtherMaterial      = "other"
)

var commonMaterials = map[string]Text{
	AuthorityMaterial:  {"代办授权依据", "Proof of the agent's authority"},
	CommitmentMaterial: {"签署的告知承诺书", "Signed commitment"},
	OtherMaterial:      {"其他材料", "Other material"},
}

// material names what a key stands for.
func (t *Template) material(key string) (Text, bool) {
	if m := t.listed(key); m != nil {
		return m.Text, true
	}
	name, ok := commonMaterials[key]
	return name, ok
}

// listed is a material that the template lists, or nil.
func (t *Template) listed(key string) *Material {
	i := slices.IndexFunc(t.Materials, func(m Material) bool { return m.Key == key })
	if i < 0 {
		return nil
	}
	return &t.Materials[i]
}

// materialKeys lists the keys that a file may have.
func (t *Template) materialKeys() string {
	var keys []string
	for _, m := range t.Materials {
		keys = append(keys, m.Key)
	}
	for _, key := range []string{AuthorityMaterial, CommitmentMaterial, OtherMaterial} {
		if !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	return strings.Join(keys, ", ")
}

// Needed lists the materials that a case with these values needs. An agent's
// authority comes on top.
func (t *Template) Needed(v Values) []Material {
	return slices.DeleteFunc(slices.Clone(t.Materials), func(m Material) bool { return !m.Scan || !allHold(m.When, v) })
}

// shown are the materials of a template that are only shown, those with one of the
// keys, each once and in the template's order. ErrInvalid for any other key.
func (t *Template) shown(keys []string) ([]string, error) {
	var out []string
	for i := range t.Materials {
		if m := &t.Materials[i]; !m.Scan && slices.Contains(keys, m.Key) {
			out = append(out, m.Key)
		}
	}
	for _, key := range keys {
		if !slices.Contains(out, key) {
			return nil, invalidFields([]FieldError{{"seen", "choice", Text{"没有当面出示的材料 " + key, "There is no material that is only shown called " + key}}})
		}
	}
	return out, nil
}

// wanted lists the materials that the case needs, an agent's authority among them.
func (c *Case) wanted() []Material {
	out := c.Template.Needed(c.Values)
	if c.Applicant.As == AsAgent {
		out = append(out, Material{Key: AuthorityMaterial, Text: commonMaterials[AuthorityMaterial]})
	}
	return out
}

// ways lists the ways in which a person may meet a material of the case now, what
// meets it already left out. Whether the applicant may still sign commitments is
// not looked at.
func (c *Case) ways(by *Account, m *Material, now time.Time) []Way {
	if _, err := c.mayAttach(by, m.Key, now); err != nil {
		return nil
	}
	out := []Way{MetByFile}
	if met := c.met(m.Key).way; met != "" && met != MetLater {
		return out
	}
	k := &checker{now: now.In(Zone)}
	if m.Commitment != nil {
		if c.checkCommitment(k, &Attachment{Material: m.Key}); len(k.broken) == 0 {
			out = append(out, MetByCommitment)
		}
	}
	if len(m.Certificate) > 0 {
		out = append(out, MetByCertificate)
	}
	if _, err := c.Promise(by, m.Key, now); err == nil {
		out = append(out, MetLater)
	}
	return out
}

// needed is a material if the case needs it, or nil.
func (c *Case) needed(key string) *Material {
	m := c.Template.listed(key)
	if m == nil || !m.Scan || !allHold(m.When, c.Values) {
		return nil
	}
	return m
}

// Way is how a case meets a material.
type Way string

// The ways, what weighs most first.
const (
	MetByFile        Way = "file"
	MetByCommitment  Way = "commitment"  // the applicant's, signed
	MetByCertificate Way = "certificate" // one on record, by reference
	MetLater         Way = "later"       // it was promised
)

// Substitute stands in the place of a material's file: a certificate on record
// or, without one, the promise that it follows.
type Substitute struct {
	ID          int    // Seq of the action
	Material    string // key
	Certificate string // code

	// Of a promise.
	begun, due     time.Time
	last           time.Time // late, and issuing waits: the case lapses then
	reminded, late bool      // its last day has begun; it is past
	open, waits    bool      // it waits to be kept; nothing is issued before (seeGaps)
}

// meeting is how a case meets one material.
type meeting struct {
	way  Way         // "": it does not
	file *Attachment // by which
	sub  *Substitute // or by which
}

// meet takes what an action brings to meet a material, or takes off, and what
// becomes of it.
func (a *Application) meet(x *Action) {
	switch x.Kind {
	case Attach:
		file := *x.Attachment
		file.ID, x.Attachment = x.Seq, &file
		a.Attachments = append(slices.Clip(a.Attachments), file)
	case Detach:
		a.Attachments = slices.DeleteFunc(slices.Clone(a.Attachments), func(f Attachment) bool { return f.ID == x.Detached })
		a.Substitutes = slices.DeleteFunc(a.Substitutes, func(s Substitute) bool { return s.ID == x.Detached })
	case Refer:
		a.Substitutes = append(a.Substitutes, Substitute{ID: x.Seq, Material: x.Material, Certificate: x.Refers})
	case Promise:
		a.Substitutes = append(a.Substitutes, Substitute{ID: x.Seq, Material: x.Material, begun: x.At, due: x.Due})
	case Schedule:
		a.Inspections = append(a.Inspections, Inspection{Material: x.Material, Office: x.Office, begun: x.At, due: x.Due})
	case Inspect:
		if k := a.inspection(x.Material); k != nil {
			k.Outcome = x.Reason
		}
	}
}

// met tells how the case meets a material: of several ways by the one that
// weighs most.
func (a *Application) met(key string) meeting {
	out := meeting{}
	for i := range a.Attachments {
		switch f := &a.Attachments[i]; {
		case f.Material != key:
		case !f.commits():
			return meeting{way: MetByFile, file: f}
		default:
			out = meeting{way: MetByCommitment, file: f}
		}
	}
	for i := range a.Substitutes {
		switch s := &a.Substitutes[i]; {
		case s.Material != key || out.way == MetByCommitment:
		case s.Certificate != "":
			return meeting{way: MetByCertificate, sub: s}
		default:
			out = meeting{way: MetLater, sub: s}
		}
	}
	return out
}

// substitute returns one of the case's substitutes, or nil.
func (a *Application) substitute(id int) *Substitute {
	i := slices.IndexFunc(a.Substitutes, func(s Substitute) bool { return s.ID == id })
	if i < 0 {
		return nil
	}
	return &a.Substitutes[i]
}

// fileProblems is what stands between what a case has and its submission:
// materials that nothing meets, a witness who has become a party since.
func fileProblems(t *Template, a *Application) []FieldError {
	var out []FieldError
	c := &Case{Application: a, Template: t}
	for _, m := range c.wanted() {
		if otherwise := m.otherwise(); a.met(m.Key).way == "" {
			out = append(out, FieldError{"attachments." + m.Key, "required", Text{
				fmt.Sprintf("请上传“%s”的照片、扫描件或 PDF%s", m.ZH, otherwise.ZH), fmt.Sprintf("Please attach a photograph, a scan or a PDF of “%s”%s", m.EN, otherwise.EN),
			}})
		}
	}
	parties := c.Parties()
	for i := range a.Attachments {
		if w := a.Attachments[i].witness(); w != nil && slices.ContainsFunc(parties, w.ID.same) {
			out = append(out, FieldError{"attachments." + a.Attachments[i].Material, "party", Text{
				"见证人是本办件的当事人，请撤下承诺书，另请见证人后重新签署", "The witness is a party of the case; please take the commitment off and have it signed before another one",
			}})
		}
	}
	return out
}

// otherwise says what else meets the material.
func (m *Material) otherwise() Text {
	var zh, en []string
	if m.Commitment != nil {
		zh, en = append(zh, "由申请人签署告知承诺代替"), append(en, "have the applicant sign a commitment in its place")
	}
	if len(m.Certificate) > 0 {
		zh, en = append(zh, "引用持证人的有效电子证明"), append(en, "refer to a certificate in force of the holder's")
	}
	if m.Later != nil {
		zh, en = append(zh, fmt.Sprintf("约定 %d 个工作日内补交", m.Later.Days)), append(en, fmt.Sprintf("promise it within %d working days", m.Later.Days))
	}
	if zh == nil {
		return Text{}
	}
	return Text{"；也可以" + strings.Join(zh, "，或"), "; or " + strings.Join(en, ", or ")}
}

// MaterialView is one material that a case needs and how it is met, as the
// people of the case see it.
type MaterialView struct {
	Key         string              `json:"key"`
	Name        Text                `json:"name"`
	Way         Way                 `json:"way,omitempty"`         // how it is met; empty: it is not
	By          int                 `json:"by,omitempty"`          // number of the action that met it
	Certificate *ReferredView       `json:"certificate,omitempty"` // that it is met by
	Inspection  *InspectionStanding `json:"inspection,omitempty"`  // of the commitment that it is met by, once issued
	RightEnded  bool                `json:"right_ended,omitempty"` // another commitment of the applicant's was found false: they sign none now
	Due         *time.Time          `json:"due,omitempty"`         // end of the day by which it is to follow
	Late        bool                `json:"late,omitempty"`        // that day is past
	Waits       bool                `json:"waits,omitempty"`       // nothing is issued before it has come

	Offers []ReferredView `json:"offers,omitempty"` // certificates in force of the holder's that would meet it

	Ways       []Way `json:"ways,omitempty"`         // in which this person may meet it now
	MayInspect bool  `json:"may_inspect,omitempty"`  // this person may inspect the commitment
	MayTakeOff bool  `json:"may_take_off,omitempty"` // this person may take off what meets it
}
