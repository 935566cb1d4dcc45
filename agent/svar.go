package agent

import (
	"fmt"
	"slices"
	"strings"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/mapping"
	"github.com/moxkit/mox/store"
)

// svar puts into the report what the system's accepting answer teaches: the key it gave the objekt, what was written, and
// the slutbesked. spec: mox 20
func (s *sink) svar(f *distributor.Afslutning, w distributor.Arbejde, c connector.Call, oversat, svar map[string]string) error {
	noegle, err := s.spec.svarnoegle(c.Operation, svar)
	if err != nil {
		return err
	}
	f.Noegle = noegle
	if _, kendt := w.Noegler[string(w.Besked.ObjektID)]; kendt {
		f.Ekko, f.EkkoAf = s.agent.skrevet(w.Besked.ObjektType, c.Fields, svar), w.Besked.ObjektID
	}
	if s.spec.Answer.Besked == nil {
		return nil
	}
	p, err := s.spec.Answer.Besked.post(svarpost(c.Vars, oversat, svar), string(w.Besked.ID))
	if err != nil {
		return err
	}
	p.Foelsomhed = w.Besked.Foelsomhed
	p.Ekko = s.agent.skrevet(p.ObjektType, c.Fields, svar)
	f.Poster = []distributor.Post{p}
	return nil
}

// svarnoegle is the key that an answer gives the objekt; an answer to anything but opret may leave it out.
func (k *SinkSpec) svarnoegle(operation string, svar map[string]string) (string, error) {
	noegle := svar[k.Noegle]
	if k.Noegle != "" && noegle == "" && operation == "opret" {
		return "", fmt.Errorf("svaret har ikke feltet %q, som skal være objektets nøgle i systemet", k.Noegle)
	}
	return noegle, nil
}

// skrevet is what was written into each field of an objekt, and what the system then said it holds, both as a source of
// ours would spell it.
func (a *Agent) skrevet(t mox.ObjektType, felter map[string]any, svar map[string]string) []store.Ekko {
	var ud []store.Ekko
	for felt, v := range felter {
		e := store.Ekko{Felt: felt, Skrevet: a.kanonisk(t, felt, mapping.Text(v))}
		e.Laest = e.Skrevet
		if l, ok := svar[felt]; ok {
			e.Laest = a.kanonisk(t, felt, l)
		}
		ud = append(ud, e)
	}
	slices.SortFunc(ud, func(a, b store.Ekko) int { return strings.Compare(a.Felt, b.Felt) })
	return ud
}

// kanonisk is how a source of ours that reads the field spells the value.
func (a *Agent) kanonisk(t mox.ObjektType, felt, vaerdi string) string {
	for _, k := range a.kilder {
		table := k.spec.table
		if mox.ObjektType(table.Objekttype()) == t && slices.Contains(table.LocalFields(mapping.Ind), felt) {
			return table.Canonical(felt, vaerdi)
		}
	}
	return vaerdi
}

// The prefixes of what an answer's map may read besides the answer itself.
const (
	svarSendt  = "sendt."  // a field as it was sent to the system
	svarOIO    = "oio."    // a value of the besked that was worked on
	svarBesked = "besked." // its metadata
)

// svarpost is the record that the answer's map reads: the system's answer, what it was sent, and the besked.
func svarpost(sendt, oversat, svar map[string]string) map[string]string {
	ud := map[string]string{}
	for k, v := range oversat {
		if strings.HasPrefix(k, svarBesked) {
			ud[k] = v
		} else {
			ud[svarOIO+k] = v
		}
	}
	for k, v := range sendt {
		if felt, ok := strings.CutPrefix(k, kaldFelt); ok {
			ud[svarSendt+felt] = v
		}
	}
	for k, v := range svar {
		ud[k] = v
	}
	return ud
}

// post maps the answer record to what the system now says.
func (b *SvarSpec) post(felter map[string]string, sted string) (distributor.Post, error) {
	oio, fra, err := b.table.ToOIO(mapping.Record{Fields: felter, Where: sted})
	if err != nil {
		return distributor.Post{}, err
	}
	p := distributor.Post{Noegle: felter[b.Key], ObjektType: mox.ObjektType(b.table.Objekttype()), Felter: oio, Version: felter[b.Version],
		Livscyklus: b.Livscykluskode, Handling: b.Handling}
	if p.Noegle == "" {
		return p, fmt.Errorf("svaret har ikke feltet %q, som navngiver objektet i systemet", b.Key)
	}
	if fra != nil {
		p.Fra = *fra
	}
	return p, nil
}

// SvarFelter are the fields of the system's answer that the sink's answer map reads: what a person is asked for when the
// outcome is uncertain and the effect did happen.
func (a *Agent) SvarFelter(id mox.AbonnementID) []string {
	s, ok := a.sink(id)
	if !ok {
		return nil
	}
	var ud []string
	tilfoej := func(felt string) {
		if felt != "" && !strings.HasPrefix(felt, svarSendt) && !strings.HasPrefix(felt, svarOIO) && !strings.HasPrefix(felt, svarBesked) && !slices.Contains(ud, felt) {
			ud = append(ud, felt)
		}
	}
	tilfoej(s.spec.Noegle)
	if b := s.spec.Answer.Besked; b != nil {
		tilfoej(b.Key)
		for _, f := range b.table.LocalFields(mapping.Ind) {
			tilfoej(f)
		}
	}
	return ud
}

// Skete forms the report of work whose answer was lost, of the answer's fields as far as a person knows them.
func (a *Agent) Skete(w distributor.Arbejde, id mox.AbonnementID, felter map[string]string) (distributor.Afslutning, error) {
	s, ok := a.sink(id)
	if !ok {
		return distributor.Afslutning{}, mox.E("skete", mox.KodeIkkeFundet, "agenten %s har ikke abonnementet %q", a.spec.Agent, id)
	}
	f := distributor.Afslutning{Leverance: w.Leverance, Forsoeg: w.Forsoeg, Agent: a.spec.Agent, ActsAs: a.spec.ActsAs}
	c, oversat, err := s.call(w)
	if err == nil {
		err = s.svar(&f, w, c, oversat, felter)
	}
	if err != nil {
		return f, mox.E("skete", mox.KodeUgyldig, "svaret kan ikke bruges: %s", mox.Maskeret(err.Error())).Med("udfyld de felter, systemet ville have svaret med")
	}
	return f, nil
}

func (a *Agent) sink(id mox.AbonnementID) (*sink, bool) {
	for _, s := range a.sinks {
		if s.id == id {
			return s, true
		}
	}
	return nil, false
}
