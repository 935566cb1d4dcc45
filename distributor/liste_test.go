package distributor_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/store"
	"github.com/moxkit/mox/store/storetest"
)

func vaerdier(v ...string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, x := range v {
			if !yield(x, nil) {
				return
			}
		}
	}
}

func (p *proeve) nyListe(navn, noegle string, v ...string) {
	p.Helper()
	_, err := p.d.OpretListe(p.Context(), mox.Vaerdiliste{Navn: navn, Noegle: noegle}, person)
	p.maa(err)
	p.listen(navn, distributor.ListeTilfoej, v...)
}

func (p *proeve) listen(navn string, hvad distributor.Listeaendring, v ...string) distributor.Listevirkning {
	p.Helper()
	ud, err := p.d.AendrListe(p.Context(), navn, hvad, vaerdier(v...), person)
	p.maa(err)
	return ud
}

func borger(nr string) func(*mox.Besked) {
	return func(b *mox.Besked) {
		b.Relateret = []mox.Relateret{{Rolle: "primaerpart", ID: "urn:oio:cpr-nr:" + nr, ObjektType: "Person"}}
	}
}

// opretEn asks for an abonnement that may be refused.
func (p *proeve) opretEn(a mox.Abonnement) error {
	_, err := p.d.OpretAbonnement(p.Context(), a, false, person)
	return err
}

func iListen(noegle, navn string) map[string]any {
	return map[string]any{noegle: map[string]any{"liste": navn}}
}

// TestEnListeAendresMensMOXKoerer: what is put in and taken out counts from the next besked, and why each besked went where
// it did is told by the list as it was then.
func TestEnListeAendresMensMOXKoerer(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		conformance.Proves(p.T, "mox 30")
		p.nyListe("borgere", "relateret", "0101700001")
		p.maa(p.opretEn(trukket("omsorg", kunHvor(iListen("relateret.primaerpart", "borgere")))))
		skridt := []struct {
			goer func()
			fik  bool
		}{
			{func() {}, false},
			{func() { p.listen("borgere", distributor.ListeTilfoej, "urn:oio:cpr-nr:0101700002", "") }, true},
			{func() { p.listen("borgere", distributor.ListeFjern, "010170-0002") }, false},
			{func() { p.listen("borgere", distributor.ListeErstat, "0101700002", "0101700003") }, true},
			{func() { p.maa(p.d.Store().Close()); p = nyProeve(p.T, p.url) }, true},
			{func() { p.listen("borgere", distributor.ListeErstat) }, false},
		}
		var ider []mox.BeskedID
		for i, s := range skridt {
			s.goer()
			a := p.accept(besked(borger("0101700002")))
			ider = append(ider, a.BeskedID)
			if (len(a.SendtTil) == 1) != s.fik {
				p.Errorf("skridt %d: sendt til %v", i, a.SendtTil)
			}
		}
		for i, id := range ider {
			f, err := p.d.Forklar(p.Context(), id, "omsorg")
			p.maa(err)
			if len(f) != 1 || f[0].Fik != skridt[i].fik || len(f[0].Betingelser) != 1 || f[0].Betingelser[0].Svar != map[bool]string{true: "ja", false: "nej"}[skridt[i].fik] {
				p.Errorf("skridt %d: %+v", i, f)
			}
		}
	})
}

// TestEnAendringAfEnListeErHel: what is wrong, or stops on the way, changes nothing, and the next change is not disturbed.
func TestEnAendringAfEnListeErHel(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		mange := make([]string, 1200)
		for i := range mange {
			mange[i] = fmt.Sprintf("sag-%04d", i)
		}
		p.nyListe("sager", "objektreference", mange[:600]...)
		har := func(vil int64) {
			p.Helper()
			l, err := p.d.Lister(p.Context())
			p.maa(err)
			v, err := p.d.Listevaerdier(p.Context(), "sager", []byte{}, 2000)
			p.maa(err)
			if len(l) != 1 || l[0].Antal != vil || int64(len(v)) != vil {
				p.Errorf("%+v, %d værdier", l, len(v))
			}
		}
		_, err := p.d.AendrListe(p.Context(), "sager", distributor.ListeErstat, vaerdier(append(slices.Clone(mange[600:]), "a*", strings.Repeat("x", 300))...), person)
		p.kode(err, mox.KodeUgyldig)
		var e *mox.Error
		if !errors.As(err, &e) || len(e.Felter) != 2 || e.Felter[0].Sti != "linje 601" {
			p.Errorf("%+v", e)
		}
		har(600)
		afbrudt := errors.New("forbindelsen blev afbrudt")
		for _, hvad := range []distributor.Listeaendring{distributor.ListeTilfoej, distributor.ListeFjern} {
			_, err = p.d.AendrListe(p.Context(), "sager", hvad, func(yield func(string, error) bool) {
				for _, v := range mange[300:] {
					if !yield(v, nil) {
						return
					}
				}
				yield("", afbrudt)
			}, person)
			if !errors.Is(err, afbrudt) {
				p.Error(err)
			}
			har(600)
		}
		if v := p.listen("sager", distributor.ListeErstat, mange[300:]...); v.Tilfoejet != 600 || v.Fjernet != 300 || v.Antal != 900 || v.Laest != 900 {
			p.Errorf("%+v", v)
		}
		har(900)
		if v := p.listen("sager", distributor.ListeTilfoej, mange[300:]...); v.Tilfoejet != 0 || v.Antal != 900 {
			p.Errorf("%+v", v)
		}
		if v := p.listen("sager", distributor.ListeFjern, mange[:700]...); v.Fjernet != 400 || v.Antal != 500 {
			p.Errorf("%+v", v)
		}
		har(500)
	})
}

// TestEnListeIGangHolderAndreUde while it is being changed.
func TestEnListeIGangHolderAndreUde(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.nyListe("sager", "objektreference")
		_, err := p.d.AendrListe(p.Context(), "sager", distributor.ListeTilfoej, func(yield func(string, error) bool) {
			_, err := p.d.AendrListe(p.Context(), "sager", distributor.ListeTilfoej, vaerdier("b"), person)
			p.kode(err, mox.KodeKonflikt)
			yield("a", nil)
		}, person)
		p.maa(err)
		p.listen("sager", distributor.ListeTilfoej, "b")
	})
}

// TestEnListeIBrugKanIkkeSlettes, and one that is not there cannot be used.
func TestEnListeIBrugKanIkkeSlettes(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.kode(p.opretEn(trukket("omsorg", kunHvor(iListen("relateret", "borgere")))), mox.KodeUgyldig)
		p.nyListe("borgere", "relateret")
		p.kode(p.opretEn(trukket("omsorg", kunHvor(iListen("opgaveemne", "borgere")))), mox.KodeUgyldig)
		p.maa(p.opretEn(trukket("omsorg", kunHvor(iListen("relateret", "borgere")))))
		p.kode(p.d.SletListe(p.Context(), "borgere", person), mox.KodeKonflikt)
		p.maa(p.d.LukAbonnement(p.Context(), "omsorg", false, person))
		p.maa(p.d.SletListe(p.Context(), "borgere", person))
		p.kode(p.d.SletListe(p.Context(), "borgere", person), mox.KodeIkkeFundet)
		_, err := p.d.AendrListe(p.Context(), "borgere", distributor.ListeTilfoej, vaerdier(), person)
		p.kode(err, mox.KodeIkkeFundet)
		p.nyListe("borgere", "objektID", "aaaaaaaa-0000-4000-8000-000000000001") // another of the same name
		_, err = p.d.OpretListe(p.Context(), mox.Vaerdiliste{Navn: "borgere", Noegle: "relateret"}, person)
		p.kode(err, mox.KodeKonflikt)
		ny, err := p.d.OpretListe(p.Context(), mox.Vaerdiliste{Navn: "borgere", Noegle: "objektID"}, person)
		if p.maa(err); ny {
			p.Error("den samme liste er ny igen")
		}
	})
}

// TestEnAgentsFilMaaNaevneEnListeFoerDenErDer: MOX starts all the same, and the filter works once the list is there.
func TestEnAgentsFilMaaNaevneEnListeFoerDenErDer(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		p.konfigurer(ab("omsorg", kunHvor(iListen("relateret", "borgere"))))
		ens(p, "uden liste", len(p.accept(besked(borger("0101700001"))).SendtTil), 0)
		p.nyListe("borgere", "relateret", "0101700001")
		ens(p, "med liste", len(p.accept(besked(borger("0101700001"))).SendtTil), 1)
		p.kode(p.d.SletListe(p.Context(), "borgere", person), mox.KodeKonflikt)
	})
}

// TestPersonnumreIEnListeStaarIngenSteder: neither in the database nor in the log.
func TestPersonnumreIEnListeStaarIngenSteder(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 53")
	const nr = "0101700001"
	p := nyProeve(t, storetest.SQLite(t))
	p.nyListe("borgere", "relateret", nr)
	p.nyListe("brugere", "bruger", "urn:oio:cpr-nr:"+nr, "svc-mox")
	v, err := p.d.Listevaerdier(t.Context(), "brugere", []byte{}, 10)
	if p.maa(err); len(v) != 2 || v[0].Vaerdi+v[1].Vaerdi != "svc-mox" {
		t.Errorf("%+v", v)
	}
	p.maa(p.d.Store().Close())
	filer, _ := filepath.Glob(p.url + "*")
	for _, f := range filer {
		if raa, err := os.ReadFile(f); err != nil || bytes.Contains(raa, []byte(nr)) {
			t.Errorf("%s: %v", f, err)
		}
	}
	if len(filer) == 0 {
		t.Error("der er ingen database")
	}
}

// TestEnAndenProcesSerListensAendring on a shared database.
func TestEnAndenProcesSerListensAendring(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		if !p.paaPostgres() {
			p.Skip("kun PostgreSQL deles")
		}
		p.nyListe("borgere", "relateret")
		p.maa(p.opretEn(trukket("omsorg", kunHvor(iListen("relateret", "borgere")))))
		anden := nyProeve(p.T, p.url)
		p.listen("borgere", distributor.ListeTilfoej, "0101700001")
		ctx, stop := context.WithCancel(p.Context())
		defer stop()
		skift := anden.d.Aendret()
		go func() { _ = anden.d.Run(ctx) }()
		p.vaekket(skift)
		ens(p, "sendt til", len(anden.accept(besked(borger("0101700001"))).SendtTil), 1)
	})
}

// TestMangeSmaaAendringerAfEnListe go over in one another without a value being lost.
func TestMangeSmaaAendringerAfEnListe(t *testing.T) {
	t.Parallel()
	p := nyProeve(t, storetest.SQLite(t))
	p.nyListe("sager", "objektreference")
	p.maa(p.opretEn(trukket("a", kunHvor(iListen("objektreference", "sager")))))
	alle := make([]string, 6000)
	for i := range alle {
		alle[i] = fmt.Sprint("sag-", i)
	}
	for bid := range slices.Chunk(alle, 1500) {
		p.listen("sager", distributor.ListeTilfoej, bid...)
	}
	for bid := range slices.Chunk(alle[:3000], 1000) {
		p.listen("sager", distributor.ListeFjern, bid...)
	}
	for i, vil := range map[int]int{0: 0, 2999: 0, 3000: 1, 5999: 1} {
		ens(p, alle[i], len(p.accept(besked(func(b *mox.Besked) { b.Objektreference = alle[i] })).SendtTil), vil)
	}
	p.laes(func(tx *store.Tx) error {
		n, err := tx.Handlinger("liste sager", 20)
		ens(p, "handlinger", len(n), 8)
		return err
	})
}
