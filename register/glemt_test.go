package register_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/draeb"
	"github.com/moxkit/mox/oio"
	"github.com/moxkit/mox/register"
	"github.com/moxkit/mox/store"
)

func (h *glemhus) kode(hvad string, err error, vil mox.Kode) {
	h.Helper()
	if mox.KodeAf(err) != vil {
		h.Errorf("%s: %v, want %q", hvad, err, vil)
	}
}

// stande are the receivers of an erased objekt as "abonnement status".
func (h *glemhus) stande(id mox.ObjektID) (ud []string) {
	h.Helper()
	l, err := h.r.Glemte(h.Context(), alt, register.Glemteside{ObjektID: id, Antal: 1})
	h.maa(err)
	for _, m := range l[0].Modtagere {
		s := string(m.Abonnement) + " " + m.Stand
		if m.Overskredet {
			s += " overskredet"
		}
		ud = append(ud, s)
	}
	return ud
}

func (h *glemhus) staar(id mox.ObjektID, vil ...string) {
	h.Helper()
	if har := h.stande(id); !slices.Equal(har, vil) {
		h.Errorf("the receivers stand as\n%s\nwant\n%s", strings.Join(har, "\n"), strings.Join(vil, "\n"))
	}
}

// aabneFejl are the open Fejl with a kode.
func (h *glemhus) aabneFejl(kode string) (ud []store.Fejl) {
	h.Helper()
	h.maa(h.d.Store().View(h.Context(), func(tx *store.Tx) (err error) {
		ud, err = tx.Fejl(store.Udvalg{Kode: kode})
		return err
	}))
	return ud
}

// raekker counts every table's rows.
func (h *glemhus) raekker() map[string]int {
	h.Helper()
	ud := map[string]int{}
	h.maa(h.d.Store().View(h.Context(), func(tx *store.Tx) error {
		tabeller, err := tx.Schema().Tables()
		for _, t := range tabeller {
			var n int
			if err == nil {
				err = tx.QueryRow(`SELECT COUNT(*) FROM "` + t.Name + `"`).Scan(&n)
			}
			ud[t.Name] = n
		}
		return err
	}))
	return ud
}

// TestModtagerneFaarBesked follows the order to erase at receivers of every kind: those that have had the objekt, and no others.
func TestModtagerneFaarBesked(t *testing.T) {
	paaBeggeGlemhuse(t, func(h *glemhus) {
		h.fyld()
		ud := h.glem(mox.Sag, h.egen)
		if f := ud.Fjernet; ud.Registreringer != 2 || f.Beskeder < 2 || f.Leveringer == 0 || f.Fejl == 0 || f.Dokumenter != 0 {
			h.Errorf("%+v", ud)
		}
		venter := func(andre ...string) []string {
			ud := []string{"arkiv.alt tager_ikke_sletning", "esdh.slet venter", "feed.alt venter", "igang.alt venter", "koe.alt venter", "post.alt venter", "push.alt venter"}
			return append(ud, andre...)
		}
		h.staar(h.egen, venter()...)

		// The order tells which objekt and until when, and nothing else.
		w := h.ordrer("post.alt")
		if len(w) != 1 || w[0].Besked.LivscyklusKode != mox.Slettet || w[0].Besked.ObjektID != h.egen {
			h.Fatalf("%+v", w)
		}
		vil := fmt.Sprintf(`{"objektID":"%s","objekttype":"Sag","frist":"`, h.egen)
		if b := w[0].Besked; !strings.HasPrefix(string(b.Indhold), vil) || b.Objektreference != "/sag/sag/"+string(h.egen) || len(b.Relateret)+len(b.Opgaveemne)+len(b.Myndighed)+len(b.Tilstand) > 0 {
			h.Errorf("%+v %s", b, b.Indhold)
		}
		// The receiver's key comes with it, so that an agent knows what to erase.
		esdh := h.ordrer("esdh.slet")
		if len(esdh) != 1 || !strings.HasPrefix(esdh[0].Noegler[string(h.egen)], navnet+"-esdh-") {
			h.Fatalf("%+v", esdh)
		}
		// What was under delivery holds the order back until it has ended.
		if w := h.ordrer("igang.alt"); len(w) != 0 {
			h.Errorf("%d before what was under delivery has ended", len(w))
		}
		h.svar(w[0], mox.Udfald{Resultat: mox.ResAccepteret})
		h.svar(esdh[0], mox.Udfald{Resultat: mox.ResAfvist, Kode: "409", Tekst: "arkiveret"})
		for _, w := range h.igang {
			h.svar(w, mox.Udfald{Resultat: mox.ResAccepteret})
		}
		if w := h.ordrer("igang.alt"); len(w) != 1 {
			h.Errorf("%+v", w)
		}
		// That it lies in a queue is not enough; a Kvittering is.
		koe := h.ordrer("koe.alt")
		h.svar(koe[0], mox.Udfald{Resultat: mox.ResOverdraget})
		h.staar(h.egen, "arkiv.alt tager_ikke_sletning", "esdh.slet kraever_handling", "feed.alt venter", "igang.alt venter", "koe.alt venter", "post.alt bekraeftet", "push.alt venter")
		h.kvitter("koe", koe[0].Besked)
		_, err := h.d.AfslutSletninger(h.Context())
		h.maa(err)
		h.staar(h.egen, "arkiv.alt tager_ikke_sletning", "esdh.slet kraever_handling", "feed.alt venter", "igang.alt venter", "koe.alt bekraeftet", "post.alt bekraeftet", "push.alt venter")
	})
}

func (h *glemhus) svar(w distributor.Arbejde, u mox.Udfald) {
	h.Helper()
	_, err := h.d.Done(h.Context(), distributor.Afslutning{Leverance: w.Leverance, Forsoeg: w.Forsoeg, Ejer: w.Ejer, Udfald: u})
	h.maa(err)
}

// kvitter is a receiver's own word that it has done what a besked asked for.
func (h *glemhus) kvitter(system string, b mox.Besked) {
	h.Helper()
	_, err := h.d.Accept(h.Context(), system, mox.Besked{ID: mox.BeskedID(mox.NyUUID()), Type: mox.TypeKvittering, Handling: string(mox.KvitAccepteret), ForaarsagetAf: b.ID, ObjektID: b.ObjektID, ObjektType: b.ObjektType,
		Kildesystem: system, Aktoer: mox.NyUUID(), Registreringstid: time.Now(), Indholdstype: oio.TypeJSON, Indhold: []byte(`{}`)})
	h.maa(err)
}

// TestEnPersonTagerSigAfResten: what a receiver does not take, or answers too late, is a person's to end, and it is told who.
func TestEnPersonTagerSigAfResten(t *testing.T) {
	paaBeggeGlemhuse(t, func(h *glemhus) {
		h.fyld()
		v := grunden
		v.Frist = time.Microsecond
		_, err := h.r.Glem(h.Context(), alt, mox.Sag, h.egen, v)
		h.maa(err)
		h.staar(h.egen, "arkiv.alt tager_ikke_sletning overskredet", "esdh.slet venter overskredet", "feed.alt venter overskredet", "igang.alt venter overskredet", "koe.alt venter overskredet",
			"post.alt venter overskredet", "push.alt venter overskredet")
		o, err := h.d.Overblik(h.Context())
		h.maa(err)
		if len(o.Sletfrister) != 7 || o.Sletfrister[0].Abonnement != "arkiv.alt" || o.Sletfrister[0].Antal != 1 || o.Sletfrister[0].Aeldste.IsZero() {
			h.Errorf("%+v", o.Sletfrister)
		}
		fejl := h.aabneFejl("tager_ikke_sletning")
		if len(fejl) != 1 || !strings.Contains(fejl[0].Raad, "bekræft") || fejl[0].Ansvar != mox.AnsvarModtager {
			h.Fatalf("%+v", fejl)
		}
		_, err = h.d.Luk(h.Context(), store.Udvalg{Fejl: []int64{fejl[0].ID}}, distributor.Hvem{Navn: "Inge", Begrundelse: "slettet på papir"}, false)
		h.maa(err)
		for a, vil := range map[mox.AbonnementID]mox.Kode{"feed.alt": "", "koe.alt": "", "findes.ikke": mox.KodeIkkeFundet, "uroert.alt": mox.KodeIkkeFundet} {
			h.kode(string(a), h.r.BekraeftSletning(h.Context(), alt, h.egen, a, "pr. telefon"), vil)
		}
		h.kode("without a reason", h.r.BekraeftSletning(h.Context(), alt, h.egen, "push.alt", " "), mox.KodeUgyldig)
		h.kode("twice", h.r.BekraeftSletning(h.Context(), alt, h.egen, "feed.alt", "igen"), mox.KodeIkkeFundet)
		w := h.ordrer("post.alt")
		h.kode("under delivery", h.r.BekraeftSletning(h.Context(), alt, h.egen, "post.alt", "pr. telefon"), mox.KodeKonflikt)
		h.svar(w[0], mox.Udfald{Resultat: mox.ResUkendt})
		_, err = h.d.AfslutSletninger(h.Context())
		h.maa(err)
		l, err := h.r.Glemte(h.Context(), alt, register.Glemteside{Aabne: true, Antal: 10})
		h.maa(err)
		if len(l) != 1 || l[0].Modtagere[0].Stand != distributor.SletLukket || l[0].Modtagere[0].Hvem != "Inge" || l[0].Modtagere[0].Tekst != "slettet på papir" ||
			l[0].Modtagere[2].Stand != distributor.SletBekraeftet || l[0].Modtagere[2].Hvem != "dpo" || l[0].Modtagere[2].Tekst != "pr. telefon" {
			h.Errorf("%+v", l)
		}
		if w := h.ordrer("feed.alt"); len(w) != 0 {
			h.Error("what a person has ended is delivered")
		}
	})
}

// TestIntetKommerTilbage tries every way that an erased objekt could come in by again.
func TestIntetKommerTilbage(t *testing.T) {
	paaBeggeGlemhuse(t, func(h *glemhus) {
		h.fyld()
		ctx := h.Context()
		nyt := register.Hvem{Navn: "dpo", Adgang: register.FuldAdgang(), Noegle: "den samme", Aftryk: "x"}
		med, err := h.r.Opret(ctx, nyt, mox.Sag, personSag("4"))
		h.maa(err)
		gammel := h.beskedOm(h.egen, "igen")
		_, err = h.d.Accept(ctx, "Byggesag", gammel)
		h.maa(err)
		for _, id := range []mox.ObjektID{h.egen, h.fulgt, med.ObjektID} {
			h.glem(mox.Sag, id)
		}
		h.fuldfoer()
		foer := h.raekker()
		for hvad, f := range map[string]func() error{
			"Læs": func() error { _, err := h.r.Laes(ctx, alt, mox.Sag, h.egen, register.Tider{}); return err },
			"Læs da": func() error {
				_, err := h.r.Laes(ctx, alt, mox.Sag, h.egen, register.Tider{RegFra: time.Now()})
				return err
			},
			"Historik": func() error { _, err := h.r.Historik(ctx, alt, mox.Sag, h.egen, 5); return err },
			"Forskel":  func() error { _, err := h.r.Forskel(ctx, alt, mox.Sag, h.egen, nil, register.Punkt{}); return err },
			"Opret":    func() error { _, err := h.r.Opret(ctx, nyt, mox.Sag, personSag("4")); return err },
			"Importer": func() error { _, err := h.r.Importer(ctx, alt, mox.Sag, h.egen, "", personSag("5")); return err },
			"Overtag":  func() error { _, err := h.r.Overtag(ctx, alt, mox.Sag, h.fulgt, "", personSag("5")); return err },
			"Ret":      func() error { _, err := h.r.Ret(ctx, alt, mox.Sag, h.egen, "", personSag("5")); return err },
			"Erstat":   func() error { _, err := h.r.Erstat(ctx, alt, mox.Sag, h.egen, "", personSag("5")); return err },
			"Passiver": func() error { _, err := h.r.Passiver(ctx, alt, mox.Sag, h.egen, "", ""); return err },
			"Slet":     func() error { _, err := h.r.Slet(ctx, alt, mox.Sag, h.egen, "", ""); return err },
		} {
			err := f()
			h.kode(hvad, err, mox.KodeGlemt)
			if !strings.Contains(mox.Forklaring(err), grunden.Hjemmel) || strings.Contains(mox.Forklaring(err), grunden.Begrundelse) {
				h.Errorf("%s: %v", hvad, err)
			}
		}
		if l, err := h.r.List(ctx, alt, mox.Sag, []mox.ObjektID{h.egen}, register.Tider{}); err != nil || len(l) != 0 {
			h.Errorf("List: %v %v", l, err)
		}
		if ids, err := h.r.Soeg(ctx, alt, mox.Sag, register.Soegning{}); err != nil || len(ids) != 0 {
			h.Errorf("Søg: %v %v", ids, err)
		}
		if u, err := h.r.Foelg(ctx, h.beskedOm(h.fulgt, "fulgt")); err != nil || u.Resultat != mox.ResAccepteret || !strings.Contains(u.Tekst, "slettet") {
			h.Errorf("Følg: %+v %v", u, err)
		}
		if n, err := h.r.FortaelVirkninger(ctx, time.Now().Add(48*time.Hour)); n != 0 || err != nil {
			h.Errorf("%d virkninger, %v", n, err)
		}
		if nu := h.raekker(); !maps.Equal(foer, nu) {
			h.Errorf("there are other rows than before:\n%v\n%v", foer, nu)
		}

		// A repeat is acknowledged, and is no news. Anything else is refused; that it came is told, and none of it is kept.
		if a, err := h.d.Accept(ctx, "Byggesag", gammel); err != nil || !a.Gentaget {
			h.Errorf("%+v %v", a, err)
		}
		for range 2 {
			_, err := h.d.Accept(ctx, "Byggesag", h.beskedOm(h.egen, navnet))
			h.kode("ny besked", err, mox.KodeGlemt)
		}
		andet := gammel
		andet.Bruger = mox.NyUUID()
		_, err = h.d.Accept(ctx, "Byggesag", andet)
		h.kode("andet indhold", err, mox.KodeGlemt)
		forkert := h.beskedOm(h.egen, navnet)
		forkert.Version = "9"
		_, err = h.d.Accept(ctx, "Byggesag", forkert)
		h.kode("ugyldig besked", err, mox.KodeBeskedversion)
		for i := range 2 {
			ud, err := h.d.Indlever(ctx, h.indlevering(fmt.Sprint("g", i), h.post(navnet)))
			if err != nil || ud.Fejl != 1 {
				h.Errorf("%+v %v", ud, err)
			}
		}
		p := h.post(navnet)
		p.Laer = true
		_, err = h.d.Indlever(ctx, h.indlevering("l", p))
		h.maa(err)
		fejl := h.aabneFejl(string(mox.KodeGlemt))
		if len(fejl) != 2 || fejl[0].Antal != 3 || fejl[1].Antal != 3 || fejl[0].Raa != nil || fejl[1].Raa != nil {
			h.Errorf("%+v", fejl)
		}
		h.bekraeft()
		h.glem(mox.Dokument, h.dokument)
		h.bekraeft()
		h.fuldfoer()
		if spor := h.spor(); len(spor) > 0 {
			h.Errorf("it has come back: %v", spor)
		}
	})
}

// TestKunMOXBestillerSletning: an order to erase cannot be sent by others.
func TestKunMOXBestillerSletning(t *testing.T) {
	paaBeggeGlemhuse(t, func(h *glemhus) {
		h.fyld()
		b := h.beskedOm(h.egen, "x")
		b.Type, b.LivscyklusKode = mox.TypeSletning, mox.Slettet
		_, err := h.d.Accept(h.Context(), "Register", b)
		h.kode("Accept", err, mox.KodeIkkeTilladt)
		for _, w := range append(h.ordrer("esdh.slet"), h.ordrer("post.alt")...) {
			h.Errorf("%s was given %s", w.Noegle, w.Besked.Type)
		}
	})
}

// TestDetUleveredeOpgives: what has not been delivered is given up, its sender is told, and none of it can be had later.
func TestDetUleveredeOpgives(t *testing.T) {
	paaBeggeGlemhuse(t, func(h *glemhus) {
		abonnementer := append(h.abonnementer(), mox.Abonnement{ID: "drift.fejl", System: "Drift", Carrier: mox.CarrierPull, Orden: mox.OrdenIngen, Gentages: true, Plan: mox.Plan{Forsoeg: 3},
			Filter: h.filter(map[string]any{"beskedtype": mox.TypeFejlbesked})})
		h.maa(h.d.Konfigurer(h.Context(), abonnementer, nil))
		h.fyld()
		h.hent("drift.fejl")
		h.glem(mox.Sag, h.egen)
		h.maa(h.d.Store().View(h.Context(), func(tx *store.Tx) error {
			beskeder, err := tx.BeskederOm(h.egen)
			for _, b := range beskeder {
				l, e := tx.LeverancerAf(b.Nr)
				if err = errors.Join(err, e); b.UdenRegistrering() {
					continue
				}
				for _, l := range l {
					if l.Abonnement == "uroert.alt" && (l.Tilstand != mox.Annulleret || l.Kode != string(mox.KodeGlemt)) || l.Tilstand.Holder() && l.Abonnement != "igang.alt" {
						h.Errorf("%s is %s %s", l.Abonnement, l.Tilstand, l.Kode)
					}
				}
			}
			return err
		}))
		var fortalt int
		for _, w := range h.hent("drift.fejl") {
			if w.Besked.ObjektID == h.egen && strings.Contains(string(w.Besked.Indhold), "slettet for altid") {
				fortalt++
			}
		}
		if fortalt == 0 {
			h.Error("nobody was told that the work will not be done")
		}
		// What was under delivery and did not go well is given up too, and the order goes on.
		for _, w := range h.igang {
			h.svar(w, mox.Udfald{Resultat: mox.ResMidlertidig, Tekst: navnet})
		}
		if w := h.ordrer("igang.alt"); len(w) != 1 {
			h.Errorf("%+v", w)
		}
		// One who asks for what came before gets none of it.
		h.maa(h.d.Konfigurer(h.Context(), append(abonnementer, mox.Abonnement{ID: "ny.alt", System: "Ny", Carrier: mox.CarrierPull, Gentages: true, Plan: mox.Plan{Forsoeg: 3}}), nil))
		_, err := h.d.Efterlever(h.Context(), "ny.alt", distributor.Efterleveringsvalg{Fra: 1}, distributor.Hvem{Navn: "x"})
		h.maa(err)
		for n := 1; n > 0; {
			n, err = h.d.EfterleverNu(h.Context())
			h.maa(err)
		}
		set := 0
		for _, w := range h.hent("ny.alt") {
			if set++; w.Besked.ObjektID == h.egen && !w.Besked.ErOmSelveLeveringen() {
				h.Errorf("%+v", w.Besked)
			}
		}
		if set == 0 {
			h.Error("the others did not come either")
		}
		f, err := h.d.Feed(h.Context(), "post.alt", 0, 100, 0)
		h.maa(err)
		if !slices.ContainsFunc(f.Poster, func(p distributor.Feedpost) bool { return p.Slettet && p.Besked.ID == "" }) {
			h.Error("the feed does not tell that something is erased")
		}
		b, err := h.d.Forloeb(h.Context(), string(h.egen))
		h.maa(err)
		if len(b.Glemte) != 1 || b.Glemte[0].ObjektID != h.egen {
			h.Errorf("%+v", b.Glemte)
		}
		if x := b.Beskeder[0]; !x.Besked.IndholdSlettet() || x.Besked.Indhold != nil || len(x.Leverancer) == 0 || x.Besked.ObjektID != h.egen {
			h.Errorf("%+v", x.Besked)
		}
	})
}

// TestProevetErIntetGjort: what is only looked at is the erasure's own, and changes no row.
func TestProevetErIntetGjort(t *testing.T) {
	paaBeggeGlemhuse(t, func(h *glemhus) {
		h.fyld()
		foer, spor := h.raekker(), h.spor()
		proevet, err := h.r.Glem(h.Context(), alt, mox.Dokument, h.dokument, register.Glemmevalg{Proev: true})
		h.maa(err)
		if nu := h.raekker(); !maps.Equal(foer, nu) || !slices.Equal(spor, h.spor()) {
			h.Errorf("rows before and after: %v %v", foer, nu)
		}
		gjort := h.glem(mox.Dokument, h.dokument)
		a, b := proevet.Fjernet, gjort.Fjernet
		if a.Beskeder == 0 || a.Dokumenter != 1 || a.Beskeder != b.Beskeder || a.Leveringer != b.Leveringer || a.Dokumenter != b.Dokumenter || a.Fejl != b.Fejl || a.Kilder != b.Kilder || len(a.Modtagere) != len(b.Modtagere) || len(a.Modtagere) == 0 {
			h.Errorf("looked at %+v, done %+v", a, b)
		}
		igen := h.glem(mox.Dokument, h.dokument)
		if !igen.Foer || igen.Tid != gjort.Tid || igen.Registreringer != 1 || len(h.aabneFejl("tager_ikke_sletning")) != 1 {
			h.Errorf("%+v", igen)
		}
		for _, v := range []register.Glemmevalg{{}, {Begrundelse: "x"}, {Hjemmel: "x"}, {Begrundelse: strings.Repeat("x", 501), Hjemmel: "x"}, {Begrundelse: "x", Hjemmel: "x", Frist: 400 * 24 * time.Hour}} {
			_, err := h.r.Glem(h.Context(), alt, mox.Sag, h.egen, v)
			h.kode(fmt.Sprintf("%+v", v), err, mox.KodeUgyldig)
		}
	})
}

// TestHvemMaaGlemme: it takes a right of its own, where the objekt belongs.
func TestHvemMaaGlemme(t *testing.T) {
	paaBeggeGlemhuse(t, func(h *glemhus) {
		h.fyld()
		kreds := func(cvr string) []mox.Kreds { return []mox.Kreds{{Myndigheder: []string{cvr}}} }
		ud, err := h.r.Opret(h.Context(), alt, mox.Sag, medEjere("11111111", "11111111", mox.Kl(time.Now())))
		h.maa(err)
		alle := register.FuldAdgang().Laese
		for i, c := range []struct {
			hvem register.Hvem
			vil  mox.Kode
		}{
			{h.r.Hvem(auth.Identitet{Navn: "d", Rolle: auth.Drift}, ""), mox.KodeIkkeTilladt},
			{h.r.Hvem(auth.Identitet{Navn: "l", Rolle: auth.Laeser}, ""), mox.KodeIkkeTilladt},
			{h.r.Hvem(auth.Identitet{Navn: "s", System: "ESDH", Rolle: auth.System}, ""), mox.KodeIkkeTilladt},
			{register.Hvem{Navn: "a", Adgang: register.Adgang{Laese: alle, Glemme: kreds("22222222")}}, mox.KodeIkkeTilladt},
			{register.Hvem{Navn: "b", Adgang: register.Adgang{Glemme: kreds("22222222")}}, mox.KodeIkkeFundet},
			{register.Hvem{Navn: "c", System: "Sletter", Adgang: register.Adgang{Glemme: kreds("11111111")}}, ""},
			{h.r.Hvem(auth.Identitet{Navn: "x", Rolle: auth.Administrator}, ""), ""}, // it is done already
		} {
			_, err := h.r.Glem(h.Context(), c.hvem, mox.Sag, ud.ObjektID, grunden)
			h.kode(fmt.Sprint(i), err, c.vil)
		}
		_, err = h.r.Glem(h.Context(), alt, mox.Dokument, h.egen, grunden)
		h.kode("another type", err, mox.KodeIkkeFundet)
		_, err = h.r.Glem(h.Context(), alt, mox.Sag, "00000000-0000-4000-8000-000000000000", grunden)
		h.kode("unknown", err, mox.KodeIkkeFundet)
		_, err = h.r.Glem(h.Context(), alt, mox.Sag, "x", grunden)
		h.kode("no UUID", err, mox.KodeUgyldig)
		_, err = h.r.Glemte(h.Context(), h.r.Hvem(auth.Identitet{Navn: "d", Rolle: auth.Drift}, ""), register.Glemteside{Antal: 1})
		h.kode("the list", err, mox.KodeIkkeTilladt)

		// One that only beskeder tell of takes the right to everything.
		b := h.beskedOm("aaaaaaaa-0000-4000-8000-00000000000a", navnet)
		_, err = h.d.Accept(h.Context(), "Andet", b)
		h.maa(err)
		_, err = h.r.Glem(h.Context(), register.Hvem{Navn: "c", Adgang: register.Adgang{Glemme: kreds("11111111")}}, mox.Sag, b.ObjektID, grunden)
		h.kode("only told of", err, mox.KodeIkkeFundet)
		if x := h.glem(mox.Sag, b.ObjektID); x.Registreringer != 0 || x.Fjernet.Beskeder != 1 || !slices.Equal(x.Fjernet.Systemer, []string{"Andet"}) {
			h.Errorf("%+v", x)
		}
		l, err := h.r.SoegBrug(h.Context(), alt, "", store.Brugsoegning{ObjektID: ud.ObjektID, Antal: 10})
		h.maa(err)
		var log []string
		for _, x := range l {
			log = append(log, x.Hvem+" "+x.Operation+" "+x.Kode)
		}
		if vil := []string{"c Glem ok", "b Glem ikke_tilladt", "a Glem ikke_tilladt", "dpo Opret ok"}; !slices.Equal(log, vil[:3]) && !slices.Equal(log, vil) {
			h.Errorf("the usage log has %q", log)
		}
	})
}

// TestGlemIgen puts tombstones back in an installation as it was before: nothing that had been erased is left, those who had
// confirmed are not asked again, and one who has not is.
func TestGlemIgen(t *testing.T) {
	paaBeggeGlemhuse(t, func(h *glemhus) {
		h.fyld()
		h.d.Slettet()
		g := store.Glemt{ObjektID: h.egen, ObjektType: mox.Sag, Tid: time.Now().Add(-time.Hour).UTC().Truncate(time.Microsecond), Hvem: "dpo", Begrundelse: "før kopien", Hjemmel: "loven", Registreringer: 7}
		modtagere := []distributor.Sletstatus{{Abonnement: "post.alt", System: "post", Stand: distributor.SletBekraeftet, Tid: g.Tid, Frist: time.Now().Add(time.Hour)},
			{Abonnement: "uroert.alt", System: "uroert", Stand: distributor.SletVenter, Frist: time.Now().Add(time.Hour)}}
		ukendt := store.Glemt{ObjektID: "bbbbbbbb-0000-4000-8000-00000000000b", ObjektType: mox.Sag, Tid: g.Tid, Hvem: "dpo", Begrundelse: "efter kopien", Hjemmel: "loven"}
		for i := range 2 {
			ny, err := h.r.GlemIgen(h.Context(), g, modtagere)
			h.maa(err)
			if ny != (i == 0) {
				h.Errorf("%t", ny)
			}
		}
		_, err := h.r.GlemIgen(h.Context(), ukendt, nil)
		h.maa(err)
		h.staar(h.egen, "arkiv.alt tager_ikke_sletning", "esdh.slet venter", "feed.alt venter", "igang.alt venter", "koe.alt venter", "post.alt bekraeftet", "push.alt venter", "uroert.alt venter")
		if w := h.ordrer("post.alt"); len(w) != 0 {
			h.Error("one who had confirmed is asked again")
		}
		if w := h.ordrer("uroert.alt"); len(w) != 1 {
			h.Errorf("%+v", w)
		}
		l, err := h.r.Glemte(h.Context(), alt, register.Glemteside{Antal: 10})
		h.maa(err)
		if len(l) != 2 || l[1].Glemt.Tid != g.Tid || l[1].Registreringer != 7 || l[1].Begrundelse != "før kopien" {
			h.Errorf("%+v", l)
		}
		for _, id := range []mox.ObjektID{h.egen, ukendt.ObjektID} {
			_, err := h.r.Importer(h.Context(), alt, mox.Sag, id, "", personSag("1"))
			h.kode("Importer", err, mox.KodeGlemt)
		}
	})
}

// TestGlemtDokument keeps bytes that something else refers to, and lets the rest go, also where they are stored anew meanwhile.
func TestGlemtDokument(t *testing.T) {
	paaBeggeGlemhuse(t, func(h *glemhus) {
		h.fyld()
		sha := h.dokumentfil()
		andet, err := h.r.Opret(h.Context(), register.Hvem{Navn: "x", Adgang: register.FuldAdgang(), Sendt: []string{sha}}, mox.Dokument, personDokument(sha))
		h.maa(err)
		if ud := h.glem(mox.Dokument, h.dokument); ud.Fjernet.Dokumenter != 0 {
			h.Errorf("%+v", ud.Fjernet)
		}
		h.fuldfoer()
		if har, err := h.lager.Har(h.Context(), sha); err != nil || !har {
			h.Fatal("bytes that another document has are gone")
		}
		if ud := h.glem(mox.Dokument, andet.ObjektID); ud.Fjernet.Dokumenter != 1 {
			h.Errorf("%+v", ud.Fjernet)
		}
		igen, err := h.r.GemDokument(h.Context(), h.lager, strings.NewReader("et brev til "+navnet)) // before the bytes have gone
		h.maa(err)
		h.fuldfoer()
		if har, err := h.lager.Har(h.Context(), sha); err != nil || igen != sha || !har {
			h.Error("bytes that were stored anew are gone")
		}
	})
}

// barn tells the test program that it is the process to die, and in which folder.
const barn = "MOX_GLEM_TEST_MAPPE"

// TestDoedenMellemCommitOgBytes kills the process when an erasure has been committed and the document's bytes are still there.
// The next process removes them, without being asked.
func TestDoedenMellemCommitOgBytes(t *testing.T) {
	if dir := os.Getenv(barn); dir != "" {
		punkt, err := draeb.Punkt()
		if err != nil {
			t.Fatal(err)
		}
		h := nytGlemhus(t, dir, "", punkt)
		h.fyld()
		h.glem(mox.Dokument, h.dokument)
		t.Fatal("it has survived")
	}
	t.Parallel()
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestDoedenMellemCommitOgBytes$")
	cmd.Env = append(os.Environ(), barn+"="+dir, draeb.Env+"=glem.efter:1")
	ud, err := cmd.CombinedOutput()
	e := new(exec.ExitError)
	if !errors.As(err, &e) {
		t.Fatalf("%v\n%s", err, ud)
	}
	if s, ok := e.Sys().(syscall.WaitStatus); !ok || s.Signal() != syscall.SIGKILL {
		t.Fatalf("%v\n%s", err, ud)
	}
	filer, err := filepath.Glob(filepath.Join(dir, "indhold", "*", "*"))
	if err != nil || len(filer) != 1 {
		t.Fatalf("the bytes have gone before the process died: %v %v", filer, err)
	}
	h := nytGlemhus(t, dir, "", nil)
	h.fuldfoer()
	if _, err := os.Stat(filer[0]); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the bytes are still there: %v", err)
	}
	l, err := h.r.Glemte(t.Context(), alt, register.Glemteside{Antal: 10})
	if err != nil || len(l) != 1 || l[0].ObjektType != mox.Dokument {
		t.Errorf("%+v %v", l, err)
	}
	if raekker := h.raekker(); raekker["indhold_slettes"]+raekker["indhold"] != 0 {
		t.Errorf("%v", raekker)
	}
}
