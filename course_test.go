package yinzheng

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// actionKinds reads the actions that there are out of the source: one that is added
// later is missing in the table below until it is decided who is told.
func actionKinds(t *testing.T) map[ActionKind]bool {
	t.Helper()
	kinds := map[ActionKind]bool{}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if name == "allowed.go" { // names what may be done, not what was
			continue
		}
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range actionConst.FindAllSubmatch(source, -1) {
			kinds[ActionKind(m[1])] = true
		}
	}
	return kinds
}

var actionConst = regexp.MustCompile(`(?m)^[\t ]*(?:const )?\w+ +ActionKind = "([a-z-]+)"`)

// TestTold says of every action what residents are told of it, or why nothing.
func TestTold(t *testing.T) {
	tmpl := SampleTemplate()
	tmpl.Materials = append(tmpl.Materials, Material{Key: "lease", Text: both("合同"), Scan: true, Later: &Later{Days: 10, Issue: IssueFlagged}})
	day := testNow.AddDate(0, 0, 3)
	in := &Input{Division: testVillage, Applicant: Applicant{As: AsHolder}, Values: Values{"name": "张三", "id": ID{Type: ResidentID, Number: idHolder}.Value()}}
	create := Action{Kind: Create, Office: "village", Input: in}
	submit := Action{Kind: Submit, Step: "village", Due: day}
	approve := Action{Kind: Approve, Step: "town", Due: day}
	handed, returned := []Action{create, submit}, []Action{create, submit, {Kind: Return, Due: day}}
	promised := []Action{create, {Kind: Promise, Material: "lease", Due: day}, submit}
	approved := append(handed[:2:2], approve, Action{Kind: Approve, Step: "district"})
	issued := append(approved[:4:4], Action{Kind: Reserve, Code: "C"}, Action{Kind: Issue})
	suspended := append(issued[:6:6], Action{Kind: Suspend})
	proposed := append(issued[:6:6], Action{Kind: ProposeRevocation})
	both := append(suspended[:7:7], Action{Kind: ProposeRevocation})
	none := time.Time{}
	all := actionKinds(t)
	for _, tt := range []struct {
		before []Action
		x      Action
		told   string    // kind of the message; "": nothing
		day    time.Time // that it names
		why    string
	}{
		{nil, create, "", none, "until it is handed in it is the office's own affair"},
		{handed[:1], Action{Kind: Edit, Input: in}, "", none, "likewise"},
		{handed[:1], submit, "case-handed-in", none, "what the case's number is"},
		{returned, submit, "", none, "whoever mended it was there"},
		{handed, approve, "", none, "a step of many: the page tells"},
		{handed, Action{Kind: Return, Due: day}, "case-returned", day, "it waits for them"},
		{append(handed[:2:2], approve), Action{Kind: Return, ToStep: "town", Due: day}, "", none, "it waits for an office"},
		{handed, Action{Kind: Reject}, "case-rejected", none, "it has come to an end, against which they may object"},
		{handed, Action{Kind: Withdraw}, "case-ended", none, "they may not have asked for it"},
		{approved, Action{Kind: Reserve, Code: "C"}, "", none, "nothing is settled yet"},
		{append(approved[:4:4], Action{Kind: Reserve, Code: "C"}), Action{Kind: Issue}, "case-issued", none, "they can have it"},
		{append(approved[:4:4], Action{Kind: Reserve, Code: "C"}), Action{Kind: Unissue, Code: "C"}, "", none, "it is tried again by itself"},
		{promised, Action{Kind: Remind, Material: "lease"}, "case-material-due", day, "it waits for them"},
		{returned, Action{Kind: Remind}, "case-mend-due", day, "it waits for them"},
		{handed, Action{Kind: Remind, Step: "town"}, "", none, "an office is late"},
		{append(issued[:6:6], Action{Kind: Schedule, Material: "lease", Due: day}), Action{Kind: Remind, Material: "lease"}, "", none, "an office has to inspect"},
		{handed, Action{Kind: Escalate}, "", none, "between the offices"},
		{promised, Action{Kind: Overdue, Material: "lease", Due: day}, "case-material-overdue", day, "it waits for them"},
		{handed, Action{Kind: Recuse, Office: "district"}, "", none, "between the offices"},
		{handed, Action{Kind: Strand}, "", none, "between the offices"},
		{returned, Action{Kind: Lapse}, "case-ended", none, "nothing comes of it any more"},
		{handed, Action{Kind: Attach, Attachment: &Attachment{ID: 3}}, "", none, "they brought it"},
		{handed, Action{Kind: Detach, Detached: 1}, "", none, "it was done before their eyes"},
		{handed, Action{Kind: Refer, Material: "lease", Refers: "C"}, "", none, "likewise"},
		{handed[:1], Action{Kind: Promise, Material: "lease", Due: day}, "", none, "they promised it"},
		{issued, Action{Kind: Schedule, Material: "lease", Due: day}, "", none, "an inspection that is announced finds nothing"},
		{append(issued[:6:6], Action{Kind: Schedule, Material: "lease", Due: day}), Action{Kind: Inspect, Material: "lease", Reason: FoundTrue}, "", none, "what comes of it is told"},
		{approved, Action{Kind: Recall, Due: day}, "case-returned", day, "it waits for them"},
		{handed, Action{Kind: Halt, Due: day}, "case-returned", day, "it waits for them; that somebody was found dead is for the office to say"},
		{handed, Action{Kind: Move, Office: "town", Input: in}, "", none, "nothing changes for them"},
		{issued, Action{Kind: Suspend}, "certificate-suspended", none, "others see it"},
		{suspended, Action{Kind: Lift}, "certificate-restored", none, "others see it"},
		{issued, Action{Kind: ProposeRevocation}, "certificate-suspended", none, "it suspends at once"},
		{suspended, Action{Kind: ProposeRevocation}, "", none, "it was suspended before, and stays so"},
		{proposed, Action{Kind: DeclineRevocation}, "certificate-restored", none, "others see it"},
		{both, Action{Kind: DeclineRevocation}, "", none, "it stays suspended"},
		{proposed, Action{Kind: Revoke}, "certificate-revoked", none, "others see it"},
		{issued, Action{Kind: Supersede, Code: "D"}, "certificate-superseded", none, "the old one is of no use"},
		{handed[:1], Action{Kind: Reissue}, "", none, "its certificate follows at once"},
		{append(handed[:1:1], Action{Kind: Reissue}), Action{Kind: Moot}, "case-ended", none, "nothing comes of it any more"},
		{append(handed[:1:1], Action{Kind: Withdraw}), Action{Kind: Erase, Reason: RetainWithdrawn, Input: &Input{}}, "", none, "it ended long ago"},
		{nil, Action{Kind: Sample, Office: "district"}, "", none, "it is nobody's"},
	} {
		delete(all, tt.x.Kind)
		var actions []Action
		for i, x := range append(tt.before[:len(tt.before):len(tt.before)], tt.x) {
			x.Seq, x.At = i+1, testNow
			actions = append(actions, x)
		}
		c := &Case{Fold("A", tmpl, actions), tmpl, SampleDirectory(), NewCalendar(nil)}
		news := c.news(&c.Actions[len(c.Actions)-1])
		got, named := "", none
		if news != nil {
			got, named = news.Kind, news.Day
		}
		if got != tt.told || tt.told != "case-handed-in" && !named.Equal(tt.day) {
			t.Errorf("%s (%s): told %q of %v, want %q of %v", tt.x.Kind, tt.why, got, named, tt.told, tt.day)
		}
		if l, known := letters[got]; got != "" && (!known || !tt.day.IsZero() && l.By.ZH == "") {
			t.Errorf("%s: no text", got)
		}
	}
	for kind := range all {
		t.Errorf("is anybody told of %q?", kind)
	}
}

// TestLetters: every message says what it has to in both languages, without anything
// personal or a place to put it, and short.
func TestLetters(t *testing.T) {
	longest := Text{"最低生活保障待遇资格证明", "Residence for school"}
	to := &ResidentContact{Resident: "case:A", Contact: Contact{SMS, "13800000000"}, Secret: "0123456789ABCDEF"}
	for _, l := range Letters() {
		for _, language := range []string{"zh", "en"} {
			to.Language = language
			n := &News{Kind: l.Kind, ItemName: longest, About: "ABCDEFGHJK", Day: testNow}
			to.Contact = Contact{SMS, "13800000000"}
			text := n.message(to, "https://zm.huizhou.gov.cn")
			to.Contact = Contact{Mail, "zhang@example.com"}
			mail := n.message(to, "https://zm.huizhou.gov.cn")
			for _, s := range []string{text.Body, mail.Body, mail.Subject} {
				if s == "" || strings.ContainsAny(s, "{}") {
					t.Errorf("%s %s: %q", l.Kind, language, s)
				}
			}
			says, _, _ := strings.Cut(text.Body, map[string]string{"zh": "查看、退订", "en": " See it,"}[language])
			if n := Segments(says); n != 1 {
				t.Errorf("%s %s: %d segments before the link: %s", l.Kind, language, n, says)
			}
			if n := Segments(text.Body); n > 2 {
				t.Errorf("%s %s: %d segments: %s", l.Kind, language, n, text.Body)
			}
			if stops := l.Kind != KindContactGone; strings.Contains(text.Body, text.Stop) != stops && stops || strings.Contains(mail.Body, StopPath) != stops || (mail.Stop != "") != stops {
				t.Errorf("%s %s: how to stop: %q", l.Kind, language, mail.Body)
			}
			if text.ID != mail.ID || utf8.RuneCountInString(mail.Subject) > 80 {
				t.Errorf("%s %s: ID %s and %s, subject %s", l.Kind, language, text.ID, mail.ID, mail.Subject)
			}
		}
	}
}

func TestSegments(t *testing.T) {
	for text, want := range map[string]int{
		"": 1, strings.Repeat("中", 70): 1, strings.Repeat("中", 71): 2, strings.Repeat("中", 134): 2, strings.Repeat("中", 135): 3, strings.Repeat("𠮷", 35): 1, strings.Repeat("𠮷", 36): 2,
		strings.Repeat("a", 160): 1, strings.Repeat("a", 161): 2, strings.Repeat("a", 306): 2, strings.Repeat("a", 307): 3, strings.Repeat("€", 80): 1, strings.Repeat("€", 81): 2,
		strings.Repeat("a", 70) + "`": 2, strings.Repeat("a", 69) + "“": 1,
	} {
		if got := Segments(text); got != want {
			t.Errorf("%d characters of %.3q: %d, want %d", utf8.RuneCountInString(text), text, got, want)
		}
	}
}

// TestEveryCaseIsPut: nothing writes a case without telling its residents.
func TestEveryCaseIsPut(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(source), "s.Store.SaveApplication(") && name != "course.go" && !strings.HasSuffix(name, "_test.go") {
			t.Errorf("%s writes a case past Service.put", name)
		}
	}
}
