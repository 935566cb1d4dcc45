package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/carrier/amqp"
	"github.com/moxkit/mox/internal/testenv"
)

// mappe is a data folder with the files named, and mox.yaml among them.
func mappe(t *testing.T, filer map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for navn, indhold := range filer {
		if err := os.WriteFile(filepath.Join(dir, navn), []byte(indhold), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// aaben opens an installation without running it.
func aaben(t *testing.T, dir string) (*App, error) {
	t.Helper()
	c, err := LaesConfig(dir)
	if err != nil {
		return nil, err
	}
	c.Listen = "127.0.0.1:0"
	a, err := Open(t.Context(), c, Options{})
	if err == nil {
		t.Cleanup(func() {
			if err := a.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	return a, err
}

// bliverForbundet runs a carrier until it is connected.
func bliverForbundet(t *testing.T, run func(context.Context) error, stand func() amqp.Stand) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	slut := make(chan struct{})
	go func() {
		defer close(slut)
		_ = run(ctx) // nil
	}()
	defer func() {
		stop()
		<-slut
	}()
	frist, kig := time.After(30*time.Second), time.NewTicker(5*time.Millisecond)
	defer kig.Stop()
	for !stand().Forbundet {
		select {
		case <-kig.C:
		case <-frist:
			t.Fatalf("%+v", stand())
		}
	}
}

// TestMaeglerneIMoxYaml: address, password file, issuer and certificates as they stand in mox.yaml, to a real broker with TLS.
func TestMaeglerneIMoxYaml(t *testing.T) {
	t.Parallel()
	broker := testenv.RabbitMQ(t)
	adresse, ca := broker.TLS()
	bruger, klar := broker.User(".*", ".*", ".*")
	u, err := url.Parse(klar)
	if err != nil {
		t.Fatal(err)
	}
	kodeord, _ := u.User.Password()
	tokens := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if navn, hemmelighed, _ := r.BasicAuth(); navn != "kommune" || hemmelighed != "hemmelig" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"access_token":"et-token","token_type":"Bearer"}`)
	}))
	t.Cleanup(tokens.Close)
	dir := mappe(t, map[string]string{"mq.kodeord": kodeord + "\n", "token.hemmelighed": "hemmelig\n"})
	c, err := ca.Issue(bruger)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := testenv.WritePEM(dir, "mox", c); err != nil {
		t.Fatal(err)
	}
	if _, _, err := testenv.WritePEM(dir, "ca", tls.Certificate{Certificate: [][]byte{ca.Certificate.Raw}, PrivateKey: c.PrivateKey}); err != nil {
		t.Fatal(err)
	}
	med := *adresse
	med.User = url.User(bruger)
	yaml := fmt.Sprintf("amqp: {url: %q, kodeord: mq.kodeord, ca: ca.pem}\nkombit: {url: %q, ca: ca.pem, certifikat: mox.pem, noegle: mox.key, token: {url: %q, klient: kommune, hemmelighed: token.hemmelighed}}\n",
		med.String(), adresse.String(), tokens.URL)
	if err := os.WriteFile(filepath.Join(dir, "mox.yaml"), []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := aaben(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	bliverForbundet(t, a.amqp.Run, a.amqp.Stand)
	bliverForbundet(t, a.kombit.Run, a.kombit.Stand)
	if err := a.kanBaeres(t.Context(), mox.Abonnement{Carrier: mox.CarrierKOMBIT, System: mox.KOMBIT}); err != nil {
		t.Error(err)
	}
}

// TestMaeglereDerIkkeKanBruges: what is wrong in mox.yaml is told before anything runs, with what to mend.
func TestMaeglereDerIkkeKanBruges(t *testing.T) {
	t.Parallel()
	for yaml, want := range map[string]string{
		"amqp: {url: 'amqps://mox@mq.example', kodeord: findes-ikke}":                                      "amqp.kodeord",
		"amqp: {url: 'amqps://mox@mq.example', ca: mox.yaml}":                                              "amqp.ca",
		"amqp: {url: 'amqps://mq.example', certifikat: mox.yaml, noegle: mox.yaml}":                        "amqp.certifikat",
		"kombit: {url: 'amqps://bf.example', token: {url: 'https://t.example', hemmelighed: x}}":           "kombit.token.hemmelighed",
		"kombit: {url: 'amqps://mox@bf.example', kodeord: findes-ikke, token: {url: 'https://t.example'}}": "kombit.kodeord",
		"kombit: {url: 'amqps://bf.example', ca: mox.yaml, token: {url: 'https://t.example'}}":             "kombit.ca",
		"kombit: {url: 'amqps://bf.example'}":                                                              "kombit.token.url",
		"kombit: {url: 'amqps://bf.example', token: {url: 'https://t.example'}, dueslag: [x]}":             "dueslag",
	} {
		_, err := aaben(t, mappe(t, map[string]string{"mox.yaml": yaml}))
		var e *mox.Error
		if !errors.As(err, &e) || e.Raad == "" || !strings.Contains(e.Tekst+e.Raad, want) {
			t.Errorf("%s: %v", yaml, err)
		}
	}
	a, err := aaben(t, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := a.kanBaeres(t.Context(), mox.Abonnement{Carrier: mox.CarrierKOMBIT, System: mox.KOMBIT}); mox.KodeAf(err) != mox.KodeUgyldig {
		t.Error(err)
	}
}
