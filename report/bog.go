package report

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/store"
)

// MaksDage is how long a period can be.
const MaksDage = 3660

// maksVersioner is how many of the latest changes are shown.
const maksVersioner = 20

// Options are what a Bog is made of. Only D is required.
type Options struct {
	D *distributor.Distributor
	// Omfang counts the agents in their files, in the order they were made. nil = no agents are known.
	Omfang   func() []Omfang
	Tidszone *time.Location   // of days and months; nil = Europe/Copenhagen
	Nu       func() time.Time // nil = time.Now
}

// Bog keeps the business case: it reads what was counted, and what the municipality tells.
type Bog struct{ o Options }

// New opens the business case of an installation.
func New(o Options) *Bog {
	if o.Omfang == nil {
		o.Omfang = func() []Omfang { return nil }
	}
	if o.Nu == nil {
		o.Nu = time.Now
	}
	if o.Tidszone == nil {
		o.Tidszone = time.Local
		if z, err := time.LoadLocation("Europe/Copenhagen"); err == nil {
			o.Tidszone = z
		}
	}
	return &Bog{o}
}

// Periode is the days that are counted, both included, and of whose work.
type Periode struct {
	Fra, Til  time.Time // the beginning of the first and of the last day
	Myndighed string    // CVR number; "" = all
}

// Periode reads days as "2026-01-31". None are the 365 days up to today. [mox.KodeUgyldig] for other text, for an end before the
// beginning, and for more than [MaksDage].
func (b *Bog) Periode(fra, til, myndighed string) (Periode, error) {
	var fejl []mox.Feltfejl
	dag := func(felt, v string, ellers time.Time) time.Time {
		if v == "" {
			return ellers
		}
		t, err := time.ParseInLocation(time.DateOnly, v, b.o.Tidszone)
		if err != nil {
			fejl = append(fejl, mox.Feltfejl{Sti: felt, Regel: "dato", Tekst: "er ikke en dato som 2026-01-31"})
		}
		return t
	}
	nu := b.o.Nu().In(b.o.Tidszone)
	p := Periode{Myndighed: cmp.Or(mox.CVR(myndighed), mox.CVR("urn:oio:cvr-nr:"+myndighed))}
	p.Til = dag("til", til, time.Date(nu.Year(), nu.Month(), nu.Day(), 0, 0, 0, 0, b.o.Tidszone))
	p.Fra = dag("fra", fra, p.Til.AddDate(0, 0, 1-dageIAar))
	switch {
	case len(fejl) > 0:
	case p.Til.Before(p.Fra):
		fejl = append(fejl, mox.Feltfejl{Sti: "til", Regel: "interval", Tekst: "er før fra"})
	case p.Dage() > MaksDage:
		fejl = append(fejl, mox.Feltfejl{Sti: "fra", Regel: "interval", Tekst: fmt.Sprintf("perioden er over %d dage", MaksDage)})
	}
	if myndighed != "" && p.Myndighed == "" {
		fejl = append(fejl, mox.Feltfejl{Sti: "myndighed", Regel: "cvr", Tekst: "er ikke et CVR-nummer: otte cifre"})
	}
	if len(fejl) > 0 {
		return p, &mox.Error{Kode: mox.KodeUgyldig, Op: "gevinster", Tekst: "perioden kan ikke bruges", Raad: "skriv fra og til som 2026-01-31", Felter: fejl}
	}
	return p, nil
}

// Dage is the number of days, also where summer time begins or ends.
func (p Periode) Dage() int {
	f, t := p.Fra, p.Til
	return int(time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC).Sub(time.Date(f.Year(), f.Month(), f.Day(), 0, 0, 0, 0, time.UTC))/(24*time.Hour)) + 1
}

// slut is the moment after the last day.
func (p Periode) slut() time.Time { return p.Til.AddDate(0, 0, 1) }

// maaneder are the moments between which each month is counted: one more than there are months.
func (p Periode) maaneder() []time.Time {
	ud := []time.Time{p.Fra}
	for {
		t := ud[len(ud)-1]
		naeste := time.Date(t.Year(), t.Month()+1, 1, 0, 0, 0, 0, t.Location())
		if !naeste.Before(p.slut()) {
			return append(ud, p.slut())
		}
		ud = append(ud, naeste)
	}
}

// Version tells who told what holds, and when; the zero value where nothing is told.
type Version struct {
	Version     int64     `json:"version"`
	Oprettet    time.Time `json:"oprettet"`
	Af          string    `json:"af"`
	Begrundelse string    `json:"begrundelse,omitempty"`
}

// Rapport counts a period, all on one snapshot, and says what it is worth.
func (b *Bog) Rapport(ctx context.Context, p Periode) (Rapport, error) {
	var g Grundlag
	var v Version
	var t Taelling
	err := b.o.D.Store().View(ctx, func(tx *store.Tx) (err error) {
		if g, v, err = grundlag(tx); err != nil {
			return err
		}
		t, err = tael(tx, p, b.o.D.Processer())
		return err
	})
	if err != nil {
		return Rapport{}, err
	}
	t.Omfang = b.o.Omfang()
	r := Beregn(g, t, p.Dage())
	r.Fra, r.Til, r.Myndighed, r.Lavet, r.Version = p.Fra.Format(time.DateOnly), p.Til.Format(time.DateOnly), p.Myndighed, b.o.Nu().UTC().Truncate(time.Second), v.Version
	return r, nil
}

// tael counts a period. A proces that is set up is there, however little came of it.
func tael(tx *store.Tx, p Periode, opsatte []mox.Proces) (t Taelling, err error) {
	for _, o := range opsatte {
		t.proces(o.Navn)
	}
	graenser := p.maaneder()
	for i := range graenser[1:] {
		t.Maaneder = append(t.Maaneder, graenser[i].Format("2006-01"))
	}
	for i := range graenser[1:] {
		udfald, err := tx.TaelUdfald(graenser[i], graenser[i+1], p.Myndighed)
		if err != nil {
			return t, err
		}
		for _, u := range udfald {
			t.laeg(u, i)
		}
	}
	if err := t.afstem(tx, p); err != nil {
		return t, err
	}
	for i := range t.Processer {
		if t.Processer[i].PrMaaned == nil {
			t.Processer[i].PrMaaned = make([]int64, len(t.Maaneder))
		}
	}
	t.sorter()
	t.Reparationer, t.ReparerteFejl, err = tx.TaelReparationer(p.Fra, p.slut())
	return t, err
}

// afstem holds the count against the journal.
func (t *Taelling) afstem(tx *store.Tx, p Periode) error {
	afstemte, err := tx.AfstemUdfald(p.Fra, p.slut(), p.Myndighed)
	for _, a := range afstemte {
		t.proces(a.Navn).Afstemning = Afstemning{a.Bekraeftet, a.Slettet, a.Afviger}
	}
	return err
}

// proces finds a proces' numbers, and adds it when it is not there.
func (t *Taelling) proces(navn string) *Procestal {
	for i := range t.Processer {
		if t.Processer[i].Proces == navn {
			return &t.Processer[i]
		}
	}
	t.Processer = append(t.Processer, Procestal{Proces: navn})
	return &t.Processer[len(t.Processer)-1]
}

func (t *Taelling) laeg(u store.Udfaldstal, maaned int) {
	p := t.proces(u.Navn)
	if p.PrMaaned == nil {
		p.PrMaaned = make([]int64, len(t.Maaneder))
	}
	switch u.Tilstand {
	case mox.ProcesAfsluttet:
		p.Afsluttet += u.Antal
		p.PrMaaned[maaned] += u.Antal
	case mox.ProcesFejlet:
		p.Fejlet += u.Antal
	case mox.ProcesUdloebet:
		p.Udloebet += u.Antal
	}
}

// Grundlag is what is told, and the latest changes of it, the newest first.
func (b *Bog) Grundlag(ctx context.Context) (g Grundlag, versioner []Version, err error) {
	err = b.o.D.Store().View(ctx, func(tx *store.Tx) error {
		raekker, err := tx.Gevinstgrundlag(maksVersioner)
		if err != nil || len(raekker) == 0 {
			return err
		}
		versioner = nil
		for _, r := range raekker {
			versioner = append(versioner, version(r))
		}
		return json.Unmarshal(raekker[0].Indhold, &g)
	})
	return g, versioner, err
}

func version(r store.Gevinstgrundlag) Version {
	return Version{r.Version, r.Oprettet, r.Af, r.Begrundelse}
}

func grundlag(tx *store.Tx) (g Grundlag, v Version, err error) {
	raekker, err := tx.Gevinstgrundlag(1)
	if err != nil || len(raekker) == 0 {
		return g, v, err
	}
	return g, version(raekker[0]), json.Unmarshal(raekker[0].Indhold, &g)
}

// Gem makes g what is told, when version (0 = none) is still the newest; what was told before is kept beside it. [mox.KodeKonflikt] when
// somebody else has changed it meanwhile, and the errors of [Grundlag.Valider].
func (b *Bog) Gem(ctx context.Context, g Grundlag, version int64, h distributor.Hvem) error {
	if err := g.Valider(); err != nil {
		return err
	}
	if strings.TrimSpace(h.Begrundelse) == "" {
		return &mox.Error{Kode: mox.KodeUgyldig, Op: "gevinster", Tekst: "der mangler en begrundelse", Raad: "skriv, hvor tallene kommer fra; det gemmes med navnet",
			Felter: []mox.Feltfejl{{Sti: "begrundelse", Regel: "kraevet", Tekst: "mangler"}}}
	}
	indhold, err := json.Marshal(g)
	if err != nil {
		return err
	}
	return b.o.D.Store().Update(ctx, func(tx *store.Tx) error {
		_, nu, err := grundlag(tx)
		if err != nil {
			return err
		}
		ok := nu.Version == version
		if ok {
			ok, err = tx.InsertGevinstgrundlag(store.Gevinstgrundlag{Version: version + 1, Indhold: indhold, Af: h.Navn, Begrundelse: h.Begrundelse})
		}
		switch {
		case err != nil:
			return err
		case !ok:
			return mox.E("gevinster", mox.KodeKonflikt, "%s har ændret tallene, siden du åbnede siden", cmp.Or(nu.Af, "en anden")).Med("åbn siden igen, og skriv dine rettelser")
		}
		return tx.InsertHandling(store.Handling{Hvem: h.Navn, Hvad: "gevinstgrundlag", Maal: fmt.Sprintf("gevinster %d", version+1), Antal: 1, Begrundelse: h.Begrundelse})
	})
}
