package main

import (
	"encoding/csv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/xuri/excelize/v2"
)

// xlsx makes of a CSV file what Excel would save of it: numbers as numbers,
// below a title and a line that is empty.
func (s *session) xlsx(ts *testscript.TestScript, args []string) error {
	lines, err := csv.NewReader(strings.NewReader(ts.ReadFile(args[0]))).ReadAll()
	if err != nil {
		return err
	}
	f := excelize.NewFile()
	defer f.Close()
	if err := f.SetCellStr("Sheet1", "A1", "名单"); err != nil {
		return err
	}
	for y, line := range lines {
		for x, text := range line {
			cell, err := excelize.CoordinatesToCellName(x+1, y+3)
			if err != nil {
				return err
			}
			if strings.Trim(text, "0123456789") == "" && text != "" {
				err = f.SetCellDefault("Sheet1", cell, text)
			} else {
				err = f.SetCellStr("Sheet1", cell, text)
			}
			if err != nil {
				return err
			}
		}
	}
	return f.SaveAs(ts.MkAbs(args[1]))
}
