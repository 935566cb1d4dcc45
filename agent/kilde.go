package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/indhold"
	"github.com/moxkit/mox/mapping"
	"github.com/moxkit/mox/store"
)

// MaksFoersteKoersel is how many records a source may send the first time without someone having said yes.
const MaksFoersteKoersel = 1000

// standardMaksAndel is the share of a source's objekter that one complete listing may withdraw.
const standardMaksAndel = 0.1

// kilde reads one source of the system.
type kilde struct {
	agent  *Agent
	spec   *SourceSpec
	source connector.Source
	log    *slog.Logger
}

// run reads until ctx ends. A failure is logged, and tried again later.
func (k *kilde) run(ctx context.Context) {
	fejl := 0
	for ctx.Err() == nil {
		mere, err := k.runOnce(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			fejl++
			k.log.Error("kilden kunne ikke læses", "fejl", mox.Maskeret(err.Error()), "igen_om", ventetid(fejl))
			pause(ctx, ventetid(fejl))
		case mere:
			fejl = 0
		default:
			fejl = 0
			pause(ctx, k.spec.Interval.Or(5*time.Second))
		}
	}
}

// runOnce reads and hands in one batch; mere tells that there is more at once.
func (k *kilde) runOnce(ctx context.Context) (mere bool, err error) {
	stand, err := k.agent.server.Kilde(ctx, k.agent.spec.Agent, k.spec.Name)
	if err != nil {
		return false, err
	}
	if stand.Startet.IsZero() && stand.Position == "" {
		if err := k.bekraeft(ctx); err != nil {
			return false, err
		}
	}
	b, err := k.source.Read(ctx, stand.Position)
	if err != nil {
		return false, err
	}
	if len(b.Records) == 0 && b.Position == stand.Position && !stand.Startet.IsZero() {
		return b.More, nil
	}
	i, err := k.indlevering(ctx, stand, b)
	if err != nil {
		return false, err
	}
	ud, err := k.agent.server.Indlever(ctx, i)
	if mox.KodeAf(err) == mox.KodePosition {
		return true, nil // an earlier answer was lost, or another reads too: go on from where MOX stands
	}
	if err != nil {
		return false, err
	}
	k.log.Info("kilde læst", "poster", len(i.Poster), "beskeder", len(ud.Beskeder), "uaendrede", ud.Uaendrede, "foraeldede", ud.Foraeldede, "ekko", ud.Ekko, "fejl", ud.Fejl)
	k.agent.o.Punkt("kilde.mellem")
	if err := k.source.Committed(ctx, b.Position); err != nil {
		return b.More, fmt.Errorf("posterne er gemt, men kilden kunne ikke ryddes op: %w", err)
	}
	return b.More, nil
}

// bekraeft counts what a first run would send, and refuses more than MaksFoersteKoersel without a yes.
func (k *kilde) bekraeft(ctx context.Context) error {
	if k.agent.o.Ja || k.spec.Start == StartBaseline || k.spec.Start == StartNu {
		return nil
	}
	antal, position := 0, ""
	for {
		b, err := k.source.Read(ctx, position)
		if err != nil {
			return err
		}
		antal += len(b.Records)
		if !b.More || b.Position == position {
			break
		}
		position = b.Position
	}
	if antal <= MaksFoersteKoersel {
		return nil
	}
	return mox.E("første kørsel", mox.KodeBekraeft, "kilden %s/%s har %d poster, og de ville alle blive sendt", k.agent.spec.Agent, k.spec.Name, antal).
		Med("kør igen med --ja, eller vælg start: baseline")
}

func (k *kilde) indlevering(ctx context.Context, stand store.Kilde, b connector.Batch) (distributor.Indlevering, error) {
	s := k.agent.spec
	i := distributor.Indlevering{Agent: s.Agent, System: s.System, ActsAs: s.ActsAs, Kilde: k.spec.Name, Forventet: stand.Position, Position: b.Position,
		Faerdig: !b.More, Fuld: b.Full, MaksAndel: k.spec.MaksAndel, Stier: k.stier()}
	if i.MaksAndel == 0 {
		i.MaksAndel = standardMaksAndel
	}
	foerste := stand.Startet.IsZero()
	if foerste && k.spec.Start == StartNu {
		return i, nil
	}
	poster, err := k.poster(ctx, b.Records)
	for n := range poster {
		poster[n].Laer = foerste && (k.spec.Start == StartBaseline || (k.spec.Start == StartFra && poster[n].Fra.Before(k.spec.fra)))
	}
	i.Poster = poster
	return i, err
}

// samtidigePoster is how many records are mapped, and their documents stored, at a time: storing waits for the disk.
const samtidigePoster = 16

// poster maps the records, in their order.
func (k *kilde) poster(ctx context.Context, records []connector.Record) ([]distributor.Post, error) {
	ud := make([]distributor.Post, len(records))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(samtidigePoster)
	for n, r := range records {
		g.Go(func() (err error) {
			ud[n], err = k.post(ctx, r)
			return err
		})
	}
	return ud, g.Wait()
}

// stier are the OIO values that each local field becomes.
func (k *kilde) stier() map[string][]string {
	ud := map[string][]string{}
	for _, r := range k.spec.table.Rows() {
		if r.Felt != "" && r.Sti != "" && r.Retning != mapping.Ud {
			ud[r.Felt] = append(ud[r.Felt], r.Sti)
		}
	}
	return ud
}

// post maps one record. The error is a temporary one that concerns the whole batch; what is wrong with the record itself
// stands in the Post.
func (k *kilde) post(ctx context.Context, r connector.Record) (distributor.Post, error) {
	sted, err := json.Marshal(r.Place)
	if err != nil {
		return distributor.Post{}, err
	}
	p := distributor.Post{ObjektType: k.spec.Objekttype, Foelsomhed: k.spec.Foelsomhed, Sted: string(sted), Raa: r.Raw}
	if p.ObjektType == "" {
		p.ObjektType = mox.ObjektType(k.spec.table.Objekttype())
	}
	if r.Err != nil {
		p.Fejl = &distributor.Postfejl{Ansvar: mox.AnsvarAfsender, Kode: "kan_ikke_laeses", Tekst: r.Err.Error(), Raad: "ret posten her, eller få systemet til at levere den igen"}
		return p, nil
	}
	if err := k.hentIndhold(ctx, &r, &p); err != nil || p.Fejl != nil {
		return p, err
	}
	felter, fra, err := k.spec.table.ToOIO(mapping.Record{Fields: r.Fields, Where: r.Place.String()})
	if err != nil {
		p.Fejl = &distributor.Postfejl{Ansvar: mox.AnsvarAfsender, Kode: "kan_ikke_oversaettes", Tekst: err.Error(), Raad: "ret posten her eller i systemet; er den rigtig, så ret " + k.spec.Map}
		return p, nil
	}
	p.Felter, p.Noegle, p.Version, p.Lokale = felter, r.Fields[k.spec.Key], r.Fields[k.spec.Version], r.Fields
	if fra != nil {
		p.Fra = *fra
	}
	if v := k.spec.Passiver; v != nil && slices.Contains(v.Vaerdier, r.Fields[v.Felt]) {
		p.Livscyklus = mox.Passiveret
	}
	return p, nil
}

// hentIndhold stores the documents that the record names, and puts references to the bytes in their place.
func (k *kilde) hentIndhold(ctx context.Context, r *connector.Record, p *distributor.Post) error {
	for n, felt := range k.spec.Indhold {
		ref := r.Fields[felt]
		if ref == "" {
			continue
		}
		if n == 0 {
			r.Fields = maps.Clone(r.Fields)
		}
		sha, err := k.gem(ctx, ref)
		switch {
		case err == nil:
			r.Fields[felt] = indhold.URN + sha
		case connector.Temporary(err) || mox.KodeAf(err) == mox.KodeUtilgaengelig || ctx.Err() != nil:
			return err
		default:
			p.Fejl = &distributor.Postfejl{Ansvar: mox.AnsvarAfsender, Kode: "uden_indhold", Tekst: fmt.Sprintf("dokumentet i feltet %s kan ikke hentes: %v", felt, err),
				Raad: "læg dokumentet, hvor posten siger det, og lad systemet levere posten igen"}
			return nil
		}
	}
	return nil
}

func (k *kilde) gem(ctx context.Context, ref string) (sha string, err error) {
	r, err := k.source.Open(ctx, ref)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	return k.agent.server.GemIndhold(ctx, r)
}

// Parser is a Source that can read one record alone, as a person has corrected it. raa is text in UTF-8.
type Parser interface {
	Parse(raa []byte, place connector.Place) (connector.Record, error)
}

// Ret maps a record that a person has corrected. kilde is the source's name, raa the record as text, sted the place of the
// broken one. The error is an [*mox.Error] with [mox.KodeUgyldig] that says what is still wrong.
func (a *Agent) Ret(ctx context.Context, kildenavn string, raa []byte, sted string) (distributor.Indlevering, error) {
	k, err := a.kilde(kildenavn)
	if err != nil {
		return distributor.Indlevering{}, err
	}
	var place connector.Place
	if err := json.Unmarshal([]byte(sted), &place); err != nil {
		return distributor.Indlevering{}, mox.E("ret", mox.KodeUgyldig, "posten kan ikke rettes her: dens sted kendes ikke").Med("luk fejlen, og få systemet til at levere posten igen")
	}
	parser, ok := k.source.(Parser)
	if !ok {
		return distributor.Indlevering{}, mox.E("ret", mox.KodeUgyldig, "poster fra denne slags kilde kan ikke rettes her").Med("ret posten i systemet")
	}
	r, err := parser.Parse(raa, place)
	if err != nil {
		return distributor.Indlevering{}, mox.E("ret", mox.KodeUgyldig, "den rettede post kan ikke læses: %s", mox.Maskeret(err.Error()))
	}
	p, err := k.post(ctx, r)
	if err != nil {
		return distributor.Indlevering{}, err
	}
	s := a.spec
	return distributor.Indlevering{Agent: s.Agent, System: s.System, ActsAs: s.ActsAs, Kilde: kildenavn, Stier: k.stier(), Poster: []distributor.Post{p}}, nil
}

func (a *Agent) kilde(navn string) (*kilde, error) {
	for _, k := range a.kilder {
		if k.spec.Name == navn {
			return k, nil
		}
	}
	return nil, mox.E("ret", mox.KodeIkkeFundet, "agenten %s har ikke kilden %q", a.spec.Agent, navn)
}
