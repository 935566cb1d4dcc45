package distributor_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/indhold"
	"github.com/moxkit/mox/store"
	"github.com/moxkit/mox/store/storetest"
)

// skriv changes rows as the test needs them; it must change some.
func (p *proeve) skriv(q string, args ...any) {
	p.Helper()
	p.maa(p.d.Store().Update(p.Context(), func(tx *store.Tx) error {
		n, err := tx.Exec(q, args...)
		if err == nil && n == 0 {
			err = fmt.Errorf("%s ændrer intet", q)
		}
		return err
	}))
}

// gammel makes a time be alder ago by the database's time.
func (p *proeve) gammel(tabel, kolonne, hvor string, alder time.Duration) {
	p.Helper()
	var nu time.Time
	p.laes(func(tx *store.Tx) error {
		nu = tx.Now()
		return nil
	})
	p.skriv(`UPDATE `+tabel+` SET `+kolonne+` = ? WHERE `+hvor, nu.Add(-alder).UnixMicro())
}

func (p *proeve) lager() *indhold.Lager {
	p.Helper()
	l, err := indhold.Open(filepath.Join(p.TempDir(), "indhold"))
	p.maa(err)
	return l
}

// rydder removes what is to be kept no longer, and checks how much of each kind there was.
func (p *proeve) rydder(b distributor.Bevaring, l *indhold.Lager, vil map[string]int64) {
	p.Helper()
	har, err := p.d.Ryd(p.Context(), b, l)
	p.maa(err)
	maps.DeleteFunc(har, func(_ string, n int64) bool { return n == 0 })
	if !maps.Equal(har, vil) {
		p.Errorf("fjernet %v, skulle være %v", har, vil)
	}
}

func (p *proeve) taeller(q string, args ...any) (n int64) {
	p.Helper()
	p.laes(func(tx *store.Tx) error { return tx.QueryRow(`SELECT COUNT(*) FROM `+q, args...).Scan(&n) })
	return n
}

// Each kind goes when it is older than its time, and not an hour before; all that is not of that kind stays.
func TestHverArtFjernesTilTiden(t *testing.T) {
	b := distributor.StandardBevaring()
	arter := []struct {
		art            string
		alder          time.Duration
		tabel, kolonne string
		rest           string // what is left of it, as a count
	}{
		{distributor.ArtIndhold, b.Indhold, "besked", "modtaget", `besked WHERE salt IS NOT NULL OR indhold IS NOT NULL`},
		{distributor.ArtFejl, b.Fejl, "fejl", "lukket", `fejl WHERE raa IS NOT NULL`},
		{distributor.ArtForsoeg, b.Forsoeg, "leverance", "aendret", `forsoeg`},
		{distributor.ArtHandlinger, b.Handlinger, "handling", "tid", `handling`},
		{distributor.ArtAlarmer, b.Alarmer, "alarm", "sluttet", `alarm`},
	}
	paaBegge(t, func(p *proeve) {
		p.afsluttetLevering()
		l := p.lager()
		p.gammel("leverance", "oprettet", `1 = 1`, b.Forsoeg+time.Hour) // it is by the last change that attempts are kept
		for _, a := range arter {
			p.gammel(a.tabel, a.kolonne, `1 = 1`, a.alder-time.Hour)
			p.rydder(b, l, map[string]int64{})
			ens(p, a.art+" før tiden", p.taeller(a.rest), 1)
			p.gammel(a.tabel, a.kolonne, `1 = 1`, a.alder+time.Hour)
			p.rydder(b, l, map[string]int64{a.art: 1})
			ens(p, a.art+" efter tiden", p.taeller(a.rest), 0)
			p.rydder(b, l, map[string]int64{})
			p.fortaelles(a.art)
		}
		ens(p, "det, der ikke var gammelt", p.taeller(`besked WHERE metadata IS NOT NULL`)+p.taeller(`fejl`)+p.taeller(`leverance`), 3)
	})
}

// afsluttetLevering leaves one of each: a delivered besked with its attempt, a closed Fejl with what came, an act and an ended alarm.
func (p *proeve) afsluttetLevering() distributor.Accepteret {
	p.Helper()
	p.konfigurer(ab("esdh"))
	a := p.accept(besked(medIndhold(sag("Carport"))))
	p.naesteSekvens(1)
	p.leveret(p.en("esdh"))
	p.kode(p.d.Afvis(p.Context(), "byggesag", []byte("rodet"), mox.E("x", mox.KodeUgyldig, "kan ikke læses")), mox.KodeUgyldig)
	p.maa(p.d.Store().Update(p.Context(), func(tx *store.Tx) error {
		if _, err := tx.LukFejl(1, "Inge", "luk", "set"); err != nil {
			return err
		}
		if err := tx.InsertHandling(store.Handling{Hvem: "Inge", Hvad: "luk", Maal: "fejl 1", Antal: 1}); err != nil {
			return err
		}
		_, err := tx.Exec(`INSERT INTO alarm (regel, genstand, tekst, raad, sti, begyndt, sidst, sluttet) VALUES ('r', 'g', 't', 'r', '/', 1, 1, ?)`, tx.Now().UnixMicro())
		if err != nil {
			return err
		}
		_, err = tx.Exec(`INSERT INTO alarm_fortalt (alarm, vej, staar) VALUES (1, 'drift@kommune.dk', 1)`)
		return err
	}))
	return a
}

// fortaelles checks that what was removed, and when, can be seen.
func (p *proeve) fortaelles(art string) {
	p.Helper()
	o, err := p.d.Overblik(p.Context())
	p.maa(err)
	for _, b := range o.Bevaring {
		if b.Art == art && (b.Antal != 1 || b.SidstAntal != 1 || b.Sidst.IsZero()) {
			p.Errorf("der fortælles %+v", b)
		}
	}
	ens(p, "arter, der er set efter", len(o.Bevaring), 9)
}

// In its order everything goes of a besked but its place in the log. The chain holds all the way, and a repeat is recognised
// until the last of it goes.
func TestKunPladsenILoggenBliverTilbage(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		b := distributor.StandardBevaring()
		b.Metadata = 365 * 24 * time.Hour
		p.konfigurer(ab("esdh"))
		igen := besked(medIndhold(sag("Garage")), func(x *mox.Besked) { x.Relateret = []mox.Relateret{{Rolle: "part", ID: "urn:oio:cpr-nr:0101901234"}} })
		p.accept(igen)
		p.leveret(p.en("esdh"))
		p.naesteSekvens(1)
		p.afsluttetLevering()
		l := p.lager()
		p.gammel("besked", "modtaget", `nr = 1`, b.Metadata+time.Hour)
		p.rydder(b, l, map[string]int64{distributor.ArtIndhold: 1, distributor.ArtMetadata: 1})
		for _, q := range []string{`leverance WHERE besked = 1`, `forsoeg WHERE leverance = 1`, `kvittering WHERE besked = 1`, `besked_relateret WHERE besked = 1`,
			`besked WHERE nr = 1 AND (metadata IS NOT NULL OR objekt_id <> '' OR kildesystem <> '')`} {
			ens(p, q, p.taeller(q), 0)
		}
		ens(p, "den anden", p.taeller(`besked WHERE nr = 2 AND indhold IS NOT NULL AND metadata IS NOT NULL`), 1)
		ens(p, "i kæden", p.kaede(), 2)
		a, err := p.d.Accept(p.Context(), "byggesag", igen)
		p.kode(err, "")
		ens(p, "genkendt", a.Gentaget, true)
		andet := igen
		andet.Indhold = besked(medIndhold(sag("Udhus"))).Indhold
		_, err = p.d.Accept(p.Context(), "byggesag", andet)
		p.kode(err, mox.KodeAndetIndhold)
		p.gammel("besked", "modtaget", `nr = 1`, distributor.DigestBevaring-time.Hour)
		p.rydder(b, l, map[string]int64{})
		p.gammel("besked", "modtaget", `nr = 1`, distributor.DigestBevaring+time.Hour)
		p.skriv(`UPDATE fejl SET status = 'lukket' WHERE status = 'aaben'`)
		p.rydder(b, l, map[string]int64{distributor.ArtDigest: 1, distributor.ArtMetadata: 1})
		ens(p, "spor af afsenderens id", p.taeller(`besked WHERE id = ?`, string(igen.ID)), 0)
		ens(p, "i kæden", p.kaede(), 2)
	})
}

// What is undelivered, uncertain, open as Fejl, awaits a Kvittering or is part of a process that goes on stays, however old.
func TestIntetDerErBrugForFjernes(t *testing.T) {
	fejl := func(f store.Fejl) func(*proeve, distributor.Arbejde, int64) {
		return func(p *proeve, w distributor.Arbejde, nr int64) {
			p.leveret(w)
			f.Ansvar, f.Kode, f.Tekst = mox.AnsvarMOX, "x", "x"
			if f.Art == store.FejlBesked {
				f.Besked = nr
			} else {
				f.Leverance = w.Leverance
			}
			p.maa(p.d.Store().Update(p.Context(), func(tx *store.Tx) error { return tx.InsertFejl(&f) }))
		}
	}
	tilfaelde := map[string]func(*proeve, distributor.Arbejde, int64){
		"under levering":   func(*proeve, distributor.Arbejde, int64) {},
		"udsat":            func(p *proeve, w distributor.Arbejde, _ int64) { p.afslut(w, mox.Udfald{Resultat: mox.ResMidlertidig}) },
		"parkeret":         func(p *proeve, w distributor.Arbejde, _ int64) { p.afvist(w) },
		"uvis":             func(p *proeve, w distributor.Arbejde, _ int64) { p.afslut(w, mox.Udfald{Resultat: mox.ResUkendt}) },
		"fejl om besked":   fejl(store.Fejl{Art: store.FejlBesked}),
		"fejl om levering": fejl(store.Fejl{Art: store.FejlLeverance}),
		"awaits Kvittering": func(p *proeve, w distributor.Arbejde, _ int64) {
			p.leveret(w)
			p.skriv(`UPDATE leverance SET tilstand = 'Overdraget', frist = 4102444800000000 WHERE id = ?`, w.Leverance)
		},
		"proces i gang": func(p *proeve, w distributor.Arbejde, nr int64) {
			p.leveret(w)
			p.skriv(`INSERT INTO besked_proces (proces_id, besked) VALUES ('p1', ?)`, nr)
			p.skriv(`INSERT INTO proces (navn, proces_id, startbesked, tilstand, startet) VALUES ('byggesag', 'p1', ?, 'igang', 1)`, nr)
		},
	}
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("esdh", uigentagelig, kunSager, func(a *mox.Abonnement) { a.Plan.Foerste, a.Plan.Hoejst = time.Hour, time.Hour }))
		navne := map[int64]string{}
		for navn, f := range tilfaelde {
			id := mox.ObjektID(mox.NyUUID())
			nr := p.accept(besked(om(id))).Nr
			navne[nr] = navn
			f(p, p.en("esdh"), nr)
		}
		faerdig := p.accept(besked(om(sagB)))
		p.leveret(p.en("esdh"))
		navne[p.accept(besked(om(sagA))).Nr] = "afventer"
		for _, x := range [][2]string{{"besked", "modtaget"}, {"leverance", "oprettet"}, {"leverance", "aendret"}} {
			p.gammel(x[0], x[1], `1 = 1`, 20*distributor.DigestBevaring)
		}
		_, err := p.d.Ryd(p.Context(), distributor.StandardBevaring(), p.lager())
		p.maa(err)
		for nr, navn := range navne {
			ens(p, navn, p.taeller(`besked WHERE salt IS NOT NULL AND metadata IS NOT NULL AND afsender <> '' AND nr = ?`, nr), 1)
			ens(p, navn+": leveringer", p.taeller(`leverance WHERE besked = ?`, nr), 1)
		}
		ens(p, "den færdige", p.taeller(`besked WHERE salt IS NULL AND metadata IS NULL AND nr = ?`, faerdig.Nr), 1)
	})
}

// More than fits in one transaction goes in several, past what must stay; the next round begins where there is something left.
func TestMegetFjernesLidtAdGangen(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		const antal = 1203
		for i := range antal {
			p.accept(besked(om(mox.ObjektID(fmt.Sprintf("dddddddd-0000-4000-8000-%012d", i)))))
		}
		p.maa(p.d.Store().Update(p.Context(), func(tx *store.Tx) error {
			return tx.InsertFejl(&store.Fejl{Art: store.FejlBesked, Ansvar: mox.AnsvarAfsender, Kode: "x", Tekst: "x", Besked: 601})
		}))
		b := distributor.StandardBevaring()
		p.gammel("besked", "modtaget", `nr <= 1202`, b.Indhold+time.Hour)
		p.rydder(b, p.lager(), map[string]int64{distributor.ArtIndhold: 1201})
		p.laes(func(tx *store.Tx) error {
			post, err := tx.Bevaringspost(distributor.ArtIndhold)
			ens(p, "intet tilbage til og med", post.Til, 600)
			ens(p, "fjernet sidst", post.SidstAntal, 1201)
			return err
		})
		p.skriv(`UPDATE fejl SET status = 'lukket', lukket = ?`, time.Now().UnixMicro())
		p.rydder(b, p.lager(), map[string]int64{distributor.ArtIndhold: 1})
		ens(p, "den sidste er ung", p.taeller(`besked WHERE salt IS NOT NULL`), 1)
	})
}

// Of several processes on one database one removes.
func TestKunEnProcesRydder(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.afsluttetLevering()
		p.gammel("besked", "modtaget", `1 = 1`, 181*24*time.Hour)
		p.maa(p.d.Store().Update(p.Context(), func(tx *store.Tx) error {
			_, err := tx.Lej("bevaring", "proces/en-anden", tx.Now().Add(time.Minute))
			return err
		}))
		p.rydder(distributor.StandardBevaring(), p.lager(), map[string]int64{})
		p.gammel("leje", "lejet_til", `navn = 'bevaring'`, time.Second)
		p.rydder(distributor.StandardBevaring(), p.lager(), map[string]int64{distributor.ArtIndhold: 1})
	})
}

// A document goes with its bytes when nothing refers to it and its grace is over; one that a besked, a registrering or an
// open Fejl refers to stays. What was stored again starts anew.
func TestDokumenterFjernesNaarIngenHenviser(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		b, l := distributor.StandardBevaring(), p.lager()
		sha := map[string]string{}
		for _, navn := range []string{"ledigt", "nyt", "igen", "i besked", "i registrering", "i fejl", "i register"} {
			sha[navn] = p.gemDokument(l, navn)
		}
		p.gammel("indhold", "brugt", `1 = 1`, b.Dokumenter+time.Hour)
		p.gammel("indhold", "brugt", `sha256 = '`+sha["nyt"]+`'`, b.Dokumenter-time.Hour)
		p.gemDokument(l, "igen")
		a := p.accept(besked(medIndhold(sag("Carport"))))
		p.maa(p.d.Store().Update(p.Context(), func(tx *store.Tx) error {
			if err := tx.RefererIndhold(sha["i besked"], a.Nr); err != nil {
				return err
			}
			raa := []byte(`{"indhold":"` + indhold.URN + strings.ToUpper(sha["i fejl"]) + `"}`)
			if err := tx.InsertFejl(&store.Fejl{Art: store.FejlBesked, Ansvar: mox.AnsvarAfsender, Kode: "x", Tekst: "x", Raa: raa}); err != nil {
				return err
			}
			return tx.GemObjektstand(store.Objektstand{ObjektID: sagA, Kildesystem: "byggesag", ObjektType: mox.Sag, Livscyklus: mox.Rettet, Registrering: []byte(`"` + indhold.URN + sha["i registrering"] + `"`)})
		}))
		p.skriv(`INSERT INTO register_objekt (uuid, objekttype, registrering, livscyklus, bvn) VALUES (?, 'Dokument', 1, 'Slettet', 'd')`, string(sagB))
		p.skriv(`INSERT INTO register_felt (objekt, felt, vaerdi, fra, til, regfra, regtil) VALUES (1, 'Dokument.d.indhold', ?, 1, 2, 1, 2)`, indhold.URN+sha["i register"])
		p.rydder(b, l, map[string]int64{distributor.ArtDokumenter: 1})
		for navn, s := range sha {
			ens(p, "på disken: "+navn, p.paaDisken(l, s), navn != "ledigt")
		}
		p.gammel("besked", "modtaget", `1 = 1`, b.Indhold+time.Hour)
		p.rydder(b, l, map[string]int64{distributor.ArtIndhold: 1}) // and now its document has its grace
		ens(p, "på disken, lige blevet ledigt", p.paaDisken(l, sha["i besked"]), true)
		p.gammel("indhold", "brugt", `sha256 = '`+sha["i besked"]+`'`, b.Dokumenter+time.Hour)
		p.rydder(b, l, map[string]int64{distributor.ArtDokumenter: 1})
		ens(p, "på disken, ledigt længe", p.paaDisken(l, sha["i besked"]), false)
	})
}

func (p *proeve) gemDokument(l *indhold.Lager, tekst string) string {
	p.Helper()
	sha, n, err := l.Gem(p.Context(), strings.NewReader(tekst))
	p.maa(err)
	p.maa(p.d.Store().Update(p.Context(), func(tx *store.Tx) error { return tx.InsertIndhold(sha, n) }))
	return sha
}

func (p *proeve) paaDisken(l *indhold.Lager, sha string) bool {
	p.Helper()
	har, err := l.Har(p.Context(), sha)
	p.maa(err)
	return har
}

// What a crash leaves on the disk goes: bytes never stored to their end, and bytes that no row knows.
func TestResterPaaDiskenFjernes(t *testing.T) {
	t.Parallel()
	p := nyProeve(t, storetest.SQLite(t))
	dir := filepath.Join(t.TempDir(), "indhold")
	l, err := indhold.Open(dir)
	p.maa(err)
	kendt := p.gemDokument(l, "kendt")
	ukendt, _, err := l.Gem(p.Context(), strings.NewReader("ukendt"))
	p.maa(err)
	for _, f := range []string{"ny-123", "andres.txt"} {
		p.maa(os.WriteFile(filepath.Join(dir, f), []byte("x"), 0o600))
	}
	n, err := p.d.RydRester(p.Context(), l, time.Now().Add(-time.Hour))
	p.maa(err)
	ens(p, "unge rester fjernet", n, 0)
	n, err = p.d.RydRester(p.Context(), l, time.Now().Add(time.Hour))
	p.maa(err)
	ens(p, "gamle rester fjernet", n, 2)
	ens(p, "kendt", p.paaDisken(l, kendt), true)
	ens(p, "ukendt", p.paaDisken(l, ukendt), false)
	if _, err := os.Stat(filepath.Join(dir, "andres.txt")); err != nil {
		p.Error(err)
	}
}

// 0 days is without end.
func TestNulErUdenEnde(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.afsluttetLevering()
		for _, x := range [][2]string{{"besked", "modtaget"}, {"leverance", "oprettet"}, {"leverance", "aendret"}, {"fejl", "lukket"}, {"handling", "tid"}, {"alarm", "sluttet"}} {
			p.gammel(x[0], x[1], `1 = 1`, 20*distributor.DigestBevaring)
		}
		p.rydder(distributor.Bevaring{}, p.lager(), map[string]int64{})
	})
}
