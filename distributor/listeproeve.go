package distributor

import (
	"context"
	"iter"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/store"
)

// ProevListe counts what [Distributor.AendrListe] would do with the same values, and changes nothing. It fails as that does,
// but for a list that somebody else is changing.
func (d *Distributor) ProevListe(ctx context.Context, navn string, hvad Listeaendring, vaerdier iter.Seq2[string, error]) (Listevirkning, error) {
	a := &listearbejde{d: d, hvad: hvad, kun: true, sete: map[store.Noegle]struct{}{}}
	err := d.store.View(ctx, func(tx *store.Tx) (err error) {
		a.l, err = liste(tx, navn)
		return err
	})
	if err == nil {
		err = a.laes(ctx, vaerdier)
	}
	if err != nil {
		return Listevirkning{}, err
	}
	if hvad == ListeErstat {
		a.ud.Fjernet = a.l.Antal - (int64(len(a.sete)) - a.ud.Tilfoejet)
	}
	a.ud.Liste, a.ud.Version, a.ud.Antal = navn, a.l.Version, a.l.Antal+a.ud.Tilfoejet-a.ud.Fjernet
	if a.ud.Antal > mox.MaksListevaerdier {
		return Listevirkning{}, forLang(navn)
	}
	return a.ud, nil
}

// tael counts what [listearbejde.skriv] would write.
func (a *listearbejde) tael(ctx context.Context, bid []store.Listevaerdi) error {
	var nye []store.Listevaerdi
	for _, v := range bid {
		if _, set := a.sete[v.Noegle]; !set {
			a.sete[v.Noegle] = struct{}{}
			nye = append(nye, v)
		}
	}
	if len(a.sete) > mox.MaksListevaerdier {
		return forLang(a.l.Navn)
	}
	return a.d.store.View(ctx, func(tx *store.Tx) error {
		har, err := tx.TaelListevaerdier(a.l, nye)
		if err != nil {
			return err
		}
		if a.hvad == ListeFjern {
			a.ud.Fjernet += har
		} else {
			a.ud.Tilfoejet += int64(len(nye)) - har
		}
		return nil
	})
}

// IListen tells whether a filter that refers to the list takes a value, and the form in which the list would keep it. To ask
// about somebody needs a reason, and is logged by the pseudonym.
//
// Errors: [mox.KodeIkkeFundet], and [mox.KodeUgyldig] for a value that the list cannot have, or a reason that is missing.
func (d *Distributor) IListen(ctx context.Context, navn, vaerdi string, h Hvem) (ja bool, err error) {
	err = d.store.Update(ctx, func(tx *store.Tx) error {
		l, err := liste(tx, navn)
		if err != nil {
			return err
		}
		v, err := l.Vaerdi(vaerdi)
		if err != nil {
			return &mox.Error{Kode: mox.KodeUgyldig, Op: "liste", Tekst: mox.Forklaring(err), Felter: []mox.Feltfejl{{Sti: "vaerdi", Regel: "vaerdi", Tekst: mox.Forklaring(err)}}}
		}
		f, _ := mox.LaesFilter(map[string]any{l.Vaerdiliste.Noegle: map[string]any{"liste": navn}}) // the list has a key that filters know
		opslag, err := gaeldende(tx, f)
		if err != nil {
			return err
		}
		if ja = f.Med(opslag).Match(map[string][]string{l.Vaerdiliste.Noegle: {v}}); opslag.err != nil || !fortaellerHvem(&l.Vaerdiliste, v) {
			return opslag.err
		}
		if h.Begrundelse == "" {
			return &mox.Error{Kode: mox.KodeUgyldig, Op: "liste", Tekst: "der mangler en begrundelse", Raad: "skriv, hvorfor du spørger; det gemmes med dit navn",
				Felter: []mox.Feltfejl{{Sti: "begrundelse", Regel: "kraevet", Tekst: "mangler"}}}
		}
		return tx.InsertHandling(store.Handling{Hvem: h.Navn, Hvad: "slaa-op-i-liste", Maal: "person " + d.store.Pseudonym(v), Antal: 1, Begrundelse: h.Begrundelse})
	})
	return ja && err == nil, err
}

// fortaellerHvem reports whether a value of the list tells who somebody is.
func fortaellerHvem(l *mox.Vaerdiliste, v string) bool {
	return l.Noegle == "relateret" || mox.Maskeret(v) != v
}
