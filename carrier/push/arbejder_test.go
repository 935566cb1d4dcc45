package push

import (
	"context"
	"fmt"
	"hash/fnv"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/internal/fejlnet"
	"github.com/moxkit/mox/store"
)

// alleLeveret waits until the n leverancer of the house's first beskeder are delivered, and gives them.
func (h *hus) alleLeveret(id mox.AbonnementID, n int) (ud []store.Leverance) {
	h.Helper()
	indtil(h, fmt.Sprintf("%d delivered to %s", n, id), func() bool {
		o, err := h.Distributor.Overblik(h.Context())
		maa(h, err)
		s := o.Stande[id]
		return s != nil && s.Antal[mox.Leveret] == n
	})
	return h.leverancer(id, 1, int64(n))
}

// slags is what the receiver of the great test does with a call, drawn from its webhook-id so that a run can be repeated.
func slags(k kald1, af uint32) uint32 {
	h := fnv.New32a()
	_, _ = fmt.Fprint(h, k.besked.ObjektID, k.besked.RegistreringID, k.gange)
	return h.Sum32() % af
}

func TestEnUpaalideligModtagerFaarAltIRaekkefoelge(t *testing.T) {
	conformance.Proves(t, "mox 35", "mox 43")
	t.Parallel()
	const objekter, hver = 20, 12
	m := nyModtager(t)
	m.foer = func(w http.ResponseWriter, k kald1) bool {
		switch slags(k, 40) {
		case 0, 1:
			w.WriteHeader(http.StatusServiceUnavailable)
		case 2:
			afbryd(w) // before the work
		default:
			return true
		}
		return false
	}
	m.efter = func(w http.ResponseWriter, k kald1) { // after the work
		switch slags(k, 41) {
		case 0:
			w.WriteHeader(http.StatusInternalServerError)
		case 1, 2:
			afbryd(w)
		case 3:
			afbrydNaarTestenEr(t, w) // hangs
		default:
			w.WriteHeader(http.StatusNoContent)
		}
	}
	h := nytHus(t, abonnement("esdh", m.URL))
	o := h.options(m)
	o.Timeout, o.VentFoerst, o.VentHoejst, o.Samtidige = 250*time.Millisecond, time.Millisecond, 10*time.Millisecond, 8
	start(t, New(h, o))
	h.send(objekter, hver)
	forsoeg := 0
	for _, l := range h.alleLeveret("esdh", objekter*hver) {
		forsoeg += l.Forsoeg
	}
	m.ordnet(t, objekter, hver)
	kald := len(m.kaldt())
	if kald <= objekter*hver || kald > forsoeg { // a reset may come before the receiver has read the call
		t.Errorf("%d calls in %d attempts at %d leverancer", kald, forsoeg, objekter*hver)
	}
	t.Logf("%d calls in %d attempts at %d leverancer", kald, forsoeg, objekter*hver)
}

func TestEnModtagerDerErNede(t *testing.T) {
	conformance.Proves(t, "mox 35", "mox 36")
	t.Parallel()
	const objekter, hver, opkald = 60, 3, 12
	m := nyModtager(t)
	p := fejlnet.New(t, m.Listener.Addr().String())
	p.Set(fejlnet.Down)
	h := nytHus(t, abonnement("esdh", "https://"+p.Addr()))
	h.send(objekter, hver)
	o := h.options(m)
	o.VentFoerst, o.VentHoejst = 20*time.Millisecond, 40*time.Millisecond
	push := New(h, o)
	start(t, push)
	stand := func() Stand { return push.Stand()["esdh"] }
	indtil(t, "several trials", func() bool { return stand().Fejl >= opkald })
	s := stand()
	if !s.Aaben || s.Sidst == "" || s.Naeste.IsZero() {
		t.Errorf("%+v", s)
	}
	proevet := 0
	for _, l := range h.leverancer("esdh", 1, objekter*hver) {
		proevet += l.Forsoeg
		if l.Forsoeg > 2 {
			t.Errorf("leverance %d has been tried %d times: one is punished for all", l.ID, l.Forsoeg)
		}
	}
	if fejl := stand().Fejl; proevet > fejl+4 || p.Made() < opkald { // four may be in flight
		t.Errorf("%d attempts, %d failures, %d calls", proevet, fejl, p.Made())
	}
	p.Set(fejlnet.Pass)
	h.alleLeveret("esdh", objekter*hver)
	m.ordnet(t, objekter, hver)
	indtil(t, "closed by itself", func() bool { return stand() == Stand{} })
}

func TestUdfaldeneBliverTilTilstande(t *testing.T) {
	conformance.Proves(t, "mox 42")
	t.Parallel()
	status := map[string]int{"0": 204, "1": 409, "2": 422, "3": 401}
	m := nyModtager(t)
	m.efter = func(w http.ResponseWriter, k kald1) { w.WriteHeader(status[k.besked.RegistreringID]) }
	h := nytHus(t, abonnement("esdh", m.URL))
	for nr := range 4 {
		_, err := h.Send(t.Context(), "Byggesag", besked(objekt(nr), nr))
		maa(t, err)
	}
	start(t, New(h, h.options(m)))
	vil := []string{"Leveret  204", "Parkeret modtager 409", "Parkeret afsender 422", "Parkeret MOX 401"}
	indtil(t, "all decided", func() bool {
		var fik []string
		for _, l := range h.leverancer("esdh", 1, 4) {
			fik = append(fik, fmt.Sprintf("%s %s %s", l.Tilstand, l.Ansvar, l.Kode))
		}
		return fmt.Sprint(fik) == fmt.Sprint(vil)
	})
	if n := len(m.kaldt()); n != 4 {
		t.Errorf("%d calls: what is decided is not tried again", n)
	}
}

func TestEnModtagerDerHaengerHolderIkkeLukningen(t *testing.T) {
	t.Parallel()
	m := nyModtager(t)
	var inde atomic.Int32
	m.efter = func(w http.ResponseWriter, _ kald1) {
		inde.Add(1)
		afbrydNaarTestenEr(t, w)
	}
	h := nytHus(t, abonnement("esdh", m.URL))
	h.send(2, 1)
	o := h.options(m)
	o.Timeout, o.Naade = time.Hour, 50*time.Millisecond
	stop := start(t, New(h, o))
	indtil(t, "both in flight", func() bool { return inde.Load() == 2 })
	begyndt := time.Now()
	stop()
	if tog := time.Since(begyndt); tog > o.Naade+meldFrist {
		t.Errorf("it took %s", tog)
	}
	for _, l := range h.leverancer("esdh", 1, 2) {
		if l.Tilstand != mox.Udsat || l.Kode != kodeUdenSvar || l.Forsoeg != 1 {
			t.Errorf("%+v", l)
		}
	}
}

func TestEtKaldIGangFaarLovAtBliveFaerdigt(t *testing.T) {
	t.Parallel()
	m := nyModtager(t)
	inde, svar := make(chan struct{}), make(chan struct{})
	m.efter = func(w http.ResponseWriter, _ kald1) {
		close(inde)
		<-svar
		w.WriteHeader(http.StatusNoContent)
	}
	h := nytHus(t, abonnement("esdh", m.URL))
	h.send(1, 1)
	o := h.options(m)
	o.Naade = time.Hour
	ctx, cancel := context.WithCancel(t.Context())
	slut := make(chan error)
	go func() { slut <- New(h, o).Run(ctx) }()
	<-inde
	cancel()
	close(svar)
	maa(t, <-slut)
	if l := h.leverancer("esdh", 1, 1)[0]; l.Tilstand != mox.Leveret {
		t.Errorf("%+v", l)
	}
}

func TestEnFlyttetModtagerBegynderForfra(t *testing.T) {
	t.Parallel()
	a, b := nyModtager(t), nyModtager(t)
	h := nytHus(t)
	push := New(h, h.options(a, b))
	start(t, push)
	hent := mox.Abonnement{ID: "hent", System: "Breve", Carrier: mox.CarrierPull, Filter: abonnement("x", "").Filter}.MedStandard()
	h.konfigurer(abonnement("esdh", a.URL), hent)
	h.send(1, 1)
	indtil(t, "the first", func() bool { return a.gjort() == 1 })
	if s := push.Stand(); len(s) != 1 {
		t.Errorf("%v", s)
	}

	a.Close() // moves; what failed is forgotten with the address
	h.send(4, 1)
	indtil(t, "the breaker", func() bool { return push.Stand()["esdh"].Aaben })
	h.konfigurer(abonnement("esdh", b.URL))
	indtil(t, "the new address", func() bool { return b.gjort() == 4 })

	h.konfigurer()
	indtil(t, "stopped", func() bool { return len(push.Stand()) == 0 })
	h.konfigurer(abonnement("esdh", b.URL))
	h.send(1, 1)
	indtil(t, "started again", func() bool { return b.gjort() == 5 })
}

// besvaerlig is a MOX that fails now and then, and counts what is asked of it.
type besvaerlig struct {
	*hus
	mu    sync.Mutex
	fejl  map[string]int // how many times yet a call fails
	kald  map[string]int
	ejere map[string]bool
}

func (b *besvaerlig) kom(hvad, ejer string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.kald[hvad]++
	b.ejere[ejer] = true
	if b.fejl[hvad] > 0 {
		b.fejl[hvad]--
		return mox.E(hvad, mox.KodeUtilgaengelig, "databasen svarer ikke")
	}
	return nil
}

func (b *besvaerlig) gange(hvad string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.kald[hvad]
}

func (b *besvaerlig) Hent(ctx context.Context, id mox.AbonnementID, ejer string, n int, leje, vent time.Duration) ([]distributor.Arbejde, error) {
	if err := b.kom("hent", ejer); err != nil {
		return nil, err
	}
	return b.hus.Hent(ctx, id, ejer, n, leje, vent)
}

func (b *besvaerlig) Forny(ctx context.Context, ejer string, l []int64, leje time.Duration) (int, error) {
	if err := b.kom("forny", ejer); err != nil {
		return 0, err
	}
	return b.hus.Forny(ctx, ejer, l, leje)
}

func (b *besvaerlig) Done(ctx context.Context, f distributor.Afslutning) (distributor.Afsluttet, error) {
	if err := b.kom("done", f.Ejer); err != nil {
		return distributor.Afsluttet{}, err
	}
	return b.hus.Done(ctx, f)
}

func nyBesvaerlig(h *hus, fejl map[string]int) *besvaerlig {
	return &besvaerlig{hus: h, fejl: fejl, kald: map[string]int{}, ejere: map[string]bool{}}
}

func TestEnDatabaseDerSvigterGiverIngenGentagelse(t *testing.T) {
	t.Parallel()
	m := nyModtager(t)
	h := nytHus(t, abonnement("esdh", m.URL))
	h.send(1, 1)
	b := nyBesvaerlig(h, map[string]int{"hent": 2, "done": 2})
	start(t, New(b, h.options(m)))
	if l := h.alleLeveret("esdh", 1)[0]; l.Forsoeg != 1 || len(m.kaldt()) != 1 {
		t.Errorf("%d attempts, %d calls", l.Forsoeg, len(m.kaldt()))
	}
	vil := h.Distributor.Inkarnation() + "/push/esdh"
	if !b.ejere[vil] || len(b.ejere) != 1 {
		t.Errorf("owners %v, want %s", b.ejere, vil)
	}
}

func TestLejemaaletFornyesMensModtagerenArbejder(t *testing.T) {
	t.Parallel()
	m := nyModtager(t)
	h := nytHus(t, abonnement("esdh", m.URL))
	b := nyBesvaerlig(h, map[string]int{"forny": 1})
	fornyet := make(chan struct{})
	m.efter = func(w http.ResponseWriter, _ kald1) {
		<-fornyet
		w.WriteHeader(http.StatusNoContent)
	}
	h.send(1, 1)
	o := h.options(m)
	o.Leje = 600 * time.Millisecond
	start(t, New(b, o))
	indtil(t, "renewed for longer than the lease", func() bool { return b.gange("forny") >= 5 })
	n, err := h.Distributor.AfslutUdloebne(t.Context())
	maa(t, err)
	close(fornyet)
	if l := h.alleLeveret("esdh", 1)[0]; n != 0 || l.Forsoeg != 1 {
		t.Errorf("%d leases ended, %+v", n, l)
	}
}

func TestHoejstSaaMangeAdGangenSomSagt(t *testing.T) {
	t.Parallel()
	m := nyModtager(t)
	h := nytHus(t, abonnement("esdh", m.URL))
	var inde, hoejst atomic.Int32
	svar := make(chan struct{})
	m.efter = func(w http.ResponseWriter, _ kald1) {
		n := inde.Add(1)
		for gl := hoejst.Load(); n > gl && !hoejst.CompareAndSwap(gl, n); gl = hoejst.Load() {
		}
		<-svar
		inde.Add(-1)
		w.WriteHeader(http.StatusNoContent)
	}
	h.send(12, 2)
	o := h.options(m)
	o.Samtidige = 3
	start(t, New(h, o))
	indtil(t, "three in flight", func() bool { return inde.Load() == 3 })
	close(svar)
	h.alleLeveret("esdh", 24)
	if hoejst.Load() != 3 {
		t.Errorf("%d at once", hoejst.Load())
	}
}

func TestEnLinjeILoggenForHvertForsoegOgIntetPersonligt(t *testing.T) {
	conformance.Proves(t, "mox 53")
	t.Parallel()
	m := nyModtager(t)
	m.efter = func(w http.ResponseWriter, k kald1) {
		if k.gange == 1 {
			w.Header().Set("Content-Type", "text/plain")
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = w.Write([]byte("0101901234 er spærret"))
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}
	h := nytHus(t, abonnement("esdh", m.URL+"/ind?noegle=hemmelig"))
	b := besked(objekt(1), 1)
	b.Indhold, b.Indholdstype = []byte("Anna Jensen"), "text/plain"
	b.Relateret = []mox.Relateret{{Rolle: "primaerpart", ID: "urn:oio:cpr-nr:0101901234", ObjektType: "Person"}}
	_, err := h.Send(t.Context(), "Byggesag", b)
	maa(t, err)
	stop := start(t, New(h, h.options(m)))
	h.alleLeveret("esdh", 1)
	stop()
	linjer := strings.Split(strings.TrimSpace(h.log.String()), "\n")
	if len(linjer) != 2 {
		t.Fatalf("%d lines:\n%s", len(linjer), h.log)
	}
	for i, vil := range []string{"status=503 resultat=midlertidig", "status=204 resultat=accepteret"} {
		for _, s := range []string{vil, "abonnement=esdh", "besked=" + string(b.ID), "leverance=1", fmt.Sprintf("forsoeg=%d", i+1), "ms="} {
			if !strings.Contains(linjer[i], s) {
				t.Errorf("%q is not in %s", s, linjer[i])
			}
		}
	}
	for _, s := range []string{"hemmelig", "0101901234", "Anna", "/ind"} {
		if strings.Contains(h.log.String(), s) {
			t.Errorf("the log has %q", s)
		}
	}
}
