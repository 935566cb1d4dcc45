package pull

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/oio"
	"github.com/moxkit/mox/store"
)

// standardFeed is how many beskeder a page of the feed has when the caller does not say.
const standardFeed = 100

// feed answers with a page of what the abonnement has been given. The receiver of the abonnement may read it, and one who
// drives MOX; that somebody of the latter did is logged.
func (a *api) feed(w http.ResponseWriter, r *http.Request, id auth.Identitet) error {
	p := laesParametre(r)
	efter, antal, vent := p.heltal("efter", 0, 0), p.heltal("antal", standardFeed, 1), p.sekunder("vent_sekunder")
	p.kraev(antal <= distributor.MaksFeed, "antal", "interval", "skal være fra 1 til 500")
	p.kraev(vent.mellem(maksVent), "vent_sekunder", "interval", "skal være fra 0 til 30")
	if err := p.slut(); err != nil {
		return err
	}
	abonnement := mox.AbonnementID(r.PathValue("id"))
	if err := a.maaBruge(id, abonnement); err != nil {
		return err
	}
	svarInden(w, vent.varighed()+svarFrist)
	f, err := a.t.Feed(r.Context(), abonnement, efter, int(antal), vent.varighed())
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
	return svar(w, http.StatusOK, fraSammendrag(abonnement, s))
}

// feedsvar is the answer to GET feed. spec: mox 32
type feedsvar struct {
	Abonnement mox.AbonnementID `json:"abonnementID"`
	Beskeder   []feedpost       `json:"beskeder"`
	Naeste     int64            `json:"naeste"` // give it back as efter; call again at once while it is below sidste
	Sidste     int64            `json:"sidste"` // the newest position in the log, whoever it is for
}

type feedpost struct {
	Logposition int64                 `json:"logposition"`
	BeskedID    mox.BeskedID          `json:"beskedID"`
	Afsender    string                `json:"afsender"`
	Modtaget    time.Time             `json:"modtaget"`
	Tilstand    mox.LeveranceTilstand `json:"tilstand"` // how its delivery to the abonnement stands
	Slettet     bool                  `json:"slettet,omitempty"`
	Holdt       bool                  `json:"tilbageholdt,omitempty"` // the agreement does not let it out now
	Besked      json.RawMessage       `json:"besked,omitempty" skema:"Besked"`
}

func fraFeed(abonnement mox.AbonnementID, f distributor.Feed) (feedsvar, error) {
	ud := feedsvar{Abonnement: abonnement, Beskeder: []feedpost{}, Naeste: f.Naeste, Sidste: f.Sidste}
	for _, x := range f.Poster {
		p := feedpost{Logposition: x.Logposition, BeskedID: x.BeskedID, Afsender: x.Afsender, Modtaget: x.Modtaget, Tilstand: x.Tilstand, Slettet: x.Slettet, Holdt: x.Tilbageholdt}
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

func (s feedsvar) feed() (distributor.Feed, error) {
	ud := distributor.Feed{Naeste: s.Naeste, Sidste: s.Sidste}
	for _, p := range s.Beskeder {
		x := distributor.Feedpost{Slettet: p.Slettet, Tilbageholdt: p.Holdt,
			Logpost: store.Logpost{Logposition: p.Logposition, BeskedID: p.BeskedID, Afsender: p.Afsender, Modtaget: p.Modtaget, Tilstand: p.Tilstand}}
		if !p.Slettet && !p.Holdt {
			var err error
			if x.Besked, err = oio.UnmarshalBesked(p.Besked); err != nil {
				return distributor.Feed{}, err
			}
		}
		ud.Poster = append(ud.Poster, x)
	}
	return ud, nil
}

// sammendragsvar is the answer to GET feed/sammendrag.
type sammendragsvar struct {
	Abonnement mox.AbonnementID `json:"abonnementID"`
	Fra        int64            `json:"fra"`
	Til        int64            `json:"til"` // how far it came; fra-1 where the log has nothing there yet
	Sidste     int64            `json:"sidste"`
	Dele       []delsvar        `json:"dele"`
}

type delsvar struct {
	Fra   int64  `json:"fra"`
	Til   int64  `json:"til"`
	Antal int    `json:"antal"`
	Hash  string `json:"hash"` // see [distributor.Del]
}

func fraSammendrag(abonnement mox.AbonnementID, s distributor.Sammendrag) sammendragsvar {
	ud := sammendragsvar{abonnement, s.Fra, s.Til, s.Sidste, []delsvar{}}
	for _, d := range s.Dele {
		ud.Dele = append(ud.Dele, delsvar(d))
	}
	return ud
}

func (s sammendragsvar) sammendrag() distributor.Sammendrag {
	ud := distributor.Sammendrag{Fra: s.Fra, Til: s.Til, Sidste: s.Sidste}
	for _, d := range s.Dele {
		ud.Dele = append(ud.Dele, distributor.Del(d))
	}
	return ud
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

func (p *parametre) sekunder(navn string) sekunder {
	n, err := strconv.ParseFloat(cmp.Or(p.tekst(navn), "0"), 64)
	p.kraev(err == nil, navn, "type", "skal være et antal sekunder")
	return sekunder(n)
}

// slut is the error of what was read, and of what nobody asked for.
func (p *parametre) slut() error {
	for _, navn := range slices.Sorted(maps.Keys(p.q)) {
		p.kraev(slices.Contains(p.sete, navn), navn, "ukendt", "parameteren kendes ikke")
		p.kraev(len(p.q[navn]) == 1, navn, "dobbelt", "står flere gange")
	}
	return p.fejl()
}
