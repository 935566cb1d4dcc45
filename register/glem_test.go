package register_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/indhold"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/internal/pak"
	"github.com/moxkit/mox/kopi"
	"github.com/moxkit/mox/oio"
	"github.com/moxkit/mox/register"
	"github.com/moxkit/mox/store"
	"github.com/moxkit/mox/store/storetest"
)

// What nothing may be left of: a name, and a CPR number of a day that there is not.
const (
	navnet    = "Zebulonquist"
	cprNummer = "3102994327"
)

var (
	alt     = register.Hvem{Navn: "dpo", Rolle: "administrator", Adgang: register.FuldAdgang()}
	grunden = register.Glemmevalg{Begrundelse: "anmodning 14", Hjemmel: "databeskyttelsesforordningens artikel 17"}
)

// glemhus is an installation in a folder of its own, in which everything has been said of a person.
type glemhus struct {
	*hus
	dir, url string
	lager    *indhold.Lager
	pak      pak.Pakker

	egen, fulgt, dokument mox.ObjektID
	igang                 []distributor.Arbejde // what is under delivery
}

func paaBeggeGlemhuse(t *testing.T, f func(h *glemhus)) {
	t.Helper()
	t.Parallel()
	for navn, url := range map[string]func(t testing.TB, dir string) string{"SQLite": storetest.SQLiteIn, "PostgreSQL": func(t testing.TB, _ string) string { return storetest.Postgres(t) }} {
		t.Run(navn, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			f(nytGlemhus(t, dir, url(t, dir), nil))
		})
	}
}

func nytGlemhus(t *testing.T, dir, url string, punkt func(string)) *glemhus {
	t.Helper()
	h := &glemhus{hus: &hus{T: t}, dir: dir, url: url}
	if url == "" {
		h.url = filepath.Join(dir, "mox.db")
	}
	s, err := store.Open(t.Context(), h.url)
	h.maa(err)
	t.Cleanup(func() { _ = s.Close() })
	h.d, err = distributor.New(t.Context(), s, distributor.Options{Jitter: func() float64 { return 0 }, Punkt: punkt})
	h.maa(err)
	h.lager, err = indhold.Open(filepath.Join(dir, "indhold"))
	h.maa(err)
	h.r = register.New(h.d, register.Options{})
	h.maa(h.d.Konfigurer(t.Context(), h.abonnementer(), nil))
	h.maa(h.d.Start(t.Context()))
	return h
}

// abonnementer are receivers of every kind: each is a system of the name before the dot.
func (h *glemhus) abonnementer() []mox.Abonnement {
	typer := h.filter(map[string]any{"objekttype": []any{"Sag", "Dokument"}})
	ab := func(id string, c mox.Carrier, f mox.Filter) mox.Abonnement {
		system, _, _ := strings.Cut(id, ".")
		return mox.Abonnement{ID: mox.AbonnementID(id), System: system, Carrier: c, Filter: f, Orden: mox.OrdenObjekt, Plan: mox.Plan{Forsoeg: 3}, Gentages: c != mox.CarrierAgent}
	}
	koe := ab("koe.alt", mox.CarrierAMQP, typer)
	koe.Kraeves = true
	return []mox.Abonnement{h.r.Foelger(h.filter(map[string]any{"kildesystem": "Byggesag"})), ab("post.alt", mox.CarrierPull, typer), ab("esdh.alt", mox.CarrierAgent, typer),
		ab("esdh.slet", mox.CarrierAgent, h.filter(map[string]any{"beskedtype": mox.TypeSletning})), ab("arkiv.alt", mox.CarrierAgent, typer), koe, ab("push.alt", mox.CarrierPush, typer),
		ab("uroert.alt", mox.CarrierPush, typer), ab("feed.alt", mox.CarrierPush, typer), ab("igang.alt", mox.CarrierPull, typer)}
}

func personSag(bvn string) mox.Registrering {
	r := sag(navnet, mox.MinusUendelig)
	v := mox.Virkning{Fra: mox.MinusUendelig, Til: mox.Uendelig, NoteTekst: "note om " + navnet}
	r.NoteTekst = "registreret for " + navnet
	r.Attributter["sagegenskaber"][0].Felter["brugervendtnoegle"] = bvn
	r.Attributter["sagegenskaber"][0].Felter["beskrivelse"] = strings.Repeat(navnet+" ", 310) // more than a page of the database
	r.Relationer = map[string][]mox.Relation{"primaerpart": {{Reference: mox.Reference{URN: "urn:oio:cpr-nr:" + cprNummer}, Virkning: v}}}
	return r
}

// fyld lets everything be said, delivered, answered and refused.
func (h *glemhus) fyld() {
	h.Helper()
	ctx := h.Context()
	sha, err := h.r.GemDokument(ctx, h.lager, strings.NewReader("et brev til "+navnet))
	h.maa(err)
	ny, err := h.r.Opret(ctx, alt, mox.Sag, personSag(navnet+"-1"))
	h.maa(err)
	h.egen = ny.ObjektID
	om := mox.Virkning{Fra: mox.Kl(time.Now().Add(24 * time.Hour)), Til: mox.Uendelig}
	_, err = h.r.Ret(ctx, alt, mox.Sag, h.egen, "", mox.Registrering{NoteTekst: "rettet", Attributter: map[string][]mox.Attribut{"sagegenskaber": {{Felter: map[string]string{"titel": "flyttet"}, Virkning: om}}}})
	h.maa(err)
	d, err := h.r.Opret(ctx, register.Hvem{Navn: "dpo", Adgang: register.FuldAdgang(), Sendt: []string{sha}}, mox.Dokument, personDokument(sha))
	h.maa(err)
	h.dokument = d.ObjektID
	h.fulgtSag()
	h.afviste()
	for _, tilstand := range h.foelg() {
		if tilstand != mox.Leveret {
			h.Fatalf("fulgt: %s", tilstand)
		}
	}
	h.lever()
}

func personDokument(sha string) mox.Registrering {
	v := mox.Virkning{Fra: mox.MinusUendelig, Til: mox.Uendelig}
	t, _ := mox.TypeAf(mox.Dokument)
	felter := map[string]string{}
	for _, f := range t.Egenskaber().Felter {
		if f.Kraev {
			felter[f.Navn] = navnet
		}
	}
	for navn, x := range map[string]string{"titel": "Brev til " + navnet, "brugervendtnoegle": navnet + "-2", "brevdato": "2026-03-02"} {
		felter[navn] = x
	}
	return mox.Registrering{LivscyklusKode: mox.Opstaaet, Attributter: map[string][]mox.Attribut{t.Egenskaber().Navn: {{Felter: felter, Virkning: v}}},
		Tilstande: map[string][]mox.Tilstand{t.Tilstande[0].Navn: {{Vaerdi: t.Tilstande[0].Vaerdi[0], Virkning: v}}},
		Varianter: []mox.Variant{{VariantTekst: "original", Egenskaber: []mox.Attribut{{Felter: map[string]string{"produktion": "true"}, Virkning: v}},
			Dele: []mox.Del{{DelTekst: navnet, Egenskaber: []mox.Attribut{{Felter: map[string]string{"indhold": indhold.URN + sha, "mimetype": "text/plain", "lokation": "hos " + navnet}, Virkning: v}}}}}}}
}

// fulgtSag comes from a source of an agent, is followed, and is corrected there.
func (h *glemhus) fulgtSag() {
	h.Helper()
	for i, titel := range []string{navnet, navnet + " igen"} {
		ud, err := h.d.Indlever(h.Context(), h.indlevering(fmt.Sprint(i), h.post(titel)))
		h.maa(err)
		if len(ud.Beskeder) != 1 {
			h.Fatalf("%+v", ud)
		}
	}
	h.fulgt = h.d.Store().ObjektID("Byggesag", mox.Sag, navnet+"-3")
}

func (h *glemhus) post(titel string) distributor.Post {
	return distributor.Post{Noegle: navnet + "-3", ObjektType: mox.Sag, Version: "", Raa: []byte(titel), Felter: map[string]string{"egenskaber.brugervendtnoegle": navnet, "egenskaber.sagsnummer": "3",
		"egenskaber.titel": titel, "egenskaber.beskrivelse": "b", "egenskaber.kassationskode": "B", "tilstande.fremdrift": "Opstaaet", "relationer.primaerpart": "urn:oio:cpr-nr:" + cprNummer}}
}

func (h *glemhus) indlevering(position string, p ...distributor.Post) distributor.Indlevering {
	h.Helper()
	k, err := h.d.Kilde(h.Context(), "byggesag", "sager")
	h.maa(err)
	return distributor.Indlevering{Agent: "byggesag", System: "Byggesag", Kilde: "sager", Forventet: k.Position, Position: k.Position + position, Faerdig: true, Poster: p}
}

// afviste are refused beskeder about the objekt, one that names it and cannot be read, and a record that cannot be used.
func (h *glemhus) afviste() {
	h.Helper()
	aarsag := mox.E("x", mox.KodeUgyldig, "kan ikke bruges: "+navnet)
	b := h.beskedOm(h.egen, navnet)
	b.Opgaveemne, b.Version = "27.00", "9"
	if _, err := h.d.Accept(h.Context(), "Byggesag", b); mox.KodeAf(err) != mox.KodeBeskedversion {
		h.Fatal(err)
	}
	_ = h.d.Afvis(h.Context(), "Byggesag", []byte(`{"objektID":"`+strings.ToUpper(string(h.egen))+`","navn":"`+navnet+`"}`), aarsag)
	p := h.post(navnet)
	p.Fejl, p.Sted = &distributor.Postfejl{Ansvar: mox.AnsvarAfsender, Kode: "x", Tekst: navnet}, `{"felt":"`+navnet+`"}`
	_, err := h.d.Indlever(h.Context(), h.indlevering("f", p))
	h.maa(err)
}

func (h *glemhus) beskedOm(id mox.ObjektID, titel string) mox.Besked {
	h.Helper()
	r := personSag(titel)
	r.LivscyklusKode, r.FraTidspunkt = mox.Rettet, time.Now().UTC().Truncate(time.Microsecond)
	raa, err := oio.MarshalRegistrering(mox.Sag, id, r)
	h.maa(err)
	return h.d.Om(mox.Besked{ID: mox.BeskedID(mox.NyUUID()), ObjektID: id, ObjektType: mox.Sag, Kildesystem: "Byggesag", Dannet: time.Now(), Indhold: raa}, r)
}

// lever has each receiver do what it does: accept, with the name in the answer, refuse, take into its queue, read in the feed.
func (h *glemhus) lever() {
	h.Helper()
	for _, x := range []struct {
		a mox.AbonnementID
		u mox.Udfald
	}{{"post.alt", mox.Udfald{Resultat: mox.ResAccepteret, Tekst: "modtaget for " + navnet}}, {"esdh.alt", mox.Udfald{Resultat: mox.ResAccepteret}}, {"arkiv.alt", mox.Udfald{Resultat: mox.ResAccepteret}},
		{"koe.alt", mox.Udfald{Resultat: mox.ResOverdraget}}, {"push.alt", mox.Udfald{Resultat: mox.ResAfvist, Kode: navnet, Tekst: navnet + " kendes ikke"}}} {
		for w := h.hent(x.a); len(w) > 0; w = h.hent(x.a) { // the next of an objekt comes when the first has been taken
			for _, w := range w {
				f := distributor.Afslutning{Leverance: w.Leverance, Forsoeg: w.Forsoeg, Ejer: w.Ejer, Udfald: x.u, Svar: []byte("svar om " + navnet)}
				if x.a == "esdh.alt" {
					f.Noegle, f.EkkoAf, f.Ekko = navnet+"-esdh-"+string(w.Besked.ObjektID[:4]), w.Besked.ObjektID, []store.Ekko{{Felt: "titel", Skrevet: navnet, Laest: navnet}}
				}
				_, err := h.d.Done(h.Context(), f)
				h.maa(err)
			}
		}
	}
	for range 3 {
		_, err := h.d.GivPositioner(h.Context())
		h.maa(err)
	}
	if f, err := h.d.Feed(h.Context(), "feed.alt", 0, 100, 0); err != nil || len(f.Poster) == 0 {
		h.Fatal(len(f.Poster), err)
	}
	h.igang = h.hent("igang.alt")
}

// hent takes what there is to do.
func (h *glemhus) hent(a mox.AbonnementID) (ud []distributor.Arbejde) {
	h.Helper()
	w, err := h.d.Claim(h.Context(), a, "fjern/proeve", 100, time.Hour)
	h.maa(err)
	return w
}

// spor are the columns and files in which the name or the number can be read, however it is written and packed.
func (h *glemhus) spor() (ud []string) {
	h.Helper()
	set := map[string]bool{}
	h.maa(h.d.Store().View(h.Context(), func(tx *store.Tx) error {
		tabeller, err := tx.Schema().Tables()
		if err != nil {
			return err
		}
		for _, t := range tabeller {
			if err := h.sporITabel(tx, t.Name, set); err != nil {
				return err
			}
		}
		return nil
	}))
	h.maa(filepath.WalkDir(h.dir, func(sti string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(sti)
		if har(b) {
			set["fil "+filepath.Base(sti)] = true
		}
		return err
	}))
	for s := range set {
		ud = append(ud, s)
	}
	slices.Sort(ud)
	return ud
}

func har(b []byte) bool {
	b = bytes.ToLower(b)
	return bytes.Contains(b, []byte(strings.ToLower(navnet))) || bytes.Contains(b, []byte(cprNummer)) || bytes.Contains(b, []byte(cprNummer[:6]+"-"+cprNummer[6:]))
}

func (h *glemhus) sporITabel(tx *store.Tx, tabel string, set map[string]bool) error {
	rows, err := tx.Query(`SELECT * FROM "` + tabel + `"`)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	kolonner, err := rows.Columns()
	if err != nil {
		return err
	}
	v, til := make([]any, len(kolonner)), make([]any, len(kolonner))
	for i := range v {
		til[i] = &v[i]
	}
	for rows.Next() {
		if err := rows.Scan(til...); err != nil {
			return err
		}
		for i, k := range kolonner {
			b, ok := v[i].([]byte)
			if !ok {
				b = []byte(fmt.Sprint(v[i]))
			}
			if udpakket, err := h.pak.Udpak(b); err == nil && len(b) > 0 {
				b = udpakket
			} else if tabel == "register_registrering" && k == "indhold" {
				return fmt.Errorf("%s.%s cannot be unpacked: %w", tabel, k, err)
			}
			if har(b) {
				set[tabel+"."+k] = true
			}
		}
	}
	return rows.Err()
}

// ordrer takes what there is to do, and gives the orders to erase among it.
func (h *glemhus) ordrer(a mox.AbonnementID) []distributor.Arbejde {
	h.Helper()
	return slices.DeleteFunc(h.hent(a), func(w distributor.Arbejde) bool { return w.Besked.Type != mox.TypeSletning })
}

// glem erases an objekt.
func (h *glemhus) glem(t mox.ObjektType, id mox.ObjektID) register.Glemsel {
	h.Helper()
	ud, err := h.r.Glem(h.Context(), alt, t, id, grunden)
	h.maa(err)
	return ud
}

func (h *glemhus) fuldfoer() {
	h.Helper()
	if ok, err := h.d.FuldfoerSletning(h.Context(), h.lager); !ok || err != nil {
		h.Fatal(ok, err)
	}
}

// TestIntetErTilbage is what erasure is for: a person's name and number are everywhere, three objekter are erased, and they are
// nowhere, in no column of no table, and in no file. The chain of the log holds.
func TestIntetErTilbage(t *testing.T) {
	conformance.Proves(t, "mox 53")
	paaBeggeGlemhuse(t, func(h *glemhus) {
		h.fyld()
		vil := []string{"besked.indhold", "besked.metadata", "ekko.laest", "ekko.skrevet", "fejl.kode", "fejl.raa", "fejl.sted", "fejl.tekst", "fil " + h.dokumentfil(), "forsoeg.kode", "forsoeg.svar", "forsoeg.tekst",
			"henvisning.noegle", "identitet.noegle", "kvittering.begrundelse", "leverance.aarsag", "leverance.kode", "objektstand.registrering", "register_felt.hele", "register_felt.vaerdi",
			"register_objekt.bvn", "register_registrering.indhold", "register_registrering.note"}
		har := h.spor()
		if i := slices.Index(har, "fil mox.db"); i >= 0 {
			har = slices.Delete(har, i, i+1)
		}
		if i := slices.Index(har, "fil mox.db-wal"); i >= 0 {
			har = slices.Delete(har, i, i+1)
		} else if h.d.Store().Proves() {
			h.Error("the database's own files are not looked into")
		}
		if !slices.Equal(har, vil) {
			h.Fatalf("the name and the number are not where the test must find them:\n%v\nwant\n%v", har, vil)
		}
		h.glem(mox.Sag, h.egen)
		h.glem(mox.Sag, h.fulgt)
		h.glem(mox.Dokument, h.dokument)
		h.fuldfoer()
		// A receiver is still to be told what to erase, by the name it has given it.
		if spor := h.spor(); !slices.Equal(spor, h.medFiler("henvisning.noegle")) {
			h.Errorf("before the receivers have confirmed: %v", spor)
		}
		h.bekraeft()
		h.fuldfoer()
		if spor := h.spor(); len(spor) > 0 {
			h.Errorf("left: %v", spor)
		}
		h.kaedenHolder()
	})
}

// medFiler are columns, and the database's own files where the driver has such.
func (h *glemhus) medFiler(kolonner ...string) []string {
	if h.d.Store().Proves() {
		kolonner = append([]string{"fil mox.db"}, kolonner...)
	}
	return kolonner
}

func (h *glemhus) dokumentfil() (navn string) {
	h.Helper()
	h.maa(h.d.Store().View(h.Context(), func(tx *store.Tx) error {
		return tx.QueryRow(`SELECT sha256 FROM indhold`).Scan(&navn)
	}))
	return navn
}

// bekraeft has every receiver say that it has erased, and reports of what was under delivery come late, with the name in them.
func (h *glemhus) bekraeft() {
	h.Helper()
	for i, w := range h.igang {
		u := mox.Udfald{Resultat: []mox.Resultat{mox.ResAccepteret, mox.ResAfvist, mox.ResMidlertidig}[i%3], Kode: navnet, Tekst: navnet}
		_, err := h.d.Done(h.Context(), distributor.Afslutning{Leverance: w.Leverance, Forsoeg: w.Forsoeg, Ejer: w.Ejer, Udfald: u, Svar: []byte(navnet), Noegle: "igang-" + fmt.Sprint(i),
			EkkoAf: w.Besked.ObjektID, Ekko: []store.Ekko{{Felt: "titel", Skrevet: navnet, Laest: navnet}}, Agent: "igang", Poster: []distributor.Post{h.post(navnet)}})
		h.maa(err)
	}
	for _, a := range []mox.AbonnementID{"post.alt", "esdh.slet", "push.alt", "feed.alt", "igang.alt"} {
		for _, w := range h.ordrer(a) {
			_, err := h.d.Done(h.Context(), distributor.Afslutning{Leverance: w.Leverance, Forsoeg: w.Forsoeg, Ejer: w.Ejer, Udfald: mox.Udfald{Resultat: mox.ResAccepteret}})
			h.maa(err)
		}
	}
	_, err := h.d.AfslutSletninger(h.Context())
	h.maa(err)
}

// kaedenHolder checks the log as mox verify does.
func (h *glemhus) kaedenHolder() {
	h.Helper()
	for n := 1; n > 0; {
		var err error
		n, err = h.d.GivPositioner(h.Context())
		h.maa(err)
	}
	r, err := kopi.Kilde{Store: h.d.Store(), Lager: h.lager, Dir: h.dir, Version: "prøve"}.Efterproev(context.WithoutCancel(h.Context()), nil, nil)
	h.maa(err)
	if r.Antal != 0 || r.Slettede == 0 {
		h.Errorf("%+v", r)
	}
}
