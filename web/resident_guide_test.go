package web_test

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"yinzheng"
	"yinzheng/catalogue"
	"yinzheng/web"
)

// keeping holds on to the configuration of a world's server.
func keeping(of **web.Config) change {
	return func(wc *web.Config, _ *yinzheng.Config) { *of = wc }
}

// publishes has two administrators publish items under a title.
func publishes(t *testing.T, w *world, c *catalogue.Catalogue, title string, items ...catalogue.Item) {
	t.Helper()
	author, err := w.store.AccountByUsername(t.Context(), "admin")
	must(t, err)
	reviewer := *author
	reviewer.ID, reviewer.Username, reviewer.Version, reviewer.Person = "p-second", "second", 0, yinzheng.ID{Type: yinzheng.ResidentID, Number: "11010519491231002X"}
	must(t, w.store.PutAccount(t.Context(), &reviewer))
	v, _, err := c.Draft(t.Context(), author, &catalogue.NewChange{Title: title, Items: items}, title)
	must(t, err)
	now := c.Now()
	for _, act := range []struct {
		by *yinzheng.Account
		catalogue.Act
	}{
		{author, catalogue.Act{Kind: catalogue.Send}},
		{&reviewer, catalogue.Act{Kind: catalogue.Approve, Opinion: "合法"}},
		{author, catalogue.Act{Kind: catalogue.Open, Until: now.Add(time.Hour)}},
		{author, catalogue.Act{Kind: catalogue.Publish, Opinion: "没有意见"}},
	} {
		if act.Kind == catalogue.Publish {
			c.Now = func() time.Time { return time.Now().Add(2 * time.Hour) }
		}
		v, err = c.Act(t.Context(), act.by, v.ID, v.Version, act.Act)
		must(t, err)
	}
}

// ended are items that nobody needs any more, and one without a template.
func ended() []catalogue.Item {
	one := func(code, zh, en string) catalogue.Item {
		return catalogue.Item{Code: code, Name: yinzheng.Text{ZH: zh, EN: en}, Subject: catalogue.None, Level: yinzheng.Town, Basis: []string{"某办法第三条"}, State: catalogue.Kept}
	}
	poor, rented, lift := one("poor", "家庭困难情况说明", "Hardship"), one("rented", "租房情况说明", "Renting"), one("lift", "加装电梯意见", "Adding a lift")
	poor.State, poor.Ground, poor.Basis = catalogue.Cancelled, "no-basis", nil
	rented.State, rented.Way, rented.By = catalogue.Replaced, "certificate", "residence"
	lift.Guide = catalogue.Guide{Conditions: []string{"本楼业主"}, Materials: []string{"房屋产权证明"}, Limit: 7, Steps: []string{"征求邻居意见"}, Offices: []string{"街道建设办"}}
	return []catalogue.Item{poor, rented, lift}
}

// TestOnePromise: the guide to an item and the page on which it is asked for promise the
// same limit, and say in whose case something has to be brought.
func TestOnePromise(t *testing.T) {
	var config *web.Config
	sometimes := func(_ *web.Config, c *yinzheng.Config) {
		filled, item := true, c.Templates[len(c.Templates)-1]
		i := slices.IndexFunc(item.Materials, func(m yinzheng.Material) bool { return m.Scan })
		item.Materials[i].When = []yinzheng.Clause{{Field: item.Fields[0].Key, Filled: &filled}}
	}
	w := newWorld(t, withTenancy(t), sometimes, keeping(&config))
	residence := catalogue.Item{Code: "residence", Name: yinzheng.Text{ZH: "居住证明", EN: "Residence"}, Subject: catalogue.None, Level: yinzheng.Town, Basis: []string{"某办法第三条"}, State: catalogue.Kept, Guide: catalogue.Guide{Limit: 17}}
	publishes(t, w, config.Catalogue, "惠城区第二批清单", residence)
	guest := w.guest(t)
	for path, says := range map[string]string{"/guide/residence": "最长 17 个工作日", "/apply/residence": "各级审批共 17 个工作日"} {
		if _, page := guest.get(path); !strings.Contains(page, says) {
			t.Errorf("%s does not say %s: %s", path, says, page)
		}
	}
	for _, path := range []string{"/guide/tenant", "/apply/tenant"} {
		if _, page := guest.get(path); !strings.Contains(page, "只在") {
			t.Errorf("%s does not say when: %s", path, page)
		}
	}
}

// TestGuide: what residents are told of items, those that have ended among them.
func TestGuide(t *testing.T) {
	var config *web.Config
	w := newWorld(t, withTenancy(t), keeping(&config))
	publishes(t, w, config.Catalogue, "惠城区第一批清理清单", ended()...)
	for _, c := range []struct {
		path, lang string
		says       []string
		not        []string
	}{
		{"/", "zh", []string{"办理子女入学", `action="/guide"`}, nil},
		{"/guide", "zh", []string{"居住证明", "租住证明", "加装电梯意见", "不用再开的证明", "已取消：没有法律法规依据", "由电子证明替代", "由镇（街道）盖章", "由区县盖章"}, []string{"没有完全对得上"}},
		{"/guide", "en", []string{"Certificate of residence", "No longer needed", "Cancelled: no basis in law"}, nil},
		{"/guide?q=" + url.QueryEscape("孩子上学"), "zh", []string{"没有完全对得上", "居住证明"}, []string{"加装电梯"}},
		{"/guide?q=" + url.QueryEscape("子女入学"), "zh", []string{"居住证明"}, []string{"没有完全对得上", "加装电梯"}},
		{"/guide?q=" + url.QueryEscape("困难"), "zh", []string{"家庭困难情况说明"}, []string{"居住证明"}},
		{"/guide?q=" + url.QueryEscape("出生证明"), "zh", []string{"出生登记证明"}, []string{"租住证明"}},
		{"/guide?q=zzz", "zh", []string{"没有找到"}, nil},
		{"/guide?q=" + url.QueryEscape(`"><script>`), "zh", []string{"&#34;&gt;&lt;script&gt;"}, []string{"<script>"}},
		{"/guide/residence", "zh", []string{"居民身份证件", "给工作人员看一下就行", "不收费", "12 个月", "《居住证暂行条例》第九条", "全区任何一个村", "/guide/residence/sample.svg", "东湖社区</option>"}, []string{"暂停受理"}},
		{"/guide/residence?at=" + village, "zh", []string{"<b>东湖社区</b>", "<span>桥东街道</span>", `value="` + village + `" selected`}, nil},
		{"/guide/residence?at=nowhere", "zh", []string{"全区任何一个村"}, nil},
		{"/guide/tenant", "zh", []string{"要拍照留存", "可以签一份书面承诺代替", "本人已有有效的“居住证明”", "可以先办，3 个工作日内补交"}, nil},
		{"/guide/tenant", "en", []string{"within 3 working days", "“Certificate of residence” of yours in force"}, nil},
		{"/guide/lift", "zh", []string{"本楼业主", "房屋产权证明", "最长 7 个工作日", "征求邻居意见", "街道建设办"}, []string{"sample.svg"}},
		{"/guide/poor", "zh", []string{"这份证明不用开了", "没有法律法规依据", "《惠城区第一批清理清单》"}, []string{"去哪里办", "/guide/residence"}},
		{"/guide/rented", "zh", []string{"由电子证明替代", `href="/guide/residence"`, "惠城区第一批清理清单"}, nil},
	} {
		r := w.want(w.do("GET", c.path, nil, "Accept", "text/html", "Accept-Language", c.lang), 200)
		body := string(bytes.ReplaceAll(r.body, []byte("<script type=\"module\""), nil))
		for _, s := range c.says {
			if !strings.Contains(body, s) {
				t.Errorf("%s in %s does not say %q:\n%s", c.path, c.lang, s, body[strings.Index(body, "<main"):])
			}
		}
		for _, s := range c.not {
			if strings.Contains(body, s) {
				t.Errorf("%s in %s says %q", c.path, c.lang, s)
			}
		}
	}
	if r := w.do("GET", "/guide/none", nil, "Accept", "text/html"); r.status != http.StatusNotFound || !bytes.Contains(r.body, []byte(`href="/guide"`)) {
		t.Errorf("an item that never was: %d %s", r.status, r.body)
	}
	r := w.want(w.do("GET", "/guide/residence/sample.svg", nil), 200)
	if r.header.Get("Content-Type") != "image/svg+xml" || !bytes.Contains(r.body, []byte("样本")) || bytes.Contains(r.body, []byte("演示专用")) {
		t.Errorf("the sample: %v", r.header)
	}
	w.want(w.do("GET", "/guide/poor/sample.svg", nil), 404)
}
