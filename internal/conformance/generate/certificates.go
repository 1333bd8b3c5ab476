package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"

	"yinzheng"
	"yinzheng/internal/conformance"
	"yinzheng/templates"
)

// certificatePlan is one certificate; what is left out is as most have it.
type certificatePlan struct {
	name, holder string
	organ        *yinzheng.Organ // civil
	key          string          // "token" of the organ
	issued       time.Time       // issued
	lasting      bool            // does not expire
	noID         bool
	status       yinzheng.Status // valid
	since        time.Time       // issued
	reason       string
	successor    string // by its name
	unrecorded   bool   // signed, and on record nowhere
}

var certificatePlans = []certificatePlan{
	{name: "good", holder: "张三丰"},
	{name: "second", holder: "李四"},
	{name: "small", holder: "赵敏"},
	{name: "RSA", holder: "钱伯元"},
	{name: "compromised document", holder: "孙小红"},
	{name: "lasting", holder: "欧阳锋", lasting: true, noID: true},
	{name: "town", holder: "周芷若", organ: &town, key: "town token"},
	{name: "today", holder: "吴用", issued: time.Date(2026, 11, 20, 3, 30, 0, 0, time.UTC)},
	{name: "expired", holder: "郑和", issued: time.Date(2025, 11, 10, 1, 30, 0, 0, time.UTC)},
	{name: "expired and revoked", holder: "王五", issued: time.Date(2025, 11, 10, 1, 30, 0, 0, time.UTC), status: yinzheng.StatusIsRevoked, since: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC), reason: "error"},
	{name: "revoked", holder: "冯如", status: yinzheng.StatusIsRevoked, since: time.Date(2026, 11, 12, 2, 0, 0, 0, time.UTC), reason: "fraud"},
	{name: "suspended", holder: "陈真", status: yinzheng.StatusIsSuspended, since: time.Date(2026, 11, 13, 2, 0, 0, 0, time.UTC), reason: "complaint"},
	{name: "superseded", holder: "卫青", status: yinzheng.StatusIsSuperseded, since: time.Date(2026, 11, 19, 2, 0, 0, 0, time.UTC), reason: "corrected", successor: "good"},
	{name: "superseded early", holder: "魏征", status: yinzheng.StatusIsSuperseded, since: time.Date(2026, 11, 12, 3, 0, 0, 0, time.UTC), reason: "reissued", successor: "second"},
	{name: "old key", holder: "蒋干", key: "old token", issued: time.Date(2025, 12, 1, 1, 0, 0, 0, time.UTC)},
	{name: "retired key", holder: "沈括", key: "retired token", issued: time.Date(2026, 9, 1, 1, 0, 0, 0, time.UTC)},
	{name: "retired key, late", holder: "韩信", key: "retired token"},
	{name: "suspended key", holder: "杨过", key: "suspended token", issued: time.Date(2026, 9, 1, 1, 0, 0, 0, time.UTC)},
	{name: "suspended key, late", holder: "朱熹", key: "suspended token", unrecorded: true},
	{name: "compromised key", holder: "秦琼", key: "compromised token", issued: time.Date(2026, 9, 1, 1, 0, 0, 0, time.UTC)},
	{name: "compromised key, no record", holder: "尤三姐", key: "compromised token", issued: time.Date(2026, 9, 1, 1, 0, 0, 0, time.UTC), unrecorded: true},
	{name: "no record", holder: "许仙", unrecorded: true},
}

// certificate is one as it was issued.
type certificate struct {
	*certificatePlan
	code, number, token string
	organ               *yinzheng.Organ
	salt                []byte
	values              yinzheng.Values
	issued, since       time.Time
	status              yinzheng.Status
	index               int
	file                string // of the PDF on record
	claims              yinzheng.Claims
}

// certificates signs the tokens of all of them.
func (w *world) certificates() error {
	t, err := residence()
	if err != nil {
		return err
	}
	w.template, w.issued = t, map[string]*certificate{}
	for i := range certificatePlans {
		c, err := w.certificate(t, &certificatePlans[i], i)
		if err != nil {
			return fmt.Errorf("certificate %q: %w", certificatePlans[i].name, err)
		}
		w.issued[c.name] = c
		w.order = append(w.order, c.name)
	}
	return nil
}

// residence is the newest built-in template of that item.
func residence() (*yinzheng.Template, error) {
	set, err := templates.Builtin()
	if err != nil {
		return nil, err
	}
	var newest *yinzheng.Template
	for _, t := range set {
		if t.Code == "residence" && (newest == nil || t.Version > newest.Version) {
			newest = t
		}
	}
	return newest, nil
}

func (w *world) certificate(t *yinzheng.Template, p *certificatePlan, i int) (*certificate, error) {
	drawn := sha256.Sum256([]byte("yinzheng conformance certificate: " + p.name)) // as if by chance
	c := &certificate{certificatePlan: p, organ: p.organ, issued: p.issued, since: p.since, status: p.status, salt: drawn[:16], index: 1009 * (i + 1)}
	if c.organ == nil {
		c.organ = &civil
	}
	if c.issued.IsZero() {
		c.issued = issued
	}
	if c.status == "" {
		c.status = yinzheng.StatusOK
	}
	if c.since.IsZero() {
		c.since = c.issued
	}
	var err error
	if c.code, err = yinzheng.NewCode(bytes.NewReader(drawn[16:])); err != nil {
		return nil, err
	}
	serial, err := yinzheng.NewCode(bytes.NewReader(drawn[4:]))
	if err != nil {
		return nil, err
	}
	id := yinzheng.ID{Type: yinzheng.ResidentID, Number: "44130219900307122X"}
	c.number = yinzheng.Number{Type: t.TypeCode, Issuer: c.organ.Code, Serial: serial, Version: 1}.String()
	c.values = yinzheng.Values{
		"name": p.holder, "id": id.Value(), "address": "演示区桥东街道东湖社区一号", "since": "2020-01-01", "purpose": "演示", "recipient": "演示单位",
	}
	c.claims = yinzheng.Claims{
		Code: c.code, IssuedAt: c.issued.Unix(), Expires: c.issued.AddDate(1, 0, 0).Unix(), Item: t.Short, Name: yinzheng.MaskName(p.holder), ID: yinzheng.MaskID(id),
		Organ: c.organ.Code, Digest: yinzheng.Commit(c.salt, t.Ref(), c.number, c.values), Status: 1<<yinzheng.StatusBits + uint64(c.index),
	}
	if p.lasting {
		c.claims.Expires = 0
	}
	if p.noID {
		c.claims.ID = ""
	}
	key := p.key
	if key == "" {
		key = "token"
	}
	c.token, err = w.sealer.SignToken(w.keys[key].KID, &c.claims)
	return c, err
}

// attached is what its PDF carries.
func (c *certificate) attached(t *yinzheng.Template, values yinzheng.Values) []byte {
	return yinzheng.Canonical(nil, map[string]any{
		"token": c.token, "salt": base64.RawURLEncoding.EncodeToString(c.salt),
		"item": t.Code, "template_version": t.Version, "number": c.number, "values": values,
	})
}

// url is what a QR code holds: a code, and a token that need not be its own.
func url(code, token string) string {
	return publicURL + "/v/" + code + "#" + string(yinzheng.Digits(token))
}

func (c *certificate) url() string { return url(c.code, c.token) }

// records are what the issuer has.
func (w *world) records() []conformance.Record {
	var list []conformance.Record
	for _, name := range w.order {
		c := w.issued[name]
		if c.unrecorded {
			continue
		}
		r := conformance.Record{Token: c.token, Number: c.number, Holder: c.holder, File: c.file, Status: string(c.status), Since: c.since, Reason: c.reason}
		if c.successor != "" {
			r.Successor = w.issued[c.successor].code
		}
		list = append(list, r)
	}
	return list
}
