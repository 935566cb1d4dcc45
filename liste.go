package mox

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Lister looks values up in named lists, as they are at one moment. It is safe for concurrent use only where its maker
// says so.
type Lister interface {
	// Har reports whether the list has the value; kendt is false where there is no such list.
	Har(liste, vaerdi string) (ja, kendt bool)
}

// Limits on a value list.
const (
	MaksListevaerdier = 1_000_000
	MaksListevaerdi   = 255 // bytes of one value
)

// listenavn is what a list may be called: it becomes part of a URL.
var listenavn = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,99}$`)

// Vaerdiliste is a named list of values of one metadata key. It is changed while MOX runs; a filter that refers to it by
// {liste: navn} follows. spec: mox 30
type Vaerdiliste struct {
	Navn        string `json:"navn"`
	Noegle      string `json:"noegle"`                // a metadata field, or relateret, which also serves relateret.<rolle>
	Beskrivelse string `json:"beskrivelse,omitempty"` // what it is for; no personal data
}

// Valider checks a list that somebody asks for. The error is an [*Error] with [KodeUgyldig] and a Feltfejl for each thing
// wrong.
func (l *Vaerdiliste) Valider() error {
	var fejl []Feltfejl
	if !listenavn.MatchString(l.Navn) {
		fejl = append(fejl, Feltfejl{Sti: "navn", Regel: "navn", Tekst: "skal være 1-100 små bogstaver a-z, tal, '.', '_' eller '-', og begynde med bogstav eller tal"})
	}
	if f, ok := BeskedfeltAf(l.Noegle); l.Noegle != "relateret" && (!ok || f.Tid) {
		fejl = append(fejl, Feltfejl{Sti: "noegle", Regel: "ukendt", Tekst: "er ikke et metadatafelt med tekst; brug fx relateret, opgaveemne, objektID eller myndighed"})
	}
	if Maskeret(l.Beskrivelse) != l.Beskrivelse || len(l.Beskrivelse) > MaksFeltVaerdi || !gyldigTekst(l.Beskrivelse) {
		fejl = append(fejl, Feltfejl{Sti: "beskrivelse", Regel: "tekst", Tekst: "skal være kort tekst uden personnumre"})
	}
	if len(fejl) == 0 {
		return nil
	}
	return &Error{Kode: KodeUgyldig, Op: "liste.valider", Tekst: "listen kan ikke oprettes", Felter: fejl, Raad: "ret det, og prøv igen"}
}

// Passer reports whether a filter may hold the list against the key.
func (l *Vaerdiliste) Passer(noegle string) bool {
	return noegle == l.Noegle || l.Noegle == "relateret" && strings.HasPrefix(noegle, "relateret.")
}

// A CPR and a CVR number as they stand in other systems' exports.
var (
	baretCPR = regexp.MustCompile(`^\d{6}-?\d{4}$`)
	baretCVR = regexp.MustCompile(`^\d{8}$`)
)

// somURN is the URN that a bare number stands for, where the key leaves no doubt.
func (l *Vaerdiliste) somURN(v string) string {
	switch {
	case l.Noegle == "relateret" && baretCPR.MatchString(v):
		return "urn:oio:cpr-nr:" + strings.ReplaceAll(v, "-", "")
	case (l.Noegle == "relateret" || l.Noegle == "myndighed") && baretCVR.MatchString(v):
		return cvrForled[0] + v
	}
	return v
}

// Vaerdi is the form in which the list keeps what somebody wrote. A bare CPR or CVR number is taken for the URN it stands
// for. The error is an [*Error] with [KodeUgyldig]; it does not repeat the value.
func (l *Vaerdiliste) Vaerdi(s string) (string, error) {
	v := l.somURN(strings.TrimSpace(s))
	if grund := l.ugyldig(v); grund != "" {
		return "", E("liste", KodeUgyldig, "værdien %s", grund).Med("ret den i filen, og prøv igen")
	}
	return Ensform(v), nil
}

func (l *Vaerdiliste) ugyldig(v string) string {
	var fl filterlaeser
	switch {
	case v == "" || len(v) > MaksListevaerdi || !gyldigTekst(v):
		return "er tom, for lang eller ikke tekst"
	case l.Noegle == "relateret" && !ErUUID(strings.ToLower(v)) && !ErURN(v):
		return "er hverken en UUID, en URN, et CPR-nummer eller et CVR-nummer"
	case strings.Contains(v, "*") && (l.Noegle != "opgaveemne" || !strings.HasSuffix(v, ".*") || strings.Count(v, "*") > 1):
		return "har et jokertegn, hvor det ikke kan bruges: kun sidst i et KLE-emne, som i 27.*"
	}
	if fl.kendtVaerdi("", l.Noegle, v); len(fl.fejl) > 0 {
		return Maskeret(fl.fejl[0].Tekst)
	}
	return ""
}

// Ensform is one spelling of a value that has several: a UUID or a URN in lower case, and a CVR URN in its older form.
func Ensform(v string) string {
	lille := strings.ToLower(v)
	if nr, ok := strings.CutPrefix(lille, cvrForled[1]); ok {
		return cvrForled[0] + nr
	}
	if ErUUID(lille) || strings.HasPrefix(lille, "urn:") {
		return lille
	}
	return v
}

func (i iListe) svar(m maalt) Svar {
	vaerdier := m.felter[i.noegle]
	if len(vaerdier) == 0 || m.lister == nil {
		return Ukendt
	}
	for _, v := range vaerdier {
		ja, kendt := m.lister.Har(i.liste, v)
		switch {
		case !kendt:
			return Ukendt
		case ja || i.noegle == "opgaveemne" && harForled(m.lister, i.liste, v):
			return Ja
		}
	}
	return Nej
}

// harForled reports whether the list has a KLE subject above v: "27.*" or "27.03.*" for "27.03.08".
func harForled(l Lister, liste, v string) bool {
	for i, c := range v {
		if c != '.' {
			continue
		}
		if ja, _ := l.Har(liste, v[:i]+".*"); ja {
			return true
		}
	}
	return false
}

// Med is the filter with the value lists as they are in l. Without them, what asks for a list is never a match.
func (f Filter) Med(l Lister) Filter {
	f.lister = l
	return f
}

// Listebrug is that a filter holds a list against a key.
type Listebrug struct{ Liste, Noegle string }

// Lister are the lists that the filter refers to, sorted.
func (f Filter) Lister() []Listebrug {
	set := map[Listebrug]bool{}
	brugteLister(f.vilkaar, set)
	return slices.SortedFunc(maps.Keys(set), func(a, b Listebrug) int {
		return strings.Compare(a.Liste+"\x00"+a.Noegle, b.Liste+"\x00"+b.Noegle)
	})
}

func brugteLister(v vilkaar, set map[Listebrug]bool) {
	switch v := v.(type) {
	case alleAf:
		for _, x := range v {
			brugteLister(x, set)
		}
	case enAf:
		for _, x := range v {
			brugteLister(x, set)
		}
	case ikke:
		brugteLister(v.v, set)
	case iListe:
		set[Listebrug{v.liste, v.noegle}] = true
	}
}

// iListe reads {liste: navn}.
func (l *filterlaeser) iListe(sti, noegle string, m map[string]any, tid bool) vilkaar {
	navn, ok := m["liste"].(string)
	switch {
	case len(m) > 1:
		l.afvis(sti, "form", "liste kan ikke stå sammen med andet; brug alle")
	case tid:
		l.afvis(sti, "form", "en tid kan ikke stå i en liste")
	case !ok || !listenavn.MatchString(navn):
		l.afvis(sti+".liste", "navn", "er ikke navnet på en liste")
	}
	return iListe{noegle, navn}
}
