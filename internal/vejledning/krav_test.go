package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/moxkit/mox/internal/source"
)

// krav is one requirement of the handbook.
type krav struct {
	id, tekst string
	proever   []string
}

var (
	kravForm    = regexp.MustCompile(`^(K-\d\d) \S`)
	vilkaarForm = regexp.MustCompile(`^(V-\d\d) \S`)
	proeveForm  = regexp.MustCompile(`S-[AM]-\d{3}`)
)

// laesKrav reads the requirements, each a heading of the third level and what is below it.
func laesKrav(d *dokument, form *regexp.Regexp) (ud []krav) {
	for _, b := range d.blokke {
		switch {
		case b.art == overskrift:
			if m := form.FindStringSubmatch(ren(b.tekst)); m != nil && b.niveau == 3 {
				ud = append(ud, krav{id: m[1]})
			} else if b.niveau == 3 {
				ud = append(ud, krav{id: ren(b.tekst)}) // not of the form: the caller sees it
			}
		case len(ud) == 0:
		case strings.HasPrefix(ren(b.tekst), "Prøves med: "):
			ud[len(ud)-1].proever = append(ud[len(ud)-1].proever, proeveForm.FindAllString(ren(b.tekst), -1)...)
		default:
			ud[len(ud)-1].tekst += ren(b.tekst) + " "
			for _, r := range b.celler {
				for _, c := range r {
					ud[len(ud)-1].tekst += ren(c.tekst) + " "
				}
			}
		}
	}
	return ud
}

// proever are the ids of all cases of the test of interfaces.
func proever(t *testing.T) (ud []string) {
	t.Helper()
	rod, err := source.Root()
	if err != nil {
		t.Fatal(err)
	}
	filer, err := filepath.Glob(filepath.Join(rod, "afproevning", "snitflade", "cases", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, fil := range filer {
		b, err := os.ReadFile(fil)
		if err != nil {
			t.Fatal(err)
		}
		var alle []struct {
			ID string `yaml:"id"`
		}
		if err := yaml.Unmarshal(b, &alle); err != nil {
			t.Fatal(err)
		}
		for _, p := range alle {
			ud = append(ud, p.ID)
		}
	}
	return ud
}

// uenige tells which requirements have no case, which name one that is not there, and which cases no requirement names.
func uenige(alle []krav, proever []string) (ud []string) {
	brugt := map[string]string{}
	set := map[string]bool{}
	for _, k := range alle {
		if set[k.id] {
			ud = append(ud, k.id+" is there twice")
		}
		set[k.id] = true
		if len(k.proever) == 0 {
			ud = append(ud, k.id+" has no case")
		}
		for _, p := range k.proever {
			switch {
			case !slices.Contains(proever, p):
				ud = append(ud, k.id+" names "+p+", which is not there")
			case brugt[p] != "":
				ud = append(ud, p+" belongs to "+brugt[p]+" and "+k.id)
			}
			brugt[p] = k.id
		}
	}
	for _, p := range proever {
		if brugt[p] == "" {
			ud = append(ud, p+" belongs to no requirement")
		}
	}
	return ud
}

func TestHvertKravHarSinProeve(t *testing.T) {
	t.Parallel()
	d := laesAlt(t).efter["haandbog/2-krav.md"]
	for _, fejl := range uenige(laesKrav(d, kravForm), proever(t)) {
		t.Error(fejl)
	}
	// The test can fail in each of its ways.
	falsk := []krav{{id: "K-01", proever: []string{"S-A-001", "S-A-002"}}, {id: "K-02"}, {id: "K-02", proever: []string{"S-A-001"}}}
	vil := []string{"K-01 names S-A-002, which is not there", "K-02 has no case", "K-02 is there twice", "S-A-001 belongs to K-01 and K-02", "S-M-001 belongs to no requirement"}
	if har := uenige(falsk, []string{"S-A-001", "S-M-001"}); !slices.Equal(har, vil) {
		t.Errorf("%q", har)
	}
}

// A requirement is supplier-neutral: it names no product, language or file format of ours, and none of anyone else's. What a
// requirement may refer to stands before them, each with "eller tilsvarende".
func TestKravNaevnerIngenProdukter(t *testing.T) {
	t.Parallel()
	s := laesAlt(t)
	forbudt := regexp.MustCompile(`(?i)\b(mox|go|golang|yaml|starlark|sqlite|postgresql|rabbitmq|kombit|cloudevents?|json|kmd|linux|java|\.net)\b`)
	krav := laesKrav(s.efter["haandbog/2-krav.md"], kravForm)
	vilkaar := laesKrav(s.efter["haandbog/3-vilkaar.md"], vilkaarForm)
	if len(krav) < 25 || len(vilkaar) < 20 {
		t.Errorf("%d krav, %d vilkår", len(krav), len(vilkaar))
	}
	for _, k := range append(krav, vilkaar...) {
		if o := forbudt.FindString(k.tekst); o != "" {
			t.Errorf("%s names %q", k.id, o)
		}
		if len(k.id) != 4 || len(k.tekst) < 40 {
			t.Errorf("%q is no requirement: %q", k.id, k.tekst)
		}
	}
	for _, k := range krav {
		if !strings.HasPrefix(k.tekst, "Skal. ") && !strings.HasPrefix(k.tekst, "Bør. ") {
			t.Errorf("%s says neither skal nor bør", k.id)
		}
	}
	for _, o := range []string{"produktet MOX", "i JSON"} {
		if forbudt.FindString(o) == "" {
			t.Errorf("%q is not seen", o)
		}
	}
}
