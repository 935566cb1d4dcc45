package agent

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/mapping"
)

func (s *Spec) check(l *linter) {
	l.navn("$.agent", s.Agent)
	if s.System == "" {
		l.fail(l.at("$"), "skriv det system, agenten arbejder for: «system: Byggesagssystemet»", "system mangler")
	}
	if s.ActsAs == "" {
		l.fail(l.at("$"), "skriv den bruger i systemet, agenten arbejder som: «acts_as: svc-mox»", "acts_as mangler")
	}
	if len(s.Sources)+len(s.Sinks) == 0 {
		l.fail(l.at("$"), "giv den mindst én source eller sink", "agenten har intet at gøre")
	}
	navne := map[string]bool{}
	for i := range s.Sources {
		l.source(fmt.Sprintf("$.sources[%d]", i), &s.Sources[i], navne)
	}
	for i := range s.Sinks {
		l.sink(fmt.Sprintf("$.sinks[%d]", i), &s.Sinks[i], navne)
	}
}

func (l *linter) navn(path, navn string) {
	if !navneform.MatchString(navn) {
		l.fail(l.at(path), "brug små bogstaver, tal, - og _; højst 50 tegn", "%q er ikke et navn", navn)
	}
}

func (l *linter) entydig(path, navn string, navne map[string]bool) {
	l.navn(path, navn)
	if navne[navn] {
		l.fail(l.at(path), "giv hver source og sink sit eget navn", "navnet %q er brugt før", navn)
	}
	navne[navn] = true
}

func (l *linter) source(path string, k *SourceSpec, navne map[string]bool) {
	l.entydig(path+".name", k.Name, navne)
	l.startregel(path+".start", k)
	if k.Key == "" {
		l.fail(l.at(path), "skriv det felt, der navngiver posten: «key: sagsnr»", "key mangler")
	}
	if k.MaksAndel < 0 || k.MaksAndel > 1 {
		l.fail(l.at(path+".maks_andel"), "skriv en andel, fx 0.1", "maks_andel skal være mellem 0 og 1")
	}
	if p := k.Passiver; p != nil && (p.Felt == "" || len(p.Vaerdier) == 0) {
		l.fail(l.at(path+".passiver"), "skriv «passiver: {felt: STATUS, vaerdier: [TRK]}»", "passiver skal have både felt og vaerdier")
	}
	k.table = l.tabel(path+".map", k.Map, k.Objekttype, mapping.Ind)
	if t, ok := l.connectorType(path+".from", k.From); ok {
		var c sourceFor
		c, k.aabn = sourceConfig(l, k.From, t)
		l.connectorProblems(path+".from", t, c)
	}
}

func (l *linter) startregel(path string, k *SourceSpec) {
	if rest, ok := strings.CutPrefix(k.Start, StartFra+":"); ok {
		t, err := time.Parse(time.RFC3339, strings.TrimSpace(rest))
		if err != nil {
			l.fail(l.at(path), "skriv «start: \"fra: 2026-01-01T00:00:00+01:00\"»", "tiden efter fra: kan ikke læses")
		}
		k.Start, k.fra = StartFra, t
		return
	}
	if !slices.Contains([]string{StartBaseline, StartNu, StartAlt}, k.Start) {
		l.fail(l.at(path), "vælg baseline (lær, send intet), nu (spring over), alt (send alt) eller \"fra: <tid>\"", "start %q er ikke en regel for første kørsel", k.Start)
	}
}

func (l *linter) sink(path string, k *SinkSpec, navne map[string]bool) {
	l.entydig(path+".name", k.Name, navne)
	k.table = l.tabel(path+".map", k.Map, "", mapping.Ud)
	l.filter(path+".filter", k)
	if !slices.Contains([]string{GentagNoegle, GentagOpslag, GentagNaturlig, GentagNej}, k.Gentag) {
		l.fail(l.at(path+".gentag"), "vælg noegle, opslag, naturlig eller nej: hvad gør en gentagelse uskadelig?", "gentag %q er ikke en måde", k.Gentag)
	}
	if k.Gentag == GentagOpslag && k.Ro == 0 {
		l.fail(l.at(path), "skriv systemets længste behandlingstid: «ro: 10s»", "gentag: opslag kræver ro, så der ikke slås op, mens kaldet endnu behandles")
	}
	if k.Orden != "" && k.Orden != mox.OrdenObjekt && k.Orden != mox.OrdenIngen {
		l.fail(l.at(path+".orden"), "vælg objekt eller ingen", "orden %q kendes ikke", k.Orden)
	}
	if k.Samtidige < 0 || k.Samtidige > 64 {
		l.fail(l.at(path+".samtidige"), "", "samtidige skal være fra 1 til 64")
	}
	if p := k.Plan; p != nil && (p.Forsoeg < 1 || p.Foerste <= 0 || p.Hoejst < p.Foerste) {
		l.fail(l.at(path+".plan"), "skriv «plan: {forsoeg: 24, foerste: 1s, hoejst: 3h}»", "planen skal have mindst ét forsøg, og hoejst skal være mindst foerste")
	}
	l.felter(path, k)
	l.answer(path+".answer", k)
	if t, ok := l.connectorType(path+".to", k.To); ok {
		var c sourceFor
		c, k.aabn = sinkConfig(l, k.To, t)
		l.connectorProblems(path+".to", t, c)
	}
}

func (l *linter) felter(path string, k *SinkSpec) {
	if k.table == nil {
		return
	}
	har := k.table.LocalFields(mapping.Ud)
	for navn, felter := range map[string][]string{"felter": k.Felter, "kun_adresse": k.KunAdresse} {
		for i, f := range felter {
			if !slices.Contains(har, f) {
				l.fail(l.at(fmt.Sprintf("%s.%s[%d]", path, navn, i)), "mappen skriver "+strings.Join(har, ", "), "feltet %q står ikke i %s", f, k.Map)
			}
		}
	}
}

func (l *linter) filter(path string, k *SinkSpec) {
	if k.Filter.Node == nil {
		l.fail(l.at(path), "skriv, hvilke beskeder den vil have: «filter: {objekttype: Sag}»", "filter mangler")
		return
	}
	var v any
	if !l.decode(k.Filter.Node, &v) {
		return
	}
	f, fejl := mox.LaesFilter(renset(v))
	for _, e := range fejl {
		l.fail(l.at(path+"."+e.Sti), "", "filter %s: %s", e.Sti, e.Tekst)
	}
	k.filter = f
}

// renset turns what the YAML decoder gives into what JSON would have given.
func renset(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			v[k] = renset(x)
		}
		return v
	case yaml.MapSlice:
		ud := map[string]any{}
		for _, p := range v {
			ud[fmt.Sprint(p.Key)] = renset(p.Value)
		}
		return ud
	case []any:
		for i, x := range v {
			v[i] = renset(x)
		}
		return v
	}
	return v
}

func (l *linter) answer(path string, k *SinkSpec) {
	for kode, ansvar := range k.Answer.Rejected {
		if ansvar != mox.AnsvarModtager && ansvar != mox.AnsvarAfsender {
			l.fail(l.at(path+".rejected"), "skriv afsender eller modtager", "%v: %q er ikke et ansvar", kode, ansvar)
		}
	}
	b := k.Answer.Besked
	if b == nil {
		return
	}
	if b.Key == "" {
		l.fail(l.at(path+".besked"), "skriv det felt i svaret, der navngiver objektet: «key: id»", "key mangler")
	}
	if _, ok := mox.LaesLivscyklusKode(string(b.Livscykluskode)); !ok && b.Livscykluskode != "" {
		l.fail(l.at(path+".besked.livscykluskode"), fmt.Sprintf("brug en af %v", mox.LivscyklusKoder()), "livscykluskode %q kendes ikke", b.Livscykluskode)
	}
	b.table = l.tabel(path+".besked.map", b.Map, "", mapping.Ind)
}

// tabel loads a map and checks it against the object type it is about.
func (l *linter) tabel(path, fil string, t mox.ObjektType, retning mapping.Direction) *mapping.Table {
	if fil == "" {
		l.fail(l.at(path), "skriv «map: maps/sag.yaml»", "map mangler")
		return nil
	}
	sti := filepath.Join(l.spec.dir(), fil)
	src, err := os.ReadFile(sti)
	if err != nil {
		l.fail(l.at(path), "stier regnes fra agentens mappe", "mappen %s kan ikke læses: %s", fil, aarsag(err))
		return nil
	}
	table, problems := mapping.Load(sti, src)
	l.problems = append(l.problems, problems...)
	if table == nil {
		return nil
	}
	type_, ok := mox.TypeAf(mox.ObjektType(table.Objekttype()))
	if !ok || (t != "" && t != type_.Navn) {
		l.fail(l.at(path), fmt.Sprintf("brug en af %v, og den samme som i agenten", mox.ObjektTyper()), "%s er for objekttypen %q", fil, table.Objekttype())
		return nil
	}
	l.problems = append(l.problems, table.Lint(stier(type_, retning))...)
	return table
}

// stier tells which paths a map may use: the type's own, and on the way out the besked's metadata.
func stier(t *mox.Type, retning mapping.Direction) func(string) (string, bool) {
	return func(sti string) (string, bool) {
		if felt, ok := strings.CutPrefix(sti, "besked."); ok && retning == mapping.Ud {
			f, ok := mox.BeskedfeltAf(felt)
			return "tekst", ok && !f.Flere
		}
		slags, ok := t.StiSlags(sti)
		if ok && erHenvisning(sti) {
			return "reference", true
		}
		return slags.String(), ok
	}
}

// erHenvisning reports whether the path is a relation itself, not a field of its entry.
func erHenvisning(sti string) bool {
	led := strings.Split(sti, ".")
	return led[0] == "relationer" && len(led) <= 3
}
