package register_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"yinzheng"
	"yinzheng/register"
)

// codes are the faults of a plan, cell and code.
func codes(p *yinzheng.PlannedImport) []string {
	var out []string
	for _, f := range p.Refusal {
		out = append(out, f.Field+" "+f.Code)
	}
	return out
}

// TestFormerDocument: who is found by a number that a register only calls the
// former one.
func TestFormerDocument(t *testing.T) {
	o := newOffice(t)
	const csv = "id,name,former_id,division\n" + woman2 + ",王丽," + woman + "," + east + "\n"
	o.keep(town, "2026-01-10", csv)
	rec, err := (&register.Register{Kept: o}).OnRecord(t.Context(), resident(woman))
	must(t, err)
	if id := rec.Facts["id"].Value; !cmp.Equal(id, resident(woman2).Value()) || len(rec.Documents) != 2 {
		t.Errorf("%v %v", id, rec.Documents)
	}
	if p := o.plan(town, "2026-01-10", csv); p.Same != 1 || len(p.Persons) != 0 {
		t.Errorf("again: %s", counts(p))
	}
	o.keep(town, "2026-02-10", "id,id_type,name,former_id,former_id_type,division\nE2345678,护照,SMITH JOHN,E1234567,,"+east+"\n"+man+",,陈志强,E7654321,护照,"+east+"\n")
	for number, want := range map[string]string{"E1234567": "SMITH JOHN", "E7654321": "陈志强"} {
		rec, err := (&register.Register{Kept: o}).OnRecord(t.Context(), yinzheng.ID{Type: yinzheng.Passport, Number: number})
		if err != nil || rec.Facts["name"].Value != want {
			t.Errorf("%s: %v", number, err)
		}
	}
}

// TestOnePersonInTwoRows: two rows are about one person by different numbers.
func TestOnePersonInTwoRows(t *testing.T) {
	o := newOffice(t)
	o.keep(town, "2026-01-10", "id,name,division\n"+woman+",王丽,"+east+"\n")
	o.keep(town, "2026-02-10", "id,name,former_id,division\n"+woman2+",王丽,"+woman+","+east+"\n")
	p := o.plan(town, "2026-03-10", "id,name,former_id,division\n"+woman2+",王丽,,"+east+"\n441302199003070163,王丽,"+woman+","+east+"\n")
	if d := cmp.Diff([]string{"line 3, column id twice"}, codes(p)); d != "" {
		t.Error(d)
	}
}

// TestElsewhereTellsNothing: of somebody on record elsewhere nothing is told but
// that.
func TestElsewhereTellsNothing(t *testing.T) {
	o := newOffice(t)
	o.keep(district, "2026-01-10", "id,name,division\n"+woman+",王丽,"+south+"\n"+man+",陈志强,"+east+"\n"+elder+",周秀珍,"+south+"\n")
	o.keep(district, "2026-02-10", "id,name,former_id,division\n"+woman2+",王丽,"+woman+","+south+"\n")
	for name, row := range map[string]string{"a number that was replaced": woman + ",王丽,", "two persons": man + ",陈志强," + woman, "another name": elder + ",王丽,"} {
		p := o.plan(town, "2026-03-10", "id,name,former_id,division\n"+row+","+east+"\n")
		if got := codes(p); len(got) != 1 || !strings.HasSuffix(got[0], " elsewhere") {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestOlderAfterTheEnd: an older register brings back nothing that has ended.
func TestOlderAfterTheEnd(t *testing.T) {
	o := newOffice(t)
	row := func(spouse string) string {
		return "id,name,spouse_name,division\n" + woman + ",王丽," + spouse + "," + east + "\n"
	}
	o.keep(town, "2026-01-10", row("陈志强"))
	o.keep(town, "2026-06-10", row("无"))
	p := o.keep(town, "2026-02-10", row("陈志强"))
	if counts(p) != "0/0/1/0" || len(p.Changes) != 1 || !p.Changes[0].Older || p.Changes[0].Was != "" {
		t.Errorf("%s %+v", counts(p), p.Changes)
	}
	if p := o.keep(town, "2026-07-10", row("赵强")); counts(p) != "0/1/0/0" {
		t.Errorf("married again: %s", counts(p))
	}
}

// TestDeathTakenBack: a death that was put on record by mistake is taken back by
// saying so, and one that follows is heard of anew.
func TestDeathTakenBack(t *testing.T) {
	o := newOffice(t)
	row := func(died string) string {
		return "id,name,died,division\n" + woman + ",王丽," + died + "," + east + "\n"
	}
	o.keep(town, "2026-01-10", row("2026-01-02"))
	if p := o.plan(town, "2026-02-10", row("无")); len(p.Changes) != 0 {
		t.Errorf("nothing said: %+v", p.Changes)
	}
	if p := o.plan(town, "2026-01-01", row("误登")); counts(p) != "0/0/1/0" || !p.Changes[0].Older {
		t.Errorf("older: %s %+v", counts(p), p.Changes)
	}
	p := o.keep(town, "2026-02-10", row("误登"))
	if counts(p) != "0/1/0/0" || p.Changes[0].Was != "2026-01-02" || p.Changes[0].Is != "" || len(p.Died) != 0 {
		t.Errorf("%s %+v", counts(p), p.Changes)
	}
	rec, err := (&register.Register{Kept: o}).OnRecord(t.Context(), resident(woman))
	must(t, err)
	if rec.Died != nil {
		t.Errorf("%+v", rec.Died)
	}
	if p := o.keep(town, "2026-03-10", row("2026-03-01")); len(p.Died) != 1 {
		t.Errorf("%d deaths", len(p.Died))
	}
}

// TestDeathAndBirthOnRecord: the row and what is on record are judged together.
func TestDeathAndBirthOnRecord(t *testing.T) {
	o := newOffice(t)
	o.keep(town, "2026-01-10", "id,id_type,name,born,division\nE1234567,护照,SMITH JOHN,1990-03-07,"+east+"\n")
	p := o.plan(town, "2026-02-10", "id,id_type,name,died,division\nE1234567,护照,SMITH JOHN,1989-01-01,"+east+"\n")
	if d := cmp.Diff([]string{"line 2, column died death-before-birth"}, codes(p)); d != "" {
		t.Error(d)
	}
	o.keep(town, "2026-02-10", "id,id_type,name,died,division\nE1234567,护照,SMITH JOHN,1991-01-01,"+east+"\n")
	p = o.plan(town, "2026-03-10", "id,id_type,name,born,division\nE1234567,护照,SMITH JOHN,1992-01-01,"+east+"\n")
	if d := cmp.Diff([]string{"line 2, column born death-before-birth"}, codes(p)); d != "" {
		t.Error(d)
	}
}

// TestRelativesNow: a child whose mother was put right is no longer hers, and a
// parent who is on record as dead is marked so.
func TestRelativesNow(t *testing.T) {
	o := newOffice(t)
	head := "id,name,division,mother_name,mother_id,died\n"
	o.keep(town, "2026-01-10", head+woman+",王丽,"+east+",周秀珍,"+elder+",\n"+woman2+",王芳,"+east+",,,\n"+child+",陈小宝,"+east+",王丽,"+woman+",\n"+elder+",周秀珍,"+east+",,,2025-12-31\n")
	o.keep(town, "2026-02-10", head+child+",陈小宝,"+east+",王芳,"+woman2+",\n")
	relatives := func(number string) []any {
		rec, err := (&register.Register{Kept: o}).OnRecord(t.Context(), resident(number))
		must(t, err)
		rows, _ := rec.Facts["relatives"].Value.([]any)
		return rows
	}
	mother := map[string]any{"name": "周秀珍", "relation": "mother", "id": resident(elder).Value(), "deceased": true}
	if d := cmp.Diff([]any{mother}, relatives(woman)); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	if rows := relatives(woman2); len(rows) != 1 {
		t.Errorf("%v", rows)
	}
	if rows := relatives(child); !slices.ContainsFunc(rows, func(r any) bool { return r.(map[string]any)["name"] == "王芳" }) || len(rows) != 1 {
		t.Errorf("%v", rows)
	}
}

// TestNotTheSame: twins are two, and so is a namesake in a household that somebody
// has left.
func TestNotTheSame(t *testing.T) {
	o := newOffice(t)
	head := "id,name,household,division\n"
	o.keep(town, "2026-01-10", head+woman+",王丽,7,"+east+"\n")
	if p := o.plan(town, "2026-02-10", head+woman2+",王芳,7,"+east+"\n"); p.New != 1 {
		t.Errorf("a twin: %v", p.Refusal)
	}
	o.keep(town, "2026-02-10", head+woman+",王丽,8,"+east+"\n")
	if p := o.plan(town, "2026-03-10", head+woman2+",王丽,7,"+east+"\n"); p.New != 1 {
		t.Errorf("a namesake: %v", p.Refusal)
	}
}

// TestClosedDivision: the code of a division that was closed means its successor.
func TestClosedDivision(t *testing.T) {
	d := tree()
	divisions := slices.Clone(d.Divisions)
	for i := range divisions {
		if divisions[i].Code == west {
			divisions[i].Until, divisions[i].Successor = now.AddDate(0, -1, 0), east
		}
	}
	m := &yinzheng.PersonImport{ID: "m", At: now, Division: town, AsOf: "2026-11-01"}
	p, err := register.Plan(t.Context(), newOffice(t), yinzheng.NewDirectory(divisions, nil, nil), m, []byte("id,name,division\n"+woman+",王丽,"+west+"\n"))
	must(t, err)
	if p.New != 1 || p.Persons[0].Value(yinzheng.FactDivision) != east {
		t.Errorf("%+v %v", p.ImportCounts, p.Refusal)
	}
}

// TestListed: a report lists the first of what it counts.
func TestListed(t *testing.T) {
	o := newOffice(t)
	csv := func(address string) string {
		text := "id,id_type,name,address,division\n"
		for i := range register.MaxListed + 20 {
			text += fmt.Sprintf("E%07d,护照,SMITH JOHN,%s,%s\n", i, address, east)
		}
		return text
	}
	o.keep(town, "2026-01-10", csv("滨江路"))
	if p := o.plan(town, "2026-02-10", csv("东湖路")); p.Changed != 120 || len(p.Changes) != register.MaxListed {
		t.Errorf("%s, %d listed", counts(p), len(p.Changes))
	}
	if p := o.plan(town, "2026-02-10", strings.ReplaceAll(csv("东湖路"), east, south)); p.Refused != 120 || len(p.Refusal) != register.MaxListed {
		t.Errorf("%s, %d listed", counts(p), len(p.Refusal))
	}
}

// TestFormerNameIsTheName: no name is a former one of itself.
func TestFormerNameIsTheName(t *testing.T) {
	o := newOffice(t)
	o.keep(town, "2026-01-10", "id,name,former_name,division\n"+woman+",王丽,王丽,"+east+"\n")
	rec, err := (&register.Register{Kept: o}).OnRecord(t.Context(), resident(woman))
	must(t, err)
	if len(rec.FormerNames) != 0 {
		t.Errorf("%v", rec.FormerNames)
	}
}

// TestRelativesOfTheDivision: a father has his children, too; of a parent who is on
// record elsewhere nothing is told; all of it is as old as its oldest part.
func TestRelativesOfTheDivision(t *testing.T) {
	o := newOffice(t)
	head := "id,name,division,mother_name,mother_id,father_name,father_id,died\n"
	o.keep(district, "2026-01-10", head+elder+",周秀珍,"+south+",,,,,2025-12-31\n"+child+",陈小宝,"+east+",,,陈志强,"+man+",\n")
	o.keep(district, "2026-02-10", head+man+",陈志强,"+east+",周秀珍,"+elder+",,,\n")
	rec, err := (&register.Register{Kept: o}).OnRecord(t.Context(), resident(man))
	must(t, err)
	want := []any{
		map[string]any{"name": "周秀珍", "relation": "mother", "id": resident(elder).Value()},
		map[string]any{"name": "陈小宝", "relation": "son", "id": resident(child).Value()},
	}
	if d := cmp.Diff(want, rec.Facts["relatives"].Value); d != "" || rec.Facts["relatives"].AsOf != "2026-01-10" {
		t.Errorf("as of %s, -want +got:\n%s", rec.Facts["relatives"].AsOf, d)
	}
}
