package main

import (
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"

	"yinzheng"
	"yinzheng/resident"
)

// identitySettings say who vouches for residents.
type identitySettings struct {
	Issuer     string            `name:"oidc-issuer" help:"OpenID provider by which residents sign in, as its metadata names it, such as https://tysfrz.example.gov.cn/oidc. Its client has the address PUBLIC-URL/mine/callback." env:"YINZHENG_OIDC_ISSUER"`
	ClientID   string            `name:"oidc-client-id" help:"What we are called there." env:"YINZHENG_OIDC_CLIENT_ID"`
	SecretFile string            `name:"oidc-secret-file" help:"File whose first line is the client's secret. Left out: a public client, with PKCE alone." type:"existingfile" env:"YINZHENG_OIDC_SECRET_FILE"`
	Scopes     []string          `name:"oidc-scopes" help:"What we ask for besides openid." default:"profile" env:"YINZHENG_OIDC_SCOPES"`
	NameClaim  string            `name:"oidc-claim-name" help:"What the provider calls somebody's name." default:"name" env:"YINZHENG_OIDC_CLAIM_NAME"`
	IDClaim    string            `name:"oidc-claim-id" help:"What it calls the number of their document." default:"id_number" env:"YINZHENG_OIDC_CLAIM_ID"`
	TypeClaim  string            `name:"oidc-claim-type" help:"What it calls the document's type. Left out: all of them are resident IDs." env:"YINZHENG_OIDC_CLAIM_TYPE"`
	Types      map[string]string `name:"oidc-types" help:"Its types in ours, such as 10=111;20=passport. Ours: 111, passport, hk-macau, taiwan, prc-resident." env:"YINZHENG_OIDC_TYPES"`
	ACR        []string          `name:"oidc-acr" help:"Assurances (acr) of which an identity has to have one. Left out: any will do." env:"YINZHENG_OIDC_ACR"`
}

// use lets residents sign in by the provider that the settings name, if they name one.
func (i *identitySettings) use(s *system) error {
	if i.Issuer == "" {
		return nil
	}
	u, err := url.Parse(i.Issuer)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && !(u.Scheme == "http" && loopback(u.Host)):
		return fmt.Errorf("--oidc-issuer: %s is no https address", i.Issuer)
	case i.ClientID == "":
		return fmt.Errorf("--oidc-issuer needs --oidc-client-id: what are we called there?")
	}
	for theirs, ours := range i.Types {
		if _, known := yinzheng.IDTypes[ours]; !known || ours == yinzheng.NoID {
			return fmt.Errorf("--oidc-types: %s=%s: we have no type %s", theirs, ours, ours)
		}
	}
	var secret string
	if i.SecretFile != "" {
		b, err := os.ReadFile(i.SecretFile)
		if err != nil {
			return err
		}
		line, _, _ := strings.Cut(string(b), "\n")
		secret = strings.TrimRight(line, "\r")
	}
	s.residents.UseIdentity(resident.Identity{
		Issuer: i.Issuer, ClientID: i.ClientID, Secret: secret, Redirect: s.PublicURL + "/mine/callback",
		Scopes: slices.Clone(i.Scopes), NameClaim: i.NameClaim, IDClaim: i.IDClaim, TypeClaim: i.TypeClaim, Types: i.Types, ACR: i.ACR,
	})
	return nil
}
