package alarm

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/store"
	"github.com/moxkit/mox/store/storetest"
)

// dele are parts that fail, and come and go as the test wishes.
type dele map[string]error

func (d dele) fejlende() map[string]error { return d }

// efter looks again when so long has gone.
func (h *hus) efter(d time.Duration) []string {
	h.Helper()
	h.nu = h.nu.Add(d)
	return h.se()
}

// vej adds a way of telling that answers *fejl, and gives what it has told since it was last asked.
func (h *hus) vej(navn string, fejl *error) func() []string {
	var l []string
	h.a.kanal = append(h.a.kanal, kanal{navn, func(_ context.Context, s samling) error {
		if *fejl != nil {
			return *fejl
		}
		for _, a := range s.Alarmer {
			l = append(l, a.Genstand)
		}
		return nil
	}})
	return func() []string { ud := append([]string{}, l...); l = nil; return ud }
}

// TestHverVejFortaellerForSig: one that could not is told later, also by another process, and the others not again.
func TestHverVejFortaellerForSig(t *testing.T) {
	d := dele{"amqp": errors.New("nede")}
	paaBegge(t, Options{Fejlende: d.fejlende}, func(h *hus) {
		var ja error
		nej := errors.New("450 prøv igen senere")
		h.a.kanal = nil
		anna, bo := h.vej("mail anna", &ja), h.vej("mail bo", &nej)
		h.se()
		h.er("anna", anna(), []string{"amqp"})
		h.er("bo", bo(), []string{})
		h.se()
		h.er("anna får at vide, at bo intet får", anna(), []string{"mail bo"})

		igen := New(h.d, h.a.o) // as after a restart
		igen.kanal, h.a = h.a.kanal, igen
		nej = nil
		h.se()
		h.er("bo, da det kan lade sig gøre", bo(), []string{"amqp"})
		h.er("anna har fået det", anna(), []string{"mail bo"}) // and now that it is over
		h.se()
		h.er("ingen af dem igen", append(anna(), bo()...), []string{})
	})
}

// TestEnVejDerSvigterLadesIFred: longer each time, and never longer than sidsteIgen.
func TestEnVejDerSvigterLadesIFred(t *testing.T) {
	d := dele{"amqp": errors.New("nede")}
	paaEn(t, Options{Fejlende: d.fejlende}, func(h *hus) {
		forsoeg := 0
		h.a.kanal = []kanal{{"mail", func(context.Context, samling) error { forsoeg++; return errors.New("nej") }}}
		h.se()
		for i, vent := range []time.Duration{foersteIgen, 2 * foersteIgen, 4 * foersteIgen, 8 * foersteIgen, sidsteIgen, sidsteIgen} {
			h.efter(vent - time.Second)
			h.er("for tidligt", forsoeg, i+1)
			h.efter(time.Second)
			h.er("efter "+vent.String(), forsoeg, i+2)
		}
	})
}

// TestEnBygeErEnBesked: what comes within a minute of the first is told together.
func TestEnBygeErEnBesked(t *testing.T) {
	paaEn(t, Options{Saml: time.Minute}, func(h *hus) {
		d := dele{}
		h.a.o.Fejlende = d.fejlende
		for i, vent := range []time.Duration{0, 15 * time.Second, 15 * time.Second, 29 * time.Second} {
			d[fmt.Sprint(i)] = errors.New("nede")
			h.er("samles", h.efter(vent), []string{})
		}
		h.er("efter et minut", h.efter(time.Second), []string{regelDel, regelDel, regelDel, regelDel})
		h.er("i én besked", len(h.fortalt), 1)
		d["5"] = errors.New("nede")
		h.er("den næste venter sit eget minut", h.efter(30*time.Second), []string{})
		h.er("og kommer så alene", h.efter(time.Minute), []string{regelDel})
		clear(d)
		h.er("alle er løst", h.efter(time.Second), []string{"-" + regelDel, "-" + regelDel, "-" + regelDel, "-" + regelDel, "-" + regelDel})
		h.er("det er også én besked", len(h.fortalt), 1)
	})
}

// TestDerKommerOgGaarErEnAlarm: it is told once, and that it is over when it has stayed away.
func TestDerKommerOgGaarErEnAlarm(t *testing.T) {
	paaBegge(t, Options{Saml: time.Minute, Ro: 10 * time.Minute}, func(h *hus) {
		d := dele{"amqp": errors.New("nede")}
		h.a.o.Fejlende = d.fejlende
		h.se()
		clear(d)
		h.er("væk, før nogen fik det at vide", h.efter(2*time.Minute), []string{})
		for range 5 {
			d["amqp"] = errors.New("nede")
			h.efter(2 * time.Minute)
			clear(d)
			h.er("væk igen", h.efter(2*time.Minute), []string{})
		}
		staar, _, err := h.d.Alarmer(h.Context())
		h.maa(err)
		if len(staar) != 1 || staar[0].Gange != 6 || !staar[0].Vaek.Equal(h.nu.Truncate(time.Microsecond)) || staar[0].Fortalt.IsZero() {
			h.Errorf("%+v", staar)
		}
		gik := h.nu
		h.er("endnu ikke ro", h.efter(9*time.Minute), []string{})
		h.er("ro", h.efter(time.Minute), []string{"-" + regelDel})
		if a := h.fortalt[0].Alarmer[0]; !a.Sluttet.Equal(gik.Truncate(time.Microsecond)) {
			h.Errorf("it ended when it went away, at %s, and not at %s", gik, a.Sluttet)
		}
		d["amqp"] = errors.New("nede")
		h.se()
		h.er("en ny", h.efter(time.Minute), []string{regelDel})
	})
}

// TestEtBlinkErIngenMail: what is gone before the first minute is told to nobody, neither that it came nor that it went.
func TestEtBlinkErIngenMail(t *testing.T) {
	paaEn(t, Options{Saml: time.Minute, Ro: 10 * time.Minute}, func(h *hus) {
		d := dele{"amqp": errors.New("nede")}
		h.a.o.Fejlende = d.fejlende
		h.er("der", h.se(), []string{})
		clear(d)
		for range 4 {
			h.er("væk", h.efter(5*time.Minute), []string{})
		}
		_, sluttede, err := h.d.Alarmer(h.Context())
		h.maa(err)
		h.er("den står i historien", len(sluttede), 1)
	})
}

// TestGentag: 0 is never.
func TestGentag(t *testing.T) {
	d := dele{"amqp": errors.New("nede")}
	for gentag, vil := range map[time.Duration][]string{0: {}, time.Hour: {regelDel}} {
		t.Run(gentag.String(), func(t *testing.T) {
			paaEn(t, Options{Gentag: gentag, Fejlende: d.fejlende}, func(h *hus) {
				h.er("første gang", h.se(), []string{regelDel})
				h.er("senere", h.efter(59*time.Minute), []string{})
				h.er("en time efter", h.efter(time.Minute), vil)
				h.er("og straks efter", h.se(), []string{})
			})
		})
	}
}

// TestDenDerHarTagetDenFaarIkkeMereAtVide, and neither does a way that never told of it.
func TestDenDerHarTagetDenFaarIkkeMereAtVide(t *testing.T) {
	d := dele{"amqp": errors.New("nede")}
	paaEn(t, Options{Saml: time.Minute, Fejlende: d.fejlende}, func(h *hus) {
		h.se()
		staar, _, err := h.d.Alarmer(h.Context())
		h.maa(err)
		h.maa(h.d.KvitterAlarm(h.Context(), staar[0].ID, distributor.Hvem{Navn: "Inge", Begrundelse: "mægleren opgraderes"}))
		h.er("kvitteret i tide", h.efter(time.Hour), []string{})
	})
}

// TestDeleIEnAndenProces: the one on watch tells what fails in the others on the database, for as long as they live.
func TestDeleIEnAndenProces(t *testing.T) {
	paaBegge(t, Options{}, func(h *hus) {
		if h.d.Store().Proves() {
			return // another process cannot be
		}
		h.er("først", h.se(), []string{})
		d2, err := distributor.New(h.Context(), h.d.Store(), distributor.Options{})
		h.maa(err)
		h.maa(d2.Start(h.Context()))
		d := dele{"amqp": errors.New("kan ikke forbinde " + cpr)}
		anden := New(d2, Options{Fejlende: d.fejlende, nu: h.a.o.nu})
		h.maa(anden.Se(h.Context()))
		h.er("fejler der", h.se(), []string{regelDel})
		if a := h.fortalt[0].Alarmer[0]; !harAlt(a.Tekst, "amqp i MOX på ", "kan ikke forbinde") || harAlt(a.Tekst, cpr) {
			h.Errorf("%+v", a)
		}
		clear(d)
		h.maa(anden.Se(h.Context()))
		h.er("det går igen", h.se(), []string{"-" + regelDel})
		d["amqp"] = errors.New("nede igen")
		h.maa(anden.Se(h.Context()))
		h.er("fejler igen", h.se(), []string{regelDel})
		h.maa(h.d.Store().Update(h.Context(), func(tx *store.Tx) error {
			return tx.Hjerteslag(h.d.Inkarnation(), tx.Now()) // as when the other has been silent for long
		}))
		h.er("den lever ikke mere", h.se(), []string{"-" + regelDel})
	})
}

// TestFejlandel: a receiver that takes some and refuses others.
func TestFejlandel(t *testing.T) {
	paaBegge(t, Options{Graenser: Graenser{Fejlandel: 50}}, func(h *hus) {
		h.abonner()
		h.send(1)
		for i := range fejlandelAf - 1 {
			h.udfald(mox.Udfald{Resultat: mox.ResMidlertidig})
			h.er(fmt.Sprint(i+1, " siger ikke noget"), h.se(), []string{})
		}
		h.udfald(mox.Udfald{Resultat: mox.ResAccepteret})
		h.er("nu er der nok", h.se(), []string{regelFejlandel})
		if tekst := h.fortalt[0].Alarmer[0].Tekst; tekst != "19 af 20 forsøg på at levere til esdh de seneste 15 minutter er mislykkedes" {
			h.Error(tekst)
		}
		h.send(18)
		for range 18 {
			h.udfald(mox.Udfald{Resultat: mox.ResAccepteret})
		}
		h.er("halvdelen er ikke over", h.se(), []string{"-" + regelFejlandel})
	})
}

// TestNaarDatabasenErVaek it is told without it, once, and that it is back.
func TestNaarDatabasenErVaek(t *testing.T) {
	t.Parallel()
	url := storetest.SQLite(t)
	h := nytHus(t, url, Options{Gentag: time.Hour})
	h.a.o.ur = func() time.Time { return h.nu }
	se := func(efter time.Duration) []string {
		h.Helper()
		h.fortalt = nil
		h.nu = h.nu.Add(efter)
		h.a.seEllerSig(h.Context())
		return h.regler()
	}
	h.er("alt er vel", se(0), []string{})
	h.maa(h.d.Store().Close())
	h.er("lige nu", se(0), []string{})
	h.er("snart", se(59*time.Second), []string{})
	h.er("et minut", se(time.Second), []string{regelBlind})
	if a := h.fortalt[0].Alarmer[0]; !harAlt(a.Tekst, "MOX kan ikke se efter") || a.Raad == "" {
		h.Errorf("%+v", a)
	}
	h.er("ikke igen", se(59*time.Minute), []string{})
	h.er("efter en time", se(time.Minute), []string{regelBlind})
	igen := nytHus(t, url, Options{})
	h.a.d = igen.d
	h.er("den er der igen", se(time.Minute), []string{"-" + regelBlind})
	h.er("og stille", se(time.Minute), []string{})
}
