package auth

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/moxkit/mox"
)

// Klientcertifikat is a certificate that lets a system in, when the TLS listener has found that it is issued by the CA of
// the clients. It is known by its fingerprint, or by its subject: then each new one of the same name is good, too.
type Klientcertifikat struct {
	Navn    string `yaml:"navn"` // as for a key: a system's agent has its own name
	System  string `yaml:"system"`
	SHA256  string `yaml:"sha256"`  // of the certificate (DER) in hex, with or without colons
	Subject string `yaml:"subject"` // as "CN=esdh,O=Eksempel Kommune,C=DK", in any order
}

type certifikater struct {
	aftryk  map[sha]Identitet
	subject map[string]Identitet
}

// nyeCertifikater checks the list. The error is as [nyRing]'s.
func nyeCertifikater(l []Klientcertifikat) (*certifikater, error) {
	c := &certifikater{aftryk: map[sha]Identitet{}, subject: map[string]Identitet{}}
	var fejl []mox.Feltfejl
	for i, k := range l {
		hvem := Identitet{Navn: k.Navn, System: k.System, Rolle: System}
		raa, err := hex.DecodeString(strings.ReplaceAll(k.SHA256, ":", ""))
		var a sha
		copy(a[:], raa)
		_, igen := c.aftryk[a]
		subject := ordnet(k.Subject)
		_, navnIgen := c.subject[subject]
		felt, tekst := "", ""
		switch {
		case !navneform.MatchString(k.Navn) || k.Navn == lokaltNavn:
			felt, tekst = "navn", navneregel
		case k.System == "":
			felt, tekst = "system", "mangler"
		case (k.SHA256 == "") == (k.Subject == ""):
			felt, tekst = "sha256", "sig enten certifikatets sha256 eller dets subject"
		case k.SHA256 != "" && (err != nil || len(raa) != len(a) || igen):
			felt, tekst = "sha256", "er ikke et certifikats SHA-256 i hex, eller står der to gange"
		case navnIgen:
			felt, tekst = "subject", "står der to gange"
		case k.Subject != "":
			c.subject[subject] = hvem
		default:
			c.aftryk[a] = hvem
		}
		if felt != "" {
			fejl = append(fejl, mox.Feltfejl{Sti: fmt.Sprintf("fjern.klienter[%d].%s", i, felt), Regel: felt, Tekst: tekst})
		}
	}
	if len(fejl) > 0 {
		return nil, opsaetningsfejl("klientcertifikater", fejl)
	}
	return c, nil
}

// find tells who a call's client certificate lets in; har is false for a call without one. A connection may be older than
// its certificate is good for.
func (c *certifikater) find(r *http.Request, nu time.Time) (hvem Identitet, har bool, err error) {
	if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 {
		return hvem, false, nil
	}
	cert := r.TLS.VerifiedChains[0][0]
	hvem, ok := c.indehaver(cert)
	switch {
	case !ok:
		return hvem, true, mox.E("auth", mox.KodeIkkeLoggetInd, "klientcertifikatet %q hører ikke til et system, der er lukket ind", mox.Maskeret(cert.Subject.String())).
			Med("bed administratoren sætte det ind under fjern.klienter")
	case !nu.Before(cert.NotAfter):
		return hvem, true, &mox.Error{Kode: mox.KodeIkkeLoggetInd, Op: "auth", Err: ErrUdloebet, Tekst: fmt.Sprintf("klientcertifikatet for %q udløb %s", hvem.Navn, cert.NotAfter.Format(time.DateOnly)),
			Raad: "få et nyt certifikat, og forbind igen"}
	}
	return hvem, true, nil
}

func (c *certifikater) indehaver(cert *x509.Certificate) (Identitet, bool) {
	if hvem, ok := c.aftryk[sha256.Sum256(cert.Raw)]; ok {
		return hvem, true
	}
	hvem, ok := c.subject[ordnet(cert.Subject.String())]
	return hvem, ok
}

// ordnet is a subject with its parts in one order: programs that show one do not agree on which comes first.
func ordnet(subject string) string {
	var dele []string
	for rest := subject; rest != ""; {
		slut := 0
		for slut < len(rest) && (rest[slut] != ',' || slut > 0 && rest[slut-1] == '\\') {
			slut++
		}
		dele = append(dele, strings.TrimSpace(rest[:slut]))
		rest = rest[min(slut+1, len(rest)):]
	}
	slices.Sort(dele)
	return strings.Join(dele, ",")
}
