package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/carrier/pull"
	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/indhold"
	"github.com/moxkit/mox/oio"
	"github.com/moxkit/mox/store"
	"github.com/moxkit/mox/store/storetest"
)

// hus is a whole MOX on a database of its own, with the agents of one test. Its methods end the test when something goes
// wrong that the test is not about.
type hus struct {
	testing.TB
	mig
	dir    string
	specs  []*Spec
	set    int64 // the newest besked that nye has shown
	mu     sync.Mutex
	server []func(hvad string) error // see forstyr
}

// mig is MOX itself; it is a type of its own so that its Log is not mistaken for the test's.
type mig struct{ pull.Tjeneste }

func nytHus(t testing.TB) *hus {
	t.Helper()
	dir := t.TempDir()
	h := &hus{TB: t, dir: dir}
	s, err := store.Open(t.Context(), storetest.SQLiteIn(t, dir))
	maa(t, err)
	t.Cleanup(func() { maa(t, s.Close()) })
	h.Distributor, err = distributor.New(t.Context(), s, distributor.Options{Jitter: func() float64 { return 0 }})
	maa(t, err)
	h.Lager, err = indhold.Open(filepath.Join(dir, "indhold"))
	maa(t, err)
	maa(t, os.CopyFS(filepath.Join(dir, "maps"), os.DirFS("testdata/maps")))
	return h
}

// agent starts an agent of the file's text, with paths below the house's folder, and tells the distributor what its sinks
// want. The agent does nothing by itself.
func (h *hus) agent(kilde string, med ...func(*Options)) *Agent {
	h.Helper()
	fil := filepath.Join(h.dir, fmt.Sprintf("agent%d.yaml", len(h.specs)))
	maa(h, os.WriteFile(fil, []byte(kilde), 0o644))
	spec, problemer := Load(fil)
	if spec == nil {
		h.Fatal(problemer)
	}
	h.specs = append(h.specs, spec)
	h.konfigurer()
	return h.start(spec, med...)
}

// start opens an agent as one more process would.
func (h *hus) start(spec *Spec, med ...func(*Options)) *Agent {
	h.Helper()
	o := Options{Ejer: h.Distributor.Inkarnation()}
	for _, f := range med {
		f(&o)
	}
	a, err := New(spec, h, o)
	maa(h, err)
	h.Cleanup(func() { maa(h, a.Close()) })
	return a
}

func (h *hus) konfigurer(processer ...mox.Proces) {
	h.Helper()
	var alle []mox.Abonnement
	for _, s := range h.specs {
		alle = append(alle, s.Abonnementer()...)
	}
	maa(h, h.Distributor.Konfigurer(h.Context(), alle, processer))
}

// forstyr has the house ask f before each call of an agent, and after it ("Done efter"); an error of f is the agent's.
func (h *hus) forstyr(f func(hvad string) error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.server = append(h.server, f)
}

func (h *hus) spoerg(hvad string) error {
	h.mu.Lock()
	f := slices.Clone(h.server)
	h.mu.Unlock()
	for _, f := range f {
		if err := f(hvad); err != nil {
			return err
		}
	}
	return nil
}

// Indlever, Done and GemIndhold are those of the Tjeneste, disturbed as the test wishes.
func (h *hus) Indlever(ctx context.Context, i distributor.Indlevering) (distributor.Indleveret, error) {
	if err := h.spoerg("Indlever"); err != nil {
		return distributor.Indleveret{}, err
	}
	ud, err := h.Tjeneste.Indlever(ctx, i)
	return ud, errEller(err, h.spoerg("Indlever efter"))
}

func (h *hus) Done(ctx context.Context, f distributor.Afslutning) (distributor.Afsluttet, error) {
	if err := h.spoerg("Done"); err != nil {
		return distributor.Afsluttet{}, err
	}
	ud, err := h.Tjeneste.Done(ctx, f)
	return ud, errEller(err, h.spoerg("Done efter"))
}

func (h *hus) GemIndhold(ctx context.Context, r io.Reader) (string, error) {
	if err := h.spoerg("GemIndhold"); err != nil {
		return "", err
	}
	return h.Tjeneste.GemIndhold(ctx, r)
}

func errEller(err, andet error) error {
	if err != nil {
		return err
	}
	return andet
}

// engang gives err the first time hvad is done, and nothing after that.
func engang(hvad string, err error) func(string) error {
	var mu sync.Mutex
	brugt := false
	return func(h string) error {
		mu.Lock()
		defer mu.Unlock()
		if h != hvad || brugt {
			return nil
		}
		brugt = true
		return err
	}
}

var errUtilgaengelig = mox.E("prøve", mox.KodeUtilgaengelig, "MOX svarer ikke")

// fil leaves a whole file in a folder below the house's.
func (h *hus) fil(navn string, linjer ...string) {
	h.Helper()
	sti := filepath.Join(h.dir, navn)
	maa(h, os.MkdirAll(filepath.Dir(sti), 0o755))
	maa(h, os.WriteFile(sti+".skrives", []byte(strings.Join(linjer, "\n")+"\n"), 0o644))
	maa(h, os.Rename(sti+".skrives", sti))
}

func (h *hus) findes(navn string) bool {
	_, err := os.Stat(filepath.Join(h.dir, navn))
	return err == nil
}

// enKilde is the agent's only source.
func enKilde(a *Agent) *kilde { return a.kilder[0] }

// laes reads a source until there is no more.
func (h *hus) laes(k *kilde) {
	h.Helper()
	for {
		mere, err := k.runOnce(h.Context())
		maa(h, err)
		if !mere {
			return
		}
	}
}

func (h *hus) kildestand(k *kilde) store.Kilde {
	h.Helper()
	s, err := h.Kilde(h.Context(), k.agent.spec.Agent, k.spec.Name)
	maa(h, err)
	return s
}

func (h *hus) se(f func(tx *store.Tx) error) {
	h.Helper()
	maa(h, h.Distributor.Store().View(h.Context(), f))
}

// alle are the beskeder that MOX has, oldest first.
func (h *hus) alle() (ud []store.Besked) {
	h.Helper()
	h.se(func(tx *store.Tx) (err error) {
		ud, err = tx.Beskeder(store.Beskedsoegning{Antal: 5000})
		return err
	})
	slices.Reverse(ud)
	return ud
}

// nye are the beskeder since it was last asked, as "Sag.Rettet 2026-1 Carport".
func (h *hus) nye() (ud []string) {
	h.Helper()
	for _, b := range h.alle() {
		if b.Nr <= h.set {
			continue
		}
		h.set = b.Nr
		v := h.vaerdier(b.Besked)
		ud = append(ud, strings.TrimRight(fmt.Sprintf("%s %s %s", b.Type, v["egenskaber.brugervendtnoegle"], v["egenskaber.titel"]), " "))
	}
	return ud
}

func (h *hus) vaerdier(b mox.Besked) map[string]string {
	h.Helper()
	v, err := flad(&b, oio.Koder{})
	maa(h, err)
	return v
}

// sender checks which beskeder have come.
func (h *hus) sender(vil ...string) {
	h.Helper()
	if har := h.nye(); !slices.Equal(har, vil) {
		h.Errorf("beskeder %q, skulle være %q", har, vil)
	}
}

func (h *hus) sidste() store.Besked {
	h.Helper()
	b := h.alle()
	if len(b) == 0 {
		h.Fatal("der er ingen beskeder")
	}
	return b[len(b)-1]
}

func (h *hus) fejl() (ud []store.Fejl) {
	h.Helper()
	h.se(func(tx *store.Tx) (err error) {
		ud, err = tx.Fejl(store.Udvalg{})
		return err
	})
	return ud
}

// enFejl is the one open Fejl.
func (h *hus) enFejl() store.Fejl {
	h.Helper()
	f := h.fejl()
	if len(f) != 1 {
		h.Fatalf("%d åbne fejl, skulle være 1: %+v", len(f), f)
	}
	return f[0]
}

// ingenFejl checks that nothing waits for a person.
func (h *hus) ingenFejl() {
	h.Helper()
	for _, f := range h.fejl() {
		h.Errorf("en åben fejl: %s %s: %s", f.Art, f.Kode, f.Tekst)
	}
}

func ens[T comparable](t testing.TB, hvad string, har, vil T) {
	t.Helper()
	if har != vil {
		t.Errorf("%s: %v, skulle være %v", hvad, har, vil)
	}
}

func liste[T comparable](t testing.TB, hvad string, har, vil []T) {
	t.Helper()
	if !slices.Equal(har, vil) {
		t.Errorf("%s: %v, skulle være %v", hvad, har, vil)
	}
}

func kode(t testing.TB, err error, vil mox.Kode) {
	t.Helper()
	if mox.KodeAf(err) != vil {
		t.Errorf("fejlkode %q, skulle være %q: %v", mox.KodeAf(err), vil, err)
	}
}

// sag sends a besked from the system about one of its Sager, as an agent of that system would.
func (h *hus) sag(system, noegle string, med map[string]string) mox.Besked {
	h.Helper()
	return h.post(system, mox.Sag, noegle, med)
}

// post hands in one record of a system; each one has a version of its own.
func (h *hus) post(system string, t mox.ObjektType, noegle string, med map[string]string) mox.Besked {
	h.Helper()
	felter := map[string]string{"egenskaber.brugervendtnoegle": noegle, "egenskaber.titel": "Carport", "egenskaber.beskrivelse": "(ingen)"}
	if t == mox.Sag {
		felter["egenskaber.sagsnummer"], felter["egenskaber.kassationskode"], felter["tilstande.fremdrift"] = noegle, "B", "Opstaaet"
	} else {
		felter["egenskaber.brevdato"], felter["egenskaber.dokumenttype"], felter["tilstande.fremdrift"] = "2026-03-01", "Rapport", "Modtaget"
	}
	for k, v := range med {
		felter[k] = v
	}
	k, err := h.Kilde(h.Context(), "proeve", system)
	maa(h, err)
	ny := fmt.Sprint(k.Laest + 1)
	_, err = h.Tjeneste.Indlever(h.Context(), distributor.Indlevering{Agent: "proeve", System: system, Kilde: system, Forventet: k.Position, Position: ny,
		Poster: []distributor.Post{{Noegle: noegle, ObjektType: t, Felter: felter, Version: ny, Fra: time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)}}, Faerdig: true})
	maa(h, err)
	b := h.sidste()
	h.set = b.Nr
	return b.Besked
}

// besked sends a besked about any objekt in a system's name.
func (h *hus) besked(system string, id mox.ObjektID, felter map[string]string) mox.Besked {
	h.Helper()
	type_, _ := mox.TypeAf(mox.Sag)
	r, err := mox.Registrering{}.Laeg(type_, felter, mox.Fra(mox.Kl(time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC))))
	maa(h, err)
	r.LivscyklusKode, r.FraTidspunkt = mox.Rettet, time.Now()
	indhold, err := oio.MarshalRegistrering(mox.Sag, id, r)
	maa(h, err)
	b := mox.Besked{ID: mox.BeskedID(mox.NyUUID()), ObjektID: id, ObjektType: mox.Sag, LivscyklusKode: mox.Rettet, Aktoer: mox.NyUUID(), Kildesystem: system,
		Registreringstid: r.FraTidspunkt, Indholdstype: oio.TypeJSON, Indhold: indhold}.MedStandard()
	b.Udfyld(r)
	_, err = h.Distributor.Accept(h.Context(), system, b)
	maa(h, err)
	h.set = h.sidste().Nr
	return b
}

// hent takes the one leverance of a sink that is there, or will be within its retry plan.
func (h *hus) hent(s *sink) distributor.Arbejde {
	h.Helper()
	w, err := h.Hent(h.Context(), s.id, h.Distributor.Inkarnation()+"/1", 1, time.Minute, 20*time.Second)
	maa(h, err)
	if len(w) != 1 {
		h.Fatalf("der er intet at lave for %s", s.id)
	}
	return w[0]
}

// arbejd has a sink make one attempt, and gives the leverance as it then stands.
func (h *hus) arbejd(s *sink) store.Leverance {
	h.Helper()
	w := h.hent(s)
	s.arbejd(h.Context(), w)
	return h.leverance(w.Leverance)
}

// intet checks that a sink has nothing to do, now or later.
func (h *hus) intet(s *sink) {
	h.Helper()
	var naeste time.Time
	h.se(func(tx *store.Tx) (err error) {
		naeste, err = tx.NaesteTid(s.id)
		return err
	})
	if !naeste.IsZero() {
		h.Errorf("%s har mere at lave, kl. %s", s.id, naeste)
	}
}

func (h *hus) leverance(id int64) (l store.Leverance) {
	h.Helper()
	h.se(func(tx *store.Tx) error {
		o, ok, err := tx.OpgaveFor(id)
		if err == nil && !ok {
			err = errors.New("leverancen findes ikke")
		}
		l = o.Leverance
		return err
	})
	return l
}

// leverancer are how a besked stands, as "esdh.sager Leveret".
func (h *hus) leverancer(id mox.BeskedID) (ud []string) {
	h.Helper()
	h.se(func(tx *store.Tx) error {
		b, err := tx.BeskederMedID(id)
		if err != nil || len(b) == 0 {
			return errors.Join(err, errors.New("beskeden findes ikke"))
		}
		ls, err := tx.LeverancerAf(b[0].Nr)
		for _, l := range ls {
			ud = append(ud, fmt.Sprintf("%s %s", l.Abonnement, l.Tilstand))
		}
		return err
	})
	return ud
}

func (h *hus) forsoeg(leverance int64) (ud []string) {
	h.Helper()
	h.se(func(tx *store.Tx) error {
		fs, err := tx.ForsoegAf(leverance)
		for _, f := range fs {
			ud = append(ud, strings.TrimSpace(fmt.Sprintf("%s %s", f.Resultat, f.Kode)))
		}
		return err
	})
	return ud
}

// koer runs agents until the test, or the returned function, stops them; it returns when every call in flight has ended.
func (h *hus) koer(agenter ...*Agent) (stop func()) {
	h.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(h.Context()))
	var wg sync.WaitGroup
	for _, a := range agenter {
		wg.Go(func() {
			if err := a.Run(ctx); err != nil {
				h.Errorf("agenten %s: %v", a.spec.Agent, err)
			}
		})
	}
	stop = sync.OnceFunc(func() {
		cancel()
		wg.Wait()
	})
	h.Cleanup(stop)
	return stop
}

// vent asks again each time the database may have changed, until ja. It is for what agents do by themselves.
func (h *hus) vent(hvad string, ja func() bool) {
	h.Helper()
	frist := time.NewTimer(30 * time.Second)
	defer frist.Stop()
	t := time.NewTicker(5 * time.Millisecond)
	defer t.Stop()
	for !ja() {
		select {
		case <-frist.C:
			h.Fatalf("det blev aldrig sandt: %s", hvad)
		case <-t.C:
		}
	}
}

var _ connector.Source = (*kildeMed)(nil)

// kildeMed is a source with a hook before Committed: a point where a process may stop.
type kildeMed struct {
	connector.Source
	committed func() error
}

// Committed asks the hook first.
func (k *kildeMed) Committed(ctx context.Context, position string) error {
	if err := k.committed(); err != nil {
		return err
	}
	return k.Source.Committed(ctx, position)
}
