package agent

import (
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/store"
)

// esdh is an agent that makes and changes Byggesag's Sager in a [fagsystem]. gentag is "noegle", "opslag", "naturlig" or
// "nej"; mere are further lines of the sink.
func esdh(f *fagsystem, gentag, mere string) string {
	til := map[string]string{
		GentagNoegle: "      noegle_header: Idempotency-Key\n",
		GentagOpslag: "      opslag: {url: \"/api/opslag?nr={{felt.nr}}\", fundet: items.0.id, svar: items.0}\n",
	}[gentag]
	if !strings.Contains(mere, "answer:") {
		mere += "    answer: {accepted: [200, 201], rejected: {409: modtager, 422: afsender}, besked: {map: maps/fagsvar.yaml, key: id, handling: journaliseret}}\n"
	}
	return fmt.Sprintf(`agent: esdh
system: ESDH
acts_as: mox-bruger
sinks:
  - name: sager
    filter: {objekttype: Sag, kildesystem: Byggesag}
    map: maps/fag.yaml
    felter: [nr, titel, oversag]
    to:
      type: http
      url: "%s"
      opret: {method: POST, url: /api/sager}
      ret: {method: PUT, url: "/api/sager/{{key}}"}
      passiver: {method: PUT, url: "/api/sager/{{key}}"}
      slet: {method: PUT, url: "/api/sager/{{key}}"}
%s    gentag: %s
    ro: 1ms
    plan: {forsoeg: 4, foerste: 1ms, hoejst: 2ms}
    noegle: id
%s`, f.URL, til, gentag, mere)
}

func (h *hus) bliver(l store.Leverance, vil mox.LeveranceTilstand) {
	h.Helper()
	if l.Tilstand != vil {
		h.Errorf("leverancen er %s, skulle være %s (%s: %s)", l.Tilstand, vil, l.Kode, l.Aarsag)
	}
}

// The seven duties in one: it subscribes by its filter, receives, translates, does, forms an answer, translates it, and
// hands it in.
func TestEnBeskedBliverTilEtKaldOgEnSlutbesked(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 20")
	h, f := nytHus(t), nytFagsystem(t)
	s := h.agent(esdh(f, GentagNoegle, "")).sinks[0]
	h.besked("Andre", mox.ObjektID(mox.NyUUID()), map[string]string{"egenskaber.titel": "ikke for os"})
	b := h.sag("Byggesag", "2026-1", nil)
	h.bliver(h.arbejd(s), mox.Leveret)
	h.intet(s)
	liste(t, "virkninger", f.virkninger(), []string{"POST 2026-1 Carport"})

	h.sender("Sag.Opstaaet 101 Carport")
	svar := h.sidste()
	ens(t, "afsender", svar.Afsender, "ESDH")
	ens(t, "bruger", svar.Bruger, "mox-bruger")
	ens(t, "foraarsagetAf", svar.ForaarsagetAf, b.ID)
	ens(t, "handling", svar.Handling, "journaliseret")
	ens(t, "andresager", h.vaerdier(svar.Besked)["relationer.andresager.0"], string(b.ObjektID))
	if svar.ObjektID == b.ObjektID {
		t.Error("ESDH's sag er blevet til Byggesags")
	}
}

// A besked of a type that the agent has nothing for is logged and put before a person, whole; what comes after it is done.
func TestEnUkendtBeskedtypeGaarIkkeTabt(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 3")
	var log strings.Builder
	h, f := nytHus(t), nytFagsystem(t)
	s := h.agent(esdh(f, GentagNoegle, ""), func(o *Options) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) }).sinks[0]
	ukendt := mox.Besked{ID: mox.BeskedID(mox.NyUUID()), Type: "Sag.Fusioneret", ObjektID: mox.ObjektID(mox.NyUUID()), ObjektType: mox.Sag, Handling: "Fusioneret", Aktoer: mox.NyUUID(),
		Kildesystem: "Byggesag", Registreringstid: time.Now(), Objektreference: "https://byggesag.example/sag/7"}
	_, err := h.Distributor.Accept(t.Context(), "Byggesag", ukendt)
	maa(t, err)
	h.sag("Byggesag", "2026-1", nil)
	l := h.arbejd(s)
	h.bliver(l, mox.Parkeret)
	ens(t, "kode", l.Kode, "kan_ikke_oversaettes")
	h.bliver(h.arbejd(s), mox.Leveret)
	h.intet(s)
	liste(t, "virkninger", f.virkninger(), []string{"POST 2026-1 Carport"})
	ens(t, "fejlen er om leverancen", h.enFejl().Leverance, l.ID)
	if !strings.Contains(log.String(), string(ukendt.ID)) || !strings.Contains(log.String(), "level=WARN") {
		t.Errorf("loggen siger intet om beskeden: %s", log.String())
	}
	h.se(func(tx *store.Tx) error { // as it came, to be sent again when the agent has learnt it
		b, ok, err := tx.BeskedNr(l.Besked)
		if !ok || b.Objektreference != ukendt.Objektreference || b.Type != ukendt.Type {
			t.Errorf("beskeden er %+v", b.Besked)
		}
		return err
	})
}

// The key that the system gave the objekt is used from then on.
func TestDetOprettedeRettesVedSinNoegle(t *testing.T) {
	t.Parallel()
	h, f := nytHus(t), nytFagsystem(t)
	s := h.agent(esdh(f, GentagNoegle, "")).sinks[0]
	h.sag("Byggesag", "2026-1", nil)
	h.arbejd(s)
	h.sag("Byggesag", "2026-1", map[string]string{"egenskaber.titel": "Garage"})
	h.bliver(h.arbejd(s), mox.Leveret)
	liste(t, "virkninger", f.virkninger(), []string{"POST 2026-1 Carport", "PUT 2026-1 Garage"})
	ens(t, "titel i systemet", f.har("101", "titel"), any("Garage"))
}

// What an answer means is as the agent's file says, else as its code says of itself.
func TestHvadEtSvarBetyder(t *testing.T) {
	t.Parallel()
	for navn, c := range map[string]struct {
		svar     fejl
		tilstand mox.LeveranceTilstand
		ansvar   mox.Ansvar
		kode     string
	}{
		"409 er modtagerens sag":       {fejl{status: 409}, mox.Parkeret, mox.AnsvarModtager, "409"},
		"422 er afsenderens":           {fejl{status: 422}, mox.Parkeret, mox.AnsvarAfsender, "422"},
		"404 står ikke i filen":        {fejl{status: 404}, mox.Parkeret, mox.AnsvarMOX, "404"},
		"200 uden for accepted fejler": {fejl{status: 202}, mox.Parkeret, mox.AnsvarMOX, "202"},
		"500 kan gå over":              {fejl{status: 500}, mox.Udsat, "", "500"},
		"503 kan gå over":              {fejl{status: 503}, mox.Udsat, "", "503"},
		"429 kan gå over":              {fejl{status: 429}, mox.Udsat, "", "429"},
		"et tabt svar kan gentages":    {fejl{skaer: true}, mox.Udsat, "", "uden_svar"},
	} {
		t.Run(navn, func(t *testing.T) {
			t.Parallel()
			h, f := nytHus(t), nytFagsystem(t)
			s := h.agent(esdh(f, GentagNoegle, "")).sinks[0]
			b := h.sag("Byggesag", "2026-1", nil)
			f.gaarGalt(c.svar)
			l := h.arbejd(s)
			h.bliver(l, c.tilstand)
			ens(t, "ansvar", l.Ansvar, c.ansvar)
			ens(t, "kode", l.Kode, c.kode)
			ens(t, "virkninger", len(f.virkninger()), 0)
			if c.tilstand == mox.Udsat {
				h.ingenFejl()
				h.bliver(h.arbejd(s), mox.Leveret)
				ens(t, "virkninger", len(f.virkninger()), 1)
				return
			}
			h.intet(s)
			ens(t, "fejlens ansvar", h.enFejl().Ansvar, c.ansvar)
			fb := h.sidste()
			ens(t, "beskedtype", fb.Type, mox.TypeFejlbesked)
			ens(t, "foraarsagetAf", fb.ForaarsagetAf, b.ID)
		})
	}
}

// A permanent refusal is told to whoever listens, with the reason; the work is not tried again.
func TestNejTilArbejdetErEnBesked(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 21")
	h, f := nytHus(t), nytFagsystem(t)
	s := h.agent(esdh(f, GentagNoegle, "")).sinks[0]
	b := h.sag("Byggesag", "2026-1", nil)
	f.gaarGalt(fejl{status: 409, krop: `{"fejl": "sagen er lukket"}`})
	h.arbejd(s)
	fb := h.sidste()
	ens(t, "type", fb.Type, mox.TypeFejlbesked)
	ens(t, "foraarsagetAf", fb.ForaarsagetAf, b.ID)
	ens(t, "kildesystem", fb.Kildesystem, "ESDH")
	if !strings.Contains(string(fb.Indhold), `"409"`) {
		t.Errorf("fejlbeskeden siger ikke hvorfor: %s", fb.Indhold)
	}
}

func TestRetryAfterOverholdes(t *testing.T) {
	t.Parallel()
	h, f := nytHus(t), nytFagsystem(t)
	s := h.agent(esdh(f, GentagNoegle, "")).sinks[0]
	h.sag("Byggesag", "2026-1", nil)
	f.gaarGalt(fejl{status: 429, efter: "3600"})
	l := h.arbejd(s)
	h.bliver(l, mox.Udsat)
	if om := time.Until(l.Naeste); om < 50*time.Minute {
		t.Errorf("næste forsøg om %s, systemet bad om en time", om)
	}
}

func TestNaarForsoegeneErBrugtOp(t *testing.T) {
	t.Parallel()
	h, f := nytHus(t), nytFagsystem(t)
	s := h.agent(esdh(f, GentagNoegle, "")).sinks[0]
	h.sag("Byggesag", "2026-1", nil)
	for range 4 {
		f.gaarGalt(fejl{status: 500})
	}
	for range 3 {
		h.bliver(h.arbejd(s), mox.Udsat)
	}
	l := h.arbejd(s)
	h.bliver(l, mox.Parkeret)
	ens(t, "ansvar", l.Ansvar, mox.AnsvarModtager)
	h.intet(s)

	_, err := h.Distributor.Gensend(t.Context(), store.Udvalg{}, distributor.Hvem{Navn: "Inge"}, false)
	maa(t, err)
	h.bliver(h.arbejd(s), mox.Leveret)
	ens(t, "virkninger", len(f.virkninger()), 1)
}

// An agent works as one user of the system, and does nothing that user may not do.
func TestAgentenHarKunSinBrugersRettigheder(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 19")
	h, f := nytHus(t), nytFagsystem(t)
	f.lovlig = map[string]string{"mox-bruger": "hemmeligt"}
	f.maa = func(r *http.Request) bool { return r.Method == http.MethodPost }
	kilde := strings.Replace(esdh(f, GentagNoegle, ""), "      opret:", "      auth: {basic: {bruger: mox-bruger, kodeord: \"env:KODEORD\"}}\n      opret:", 1)
	s := h.agent(kilde, func(o *Options) {
		o.Env = connector.Env{Secret: func(string) (string, error) { return "hemmeligt", nil }}
	}).sinks[0]
	h.sag("Byggesag", "2026-1", nil)
	h.bliver(h.arbejd(s), mox.Leveret)
	h.sag("Byggesag", "2026-1", map[string]string{"egenskaber.titel": "Garage"})
	l := h.arbejd(s)
	h.bliver(l, mox.Parkeret)
	ens(t, "kode", l.Kode, "403")
	liste(t, "virkninger", f.virkninger(), []string{"POST 2026-1 Carport"})
	ens(t, "der siges til", h.sidste().Type, mox.TypeFejlbesked)
}

// A besked that refers to what the system does not have yet waits, and goes on when it has.
func TestEnUkendtReferenceVenter(t *testing.T) {
	t.Parallel()
	h, f := nytHus(t), nytFagsystem(t)
	s := h.agent(strings.Replace(esdh(f, GentagNoegle, ""), "forsoeg: 4", "forsoeg: 1000", 1)).sinks[0]
	h.sag("Byggesag", "under", map[string]string{"relationer.oversag": "noegle:Sag:over"})
	l := h.arbejd(s)
	h.bliver(l, mox.Udsat)
	ens(t, "kode", l.Kode, string(mox.KodeUkendtReference))
	ens(t, "kald", len(f.skrevet()), 0)
	h.ingenFejl()

	h.sag("Byggesag", "over", nil)
	h.vent("begge er leveret", func() bool {
		h.arbejd(s)
		return len(f.virkninger()) == 2
	})
	ens(t, "den underordnede peger på den overordnede", f.har("102", "oversag"), any("101"))
	ens(t, "den underordnede", h.leverance(l.ID).Tilstand, mox.Leveret)
}

// The system has done its part, but its answer does not tell what it was to tell: a person sees it, and it is not done again.
func TestSvaretManglerNoeglen(t *testing.T) {
	t.Parallel()
	for gentag, vil := range map[string]mox.LeveranceTilstand{GentagNoegle: mox.Parkeret, GentagOpslag: mox.Parkeret, GentagNaturlig: mox.Parkeret, GentagNej: mox.Uvis} {
		t.Run(gentag, func(t *testing.T) {
			t.Parallel()
			h, f := nytHus(t), nytFagsystem(t)
			a := h.agent(esdh(f, gentag, ""))
			s := a.sinks[0]
			h.sag("Byggesag", "2026-1", nil)
			f.gaarGalt(fejl{virker: true, status: 201, krop: `{"nummer": 5}`})
			h.bliver(h.arbejd(s), vil)
			h.intet(s)
			fejl := h.enFejl()
			ens(t, "kode", fejl.Kode, "svar_kan_ikke_oversaettes")
			ens(t, "virkninger", len(f.virkninger()), 1)

			switch gentag {
			case GentagNej:
				h.skete(a, fejl.ID, map[string]string{"id": "101"})
			case GentagNoegle, GentagOpslag: // the same key, and a lookup, make even a gensend harmless
				_, err := h.Distributor.Gensend(t.Context(), store.Udvalg{}, distributor.Hvem{Navn: "Inge"}, false)
				maa(t, err)
				h.bliver(h.arbejd(s), mox.Leveret)
			default:
				return
			}
			ens(t, "virkninger", len(f.virkninger()), 1)
			ens(t, "slutbesked", h.sidste().Kildesystem, "ESDH")
		})
	}
}

// skete answers for a person that an uncertain effect did happen, as the console does.
func (h *hus) skete(a *Agent, fejlID int64, felter map[string]string) {
	h.Helper()
	u, err := h.Distributor.FindOpgave(h.Context(), fejlID)
	maa(h, err)
	w, err := h.Distributor.Arbejde(h.Context(), u.Opgave)
	maa(h, err)
	af, err := a.Skete(w, u.Opgave.Leverance.Abonnement, felter)
	maa(h, err)
	maa(h, h.Distributor.Skete(h.Context(), fejlID, distributor.Hvem{Navn: "Inge", Begrundelse: "set i systemet"}, af))
}

// While a call takes long the lease is kept, so that nobody else takes the work.
func TestLejemaaletFornyesUnderEtLangtKald(t *testing.T) {
	t.Parallel()
	h, f := nytHus(t), nytFagsystem(t)
	faerdig, naaet := make(chan struct{}), make(chan struct{}, 1)
	f.gaarGalt(fejl{virker: true, vent: faerdig, naaet: naaet, status: 201, krop: `{"id": "101"}`})
	b := h.sag("Byggesag", "2026-0", nil) // before anyone wants it
	ens(t, "leverancer", len(h.leverancer(b.ID)), 0)
	const leje = 1500 * time.Millisecond
	a := h.agent(esdh(f, GentagNoegle, ""), func(o *Options) { o.Leje = leje })
	b = h.sag("Byggesag", "2026-1", nil)
	stop := h.koer(a)
	<-naaet
	start := time.Now()
	h.vent("kaldet har varet to lejemål", func() bool {
		n, err := h.Distributor.AfslutUdloebne(t.Context())
		maa(t, err)
		ens(t, "udløbne lejemål", n, 0)
		return time.Since(start) > 2*leje
	})
	liste(t, "undervejs", h.leverancer(b.ID), []string{"esdh.sager UnderLevering"})
	close(faerdig)
	h.vent("det er leveret", func() bool { return h.leverancer(b.ID)[0] == "esdh.sager Leveret" })
	stop()
	ens(t, "virkninger", len(f.virkninger()), 1)
}

// An agent that is told to stop ends the call that is in flight, and reports it.
func TestStopUnderEtKald(t *testing.T) {
	t.Parallel()
	h, f := nytHus(t), nytFagsystem(t)
	faerdig, naaet := make(chan struct{}), make(chan struct{}, 1)
	f.gaarGalt(fejl{virker: true, vent: faerdig, naaet: naaet, status: 201, krop: `{"id": "101"}`})
	a := h.agent(esdh(f, GentagNej, ""))
	b := h.sag("Byggesag", "2026-1", nil)
	h.sag("Byggesag", "2026-2", nil)
	stop := h.koer(a)
	<-naaet
	stoppet := make(chan struct{})
	go func() {
		defer close(stoppet)
		stop()
	}()
	select {
	case <-stoppet:
		t.Error("agenten stoppede midt i et kald")
	case faerdig <- struct{}{}: // only the waiting call receives
	}
	<-stoppet
	liste(t, "leverancer", h.leverancer(b.ID), []string{"esdh.sager Leveret"})
	ens(t, "virkninger", len(f.virkninger()), 1)
}

// MOX does not answer when the outcome is reported. The work has been done, so it is the report that is tried again.
func TestSvaretPaaDoneGaarTabt(t *testing.T) {
	t.Parallel()
	for _, hvor := range []string{"Done", "Done efter"} {
		t.Run(hvor, func(t *testing.T) {
			t.Parallel()
			h, f := nytHus(t), nytFagsystem(t)
			s := h.agent(esdh(f, GentagNej, "")).sinks[0]
			h.sag("Byggesag", "2026-1", nil)
			h.forstyr(engang(hvor, errUtilgaengelig))
			l := h.arbejd(s)
			h.bliver(l, mox.Leveret)
			liste(t, "forsøg", h.forsoeg(l.ID), []string{"accepteret 201"})
			ens(t, "virkninger", len(f.virkninger()), 1)
			h.sender("Sag.Opstaaet 101 Carport")
		})
	}
}

// The same besked again has no further effect in the system, and its sender is told that all is well.
func TestDenSammeBeskedIgen(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 40")
	h, f := nytHus(t), nytFagsystem(t)
	s := h.agent(esdh(f, GentagNej, "")).sinks[0]
	b := h.sag("Byggesag", "2026-1", nil)
	for _, foer := range []bool{true, false} {
		ud, err := h.Distributor.Accept(t.Context(), "Byggesag", b)
		maa(t, err)
		ens(t, "gentaget", ud.Gentaget, true)
		if foer {
			h.bliver(h.arbejd(s), mox.Leveret)
		}
		h.intet(s)
	}
	ens(t, "virkninger", len(f.virkninger()), 1)
}

// The slutbesked is stored in the transaction of Done, or the leverance is not delivered.
func TestSlutbeskedenErIDonesTransaktion(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 39")
	h, f := nytHus(t), nytFagsystem(t)
	s := h.agent(esdh(f, GentagNoegle, "")).sinks[0]
	b := h.sag("Byggesag", "2026-1", nil)
	w := h.hent(s)
	h.forstyr(engang("Done", mox.E("prøve", mox.KodeKonflikt, "processen dør her")))
	s.arbejd(t.Context(), w)
	liste(t, "efter et tabt Done", h.leverancer(b.ID), []string{"esdh.sager UnderLevering"})
	h.sender()
	ens(t, "virkninger", len(f.virkninger()), 1)
}

// Fields that are only for the address do not stand in the body; documents are put in it as they are read.
func TestAdressefelterOgDokumenter(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 57")
	h, f := nytHus(t), nytFagsystem(t)
	f.saet("55", nil)
	a := h.agent(fmt.Sprintf(`agent: esdh
system: ESDH
acts_as: mox
sinks:
  - name: dokumenter
    filter: {objekttype: Dokument}
    map: maps/dokumentud.yaml
    kun_adresse: [sag]
    to: {type: http, method: PUT, url: "%s/api/sager/{{felt.sag}}", indhold: base64}
    gentag: naturlig
`, f.URL))
	s := a.sinks[0]
	hash, n, err := h.Lager.Gem(t.Context(), strings.NewReader("en tegning"))
	maa(t, err)
	maa(t, h.Distributor.Store().Update(t.Context(), func(tx *store.Tx) error {
		return errors.Join(tx.InsertIndhold(hash, n), tx.GemHenvisning("ESDH", h.Distributor.Store().ObjektID("Byggesag", mox.Sag, "2026-1"), mox.Sag, "55", 0))
	}))
	h.post("Byggesag", mox.Dokument, "D1", map[string]string{"relationer.tilknyttedesager.0": "noegle:Sag:2026-1",
		"varianter.original.dele.1.indhold": "urn:mox:indhold:sha256:" + hash, "varianter.original.dele.1.mimetype": "text/plain"})
	h.bliver(h.arbejd(s), mox.Leveret)
	krop := f.skrevet()[0]
	ens(t, "fil", krop["fil"], any(base64.StdEncoding.EncodeToString([]byte("en tegning"))))
	if _, med := krop["sag"]; med {
		t.Errorf("adressefeltet står i kroppen: %v", krop)
	}
	ens(t, "felter i kroppen", len(krop), 3)

	// Only one who has been sent the besked may have the bytes.
	_, err = h.HentIndhold(t.Context(), "andre.sager", hash)
	kode(t, err, mox.KodeIkkeTilladt)
}

const soapsink = `agent: post
system: Post
acts_as: mox
sinks:
  - name: breve
    filter: {objekttype: Sag}
    map: maps/fag.yaml
    felter: [nr, titel]
    to: {type: soap, url: "%s", namespace: "http://post.example", operation: Send, felter_orden: [Reference, nr, titel], noegle_felt: Reference}
    gentag: %s
    plan: {forsoeg: 4, foerste: 1ms, hoejst: 2ms}
    answer:
      rejected: {Client.UkendtModtager: afsender}
      midlertidig: [Server.Travlt]
      besked: {map: maps/fagsvar.yaml, key: id}
`

func TestSOAPFejlkoder(t *testing.T) {
	t.Parallel()
	for navn, c := range map[string]struct {
		gentag, kode string
		tilstand     mox.LeveranceTilstand
		ansvar       mox.Ansvar
	}{
		"står i rejected":                          {GentagNoegle, "s:Client.UkendtModtager", mox.Parkeret, mox.AnsvarAfsender},
		"står ingen steder":                        {GentagNoegle, "s:Client.ForkertSkema", mox.Parkeret, mox.AnsvarMOX},
		"står i midlertidig, selv uden gentagelse": {GentagNej, "s:Server.Travlt", mox.Udsat, ""},
		"er serverens egen":                        {GentagNoegle, "s:Server", mox.Udsat, ""},
		"er serverens egen, uden gentagelse":       {GentagNej, "s:Server.Intern", mox.Uvis, mox.AnsvarModtager},
		"er SOAP 1.2's":                            {GentagNej, "s:Receiver", mox.Uvis, mox.AnsvarModtager},
	} {
		t.Run(navn, func(t *testing.T) {
			t.Parallel()
			h := nytHus(t)
			soap := nySoaptjeneste(t, func(string, map[string]string) (int, string) { return soapfejl(c.kode, "nej") })
			s := h.agent(fmt.Sprintf(soapsink, soap.URL, c.gentag)).sinks[0]
			h.sag("Byggesag", "2026-1", nil)
			l := h.arbejd(s)
			h.bliver(l, c.tilstand)
			ens(t, "ansvar", l.Ansvar, c.ansvar)
			ens(t, "kode", l.Kode, strings.TrimPrefix(c.kode, "s:"))
		})
	}
}

// A gentaget SOAP call carries the same key, so that the service can know it.
func TestSOAPGentagesMedSammeNoegle(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	n := 0
	soap := nySoaptjeneste(t, func(string, map[string]string) (int, string) {
		if n++; n == 1 {
			return soapfejl("s:Server", "prøv igen")
		}
		return http.StatusOK, `<SendSvar xmlns="http://post.example"><id>B-1</id></SendSvar>`
	})
	s := h.agent(fmt.Sprintf(soapsink, soap.URL, GentagNoegle)).sinks[0]
	h.sag("Byggesag", "2026-1", nil)
	h.bliver(h.arbejd(s), mox.Udsat)
	h.bliver(h.arbejd(s), mox.Leveret)
	kald := soap.kald()
	if len(kald) != 2 || kald[0]["Reference"] == "" || kald[0]["Reference"] != kald[1]["Reference"] {
		t.Errorf("kald %v", kald)
	}
	h.sender("Sag.Opstaaet B-1 Carport")
}

// Two processes of the same agent share the work; none of it is done twice.
func TestToProcesserDelerArbejdet(t *testing.T) {
	t.Parallel()
	h, f := nytHus(t), nytFagsystem(t)
	en := h.agent(esdh(f, GentagNej, "    samtidige: 3\n"))
	anden := h.start(h.specs[0], func(o *Options) { o.Ejer = "fjern/anden" })
	const antal = 60
	for n := range antal {
		h.sag("Byggesag", fmt.Sprintf("2026-%d", n), nil)
	}
	stop := h.koer(en, anden)
	h.vent("alle har fået svar", func() bool { return len(h.alle()) == 2*antal })
	stop()
	set := map[string]bool{}
	for _, v := range f.virkninger() {
		if set[v] {
			t.Errorf("to gange: %s", v)
		}
		set[v] = true
	}
	ens(t, "virkninger", len(set), antal)
	h.ingenFejl()
}
