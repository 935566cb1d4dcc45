package pull

import (
	"fmt"
	"slices"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/wire"
	"github.com/moxkit/mox/klient"
	"github.com/moxkit/mox/oio"
	"github.com/moxkit/mox/store"
)

// The bodies of calls and answers are those of internal/wire and package klient. Here is what only agents send and are
// answered, which has its form in package distributor too, and what is refused.

// maksNavnelaengde is how many bytes a name may have.
const maksNavnelaengde = 200

// kildesvar is the answer to GET kilder.
type kildesvar struct {
	Agent      string        `json:"agent"`
	Kilde      string        `json:"kilde"`
	Position   string        `json:"position"` // give it back as forventet in the next indlevering
	Startet    time.Time     `json:"startet,omitzero"`
	Gennemloeb int64         `json:"gennemloeb"`
	Laest      int64         `json:"laest"`
	Beskeder   int64         `json:"beskeder"`
	Uaendrede  int64         `json:"uaendrede"`
	Foraeldede int64         `json:"foraeldede"`
	Ekko       int64         `json:"ekko"`
	Fejlposter int64         `json:"fejlposter"`
	Sidst      time.Time     `json:"sidst,omitzero"`
	Kontakt    time.Time     `json:"kontakt,omitzero"`
	Hver       wire.Sekunder `json:"hver_sekunder,omitempty"`
	FejlITraek int           `json:"fejl_i_traek,omitempty"`
	FejlTekst  string        `json:"fejl_tekst,omitempty"`
	FejlTid    time.Time     `json:"fejl_tid,omitzero"`
}

func fraKilde(k store.Kilde) kildesvar {
	return kildesvar{k.Agent, k.Navn, k.Position, k.Startet, k.Gennemloeb, k.Laest, k.Beskeder, k.Uaendrede, k.Foraeldede, k.Ekko, k.Fejlposter, k.Sidst,
		k.Kontakt, wire.SomSekunder(k.Hver), k.FejlITraek, k.FejlTekst, k.FejlTid}
}

func (k kildesvar) kilde() store.Kilde {
	return store.Kilde{Agent: k.Agent, Navn: k.Kilde, Position: k.Position, Startet: k.Startet, Gennemloeb: k.Gennemloeb, Laest: k.Laest, Beskeder: k.Beskeder,
		Uaendrede: k.Uaendrede, Foraeldede: k.Foraeldede, Ekko: k.Ekko, Fejlposter: k.Fejlposter, Sidst: k.Sidst,
		Kontakt: k.Kontakt, Hver: k.Hver.Varighed(), FejlITraek: k.FejlITraek, FejlTekst: k.FejlTekst, FejlTid: k.FejlTid}
}

// validerHent also brings n within its limits.
func validerHent(h *wire.Hentkald) error {
	var f felter
	f.kraev(h.N >= 0, "n", "antal", "skal være 0 eller mere")
	f.kraev(h.Leje.Mellem(wire.MaksLeje), "leje_sekunder", "interval", "skal være fra 0 til 3600")
	f.kraev(h.Vent.Mellem(wire.MaksVent), "vent_sekunder", "interval", "skal være fra 0 til 30")
	h.N = min(max(h.N, 1), wire.MaksHent)
	return f.fejl()
}

func fraArbejde(w distributor.Arbejde) (wire.Arbejdesvar, error) {
	b, err := oio.MarshalBesked(&w.Besked)
	return wire.Arbejdesvar{Leverance: w.Leverance, Forsoeg: w.Forsoeg, Omgang: w.Omgang, Noegle: w.Noegle, Usikker: w.Usikker, Ejer: w.Ejer,
		LejetTil: w.LejetTil, Modtaget: w.Modtaget, Noegler: w.Noegler, Besked: b}, err
}

func validerForny(k wire.Fornykald) error {
	var f felter
	f.kraev(len(k.Leverancer) <= wire.MaksForny, "leverancer", "antal", "højst 1000 ad gangen")
	f.kraev(k.Leje.Mellem(wire.MaksLeje), "leje_sekunder", "interval", "skal være fra 0 til 3600")
	return f.fejl()
}

// afslutkald is the body of POST afslut, with what agents tell.
type afslutkald struct {
	wire.Afslutkald
	Ekko   []store.Ekko       `json:"ekko,omitempty"`
	EkkoAf mox.ObjektID       `json:"ekko_af,omitempty"`
	Agent  string             `json:"agent,omitempty"`
	ActsAs string             `json:"acts_as,omitempty"`
	Poster []distributor.Post `json:"poster,omitempty"`
}

func fraAfslutning(f distributor.Afslutning) afslutkald {
	return afslutkald{wire.Afslutkald{Forsoeg: f.Forsoeg, Ejer: f.Ejer, Udfald: wire.FraUdfald(f.Udfald), Svar: f.Svar, Noegle: f.Noegle},
		f.Ekko, f.EkkoAf, f.Agent, f.ActsAs, f.Poster}
}

func (k afslutkald) afslutning(leverance int64) distributor.Afslutning {
	return distributor.Afslutning{Leverance: leverance, Forsoeg: k.Forsoeg, Ejer: k.Ejer, Udfald: k.Udfald.Udfald(),
		Svar: k.Svar, Noegle: k.Noegle, Ekko: k.Ekko, EkkoAf: k.EkkoAf, Agent: k.Agent, ActsAs: k.ActsAs, Poster: k.Poster}
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
	f.kraev(k.Udfald.Efter.Mellem(wire.MaksEfter), "udfald.efter_sekunder", "interval", "skal være fra 0 til 31 døgn")
	f.poster(k.Poster)
	return f.fejl()
}

// validerIndlevering refuses what an agent of ours never sends and the database could not hold.
func validerIndlevering(i distributor.Indlevering) error {
	var f felter
	f.kraev(i.Agent != "", "agent", "kraevet", "mangler")
	f.kraev(i.System != "", "system", "kraevet", "mangler")
	f.kraev(i.Kilde != "", "kilde", "kraevet", "mangler")
	f.kraev(i.Hver >= 0 && float64(i.Hver) <= wire.MaksEfter.Seconds(), "hver_sekunder", "interval", "skal være fra 0 til 31 døgn")
	f.poster(i.Poster)
	return f.fejl()
}

func validerLaest(l distributor.Laest) error {
	_, kendt := mox.TypeAf(l.ObjektType)
	var f felter
	f.kraev(l.Agent != "", "agent", "kraevet", "mangler")
	f.kraev(l.System != "", "system", "kraevet", "mangler")
	f.kraev(l.Kilde != "", "kilde", "kraevet", "mangler")
	f.kraev(kendt, "objekttype", "kodeliste", "er ikke en af OIO-standardens objekttyper")
	f.kraev(len(l.Noegler) <= distributor.MaksPoster, "noegler", "antal", fmt.Sprintf("højst %d ad gangen", distributor.MaksPoster))
	return f.fejl()
}

func fraKendt(k klient.Kendt) (ud wire.Kendtsvar, err error) {
	ud = wire.Kendtsvar{Afsender: k.Afsender, Modtaget: k.Modtaget, Slettet: k.Slettet, Kvitteringer: k.Kvitteringer}
	if !k.Slettet {
		ud.Besked, err = oio.MarshalBesked(&k.Besked)
	}
	return ud, err
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
