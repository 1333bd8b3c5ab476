package pdf

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"yinzheng/internal/pdf/pdftest"
)

// TestPages: the tree is walked, whatever it says of its count.
func TestPages(t *testing.T) {
	const leaf = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>"
	kids := func(refs string) string { return "<</Type/Pages/Count 1/Kids[" + refs + "]>>" }
	for name, c := range map[string]struct {
		objects []string // from number 1
		pages   int
		err     string // a part of it
	}{
		"one":                   {[]string{"<</Pages 2 0 R>>", kids("3 0 R"), leaf}, 1, ""},
		"two levels":            {[]string{"<</Pages 2 0 R>>", kids("3 0 R 4 0 R"), leaf, kids("5 0 R 6 0 R"), leaf, leaf}, 3, ""},
		"kids by reference":     {[]string{"<</Pages 2 0 R>>", "<</Kids 3 0 R>>", "[4 0 R]", leaf}, 1, ""},
		"as many as may be":     {[]string{"<</Pages 2 0 R>>", kids("3 0 R 4 0 R 5 0 R"), leaf, leaf, leaf}, 3, ""},
		"one more":              {[]string{"<</Pages 2 0 R>>", kids("3 0 R 4 0 R 5 0 R 6 0 R"), leaf, leaf, leaf, leaf}, 0, ErrPages.Error()},
		"none":                  {[]string{"<</Pages 2 0 R>>", kids("")}, 0, ErrPages.Error()},
		"a page twice":          {[]string{"<</Pages 2 0 R>>", kids("3 0 R 3 0 R"), leaf}, 0, "a tree of pages"},
		"a circle":              {[]string{"<</Pages 2 0 R>>", kids("2 0 R")}, 0, "a tree of pages"},
		"a page in its parent":  {[]string{"<</Pages 2 0 R>>", kids(leaf)}, 0, "a tree of pages"},
		"no pages":              {[]string{"<</Type/Catalog>>"}, 0, "a tree of pages"},
		"a page that is absent": {[]string{"<</Pages 2 0 R>>", kids("9 0 R")}, 0, "a dictionary"},
		"no catalog":            {[]string{"[]"}, 0, "a dictionary"},
	} {
		f := pdftest.New()
		for i, o := range c.objects {
			f.Object(i+1, o)
		}
		data, _ := f.Finish("/Root 1 0 R")
		file, err := Open(data)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		n, err := file.Pages(3)
		if n != c.pages || c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(fmt.Sprint(err), c.err)) {
			t.Errorf("%s: %d, %v", name, n, err)
		}
		if c.err == ErrPages.Error() && !errors.Is(err, ErrPages) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
