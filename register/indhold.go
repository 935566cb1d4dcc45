package register

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/indhold"
	"github.com/moxkit/mox/store"
)

// Dokumentdel is a part of a Dokument that refers to document bytes.
type Dokumentdel struct {
	ObjektID mox.ObjektID
	Mimetype string // as the part says; application/octet-stream where it says nothing
}

// Indhold finds a Dokument that refers, or has referred, to the bytes named uri: also by a registrering that has been
// replaced. paa is the registreringstid asked for; zero = any. spec: oio 89
//
// Only registreringer that the caller may read count. Nothing can be hidden in bytes, so those of a Dokument that names a
// protected person are for callers who may see that.
//
// Errors: [mox.KodeIkkeFundet]; [mox.KodeSlettet] when every such Dokument is deleted and no time is asked for;
// [mox.KodeIkkeTilladt] for the bytes about somebody protected.
func (r *Register) Indhold(ctx context.Context, hvem Hvem, uri string, paa time.Time) (ud Dokumentdel, err error) {
	if err := hvem.maaLaese(); err != nil {
		return ud, err
	}
	k := r.kald(hvem, opIndhold)
	err = r.store.View(ctx, func(tx *store.Tx) (err error) {
		k.forfra()
		ud, err = k.indhold(tx, uri, paa)
		return err
	})
	if e := k.gemEfter(ctx, err); e != nil {
		return Dokumentdel{}, e
	}
	return ud, err
}

func (k *kald) indhold(tx *store.Tx, uri string, paa time.Time) (Dokumentdel, error) {
	felt := feltnavn(dokument(), "d", "indhold")
	henvisninger, err := tx.RegisterHenvisninger(felt, store.Fold(uri), paa, k.r.kredse(k.hvem.Adgang.Laese))
	if err != nil {
		return Dokumentdel{}, err
	}
	slettet, beskyttet := false, error(nil)
	for _, h := range henvisninger {
		if h.Livscyklus == mox.Slettet && paa.IsZero() {
			slettet = true
			continue
		}
		ud, err := k.dokumentdel(tx, h, uri)
		if errors.Is(err, errNaegtet) {
			beskyttet = err
			continue
		}
		return ud, err
	}
	switch {
	case beskyttet != nil:
		return Dokumentdel{}, beskyttet
	case slettet:
		return Dokumentdel{}, mox.E("register", mox.KodeSlettet, "dokumentet er slettet").Med("giv registreringstid for at hente, hvad der stod før")
	}
	alle, err := tx.RegisterHenvisninger(felt, store.Fold(uri), paa, []store.Registerkreds{{}})
	switch {
	case err != nil:
		return Dokumentdel{}, err
	case len(alle) > 0:
		k.noter(mox.Dokument, alle[0].ObjektID, string(mox.KodeIkkeTilladt), 0, nil)
		return Dokumentdel{}, naegtet(ukendtIndhold())
	}
	return Dokumentdel{}, ukendtIndhold()
}

func ukendtIndhold() *mox.Error {
	return mox.E("register", mox.KodeIkkeFundet, "intet dokument i registeret har dette indhold").Med("læs dokumentet for at se, hvilket indhold det har")
}

// GemDokument stores document bytes that a registrering is about to refer to; see [distributor.Distributor.GemDokument].
func (r *Register) GemDokument(ctx context.Context, l *indhold.Lager, b io.Reader) (sha string, err error) {
	sha, _, err = r.d.GemDokument(ctx, l, b)
	return sha, err
}

func dokument() *mox.Type {
	t, _ := mox.TypeAf(mox.Dokument)
	return t
}

// dokumentdel reads the part as it stood in the registrering.
func (k *kald) dokumentdel(tx *store.Tx, h store.Registerhenvisning, uri string) (Dokumentdel, error) {
	ud := Dokumentdel{ObjektID: h.ObjektID, Mimetype: "application/octet-stream"}
	raekker, err := tx.RegisterHistorik(h.ObjektID, h.Fra, h.Fra, 1)
	if err != nil || len(raekker) == 0 {
		return ud, err
	}
	v, err := k.r.version(&raekker[0])
	if err != nil {
		return ud, err
	}
	o, naevnte := k.r.klasse(&raekker[0]), k.r.personer(mox.Dokument, v.Registrering)
	skjules, err := k.beskyttede(tx, naevnte)
	if err != nil {
		return ud, err
	}
	if len(skjules) > 0 && !k.hvem.Adgang.serBeskyttede(o) {
		k.noter(mox.Dokument, h.ObjektID, string(mox.KodeIkkeTilladt), 0, naevnte)
		return ud, naegtet(mox.E("register", mox.KodeIkkeTilladt, "dokumentet handler om en person med beskyttet navn og adresse").Med("brug en nøgle med beskyttede: ja"))
	}
	k.noter(mox.Dokument, h.ObjektID, brugOK, 1, naevnte)
	if personlig(o, naevnte) {
		if err := k.kraevFormaal(); err != nil {
			return ud, err
		}
	}
	for _, variant := range v.Varianter {
		for _, d := range variant.Dele {
			for _, e := range d.Egenskaber {
				if e.Felter["indhold"] == uri && e.Felter["mimetype"] != "" {
					ud.Mimetype = e.Felter["mimetype"]
				}
			}
		}
	}
	return ud, nil
}
