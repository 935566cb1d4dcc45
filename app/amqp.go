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
	if o.URL, err = a.config.brokerURL("amqp", c.URL, c.Kodeord); err != nil {
		return err
	}
	if o.TLS, err = a.config.brokerTLS("amqp", c.URL, c.CA, c.Certifikat, c.Noegle); err != nil {
		return err
	}
	if a.amqp, err = amqp.New(a.distributor, o); err != nil {
		return err
	}
	a.gruppe.Add("amqp", a.amqp.Run)
	return nil
}

// aabnKOMBIT makes the carrier to the national Beskedfordeler, where one is configured.
func (a *App) aabnKOMBIT(context.Context) error {
	c := a.config.KOMBIT
	if c.URL == "" {
		return nil
	}
	hemmelighed, err := a.config.hemmelighed("kombit.token.hemmelighed", c.Token.Hemmelighed)
	if err != nil {
		return err
	}
	o := amqp.KombitOptions{Token: amqp.Tokentjeneste{URL: c.Token.URL, Klient: c.Token.Klient, Hemmelighed: hemmelighed},
		Dueslag: c.Dueslag, Fejlkoe: c.Fejlkoe, Koder: a.tjeneste.Koder, Log: a.log}
	if o.URL, err = a.config.brokerURL("kombit", c.URL, c.Kodeord); err != nil {
		return err
	}
	if o.TLS, err = a.config.tls("kombit", c.CA, c.Certifikat, c.Noegle); err != nil {
		return err
	}
	if a.kombit, err = amqp.NyKombit(a.distributor, o); err != nil {
		return err
	}
	a.gruppe.Add("kombit", a.kombit.Run)
	return nil
}

// brokerURL is a broker's address with the password of its file. hvor names its section of mox.yaml.
func (c *Config) brokerURL(hvor, adresse, kodeord string) (string, error) {
	u, err := url.Parse(adresse)
	if err != nil || kodeord == "" {
		return adresse, nil // what is wrong with an address is for the carrier to tell
	}
	k, err := c.hemmelighed(hvor+".kodeord", kodeord)
	if err != nil {
		return "", err
	}
	u.User = url.UserPassword(u.User.Username(), k)
	return u.String(), nil
}

// hemmelighed reads a secret from its file, without the end of the line; none where there is no file.
func (c *Config) hemmelighed(hvor, fil string) (string, error) {
	if fil == "" {
		return "", nil
	}
	b, err := os.ReadFile(c.sti(fil))
	if err != nil {
		return "", mox.E("config", mox.KodeUgyldig, "%s kan ikke læses: %v", c.sti(fil), aarsag(err)).Med("ret " + hvor + " i mox.yaml")
	}
	return strings.TrimSpace(string(b)), nil
}

// brokerTLS is how the broker is known, and MOX to it; nil for amqp://.
func (c *Config) brokerTLS(hvor, adresse, ca, certifikat, noegle string) (*tls.Config, error) {
	if !strings.HasPrefix(adresse, "amqps:") {
		return nil, nil
	}
	return c.tls(hvor, ca, certifikat, noegle)
}

func (c *Config) tls(hvor, ca, certifikat, noegle string) (*tls.Config, error) {
	pulje, egne, err := c.certifikater(hvor, ca, certifikat, noegle)
	return &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pulje, Certificates: egne}, err
}
