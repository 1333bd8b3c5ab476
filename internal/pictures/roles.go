package main

import "github.com/chromedp/chromedp"

// clerk goes through a clerk's morning (docs/guide-clerk.md).
func clerk(w *window, m *morning) {
	w.signIn("village")
	w.open(address + "/work?tab=running")
	w.take("clerk-queue")

	w.open(address + "/work/new/residence")
	w.write("#id", m.people[0].id+"\r")
	w.click(`[data-fill="values.purpose"] button`)
	w.until(`document.getElementById('page').src.startsWith('blob:')`)
	w.sees("#state", "已保存")
	w.take("clerk-form")

	w.click(`[data-fill="values.recipient"] button`)
	for _, original := range []string{"id_card", "home_proof"} {
		w.click(`[name="seen"][value="` + original + `"]`)
	}
	w.click(`.stick [value="check"]`)
	w.click(`[action$="/submit"] .button`)
	w.click(`[href$="/slip"]`)
	w.sees("h1", "回执")
	w.take("clerk-slip")

	w.open(address + "/work/imports/" + m.batch)
	w.take("clerk-import")

	w.phone()
	w.open(address + "/work?tab=returned")
	w.take("clerk-phone")
	w.counter()
}

// approver goes through an approver's (docs/guide-approver.md).
func approver(w *window, m *morning) {
	w.signIn("town")
	w.open(address + "/work/cases/" + m.mended)
	w.take("approver-case")
	w.phone()
	w.open(address + "/work/cases/" + m.mended + "#decide")
	w.take("approver-phone")
	w.counter()

	w.open(address + "/work")
	w.click(".bulks a")
	w.sees("button", "同意选中的")
	w.take("approver-bulk")
}

// administrator goes through an administrator's (docs/guide-administrator.md).
func administrator(w *window, _ *morning) {
	w.signIn("admin")
	w.open(address + "/work/admin/start")
	w.click("#sample .button")
	w.sees(".done", "样本已签发")
	w.open(address + "/work/admin/start#sample")
	w.take("admin-start")
	w.open(address + "/work/admin/offices")
	w.take("admin-offices")
	w.open(address + "/work/admin/seals")
	w.take("admin-seals")

	w.open(address + "/work/admin/templates")
	w.click(`[name="from"][value^="residence@"]`)
	w.click(`.parts [href*="part=page"]`)
	w.sees("h2", "页面文字")
	w.take("admin-template")
}

// applicant is a resident with a phone (docs/guide-resident.md), who applies for a
// certificate, follows a case by the code off its slip, and shares what was issued.
func applicant(w *window, m *morning) {
	following, issued := w.code(m.under), w.code(m.issued)
	w.phone()
	w.open(address + "/")
	w.sees("h1", "您要办什么")
	w.take("resident-start")

	w.open(address + "/apply/residence")
	w.click("main form .button")
	w.click(`[value="holder"]`)
	w.click("main form .button")
	w.click(`[value="441302001000"]`)
	w.click("main form .button")
	w.click(`[value="441302001001"]`)
	w.click("main form .button")
	w.write(`[name="values.name"]`, m.people[0].name)
	w.take("resident-apply")

	w.comeIn(m.under, following)
	w.take("resident-follow")

	w.comeIn(m.issued, issued)
	w.click(`[href^="/mine/certificates/"]`)
	w.sees("h1", "居住证明")
	w.open(do(w, "look where it is", chromedp.Evaluate[string]("location.href")) + "#share")
	w.take("resident-share")
	w.counter()
}

// code hands the code of a case over, as its clerk does.
func (w *window) code(id string) string {
	w.signIn("village")
	w.open(address + "/work/cases/" + id + "/slip")
	w.click(".handing .button")
	w.sees(".big.code", " ")
	return do(w, "read the code", chromedp.Evaluate[string](`document.querySelector('.facts .big.code').textContent`))
}

// comeIn opens a case by its code.
func (w *window) comeIn(id, code string) {
	w.open(address + "/follow")
	w.write("#case", id)
	w.write("#code", code+"\r")
	w.sees("h2", "办到哪一步")
}
