package agent

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
)

func (h *hus) afstem(a *Agent) (ud Afstemning, linjer []string) {
	h.Helper()
	ud, err := a.Afstem(h.Context(), a.spec.Sources[0].Name, h, nil)
	maa(h, err)
	for _, p := range ud.Poster {
		linjer = append(linjer, strings.TrimSpace(fmt.Sprintf("%s %s %s", p.Noegle, p.Hvad, strings.Join(p.Stier, " "))))
	}
	return ud, linjer
}

// A system that lists all it has is held against MOX both ways; what the agent reads next settles it.
func TestAfstem(t *testing.T) {
	t.Parallel()
	h, f := nytHus(t), nytFagsystem(t)
	a := h.agent(strings.Replace(tovejs(f.URL), `sager"}`, `sager", eksport: fuld}`+"\n    maks_andel: 1", 1))
	for _, nr := range []string{"1", "2", "3"} {
		f.saet(nr, map[string]any{"nr": nr, "titel": "Carport", "status": "aaben"})
	}
	h.laes(enKilde(a))
	if ud, l := h.afstem(a); !ud.Ens() || !ud.Fuld || ud.Laest != 3 || ud.Antal[distributor.AfstemtEns] != 3 {
		t.Errorf("%+v %v", ud, l)
	}
	h.nye()

	f.saet("2", map[string]any{"nr": "2", "titel": "Skur", "status": "aaben"})
	f.saet("4", map[string]any{"nr": "4", "titel": "Ny", "status": "aaben"})
	f.saet("5", map[string]any{"nr": "5", "titel": "Ulæselig", "status": "måske"})
	f.slet("3")
	ud, l := h.afstem(a)
	if len(l) != 4 || l[0] != "2 afviger egenskaber.titel" || l[1] != "3 mangler" || !strings.HasPrefix(l[2], "4 ny egenskaber.") || l[3] != "5 fejl" || !strings.Contains(ud.Poster[3].Tekst, "måske") {
		t.Errorf("%v", l)
	}
	h.sender()
	f.slet("5")
	h.laes(enKilde(a))
	if ud, l := h.afstem(a); !ud.Ens() || ud.Antal[distributor.AfstemtEns] != 3 {
		t.Errorf("%+v %v", ud, l)
	}
	if _, err := a.Afstem(t.Context(), "andre", h, nil); mox.KodeAf(err) != mox.KodeIkkeFundet {
		t.Error(err)
	}
	f.Close()
	if _, err := a.Afstem(t.Context(), "sager", h, nil); mox.KodeAf(err) != mox.KodeUtilgaengelig {
		t.Error(err)
	}
}

// Files that wait are held against MOX as they are read: of a key that comes twice the last counts, a document is known by its
// bytes and not kept, and what is missing cannot be told.
func TestAfstemFiler(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	a := h.agent(byggesag("alt", "", ""))
	h.fil("ud/1.csv", hoved, linje(1, 1, "Carport"), linje(2, 1, "Skur"))
	h.laes(enKilde(a))
	h.fil("ud/2.csv", hoved, linje(1, 2, "Garage"), linje(1, 3, "Carport"), linje(2, 2, "Skur"), ";1;Uden nøgle;ny;01-03-2026 08:00")
	var set []int
	ud, err := a.Afstem(t.Context(), "sager", h, func(n int) { set = append(set, n) })
	maa(t, err)
	if ud.Fuld || ud.Laest != 4 || ud.Antal[distributor.AfstemtEns] != 2 || ud.Antal[distributor.AfstemtFejl] != 1 || !strings.Contains(ud.Poster[0].Noegle, "2.csv") || !slices.Contains(set, 4) {
		t.Errorf("%+v %v", ud, set)
	}
	ens(t, "filen ligger der endnu", h.findes("ud/2.csv"), true)
}
