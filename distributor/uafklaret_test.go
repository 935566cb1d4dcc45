package distributor_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/store"
)

// uafklarede are the writes to wait for when the source has read records with these keys, "1 2".
func (p *proeve) uafklarede(noegler string) []int64 {
	p.Helper()
	ud, err := p.d.Uafklarede(p.Context(), distributor.Laest{Agent: "byggesag", System: "byggesag", Kilde: "sager", ObjektType: mox.Sag, Noegler: strings.Fields(noegler)})
	p.maa(err)
	return ud
}

// venter checks that those who have read any of the lists of keys wait for the leverance, and that the others do not wait.
func (p *proeve) venter(hvornaar string, leverance int64, ja, nej []string) {
	p.Helper()
	for _, n := range ja {
		if har := p.uafklarede(n); !slices.Equal(har, []int64{leverance}) {
			p.Errorf("%s: %q venter på %v, skulle være på %d", hvornaar, n, har, leverance)
		}
	}
	for _, n := range nej {
		if har := p.uafklarede(n); len(har) > 0 {
			p.Errorf("%s: %q venter på %v", hvornaar, n, har)
		}
	}
}

// fraESDH has another system tell of an objekt.
func (p *proeve) fraESDH(id mox.ObjektID) {
	p.Helper()
	_, err := p.d.Accept(p.Context(), "esdh", besked(om(id), func(b *mox.Besked) { b.Kildesystem = "esdh" }))
	p.maa(err)
}

// A write to a system is uafklaret from its beginning until its outcome is known, though it has been tried again in between: for
// a source that has read the record it writes to and, where it makes one, for one that has read a record new to MOX.
func TestUafklarede(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		k := p.kilde()
		kendt := k.en(k.poster(post("1")))
		k.en(k.poster(post("2")))
		iSystemet := func(a *mox.Abonnement) { a.System, a.Carrier = "byggesag", mox.CarrierAgent }
		fra := kunHvor(map[string]any{"kildesystem": "esdh"})
		p.konfigurer(ab("ind", iSystemet, fra), ab("andre", fra, func(a *mox.Abonnement) { a.Carrier = mox.CarrierAgent }), ab("skub", fra, func(a *mox.Abonnement) { a.System, a.Carrier = "byggesag", mox.CarrierPush }))
		alle := []string{"1", "2", "1 2", "1 3", "3", ""}

		p.fraESDH(kendt.ObjektID)
		for _, a := range []mox.AbonnementID{"andre", "skub"} { // of these MOX does not know what they write
			w := p.en(a)
			p.venter("hos andre", 0, nil, alle)
			p.leveret(w)
		}
		p.venter("før det er begyndt", 0, nil, alle)
		w := p.en("ind")
		hans, andres := []string{"1", "1 2", "1 3", "2 1 1"}, []string{"2", "3", "2 3", ""}
		p.venter("mens det sker", w.Leverance, hans, andres)
		p.afslut(w, mox.Udfald{Resultat: mox.ResUkendt, Kode: "uden_svar"})
		p.venter("da udfaldet er ukendt", w.Leverance, hans, andres)
		w = p.en("ind")
		p.afslut(w, mox.Udfald{Resultat: mox.ResMidlertidig, Kode: "503"})
		p.venter("da næste forsøg ikke skete", w.Leverance, hans, andres)
		p.leveret(p.en("ind"))
		p.venter("da det er leveret", 0, nil, alle)

		p.fraESDH(sagA)
		p.leveret(p.en("andre"))
		p.leveret(p.en("skub"))
		w = p.en("ind")
		p.venter("mens der oprettes", w.Leverance, []string{"3", "1 3", "1 2 3"}, []string{"1", "2", "1 2", "", "\x00", "1 a\xff"}) // no record can have the latter two as its key
		_, err := p.d.Done(p.Context(), distributor.Afslutning{Leverance: w.Leverance, Forsoeg: w.Forsoeg, Ejer: w.Ejer, Udfald: mox.Udfald{Resultat: mox.ResAccepteret}, Noegle: "3"})
		p.maa(err)
		p.venter("da det er oprettet", 0, nil, alle)

		_, err = p.d.Uafklarede(p.Context(), distributor.Laest{Agent: "byggesag", System: "byggesag", Kilde: "sager", ObjektType: mox.Sag, Noegler: make([]string, distributor.MaksPoster+1)})
		p.kode(err, mox.KodeForStor)
	})
}

// An attempt without a known outcome is waited for only so long after the first such: besides what the system may take, which
// passes before it is tried again.
func TestUafklaretVentesDerIkkePaaForEvigt(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		const ro = time.Hour
		k := p.kilde()
		kendt := k.en(k.poster(post("1")))
		p.konfigurer(ab("ind", uigentagelig, kunHvor(map[string]any{"kildesystem": "esdh"}), func(a *mox.Abonnement) { a.System, a.Carrier, a.Ro = "byggesag", mox.CarrierAgent, ro }))
		p.fraESDH(kendt.ObjektID)
		w := p.en("ind")
		p.afslut(w, mox.Udfald{Resultat: mox.ResUkendt, Kode: "uden_svar"})
		gaar := func(d time.Duration) {
			p.maa(p.d.Store().Update(p.Context(), func(tx *store.Tx) error {
				_, err := tx.Exec(`UPDATE forsoeg SET afsluttet = afsluttet - ?`, d.Microseconds())
				return err
			}))
		}
		gaar(ro)
		p.venter("inden for tiden", w.Leverance, []string{"1"}, []string{"2"})
		gaar(distributor.UafklaretVentes)
		p.venter("da tiden er gået", 0, nil, []string{"1", "2"})
	})
}
