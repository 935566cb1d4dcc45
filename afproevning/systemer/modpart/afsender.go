package modpart

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// dom is what became of an attempt to send.
type dom int

// The outcomes.
const (
	modtaget dom = iota + 1
	afvist
	senere  // the receiver cannot now
	usikker // there was no answer
)

// transport sends one besked.
type transport interface {
	send(ctx context.Context, b *besked, forsoeg int) (dom, time.Duration) // and how long the receiver asks us to wait
	oppe(ctx context.Context) bool
	luk()
}

// post is a besked in the outbox.
type post struct {
	besked   *besked
	r        registrering
	forsoeg  int
	tidligst time.Time
}

// Afsender is a product with cases that tells of what happens to them: from an outbox, each besked until it is taken or
// refused, one case's in order.
type Afsender struct {
	c Config
	t transport

	mu       sync.Mutex
	sager    map[string]*sag
	sidste   *sag
	udbakke  []*post
	vaek     chan struct{}
	springer bool // the fault: the besked after one that was refused is lost

	stop context.CancelFunc
	wg   sync.WaitGroup
}

// NyAfsender starts the product. It sends until Luk.
func NyAfsender(c Config) *Afsender {
	a := &Afsender{c: c, sager: map[string]*sag{}, vaek: make(chan struct{}, 1)}
	if c.AMQP != "" {
		t := nyAMQPTransport(&a.c)
		a.t = t
		a.wg.Go(t.begynd)
	} else {
		a.t = nyHTTPTransport(&a.c)
	}
	a.begynd()
	return a
}

func (a *Afsender) begynd() {
	ctx, stop := context.WithCancel(context.Background())
	a.stop = stop
	a.wg.Go(func() { a.send(ctx) })
}

// Luk stops the product.
func (a *Afsender) Luk() {
	a.stop()
	a.wg.Wait()
	a.t.luk()
}

// ServeHTTP is the product's test interface: POST /<stimulus> makes it do something.
func (a *Afsender) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := a.Goer(r.Context(), strings.Trim(r.URL.Path, "/"), r.URL.Query().Get("cpr"), r.URL.Query().Get("kendetegn"))
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]string{"objektID": id}) // the caller may be gone
}

// Goer does what a user would, and returns the case it was about.
func (a *Afsender) Goer(ctx context.Context, hvad, cpr, fil string) (id string) {
	if hvad == "genstart" {
		a.genstart()
		return ""
	}
	oppe := a.c.Fejl != "taber_naar_nede" || a.t.oppe(ctx)
	a.mu.Lock()
	defer a.mu.Unlock()
	foer := len(a.udbakke)
	a.haendelse(hvad, cpr, fil)
	if !oppe {
		a.udbakke = a.udbakke[:foer] // the fault: it was never stored
	}
	select {
	case a.vaek <- struct{}{}:
	default:
	}
	if a.sidste == nil {
		return ""
	}
	return a.sidste.id
}

// haendelse registers what the user did, and puts what is to be told in the outbox.
func (a *Afsender) haendelse(hvad, cpr, fil string) {
	switch hvad {
	case "opret", "opret_med_part", "opret_foelsom", "opret_dokument", "opret_stor", "opret_med_frist":
		a.opret(hvad, cpr, fil)
	case "opret_mange":
		for n := range 20 {
			s := a.ny("Sag")
			if a.c.Fejl != "taber_hver_tiende" || n%10 != 9 {
				a.tilfoej(s.registrer("Opstaaet"))
			}
		}
	case "ret":
		a.ret()
	case "ret_to_gange":
		s := a.sidste
		s.titel = "Første rettelse"
		en := s.registrer("Rettet")
		s.titel = "Anden rettelse"
		to := s.registrer("Rettet")
		if a.c.Fejl == "omvendt_raekkefoelge" {
			en, to = to, en
		}
		a.tilfoej(en)
		a.tilfoej(to)
	case "passiver":
		a.tilfoej(a.sidste.registrer("Passiveret"))
	case "slet":
		a.tilfoej(a.sidste.registrer("Slettet"))
	case "gem_uaendret":
		if a.c.Fejl == "besked_uden_aendring" {
			a.tilfoej(a.sidste.registrer("Rettet"))
		}
	}
}

func (a *Afsender) ny(type_ string) *sag {
	s := &sag{id: nyUUID(), type_: type_, titel: "Carport, Åvej 3"}
	a.sager[s.id], a.sidste = s, s
	return s
}

func (a *Afsender) opret(hvad, cpr, fil string) {
	s := a.ny("Sag")
	switch hvad {
	case "opret_med_part":
		s.cpr = cpr
	case "opret_foelsom":
		s.foelsom = true
	case "opret_dokument":
		s.type_, s.fil = "Dokument", fil
	case "opret_stor":
		s.fyld = strings.Repeat("x", 1<<20)
	case "opret_med_frist":
		s.periode = true
	}
	a.tilfoej(s.registrer("Opstaaet"))
	if a.c.Fejl == "to_beskeder" && s.cpr != "" {
		a.tilfoej(s.registrer("Opstaaet"))
	}
}

func (a *Afsender) ret() {
	s := a.sidste
	s.titel = fmt.Sprintf("Rettet %d", s.nr)
	r := s.registrer("Rettet")
	switch a.c.Fejl {
	case "tavs_ved_ret":
		return
	case "nyt_objektID_ved_ret":
		r.id = nyUUID()
	case "samme_tid_ved_ret":
		r.tid = s.foerste
	}
	a.tilfoej(r)
}

// tilfoej puts a registrering in the outbox. a.mu is held.
func (a *Afsender) tilfoej(r registrering) {
	if s := a.sager[r.id]; s != nil && s.foerste.IsZero() {
		s.foerste = r.tid
	}
	a.udbakke = append(a.udbakke, &post{besked: a.c.besked(r), r: r})
}

// genstart stops the product as a power cut does, and starts it with what it had stored.
func (a *Afsender) genstart() {
	a.stop()
	a.wg.Wait()
	a.mu.Lock()
	if a.c.Fejl == "glemmer_ved_genstart" {
		a.udbakke = nil
	}
	a.mu.Unlock()
	a.begynd()
}

// send empties the outbox until ctx ends.
func (a *Afsender) send(ctx context.Context) {
	for {
		p, vent := a.naeste()
		if p == nil {
			if !a.vent(ctx, vent) {
				return
			}
			continue
		}
		d, efter := a.t.send(ctx, p.besked, p.forsoeg)
		if ctx.Err() != nil {
			return
		}
		a.efter(p, d, efter)
	}
}

// vent waits until there is more to do; false when ctx has ended.
func (a *Afsender) vent(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-a.vaek:
	case <-t.C:
	}
	return true
}

// naeste is the first besked that is due, of a case whose earlier beskeder are sent.
func (a *Afsender) naeste() (p *post, vent time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	vent = time.Hour
	var holdt []string
	for _, p := range a.udbakke {
		if slices.Contains(holdt, p.besked.objekt) {
			continue
		}
		om := time.Until(p.tidligst)
		if om <= 0 && a.springer {
			a.springer = false
			a.fjern(p)
			return nil, 0
		}
		if om <= 0 {
			return p, 0
		}
		vent = min(vent, om)
		if a.c.Fejl == "en_stopper_alle" {
			return nil, vent
		}
		if a.c.Fejl != "overhaler" {
			holdt = append(holdt, p.besked.objekt)
		}
	}
	return nil, vent
}

// efter does what the outcome of an attempt asks for.
func (a *Afsender) efter(p *post, d dom, vent time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	p.forsoeg++
	switch {
	case d == modtaget && a.c.Fejl == "gensender_modtaget" && p.forsoeg == 1:
		return
	case d == afvist && a.c.Fejl == "gensender_afvist" && p.forsoeg == 1:
		return
	case d == afvist && a.c.Fejl == "taber_efter_afvist":
		a.springer = true
		fallthrough
	case d == modtaget, d == afvist, d == senere && a.c.Fejl == "opgiver_ved_senere", d == usikker && a.c.Fejl == "opgiver_uden_svar":
		a.fjern(p)
		return
	}
	if vent == 0 {
		vent = min(a.c.vent()<<min(p.forsoeg-1, 10), 30*a.c.vent())
	}
	p.tidligst = time.Now().Add(vent)
	a.gensend(p)
}

// fjern takes a besked out of the outbox. a.mu is held.
func (a *Afsender) fjern(p *post) {
	a.udbakke = slices.DeleteFunc(a.udbakke, func(x *post) bool { return x == p })
}

// gensend are the faults of a product that forms its besked anew for every attempt.
func (a *Afsender) gensend(p *post) {
	switch a.c.Fejl {
	case "nyt_id_ved_gensend":
		p.besked.felter["beskedID"] = nyUUID()
	case "nyt_indhold_ved_gensend":
		p.r.titel = fmt.Sprintf("Forsøg %d", p.forsoeg+1)
		p.besked.indhold = indhold("", &p.r)
	}
}
