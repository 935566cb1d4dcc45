package drift

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/console/internal/laes"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/store"
)

// Besked is a besked without its content.
type Besked struct {
	Nr           int64               `json:"nr"` // MOX's own number
	BeskedID     mox.BeskedID        `json:"beskedID"`
	Afsender     string              `json:"afsender"`
	Modtaget     time.Time           `json:"modtaget"`
	Logposition  int64               `json:"logposition,omitempty"`
	Metadata     map[string][]string `json:"metadata"`            // by the names of the specification
	Relateret    map[string]int      `json:"relateret,omitempty"` // how many others it is about, by role
	HarIndhold   bool                `json:"har_indhold"`
	Leverancer   []Leverance         `json:"leverancer"`
	Kvitteringer []mox.Kvittering    `json:"kvitteringer,omitempty"`
}

// Leverance is one besked to one abonnement in one omgang.
type Leverance struct {
	ID         int64                 `json:"id"`
	Abonnement mox.AbonnementID      `json:"abonnement"`
	Omgang     int                   `json:"omgang"`
	Tilstand   mox.LeveranceTilstand `json:"tilstand"`
	Blokeret   bool                  `json:"blokeret"`
	Naeste     time.Time             `json:"naeste,omitzero"` // when it is tried again, while Udsat
	Ansvar     mox.Ansvar            `json:"ansvar,omitempty"`
	Kode       string                `json:"kode,omitempty"`
	Aarsag     string                `json:"aarsag,omitempty"`
	Forsoeg    []Forsoeg             `json:"forsoeg,omitempty"`
	Fejl       []Fejl                `json:"fejl,omitempty"`
}

// Forsoeg is one attempt, without the answer.
type Forsoeg struct {
	Nr        int          `json:"nr"`
	Begyndt   time.Time    `json:"begyndt"`
	Afsluttet time.Time    `json:"afsluttet,omitzero"`
	Resultat  mox.Resultat `json:"resultat,omitempty"` // "" = no outcome known
	Kode      string       `json:"kode,omitempty"`
	Tekst     string       `json:"tekst,omitempty"`
	ForSent   bool         `json:"for_sent,omitempty"`
}

// Proces is one instance of a MOX-proces, with the answers it awaits.
type Proces struct {
	Navn      string             `json:"navn"`
	ProcesID  string             `json:"procesID"`
	Tilstand  mox.ProcesTilstand `json:"tilstand"`
	Startet   time.Time          `json:"startet"`
	Afsluttet time.Time          `json:"afsluttet,omitzero"`
	Frist     time.Time          `json:"frist,omitzero"`
	Svar      []ProcesSvar       `json:"svar"`
}

// ProcesSvar is one awaited answer.
type ProcesSvar struct {
	Abonnement mox.AbonnementID `json:"abonnement"`
	Slut       bool             `json:"slut"`
	Fejl       bool             `json:"fejl"`
}

// Forloeb is all that happened to a besked, a proces or an objekt.
type Forloeb struct {
	Beskeder  []Besked `json:"beskeder"`
	Processer []Proces `json:"processer"`
	Glemte    []Glemt  `json:"glemte,omitempty"` // those of their objekter that have been erased for good
}

// Glemt is an objekt that has been erased for good, as anyone may know of it.
type Glemt struct {
	Objekt     mox.ObjektID   `json:"objekt"`
	ObjektType mox.ObjektType `json:"objekttype"`
	Tid        time.Time      `json:"tid"`
	Hjemmel    string         `json:"hjemmel"`
}

func (a *api) forloeb(r *http.Request) (any, error) {
	if err := laesParametre(r).slut(); err != nil {
		return nil, err
	}
	f, err := a.D.Forloeb(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	ud := Forloeb{Beskeder: []Besked{}, Processer: []Proces{}}
	for _, b := range f.Beskeder {
		ud.Beskeder = append(ud.Beskeder, beskedForloeb(b))
	}
	for _, p := range f.Processer {
		ud.Processer = append(ud.Processer, procesAf(p.Proces, p.Svar))
	}
	for _, g := range f.Glemte {
		ud.Glemte = append(ud.Glemte, Glemt{g.ObjektID, g.ObjektType, g.Tid, g.Hjemmel})
	}
	return ud, nil
}

func beskedForloeb(f distributor.BeskedForloeb) Besked {
	b := beskedAf(f.Besked)
	b.Kvitteringer = f.Kvitteringer
	for i := range b.Kvitteringer {
		b.Kvitteringer[i].Begrundelse = mox.Maskeret(b.Kvitteringer[i].Begrundelse)
	}
	for _, lf := range f.Leverancer {
		l := leveranceAf(lf.Leverance)
		for _, x := range lf.Forsoeg {
			l.Forsoeg = append(l.Forsoeg, forsoegAf(x))
		}
		for _, x := range lf.Fejl {
			l.Fejl = append(l.Fejl, fejlAf(x))
		}
		b.Leverancer = append(b.Leverancer, l)
	}
	return b
}

func beskedAf(b store.Besked) Besked {
	ud := Besked{Nr: b.Nr, BeskedID: b.ID, Afsender: b.Afsender, Modtaget: b.Modtaget, Logposition: b.Logposition, Metadata: map[string][]string{},
		HarIndhold: len(b.Indhold) > 0, Leverancer: []Leverance{}}
	for _, f := range mox.Beskedfelter() {
		for _, v := range f.Hent(&b.Besked) {
			ud.Metadata[f.Navn] = append(ud.Metadata[f.Navn], laes.Maskeret(v))
		}
	}
	for _, rel := range b.Relateret {
		if ud.Relateret == nil {
			ud.Relateret = map[string]int{}
		}
		ud.Relateret[rel.Rolle]++
	}
	return ud
}

func leveranceAf(l store.Leverance) Leverance {
	ud := Leverance{ID: l.ID, Abonnement: l.Abonnement, Omgang: l.Omgang, Tilstand: l.Tilstand, Blokeret: l.Blokeret, Ansvar: l.Ansvar, Kode: l.Kode, Aarsag: mox.Maskeret(l.Aarsag)}
	if l.Tilstand == mox.Udsat {
		ud.Naeste = l.Naeste
	}
	return ud
}

func forsoegAf(f store.Forsoeg) Forsoeg {
	return Forsoeg{f.Nr, f.Begyndt, f.Afsluttet, f.Resultat, f.Kode, mox.Maskeret(f.Tekst), f.ForSent}
}

func procesAf(p store.Proces, svar []mox.ProcesSvar) Proces {
	ud := Proces{Navn: p.Navn, ProcesID: p.ProcesID, Tilstand: p.Tilstand, Startet: p.Startet, Afsluttet: p.Afsluttet, Frist: p.Frist, Svar: []ProcesSvar{}}
	for _, s := range svar {
		ud.Svar = append(ud.Svar, ProcesSvar(s))
	}
	return ud
}

// Beskedliste is one page of beskeder, newest first.
type Beskedliste struct {
	Beskeder []Besked `json:"beskeder"`
	Foer     int64    `json:"foer,omitempty"` // give this as foer for the next page
}

func (a *api) beskeder(r *http.Request) (any, error) {
	p := laesParametre(r)
	s := store.Beskedsoegning{ID: p.tekst("id"), ObjektID: p.tekst("objektID"), ProcesID: p.tekst("procesID"), Afsender: p.tekst("system"), Type: p.tekst("type"),
		FoerNr: p.tal("foer"), Antal: p.antal()}
	for navn := range r.URL.Query() {
		if laes.LigeNummer(r.URL.Query().Get(navn)) {
			p.afvis(mox.Maskeret(navn), "et personnummer må ikke stå i en adresse; brug POST beskeder/person")
		}
	}
	if err := p.slut(); err != nil {
		return nil, err
	}
	ud := Beskedliste{Beskeder: []Besked{}}
	err := a.vis(r, func(tx *store.Tx) error {
		fundet, err := tx.Beskeder(s)
		if err != nil {
			return err
		}
		return ud.fyld(tx, fundet, s.Antal)
	})
	return ud, err
}

func (u *Beskedliste) fyld(tx *store.Tx, fundet []store.Besked, antal int) error {
	u.Beskeder, u.Foer = []Besked{}, 0
	if len(fundet) >= antal {
		fundet = fundet[:antal]
		u.Foer = fundet[antal-1].Nr
	}
	for _, b := range fundet {
		x := beskedAf(b)
		leverancer, err := tx.LeverancerAf(b.Nr)
		if err != nil {
			return err
		}
		for _, l := range leverancer {
			x.Leverancer = append(x.Leverancer, leveranceAf(l))
		}
		u.Beskeder = append(u.Beskeder, x)
	}
	return nil
}

// Person asks for the beskeder about a person or a company.
type Person struct {
	Relateret   string `json:"relateret"` // CPR or CVR number, UUID or URN
	Begrundelse string `json:"begrundelse"`
	Foer        int64  `json:"foer,omitempty"`
	Antal       int    `json:"antal,omitempty"`
}

// person searches by a number that stands in no address; that somebody searched, and why, is logged with its pseudonym.
func (a *api) person(r *http.Request) (any, error) {
	var k Person
	if err := laesJSON(r, &k); err != nil {
		return nil, err
	}
	if err := kraev(k.Begrundelse); err != nil {
		return nil, err
	}
	ider := laes.Relaterede(k.Relateret)
	if len(ider) == 0 {
		return nil, mox.E("drift", mox.KodeUgyldig, "relateret er hverken et CPR-nummer, et CVR-nummer, en UUID eller en URN")
	}
	if k.Antal <= 0 || k.Antal > maksAntal {
		k.Antal = standard
	}
	h := a.hvem(r, k.Begrundelse)
	var ud Beskedliste
	err := a.D.Store().Update(r.Context(), func(tx *store.Tx) error {
		fundet, err := FindPerson(tx, ider, k.Foer, k.Antal)
		if err != nil {
			return err
		}
		if err := ud.fyld(tx, fundet, k.Antal); err != nil {
			return err
		}
		return tx.InsertHandling(store.Handling{Hvem: h.Navn, Hvad: "soeg-person", Maal: "person " + tx.Store().Pseudonym(ider[0]), Antal: len(ud.Beskeder), Begrundelse: h.Begrundelse})
	})
	return ud, err
}

// FindPerson finds the beskeder about someone who may be known by several ids, newest first.
func FindPerson(tx *store.Tx, ider []string, foer int64, antal int) ([]store.Besked, error) {
	var fundet []store.Besked
	for _, id := range ider {
		b, err := tx.Beskeder(store.Beskedsoegning{Relateret: id, FoerNr: foer, Antal: antal})
		if err != nil {
			return nil, err
		}
		fundet = append(fundet, b...)
	}
	slices.SortFunc(fundet, func(a, b store.Besked) int { return int(b.Nr - a.Nr) })
	fundet = slices.CompactFunc(fundet, func(a, b store.Besked) bool { return a.Nr == b.Nr })
	return fundet[:min(len(fundet), antal)], nil
}

// Procesliste is one page of instances, newest first.
type Procesliste struct {
	Processer []Proces `json:"processer"`
	Foer      string   `json:"foer,omitempty"` // give this as foer for the next page
}

func (a *api) processer(r *http.Request) (any, error) {
	p := laesParametre(r)
	u := store.Procesudvalg{Navn: p.tekst("navn"), Tilstand: mox.ProcesTilstand(p.tekst("tilstand")), Antal: p.antal()}
	if u.Tilstand != "" && !slices.Contains(mox.ProcesTilstande(), u.Tilstand) {
		p.afvis("tilstand", "er hverken igang, afsluttet, fejlet eller udloebet")
	}
	if s := p.tekst("foer"); s != "" {
		if u.Foer = LaesProcesside(s); u.Foer == nil {
			p.afvis("foer", "er ikke givet af en tidligere liste")
		}
	}
	if err := p.slut(); err != nil {
		return nil, err
	}
	ud := Procesliste{Processer: []Proces{}}
	err := a.vis(r, func(tx *store.Tx) error {
		fundet, err := tx.Processer(u)
		if err != nil {
			return err
		}
		for _, x := range fundet {
			svar, err := tx.ProcesSvar(x.Navn, x.ProcesID)
			if err != nil {
				return err
			}
			ud.Processer = append(ud.Processer, procesAf(x, svar))
		}
		if len(fundet) == u.Antal {
			ud.Foer = Processide(fundet[len(fundet)-1])
		}
		return nil
	})
	return ud, err
}

// Processide names a place in the list of instances: after p.
func Processide(p store.Proces) string {
	return strconv.FormatInt(p.Startet.UnixMicro(), 10) + "." + strconv.FormatInt(p.Startbesked, 10) + "." + p.Navn
}

// LaesProcesside reads what [Processide] wrote; nil for anything else.
func LaesProcesside(s string) *store.Proces {
	led := strings.SplitN(s, ".", 3)
	if len(led) != 3 {
		return nil
	}
	startet, err := strconv.ParseInt(led[0], 10, 64)
	nr, err2 := strconv.ParseInt(led[1], 10, 64)
	if err != nil || err2 != nil {
		return nil
	}
	return &store.Proces{Navn: led[2], Startbesked: nr, Startet: time.UnixMicro(startet).UTC()}
}
