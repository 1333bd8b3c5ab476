package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"

	"yinzheng/web"
)

type serveCmd struct {
	Dir    string `help:"Data folder that init made." default:"data" env:"YINZHENG_DIR"`
	Listen string `help:"Address to listen on." default:"127.0.0.1:8080" env:"YINZHENG_LISTEN"`
	proxySettings
	gatewaySettings
	settings
	secretSettings
	identitySettings
}

type proxySettings struct {
	TrustedProxies []netip.Prefix `name:"trusted-proxy" help:"Network of a reverse proxy whose X-Forwarded-For is believed, such as 10.0.0.0/8." env:"YINZHENG_TRUSTED_PROXIES"`
}

func (serveCmd) Help() string {
	return `Serves the API for staff, the public verify page, the key list, the status lists and the revocation lists. What an earlier run left in issuing is completed in the background. Put a reverse proxy with TLS in front of it.

  YINZHENG_PASSPHRASE=… yinzheng serve --dir data --public-url https://zm.example.gov.cn`
}

func (c *serveCmd) Run(ctx context.Context, e *env) error {
	secret, err := c.secret()
	if err != nil {
		return err
	}
	if err := checkPublicURL(c.PublicURL); err != nil {
		return err
	}
	c.gateways = c.gatewaySettings
	sys, err := openSystem(ctx, c.Dir, secret, c.settings, e)
	if err != nil {
		return err
	}
	defer sys.Close()
	if err := c.use(sys); err != nil {
		return err
	}
	return sys.serve(ctx, e, c.Listen, c.TrustedProxies, func(addr string) {
		fmt.Fprintf(e.stdout, "印证 Yinzheng listens on http://%s, known to others as %s\n", addr, sys.PublicURL)
	})
}

// serve listens, says so through ready, and serves until the context ends; then
// it lets requests under way finish.
func (s *system) serve(ctx context.Context, e *env, listen string, proxies []netip.Prefix, ready func(addr string)) error {
	s.background(ctx, e.log)
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", listen)
	if err != nil {
		return fmt.Errorf("%w; choose another address with --listen", err)
	}
	handler, err := s.handler(e, proxies)
	if err != nil {
		return err
	}
	server := web.Server(listen, handler)
	ready(l.Addr().String()) // before anything is answered, so that who is answered can count on what it said
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	quiet, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := server.Shutdown(quiet); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (s *system) handler(e *env, proxies []netip.Prefix) (http.Handler, error) {
	return web.New(web.Config{
		Service: s.Service, Catalogue: s.catalogue, Inquiries: s.inquiries, Campaigns: s.campaigns, Workbooks: s.workbooks, Designs: s.designs, Residents: s.residents, Ratings: s.ratings, Log: e.log, Version: version, TrustedProxies: proxies,
		CRL: s.revocationList, Root: s.ring.Root().Raw, CheckLog: s.checkLog,
		Size:  func(ctx context.Context) (int64, error) { size, _, err := s.store.Mapping(ctx); return size, err },
		Ready: func(ctx context.Context) error { _, err := s.store.StatusListCount(ctx); return err },
	})
}
