package web_test

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"mime/multipart"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"yinzheng"
	"yinzheng/internal/inturn"
	"yinzheng/store/storetest"
	"yinzheng/templates"
	"yinzheng/web"
)

// TestRightsOverTheAPI: for every cell of docs/rights.md, each action of the
// table is sent over the API to a case of its own. What the table allows is
// done; anything else is refused, and a case that does not exist for somebody
// is not found whatever they try.
func TestRightsOverTheAPI(t *testing.T) {
	inturn.Only(t)
	w := newRightsWorld(t)
	// What is not asked for is nobody's to bring, and what is missing keeps a case back.
	faulty := func(action, state string) bool {
		return slices.Contains([]string{"refer", "promise"}, action) || action == "submit" && state == "draft, a material asked for"
	}
	checked := 0
	for _, table := range readRights(t)[:2] {
		office := village
		if strings.Contains(table.title, "sibling village") {
			office = sibling
		}
		for _, row := range table.rows {
			by := w.account(yinzheng.Role(row[0]), relations[row[1]])
			for i, cell := range row[2:] {
				state := table.head[i+2]
				may := strings.Split(cell, ", ")
				for _, action := range rightsActions {
					c := w.make(state, office)
					status := w.try(by, action, c)
					allowed := slices.Contains(may, action) || action == "bring what was promised" && slices.Contains(may, "attach")
					switch {
					case cell == "–" && status != http.StatusNotFound,
						allowed && status/100 != 2,
						cell != "–" && !allowed && !(status == http.StatusUnprocessableEntity && faulty(action, state)) && status != http.StatusForbidden && status != http.StatusNotFound && status != http.StatusConflict:
						t.Errorf("%s: %s of %s, %s: %s gives %d, the table says %q", table.title, row[0], row[1], state, action, status, cell)
					}
					checked++
				}
			}
		}
	}
	if t.Failed() {
		_, panicked, _ := strings.Cut(w.log.String(), "msg=panic")
		t.Log(panicked[:min(len(panicked), 3000)])
	}
	if checked < 9000 {
		t.Errorf("only %d cells and actions were tried", checked)
	}
}

// rightsActions are the words of the table.
var rightsActions = []string{
	"see", "edit", "attach", "detach", "submit", "withdraw", "approve", "return", "reject",
	"suspend", "lift", "propose revocation", "confirm it", "decline it", "correct", "issue again",
	"open attachment", "reveal holder", "hand out copies", "export dossier", "bring what was promised", "refer", "promise", "inspect",
}

// The offices of the table, by their relation to the case.
const (
	otherTown    = "441302002000"
	otherVillage = "441302002001"
	abroad       = "441303000000"
)

var relations = map[string]string{
	"home village": village, "home village, took the case in": village, "sibling village": sibling, "sibling village, took the case in": sibling,
	"village of another town": otherVillage, "town above": town, "another town": otherTown, "district above": district, "another district": abroad,
}

type rightsTable struct {
	title string
	head  []string
	rows  [][]string
}

// readRights reads the tables of docs/rights.md.
func readRights(t *testing.T) []rightsTable {
	t.Helper()
	data, err := os.ReadFile("../docs/rights.md")
	must(t, err)
	var tables []rightsTable
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		if title, ok := strings.CutPrefix(line, "## "); ok {
			tables = append(tables, rightsTable{title: title})
		}
		if !strings.HasPrefix(line, "| ") {
			continue
		}
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		last := &tables[len(tables)-1]
		if last.head == nil {
			last.head = cells
		} else {
			last.rows = append(last.rows, cells)
		}
	}
	if len(tables) != 3 || len(tables[0].rows) < 10 {
		t.Fatalf("docs/rights.md has %d tables", len(tables))
	}
	return tables
}

const rightsItem = `
code: rights
short: RI
version: 1
name: {zh: 权限测试证明, en: Rights}
basis: [某法]
subject: none
issuer: district
type_code: 11100000000013338W077
any_office: true
materials:
  - {key: proof, zh: 材料, en: Proof, scan: true, when: [{field: purpose, is: 补交}], certificate: [rights], later: {days: 2, issue: wait, lapse_days: 2}}
chain:
  - {key: village, name: {zh: 村, en: Village}, level: village, role: clerk}
  - {key: town, name: {zh: 镇, en: Town}, level: town, role: approver, limit_days: 2, take_over: {level: district}}
  - {key: district, name: {zh: 区, en: District}, level: district, role: approver}
fields:
  - {key: name, type: name, label: {zh: 姓名, en: Name}}
  - {key: id, type: id, optional: true, label: {zh: 证件, en: ID}}
  - {key: purpose, type: text, label: {zh: 用途, en: Purpose}}
token: {name: name, id: id}
page:
  title: 证明
  body:
    - text: "{name}{purpose}"
`

// rightsWorld is a world in which every office of the table exists.
type rightsWorld struct {
	*world
	template *yinzheng.Template
	auth     map[string]string
	picture  []byte
	made     int
	held     string // code of a certificate that a case may refer to
}

// rightsCase is a case in one of the table's states.
type rightsCase struct {
	path, code, proposal string
	version              int
	attached             int
}

func newRightsWorld(t *testing.T) *rightsWorld {
	t.Helper()
	template, err := templates.Load("rights.yaml", []byte(rightsItem))
	must(t, err)
	r := &rightsWorld{template: template, auth: map[string]string{}}
	r.world = newWorld(t, unhurried, func(_ *web.Config, sc *yinzheng.Config) { sc.Templates = append(sc.Templates, template) })
	division := func(code, parent string, l yinzheng.Level) yinzheng.Division {
		return yinzheng.Division{Code: code, Name: "区划", Parent: parent, Level: l}
	}
	must(t, r.store.PutDirectory(t.Context(), yinzheng.NewDirectory(
		[]yinzheng.Division{division(otherTown, district, yinzheng.Town), division(otherVillage, otherTown, yinzheng.Village), division(abroad, "", yinzheng.District)},
		[]yinzheng.Office{{ID: otherTown, Name: "另一镇", Division: otherTown}, {ID: otherVillage, Name: "另一村", Division: otherVillage}, {ID: abroad, Name: "另一区", Division: abroad}}, nil)))
	must(t, r.Reload(t.Context()))
	var b bytes.Buffer
	must(t, jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 8, 8)), nil))
	r.picture = b.Bytes()
	must(t, r.store.AddFile(t.Context(), storetest.Digest(b.String()), r.picture))
	r.held = r.make("issued", village).code
	return r
}

// account is somebody with one post and no part in any case; it returns the
// Authorization header's value.
func (r *rightsWorld) account(role yinzheng.Role, office string) string {
	r.t.Helper()
	name := "rights-" + string(role) + "-" + office
	if r.auth[name] == "" {
		hash, err := r.HashPassword(r.t.Context(), password)
		must(r.t, err)
		must(r.t, r.store.PutAccount(r.t.Context(), &yinzheng.Account{
			ID: name, Username: name, Name: name, Person: yinzheng.ID{Type: yinzheng.Passport, Number: strings.ToUpper(name)}, Password: hash,
			Grants: []yinzheng.Grant{{Office: office, Role: role, From: time.Now().Add(-time.Hour)}},
		}))
		r.auth[name] = r.signIn(name)
	}
	return r.auth[name]
}

// make writes a case in a state of the table, taken in by an office, acted on by
// people of its own, straight into the store.
func (r *rightsWorld) make(state, office string) *rightsCase {
	r.t.Helper()
	ctx, now := r.t.Context(), time.Now().UTC().Truncate(time.Second).Add(-time.Minute)
	r.made++
	id := fmt.Sprintf("R%09d", r.made)
	code := fmt.Sprintf("%012d", r.made)
	c := &rightsCase{path: "/api/v1/applications/" + id, code: code, attached: 2}
	var actions []yinzheng.Action
	act := func(kind yinzheng.ActionKind, step string) *yinzheng.Action {
		actions = append(actions, yinzheng.Action{Seq: len(actions) + 1, At: now, Kind: kind, By: "its-" + string(kind) + step, Step: step, Office: office})
		return &actions[len(actions)-1]
	}
	purpose, asked := "入学", strings.Contains(state, "a material")
	if asked {
		purpose = "补交"
	}
	act(yinzheng.Create, "").Input = &yinzheng.Input{Division: village, Applicant: yinzheng.Applicant{As: yinzheng.AsHolder}, Values: yinzheng.Values{
		"name": "张三丰", "id": map[string]any{"type": "111", "number": "441302199003070120"}, "purpose": purpose,
	}}
	digest := storetest.Digest(string(r.picture))
	act(yinzheng.Attach, "").Attachment = &yinzheng.Attachment{ID: 2, Material: yinzheng.OtherMaterial, Name: "照片.jpg", Type: "image/jpeg", Size: 1, Width: 1, Height: 1, Digest: digest, Original: digest}
	way := []string{"submit", "at village", "approve village", "at town", "approve town", "at district", "approve district", "approved", "reserve", "issuing", "issue", "issued"}
	if office == village {
		way = slices.Delete(way, 1, 3)
	}
	steps := map[string]func(){
		"submit": func() {
			step := ""
			if office == village {
				step = "village"
			}
			act(yinzheng.Submit, step)
		},
		"approve village": func() { act(yinzheng.Approve, "village") }, "approve town": func() { act(yinzheng.Approve, "town") }, "approve district": func() { act(yinzheng.Approve, "district") },
		"reserve": func() { act(yinzheng.Reserve, "").Code = code }, "issue": func() { act(yinzheng.Issue, "") },
	}
	until := map[string]string{
		"returned": "at town", "rejected": "at town", "withdrawn": "at town", "issued, suspended": "issued", "issued, revocation proposed": "issued", "issued, revoked": "issued",
		"issued, a commitment to be inspected": "issued", "at town, a material to follow": "at town", "approved, a material to follow": "approved", "draft, a material asked for": "draft",
		"at town, past its limit": "at town", "at town, handed on": "at town", "at district, stranded": "at district",
	}[state]
	if until == "" {
		until = state
	}
	if strings.HasSuffix(state, "a material to follow") {
		x := act(yinzheng.Promise, "")
		x.Material, x.Due = "proof", now.AddDate(0, 0, 3)
	}
	if until != "draft" {
		for _, what := range way {
			if what == until {
				break
			}
			if do := steps[what]; do != nil {
				do()
			}
		}
	}
	switch state {
	case "returned":
		act(yinzheng.Return, "town")
	case "rejected":
		act(yinzheng.Reject, "town")
	case "withdrawn":
		act(yinzheng.Withdraw, "")
	case "at town, past its limit":
		act(yinzheng.Escalate, "town")
	case "at town, handed on":
		act(yinzheng.Recuse, "town").Office = district
	case "at district, stranded":
		act(yinzheng.Strand, "district")
	case "issued, a commitment to be inspected":
		x := act(yinzheng.Schedule, "")
		x.Office, x.Material, x.Due = district, "proof", now.AddDate(0, 0, 3)
	case "issued, suspended":
		act(yinzheng.Suspend, "").Reason = "complaint"
	case "issued, revocation proposed", "issued, revoked":
		c.proposal = strconv.Itoa(act(yinzheng.ProposeRevocation, "").Seq)
	}
	if state == "issued, revoked" {
		act(yinzheng.Revoke, "").Reason = "error"
	}
	a := yinzheng.Fold(id, r.template, actions)
	c.version = a.Version
	want, _, _ := strings.Cut(state, ",")
	if got := string(a.State); !strings.HasPrefix(want, "at ") && got != want || strings.HasPrefix(want, "at ") && (a.Waiting == nil || "at "+a.Waiting.Key != want) {
		r.t.Fatalf("%s: the case is %s", state, got)
	}
	must(r.t, r.store.SaveApplication(ctx, a, 0))
	if a.State == yinzheng.Issuing || a.State == yinzheng.Issued {
		r.certify(a, now)
	}
	return c
}

// certify writes the record of the case's certificate, as its actions have it.
func (r *rightsWorld) certify(a *yinzheng.Application, at time.Time) {
	r.t.Helper()
	ctx := r.t.Context()
	serial := fmt.Sprintf("%016d", r.made)
	number := yinzheng.Number{Type: r.template.TypeCode, Issuer: yinzheng.CreditCode("11441302DEM000000"), Serial: serial, Version: 1}
	cert := &yinzheng.Certificate{
		Code: a.Code, Number: number.String(), Application: a.ID, Template: a.Template, Short: r.template.Short,
		Organ: number.Issuer, OrganName: "惠州市惠城区民政局", Division: village, Name: "张*丰", Holder: "张三丰",
		IssuedAt: at, Salt: make([]byte, yinzheng.SaltLength), List: 1, Index: r.made, Status: yinzheng.StatusReserved, StatusAt: at,
	}
	// The program itself draws entries of the same list at random.
	for errors.Is(r.store.Reserve(ctx, cert), yinzheng.ErrConflict) {
		cert.Index += 10000
	}
	if a.State == yinzheng.Issuing {
		return
	}
	cert.Status, cert.Digest = yinzheng.StatusOK, yinzheng.DigestPDF([]byte(a.ID))
	must(r.t, r.store.FinishIssue(ctx, cert, []byte(a.ID)))
	life := yinzheng.LifeOf(a.Actions)
	if x := life.Proposed; x != nil {
		must(r.t, r.store.AddRevocation(ctx, &yinzheng.PendingRevocation{Certificate: cert.Code, Proposal: x.Seq, Organ: cert.Organ, ProposedAt: x.At}))
	}
	if m := life.Mark(cert); m.Status != cert.Status {
		must(r.t, r.store.SetStatus(ctx, m, cert.Status))
	}
}

// try sends one action and returns the status of the answer.
func (r *rightsWorld) try(auth, action string, c *rightsCase) int {
	r.t.Helper()
	headers := []string{"Authorization", auth, "If-Match", strconv.Quote(strconv.Itoa(c.version)), "Idempotency-Key", c.code}
	certificate := "/api/v1/certificates/" + c.code
	proposal := certificate + "/revocations/" + cmp.Or(c.proposal, "1")
	send := map[string]struct{ method, path, body string }{
		"see":                {"GET", c.path, ""},
		"edit":               {"PATCH", c.path, `{"values":{"purpose":"就业"}}`},
		"detach":             {"DELETE", c.path + "/attachments/" + strconv.Itoa(c.attached), ""},
		"submit":             {"POST", c.path + "/submit", ""},
		"withdraw":           {"POST", c.path + "/withdraw", `{}`},
		"approve":            {"POST", c.path + "/decisions", `{"action":"approve"}`},
		"return":             {"POST", c.path + "/decisions", `{"action":"return","opinion":"x"}`},
		"reject":             {"POST", c.path + "/decisions", `{"action":"reject","opinion":"x"}`},
		"suspend":            {"POST", certificate + "/suspend", `{"reason":"complaint","opinion":"x"}`},
		"lift":               {"POST", certificate + "/lift", `{"reason":"cleared","opinion":"x"}`},
		"propose revocation": {"POST", certificate + "/revoke", `{"reason":"error","opinion":"x"}`},
		"confirm it":         {"POST", proposal + "/confirm", `{}`},
		"decline it":         {"POST", proposal + "/decline", `{"opinion":"x"}`},
		"correct":            {"POST", certificate + "/correct", `{"reason":"error","opinion":"x","values":{"purpose":"就业"}}`},
		"open attachment":    {"GET", c.path + "/attachments/" + strconv.Itoa(c.attached), ""},
		"reveal holder":      {"POST", certificate + "/holder", `{"purpose":"核对"}`},
		"hand out copies":    {"POST", certificate + "/copies", `{"collector":{"name":"李四","id":{"type":"passport","number":"E1234567"}},"count":1,"purpose":"入学"}`},
		"export dossier":     {"GET", c.path + "/dossier", ""},
		"issue again":        {"POST", certificate + "/reissue", `{"reason":"lost","opinion":"x"}`},
		"refer":              {"POST", c.path + "/references", `{"material":"proof","certificate":"` + r.held + `"}`},
		"promise":            {"POST", c.path + "/promises", `{"material":"proof"}`},
		"inspect":            {"POST", c.path + "/inspections", `{"material":"proof","outcome":"true","opinion":"x"}`},
	}
	if material := map[string]string{"attach": yinzheng.OtherMaterial, "bring what was promised": "proof"}[action]; material != "" {
		body, kind := r.attachment(material)
		return r.do("POST", c.path+"/attachments", body, append(headers, "Content-Type", kind)...).status
	}
	s := send[action]
	var body any
	if s.body != "" {
		body = s.body
	}
	return r.do(s.method, s.path, body, headers...).status
}

// attachment is a form with a small picture.
func (r *rightsWorld) attachment(material string) (body []byte, contentType string) {
	r.t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	must(r.t, m.WriteField("material", material))
	part, err := m.CreateFormFile("file", "photo.jpg")
	must(r.t, err)
	_, err = part.Write(r.picture)
	must(r.t, err)
	must(r.t, m.Close())
	return b.Bytes(), m.FormDataContentType()
}
