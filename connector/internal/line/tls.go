package line

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"

	"github.com/moxkit/mox/connector"
)

// Roots gives the machine's root certificates and those in file (PEM); nil = the machine's alone.
func Roots(file string, env connector.Env) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(env.Path(file))
	if err != nil {
		return nil, fmt.Errorf("ca: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("ca: der er intet certifikat i PEM-form i %s", file)
	}
	return pool, nil
}

// TLS is how we speak TLS with a host, whose certificate is checked.
func TLS(host, ca string, env connector.Env) (*tls.Config, error) {
	roots, err := Roots(ca, env)
	if err != nil {
		return nil, err
	}
	return &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12, RootCAs: roots}, nil
}

// Loopback reports whether a host is this machine.
func Loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
