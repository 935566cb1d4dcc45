package agent

import (
	"context"
	"maps"
	"slices"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/mapping"
)

// Oversat is what an agent makes of one record, value by value. What looks like a CPR number is masked.
type Oversat struct {
	Sted       string             `json:"sted,omitempty"` // of the record in the system
	Noegle     string             `json:"noegle,omitempty"`
	Livscyklus mox.LivscyklusKode `json:"livscykluskode,omitempty"` // Passiveret for a withdrawn record, else not given
	Vaerdier   []Oversatvaerdi    `json:"vaerdier,omitempty"`
	UdenPlads  []string           `json:"uden_plads,omitempty"` // fields of the record that the map knows nothing of
	Fejl       string             `json:"fejl,omitempty"`       // why nothing came of it
	Raad       string             `json:"raad,omitempty"`
}

// Oversatvaerdi is what one row of the map gave.
type Oversatvaerdi struct {
	Felt  string `json:"felt,omitempty"` // "" where the map gives the value itself
	Lokal string `json:"lokal,omitempty"`
	Sti   string `json:"sti"`
	OIO   string `json:"oio"`
	Tabt  string `json:"tabt,omitempty"` // what of it does not come back the other way
}

// Oversaet tells what the source's map makes of a record. Nothing is sent, and no system asked.
func (k *SourceSpec) Oversaet(felter map[string]string) Oversat {
	return k.vis(connector.Record{Fields: felter})
}

// Oversaet reads the first records of a source as they are in the system now, at most antal, without effect in it, and tells
// what the map makes of each. [mox.KodeIkkeFundet] when the agent has no such source, [mox.KodeUtilgaengelig] when the system
// cannot be read.
func (a *Agent) Oversaet(ctx context.Context, navn string, antal int) (ud []Oversat, err error) {
	k, records, err := a.foerste(ctx, navn, antal)
	for _, r := range records {
		ud = append(ud, k.vis(r))
	}
	return ud, err
}

func (k *SourceSpec) vis(r connector.Record) Oversat {
	p := k.oversaet(r)
	ud := Oversat{Sted: r.Place.String(), Noegle: mox.Maskeret(p.Noegle), Livscyklus: p.Livscyklus}
	if p.Fejl != nil {
		ud.Fejl, ud.Raad = mox.Maskeret(p.Fejl.Tekst), p.Fejl.Raad
	}
	kendt := map[string]bool{k.Key: true, k.Version: true}
	tabt := map[[2]string]string{}
	for _, l := range k.table.LossyFields() {
		tabt[[2]string{l.Felt, l.Sti}] = l.Reason
	}
	for _, rk := range k.table.Rows() {
		kendt[rk.Felt] = true
		for _, f := range rk.Reads {
			kendt[f] = true
		}
		if oio, ok := p.Felter[rk.Sti]; ok && rk.Retning != mapping.Ud {
			ud.Vaerdier = append(ud.Vaerdier, Oversatvaerdi{Felt: rk.Felt, Lokal: mox.Maskeret(r.Fields[rk.Felt]), Sti: rk.Sti, OIO: mox.Maskeret(oio), Tabt: tabt[[2]string{rk.Felt, rk.Sti}]})
		}
	}
	for _, f := range slices.Sorted(maps.Keys(r.Fields)) {
		if !kendt[f] {
			ud.UdenPlads = append(ud.UdenPlads, f)
		}
	}
	return ud
}
