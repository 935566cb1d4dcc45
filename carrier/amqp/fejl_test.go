package amqp_test

import (
	"net/url"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/carrier/amqp"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/internal/fejlnet"
	"github.com/moxkit/mox/internal/testenv"
)

// TestForbindelsenSvigterUndervejs: MOX's connection to the broker is reset, silenced, and cut off between a publish and its
// confirm, in the middle of a stream. Nothing that the broker has confirmed to the sender is
// lost, what comes twice has the same beskedID, and one objekt's beskeder come in their order.
func TestForbindelsenSvigterUndervejs(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 35", "mox 36", "mox 38")
	const antal, objekter = 2000, 40
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
	h.opret("esdh.sager", "ESDH")
	strom := h.strom(h.broker.URL, amqp.Koe("esdh.sager"))
	go func() {
		ch := h.kanal(h.broker.URL)
		for i := range antal {
			p := sag(i % objekter)
			p.Headers["registreringID"] = strconv.Itoa(i)
			if err := proevSend(ch, amqp.Exchange("Byggesag"), p); err != nil {
				t.Error(err)
				return
			}
		}
	}()
	set, sidste, dubletter := map[string]bool{}, map[any]int{}, 0
	for len(set) < antal {
		d := h.naeste(strom)
		h.maa(d.Ack(false))
		if set[d.MessageId] {
			dubletter++
			continue
		}
		set[d.MessageId] = true
		if maader := []fejlnet.Mode{fejlnet.Down, fejlnet.DropAnswers, fejlnet.ResetAnswers, fejlnet.Down}; len(set)%(antal/5) == 0 && len(set) < antal {
			svigt(net, maader[len(set)/(antal/5)-1])
		}
		nr, _ := strconv.Atoi(d.Headers["registreringID"].(string))
		if foer, ok := sidste[d.Headers["objektID"]]; ok && nr < foer {
			t.Errorf("%v: %d kom efter %d", d.Headers["objektID"], nr, foer)
		}
		sidste[d.Headers["objektID"]] = nr
	}
	t.Logf("%d beskeder, %d kom to gange, %d forbindelser", antal, dubletter, net.Made())
	if net.Made() < 4 {
		t.Errorf("only %d connections: the faults came too late", net.Made())
	}
	if f := h.fejl(); len(f) > 0 {
		t.Errorf("%d fejl, den første: %+v", len(f), f[0])
	}
}

// svigt lets the network fail in one way for a little while.
func svigt(net *fejlnet.Proxy, maade fejlnet.Mode) {
	net.Set(maade)
	time.AfterFunc(20*time.Millisecond, func() {
		net.Set(fejlnet.Down) // what was silent is cut off
		net.Set(fejlnet.Pass)
	})
}

// TestEnKlientDerIkkeErVores publishes and consumes with nothing but the header specification: python3-pika from Debian.
func TestEnKlientDerIkkeErVores(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 11", "mox 35")
	python := testenv.Pika(t)
	h := nytHus(t)
	h.opret("esdh.sager", "ESDH", func(a *mox.Abonnement) { a.Kraeves = true })
	for _, x := range []struct{ program, system, exchange, koe string }{
		{"testdata/send.py", "Byggesag", amqp.Exchange("Byggesag"), ""},
		{"testdata/modtag.py", "ESDH", amqp.Exchange("ESDH"), amqp.Koe("esdh.sager")},
	} {
		var ab []mox.AbonnementID
		if x.koe != "" {
			ab = append(ab, "esdh.sager")
		}
		r := amqp.Rettigheder(x.system, ab...)
		_, adresse := h.broker.User(r.Configure, r.Write, r.Read)
		ud, err := exec.CommandContext(t.Context(), python, x.program, adresse, x.exchange, x.koe).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", x.program, err, ud)
		}
		t.Log(strings.TrimSpace(string(ud)))
	}
	h.bliver("accepteret af modtageren", func() bool { return h.leverance(pikaBesked).Tilstand == mox.Leveret })
}

// pikaBesked is the beskedID in testdata/send.py.
const pikaBesked = "3b0b7a52-3a2b-4a3e-9f0e-2c5f1f0a7d10"

// TestFraKommandolinjen publishes and consumes with the two programs that come with the AMQP client in C: a header is text
// there, and what comes is looked at in its content.
func TestFraKommandolinjen(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 11")
	mappe := testenv.AMQPTools(t)
	h := nytHus(t)
	h.opret("esdh.sager", "ESDH")
	koer := func(program, adresse string, args ...string) string {
		t.Helper()
		ud, err := exec.CommandContext(t.Context(), filepath.Join(mappe, program), append([]string{"-u", adresse}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", program, err, ud)
		}
		return string(ud)
	}
	const indhold = `{"ejendom":"Søndergade 1, Ålborg"}`
	r := amqp.Rettigheder("Byggesag")
	_, adresse := h.broker.User(r.Configure, r.Write, r.Read)
	koer("amqp-publish", adresse, "-e", amqp.Exchange("Byggesag"), "-p", "-C", "application/json", "-b", indhold,
		"-H", "beskedID: "+pikaBesked, "-H", "objektID: 8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c11", "-H", "objekttype: Sag", "-H", "handling: Bestilt",
		"-H", "registreringstid: 2026-03-02T09:15:00Z", "-H", "bruger: sagsbehandler-7", "-H", "opgaveemne: 02.34.02")
	r = amqp.Rettigheder("ESDH", "esdh.sager")
	_, adresse = h.broker.User(r.Configure, r.Write, r.Read)
	h.bliver("lagt i køen", func() bool { return h.leverance(pikaBesked).Tilstand == mox.Overdraget })
	if ud := koer("amqp-consume", adresse, "-q", amqp.Koe("esdh.sager"), "-c", "1", "cat"); ud != indhold {
		t.Errorf("der kom %q", ud)
	}
}
