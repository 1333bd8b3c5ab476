package register_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"

	"yinzheng"
	"yinzheng/register"
)

var now = time.Date(2026, 11, 22, 9, 30, 0, 0, yinzheng.Zone)

// tree is a district with a town of two villages, and a village of another town.
func tree() *yinzheng.Directory {
	division := func(code, parent string, l yinzheng.Level) yinzheng.Division {
		return yinzheng.Division{Code: code, Name: code, Parent: parent, Level: l}
	}
	return yinzheng.NewDirectory([]yinzheng.Division{
		division(district, "", yinzheng.District), division(town, district, yinzheng.Town), division("120000000000", district, yinzheng.Town),
		division(east, town, yinzheng.Village), division(west, town, yinzheng.Village), division(south, "120000000000", yinzheng.Village),
	}, nil, nil)
}

const (
	district = "100000000000"
	town     = "110000000000"
	east     = "110100000000"
	west     = "110200000000"
	south    = "120100000000"
)

// Numbers that pass GB 11643: a woman of 1990, a man of 1988, children, two
// others with the woman's birth date.
const (
	woman  = "441302199003070120"
	man    = "441302198808150318"
	child  = "441302201806010551"
	woman2 = "441302199003070147"
	elder  = "441302194005050024"
)

// office keeps what its imports bring, one after another: a register.Kept.
type office struct {
	t       testing.TB
	persons map[string]*yinzheng.Person
	imports map[string]*yinzheng.PersonImport
}

func newOffice(t testing.TB) *office {
	return &office{t, map[string]*yinzheng.Person{}, map[string]*yinzheng.PersonImport{}}
}

func (o *office) PersonsBy(_ context.Context, keys []yinzheng.PersonKey) ([]*yinzheng.Person, error) {
	var found []*yinzheng.Person
	for _, p := range o.persons {
		if slices.ContainsFunc(p.Keys(), func(k yinzheng.PersonKey) bool { return slices.Contains(keys, k) }) {
			found = append(found, &yinzheng.Person{ID: p.ID, Version: p.Version, Facts: slices.Clone(p.Facts)})
		}
	}
	return found, nil
}

func (o *office) PersonImport(_ context.Context, id string) (*yinzheng.PersonImport, error) {
	if m := o.imports[id]; m != nil {
		return m, nil
	}
	return nil, yinzheng.ErrNotFound
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// plan works an import out.
func (o *office) plan(division, asOf, csv string) *yinzheng.PlannedImport {
	o.t.Helper()
	m := &yinzheng.PersonImport{ID: fmt.Sprintf("m%d", len(o.imports)), At: now, Division: division, Register: "登记", AsOf: asOf}
	p, err := register.Plan(o.t.Context(), o, tree(), m, []byte(csv))
	must(o.t, err)
	return p
}

// keep keeps an import that has no fault.
func (o *office) keep(division, asOf, csv string) *yinzheng.PlannedImport {
	o.t.Helper()
	p := o.plan(division, asOf, csv)
	if p.Refused > 0 {
		o.t.Fatalf("refused: %v", p.Refusal)
	}
	o.imports[p.ID] = p.PersonImport
	for i, x := range p.Persons {
		if x.ID == "" {
			x.ID = fmt.Sprintf("%s-%d", p.ID, i)
		}
		kept := *x
		kept.Version++
		o.persons[x.ID] = &kept
	}
	return p
}

func resident(number string) yinzheng.ID {
	return yinzheng.ID{Type: yinzheng.ResidentID, Number: number}
}

// counts are those of a plan, new/changed/same/refused.
func counts(p *yinzheng.PlannedImport) string {
	return fmt.Sprintf("%d/%d/%d/%d", p.New, p.Changed, p.Same, p.Refused)
}

// TestRefused: each fault by its cell, against the file and what is on record.
func TestRefused(t *testing.T) {
	o := newOffice(t)
	o.keep(district, "2026-01-10", "id,name,former_name,division,household\n"+woman+",王丽,王晓丽,"+east+",7\n"+man+",陈志强,,"+south+",1\n"+elder+",周秀珍,,"+east+",9\n")
	for _, tt := range []struct {
		name, head, rows string
		want             []string // cell and code
	}{
		{"no document", "id,name", ",王丽", []string{"line 2, column id required"}},
		{"no name", "id,name", child + ",", []string{"line 2, column name required"}},
		{"check digit", "id,name", child[:17] + "2,陈小宝", []string{"line 2, column id id-check-digit"}},
		{"a document of no kind", "id,id_type,name", "E1234567,library card,陈小宝", []string{"line 2, column id choice"}},
		{"somebody without a document", "id,id_type,name", "1234,无证件,陈小宝", []string{"line 2, column id_type no-document"}},
		{"another sex than the number", "id,name,sex", child + ",陈小宝,女", []string{"line 2, column id id-sex"}},
		{"another birth than the number", "id,name,born", child + ",陈小宝,2018/6/2", []string{"line 2, column id id-born"}},
		{"no day", "id,name,died", child + ",陈小宝,soon", []string{"line 2, column died date"}},
		{"a death to come", "id,name,died", child + ",陈小宝,2027-01-01", []string{"line 2, column died future"}},
		{"death before birth", "id,name,died", child + ",陈小宝,2017-01-01", []string{"line 2, column died death-before-birth"}},
		{"a mother younger than the child", "id,name,mother_id", woman + ",王丽," + "441302201806010543", []string{"line 2, column mother_id id-born"}},
		{"a father who is a woman", "id,name,father_id", child + ",陈小宝," + woman, []string{"line 2, column father_id id-sex"}},
		{"a mother who is a man", "id,name,mother_id", child + ",陈小宝," + man, []string{"line 2, column mother_id id-sex"}},
		{"a father younger than the child", "id,name,father_id", woman + ",王丽," + child, []string{"line 2, column father_id id-born"}},
		{"replaced by itself", "id,name,former_id", child + ",陈小宝," + child, []string{"line 2, column former_id id-twice", "line 2, column former_id twice"}},
		{"a day before the first", "id,name,died", child + ",陈小宝,59", []string{"line 2, column died date"}},
		{"a year of two digits", "id,name,died", child + ",陈小宝,20/1/2", []string{"line 2, column died date"}},
		{"their own mother", "id,name,mother_id", woman + ",王丽," + woman, []string{"line 2, column mother_id id-born"}},
		{"their own spouse", "id,name,spouse_id", woman + ",王丽," + woman, []string{"line 2, column spouse_id id-twice"}},
		{"a spouse and none", "id,name,spouse_name,spouse_id", child + ",陈小宝,无," + woman2, []string{"line 2, column spouse_id not-applicable"}},
		{"no such division", "id,name,division", child + ",陈小宝,119900000000", []string{"line 2, column division unknown"}},
		{"a division elsewhere", "id,name,division", child + ",陈小宝," + south, []string{"line 2, column division jurisdiction"}},
		{"somebody elsewhere", "id,name,division", man + ",陈志强," + east, []string{"line 2, column id elsewhere"}},
		{"twice", "id,name", child + ",陈小宝\n" + child + ",陈小宝", []string{"line 3, column id twice"}},
		{"one number for two", "id,name", child + ",陈小宝\n" + child + ",陈大宝", []string{"line 3, column id one-id-for-two"}},
		{"one number for two, on record", "id,name", woman + ",赵敏", []string{"line 2, column name other-name"}},
		{"two numbers for one", "id,name,household", child + ",陈小宝,3\n" + woman2 + ",王芳,3\n441302199003070163,王芳,3", []string{"line 4, column id two-ids"}},
		{"two numbers for one, on record", "id,name,division,household", woman2 + ",王丽," + east + ",7", []string{"line 2, column id two-ids"}},
		{"two persons in one", "id,name,former_id,division", woman + ",王丽," + elder + "," + east, []string{"line 2, column former_id two-persons"}},
		{"an invisible character", "id,name", child + ",陈\u200b小宝", []string{"line 2, column name invisible-character"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := o.plan(town, "2026-02-10", tt.head+"\n"+tt.rows+"\n")
			var got []string
			for _, f := range p.Refusal {
				got = append(got, f.Field+" "+f.Code)
				if f.Text.ZH == "" || f.Text.EN == "" {
					t.Errorf("%s says nothing in one of the languages", f.Code)
				}
				for _, name := range []string{"王丽", "王晓丽", "陈志强", woman, man} {
					if strings.Contains(f.Text.ZH+f.Text.EN, name) {
						t.Errorf("%s tells %s", f.Code, name)
					}
				}
			}
			if d := cmp.Diff(tt.want, got); d != "" || p.Refused != 1 {
				t.Errorf("%d refused (-want +got):\n%s", p.Refused, d)
			}
		})
	}
}

// TestPersonInTime: what changes, what is only said again, what is older.
func TestPersonInTime(t *testing.T) {
	o := newOffice(t)
	const head = "id,name,former_name,former_id,address,mother_name,mother_id,spouse_name,died,division\n"
	row := func(cells ...string) string { return head + strings.Join(cells, ",") + "," + east + "\n" }
	for _, step := range []struct {
		name, asOf, csv, counts string
		changes                 string
	}{
		{"new", "2026-01-10", row(woman, "王晓丽", "", "", "滨江路 8 号", "李桂香", "", "陈志强", ""), "1/0/0/0", ""},
		{"the same", "2026-01-10", row(woman, "王晓丽", "", "", "滨江路 8 号", "李桂香", "", "陈志强", ""), "0/0/1/0", ""},
		{"a later register says so again", "2026-03-10", row(woman, "王晓丽", "", "", "滨江路 8 号", "", "", "", ""), "0/0/1/0", ""},
		{"an older one says otherwise", "2026-02-10", row(woman, "王晓丽", "", "", "东湖路 3 号", "", "", "", ""), "0/0/1/0", "address:滨江路 8 号>东湖路 3 号(older)"},
		{"it knows more of the mother", "2026-04-10", row(woman, "王晓丽", "", "", "", "李桂香", elder, "", ""), "0/1/0/0", "mother_name:李桂香>李桂香 " + elder},
		{"a new name", "2026-05-10", row(woman, "王丽", "王晓丽", "", "", "", "", "", ""), "0/1/0/0", "name:王晓丽>王丽"},
		{"divorced", "2026-06-10", row(woman, "王丽", "", "", "", "", "", "无", ""), "0/1/0/0", "spouse_name:陈志强>"},
		{"a new number", "2026-07-10", row(woman2, "王丽", "", woman, "", "", "", "", ""), "0/1/0/0", "id:" + woman + ">" + woman2},
		{"dead", "2026-08-10", row(woman2, "王丽", "", "", "", "", "", "", "2026.8.1"), "0/1/0/0", "died:>2026-08-01"},
		{"another day of death", "2026-09-10", row(woman2, "王丽", "", "", "", "", "", "", "2026年8月2日"), "0/1/0/0", "died:2026-08-01>2026-08-02"},
	} {
		p := o.keep(town, step.asOf, step.csv)
		var changes []string
		for _, c := range p.Changes {
			text := c.Field + ":" + c.Was + ">" + c.Is
			if c.Older {
				text += "(older)"
			}
			changes = append(changes, text)
		}
		if got := strings.Join(changes, " "); counts(p) != step.counts || got != step.changes {
			t.Errorf("%s: %s %s, want %s %s", step.name, counts(p), got, step.counts, step.changes)
		}
		if died := step.name == "dead"; died != (len(p.Died) == 1) {
			t.Errorf("%s: %d deaths", step.name, len(p.Died))
		}
	}
	r := &register.Register{Kept: o}
	for _, number := range []string{woman, woman2} {
		rec, err := r.OnRecord(t.Context(), resident(number))
		must(t, err)
		if rec.Division != east || rec.Facts["name"].Value != "王丽" || rec.Facts["address"].AsOf != "2026-03-10" || !slices.Equal(rec.FormerNames, []string{"王晓丽"}) ||
			rec.Facts["spouse.name"].Value != nil || rec.Died == nil || rec.Died.Value != "2026-08-02" || len(rec.Documents) != 2 {
			t.Errorf("by %s: %+v", number, rec)
		}
	}
	p := o.plan(town, "2026-10-10", "id,name\n"+woman+",王丽\n")
	if p.Refused != 1 || p.Refusal[0].Code != "replaced-id" {
		t.Errorf("a number that was replaced: %v", p.Refusal)
	}
	_, err := r.OnRecord(t.Context(), resident(man))
	if !errors.Is(err, yinzheng.ErrNotFound) {
		t.Errorf("nobody: %v", err)
	}
}

// TestHome: since when somebody lives where they do, as long as that was said of
// where they live now.
func TestHome(t *testing.T) {
	o := newOffice(t)
	r := &register.Register{Kept: o}
	for _, step := range []struct{ name, asOf, address, since, home, from string }{
		{"a beginning without a home", "2026-01-01", "", "2018-01-01", "", ""},
		{"at home", "2026-01-10", "滨江路 8 号", "2019-05-01", "滨江路 8 号", "2019-05-01"},
		{"said again without a beginning", "2026-02-10", "滨江路 8 号", "", "滨江路 8 号", "2019-05-01"},
		{"moved", "2026-03-10", "东湖路 3 号", "", "东湖路 3 号", ""},
		{"the same beginning, of the new home", "2026-04-10", "", "2019-05-01", "东湖路 3 号", "2019-05-01"},
		{"another one", "2026-05-10", "东湖路 3 号", "2026-03-01", "东湖路 3 号", "2026-03-01"},
	} {
		o.keep(east, step.asOf, "id,name,home_address,home_since\n"+woman+",王丽,"+step.address+","+step.since+"\n")
		rec, err := r.OnRecord(t.Context(), resident(woman))
		must(t, err)
		home, _ := rec.Facts["home.address"].Value.(string)
		from, _ := rec.Facts["home.since"].Value.(string)
		if home != step.home || from != step.from {
			t.Errorf("%s: %q since %q, want %q since %q", step.name, home, from, step.home, step.from)
		}
	}
	if p := o.plan(east, "2026-06-10", "id,name,home_since\n"+woman+",王丽,2999-01-01\n"); p.Refused != 1 {
		t.Error("somebody lives there from a day to come")
	}
}

// TestRelatives: what a person's own entry says, and the children on record in
// the same division, the eldest first.
func TestRelatives(t *testing.T) {
	o := newOffice(t)
	o.keep(district, "2026-02-10", "id,name,division,mother_name,mother_id,spouse_name,died\n"+
		woman+",王丽,"+east+",李桂香,,陈志强,\n"+
		"441302202006010048,陈小妹,"+east+",,"+woman+",,\n"+
		child+",陈小宝,"+east+",王丽,"+woman+",,2020-02-02\n"+
		"441302201006010537,陈远,"+south+",王丽,"+woman+",,\n")
	rec, err := (&register.Register{Kept: o}).OnRecord(t.Context(), resident(woman))
	must(t, err)
	want := []any{
		map[string]any{"name": "陈志强", "relation": "spouse"},
		map[string]any{"name": "李桂香", "relation": "mother"},
		map[string]any{"name": "陈小宝", "relation": "son", "id": resident(child).Value(), "deceased": true},
		map[string]any{"name": "陈小妹", "relation": "daughter", "id": resident("441302202006010048").Value()},
	}
	if d := cmp.Diff(want, rec.Facts["relatives"].Value); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

// TestCells: what people write for nothing is nothing, and numbers and days are
// read however they are written.
func TestCells(t *testing.T) {
	o := newOffice(t)
	o.keep(town, "2026-01-10", "id,name,former_name,sex,born,died,mother_name,mother_id,spouse_name,household,division\n"+
		"４４１３０２ 19900307 0120,王丽,无,2,32939,-,/,—,无,无,"+east+"\n")
	found, err := o.PersonsBy(t.Context(), []yinzheng.PersonKey{yinzheng.ByDocument(resident(woman))})
	must(t, err)
	var kinds []string
	for _, f := range found[0].Facts {
		kinds = append(kinds, string(f.Kind)+"="+f.Value+f.ID.Number)
	}
	if got := strings.Join(kinds, " "); got != "id="+woman+" name=王丽 sex=female born=1990-03-07 division="+east {
		t.Error(got)
	}
}

// TestWithoutDivision: who is new belongs to the office's division, who is on
// record stays where they are.
func TestWithoutDivision(t *testing.T) {
	o := newOffice(t)
	o.keep(district, "2026-01-10", "id,name,division\n"+woman+",王丽,"+east+"\n")
	p := o.keep(district, "2026-02-10", "id,name,died\n"+woman+",王丽,2026-02-01\n"+man+",陈志强,\n")
	if counts(p) != "1/1/0/0" || len(p.Changes) != 1 || p.Persons[0].Value(yinzheng.FactDivision) != east || p.Persons[1].Value(yinzheng.FactDivision) != district {
		t.Errorf("%s %+v", counts(p), p.Changes)
	}
}

// TestOldNumber: a number of 15 digits is the one of 18 that replaced it.
func TestOldNumber(t *testing.T) {
	o := newOffice(t)
	old := woman[:6] + woman[8:17]
	o.keep(town, "2026-01-10", "证件号码,证件类型,姓名,区划\n"+old+",15位居民身份证,王丽,"+east+"\n")
	p := o.keep(town, "2026-02-10", "证件号码,姓名,区划\n"+woman+",王丽,"+east+"\n")
	if counts(p) != "0/1/0/0" {
		t.Errorf("%s %v", counts(p), p.Changes)
	}
}

// TestWorkbook: as a workbook the same as the text, with cells for places.
func TestWorkbook(t *testing.T) {
	f := excelize.NewFile()
	for cell, v := range map[string]any{
		"A1": "姓名", "B1": "公民身份号码", "C1": "出生日期", "D1": "区划", "E1": "死亡日", "A2": "王丽", "B2": woman, "C2": time.Date(1990, 3, 7, 0, 0, 0, 0, time.UTC), "D2": east,
		"A3": "陈小宝", "B3": child[:17] + "2", "D3": east,
	} {
		must(t, f.SetCellValue("Sheet1", cell, v))
	}
	b, err := f.WriteToBuffer()
	must(t, err)
	p := newOffice(t).plan(town, "2026-01-10", b.String())
	if d := cmp.Diff([]string{"死亡日"}, p.Ignored); d != "" {
		t.Error(d)
	}
	if counts(p) != "1/0/0/1" || p.Refusal[0].Field != "Sheet1!B3" {
		t.Errorf("%s %v", counts(p), p.Refusal)
	}
}

// TestBadFiles: what is no register is refused as a whole.
func TestBadFiles(t *testing.T) {
	for name, data := range map[string]string{
		"empty": "", "no columns": "hello\n", "no rows": "id,name\n", "no name": "id,address\n1,2\n", "a PDF": "%PDF-1.7\x00", "old Excel": "\xd0\xcf\x11\xe0rest",
		"too many":    "id,name\n" + strings.Repeat("1,王丽\n", register.MaxRows+1),
		"lost digits": "id,name\n4.41302E+17,王丽\n",
	} {
		m := &yinzheng.PersonImport{ID: "m", At: now, Division: town, AsOf: "2026-01-10"}
		if _, err := register.Plan(t.Context(), newOffice(t), tree(), m, []byte(data)); !errors.Is(err, yinzheng.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestImportTwice: whatever was imported, importing it again changes nothing, and
// an older register takes nothing back.
func TestImportTwice(t *testing.T) {
	numbers := []string{woman, man, child, elder}
	rapid.Check(t, func(r *rapid.T) {
		o := newOffice(t)
		day := rapid.IntRange(10, 28)
		var newest string
		for range rapid.IntRange(1, 4).Draw(r, "imports") {
			asOf := fmt.Sprintf("2026-01-%d", day.Draw(r, "day"))
			csv := "id,name,address,household,spouse_name,division\n"
			for _, n := range numbers {
				if rapid.Bool().Draw(r, "there") {
					csv += fmt.Sprintf("%s,王丽,%s,%s,%s,%s\n", n, rapid.SampledFrom([]string{"", "滨江路", "东湖路"}).Draw(r, "address"), rapid.SampledFrom([]string{"", "1", "2"}).Draw(r, "household"),
						rapid.SampledFrom([]string{"", "陈强", "无"}).Draw(r, "spouse"), rapid.SampledFrom([]string{east, west}).Draw(r, "division"))
				}
			}
			if strings.Count(csv, "\n") == 1 {
				continue
			}
			o.keep(town, asOf, csv)
			if again := o.plan(town, asOf, csv); len(again.Persons) != 0 || again.New+again.Changed > 0 {
				r.Fatalf("again: %s %v", counts(again), again.Changes)
			}
			newest = max(newest, asOf)
		}
		for _, n := range numbers {
			found, err := o.PersonsBy(context.Background(), []yinzheng.PersonKey{yinzheng.ByDocument(resident(n))})
			must(t, err)
			for _, p := range found {
				present := map[yinzheng.FactKind]int{}
				for _, f := range p.Facts {
					if f.Until == "" {
						present[f.Kind]++
					} else if f.Until < f.From || f.Until > newest {
						r.Fatalf("a fact from %s until %s", f.From, f.Until)
					}
				}
				for kind, n := range present {
					if n > 1 {
						r.Fatalf("%d facts of kind %s hold at once", n, kind)
					}
				}
			}
		}
	})
}

// FuzzPlan: no bytes make it fail in another way than it says.
func FuzzPlan(f *testing.F) {
	f.Add([]byte("id,name,born,died\n" + woman + ",王丽,32939,2026/1/2\n"))
	f.Add([]byte("公民身份号码,姓名,配偶姓名,原证件号码\n" + woman + ",王丽,无," + woman2 + "\n" + woman2 + ",王丽,,\n"))
	f.Add([]byte("id,id_type,name\n1,护照,·\n"))
	o := newOffice(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		m := &yinzheng.PersonImport{ID: "m", At: now, Division: town, AsOf: "2026-01-10"}
		p, err := register.Plan(context.Background(), o, tree(), m, data)
		switch {
		case errors.Is(err, yinzheng.ErrInvalid):
		case err != nil:
			t.Fatal(err)
		case p.Rows != p.New+p.Changed+p.Same+p.Refused || len(p.Persons) > p.Rows || p.Refused > 0 != (len(p.Refusal) > 0):
			t.Fatalf("%+v", p.ImportCounts)
		}
	})
}
