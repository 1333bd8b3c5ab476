package oidctest

import (
	"encoding/json"
	"net/http"
	"testing"
)

func TestStart(t *testing.T) {
	issuer := Start(t, Config{Client: Client{"yinzheng", "a secret of the tests"}, Redirect: "http://127.0.0.1:1/back"})
	r, err := http.Get(issuer + "/.well-known/openid-configuration")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	var said struct{ Issuer string }
	if err := json.NewDecoder(r.Body).Decode(&said); err != nil || said.Issuer != issuer {
		t.Errorf("it calls itself %q, %v", said.Issuer, err)
	}
}
