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
	if s.spec.Noegle != "" {
		if f.Noegle = svar[s.spec.Noegle]; f.Noegle == "" && c.Operation == "opret" {
			return fmt.Errorf("svaret har ikke feltet %q, som skal være objektets nøgle i systemet", s.spec.Noegle)
		}
	}
	ekko := skrevet(c.Fields, svar)
	if _, kendt := w.Noegler[string(w.Besked.ObjektID)]; kendt {
		f.Ekko, f.EkkoAf = ekko, w.Besked.ObjektID
	}
	if s.spec.Answer.Besked == nil {
		return nil
	}
	p, err := s.slutpost(w, svarpost(w, c, oversat, svar))
	if err != nil {
		return err
	}
	p.Ekko = ekko
	f.Poster = []distributor.Post{p}
	return nil
}

// skrevet is what was written into each field, and what the system then said it holds.
func skrevet(felter map[string]any, svar map[string]string) []store.Ekko {
	var ud []store.Ekko
	for felt, v := range felter {
		e := store.Ekko{Felt: felt, Skrevet: fmt.Sprint(v), Laest: fmt.Sprint(v)}
		if l, ok := svar[felt]; ok {
			e.Laest = l
		}
		ud = append(ud, e)
	}
	slices.SortFunc(ud, func(a, b store.Ekko) int { return strings.Compare(a.Felt, b.Felt) })
	return ud
}

// The prefixes of what an answer's map may read besides the answer itself.
const (
	svarSendt  = "sendt."  // a field as it was sent to the system
	svarOIO    = "oio."    // a value of the besked that was worked on
	svarBesked = "besked." // its metadata
)

// svarpost is the record that the answer's map reads: the system's answer, what it was sent, and the besked.
func svarpost(w distributor.Arbejde, c connector.Call, oversat, svar map[string]string) map[string]string {
	ud := map[string]string{}
	for k, v := range oversat {
		if strings.HasPrefix(k, svarBesked) {
			ud[k] = v
		} else {
			ud[svarOIO+k] = v
		}
	}
	for k, v := range c.Fields {
		ud[svarSendt+k] = fmt.Sprint(v)
	}
	for k, v := range svar {
		ud[k] = v
	}
	return ud
}

// slutpost maps the answer record to what the system now says.
func (s *sink) slutpost(w distributor.Arbejde, post map[string]string) (distributor.Post, error) {
	b := s.spec.Answer.Besked
	felter, fra, err := b.table.ToOIO(mapping.Record{Fields: post, Where: string(w.Besked.ID)})
	if err != nil {
		return distributor.Post{}, err
	}
	p := distributor.Post{Noegle: post[b.Key], ObjektType: mox.ObjektType(b.table.Objekttype()), Felter: felter, Version: post[b.Version],
		Livscyklus: b.Livscykluskode, Handling: b.Handling, Foelsomhed: w.Besked.Foelsomhed}
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
