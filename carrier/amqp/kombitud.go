package amqp

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"strconv"
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/service"
	"github.com/moxkit/mox/oio"
)

// Limits towards the national Beskedfordeler.
const (
	paaVej     = 20      // beskeder of one abonnement that await their answer at once
	maksKuvert = 1 << 20 // bytes of an envelope. spec: mox 6.8

	StandardSvarFrist = 10 * time.Second // spec: mox 6.7
)

// lever sends one abonnement's beskeder until ctx ends.
func (k *Kombit) lever(ctx context.Context, conn *amqp.Connection, id mox.AbonnementID) error {
	ch, err := conn.Channel()
	if err != nil {
		return err
	}
	defer func() { _ = ch.Close() }() // everything on it has its outcome
	a := &afsendelse{Kombit: k, ch: ch, abonnement: id, lukket: ch.NotifyClose(make(chan *amqp.Error, 1)), retur: ch.NotifyReturn(make(chan amqp.Return, paaVej))}
	if a.svar, err = ch.Consume(svarkoe, "", true, false, false, false, nil); err != nil {
		return err
	}
	return k.hent(ctx, k.d, id, k.d.Inkarnation()+"/kombit/"+string(id), paaVej, a.alle)
}

// afsendelse is one abonnement's way to the national Beskedfordeler.
type afsendelse struct {
	*Kombit
	ch         *amqp.Channel
	abonnement mox.AbonnementID
	svar       <-chan amqp.Delivery
	retur      <-chan amqp.Return
	lukket     <-chan *amqp.Error
}

// udgaaende is a besked that awaits its answer.
type udgaaende struct {
	arbejde distributor.Arbejde
	udfald  mox.Udfald // until there is an answer: nobody knows
	kode    int        // StatusKode
}

// alle sends the work, waits for the answer to each, and reports. What a token that had run out was the only fault of is sent
// once more with a new one. The error is that of a channel that can be used no more, or of the token service; then what has
// not been sent is handed back untouched. What has been begun is ended also when ctx ends meanwhile.
func (a *afsendelse) alle(ctx context.Context, arbejde []distributor.Arbejde) error {
	if len(arbejde) == 0 {
		return nil
	}
	ctx = context.WithoutCancel(ctx)
	token, err := a.tokens.hent(ctx)
	if err != nil {
		a.d.GivTilbage(ctx, arbejde, mox.Udfald{Kode: "token", Tekst: mox.Forklaring(err), Efter: service.Backoff(1)})
		return err
	}
	ud := make([]*udgaaende, len(arbejde))
	for i := range arbejde {
		ud[i] = &udgaaende{arbejde: arbejde[i]}
	}
	err = a.omgang(ctx, token, ud)
	if igen := udloebne(ud); err == nil && len(igen) > 0 {
		a.tokens.glem(token)
		if token, err = a.tokens.hent(ctx); err == nil {
			err = a.omgang(ctx, token, igen)
		}
		for _, u := range udloebne(igen) {
			u.udfald = mox.Udfald{Resultat: mox.ResMidlertidig, Ansvar: mox.AnsvarMOX, Kode: u.udfald.Kode, Tekst: "den nationale beskedfordeler godtager ikke MOX' token: " + u.udfald.Tekst}
		}
	}
	var rapporter sync.WaitGroup // at once, so that they share commits
	for _, u := range ud {
		rapporter.Go(func() { a.meld(ctx, a.d, a.abonnement, u.arbejde, u.udfald) })
	}
	rapporter.Wait()
	return err
}

// udloebne are those that were answered that the token has run out.
func udloebne(ud []*udgaaende) (ud41 []*udgaaende) {
	for _, u := range ud {
		if u.kode == oio.StatusTokenUdloebet {
			ud41 = append(ud41, u)
		}
	}
	return ud41
}

// omgang sends each once, and waits until all have been answered, for Frist at the longest. An answer says more than a
// publisher confirm would. What the error kept from being sent is untouched.
func (a *afsendelse) omgang(ctx context.Context, token string, ud []*udgaaende) error {
	venter := map[string]*udgaaende{}
	for _, u := range ud {
		u.kode, u.udfald = 0, mox.Udfald{Resultat: mox.ResIkkeBegyndt, Efter: service.Backoff(1)}
	}
	for _, u := range ud {
		p, err := a.besked(&u.arbejde, token)
		if err != nil {
			u.udfald = mox.Udfald{Resultat: mox.ResFejlet, Kode: string(mox.KodeAf(err)), Tekst: mox.Forklaring(err)}
			continue
		}
		u.udfald = mox.Udfald{Resultat: mox.ResUkendt, Kode: "uden_svar", Tekst: "den nationale beskedfordeler svarede ikke"}
		if err := a.ch.PublishWithContext(ctx, navnAfsend, "", true, false, p); err != nil {
			if a.ch.IsClosed() {
				return a.hvorfor()
			}
			return err
		}
		venter[p.CorrelationId] = u
	}
	return a.vent(venter)
}

// vent takes answers and returns until nothing waits.
func (a *afsendelse) vent(venter map[string]*udgaaende) error {
	frist := time.After(a.o.Frist)
	for len(venter) > 0 {
		select {
		case d, ok := <-a.svar:
			if !ok {
				return a.hvorfor()
			}
			if u := venter[d.CorrelationId]; u != nil { // else an answer that came too late
				u.besvar(d.Body)
				delete(venter, d.CorrelationId)
			}
		case r := <-a.retur:
			if u := venter[r.CorrelationId]; u != nil {
				u.udfald = mox.Udfald{Resultat: mox.ResMidlertidig, Ansvar: mox.AnsvarMOX, Kode: "ingen_koe", Tekst: "den nationale beskedfordeler har ingen kø bag " + navnAfsend}
				delete(venter, r.CorrelationId)
			}
		case <-frist:
			return nil
		}
	}
	return nil
}

// hvorfor is why the channel closed.
func (a *afsendelse) hvorfor() error {
	if e := <-a.lukket; e != nil {
		return e
	}
	return errAfbrudt
}

// besked is the besked as the national Beskedfordeler takes it.
func (a *afsendelse) besked(w *distributor.Arbejde, token string) (p amqp.Publishing, err error) {
	kuvert, err := w.Kuvert(a.o.Koder, a.d.Store().InstallationID(), a.abonnement, time.Now())
	if err == nil && len(kuvert) > maksKuvert {
		err = mox.E("kombit", mox.KodeForStor, "kuverten er på %d bytes; den nationale beskedfordeler tager højst %d", len(kuvert), maksKuvert).Med("lad afsenderen henvise til indholdet i stedet for at sende det")
	}
	transaktion := mox.NyUUID()
	return amqp.Publishing{Headers: amqp.Table{headerToken: token}, ContentType: oio.TypeXML, DeliveryMode: amqp.Persistent, MessageId: transaktion, CorrelationId: mox.NyUUID(), ReplyTo: svarkoe, Body: kuvert}, err
}

// standardretur is the answer, whatever it is called.
type standardretur struct {
	StatusKode      int
	FejlbeskedTekst string
}

// laesRetur reads an answer. One that cannot be read is no yes, and no reason to think that nothing happened.
func laesRetur(krop []byte) (standardretur, error) {
	var r standardretur
	d := xml.NewDecoder(bytes.NewReader(krop[:min(len(krop), maksSvarBytes)]))
	if err := d.Decode(&r); err != nil || r.StatusKode == 0 {
		return r, fmt.Errorf("svaret er ikke en StandardRetur")
	}
	return r, nil
}

func (u *udgaaende) besvar(krop []byte) {
	r, err := laesRetur(krop)
	if err != nil {
		u.udfald = mox.Udfald{Resultat: mox.ResUkendt, Kode: "svar", Tekst: err.Error()}
		return
	}
	u.kode, u.udfald = r.StatusKode, oio.Standardretur(strconv.Itoa(r.StatusKode))
	if u.udfald.Resultat == mox.ResAccepteret { // by the Beskedfordeler, which knows nothing of what receivers will say
		u.udfald.Resultat = mox.ResOverdraget
	}
	if r.FejlbeskedTekst != "" {
		u.udfald.Tekst += ": " + mox.Maskeret(r.FejlbeskedTekst)
	}
}
