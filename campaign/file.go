package campaign

import (
	"errors"
	"io"
	"strings"

	"golang.org/x/text/width"

	"yinzheng"
	"yinzheng/internal/table"
)

// columns of a list of people.
var columns = []table.Column{
	{Key: "id", Names: []string{"证件号码", "身份证号", "身份证号码", "公民身份号码"}},
	{Key: "name", Names: []string{"姓名"}},
	{Key: "division", Names: []string{"区划代码", "区划"}, Optional: true},
}

// ReadPeople reads a list of people, CSV or .xlsx. The error is an ErrInvalid for
// what is no such table; what is wrong with somebody is found by Start, which
// names the cell.
func ReadPeople(data []byte) ([]Person, error) {
	t, err := table.Open(data, columns)
	if err != nil {
		return nil, yinzheng.FileFault(err)
	}
	defer t.Close()
	var people []Person
	for len(people) <= maxPeople {
		line, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, yinzheng.FileFault(err)
		}
		id := strings.Join(strings.Fields(width.Narrow.String(line.Get("id"))), "")
		people = append(people, Person{ID: id, Name: line.Get("name"), Division: line.Get("division"), cell: line.Place})
	}
	if len(people) == 0 {
		return nil, yinzheng.FileFault(&table.Error{ZH: "名单是空的", EN: "The list is empty"})
	}
	return people, nil
}
