package web

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// characters are those of names that input methods often lack, as
// assets/staff/characters.txt lists them.
type characters struct {
	syllables []string          // every reading, in order
	read      map[string]string // characters by reading
	readings  map[rune][]string
	formed    [][]stroked // by radical, from 1
}

// stroked are the characters of a radical with so many strokes beside it.
type stroked struct {
	Strokes int
	Of      string
}

// radicals are the 214 of Kangxi, each in the forms that it takes.
var radicals = strings.Fields(`一 丨 丶 丿 乙乚 亅 二 亠 人亻 儿 入 八 冂 冖 冫 几 凵 刀刂 力 勹 匕 匚 匸 十 卜 卩㔾 厂 厶 又 口 囗 土 士 夂 夊 夕 大 女 子 宀 寸 小 尢 尸 屮 山 川巛 工 己 巾 干 幺 广 廴 廾 弋 弓 彐 彡 彳
心忄 戈 户 手扌 支 攴攵 文 斗 斤 方 无 日 曰 月 木 欠 止 歹 殳 毋母 比 毛 氏 气 水氵 火灬 爪爫 父 爻 爿丬 片 牙 牛牜 犬犭 玄 玉王 瓜 瓦 甘 生 用 田 疋 疒 癶 白 皮 皿 目 矛 矢 石 示礻 禸 禾 穴 立 竹 米 糸纟 缶 网罒 羊 羽 老 而 耒 耳 聿 肉 臣 自 至 臼 舌 舛 舟 艮 色 艸艹 虍 虫 血 行 衣衤 襾西
見见 角 言讠 谷 豆 豕 豸 貝贝 赤 走 足 身 車车 辛 辰 辵辶 邑 酉 釆 里 金钅 長长 門门 阜阝 隶 隹 雨 青 非 面 革 韋韦 韭 音 頁页 風风 飛飞 食饣 首 香 馬马 骨 高 髟 鬥 鬯 鬲 鬼 魚鱼 鳥鸟 鹵卤 鹿 麥麦 麻 黄 黍 黑 黹 黽黾 鼎 鼓 鼠 鼻 齊齐 齒齿 龍龙 龜龟 龠`)

// parseCharacters reads the lists: a reading or a radical with strokes, and the
// characters.
func parseCharacters(text string) (*characters, error) {
	c := &characters{read: map[string]string{}, readings: map[rune][]string{}, formed: make([][]stroked, len(radicals)+1)}
	for line := range strings.Lines(text) {
		key, of, ok := strings.Cut(strings.TrimSpace(line), " ")
		radical, strokes, byForm := strings.Cut(key, ".")
		switch {
		case strings.HasPrefix(key, "#"):
		case !ok:
			return nil, fmt.Errorf("a line of characters without any: %q", line)
		case !byForm:
			c.syllables = append(c.syllables, key)
			c.read[key] = of
			for _, r := range of {
				c.readings[r] = append(c.readings[r], key)
			}
		default:
			n, err := strconv.Atoi(radical)
			m, err2 := strconv.Atoi(strokes)
			if err != nil || err2 != nil || n < 1 || n > len(radicals) {
				return nil, fmt.Errorf("no radical with strokes: %q", key)
			}
			c.formed[n] = append(c.formed[n], stroked{m, of})
		}
	}
	return c, nil
}

// listed is what was found under one heading.
type listed struct {
	Reading string
	Strokes int
	Of      string
}

var (
	codePoint  = regexp.MustCompile(`^(?:[Uu]\+|0[Xx]|\\u\{?)?([0-9A-Fa-f]{4,6})\}?$`)
	toneMarked = regexp.MustCompile(`[1-5]$`)
)

// find looks characters up: by a reading, written without tones, or how it
// begins, by a code point, or by what they are formed with.
func (c *characters) find(sought string) []listed {
	sought = strings.TrimSpace(sought)
	reading := toneMarked.ReplaceAllString(strings.ToLower(strings.ReplaceAll(sought, "ü", "v")), "")
	if of := c.read[reading]; of != "" {
		return []listed{{Reading: reading, Of: of}}
	}
	if m := codePoint.FindStringSubmatch(sought); m != nil {
		if n, err := strconv.ParseUint(m[1], 16, 32); err == nil && n <= unicode.MaxRune && unicode.Is(unicode.Han, rune(n)) {
			return []listed{{Of: string(rune(n))}}
		}
	}
	var out []listed
	if i, _ := slices.BinarySearch(c.syllables, reading); reading != "" {
		for ; i < len(c.syllables) && strings.HasPrefix(c.syllables[i], reading); i++ {
			out = append(out, listed{Reading: c.syllables[i], Of: c.read[c.syllables[i]]})
		}
	}
	if r, n := utf8.DecodeRuneInString(sought); n == len(sought) && unicode.Is(unicode.Han, r) {
		if i := slices.IndexFunc(radicals, func(forms string) bool { return strings.ContainsRune(forms, r) }); i >= 0 {
			return c.with(i + 1)
		}
		return []listed{{Of: sought}}
	}
	return out
}

// with lists the characters of a radical.
func (c *characters) with(radical int) []listed {
	var out []listed
	for _, s := range c.formed[radical] {
		out = append(out, listed{Strokes: s.Strokes, Of: s.Of})
	}
	return out
}

// formation tells with which radical a character is formed, in the forms that it
// takes, and how many strokes stand beside it; "" where that is not known.
func (c *characters) formation(r rune) (radical string, strokes int) {
	for i, of := range c.formed {
		for _, s := range of {
			if strings.ContainsRune(s.Of, r) {
				return radicals[i-1], s.Strokes
			}
		}
	}
	return "", 0
}
