package auth

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/janej"
)

// ErrUdloebet is the cause of the error about a key that was good once; see [errors.Is].
var ErrUdloebet = errors.New("auth: the key has expired")

// APINoegle is a key that has been given out to a system or a person. The key itself is not kept, only its SHA-256: it is
// 32 random bytes, so a slow hash would add nothing.
//
// While a holder changes to a new key, both stand in the file under one name: the old one with the time it expires.
type APINoegle struct {
	Navn     string    `yaml:"navn"`     // a system's agent has a key with the agent's name
	System   string    `yaml:"system"`   // for Rolle System: the system it may speak for
	Rolle    Rolle     `yaml:"rolle"`    // what its holder may do
	SHA256   string    `yaml:"sha256"`   // hex
	Udloeber time.Time `yaml:"udloeber"` // zero = never

	// What of the register a person reaches; what is left out does not limit. Systems have it by their agreement.
	Myndigheder []string    `yaml:"myndigheder"` // CVR numbers
	KLE         []string    `yaml:"kle"`         // "27.*"
	Foelsomhed  []string    `yaml:"foelsomhed"`
	Beskyttede  janej.JaNej `yaml:"beskyttede"` // ja = sees who has name-and-address protection
}

// NyNoegle makes a key: klartekst is handed to its holder once, sha256 (hex) goes into the file of keys. The prefix lets
// tools that look for leaked keys know one.
func NyNoegle() (klartekst, sha256 string) {
	klartekst = "mox_" + nyHemmelighed()
	return klartekst, aftryk(klartekst).hex()
}

type sha [sha256.Size]byte

func aftryk(s string) sha { return sha256.Sum256([]byte(s)) }

func (s sha) hex() string { return hex.EncodeToString(s[:]) }

// navneform keeps a name fit for logs and for the first part of a lease's owner: no slash.
var navneform = regexp.MustCompile(`^[\pL\pN][\pL\pN ._-]{0,99}$`)

// noeglering finds who holds a key.
type noeglering struct{ poster []ringpost }

type ringpost struct {
	aftryk   sha
	hvem     Identitet
	udloeber time.Time
}

// nyRing checks the keys. The error is a [*mox.Error] with [mox.KodeUgyldig] and a Feltfejl for each thing wrong.
func nyRing(lokal string, noegler []APINoegle) (*noeglering, error) {
	ring := &noeglering{}
	if lokal != "" {
		ring.poster = append(ring.poster, ringpost{aftryk: aftryk(lokal), hvem: Lokal()})
	}
	var fejl []mox.Feltfejl
	for i, n := range noegler {
		post, regel, tekst := n.post()
		if tekst == "" {
			regel, tekst = n.afloeser(noegler[:i])
		}
		if tekst != "" {
			fejl = append(fejl, mox.Feltfejl{Sti: fmt.Sprintf("noegler[%d].%s", i, regel), Regel: regel, Tekst: tekst})
		}
		ring.poster = append(ring.poster, post)
	}
	if len(fejl) > 0 {
		return nil, opsaetningsfejl("filen med API-nøgler", fejl)
	}
	return ring, nil
}

func opsaetningsfejl(hvad string, fejl []mox.Feltfejl) error {
	return &mox.Error{Kode: mox.KodeUgyldig, Op: "auth", Tekst: hvad + " er ugyldig", Felter: fejl, Raad: "ret opsætningen, og start MOX igen"}
}

const (
	navneregel  = "skal være 1-100 bogstaver, tal, mellemrum, '.', '_' eller '-', og ikke lokal"
	maksNoegler = 2 // of one name
)

// afloeser refuses a key whose name is taken, unless it is the one holder's next key and one of the two expires.
func (n *APINoegle) afloeser(foer []APINoegle) (felt, tekst string) {
	samme := []APINoegle{*n}
	for _, f := range foer {
		if f.Navn != n.Navn {
			continue
		}
		if samme = append(samme, f); f.System != n.System || f.Rolle != n.Rolle || f.SHA256 == n.SHA256 {
			return "navn", "navnet er brugt: en ny nøgle til den samme har samme system og rolle, og en anden sha256"
		}
	}
	udloeber := slices.ContainsFunc(samme, func(x APINoegle) bool { return !x.Udloeber.IsZero() })
	switch {
	case len(samme) > maksNoegler:
		return "navn", "der må være to nøgler med ét navn, mens den ene afløser den anden; slet den ældste"
	case len(samme) > 1 && !udloeber:
		return "navn", "navnet er brugt; skal nøglen afløse den anden, så skriv udloeber ved den, der skal holde op med at gælde"
	}
	return "", ""
}

// post is the key as it is looked up; a text when it cannot be used.
func (n APINoegle) post() (p ringpost, felt, tekst string) {
	p = ringpost{hvem: Identitet{Navn: n.Navn, System: n.System, Rolle: n.Rolle}, udloeber: n.Udloeber}
	raa, err := hex.DecodeString(n.SHA256)
	copy(p.aftryk[:], raa)
	switch {
	case err != nil || len(raa) != len(p.aftryk):
		return p, "sha256", "er ikke en SHA-256 i hex; lav en nøgle med kommandoen og sæt dens sha256 ind, aldrig nøglen selv"
	case !navneform.MatchString(n.Navn) || n.Navn == lokaltNavn:
		return p, "navn", navneregel
	case !n.Rolle.Kendt():
		return p, "rolle", "er ikke laeser, drift, administrator eller system"
	case (n.Rolle == System) != (n.System != ""):
		return p, "system", "skal angives for rollen system, og kun for den"
	}
	return n.medKreds(p)
}

// medKreds adds what of the register a person's key reaches.
func (n APINoegle) medKreds(p ringpost) (_ ringpost, felt, tekst string) {
	k := mox.Kreds{Myndigheder: n.Myndigheder, KLE: n.KLE, Foelsomhed: n.Foelsomhed, Beskyttede: bool(n.Beskyttede)}
	if n.Rolle == System {
		if len(k.Myndigheder)+len(k.KLE)+len(k.Foelsomhed) > 0 || k.Beskyttede {
			return p, "system", "har sin adgang til registeret af tilslutningsaftalen; skriv maa_laese og maa_skrive dér"
		}
		return p, "", ""
	}
	for _, f := range k.Valider() {
		return p, f.Sti, f.Tekst
	}
	p.hvem.Kreds = &k
	return p, "", ""
}

// find looks a key up. It takes the same time whichever key it is, and whether it is any.
func (r *noeglering) find(noegle string, nu time.Time) (Identitet, error) {
	a := aftryk(noegle)
	fundet := -1
	for i := range r.poster {
		fundet = subtle.ConstantTimeSelect(subtle.ConstantTimeCompare(a[:], r.poster[i].aftryk[:]), i, fundet)
	}
	if fundet < 0 {
		return Identitet{}, mox.E("auth", mox.KodeIkkeLoggetInd, "nøglen kendes ikke").Med("brug den nøgle, du har fået udleveret, eller bed administratoren om en ny")
	}
	p := r.poster[fundet]
	if !p.udloeber.IsZero() && !nu.Before(p.udloeber) {
		return Identitet{}, &mox.Error{Kode: mox.KodeIkkeLoggetInd, Op: "auth", Err: ErrUdloebet,
			Tekst: fmt.Sprintf("nøglen %q udløb %s", p.hvem.Navn, p.udloeber.Format(time.DateOnly)), Raad: "bed administratoren om en ny nøgle"}
	}
	return p.hvem, nil
}
