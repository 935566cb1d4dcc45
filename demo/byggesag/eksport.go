package byggesag

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/encoding/charmap"
)

// Kinds of rows in the export log.
const (
	ArtSag      = "sag"
	ArtDokument = "dok"
)

// Greatest number of versions in one export file.
const (
	sagerPrFil      = 50
	dokumenterPrFil = 200
)

// skrivestykke is how much of a file is written at a time.
const skrivestykke = 4096

// post is one line of the export log.
type post struct {
	art     string
	nr      string
	version int
}

// ExportNow writes everything that is new to files: first the cases, then the documents.
func (s *System) ExportNow(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, runde := range []func(context.Context) (int, error){s.eksporterSager, s.eksporterDokumenter} {
		for {
			n, err := runde(ctx)
			if err != nil {
				return fmt.Errorf("byggesag: eksport: %w", err)
			}
			if n == 0 {
				break
			}
		}
	}
	return nil
}

// eksporterSager writes one case file and says how many versions it holds.
func (s *System) eksporterSager(ctx context.Context) (int, error) {
	sager, err := s.nyeSager(ctx, sagerPrFil)
	if err != nil || len(sager) == 0 {
		return 0, err
	}
	poster := make([]post, len(sager))
	for i, sag := range sager {
		poster[i] = post{ArtSag, sag.Nr, sag.Version}
	}
	return len(sager), s.eksporter(ctx, poster, func(loebenr int) (string, []byte, error) {
		return sagFil(loebenr), s.sagCSV(sager), nil
	})
}

// eksporterDokumenter writes the contents and then one document file, and says how many versions it holds.
func (s *System) eksporterDokumenter(ctx context.Context) (int, error) {
	dokumenter, err := s.nyeDokumenter(ctx, dokumenterPrFil)
	if err != nil || len(dokumenter) == 0 {
		return 0, err
	}
	poster := make([]post, len(dokumenter))
	for i, d := range dokumenter {
		poster[i] = post{ArtDokument, d.Nr, d.Version}
		if err := os.WriteFile(s.ud(d.fil()), d.Indhold, 0o644); err != nil {
			return 0, err
		}
	}
	return len(dokumenter), s.eksporter(ctx, poster, func(loebenr int) (string, []byte, error) {
		data, err := dokumentXML(loebenr, dokumenter)
		return dokFil(loebenr), data, err
	})
}

// eksporter takes a number, writes the file that lav makes for it, and enters poster in the log.
func (s *System) eksporter(ctx context.Context, poster []post, lav func(loebenr int) (navn string, data []byte, err error)) error {
	loebenr, err := s.naesteLoebenr(ctx)
	if err != nil {
		return err
	}
	navn, data, err := lav(loebenr)
	if err != nil {
		return err
	}
	if err := s.skrivFil(ctx, navn, data); err != nil {
		return err
	}
	// The file is out: that it is must be remembered even when the system is asked to stop just now.
	return s.logEksport(context.WithoutCancel(ctx), navn, poster)
}

// naesteLoebenr gives the next number of an export file. A number is never used twice, also not after a failed export.
func (s *System) naesteLoebenr(ctx context.Context) (n int, err error) {
	err = s.db.QueryRowContext(ctx, `UPDATE taeller SET vaerdi = vaerdi + 1 WHERE navn = 'eksport' RETURNING vaerdi`).Scan(&n)
	return n, err
}

// skrivFil writes a file under its final name, piece by piece, and the marker that says it is complete.
func (s *System) skrivFil(ctx context.Context, navn string, data []byte) error {
	f, err := os.Create(s.ud(navn))
	if err != nil {
		return err
	}
	defer f.Close() // the error that counts is that of the Close below
	for stykke := range slices.Chunk(data, skrivestykke) {
		if _, err := f.Write(stykke); err != nil {
			return err
		}
		if err := pause(ctx, s.opts.Skrivepause); err != nil {
			return err
		}
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(s.dir, "arkiv", filepath.FromSlash(navn)), data, 0o644); err != nil {
		return err
	}
	return os.WriteFile(s.ud(navn)+".klar", nil, 0o644)
}

func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// logEksport enters what a file held and marks it as exported.
func (s *System) logEksport(ctx context.Context, fil string, poster []post) error {
	tid := s.now()
	return s.inTx(ctx, func(tx *sql.Tx) error {
		for _, p := range poster {
			if _, err := tx.ExecContext(ctx, `INSERT INTO eksportlog (art, nr, version, fil, tid) VALUES (?,?,?,?,?)`,
				p.art, p.nr, p.version, fil, tid); err != nil {
				return err
			}
			tabel := "sag"
			if p.art == ArtDokument {
				tabel = "dokument"
			}
			if _, err := tx.ExecContext(ctx, "UPDATE "+tabel+" SET eksporteret = 1 WHERE nr = ? AND version = ?",
				p.nr, p.version); err != nil {
				return err
			}
		}
		return nil
	})
}

// sagCSV is the content of a case file, in windows-1252. A line that is to be cut off stands last: the export broke
// there.
func (s *System) sagCSV(sager []Sag) []byte {
	var hele, brudte []string
	for _, sag := range sager {
		if s.opts.BrydLinje != nil && s.opts.BrydLinje(sag.Nr, sag.Version) {
			brudte = append(brudte, sag.brudtLinje())
		} else {
			hele = append(hele, sag.Linje())
		}
	}
	linjer := slices.Concat([]string{sagKolonner}, hele, brudte)
	return windows1252(strings.Join(linjer, "\r\n") + "\r\n")
}

// GentagEksport writes the file that last held a version once more, byte for byte, under a new name: what happens when
// an operator runs an export twice. [ErrNummer] when the version was never exported.
func (s *System) GentagEksport(ctx context.Context, art, nr string, version int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	fil, poster, err := s.eksporteretMed(ctx, post{art, nr, version})
	if err != nil {
		return err
	}
	data, err := os.ReadFile(filepath.Join(s.dir, "arkiv", filepath.FromSlash(fil))) // readers take the files in ud away
	if err != nil {
		return err
	}
	return s.eksporter(ctx, poster, func(loebenr int) (string, []byte, error) {
		if art == ArtDokument {
			return dokFil(loebenr), data, nil
		}
		return sagFil(loebenr), data, nil
	})
}

// eksporteretMed finds the latest file that held p, and everything it held.
func (s *System) eksporteretMed(ctx context.Context, p post) (fil string, poster []post, err error) {
	err = s.db.QueryRowContext(ctx,
		`SELECT fil FROM eksportlog WHERE art = ? AND nr = ? AND version = ? ORDER BY id DESC LIMIT 1`,
		p.art, p.nr, p.version).Scan(&fil)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil, fmt.Errorf("%w: %s version %d er ikke eksporteret", ErrNummer, p.nr, p.version)
	}
	if err != nil {
		return "", nil, err
	}
	rows, err := s.db.QueryContext(ctx, `SELECT art, nr, version FROM eksportlog WHERE fil = ? ORDER BY id`, fil)
	if err != nil {
		return "", nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var q post
		if err := rows.Scan(&q.art, &q.nr, &q.version); err != nil {
			return "", nil, err
		}
		poster = append(poster, q)
	}
	return fil, poster, rows.Err()
}

// EksporterGammel writes a case file with one version as it was registered then, whatever has been exported since:
// what happens when a forgotten export job wakes up. [ErrNummer] when there is no such version.
func (s *System) EksporterGammel(ctx context.Context, nr string, version int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var sag Sag
	err := s.inTx(ctx, func(tx *sql.Tx) (err error) {
		sag, err = s.hentSag(ctx, tx, nr, version)
		return err
	})
	if err != nil {
		return err
	}
	return s.eksporter(ctx, []post{{ArtSag, nr, version}}, func(loebenr int) (string, []byte, error) {
		return sagFil(loebenr), s.sagCSV([]Sag{sag}), nil
	})
}

func (s *System) ud(navn string) string { return filepath.Join(s.dir, "ud", filepath.FromSlash(navn)) }

func sagFil(loebenr int) string { return fmt.Sprintf("sag_%06d.csv", loebenr) }
func dokFil(loebenr int) string { return fmt.Sprintf("dok_%06d.xml", loebenr) }

// windows1252 encodes text the way the system always did: what the charset lacks becomes a question mark.
func windows1252(text string) []byte {
	data := make([]byte, 0, len(text))
	for _, r := range text {
		b, ok := charmap.Windows1252.EncodeRune(r)
		if !ok {
			b = '?'
		}
		data = append(data, b)
	}
	return data
}
