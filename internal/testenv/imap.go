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

// IMAP starts a server that ends with the test.
func IMAP(t testing.TB, o IMAPOptions) *IMAPServer {
	t.Helper()
	program := need(t, "imap", "MOX_TEST_IMAP")
	dir := sharedDir(t)
	s := &IMAPServer{Password: "hemmeligt-kodeord", CA: filepath.Join(dir, "ca.pem")}
	writeIssued(t, dir)
	var err error
	for range 3 { // a port may be taken by another before the server has it
		s.Addr, s.TLSAddr = freeAddr(t), freeAddr(t)
		config := filepath.Join(dir, "dovecot.conf")
		writeFile(t, config, dovecotConfig(t, dir, s, o))
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

// dovecotConfig is Dovecot 2.3's configuration. As root it keeps mails as the user mail, since it refuses to as root; as
// anyone else all of it is that one.
func dovecotConfig(t testing.TB, dir string, s *IMAPServer, o IMAPOptions) string {
	t.Helper()
	who, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	group, err := user.LookupGroupId(who.Gid)
	if err != nil {
		t.Fatal(err)
	}
	keeper, more := who, ""
	if who.Uid == "0" {
		if keeper, err = user.Lookup("mail"); err != nil {
			t.Fatal(err)
		}
	} else {
		more = fmt.Sprintf("default_internal_user = %s\ndefault_login_user = %[1]s\ndefault_internal_group = %s\n", who.Username, group.Name)
		more += "service imap-login {\n  chroot =\n}\nservice anvil {\n  chroot =\n}\n"
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
		more += "protocol imap {\n  imap_capability = " + o.Capabilities + "\n}\n"
	}
	if o.Introspect != "" {
		tokens := filepath.Join(dir, "oauth2.conf")
		writeFile(t, tokens, "introspection_url = "+o.Introspect+"\nintrospection_mode = auth\nusername_attribute = bruger\nactive_attribute = aktiv\nactive_value = ja\n")
		more += "auth_mechanisms = plain xoauth2\npassdb {\n  driver = oauth2\n  mechanisms = xoauth2\n  args = " + tokens + "\n}\n"
	}
	_, port, _ := net.SplitHostPort(s.Addr)
	_, tlsPort, _ := net.SplitHostPort(s.TLSAddr)
	return strings.NewReplacer("DIR", dir, "PORT", port, "TLSP", tlsPort, "PASSWORD", s.Password, "UID", keeper.Uid, "GID", keeper.Gid).Replace(`
base_dir = DIR/run
state_dir = DIR/run
log_path = /dev/stderr
info_log_path = /dev/null
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <DIR/server.pem
ssl_key = <DIR/server.key
mail_location = maildir:~/Maildir
mail_fsync = never
mail_max_userip_connections = 1000
auth_failure_delay = 0
first_valid_uid = 1
service imap-login {
  inet_listener imap {
    port = PORT
  }
  inet_listener imaps {
    port = TLSP
    ssl = yes
  }
}
userdb {
  driver = static
  args = uid=UID gid=GID home=DIR/mails/%u
}
`) + more + "passdb {\n  driver = static\n  mechanisms = plain login\n  args = password=" + s.Password + "\n}\n"
}

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
