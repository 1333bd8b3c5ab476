package templates

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"yinzheng"
)

// typesetter is one for all tests with the embedded face alone.
var typesetter = sync.OnceValues(func() (*Typesetter, error) { return New(Options{}) })

func embeddedOnly(t testing.TB) *Typesetter {
	t.Helper()
	ts, err := typesetter()
	if err != nil {
		t.Fatal(err)
	}
	return ts
}

func builtinTemplate(t testing.TB, code string) *yinzheng.Template {
	t.Helper()
	all, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	for _, tpl := range all {
		if tpl.Code == code {
			return tpl
		}
	}
	t.Fatalf("no template %s", code)
	return nil
}

var testTime = time.Date(2026, 11, 2, 8, 15, 0, 0, yinzheng.Zone)

// cmsSize is about what a P-256 signature with a chain of three certificates takes.
const cmsSize = 2200

// certificate makes a sheet as Issue would, with values that pass their checks.
func certificate(t testing.TB, code string, raw yinzheng.Values) *yinzheng.Sheet {
	t.Helper()
	tpl := builtinTemplate(t, code)
	checked, err := tpl.CheckValues(raw, testTime)
	if err != nil {
		t.Fatal(err)
	}
	if len(checked.Problems) > 0 {
		t.Fatal(checked.Problems)
	}
	organ := "惠州市惠城区民政局"
	if tpl.Issuer == yinzheng.Town {
		organ = "惠州市惠城区桥西街道办事处"
	}
	return &yinzheng.Sheet{
		Template: tpl,
		Values:   checked.Values,
		Number:   "1.2.156.3005.2.11441302MB2D2Q101Q001.11441302007217000T.8F3K2M9QX.001.K",
		Code:     "7K3M9QX4WEHT",
		Date:     testTime,
		Seal:     yinzheng.SealFace{Organ: organ, Centre: "演示专用", Code: "11441302007217000T"},
		QRPrefix: "https://zm.huicheng.example/v/7K3M9QX4WEHT#",
		QRDigits: []byte(strings.Repeat("31415926535897932384", 37)),
		Attached: []byte(`{"token":"` + strings.Repeat("eyJhbGci", 45) + `","salt":"AAAAAAAAAAAAAAAAAAAAAA","values":{}}`),
		SignedAt: testTime,
		Signer:   organ,
		Reason:   tpl.Name.ZH,
		Contents: cmsSize,
	}
}

func residenceValues() yinzheng.Values {
	return yinzheng.Values{
		"name": "欧阳䶮𫖯", "id": "11010519491231002X", "address": "惠城区桥西街道下角社区滨江路8号2栋301房",
		"since": "2019-03-05", "purpose": "办理子女入学", "recipient": "惠州市第一小学",
	}
}

func birthValues() yinzheng.Values {
	return yinzheng.Values{
		"child_name": "欧阳䶮𫖯", "child_sex": "female", "child_born": "2026-10-31T08:15", "birth_place": "惠州市中心人民医院",
		"mother_name": "李喆", "mother_id": residentID(3, true), "father_name": "欧阳㛃", "father_id": residentID(4, false),
		"household_address": "广东省惠州市惠城区桥西街道下角社区滨江路8号2栋301房",
		"purpose":           "办理户口登记", "recipient": "惠州市公安局惠城区分局",
	}
}

// familyValues has n relatives, some with what is hardest to set.
func familyValues(n int) yinzheng.Values {
	kinds := []struct{ name, relation string }{
		{"张伟", "father"}, {"欧阳䶮𫖯", "mother"}, {"王芳", "younger_sister"}, {"买买提·吐尔逊·阿卜杜热合曼", "other"},
	}
	var rows []any
	for i := range n {
		k := kinds[i%len(kinds)]
		row := map[string]any{"name": k.name, "relation": k.relation, "deceased": i%3 == 0}
		if k.relation == "other" {
			row["relation_text"] = "舅父"
			row["id"] = map[string]any{"type": "none", "reason": "年代久远，未办理"}
		} else {
			row["id"] = residentID(10+i, k.relation != "father")
		}
		rows = append(rows, row)
	}
	return yinzheng.Values{
		"applicant_name": "张三丰", "applicant_id": residentID(40, false), "relatives": rows,
		"purpose": "办理继承公证", "recipient": "广东省惠州市惠城公证处",
	}
}

// residentID makes a number with a right check digit (GB 11643).
func residentID(n int, female bool) string {
	sequence := 100 + 2*n
	if !female {
		sequence++
	}
	return yinzheng.ResidentNumber(fmt.Sprintf("441302%d0315%03d", 1950+n%50, sequence))
}

// render typesets a sheet and writes it to a file.
func render(t testing.TB, ts *Typesetter, in *yinzheng.Sheet) (path string, u *yinzheng.Unsigned) {
	t.Helper()
	u, err := ts.Render(in)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(u.Free)
	path = filepath.Join(t.TempDir(), in.Template.Code+".pdf")
	if err := os.WriteFile(path, u.PDF, 0o600); err != nil {
		t.Fatal(err)
	}
	return path, u
}

func tool(t testing.TB, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, out, complaints.String())
	}
	return string(out)
}

// squeeze is text without white space.
func squeeze(s string) string { return strings.Join(strings.Fields(s), "") }

func parse(t testing.TB, s string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
