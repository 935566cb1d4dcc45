package main

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	rabbit "github.com/rabbitmq/amqp091-go"

	"github.com/moxkit/mox/console/drift"
	"github.com/moxkit/mox/internal/testenv"
	"github.com/moxkit/mox/oio"
)

// opretAbonnement makes an abonnement by the command, and gives what it says.
func opretAbonnement(t *testing.T, dir string, args ...string) (o drift.Oprettet) {
	t.Helper()
	kode, ud, fejl := moxKommando(t, append([]string{"abonnement", "opret", "--json", "--dir", dir}, args...)...)
	if err := json.Unmarshal([]byte(ud), &o); kode != exitOK || err != nil {
		t.Fatalf("%v: %d %s %s", args, kode, ud, fejl)
	}
	return o
}

func sendBesked(t *testing.T, dir, id string) {
	t.Helper()
	b := enBesked(id)
	raa, err := oio.MarshalBesked(&b)
	if err != nil {
		t.Fatal(err)
	}
	fil := filepath.Join(dir, "besked.json")
	skriv(t, fil, string(raa))
	if kode, ud, fejl := moxKommando(t, "besked", "send", fil, "--dir", dir); kode != exitOK {
		t.Fatal(kode, ud, fejl)
	}
}

// TestAbonnementOverRabbitMQ: two commands are all it takes.
func TestAbonnementOverRabbitMQ(t *testing.T) {
	broker, dir := testenv.RabbitMQ(t), t.TempDir()
	koer(t, "serve", "--json", "--dir", dir, "--listen", "127.0.0.1:0", "--amqp", broker.URL)
	o := opretAbonnement(t, dir, "--id", "esdh.sager", "--carrier", "amqp", "--filter", `{"objekttype":"Sag"}`)
	if o.AMQP == nil || o.AMQP.Koe != "mox.ud.esdh.sager" || len(o.AMQP.Kommandoer) != 2 || !o.Ny {
		t.Fatalf("%+v", o)
	}
	for _, k := range o.AMQP.Kommandoer { // a shell reads them as they are meant
		ud, err := exec.CommandContext(t.Context(), "sh", "-c", "set -- "+k+`; for a in "$@"; do echo "[$a]"; done`).Output()
		if err != nil || strings.Contains(k, "set_permissions") && (!strings.Contains(string(ud), `[^(mox\.svar\.esdh|mox\.ud\.esdh\.sager)$]`) || !strings.Contains(string(ud), "[-p]\n["+broker.Vhost+"]")) {
			t.Errorf("%s: %s %v", k, ud, err)
		}
	}
	sendBesked(t, dir, "urn:x:1")
	var d rabbit.Delivery
	venter(t, "beskeden i køen", func() (ok bool) {
		c, err := rabbit.Dial(broker.URL)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }() // RabbitMQ ends it itself when it is asked for a queue that is very new
		ch, err := c.Channel()
		if err == nil {
			d, ok, err = ch.Get(o.AMQP.Koe, true)
		}
		return err == nil && ok
	})
	if d.MessageId != "urn:x:1" || d.Headers["abonnementID"] != "esdh.sager" {
		t.Errorf("%+v", d)
	}
}

// TestAbonnementVedPush asks the receiver first, calls it, and signs.
func TestAbonnementVedPush(t *testing.T) {
	fik := make(chan *http.Request, 10)
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodOptions {
			w.Header().Set("WebHook-Allowed-Origin", "*")
			return
		}
		fik <- r
	}))
	t.Cleanup(s.Close)
	dir := t.TempDir()
	skriv(t, filepath.Join(dir, "ca.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})))
	skriv(t, filepath.Join(dir, "mox.yaml"), "push:\n  ca: ca.pem\n  tilladte_net: [127.0.0.1/32]\n")
	koer(t, "serve", "--json", "--dir", dir, "--listen", "127.0.0.1:0")
	o := opretAbonnement(t, dir, "--id", "esdh.sager", "--carrier", "push", "--url", s.URL)
	if o.Push == nil || !strings.HasPrefix(o.Push.Hemmelighed, "whsec_") || o.Abonnement.Form != "cloudevent" {
		t.Fatalf("%+v", o)
	}
	sendBesked(t, dir, "urn:x:1")
	r := <-fik
	if r.Header.Get("Ce-Id") != "urn:x:1" || !strings.HasPrefix(r.Header.Get("Webhook-Signature"), "v1,") || r.Header.Get("Abonnementid") != "esdh.sager" {
		t.Errorf("%v", r.Header)
	}
}

// TestAbonnementer are listed, changed and closed; what cannot be is told with its place and exit code.
func TestAbonnementer(t *testing.T) {
	dir := t.TempDir()
	koer(t, "serve", "--json", "--dir", dir, "--listen", "127.0.0.1:0")
	if o := opretAbonnement(t, dir, "--id", "esdh.sager", "--carrier", "pull"); o.Pull == nil || o.Abonnement.System != "esdh" {
		t.Errorf("%+v", o)
	}
	if o := opretAbonnement(t, dir, "--id", "esdh.sager", "--carrier", "pull"); o.Ny {
		t.Error("made twice")
	}
	for _, x := range []struct {
		args []string
		kode int
		hvad string
	}{
		{[]string{"opret", "--id", "esdh.sager", "--carrier", "pull", "--filter", `{"objekttype":"Sag"}`}, exitFejl, "--ret"},
		{[]string{"opret", "--id", "X", "--carrier", "pull"}, exitUgyldig, "id:"},
		{[]string{"opret", "--id", "x", "--carrier", "post"}, exitUgyldig, "carrier:"},
		{[]string{"opret", "--id", "x", "--carrier", "pull", "--filter", "{"}, exitUgyldig, "--filter er ikke JSON"},
		{[]string{"opret", "--id", "x", "--carrier", "pull", "--filter", `{"objekttype":"Sagg"}`}, exitUgyldig, "filter.objekttype"},
		{[]string{"opret", "--id", "x", "--carrier", "amqp"}, exitUgyldig, "--amqp"},
		{[]string{"opret", "--id", "x", "--carrier", "amqp", "--kvittering", "måske"}, exitUgyldig, "kvittering:"},
		{[]string{"opret", "--id", "x", "--carrier", "push", "--url", "http://127.0.0.1:9/"}, exitUgyldig, "må ikke kaldes"},
		{[]string{"luk", "esdh.sager"}, exitUgyldig, "begrundelse"},
		{[]string{"luk", "findes.ikke", "--begrundelse", "x"}, exitFundet, "findes.ikke"},
	} {
		kode, _, fejl := moxKommando(t, append(append([]string{"abonnement"}, x.args...), "--dir", dir)...)
		if kode != x.kode || !strings.Contains(fejl, x.hvad) {
			t.Errorf("%v: %d %s", x.args, kode, fejl)
		}
	}
	opretAbonnement(t, dir, "--id", "esdh.sager", "--carrier", "pull", "--filter", `{"objekttype":"Sag"}`, "--ret")
	sendBesked(t, dir, "urn:x:1")
	if kode, _, fejl := moxKommando(t, "abonnement", "luk", "esdh.sager", "--begrundelse", "skifter system", "--dir", dir); kode != exitBekraeft {
		t.Error(kode, fejl)
	}
	if _, ud, _ := moxKommando(t, "abonnement", "list", "--dir", dir); !strings.Contains(ud, `esdh.sager  esdh    pull     {"objekttype":"Sag"}  lokal`) {
		t.Error(ud)
	}
	if kode, _, fejl := moxKommando(t, "abonnement", "luk", "esdh.sager", "--begrundelse", "skifter system", "--ja", "--dir", dir); kode != exitOK {
		t.Error(kode, fejl)
	}
	var l drift.Abonnementer
	if _, ud, _ := moxKommando(t, "abonnement", "list", "--json", "--dir", dir); json.Unmarshal([]byte(ud), &l) != nil || len(l.Abonnementer) != 0 {
		t.Error(fmt.Sprint(ud))
	}
}

// TestForklarOgProev: why a besked was given, and what a filter would take.
func TestForklarOgProev(t *testing.T) {
	dir := t.TempDir()
	koer(t, "serve", "--json", "--dir", dir, "--listen", "127.0.0.1:0")
	opretAbonnement(t, dir, "--id", "esdh.sager", "--carrier", "pull", "--filter", `{"objekttype":"Sag","ikke":{"handling":"Arkivér"}}`)
	sendBesked(t, dir, "urn:x:1")
	for _, x := range []struct {
		args []string
		kode int
		hvad string
	}{
		{[]string{"besked", "forklar", "urn:x:1", "esdh.sager"}, exitOK, "filteret passer ikke"},
		{[]string{"besked", "forklar", "urn:x:1", "esdh.sager"}, exitOK, "ikke.handling  \"Arkivér\"  besked: Arkivér  ja (under ikke)"},
		{[]string{"besked", "forklar", "urn:x:2", "esdh.sager"}, exitFundet, "urn:x:2"},
		{[]string{"abonnement", "test", "esdh.sager"}, exitOK, "0 af de 1 nyeste beskeder passer"},
		{[]string{"abonnement", "test", "--filter", `{"objekttype":"Sag"}`}, exitOK, "1 af de 1 nyeste beskeder passer\n  urn:x:1"},
		{[]string{"abonnement", "test", "--filter", `{"objekttype":"Sag"}`, "--besked", filepath.Join(dir, "besked.json")}, exitOK, "urn:x:1: passer"},
		{[]string{"abonnement", "test", "--filter", `{"objekttype":"Sagg"}`}, exitUgyldig, "objekttype"},
		{[]string{"abonnement", "test", "findes.ikke"}, exitFundet, "findes.ikke"},
		{[]string{"abonnement", "test"}, exitBrug, "--filter"},
	} {
		kode, ud, fejl := moxKommando(t, append(x.args, "--dir", dir)...)
		if kode != x.kode || !strings.Contains(ud+fejl, x.hvad) {
			t.Errorf("%v: %d %s%s", x.args, kode, ud, fejl)
		}
	}
}
