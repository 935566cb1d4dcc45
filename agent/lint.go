package agent

import (
	"cmp"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/mapping"
)

func (s *Spec) check(l *linter) {
	l.navn("$", "agent", s.Agent)
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

func (l *linter) navn(path, noegle, navn string) {
	switch {
	case navn == "":
		l.fail(l.at(path), "giv den et navn med små bogstaver: «"+noegle+": sager»", "%s mangler", noegle)
	case !navneform.MatchString(navn):
		l.fail(l.at(path+"."+noegle), "brug små bogstaver, tal, - og _; højst 50 tegn", "%q er ikke et navn", navn)
	}
}

func (l *linter) entydig(path, navn string, navne map[string]bool) {
	l.navn(path, "name", navn)
	if navne[navn] && navn != "" {
		l.fail(l.at(path+".name"), "giv hver source og sink sit eget navn", "navnet %q er brugt før", navn)
	}
	navne[navn] = true
}

func (l *linter) source(path string, k *SourceSpec, navne map[string]bool) {
	l.entydig(path, k.Name, navne)
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
	if k.table = l.tabel(path+".map", k.Map, k.Objekttype, mapping.Ind); k.table != nil {
		k.stier = stierAf(k.table)
	}
	l.indhold(path, k)
	if t, ok := l.connectorType(path+".from", k.From, erKilde, kildetyper); ok {
		var c sourceFor
		c, k.aabn = nySource(t)
		l.connector(path+".from", k.From, c)
	}
}

// indhold asks for each field that names a document in the map: without a row there the bytes would be stored for nothing.
func (l *linter) indhold(path string, k *SourceSpec) {
	if k.table == nil {
		return
	}
	har := k.table.LocalFields(mapping.Ind)
	for i, f := range k.Indhold {
		if !slices.Contains(har, f) {
			l.fail(l.at(fmt.Sprintf("%s.indhold[%d]", path, i)), mente(f, har), "feltet %q læses ikke af %s", f, k.Map)
		}
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

// cvrURN is how an authority is named.
var cvrURN = regexp.MustCompile(`^urn:oio:cvr(-nr)?:\d{8}$`)

func (l *linter) sink(path string, k *SinkSpec, navne map[string]bool) {
	l.entydig(path, k.Name, navne)
	k.table = l.tabel(path+".map", k.Map, "", mapping.Ud)
	l.filter(path+".filter", k)
	if !slices.Contains([]string{GentagNoegle, GentagOpslag, GentagNaturlig, GentagNej}, k.Gentag) {
		l.fail(l.at(path+".gentag"), "vælg noegle, opslag, naturlig eller nej: hvad gør en gentagelse uskadelig?", "gentag %q er ikke en måde", k.Gentag)
	}
	if k.Gentag == GentagOpslag && k.Ro == 0 {
		l.fail(l.at(path), "skriv systemets længste behandlingstid: «ro: 10s»", "gentag: opslag kræver ro, så der ikke slås op, mens kaldet endnu behandles")
	}
	if k.Overhal != "" && k.Overhal != "ja" && k.Overhal != "nej" {
		l.fail(l.at(path+".overhal"), "vælg ja eller nej", "overhal %q kendes ikke", k.Overhal)
	}
	if k.Overhal == "ja" && k.Orden == mox.OrdenIngen {
		l.fail(l.at(path+".overhal"), "fjern overhal, eller vælg orden: objekt", "overhal hører til orden objekt")
	}
	if k.Modtager != "" && !cvrURN.MatchString(k.Modtager) {
		l.fail(l.at(path+".modtager"), "skriv fx urn:oio:cvr-nr:12345678", "modtager er ikke en CVR-URN")
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
	if t, ok := l.connectorType(path+".to", k.To, erSink, sinktyper); ok {
		var c sinkFor
		c, k.aabn = nySink(t)
		if l.connector(path+".to", k.To, c) {
			l.gentagelse(path, k, c)
			l.skabeloner(path+".to", k, c)
		}
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
				l.fail(l.at(fmt.Sprintf("%s.%s[%d]", path, navn, i)), mente(f, har), "feltet %q skrives ikke af %s", f, k.Map)
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
		l.fail(l.at(path+"."+e.Sti), "", "%s: %s", strings.TrimSuffix("filter."+e.Sti, "."), e.Tekst)
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
			l.fail(l.at(fmt.Sprintf("%s.rejected.%v", path, kode)), "skriv afsender eller modtager", "%v: %q er ikke et ansvar", kode, ansvar)
		}
	}
	for i, kode := range k.Answer.Accepted {
		for afvist := range k.Answer.Rejected {
			if fmt.Sprint(afvist) == fmt.Sprint(kode) {
				l.fail(l.at(fmt.Sprintf("%s.accepted[%d]", path, i)), "slet den ene", "koden %v står både i accepted og i rejected", kode)
			}
		}
	}
	b := k.Answer.Besked
	if b == nil {
		if k.Noegle != "" && len(l.spec.Sources) > 0 {
			l.fail(l.at(path), "tilføj answer.besked, så MOX ved, hvilket objekt den oprettede post er", "sinken opretter poster (noegle: %s), og agenten læser også fra systemet: den oprettede post ville komme tilbage som en ny", k.Noegle)
		}
		return
	}
	if b.Key == "" {
		l.fail(l.at(path+".besked"), "skriv det felt i svaret, der navngiver objektet: «key: id»", "key mangler")
	}
	if _, ok := mox.LaesLivscyklusKode(string(b.Livscykluskode)); !ok && b.Livscykluskode != "" {
		l.fail(l.at(path+".besked.livscykluskode"), fmt.Sprintf("brug en af %v", mox.LivscyklusKoder()), "livscykluskode %q kendes ikke", b.Livscykluskode)
	}
	b.table = l.tabel(path+".besked.map", b.Map, "", mapping.Ind)
	l.svarfelter(path+".besked", k)
}

// svarfelter asks for what the answer's map reads of other than the answer: it is found wanting here, or only after the
// system has done its part.
func (l *linter) svarfelter(path string, k *SinkSpec) {
	b := k.Answer.Besked
	if b.table == nil || k.table == nil {
		return
	}
	type_, _ := mox.TypeAf(mox.ObjektType(k.table.Objekttype()))
	for navn, felt := range map[string]string{"key": b.Key, "version": b.Version} {
		if raad, ok := k.svarfelt(type_, felt); !ok {
			l.fail(l.at(path+"."+navn), raad, "%s: feltet %q er der ikke, når svaret læses", navn, felt)
		}
	}
	for _, r := range b.table.Rows() {
		for _, felt := range append(r.Reads, r.Felt) {
			if raad, ok := k.svarfelt(type_, felt); !ok && r.Retning != mapping.Ud {
				l.problems = append(l.problems, mapping.Problem{File: b.table.File(), Line: r.Line, Column: 1, Hint: raad,
					Text: fmt.Sprintf("feltet %q er der ikke, når svaret læses", felt)})
			}
		}
	}
}

// svarfelt reports whether the answer's map may read a field; what the system answers is not known.
func (k *SinkSpec) svarfelt(t *mox.Type, felt string) (raad string, ok bool) {
	if rest, sendt := strings.CutPrefix(felt, svarSendt); sendt {
		return "der sendes " + strings.Join(k.skrevne(), ", "), slices.Contains(k.skrevne(), rest)
	}
	if rest, af := strings.CutPrefix(felt, svarOIO); af {
		_, ok := t.StiSlags(rest)
		return fmt.Sprintf("brug en sti, som en besked om %s har", t.Navn), ok
	}
	if strings.HasPrefix(felt, svarBesked) {
		return beskedraad(felt), slices.Contains(beskednavne(), felt)
	}
	return "", true
}

// skrevne are the local fields that the sink writes.
func (k *SinkSpec) skrevne() []string {
	if len(k.Felter) > 0 {
		return k.Felter
	}
	return k.table.LocalFields(mapping.Ud)
}

// kaldnavne are the names that a template of the sink may use.
func (k *SinkSpec) kaldnavne() []string {
	ud := append([]string{"key", "noegle"}, beskednavne()...)
	for _, f := range k.skrevne() {
		ud = append(ud, kaldFelt+f)
	}
	return ud
}

// beskednavne are a besked's metadata as maps and templates name them: those with one value.
func beskednavne() (ud []string) {
	for _, f := range mox.Beskedfelter() {
		if !f.Flere {
			ud = append(ud, svarBesked+f.Navn)
		}
	}
	return ud
}

// tabel loads a map and checks it against the object type it is about.
func (l *linter) tabel(path, fil string, t mox.ObjektType, retning mapping.Direction) *mapping.Table {
	if fil == "" {
		l.fail(l.at(path), "skriv «map: maps/sag.yaml»", "map mangler")
		return nil
	}
	sti := filepath.Join(l.spec.dir(), fil)
	src, err := laesFil(sti)
	if err != nil {
		l.fail(l.at(path), "stier regnes fra agentens mappe", "map-filen %s kan ikke læses: %v", fil, err)
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

// stier tells which paths a map may use: the type's own, and on the way out the besked's metadata. A map that goes both ways
// has them in rows of their own.
func stier(t *mox.Type, retning mapping.Direction) mapping.Paths {
	return func(sti string, raekke mapping.Direction) (string, bool) {
		if felt, ok := strings.CutPrefix(sti, "besked."); ok && mapping.Ud == cmp.Or(raekke, retning) {
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
