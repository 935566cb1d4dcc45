package alarm

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"slices"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/store"
)

// Graenser are what is too much. Zero turns a rule off.
type Graenser struct {
	Aeldste    time.Duration // age of an abonnement's oldest leverance that is not solved
	Pause      time.Duration // how long an abonnement with a backlog may be paused
	Venter     time.Duration // how long something may wait for a person
	Forsoeg    int           // failed attempts of an abonnement since the last that was delivered
	Stille     time.Duration // how long a source may bring nothing
	Certifikat time.Duration // before a certificate expires
}

// StandardGraenser are used where nothing else is said. A source may be silent for as long as its system has nothing to
// tell, so that rule is off.
func StandardGraenser() Graenser {
	return Graenser{Aeldste: 15 * time.Minute, Pause: 24 * time.Hour, Venter: 4 * time.Hour, Forsoeg: 10, Certifikat: 14 * 24 * time.Hour}
}

// The rules. Each names what it is about as genstand.
const (
	regelAeldste    = "aeldste"
	regelPause      = "pause"
	regelBlokeret   = "blokeret"
	regelForsoeg    = "forsoeg"
	regelVenter     = "venter"
	regelStille     = "stille_kilde"
	regelDisk       = "disk"
	regelCertifikat = "certifikat"
	regelDel        = "del"
	regelAfsendelse = "afsendelse"
)

// fund is what was found wrong in one look.
type fund []store.Alarm

func (f *fund) laegTil(regel, genstand, sti, raad, format string, args ...any) {
	*f = append(*f, store.Alarm{Regel: regel, Genstand: mox.Maskeret(genstand), Tekst: mox.Maskeret(fmt.Sprintf(format, args...)), Raad: raad, Sti: mox.Maskeret(sti)})
}

// overblik looks at the backlogs, the sources and what waits for a person. spec: mox 46, mox 50
func (f *fund) overblik(o *distributor.Overblik, raekke map[string]int, g Graenser, nu time.Time) {
	for _, id := range slices.Sorted(maps.Keys(o.Stande)) {
		f.abonnement(o.Stande[id], raekke[string(id)], g, nu)
	}
	for _, x := range o.Fejl {
		if over(g.Venter, x.Aeldste, nu) {
			f.laegTil(regelVenter, string(x.Ansvar)+" "+x.Kode+" "+x.System, "/fejl?"+url.Values{"ansvar": {string(x.Ansvar)}, "kode": {x.Kode}}.Encode(),
				"behandl dem under Fejl til behandling", "%d fejl venter på en person, ansvar %s, kode %s, den ældste siden %s", x.Antal, x.Ansvar, x.Kode, klokken(x.Aeldste))
		}
	}
	for _, k := range o.Kilder {
		if over(g.Stille, k.Sidst, nu) {
			f.laegTil(regelStille, k.Agent+"/"+k.Navn, "/agenter", "se, om systemet stadig lægger noget frem, og om agenten kører", "kilden %s/%s har ikke givet noget siden %s", k.Agent, k.Navn, klokken(k.Sidst))
		}
	}
	if o.TilbageholdtDisk {
		f.laegTil(regelDisk, "datamappen", "/", "gør plads på disken; MOX fortsætter selv", "disken er fuld, og MOX tager ikke imod nye beskeder")
	}
}

func (f *fund) abonnement(s *store.Stand, raekke int, g Graenser, nu time.Time) {
	id := string(s.Abonnement)
	venter, parkeret := s.Antal[mox.Afventer]+s.Antal[mox.UnderLevering]+s.Antal[mox.Udsat], s.Antal[mox.Parkeret]+s.Antal[mox.Uvis]
	switch {
	case s.Pause && venter > 0 && over(g.Pause, s.PauseSiden, nu):
		f.laegTil(regelPause, id, "/", "genoptag det, når modtageren er klar", "%s har været på pause siden %s med %d i kø (%s)", id, klokken(s.PauseSiden), venter, s.PauseFordi)
	case !s.Pause && over(g.Aeldste, s.AeldsteKlar, nu):
		f.laegTil(regelAeldste, id, "/", "se, om modtageren svarer", "%s har %d i kø, den ældste fra %s", id, venter, klokken(s.AeldsteKlar))
	}
	if s.Blokeret > 0 && parkeret > 0 {
		f.laegTil(regelBlokeret, id, "/fejl?"+url.Values{"abonnement": {id}}.Encode(), "ret, gensend eller luk det, der står forrest", "%d beskeder til %s venter bag %d, som en person skal afgøre", s.Blokeret, id, parkeret)
	}
	if g.Forsoeg > 0 && raekke >= g.Forsoeg {
		f.laegTil(regelForsoeg, id, "/", "se, om modtageren svarer; leveringerne prøves igen af sig selv", "%d forsøg på at levere til %s er mislykkedes, siden det sidst lykkedes", raekke, id)
	}
}

// over reports whether siden is further back than graense; a rule that is off, or a time that is not, is never over.
func over(graense time.Duration, siden, nu time.Time) bool {
	return graense > 0 && !siden.IsZero() && nu.Sub(siden) > graense
}

func klokken(t time.Time) string { return t.Local().Format("2/1 15.04") }

// certifikater looks at the certificates in PEM files, by what each is for.
func (f *fund) certifikater(filer map[string]string, g Graenser, nu time.Time) {
	if g.Certifikat == 0 {
		return
	}
	for _, navn := range slices.Sorted(maps.Keys(filer)) {
		slut, err := udloeb(filer[navn])
		switch {
		case err != nil:
			f.laegTil(regelCertifikat, navn, "/", "ret filen", "certifikatet til %s kan ikke læses: %v", navn, err)
		case slut.Sub(nu) < g.Certifikat:
			f.laegTil(regelCertifikat, navn, "/", "få et nyt, og genstart MOX", "certifikatet til %s udløber %s", navn, slut.Local().Format("2/1 2006"))
		}
	}
}

// udloeb is when the first certificate in a PEM file expires.
func udloeb(fil string) (time.Time, error) {
	b, err := os.ReadFile(fil)
	if err != nil {
		return time.Time{}, err
	}
	for p, rest := pem.Decode(b); p != nil; p, rest = pem.Decode(rest) {
		if p.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(p.Bytes)
		if err != nil {
			return time.Time{}, err
		}
		return c.NotAfter, nil
	}
	return time.Time{}, errors.New("der er intet certifikat i filen")
}
