package push

import (
	"net/http"
	"strconv"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/webhook"
	"github.com/moxkit/mox/oio"
)

// Kald is a besked in the form that its receiver asked for: the form's own headers, Content-Type among them, and the body.
type Kald struct {
	Header http.Header
	Krop   []byte
}

// kald forms the call that brings w to its receiver, with what every form has: which abonnement is the cause, and which
// attempt it is. spec: mox 32, 33
func (k *klient) kald(a *mox.Abonnement, w distributor.Arbejde) (Kald, error) {
	ud, err := k.o.kod(a, w)
	if err != nil {
		return Kald{}, err
	}
	h := ud.Header.Clone()
	if h == nil {
		h = http.Header{}
	}
	h.Set(oio.HeaderAbonnement, string(a.ID))
	h.Set(oio.HeaderForsoeg, strconv.Itoa(w.Forsoeg))
	if a.Push.Form != mox.FormModtagBesked {
		h.Set(headerOprindelse, k.o.Oprindelse)
	}
	webhook.Underskriv(h, webhook.ID(w.Noegle), k.o.nu(), ud.Krop, k.o.Hemmeligheder(*a))
	ud.Header = h
	return ud, nil
}

// form is the besked as the abonnement asks for it.
func (o Options) form(a *mox.Abonnement, w distributor.Arbejde) (Kald, error) {
	b := &w.Besked
	switch a.Push.Form {
	case mox.FormStruktureret:
		krop, err := oio.MarshalCloudEvent(b)
		return Kald{Header: http.Header{"Content-Type": {oio.TypeCloudEvent}}, Krop: krop}, err
	case mox.FormModtagBesked:
		krop, err := o.modtagBesked(a, w)
		return Kald{Header: http.Header{"Content-Type": {oio.TypeXML + "; charset=utf-8"}}, Krop: krop}, err
	}
	hoveder, krop, err := oio.CloudEventHeaders(b)
	ud := Kald{Header: http.Header{}, Krop: krop}
	for navn, v := range hoveder {
		ud.Header.Set(navn, v)
	}
	return ud, err
}

// modtagBesked is the envelope in the call of the national interface.
func (o Options) modtagBesked(a *mox.Abonnement, w distributor.Arbejde) ([]byte, error) {
	kuvert, err := w.Kuvert(o.Koder, o.Fordeler, a.ID, o.nu())
	if err != nil {
		return nil, err
	}
	return oio.Indpak(`<?xml version="1.0" encoding="UTF-8"?><ModtagBeskedInput xmlns="urn:oio:sts:1.0.0">`, kuvert, `</ModtagBeskedInput>`), nil
}
