package klient_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
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
	"github.com/moxkit/mox/internal/fejlnet"
	"github.com/moxkit/mox/klient"
	"github.com/moxkit/mox/store"
	"github.com/moxkit/mox/store/storetest"
)

// hus is a whole MOX behind a real port, with two systems, Byggesag and ESDH, of which the latter subscribes to Sager.
type hus struct {
	d      *distributor.Distributor
	store  *store.Store
	http   *httptest.Server
	noegle map[string]string // by the system

	mu   sync.Mutex
	kald func(*http.Request) // sees each call that gets past the guard
}

const sager = mox.AbonnementID("esdh.sager")

// aabn opens a house whose data are in dir.
func aabn(ctx context.Context, dir string) (*hus, error) {
	h := &hus{noegle: map[string]string{}}
	var err error
	if h.store, err = store.Open(ctx, filepath.Join(dir, "mox.db")); err != nil {
		return nil, err
	}
	if h.d, err = distributor.New(ctx, h.store, distributor.Options{Jitter: func() float64 { return 0 }}); err != nil {
		return nil, err
	}
	lager, err := indhold.Open(filepath.Join(dir, "indhold"))
	if err != nil {
		return nil, err
	}
	filter, fejl := mox.LaesFilter(map[string]any{"objekttype": []any{"Sag", "Dokument"}})
	if len(fejl) > 0 {
		return nil, errors.New(fejl[0].Tekst)
	}
	if err := h.d.Konfigurer(ctx, []mox.Abonnement{{ID: sager, System: "ESDH", Carrier: mox.CarrierPull, Filter: filter, Orden: mox.OrdenObjekt, Gentages: true,
		Plan: mox.Plan{Forsoeg: 5, Foerste: 20 * time.Millisecond, Hoejst: time.Second}}}, nil); err != nil {
		return nil, err
	}
	return h, h.lyt(pull.Handler(pull.Tjeneste{Distributor: h.d, Lager: lager}))
}

func (h *hus) lyt(api http.Handler) error {
	var noegler []auth.APINoegle
	for _, n := range []auth.APINoegle{{Navn: "byggesag", System: "Byggesag", Rolle: auth.System}, {Navn: "esdh", System: "ESDH", Rolle: auth.System}, {Navn: "vagten", Rolle: auth.Drift}} {
		klar, sha := auth.NyNoegle()
		h.noegle[n.Navn], n.SHA256 = klar, sha
		noegler = append(noegler, n)
	}
	h.http = httptest.NewUnstartedServer(nil)
	vagt, err := auth.NyVagt(auth.Options{Adresser: []string{h.http.Listener.Addr().String()}, Noegler: noegler})
	if err != nil {
		return err
	}
	h.http.Config.Handler = vagt.Beskyt(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		f := h.kald
		h.mu.Unlock()
		if f != nil {
			f(r)
		}
		api.ServeHTTP(w, r)
	}))
	h.http.Start()
	return nil
}

// ved lets f see each call from now on.
func (h *hus) ved(f func(*http.Request)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.kald = f
}

func nytHus(t *testing.T) *hus {
	t.Helper()
	dir := t.TempDir()
	storetest.SQLiteIn(t, dir)
	h, err := aabn(t.Context(), dir)
	maa(t, err)
	t.Cleanup(func() {
		h.http.Close()
		maa(t, h.store.Close())
	})
	return h
}

// klient calls as the named system.
func (h *hus) klient(t *testing.T, navn string, o klient.Options) *klient.Klient {
	t.Helper()
	k, err := klient.New(h.http.URL, h.noegle[navn], o)
	maa(t, err)
	t.Cleanup(k.Luk)
	return k
}

// over calls as ESDH through a network that fails on command.
func (h *hus) over(t *testing.T, p *fejlnet.Proxy, log *logbog, leje time.Duration) *klient.Klient {
	t.Helper()
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "tcp", p.Addr())
	}
	return h.klient(t, "esdh", klient.Options{HTTP: &http.Client{Transport: &http.Transport{DialContext: dial}}, Leje: leje, Log: slog.New(log)})
}

// leje is a lease that a test can see the end of, and a busy machine can keep.
const leje = 3 * time.Second

// logbog is a log whose lines a test can wait for.
type logbog struct {
	slog.Handler // nil: only what is written here is used
	linjer       chan string
}

func nyLogbog() *logbog { return &logbog{linjer: make(chan string, 1000)} }

func (l *logbog) Enabled(context.Context, slog.Level) bool { return true }
func (l *logbog) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l *logbog) Handle(_ context.Context, r slog.Record) error {
	ud := r.Message
	r.Attrs(func(a slog.Attr) bool {
		ud += " " + a.String()
		return true
	})
	l.linjer <- ud
	return nil
}

// vent waits for a line that has hvad in it.
func (l *logbog) vent(t *testing.T, hvad string) string {
	t.Helper()
	for {
		select {
		case linje := <-l.linjer:
			if strings.Contains(linje, hvad) {
				return linje
			}
		case <-t.Context().Done():
			t.Fatal("never logged: " + hvad)
		}
	}
}

// leverance is how the leverance of a besked stands.
func (h *hus) leverance(t *testing.T, id mox.BeskedID) (l store.Leverance) {
	t.Helper()
	maa(t, h.store.View(t.Context(), func(tx *store.Tx) error {
		b, err := tx.BeskederMedID(id)
		if err != nil || len(b) != 1 {
			return errors.Join(err, errors.New("not one besked"))
		}
		alle, err := tx.LeverancerAf(b[0].Nr)
		if err == nil && len(alle) != 1 {
			err = errors.New("not one leverance")
		}
		if err == nil {
			l = alle[0]
		}
		return err
	}))
	return l
}

// udloeb ends the leases that are held, as time would.
func (h *hus) udloeb(t *testing.T) {
	t.Helper()
	maa(t, h.store.Update(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(`UPDATE leverance SET lejet_til = 1 WHERE tilstand = 'UnderLevering'`)
		return err
	}))
	n, err := h.d.AfslutUdloebne(t.Context())
	maa(t, err)
	if n != 1 {
		t.Errorf("%d leases ended, want 1", n)
	}
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

// besked is a besked about an objekt of its own.
func besked(med ...func(*mox.Besked)) mox.Besked {
	b := mox.Besked{ID: mox.BeskedID(mox.NyUUID()), ObjektID: mox.ObjektID(mox.NyUUID()), ObjektType: mox.Sag, LivscyklusKode: mox.Rettet, Bruger: "svc-mox",
		Registreringstid: time.Date(2026, 3, 2, 9, 15, 0, 0, time.UTC), Objektreference: "https://byggesag.example/sag/1"}.MedStandard()
	for _, f := range med {
		f(&b)
	}
	return b
}

// sendt is a besked that Byggesag has sent.
func (h *hus) sendt(t *testing.T, med ...func(*mox.Besked)) mox.Besked {
	t.Helper()
	b := besked(med...)
	m, err := h.klient(t, "byggesag", klient.Options{}).Send(t.Context(), b)
	maa(t, err)
	if m.BeskedID != b.ID || m.Gentaget || m.SendtTil != 1 {
		t.Fatalf("%+v", m)
	}
	return b
}
