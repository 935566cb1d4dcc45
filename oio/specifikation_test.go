package oio_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/source"
	"github.com/moxkit/mox/oio"
)

var rewrite = flag.Bool("rewrite", false, "write the tables and examples of docs/specifikation anew from the field table")

// forklaring is what the specification says about a field in words: Danish, English, and a value.
type forklaring struct{ da, en, eksempel string }

var forklaringer = map[string]forklaring{
	"beskedID":           {"afsenderens id for beskeden: UUID eller URN", "the sender's id of the besked: UUID or URN", "5a4cf0d6-6f1a-4c1f-8a6c-0d9e2b7a1c33"},
	"beskedversion":      {"version af denne specifikation", "version of this specification", "1.0"},
	"beskedtype":         {"hvad slags besked; udelades den, er den objekttype.livscykluskode", "kind of besked; left out it is objekttype.livscykluskode", "Sag.Rettet"},
	"objektID":           {"det objekt, der skete noget med: UUID", "the objekt something happened to: UUID", "8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c11"},
	"objekttype":         {"objektets type i OIO-standarden", "the objekt's type in the OIO standard", "Sag"},
	"livscykluskode":     {"hvad der skete: Opstaaet, Importeret, Rettet, Passiveret eller Slettet", "what happened: Opstaaet, Importeret, Rettet, Passiveret or Slettet", "Rettet"},
	"handling":           {"hvad der skete, eller hvad modtageren bedes om, i afsenderens egne ord", "what happened, or what the receiver is asked to do, in the sender's own words", "Journaliser"},
	"registreringID":     {"versionen i kildesystemet", "the version in the source system", "42"},
	"registreringstid":   {"hvornår det blev registreret i kilden", "when it was registered at the source", "2026-03-02T08:15:01.25Z"},
	"aktoer":             {"det it-system, der sender: UUID", "the sending it-system: UUID", "0b1e6a52-5d0f-4a7c-8a44-9c1d2b3e4f50"},
	"bruger":             {"den bruger, systemet handler som", "the user the system acts as", "svc-mox"},
	"myndighed":          {"den ansvarlige myndighed: CVR-URN", "the responsible authority: CVR URN", "urn:oio:cvr-nr:12345678"},
	"opgaveemne":         {"KLE-emne", "KLE subject", "02.34.02"},
	"tilstand":           {"objektets tilstand, som standarden navngiver den", "the objekt's state, as the standard names it", "Opstaaet"},
	"foelsomhed":         {"objektets følsomhed", "the objekt's sensitivity", "Fortrolig"},
	"procesID":           {"de tværgående processer, beskeden er en del af; bæres uændret videre", "the cross-cutting processes the besked is part of; carried on unchanged", "7c2f0a1b-0000-4000-8000-000000000009"},
	"foraarsagetAf":      {"beskedID på den besked, der var årsag til denne", "beskedID of the besked that caused this one", "5a4cf0d6-6f1a-4c1f-8a6c-0d9e2b7a1c32"},
	"tilladtmodtager":    {"de myndigheder, der må få beskeden: CVR-URN; ingen = alle, der har ret", "the authorities that may receive it: CVR URN; none = all with the right", "urn:oio:cvr-nr:12345678"},
	"gyldigFra":          {"beskeden gælder fra, inklusive", "valid from, inclusive", "2026-03-02T00:00:00Z"},
	"gyldigTil":          {"beskeden gælder til, eksklusive; derefter leveres den ikke", "valid until, exclusive; after that it is not delivered", "2026-04-01T00:00:00Z"},
	"sikkerhedsklasse":   {"klassifikation af beskedens indhold", "classification of the content", "Fortrolige personoplysninger"},
	"objektreference":    {"hvor objektet kan læses, når beskeden ikke bærer det", "where the objekt can be read when the besked does not carry it", "https://esdh.example/sag/8f6f2a0e"},
	"kildesystem":        {"navnet på det system, oplysningen kommer fra", "the name of the system the information comes from", "Byggesag"},
	"beskaaret":          {"sættes af MOX: navnet på den aftale, hvis felter er alt, hvad modtageren får; uden den er beskeden hel", "set by MOX: the name of the agreement whose fields are all that the receiver gets; without it the besked is whole", "byggesag-2026"},
	"dannelsestidspunkt": {"hvornår beskeden blev dannet; siger intet om hændelsen", "when the besked was formed; says nothing about the event", "2026-03-02T08:15:02Z"},
}

// ord are the words of the tables in one language.
type ord struct {
	sprog                                           string
	tekst, liste, tid, kraevet, betinget            string
	felter, former, filterLig, filterTid, filterKLE string
}

var sprogene = []ord{
	{"da", "tekst", "liste af tekster", "tidspunkt", "1", "0..1, se regel 5", "| Felt | Slags | Antal | Betydning | Filter | Eksempel |", "| Felt | Haendelsesbesked | CloudEvents | AMQP 0-9-1 | AMQP 1.0 |",
		"lig, en af, findes", "fra/til, findes", "lig, en af, 27.*, findes"},
	{"en", "text", "list of texts", "time", "1", "0..1, see rule 5", "| Field | Kind | Cardinality | Meaning | Filter | Example |", "| Field | Haendelsesbesked | CloudEvents | AMQP 0-9-1 | AMQP 1.0 |",
		"equal, one of, exists", "from/to, exists", "equal, one of, 27.*, exists"},
}

func (o ord) slags(f mox.Beskedfelt) string {
	switch {
	case f.Flere:
		return o.liste
	case f.Tid:
		return o.tid
	}
	return o.tekst
}

// antal is how often a field stands in an event message: what is demanded alone is found by leaving it out.
func (o ord) antal(t *testing.T, f mox.Beskedfelt) string {
	b := eksempel(t)
	if err := f.Saet(&b, nil); err != nil {
		t.Fatal(err)
	}
	switch b = b.MedStandard(); {
	case f.Flere:
		return fmt.Sprintf("0..%d", mox.MaksFlere)
	case slices.Contains([]string{"livscykluskode", "handling", "aktoer", "bruger", "objektreference"}, f.Navn):
		return o.betinget
	case b.Valider() == nil:
		return "0..1"
	}
	return o.kraevet
}

// eksempel is a besked with every field of the table.
func eksempel(t *testing.T) mox.Besked {
	t.Helper()
	var b mox.Besked
	for _, f := range mox.Beskedfelter() {
		e, ok := forklaringer[f.Navn]
		if !ok {
			t.Fatalf("the specification does not explain %s: add it to forklaringer", f.Navn)
		}
		if err := f.Saet(&b, []string{e.eksempel}); err != nil {
			t.Fatal(err)
		}
	}
	b.Relateret = []mox.Relateret{{Rolle: "primaerpart", ID: "urn:oio:cpr-nr:0000000000", ObjektType: "Person"}}
	b.Indholdstype, b.Indhold = oio.TypeJSON, []byte(`{"Sag":"…"}`)
	if err := b.Valider(); err != nil {
		t.Fatal(err)
	}
	return b
}

func (o ord) felttabel(t *testing.T) string {
	ud := o.felter + "\n|---|---|---|---|---|---|\n"
	for _, f := range mox.Beskedfelter() {
		e := forklaringer[f.Navn]
		filter, betydning := o.filterLig, e.da
		if f.Tid {
			filter = o.filterTid
		}
		if f.Navn == "opgaveemne" {
			filter = o.filterKLE
		}
		if o.sprog == "en" {
			betydning = e.en
		}
		ud += fmt.Sprintf("| `%s` | %s | %s | %s | %s | `%s` |\n", f.Navn, o.slags(f), o.antal(t, f), betydning, filter, e.eksempel)
	}
	return ud
}

func (o ord) formtabel() string {
	ud := o.former + "\n|---|---|---|---|---|\n"
	for _, f := range mox.Beskedfelter() {
		amqp := "longstr"
		if f.Flere {
			amqp = "field-array, longstr"
		}
		ud += fmt.Sprintf("| `%s` | `%s` | `%s` | %s | string |\n", f.Navn, oio.Kuvertelement(f.Navn), oio.CloudEventAttribut(f.Navn), amqp)
	}
	return ud
}

func blok(sprog, tekst string) string {
	return "```" + sprog + "\n" + strings.TrimSpace(tekst) + "\n```\n"
}

// linjer are headers as lines, sorted by name.
func linjer[V any](h map[string]V) string {
	var ud []string
	for _, navn := range slices.Sorted(maps.Keys(h)) {
		ud = append(ud, fmt.Sprintf("%s: %v", navn, h[navn]))
	}
	return strings.Join(ud, "\n")
}

func eksempler(t *testing.T) map[string]string {
	b := eksempel(t)
	maa := func(raa []byte, err error) string {
		if err != nil {
			t.Fatal(err)
		}
		return string(raa)
	}
	kuvert := maa(oio.MarshalKuvert(&b, oio.Koder{}))
	hoveder, krop, err := oio.CloudEventHeaders(&b)
	return map[string]string{
		"eksempel amqp":       blok("text", linjer(oio.Headers(&b))),
		"eksempel json":       blok("json", strings.ReplaceAll(maa(oio.MarshalBesked(&b)), `,"`, ",\n \"")),
		"eksempel cloudevent": blok("json", strings.ReplaceAll(maa(oio.MarshalCloudEvent(&b)), `,"`, ",\n \"")),
		"eksempel http":       blok("text", linjer(hoveder)+"\n\n"+maa(krop, err)),
		"eksempel kuvert":     blok("xml", strings.NewReplacer("><besked:", ">\n<besked:", "><mox:", ">\n<mox:").Replace(kuvert)),
	}
}

// TestSpecifikation holds the tables and examples of the published specification against the code that reads and writes
// beskeder.
func TestSpecifikation(t *testing.T) {
	t.Parallel()
	root, err := source.Root()
	if err != nil {
		t.Fatal(err)
	}
	for navn := range forklaringer {
		if _, ok := mox.BeskedfeltAf(navn); !ok {
			t.Errorf("%s is explained, and no field", navn)
		}
	}
	for _, o := range sprogene {
		fil := filepath.Join(root, "docs", "specifikation", "beskedheaders-1.0."+o.sprog+".md")
		raa, err := os.ReadFile(fil)
		if err != nil {
			t.Fatal(err)
		}
		want := eksempler(t)
		want["felter"], want["former"] = o.felttabel(t), o.formtabel()
		ny := string(raa)
		for navn, indhold := range want {
			ny = indsat(t, fil, ny, navn, indhold)
		}
		switch {
		case ny == string(raa):
		case *rewrite:
			if err := os.WriteFile(fil, []byte(ny), 0o644); err != nil {
				t.Fatal(err)
			}
		default:
			t.Errorf("%s is not what the code does; run: go test ./oio -run TestSpecifikation -rewrite", fil)
		}
	}
}

// indsat is the text with what stands between the marks of the name replaced.
func indsat(t *testing.T, fil, tekst, navn, indhold string) string {
	t.Helper()
	fra, rest, ok := strings.Cut(tekst, "<!-- "+navn+" -->\n")
	_, efter, ok2 := strings.Cut(rest, "<!-- /"+navn+" -->")
	if !ok || !ok2 {
		t.Fatalf("%s has no place for %q", fil, navn)
	}
	return fra + "<!-- " + navn + " -->\n" + indhold + "<!-- /" + navn + " -->" + efter
}
