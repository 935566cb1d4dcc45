// Package kontrol judges a demonstration from the outside. It reads only what the three vendors' own databases say they
// did, and the plan of faults; it knows nothing of what carried the messages between them.
package kontrol

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	_ "modernc.org/sqlite" // the database driver "sqlite"

	"github.com/moxkit/mox/demo/fejlplan"
)

// Mangel is a version that was exported and is neither complete nor held back by a named fault.
type Mangel struct {
	fejlplan.Version
	Mangler []string `json:"mangler"` // what has not happened: "journal", "brev", "tilbage:journal", "tilbage:afsendt"
}

// Dobbelt is an effect that happened more often than it may: once for a version that was exported, never for another.
// A creation ("case.open", "document.file") may happen once per case or document, whatever the version, which is then 0.
type Dobbelt struct {
	Operation string `json:"operation"`
	fejlplan.Version
	Gange int `json:"gange"`
}

// Result is the judgement.
type Result struct {
	Objekter        int       `json:"objekter"`         // cases and documents exported
	Versioner       int       `json:"versioner"`        // their versions
	Komplette       int       `json:"komplette"`        // of them with journal row, letter where one is due, and write-back
	Holdt           int       `json:"holdt"`            // of them held back by a named fault, and not complete
	Tabt            int       `json:"tabt"`             // of them neither: must be 0
	DobbeltVirkning int       `json:"dobbelt_virkning"` // effects beyond those that may happen, see Dobbelt: must be 0
	Tilbageskrevet  int       `json:"tilbageskrevet"`   // answers that the building-permit system has taken in
	Mangler         []Mangel  `json:"mangler,omitempty"`
	Dobbelte        []Dobbelt `json:"dobbelte,omitempty"`
}

// effekt is one effect in one vendor's log: an operation on a version.
type effekt struct {
	operation string
	fejlplan.Version
}

// Check reads the three databases and the plan below dir.
func Check(dir string) (Result, error) {
	plan, err := fejlplan.Read(dir)
	if err != nil {
		return Result{}, fmt.Errorf("kontrol: %w", err)
	}
	k := &kontrol{effekter: map[effekt]int{}, retning: map[string]string{}}
	err = errors.Join(
		k.laes(filepath.Join(dir, "esdh", "esdh.db"), k.esdh),
		k.laes(filepath.Join(dir, "forsendelse", "forsendelse.db"), k.forsendelse),
		// Last, so that what is exported meanwhile is known when its effects are judged.
		k.laes(filepath.Join(dir, "byggesag", "byggesag.db"), k.byggesag))
	if err != nil {
		return Result{}, fmt.Errorf("kontrol: %w", err)
	}
	return k.doem(plan), nil
}

type kontrol struct {
	eksporteret []fejlplan.Version
	retning     map[string]string // document number → IND or UD
	effekter    map[effekt]int
	tilbage     int
}

func (k *kontrol) laes(path string, f func(*sql.DB) error) error {
	abs, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: abs, RawQuery: "mode=ro&_pragma=busy_timeout(5000)"}).String())
	if err != nil {
		return err
	}
	defer db.Close() // nothing was written
	return f(db)
}

func (k *kontrol) byggesag(db *sql.DB) error {
	err := hver(db, `SELECT CASE WHEN nr LIKE 'D-%' THEN 'dok' ELSE 'sag' END, nr, version, operation FROM svarlog`, func(v fejlplan.Version, operation string) {
		k.effekter[effekt{"tilbage:" + operation, v}]++
		k.tilbage++
	})
	if err != nil {
		return err
	}
	if err := hver(db, `SELECT DISTINCT 'dok', nr, 0, retning FROM dokument`, func(v fejlplan.Version, retning string) { k.retning[v.Nr] = retning }); err != nil {
		return err
	}
	return hver(db, `SELECT DISTINCT art, nr, version, '' FROM eksportlog ORDER BY art, nr, version`, func(v fejlplan.Version, _ string) {
		k.eksporteret = append(k.eksporteret, v)
	})
}

func (k *kontrol) esdh(db *sql.DB) error {
	const art = `CASE WHEN operation LIKE 'document.%' THEN 'dok' ELSE 'sag' END`
	err := hver(db, `SELECT `+art+`, our_reference, revision, operation FROM journallog`, func(v fejlplan.Version, _ string) {
		k.effekter[effekt{"journal", v}]++
	})
	if err != nil {
		return err
	}
	// DISTINCT: two creations under one revision are two journal effects, counted above.
	return hver(db, `SELECT DISTINCT `+art+`, our_reference, revision, operation FROM journallog WHERE operation IN ('case.open', 'document.file')`, func(v fejlplan.Version, operation string) {
		v.Version = 0
		k.effekter[effekt{operation, v}]++
	})
}

func (k *kontrol) forsendelse(db *sql.DB) error {
	return hver(db, `SELECT CASE WHEN operation = 'SendRekommanderet' THEN 'dok' ELSE 'sag' END, nr, revision, operation FROM forsendelseslog`, func(v fejlplan.Version, _ string) {
		k.effekter[effekt{"brev", v}]++
	})
}

// hver reads rows of (art, nr, version, text).
func hver(db *sql.DB, query string, f func(fejlplan.Version, string)) error {
	rows, err := db.Query(query)
	if err != nil {
		return err
	}
	defer rows.Close() // rows.Err tells what matters
	for rows.Next() {
		var v fejlplan.Version
		var text string
		if err := rows.Scan(&v.Art, &v.Nr, &v.Version, &text); err != nil {
			return err
		}
		f(v, text)
	}
	return rows.Err()
}

// kraevede are the effects that make a version complete.
func (k *kontrol) kraevede(v fejlplan.Version) []string {
	if v.Art == "dok" && k.retning[v.Nr] != "UD" {
		return []string{"journal", "tilbage:journal"}
	}
	return []string{"journal", "brev", "tilbage:journal", "tilbage:afsendt"}
}

func (k *kontrol) doem(plan fejlplan.Plan) Result {
	holdte := plan.Holdte()
	r := Result{Versioner: len(k.eksporteret), Tilbageskrevet: k.tilbage}
	kendte, objekter := map[fejlplan.Version]bool{}, map[fejlplan.Version]bool{}
	for _, v := range k.eksporteret {
		kendte[v] = true
		objekter[fejlplan.Version{Art: v.Art, Nr: v.Nr}] = true
		mangler := slices.DeleteFunc(k.kraevede(v), func(op string) bool { return k.effekter[effekt{op, v}] > 0 })
		switch _, holdt := holdte[v]; {
		case len(mangler) == 0:
			r.Komplette++
		case holdt:
			r.Holdt++
		default:
			r.Tabt++
			r.Mangler = append(r.Mangler, Mangel{v, mangler})
		}
	}
	r.Objekter = len(objekter)
	for e, gange := range k.effekter {
		maa := 0
		if kendte[e.Version] || objekter[e.Version] {
			maa = 1
		}
		if gange > maa {
			r.DobbeltVirkning += gange - maa
			r.Dobbelte = append(r.Dobbelte, Dobbelt{e.operation, e.Version, gange})
		}
	}
	slices.SortFunc(r.Dobbelte, func(a, b Dobbelt) int { return strings.Compare(a.Operation+a.String(), b.Operation+b.String()) })
	return r
}
