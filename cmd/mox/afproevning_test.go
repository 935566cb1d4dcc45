package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/moxkit/mox/afproevning"
	"github.com/moxkit/mox/agent"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/internal/testenv"
)

// afproev runs trials without any service, and gives what is printed, where the packs are, and the exit code.
func afproev(t *testing.T, binaer string, args ...string) (r afproevning.Resultat, dir string, kode int) {
	t.Helper()
	dir = t.TempDir()
	cmd := exec.CommandContext(t.Context(), binaer, append([]string{"afproevning", "run", "--json", "--dir", dir}, args...)...)
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "MOX_TEST_") })
	var ud, fejl bytes.Buffer
	cmd.Stdout, cmd.Stderr = &ud, &fejl
	err := cmd.Run()
	e := new(exec.ExitError)
	if errors.As(err, &e) {
		kode = e.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s", &fejl)
	if err := json.NewDecoder(&ud).Decode(&r); err != nil {
		t.Fatal(err)
	}
	return r, dir, kode
}

// bevis reads the evidence of a pack.
func bevis(t *testing.T, dir, navn string) (b afproevning.Bevis) {
	t.Helper()
	z, err := zip.OpenReader(filepath.Join(dir, afproevning.Pakkefil(navn)))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	f, err := z.Open("bevis.json")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := json.NewDecoder(f).Decode(&b); err != nil {
		t.Fatal(err)
	}
	return b
}

// The trials that need servers hold with real ones, beside each other: what a machine with two cores and several of them at
// once does to a timing is no excuse. The fifth, jobcenter, needs none, and has tests of its own.
func TestAfproevningerneMedRigtigeServere(t *testing.T) {
	t.Parallel()
	broker := testenv.RabbitMQ(t)
	adresser := []string{"RABBITMQ=" + broker.URL, "RABBITMQ_API=" + broker.API(), "SSHD=" + testenv.Sshd(t), "PYTHON_AIOSMTPD=" + testenv.Aiosmtpd(t), "DOVECOT=" + testenv.Dovecot(t)}
	binaer := bygMox(t)
	var faelles sync.WaitGroup
	for _, navn := range slices.DeleteFunc(afproevning.Navne(), func(n string) bool { return n == "jobcenter" }) {
		args := []string{navn}
		for _, a := range adresser {
			args = append(args, "--adresse", a)
		}
		faelles.Go(func() {
			if r, _, kode := afproev(t, binaer, args...); r.Tekst != "1 af 1" || kode != exitOK {
				t.Errorf("%d: %+v", kode, r.Proever)
			}
		})
	}
	faelles.Wait()
}

// One trial runs whole: two systems that MOX did not shape, MOX killed, the records system down, an alarm, a fault mended by
// a person. Beside it one that lacks what it needs fails, and the rest go on.
func TestAfproevningEnErHelOgEnMangler(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 17", "mox 23", "mox 24", "mox 26", "mox 46", "mox 59", "mox 60")
	r, dir, kode := afproev(t, bygMox(t), "webblanket", "jobcenter")
	if r.Tekst != "1 af 2" || kode != exitFejl || !strings.Contains(r.Proever[0].Aarsag, "SSHD") || !r.Proever[1].Bestaaet {
		t.Fatalf("%d: %+v", kode, r.Proever)
	}
	b := bevis(t, dir, "jobcenter")
	if len(b.Alarmer) == 0 || len(b.Rettelser) == 0 || len(b.Fejl) != 3 || len(b.Eksempler) != 3 || b.Stempel != afproevning.Stempel {
		t.Errorf("%+v", b)
	}
	tabt := map[string]bool{}
	for _, s := range b.Standarden {
		for _, f := range s.UdenPlads {
			tabt[f.Felt] = true
		}
	}
	if !tabt["TILBUDSKODE"] || !tabt["OPRETTET"] || tabt["EMNE"] || len(b.Standarden[0].Koder) != 1 {
		t.Errorf("%+v", b.Standarden)
	}
}

// The criteria would be worth nothing if they could not see: a system that answers as if it had filed two documents is found.
func TestAfproevningEtBrudtLoefteFindes(t *testing.T) {
	t.Parallel()
	r, _, kode := afproev(t, bygMox(t), "jobcenter", "--sabotage", "jobcenter")
	if r.Tekst != "0 af 1" || kode != exitFejl || !strings.HasPrefix(r.Proever[0].Aarsag, "dokumenter-ens: ") || !strings.Contains(r.Proever[0].Aarsag, "2 mangler") {
		t.Errorf("%d: %+v", kode, r.Proever)
	}
}

// A trial is run unchanged against a municipality's own system, whose address is given in a file: that system is not
// simulated, nothing goes wrong in it on purpose, and what only a simulator tells is not measured.
func TestAfproevningMedKommunensEgetSystem(t *testing.T) {
	t.Parallel()
	adresse := egetArkiv(t)
	fil := filepath.Join(t.TempDir(), "adresser.yaml")
	if err := os.WriteFile(fil, []byte("ARKIV: "+adresse+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r, dir, kode := afproev(t, bygMox(t), "jobcenter", "--adresser", fil)
	if r.Tekst != "1 af 1" || kode != exitOK {
		t.Fatalf("%d: %+v", kode, r.Proever)
	}
	b := bevis(t, dir, "jobcenter")
	if !b.Systemer[0].Simuleret || b.Systemer[1].Simuleret || b.Fejl[0].Indsat {
		t.Errorf("%+v %+v", b.Systemer, b.Fejl)
	}
	for _, k := range b.Kriterier {
		switch k.Navn {
		case "ingen-ring-esdh", "fejl-indsat":
			if !k.IkkeMaalt || k.Bestaaet {
				t.Errorf("%+v", k)
			}
		case "sager-ens", "dokumenter-ens":
			if k.IkkeMaalt || !k.Bestaaet {
				t.Errorf("%+v", k)
			}
		}
	}
}

// What an agent takes for granted about its system is tried before the first besked: where it does not hold, the trial says
// which, and MOX is not started.
func TestAfproevningEnAntagelseHolderIkke(t *testing.T) {
	t.Parallel()
	andet := httptest.NewServer(http.NotFoundHandler()) // another system than the agent was made for
	t.Cleanup(andet.Close)
	fil := filepath.Join(t.TempDir(), "adresser.yaml")
	if err := os.WriteFile(fil, []byte("ARKIV: "+andet.URL+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r, dir, kode := afproev(t, bygMox(t), "jobcenter", "--adresser", fil)
	if aarsag := r.Proever[0].Aarsag; r.Tekst != "0 af 1" || kode != exitFejl || !strings.Contains(aarsag, "en antagelse om et system holder ikke: agenten arkiv, ") {
		t.Fatalf("%d: %+v", kode, r.Proever)
	}
	roede := 0
	for _, a := range bevis(t, dir, "jobcenter").Antagelser {
		if a.Lys == agent.Roed {
			roede++
		}
	}
	if db, err := filepath.Glob(filepath.Join(dir, "jobcenter", "*", "mox.db")); roede == 0 || err != nil || len(db) > 0 {
		t.Errorf("%d red, %v, %v", roede, db, err)
	}
}

// egetArkiv is a records system that nobody's trial has started.
func egetArkiv(t *testing.T) string {
	t.Helper()
	ind, stop := io.Pipe()
	ud, skriver := io.Pipe()
	slut := make(chan error, 1)
	go func() {
		slut <- afproevning.KoerSystem(t.Context(), "arkiv", []string{"-dir", t.TempDir()}, ind, skriver, io.Discard)
	}()
	t.Cleanup(func() {
		_ = stop.Close() // it ends with its standard input
		if err := <-slut; err != nil {
			t.Error(err)
		}
	})
	var klar struct{ Adresser map[string]string }
	if err := json.NewDecoder(ud).Decode(&klar); err != nil {
		t.Fatal(err)
	}
	return klar.Adresser["ARKIV"]
}

func TestAfproevningListeOgForkerteNavne(t *testing.T) {
	t.Parallel()
	var ud, fejl bytes.Buffer
	if kode := run(t.Context(), []string{"afproevning", "list"}, nil, &ud, &fejl); kode != exitOK {
		t.Errorf("%d %s", kode, &fejl)
	}
	for _, s := range []string{"jobcenter: ", afproevning.Rekonstruktion, "JOBCENTER_DB", "kræver: RABBITMQ"} {
		if !strings.Contains(ud.String(), s) {
			t.Errorf("the list lacks %q", s)
		}
	}
	for _, args := range [][]string{{"run", "findes-ikke"}, {"system", "findes-ikke"}} {
		if kode := run(t.Context(), append([]string{"afproevning"}, args...), nil, &ud, &fejl); kode != exitFundet {
			t.Errorf("%v: %d", args, kode)
		}
	}
}
