package auth_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"errors"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/internal/problem"
)

// ca issues client certificates.
type ca struct {
	*testing.T
	cert   *x509.Certificate
	noegle *ecdsa.PrivateKey
	nr     int64
}

func nyCA(t *testing.T) *ca {
	t.Helper()
	c := &ca{T: t}
	skabelon := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Klient-CA"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	c.cert, c.noegle = c.underskriv(skabelon, nil)
	return c
}

// underskriv makes a certificate that c has issued, or one that is its own issuer while c has none.
func (c *ca) underskriv(skabelon *x509.Certificate, af *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
	c.Helper()
	noegle, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		c.Fatal(err)
	}
	over := c.cert
	if over == nil {
		over, af = skabelon, noegle
	}
	raa, err := x509.CreateCertificate(rand.Reader, skabelon, over, &noegle.PublicKey, af)
	if err != nil {
		c.Fatal(err)
	}
	cert, err := x509.ParseCertificate(raa)
	if err != nil {
		c.Fatal(err)
	}
	return cert, noegle
}

// til is a client certificate for a name.
func (c *ca) til(navn string, brug x509.ExtKeyUsage) tls.Certificate {
	c.Helper()
	c.nr++
	cert, noegle := c.underskriv(&x509.Certificate{SerialNumber: big.NewInt(c.nr + 1), Subject: pkix.Name{CommonName: navn, Organization: []string{"Eksempel, Kommune"}},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{brug}}, c.noegle)
	return tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: noegle, Leaf: cert}
}

func aftryk(c tls.Certificate) string {
	sum := sha256.Sum256(c.Leaf.Raw)
	return hex.EncodeToString(sum[:])
}

// TestKlientcertifikat over real TLS: known by fingerprint or by subject, and nobody else.
func TestKlientcertifikat(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 31")
	ca, fremmed := nyCA(t), nyCA(t)
	esdh, post, ukendt := ca.til("esdh", x509.ExtKeyUsageClientAuth), ca.til("post", x509.ExtKeyUsageClientAuth), ca.til("andet", x509.ExtKeyUsageClientAuth)
	h := &hus{ur: &ur{t: time.Now()}, noegle: map[string]string{}}
	klar, sha := auth.NyNoegle()
	h.Server = httptest.NewUnstartedServer(nil)
	var err error
	med := strings.ToUpper(aftryk(esdh))
	h.vagt, err = auth.NyVagt(auth.Options{Adresser: []string{h.Listener.Addr().String()}, Nu: h.ur.nu, Noegler: []auth.APINoegle{{Navn: "vagten", Rolle: auth.Drift, SHA256: sha}},
		Klienter: []auth.Klientcertifikat{{Navn: "esdh", System: "ESDH", SHA256: med[:2] + ":" + med[2:]}, {Navn: "post", System: "Post", Subject: `O=Eksempel\, Kommune, CN=post`}}})
	if err != nil {
		t.Fatal(err)
	}
	h.Config.Handler = h.vagt.Beskyt(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hvem, _ := auth.Fra(r.Context())
		_, _ = io.WriteString(w, hvem.Navn+" "+hvem.System)
	}))
	pulje := x509.NewCertPool()
	pulje.AddCert(ca.cert)
	h.TLS = &tls.Config{ClientCAs: pulje, ClientAuth: tls.VerifyClientCertIfGiven}
	h.StartTLS()
	t.Cleanup(h.Close)
	som := func(certer ...tls.Certificate) *http.Client {
		k := *h.Client()
		vej := k.Transport.(*http.Transport).Clone()
		vej.TLSClientConfig.Certificates = certer
		k.Transport = vej
		t.Cleanup(vej.CloseIdleConnections)
		return &k
	}
	kald := func(k *http.Client, sti, noegle string) (int, string, error) {
		r, err := http.NewRequest("GET", h.URL+sti, nil)
		if err != nil {
			t.Fatal(err)
		}
		if noegle != "" {
			r.Header.Set("Authorization", "Bearer "+noegle)
		}
		resp, err := k.Do(r)
		if err != nil {
			return 0, "", err
		}
		defer func() { _ = resp.Body.Close() }()
		if resp.StatusCode != http.StatusOK && strings.HasPrefix(sti, "/api/") {
			return resp.StatusCode, problem.Laes("test", resp).Tekst, nil
		}
		return resp.StatusCode, tekst(t, resp), nil
	}
	for navn, c := range map[string]struct {
		certer []tls.Certificate
		sti    string
		noegle string
		status int
		svar   string
	}{
		"aftryk":                       {[]tls.Certificate{esdh}, "/api/v1/x", "", 200, "esdh ESDH"},
		"subject":                      {[]tls.Certificate{post}, "/api/v1/x", "", 200, "post Post"},
		"ingen side":                   {[]tls.Certificate{esdh}, "/beskeder", "", 403, ""},
		"ikke lukket ind":              {[]tls.Certificate{ukendt}, "/api/v1/x", "", 401, `klientcertifikatet "CN=andet,O=Eksempel\\, Kommune" hører ikke til et system, der er lukket ind`},
		"nøglen gælder før":            {[]tls.Certificate{esdh}, "/api/v1/x", klar, 200, "vagten "},
		"en forkert nøgle reddes ikke": {[]tls.Certificate{esdh}, "/api/v1/x", "mox_forkert", 401, "nøglen kendes ikke"},
		"uden certifikat":              {nil, "/api/v1/x", "", 401, "kaldet har ingen nøgle"},
		"uden certifikat, med nøgle":   {nil, "/api/v1/x", klar, 200, "vagten "},
	} {
		status, svar, err := kald(som(c.certer...), c.sti, c.noegle)
		if err != nil || status != c.status || c.svar != "" && svar != c.svar {
			t.Errorf("%s: %d %q %v", navn, status, svar, err)
		}
	}
	for navn, cert := range map[string]tls.Certificate{"en anden udsteder": fremmed.til("post", x509.ExtKeyUsageClientAuth), "til servere": ca.til("post", x509.ExtKeyUsageServerAuth)} {
		if status, svar, err := kald(som(cert), "/api/v1/x", klar); err == nil {
			t.Errorf("%s: %d %s", navn, status, svar)
		}
	}
	h.ur.frem(2 * time.Hour)
	if status, svar, err := kald(som(esdh), "/api/v1/x", ""); err != nil || status != 401 || !strings.Contains(svar, `klientcertifikatet for "esdh" udløb`) {
		t.Errorf("a connection that outlives its certificate: %d %q %v", status, svar, err)
	}
}

func TestOpsaetningAfKlientcertifikater(t *testing.T) {
	t.Parallel()
	aftryk := strings.Repeat("ab", 32)
	for navn, c := range map[string]struct {
		l   []auth.Klientcertifikat
		sti string
	}{
		"uden navn":              {[]auth.Klientcertifikat{{System: "A", SHA256: aftryk}}, "fjern.klienter[0].navn"},
		"uden system":            {[]auth.Klientcertifikat{{Navn: "a", SHA256: aftryk}}, "fjern.klienter[0].system"},
		"uden begge":             {[]auth.Klientcertifikat{{Navn: "a", System: "A"}}, "fjern.klienter[0].sha256"},
		"med begge":              {[]auth.Klientcertifikat{{Navn: "a", System: "A", SHA256: aftryk, Subject: "CN=a"}}, "fjern.klienter[0].sha256"},
		"et kort aftryk":         {[]auth.Klientcertifikat{{Navn: "a", System: "A", SHA256: "abcd"}}, "fjern.klienter[0].sha256"},
		"samme aftryk to gange":  {[]auth.Klientcertifikat{{Navn: "a", System: "A", SHA256: aftryk}, {Navn: "b", System: "B", SHA256: aftryk}}, "fjern.klienter[1].sha256"},
		"samme subject to gange": {[]auth.Klientcertifikat{{Navn: "a", System: "A", Subject: "CN=a"}, {Navn: "b", System: "B", Subject: "CN=a"}}, "fjern.klienter[1].subject"},
	} {
		_, err := auth.NyVagt(auth.Options{Adresser: []string{"127.0.0.1:8480"}, Klienter: c.l})
		var e *mox.Error
		if !errors.As(err, &e) || e.Kode != mox.KodeUgyldig || len(e.Felter) != 1 || e.Felter[0].Sti != c.sti {
			t.Errorf("%s: %v", navn, err)
		}
	}
}

// TestNoeglerAfloeses: while a holder changes to a new key both are good, until the old one expires.
func TestNoeglerAfloeses(t *testing.T) {
	t.Parallel()
	ur := &ur{t: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	gammel, shaGammel := auth.NyNoegle()
	ny, shaNy := auth.NyNoegle()
	_, shaTredje := auth.NyNoegle()
	den := func(sha string, udloeber time.Time) auth.APINoegle {
		return auth.APINoegle{Navn: "esdh", System: "ESDH", Rolle: auth.System, SHA256: sha, Udloeber: udloeber}
	}
	slut := ur.nu().Add(7 * 24 * time.Hour)
	vagt := func(l ...auth.APINoegle) (*auth.Vagt, error) {
		return auth.NyVagt(auth.Options{Adresser: []string{"127.0.0.1:8480"}, Noegler: l, Nu: ur.nu})
	}
	v, err := vagt(den(shaGammel, slut), den(shaNy, time.Time{}))
	if err != nil {
		t.Fatal(err)
	}
	for _, noegle := range []string{gammel, ny} {
		if hvem, err := v.Kend(noegle); err != nil || hvem != (auth.Identitet{Navn: "esdh", System: "ESDH", Rolle: auth.System}) {
			t.Errorf("%+v %v", hvem, err)
		}
	}
	ur.frem(7 * 24 * time.Hour)
	if _, err := v.Kend(gammel); !errors.Is(err, auth.ErrUdloebet) {
		t.Error(err)
	}
	if _, err := v.Kend(ny); err != nil {
		t.Error(err)
	}
	andet := den(shaNy, time.Time{})
	andet.System = "Andet"
	for navn, l := range map[string][]auth.APINoegle{
		"ingen af dem udløber":     {den(shaGammel, time.Time{}), den(shaNy, time.Time{})},
		"tre":                      {den(shaGammel, slut), den(shaNy, slut), den(shaTredje, slut)},
		"et andet system":          {den(shaGammel, slut), andet},
		"den samme nøgle to gange": {den(shaGammel, slut), den(shaGammel, time.Time{})},
	} {
		if _, err := vagt(l...); mox.KodeAf(err) != mox.KodeUgyldig {
			t.Errorf("%s: %v", navn, err)
		}
	}
}
