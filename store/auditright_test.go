package store

import (
	"path/filepath"
	"testing"
	"time"

	"yinzheng"
	"yinzheng/store/storetest"
)

// TestTamperedRights: who lost, or was given back, the right to sign commitments
// is as the log has it.
func TestTamperedRights(t *testing.T) {
	for text, want := range map[string]FaultKind{
		"": "",
		"DELETE FROM commitment_rights WHERE ended":       ContentMissing,
		"DELETE FROM commitment_rights WHERE NOT ended":   ContentMissing,
		"UPDATE commitment_rights SET ended = 0":          ContentExtra,
		"UPDATE commitment_rights SET application = 'A2'": ContentExtra,
		"UPDATE commitment_rights SET account = 'u9'":     ContentExtra,
		"UPDATE commitment_rights SET at = at + 1":        ContentExtra,
		"UPDATE commitment_rights SET at = 'soon'":        ContentExtra,
		"UPDATE commitment_rights SET reason = 'x'":       ContentExtra,
		"INSERT INTO commitment_rights (at, document, ended, account, application, reason) VALUES (0, '111:1', 0, 'u1', 'A1', 'x')": ContentExtra,
	} {
		path := filepath.Join(t.TempDir(), "yinzheng.db")
		s := openFile(t, path)
		ended := yinzheng.CommitmentRight{At: storetest.Start, Document: "111:1", Ended: true, By: "u1", Application: "A1", Action: 7}
		restored := yinzheng.CommitmentRight{At: storetest.Start.Add(time.Hour), Document: "111:1", By: "u2", Application: "A1", Reason: "认定有误"}
		check(t, s.AddCommitmentRight(t.Context(), &ended))
		check(t, s.Record(t.Context(), yinzheng.Event{At: ended.At, Kind: yinzheng.EventRightEnded, Subject: "A1", By: "u1"}))
		check(t, s.AddCommitmentRight(t.Context(), &restored))
		check(t, s.Record(t.Context(), yinzheng.Event{At: restored.At, Kind: yinzheng.EventRightRestored, Subject: "A1", By: "u2", Detail: restored.Reason}))
		check(t, s.Close())
		if got := forged(t, path, text); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
