package push

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/carrier/pull"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/webhook"
	"github.com/moxkit/mox/oio"
	"github.com/moxkit/mox/store"
	"github.com/moxkit/mox/store/storetest"
)

func maa(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// indtil waits for something that another goroutine brings about.
func indtil(t testing.TB, hvad string, ok func() bool) {
	t.Helper()
	frist := time.NewTimer(2 * time.Minute)
	defer frist.Stop()
	kig := time.NewTicker(2 * time.Millisecond)
	defer kig.Stop()
	for !ok() {
		select {
		case <-kig.C:
		case <-frist.C:
			t.Fatalf("still not: %s", hvad)
		}
	}
}

// hus is MOX with one database, as push knows it.
type hus struct {
	testing.TB
	mig
	log *bytes.Buffer

	mu           sync.Mutex
	abonnementer []mox.Abonnement
	aendret      chan struct{}
}

// mig is MOX itself; it is a type of its own so that its Log is not mistaken for the test's.
type mig struct{ pull.Tjeneste }

func nytHus(t testing.TB, abonnementer ...mox.Abonnement) *hus {
	t.Helper()
	return nytHusMed(t, nil, abonnementer...)
}

// nytHusMed is a house with agreements.
func nytHusMed(t testing.TB, aftaler mox.Aftaler, abonnementer ...mox.Abonnement) *hus {
	t.Helper()
	s, err := store.Open(t.Context(), storetest.SQLite(t))
	maa(t, err)
	t.Cleanup(func() { maa(t, s.Close()) })
	h := &hus{TB: t, log: &bytes.Buffer{}, aendret: make(chan struct{})}
	h.Distributor, err = distributor.New(t.Context(), s, distributor.Options{Jitter: func() float64 { return 0 }, Aftaler: aftaler})
	maa(t, err)
	maa(t, h.Distributor.Start(t.Context()))
	h.konfigurer(abonnementer...)
	return h
}

// konfigurer replaces the abonnementer.
func (h *hus) konfigurer(abonnementer ...mox.Abonnement) {
	h.Helper()
	maa(h, h.Distributor.Konfigurer(h.Context(), abonnementer, nil))
	h.mu.Lock()
	defer h.mu.Unlock()
	h.abonnementer = abonnementer
	close(h.aendret)
	h.aendret = make(chan struct{})
}

// options are what a Push on this house and the receivers of the test needs.
func (h *hus) options(modtagere ...*modtager) Options {
	o := naboer(modtagere...)
	o.Ejer = h.Distributor.Inkarnation()
	o.Log = slog.New(slog.NewTextHandler(h.log, nil))
	o.Abonnementer = func() []mox.Abonnement {
		h.mu.Lock()
		defer h.mu.Unlock()
		return h.abonnementer
	}
	o.Aendret = func() <-chan struct{} {
		h.mu.Lock()
		defer h.mu.Unlock()
		return h.aendret
	}
	return o
}

// start runs p until stop is called, and at the latest until the test ends. Then the log may be read.
func start(t testing.TB, p *Push) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	slut := make(chan struct{})
	go func() {
		defer close(slut)
		if err := p.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	stop = func() {
		cancel()
		<-slut
	}
	t.Cleanup(stop)
	return stop
}

// naboer are options that trust the receivers' certificates and let them be called on this machine.
func naboer(modtagere ...*modtager) Options {
	o := Options{kod: somJSON, TilladteNet: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, CA: x509.NewCertPool()}
	for _, m := range modtagere {
		if m.Certificate() != nil {
			o.CA.AddCert(m.Certificate())
		}
	}
	return o
}

// somJSON stands in for every form.
func somJSON(_ *mox.Abonnement, w distributor.Arbejde) (Kald, error) {
	krop, err := oio.MarshalBesked(&w.Besked)
	return Kald{Header: http.Header{"Content-Type": {"application/json"}}, Krop: krop}, err
}

func abonnement(id mox.AbonnementID, url string) mox.Abonnement {
	f, _ := mox.LaesFilter(map[string]any{"objekttype": "Sag"})
	a := mox.Abonnement{ID: id, System: "ESDH", Carrier: mox.CarrierPush, Filter: f, Push: &mox.Push{URL: url}}.MedStandard()
	a.Plan = mox.Plan{Forsoeg: 1000, Foerste: 5 * time.Millisecond, Hoejst: 20 * time.Millisecond}
	return a
}

func objekt(nr int) mox.ObjektID {
	return mox.ObjektID(fmt.Sprintf("aaaaaaaa-0000-4000-8000-%012d", nr))
}

// besked is the nr'th about an objekt.
func besked(id mox.ObjektID, nr int) mox.Besked {
	return mox.Besked{ID: mox.BeskedID(mox.NyUUID()), ObjektID: id, ObjektType: mox.Sag, LivscyklusKode: mox.Rettet, RegistreringID: fmt.Sprint(nr), Aktoer: mox.NyUUID(),
		Kildesystem: "Byggesag", Registreringstid: time.Date(2026, 3, 2, 9, 15, 0, nr, time.UTC), Objektreference: "https://byggesag.example/sag/1"}.MedStandard()
}

// send accepts n beskeder about each of m objekter, those of one objekt in order.
func (h *hus) send(m, n int) {
	h.Helper()
	var wg sync.WaitGroup
	for o := range m {
		wg.Go(func() {
			for nr := range n {
				if _, err := h.Send(h.Context(), "Byggesag", besked(objekt(o), nr)); err != nil {
					h.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// leverancer are all leverancer of an abonnement.
func (h *hus) leverancer(id mox.AbonnementID, fra, til int64) (ud []store.Leverance) {
	h.Helper()
	maa(h, h.Distributor.Store().View(h.Context(), func(tx *store.Tx) error {
		ud = nil
		for nr := fra; nr <= til; nr++ {
			o, ok, err := tx.OpgaveFor(nr)
			if err != nil {
				return err
			}
			if ok && o.Leverance.Abonnement == id {
				ud = append(ud, o.Leverance)
			}
		}
		return nil
	}))
	return ud
}

// kald1 is a call as its receiver saw it.
type kald1 struct {
	header http.Header
	krop   []byte
	besked mox.Besked
	gange  int // calls with its webhook-id so far, this one included
}

// modtager is a receiver that knows a repeat by its webhook-id, and remembers what it has been told.
type modtager struct {
	*httptest.Server

	mu            sync.Mutex
	kald          []kald1
	set           map[string]int                        // calls by webhook-id
	virkning      map[mox.ObjektID][]mox.BeskedID       // what it has done, in order
	nr            map[mox.ObjektID][]string             // the RegistreringID of each
	noegler       map[mox.BeskedID]map[string]bool      // the webhook-ids a besked has come under
	foer          func(http.ResponseWriter, kald1) bool // before it does its work; false = it does not
	efter         func(http.ResponseWriter, kald1)      // its answer; nil = 204
	paaValidering http.HandlerFunc                      // OPTIONS; nil = 405
}

// nyModtager is one that answers as it is told, on TLS unless klar.
func nyModtager(t testing.TB) *modtager { return modtagerMed(t, (*httptest.Server).StartTLS) }

func modtagerMed(t testing.TB, start func(*httptest.Server)) *modtager {
	t.Helper()
	m := &modtager{set: map[string]int{}, virkning: map[mox.ObjektID][]mox.BeskedID{}, nr: map[mox.ObjektID][]string{}, noegler: map[mox.BeskedID]map[string]bool{}}
	m.Server = httptest.NewUnstartedServer(m)
	m.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	start(m.Server)
	t.Cleanup(m.Close)
	return m
}

func (m *modtager) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodOptions {
		m.paaOPTIONS(w, r)
		return
	}
	krop, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	b, err := oio.UnmarshalBesked(krop)
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	k := m.husk(kald1{header: r.Header.Clone(), krop: krop, besked: b})
	if m.foer != nil && !m.foer(w, k) {
		return
	}
	m.virk(k)
	if m.efter != nil {
		m.efter(w, k)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (m *modtager) paaOPTIONS(w http.ResponseWriter, r *http.Request) {
	if m.paaValidering == nil {
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	m.paaValidering(w, r)
}

func (m *modtager) husk(k kald1) kald1 {
	m.mu.Lock()
	defer m.mu.Unlock()
	id := k.header.Get(webhook.HeaderID)
	m.set[id]++
	k.gange = m.set[id]
	m.kald = append(m.kald, k)
	if m.noegler[k.besked.ID] == nil {
		m.noegler[k.besked.ID] = map[string]bool{}
	}
	m.noegler[k.besked.ID][id] = true
	return k
}

// virk does the work of a call, once for each webhook-id.
func (m *modtager) virk(k kald1) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range m.virkning[k.besked.ObjektID] {
		if id == k.besked.ID {
			return
		}
	}
	m.virkning[k.besked.ObjektID] = append(m.virkning[k.besked.ObjektID], k.besked.ID)
	m.nr[k.besked.ObjektID] = append(m.nr[k.besked.ObjektID], k.besked.RegistreringID)
}

// gjort is how many beskeder it has worked on.
func (m *modtager) gjort() (n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, v := range m.virkning {
		n += len(v)
	}
	return n
}

func (m *modtager) kaldt() []kald1 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]kald1(nil), m.kald...)
}

// ordnet checks that each of m objekter got its n beskeder in order, each under one webhook-id.
func (m *modtager) ordnet(t testing.TB, objekter, n int) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	vil := make([]string, n)
	for i := range vil {
		vil[i] = fmt.Sprint(i)
	}
	for o := range objekter {
		if fik := m.nr[objekt(o)]; fmt.Sprint(fik) != fmt.Sprint(vil) {
			t.Errorf("objekt %d: %v", o, fik)
		}
	}
	for id, noegler := range m.noegler {
		if len(noegler) != 1 {
			t.Errorf("besked %s came under %d webhook-ids", id, len(noegler))
		}
	}
}

// afbryd resets the call's connection.
func afbryd(w http.ResponseWriter) {
	c, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	_ = c.(interface{ SetLinger(int) error }).SetLinger(0)
	_ = c.Close()
}

// udsteder is a certificate authority of the test's own.
type udsteder struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func nyUdsteder(t testing.TB) udsteder {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	maa(t, err)
	mal := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "prøve"}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, mal, mal, key.Public(), key)
	maa(t, err)
	cert, err := x509.ParseCertificate(der)
	maa(t, err)
	return udsteder{cert, key}
}

// certifikat is one for a client or for the named server.
func (u udsteder) certifikat(t testing.TB, navne ...string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	maa(t, err)
	mal := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "mox"}, NotAfter: time.Now().Add(time.Hour), DNSNames: navne,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}}
	der, err := x509.CreateCertificate(rand.Reader, mal, u.cert, key.Public(), u.key)
	maa(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func (u udsteder) pulje() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(u.cert)
	return p
}
