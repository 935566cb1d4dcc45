package snitflade

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/moxkit/mox/internal/webhook"
)

// udHTTP calls a receiver.
type udHTTP struct {
	p           *Profil
	klient      *http.Client
	hemmelighed []byte
}

func nyUdHTTP(p *Profil, klient *http.Client) (*udHTTP, error) {
	u := &udHTTP{p: p, klient: klient}
	if p.Adgang == "signatur" {
		var err error
		if u.hemmelighed, err = webhook.LaesHemmelighed(p.Kald.Hemmelighed); err != nil {
			return nil, err
		}
	}
	return u, nil
}

func (u *udHTTP) send(ctx context.Context, p pakke, s *sendt) (svar, error) {
	ctx, stop := context.WithTimeout(ctx, u.p.frist)
	defer stop()
	switch s.Send.Kald {
	case "ikke json":
		p.krop, p.indholdstype, p.hoved = []byte(`{"id": `), "application/cloudevents+json", nil
	case "ukendt type":
		p.indholdstype, p.hoved = "application/x-snitfladetest", nil
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, u.p.Kald.URL, bytes.NewReader(p.krop))
	if err != nil {
		return svar{}, err
	}
	for navn, v := range p.hoved {
		r.Header[navn] = v
	}
	if p.indholdstype != "" {
		r.Header.Set("Content-Type", p.indholdstype)
	}
	u.adgang(r, p.krop, s)
	ud := svar{dom: DomIntet}
	a, err := u.klient.Do(r)
	if err != nil {
		return ud, nil // a product that does not answer is what is tested, and no fault of the test
	}
	defer func() { _ = a.Body.Close() }() // only read
	krop, err := io.ReadAll(io.LimitReader(a.Body, maksKrop))
	if err != nil {
		return ud, nil
	}
	return doemHTTP(a, krop), nil
}

// adgang shows who calls, as the profile says and s spoils it.
func (u *udHTTP) adgang(r *http.Request, krop []byte, s *sendt) {
	switch {
	case u.p.Adgang == "noegle" && s.Send.Noegle == "forkert":
		r.Header.Set("Authorization", "Bearer forkert-"+rand.Text())
	case u.p.Adgang == "noegle" && s.Send.Noegle == "":
		r.Header.Set("Authorization", "Bearer "+u.p.Kald.Noegle)
	case u.p.Adgang == "signatur":
		u.underskriv(r.Header, krop, s)
	}
}

func (u *udHTTP) underskriv(h http.Header, krop []byte, s *sendt) {
	nu := time.Now()
	switch s.Send.Signatur {
	case "ingen":
		return
	case "gammel":
		nu = nu.Add(-time.Hour)
	case "fremtid":
		nu = nu.Add(time.Hour)
	case "aendret":
		krop = append(bytes.Clone(krop), ' ')
	}
	id, tid, noegle := "msg_"+s.beskedID, strconv.FormatInt(nu.Unix(), 10), u.hemmelighed
	if s.Send.Signatur == "forkert" {
		noegle = []byte(rand.Text() + rand.Text())
	}
	v := underskrift(noegle, id, tid, krop)
	if s.Send.Signatur == "flere" { // as while a secret is being replaced
		v = underskrift([]byte(rand.Text()+rand.Text()), id, tid, krop) + " v2,AAAA " + v
	}
	h.Set(webhook.HeaderID, id)
	h.Set(webhook.HeaderTid, tid)
	h.Set(webhook.HeaderSignatur, v)
}

// doemHTTP says what an answer means, as MOX reads those of its own receivers.
func doemHTTP(a *http.Response, krop []byte) svar {
	ud := svar{kode: strconv.Itoa(a.StatusCode), raa: string(krop), svarede: true}
	switch {
	case a.StatusCode/100 == 2:
		ud.dom = DomModtaget
	case a.StatusCode == http.StatusRequestTimeout || a.StatusCode == http.StatusTooEarly || a.StatusCode == http.StatusTooManyRequests || a.StatusCode >= 500:
		ud.dom = DomSenere
	default:
		ud.dom = DomAfvist
	}
	if kode, tekst, ok := standardreturI(krop); ok {
		ud.kode, ud.tekst = kode, tekst
		if ud.dom == DomModtaget {
			ud.dom = domAfStatusKode(kode)
		}
		return ud
	}
	var p struct{ Kode, Type, Detail, Message, Fejl, Title string }
	if json.Unmarshal(krop, &p) == nil {
		ud.kode = strings.TrimSpace(fmt.Sprintf("%s %s", ud.kode, cmp.Or(p.Kode, p.Type)))
		ud.tekst = cmp.Or(p.Detail, p.Message, p.Fejl, p.Title)
	} else if strings.HasPrefix(a.Header.Get("Content-Type"), "text/plain") {
		ud.tekst = strings.TrimSpace(string(krop))
	}
	return ud
}

// domAfStatusKode is what a StandardRetur means. spec: mox 6.8
func domAfStatusKode(kode string) Dom {
	switch kode {
	case "20":
		return DomModtaget
	case "40", "53":
		return DomSenere
	}
	return DomAfvist
}

// standardreturI finds a StandardRetur in an answer, in XML or JSON, by itself or inside a ModtagBeskedOutput.
func standardreturI(krop []byte) (kode, tekst string, ok bool) {
	type retur struct {
		StatusKode      json.Number
		FejlbeskedTekst string
	}
	var j retur
	if json.Unmarshal(krop, &j) == nil && j.StatusKode != "" {
		return j.StatusKode.String(), j.FejlbeskedTekst, true
	}
	var x struct {
		StatusKode      string
		FejlbeskedTekst string
		StandardRetur   struct{ StatusKode, FejlbeskedTekst string }
	}
	if xml.Unmarshal(krop, &x) != nil {
		return "", "", false
	}
	kode, tekst = cmp.Or(x.StatusKode, x.StandardRetur.StatusKode), cmp.Or(x.FejlbeskedTekst, x.StandardRetur.FejlbeskedTekst)
	return kode, tekst, kode != ""
}

func (u *udHTTP) vent(_ context.Context, s *sendt) svar { return s.svar }
func (u *udHTTP) serUdenSvar() bool                     { return true }
func (u *udHTTP) luk()                                  {}
