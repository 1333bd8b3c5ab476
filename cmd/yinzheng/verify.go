package main

import (
	"cmp"
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"yinzheng"
	"yinzheng/signer"
	"yinzheng/templates"
)

type verifyCmd struct {
	What string `arg:"" help:"A PDF file, the address in a QR code (https://…/v/CODE#DIGITS), a token, or the reply to an inquiry or to a list as the API gave it (JSON)." placeholder:"FILE|URL|TOKEN"`

	JWKS   string   `name:"jwks" help:"Key list, as served at /.well-known/jwks.json." type:"existingfile" env:"YINZHENG_JWKS"`
	Status []string `help:"Status list, as served at /status/N; may be given several times." type:"existingfile" env:"YINZHENG_STATUS"`
	Root   string   `help:"Root certificate (PEM) that the key list must chain to. Default: root.pem beside the key list." type:"existingfile" env:"YINZHENG_ROOT"`
	Result string   `help:"Result of a list (CSV), to be held against its reply." type:"existingfile"`
	JSON   bool     `name:"json" help:"Print the answer as JSON."`
}

func (verifyCmd) Help() string {
	return `Nothing is fetched and nothing is written. What is trusted is the root certificate alone: the key list counts only as far as its signature chains to it.

Exit status: 0 valid, 1 not valid (forged, altered, revoked, without a signature, as the scan of a paper is, ...), 2 cannot tell (unknown key, a list that is missing or was signed 24 hours ago or more, an address or a picture with nothing to check offline).

  yinzheng verify residence.pdf --jwks jwks.json --status status.jwt --root root.pem`
}

func (v *verifyCmd) Run(_ context.Context, e *env) error {
	o, err := v.trust(e)
	if err != nil {
		return cannotTell(e, err)
	}
	q, err := v.question()
	if err != nil {
		return cannotTell(e, err)
	}
	if o.Content, err = v.content(q); err != nil {
		return cannotTell(e, err)
	}
	a, err := o.Verify(q)
	if errors.Is(err, yinzheng.ErrPicture) {
		return cannotTell(e, errors.New("QR codes in pictures are read online only; scan the code, or send the picture to the verify page"))
	}
	if errors.Is(err, yinzheng.ErrNoToken) {
		return cannotTell(e, errors.New("an address without its #fragment holds nothing to check offline; open it in a browser instead"))
	}
	if err != nil {
		return cannotTell(e, err)
	}
	if v.JSON {
		enc := json.NewEncoder(e.stdout)
		enc.SetIndent("", "  ")
		if err := enc.Encode(a); err != nil {
			return err
		}
	} else {
		printAnswer(e, o, a)
	}
	return verdictExit(a.Verdict)
}

// cannotTell says why there is no verdict.
func cannotTell(e *env, err error) error {
	fmt.Fprintln(e.stderr, "yinzheng: cannot tell:", err)
	return exitCode(2)
}

func verdictExit(v yinzheng.Verdict) error {
	switch v {
	case yinzheng.Valid:
		return nil
	case yinzheng.UnknownKey, yinzheng.Unconfirmed:
		return exitCode(2)
	}
	return exitCode(1)
}

// question tells a file from an address from a token.
func (v *verifyCmd) question() (*yinzheng.Question, error) {
	if strings.HasPrefix(v.What, "https://") || strings.HasPrefix(v.What, "http://") {
		return &yinzheng.Question{URL: v.What}, nil
	}
	if _, err := os.Stat(v.What); err != nil && tokenShape.MatchString(v.What) {
		return &yinzheng.Question{Token: v.What}, nil
	}
	file, err := os.ReadFile(v.What)
	if err != nil {
		return nil, fmt.Errorf("neither a file that can be read, nor an address, nor a token: %w", err)
	}
	if len(file) == 0 {
		return nil, fmt.Errorf("%s is empty", v.What)
	}
	return &yinzheng.Question{File: file}, nil
}

// delivered is a reply to an inquiry, or to a list, as the API gave it to who
// asked.
type delivered struct {
	Reply struct {
		Token   string          `json:"token"`
		Salt    string          `json:"salt"`
		Request yinzheng.Values `json:"request"`
	} `json:"reply"`
	Token string `json:"token"` // of a list
	Salt  string `json:"salt"`
}

// content reads what a reply is to be held against. A file of JSON is a reply with
// its token, which becomes the question.
func (v *verifyCmd) content(q *yinzheng.Question) (*yinzheng.ReplyContent, error) {
	if len(q.File) == 0 || q.File[0] != '{' {
		return nil, nil
	}
	var d delivered
	if err := json.Unmarshal(q.File, &d); err != nil || d.Reply.Token == "" && d.Token == "" {
		return nil, fmt.Errorf("%s holds no reply to an inquiry", v.What)
	}
	q.File, q.Token = nil, cmp.Or(d.Reply.Token, d.Token)
	salt, err := base64.RawURLEncoding.DecodeString(cmp.Or(d.Reply.Salt, d.Salt))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: its salt cannot be read", v.What)
	case d.Reply.Token != "":
		return &yinzheng.ReplyContent{Salt: salt, Question: d.Reply.Request}, nil
	case v.Result == "":
		return nil, nil
	}
	result, err := os.ReadFile(v.Result)
	return &yinzheng.ReplyContent{Salt: salt, Result: result}, err
}

// tokenShape is what nobody calls a file: at least a header and claims in base64url.
var tokenShape = regexp.MustCompile(`^[A-Za-z0-9_=-]{20,}\.[A-Za-z0-9_=-]{20,}(\.[A-Za-z0-9_=-]*)?$`)

// trust reads the key and status lists, as far as they hold under the root.
func (v *verifyCmd) trust(e *env) (*yinzheng.Offline, error) {
	o := &yinzheng.Offline{Checker: &signer.Checker{}, Now: e.now(), Names: itemNames()}
	if v.JWKS == "" {
		return o, nil
	}
	root, err := v.root()
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(v.JWKS)
	if err != nil {
		return nil, err
	}
	if o.Keys, err = signer.ReadKeyList(data, []*x509.Certificate{root}, o.Now); err != nil {
		return nil, fmt.Errorf("%s: %w", v.JWKS, err)
	}
	if v.Root == "" { // whoever sent the key list may have sent the root with it
		fmt.Fprintf(e.stderr, "yinzheng: trusting %q, fingerprint %s, because root.pem beside the key list says so; give the root that you know with --root\n", root.Subject.CommonName, yinzheng.Fingerprint(root.Raw))
	}
	for _, f := range v.Status {
		data, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		l, err := signer.ReadStatusList(data, o.Keys)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f, err)
		}
		o.Status = append(o.Status, l)
	}
	return o, nil
}

func (v *verifyCmd) root() (*x509.Certificate, error) {
	file := v.Root
	if file == "" {
		file = filepath.Join(filepath.Dir(v.JWKS), "root.pem")
	}
	return readRoot(file)
}

func readRoot(file string) (*x509.Certificate, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("a root certificate is needed to trust a key list, give one with --root: %w", err)
	}
	block, _ := pem.Decode(data)
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, fmt.Errorf("%s: not a PEM certificate", file)
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return c, nil
}

func itemNames() map[string]yinzheng.Text {
	names := map[string]yinzheng.Text{}
	builtin, err := templates.Builtin()
	if err != nil {
		return names
	}
	for _, t := range builtin {
		names[t.Short] = t.Name
	}
	return names
}

func printAnswer(e *env, o *yinzheng.Offline, a *yinzheng.Answer) {
	w := e.stdout
	fmt.Fprintf(w, "%s  %s (%s)\n", a.Heading.ZH, a.Heading.EN, a.Verdict)
	fmt.Fprintf(w, "  %s\n  %s\n", a.Meaning.ZH, a.Meaning.EN)
	fmt.Fprintf(w, "  %s\n  %s\n", a.Advice.ZH, a.Advice.EN)
	fmt.Fprintf(w, "\n  完整性 integrity  %s\n  签发者 issuer     %s\n  状态   status     %s", a.Checks.Integrity, a.Checks.Issuer, a.Checks.Status)
	if a.StatusAsOf != nil {
		fmt.Fprintf(w, "  (as of %s)", a.StatusAsOf.In(yinzheng.Zone).Format("2006-01-02 15:04"))
	}
	fmt.Fprintln(w)
	if o.Keys != nil {
		fmt.Fprintf(w, "  密钥名单 key list as of %s\n", o.Keys.IssuedAt.In(yinzheng.Zone).Format("2006-01-02 15:04"))
	}
	for _, f := range a.Findings {
		fmt.Fprintf(w, "  - %s  %s [%s]\n", f.Text.ZH, f.Text.EN, f.Code)
	}
	if a.Reply != nil {
		printReply(e, a.Reply)
	}
	if c := a.Certificate; c != nil {
		fmt.Fprintf(w, "\n  %s %s\n", c.ItemName.ZH, c.Item)
		fmt.Fprintf(w, "  持证人 holder     %s %s\n  机关   organ      %s (%s)\n  签发   issued     %s\n  编码   code       %s\n  密钥   key        %s\n",
			c.Name, c.ID, c.OrganName, c.Organ, c.IssuedAt.In(yinzheng.Zone).Format("2006-01-02 15:04"), c.Code, c.KID)
	}
}

// printReply says what a reply to an inquiry says, and for whom it is.
func printReply(e *env, r *yinzheng.Reply) {
	answer := r.Answer
	if r.Counts != nil {
		answer = fmt.Sprintf("yes %d, no %d, cannot say %d", r.Counts.Yes, r.Counts.No, r.Counts.CannotSay)
	}
	day := func(t time.Time) string { return t.In(yinzheng.Zone).Format("2006-01-02 15:04") }
	fmt.Fprintf(e.stdout, "\n  协查答复，不是证明 reply to an inquiry, not a certificate\n  事项 kind         %s (%s)\n  答复 answer       %s (%s)\n  提出 for          %s (%s)\n  机关 organ        %s (%s)\n  截至 as of        %s\n  签发 signed       %s\n  有效 until        %s\n  编号 inquiry      %s\n  密钥 key          %s\n",
		r.KindName, r.Kind, answer, r.By, r.AskerName, r.Asker, r.OrganName, r.Organ, r.AsOf, day(r.IssuedAt), day(r.Expires), r.ID, r.KID)
}
