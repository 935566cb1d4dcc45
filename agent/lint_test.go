package agent

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	_ "time/tzdata" // the tests must not depend on what the machine has installed

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/demo/opsaetning"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/mapping"
)

var rewrite = flag.Bool("rewrite", false, "write what the linter says into testdata/lint")

// TestLint runs testdata/lint/*.txt. Each is an agent's file, a line of four dashes, and what is said against it: place,
// text, advice. Their maps are in testdata/maps.
func TestLint(t *testing.T) {
	t.Parallel()
	filer, err := filepath.Glob("testdata/lint/*.txt")
	if err != nil || len(filer) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, fil := range filer {
		t.Run(strings.TrimSuffix(filepath.Base(fil), ".txt"), func(t *testing.T) {
			t.Parallel()
			lintEn(t, fil)
		})
	}
}

func lintEn(t *testing.T, fil string) {
	b, err := os.ReadFile(fil)
	maa(t, err)
	kilde, vil, ok := strings.Cut(string(b), "----\n")
	if !ok {
		t.Fatal("no line of four dashes")
	}
	spec, problemer := load(t, kilde)
	har := vis(problemer)
	if *rewrite {
		maa(t, os.WriteFile(fil, []byte(kilde+"----\n"+har), 0o644))
		return
	}
	if har != vil {
		t.Errorf("the linter says otherwise (go test -rewrite, then read the diff):\n%s\nwant:\n%s", har, vil)
	}
	if (spec == nil) != strings.Contains(har, "fejl") {
		t.Errorf("a Spec is given although there are problems, or none although there are none")
	}
}

// load lints an agent's file that lies beside the test's maps.
func load(t *testing.T, kilde string) (*Spec, []mapping.Problem) {
	t.Helper()
	dir := t.TempDir()
	maa(t, os.CopyFS(filepath.Join(dir, "maps"), os.DirFS("testdata/maps")))
	fil := filepath.Join(dir, "agent.yaml")
	maa(t, os.WriteFile(fil, []byte(kilde), 0o644))
	spec, problemer := Load(fil)
	for i := range problemer {
		problemer[i].File, _ = filepath.Rel(dir, problemer[i].File)
	}
	return spec, problemer
}

func vis(problemer []mapping.Problem) string {
	if len(problemer) == 0 {
		return "i orden\n"
	}
	var b strings.Builder
	for _, p := range problemer {
		slags := "fejl"
		if p.Warning {
			slags = "advarsel"
		}
		b.WriteString(slags + " " + p.String() + "\n")
	}
	return b.String()
}

func maa(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A file that cannot even be read as text is refused with the reason, quickly.
func TestLintFilen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	skriv := func(navn string, b []byte) string {
		fil := filepath.Join(dir, navn)
		maa(t, os.WriteFile(fil, b, 0o644))
		return fil
	}
	stor := skriv("stor.yaml", []byte("agent: esdh\n"+strings.Repeat("# "+strings.Repeat("x", 97)+"\n", 20_000)))
	for navn, c := range map[string]struct{ fil, vil string }{
		"mangler":          {filepath.Join(dir, "vaek.yaml"), "filen kan ikke læses: den findes ikke (giv stien til en agents YAML-fil)"},
		"er en mappe":      {dir, "filen kan ikke læses: det er en mappe (giv stien til en agents YAML-fil)"},
		"fylder 2 MB":      {stor, "filen kan ikke læses: den fylder over 1048576 byte (giv stien til en agents YAML-fil)"},
		"er tom":           {skriv("tom.yaml", nil), "filen er tom eller har mere end ét YAML-dokument (en agent begynder med «agent: navn»)"},
		"er windows-1252":  {skriv("latin.yaml", []byte("agent: byggesag\nsystem: S\xf8gesystem\n")), "filen er ikke UTF-8 (gem filen som UTF-8)"},
		"er dybe klammer":  {skriv("dyb.yaml", []byte("agent: "+strings.Repeat("[", 100_000))), ":1:32: for mange niveauer i hinanden"},
		"er dybe lister":   {skriv("lister.yaml", []byte("agent:\n  "+strings.Repeat("- ", 100_000)+"x\n")), ":2:51: for mange niveauer i hinanden"},
		"er med BOM i top": {skriv("bom.yaml", []byte("\xef\xbb\xbfagent: byggesag\n")), ":1:1: acts_as mangler (skriv den bruger i systemet, agenten arbejder som: «acts_as: svc-mox»)"},
	} {
		t.Run(navn, func(t *testing.T) {
			t.Parallel()
			spec, problemer := Load(c.fil)
			if spec != nil || len(problemer) == 0 {
				t.Fatalf("%v, %v", spec, problemer)
			}
			if har := problemer[0].String(); !strings.HasSuffix(har, c.vil) || !strings.HasPrefix(har, c.fil) {
				t.Errorf("%s\nwant: …%s", har, c.vil)
			}
		})
	}
}

// A map has the same limit as the agent's file.
func TestLintMapForStor(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	maa(t, os.WriteFile(filepath.Join(dir, "stor.yaml"), make([]byte, 2<<20), 0o644))
	fil := filepath.Join(dir, "agent.yaml")
	maa(t, os.WriteFile(fil, []byte(`agent: a
system: A
acts_as: a
sources:
  - {name: s, start: alt, key: NR, map: stor.yaml, from: {type: folder, path: ud, pattern: "*", format: csv, faerdig: omdoebt}}
`), 0o644))
	_, problemer := Load(fil)
	if len(problemer) != 1 || !strings.Contains(problemer[0].String(), "agent.yaml:5:41: map-filen stor.yaml kan ikke læses: den fylder over 1048576 byte") {
		t.Errorf("%v", problemer)
	}
}

// demoagenter writes the demonstration's configuration and gives its agents' files.
func demoagenter(t *testing.T) []string {
	t.Helper()
	dir := t.TempDir()
	maa(t, opsaetning.Write(dir, map[string]string{"ESDH": "127.0.0.1:1", "FORSENDELSE": "127.0.0.1:2", "BYGGESAG": filepath.Join(dir, "system")}))
	filer, err := filepath.Glob(filepath.Join(dir, "*", "agent.yaml"))
	maa(t, err)
	if len(filer) != 3 {
		t.Fatalf("%d agents in the demonstration", len(filer))
	}
	return filer
}

func TestDemoagenterErUdenFejl(t *testing.T) {
	t.Parallel()
	for _, fil := range demoagenter(t) {
		if spec, problemer := Load(fil); spec == nil {
			t.Errorf("%s: %v", fil, problemer)
		}
	}
}

// Every source and sink of the demonstration has at least two recorded examples, one of them of what goes wrong, and all
// of them hold.
func TestDemoagenternesProever(t *testing.T) {
	t.Parallel()
	for _, fil := range demoagenter(t) {
		spec, problemer := Load(fil)
		if spec == nil {
			t.Fatal(problemer)
		}
		resultater, err := spec.Proever()
		maa(t, err)
		har := map[string]int{}
		for _, r := range resultater {
			navn, _, _ := strings.Cut(filepath.Base(r.Fil), "_")
			har[navn]++
			if !r.OK {
				t.Errorf("%s:\n  %s", r.Fil, strings.Join(r.Afvigelser, "\n  "))
			}
		}
		for _, navn := range navne(spec) {
			if har[navn] < 2 {
				t.Errorf("%s: %d recorded examples of %s", spec.Agent, har[navn], navn)
			}
		}
	}
}

// navne are those of the agent's sources and sinks.
func navne(s *Spec) (ud []string) {
	for i := range s.Sources {
		ud = append(ud, s.Sources[i].Name)
	}
	for i := range s.Sinks {
		ud = append(ud, s.Sinks[i].Name)
	}
	return ud
}

// A sink that names the authority its system works for may have what is for that authority only; another may not.
// spec: mox 31
func TestModtagerErAbonnementets(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 31")
	f := nytFagsystem(t)
	for modtager, vil := range map[string]bool{"    modtager: urn:oio:cvr-nr:12345678\n": true, "    modtager: urn:oio:cvr:12345678\n": true, "    modtager: urn:oio:cvr-nr:87654321\n": false, "": false} {
		a := nytHus(t).agent(strings.Replace(tovejs(f.URL), "    filter: {objekttype: Sag}\n", "    filter: {objekttype: Sag}\n"+modtager, 1)).spec.Abonnementer()[0]
		if maa := a.MaaModtage(&mox.Besked{TilladtModtager: []string{"urn:oio:cvr-nr:12345678"}}); maa != vil {
			t.Errorf("%q: %v", modtager, maa)
		}
		if !a.MaaModtage(&mox.Besked{}) {
			t.Errorf("%q: what is for all is for it too", modtager)
		}
	}
}
