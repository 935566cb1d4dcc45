package vejledning

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/moxkit/mox/internal/source"
	"github.com/moxkit/mox/internal/testenv"
)

// docs is the folder of the documents.
func docs(t *testing.T) string {
	t.Helper()
	rod, err := source.Root()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(rod, "docs")
}

func laesAlt(t *testing.T) *samling {
	t.Helper()
	s, err := laesSamling(docs(t))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// prosa is what a document says in words: no code, no addresses.
func prosa(d *dokument) string {
	var b strings.Builder
	skriv := func(tekst []stykke) {
		for _, s := range tekst {
			if !s.kode {
				b.WriteString(s.tekst)
			}
		}
		b.WriteByte('\n')
	}
	for _, x := range d.blokke {
		skriv(x.tekst)
		for _, r := range x.celler {
			for _, c := range r {
				skriv(c.tekst)
			}
		}
	}
	return regexp.MustCompile(`\S*(://|\.\w+/|@)\S*`).ReplaceAllString(b.String(), "")
}

// stavet gives the words that hunspell does not know.
func stavet(t *testing.T, hunspell, tekst string) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), hunspell, "-d", "da_DK", "-i", "utf-8", "-l")
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	cmd.Stdin = strings.NewReader(tekst)
	ud, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var ord []string
	for _, o := range strings.Fields(string(ud)) {
		if o = strings.Trim(o, ".-"); o != "" {
			ord = append(ord, o)
		}
	}
	slices.Sort(ord)
	return slices.Compact(ord)
}

// TestStavning: a word is in the Danish dictionary or in our own list, and our own list has no word that is not used.
func TestStavning(t *testing.T) {
	t.Parallel()
	hunspell := testenv.Hunspell(t)
	b, err := os.ReadFile(filepath.Join(docs(t), "ordliste.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var egne []string
	for linje := range strings.Lines(string(b)) {
		if o := strings.TrimSpace(linje); o != "" && !strings.HasPrefix(o, "#") {
			egne = append(egne, o)
		}
	}
	prosaer := map[string]string{}
	for sti, d := range laesAlt(t).efter {
		prosaer[sti] = prosa(d)
	}
	ukendte := stavet(t, hunspell, strings.Join(slices.Collect(maps.Values(prosaer)), "\n"))
	for _, o := range ukendte {
		if slices.Contains(egne, o) {
			continue
		}
		alene := regexp.MustCompile(`(^|\PL)` + regexp.QuoteMeta(o) + `($|\PL)`)
		for sti, p := range prosaer {
			if alene.MatchString(p) {
				t.Errorf("%s: %q is in no dictionary; correct it, or add it to docs/ordliste.txt", sti, o)
			}
		}
	}
	for _, o := range egne {
		if !slices.Contains(ukendte, o) {
			t.Errorf("docs/ordliste.txt has %q, which no document needs", o)
		}
	}
	if fejl := stavet(t, hunspell, "Kommunnen sender en besked."); !slices.Equal(fejl, []string{"Kommunnen"}) {
		t.Errorf("hunspell says %q", fejl)
	}
}
