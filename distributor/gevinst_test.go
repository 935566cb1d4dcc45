package distributor_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/report"
	"github.com/moxkit/mox/store"
)

func fraMyndighed(cvr string) func(*mox.Besked) {
	return func(b *mox.Besked) {
		b.ObjektID = mox.ObjektID(mox.NyUUID())
		b.Myndighed = cvr
	}
}

// nu is the database's time.
func (p *proeve) nu() (t time.Time) {
	p.Helper()
	p.laes(func(tx *store.Tx) error {
		t = tx.Now()
		return nil
	})
	return t
}

// gevinster is the report of the last year, as the next process on the database makes it.
func (p *proeve) gevinster(cvr string) report.Rapport {
	p.Helper()
	b := report.New(report.Options{D: p.d, Tidszone: time.UTC, Nu: p.nu})
	per, err := b.Periode("", "", cvr)
	p.maa(err)
	r, err := b.Rapport(p.Context(), per)
	p.maa(err)
	return r
}

// talt checks what is counted: "afsluttet fejlet udløbet reparationer fejl".
func (p *proeve) talt(hvad, cvr, vil string) {
	p.Helper()
	t := p.gevinster(cvr).Taelling
	x := t.Processer[0]
	ens(p, hvad, fmt.Sprint(x.Afsluttet, x.Fejlet, x.Udloebet, t.Reparationer, t.ReparerteFejl), vil)
	ens(p, hvad+": proces", x.Proces, "Byggesag")
	var sum int64
	for _, n := range x.PrMaaned {
		sum += n
	}
	ens(p, hvad+": månederne giver det hele", sum, x.Afsluttet)
}

// TestTransaktionerTaelles of two municipalities, with repeats, resends, failures, a mended failure and one past its frist: what is
// counted is instances with all their slutbeskeder, each once. It is the same after a restart, and when retention has removed all
// that the instances were made of.
func TestTransaktionerTaelles(t *testing.T) {
	conformance.Proves(t, "mox 59")
	const nord, syd = "urn:oio:cvr-nr:29189803", "urn:oio:cvr:29189846"
	paaBegge(t, func(p *proeve) {
		p.medProcesser(byggesag(), ab("arkiv", fraByggesag), ab("esdh", fraByggesag))
		p.talt("intet", "", "0 0 0 0 0")
		svar := func(i int) {
			p.svarer(p.en("esdh"), "esdh", fmt.Sprint("J-", i))
			p.svarer(p.en("arkiv"), "arkiv", fmt.Sprint("A-", i))
		}
		var foerste mox.Besked
		for i, m := range []string{nord, nord, nord, syd, syd} {
			b := besked(fraMyndighed(m), medIndhold(sag("Carport")))
			a := p.accept(b)
			if b.ID = a.BeskedID; i == 0 {
				foerste = b
			}
			svar(i)
		}
		if !p.accept(foerste).Gentaget {
			p.Error("gentagelsen blev ikke kendt")
		}
		p.talt("fem og en gentagelse", "", "5 0 0 0 0")

		p.accept(besked(fraMyndighed(syd))) // one answers, the other cannot
		p.afvist(p.en("esdh"))
		p.talt("i gang tæller ikke", "", "5 0 0 0 0")
		p.svarer(p.en("arkiv"), "arkiv", "A-5")
		p.talt("fejlet", "", "5 1 0 0 0")
		_, err := p.d.Gensend(p.Context(), store.Udvalg{}, person, true)
		p.maa(err)
		p.talt("en forhåndsvisning er ingen reparation", "", "5 1 0 0 0")
		_, err = p.d.Gensend(p.Context(), store.Udvalg{}, person, false)
		p.maa(err)
		p.svarer(p.en("esdh"), "esdh", "J-5")
		p.talt("gensendt og rettet", "", "6 0 0 1 1")
		ens(p, "afstemt", p.gevinster("").Taelling.Afstemt(), report.Afstemning{Bekraeftet: 6})
		ens(p, "afstemt, den ene", p.gevinster("29189803").Taelling.Afstemt(), report.Afstemning{Bekraeftet: 3})

		for range 2 {
			p.accept(besked(fraMyndighed(nord)))
			p.svarer(p.en("arkiv"), "arkiv", mox.NyUUID())
			p.afvist(p.en("esdh"))
		}
		_, err = p.d.Luk(p.Context(), store.Udvalg{}, person, false) // two Fejl in one act
		p.maa(err)
		p.talt("to opgivet på én gang", "", "6 2 0 2 3")
		p.talt("den ene", "29189803", "3 2 0 2 3")
		p.talt("den anden", "29189846", "3 0 0 2 3")
		p.talt("en tredje", "12345678", "0 0 0 2 3")

		p = p.naeste()
		p.talt("efter en genstart", "", "6 2 0 2 3")
		p.skriv(`DELETE FROM besked_proces WHERE besked IN (SELECT slutbesked FROM proces_svar WHERE abonnement = 'esdh' AND proces_id = (SELECT MIN(proces_id) FROM proces WHERE tilstand = 'afsluttet'))`)
		ens(p, "en, hvis slutbesked er væk", p.gevinster("").Taelling.Afstemt(), report.Afstemning{Bekraeftet: 5, Afviger: 1})
		p.alderdom()
		p.talt("når alt andet er væk", "", "6 2 0 2 3")
		ens(p, "afstemt, når alt andet er væk", p.gevinster("").Taelling.Afstemt(), report.Afstemning{Slettet: 6})
		p.talt("også for den ene", "29189803", "3 2 0 2 3")
		p.accept(foerste)
		p.talt("en gentagelse efter mange år", "", "6 2 0 2 3")
	})
}

// alderdom lets retention remove all it can: content, metadata, what recognises repeats, Fejl and acts.
func (p *proeve) alderdom() {
	p.Helper()
	p.naesteSekvens(int(p.taeller(`besked`)))
	p.skriv(`UPDATE besked SET modtaget = 1`)
	p.skriv(`UPDATE fejl SET lukket = 1 WHERE status = 'lukket'`)
	p.skriv(`UPDATE handling SET tid = tid - 7200000000`) // two hours
	b := distributor.StandardBevaring()
	b.Handlinger = time.Hour
	_, err := p.d.Ryd(p.Context(), b, p.lager())
	p.maa(err)
	ens(p, "det, der er tilbage", p.taeller(`besked WHERE metadata IS NOT NULL OR afsender <> ''`)+p.taeller(`fejl`)+p.taeller(`handling`), 0)
}

// TestMaanederOgPeriode: an instance is counted in the month in which it ended, by the municipality's clock.
func TestMaanederOgPeriode(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.medProcesser(byggesag(), ab("esdh", fraByggesag))
		zone := time.FixedZone("dansk", 3600)
		slut := []time.Time{time.Date(2026, 1, 31, 23, 59, 59, 0, zone), time.Date(2026, 2, 1, 0, 0, 0, 0, zone), time.Date(2026, 3, 15, 23, 59, 59, 0, zone), time.Date(2026, 3, 16, 0, 0, 0, 0, zone)}
		for i, t := range slut {
			a := p.accept(besked(fraMyndighed("")))
			p.svarer(p.en("esdh"), "esdh", fmt.Sprint("J-", i))
			p.skriv(`UPDATE proces SET afsluttet = ? WHERE proces_id = ?`, t.UnixMicro(), a.ProcesID[0])
		}
		b := report.New(report.Options{D: p.d, Tidszone: zone})
		per, err := b.Periode("2026-01-10", "2026-03-15", "")
		p.maa(err)
		ens(p, "dage", per.Dage(), 22+28+15)
		r, err := b.Rapport(p.Context(), per)
		p.maa(err)
		liste(p, "måneder", r.Taelling.Maaneder, []string{"2026-01", "2026-02", "2026-03"})
		liste(p, "pr. måned", r.Taelling.Processer[0].PrMaaned, []int64{1, 1, 1})
		for _, d := range [][3]string{{"2026-02-30", "", ""}, {"2026-03-02", "2026-03-01", ""}, {"2000-01-01", "2026-01-01", ""}, {"", "", "1234"}, {"", "", "0102031234"}} {
			_, err := b.Periode(d[0], d[1], d[2])
			p.kode(err, mox.KodeUgyldig)
		}
	})
}

// TestGrundlagetGemmesMedHvem: each change is kept with who made it and why, two at once do not overwrite each other, and what
// cannot be used changes nothing.
func TestGrundlagetGemmesMedHvem(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.medProcesser(byggesag())
		b := report.New(report.Options{D: p.d})
		timepris := 455.0
		g := report.Grundlag{Kommune: "Nordby", Timepris: &timepris}
		inge := distributor.Hvem{Navn: "Inge", Begrundelse: "løntal 2026"}
		p.maa(b.Gem(p.Context(), g, 0, inge))
		p.kode(b.Gem(p.Context(), g, 0, inge), mox.KodeKonflikt)
		p.kode(b.Gem(p.Context(), g, 1, distributor.Hvem{Navn: "Inge", Begrundelse: " "}), mox.KodeUgyldig)
		minus := -1.0
		p.kode(b.Gem(p.Context(), report.Grundlag{Timepris: &minus}, 1, inge), mox.KodeUgyldig)
		timepris2 := 470.0
		g.Timepris = &timepris2
		fejl := []error{nil, nil}
		_ = samtidig(func() error { fejl[0] = b.Gem(p.Context(), g, 1, inge); return nil }, func() error { fejl[1] = b.Gem(p.Context(), g, 1, inge); return nil })
		if (fejl[0] == nil) == (fejl[1] == nil) {
			p.Errorf("to på én gang: %v", fejl)
		}
		har, versioner, err := b.Grundlag(p.Context())
		p.maa(err)
		ens(p, "timepris", *har.Timepris, 470)
		ens(p, "versioner", len(versioner), 2)
		ens(p, "af", versioner[1].Af+" "+versioner[1].Begrundelse, "Inge løntal 2026")
		ens(p, "i loggen", p.taeller(`handling WHERE hvad = 'gevinstgrundlag' AND hvem = 'Inge'`), 2)
		ens(p, "i rapporten", p.gevinster("").Version, 2)
	})
}
