package catalogue

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"yinzheng"
)

var start = time.Date(2026, 11, 2, 1, 0, 0, 0, time.UTC)

// sample is an item without a fault.
func sample(code string) Item {
	return Item{Code: code, Name: yinzheng.Text{ZH: "居住证明"}, Basis: []string{"某条例第三条"}, Subject: None, Level: yinzheng.Town, State: Kept}
}

func with(i Item, change func(*Item)) Item {
	change(&i)
	return i
}

// told is what an error says, field by field: "items[0].basis required".
func told(err error) []string {
	var e *yinzheng.Error
	if !errors.As(err, &e) {
		return nil
	}
	var out []string
	for _, f := range e.Fields {
		if f.Text.ZH == "" || f.Text.EN == "" {
			out = append(out, f.Field+" says nothing")
		}
		out = append(out, f.Field+" "+f.Code)
	}
	return out
}

func TestItemCheck(t *testing.T) {
	n := func(n int) *int { return &n }
	for name, test := range map[string]struct {
		change func(*Item)
		want   []string
	}{
		"nothing":                        {func(*Item) {}, nil},
		"no code":                        {func(i *Item) { i.Code = "" }, []string{"code code"}},
		"a code with a space":            {func(i *Item) { i.Code = "A 1" }, []string{"code code"}},
		"no name":                        {func(i *Item) { i.Name.ZH = "" }, []string{"name required"}},
		"a name of two lines":            {func(i *Item) { i.Name.ZH = "居住\n证明" }, []string{"name control"}},
		"a code without end":             {func(i *Item) { i.Code = strings.Repeat("A", 41) }, []string{"code code"}},
		"a name without end":             {func(i *Item) { i.Name.ZH = strings.Repeat("居", 101) }, []string{"name required"}},
		"an English name of two lines":   {func(i *Item) { i.Name.EN = "Residence\tof" }, []string{"name control"}},
		"a name that reads backwards":    {func(i *Item) { i.Name.ZH = "居住\u202e证明" }, []string{"name control"}},
		"too many bases":                 {func(i *Item) { i.Basis = slices.Repeat(i.Basis, 51) }, []string{"basis text"}},
		"no basis":                       {func(i *Item) { i.Basis = nil }, []string{"basis required"}},
		"an empty basis":                 {func(i *Item) { i.Basis = []string{""} }, []string{"basis text"}},
		"no organ":                       {func(i *Item) { i.Level = "" }, []string{"level required"}},
		"no such level":                  {func(i *Item) { i.Level = "borough" }, []string{"level choice"}},
		"no such subject":                {func(i *Item) { i.Subject = "weather" }, []string{"subject choice"}},
		"no such state":                  {func(i *Item) { i.State = "gone" }, []string{"state choice"}},
		"kept with a ground":             {func(i *Item) { i.Ground = "held" }, []string{"ground state"}},
		"kept with a way":                {func(i *Item) { i.Way = "data" }, []string{"way state"}},
		"cancelled, no ground":           {func(i *Item) { i.State = Cancelled }, []string{"ground choice"}},
		"cancelled, no basis":            {func(i *Item) { i.State, i.Ground, i.Basis, i.Level = Cancelled, "no-basis", nil, "" }, nil},
		"replaced, no way":               {func(i *Item) { i.State = Replaced }, []string{"way choice"}},
		"replaced, no basis":             {func(i *Item) { i.State, i.Way, i.Basis = Replaced, "data", nil }, []string{"basis required"}},
		"by an e-certificate of nothing": {func(i *Item) { i.State, i.Way = Replaced, "certificate" }, []string{"by required"}},
		"by its own e-certificate":       {func(i *Item) { i.State, i.Way, i.By = Replaced, "certificate", i.Code }, []string{"by required"}},
		"by data of an item":             {func(i *Item) { i.State, i.Way, i.By = Replaced, "data", "B" }, []string{"by state"}},
		"a limit of two years":           {func(i *Item) { i.Guide.Limit = 500 }, []string{"guide.limit_days range"}},
		"sheets below zero":              {func(i *Item) { i.Load.Sheets = n(-1) }, []string{"load.sheets range"}},
		"a limit below zero":             {func(i *Item) { i.Guide.Limit = -1 }, []string{"guide.limit_days range"}},
		"trips without end":              {func(i *Item) { i.Load.Trips = n(5000) }, []string{"load.trips range"}},
	} {
		item := sample("A1")
		test.change(&item)
		var faults []yinzheng.FieldError
		item.check(faultsOf(&faults, ""))
		if got := told(invalidFields(faults)); !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

// whole is an act with everything that its kind takes.
func whole(kind Kind) Act {
	a := Act{Kind: kind, At: start.Add(time.Hour), By: "b"}
	switch kind {
	case Draft, Redraft:
		a.Title, a.Items = "文号", []Item{sample("A1")}
	case Approve, Return, Withdraw:
		a.Opinion = "可行"
	case Open:
		a.Until = start.Add(2 * time.Hour)
	case Remark:
		a.Text = "意见"
	case Publish:
		a.At, a.From, a.Opinion = start.Add(time.Hour+1), start.Add(2*time.Hour), "已答复"
	case Send:
	}
	return a
}

// TestUnasked: an act holds nothing that nobody looks at.
func TestUnasked(t *testing.T) {
	more := map[string]func(*Act){
		"title": func(a *Act) { a.Title = "文号" }, "items": func(a *Act) { a.Items = []Item{sample("A1")} }, "restores": func(a *Act) { a.Restores = &Ref{} },
		"opinion": func(a *Act) { a.Opinion = "可" }, "subjects": func(a *Act) { a.Subjects = map[string]Conclusion{"A1": {}} },
		"until": func(a *Act) { a.Until = start }, "text": func(a *Act) { a.Text = "x" }, "from": func(a *Act) { a.From = start },
	}
	takes := map[Kind]string{Draft: "title items restores", Redraft: "title items restores", Send: "", Approve: "opinion subjects", Return: "opinion", Open: "until", Remark: "text", Publish: "opinion from", Withdraw: "opinion"}
	for kind, members := range takes {
		for name, set := range more {
			a := whole(kind)
			set(&a)
			want := name
			if slices.Contains(strings.Fields(members), name) {
				want = ""
			}
			if got := a.unasked(); got != want {
				t.Errorf("%s with %s: %q", kind, name, got)
			}
		}
	}
	c := &Change{ID: "C", Stage: Drafting}
	if err := c.check(&Act{Kind: Send, Opinion: "请审"}); !slices.Equal(told(err), []string{"opinion not-applicable"}) {
		t.Error(err)
	}
}

// TestStages walks every act at every stage: only those of the table lead on.
func TestStages(t *testing.T) {
	ways := map[Stage]string{
		"": "draft", Drafting: "redraft send withdraw", Reviewing: "approve return withdraw", Reviewed: "return open withdraw",
		Comments: "return comment publish withdraw", Published: "", Withdrawn: "",
	}
	for stage, want := range ways {
		for _, kind := range []Kind{Draft, Redraft, Send, Approve, Return, Open, Remark, Publish, Withdraw} {
			c := &Change{ID: "C", Stage: stage, Authors: []string{"a"}, Items: []Item{sample("A1")}, Until: start.Add(time.Hour)}
			a := whole(kind)
			err := c.check(&a)
			if may := slices.Contains(strings.Fields(want), string(kind)); may != (err == nil) || err != nil && !errors.Is(err, yinzheng.ErrState) {
				t.Errorf("%s at “%s”: %v", kind, stage, err)
			}
		}
	}
	if err := (&Change{Stage: Drafting}).check(&Act{Kind: "burn"}); !errors.Is(err, yinzheng.ErrInvalid) {
		t.Error(err)
	}
}

func TestActsRefused(t *testing.T) {
	at := start.Add(time.Hour)
	kin := with(sample("A1"), func(i *Item) { i.Name.ZH = "亲戚关系情况说明" })
	village := with(kin, func(i *Item) { i.Level = yinzheng.Village })
	conclude := func(subject, reason string) map[string]Conclusion {
		return map[string]Conclusion{"A1": {subject, reason}}
	}
	for name, test := range map[string]struct {
		stage Stage
		item  Item
		act   Act
		kind  error
		want  []string
	}{
		"no title":                      {"", sample("A1"), Act{Kind: Draft}, yinzheng.ErrInvalid, []string{"title text"}},
		"the author reviews":            {Reviewing, sample("A1"), Act{Kind: Approve, By: "a", Opinion: "可"}, yinzheng.ErrForbidden, nil},
		"... in another's name":         {Reviewing, sample("A1"), Act{Kind: Approve, By: "a", For: "b", Opinion: "可"}, yinzheng.ErrForbidden, nil},
		"... another in the author's":   {Reviewing, sample("A1"), Act{Kind: Approve, By: "b", For: "a", Opinion: "可"}, yinzheng.ErrForbidden, nil},
		"no opinion":                    {Reviewing, sample("A1"), Act{Kind: Approve, By: "b"}, yinzheng.ErrInvalid, []string{"opinion text"}},
		"a name like the list":          {Reviewing, kin, Act{Kind: Approve, By: "b", Opinion: "可"}, yinzheng.ErrInvalid, []string{"subjects.A1 subject"}},
		"... no reason":                 {Reviewing, kin, Act{Kind: Approve, By: "b", Opinion: "可", Subjects: conclude(None, " ")}, yinzheng.ErrInvalid, []string{"subjects.A1.reason required"}},
		"... a reason that hides":       {Reviewing, kin, Act{Kind: Approve, By: "b", Opinion: "可", Subjects: conclude(None, "理由\u202e")}, yinzheng.ErrInvalid, []string{"subjects.A1.reason required"}},
		"... no such subject":           {Reviewing, kin, Act{Kind: Approve, By: "b", Opinion: "可", Subjects: conclude("x", "理由")}, yinzheng.ErrInvalid, []string{"subjects.A1.subject choice"}},
		"... it is one, of a village":   {Reviewing, village, Act{Kind: Approve, By: "b", Opinion: "可", Subjects: conclude("kinship", "即亲属关系")}, yinzheng.ErrInvalid, []string{"subjects.A1.level listed"}},
		"... it is one, of a town":      {Reviewing, kin, Act{Kind: Approve, By: "b", Opinion: "可", Subjects: conclude("kinship", "即亲属关系")}, nil, nil},
		"... it is none, of a village":  {Reviewing, village, Act{Kind: Approve, By: "b", Opinion: "可", Subjects: conclude(None, "只说明来往")}, nil, nil},
		"a subject that nobody asked":   {Reviewing, sample("A1"), Act{Kind: Approve, By: "b", Opinion: "可", Subjects: conclude(None, "理由")}, yinzheng.ErrInvalid, []string{"subjects.A1 unasked"}},
		"returned without a word":       {Reviewing, sample("A1"), Act{Kind: Return, By: "b"}, yinzheng.ErrInvalid, []string{"opinion text"}},
		"comments until yesterday":      {Reviewed, sample("A1"), Act{Kind: Open, Until: at}, yinzheng.ErrInvalid, []string{"until past"}},
		"an empty comment":              {Comments, sample("A1"), Act{Kind: Remark, Text: " "}, yinzheng.ErrInvalid, []string{"text text"}},
		"published while open":          {Comments, sample("A1"), Act{Kind: Publish, From: at}, yinzheng.ErrState, nil},
		"an invisible one":              {Reviewed, sample("A1"), Act{Kind: Return, Opinion: "再\u200b议"}, yinzheng.ErrInvalid, []string{"opinion text"}},
		"a control character in a text": {Reviewed, sample("A1"), Act{Kind: Return, Opinion: "a\x00"}, yinzheng.ErrInvalid, []string{"opinion text"}},
	} {
		c := &Change{ID: "C", Stage: test.stage, Authors: []string{"a"}, Items: []Item{test.item}, Until: at}
		test.act.At = at
		err := c.check(&test.act)
		if !errors.Is(err, test.kind) || !slices.Equal(told(err), test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	late := &Change{Stage: Comments, Until: at}
	if err := late.check(&Act{Kind: Remark, At: at.Add(1), Text: "迟了"}); !errors.Is(err, yinzheng.ErrState) {
		t.Error(err)
	}
	if err := late.check(&Act{Kind: Publish, At: at.Add(1), From: at}); !slices.Equal(told(err), []string{"from past"}) {
		t.Error(err)
	}
	late.Comments = 1
	if err := late.check(&Act{Kind: Publish, At: at.Add(1), From: at.Add(1)}); !slices.Equal(told(err), []string{"opinion text"}) {
		t.Errorf("published without a word about the comments: %v", err)
	}
}

// TestReviewDecidesSubject: what the reviewer says is what is published, and a
// return forgets the review.
func TestReviewDecidesSubject(t *testing.T) {
	kin := with(sample("A1"), func(i *Item) { i.Name.ZH = "亲戚关系情况说明" })
	c := (&Change{ID: "C"}).after(Act{Kind: Draft, By: "a", Title: "文号", Items: []Item{kin}}).after(Act{Kind: Send, By: "a"})
	approved := c.after(Act{Kind: Approve, By: "b", Subjects: map[string]Conclusion{"A1": {"kinship", "即亲属关系"}}})
	if approved.Items[0].Subject != "kinship" || approved.Reviewer != "b" || c.Items[0].Subject != None {
		t.Errorf("%+v", approved)
	}
	if back := approved.after(Act{Kind: Return, By: "b", Opinion: "再议"}); back.Reviewer != "" || back.Stage != Drafting || back.Version != 4 {
		t.Errorf("%+v", back)
	}
	heard := approved.after(Act{Kind: Open, Until: start}).after(Act{Kind: Remark, Text: "请保留"})
	if back := heard.after(Act{Kind: Return, By: "b", Opinion: "再议"}); heard.Comments != 1 || back.Comments != 0 || !back.Until.IsZero() {
		t.Errorf("%+v", back)
	}
	if again := approved.after(Act{Kind: Redraft, By: "b", For: "c", Items: []Item{kin}}); !slices.Equal(again.Authors, []string{"a", "b", "c"}) {
		t.Errorf("%v", again.Authors)
	}
}
