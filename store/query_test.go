package store

import (
	"database/sql"
	"regexp"
	"slices"
	"strings"
	"testing"

	"yinzheng/store/storetest"
)

func TestPlaceholders(t *testing.T) {
	for text, ok := range map[string]bool{
		"SELECT 1": true, "SELECT $1, $2": true, "SELECT $1, $2, $1": true, "SELECT $1, $1, $2, $3": true, "SELECT json_remove(a, '$.b'), $1": true,
		"SELECT $2, $1": false, "SELECT $1, $3, $2": false, "SELECT $0": false, "SELECT $": false, "SELECT $a": false,
	} {
		if err := checkPlaceholders(text); (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
	}
	if len(queries) < 50 {
		t.Errorf("only %d texts went through query", len(queries))
	}
}

// TestPlans: whatever looks something up does so by an index and in its order,
// so that it costs the same in a table of a million rows. What reads a whole
// table on purpose is named.
func TestPlans(t *testing.T) {
	s := openFile(t, t.TempDir()+"/yinzheng.db")
	if err := s.PutDirectory(t.Context(), storetest.Tree()); err != nil {
		t.Fatal(err)
	}
	whole := map[string]bool{selectDivisions: true, selectOffices: true, selectOrgans: true, selectKeys: true, newestVersion: true, s.dialect.tables: true, selectCalendar: true, wasBefore: true, allReorganisations: true, campaignList: true, namedLike: true, personImports: true, allDesigns: true, newestSample: true, countPeople: true, keysWithEvents: true, selectFaces: true, foundCharacters: true, requestGone: true}
	ordered := map[string]bool{selectKeys: true, selectDelegations: true, delegationsOf: true, lentGrants: true, wasBefore: true, countEntries: true, countPeople: true, countRatings: true, sharesOf: true} // few, or once: sorted as they are read
	for _, texts := range foundBy {
		ordered[texts.longer] = true // few, and only their keys
	}
	for _, t := range terms {
		whole[t.robbed] = true // by an audit
		whole[t.left] = true   // few, once an hour
	}
	dml := regexp.MustCompile(`^(SELECT|INSERT|UPDATE|DELETE)`)
	checked := 0
	for _, text := range queries {
		if !dml.MatchString(text) {
			continue
		}
		for _, step := range plan(t, s, text) {
			if strings.HasPrefix(step, "SCAN") && step != "SCAN CONSTANT ROW" && step != "SCAN some" && !strings.Contains(step, "USING INDEX applications_unissued") &&
				!strings.Contains(step, "USING INDEX revocations_waiting") && !strings.Contains(step, "USING INDEX reorganisations_open") &&
				!strings.Contains(step, "USING INDEX missing_characters_open") && !strings.Contains(step, "USING COVERING INDEX certificates_not_valid") && text != newestList && !whole[text] {
				t.Errorf("%s\n in: %s", step, text)
			}
			if strings.Contains(step, "TEMP B-TREE") && !ordered[text] {
				t.Errorf("%s\n in: %s", step, text)
			}
		}
		checked++
	}
	if checked < 40 {
		t.Errorf("only %d texts checked", checked)
	}
	if p := strings.Join(plan(t, s, inboxOfDesk), "\n"); !strings.Contains(p, "PRIMARY KEY (office=? AND role=? AND (changed_at,application)<(?,?))") {
		t.Errorf("an inbox goes by: %s", p)
	}
	if p := strings.Join(plan(t, s, inboxByDue), "\n"); !strings.Contains(p, "INDEX inbox_due (office=? AND role=? AND (due_at,application)>(?,?))") {
		t.Errorf("an inbox by due date goes by: %s", p)
	}
	for text, want := range map[string]string{
		keysOfOffice: "COVERING INDEX applications_changed (office=?)", keysOfState: "COVERING INDEX applications_office (office=? AND state=?)",
		dueSoon: "INDEX messages_waiting (channel=? AND expires_at<?)", dueLong: "INDEX messages_due (channel=? AND due_at<?)",
		keysOfDesk: "(office=? AND role=?)", newerNotices: "COVERING INDEX notices_post (office=? AND role=? AND id>?)",
	} {
		if p := strings.Join(plan(t, s, text), "\n"); !strings.Contains(p, want) {
			t.Errorf("%s\n goes by: %s", text, p)
		}
	}
}

// TestPlansOfDesks: from desk to desk, and from a desk to its people, by index.
func TestPlansOfDesks(t *testing.T) {
	s := openFile(t, t.TempDir()+"/yinzheng.db")
	p := strings.Join(plan(t, s, holdersOfDesks), "\n")
	for _, want := range []string{
		"SEARCH i USING COVERING INDEX inbox_due (office>?)", "SEARCH i USING COVERING INDEX inbox_due (office=? AND role>?)", "SEARCH applications USING COVERING INDEX applications_", "SEARCH a USING COVERING INDEX applications_changed (office>?)", "SEARCH a USING COVERING INDEX applications_office (office=? AND state=?)",
		"SEARCH g USING INDEX grants_office (office=? AND role=?)", "SEARCH l USING INDEX delegations_",
	} {
		if !strings.Contains(p, want) {
			t.Errorf("not by %s:\n%s", want, p)
		}
	}
	for _, step := range strings.Split(p, "\n") {
		if strings.HasPrefix(step, "SCAN") && !slices.Contains([]string{"SCAN o", "SCAN r", "SCAN w", "SCAN d"}, step) {
			t.Errorf("%s in:\n%s", step, p)
		}
	}
}

// TestPlansOfMarks: each mark is looked up by its own index, newest case first.
func TestPlansOfMarks(t *testing.T) {
	s := openFile(t, t.TempDir()+"/yinzheng.db")
	for mark, text := range alike {
		want := "SEARCH m USING COVERING INDEX marks_" + string(mark) + " (" + string(mark) + "=?)"
		if p := plan(t, s, text); p[0] != want {
			t.Errorf("%s goes by %s", mark, strings.Join(p, "\n"))
		}
	}
	if p := plan(t, s, selectUnmarked); !strings.Contains(strings.Join(p, "\n"), "INDEX marks_unknown") {
		t.Errorf("the unmarked go by %s", strings.Join(p, "\n"))
	}
}

// TestPlansOfSearch: everything is found by an index of its own, the newest
// cases at once, and no other case is looked at.
func TestPlansOfSearch(t *testing.T) {
	s := openFile(t, t.TempDir()+"/yinzheng.db")
	check := func(text, want string) {
		t.Helper()
		p := plan(t, s, text)
		if len(p) < 3 || p[0] != "SEARCH a USING INTEGER PRIMARY KEY (rowid=?)" || p[2] != want {
			t.Errorf("%s\n goes by %q, want %s", text, p, want)
		}
	}
	if len(foundBy) != 6 {
		t.Errorf("%d columns", len(foundBy))
	}
	for column, texts := range foundBy {
		index := "SEARCH marks USING COVERING INDEX marks_" + column
		check(texts.number, "SEARCH marks USING INDEX marks_number (number=? AND rowid<?)")
		check(texts.holder, index+"_holder ("+column+"=? AND holder=? AND rowid<?)")
		check(texts.stem, index+"_stem ("+column+"=? AND stem=? AND rowid<?)")
		check(texts.longer, index+"_holder ("+column+"=? AND holder>? AND holder<?)")
	}
	for text, want := range map[string]string{
		queueOfOffice: "SEARCH a USING INDEX applications_changed (office=? AND changed_at<?)",
		queueOfState:  "SEARCH a USING INDEX applications_office (office=? AND state=? AND changed_at<?)",
	} {
		if p := plan(t, s, text); !slices.Equal(p, []string{want}) {
			t.Errorf("a queue goes by %q, want %s", p, want)
		}
	}
}

func plan(t *testing.T, s *Store, text string) []string {
	t.Helper()
	args := make([]any, strings.Count(text, "$"))
	for i := range args {
		args[i] = "x"
	}
	n := 0
	for n < len(args) && strings.Contains(text, "$"+string(rune('1'+n))) && n < 9 {
		n++
	}
	if n == 9 { // a writing text with many columns
		n = len(args)
	}
	var steps []string
	err := each(t.Context(), s.readers, func(r *sql.Rows) error {
		var id, parent, unused int
		var detail string
		err := r.Scan(&id, &parent, &unused, &detail)
		steps = append(steps, detail)
		return err
	}, "EXPLAIN QUERY PLAN "+text, args[:n]...)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return steps
}
