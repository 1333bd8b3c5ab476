package yinzheng

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// ReplyClaims is what the token of a reply to an inquiry says (docs/formats.md,
// reply). Nothing in it is personal: Digest commits to the question and to the
// person, or to the whole list, for whoever holds them and the salt.
type ReplyClaims struct {
	ID        string   `json:"jti"` // of the inquiry or of the list
	IssuedAt  int64    `json:"iat"` // Unix seconds
	Expires   int64    `json:"exp"` // Unix seconds
	Organ     string   `json:"iss"` // credit code of the organ that replies
	Asker     string   `json:"aud"` // ID of the office that asked
	AskerName string   `json:"aud_name"`
	Kind      string   `json:"kind"` // what was asked
	KindName  string   `json:"kind_name"`
	Answer    string   `json:"answer,omitempty"` // yes, no or cannot-say; of a list: absent
	By        string   `json:"by"`               // record, people, or of a list: list
	AsOf      string   `json:"as_of"`            // day that it speaks of
	Digest    string   `json:"h"`
	Counts    ReplySum `json:"counts,omitzero"` // of a list
}

// ReplySum counts the answers of a list.
type ReplySum struct {
	Yes       int `json:"yes"`
	No        int `json:"no"`
	CannotSay int `json:"cannot_say"`
}

// ReplyReport is what a check of a reply's token found out. Nothing in Claims
// may be relied on unless Signed.
type ReplyReport struct {
	WellFormed bool
	KID        string
	Key        *Key // nil: the key is unknown
	Signed     bool
	Claims     ReplyClaims
	Problem    string // as of TokenReport
}

// Reply is what a verifier is told of a reply.
type Reply struct {
	ID        string    `json:"id"`
	Kind      string    `json:"kind"`
	KindName  string    `json:"kind_name"`
	Answer    string    `json:"answer,omitempty"`
	By        string    `json:"by"`
	AsOf      string    `json:"as_of"`
	Counts    *ReplySum `json:"counts,omitempty"`
	Asker     string    `json:"asker"` // whom alone it is for
	AskerName string    `json:"asker_name"`
	Organ     string    `json:"organ"`
	OrganName string    `json:"organ_name,omitempty"`
	IssuedAt  time.Time `json:"issued_at"`
	Expires   time.Time `json:"expires_at"`
	KID       string    `json:"kid"`
}

// ReplyEvidence is all that is known when a reply is judged.
type ReplyEvidence struct {
	Now      time.Time
	KeysAsOf time.Time // as of Evidence
	Online   bool      // the record was looked for
	Recorded bool      // this very token is on record here
	Content  *ReplyContent
	*ReplyReport
}

// ReplyContent is what a reply's h commits to, as it was delivered: one of the two.
type ReplyContent struct {
	Salt     []byte
	Question Values // of one inquiry
	Result   []byte // of a list: the CSV file
}

// fits tells whether it gives the h of a reply.
func (c *ReplyContent) fits(r *ReplyClaims) bool {
	if r.By == byList {
		return CommitList(c.Salt, c.Result) == r.Digest
	}
	return CommitReply(c.Salt, c.Question) == r.Digest
}

// byList is By of a reply to a list.
const byList = "list"

// JudgeReply gives the verdict on a reply to an inquiry. It is pure. A reply is
// never revoked, it only expires: whoever doubts it asks again. So one that
// holds is valid offline, too, as far as the keys are known.
func JudgeReply(e *ReplyEvidence) *Answer {
	j := &judge{Evidence: &Evidence{Now: e.Now, KeysAsOf: e.KeysAsOf, Online: e.Online}, Answer: Answer{
		Verdict: Valid, Checks: Checks{NotChecked, NotChecked, NotChecked}, CheckedAt: e.Now, Offline: !e.Online,
	}}
	switch {
	case !e.WellFormed:
		j.spoilt(Altered, "token-"+e.Problem, "答复凭据残缺或被改动", "The reply's token is incomplete or was changed")
	case e.Key == nil:
		j.say(UnknownKey, "unknown-key", "签发密钥不在已知名单中", "The signing key is not on the list of known keys")
	case !e.Signed:
		j.spoilt(Forged, "token-"+e.Problem, "答复的签名与签发机关的密钥不符", "The reply's signature does not fit the issuer's key")
	default:
		j.Checks.Integrity = Pass
		if e.Content != nil && !e.Content.fits(&e.Claims) {
			j.spoilt(Altered, "commitment", "所附的问题或结果与答复的摘要不符", "The question or the result beside it does not fit the reply's digest")
		}
		j.reply(e)
	}
	j.describe()
	j.describeReply(e.Content != nil)
	return &j.Answer
}

// reply judges a reply whose signature holds.
func (j *judge) reply(e *ReplyEvidence) {
	c := &e.Claims
	at := time.Unix(c.IssuedAt, 0).UTC()
	switch {
	case !e.Key.Entitled(ReplyKey, c.Kind, c.Organ, at):
		j.Checks.Issuer = Fail
		j.say(Forged, "not-entitled", "该密钥当时无权为此机关签发协查答复", "The key was not entitled to sign replies for this organ at that time")
		return
	case !e.Recorded && !e.Key.believed(at):
		j.say(UnknownKey, "key-not-in-use", "签发密钥已停用或已泄露，仅凭签名不能确认", "The signing key is out of use or was compromised; its signature alone confirms nothing")
		return
	}
	j.Checks.Issuer = Pass
	j.Reply = replyOf(e)
	if e.Online && !e.Recorded {
		j.Alarm = "no-reply"
		j.say(Unconfirmed, "no-record", "签名成立，但本系统没有这份答复的记录", "The signature holds, but there is no record of this reply here")
		return
	}
	if j.early(at) {
		j.wrongClock()
		return
	}
	if !e.Online {
		j.StatusAsOf = j.listsAsOf()
	}
	if j.freshKeys() {
		j.Checks.Status = Pass
	}
	if !e.Now.Before(j.Reply.Expires) {
		j.Checks.Status = Fail
		j.say(Expired, "", "", "")
	}
}

func replyOf(e *ReplyEvidence) *Reply {
	c := &e.Claims
	r := &Reply{
		ID: c.ID, Kind: c.Kind, KindName: c.KindName, Answer: c.Answer, By: c.By, AsOf: c.AsOf, Asker: c.Asker, AskerName: c.AskerName,
		Organ: c.Organ, OrganName: e.Key.OrganName, IssuedAt: time.Unix(c.IssuedAt, 0).UTC(), Expires: time.Unix(c.Expires, 0).UTC(), KID: e.KID,
	}
	if c.Answer == "" {
		r.Counts = &c.Counts
	}
	return r
}

// describeReply says in words that this is a reply, and no certificate; held tells
// that it was held against what it commits to.
func (j *judge) describeReply(held bool) {
	switch j.Verdict {
	case Valid:
		j.Heading = Text{"协查答复，签名有效", "A reply to an inquiry; the signature holds"}
		j.Meaning = Text{
			fmt.Sprintf("这是对部门协查的答复，不是证明，只供“%s”使用。", j.Reply.AskerName),
			fmt.Sprintf("This is a reply to an inquiry, not a certificate, and is for “%s” alone.", j.Reply.AskerName),
		}
		j.Advice = Text{"问的是谁、问了什么，请用随答复交付的盐值和问题核对。", "Check whom and what it is about with the salt and the question that came with it."}
		if held {
			j.Advice = Text{"所附的问题或结果与答复相符。", "The question or the result beside it is what was replied to."}
		}
	case Expired:
		j.Meaning = Text{"这份协查答复真实，但已超过有效期。", "This reply to an inquiry is genuine, but its validity has ended."}
		j.Advice = Text{"请重新发起协查。", "Please inquire again."}
	}
}

// CommitReply is the h of a reply to one inquiry: base64url of the first 24 bytes
// of SHA-256(salt ‖ JCS of the question).
func CommitReply(salt []byte, question Values) string {
	return commit(canonicalObject(slices.Clone(salt), question))
}

// CommitList is the h of a reply to a list: the same over its result, as it is
// downloaded.
func CommitList(salt, result []byte) string { return commit(slices.Concat(salt, result)) }

// verifyReply answers for a reply's token; nil: it is none.
func (s *Service) verifyReply(ctx context.Context, token string) (*Answer, error) {
	r := s.Checker.CheckReply(token, s.KeyList())
	if r == nil {
		return nil, nil
	}
	e := &ReplyEvidence{Now: s.now(), Online: true, ReplyReport: r}
	if r.Signed {
		kept, err := s.Store.InquiryReply(ctx, r.Claims.ID)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return nil, err
		}
		e.Recorded = err == nil && kept.Token == token
	}
	a := JudgeReply(e)
	s.alarm(ctx, a, r.Claims.ID)
	return a, nil
}

// SignReply signs a reply in the name of its organ, whose key for replies is
// made when it is first needed, and reads it back. ErrUnavailable when no key
// may sign now.
func (s *Service) SignReply(ctx context.Context, c *ReplyClaims) (string, error) {
	key, err := s.replyKey(ctx, c)
	if err != nil {
		return "", err
	}
	token, err := s.Sealer.SignReply(key.KID, c)
	if err != nil {
		return "", err
	}
	if r := s.Checker.CheckReply(token, s.KeyList()); r == nil || !r.Signed || r.Claims != *c {
		return "", &Error{Kind: ErrUnavailable, Text: noReplyKey, Cause: errors.New("a reply does not read back as it was signed")}
	}
	return token, nil
}

var noReplyKey = Text{"暂时没有可用的答复签名密钥，请联系管理员", "No key for replies is in force; please ask an administrator"}

func (s *Service) replyKey(ctx context.Context, c *ReplyClaims) (*Key, error) {
	s.sealing.Lock() // two would make two keys
	defer s.sealing.Unlock()
	if key := s.signingKey(ReplyKey, c.Kind, c.Organ); key != nil {
		return key, nil
	}
	o := s.Directory().Organ(c.Organ)
	if s.Seals == nil || o == nil || !o.exists(s.Now()) || s.stoppedReplies(o) {
		return nil, &Error{Kind: ErrUnavailable, Text: noReplyKey}
	}
	if err := s.newSeals(ctx, o, ReplyKey); err != nil {
		return nil, err
	}
	if key := s.signingKey(ReplyKey, c.Kind, c.Organ); key != nil {
		return key, nil
	}
	return nil, &Error{Kind: ErrUnavailable, Text: noReplyKey}
}

// stoppedReplies tells whether somebody has taken an organ's key for replies out of use:
// another one in its place is not for the program to make.
func (s *Service) stoppedReplies(o *Organ) bool {
	return slices.ContainsFunc(s.KeyList().Keys, func(k *Key) bool {
		return k.Purpose == ReplyKey && k.Organ == o.Code && k.OrganName == o.Name && k.Covers(s.Now())
	})
}
