package pull_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/klient"
)

// uafsluttede asks as the named key.
func (h *hus) uafsluttede(t *testing.T, navn, q string) (klient.Uafsluttede, error) {
	t.Helper()
	var ud klient.Uafsluttede
	err := h.klient(t, navn).Kald(t.Context(), http.MethodGet, "/api/v1/beskeder/uafsluttede"+q, nil, &ud)
	return ud, err
}

// TestMineUafsluttede: what a sender has sent and some receiver has not ended, and whose turn it is.
func TestMineUafsluttede(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	k := h.klient(t, "byggesag")
	send := func(b mox.Besked) mox.BeskedID {
		t.Helper()
		_, err := k.Send(t.Context(), "", b)
		maa(t, err)
		return b.ID
	}
	vil := func(q string, beskeder ...string) klient.Uafsluttede {
		t.Helper()
		l, err := h.uafsluttede(t, "byggesag", q)
		maa(t, err)
		var har []string
		for _, u := range l.Uafsluttede {
			for _, v := range u.Venter {
				s := fmt.Sprintf("%s %s %d %s", u.BeskedID, v.Tilstand, v.Antal, v.Tur)
				if v.Blokeret {
					s += " bag en anden"
				}
				har = append(har, s)
			}
		}
		if !slices.Equal(har, beskeder) {
			t.Errorf("%s: %q, want %q", q, har, beskeder)
		}
		return l
	}
	vil("")
	a := send(besked())
	anden := send(besked())
	dokument := send(besked(om(mox.ObjektID(mox.NyUUID())), func(b *mox.Besked) { b.ObjektType = mox.Dokument }))
	fjerde := send(besked(om(mox.ObjektID(mox.NyUUID()))))
	l := vil("", string(a)+" Afventer 1 MOX", string(anden)+" Afventer 1 MOX bag en anden", string(dokument)+" Afventer 2 MOX", string(fjerde)+" Afventer 1 MOX")
	if l.Uafsluttede[0].Type != "Sag.Rettet" || l.Uafsluttede[0].Modtaget.IsZero() || l.Uafsluttede[0].Alder < 0 {
		t.Errorf("%+v", l.Uafsluttede[0])
	}
	foerste := vil("?antal=1", string(a)+" Afventer 1 MOX")
	vil(fmt.Sprintf("?antal=1&efter=%d", foerste.Naeste), string(anden)+" Afventer 1 MOX bag en anden")

	w := tag(t, h.Tjeneste, esdh)
	_, err := h.Done(t.Context(), afslut(w, mox.ResAfvist))
	maa(t, err)
	vil("?antal=1", string(a)+" Parkeret 1 modtager")
	w = tag(t, h.Tjeneste, breve)
	_, err = h.Done(t.Context(), afslut(w, mox.ResAccepteret))
	maa(t, err)
	vil(fmt.Sprintf("?antal=1&efter=%d", foerste.Naeste+1), string(dokument)+" Afventer 1 MOX")
	for {
		w, err := h.Hent(t.Context(), esdh, "arbejder-1", 10, 0, 0)
		maa(t, err)
		if len(w) == 0 {
			break
		}
		for _, x := range w {
			_, err := h.Done(t.Context(), afslut(x, mox.ResAccepteret))
			maa(t, err)
		}
	}
	vil("", string(a)+" Parkeret 1 modtager", string(anden)+" Afventer 1 MOX bag en anden")
}

// TestKunSineEgneUafsluttede: a system learns nothing about another's, and a person must say whose.
func TestKunSineEgneUafsluttede(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	_, err := h.klient(t, "byggesag").Send(t.Context(), "", besked())
	maa(t, err)
	for _, c := range []struct {
		navn, q string
		antal   int
		kode    mox.Kode
	}{
		{"byggesag", "", 1, ""}, {"byggesag", "?afsender=Byggesag", 1, ""}, {"esdh", "", 0, ""}, {"esdh", "?afsender=Byggesag", 0, mox.KodeIkkeTilladt},
		{"vagten", "?afsender=Byggesag", 1, ""}, {"laeser", "?afsender=Byggesag", 1, ""}, {"vagten", "", 0, ""},
		{"byggesag", "?antal=0", 0, mox.KodeUgyldig}, {"byggesag", "?antal=501", 0, mox.KodeUgyldig}, {"byggesag", "?efter=x", 0, mox.KodeUgyldig}, {"byggesag", "?efter=-1", 0, mox.KodeUgyldig},
		{"vagten", "?afsender=a%00b", 0, mox.KodeUgyldig},
	} {
		l, err := h.uafsluttede(t, c.navn, c.q)
		if kode(t, err, c.kode); len(l.Uafsluttede) != c.antal {
			t.Errorf("%s%s: %+v", c.navn, c.q, l)
		}
	}
}
