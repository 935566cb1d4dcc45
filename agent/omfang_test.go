package agent

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/moxkit/mox/report"
)

// TestOmfang counts the demo's agent another way: every map in its folder is in use, some of them twice.
func TestOmfang(t *testing.T) {
	t.Parallel()
	dir := filepath.Join("..", "demo", "opsaetning", "byggesag")
	s, problemer := Load(filepath.Join(dir, "agent.yaml"))
	if s == nil {
		t.Fatal(problemer)
	}
	vil := report.Omfang{Agent: "byggesag", System: "Byggesag"}
	antal := func(moenster string, b []byte) int { return len(regexp.MustCompile(moenster).FindAll(b, -1)) }
	filer, err := filepath.Glob(filepath.Join(dir, "maps", "*.yaml"))
	maa(t, err)
	for _, f := range append(filer, filepath.Join(dir, "agent.yaml")) {
		b, err := os.ReadFile(f)
		maa(t, err)
		vil.Linjer += antal(`(?m)^[ \t]*[^#\s]`, b)
		if filepath.Dir(f) != dir {
			vil.Felter += antal(`(?m)^  - \{`, b)
			vil.Kodetabeller += antal(`koder: `, b)
		}
	}
	proever, err := os.ReadDir(filepath.Join(dir, "proever"))
	maa(t, err)
	vil.Proever = len(proever)
	if har := s.Omfang(); har != vil || vil.Kodetabeller == 0 || vil.Linjer < 100 {
		t.Errorf("%+v, skulle være %+v", har, vil)
	}
}
