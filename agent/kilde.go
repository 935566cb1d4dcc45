package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/indhold"
	"github.com/moxkit/mox/internal/service"
	"github.com/moxkit/mox/mapping"
	"github.com/moxkit/mox/store"
)

// MaksFoersteKoersel is how many records a source may send the first time without someone having said yes.
const MaksFoersteKoersel = 1000

// standardMaksAndel is the share of a source's objekter that one complete listing may withdraw.
const standardMaksAndel = 0.1

// maksSavnet is how often a document that cannot be had holds back the records behind it, before it becomes a Fejl of its
// own: some minutes, as run waits between two tries.
const maksSavnet = 12

// kilde reads one source of the system.
type kilde struct {
	agent   *Agent
	spec    *SourceSpec
	source  connector.Source
	log     *slog.Logger
	ryddet  bool     // the source has tidied up after all that MOX has
	savnede *savnede // nil = a document that cannot be had is waited for
	meldt   string   // the failure that a person has been shown

	livstegn time.Time // when MOX was last told how the source is
	svigter  bool      // what it was told then: that it could not be read
}

// livstegnHver is how often MOX is told of a source that has nothing new.
const livstegnHver = time.Minute

// interval is how long between two reads of the source.
func (k *kilde) interval() time.Duration { return k.spec.Interval.Or(5 * time.Second) }

// savnede counts how often each document could not be had.
type savnede struct {
	mu    sync.Mutex
	antal map[string]int
}

// run reads until ctx ends. A failure is logged, and tried again later.
func (k *kilde) run(ctx context.Context) {
	fejl := 0
	for ctx.Err() == nil {
		mere, err := k.runOnce(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			fejl++
			k.log.Error("kilden kunne ikke læses", "fejl", mox.Maskeret(err.Error()), "igen_om", service.Backoff(fejl))
			k.meld(ctx, err)
			service.Wait(ctx, service.Backoff(fejl))
		case mere:
			fejl = 0
		default:
			fejl = 0
			service.Wait(ctx, k.interval())
		}
	}
}

// meld tells MOX that the source could not be read. A failure that waiting will not mend is shown to a person: once for each
// that differs.
func (k *kilde) meld(ctx context.Context, fejl error) {
	stand, err := k.agent.server.Kilde(ctx, k.agent.spec.Agent, k.spec.Name)
	if err != nil {
		return // MOX does not answer: the next failure is told when it does
	}
	i := k.om(stand)
	i.Mislykket = mox.Maskeret(fejl.Error())
	vises := !connector.Temporary(fejl) && !mox.Forbigaaende(fejl) && k.meldt != fejl.Error()
	if vises {
		i.Poster = []distributor.Post{{Raa: []byte(fejl.Error()), Fejl: standset(fejl)}}
	}
	if _, err = k.agent.server.Indlever(ctx, i); err != nil {
		return
	}
	k.svigter = true
	if vises {
		k.meldt = fejl.Error()
	}
}

// standset is a failure of the source as a person is shown it.
func standset(fejl error) *distributor.Postfejl {
	f := &distributor.Postfejl{Ansvar: mox.AnsvarMOX, Kode: "kilde_standset", Tekst: "kilden kan ikke læses: " + fejl.Error(), Raad: "ret årsagen; kilden prøves igen af sig selv"}
	var m *mox.Error
	if errors.As(fejl, &m) {
		f.Kode, f.Tekst, f.Raad = string(m.Kode), mox.Forklaring(m), ellers(m.Raad, f.Raad)
	}
	return f
}

// om is an Indlevering of nothing: the source stands where it stood.
func (k *kilde) om(stand store.Kilde) distributor.Indlevering {
	s := k.agent.spec
	return distributor.Indlevering{Agent: s.Agent, System: s.System, ActsAs: s.ActsAs, Kilde: k.spec.Name, Forventet: stand.Position, Position: stand.Position,
		Hver: int(math.Ceil(k.interval().Seconds()))}
}

// lever tells MOX that the source was read and had nothing new: when it could not be read before, and else every minute.
func (k *kilde) lever(ctx context.Context, stand store.Kilde) {
	if !k.svigter && time.Since(k.livstegn) < livstegnHver {
		return
	}
	if _, err := k.agent.server.Indlever(ctx, k.om(stand)); err != nil {
		k.log.Warn("MOX kunne ikke få at vide, at kilden er læst", "fejl", mox.Maskeret(err.Error()))
		return
	}
	k.livstegn, k.svigter = time.Now(), false
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
	if !k.ryddet && stand.Position != "" { // the process that read this far may have stopped before it could
		k.ryd(ctx, stand.Position)
	}
	b, err := k.source.Read(ctx, stand.Position)
	if err != nil {
		return false, err
	}
	if len(b.Records) == 0 && b.Position == stand.Position && !stand.Startet.IsZero() {
		k.lever(ctx, stand)
		return b.More, nil
	}
	if err := k.vent(ctx, b.Records); err != nil {
		return false, err
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
	k.livstegn, k.svigter = time.Now(), false
	k.log.Info("kilde læst", "poster", len(i.Poster), "beskeder", len(ud.Beskeder), "uaendrede", ud.Uaendrede, "foraeldede", ud.Foraeldede, "ekko", ud.Ekko, "fejl", ud.Fejl)
	k.agent.o.Punkt("kilde.mellem")
	k.ryd(ctx, b.Position)
	return b.More, nil
}

// The first and the longest wait between two questions of how a write stands.
const (
	foersteVent = 20 * time.Millisecond
	sidsteVent  = time.Second
)

// vent waits until MOX knows of each write that may be in what has been read: then what MOX wrote is known as its own.
func (k *kilde) vent(ctx context.Context, poster []connector.Record) error {
	l := distributor.Laest{Agent: k.agent.spec.Agent, System: k.agent.spec.System, Kilde: k.spec.Name, ObjektType: mox.ObjektType(k.spec.table.Objekttype())}
	for _, r := range poster {
		if n := r.Fields[k.spec.Key]; n != "" {
			l.Noegler = append(l.Noegler, n)
		}
	}
	if len(l.Noegler) == 0 {
		return nil
	}
	ventes, err := k.agent.server.Uafklarede(ctx, l)
	for d := foersteVent; err == nil && len(ventes) > 0; d = min(2*d, sidsteVent) {
		k.agent.o.Punkt("kilde.venter")
		if !service.Wait(ctx, d) {
			return ctx.Err()
		}
		var nu []int64
		nu, err = k.agent.server.Uafklarede(ctx, l)
		ventes = slices.DeleteFunc(ventes, func(leverance int64) bool { return !slices.Contains(nu, leverance) }) // newer ones came after the reading
	}
	return err
}

// ryd lets the source tidy up after records that MOX has. When it cannot, nothing is lost, and it is tried again.
func (k *kilde) ryd(ctx context.Context, position string) {
	err := k.source.Committed(ctx, position)
	k.ryddet = err == nil
	if err != nil && ctx.Err() == nil {
		k.log.Warn("posterne er gemt, men kilden kunne ikke ryddes op", "fejl", mox.Maskeret(err.Error()))
	}
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
		antal += k.ville(b.Records)
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

// ville counts the records that a first run would send.
func (k *kilde) ville(poster []connector.Record) (n int) {
	for _, r := range poster {
		if p := k.spec.oversaet(r); p.Fejl == nil && !k.spec.laerer(p) {
			n++
		}
	}
	return n
}

// laerer reports whether a first run only learns the record.
func (k *SourceSpec) laerer(p distributor.Post) bool {
	return k.Start == StartBaseline || k.Start == StartFra && p.Fra.Before(k.fra)
}

func (k *kilde) indlevering(ctx context.Context, stand store.Kilde, b connector.Batch) (distributor.Indlevering, error) {
	i := k.om(stand)
	i.Position, i.Faerdig, i.Fuld, i.MaksAndel, i.Stier = b.Position, !b.More, b.Full, k.spec.MaksAndel, k.spec.stier
	if i.MaksAndel == 0 {
		i.MaksAndel = standardMaksAndel
	}
	foerste := stand.Startet.IsZero()
	if foerste && k.spec.Start == StartNu {
		return i, nil
	}
	poster, err := k.poster(ctx, b.Records)
	for n := range poster {
		poster[n].Laer = foerste && k.spec.laerer(poster[n])
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

// stierAf are the OIO values that each local field becomes.
func stierAf(t *mapping.Table) map[string][]string {
	ud := map[string][]string{}
	for _, r := range t.Rows() {
		if r.Felt != "" && r.Sti != "" && r.Retning != mapping.Ud {
			ud[r.Felt] = append(ud[r.Felt], r.Sti)
		}
	}
	return ud
}

// post maps one record and stores its documents. The error is one that may pass, and concerns the whole batch; what is
// wrong with the record itself stands in the Post.
func (k *kilde) post(ctx context.Context, r connector.Record) (distributor.Post, error) {
	sted, err := json.Marshal(r.Place)
	if err != nil {
		return distributor.Post{}, err
	}
	if len(k.spec.Indhold) > 0 && k.spec.ubrugelig(r) == nil {
		fejl, err := k.hentIndhold(ctx, &r)
		if err != nil {
			return distributor.Post{}, err
		}
		if fejl != nil {
			return distributor.Post{Fejl: fejl, Noegle: r.Fields[k.spec.Key], Sted: string(sted), Raa: r.Raw}, nil
		}
	}
	p := k.spec.oversaet(r)
	p.Sted, p.Raa = string(sted), r.Raw
	return p, nil
}

// hentIndhold stores the documents that the record names, and puts references to the bytes in their place.
func (k *kilde) hentIndhold(ctx context.Context, r *connector.Record) (*distributor.Postfejl, error) {
	felter := maps.Clone(r.Fields)
	for _, felt := range k.spec.Indhold {
		ref := felter[felt]
		if ref == "" {
			continue
		}
		sha, err := k.gem(ctx, ref)
		switch {
		case err == nil:
			k.savnede.fundet(ref)
			felter[felt] = indhold.URN + sha
		case ctx.Err() != nil || forbigaaende(err) && !k.savnede.opgives(ref, err):
			return nil, fmt.Errorf("%s: dokumentet i feltet %s: %w", r.Place, felt, err)
		default:
			return &distributor.Postfejl{Ansvar: mox.AnsvarAfsender, Kode: "uden_indhold", Tekst: fmt.Sprintf("%s: dokumentet i feltet %s kan ikke hentes: %v", r.Place, felt, err),
				Raad: "læg dokumentet, hvor posten siger det, og ret og send posten"}, nil
		}
	}
	r.Fields = felter
	return nil, nil
}

// forbigaaende reports whether a document that could not be had may be had later: the system's doing, or MOX's own.
func forbigaaende(err error) bool {
	var c *connector.Error
	if errors.As(err, &c) {
		return c.Temporary
	}
	return mox.Forbigaaende(err)
}

// opgives counts a try for a document in the system, and reports whether there have been enough. For MOX itself, whose
// disk may be full, the source waits as long as it takes.
func (s *savnede) opgives(ref string, err error) bool {
	var c *connector.Error
	if s == nil || !errors.As(err, &c) {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.antal[ref]++
	return s.antal[ref] > maksSavnet
}

func (s *savnede) fundet(ref string) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.antal, ref)
}

// oversaet maps one record; what is wrong with it stands in the Post.
func (k *SourceSpec) oversaet(r connector.Record) distributor.Post {
	p := distributor.Post{ObjektType: mox.ObjektType(k.table.Objekttype()), Foelsomhed: k.Foelsomhed, Noegle: r.Fields[k.Key], Version: r.Fields[k.Version]}
	if p.Fejl = k.ubrugelig(r); p.Fejl != nil {
		return p
	}
	felter, fra, err := k.table.ToOIO(mapping.Record{Fields: r.Fields, Where: r.Place.String()})
	if err != nil {
		p.Fejl = &distributor.Postfejl{Ansvar: mox.AnsvarAfsender, Kode: "kan_ikke_oversaettes", Tekst: err.Error(), Raad: "ret posten her eller i systemet; er den rigtig, så ret " + k.Map}
		return p
	}
	p.Felter, p.Lokale = felter, k.lokale(r.Fields)
	if fra != nil {
		p.Fra = *fra
	}
	if v := k.Passiver; v != nil && slices.Contains(v.Vaerdier, r.Fields[v.Felt]) {
		p.Livscyklus = mox.Passiveret
	}
	return p
}

// ubrugelig says why a record need not even be mapped; nil when it is to be.
func (k *SourceSpec) ubrugelig(r connector.Record) *distributor.Postfejl {
	switch {
	case r.Err != nil:
		return &distributor.Postfejl{Ansvar: mox.AnsvarAfsender, Kode: "kan_ikke_laeses", Tekst: r.Err.Error(), Raad: "ret posten her, eller få systemet til at levere den igen"}
	case r.Fields[k.Key] == "":
		return &distributor.Postfejl{Ansvar: mox.AnsvarAfsender, Kode: "uden_noegle", Tekst: fmt.Sprintf("%s: posten har ingen værdi i nøglefeltet %s", r.Place, k.Key),
			Raad: "giv posten en nøgle her eller i systemet"}
	}
	return nil
}

// lokale are the record's mapped fields, spelled as the map itself would: so a value that the system spells otherwise than
// MOX wrote it is known again.
func (k *SourceSpec) lokale(felter map[string]string) map[string]string {
	ud := make(map[string]string, len(k.stier))
	for felt := range k.stier {
		if v, ok := felter[felt]; ok {
			ud[felt] = k.table.Canonical(felt, v)
		}
	}
	return ud
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
	uden := kilde{agent: a, spec: k.spec, source: k.source} // the source itself may be reading meanwhile
	p, err := uden.post(ctx, r)
	if err != nil {
		return distributor.Indlevering{}, err
	}
	s := a.spec
	return distributor.Indlevering{Agent: s.Agent, System: s.System, ActsAs: s.ActsAs, Kilde: kildenavn, Stier: k.spec.stier, Poster: []distributor.Post{p}}, nil
}

func (a *Agent) kilde(navn string) (*kilde, error) {
	for _, k := range a.kilder {
		if k.spec.Name == navn {
			return k, nil
		}
	}
	return nil, mox.E("ret", mox.KodeIkkeFundet, "agenten %s har ikke kilden %q", a.spec.Agent, navn)
}
