package register_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/register"
	"github.com/moxkit/mox/store"
)

func kommune(cvr string) register.Hvem {
	k := []mox.Kreds{{Myndigheder: []string{cvr}}}
	return register.Hvem{Navn: "kommune " + cvr, Rolle: "drift", Adgang: register.Adgang{Laese: k, Skrive: k}}
}

// medEjere is a Sag that changes owner at skifte.
func medEjere(foerst, siden string, skifte mox.Tidspunkt) mox.Registrering {
	ud := sag("Sag", mox.MinusUendelig)
	ud.Relationer = map[string][]mox.Relation{"ejer": {
		{Reference: mox.Reference{URN: "urn:oio:cvr-nr:" + foerst}, Virkning: mox.Virkning{Fra: mox.MinusUendelig, Til: skifte}},
		{Reference: mox.Reference{URN: "urn:oio:cvr-nr:" + siden}, Virkning: mox.Virkning{Fra: skifte, Til: mox.Uendelig}}}}
	return ud
}

// TestRettenFoelgerVirkningen lets the owner change as time goes, without anybody writing: also of what is Passiveret.
func TestRettenFoelgerVirkningen(t *testing.T) {
	paaBegge(t, func(h *hus) {
		alt := register.Hvem{Navn: "x", Adgang: register.FuldAdgang()}
		skifte := time.Now().Add(time.Hour)
		opret := func() mox.ObjektID {
			ud, err := h.r.Opret(h.Context(), alt, mox.Sag, medEjere("11111111", "22222222", mox.Kl(skifte)))
			h.maa(err)
			return ud.ObjektID
		}
		aktiv, passiv := opret(), opret()
		_, err := h.r.Passiver(h.Context(), alt, mox.Sag, passiv, "", "")
		h.maa(err)
		ser := func(cvr string, vil bool) {
			h.Helper()
			for _, id := range []mox.ObjektID{aktiv, passiv} {
				_, err := h.r.Laes(h.Context(), kommune(cvr), mox.Sag, id, register.Tider{})
				fundet, fejl := h.r.Soeg(h.Context(), kommune(cvr), mox.Sag, register.Soegning{})
				h.maa(fejl)
				if (err == nil) != vil || slices.Contains(fundet, id) != vil || err != nil && mox.KodeAf(err) != mox.KodeIkkeFundet {
					h.Errorf("%s reads %s: %v, finds %v; want %t", cvr, id, err, fundet, vil)
				}
			}
		}
		ser("11111111", true)
		ser("22222222", false)
		if n, err := h.r.FortaelVirkninger(h.Context(), skifte.Add(time.Minute)); n != 1 || err != nil {
			h.Errorf("%d told, %v; want the one that is not Passiveret", n, err)
		}
		ser("11111111", false)
		ser("22222222", true)
	})
}

// TestKlargoer brings rows from before the classification was kept up to date: until then nobody with limits sees them.
func TestKlargoer(t *testing.T) {
	paaBegge(t, func(h *hus) {
		alt := register.Hvem{Navn: "x", Adgang: register.FuldAdgang()}
		ud, err := h.r.Opret(h.Context(), alt, mox.Sag, medEjere("11111111", "11111111", dag(1)))
		h.maa(err)
		_, err = h.r.Importer(h.Context(), alt, mox.Sag, ud.ObjektID, "", medEjere("22222222", "22222222", dag(1)))
		h.maa(err)
		h.maa(h.d.Store().Update(h.Context(), func(tx *store.Tx) error {
			_, err := tx.Exec(`UPDATE register_registrering SET myndighed = NULL`)
			if err == nil {
				_, err = tx.Exec(`UPDATE register_objekt SET myndighed = 'urn:oio:cvr-nr:22222222'`) // as it was kept
			}
			return err
		}))
		hele := register.Tider{RegFra: time.UnixMicro(1)}
		antal := func(cvr string) int {
			l, err := h.r.Laes(h.Context(), kommune(cvr), mox.Sag, ud.ObjektID, hele)
			if err != nil && mox.KodeAf(err) != mox.KodeIkkeFundet {
				h.Fatal(err)
			}
			return len(l.Versioner)
		}
		_, err = h.r.Slet(h.Context(), kommune("11111111"), mox.Dokument, ud.ObjektID, "", "")
		if mox.KodeAf(err) != mox.KodeIkkeFundet || strings.Contains(err.Error(), "anden type") || strings.Contains(err.Error(), "ikke et objekt af typen") {
			h.Errorf("asked for as a Dokument: %v", err)
		}
		if n := antal("11111111") + antal("22222222"); n != 0 {
			h.Errorf("%d registreringer are seen that nobody knows whose are", n)
		}
		h.maa(h.r.Klargoer(h.Context()))
		fundet, err := h.r.Soeg(h.Context(), kommune("22222222"), mox.Sag, register.Soegning{})
		h.maa(err)
		if antal("11111111") != 1 || antal("22222222") != 1 || len(fundet) != 1 {
			h.Errorf("%d and %d registreringer, %v found", antal("11111111"), antal("22222222"), fundet)
		}
	})
}

// TestUdenAdgang shows that a caller that nothing is said of may nothing.
func TestUdenAdgang(t *testing.T) {
	paaBegge(t, func(h *hus) {
		ingen, alt := register.Hvem{Navn: "ingen"}, register.Hvem{Navn: "x", Adgang: register.FuldAdgang()}
		ud, err := h.r.Opret(h.Context(), alt, mox.Sag, sag("Sag", mox.MinusUendelig))
		h.maa(err)
		id := ud.ObjektID
		for navn, f := range map[string]func() error{
			"Opret": func() error {
				_, err := h.r.Opret(h.Context(), ingen, mox.Sag, sag("x", mox.MinusUendelig))
				return err
			},
			"Importer": func() error {
				_, err := h.r.Importer(h.Context(), ingen, mox.Sag, id, "", sag("x", mox.MinusUendelig))
				return err
			},
			"Overtag": func() error {
				_, err := h.r.Overtag(h.Context(), ingen, mox.Sag, id, "", sag("x", mox.MinusUendelig))
				return err
			},
			"Ret": func() error { _, err := h.r.Ret(h.Context(), ingen, mox.Sag, id, "", mox.Registrering{}); return err },
			"Erstat": func() error {
				_, err := h.r.Erstat(h.Context(), ingen, mox.Sag, id, "", mox.Registrering{})
				return err
			},
			"Passiver": func() error { _, err := h.r.Passiver(h.Context(), ingen, mox.Sag, id, "", ""); return err },
			"Slet":     func() error { _, err := h.r.Slet(h.Context(), ingen, mox.Sag, id, "", ""); return err },
			"Laes":     func() error { _, err := h.r.Laes(h.Context(), ingen, mox.Sag, id, register.Tider{}); return err },
			"Historik": func() error { _, err := h.r.Historik(h.Context(), ingen, mox.Sag, id, 1); return err },
			"List": func() error {
				_, err := h.r.List(h.Context(), ingen, mox.Sag, []mox.ObjektID{id}, register.Tider{})
				return err
			},
			"Soeg": func() error { _, err := h.r.Soeg(h.Context(), ingen, mox.Sag, register.Soegning{}); return err },
			"Stroem": func() error {
				return h.r.Stroem(h.Context(), ingen, mox.Sag, register.Soegning{}, func(register.Laest) error { t.Error("given an objekt"); return nil })
			},
			"Forskel": func() error {
				_, err := h.r.Forskel(h.Context(), ingen, mox.Sag, id, nil, register.Punkt{})
				return err
			},
			"Indhold": func() error { _, err := h.r.Indhold(h.Context(), ingen, "urn:x", time.Time{}); return err },
			"Indsigt": func() error { return h.r.Indsigt(h.Context(), ingen, []string{"0101010101"}, nil, nil) },
		} {
			if err := f(); mox.KodeAf(err) != mox.KodeIkkeTilladt {
				h.Errorf("%s: %v", navn, err)
			}
		}
	})
}
