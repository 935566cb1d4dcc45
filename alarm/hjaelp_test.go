package alarm

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// certifikat writes one for this machine, which is its own issuer, and gives the names of its files.
func certifikat(t *testing.T) (cert, noegle string) {
	t.Helper()
	maa := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	maa(err)
	mal := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "prøve"}, NotAfter: time.Now().Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, mal, mal, key.Public(), key)
	maa(err)
	k, err := x509.MarshalPKCS8PrivateKey(key)
	maa(err)
	dir := t.TempDir()
	cert, noegle = filepath.Join(dir, "mox.crt"), filepath.Join(dir, "mox.key")
	maa(os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	maa(os.WriteFile(noegle, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: k}), 0o600))
	return cert, noegle
}
