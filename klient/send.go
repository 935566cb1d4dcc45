package klient

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/wire"
	"github.com/moxkit/mox/oio"
)

const beskederSti = "/api/v1/beskeder"

// Som is the client speaking for the system named, which only an operator's key may.
func (k *Klient) Som(afsender string) *Klient {
	som := *k
	som.afsender = afsender
	return &som
}

// medAfsender is a path with q and whom the client speaks for.
func (k *Klient) medAfsender(sti string, q url.Values) string {
	if k.afsender != "" {
		q.Set("afsender", k.afsender)
	}
	if len(q) == 0 {
		return sti
	}
	return sti + "?" + q.Encode()
}

// Modtaget is the answer to one who has sent a besked: MOX has it. spec: mox 34
type Modtaget struct {
	BeskedID mox.BeskedID
	Gentaget bool     // it was known, with the same content; nothing new was done
	SendtTil int      // to how many abonnementer it was given now, 0 when it was known; who they are is not the sender's business. spec: mox 27
	ProcesID []string // the processes it is part of, given or assigned
}

// Send gives MOX the responsibility for a besked: when there is no error, it is stored durably. After an error that may pass
// ([mox.Forbigaaende]), send the same besked again; it has one effect. Never send something else under the same beskedID.
//
// [mox.KodeUgyldig] with the fields where b breaks a rule, [mox.KodeIkkeTilladt] where the system may not send it,
// [mox.KodeAndetIndhold] where the beskedID has been used. What is refused for what it says is also shown to the operators.
func (k *Klient) Send(ctx context.Context, b mox.Besked) (Modtaget, error) {
	krop, err := oio.MarshalBesked(&b)
	if err != nil {
		return Modtaget{}, err
	}
	var svar wire.Modtaget
	err = k.Kald(ctx, http.MethodPost, k.medAfsender(beskederSti, url.Values{}), json.RawMessage(krop), &svar)
	return Modtaget(svar), err
}

// Sendt is what became of one of several beskeder: Fejl is nil where MOX has it.
type Sendt struct {
	Modtaget Modtaget
	Fejl     error
}

// SendAlle sends up to [oio.MaksBatch] beskeder in one call of at most 8 MiB; over that the error has [mox.KodeForStor]. MOX
// takes them one by one in their order: what became of each stands in the answer, in the same order, and one that is refused
// stops none of the others. An error of the call itself may leave some of them received; all may be sent again.
func (k *Klient) SendAlle(ctx context.Context, beskeder []mox.Besked) ([]Sendt, error) {
	liste := make([]json.RawMessage, len(beskeder))
	for i := range beskeder {
		krop, err := oio.MarshalBesked(&beskeder[i])
		if err != nil {
			return nil, err
		}
		liste[i] = krop
	}
	var svar wire.Batchsvar
	if err := k.Kald(ctx, http.MethodPost, k.medAfsender(beskederSti, url.Values{}), liste, &svar); err != nil {
		return nil, err
	}
	if len(svar.Svar) != len(beskeder) {
		return nil, utilgaengelig("svaret er ikke på de beskeder, der blev sendt", nil)
	}
	ud := make([]Sendt, len(svar.Svar))
	for i, s := range svar.Svar {
		ud[i] = sendt(s)
	}
	return ud, nil
}

func sendt(p wire.Batchpost) Sendt {
	switch {
	case p.Fejl != nil:
		return Sendt{Fejl: &mox.Error{Op: "klient", Kode: p.Fejl.Kode, Tekst: p.Fejl.Detail, Raad: p.Fejl.Raad, Felter: p.Fejl.Felter}}
	case p.Modtaget == nil:
		return Sendt{Fejl: utilgaengelig("svaret kan ikke læses", errors.New("an entry with neither receipt nor error"))}
	}
	return Sendt{Modtaget: Modtaget(*p.Modtaget)}
}

// Kendt is a besked that MOX has, with its receipts.
type Kendt struct {
	Afsender     string
	Modtaget     time.Time
	Slettet      bool       // its content has been deleted; Besked is zero
	Besked       mox.Besked // with what MOX has added: procesID
	Kvitteringer []mox.Kvittering
}

// Beskeder finds the beskeder with an id that the key's system has sent or been given, oldest first; two senders may have
// chosen the same. [mox.KodeIkkeFundet] when there is none.
func (k *Klient) Beskeder(ctx context.Context, id mox.BeskedID) ([]Kendt, error) {
	var svar wire.Beskedsvar
	if err := k.Kald(ctx, http.MethodGet, beskederSti+"/"+url.PathEscape(string(id)), nil, &svar); err != nil {
		return nil, err
	}
	var ud []Kendt
	for _, s := range svar.Beskeder {
		b, err := kendt(s)
		if err != nil {
			return nil, err
		}
		ud = append(ud, b)
	}
	return ud, nil
}

func kendt(s wire.Kendtsvar) (ud Kendt, err error) {
	ud = Kendt{Afsender: s.Afsender, Modtaget: s.Modtaget, Slettet: s.Slettet, Kvitteringer: s.Kvitteringer}
	if !s.Slettet {
		ud.Besked, err = oio.UnmarshalBesked(s.Besked)
	}
	return ud, err
}

// Uafsluttede is a page of a sender's beskeder that have no final answer from some receiver.
type Uafsluttede struct {
	Afsender    string       `json:"afsender"`
	Uafsluttede []Uafsluttet `json:"uafsluttede"`
	Naeste      int64        `json:"naeste,omitempty"` // as efter for the next page; 0 = there is no more
}

// Uafsluttet is one of them.
type Uafsluttet struct {
	BeskedID mox.BeskedID `json:"beskedID"`
	Type     string       `json:"beskedtype,omitempty"`
	ObjektID mox.ObjektID `json:"objektID,omitempty"`
	Modtaget time.Time    `json:"modtaget"`
	Alder    int64        `json:"alder_sekunder"`
	Venter   []Venter     `json:"venter"`
}

// Venter is how many of a besked's leverancer stand in one way, and whose turn it is. Who the receivers are is not told.
type Venter struct {
	Tilstand mox.LeveranceTilstand `json:"tilstand"`
	Tur      mox.Ansvar            `json:"tur"`                // afsender, modtager or MOX
	Blokeret bool                  `json:"blokeret,omitempty"` // an earlier besked about the objekt must end first
	Antal    int                   `json:"antal"`
	Naeste   time.Time             `json:"naeste,omitzero"` // Udsat: the next attempt, of the first of them
	Frist    time.Time             `json:"frist,omitzero"`  // Overdraget: until when the receiver may answer
}

// Uafsluttede finds the beskeder the key's system has sent that some receiver has not ended, oldest first; a besked that nobody
// wanted has ended. efter is 0 for the first page and then the page's Naeste, and n how many a page has, at most 500 (0 = as many
// as MOX finds fit).
func (k *Klient) Uafsluttede(ctx context.Context, efter int64, n int) (ud Uafsluttede, err error) {
	q := url.Values{"efter": {strconv.FormatInt(efter, 10)}}
	if n != 0 {
		q.Set("antal", strconv.Itoa(n))
	}
	err = k.Kald(ctx, http.MethodGet, k.medAfsender(beskederSti+"/uafsluttede", q), nil, &ud)
	return ud, err
}
