package byggesag

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/encoding/charmap"
)

// Operations in the answer log, and the prefixes of the files that bring them.
const (
	SvarJournal = "journal"
	SvarAfsendt = "afsendt"
)

// maxSvar is the greatest answer file that is read, in bytes.
const maxSvar = 64 << 10

// svar is the record of one answer file.
type svar struct {
	fil       string
	operation string
	nr        string
	version   int
	vaerdi    string    // journal number, or letter id
	afsendt   time.Time // only for SvarAfsendt
}

// ImportNow takes in every answer file that lies in ind now. Files whose name does not end in .csv are left alone:
// they are not finished.
func (s *System) ImportNow(ctx context.Context) error {
	s.muInd.Lock()
	defer s.muInd.Unlock()
	alle, err := s.laesSvar()
	if err != nil || len(alle) == 0 {
		return err
	}
	afviste := make(map[string]error)
	err = s.inTx(ctx, func(tx *sql.Tx) error {
		for _, sv := range alle {
			err := s.bogfoer(ctx, tx, sv)
			if errors.Is(err, ErrNummer) {
				afviste[sv.fil] = err
			} else if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("byggesag: import: %w", err)
	}
	return s.flytLaeste(alle, afviste)
}

// laesSvar reads the answer files that can be read and sets the others aside.
func (s *System) laesSvar() ([]svar, error) {
	filer, err := os.ReadDir(s.ind())
	if err != nil {
		return nil, err
	}
	var alle []svar
	for _, f := range filer {
		if f.IsDir() || !strings.HasSuffix(f.Name(), ".csv") || strings.HasPrefix(f.Name(), ".") {
			continue
		}
		sv, err := s.laesFil(f.Name())
		if err == nil {
			alle = append(alle, sv)
		} else if err := s.afvis(f.Name(), err); err != nil {
			return nil, err
		}
	}
	return alle, nil
}

func (s *System) laesFil(navn string) (svar, error) {
	sti := s.ind(navn)
	info, err := os.Stat(sti)
	if err != nil {
		return svar{}, err
	}
	if info.Size() > maxSvar {
		return svar{}, fmt.Errorf("filen fylder %d bytes, højst %d", info.Size(), maxSvar)
	}
	raa, err := os.ReadFile(sti)
	if err != nil {
		return svar{}, err
	}
	operation, _, _ := strings.Cut(navn, "_")
	sv, err := parseSvar(operation, raa)
	sv.fil = navn
	return sv, err
}

// parseSvar reads the content of an answer file. The operation decides which columns it must have.
func parseSvar(operation string, raa []byte) (svar, error) {
	kolonner := map[string]string{SvarJournal: "NR;VERSION;JOURNALNR", SvarAfsendt: "NR;VERSION;AFSENDT;BREVID"}[operation]
	if kolonner == "" {
		return svar{}, fmt.Errorf("filnavnet begynder hverken med %s_ eller %s_", SvarJournal, SvarAfsendt)
	}
	r := csv.NewReader(charmap.Windows1252.NewDecoder().Reader(bytes.NewReader(raa)))
	r.Comma = ';'
	linjer, err := r.ReadAll()
	if err != nil {
		return svar{}, err
	}
	if len(linjer) != 2 || strings.Join(linjer[0], ";") != kolonner {
		return svar{}, fmt.Errorf("filen skal have linjen %s og netop én linje derefter", kolonner)
	}
	return svarFra(operation, linjer[1])
}

func svarFra(operation string, felter []string) (svar, error) {
	sv := svar{operation: operation, nr: felter[0], vaerdi: felter[len(felter)-1]}
	var err error
	if sv.version, err = strconv.Atoi(felter[1]); err != nil {
		return svar{}, fmt.Errorf("VERSION er ikke et tal: %q", felter[1])
	}
	if sv.nr == "" || sv.vaerdi == "" {
		return svar{}, errors.New("NR og sidste kolonne skal være udfyldt")
	}
	if operation == SvarAfsendt {
		if sv.afsendt, err = time.Parse(danskDato, felter[2]); err != nil {
			return svar{}, fmt.Errorf("AFSENDT er ikke en dato (dd-mm-åååå): %q", felter[2])
		}
	}
	return sv, nil
}

// bogfoer enters an answer in the log and on its case or document. ErrNummer when there is no such version.
func (s *System) bogfoer(ctx context.Context, tx *sql.Tx, sv svar) error {
	tabel := "sag"
	if strings.HasPrefix(sv.nr, "D-") {
		tabel = "dokument"
	}
	saet, args, vaerdi := "journalnr = ?", []any{sv.vaerdi}, sv.vaerdi
	if sv.operation == SvarAfsendt {
		saet, args = "afsendt = ?, brevid = ?", []any{sv.afsendt.Format(dbDato), sv.vaerdi}
		vaerdi = sv.afsendt.Format(danskDato) + " " + sv.vaerdi
	}
	res, err := tx.ExecContext(ctx, "UPDATE "+tabel+" SET "+saet+" WHERE nr = ? AND version = ?", append(args, sv.nr, sv.version)...)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil {
		return err
	} else if n == 0 {
		return fmt.Errorf("%w: %s version %d", ErrNummer, sv.nr, sv.version)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO svarlog (operation, nr, version, vaerdi, modtaget) VALUES (?,?,?,?,?)`,
		sv.operation, sv.nr, sv.version, vaerdi, s.now())
	return err
}

// flytLaeste clears ind of the answers that were handled.
func (s *System) flytLaeste(alle []svar, afviste map[string]error) error {
	for _, sv := range alle {
		if grund, ja := afviste[sv.fil]; ja {
			if err := s.afvis(sv.fil, grund); err != nil {
				return err
			}
			continue
		}
		if err := os.Rename(s.ind(sv.fil), s.ind("laest", sv.fil)); err != nil {
			return err
		}
	}
	return nil
}

// afvis sets a file aside with the reason beside it. The reason is written first: a rejected file always has one.
func (s *System) afvis(navn string, grund error) error {
	if err := os.WriteFile(s.ind("afvist", navn+".fejl"), []byte(grund.Error()+"\n"), 0o644); err != nil {
		return err
	}
	return os.Rename(s.ind(navn), s.ind("afvist", navn))
}

func (s *System) ind(dele ...string) string {
	return filepath.Join(append([]string{s.dir, "ind"}, dele...)...)
}
