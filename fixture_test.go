package yinzheng

import (
	"fmt"
	"time"
)

// The tests' own district: two towns, three villages, and a neighbour district.
const (
	testDistrict = "441302000000"
	testTown     = "441302001000"
	testTownB    = "441302002000"
	testVillage  = "441302001001" // where the residents of most tests belong
	testSibling  = "441302001002"
	testVillageB = "441302002001"
	testAbroad   = "441303000000" // another district
)

// testNow is the tests' clock.
var testNow = time.Date(2026, 11, 22, 9, 30, 0, 0, Zone)

// Organs of the tests.
var (
	DistrictOrgan = CreditCode("11441302MB2C00001")
	TownOrgan     = CreditCode("11441302MB2C00002")
	TownBOrgan    = CreditCode("11441302MB2C00003")
)

// SampleDirectory is the tests' office tree.
func SampleDirectory() *Directory {
	from := testNow.AddDate(-10, 0, 0)
	organ := func(code, name string) Organ { return Organ{Code: code, Name: name, Mark: "测试专用", From: from} }
	return NewDirectory([]Division{
		{Code: "440000000000", Name: "广东省", Parent: "", Level: Province},
		{Code: "441300000000", Name: "惠州市", Parent: "440000000000", Level: City},
		{Code: testDistrict, Name: "惠城区", Parent: "441300000000", Level: District},
		{Code: testTown, Name: "桥西街道", Parent: testDistrict, Level: Town},
		{Code: testTownB, Name: "桥东街道", Parent: testDistrict, Level: Town},
		{Code: testVillage, Name: "下角社区", Parent: testTown, Level: Village},
		{Code: testSibling, Name: "金山社区", Parent: testTown, Level: Village},
		{Code: testVillageB, Name: "东平社区", Parent: testTownB, Level: Village},
		{Code: testAbroad, Name: "惠阳区", Parent: "441300000000", Level: District},
	}, []Office{
		{ID: "village", Name: "下角社区居民委员会", Division: testVillage},
		{ID: "sibling", Name: "金山社区居民委员会", Division: testSibling},
		{ID: "village-b", Name: "东平社区居民委员会", Division: testVillageB},
		{ID: "town", Name: "桥西街道办事处", Division: testTown, Organ: TownOrgan},
		{ID: "town-b", Name: "桥东街道办事处", Division: testTownB, Organ: TownBOrgan},
		{ID: "district", Name: "惠城区民政局", Division: testDistrict, Organ: DistrictOrgan},
		{ID: "abroad", Name: "惠阳区民政局", Division: testAbroad},
	}, []Organ{
		organ(TownOrgan, "惠州市惠城区人民政府桥西街道办事处"), organ(TownBOrgan, "惠州市惠城区人民政府桥东街道办事处"),
		organ(DistrictOrgan, "惠州市惠城区民政局"),
	})
}

// Resident IDs that pass GB 11643, by who has them in the tests.
var (
	idHolder  = residentID("44130219900307", 12) // female
	idMan     = residentID("44130219880815", 31) // male
	idChild   = residentID("44130220180601", 55) // male
	idStaff   = func(n int) ID { return ID{Type: ResidentID, Number: residentID("44130219750101", n)} }
	testAgent = Applicant{As: AsAgent, Name: "李四", ID: ID{Type: ResidentID, Number: idMan}, Authority: "委托书"}
)

// residentID completes place, birth date and a serial below 100 to a number;
// the serial's last digit tells the sex.
func residentID(first14 string, serial int) string {
	return ResidentNumber(fmt.Sprintf("%s0%02d", first14, serial))
}

// SampleAccount makes somebody with grants in force, written "role@office".
func SampleAccount(id string, person int, grants ...[2]string) *Account {
	a := &Account{ID: id, Username: id, Name: "某" + id, Person: idStaff(person)}
	for _, g := range grants {
		a.Grants = append(a.Grants, Grant{Office: g[1], Role: Role(g[0]), From: testNow.AddDate(-1, 0, 0)})
	}
	return a
}

func both(s string) Text { return Text{s, s} }

// SampleTemplate is a template with every type of field and rule, a chain of
// three steps, and any office of the district as intake.
func SampleTemplate() *Template {
	return &Template{
		Code: "kin", Short: "QS", Version: 1, Name: Text{"亲属关系证明", "Family relation"}, Basis: []string{"测试依据"}, Subject: "kinship",
		Issuer: District, TypeCode: "11100000000013338W011", Validity: 6, AnyOffice: true, Materials: []Material{{Key: "id_card", Text: both("身份证")}},
		Chain: []Step{
			{Key: "village", Name: Text{"村级核实", "Village"}, Level: Village, Role: Clerk},
			{Key: "town", Name: Text{"街道审核", "Town"}, Level: Town, Role: Approver},
			{Key: "district", Name: Text{"区级用印", "District"}, Level: District, Role: Approver},
		},
		Fields: []Field{
			{Key: "name", Type: NameField, Label: both("姓名")},
			{Key: "id", Type: IDField, Label: both("证件")},
			{Key: "sex", Type: ChoiceField, Label: both("性别"), Optional: true, Options: []Option{{Value: Male, Label: both("男")}, {Value: Female, Label: both("女")}}},
			{Key: "born", Type: DateField, Label: both("出生日期"), Optional: true},
			{Key: "since", Type: DateTimeField, Label: both("起始时间"), Optional: true},
			{Key: "until", Type: DateField, Label: both("截止日期"), Optional: true, Future: true},
			{Key: "rooms", Type: IntegerField, Label: both("间数"), Optional: true, Min: 1, Max: 20},
			{Key: "owner", Type: BoolField, Label: both("业主"), Optional: true},
			{Key: "purpose", Type: TextField, Label: both("用途"), Max: 40},
			{Key: "note", Type: TextField, Label: both("备注"), Optional: true},
			{
				Key: "kin", Type: ListField, Label: both("亲属"), Min: 1, Max: 12,
				Fields: []Field{
					{Key: "name", Type: NameField, Label: both("姓名")},
					{Key: "id", Type: IDField, Label: both("证件"), Optional: true},
					{Key: "relation", Type: ChoiceField, Label: both("关系"), Options: []Option{
						{Value: "mother", Label: both("母亲"), Sex: Female}, {Value: "son", Label: both("儿子"), Sex: Male}, {Value: "other", Label: both("其他")},
					}},
					{Key: "relation_text", Type: TextField, Label: both("其他关系"), Optional: true, Max: 10},
				},
				Rules: []Rule{{ID: "id", SexField: "relation"}, {Field: "relation_text", RequiredWhen: map[string]string{"relation": "other"}}},
			},
		},
		Rules: []Rule{
			{ID: "id", SexField: "sex"},
			{ID: "id", BornField: "born"},
			{ID: "id", BornBefore: "since"},
			{Distinct: []string{"id", "kin.id"}},
			{AnyOf: []string{"note", "purpose"}},
			{Together: []string{"sex", "born"}},
		},
		Token: TokenFields{Name: "name", ID: "id"},
		Page: PageText{
			Title: "亲属关系证明",
			Body: []Block{
				{Text: "兹证明{name}（{id}）的亲属如下。"},
				{When: "sex", Facts: []Fact{{Label: "性别", Text: "{sex}", Half: true}, {When: "!note", Label: "出生", Text: "{born}"}}},
				{Table: &Table{Rows: "kin", Columns: []Column{{"序号", "{#}", 1}, {"姓名", "{name}", 2}, {"关系", "{relation}{relation_text}", 2}}}},
			},
			Notes: []string{"测试"},
		},
	}
}

// SampleValues are values of SampleTemplate without a fault, as JSON decodes them.
func SampleValues() map[string]any {
	return map[string]any{
		"name": "张三丰", "id": idHolder, "sex": Female, "born": "1990-03-07", "since": "2020-05-01T08:15", "rooms": float64(3), "owner": true,
		"purpose": "办理入学",
		"kin":     []any{map[string]any{"name": "张小宝", "id": map[string]any{"type": "111", "number": idChild}, "relation": "son"}},
	}
}
