package mox_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/conformance"
)

// tegning is the drawing of a leverance's life: who may follow whom.
//
//	Afventer ──► UnderLevering ──► Leveret
//	   │              ├──► Overdraget ──► Leveret, Parkeret, Udloebet  (where a Kvittering is awaited)
//	   │              ├──► Udsat ──► UnderLevering, Afventer (sooner, by a person), Leveret and Overdraget (the receiver had it all the same), Parkeret, Udloebet, Annulleret
//	   │              ├──► Parkeret ──► Annulleret
//	   │              ├──► Uvis ──► Leveret (it happened), Annulleret (it did not, or is closed)
//	   │              └──► Udloebet, Annulleret (what it carried has been erased)
//	   └──► Udloebet, Annulleret
const tegning = `
Afventer      UnderLevering Udloebet Annulleret
UnderLevering Leveret Overdraget Udsat Parkeret Uvis Udloebet Annulleret
Udsat         UnderLevering Afventer Leveret Overdraget Parkeret Udloebet Annulleret
Overdraget    Leveret Parkeret Udloebet
Parkeret      Annulleret
Uvis          Leveret Annulleret
Leveret
Udloebet
Annulleret
`

func TestLeveranceTilstande(t *testing.T) {
	t.Parallel()
	maa := map[string][]string{}
	for linje := range strings.Lines(strings.TrimSpace(tegning)) {
		ord := strings.Fields(linje)
		maa[ord[0]] = ord[1:]
	}
	alle := mox.LeveranceTilstande()
	if len(alle) != len(maa) || len(alle) != 9 {
		t.Fatalf("%d states, %d drawn", len(alle), len(maa))
	}
	for _, fra := range append(alle, "", "Ukendt") {
		for _, til := range append(alle, "", "Ukendt") {
			if got, want := fra.MaaBlive(til), slices.Contains(maa[string(fra)], string(til)); got != want {
				t.Errorf("%s to %s: %v, drawn %v", fra, til, got, want)
			}
		}
	}
	for _, x := range alle {
		if x.Endelig() != (len(maa[string(x)]) == 0) {
			t.Errorf("%s final: %v", x, x.Endelig())
		}
		if want := strings.Contains("Afventer UnderLevering Udsat Parkeret Uvis", string(x)); x.Holder() != want {
			t.Errorf("%s holds: %v", x, x.Holder())
		}
		if want := x == mox.Parkeret || x == mox.Uvis; x.KraeverHandling() != want {
			t.Errorf("%s needs a person: %v", x, x.KraeverHandling())
		}
	}
}

// TestBedoem walks every result, with a repeat that is harmless or not, and attempts left or used up.
// TestTur says whose turn it is.
func TestTur(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		tilstand mox.LeveranceTilstand
		ansvar   mox.Ansvar
		carrier  mox.Carrier
		vil      mox.Ansvar
	}{
		{mox.Afventer, "", mox.CarrierPush, mox.AnsvarMOX}, {mox.Afventer, "", mox.CarrierPull, mox.AnsvarModtager}, {mox.UnderLevering, "", mox.CarrierPull, mox.AnsvarModtager},
		{mox.UnderLevering, "", mox.CarrierAgent, mox.AnsvarMOX}, {mox.Udsat, "", mox.CarrierPull, mox.AnsvarMOX}, {mox.Overdraget, "", mox.CarrierAMQP, mox.AnsvarModtager},
		{mox.Parkeret, mox.AnsvarAfsender, mox.CarrierPull, mox.AnsvarAfsender}, {mox.Parkeret, "", mox.CarrierPull, mox.AnsvarMOX}, {mox.Uvis, mox.AnsvarModtager, mox.CarrierAgent, mox.AnsvarModtager},
	} {
		if har := c.tilstand.Tur(c.ansvar, c.carrier); har != c.vil {
			t.Errorf("%+v: %s", c, har)
		}
	}
}

func TestBedoem(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 42")
	plan := mox.Plan{Forsoeg: 3, Foerste: 2 * time.Second, Hoejst: time.Minute}
	udsat := func(vent time.Duration) mox.Dom { return mox.Dom{Tilstand: mox.Udsat, Vent: vent} }
	fejlet := func(a mox.Ansvar) mox.Dom {
		return mox.Dom{Tilstand: mox.Parkeret, Ansvar: a, Kvittering: mox.KvitFejlet}
	}
	uvis := mox.Dom{Tilstand: mox.Uvis, Ansvar: mox.AnsvarModtager}
	leveret := mox.Dom{Tilstand: mox.Leveret, Kvittering: mox.KvitAccepteret}
	overdraget := mox.Dom{Tilstand: mox.Overdraget, Kvittering: mox.KvitAfleveret}
	udloebet := mox.Dom{Tilstand: mox.Udloebet, Kvittering: mox.KvitFrist}
	afvist := mox.Dom{Tilstand: mox.Parkeret, Ansvar: mox.AnsvarModtager, Kvittering: mox.KvitAfvist}
	for _, c := range []struct {
		resultat                   mox.Resultat
		gentages, gentagesBrugt    mox.Dom
		enGang, enGangBrugt, first mox.Dom // a sink that cannot repeat; and the first attempt of one that can
	}{
		{mox.ResAccepteret, leveret, leveret, leveret, leveret, leveret},
		{mox.ResOverdraget, overdraget, overdraget, overdraget, overdraget, overdraget},
		{mox.ResUdloebet, udloebet, udloebet, udloebet, udloebet, udloebet},
		{mox.ResAfvist, afvist, afvist, afvist, afvist, afvist},
		{mox.ResFejlet, fejlet("MOX"), fejlet("MOX"), fejlet("MOX"), fejlet("MOX"), fejlet("MOX")},
		{mox.ResMidlertidig, udsat(4 * time.Second), fejlet("modtager"), udsat(4 * time.Second), fejlet("modtager"), udsat(2 * time.Second)},
		{mox.ResUkendt, udsat(10 * time.Second), fejlet("modtager"), uvis, uvis, udsat(10 * time.Second)},
		{"noget nyt", fejlet("MOX"), fejlet("MOX"), fejlet("MOX"), fejlet("MOX"), fejlet("MOX")},
	} {
		kan := &mox.Abonnement{Plan: plan, Gentages: true, Ro: 10 * time.Second}
		kanIkke := &mox.Abonnement{Plan: plan}
		u := mox.Udfald{Resultat: c.resultat}
		for navn, par := range map[string][2]mox.Dom{
			"gentages, forsøg 1":     {mox.Bedoem(kan, u, 1, 0), c.first},
			"gentages, forsøg 2":     {mox.Bedoem(kan, u, 2, 0), c.gentages},
			"gentages, brugt op":     {mox.Bedoem(kan, u, 3, 0), c.gentagesBrugt},
			"gentages ikke":          {mox.Bedoem(kanIkke, u, 2, 0), c.enGang},
			"gentages ikke, brugt":   {mox.Bedoem(kanIkke, u, 3, 0), c.enGangBrugt},
			"gentages, langt forbi":  {mox.Bedoem(kan, u, 99, 0), c.gentagesBrugt},
			"gentages ikke, forbi":   {mox.Bedoem(kanIkke, u, 99, 0), c.enGangBrugt},
			"gentages, med rysten 1": {uden(mox.Bedoem(kan, u, 2, 0.99)), uden(c.gentages)},
		} {
			if par[0] != par[1] {
				t.Errorf("%s, %s: %+v, want %+v", c.resultat, navn, par[0], par[1])
			}
			if !mox.UnderLevering.MaaBlive(par[0].Tilstand) {
				t.Errorf("%s, %s: UnderLevering may not become %s", c.resultat, navn, par[0].Tilstand)
			}
		}
	}
}

func uden(d mox.Dom) mox.Dom {
	d.Vent = 0
	return d
}

// TestBedoemAnsvar shows that the carrier's word about whose fault it is goes before the usual one, and that a receiver
// who asks for time gets it.
func TestBedoemAnsvar(t *testing.T) {
	t.Parallel()
	a := &mox.Abonnement{Plan: mox.Plan{Forsoeg: 2, Foerste: time.Second, Hoejst: time.Minute}, Gentages: true}
	for _, r := range []mox.Resultat{mox.ResAfvist, mox.ResFejlet, mox.ResMidlertidig} {
		if d := mox.Bedoem(a, mox.Udfald{Resultat: r, Ansvar: mox.AnsvarAfsender}, 2, 0); d.Ansvar != mox.AnsvarAfsender {
			t.Errorf("%s: %s", r, d.Ansvar)
		}
	}
	for _, r := range []mox.Resultat{mox.ResMidlertidig, mox.ResUkendt} {
		if d := mox.Bedoem(a, mox.Udfald{Resultat: r, Efter: time.Hour}, 1, 0.5); d.Vent != time.Hour {
			t.Errorf("%s: waits %v", r, d.Vent)
		}
		if d := mox.Bedoem(a, mox.Udfald{Resultat: r, Efter: time.Millisecond}, 1, 0); d.Vent != time.Second {
			t.Errorf("%s: waits %v", r, d.Vent)
		}
	}
}

// TestPlanEfter shows waits that double, stop at the cap, and are spread over their last quarter.
func TestPlanEfter(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 42")
	p := mox.Plan{Forsoeg: 20, Foerste: time.Second, Hoejst: 10 * time.Second}
	for i, want := range []time.Duration{1, 2, 4, 8, 10, 10, 10} {
		if got := p.Efter(i+1, 0); got != want*time.Second {
			t.Errorf("after %d: %v", i+1, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		p := mox.Plan{Foerste: time.Duration(rapid.Int64Range(0, math.MaxInt64).Draw(t, "foerste")), Hoejst: time.Duration(rapid.Int64Range(0, math.MaxInt64).Draw(t, "hoejst"))}
		nr := rapid.IntRange(1, 200).Draw(t, "nr")
		jitter := rapid.Float64Range(0, 0.999).Draw(t, "jitter")
		hel, rystet := p.Efter(nr, 0), p.Efter(nr, jitter)
		switch {
		case hel < 0 || hel > p.Hoejst || rystet < 0:
			t.Fatalf("%+v waits %v and %v", p, hel, rystet)
		case rystet > hel || float64(rystet) < 0.75*float64(hel)-1:
			t.Fatalf("%v is not in the last quarter of %v", rystet, hel)
		case p.Efter(nr+1, 0) < hel:
			t.Fatalf("%+v waits %v and then %v", p, hel, p.Efter(nr+1, 0))
		}
	})
}

// TestStandardPlan holds the plan to its word: about two days.
func TestStandardPlan(t *testing.T) {
	t.Parallel()
	p := mox.StandardPlan()
	var sum time.Duration
	for nr := 1; nr < p.Forsoeg; nr++ {
		sum += p.Efter(nr, 0.5)
	}
	if sum < 40*time.Hour || sum > 56*time.Hour {
		t.Errorf("gives up after %v", sum)
	}
}

func TestSammeMyndighed(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 8")
	ens := []string{"urn:oio:cvr-nr:12345678", "urn:oio:cvr:12345678", "URN:OIO:CVR-NR:12345678"}
	for _, a := range ens {
		for _, b := range ens {
			if !mox.SammeMyndighed(a, b) {
				t.Errorf("%s is not %s", a, b)
			}
		}
		for _, b := range []string{"", "urn:oio:cvr:87654321", "urn:oio:cvr:", "6a7b8c9d-0e1f-4a2b-9c3d-4e5f6a7b8c9d", "urn:oio:cpr-nr:12345678"} {
			if mox.SammeMyndighed(a, b) {
				t.Errorf("%s is %s", a, b)
			}
		}
	}
}

func TestKvitteringArt(t *testing.T) {
	t.Parallel()
	for k, want := range map[mox.KvitteringArt]bool{mox.KvitModtaget: false, mox.KvitSendtTil: false, mox.KvitAfleveret: false,
		mox.KvitAccepteret: true, mox.KvitAfvist: true, mox.KvitFejlet: true, mox.KvitFrist: true} {
		if k.Forretning() != want {
			t.Errorf("%s: %v", k, !want)
		}
	}
}

func TestProcesStaar(t *testing.T) {
	t.Parallel()
	aaben, slut, fejl, begge := mox.ProcesSvar{}, mox.ProcesSvar{Slut: true}, mox.ProcesSvar{Fejl: true}, mox.ProcesSvar{Slut: true, Fejl: true}
	for _, c := range []struct {
		svar []mox.ProcesSvar
		want mox.ProcesTilstand
	}{
		{nil, mox.ProcesIgang},
		{[]mox.ProcesSvar{aaben}, mox.ProcesIgang},
		{[]mox.ProcesSvar{slut}, mox.ProcesAfsluttet},
		{[]mox.ProcesSvar{fejl}, mox.ProcesFejlet},
		{[]mox.ProcesSvar{begge}, mox.ProcesAfsluttet}, // it failed, was mended, and is done
		{[]mox.ProcesSvar{slut, aaben}, mox.ProcesIgang},
		{[]mox.ProcesSvar{fejl, aaben}, mox.ProcesIgang},
		{[]mox.ProcesSvar{slut, fejl}, mox.ProcesFejlet},
		{[]mox.ProcesSvar{begge, fejl}, mox.ProcesFejlet},
		{[]mox.ProcesSvar{slut, begge, slut}, mox.ProcesAfsluttet},
	} {
		if got := mox.ProcesStaar(c.svar); got != c.want {
			t.Errorf("%+v: %s, want %s", c.svar, got, c.want)
		}
	}
}
