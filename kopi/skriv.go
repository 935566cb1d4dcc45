package kopi

import (
	"archive/zip"
	"compress/flate"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"path/filepath"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/indhold"
	"github.com/moxkit/mox/internal/pak"
	"github.com/moxkit/mox/store"
	"github.com/moxkit/mox/store/migration"
)

// Skriv writes a copy of everything to w while others go on working: the rows as they stood at one moment, and the documents
// they refer to. With hemmeligheder it can be put back; without, the installation's key and the configuration are left out,
// and the rest is for whoever leaves. fremdrift, which may be nil, hears how far it has come.
func (k Kilde) Skriv(ctx context.Context, w io.Writer, hemmeligheder bool, fremdrift func(Fremdrift)) (Manifest, error) {
	s := &skriver{Kilde: k, ctx: ctx, zip: zip.NewWriter(w), fremdrift: fremdrift, hemmeligheder: hemmeligheder,
		m: Manifest{Format: Format, Mox: k.Version, Installation: k.Store.InstallationID(), Genskabes: hemmeligheder}}
	s.zip.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestSpeed) })
	if err := k.Store.View(ctx, s.billede); err != nil {
		return s.m, err
	}
	if err := s.opsaetning(); err != nil {
		return s.m, err
	}
	return s.m, s.slut()
}

type skriver struct {
	Kilde
	ctx           context.Context
	zip           *zip.Writer
	fremdrift     func(Fremdrift)
	hemmeligheder bool
	pak           pak.Pakker
	m             Manifest
}

// billede writes what one snapshot shows.
func (s *skriver) billede(tx *store.Tx) (err error) {
	s.m.Taget = tx.Now()
	if s.m.Skema, err = tx.Skema(); err != nil {
		return err
	}
	var kaede []byte
	if s.m.Logposition, kaede, err = tx.SidstePosition(); err != nil {
		return err
	}
	s.m.Kaede = hex.EncodeToString(kaede)
	if s.m.Taellere, err = tx.Taellere(); err != nil {
		return err
	}
	if err := s.forklaring(); err != nil {
		return err
	}
	tabeller, err := tx.Tabeller()
	if err != nil {
		return err
	}
	for _, t := range tabeller {
		if err := s.tabel(tx, t); err != nil {
			return err
		}
	}
	return s.dokumenter(tx)
}

// forklaring writes what a person needs to read the rest.
func (s *skriver) forklaring() error {
	skema, err := migration.Text(migration.SQLite(), s.m.Skema)
	if err != nil {
		return err
	}
	if err := s.tekst(laesMigNavn, []byte(laesMig)); err != nil {
		return err
	}
	return s.tekst(skemaNavn, []byte(skema))
}

const laesMig = `Dette er en kopi af alt, hvad en MOX har. Den kan læses uden MOX.

manifest.json   hvad der er i kopien, med SHA-256 for hver del
tabeller/       en fil for hver tabel; hver linje er en række som JSON
skema.sql       hvad tabellerne og deres felter betyder (på engelsk)
dokumenter/     hvert dokument; filens navn er dens SHA-256
opsaetning/     mox.yaml og de filer, den nævner

Tider er mikrosekunder siden 1. januar 1970 (UTC); 0 er ingen. Bytes står som {"tekst": "…"} eller {"base64": "…"}.
Er opsaetning/ med, er installationens nøgle det også: gem kopien, hvor kun de rette kan læse den.
`

// del is a part being written.
type del struct {
	io.Writer
	sum   hash.Hash
	bytes int64
	navn  string
}

func (d *del) Write(p []byte) (int, error) {
	n, err := d.Writer.Write(p)
	d.sum.Write(p[:n]) // documented never to fail
	d.bytes += int64(n)
	return n, err
}

func (d *del) sha() string { return hex.EncodeToString(d.sum.Sum(nil)) }

// ny begins a part; the part before it has ended.
func (s *skriver) ny(navn string, metode uint16) (*del, error) {
	w, err := s.zip.CreateHeader(&zip.FileHeader{Name: navn, Method: metode, Modified: s.m.Taget})
	return &del{Writer: w, sum: sha256.New(), navn: navn}, err
}

func (s *skriver) faerdig(d *del, raekker int64) {
	s.m.Dele = append(s.m.Dele, Del{Navn: d.navn, Raekker: raekker, Bytes: d.bytes, SHA256: d.sha()})
}

func (s *skriver) tekst(navn string, b []byte) error {
	d, err := s.ny(navn, zip.Deflate)
	if err != nil {
		return err
	}
	_, err = d.Write(b)
	s.faerdig(d, 0)
	return err
}

func (s *skriver) tabel(tx *store.Tx, t store.Tabel) error {
	d, err := s.ny(tabelMappe+t.Navn+".ndjson", zip.Deflate)
	if err != nil {
		return err
	}
	m := nyMelder(s.fremdrift, "tabellen "+t.Navn)
	var linje []byte
	err = tx.Raekker(t, func(v []any) (err error) {
		if err := s.ctx.Err(); err != nil {
			return err
		}
		if err = s.afgiv(t, v); err == nil {
			linje, err = skrivRaekke(linje[:0], t.Kolonner, v)
		}
		if err != nil {
			return fmt.Errorf("tabellen %s: %w", t.Navn, err)
		}
		m.en()
		_, err = d.Write(linje)
		return err
	})
	s.faerdig(d, m.antal)
	return err
}

// afgiv makes a row fit to be given away: without the installation's key and people's passwords, and with the register's content unpacked, so that
// it can be read without MOX.
func (s *skriver) afgiv(t store.Tabel, v []any) (err error) {
	if s.hemmeligheder {
		return nil
	}
	for i, k := range t.Kolonner {
		switch t.Navn + "." + k {
		case "installation.noegle", "bruger.kodeord":
			v[i] = nil
		case "register_registrering.indhold":
			pakket, _ := v[i].([]byte)
			if v[i], err = s.pak.Udpak(pakket); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *skriver) dokumenter(tx *store.Tx) error {
	m := nyMelder(s.fremdrift, "dokumenter")
	return tx.AlleDokumenter(func(d store.Dokument) error {
		m.en()
		return s.dokument(d)
	})
}

func (s *skriver) dokument(d store.Dokument) error {
	f, err := s.Lager.Hent(s.ctx, d.SHA256)
	if mox.KodeAf(err) == mox.KodeIkkeFundet {
		if d.Bruges {
			s.m.Dokumenter.Mangler = append(s.m.Dokumenter.Mangler, d.SHA256)
		}
		return nil // nobody refers to it, and it has been removed since the snapshot
	}
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // only read
	ud, err := s.ny(dokumentMappe+d.SHA256[:2]+"/"+d.SHA256, zip.Store)
	if err != nil {
		return err
	}
	n, err := io.Copy(ud, indhold.Afbrydelig(s.ctx, f))
	s.m.Dokumenter.Antal++
	s.m.Dokumenter.Bytes += n
	if ud.sha() != d.SHA256 {
		s.m.Dokumenter.Beskadigede = append(s.m.Dokumenter.Beskadigede, d.SHA256)
	}
	return err
}

func (s *skriver) opsaetning() error {
	if !s.hemmeligheder {
		return nil
	}
	o, err := findOpsaetning(s.Dir)
	if err != nil {
		return err
	}
	s.m.IkkeMed = o.udenfor
	for _, sti := range o.med {
		b, err := o.laes(sti)
		if err != nil {
			return err
		}
		if err := s.tekst(opsaetMappe+filepath.ToSlash(sti), b); err != nil {
			return err
		}
	}
	return nil
}

// slut writes the manifest and ends the file.
func (s *skriver) slut() error {
	b, err := json.MarshalIndent(s.m, "", "  ")
	if err != nil {
		return err
	}
	w, err := s.zip.CreateHeader(&zip.FileHeader{Name: manifestNavn, Method: zip.Deflate, Modified: s.m.Taget})
	if err != nil {
		return err
	}
	if _, err := w.Write(b); err != nil {
		return err
	}
	return s.zip.Close()
}
