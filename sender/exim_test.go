package sender_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"text/template"
	"time"
)

// exim is a mail server in a folder of its own: each connection is handed to an Exim
// (as inetd would), which delivers what is for example.com into a maildir.
type exim struct {
	t       *testing.T
	dir     string
	flags   []string
	roots   *x509.CertPool
	address string

	mu       sync.Mutex
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

// newExim starts one; with TLS from the start or else when it is asked for.
func newExim(t *testing.T, fromStart bool) *exim {
	t.Helper()
	x := &exim{t: t, dir: t.TempDir()}
	for _, dir := range []string{x.dir, filepath.Dir(x.dir)} {
		must(t, os.Chmod(dir, 0o755))
	}
	settings := struct{ Dir, User, Group string }{Dir: x.dir}
	if os.Getuid() == 0 { // then Exim gives that up, and cannot read what is root's
		u, err := user.Lookup("Debian-exim")
		must(t, err)
		settings.User, settings.Group = u.Username, u.Username
		uid, _ := strconv.Atoi(u.Uid)
		must(t, os.Chown(x.dir, uid, -1))
	}
	x.certify()
	var config bytes.Buffer
	must(t, eximConfig.Execute(&config, settings))
	must(t, os.WriteFile(filepath.Join(x.dir, "conf"), config.Bytes(), 0o644))
	x.flags = []string{"/usr/sbin/exim4", "-C", filepath.Join(x.dir, "conf"), "-bs", "-odi"}
	if fromStart {
		x.flags = append(x.flags, "-tls-on-connect")
	}
	x.up()
	t.Cleanup(func() {
		x.down()
		x.running.Wait()
	})
	return x
}

// certify makes the server's certificate.
func (x *exim) certify() {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(x.t, err)
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, leaf, key.Public(), key)
	must(x.t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	must(x.t, err)
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	must(x.t, os.WriteFile(filepath.Join(x.dir, "cert.pem"), certificate, 0o644))
	must(x.t, os.WriteFile(filepath.Join(x.dir, "key.pem"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o644))
	x.roots = x509.NewCertPool()
	x.roots.AppendCertsFromPEM(certificate)
}

// up listens, at the same address as before if there was one.
func (x *exim) up() {
	l, err := net.Listen("tcp", orAny(x.address))
	must(x.t, err)
	x.mu.Lock()
	x.listener, x.address = l, l.Addr().String()
	x.mu.Unlock()
	x.running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			x.running.Go(func() { x.serve(c) })
		}
	})
}

func orAny(address string) string {
	if address == "" {
		return "127.0.0.1:0"
	}
	return address
}

func (x *exim) down() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.listener.Close()
}

func (x *exim) serve(c net.Conn) {
	defer c.Close()
	socket, err := c.(*net.TCPConn).File()
	if err != nil {
		return
	}
	defer socket.Close()
	cmd := exec.Command(x.flags[0], x.flags[1:]...)
	cmd.Stdin, cmd.Stdout = socket, socket
	if out, err := os.OpenFile(filepath.Join(x.dir, "stderr"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644); err == nil {
		defer out.Close()
		cmd.Stderr = out
	}
	_ = cmd.Run() // an SMTP session ends as it ends
}

// delivered waits for so many mails and returns them.
func (x *exim) delivered(n int) [][]byte {
	x.t.Helper()
	for range 400 {
		files, err := filepath.Glob(filepath.Join(x.dir, "mail", "new", "*"))
		must(x.t, err)
		if len(files) >= n {
			var all [][]byte
			for _, f := range files {
				b, err := os.ReadFile(f)
				must(x.t, err)
				all = append(all, b)
			}
			return all
		}
		time.Sleep(25 * time.Millisecond)
	}
	for _, name := range []string{"mainlog", "paniclog", "stderr"} {
		b, _ := os.ReadFile(filepath.Join(x.dir, name))
		x.t.Logf("%s:\n%s", name, b)
	}
	x.t.Fatalf("%d mails have not come", n)
	return nil
}

func (x *exim) url(scheme, user string) string {
	return fmt.Sprintf("%s://%s%s", scheme, user, x.address)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
