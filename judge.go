package yinzheng

import (
	"slices"
	"time"
)

// Evidence is all that is known when a verdict is given. The same evidence
// gives the same verdict, on whichever channel it was gathered.
type Evidence struct {
	Now      time.Time
	Online   bool         // the record was looked for; Record nil then means that there is none
	Code     string       // the code of the URL, or asked for; empty: none
	Token    *TokenReport // of the QR code, or of the PDF's attachment
	PDF      *PDFReport
	PDFKey   *Key // whose certificate signed the PDF; nil: nobody's here
	Record   *Certificate
	Paper    *Paper      // asked by number, code or scan: there is no Record, but a certificate on paper
	Status   *StatusSeen // offline: what a status list says; nil: no list at hand
	KeysAsOf time.Time   // offline: when the key list was signed; zero: none at hand
	ByNumber bool        // asked by number or code alone: there is nothing to check the integrity of
}

// StatusSeen is one entry of a status list, as of a time.
type StatusSeen struct {
	Value StatusValue
	AsOf  time.Time
	Stale bool // the list is past its exp
}

// ClockSkew is how far the clocks of an issuer and of a verifier may differ. What
// is dated later than that shows that the clock at hand is slow, or that whoever
// dated it had a clock that is fast: either way nothing can be said of a time.
const ClockSkew = 5 * time.Minute

// Answer is the outcome of a verification: three checks apart, then one verdict.
type Answer struct {
	Verdict     Verdict    `json:"verdict"`
	Checks      Checks     `json:"checks"`
	Certificate *Facts     `json:"certificate,omitempty"`
	Reply       *Reply     `json:"reply,omitempty"` // the token is no certificate's: it is a reply to an inquiry
	CheckedAt   time.Time  `json:"checked_at"`
	StatusAsOf  *time.Time `json:"status_as_of,omitempty"`
	StatusSince *time.Time `json:"status_since,omitempty"` // since when revoked, suspended, superseded
	Reason      string     `json:"reason,omitempty"`       // class of a revocation or suspension
	Successor   string     `json:"successor,omitempty"`    // code of the certificate that replaces this one
	Findings    []Finding  `json:"findings,omitempty"`
	Offline     bool       `json:"offline,omitempty"`
	RecordOnly  bool       `json:"record_only,omitempty"` // the record was asked for, not a paper or file
	OnPaper     bool       `json:"on_paper,omitempty"`    // a certificate written on paper and recorded afterwards: never valid
	Scan        string     `json:"scan,omitempty"`        // of such a one: SHA-256 of its scan
	Photo       bool       `json:"photo,omitempty"`       // the code was read off a picture
	Others      []*Answer  `json:"others,omitempty"`      // of the other codes in the picture
	Heading     Text       `json:"heading"`
	Meaning     Text       `json:"meaning"`
	Advice      Text       `json:"advice"`

	// Alarm is set when a good signature has no matching record here: somebody
	// has a key who should not, or the record was lost. That somebody has a key
	// which is not believed any more is known already.
	Alarm string `json:"-"`
	// OnRecord is the code of the record that was found, whatever of it is shown.
	OnRecord string `json:"-"`
}

// Checks are the three checks, apart.
type Checks struct {
	Integrity CheckResult `json:"integrity"` // the signature holds and covers every byte
	Issuer    CheckResult `json:"issuer"`    // the key was entitled to that item and organ then
	Status    CheckResult `json:"status"`    // known, and not revoked, suspended, superseded or expired
}

// Facts are what may be held against the paper: masked.
type Facts struct {
	Code      string     `json:"code"`
	Number    string     `json:"number,omitempty"`
	Item      string     `json:"item"`
	ItemName  Text       `json:"item_name,omitzero"`
	Name      string     `json:"name,omitempty"`
	ID        string     `json:"id,omitempty"`
	Organ     string     `json:"organ"`
	OrganName string     `json:"organ_name,omitempty"`
	IssuedAt  time.Time  `json:"issued_at"`
	Expires   *time.Time `json:"expires_at,omitempty"`
	KID       string     `json:"kid,omitempty"`
}

// precedence orders the verdicts: the first that holds is given.
var precedence = []Verdict{NoSignature, NotFound, Forged, Altered, UnknownKey, Revoked, Suspended, Superseded, Expired, Unconfirmed, Valid}

// Verdicts lists them, the weightiest first.
func Verdicts() []Verdict { return slices.Clone(precedence) }

// Judge gives the verdict on evidence. It is pure.
func Judge(e *Evidence) *Answer {
	if e.Record != nil && !e.Record.Status.issued() {
		bare := *e
		bare.Record = nil
		e = &bare
	}
	if e.Paper != nil && e.Record == nil {
		return e.onPaper()
	}
	j := &judge{Evidence: e, Answer: Answer{
		Verdict: Valid, Checks: Checks{NotChecked, NotChecked, NotChecked}, CheckedAt: e.Now, Offline: !e.Online, RecordOnly: e.ByNumber,
	}}
	if j.file() && j.token() {
		j.record()
		j.status()
	}
	if j.unbelieved {
		j.Alarm = ""
	}
	if j.Verdict == Forged || j.Verdict == UnknownKey {
		j.Certificate = nil // nobody vouches for what it says
	}
	j.describe()
	return &j.Answer
}

type judge struct {
	*Evidence
	Answer
	slow       bool // the clock at hand is behind what is dated
	unbelieved bool // a signature is of a key that is not believed any more
}

// say gives a verdict, unless a weightier one was given already.
func (j *judge) say(v Verdict, code, zh, en string) {
	if slices.Index(precedence, v) < slices.Index(precedence, j.Verdict) {
		j.Verdict = v
	}
	if code != "" {
		j.Findings = append(j.Findings, Finding{code, Text{zh, en}})
	}
}

// spoilt says that the content is not what was issued.
func (j *judge) spoilt(v Verdict, code, zh, en string) {
	j.Checks.Integrity = Fail
	j.say(v, code, zh, en)
}

// file judges an uploaded PDF; false when there is nothing more to judge.
func (j *judge) file() bool {
	r := j.PDF
	switch {
	case r == nil:
		return true
	case r.Problem == "not-pdf":
		j.say(NoSignature, r.Problem, "这不是 PDF 文件", "This is not a PDF file")
		return false
	case r.Problem == noCode:
		j.say(NoSignature, noCode, "图片中没有能读出的二维码", "No QR code could be read in the picture")
		return false
	case r.Problem == otherCode:
		j.say(NoSignature, otherCode, "图片中的二维码不是电子证明的", "The QR code in the picture is not that of a certificate")
		return false
	case !r.Readable:
		j.Findings = append(j.Findings, r.Findings...)
		j.spoilt(Altered, "unreadable", "文件结构已损坏或被改动", "The file's structure is damaged or was changed")
		return false
	case !r.Signed:
		j.say(NoSignature, "unsigned", "文件中没有电子签名", "The file carries no signature")
		if r.Pictures {
			j.say(NoSignature, "scanned", "这个 PDF 的页面是扫描或拍照得来的图片", "The pages of this PDF are pictures, scanned or photographed")
		}
		return false
	case j.PDFKey == nil:
		j.say(UnknownKey, "unknown-certificate", "文件的签名证书不在已知的签发机关名单中", "The file's signing certificate is not on the list of known issuers")
		return false
	}
	j.Findings = append(j.Findings, r.Findings...)
	switch {
	case !r.SignatureOK && r.Problem == "bad-signature":
		j.spoilt(Forged, "signature", "签名与签发机关的密钥不符", "The signature does not fit the issuer's key")
	case !r.SignatureOK:
		j.spoilt(Altered, "content", "文件内容与签发时不一致", "The file's content is not what was signed")
	case r.Whole && r.Problem != "":
		j.spoilt(Altered, "form", "签名成立，但文件不是签发时的样子", "The signature holds, but the file is not as it was issued")
	case !r.Whole:
		j.spoilt(Altered, "added", "文件在签发之后被追加或改动；其中签发时的版本本身真实", "Something was added to the file after it was issued; the issued version inside is genuine")
	default:
		j.Checks.Integrity = Pass
	}
	if j.Checks.Integrity == Fail {
		return false
	}
	if r.Attached == nil || j.Token == nil {
		j.Alarm = "no-attachment"
		j.say(Unconfirmed, "no-attachment", "文件中没有可核对的凭据", "The file carries no token to check")
		return false
	}
	return true
}

// token judges a token; false when nothing in it may be relied on.
func (j *judge) token() bool {
	r := j.Token
	switch {
	case r == nil:
		return true
	case !r.WellFormed:
		j.spoilt(Altered, "token-"+r.Problem, "验证码内容残缺或被改动", "The code's content is incomplete or was changed")
		return false
	case r.Key == nil:
		j.say(UnknownKey, "unknown-key", "签发密钥不在已知名单中", "The signing key is not on the list of known keys")
		return false
	case !r.Signed:
		j.spoilt(Forged, "token-"+r.Problem, "验证码的签名与签发机关的密钥不符", "The code's signature does not fit the issuer's key")
		return false
	}
	if j.Checks.Integrity == NotChecked {
		j.Checks.Integrity = Pass
	}
	if j.Code != "" && j.Code != r.Claims.Code {
		j.spoilt(Altered, "mixed", "网址与验证码不属于同一份证明，有人把两份证明拼在了一起", "The address and the code belong to two different certificates: somebody mixed them")
	}
	j.commitment()
	j.issuer()
	return true
}

// commitment holds a PDF's attached values against the token's h.
func (j *judge) commitment() {
	if j.PDF == nil || j.PDF.Attached == nil {
		return
	}
	if at := j.PDF.Attached; !at.Fits(j.Token.Claims.Digest) {
		j.spoilt(Altered, "commitment", "文件所附内容与验证码中的摘要不符", "The attached values do not fit the code's digest")
	}
}

// issuer judges whether the keys were entitled to what they signed.
func (j *judge) issuer() {
	j.Checks.Issuer = Pass
	recorded := j.Online && j.Record != nil
	j.entitled(j.Token.Key, TokenKey, time.Unix(j.Token.Claims.IssuedAt, 0), recorded && j.Token.Claims == j.Record.Claims())
	if j.PDF != nil {
		j.entitled(j.PDFKey, DocumentKey, j.PDF.SignedAt, recorded && j.PDF.IssuedDigest == j.Record.Digest)
	}
}

// entitled judges one key; recorded tells that the record here bears out what
// it signed, which is all that counts once the key is no longer believed.
func (j *judge) entitled(k *Key, purpose KeyPurpose, at time.Time, recorded bool) {
	c := &j.Token.Claims
	switch {
	case !k.Entitled(purpose, c.Item, c.Organ, at):
		j.Checks.Issuer = Fail
		j.say(Forged, "not-entitled", "该密钥当时无权为此机关签发此类证明", "The key was not entitled to issue this item for this organ at that time")
		return
	case recorded || k.believed(at):
		return
	case k.State == KeyCompromised:
		j.say(UnknownKey, "compromised-key", "签发密钥已被宣布泄露，仅凭签名不能确认", "The signing key was declared compromised; its signature alone confirms nothing")
	default:
		j.say(UnknownKey, "key-not-in-use", "签名日期在该密钥停用之后，仅凭签名不能确认", "The signature is dated after the key was taken out of use; it alone confirms nothing")
	}
	j.unbelieved = true
	if j.Checks.Issuer == Pass {
		j.Checks.Issuer = NotChecked
	}
}

// record holds what was shown against the record kept here.
func (j *judge) record() {
	switch r := j.Record; {
	case j.Online && r != nil:
		j.Certificate = factsOfRecord(r)
		j.compare(r)
		return
	case j.Online && j.ByNumber:
		j.say(NotFound, "", "", "")
		return
	case j.Online:
		j.Alarm = "no-record"
		j.say(Unconfirmed, "no-record", "签名成立，但本系统没有这份证明的记录", "The signature holds, but there is no record of this certificate here")
	}
	if j.Token != nil {
		j.Certificate = factsOfToken(j.Token)
	}
}

func (j *judge) compare(r *Certificate) {
	if j.ByNumber {
		j.Checks.Issuer = Pass // the record is the issuer's own word
		return
	}
	if j.Token != nil && j.Token.Claims != r.Claims() {
		j.Alarm = "record-differs"
		j.spoilt(Altered, "record-differs", "验证码内容与登记的不一致", "The code does not say what the record says")
	}
	if j.PDF != nil && j.PDF.IssuedDigest != r.Digest {
		j.Alarm = "other-file"
		j.say(Unconfirmed, "other-file", "签名成立，但这不是登记在案的那份文件", "The signature holds, but this is not the file on record")
	}
}

// early tells whether something at hand is dated later than the clock can be slow by.
func (j *judge) early(issued time.Time) bool {
	latest := j.Now.Add(ClockSkew)
	return issued.After(latest) || !j.Online && (j.KeysAsOf.After(latest) || j.Status != nil && j.Status.AsOf.After(latest))
}

// freshKeys tells whether the keys are known as they are now, and says so, offline,
// where the key list is too old for that.
func (j *judge) freshKeys() bool {
	if j.Online || j.Now.Sub(j.KeysAsOf) < KeyListLife {
		return true
	}
	j.say(Unconfirmed, "stale-keys", "密钥名单签发已满 24 小时，不知道其后是否有密钥被宣布泄露", "The key list was signed 24 hours ago or more: a key may have been declared compromised since")
	return false
}

// listsAsOf is as of when the lists at hand say something: what the newer one
// knows counts no further than the keys are known, and the other way round.
func (j *judge) listsAsOf() *time.Time {
	if j.Status != nil && j.Status.AsOf.Before(j.KeysAsOf) {
		return &j.Status.AsOf
	}
	return &j.KeysAsOf
}

// wrongClock says that the clock at hand, or that of whoever dated something, is wrong.
func (j *judge) wrongClock() {
	j.slow = true
	j.say(Unconfirmed, "clock", "签发时间或名单的时间晚于核验所用的时钟，时钟不准时无法判断现在的状态", "It, or a list at hand, is dated later than the clock here; with a wrong clock its status now cannot be told")
}

// status judges revocation, suspension, succession and expiry. With a clock in
// doubt nothing is said of what hangs on a time: neither what a list says nor
// whether it has expired. What the record says hangs on none.
func (j *judge) status() {
	value, known := StatusValid, false
	var issued, expires time.Time
	switch {
	case j.Online && j.Record != nil:
		known, value, issued, expires = true, j.Record.Status.Value(), j.Record.IssuedAt, j.Record.Expires
		j.StatusAsOf = &j.Now
		j.Successor = j.Record.Successor
		if value != StatusValid {
			j.StatusSince, j.Reason = &j.Record.StatusAt, j.Record.Reason
		}
	case j.Online:
		return
	case j.Token == nil: // nothing that is signed, and no record to ask
		j.say(Unconfirmed, "", "", "")
		return
	default:
		issued = time.Unix(j.Token.Claims.IssuedAt, 0)
		if j.Token.Claims.Expires != 0 {
			expires = time.Unix(j.Token.Claims.Expires, 0)
		}
		if j.Status != nil {
			known, value, j.StatusAsOf = !j.Status.Stale, j.Status.Value&3, j.listsAsOf()
			if !known && value == StatusSuspended { // it may have been lifted since; the other two are for good
				value = StatusValid
			}
		}
	}
	switch {
	case j.early(issued):
		j.wrongClock()
		expires = time.Time{}
		if !j.Online {
			value = StatusValid
		}
	case !known:
		j.freshKeys()
		j.say(Unconfirmed, "status-unknown", "没有可用的状态名单，无法得知是否已被撤销", "There is no current status list, so a revocation cannot be ruled out")
	case j.freshKeys():
		j.Checks.Status = Pass
	}
	if v := [4]Verdict{Valid, Revoked, Suspended, Superseded}[value]; v != Valid {
		j.Checks.Status = Fail
		j.say(v, "", "", "")
	}
	if !expires.IsZero() && !j.Now.Before(expires) { // RFC 7519 §4.1.4: on or after
		j.Checks.Status = Fail
		j.say(Expired, "", "", "")
	}
}

// issued tells whether a record in this status is, or was, a certificate.
func (s Status) issued() bool { return s == StatusOK || s.Value() != StatusValid }

// Value is a record's status as the status list writes it.
func (s Status) Value() StatusValue {
	switch s {
	case StatusIsRevoked:
		return StatusRevoked
	case StatusIsSuspended:
		return StatusSuspended
	case StatusIsSuperseded:
		return StatusSuperseded
	}
	return StatusValid
}

func factsOfToken(r *TokenReport) *Facts {
	c := &r.Claims
	f := &Facts{Code: c.Code, Item: c.Item, Name: c.Name, ID: c.ID, Organ: c.Organ, OrganName: r.Key.OrganName, IssuedAt: time.Unix(c.IssuedAt, 0).UTC(), KID: r.KID}
	if c.Expires != 0 {
		t := time.Unix(c.Expires, 0).UTC()
		f.Expires = &t
	}
	return f
}

func factsOfRecord(r *Certificate) *Facts {
	f := &Facts{Code: r.Code, Number: r.Number, Item: r.Short, Name: r.Name, ID: r.ID, Organ: r.Organ, OrganName: r.OrganName, IssuedAt: r.IssuedAt, KID: r.TokenKID}
	if !r.Expires.IsZero() {
		f.Expires = &r.Expires
	}
	return f
}
