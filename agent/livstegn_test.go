package agent

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestEnKildeUdenNytGiverLivstegn: at most one a minute, and at once after it could not be read.
func TestEnKildeUdenNytGiverLivstegn(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	h.fil("ud/1.csv", hoved, linje(1, 1, "Carport"))
	k := enKilde(h.agent(byggesag("alt", "", "    interval: 90s\n")))
	h.laes(k)
	foerst := h.kildestand(k)
	if foerst.Kontakt.IsZero() || !foerst.Sidst.Equal(foerst.Kontakt) || foerst.Hver != 90*time.Second {
		t.Errorf("%+v", foerst)
	}
	kald := 0
	h.forstyr(func(hvad string) error {
		if hvad == "Indlever" {
			kald++
		}
		return nil
	})
	for range 3 {
		h.laes(k)
	}
	ens(t, "livstegn inden for et minut", kald, 0)

	k.livstegn = k.livstegn.Add(-livstegnHver)
	h.laes(k)
	h.laes(k)
	ens(t, "livstegn efter et minut", kald, 1)
	stand := h.kildestand(k)
	if !stand.Kontakt.After(foerst.Kontakt) || !stand.Sidst.Equal(foerst.Sidst) || stand.Position != foerst.Position || stand.Laest != foerst.Laest {
		t.Errorf("it was read, and brought nothing: %+v", stand)
	}
}

// TestEnKildeDerIkkeKanLaesesTaelles, each time, and a person is shown it once; what MOX keeps of it has no number.
func TestEnKildeDerIkkeKanLaesesTaelles(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	h.fil("ud/1.csv", hoved, linje(1, 1, "Carport"))
	k := enKilde(h.agent(byggesag("alt", "", "")))
	h.laes(k)
	maa(t, os.Rename(filepath.Join(h.dir, "ud"), filepath.Join(h.dir, "vaek")))
	for range 3 {
		_, err := k.runOnce(t.Context())
		if err == nil {
			t.Fatal("a folder that is not there can be read")
		}
		k.meld(t.Context(), err)
	}
	stand := h.kildestand(k)
	if stand.FejlITraek != 3 || stand.FejlTid.IsZero() || !strings.Contains(stand.FejlTekst, "ud") || stand.Position == "" {
		t.Errorf("%+v", stand)
	}
	maa(t, os.Rename(filepath.Join(h.dir, "vaek"), filepath.Join(h.dir, "ud")))
	h.laes(k) // well within a minute of the last sign of life
	igen := h.kildestand(k)
	if igen.FejlITraek != 0 || igen.FejlTekst != stand.FejlTekst || !igen.Kontakt.After(stand.FejlTid.Add(-time.Microsecond)) {
		t.Errorf("%+v", igen)
	}
}

// TestMOXSvarerIkkePaaLivstegn: the source goes on, and tells of itself the next time.
func TestMOXSvarerIkkePaaLivstegn(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	h.fil("ud/1.csv", hoved, linje(1, 1, "Carport"))
	k := enKilde(h.agent(byggesag("alt", "", "")))
	h.laes(k)
	k.livstegn = time.Time{}
	h.forstyr(engang("Indlever", errUtilgaengelig))
	foer := h.kildestand(k)
	h.laes(k)
	ens(t, "kontakt", h.kildestand(k).Kontakt, foer.Kontakt)
	h.laes(k)
	if !h.kildestand(k).Kontakt.After(foer.Kontakt) {
		t.Error("it was not told again")
	}
}
