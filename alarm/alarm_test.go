package alarm

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/internal/testenv"
	"github.com/moxkit/mox/internal/webhook"
	"github.com/moxkit/mox/store"
	"github.com/moxkit/mox/store/storetest"
)

const cpr = "0102031234" // of nobody: its control digit is wrong, and its century had no such numbers

// hus is a MOX on a database of its own, with a way of telling that remembers.
type hus struct {
	*testing.T
	d       *distributor.Distributor
	a       *Alarm
	fortalt []samling
	fejl    error // what the way of telling answers
	nu      time.Time
}

// paaBegge runs a test on both databases.
func paaBegge(t *testing.T, o Options, f func(h *hus)) {
	t.Helper()
	t.Parallel()
	for navn, url := range map[string]func(testing.TB) string{"SQLite": storetest.SQLite, "PostgreSQL": storetest.Postgres} {
		t.Run(navn, func(t *testing.T) {
			t.Parallel()
			f(nytHus(t, url(t), o))
		})
	}
}

// paaEn runs a test of what does not depend on the database.
func paaEn(t *testing.T, o Options, f func(h *hus)) {
	t.Helper()
	t.Parallel()
	f(nytHus(t, storetest.SQLite(t), o))
}

func nytHus(t *testing.T, url string, o Options) *hus {
	t.Helper()
	h := &hus{T: t, nu: time.Now()}
	s, err := store.Open(t.Context(), url)
	h.maa(err)
	t.Cleanup(func() { _ = s.Close() }) // one test closes it itself
	h.d, err = distributor.New(t.Context(), s, distributor.Options{Jitter: func() float64 { return 0 }})
	h.maa(err)
	h.maa(h.d.Start(t.Context()))
	o.nu = func(context.Context) (time.Time, error) { return h.nu, nil }
	h.a = New(h.d, o)
	h.a.kanal = []kanal{{"prøve", func(_ context.Context, s samling) error {
		if h.fejl == nil {
			h.fortalt = append(h.fortalt, s)
		}
		return h.fejl
	}}}
	return h
}

func (h *hus) maa(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// se looks once, and gives the rules that were told of: "blokeret", or "-blokeret" for one that has ended.
func (h *hus) se() []string {
	h.Helper()
	h.fortalt = nil
	h.maa(h.a.Se(h.Context()))
	return h.regler()
}

// regler are what was told last.
func (h *hus) regler() (ud []string) {
	for _, s := range h.fortalt {
		for _, a := range s.Alarmer {
			navn := a.Regel
			if !a.Sluttet.IsZero() {
				navn = "-" + navn
			}
			ud = append(ud, navn)
		}
	}
	return ud
}

func (h *hus) er(hvad string, har, vil any) {
	h.Helper()
	if fmt.Sprint(har) != fmt.Sprint(vil) {
		h.Errorf("%s: %v, skulle være %v", hvad, har, vil)
	}
}

// send makes n beskeder about one objekt.
func (h *hus) send(n int) {
	h.Helper()
	for range n {
		_, err := h.d.Accept(h.Context(), "Byggesag", mox.Besked{ID: mox.BeskedID(mox.NyUUID()), ObjektID: "aaaaaaaa-0000-4000-8000-000000000001", ObjektType: mox.Sag, LivscyklusKode: mox.Rettet,
			Bruger: "x", Registreringstid: time.Date(2026, 3, 2, 9, 15, 0, 0, time.UTC), Objektreference: "https://byggesag.example/" + cpr})
		h.maa(err)
	}
}

func (h *hus) udfald(u mox.Udfald) {
	h.Helper()
	w, err := h.d.Claim(h.Context(), "esdh", "x", 1, time.Minute)
	h.maa(err)
	if len(w) != 1 {
		h.Fatalf("%d er klar", len(w))
	}
	_, err = h.d.Done(h.Context(), distributor.Afslutning{Leverance: w[0].Leverance, Forsoeg: w[0].Forsoeg, Ejer: w[0].Ejer, Udfald: u})
	h.maa(err)
}

func (h *hus) abonner() {
	h.Helper()
	h.maa(h.d.Konfigurer(h.Context(), []mox.Abonnement{{ID: "esdh", System: "ESDH", Orden: mox.OrdenObjekt, Plan: mox.Plan{Forsoeg: 1000}, Gentages: true}}, nil))
}

// TestEnBeskedDerAldrigKanBehandlesHolderIngenKoeUdenAlarm: those behind it are counted, it is told once, told again when
// nobody has acknowledged it, and told when it is over.
func TestEnBeskedDerAldrigKanBehandlesHolderIngenKoeUdenAlarm(t *testing.T) {
	conformance.Proves(t, "mox 46")
	paaBegge(t, Options{Graenser: Graenser{Venter: time.Hour}, Gentag: time.Minute}, func(h *hus) {
		h.abonner()
		h.send(3)
		h.er("før", h.se(), []string{})
		h.udfald(mox.Udfald{Resultat: mox.ResAfvist, Tekst: "kan ikke læses " + cpr})
		h.er("parkeret", h.se(), []string{regelBlokeret})
		a := h.fortalt[0].Alarmer[0]
		if a.Genstand != "esdh" || !strings.HasPrefix(a.Tekst, "2 beskeder til esdh venter bag 1") || a.Sti != "/fejl?abonnement=esdh" {
			h.Errorf("%+v", a)
		}
		h.er("straks efter", h.se(), []string{})
		h.nu = h.nu.Add(time.Minute)
		h.er("igen", h.se(), []string{regelBlokeret})
		h.maa(h.d.KvitterAlarm(h.Context(), a.ID, distributor.Hvem{Navn: "Inge", Begrundelse: "vi ringer til leverandøren"}))
		h.er("kvitteret", h.se(), []string{})
		h.nu = h.nu.Add(2 * time.Hour)
		h.er("ingen har gjort noget", h.se(), []string{regelVenter})
		_, err := h.d.Luk(h.Context(), store.Udvalg{}, distributor.Hvem{Navn: "Inge", Begrundelse: "rettet hos afsender"}, false)
		h.maa(err)
		h.er("løst", h.se(), []string{"-" + regelBlokeret, "-" + regelVenter})
		h.er("stille", h.se(), []string{})
		staar, sluttede, err := h.d.Alarmer(h.Context())
		h.maa(err)
		if len(staar) != 0 || len(sluttede) != 2 || sluttede[1].KvitteretAf+sluttede[0].KvitteretAf != "Inge" {
			h.Errorf("%+v %+v", staar, sluttede)
		}
	})
}

func TestAlderForsoegOgPause(t *testing.T) {
	paaBegge(t, Options{Graenser: Graenser{Aeldste: time.Minute, Pause: time.Hour, Forsoeg: 3}}, func(h *hus) {
		h.abonner()
		h.send(1)
		for range 3 {
			h.er("endnu ikke", h.se(), []string{})
			h.udfald(mox.Udfald{Resultat: mox.ResMidlertidig})
		}
		h.er("tre forsøg", h.se(), []string{regelForsoeg})
		h.nu = h.nu.Add(2 * time.Minute)
		h.er("gammel", h.se(), []string{regelAeldste})
		h.maa(h.d.Pause(h.Context(), "esdh", true, distributor.Hvem{Navn: "Inge", Begrundelse: "opgradering"}))
		h.er("på pause", h.se(), []string{"-" + regelAeldste})
		h.nu = h.nu.Add(time.Hour)
		h.er("længe", h.se(), []string{regelPause})
		h.maa(h.d.Pause(h.Context(), "esdh", false, distributor.Hvem{Navn: "Inge", Begrundelse: "færdig"}))
		h.udfald(mox.Udfald{Resultat: mox.ResAccepteret})
		h.er("leveret", h.se(), []string{"-" + regelForsoeg, "-" + regelPause})
	})
}

// TestHvadDerIkkeKanSendesErIkkeTabt: it is told when the way is open again, and meanwhile stands in the console.
func TestHvadDerIkkeKanSendesErIkkeTabt(t *testing.T) {
	paaBegge(t, Options{Graenser: Graenser{Venter: time.Hour}}, func(h *hus) {
		h.abonner()
		h.send(2)
		h.udfald(mox.Udfald{Resultat: mox.ResAfvist})
		h.fejl = errors.New("550 ukendt modtager " + cpr)
		h.er("kan ikke", h.se(), []string{})
		h.er("kan stadig ikke", h.se(), []string{})
		staar, _, err := h.d.Alarmer(h.Context())
		h.maa(err)
		if len(staar) != 2 || staar[1].Regel != regelAfsendelse || !staar[0].Fortalt.IsZero() || strings.Contains(fmt.Sprint(staar), cpr) {
			h.Errorf("%+v", staar)
		}
		h.fejl = nil
		h.er("den lades i fred lidt", h.se(), []string{})
		h.nu = h.nu.Add(foersteIgen)
		h.er("nu kan den", h.se(), []string{regelBlokeret, regelAfsendelse})
		h.er("og det er slut", h.se(), []string{"-" + regelAfsendelse})
	})
}

// TestKunEnProcesSerEfter where several share a database.
func TestKunEnProcesSerEfter(t *testing.T) {
	paaBegge(t, Options{}, func(h *hus) {
		h.abonner()
		h.send(2)
		h.udfald(mox.Udfald{Resultat: mox.ResAfvist})
		h.er("første", h.se(), []string{regelBlokeret})
		d2, err := distributor.New(h.Context(), h.d.Store(), distributor.Options{})
		h.maa(err)
		ok, err := d2.SaetAlarmer(h.Context(), nil, h.nu, 0)
		h.maa(err)
		h.er("anden", ok, false)
		h.er("den står endnu", h.se(), []string{})
	})
}

func TestDeleOgCertifikater(t *testing.T) {
	fil := filepath.Join(t.TempDir(), "mox.crt")
	s := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(s.Close)
	paaBegge(t, Options{Graenser: Graenser{Certifikat: 24 * time.Hour}, Certifikater: map[string]string{"fjern.listen": fil},
		Fejlende: func() map[string]error { return map[string]error{"amqp": errors.New("kan ikke forbinde " + cpr)} }}, func(h *hus) {
		h.er("dele", h.se(), []string{regelCertifikat, regelDel})
		if tekst := h.fortalt[0].tekst(); strings.Contains(tekst, cpr) || !strings.Contains(tekst, "Certifikatet til fjern.listen kan ikke læses") {
			h.Error(tekst)
		}
	})
}

func TestUdloeb(t *testing.T) {
	t.Parallel()
	cert, _ := certifikat(t)
	var f fund
	slut, err := udloeb(cert)
	if err != nil || slut.Before(time.Now()) {
		t.Fatal(slut, err)
	}
	for om, vil := range map[time.Duration]int{2 * time.Hour: 0, 30 * time.Minute: 1, -time.Hour: 1} {
		f = nil
		f.certifikater(map[string]string{"amqp": cert}, Graenser{Certifikat: time.Hour}, slut.Add(-om))
		if len(f) != vil {
			t.Errorf("%s før: %+v", om, f)
		}
	}
}

// TestEnMailserverDerIkkeErVores gets the alarm, over TLS and after login, with what an operator needs and no more.
func TestEnMailserverDerIkkeErVores(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 53")
	cert, noegle := certifikat(t)
	raa, err := os.ReadFile(cert)
	if err != nil {
		t.Fatal(err)
	}
	rod := x509.NewCertPool()
	rod.AppendCertsFromPEM(raa)
	for _, maade := range []string{"starttls", "tls"} {
		server := testenv.SMTP(t, cert, noegle, "hemmeligt", maade)
		m := &Mail{Server: server.Addr, Fra: "mox@kommune.example", Til: []string{"vagt@kommune.example"}, Bruger: "mox", Kodeord: "hemmeligt", TLS: maade, rod: rod}
		if err := m.Tjek(); err != nil {
			t.Fatal(err)
		}
		a := store.Alarm{Regel: regelAeldste, Tekst: "esdh.sager har 12 i kø, den ældste fra 2/1 15.04", Raad: "se, om modtageren svarer", Sti: "/fejl", Begyndt: time.Now()}
		if err := m.send(t.Context(), samling{Emne: emne([]store.Alarm{a}), Adresse: "https://mox.kommune.example", Alarmer: []store.Alarm{a}}, m.Til[0]); err != nil {
			t.Fatalf("%s: %v", maade, err)
		}
		laest(t, server.Next(), a)
		m.Kodeord = "forkert"
		if err := m.send(t.Context(), samling{}, m.Til[0]); err == nil {
			t.Errorf("%s: et forkert kodeord gik godt", maade)
		}
		m.Kodeord, m.rod = "hemmeligt", x509.NewCertPool()
		if err := m.send(t.Context(), samling{}, m.Til[0]); err == nil {
			t.Errorf("%s: en ukendt server fik mailen", maade)
		}
	}
}

// laest checks the mail that came.
func laest(t *testing.T, fik testenv.Mail, a store.Alarm) {
	t.Helper()
	msg, err := mail.ReadMessage(strings.NewReader(fik.Content))
	if err != nil {
		t.Fatal(err)
	}
	emnet, err := new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject"))
	if err != nil || emnet != "MOX: "+a.Tekst || fik.From != "mox@kommune.example" || fmt.Sprint(fik.To) != "[vagt@kommune.example]" {
		t.Errorf("%v %q %+v", err, emnet, fik)
	}
	for _, hvad := range []string{"har 12 i k=C3=B8", "https://mox.kommune.example/fejl"} {
		if !strings.Contains(strings.ReplaceAll(fik.Content, "=\r\n", ""), hvad) {
			t.Errorf("%q mangler:\n%s", hvad, fik.Content)
		}
	}
}

// TestEnTavsMailserver holds nothing longer than the time there is.
func TestEnTavsMailserver(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	ctx, slut := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer slut()
	m := &Mail{Server: l.Addr().String(), Fra: "mox@kommune.example", Til: []string{"vagt@kommune.example"}, TLS: "ingen"}
	if err := m.send(ctx, samling{}, m.Til[0]); err == nil {
		t.Error("den svarede")
	}
}

// TestEnAfvistAdresseHolderIngenAnden: the others get theirs once, and that one was refused is an alarm.
func TestEnAfvistAdresseHolderIngenAnden(t *testing.T) {
	nej := "nej@" + strings.Repeat("x", 600) + ".example"
	paaBegge(t, Options{Saml: time.Minute}, func(h *hus) {
		server := testenv.SMTP(h.T)
		m := &Mail{Server: server.Addr, Fra: "mox@kommune.example", Til: []string{nej, "vagt@kommune.example"}, TLS: "ingen"}
		h.a.kanal = m.kanaler()
		h.abonner()
		h.send(2)
		h.udfald(mox.Udfald{Resultat: mox.ResAfvist})
		h.maa(h.a.Se(h.Context()))
		h.nu = h.nu.Add(time.Minute)
		h.maa(h.a.Se(h.Context()))
		if fik := server.Next(); fmt.Sprint(fik.To) != "[vagt@kommune.example]" || !strings.Contains(fik.Content, "venter bag 1") {
			h.Errorf("%+v", fik)
		}
		h.maa(h.a.Se(h.Context()))
		staar, _, err := h.d.Alarmer(h.Context())
		h.maa(err)
		if len(staar) != 2 || fmt.Sprint(staar[0].Modtagere) != "[mail vagt@kommune.example]" || staar[1].Regel != regelAfsendelse || staar[1].Genstand != "mail "+nej {
			h.Errorf("%+v", staar)
		}
	})
}

// TestIngenPersonnumreILinks: not even where somebody has put one into a name.
func TestIngenPersonnumreILinks(t *testing.T) {
	t.Parallel()
	var f fund
	f.overblik(&distributor.Overblik{Stande: map[mox.AbonnementID]*store.Stand{"esdh." + cpr: {Abonnement: "esdh." + cpr, Blokeret: 1, Antal: map[mox.LeveranceTilstand]int{mox.Parkeret: 1}}},
		Fejl: []store.FejlGruppe{{Kode: cpr, Antal: 1, Aeldste: time.Now().Add(-time.Hour)}}}, nil, Graenser{Venter: time.Minute}, time.Now())
	if len(f) != 2 || strings.Contains(fmt.Sprint(f), cpr) {
		t.Errorf("%+v", f)
	}
}

func TestMailTjek(t *testing.T) {
	t.Parallel()
	god := Mail{Server: "smtp.kommune.example:587", Fra: "mox@kommune.example", Til: []string{"a@b.example"}, TLS: "starttls"}
	if err := god.Tjek(); err != nil {
		t.Error(err)
	}
	for navn, f := range map[string]func(*Mail){
		"uden port":       func(m *Mail) { m.Server = "smtp.kommune.example" },
		"uden modtager":   func(m *Mail) { m.Til = nil },
		"ukendt tls":      func(m *Mail) { m.TLS = "ssl" },
		"uden tls":        func(m *Mail) { m.TLS = "ingen" },
		"forkert adresse": func(m *Mail) { m.Til = []string{"vagten"} },
	} {
		m := god
		f(&m)
		if m.Tjek() == nil {
			t.Errorf("%s gik godt", navn)
		}
	}
}

func TestWebhook(t *testing.T) {
	t.Parallel()
	hemmelighed, err := webhook.LaesHemmelighed(webhook.NyHemmelighed())
	if err != nil {
		t.Fatal(err)
	}
	status := http.StatusNoContent
	var krop []byte
	var hoved http.Header
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		krop, _ = io.ReadAll(r.Body)
		hoved = r.Header
		w.WriteHeader(status)
	}))
	t.Cleanup(s.Close)
	w := &Webhook{URL: s.URL + "?noegle=7", Hemmelighed: hemmelighed, Klient: s.Client()}
	l := samling{Adresse: "https://mox", Alarmer: []store.Alarm{{ID: 7, Regel: regelDisk, Tekst: "fuld", Sti: "/"}}}
	if err := w.send(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	var ud webhookkrop
	if err := json.Unmarshal(krop, &ud); err != nil || ud.Type != "mox.alarm" || len(ud.Alarmer) != 1 || ud.Alarmer[0].Link != "https://mox/" || ud.Alarmer[0].ID != 7 {
		t.Errorf("%s %v", krop, err)
	}
	vil := http.Header{}
	webhook.Underskriv(vil, hoved.Get("webhook-id"), ud.Tid, krop, [][]byte{hemmelighed})
	if hoved.Get("webhook-signature") != vil.Get("webhook-signature") {
		t.Error(hoved)
	}
	status = http.StatusInternalServerError
	if err := w.send(t.Context(), l); err == nil {
		t.Error("500 gik godt")
	}
	s.Close()
	if err := w.send(t.Context(), l); err == nil || strings.Contains(err.Error(), "noegle=7") {
		t.Error(err)
	}
}
