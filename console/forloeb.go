package console

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/console/internal/laes"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/store"
)

// forloebside is the timeline of a besked, a proces or an objekt.
type forloebside struct {
	ID        string
	Processer []distributor.ProcesForloeb
	Noder     []node
	Flere     bool // there are more beskeder about the objekt than are shown
	Glemte    []store.Glemt
}

// node is one besked on the timeline, without its content.
type node struct {
	Nr         int // its number on this page
	B          store.Besked
	Valgt      bool
	Aarsag     int // the number on this page of the besked that caused it; 0 = not here
	Felter     []metafelt
	Roller     []rolle
	HarIndhold bool
	Leveringer []levering
	Kvit       []mox.Kvittering
}

type metafelt struct{ Navn, Vaerdi string }

// rolle is how many others a besked concerns in one role; who they are is content.
type rolle struct {
	Navn  string
	Antal int
}

// levering is one leverance with its attempts, and what people decided about it.
type levering struct {
	L          store.Leverance
	Pause      bool
	Forsoeg    []store.Forsoeg
	Fejl       []store.Fejl
	Handlinger []store.Handling
}

func (c *console) forloeb(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	f, err := c.D.Forloeb(r.Context(), id)
	if err != nil {
		return err
	}
	d := forloebside{ID: id, Processer: f.Processer, Glemte: f.Glemte, Flere: len(f.Beskeder) >= 200}
	nr := map[mox.BeskedID]int{}
	for i, b := range f.Beskeder {
		nr[b.Besked.ID] = i + 1
	}
	o, err := c.stand.hent(r.Context(), true)
	if err != nil {
		return err
	}
	err = c.D.Store().View(r.Context(), func(tx *store.Tx) error {
		for i, b := range f.Beskeder {
			n := nodeAf(b, o.Stande)
			n.Nr, n.Aarsag, n.Valgt = i+1, nr[b.Besked.ForaarsagetAf], string(b.Besked.ID) == id && len(f.Beskeder) > 1
			if err := medHandlinger(tx, n.Leveringer); err != nil {
				return err
			}
			d.Noder = append(d.Noder, n)
		}
		return nil
	})
	if err != nil {
		return err
	}
	s := c.sprog[vaelg(r)]
	return c.vis(w, r, "forloeb", side{Titel: s.t("forloeb.titel") + " " + kort(id), Nav: "beskeder", Live: forloebSti(id) + "?del=1", D: d})
}

func nodeAf(b distributor.BeskedForloeb, stande map[mox.AbonnementID]*store.Stand) node {
	n := node{B: b.Besked, HarIndhold: len(b.Besked.Indhold) > 0, Kvit: b.Kvitteringer, Felter: metafelter(&b.Besked.Besked), Roller: roller(b.Besked.Relateret)}
	n.B.Indhold, n.B.Relateret = nil, nil
	for _, l := range b.Leverancer {
		st := stande[l.Leverance.Abonnement]
		n.Leveringer = append(n.Leveringer, levering{L: l.Leverance, Pause: st != nil && st.Pause, Forsoeg: l.Forsoeg, Fejl: l.Fejl})
	}
	return n
}

// metafelter are a besked's metadata as they are named in the specification; those with a place of their own are left out.
func metafelter(b *mox.Besked) []metafelt {
	var ud []metafelt
	for _, f := range mox.Beskedfelter() {
		switch f.Navn {
		case "beskedversion", "beskedtype", "livscykluskode", "objekttype", "dannelsestidspunkt":
			continue
		}
		for _, v := range f.Hent(b) {
			ud = append(ud, metafelt{f.Navn, laes.Maskeret(v)})
		}
	}
	return ud
}

func roller(rel []mox.Relateret) []rolle {
	var ud []rolle
	for _, r := range rel {
		if n := len(ud); n > 0 && ud[n-1].Navn == r.Rolle {
			ud[n-1].Antal++
			continue
		}
		ud = append(ud, rolle{r.Rolle, 1})
	}
	return ud
}

// visteForsoeg is how many attempts are shown at once; of more, the earlier ones are folded away.
const visteForsoeg = 4

// seneste are the last attempts.
func seneste(f []store.Forsoeg) []store.Forsoeg { return f[max(0, len(f)-visteForsoeg):] }

// tidligere are the attempts before those.
func tidligere(f []store.Forsoeg) []store.Forsoeg { return f[:max(0, len(f)-visteForsoeg)] }

// nyt is a text if no attempt says it already.
func nyt(tekst string, f []store.Forsoeg) string {
	if slices.ContainsFunc(f, func(f store.Forsoeg) bool { return f.Tekst == tekst }) {
		return ""
	}
	return tekst
}

// maksHandlinger is how many acts are shown about one thing.
const maksHandlinger = 50

func medHandlinger(tx *store.Tx, leveringer []levering) error {
	for i := range leveringer {
		for _, f := range leveringer[i].Fejl {
			h, err := handlinger(tx, f.ID)
			if err != nil {
				return err
			}
			leveringer[i].Handlinger = append(leveringer[i].Handlinger, h...)
		}
	}
	return nil
}

// handlinger are the acts on one Fejl, oldest first. An act on many at once is logged once; each Fejl remembers itself how
// it was closed.
func handlinger(tx *store.Tx, fejlID int64) ([]store.Handling, error) {
	nyeste, err := tx.Handlinger(fejlmaal(fejlID), maksHandlinger)
	ud := make([]store.Handling, 0, len(nyeste))
	for i := len(nyeste) - 1; i >= 0; i-- {
		ud = append(ud, nyeste[i])
	}
	return ud, err
}

// fejlmaal is how the log of acts names a Fejl.
func fejlmaal(id int64) string { return fmt.Sprintf("fejl %d", id) }

// indholdside is the content of one besked, shown for a reason.
type indholdside struct {
	B           store.Besked
	Tekst       string
	Binaert     bool
	Svar        []svar
	Begrundelse string
}

// svar is the first part of what a receiver answered.
type svar struct {
	Abonnement mox.AbonnementID
	Forsoeg    int
	Tekst      string
}

// visIndhold shows what a besked says, and what was answered, to one who gives a reason. That is written down first.
func (c *console) visIndhold(w http.ResponseWriter, r *http.Request) error {
	nr, err := strconv.ParseInt(r.PathValue("nr"), 10, 64)
	if err != nil {
		return mox.E("indhold", mox.KodeIkkeFundet, "beskeden findes ikke")
	}
	if err := kraevBegrundelse(r); err != nil {
		return err
	}
	h := c.hvem(r)
	d := indholdside{Begrundelse: begrundelse(r)}
	err = c.D.Store().Update(r.Context(), func(tx *store.Tx) (err error) {
		b, ok, err := tx.BeskedNr(nr)
		if err != nil {
			return err
		}
		if !ok {
			return mox.E("indhold", mox.KodeIkkeFundet, "beskeden findes ikke")
		}
		d.B = b
		if d.Svar, err = svarene(tx, nr); err != nil {
			return err
		}
		return tx.InsertHandling(store.Handling{Hvem: h.Navn, Hvad: "vis-indhold", Maal: fmt.Sprintf("besked %d", nr), Antal: 1, Begrundelse: h.Begrundelse})
	})
	if err != nil {
		return err
	}
	d.Tekst, d.Binaert = laeselig(d.B.Indhold)
	s := c.sprog[vaelg(r)]
	return c.vis(w, r, "indhold", side{Titel: s.t("indhold.titel"), Nav: "beskeder", Tilbage: forloebSti(d.B.ID), D: d})
}

func svarene(tx *store.Tx, nr int64) ([]svar, error) {
	leverancer, err := tx.LeverancerAf(nr)
	if err != nil {
		return nil, err
	}
	var ud []svar
	for _, l := range leverancer {
		forsoeg, err := tx.ForsoegAf(l.ID)
		if err != nil {
			return nil, err
		}
		for _, f := range forsoeg {
			if len(f.Svar) > 0 {
				tekst, _ := laeselig(f.Svar)
				ud = append(ud, svar{l.Abonnement, f.Nr, tekst})
			}
		}
	}
	return ud, nil
}
