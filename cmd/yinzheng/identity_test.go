package main

import "testing"

// TestIdentitySettings: what could not let anybody in is told as the server starts.
func TestIdentitySettings(t *testing.T) {
	for name, i := range map[string]identitySettings{
		"no address":              {Issuer: "tysfrz", ClientID: "yinzheng"},
		"not encrypted":           {Issuer: "http://tysfrz.example.gov.cn/oidc", ClientID: "yinzheng"},
		"nobody":                  {Issuer: "https://tysfrz.example.gov.cn/oidc"},
		"a type that we lack":     {Issuer: "https://tysfrz.example.gov.cn/oidc", ClientID: "yinzheng", Types: map[string]string{"10": "card"}},
		"a type that is no proof": {Issuer: "https://tysfrz.example.gov.cn/oidc", ClientID: "yinzheng", Types: map[string]string{"99": "none"}},
		"a file that is not there": {
			Issuer: "https://tysfrz.example.gov.cn/oidc", ClientID: "yinzheng", SecretFile: t.TempDir() + "/secret",
		},
	} {
		if err := i.use(&system{}); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if err := new(identitySettings).use(&system{}); err != nil {
		t.Errorf("without any: %v", err)
	}
}
