package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"

	"yinzheng"
)

// cases writes a workbook of residence cases, one row each.
func (s *session) cases(ts *testscript.TestScript, args []string) error {
	n, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	var b bytes.Buffer
	b.WriteString("姓名,证件号码,现居住地址,居住起始日期,用途,使用单位\n")
	for i := range n {
		fmt.Fprintf(&b, "李%c,%s,滨江路 %d 号,2020-05-01,子女入学,教育局\n", '一'+rune(i), yinzheng.ResidentNumber(fmt.Sprintf("4413021980%02d%02d%03d", 1+i/999/28, 1+i/999%28, i%999)), i+1)
	}
	return os.WriteFile(ts.MkAbs(args[0]), b.Bytes(), 0o600)
}
