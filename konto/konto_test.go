package konto

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/store"
	"github.com/moxkit/mox/store/storetest"
)

const godt = "fem blå cykler"

// hus is the accounts of a test's own database, with a clock that the test moves.
type hus struct {
	*testing.T
	*Konti
	mu  sync.Mutex
	t   time.Time
	log bytes.Buffer
}

func (h *hus) tid() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.t
}

func (h *hus) frem(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.t = h.t.Add(d)
}

// nytHus has cheap hashes: what a hash costs is another test's.
func nytHus(t *testing.T, url string) *hus {
	t.Helper()
	s, err := store.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	h := &hus{T: t, t: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)}
	h.Konti = New(s, Options{Nu: h.tid, Log: slog.New(slog.NewTextHandler(&h.log, nil))})
	h.plan = plan{hukommelse: 64, gennemloeb: 1, traade: 1, salt: 16, noegl: 32}
	h.maa(h.Opret(t.Context(), "Kirsten Hansen", auth.Drift, godt, Hvem{Navn: "lokal"}))
	return h
}

func paaSQLite(t *testing.T) *hus { return nytHus(t, storetest.SQLite(t)) }

func (h *hus) maa(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

func (h *hus) ind(navn, kodeord string) string {
	h.Helper()
	s, err := h.LogInd(h.Context(), navn, kodeord, "192.0.2.1")
	h.maa(err)
	return s
}

// inde tells who a session is, "" for nobody.
func (h *hus) inde(hemmelighed string, bruger bool) string {
	h.Helper()
	i, ok, err := h.Find(h.Context(), hemmelighed, bruger)
	h.maa(err)
	if !ok {
		return ""
	}
	return i.Navn + " " + string(i.Rolle)
}

// konto is the account as an administrator sees it.
func (h *hus) konto(navn string) Konto {
	h.Helper()
	l, err := h.Liste(h.Context())
	h.maa(err)
	i := slices.IndexFunc(l, func(k Konto) bool { return k.Navn == navn })
	if i < 0 {
		h.Fatalf("%s is not in %+v", navn, l)
	}
	return l[i]
}

// TestEnKonto is the life of an account on each database.
func TestEnKonto(t *testing.T) {
	t.Parallel()
	for navn, url := range map[string]func(testing.TB) string{"SQLite": storetest.SQLite, "PostgreSQL": storetest.Postgres} {
		t.Run(navn, func(t *testing.T) {
			t.Parallel()
			h := nytHus(t, url(t))
			for _, navn := range []string{"a\x00b", "a\xffb", strings.Repeat("x", 10_000)} {
				if _, err := h.LogInd(t.Context(), navn, godt, "192.0.2.1"); mox.KodeAf(err) != mox.KodeIkkeLoggetInd {
					t.Errorf("%.10q: %v", navn, err)
				}
			}
			s := h.ind("  kirsten   HANSEN ", godt)
			if hvem := h.inde(s, true); hvem != "Kirsten Hansen drift" {
				t.Fatal(hvem)
			}
			h.maa(h.SaetRolle(t.Context(), "Kirsten Hansen", auth.Laeser, Hvem{"Per", "flytter"}))
			if h.inde(s, true) != "" {
				t.Error("logged in with the role from before")
			}
			s = h.ind("Kirsten Hansen", godt)
			if hvem := h.inde(s, true); hvem != "Kirsten Hansen laeser" {
				t.Error(hvem)
			}
			anden := h.ind("Kirsten Hansen", godt)
			ny, err := h.SkiftKodeord(t.Context(), "kirsten hansen", godt, "syv grønne lamper", "192.0.2.1")
			h.maa(err)
			if h.inde(s, true) != "" || h.inde(anden, true) != "" || h.inde(ny, true) == "" {
				t.Error("a changed password ends all sessions but the new one")
			}
			h.maa(h.SaetKodeord(t.Context(), "Kirsten Hansen", "otte gule skovle", Hvem{"Per", "glemt"}))
			if h.inde(ny, true) != "" {
				t.Error("logged in after the administrator gave another password")
			}
			s = h.ind("Kirsten Hansen", "otte gule skovle")
			h.maa(h.LogUd(t.Context(), s))
			if h.inde(s, true) != "" {
				t.Error("logged in after logging out")
			}
			s, anden = h.ind("Kirsten Hansen", "otte gule skovle"), h.ind("Kirsten Hansen", "otte gule skovle")
			if k := h.konto("Kirsten Hansen"); k.Sessioner != 2 {
				t.Errorf("logged in at %d places", k.Sessioner)
			}
			h.maa(h.LogAlleUd(t.Context(), "kirsten hansen", Hvem{"Per", "mistet computer"}))
			if k := h.konto("Kirsten Hansen"); h.inde(s, true) != "" || h.inde(anden, true) != "" || k.Sessioner != 0 {
				t.Errorf("logged in after the administrator ended all sessions: %d", k.Sessioner)
			}
			s = h.ind("Kirsten Hansen", "otte gule skovle")
			h.maa(h.Luk(t.Context(), "Kirsten Hansen", Hvem{"Per", "rejst"}))
			if h.inde(s, true) != "" {
				t.Error("a closed account is logged in")
			}
			if _, err := h.LogInd(t.Context(), "Kirsten Hansen", "otte gule skovle", "192.0.2.1"); mox.KodeAf(err) != mox.KodeIkkeLoggetInd {
				t.Errorf("a closed account: %v", err)
			}
			if err := h.Opret(t.Context(), "KIRSTEN hansen", auth.Drift, godt, Hvem{}); mox.KodeAf(err) != mox.KodeKonflikt {
				t.Errorf("a name is used again: %v", err)
			}
			h.handlinger("opret-bruger lokal", "rolle Per flytter", "kodeord Kirsten Hansen", "kodeord Per glemt", "log-ud Per mistet computer", "luk-bruger Per rejst")
			for _, hemmeligt := range []string{godt, "syv grønne lamper", "otte gule skovle", s, ny, "argon2"} {
				if strings.Contains(h.log.String(), hemmeligt) {
					t.Errorf("%q is in the log:\n%s", hemmeligt, h.log.String())
				}
			}
		})
	}
}

// handlinger checks who did what to Kirsten's account.
func (h *hus) handlinger(vil ...string) {
	h.Helper()
	var l []store.Handling
	h.maa(h.store.View(h.Context(), func(tx *store.Tx) (err error) {
		l, err = tx.Handlinger("bruger Kirsten Hansen", 100)
		return err
	}))
	var er []string
	for _, x := range slices.Backward(l) {
		er = append(er, strings.TrimSpace(x.Hvad+" "+x.Hvem+" "+x.Begrundelse))
	}
	if !slices.Equal(er, vil) {
		h.Errorf("%q, want %q", er, vil)
	}
}

func TestOpretAfviser(t *testing.T) {
	t.Parallel()
	h := paaSQLite(t)
	for navn, c := range map[string]struct {
		navn, kodeord string
		rolle         auth.Rolle
		felt          string
	}{
		"uden navn":         {"", godt, auth.Drift, "navn"},
		"med skråstreg":     {"a/b", godt, auth.Drift, "navn"},
		"med linjeskift":    {"a\x00b", godt, auth.Drift, "navn"},
		"et langt":          {strings.Repeat("a", 101), godt, auth.Drift, "navn"},
		"den lokale nøgles": {"Lokal", godt, auth.Drift, "navn"},
		"et personnummer":   {"010203-1234", godt, auth.Drift, "navn"},
		"et systems rolle":  {"Per", godt, auth.System, "rolle"},
		"en ukendt rolle":   {"Per", godt, "chef", "rolle"},
		"navnet som kode":   {"per.petersen@kommune.dk", "per.petersen@kommune.dk", auth.Drift, "kodeord"},
	} {
		err := h.Opret(t.Context(), c.navn, c.rolle, c.kodeord, Hvem{})
		var e *mox.Error
		if !errors.As(err, &e) || e.Kode != mox.KodeUgyldig || len(e.Felter) != 1 || e.Felter[0].Sti != c.felt {
			t.Errorf("%s: %v", navn, err)
		}
	}
	h.taget = func(navn string) bool { return navn == "byggesag" }
	if err := h.Opret(t.Context(), "byggesag", auth.Drift, godt, Hvem{}); mox.KodeAf(err) != mox.KodeKonflikt {
		t.Errorf("the name of a key: %v", err)
	}
	if _, err := h.LogIndEkstern(t.Context(), "https://login.example 7", "byggesag", auth.Drift, "x"); mox.KodeAf(err) != mox.KodeKonflikt {
		t.Errorf("the name of a key, from a provider: %v", err)
	}
	h.maa(h.Opret(t.Context(), "per.petersen@kommune.dk", auth.Administrator, godt, Hvem{}))
	for navn, f := range map[string]func(string) error{
		"rolle":   func(n string) error { return h.SaetRolle(t.Context(), n, auth.Drift, Hvem{}) },
		"kodeord": func(n string) error { return h.SaetKodeord(t.Context(), n, godt, Hvem{}) },
		"log-ud":  func(n string) error { return h.LogAlleUd(t.Context(), n, Hvem{}) },
		"luk":     func(n string) error { return h.Luk(t.Context(), n, Hvem{}) },
	} {
		if err := f("findes ikke"); mox.KodeAf(err) != mox.KodeIkkeFundet {
			t.Errorf("%s: %v", navn, err)
		}
	}
	if err := h.SaetRolle(t.Context(), "Kirsten Hansen", auth.System, Hvem{}); mox.KodeAf(err) != mox.KodeUgyldig {
		t.Error(err)
	}
	if _, err := h.SkiftKodeord(t.Context(), "kirsten hansen", "forkert", "syv grønne lamper", "x"); mox.KodeAf(err) != mox.KodeUgyldig || !strings.Contains(err.Error(), "nuværende") {
		t.Error(err)
	}
	for _, nyt := range []string{godt, "kort", "password1234"} {
		if _, err := h.SkiftKodeord(t.Context(), "kirsten hansen", godt, nyt, "x"); mox.KodeAf(err) != mox.KodeUgyldig {
			t.Errorf("%q: %v", nyt, err)
		}
	}
}

// TestSessionenUdloeber: after half an hour without use, and after twelve hours in any case.
func TestSessionenUdloeber(t *testing.T) {
	t.Parallel()
	h := paaSQLite(t)
	s := h.ind("Kirsten Hansen", godt)
	for range 23 { // used all the time
		h.frem(TomgangsFrist - time.Minute)
		if h.inde(s, true) == "" {
			t.Fatalf("logged out at %s", h.tid())
		}
	}
	h.frem(SessionFrist) // 11 hours and more were used
	if h.inde(s, true) != "" {
		t.Error("logged in after twelve hours")
	}
	s = h.ind("Kirsten Hansen", godt)
	h.frem(TomgangsFrist - time.Second)
	if h.inde(s, false) == "" {
		t.Error("logged out too soon")
	}
	h.frem(time.Second) // what the page fetches by itself is no use
	if h.inde(s, true) != "" {
		t.Error("logged in after half an hour without use")
	}
	s = h.ind("Kirsten Hansen", godt)
	for range 24 {
		h.frem(TomgangsFrist - time.Nanosecond)
		_ = h.inde(s, true)
	}
	if h.frem(time.Second); h.inde(s, true) != "" {
		t.Error("twelve hours are the end, however much it is used")
	}
	for _, ukendt := range []string{"", "x", strings.Repeat("a", 43)} {
		if h.inde(ukendt, true) != "" {
			t.Errorf("%q is a session", ukendt)
		}
	}
}

func TestHoejstSaaMangeSessioner(t *testing.T) {
	t.Parallel()
	h := paaSQLite(t)
	var l []string
	for range maksSessioner + 1 {
		l = append(l, h.ind("Kirsten Hansen", godt))
		h.frem(time.Second)
	}
	if h.inde(l[0], true) != "" || h.inde(l[1], true) == "" || h.inde(l[maksSessioner], true) == "" {
		t.Error("the oldest session goes, and no other")
	}
}

// TestForkertKodeord: an unknown name, a closed account and a wrong password are answered alike, and the log tells a name only
// where it is somebody's.
func TestForkertKodeord(t *testing.T) {
	t.Parallel()
	h := paaSQLite(t)
	h.maa(h.Opret(t.Context(), "Lukket", auth.Drift, godt, Hvem{}))
	h.maa(h.Luk(t.Context(), "Lukket", Hvem{}))
	var svar []string
	for _, x := range [][2]string{{"Kirsten Hansen", "forkert"}, {"Kirsten Hansen", ""}, {"hemmeligt i navnefeltet", godt}, {"Lukket", godt}, {"", ""}} {
		s, err := h.LogInd(t.Context(), x[0], x[1], "192.0.2.7")
		if s != "" || mox.KodeAf(err) != mox.KodeIkkeLoggetInd {
			t.Fatalf("%v: %q %v", x, s, err)
		}
		svar = append(svar, err.Error())
	}
	if slices.Sort(svar); svar[0] != svar[len(svar)-1] {
		t.Errorf("the answers differ: %q", svar)
	}
	log := h.log.String()
	if strings.Contains(log, "hemmeligt i navnefeltet") || strings.Contains(log, "forkert kodeord\"") || strings.Count(log, "login mislykkedes") != 5 || !strings.Contains(log, `bruger="Kirsten Hansen" fra=192.0.2.7`) {
		t.Error(log)
	}
	if n := h.Afviste(); n["kodeord"] != 5 || n["spaerret"] != 0 {
		t.Error(n)
	}
}

// TestSpaerret: ten wrong passwords for a name, known or not, or fifty from an address, and one waits a quarter of an hour.
func TestSpaerret(t *testing.T) {
	t.Parallel()
	for navn, c := range map[string]struct {
		navn func(int) string
		fra  func(int) string
		maks int
	}{
		"en konto":    {func(int) string { return "Kirsten Hansen" }, func(i int) string { return fmt.Sprintf("192.0.2.%d", i) }, MaksForNavn},
		"intet navn":  {func(int) string { return "Findes Ikke" }, func(i int) string { return fmt.Sprintf("192.0.2.%d", i) }, MaksForNavn},
		"en adresse":  {func(i int) string { return fmt.Sprint("navn ", i) }, func(int) string { return "192.0.2.1" }, MaksForFra},
		"et IPv6-net": {func(i int) string { return fmt.Sprint("navn ", i) }, func(i int) string { return fmt.Sprintf("2001:db8:1:2::%x", i+1) }, MaksForFra},
	} {
		t.Run(navn, func(t *testing.T) {
			t.Parallel()
			h := paaSQLite(t)
			for i := range c.maks {
				if _, err := h.LogInd(t.Context(), c.navn(i), "forkert", c.fra(i)); mox.KodeAf(err) != mox.KodeIkkeLoggetInd {
					t.Fatalf("attempt %d: %v", i+1, err)
				}
				h.frem(time.Second)
			}
			if !strings.Contains(h.log.String(), "level=ERROR") || !strings.Contains(h.log.String(), "login spærret") {
				t.Errorf("nobody is told:\n%s", h.log.String())
			}
			rigtigt := func() error {
				_, err := h.LogInd(t.Context(), c.navn(c.maks), godt, c.fra(c.maks))
				return err
			}
			var e *mox.Error
			if err := rigtigt(); !errors.As(err, &e) || e.Kode != mox.KodeForMange || e.Raad == "" {
				t.Errorf("the right password after %d wrong ones: %v", c.maks, err)
			}
			h.frem(Spaerretid - 2*time.Second)
			if err := rigtigt(); mox.KodeAf(err) != mox.KodeForMange {
				t.Errorf("before the time: %v", err)
			}
			if n := h.Afviste(); n["kodeord"] != uint64(c.maks) || n["spaerret"] != 2 {
				t.Error(n)
			}
			h.frem(3 * time.Second)
			if err := rigtigt(); mox.KodeAf(err) == mox.KodeForMange {
				t.Errorf("after the time: %v", err)
			}
		})
	}
}

// TestDetRigtigeTaellerIkke: whoever knows the password is kept out neither by own mistakes nor by many colleagues.
func TestDetRigtigeTaellerIkke(t *testing.T) {
	t.Parallel()
	h := paaSQLite(t)
	for range 2 * MaksForFra {
		h.ind("Kirsten Hansen", godt)
	}
	for range MaksForNavn - 1 {
		_, _ = h.LogInd(t.Context(), "Kirsten Hansen", "forkert", "192.0.2.1")
	}
	h.ind("Kirsten Hansen", godt)
	for range MaksForNavn - 1 {
		_, _ = h.LogInd(t.Context(), "Kirsten Hansen", "forkert", "192.0.2.1")
	}
	h.ind("Kirsten Hansen", godt)
	for range MaksForNavn {
		_, _ = h.LogInd(t.Context(), "Kirsten Hansen", "forkert", "192.0.2.1")
	}
	h.maa(h.SaetKodeord(t.Context(), "Kirsten Hansen", "otte gule skovle", Hvem{}))
	h.ind("Kirsten Hansen", "otte gule skovle") // the administrator's new password opens again
}

// TestMangePaaEnGang: as many wrong passwords are tried at once as after each other, and no more.
func TestMangePaaEnGang(t *testing.T) {
	t.Parallel()
	h := nytHus(t, storetest.Postgres(t))
	var wg sync.WaitGroup
	var mu sync.Mutex
	svar := map[mox.Kode]int{}
	for range 3 * MaksForNavn {
		wg.Go(func() {
			_, err := h.LogInd(t.Context(), "Kirsten Hansen", "forkert", "192.0.2.1")
			mu.Lock()
			defer mu.Unlock()
			svar[mox.KodeAf(err)]++
		})
	}
	wg.Wait()
	if svar[mox.KodeIkkeLoggetInd] != MaksForNavn || svar[mox.KodeForMange] != 2*MaksForNavn {
		t.Error(svar)
	}
}

// TestHashenFornyes: an account whose hash is of an earlier plan gets one of the present at its next login.
func TestHashenFornyes(t *testing.T) {
	t.Parallel()
	h := paaSQLite(t)
	h.plan.gennemloeb = 2
	h.ind("Kirsten Hansen", godt)
	h.ind("Kirsten Hansen", godt)
	var b store.Bruger
	h.maa(h.store.View(t.Context(), func(tx *store.Tx) (err error) {
		b, _, err = tx.Bruger("kirsten hansen")
		return err
	}))
	if !strings.Contains(b.Kodeord, ",t=2,") || b.SidstInde.IsZero() || !b.Aendret.Equal(b.Oprettet) {
		t.Errorf("%+v", b)
	}
}

// TestListen shows no password, and those that are closed too.
// A password that somebody else chose is good for choosing another, and the administrator sees that it has not been done.
func TestDetFoersteKodeordErMidlertidigt(t *testing.T) {
	t.Parallel()
	h := paaSQLite(t)
	skal := func(vil bool, s string) {
		t.Helper()
		i, ok, err := h.Find(t.Context(), s, true)
		h.maa(err)
		if !ok || i.SkalSkifte != vil || h.konto("Kirsten Hansen").Midlertidigt != vil {
			t.Errorf("%v %+v, want %v", ok, i, vil)
		}
	}
	s := h.ind("Kirsten Hansen", godt)
	skal(true, s)
	s, err := h.SkiftKodeord(t.Context(), "Kirsten Hansen", godt, "syv grønne lamper", "192.0.2.1")
	h.maa(err)
	skal(false, s)
	h.maa(h.SaetRolle(t.Context(), "Kirsten Hansen", auth.Laeser, Hvem{"Per", "flytter"}))
	skal(false, h.ind("Kirsten Hansen", "syv grønne lamper"))
	h.maa(h.SaetKodeord(t.Context(), "Kirsten Hansen", "otte gule skovle", Hvem{"Per", "glemt"}))
	skal(true, h.ind("Kirsten Hansen", "otte gule skovle"))
}

// Nobody takes the role from the last who has it, nor closes that account, also not each of two the other's at once. Whoever is
// at the machine may.
func TestDenSidsteAdministrator(t *testing.T) {
	t.Parallel()
	for navn, url := range map[string]func(testing.TB) string{"SQLite": storetest.SQLite, "PostgreSQL": storetest.Postgres} {
		t.Run(navn, func(t *testing.T) {
			t.Parallel()
			h := nytHus(t, url(t))
			sidste := func(err error) {
				t.Helper()
				if mox.KodeAf(err) != mox.KodeKonflikt || !strings.Contains(err.Error(), "sidste administrator") {
					t.Error(err)
				}
			}
			par := []string{"Anna And", "Bo Birk"}
			for _, n := range par {
				h.maa(h.Opret(t.Context(), n, auth.Administrator, godt, Hvem{Navn: "lokal"}))
			}
			fejl := make(chan error, len(par))
			for i, n := range par {
				go func() { fejl <- h.Luk(t.Context(), n, Hvem{Navn: par[1-i]}) }()
			}
			foerst, sidst := <-fejl, <-fejl
			if (foerst == nil) == (sidst == nil) {
				t.Fatalf("%v, %v: want one of them", foerst, sidst)
			}
			sidste(errors.Join(foerst, sidst))
			tilbage := par[0]
			if !h.konto(tilbage).Lukket.IsZero() {
				tilbage = par[1]
			}
			sidste(h.Luk(t.Context(), tilbage, Hvem{Navn: tilbage}))
			sidste(h.SaetRolle(t.Context(), tilbage, auth.Drift, Hvem{Navn: tilbage}))
			h.maa(h.SaetRolle(t.Context(), tilbage, auth.Administrator, Hvem{Navn: tilbage}))
			h.maa(h.SaetKodeord(t.Context(), tilbage, "otte gule skovle", Hvem{Navn: tilbage}))
			h.maa(h.LogAlleUd(t.Context(), tilbage, Hvem{Navn: tilbage}))
			h.maa(h.Luk(t.Context(), tilbage, Hvem{Navn: "lokal"}))
		})
	}
}

func TestListen(t *testing.T) {
	t.Parallel()
	h := paaSQLite(t)
	h.maa(h.Opret(t.Context(), "Anna", auth.Laeser, godt, Hvem{Navn: "Per"}))
	h.maa(h.Luk(t.Context(), "anna", Hvem{Navn: "Per"}))
	l, err := h.Liste(t.Context())
	if err != nil || len(l) != 2 || l[0].Navn != "Anna" || l[0].Lukket.IsZero() || l[0].OprettetAf != "Per" || l[1].Navn != "Kirsten Hansen" || l[1].Rolle != auth.Drift {
		t.Errorf("%+v %v", l, err)
	}
}

// TestSpaerretVises for the one who is kept out, as long as it lasts, and not for others.
func TestSpaerretVises(t *testing.T) {
	t.Parallel()
	h := paaSQLite(t)
	h.maa(h.Opret(t.Context(), "Anna", auth.Laeser, godt, Hvem{Navn: "Per"}))
	forkert := func() { _, _ = h.LogInd(t.Context(), "Kirsten Hansen", "forkert", "192.0.2.1") }
	for range MaksForNavn - 1 {
		forkert()
	}
	if k := h.konto("Kirsten Hansen"); !k.Spaerret.IsZero() {
		t.Errorf("kept out too soon: %+v", k)
	}
	forkert()
	if k := h.konto("Kirsten Hansen"); !k.Spaerret.Equal(h.tid().Add(Spaerretid)) {
		t.Errorf("until %s", k.Spaerret)
	}
	if k := h.konto("Anna"); !k.Spaerret.IsZero() {
		t.Errorf("%+v", k)
	}
	h.frem(Spaerretid)
	if k := h.konto("Kirsten Hansen"); !k.Spaerret.IsZero() {
		t.Errorf("for ever: %s", k.Spaerret)
	}
}
