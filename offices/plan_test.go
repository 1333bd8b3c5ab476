package offices_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"

	"yinzheng"
	"yinzheng/offices"
)

var now = time.Date(2026, 11, 22, 9, 30, 0, 0, yinzheng.Zone)

// tree is a district with two towns, an organ each, and two villages in one.
func tree(t testing.TB) *yinzheng.Directory {
	t.Helper()
	division := func(code, name, parent string, l yinzheng.Level) yinzheng.Division {
		return yinzheng.Division{Code: code, Name: name, Parent: parent, Level: l}
	}
	seat := func(division, function, code, name string) offices.Seat {
		return offices.Seat{Division: division, Function: function, Organ: yinzheng.Organ{Code: code, Name: name, Mark: "章", From: now}}
	}
	d, err := offices.First([]yinzheng.Division{
		division("100000000000", "区", "", yinzheng.District), division("110000000000", "甲镇", "100000000000", yinzheng.Town), division("120000000000", "乙镇", "100000000000", yinzheng.Town),
		division("110100000000", "东村", "110000000000", yinzheng.Village), division("110200000000", "西村", "110000000000", yinzheng.Village), division("120100000000", "南村", "120000000000", yinzheng.Village),
	}, []offices.Seat{seat("110000000000", "", "A", "甲镇政府"), seat("120000000000", "", "B", "乙镇政府"), seat("120000000000", "health", "H", "乙镇卫生院"), seat("100000000000", "civil", "C", "区民政局")})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// rows says what a plan changes, one row a word: code>successor, code^parent, ...
func rows(r *yinzheng.Reorganisation) string {
	var out []string
	for _, v := range r.Divisions {
		s := v.Code[:4] + ":" + v.Name + "^" + fmt.Sprintf("%.4s", v.Parent)
		if v.Successor != "" {
			s += ">" + v.Successor[:4]
		}
		out = append(out, s)
	}
	for _, o := range r.Offices {
		s := fmt.Sprintf("%.5s", o.ID) + strings.TrimPrefix(o.ID[min(len(o.ID), 13):], "0") + ":" + o.Name + "@" + o.Division[:4] + "/" + o.Organ
		if o.Successor != "" {
			s += ">" + o.Successor[:5]
		}
		out = append(out, s)
	}
	for _, o := range r.Organs {
		s := o.Code + ":" + o.Name
		if o.Successor != "" {
			s += ">" + o.Successor
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

func TestPlan(t *testing.T) {
	for name, tt := range map[string]struct{ order, want string }{
		"merge into one":      {`{"merge":[{"divisions":["110100000000","110200000000"],"into":{"code":"110100000000"}}]}`, "1102:西村^1100>1101 o1102:西村@1102/>o1101"},
		"merge, new name":     {`{"merge":[{"divisions":["110100000000","110200000000"],"into":{"code":"110100000000","name":"东西村"}}]}`, "1101:东西村^1100 1102:西村^1100>1101 o1101:东西村@1101/ o1102:西村@1102/>o1101"},
		"merge into new":      {`{"merge":[{"divisions":["110100000000","110200000000"],"into":{"code":"110300000000","name":"新村"}}]}`, "1101:东村^1100>1103 1102:西村^1100>1103 1103:新村^1100 o1101:东村@1101/>o1103 o1102:西村@1102/>o1103 o1103:新村@1103/"},
		"merge into third":    {`{"merge":[{"divisions":["110100000000"],"into":{"code":"110200000000"}}]}`, "1101:东村^1100>1102 o1101:东村@1101/>o1102"},
		"towns":               {`{"merge":[{"divisions":["110000000000","120000000000"],"into":{"code":"110000000000"}}]}`, "1200:乙镇^1000>1100 1201:南村^1100 o1200:乙镇政府@1200/B>o1100 o1200-health:乙镇卫生院@1100/H B:乙镇政府>A"},
		"towns, new organ":    {`{"merge":[{"divisions":["110000000000","120000000000"],"into":{"code":"130000000000","name":"新镇","organ":{"code":"N","name":"新镇政府"}}}]}`, "1100:甲镇^1000>1300 1101:东村^1300 1102:西村^1300 1200:乙镇^1000>1300 1201:南村^1300 1300:新镇^1000 o1100:甲镇政府@1100/A>o1300 o1200:乙镇政府@1200/B>o1300 o1200-health:乙镇卫生院@1300/H o1300:新镇政府@1300/N A:甲镇政府>N B:乙镇政府>N N:新镇政府"},
		"split":               {`{"split":[{"division":"110000000000","parts":[{"code":"110000000000"},{"code":"130000000000","name":"丙镇","organ":{"code":"N","name":"丙镇政府"}}],"children":{"110200000000":"130000000000"}}]}`, "1102:西村^1300 1300:丙镇^1000 o1300:丙镇政府@1300/N N:丙镇政府"},
		"split to nothing":    {`{"split":[{"division":"110100000000","parts":[{"code":"110400000000","name":"东一"},{"code":"110500000000","name":"东二"}]}]}`, "1101:东村^1100>1104 1104:东一^1100 1105:东二^1100 o1101:东村@1101/>o1104 o1104:东一@1104/ o1105:东二@1105/"},
		"rename":              {`{"rename":[{"division":"110100000000","name":"东方村"},{"organ":"B","name":"乙镇人民政府"},{"office":"o100000000000-civil","name":"民政窗口"}]}`, "1101:东方村^1100 o1000-civil:民政窗口@1000/C o1101:东方村@1101/ o1200:乙镇人民政府@1200/B B:乙镇人民政府"},
		"move":                {`{"move":[{"division":"110100000000","parent":"120000000000"}]}`, "1101:东村^1200"},
		"close with organ":    {`{"close":[{"office":"o120000000000-health","successor":"o120000000000"}]}`, "o1200-health:乙镇卫生院@1200/H>o1200 H:乙镇卫生院>B"},
		"close without organ": {`{"close":[{"office":"o110100000000","successor":"o110200000000"}]}`, "o1101:东村@1101/>o1102"},
		"add":                 {`{"add":{"divisions":[{"code":"120200000000","name":"北村","parent":"120000000000","level":"village"}],"organs":[{"code":"P","name":"公安"}],"offices":[{"name":"公安分局","division":"100000000000","function":"police","organ":"P"}]}}`, "1202:北村^1200 o1000-police:公安分局@1000/P o1202:北村@1202/ P:公安"},
		"nothing":             {`{"rename":[{"division":"110100000000","name":"东村"}]}`, ""},
	} {
		var o offices.Order
		if err := json.Unmarshal([]byte(tt.order), &o); err != nil {
			t.Fatal(name, err)
		}
		r, err := offices.Plan(tree(t), &o, now)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if got := rows(r); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, tt.want)
		}
	}
}

func TestPlanRefuses(t *testing.T) {
	for order, want := range map[string]string{
		`{"effective":"tomorrow"}`:                                                                 "effective date",
		`{"effective":"2026-11-21"}`:                                                               "effective past",
		`{"rename":[{"name":"x"}]}`:                                                                "rename[0] choice",
		`{"rename":[{"division":"1","office":"2","name":"x"}]}`:                                    "rename[0] choice",
		`{"rename":[{"division":"1","name":"x"}]}`:                                                 "rename[0].division unknown",
		`{"rename":[{"organ":"Z","name":"x"}]}`:                                                    "rename[0].organ unknown",
		`{"rename":[{"office":"o","name":"x"}]}`:                                                   "rename[0].office unknown",
		`{"move":[{"division":"1","parent":"2"}]}`:                                                 "move[0].division unknown",
		`{"close":[{"office":"1","successor":"2"}]}`:                                               "close[0].office unknown",
		`{"merge":[{"divisions":[],"into":{"code":"1"}}]}`:                                         "merge[0].divisions few",
		`{"merge":[{"divisions":["110100000000"],"into":{"code":"110100000000"}}]}`:                "merge[0].divisions few",
		`{"merge":[{"divisions":["110100000000","110000000000"],"into":{"code":"110000000000"}}]}`: "merge[0].into.code level",
		`{"merge":[{"divisions":["110100000000","110200000000"],"into":{"code":"110100000000"}},{"divisions":["110200000000","120100000000"],"into":{"code":"120100000000"}}]}`:                               "merge[1].divisions[0] unknown",
		`{"merge":[{"divisions":["110100000000","110200000000"],"into":{"code":"110100000000"}}],"split":[{"division":"120100000000","parts":[{"code":"110200000000"},{"code":"120300000000","name":"x"}]}]}`: "split[0].parts[0].code closed",
		`{"split":[{"division":"110100000000","parts":[{"code":"110100000000"}]}]}`:                                                                                                                           "split[0].parts few",
		`{"split":[{"division":"110000000000","parts":[{"code":"110000000000"},{"code":"130000000000","name":"x"}],"children":{"120100000000":"130000000000"}}]}`:                                             "split[0].children.120100000000 choice",
		`{"cases":{"X":"9"}}`: "cases.X choice",
		`{"add":{"divisions":[{"code":"110100000000","name":"x","parent":"110000000000","level":"village"}],"organs":[{"code":"A","name":"x"}],"offices":[{"name":"x","division":"110100000000"}]}}`: "add.divisions[0].code taken, add.organs[0].code taken, add.offices[0] taken",
	} {
		var o offices.Order
		if err := json.Unmarshal([]byte(order), &o); err != nil {
			t.Fatal(order, err)
		}
		_, err := offices.Plan(tree(t), &o, now)
		if got := faults(err); got != want {
			t.Errorf("%s: %s, want %s", order, got, want)
		}
	}
}

func faults(err error) string {
	var e *yinzheng.Error
	if !errors.As(err, &e) {
		return fmt.Sprint(err)
	}
	var out []string
	for _, f := range e.Fields {
		out = append(out, f.Field+" "+f.Code)
	}
	return strings.Join(out, ", ")
}

func workbook(t *testing.T, lines ...[]any) []byte {
	t.Helper()
	f := excelize.NewFile()
	for i := range lines {
		if err := f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &lines[i]); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestPlanFile(t *testing.T) {
	head := "code,name,parent,level,successor\n"
	for name, tt := range map[string]struct {
		data []byte
		want string
	}{
		"the same":  {[]byte(head + "110100000000,东村,110000000000,village,\n"), ""},
		"renamed":   {[]byte(head + "110100000000,东方村,110000000000,村,\n"), "1101:东方村^1100 o1101:东方村@1101/"},
		"new":       {[]byte(head + "110100000001,北村,110000000000,village,\n"), "1101:北村^1100 o1101:北村@1101/"},
		"closed":    {[]byte(head + "110100000000,东村,110000000000,village,110200000000\n"), "1101:东村^1100>1102 o1101:东村@1101/>o1102"},
		"into new":  {[]byte(head + "110100000000,东村,110000000000,village,110300000000\n110300000000,新村,110000000000,village,\n"), "1101:东村^1100>1103 1103:新村^1100 o1101:东村@1101/>o1103 o1103:新村@1103/"},
		"moved":     {workbook(t, []any{"区划代码", "名称", "上级代码", "级别"}, []any{"110100000000", "东村", "120000000000", "社区"}), "1101:东村^1200"},
		"below new": {workbook(t, []any{"code", "name", "parent", "level"}, []any{"130100000000", "山村", "130000000000", "村"}, []any{130000000000, "丙镇", 100000000000, "镇"}), "1300:丙镇^1000 1301:山村^1300 o1300:丙镇便民服务中心@1300/ o1301:山村@1301/"},
	} {
		r, left, err := offices.PlanFile(tree(t), "x", "", tt.data, now)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := rows(r); got != tt.want || left < 5 {
			t.Errorf("%s: %d left,\n got %s\nwant %s", name, left, got, tt.want)
		}
	}
	for data, want := range map[string]string{
		"":                       "file file",
		"code,name\n1,x\n":       "file file",
		head:                     "file file",
		head + "1,,x,borough,\n": "line 2, column code code, line 2, column name required, line 2, column level choice",
		head + "110100000000,东村,110000000000,town,\n":                                           "line 2, column level level",
		head + "110100000000,东村,999999999999,village,\n":                                        "line 2, column parent unknown",
		head + "110100000000,东村,110000000000,village,110100000000\n":                            "line 2, column successor successor",
		head + "110100000000,东村,110000000000,village,110000000000\n":                            "line 2, column successor successor",
		head + "110100000000,东村,110000000000,village,\n110100000000,东村,110000000000,village,\n": "line 3, column code twice",
	} {
		if _, _, err := offices.PlanFile(tree(t), "x", "", []byte(data), now); faults(err) != want {
			t.Errorf("%q: %s, want %s", data, faults(err), want)
		}
	}
}

// TestLongFile: a file of many lines takes seconds, not the square of them; one
// of more than may be says so.
func TestLongFile(t *testing.T) {
	file := func(n int, successor string) []byte {
		var b bytes.Buffer
		b.WriteString("code,name,parent,level,successor\n")
		for i := range n {
			fmt.Fprintf(&b, "5%011d,村%d,110000000000,village,%s\n", i, i, successor)
		}
		return b.Bytes()
	}
	for name, successor := range map[string]string{"new": "", "closed": "110100000000"} {
		start := time.Now()
		r, _, err := offices.PlanFile(tree(t), "x", "", file(40_000, successor), now)
		if err != nil || len(r.Divisions) != 40_000 {
			t.Fatal(name, err)
		}
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%s: 40,000 lines took %v", name, took)
		}
	}
	if _, _, err := offices.PlanFile(tree(t), "x", "", file(50_001, ""), now); faults(err) != "line 50002, column code file" {
		t.Error(err)
	}
}

// TestMergersLeadSomewhere: after any number of mergers every division and every
// office that ever was leads to one that stands.
func TestMergersLeadSomewhere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := randomTree()
		for range rapid.IntRange(1, 12).Draw(t, "mergers") {
			var standing []string
			for _, v := range d.Divisions {
				if v.Until.IsZero() && v.Level == yinzheng.Village {
					standing = append(standing, v.Code)
				}
			}
			if len(standing) < 2 {
				break
			}
			pair := rapid.Permutation(standing).Draw(t, "villages")[:2]
			r, err := offices.Plan(d, &offices.Order{Merge: []offices.Merge{{Divisions: pair, Into: offices.Part{Code: pair[1]}}}}, now)
			if err != nil {
				t.Fatal(err)
			}
			d = apply(d, r)
		}
		for _, v := range d.Divisions {
			if end := d.Division(d.DivisionNow(v.Code)); !end.Until.IsZero() || end.Level != v.Level {
				t.Fatalf("%s leads to %s", v.Code, end.Code)
			}
			if v.Level == yinzheng.Village && len(d.OfficesOf(yinzheng.Post{Level: yinzheng.Village}, v.Code)) != 1 {
				t.Fatalf("%s has %d offices", v.Code, len(d.OfficesOf(yinzheng.Post{Level: yinzheng.Village}, v.Code)))
			}
		}
		for _, o := range d.Offices {
			end := d.OfficeNow(o.ID)
			if !d.Office(end).Until.IsZero() || !slices.Contains(d.Formerly(end), o.ID) {
				t.Fatalf("%s leads to %s", o.ID, end)
			}
		}
	})
}

func randomTree() *yinzheng.Directory {
	divisions := []yinzheng.Division{{Code: "100000000000", Name: "区", Level: yinzheng.District}}
	for i := range 3 {
		town := fmt.Sprintf("1%d0000000000", i+1)
		divisions = append(divisions, yinzheng.Division{Code: town, Name: "镇", Parent: "100000000000", Level: yinzheng.Town})
		for j := range 4 {
			divisions = append(divisions, yinzheng.Division{Code: fmt.Sprintf("1%d0%d00000000", i+1, j+1), Name: "村", Parent: town, Level: yinzheng.Village})
		}
	}
	d, err := offices.First(divisions, nil)
	if err != nil {
		panic(err)
	}
	return d
}

func apply(d *yinzheng.Directory, r *yinzheng.Reorganisation) *yinzheng.Directory {
	divisions, list := slices.Clone(d.Divisions), slices.Clone(d.Offices)
	for _, v := range r.Divisions {
		divisions[slices.IndexFunc(divisions, func(x yinzheng.Division) bool { return x.Code == v.Code })] = v
	}
	for _, o := range r.Offices {
		list[slices.IndexFunc(list, func(x yinzheng.Office) bool { return x.ID == o.ID })] = o
	}
	return yinzheng.NewDirectory(divisions, list, d.Organs)
}
