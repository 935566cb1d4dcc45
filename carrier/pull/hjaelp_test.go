package pull_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/carrier/pull"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/indhold"
	"github.com/moxkit/mox/klient"
	"github.com/moxkit/mox/store"
	"github.com/moxkit/mox/store/storetest"
)

// server is what Tjeneste and Klient have in common.
type server interface {
	Kilde(ctx context.Context, agent, kilde string) (store.Kilde, error)
	Uafklarede(ctx context.Context, l distributor.Laest) ([]int64, error)
	Indlever(ctx context.Context, i distributor.Indlevering) (distributor.Indleveret, error)
	Hent(ctx context.Context, abonnement mox.AbonnementID, ejer string, n int, leje, vent time.Duration) ([]distributor.Arbejde, error)
	Feed(ctx context.Context, abonnement mox.AbonnementID, efter int64, n int, vent time.Duration) (klient.Feed, error)
	Sammendrag(ctx context.Context, abonnement mox.AbonnementID, fra, til int64, dele int) (klient.Sammendrag, error)
	Forny(ctx context.Context, ejer string, leverancer []int64, leje time.Duration) (int, error)
	Done(ctx context.Context, f distributor.Afslutning) (distributor.Afsluttet, error)
	Send(ctx context.Context, afsender string, b mox.Besked) (klient.Modtaget, error)
	Beskeder(ctx context.Context, id mox.BeskedID) ([]klient.Kendt, error)
	GemIndhold(ctx context.Context, r io.Reader) (sha string, err error)
	HentIndhold(ctx context.Context, abonnement mox.AbonnementID, sha string) (io.ReadCloser, error)
}

// The landscape of the tests: Byggesag tells of its Sager and Dokumenter, ESDH wants both, Breve wants Dokumenter.
const (
	esdh  = mox.AbonnementID("esdh.journal")
	breve = mox.AbonnementID("breve.send")
)

// hus is a whole MOX on a database of its own: the functions, and the same behind the guard on a real port.
type hus struct {
	pull.Tjeneste
	vagt   *auth.Vagt
	http   *httptest.Server
	noegle map[string]string // by name
	log    *strengbuffer

	mu    sync.Mutex
	punkt map[string]func()
	kald  func(*http.Request) // sees each call that gets past the guard
}

// strengbuffer is a log that a test may read while others write.
type strengbuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (s *strengbuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *strengbuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func nytHus(t *testing.T) *hus {
	t.Helper()
	return nytHusMed(t)
}

// nytHusMed is a house with agreements.
func nytHusMed(t *testing.T, aftaler ...mox.Aftale) *hus {
	t.Helper()
	h := &hus{noegle: map[string]string{}, punkt: map[string]func(){}, log: &strengbuffer{}}
	dir := t.TempDir()
	s, err := store.Open(t.Context(), storetest.SQLiteIn(t, dir))
	maa(t, err)
	t.Cleanup(func() { maa(t, s.Close()) })
	h.Distributor, err = distributor.New(t.Context(), s, distributor.Options{Jitter: func() float64 { return 0 }, Punkt: h.naaet, Aftaler: aftaler})
	maa(t, err)
	h.Lager, err = indhold.Open(filepath.Join(dir, "indhold"))
	maa(t, err)
	h.Log = slog.New(slog.NewTextHandler(h.log, nil))
	maa(t, h.Distributor.Konfigurer(t.Context(), []mox.Abonnement{
		abonnement(t, esdh, "ESDH", map[string]any{"objekttype": []any{"Sag", "Dokument"}}),
		abonnement(t, breve, "Breve", map[string]any{"objekttype": "Dokument"}),
	}, nil))
	h.aabn(t)
	return h
}

func abonnement(t *testing.T, id mox.AbonnementID, system string, filter map[string]any) mox.Abonnement {
	t.Helper()
	f, fejl := mox.LaesFilter(filter)
	if len(fejl) > 0 {
		t.Fatal(fejl)
	}
	return mox.Abonnement{ID: id, System: system, Filter: f, Orden: mox.OrdenObjekt, Gentages: true, Plan: mox.Plan{Forsoeg: 5, Foerste: 200 * time.Millisecond, Hoejst: time.Second}}
}

func (h *hus) naaet(navn string) {
	h.mu.Lock()
	f := h.punkt[navn]
	h.mu.Unlock()
	if f != nil {
		f()
	}
}

// ved does something each time the distributor reaches a named point.
func (h *hus) ved(navn string, f func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.punkt[navn] = f
}

// aabn opens the guarded server with a key for each system's agent, one for an operator, one for a reader, one that has
// expired.
func (h *hus) aabn(t *testing.T) {
	t.Helper()
	var noegler []auth.APINoegle
	for _, n := range []auth.APINoegle{
		{Navn: "byggesag", System: "Byggesag", Rolle: auth.System}, {Navn: "esdh", System: "ESDH", Rolle: auth.System}, {Navn: "breve", System: "Breve", Rolle: auth.System},
		{Navn: "vagten", Rolle: auth.Drift}, {Navn: "laeser", Rolle: auth.Laeser}, {Navn: "gammel", Rolle: auth.Drift, Udloeber: time.Now().Add(-time.Hour)},
	} {
		h.noegle[n.Navn], n.SHA256 = auth.NyNoegle()
		noegler = append(noegler, n)
	}
	h.http = httptest.NewUnstartedServer(nil)
	var err error
	h.vagt, err = auth.NyVagt(auth.Options{Adresser: []string{h.http.Listener.Addr().String()}, Noegler: noegler})
	maa(t, err)
	api := pull.Handler(h.Tjeneste)
	h.http.Config.Handler = h.vagt.Beskyt(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		f := h.kald
		h.mu.Unlock()
		if f != nil {
			f(r)
		}
		api.ServeHTTP(w, r)
	}))
	h.http.Start()
	t.Cleanup(h.http.Close)
}

// fjern is a Klient that sends as Tjeneste does.
type fjern struct{ *pull.Klient }

func (f fjern) Send(ctx context.Context, afsender string, b mox.Besked) (klient.Modtaget, error) {
	return f.Som(afsender).Send(ctx, b)
}

// klient calls over HTTP with the named key.
func (h *hus) klient(t *testing.T, navn string) fjern {
	t.Helper()
	k, err := pull.NewKlient(h.http.URL, h.noegle[navn], klient.Options{})
	maa(t, err)
	t.Cleanup(k.Luk)
	return fjern{k}
}

// paaBegge runs a test through the functions and through HTTP. som is the server as the named agent sees it.
func paaBegge(t *testing.T, f func(t *testing.T, h *hus, som func(navn string) server)) {
	t.Helper()
	t.Parallel()
	t.Run("Tjeneste", func(t *testing.T) {
		t.Parallel()
		h := nytHus(t)
		f(t, h, func(string) server { return h.Tjeneste })
	})
	t.Run("Klient", func(t *testing.T) {
		t.Parallel()
		h := nytHus(t)
		f(t, h, func(navn string) server { return h.klient(t, navn) })
	})
}

func maa(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// kode checks the code of an error; "" is none.
func kode(t *testing.T, err error, vil mox.Kode) {
	t.Helper()
	if mox.KodeAf(err) != vil {
		t.Errorf("kode %q, want %q: %v", mox.KodeAf(err), vil, err)
	}
}

const sagA = mox.ObjektID("aaaaaaaa-0000-4000-8000-000000000001")

// besked is a besked from Byggesag about sagA.
func besked(med ...func(*mox.Besked)) mox.Besked {
	b := mox.Besked{ID: mox.BeskedID(mox.NyUUID()), ObjektID: sagA, ObjektType: mox.Sag, LivscyklusKode: mox.Rettet, Aktoer: mox.NyUUID(), Kildesystem: "Byggesag",
		Registreringstid: time.Date(2026, 3, 2, 9, 15, 0, 0, time.UTC), Objektreference: "https://byggesag.example/sag/1"}.MedStandard()
	for _, f := range med {
		f(&b)
	}
	return b
}

func om(id mox.ObjektID) func(*mox.Besked) {
	return func(b *mox.Besked) { b.ObjektID = id }
}

func send(t *testing.T, s server, b mox.Besked) klient.Modtaget {
	t.Helper()
	m, err := s.Send(t.Context(), "Byggesag", b)
	maa(t, err)
	return m
}

// tag takes the one leverance that must be there.
func tag(t *testing.T, s server, a mox.AbonnementID) distributor.Arbejde {
	t.Helper()
	w, err := s.Hent(t.Context(), a, "arbejder-1", 1, time.Minute, 10*time.Second)
	maa(t, err)
	if len(w) != 1 {
		t.Fatalf("%d leverancer, want 1", len(w))
	}
	return w[0]
}

func afslut(w distributor.Arbejde, r mox.Resultat) distributor.Afslutning {
	return distributor.Afslutning{Leverance: w.Leverance, Forsoeg: w.Forsoeg, Ejer: w.Ejer, Udfald: mox.Udfald{Resultat: r, Kode: "200"}}
}

// indlevering is a Dokument of Byggesag, with its content where a reference is given.
func indlevering(noegle, forventet, position, ref string) distributor.Indlevering {
	f := map[string]string{"egenskaber.brugervendtnoegle": noegle, "egenskaber.beskrivelse": "Tegning", "egenskaber.brevdato": "2026-03-01", "egenskaber.titel": "Facade <syd> & æøå",
		"egenskaber.dokumenttype": "Tegning", "tilstande.fremdrift": "Modtaget"}
	if ref != "" {
		f["varianter.original.dele.1.indhold"] = ref
		f["varianter.original.dele.1.mimetype"] = "application/pdf"
	}
	return distributor.Indlevering{Agent: "byggesag", System: "Byggesag", ActsAs: "svc-mox", Kilde: "dokumenter", Forventet: forventet, Position: position, Faerdig: true,
		Poster: []distributor.Post{{Noegle: noegle, ObjektType: mox.Dokument, Felter: f, Version: fmt.Sprint(len(position))}}}
}

// tagIngen is work that MOX has never given out.
func tagIngen() distributor.Arbejde {
	return distributor.Arbejde{Leverance: 999, Forsoeg: 1, Ejer: "a"}
}

func laesLeverance(t *testing.T, h *hus, id int64) (l store.Leverance) {
	t.Helper()
	maa(t, h.Distributor.Store().View(t.Context(), func(tx *store.Tx) error {
		o, ok, err := tx.OpgaveFor(id)
		if err == nil && !ok {
			t.Errorf("no leverance %d", id)
		}
		l = o.Leverance
		return err
	}))
	return l
}
