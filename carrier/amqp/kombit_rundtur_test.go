package amqp_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/carrier/amqp"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/internal/testenv"
	"github.com/moxkit/mox/oio"
)

// gyldig holds an envelope against the official schema.
func gyldig(t *testing.T, raa []byte) {
	t.Helper()
	c := exec.CommandContext(t.Context(), testenv.Xmllint(t), "--nonet", "--noout", "--schema", filepath.Join(testenv.Skemaer(t), "besked", "Beskedkuvert.xsd"), "-")
	c.Stdin = strings.NewReader(string(raa))
	if ud, err := c.CombinedOutput(); err != nil {
		t.Errorf("%v: %s\n%s", err, ud, raa)
	}
}

// TestRundturOverDenNationaleBeskedfordeler: from one MOX to another, each in its own municipality, as an envelope that obeys
// the official schema. What the receiver gets says the same, and has the registrering in it.
func TestRundturOverDenNationaleBeskedfordeler(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 6", "mox 33", "mox 34")
	n := nyNation(t)
	a, b := nytNationalt(t, n.broker, n.brug()), nytNationalt(t, n.broker, n.brug(dueslagA))
	sendt := a.accepter(1)
	w := b.hentet()
	if w.Besked.ID != sendt.ID || w.Besked.ObjektID != sendt.ObjektID || w.Besked.Opgaveemne != sendt.Opgaveemne || w.Besked.Myndighed != sendt.Myndighed || w.Besked.Kildesystem != "Byggesag" {
		t.Errorf("%+v", w.Besked)
	}
	gyldig(t, w.Besked.Indhold)
	kopi := w.Besked
	if r, ok, err := oio.Kontroller(&kopi); err != nil || !ok || r.LivscyklusKode != mox.Rettet {
		t.Errorf("%+v %v %v", r, ok, err)
	}
	krop := string(w.Besked.Indhold)
	if antal(krop, "AntalLeveranceforsoeg>1<") != 2 || !strings.Contains(krop, dueslagA) || !strings.Contains(krop, a.d.Store().InstallationID()) {
		t.Errorf("begge led skal stå i kuverten:\n%s", krop)
	}
	a.bliver("sendt", a.sendt(sendt.ID))
	if f := append(a.fejl(), b.fejl()...); len(f) > 0 {
		t.Errorf("%+v", f)
	}
}

// TestFremmedKuvertErUroert: an envelope with a signature, from a system that knows nothing of MOX, goes through two
// MOX'er and the national Beskedfordeler, and the parts that the signature is about are the same bytes.
func TestFremmedKuvertErUroert(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 7")
	n := nyNation(t)
	a, b := nytNationalt(t, n.broker, n.brug()), nytNationalt(t, n.broker, n.brug(dueslagB))
	kuvert := fremmedKuvert(mox.NyUUID(), "1.0", fremmedeData)
	gyldig(t, []byte(kuvert))
	besked, err := oio.UnmarshalKuvert([]byte(kuvert), oio.Koder{})
	a.maa(err)
	_, err = a.d.Accept(t.Context(), "Byggesag", besked)
	a.maa(err)
	w := b.hentet()
	gyldig(t, w.Besked.Indhold)
	for _, del := range []string{fremmedeFiltreringsdata, fremmedeData} {
		if !strings.Contains(string(w.Besked.Indhold), del) {
			t.Errorf("\n%s\nmangler i\n%s", del, w.Besked.Indhold)
		}
	}
	if string(oio.Kanonisk(&besked)) != string(oio.Kanonisk(&w.Besked)) {
		t.Error("indholdet er et andet")
	}
}

// TestBytesneFraDueslagetErGemt: also where MOX itself would have written the same envelope in another way.
func TestBytesneFraDueslagetErGemt(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 7")
	n := nyNation(t)
	b := nytNationalt(t, n.broker, n.brug(dueslagA))
	kuvert := fremmedKuvert(mox.NyUUID(), "1.0", "")
	b.maa(n.Laeg(t.Context(), dueslagA, []byte(kuvert)))
	if w := b.hentet(); string(w.Besked.Indhold) != kuvert || !oio.ErKuvert(w.Besked.Indholdstype) {
		t.Errorf("%s\n%s", w.Besked.Indholdstype, w.Besked.Indhold)
	}
}

// TestDubletOgLoekke: what comes twice has one effect; other content under the same id is refused; what MOX has sent itself
// has no effect when it comes back, and what came from the national Beskedfordeler is not sent there.
func TestDubletOgLoekke(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 24", "mox 40", "mox 41")
	n := nyNation(t)
	h := nytNationalt(t, n.broker, n.brug(dueslagA))
	id := mox.NyUUID()
	for _, data := range []string{"", "", "<k:Beskeddata><y/></k:Beskeddata>"} {
		h.maa(n.Laeg(t.Context(), dueslagA, []byte(fremmedKuvert(id, "1.0", data))))
	}
	h.bliver("afvist", func() bool { f := h.fejl(); return len(f) == 1 && f[0].Kode == string(mox.KodeAndetIndhold) })
	if l := h.leverancer(mox.BeskedID(id)); len(l) != 1 || l["esdh.alt"].Omgang != 1 {
		t.Errorf("%+v", l)
	}
	egen := h.accepter(1)
	h.bliver("sendt", h.sendt(egen.ID))
	h.bliver("kommet tilbage", func() bool { return strings.Contains(h.log.String(), "er kommet tilbage") })
	if l := h.leverancer(egen.ID); len(l) != 2 {
		t.Errorf("%+v", l)
	}
	if f := h.fejl(); len(f) != 1 {
		t.Errorf("%+v", f)
	}
}

// TestTokenetErUdloebet: a token that the Beskedfordeler no longer takes is replaced, and the besked sent in the same attempt.
func TestTokenetErUdloebet(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 38")
	n := nyNation(t)
	h := nytNationalt(t, n.broker, n.brug())
	foer := h.accepter(1)
	h.bliver("sendt", h.sendt(foer.ID))
	n.frem.Store(int64(2 * time.Hour)) // the token that MOX holds is of no use now
	efter := h.accepter(2)
	h.bliver("sendt", h.sendt(efter.ID))
	if l := h.leverancer(efter.ID)["kombit.alt"]; l.Forsoeg != 1 {
		t.Errorf("%+v", l)
	}
}

// TestTokentjenestenAfviser: nothing is sent and nothing is lost, and what is wrong is told without the secret.
func TestTokentjenestenAfviser(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 38")
	n := nyNation(t)
	forkert := n.brug(dueslagA)
	forkert.Token.Hemmelighed = "forkert-" + hemmelighed
	h := nytNationalt(t, n.broker, forkert)
	b := h.accepter(1)
	h.bliver("afvist", func() bool {
		return strings.Contains(h.k.Stand().Fejl, "tokentjenesten afviser MOX: svar 401, invalid_client")
	})
	if s := h.k.Stand(); s.Forbundet || strings.Contains(h.log.String(), hemmelighed) {
		t.Errorf("%+v\n%s", s, h.log)
	}
	if l := h.leverancer(b.ID)["kombit.alt"]; l.Tilstand != mox.Afventer || l.Forsoeg != 0 {
		t.Errorf("%+v", l)
	}
	h.koer(n.brug(dueslagA))
	h.bliver("sendt", h.sendt(b.ID))
}

// TestTokentjenestenErNede: in the middle of the work, both when the token has been refused and when MOX sees itself that it
// has run out. What was to be sent waits, and goes when there is a token again.
func TestTokentjenestenErNede(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 38")
	for navn, levetid := range map[string]int{"afvist": 3600, "udløbet": 1} {
		t.Run(navn, func(t *testing.T) {
			t.Parallel()
			n := nyNation(t)
			var nede atomic.Bool
			tokens := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if nede.Load() {
					w.WriteHeader(http.StatusServiceUnavailable)
					return
				}
				fmt.Fprintf(w, "access_token=%s&token_type=Bearer&expires_in=%d", n.token(t), levetid)
			}))
			t.Cleanup(tokens.Close)
			o := n.brug()
			o.Token.URL = tokens.URL
			h := nytNationalt(t, n.broker, o)
			foer := h.accepter(1)
			h.bliver("sendt", h.sendt(foer.ID))
			nede.Store(true)
			n.frem.Store(int64(2 * time.Hour))
			efter := h.accepter(2)
			h.bliver("standset", func() bool {
				s := h.k.Stand()
				return !s.Forbundet && strings.Contains(s.Fejl, "tokentjenesten svarer 503")
			})
			if l := h.leverancer(efter.ID)["kombit.alt"]; l.Tilstand != mox.Udsat && l.Tilstand != mox.Afventer {
				t.Errorf("%+v", l)
			}
			nede.Store(false)
			h.bliver("sendt", h.sendt(efter.ID))
		})
	}
}

// TestHvadEtSvarBetyder: what each answer makes of a leverance.
func TestHvadEtSvarBetyder(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 42")
	tokens := httptest.NewServer(http.HandlerFunc(tjeneste))
	t.Cleanup(tokens.Close)
	for _, x := range []struct {
		svar     string
		tilstand mox.LeveranceTilstand
		kode     string
	}{
		{standardRetur(20, ""), mox.Overdraget, "20"},
		{standardRetur(51, "kender ikke 0101009999"), mox.Parkeret, "51"},
		{standardRetur(55, "ukendt version"), mox.Parkeret, "55"},
		{standardRetur(99, ""), mox.Parkeret, "99"},
		{standardRetur(40, ""), mox.Udsat, "40"},
		{standardRetur(53, ""), mox.Udsat, "53"},
		{standardRetur(41, "udløbet"), mox.Udsat, "41"},
		{"ikke et svar", mox.Udsat, "svar"},
	} {
		t.Run(x.kode, func(t *testing.T) {
			t.Parallel()
			broker := testenv.RabbitMQ(t)
			h := nytNationalt(t, broker, amqp.KombitOptions{URL: broker.URL, Token: amqp.Tokentjeneste{URL: tokens.URL, Klient: "mox"}})
			svarende(&h.hus, broker, x.svar)
			defer h.stop() // before those that answer
			b := h.accepter(1)
			h.bliver(string(x.tilstand), func() bool {
				l := h.leverancer(b.ID)["kombit.alt"]
				return l.Tilstand == x.tilstand && l.Kode == x.kode
			})
			if l := h.leverancer(b.ID)["kombit.alt"]; strings.Contains(l.Aarsag, "0101009999") {
				t.Error(l.Aarsag)
			}
		})
	}
}

// TestUdenSvar: no exchange, no queue behind it, and nobody who answers; when there is, the besked goes.
func TestUdenSvar(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 38", "mox 42")
	tokens := httptest.NewServer(http.HandlerFunc(tjeneste))
	t.Cleanup(tokens.Close)
	broker := testenv.RabbitMQ(t)
	h := nytNationalt(t, broker, amqp.KombitOptions{URL: broker.URL, Token: amqp.Tokentjeneste{URL: tokens.URL, Klient: "mox"}, Frist: 500 * time.Millisecond})
	b := h.accepter(1)
	forsoegt := func(kode string) {
		h.bliver(kode, func() bool { return strings.Contains(h.log.String(), kode) })
	}
	forsoegt("NOT_FOUND - no exchange 'AFSEND_BESKED_EXCHANGE'")
	ch := h.kanal(broker.URL)
	h.maa(ch.ExchangeDeclare("AFSEND_BESKED_EXCHANGE", "direct", true, false, false, false, nil))
	forsoegt("kode=ingen_koe")
	_, err := ch.QueueDeclare("ind", true, false, false, false, nil)
	h.maa(err)
	h.maa(ch.QueueBind("ind", "", "AFSEND_BESKED_EXCHANGE", false, nil))
	forsoegt("kode=uden_svar")
	svarende(&h.hus, broker, standardRetur(20, ""))
	h.bliver("sendt", h.sendt(b.ID))
}

// TestForStorKuvert: it is not sent, and the next one is.
func TestForStorKuvert(t *testing.T) {
	t.Parallel()
	n := nyNation(t)
	h := nytNationalt(t, n.broker, n.brug())
	stor := h.accepter(1, func(b *mox.Besked) { b.Indholdstype, b.Indhold = "text/plain", []byte(strings.Repeat("x", 1<<20)) })
	naeste := h.accepter(2)
	h.bliver("sendt", h.sendt(naeste.ID))
	h.bliver("standset", func() bool { return h.leverancer(stor.ID)["kombit.alt"].Tilstand == mox.Parkeret })
	if l := h.leverancer(stor.ID)["kombit.alt"]; l.Kode != string(mox.KodeForStor) {
		t.Errorf("%+v", l)
	}
}

// TestHvadDerIkkeKanBruges: it is shown to a person as it came, and moved to the national error queue where it is a
// Haendelsesbesked; the next ones go on, also when the error queue cannot be reached.
func TestHvadDerIkkeKanBruges(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 1", "mox 2", "mox 44", "mox 46")
	n := nyNation(t)
	h := nytNationalt(t, n.broker, n.brug(dueslagA))
	ukendt := fremmedKuvert(mox.NyUUID(), "9.0", fremmedeData)
	h.maa(n.Laeg(t.Context(), dueslagA, []byte("<k:Haendelsesbesked xmlns:k=\"urn:oio:besked:kuvert:1.0\"><k:BeskedVersion>1.0</k:BeskedVersion></k:Haendelsesbesked>")))
	h.maa(n.Laeg(t.Context(), dueslagA, []byte(ukendt)))
	if _, uden, _ := strings.Cut(ukendt, "?>"); n.ligger(&h.hus, "FEJLKOE") != uden {
		t.Error("en anden besked ligger i fejlkøen")
	}
	h.bliver("afvist", func() bool { return len(h.fejl()) == 2 })
	if f := h.fejl(); f[1].Kode != string(mox.KodeBeskedversion) || f[0].Kode != string(mox.KodeUgyldig) || f[1].System != mox.KOMBIT || !strings.Contains(string(f[0].Raa), "BeskedVersion") {
		t.Errorf("%+v", f)
	}
	o := n.brug(dueslagB)
	o.Fejlkoe = "http://127.0.0.1:1/"
	h.koer(o)
	h.maa(n.Laeg(t.Context(), dueslagB, []byte(fremmedKuvert(mox.NyUUID(), "9.0", ""))))
	id := mox.NyUUID()
	h.maa(n.Laeg(t.Context(), dueslagB, []byte(fremmedKuvert(id, "1.0", ""))))
	if w := h.hentet(); string(w.Besked.ID) != id {
		t.Errorf("%+v", w.Besked)
	}
}

func TestForkertKombit(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	god := amqp.KombitOptions{URL: "amqps://bf.example", Token: amqp.Tokentjeneste{URL: "https://token.example"}}
	for want, f := range map[string]func(*amqp.KombitOptions){
		"kombit.url":         func(o *amqp.KombitOptions) { o.URL = "https://bf.example" },
		"ukrypteret":         func(o *amqp.KombitOptions) { o.URL = "amqp://bf.example" },
		"kombit.token.url":   func(o *amqp.KombitOptions) { o.Token.URL = "" },
		"token.url er ukryp": func(o *amqp.KombitOptions) { o.Token.URL = "http://token.example" },
		"kombit.fejlkoe":     func(o *amqp.KombitOptions) { o.Fejlkoe = "fejl" },
		"kombit.dueslag[0]":  func(o *amqp.KombitOptions) { o.Dueslag = []string{"postkasse"} },
		"kombit.dueslag[1]":  func(o *amqp.KombitOptions) { o.Dueslag = []string{dueslagA, strings.ToUpper(dueslagA)} },
	} {
		o := god
		f(&o)
		var e *mox.Error
		if _, err := amqp.NyKombit(h.d, o); !errors.As(err, &e) || e.Raad == "" || !strings.Contains(e.Tekst+e.Raad, want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if _, err := amqp.NyKombit(h.d, god); err != nil {
		t.Error(err)
	}
}
