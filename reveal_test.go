package yinzheng

import "testing"

// TestEventName: the kinds of a capability are its name and what was done there;
// one without words is shown as it is kept, never as nothing.
func TestEventName(t *testing.T) {
	for kind, want := range map[string]string{
		"calendar-changed": "更新日历", "campaign-start": "生存核验：发起", "inquiry-sign": "协查：签发", "template-publish": "模板：发布", "batch-nonsense": "批量导入：nonsense", "nonsense": "nonsense",
	} {
		if got := eventName(kind).ZH; got != want {
			t.Errorf("%s: %s, want %s", kind, got, want)
		}
	}
}
