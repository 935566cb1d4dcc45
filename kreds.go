package mox

import (
	"fmt"
	"slices"
	"strings"
)

// Foelsomheder are the degrees of sensitivity, the least first. spec: mox 7.2
func Foelsomheder() []string {
	return []string{IkkeFortrolig, "FORTROLIGE_PERSONOPLYSNINGER", "FOELSOMME_PERSONOPLYSNINGER", "VIP_SAGER"}
}

// Kreds is a part of the register: the objekter that fulfil all of it. What is left out is not asked for, so the zero value
// is all of it. An objekt that does not say what is asked for is outside, but for foelsomhed: [Uoplyst] is those that do not
// say that.
type Kreds struct {
	Objekttyper []ObjektType
	KLE         []string // "27.03.08", "27.*"
	Myndigheder []string // CVR numbers
	Foelsomhed  []string
	Beskyttede  bool // with the names of those who have name-and-address protection
}

// Klassificering is what the right to an objekt is decided by, as one registrering has it; "" = it does not say.
type Klassificering struct {
	ObjektType ObjektType
	Myndighed  string // the owner's CVR number
	Emne       string // KLE number
	Foelsomhed string
}

// Har reports whether the objekt is in the Kreds.
func (k *Kreds) Har(o Klassificering) bool {
	foelsomhed := o.Foelsomhed
	if foelsomhed == "" {
		foelsomhed = Uoplyst
	}
	return en(k.Objekttyper, func(t ObjektType) bool { return t == o.ObjektType }) &&
		en(k.KLE, func(krav string) bool { return o.Emne != "" && sammeEmne(krav, o.Emne) }) &&
		en(k.Myndigheder, func(m string) bool { return o.Myndighed != "" && m == o.Myndighed }) &&
		en(k.Foelsomhed, func(f string) bool { return f == foelsomhed })
}

// en reports whether one of the demands is met, or there are none.
func en[T any](krav []T, moedt func(T) bool) bool {
	return len(krav) == 0 || slices.ContainsFunc(krav, moedt)
}

// Kreds is what of the register a right of an agreement is to.
func (r *Ret) Kreds() Kreds {
	k := Kreds{Objekttyper: r.Objekttyper, KLE: r.KLE, Myndigheder: r.Myndigheder, Foelsomhed: r.Foelsomhed, Beskyttede: r.Beskyttede}
	if len(k.Foelsomhed) == 0 {
		k.Foelsomhed = []string{IkkeFortrolig}
	}
	return k
}

// Valider checks the limits of a Kreds; none when they are in order.
func (k *Kreds) Valider() (fejl []Feltfejl) {
	afvis := func(sti, regel, format string, args ...any) {
		fejl = append(fejl, Feltfejl{Sti: sti, Regel: regel, Tekst: fmt.Sprintf(format, args...)})
	}
	if len(k.KLE)+len(k.Myndigheder)+len(k.Foelsomhed) > maksVaerdier {
		afvis("myndigheder", "antal", "højst %d værdier", maksVaerdier)
	}
	for _, x := range k.KLE {
		if !kleform.MatchString(x) {
			afvis("kle", "kle", "%q er ikke et KLE-nummer: 27, 27.03, 27.03.08 eller 27.*", Maskeret(x))
		}
	}
	for _, x := range k.Myndigheder {
		if !cvrform.MatchString(x) {
			afvis("myndigheder", "cvr", "%q er ikke et CVR-nummer: otte cifre", Maskeret(x))
		}
	}
	for _, x := range k.Foelsomhed {
		if x != Uoplyst && !slices.Contains(Foelsomheder(), x) {
			afvis("foelsomhed", "kodeliste", "%q er ikke en af %v eller %s", Maskeret(x), Foelsomheder(), Uoplyst)
		}
	}
	return fejl
}

// CVR is the number of the company or authority that a URN of either spelling names; "" where it names none.
func CVR(urn string) string {
	if nr := cvr(urn); nr != strings.ToLower(urn) && cvrform.MatchString(nr) {
		return nr
	}
	return ""
}

// cprForled begins the URN of a person by number.
const cprForled = "urn:oio:cpr-nr:"

// Personnoegle is what a person is known by: the number of a CPR URN or of a number as people write it, with its ten digits
// only, or a UUID in lower case. ok is false for what names no person.
func Personnoegle(s string) (noegle string, ok bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	if ErUUID(s) {
		return s, true
	}
	nr := strings.NewReplacer("-", "", " ", "").Replace(strings.TrimPrefix(s, cprForled))
	return nr, len(nr) == 10 && !strings.ContainsFunc(nr, func(c rune) bool { return c < '0' || c > '9' })
}
