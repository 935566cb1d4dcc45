// Package maaling tells how MOX goes in figures, in the text format that Prometheus reads: what this process has done since it
// started, and how everything stands in the database.
//
// No label tells of a person: they are names of abonnementer, agents, sources, folders and rules, without numbers that look
// like a CPR number, and there is an end to how many there are.
package maaling

import (
	"net/http"
	"runtime"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
)

// Sti is where the figures are read.
const Sti = "/metrics"

// MaksNavne is how many abonnementer, and how many sources, have figures of their own; what comes after them is told together
// as Andre.
const (
	MaksNavne = 1000
	Andre     = "andre"
)

// Options are what a Maaling is told.
type Options struct {
	Version string
	Mapper  map[string]string // folders whose disks are measured, by what people call them
	Nu      func() time.Time  // nil = time.Now
}

// Maaling measures. It is the [distributor.Maaler] of one process.
type Maaling struct {
	register *prometheus.Registry
	accept   *prometheus.HistogramVec
	indlever prometheus.Histogram
	claim    prometheus.Histogram
	done     prometheus.Histogram
	forsoeg  *prometheus.CounterVec
	navne    *navne
	o        Options
}

// New makes a Maaling. It measures from now on; how everything stands it tells after [Maaling.Se].
func New(o Options) *Maaling {
	if o.Nu == nil {
		o.Nu = time.Now
	}
	m := &Maaling{register: prometheus.NewRegistry(), navne: nyeNavne(), o: o,
		accept:   prometheus.NewHistogramVec(histogram("mox_accept_seconds", "Hvor længe det tog at modtage en besked, eller at afvise den."), []string{"udfald"}),
		indlever: prometheus.NewHistogram(histogram("mox_indlever_seconds", "Hvor længe det tog at modtage det, en agent havde læst.")),
		claim:    prometheus.NewHistogram(histogram("mox_claim_seconds", "Hvor længe det tog at give leveringer ud.")),
		done:     prometheus.NewHistogram(histogram("mox_done_seconds", "Hvor længe det tog at skrive ned, hvad der kom ud af et forsøg.")),
		forsoeg:  prometheus.NewCounterVec(prometheus.CounterOpts{Name: "mox_forsoeg_total", Help: "Forsøg på at levere, som er afsluttet i denne proces, efter resultat."}, []string{"abonnement", "resultat"}),
	}
	build := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "mox_build_info", Help: "Altid 1; hvilken udgave der kører.", ConstLabels: prometheus.Labels{"version": o.Version, "go": runtime.Version()}},
		func() float64 { return 1 })
	m.register.MustRegister(m.accept, m.indlever, m.claim, m.done, m.forsoeg, build, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// histogram has bounds for what takes from half a millisecond to ten seconds.
func histogram(navn, hjaelp string) prometheus.HistogramOpts {
	return prometheus.HistogramOpts{Name: navn, Help: hjaelp, Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10}}
}

// Se makes it tell how everything stands in d. Call it once.
func (m *Maaling) Se(d *distributor.Distributor) {
	m.register.MustRegister(&stand{d: d, m: m, felter: nyeFelter()})
}

// SeAfviste makes it tell how many calls were refused for want of a key or a right, by reason. Call it once.
func (m *Maaling) SeAfviste(afviste func() map[string]uint64) {
	d := prometheus.NewDesc("mox_kald_afvist_total", "Kald, der blev afvist, efter grund.", []string{"grund"}, nil)
	m.register.MustRegister(prometheus.CollectorFunc(func(ud chan<- prometheus.Metric) {
		for grund, n := range afviste() {
			udgang{ud}.tael(d, float64(n), grund)
		}
	}))
}

// Handler answers with the figures.
func (m *Maaling) Handler() http.Handler {
	return promhttp.HandlerFor(m.register, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: 4})
}

// Accept, Indlever, Claim, Done and Forsoeg are those of [distributor.Maaler].
func (m *Maaling) Accept(udfald string, tog time.Duration) {
	m.accept.WithLabelValues(udfald).Observe(tog.Seconds())
}

// Indlever is that of [distributor.Maaler].
func (m *Maaling) Indlever(tog time.Duration) { m.indlever.Observe(tog.Seconds()) }

// Claim is that of [distributor.Maaler].
func (m *Maaling) Claim(tog time.Duration) { m.claim.Observe(tog.Seconds()) }

// Done is that of [distributor.Maaler].
func (m *Maaling) Done(tog time.Duration) { m.done.Observe(tog.Seconds()) }

// Forsoeg is that of [distributor.Maaler].
func (m *Maaling) Forsoeg(a mox.AbonnementID, resultat mox.Resultat) {
	m.forsoeg.WithLabelValues(m.navne.abonnement(string(a)), string(resultat)).Inc()
}

// navne are the names that have figures of their own.
type navne struct {
	mu           sync.Mutex
	abonnementer map[string]bool
	kilder       map[string]bool
}

func nyeNavne() *navne { return &navne{abonnementer: map[string]bool{}, kilder: map[string]bool{}} }

func (n *navne) abonnement(id string) string { return n.navn(n.abonnementer, id) }

// kilde gives agent and source, both Andre where there are too many.
func (n *navne) kilde(agent, kilde string) (string, string) {
	if n.navn(n.kilder, agent+"/"+kilde) == Andre {
		return Andre, Andre
	}
	return mox.Maskeret(agent), mox.Maskeret(kilde)
}

func (n *navne) navn(kendte map[string]bool, navn string) string {
	navn = mox.Maskeret(navn)
	n.mu.Lock()
	defer n.mu.Unlock()
	if !kendte[navn] && len(kendte) >= MaksNavne {
		return Andre
	}
	kendte[navn] = true
	return navn
}
