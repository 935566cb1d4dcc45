package agent

import (
	"context"
	"slices"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/connector"
)

// Nulpunkt is how much a system had to tell before MOX was taken into use: what the counted traffic is held against
// afterwards. It counts keys, each once, in the month it first took effect.
type Nulpunkt struct {
	Agent     string      `json:"agent"`
	System    string      `json:"system"`
	Source    string      `json:"source"`
	Fra       string      `json:"fra"` // days, both included
	Til       string      `json:"til"`
	Dage      int         `json:"dage"`
	Antal     int         `json:"antal"` // keys in the period
	PrAar     float64     `json:"pr_aar"`
	Maaneder  []Nulmaaned `json:"maaneder"`
	Laest     int         `json:"laest"`              // records, also outside the period
	UdenDato  int         `json:"uden_dato"`          // keys that the map has no beginning of virkning for
	Ubrugelig int         `json:"ubrugelige"`         // records that cannot be read or mapped
	Afkortet  bool        `json:"afkortet,omitempty"` // there was more than [MaksNulpunkt]

	set map[string]time.Time // of each key, when it first took effect; zero = nobody says
}

// Nulmaaned is one month of a Nulpunkt.
type Nulmaaned struct {
	Maaned string `json:"maaned"` // 2026-01
	Antal  int    `json:"antal"`
}

// MaksNulpunkt is how many records of a system are counted at most.
const MaksNulpunkt = 1_000_000

// Nulpunkt reads a source from its beginning, without effect in the system, and counts what took effect from the day fra to
// the day til. sig is told how many records have been read, now and then; nil = nobody.
//
// [mox.KodeIkkeFundet] when the agent has no such source, [mox.KodeUgyldig] when its map says nothing of virkning,
// [mox.KodeUtilgaengelig] when the system cannot be read.
func (a *Agent) Nulpunkt(ctx context.Context, navn string, fra, til time.Time, sig func(int)) (n Nulpunkt, err error) {
	i := slices.IndexFunc(a.kilder, func(k *kilde) bool { return k.spec.Name == navn })
	if i < 0 {
		return n, mox.E("agent", mox.KodeIkkeFundet, "agenten %s har ingen source %q", a.spec.Agent, navn)
	}
	k := a.kilder[i]
	n = Nulpunkt{Agent: a.spec.Agent, System: a.spec.System, Source: navn, Fra: fra.Format(time.DateOnly), Til: til.Format(time.DateOnly), set: map[string]time.Time{}}
	for position, mere := "", true; mere; {
		b, err := k.source.Read(ctx, position)
		if err != nil {
			return n, mox.E("agent", mox.KodeUtilgaengelig, "systemet kan ikke læses: %v", err).Med("se mox agent check --live")
		}
		for _, r := range b.Records {
			n.laeg(k.spec, r)
		}
		if n.Afkortet = n.Laest >= MaksNulpunkt; n.Afkortet {
			break
		}
		mere = b.More && b.Position != position
		if position = b.Position; sig != nil {
			sig(n.Laest)
		}
	}
	n.goerOp(fra, til)
	if n.UdenDato > 0 && n.UdenDato == len(n.set) {
		return n, mox.E("agent", mox.KodeUgyldig, "%s siger ikke, hvornår en post fik virkning", k.spec.Map).Med("skriv virkning: {fra: FELT, …} i tabellen; se vejledningen om agenter")
	}
	return n, nil
}

func (n *Nulpunkt) laeg(k *SourceSpec, r connector.Record) {
	n.Laest++
	p := k.oversaet(r)
	if p.Fejl != nil {
		n.Ubrugelig++
		return
	}
	foer, set := n.set[p.Noegle]
	switch {
	case !set:
		n.set[p.Noegle] = p.Fra
	case !p.Fra.IsZero() && (foer.IsZero() || p.Fra.Before(foer)):
		n.set[p.Noegle] = p.Fra
	}
}

// goerOp counts the months of the period.
func (n *Nulpunkt) goerOp(fra, til time.Time) {
	slut := til.AddDate(0, 0, 1)
	for m := time.Date(fra.Year(), fra.Month(), 1, 0, 0, 0, 0, fra.Location()); m.Before(slut); m = m.AddDate(0, 1, 0) {
		n.Maaneder = append(n.Maaneder, Nulmaaned{Maaned: m.Format("2006-01")})
	}
	for _, t := range n.set {
		if t.IsZero() {
			n.UdenDato++
			continue
		}
		t = t.In(fra.Location())
		if t.Before(fra) || !t.Before(slut) {
			continue
		}
		n.Antal++
		n.Maaneder[(t.Year()-fra.Year())*12+int(t.Month()-fra.Month())].Antal++
	}
	n.Dage = int(slut.Sub(fra).Hours()+12) / 24
	n.PrAar = float64(n.Antal) * 365 / float64(n.Dage)
}
