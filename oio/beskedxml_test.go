package oio_test

import (
	"bytes"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/internal/testenv"
	"github.com/moxkit/mox/oio"
)

// sagsbesked tells of a Sag in JSON.
func sagsbesked(t *testing.T) (mox.Besked, mox.Registrering) {
	t.Helper()
	id, r := byggesag(t)
	indhold, err := oio.MarshalRegistrering(mox.Sag, id, r)
	if err != nil {
		t.Fatal(err)
	}
	b := mox.Besked{ID: "urn:x:1", ObjektID: id, ObjektType: mox.Sag, LivscyklusKode: mox.Opstaaet, Registreringstid: r.FraTidspunkt, Aktoer: "urn:x:en aktør", Bruger: "urn:x:en bruger",
		Kildesystem: "Byggesag", Indholdstype: oio.TypeJSON, Indhold: indhold}.MedStandard()
	if _, ok, err := oio.Kontroller(&b); !ok || err != nil {
		t.Fatal(ok, err)
	}
	return b, r
}

// TestKuvertMedSkemaetsXML: a besked in JSON stands in the envelope as the schema has it, and is understood when it comes back.
func TestKuvertMedSkemaetsXML(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "oio 91", "oio 93", "oio 94", "oio 98", "mox 12")
	b, r := sagsbesked(t)
	k := roller(t)
	ud := oio.MedXML(b, k)
	kuvert, err := oio.MarshalKuvert(&ud, k)
	if err != nil {
		t.Fatal(err)
	}
	if err := gyldige(t, filepath.Join(testenv.Skemaer(t), "besked", "Beskedkuvert.xsd"), [][]byte{kuvert}); err != nil {
		t.Error(err)
	}
	data := regexp.MustCompile(`(?s)<besked:Beskeddata>(.*)</besked:Beskeddata>`).FindSubmatch(kuvert)
	if data == nil {
		t.Fatalf("%s", kuvert)
	}
	if err := gyldige(t, skemaI(t, mox.Sag), [][]byte{data[1]}); err != nil {
		t.Error(err)
	}
	if !bytes.Contains(kuvert, []byte("<besked:Kildesystem><sd:UUID")) || bytes.Contains(kuvert, []byte("<mox:indhold")) {
		t.Errorf("%s", kuvert)
	}
	for _, navn := range []string{"BeskedAnsvarligAktoer", "RegistreringsAktoer"} { // they are no UUIDs, so they cannot stand there
		if bytes.Contains(kuvert, []byte("<besked:"+navn+">")) {
			t.Errorf("%s: %s", navn, kuvert)
		}
	}
	ind, err := oio.UnmarshalKuvert(kuvert, k)
	if err != nil {
		t.Fatal(err)
	}
	ind.Opgaveemne, ind.Relateret = "", nil
	set, ok, err := oio.KontrollerMed(&ind, k)
	if !ok || err != nil || ens(r, set) != "" || ind.Opgaveemne != b.Opgaveemne || ens(ind.Relateret, b.Relateret) != "" {
		t.Error(ok, err, ens(r, set), ind.Opgaveemne, ind.Relateret)
	}
	if l := oio.ReferencerMed(&ind, k); len(l) != 3 {
		t.Error(l)
	}
}

func TestKontrollerXML(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 11")
	b, r := sagsbesked(t)
	k := roller(t)
	xml := oio.MedXML(b, k)
	for vil, f := range map[string]func(b *mox.Besked){
		"true": func(*mox.Besked) {},
		"true, whatever an index says": func(b *mox.Besked) {
			b.Indhold = bytes.Replace(b.Indhold, []byte("Opstaaet</sd:Livs"), []byte("Importeret</sd:Livs"), 1)
		},
		"objektID uenig":            func(b *mox.Besked) { b.ObjektID = "8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c99" },
		"livscykluskode uenig":      func(b *mox.Besked) { b.LivscyklusKode = mox.Slettet },
		"opgaveemne uenig":          func(b *mox.Besked) { b.Opgaveemne = "27.35.04" },
		"false, of another type":    func(b *mox.Besked) { b.ObjektType = mox.Dokument },
		"false, of no type we know": func(b *mox.Besked) { b.ObjektType = "5d1e4c5e-7a0b-4f4e-9a3c-0f6a5b7c8d9e" },
		"false, unreadable": func(b *mox.Besked) {
			b.Indhold = bytes.Replace(b.Indhold, []byte("<o:Titel>"), []byte("<o:Farve/><o:Titel>"), 1)
		},
		"false, another document": func(b *mox.Besked) { b.Indhold = []byte("<a/>") },
	} {
		kopi := xml
		f(&kopi)
		_, ok, err := oio.KontrollerMed(&kopi, k)
		got := strings.Join(brud(err), ", ")
		if err == nil {
			got = map[bool]string{true: "true", false: "false"}[ok]
		}
		if vil, _, _ := strings.Cut(vil, ","); got != vil {
			t.Errorf("%q, want %q", got, vil)
		}
	}
	hel, ejer := nyKuvert(t, &xml, k), "urn:oio:cvr-nr:12345678"
	if set, ok, err := oio.KontrollerMed(&hel, k); !ok || err != nil || set.Relationer["ejer"][0].Reference.URN != ejer || hel.Myndighed != ejer {
		t.Error(ok, err, set.Relationer, hel.Myndighed)
	}
	if err := oio.MedRegistrering(&hel, r, k); err != nil || hel.Indholdstype != oio.TypeXML {
		t.Error(err, hel.Indholdstype)
	}
	rettet := xml
	r.NoteTekst = "Rettet"
	if err := oio.MedRegistrering(&rettet, r, k); err != nil || !bytes.HasPrefix(rettet.Indhold, []byte("<o:")) {
		t.Errorf("%v %s", err, rettet.Indhold)
	}
	rettet = b
	if err := oio.MedRegistrering(&rettet, r, k); err != nil || !bytes.HasPrefix(rettet.Indhold, []byte("{")) {
		t.Errorf("%v %s", err, rettet.Indhold)
	}
}

// nyKuvert is b as it comes in an envelope that a besked has no fields for all of: it has been carried before.
func nyKuvert(t *testing.T, b *mox.Besked, k oio.Koder) mox.Besked {
	t.Helper()
	kuvert, err := oio.MarshalKuvert(b, k)
	if err == nil {
		kuvert, err = oio.MedLeverancerute(kuvert, oio.Leverancerute{Abonnement: "a"})
	}
	if err != nil {
		t.Fatal(err)
	}
	ud, err := oio.UnmarshalKuvert(kuvert, k)
	if err != nil || !oio.ErKuvert(ud.Indholdstype) {
		t.Fatal(err, ud.Indholdstype)
	}
	ud.Myndighed = ""
	return ud
}

// TestMedXMLForStor: what would be too many elements to read again stays in JSON.
func TestMedXMLForStor(t *testing.T) {
	t.Parallel()
	b, r := sagsbesked(t)
	for i := range 2500 {
		post := r.Relationer["journalpost"][0]
		post.Indeks = i + 2
		r.Relationer["journalpost"] = append(r.Relationer["journalpost"], post)
	}
	if _, err := oio.MarshalRegistreringXML(mox.Sag, b.ObjektID, r, oio.Koder{}); mox.KodeAf(err) != mox.KodeForStor {
		t.Error(err)
	}
	if err := oio.MedRegistrering(&b, r, oio.Koder{}); err != nil {
		t.Fatal(err)
	}
	if ud := oio.MedXML(b, oio.Koder{}); ud.Indholdstype != oio.TypeJSON {
		t.Errorf("%.200s", ud.Indhold)
	}
}

// TestMedXMLUdenSkema: what has no form in XML, and what is no registrering, stays as it is.
func TestMedXMLUdenSkema(t *testing.T) {
	t.Parallel()
	b, _ := sagsbesked(t)
	for _, f := range []func(b *mox.Besked){
		func(b *mox.Besked) { b.ObjektType = mox.Indsats },
		func(b *mox.Besked) { b.ObjektType = mox.Dokument },
		func(b *mox.Besked) { b.Indhold, b.LivscyklusKode = []byte(`{"a":1}`), "" },
		func(b *mox.Besked) { b.Indhold = []byte(`{"registrering"`) },
		func(b *mox.Besked) { b.Indholdstype = "text/plain" },
		func(b *mox.Besked) { b.Indhold = nil },
	} {
		kopi := b
		f(&kopi)
		if ud := oio.MedXML(kopi, oio.Koder{}); !bytes.Equal(ud.Indhold, kopi.Indhold) || ud.Indholdstype != kopi.Indholdstype {
			t.Errorf("%s", ud.Indhold)
		}
	}
}
