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
		"on record elsewhere":             {mother, resident(30).Value(), "李小宝", evidence{person: onRecord(func(p *yinzheng.OnRecord) { p.Division = sibling })}, silent},
		"the dead":                        {mother, resident(30).Value(), "李小宝", evidence{person: onRecord(dead)}, silent},
		"registered here":                 {registered, nil, "李小宝", evidence{person: onRecord(plain)}, yes},
		"registered elsewhere":            {registered, nil, "李小宝", evidence{person: onRecord(func(p *yinzheng.OnRecord) { p.Division = sibling })}, silent},
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
	} {
		a := &Asked{Name: tt.named, Division: village, About: tt.about}
		if got := find(&Kind{Record: tt.from}, a, &tt.e, tree()); got != tt.want {
			t.Errorf("%s: %+v, want %+v", name, got, tt.want)
		}
	}
}
