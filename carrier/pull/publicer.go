package pull

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/internal/problem"
	"github.com/moxkit/mox/internal/wire"
	"github.com/moxkit/mox/klient"
	"github.com/moxkit/mox/oio"
)

// send takes a besked in any of its forms:
//
//	application/json                     our form, or a list of up to oio.MaksBatch in it
//	application/cloudevents+json         a CloudEvent
//	application/cloudevents-batch+json   a list of up to oio.MaksBatch
//	application/xml                      a Haendelsesbesked
//	anything, with a header ce-…         a CloudEvent in binary mode
func (a *api) send(w http.ResponseWriter, r *http.Request, id auth.Identitet) error {
	laes, err := a.beskedform(r)
	if err != nil {
		return err
	}
	krop, err := laesKrop(w, r, maksIndlevering)
	if err != nil {
		return err
	}
	if t := indholdstype(r); !erBinaer(r) && (t == oio.TypeCloudEventBatch || t == oio.TypeJSON && erListe(krop)) {
		return a.sendListe(w, r, id, krop, laes)
	}
	ud, err := a.sendEn(r, id, krop, laes)
	if err != nil {
		return err
	}
	return svar(w, http.StatusAccepted, wire.Modtaget(ud))
}

func erListe(krop []byte) bool { return bytes.HasPrefix(bytes.TrimLeft(krop, " \t\r\n"), []byte("[")) }

// beskedlaeser reads one besked out of bytes.
type beskedlaeser func([]byte) (mox.Besked, error)

// beskedform is how the call's beskeder are read. A CloudEvent in binary mode may have a body of any type.
func (a *api) beskedform(r *http.Request) (beskedlaeser, error) {
	if erBinaer(r) {
		return func(krop []byte) (mox.Besked, error) { return oio.FraCloudEventHeaders(hoveder(r.Header), krop) }, nil
	}
	switch indholdstype(r) {
	case oio.TypeJSON:
		return oio.UnmarshalBesked, nil
	case oio.TypeCloudEvent, oio.TypeCloudEventBatch:
		return oio.UnmarshalCloudEvent, nil
	case oio.TypeXML:
		return func(krop []byte) (mox.Besked, error) { return oio.UnmarshalKuvert(krop, a.t.Koder) }, nil
	}
	return nil, andenType("kaldets Content-Type er ikke en form, en besked kan have",
		"send i UTF-8 som application/json, application/cloudevents+json, application/cloudevents-batch+json eller application/xml, eller med CloudEvents' headers")
}

func erBinaer(r *http.Request) bool { return oio.ErCloudEventHeaders(hoveder(r.Header)) }

// hoveder are a call's headers, each with its values as one: HTTP lets a header be divided.
func hoveder(h http.Header) map[string]string {
	ud := make(map[string]string, len(h))
	for navn, v := range h {
		ud[navn] = strings.Join(v, ",")
	}
	return ud
}

// sendEn takes one besked. What one who may send has sent, and nobody can read or may be sent by them, is kept where its
// sender finds it.
func (a *api) sendEn(r *http.Request, id auth.Identitet, krop []byte, laes beskedlaeser) (klient.Modtaget, error) {
	if len(krop) > maksKald {
		return klient.Modtaget{}, &http.MaxBytesError{Limit: maksKald}
	}
	afsender, err := somHvem(id, r.URL.Query().Get("afsender"))
	if err != nil {
		return klient.Modtaget{}, err
	}
	b, err := laes(krop)
	if err == nil {
		b, err = somAfsender(id, b)
	}
	if err != nil {
		return klient.Modtaget{}, a.t.Distributor.Afvis(r.Context(), afsender, somSendt(r, krop), err)
	}
	return a.t.Send(r.Context(), afsender, b)
}

// somSendt is what came, for a person to look at: in HTTP's binary form the metadata stand in the headers.
func somSendt(r *http.Request, krop []byte) []byte {
	if !erBinaer(r) {
		return krop
	}
	ce := map[string]string{}
	for navn, v := range hoveder(r.Header) {
		if strings.HasPrefix(strings.ToLower(navn), "ce-") {
			ce[navn] = v
		}
	}
	b, err := json.Marshal(map[string]any{"headers": ce, "indholdstype": r.Header.Get("Content-Type"), "indhold": krop})
	if err != nil {
		return krop
	}
	return b
}

// sendListe takes the beskeder of a list one by one in their order: one that is refused stops none of the others.
func (a *api) sendListe(w http.ResponseWriter, r *http.Request, id auth.Identitet, krop []byte, laes beskedlaeser) error {
	dele, err := oio.DelBatch(krop)
	if err != nil {
		return err
	}
	svarInden(w, svarFrist)
	ud := wire.Batchsvar{Svar: []wire.Batchpost{}}
	for i, del := range dele {
		m, err := a.sendEn(r, id, del, laes)
		if r.Context().Err() != nil {
			return r.Context().Err()
		}
		if err != nil {
			a.log(r, err)
		}
		ud.Svar = append(ud.Svar, fraSendt(i, m, err))
	}
	return svar(w, http.StatusMultiStatus, ud)
}

// fraSendt places an error within the list: "[3].beskedID".
func fraSendt(nr int, m klient.Modtaget, err error) wire.Batchpost {
	if err == nil {
		modtaget := wire.Modtaget(m)
		return wire.Batchpost{Nr: nr, Status: http.StatusAccepted, Modtaget: &modtaget}
	}
	d := problem.Af(err)
	for i := range d.Felter {
		d.Felter[i].Sti = fmt.Sprintf("[%d].%s", nr, d.Felter[i].Sti)
	}
	return wire.Batchpost{Nr: nr, Status: d.Status, Fejl: &d}
}
