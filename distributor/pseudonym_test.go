package distributor_test

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/store"
)

// TestNumretStaarKunIBesked: abonnementer, processes and beskeder are about a person, and the person's number is nowhere in
// the database but in the besked itself, nor in the log.
func TestNumretStaarKunIBesked(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 30", "mox 53")
	const nr = "0101901234"
	const cpr = "urn:oio:cpr-nr:" + nr
	dir := t.TempDir()
	log := &bytes.Buffer{}
	p := nyProeveMed(t, filepath.Join(dir, "mox.db"), distributor.Options{Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	omHende := kunHvor(map[string]any{"relateret.primaerpart": cpr})
	p.medProcesser([]mox.Proces{{Navn: "hendes", Start: filter(map[string]any{"relateret": []any{cpr, "urn:x:1"}})}}, ab("agent", omHende))
	p.opret(trukket("esdh.hende", omHende))
	ens(p, "det samme igen er ikke nyt", p.opret(trukket("esdh.hende", omHende)), false)
	p.opret(trukket("esdh.andre", kunHvor(map[string]any{"ikke": map[string]any{"relateret": cpr}, "objekttype": "Sag"})))
	for _, fil := range filerI(t, dir) { // before any besked there is nothing of her at all
		b, err := os.ReadFile(fil)
		p.maa(err)
		if bytes.Contains(b, []byte(nr)) {
			t.Errorf("the number is in %s", filepath.Base(fil))
		}
	}
	a := p.accept(besked(func(b *mox.Besked) {
		b.Relateret = []mox.Relateret{{Rolle: "primaerpart", ID: cpr, ObjektType: "Person"}}
	}))
	p.staar(a.Nr, "agent.1 Afventer", "esdh.hende.1 Afventer")
	ens(p, "processer startet", len(a.ProcesID), 1)
	p.afvist(p.en("agent"))
	p.forklaret(a.BeskedID, "agent", "filteret passer")
	p.forklaret(a.BeskedID, "esdh.andre", "filteret passer ikke")
	proeve, err := p.d.ProevFilter(t.Context(), filter(map[string]any{"relateret": cpr}), 10)
	p.maa(err)
	ens(p, "et filter prøvet på det, der er kommet", proeve.Passer, 1)
	p.maa(p.d.Store().Close())
	for sted, v := range alt(t, filepath.Join(dir, "mox.db")) {
		if strings.Contains(v, nr) && sted != "besked.metadata" {
			t.Errorf("the number is in %s: %s", sted, v)
		}
	}
	if strings.Contains(log.String(), nr) {
		t.Errorf("the number is in the log: %s", log)
	}
}

// TestNumreFraFoerGlemmes: what an earlier version has stored in clear is gone through when this one starts, and explains the
// same.
func TestNumreFraFoerGlemmes(t *testing.T) {
	conformance.Proves(t, "mox 53")
	paaBegge(t, func(p *proeve) {
		const nr = "0101901234"
		omHende := kunHvor(map[string]any{"relateret": "urn:oio:cpr-nr:" + nr})
		p.opret(trukket("esdh.hende", omHende))
		a := p.accept(besked(func(b *mox.Besked) { b.Relateret = []mox.Relateret{{Rolle: "primaerpart", ID: "urn:oio:cpr-nr:" + nr}} }))
		klar, err := json.Marshal(trukket("esdh.hende", omHende).MedStandard())
		p.maa(err)
		p.maa(p.d.Store().Update(p.Context(), func(tx *store.Tx) error {
			if _, err := tx.Exec(`UPDATE abonnement SET definition = ?`, string(klar)); err != nil {
				return err
			}
			_, err := tx.Exec(`UPDATE konfiguration SET indhold = ?, pseudonym = 0`, `{"abonnementer":[`+string(klar)+`],"processer":null}`)
			return err
		}))
		p.maa(p.d.Store().Close())
		p = nyProeve(p.T, p.url)
		p.laes(func(tx *store.Tx) error {
			var definition, tekst string
			err := tx.QueryRow(`SELECT definition FROM abonnement`).Scan(&definition)
			p.maa(err)
			for v := int64(1); ; v++ {
				t, ok, err := tx.Konfiguration(v)
				if !ok || err != nil {
					ens(p, "den før står der endnu", v > 2, true)
					ens(p, "numre i det, der er gemt", strings.Contains(definition+tekst, nr), false)
					return err
				}
				tekst += t
			}
		})
		p.forklaret(a.BeskedID, "esdh.hende", "filteret passer")
		a = p.accept(besked(func(b *mox.Besked) { b.Relateret = []mox.Relateret{{Rolle: "primaerpart", ID: "urn:oio:cpr-nr:" + nr}} }))
		p.staar(a.Nr, "[esdh.hende.1 Afventer]")
	})
}

func filerI(t *testing.T, dir string) []string {
	t.Helper()
	ud, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(ud) == 0 {
		t.Fatalf("%v %v", ud, err)
	}
	return ud
}

// alt is everything in an SQLite database, as text, by table and column.
func alt(t *testing.T, sti string) map[string]string {
	t.Helper()
	db, err := sql.Open("sqlite", sti)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }() // only read
	ud := map[string]string{}
	for _, tabel := range kolonne(t, db, `SELECT name FROM sqlite_master WHERE type = 'table'`) {
		for _, felt := range kolonne(t, db, fmt.Sprintf(`SELECT name FROM pragma_table_info('%s')`, tabel)) {
			ud[tabel+"."+felt] = strings.Join(kolonne(t, db, fmt.Sprintf(`SELECT CAST(%s AS TEXT) FROM %s`, felt, tabel)), "\n")
		}
	}
	if len(ud) < 50 {
		t.Fatalf("only %d columns", len(ud))
	}
	return ud
}

func kolonne(t *testing.T, db *sql.DB, q string) (ud []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells what matters
	for rows.Next() {
		var v sql.NullString
		if err := rows.Scan(&v); err != nil {
			t.Fatal(err)
		}
		ud = append(ud, v.String)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return ud
}
