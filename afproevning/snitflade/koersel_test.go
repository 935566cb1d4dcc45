package snitflade_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/afproevning/snitflade"
	"github.com/moxkit/mox/afproevning/systemer/modpart"
	"github.com/moxkit/mox/internal/testenv"
)

// modtagerprofil is a correct receiver over HTTP, and a profile of it as a file says it.
func modtagerprofil(t *testing.T, mere string) (*snitflade.Profil, string) {
	t.Helper()
	m, err := modpart.NyModtager(modpart.Config{System: "Byggesag"})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(m)
	t.Cleanup(s.Close)
	t.Setenv("PRODUKT", s.URL)
	dir := t.TempDir()
	fil := filepath.Join(dir, "profil.yaml")
	tekst := "produkt: P\nversion: '1'\nleverandoer: L\nrolle: modtager\ncarrier: http\nsystem: Byggesag\nfrist: 4s\nro: 0s\nhttp: {url: $PRODUKT/beskeder}\n" + mere
	if err := os.WriteFile(fil, []byte(tekst), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := snitflade.LaesProfil(fil)
	if err != nil {
		t.Fatal(err)
	}
	return p, dir
}

func status(r *snitflade.Resultat, id string) snitflade.Proeveresultat {
	i := slices.IndexFunc(r.Proever, func(p snitflade.Proeveresultat) bool { return p.ID == id })
	if i < 0 {
		return snitflade.Proeveresultat{}
	}
	return r.Proever[i]
}

// A stimulus may be a command in the profile's folder; one that fails, and one that there is not, leave the case untried, and so
// does an exception. The result is no pass for it.
func TestStimuliAfKommandoer(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the commands are shell scripts")
	}
	p, dir := modtagerprofil(t, `effekt: {metode: GET, url: "$PRODUKT/effekt?beskedID={{beskedID}}&objektID={{objektID}}"}
stimulus:
  stop: {kommando: [./goer.sh, "{{stimulus}}"]}
  start: {kommando: [./goer.sh, "{{stimulus}}"]}
undtaget: {S-M-003: prøves et andet sted}
`)
	skriv := func(krop string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, "goer.sh"), []byte("#!/bin/sh\n"+krop), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	koer := func(o snitflade.Options) *snitflade.Resultat {
		t.Helper()
		o.Niveau = snitflade.Udvidet
		r, err := snitflade.Koer(t.Context(), p, o)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	skriv("test \"$1\" = \"$SNITFLADE_STIMULUS\" && echo $1 >>set\n")
	r := koer(snitflade.Options{})
	set, err := os.ReadFile(filepath.Join(dir, "set"))
	if err != nil || string(set) != "stop\nstart\nstop\nstart\n" || r.Dom != snitflade.SamletBestaaet || r.Optaelling.Undtaget != 1 {
		t.Errorf("%q %v %+v", set, err, r.Optaelling)
	}
	if s := status(r, "S-M-003"); s.Status != snitflade.IkkeAfproevet || !s.Undtaget || s.Grund != "prøves et andet sted" {
		t.Errorf("%+v", s)
	}
	skriv("echo går i stykker >&2; exit 3\n")
	r = koer(snitflade.Options{Kun: []string{"S-M-053", "S-M-001"}})
	if s := status(r, "S-M-053"); s.Status != snitflade.IkkeAfproevet || !strings.Contains(s.Grund, "går i stykker") || r.Dom != snitflade.SamletUfuldstaendig || len(r.Proever) != 2 {
		t.Errorf("%+v %s", s, r.Dom)
	}
	delete(p.Stimulus, "start")
	if s := status(koer(snitflade.Options{}), "S-M-053"); s.Status != snitflade.IkkeAfproevet || !strings.Contains(s.Grund, "stimulus.start") {
		t.Errorf("%+v", s)
	}
	p.Stimulus = nil
	var bedt bytes.Buffer
	r = koer(snitflade.Options{Haand: true, Ind: strings.NewReader("\n\n\n\n"), Ud: &bedt})
	if s := status(r, "S-M-053"); s.Status != snitflade.Bestaaet || strings.Count(bedt.String(), "Stop produktet") != 2 {
		t.Errorf("%+v %s", s, bedt.String())
	}
	if s := status(koer(snitflade.Options{Haand: true, Ind: strings.NewReader("\n"), Ud: &bedt}), "S-M-054"); s.Status != snitflade.IkkeAfproevet {
		t.Errorf("nobody answered: %+v", s)
	}
}

// A product that is not there fails what it does not answer, and what cannot be reached at all is told as such.
func TestIngenErDer(t *testing.T) {
	p, _ := modtagerprofil(t, "")
	p.Kald.URL = "http://127.0.0.1:1/"
	r, err := snitflade.Koer(t.Context(), p, snitflade.Options{})
	if err != nil || r.Dom != snitflade.SamletFejlet || r.Optaelling.Bestaaet > 0 {
		t.Errorf("%+v %v", r, err)
	}
	dir := t.TempDir()
	for _, amqp := range []string{"{maegler: 'amqp://guest:hemmelig@127.0.0.1:1/', exchange: x}", "{maegler: 'amqp://guest:hemmelig@127.0.0.1:1/', koe: x}"} {
		fil := filepath.Join(dir, "p.yaml")
		for _, rolle := range []string{"afsender", "modtager"} {
			if err := os.WriteFile(fil, []byte("produkt: P\nversion: '1'\nleverandoer: L\nrolle: "+rolle+"\ncarrier: amqp\nsystem: B\namqp: "+amqp+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			p, err := snitflade.LaesProfil(fil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := snitflade.Koer(t.Context(), p, snitflade.Options{}); mox.KodeAf(err) != mox.KodeUtilgaengelig || strings.Contains(err.Error(), "hemmelig") {
				t.Errorf("%s: %v", rolle, err)
			}
		}
	}
}

// Where the tool does not stand between the product and its broker, it says what it cannot see, and passes none of it.
func TestUdenLedning(t *testing.T) {
	t.Parallel()
	broker := testenv.RabbitMQ(t).URL
	for _, rolle := range []snitflade.Rolle{snitflade.Afsender, snitflade.Modtager} {
		const sted = "ind.uden"
		c := modpart.Config{System: "Byggesag", AMQP: broker, Exchange: sted, Form: "headers", Svar: true}
		p := map[string]any{"produkt": "P", "version": "1", "leverandoer": "L", "rolle": rolle, "carrier": "amqp", "system": "Byggesag", "svar": "standardretur", "frist": frist.String(), "ro": "0s"}
		var h http.Handler
		if rolle == snitflade.Afsender {
			a := modpart.NyAfsender(c)
			t.Cleanup(a.Luk)
			p["amqp"], h = map[string]any{"maegler": broker, "exchange": sted}, a
		} else {
			c.Koe, c.Exchange = "ud.uden", ""
			m, err := modpart.NyModtager(c)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(m.Luk)
			p["amqp"], h = map[string]any{"maegler": broker, "koe": c.Koe}, m
		}
		s := httptest.NewServer(h)
		t.Cleanup(s.Close)
		stimulus := map[string]any{}
		for navn := range snitflade.Stimulustekster(rolle) {
			stimulus[navn] = map[string]any{"url": s.URL + "/" + navn + "?cpr={{cpr}}&kendetegn={{kendetegn}}"}
		}
		p["stimulus"] = stimulus
		profil, err := laesProfil(t.TempDir(), p)
		if err != nil {
			t.Fatal(err)
		}
		r, err := snitflade.Koer(t.Context(), profil, snitflade.Options{Niveau: snitflade.Udvidet})
		if err != nil {
			t.Fatal(err)
		}
		if l := fejlet(r); len(l) > 0 || r.Dom != snitflade.SamletUfuldstaendig || r.Optaelling.Bestaaet < 30 {
			t.Errorf("%s: %+v %+v", rolle, r.Optaelling, l)
		}
		for _, id := range []string{"S-A-063", "S-A-064", "S-A-072", "S-M-009", "S-M-050", "S-M-051"} {
			if x := status(r, id); x.ID != "" && x.Status != snitflade.IkkeAfproevet {
				t.Errorf("%+v", x)
			}
		}
	}
}
