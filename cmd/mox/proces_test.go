package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/moxkit/mox/console/drift"
)

// TestProces lists the processes by name and state, and shows one.
func TestProces(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	skriv(t, filepath.Join(dir, "mox.yaml"), "processer: processer.yaml\n")
	skriv(t, filepath.Join(dir, "processer.yaml"), "- {navn: journalisering, start: {objekttype: Sag}, frist: 1h}\n- {navn: besked, start: {objekttype: Sag}}\n")
	koer(t, "serve", "--json", "--dir", dir, "--listen", "127.0.0.1:0")
	kommando := func(vent int, args ...string) string {
		kode, ud, fejl := moxKommando(t, append(append([]string{"proces"}, args...), "--dir", dir)...)
		if kode != vent {
			t.Errorf("%v: %d %s%s", args, kode, ud, fejl)
		}
		return ud
	}
	if ud := kommando(exitOK, "list"); !strings.Contains(ud, "ingen sådanne processer") {
		t.Error(ud)
	}
	opretAbonnement(t, dir, "--id", "esdh.sager", "--carrier", "pull", "--filter", `{"objekttype":"Sag"}`)
	sendBesked(t, dir, "urn:x:1")
	for _, c := range []struct{ args, har, ikke string }{
		{"list", "journalisering", "Der er flere"},
		{"list --antal 1", "Der er flere", ""},
		{"list --navn journalisering", "0 af 1", "  besked  "},
		{"list --tilstand igang", "journalisering", "Der er flere"},
		{"list --tilstand afsluttet", "ingen sådanne", "journalisering"},
	} {
		if ud := kommando(exitOK, strings.Fields(c.args)...); !strings.Contains(ud, c.har) || c.ikke != "" && strings.Contains(ud, c.ikke) {
			t.Errorf("%s:\n%s", c.args, ud)
		}
	}
	var l drift.Procesliste
	if err := json.Unmarshal([]byte(kommando(exitOK, "list", "--navn", "journalisering", "--json")), &l); err != nil || len(l.Processer) != 1 {
		t.Fatalf("%+v %v", l, err)
	}
	if ud := kommando(exitOK, "vis", l.Processer[0].ProcesID); !strings.Contains(ud, "Proces journalisering") || !strings.Contains(ud, "esdh.sager                     afventes") {
		t.Error(ud)
	}
	kommando(exitUgyldig, "list", "--tilstand", "faerdig")
	kommando(exitFundet, "vis", "findes-ikke")
}
