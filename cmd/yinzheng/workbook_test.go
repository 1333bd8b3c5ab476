package main

import (
	"fmt"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/xuri/excelize/v2"
)

// workbook makes a list of items: two thirds are kept, the rest ended, and one
// has a name that resembles the list of twenty.
func (s *session) workbook(ts *testscript.TestScript, args []string) error {
	n, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	f := excelize.NewFile()
	defer f.Close()
	if err := f.SetSheetName("Sheet1", "清单"); err != nil {
		return err
	}
	rows := [][]any{{"惠城区村（社区）证明事项清单"}, {"事项代码", "事项名称", "法律依据", "出具层级", "处理方式", "取消理由", "替代方式", "材料", "时限", "年办件量", "跑动次数"}}
	for i := range n {
		row := []any{fmt.Sprintf("HC-%03d", i+1), fmt.Sprintf("第%d项居住证明", i+1), "某条例第三条\n某办法第五条", "街道", "保留", "", "", "身份证；户口簿", 3, 100 + i, 2}
		switch {
		case i == n-2:
			row[1] = "亲戚关系情况说明"
		case i%3 == 1:
			row[4], row[5] = "取消", "没有必要"
		case i%9 == 2:
			row[4], row[6] = "替代", "告知承诺"
		}
		rows = append(rows, row)
	}
	for i := range rows {
		if err := f.SetSheetRow("清单", fmt.Sprintf("A%d", i+1), &rows[i]); err != nil {
			return err
		}
	}
	return f.SaveAs(ts.MkAbs(args[0]))
}

// soon sets a variable to a moment to come.
func (s *session) soon(ts *testscript.TestScript, args []string) error {
	d, err := time.ParseDuration(args[1])
	if err == nil {
		ts.Setenv(args[0], time.Now().Add(d).Format(time.RFC3339Nano))
	}
	return err
}

// passed waits until a moment has passed.
func (s *session) passed(_ *testscript.TestScript, args []string) error {
	at, err := time.Parse(time.RFC3339Nano, args[0])
	if err == nil {
		time.Sleep(time.Until(at) + time.Millisecond)
	}
	return err
}
