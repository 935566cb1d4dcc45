package agent

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"slices"
	"strings"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/store"
)

// Afstemmer is what [Agent.Afstem] needs of MOX.
type Afstemmer interface {
	Afstem(ctx context.Context, i distributor.Indlevering) ([]distributor.Afstemt, error)
	Levende(ctx context.Context, agent, kilde string, efter mox.ObjektID) ([]distributor.Afstemt, error)
}

// Afstemning tells how a system stands to what MOX knows of it.
type Afstemning struct {
	Agent    string                         `json:"agent"`
	System   string                         `json:"system"`
	Source   string                         `json:"source"`
	Laest    int                            `json:"laest"`    // records
	Antal    map[distributor.Afstemning]int `json:"antal"`    // keys, by outcome
	Fuld     bool                           `json:"fuld"`     // the source lists all it has, so what is missing can be told
	Poster   []distributor.Afstemt          `json:"poster"`   // the first [MaksAfstemt] that are not ens
	Afkortet bool                           `json:"afkortet"` // there are more
}

// MaksAfstemt is how many differences are told one by one.
const MaksAfstemt = 1000

// afstemAdGangen is how many records are held against MOX in one call.
const afstemAdGangen = 100

// Ens reports whether nothing differs.
func (a *Afstemning) Ens() bool { return len(a.Poster) == 0 }

// Afstem reads a source from its beginning and holds each record against what MOX knows, without effect in either; where the
// source lists all that its system has (eksport: fuld), also the other way. Where a key comes more than once the last counts.
// Documents are read to be compared, and not kept. sig is told how many records have been read, now and then; nil = nobody.
//
// [mox.KodeIkkeFundet] when the agent has no such source, [mox.KodeUtilgaengelig] when the system cannot be read.
func (a *Agent) Afstem(ctx context.Context, navn string, server Afstemmer, sig func(int)) (Afstemning, error) {
	ud := Afstemning{Agent: a.spec.Agent, System: a.spec.System, Source: navn, Antal: map[distributor.Afstemning]int{}, Poster: []distributor.Afstemt{}}
	i := slices.IndexFunc(a.kilder, func(k *kilde) bool { return k.spec.Name == navn })
	if i < 0 {
		return ud, mox.E("agent", mox.KodeIkkeFundet, "agenten %s har ingen source %q", a.spec.Agent, navn)
	}
	k := &kilde{agent: &Agent{spec: a.spec, server: udenLager{}}, spec: a.kilder[i].spec, source: a.kilder[i].source}
	sidst := map[string]distributor.Afstemt{}
	for position, mere := "", true; mere; {
		b, err := k.source.Read(ctx, position)
		if err != nil {
			return ud, mox.E("agent", mox.KodeUtilgaengelig, "systemet kan ikke læses: %v", err).Med("se mox agent check --live")
		}
		poster, err := k.poster(ctx, b.Records)
		if err != nil {
			return ud, err
		}
		for del := range slices.Chunk(poster, afstemAdGangen) {
			if err := k.afstem(ctx, server, del, sidst); err != nil {
				return ud, err
			}
		}
		ud.Laest += len(b.Records)
		ud.Fuld = b.Full
		mere = b.More && b.Position != position
		if position = b.Position; sig != nil {
			sig(ud.Laest)
		}
	}
	set := map[mox.ObjektID]bool{}
	for _, p := range sidst {
		set[p.ObjektID] = true
		ud.tael(p)
	}
	if ud.Fuld {
		if err := ud.mangler(ctx, server, set); err != nil {
			return ud, err
		}
	}
	ud.sorter()
	return ud, nil
}

// afstem holds some records against MOX. One without a key is told by its place.
func (k *kilde) afstem(ctx context.Context, server Afstemmer, poster []distributor.Post, sidst map[string]distributor.Afstemt) error {
	i := k.om(store.Kilde{})
	i.Stier = k.spec.stier
	for _, p := range poster {
		p.Raa = nil // only kept for a person
		i.Poster = append(i.Poster, p)
	}
	ud, err := server.Afstem(ctx, i)
	for n, p := range ud {
		noegle := p.Noegle
		if noegle == "" {
			noegle, p.Noegle = "\x00"+poster[n].Sted, poster[n].Sted
		}
		sidst[noegle] = p
	}
	return err
}

func (a *Afstemning) tael(p distributor.Afstemt) {
	a.Antal[p.Hvad]++
	if p.Hvad != distributor.AfstemtEns {
		p.Noegle = mox.Maskeret(p.Noegle)
		a.Poster = append(a.Poster, p)
	}
}

// mangler finds what MOX takes for living and the system does not have.
func (a *Afstemning) mangler(ctx context.Context, server Afstemmer, set map[mox.ObjektID]bool) error {
	for efter := mox.ObjektID(""); ; {
		l, err := server.Levende(ctx, a.Agent, a.Source, efter)
		if err != nil || len(l) == 0 {
			return err
		}
		for _, p := range l {
			if !set[p.ObjektID] {
				a.tael(p)
			}
		}
		efter = l[len(l)-1].ObjektID
	}
}

// sorter puts the differences in the order of their keys, and keeps the first.
func (a *Afstemning) sorter() {
	slices.SortFunc(a.Poster, func(x, y distributor.Afstemt) int { return strings.Compare(x.Noegle, y.Noegle) })
	if a.Afkortet = len(a.Poster) > MaksAfstemt; a.Afkortet {
		a.Poster = a.Poster[:MaksAfstemt]
	}
}

// udenLager is a MOX that keeps no document, and tells what it would be known by.
type udenLager struct{ Server }

func (udenLager) GemIndhold(_ context.Context, r io.Reader) (string, error) {
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
