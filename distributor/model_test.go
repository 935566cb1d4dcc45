package distributor_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/store"
)

var (
	froe   = flag.Uint64("seed", 0, "seed of the random run; 0 = a new one, which is printed")
	runder = flag.Uint64("runder", 1, "how many random runs after each other")
)

// TestTilfaeldigtForloebBryderIngenRegel lets publishers, carriers, the clock and operators do as they please with a few
// objekter, and checks after every step what must always hold, and at the end that everything came to an end.
func TestTilfaeldigtForloebBryderIngenRegel(t *testing.T) {
	seed := *froe
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("go test ./distributor -run TilfaeldigtForloeb -seed %d", seed)
	paaBegge(t, func(p *proeve) {
		for runde := range *runder {
			m := &model{proeve: p, rng: rand.New(rand.NewPCG(seed, runde))}
			m.konfigurer(modelAbonnementer()...)
			for i := range 150 {
				if i == 40 {
					m.konfigurer(append(modelAbonnementer(), ab("ny", kunSager))...)
					m.efterlever("ny", distributor.Efterleveringsvalg{Fra: 1})
				}
				m.trin()
				m.regler()
				if p.Failed() {
					p.Fatalf("seed %d, runde %d; de sidste trin: %v", seed, runde, m.log[max(0, len(m.log)-8):])
				}
			}
			m.tilEnde()
			p = m.proeve // the last of the processes
		}
	})
}

func modelAbonnementer() []mox.Abonnement {
	return []mox.Abonnement{ab("esdh", kunSager), ab("post", kunSager, uigentagelig), ab("log", kunSager, func(a *mox.Abonnement) { a.Orden = mox.OrdenIngen }), ab("hurtig", kunSager, overhalende)}
}

type model struct {
	*proeve
	rng     *rand.Rand
	log     []string
	arbejde []distributor.Arbejde // claimed at some time, and perhaps reported
}

func vaelg[T any](m *model, af ...T) T { return af[m.rng.IntN(len(af))] }

// trin does one thing.
func (m *model) trin() {
	m.Helper()
	hvad := []struct {
		navn  string
		vaegt int
		goer  func()
	}{
		{"accept", 4, m.nyBesked}, {"claim", 6, m.tag}, {"done", 8, m.meld}, {"rens", 3, m.rens}, {"gensend", 1, m.gensend}, {"luk", 1, m.luk},
		{"afgør", 2, m.afgoer}, {"ret", 1, m.ret}, {"genstart", 1, m.genstart}, {"efterlever", 2, m.lidtFraLoggen},
	}
	sum := 0
	for _, h := range hvad {
		sum += h.vaegt
	}
	n := m.rng.IntN(sum)
	for _, h := range hvad {
		if n -= h.vaegt; n < 0 {
			m.log = append(m.log, h.navn)
			h.goer()
			return
		}
	}
}

func (m *model) skriv(format string, args ...any) {
	m.log = append(m.log, fmt.Sprintf(format, args...))
}

func (m *model) nyBesked() {
	m.Helper()
	b := besked(om(vaelg(m, sagA, sagB, "dddddddd-0000-4000-8000-000000000004")), medIndhold(sag("Carport")))
	if m.rng.IntN(8) == 0 {
		forsent(&b)
	}
	m.skriv("%d om %s", m.accept(b).Nr, b.ObjektID[:1])
}

func (m *model) tag() {
	m.Helper()
	leje := vaelg(m, -time.Second, time.Hour)
	w, err := m.d.Claim(m.Context(), vaelg(m, m.d.Abonnementer()...).ID, m.ejer(), 1+m.rng.IntN(3), leje)
	m.maa(err)
	m.arbejde = append(m.arbejde, w...)
}

// meld reports some attempt, perhaps for the second time, or too late.
func (m *model) meld() {
	m.Helper()
	if len(m.arbejde) == 0 {
		return
	}
	w := vaelg(m, m.arbejde...)
	u := mox.Udfald{Resultat: vaelg(m, mox.ResAccepteret, mox.ResAccepteret, mox.ResAfvist, mox.ResFejlet, mox.ResMidlertidig, mox.ResUkendt)}
	m.skriv("%d forsøg %d %s: %s", w.Leverance, w.Forsoeg, u.Resultat, m.afslut(w, u).Tilstand)
}

// lidtFraLoggen makes some leverancer from the log, if there are any to make.
func (m *model) lidtFraLoggen() {
	m.Helper()
	_, err := m.d.EfterleverNu(m.Context())
	m.maa(err)
}

// enAf is an open Fejl about some leverance in a state.
func (m *model) enAf(tilstand mox.LeveranceTilstand) (store.Fejl, bool) {
	m.Helper()
	i := map[int64]bool{}
	for _, r := range m.raekker() {
		i[r.id] = r.tilstand == string(tilstand)
	}
	ud := slices.DeleteFunc(m.fejl(store.Udvalg{}), func(f store.Fejl) bool { return !i[f.Leverance] })
	if len(ud) == 0 {
		return store.Fejl{}, false
	}
	return vaelg(m, ud...), true
}

func (m *model) gensend() {
	m.Helper()
	_, err := m.d.Gensend(m.Context(), store.Udvalg{Antal: 1 + m.rng.IntN(5)}, person, false)
	m.maa(err)
}

func (m *model) luk() {
	m.Helper()
	_, err := m.d.Luk(m.Context(), store.Udvalg{Antal: 1}, person, false)
	m.maa(err)
}

func (m *model) afgoer() {
	m.Helper()
	f, ok := m.enAf(mox.Uvis)
	switch {
	case !ok:
	case m.rng.IntN(2) == 0:
		m.maa(m.d.Skete(m.Context(), f.ID, person, distributor.Afslutning{}))
	default:
		m.maa(m.d.SketeIkke(m.Context(), f.ID, person))
	}
}

func (m *model) ret() {
	m.Helper()
	if f, ok := m.enAf(mox.Parkeret); ok {
		_, err := m.d.RetOgSend(m.Context(), f.ID, map[string]string{"egenskaber.titel": mox.NyUUID()}, person)
		m.maa(err)
	}
}

func (m *model) genstart() {
	m.Helper()
	m.proeve = m.naeste()
	m.maa(m.d.Start(m.Context()))
}

// raekke is what the rules are about of one leverance.
type raekke struct {
	id, besked, raekke, omgang, forsoeg, skrevne, fejl int64
	abonnement, orden, tilstand                        string
	blokeret                                           bool
}

func (m *model) raekker() (ud []raekke) {
	m.Helper()
	m.laes(func(tx *store.Tx) error {
		rows, err := tx.Query(`SELECT l.id, l.besked, l.raekke, l.omgang, l.forsoeg, (SELECT COUNT(*) FROM forsoeg f WHERE f.leverance = l.id),
			(SELECT COUNT(*) FROM fejl f WHERE f.leverance = l.id AND f.status = 'aaben'), l.abonnement, l.orden, l.tilstand, l.blokeret
			FROM leverance l ORDER BY l.abonnement, l.orden, l.raekke, l.omgang`)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var r raekke
			if err := rows.Scan(&r.id, &r.besked, &r.raekke, &r.omgang, &r.forsoeg, &r.skrevne, &r.fejl, &r.abonnement, &r.orden, &r.tilstand, &r.blokeret); err != nil {
				return err
			}
			ud = append(ud, r)
		}
		return rows.Err()
	})
	return ud
}

// regler checks what holds at every moment.
func (m *model) regler() {
	m.Helper()
	foerste, aabne, parkeret := map[string]int64{}, map[string]int{}, map[string]bool{}
	raekker := m.raekker()
	venter := m.venterPaaLoggen(raekker)
	for _, r := range raekker {
		t := mox.LeveranceTilstand(r.tilstand)
		koe := r.abonnement + "/" + r.orden
		if t.Holder() {
			if foerste[koe] == 0 {
				foerste[koe] = r.id
			}
			if vil := r.orden != "" && (foerste[koe] != r.id || venter[r.id]) && t != mox.UnderLevering; r.blokeret != vil {
				m.Errorf("%+v: blokeret skulle være %v; den første i køen er %d, og venter på loggen er %v", r, vil, foerste[koe], venter[r.id])
			}
			if aabne[fmt.Sprint(r.abonnement, r.besked)]++; aabne[fmt.Sprint(r.abonnement, r.besked)] > 1 {
				m.Errorf("%+v: to åbne omgange", r)
			}
		}
		if r.abonnement == "hurtig" && parkeret[r.orden] && (t == mox.Afventer || t == mox.Udsat) {
			m.Errorf("%+v: venter bag en parkeret, som den kan træde i stedet for", r)
		}
		if t == mox.Parkeret && foerste[koe] == r.id {
			parkeret[r.orden] = r.abonnement == "hurtig" || parkeret[r.orden]
		}
		if t == mox.UnderLevering && r.blokeret {
			m.Errorf("%+v: under levering, men holdt tilbage", r)
		}
		if (r.fejl == 1) != t.KraeverHandling() || r.fejl > 1 {
			m.Errorf("%+v: %d åbne fejl", r, r.fejl)
		}
		if r.forsoeg != r.skrevne {
			m.Errorf("%+v: %d forsøg er skrevet", r, r.skrevne)
		}
	}
	m.raekkefoelge()
}

// venterPaaLoggen are the leverancer that may not go on although they are the first of their queue: an older besked about the
// objekt may still come from the log, or a later one had begun when this one came from there.
func (m *model) venterPaaLoggen(raekker []raekke) map[int64]bool {
	m.Helper()
	ud, iGang := map[int64]bool{}, map[string]bool{}
	for _, r := range raekker {
		if r.tilstand == string(mox.UnderLevering) {
			iGang[r.abonnement+r.orden] = true
		}
	}
	m.laes(func(tx *store.Tx) error {
		e, _, err := tx.Efterlevering("ny")
		var log []store.Besked
		if err == nil && e.ID > 0 && e.Afsluttet.IsZero() {
			log, err = tx.Beskeder(store.Beskedsoegning{Antal: 10_000})
		}
		for _, r := range raekker {
			ud[r.id] = iGang[r.abonnement+r.orden] || r.abonnement == "ny" && slices.ContainsFunc(log, func(b store.Besked) bool {
				return string(b.ObjektID) == r.orden && b.Nr < r.raekke && (b.Logposition == 0 || b.Logposition > e.Naaet) && b.Modtaget.Before(e.Oprettet.Add(2*time.Second))
			})
		}
		return err
	})
	return ud
}

// raekkefoelge checks that what was delivered of one objekt to one abonnement was delivered in order.
func (m *model) raekkefoelge() {
	m.Helper()
	m.laes(func(tx *store.Tx) error {
		rows, err := tx.Query(`SELECT l.abonnement, l.orden, l.raekke FROM kvittering k JOIN leverance l ON l.besked = k.besked AND l.abonnement = k.abonnement AND l.tilstand = 'Leveret'
			WHERE k.art = 'accepteret' AND l.orden <> '' ORDER BY k.id`)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		sidst := map[string]int64{}
		for rows.Next() {
			var a, orden string
			var nr int64
			if err := rows.Scan(&a, &orden, &nr); err != nil {
				return err
			}
			if nr <= sidst[a+orden] {
				m.Errorf("%s fik nr. %d om %s efter nr. %d", a, nr, orden, sidst[a+orden])
			}
			sidst[a+orden] = nr
		}
		return rows.Err()
	})
}

// tilEnde lets everything that is open come to its end, and checks that nothing was lost on the way.
func (m *model) tilEnde() {
	m.Helper()
	aaben := func(r raekke) bool { return mox.LeveranceTilstand(r.tilstand).Holder() }
	for n := 0; n == 0 || slices.ContainsFunc(m.raekker(), aaben) || m.efterleverer("ny"); n++ {
		if n > 500 {
			m.Fatalf("der er stadig åbne leverancer: %+v", slices.DeleteFunc(m.raekker(), func(r raekke) bool { return !aaben(r) }))
		}
		m.maa(m.d.Store().Update(m.Context(), func(tx *store.Tx) error { // as if every lease had run out
			if _, err := tx.Exec(`UPDATE leje SET lejet_til = 0`); err != nil {
				return err
			}
			_, err := tx.Exec(`UPDATE leverance SET lejet_til = 0 WHERE tilstand = 'UnderLevering'`)
			return err
		}))
		m.rens()
		m.efterleverAlt()
		for {
			f, ok := m.enAf(mox.Uvis)
			if !ok {
				break
			}
			m.maa(m.d.Skete(m.Context(), f.ID, person, distributor.Afslutning{}))
		}
		_, err := m.d.Gensend(m.Context(), store.Udvalg{}, person, false)
		m.maa(err)
		for _, a := range m.d.Abonnementer() {
			for _, w := range m.claim(a.ID, 100) {
				m.leveret(w)
			}
		}
		m.regler()
	}
	m.intetErTabt()
}

// intetErTabt checks that each besked about a Sag has come to one end at each of its receivers: all of them, or the one that a
// correction was for. One past its gyldigTil does not come from the log.
func (m *model) intetErTabt() {
	m.Helper()
	ender := map[int64]map[string]string{}
	for _, r := range m.raekker() { // the last omgang comes last
		if ender[r.besked] == nil {
			ender[r.besked] = map[string]string{}
		}
		ender[r.besked][r.abonnement] = r.tilstand
	}
	m.laes(func(tx *store.Tx) error {
		alle, err := tx.Beskeder(store.Beskedsoegning{Type: "Sag.Rettet", Antal: 10_000})
		for _, b := range alle {
			vil := len(m.d.Abonnementer())
			if b.Afsender == distributor.MOX {
				vil = 1
			}
			if n := len(ender[b.Nr]); n != vil && (b.GyldigTil.IsZero() || n != vil-1) {
				m.Errorf("besked %d fra %s endte hos %v", b.Nr, b.Afsender, ender[b.Nr])
			}
		}
		return err
	})
}
