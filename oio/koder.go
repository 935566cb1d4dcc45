package oio

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"

	"github.com/moxkit/mox"
)

// The code lists of an agreement: what is a UUID of a classification on the national side and a name with us.
const (
	KodeObjekttype       = "objekttype"
	KodeHandling         = "handling" // also the five values of livscykluskode
	KodeBeskedtype       = "beskedtype"
	KodeSikkerhedsklasse = "sikkerhedsklasse"
	KodeRolle            = "rolle"
	KodeSystem           = "system" // it-systems, by the name they have in kildesystem
)

// Kodelister are the names of the code lists.
func Kodelister() []string {
	return []string{KodeObjekttype, KodeHandling, KodeBeskedtype, KodeSikkerhedsklasse, KodeRolle, KodeSystem}
}

// maksKodefil is how many bytes a code file may have.
const maksKodefil = 1 << 20

// urnNavn begins the URN of a name that has no UUID: "urn:mox:objekttype:Sag".
const urnNavn = "urn:mox:"

// Koder turns our names into the UUIDs of an agreement's code file, and back. The zero value has no UUID for anything. It
// is immutable.
type Koder struct {
	uuid, navn map[[2]string]string // by list and name; by list and UUID
}

// LaesKoder reads a code file in YAML: for each list the UUID of each name.
//
//	objekttype:
//	  Sag: 5d1e4c5e-7a0b-4f4e-9a3c-0f6a5b7c8d9e
//	handling:
//	  Rettet: 7c2f…
//
// The error is an [*mox.Error] with [mox.KodeUgyldig]: for what is not YAML, an unknown list, a value that is not a UUID,
// and a UUID that two names of a list have, because it could not be read back.
func LaesKoder(b []byte) (Koder, error) {
	const op = "oio.LaesKoder"
	fil, err := laesKodefil[map[string]map[string]string](op, "kodefilen", b)
	if err != nil {
		return Koder{}, err
	}
	k := Koder{uuid: map[[2]string]string{}, navn: map[[2]string]string{}}
	var l laesning
	for _, liste := range slices.Sorted(maps.Keys(fil)) {
		if !slices.Contains(Kodelister(), liste) {
			l.ukendt(nil, liste, Kodelister()...)
			continue
		}
		for _, navn := range slices.Sorted(maps.Keys(fil[liste])) {
			i := (*sti)(nil).under(liste)
			her := i.under(vist(navn))
			if navn == "" {
				her = i
			}
			k.tilfoej(&l, &her, liste, navn, strings.ToLower(fil[liste][navn]))
		}
	}
	if len(l.fejl) > 0 {
		return Koder{}, ugyldig(op, "kodefilen har fejl", l.fejl)
	}
	return k, nil
}

func laesKodefil[F any](op, hvad string, b []byte) (fil F, err error) {
	if len(b) > maksKodefil {
		return fil, forStor(op, len(b), maksKodefil)
	}
	if err := yaml.Unmarshal(b, &fil); err != nil {
		return fil, mox.E(op, mox.KodeUgyldig, "%s kan ikke læses: %s", hvad, yaml.FormatError(err, false, false))
	}
	return fil, nil
}

func (k *Koder) tilfoej(l *laesning, s *sti, liste, navn, uuid string) {
	andet, optaget := k.navn[[2]string{liste, uuid}]
	switch {
	case navn == "":
		l.afvis(s, "kraevet", "", "har en UUID uden navn")
	case !mox.ErUUID(uuid):
		l.afvis(s, "uuid", "mox 8", "er ikke en UUID")
	case optaget:
		l.afvis(s, "dobbelt", "", "har samme UUID som %s", vist(andet))
	default:
		k.uuid[[2]string{liste, navn}] = uuid
		k.navn[[2]string{liste, uuid}] = navn
	}
}

// tilID is a name as a UnikId: its UUID; itself, where it is a UUID or URN already; else a URN of ours. fraID gives the
// same name back.
func (k Koder) tilID(liste, navn string) string {
	if uuid, ok := k.uuid[[2]string{liste, navn}]; ok {
		return uuid
	}
	if (mox.ErUUID(navn) || mox.ErURN(navn) && erXMLTekst(navn)) && strings.TrimSpace(navn) == navn && k.fraID(liste, navn) == navn {
		return navn
	}
	return urnNavn + liste + ":" + url.PathEscape(navn)
}

// fraID is the name of a UnikId. One that is no name of ours is its own name.
func (k Koder) fraID(liste, id string) string {
	if uuid := strings.ToLower(id); mox.ErUUID(uuid) {
		if navn, ok := k.navn[[2]string{liste, uuid}]; ok {
			return navn
		}
		return uuid
	}
	if kort, ok := strings.CutPrefix(id, urnNavn+liste+":"); ok {
		if navn, err := url.PathUnescape(kort); err == nil && utf8.ValidString(navn) && strings.IndexByte(navn, 0) < 0 {
			return navn
		}
	}
	return id
}
