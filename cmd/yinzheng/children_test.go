package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"

	"yinzheng"
)

// children writes a list of children, 40 born a day.
func (s *session) children(ts *testscript.TestScript, args []string) error {
	n, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	skip, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	var b bytes.Buffer
	b.WriteString("姓名,证件号码,区划代码\n")
	for i := 1; i <= n; i++ {
		if skip > 0 && i%skip == 0 {
			continue
		}
		village := []string{demoVillage, demoSibling}[i%2]
		fmt.Fprintf(&b, "陈小%c,%s,%s\n", '一'+rune(i%500), yinzheng.ResidentNumber(fmt.Sprintf("4413022019%02d%02d%03d", 1+i/40/28%12, 1+i/40%28, i%40)), village)
	}
	return os.WriteFile(ts.MkAbs(args[0]), b.Bytes(), 0o600)
}
