package drift

import (
	"bufio"
	"encoding/hex"
	"errors"
	"io"
	"iter"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
)

// Lister are the value lists that filters may refer to.
type Lister struct {
	Lister []Liste `json:"lister"`
}

// Liste is one of them, as it stands.
type Liste struct {
	mox.Vaerdiliste
	Antal      int64     `json:"antal"`
	Version    int64     `json:"version"`
	Oprettet   time.Time `json:"oprettet"`
	OprettetAf string    `json:"oprettet_af"`
	Aendret    time.Time `json:"aendret"`
	AendretAf  string    `json:"aendret_af"`
	Bruges     []string  `json:"bruges"` // "abonnement esdh.sager"
}

// OpretListe is the body of a call that makes a list.
type OpretListe struct {
	mox.Vaerdiliste
	Begrundelse string `json:"begrundelse,omitempty"`
}

// ListeOprettet is the answer.
type ListeOprettet struct {
	Ny bool `json:"ny"` // false: it was there already
	mox.Vaerdiliste
}

// Listevaerdier are some of a list's values. Those that tell who somebody is are counted and not shown.
type Listevaerdier struct {
	Vaerdier []string `json:"vaerdier"`
	Skjulte  int      `json:"skjulte"`
	Naeste   string   `json:"naeste,omitempty"` // as ?efter= for the next ones; "" = there are no more
}

// maksListe is how many bytes a call that changes a list may have: as many values as a list may, each as long as it may be.
const maksListe = mox.MaksListevaerdier * (mox.MaksListevaerdi + 2)

func (a *api) lister(r *http.Request) (any, error) {
	if err := laesParametre(r).slut(); err != nil {
		return nil, err
	}
	alle, err := a.D.Lister(r.Context())
	ud := Lister{Lister: []Liste{}}
	for _, l := range alle {
		ud.Lister = append(ud.Lister, Liste{l.Vaerdiliste, l.Antal, l.Version, l.Oprettet, l.Af, l.Aendret, l.AendretAf, append([]string{}, l.Bruges...)})
	}
	return ud, err
}

func (a *api) opretListe(r *http.Request) (any, error) {
	if err := KunAdministrator(r); err != nil {
		return nil, err
	}
	var k OpretListe
	if err := laesJSON(r, &k); err != nil {
		return nil, err
	}
	ny, err := a.D.OpretListe(r.Context(), k.Vaerdiliste, a.hvem(r, k.Begrundelse))
	return ListeOprettet{ny, k.Vaerdiliste}, err
}

func (a *api) sletListe(r *http.Request) (any, error) {
	if err := KunAdministrator(r); err != nil {
		return nil, err
	}
	var k Begrundelse
	if err := laesJSON(r, &k); err != nil {
		return nil, err
	}
	if err := kraev(k.Begrundelse); err != nil {
		return nil, err
	}
	return nil, a.D.SletListe(r.Context(), r.PathValue("navn"), a.hvem(r, k.Begrundelse))
}

func (a *api) listevaerdier(r *http.Request) (any, error) {
	p := laesParametre(r)
	antal := p.antal()
	efter, err := hex.DecodeString(p.tekst("efter"))
	if err != nil {
		p.afvis("efter", "er ikke det, et tidligere svar gav som naeste")
	}
	if err := p.slut(); err != nil {
		return nil, err
	}
	v, err := a.D.Listevaerdier(r.Context(), r.PathValue("navn"), efter, antal)
	ud := Listevaerdier{Vaerdier: []string{}}
	for _, x := range v {
		if x.Vaerdi == "" {
			ud.Skjulte++
			continue
		}
		ud.Vaerdier = append(ud.Vaerdier, x.Vaerdi)
	}
	if len(v) == antal {
		ud.Naeste = hex.EncodeToString(v[len(v)-1].Noegle[:])
	}
	return ud, err
}

// aendrListe changes a list by the values in the call's body, one on each line.
func (a *api) aendrListe(hvad distributor.Listeaendring) kald {
	return func(r *http.Request) (any, error) {
		if err := laesParametre(r).slut(); err != nil {
			return nil, err
		}
		if t, p, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); t != "text/plain" || p["charset"] != "" && !strings.EqualFold(p["charset"], "utf-8") {
			return nil, mox.E("liste", mox.KodeUgyldig, "værdierne skal være tekst, én på hver linje").Med("send med Content-Type: text/plain; charset=utf-8")
		}
		return a.D.AendrListe(r.Context(), r.PathValue("navn"), hvad, Linjer(http.MaxBytesReader(nil, r.Body, maksListe)), a.hvem(r, ""))
	}
}

// Linjer are the lines of a text as they are read. An UTF-8 mark at its beginning is not part of the first.
func Linjer(r io.Reader) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		s := bufio.NewScanner(r)
		for foerste := true; s.Scan(); foerste = false {
			linje := s.Text()
			if foerste {
				linje = strings.TrimPrefix(linje, "\ufeff")
			}
			if !yield(linje, nil) {
				return
			}
		}
		err := s.Err()
		switch {
		case errors.Is(err, bufio.ErrTooLong):
			err = mox.E("liste", mox.KodeUgyldig, "en linje er over %d bytes", bufio.MaxScanTokenSize).Med("skriv én værdi på hver linje")
		case errors.Is(err, io.ErrUnexpectedEOF):
			err = mox.E("liste", mox.KodeUgyldig, "kaldet blev afbrudt; listen er ikke ændret").Med("send det igen")
		}
		if err != nil {
			yield("", err)
		}
	}
}
