package amqp_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	rabbit "github.com/rabbitmq/amqp091-go"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/carrier/amqp"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/internal/fejlnet"
	"github.com/moxkit/mox/oio"
	"github.com/moxkit/mox/store"
)

func TestFraEtSystemsExchangeTilEtAbonnementsKoe(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 32", "mox 34", "mox 35")
	h := nytHus(t)
	h.opret("esdh.sager", "ESDH")
	ch := h.kanal(h.broker.URL)
	strom := h.strom(h.broker.URL, amqp.Koe("esdh.sager"))
	p := sag(1, func(t rabbit.Table) { t["relateret.primaerpart"] = []any{"urn:oio:cvr-nr:29189803"} })
	if r := h.spoerg(ch, amqp.Exchange("Byggesag"), p); r.StatusKode != 20 || r.FejlbeskedTekst != "" {
		t.Errorf("%+v", r)
	}
	d := h.naeste(strom)
	if d.MessageId != p.Headers["beskedID"] || d.Headers["abonnementID"] != "esdh.sager" || d.Headers["leveranceforsoeg"] != int64(1) || d.Headers["kildesystem"] != "Byggesag" ||
		d.Headers["transaktionID"] == nil || d.DeliveryMode != rabbit.Persistent || d.Type != "Sag.Rettet" {
		t.Errorf("%+v", d)
	}
	b, err := oio.FraHeaders(d.Headers, d.ContentType, d.Body)
	if err != nil || string(b.ObjektID) != objekt(1) || len(b.Relateret) != 1 {
		t.Errorf("%+v, %v", b, err)
	}
	h.maa(d.Ack(false))
	h.bliver("lagt i modtagers kø", func() bool { return h.leverance(d.MessageId).Tilstand == mox.Overdraget })
	// Again: acknowledged, and one effect.
	if r := h.spoerg(ch, amqp.Exchange("Byggesag"), p); r.StatusKode != 20 {
		t.Errorf("%+v", r)
	}
	if l := h.leverance(d.MessageId); l.Omgang != 1 || l.Forsoeg != 1 {
		t.Errorf("%+v", l)
	}
}

// TestKuvertenFoelgerMedHeleVejen: what came as an envelope goes on as it, byte for byte but for the hop that MOX adds.
func TestKuvertenFoelgerMedHeleVejen(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 7", "mox 33")
	h := nytHus(t)
	h.opret("esdh.sager", "ESDH")
	ch := h.kanal(h.broker.URL)
	strom := h.strom(h.broker.URL, amqp.Koe("esdh.sager"))
	b, err := oio.FraHeaders(sag(1).Headers, "", nil)
	h.maa(err)
	kuvert, err := oio.MarshalKuvert(&b, oio.Koder{})
	h.maa(err)
	const fremmed, slut = `<besked:Beskeddata><y xmlns="urn:fremmed"  a = "1" /></besked:Beskeddata><besked:Beskeddata><y xmlns="urn:fremmed"  a = "1" /></besked:Beskeddata>`, "</besked:Haendelsesbesked>"
	kuvert = []byte(strings.Replace(string(kuvert), slut, fremmed+slut, 1))
	h.send(ch, amqp.Exchange("Byggesag"), rabbit.Publishing{ContentType: oio.TypeKuvert, Body: kuvert, DeliveryMode: rabbit.Persistent})
	d := h.naeste(strom)
	if !oio.ErKuvert(d.ContentType) || !strings.Contains(string(d.Body), fremmed) || !strings.Contains(string(d.Body), "esdh.sager") || strings.Contains(string(kuvert), "esdh.sager") {
		t.Errorf("%s\n%s\nsendt:\n%s", d.ContentType, d.Body, kuvert)
	}
	if d.Headers["objektID"] != objekt(1) || d.Headers["beskedID"] != string(b.ID) {
		t.Errorf("%+v", d.Headers)
	}
	// Headers that say something else than the envelope are refused.
	h.send(ch, amqp.Exchange("Byggesag"), rabbit.Publishing{ContentType: oio.TypeKuvert, Body: kuvert, Headers: rabbit.Table{"objekttype": "Dokument"}})
	h.bliver("afvist", func() bool { f := h.fejl(); return len(f) == 1 && f[0].Kode == string(mox.KodeUenig) })
}

func TestSvarIDenFormAfsenderenSkriver(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	ch := h.kanal(h.broker.URL)
	svar := h.strom(h.broker.URL, amqp.Svarkoe("Byggesag"))
	for _, x := range []struct {
		krop string
		kode int
	}{{"<ikke-en-kuvert/>", 51}, {"<!DOCTYPE x [<!ENTITY a \"b\">]><x>&a;</x>", 51}, {"<uafsluttet", 51}} {
		h.send(ch, amqp.Exchange("Byggesag"), rabbit.Publishing{ContentType: "application/xml", Body: []byte(x.krop), ReplyTo: amqp.Svarkoe("Byggesag"), CorrelationId: "7"})
		d := h.naeste(svar)
		var r amqp.StandardRetur
		if err := xml.Unmarshal(d.Body, &r); err != nil || r.StatusKode != x.kode || d.CorrelationId != "7" || r.FejlbeskedTekst == "" {
			t.Errorf("%s: %s, %v", x.krop, d.Body, err)
		}
		h.maa(d.Ack(false))
	}
	if f := h.fejl(); len(f) != 3 || f[0].System != "Byggesag" {
		t.Errorf("%+v", f)
	}
}

// TestAfvistBesked: what can never be taken is answered with its code, kept where its sender finds it, and not delivered
// again.
func TestAfvistBesked(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 1", "mox 2", "mox 11", "mox 41")
	h := nytHus(t)
	ch := h.kanal(h.broker.URL)
	kendt := sag(1)
	h.spoerg(ch, amqp.Exchange("Byggesag"), kendt)
	cpr := "0101009999"
	for navn, x := range map[string]struct {
		p    rabbit.Publishing
		kode mox.Kode
	}{
		"uden beskedID":    {sag(1, func(t rabbit.Table) { delete(t, "beskedID") }), mox.KodeUdenBeskedID},
		"anden version":    {sag(1, func(t rabbit.Table) { t["beskedversion"] = "2.0" }), mox.KodeBeskedversion},
		"ukendt type":      {sag(1, func(t rabbit.Table) { t["objekttype"] = "Sagg" }), mox.KodeUgyldig},
		"forkert stavet":   {sag(1, func(t rabbit.Table) { t["ObjektID"] = objekt(1) }), mox.KodeUgyldig},
		"et tal som liste": {sag(1, func(t rabbit.Table) { t["procesID"] = rabbit.Table{"a": 1} }), mox.KodeUgyldig},
		"andet indhold":    {sag(2, func(t rabbit.Table) { t["beskedID"] = kendt.Headers["beskedID"] }), mox.KodeAndetIndhold},
		"en andens navn":   {sag(1, func(t rabbit.Table) { t["kildesystem"] = "ESDH" }), mox.KodeIkkeTilladt},
		"for stor":         {rabbit.Publishing{Headers: sag(1).Headers, ContentType: "application/octet-stream", Body: make([]byte, mox.MaksIndhold+1)}, mox.KodeForStor},
		"meget for stor":   {rabbit.Publishing{Headers: sag(1).Headers, Body: make([]byte, oio.MaksBeskedBytes+1)}, mox.KodeForStor},
		"krop uden mening": {rabbit.Publishing{Headers: sag(1).Headers, ContentType: oio.TypeJSON, Body: []byte(`{"registrering": 7}`)}, mox.KodeUgyldig},
		"cpr i en fejl":    {sag(1, func(t rabbit.Table) { t["livscykluskode"] = cpr }), mox.KodeUgyldig},
		"kvittering for intet": {sag(1, func(t rabbit.Table) {
			t["beskedtype"], t["handling"], t["foraarsagetAf"] = "Kvittering", "accepteret", mox.NyUUID()
		}), mox.KodeIkkeFundet},
	} {
		foer := len(h.fejl())
		r := h.spoerg(ch, amqp.Exchange("Byggesag"), x.p)
		kode := 51
		if x.kode == mox.KodeBeskedversion {
			kode = 55
		}
		if r.StatusKode != kode || !strings.HasPrefix(r.FejlbeskedTekst, string(x.kode)) || strings.Contains(r.FejlbeskedTekst, cpr) {
			t.Errorf("%s: %+v", navn, r)
		}
		if f := h.fejl(); len(f) != foer+1 || f[len(f)-1].System != "Byggesag" || f[len(f)-1].Ansvar != mox.AnsvarAfsender || strings.Contains(f[len(f)-1].Tekst, cpr) {
			t.Errorf("%s: %+v", navn, f)
		}
	}
	if strings.Contains(h.log.String(), cpr) {
		t.Errorf("loggen har et personnummer:\n%s", h.log)
	}
	q, err := ch.QueueDeclarePassive("mox.ind", true, false, false, false, nil)
	if err != nil || q.Messages != 0 {
		t.Errorf("%d ligger endnu i mox.ind: %v", q.Messages, err)
	}
}

// TestEtSystemKanKunSkriveISitEgetExchange: the broker sees to it, with the permissions that MOX prints.
func TestEtSystemKanKunSkriveISitEgetExchange(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 31")
	h := nytHus(t)
	h.opret("esdh.sager", "ESDH")
	r := amqp.Rettigheder("Byggesag")
	_, url := h.broker.User(r.Configure, r.Write, r.Read)
	h.send(h.kanal(url), amqp.Exchange("Byggesag"), sag(1))
	for _, andens := range []string{amqp.Exchange("ESDH"), "mox.ind", "mox.ud", "mox.doede"} {
		if err := proevSend(h.kanal(url), andens, sag(2)); err == nil {
			t.Errorf("Byggesag kan skrive til %s", andens)
		}
	}
	for _, koe := range []string{"mox.ind", "mox.doede", amqp.Koe("esdh.sager"), amqp.Svarkoe("ESDH")} {
		if _, err := h.kanal(url).Consume(koe, "", false, false, false, false, nil); err == nil {
			t.Errorf("Byggesag kan læse %s", koe)
		}
	}
	r = amqp.Rettigheder("ESDH", "esdh.sager")
	_, url = h.broker.User(r.Configure, r.Write, r.Read)
	d := h.naeste(h.strom(url, amqp.Koe("esdh.sager")))
	if d.Headers["objektID"] != objekt(1) {
		t.Errorf("%+v", d.Headers)
	}
}

// TestHvemDerSenderTilMoxInd: with rights configured nobody but a known user of the broker.
func TestHvemDerSenderTilMoxInd(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	h2 := nytHus(t, func(o *amqp.Options) { o.Systemer, o.Lokal = nil, true })
	ch := h2.kanal(h2.broker.URL)
	if r := h2.spoerg(ch, "mox.ind", sag(1)); r.StatusKode != 20 {
		t.Errorf("%+v", r)
	}
	ch = h.kanal(h.broker.URL)
	h.send(ch, "mox.ind", sag(1))
	h.bliver("afvist", func() bool { return strings.Contains(h.log.String(), "ukendt afsender") })
	if n := len(h.fejl()); n != 0 {
		t.Errorf("%d fra en, ingen kender, er gemt", n)
	}
}

// TestFjendtligtReplyTo: MOX writes answers to their sender only.
func TestFjendtligtReplyTo(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	h.opret("esdh.sager", "ESDH", func(a *mox.Abonnement) { a.Filter = filter(map[string]any{"beskedtype": "Ingen"}) })
	ch := h.kanal(h.broker.URL)
	for _, koe := range []string{"mox.ind", amqp.Koe("esdh.sager"), amqp.Svarkoe("ESDH")} {
		p := sag(1)
		p.ReplyTo = koe
		h.send(ch, amqp.Exchange("Byggesag"), p)
		h.bliver("accepteret", func() bool { return h.kendt(p.Headers["beskedID"]) })
		q, err := ch.QueueDeclarePassive(koe, true, false, false, false, nil)
		if err != nil || q.Messages != 0 {
			t.Errorf("%s har %d: %v", koe, q.Messages, err)
		}
	}
}

func filter(kilde map[string]any) mox.Filter {
	f, fejl := mox.LaesFilter(kilde)
	if len(fejl) > 0 {
		panic(fmt.Sprint(fejl))
	}
	return f
}

// kendt reports whether MOX has the besked.
func (h *hus) kendt(id any) (ja bool) {
	h.Helper()
	h.maa(h.d.Store().View(h.Context(), func(tx *store.Tx) error {
		b, err := tx.BeskederMedID(mox.BeskedID(fmt.Sprint(id)))
		ja = len(b) > 0
		return err
	}))
	return ja
}

// TestKoenErFuld: what there is no room for waits in MOX, is no attempt, and comes when there is room.
func TestKoenErFuld(t *testing.T) {
	t.Parallel()
	h := nytHus(t, func(o *amqp.Options) { o.MaksLaengde = 3 })
	h.opret("esdh.sager", "ESDH", func(a *mox.Abonnement) { a.Plan.Forsoeg = 1 })
	ch := h.kanal(h.broker.URL)
	const antal = 30
	for i := range antal {
		h.send(ch, amqp.Exchange("Byggesag"), sag(i))
	}
	var stand *store.Stand
	h.bliver("fuld", func() bool {
		h.maa(h.d.Store().View(t.Context(), func(tx *store.Tx) error {
			s, err := tx.Stande()
			stand = s["esdh.sager"]
			return err
		}))
		return stand != nil && stand.Antal[mox.Udsat] > 0 && stand.Antal[mox.Overdraget] >= 3
	})
	if n := len(h.fejl()); n > 0 {
		t.Fatalf("%d er parkeret", n)
	}
	strom := h.strom(h.broker.URL, amqp.Koe("esdh.sager"))
	set := map[string]bool{}
	for len(set) < antal {
		d := h.naeste(strom)
		set[d.MessageId] = true
		if d.Headers["leveranceforsoeg"] != int64(1) {
			t.Errorf("forsøg %v", d.Headers["leveranceforsoeg"])
		}
		h.maa(d.Ack(false))
	}
}

// TestDoedeBreve: a receiver that rejects, and one that never acknowledges. Others go on.
func TestDoedeBreve(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 44")
	h := nytHus(t)
	h.opret("esdh.sager", "ESDH")
	ch := h.kanal(h.broker.URL)
	strom := h.strom(h.broker.URL, amqp.Koe("esdh.sager"))
	afvist, giftig, god := sag(1), sag(2), sag(3)
	for _, p := range []rabbit.Publishing{afvist, giftig, god} {
		h.send(ch, amqp.Exchange("Byggesag"), p)
	}
	gode, udleveringer := 0, 0
	frist := time.After(taalmod)
	for len(h.fejl()) < 2 || gode == 0 {
		select {
		case <-frist:
			t.Fatalf("%d gode, %d udleveringer, %d fejl\n%s", gode, udleveringer, len(h.fejl()), h.log)
		case d, ok := <-strom:
			if !ok {
				t.Fatal("køen blev lukket")
			}
			udleveringer++
			switch d.MessageId {
			case afvist.Headers["beskedID"]:
				h.maa(d.Reject(false))
			case giftig.Headers["beskedID"]:
				h.maa(d.Reject(true))
			default:
				gode++
				h.maa(d.Ack(false))
			}
		case <-time.After(50 * time.Millisecond):
		}
	}
	tekster := ""
	for _, f := range h.fejl() {
		tekster += f.Tekst + "\n"
		if f.Ansvar != mox.AnsvarModtager || f.Leverance == 0 {
			t.Errorf("%+v", f)
		}
	}
	if !strings.Contains(tekster, "afviste") || !strings.Contains(tekster, "igen og igen") {
		t.Error(tekster)
	}
	// What MOX did not send is nobody's, and disturbs nobody.
	h.send(ch, "mox.doede", sag(4))
	h.bliver("smidt væk", func() bool { return strings.Contains(h.log.String(), "ikke har sendt") })
}

func TestKvitteringOverKoen(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 51")
	h := nytHus(t)
	h.opret("esdh.sager", "ESDH", func(a *mox.Abonnement) { a.Kraeves = true })
	h.opret("byggesag.kvitteringer", "Byggesag", func(a *mox.Abonnement) { a.Filter = filter(map[string]any{"beskedtype": "Kvittering"}) })
	ch := h.kanal(h.broker.URL)
	esdh, byggesag := h.strom(h.broker.URL, amqp.Koe("esdh.sager")), h.strom(h.broker.URL, amqp.Koe("byggesag.kvitteringer"))
	h.send(ch, amqp.Exchange("Byggesag"), sag(1))
	h.send(ch, amqp.Exchange("Byggesag"), sag(1))
	foerste := h.naeste(esdh)
	h.maa(foerste.Ack(false))
	k := rabbit.Publishing{Headers: rabbit.Table{"beskedID": mox.NyUUID(), "beskedtype": "Kvittering", "foraarsagetAf": foerste.MessageId, "handling": "accepteret"}}
	h.send(ch, amqp.Exchange("ESDH"), k)
	if anden := h.naeste(esdh); anden.MessageId == foerste.MessageId {
		t.Error("den første kom igen")
	}
	var arter []string
	for len(arter) < 4 {
		d := h.naeste(byggesag)
		h.maa(d.Ack(false))
		if d.Headers["foraarsagetAf"] != foerste.MessageId {
			continue
		}
		var ind map[string]any
		h.maa(json.Unmarshal(d.Body, &ind))
		arter = append(arter, fmt.Sprint(ind["art"]))
	}
	if got := strings.Join(arter, ", "); got != "modtaget, sendt til, afleveret, accepteret" {
		t.Error(got)
	}
}

// TestStanden: how long the broker has been away is counted from when it went, however often MOX has tried since.
func TestStanden(t *testing.T) {
	t.Parallel()
	var net *fejlnet.Proxy
	h := nytHus(t, func(o *amqp.Options) {
		u, err := url.Parse(o.URL)
		if err != nil {
			t.Fatal(err)
		}
		net = fejlnet.New(t, u.Host)
		u.Host = net.Addr()
		o.URL = u.String()
	})
	net.Set(fejlnet.Down)
	h.bliver("afbrudt", func() bool { return !h.a.Stand().Forbundet })
	siden, forsoeg := h.a.Stand().Siden, net.Made()
	h.bliver("prøvet igen", func() bool { return net.Made() > forsoeg+1 })
	if s := h.a.Stand(); s.Forbundet || !s.Siden.Equal(siden) || s.Fejl == "" {
		t.Errorf("%+v, siden %s", s, siden)
	}
	net.Set(fejlnet.Pass)
	h.bliver("forbundet igen", func() bool { return h.a.Stand().Forbundet })
}

// TestDetAfvisteErDerByteForByte also where it is no text, and no longer than a besked may be.
func TestDetAfvisteErDerByteForByte(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	ch := h.kanal(h.broker.URL)
	for _, krop := range [][]byte{{0xff, 0x00, 0xfe}, bytes.Repeat([]byte{0xff}, oio.MaksBeskedBytes+7)} {
		foer := len(h.fejl())
		h.send(ch, amqp.Exchange("Byggesag"), rabbit.Publishing{Headers: rabbit.Table{"ObjektID": "x"}, ContentType: "application/octet-stream", Body: krop})
		h.bliver("gemt", func() bool { return len(h.fejl()) > foer })
		var ind struct {
			Bytes   int
			Indhold []byte
		}
		h.maa(json.Unmarshal(h.fejl()[foer].Raa, &ind))
		if ind.Bytes != len(krop) || !bytes.Equal(ind.Indhold, krop[:min(len(krop), oio.MaksBeskedBytes)]) {
			t.Errorf("%d bytes, %d gemt", ind.Bytes, len(ind.Indhold))
		}
	}
}

func TestForkertOpsaetning(t *testing.T) {
	t.Parallel()
	for url, o := range map[string]amqp.Options{
		"http://127.0.0.1":           {},
		"amqp://":                    {},
		"amqp://mq.example:5672/mox": {},
		"amqps://mq.example/":        {Lokal: true},
	} {
		o.URL = url
		if _, err := amqp.New(nil, o); mox.KodeAf(err) != mox.KodeUgyldig && mox.KodeAf(err) != mox.KodeIkkeTilladt {
			t.Errorf("%s: %v", url, err)
		}
	}
}
