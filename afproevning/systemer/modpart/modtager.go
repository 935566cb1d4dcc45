package modpart

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// indkommet is a besked as the receiver has read it.
type indkommet struct {
	felter       map[string][]string // related objekter as "relateret.<rolle>"
	slags        map[string]string   // AMQP: the kind of a header's value, where it is no text
	indholdstype string
	indhold      []byte
	form         string
	fejl         string // why it cannot be read
	vedSiden     map[string][]string
	igen         bool // the broker has delivered it before
}

func (b *indkommet) en(felt string) string {
	if v := b.felter[felt]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// svar is what the sender is told.
type svar struct {
	status int // of a StandardRetur
	kode   string
	tekst  string
}

func (s svar) ok() bool { return s.status == 20 }

var taget = svar{status: 20, kode: "modtaget"}

func nej(kode, format string, a ...any) svar { return svar{51, kode, fmt.Sprintf(format, a...)} }

// objekt is what the receiver knows of one objekt.
type objekt struct {
	titel string
	tid   time.Time
}

// lager is what the receiver has on disk: it survives a stop.
type lager struct {
	set     map[string]string // the digest of each besked, by beskedID
	antal   map[string]int    // effects, by beskedID
	objekt  map[string]objekt
	mange   int
	forrige svar
}

func nytLager() *lager {
	return &lager{set: map[string]string{}, antal: map[string]int{}, objekt: map[string]objekt{}, forrige: taget}
}

// Modtager is a product that takes beskeder and keeps what they say.
type Modtager struct {
	c Config

	mu      sync.Mutex
	l       *lager
	udsat   []func() // the fault: effects that are still to be stored
	stoppet bool

	vej *amqpVej
}

// NyModtager starts the product. Over HTTP it is a handler; see [Modtager.ServeHTTP].
func NyModtager(c Config) (*Modtager, error) {
	m := &Modtager{c: c, l: nytLager()}
	if c.AMQP == "" {
		return m, nil
	}
	m.vej = &amqpVej{m: m}
	return m, m.vej.start()
}

// Luk stops the product.
func (m *Modtager) Luk() {
	if m.vej != nil {
		m.vej.stop()
	}
}

// ServeHTTP is the product's interface for beskeder (POST /beskeder), and for tests: POST /stop, POST /start and
// GET /effekt?beskedID=…&objektID=….
func (m *Modtager) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/effekt":
		m.effekt(w, r.URL.Query().Get("beskedID"), r.URL.Query().Get("objektID"))
	case "/stop":
		m.stop()
	case "/start":
		if err := m.start(); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	default:
		m.kald(w, r)
	}
}

func (m *Modtager) effekt(w http.ResponseWriter, beskedID, objektID string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"antal": m.l.antal[beskedID], "titel": m.l.objekt[objektID].titel}) // the caller may be gone
	for _, f := range m.udsat {
		f()
	}
	m.udsat = nil
}

func (m *Modtager) stop() {
	if m.vej != nil {
		m.vej.stop()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stoppet = true
	switch m.c.Fejl {
	case "glemmer_gentagelser_ved_start":
		m.l.set = map[string]string{}
	case "glemmer_virkning_ved_start":
		m.l.objekt = map[string]objekt{}
	}
}

func (m *Modtager) start() error {
	m.mu.Lock()
	m.stoppet = false
	m.mu.Unlock()
	if m.vej == nil {
		return nil
	}
	return m.vej.start()
}

// behandl decides about a besked, and does it.
func (m *Modtager) behandl(b *indkommet) svar {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.doem(b)
	if m.c.Fejl == "svarer_som_foer" {
		s, m.l.forrige = m.somFoer(b, s), s
	}
	return s
}

// somFoer is the fault of a product that does not clear up after a besked whose content it could not read.
func (m *Modtager) somFoer(b *indkommet, s svar) svar {
	if m.l.forrige.kode == "indhold" && s.ok() {
		return m.l.forrige
	}
	return s
}

// undtagelse reports whether the product does not do what it should about this.
func (m *Modtager) undtagelse(fejl string) bool { return m.c.Fejl == fejl }

func (m *Modtager) doem(b *indkommet) svar {
	if b.fejl != "" {
		return nej("form", "%s", b.fejl)
	}
	for _, f := range []func(*indkommet) svar{m.kendtBesked, m.paakraevet, m.former, m.navneOgTekster, m.slags, m.smag, m.indhold} {
		if s := f(b); !s.ok() {
			return s
		}
	}
	return m.udfoer(b)
}

// kendtBesked checks what the besked is.
func (m *Modtager) kendtBesked(b *indkommet) svar {
	switch {
	case b.en("beskedID") == "" && !m.undtagelse("tager_uden_beskedID"):
		return nej("uden_beskedID", "beskeden har intet beskedID")
	case b.en("beskedversion") != "" && b.en("beskedversion") != "1.0" && !m.undtagelse("tager_ukendt_version"):
		if m.undtagelse("version_uden_egen_kode") {
			return nej("ugyldig", "beskedversionen kendes ikke")
		}
		return svar{55, "beskedversion", "beskedversionen kendes ikke"}
	case b.en("kildesystem") != "" && b.en("kildesystem") != m.c.System && m.c.Noegle != "" && !m.undtagelse("tager_andet_navn"):
		return nej("ikke_tilladt", "nøglen er ikke det systems")
	}
	return taget
}

// paakraevet checks that what a hændelsesbesked must say is there.
func (m *Modtager) paakraevet(b *indkommet) svar {
	if t := b.en("beskedtype"); t == "Kvittering" || t == "Fejlbesked" {
		return taget
	}
	mangler := func(felt string, er bool) bool { return !er && !m.undtagelse("tager_uden_"+felt) }
	switch {
	case mangler("objektID", b.en("objektID") != ""), mangler("objekttype", b.en("objekttype") != ""), mangler("registreringstid", b.en("registreringstid") != ""),
		mangler("livscykluskode", b.en("livscykluskode")+b.en("handling") != ""), mangler("aktoer", b.en("aktoer")+b.en("bruger") != ""),
		mangler("indhold", len(b.indhold) > 0 || b.en("objektreference") != ""):
		if m.undtagelse("cpr_i_svar") {
			return nej("ugyldig", "noget mangler i beskeden om %v", b.felter["relateret.primaerpart"])
		}
		return nej("ugyldig", "noget mangler")
	case m.undtagelse("kraever_livscykluskode") && b.en("livscykluskode") == "", m.undtagelse("kraever_bruger") && b.en("bruger") == "",
		m.undtagelse("kraever_aktoer") && b.en("aktoer") == "", m.undtagelse("kraever_indhold") && len(b.indhold) == 0,
		m.undtagelse("kraever_part") && len(b.felter["relateret.primaerpart"]) == 0:
		return nej("ugyldig", "noget mangler, som dette produkt forlanger")
	}
	return taget
}

// former checks values against what they must be.
func (m *Modtager) former(b *indkommet) svar {
	koder := []string{"", "Opstaaet", "Importeret", "Rettet", "Passiveret", "Slettet"}
	typer := []string{"", "Sag", "Dokument"}
	tid := b.en("registreringstid")
	_, err := time.Parse(time.RFC3339Nano, tid)
	switch {
	case !slices.Contains(koder, b.en("livscykluskode")) && !m.undtagelse("tager_ukendt_kode"):
		return nej("ugyldig", "livscykluskoden kendes ikke")
	case !slices.Contains(typer, b.en("objekttype")) && !m.undtagelse("tager_ukendt_objekttype"):
		return nej("ugyldig", "objekttypen kendes ikke")
	case tid != "" && err != nil && !m.undtagelse("tager_tid_uden_zone"):
		return nej("ugyldig", "registreringstid har ingen tidszone")
	case b.en("objektID") != "" && !erUUID(b.en("objektID")) && !m.undtagelse("tager_objektID_uden_uuid"):
		return nej("ugyldig", "objektID er ikke en UUID")
	}
	return taget
}

func erUUID(s string) bool {
	return len(s) == 36 && strings.Count(s, "-") == 4 && strings.Trim(strings.ToLower(s), "0123456789abcdef-") == ""
}

func feltnavne() []string {
	return []string{"beskedID", "beskedversion", "beskedtype", "objektID", "objekttype", "livscykluskode", "handling", "registreringID", "registreringstid", "aktoer",
		"bruger", "myndighed", "opgaveemne", "tilstand", "foelsomhed", "procesID", "foraarsagetAf", "tilladtmodtager", "gyldigFra", "gyldigTil", "sikkerhedsklasse",
		"objektreference", "kildesystem", "beskaaret", "dannelsestidspunkt"}
}

// navneOgTekster checks names of headers, and texts.
func (m *Modtager) navneOgTekster(b *indkommet) svar {
	for _, navn := range slices.Sorted(maps.Keys(b.felter)) {
		kendt := slices.Contains(feltnavne(), navn) || strings.HasPrefix(navn, "relateret")
		forvekslet := slices.ContainsFunc(feltnavne(), func(f string) bool { return f != navn && strings.EqualFold(f, navn) })
		switch {
		case forvekslet && !m.undtagelse("tager_forkert_navn"):
			return nej("ugyldig", "%s er skrevet forkert", navn)
		case !kendt && !forvekslet && m.undtagelse("afviser_ukendt_header"):
			return nej("ugyldig", "%s kendes ikke", navn)
		}
		for _, v := range b.felter[navn] {
			switch {
			case len(v) > 1024 && !m.undtagelse("tager_lang_tekst"):
				return nej("ugyldig", "%s er for lang", navn)
			case (!utf8.ValidString(v) || strings.ContainsRune(v, 0)) && !m.undtagelse("tager_nul"):
				return nej("ugyldig", "%s er ikke tekst", navn)
			}
		}
	}
	return taget
}

// slags are the faults of a product that takes texts only.
func (m *Modtager) slags(b *indkommet) svar {
	for _, slags := range b.slags {
		if m.undtagelse("afviser_" + slags) {
			return nej("ugyldig", "%s i stedet for en tekst", slags)
		}
	}
	return taget
}

// smag are the faults of a product that refuses what is in order.
func (m *Modtager) smag(b *indkommet) svar {
	tid := b.en("registreringstid")
	_, kendtType := map[string]bool{"": true, "Sag": true, "Kvittering": true, "Fejlbesked": true}[strings.Split(b.en("beskedtype"), ".")[0]]
	hvad := strings.TrimPrefix(b.en("beskedtype"), "Sag.")
	switch {
	case m.undtagelse("kender_ikke_importeret") && b.en("livscykluskode") == "Importeret",
		m.undtagelse("afviser_ukendt_type") && (!kendtType || hvad == "NaboOrienteret"),
		m.undtagelse("afviser_kort_cvr") && strings.HasPrefix(b.en("myndighed"), "urn:oio:cvr:"),
		m.undtagelse("afviser_anden_zone") && tid != "" && !strings.HasSuffix(tid, "Z"),
		m.undtagelse("afviser_" + b.form):
		return nej("ugyldig", "det kan produktet ikke")
	}
	return taget
}

// indhold checks what the besked carries.
func (m *Modtager) indhold(b *indkommet) svar {
	if len(b.indhold) > 1<<20 && !m.undtagelse("tager_for_stor") {
		return svar{51, "for_stor", "indholdet er for stort"}
	}
	for navn, v := range b.vedSiden {
		if i := b.felter[navn]; len(i) > 0 && !slices.Equal(i, v) && !m.undtagelse("tager_uenig_kuvert") {
			return nej("uenig", "%s er ét i kuverten og et andet i headeren", navn)
		}
	}
	if !strings.Contains(b.indholdstype, "json") || len(b.indhold) == 0 || b.en("beskedtype") == "Kvittering" {
		return taget
	}
	var i struct{ ObjektID string }
	switch err := json.Unmarshal(b.indhold, &i); {
	case err != nil && !m.undtagelse("tager_ulaeseligt_indhold"):
		return nej("indhold", "indholdet er ikke JSON")
	case err == nil && i.ObjektID != b.en("objektID") && b.en("objektID") != "" && !m.undtagelse("tager_uenigt_indhold") && erUUID(b.en("objektID")):
		return nej("uenig", "indholdet er om et andet objekt")
	}
	return taget
}
