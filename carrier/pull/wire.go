package pull

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/oio"
	"github.com/moxkit/mox/store"
)

// The bodies of calls and answers. Times are RFC 3339, durations are seconds, bytes are base64, and a besked is in the form
// of [oio.MarshalBesked]. Indlevering, Post, Indleveret and Afsluttet have their form in package distributor.
//
// A server refuses fields it does not know; a client passes over them, so that an older one can talk to a newer server.

// Limits on what a call may ask for.
const (
	maksHent         = 25 // leverancer in one answer, of up to a couple of MB each
	maksVent         = 30 * time.Second
	maksLeje         = time.Hour
	maksForny        = 1000
	maksEfter        = 31 * 24 * time.Hour
	maksNavnelaengde = 200 // bytes
)

// sekunder is a duration as it is written: seconds, also with decimals.
type sekunder float64

func somSekunder(d time.Duration) sekunder { return sekunder(d.Seconds()) }

func (s sekunder) varighed() time.Duration { return time.Duration(math.Round(float64(s) * 1e9)) }

// mellem reports whether s is from 0 to maks.
func (s sekunder) mellem(maks time.Duration) bool { return s >= 0 && float64(s) <= maks.Seconds() }

// kildesvar is the answer to GET kilder.
type kildesvar struct {
	Agent      string    `json:"agent"`
	Kilde      string    `json:"kilde"`
	Position   string    `json:"position"` // give it back as forventet in the next indlevering
	Startet    time.Time `json:"startet,omitzero"`
	Gennemloeb int64     `json:"gennemloeb"`
	Laest      int64     `json:"laest"`
	Beskeder   int64     `json:"beskeder"`
	Uaendrede  int64     `json:"uaendrede"`
	Foraeldede int64     `json:"foraeldede"`
	Ekko       int64     `json:"ekko"`
	Fejlposter int64     `json:"fejlposter"`
	Sidst      time.Time `json:"sidst,omitzero"`
	Kontakt    time.Time `json:"kontakt,omitzero"`
	Hver       sekunder  `json:"hver_sekunder,omitempty"`
	FejlITraek int       `json:"fejl_i_traek,omitempty"`
	FejlTekst  string    `json:"fejl_tekst,omitempty"`
	FejlTid    time.Time `json:"fejl_tid,omitzero"`
}

func fraKilde(k store.Kilde) kildesvar {
	return kildesvar{k.Agent, k.Navn, k.Position, k.Startet, k.Gennemloeb, k.Laest, k.Beskeder, k.Uaendrede, k.Foraeldede, k.Ekko, k.Fejlposter, k.Sidst,
		k.Kontakt, somSekunder(k.Hver), k.FejlITraek, k.FejlTekst, k.FejlTid}
}

func (k kildesvar) kilde() store.Kilde {
	return store.Kilde{Agent: k.Agent, Navn: k.Kilde, Position: k.Position, Startet: k.Startet, Gennemloeb: k.Gennemloeb, Laest: k.Laest, Beskeder: k.Beskeder,
		Uaendrede: k.Uaendrede, Foraeldede: k.Foraeldede, Ekko: k.Ekko, Fejlposter: k.Fejlposter, Sidst: k.Sidst,
		Kontakt: k.Kontakt, Hver: k.Hver.varighed(), FejlITraek: k.FejlITraek, FejlTekst: k.FejlTekst, FejlTid: k.FejlTid}
}

// hentkald is the body of POST hent.
type hentkald struct {
	Ejer string   `json:"ejer"`          // the caller's name for the worker
	N    int      `json:"n"`             // at most; 0 = 1, and never more than 25 are given
	Leje sekunder `json:"leje_sekunder"` // 0 = 60
	Vent sekunder `json:"vent_sekunder"` // at most 30
}

// valider also brings n within its limits.
func (h *hentkald) valider() error {
	var f felter
	f.kraev(h.N >= 0, "n", "antal", "skal være 0 eller mere")
	f.kraev(h.Leje.mellem(maksLeje), "leje_sekunder", "interval", "skal være fra 0 til 3600")
	f.kraev(h.Vent.mellem(maksVent), "vent_sekunder", "interval", "skal være fra 0 til 30")
	h.N = min(max(h.N, 1), maksHent)
	return f.fejl()
}

// hentsvar is the answer to POST hent. spec: mox 32
type hentsvar struct {
	Abonnement mox.AbonnementID `json:"abonnementID"`
	Arbejde    []arbejdesvar    `json:"arbejde"`
}

type arbejdesvar struct {
	Leverance int64             `json:"leverance"`
	Forsoeg   int               `json:"forsoeg"`
	Omgang    int               `json:"omgang"`
	Noegle    string            `json:"noegle"`
	Usikker   bool              `json:"usikker"`
	Ejer      string            `json:"ejer"` // give it back when reporting
	LejetTil  time.Time         `json:"lejet_til"`
	Modtaget  time.Time         `json:"modtaget,omitzero"` // when MOX took the besked in
	Noegler   map[string]string `json:"noegler"`
	Besked    json.RawMessage   `json:"besked"`
}

func fraArbejde(w distributor.Arbejde) (arbejdesvar, error) {
	b, err := oio.MarshalBesked(&w.Besked)
	return arbejdesvar{w.Leverance, w.Forsoeg, w.Omgang, w.Noegle, w.Usikker, w.Ejer, w.LejetTil, w.Modtaget, w.Noegler, b}, err
}

func (a arbejdesvar) arbejde() (distributor.Arbejde, error) {
	b, err := oio.UnmarshalBesked(a.Besked)
	return distributor.Arbejde{Leverance: a.Leverance, Forsoeg: a.Forsoeg, Omgang: a.Omgang, Noegle: a.Noegle, Usikker: a.Usikker, Ejer: a.Ejer,
		LejetTil: a.LejetTil, Modtaget: a.Modtaget, Besked: b, Noegler: a.Noegler}, err
}

// fornykald is the body of POST lejemaal/forny.
type fornykald struct {
	Ejer       string   `json:"ejer"`
	Leverancer []int64  `json:"leverancer"`
	Leje       sekunder `json:"leje_sekunder"` // from now; 0 = 60
}

func (k fornykald) valider() error {
	var f felter
	f.kraev(len(k.Leverancer) <= maksForny, "leverancer", "antal", "højst 1000 ad gangen")
	f.kraev(k.Leje.mellem(maksLeje), "leje_sekunder", "interval", "skal være fra 0 til 3600")
	return f.fejl()
}

type fornysvar struct {
	Fornyet int `json:"fornyet"` // how many were still held; the others have been given up
}

// afslutkald is the body of POST afslut; the leverance is in the path.
type afslutkald struct {
	Forsoeg int                `json:"forsoeg"`
	Ejer    string             `json:"ejer"` // as it was given with the work
	Udfald  udfald             `json:"udfald"`
	Svar    []byte             `json:"svar,omitempty"`
	Noegle  string             `json:"noegle,omitempty"`
	Ekko    []store.Ekko       `json:"ekko,omitempty"`
	EkkoAf  mox.ObjektID       `json:"ekko_af,omitempty"`
	Agent   string             `json:"agent,omitempty"`
	ActsAs  string             `json:"acts_as,omitempty"`
	Poster  []distributor.Post `json:"poster,omitempty"`
}

type udfald struct {
	Resultat mox.Resultat `json:"resultat"` // accepteret, afvist, fejlet, midlertidig, ukendt, overdraget, udloebet
	Ansvar   mox.Ansvar   `json:"ansvar,omitempty"`
	Kode     string       `json:"kode,omitempty"`
	Tekst    string       `json:"tekst,omitempty"`
	Efter    sekunder     `json:"efter_sekunder,omitempty"`
}

func fraAfslutning(f distributor.Afslutning) afslutkald {
	u := f.Udfald
	return afslutkald{f.Forsoeg, f.Ejer, udfald{u.Resultat, u.Ansvar, u.Kode, u.Tekst, somSekunder(min(max(u.Efter, 0), maksEfter))},
		f.Svar, f.Noegle, f.Ekko, f.EkkoAf, f.Agent, f.ActsAs, f.Poster}
}

func (k afslutkald) afslutning(leverance int64) distributor.Afslutning {
	return distributor.Afslutning{Leverance: leverance, Forsoeg: k.Forsoeg, Ejer: k.Ejer,
		Udfald: mox.Udfald{Resultat: k.Udfald.Resultat, Ansvar: k.Udfald.Ansvar, Kode: k.Udfald.Kode, Tekst: k.Udfald.Tekst, Efter: k.Udfald.Efter.varighed()},
		Svar:   k.Svar, Noegle: k.Noegle, Ekko: k.Ekko, EkkoAf: k.EkkoAf, Agent: k.Agent, ActsAs: k.ActsAs, Poster: k.Poster}
}

var (
	resultater = []mox.Resultat{mox.ResAccepteret, mox.ResAfvist, mox.ResFejlet, mox.ResMidlertidig, mox.ResUkendt, mox.ResOverdraget, mox.ResUdloebet}
	ansvar     = []mox.Ansvar{"", mox.AnsvarAfsender, mox.AnsvarModtager, mox.AnsvarMOX}
)

// valider refuses a misspelt outcome: taken for what it is not, it would park a besked that was delivered.
func (k afslutkald) valider() error {
	var f felter
	f.kraev(slices.Contains(resultater, k.Udfald.Resultat), "udfald.resultat", "kodeliste", "er ikke accepteret, afvist, fejlet, midlertidig, ukendt, overdraget eller udloebet")
	f.kraev(slices.Contains(ansvar, k.Udfald.Ansvar), "udfald.ansvar", "kodeliste", "er ikke afsender, modtager eller MOX")
	f.kraev(k.Udfald.Efter.mellem(maksEfter), "udfald.efter_sekunder", "interval", "skal være fra 0 til 31 døgn")
	f.poster(k.Poster)
	return f.fejl()
}

// validerIndlevering refuses what an agent of ours never sends and the database could not hold.
func validerIndlevering(i distributor.Indlevering) error {
	var f felter
	f.kraev(i.Agent != "", "agent", "kraevet", "mangler")
	f.kraev(i.System != "", "system", "kraevet", "mangler")
	f.kraev(i.Kilde != "", "kilde", "kraevet", "mangler")
	f.kraev(i.Hver >= 0 && float64(i.Hver) <= maksEfter.Seconds(), "hver_sekunder", "interval", "skal være fra 0 til 31 døgn")
	f.poster(i.Poster)
	return f.fejl()
}

// beskedsvar is the answer to GET beskeder: usually one besked, but two senders may have chosen the same id.
type beskedsvar struct {
	Beskeder []kendtsvar `json:"beskeder"`
}

type kendtsvar struct {
	Afsender     string           `json:"afsender"`
	Modtaget     time.Time        `json:"modtaget"`
	Slettet      bool             `json:"slettet,omitempty"`
	Besked       json.RawMessage  `json:"besked,omitempty"`
	Kvitteringer []mox.Kvittering `json:"kvitteringer"`
}

func fraKendt(k Kendt) (ud kendtsvar, err error) {
	ud = kendtsvar{Afsender: k.Afsender, Modtaget: k.Modtaget, Slettet: k.Slettet, Kvitteringer: k.Kvitteringer}
	if !k.Slettet {
		ud.Besked, err = oio.MarshalBesked(&k.Besked)
	}
	return ud, err
}

func (k kendtsvar) kendt() (ud Kendt, err error) {
	ud = Kendt{Afsender: k.Afsender, Modtaget: k.Modtaget, Slettet: k.Slettet, Kvitteringer: k.Kvitteringer}
	if !k.Slettet {
		ud.Besked, err = oio.UnmarshalBesked(k.Besked)
	}
	return ud, err
}

// indholdsvar is the answer to POST /indhold.
type indholdsvar struct {
	URN        string `json:"urn"` // what a registrering refers to the bytes by
	Stoerrelse int64  `json:"stoerrelse"`
}

// felter collects what is wrong with a call.
type felter []mox.Feltfejl

func (f *felter) kraev(ok bool, sti, regel, tekst string) {
	if !ok {
		*f = append(*f, mox.Feltfejl{Sti: sti, Regel: regel, Tekst: tekst})
	}
}

func (f felter) fejl() error {
	if len(f) == 0 {
		return nil
	}
	return &mox.Error{Kode: mox.KodeUgyldig, Op: "kald", Tekst: "kaldet er ugyldigt", Felter: f, Raad: "ret de nævnte felter"}
}

func (f *felter) poster(poster []distributor.Post) {
	f.kraev(len(poster) <= distributor.MaksPoster, "poster", "antal", fmt.Sprintf("højst %d ad gangen", distributor.MaksPoster))
	for i, p := range poster {
		if p.Fejl != nil {
			f.kraev(p.Fejl.Ansvar != "" && slices.Contains(ansvar, p.Fejl.Ansvar), fmt.Sprintf("poster[%d].fejl.ansvar", i), "kodeliste", "er ikke afsender, modtager eller MOX")
		}
	}
}
