package signer

import (
	"encoding/json"
	"strings"
	"testing"

	"yinzheng"
)

const plainSample = `{"jti":"0123456789AB","iat":1793607300,"exp":1825143300,"t":"R1","n":"欧*锋","d":"441302********0018","o":"11441302007000000X","h":"AAAA","s":5242957}`

// Claims as they are signed are plain; any other form of them is not.
func TestPlainClaims(t *testing.T) {
	short := sample
	short.Expires, short.ID, short.Name = 0, "", "𠮷·'"
	for _, c := range []yinzheng.Claims{sample, short} {
		key, err := newTokenKey(newService(t).private[0])
		if err != nil {
			t.Fatal(err)
		}
		token, err := key.sign(&tokenClaims{Claims: c})
		if err != nil {
			t.Fatal(err)
		}
		text, err := decodePart(nil, strings.Split(token, ".")[1])
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := plainClaims(string(text)); !ok || got != c {
			t.Errorf("%s: %v, %+v", text, ok, got)
		}
	}
	for name, change := range map[string][2]string{
		"a space":           {`,"t":`, `, "t":`},
		"another order":     {`"t":"R1","n":"欧*锋"`, `"n":"欧*锋","t":"R1"`},
		"twice":             {`"t":"R1"`, `"t":"R1","t":"R1"`},
		"an escape":         {`R1`, `R\u0031`},
		"an escaped quote":  {`R1`, `R\"`},
		"a control":         {`R1`, "R\x01"},
		"no UTF-8":          {`欧`, "\xff"},
		"a surrogate":       {`欧`, "\xed\xa0\x80"},
		"unknown":           {`"t":`, `"x":1,"t":`},
		"capitals":          {`"jti"`, `"JTI"`},
		"null":              {`"R1"`, `null`},
		"a zero before":     {`5242957`, `05242957`},
		"negative":          {`5242957`, `-5242957`},
		"negative zero":     {`5242957`, `-0`},
		"a fraction":        {`5242957`, `5242957.0`},
		"an exponent":       {`5242957`, `5e6`},
		"a text":            {`5242957`, `"5242957"`},
		"no digit":          {`5242957`, ``},
		"over 18 digits":    {`5242957`, `5242957000000000000`},
		"an end missing":    {`5242957}`, `5242957`},
		"something after":   {`5242957}`, `5242957} `},
		"nothing":           {plainSample, ``},
		"an end alone":      {plainSample, `}`},
		"no beginning":      {`{"jti":"0123456789AB"`, ``},
		"a member too many": {`5242957}`, `5242957,"s":1}`},
	} {
		text := strings.Replace(plainSample, change[0], change[1], 1)
		if _, ok := plainClaims(text); ok || text == plainSample {
			t.Errorf("%s is plain: %s", name, text)
		}
	}
}

// What is read as plain says the same to strictClaims.
func FuzzPlainClaims(f *testing.F) {
	f.Add(plainSample)
	f.Add("}")
	f.Add(`,"iat":1}`)
	f.Add(`{"jti":"","iat":0,"t":"","n":"","o":"","h":"","s":0}`)
	f.Add(`{"jti":"a","iat":999999999999999999,"s":18446744073709551615}`)
	f.Fuzz(func(t *testing.T, text string) {
		c, ok := plainClaims(text)
		if !ok {
			return
		}
		if strict, err := oddClaims(text); err != nil || strict != c {
			t.Fatalf("%q: plain %+v, strictly %+v, %v", text, c, strict, err)
		}
		if !json.Valid([]byte(text)) {
			t.Fatalf("%q is no JSON", text)
		}
	})
}
