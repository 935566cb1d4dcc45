package app

import (
	"context"
	"crypto/tls"
	"net/url"
	"os"
	"strings"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/carrier/amqp"
)

// aabnAMQP makes the carrier to the broker, where one is configured. It connects when it runs: a broker that is down keeps
// nobody else from their work.
func (a *App) aabnAMQP(context.Context) error {
	c := a.config.AMQP
	if c.URL == "" {
		return nil
	}
	o := amqp.Options{Systemer: c.Systemer, Brugere: c.Brugere, MaksLaengde: c.MaksLaengde, Koder: a.tjeneste.Koder, Log: a.log}
	o.Lokal = len(c.Systemer) == 0 && len(c.Brugere) == 0 && a.config.udenRettigheder() && amqp.Loopback(c.URL)
	var err error
	if o.URL, err = a.config.brokerURL(); err != nil {
		return err
	}
	if o.TLS, err = a.config.brokerTLS(); err != nil {
		return err
	}
	if a.amqp, err = amqp.New(a.distributor, o); err != nil {
		return err
	}
	a.gruppe.Add("amqp", a.amqp.Run)
	return nil
}

// brokerURL is the broker's address with the password of its file.
func (c *Config) brokerURL() (string, error) {
	u, err := url.Parse(c.AMQP.URL)
	if err != nil || c.AMQP.Kodeord == "" {
		return c.AMQP.URL, nil // what is wrong with an address is for the carrier to tell
	}
	b, err := os.ReadFile(c.sti(c.AMQP.Kodeord))
	if err != nil {
		return "", mox.E("config", mox.KodeUgyldig, "%s kan ikke læses: %v", c.sti(c.AMQP.Kodeord), aarsag(err)).Med("ret amqp.kodeord i mox.yaml")
	}
	u.User = url.UserPassword(u.User.Username(), strings.TrimSpace(string(b)))
	return u.String(), nil
}

// brokerTLS is how the broker is known, and MOX to it; nil for amqp://.
func (c *Config) brokerTLS() (*tls.Config, error) {
	if !strings.HasPrefix(c.AMQP.URL, "amqps:") {
		return nil, nil
	}
	ca, certifikater, err := c.certifikater("amqp", c.AMQP.CA, c.AMQP.Certifikat, c.AMQP.Noegle)
	return &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: ca, Certificates: certifikater}, err
}
