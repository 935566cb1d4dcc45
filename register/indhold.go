package register

import (
	"context"
	"time"

	"github.com/moxkit/mox"
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
// Errors: [mox.KodeIkkeFundet]; [mox.KodeSlettet] when every such Dokument is deleted and no time is asked for.
func (r *Register) Indhold(ctx context.Context, uri string, paa time.Time) (ud Dokumentdel, err error) {
	err = r.store.View(ctx, func(tx *store.Tx) error {
		henvisninger, err := tx.RegisterHenvisninger(feltnavn(dokument(), "d", "indhold"), store.Fold(uri), paa)
		if err != nil {
			return err
		}
		slettet := false
		for _, h := range henvisninger {
			if h.Livscyklus == mox.Slettet && paa.IsZero() {
				slettet = true
				continue
			}
			ud, err = r.dokumentdel(tx, h, uri)
			return err
		}
		if slettet {
			return mox.E("register", mox.KodeSlettet, "dokumentet er slettet").Med("giv registreringstid for at hente, hvad der stod før")
		}
		return mox.E("register", mox.KodeIkkeFundet, "intet dokument i registeret har dette indhold").Med("læs dokumentet for at se, hvilket indhold det har")
	})
	return ud, err
}

func dokument() *mox.Type {
	t, _ := mox.TypeAf(mox.Dokument)
	return t
}

// dokumentdel reads the part as it stood when it first referred to the bytes.
func (r *Register) dokumentdel(tx *store.Tx, h store.Registerhenvisning, uri string) (Dokumentdel, error) {
	ud := Dokumentdel{ObjektID: h.ObjektID, Mimetype: "application/octet-stream"}
	raekker, err := tx.RegisterHistorik(h.ObjektID, h.Fra, h.Fra, 1)
	if err != nil || len(raekker) == 0 {
		return ud, err
	}
	v, err := r.version(&raekker[0])
	if err != nil {
		return ud, err
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
