package agent

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// An example that does not hold says what was expected and what came instead.
func TestProeverDerIkkeHolder(t *testing.T) {
	t.Parallel()
	for navn, c := range map[string]struct {
		proeve string
		vil    []string // parts of what is said, one for each line; none = it holds
	}{
		"holder": {"source: sager\npost: {NR: S-1, TITEL: Carport, STATUS: ny, AENDRET: 01-03-2026 08:00}\nnoegle: S-1\n" +
			"oio: {egenskaber.sagsnummer: S-1, egenskaber.brugervendtnoegle: S-1, egenskaber.titel: Carport, egenskaber.beskrivelse: (ingen), egenskaber.kassationskode: B, tilstande.fremdrift: Opstaaet}\n", nil},
		"en anden værdi, en for lidt og en for meget": {"source: sager\npost: {NR: S-1, TITEL: Carport}\nnoegle: S-2\n" +
			"oio: {egenskaber.sagsnummer: S-1, egenskaber.brugervendtnoegle: S-1, egenskaber.titel: Garage, egenskaber.beskrivelse: (ingen), egenskaber.hjemmel: x}\n",
			[]string{`noegle: ventede "S-2", fik "S-1"`, `oio egenskaber.hjemmel: ventede "x", fik ""`, `oio egenskaber.titel: ventede "Garage", fik "Carport"`, `oio egenskaber.kassationskode: ventede intet, fik "B"`}},
		"en tilbagetrækning": {"source: sager\npost: {NR: S-1, TITEL: Carport, STATUS: slut}\nnoegle: S-1\n" +
			"oio: {egenskaber.sagsnummer: S-1, egenskaber.brugervendtnoegle: S-1, egenskaber.titel: Carport, egenskaber.beskrivelse: (ingen), egenskaber.kassationskode: B, tilstande.fremdrift: Afsluttet}\n",
			[]string{`livscykluskode: ventede "", fik "Passiveret"`}},
		"en fejl":                 {"source: sager\npost: {NR: S-1}\n", []string{"felt TITEL"}},
		"en anden fejl":           {"source: sager\npost: {NR: S-1}\nfejl: felt NR\n", []string{`ventede en fejl med "felt NR", fik: `}},
		"ingen fejl":              {"source: sager\npost: {NR: S-1, TITEL: x}\nfejl: felt TITEL\n", []string{"men det gik godt"}},
		"den ventede fejl":        {"source: sager\npost: {NR: S-1}\nfejl: felt TITEL\n", nil},
		"ingen sådan kilde":       {"source: andre\n", []string{`agenten har hverken source "andre" eller sink ""`}},
		"både source og sink":     {"source: sager\nsink: sager-ud\n", []string{"agenten har hverken"}},
		"en nøgle, der er stavet": {"source: sager\npots: {NR: S-1}\n", []string{`unknown field "pots"`}},
		"et andet kald": {"sink: sager-ud\noio: {egenskaber.sagsnummer: S-1, egenskaber.titel: x}\noperation: ret\nfelter: {nr: S-1}\n",
			[]string{`operation: ventede "ret", fik "opret"`, `felter titel: ventede intet, fik "x"`}},
		"et andet svar": {"sink: sager-ud\noio: {egenskaber.sagsnummer: S-1, egenskaber.titel: x, besked.objektID: U}\nnoegler: {U: \"7\"}\noperation: ret\nfelter: {nr: S-1, titel: x}\n" +
			"svar: {id: \"7\"}\nnoegle: \"8\"\nsvar_oio: {egenskaber.brugervendtnoegle: \"7\"}\n",
			[]string{`noegle: ventede "8", fik "7"`, `svar_oio egenskaber.beskrivelse: ventede intet`, `svar_oio egenskaber.kassationskode`, `svar_oio egenskaber.sagsnummer`,
				`svar_oio egenskaber.titel`, `svar_oio relationer.andresager.0: ventede intet, fik "U"`, `svar_oio tilstande.fremdrift`}},
		"et svar uden nøgle": {"sink: sager-ud\noio: {egenskaber.sagsnummer: S-1, egenskaber.titel: x}\noperation: opret\nfelter: {nr: S-1, titel: x}\nsvar: {status: ok}\n",
			[]string{`svaret har ikke feltet "id"`}},
	} {
		t.Run(navn, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			maa(t, os.CopyFS(filepath.Join(dir, "maps"), os.DirFS("testdata/maps")))
			maa(t, os.MkdirAll(filepath.Join(dir, "proever"), 0o755))
			maa(t, os.WriteFile(filepath.Join(dir, "proever", "en.yaml"), []byte(c.proeve), 0o644))
			maa(t, os.WriteFile(filepath.Join(dir, "agent.yaml"), []byte(byggesag("alt", "", "")+`sinks:
  - name: sager-ud
    filter: {objekttype: Sag}
    map: maps/fag.yaml
    felter: [nr, titel]
    to: {type: http, method: POST, url: "http://esdh.local/api"}
    gentag: naturlig
    noegle: id
    answer: {besked: {map: maps/fagsvar.yaml, key: id}}
`), 0o644))
			spec, problemer := Load(filepath.Join(dir, "agent.yaml"))
			if spec == nil {
				t.Fatal(problemer)
			}
			r, err := spec.Proever()
			maa(t, err)
			ens(t, "prøver", len(r), 1)
			ens(t, "ok", r[0].OK, len(c.vil) == 0)
			if !slices.EqualFunc(r[0].Afvigelser, c.vil, strings.Contains) {
				t.Errorf("%q, skulle sige %q", r[0].Afvigelser, c.vil)
			}
		})
	}
}
