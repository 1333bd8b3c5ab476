package templates

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"yinzheng"
)

// recordTemplate is a page of facts and a table, as a dossier has them.
func recordTemplate() *yinzheng.Template {
	return &yinzheng.Template{
		Code: "record-test", Version: 1,
		Fields: []yinzheng.Field{
			{Key: "who", Type: yinzheng.TextField},
			{Key: "rows", Type: yinzheng.ListField, Fields: []yinzheng.Field{{Key: "what", Type: yinzheng.TextField}, {Key: "when", Type: yinzheng.TextField}}},
		},
		Page: yinzheng.PageText{
			Title: "办件卷宗",
			Body: []yinzheng.Block{
				{Facts: []yinzheng.Fact{{Label: "申请人", Text: "{who}"}}},
				{Text: "一、经过"},
				{Table: &yinzheng.Table{Rows: "rows", Columns: []yinzheng.Column{{Head: "时间", Text: "{when}", Width: 1}, {Head: "事项", Text: "{what}", Width: 3}}}},
			},
			Notes: []string{"不是证明。"},
		},
	}
}

func record(t *testing.T, rows int) (file []byte, text string) {
	t.Helper()
	var list []any
	for i := range rows {
		list = append(list, map[string]any{"when": fmt.Sprintf("时刻%d", i), "what": "事项"})
	}
	in := &yinzheng.Sheet{
		Template: recordTemplate(), Number: "CASE0001", Date: time.Date(2026, 11, 22, 9, 0, 0, 0, yinzheng.Zone),
		Values: yinzheng.Values{"who": "张𠮷三", "rows": list},
	}
	file, err := embeddedOnly(t).Record(in)
	if err != nil {
		t.Fatal(err)
	}
	again, err := embeddedOnly(t).Record(in)
	if err != nil || !bytes.Equal(file, again) {
		t.Errorf("the same record gives other bytes, %v", err)
	}
	cmd := exec.Command("pdftotext", "-layout", "-", "-")
	cmd.Stdin = bytes.NewReader(file)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return file, string(out)
}

// TestRecord: a record has what is on file and nothing of a certificate's: no
// signature field, no code, no 样本, no ornament.
func TestRecord(t *testing.T) {
	file, text := record(t, 80)
	for _, want := range []string{"办件卷宗", "CASE0001", "张〓三", "时刻0", "时刻79", "不是证明。", "第1页"} {
		if !strings.Contains(strings.ReplaceAll(text, " ", ""), want) {
			t.Errorf("%s is not in it:\n%s", want, text)
		}
	}
	for _, no := range []string{"样本", "扫码", "验证码", "网址", "签发后生成", "年　月　日"} {
		if strings.Contains(text, no) {
			t.Errorf("%s is in it", no)
		}
	}
	if bytes.Contains(file, []byte("/Sig")) || bytes.Contains(file, []byte("/AcroForm")) {
		t.Error("it has a signature field")
	}
	path := filepath.Join(t.TempDir(), "record.pdf")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("qpdf", "--check", path).CombinedOutput(); err != nil {
		t.Errorf("qpdf: %v\n%s", err, out)
	}
	out, err := exec.Command("pdftotext", "-bbox", path, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	places := regexp.MustCompile(`yMax="([0-9.]+)"`).FindAllSubmatch(out, -1)
	for _, m := range places {
		if y, err := strconv.ParseFloat(string(m[1]), 64); err != nil || y > pageHeight-14*mm {
			t.Fatalf("text at %s points, below the page's foot", m[1])
		}
	}
	if len(places) < 160 {
		t.Errorf("%d words", len(places))
	}
}

// TestRecordHeadings: a heading never stands at a page's foot without its table.
func TestRecordHeadings(t *testing.T) {
	tpl := recordTemplate()
	tpl.Code = "record-headings"
	tpl.Page.Body = append(tpl.Page.Body, yinzheng.Block{Text: "二、其他"}, tpl.Page.Body[2])
	for rows := 14; rows < 30; rows++ {
		var list []any
		for range rows {
			list = append(list, map[string]any{"when": "时刻", "what": "事项"})
		}
		file, err := embeddedOnly(t).Record(&yinzheng.Sheet{Template: tpl, Number: "N", Values: yinzheng.Values{"rows": list}})
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("pdftotext", "-layout", "-", "-")
		cmd.Stdin = bytes.NewReader(file)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		for page := range strings.SplitSeq(string(out), "\f") {
			if _, after, found := strings.Cut(page, "二、其他"); found && !strings.Contains(after, "时刻") {
				t.Errorf("%d rows: the heading stands alone", rows)
			}
		}
	}
}
