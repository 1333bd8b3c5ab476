package inquiry

import (
	"testing"

	"yinzheng"
)

// onRecord is somebody of the village, with a mother.
func onRecord(change func(*yinzheng.OnRecord)) *yinzheng.OnRecord {
	known := func(v any) yinzheng.Known {
		return yinzheng.Known{Value: v, Origin: yinzheng.Origin{Source: "常住人口登记", AsOf: "2026-11-01"}}
	}
	p := &yinzheng.OnRecord{Division: village, FormerNames: []string{"李狗儿"}, Facts: map[string]yinzheng.Known{
		"name": known("李小宝"), "division": known(village), "mother.id": known(resident(30).Value()), "address": known("滨江路 8 号"),
	}}
	change(p)
	return p
}

// TestFind: the record says yes, or it says something that is for people; that it
// says nothing is never a no.
func TestFind(t *testing.T) {
	plain := func(*yinzheng.OnRecord) {}
	yes := RecordSays{Yes, "常住人口登记", "2026-11-01"}
	no := RecordSays{No, "常住人口登记", "2026-11-01"}
	silent := RecordSays{Answer: CannotSay}
	roll := &yinzheng.InquiryRoll{Title: "接种名册", AsOf: "2026-11-02"}
	cert := func(division, holder string) *yinzheng.Certificate {
		return &yinzheng.Certificate{Code: "0123456789AB", Division: division, Holder: holder}
	}
	mother, item, onRoll, registered := &Source{Fact: "mother.id"}, &Source{Item: "residence"}, &Source{Roll: "health"}, &Source{Fact: "division"}
	moved := func(p *yinzheng.OnRecord) { p.Division = sibling }
	dead := func(p *yinzheng.OnRecord) { p.Died = &yinzheng.Known{Value: "2026-01-01"} }
	for name, tt := range map[string]struct {
		from  *Source
		about any
		named string
		e     evidence
		want  RecordSays
	}{
		"people only":                     {nil, nil, "李小宝", evidence{person: onRecord(plain), roll: roll}, silent},
		"the mother":                      {mother, resident(30).Value(), "李小宝", evidence{person: onRecord(plain)}, yes},
		"the mother, a former name":       {mother, resident(30).Value(), "李狗儿", evidence{person: onRecord(plain)}, yes},
		"the mother, a variant character": {mother, resident(30).Value(), "李小寳", evidence{person: onRecord(plain)}, yes},
		"not the mother":                  {mother, resident(31).Value(), "李小宝", evidence{person: onRecord(plain)}, no},
		"no mother on record":             {mother, resident(30).Value(), "李小宝", evidence{person: onRecord(func(p *yinzheng.OnRecord) { delete(p.Facts, "mother.id") })}, silent},
		"nobody on record":                {mother, resident(30).Value(), "李小宝", evidence{}, silent},
		"another name":                    {mother, resident(30).Value(), "张三", evidence{person: onRecord(plain)}, silent},
		"on record elsewhere":             {mother, resident(30).Value(), "李小宝", evidence{person: onRecord(moved)}, silent},
		"the dead":                        {mother, resident(30).Value(), "李小宝", evidence{person: onRecord(dead)}, silent},
		"registered here":                 {registered, nil, "李小宝", evidence{person: onRecord(plain)}, yes},
		"registered elsewhere":            {registered, nil, "李小宝", evidence{person: onRecord(moved)}, silent},
		"an address, spaces aside":        {&Source{Fact: "address"}, "滨江路8号", "李小宝", evidence{person: onRecord(plain)}, yes},
		"an address by a certificate": {&Source{Fact: "address"}, "东湖路 3 号", "李小宝", evidence{person: onRecord(func(p *yinzheng.OnRecord) {
			p.Facts["address"] = yinzheng.Known{Value: "东湖路 3 号", Origin: yinzheng.Origin{Source: "certificate", AsOf: "2026-11-20", Certificate: "0123456789AB"}}
		})}, RecordSays{Yes, "电子证明 0123456789AB", "2026-11-20"}},
		"a certificate":                    {item, nil, "李小宝", evidence{certificate: cert(village, "李小宝"), today: "2026-11-22"}, RecordSays{Yes, "电子证明 0123456789AB", "2026-11-22"}},
		"a certificate of another place":   {item, nil, "李小宝", evidence{certificate: cert(sibling, "李小宝")}, silent},
		"a certificate, another name":      {item, nil, "张三", evidence{certificate: cert(village, "李小宝")}, silent},
		"a certificate of the dead":        {item, nil, "李小宝", evidence{certificate: cert(village, "李小宝"), person: onRecord(dead)}, silent},
		"no certificate":                   {item, nil, "李小宝", evidence{}, silent},
		"on the roll":                      {onRoll, nil, "李小宝", evidence{roll: roll}, RecordSays{Yes, "接种名册", "2026-11-02"}},
		"not on the roll":                  {onRoll, nil, "李小宝", evidence{person: onRecord(plain)}, silent},
		"on the roll, and dead on another": {onRoll, nil, "李小宝", evidence{roll: roll, person: onRecord(dead)}, silent},
		"on the roll, and of elsewhere":    {onRoll, nil, "李小宝", evidence{roll: roll, person: onRecord(moved)}, silent},
		"a certificate, and of elsewhere":  {item, nil, "李小宝", evidence{certificate: cert(village, "李小宝"), person: onRecord(moved)}, silent},
	} {
		a := &Asked{Name: tt.named, Division: village, About: tt.about}
		if got := find(&Kind{Name: both("居住情况"), Subject: None, Record: tt.from}, a, &tt.e, tree()); got != tt.want {
			t.Errorf("%s: %+v, want %+v", name, got, tt.want)
		}
	}
}

// TestVillageCertificate: what a village sealed is no yes to a question on the list
// of twenty, whatever its item, or the question, is called: a town would sign
// for it unseen.
func TestVillageCertificate(t *testing.T) {
	d := tree()
	const sealed = "11441302MB2C00009X" // a village's
	d.Office("village").Organ = sealed
	for name, tt := range map[string]struct {
		kind  Kind
		organ string
		want  string
	}{
		"a village's":                         {Kind{Name: both("居住情况"), Subject: None}, sealed, Yes},
		"a village's, of a listed subject":    {Kind{Name: both("母亲"), Subject: "kinship"}, sealed, CannotSay},
		"a village's, of a listed name":       {Kind{Name: both("亲戚关系情况"), Subject: None}, sealed, CannotSay},
		"a town's, of a listed subject":       {Kind{Name: both("母亲"), Subject: "kinship"}, townOrgan, Yes},
		"nobody's any more, of a listed name": {Kind{Name: both("亲戚关系情况"), Subject: None}, "", CannotSay},
	} {
		item, fact := tt.kind, tt.kind
		item.Record, fact.Record = &Source{Item: "residence"}, &Source{Fact: "mother.id"}
		p := onRecord(func(p *yinzheng.OnRecord) {
			p.Facts["mother.id"] = yinzheng.Known{Value: resident(30).Value(), Origin: yinzheng.Origin{Source: "certificate", AsOf: "2026-11-20", Certificate: "0123456789AB", Organ: tt.organ}}
		})
		c := &yinzheng.Certificate{Code: "0123456789AB", Division: village, Holder: "李小宝", Organ: tt.organ}
		a := &Asked{Name: "李小宝", Division: village, About: resident(30).Value()}
		if got := find(&item, a, &evidence{certificate: c}, d); got.Answer != tt.want {
			t.Errorf("%s, held: %+v, want %s", name, got, tt.want)
		}
		if got := find(&fact, a, &evidence{person: p}, d); got.Answer != tt.want {
			t.Errorf("%s, a fact: %+v, want %s", name, got, tt.want)
		}
	}
}
