package afproevning

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/moxkit/mox"
)

// startfrist is how long a program may take until it says that it is ready, svarfrist how long until it has done what it is
// told, and stopfrist until it has stopped.
const (
	startfrist = time.Minute
	svarfrist  = 2 * time.Minute
	stopfrist  = 30 * time.Second
)

// proces is a program that runs beside us and speaks JSON lines.
type proces struct {
	navn   string
	cmd    *exec.Cmd
	ind    io.WriteCloser
	linjer chan []byte
	doed   chan struct{}
	err    error // how it ended; read after doed is closed
	log    string
	mu     sync.Mutex // one order at a time
}

// start starts a program whose standard error goes to the file log, and reads the line that tells it is ready into klar.
func start(ctx context.Context, navn, log string, klar any, program string, args ...string) (*proces, error) {
	if err := os.MkdirAll(filepath.Dir(log), 0o755); err != nil {
		return nil, err
	}
	fil, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { _ = fil.Close() }() // the program has its own
	p := &proces{navn: navn, cmd: exec.Command(program, args...), linjer: make(chan []byte, 8), doed: make(chan struct{}), log: log}
	p.cmd.Stderr = fil
	if p.ind, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	ud, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go p.lyt(ud)
	l, err := p.linje(ctx, startfrist)
	if err == nil {
		err = json.Unmarshal(l, klar)
	}
	if err != nil {
		return nil, errors.Join(p.fejl(err), p.stop())
	}
	return p, nil
}

func (p *proces) lyt(ud io.Reader) {
	for s := bufio.NewScanner(ud); s.Scan(); {
		p.linjer <- append([]byte{}, s.Bytes()...)
	}
	p.err = p.cmd.Wait()
	close(p.doed)
}

// linje is the next line that the program prints.
func (p *proces) linje(ctx context.Context, frist time.Duration) ([]byte, error) {
	t := time.NewTimer(frist)
	defer t.Stop()
	select {
	case l := <-p.linjer:
		return l, nil
	case <-p.doed:
		select {
		case l := <-p.linjer: // it said so before it ended
			return l, nil
		default:
			return nil, fmt.Errorf("programmet standsede: %v", p.err)
		}
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-t.C:
		return nil, fmt.Errorf("programmet har intet sagt i %s", frist)
	}
}

// bed gives an order, and reads the answer into svar.
func (p *proces) bed(ctx context.Context, ordre, svar any) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	b, err := json.Marshal(ordre)
	if err != nil {
		return err
	}
	if _, err := p.ind.Write(append(b, '\n')); err != nil {
		return p.fejl(err)
	}
	l, err := p.linje(ctx, svarfrist)
	if err != nil {
		return p.fejl(err)
	}
	return json.Unmarshal(l, svar)
}

// draeb kills the program, and waits until it is dead.
func (p *proces) draeb() error {
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-p.doed
	return nil
}

// stop asks the program to stop, and kills it when it does not.
func (p *proces) stop() error {
	_ = p.ind.Close()                         // it may have ended
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	go func() {
		for range p.linjer { // what it still says
		}
	}()
	defer close(p.linjer)
	select {
	case <-p.doed:
		return nil
	case <-time.After(stopfrist):
		return errors.Join(fmt.Errorf("%s standsede ikke på %s", p.navn, stopfrist), p.draeb())
	}
}

// fejl is an error of the program with the end of its log.
func (p *proces) fejl(err error) error {
	return mox.E("afproevning", mox.KodeUtilgaengelig, "%s: %v\n%s", p.navn, err, hale(p.log)).Med("se " + p.log)
}

// halelaengde is how many bytes of a log are shown.
const halelaengde = 1500

func hale(fil string) string {
	b, err := os.ReadFile(fil)
	if err != nil {
		return err.Error()
	}
	return mox.Maskeret(string(b[max(0, len(b)-halelaengde):]))
}
