package app

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/alarm"
)

// laest is the configuration of a mox.yaml with this text.
func laest(t *testing.T, tekst string) Config {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "mox.yaml"), []byte(tekst), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := LaesConfig(dir)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAlarmersTal(t *testing.T) {
	t.Parallel()
	standard := alarm.StandardGraenser()
	for navn, c := range map[string]struct {
		tekst            string
		gentag, saml, ro time.Duration
		aendr            func(*alarm.Graenser)
	}{
		"intet":       {"", 4 * time.Hour, time.Minute, 10 * time.Minute, func(*alarm.Graenser) {}},
		"aldrig igen": {"alarmer: {gentag: 0, saml: 0, ro: 0}", 0, 0, 0, func(*alarm.Graenser) {}},
		"tider": {"alarmer: {gentag: 30m, saml: 90s, ro: 1h, kontakt: 2h, stille: 48h, aeldste: 0}", 30 * time.Minute, 90 * time.Second, time.Hour, func(g *alarm.Graenser) {
			g.Kontakt, g.Stille, g.Aeldste = 2*time.Hour, 48*time.Hour, 0
		}},
		"tal": {"alarmer: {forsoeg: 3, fejlandel: 0, kildefejl: 1, disk_procent: 10, disk_mb: 0}", 4 * time.Hour, time.Minute, 10 * time.Minute, func(g *alarm.Graenser) {
			g.Forsoeg, g.Fejlandel, g.Kildefejl, g.DiskProcent, g.DiskMB = 3, 0, 1, 10, 0
		}},
	} {
		k := laest(t, c.tekst)
		o, err := k.alarmOptions()
		g := standard
		c.aendr(&g)
		if err != nil || o.Graenser != g || o.Gentag != c.gentag || o.Saml != c.saml || o.Ro != c.ro {
			t.Errorf("%s: %+v %s %s %s %v", navn, o.Graenser, o.Gentag, o.Saml, o.Ro, err)
		}
	}
}

// TestEnFejlIOpsaetningenSigerHvilkenLinje in the section of alarms and in others.
func TestEnFejlIOpsaetningenSigerHvilkenLinje(t *testing.T) {
	t.Parallel()
	for tekst, vil := range map[string]string{
		"alarmer:\n  adresse: https://mox\n  gentag: i morgen\n":                                                "mox.yaml:3: alarmer.gentag er ikke en tid",
		"alarmer:\n  kontakt: -5m\n":                                                                            "mox.yaml:2: alarmer.kontakt er ikke en tid",
		"\nalarmer:\n  disk_procent: 101\n":                                                                     "mox.yaml:3: alarmer.disk_procent er ikke et tal fra 0 til 100: 101",
		"alarmer:\n  mail:\n    server: smtp.kommune.dk\n    til: [a@b.dk]\n":                                   "mox.yaml:3: mailserveren",
		"alarmer:\n  mail:\n    server: smtp.kommune.dk:25\n    fra: a@b.dk\n    til: [a@b.dk]\n    tls: nej\n": "mox.yaml:6: alarmer.mail.tls",
		"alarmer:\n  mail:\n    server: smtp.kommune.dk:25\n    fra: a@b.dk\n":                                  "mox.yaml:2: alarmer.mail.til har ingen adresser",
		"alarmer: {webhook: {\n  url: ftp://vagt}}\n":                                                           "mox.yaml:2: alarmer.webhook.url",
		"listen: 127.0.0.1:0\nfjern:\n  listen: 127.0.0.1:0\n":                                                  "mox.yaml:3: fjern.listen kræver",
	} {
		c := laest(t, tekst)
		c.Listen = "127.0.0.1:0"
		a, err := Open(t.Context(), c, Options{})
		if err == nil {
			_ = a.Close()
		}
		var e *mox.Error
		if !errors.As(err, &e) || !strings.Contains(e.Tekst, vil) || e.Raad == "" {
			t.Errorf("%q: %v, want %q", tekst, err, vil)
		}
	}
}
