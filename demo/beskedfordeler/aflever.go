package beskedfordeler

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// maksKald is how large a call, or an answer, may be.
const maksKald = 4 << 20

// aflever posts a dueslag's beskeder to its user, one after the other. 40, and no answer, is tried again; any other code
// than 20 ends the deliveries from the dueslag, and what is in it stays.
func (s *System) aflever(ctx context.Context, d Dueslag) {
	ch, err := s.conn.Channel()
	if err != nil {
		return // the connection has ended
	}
	defer func() { _ = ch.Close() }() // what is not acknowledged goes back
	if err := ch.Qos(1, 0, false); err != nil {
		return
	}
	strom, err := ch.Consume(d.ID, "", false, false, false, false, nil)
	if err != nil {
		return
	}
	for b := range strom {
		kode, err := s.proev(ctx, d, b)
		if ctx.Err() != nil {
			return // it comes again
		}
		if kode != modtaget {
			s.log.Error("dueslaget er standset", "dueslag", d.ID, "kode", kode, "fejl", err)
			return
		}
		_ = b.Ack(false)
	}
}

// proev posts until there is an answer that is not for now only.
func (s *System) proev(ctx context.Context, d Dueslag, b amqp.Delivery) (kode int, err error) {
	for {
		kode, err = s.modtagBesked(ctx, d.Push, b.Body)
		if kode != 0 && kode != ikkeNu {
			return kode, err
		}
		select {
		case <-time.After(s.c.PushVent):
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

const ikkeNu = 40

// modtagBesked makes one call.
func (s *System) modtagBesked(ctx context.Context, adresse string, kuvert []byte) (int, error) {
	krop := slices.Concat([]byte(`<?xml version="1.0" encoding="UTF-8"?><ModtagBeskedInput xmlns="urn:oio:sts:1.0.0">`), udenErklaering(kuvert), []byte(`</ModtagBeskedInput>`))
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, adresse, bytes.NewReader(krop))
	if err != nil {
		return 0, err
	}
	r.Header.Set("Content-Type", "application/xml; charset=utf-8")
	svar, err := s.c.HTTP.Do(r)
	if err != nil {
		return 0, err
	}
	defer svar.Body.Close()
	var ud struct {
		Kode  int    `xml:"StandardRetur>StatusKode"`
		Tekst string `xml:"StandardRetur>FejlbeskedTekst"`
	}
	if err := xml.NewDecoder(io.LimitReader(svar.Body, maksKald)).Decode(&ud); err != nil {
		return 0, fmt.Errorf("svar %d uden StandardRetur", svar.StatusCode)
	}
	if ud.Kode == modtaget {
		return modtaget, nil
	}
	return ud.Kode, errors.New(ud.Tekst)
}

func udenErklaering(xml []byte) []byte {
	if bytes.HasPrefix(xml, []byte("<?xml")) {
		_, xml, _ = bytes.Cut(xml, []byte("?>"))
	}
	return xml
}

// webservice answers FlytBeskedTilFejlkoe.
func (s *System) webservice(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	krop, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maksKald))
	svar := retur(ikkeTaget, "kaldet kan ikke læses")
	if err == nil {
		svar = s.flyt(r, krop)
	}
	ud, _ := xml.Marshal(svar) // a struct of a number and a text
	fmt.Fprintf(w, `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><FlytBeskedTilFejlkoeOutput xmlns="%s">%s</FlytBeskedTilFejlkoeOutput></s:Body></s:Envelope>`, rumService, ud)
}

const rumService = "urn:oio:sts:beskedfordeler:1.0.0"

func (s *System) flyt(r *http.Request, krop []byte) standardRetur {
	if _, err := s.klient(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")); err != nil {
		return retur(tokenUdloebet, err.Error())
	}
	var x struct {
		Body struct {
			Input struct {
				Raa []byte `xml:",innerxml"`
			} `xml:"urn:oio:sts:beskedfordeler:1.0.0 FlytBeskedTilFejlkoeInput"`
		}
	}
	if err := xml.Unmarshal(krop, &x); err != nil || len(bytes.TrimSpace(x.Body.Input.Raa)) == 0 {
		return retur(ikkeTaget, "FlytBeskedTilFejlkoeInput mangler")
	}
	if err := s.laeg(r.Context(), Fejlkoe, x.Body.Input.Raa); err != nil {
		return retur(ikkeGemt, "beskeden kunne ikke gemmes")
	}
	return retur(modtaget, "")
}
