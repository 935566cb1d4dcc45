package styring

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	amqp "github.com/rabbitmq/amqp091-go"
)

// The addresses of a RabbitMQ that systems may be given: of the broker, and of its management plugin.
const (
	RabbitMQ    = "RABBITMQ"
	RabbitMQAPI = "RABBITMQ_API"
)

// Vhost is a vhost of a trial's own at a RabbitMQ, so that nothing of it is left there.
type Vhost struct {
	URL  string // amqp://…/vhost
	navn string
	api  string
}

// NytVhost makes a vhost of that name, which the broker's user may do everything in.
func NytVhost(ctx context.Context, adresser map[string]string, navn string) (*Vhost, error) {
	u, err := url.Parse(adresser[RabbitMQ])
	if err != nil || u.Host == "" {
		return nil, errors.New("adressen RABBITMQ er ikke amqp://bruger:kodeord@vært:port/")
	}
	if adresser[RabbitMQAPI] == "" {
		return nil, errors.New("adressen RABBITMQ_API mangler: den er mæglerens management, http://bruger:kodeord@vært:port")
	}
	u.Path = "/" + navn
	v := &Vhost{URL: u.String(), navn: navn, api: strings.TrimSuffix(adresser[RabbitMQAPI], "/") + "/api/"}
	if err := v.kald(ctx, http.MethodPut, "vhosts/"+navn, "{}"); err != nil {
		return nil, err
	}
	return v, v.kald(ctx, http.MethodPut, "permissions/"+navn+"/"+url.PathEscape(u.User.Username()), `{"configure":".*","write":".*","read":".*"}`)
}

// Slet removes it, with all that is in it.
func (v *Vhost) Slet(ctx context.Context) error {
	return v.kald(ctx, http.MethodDelete, "vhosts/"+v.navn, "")
}

// Tomme reports whether nothing waits in the queues. A broker that cannot say now, has something waiting.
func (v *Vhost) Tomme(koeer ...string) bool {
	c, err := amqp.Dial(v.URL)
	if err != nil {
		return false
	}
	defer func() { _ = c.Close() }() // it was only asked
	ch, err := c.Channel()
	if err != nil {
		return false
	}
	for _, k := range koeer {
		if q, err := ch.QueueDeclarePassive(k, true, false, false, false, nil); err != nil || q.Messages > 0 {
			return false
		}
	}
	return true
}

func (v *Vhost) kald(ctx context.Context, metode, sti, krop string) error {
	r, err := http.NewRequestWithContext(ctx, metode, v.api+sti, strings.NewReader(krop))
	if err != nil {
		return errors.New("adressen RABBITMQ_API er ikke en URL") // not err: it would quote the password
	}
	r.Header.Set("Content-Type", "application/json")
	svar, err := http.DefaultClient.Do(r)
	if err != nil {
		return errors.New("mæglerens management svarer ikke")
	}
	defer func() { _ = svar.Body.Close() }() // only the status is read
	if svar.StatusCode >= 300 {
		return fmt.Errorf("mæglerens management svarer %s på %s", svar.Status, sti)
	}
	return nil
}
