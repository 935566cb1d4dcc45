package main

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/moxkit/mox/demo/kontrol"
)

// program is the command, running in this process.
type program struct {
	t      *testing.T
	ind    *io.PipeWriter
	linjer *bufio.Scanner
	slut   chan error
}

func start(t *testing.T, args ...string) *program {
	t.Helper()
	ind, indSkriv := io.Pipe()
	ud, udSkriv := io.Pipe()
	p := &program{t: t, ind: indSkriv, linjer: bufio.NewScanner(ud), slut: make(chan error, 1)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		err := run(t.Context(), args, ind, udSkriv, t.Output())
		_ = udSkriv.Close() // never fails
		p.slut <- err
	}()
	// The test's folder goes after this, and the program must have ended its writing there by then.
	t.Cleanup(func() {
		_ = indSkriv.Close() // never fails
		_ = ud.Close()       // never fails; nobody reads what it may still say
		<-ended
	})
	return p
}

// linje is the next line of JSON.
func (p *program) linje() map[string]any {
	p.t.Helper()
	if !p.linjer.Scan() {
		p.t.Fatalf("it says no more: %v", <-p.slut)
	}
	var ud map[string]any
	if err := json.Unmarshal(p.linjer.Bytes(), &ud); err != nil {
		p.t.Fatalf("%s: %v", p.linjer.Text(), err)
	}
	return ud
}

func TestAdresserneStaarIFoersteLinje(t *testing.T) {
	t.Parallel()
	p := start(t, "-dir", filepath.Join(t.TempDir(), "s"), "-sager", "1", "-periode", "1ms", "-stdin")
	l := p.linje()
	for _, sti := range []string{"esdh", "forsendelse"} {
		adresse, _ := l[sti].(string)
		if _, _, err := net.SplitHostPort(adresse); err != nil {
			t.Fatalf("%s listens on %q: %v", sti, adresse, err)
		}
		svar, err := http.Get("http://" + adresse + "/")
		if err != nil {
			t.Fatal(err)
		}
		if svar.Body.Close(); svar.StatusCode != http.StatusOK {
			t.Errorf("%s answers %s", sti, svar.Status)
		}
	}
}

// TestEnLinjeSlutterHistorienOgSystemerneLeverVidere until there is nobody on standard input any more.
func TestEnLinjeSlutterHistorienOgSystemerneLeverVidere(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "s")
	p := start(t, "-dir", dir, "-sager", "1000", "-per-runde", "1", "-periode", "1h", "-stdin")
	esdh, _ := p.linje()["esdh"].(string)
	if _, err := io.WriteString(p.ind, "slut\n"); err != nil {
		t.Fatal(err)
	}
	if l := p.linje(); l["fortalt"] != true {
		t.Errorf("%v", l)
	}
	svar, err := http.Get("http://" + esdh + "/")
	if err != nil {
		t.Fatalf("the systems ended with the story: %v", err)
	}
	_ = svar.Body.Close() // only read
	if err := p.ind.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-p.slut; err != nil {
		t.Error(err)
	}
	if r, err := kontrol.Check(dir); err != nil || r.Tabt != r.Versioner {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestFortaltKommerNaarHistorienErUde, also where nobody says anything.
func TestFortaltKommerNaarHistorienErUde(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "s")
	p := start(t, "-dir", dir, "-sager", "30", "-per-runde", "10", "-periode", "1ms")
	p.linje()
	if l := p.linje(); l["fortalt"] != true {
		t.Errorf("%v", l)
	}
	if r, err := kontrol.Check(dir); err != nil || r.Objekter < 30 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestForkerteFlagErEnFejl(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"-sager", "mange"}, {"-findes-ikke"}, {"-dir", t.TempDir(), "-esdh-listen", "ingen adresse"}} {
		if err := run(t.Context(), args, strings.NewReader(""), io.Discard, io.Discard); err == nil {
			t.Errorf("%q went well", args)
		}
	}
}

func TestHjaelpErIngenFejl(t *testing.T) {
	t.Parallel()
	var hjaelp strings.Builder
	if err := run(t.Context(), []string{"-h"}, strings.NewReader(""), io.Discard, &hjaelp); err != nil || !strings.Contains(hjaelp.String(), "-per-runde") {
		t.Errorf("%v\n%s", err, &hjaelp)
	}
}
