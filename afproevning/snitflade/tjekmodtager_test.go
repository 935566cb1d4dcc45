package snitflade

import (
	"errors"
	"maps"
	"slices"
	"testing"
)

// Every check of a receiver finds what it is for, passes what is in order, and says so when there is nothing to look at.
func TestModtagertjek(t *testing.T) {
	t.Parallel()
	sendt1 := func(etiket string, s svar) *sendt {
		return &sendt{Send: &Send{Besked: etiket}, beskedID: "id-" + etiket, korrelation: "k-" + etiket, svar: s}
	}
	fl := func(s ...svar) *forloeb {
		f := &forloeb{}
		for n, x := range s {
			f.sendte = append(f.sendte, sendt1(string(rune('a'+n)), x))
		}
		return f
	}
	ja, nej := svar{dom: DomModtaget, kode: "20", svarede: true, korrelation: "k-a", leveringer: 1}, svar{dom: DomAfvist, kode: "51", tekst: "hvorfor", svarede: true, leveringer: 1}
	effekt := func(antal int, titel string) *forloeb {
		f := fl(ja)
		f.spoerg = func(string, string) (effekt, error) { return effekt{&antal, &titel}, nil }
		f.pause = func() bool { return false }
		f.sendte[0].effekt = effekt{&antal, &titel}
		return f
	}
	kvit := func(felter map[string][]string) *forloeb {
		f := fl(ja)
		m := &Modtaget{Felter: map[string][]string{"beskedtype": {"Kvittering"}, "beskedID": {"urn:x:1"}, "foraarsagetAf": {"id-a"}, "handling": {"accepteret"}, "procesID": {"p"}}}
		maps.Copy(m.Felter, felter)
		f.kvittering = []*Modtaget{m}
		return f
	}
	uden := func(s svar, f func(*svar)) svar { f(&s); return s }
	tabel := map[string]struct {
		e                 Forvent
		godt, fejl, ingen *forloeb
	}{
		"dom":              {Forvent{Er: "modtaget"}, fl(ja, ja), fl(ja, nej), nil},
		"dom_sidst":        {Forvent{Er: "afvist", Besked: "a"}, fl(nej), fl(ja), nil},
		"virkning":         {Forvent{Besked: "a", Antal: i(1)}, effekt(1, ""), effekt(2, ""), fejlendeEffekt(fl(ja))},
		"virkning_alle":    {Forvent{Besked: "a"}, effekt(1, ""), effekt(0, ""), fejlendeEffekt(fl(ja))},
		"virkning_straks":  {Forvent{Besked: "a"}, effekt(1, ""), effekt(0, ""), fl(nej)},
		"titel":            {Forvent{Besked: "a", Titel: "Ny"}, effekt(1, "Ny"), effekt(1, "Gammel"), fejlendeEffekt(fl(ja))},
		"titel_stadig":     {Forvent{Besked: "a", Titel: "Ny"}, effekt(1, "Ny"), effekt(1, "Gammel"), fejlendeEffekt(fl(ja))},
		"leveret_en_gang":  {Forvent{Besked: "a"}, fl(nej), fl(uden(nej, func(s *svar) { s.leveringer = 2 })), fl(svar{})},
		"selv_kvitteret":   {Forvent{}, fl(ja), fl(uden(ja, func(s *svar) { s.auto = true })), blindt(fl(ja))},
		"svar":             {Forvent{Besked: "a"}, fl(ja), fl(svar{dom: DomModtaget}), nil},
		"svar_korrelation": {Forvent{Besked: "a"}, fl(ja), fl(uden(ja, func(s *svar) { s.korrelation = "" })), fl(svar{})},
		"egen_kode":        {Forvent{Besked: "a", Mod: "b"}, fl(uden(nej, func(s *svar) { s.kode = "55" }), nej), fl(nej, nej), fl(ja, nej)},
		"grund":            {Forvent{Besked: "a"}, fl(nej), fl(uden(nej, func(s *svar) { s.tekst = " " })), fl(ja)},
		"svar_uden_cpr":    {Forvent{}, fl(nej), fl(uden(nej, func(s *svar) { s.raa = "om " + opdigtetCPR })), fl(svar{})},
		"kvittering":       {Forvent{Besked: "a", EnAf: []string{"accepteret"}}, kvit(nil), kvit(map[string][]string{"handling": {"fejlet"}}), nil},
		"kvittering_felt":  {Forvent{Besked: "a", Felt: "procesID", EnAf: []string{"p"}}, kvit(nil), kvit(map[string][]string{"procesID": nil}), fl(ja)},
		"kvittering_id":    {Forvent{Besked: "a"}, kvit(nil), kvit(map[string][]string{"beskedID": {"id-a"}}), fl(ja)},
		"ingen_kvittering": {Forvent{Besked: "a"}, fl(ja), kvit(nil), nil},
	}
	liste := modtagertjek()
	for _, navn := range slices.Sorted(maps.Keys(liste)) {
		c, ok := tabel[navn]
		if !ok {
			t.Errorf("the check %s has no test", navn)
			continue
		}
		for vil, f := range map[Status]*forloeb{Bestaaet: c.godt, Fejlet: c.fejl, IkkeAfproevet: c.ingen} {
			if f == nil {
				continue
			}
			f.p, f.cpr = &Profil{Effekt: &Handl{}}, opdigtetCPR
			if x := liste[navn].f(f, &c.e); x.status != vil || vil != Bestaaet && x.tekst == "" {
				t.Errorf("%s: %s %q, want %s", navn, x.status, x.tekst, vil)
			}
		}
	}
	if len(tabel) != len(liste) {
		t.Errorf("%d tests of %d checks", len(tabel), len(liste))
	}
}

// What the tool cannot see is not judged.
func TestBlindtErIkkeBestaaet(t *testing.T) {
	t.Parallel()
	for _, er := range []Dom{DomModtaget, DomAfvist} {
		f := blindt(&forloeb{p: &Profil{}, sendte: []*sendt{{Send: &Send{Besked: "a"}, svar: svar{dom: DomIntet}}}})
		if x := dom(f, &Forvent{Er: string(er)}); x.status != IkkeAfproevet {
			t.Errorf("%s: %+v", er, x)
		}
	}
}

func blindt(f *forloeb) *forloeb {
	f.blind = true
	return f
}

func fejlendeEffekt(f *forloeb) *forloeb {
	f.spoerg = func(string, string) (effekt, error) { return effekt{}, errors.New("nede") }
	f.pause = func() bool { return false }
	return f
}
