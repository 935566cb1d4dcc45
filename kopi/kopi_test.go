package kopi_test

import (
	"archive/zip"
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/indhold"
	"github.com/moxkit/mox/internal/testenv"
	"github.com/moxkit/mox/kopi"
	"github.com/moxkit/mox/store"
)

// A copy from either database, put back on either, is the same installation: every row, document and file. Tables that
// number their rows go on ahead of what the old installation may have given since.
func TestGenskabtErDetSammeAlleVeje(t *testing.T) {
	paaBegge(t, func(h *hus) {
		h.fyld()
		h.register()
		fil, m := h.kopier(h.kilde(), true)
		if m.Logposition != 8 || m.Dokumenter.Antal != 3 || len(m.Advarsler()) > 0 {
			h.Errorf("manifest %+v", m)
		}
		for navn, url := range map[string]string{"SQLite": "", "PostgreSQL": testenv.Postgres(h.T)} {
			dir, err := h.genskab(fil, &url)
			if err != nil {
				h.Errorf("to %s: %v: %v", navn, err, errors.Unwrap(err))
				continue
			}
			h.somFoer(navn, fil, m, dir, url)
		}
	})
}

// somFoer holds a folder that a copy was put back in against the copy, by making a copy of that.
func (h *hus) somFoer(navn, fil string, m kopi.Manifest, dir, url string) {
	h.Helper()
	if url == "" {
		url = filepath.Join(dir, "mox.db")
	}
	s, err := store.Open(h.Context(), url)
	h.maa(err)
	defer func() { h.maa(s.Close()) }()
	lager, err := indhold.Open(filepath.Join(dir, "indhold"))
	h.maa(err)
	igen, ny := h.kopier(kopi.Kilde{Store: s, Lager: lager, Dir: dir, Version: "prøve"}, true)
	foer, efter := h.dele(fil), h.dele(igen)
	for del, b := range foer {
		if del != "manifest.json" && del != "opsaetning/mox.yaml" && efter[del] != b {
			h.Errorf("to %s, %s:\n%s\nwas\n%s", navn, del, efter[del], b)
		}
	}
	if len(foer) != len(efter) || len(foer) < 30 {
		h.Errorf("to %s: %d parts, were %d", navn, len(efter), len(foer))
	}
	for tabel, n := range m.Taellere {
		if ny.Taellere[tabel] != n+store.Spring {
			h.Errorf("to %s: %s goes on from %d, was at %d", navn, tabel, ny.Taellere[tabel], n)
		}
	}
}

// A copy is taken while beskeder come in and the process is then gone. What had been accepted when the copy was begun is in
// what is put back; what was under way is given out again under the same key, and the rest after it.
func TestKopiUnderTrafikTaberIntet(t *testing.T) {
	paaBegge(t, func(h *hus) {
		h.fyld()
		ctx, stop := context.WithCancel(h.Context())
		accepteret, faerdig := make(chan int, 1000), make(chan error, 1)
		go func() { faerdig <- h.trafik(ctx, accepteret) }()
		var foer []int
		for range 20 {
			foer = append(foer, <-accepteret)
		}
		fil, _ := h.kopier(h.kilde(), true)
		stop()
		h.maa(<-faerdig)
		underVejs := h.noegler()
		h.maa(h.d.Store().Close()) // killed: nothing of it is ended but its connections
		var nyt *string
		if h.url != filepath.Join(h.dir, "mox.db") {
			url := testenv.Postgres(h.T)
			nyt = &url
		}
		dir, err := h.genskab(fil, nyt)
		h.maa(err)
		if nyt == nil {
			nyt = new(string)
		}
		ny := aabn(h.T, dir, *nyt)
		ny.harAlle(foer)
		ny.udleveresIgen(underVejs, len(foer))
		r, err := ny.kilde().Efterproev(h.Context(), nil, nil)
		h.maa(err)
		if r.Antal > 0 {
			h.Errorf("the check of what was put back: %+v", r.Fund)
		}
	})
}

// trafik sends beskeder until ctx ends, and tells of each that was accepted.
func (h *hus) trafik(ctx context.Context, accepteret chan<- int) error {
	for nr := 100; nr < 1000 && ctx.Err() == nil; nr++ {
		if _, err := h.d.Accept(context.WithoutCancel(ctx), "byggesag", h.besked(nr, "")); err != nil {
			return err
		}
		if _, err := h.d.GivPositioner(context.WithoutCancel(ctx)); err != nil {
			return err
		}
		accepteret <- nr
	}
	return nil
}

// noegler are the idempotency keys of what is under way, as they were given out.
func (h *hus) noegler() (ud []string) {
	h.Helper()
	h.maa(h.d.Store().View(h.Context(), func(tx *store.Tx) error {
		for id := range int64(20) {
			o, ok, err := tx.OpgaveFor(id)
			if err != nil {
				return err
			}
			if ok && o.Leverance.Tilstand == mox.UnderLevering {
				ud = append(ud, string(o.Besked.ID)+".esdh.1")
			}
		}
		return nil
	}))
	if len(ud) != 2 {
		h.Fatalf("%d under way, want 2", len(ud))
	}
	return ud
}

func (h *hus) harAlle(numre []int) {
	h.Helper()
	h.maa(h.d.Store().View(h.Context(), func(tx *store.Tx) error {
		for _, nr := range numre {
			if _, ok, err := tx.BeskedFra("byggesag", h.besked(nr, "").ID); !ok || err != nil {
				h.Errorf("besked %d was accepted before the copy was begun, and is not in it: %v", nr, err)
			}
		}
		return nil
	}))
}

// udleveresIgen claims what there is, right after the start: the keys are among it, with at least so many others.
func (h *hus) udleveresIgen(noegler []string, andre int) {
	h.Helper()
	var har []string
	for _, w := range h.claim(2000) {
		har = append(har, w.Noegle)
	}
	for _, n := range noegler {
		if !slices.Contains(har, n) {
			h.Errorf("%s was under way and is not given out again", n)
		}
	}
	if len(har) < len(noegler)+andre {
		h.Errorf("%d are given out, want at least %d", len(har), len(noegler)+andre)
	}
}

// Nothing is written from a copy that does not hold, wherever it is altered, nor over anything.
func TestKunEnHelKopiGenskabes(t *testing.T) {
	t.Parallel()
	h := nytHus(t, "")
	h.fyld()
	fil, _ := h.kopier(h.kilde(), true)
	hel, err := os.ReadFile(fil)
	h.maa(err)
	const maengde = 40
	for i := range maengde {
		b := slices.Clone(hel)
		b[len(b)*i/maengde+30] ^= 0x01
		h.maa(os.WriteFile(fil, b, 0o600))
		if dir, err := h.genskab(fil, nil); err == nil {
			h.kanKunVaereNavnet(i, fil, dir)
		} else if _, e := os.Stat(dir); dir != "" && e == nil {
			h.Errorf("byte %d: %v, and %s is there", i, err, dir)
		}
	}
	h.maa(os.WriteFile(fil, hel[:len(hel)-100], 0o600))
	_, err = h.genskab(fil, nil)
	h.kode(err, mox.KodeUgyldig)
	h.manifestet(fil, hel)
}

// manifestet alters every tenth byte of the manifest alone: it is refused, or it says what it said.
func (h *hus) manifestet(fil string, hel []byte) {
	h.Helper()
	fra, til := h.pladsAf(fil, hel, "manifest.json")
	rigtig, err := kopi.Aabn(fil)
	h.maa(err)
	h.maa(rigtig.Luk())
	for i := fra; i < til; i += 10 {
		b := slices.Clone(hel)
		b[i] ^= 0x01
		h.maa(os.WriteFile(fil, b, 0o600))
		if f, err := kopi.Aabn(fil); err == nil {
			h.maa(f.Luk())
			if !reflect.DeepEqual(f.Manifest, rigtig.Manifest) {
				h.Errorf("byte %d of the manifest is altered", i-fra)
			}
		}
	}
}

// pladsAf is where the bytes of a part stand.
func (h *hus) pladsAf(fil string, hel []byte, navn string) (fra, til int) {
	h.Helper()
	h.maa(os.WriteFile(fil, hel, 0o600))
	z, err := zip.OpenReader(fil)
	h.maa(err)
	defer func() { h.maa(z.Close()) }()
	for _, d := range z.File {
		if d.Name == navn {
			o, err := d.DataOffset()
			h.maa(err)
			return int(o), int(o) + int(d.CompressedSize64)
		}
	}
	h.Fatal("no " + navn)
	return 0, 0
}

// kanKunVaereNavnet lets a byte be altered that the zip file has twice, or that means nothing: then what was put back is
// the same.
func (h *hus) kanKunVaereNavnet(i int, fil, dir string) {
	h.Helper()
	s, err := store.Open(h.Context(), filepath.Join(dir, "mox.db"))
	h.maa(err)
	defer func() { h.maa(s.Close()) }()
	lager, err := indhold.Open(filepath.Join(dir, "indhold"))
	h.maa(err)
	igen, _ := h.kopier(kopi.Kilde{Store: s, Lager: lager, Dir: dir}, true)
	foer, efter := h.dele(fil), h.dele(igen)
	for del, b := range foer {
		if del != "manifest.json" && efter[del] != b {
			h.Errorf("byte %d is altered, and it was put back with another %s", i, del)
		}
	}
}

func TestGenskabSkriverIkkeOvenINoget(t *testing.T) {
	paaBegge(t, func(h *hus) {
		h.fyld()
		fil, _ := h.kopier(h.kilde(), true)
		f, err := kopi.Aabn(fil)
		h.maa(err)
		defer func() { h.maa(f.Luk()) }()
		h.kode(f.Genskab(h.Context(), kopi.Genskabelse{Dir: h.dir}), mox.KodeKonflikt)
		if h.url != filepath.Join(h.dir, "mox.db") { // the copy names the database that is in use
			dir := filepath.Join(h.TempDir(), "ny")
			h.kode(f.Genskab(h.Context(), kopi.Genskabelse{Dir: dir}), mox.KodeKonflikt)
			if rester, err := filepath.Glob(dir + "*"); err != nil || len(rester) > 0 {
				h.Errorf("left behind: %v %v", rester, err)
			}
		}
	})
}

// Who leaves takes everything but the key and the configuration, and cannot put it back.
func TestEksportHarIngenHemmeligheder(t *testing.T) {
	t.Parallel()
	h := nytHus(t, "")
	h.fyld()
	h.register()
	fil, m := h.kopier(h.kilde(), false)
	dele := h.dele(fil)
	for navn := range dele {
		if strings.HasPrefix(navn, "opsaetning/") {
			h.Errorf("%s is in it", navn)
		}
	}
	if !strings.Contains(dele["tabeller/installation.ndjson"], `"noegle":null`) || !strings.Contains(dele["tabeller/besked.ndjson"], "Carport ÆØÅ") {
		h.Errorf("installation %s", dele["tabeller/installation.ndjson"])
	}
	if !strings.Contains(dele["tabeller/register_registrering.ndjson"], "Garage i registeret") {
		h.Errorf("the register cannot be read: %s", dele["tabeller/register_registrering.ndjson"])
	}
	if !strings.Contains(dele["skema.sql"], "dies with the content") || m.Genskabes {
		h.Error("the fields are not explained, or it says that it can be put back")
	}
	_, err := h.genskab(fil, nil)
	h.kode(err, mox.KodeUgyldig)
}

// The files that mox.yaml names come along, and those that they name; what lies elsewhere is told.
func TestOpsaetningenErMed(t *testing.T) {
	t.Parallel()
	h := nytHus(t, "")
	andetsteds := filepath.Join(t.TempDir(), "tls.key")
	skriv(t, andetsteds, "nøgle")
	skriv(t, filepath.Join(h.dir, "mox.yaml"), "agenter: [byggesag/agent.yaml]\nfjern: {noegle: "+andetsteds+", api_noegler: lokal.noegle}\naftaler: [\"aftaler/*.yaml\"]\nlisten: 127.0.0.1:8480\n")
	skriv(t, filepath.Join(h.dir, "lokal.noegle"), "kun her")
	skriv(t, filepath.Join(h.dir, "byggesag", "ikke-naevnt"), "x")
	skriv(t, filepath.Join(h.dir, "aftaler", "esdh.yaml"), "navn: esdh\n")
	fil, m := h.kopier(h.kilde(), true)
	var har []string
	for navn := range h.dele(fil) {
		if sti, ok := strings.CutPrefix(navn, "opsaetning/"); ok {
			har = append(har, sti)
		}
	}
	slices.Sort(har)
	if vil := []string{"aftaler/esdh.yaml", "byggesag/agent.yaml", "byggesag/hemmelig", "byggesag/maps/sag.yaml", "mox.yaml"}; !slices.Equal(har, vil) {
		h.Errorf("configuration %v, want %v", har, vil)
	}
	if !slices.Equal(m.IkkeMed, []string{andetsteds}) {
		h.Errorf("left out: %v", m.IkkeMed)
	}
	dir, err := h.genskab(fil, nil)
	h.maa(err)
	if info, err := os.Stat(filepath.Join(dir, "byggesag", "hemmelig")); err != nil || info.Mode().Perm() != 0o600 {
		h.Errorf("the secret is put back as %v, %v", info, err)
	}
}
