package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAgentRecord records what a system has as examples that hold, with nobody in them: a number is another, the same for the
// same person, and what is to be hidden is. A record that cannot be mapped is an example of that, and a file that is there is left.
func TestAgentRecord(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	csv := "SAGSNR;TITEL;STATUS;NAVN\nF/1;Tilskud til 010101-0101;NY;Åse Å. 7\nF/2;Bane for 0101010101;TRK;\nF/3;Hal;I GANG;B\nF-1;Sø;NY;C\n"
	for navn, tekst := range map[string]string{"agent.yaml": mapAgent, "maps/sag.yaml": mapTabel, "ud/sager.csv": csv, "proever/sager_F-2.yaml": "source: sager\n"} {
		fil := filepath.Join(dir, navn)
		if err := os.MkdirAll(filepath.Dir(fil), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(fil, []byte(tekst), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	fil := filepath.Join(dir, "agent.yaml")
	kode, ud, fejl := moxKommando(t, "agent", "record", fil, "sager", "--antal", "4", "--skjul", "NAVN,ANDET")
	for _, s := range []string{"sager_F-1.yaml\n", "sager_F-1-2.yaml\n", "sager_F-2.yaml er der i forvejen", "sager_F-3.yaml: posten kan ikke oversættes", "Se filerne igennem"} {
		if kode != exitOK || !strings.Contains(ud, s) {
			t.Errorf("%d: %q is not in\n%s%s", kode, s, ud, fejl)
		}
	}
	laes := func(navn string) string {
		b, err := os.ReadFile(filepath.Join(dir, "proever", navn))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	if p := laes("sager_F-1.yaml"); !strings.Contains(p, "Tilskud til 310254-0001") || strings.Contains(p, "Å. 7") || !strings.Contains(p, "Xxx X. 0") {
		t.Error(p)
	}
	if p := laes("sager_F-2.yaml"); p != "source: sager\n" {
		t.Error(p)
	}
	if err := os.Remove(filepath.Join(dir, "proever", "sager_F-2.yaml")); err != nil {
		t.Fatal(err)
	}
	if kode, ud, fejl := moxKommando(t, "agent", "record", fil, "sager", "--antal", "4"); kode != exitOK || !strings.Contains(laes("sager_F-2.yaml"), "Bane for 3102540001") {
		t.Errorf("%d %s%s", kode, ud, fejl)
	}
	if kode, ud, fejl := moxKommando(t, "agent", "test", fil); kode != exitOK || !strings.Contains(ud, "4 prøver, 0 fejlede") {
		t.Errorf("the examples do not hold: %d %s%s", kode, ud, fejl)
	}
	for _, c := range []struct {
		args []string
		kode int
	}{{[]string{fil, "andre"}, exitFundet}, {[]string{fil, "sager", "--antal", "0"}, exitBrug}} {
		if kode, _, _ := moxKommando(t, append([]string{"agent", "record"}, c.args...)...); kode != c.kode {
			t.Errorf("%v: %d", c.args, kode)
		}
	}
}
