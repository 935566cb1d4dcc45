package rest

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/register"
)

// Limits on a search.
const (
	maksParametre = 200
	maksUUIDer    = 1000
	maksAntal     = 1_000_000
)

// soegning is what the parameters of a call ask for.
type soegning struct {
	register.Soegning
	soeger bool // something else than UUIDs and times is asked for
}

// parametre reads parameters. Names are taken in any case. spec: oio 1.9, 70
type parametre struct {
	type_ *mox.Type
	ud    soegning
	givet map[string]bool
	fejl  []mox.Feltfejl
}

func soegningAf(t *mox.Type, v url.Values) (soegning, error) {
	p := parametre{type_: t, givet: map[string]bool{}}
	antal := 0
	for _, navn := range slices.Sorted(maps.Keys(v)) {
		for _, vaerdi := range v[navn] {
			if antal++; antal > maksParametre+maksUUIDer {
				return p.ud, mox.E("soeg", mox.KodeForStor, "der er flere end %d parametre", maksParametre+maksUUIDer).Med("del søgningen")
			}
			p.tag(navn, vaerdi)
		}
	}
	p.sammen()
	if len(p.fejl) > 0 {
		return p.ud, &mox.Error{Kode: mox.KodeUgyldig, Op: "soeg", Tekst: "parametrene kan ikke bruges", Felter: p.fejl,
			Raad: "/" + t.Service + "/" + t.Sti + "/fields siger, hvilke der er"}
	}
	return p.ud, nil
}

func (p *parametre) afvis(navn, regel, spec, format string, args ...any) {
	p.fejl = append(p.fejl, mox.Feltfejl{Sti: mox.Maskeret(navn), Regel: regel, Spec: spec, Tekst: fmt.Sprintf(format, args...)})
}

func (p *parametre) tag(navn, v string) {
	lille := strings.ToLower(navn)
	if p.tid(lille, navn, v) {
		return
	}
	if lille == "uuid" {
		if v = strings.ToLower(v); !mox.ErUUID(v) {
			p.afvis(navn, "uuid", "oio 6", "%s er ikke en UUID", mox.Maskeret(v))
		}
		if p.ud.ObjektID = append(p.ud.ObjektID, mox.ObjektID(v)); len(p.ud.ObjektID) == maksUUIDer+1 {
			p.afvis(navn, "antal", "", "der er flere end %d", maksUUIDer)
		}
		return
	}
	p.ud.soeger = true
	switch lille {
	case "foersteresultat":
		p.ud.Foerste = p.tal(navn, v, 0)
	case "maximalantalresultater":
		p.ud.Maks = p.tal(navn, v, 1)
	case "livscykluskode":
		kode, ok := mox.LaesLivscyklusKode(v)
		if p.ud.Livscyklus = kode; !ok {
			p.afvis(navn, "kodeliste", "oio 46", "er ikke en af %v", mox.LivscyklusKoder())
		}
	case "brugerref":
		if p.ud.BrugerRef = strings.ToLower(v); !mox.ErUUID(p.ud.BrugerRef) {
			p.afvis(navn, "uuid", "oio 6", "er ikke en UUID")
		}
	case "notetekst":
		p.kriterium(register.Notekriterium, "notetekst", v)
	case "vilkaarligattr":
		p.kriterium(register.Attributkriterium, "", v)
	case "vilkaarligrel":
		p.relation("", "", navn, v)
	default:
		p.indhold(lille, navn, v)
	}
}

// indhold reads a criterion about content: a field, a state or a relation.
func (p *parametre) indhold(lille, navn, v string) {
	if lille == "bvn" {
		lille = "brugervendtnoegle"
	}
	rel, maaltype, _ := strings.Cut(navn, ":")
	for i := range p.type_.Attributter {
		if f, ok := p.type_.Attributter[i].Felt(lille); ok {
			p.felt(register.Attributkriterium, f, f.Navn, navn, v)
			return
		}
	}
	if tv, ok := p.type_.Tilstand(lille); ok {
		if !slices.ContainsFunc(tv.Vaerdi, func(x string) bool { return strings.EqualFold(x, v) }) {
			p.afvis(navn, "kodeliste", "oio 49", "er ikke en af %v", tv.Vaerdi)
		}
		p.kriterium(register.Tilstandkriterium, tv.Felt, v)
		return
	}
	if rt, ok := p.type_.Relation(strings.ToLower(rel)); ok {
		p.relation(rt.Navn, maaltype, navn, v)
		return
	}
	if f, felt, ok := p.relationsfelt(lille); ok {
		p.felt(register.Postkriterium, f, felt, navn, v)
		return
	}
	if p.variant(lille, navn, v) {
		return
	}
	p.afvis(navn, "ukendt", "oio 70", "kendes ikke")
}

// relationsfelt finds a field that entries of a relation have: journalpostkode, journalnotat.titel.
func (p *parametre) relationsfelt(navn string) (f *mox.Felt, felt string, ok bool) {
	for i := range p.type_.Relationer {
		rt := &p.type_.Relationer[i]
		for j := range rt.Felter {
			if rt.Felter[j].Navn == navn {
				return &rt.Felter[j], rt.Navn + "." + navn, true
			}
		}
	}
	return nil, "", false
}

// variant reads a criterion about a variant or a part.
func (p *parametre) variant(lille, navn, v string) bool {
	if !p.type_.Varianter {
		return false
	}
	switch lille {
	case "varianttekst":
		p.kriterium(register.Variantkriterium, lille, v)
		return true
	case "deltekst":
		p.kriterium(register.Delkriterium, lille, v)
		return true
	case "underredigeringaf":
		p.relation(lille, "", navn, v)
		return true
	}
	for slags, felter := range map[register.Kriterieslags][]mox.Felt{register.Variantkriterium: p.type_.Variant, register.Delkriterium: p.type_.Del} {
		for i := range felter {
			if felter[i].Navn == lille {
				p.felt(slags, &felter[i], lille, navn, v)
				return true
			}
		}
	}
	return false
}

// felt asks for a value of a field. A boolean is taken in any case.
func (p *parametre) felt(slags register.Kriterieslags, f *mox.Felt, felt, navn, v string) {
	if f.Slags == mox.Boolsk && !strings.EqualFold(v, "true") && !strings.EqualFold(v, "false") {
		p.afvis(navn, "vaerdi", "oio 50", "er ikke true eller false")
	}
	p.kriterium(slags, felt, v)
}

func (p *parametre) kriterium(slags register.Kriterieslags, navn, v string) {
	p.ud.Kriterier = append(p.ud.Kriterier, register.Kriterium{Slags: slags, Navn: navn, Vaerdi: v})
}

func (p *parametre) relation(rel, maaltype, navn, v string) {
	ref, err := mox.LaesReference(v)
	if err != nil || ref.Tom() {
		p.afvis(navn, "reference", "oio 6", "skal være en UUID eller en URN")
		return
	}
	p.ud.Kriterier = append(p.ud.Kriterier, register.Kriterium{Slags: register.Relationkriterium, Navn: rel, Vaerdi: ref.String(), Maaltype: maaltype})
}

func (p *parametre) tal(navn, v string, mindst int) int {
	n, err := strconv.Atoi(v)
	if err != nil || n < mindst || n > maksAntal {
		p.afvis(navn, "vaerdi", "oio 73", "skal være et helt tal fra %d til %d", mindst, maksAntal)
	}
	return n
}

// tid reads a parameter about time, and reports whether it is one.
func (p *parametre) tid(lille, navn, v string) bool {
	t := &p.ud.Tider
	switch lille {
	case "virkningstid":
		t.VirkFra = p.tidspunkt(navn, v)
		t.VirkTil = t.VirkFra
	case "virkningfra":
		t.VirkFra = p.tidspunkt(navn, v)
	case "virkningtil":
		t.VirkTil = p.tidspunkt(navn, v)
	case "registreringstid":
		t.RegFra = p.klokken(navn, v)
		t.RegTil = t.RegFra
	case "registreretfra":
		t.RegFra = p.graense(navn, v)
	case "registrerettil":
		t.RegTil = p.graense(navn, v)
	default:
		return false
	}
	if p.givet[lille] {
		p.afvis(navn, "entydig", "oio 32", "er givet to gange")
	}
	p.givet[lille] = true
	return true
}

func (p *parametre) tidspunkt(navn, v string) mox.Tidspunkt {
	t, err := mox.LaesTidspunkt(v)
	if err != nil {
		p.afvis(navn, "tid", "mox 9", "%v", err)
	}
	return t
}

// klokken reads a bounded time.
func (p *parametre) klokken(navn, v string) time.Time {
	t, bundet := p.tidspunkt(navn, v).Tid()
	if !bundet {
		p.afvis(navn, "tid", "mox 9", "skal være et tidspunkt")
	}
	return t
}

// altid is the first moment of registreringstid: an interval from the beginning is not the same as none.
func altid() time.Time { return time.UnixMicro(1).UTC() }

// graense reads one end of an interval of registreringstid.
func (p *parametre) graense(navn, v string) time.Time {
	switch t := p.tidspunkt(navn, v); t {
	case mox.Uendelig:
		return time.Time{}
	case mox.MinusUendelig:
		return altid()
	default:
		tid, _ := t.Tid()
		return tid
	}
}

// sammen checks what parameters say together. spec: oio 32
func (p *parametre) sammen() {
	for _, par := range []struct{ paa, fra, til string }{{"virkningstid", "virkningfra", "virkningtil"}, {"registreringstid", "registreretfra", "registrerettil"}} {
		if p.givet[par.paa] && (p.givet[par.fra] || p.givet[par.til]) {
			p.afvis(par.paa, "tid", "oio 32", "kan ikke gives sammen med %s og %s", par.fra, par.til)
		}
	}
	t := &p.ud.Tider
	if (p.givet["registreretfra"] || p.givet["registrerettil"]) && t.RegFra.IsZero() {
		t.RegFra = altid()
	}
	if p.givet["virkningfra"] && p.givet["virkningtil"] && t.VirkFra.Sammenlign(t.VirkTil) >= 0 {
		p.afvis("virkningtil", "interval", "oio 18", "skal ligge efter virkningfra")
	}
	if !t.RegTil.IsZero() && !p.givet["registreringstid"] && !t.RegFra.Before(t.RegTil) {
		p.afvis("registrerettil", "interval", "oio 18", "skal ligge efter registreretfra")
	}
}

// cprIAdressen refuses a person's number where logs and histories keep it.
func cprIAdressen(raa string) error {
	tekst, err := url.QueryUnescape(raa)
	if err != nil || mox.Maskeret(tekst) == tekst {
		return nil
	}
	return mox.E("soeg", mox.KodeUgyldig, "adressen har noget, der ligner et CPR-nummer").Med("søg med POST …/soeg og parametrene som formular; adresser gemmes i logge")
}
