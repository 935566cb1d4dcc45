package amqp_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	rabbit "github.com/rabbitmq/amqp091-go"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/carrier/amqp"
	"github.com/moxkit/mox/demo/beskedfordeler"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/testenv"
	"github.com/moxkit/mox/store"
)

// nation is the stand-in for the national Beskedfordeler, in a vhost of its own, with a clock that a test may move. It has
// the user mox, who may use two dueslag: a for everything, b for Sager only.
type nation struct {
	*beskedfordeler.System
	broker *testenv.Broker
	frem   atomic.Int64 // how far its clock is ahead
}

const (
	dueslagA    = "5d1e4c5e-7a0b-4f4e-9a3c-0f6a5b7c8d9e"
	dueslagB    = "5d1e4c5e-7a0b-4f4e-9a3c-0f6a5b7c8d9f"
	hemmelighed = "x-hemmelighed-x"
)

func nyNation(t *testing.T) *nation {
	t.Helper()
	n := &nation{broker: testenv.RabbitMQ(t)}
	var err error
	n.System, err = beskedfordeler.Start(t.Context(), beskedfordeler.Config{URL: n.broker.URL, Klienter: map[string]beskedfordeler.Klient{"mox": {Hemmelighed: hemmelighed}},
		Dueslag: []beskedfordeler.Dueslag{{ID: dueslagA}, {ID: dueslagB, Objekttype: "urn:mox:objekttype:Sag"}},
		Nu:      func() time.Time { return time.Now().Add(time.Duration(n.frem.Load())) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

// brug is how a MOX uses the stand-in.
func (n *nation) brug(dueslag ...string) amqp.KombitOptions {
	return amqp.KombitOptions{URL: n.broker.URL, Dueslag: dueslag, Fejlkoe: n.Adresse() + "/beskedfordeler",
		Token: amqp.Tokentjeneste{URL: n.Adresse() + "/token", Klient: "mox", Hemmelighed: hemmelighed}}
}

// token is one that the stand-in takes now.
func (n *nation) token(t *testing.T) string {
	svar, err := http.PostForm(n.Adresse()+"/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {"mox"}, "client_secret": {hemmelighed}})
	if err != nil {
		t.Error(err)
		return ""
	}
	defer svar.Body.Close()
	var x struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(svar.Body).Decode(&x); err != nil {
		t.Error(err)
	}
	return x.Token
}

// nationalt is a MOX that uses a national Beskedfordeler, and nothing else.
type nationalt struct {
	hus
	k    *amqp.Kombit
	stop func() // waits for the answers to what has been sent
}

// nytNationalt has an abonnement kombit.alt, for all that may go to the national Beskedfordeler, and esdh.alt, for all.
func nytNationalt(t *testing.T, broker *testenv.Broker, o amqp.KombitOptions) *nationalt {
	t.Helper()
	h := &nationalt{hus: *nytLager(t, nil)}
	h.broker = broker
	plan := mox.Plan{Forsoeg: 1000, Foerste: time.Millisecond, Hoejst: 50 * time.Millisecond}
	for _, a := range []mox.Abonnement{{ID: "kombit.alt", System: mox.KOMBIT, Carrier: mox.CarrierKOMBIT, Plan: plan}, {ID: "esdh.alt", System: "ESDH", Carrier: mox.CarrierPull, Plan: plan}} {
		_, err := h.d.OpretAbonnement(t.Context(), a, false, distributor.Hvem{Navn: "Inge Hansen", Begrundelse: "afprøvning"})
		h.maa(err)
	}
	h.koer(o)
	return h
}

// koer runs a carrier until the test ends, or until stop is called.
func (h *nationalt) koer(o amqp.KombitOptions) {
	h.Helper()
	o.Log = slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var err error
	h.k, err = amqp.NyKombit(h.d, o)
	h.maa(err)
	h.stop = baggrund(h.Context(), h.k.Run)
	h.Cleanup(h.stop)
}

// accepter has Byggesag say something about one of its Sager.
func (h *nationalt) accepter(nr int, med ...func(*mox.Besked)) mox.Besked {
	h.Helper()
	tid := time.Date(2026, 3, 2, 9, 15, 0, 0, time.UTC)
	b := mox.Besked{ID: mox.BeskedID(mox.NyUUID()), ObjektID: mox.ObjektID(objekt(nr)), ObjektType: mox.Sag, LivscyklusKode: mox.Rettet, Registreringstid: tid, Aktoer: "cccccccc-0000-4000-8000-000000000003",
		Kildesystem: "Byggesag", Myndighed: "urn:oio:cvr-nr:29189803", Opgaveemne: "02.34.02", Dannet: tid, Indholdstype: "application/json", Indhold: registrering(nr)}
	for _, f := range med {
		f(&b)
	}
	_, err := h.d.Accept(h.Context(), "Byggesag", b)
	h.maa(err)
	return b
}

func registrering(nr int) []byte {
	return fmt.Appendf(nil, `{"objektID":%q,"objekttype":"Sag","registrering":{"fratidspunkt":{"tidsstempeldatotid":"2026-03-02T09:15:00Z"},"livscykluskode":"Rettet",
"brugerref":"cccccccc-0000-4000-8000-000000000003","attributter":{"sagegenskaber":[{"titel":"Carport – æøå","virkning":{"from":"2026-03-02T00:00:00Z","to":"infinity"}}]}}}`, objekt(nr))
}

// hentet is what ESDH has got.
func (h *nationalt) hentet() distributor.Arbejde {
	h.Helper()
	w, err := h.d.Hent(h.Context(), "esdh.alt", "test", 1, time.Minute, taalmod)
	h.maa(err)
	if len(w) != 1 {
		h.Fatalf("%d beskeder\n%s", len(w), h.log)
	}
	_, err = h.d.Done(h.Context(), distributor.Afslutning{Leverance: w[0].Leverance, Forsoeg: w[0].Forsoeg, Ejer: w[0].Ejer, Udfald: mox.Udfald{Resultat: mox.ResAccepteret}})
	h.maa(err)
	return w[0]
}

// leverancer are those of a besked, by abonnement.
func (h *nationalt) leverancer(id mox.BeskedID) map[mox.AbonnementID]store.Leverance {
	h.Helper()
	ud := map[mox.AbonnementID]store.Leverance{}
	h.maa(h.d.Store().View(h.Context(), func(tx *store.Tx) error {
		l, err := tx.LeverancerOm(id)
		for _, x := range l {
			ud[x.Abonnement] = x
		}
		return err
	}))
	return ud
}

func (h *nationalt) sendt(id mox.BeskedID) func() bool {
	return func() bool { return h.leverancer(id)["kombit.alt"].Tilstand == mox.Overdraget }
}

// fremmedKuvert is an envelope as another system of the country sends it: of a given version, with a signature, and data and
// spaces of its own.
func fremmedKuvert(id, version, data string) string {
	return `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<k:Haendelsesbesked xmlns:k="urn:oio:besked:kuvert:1.0" xmlns:sd="urn:oio:sagdok:3.0.0"><k:BeskedId><sd:UUIDIdentifikator>` + id + `</sd:UUIDIdentifikator></k:BeskedId>
<k:BeskedVersion>` + version + `</k:BeskedVersion><k:Beskedkuvert>` + fremmedeFiltreringsdata + `<k:Leveranceinformation></k:Leveranceinformation></k:Beskedkuvert>` + data + `</k:Haendelsesbesked>`
}

const fremmedeFiltreringsdata = `<k:Filtreringsdata><k:Beskedtype><sd:URNIdentifikator>urn:fremmed:type</sd:URNIdentifikator></k:Beskedtype><k:ObjektRegistrering>
 <k:RegistreringsAktoer><sd:UUIDIdentifikator>cccccccc-0000-4000-8000-000000000003</sd:UUIDIdentifikator></k:RegistreringsAktoer>
 <k:Registreringstidspunkt><sd:TidsstempelDatoTid>2026-03-02T09:15:00+01:00</sd:TidsstempelDatoTid></k:Registreringstidspunkt>
 <k:ObjektId><sd:UUIDIdentifikator>aaaaaaaa-0000-4000-8000-000000000077</sd:UUIDIdentifikator></k:ObjektId><k:ObjektType><sd:URNIdentifikator>urn:mox:objekttype:Sag</sd:URNIdentifikator></k:ObjektType>
 <k:ObjektHandling><sd:URNIdentifikator>urn:mox:handling:Rettet</sd:URNIdentifikator></k:ObjektHandling><k:OpgaveEmne><sd:URNIdentifikator>urn:oio:kle:02.34.02</sd:URNIdentifikator></k:OpgaveEmne>
 <k:ObjektRegistreringLokalUdvidelse><k:AfsenderSystemSignatur><ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/><ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/><ds:Reference URI=""><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue>AAAA</ds:DigestValue></ds:Reference></ds:SignedInfo><ds:SignatureValue>AAAA</ds:SignatureValue></ds:Signature></k:AfsenderSystemSignatur></k:ObjektRegistreringLokalUdvidelse></k:ObjektRegistrering></k:Filtreringsdata>`

const fremmedeData = `<k:Beskeddata><y xmlns="urn:fremmed"  a = "1" >æ<![CDATA[<]]></y ></k:Beskeddata><k:Beskeddata><y xmlns="urn:fremmed"/></k:Beskeddata>`

// ligger is what lies in a queue now, taken out of it.
func (n *nation) ligger(h *hus, koe string) string {
	h.Helper()
	d := h.naeste(h.strom(n.broker.URL, koe))
	h.maa(d.Ack(false))
	return string(d.Body)
}

// svarende is a national Beskedfordeler that answers all that is sent with the same words.
func svarende(h *hus, broker *testenv.Broker, svar string) {
	h.Helper()
	ch := h.kanal(broker.URL)
	h.maa(ch.ExchangeDeclare(beskedfordeler.Exchange, "direct", true, false, false, false, nil))
	_, err := ch.QueueDeclare("ind", true, false, false, false, nil)
	h.maa(err)
	h.maa(ch.QueueBind("ind", "", beskedfordeler.Exchange, false, nil))
	strom := h.strom(broker.URL, "ind")
	go func() {
		for d := range strom {
			_ = d.Ack(false) // the test has ended if it fails
			_ = ch.Publish("", d.ReplyTo, false, false, rabbit.Publishing{CorrelationId: d.CorrelationId, Body: []byte(svar)})
		}
	}()
}

// tjeneste is a token service that says yes to all.
func tjeneste(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprint(w, `{"access_token":"et-token","token_type":"Bearer","expires_in":3600}`)
}

func standardRetur(kode int, tekst string) string {
	return fmt.Sprintf(`<sd:StandardRetur xmlns:sd="urn:oio:sagdok:3.0.0"><sd:StatusKode>%d</sd:StatusKode><sd:FejlbeskedTekst>%s</sd:FejlbeskedTekst></sd:StandardRetur>`, kode, tekst)
}

func antal(s, del string) int { return strings.Count(s, del) }
