package testenv

import (
	"context"
	"crypto/ed25519"
	"encoding/pem"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/crypto/ssh"
)

// SFTPServer is OpenSSH's server, with keys of its own. The one who logs in by key is the one who runs the test.
type SFTPServer struct {
	Addr    string // host:port
	HostKey string // public, as in known_hosts
	User    string
	Key     string // the user's private key
	// PasswordUser logs in with Password, and is the same person. There is one only where SFTPPasswords was asked for.
	PasswordUser, Password string
}

// passwordHash is crypt(3) of the password "hemmeligt kodeord til prøver": nothing else is kept by it.
const passwordHash = "$6$moxtest$zUUXoHPENn91SWX9pNla9HYmnKvnlbFgoIbscLVyUflJ76HAGKruiRQc04S0BdaAcVSTfny675YkDyBfknbq/1"

// SFTPProgram serves files on its standard input and output; OpenSSH's server starts it.
const SFTPProgram = "/usr/lib/openssh/sftp-server"

// Sshd returns the path of OpenSSH's server.
func Sshd(t testing.TB) string {
	t.Helper()
	return need(t, "sftp", "MOX_TEST_SFTP")
}

// SFTP starts a server that ends with the test. subsystem is the command that serves files, in place of OpenSSH's own; ""
// = its own.
func SFTP(t testing.TB, subsystem string) *SFTPServer {
	t.Helper()
	program := Sshd(t)
	s, config := newSFTP(t, subsystem)
	s.serve(t, program, "-i", "-e", "-f", config)
	return s
}

// SFTPPasswords is SFTP with a user who has a password. The server sees files of users of its own in place of the machine's,
// which takes root and a mount namespace.
func SFTPPasswords(t testing.TB) *SFTPServer {
	t.Helper()
	program := Sshd(t)
	unshare := need(t, "sftp-kodeord", "MOX_TEST_SFTP_UNSHARE")
	s, config := newSFTP(t, "")
	s.PasswordUser, s.Password = "moxkodeord", "hemmeligt kodeord til prøver"
	dir := filepath.Dir(config)
	writeFile(t, filepath.Join(dir, "passwd"), readFile(t, "/etc/passwd")+s.PasswordUser+":x:0:0::"+dir+":/bin/sh\n")
	writeFile(t, filepath.Join(dir, "shadow"), readFile(t, "/etc/shadow")+s.PasswordUser+":"+passwordHash+":19000:0:99999:7:::\n")
	s.serve(t, unshare, "--mount", "sh", "-c",
		`mount --bind "$1/passwd" /etc/passwd && mount --bind "$1/shadow" /etc/shadow && exec "$2" -i -e -f "$3"`, "sh", dir, program, config)
	return s
}

// newSFTP makes the keys and the server's configuration.
func newSFTP(t testing.TB, subsystem string) (s *SFTPServer, config string) {
	t.Helper()
	dir := t.TempDir()
	who, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 { // Debian's has this from its service, which need not have been started
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
			t.Fatal(err)
		}
	}
	hostPrivate, hostPublic := SSHKey(t)
	private, public := SSHKey(t)
	writeFile(t, filepath.Join(dir, "host"), hostPrivate)
	writeFile(t, filepath.Join(dir, "authorized_keys"), public+"\n")
	if subsystem == "" {
		subsystem = "internal-sftp"
	}
	config = filepath.Join(dir, "sshd_config")
	writeFile(t, config, strings.Join([]string{
		"HostKey " + filepath.Join(dir, "host"), "AuthorizedKeysFile " + filepath.Join(dir, "authorized_keys"), "PidFile none",
		"UsePAM no", "StrictModes no", "PermitRootLogin yes", "PasswordAuthentication yes", "KbdInteractiveAuthentication no",
		"LogLevel ERROR", "Subsystem sftp " + subsystem, "",
	}, "\n"))
	return &SFTPServer{HostKey: hostPublic, User: who.Username, Key: private}, config
}

// SSHKey makes a pair of keys: a private one as OpenSSH writes it, and the public one on a line.
func SSHKey(t testing.TB) (private, public string) {
	t.Helper()
	pub, priv, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(priv, "")
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(pub)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(block)), strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
}

// serve runs the program for each connection, as inetd does: so there is no port to lose and nothing to wait for.
func (s *SFTPServer) serve(t testing.TB, program string, args ...string) {
	t.Helper()
	listen, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.Addr = listen.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	var servers sync.WaitGroup
	servers.Go(func() {
		for {
			conn, err := listen.Accept()
			if err != nil {
				return // closed with the test
			}
			servers.Go(func() { serveOne(ctx, t, conn.(*net.TCPConn), program, args) })
		}
	})
	t.Cleanup(func() {
		_ = listen.Close()
		cancel()
		servers.Wait()
	})
}

func serveOne(ctx context.Context, t testing.TB, conn *net.TCPConn, program string, args []string) {
	f, err := conn.File()
	_ = conn.Close() // the program has its own
	if err != nil {
		t.Error(err)
		return
	}
	defer f.Close()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = f, f, t.Output()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // it has children
	_ = cmd.Run()                                                                        // a connection that was broken off is what tests try
}

func writeFile(t testing.TB, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func readFile(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
