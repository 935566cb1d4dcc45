package mox

import (
	"slices"
	"strings"
	"time"
)

// LeveranceTilstand is where a leverance stands. The database repeats the list as a constraint.
type LeveranceTilstand string

// The states. Final are Leveret, Overdraget, Udloebet and Annulleret; but an Overdraget that awaits a Kvittering may still
// become Leveret or Parkeret.
const (
	Afventer      LeveranceTilstand = "Afventer"      // ready to be claimed
	UnderLevering LeveranceTilstand = "UnderLevering" // claimed; an attempt is written and may be in flight
	Udsat         LeveranceTilstand = "Udsat"         // failed for now; tried again at a stated time
	Leveret       LeveranceTilstand = "Leveret"       // the receiver accepted it
	Overdraget    LeveranceTilstand = "Overdraget"    // laid in the receiver's own queue
	Parkeret      LeveranceTilstand = "Parkeret"      // a person must decide
	Uvis          LeveranceTilstand = "Uvis"          // the effect may have happened, and a repeat is not harmless
	Udloebet      LeveranceTilstand = "Udloebet"      // gyldigTil passed first
	Annulleret    LeveranceTilstand = "Annulleret"    // closed by a person, with a reason; or what it carried has been erased
)

// LeveranceTilstande are all states, in the order a leverance may go through them.
func LeveranceTilstande() []LeveranceTilstand {
	return []LeveranceTilstand{Afventer, UnderLevering, Udsat, Leveret, Overdraget, Parkeret, Uvis, Udloebet, Annulleret}
}

var overgange = map[LeveranceTilstand][]LeveranceTilstand{
	Afventer:      {UnderLevering, Udloebet, Annulleret},
	UnderLevering: {Leveret, Overdraget, Udsat, Parkeret, Uvis, Udloebet, Annulleret},             // Annulleret: what it carried has been erased
	Udsat:         {UnderLevering, Afventer, Leveret, Overdraget, Parkeret, Udloebet, Annulleret}, // the receiver had it all the same
	Overdraget:    {Leveret, Parkeret, Udloebet},
	Parkeret:      {Annulleret},
	Uvis:          {Leveret, Annulleret},
}

// MaaBlive reports whether a leverance may go from t to ny.
func (t LeveranceTilstand) MaaBlive(ny LeveranceTilstand) bool {
	return slices.Contains(overgange[t], ny)
}

// Endelig reports whether nothing more happens by itself or by a person.
func (t LeveranceTilstand) Endelig() bool { return len(overgange[t]) == 0 }

// Holder reports whether a leverance in this state holds back later ones for its objekt within the abonnement.
// An Overdraget one does where it awaits a Kvittering; see [Dom].
func (t LeveranceTilstand) Holder() bool {
	switch t {
	case Afventer, UnderLevering, Udsat, Parkeret, Uvis:
		return true
	}
	return false
}

// Tur says who is to do something before a leverance in this state can end: ansvar is what has been judged of it, and c how
// the receiver is reached.
func (t LeveranceTilstand) Tur(ansvar Ansvar, c Carrier) Ansvar {
	switch {
	case t.KraeverHandling():
		return ellerAnsvar(ansvar, AnsvarMOX)
	case t == Overdraget, c == CarrierPull && (t == Afventer || t == UnderLevering):
		return AnsvarModtager
	}
	return AnsvarMOX
}

// KraeverHandling reports whether a person must decide.
func (t LeveranceTilstand) KraeverHandling() bool { return t == Parkeret || t == Uvis }

// Ansvar says whose task it is to mend something.
type Ansvar string

// The three.
const (
	AnsvarAfsender Ansvar = "afsender"
	AnsvarModtager Ansvar = "modtager"
	AnsvarMOX      Ansvar = "MOX"
)

// Resultat is what a carrier found when it tried to deliver.
type Resultat string

// The results.
const (
	ResAccepteret  Resultat = "accepteret"   // the receiver has it and has done its part
	ResAfvist      Resultat = "afvist"       // the receiver said no, and would say no again
	ResFejlet      Resultat = "fejlet"       // it cannot be delivered as things are; our own doing unless Ansvar says otherwise
	ResMidlertidig Resultat = "midlertidig"  // it may work later; the receiver has had no effect
	ResUkendt      Resultat = "ukendt"       // no answer: the effect may have happened
	ResOverdraget  Resultat = "overdraget"   // laid in the receiver's own queue
	ResIkkeBegyndt Resultat = "ikke_begyndt" // handed back untouched: it was no attempt
	ResUdloebet    Resultat = "udloebet"     // gyldigTil passed
)

// Udfald is the outcome of one attempt, as a carrier reports it.
type Udfald struct {
	Resultat Resultat      `json:"resultat"`
	Ansvar   Ansvar        `json:"ansvar,omitempty"` // for ResAfvist and ResFejlet
	Kode     string        `json:"kode,omitempty"`   // the receiver's code: "409", "Client.UkendtModtager"
	Tekst    string        `json:"tekst,omitempty"`  // the reason, for people
	Efter    time.Duration `json:"efter,omitempty"`  // how long the receiver asked us to wait
}

// Dom is what an outcome makes of a leverance.
type Dom struct {
	Tilstand   LeveranceTilstand
	Ansvar     Ansvar        // for Parkeret and Uvis
	Kvittering KvitteringArt // "" = none yet
	Vent       time.Duration // for Udsat
	Kraeves    bool          // for Overdraget: it awaits a Kvittering, and holds its objekt
	Frist      time.Duration // with Kraeves: how long; 0 = without end
}

// Bedoem decides what outcome u of attempt number nr makes of a leverance under abonnement a. jitter is in [0,1).
// A carrier's rejection is final; what may pass is tried again until the plan is used up; an unknown outcome is tried
// again only where a repeat is harmless. spec: mox 42
func Bedoem(a *Abonnement, u Udfald, nr int, jitter float64) Dom {
	switch u.Resultat {
	case ResAccepteret:
		return Dom{Tilstand: Leveret, Kvittering: KvitAccepteret}
	case ResOverdraget:
		return Dom{Tilstand: Overdraget, Kvittering: KvitAfleveret, Kraeves: a.Kraeves, Frist: a.Frist}
	case ResUdloebet:
		return Dom{Tilstand: Udloebet, Kvittering: KvitFrist}
	case ResAfvist:
		return Dom{Tilstand: Parkeret, Ansvar: ellerAnsvar(u.Ansvar, AnsvarModtager), Kvittering: KvitAfvist}
	case ResMidlertidig:
		return udsaet(a, u, nr, jitter)
	case ResIkkeBegyndt:
		return Dom{Tilstand: Udsat, Vent: u.Efter}
	case ResUkendt:
		if !a.Gentages {
			return Dom{Tilstand: Uvis, Ansvar: AnsvarModtager}
		}
		d := udsaet(a, u, nr, jitter)
		if d.Tilstand == Udsat {
			d.Vent = max(d.Vent, a.Ro)
		}
		return d
	}
	return Dom{Tilstand: Parkeret, Ansvar: ellerAnsvar(u.Ansvar, AnsvarMOX), Kvittering: KvitFejlet}
}

func udsaet(a *Abonnement, u Udfald, nr int, jitter float64) Dom {
	if nr >= a.Plan.Forsoeg {
		return Dom{Tilstand: Parkeret, Ansvar: ellerAnsvar(u.Ansvar, AnsvarModtager), Kvittering: KvitFejlet}
	}
	return Dom{Tilstand: Udsat, Vent: max(u.Efter, a.Plan.Efter(nr, jitter))}
}

func ellerAnsvar(a, ellers Ansvar) Ansvar {
	if a == "" {
		return ellers
	}
	return a
}

// SammeMyndighed reports whether two URNs name the same authority; both spellings of the CVR URN count. spec: mox 8
func SammeMyndighed(a, b string) bool { return cvr(a) == cvr(b) }

// cvrForled begin a CVR URN: the older spelling, and the one in use since 2023. spec: mox 6.3
var cvrForled = [...]string{"urn:oio:cvr-nr:", "urn:oio:cvr:"}

func cvr(urn string) string {
	s := strings.ToLower(urn)
	for _, forled := range cvrForled {
		if rest, ok := strings.CutPrefix(s, forled); ok {
			return rest
		}
	}
	return s
}
