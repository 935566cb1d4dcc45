package afproevning

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/console/drift"
)

// Bevis is what a trial showed: all that its evidence pack tells.
type Bevis struct {
	Navn           string         `json:"navn"`
	Titel          string         `json:"titel"`
	Beskrivelse    string         `json:"beskrivelse"`
	Stedfortraeder string         `json:"stedfortraeder"`
	Stempel        string         `json:"stempel,omitempty"` // where something is simulated
	Simuleret      bool           `json:"simuleret"`
	Bestaaet       bool           `json:"bestaaet"`
	Aarsag         string         `json:"aarsag,omitempty"` // why not
	Version        string         `json:"mox_version"`
	Maskine        string         `json:"maskine"`
	Startet        time.Time      `json:"startet"`
	VarighedS      float64        `json:"varighed_s"`
	Belastning     Belastningstal `json:"belastning"`
	Systemer       []Systemkort   `json:"systemer"`
	Installationer []Installation `json:"installationer"`
	Antagelser     []Antagelse    `json:"antagelser"`
	Roller         []Rolle        `json:"roller"`
	Kriterier      []Maaling      `json:"kriterier"`
	Udsagn         []UdsagnVist   `json:"udsagn"`
	Fejl           []IndsatFejl   `json:"indsatte_fejl"`
	Alarmer        []Alarm        `json:"alarmer"`
	Rettelser      []Rettelse     `json:"rettelser"`
	Venter         []Aaben        `json:"venter_paa_en_person"`
	Eksempler      []Eksempel     `json:"eksempler"`
	Standarden     []Standardside `json:"kunne_standarden_ikke_baere"`
	Sabotage       bool           `json:"sabotage,omitempty"`

	flow billede
}

// Belastningstal is how much happened.
type Belastningstal struct {
	Antal int    `json:"antal"`
	Seed  uint64 `json:"seed"`
}

// Systemkort is one of the foreign systems.
type Systemkort struct {
	Navn        string `json:"navn"`
	Titel       string `json:"titel"`
	Leverandoer string `json:"leverandoer"`
	Adgang      string `json:"adgang"`
	Standard    bool   `json:"foelger_standarden"`
	Simuleret   bool   `json:"simuleret"`
}

// Installation is one MOX with what it counted.
type Installation struct {
	Navn      string            `json:"navn"`
	Titel     string            `json:"titel"`
	CVR       string            `json:"cvr"`
	Tal       []Tal             `json:"tal"`
	Processer []drift.Procestal `json:"processer"`
	Kilder    []Kildetal        `json:"kilder"`
	Modtagere []Modtagertal     `json:"modtagere"`
}

// Tal is one figure.
type Tal struct {
	Navn  string `json:"navn"`
	Antal int64  `json:"antal"`
}

// Kildetal is what came of reading a source.
type Kildetal struct {
	Navn      string `json:"navn"`
	Laest     int64  `json:"laest"`
	Beskeder  int64  `json:"beskeder"`
	Uaendrede int64  `json:"uaendrede"`
	Ekko      int64  `json:"ekko"`
	Fejl      int64  `json:"fejlposter"`
}

// Modtagertal is what came of an abonnement.
type Modtagertal struct {
	Abonnement string `json:"abonnement"`
	System     string `json:"system"`
	Leveret    int    `json:"leveret"`
	Venter     int    `json:"venter"`
	Handling   int    `json:"kraever_handling"`
}

// UdsagnVist is a statement, and whether the trial's criteria show it.
type UdsagnVist struct {
	Udsagn    string   `json:"udsagn"`
	Tekst     string   `json:"tekst"`
	Kriterier []string `json:"kriterier"`
	Vist      bool     `json:"vist"`
}

// IndsatFejl is something that went wrong on purpose.
type IndsatFejl struct {
	Navn     string    `json:"navn"`
	Tekst    string    `json:"tekst"`
	Tid      time.Time `json:"tid"`
	Sabotage bool      `json:"sabotage,omitempty"` // a broken promise, not one of the trial's faults
	Indsat   bool      `json:"indsat"`             // false: it cannot be done to the municipality's own system
}

// Aaben is what still waits for a person when all is done.
type Aaben struct {
	Kode   string `json:"kode"`
	System string `json:"system"`
	Tekst  string `json:"tekst"`
	Raad   string `json:"raad"`
}

// Eksempel is the way of one process through the systems.
type Eksempel struct {
	Proces   string           `json:"proces"`
	ProcesID string           `json:"procesID"`
	Tilstand string           `json:"tilstand"`
	Beskeder []Eksempelbesked `json:"beskeder"`
}

// Eksempelbesked is one besked of it.
type Eksempelbesked struct {
	Tid        time.Time           `json:"tid"`
	BeskedID   string              `json:"beskedID"`
	Type       string              `json:"beskedtype"`
	Fra        string              `json:"fra"`
	Metadata   map[string][]string `json:"metadata"`
	Relateret  map[string]int      `json:"relateret,omitempty"`
	Leverancer []Eksempellevering  `json:"leverancer"`
}

// Eksempellevering is where it went.
type Eksempellevering struct {
	Abonnement string `json:"abonnement"`
	Tilstand   string `json:"tilstand"`
	Forsoeg    int    `json:"forsoeg"`
	Svar       string `json:"svar"`
}

func nytBevis(s *Spec, v Valg) *Bevis {
	b := &Bevis{Navn: s.Navn, Titel: s.Titel, Beskrivelse: s.Beskrivelse, Stedfortraeder: s.Stedfortraeder(), Version: v.Version, Maskine: maskine(), Startet: time.Now(),
		Belastning: Belastningstal{s.Belastning.Antal, s.Belastning.Seed}, Roller: s.Roller, Sabotage: v.Sabotage, Kriterier: []Maaling{}, Udsagn: []UdsagnVist{}, Fejl: []IndsatFejl{}, Alarmer: []Alarm{}, Rettelser: []Rettelse{},
		Venter: []Aaben{}, Eksempler: []Eksempel{}, Standarden: []Standardside{}}
	for _, x := range s.Systemer {
		simuleret := !s.egen(&x, v.Adresser)
		b.Systemer = append(b.Systemer, Systemkort{x.Navn, x.Titel, x.Leverandoer, x.Adgang, bool(x.Standard), simuleret})
		b.Simuleret = b.Simuleret || simuleret
	}
	for _, i := range s.Installationer {
		b.Installationer = append(b.Installationer, Installation{Navn: i.Navn, Titel: i.Titel, CVR: i.CVR})
	}
	return b
}

// faerdig draws the conclusion. err is why the trial could not be told to its end; ren removes from a text what only this
// run knows.
func (b *Bevis) faerdig(err error, ren func(string) string) {
	b.VarighedS = float64(time.Since(b.Startet).Milliseconds()) / 1000
	if b.Simuleret {
		b.Stempel = Stempel
	}
	var brudte []string
	maalt := 0
	for _, k := range b.Kriterier {
		if k.IkkeMaalt {
			continue
		}
		maalt++
		if !k.Bestaaet {
			brudte = append(brudte, fmt.Sprintf("%s: %s", k.Navn, k.Maalt))
		}
	}
	b.Udsagn = viste(b.Kriterier)
	switch {
	case err != nil:
		b.Aarsag = mox.Maskeret(err.Error())
	case len(brudte) > 0:
		b.Aarsag = strings.Join(brudte, "; ")
	case maalt == 0:
		b.Aarsag = "intet kriterium er målt"
	}
	b.Aarsag = ren(b.Aarsag)
	b.Bestaaet = b.Aarsag == ""
	for i := range b.Venter {
		b.Venter[i].Tekst = ren(b.Venter[i].Tekst)
	}
	for i := range b.Rettelser {
		b.Rettelser[i].Tekst = ren(b.Rettelser[i].Tekst)
	}
	for i := range b.Standarden {
		for n := range b.Standarden[i].Koder {
			b.Standarden[i].Koder[n] = ren(b.Standarden[i].Koder[n])
		}
		for n := range b.Standarden[i].Forslag {
			b.Standarden[i].Forslag[n] = ren(b.Standarden[i].Forslag[n])
		}
	}
}

// viste are the statements of the criteria. One is shown where every criterion that names it was measured and holds.
func viste(kriterier []Maaling) (ud []UdsagnVist) {
	af := map[string]*UdsagnVist{}
	for _, k := range kriterier {
		for _, u := range k.Udsagn {
			x, ok := af[u]
			if !ok {
				tekst, _ := udsagnstekst(u) // the trial's file was checked
				x = &UdsagnVist{Udsagn: u, Tekst: tekst, Vist: true}
				af[u] = x
			}
			x.Kriterier = append(x.Kriterier, k.Navn)
			x.Vist = x.Vist && k.Bestaaet && !k.IkkeMaalt
		}
	}
	for _, u := range slices.SortedFunc(maps.Keys(af), func(a, b string) int { return udsagnsnr(a) - udsagnsnr(b) }) {
		ud = append(ud, *af[u])
	}
	return ud
}

// saml gathers the figures, the examples and what the standard could not carry.
func (k *koersel) saml(ctx context.Context) error {
	b := k.bevis
	b.Alarmer = k.alarmer.modtagne()
	for n, i := range k.installationer {
		s, err := i.status(ctx)
		if err != nil {
			return err
		}
		b.Installationer[n].tael(s)
		aabne, err := i.fejl(ctx)
		if err != nil {
			return err
		}
		for _, f := range aabne {
			b.Venter = append(b.Venter, Aaben{f.Kode, f.System, f.Tekst, f.Raad})
		}
		if err := k.samlEksempler(ctx, i, s); err != nil {
			return err
		}
	}
	if err := k.samlStandarden(); err != nil {
		return err
	}
	var err error
	b.flow, err = k.tegn()
	return err
}

func (i *Installation) tael(s drift.Status) {
	i.Processer = s.Processer
	var laest, ekko, uaendrede int64
	for _, k := range s.Kilder {
		i.Kilder = append(i.Kilder, Kildetal{k.Agent + "/" + k.Kilde, k.Laest, k.Beskeder, k.Uaendrede, k.Ekko, k.Fejlposter})
		laest, ekko, uaendrede = laest+k.Laest, ekko+k.Ekko, uaendrede+k.Uaendrede
	}
	leverancer, leveret := 0, 0
	for _, m := range s.Modtagere {
		i.Modtagere = append(i.Modtagere, Modtagertal{string(m.Abonnement), m.System, m.Leveret, m.Venter, m.KraeverHandling})
		leveret += m.Leveret
		for _, n := range m.Tilstande {
			leverancer += n
		}
	}
	i.Tal = []Tal{{"poster læst", laest}, {"heraf uændrede", uaendrede}, {"heraf ekko af MOX' egne skrivninger", ekko}, {"beskeder", s.Beskeder},
		{"leveringer", int64(leverancer)}, {"heraf leveret", int64(leveret)}, {"kvitteringer", s.Kvitteringer}, {"venter på en person", int64(s.AabneFejl)}}
}

// samlEksempler takes one ended instance of each process, with its beskeder.
func (k *koersel) samlEksempler(ctx context.Context, i *installation, s drift.Status) error {
	for _, p := range s.Processer {
		var l drift.Procesliste
		if err := i.kald(ctx, "GET", "processer?antal=1&tilstand="+string(mox.ProcesAfsluttet)+"&navn="+p.Navn, nil, &l); err != nil {
			return err
		}
		for _, x := range l.Processer {
			f, err := i.forloeb(ctx, x.ProcesID)
			if err != nil {
				return err
			}
			k.bevis.Eksempler = append(k.bevis.Eksempler, eksempel(x, f))
		}
	}
	return nil
}

func eksempel(p drift.Proces, f drift.Forloeb) Eksempel {
	ud := Eksempel{Proces: p.Navn, ProcesID: p.ProcesID, Tilstand: string(p.Tilstand)}
	for _, b := range f.Beskeder {
		x := Eksempelbesked{Tid: b.Modtaget, BeskedID: string(b.BeskedID), Type: strings.Join(b.Metadata["beskedtype"], ""), Fra: b.Afsender, Metadata: b.Metadata, Relateret: b.Relateret}
		for _, l := range b.Leverancer {
			e := Eksempellevering{Abonnement: string(l.Abonnement), Tilstand: string(l.Tilstand), Forsoeg: len(l.Forsoeg)}
			if n := len(l.Forsoeg); n > 0 {
				e.Svar = strings.TrimSpace(l.Forsoeg[n-1].Kode + " " + l.Forsoeg[n-1].Tekst)
			}
			x.Leverancer = append(x.Leverancer, e)
		}
		ud.Beskeder = append(ud.Beskeder, x)
	}
	slices.SortFunc(ud.Beskeder, func(a, b Eksempelbesked) int { return a.Tid.Compare(b.Tid) })
	return ud
}

// agentfil is where the run has an agent's file.
func (k *koersel) agentfil(a AgentSpec) string {
	return filepath.Join(k.installation(a.Installation).dir, filepath.FromSlash(a.Fil))
}
