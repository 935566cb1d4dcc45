package ydelse

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	amqp "github.com/rabbitmq/amqp091-go"
)

// Runde implements [styring.System].
func (s *System) Runde(ctx context.Context, nr int) error {
	if nr >= runder {
		return nil
	}
	if err := s.vent(ctx); err != nil {
		return err
	}
	for i := range s.antal {
		x, ja := s.sagen(i, nr)
		if !ja {
			continue
		}
		if err := s.gem(ctx, x); err != nil {
			return err
		}
		if err := s.send(ctx, x); err != nil {
			return err
		}
	}
	return nil
}

// sag is a case as it stands after a round.
type sag struct {
	nr, runde                  int
	nummer                     string
	titel, kle, tilstand       string
	livscyklus, cpr, tidspunkt string
	myndighed                  string // whose it is
	modtager                   string // the only authority that may have it; "" = all
}

// ydelsessag is a case of the benefit system: all are opened; all are regulated, twice; one in five ends.
func ydelsessag(i, runde int) (sag, bool) {
	x := enSag(fmt.Sprintf("YD-%05d", i), i, runde)
	x.titel, x.myndighed = fmt.Sprintf("Boligstøtte nr. %d", 1000+i), "99000036"
	if runde > 0 {
		x.titel += fmt.Sprintf(" – regulering %d", min(runde, 2))
	}
	return x, runde < runder-1 || i%5 == 0
}

// enSag is what the cases of both products have in common.
func enSag(nummer string, i, runde int) sag {
	x := sag{nr: i, runde: runde, nummer: nummer, kle: []string{"32.24.08", "15.20.00"}[i%2], tilstand: "Oplyst", livscyklus: "Rettet",
		cpr: fmt.Sprintf("3102%02d%04d", 40+i%50, 2000+i), tidspunkt: time.Date(2026, 3, 2+runde, 7, 0, i, 0, time.UTC).Format(time.RFC3339)}
	switch runde {
	case 0:
		x.livscyklus = "Opstaaet"
	case runder - 1:
		x.livscyklus, x.tilstand = "Passiveret", "Afsluttet"
	}
	return x
}

func (s *System) gem(ctx context.Context, x sag) error {
	_, err := s.db.ExecContext(ctx, `INSERT INTO SAG (NR, OBJEKT, TITEL, KLE, STATUS, CPR, MODTAGER) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (NR) DO UPDATE SET TITEL = excluded.TITEL, STATUS = excluded.STATUS`, x.nr, x.objektID(), x.titel, x.kle, x.tilstand, x.cpr, x.modtager)
	if err != nil {
		return err
	}
	_, err = s.db.ExecContext(ctx, `INSERT INTO SENDT (BESKED, OBJEKT, NR, MODTAGER) VALUES (?, ?, ?, ?)`, x.besked(), x.objektID(), x.nr, x.modtager)
	return err
}

func (x *sag) besked() string {
	return uuid.NewSHA1(rum(), fmt.Appendf(nil, "besked/%s/%d", x.nummer, x.runde)).String()
}

// ventFrist is how long the exchange, which MOX makes, may be away.
const ventFrist = 30 * time.Second

// vent waits until the exchange is there: what is sent to one that is not there costs the channel.
func (s *System) vent(ctx context.Context) error {
	for frist := time.Now().Add(ventFrist); ; {
		ch, err := s.conn.Channel()
		if err != nil {
			return err
		}
		if err = ch.ExchangeDeclarePassive("mox.ind."+s.navn, amqp.ExchangeFanout, true, false, false, false, nil); err == nil {
			return ch.Close()
		}
		if time.Now().After(frist) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// send sends until the broker has confirmed, and one in ten once more.
func (s *System) send(ctx context.Context, x sag) error {
	p, err := s.publicering(&x)
	for gange := 1 + (x.nr%10)/9; gange > 0 && err == nil; gange-- {
		err = s.publicer(ctx, p)
	}
	return err
}

func (s *System) publicer(ctx context.Context, p amqp.Publishing) error {
	c, err := s.ch.PublishWithDeferredConfirmWithContext(ctx, "mox.ind."+s.navn, "", false, false, p)
	if err != nil {
		return err
	}
	ok, err := c.WaitContext(ctx)
	if err == nil && !ok {
		err = errors.New("mægleren tog den ikke")
	}
	return err
}

func (s *System) publicering(x *sag) (amqp.Publishing, error) {
	krop, err := json.Marshal(x.registrering())
	h := amqp.Table{"beskedID": x.besked(), "beskedversion": "1.0", "objektID": x.objektID(), "objekttype": "Sag", "livscykluskode": x.livscyklus, "registreringID": fmt.Sprint(x.runde + 1),
		"registreringstid": x.tidspunkt, "bruger": "ydelse-batch", "kildesystem": s.navn, "opgaveemne": x.kle, "myndighed": "urn:oio:cvr-nr:" + x.myndighed}
	if x.modtager != "" {
		h["tilladtmodtager"] = []any{"urn:oio:cvr-nr:" + x.modtager}
	}
	return amqp.Publishing{ContentType: "application/json", DeliveryMode: amqp.Persistent, MessageId: x.besked(), CorrelationId: x.besked(), ReplyTo: s.svarkoe(), Headers: h, Body: krop}, err
}

// registrering is the whole case as the standard has it.
func (x *sag) registrering() map[string]any {
	virkning := map[string]any{"from": "2026-03-02T07:00:00Z", "to": "infinity", "from_included": true, "to_included": false}
	led := func(urn, type_ string) []any {
		return []any{map[string]any{"urn": urn, "objekttype": type_, "virkning": virkning}}
	}
	return map[string]any{"objektID": x.objektID(), "objekttype": "Sag", "registrering": map[string]any{
		"fratidspunkt": map[string]any{"tidsstempeldatotid": x.tidspunkt}, "livscykluskode": x.livscyklus,
		"attributter": map[string]any{"sagegenskaber": []any{map[string]any{"brugervendtnoegle": x.nummer, "sagsnummer": x.nummer,
			"titel": x.titel, "beskrivelse": "Sag fra " + x.nummer[:2], "kassationskode": "K", "virkning": virkning}}},
		"tilstande": map[string]any{"sagfremdrift": []any{map[string]any{"fremdrift": x.tilstand, "virkning": virkning}}},
		"relationer": map[string]any{"ejer": led("urn:oio:cvr-nr:"+x.myndighed, "Organisation"), "primaerklasse": led("urn:oio:kle:"+x.kle, "Klasse"),
			"primaerpart": led("urn:oio:cpr-nr:"+x.cpr, "Person"), "primaerbehandler": led("urn:kommune:bruger:YDB", "Bruger")},
	}}
}
