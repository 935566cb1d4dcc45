package crash

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// startfrist is how long a program may take until it says that it is ready, and stopfrist until it has stopped.
const (
	startfrist = 30 * time.Second
	stopfrist  = 30 * time.Second
)

// proces is a program that runs. Its lines come on linjer; doed is closed when it has ended, and then err is how.
type proces struct {
	t      *testing.T
	cmd    *exec.Cmd
	ind    io.WriteCloser
	linjer chan string
	doed   chan struct{}
	err    error
	log    string
}

// startProces starts a program that prints a line of JSON when it is ready, and reads that into klar. Its standard error
// goes to the file log.
func startProces(t *testing.T, log string, klar any, env []string, navn string, args ...string) *proces {
	t.Helper()
	p := &proces{t: t, cmd: exec.Command(navn, args...), linjer: make(chan string, 8), doed: make(chan struct{}), log: log}
	fil, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer fil.Close() // the program has its own
	p.cmd.Env, p.cmd.Stderr = append(os.Environ(), env...), fil
	if p.ind, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	ud, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		for s := bufio.NewScanner(ud); s.Scan(); {
			p.linjer <- s.Text()
		}
		p.err = p.cmd.Wait()
		close(p.doed)
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // it has usually ended
		<-p.doed
	})
	if err := json.Unmarshal([]byte(p.linje(startfrist)), klar); err != nil {
		t.Fatalf("%s: the first line: %v", navn, err)
	}
	return p
}

// linje is the next line that the program prints.
func (p *proces) linje(frist time.Duration) string {
	p.t.Helper()
	select {
	case l := <-p.linjer:
		return l
	case <-p.doed:
		select {
		case l := <-p.linjer: // it said so before it ended
			return l
		default:
		}
		p.t.Fatalf("%s ended by itself: %v; the end of %s:\n%s", p.cmd.Path, p.err, p.log, hale(p.log))
	case <-time.After(frist):
		p.t.Fatalf("%s has said nothing for %s; the end of %s:\n%s", p.cmd.Path, frist, p.log, hale(p.log))
	}
	return ""
}

// lev lets the program run until it dies, or for d; it reports whether it died.
func (p *proces) lev(d time.Duration) bool {
	select {
	case <-p.doed:
		return true
	case <-time.After(d):
		return false
	}
}

// drab kills the program from outside.
func (p *proces) drab() {
	p.t.Helper()
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.t.Fatal(err)
	}
	<-p.doed
	p.doedAfSIGKILL()
}

func (p *proces) doedAfSIGKILL() {
	p.t.Helper()
	if s, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !s.Signaled() || s.Signal() != syscall.SIGKILL {
		p.t.Fatalf("%s ended with %v, not by SIGKILL; the end of %s:\n%s", p.cmd.Path, p.err, p.log, hale(p.log))
	}
}

// stop asks the program to stop, and wants it to do so in good order.
func (p *proces) stop() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	if !p.lev(stopfrist) {
		p.t.Fatalf("%s does not stop at SIGTERM", p.cmd.Path)
	}
	if p.err != nil {
		p.t.Errorf("%s at SIGTERM: %v; the end of %s:\n%s", p.cmd.Path, p.err, p.log, hale(p.log))
	}
}

// hale is the end of a file, for a message.
func hale(fil string) string {
	b, err := os.ReadFile(fil)
	if err != nil {
		return err.Error()
	}
	return string(b[max(0, len(b)-4096):])
}

// systemer is the three foreign systems, in a process that lives on.
type systemer struct {
	ESDH        string `json:"esdh"`
	Forsendelse string `json:"forsendelse"`
	dir         string
	*proces
}

// startSystemer starts them with a story that is not told to its end, so that cases come as long as they are wanted.
func startSystemer(t *testing.T, dir string, seed uint64, sager int) *systemer {
	t.Helper()
	s := &systemer{dir: filepath.Join(dir, "systemer")}
	s.proces = startProces(t, filepath.Join(dir, "systemer.log"), s, nil, filepath.Join(dir, "bin", "systemer"), "-dir", s.dir, "-stdin",
		"-sager", strconv.Itoa(sager), "-per-runde", "2", "-periode", "300ms", "-seed", strconv.FormatUint(seed, 10))
	return s
}

// slutHistorien lets no more cases come, and waits until all there are have been exported.
func (s *systemer) slutHistorien() {
	s.t.Helper()
	if _, err := io.WriteString(s.ind, "slut\n"); err != nil {
		s.t.Fatal(err)
	}
	if l := s.linje(startfrist); !strings.Contains(l, `"fortalt":true`) {
		s.t.Fatalf("the systems said %s", l)
	}
}

// rolige reports whether every file out has been taken away, and every answer taken in.
func (s *systemer) rolige() bool {
	s.t.Helper()
	for _, moenster := range []string{"ud/*.klar", "ind/*.csv"} {
		filer, err := filepath.Glob(filepath.Join(s.dir, "byggesag", filepath.FromSlash(moenster)))
		if err != nil {
			s.t.Fatal(err)
		}
		if len(filer) > 0 {
			return false
		}
	}
	return true
}
