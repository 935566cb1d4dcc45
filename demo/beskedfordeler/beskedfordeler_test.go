package beskedfordeler

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/moxkit/mox/internal/testenv"
)

const (
	alle  = "5d1e4c5e-7a0b-4f4e-9a3c-0f6a5b7c8d01"
	sager = "5d1e4c5e-7a0b-4f4e-9a3c-0f6a5b7c8d02"
)

// afproevning is a stand-in with a user of it.
type afproevning struct {
	*testing.T
	s    *System
	ch   *amqp.Channel
	svar <-chan amqp.Delivery
	frem atomic.Int64
}

func ny(t *testing.T, med func(*Config)) *afproevning {
	t.Helper()
	broker := testenv.RabbitMQ(t)
	a := &afproevning{T: t}
	c := Config{URL: broker.URL, Klienter: map[string]Klient{"mox": {Hemmelighed: "h", CVR: "29189803"}, "alle": {Hemmelighed: "h"}}, PushVent: time.Millisecond,
		Dueslag: []Dueslag{{ID: alle}, {ID: sager, Objekttype: "urn:x:Sag", OpgaveEmne: "urn:oio:kle:02.*", Myndighed: "urn:oio:cvr-nr:29189803"}},
		Nu:      func() time.Time { return time.Now().Add(time.Duration(a.frem.Load())) }}
	if med != nil {
		med(&c)
	}
	var err error
	a.s, err = Start(t.Context(), c)
	a.maa(err)
	t.Cleanup(func() { a.maa(a.s.Close()) })
	conn, err := amqp.Dial(broker.URL)
	a.maa(err)
	t.Cleanup(func() { _ = conn.Close() })
	a.ch, err = conn.Channel()
	a.maa(err)
	a.svar, err = a.ch.Consume("amq.rabbitmq.reply-to", "", true, false, false, false, nil)
	a.maa(err)
	return a
}

func (a *afproevning) maa(err error) {
	a.Helper()
	if err != nil {
		a.Fatal(err)
	}
}

func (a *afproevning) naeste(strom <-chan amqp.Delivery) amqp.Delivery {
	a.Helper()
	select {
	case d := <-strom:
		return d
	case <-time.After(30 * time.Second):
		a.Fatal("der kom intet")
	}
	return amqp.Delivery{}
}

// token asks for one; the status is that of the refusal, if any.
func (a *afproevning) token(klient, hemmelighed string) (token string, status int) {
	a.Helper()
	r, err := http.PostForm(a.s.Adresse()+"/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {klient}, "client_secret": {hemmelighed}})
	a.maa(err)
	defer r.Body.Close()
	var svar struct {
		Token string `json:"access_token"`
	}
	a.maa(json.NewDecoder(r.Body).Decode(&svar))
	return svar.Token, r.StatusCode
}

func (a *afproevning) send(token any, kuvert string) (kode int) {
	a.Helper()
	a.maa(a.ch.Publish(Exchange, "", true, false, amqp.Publishing{Headers: amqp.Table{"token": token}, ReplyTo: "amq.rabbitmq.reply-to", CorrelationId: "7", Body: []byte(kuvert)}))
	d := a.naeste(a.svar)
	var r standardRetur
	if err := xml.Unmarshal(d.Body, &r); err != nil || d.CorrelationId != "7" || (r.FejlbeskedTekst == "") != (r.StatusKode == 20) {
		a.Errorf("%s, %v", d.Body, err)
	}
	return r.StatusKode
}

// hent takes one from a queue, where there is one.
func (a *afproevning) hent(koe string) (string, bool) {
	a.Helper()
	d, ok, err := a.ch.Get(koe, true)
	a.maa(err)
	return string(d.Body), ok
}

func kuvert(id, version, type_, emne, cvr, leverance string) string {
	unik := func(s string) string { return "<sd:URNIdentifikator>" + s + "</sd:URNIdentifikator>" }
	return `<?xml version="1.0"?><b:Haendelsesbesked xmlns:b="urn:oio:besked:kuvert:1.0" xmlns:sd="urn:oio:sagdok:3.0.0"><b:BeskedId>` + unik(id) + `</b:BeskedId><b:BeskedVersion>` + version +
		`</b:BeskedVersion><b:Beskedkuvert><b:Filtreringsdata><b:Beskedtype>` + unik("urn:x:t") + `</b:Beskedtype><b:ObjektRegistrering><b:ObjektAnsvarligMyndighed>` + unik(cvr) +
		`</b:ObjektAnsvarligMyndighed><b:ObjektType>` + unik(type_) + `</b:ObjektType><b:OpgaveEmne>` + unik(emne) + `</b:OpgaveEmne></b:ObjektRegistrering></b:Filtreringsdata>` + leverance +
		`</b:Beskedkuvert><b:Beskeddata><y xmlns="urn:y"  a = "1"/></b:Beskeddata></b:Haendelsesbesked>`
}

const (
	egen = "urn:oio:cvr-nr:29189803"
	tom  = "<b:Leveranceinformation></b:Leveranceinformation>"
)

func TestEnBeskedGaarTilDeDueslagDenPasserI(t *testing.T) {
	t.Parallel()
	a := ny(t, nil)
	token, _ := a.token("mox", "h")
	for _, x := range []struct {
		type_, emne string
		begge       bool
	}{{"urn:x:Sag", "urn:oio:kle:02.34.02", true}, {"urn:x:Sag", "urn:oio:kle:27.00.00", false}, {"urn:x:Dokument", "urn:oio:kle:02.34.02", false}} {
		k := kuvert("urn:x:"+x.type_+x.emne, "1.0", x.type_, x.emne, egen, tom)
		if kode := a.send(token, k); kode != 20 {
			t.Fatal(kode)
		}
		kopi, ok := a.hent(alle)
		if !ok || !strings.Contains(kopi, `<b:Beskeddata><y xmlns="urn:y"  a = "1"/></b:Beskeddata>`) || !strings.Contains(kopi, alle) {
			t.Errorf("%v %s", ok, kopi)
		}
		if _, ok := a.hent(sager); ok != x.begge {
			t.Errorf("%+v: %v", x, ok)
		}
		if kode := a.send(token, k); kode != 20 { // again, and no effect
			t.Error(kode)
		}
		if _, ok := a.hent(alle); ok {
			t.Error("den kom to gange")
		}
	}
}

func TestHvadDerIkkeTages(t *testing.T) {
	t.Parallel()
	a := ny(t, nil)
	token, _ := a.token("mox", "h")
	andres, _ := a.token("alle", "h")
	god := kuvert("urn:x:1", "1.0", "urn:x:Sag", "urn:oio:kle:02.34.02", egen, tom)
	for _, x := range []struct {
		token  any
		kuvert string
		kode   int
	}{
		{nil, god, 41}, {"a.b", god, 41}, {strings.Replace(token, ".", "x.", 1), god, 41}, {int64(7), god, 41},
		{token, "ikke xml", 51}, {token, "<a/>", 51}, {token, kuvert("", "1.0", "", "", egen, tom), 51}, {token, kuvert("urn:x:2", "1.0", "", "", egen, ""), 51},
		{token, kuvert("urn:x:3", "2.0", "", "", egen, tom), 55},
		{token, kuvert("urn:x:4", "1.0", "", "", "urn:oio:cvr-nr:12345678", tom), 51},
		{andres, kuvert("urn:x:4", "1.0", "", "", "urn:oio:cvr-nr:12345678", tom), 20},
		{token, god, 20}, {token, strings.Replace(god, `a = "1"`, `a = "2"`, 1), 51},
	} {
		if kode := a.send(x.token, x.kuvert); kode != x.kode {
			t.Errorf("%v %s: %d, want %d", x.token, x.kuvert, kode, x.kode)
		}
	}
	a.frem.Store(int64(time.Hour))
	if kode := a.send(token, god); kode != 41 {
		t.Errorf("et udløbet token: %d", kode)
	}
	for _, x := range [][2]string{{"mox", "x"}, {"mox", ""}, {"andre", "h"}, {"", ""}} {
		if tok, status := a.token(x[0], x[1]); status != http.StatusUnauthorized || tok != "" {
			t.Errorf("%v: %d %q", x, status, tok)
		}
	}
}

func TestFlytBeskedTilFejlkoe(t *testing.T) {
	t.Parallel()
	a := ny(t, nil)
	token, _ := a.token("mox", "h")
	kald := func(token, krop string) string {
		r, err := http.NewRequest(http.MethodPost, a.s.Adresse()+"/beskedfordeler", strings.NewReader(`<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>`+krop+`</s:Body></s:Envelope>`))
		a.maa(err)
		r.Header.Set("Authorization", "Bearer "+token)
		svar, err := http.DefaultClient.Do(r)
		a.maa(err)
		defer svar.Body.Close()
		b, err := io.ReadAll(svar.Body)
		a.maa(err)
		return string(b)
	}
	const input = `<FlytBeskedTilFejlkoeInput xmlns="urn:oio:sts:beskedfordeler:1.0.0"><h:Haendelsesbesked xmlns:h="urn:oio:besked:kuvert:1.0"/></FlytBeskedTilFejlkoeInput>`
	for _, x := range []struct {
		token, krop string
		kode        int
	}{{"", input, 41}, {token, "<andet/>", 51}, {token, input, 20}} {
		if ud := kald(x.token, x.krop); !strings.Contains(ud, fmt.Sprintf("<StatusKode>%d</StatusKode>", x.kode)) {
			t.Errorf("%d: %s", x.kode, ud)
		}
	}
	if b, ok := a.hent(Fejlkoe); !ok || b != `<h:Haendelsesbesked xmlns:h="urn:oio:besked:kuvert:1.0"/>` {
		t.Errorf("%v %s", ok, b)
	}
}

// TestPush: a receiver that cannot now is asked again; one that says no is asked no more, and its beskeder stay.
func TestPush(t *testing.T) {
	t.Parallel()
	koder, kald := []int{0, 40, 20, 51}, make(chan string, 10)
	var nr atomic.Int64
	modtager := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		kald <- string(b)
		if kode := koder[min(int(nr.Add(1)), len(koder))-1]; kode != 0 {
			fmt.Fprintf(w, `<ModtagBeskedOutput xmlns="urn:oio:sts:1.0.0"><sd:StandardRetur xmlns:sd="urn:oio:sagdok:3.0.0"><sd:StatusKode>%d</sd:StatusKode></sd:StandardRetur></ModtagBeskedOutput>`, kode)
		}
	}))
	t.Cleanup(modtager.Close)
	a := ny(t, func(c *Config) { c.Dueslag = []Dueslag{{ID: alle, Push: modtager.URL}} })
	token, _ := a.token("mox", "h")
	for _, id := range []string{"urn:x:1", "urn:x:2"} {
		if kode := a.send(token, kuvert(id, "1.0", "", "", egen, tom)); kode != 20 {
			t.Fatal(kode)
		}
	}
	for _, id := range []string{"urn:x:1", "urn:x:1", "urn:x:1", "urn:x:2"} {
		select {
		case k := <-kald:
			if !strings.Contains(k, `<ModtagBeskedInput xmlns="urn:oio:sts:1.0.0"><b:Haendelsesbesked`) || !strings.Contains(k, id) {
				t.Errorf("%s: %s", id, k)
			}
		case <-time.After(30 * time.Second):
			t.Fatal("modtageren blev ikke kaldt")
		}
	}
	a.s.afleverer.Wait() // it has been stopped
	if len(kald) > 0 {
		t.Error("modtageren blev kaldt, efter at den havde sagt nej")
	}
	for frist := time.Now().Add(30 * time.Second); ; { // it is on its way back to the queue
		if _, ok := a.hent(alle); ok {
			break
		}
		if time.Now().After(frist) {
			t.Fatal("beskeden er ikke i dueslaget")
		}
	}
}

// TestRutenErLagtIndPaaSinPlads: what is made obeys the official schema, and all else is the same bytes.
func TestRutenErLagtIndPaaSinPlads(t *testing.T) {
	t.Parallel()
	lint, skema := testenv.Xmllint(t), filepath.Join(testenv.Skemaer(t), "besked", "Beskedkuvert.xsd")
	const dannet = `<b:Dannelsestidspunkt><sd:GraenseIndikator>true</sd:GraenseIndikator></b:Dannelsestidspunkt>`
	for _, l := range []string{tom, "<b:Leveranceinformation/>", "<b:Leveranceinformation />", "<b:Leveranceinformation>" + dannet + "</b:Leveranceinformation>",
		"<b:Leveranceinformation><b:Leveranceruter/></b:Leveranceinformation>", "<b:Leveranceinformation>" + dannet + "<b:Leveranceruter><b:Leverancerute/></b:Leveranceruter></b:Leveranceinformation>",
		"<b:Leveranceinformation><b:LeveranceinformationLokalUdvidelse/></b:Leveranceinformation>",
		"<b:Leveranceinformation><b:Leveranceruter></b:Leveranceruter><b:LeveranceinformationLokalUdvidelse/></b:Leveranceinformation>"} {
		raa := []byte(kuvert("urn:x:1", "1.0", "urn:x:Sag", "urn:oio:kle:02.34.02", egen, l))
		ud, err := medRute(raa, alle, time.Now(), time.Now(), 1)
		if err != nil {
			t.Fatal(err)
		}
		c := exec.CommandContext(t.Context(), lint, "--nonet", "--noout", "--schema", skema, "-")
		c.Stdin = bytes.NewReader(ud)
		if tekst, err := c.CombinedOutput(); err != nil {
			t.Errorf("%s: %s", l, tekst)
		}
		_, slut, _ := bytes.Cut(raa, []byte(l))
		if !bytes.HasSuffix(ud, slut) || !strings.Contains(string(ud), alle) {
			t.Errorf("%s: %s", l, ud)
		}
	}
}

// TestVhostenBliverLavet makes the vhost through the management plugin.
func TestVhostenBliverLavet(t *testing.T) {
	t.Parallel()
	broker := testenv.RabbitMQ(t)
	c := Config{URL: broker.URL, API: os.Getenv("MOX_TEST_RABBITMQ_API")} // testenv has seen to that it is there
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	s, err := Start(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	c.API = strings.Replace(c.API, "guest:guest", "guest:forkert", 1)
	if s, err := Start(ctx, c); err == nil {
		_ = s.Close()
		t.Error("en forkert adgangskode er god nok")
	}
}
