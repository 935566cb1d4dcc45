package jobcenter

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/encoding/charmap"
)

// importerNu takes in the files that are there, by name.
func (s *System) importerNu(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	filer, err := filepath.Glob(filepath.Join(s.dir, "ind", "*.csv"))
	if err != nil {
		return err
	}
	slices.Sort(filer)
	for _, f := range filer {
		til := "laest"
		if err := s.importerFil(ctx, f); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			til = "afvist"
			s.log.Warn("filen blev afvist", "fil", filepath.Base(f), "fejl", err)
		}
		if err := os.Rename(f, filepath.Join(s.dir, "ind", til, filepath.Base(f))); err != nil {
			return err
		}
	}
	return nil
}

// kolonner are those that the import may change.
func kolonner() []string { return []string{"EMNE", "SBH_INIT", "ESDH_NR"} }

func (s *System) importerFil(ctx context.Context, fil string) error {
	raa, err := os.ReadFile(fil)
	if err != nil {
		return err
	}
	tekst, err := charmap.Windows1252.NewDecoder().Bytes(raa)
	if err != nil {
		return err
	}
	l := csv.NewReader(bytes.NewReader(tekst))
	l.Comma = ';'
	linjer, err := l.ReadAll()
	if err != nil {
		return err
	}
	if len(linjer) < 2 {
		return errors.New("filen har ingen linjer")
	}
	return s.iTransaktion(ctx, func(tx *sql.Tx) error {
		for _, v := range linjer[1:] {
			if err := s.importerLinje(ctx, tx, linjer[0], v, filepath.Base(fil)); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *System) importerLinje(ctx context.Context, tx *sql.Tx, navne, vaerdier []string, fil string) error {
	felt := map[string]string{}
	for i, n := range navne {
		felt[n] = vaerdier[i]
	}
	aar, lbnr, err := delNoegle(felt["SAGSNOEGLE"])
	if err != nil {
		return err
	}
	for _, k := range kolonner() {
		if felt[k] == "" {
			continue
		}
		// k is one of ours, not the file's
		r, err := tx.ExecContext(ctx, `UPDATE FORLOEB SET `+k+` = ?, AENDRET_UTC = ? WHERE AAR = ? AND LBNR = ?`, felt[k], time.Now().UTC().Format(utcTid), aar, lbnr)
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, errUkendt)
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO IMPORTLOG (SAGSNOEGLE, HVAD, FIL) VALUES (?, ?, ?)`, felt["SAGSNOEGLE"], k, fil); err != nil {
			return err
		}
	}
	return nil
}

func delNoegle(noegle string) (aar, lbnr int, err error) {
	a, l, ok := strings.Cut(noegle, "-")
	aar, e1 := strconv.Atoi(a)
	lbnr, e2 := strconv.Atoi(l)
	if err := errors.Join(e1, e2); err != nil || !ok {
		return 0, 0, fmt.Errorf("%q er ikke en sagsnøgle", noegle)
	}
	return aar, lbnr, nil
}
