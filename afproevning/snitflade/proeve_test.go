package snitflade

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/moxkit/mox/internal/conformance"
)

// The case set is large enough, every word of the vocabulary is in use, and what the cases build on exists.
func TestProevesaettet(t *testing.T) {
	t.Parallel()
	alle := Proever()
	if len(alle) < 80 {
		t.Errorf("%d cases", len(alle))
	}
	var udsagn []string
	for _, s := range conformance.Statements() {
		udsagn = append(udsagn, s.String())
	}
	brugt := map[string]bool{}
	veje := map[string]int{}
	for i := range alle {
		p := &alle[i]
		for _, k := range p.Krav {
			if !slices.Contains(udsagn, k) {
				t.Errorf("%s builds on %s, which does not exist", p.ID, k)
			}
		}
		for j := range p.Forvent {
			brugt[string(p.Rolle)+" "+p.Forvent[j].Tjek] = true
		}
		for j := range p.Trin {
			brugt[string(p.Rolle)+" "+p.Trin[j].Goer] = true
		}
		for _, c := range p.Carrier {
			veje[fmt.Sprintf("%s over %s på %s", p.Rolle, c, p.Niveau)]++
		}
		if !strings.HasSuffix(p.Forklaring, ".") || strings.HasSuffix(p.Navn, ".") {
			t.Errorf("%s: the name is no sentence, and the explanation is", p.ID)
		}
	}
	for _, r := range []Rolle{Afsender, Modtager} {
		for _, navn := range slices.Concat(slices.Collect(maps.Keys(tjekliste(r))), stimuli(r)) {
			if !brugt[string(r)+" "+navn] {
				t.Errorf("no case of %s uses %s", r, navn)
			}
		}
	}
	if len(veje) != 8 {
		t.Errorf("%v", veje)
	}
}

// An id that has been given is there for ever, with its role and carriers: others refer to it. New ones are added to the file.
func TestIderErStabile(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("testdata/ider.txt")
	if err != nil {
		t.Fatal(err)
	}
	var har []string
	for _, p := range Proever() {
		har = append(har, fmt.Sprintf("%s %s %s %s", p.ID, p.Rolle, p.Niveau, p.Carrier))
	}
	if d := cmp.Diff(strings.Split(strings.TrimSpace(string(b)), "\n"), har); d != "" {
		t.Error(d)
	}
}

const godProeve = `- id: S-A-001
  navn: n
  niveau: basis
  rolle: afsender
  carrier: [amqp]
  krav: [mox 1]
  forklaring: f
  trin: [{goer: opret}]
  forvent: [{tjek: findes, felt: beskedID}]
  modpart: {fejl: x}
`

// A case that is written wrongly is refused, with its id and what is wrong.
func TestForkertSkrevneProever(t *testing.T) {
	t.Parallel()
	laes := func(tekst string) error {
		_, err := laesProever(fstest.MapFS{"cases/a.yaml": {Data: []byte(tekst)}})
		return err
	}
	if err := laes(godProeve); err != nil {
		t.Fatal(err)
	}
	for navn, c := range map[string]struct{ fra, til, skal string }{
		"id":               {"S-A-001", "A-1", "S-A-001"},
		"rolle":            {"rolle: afsender", "rolle: modtager", "rolle"},
		"niveau":           {"basis", "let", "niveau"},
		"carrier":          {"[amqp]", "[post]", "carrier"},
		"krav":             {"krav: [mox 1]", "krav: []", "krav"},
		"ukendt noegle":    {"  navn: n", "  nvan: n", "nvan"},
		"ukendt stimulus":  {"opret", "opfind", "opfind"},
		"ukendt svar":      {"goer: opret", "goer: opret, svar: [måske]", "måske"},
		"send":             {"goer: opret", "send: {besked: a}", "modtagere"},
		"ukendt tjek":      {"tjek: findes", "tjek: sker", "sker"},
		"ukendt argument":  {"felt: beskedID", "felt: beskedID, form: uuid", "form"},
		"uden argument":    {"tjek: findes, felt: beskedID", "tjek: form, felt: beskedID", "form"},
		"ukendt felt":      {"felt: beskedID", "felt: beskedId", "beskedId"},
		"ukendt vaerdi":    {"tjek: findes, felt: beskedID", "tjek: form, felt: beskedID, form: pæn", "pæn"},
		"ukendt evne":      {"  forklaring: f", "  forklaring: f\n  kraever: [alt]", "alt"},
		"trin findes ikke": {"felt: beskedID", "felt: beskedID, trin: 3", "trin 3"},
		"uden modpart":     {"  modpart: {fejl: x}\n", "", "modpart"},
		"foelger":          {"{fejl: x}", "{fejl: x, foelger: [S-A-777]}", "S-A-777"},
		"to gange":         {godProeve, godProeve + godProeve, "to gange"},
		"samme modpart":    {godProeve, godProeve + strings.Replace(godProeve, "001", "002", 1), "samme modpart"},
	} {
		if err := laes(strings.Replace(godProeve, c.fra, c.til, 1)); err == nil || !strings.Contains(err.Error(), c.skal) {
			t.Errorf("%s: %v", navn, err)
		}
	}
	modtager := strings.NewReplacer("S-A-", "S-M-", "afsender", "modtager", "{goer: opret}", "{send: {SEND}}", "tjek: findes, felt: beskedID", "tjek: dom, er: modtaget").Replace(godProeve)
	for send, skal := range map[string]string{"besked: a": "", "uden: [navn]": "navn", "som: {beskedID: lyd}": "lyd", "tid: i går": "tid", "signatur: pæn": "pæn", "indhold: lidt": "lidt", "kald: igen": "igen", "noegle: en": "noegle"} {
		if err := laes(strings.Replace(modtager, "SEND", send, 1)); (err == nil) != (skal == "") || err != nil && !strings.Contains(err.Error(), skal) {
			t.Errorf("%s: %v", send, err)
		}
	}
}
