package tilslutning

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/agent"
	"github.com/moxkit/mox/mapping"
)

// ForAgent is the guide for the vendor of an agent's system.
func ForAgent(a *agent.Spec, om Om) (string, error) {
	proever, err := a.LaesProever()
	if err != nil {
		return "", err
	}
	s := &skriver{}
	s.afsnit("# %s og MOX: teknisk vejledning", a.System)
	s.om(om, "agenten `"+a.Agent+"`")
	s.afsnit("Til den, der leverer eller passer %s. MOX-agenten `%s` læser, hvad der sker i systemet, og bringer andre systemers Sager og Dokumenter ind i det, gennem de snitflader, der står her. Systemet skal ikke kende MOX eller standarden. Agenten arbejder som brugeren `%s`, og har den brugers rettigheder.", a.System, a.Agent, a.ActsAs)
	s.oversigt(a)
	for i := range a.Sources {
		if err := s.source(a, &a.Sources[i], proever); err != nil {
			return "", err
		}
	}
	for i := range a.Sinks {
		s.sink(a, &a.Sinks[i], proever)
	}
	s.drift()
	return s.String(), nil
}

func (s *skriver) oversigt(a *agent.Spec) {
	s.linje("## Overblik\n")
	var raekker [][]string
	for _, k := range a.Sources {
		raekker = append(raekker, []string{"fra " + a.System, kode(k.Name), string(k.Objekttype), "nøgle " + kode(k.Key)})
	}
	for _, k := range a.Sinks {
		raekker = append(raekker, []string{"til " + a.System, kode(k.Name), k.Tabel().Objekttype(), gentag(k.Gentag)})
	}
	s.tabel([]string{"Retning", "Navn", "Objekttype", ""}, raekker...)
}

func gentag(g string) string {
	return map[string]string{agent.GentagNoegle: "systemet kender nøglen igen", agent.GentagOpslag: "MOX spørger, før den skriver igen", agent.GentagNaturlig: "det samme to gange er det samme",
		agent.GentagNej: "gentages ikke; en person afgør et uvist udfald"}[g]
}

// source tells what is read, and what becomes of it.
func (s *skriver) source(a *agent.Spec, k *agent.SourceSpec, proever []agent.Proeve) error {
	s.linje("## Fra %s: %s\n", a.System, k.Name)
	s.afsnit("MOX læser sådan. Der skrives intet i systemet.")
	s.blok("yaml", k.From.Tekst())
	s.linje("Hver post har disse felter:\n")
	var eksempler []agent.Proeve
	for _, p := range proever {
		if p.Source == k.Name {
			eksempler = append(eksempler, p)
		}
	}
	s.felter(k.Tabel(), mapping.Ind, func(felt string) string {
		for _, p := range eksempler {
			if v := p.Post[felt]; v != "" && p.Fejl == "" {
				return v
			}
		}
		return ""
	}, andreFelter(k)...)
	s.koder(k.Tabel(), mapping.Ind)
	s.linje("* `%s` navngiver posten i systemet og må aldrig skifte eller bruges igen.", k.Key)
	if k.Version != "" {
		s.linje("* `%s` er systemets egen version og skal vokse: en ældre version overskriver aldrig en nyere.", k.Version)
	}
	if k.Passiver != nil {
		s.linje("* Er `%s` lig %s, er posten trukket tilbage.", k.Passiver.Felt, koder(k.Passiver.Vaerdier))
	}
	if len(k.Indhold) > 0 {
		s.linje("* %s navngiver et dokument, hvis bytes følger med.", koder(k.Indhold))
	}
	s.linje("* Kun det, der er ændret, bliver til en besked. En post, der ikke kan læses, lægges til en person hos kommunen med fil, linje og felt; de andre går videre.\n")
	for i, p := range eksempler {
		if p.Fejl != "" {
			s.linje("### En post, der afvises\n")
			s.post(p.Post)
			s.afsnit("Fejlen siger: %s", p.Fejl)
		} else if i == 0 || p.Livscykluskode != "" {
			if err := s.eksempel(a, k, &p); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *skriver) eksempel(a *agent.Spec, k *agent.SourceSpec, p *agent.Proeve) error {
	livscyklus := mox.LivscyklusKode(cmp.Or(p.Livscykluskode, string(mox.Opstaaet)))
	s.linje("### Eksempel: %s\n", livscyklus)
	s.post(p.Post)
	b, err := besked(a.System, k.Objekttype, livscyklus, p.Oio)
	if err != nil {
		return fmt.Errorf("%s: %w", k.Name, err)
	}
	s.linje("bliver beskeden `%s`, her dens headers og indhold:\n", b.Type)
	s.blok("text", headerlinjer(&b))
	s.blok("json", pent(b.Indhold))
	return nil
}

func (s *skriver) post(felter map[string]string) {
	var linjer []string
	for _, f := range slices.Sorted(maps.Keys(felter)) {
		linjer = append(linjer, f+" = "+felter[f])
	}
	s.blok("text", strings.Join(linjer, "\n"))
}

// andreFelter are what a source reads beside the rows of its map, each with what it is for.
func andreFelter(k *agent.SourceSpec) (ud [][2]string) {
	kendt := map[string]bool{}
	for _, r := range k.Tabel().Rows() {
		kendt[r.Felt] = true
	}
	tag := func(felt, hvad string) {
		if felt != "" && !kendt[felt] {
			kendt[felt] = true
			ud = append(ud, [2]string{felt, hvad})
		}
	}
	tag(k.Key, "systemets nøgle")
	tag(k.Version, "systemets version")
	if k.Passiver != nil {
		tag(k.Passiver.Felt, "om posten er trukket tilbage")
	}
	for _, f := range k.Indhold {
		tag(f, "et dokument")
	}
	for _, f := range k.Tabel().LocalFields(mapping.Ind) {
		tag(f, "hvornår det gælder")
	}
	return ud
}

// felter is the table of a map's local fields, and of others that are read beside them.
func (s *skriver) felter(t *mapping.Table, retning mapping.Direction, eksempel func(felt string) string, andre ...[2]string) {
	var raekker [][]string
	for _, r := range t.Rows() {
		if r.Felt == "" || r.Retning != mapping.Begge && r.Retning != retning || fraMOX(r.Felt) {
			continue
		}
		raekker = append(raekker, []string{kode(r.Felt), slags(&r), map[bool]string{true: "ja"}[r.Kraevet], kode(r.Sti), kode(eksempel(r.Felt))})
	}
	for _, f := range andre {
		raekker = append(raekker, []string{kode(f[0]), f[1], "", "", kode(eksempel(f[0]))})
	}
	s.tabel([]string{"Felt", "Slags", "Kræves", "I standarden", "Eksempel"}, raekker...)
}

// fraMOX tells whether an answer's map has the field from MOX itself, and not of the system.
func fraMOX(felt string) bool {
	return slices.ContainsFunc([]string{"sendt.", "oio.", "besked."}, func(f string) bool { return strings.HasPrefix(felt, f) })
}

// slags tells what a field's values are.
func slags(r *mapping.Row) string {
	ud := []string{string(cmp.Or(r.Type, mapping.Tekst))}
	if r.Format != "" {
		ud = append(ud, kode(r.Format))
	}
	if r.Maks > 0 {
		ud = append(ud, fmt.Sprintf("højst %d tegn", r.Maks))
	}
	if r.Noegle != "" {
		ud = append(ud, "nøgle på en "+r.Noegle)
	}
	if len(r.Koder) > 0 {
		ud = append(ud, "kode, se nedenfor")
	}
	if r.FastFelt != "" {
		ud = append(ud, "altid "+kode(r.FastFelt))
	}
	if r.Standard != "" {
		ud = append(ud, "ellers "+kode(r.Standard))
	}
	if r.Starlark != "" {
		ud = append(ud, "beregnes")
	}
	return strings.Join(ud, ", ")
}

// koder are the code lists of a map.
func (s *skriver) koder(t *mapping.Table, retning mapping.Direction) {
	for _, r := range t.Rows() {
		if len(r.Koder) == 0 || r.Retning != mapping.Begge && r.Retning != retning {
			continue
		}
		s.linje("Koderne i `%s`; en anden afvises:\n", r.Felt)
		var raekker [][]string
		for _, k := range r.Koder {
			raekker = append(raekker, []string{kode(k.Lokal), kode(k.OIO)})
		}
		s.tabel([]string{"Her", "I standarden"}, raekker...)
	}
}

// sink tells what is written, and what the answers mean.
func (s *skriver) sink(a *agent.Spec, k *agent.SinkSpec, proever []agent.Proeve) {
	s.linje("## Til %s: %s\n", a.System, k.Name)
	s.linje("MOX skriver, når en besked passer på dette:\n")
	s.blok("yaml", k.Filter.Tekst())
	s.linje("på denne måde:\n")
	s.blok("yaml", k.To.Tekst())
	var eksempler []agent.Proeve
	for _, p := range proever {
		if p.Sink == k.Name && p.Fejl == "" {
			eksempler = append(eksempler, p)
		}
	}
	s.linje("med disse felter:\n")
	s.felter(k.Tabel(), mapping.Ud, func(felt string) string {
		for _, p := range eksempler {
			if v := p.Felter[felt]; v != "" {
				return v
			}
		}
		return ""
	})
	s.koder(k.Tabel(), mapping.Ud)
	s.linje("* %s.", strings.ToUpper(gentag(k.Gentag)[:1])+gentag(k.Gentag)[1:])
	if k.Ro > 0 {
		s.linje("* Har systemet ikke svaret, spørger MOX først igen efter %s: så længe må det højst være om et kald.", time.Duration(k.Ro))
	}
	plan := a.Abonnement(k).Plan
	s.linje("* Svarer systemet ikke, eller med en fejl, der kan gå over, prøver MOX igen op til %d gange, først efter %s, så længere og længere, højst %s. `Retry-After` følges.", plan.Forsoeg, plan.Foerste, plan.Hoejst)
	s.linje("* Beskeder om det samme objekt kommer i rækkefølge, én ad gangen; andre objekter venter ikke på det.\n")
	s.svar(k, eksempler)
}

func (s *skriver) svar(k *agent.SinkSpec, eksempler []agent.Proeve) {
	var raekker [][]string
	tag := func(koder []any, betydning string) {
		for _, c := range koder {
			raekker = append(raekker, []string{kode(fmt.Sprint(c)), betydning})
		}
	}
	tag(k.Answer.Accepted, "gjort")
	for c, ansvar := range k.Answer.Rejected {
		raekker = append(raekker, []string{kode(fmt.Sprint(c)), "nej; ansvar: " + string(ansvar)})
	}
	tag(k.Answer.Midlertidig, "ikke nu; MOX prøver igen")
	slices.SortFunc(raekker, func(a, b []string) int { return cmp.Compare(a[0], b[0]) })
	s.tabel([]string{"Svar", "Betydning"}, raekker...)
	if b := k.Answer.Besked; b != nil && slices.ContainsFunc(b.Tabel().Rows(), func(r mapping.Row) bool { return r.Felt != "" && !fraMOX(r.Felt) }) {
		s.linje("Svaret bliver til en besked til de andre systemer, så det skal have:\n")
		s.felter(b.Tabel(), mapping.Ind, func(felt string) string {
			for _, p := range eksempler {
				if v := p.Svar[felt]; v != "" {
					return v
				}
			}
			return ""
		})
	}
	for i, p := range eksempler {
		if i == 0 || p.Operation != eksempler[i-1].Operation {
			s.linje("### Eksempel: %s\n", ellers(p.Operation, "opret"))
			s.post(p.Felter)
			if len(p.Svar) > 0 {
				s.linje("og systemet svarer:\n")
				s.post(p.Svar)
			}
		}
	}
}

// drift is what the vendor and the municipality owe each other.
func (s *skriver) drift() {
	s.linje("## Når noget ændres\n")
	s.linje("* Fortæl kommunen det, før felter, koder, adresser eller svar ændres. Et nyt felt, MOX ikke kender, gør intet.")
	s.linje("* `mox agent check --live` hos kommunen prøver, om systemet kan nås og lukker agenten ind, uden virkning; `mox agent test` prøver tabellerne med eksemplerne her.")
	s.linje("* Et kald, MOX ikke fik svar på, kan komme igen. Hvordan systemet kender det igen, står ved hver retning.\n")
	s.proev()
}
