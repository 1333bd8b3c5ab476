package table_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"yinzheng/internal/table"
)

var columns = []table.Column{{Key: "code", Names: []string{"代码"}}, {Key: "name", Names: []string{"名称"}}, {Key: "note", Optional: true}}

// all reads every row as code|name|note@place of the name.
func all(t *testing.T, data []byte) ([]string, error) {
	t.Helper()
	tab, err := table.Open(data, columns)
	if err != nil {
		return nil, err
	}
	defer tab.Close()
	var out []string
	for {
		r, err := tab.Next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		out = append(out, strings.Join([]string{r.Get("code"), r.Get("name"), r.Get("note")}, "|")+"@"+r.Place("name"))
	}
}

func workbook(t *testing.T, change func(*excelize.File)) []byte {
	t.Helper()
	f := excelize.NewFile()
	for i, row := range [][]any{{"某区名单"}, {"名称", "代码", "多余"}, {"东湖", 441302001001, "x"}, {}, {"新建", "441302001003"}} {
		cell, _ := excelize.CoordinatesToCellName(1, i+1)
		if err := f.SetSheetRow("Sheet1", cell, &row); err != nil {
			t.Fatal(err)
		}
	}
	change(f)
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestRows(t *testing.T) {
	gb, err := simplifiedchinese.GB18030.NewEncoder().String("代码,名称\n1,䶮湖𠮷\n")
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		data []byte
		want string
	}{
		"csv":             {[]byte("code,name,note\r\n1,东湖,a\r\n2,\"新\n建\",\r\n\r\n3,江边\r\n"), "1|东湖|a@line 2, column name 2|新\n建|@line 3, column name 3|江边|@line 6, column name"},
		"byte order":      {[]byte("\ufeffname*,code\n东湖,1\n"), "1|东湖|@line 2, column name"},
		"tabs":            {[]byte("名称\t代码\n东湖\t1\n"), "1|东湖|@line 2, column name"},
		"gb 18030":        {[]byte(gb), "1|䶮湖𠮷|@line 2, column name"},
		"set with spaces": {[]byte("代 码,\"名\n　称\"\n1,东湖\n"), "1|东湖|@line 3, column name"},
		"below others":    {[]byte("惠城区\n\ncode,name\n1,东湖\n"), "1|东湖|@line 4, column name"},
		"xlsx":            {workbook(t, func(*excelize.File) {}), "441302001001|东湖|@Sheet1!A3 441302001003|新建|@Sheet1!A5"},
		"merged elsewhere": {workbook(t, func(f *excelize.File) { // a title, a column nobody asked for, below the last row
			for _, area := range [][2]string{{"A1", "C1"}, {"C3", "C5"}, {"A6", "B9"}} {
				if err := f.MergeCell("Sheet1", area[0], area[1]); err != nil {
					t.Fatal(err)
				}
			}
		}), "441302001001|东湖|@Sheet1!A3 441302001003|新建|@Sheet1!A5"},
		"hidden sheet": {workbook(t, func(f *excelize.File) {
			i, _ := f.NewSheet("名单")
			f.SetActiveSheet(i)
			_ = f.SetSheetRow("名单", "A1", &[]any{"code", "name"})
			_ = f.SetSheetRow("名单", "A2", &[]any{"9", "看得见"})
			_ = f.SetSheetVisible("Sheet1", false)
		}), "9|看得见|@名单!B2"},
	} {
		got, err := all(t, tt.data)
		if err != nil || strings.Join(got, " ") != tt.want {
			t.Errorf("%s: %q, %v\nwant %q", name, strings.Join(got, " "), err, tt.want)
		}
	}
}

func TestRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		data []byte
		want string
	}{
		"empty":       {nil, "The table is empty"},
		"no columns":  {[]byte("a,b\n1,2\n"), "Columns are missing: code/代码, name/名称"},
		"one missing": {[]byte("x\ncode,b\n1,2\n"), "Columns are missing: name/名称"},
		"twice":       {[]byte("code,name,代码\n1,2,3\n"), "The column code is there twice"},
		"quote":       {[]byte("code,name\n1,\"东湖\n"), "has no other half"},
		"latin":       {[]byte("code,name\n1,\xff\xff\n"), "neither UTF-8 nor GB 18030"},
		"picture":     {[]byte("\x00\x01\x02 code"), "This is no table"},
		"old xls":     {[]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "old .xls"},
		"not a book":  {[]byte("PK\x03\x04 nothing"), "cannot be opened"},
		"merged":      {workbook(t, func(f *excelize.File) { _ = f.MergeCell("Sheet1", "A3", "A5") }), "Sheet1!A3:A5: Of cells merged into one"},
		"merged wide": {workbook(t, func(f *excelize.File) { _ = f.MergeCell("Sheet1", "B5", "C5") }), "Sheet1!B5:C5: Of cells merged into one"},
		"no result":   {book(heading+`<row><c><v>1</v></c><c><f>A1&amp;"x"</f></c></row>`+ending, ""), "a!B2: The formula has no result yet"},
		"an error":    {book(heading+`<row><c><v>1</v></c><c t="e"><f>1/0</f><v>#DIV/0!</v></c></row>`+ending, ""), "a!B2: The formula's result is the error #DIV/0!"},
		"1904": {workbook(t, func(f *excelize.File) {
			on := true
			_ = f.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: &on})
		}), "counts its days from 1904"},
		"digits": {[]byte("code,name\n4.41302E+17,东湖\n"), "line 2, column code: Excel has turned a long number into 4.41302E+17"},
	} {
		if _, err := all(t, tt.data); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
	whole := workbook(t, func(*excelize.File) {})
	if _, err := all(t, whole[:len(whole)*2/3]); err == nil {
		t.Error("two thirds of a workbook were read")
	}
}

func FuzzOpen(f *testing.F) {
	f.Add([]byte("code,name\n1,东湖\n"))
	f.Add(workbook(&testing.T{}, func(*excelize.File) {}))
	for _, c := range refusals {
		f.Add(c.make(3))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		tab, err := table.Open(data, columns)
		var bad *table.Error
		if err != nil {
			if !errors.As(err, &bad) {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		defer tab.Close()
		for {
			r, err := tab.Next()
			if errors.Is(err, io.EOF) || errors.As(err, &bad) {
				return
			}
			if err != nil {
				t.Fatalf("%T: %v", err, err)
			}
			for _, c := range columns {
				_, _ = r.Get(c.Key), r.Place(c.Key)
			}
		}
	})
}

// TestIgnored: a heading that stands for nothing is told of.
func TestIgnored(t *testing.T) {
	tab, err := table.Open([]byte("清单\n代码,名 称,备 注,,"+strings.Repeat("长", 30)+"\n1,东湖,x,,\n"), columns)
	if err != nil {
		t.Fatal(err)
	}
	defer tab.Close()
	if got := strings.Join(tab.Ignored(), "|"); got != "备注|"+strings.Repeat("长", 20) {
		t.Error(got)
	}
}
