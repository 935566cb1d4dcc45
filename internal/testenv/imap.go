package testenv

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// IMAPServer is Dovecot with data of its own. Whoever logs in with Password, by any name, has a mailbox.
type IMAPServer struct {
	Addr     string // host:port, with STARTTLS, and without TLS from this machine
	TLSAddr  string // host:port, with TLS from the first byte
	Password string
	CA       string // file with who has issued the certificate
}

// IMAPOptions are what a test asks of the server.
type IMAPOptions struct {
	Capabilities string // in place of all that Dovecot can
	Introspect   string // URL that tells whether an access token is valid, and whose; "" = no tokens
}

// Dovecot returns the path of Dovecot.
func Dovecot(t testing.TB) string {
	t.Helper()
	return need(t, "imap", "MOX_TEST_IMAP")
}

// IMAP starts a server that ends with the test.
func IMAP(t testing.TB, o IMAPOptions) *IMAPServer {
	t.Helper()
	program := Dovecot(t)
	dir := sharedDir(t)
	s := &IMAPServer{Password: "hemmeligt-kodeord", CA: filepath.Join(dir, "ca.pem")}
	writeIssued(t, dir)
	var err error
	for range 3 { // a port may be taken by another before the server has it
		s.Addr, s.TLSAddr = freeAddr(t), freeAddr(t)
		config := filepath.Join(dir, "dovecot.conf")
		writeFile(t, config, dovecotConfig(t, program, dir, s, o))
		if err = startDovecot(t, program, config, s.Addr); err == nil {
			return s
		}
	}
	t.Fatal(err)
	return nil
}

// sharedDir is a folder that others may enter: the server is other users too.
func sharedDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "mox-imap-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func writeIssued(t testing.TB, dir string) {
	t.Helper()
	i, err := NewIssuer()
	if err != nil {
		t.Fatal(err)
	}
	c, err := i.Issue("localhost")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := WritePEM(dir, "server", c); err != nil {
		t.Fatal(err)
	}
	if err := i.Write(dir); err != nil {
		t.Fatal(err)
	}
}

// freeAddr is an address that nobody listens at.
func freeAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// dovecotConfig is the configuration for the program's version: 2.4 took another form than 2.3. As root it keeps mails as the
// user mail, since it refuses to as root; as anyone else all of it is that one.
func dovecotConfig(t testing.TB, program, dir string, s *IMAPServer, o IMAPOptions) string {
	t.Helper()
	who, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	group, err := user.LookupGroupId(who.Gid)
	if err != nil {
		t.Fatal(err)
	}
	version, err := exec.CommandContext(t.Context(), program, "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	form := dovecot24()
	if strings.HasPrefix(string(version), "2.3.") {
		form = dovecot23()
	}
	keeper, config := who, form.server
	if who.Uid == "0" {
		if keeper, err = user.Lookup("mail"); err != nil {
			t.Fatal(err)
		}
	} else {
		config += fmt.Sprintf("default_internal_user = %s\ndefault_login_user = %[1]s\ndefault_internal_group = %s\n", who.Username, group.Name)
		config += "service imap-login {\n  chroot =\n}\nservice anvil {\n  chroot =\n}\n"
	}
	mails := filepath.Join(dir, "mails")
	if err := os.Mkdir(mails, 0o755); err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.Atoi(keeper.Uid) // a number, on systems that have Dovecot
	gid, _ := strconv.Atoi(keeper.Gid)
	if err := os.Chown(mails, uid, gid); err != nil {
		t.Fatal(err)
	}
	if o.Capabilities != "" {
		config += "protocol imap {\n  imap_capability = " + o.Capabilities + "\n}\n"
	}
	if o.Introspect != "" {
		writeFile(t, filepath.Join(dir, "oauth2.conf"), form.tokens(o.Introspect))
		config += form.oauth2
	}
	_, port, _ := net.SplitHostPort(s.Addr)
	_, tlsPort, _ := net.SplitHostPort(s.TLSAddr)
	return strings.NewReplacer("@DIR@", dir, "@PORT@", port, "@TLSPORT@", tlsPort, "@PASSWORD@", s.Password, "@UID@", keeper.Uid, "@GID@", keeper.Gid).Replace(config + dovecotCommon + form.password)
}

// dovecotForm is what the versions write in different ways.
type dovecotForm struct {
	server   string
	password string
	oauth2   string // reads oauth2.conf
	entry    string // what each entry of oauth2.conf begins with
}

// tokens is oauth2.conf: who tells of an access token, and how.
func (f dovecotForm) tokens(introspect string) string {
	var b strings.Builder
	for _, e := range []string{"introspection_url = " + introspect, "introspection_mode = auth", "username_attribute = bruger", "active_attribute = aktiv", "active_value = ja"} {
		b.WriteString(f.entry + e + "\n")
	}
	return b.String()
}

func dovecot23() dovecotForm {
	return dovecotForm{
		server: `ssl_cert = <@DIR@/server.pem
ssl_key = <@DIR@/server.key
mail_location = maildir:~/Maildir
userdb {
  driver = static
  args = uid=@UID@ gid=@GID@ home=@DIR@/mails/%u
}
`,
		password: "passdb {\n  driver = static\n  mechanisms = plain login\n  args = password=@PASSWORD@\n}\n",
		oauth2:   "auth_mechanisms = plain xoauth2\npassdb {\n  driver = oauth2\n  mechanisms = xoauth2\n  args = @DIR@/oauth2.conf\n}\n",
	}
}

func dovecot24() dovecotForm {
	return dovecotForm{
		server: `dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
ssl_server_cert_file = @DIR@/server.pem
ssl_server_key_file = @DIR@/server.key
mail_driver = maildir
mail_path = ~/Maildir
userdb static {
  fields {
    uid = @UID@
    gid = @GID@
    home = @DIR@/mails/%{user}
  }
}
`,
		password: "passdb static {\n  mechanisms_filter = plain login\n  password = @PASSWORD@\n}\n",
		oauth2:   "auth_mechanisms = plain xoauth2\npassdb oauth2 {\n  mechanisms_filter = xoauth2\n}\n!include @DIR@/oauth2.conf\n",
		entry:    "oauth2_",
	}
}

const dovecotCommon = `
base_dir = @DIR@/run
state_dir = @DIR@/run
log_path = /dev/stderr
info_log_path = /dev/null
protocols = imap
listen = 127.0.0.1
ssl = yes
mail_fsync = never
mail_max_userip_connections = 1000
auth_failure_delay = 0
first_valid_uid = 1
service imap-login {
  inet_listener imap {
    port = @PORT@
  }
  inet_listener imaps {
    port = @TLSPORT@
    ssl = yes
  }
}
`

// startDovecot starts the server and waits for its greeting.
func startDovecot(t testing.TB, program, config, addr string) error {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, "-F", "-c", config)
	cmd.Stdout, cmd.Stderr = t.Output(), t.Output()
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) } // it ends the others
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Start(); err != nil {
		cancel()
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-ended:
			ended <- err
			return fmt.Errorf("dovecot has ended: %w", err)
		case <-tick.C:
			if greets(addr) {
				return nil
			}
		}
	}
}

func greets(addr string) bool {
	conn, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return false
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second)) // a connection always can
	greeting, err := bufio.NewReader(conn).ReadString('\n')
	return err == nil && strings.HasPrefix(greeting, "* OK")
}
