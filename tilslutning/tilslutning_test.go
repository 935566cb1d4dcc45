package tilslutning_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/agent"
	"github.com/moxkit/mox/demo/opsaetning"
	"github.com/moxkit/mox/mapping"
	"github.com/moxkit/mox/oio"
	"github.com/moxkit/mox/tilslutning"
)

func om() tilslutning.Om {
	return tilslutning.Om{Version: "1.2.3", Dato: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC), Adresse: "https://mox.example:8481"}
}

// Every guide of an agent has each field that the agent reads and writes, its codes, and the examples that the agent is tried by.
func TestForAgent(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := opsaetning.Write(dir, map[string]string{"BYGGESAG": "/srv/byggesag", "ESDH": "127.0.0.1:1", "FORSENDELSE": "127.0.0.1:2"}); err != nil {
		t.Fatal(err)
	}
	for _, navn := range []string{"byggesag", "esdh", "forsendelse"} {
		a, fejl := agent.Load(filepath.Join(dir, navn, "agent.yaml"))
		if a == nil {
			t.Fatal(fejl)
		}
		tekst, err := tilslutning.ForAgent(a, om())
		if err != nil {
			t.Fatal(err)
		}
		indeholder := func(hvad string) {
			if hvad != "" && !strings.Contains(tekst, hvad) {
				t.Errorf("%s: %q står der ikke", a.Agent, hvad)
			}
		}
		felter := func(m *mapping.Table, retning mapping.Direction) {
			for _, felt := range m.LocalFields(retning) {
				if !strings.Contains(felt, ".") {
					indeholder("| `" + felt + "` |")
				}
			}
			for _, r := range m.Rows() {
				for _, k := range r.Koder {
					indeholder("| `" + k.Lokal + "` | `" + k.OIO + "` |")
				}
			}
		}
		for i := range a.Sources {
			k := &a.Sources[i]
			felter(k.Tabel(), mapping.Ind)
			indeholder(k.From.Tekst())
			indeholder("## Fra " + a.System + ": " + k.Name)
		}
		for i := range a.Sinks {
			k := &a.Sinks[i]
			felter(k.Tabel(), mapping.Ud)
			indeholder(k.To.Tekst())
			indeholder(k.Filter.Tekst())
		}
		proever, err := a.LaesProever()
		if err != nil || len(proever) == 0 {
			t.Fatal(len(proever), err)
		}
		for _, p := range proever {
			if p.Sink != "" && p.Fejl == "" {
				for felt, v := range p.Svar {
					indeholder(felt + " = " + v)
				}
			}
		}
		if strings.Contains(tekst, "%!") {
			t.Errorf("%s: %s", a.Agent, tekst)
		}
	}
}

func aftale() mox.Aftale {
	return mox.Aftale{Navn: "esdh-2026", System: "ESDH", Dataansvarlig: mox.Part{Navn: "Eksempel Kommune", CVR: "29189846"}, Databehandler: mox.Part{Navn: "Leverandøren", CVR: "12345678"},
		Formaal: "journalisering", Hjemmel: "byggeloven", Kategorier: []string{"navn"}, Slettefrist: "5 år", GyldigFra: time.Date(2025, 12, 31, 23, 0, 0, 0, time.UTC),
		GyldigTil: time.Date(2026, 12, 31, 23, 0, 0, 0, time.UTC),
		MaaSende:  []mox.Ret{{Objekttyper: []mox.ObjektType{mox.Sag}, KLE: []string{"02.*"}}}, MaaModtage: []mox.Ret{{Objekttyper: []mox.ObjektType{mox.Dokument, mox.Facet}}},
		Felter: map[mox.ObjektType][]string{mox.Dokument: {"egenskaber.titel"}}}
}

// The guide of an agreement has its rights, where to send and receive, and examples that MOX itself reads.
func TestForAftale(t *testing.T) {
	t.Parallel()
	a := aftale()
	tekst, err := tilslutning.ForAftale(&a, om())
	if err != nil {
		t.Fatal(err)
	}
	for _, skal := range []string{"journalisering", "byggeloven", "fra 2026-01-01 til og med 2026-12-31", "`02.*`", "`mox.ind.ESDH`", "`mox.svar.ESDH`", "https://mox.example:8481/api/v1/beskeder",
		"| `egenskaber.titel` |", "`tilstande.fremdrift`", "`Opstaaet`, `Oplyst`, `Afgjort`", "Beskeder om Facet", "| Dokument | `egenskaber.titel` |", "ikke_tilladt", "403 Forbidden"} {
		if !strings.Contains(tekst, skal) {
			t.Errorf("%q står der ikke", skal)
		}
	}
	n := 0
	for _, blok := range strings.Split(tekst, "```")[1:] {
		raa, ok := strings.CutPrefix(blok, "xml\n")
		if !ok {
			continue
		}
		n++
		b, err := oio.UnmarshalKuvert([]byte(raa), oio.Koder{})
		if err != nil || b.Valider() != nil {
			t.Errorf("eksemplet kan ikke læses: %v\n%s", err, raa)
		}
	}
	if n != 2 {
		t.Errorf("%d eksempler i XML, skulle være 2", n)
	}
}

func TestForAftaleUden(t *testing.T) {
	t.Parallel()
	a := aftale()
	a.MaaModtage, a.Felter = nil, nil
	tekst, err := tilslutning.ForAftale(&a, om())
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(tekst, "## Modtag\n") || !strings.Contains(tekst, "## Send\n") || strings.Contains(tekst, "Det, der udleveres") {
		t.Error(tekst)
	}
}
