package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// row is one line of the table: what was measured, what it is measured
// against, and the budget.
type row struct {
	Name    string  `json:"name"`
	Value   float64 `json:"value"`
	Unit    string  `json:"unit"`
	Against string  `json:"against"`          // the other contender, with its own figure
	Ratio   float64 `json:"ratio"`            // ours to the other's, whichever way the budget reads
	Spread  float64 `json:"spread,omitempty"` // of the ratio over the rounds, see series.spread
	Goal    string  `json:"goal"`
	Met     bool    `json:"met"`
}

// The budgets read in four ways.

func ratioAtLeast(limit float64) func(*row) {
	return func(r *row) { r.Goal, r.Met = "≥ "+number(limit)+"×", r.Ratio >= limit }
}

func ratioAtMost(limit float64) func(*row) {
	return func(r *row) { r.Goal, r.Met = "≤ "+number(limit)+"×", r.Ratio <= limit }
}

func valueAtMost(limit float64) func(*row) {
	return func(r *row) { r.Goal, r.Met = "≤ "+number(limit)+" "+r.Unit, r.Value <= limit }
}

// newRow judges a figure by its budget. Ratios has the ratio of each round.
func newRow(name string, value float64, unit, against string, ratios series, budget func(*row)) (row, error) {
	r := row{Name: name, Value: value, Unit: unit, Against: against, Ratio: ratios.median(), Spread: ratios.spread()}
	for _, x := range []float64{r.Value, r.Ratio, r.Spread} {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return r, fmt.Errorf("%s: measured %v %s, ratio %v: that is no figure", name, value, unit, r.Ratio)
		}
	}
	budget(&r)
	return r, nil
}

// report is everything that a run prints.
type report struct {
	Machine string   `json:"machine"`
	Notes   []string `json:"notes"`
	Rows    []row    `json:"rows"`
}

func (r *report) writeJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(r)
}

func (r *report) writeTable(w io.Writer) error {
	cells := [][]string{{"what", "measured", "against", "ratio", "±", "goal", ""}}
	missed := 0
	for _, x := range r.Rows {
		verdict := "met"
		if !x.Met {
			verdict = "MISSED"
			missed++
		}
		cells = append(cells, []string{
			x.Name, number(x.Value) + " " + x.Unit, x.Against, number(x.Ratio) + "×", number(100*x.Spread) + "%", x.Goal, verdict,
		})
	}
	widths := make([]int, len(cells[0]))
	for _, line := range cells {
		for i, c := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(c))
		}
	}
	var b strings.Builder
	b.WriteString(r.Machine + "\n\n")
	for _, line := range cells {
		var l strings.Builder
		for i, c := range line {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c))
			if i == 1 || i == 3 || i == 4 { // figures end under each other
				l.WriteString(pad + c + "  ")
			} else {
				l.WriteString(c + pad + "  ")
			}
		}
		b.WriteString(strings.TrimRight(l.String(), " ") + "\n")
	}
	fmt.Fprintf(&b, "\n%d of %d budgets met\n", len(r.Rows)-missed, len(r.Rows))
	for _, n := range r.Notes {
		b.WriteString("- " + n + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// number writes a figure with three significant digits, and whole numbers of
// more digits whole.
func number(x float64) string {
	if math.Abs(x) >= 100 {
		return strconv.FormatFloat(x, 'f', 0, 64)
	}
	return strconv.FormatFloat(x, 'g', 3, 64)
}
