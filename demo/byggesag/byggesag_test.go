package byggesag

import (
	"context"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/text/encoding/charmap"
)

// klokken is 14:30 in Denmark, on a summer's day.
func klokken() time.Time { return time.Date(2026, 7, 2, 12, 30, 0, 0, time.UTC) }

func aabn(t *testing.T, opts Options) *System {
	t.Helper()
	opts.Now = klokken
	s, err := Open(t.TempDir(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func enSag() Sag {
	return Sag{Nr: "2026-01000", Version: 1, Titel: "Opførelse af carport", Beskrivelse: `Tag; "ensidigt" fald`, KLE: "02.34.04", Adresse: "Ålvej 1, 9998 Prøvestrup",
		Matrikel: "7b, Nørre Åby Mark", AnsoegerCPR: "3102400001", AnsoegerNavn: "Åse Testesen", Status: Oprettet, Modtaget: klokken(), Sagsbehandler: "bygsag01"}
}

func etBrev() Dokument {
	return Dokument{Nr: "D-000001", Version: 1, Sagsnr: "2026-01000", Titel: "Afgørelse <&>", Type: Brev, Retning: Ud, Brevdato: klokken(), Endelse: "txt",
		Indhold: []byte("Kære Åse"), ModtagerCPR: "3102400001", ModtagerNavn: "Åse Testesen"}
}

// gem registers versions of cases and documents, and fails the test when that fails.
func gem(t *testing.T, s *System, alt ...any) {
	t.Helper()
	for _, v := range alt {
		var err error
		switch v := v.(type) {
		case Sag:
			err = s.GemSag(t.Context(), v)
		case Dokument:
			err = s.GemDokument(t.Context(), v)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func eksporter(t *testing.T, s *System) {
	t.Helper()
	if err := s.ExportNow(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// klare are the names of the complete files in ud.
func klare(t *testing.T, s *System) (ud []string) {
	t.Helper()
	filer, err := filepath.Glob(s.ud("*.klar"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range filer {
		ud = append(ud, strings.TrimSuffix(filepath.Base(f), ".klar"))
	}
	return ud
}

// laes is a file out, in UTF-8.
func laes(t *testing.T, s *System, navn string) string {
	t.Helper()
	b, err := os.ReadFile(s.ud(navn))
	if err != nil {
		t.Fatal(err)
	}
	ud, err := charmap.Windows1252.NewDecoder().Bytes(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(ud)
}

func stats(t *testing.T, s *System) Stats {
	t.Helper()
	st, err := s.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func TestSagerEksporteresSomCSVIWindows1252(t *testing.T) {
	t.Parallel()
	s := aabn(t, Options{})
	gem(t, s, enSag())
	eksporter(t, s)
	if got := klare(t, s); !slices.Equal(got, []string{"sag_000001.csv"}) {
		t.Fatalf("the complete files are %v", got)
	}
	raa, err := os.ReadFile(s.ud("sag_000001.csv"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(raa), "\xc5lvej") || !strings.HasSuffix(string(raa), "\r\n") {
		t.Errorf("not windows-1252 with CRLF: %q", raa)
	}
	r := csv.NewReader(strings.NewReader(laes(t, s, "sag_000001.csv")))
	r.Comma = ';'
	linjer, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"2026-01000", "1", "Opførelse af carport", `Tag; "ensidigt" fald`, "02.34.04", "Ålvej 1, 9998 Prøvestrup", "7b, Nørre Åby Mark",
		"3102400001", "Åse Testesen", "OPR", "02-07-2026", "bygsag01", "02-07-2026 14:30:00"}
	if len(linjer) != 2 || strings.Join(linjer[0], ";") != sagKolonner || !slices.Equal(linjer[1], want) {
		t.Errorf("%q", linjer)
	}
}

func TestDokumenterEksporteresSomXMLMedIndholdVedSiden(t *testing.T) {
	t.Parallel()
	s := aabn(t, Options{})
	gem(t, s, enSag(), etBrev())
	eksporter(t, s)
	d := xml.NewDecoder(strings.NewReader(laes(t, s, "dok_000002.xml")))
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil } // laes has decoded it
	var got struct {                                                                   // as a reader knows the file
		Loebenr    int `xml:"Loebenr,attr"`
		Antal      int `xml:"Antal,attr"`
		Dokumenter []struct {
			Nr                                          string `xml:"Nr,attr"`
			Version                                     int    `xml:"Version,attr"`
			Sagsnr, Titel, Type, Retning, Brevdato, Fil string
			Modtager                                    struct {
				CPR  string `xml:"cpr,attr"`
				Navn string `xml:",chardata"`
			}
		} `xml:"Dokument"`
	}
	if err := d.Decode(&got); err != nil {
		t.Fatal(err)
	}
	if got.Antal != 1 || got.Loebenr != 2 || len(got.Dokumenter) != 1 {
		t.Fatalf("%+v", got)
	}
	x := got.Dokumenter[0]
	if x.Nr != "D-000001" || x.Version != 1 || x.Sagsnr != "2026-01000" || x.Titel != "Afgørelse <&>" || x.Type != "BRV" || x.Retning != "UD" || x.Brevdato != "2026-07-02" ||
		x.Modtager.CPR != "3102400001" || x.Modtager.Navn != "Åse Testesen" {
		t.Errorf("%+v", x)
	}
	if b, err := os.ReadFile(s.ud(x.Fil)); err != nil || string(b) != "Kære Åse" {
		t.Errorf("%s holds %q, %v", x.Fil, b, err)
	}
}

func TestHverVersionEksporteresEnGang(t *testing.T) {
	t.Parallel()
	s := aabn(t, Options{})
	gem(t, s, enSag(), etBrev())
	eksporter(t, s)
	eksporter(t, s)
	to := enSag()
	to.Version = 2
	gem(t, s, to)
	eksporter(t, s)
	if got, want := klare(t, s), []string{"dok_000002.xml", "sag_000001.csv", "sag_000003.csv"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got, want := stats(t, s), (Stats{Sager: 1, Dokumenter: 1, Versioner: 3, Filer: 3}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// TestEnHalvFilHarAldrigSinMarkering stops the export after each of its writes in turn.
func TestEnHalvFilHarAldrigSinMarkering(t *testing.T) {
	t.Parallel()
	s := aabn(t, Options{Skrivepause: time.Hour})
	lang := enSag()
	lang.Beskrivelse = strings.Repeat("Lang sag. ", 2*skrivestykke/10)
	gem(t, s, lang)
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		faerdig := make(chan error)
		go func() { faerdig <- s.skrivFil(ctx, "sag_000099.csv", s.sagCSV([]Sag{lang})) }()
		synctest.Wait() // it has written its first piece and pauses
		if st, err := os.Stat(s.ud("sag_000099.csv")); err != nil || st.Size() != skrivestykke {
			t.Errorf("after the first write: %v, %v", st, err)
		}
		if got := klare(t, s); len(got) != 0 {
			t.Errorf("%v is said to be complete", got)
		}
		stop()
		if err := <-faerdig; !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	})
	if got := klare(t, s); len(got) != 0 {
		t.Errorf("%v is said to be complete", got)
	}
}

func TestEnAfbrudtEksportKommerIgenUnderEtNytNummer(t *testing.T) {
	t.Parallel()
	s := aabn(t, Options{})
	gem(t, s, enSag())
	if err := os.MkdirAll(s.ud("sag_000001.csv"), 0o755); err != nil { // the file cannot be made
		t.Fatal(err)
	}
	if err := s.ExportNow(t.Context()); err == nil {
		t.Fatal("an export over a folder went well")
	}
	if st := stats(t, s); st.Ueksporterede != 1 || st.Filer != 0 {
		t.Errorf("%+v", st)
	}
	eksporter(t, s)
	if got := klare(t, s); !slices.Equal(got, []string{"sag_000002.csv"}) {
		t.Errorf("%v", got)
	}
}

func TestEnBrudtLinjeStaarSidstOgKanIkkeLaeses(t *testing.T) {
	t.Parallel()
	s := aabn(t, Options{BrydLinje: func(nr string, version int) bool { return nr == "2026-01000" && version == 1 }})
	hel := enSag()
	hel.Nr = "2026-01001"
	gem(t, s, enSag(), hel)
	eksporter(t, s)
	linjer := strings.Split(strings.TrimSuffix(laes(t, s, "sag_000001.csv"), "\r\n"), "\r\n")
	if len(linjer) != 3 || linjer[1] != linjeNu(hel) || linjer[2] != `2026-01000;1;Opførelse af carport;"Tag; "ensi` {
		t.Errorf("%q", linjer)
	}
	r := csv.NewReader(strings.NewReader(linjer[2]))
	r.Comma = ';'
	if l, err := r.Read(); err == nil {
		t.Errorf("the cut-off line was read: %q", l)
	}
}

// linjeNu is the line of a case that was registered now.
func linjeNu(s Sag) string {
	s.Aendret = klokken().In(time.FixedZone("CEST", 2*60*60))
	return s.Linje()
}

func TestGentagEksportErDeSammeBytesUnderEtNytNavn(t *testing.T) {
	t.Parallel()
	s := aabn(t, Options{})
	gem(t, s, enSag(), etBrev())
	eksporter(t, s)
	for _, fil := range klare(t, s) { // a reader has taken them away
		if err := errors.Join(os.Remove(s.ud(fil)), os.Remove(s.ud(fil)+".klar")); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(s.GentagEksport(t.Context(), ArtSag, "2026-01000", 1), s.GentagEksport(t.Context(), ArtDokument, "D-000001", 1)); err != nil {
		t.Fatal(err)
	}
	for ny, gammel := range map[string]string{"sag_000003.csv": "sag_000001.csv", "dok_000004.xml": "dok_000002.xml"} {
		a, err := os.ReadFile(s.ud(ny))
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(filepath.Join(s.dir, "arkiv", gammel))
		if err != nil || string(a) != string(b) {
			t.Errorf("%s and %s differ, %v", ny, gammel, err)
		}
	}
	if err := s.GentagEksport(t.Context(), ArtSag, "2026-01000", 2); !errors.Is(err, ErrNummer) {
		t.Errorf("a version that was never exported: %v", err)
	}
}

func TestEksporterGammelErVersionenSomDenVar(t *testing.T) {
	t.Parallel()
	s := aabn(t, Options{})
	to := enSag()
	to.Version, to.Titel = 2, "Ændret projekt"
	gem(t, s, enSag(), to)
	eksporter(t, s)
	if err := s.EksporterGammel(t.Context(), "2026-01000", 1); err != nil {
		t.Fatal(err)
	}
	if got := laes(t, s, "sag_000002.csv"); got != sagKolonner+"\r\n"+linjeNu(enSag())+"\r\n" {
		t.Errorf("%q", got)
	}
	if err := s.EksporterGammel(t.Context(), "2026-01000", 3); !errors.Is(err, ErrNummer) {
		t.Errorf("a version that is not there: %v", err)
	}
}

func TestEnTrukketSagErEnNyVersion(t *testing.T) {
	t.Parallel()
	s := aabn(t, Options{})
	gem(t, s, enSag())
	if err := s.TraekSag(t.Context(), "2026-01000", 2, time.Time{}); err != nil {
		t.Fatal(err)
	}
	eksporter(t, s)
	if got := laes(t, s, "sag_000001.csv"); !strings.Contains(got, "2026-01000;2;Opførelse af carport") || !strings.Contains(got, ";TRK;") {
		t.Errorf("%s", got)
	}
}

func TestKunDenNaesteVersionKanGemmes(t *testing.T) {
	t.Parallel()
	s := aabn(t, Options{})
	gem(t, s, enSag(), etBrev())
	sag := func(nr string, version int) error {
		v := enSag()
		v.Nr, v.Version = nr, version
		return s.GemSag(t.Context(), v)
	}
	dok := func(sagsnr string, version int) error {
		v := etBrev()
		v.Sagsnr, v.Version = sagsnr, version
		return s.GemDokument(t.Context(), v)
	}
	for navn, c := range map[string]struct{ got, want error }{
		"SammeVersion":         {sag("2026-01000", 1), ErrFindes},
		"EnVersionForLangt":    {sag("2026-01000", 3), ErrNummer},
		"NulteVersion":         {sag("2026-01000", 0), ErrNummer},
		"UdenNummer":           {sag("", 1), ErrNummer},
		"NySagFraVersion2":     {sag("2026-01001", 2), ErrNummer},
		"TrukketUkendt":        {s.TraekSag(t.Context(), "2026-09999", 2, time.Time{}), ErrNummer},
		"SammeDokument":        {dok("2026-01000", 1), ErrFindes},
		"DokumentIUkendtSag":   {dok("2026-09999", 2), ErrNummer},
		"DokumentetForLangt":   {dok("2026-01000", 3), ErrNummer},
		"DokumentetsNaesteKan": {dok("2026-01000", 2), nil},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v, want %v", navn, c.got, c.want)
		}
	}
}

// svarfil lays an answer in ind, by rename as it must be.
func svarfil(t *testing.T, s *System, navn, tekst string) {
	t.Helper()
	b, err := charmap.Windows1252.NewEncoder().Bytes([]byte(tekst))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.WriteFile(s.ind("."+navn+".tmp"), b, 0o600), os.Rename(s.ind("."+navn+".tmp"), s.ind(navn))); err != nil {
		t.Fatal(err)
	}
}

func importer(t *testing.T, s *System) {
	t.Helper()
	if err := s.ImportNow(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// svarlog is what the system has noted of answers, one line each.
func svarlog(t *testing.T, s *System) (ud []string) {
	t.Helper()
	rows, err := s.db.QueryContext(t.Context(), `SELECT operation, nr, version, vaerdi, modtaget FROM svarlog ORDER BY id`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var operation, nr, vaerdi, modtaget string
		var version int
		if err := rows.Scan(&operation, &nr, &version, &vaerdi, &modtaget); err != nil {
			t.Fatal(err)
		}
		ud = append(ud, fmt.Sprintf("%s %s %d %s %s", operation, nr, version, vaerdi, modtaget))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return ud
}

func TestSvarImporteresOgFlyttes(t *testing.T) {
	t.Parallel()
	s := aabn(t, Options{})
	gem(t, s, enSag(), etBrev())
	svarfil(t, s, "journal_2026-01000_1.csv", "NR;VERSION;JOURNALNR\r\n2026-01000;1;BYG-2026-00001\r\n")
	svarfil(t, s, "afsendt_D-000001_1.csv", "NR;VERSION;AFSENDT;BREVID\r\nD-000001;1;03-07-2026;RR1DK\r\n")
	if ja, err := s.Journaliseret(t.Context(), "D-000001", 1); ja || err != nil {
		t.Errorf("journalised before the answer: %v, %v", ja, err)
	}
	svarfil(t, s, "journal_D-000001_1.csv", "NR;VERSION;JOURNALNR\r\nD-000001;1;BYG-2026-00001-001\r\n")
	importer(t, s)
	want := []string{
		"afsendt D-000001 1 03-07-2026 RR1DK 02-07-2026 14:30:00",
		"journal 2026-01000 1 BYG-2026-00001 02-07-2026 14:30:00",
		"journal D-000001 1 BYG-2026-00001-001 02-07-2026 14:30:00",
	}
	if got := svarlog(t, s); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if ja, err := s.Journaliseret(t.Context(), "D-000001", 1); !ja || err != nil {
		t.Errorf("not journalised after the answer: %v, %v", ja, err)
	}
	if laest, err := filepath.Glob(s.ind("laest", "*.csv")); err != nil || len(laest) != 3 {
		t.Errorf("%v, %v", laest, err)
	}
	if nye, err := filepath.Glob(s.ind("*.csv")); err != nil || len(nye) != 0 {
		t.Errorf("%v, %v", nye, err)
	}
}

// TestDetSammeSvarToGangeStaarDerToGange: the system has no memory that could hide a repeat from the checker.
func TestDetSammeSvarToGangeStaarDerToGange(t *testing.T) {
	t.Parallel()
	s := aabn(t, Options{})
	gem(t, s, enSag())
	for range 2 {
		svarfil(t, s, "journal_2026-01000_1.csv", "NR;VERSION;JOURNALNR\r\n2026-01000;1;BYG-2026-00001\r\n")
		importer(t, s)
	}
	if st := stats(t, s); st.Svar != 2 {
		t.Errorf("%+v", st)
	}
}

func TestSvarDerIkkeKanLaesesAfvisesMedGrund(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ navn, fil, tekst, grund string }{
		{"UkendtVersion", "journal_a.csv", "NR;VERSION;JOURNALNR\r\n2026-01000;2;BYG-1\r\n", "2026-01000 version 2"},
		{"UkendtSag", "journal_b.csv", "NR;VERSION;JOURNALNR\r\n2026-09999;1;BYG-1\r\n", "2026-09999 version 1"},
		{"FremmedNavn", "svar_c.csv", "NR;VERSION;JOURNALNR\r\n2026-01000;1;BYG-1\r\n", "journal_"},
		{"ForkerteKolonner", "journal_d.csv", "NR;VERSION\r\n2026-01000;1\r\n", "NR;VERSION;JOURNALNR"},
		{"ToPoster", "journal_e.csv", "NR;VERSION;JOURNALNR\r\n2026-01000;1;BYG-1\r\n2026-01000;1;BYG-1\r\n", "netop én linje"},
		{"IngenPost", "journal_f.csv", "NR;VERSION;JOURNALNR\r\n", "netop én linje"},
		{"VersionErIkkeEtTal", "journal_g.csv", "NR;VERSION;JOURNALNR\r\n2026-01000;en;BYG-1\r\n", "VERSION"},
		{"TomtJournalnummer", "journal_h.csv", "NR;VERSION;JOURNALNR\r\n2026-01000;1;\r\n", "udfyldt"},
		{"DatoenErIkkeDansk", "afsendt_i.csv", "NR;VERSION;AFSENDT;BREVID\r\n2026-01000;1;2026-07-03;F-1\r\n", "AFSENDT"},
		{"ForStor", "journal_j.csv", strings.Repeat("x", maxSvar+1), "bytes"},
	} {
		t.Run(c.navn, func(t *testing.T) {
			t.Parallel()
			s := aabn(t, Options{})
			gem(t, s, enSag())
			svarfil(t, s, c.fil, c.tekst)
			svarfil(t, s, "journal_2026-01000_1.csv", "NR;VERSION;JOURNALNR\r\n2026-01000;1;BYG-2026-00001\r\n")
			importer(t, s)
			grund, err := os.ReadFile(s.ind("afvist", c.fil+".fejl"))
			if err != nil || !strings.Contains(string(grund), c.grund) {
				t.Errorf("the reason is %q, %v", grund, err)
			}
			if _, err := os.Stat(s.ind("afvist", c.fil)); err != nil {
				t.Error(err)
			}
			if st := stats(t, s); st.Svar != 1 {
				t.Errorf("the answer beside it was not taken in: %+v", st)
			}
		})
	}
}

func TestEnFilDerIkkeErFaerdigBliverLiggende(t *testing.T) {
	t.Parallel()
	s := aabn(t, Options{})
	for _, navn := range []string{"journal_2026-01000_1.csv.tmp", ".mox-1.tmp", ".journal.csv"} {
		if err := os.WriteFile(s.ind(navn), []byte("NR;VER"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	importer(t, s)
	if filer, err := os.ReadDir(s.ind()); err != nil || len(filer) != 3+2 { // and the two folders
		t.Errorf("%v, %v", filer, err)
	}
}

func TestRunEksportererOgImportererTilDenStandses(t *testing.T) {
	t.Parallel()
	s := aabn(t, Options{Periode: time.Millisecond})
	gem(t, s, enSag())
	svarfil(t, s, "journal_2026-01000_1.csv", "NR;VERSION;JOURNALNR\r\n2026-01000;1;BYG-2026-00001\r\n")
	ctx, stop := context.WithCancel(t.Context())
	faerdig := make(chan error, 1)
	go func() { faerdig <- s.Run(ctx) }()
	tik := time.NewTicker(time.Millisecond)
	defer tik.Stop()
	for st := stats(t, s); st.Ueksporterede > 0 || st.Svar == 0; st = stats(t, s) {
		select {
		case <-tik.C:
		case err := <-faerdig:
			t.Fatalf("Run ended by itself: %v", err)
		}
	}
	stop()
	if err := <-faerdig; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
