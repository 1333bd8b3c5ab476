package yinzheng_test

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"yinzheng"
	"yinzheng/register"
)

const (
	wang = "441302199003070120" // whose certificate the samples are
	chen = "441302198808150318"
)

// withRegister gives a house a register, and a template that asks it.
func withRegister(t *testing.T, subject string) *house {
	t.Helper()
	h := newHouse(t)
	tpl := yinzheng.SampleTemplate()
	tpl.Subject = subject
	for key, record := range map[string]string{"id": "id", "name": "name", "sex": "sex", "born": "born", "note": "address", "kin": "relatives"} {
		tpl.Field(key).Record = record
	}
	h.config.Register = &register.Register{Kept: h.store}
	h.publish(tpl)
	for who, grant := range map[string][2]string{"townclerk": {"clerk", "town"}, "villageadmin": {"admin", "village"}, "siblingadmin": {"admin", "sibling"}} {
		h.people[who] = yinzheng.SampleAccount(who, 20+len(h.people), grant)
		must(t, h.store.PutAccount(h.ctx, h.people[who]))
	}
	return h
}

// plan works an import of the office of an administrator out.
func (h *house) plan(who, asOf, csv string) *yinzheng.PlannedImport {
	h.t.Helper()
	m, err := h.BeginImport(h.people[who], "", "常住人口登记", asOf, []byte(csv))
	must(h.t, err)
	p, err := register.Plan(h.ctx, h.store, h.Directory(), m, []byte(csv))
	must(h.t, err)
	return p
}

func (h *house) bring(asOf, csv string) {
	h.t.Helper()
	must(h.t, h.ImportPersons(h.ctx, h.people["admin"], h.plan("admin", asOf, csv), false))
}

const persons = "id,name,division,address,mother_name\n" + wang + ",王丽," + testVillage + ",滨江路 8 号,李桂香\n"

func (h *house) start(who, key string, values map[string]any) *yinzheng.CaseView {
	h.t.Helper()
	v, _, err := h.CreateApplication(h.ctx, h.people[who], &yinzheng.NewApplication{Item: "kin", Values: values}, key)
	must(h.t, err)
	return v
}

// TestFillForWhom: the record is for the offices that the person belongs to.
func TestFillForWhom(t *testing.T) {
	h := withRegister(t, "kinship")
	h.bring("2026-11-01", persons)
	for _, tt := range []struct {
		who, division, filled string
	}{
		{"clerk", testVillage, "values.name values.sex values.born values.note values.kin"},
		{"townclerk", testVillage, "division values.name values.sex values.born values.note values.kin"},
		{"sibling", testSibling, ""},
	} {
		v := h.start(tt.who, "k-"+tt.who, map[string]any{"id": wang, "purpose": "入学", "name": ""})
		var filled []string
		for _, f := range v.Filled {
			filled = append(filled, f.Field)
			if f.Source != "常住人口登记" || f.AsOf != "2026-11-01" {
				t.Errorf("%s comes from %+v", f.Field, f.Origin)
			}
		}
		if got := strings.Join(filled, " "); got != tt.filled || v.Division != tt.division {
			t.Errorf("%s: %s in %s, want %s in %s", tt.who, got, v.Division, tt.filled, tt.division)
		}
		if tt.filled != "" && len(v.Problems) > 0 {
			t.Errorf("%s: %v", tt.who, v.Problems)
		}
	}
	p, err := h.store.PersonsBy(h.ctx, []yinzheng.PersonKey{yinzheng.ByName("王丽")})
	must(t, err)
	events, err := h.store.EventsAbout(h.ctx, p[0].ID)
	must(t, err)
	if len(events) != 2 || events[0].Kind != yinzheng.EventPersonRead || !strings.HasPrefix(events[0].Detail, "application ") {
		t.Errorf("events: %+v", events)
	}
	if log := h.log.String(); strings.Contains(log, "王丽") || strings.Contains(log, wang) {
		t.Errorf("the log tells of her:\n%s", log)
	}
}

// TestFillTypedStays: what the clerk typed is not replaced, a document in another
// way of writing is known, an unreadable one is left to the form.
func TestFillTypedStays(t *testing.T) {
	h := withRegister(t, "kinship")
	h.bring("2026-11-01", persons)
	v := h.start("clerk", "a", map[string]any{"id": map[string]any{"type": "111", "number": " " + wang[:6] + " " + wang[6:]}, "name": "王晓丽", "purpose": "入学"})
	if v.Values.String("name") != "王晓丽" || v.Values.String("note") != "滨江路 8 号" {
		t.Errorf("%v", v.Values)
	}
	for i, id := range []any{wang[:17] + "1", map[string]any{"type": "none", "reason": "新生儿"}, chen} {
		if v := h.start("clerk", fmt.Sprint(i), map[string]any{"id": id, "purpose": "入学"}); v.Filled != nil || len(v.Values) != 2 {
			t.Errorf("%v: %v", id, v.Values)
		}
	}
}

// TestAgainstRecordForWhom: who took the case in, but is not of the person's
// place, is not told what is on record; neither is the history.
func TestAgainstRecordForWhom(t *testing.T) {
	h := withRegister(t, "kinship")
	h.bring("2026-11-01", persons)
	values := yinzheng.SampleValues()
	values["id"], values["note"] = wang, "滨江路  8 号"
	in := &yinzheng.NewApplication{Item: "kin", Division: testVillage, Values: values}
	v, _, err := h.CreateApplication(h.ctx, h.people["sibling"], in, "k")
	must(t, err)
	v, err = h.SubmitApplication(h.ctx, h.people["sibling"], v.ID, v.Version)
	must(t, err)
	for who, want := range map[string]int{"sibling": 0, "clerk": 1, "town": 1, "district": 1} {
		v, err := h.Application(h.ctx, h.people[who], v.ID)
		must(t, err)
		if len(v.AgainstRecord) != want || want == 1 && (v.AgainstRecord[0].OnRecord != "王丽" || v.AgainstRecord[0].FilledIn != "张三丰" || v.AgainstRecord[0].Former) {
			t.Errorf("%s: %+v", who, v.AgainstRecord)
		}
	}
}

// finish takes a case of a clerk to its certificate.
func (h *house) finish(v *yinzheng.CaseView) *yinzheng.CaseView {
	h.t.Helper()
	v, err := h.SubmitApplication(h.ctx, h.people["clerk"], v.ID, v.Version)
	must(h.t, err)
	for _, who := range []string{"town", "district"} {
		v, err = h.Decide(h.ctx, h.people[who], v.ID, v.Version, yinzheng.Decision{Action: yinzheng.Approve})
		must(h.t, err)
	}
	return v
}

// TestNewerStands: of a register and the certificates in force of the person's
// own place, the newest stands, and says what it is newer than.
func TestNewerStands(t *testing.T) {
	h := withRegister(t, "kinship")
	h.bring("2026-11-01", persons)
	n := 0
	stands := func(what, address, source, older string) {
		t.Helper()
		n++
		v := h.start("clerk", fmt.Sprint("stands", n), map[string]any{"id": wang, "purpose": "入学"})
		var by yinzheng.Filled
		for _, f := range v.Filled {
			if f.Field == "values.note" {
				by = f
			}
		}
		was := ""
		if by.Older != nil {
			was = by.Older.Source
		}
		if v.Values.String("note") != address || by.Source != source || was != older {
			t.Errorf("%s: %s by %s over %q", what, v.Values.String("note"), by.Source, was)
		}
	}
	stands("the register alone", "滨江路 8 号", "常住人口登记", "")
	values := yinzheng.SampleValues()
	values["id"], values["name"], values["note"] = wang, "王丽", "东湖路 3 号"
	h.finish(h.start("clerk", "cert", values))
	stands("a newer certificate", "东湖路 3 号", "certificate", "常住人口登记")
	h.later(48 * time.Hour)
	h.bring("2026-11-23", persons)
	stands("a newer register", "滨江路 8 号", "常住人口登记", "certificate")
	h.bring("2026-11-24", strings.Replace(persons, "滨江路 8 号", "东湖路  3号", 1))
	stands("a register that says the same", "东湖路 3号", "常住人口登记", "")
}

// TestKnown: what inquiries are told is on record is what a form is filled in by:
// the newest of registers and certificates in force.
func TestKnown(t *testing.T) {
	h := withRegister(t, "kinship")
	holder := yinzheng.ID{Type: yinzheng.ResidentID, Number: wang}
	known := func(what, address string, held bool) {
		t.Helper()
		rec, err := h.Known(h.ctx, holder)
		must(t, err)
		if says, there := rec.Says("address", strings.ReplaceAll(address, " ", "")); !says || !there {
			t.Errorf("%s: %+v", what, rec.Facts["address"])
		}
		if from := rec.Facts["address"].Origin; (from.Certificate != "") != (from.Organ == yinzheng.DistrictOrgan) {
			t.Errorf("%s: sealed by %q", what, from.Organ)
		}
		if _, there := rec.Says("spouse.id", nil); there {
			t.Errorf("%s: a spouse", what)
		}
		switch cert, err := h.Certified(h.ctx, "kin", holder); {
		case held && (err != nil || cert.Holder != "王丽"):
			t.Errorf("%s: %+v %v", what, cert, err)
		case !held && !errors.Is(err, yinzheng.ErrNotFound):
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := h.Known(h.ctx, holder); !errors.Is(err, yinzheng.ErrNotFound) {
		t.Errorf("before the register: %v", err)
	}
	h.bring("2026-11-01", persons)
	known("the register alone", "滨江路 8 号", false)
	values := yinzheng.SampleValues()
	values["id"], values["name"], values["note"] = wang, "王丽", "东湖路 3 号"
	cert := h.finish(h.start("clerk", "cert", values)).Certificate.Code
	known("a newer certificate", "东湖路 3 号", true)
	_, err := h.act("district", cert, yinzheng.Act{Kind: yinzheng.Suspend, Reason: "complaint", Opinion: "核实中"})
	must(t, err)
	known("a suspended one", "滨江路 8 号", false)
	if _, err := h.Certified(h.ctx, "kin", yinzheng.ID{Type: yinzheng.NoID, Reason: "新生儿"}); !errors.Is(err, yinzheng.ErrNotFound) {
		t.Errorf("somebody without a document: %v", err)
	}
}

// TestCorrectionAgainstRecord: a correction is not compared with what it corrects.
func TestCorrectionAgainstRecord(t *testing.T) {
	h := withRegister(t, "kinship")
	h.bring("2026-11-01", persons)
	values := yinzheng.SampleValues()
	values["id"], values["name"], values["note"] = wang, "王丽", "东湖路 3 号"
	cert := h.finish(h.start("clerk", "cert", values)).Certificate.Code
	v, _, err := h.Correct(h.ctx, h.people["clerk"], cert, &yinzheng.Correction{Reason: "error", Opinion: "地址有误", Values: map[string]any{"note": "滨江路 8 号"}}, "correct")
	must(t, err)
	v, err = h.SubmitApplication(h.ctx, h.people["clerk"], v.ID, v.Version)
	must(t, err)
	if len(v.AgainstRecord) != 0 {
		t.Errorf("%+v", v.AgainstRecord)
	}
}

// TestWhichCertificatesStand: not one that is suspended, nor one of another place.
func TestWhichCertificatesStand(t *testing.T) {
	h := withRegister(t, "kinship")
	h.bring("2026-11-01", persons)
	values := yinzheng.SampleValues()
	values["id"], values["name"], values["note"] = wang, "王丽", "东湖路 3 号"
	suspended := h.finish(h.start("clerk", "a", values)).Certificate.Code
	_, err := h.act("district", suspended, yinzheng.Act{Kind: yinzheng.Suspend, Reason: "complaint", Opinion: "核实中"})
	must(t, err)
	v, err := h.SubmitApplication(h.ctx, h.people["sibling"], h.start("sibling", "b", values).ID, 1)
	must(t, err)
	for _, who := range []string{"town", "district"} {
		v, err = h.Decide(h.ctx, h.people[who], v.ID, v.Version, yinzheng.Decision{Action: yinzheng.Approve})
		must(t, err)
	}
	if v.Certificate == nil {
		t.Fatalf("the other certificate is %s", v.State)
	}
	if v = h.start("clerk", "c", map[string]any{"id": wang, "purpose": "入学"}); v.Values.String("note") != "滨江路 8 号" {
		t.Errorf("filled in by %v", v.Values)
	}
}

// TestDeathOfHolder: open cases and certificates of being alive are told of to
// the offices of the person's place, once; nothing stops by itself.
func TestDeathOfHolder(t *testing.T) {
	h := withRegister(t, "alive")
	h.bring("2026-11-01", persons)
	values := yinzheng.SampleValues()
	values["id"], values["name"] = wang, "王丽"
	alive, gone := h.finish(h.start("clerk", "alive", values)), h.finish(h.start("clerk", "gone", values))
	h.revoke(gone.Certificate.Code)
	open := h.start("clerk", "open", values)
	elsewhere := h.start("sibling", "elsewhere", values) // an open case, too, of an office that is not hers
	dead := "id,name,division,died\n" + wang + ",王丽," + testVillage + ",2026-11-10\n"
	h.bring("2026-11-12", dead)
	h.bring("2026-11-13", dead) // said again

	told := func(who string) string {
		notices, err := h.Notices(h.ctx, h.people[who], 0, 0)
		must(t, err)
		var cases []string
		for _, n := range notices {
			if n.Kind == "holder-died" {
				cases = append(cases, n.Application)
			}
		}
		return strings.Join(cases, " ")
	}
	for who, want := range map[string]string{"clerk": open.ID, "town": "", "district": alive.ID, "sibling": ""} {
		if got := told(who); got != want {
			t.Errorf("%s is told of %q, want %q", who, got, want)
		}
	}
	for _, id := range []string{alive.ID, open.ID} {
		v, err := h.Application(h.ctx, h.people["clerk"], id)
		must(t, err)
		if v.HolderDied == nil || v.HolderDied.Value != "2026-11-10" {
			t.Errorf("%s is not flagged: %+v", v.State, v.HolderDied)
		}
	}
	if v, err := h.Application(h.ctx, h.people["sibling"], elsewhere.ID); err != nil || v.HolderDied != nil {
		t.Errorf("told elsewhere: %+v, %v", v.HolderDied, err)
	}
	cert, err := h.Certificate(h.ctx, h.people["district"], alive.Certificate.Code)
	must(t, err)
	if cert.Status != yinzheng.StatusOK {
		t.Errorf("the certificate is %v", cert.Status)
	}
}

// TestImportAllOrNothing: cut off at whatever call, an import is kept as a whole
// or not at all, and planned again it goes through.
func TestImportAllOrNothing(t *testing.T) {
	for _, kept := range []bool{false, true} {
		for at := 1; ; at++ {
			h := withRegister(t, "kinship")
			csv := persons + chen + ",陈志强," + testVillage + ",滨江路 8 号,\n"
			p := h.plan("admin", "2026-11-01", csv)
			h.store.arm(at, kept)
			err := h.ImportPersons(h.ctx, h.people["admin"], p, false)
			h.store.arm(0, false)
			again := h.plan("admin", "2026-11-01", csv)
			if again.New != 0 && again.Same != 0 {
				t.Fatalf("call %d of %v: half of it is kept: %+v", at, kept, again.ImportCounts)
			}
			must(t, h.ImportPersons(h.ctx, h.people["admin"], again, false))
			if last := h.plan("admin", "2026-11-01", csv); last.Same != 2 {
				t.Fatalf("call %d: %+v", at, last.ImportCounts)
			}
			if err == nil {
				if at < 2 {
					t.Fatal("nothing failed")
				}
				break
			}
		}
	}
}

// TestImportByWhom: by an administrator, of persons of the office's own places,
// against what was on record when it was planned.
func TestImportByWhom(t *testing.T) {
	h := withRegister(t, "kinship")
	is := func(what string, err, want error) {
		t.Helper()
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
	}
	_, err := h.BeginImport(h.people["clerk"], "", "登记", "2026-11-01", nil)
	is("a clerk", err, yinzheng.ErrForbidden)
	_, err = h.BeginImport(h.people["villageadmin"], "district", "登记", "2026-11-01", nil)
	is("an office above", err, yinzheng.ErrInvalid)
	for _, bad := range [][2]string{{"", "2026-11-01"}, {"登记", "2026-11-31"}, {"登记", "2026-12-01"}, {"登记", "1949-12-31"}, {"登\u202e记", "2026-11-01"}} {
		_, err = h.BeginImport(h.people["admin"], "", bad[0], bad[1], nil)
		is(fmt.Sprint(bad), err, yinzheng.ErrInvalid)
	}
	first, second := h.plan("admin", "2026-11-01", persons), h.plan("villageadmin", "2026-11-01", persons)
	is("a stranger's plan", h.ImportPersons(h.ctx, h.people["clerk"], first, false), yinzheng.ErrForbidden)
	must(t, h.ImportPersons(h.ctx, h.people["admin"], first, false))
	is("planned before the other one", h.ImportPersons(h.ctx, h.people["villageadmin"], second, false), yinzheng.ErrConflict)

	moved := h.plan("admin", "2026-11-02", strings.Replace(persons, testVillage, testSibling, 1))
	moved.Division, moved.Office = testVillage, "village"
	is("persons who go to another place", h.ImportPersons(h.ctx, h.people["villageadmin"], moved, false), yinzheng.ErrForbidden)
	moved.Division, moved.Office = testSibling, "sibling"
	is("persons who come from another place", h.ImportPersons(h.ctx, h.people["siblingadmin"], moved, false), yinzheng.ErrForbidden)
	bad := h.plan("admin", "2026-11-02", persons+chen[:17]+"0,陈志强,"+testVillage+",,\n")
	is("a row refused", h.ImportPersons(h.ctx, h.people["admin"], bad, false), yinzheng.ErrInvalid)
	if p := h.plan("admin", "2026-11-01", persons); p.Same != 1 {
		t.Errorf("%+v", p.ImportCounts)
	}
}

// TestReadPersons: for a purpose, by those whose place it is, and on record.
func TestReadPersons(t *testing.T) {
	h := withRegister(t, "kinship")
	h.bring("2026-11-01", persons)
	for _, tt := range []struct {
		who, q, purpose string
		want            error
		found           int
	}{
		{"clerk", "王丽", "核对户籍", nil, 1},
		{"clerk", wang, "核对户籍", nil, 1},
		{"clerk", wang[:6] + wang[8:17], "核对户籍", nil, 1},
		{"town", "王麗", "核对户籍", nil, 1},
		{"clerk", "王", "核对户籍", yinzheng.ErrInvalid, 0},
		{"clerk", "赵敏", "核对户籍", nil, 0},
		{"sibling", "王丽", "核对户籍", nil, 0},
		{"admin", "王丽", "核对户籍", yinzheng.ErrForbidden, 0},
		{"clerk", "王丽", "", yinzheng.ErrInvalid, 0},
		{"clerk", wang, "查王丽", yinzheng.ErrInvalid, 0},
		{"clerk", "赵敏", "查赵敏", yinzheng.ErrInvalid, 0},
	} {
		found, err := h.ReadPersons(h.ctx, h.people[tt.who], tt.q, tt.purpose)
		if !errors.Is(err, tt.want) || len(found) != tt.found {
			t.Errorf("%s asks for %s (%s): %d, %v", tt.who, tt.q, tt.purpose, len(found), err)
		}
	}
	p, err := h.store.PersonsBy(h.ctx, []yinzheng.PersonKey{yinzheng.ByName("王丽")})
	must(t, err)
	events, err := h.store.EventsAbout(h.ctx, p[0].ID)
	must(t, err)
	if len(events) != 4 || slices.ContainsFunc(events, func(e yinzheng.LoggedEvent) bool {
		return e.Detail != "核对户籍" || e.Kind != yinzheng.EventPersonRead
	}) {
		t.Errorf("on record: %+v", events)
	}
}

// TestFilledForAnother: what was filled in for one document is not marked as
// from the record once the case is about another.
func TestFilledForAnother(t *testing.T) {
	h := withRegister(t, "kinship")
	h.bring("2026-11-01", persons)
	v := h.start("clerk", "a", map[string]any{"id": wang, "purpose": "入学"})
	v, err := h.EditApplication(h.ctx, h.people["clerk"], v.ID, v.Version, &yinzheng.Patch{Values: map[string]any{"id": wang[:6] + " " + wang[6:]}})
	must(t, err)
	if len(v.Filled) == 0 {
		t.Error("the same document, typed otherwise: no marks")
	}
	v, err = h.EditApplication(h.ctx, h.people["clerk"], v.ID, v.Version, &yinzheng.Patch{Values: map[string]any{"id": chen}})
	must(t, err)
	if len(v.Filled) != 0 {
		t.Errorf("%+v", v.Filled)
	}
}

// TestDivisionAgainstRecord: the division that was filled in decides who decides;
// another one is shown to the approver like any edit.
func TestDivisionAgainstRecord(t *testing.T) {
	h := withRegister(t, "kinship")
	h.bring("2026-11-01", persons+chen+",陈志强,"+testTown+",滨江路 8 号,李桂香\n")
	values := map[string]any{"id": wang, "purpose": "入学"}
	for name, tt := range map[string]struct {
		in    string // given when the case is begun
		moved bool   // edited after
		want  []string
	}{
		"as filled in":          {"", false, nil},
		"edited":                {"", true, []string{"division"}},
		"given from the outset": {testSibling, false, nil},
	} {
		v, _, err := h.CreateApplication(h.ctx, h.people["townclerk"], &yinzheng.NewApplication{Item: "kin", Values: values, Division: tt.in}, name)
		must(t, err)
		if want := cmp.Or(tt.in, testVillage); v.Division != want {
			t.Errorf("%s: begun in %s, want %s", name, v.Division, want)
		}
		if other := testSibling; tt.moved {
			v, err = h.EditApplication(h.ctx, h.people["townclerk"], v.ID, v.Version, &yinzheng.Patch{Division: &other})
			must(t, err)
			if len(v.Filled) == 0 || v.Filled[0].Field == "division" {
				t.Errorf("%s: %+v", name, v.Filled)
			}
		}
		v, err = h.SubmitApplication(h.ctx, h.people["townclerk"], v.ID, v.Version)
		must(t, err)
		var got []string
		for _, f := range v.AgainstRecord {
			got = append(got, f.Field)
			if f.OnRecord != testVillage || f.FilledIn != testSibling || f.Source != "常住人口登记" {
				t.Errorf("%s: %+v", name, f)
			}
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
		d, err := h.Dossier(h.ctx, h.people["townclerk"], v.ID, "pdf")
		must(t, err)
		_, err = h.DossierPDF(d) // where the division has no field that names it
		must(t, err)
	}
}

// TestDeathToldOnce: who has the old number on record beside the new one has no
// case twice.
func TestDeathToldOnce(t *testing.T) {
	h := withRegister(t, "kinship")
	h.bring("2026-11-01", "id,id_type,name,division\n"+wang[:6]+wang[8:17]+",15位居民身份证,王丽,"+testVillage+"\n")
	h.bring("2026-11-02", persons)
	v := h.start("clerk", "open", map[string]any{"id": wang, "purpose": "入学"})
	h.bring("2026-11-12", "id,name,died\n"+wang+",王丽,2026-11-10\n")
	notices, err := h.Notices(h.ctx, h.people["clerk"], 0, 0)
	must(t, err)
	if len(notices) != 1 || notices[0].Application != v.ID {
		t.Errorf("%+v", notices)
	}
}

// TestTriedIsOnRecord: a report shows what is on record, so that it is on record
// who had one made.
func TestTriedIsOnRecord(t *testing.T) {
	h := withRegister(t, "kinship")
	h.bring("2026-11-01", persons)
	for csv, want := range map[string]int{persons: 0, strings.Replace(persons, "滨江路", "东湖路", 1): 1} {
		p := h.plan("villageadmin", "2026-11-02", csv)
		must(t, h.ImportPersons(h.ctx, h.people["villageadmin"], p, true))
		events, err := h.store.EventsAbout(h.ctx, p.ID)
		must(t, err)
		if len(events) != want || want == 1 && (events[0].Kind != yinzheng.EventImportTried || events[0].By != h.people["villageadmin"].ID || strings.Contains(events[0].Detail, "路")) {
			t.Errorf("%+v", events)
		}
	}
}

// TestRegisterAfterMerger: an office that was closed imports nothing more, what it
// had planned is kept by its people in the new one, and the record fills in there.
func TestRegisterAfterMerger(t *testing.T) {
	h := withRegister(t, "kinship")
	h.bring("2026-11-01", persons)
	planned := h.plan("villageadmin", "2026-11-02", strings.Replace(persons, "滨江路", "东湖路", 1))
	_, err := h.reorganise(mergeVillages())
	must(t, err)
	for _, who := range []string{"villageadmin", "clerk"} {
		h.people[who] = h.again(who)
	}
	admin := h.people["villageadmin"]
	if _, err := h.BeginImport(admin, "village", "登记", "2026-11-03", nil); !errors.Is(err, yinzheng.ErrInvalid) {
		t.Errorf("by an office that was closed: %v", err)
	}
	if m, err := h.BeginImport(admin, "", "登记", "2026-11-03", nil); err != nil || m.Division != "441302001099" {
		t.Errorf("by the new one: %+v, %v", m, err)
	}
	must(t, h.ImportPersons(h.ctx, admin, planned, false))
	if v := h.start("clerk", "k", map[string]any{"id": wang, "purpose": "入学"}); v.Values.String("note") != "东湖路 8 号" || v.Division != "441302001099" {
		t.Errorf("%s in %s", v.Values.String("note"), v.Division)
	}
}

// TestDeathAndOtherCertificates: a certificate that does not say that somebody is
// alive is nobody's concern when they die.
func TestDeathAndOtherCertificates(t *testing.T) {
	h := withRegister(t, "kinship")
	h.bring("2026-11-01", persons)
	values := yinzheng.SampleValues()
	values["id"], values["name"] = wang, "王丽"
	id := h.finish(h.start("clerk", "kin", values)).ID
	h.bring("2026-11-12", "id,name,died\n"+wang+",王丽,2026-11-10\n")
	for _, who := range []string{"clerk", "town", "district"} {
		if n := h.told(who, id, "holder-died"); n != 0 {
			t.Errorf("%s is told", who)
		}
	}
}

// TestSameNumberOtherDocument: two documents of one number but of two kinds are two
// people's.
func TestSameNumberOtherDocument(t *testing.T) {
	h := withRegister(t, "kinship")
	v := h.start("clerk", "k", map[string]any{"id": map[string]any{"type": "taiwan", "number": "01234567"}, "purpose": "入学"})
	h.bring("2026-11-12", "id,id_type,name,died,division\n01234567,护照,SMITH JOHN,2026-11-10,"+testVillage+"\n")
	if n := h.told("clerk", v.ID, "holder-died"); n != 0 {
		t.Error("the clerk is told of somebody else's death")
	}
}

// TestFillList: a list takes as many rows as it may hold, or is left to the clerk;
// of relations that it has no option for, none.
func TestFillList(t *testing.T) {
	h := withRegister(t, "kinship")
	children := func(n int) string {
		var b strings.Builder
		b.WriteString("id,id_type,name,sex,born,mother_name,mother_id,spouse_name,division\n" + wang + ",,王丽,,,,,陈志强," + testVillage + "\n")
		for i := range n {
			fmt.Fprintf(&b, "E%07d,护照,陈小宝,男,2018-01-01,王丽,%s,,%s\n", i, wang, testVillage)
		}
		return b.String()
	}
	for i, tt := range []struct{ children, filled int }{{12, 12}, {13, 0}} {
		h.bring("2026-11-01", children(tt.children))
		v := h.start("clerk", fmt.Sprint(i), map[string]any{"id": wang, "purpose": "入学"})
		if n := len(v.Values.Rows("kin")); n != tt.filled {
			t.Errorf("%d children: %d rows", tt.children, n)
		}
	}
}

// TestOldNumberAgainstRecord: the old number of a document and its new one are no
// difference.
func TestOldNumberAgainstRecord(t *testing.T) {
	h := withRegister(t, "kinship")
	h.bring("2026-11-01", "id,id_type,name,mother_name,division\n"+wang[:6]+wang[8:17]+",15位居民身份证,王丽,李桂香,"+testVillage+"\n")
	v := h.start("clerk", "k", map[string]any{"id": wang, "purpose": "入学"})
	v, err := h.SubmitApplication(h.ctx, h.people["clerk"], v.ID, v.Version)
	must(t, err)
	if len(v.AgainstRecord) != 0 {
		t.Errorf("%+v", v.AgainstRecord)
	}
}

// TestReadTooMany: a name that very many bear is no way to read all their records.
func TestReadTooMany(t *testing.T) {
	h := withRegister(t, "kinship")
	csv := "id,id_type,name,division\n"
	for i := range 21 {
		csv += fmt.Sprintf("E%07d,护照,王丽,%s\n", i, testVillage)
	}
	h.bring("2026-11-01", csv+"E77AB,护照,赵敏,"+testVillage+"\n")
	if found, err := h.ReadPersons(h.ctx, h.people["clerk"], "赵敏", "核对E77AB"); !errors.Is(err, yinzheng.ErrInvalid) {
		t.Errorf("a purpose that holds her number: %d, %v", len(found), err)
	}
	if found, err := h.ReadPersons(h.ctx, h.people["clerk"], "王丽", "核对户籍"); !errors.Is(err, yinzheng.ErrInvalid) {
		t.Errorf("%d, %v", len(found), err)
	}
}

// TestHousehold: who belongs to it now, the living.
func TestHousehold(t *testing.T) {
	h := withRegister(t, "kinship")
	const head = "id,id_type,name,household,head_relation,died,division\n"
	h.bring("2026-11-01", head+wang+",,王丽,7,妻,,"+testVillage+"\n"+chen+",,陈志强,7,户主,,"+testVillage+"\nE111,护照,SMITH JOHN,7,,,"+testVillage+"\nE222,护照,SMITH ANN,7,,2026-01-01,"+testVillage+"\n")
	h.bring("2026-11-02", head+"E111,护照,SMITH JOHN,8,户主,,"+testVillage+"\n")
	found, err := h.ReadPersons(h.ctx, h.people["clerk"], wang, "核对户籍")
	must(t, err)
	if got := fmt.Sprint(found[0].Household); got != "[{陈志强 户主} {王丽 妻}]" {
		t.Error(got)
	}
}
