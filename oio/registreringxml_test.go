package oio_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/internal/testenv"
	"github.com/moxkit/mox/oio"
)

// medXML are the types that have a form in XML.
func medXML() (ud []mox.ObjektType) {
	for _, t := range mox.ObjektTyper() {
		if oio.HarXML(t) {
			ud = append(ud, t)
		}
	}
	return ud
}

// roller are codes with some of the roles.
func roller(t testing.TB) oio.Koder {
	t.Helper()
	k, err := koder(t).MedRoller([]byte("ejer: 11111111-2222-4333-8444-555555555555\nvedlagtdokument: 11111111-2222-4333-8444-555555555556\n"))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

const fremmedLokal = `<f:Lokal xmlns:f="urn:test:fremmed" nr="1">æ &amp; <f:indre/></f:Lokal>`

// tegnUdvidet is a valid registrering with what others may have put into it.
func tegnUdvidet(t *rapid.T, type_ *mox.Type) mox.Registrering {
	r := tegnRegistrering(t, type_)
	if type_.Service == "klassifikation" {
		return r
	}
	r.LokalUdvidelser = map[string]string{}
	for _, liste := range mox.Udvidelseslister()[:3] {
		if rapid.IntRange(0, 3).Draw(t, liste) == 0 {
			r.LokalUdvidelser[liste] = fremmedLokal
		}
	}
	if type_.Service == "organisation" {
		return r
	}
	for _, l := range r.Relationer {
		if rapid.Bool().Draw(t, "udvidet") {
			l[0].LokalUdvidelse = `<gd:LokalUdvidelseListe xmlns:gd="urn:oio:sts:generelledefinitioner:1.2.4.0">` + fremmedLokal + `</gd:LokalUdvidelseListe>`
		}
	}
	return r
}

// TestRegistreringXMLRundt: whatever is valid goes to XML and back, and in JSON too, without loss.
func TestRegistreringXMLRundt(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "oio 19", "oio 24", "oio 99")
	k := roller(t)
	for _, navn := range medXML() {
		t.Run(string(navn), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				r := tegnUdvidet(t, typeAf(navn))
				if err := r.Valider(navn); err != nil {
					t.Fatal(err)
				}
				const id = mox.ObjektID("8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c11")
				b, err := oio.MarshalRegistreringXML(navn, id, r, k)
				if err != nil {
					t.Fatal(err)
				}
				t2, id2, r2, err := oio.UnmarshalRegistreringXML(b, k)
				if err != nil || t2 != navn || id2 != id {
					t.Fatalf("%v %v %v\n%s", t2, id2, err, b)
				}
				if d := ens(r, r2); d != "" {
					t.Fatalf("%s\n%s", d, b)
				}
				igen, err := oio.MarshalRegistreringXML(navn, id, r2, k)
				if err != nil || !bytes.Equal(igen, b) {
					t.Fatalf("the same gives other bytes: %v\n%s\n%s", err, b, igen)
				}
				js, err := oio.MarshalRegistrering(navn, id, r2)
				if err != nil {
					t.Fatal(err)
				}
				if _, _, r3, err := oio.UnmarshalRegistrering(js); err != nil || ens(r, r3) != "" {
					t.Fatal(err, ens(r, r3))
				}
			})
		})
	}
}

// skemaI is where the official schema of a type's RegistreringBesked lies.
func skemaI(t testing.TB, navn mox.ObjektType) string {
	fil := map[mox.ObjektType]string{mox.Sag: "sagdokumentindeks/1.2.STS-4/SagBesked.xsd", mox.Dokument: "sagdokumentindeks/1.2.STS-4/DokumentIndeksBesked.xsd"}[navn]
	if fil == "" {
		fil = "organisation-klassifikation-6/6.0.STS-0/" + string(navn) + "Besked.xsd"
	}
	return filepath.Join(testenv.Skemaer(t), fil)
}

// medVores is a schema of the official one, of our own for what it has no element for, and of a stranger's.
func medVores(t testing.TB, navn mox.ObjektType) string {
	t.Helper()
	dir := t.TempDir()
	vores, err := filepath.Abs("../docs/specifikation/mox-registrering-1.0.xsd")
	if err != nil {
		t.Fatal(err)
	}
	skriv := func(fil, tekst string) string {
		fil = filepath.Join(dir, fil)
		if err := os.WriteFile(fil, []byte(tekst), 0o600); err != nil {
			t.Fatal(err)
		}
		return fil
	}
	fremmed := skriv("fremmed.xsd", `<schema xmlns="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:test:fremmed"><element name="Lokal"><complexType mixed="true">`+
		`<sequence><any processContents="skip"/></sequence><attribute name="nr"/></complexType></element></schema>`)
	return skriv("alt.xsd", fmt.Sprintf(`<schema xmlns="http://www.w3.org/2001/XMLSchema"><import namespace="%s" schemaLocation="%s"/>`+
		`<import namespace="urn:mox:registrering:1.0" schemaLocation="%s"/><import namespace="urn:test:fremmed" schemaLocation="%s"/></schema>`,
		typeAf(navn).Skema, skemaI(t, navn), vores, fremmed))
}

// gyldige holds documents against a schema, many in one call.
func gyldige(t testing.TB, skema string, tekster [][]byte) error {
	t.Helper()
	dir := t.TempDir()
	args := []string{"--nonet", "--noout", "--schema", skema}
	for i, b := range tekster {
		fil := filepath.Join(dir, fmt.Sprint(i))
		if err := os.WriteFile(fil, b, 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, fil)
	}
	ud, err := exec.CommandContext(t.Context(), testenv.Xmllint(t), args...).CombinedOutput()
	if err != nil {
		linjer := strings.Split(string(ud), "\n")
		return fmt.Errorf("%w: %s", err, strings.Join(linjer[:min(len(linjer), 12)], "\n"))
	}
	return nil
}

// TestRegistreringXMLGyldig holds what we write against the official schemas, with our own for what they have no element for.
func TestRegistreringXMLGyldig(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "oio 98")
	k := roller(t)
	for _, navn := range medXML() {
		t.Run(string(navn), func(t *testing.T) {
			t.Parallel()
			var tekster [][]byte
			for i := range 60 {
				r := rapid.Custom(func(t *rapid.T) mox.Registrering { return tegnUdvidet(t, typeAf(navn)) }).Example(i)
				b, err := oio.MarshalRegistreringXML(navn, "8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c11", r, k)
				if err != nil {
					t.Fatal(err)
				}
				tekster = append(tekster, b)
			}
			if gyldige(t, skemaI(t, navn), [][]byte{[]byte(`<a/>`)}) == nil {
				t.Fatal("xmllint accepts anything")
			}
			if err := gyldige(t, medVores(t, navn), tekster); err != nil {
				t.Fatal(err)
			}
		})
	}
}
