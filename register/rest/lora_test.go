package rest_test

import (
	"flag"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/moxkit/mox/internal/conformance"
)

var rewrite = flag.Bool("rewrite", false, "write docs/lora-differences.md anew")

// par is a call, what LoRa was seen to answer, and what MOX does.
type par struct {
	Kald     string `yaml:"kald"`
	Om       string `yaml:"om"`
	Type     string `yaml:"type"`
	Lora     int    `yaml:"lora"`
	LoraSvar string `yaml:"lora_svar"`
	Mox      int    `yaml:"mox"` // 0 = as LoRa
	Svar     string `yaml:"svar"`
	Hvorfor  string `yaml:"hvorfor"`
}

func (p *par) anderledes() bool { return p.Mox != 0 || p.Hvorfor != "" }

func (p *par) status() int {
	if p.Mox != 0 {
		return p.Mox
	}
	return p.Lora
}

const lora = "testdata/lora/par.yaml"

func laesPar(t *testing.T) (ud []par) {
	t.Helper()
	b, err := os.ReadFile(lora)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalWithOptions(b, &ud, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	return ud
}

// TestLora makes the calls that LoRa was seen to answer. What differs is told in docs/lora-differences.md.
func TestLora(t *testing.T) {
	conformance.Proves(t, "oio 6", "oio 16", "oio 39", "oio 45", "oio 70")
	alle := laesPar(t)
	if len(alle) < 55 {
		t.Fatalf("%d pairs", len(alle))
	}
	paaBegge(t, func(h *hus) {
		navne := map[string]string{"{altid}": altid, "{ukendt}": "00000000-0000-4000-8000-000000000000",
			"{id}": h.ny(sag("L-1", "", "")), "{passiv}": h.ny(sag("passiv", "", "")), "{slettet}": h.ny(sag("slettet", "", ""))}
		h.kald("PATCH", "/sag/sag/"+navne["{passiv}"], `{"livscyklus":"Passiv"}`).vil(200)
		h.kald("DELETE", "/sag/sag/"+navne["{slettet}"], "").vil(202)
		for nr, p := range alle {
			metode, sti, krop := kaldet(p.Kald, navne)
			headers := []string{}
			if p.Type != "" {
				headers = append(headers, "Content-Type: "+p.Type)
			}
			if s := h.kald(metode, sti, krop, headers...); s.status != p.status() || !strings.Contains(s.tekst, indsat(p.Svar, navne)) {
				h.Errorf("%d. %s (%s): %d, want %d with %q: %.300s", nr+1, p.Kald, p.Om, s.status, p.status(), p.Svar, s.tekst)
			}
		}
	})
}

func indsat(s string, navne map[string]string) string {
	for navn, v := range navne {
		s = strings.ReplaceAll(s, navn, v)
	}
	return s
}

// kaldet is a call as it is made. A Sag may be told with a change: {sag/titel=5}.
func kaldet(kald string, navne map[string]string) (metode, sti, krop string) {
	metode, rest, _ := strings.Cut(kald, " ")
	sti, krop, _ = strings.Cut(rest, " ")
	hel := sag("L-1", "", "")
	form, iForm := strings.CutPrefix(krop, "json=")
	if iForm {
		krop = form
	}
	switch aendring, ok := strings.CutPrefix(krop, "{sag/"); {
	case krop == "{sag}":
		krop = hel
	case krop == "{note/9000}":
		krop = `{"note":"` + strings.Repeat("x", 9000) + `"}`
	case ok:
		krop = aendret(hel, strings.TrimSuffix(aendring, "}"))
	default:
		krop = indsat(krop, navne)
	}
	if iForm {
		krop = "json=" + url.QueryEscape(krop)
	}
	return metode, indsat(sti, navne), krop
}

func aendret(sag, hvad string) string {
	foerste := func(gammel, ny string) string { return strings.Replace(sag, gammel, ny, 1) }
	navn, v, _ := strings.Cut(hvad, "=")
	switch navn {
	case "titel":
		if v == "lang" {
			v = `"` + strings.Repeat("x", 3000) + `"`
		}
		return foerste(`"titel":"Sag L-1"`, `"titel":`+v)
	case "fremdrift":
		return foerste(`"fremdrift":"Opstaaet"`, `"fremdrift":`+v)
	case "from":
		fra, til, ok := strings.Cut(v, ",to=")
		if !ok {
			til = `"infinity"`
		}
		return foerste(`"from":"-infinity","to":"infinity"`, `"from":`+fra+`,"to":`+til)
	case "aktoertypekode":
		return foerste(`"to":"infinity"`, `"to":"infinity","aktoertypekode":`+v)
	}
	return foerste(`[{"fremdrift"`, `[{"fremdrift":"Oplyst",`+altid+`},{"fremdrift"`)
}

// TestLoraForskelle holds docs/lora-differences.md to the pairs, and to what is written here of what no single call shows.
func TestLoraForskelle(t *testing.T) {
	t.Parallel()
	const fil = "../../docs/lora-differences.md"
	var b strings.Builder
	b.WriteString(forskelleHoved)
	for _, p := range laesPar(t) {
		if p.anderledes() {
			svar := fmt.Sprint(p.Lora)
			if p.LoraSvar != "" {
				svar += " " + p.LoraSvar
			}
			fmt.Fprintf(&b, "| `%s` %s | %s | %d | %s |\n", strings.ReplaceAll(p.Kald, "|", `\|`), p.Om, svar, p.status(), p.Hvorfor)
		}
	}
	b.WriteString(forskelleHale)
	if *rewrite {
		if err := os.WriteFile(fil, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if har, err := os.ReadFile(fil); err != nil || string(har) != b.String() {
		t.Errorf("docs/lora-differences.md is not current (%v): go test ./register/rest -run TestLoraForskelle -rewrite", err)
	}
}

const forskelleHoved = `# LoRa og MOX' register

<!-- Written by TestLoraForskelle from register/rest/testdata/lora/par.yaml; the calls are made by TestLora. -->

En klient, der er skrevet til LoRa (magenta-aps/mox 1.3.0), kan bruge MOX' register uændret: stier, JSON, parametre og
statuskoder er de samme. Her står alt, hvor MOX bevidst gør noget andet. Først det, et enkelt kald viser:

| Kald | LoRa | MOX | Hvorfor |
|---|---|---|---|
`

const forskelleHale = `
Og det, der ikke ses af ét kald:

| Hvad | LoRa | MOX |
|---|---|---|
| Fejl | tre slags JSON og HTML, på engelsk, uden sted | RFC 9457 på dansk med kode, sted og næste skridt, og ` + "`message`" + ` som hos LoRa |
| ` + "`notetekst`" + ` i attributters virkning | gemmes ikke | gemmes og kan findes |
| ` + "`false`" + ` og tomme værdier | forsvinder, når der læses | står der; en tom tekst rydder et felt |
| Det, der læses | kan ikke sendes tilbage (` + "`reltypespec`, `journaldokumentattr`" + `) | kan sendes tilbage, som det står |
| ` + "`graenseindikator`" + ` | true ved et endeligt tidspunkt | udelades |
| Tidspunkter i virkning | PostgreSQLs form | RFC 3339 i UTC; begge læses |
| ` + "`aktoerref`, `brugerref`" + ` | kun UUID | UUID eller URN |
| ` + "`from_included`, `to_included`" + ` | tages imod og ignoreres | afvises, når de siger andet end [from, to) |
| ` + "`tilakteretdokument`" + `, journalnotat uden reference, ` + "`URN:Empty`" + `, flere perioder af en 0..1-relation ved Opret | afvises | tages imod, som standarden siger |
| Importer af et passivt eller slettet objekt | gammelt indhold kan overleve | kun det, der importeres, er der |
| Ret, Passiver og Slet af et Dokument uden ` + "`varianter`" + ` | fjerner varianterne | lader dem stå |
| ` + "`\"relationer\": {\"navn\": []}`" + ` | ingen ændring (Dokument: fjerner alle relationer) | fjerner dem af det navn |
| Klasse med ét søgeord | søgeordet går tabt | gemmes |
| Indhold af et slettet Dokument | kan hentes | 410; kan hentes med ` + "`registreringstid`" + ` |
| Søgning på journalpostens felter, varianter og dele | afvises | virker |
| CPR-nummer i adressen | tages imod | afvises; ` + "`POST …/soeg`" + ` tager parametrene som formular |
| ` + "`If-Match`, `Idempotency-Key`, `Prefer`" + `, gzip | findes ikke | findes |
| Beskeder | to pr. ændring uden indhold, tabt når ingen lytter | én pr. ændring med hele registreringen, i samme transaktion |
| Slet for altid | findes ikke: en sletning beholder alt | ` + "`POST …/glem`" + `; bagefter er svaret 410 med koden ` + "`glemt`" + `, og UUID'en kan ikke bruges igen |
| Læsning | langsommere, jo større registeret er | uafhængig af antal objekter og registreringer |
| ` + "`tidsforbrug`" + ` (Aktivitet) | et interval i PostgreSQL | tekst |
| ` + "`titel`" + ` på Klassifikation og Facet | findes ikke | findes, som i generation 6 af skemaerne |
`
