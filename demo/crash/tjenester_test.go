package crash

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the database driver "pgx"
	rabbit "github.com/rabbitmq/amqp091-go"

	"github.com/moxkit/mox/internal/testenv"
)

// tjenestefrist is how long a service may take until it answers, however slow the machine.
const tjenestefrist = 3 * time.Minute

// tjeneste is a server that is the test's own, to be killed. Between its lives its files and its address stay.
type tjeneste struct {
	t       *testing.T
	navn    string
	bruger  string // whom it runs as, where we are root
	ny      func() *exec.Cmd
	svarer  func(context.Context) error
	log     string
	cmd     *exec.Cmd
	doed    chan struct{}
	slut    func() // ends what a kill would leave behind; nil = nothing is left
	adresse string
}

// start starts the server, and waits until it answers. One that ends by itself is started again: what a killed one has left
// may still be in its way.
func (s *tjeneste) start() {
	s.t.Helper()
	ctx, slut := context.WithTimeout(s.t.Context(), tjenestefrist)
	defer slut()
	kig := time.NewTicker(100 * time.Millisecond)
	defer kig.Stop()
	s.begynd()
	for {
		err := s.svarer(ctx)
		if err == nil {
			return
		}
		select {
		case <-kig.C:
		case <-s.doed:
			s.begynd()
		case <-ctx.Done():
			s.t.Fatalf("%s does not answer: %v; the end of its log:\n%s", s.navn, err, hale(s.log))
		}
	}
}

func (s *tjeneste) begynd() {
	s.t.Helper()
	fil, err := os.OpenFile(s.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		s.t.Fatal(err)
	}
	defer fil.Close() // the server has its own
	s.cmd, s.doed = s.ny(), make(chan struct{})
	s.cmd.Stdout, s.cmd.Stderr = fil, fil
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: ejer(s.t, s.bruger)}
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	cmd, doed := s.cmd, s.doed
	go func() {
		_ = cmd.Wait() // it is killed
		close(doed)
	}()
}

// drab kills the server and all it has started with SIGKILL: nothing can be written any more.
func (s *tjeneste) drab() {
	s.t.Helper()
	for _, pid := range efterkommere(s.cmd.Process.Pid) {
		_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended meanwhile
	}
	<-s.doed
}

// efterkommere are a process and all that come of it, the eldest first.
func efterkommere(pid int) []int {
	ud := []int{pid}
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", pid)) // gone already: no children
	for _, barn := range strings.Fields(string(b)) {
		if n, err := strconv.Atoi(barn); err == nil {
			ud = append(ud, efterkommere(n)...)
		}
	}
	return ud
}

// ejer is the user a server runs as: they refuse root. nil = we are not root.
func ejer(t *testing.T, navn string) *syscall.Credential {
	t.Helper()
	if os.Geteuid() != 0 {
		return nil
	}
	u, err := user.Lookup(navn)
	if err != nil {
		t.Fatal(err)
	}
	uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

// port is one that nobody listens on, below those the kernel gives to outgoing connections: it must still be free when a
// killed server comes back.
func port(t *testing.T) int {
	t.Helper()
	for range 100 {
		p := 20000 + rand.IntN(10000)
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", p)); err == nil {
			_ = l.Close() // nobody has called
			return p
		}
	}
	t.Fatal("no port is free")
	return 0
}

// hjem is a folder for a server's files that its user may reach, which is removed with the server.
func hjem(t *testing.T, s *tjeneste) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "mox-"+s.navn+"-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if s.cmd != nil && s.slut != nil {
			s.slut()
		}
		if s.cmd != nil {
			s.drab()
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	s.log = filepath.Join(dir, "log")
	if e := ejer(t, s.bruger); e != nil {
		if err := os.Chown(dir, int(e.Uid), int(e.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// program finds a server's program; without it the test is skipped, unless MOX_TEST_REQUIRE names the service.
func program(t *testing.T, tjeneste string, moenstre ...string) string {
	t.Helper()
	for _, m := range moenstre {
		if fundet, _ := filepath.Glob(m); len(fundet) > 0 { // the patterns are well formed
			return slices.Max(fundet)
		}
	}
	if testenv.Required(tjeneste) {
		t.Fatalf("%s is not installed here, and MOX_TEST_REQUIRE demands %s", moenstre[0], tjeneste)
	}
	t.Skipf("%s is not installed here", moenstre[0])
	return ""
}

// postgres is a PostgreSQL of the test's own.
func postgres(t *testing.T) *tjeneste {
	t.Helper()
	server := program(t, "postgres", "/usr/lib/postgresql/*/bin/postgres", "/usr/local/pgsql/bin/postgres")
	s := &tjeneste{t: t, navn: "postgresql", bruger: "postgres"}
	dir := hjem(t, s)
	p := port(t)
	s.adresse = fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable&connect_timeout=30", p)
	data := filepath.Join(dir, "data")
	lav := exec.CommandContext(t.Context(), filepath.Join(filepath.Dir(server), "initdb"), "--pgdata", data, "--username", "postgres", "--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8")
	lav.Dir, lav.SysProcAttr = dir, &syscall.SysProcAttr{Credential: ejer(t, s.bruger)}
	if ud, err := lav.CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, ud)
	}
	s.ny = func() *exec.Cmd {
		c := exec.Command(server, "-D", data, "-p", strconv.Itoa(p), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "max_connections=100")
		c.Dir = dir
		return c
	}
	s.svarer = func(ctx context.Context) error {
		db, err := sql.Open("pgx", s.adresse)
		if err != nil {
			return err
		}
		defer db.Close() // nothing was written
		return db.PingContext(ctx)
	}
	s.slut = func() { // it takes its shared memory with it
		_ = s.cmd.Process.Signal(syscall.SIGQUIT) // it may have ended by itself
		select {
		case <-s.doed:
		case <-time.After(stopfrist):
		}
	}
	s.start()
	return s
}

// rabbitmq is a RabbitMQ node of the test's own, with an epmd of its own.
func rabbitmq(t *testing.T) *tjeneste {
	t.Helper()
	server := program(t, "rabbitmq", "/usr/lib/rabbitmq/bin/rabbitmq-server", "/usr/sbin/rabbitmq-server")
	s := &tjeneste{t: t, navn: "rabbitmq", bruger: "rabbitmq"}
	dir := hjem(t, s)
	amqp, dist, epmd := port(t), port(t), port(t)
	s.adresse = fmt.Sprintf("amqp://guest:guest@127.0.0.1:%d/", amqp)
	for fil, tekst := range map[string]string{"rabbitmq.conf": fmt.Sprintf("listeners.tcp.1 = 127.0.0.1:%d\n", amqp), "plugins": "[].\n"} {
		if err := os.WriteFile(filepath.Join(dir, fil), []byte(tekst), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	miljoe := append(os.Environ(), "HOME="+dir, fmt.Sprintf("RABBITMQ_NODENAME=mox-drab-%d@localhost", amqp), fmt.Sprintf("RABBITMQ_DIST_PORT=%d", dist),
		fmt.Sprintf("ERL_EPMD_PORT=%d", epmd), "ERL_EPMD_ADDRESS=127.0.0.1", "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-kernel inet_dist_use_interface {127,0,0,1}",
		"RABBITMQ_CONF_ENV_FILE=/dev/null", "RABBITMQ_MNESIA_BASE="+filepath.Join(dir, "data"), "RABBITMQ_LOG_BASE="+filepath.Join(dir, "logs"),
		"RABBITMQ_CONFIG_FILE="+filepath.Join(dir, "rabbitmq.conf"), "RABBITMQ_ENABLED_PLUGINS_FILE="+filepath.Join(dir, "plugins"), "RABBITMQ_PID_FILE="+filepath.Join(dir, "pid"))
	s.ny = func() *exec.Cmd {
		c := exec.Command(server)
		c.Dir, c.Env = dir, miljoe
		return c
	}
	s.svarer = func(context.Context) error {
		c, err := rabbit.Dial(s.adresse)
		if err != nil {
			return err
		}
		return c.Close()
	}
	s.slut = func() {
		s.drab()
		stopEpmd(t, miljoe)
	}
	s.start()
	return s
}

// stopEpmd ends the name server that outlives the node. It stays until it has seen that its node is gone.
func stopEpmd(t *testing.T, miljoe []string) {
	t.Helper()
	kig := time.NewTicker(100 * time.Millisecond)
	defer kig.Stop()
	for range 100 {
		c := exec.Command("epmd", "-kill")
		c.Env = miljoe
		ud, _ := c.CombinedOutput() // its words tell more than its code
		if !strings.Contains(string(ud), "not allowed") {
			return
		}
		<-kig.C
	}
	t.Error("epmd did not stop")
}
