package amqp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/service"
)

// Limits on the wire.
const (
	forbindFrist  = 10 * time.Second // connection and handshake
	hjerteslag    = 10 * time.Second // a broker that is silent for twice as long is gone
	bekraeftFrist = 30 * time.Second // a confirm that takes longer is an unknown outcome
	stabil        = time.Minute      // a connection that lasted so long was a good one
)

// Stand is how the connection to the broker stands.
type Stand struct {
	Forbundet bool
	Siden     time.Time // of that
	Fejl      string    // why it is not connected
}

// forbindelse is a connection to a broker that is made anew whenever it is lost.
type forbindelse struct {
	log   *slog.Logger
	mu    *sync.Mutex
	stand *Stand
}

func nyForbindelse(navn string, log *slog.Logger) forbindelse {
	return forbindelse{log: log.With("del", navn), mu: &sync.Mutex{}, stand: &Stand{Siden: time.Now(), Fejl: "ikke forbundet endnu"}}
}

// Stand tells how the connection stands now.
func (f *forbindelse) Stand() Stand {
	f.mu.Lock()
	defer f.mu.Unlock()
	return *f.stand
}

func (f *forbindelse) saetStand(forbundet bool, fejl string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stand.Forbundet != forbundet { // a further try that fails is the same trouble
		f.stand.Siden = time.Now()
	}
	f.stand.Forbundet, f.stand.Fejl = forbundet, fejl
}

// hold makes connections until ctx ends. forbundet is one: it returns when it is lost, and why.
func (f *forbindelse) hold(ctx context.Context, forbundet func(context.Context) error) error {
	for fejl := 1; ; fejl++ {
		begyndt := time.Now()
		err := forbundet(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if time.Since(begyndt) > stabil {
			fejl = 1
		}
		hvorfor := mox.Maskeret(mox.Forklaring(err))
		f.saetStand(false, hvorfor)
		f.log.Warn("forbindelsen til beskedmægleren er væk", "fejl", hvorfor, "vent", service.Backoff(fejl))
		if !service.Wait(ctx, service.Backoff(fejl)) {
			return nil
		}
	}
}

// forbind opens a connection. Without sasl the login is that of the address, or where it has no user, the client certificate.
func forbind(adresse string, t *tls.Config, sasl amqp.Authentication) (*amqp.Connection, error) {
	c := amqp.Config{Heartbeat: hjerteslag, Locale: "en_US", TLSClientConfig: t, Properties: amqp.NewConnectionProperties()}
	c.Properties.SetClientConnectionName("mox")
	c.Dial = amqp.DefaultDial(forbindFrist)
	u, err := url.Parse(adresse)
	if sasl == nil && err == nil && u.User == nil && t != nil && (len(t.Certificates) > 0 || t.GetClientCertificate != nil) {
		sasl = &amqp.ExternalAuth{}
	}
	if sasl != nil {
		c.SASL = []amqp.Authentication{sasl}
	}
	conn, err := amqp.DialConfig(adresse, c)
	if err != nil {
		return nil, forbindfejl(err)
	}
	return conn, nil
}

// forbindfejl says what a refused connection is about, and what to look at.
func forbindfejl(err error) error {
	var certifikat *tls.CertificateVerificationError
	var svar *amqp.Error
	e := mox.E("amqp.forbind", mox.KodeUtilgaengelig, "kan ikke forbinde til beskedmægleren: %v", err).Med("se, om den kører, og om adressen er rigtig")
	switch {
	case errors.As(err, &certifikat):
		e = mox.E("amqp.forbind", mox.KodeIkkeTilladt, "beskedmæglerens certifikat kan ikke godkendes: %v", certifikat.Err).Med("angiv certifikatets udsteder med ca i mox.yaml")
	case errors.Is(err, amqp.ErrSASL):
		e = mox.E("amqp.forbind", mox.KodeIkkeTilladt, "beskedmægleren tilbyder ikke den måde, MOX logger ind på").Med("slå EXTERNAL til hos beskedmægleren, eller skriv en bruger i url i mox.yaml")
	case errors.As(err, &svar) && svar.Code == amqp.AccessRefused:
		e = mox.E("amqp.forbind", mox.KodeIkkeTilladt, "beskedmægleren afviser login: brugeren findes ikke, eller adgangskode, certifikat eller token er forkert").
			Med("kontroller url, kodeord og certifikat i mox.yaml")
	case errors.As(err, &svar) && svar.Code == amqp.NotAllowed:
		e = mox.E("amqp.forbind", mox.KodeIkkeTilladt, "beskedmægleren lader ikke brugeren komme ind på vhost'en: %s", svar.Reason).Med("kontroller vhost'en i url, og brugerens rettigheder")
	}
	e.Err = err
	return e
}

// del is a part of what goes on over a connection. It returns when ctx ends or the connection is lost.
type del func(context.Context, *amqp.Connection) error

// errAfbrudt is why everything on one connection ends.
var errAfbrudt = errors.New("forbindelsen blev afbrudt")

// baer lets all parts work until the connection is lost, one of them fails, or ctx ends; then all have ended.
func (f *forbindelse) baer(ctx context.Context, conn *amqp.Connection, alle map[string]del) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	lukket := conn.NotifyClose(make(chan *amqp.Error, 1))
	var dele sync.WaitGroup
	for navn, del := range alle {
		dele.Go(func() {
			if err := del(ctx, conn); err != nil && ctx.Err() == nil {
				stop(fmt.Errorf("%s: %w", navn, err))
			}
		})
	}
	f.saetStand(true, "")
	f.log.Info("forbundet til beskedmægleren")
	select {
	case <-ctx.Done():
	case e := <-lukket:
		if e != nil {
			stop(e)
		} else {
			stop(errAfbrudt)
		}
	}
	dele.Wait()
	return context.Cause(ctx)
}
