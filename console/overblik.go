package console

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/store"
)

// overblikside is the front page.
type overblikside struct {
	Tal        samlet
	Billeder   []billede
	Naboer     []nabo
	Modtagere  []modtager
	Kilder     []store.Kilde
	Processer  []procestal
	Ansvar     []ansvarstal
	Overblik   distributor.Overblik
	Slettet    []store.Bevaringspost // kinds of which retention has removed something
	Demo       bool
	Trin       []trin
	Laest      time.Time
	HarAdresse bool
}

// samlet is everything in a few figures.
type samlet struct {
	Leveret, Venter, Blokeret, Parkeret, Uvis, Paused int
	AabneFejl                                         int
	Alarmer, AabneAlarmer                             int // that stand; of them: that nobody has taken over
	AeldsteFejl                                       time.Time
}

// Stand is the one word for how it goes: "kritisk" when a person is needed, "advarsel" when something is held or somebody sees
// to it, else "ok".
func (s samlet) Stand() string {
	switch {
	case s.AabneFejl > 0 || s.AabneAlarmer > 0:
		return "kritisk"
	case s.Paused > 0 || s.Alarmer > 0:
		return "advarsel"
	}
	return "ok"
}

func slettet(l []store.Bevaringspost) (ud []store.Bevaringspost) {
	for _, b := range l {
		if b.Antal > 0 {
			ud = append(ud, b)
		}
	}
	return ud
}

// modtager is an abonnement with its backlog.
type modtager struct {
	mox.Abonnement
	store.Stand
	Venter       int // not begun, under way or to be tried again
	Leveret      int // with the receiver, or in its queue
	Kraever      int // parked or uncertain
	IkkeOpsat    bool
	GammelVenter bool // the oldest has waited long enough to look at
	Takt         store.Takt
	Hentet       time.Time            // when somebody last asked for its work
	Efterlever   *store.Efterlevering // it is getting what came before it; nil = it is not
}

// Mislykket is how many of the attempts within distributor.Taktvindue that failed, in percent.
func (m modtager) Mislykket() int { return 100 * m.Takt.Mislykkedes / max(1, m.Takt.Forsoeg) }

// Tilstand is how the receiver stands, for its mark.
func (m modtager) Tilstand() string {
	switch {
	case m.IkkeOpsat:
		return "ikke-opsat"
	case m.Pause:
		return "pause"
	case m.Kraever > 0:
		return "kraever"
	case m.GammelVenter:
		return "forsinket"
	}
	return "ok"
}

// forsinketEfter is how old a receiver's oldest open leverance may be before its line says so.
const forsinketEfter = 15 * time.Minute

// procestal is a process with its instances by state, and bars whose lengths add up to 100.
type procestal struct {
	Navn    string
	Startet int
	Dele    []procesdel
}

type procesdel struct {
	Tilstand mox.ProcesTilstand
	Antal    int
	X, B     float64 // of the bar, in percent
}

type ansvarstal struct {
	Ansvar  mox.Ansvar
	Antal   int
	Aeldste time.Time
}

type trin struct{ Tekst, Sti string }

func (c *console) overblik(w http.ResponseWriter, r *http.Request) error {
	o, err := c.stand.hent(r.Context(), r.URL.Query().Has("del"))
	if err != nil {
		return err
	}
	s := c.sprog[vaelg(r)]
	modtagere := c.modtagere(o)
	l := c.landskabAf(o)
	n := naboer(l, o, modtagere)
	d := overblikside{Tal: saml(o, modtagere), Naboer: n, Modtagere: modtagere, Kilder: o.Kilder, Slettet: slettet(o.Bevaring), Processer: procestallene(o.Processer), Ansvar: ansvarstallene(o.Fejl),
		Overblik: o, Demo: c.Demo, Trin: c.trin(s.kode), Laest: c.Nu(),
		HarAdresse: slices.ContainsFunc(n, func(n nabo) bool { return n.Adresse != "" })}
	if len(n) > 0 {
		d.Billeder = []billede{s.bredt(n), s.smalt(n)}
	}
	for i := range d.Billeder {
		d.Billeder[i].Beskeder, d.Billeder[i].Kvitteringer = o.Beskeder, o.Kvitteringer
	}
	return c.vis(w, r, "overblik", side{Titel: s.t("nav.overblik"), Nav: "overblik", Live: "/?del=1", D: d})
}

func (c *console) trin(sprog string) []trin {
	var ud []trin
	for _, t := range c.DemoTrin {
		tekst := t.Da
		if sprog == engelsk {
			tekst = cmp.Or(t.En, t.Da)
		}
		sti := t.Sti
		if sti != "" {
			sti = lokalSti(sti)
		}
		ud = append(ud, trin{tekst, sti})
	}
	return ud
}

// modtagere are the configured abonnementer by ID, and after them those that are gone but still hold something open.
func (c *console) modtagere(o distributor.Overblik) []modtager {
	var ud []modtager
	kendt := map[mox.AbonnementID]bool{}
	for _, a := range c.D.Abonnementer() {
		kendt[a.ID] = true
		m := c.modtager(a, o.Stande[a.ID])
		m.Takt, m.Hentet = o.Takter[a.ID], o.Hentninger[a.ID]
		if e, ok := o.Efterleveringer[a.ID]; ok {
			m.Efterlever = &e
		}
		ud = append(ud, m)
	}
	for _, id := range slices.Sorted(maps.Keys(o.Stande)) {
		if kendt[id] {
			continue
		}
		if m := c.modtager(mox.Abonnement{ID: id}, o.Stande[id]); m.Venter+m.Kraever > 0 {
			m.IkkeOpsat = true
			ud = append(ud, m)
		}
	}
	return ud
}

func (c *console) modtager(a mox.Abonnement, st *store.Stand) modtager {
	m := modtager{Abonnement: a}
	if st == nil {
		return m
	}
	m.Stand = *st
	m.Venter = st.Antal[mox.Afventer] + st.Antal[mox.UnderLevering] + st.Antal[mox.Udsat]
	m.Leveret = st.Antal[mox.Leveret] + st.Antal[mox.Overdraget]
	m.Kraever = st.Antal[mox.Parkeret] + st.Antal[mox.Uvis]
	m.GammelVenter = m.Venter > 0 && aeldre(st.Aeldste, c.Nu(), forsinketEfter)
	return m
}

func saml(o distributor.Overblik, modtagere []modtager) samlet {
	var s samlet
	for _, m := range modtagere {
		s.Leveret += m.Leveret
		s.Venter += m.Venter
		s.Blokeret += m.Blokeret
		s.Parkeret += m.Antal[mox.Parkeret]
		s.Uvis += m.Antal[mox.Uvis]
		if m.Pause {
			s.Paused++
		}
	}
	s.Alarmer = len(o.Alarmer)
	for _, a := range o.Alarmer {
		if a.Kvitteret.IsZero() {
			s.AabneAlarmer++
		}
	}
	for _, g := range o.Fejl {
		s.AabneFejl += g.Antal
		s.AeldsteFejl = foerst(s.AeldsteFejl, g.Aeldste)
	}
	return s
}

// foerst is the earlier of two times, of which a may be none.
func foerst(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

func procestallene(tal map[string]map[mox.ProcesTilstand]int) []procestal {
	var ud []procestal
	for _, navn := range slices.Sorted(maps.Keys(tal)) {
		p := procestal{Navn: navn}
		for _, n := range tal[navn] {
			p.Startet += n
		}
		x := 0.0
		for _, t := range mox.ProcesTilstande() {
			d := procesdel{Tilstand: t, Antal: tal[navn][t], X: x}
			if p.Startet > 0 {
				d.B = 100 * float64(d.Antal) / float64(p.Startet)
			}
			x += d.B
			p.Dele = append(p.Dele, d)
		}
		ud = append(ud, p)
	}
	return ud
}

// ansvar are the three who may have to act, in the order they are shown.
func ansvar() []mox.Ansvar {
	return []mox.Ansvar{mox.AnsvarModtager, mox.AnsvarAfsender, mox.AnsvarMOX}
}

func ansvarstallene(grupper []store.FejlGruppe) []ansvarstal {
	var ud []ansvarstal
	for _, a := range ansvar() {
		t := ansvarstal{Ansvar: a}
		for _, g := range grupper {
			if g.Ansvar == a {
				t.Antal += g.Antal
				t.Aeldste = foerst(t.Aeldste, g.Aeldste)
			}
		}
		ud = append(ud, t)
	}
	return ud
}

// standlager keeps the last Overblik for those who only look again: to count every leverance costs more the more there
// are, and any number of open browsers must not take more than a tenth of the database's time.
type standlager struct {
	d  *distributor.Distributor
	nu func() time.Time

	mu      sync.Mutex
	sidst   distributor.Overblik
	gyldigt time.Time
}

func nytStandlager(d *distributor.Distributor, nu func() time.Time) *standlager {
	return &standlager{d: d, nu: nu}
}

// hent reads how everything stands: anew, or with igen what was read a moment ago.
func (l *standlager) hent(ctx context.Context, igen bool) (distributor.Overblik, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	begyndt := l.nu()
	if igen && begyndt.Before(l.gyldigt) {
		return l.sidst, nil
	}
	o, err := l.d.Overblik(ctx)
	if err != nil {
		return o, err
	}
	slut := l.nu()
	l.sidst, l.gyldigt = o, slut.Add(max(time.Second, 10*slut.Sub(begyndt)))
	return o, nil
}

// glem makes the next look a fresh one, so that whoever has done something sees what came of it.
func (l *standlager) glem() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.gyldigt = time.Time{}
}
