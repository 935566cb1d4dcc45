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
	if a.config.AMQP.URL == "" {
		return nil
	}
	o, err := a.config.amqpOptions()
	if err != nil {
		return err
	}
	o.Koder, o.Log = a.tjeneste.Koder, a.log
	if a.amqp, err = amqp.New(a.distributor, o); err != nil {
		return err
	}
	a.gruppe.Add("amqp", a.amqp.Run)
	return nil
}

// amqpOptions are what mox.yaml says of the broker, with the files it names.
func (c *Config) amqpOptions() (o amqp.Options, err error) {
	x := c.AMQP
	o = amqp.Options{Systemer: x.Systemer, Brugere: x.Brugere, MaksLaengde: x.MaksLaengde}
	o.Lokal = len(x.Systemer) == 0 && len(x.Brugere) == 0 && c.udenRettigheder() && amqp.Loopback(x.URL)
	if o.URL, err = c.brokerURL("amqp", x.URL, x.Kodeord); err != nil {
		return o, err
	}
	o.TLS, err = c.brokerTLS("amqp", x.URL, x.CA, x.Certifikat, x.Noegle)
	return o, err
}

// aabnKOMBIT makes the carrier to the national Beskedfordeler, where one is configured.
func (a *App) aabnKOMBIT(context.Context) error {
	if a.config.KOMBIT.URL == "" {
		return nil
	}
	o, err := a.config.kombitOptions()
	if err != nil {
		return err
	}
	o.Koder, o.Log = a.tjeneste.Koder, a.log
	if a.kombit, err = amqp.NyKombit(a.distributor, o); err != nil {
		return err
	}
	a.gruppe.Add("kombit", a.kombit.Run)
	return nil
}

// kombitOptions are what mox.yaml says of the national Beskedfordeler, with the files it names.
func (c *Config) kombitOptions() (o amqp.KombitOptions, err error) {
	x := c.KOMBIT
	o = amqp.KombitOptions{Token: amqp.Tokentjeneste{URL: x.Token.URL, Klient: x.Token.Klient}, Dueslag: x.Dueslag, Fejlkoe: x.Fejlkoe}
	if o.Token.Hemmelighed, err = c.hemmelighed("kombit.token.hemmelighed", x.Token.Hemmelighed); err != nil {
		return o, err
	}
	if o.URL, err = c.brokerURL("kombit", x.URL, x.Kodeord); err != nil {
		return o, err
	}
	o.TLS, err = c.tls("kombit", x.CA, x.Certifikat, x.Noegle)
	return o, err
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
