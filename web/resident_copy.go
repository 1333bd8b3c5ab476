package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"yinzheng"
	"yinzheng/resident"
)

// ownCopy is what is kept about somebody, as they may take it away.
type ownCopy struct {
	*yinzheng.OwnCopy
	Requests []requestCopy `json:"requests"` // that are no case
}

// requestCopy is a request as its resident filled it in.
type requestCopy struct {
	ID       string                `json:"id"`
	ItemName yinzheng.Text         `json:"item_name"`
	State    yinzheng.RequestState `json:"state"`
	Changed  time.Time             `json:"changed"`
	Asked    resident.Asked        `json:"asked"`
}

// copyFor gathers it. That it was taken is put on record first.
func (s *server) copyFor(g *guest) (*ownCopy, error) {
	if err := s.reads.allow(g.me.Key()); err != nil {
		return nil, err
	}
	all, err := s.Service.CopyFor(g.Context(), g.me)
	if err != nil {
		return nil, err
	}
	out := &ownCopy{OwnCopy: all, Requests: []requestCopy{}}
	requests, err := s.Residents.Requests(g.Context(), g.me)
	if err != nil && !errors.Is(err, yinzheng.ErrNotFound) {
		return nil, err
	}
	for _, q := range requests {
		if q == nil || q.Case != "" || q.Content == nil {
			continue
		}
		x := requestCopy{q.ID, q.Of.Name, q.State, q.Changed, q.Asked}
		x.Asked.Salt = nil
		out.Requests = append(out.Requests, x)
	}
	return out, nil
}

// copyFile hands it out for programs.
func (s *server) copyFile(g *guest) error {
	all, err := s.copyFor(g)
	if err != nil {
		return err
	}
	body, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return fmt.Errorf("write a copy: %w", err)
	}
	g.w.Header().Set("Content-Disposition", `attachment; filename="yinzheng.json"`)
	writeBody(g.w, http.StatusOK, "application/json", body)
	return nil
}

// copyView is the same for people to read.
type copyView struct {
	*ownCopy
	Cases    []copiedCase
	Register []factRow
}

// copiedCase is a case with its values in words.
type copiedCase struct {
	yinzheng.CaseCopy
	Rows []factRow
}

var copyTitle = yinzheng.Text{ZH: "保存的个人信息", EN: "What is kept about you"}

// copyPage shows it.
func (s *server) copyPage(g *guest) error {
	all, err := s.copyFor(g)
	if err != nil {
		return err
	}
	view := &copyView{ownCopy: all}
	for _, c := range all.Cases {
		x := copiedCase{CaseCopy: c}
		for i := range c.Fields {
			if values := shown(&c.Fields[i], c.Values); values != nil {
				x.Rows = append(x.Rows, factRow{Label: c.Fields[i].Label, Values: values})
			}
		}
		view.Cases = append(view.Cases, x)
	}
	for _, r := range all.Register {
		for i := range r.Facts {
			view.Register = append(view.Register, s.registered(&r.Facts[i]))
		}
	}
	return s.receive(g, http.StatusOK, "resident-copy", copyTitle, view)
}

// factNames are the kinds of fact that registers hold, in words.
var factNames = map[yinzheng.FactKind]yinzheng.Text{
	yinzheng.FactDocument: {ZH: "证件", EN: "Document"}, yinzheng.FactName: {ZH: "姓名", EN: "Name"}, yinzheng.FactSex: {ZH: "性别", EN: "Sex"},
	yinzheng.FactBorn: {ZH: "出生", EN: "Born"}, yinzheng.FactDied: {ZH: "死亡", EN: "Died"}, yinzheng.FactDivision: {ZH: "所在区划", EN: "Division"},
	yinzheng.FactAddress: {ZH: "户口地址", EN: "Registered address"}, yinzheng.FactHome: {ZH: "现居住地址", EN: "Home"}, yinzheng.FactHomeSince: {ZH: "现居住起始", EN: "At home there since"},
	yinzheng.FactHousehold: {ZH: "户号", EN: "Household"}, yinzheng.FactHead: {ZH: "与户主关系", EN: "Relation to the head of the household"},
	yinzheng.FactMother: {ZH: "母亲", EN: "Mother"}, yinzheng.FactFather: {ZH: "父亲", EN: "Father"}, yinzheng.FactSpouse: {ZH: "配偶", EN: "Spouse"},
}

var sexNames = map[string]string{yinzheng.Male: "男", yinzheng.Female: "女"}

// registered is a fact with which register says so, and whether it holds.
func (s *server) registered(f *yinzheng.FactView) factRow {
	value := f.Value
	switch d := s.Service.Directory().Division(value); {
	case f.Kind == yinzheng.FactDivision && d != nil:
		value = d.Name
	case f.Kind == yinzheng.FactSex:
		value = sexNames[value]
	}
	value = strings.TrimSpace(value + " " + f.ID.Number)
	from := f.Register + "　" + f.AsOf
	if f.Until != "" {
		from += "　→ " + f.Until
	}
	return factRow{Label: factNames[f.Kind], Values: []string{value, from}}
}
