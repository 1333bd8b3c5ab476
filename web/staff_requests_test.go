package web_test

import (
	"strings"
	"testing"
)

// asksResidence sends a request for a certificate of residence, and returns its ID.
func (d *desk) asksResidence(name, id string) string {
	d.t.Helper()
	address := d.apply("residence")
	d.answer(address, "check", aboutResidence(name, id)...)
	d.sendRequest(address)
	return address[len("/apply/residence/"):]
}

// TestRequestBesideRecord: who takes a request in sees what is otherwise than on record
// and what is not, and that there is no record where there is none for them.
func TestRequestBesideRecord(t *testing.T) {
	w := atHome(t)
	clerk := w.signedIn(t, "village")
	const otherwise, same, nothing = "登记为：滨江路 8 号 2 栋 301 房", "与登记一致", "没有可以比对的登记"
	for id, want := range map[string][]bool{
		w.guest(t).asksResidence("欧阳祥", "441302199003070120"): {true, true, false},
		w.guest(t).asksResidence("张𫖯明", "441302199506140020"): {false, false, true},
	} {
		_, page := clerk.get("/work/requests/" + id)
		for i, text := range []string{otherwise, same, nothing} {
			if strings.Contains(page, text) != want[i] {
				t.Errorf("%s there: %v, in %s", text, !want[i], page)
			}
		}
	}
}
