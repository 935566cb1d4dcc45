package kontrol_test

import (
	"database/sql"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox/demo/fejlplan"
	"github.com/moxkit/mox/demo/kontrol"
	"github.com/moxkit/mox/demo/landskab"
)

// fortalt is a landscape in which a story without faults has been told, and nobody has carried anything yet.
func fortalt(t *testing.T, s landskab.Sabotage) (dir string, l *landskab.Landskab) {
	t.Helper()
	dir = t.TempDir()
	l, err := landskab.Start(t.Context(), landskab.Config{Dir: dir, Sager: 27, PerRunde: 9, Seed: 3, Sabotage: s, Periode: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := l.Play(t.Context()); err != nil {
		t.Fatal(err)
	}
	return dir, l
}

// overfoert is what the checker says after the naive integration has carried everything but what it forgets.
func overfoert(t *testing.T, s landskab.Sabotage, glem func(operation, nr string) bool) (string, kontrol.Result) {
	t.Helper()
	dir, l := fortalt(t, s)
	n := nyNaiv(t, dir, l)
	if glem != nil {
		n.glem = glem
	}
	n.overfoer()
	if err := l.Byggesag.ImportNow(t.Context()); err != nil {
		t.Fatal(err)
	}
	return dir, doem(t, dir)
}

func doem(t *testing.T, dir string) kontrol.Result {
	t.Helper()
	r, err := kontrol.Check(dir)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestIntetTabtOgIntetDobbeltNaarAltErOverfoert(t *testing.T) {
	t.Parallel()
	_, r := overfoert(t, landskab.Ingen, nil)
	if r.Tabt != 0 || r.DobbeltVirkning != 0 || r.Holdt != 0 || len(r.Mangler)+len(r.Dobbelte) != 0 {
		t.Errorf("%+v", r)
	}
	if r.Objekter < 27*3 || r.Versioner <= r.Objekter || r.Komplette != r.Versioner || r.Tilbageskrevet < r.Versioner {
		t.Errorf("too little was carried to show anything: %+v", r)
	}
}

func TestAltErTabtNaarIntetErOverfoert(t *testing.T) {
	t.Parallel()
	dir, _ := fortalt(t, landskab.Ingen)
	if r := doem(t, dir); r.Versioner == 0 || r.Tabt != r.Versioner || r.Komplette != 0 || r.DobbeltVirkning != 0 {
		t.Errorf("%+v", r)
	}
}

// TestEtTabtBrevFindes: the mail service says that it sent letters that it did not send.
func TestEtTabtBrevFindes(t *testing.T) {
	t.Parallel()
	_, r := overfoert(t, landskab.Tab, nil)
	if r.Tabt == 0 || r.DobbeltVirkning != 0 || len(r.Mangler) != r.Tabt {
		t.Fatalf("%+v", r)
	}
	for _, m := range r.Mangler {
		if !reflect.DeepEqual(m.Mangler, []string{"brev"}) {
			t.Errorf("%s lacks %v, though only its letter is missing", m.Version, m.Mangler)
		}
	}
}

// TestEtKaldDerSkerToGangeFindes: somebody on the way makes calls twice.
func TestEtKaldDerSkerToGangeFindes(t *testing.T) {
	t.Parallel()
	_, r := overfoert(t, landskab.Gentagelse, nil)
	operationer := map[string]bool{}
	for _, d := range r.Dobbelte {
		operationer[d.Operation] = true
	}
	if r.DobbeltVirkning == 0 || r.Tabt != 0 || !operationer["brev"] || !operationer["journal"] {
		t.Errorf("%+v", r)
	}
}

// TestHvertLedDerGlemmesFindes: one version lacks just the step that was left out, and nothing else is touched.
func TestHvertLedDerGlemmesFindes(t *testing.T) {
	t.Parallel()
	const sag, dok = "2026-01002", "D-000002"
	for _, c := range []struct {
		navn, operation, nr string
		mangler             []string
	}{
		{"SagensBrev", "brev", sag, []string{"brev", "tilbage:afsendt"}},
		{"SagensJournalnummer", "tilbage:journal", sag, []string{"tilbage:journal"}},
		{"SagensAfsendelse", "tilbage:afsendt", sag, []string{"tilbage:afsendt"}},
		{"Dokumentet", "journal", dok, []string{"journal", "tilbage:journal"}},
		{"DokumentetsJournalnummer", "tilbage:journal", dok, []string{"tilbage:journal"}},
	} {
		t.Run(c.navn, func(t *testing.T) {
			t.Parallel()
			_, r := overfoert(t, landskab.Ingen, func(operation, nr string) bool { return operation == c.operation && nr == c.nr })
			if r.Tabt == 0 || r.Tabt != len(r.Mangler) || r.Komplette+r.Tabt != r.Versioner {
				t.Fatalf("%+v", r)
			}
			for _, m := range r.Mangler {
				if m.Nr != c.nr || !reflect.DeepEqual(m.Mangler, c.mangler) {
					t.Errorf("%s lacks %v, want %v of %s", m.Version, m.Mangler, c.mangler, c.nr)
				}
			}
		})
	}
}

// TestEtSvarToGangeFindes: the same answer was written back once more.
func TestEtSvarToGangeFindes(t *testing.T) {
	t.Parallel()
	dir, _ := overfoert(t, landskab.Ingen, nil)
	skriv(t, filepath.Join(dir, "byggesag", "byggesag.db"), `INSERT INTO svarlog (operation, nr, version, vaerdi, modtaget) SELECT operation, nr, version, vaerdi, modtaget FROM svarlog WHERE id = 1`)
	if r := doem(t, dir); r.DobbeltVirkning != 1 || len(r.Dobbelte) != 1 || r.Dobbelte[0].Gange != 2 || !strings.HasPrefix(r.Dobbelte[0].Operation, "tilbage:") {
		t.Errorf("%+v", r)
	}
}

// TestEnSagDerOprettesToGangeFindes, though the second creation carries another revision than the first.
func TestEnSagDerOprettesToGangeFindes(t *testing.T) {
	t.Parallel()
	dir, _ := overfoert(t, landskab.Ingen, nil)
	skriv(t, filepath.Join(dir, "esdh", "esdh.db"), `UPDATE journallog SET operation = 'case.open' WHERE id = (SELECT min(id) FROM journallog WHERE operation = 'case.revise')`)
	if r := doem(t, dir); r.DobbeltVirkning != 1 || len(r.Dobbelte) != 1 || r.Dobbelte[0].Operation != "case.open" || r.Dobbelte[0].Gange != 2 {
		t.Errorf("%+v", r)
	}
}

// TestEnVirkningUdenEksportFindes: a letter about a version that the building-permit system never exported.
func TestEnVirkningUdenEksportFindes(t *testing.T) {
	t.Parallel()
	dir, _ := overfoert(t, landskab.Ingen, nil)
	skriv(t, filepath.Join(dir, "forsendelse", "forsendelse.db"), `INSERT INTO forsendelseslog (operation, reference, nr, revision, modtager, sha256, svar, tid) SELECT operation, reference, nr, 99, modtager, sha256, svar, tid FROM forsendelseslog WHERE id = 1`)
	if r := doem(t, dir); r.DobbeltVirkning != 1 || len(r.Dobbelte) != 1 || r.Dobbelte[0].Operation != "brev" || r.Dobbelte[0].Version.Version != 99 || r.Tabt != 0 {
		t.Errorf("%+v", r)
	}
}

func skriv(t *testing.T, fil, saetning string) {
	t.Helper()
	db, err := sql.Open("sqlite", fil+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() // an error would have shown in Exec
	if _, err := db.ExecContext(t.Context(), saetning); err != nil {
		t.Fatal(err)
	}
}

// TestDetEnNavngivenFejlHolderErIkkeTabt, until it is done; then it is complete.
func TestDetEnNavngivenFejlHolderErIkkeTabt(t *testing.T) {
	t.Parallel()
	const dok = "D-000002"
	dir, r := overfoert(t, landskab.Ingen, func(operation, nr string) bool { return operation == "journal" && nr == dok })
	tabt := r.Tabt
	plan := fejlplan.Plan{Fejl: []fejlplan.Fejl{{Navn: "prøve"}}}
	for _, m := range r.Mangler {
		plan.Fejl[0].Holder = append(plan.Fejl[0].Holder, m.Version)
	}
	plan.Fejl[0].Holder = append(plan.Fejl[0].Holder, fejlplan.Version{Art: "dok", Nr: "D-000001", Version: 1}) // complete all the same
	if err := plan.Write(dir); err != nil {
		t.Fatal(err)
	}
	if r := doem(t, dir); tabt == 0 || r.Tabt != 0 || r.Holdt != tabt || r.Komplette != r.Versioner-tabt {
		t.Errorf("%+v", r)
	}
}

func TestCheckFejlerNaarDerIkkeErEnDemonstration(t *testing.T) {
	t.Parallel()
	t.Run("TomMappe", func(t *testing.T) {
		t.Parallel()
		if r, err := kontrol.Check(t.TempDir()); err == nil {
			t.Errorf("%+v", r)
		}
	})
	t.Run("KunPlanen", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		if err := (fejlplan.Plan{}).Write(dir); err != nil {
			t.Fatal(err)
		}
		if r, err := kontrol.Check(dir); err == nil {
			t.Errorf("%+v", r)
		}
	})
}
