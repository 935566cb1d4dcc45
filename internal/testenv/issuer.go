package testenv

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// Issuer issues certificates that only tests trust.
type Issuer struct {
	Certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// NewIssuer makes one with a new key.
func NewIssuer() (*Issuer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	c := template("MOX test CA")
	c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		return nil, err
	}
	i := &Issuer{key: key}
	i.Certificate, err = x509.ParseCertificate(der)
	return i, err
}

func template(name string) *x509.Certificate {
	serial, _ := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120)) // documented never to fail
	return &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(30 * 24 * time.Hour)}
}

// Issue issues a certificate in a name, good for this machine as a server and for any client.
func (i *Issuer) Issue(name string) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	c := template(name)
	c.DNSNames, c.IPAddresses = []string{"localhost"}, []net.IP{net.IPv4(127, 0, 0, 1)}
	c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	der, err := x509.CreateCertificate(rand.Reader, c, i.Certificate, key.Public(), i.key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}

// WritePEM writes a certificate and its key as DIR/NAME.pem and DIR/NAME.key, and returns their names.
func WritePEM(dir, name string, c tls.Certificate) (certificate, key string, err error) {
	certificate, key = filepath.Join(dir, name+".pem"), filepath.Join(dir, name+".key")
	der, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		return "", "", err
	}
	if err := os.WriteFile(certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate[0]}), 0o600); err != nil {
		return "", "", err
	}
	return certificate, key, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600)
}

// Write writes the issuer itself, to be read by ReadIssuer.
func (i *Issuer) Write(dir string) error {
	_, _, err := WritePEM(dir, "ca", tls.Certificate{Certificate: [][]byte{i.Certificate.Raw}, PrivateKey: i.key})
	return err
}

// ReadIssuer reads DIR/ca.pem and DIR/ca.key.
func ReadIssuer(dir string) (*Issuer, error) {
	c, err := tls.LoadX509KeyPair(filepath.Join(dir, "ca.pem"), filepath.Join(dir, "ca.key"))
	if err != nil {
		return nil, err
	}
	i := &Issuer{}
	i.key, _ = c.PrivateKey.(*ecdsa.PrivateKey) // as NewIssuer made it
	i.Certificate, err = x509.ParseCertificate(c.Certificate[0])
	return i, err
}
