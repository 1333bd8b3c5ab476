package web_test

import (
	"strings"
	"testing"
)

// TestAdminRegister imports a register on the pages: the report first, row by
// row, then the same file.
func TestAdminRegister(t *testing.T) {
	w := newWorld(t, unhurried)
	admin := w.signedIn(t, "admin")
	const here, list = "/work/admin/register", "公民身份号码,姓名,区划代码,户口地址\n441302199003070120,欧阳祥," + village + ",滨江路 8 号\n"
	what := map[string]string{"register": "常住人口登记", "as_of": "2026-01-01", "office": district}
	if r, page := admin.sendFile(here, "list.csv", list, map[string]string{"register": "常", "as_of": "2026-01-01", "office": district}); r.StatusCode != 422 || !strings.Contains(page, "登记簿的名称") || !strings.Contains(page, `value="常"`) {
		t.Errorf("without a name: %d %s", r.StatusCode, page)
	}
	if r, page := admin.sendFile(here, "list.csv", strings.Replace(list, "0120", "0121", 1), what); r.StatusCode != 200 || !strings.Contains(page, "line 2") || strings.Contains(page, "确认导入") {
		t.Errorf("a wrong number: %d %s", r.StatusCode, page)
	}
	_, page := admin.sendFile(here, "list.csv", list, what)
	if !strings.Contains(page, "<dt>新增</dt><dd>1</dd>") || !strings.Contains(page, "确认导入") {
		t.Fatalf("the report: %s", page)
	}
	if _, page := admin.get(here); !strings.Contains(page, "还没有导入过") {
		t.Error("imported by looking")
	}
	confirm := map[string]string{}
	for _, name := range []string{"register", "as_of", "office", "digest"} {
		confirm[name] = field(t, page, name)
	}
	if _, page := admin.sendFile(here, "list.csv", list, confirm); !strings.Contains(page, "已导入") || !strings.Contains(page, "常住人口登记") || strings.Contains(page, "欧阳祥") {
		t.Errorf("imported: %s", page)
	}
	_, page = admin.sendFile(here, "list.csv", strings.Replace(list, "8 号", "9 号", 1), map[string]string{"register": "常住人口登记", "as_of": "2026-02-01", "office": district})
	if !strings.Contains(page, "滨江路 8 号") || !strings.Contains(page, "滨江路 9 号") {
		t.Errorf("what changes: %s", page)
	}
	if r, page := w.signedIn(t, "town").get(here); r.StatusCode != 403 || strings.Contains(page, "常住人口登记") {
		t.Errorf("an approver: %d", r.StatusCode)
	}
}
