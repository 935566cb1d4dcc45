package mox

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// IkkeFortrolig is the foelsomhed of data that need no agreement to be delivered. Any other one does, also one that MOX
// does not know.
const IkkeFortrolig = "IKKE_FORTROLIGE_DATA"

// Uoplyst in an agreement's foelsomhed means beskeder that do not say how sensitive they are.
const Uoplyst = "uoplyst"

// ErFoelsom reports whether b says that it is more than [IkkeFortrolig].
func (b *Besked) ErFoelsom() bool { return b.Foelsomhed != "" && b.Foelsomhed != IkkeFortrolig }

// Aftale is a tilslutningsaftale: what one system may send and receive, for which purpose, and who has answered for it.
type Aftale struct {
	Navn          string                  `json:"aftale"`
	System        string                  `json:"system"`
	Dataansvarlig Part                    `json:"dataansvarlig"`
	Databehandler Part                    `json:"databehandler"`
	Formaal       string                  `json:"formaal"`
	Hjemmel       string                  `json:"hjemmel"`
	Kategorier    []string                `json:"kategorier"`
	Slettefrist   string                  `json:"slettefrist"`
	Godkendt      Godkendelse             `json:"godkendt"`
	GyldigFra     time.Time               `json:"gyldigFra"`
	GyldigTil     time.Time               `json:"gyldigTil,omitzero"` // not included; zero = without end
	MaaSende      []Ret                   `json:"maa_sende,omitempty"`
	MaaModtage    []Ret                   `json:"maa_modtage,omitempty"`
	MaaLaese      []Ret                   `json:"maa_laese,omitempty"`  // in the register
	MaaSkrive     []Ret                   `json:"maa_skrive,omitempty"` // in the register; who may write may read
	MaaGlemme     []Ret                   `json:"maa_glemme,omitempty"` // in the register: to erase for good
	Felter        map[ObjektType][]string `json:"felter,omitempty"`     // what delivery is trimmed to; a type that is not named is delivered whole
}

// Part is one side of an agreement.
type Part struct {
	Navn string `json:"navn"`
	CVR  string `json:"cvr"` // eight digits
}

// URN is the party as it stands in myndighed and tilladtmodtager.
func (p Part) URN() string { return cvrForled[0] + p.CVR }

// Godkendelse is who has approved an agreement, and when.
type Godkendelse struct {
	Af   string    `json:"af"`
	Dato time.Time `json:"dato"`
}

// Ret is a right to beskeder that fulfil all of it. What is left out is not asked for, but for foelsomhed: that is then
// [IkkeFortrolig] only. A besked that does not say what is asked for is outside it. A right in the register is to objekter
// instead, see [Ret.Kreds].
type Ret struct {
	Beskedtyper []string     `json:"beskedtyper,omitempty"`
	Objekttyper []ObjektType `json:"objekttyper,omitempty"`
	KLE         []string     `json:"kle,omitempty"`         // "27.03.08", "27.*"
	Myndigheder []string     `json:"myndigheder,omitempty"` // CVR numbers
	Foelsomhed  []string     `json:"foelsomhed,omitempty"`
	Beskyttede  bool         `json:"beskyttede,omitempty"` // in the register: with the names of those who are protected
}

// savner lists what of b the right does not cover, in words.
func (r *Ret) savner(b *Besked) (ud []string) {
	kraev := func(navn, har string, krav []string, passer func(krav string) bool) {
		switch {
		case len(krav) == 0 || har != "" && slices.ContainsFunc(krav, passer):
		case har == "":
			ud = append(ud, "beskeder uden "+navn)
		default:
			ud = append(ud, navn+" "+Maskeret(har))
		}
	}
	kraev("beskedtype", b.Type, r.Beskedtyper, func(k string) bool { return k == b.Type })
	switch {
	case !b.ErOmSelveLeveringen():
		kraev("objekttype", string(b.ObjektType), forHver(r.Objekttyper, func(t ObjektType) string { return string(t) }), func(k string) bool { return k == string(b.ObjektType) })
		kraev("opgaveemne", b.Opgaveemne, r.KLE, func(k string) bool { return sammeEmne(k, b.Opgaveemne) })
		kraev("myndighed", b.Myndighed, r.Myndigheder, func(k string) bool { return k == cvr(b.Myndighed) })
	case len(r.Beskedtyper) == 0: // a report is not about an objekt in itself: it must be named
		ud = append(ud, "beskedtype "+b.Type)
	}
	if b.ErOmSelveLeveringen() && !b.ErFoelsom() {
		return ud
	}
	foelsomhed := r.Foelsomhed
	if len(foelsomhed) == 0 {
		foelsomhed = []string{IkkeFortrolig}
	}
	if b.Foelsomhed != "" || !slices.Contains(foelsomhed, Uoplyst) {
		kraev("foelsomhed", b.Foelsomhed, foelsomhed, func(k string) bool { return k == b.Foelsomhed })
	}
	return ud
}

// sammeEmne reports whether a KLE number is the one asked for, or begins as "27.*" asks.
func sammeEmne(krav, emne string) bool {
	if forled, ok := strings.CutSuffix(krav, "*"); ok {
		return strings.HasPrefix(emne, forled)
	}
	return krav == emne
}

// nej says why none of the rights covers b: what the nearest of them lacks; "" when one does.
func (a *Aftale) nej(hvad string, rettigheder []Ret, b *Besked) string {
	if len(rettigheder) == 0 {
		return fmt.Sprintf("aftalen %s tillader ikke at %s beskeder", a.Navn, hvad)
	}
	naermest := rettigheder[0].savner(b)
	for i := range rettigheder[1:] {
		if s := rettigheder[i+1].savner(b); len(s) < len(naermest) {
			naermest = s
		}
	}
	if len(naermest) == 0 {
		return ""
	}
	return fmt.Sprintf("aftalen %s tillader ikke at %s %s", a.Navn, hvad, strings.Join(naermest, " og "))
}

// Gaelder reports whether the agreement holds at t.
func (a *Aftale) Gaelder(t time.Time) bool {
	return !t.Before(a.GyldigFra) && (a.GyldigTil.IsZero() || t.Before(a.GyldigTil))
}

// Aftaler are all agreements of an installation. Where there are none, everybody may send and receive what is not
// sensitive; where there are some, a system without one may do neither.
type Aftaler []Aftale

// Med is the system's agreement that holds at t; nil when there is none.
func (l Aftaler) Med(system string, t time.Time) *Aftale {
	for i := range l {
		if l[i].System == system && l[i].Gaelder(t) {
			return &l[i]
		}
	}
	return nil
}

// Kender reports whether there is an agreement with the system, now or at another time, or none are asked for.
func (l Aftaler) Kender(system string) bool {
	return len(l) == 0 || slices.ContainsFunc(l, func(a Aftale) bool { return a.System == system })
}

// ingen says that the system has no agreement now.
func (l Aftaler) ingen(system string) string {
	if l.Kender(system) {
		return "tilslutningsaftalen med " + Maskeret(system) + " gælder ikke på det tidspunkt"
	}
	return "der er ingen tilslutningsaftale med " + Maskeret(system)
}

// MaaSende says why the system may not send b at t; "" when it may. Whoever has an agreement may tell how a delivery went,
// but not what is sensitive with it.
func (l Aftaler) MaaSende(system string, b *Besked, t time.Time) string {
	if len(l) == 0 {
		return ""
	}
	a := l.Med(system, t)
	switch {
	case a == nil:
		return l.ingen(system)
	case b.ErOmSelveLeveringen() && !b.ErFoelsom():
		return ""
	}
	return a.nej("sende", a.MaaSende, b)
}

// MaaModtage says why the system may not be given b at t; "" when it may. A Kvittering goes to nobody but the sender of the
// besked it is about, and a Sletning to nobody but those who have had the objekt: they need no right to it.
func (l Aftaler) MaaModtage(system string, b *Besked, t time.Time) string {
	switch a := l.Med(system, t); {
	case b.Type == TypeKvittering, b.Type == TypeSletning:
		return ""
	case len(l) == 0 && b.ErFoelsom():
		return "følsomme data leveres ikke uden en tilslutningsaftale, og der er ingen"
	case len(l) == 0:
		return ""
	case a == nil:
		return l.ingen(system)
	default:
		return a.nej("modtage", a.MaaModtage, b)
	}
}

// Limits on an agreement.
const (
	maksRettigheder = 200 // rights of a kind
	maksVaerdier    = 1000
)

var (
	cvrform  = regexp.MustCompile(`^[0-9]{8}$`)
	kleform  = regexp.MustCompile(`^([0-9]{2}(\.[0-9]{2}){0,2}|[0-9]{2}\.([0-9]{2}\.)?\*)$`)
	navnform = regexp.MustCompile(`^[\pL\pN][\pL\pN._-]{0,99}$`)
)

// Valider checks the agreement; none when it is in order. The sti is that of the agreement's file.
func (a *Aftale) Valider() (fejl []Feltfejl) {
	kraev := func(ok bool, sti, regel, tekst string) {
		if !ok {
			fejl = append(fejl, Feltfejl{Sti: sti, Regel: regel, Tekst: tekst})
		}
	}
	kraev(navnform.MatchString(a.Navn), "aftale", "navn", "aftalens navn skal være 1-100 bogstaver, tal, '.', '_' eller '-'")
	for _, f := range []struct{ sti, v, hvad string }{{"system", a.System, "systemets navn"}, {"formaal", a.Formaal, "formålet"}, {"hjemmel", a.Hjemmel, "hjemlen"},
		{"slettefrist", a.Slettefrist, "slettefristen"}, {"dataansvarlig.navn", a.Dataansvarlig.Navn, "den dataansvarliges navn"},
		{"databehandler.navn", a.Databehandler.Navn, "databehandlerens navn"}, {"godkendt.af", a.Godkendt.Af, "hvem der har godkendt aftalen,"}} {
		kraev(strings.TrimSpace(f.v) != "", f.sti, "kraevet", f.hvad+" mangler")
	}
	kraev(len(a.Kategorier) > 0, "kategorier", "kraevet", "kategorierne af oplysninger mangler")
	kraev(cvrform.MatchString(a.Dataansvarlig.CVR), "dataansvarlig.cvr", "cvr", "den dataansvarliges CVR-nummer skal være otte cifre")
	kraev(cvrform.MatchString(a.Databehandler.CVR), "databehandler.cvr", "cvr", "databehandlerens CVR-nummer skal være otte cifre")
	kraev(!a.Godkendt.Dato.IsZero(), "godkendt.dato", "kraevet", "datoen for godkendelsen mangler")
	kraev(!a.GyldigFra.IsZero(), "gyldig.fra", "kraevet", "den første dag, aftalen gælder, mangler")
	kraev(a.GyldigTil.IsZero() || a.GyldigFra.Before(a.GyldigTil), "gyldig.til", "interval", "den sidste dag ligger før den første")
	for _, slags := range []struct {
		navn     string
		ret      []Ret
		register bool
	}{{"maa_sende", a.MaaSende, false}, {"maa_modtage", a.MaaModtage, false}, {"maa_laese", a.MaaLaese, true}, {"maa_skrive", a.MaaSkrive, true}, {"maa_glemme", a.MaaGlemme, true}} {
		kraev(len(slags.ret) <= maksRettigheder, slags.navn, "antal", fmt.Sprintf("højst %d rettigheder", maksRettigheder))
		for i := range slags.ret {
			sti := fmt.Sprintf("%s[%d]", slags.navn, i)
			slags.ret[i].valider(sti, kraev)
			kraev(!slags.register || len(slags.ret[i].Beskedtyper) == 0, sti+".beskedtyper", "register", "en ret i registeret er til objekttyper, ikke til beskedtyper")
			kraev(slags.register || !slags.ret[i].Beskyttede, sti+".beskyttede", "register", "gælder kun i registeret: under maa_laese og maa_skrive")
		}
	}
	a.validerFelter(kraev)
	return fejl
}

func (r *Ret) valider(sti string, kraev func(ok bool, sti, regel, tekst string)) {
	kraev(len(r.Beskedtyper)+len(r.Objekttyper)+len(r.KLE)+len(r.Myndigheder)+len(r.Foelsomhed) <= maksVaerdier, sti, "antal", fmt.Sprintf("højst %d værdier", maksVaerdier))
	kraev(len(r.Beskedtyper)+len(r.Objekttyper) > 0, sti, "kraevet", "sig beskedtyper eller objekttyper: en ret til alt gives ikke")
	hver := func(navn string, v []string, ok func(string) bool, regel, tekst string) {
		for i, x := range v {
			kraev(ok(x), fmt.Sprintf("%s.%s[%d]", sti, navn, i), regel, fmt.Sprintf("%q %s", Maskeret(x), tekst))
		}
	}
	noget := func(s string) bool { return strings.TrimSpace(s) != "" }
	hver("beskedtyper", r.Beskedtyper, noget, "tom", "er tom")
	hver("objekttyper", forHver(r.Objekttyper, func(t ObjektType) string { return string(t) }),
		func(s string) bool { return slices.Contains(ObjektTyper(), ObjektType(s)) }, "kodeliste", fmt.Sprintf("er ikke en af %v", ObjektTyper()))
	hver("kle", r.KLE, kleform.MatchString, "kle", "er ikke et KLE-nummer: 27, 27.03, 27.03.08 eller 27.*")
	hver("myndigheder", r.Myndigheder, cvrform.MatchString, "cvr", "er ikke et CVR-nummer: otte cifre")
	hver("foelsomhed", r.Foelsomhed, noget, "tom", "er tom")
}

func (a *Aftale) validerFelter(kraev func(ok bool, sti, regel, tekst string)) {
	for _, navn := range slices.Sorted(maps.Keys(a.Felter)) {
		t, ok := TypeAf(navn)
		sti := "felter." + string(navn)
		kraev(ok, sti, "kodeliste", fmt.Sprintf("%q er ikke en af %v", navn, ObjektTyper()))
		if !ok {
			continue
		}
		kendte := t.AftaltFelter()
		for i, f := range a.Felter[navn] {
			kraev(slices.Contains(kendte, f), fmt.Sprintf("%s[%d]", sti, i), "ukendt", fmt.Sprintf("%s har ikke feltet %q", navn, f))
		}
	}
}

// Valider checks what agreements must not say together: one name twice, or two that hold for a system on the same day.
func (l Aftaler) Valider() error {
	for i := range l {
		for j := range l[:i] {
			a, b := &l[j], &l[i]
			switch {
			case a.Navn == b.Navn:
				return E("aftale", KodeUgyldig, "der er to aftaler med navnet %s", a.Navn).Med("giv den ene et andet navn")
			case a.System == b.System && a.samtidig(b):
				return E("aftale", KodeUgyldig, "aftalerne %s og %s med %s gælder samtidig", a.Navn, b.Navn, Maskeret(a.System)).Med("lad den ene slutte, før den anden begynder")
			}
		}
	}
	return nil
}

func (a *Aftale) samtidig(b *Aftale) bool {
	return (b.GyldigTil.IsZero() || a.GyldigFra.Before(b.GyldigTil)) && (a.GyldigTil.IsZero() || b.GyldigFra.Before(a.GyldigTil))
}
