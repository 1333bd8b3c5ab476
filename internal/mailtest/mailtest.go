// Package mailtest runs a real mail server for tests: Exim, in a folder of its own.
package mailtest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"text/template"
	"time"
)

// Server takes mail for example.com into a maildir. It has no nobody there, asks later
// to come again, and takes nothing for other places or from blocked@example.com. Its
// account is yinzheng with the password “pass word”.
type Server struct {
	Address string         // 127.0.0.1:port, the same after Down and Up
	Roots   *x509.CertPool // by which its certificate is checked

	dir      string
	flags    []string
	listener net.Listener
	running  sync.WaitGroup
}

var eximConfig = template.Must(template.New("").Parse(`primary_hostname = mail.example.com
domainlist local_domains = example.com
spool_directory = {{.Dir}}/spool
log_file_path = {{.Dir}}/%slog
keep_environment =
host_lookup =
rfc1413_query_timeout = 0s
tls_advertise_hosts = *
tls_certificate = {{.Dir}}/cert.pem
tls_privatekey = {{.Dir}}/key.pem
acl_smtp_rcpt = rcpt
acl_smtp_mail = mail
{{if .User}}exim_user = {{.User}}
exim_group = {{.Group}}
{{end}}
begin acl
mail:
  deny condition = {{"${if eq{$sender_address}{blocked@example.com}}"}}
  accept
rcpt:
  deny    local_parts = nobody
          message     = 5.1.1 there is no $local_part@$domain here
  defer   local_parts = later
  deny    local_parts = policy
          message     = 5.7.1 not from you
  accept  domains = +local_domains
  deny    message = 5.7.1 relay not permitted
begin routers
local:
  driver = accept
  transport = maildir
begin transports
maildir:
  driver = appendfile
  directory = {{.Dir}}/mail
  maildir_format
  create_directory
  {{if .User}}user = {{.User}}
  group = {{.Group}}{{end}}
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = {{"${if and{{eq{$auth2}{yinzheng}}{eq{$auth3}{pass word}}}}"}}
  server_set_id = $auth2
  server_advertise_condition = {{"${if def:tls_in_cipher}"}}
`))

// exim is where Debian has it, which is not on everybody's path.
const exim = "/usr/sbin/exim4"

// Start starts one, with TLS from the first byte or else once it is asked for.
func Start(fromStart bool) (*Server, error) {
	dir, err := os.MkdirTemp("", "yinzheng-mail-")
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir, flags: []string{"-C", filepath.Join(dir, "conf"), "-bs", "-odi"}, Address: "127.0.0.1:0"}
	if fromStart {
		s.flags = append(s.flags, "-tls-on-connect")
	}
	if err := errors.Join(s.configure(), s.certify(), s.Up()); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return s, nil
}

func (s *Server) configure() error {
	settings := struct{ Dir, User, Group string }{Dir: s.dir}
	if os.Getuid() == 0 { // which Exim gives up, and then cannot read what is root's
		u, err := user.Lookup("Debian-exim")
		if err != nil {
			return err
		}
		settings.User, settings.Group = u.Username, u.Username
		uid, err := strconv.Atoi(u.Uid)
		if err != nil {
			return err
		}
		if err := os.Chown(s.dir, uid, -1); err != nil {
			return err
		}
	}
	var config bytes.Buffer
	if err := eximConfig.Execute(&config, settings); err != nil {
		return err
	}
	return s.write("conf", config.Bytes())
}

func (s *Server) write(name string, content []byte) error {
	//nolint:gosec // Exim reads it under another user; it is a test's
	return os.WriteFile(filepath.Join(s.dir, name), content, 0o644)
}

// certify makes the server's certificate.
func (s *Server) certify() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, leaf, key.Public(), key)
	if err != nil {
		return err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	s.Roots = x509.NewCertPool()
	s.Roots.AppendCertsFromPEM(certificate)
	return errors.Join(s.write("cert.pem", certificate), s.write("key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
}

// Up listens; each connection is handed to an Exim, as inetd would.
func (s *Server) Up() error {
	l, err := net.Listen("tcp", s.Address)
	if err != nil {
		return err
	}
	s.listener, s.Address = l, l.Addr().String()
	s.running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.running.Go(func() { s.serve(c) })
		}
	})
	return nil
}

// Down refuses connections until Up is called.
func (s *Server) Down() error { return s.listener.Close() }

// Close ends the server, if it is up, and removes its mail.
func (s *Server) Close() error {
	_ = s.listener.Close()
	s.running.Wait()
	return os.RemoveAll(s.dir)
}

func (s *Server) serve(c net.Conn) {
	defer c.Close()
	socket, err := c.(*net.TCPConn).File()
	if err != nil {
		return
	}
	defer socket.Close()
	cmd := exec.Command(exim, s.flags...) //nolint:gosec // the flags are ours
	cmd.Stdin, cmd.Stdout = socket, socket
	_ = cmd.Run() // a session ends as it ends
}

// Mails waits until so many mails were delivered and returns them all, as they are
// kept.
func (s *Server) Mails(n int) ([][]byte, error) {
	for end := time.Now().Add(10 * time.Second); ; <-time.After(25 * time.Millisecond) {
		files, err := filepath.Glob(filepath.Join(s.dir, "mail", "new", "*"))
		if err != nil {
			return nil, err
		}
		if len(files) >= n {
			return readAll(files)
		}
		if time.Now().After(end) {
			log, _ := os.ReadFile(filepath.Join(s.dir, "mainlog"))
			return nil, fmt.Errorf("%d mails have come, not %d; the server says:\n%s", len(files), n, log)
		}
	}
}

func readAll(files []string) ([][]byte, error) {
	all := make([][]byte, len(files))
	for i, f := range files {
		var err error
		if all[i], err = os.ReadFile(f); err != nil {
			return nil, err
		}
	}
	return all, nil
}
