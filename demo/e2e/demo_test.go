// Package e2e runs the demonstration as a visitor does, by the built binary, and holds what it prints against the plan of
// faults and the vendors' own logs.
package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/moxkit/mox/demo/fejlplan"
	"github.com/moxkit/mox/demo/kontrol"
	"github.com/moxkit/mox/internal/conformance"
)

// byg builds mox and gives its path.
func byg(t *testing.T) string {
	t.Helper()
	binaer := filepath.Join(t.TempDir(), "mox")
	if ud, err := exec.CommandContext(t.Context(), "go", "build", "-o", binaer, "github.com/moxkit/mox/cmd/mox").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, ud)
	}
	return binaer
}

// koersel is one run of the demonstration, under way.
type koersel struct {
	cmd      *exec.Cmd
	ud, fejl bytes.Buffer
	systemer string // the folder of the three systems
}

// begynd starts the demonstration.
func begynd(t *testing.T, binaer string, args ...string) *koersel {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "demo")
	k := &koersel{systemer: filepath.Join(dir, "systemer")}
	k.cmd = exec.CommandContext(t.Context(), binaer, append([]string{"demo", "--once", "--json", "--dir", dir, "--sager", "80"}, args...)...)
	k.cmd.Stdout, k.cmd.Stderr = &k.ud, &k.fejl
	if err := k.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return k
}

// tal waits until the demonstration has ended, and gives what it prints.
func (k *koersel) tal(t *testing.T) (tal map[string]int) {
	t.Helper()
	if err := k.cmd.Wait(); err != nil {
		t.Fatalf("%v: %v\n%s", k.cmd.Args, err, &k.fejl)
	}
	t.Logf("%s", &k.ud)
	d := json.NewDecoder(&k.ud)
	if err := d.Decode(&tal); err != nil {
		t.Fatal(err)
	}
	if d.More() {
		t.Error("there is more than one JSON object")
	}
	return tal
}

// holdt is how many versions the named faults hold back.
func holdt(p fejlplan.Plan, navne ...string) (n int) {
	for _, f := range p.Fejl {
		if slices.Contains(navne, f.Navn) {
			n += len(f.Holder)
		}
	}
	return n
}

// TestDemoOnce runs three demonstrations at a time: they wait more than they work.
func TestDemoOnce(t *testing.T) {
	t.Parallel()
	binaer := byg(t)
	hel, tab, gentag := begynd(t, binaer), begynd(t, binaer, "--sabotage", "tab"), begynd(t, binaer, "--sabotage", "gentag")

	t.Run("HverVersionErKompletEllerHoldtAfEnNavngivenFejl", func(t *testing.T) {
		conformance.Proves(t, "mox 20", "mox 22", "mox 26")
		tal := hel.tal(t)
		plan, err := fejlplan.Read(hel.systemer)
		if err != nil {
			t.Fatal(err)
		}
		r, err := kontrol.Check(hel.systemer)
		if err != nil {
			t.Fatal(err)
		}
		alleFelter(t, tal)
		somPlanlagt(t, tal, plan)
		if tal["tabt"] != 0 || tal["dobbelt_virkning"] != 0 || r.Tabt != 0 || r.DobbeltVirkning != 0 {
			t.Errorf("lost or done twice: %+v", r)
		}
		if r.Holdt != len(plan.Holdte()) || r.Komplette+r.Holdt != r.Versioner || tal["tilbageskrevet"] != r.Tilbageskrevet {
			t.Errorf("the plan holds %d; the logs say %+v", len(plan.Holdte()), r)
		}
	})

	// Every case has a CPR number, and every fault has left a line in the log. The last twelve digits of a UUID may hold ten
	// that look like one, so it stands alone.
	t.Run("IngenCPRNumreILoggen", func(t *testing.T) {
		log, err := os.ReadFile(filepath.Join(filepath.Dir(hel.systemer), "mox.log"))
		if err != nil || len(log) == 0 {
			t.Fatalf("the log has %d bytes: %v", len(log), err)
		}
		if cpr := regexp.MustCompile(`\b3102[4-9]\d-?\d{4}\b`).Find(log); cpr != nil {
			t.Errorf("the log has the CPR number %s", cpr)
		}
	})

	t.Run("ReadmesKommandoer", func(t *testing.T) { readme(t, binaer, filepath.Dir(hel.systemer)) })

	// The zeros above would be worth nothing if the checker could not see.
	t.Run("EtBrevDerIkkeSendesTaelles", func(t *testing.T) {
		if tal := tab.tal(t); tal["tabt"] == 0 || tal["dobbelt_virkning"] != 0 {
			t.Errorf("tabt: %d, dobbelt_virkning: %d", tal["tabt"], tal["dobbelt_virkning"])
		}
	})
	t.Run("EtKaldDerGentagesTaelles", func(t *testing.T) {
		if tal := gentag.tal(t); tal["dobbelt_virkning"] == 0 || tal["tabt"] != 0 {
			t.Errorf("tabt: %d, dobbelt_virkning: %d", tal["tabt"], tal["dobbelt_virkning"])
		}
	})
}

// readme runs what the README says of one's own systems on what the demonstration has left in dir, in its order.
func readme(t *testing.T, binaer, dir string) {
	t.Helper()
	tekst, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, afsnit, _ := strings.Cut(string(tekst), "## Use it with your own systems")
	_, afsnit, _ = strings.Cut(afsnit, "```sh\n")
	afsnit, _, _ = strings.Cut(afsnit, "```")
	var koert []string
	for linje := range strings.Lines(afsnit) {
		linje, _, _ = strings.Cut(linje, "#")
		args := strings.Fields(strings.ReplaceAll(linje, "mox-demo", dir))
		if args[0] != "./mox" || args[1] == "demo" { // built and run already
			continue
		}
		koert = append(koert, strings.Join(args[1:3], " "))
		cmd := exec.CommandContext(context.WithoutCancel(t.Context()), binaer, args[1:]...) // serve is told to stop, not killed
		if args[1] == "serve" {
			startServe(t, cmd)
			continue
		}
		if ud, err := cmd.CombinedOutput(); err != nil || len(ud) == 0 {
			t.Errorf("%s: %v\n%s", linje, err, ud)
		}
	}
	if want := []string{"agent check", "agent test", "serve --dir", "status --dir", "fejl list"}; !slices.Equal(koert, want) {
		t.Errorf("the README has %v", koert)
	}
}

// startServe starts MOX on a free port, and stops it with the test.
func startServe(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	cmd.Args = append(cmd.Args, "--listen", "127.0.0.1:0")
	ud, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt) // it may have ended by itself, which Wait tells
		_, _ = io.Copy(io.Discard, ud)
		if err := cmd.Wait(); err != nil {
			t.Errorf("mox serve: %v", err)
		}
	})
	s := bufio.NewScanner(ud)
	if !s.Scan() || !strings.Contains(s.Text(), "http://127.0.0.1:") {
		t.Errorf("mox serve says %q", s.Text())
	}
}

func alleFelter(t *testing.T, tal map[string]int) {
	t.Helper()
	want := []string{"beskeder", "blokeret", "dobbelt_virkning", "kvitteringer", "leverancer", "leveret", "p50_ms", "p99_ms", "parkeret", "poster_laest",
		"processer_afsluttet", "processer_fejlet", "processer_startet", "tabt", "tilbageskrevet", "uvis", "varighed_ms"}
	if got := slices.Sorted(maps.Keys(tal)); !slices.Equal(got, want) {
		t.Errorf("the fields are %v, want %v", got, want)
	}
	for _, felt := range []string{"poster_laest", "beskeder", "leverancer", "kvitteringer", "tilbageskrevet", "p50_ms"} {
		if tal[felt] <= 0 {
			t.Errorf("%s is %d", felt, tal[felt])
		}
	}
	if tal["p50_ms"] > tal["p99_ms"] || tal["p99_ms"] > tal["varighed_ms"] {
		t.Errorf("p50 %d, p99 %d, in all %d ms", tal["p50_ms"], tal["p99_ms"], tal["varighed_ms"])
	}
}

// somPlanlagt wants just what the plan of faults holds back to wait, and all else to be done.
func somPlanlagt(t *testing.T, tal map[string]int, p fejlplan.Plan) {
	t.Helper()
	parkeret, uvis := holdt(p, fejlplan.LukketSag, fejlplan.UkendtKLE), holdt(p, fejlplan.UvistUdfald)
	if tal["parkeret"] != parkeret || tal["uvis"] != uvis || tal["blokeret"] != 0 {
		t.Errorf("%d parked, %d uncertain, %d behind them; the plan says %d, %d and none", tal["parkeret"], tal["uvis"], tal["blokeret"], parkeret, uvis)
	}
	if tal["leverancer"] != tal["leveret"]+parkeret+uvis {
		t.Errorf("of %d leverancer %d are delivered", tal["leverancer"], tal["leveret"])
	}
	if tal["processer_fejlet"] != parkeret || tal["processer_startet"] != tal["processer_afsluttet"]+parkeret+uvis {
		t.Errorf("of %d processes %d are ended and %d have failed; the plan holds %d", tal["processer_startet"], tal["processer_afsluttet"], tal["processer_fejlet"], parkeret+uvis)
	}
}

func TestDemoAfviserEnUkendtSabotage(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), byg(t), "demo", "--once", "--dir", t.TempDir(), "--sabotage", "brand")
	ud, err := cmd.CombinedOutput()
	if e := new(exec.ExitError); !errors.As(err, &e) || e.ExitCode() != 2 || !bytes.Contains(ud, []byte("tab eller gentag")) {
		t.Errorf("%v\n%s", err, ud)
	}
}
