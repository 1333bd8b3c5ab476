package main

import (
	"slices"
	"time"

	"yinzheng/internal/conformance"
)

// vectors is the whole table.
func (w *world) vectors() (*conformance.Vectors, error) {
	tokens, err := w.spoilt()
	if err != nil {
		return nil, err
	}
	t := &table{world: w, tokens: tokens}
	t.paper()
	t.mixed()
	t.token()
	t.digits()
	t.key()
	t.status()
	t.staleKeys()
	t.clock()
	t.lists()
	t.record()
	t.pdf()
	if err := t.reply(); err != nil {
		return nil, err
	}
	return &conformance.Vectors{
		Version: 1,
		About:   "Test vectors for verifiers of Yinzheng's certificates; docs/conformance.md says how to use them. Every key in them is known to everybody: the private half of a key on P-256 is the SHA-256 of \"yinzheng conformance test key: \" and its name. No organ and no person in them exists.",
		Groups:  groups, Records: w.records(), Cases: t.cases, Derived: w.derived(),
	}, nil
}

var groups = map[string]string{
	"paper":      "a genuine code, as a paper shows it",
	"mixed":      "the address and the token belong to two certificates",
	"token":      "tokens that are not as they were signed, or never were",
	"digits":     "fragments that are no token's digits",
	"key":        "what a key may sign, when, and how far it is believed",
	"status":     "revoked, suspended, superseded, expired; lists that are stale or say nothing of it",
	"stale-keys": "a key list that is too old to tell which keys are believed now",
	"clock":      "a clock that is wrong",
	"lists":      "key lists and status lists that must be refused: no verdict is given by them",
	"record":     "what the record alone can say: there is nothing to check offline",
	"pdf":        "files: as issued, changed, of others",
	"reply":      "replies to inquiries, which are no certificates",
}

// table is the cases so far.
type table struct {
	*world
	tokens map[string]string // spoilt ones
	cases  []conformance.Case
}

// add adds a case; what is left out is as most have it: about noon, with the key
// list and the status list of the day.
func (t *table) add(c conformance.Case, changes ...func(*conformance.Case)) {
	c.Clock, c.Root, c.JWKS, c.Status = noon, "root.pem", "jwks.json", []string{"status-1.jwt"}
	for _, change := range changes {
		change(&c)
	}
	if c.Offline != nil && c.Online == nil {
		c.Online = c.Offline
	}
	if c.Refused != "" {
		c.Offline, c.Online = nil, nil
	}
	t.cases = append(t.cases, c)
}

// at is a case at another time.
func at(clock time.Time) func(*conformance.Case) {
	return func(c *conformance.Case) { c.Clock = clock }
}

// with is a case with other status lists at hand.
func with(lists ...string) func(*conformance.Case) {
	return func(c *conformance.Case) { c.Status = lists }
}

// under is a case with another key list at hand.
func under(keys string) func(*conformance.Case) {
	return func(c *conformance.Case) { c.JWKS = keys }
}

// online is a case with another answer by the issuer, and why.
func online(a *conformance.Answer, why string) func(*conformance.Case) {
	return func(c *conformance.Case) { c.Online, c.Differs = a, why }
}

// jose says what JOSE alone makes of the token.
func jose(outcome string) func(*conformance.Case) {
	return func(c *conformance.Case) { c.JOSE = outcome }
}

// is an answer: the checks are integrity, issuer and status: + pass, - fail,
// ? not checked.
func is(verdict, checks, holder string, findings ...string) *conformance.Answer {
	words := map[byte]string{'+': "pass", '-': "fail", '?': "not-checked"}
	slices.Sort(findings)
	return &conformance.Answer{Verdict: verdict, Integrity: words[checks[0]], Issuer: words[checks[1]], Status: words[checks[2]], Holder: holder, Findings: findings}
}

// succeeded is an answer that names the certificate that is in force.
func succeeded(a *conformance.Answer, code string) *conformance.Answer {
	a.Successor = code
	return a
}

func askURL(url string) conformance.Question { return conformance.Question{URL: url} }

const (
	accept = "accept"
	refuse = "refuse"

	recordKnows = "the issuer knows the status now, whatever list is at hand here"
	notOnRecord = "the issuer has no record of it"
	keyOnRecord = "the record bears out what the key signed"
)

func (t *table) paper() {
	good, lasting, town := t.issued["good"], t.issued["lasting"], t.issued["town"]
	t.add(conformance.Case{Name: "paper", Group: "paper", Shows: "the QR code of a certificate in force", Question: askURL(good.url()), Offline: is("valid", "+++", "张*丰")}, jose(accept))
	t.add(conformance.Case{Name: "paper-token", Group: "paper", Shows: "its token alone", Question: conformance.Question{Token: good.token}, Offline: is("valid", "+++", "张*丰")}, jose(accept))
	t.add(conformance.Case{Name: "paper-typed", Group: "paper", Shows: "the code of the address in small letters, with hyphens", Question: askURL(url(typed(good.code), good.token)), Offline: is("valid", "+++", "张*丰")}, jose(accept))
	t.add(conformance.Case{Name: "paper-query", Group: "paper", Shows: "a query between path and fragment, as messengers add one", Question: askURL(publicURL + "/v/" + good.code + "?from=wechat" + good.url()[len(publicURL+"/v/"+good.code):]), Offline: is("valid", "+++", "张*丰")}, jose(accept))
	t.add(conformance.Case{Name: "paper-lasting", Group: "paper", Shows: "a token without exp and d: it does not expire, and its holder has no number", Question: askURL(lasting.url()), Offline: is("valid", "+++", "欧*锋")}, jose(accept))
	t.add(conformance.Case{Name: "paper-town", Group: "paper", Shows: "a certificate of another organ, under that organ's key", Question: askURL(town.url()), Offline: is("valid", "+++", "周*若")}, jose(accept))
	t.add(conformance.Case{Name: "paper-pasted", Group: "paper", Shows: "the whole code of another certificate, pasted over this one's: only who compares the facts shown with the paper finds out", Question: askURL(t.issued["second"].url()), Offline: is("valid", "+++", "李*")}, jose(accept))
}

// typed is a code as people type it.
func typed(code string) string {
	b := []byte(code[:4] + "-" + code[4:8] + "-" + code[8:])
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

func (t *table) mixed() {
	good, second, revoked := t.issued["good"], t.issued["second"], t.issued["revoked"]
	t.add(conformance.Case{Name: "mixed", Group: "mixed", Shows: "the address of one certificate, the token of another", Question: askURL(url(second.code, good.token)), Offline: is("altered", "-++", "张*丰", "mixed")}, jose(accept))
	t.add(conformance.Case{Name: "mixed-revoked", Group: "mixed", Shows: "altered weighs more than revoked", Question: askURL(url(good.code, revoked.token)), Offline: is("altered", "-+-", "冯*", "mixed")}, jose(accept))
	t.add(conformance.Case{Name: "mixed-no-such-code", Group: "mixed", Shows: "an address that never was, with a genuine token", Question: askURL(url("000000000000", good.token)), Offline: is("altered", "-++", "张*丰", "mixed")}, jose(accept))
}

// spoiltToken is a case about a token made of the good one: in its address, or
// alone where digits cannot write it.
func (t *table) spoiltToken(name, from, shows, outcome string, a *conformance.Answer) {
	token := t.tokens[from]
	q := askURL(url(t.issued["good"].code, token))
	if len(token) > 1024 || from == "padding" {
		q = conformance.Question{Token: token}
	}
	t.add(conformance.Case{Name: name, Group: "token", Shows: shows, Question: q, Offline: a}, jose(outcome))
}

func (t *table) token() {
	altered := func(problem string) *conformance.Answer { return is("altered", "-??", "", "token-"+problem) }
	forged := is("forged", "-??", "", "token-signature")
	for _, c := range []struct {
		name, from, shows, jose string
		want                    *conformance.Answer
	}{
		{"token-swapped-signature", "swapped signature", "the signature of another certificate's token", refuse, forged},
		{"token-claims-of-another", "claims of another", "the claims of another certificate under this signature", refuse, forged},
		{"token-one-character", "one character", "one bit of the claims changed", refuse, forged},
		{"token-kid-of-another", "kid of another", "the kid of another key that is listed", refuse, forged},
		{"token-stranger-under-a-kid", "stranger under a kid", "a stranger's signature under the kid of a listed key", refuse, forged},
		{"token-signature-of-zeros", "signature of zeros", "r and s are zero", refuse, forged},
		{"token-the-other-s", "the other s", "(r, n-s) in place of (r, s) holds as well, as of every ECDSA signature; a token is judged by its claims", accept, is("valid", "+++", "张*丰")},
		{"token-alg-none", "alg none", "alg none and no signature", refuse, altered("alg")},
		{"token-alg-hs256", "alg HS256", "alg HS256 with a public text as the secret", refuse, altered("alg")},
		{"token-alg-rs256", "alg RS256", "another alg than that of the key", refuse, altered("alg")},
		{"token-alg-es384", "alg ES384", "another alg than that of the key", refuse, altered("alg")},
		{"token-typ", "typ", "a header with typ: not the pinned one", accept, altered("header")},
		{"token-jku", "jku", "a header that says where to fetch keys", accept, altered("header")},
		{"token-kid-before-alg", "kid before alg", "the header in another order", accept, altered("header")},
		{"token-kid-twice", "kid twice", "two kids, the second one right", accept, altered("header")},
		{"token-blank-in-header", "blank in the header", "the header in another spelling", accept, altered("header")},
		{"token-claim-twice", "claim twice", "one claim twice, signed", accept, altered("claims")},
		{"token-unknown-claim", "unknown claim", "a claim that no token has, signed", accept, altered("claims")},
		{"token-missing-claim", "missing claim", "without t, signed", accept, altered("claims")},
		{"token-claim-type", "claim of another type", "t is a number, signed", accept, altered("claims")},
		{"token-claims-no-object", "claims no object", "the claims are an array, signed", refuse, altered("claims")},
		{"token-two-parts", "two parts", "without a signature", refuse, altered("malformed")},
		{"token-four-parts", "four parts", "one part too many", refuse, altered("malformed")},
		{"token-padding", "padding", "base64url with padding", accept, altered("malformed")},
		{"token-cut", "cut", "its last character is missing", refuse, altered("malformed")},
		{"token-short-signature", "short signature", "a signature of 60 bytes", refuse, altered("malformed")},
		{"token-signature-in-der", "signature in DER", "the signature in DER instead of r and s", refuse, altered("malformed")},
		{"token-trailing-bits", "trailing bits", "a bit that base64url does not use is set", accept, altered("malformed")},
		{"token-too-long", "too long", "600 characters too many", refuse, altered("malformed")},
	} {
		t.spoiltToken(c.name, c.from, c.shows, c.jose, c.want)
	}
	differs := t.tokens["organ changed"]
	t.add(conformance.Case{Name: "token-other-organ", Group: "token", Shows: "an organ's key under the name of another organ", Question: askURL(url(t.issued["good"].code, differs)), Offline: is("forged", "+-+", "", "not-entitled")},
		online(is("forged", "--+", "", "not-entitled", "record-differs"), "the record is compared, too"), jose(accept))
}

func (t *table) digits() {
	good := t.issued["good"]
	whole := good.url()
	from := len(publicURL + "/v/" + good.code + "#")
	altered := is("altered", "-??", "", "token-malformed")
	for _, c := range []struct{ name, shows, digits string }{
		{"digits-odd", "one digit short: a scan that was cut off", whole[from : len(whole)-1]},
		{"digits-half", "half of them: a code that was torn", whole[from : from+len(whole[from:])/4*2]},
		{"digits-above-77", "a pair that stands for no character", "99" + whole[from+2:]},
		{"digits-slash", "a pair that stands for a slash", "02" + whole[from+2:]},
		{"digits-letters", "letters among them", "ab" + whole[from+2:]},
		{"digits-twice", "the fragment twice", whole[from:] + whole[from:]},
	} {
		t.add(conformance.Case{Name: c.name, Group: "digits", Shows: c.shows, Question: askURL(whole[:from] + c.digits), Offline: altered})
	}
}
