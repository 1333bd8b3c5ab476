package store

import (
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"testing"

	"yinzheng"
	"yinzheng/store/storetest"
)

// TestTamperedInquiries: what is changed of the acts on inquiries shows, and so do
// acts that are added or taken away.
func TestTamperedInquiries(t *testing.T) {
	for text, want := range map[string]FaultKind{
		"": "",
		`UPDATE inquiry_acts SET content = '{"answer":"yes"}' WHERE seq = 2`: ContentChanged,
		"UPDATE inquiry_acts SET account = 'u9' WHERE seq = 2":               ContentChanged,
		"UPDATE inquiry_acts SET at = at + 1 WHERE seq = 2":                  ContentChanged,
		"UPDATE inquiry_acts SET kind = 'sign' WHERE seq = 2":                ContentChanged,
		"UPDATE inquiry_acts SET at = 'x' WHERE seq = 2":                     ContentChanged,
		"DELETE FROM inquiry_acts WHERE seq = 2":                             ContentChanged,
		"UPDATE inquiry_acts SET subject = 'Q3' WHERE subject = 'Q2'":        ContentChanged,
		`INSERT INTO inquiry_acts VALUES ('Q1', 3, 0, 'u1', 'sign', '{}')`:   ContentExtra,
	} {
		path := filepath.Join(t.TempDir(), "yinzheng.db")
		s := openFile(t, path)
		for _, subject := range []string{"Q1", "Q2"} {
			for seq, kind := range []string{"ask", "answer"} {
				a := &yinzheng.InquiryAct{Subject: subject, Seq: seq + 1, At: storetest.Start, By: "u1", Kind: kind, Content: fmt.Appendf(nil, `{"salt":"%s%d"}`, subject, seq)}
				check(t, s.AddInquiryAct(t.Context(), a))
				check(t, s.Record(t.Context(), yinzheng.Event{At: a.At, Kind: "inquiry-" + kind, Subject: subject, By: a.By, Detail: fmt.Sprintf("%x", sha256.Sum256(a.Content))}))
			}
			check(t, s.Record(t.Context(), yinzheng.Event{At: storetest.Start, Kind: "inquiry-delivered", Subject: subject, By: "u1"}))
		}
		check(t, s.Close())
		if got := forged(t, path, text); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

// forged is what an audit finds once somebody has run a statement on a file; "":
// nothing, or no statement.
func forged(t *testing.T, path, text string) FaultKind {
	t.Helper()
	if text != "" {
		forge(t, path, text)
	}
	if _, fault := verify(t, path, yinzheng.LogHash{}); fault != nil {
		return fault.Kind
	}
	return ""
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
