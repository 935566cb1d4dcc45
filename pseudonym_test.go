package mox_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/conformance"
)

// baglaens stands for a keyed digest: it is easy to see what it was made of.
func baglaens(id string) string {
	b := []byte(id)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}

// TestFiltreMedPseudonymer: a filter with pseudonyms takes the beskeder that it took before, and names nobody.
func TestFiltreMedPseudonymer(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 30", "mox 53")
	const cpr, cvr, uuid = "urn:oio:cpr-nr:0101901234", "urn:oio:cvr:29189846", "8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c11"
	p := mox.Pseudonym(baglaens)
	om := func(id string) *mox.Besked {
		return &mox.Besked{Type: "Sag.Rettet", ObjektType: mox.Sag, Relateret: []mox.Relateret{{Rolle: "primaerpart", ID: id}}}
	}
	for kilde, c := range map[string]struct{ ja, nej *mox.Besked }{
		`{"relateret": "` + cpr + `"}`: {om(cpr), om(cvr)},
		`{"relateret.primaerpart": ["urn:x:1", "` + cpr + `"], "objekttype": "Sag"}`: {om("URN:OIO:CPR-NR:0101901234"), om(uuid)},
		`{"relateret": "` + cvr + `"}`:  {om("urn:oio:cvr-nr:29189846"), om(cpr)},
		`{"relateret": "` + uuid + `"}`: {om(uuid), om(cpr)},
		`{"ikke": {"en af": [{"relateret": "` + cpr + `"}, {"objekttype": "Dokument"}]}}`: {om(cvr), om(cpr)},
		`{"relateret": {"findes": true}}`:                                                 {om(cpr), &mox.Besked{Type: "Sag.Rettet"}},
	} {
		var f mox.Filter
		if err := json.Unmarshal([]byte(kilde), &f); err != nil {
			t.Fatal(err)
		}
		g := p.Filter(p.Filter(f)) // once more changes nothing
		raa, err := json.Marshal(g)
		if err != nil || strings.Contains(string(raa), "0101901234") || strings.Contains(string(raa), "29189846") {
			t.Errorf("%s became %s, %v", kilde, raa, err)
		}
		if strings.Contains(kilde, uuid) != strings.Contains(string(raa), uuid) {
			t.Errorf("%s became %s: a UUID names nobody", kilde, raa)
		}
		if !g.Match(p.Metadata(c.ja)) {
			t.Errorf("%s does not take its own, however it is spelt", raa)
		}
		if g.Match(p.Metadata(c.nej)) || f.Match(p.Metadata(c.nej)) {
			t.Errorf("%s takes another's", kilde)
		}
	}
	if f := p.Filter(mox.Filter{}); f.Kilde() != nil {
		t.Error("the zero filter became another")
	}
}
