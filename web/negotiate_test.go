package web

import (
	"testing"

	"yinzheng"
)

func TestNegotiate(t *testing.T) {
	const svg, pdf = "image/svg+xml", "application/pdf"
	for accept, want := range map[string]string{
		"": svg, "*/*": svg, "application/pdf": pdf, "APPLICATION/PDF": pdf, "image/*": svg, "image/*;q=0.5, application/pdf": pdf, "text/html": "",
		"application/pdf;q=0": "", "*/*, application/pdf;q=0.1": svg, "application/pdf;q=x": "", "image/svg+xml;q=0.2, application/pdf;q=0.3": pdf,
	} {
		if got := negotiate(accept, svg, pdf); got != want {
			t.Errorf("%q: %q, want %q", accept, got, want)
		}
	}
}

func TestPreferred(t *testing.T) {
	for header, want := range map[string]string{
		"": "zh", "en": "en", "en-GB,en;q=0.9": "en", "zh-CN,zh;q=0.9,en;q=0.8": "zh", "en;q=0.5, zh-TW;q=0.7": "zh", "fr, en;q=0.1": "en", "fr": "zh", "en;q=0": "zh", "*": "zh", ";;,": "zh",
	} {
		if got := preferred(header); got != want {
			t.Errorf("%q: %s, want %s", header, got, want)
		}
	}
}

func TestRecognise(t *testing.T) {
	long := "eyJhbGciOiJFUzI1NiIsImtpZCI6IlhrM185YVF6In0.eyJqdGkiOiI3SzJNOVFYUjRUQlcifQ.c2ln"
	for typed, want := range map[string]string{
		"https://h.example/v/7K2M9QXR4TBW#0123":     "url",
		"  HTTPS://H.EXAMPLE/v/7K2M9QXR4TBW#0123\n": "url",
		"ｈｔｔｐｓ：／／h.example／v／7K2M9QXR4TBW＃0123":     "url",
		"https：、、h。example、v、7K2M9QXR4TBW":          "code", // a URL without a fragment is a code
		"7k2m-9qxr-4tbw":             "code",
		"1.2.156.3005.2.A.B.C.001.D": "number",
		"1。2。156。3005。2。A。B。C。001。D": "number",
		long:               "token",
		"ten random words": "code",
	} {
		if got := kindOf(yinzheng.Recognise(typed, "")); got != want {
			t.Errorf("%q: %s, want %s", typed, got, want)
		}
	}
}
