package oio_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/oio"
)

func aftaltOm(t mox.ObjektType, felter ...string) *mox.Aftale {
	return &mox.Aftale{Navn: "esdh-2026", Felter: map[mox.ObjektType][]string{t: felter}}
}

// TestBeskaer holds every form of content against agreements: whole as it was, or trimmed, and never with the person's number.
func TestBeskaer(t *testing.T) {
	t.Parallel()
	json := nyBesked(t)
	json.Relateret = []mox.Relateret{{Rolle: "primaerpart", ID: "urn:oio:cpr-nr:0101010101"}}
	kuvert := json
	raa, err := oio.MarshalKuvert(&json, oio.Koder{})
	if err != nil {
		t.Fatal(err)
	}
	const signatur = `<besked:LeveranceinformationLokalUdvidelse><x:y xmlns:x="urn:x">0101010101</x:y></besked:LeveranceinformationLokalUdvidelse>`
	kuvert.Indholdstype, kuvert.Indhold = oio.TypeKuvert, bytes.Replace(raa, []byte("</besked:Leveranceinformation>"), []byte(signatur+"</besked:Leveranceinformation>"), 1)
	kunKuvert := kuvert
	kunKuvert.Indhold = bytes.Replace(kuvert.Indhold, []byte("<besked:Beskeddata>"), []byte("<besked:Beskeddata/><besked:Beskeddata>"), 1)
	uden := json
	uden.Indhold, uden.Indholdstype, uden.Objektreference = nil, "", "https://esdh.example/sag/1"
	fejlbesked := uden
	fejlbesked.Type, fejlbesked.Indholdstype, fejlbesked.Indhold = mox.TypeFejlbesked, oio.TypeJSON, []byte(`{"begrundelse":"x"}`)

	titel := aftaltOm(mox.Sag, "egenskaber.titel")
	alt := aftaltOm(mox.Sag, typeAf(mox.Sag).AftaltFelter()...)
	for navn, c := range map[string]struct {
		b      mox.Besked
		a      *mox.Aftale
		fjerne bool
		kode   mox.Kode
	}{
		"aftalen nævner ikke typen":          {json, aftaltOm(mox.Dokument), false, ""},
		"alt er aftalt":                      {json, alt, false, ""},
		"kun titlen":                         {json, titel, true, ""},
		"intet":                              {json, aftaltOm(mox.Sag), true, ""},
		"kuvert, hvor typen ikke nævnes":     {kuvert, aftaltOm(mox.Dokument), false, ""},
		"kuvert, selv om alt er aftalt":      {kuvert, alt, true, ""},
		"kuvert":                             {kuvert, titel, true, ""},
		"kuvert med flere Beskeddata":        {kunKuvert, titel, true, mox.KodeIkkeTilladt},
		"kun en reference":                   {uden, titel, true, ""},
		"fejlbesked":                         {fejlbesked, titel, true, ""},
		"XML":                                {med(json, oio.TypeXML, "<Sag>0101010101</Sag>"), titel, true, mox.KodeIkkeTilladt},
		"en ordre":                           {ordre(json), titel, true, mox.KodeIkkeTilladt},
		"JSON, der ikke er en registrering":  {med(json, oio.TypeJSON, `{"a":"0101010101"}`), titel, true, mox.KodeIkkeTilladt},
		"registreringen er af et andet":      {andetObjekt(json), titel, true, mox.KodeIkkeTilladt},
		"indhold af en type uden for listen": {med(json, "application/pdf", "%PDF"), titel, true, mox.KodeIkkeTilladt},
	} {
		foer := c.b
		foer.Indhold = bytes.Clone(c.b.Indhold)
		ud, fjernet, err := oio.Beskaer(c.b, c.a)
		if mox.KodeAf(err) != c.kode || err == nil && fjernet != c.fjerne {
			t.Errorf("%s: fjernet %v, %v", navn, fjernet, err)
		}
		if d := ens(foer, c.b); d != "" {
			t.Errorf("%s: the besked itself was changed: %s", navn, d)
		}
		switch {
		case err != nil:
		case !fjernet:
			if d := ens(foer, ud); d != "" {
				t.Errorf("%s: not as it was: %s", navn, d)
			}
		default:
			trimmet(t, navn, &ud, c.a)
		}
	}
}

func med(b mox.Besked, type_, indhold string) mox.Besked {
	b.Indholdstype, b.Indhold = type_, []byte(indhold)
	return b
}

func ordre(b mox.Besked) mox.Besked {
	b.LivscyklusKode, b.Handling = "", "Arkivér"
	return med(b, oio.TypeJSON, `{"cpr":"0101010101"}`)
}

func andetObjekt(b mox.Besked) mox.Besked {
	b.ObjektID = "ffffffff-0000-4000-8000-000000000009"
	return b
}

// trimmet looks for what must be gone in every form the besked can be delivered in.
func trimmet(t *testing.T, navn string, b *mox.Besked, a *mox.Aftale) {
	t.Helper()
	if b.Beskaaret != "esdh-2026" {
		t.Errorf("%s: is not marked: %q", navn, b.Beskaaret)
	}
	former := [][]byte{fmt.Append(nil, oio.Headers(b))}
	for _, f := range []func(*mox.Besked) ([]byte, error){oio.MarshalBesked, oio.MarshalCloudEvent, func(b *mox.Besked) ([]byte, error) { return oio.MarshalKuvert(b, oio.Koder{}) }} {
		raa, err := f(b)
		if err != nil {
			t.Errorf("%s: %v", navn, err)
		}
		former = append(former, raa)
	}
	for _, f := range former {
		if !bytes.Contains(f, []byte("esdh-2026")) {
			t.Errorf("%s: the form does not tell: %s", navn, f)
		}
		if len(a.Felter[mox.Sag]) < 2 && bytes.Contains(f, []byte("0101010101")) {
			t.Errorf("%s: the number is still there: %s", navn, f)
		}
		if bytes.Contains(f, []byte("urn:x")) {
			t.Errorf("%s: what nobody can judge is still there: %s", navn, f)
		}
	}
}

// TestBeskaaretRegistrering draws registreringer and agreements: what is left is agreed and as it was, what was agreed is
// left, and trimming again takes nothing.
func TestBeskaaretRegistrering(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		type_ := typeAf(rapid.SampledFrom(mox.ObjektTyper()).Draw(t, "type"))
		r := tegnRegistrering(t, type_)
		felter := rapid.SliceOfDistinct(rapid.SampledFrom(type_.AftaltFelter()), rapid.ID).Draw(t, "felter")
		a := aftaltOm(type_.Navn, felter...)
		foer := r.Kopi()
		ud, fjernet := a.Beskaer(type_.Navn, r)
		if d := ens(foer, r); d != "" {
			t.Fatalf("the registrering itself was changed: %s", d)
		}
		if fjernet != (ens(foer, ud) != "") {
			t.Fatalf("fjernet %v: %s", fjernet, ens(foer, ud))
		}
		if igen, mere := a.Beskaer(type_.Navn, ud); ens(ud, igen) != "" {
			t.Fatalf("trimmed again (%v): %s", mere, ens(ud, igen))
		}
		for _, tid := range tider(r) {
			foer, efter := r.Udflad(type_, tid), ud.Udflad(type_, tid)
			for _, sti := range slices.Sorted(maps.Keys(efter)) {
				if !slices.Contains(felter, aftalt(sti)) && !slices.Contains(felter, relationI(sti)) {
					t.Fatalf("%s is not agreed", sti)
				}
			}
			for _, sti := range slices.Sorted(maps.Keys(foer)) {
				if !strings.HasPrefix(sti, "relationer.") && slices.Contains(felter, aftalt(sti)) && efter[sti] != foer[sti] {
					t.Fatalf("%s was %q and is %q", sti, foer[sti], efter[sti])
				}
			}
		}
	})
}

// tider are the moments at which something of r begins, and one more.
func tider(r mox.Registrering) []mox.Tidspunkt {
	ud := []mox.Tidspunkt{mox.Kl(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))}
	for _, l := range r.Attributter {
		for _, a := range l {
			ud = append(ud, a.Virkning.Fra)
		}
	}
	return ud
}

// aftalt is the agreed field that a sti belongs to: without the names of entries, variants and parts.
func aftalt(sti string) string {
	led := strings.Split(sti, ".")
	switch led[0] {
	case "relationer":
		if len(led) > 2 && strings.Trim(led[2], "0123456789") == "" { // the number of the entry, which a 0..1 relation has none of
			led = slices.Delete(led, 2, 3)
		}
		return strings.Join(led, ".")
	case "varianter":
		felt := led[len(led)-1]
		if strings.Contains(sti, ".dele.") {
			return "varianter.dele." + felt
		}
		return "varianter." + felt
	}
	return sti
}

// relationI is the relation that a sti is in, whole.
func relationI(sti string) string {
	led := strings.SplitN(sti, ".", 3)
	return strings.Join(led[:2], ".")
}
