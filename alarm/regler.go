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
	"github.com/moxkit/mox/internal/disk"
	"github.com/moxkit/mox/store"
)

// Graenser are what is too much. Zero turns a rule off.
type Graenser struct {
	Aeldste     time.Duration // age of an abonnement's oldest leverance that is not solved
	Pause       time.Duration // how long an abonnement with a backlog may be paused
	Venter      time.Duration // how long something may wait for a person
	Forsoeg     int           // failed attempts of an abonnement since the last that was delivered
	Fejlandel   int           // percent of an abonnement's attempts within distributor.Taktvindue that may fail
	Kontakt     time.Duration // how long a source may go unread, beyond the time its agent lets pass between two reads
	Kildefejl   int           // reads of a source that have failed since the last that did not
	Stille      time.Duration // how long a source that is read may bring nothing
	Certifikat  time.Duration // before a certificate expires
	DiskProcent int           // free of a disk
	DiskMB      int           // free of a disk, in MiB
}

// fejlandelAf is how many attempts there must be before their share of failures says anything.
const fejlandelAf = 20

// glemtEfter is how long a source that nobody here has set up may be silent before it is taken to be gone.
const glemtEfter = 30 * 24 * time.Hour

// StandardGraenser are used where nothing else is said. A source may bring nothing for as long as its system has nothing to
// tell, so that rule is off.
func StandardGraenser() Graenser {
	return Graenser{Aeldste: 15 * time.Minute, Pause: 24 * time.Hour, Venter: 4 * time.Hour, Forsoeg: 10, Fejlandel: 50, Kontakt: 15 * time.Minute, Kildefejl: 10,
		Certifikat: 14 * 24 * time.Hour, DiskProcent: 5, DiskMB: 1024}
}

// The rules. Each names what it is about as genstand.
const (
	regelAeldste    = "aeldste"
	regelPause      = "pause"
	regelBlokeret   = "blokeret"
	regelForsoeg    = "forsoeg"
	regelVenter     = "venter"
	regelFejlandel  = "fejlandel"
	regelStille     = "stille_kilde"
	regelKontakt    = "kontakt"
	regelKildefejl  = "kildefejl"
	regelDisk       = "disk"
	regelPlads      = "plads"
	regelCertifikat = "certifikat"
	regelDel        = "del"
	regelAfsendelse = "afsendelse"
	regelBlind      = "blind"
	regelSletning   = "sletning"
)

// fund is what was found wrong in one look.
type fund []store.Alarm

func (f *fund) laegTil(regel, genstand, sti, raad, format string, args ...any) {
	*f = append(*f, store.Alarm{Regel: regel, Genstand: mox.Maskeret(genstand), Tekst: mox.Maskeret(fmt.Sprintf(format, args...)), Raad: raad, Sti: mox.Maskeret(sti)})
}

// overblik looks at the backlogs and what waits for a person. spec: mox 46, mox 50
func (f *fund) overblik(o *distributor.Overblik, raekke map[string]int, g Graenser, nu time.Time) {
	for _, id := range slices.Sorted(maps.Keys(o.Stande)) {
		f.abonnement(o.Stande[id], raekke[string(id)], g, nu)
		f.fejlandel(id, o.Takter[id], g)
	}
	for _, x := range o.Fejl {
		if over(g.Venter, x.Aeldste, nu) {
			f.laegTil(regelVenter, string(x.Ansvar)+" "+x.Kode+" "+x.System, "/fejl?"+url.Values{"ansvar": {string(x.Ansvar)}, "kode": {x.Kode}}.Encode(),
				"behandl dem under Fejl til behandling", "%d fejl venter på en person, ansvar %s, kode %s, den ældste siden %s", x.Antal, x.Ansvar, x.Kode, klokken(x.Aeldste))
		}
	}
	for _, s := range o.Sletfrister {
		f.laegTil(regelSletning, string(s.Abonnement), "/register/glemte?aabne=1", "få modtageren til at slette, og bekræft det på siden, hvis den ikke selv gør",
			"sletninger, som %s ikke har bekræftet inden fristen: %d, den første %s", s.Abonnement, s.Antal, klokken(s.Aeldste))
	}
	if o.TilbageholdtDisk {
		f.laegTil(regelDisk, "datamappen", "/alarmer", "gør plads på disken; MOX fortsætter selv", "Disken er fuld, og MOX tager ikke imod nye beskeder")
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

// fejlandel looks at how an abonnement's attempts go, also where some of them go well. spec: mox 50
func (f *fund) fejlandel(id mox.AbonnementID, t store.Takt, g Graenser) {
	if g.Fejlandel == 0 || t.Forsoeg < fejlandelAf || 100*t.Mislykkedes <= g.Fejlandel*t.Forsoeg {
		return
	}
	f.laegTil(regelFejlandel, string(id), "/fejl?"+url.Values{"abonnement": {string(id)}}.Encode(), "se, hvad modtageren svarer",
		"%d af %d forsøg på at levere til %s de seneste %.0f minutter er mislykkedes", t.Mislykkedes, t.Forsoeg, id, distributor.Taktvindue.Minutes())
}

// kilder looks at the sources: that they are read, that it goes well, and that they bring something. opsat are those that
// are set up; siden is when this process began to look, before which it cannot tell who was to read. spec: mox 50
func (f *fund) kilder(l []store.Kilde, opsat []string, g Graenser, siden, nu time.Time) {
	sete := map[string]bool{}
	for _, k := range l {
		navn := k.Agent + "/" + k.Navn
		sete[navn] = true
		f.kilde(navn, k, slices.Contains(opsat, navn), g, siden, nu)
	}
	for _, navn := range opsat {
		if !sete[navn] && over(g.Kontakt, siden, nu) {
			f.laegTil(regelKontakt, navn, "/agenter", "se, om agenten kører, og om den kan nå MOX", "Kilden %s er aldrig blevet læst", navn)
		}
	}
}

func (f *fund) kilde(navn string, k store.Kilde, opsat bool, g Graenser, siden, nu time.Time) {
	hoert := senest(k.Kontakt, k.FejlTid) // from the agent, well or ill
	switch {
	case g.Kildefejl > 0 && k.FejlITraek >= g.Kildefejl:
		f.laegTil(regelKildefejl, navn, "/agenter", "ret årsagen; kilden prøves igen af sig selv", "Kilden %s kunne ikke læses %d gange i træk: %s", navn, k.FejlITraek, k.FejlTekst)
	case g.Kontakt > 0 && over(g.Kontakt+k.Hver, senest(hoert, siden), nu) && (opsat || nu.Sub(hoert) < glemtEfter):
		f.laegTil(regelKontakt, navn, "/agenter", "se, om agenten kører, og om den kan nå MOX", "Kilden %s er ikke blevet læst siden %s", navn, klokken(hoert))
	}
	if over(g.Stille, k.Sidst, nu) {
		f.laegTil(regelStille, navn, "/agenter", "se, om systemet stadig lægger noget frem", "Kilden %s har ikke givet noget siden %s", navn, klokken(k.Sidst))
	}
}

// modtagere looks at the receiving agents: that each asks for its work, also where there is none. Who else receives asks when
// it likes. spec: mox 50
func (f *fund) modtagere(l []mox.Abonnement, hentet map[mox.AbonnementID]time.Time, g Graenser, siden, nu time.Time) {
	for _, a := range l {
		if a.Carrier != mox.CarrierAgent || !over(g.Kontakt, senest(hentet[a.ID], siden), nu) {
			continue
		}
		hvornaar := "har ikke spurgt efter beskeder siden " + klokken(hentet[a.ID])
		if hentet[a.ID].IsZero() {
			hvornaar = "har aldrig spurgt efter beskeder"
		}
		f.laegTil(regelKontakt, string(a.ID), "/agenter", "se, om agenten kører, og om den kan nå MOX", "Agenten, der modtager for %s, %s", a.ID, hvornaar)
	}
}

func senest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// dele looks at the parts of this process, and of the others that share its database.
func (f *fund) dele(her map[string]error, andre []store.Delfejl) {
	const raad = "se loggen"
	for _, navn := range slices.Sorted(maps.Keys(her)) {
		f.laegTil(regelDel, navn, "/alarmer", raad, "%s i MOX bliver ved med at fejle: %v", navn, her[navn])
	}
	for _, d := range andre {
		f.laegTil(regelDel, d.Del+" på "+d.Vaert+" "+d.Inkarnation, "/alarmer", raad+" på "+d.Vaert, "%s i MOX på %s bliver ved med at fejle: %s", d.Del, d.Vaert, d.Tekst)
	}
}

// plads looks at the disks of the folders; two folders on one disk are one thing.
func (f *fund) plads(mapper map[string]string, g Graenser) {
	sete := map[string]bool{}
	for _, navn := range slices.Sorted(maps.Keys(mapper)) {
		r, err := disk.Af(mapper[navn])
		switch {
		case err != nil:
			f.laegTil(regelPlads, navn, "/alarmer", "se, om mappen er der, og om MOX må læse den", "MOX kan ikke se, hvor meget plads der er til %s: %v", navn, err)
		case !sete[r.Enhed] && (r.Procent() < g.DiskProcent || r.Ledig < uint64(max(0, g.DiskMB))<<20):
			f.laegTil(regelPlads, navn, "/alarmer", "gør plads, før disken er fuld; så tager MOX ikke imod nye beskeder", "Der er kun %d MB (%d\u00a0%%) ledigt på disken med %s", r.Ledig>>20, r.Procent(), navn)
		}
		sete[r.Enhed] = true
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
			f.laegTil(regelCertifikat, navn, "/alarmer", "ret filen", "Certifikatet til %s kan ikke læses: %v", navn, err)
		case slut.Sub(nu) < g.Certifikat:
			f.laegTil(regelCertifikat, navn, "/alarmer", "få et nyt, og genstart MOX", "Certifikatet til %s udløber %s", navn, slut.Local().Format("2/1 2006"))
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
