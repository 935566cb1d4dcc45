package drift

import (
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/store"
)

// Status is how everything stands now.
type Status struct {
	Beskeder     int64                 `json:"beskeder"`     // accepted, ever
	Kvitteringer int64                 `json:"kvitteringer"` // given, and kept
	AabneFejl    int                   `json:"aabne_fejl"`
	DiskFuld     bool                  `json:"disk_fuld"` // nothing new is accepted
	Modtagere    []Modtager            `json:"modtagere"`
	Kilder       []Kilde               `json:"kilder"`
	Processer    []Procestal           `json:"processer"`
	Fejl         []store.FejlGruppe    `json:"fejl"`     // the open ones, by ansvar, art, kode and system
	Alarmer      []store.Alarm         `json:"alarmer"`  // that stand, the oldest first
	Bevaring     []store.Bevaringspost `json:"bevaring"` // what has been removed because its time was over
}

// Modtager is an abonnement and its backlog.
type Modtager struct {
	Abonnement      mox.AbonnementID              `json:"abonnement"`
	System          string                        `json:"system,omitempty"`
	Tilstande       map[mox.LeveranceTilstand]int `json:"tilstande"`        // leverancer by state
	Venter          int                           `json:"venter"`           // Afventer, UnderLevering and Udsat
	Blokeret        int                           `json:"blokeret"`         // of the open ones: behind an earlier one
	KraeverHandling int                           `json:"kraever_handling"` // Parkeret and Uvis
	Leveret         int                           `json:"leveret"`          // Leveret and Overdraget
	Aeldste         time.Time                     `json:"aeldste,omitzero"` // of the open ones
	SidstLeveret    time.Time                     `json:"sidst_leveret,omitzero"`
	SidstHentet     time.Time                     `json:"sidst_hentet,omitzero"` // when somebody asked for its work, give or take a minute
	Forsoeg         int                           `json:"forsoeg_15m"`           // attempts that ended within distributor.Taktvindue
	Mislykkedes     int                           `json:"mislykkedes_15m"`       // of them: that did not deliver
	Pause           bool                          `json:"pause"`
	PauseFordi      string                        `json:"pause_fordi,omitempty"`
	IkkeOpsat       bool                          `json:"ikke_opsat,omitempty"` // it holds leverancer, but the configuration has it no more
}

// Kilde is what came of reading a source.
type Kilde struct {
	Agent      string    `json:"agent"`
	Kilde      string    `json:"kilde"`
	Laest      int64     `json:"laest"`
	Beskeder   int64     `json:"beskeder"`
	Uaendrede  int64     `json:"uaendrede"`
	Foraeldede int64     `json:"foraeldede"`
	Ekko       int64     `json:"ekko"`
	Fejlposter int64     `json:"fejlposter"`
	Startet    time.Time `json:"startet,omitzero"`
	Sidst      time.Time `json:"sidst,omitzero"`
	Kontakt    time.Time `json:"kontakt,omitzero"` // when it was last read without error, also where there was nothing new
	FejlITraek int       `json:"fejl_i_traek"`     // reads that have failed since
	SidsteFejl string    `json:"sidste_fejl,omitempty"`
	FejlTid    time.Time `json:"sidste_fejl_tid,omitzero"`
}

// Procestal is a process with its instances by state.
type Procestal struct {
	Navn      string `json:"navn"`
	Startet   int    `json:"startet"`
	Igang     int    `json:"igang"`
	Afsluttet int    `json:"afsluttet"`
	Fejlet    int    `json:"fejlet"`
	Udloebet  int    `json:"udloebet"`
}

func (a *api) status(r *http.Request) (any, error) {
	if err := laesParametre(r).slut(); err != nil {
		return nil, err
	}
	o, err := a.D.Overblik(r.Context())
	if err != nil {
		return nil, err
	}
	s := Status{Beskeder: o.Beskeder, Kvitteringer: o.Kvitteringer, DiskFuld: o.TilbageholdtDisk, Modtagere: a.modtagere(&o), Processer: procestal(o.Processer),
		Kilder: []Kilde{}, Fejl: append([]store.FejlGruppe{}, o.Fejl...), Bevaring: append([]store.Bevaringspost{}, o.Bevaring...), Alarmer: append([]store.Alarm{}, o.Alarmer...)}
	for i, g := range s.Fejl {
		s.Fejl[i].Eksempel = mox.Maskeret(g.Eksempel)
		s.AabneFejl += g.Antal
	}
	for _, k := range o.Kilder {
		s.Kilder = append(s.Kilder, Kilde{k.Agent, k.Navn, k.Laest, k.Beskeder, k.Uaendrede, k.Foraeldede, k.Ekko, k.Fejlposter, k.Startet, k.Sidst,
			k.Kontakt, k.FejlITraek, k.FejlTekst, k.FejlTid})
	}
	return s, nil
}

func (a *api) modtagere(o *distributor.Overblik) []Modtager {
	ud := []Modtager{}
	kendt := map[mox.AbonnementID]bool{}
	for _, ab := range a.D.Abonnementer() {
		kendt[ab.ID] = true
		m := modtager(ab.ID, o)
		m.System = ab.System
		ud = append(ud, m)
	}
	for _, id := range slices.Sorted(maps.Keys(o.Stande)) {
		if m := modtager(id, o); !kendt[id] && m.Venter+m.KraeverHandling > 0 {
			m.IkkeOpsat = true
			ud = append(ud, m)
		}
	}
	return ud
}

func modtager(id mox.AbonnementID, o *distributor.Overblik) Modtager {
	s, t := o.Stande[id], o.Takter[id]
	if s == nil {
		return Modtager{Abonnement: id, Tilstande: map[mox.LeveranceTilstand]int{}, SidstHentet: o.Hentninger[id]}
	}
	return Modtager{Abonnement: id, Tilstande: s.Antal, Venter: s.Antal[mox.Afventer] + s.Antal[mox.UnderLevering] + s.Antal[mox.Udsat], Blokeret: s.Blokeret,
		KraeverHandling: s.Antal[mox.Parkeret] + s.Antal[mox.Uvis], Leveret: s.Antal[mox.Leveret] + s.Antal[mox.Overdraget], Aeldste: s.Aeldste,
		SidstLeveret: s.SidstLeveret, Pause: s.Pause, PauseFordi: s.PauseFordi, SidstHentet: o.Hentninger[id], Forsoeg: t.Forsoeg, Mislykkedes: t.Mislykkedes}
}

func procestal(tal map[string]map[mox.ProcesTilstand]int) []Procestal {
	ud := []Procestal{}
	for _, navn := range slices.Sorted(maps.Keys(tal)) {
		t := tal[navn]
		p := Procestal{Navn: navn, Igang: t[mox.ProcesIgang], Afsluttet: t[mox.ProcesAfsluttet], Fejlet: t[mox.ProcesFejlet], Udloebet: t[mox.ProcesUdloebet]}
		p.Startet = p.Igang + p.Afsluttet + p.Fejlet + p.Udloebet
		ud = append(ud, p)
	}
	return ud
}

// Begrundelse is the body of a call that needs nothing but a reason.
type Begrundelse struct {
	Begrundelse string `json:"begrundelse"`
}

// pause holds an abonnement back, which needs a reason, or lets it go on.
func (a *api) pause(pause bool) kald {
	return func(r *http.Request) (any, error) {
		var k Begrundelse
		if err := laesJSON(r, &k); err != nil {
			return nil, err
		}
		if pause {
			if err := kraev(k.Begrundelse); err != nil {
				return nil, err
			}
		}
		return nil, a.D.Pause(r.Context(), mox.AbonnementID(r.PathValue("id")), pause, a.hvem(r, k.Begrundelse))
	}
}
