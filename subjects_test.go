package yinzheng_test

import (
	"slices"
	"testing"

	"yinzheng"
)

func TestSubjectsLike(t *testing.T) {
	for code, name := range yinzheng.Subjects {
		if got := yinzheng.SubjectsLike(name.ZH); !slices.Contains(got, code) {
			t.Errorf("%s: %v, want %s among them", name.ZH, got, code)
		}
	}
	for name, want := range map[string][]string{
		"亲戚关系证明":       {"kinship"},
		"親 屬・關係 情況說明":  {"kinship"},
		"家庭成员情况说明":     {"kinship"},
		"家庭关系介绍信":      {"kinship"},
		"同一人证明":        {"identity"},
		"单身声明":         {"marriage"},
		"退休人员生存核验":     {"alive"},
		"城镇独生子女父母奖励证明": {"marriage-fertility"},
		"无前科证明":        {"no-crime"},
		"房屋权属证明":       {"property"},
		"身份证遗失证明":      {"identity", "lost-document"},
		"亲\u3164属关系证明": {"kinship"},
		"监护关系证明":       {"kinship"},
		"婆媳关系情况说明":     {"kinship"},
		"户主关系证明":       {"kinship"},
		"改名证明":         {"identity"},
		"落户证明":         {"household-change"},
		"现实表现证明":       {"no-crime"},
		"婚史证明":         {"marriage"},
		"养老待遇资格认证证明":   {"alive"},
		"火化证明":         {"death"},
		"健康证明":         {"illness"},
		"下岗证明":         {"employment"},
		"家庭困难证明":       {"property"},
		"无收入证明":        {"property"},
		"证件补办证明":       {"lost-document"},
		"居住证明":         nil,
		"加装电梯公示证明":     nil,
		"预防接种查验证明":     nil,
		"家庭农场证明":       nil,
	} {
		if got := yinzheng.SubjectsLike(name); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	for _, name := range []string{"情况说明", "证明", "有关情况的证明（书）", "", "证明1", "情况说明（二）", "A 类证明", "Family Relation", "关系证明"} {
		if got := yinzheng.SubjectsLike(name); len(got) != len(yinzheng.Subjects) {
			t.Errorf("%s says nothing: %v, want all", name, got)
		}
	}
}
