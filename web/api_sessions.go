package web

import (
	"net/http"
	"time"

	"yinzheng"
)

type credentials struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

func (b *credentials) member(r *jsonReader, key string) {
	switch key {
	case "username":
		b.Username = r.text(key)
	case "password":
		b.Password = r.text(key)
	default:
		r.unknown(key)
	}
}

type session struct {
	Token     string    `json:"token" doc:"send it as Authorization: Bearer"`
	ExpiresAt time.Time `json:"expires_at"`
}

func (s *server) sessionOperations() []operation {
	return []operation{
		{
			method: http.MethodPost, path: "/api/v1/sessions", id: "sign-in", tag: "sessions", summary: "登录 · Sign in", public: true,
			takes: typeOf[credentials](), gives: typeOf[session](), status: http.StatusCreated, do: s.limitedSignIn,
		},
		{
			method: http.MethodDelete, path: "/api/v1/sessions", id: "sign-out", tag: "sessions", summary: "退出登录 · Sign out",
			do: func(c *call) (any, error) { return nil, s.Service.SignOut(c.Context(), c.secret) },
		},
	}
}

// limitedSignIn counts the attempt before it reads the body.
func (s *server) limitedSignIn(c *call) (any, error) {
	if err := s.signIns.allow(s.client(c.Request)); err != nil {
		return nil, err
	}
	return withBody(s.signIn)(c)
}

func (s *server) signIn(c *call, in *credentials) (any, error) {
	ctx := c.Context()
	if client := s.client(c.Request); client.IsValid() {
		ctx = yinzheng.From(ctx, client.String())
	}
	token, expires, err := s.Service.SignIn(ctx, in.Username, in.Password)
	if err != nil {
		return nil, err
	}
	return &session{token, expires}, nil
}
