package beskedfordeler

import (
	"context"
	"encoding/xml"
	"fmt"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// StatusKoder that the stand-in answers with.
const (
	modtaget      = 20
	tokenUdloebet = 41
	ikkeTaget     = 51
	ikkeGemt      = 53
	kuvertversion = 55
)

// version is the only BeskedVersion there is.
const version = "1.0"

// standardRetur is the answer to whoever sends.
type standardRetur struct {
	XMLName         xml.Name `xml:"urn:oio:sagdok:3.0.0 StandardRetur"`
	StatusKode      int
	FejlbeskedTekst string `xml:",omitempty"`
}

func retur(kode int, tekst string) standardRetur {
	return standardRetur{StatusKode: kode, FejlbeskedTekst: tekst}
}

// fordelAlle answers one besked after the other until the connection ends. A besked is acknowledged when its copies lie in
// their queues and it has been answered.
func (s *System) fordelAlle(ctx context.Context, strom <-chan amqp.Delivery) {
	for d := range strom {
		svar := s.fordel(ctx, d)
		s.log.Info("besked", "transaktion", d.MessageId, "kode", svar.StatusKode, "tekst", svar.FejlbeskedTekst)
		if err := s.svar(ctx, d, svar); err != nil {
			s.log.Error("et svar kunne ikke sendes", "fejl", err)
			return
		}
		if err := d.Ack(false); err != nil {
			return // the connection has ended
		}
	}
}

func (s *System) svar(ctx context.Context, d amqp.Delivery, r standardRetur) error {
	if d.ReplyTo == "" {
		return nil
	}
	krop, err := xml.Marshal(r)
	if err != nil {
		return err
	}
	return s.ind.PublishWithContext(ctx, "", d.ReplyTo, false, false, amqp.Publishing{ContentType: "application/xml", CorrelationId: d.CorrelationId, Body: krop})
}

// fordel decides what becomes of a besked, and puts its copies in the dueslag that want it.
func (s *System) fordel(ctx context.Context, d amqp.Delivery) standardRetur {
	nu := s.c.Nu()
	t, _ := d.Headers["token"].(string)
	k, err := s.klient(t)
	if err != nil {
		return retur(tokenUdloebet, err.Error())
	}
	h, err := laes(d.Body)
	switch {
	case err != nil:
		return retur(ikkeTaget, err.Error())
	case h.BeskedVersion != version:
		return retur(kuvertversion, fmt.Sprintf("BeskedVersion %s understøttes ikke", h.BeskedVersion))
	case !h.afCVR(k.CVR):
		return retur(ikkeTaget, "ObjektAnsvarligMyndighed er ikke serviceaftalens")
	}
	id, sum := h.BeskedId.String(), h.sum()
	if foer, set := s.set[id]; set {
		if foer != sum {
			return retur(ikkeTaget, "BeskedId er brugt til et andet indhold")
		}
		return retur(modtaget, "")
	}
	if err := s.kopier(ctx, &h, d.Body, nu); err != nil {
		return retur(ikkeGemt, "beskeden kunne ikke gemmes")
	}
	s.set[id] = sum
	return retur(modtaget, "")
}

// kopier puts a copy in each dueslag that the besked fits, safely.
func (s *System) kopier(ctx context.Context, h *haendelsesbesked, raa []byte, kom time.Time) error {
	for _, d := range s.c.Dueslag {
		if !d.passer(h) {
			continue
		}
		kopi, err := medRute(raa, d.ID, kom, s.c.Nu(), 1)
		if err != nil {
			return err
		}
		if err := s.laeg(ctx, d.ID, kopi); err != nil {
			return err
		}
	}
	return nil
}

// Laeg puts an envelope in a queue as it is, for trials of what a user does with it.
func (s *System) Laeg(ctx context.Context, koe string, kuvert []byte) error {
	return s.laeg(ctx, koe, kuvert)
}

func (s *System) laeg(ctx context.Context, koe string, kuvert []byte) error {
	c, err := s.ud.PublishWithDeferredConfirmWithContext(ctx, "", koe, false, false, amqp.Publishing{ContentType: "application/xml", DeliveryMode: amqp.Persistent, Body: kuvert})
	if err != nil {
		return err
	}
	if ok, err := c.WaitContext(ctx); err != nil || !ok {
		return fmt.Errorf("the broker did not take a besked for %s: %w", koe, err)
	}
	return nil
}
