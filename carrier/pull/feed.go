package pull

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/wire"
	"github.com/moxkit/mox/klient"
	"github.com/moxkit/mox/oio"
)

// standardFeed is how many beskeder a page of the feed has when the caller does not say.
const standardFeed = 100

// feed answers with a page of what the abonnement has been given. The receiver of the abonnement may read it, and one who
// drives MOX; that somebody of the latter did is logged.
func (a *api) feed(w http.ResponseWriter, r *http.Request, id auth.Identitet) error {
	p := laesParametre(r)
	efter, antal, vent := p.heltal("efter", 0, 0), p.heltal("antal", standardFeed, 1), p.sekunder("vent_sekunder")
	p.kraev(antal <= distributor.MaksFeed, "antal", "interval", "skal være fra 1 til 500")
	p.kraev(vent.Mellem(wire.MaksVent), "vent_sekunder", "interval", "skal være fra 0 til 30")
	if err := p.slut(); err != nil {
		return err
	}
	abonnement := mox.AbonnementID(r.PathValue("id"))
	if err := a.maaBruge(id, abonnement); err != nil {
		return err
	}
	svarInden(w, vent.Varighed()+svarFrist)
	f, err := a.t.Feed(r.Context(), abonnement, efter, int(antal), vent.Varighed())
	if err != nil {
		return err
	}
	if id.Rolle.Menneske() && len(f.Poster) > 0 {
		a.t.log().Info("feed læst", "hvem", id.Navn, "abonnement", abonnement, "fra", f.Poster[0].Logposition, "antal", len(f.Poster)) // spec: mox 52
	}
	ud, err := fraFeed(abonnement, f)
	if err != nil {
		return err
	}
	return svar(w, http.StatusOK, ud)
}

func (a *api) sammendrag(w http.ResponseWriter, r *http.Request, id auth.Identitet) error {
	p := laesParametre(r)
	fra, til, dele := p.heltal("fra", 1, 1), p.heltal("til", 0, 1), p.heltal("dele", 1, 1)
	p.kraev(dele <= distributor.MaksDele, "dele", "interval", "skal være fra 1 til 100")
	if err := p.slut(); err != nil {
		return err
	}
	abonnement := mox.AbonnementID(r.PathValue("id"))
	if err := a.maaBruge(id, abonnement); err != nil {
		return err
	}
	s, err := a.t.Sammendrag(r.Context(), abonnement, fra, til, int(dele))
	if err != nil {
		return err
	}
	return svar(w, http.StatusOK, sammendragsvar{abonnement, s})
}

func fraFeed(abonnement mox.AbonnementID, f klient.Feed) (wire.Feedsvar, error) {
	ud := wire.Feedsvar{Abonnement: abonnement, Beskeder: []wire.Feedpost{}, Naeste: f.Naeste, Sidste: f.Sidste}
	for _, x := range f.Poster {
		p := wire.Feedpost{Logposition: x.Logposition, BeskedID: x.BeskedID, Afsender: x.Afsender, Modtaget: x.Modtaget, Tilstand: x.Tilstand, Slettet: x.Slettet, Holdt: x.Tilbageholdt}
		if !x.Slettet && !x.Tilbageholdt {
			var err error
			if p.Besked, err = oio.MarshalBesked(&x.Besked); err != nil {
				return ud, err
			}
		}
		ud.Beskeder = append(ud.Beskeder, p)
	}
	return ud, nil
}

// sammendragsvar is the answer to GET feed/sammendrag.
type sammendragsvar struct {
	Abonnement mox.AbonnementID `json:"abonnementID"`
	klient.Sammendrag
}

// parametre reads a call's query. Unknown and repeated names are refused: a misspelt one would be passed over.
type parametre struct {
	felter
	q    url.Values
	sete []string
}

func laesParametre(r *http.Request) *parametre {
	p := &parametre{}
	var err error
	p.q, err = url.ParseQuery(r.URL.RawQuery)
	p.kraev(err == nil, "", "form", "adressens parametre kan ikke læses")
	return p
}

func (p *parametre) tekst(navn string) string {
	p.sete = append(p.sete, navn)
	return p.q.Get(navn)
}

// heltal is a whole number of at least mindst, or standard where none is given.
func (p *parametre) heltal(navn string, standard, mindst int64) int64 {
	s := p.tekst(navn)
	if s == "" {
		return standard
	}
	n, err := strconv.ParseInt(s, 10, 64)
	p.kraev(err == nil && n >= mindst, navn, "interval", "skal være et helt tal fra "+strconv.FormatInt(mindst, 10))
	return n
}

func (p *parametre) sekunder(navn string) wire.Sekunder {
	n, err := strconv.ParseFloat(cmp.Or(p.tekst(navn), "0"), 64)
	p.kraev(err == nil, navn, "type", "skal være et antal sekunder")
	return wire.Sekunder(n)
}

// slut is the error of what was read, and of what nobody asked for.
func (p *parametre) slut() error {
	for _, navn := range slices.Sorted(maps.Keys(p.q)) {
		p.kraev(slices.Contains(p.sete, navn), navn, "ukendt", "parameteren kendes ikke")
		p.kraev(len(p.q[navn]) == 1, navn, "dobbelt", "står flere gange")
	}
	return p.fejl()
}
