package kopi_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/indhold"
	"github.com/moxkit/mox/kopi"
	"github.com/moxkit/mox/store"
)

// vendByte alters one byte of a column of besked nr.
func (h *hus) vendByte(kolonne string, nr int64) {
	h.Helper()
	var b []byte
	h.maa(h.d.Store().View(h.Context(), func(tx *store.Tx) error {
		return tx.QueryRow(`SELECT `+kolonne+` FROM besked WHERE nr = ?`, nr).Scan(&b)
	}))
	b[len(b)/2] ^= 0x01
	var v any = b
	if kolonne == "metadata" {
		v = string(b)
	}
	h.exec(`UPDATE besked SET `+kolonne+` = ? WHERE nr = ?`, v, nr)
}

// fjern takes besked nr away with all that is about it.
func (h *hus) fjern(nr int64) {
	h.Helper()
	h.maa(h.d.Store().Update(h.Context(), func(tx *store.Tx) error {
		for _, q := range []string{`DELETE FROM forsoeg WHERE leverance IN (SELECT id FROM leverance WHERE besked = ?)`, `DELETE FROM leverance WHERE besked = ?`,
			`DELETE FROM kvittering WHERE besked = ?`, `DELETE FROM indhold_ref WHERE besked = ?`, `DELETE FROM besked WHERE nr = ?`} {
			if _, err := tx.Exec(q, nr); err != nil {
				return err
			}
		}
		return nil
	}))
}

func (h *hus) dokumentfil() string {
	h.Helper()
	filer, err := filepath.Glob(filepath.Join(h.dir, "indhold", "??", "*"))
	h.maa(err)
	if len(filer) != 3 {
		h.Fatalf("documents %v", filer)
	}
	return filer[1]
}

// Whatever is altered, the check tells which it is, and nothing else.
func TestEfterproevSigerHvadDerErAendret(t *testing.T) {
	t.Parallel()
	aendringer := map[string]struct {
		aendr func(h *hus)
		vil   []kopi.Fund
	}{
		"Intet":     {func(*hus) {}, nil},
		"Indhold":   {func(h *hus) { h.vendByte("indhold", 3) }, []kopi.Fund{{Art: kopi.FundIndhold, Logposition: 3}}},
		"Metadata":  {func(h *hus) { h.vendByte("metadata", 4) }, []kopi.Fund{{Art: kopi.FundIndhold, Logposition: 4}}},
		"Salt":      {func(h *hus) { h.vendByte("salt", 4) }, []kopi.Fund{{Art: kopi.FundIndhold, Logposition: 4}}},
		"Digest":    {func(h *hus) { h.vendByte("digest", 5) }, []kopi.Fund{{Art: kopi.FundIndhold, Logposition: 5}}},
		"Kaede":     {func(h *hus) { h.vendByte("kaede", 5) }, []kopi.Fund{{Art: kopi.FundKaede, Logposition: 5}}},
		"SidsteLed": {func(h *hus) { h.vendByte("kaede", 8) }, []kopi.Fund{{Art: kopi.FundKaede, Logposition: 8}}},
		"Hash":      {func(h *hus) { h.vendByte("indholdshash", 6) }, []kopi.Fund{{Art: kopi.FundKaede, Logposition: 6}, {Art: kopi.FundIndhold, Logposition: 6}}},
		"Soegefelt": {func(h *hus) { h.exec(`UPDATE besked SET kildesystem = 'andet' WHERE nr = 2`) }, []kopi.Fund{{Art: kopi.FundMetadata, Logposition: 2}}},
		"UdenPlads": {func(h *hus) { h.vendByte("indhold", 9) }, []kopi.Fund{{Art: kopi.FundIndhold}}},
		"Fjernet":   {func(h *hus) { h.fjern(5) }, []kopi.Fund{{Art: kopi.FundKaede, Logposition: 6}}},
		"Halvt":     {func(h *hus) { h.exec(`UPDATE besked SET salt = NULL WHERE nr = 2`) }, []kopi.Fund{{Art: kopi.FundIndhold, Logposition: 2}}},
		"Slettet":   {func(h *hus) { h.exec(`UPDATE besked SET salt = NULL, indhold = NULL, metadata = NULL WHERE nr < 4`) }, nil},
		"To": {func(h *hus) {
			h.vendByte("kaede", 2)
			h.vendByte("indhold", 7)
		}, []kopi.Fund{{Art: kopi.FundKaede, Logposition: 2}, {Art: kopi.FundIndhold, Logposition: 7}}},
		"Dokument": {func(h *hus) {
			f := h.dokumentfil()
			b, err := os.ReadFile(f)
			h.maa(err)
			b[3] ^= 1
			h.maa(os.WriteFile(f, b, 0o600))
		}, []kopi.Fund{{Art: kopi.FundDokument}}},
		"DokumentVaek": {func(h *hus) { h.maa(os.Remove(h.dokumentfil())) }, []kopi.Fund{{Art: kopi.FundDokument}}},
	}
	for navn, a := range aendringer {
		t.Run(navn, func(t *testing.T) {
			t.Parallel()
			h := nytHus(t, "")
			h.fyld()
			a.aendr(h)
			h.finder(nil, a.vil...)
		})
	}
}

// finder checks, and holds what is found against vil, by kind and position.
func (h *hus) finder(anker *kopi.Anker, vil ...kopi.Fund) {
	h.Helper()
	r, err := h.kilde().Efterproev(h.Context(), anker, nil)
	h.maa(err)
	if len(r.Fund) != len(vil) || r.Antal != int64(len(vil)) {
		h.Fatalf("found %+v, want %+v", r.Fund, vil)
	}
	for i, f := range r.Fund {
		if f.Art != vil[i].Art || f.Logposition != vil[i].Logposition {
			h.Errorf("found %+v, want %+v", f, vil[i])
		}
		if _, ok := indhold.Sha(indhold.URN + f.SHA256); ok != (f.Art == kopi.FundDokument) {
			h.Errorf("%+v does not name its document", f)
		}
	}
}

// A log that has lost its end holds in itself; a copy made before knows better. So it does of one that was made anew.
func TestEnKopiKenderLoggensEnde(t *testing.T) {
	paaBegge(t, func(h *hus) {
		h.fyld()
		_, m := h.kopier(h.kilde(), true)
		anker := m.Anker()
		h.finder(&anker)
		h.sag(50, "")
		h.positioner()
		h.finder(&anker)
		ny := anker
		ny.Kaede = "00" + ny.Kaede[2:]
		h.finder(&ny, kopi.Fund{Art: kopi.FundKaede, Logposition: 8})
		h.exec(`UPDATE besked SET logposition = NULL, kaede = NULL WHERE logposition > 6`)
		h.finder(nil)
		h.finder(&anker, kopi.Fund{Art: kopi.FundKaede, Logposition: 6})
	})
}

// A besked that MOX has added to, because it said less than its content does, is still the one that was accepted; what was
// added cannot be altered either.
func TestDetMOXTilfoejerKanEfterproeves(t *testing.T) {
	paaBegge(t, func(h *hus) {
		start, fejl := mox.LaesFilter(map[string]any{"objekttype": "Sag"})
		if len(fejl) > 0 {
			h.Fatal(fejl)
		}
		h.maa(h.d.Konfigurer(h.Context(), h.d.Abonnementer(), []mox.Proces{{Navn: "byggesag", Start: start}}))
		a := h.sag(1, "")
		h.positioner()
		h.maa(h.d.Store().View(h.Context(), func(tx *store.Tx) error {
			b, _, err := tx.BeskedNr(a.Nr)
			if b.Opgaveemne == "" || b.Tilstand == "" || len(b.ProcesID) != 1 {
				h.Errorf("nothing was added: %+v", b.Besked)
			}
			return err
		}))
		h.finder(nil)
		h.exec(`UPDATE besked SET metadata = REPLACE(metadata, '02.34.02', '02.34.03')`)
		h.finder(nil, kopi.Fund{Art: kopi.FundIndhold, Logposition: 1})
	})
}
