package main

import (
	"fmt"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"yinzheng"
)

// kinds are the certificates measured: one of running text and one with a
// table of facts. Every figure is the mean of the two unless its row says so.
var kinds = []string{"residence", "birth-registration"}

// caseOf is the i-th case: kinds take turns, and names, numbers and addresses
// change from case to case, so that no page is set twice.
func caseOf(i int) *yinzheng.NewApplication {
	in := &yinzheng.NewApplication{Item: kinds[i%len(kinds)]}
	n := i / len(kinds)
	switch in.Item {
	case "residence":
		in.Values = map[string]any{
			"name": nameOf(n), "id": idOf(n, "19780306", yinzheng.Female),
			"address": fmt.Sprintf("广东省惠州市惠城区桥东街道%s西路%d号%s花园%d栋%d单元%d房", placeOf(n), n%90+1, placeOf(n+5), n%30+1, n%4+1, n%1200+101),
			"since":   fmt.Sprintf("2019-%02d-%02d", n%12+1, n%28+1), "purpose": "子女申请义务教育阶段入学", "recipient": "惠州市惠城区教育局",
		}
	case "birth-registration":
		father := idOf(n, "19930420", yinzheng.Male)
		in.Values = map[string]any{
			"child_name": nameOf(n + 7), "child_sex": yinzheng.Male, "child_born": fmt.Sprintf("2025-%02d-%02dT08:%02d", n%10+1, n%28+1, n%60),
			"birth_place": "广东省惠州市惠城区惠州市中心人民医院",
			"mother_name": nameOf(n + 3), "mother_id": idOf(n, "19950614", yinzheng.Female), "father_name": nameOf(n + 11), "father_id": father,
			"household_address": fmt.Sprintf("广东省惠州市惠城区桥东街道%s花园%d号小区%d栋%d房", placeOf(n), n%90+1, n%30+1, n%1200+101),
			"purpose":           "办理户口登记", "recipient": "惠州市公安局惠城区分局桥东派出所",
		}
		in.Applicant = &yinzheng.Applicant{As: yinzheng.AsGuardian, Name: nameOf(n + 11), ID: yinzheng.ID{Type: yinzheng.ResidentID, Number: father}}
	}
	return in
}

const (
	surnames = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗郑梁谢宋唐许邓冯韩曹曾彭萧蔡潘田董袁于余叶蒋杜苏魏程吕丁沈任姚卢傅钟姜崔谭廖范汪陆金石戴贾韦夏邱方侯邹熊孟秦白江阎薛尹段雷黎史龙陶贺顾毛郝龚邵万钱严武孔向常汤"
	given    = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红梅建国志文辉力晶波宁贵福生龙元全胜学祥才发成康星光天达安岩中茂进林有坚和彪博诚先敬震振壮会思群豪心邦承乐绍功松善厚庆民友裕河哲江浩亮政谦亨奇固之轮翰朗伯宏言若鸣朋斌梁栋维启克伦翔旭鹏泽晨辰士以家致树炎德行时泰盛雄琛钧冠策腾楠榕风航弘喆璟昇犇㛃䶮"
	places   = "东湖江北河南岸水口金山鹅岭西枝龙丰桥麦地花边下角菱湖环城长寿中山惠沙堤云山演达文明新建"
)

func nameOf(n int) string {
	s, g := []rune(surnames), []rune(given)
	return string([]rune{s[n%len(s)], g[n*7%len(g)], g[n*13%len(g)]})
}

func placeOf(n int) string {
	p := []rune(places)
	return string([]rune{p[n*2%len(p)], p[(n*2+1)%len(p)]})
}

// idOf is the n-th resident ID of somebody born on a day.
func idOf(n int, born, sex string) string {
	order := n%499*2 + 2
	if sex == yinzheng.Male {
		order--
	}
	return yinzheng.ResidentNumber("441302" + born + fmt.Sprintf("%03d", order))
}

// hands is how many people press a button at once where a row says "many".
const hands = 64

// each calls fn for 0 to n-1 from several goroutines and returns the first error.
func each(n, workers int, fn func(i int) error) error {
	var next atomic.Int64
	var wait sync.WaitGroup
	errs := make(chan error, workers)
	for range workers {
		wait.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if err := fn(i); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wait.Wait()
	select {
	case err := <-errs:
		return err
	default:
		return nil
	}
}

// memoryFileSystem tells whether a folder lives in memory.
func memoryFileSystem(dir string) (bool, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return false, err
	}
	return s.Type == unix.TMPFS_MAGIC || s.Type == unix.RAMFS_MAGIC, nil
}
