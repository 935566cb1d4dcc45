package push

import (
	"net/http"
	"strconv"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
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
	ud, err := k.o.Kod(&w.Besked, *a, w)
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
	underskriv(h, WebhookID(w.Noegle), k.o.nu(), ud.Krop, k.o.Hemmeligheder(*a))
	ud.Header = h
	return ud, nil
}
