package store

import (
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"testing"

	"yinzheng"
	"yinzheng/store/storetest"
)

// TestTamperedRatings: what a resident said, and what was done about it, cannot be
// changed unseen.
func TestTamperedRatings(t *testing.T) {
	for text, want := range map[string]FaultKind{
		"": "",
		`UPDATE rating_acts SET content = '{"level":5}' WHERE seq = 1`:      ContentChanged,
		"DELETE FROM rating_acts WHERE seq = 2":                             ContentChanged,
		`INSERT INTO rating_acts VALUES ('C1', 3, 0, 'u1', 'settle', '{}')`: ContentExtra,
	} {
		path := filepath.Join(t.TempDir(), "yinzheng.db")
		s := openFile(t, path)
		for i, kind := range []string{"rate", "call"} {
			a := &yinzheng.RatingAct{Application: "C1", Seq: i + 1, At: storetest.Start, By: "u1", Kind: kind, Content: fmt.Appendf(nil, `{"salt":"%d"}`, i)}
			check(t, s.PutRating(t.Context(), &yinzheng.Rating{Application: "C1", Item: "residence", Office: "village", At: storetest.Start, Level: 1, Version: a.Seq}, a))
			check(t, s.Record(t.Context(), yinzheng.Event{At: a.At, Kind: "rating-" + kind, Subject: "C1", By: a.By, Detail: fmt.Sprintf("%x", sha256.Sum256(a.Content))}))
		}
		check(t, s.Close())
		if got := forged(t, path, text); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

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
