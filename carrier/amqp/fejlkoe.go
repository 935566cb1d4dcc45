package amqp

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"net/http"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/service"
	"github.com/moxkit/mox/oio"
)

// FlytBeskedTilFejlkoe is an operation of the national Beskedfordeler's web service
const (
	flytHandling  = `"http://kombit.dk/sts/beskedfordeler/flytbeskedtilfejlkoe"`
	flytFoer      = `<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><FlytBeskedTilFejlkoeInput xmlns="urn:oio:sts:beskedfordeler:1.0.0">`
	flytEfter     = `</FlytBeskedTilFejlkoeInput></s:Body></s:Envelope>`
	flytForsoeg   = 3
	maksSvarBytes = 64 << 10
)

// flyt moves a besked that cannot be used to the national error queue. MOX has it under Fejl already, so it is tried a few
// times only: a service that is down must not stop the dueslag. spec: mox 44, mox 46
func (k *Kombit) flyt(ctx context.Context, kuvert []byte) {
	if k.o.Fejlkoe == "" {
		return
	}
	for forsoeg := 1; ; forsoeg++ {
		err := k.kaldFlyt(ctx, kuvert)
		if err == nil {
			return
		}
		k.log.Warn("en besked kunne ikke flyttes til den nationale fejlkø", "forsøg", forsoeg, "fejl", mox.Maskeret(mox.Forklaring(err)))
		if forsoeg == flytForsoeg || !service.Wait(ctx, service.Backoff(forsoeg)) {
			return
		}
	}
}

// kaldFlyt makes the call, with the token as the login.
func (k *Kombit) kaldFlyt(ctx context.Context, kuvert []byte) error {
	token, err := k.tokens.hent(ctx)
	if err != nil {
		return err
	}
	ctx, slut := context.WithTimeout(ctx, kaldFrist)
	defer slut()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, k.o.Fejlkoe, bytes.NewReader(oio.Indpak(flytFoer, kuvert, flytEfter)))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "text/xml; charset=utf-8")
	r.Header.Set("SOAPAction", flytHandling)
	r.Header.Set("Authorization", "Bearer "+token)
	svar, err := k.o.HTTP.Do(r)
	if err != nil {
		return err
	}
	defer svar.Body.Close()
	krop, err := io.ReadAll(io.LimitReader(svar.Body, maksSvarBytes))
	if err != nil {
		return err
	}
	return k.flyttet(token, krop)
}

// flyttet reads the answer.
func (k *Kombit) flyttet(token string, krop []byte) error {
	var s struct {
		Body struct {
			Output struct{ StandardRetur standardretur } `xml:"FlytBeskedTilFejlkoeOutput"`
		}
	}
	if err := xml.Unmarshal(krop, &s); err != nil {
		return errors.New("fejlkøens svar kan ikke læses")
	}
	r := s.Body.Output.StandardRetur
	switch r.StatusKode {
	case oio.StatusModtaget:
		return nil
	case oio.StatusTokenUdloebet:
		k.tokens.glem(token)
	}
	return mox.E("kombit.fejlkoe", mox.KodeUtilgaengelig, "fejlkøen svarer %d: %s", r.StatusKode, r.FejlbeskedTekst)
}
