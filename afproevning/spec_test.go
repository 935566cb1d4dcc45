package afproevning

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/agent"
	"github.com/moxkit/mox/internal/conformance"
)

// Every trial can be read, tells which municipality's it stands for, and has agents without faults whose recorded examples
// hold.
func TestAfproevningernesFiler(t *testing.T) {
	t.Parallel()
	if want := []string{"byggeansoegning", "webblanket", "jobcenter", "stormaengde", "overdragelse"}; !slices.Equal(Navne(), want) {
		t.Errorf("there are %v", Navne())
	}
	kommuner := map[string]bool{}
	for _, navn := range Navne() {
		s, err := Hent(navn)
		if err != nil {
			t.Fatal(err)
		}
		if kommuner[s.Kommune] = true; s.Navn != navn || !strings.Contains(s.Stedfortraeder(), Rekonstruktion) || len(s.Roller) == 0 || len(s.Haandtrin) == 0 || s.Sabotage == nil {
			t.Errorf("%s: %+v", navn, s)
		}
		t.Run(navn, func(t *testing.T) {
			t.Parallel()
			agenterne(t, s)
		})
	}
	if len(kommuner) != 5 {
		t.Errorf("they stand for %v", kommuner)
	}
}

func agenterne(t *testing.T, s *Spec) {
	for n := range s.Installationer {
		i := &installation{spec: &s.Installationer[n], dir: t.TempDir()}
		if err := i.skriv(s.filer, ord(t, s), "http://127.0.0.1:1/"); err != nil {
			t.Fatal(err)
		}
		for _, a := range s.Agenter {
			if a.Installation != i.spec.Navn {
				continue
			}
			spec, problemer := agent.Load(filepath.Join(i.dir, filepath.FromSlash(a.Fil)))
			if spec == nil {
				t.Fatalf("%s: %v", a.Fil, problemer)
			}
			proever, err := spec.Proever()
			if err != nil || len(proever) == 0 {
				t.Errorf("%s has %d examples: %v", a.Fil, len(proever), err)
			}
			for _, p := range proever {
				if !p.OK {
					t.Errorf("%s: %v", p.Fil, p.Afvigelser)
				}
			}
		}
	}
}

// ord gives each word between @ of the trial's files a value.
func ord(t *testing.T, s *Spec) map[string]string {
	ud := map[string]string{"BYGGESAG": "byggesag", "ESDH": "127.0.0.1:1", "FORSENDELSE": "127.0.0.1:1"}
	ordene := regexp.MustCompile(`@([A-Z_]+)@`)
	err := fs.WalkDir(s.filer, ".", func(sti string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := fs.ReadFile(s.filer, sti)
		for _, m := range ordene.FindAllStringSubmatch(string(b), -1) {
			ud[m[1]] = "127.0.0.1:1"
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	ud["POSTKASSE_TLS"] = "ingen"
	ud["BLANKET_VAERTSNOEGLE"] = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0l7nUiCe0DqE2H6j5n6jPyKDGZ4bHYBNVpjn0gr1kX"
	return ud
}

// The Danish statements are those that the tests prove, by the same numbers.
func TestUdsagneneErConformances(t *testing.T) {
	t.Parallel()
	var vores, deres []string
	for _, u := range AlleUdsagn() {
		vores = append(vores, u.Navn)
	}
	for _, s := range conformance.Statements() {
		if s.Doc == "mox" {
			deres = append(deres, s.String())
		}
	}
	if !slices.Equal(vores, deres) {
		t.Errorf("%v\n%v", vores, deres)
	}
}

func TestEnForkertAfproevningAfvises(t *testing.T) {
	t.Parallel()
	hel, err := os.ReadFile("jobcenter/" + specfil)
	if err != nil {
		t.Fatal(err)
	}
	for navn, c := range map[string]struct{ fra, til, siger string }{
		"ukendt nøgle":           {"titel:", "overskrift:", "overskrift"},
		"ukendt opgørelse":       {"ens: [jc_sager, esdh_sager]", "ens: [jc_sager, esdh]", "esdh"},
		"ukendt udsagn":          {`"mox 15"`, `"mox 99"`, "mox 99"},
		"kriterium uden krav":    {"antal: rettelser, mindst: 1", "antal: rettelser", "netop én"},
		"fejl, der rammer intet": {"system: arkiv, goer: ned", "system: borte, goer: ned", "rammer intet"},
		"fejl uden tid":          {"antal: 4, foer_runde: 1", "antal: 4", "foer_runde"},
		"rettelse uden grund":    {"begrundelse: sagen findes nu i ESDH", "begrundelse: ''", "begrundelse"},
	} {
		t.Run(navn, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(string(hel), c.fra) {
				t.Fatalf("%q is not in the file", c.fra)
			}
			_, err := laesSpec(fstest.MapFS{specfil: {Data: []byte(strings.Replace(string(hel), c.fra, c.til, 1))}})
			if mox.KodeAf(err) != mox.KodeUgyldig || !strings.Contains(err.Error(), c.siger) {
				t.Errorf("%v", err)
			}
		})
	}
	if _, err := Hent("findes-ikke"); mox.KodeAf(err) != mox.KodeIkkeFundet {
		t.Errorf("%v", err)
	}
}
