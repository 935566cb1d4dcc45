package opsaetning_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/moxkit/mox/demo/opsaetning"
)

func skriv(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := opsaetning.Write(dir, map[string]string{"BYGGESAG": "/data/byggesag", "ESDH": "127.0.0.1:1001", "FORSENDELSE": "127.0.0.1:1002"}); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestAltErUdfyldt: no place is left where a value belongs, and each value is used by its own system's agent only.
func TestAltErUdfyldt(t *testing.T) {
	t.Parallel()
	dir := skriv(t)
	plads := regexp.MustCompile(`@[A-ZÆØÅ]+@`)
	brugt := map[string]int{}
	err := filepath.WalkDir(dir, func(sti string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(sti)
		if err != nil {
			return err
		}
		if p := plads.Find(b); p != nil {
			t.Errorf("%s: %s is not filled in", sti, p)
		}
		for vaerdi, agent := range map[string]string{"/data/byggesag": "byggesag", "127.0.0.1:1001": "esdh", "127.0.0.1:1002": "forsendelse"} {
			n := strings.Count(string(b), vaerdi)
			brugt[agent] += n
			if n > 0 && filepath.Base(filepath.Dir(sti)) != agent {
				t.Errorf("%s knows where another system is: %s", sti, vaerdi)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, agent := range []string{"byggesag", "esdh", "forsendelse"} {
		if brugt[agent] == 0 {
			t.Errorf("the agent of %s does not know where its system is", agent)
		}
	}
}

func TestEnMappeDerIkkeKanSkrivesErEnFejl(t *testing.T) {
	t.Parallel()
	fil := filepath.Join(t.TempDir(), "fil")
	if err := os.WriteFile(fil, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := opsaetning.Write(filepath.Join(fil, "mox"), nil); err == nil {
		t.Error("a configuration was written into a file")
	}
}
