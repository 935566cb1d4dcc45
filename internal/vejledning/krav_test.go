package vejledning

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// proever are the ids of all cases of the test of interfaces.
func proever(t *testing.T) (ud []string) {
	t.Helper()
	alle, err := laesProever(filepath.Join(docs(t), "..", "afproevning", "snitflade", "cases"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range alle {
		ud = append(ud, p.ID)
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
	if n := len(proever(t)); n < 100 {
		t.Errorf("only %d cases were found", n)
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
	vilkaarForm := regexp.MustCompile(`^(V-\d\d) \S`)
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
