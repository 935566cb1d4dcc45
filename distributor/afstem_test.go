package distributor_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/store"
)

// afstemt is what Afstem said, a word for each record.
func (k *kilde) afstemt(poster ...distributor.Post) (ud []string) {
	k.Helper()
	l, err := k.d.Afstem(k.Context(), distributor.Indlevering{Agent: "byggesag", System: "byggesag", Kilde: "sager", Poster: poster})
	k.maa(err)
	for _, a := range l {
		ud = append(ud, strings.Join(append([]string{a.Noegle, string(a.Hvad)}, a.Stier...), " "))
	}
	return ud
}

// levende are the keys of the objekter that the source has told of.
func (k *kilde) levende(efter mox.ObjektID, n int) (ud []string, sidst mox.ObjektID) {
	k.Helper()
	l, err := k.d.Levende(k.Context(), "byggesag", "sager", efter, n)
	k.maa(err)
	for _, a := range l {
		ud, sidst = append(ud, a.Noegle), a.ObjektID
	}
	return ud, sidst
}

// What a system has is held against what MOX knows, and neither is changed: what was news is so afterwards.
func TestAfstemFinderForskelleneOgGemmerIntet(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		k := p.kilde()
		gl := k.poster(post("1", version("1")), post("2", version("2")), post("3"), post("4"))
		if len(gl.Beskeder) != 4 {
			t.Fatalf("%+v", gl)
		}
		ukendt := post("6", func(p *distributor.Post) {
			p.Fejl = &distributor.Postfejl{Ansvar: mox.AnsvarAfsender, Kode: "kan_ikke_laeses", Tekst: "linjen er for kort"}
		})
		poster := []distributor.Post{post("1", version("1")), post("2", version("1")), post("3", saet("egenskaber.titel", "Skur"), saet("tilstande.fremdrift", "Oplyst")), post("5"), ukendt,
			post("4", livscyklus(mox.Passiveret))}
		vil := []string{"1 ens", "2 aeldre", "3 afviger egenskaber.titel tilstande.fremdrift", "5 ny", "6 fejl", "4 afviger"}
		stand := func() (n int) {
			p.laes(func(tx *store.Tx) error {
				l, err := tx.Beskeder(store.Beskedsoegning{Antal: 100})
				n = 100*len(l) + len(p.fejl(store.Udvalg{}))
				return err
			})
			return n
		}
		foer := stand()
		for range 2 {
			har := k.afstemt(poster...)
			for i := range har {
				if !strings.HasPrefix(har[i], vil[i]) || i == 3 && !strings.HasPrefix(har[i], "5 ny egenskaber.") {
					t.Errorf("%q, skulle være %q", har[i], vil[i])
				}
			}
		}
		if efter := stand(); efter != foer {
			t.Errorf("%d er blevet til %d", foer, efter)
		}
		alle, _ := k.levende("", 100)
		if slices.Sort(alle); !slices.Equal(alle, []string{"1", "2", "3", "4"}) {
			t.Errorf("%v", alle)
		}
		if foerste, sidst := k.levende("", 3); len(foerste) != 3 {
			t.Errorf("%v", foerste)
		} else if rest, _ := k.levende(sidst, 3); len(rest) != 1 || slices.Contains(foerste, rest[0]) {
			t.Errorf("%v, %v", foerste, rest)
		}
		k.tal(k.poster(poster...), 3, 1, 1, 0, 1, 0)
		if l, _ := k.levende("", 100); len(l) != 4 { // one passive, one new
			t.Errorf("%v", l)
		}
		_, err := p.d.Afstem(p.Context(), distributor.Indlevering{Poster: make([]distributor.Post, distributor.MaksPoster+1)})
		p.kode(err, mox.KodeForStor)
	})
}

// A record of an objekt that has been erased for good is told as that, and nothing is kept of it.
func TestAfstemKenderDetDerErSlettetForAltid(t *testing.T) {
	paaBegge(t, func(p *proeve) {
		k := p.kilde()
		b := k.en(k.poster(post("1")))
		p.glem(b.ObjektID)
		if har := k.afstemt(post("1")); !slices.Equal(har, []string{"1 udgaaet"}) {
			t.Errorf("%q", har)
		}
		if f := p.fejl(store.Udvalg{}); len(f) != 0 {
			t.Errorf("%+v", f)
		}
		if l, _ := k.levende("", 100); len(l) != 0 {
			t.Errorf("%v", l)
		}
	})
}
