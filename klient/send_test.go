package klient_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/klient"
	"github.com/moxkit/mox/oio"
)

func TestSendAlle(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	k := h.klient(t, "byggesag", klient.Options{})
	var alle []mox.Besked
	for range oio.MaksBatch {
		alle = append(alle, besked())
	}
	alle[7].ObjektID = "x"
	ud, err := k.SendAlle(t.Context(), alle)
	maa(t, err)
	for i, s := range ud {
		if (mox.KodeAf(s.Fejl) == mox.KodeUgyldig) != (i == 7) || i != 7 && (s.Fejl != nil || s.Modtaget.BeskedID != alle[i].ID || s.Modtaget.SendtTil != 1) {
			t.Errorf("%d: %+v", i, s)
		}
	}
	if _, err := k.SendAlle(t.Context(), append(alle, besked())); len(ud) != len(alle) || mox.KodeAf(err) != mox.KodeForStor {
		t.Error(len(ud), err)
	}
	for _, svar := range []string{`{}`, `{"svar":[{}]}`} {
		f := falsk(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = fmt.Fprint(w, svar) // a client that has gone is told nothing
		})
		ud, err := f.SendAlle(t.Context(), alle[:1])
		if err == nil {
			err = ud[0].Fejl
		}
		if mox.KodeAf(err) != mox.KodeUtilgaengelig {
			t.Errorf("%s: %v", svar, err)
		}
	}
}

// A sender sees what it has sent that is not ended, page by page, and an operator sees it in the sender's name.
func TestUafsluttede(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	foerste, anden := h.sendt(t), h.sendt(t)
	k, vagten := h.klient(t, "byggesag", klient.Options{}), h.klient(t, "vagten", klient.Options{})
	for navn, u := range map[string]*klient.Klient{"systemet": k, "vagten": vagten.Som("Byggesag")} {
		side, err := u.Uafsluttede(t.Context(), 0, 1)
		maa(t, err)
		rest, err := u.Uafsluttede(t.Context(), side.Naeste, 0)
		maa(t, err)
		if len(side.Uafsluttede) != 1 || side.Uafsluttede[0].BeskedID != foerste.ID || len(rest.Uafsluttede) != 1 || rest.Uafsluttede[0].BeskedID != anden.ID || rest.Naeste != 0 {
			t.Errorf("%s: %+v %+v", navn, side, rest)
		}
	}
	ud, err := vagten.Uafsluttede(t.Context(), 0, 0)
	if err != nil || len(ud.Uafsluttede) > 0 {
		t.Errorf("the operator's own: %+v %v", ud, err)
	}
	_, err = k.Som("ESDH").Uafsluttede(t.Context(), 0, 0)
	kode(t, err, mox.KodeIkkeTilladt)
	_, err = k.Som("ESDH").Send(t.Context(), besked())
	kode(t, err, mox.KodeIkkeTilladt)
	_, err = vagten.Som("Byggesag").Send(t.Context(), besked())
	maa(t, err)
}

// The same again has one effect, and something else under the same beskedID is refused.
func TestSendIgen(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	b := h.sendt(t)
	k := h.klient(t, "byggesag", klient.Options{})
	if m, err := k.Send(t.Context(), b); err != nil || !m.Gentaget || m.SendtTil != 0 {
		t.Errorf("%+v %v", m, err)
	}
	b.Registreringstid = b.Registreringstid.Add(time.Hour)
	_, err := k.Send(t.Context(), b)
	kode(t, err, mox.KodeAndetIndhold)
	_, err = k.Send(t.Context(), mox.Besked{})
	kode(t, err, mox.KodeUdenBeskedID)
}

// What a receiver has been given is counted, and can be read again.
func TestFeedOgSammendrag(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	k := h.klient(t, "esdh", klient.Options{})
	var sendt []mox.Besked
	for range 3 {
		sendt = append(sendt, h.sendt(t))
	}
	_, err := h.d.GivPositioner(t.Context())
	maa(t, err)
	s, err := k.Sammendrag(t.Context(), sager, 1, 0, 3)
	maa(t, err)
	if s.Til != 3 || s.Sidste != 3 || len(s.Dele) != 3 {
		t.Fatalf("%+v", s)
	}
	for i, d := range s.Dele {
		f, err := k.Feed(t.Context(), sager, d.Fra-1, 1, 0)
		maa(t, err)
		if d.Antal != 1 || len(f.Poster) != 1 || f.Poster[0].BeskedID != sendt[i].ID || f.Poster[0].Besked.ObjektID != sendt[i].ObjektID || f.Naeste != d.Til {
			t.Errorf("%d: %+v %+v", i, d, f)
		}
	}
	alle, err := k.Feed(t.Context(), sager, 0, 0, time.Hour) // there is something, so it waits for nothing
	if err != nil || len(alle.Poster) != 3 {
		t.Errorf("%+v %v", alle, err)
	}
	_, err = k.Feed(t.Context(), sager, 9, 0, 0)
	kode(t, err, mox.KodePosition)
	_, err = k.Feed(t.Context(), sager, 0, 501, 0)
	kode(t, err, mox.KodeUgyldig)
}
