package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"

	"yinzheng"
)

// district21 is Huicheng as it is: 21 towns and 283 villages, with an office
// each. Towns and villages are drawn as unevenly as people live.
type district21 struct {
	directory *yinzheng.Directory
	villages  []yinzheng.Division // those that most cases belong to first
	weights   []float64           // of the villages, summed up
	names     names
}

func newDistrict21(o *office) (*district21, error) {
	root, err := moduleFolder()
	if err != nil {
		return nil, err
	}
	f, err := os.Open(filepath.Join(root, "cmd/yinzheng/demo/huicheng-divisions.csv"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, err
	}
	d := &district21{names: newNames()}
	var divisions []yinzheng.Division
	var offices []yinzheng.Office
	for _, row := range rows[1:] {
		v := yinzheng.Division{Code: row[0], Name: row[1], Parent: row[2], Level: yinzheng.Level(row[3])}
		divisions = append(divisions, v)
		office := yinzheng.Office{ID: "o" + v.Code, Name: v.Name, Division: v.Code}
		switch v.Level {
		case yinzheng.District:
			office.Organ = o.directory.Organs[0].Code
		case yinzheng.Town: // one organ seals for all of them, which spares their keys
			office.Organ = o.directory.Organs[1].Code
		case yinzheng.Village:
			d.villages = append(d.villages, v)
		}
		offices = append(offices, office)
	}
	d.directory = yinzheng.NewDirectory(divisions, offices, o.directory.Organs)
	d.weights = cumulate(len(d.villages), 10)
	return d, nil
}

// people are those who ask: the clerks of the busiest villages, the approvers of
// their towns, and the district's.
func (d *district21) people() (clerks, approvers []*yinzheng.Account, head *yinzheng.Account) {
	holding := func(division string, role yinzheng.Role) *yinzheng.Account {
		return &yinzheng.Account{ID: string(role) + division, Grants: []yinzheng.Grant{{Office: "o" + division, Role: role, From: time.Unix(0, 0)}}}
	}
	var towns []string
	for _, v := range d.villages[:20] {
		clerks = append(clerks, holding(v.Code, yinzheng.Clerk))
		if !slices.Contains(towns, v.Parent) {
			towns = append(towns, v.Parent)
			approvers = append(approvers, holding(v.Parent, yinzheng.Approver))
		}
	}
	return clerks, approvers, holding(district, yinzheng.Approver)
}

// village draws where somebody lives.
func (d *district21) village(r *rand.Rand) yinzheng.Division { return d.villages[draw(r, d.weights)] }

// names draws names as unevenly as people bear them: the commonest whole name
// has some 400 bearers in a million, half of all are borne by few.
type names struct {
	surnames, given              []rune
	surnameWeights, givenWeights []float64
}

func newNames() names {
	plain := func(all string) []rune { // a variant would be folded, and be another name in the index
		return slices.DeleteFunc([]rune(all), func(r rune) bool { return yinzheng.FoldName(string(r)) != string(r) })
	}
	n := names{surnames: plain(surnames), given: plain(given)}
	n.surnameWeights, n.givenWeights = cumulate(len(n.surnames), 3), cumulate(len(n.given), 5)
	return n
}

func (n *names) draw(r *rand.Rand) string {
	name := []rune{n.surnames[draw(r, n.surnameWeights)], n.given[draw(r, n.givenWeights)]}
	if r.IntN(100) < 85 {
		name = append(name, n.given[draw(r, n.givenWeights)])
	}
	return string(name)
}

// cumulate sums up n weights that fall as 1/(k+flat).
func cumulate(n, flat int) []float64 {
	sums := make([]float64, n)
	sum := 0.0
	for i := range sums {
		sum += 1 / float64(i+flat)
		sums[i] = sum
	}
	return sums
}

func draw(r *rand.Rand, sums []float64) int {
	i, _ := slices.BinarySearch(sums, r.Float64()*sums[len(sums)-1])
	return min(i, len(sums)-1)
}

// residentID draws a number: so many people are born on each of so many days
// that few numbers come up twice.
func residentID(r *rand.Rand) string {
	born := time.Date(1930, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, r.IntN(29000))
	return yinzheng.ResidentNumber("441302" + born.Format("20060102") + fmt.Sprintf("%03d", r.IntN(500)*2))
}

// fill puts the district, its keys and the people of the patterns into a new
// store.
func (d *district21) fill(ctx context.Context, o *office, s yinzheng.Store) error {
	return s.Tx(ctx, func(ctx context.Context) error {
		errs := []error{s.PutDirectory(ctx, d.directory), s.PutAccount(ctx, o.clerk)}
		for _, a := range o.deciders {
			errs = append(errs, s.PutAccount(ctx, a))
		}
		for _, k := range o.keys {
			k := *k
			k.NotBefore = k.NotBefore.AddDate(-years-1, 0, 0) // what lies years back is sealed by the same key
			errs = append(errs, s.PutKey(ctx, &k))
		}
		return errors.Join(errs...)
	})
}
