package distributor

import (
	"context"
	"slices"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/store"
)

// start is a process that a besked starts, and the procesID it runs under.
type start struct {
	proces *mox.Proces
	id     string
}

// tildelProcesser finds the processes that b starts, and gives it a procesID for each where the sender gave none.
func (k *konfiguration) tildelProcesser(b *mox.Besked) []start {
	if b.ErOmSelveLeveringen() || len(k.processer) == 0 {
		return nil
	}
	givet := slices.Clone(b.ProcesID)
	meta, lister := k.pseudonym.Metadata(b), k.opslag()
	var ud []start
	for i := range k.processer {
		p := &k.processer[i]
		if !p.Start.Med(lister).Match(meta) {
			continue
		}
		s := start{p, mox.ProcesIDFor(p.Navn, b.ID)}
		if len(givet) > 0 {
			s.id = givet[0]
		} else {
			b.ProcesID = append(b.ProcesID, s.id)
		}
		ud = append(ud, s)
	}
	return ud
}

func (k *konfiguration) startProcesser(tx *store.Tx, b *store.Besked, starter []start, sendtTil []mox.AbonnementID) error {
	for _, s := range starter {
		fra := s.proces.SvarFra
		if len(fra) == 0 {
			fra = sendtTil
		}
		if len(fra) == 0 {
			continue // nobody will ever answer
		}
		p := store.Proces{Navn: s.proces.Navn, ProcesID: s.id, Startbesked: b.Nr, Myndighed: mox.CVR(b.Myndighed)}
		if s.proces.Frist > 0 {
			p.Frist = tx.Now().Add(s.proces.Frist)
		}
		if err := tx.InsertProces(p, fra); err != nil {
			return err
		}
	}
	return nil
}

// besvarProcesser notes b as the awaited answer of the processes it belongs to. Who answers is the abonnement whose work
// formed b, or, from a system without an agent of ours, that system's abonnementer on the besked that caused it.
func (d *Distributor) besvarProcesser(tx *store.Tx, k *konfiguration, i indgaaende, b *store.Besked) error {
	if b.ForaarsagetAf == "" || b.Type == mox.TypeKvittering || len(b.ProcesID) == 0 {
		return nil
	}
	fra, err := k.svarende(tx, i, b)
	if err != nil {
		return err
	}
	meta := k.pseudonym.Metadata(&b.Besked)
	for _, id := range b.ProcesID {
		if err := tx.Lock("proces/" + id); err != nil { // two answers at once must see each other
			return err
		}
		instanser, err := tx.ProcesserMedID(id)
		if err != nil {
			return err
		}
		for _, p := range instanser {
			for _, a := range fra {
				if err := k.besvar(tx, p, a, b, meta); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (k *konfiguration) svarende(tx *store.Tx, i indgaaende, b *store.Besked) ([]mox.AbonnementID, error) {
	if i.svarFra != "" {
		return []mox.AbonnementID{i.svarFra}, nil
	}
	aarsager, err := tx.BeskederMedID(b.ForaarsagetAf)
	if err != nil {
		return nil, err
	}
	var ud []mox.AbonnementID
	for _, aarsag := range aarsager {
		leverancer, err := tx.LeverancerAf(aarsag.Nr)
		if err != nil {
			return nil, err
		}
		for _, l := range leverancer {
			if a := k.abonnementer[l.Abonnement]; a != nil && a.System == i.afsender {
				ud = append(ud, l.Abonnement)
			}
		}
	}
	return ud, nil
}

func (k *konfiguration) besvar(tx *store.Tx, p store.Proces, a mox.AbonnementID, b *store.Besked, meta map[string][]string) error {
	def := k.proces(p.Navn)
	if b.Type == mox.TypeFejlbesked {
		return saetFejl(tx, p, a, b.Nr)
	}
	if def == nil || !def.Slut.Med(k.opslag()).Match(meta) {
		return nil
	}
	if ok, err := tx.SaetSlut(p.Navn, p.ProcesID, a, b.Nr); err != nil || !ok {
		return err
	}
	return opdaterProces(tx, p)
}

func (k *konfiguration) proces(navn string) *mox.Proces {
	for i := range k.processer {
		if k.processer[i].Navn == navn {
			return &k.processer[i]
		}
	}
	return nil
}

func saetFejl(tx *store.Tx, p store.Proces, a mox.AbonnementID, nr int64) error {
	if ok, err := tx.SaetFejl(p.Navn, p.ProcesID, a, nr); err != nil || !ok {
		return err
	}
	return opdaterProces(tx, p)
}

// opdaterProces recomputes an instance's state from its answers.
func opdaterProces(tx *store.Tx, p store.Proces) error {
	svar, err := tx.ProcesSvar(p.Navn, p.ProcesID)
	if err != nil {
		return err
	}
	ny := mox.ProcesStaar(svar)
	if ny == p.Tilstand || (p.Tilstand == mox.ProcesUdloebet && ny == mox.ProcesIgang) {
		return nil
	}
	return tx.SaetProces(p.Navn, p.ProcesID, ny)
}

// UdloebProcesser closes the instances whose frist has passed, and tells how many.
func (d *Distributor) UdloebProcesser(ctx context.Context) (n int, err error) {
	err = d.store.Update(ctx, func(tx *store.Tx) error {
		ps, err := tx.ProcesserOverFrist(passRows)
		n = len(ps)
		for _, p := range ps {
			if err := tx.SaetProces(p.Navn, p.ProcesID, mox.ProcesUdloebet); err != nil {
				return err
			}
		}
		return err
	})
	return n, err
}

// StandsProcesser marks as fejlet the instances that wait for an answer that cannot come, because an earlier link of their
// chain could not do its work; it tells how many. When the fault is mended the chain goes on, and ends them all the same.
func (d *Distributor) StandsProcesser(ctx context.Context) (n int, err error) {
	err = d.store.Update(ctx, func(tx *store.Tx) error {
		ps, err := tx.StandsedeProcesser(passRows)
		n = len(ps)
		for _, p := range ps {
			if err := tx.SaetProces(p.Navn, p.ProcesID, mox.ProcesFejlet); err != nil {
				return err
			}
		}
		return err
	})
	return n, err
}
