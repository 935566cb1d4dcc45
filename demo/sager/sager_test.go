package sager

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/charmap"

	"github.com/moxkit/mox/demo/byggesag"
	"github.com/moxkit/mox/demo/fejlplan"
)

// fuld is the story that the demonstration tells where nothing else is said.
func fuld() *Historie { return Lav(1, 500, PerRunde, true) }

// trin are all steps of a story, in order.
func trin(h *Historie) []Trin { return slices.Concat(h.Runder...) }

// sager are the case versions that are registered, and dokumenter those of documents.
func sager(h *Historie) (ud []byggesag.Sag) {
	for _, t := range trin(h) {
		if t.Sag != nil {
			ud = append(ud, *t.Sag)
		}
	}
	return ud
}

func dokumenter(h *Historie) (ud []byggesag.Dokument) {
	for _, t := range trin(h) {
		if t.Dokument != nil {
			ud = append(ud, *t.Dokument)
		}
	}
	return ud
}

func TestSammeSeedGiverSammeHistorie(t *testing.T) {
	t.Parallel()
	if !reflect.DeepEqual(Lav(7, 60, 10, true), Lav(7, 60, 10, true)) {
		t.Error("two stories with one seed differ")
	}
	if reflect.DeepEqual(Lav(7, 60, 10, true).Runder, Lav(8, 60, 10, true).Runder) {
		t.Error("two seeds tell the same story")
	}
}

func TestHistorienHarMindst500SagerMedFlereDokumenter(t *testing.T) {
	t.Parallel()
	h := fuld()
	pr := map[string]map[string]bool{}
	for _, s := range sager(h) {
		pr[s.Nr] = map[string]bool{}
	}
	for _, d := range dokumenter(h) {
		pr[d.Sagsnr][d.Nr] = true
	}
	uden := 0
	for _, d := range pr {
		if len(d) < 2 {
			uden++
		}
	}
	if len(pr) < 500 || uden > 2 { // the cut-off and the closed case have none
		t.Errorf("%d cases, %d of them with fewer than two documents", len(pr), uden)
	}
}

func TestHistorienHarRettelserOgTilbagetraekninger(t *testing.T) {
	t.Parallel()
	h := Lav(1, 500, PerRunde, false)
	rettelser, trukne := 0, 0
	for _, s := range sager(h) {
		if s.Version > 1 {
			rettelser++
		}
	}
	for _, d := range dokumenter(h) {
		if d.Version > 1 {
			rettelser++
		}
	}
	for _, s := range trin(h) {
		if s.Traek != nil {
			trukne++
		}
	}
	if rettelser < 100 || trukne < 10 {
		t.Errorf("%d corrections, %d withdrawals", rettelser, trukne)
	}
}

// TestHvertTrinFoelgerEtAndet plays a story in its order: no version comes before the one it follows, no document before
// its case, and no two steps register the same.
func TestHvertTrinFoelgerEtAndet(t *testing.T) {
	t.Parallel()
	for _, fejl := range []bool{false, true} {
		seneste := map[string]int{}
		naeste := func(nr string, version int) {
			t.Helper()
			if version != seneste[nr]+1 {
				t.Errorf("%s version %d comes after version %d", nr, version, seneste[nr])
			}
			seneste[nr] = version
		}
		for _, s := range trin(Lav(3, 200, 7, fejl)) {
			switch {
			case s.Sag != nil:
				naeste(s.Sag.Nr, s.Sag.Version)
			case s.Dokument != nil:
				if seneste[s.Dokument.Sagsnr] == 0 {
					t.Errorf("%s comes before its case %s", s.Dokument.Nr, s.Dokument.Sagsnr)
				}
				naeste(s.Dokument.Nr, s.Dokument.Version)
			case s.Traek != nil:
				naeste(s.Traek.Nr, s.Traek.Version)
			case s.Gentag != nil && seneste[s.Gentag.Nr] < s.Gentag.Version, s.Gammel != nil && seneste[s.Gammel.Nr] <= s.Gammel.Version:
				t.Errorf("%v %v is repeated before its time", s.Gentag, s.Gammel)
			}
		}
	}
}

func TestHverFejlHolderSitEget(t *testing.T) {
	t.Parallel()
	h := fuld()
	navne := map[string]bool{}
	objekter := map[string]string{}
	for _, f := range h.Plan.Fejl {
		if navne[f.Navn] {
			t.Errorf("%s is named twice", f.Navn)
		}
		navne[f.Navn] = true
		if f.Beskrivelse == "" {
			t.Errorf("%s is not described", f.Navn)
		}
		for _, v := range f.Holder {
			if anden, ja := objekter[v.Nr]; ja && anden != f.Navn {
				t.Errorf("%s is held by both %s and %s", v.Nr, anden, f.Navn)
			}
			objekter[v.Nr] = f.Navn
		}
	}
	want := []string{fejlplan.BrudtLinje, fejlplan.DobbeltEksport, fejlplan.ESDHNede, fejlplan.ForsendelseLangsom, fejlplan.GammelVersion, fejlplan.LukketSag, fejlplan.UkendtKLE, fejlplan.UvistUdfald}
	if got := slices.Sorted(maps.Keys(navne)); !slices.Equal(got, want) {
		t.Errorf("the faults are %v, want %v", got, want)
	}
}

func TestFejlplanenHolderDetSomHistorienRammer(t *testing.T) {
	t.Parallel()
	h := fuld()
	holdte := h.Plan.Holdte()
	for _, s := range sager(h) {
		v := fejlplan.Version{Art: byggesag.ArtSag, Nr: s.Nr, Version: s.Version}
		if h.Brudt(s.Nr, s.Version) != (holdte[v] == fejlplan.BrudtLinje) {
			t.Errorf("%s: the plan and the cut-off line disagree", v)
		}
		if ukendt := !slices.Contains(KLE(), s.KLE); ukendt != (holdte[v] == fejlplan.UkendtKLE) {
			t.Errorf("%s: has KLE %s, and the plan says %q", v, s.KLE, holdte[v])
		}
		if (h.Lukket(s.Nr) && s.Version > 1) != (holdte[v] == fejlplan.LukketSag) {
			t.Errorf("%s: the plan and the closed case disagree", v)
		}
	}
	for _, d := range dokumenter(h) {
		v := fejlplan.Version{Art: byggesag.ArtDokument, Nr: d.Nr, Version: d.Version}
		if h.Uvist("SendRekommanderet", d.Nr, d.Version) != (holdte[v] == fejlplan.UvistUdfald) {
			t.Errorf("%s: the plan and the lost answer disagree", v)
		}
		if h.Uvist("SendBrev", d.Nr, d.Version) {
			t.Errorf("%s: the answer about an ordinary letter is lost", v)
		}
	}
}

// TestHeleHistorienLiggerIFortiden, however long it is: what is valid only from tomorrow has no effect today.
func TestHeleHistorienLiggerIFortiden(t *testing.T) {
	t.Parallel()
	graense := begyndelse().AddDate(0, 3, 0)
	forbi := func(nr string, tid time.Time) {
		t.Helper()
		if tid.Before(begyndelse()) || tid.After(graense) {
			t.Errorf("%s is dated %s, not between %s and %s", nr, tid, begyndelse(), graense)
		}
	}
	h := Lav(1, 10_000, PerRunde, true)
	for _, s := range sager(h) {
		forbi(s.Nr, s.Aendret)
	}
	for _, d := range dokumenter(h) {
		forbi(d.Nr, d.Brevdato)
	}
	for d, n := NyDrypper(1, 10_000), 0; n < 2000; n++ {
		forbi("a case that trickles in", d.Naeste()[0].Sag.Aendret)
	}
}

func TestUdenFejlErPlanenTom(t *testing.T) {
	t.Parallel()
	if h := Lav(1, 100, PerRunde, false); len(h.Plan.Fejl) != 0 {
		t.Errorf("%v", h.Plan)
	}
}

// TestEnHistorieMedFejlHarPladsTilDemAlle: also where fewer cases are asked for.
func TestEnHistorieMedFejlHarPladsTilDemAlle(t *testing.T) {
	t.Parallel()
	if !reflect.DeepEqual(Lav(1, 1, PerRunde, true), Lav(1, mindst, PerRunde, true)) {
		t.Error("a short story with faults is not the shortest that has room for them")
	}
}

// TestIngenFindes: nobody has these CPR numbers, for nobody was born on 31 February.
func TestIngenFindes(t *testing.T) {
	t.Parallel()
	umulig := func(hvor, cpr string) {
		t.Helper()
		if len(cpr) != 10 || strings.Trim(cpr, "0123456789") != "" {
			t.Errorf("%s: %q is not ten digits", hvor, cpr)
			return
		}
		for _, aarhundrede := range []string{"18", "19", "20"} {
			if _, err := time.Parse("02012006", cpr[:4]+aarhundrede+cpr[4:6]); err == nil {
				t.Errorf("%s: someone may be born on %s", hvor, cpr[:6])
			}
		}
	}
	h := fuld()
	for _, s := range sager(h) {
		umulig(s.Nr, s.AnsoegerCPR)
	}
	for _, d := range dokumenter(h) {
		if d.Retning == byggesag.Ud {
			umulig(d.Nr, d.ModtagerCPR)
		} else if d.ModtagerCPR != "" {
			t.Errorf("%s came in, and has a receiver", d.Nr)
		}
	}
}

// TestHverTekstKanSkrivesIWindows1252, and some need it: æ, ø and å are everywhere.
func TestHverTekstKanSkrivesIWindows1252(t *testing.T) {
	t.Parallel()
	danske := 0
	for _, s := range trin(fuld()) {
		tekst, err := json.Marshal([]any{s.Sag, s.Dokument})
		if err != nil {
			t.Fatal(err)
		}
		if s.Dokument != nil {
			tekst = append(tekst, s.Dokument.Indhold...)
		}
		if _, err := charmap.Windows1252.NewEncoder().Bytes(tekst); err != nil {
			t.Errorf("%s: %v", tekst, err)
		}
		if strings.ContainsAny(string(tekst), "æøåÆØÅ") {
			danske++
		}
	}
	if danske < 1000 {
		t.Errorf("only %d steps have Danish letters", danske)
	}
}

func TestDrypperensSagerErNyeOgUdenFejl(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 500} {
		kendte := map[string]bool{}
		for _, s := range trin(Lav(1, n, PerRunde, true)) {
			if s.Sag != nil {
				kendte[s.Sag.Nr] = true
			}
			if s.Dokument != nil {
				kendte[s.Dokument.Nr] = true
			}
		}
		d := NyDrypper(1, n)
		for range 100 {
			naeste := d.Naeste()
			if naeste[0].Sag == nil {
				t.Fatalf("a new case does not begin with its case: %+v", naeste[0])
			}
			for _, s := range naeste {
				var nr string
				switch {
				case s.Sag != nil:
					nr = s.Sag.Nr
					if !slices.Contains(KLE(), s.Sag.KLE) {
						t.Errorf("%s has KLE %s", nr, s.Sag.KLE)
					}
				case s.Dokument != nil:
					nr = s.Dokument.Nr
				default:
					t.Errorf("%+v is neither case nor document", s)
				}
				if kendte[nr] {
					t.Errorf("after %d cases %s comes again", n, nr)
				}
				kendte[nr] = true
			}
		}
	}
}
