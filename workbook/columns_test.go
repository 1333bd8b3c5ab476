package workbook

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"yinzheng"
	"yinzheng/templates"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// builtin is one of the items that come with the program.
func builtin(t testing.TB, code string) *yinzheng.Template {
	t.Helper()
	all, err := templates.Builtin()
	must(t, err)
	for _, x := range all {
		if x.Code == code {
			return x
		}
	}
	t.Fatalf("no item %s", code)
	return nil
}

// TestRead: cells become what a form would send, under headings in either
// language, and entries of a list are those whose group has something in it.
func TestRead(t *testing.T) {
	s := sheetOf(builtin(t, "family-relation"))
	for name, c := range map[string]struct{ file, want string }{
		"chinese": {
			"申请人姓名*,申请人证件号码*,用途*,使用单位,亲属1 姓名,亲属1 与申请人的关系,亲属3 姓名,亲属3 证件号码,亲属3 证件号码（类型）,亲属3 已故,区划代码,未办成的原因\n" +
				"李雷,441302199003070120,继承,公证处,李大,父亲,Smith,E1234567,护照,是,441302001001,缺\n",
			`{"item":"family-relation","values":{"applicant_id":{"number":"441302199003070120","type":"111"},"applicant_name":"李雷","purpose":"继承","recipient":"公证处",` +
				`"relatives":[{"name":"李大","relation":"father"},{"deceased":true,"id":{"number":"E1234567","type":"passport"},"name":"Smith"}]},"division":"441302001001"}`,
		},
		"english": {
			"Applicant's name,Applicant's ID number,Applicant's ID number (type),Purpose,To be presented to,Relatives 12 Relation to the applicant,Relatives 12 Deceased\n" +
				"Li,lost in a fire,No document,x,y,elder brother,maybe\n",
			`{"item":"family-relation","values":{"applicant_id":{"reason":"lost in a fire","type":"none"},"applicant_name":"Li","purpose":"x","recipient":"y","relatives":[{"deceased":"maybe","relation":"elder_brother"}]}}`,
		},
		"keys": {"applicant_name,applicant_id,purpose,recipient,relatives[0].name\n李雷,1,2,3,4\n", `{"item":"family-relation","values":{"applicant_id":{"number":"1","type":"111"},"applicant_name":"李雷","purpose":"2","recipient":"3","relatives":[{"name":"4"}]}}`},
	} {
		c2, err := s.read([]byte(c.file), "")
		must(t, err)
		got, err := json.Marshal(c2.rows[0].in)
		must(t, err)
		if d := cmp.Diff(c.want, string(got)); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
		if len(c2.report.Ignored) > 0 {
			t.Errorf("%s: ignored %q", name, c2.report.Ignored)
		}
	}
}

// TestBadFiles: what the tables of this house refuse is refused here, too.
func TestBadFiles(t *testing.T) {
	s := sheetOf(builtin(t, "residence"))
	head := "证件号码,现居住地址,居住起始日期,用途,使用单位\n"
	for name, c := range map[string]struct{ file, want string }{
		"empty":      {head, "The list is empty"},
		"no rows":    {head + ",,,,\n", "The list is empty"},
		"no columns": {"姓名,用途\n李雷,入学\n", "Columns are missing: id/证件号码/ID number"},
		"twice":      {"姓名," + head + "李雷,1,2,3,4,5\n", ""},
		"two of one": {"证件号码,id number,现居住地址,居住起始日期,用途,使用单位\n1,2,3,4,5,6\n", "The column id is there twice"},
		"formula":    {head + "1,#REF!,2020-01-01,x,y\n", "The formula's result is the error #REF!"},
		"digits":     {head + "4.41302E+17,x,2020-01-01,x,y\n", "Excel has turned a long number into 4.41302E+17"},
		"too many":   {head + strings.Repeat("1,2,3,4,5\n", MaxRows+1), "There are more than 10000 rows"},
		"picture":    {"\x89PNG\r\n\x1a\n\x00", "This is no table"},
	} {
		_, err := s.read([]byte(c.file), "")
		if c.want == "" {
			must(t, err)
		} else if !errors.Is(err, yinzheng.ErrInvalid) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestPlaces: a fault of a draft is a fault of the cell that it came from, in words
// that fit one.
func TestPlaces(t *testing.T) {
	s := sheetOf(builtin(t, "family-relation"))
	g := groups{"relatives": {1, 4}}
	for field, want := range map[string]string{
		"values.applicant_id": "applicant_id", "values.applicant_id.type": "applicant_id.type", "values.applicant_id.reason": "applicant_id",
		"values.relatives": "relatives[0].name", "values.relatives[0].name": "relatives[1].name", "values.relatives[1].id.type": "relatives[4].id.type",
		"values.relatives[1].id.reason": "relatives[4].id", "division": "division code", "values.division": "", "item": "", "values.": "", "": "", "values.relatives[x": "",
	} {
		got := ""
		if c := s.column(field, g); c != nil {
			got = c.key
		}
		if got != want {
			t.Errorf("%q stands in %q, want %q", field, got, want)
		}
	}
	choice := s.column("values.relatives[0].relation", g).said(yinzheng.FieldError{Code: "choice", Text: text("spouse", "spouse")})
	if !strings.Contains(choice.ZH, "配偶、父亲") || !strings.Contains(choice.EN, "Spouse, Father") {
		t.Errorf("choices: %v", choice)
	}
	if yes := s.column("values.relatives[0].deceased", g).said(yinzheng.FieldError{Code: "type"}); yes.ZH != "请填“是”或“否”" {
		t.Errorf("a yes: %v", yes)
	}
	var none *column
	if got := none.said(yinzheng.FieldError{Text: text("缺", "missing")}); got.EN != "missing" {
		t.Errorf("of no column: %v", got)
	}
}

// TestToldApart: two columns never share a heading.
func TestToldApart(t *testing.T) {
	both := func(s string) yinzheng.Text { return yinzheng.Text{ZH: s, EN: s} }
	s := sheetOf(&yinzheng.Template{Fields: []yinzheng.Field{
		{Key: "a", Type: yinzheng.TextField, Label: both("姓名")}, {Key: "b", Type: yinzheng.TextField, Label: both("姓名")}, {Key: "c", Type: yinzheng.TextField, Label: both("区划代码")},
	}})
	if got := fmt.Sprint(s.columns[0].heading.ZH, " ", s.columns[1].heading.ZH, " ", s.columns[2].heading.ZH, " ", s.columns[3].heading.ZH); got != "姓名（a） 姓名（b） 区划代码（c） 区划代码（division code）" {
		t.Error(got)
	}
}

// TestWritten: whatever stands in the cells of rows that failed is read again out
// of the workbook that is written of them, in either language; no cell becomes a
// formula or loses a digit.
func TestWritten(t *testing.T) {
	for _, code := range []string{"residence", "family-relation", "birth-registration", "school-entry"} {
		s := sheetOf(builtin(t, code))
		rapid.Check(t, func(t *rapid.T) {
			rows := make([]cells, rapid.IntRange(1, 4).Draw(t, "rows"))
			for i := range rows {
				rows[i] = cells{}
				for _, c := range s.columns {
					if rapid.IntRange(0, 3).Draw(t, "filled") == 0 {
						rows[i][c.key] = rapid.SampledFrom([]string{"441302199003070120", "=1+1", "+86", "@x", "2026-11-02", "𠮷", "a b", "<b>&amp;", "无"}).Draw(t, "cell")
					}
				}
				rows[i][s.columns[0].key] = "李雷"
			}
			lang := rapid.SampledFrom([]string{"zh", "en"}).Draw(t, "lang")
			want := make([]cells, len(rows))
			for i := range rows {
				want[i] = cells{}
				for k, v := range rows[i] {
					want[i][k] = v
				}
				rows[i][reasonKey] = "没有办成：缺"
			}
			data, err := s.write(s.used(rows), lang, rows, true)
			if err != nil {
				t.Fatal(err)
			}
			c, err := s.read(data, "")
			if err != nil {
				t.Fatal(err)
			}
			var got []cells
			for _, r := range c.rows {
				got = append(got, r.cells)
			}
			if d := cmp.Diff(want, got); d != "" || len(c.report.Ignored) > 0 {
				t.Fatalf("%s, ignored %q (-want +got):\n%s", lang, c.report.Ignored, d)
			}
		})
	}
}

// FuzzRead: no file makes reading fail otherwise than by saying what is wrong, and
// every fault of what was read has a cell.
func FuzzRead(f *testing.F) {
	f.Add("申请人姓名,申请人证件号码,用途,使用单位,亲属1 姓名,亲属2 已故\n李雷,441302199003070120,x,y,z,是\n")
	f.Add("applicant_name,applicant_id,purpose,recipient\n\"a\nb\",,1,\n,,,\n")
	f.Add("PK\x03\x04")
	t, err := templates.Builtin()
	if err != nil {
		f.Fatal(err)
	}
	s := sheetOf(t[0])
	for _, x := range t {
		if x.Code == "family-relation" {
			s = sheetOf(x)
		}
	}
	f.Fuzz(func(t *testing.T, file string) {
		c, err := s.read([]byte(file), "")
		if err != nil {
			if !errors.Is(err, yinzheng.ErrInvalid) {
				t.Fatal(err)
			}
			return
		}
		for _, r := range c.rows {
			checked, err := s.template.CheckValues(r.in.Values, testNow)
			var broken *yinzheng.Error
			switch {
			case errors.As(err, &broken):
				c.blame(r, broken.Fields)
			case err != nil:
				t.Fatal(err)
			default:
				c.blame(r, checked.Problems)
			}
		}
		for _, e := range c.faults {
			if e.Field == "" || e.Text.ZH == "" {
				t.Fatalf("%+v", e)
			}
		}
	})
}
