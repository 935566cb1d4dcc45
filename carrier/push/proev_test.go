package push

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/webhook"
)

func svarTilladt(v string, status int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if v != "" {
			w.Header().Set("WebHook-Allowed-Origin", v)
		}
		w.Header().Set("WebHook-Allowed-Rate", "100")
		w.WriteHeader(status)
	}
}

func TestProevSpoergerModtagerenFoerst(t *testing.T) {
	t.Parallel()
	nej := func(w http.ResponseWriter, _ kald1) { w.WriteHeader(http.StatusNotFound) }
	for navn, c := range map[string]struct {
		form      mox.PushForm
		validerer http.HandlerFunc
		efter     func(http.ResponseWriter, kald1)
		kode      mox.Kode
		prøver    int
	}{
		"siger ja til os":                {mox.FormCloudEvent, svarTilladt("mox.kommune.example", 200), nej, "", 0},
		"siger ja til os, anden skrift":  {mox.FormStruktureret, svarTilladt("MOX.Kommune.example", 200), nej, "", 0},
		"siger ja til alle":              {mox.FormStruktureret, svarTilladt("*", 200), nej, "", 0},
		"siger ja, status er ligegyldig": {mox.FormCloudEvent, svarTilladt("*", 405), nej, "", 0},
		"siger ja til en anden":          {mox.FormCloudEvent, svarTilladt("andre.example", 200), nej, mox.KodeIkkeTilladt, 1},
		"200 er ikke et ja":              {mox.FormCloudEvent, svarTilladt("", 200), nej, mox.KodeIkkeTilladt, 1},
		"kender ikke OPTIONS":            {mox.FormCloudEvent, nil, nil, "", 1},
		"har travlt":                     {mox.FormCloudEvent, nil, func(w http.ResponseWriter, _ kald1) { w.WriteHeader(503) }, mox.KodeUtilgaengelig, 1},
		"afviser":                        {mox.FormCloudEvent, nil, func(w http.ResponseWriter, _ kald1) { w.WriteHeader(422) }, mox.KodeIkkeTilladt, 1},
		"modtagbesked siger 20": {mox.FormModtagBesked, svarTilladt("*", 200), func(w http.ResponseWriter, _ kald1) {
			w.Header().Set("Content-Type", "application/xml")
			_, _ = w.Write([]byte(modtagBeskedOutput("20", "")))
		}, "", 1},
		"modtagbesked siger 51":  {mox.FormModtagBesked, svarTilladt("*", 200), func(w http.ResponseWriter, _ kald1) { _, _ = w.Write([]byte(modtagBeskedOutput("51", ""))) }, mox.KodeIkkeTilladt, 1},
		"modtagbesked siger 204": {mox.FormModtagBesked, nil, nil, mox.KodeIkkeTilladt, 1},
	} {
		t.Run(navn, func(t *testing.T) {
			t.Parallel()
			m := nyModtager(t)
			m.paaValidering, m.efter = func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("WebHook-Request-Origin") != "mox.kommune.example" {
					t.Errorf("%v", r.Header)
				}
				c.validerer(w, r)
			}, c.efter
			if c.validerer == nil {
				m.paaValidering = nil
			}
			o := naboer(m)
			o.Oprindelse = "mox.kommune.example"
			k, err := webhook.LaesHemmelighed(webhook.NyHemmelighed())
			maa(t, err)
			o.Hemmeligheder = func(mox.Abonnement) [][]byte { return [][]byte{k} }
			a := abonnement("esdh", m.URL)
			a.Push.Form = c.form
			err = Proev(t.Context(), a, o)
			proevet(t, err, c.kode)
			kald := m.kaldt()
			if len(kald) != c.prøver {
				t.Fatalf("%d test events, want %d", len(kald), c.prøver)
			}
			for _, k := range kald {
				if k.besked.Type != "Proeve" || k.header.Get(webhook.HeaderSignatur) == "" || k.header.Get("abonnementID") != "esdh" || len(k.besked.Relateret) != 0 {
					t.Errorf("%+v %v", k.besked, k.header)
				}
				maa(t, k.besked.Valider())
			}
		})
	}
}

// proevet checks an outcome of Proev: an error has a next step and names the field.
func proevet(t testing.TB, err error, kode mox.Kode) {
	t.Helper()
	if mox.KodeAf(err) != kode {
		t.Errorf("%v, want %q", err, kode)
	}
	var e *mox.Error
	if errors.As(err, &e) && (e.Raad == "" || len(e.Felter) != 1 || e.Felter[0].Sti != "push.url" || e.Felter[0].Tekst == "") {
		t.Errorf("%+v", e)
	}
}

func TestProevAfEnAdresseDerIkkeSvarer(t *testing.T) {
	t.Parallel()
	m := nyModtager(t)
	m.paaValidering = svarTilladt("*", 200)
	o := naboer(m)
	proevet(t, Proev(t.Context(), abonnement("esdh", "https://127.0.0.1:1"), o), mox.KodeUtilgaengelig)
	o.TilladteNet = nil
	proevet(t, Proev(t.Context(), abonnement("esdh", m.URL), o), mox.KodeUgyldig)
	hent := mox.Abonnement{ID: "esdh", Carrier: mox.CarrierPull}
	if err := Proev(t.Context(), hent, o); mox.KodeAf(err) != mox.KodeUgyldig || !strings.Contains(err.Error(), "push") {
		t.Error(err)
	}
}

func TestProevHarEnFrist(t *testing.T) {
	t.Parallel()
	m := nyModtager(t)
	m.paaValidering = func(w http.ResponseWriter, _ *http.Request) { afbrydNaarTestenEr(t, w) }
	o := naboer(m)
	o.Timeout = 100 * time.Millisecond
	proevet(t, Proev(t.Context(), abonnement("esdh", m.URL), o), mox.KodeUtilgaengelig)
}
