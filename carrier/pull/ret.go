package pull

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/store"
)

// Who may do what. People with a role that drives may do everything; a laeser may read; a system may only speak for itself,
// take what is delivered to it, and read where its own agent stands. A role that is none of these may do nothing.
// spec: mox 31

func ikkeTilladt(format string, args ...any) *mox.Error {
	return mox.E("ret", mox.KodeIkkeTilladt, format, args...)
}

// erSystem reports whether the caller speaks for an it-system and nobody else.
func erSystem(id auth.Identitet) bool { return id.Rolle == auth.System && id.System != "" }

// maaHandle refuses one who may only read.
func maaHandle(id auth.Identitet) error {
	if id.Rolle.Driver() || erSystem(id) {
		return nil
	}
	return ikkeTilladt("nøglen %q må kun læse", id.Navn)
}

// maaVaereAgent refuses a system that speaks in another agent's name: it could move that agent's position, and the records
// between would never be read. A system's key is therefore named as its agent.
func maaVaereAgent(id auth.Identitet, agent string) error {
	if id.Rolle.Driver() || erSystem(id) && agent == id.Navn {
		return nil
	}
	return ikkeTilladt("nøglen %q giver ikke adgang som agenten %q", id.Navn, agent).Med("brug en nøgle med agentens navn")
}

func maaIndlevere(id auth.Identitet, system, agent string) error {
	if id.Rolle.Driver() {
		return nil
	}
	if !erSystem(id) || system != id.System {
		return ikkeTilladt("nøglen %q må ikke indlevere for systemet %q", id.Navn, system).Med("brug systemets egen nøgle")
	}
	return maaVaereAgent(id, agent)
}

// maaBruge refuses one who is not the receiver of the abonnement. One that is no longer configured has no receiver.
func (a *api) maaBruge(id auth.Identitet, abonnement mox.AbonnementID) error {
	if id.Rolle.Driver() || a.egen(id, abonnement) {
		return nil
	}
	if _, ok := a.t.Distributor.Abonnement(abonnement); !ok {
		return distributor.UkendtAbonnement(abonnement)
	}
	return ikkeTilladt("nøglen %q giver ikke adgang til abonnementet %q", id.Navn, abonnement).Med("brug modtagerens egen nøgle")
}

// maaAfslutte refuses one who reports on another's leverance, or in another agent's name.
func (a *api) maaAfslutte(ctx context.Context, id auth.Identitet, leverance int64, agent string) error {
	if err := maaHandle(id); err != nil || id.Rolle.Driver() {
		return err
	}
	if agent != "" {
		if err := maaVaereAgent(id, agent); err != nil {
			return err
		}
	}
	var o store.Opgave
	var ok bool
	err := a.t.Distributor.Store().View(ctx, func(tx *store.Tx) (err error) {
		o, ok, err = tx.OpgaveFor(leverance)
		return err
	})
	if err != nil {
		return err
	}
	if !ok {
		return mox.E("afslut", mox.KodeIkkeFundet, "leverancen %d findes ikke", leverance)
	}
	return a.maaBruge(id, o.Leverance.Abonnement)
}

// somHvem is the name a caller sends in.
func somHvem(id auth.Identitet, oensket string) (string, error) {
	switch {
	case oensket != "" && !rentNavn(oensket):
		return "", felter{{Sti: "afsender", Regel: "form", Tekst: "er ikke et navn"}}.fejl()
	case id.Rolle.Driver():
		return cmp.Or(oensket, id.Navn), nil
	case !erSystem(id) || oensket != "" && oensket != id.System:
		return "", ikkeTilladt("nøglen %q må ikke sende i et andet navn end sit systems", id.Navn)
	}
	return id.System, nil
}

// somAfsender is the besked as the caller may send it: a system speaks for itself only.
func somAfsender(id auth.Identitet, b mox.Besked) (mox.Besked, error) {
	if id.Rolle.Driver() {
		return b, nil
	}
	if b.Kildesystem != "" && b.Kildesystem != id.System {
		return b, ikkeTilladt("kildesystem skal være %q eller udelades", id.System)
	}
	b.Kildesystem = id.System // so that the system is not sent what it said itself
	return b, nil
}

// maaSe is the part of k that the caller may see: people see all, a sender sees what became of its besked, a receiver what
// became of its own copy, trimmed as that was by its agreement as it is now. ok is false for all others.
func (a *api) maaSe(ctx context.Context, id auth.Identitet, k kendt) (_ kendt, ok bool, err error) {
	if id.Rolle.Menneske() || erSystem(id) && k.Afsender == id.System {
		return k, true, nil
	}
	i := slices.IndexFunc(k.modtagere, func(ab mox.AbonnementID) bool { return a.egen(id, ab) })
	if i < 0 {
		return kendt{}, false, nil
	}
	if !k.Slettet {
		k.Besked, err = a.t.Distributor.Som(ctx, k.modtagere[i], k.Besked)
	}
	if mox.KodeAf(err) == mox.KodeIkkeTilladt {
		return kendt{}, false, nil
	}
	k.Kvitteringer = slices.DeleteFunc(k.Kvitteringer, func(q mox.Kvittering) bool { return q.Abonnement != "" && !a.egen(id, q.Abonnement) })
	return k, err == nil, err
}

// egen reports whether an abonnement is the calling system's own.
func (a *api) egen(id auth.Identitet, abonnement mox.AbonnementID) bool {
	ab, ok := a.t.Distributor.Abonnement(abonnement)
	return ok && erSystem(id) && ab.System == id.System
}

// fjern begins the name of every lease held from another process: a restart of MOX does not end those.
const fjern = "fjern/"

// fjernEjer is the caller's worker name with the caller's own before it, so that nobody can touch another's lease. A name
// that MOX has given back already has it.
func fjernEjer(id auth.Identitet, ejer string) (string, error) {
	mit := fjern + id.Navn + "/"
	var f felter
	f.kraev(rentNavn(ejer), "ejer", "form", "skal være et navn på 1-200 tegn")
	if strings.HasPrefix(ejer, mit) {
		return ejer, f.fejl()
	}
	return mit + ejer, f.fejl()
}

// rentNavn reports whether s can be a name in the database and in a log.
func rentNavn(s string) bool {
	return s != "" && len(s) <= maksNavnelaengde && utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}
