package byggesag

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Status is where a case stands.
type Status string

// The statuses of a case.
const (
	Oprettet Status = "OPR"
	Oplyst   Status = "OPL"
	Afgjort  Status = "AFG"
	Trukket  Status = "TRK" // withdrawn by the applicant
)

// Sag is one version of a building case.
type Sag struct {
	Nr            string // e.g. 2026-01234
	Version       int    // from 1
	Titel         string
	Beskrivelse   string
	KLE           string // subject number, e.g. 02.34.02
	Adresse       string
	Matrikel      string
	AnsoegerCPR   string // ten digits
	AnsoegerNavn  string
	Status        Status
	Modtaget      time.Time // the day the application came; only the date counts
	Sagsbehandler string
	Aendret       time.Time // when this version was made; zero = now
}

// sagKolonner is the header line of the case files.
const sagKolonner = "SAGSNR;VERSION;TITEL;BESKRIVELSE;KLE;ADRESSE;MATRIKEL;ANSOEGER_CPR;ANSOEGER_NAVN;STATUS;MODTAGET;SAGSBEHANDLER;AENDRET"

// GemSag registers a version of a case: version 1 makes the case, a higher one corrects it. It will be in the next
// export. [ErrFindes] when that version is registered already, [ErrNummer] when it is not the next one.
func (s *System) GemSag(ctx context.Context, sag Sag) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		if err := naesteVersion(ctx, tx, "sag", sag.Nr, sag.Version); err != nil {
			return err
		}
		return s.indsaetSag(ctx, tx, sag)
	})
}

// TraekSag registers that the applicant withdrew the case: a new version, equal to the latest but for its status and
// time. tid zero means now. The errors are those of [System.GemSag].
func (s *System) TraekSag(ctx context.Context, nr string, version int, tid time.Time) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		if err := naesteVersion(ctx, tx, "sag", nr, version); err != nil {
			return err
		}
		sag, err := s.hentSag(ctx, tx, nr, version-1)
		if err != nil {
			return err
		}
		sag.Version, sag.Status, sag.Aendret = version, Trukket, tid
		return s.indsaetSag(ctx, tx, sag)
	})
}

// naesteVersion checks that version is the one after the latest of nr in table (sag or dokument).
func naesteVersion(ctx context.Context, tx *sql.Tx, table, nr string, version int) error {
	var seneste int
	q := "SELECT coalesce(max(version), 0) FROM " + table + " WHERE nr = ?"
	if err := tx.QueryRowContext(ctx, q, nr).Scan(&seneste); err != nil {
		return err
	}
	switch {
	case nr == "" || version > seneste+1 || version < 1:
		return fmt.Errorf("%w: %s version %d, seneste er %d", ErrNummer, nr, version, seneste)
	case version <= seneste:
		return fmt.Errorf("%w: %s version %d", ErrFindes, nr, version)
	}
	return nil
}

// The database keeps dates so that they sort; the files have them the Danish way.
const (
	dbDato = "2006-01-02"
	dbTid  = "2006-01-02 15:04:05"
)

func (s *System) indsaetSag(ctx context.Context, tx *sql.Tx, sag Sag) error {
	if sag.Aendret.IsZero() {
		sag.Aendret = s.opts.Now()
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO sag (nr, version, titel, beskrivelse, kle, adresse, matrikel,
		ansoeger_cpr, ansoeger_navn, status, modtaget, sagsbehandler, aendret) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)`,
		sag.Nr, sag.Version, sag.Titel, sag.Beskrivelse, sag.KLE, sag.Adresse, sag.Matrikel, sag.AnsoegerCPR, sag.AnsoegerNavn,
		sag.Status, sag.Modtaget.Format(dbDato), sag.Sagsbehandler, sag.Aendret.In(s.zone).Format(dbTid))
	return err
}

const sagFelter = `nr, version, titel, beskrivelse, kle, adresse, matrikel, ansoeger_cpr, ansoeger_navn, status, modtaget, sagsbehandler, aendret`

// hentSag reads one version; ErrNummer when there is none.
func (s *System) hentSag(ctx context.Context, tx *sql.Tx, nr string, version int) (Sag, error) {
	row := tx.QueryRowContext(ctx, "SELECT "+sagFelter+" FROM sag WHERE nr = ? AND version = ?", nr, version)
	sag, err := s.scanSag(row.Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return Sag{}, fmt.Errorf("%w: %s version %d", ErrNummer, nr, version)
	}
	return sag, err
}

// nyeSager reads up to limit versions that have not been exported, in the order they were registered.
func (s *System) nyeSager(ctx context.Context, limit int) ([]Sag, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT "+sagFelter+" FROM sag WHERE eksporteret = 0 ORDER BY lbnr LIMIT ?", limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var sager []Sag
	for rows.Next() {
		sag, err := s.scanSag(rows.Scan)
		if err != nil {
			return nil, err
		}
		sager = append(sager, sag)
	}
	return sager, rows.Err()
}

func (s *System) scanSag(scan func(...any) error) (Sag, error) {
	var sag Sag
	var modtaget, aendret string
	err := scan(&sag.Nr, &sag.Version, &sag.Titel, &sag.Beskrivelse, &sag.KLE, &sag.Adresse, &sag.Matrikel,
		&sag.AnsoegerCPR, &sag.AnsoegerNavn, &sag.Status, &modtaget, &sag.Sagsbehandler, &aendret)
	if err != nil {
		return Sag{}, err
	}
	if sag.Modtaget, err = time.Parse(dbDato, modtaget); err != nil {
		return Sag{}, err
	}
	sag.Aendret, err = time.ParseInLocation(dbTid, aendret, s.zone)
	return sag, err
}

// Linje is the case as a line of a case file, without line end and in UTF-8. Fields with a semicolon or a quote are
// quoted.
func (sag Sag) Linje() string {
	felter := []string{
		sag.Nr, fmt.Sprint(sag.Version), sag.Titel, sag.Beskrivelse, sag.KLE, sag.Adresse, sag.Matrikel, sag.AnsoegerCPR,
		sag.AnsoegerNavn, string(sag.Status), sag.Modtaget.Format(danskDato), sag.Sagsbehandler, sag.Aendret.Format(danskTid),
	}
	for i, f := range felter {
		felter[i] = citer(f)
	}
	return strings.Join(felter, ";")
}

// brudtLinje is what is left of the line when the export was cut off in the middle of the description: an opened
// quote that never closes, and the rest of the fields missing.
func (sag Sag) brudtLinje() string {
	halv := []rune(sag.Beskrivelse)
	halv = halv[:len(halv)/2]
	return strings.Join([]string{sag.Nr, fmt.Sprint(sag.Version), citer(sag.Titel), `"` + string(halv)}, ";")
}

func citer(f string) string {
	if !strings.ContainsAny(f, ";\"\r\n") {
		return f
	}
	return `"` + strings.ReplaceAll(f, `"`, `""`) + `"`
}
