package landskab

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox/demo/byggesag"
	"github.com/moxkit/mox/demo/fejlplan"
	"github.com/moxkit/mox/demo/sager"
)

func start(t *testing.T, c Config) *Landskab {
	t.Helper()
	if c.Dir == "" {
		c.Dir = t.TempDir()
	}
	if c.Periode == 0 {
		c.Periode = time.Millisecond
	}
	l, err := Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func stats(t *testing.T, l *Landskab) byggesag.Stats {
	t.Helper()
	st, err := l.Byggesag.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func rolig(t *testing.T, l *Landskab) bool {
	t.Helper()
	ja, err := l.Rolig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return ja
}

func TestSystemerneSvarerHverPaaSinAdresse(t *testing.T) {
	t.Parallel()
	l := start(t, Config{Sager: 3})
	for sti, want := range map[string]int{l.ESDHAdresse() + "/": 200, l.ESDHAdresse() + "/api/v2/cases/1": 401, l.ForsendelseAdresse() + "/ws?wsdl": 200} {
		svar, err := http.Get("http://" + sti)
		if err != nil {
			t.Fatal(err)
		}
		if svar.Body.Close(); svar.StatusCode != want {
			t.Errorf("%s: %s, want %d", sti, svar.Status, want)
		}
	}
}

func TestIntetSkerFoerHistorienFortaelles(t *testing.T) {
	t.Parallel()
	l := start(t, Config{Sager: 3})
	if st := stats(t, l); st != (byggesag.Stats{}) || !rolig(t, l) {
		t.Errorf("%+v", st)
	}
}

func TestPlayFortaellerHeleHistorienOgEksportererDen(t *testing.T) {
	t.Parallel()
	l := start(t, Config{Sager: 27, PerRunde: 5})
	if err := l.Play(t.Context()); err != nil {
		t.Fatal(err)
	}
	versioner, alle := 0, map[string]bool{}
	for _, runde := range sager.Lav(0, 27, 5, false).Runder {
		for _, s := range runde {
			versioner++
			if s.Sag != nil {
				alle[s.Sag.Nr] = true
			}
		}
	}
	if st := stats(t, l); st.Sager != 27 || st.Sager != len(alle) || st.Versioner != versioner || st.Ueksporterede != 0 {
		t.Errorf("%+v of %d versions", st, versioner)
	}
}

// TestRoligNaarAltErTagetOgAlleSvarErTagetInd: files out that nobody has taken, and answers not taken in, are unrest.
func TestRoligNaarAltErTagetOgAlleSvarErTagetInd(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := start(t, Config{Dir: dir, Sager: 3, Periode: time.Hour}) // Byggesag does nothing by itself
	fil := func(dele ...string) string { return filepath.Join(append([]string{dir, "byggesag"}, dele...)...) }
	for _, s := range sager.Lav(0, 1, 1, false).Runder[0] {
		if err := l.Trin(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	if rolig(t, l) {
		t.Error("quiet before the export")
	}
	if err := l.Byggesag.ExportNow(t.Context()); err != nil {
		t.Fatal(err)
	}
	if rolig(t, l) {
		t.Error("quiet before the files are taken")
	}
	klare, err := filepath.Glob(fil("ud", "*.klar"))
	if err != nil || len(klare) != 2 {
		t.Fatalf("%v, %v", klare, err)
	}
	for _, k := range klare {
		if err := os.Remove(k); err != nil {
			t.Fatal(err)
		}
	}
	if !rolig(t, l) {
		t.Error("unrest after the files are taken")
	}
	if err := os.WriteFile(fil("ind", "journal_2026-01000_1.csv"), []byte("NR;VERSION;JOURNALNR\r\n2026-01000;1;BYG-1\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if rolig(t, l) {
		t.Error("quiet before the answer is taken in")
	}
	if err := l.Byggesag.ImportNow(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !rolig(t, l) {
		t.Error("unrest after the answer is taken in")
	}
}

// TestFejlplanenLiggerDerFraBegyndelsen: the checker can judge at any time.
func TestFejlplanenLiggerDerFraBegyndelsen(t *testing.T) {
	t.Parallel()
	for _, fejl := range []bool{false, true} {
		dir := t.TempDir()
		start(t, Config{Dir: dir, Sager: 40, Fejl: fejl})
		plan, err := fejlplan.Read(dir)
		if err != nil || (len(plan.Fejl) > 0) != fejl {
			t.Errorf("%d faults in a story with faults %v, %v", len(plan.Fejl), fejl, err)
		}
	}
}

// TestFejleneRammer: what the plan names does happen in the systems, and what passes by itself passes.
func TestFejleneRammer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := start(t, Config{Dir: dir, Sager: 40, PerRunde: 5, Fejl: true, Periode: 20 * time.Millisecond})
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	faerdig := make(chan error, 1)
	go func() { faerdig <- l.Play(ctx) }()
	vent(t, "ESDH goes down", func() bool { return kald(l) == http.StatusServiceUnavailable })
	if err := <-faerdig; err != nil {
		t.Fatal(err)
	}
	vent(t, "ESDH comes up again", func() bool { return kald(l) == http.StatusUnauthorized })
	if n := brudteLinjer(t, dir, "2026-01032;1;"); n != 1 {
		t.Errorf("%d lines of the case are cut off", n)
	}
}

// brudteLinjer counts the exported lines that begin so and have too few columns.
func brudteLinjer(t *testing.T, dir, begyndelse string) (n int) {
	t.Helper()
	filer, err := filepath.Glob(filepath.Join(dir, "byggesag", "arkiv", "sag_*.csv"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range filer {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for linje := range strings.Lines(string(b)) {
			if strings.HasPrefix(linje, begyndelse) && strings.Count(linje, ";") < 12 {
				n++
			}
		}
	}
	return n
}

// vent waits until it is so.
func vent(t *testing.T, hvad string, saadan func() bool) {
	t.Helper()
	tik := time.NewTicker(5 * time.Millisecond)
	defer tik.Stop()
	frist := time.After(30 * time.Second)
	for !saadan() {
		select {
		case <-tik.C:
		case <-frist:
			t.Fatalf("waited in vain until %s", hvad)
		}
	}
}

// kald is the status of a call to ESDH without a token.
func kald(l *Landskab) int {
	svar, err := http.Get("http://" + l.ESDHAdresse() + "/api/v2/cases/1")
	if err != nil {
		return 0
	}
	_ = svar.Body.Close() // only read
	return svar.StatusCode
}

func TestFortsaetBringerNyeSagerTilDenStandses(t *testing.T) {
	t.Parallel()
	l := start(t, Config{Sager: 2, PerRunde: 2})
	if err := l.Play(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	faerdig := make(chan error, 1)
	go func() { faerdig <- l.Fortsaet(ctx) }()
	vent(t, "10 cases have come", func() bool { return stats(t, l).Sager >= 10 })
	stop()
	if err := <-faerdig; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestPlayStandserMedKonteksten(t *testing.T) {
	t.Parallel()
	l := start(t, Config{Sager: 100, PerRunde: 1, Periode: time.Hour})
	ctx, stop := context.WithCancel(t.Context())
	faerdig := make(chan error, 1)
	go func() { faerdig <- l.Play(ctx) }()
	vent(t, "the first case has come", func() bool { return stats(t, l).Sager > 0 })
	stop()
	if err := <-faerdig; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestEnAdresseIBrugErEnFejl(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close() // nobody has called
	for navn, c := range map[string]Config{"ESDH": {ESDH: ln.Addr().String()}, "Forsendelse": {Forsendelse: ln.Addr().String()}} {
		c.Dir, c.Sager = t.TempDir(), 1
		if l, err := Start(t.Context(), c); err == nil {
			t.Errorf("%s began on an address in use: %v", navn, l.Close())
		}
	}
}

// TestEnNyStartFortsaetterDerHvorSystemerneStod: the databases are the systems' own.
func TestEnNyStartFortsaetterDerHvorSystemerneStod(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l, err := Start(t.Context(), Config{Dir: dir, Sager: 3, Periode: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(l.Play(t.Context()), l.Close()); err != nil {
		t.Fatal(err)
	}
	if st := stats(t, start(t, Config{Dir: dir, Sager: 3})); st.Sager != 3 {
		t.Errorf("%+v", st)
	}
}
