// Package conformance holds test vectors for verifiers: certificates, good and
// bad, with what there is at hand to judge them by and what follows. They are
// files that need no Go (docs/conformance.md); every channel of Yinzheng is held
// to them, and so may be any other verifier. It imports nothing of ours.
package conformance

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

//go:generate go run ./generate

//go:embed vectors
var published embed.FS

// Vectors are vectors.json. Members that name a file name one of File.
type Vectors struct {
	Version int               `json:"version"` // raised when a reader of these members has to change
	About   string            `json:"about"`
	Groups  map[string]string `json:"groups"`  // what the cases of a group show
	Records []Record          `json:"records"` // what is on record at the issuer: the online answers stand on it
	Cases   []Case            `json:"cases"`
	Derived map[string]Edits  `json:"derived"` // files that are another one, changed
}

// Case is one question with what is at hand, and the answers.
type Case struct {
	Name     string    `json:"name"`
	Group    string    `json:"group"`
	Shows    string    `json:"shows"`
	Question Question  `json:"question"`
	Clock    time.Time `json:"clock"`

	// At hand of who verifies offline.
	Root   string   `json:"root"`             // file: certificate (PEM) that alone is trusted
	JWKS   string   `json:"jwks,omitempty"`   // file: key list; none: there is none at hand
	Status []string `json:"status,omitempty"` // files: status lists

	// Refused is the list at hand that must be refused, so that no verdict is
	// given. Where it is empty and Offline nil, only the issuer can answer.
	Refused string  `json:"refused,omitempty"`
	Offline *Answer `json:"offline,omitempty"`
	Online  *Answer `json:"online,omitempty"`  // nil: a question about the lists at hand
	Differs string  `json:"differs,omitempty"` // why the online verdict is another than the offline one

	// JOSE is what a library that knows JOSE alone does with the token, or with the
	// list that must be refused: accept or refuse. Empty: there is no JWS.
	JOSE string `json:"jose,omitempty"`
}

// Question is what is asked: one of the members, Name beside Number only.
type Question struct {
	Token  string `json:"token,omitempty"`
	URL    string `json:"url,omitempty"` // as it is in the QR code
	Code   string `json:"code,omitempty"`
	Number string `json:"number,omitempty"`
	Name   string `json:"name,omitempty"`
	File   string `json:"file,omitempty"` // one of File
}

// Answer is what a verifier has to say.
type Answer struct {
	Verdict   string   `json:"verdict"`
	Integrity string   `json:"integrity"` // pass, fail or not-checked; so the other two
	Issuer    string   `json:"issuer"`
	Status    string   `json:"status"`
	Findings  []string `json:"findings,omitempty"`  // their codes, each once, in the order of the alphabet
	Holder    string   `json:"holder,omitempty"`    // masked name shown; empty: none may be
	Successor string   `json:"successor,omitempty"` // code of what supersedes it
}

// ReadAnswer takes out of an answer's JSON, as the API, the command and the
// offline page give it (docs/formats.md, verification), what the vectors say.
func ReadAnswer(data []byte) (*Answer, error) {
	var said struct {
		Verdict     string `json:"verdict"`
		Checks      Answer `json:"checks"`
		Certificate struct {
			Name string `json:"name"`
		} `json:"certificate"`
		Findings []struct {
			Code string `json:"code"`
		} `json:"findings"`
		Successor string `json:"successor"`
	}
	if err := json.Unmarshal(data, &said); err != nil {
		return nil, fmt.Errorf("conformance: an answer: %w", err)
	}
	a := &said.Checks
	a.Verdict, a.Holder, a.Successor = said.Verdict, said.Certificate.Name, said.Successor
	for _, f := range said.Findings {
		a.Findings = append(a.Findings, f.Code)
	}
	slices.Sort(a.Findings)
	a.Findings = slices.Compact(a.Findings)
	return a, nil
}

// Record is what the issuer has on record about a certificate, beside what its
// token says.
type Record struct {
	Token     string    `json:"token"`
	Number    string    `json:"number"`
	Holder    string    `json:"holder"`           // name in full
	File      string    `json:"file,omitempty"`   // the PDF as issued
	Status    string    `json:"status"`           // valid, revoked, suspended, superseded
	Since     time.Time `json:"since"`            // of the status
	Reason    string    `json:"reason,omitempty"` // class
	Successor string    `json:"successor,omitempty"`
}

// Edits say how a file is made of another: at each offset, which is one of the
// file From, Cut bytes go and Insert comes instead.
type Edits struct {
	From  string `json:"from"`
	Edits []Edit `json:"edits"`
}

// Edit is one change. Offsets ascend and cuts do not overlap.
type Edit struct {
	At     int    `json:"at"`
	Cut    int    `json:"cut,omitempty"`
	Insert []byte `json:"insert,omitempty"` // base64
}

// Load reads the published vectors.
func Load() (*Vectors, error) {
	data, err := published.ReadFile("vectors/vectors.json")
	if err != nil {
		return nil, fmt.Errorf("conformance: %w", err)
	}
	v := new(Vectors)
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return nil, fmt.Errorf("conformance: vectors.json: %w", err)
	}
	return v, nil
}

// File returns a file that a case names: a published one, or one derived from it.
func (v *Vectors) File(name string) ([]byte, error) {
	from, derived := v.Derived[name]
	if !derived {
		from.From = name
	}
	data, err := published.ReadFile("vectors/" + from.From)
	if err != nil {
		return nil, fmt.Errorf("conformance: %w", err)
	}
	out, err := from.apply(data)
	if err != nil {
		return nil, fmt.Errorf("conformance: %s: %w", name, err)
	}
	return out, nil
}

// apply makes the changes.
func (e *Edits) apply(data []byte) ([]byte, error) {
	var out []byte
	done := 0
	for _, x := range e.Edits {
		if x.At < done || x.Cut < 0 || x.Cut > len(data)-x.At {
			return nil, fmt.Errorf("a change of %d bytes at %d, after %d of %d", x.Cut, x.At, done, len(data))
		}
		out = slices.Concat(out, data[done:x.At], x.Insert)
		done = x.At + x.Cut
	}
	return append(out, data[done:]...), nil
}
