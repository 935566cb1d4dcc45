package kopi_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/indhold"
	"github.com/moxkit/mox/kopi"
	"github.com/moxkit/mox/oio"
	"github.com/moxkit/mox/register"
	"github.com/moxkit/mox/store"
	"github.com/moxkit/mox/store/storetest"
)

// hus is one installation in a test.
type hus struct {
	*testing.T
	dir, url string
	d        *distributor.Distributor
	lager    *indhold.Lager
}

// paaBegge runs a test on an installation of each kind.
func paaBegge(t *testing.T, f func(h *hus)) {
	t.Helper()
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		f(nytHus(t, ""))
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		f(nytHus(t, storetest.Postgres(t)))
	})
}

// nytHus is an installation with nothing in it but its configuration; url "" is SQLite.
func nytHus(t *testing.T, url string) *hus {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "mox")
	skriv(t, filepath.Join(dir, "mox.yaml"), "agenter: [byggesag/agent.yaml]\ndatabase: \""+url+"\"\n")
	skriv(t, filepath.Join(dir, "byggesag", "agent.yaml"), "agent: byggesag\nsources:\n  - map: maps/sag.yaml\n    auth: {kodeord: \"file:hemmelig\"}\n")
	skriv(t, filepath.Join(dir, "byggesag", "maps", "sag.yaml"), "map: sag\n")
	skriv(t, filepath.Join(dir, "byggesag", "hemmelig"), "kodeord\n")
	if url == "" {
		storetest.SQLiteIn(t, dir)
	}
	return aabn(t, dir, url)
}

func skriv(t *testing.T, fil, tekst string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(fil), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(fil, []byte(tekst), 0o600); err != nil {
		t.Fatal(err)
	}
}

// aabn is the process that works on a folder, as mox serve begins.
func aabn(t *testing.T, dir, url string) *hus {
	t.Helper()
	h := &hus{T: t, dir: dir, url: url}
	if url == "" {
		h.url = filepath.Join(dir, "mox.db")
	}
	s, err := store.Open(t.Context(), h.url)
	h.maa(err)
	t.Cleanup(func() { _ = s.Close() })
	h.lager, err = indhold.Open(filepath.Join(dir, "indhold"))
	h.maa(err)
	h.d, err = distributor.New(t.Context(), s, distributor.Options{Jitter: func() float64 { return 0 }})
	h.maa(err)
	h.maa(h.d.Konfigurer(t.Context(), []mox.Abonnement{{ID: "esdh", System: "esdh", Orden: mox.OrdenObjekt, Plan: mox.Plan{Forsoeg: 3}, Gentages: true}}, nil))
	h.maa(h.d.Start(t.Context()))
	return h
}

func (h *hus) maa(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err, errors.Unwrap(err))
	}
}

func (h *hus) kode(err error, vil mox.Kode) {
	h.Helper()
	if mox.KodeAf(err) != vil {
		h.Errorf("the error has kode %q (%v), want %q", mox.KodeAf(err), err, vil)
	}
}

func (h *hus) exec(q string, args ...any) {
	h.Helper()
	h.maa(h.d.Store().Update(h.Context(), func(tx *store.Tx) error {
		n, err := tx.Exec(q, args...)
		if err == nil && n == 0 {
			err = fmt.Errorf("%s changes nothing", q)
		}
		return err
	}))
}

func (h *hus) kilde() kopi.Kilde {
	return kopi.Kilde{Store: h.d.Store(), Lager: h.lager, Dir: h.dir, Version: "prøve"}
}

// sag accepts a besked about an objekt of its own, with content that refers to the document bytes, if any.
func (h *hus) sag(nr int, dokument string) distributor.Accepteret {
	h.Helper()
	a, err := h.d.Accept(h.Context(), "byggesag", h.besked(nr, dokument))
	h.maa(err)
	return a
}

func (h *hus) besked(nr int, dokument string) mox.Besked {
	h.Helper()
	t, felter := mox.Sag, map[string]string{"egenskaber.brugervendtnoegle": fmt.Sprint(nr), "egenskaber.sagsnummer": fmt.Sprint(nr), "egenskaber.titel": "Carport ÆØÅ \"<&>",
		"egenskaber.beskrivelse": "-", "egenskaber.kassationskode": "B", "tilstande.fremdrift": "Opstaaet", "relationer.primaerklasse": "urn:oio:kle:02.34.02"}
	if dokument != "" {
		t, felter = mox.Dokument, map[string]string{"egenskaber.brugervendtnoegle": fmt.Sprint(nr), "egenskaber.titel": "Kort", "egenskaber.beskrivelse": "-", "tilstande.fremdrift": "Endeligt",
			"varianter.pdf.dele.1.indhold": indhold.URN + h.gem(dokument)}
	}
	objekttype, _ := mox.TypeAf(t)
	tid := time.Date(2026, 3, 2, 9, 15, 0, 0, time.UTC)
	r, err := mox.Registrering{}.Laeg(objekttype, felter, mox.Fra(mox.Kl(tid)))
	h.maa(err)
	r.LivscyklusKode, r.FraTidspunkt = mox.Rettet, tid
	id := mox.ObjektID(fmt.Sprintf("aaaaaaaa-0000-4000-8000-%012d", nr))
	raa, err := oio.MarshalRegistrering(t, id, r)
	h.maa(err)
	return mox.Besked{ID: mox.BeskedID(fmt.Sprintf("bbbbbbbb-0000-4000-8000-%012d", nr)), ObjektID: id, ObjektType: t, LivscyklusKode: mox.Rettet,
		Aktoer: "cccccccc-0000-4000-8000-000000000003", Kildesystem: "byggesag", Registreringstid: tid, Indhold: raa, Indholdstype: oio.TypeJSON}
}

func (h *hus) gem(tekst string) string {
	h.Helper()
	sha, n, err := h.lager.Gem(h.Context(), strings.NewReader(tekst))
	h.maa(err)
	h.maa(h.d.Store().Update(h.Context(), func(tx *store.Tx) error { return tx.InsertIndhold(sha, n) }))
	return sha
}

func (h *hus) claim(n int) []distributor.Arbejde {
	h.Helper()
	w, err := h.d.Claim(h.Context(), "esdh", h.d.Inkarnation()+"/1", n, time.Hour)
	h.maa(err)
	return w
}

func (h *hus) positioner() {
	h.Helper()
	_, err := h.d.GivPositioner(h.Context())
	h.maa(err)
}

// fyld gives the installation something of every kind: delivered, parked, under way, waiting, and documents.
func (h *hus) fyld() {
	h.Helper()
	for nr := range 8 {
		h.sag(nr, map[bool]string{true: fmt.Sprintf("%%PDF-1.7 nr. %d\x00\xff", nr)}[nr%3 == 0])
	}
	h.positioner()
	for i, w := range h.claim(4) {
		u := mox.Udfald{Resultat: mox.ResAccepteret}
		switch i {
		case 1:
			u = mox.Udfald{Resultat: mox.ResAfvist, Kode: "409", Tekst: "sagen er lukket"}
		case 2, 3:
			continue // under way
		}
		_, err := h.d.Done(h.Context(), distributor.Afslutning{Leverance: w.Leverance, Forsoeg: w.Forsoeg, Ejer: w.Ejer, Udfald: u, Svar: []byte{0xff, 0, byte(i)}})
		h.maa(err)
	}
	h.kode(h.d.Afvis(h.Context(), "byggesag", []byte("NR;TITEL\r\n\xe6\xf8\xe5"), mox.E("x", mox.KodeUgyldig, "kan ikke læses")), mox.KodeUgyldig)
	h.sag(8, "") // has no place in the log yet
}

// register writes a Sag into the register.
func (h *hus) register() {
	h.Helper()
	t, _ := mox.TypeAf(mox.Sag)
	r, err := mox.Registrering{}.Laeg(t, map[string]string{"egenskaber.brugervendtnoegle": "r-1", "egenskaber.sagsnummer": "r-1", "egenskaber.titel": "Garage i registeret",
		"egenskaber.beskrivelse": "-", "egenskaber.kassationskode": "B", "tilstande.fremdrift": "Opstaaet"}, mox.Fra(mox.Kl(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))))
	h.maa(err)
	_, err = register.New(h.d, register.Options{}).Opret(h.Context(), register.Hvem{Navn: "inge", Adgang: register.FuldAdgang()}, mox.Sag, r)
	h.maa(err)
}

// kopier makes a copy of an installation, and gives its file.
func (h *hus) kopier(k kopi.Kilde, hemmeligheder bool) (string, kopi.Manifest) {
	h.Helper()
	fil := filepath.Join(h.TempDir(), "kopi.zip")
	f, err := os.Create(fil)
	h.maa(err)
	m, err := k.Skriv(h.Context(), f, hemmeligheder, nil)
	h.maa(err)
	h.maa(f.Close())
	return fil, m
}

// genskab puts a copy back in a new folder; database nil is the one that the copy names.
func (h *hus) genskab(fil string, database *string) (dir string, err error) {
	h.Helper()
	f, err := kopi.Aabn(fil)
	if err != nil {
		return "", err
	}
	defer func() { h.maa(f.Luk()) }()
	dir = filepath.Join(h.TempDir(), "ny")
	return dir, f.Genskab(h.Context(), kopi.Genskabelse{Dir: dir, Database: database})
}

// dele are the parts of a copy by name, the lines of each table sorted.
func (h *hus) dele(fil string) map[string]string {
	h.Helper()
	z, err := zip.OpenReader(fil)
	h.maa(err)
	defer func() { h.maa(z.Close()) }()
	ud := map[string]string{}
	for _, d := range z.File {
		r, err := d.Open()
		h.maa(err)
		b, err := io.ReadAll(r)
		h.maa(err)
		if strings.HasSuffix(d.Name, ".ndjson") {
			linjer := bytes.Split(b, []byte("\n"))
			slices.SortFunc(linjer, bytes.Compare)
			b = bytes.Join(linjer, []byte("\n"))
		}
		ud[d.Name] = string(b)
	}
	return ud
}
