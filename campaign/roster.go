package campaign

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"yinzheng"
)

// maxPeople bounds a roster.
const maxPeople = 50_000

// lookedUp is how many people are looked up in the register at once.
const lookedUp = 500

// roster is the people of a campaign that starts, by place and name.
type roster struct {
	entries []*Entry
	marks   []string // of the same
	died    map[int]*EntryAct
}

// person is somebody on the way onto a roster.
type person struct {
	*Entry
	given string // division given with them; "": none
	at    string // where on the list that stands
	mark  string
	dead  *yinzheng.Person // by a register of the area
}

// roster gathers who holds a certificate of the item in force in an area or, when
// people are given, these, and what registers say of them.
func (s *Campaigns) roster(ctx context.Context, t *yinzheng.Template, in *NewCampaign, area string) (*roster, error) {
	now := s.now()
	people, err := s.bearers(ctx, t.Code, area)
	if err != nil {
		return nil, err
	}
	var f faults
	if len(in.People) > 0 {
		if people, err = listed(in.People, people, now, &f); err != nil {
			return nil, err
		}
	}
	if err := s.known(ctx, people, func(p *person, x *yinzheng.Person) { s.locate(p, x, area, &f) }); err != nil {
		return nil, err
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	if len(people) == 0 {
		f.add("people", "none", "辖区内没有持有这一事项有效证明的人；首次核验请附名单", "Nobody in the area holds a certificate of this item in force; for the first campaign, give a list")
		return nil, f.err()
	}
	if len(people) > maxPeople {
		f.add("people", "count", fmt.Sprintf("超过 %d 人，请由下级单位分别发起", maxPeople), fmt.Sprintf("More than %d people; please start it by the offices below", maxPeople))
		return nil, f.err()
	}
	return s.number(ctx, people)
}

// bearers are who holds a certificate in force.
func (s *Campaigns) bearers(ctx context.Context, item, area string) ([]*person, error) {
	holders, err := s.Service.BearersIn(ctx, item, area)
	if err != nil {
		return nil, err
	}
	people := make([]*person, len(holders))
	for i, h := range holders {
		e := &Entry{Division: h.Division, Name: h.Name, ID: h.ID, Certificate: h.Certificate}
		people[i] = &person{Entry: e, mark: cmp.Or(yinzheng.ByDocument(h.ID).Value, "certificate:"+h.Certificate)}
	}
	return people, nil
}

// listForm is what somebody on a list is checked by: as strict as any form.
var listForm = &yinzheng.Template{Fields: []yinzheng.Field{
	{Key: "id", Type: yinzheng.IDField, Label: text("证件号码", "ID number")},
	{Key: "name", Type: yinzheng.NameField, Label: text("姓名", "Name")},
}}

// listed are the people of a list, each with the certificate in force that they
// hold, if there is one.
func listed(list []Person, bearers []*person, now time.Time, f *faults) ([]*person, error) {
	held := make(map[string]*person, len(bearers))
	for _, b := range bearers {
		held[b.mark] = b
	}
	first := map[string]int{}
	people := make([]*person, 0, len(list))
	for i := range list {
		p, err := onList(&list[i], i, now, f)
		if err != nil {
			return nil, err
		}
		if p == nil {
			continue
		}
		if at, twice := first[p.mark]; twice {
			before := list[at].place(at, "id")
			f.add(list[i].place(i, "id"), "twice", "与 "+before+" 证件号码相同", "The same number as in "+before)
			continue
		}
		first[p.mark] = i
		if b := held[p.mark]; b != nil {
			p.Certificate, p.Division = b.Certificate, b.Division
		}
		people = append(people, p)
	}
	return people, nil
}

// onList is somebody on a list in normal form; nil, with faults, when what is
// said of them will not do.
func onList(in *Person, i int, now time.Time, f *faults) (*person, error) {
	checked, err := listForm.CheckValues(map[string]any{"id": in.ID, "name": in.Name}, now)
	var broken *yinzheng.Error
	var wrong []yinzheng.FieldError
	switch {
	case errors.As(err, &broken):
		wrong = broken.Fields
	case err != nil:
		return nil, err
	default:
		wrong = checked.Problems
	}
	for _, x := range wrong {
		column, _, _ := strings.Cut(strings.TrimPrefix(x.Field, "values."), ".")
		x.Field = in.place(i, column)
		*f = append(*f, x)
	}
	if len(wrong) > 0 {
		return nil, nil
	}
	e := &Entry{Name: checked.Values.String("name"), ID: checked.Values.ID("id")}
	mark := yinzheng.ByDocument(e.ID).Value
	if mark == "" {
		f.add(in.place(i, "id"), "no-document", "没有证件的人不能列入名单", "Somebody without a document cannot be on a list")
		return nil, nil
	}
	return &person{Entry: e, given: in.Division, at: in.place(i, "division"), mark: mark}, nil
}

// known looks people up in the register and calls found for everybody, with who
// they are on record, or nil.
func (s *Campaigns) known(ctx context.Context, people []*person, found func(*person, *yinzheng.Person)) error {
	for some := range slices.Chunk(people, lookedUp) {
		var keys []yinzheng.PersonKey
		for _, p := range some {
			if k := yinzheng.ByDocument(p.ID); k.Value != "" {
				keys = append(keys, k)
			}
		}
		registered, err := s.store.PersonsBy(ctx, keys)
		if err != nil {
			return err
		}
		byKey := map[yinzheng.PersonKey]*yinzheng.Person{}
		for _, x := range registered {
			for _, k := range x.Keys() {
				byKey[k] = x
			}
		}
		for _, p := range some {
			found(p, byKey[yinzheng.ByDocument(p.ID)])
		}
	}
	return nil
}

// locate gives somebody the place where they are checked: the one given, the one
// on record, the one of their certificate, or the campaign's own.
func (s *Campaigns) locate(p *person, x *yinzheng.Person, area string, f *faults) {
	d := s.Service.Directory()
	recorded := ""
	if x != nil && d.Within(x.Value(yinzheng.FactDivision), area) {
		recorded = x.Value(yinzheng.FactDivision)
		if x.Present(yinzheng.FactDied) != nil {
			p.dead = x
		}
	}
	at := cmp.Or(p.given, recorded, p.Division, area)
	if d.Division(at) == nil || !d.Within(at, area) {
		f.add(p.at, "jurisdiction", "不在本单位的辖区内", "Outside the office's area")
		return
	}
	p.Division = d.DivisionNow(at)
}

// number puts people into the order of their places and names, numbers them, and
// marks those who are dead by a register.
func (s *Campaigns) number(ctx context.Context, people []*person) (*roster, error) {
	slices.SortFunc(people, func(a, b *person) int {
		return cmp.Or(cmp.Compare(a.Division, b.Division), cmp.Compare(a.Name, b.Name), cmp.Compare(a.mark, b.mark))
	})
	r := &roster{died: map[int]*EntryAct{}}
	for i, p := range people {
		p.Number = i + 1
		e := p.Entry
		if p.dead != nil {
			a, err := s.died(ctx, p.dead)
			if err != nil {
				return nil, err
			}
			r.died[p.Number], e = a, e.after(a)
		}
		r.entries, r.marks = append(r.entries, e), append(r.marks, p.mark)
	}
	return r, nil
}

// died is the act that a death on record is.
func (s *Campaigns) died(ctx context.Context, x *yinzheng.Person) (*EntryAct, error) {
	f := x.Present(yinzheng.FactDied)
	m, err := s.store.PersonImport(ctx, f.LastSource())
	if err != nil {
		return nil, err
	}
	return &EntryAct{Kind: Died, At: s.now(), By: yinzheng.SystemActor, DiedOn: f.Value, Source: m.Register + "　" + m.AsOf}, nil
}

// places are the divisions of those who are to be seen.
func (r *roster) places() iter.Seq[string] {
	at := map[string]bool{}
	for _, e := range r.entries {
		if e.Outcome() == Open {
			at[e.Division] = true
		}
	}
	return maps.Keys(at)
}

// counts are the roster's figures before it is kept.
func (r *roster) counts() []yinzheng.CampaignCount {
	out := make([]yinzheng.CampaignCount, len(r.entries))
	for i, e := range r.entries {
		out[i] = yinzheng.CampaignCount{Division: e.Division, Outcome: string(e.Outcome()), Number: 1}
	}
	return out
}

// kept is the roster as it is kept, with the acts on entries that there are.
func (r *roster) kept(campaign string, rand io.Reader) ([]*yinzheng.CampaignEntry, []yinzheng.CampaignAct, error) {
	entries := make([]*yinzheng.CampaignEntry, len(r.entries))
	var acts []yinzheng.CampaignAct
	for i, e := range r.entries {
		kept, err := e.kept()
		if err != nil {
			return nil, nil, err
		}
		kept.Mark = r.marks[i]
		entries[i] = kept
		if a := r.died[e.Number]; a != nil {
			act, err := e.act(campaign, a, rand)
			if err != nil {
				return nil, nil, err
			}
			acts = append(acts, *act)
		}
	}
	return entries, acts, nil
}

// kept is an entry as it is kept.
func (e *Entry) kept() (*yinzheng.CampaignEntry, error) {
	content, err := json.Marshal(e)
	if err != nil {
		return nil, err
	}
	kept := &yinzheng.CampaignEntry{
		Number: e.Number, Division: e.Division, Outcome: string(e.Outcome()), FollowUp: e.followUp(), Application: e.Application, Version: e.Version, Content: content,
	}
	if e.Refused != nil {
		kept.Tried = e.Refused.Making
	}
	return kept, nil
}

// act is the act that made the entry what it is, as it is kept: with a salt that is
// erased with the rest, or the digest in its event would tell a day of death to who tries
// all of them.
func (e *Entry) act(campaign string, a *EntryAct, rand io.Reader) (*yinzheng.CampaignAct, error) {
	salt := make([]byte, yinzheng.SaltLength)
	if _, err := io.ReadFull(rand, salt); err != nil {
		return nil, fmt.Errorf("draw random bytes: %w", err)
	}
	said, err := json.Marshal(struct {
		*EntryAct
		Salt []byte `json:"salt"`
	}{a, salt})
	if err != nil {
		return nil, err
	}
	return &yinzheng.CampaignAct{Campaign: campaign, Entry: e.Number, Seq: e.Version, At: a.At, By: a.By, Kind: string(a.Kind), Content: said}, nil
}
