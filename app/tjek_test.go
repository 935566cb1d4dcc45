package app

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/moxkit/mox"
)

// Every setting that is read is described, and no other.
func TestHverIndstillingErBeskrevet(t *testing.T) {
	t.Parallel()
	beskrevet := betydninger()
	for _, i := range Beskriv() {
		if i.Betydning == "" || i.Form == "" {
			t.Errorf("%s is not described", i.Sti)
		}
		delete(beskrevet, i.Sti)
	}
	if len(beskrevet) > 0 {
		t.Errorf("these are described and not read: %v", slices.Sorted(maps.Keys(beskrevet)))
	}
}

// Every fault is told at once, each with its place and what to do, and nothing is made.
func TestTjek(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	skriv := func(navn, tekst string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, navn), []byte(tekst), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	skriv("mox.yaml", `listen: 0.0.0.0:8480
database: mox.sqlite
agenter: [mangler.yaml]
aftaler: [aftaler/*.yaml]
processer: processer.yaml
koder: koder.yaml
fjern:
  listen: 0.0.0.0:8443
  certifikat: mox.pem
  noegle: mox.key
  api_noegler: noegler.yaml
amqp:
  url: amqp://mq.kommune.dk
kombit:
  url: amqps://mq.example/BF
  certifikat: kombit.pem
  noegle: kombit.key
push:
  tilladte_net: [internt]
alarmer:
  gentag: i går
register:
  foelsomhed: {"urn:x:1": HEMMELIG}
  foelg: {objekttyp: Sag}
bevaring:
  fejl: -1
`)
	c, err := LaesConfig(dir)
	if err != nil {
		t.Fatal(err)
	}
	_, fejl := Tjek(c)
	var alt []string
	for _, f := range fejl {
		e, ok := f.(*mox.Error)
		if !ok || e.Tekst == "" || e.Raad == "" {
			t.Errorf("%v says not what to do", f)
			continue
		}
		alt = append(alt, e.Error())
	}
	for _, skal := range []string{"mox.yaml:1: listen", "mox.yaml:2: database", "agentens filer", "mox.yaml:4: aftaler[0]", "processer.yaml", "koder.yaml", "noegler.yaml", "mox.yaml:8: certifikatet til fjern.listen", "amqp:// er ukrypteret", "mox.yaml:16: certifikatet ",
		"mox.yaml:19: push.tilladte_net[0]", "mox.yaml:21: alarmer.gentag", "mox.yaml:23: register.foelsomhed", "mox.yaml:24: register.foelg", "mox.yaml:26: bevaring.fejl"} {
		if n := len(slices.DeleteFunc(slices.Clone(alt), func(s string) bool { return !strings.Contains(s, skal) })); n != 1 {
			t.Errorf("%q is told of %d times in\n%s", skal, n, strings.Join(alt, "\n"))
		}
	}
	if len(fejl) != 15 {
		t.Errorf("%d faults:\n%s", len(fejl), strings.Join(alt, "\n"))
	}
	if filer, err := os.ReadDir(dir); err != nil || len(filer) != 1 {
		t.Errorf("the folder has %d files: %v", len(filer), err)
	}
}

// What is shown can be read again and says the same; a password is not shown.
func TestVis(t *testing.T) {
	t.Parallel()
	c := laest(t, "database: postgres://mox:hemmeligt@db/mox?password=hemmeligt\namqp: {url: \"amqp://mox:hemmeligt@127.0.0.1/\"}\nalarmer: {ro: 5m, webhook: {url: \"https://x.example/?noegle=hemmeligt\"}}\nbevaring: {fejl: 30}\n")
	b, err := Vis(c)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(b), "hemmeligt") {
		t.Errorf("a password is shown:\n%s", b)
	}
	for _, skal := range []string{"listen: " + StandardListen, "fejl: 30", "beskedindhold: 180", "ro: 5m0s", "gentag: 4h0m0s", "system: Register", "maks_laengde: "} {
		if !strings.Contains(string(b), skal) {
			t.Errorf("%q is not in\n%s", skal, b)
		}
	}
	var igen Config
	if err := yaml.UnmarshalWithOptions(b, &igen, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	igen.Dir, igen.kilde = c.Dir, nil
	to, err := Vis(igen)
	if err != nil || string(to) != string(b) {
		t.Errorf("%v: shown again it is\n%s\nand was\n%s", err, to, b)
	}
}

// A mox.yaml with nothing in it but comments is as none.
func TestEnTomOpsaetning(t *testing.T) {
	t.Parallel()
	for _, yaml := range []string{"", "# listen: 127.0.0.1:8481\n", "---\n", "{}\n"} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "mox.yaml"), []byte(yaml), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := LaesConfig(dir)
		if err != nil || c.Dir != dir || c.Listen != StandardListen {
			t.Errorf("%q: %q %q %v", yaml, c.Dir, c.Listen, err)
		}
	}
}
