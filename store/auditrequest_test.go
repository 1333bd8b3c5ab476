package store

import (
	"path/filepath"
	"testing"
	"time"

	"yinzheng"
	"yinzheng/store/storetest"
)

// TestTamperedRequests: what residents asked, and what became of it, is as the log has
// it.
func TestTamperedRequests(t *testing.T) {
	for change, want := range map[string]FaultKind{
		"": "",
		"UPDATE resident_requests SET content = '{\"name\":\"李四\"}' WHERE id = 'R1'":              ContentChanged,
		"UPDATE resident_requests SET content = replace(content, '重复', '补件') WHERE id = 'R2'":     ContentChanged,
		"UPDATE resident_requests SET content = '{\"name\":\"李四\"}' WHERE id = 'R3'":              ContentChanged,
		"UPDATE resident_requests SET content = '{\"name\":\"李四\"}' WHERE id = 'R5'":              "", // its resident is at it
		"UPDATE resident_requests SET content = NULL WHERE id = 'R3'":                             ContentMissing,
		"UPDATE resident_requests SET content = NULL WHERE id = 'R5'":                             ContentMissing,
		"UPDATE events SET at = at - 3600000000 WHERE kind = 'request-erased' AND subject = 'R4'": ContentChanged, // its own entry
		"UPDATE resident_requests SET content = '{}' WHERE id = 'R4'":                             ContentChanged,
		"UPDATE resident_requests SET state = 'sent' WHERE id = 'R5'":                             ContentChanged,
		"UPDATE resident_requests SET state = 'returned' WHERE id = 'R2'":                         ContentChanged,
		"UPDATE resident_requests SET state = 'refused' WHERE id = 'R1'":                          ContentChanged,
		"UPDATE resident_requests SET office = 'south' WHERE id = 'R1'":                           ContentChanged,
		"UPDATE resident_requests SET resident = '111:B' WHERE id = 'R1'":                         ContentChanged,
		"UPDATE resident_requests SET application = 'A9' WHERE id = 'R3'":                         ContentChanged,
		"DELETE FROM resident_requests WHERE id = 'R1'":                                           ContentMissing,
		"DELETE FROM resident_requests WHERE id = 'R4'":                                           ContentMissing,
		"UPDATE resident_requests SET id = 'R9' WHERE id = 'R2'":                                  ContentChanged,
		"UPDATE resident_requests SET content = '{\"name\":\"李四\"}' WHERE id = 'R7'":              ContentChanged,
		"UPDATE resident_requests SET content = '{\"name\":\"李四\"}' WHERE id = 'R8'":              "", // its resident is at it
		"UPDATE resident_requests SET state = 'taken' WHERE id = 'R7'":                            ContentChanged,
		"UPDATE resident_requests SET application = NULL WHERE id = 'R8'":                         ContentChanged,
		"INSERT INTO resident_requests SELECT 9, 'R9', version, state, item, template_version, resident, code, office, begun_at, changed_at, due_at, late, NULL, content, unanswered FROM resident_requests WHERE id = 'R1'": ContentChanged,
	} {
		path := filepath.Join(t.TempDir(), "yinzheng.db")
		s := openFile(t, path)
		for id, states := range map[string][]yinzheng.RequestState{
			"R1": {yinzheng.RequestSent, yinzheng.RequestReturned, yinzheng.RequestSent},
			"R2": {yinzheng.RequestSent, yinzheng.RequestRefused},
			"R3": {yinzheng.RequestSent, yinzheng.RequestTaken},
			"R4": {yinzheng.RequestLapsed, "erased"},
			"R5": {},
			"R6": {yinzheng.RequestSent, yinzheng.RequestTaken, "erased"},
			"R7": {yinzheng.RequestSent, yinzheng.RequestTaken, yinzheng.RequestAsked, yinzheng.RequestAnswered},
			"R8": {yinzheng.RequestSent, yinzheng.RequestTaken, yinzheng.RequestAsked},
		} {
			moveRequest(t, s, id, states)
		}
		check(t, s.Close())
		if got := forged(t, path, change); got != want {
			t.Errorf("%s: %q, want %q", change, got, want)
		}
	}
}

// moveRequest begins a request and brings it to one state after another, as package
// resident does.
func moveRequest(t *testing.T, s *Store, id string, states []yinzheng.RequestState) {
	t.Helper()
	r := &yinzheng.ResidentRequest{ID: id, State: yinzheng.RequestDraft, Template: yinzheng.TemplateRef{Code: "residence", Version: 1}, Resident: "111:A", Begun: storetest.Start, Changed: storetest.Start, Content: []byte(`{"name":"张三"}`)}
	check(t, s.PutRequest(t.Context(), r))
	for _, state := range states {
		r.Version, r.Changed = r.Version+1, r.Changed.Add(time.Hour)
		e := yinzheng.Event{At: r.Changed, Kind: state.Event(), Subject: id, By: "u1"}
		switch state {
		case yinzheng.RequestTaken:
			r.State, r.Case, e.Detail = state, "A-"+id, "A-"+id
		case "erased":
			r.Content, r.Resident = nil, ""
			e.At = r.Changed.AddDate(0, 0, yinzheng.RetentionRuleOf(map[yinzheng.RequestState]string{yinzheng.RequestLapsed: yinzheng.RetainRequests, yinzheng.RequestTaken: yinzheng.RetainContacts}[r.State]).Days)
		case yinzheng.RequestRefused, yinzheng.RequestAsked, yinzheng.RequestAnswered:
			r.State, r.Content = state, []byte(`{"name":"张三","said":"重复","to":"`+state+`"}`)
			e.Detail = "duplicate " + r.Digest()
		default:
			r.State, r.Office = state, "north"
			e.Detail = r.Digest()
		}
		check(t, s.PutRequest(t.Context(), r))
		check(t, s.Record(t.Context(), e))
	}
}
