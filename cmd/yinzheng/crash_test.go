package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestKill ends the server by SIGKILL at random moments while people issue,
// five times over, and then looks: every case that anybody was told is
// approved has exactly one certificate, no number or code twice, every PDF there
// and valid.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	args := []string{"demo", "--dir", filepath.Join(dir, "data"), "--public-url", "https://kill.example"}
	var all []string // every case created
	approved := map[string]bool{}
	for round := range 5 {
		s, err := startServer(dir, args, nil)
		if err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		var wg sync.WaitGroup
		village, town := client{url: s.url}, client{url: s.url}
		if err := errors.Join(village.signIn("village", demoPassword), town.signIn("town", demoPassword)); err != nil {
			t.Fatal(err)
		}
		for w := range 4 {
			wg.Go(func() {
				for i := 0; ; i++ {
					id, done := issueOne(&village, &town, fmt.Sprintf("r%dw%di%d", round, w, i))
					mu.Lock()
					if id != "" {
						all = append(all, id)
					}
					if done {
						approved[id] = true
					}
					mu.Unlock()
					if !done {
						return
					}
				}
			})
		}
		time.Sleep(600*time.Millisecond + rand.N(700*time.Millisecond))
		s.kill()
		wg.Wait()
	}
	s, err := startServer(dir, args, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.kill()
	waitIssued(t, s.url)
	checkCertificates(t, s.url, all, approved)
}

// issueOne takes one residence case through its chain until something fails.
// done: the answer to the last approval arrived.
func issueOne(village, town *client, key string) (id string, done bool) {
	step := func(c *client, version int, path, body string) (v caseState, ok bool) {
		h := http.Header{"Content-Type": {"application/json"}, "Idempotency-Key": {key}}
		if version > 0 {
			h = http.Header{"Content-Type": {"application/json"}, "If-Match": {fmt.Sprintf("%q", fmt.Sprint(version))}}
		}
		code, answer, err := c.do("POST", path, h, strings.NewReader(body))
		return v, err == nil && code < 300 && json.Unmarshal(answer, &v) == nil
	}
	v, ok := step(village, 0, "/api/v1/applications", residenceCase)
	if !ok {
		return "", false
	}
	id = v.ID
	if v, ok = step(village, v.Version, "/api/v1/applications/"+id+"/submit", "{}"); !ok {
		return id, false
	}
	_, ok = step(town, v.Version, "/api/v1/applications/"+id+"/decisions", `{"action":"approve"}`)
	return id, ok
}

const residenceID = "441302197803060028"

const residenceCase = `{"item":"residence","values":{"name":"李桂香","id":"` + residenceID + `","address":"惠州市惠城区桥东街道东湖西路28号5栋2单元1203房","since":"2019-05-01","purpose":"子女入学","recipient":"惠城区教育局"}}`

type caseState struct {
	ID, State   string
	Version     int
	Certificate struct{ Code, Number string }
}

// waitIssued waits until recovery has nothing left to do.
func waitIssued(t *testing.T, url string) {
	t.Helper()
	admin := client{url: url}
	if err := admin.signIn("admin", demoPassword); err != nil {
		t.Fatal(err)
	}
	for range 240 {
		_, answer, err := admin.do("GET", "/api/v1/issuing", nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		var waiting struct{ Items []any }
		if err := json.Unmarshal(answer, &waiting); err != nil {
			t.Fatalf("%s: %v", answer, err)
		}
		if len(waiting.Items) == 0 {
			return
		}
		time.Sleep(250 * time.Millisecond)
	}
	t.Fatal("cases still wait to be issued")
}

func checkCertificates(t *testing.T, url string, all []string, approved map[string]bool) {
	t.Helper()
	village := client{url: url}
	if err := village.signIn("village", demoPassword); err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	issued := 0
	for _, id := range all {
		_, answer, err := village.do("GET", "/api/v1/applications/"+id, nil, nil)
		var v caseState
		if err != nil || json.Unmarshal(answer, &v) != nil {
			t.Fatalf("case %s: %v %s", id, err, answer)
		}
		if v.State != "issued" {
			if approved[id] {
				t.Errorf("case %s was approved, but is %s", id, v.State)
			}
			continue
		}
		issued++
		for _, mark := range []string{v.Certificate.Code, v.Certificate.Number} {
			if other := seen[mark]; other != "" || mark == "" {
				t.Errorf("%q is on cases %s and %s", mark, other, id)
			}
			seen[mark] = id
		}
		code, pdf, err := village.do("GET", "/api/v1/certificates/"+v.Certificate.Code+"/pdf", nil, nil)
		if err != nil || code != 200 || len(pdf) < 10000 {
			t.Errorf("PDF of %s: %d %v", id, code, err)
		}
	}
	t.Logf("%d cases, %d approved before a kill, %d issued", len(all), len(approved), issued)
	if issued == 0 {
		t.Error("nothing was issued: the test has not tested")
	}
}
