package modpart

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// httpTransport sends by calling.
type httpTransport struct {
	c      *Config
	klient *http.Client
}

func nyHTTPTransport(c *Config) *httpTransport {
	return &httpTransport{c, klient(c.Fejl == "foelger_viderestilling")}
}

func (t *httpTransport) send(ctx context.Context, b *besked, _ int) (dom, time.Duration) {
	r, err := t.kald(ctx, b)
	if err != nil {
		return usikker, 0
	}
	svar, err := t.klient.Do(r)
	if err != nil {
		return usikker, 0
	}
	defer func() { _ = svar.Body.Close() }() // only read
	krop, err := io.ReadAll(svar.Body)
	if err != nil {
		return usikker, 0
	}
	switch {
	case svar.StatusCode/100 == 2 && t.c.Form == "modtagbesked" && !bytes.Contains(krop, []byte("<StatusKode>20<")):
		return afvist, 0
	case svar.StatusCode/100 == 2:
		return modtaget, 0
	case svar.StatusCode >= 500 || svar.StatusCode == http.StatusTooManyRequests || svar.StatusCode == http.StatusRequestTimeout:
		n, err := strconv.Atoi(svar.Header.Get("Retry-After"))
		if err != nil || t.c.Fejl == "ser_ikke_retry_after" {
			n = 0
		}
		return senere, time.Duration(n) * time.Second
	}
	return afvist, 0
}

// kald is the besked as a call.
func (t *httpTransport) kald(ctx context.Context, b *besked) (*http.Request, error) {
	krop, type_ := b.indhold, b.indholdstype
	h := http.Header{}
	switch t.c.Form {
	case "struktureret":
		krop, type_ = b.struktureret(t.c.Fejl), "application/cloudevents+json"
		if t.c.Fejl == "ce_som_json" {
			type_ = "application/json"
		}
	case "modtagbesked":
		kuvert := bytes.TrimPrefix(b.kuvert(), []byte(`<?xml version="1.0" encoding="UTF-8"?>`))
		krop, type_ = fmt.Appendf(nil, `<?xml version="1.0" encoding="UTF-8"?><ModtagBeskedInput xmlns="urn:oio:sts:1.0.0">%s</ModtagBeskedInput>`, kuvert), "application/xml"
		if i := bytes.Index(krop, []byte("<!DOCTYPE")); i > 0 { // it stands before the root
			slut := bytes.Index(krop, []byte("]>")) + 2
			dtd := bytes.Clone(krop[i:slut])
			krop = append(bytes.Clone(krop[:i]), krop[slut:]...)
			krop = bytes.Replace(krop, []byte("<ModtagBeskedInput"), append(dtd, "<ModtagBeskedInput"...), 1)
		}
	default:
		for navn, v := range b.attributter(t.c.Fejl) {
			h["ce-"+navn] = []string{procent(v, `"%`)}
			if t.c.Fejl == "ce_raa_tegn" {
				h["ce-"+navn] = []string{v}
			}
		}
	}
	adresse := t.c.URL
	if t.c.Fejl == "cpr_i_adressen" && b.cpr != "" {
		adresse += "?borger=" + url.QueryEscape(b.cpr)
	}
	if t.c.Fejl == "noegle_i_adressen" {
		adresse += "?noegle=" + url.QueryEscape(t.c.Noegle)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, adresse, bytes.NewReader(krop))
	if err != nil {
		return nil, err
	}
	r.Header = h
	r.Header.Set("Content-Type", type_)
	if type_ == "" {
		r.Header.Del("Content-Type")
	}
	if t.c.Noegle != "" && t.c.Fejl != "uden_noegle" {
		r.Header.Set("Authorization", "Bearer "+t.c.Noegle)
	}
	if t.c.Hemmelighed != "" {
		t.underskriv(r.Header, b, krop)
	}
	return r, nil
}

func (t *httpTransport) underskriv(h http.Header, b *besked, krop []byte) {
	id, nu := b.webhookID, time.Now()
	switch t.c.Fejl {
	case "nyt_webhook_id_ved_gensend":
		id = "msg_" + nyUUID()
	case "samme_webhook_id":
		id = "msg_1"
	case "gammelt_tidsstempel":
		nu = nu.Add(-time.Hour)
	case "forkert_signatur":
		krop = append(bytes.Clone(krop), '\n')
	}
	tid := strconv.FormatInt(nu.Unix(), 10)
	h.Set("webhook-id", id)
	h.Set("webhook-timestamp", tid)
	h.Set("webhook-signature", underskrift(t.c.Hemmelighed, id, tid, krop))
}

// underskrift is a signature by Standard Webhooks with a secret in the form whsec_….
func underskrift(hemmelighed, id, tid string, krop []byte) string {
	k, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(hemmelighed, "whsec_")) // a wrong secret signs wrongly
	mac := hmac.New(sha256.New, k)
	_, _ = fmt.Fprintf(mac, "%s.%s.%s", id, tid, krop)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func (t *httpTransport) oppe(ctx context.Context) bool {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, t.c.URL, nil)
	if err != nil {
		return false
	}
	svar, err := t.klient.Do(r)
	if err != nil {
		return false
	}
	return svar.Body.Close() == nil
}

func (t *httpTransport) luk() { t.klient.CloseIdleConnections() }

// amqpTransport publishes to a broker, and connects again when the connection is lost.
type amqpTransport struct {
	c *Config

	mu     sync.Mutex
	conn   *amqp.Connection
	ch     *amqp.Channel
	lukket chan *amqp.Error
	svar   <-chan amqp.Delivery
	retur  chan amqp.Return
}

func nyAMQPTransport(c *Config) *amqpTransport { return &amqpTransport{c: c} }

// begynd connects, so that the first besked need not wait for it.
func (t *amqpTransport) begynd() {
	t.mu.Lock()
	defer t.mu.Unlock()
	_ = t.forbind() // it is tried again when there is something to send
}

// direkteSvar is where answers come on the channel that was published on.
const direkteSvar = "amq.rabbitmq.reply-to"

// forbind has a channel that can be used. t.mu is held.
func (t *amqpTransport) forbind() (err error) {
	if t.ch != nil && !t.ch.IsClosed() && (t.c.Fejl != "uden_bekraeftelser" || t.derErNogen()) {
		return nil
	}
	if t.conn != nil {
		_ = t.conn.Close() // what was under way on it is lost already
	}
	if t.conn, err = amqp.DialConfig(t.c.AMQP, amqp.Config{Heartbeat: 10 * time.Second, Dial: amqp.DefaultDial(5 * time.Second)}); err != nil {
		return err
	}
	if t.ch, err = t.conn.Channel(); err != nil {
		return err
	}
	t.lukket = t.ch.NotifyClose(make(chan *amqp.Error, 1))
	t.retur = t.ch.NotifyReturn(make(chan amqp.Return, 10))
	if t.c.Svar {
		if t.svar, err = t.ch.Consume(direkteSvar, "", true, false, false, false, nil); err != nil {
			return err
		}
	}
	if t.c.Fejl == "uden_bekraeftelser" {
		return nil
	}
	return t.ch.Confirm(false)
}

func (t *amqpTransport) send(ctx context.Context, b *besked, _ int) (dom, time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.forbind() != nil {
		return usikker, 0
	}
	id := nyUUID()
	p := t.publicering(b)
	if t.c.Svar && t.c.Fejl != "uden_korrelation" {
		p.CorrelationId = id
	}
	noegle := ""
	if t.c.Fejl == "cpr_i_adressen" {
		noegle = b.cpr
	}
	d, err := t.ch.PublishWithDeferredConfirmWithContext(ctx, t.c.Exchange, noegle, t.c.Fejl != "uden_mandatory", false, p)
	if err != nil {
		return usikker, 0
	}
	if d == nil {
		return modtaget, 0 // the fault: nobody has said so
	}
	return t.udfald(ctx, d), 0
}

func (t *amqpTransport) publicering(b *besked) amqp.Publishing {
	p := amqp.Publishing{Headers: b.headers(t.c.Fejl), ContentType: b.indholdstype, DeliveryMode: amqp.Persistent, Body: b.indhold}
	if t.c.Form == "kuvert" {
		p.Headers, p.ContentType, p.Body = amqp.Table{"opgaveemne": "02.34.02"}, "application/xml", b.kuvert()
		if b.kuvertfejl == "kuvert_uenig" {
			p.Headers["opgaveemne"] = "27.00.00"
		}
	}
	if t.c.Fejl == "ikke_vedvarende" {
		p.DeliveryMode = amqp.Transient
	}
	if t.c.Svar {
		p.ReplyTo = direkteSvar
	}
	return p
}

// udfald waits for the broker's word, and then for the receiver's.
func (t *amqpTransport) udfald(ctx context.Context, d *amqp.DeferredConfirmation) dom {
	select {
	case <-d.Done():
	case <-t.lukket:
		return usikker
	case <-ctx.Done():
		return usikker
	}
	select {
	case <-t.retur: // the broker sends it before its confirm
		if t.c.Fejl == "ser_ikke_returneret" {
			return modtaget
		}
		return senere
	default:
	}
	if !d.Acked() {
		if t.ch.IsClosed() {
			return usikker
		}
		return senere
	}
	if !t.c.Svar {
		return modtaget
	}
	return t.standardretur(ctx)
}

// standardretur waits for the receiver's answer.
func (t *amqpTransport) standardretur(ctx context.Context) dom {
	ctx, stop := context.WithTimeout(ctx, 10*time.Second)
	defer stop()
	select {
	case m, ok := <-t.svar:
		if !ok {
			return usikker
		}
		var r struct{ StatusKode int }
		switch err := json.Unmarshal(m.Body, &r); {
		case err == nil && r.StatusKode == 20 || bytes.Contains(m.Body, []byte("<StatusKode>20<")):
			return modtaget
		default:
			return afvist
		}
	case <-ctx.Done():
		return usikker
	}
}

func (t *amqpTransport) oppe(context.Context) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.forbind() == nil && t.derErNogen()
}

// derErNogen asks the broker something, and waits for the answer.
func (t *amqpTransport) derErNogen() bool {
	return t.ch.ExchangeDeclarePassive(t.c.Exchange, amqp.ExchangeFanout, true, false, false, false, nil) == nil
}

func (t *amqpTransport) luk() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.conn != nil {
		_ = t.conn.Close() // nothing is under way
	}
}
