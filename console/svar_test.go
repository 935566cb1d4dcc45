package console

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/store"
)

func TestHovederne(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	for _, sti := range []string{"/", "/findes-ikke", "/api/v1/drift/status", "/statisk/x"} {
		s := h.hent(sti)
		csp := s.hoved.Get("Content-Security-Policy")
		if !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") || !strings.Contains(csp, "frame-ancestors 'none'") {
			t.Errorf("%s: %s", sti, csp)
		}
		if s.hoved.Get("X-Content-Type-Options") != "nosniff" || s.hoved.Get("Cache-Control") != "no-store" || s.hoved.Get("Referrer-Policy") != "same-origin" {
			t.Errorf("%s: %v", sti, s.hoved)
		}
	}
	kage := h.hent("/").hoved.Get("Set-Cookie")
	if kage != "" {
		t.Errorf("a new secret at every visit: %s", kage)
	}
	frisk := *h
	frisk.klient = nyKlient(t)
	kage = frisk.hent("/").hoved.Get("Set-Cookie")
	if !strings.Contains(kage, "HttpOnly") || !strings.Contains(kage, "SameSite=Strict") {
		t.Errorf("%q", kage)
	}
}

func TestStatiskeFilerGemmesAfBrowseren(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	for _, m := range regexp.MustCompile(`(?:src|href)="(/statisk/[^"]+)"`).FindAllStringSubmatch(h.side("/"), -1) {
		s := h.hent(m[1])
		if s.status != http.StatusOK || !strings.Contains(s.hoved.Get("Cache-Control"), "immutable") || s.hoved.Get("Content-Type") == "" {
			t.Errorf("%s: %d %v", m[1], s.status, s.hoved)
		}
		if strings.Contains(s.krop, "http://") && !strings.HasSuffix(m[1], ".svg") || strings.Contains(s.krop, "https://") {
			t.Errorf("%s fetches from elsewhere", m[1])
		}
	}
}

func TestFejlsider(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	h.fyld()
	for sti, vil := range map[string]int{"/findes-ikke": 404, "/fejl/999": 404, "/fejl/x": 404, "/forloeb/x": 404, "/statisk/": 404, "/statisk/../hemmelig": 404} {
		s := h.hent(sti)
		if s.status != vil && s.status != http.StatusMovedPermanently && s.status != http.StatusTemporaryRedirect {
			t.Errorf("%s: %d", sti, s.status)
		}
		if strings.HasPrefix(s.krop, "<!doctype") {
			h.velformet(sti, s.krop)
			h.har(s.krop, "ikke_fundet")
		}
	}
	if s := h.hent("/findes-ikke", engelsk); !strings.Contains(s.krop, "Page not found") || !strings.Contains(s.krop, `<span lang="da">siden findes ikke</span>`) {
		t.Error(s.krop)
	}
	for _, metode := range []string{http.MethodPut, http.MethodDelete, http.MethodPost} {
		r, err := http.NewRequestWithContext(t.Context(), metode, h.server.URL+"/fejl", nil)
		h.maa(err)
		if s := h.send(r); s.status < 400 {
			t.Errorf("%s: %d", metode, s.status)
		}
	}
}

// TestUdenDatabase: the database is gone while the console runs. It says so, and tells nothing else.
func TestUdenDatabase(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	a := h.fyld()
	h.maa(h.d.Store().Close())
	for _, sti := range h.alleUdenOpslag(a) {
		s := h.hent(sti)
		if s.status < 500 {
			t.Errorf("%s: %d", sti, s.status)
		}
		h.velformet(sti, s.krop)
		h.harIkke(s.krop, "sql", "goroutine", ".go:")
	}
}

func (h *hus) alleUdenOpslag(a alt) []string {
	return []string{"/", "/beskeder", "/fejl", fejlsti(a.fejl409), forloebSti(a.leveret), "/agenter", "/processer", "/abonnementer/esdh.sager/pause", "/fejl/gruppe?handling=luk"}
}

// TestEtSammenbrudBliverTilEnSide: a part of the caller's panics.
func TestEtSammenbrudBliverTilEnSide(t *testing.T) {
	t.Parallel()
	h := nytHus(t, func(o *Options) { o.Landskab = func() Landskab { panic("hemmeligt") } })
	s := h.hent("/")
	if s.status != http.StatusInternalServerError {
		t.Errorf("%d", s.status)
	}
	h.har(s.krop, "Der skete en fejl i MOX", "intern_fejl")
	h.harIkke(s.krop, "hemmeligt")
}

func TestEnForStorForm(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	token := tokenform.FindStringSubmatch(h.side("/"))[1]
	s := h.sendForm("/sprog", url.Values{"token": {token}, "sprog": {strings.Repeat("x", maksForm)}})
	if s.status != http.StatusRequestEntityTooLarge {
		t.Errorf("%d", s.status)
	}
}

func TestSprogvalg(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	for accept, vil := range map[string]string{"": dansk, "da-DK,da;q=0.9,en;q=0.8": dansk, "en-GB,en;q=0.9,da;q=0.8": engelsk, "de-DE,en;q=0.5": engelsk, "de": dansk, "nb-NO,en;q=0.9": dansk, "en;q=0.1,da;q=0.2": dansk,
		"en;q=x": dansk, "*": dansk, ",;q=": dansk} {
		h.har(h.hent("/", accept).krop, `<html lang="`+vil+`">`)
	}
	for tilbage, vil := range map[string]string{"/fejl?kode=409": "/fejl?kode=409", "//ondt.example": "/", "https://ondt.example": "/", "/\\ondt.example": "/", "": "/", "/\tx": "/"} {
		s := h.post("/", "/sprog", map[string]string{"sprog": engelsk, "tilbage": tilbage})
		if s.status != http.StatusSeeOther || s.hoved.Get("Location") != vil {
			t.Errorf("%q: %d %q", tilbage, s.status, s.hoved.Get("Location"))
		}
	}
	h.har(h.hent("/", dansk).krop, `<html lang="en">`, `value="da"`) // the choice counts for more than the browser
	h.post("/", "/sprog", map[string]string{"sprog": "xx"})
	h.har(h.hent("/", engelsk).krop, `<html lang="da">`)
}

func TestTiderOgTal(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Europe/Copenhagen")
	if err != nil {
		t.Fatal(err)
	}
	nu := time.Date(2026, 11, 23, 14, 30, 0, 0, zone)
	sprog := laesSprog(zone, func() time.Time { return nu })
	da, en := sprog[dansk], sprog[engelsk]
	ens := func(got, vil string) {
		t.Helper()
		if got != vil {
			t.Errorf("%q, want %q", got, vil)
		}
	}
	ens(da.tidstekst(nu), "kl. 14.30.00")
	ens(en.tidstekst(nu.UTC()), "14:30:00")
	ens(da.tidstekst(nu.AddDate(0, -8, 0)), "23. marts kl. 14.30.00")
	ens(en.tidstekst(nu.AddDate(-1, 0, 0)), "23 Nov 2025 14:30:00")
	ens(string(da.tid(time.Time{})), `<span class="intet">–</span>`)
	ens(string(en.tid(nu)), `<time datetime="2026-11-23T14:30:00+01:00" title="2026-11-23 14:30:00.000 CET">14:30:00</time>`)
	for d, vil := range map[time.Duration]string{0: "0 ms", 85 * time.Millisecond: "85 ms", 1200 * time.Millisecond: "1,2 sek.", 3 * time.Second: "3 sek.", 59 * time.Second: "59 sek.", 90 * time.Second: "1 min.",
		3 * time.Hour: "3 t.", 3*time.Hour + 12*time.Minute: "3 t. 12 min.", 50 * time.Hour: "2 døgn 2 t."} {
		ens(da.varighed(d), vil)
	}
	ens(en.varighed(1200*time.Millisecond), "1.2 s")
	ens(da.siden(nu.Add(-90*time.Second)), "1 min.")
	ens(da.siden(nu.Add(time.Hour)), "1 sek.") // a clock that runs ahead
	ens(da.siden(time.Time{}), "–")
	ens(da.mellem(nu, time.Time{}), "")
	for n, vil := range map[int]string{0: "0", 999: "999", 1000: "1.000", 1234567: "1.234.567", -1000: "-1.000"} {
		ens(da.tal(n), vil)
	}
	ens(en.tal(int64(1234)), "1,234")
	ens(da.antal("status.fejl", 1), "1 fejl venter på behandling")
	ens(en.antal("status.fejl", 2000), "2,000 errors wait to be handled")
	ens(da.t("findes.ikke"), "findes.ikke")
	ens(string(en.paaDansk("<æ>")), `<span lang="da">&lt;æ&gt;</span>`)
}

// TestStandenLaesesIkkeOftereEndNoedvendigt: any number of browsers look; the database is asked once.
func TestStandenLaesesIkkeOftereEndNoedvendigt(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	nu := time.Unix(1, 0)
	l := nytStandlager(h.d, func() time.Time { return nu })
	tael := func(igen bool) int64 {
		o, err := l.hent(t.Context(), igen)
		h.maa(err)
		return o.Beskeder
	}
	h.indlever()
	tael(false)
	h.indlever(sagen("1", "a", "02.34.02"))
	if n := tael(true); n != 0 {
		t.Errorf("read again at once: %d", n)
	}
	if n := tael(false); n != 1 {
		t.Errorf("whoever opens the page sees %d", n)
	}
	h.indlever(sagen("2", "a", "02.34.02"))
	nu = nu.Add(time.Second)
	if n := tael(true); n != 2 {
		t.Errorf("after a second: %d", n)
	}
	h.indlever(sagen("3", "a", "02.34.02"))
	l.glem()
	if n := tael(true); n != 3 {
		t.Errorf("after an act: %d", n)
	}
	h.maa(h.d.Store().Close())
	if _, err := l.hent(t.Context(), false); err == nil {
		t.Error("a read that failed is answered with the last one")
	}
}

// TestLandskabetTegnes checks the geometry of both pictures for landscapes from none to many.
func TestLandskabetTegnes(t *testing.T) {
	t.Parallel()
	s := laesSprog(time.UTC, time.Now)[dansk]
	for n := range 12 {
		var l Landskab
		var ms []modtager
		for i := range n {
			navn := strings.Repeat("System ", i) + string(rune('A'+i))
			l.Systemer = append(l.Systemer, System{Navn: navn, Leverandoer: "L"})
			if i%3 != 1 {
				l.Flows = append(l.Flows, Flow{Fra: navn, Kilde: "a/" + navn})
			}
			for j := range i % 4 {
				id := mox.AbonnementID(navn + strings.Repeat("x", j))
				l.Flows = append(l.Flows, Flow{Til: navn, Abonnement: id})
				ms = append(ms, modtager{Abonnement: mox.Abonnement{ID: id}, Stand: store.Stand{Antal: map[mox.LeveranceTilstand]int{mox.Parkeret: j, mox.Uvis: i}, Pause: j == 1}, Venter: i})
			}
		}
		naboerne := naboer(l, distributor.Overblik{}, ms)
		for _, b := range []billede{s.bredt(naboerne), s.smalt(naboerne)} {
			b.stemmer(t, n)
		}
	}
}

// stemmer checks that boxes lie inside the picture and on nothing else, and that every lane lies between its box and MOX.
func (b billede) stemmer(t *testing.T, n int) {
	t.Helper()
	if len(b.Kasser) != n {
		t.Errorf("%s with %d systems draws %d", b.ID, n, len(b.Kasser))
	}
	for i, k := range b.Kasser {
		if k.X < 0 || k.Y < 0 || k.X+k.B > b.Bredde || k.Y+k.H > b.Hoejde {
			t.Errorf("%s, %d systems: box %d lies outside: %+v in %dx%d", b.ID, n, i, k.firkant, b.Bredde, b.Hoejde)
		}
		for j, k2 := range b.Kasser[:i] {
			if k.X < k2.X+k2.B && k2.X < k.X+k.B && k.Y < k2.Y+k2.H && k2.Y < k.Y+k.H {
				t.Errorf("%s, %d systems: boxes %d and %d overlap", b.ID, n, j, i)
			}
		}
		bund := k.Y
		for _, p := range k.Spor {
			if p.NavnY-12 < bund-10 || p.Y < k.Y || p.Y > k.Y+k.H {
				t.Errorf("%s, %d systems: lane %q begins at %d, above %d", b.ID, n, p.Stroem.Navn, p.NavnY, bund)
			}
			for _, l := range p.Linjer {
				bund = max(bund, l.Y)
			}
			if bund > k.Y+k.H {
				t.Errorf("%s, %d systems: text of %q at %d runs out of its box, which ends at %d", b.ID, n, p.Stroem.Navn, bund, k.Y+k.H)
			}
		}
	}
}

func TestVaerdierStaarIRaekkefoelge(t *testing.T) {
	t.Parallel()
	sag, _ := mox.TypeAf(mox.Sag)
	felter := map[string]string{"relationer.primaerklasse": "urn:oio:kle:02.99.99", "relationer.ejer": "urn:oio:cvr-nr:12345678", "egenskaber.titel": "Ny altan", "egenskaber.beskrivelse": strings.Repeat("lang ", 40),
		"egenskaber.principiel": "true", "tilstande.fremdrift": "Forkert", "relationer.andresager.0": "urn:x:1", "relationer.journalpost.0.journalpostkode": "journalnotat"}
	raekke := func(aarsag string) string {
		var ud []string
		for _, v := range vaerdier(sag, felter, aarsag) {
			m := ""
			if v.Mistaenkt {
				m = "!"
			}
			ud = append(ud, m+v.Navn)
		}
		return strings.Join(ud, ", ")
	}
	for aarsag, vil := range map[string]string{
		"ukendt KLE-nummer 02.99.99":     "!Primær klasse, Fremdrift, Titel, Beskrivelse, Principiel, Andre sager 0, Ejer, Journalpost 0 journalpostkode",
		"myndighed 12345678 kendes ikke": "!Ejer, Primær klasse, Fremdrift, Titel, Beskrivelse, Principiel, Andre sager 0, Journalpost 0 journalpostkode",
		"status kan ikke skiftes":        "!Fremdrift, Primær klasse, Titel, Beskrivelse, Principiel, Andre sager 0, Ejer, Journalpost 0 journalpostkode",
		"":                               "Primær klasse, Fremdrift, Titel, Beskrivelse, Principiel, Andre sager 0, Ejer, Journalpost 0 journalpostkode",
	} {
		if got := raekke(aarsag); got != vil {
			t.Errorf("%q:\n%s\nwant\n%s", aarsag, got, vil)
		}
	}
	for _, v := range vaerdier(sag, felter, "") {
		valg := strings.Join(v.Valg, " ")
		switch v.Sti {
		case "tilstande.fremdrift":
			if !strings.HasSuffix(valg, "Afsluttet Forkert") {
				t.Errorf("%s: %s", v.Sti, valg)
			}
		case "egenskaber.principiel":
			if valg != "true false" {
				t.Errorf("%s: %s", v.Sti, valg)
			}
		default:
			if valg != "" || v.Langt != (v.Sti == "egenskaber.beskrivelse") {
				t.Errorf("%+v", v)
			}
		}
	}
	if got := stinavn(sag, "ukendt"); got != "ukendt" {
		t.Error(got)
	}
}

// TestKunDetKaldtesSider: what the console serves beside its pages is the operators' API.
func TestDriftsAPIetErDer(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	h.fyld()
	s := h.hent("/api/v1/drift/status")
	if s.status != http.StatusOK || s.hoved.Get("Content-Type") != "application/json" || s.hoved.Get("Set-Cookie") != "" {
		t.Errorf("%d %v", s.status, s.hoved)
	}
	if s := h.hent("/api/v1/drift/findes-ikke"); s.status != http.StatusNotFound || s.hoved.Get("Content-Type") != "application/problem+json" {
		t.Errorf("%d %v", s.status, s.hoved)
	}
}

// TestOverTLSErKagerneHemmelige: over TLS no cookie may travel without.
func TestOverTLSErKagerneHemmelige(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	s := httptest.NewTLSServer(New(Options{D: h.d}))
	t.Cleanup(s.Close)
	resp, err := s.Client().Get(s.URL + "/")
	h.maa(err)
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, resp.Body)
	if k := resp.Header.Get("Set-Cookie"); !strings.Contains(k, "Secure") {
		t.Errorf("%q", k)
	}
}
