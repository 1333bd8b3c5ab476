package yinzheng

import (
	"slices"
	"strings"
	"sync"
	"unicode"
)

// Subjects are the twenty proofs that village and residents' committees may
// not issue (民发〔2020〕20号), by the code that a template's subject gives.
var Subjects = map[string]Text{
	"kinship":            {"亲属关系证明", "family relation"},
	"identity":           {"居民身份信息证明", "identity of a resident"},
	"household-change":   {"户口登记项目内容变更申请证明", "change of a household register entry"},
	"dog":                {"居民养犬证明", "keeping a dog"},
	"no-crime":           {"无犯罪记录证明", "no criminal record"},
	"drug-rehab":         {"社区戒毒社区康复人员情况证明", "community drug rehabilitation"},
	"missing-person":     {"人员失踪证明", "a missing person"},
	"marriage":           {"婚姻状况证明", "marital status"},
	"birth":              {"出生证明", "birth"},
	"alive":              {"健在证明", "being alive"},
	"death":              {"死亡证明", "death"},
	"illness":            {"疾病状况证明", "illness"},
	"disability":         {"残疾状况证明", "disability"},
	"marriage-fertility": {"婚育状况证明", "marriage and children"},
	"employment":         {"居民就业状况证明", "employment"},
	"personal-file":      {"居民个人档案证明", "a personal file"},
	"property":           {"居民财产证明", "property"},
	"inheritance":        {"遗产继承权证明", "right to inherit"},
	"business-premises":  {"市场主体住所证明", "business premises"},
	"lost-document":      {"证件遗失证明", "a lost document"},
}

// subjectWords are words by which a name gives a subject of the list away,
// synonyms and kinds of it among them. A plus sign joins words that do so only
// together.
var subjectWords = map[string]string{
	"kinship":            "亲属 亲戚 亲缘 血缘 血亲 姻亲 亲子 父子 父女 母子 母女 兄弟 姐妹 兄妹 姐弟 祖孙 直系 旁系 家庭成员 家庭+关系 家属+关系 父母+关系 子女+关系 户主+关系 婆媳 翁婿 叔侄 舅甥 爷孙 外孙 监护 抚养 赡养 扶养",
	"identity":           "身份 同一人 同一个人 曾用名 改名 更名 姓名+一致 姓名+不符",
	"household-change":   "户口+登记 户口+变更 户口+更正 户口+更改 户籍+登记 户籍+变更 户籍+更正 户籍+更改 姓名+变更 姓名+更改 民族+变更 出生日期+更正 年龄+更正 落户 迁户 分户",
	"dog":                "犬 狗",
	"no-crime":           "犯罪 违法 前科 刑事 案底 政审 现实表现 守法 不良记录 服刑",
	"drug-rehab":         "戒毒 吸毒 涉毒 康复人员",
	"missing-person":     "失踪 下落不明 走失 失联 联系不上",
	"marriage":           "婚姻 结婚 未婚 已婚 离婚 再婚 婚史 婚况 离异 丧偶 单身 独身 夫妻 配偶",
	"birth":              "出生 接生",
	"alive":              "健在 生存 在世 存活 活着 待遇+资格",
	"death":              "死亡 去世 逝世 过世 亡故 身故 病故 已故 火化 殡葬",
	"illness":            "疾病 患病 病情 病史 重病 大病 精神病 健康 身体状况",
	"disability":         "残疾 伤残 残障 失能 自理能力 智障 聋哑 失明 瘫痪",
	"marriage-fertility": "婚育 生育 计生 独生子女 怀孕 二孩 三孩 超生",
	"employment":         "就业 失业 无业 待业 在职 务工 工作单位 工作情况 工作状况 下岗 在岗 离职 无工作 劳动+关系",
	"personal-file":      "档案",
	"property":           "财产 资产 房产 产权 不动产 存款 住房情况 住房状况 经济状况 经济情况 房屋+所有 房屋+权属 土地+权属 宅基地+权属 收入 贫困 特困 困难 无房 有房",
	"inheritance":        "继承 遗产 遗嘱",
	"business-premises":  "经营场所 营业场所 注册地址 住改商 市场主体 企业+住所 公司+住所 个体+住所 经营地址 经营用房",
	"lost-document":      "遗失 丢失 挂失 证件+损毁 补办 补领 灭失 被盗",
}

// emptyWords say nothing of what a paper attests.
const emptyWords = "证明 说明 情况 状况 有关 相关 关于 其他 其它 出具 开具 本人 个人 居民 村民 群众 介绍信 声明 材料 事项 关系 表 书 函 信 的 类 一 二 三 四 五 六 七 八 九 十 甲 乙 丙 丁"

// foldedSubjectWords are subjectWords as FoldName leaves them, each a list of
// the words that have to be there.
var foldedSubjectWords = sync.OnceValue(func() map[string][][]string {
	out := map[string][][]string{}
	for code, words := range subjectWords {
		for group := range strings.FieldsSeq(words) {
			var all []string
			for word := range strings.SplitSeq(group, "+") {
				all = append(all, FoldName(word))
			}
			out[code] = append(out[code], all)
		}
	}
	return out
})

func han(r rune) bool { return unicode.Is(unicode.Han, r) }

// SubjectsLike lists the subjects of the list of twenty that a Chinese name
// resembles, by code. A name that says nothing of what it attests in Chinese,
// such as 情况说明 or 证明1, may be any of them.
func SubjectsLike(name string) []string {
	name = FoldName(name)
	rest := name
	for word := range strings.FieldsSeq(emptyWords) {
		rest = strings.ReplaceAll(rest, FoldName(word), "")
	}
	var out []string
	for code, groups := range foldedSubjectWords() {
		if !strings.ContainsFunc(rest, han) || slices.ContainsFunc(groups, func(all []string) bool {
			return !slices.ContainsFunc(all, func(word string) bool { return !strings.Contains(name, word) })
		}) {
			out = append(out, code)
		}
	}
	slices.Sort(out)
	return out
}
