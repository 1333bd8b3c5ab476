package store

import (
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"yinzheng"
	"yinzheng/store/storetest"
)

// TestTamperedDesigns: what was done to a design is as the log has it, and what
// was published as it was.
func TestTamperedDesigns(t *testing.T) {
	const text = "code: residence\n"
	sum := fmt.Sprintf("%x", sha256.Sum256([]byte(text)))
	for change, want := range map[string]FaultKind{
		"": "",
		"UPDATE design_acts SET account = 'u9' WHERE seq = 1":                                       ContentExtra,
		"UPDATE design_acts SET opinion = 'x' WHERE seq = 2":                                        ContentExtra,
		"UPDATE design_acts SET for_whom = 'u9' WHERE seq = 2":                                      ContentExtra,
		"UPDATE design_acts SET digest = 'x' WHERE seq = 1":                                         ContentExtra,
		"UPDATE design_acts SET at = at + 1 WHERE seq = 2":                                          ContentExtra,
		"UPDATE designs SET item = 'other', version = version + 1":                                  ContentExtra,
		"DELETE FROM design_acts WHERE seq = 1":                                                     ContentMissing,
		"DELETE FROM made_templates":                                                                ContentMissing,
		"UPDATE made_templates SET text = 'code: residence # other'":                                ContentChanged,
		"UPDATE made_templates SET account = 'u1'":                                                  ContentChanged,
		"INSERT INTO made_templates SELECT 2, item, 3, text, 'D9', at, account FROM made_templates": ContentChanged,
	} {
		path := filepath.Join(t.TempDir(), "yinzheng.db")
		s := openFile(t, path)
		d := yinzheng.Design{ID: "D1", Item: "residence", Version: 1, Stage: "sent", Open: true, Text: text, Authors: []string{"u1"}, At: storetest.Start, By: "u1"}
		begun := yinzheng.DesignAct{Seq: 1, At: d.At, By: "u1", Kind: "start", Digest: sum}
		check(t, s.AddDesign(t.Context(), &d, &begun))
		published := yinzheng.DesignAct{Seq: 2, At: d.At.Add(time.Hour), By: "u2", Kind: "publish", Opinion: "属实", Digest: sum}
		d.Version, d.Open = 2, false
		check(t, s.PutDesign(t.Context(), &d, &published))
		check(t, s.AddMadeTemplate(t.Context(), &yinzheng.MadeTemplate{Ref: yinzheng.TemplateRef{Code: "residence", Version: 2}, Text: text, Design: "D1", At: published.At, By: "u2"}))
		for _, a := range []yinzheng.DesignAct{begun, published} {
			check(t, s.Record(t.Context(), yinzheng.Event{At: a.At, Kind: "template-" + a.Kind, Subject: "D1", By: a.By, Detail: a.Detail("residence")}))
		}
		check(t, s.Close())
		if got := forged(t, path, change); got != want {
			t.Errorf("%s: %q, want %q", change, got, want)
		}
	}
}
