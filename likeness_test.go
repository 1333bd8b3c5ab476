package yinzheng

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestFoldName(t *testing.T) {
	for _, group := range [][]string{
		{"陈国强", "陳國強", "陳国强", "陈國強 ", "陈 国 强", "陈国强\U000e0100"},
		{"李启群", "李啟羣", "李啓羣"},
		{"高峰", "高峯", "髙峰"},
		{"阿依古丽·买买提", "阿依古丽•买买提", "阿依古丽买买提"},
		{"李清", "李淸", "李清"}, // old printed form, compatibility ideograph
		{"Anna Müller", "ANNA MÜLLER", "Ａｎｎａ Müller"},
	} {
		for _, name := range group {
			if got := FoldName(name); got != FoldName(group[0]) || got == "" {
				t.Errorf("%s folds to %s, %s to %s", name, got, group[0], FoldName(group[0]))
			}
		}
	}
	for _, pair := range [][2]string{{"陈国强", "陈国群"}, {"张喆", "张哲"}, {"李昇", "李升"}, {"王堃", "王坤"}, {"甯静", "宁静"}, {"张三", "张三三"}} {
		if FoldName(pair[0]) == FoldName(pair[1]) {
			t.Errorf("%s and %s are names of their own", pair[0], pair[1])
		}
	}
	if FoldName(" · ") != "" {
		t.Error("nothing but separators is a name")
	}
}

// TestVariants: the table is what its head says, and one step leads to the end.
func TestVariants(t *testing.T) {
	m := variants()
	if len(m) < 4000 {
		t.Errorf("%d pairs", len(m))
	}
	pairs := 0
	for line := range strings.Lines(variantPairs) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		for _, pair := range strings.Fields(line) {
			if utf8.RuneCountInString(pair) != 2 {
				t.Errorf("%s is no pair", pair)
			}
			pairs++
		}
	}
	if pairs != len(m) {
		t.Errorf("%d pairs, %d characters: one is there twice", pairs, len(m))
	}
	for from, to := range m {
		if m[to] != 0 || from == to {
			t.Errorf("%c leads to %c, which leads on", from, to)
		}
		if FoldName(string(from)) != FoldName(string(to)) {
			t.Errorf("%c and %c fold differently", from, to)
		}
	}
}

func FuzzFoldName(f *testing.F) {
	for _, s := range []string{"陳國強", "Ａ·b", "\ufffd", "ﷺ", "𠮷"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := FoldName(s)
		if twice := FoldName(once); twice != once {
			t.Errorf("%q folds to %q, then to %q", s, once, twice)
		}
	})
}

func TestDocumentMark(t *testing.T) {
	for _, tt := range []struct {
		id   ID
		want string
	}{
		{ID{}, ""},
		{ID{Type: NoID, Reason: "新生儿"}, ""},
		{ID{Type: ResidentID, Number: "11010519491231002X"}, "111:11010519491231002X"},
		{ID{Type: ResidentID, Number: "11010519491231002x"}, "111:11010519491231002X"},
		{ID{Type: OldID, Number: "110105491231002"}, "111:11010519491231002X"}, // the example of GB 11643
		{ID{Type: OldID, Number: "11010549123100"}, "resident-15:11010549123100"},
		{ID{Type: OldID, Number: "1101054912310O2"}, "resident-15:1101054912310O2"},
		{ID{Type: Passport, Number: "e1234"}, "passport:E1234"},
	} {
		if got := documentMark(tt.id); got != tt.want {
			t.Errorf("%v: %q, want %q", tt.id, got, tt.want)
		}
	}
}

func TestMarksOf(t *testing.T) {
	tpl := SampleTemplate()
	tpl.Same = []string{"id", "since"}
	a := &Application{Division: testVillage, Values: Values{
		"name": "張三丰", "id": map[string]any{"type": ResidentID, "number": idHolder}, "since": "2020-05-01T08:15",
	}}
	want := Marks{Document: "kin|111:" + idHolder, Facts: "kin|111:" + idHolder + "|2020-05-01T08:15", Name: "kin|" + testVillage + "|张三丰", Holder: "张三丰", Number: idHolder}
	if d := cmp.Diff(want, marksOf(tpl, a)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	delete(a.Values, "since") // what is not filled in is like nothing
	a.Values["id"] = map[string]any{"type": NoID, "reason": "遗失"}
	if d := cmp.Diff(Marks{Name: want.Name, Holder: want.Holder}, marksOf(tpl, a)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	a.State, a.Actions = Withdrawn, []Action{{Kind: Create}, {Kind: Withdraw}}
	if marksOf(tpl, a).Submitted {
		t.Error("what was never submitted exists for others")
	}
	if a.Actions = append(a.Actions, Action{Kind: Submit}); !marksOf(tpl, a).Submitted {
		t.Error("what was submitted once does not exist for others")
	}
	if d := cmp.Diff(Marks{}, marksOf(SampleTemplate(), &Application{})); d != "" {
		t.Errorf("an empty draft (-want +got):\n%s", d)
	}
}

func TestLikeness(t *testing.T) {
	tpl := SampleTemplate()
	tpl.Same = []string{"since"}
	c := func(name string, id ID) *Case {
		return &Case{Application: &Application{ID: name, Holder: name, Values: Values{"name": name, "id": id.Value()}}, Template: tpl}
	}
	resident, other := ID{Type: ResidentID, Number: idHolder}, ID{Type: ResidentID, Number: idMan}
	passport := ID{Type: Passport, Number: "E1"}
	for _, tt := range []struct {
		name        string
		mine, their *Case
		mark        Mark
		code        string
		strength    string
	}{
		{"one document", c("张三", resident), c("李四", resident), SameDocument, "same-document", strongLikeness},
		{"one child", c("陈峰", ID{}), c("陳峯", ID{}), SameFacts, "same-facts", strongLikeness},
		{"twins", c("陈峰", ID{}), c("陈群", ID{}), SameFacts, "same-facts-other-name", possibleLikeness},
		{"one name, no document", c("张三", ID{}), c("张三", resident), SameName, "same-name", weakLikeness},
		{"one name, documents of two kinds", c("张三", passport), c("张三", resident), SameName, "same-name", weakLikeness},
		{"variant characters", c("陈峰", ID{}), c("陳峯", ID{}), SameName, "variant-name", weakLikeness},
		{"two people of one name", c("张三", other), c("张三", resident), SameName, "", ""},
		{"one person under a name", c("张三", resident), c("張三", resident), SameName, "variant-name", weakLikeness},
	} {
		cause, strength := likeness(tt.mine, tt.their, tt.mark)
		if cause.Code != tt.code || strength != tt.strength || (cause.Text.ZH == "" || cause.Text.EN == "") != (tt.code == "") {
			t.Errorf("%s: %v, %s", tt.name, cause, strength)
		}
	}
}

// TestDuplicateList: one line for each case that may be seen, one for all
// others, the likeliest first.
func TestDuplicateList(t *testing.T) {
	tpl := SampleTemplate()
	c := func(id, name string) *Case {
		return &Case{Application: &Application{ID: id, State: Submitted, Holder: name}, Template: tpl}
	}
	l := duplicateList{mine: c("mine", "陈峰")}
	a, b, x, y := c("A", "陳峯"), c("B", "陈峰"), c("X", "陈峰"), c("Y", "陳峯")
	b.State, b.Code = Issued, "CODE"
	l.add(a, SameName, true)
	l.add(x, SameFacts, false)
	l.add(x, SameName, false)
	l.add(y, SameName, false)
	l.add(b, SameDocument, true)
	l.add(b, SameName, true)
	type line struct {
		id, certificate, strength, why string
		elsewhere                      int
	}
	var got []line
	for _, d := range l.sorted() {
		var why []string
		for _, w := range d.Why {
			why = append(why, w.Code)
		}
		got = append(got, line{d.Application, d.Certificate, d.Strength, strings.Join(why, " "), d.AnotherOffice})
	}
	want := []line{
		{"", "", strongLikeness, "same-facts same-name variant-name", 2},
		{"B", "CODE", strongLikeness, "same-document same-name", 0},
		{"A", "", weakLikeness, "variant-name", 0},
	}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(line{})); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestCheckPurpose(t *testing.T) {
	tpl := SampleTemplate()
	c := &Case{Template: tpl, Application: &Application{Holder: "张三丰", Applicant: testAgent, Values: Values{
		"name": "张三丰", "id": map[string]any{"type": ResidentID, "number": idHolder},
		"kin": []any{map[string]any{"name": "张小宝"}},
	}}}
	for purpose, code := range map[string]string{
		"": "required", " 核 ": "required", strings.Repeat("核", 101): "too-long", "核\x00对": "control-character",
		"核对张三丰": "personal-data", "为李四办理": "personal-data", "张小宝入学": "personal-data", "查 " + idHolder: "personal-data",
		"电话 138 0013 8000": "personal-data", "身份证４４１３０２１９９": "personal-data",
		"教育局来函核对": "", "2026-11-22 来函": "", "补打 2 份": "",
	} {
		got, err := checkPurpose(purpose, c.names)
		var e *Error
		switch {
		case code == "" && (err != nil || got != purpose):
			t.Errorf("%q: %q, %v", purpose, got, err)
		case code != "" && (!errors.As(err, &e) || e.Fields[0].Field != "purpose" || code != "control-character" && e.Fields[0].Code != code):
			t.Errorf("%q: %v, want %s", purpose, err, code)
		}
	}
}

// TestFollow: the chain's rule, so that another program can check it.
func TestFollow(t *testing.T) {
	e := LogEntry{Seq: 1, At: time.UnixMicro(1793607300123456).UTC(), Kind: LogAction, Subject: "A\"1", Part: 2, Digest: LogHash{1, 2}}
	first := e.Follow(LogHash{})
	const want = "99e69bcda56f240007d1f8a2a3f742734b48831ae037c4a19db82fd7c7633676"
	if first.String() != want {
		t.Errorf("%s, want %s", first, want)
	}
	if e.Follow(first) == first {
		t.Error("what came before does not matter")
	}
	for name, change := range map[string]func(*LogEntry){
		"seq": func(e *LogEntry) { e.Seq++ }, "at": func(e *LogEntry) { e.At = time.Time{} }, "kind": func(e *LogEntry) { e.Kind = LogEvent },
		"subject": func(e *LogEntry) { e.Subject = "A" }, "part": func(e *LogEntry) { e.Part++ }, "digest": func(e *LogEntry) { e.Digest[31]++ },
	} {
		x := e
		change(&x)
		if x.Follow(LogHash{}) == first {
			t.Errorf("%s does not matter", name)
		}
	}
}
