package modpart

import (
	"context"
	"crypto/hmac"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// amqpVej takes from the product's queue, one besked at a time, and connects again when the connection is lost.
type amqpVej struct {
	m    *Modtager
	slut context.CancelFunc
	wg   sync.WaitGroup
}

func (v *amqpVej) start() error {
	ctx, slut := context.WithCancel(context.Background())
	v.slut = slut
	if v.m.undtagelse("toemmer_koen_ved_start") {
		v.toem()
	}
	v.wg.Go(func() {
		for ctx.Err() == nil {
			if v.forbundet(ctx) != nil {
				t := time.NewTimer(v.m.c.vent())
				select {
				case <-t.C:
				case <-ctx.Done():
				}
				t.Stop()
			}
		}
	})
	return nil
}

func (v *amqpVej) stop() {
	v.slut()
	v.wg.Wait()
}

// toem is the fault: what came while the product was away is thrown away.
func (v *amqpVej) toem() {
	conn, err := amqp.Dial(v.m.c.AMQP)
	if err != nil {
		return
	}
	if ch, err := conn.Channel(); err == nil {
		_, _ = ch.QueuePurge(v.m.c.Koe, false) // the queue may not be there
	}
	_ = conn.Close()
}

// forbundet takes beskeder until the connection is lost or ctx ends.
func (v *amqpVej) forbundet(ctx context.Context) error {
	conn, err := amqp.Dial(v.m.c.AMQP)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // what is not acknowledged comes again
	ch, err := conn.Channel()
	if err != nil {
		return err
	}
	if err := ch.Qos(1, 0, false); err != nil {
		return err
	}
	strom, err := ch.Consume(v.m.c.Koe, "", v.m.undtagelse("auto_ack"), false, false, false, nil)
	if err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case d, ok := <-strom:
			if !ok {
				return errors.New("connection lost")
			}
			if err := v.tag(ch, d); err != nil {
				return err
			}
		}
	}
}

// tag does what a besked says, answers, and acknowledges last.
func (v *amqpVej) tag(ch *amqp.Channel, d amqp.Delivery) error {
	b := fraHeaders(v.m.c.Fejl, d)
	s := v.m.behandl(b)
	if err := v.kvitter(ch, b, s); err != nil {
		return err
	}
	uden := v.m.undtagelse("svarer_ikke_paa_gentagelse") && s.kode == "gentaget"
	if d.ReplyTo != "" && !uden {
		if err := ch.Publish("", d.ReplyTo, false, false, v.retur(d, s)); err != nil {
			return err
		}
	}
	switch {
	case v.m.undtagelse("auto_ack"):
		return nil
	case v.m.undtagelse("laegger_tilbage") && s.kode == "uden_beskedID" && !d.Redelivered:
		return d.Nack(false, true)
	case !s.ok() && d.ReplyTo == "":
		return d.Reject(false)
	}
	return d.Ack(false)
}

func (v *amqpVej) retur(d amqp.Delivery, s svar) amqp.Publishing {
	tekst := s.tekst
	if v.m.undtagelse("afviser_uden_grund") {
		tekst = ""
	}
	b, _ := json.Marshal(map[string]any{"StatusKode": s.status, "FejlbeskedTekst": tekst}) // a number and a text
	p := amqp.Publishing{ContentType: "application/json", CorrelationId: d.CorrelationId, Body: b}
	if v.m.undtagelse("svarer_uden_korrelation") {
		p.CorrelationId = ""
	}
	return p
}

func (v *amqpVej) kvitter(ch *amqp.Channel, b *indkommet, s svar) error {
	k := v.m.kvittering(b, s)
	if k == nil || v.m.c.Exchange == "" {
		return nil
	}
	return ch.Publish(v.m.c.Exchange, "", false, false, amqp.Publishing{Headers: k.headers(""), ContentType: k.indholdstype, DeliveryMode: amqp.Persistent, Body: k.indhold})
}

// maksKald is how much of a call the product reads.
const maksKald = 4 << 20

// kald takes a besked over HTTP.
func (m *Modtager) kald(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	stoppet := m.stoppet
	m.mu.Unlock()
	if stoppet {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	krop, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maksKald))
	if err != nil {
		m.problem(w, http.StatusRequestEntityTooLarge, nej("for_stor", "kaldet er for stort"))
		return
	}
	if !m.adgang(r, krop) {
		m.problem(w, http.StatusUnauthorized, nej("ikke_logget_ind", "kaldet har ingen adgang"))
		return
	}
	b, ok := fraKald(m.c.Fejl, r, krop)
	if !ok {
		m.problem(w, http.StatusUnsupportedMediaType, nej("type", "den slags tages ikke"))
		return
	}
	if b.fejl != "" && b.form == "struktureret" && m.undtagelse("fejl_500") {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	s := taget
	if ok = b.form != ""; ok {
		s = m.behandl(b)
	}
	m.kvitterHTTP(r.Context(), b, s)
	if !s.ok() {
		m.problem(w, http.StatusUnprocessableEntity, s)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	_, _ = fmt.Fprintf(w, `{"beskedID": %q}`, b.en("beskedID")) // the caller may be gone
}

func (m *Modtager) problem(w http.ResponseWriter, status int, s svar) {
	d := map[string]any{"status": status, "kode": s.kode, "detail": s.tekst}
	if m.undtagelse("afviser_uden_grund") {
		delete(d, "detail")
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(d) // the caller may be gone
}

func (m *Modtager) kvitterHTTP(ctx context.Context, b *indkommet, s svar) {
	k := m.kvittering(b, s)
	if k == nil || m.c.URL == "" {
		return
	}
	t := nyHTTPTransport(&Config{URL: m.c.URL, Form: "struktureret"})
	defer t.luk()
	_, _ = t.send(ctx, k, 0) // this product tries once
}

// adgang reports whether the caller may.
func (m *Modtager) adgang(r *http.Request, krop []byte) bool {
	vist := r.Header.Get("Authorization")
	switch {
	case m.c.Noegle != "" && vist == "":
		return m.undtagelse("tager_uden_noegle")
	case m.c.Noegle != "":
		return vist == "Bearer "+m.c.Noegle || m.undtagelse("tager_forkert_noegle")
	case m.c.Hemmelighed != "":
		return m.underskrevet(r.Header, krop)
	}
	return true
}

func (m *Modtager) underskrevet(h http.Header, krop []byte) bool {
	id, tid, vist := h.Get("webhook-id"), h.Get("webhook-timestamp"), h.Get("webhook-signature")
	n, err := strconv.ParseInt(tid, 10, 64)
	alder := time.Since(time.Unix(n, 0))
	switch {
	case vist == "":
		return m.undtagelse("tager_uden_signatur")
	case err != nil, alder > 5*time.Minute && !m.undtagelse("tager_gammel_signatur"), alder < -5*time.Minute && !m.undtagelse("tager_fremtidig_signatur"):
		return false
	case m.undtagelse("tager_forkert_signatur") && !m.medHemmelighed(vist, id, tid, krop):
		return !m.medHemmelighed(vist, id, tid, append(krop[:len(krop):len(krop)], ' ')) // a body that was changed it does see
	case m.undtagelse("ser_ikke_paa_kroppen") && m.medHemmelighed(vist, id, tid, append(krop[:len(krop):len(krop)], ' ')):
		return true
	}
	if m.undtagelse("ser_kun_foerste_signatur") {
		vist, _, _ = strings.Cut(vist, " ")
	}
	return m.medHemmelighed(vist, id, tid, krop)
}

func (m *Modtager) medHemmelighed(vist, id, tid string, krop []byte) bool {
	ret := underskrift(m.c.Hemmelighed, id, tid, krop)
	for v := range strings.FieldsSeq(vist) {
		if hmac.Equal([]byte(v), []byte(ret)) {
			return true
		}
	}
	return false
}
