package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/netip"
	"os"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/carrier/push"
	"github.com/moxkit/mox/internal/webhook"
)

// aabnPush makes the carrier that calls receivers.
func (a *App) aabnPush(context.Context) error {
	o, err := a.pushOptions()
	if err != nil {
		return err
	}
	a.push = push.New(a.distributor, o)
	a.gruppe.Add("push", a.push.Run)
	return nil
}

func (a *App) pushOptions() (o push.Options, err error) {
	if o, err = a.config.pushOptions(); err != nil {
		return o, err
	}
	o.Abonnementer, o.Aendret, o.Ejer, o.Koder = a.distributor.Abonnementer, a.distributor.Aendret, a.distributor.Inkarnation(), a.tjeneste.Koder
	o.Fordeler, o.Log, o.Hemmeligheder = a.store.InstallationID(), a.log, a.pushhemmeligheder
	return o, nil
}

// pushOptions are what mox.yaml says of calls to receivers, with the files it names.
func (c *Config) pushOptions() (o push.Options, err error) {
	o.Oprindelse = c.Push.Oprindelse
	for i, n := range c.Push.TilladteNet {
		p, err := netip.ParsePrefix(n)
		if err != nil {
			return o, mox.E("config", mox.KodeUgyldig, "push.tilladte_net[%d] er ikke et net: %q", i, n).Med("skriv fx 10.1.0.0/16 eller 10.1.2.3/32")
		}
		o.TilladteNet = append(o.TilladteNet, p)
	}
	o.CA, o.Certifikater, err = c.certifikater("push", c.Push.CA, c.Push.Certifikat, c.Push.Noegle)
	return o, err
}

// pushhemmeligheder are what an abonnement's calls are signed with.
func (a *App) pushhemmeligheder(ab mox.Abonnement) [][]byte {
	h, err := webhook.LaesHemmelighed(a.distributor.Pushhemmelighed(ab.ID))
	if err != nil {
		a.log.Error("et push-abonnement har ingen hemmelighed", "abonnement", ab.ID, "fejl", err)
		return nil
	}
	return [][]byte{h}
}

// certifikater reads who is trusted and who we are; both may be left out.
func (c *Config) certifikater(hvor, ca, certifikat, noegle string) (pulje *x509.CertPool, egne []tls.Certificate, err error) {
	if ca != "" {
		if pulje, err = c.pulje(hvor+".ca", ca); err != nil {
			return nil, nil, err
		}
	}
	if certifikat != "" {
		cert, err := tls.LoadX509KeyPair(c.sti(certifikat), c.sti(noegle))
		if err != nil {
			return nil, nil, mox.E("config", mox.KodeUgyldig, "certifikatet %s kan ikke bruges: %v", c.sti(certifikat), err).Med(fmt.Sprintf("ret %[1]s.certifikat og %[1]s.noegle i mox.yaml", hvor))
		}
		egne = []tls.Certificate{cert}
	}
	return pulje, egne, nil
}

// pulje reads the certificates of a PEM file; noegle is where mox.yaml names it.
func (c *Config) pulje(noegle, fil string) (*x509.CertPool, error) {
	b, err := os.ReadFile(c.sti(fil))
	pulje := x509.NewCertPool()
	if err != nil || !pulje.AppendCertsFromPEM(b) {
		return nil, mox.E("config", mox.KodeUgyldig, "%s er ikke en PEM-fil med et certifikat", c.sti(fil)).Med(fmt.Sprintf("ret %s i mox.yaml", noegle))
	}
	return pulje, nil
}

// kanBaeres asks whether there is a way to the receiver of a new abonnement, and whether a receiver agrees to be called.
func (a *App) kanBaeres(ctx context.Context, ab mox.Abonnement) error {
	switch ab.Carrier {
	case mox.CarrierAMQP:
		if a.config.AMQP.URL == "" {
			return mox.E("abonnement", mox.KodeUgyldig, "MOX har ingen beskedmægler at levere gennem").Med("start mox serve med --amqp amqp://…, eller vælg push eller pull")
		}
	case mox.CarrierKOMBIT:
		if a.config.KOMBIT.URL == "" {
			return mox.E("abonnement", mox.KodeUgyldig, "MOX bruger ikke den nationale beskedfordeler").Med("sæt kombit i mox.yaml op, og start mox serve igen")
		}
	case mox.CarrierPush:
		o, err := a.pushOptions()
		if err != nil {
			return err
		}
		return push.Proev(ctx, ab, o)
	}
	return nil
}
