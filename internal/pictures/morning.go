package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const demoPassword = "yinzheng-demo"

// residents are made-up people of one community, as a register lists them.
//
//go:embed residents.csv
var residents []byte

// morning is what has been done before the first picture is taken.
type morning struct {
	people []resident
	batch  string // brought in by workbook, not started yet
	mended string // case that was returned and is there again
	issued string // case whose certificate is there
	under  string // case that waits for the town
}

type resident struct{ id, name, address, since string }

// values are those of a certificate of residence.
func (r *resident) values() map[string]any {
	return map[string]any{"name": r.name, "id": r.id, "address": r.address, "since": r.since, "purpose": "办理子女入学", "recipient": "惠州市惠城区教育局"}
}

func newMorning(ctx context.Context) (*morning, error) {
	rows, err := csv.NewReader(bytes.NewReader(residents)).ReadAll()
	if err != nil {
		return nil, err
	}
	m := &morning{}
	for _, row := range rows[1:] {
		m.people = append(m.people, resident{row[0], row[1], row[5], row[6]})
	}
	clerk, town, admin := &caller{ctx: ctx}, &caller{ctx: ctx}, &caller{ctx: ctx}
	clerk.signIn("village")
	town.signIn("town")
	admin.signIn("admin")
	today := time.Now().Format(time.DateOnly)
	admin.send(http.MethodPost, "/api/v1/register/imports?"+url.Values{"register": {"常住人口登记"}, "as_of": {today}}.Encode(), "text/csv", residents)

	// The first of them is for the form, the last four come by workbook. Of the
	// others' cases two stay drafts, one is returned, one is mended, two are
	// issued, and the rest waits.
	var cases []*application
	for i := range m.people[1:10] {
		cases = append(cases, clerk.begin(&m.people[1+i]))
	}
	for _, a := range cases[2:] {
		clerk.submit(a)
	}
	for _, a := range cases[2:4] {
		town.decide(a, "return", "住址与材料不一致，请核对后再报")
	}
	mended := cases[3]
	moved := m.people[4]
	moved.address = strings.Replace(moved.address, "305", "503", 1)
	clerk.mend(mended, moved.values())
	clerk.submit(mended)
	town.decide(cases[4], "approve", "同意")
	town.decide(cases[5], "approve", "同意")
	m.mended, m.issued, m.under, m.batch = mended.ID, cases[4].ID, cases[6].ID, clerk.bring(m.people[10:])
	return m, errors.Join(clerk.err, town.err, admin.err)
}

// caller is somebody who works over the API. After the first error, which it
// keeps, nothing is sent any more.
type caller struct {
	ctx   context.Context
	token string
	sent  int
	err   error
}

type application struct {
	ID      string `json:"id"`
	Version int    `json:"version"`
}

func (c *caller) signIn(username string) {
	var session struct {
		Token string `json:"token"`
	}
	c.post("/api/v1/sessions", map[string]string{"username": username, "password": demoPassword}, &session)
	c.token = session.Token
}

// begin begins a case of somebody whose originals were seen.
func (c *caller) begin(p *resident) *application {
	a := &application{}
	c.post("/api/v1/applications", map[string]any{"item": "residence", "values": p.values()}, a)
	c.change(http.MethodPatch, a, "", map[string]any{"seen": []string{"id_card", "home_proof"}})
	return a
}

func (c *caller) submit(a *application) { c.change(http.MethodPost, a, "/submit", nil) }

func (c *caller) mend(a *application, values map[string]any) {
	c.change(http.MethodPatch, a, "", map[string]any{"values": values})
}

func (c *caller) decide(a *application, action, opinion string) {
	c.change(http.MethodPost, a, "/decisions", map[string]string{"action": action, "opinion": opinion})
}

// bring brings a workbook in and returns its batch.
func (c *caller) bring(people []resident) string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	_ = w.Write([]string{"证件号码", "用途", "使用单位"})
	for _, p := range people {
		_ = w.Write([]string{p.id, "办理居住证", "惠州市公安局惠城区分局"})
	}
	w.Flush()
	var batch struct {
		ID string `json:"id"`
	}
	c.read(c.send(http.MethodPost, "/api/v1/imports?item=residence", "text/csv", []byte(b.String())), &batch)
	return batch.ID
}

func (c *caller) post(path string, body, out any) {
	data, _ := json.Marshal(body)
	c.read(c.send(http.MethodPost, path, "application/json", data), out)
}

// change does something to a case at the version that was seen last.
func (c *caller) change(method string, a *application, act string, body any) {
	var data []byte
	if body != nil {
		data, _ = json.Marshal(body)
	}
	c.read(c.send(method, "/api/v1/applications/"+a.ID+act, "application/json", data, "If-Match", fmt.Sprintf("%q", fmt.Sprint(a.Version))), a)
}

func (c *caller) read(data []byte, out any) {
	if c.err == nil {
		c.err = json.Unmarshal(data, out)
	}
}

func (c *caller) send(method, path, kind string, body []byte, headers ...string) []byte {
	if c.err != nil {
		return nil
	}
	var answer []byte
	answer, c.err = c.exchange(method, path, kind, body, headers)
	return answer
}

func (c *caller) exchange(method, path, kind string, body []byte, headers []string) ([]byte, error) {
	q, err := http.NewRequestWithContext(c.ctx, method, address+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	c.sent++
	headers = append(headers, "Content-Type", kind, "Authorization", "Bearer "+c.token, "Idempotency-Key", fmt.Sprintf("pictures-%d", c.sent))
	for i := 0; i < len(headers); i += 2 {
		q.Header.Set(headers[i], headers[i+1])
	}
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		return nil, err
	}
	defer r.Body.Close()
	answer, err := io.ReadAll(r.Body)
	if err == nil && r.StatusCode/100 != 2 {
		err = fmt.Errorf("%s %s: %s: %s", method, path, r.Status, answer)
	}
	return answer, err
}
