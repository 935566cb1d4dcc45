package amqp_test

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/moxkit/mox/carrier/amqp"
	"github.com/moxkit/mox/internal/testenv"
)

// sikkert is a broker with TLS: its address with a user of its own and that user's password, and how to trust it.
type sikkert struct {
	*testing.T
	broker *testenv.Broker
	url    *url.URL // without a user
	bruger *url.URL // with it
	ca     *testenv.Issuer
}

func nytSikkert(t *testing.T) *sikkert {
	t.Helper()
	s := &sikkert{T: t, broker: testenv.RabbitMQ(t)}
	s.url, s.ca = s.broker.TLS()
	_, klar := s.broker.User(".*", ".*", ".*")
	u, err := url.Parse(klar)
	if err != nil {
		t.Fatal(err)
	}
	med := *s.url
	med.User = u.User
	s.bruger = &med
	return s
}

// certifikat is a client certificate of the broker's issuer, in a name.
func (s *sikkert) certifikat(navn string) tls.Certificate {
	s.Helper()
	c, err := s.ca.Issue(navn)
	if err != nil {
		s.Fatal(err)
	}
	return c
}

// stoler trusts the broker.
func (s *sikkert) stoler(egne ...tls.Certificate) *tls.Config {
	p := x509.NewCertPool()
	p.AddCert(s.ca.Certificate)
	return &tls.Config{RootCAs: p, Certificates: egne}
}

func TestTLSTilMaegleren(t *testing.T) {
	t.Parallel()
	s := nytSikkert(t)
	andres, err := testenv.NewIssuer()
	if err != nil {
		t.Fatal(err)
	}
	fremmed := x509.NewCertPool()
	fremmed.AddCert(andres.Certificate)
	forkert, lukket := *s.bruger, *s.bruger
	forkert.User = url.UserPassword(s.bruger.User.Username(), "Xforkert9")
	lukket.Path = "/findes-ikke"
	for navn, x := range map[string]struct {
		url  *url.URL
		tls  *tls.Config
		fejl string // "" = connected
	}{
		"udsteder og adgangskode":  {s.bruger, s.stoler(), ""},
		"EXTERNAL":                 {s.url, s.stoler(s.certifikat(s.bruger.User.Username())), ""},
		"EXTERNAL af en ukendt":    {s.url, s.stoler(s.certifikat("ingen")), "afviser login"},
		"ukendt udsteder":          {s.bruger, &tls.Config{RootCAs: fremmed}, "certifikat kan ikke godkendes"},
		"maskinens egne udstedere": {s.bruger, &tls.Config{}, "certifikat kan ikke godkendes"},
		"forkert adgangskode":      {&forkert, s.stoler(), "afviser login"},
		"en anden vhost":           {&lukket, s.stoler(), "vhost"},
	} {
		t.Run(navn, func(t *testing.T) {
			t.Parallel()
			h := nytLager(t, nil)
			h.koer(amqp.Options{URL: x.url.String(), TLS: x.tls})
			h.bliver(navn, func() bool {
				s := h.a.Stand()
				return s.Forbundet && x.fejl == "" || !s.Forbundet && x.fejl != "" && strings.Contains(s.Fejl, x.fejl)
			})
			if kode, _ := x.url.User.Password(); kode != "" && strings.Contains(h.log.String()+h.a.Stand().Fejl, kode) {
				t.Error("adgangskoden står i loggen")
			}
		})
	}
}

// TestTokenOgCertifikatTilDenNationale: SASL EXTERNAL with the system's certificate, and the token as the answer. RabbitMQ's
// own EXTERNAL looks at the certificate only.
func TestTokenOgCertifikatTilDenNationale(t *testing.T) {
	t.Parallel()
	s := nytSikkert(t)
	tokens := httptest.NewServer(http.HandlerFunc(tjeneste))
	t.Cleanup(tokens.Close)
	o := amqp.KombitOptions{URL: s.url.String(), TLS: s.stoler(s.certifikat(s.bruger.User.Username())), Token: amqp.Tokentjeneste{URL: tokens.URL, Klient: "mox"}}
	h := nytNationalt(t, s.broker, o)
	h.bliver("forbundet", func() bool { return h.k.Stand().Forbundet })
	svarende(&h.hus, s.broker, standardRetur(20, ""))
	defer h.stop()
	b := h.accepter(1)
	h.bliver("sendt", h.sendt(b.ID))
}
